"""The conformance suite: what every instrument in `contracts.ALL` must hold, run on all at once.

One plan holds the example of every kind (`tests.instruments.everything`). A new kind is in it as
soon as it is in `ALL`.
"""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from offtake.contracts import ALL
from offtake.core.arrays import jnp
from offtake.engine.simulate import Draws
from offtake.engine.step import CHECKS
from tests.instruments.everything import contract_id
from tests.instruments.runs import PATHS, POINTS, draws, flows, gradient, lines, lowered, record

KINDS = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.kind)


def paid(copies: int = 1) -> NDArray[np.float64]:
    """[T, C, P] of the plain run."""
    return np.asarray(record(copies).months.paid)


def money_rows() -> NDArray[np.bool_]:
    """[row] numbers stated in money: amounts, flows, prices."""
    return np.array([row.unit.startswith("USD") for row in lowered(1).table.rows])


@KINDS
def test_something_happens(kind: Any) -> None:
    """The plan exercises every kind; the other tests would pass on silence."""
    assert paid()[:, lines(kind)].sum() > 0.0


def test_supports_are_drawn_and_payers_fall_short() -> None:
    months, claims = record(1).months, lowered(1).labels.claims
    network = lowered(1).program.network
    calls = set(np.asarray(network.support)[np.asarray(network.pair_support)].tolist())
    for c, claim in enumerate(claims):
        # Money that is paid in on a date protects nothing, and is never called. What stands by
        # where no trigger is near need not be called either.
        if claim.contract in ("staid_reserve", "staid_guarantee"):
            continue
        if claim.form == "recovery" or (claim.form == "support" and c in calls):
            assert np.asarray(months.paid[:, c]).sum() > 0.0, claim
    short = np.asarray(months.claimed - months.paid)
    assert np.mean(short.max(axis=(0, 1)) > 1.0) > 0.1


def test_conserves() -> None:
    checks = dict(zip(CHECKS, np.asarray(record(1).checks).max(axis=1), strict=True))
    assert max(checks.values()) < 1e-9, checks


@cache
def times(factor: float) -> NDArray[np.float64]:
    """[T, C, P] payments with all money multiplied."""
    values = np.array(draws(1).values)
    values[money_rows()] *= factor
    return flows(draws(1)._replace(values=values))


@KINDS
def test_scales(kind: Any) -> None:
    """Twice the money everywhere is twice every flow: nothing knows what a dollar is worth."""
    mine = lines(kind)
    # Tolerances of "paid in full" (1e-9 of a claim) may be met from either side by rounding.
    np.testing.assert_allclose(times(2.0)[:, mine], 2 * paid()[:, mine], rtol=1e-7, atol=1e-6)


@KINDS
def test_zero_notional_gives_zero(kind: Any) -> None:
    np.testing.assert_array_equal(times(0.0)[:, lines(kind)], 0.0)


@pytest.mark.parametrize("until", [3, 17, 40])
def test_does_not_look_ahead(until: int) -> None:
    monthly = np.array(draws(1).monthly)
    monthly[until + 1 :] = np.random.default_rng(until).standard_normal(monthly[until + 1 :].shape)
    other = flows(draws(1)._replace(monthly=monthly))
    np.testing.assert_array_equal(other[: until + 1], paid()[: until + 1])
    assert np.any(other[until + 1 :] != paid()[until + 1 :])


@cache
def apart() -> NDArray[np.bool_]:
    """[T, P] until the one thing that copies share beside drivers is not the same.

    That is the market for used chips: what the other set has on sale lowers the price.
    """
    offered = [
        np.asarray(record(k).months.observations)[
            :, lowered(k).labels.observation("resale.offered_h100e")
        ]
        for k in (1, 2)
    ]
    differs = (np.abs(offered[0] - offered[1]) > 1e-9) & (offered[0] > 0.0)
    alike = ~np.logical_or.accumulate(differs, axis=0)
    assert alike.mean() > 0.9
    return alike


@KINDS
def test_alone_equals_in_company(kind: Any) -> None:
    """A second set of everything beside it changes nothing: rows of a group do not mix."""
    own = {
        c.line + c.part: i
        for i, c in enumerate(lowered(1).labels.claims)
        if c.contract == contract_id(kind)
    }
    both = lowered(2).labels.claims
    for i, claim in enumerate(both):
        if claim.contract == contract_id(kind):
            # Sums over the network are taken in another order: rounding of the largest flow.
            np.testing.assert_allclose(
                np.where(apart(), paid(2)[:, i], 0.0),
                np.where(apart(), paid()[:, own[claim.line + claim.part]], 0.0),
                rtol=1e-9,
                atol=1e-7,
            )


def test_order_of_paths_does_not_matter() -> None:
    order = np.random.default_rng(2).permutation(PATHS)
    shuffled = flows(Draws(*(np.asarray(leaf)[..., order] for leaf in draws(1))))
    np.testing.assert_array_equal(shuffled, paid()[..., order])


@KINDS
def test_terms_round_trip(kind: Any) -> None:
    text = json.dumps(kind.example.model_dump(mode="json", exclude_unset=True))
    assert kind.Terms.model_validate(json.loads(text)) == kind.example


@cache
def _slopes(kind: str) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    mine = [c for c, claim in enumerate(lowered(1).labels.claims) if claim.contract == kind]
    weights = np.zeros((lowered(1).calendar.count, len(lowered(1).labels.claims), POINTS))
    weights[:, mine] = 1.0
    values = jnp.asarray(np.asarray(draws(1).values)[:, :POINTS])
    value, slope = gradient()(values, jnp.asarray(weights))
    return float(value), np.asarray(slope), np.asarray(values)


@pytest.mark.every_number
@KINDS
def test_the_gradient_is_finite_and_obeys_euler(kind: Any) -> None:
    """Flows are homogeneous of degree one in money, so money times the gradient is the flow."""
    value, slope, values = _slopes(contract_id(kind))
    assert np.all(np.isfinite(slope))
    money = money_rows()
    euler = float(np.sum(slope[money] * values[money]))
    # Exact but for rounding of a sum of about 1e5 terms that cancel in part.
    assert euler == pytest.approx(value, rel=1e-6, abs=1e-6)
