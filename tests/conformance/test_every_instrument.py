"""What every instrument must do, whatever it is (the list is `offtake.contracts.ALL`).

The islands of all kinds run as one plan, compiled once; each kind is also run on its island alone.
A kind that cannot meet a rule is named here with the reason.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from offtake.contracts import ALL
from offtake.core.arrays import jax, jnp
from offtake.core.random import normals
from offtake.engine.simulate import Draws, simulate
from offtake.engine.step import CHECKS
from offtake.lowering.lower import LoweredPlan, lower
from tests.conformance.islands import TESTED, plan_of

PATHS, SEED = 16, 5
KINDS = [kind.kind for kind in ALL]

ALSO_NOTIONAL = {
    "chip_purchase": ("chips.{kind}_cohort.price",),  # what an order costs stands with its chips
    "common_equity": ("contracts.{kind}_it.share",),  # a share of what is left, not a sum
    "income_tax": ("contracts.{kind}_it.rate",),  # a share of what is earned
    "reserve_account": ("contracts.{kind}_it.months", "parties.{kind}_reserve.cash"),
}
"""Numbers besides the money of its own terms that must be 0 in a contract of nothing."""


@dataclass
class Run:
    """A plan and what its paths did."""

    plan: LoweredPlan
    draws: Draws
    claimed: NDArray
    paid: NDArray
    cash: NDArray
    observations: NDArray
    checks: NDArray

    def claims_of(self, contract: str) -> list[int]:
        """Places of the claims of a contract."""
        return [k for k, c in enumerate(self.plan.labels.claims) if c.contract == contract]

    def names(self, claims: list[int]) -> list[tuple[str, str]]:
        return [(self.plan.labels.claims[k].part, self.plan.labels.claims[k].line) for k in claims]


@cache
def compiled() -> Any:
    return jax.jit(simulate, static_argnums=1)


def drawn(plan: LoweredPlan, paths: int = PATHS, seed: int = SEED) -> Draws:
    """Draws of the first paths of a seed."""
    labels, periods = plan.labels, plan.calendar.count
    once = [normals(seed, name, 1, 0, paths)[0] for name in labels.once_streams]
    monthly = [normals(seed, name, periods, 0, paths) for name in labels.monthly_streams]
    return Draws(
        plan.table.draw(seed, 0, paths),  # type: ignore[arg-type]
        np.stack(once) if once else np.zeros((0, paths)),  # type: ignore[arg-type]
        np.stack(monthly, axis=1),  # type: ignore[arg-type]
        np.ones(paths),  # type: ignore[arg-type]
    )


def run(plan: LoweredPlan, draws: Draws) -> Run:
    record = compiled()(plan.program, plan.shape, Draws(*(jnp.asarray(x) for x in draws)))
    months = record.months
    leaves = (months.claimed, months.paid, months.cash, months.observations, record.checks)
    return Run(plan, draws, *(np.asarray(leaf) for leaf in leaves))


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All islands as one plan."""
    plan = lower(plan_of(ALL, tmp_path_factory.mktemp("islands")))
    return run(plan, drawn(plan))


def size(flows: NDArray) -> NDArray:
    """Largest flow of every path, at least 1 USD."""
    return np.maximum(np.max(np.abs(flows), axis=(0, 1)), 1.0)


def own(run_: Run, kind: str) -> list[int]:
    found = run_.claims_of(f"{kind}_{TESTED}")
    assert found, f"the island of {kind} has no claims under test"
    return found


# -------------------------------------------------------------------------------------------- terms


@pytest.mark.parametrize("kind", ALL, ids=KINDS)
def test_terms_round_trip(kind: Any):
    """Read, written and read again, with and without what was left out, terms are the same."""
    for whole in (True, False):
        written = kind.example.model_dump(mode="json", exclude_unset=not whole)
        assert type(kind.example).model_validate(written) == kind.example


@pytest.mark.parametrize("kind", ALL, ids=KINDS)
def test_plan_round_trips(kind: Any, tmp_path: Path):
    """The same through a plan file."""
    plan = plan_of([kind], tmp_path)
    read = plan.contracts[f"{kind.kind}_{TESTED}"]
    assert type(read).model_validate(read.model_dump(mode="json", exclude_unset=True)) == read


# ---------------------------------------------------------------------------------------- something


@pytest.mark.parametrize("kind", KINDS)
def test_the_island_moves_money(together: Run, kind: str):
    """A suite in which nothing happens would pass anything: some of its money moves."""
    claims = own(together, kind)
    assert np.max(together.paid[:, claims]) > 0.0


def test_parties_are_sometimes_short(together: Run):
    """On some paths, some claims are not paid in full, or the suite would not see shortfalls."""
    short = together.claimed - together.paid > 1e-9 * together.claimed
    assert 0.01 < np.mean(np.any(short, axis=(0, 1))) <= 1.0
    assert np.sum(np.any(short, axis=(0, 2))) >= 20


# ---------------------------------------------------------------------------------------- conserves


def test_conserves(together: Run):
    """Every check of §5.9 holds on every path, and cash is where bookings say."""
    worst = dict(zip(CHECKS, together.checks.max(axis=1).tolist(), strict=True))
    assert not {name: value for name, value in worst.items() if value > 1e-9}
    labels = together.plan.labels
    table = together.draws.values
    rows = [together.plan.table.at(f"parties.{p}.cash") for p in labels.parties[: labels.internal]]
    cash = np.asarray(table)[rows]
    for t in range(together.paid.shape[0]):
        for k, claim in enumerate(labels.claims):
            for party, sign in ((claim.payer, -1.0), (claim.payee, 1.0)):
                if party < labels.internal:
                    cash[party] += sign * together.paid[t, k]
        gap = np.max(np.abs(cash - together.cash[t]) / size(together.paid)[None])
        assert gap <= 1e-9, f"period {t}"


# ------------------------------------------------------------------------------------------- scales


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_scales(together: Run, factor: float):
    """Every amount times two, every flow times two: no sum of money is special.

    A power of two: flows agree to the last bits, but for tolerances that stop at a dollar.
    """
    amounts = [row.unit.startswith("USD") for row in together.plan.table.rows]
    values = np.where(np.array(amounts)[:, None], factor, 1.0) * np.asarray(together.draws.values)
    scaled = run(together.plan, together.draws._replace(values=values))  # type: ignore[arg-type]
    for kind in KINDS:
        claims = own(together, kind)
        gap = np.abs(scaled.claimed[:, claims] - factor * together.claimed[:, claims])
        assert np.max(gap / size(together.claimed[:, claims])) <= 1e-9, kind


# ------------------------------------------------------------------------------ does not look ahead


@pytest.mark.parametrize("t", [0, 7, 25])
def test_does_not_look_ahead(together: Run, t: int):
    """Other draws after period t: everything up to t is the same, bit for bit; later not."""
    monthly = np.array(together.draws.monthly)
    monthly[t + 1 :] = np.asarray(drawn(together.plan, seed=SEED + 1).monthly)[t + 1 :]
    other = run(together.plan, together.draws._replace(monthly=monthly))  # type: ignore[arg-type]
    for name in ("claimed", "paid", "cash", "observations"):
        before, after = getattr(together, name), getattr(other, name)
        np.testing.assert_array_equal(before[: t + 1], after[: t + 1])
    assert np.any(other.paid[t + 1 :] != together.paid[t + 1 :])


# ----------------------------------------------------------------------------- alone and in company


@pytest.mark.parametrize("kind", ALL, ids=KINDS)
def test_alone_equals_in_company(together: Run, kind: Any, tmp_path: Path):
    """The island alone does what it does among the others.

    Not bit for bit: sums are taken over more rows, and tolerances are shares of a plan's amounts.
    """
    plan = lower(plan_of([kind], tmp_path))
    alone = run(plan, drawn(plan))
    theirs = {(c.contract, c.part, c.line): k for k, c in enumerate(together.plan.labels.claims)}
    places = [theirs[c.contract, c.part, c.line] for c in plan.labels.claims]
    bound = 1e-10 * size(alone.paid)
    assert np.max(np.abs(alone.claimed - together.claimed[:, places]) / bound) <= 1.0
    assert np.max(np.abs(alone.paid - together.paid[:, places]) / bound) <= 1.0


# --------------------------------------------------------------------------------- paths and chunks


def test_order_of_paths_does_not_matter(together: Run):
    """Bit for bit: a path does not know its place in a block."""
    order = np.random.default_rng(0).permutation(PATHS)
    mixed = Draws(*(np.asarray(leaf)[..., order] for leaf in together.draws))
    there = run(together.plan, mixed)
    np.testing.assert_array_equal(there.paid, together.paid[..., order])
    np.testing.assert_array_equal(there.claimed, together.claimed[..., order])


def test_chunks_do_not_matter(together: Run):
    """Two blocks of half the paths: the same to rounding.

    A block of another width is another compiled program, whose vector instructions may round sums
    in another order; between equal widths paths agree bit for bit (see above).
    """
    half = PATHS // 2
    for part in (slice(0, half), slice(half, PATHS)):
        leaves = Draws(*(np.asarray(leaf)[..., part] for leaf in together.draws))
        there = run(together.plan, leaves)
        gap = np.abs(there.paid - together.paid[..., part])
        assert np.max(gap / size(together.paid[..., part])) <= 1e-12


# ------------------------------------------------------------------------------------------ nothing


def test_zero_notional_gives_zero(together: Run):
    """A contract of nothing claims nothing; of residual claims and supports nothing is taken."""
    values = np.array(together.draws.values)
    rows = together.plan.table.rows
    for kind in KINDS:
        mine = f"contracts.{kind}_{TESTED}."
        places = [x.format(kind=kind) for x in ALSO_NOTIONAL.get(kind, ())]
        for r, row in enumerate(rows):
            if (row.place.startswith(mine) and row.unit.startswith("USD")) or row.place in places:
                values[r] = 0.0
    nothing = run(together.plan, together.draws._replace(values=values))  # type: ignore[arg-type]
    for kind in KINDS:
        claims = own(together, kind)
        worst = np.max(np.abs(nothing.claimed[:, claims]), axis=(0, 2))
        named = dict(zip(nothing.names(claims), worst.tolist(), strict=True))
        assert not {line: x for line, x in named.items() if x > 0.0}, kind
