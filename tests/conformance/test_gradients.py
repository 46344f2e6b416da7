"""The gradient of an instrument's mean flow by its numbers is finite and equals central bumps.

Every path is a point: it has draws of its own. Numbers are first moved off the places where
anything has a kink: dates and durations off the closes of periods, zeros into the range of what
they may be. At a point that lies away from triggers two central bumps of different sizes agree;
there the gradient has to agree with them too, at three points at least for every number. At a
trigger plain differentiation is wrong, and known to be (DESIGN §12).

Bumps of 1e-4 and 2.5e-5 of a number: rounding leaves 1e-11 of the flows, curvature 1e-8 of them.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from offtake.contracts import ALL
from offtake.core.arrays import jax, jnp
from offtake.engine.simulate import Draws, simulate
from offtake.lowering.lower import LoweredPlan, lower
from tests.conformance.islands import TESTED, plan_of
from tests.conformance.test_every_instrument import PATHS, drawn

LARGE, SMALL = 1e-4, 2.5e-5
SMOOTH, TOLERANCE = 1e-6, 1e-5
POINTS = 3
KINDS = [kind.kind for kind in ALL]
INTERIOR = {"1": 0.013, "1/year": 0.013, "period": 0.0, "date": 0.0}
"""What stands for a zero, by unit; 50 for amounts of money."""
BETWEEN_CLOSES = 0.37
"""Periods by which dates and durations are moved."""


class Slopes:
    """The plan of all islands, its mean flows and their slopes, compiled once."""

    def __init__(self, plan: LoweredPlan) -> None:
        self.plan = plan
        self.draws = drawn(plan)
        self.draws = self.draws._replace(values=self._interior())  # type: ignore[arg-type]
        self.value = jax.jit(self._flows)
        self.slope = jax.jit(jax.grad(lambda *given: jnp.sum(self._flows(*given))))

    def _flows(self, values: Any, once: Any, monthly: Any, weight: Any) -> Any:
        """[P] sum over periods of paid claims, each with a weight of its own."""
        draws = Draws(values, once, monthly, jnp.ones(values.shape[1]))
        record = simulate(self.plan.program, self.plan.shape, draws, remember=True)
        return jnp.sum(record.months.paid * weight[None, :, None], axis=(0, 1))

    def _interior(self) -> NDArray:
        """[row, P] values with the numbers of the contracts under test moved off kinks."""
        values = np.array(self.draws.values)
        for kind in KINDS:
            for r in self.numbers(kind):
                unit = self.plan.table.rows[r].unit
                if unit in ("period", "date"):
                    values[r] += BETWEEN_CLOSES
                values[r] = np.where(values[r] == 0.0, INTERIOR.get(unit, 50.0), values[r])
        return values

    def weight(self, kind: str) -> NDArray:
        """[C] a weight for every line of the contract under test, so that none cancels another."""
        found = np.zeros(len(self.plan.labels.claims))
        mine = [
            k for k, c in enumerate(self.plan.labels.claims) if c.contract == f"{kind}_{TESTED}"
        ]
        found[mine] = 1.0 + 0.5 * np.arange(len(mine))
        return found

    def numbers(self, kind: str) -> list[int]:
        """Rows of the numbers of the contract under test, and of the cash of its parties."""
        mine = f"contracts.{kind}_{TESTED}."
        return [
            r
            for r, row in enumerate(self.plan.table.rows)
            if row.place.startswith(mine)
            or (row.place.startswith(f"parties.{kind}_") and row.place.endswith(".cash"))
        ]


@pytest.fixture(scope="module")
def slopes(tmp_path_factory: pytest.TempPathFactory) -> Slopes:
    return Slopes(lower(plan_of(ALL, tmp_path_factory.mktemp("islands"))))


def bumps(slopes: Slopes, rows: list[int], weight: NDArray, share: float) -> NDArray:
    """[row, P] central differences; a step is a share of the number, or of 1 if it is small."""
    values = np.asarray(slopes.draws.values)
    found: list[NDArray] = []
    for row in rows:
        step = share * np.maximum(np.abs(values[row]), 1.0 if values[row].max() < 1e3 else 0.0)
        ends: list[NDArray] = []
        for sign in (1.0, -1.0):
            moved = values.copy()
            moved[row] = values[row] + sign * step
            draws = (moved, slopes.draws.once, slopes.draws.monthly, weight)
            ends.append(np.asarray(slopes.value(*(jnp.asarray(x) for x in draws))))
        found.append((ends[0] - ends[1]) / (2.0 * step))
    return np.stack(found)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_gradient_is_finite_and_equals_bumps(slopes: Slopes, kind: str):
    weight, rows = slopes.weight(kind), slopes.numbers(kind)
    draws = (slopes.draws.values, slopes.draws.once, slopes.draws.monthly, weight)
    given = [jnp.asarray(x) for x in draws]
    slope = np.asarray(slopes.slope(*given))
    written = [not row.place.startswith("constant ") for row in slopes.plan.table.rows]
    assert np.all(np.isfinite(slope[written])), "some derivative is not finite"
    flows = np.asarray(slopes.value(*given))
    large, small = (bumps(slopes, rows, weight, share) for share in (LARGE, SMALL))
    values = np.asarray(slopes.draws.values)[rows]
    # Slopes are compared as what a move of the number by its own size would do to the flow.
    scale = np.maximum(np.abs(flows)[None], 1.0)
    move = np.maximum(np.abs(values), 1e-2)
    smooth = np.abs(large - small) * move / scale <= SMOOTH
    wrong = np.abs(slope[rows] - small) * move / scale
    for i, row in enumerate(rows):
        place = slopes.plan.table.rows[row].place
        assert np.sum(smooth[i]) >= POINTS, f"{place}: only {np.sum(smooth[i])} points off triggers"
        bad = np.flatnonzero(smooth[i] & (wrong[i] > TOLERANCE))
        said = [(int(p), float(slope[row, p]), float(small[i, p])) for p in bad[:3]]
        assert len(bad) == 0, f"{place}: (path, gradient, bump) {said}"
    assert PATHS >= 3 * POINTS
    assert np.any(slope[rows] != 0.0), "no number of the contract moves its flows"
