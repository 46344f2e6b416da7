"""The reverse-mode gradient of what every instrument pays equals central bumps, number by number.

It takes a quarter of an hour, so `make test-gradients` runs it and `make test` does not.

Every path is a point: it has draws of its own, and every number of the plan is moved a little on
it, which takes dates and durations off the closes of periods; a number that is zero first goes to
the inside of what it may be. Where two central bumps of different sizes agree, no trigger lies
between them, and there the gradient has to agree as well: at three points at least for every number
of the instrument itself, and wherever it may be for the numbers of the rest of the plan. At a
trigger plain differentiation is wrong, and known to be (DESIGN §12).

Slopes are compared as what a move of the number by its own size would do to the flow, as a share of
the flow (of 1 USD where it is less). On that scale

    bump - slope = c bump^2 + rounding,     rounding ~ 2e-16 / bump

with c of the order of 1, as numbers enter as products, shares and rates.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from offtake.contracts import ALL
from offtake.core.arrays import jnp
from offtake.engine.simulate import Draws
from tests.instruments.runs import PATHS, POINTS, draws, flows, gradient, lowered

pytestmark = [pytest.mark.slow, pytest.mark.every_number]
KINDS = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.kind)

LARGE, SMALL = 1e-4, 2.5e-5
"""Bumps as shares of a number. Rounding is then 1e-11 at most, curvature about 1e-8 at most."""
SMOOTH = 1e-8
"""What the bumps may be apart: the curvature of the larger one, a thousand times the rounding."""
TOLERANCE = 2e-9
"""The smaller bump has a sixteenth of the larger one's curvature, so where they are SMOOTH apart it
is SMOOTH / 15 = 7e-10 off the slope; the rest is for rounding."""
MOVES = 1e-6
"""Effect from which a number counts as moving a flow: five hundred times the tolerance."""
LEAST = 3
"""Points at which every number has to be compared."""
SPREAD = (0.8, 1.0)
"""Factors by which numbers are moved; below 1, so that shares stay shares."""
INSIDE = {"1": 0.5, "1/year": 0.05, "period": 2.4, "date": 0.4}
"""What stands for a zero, by unit; 50 for amounts of money."""
STEPS = {
    *("cancel_after", "grace", "default_dscr", "extension_dscr", "lock_up_dscr", "extensions"),
    *("start", "term", "extension", "interest_only", "amortise_over", "time_of_sale", "cures"),
    *("interest_every", "principal_every", "distributions_every", "until", "renewals", "notice"),
    *("reset_every", "capitalise_until", "maturity", "every", "waiting", "on"),
    *("market_rent", "switching_cost", "needs", "flip_date", "recovery", "target"),
    *("signed", "deferral", "instalment_every"),
    *("step_down.earliest", "cancellation.earliest", "deferral.notice", "cancellation.notice"),
    *("price_outlook", "need_outlook", "price_limit"),
    *("in_kind_until", "redemption_from", "conversion_from"),
    *("participation_from", "distributions_from", "call_from", "call_trigger", "expiry"),
    *("threshold", "minimum", "event", "tranches[0].mw", "tranches[0].price"),
    *("tranches[1].mw", "tranches[1].price"),
    *("trap_coverage", "call_coverage", "trap_ltv", "call_ltv", "deliveries_from", "use_value"),
    *("longstop", "budget", "cost_share", "conversion_dscr", "conversion_ltv", "step_every"),
    *("shut_above", "availability", "prepayment_saving", "no_call", "extension_ltv"),
    *(f"{place}policy[{k}]" for k in range(10) for place in ("", "cancellation.", "step_down.")),
}
"""Fields that may say only whether something happens, or at which close: nothing moves between."""
PASSED_ON = {"tax_before", "tax_after", "risk_free"}
"""Fields that move what other instruments pay, or only what is published."""


@cache
def numbers() -> list[int]:
    """Rows of all numbers that a plan may state and a run reads."""
    outside = set(lowered(1).labels.parties[lowered(1).labels.internal :])
    return [
        r
        for r, row in enumerate(lowered(1).table.rows)
        if not row.place.startswith(("constant ", "plan."))
        and not (row.place.endswith("cash") and row.place.split(".")[1] in outside)
    ]


@cache
def points() -> NDArray[np.float64]:
    """[row, POINTS] values off all kinks that can be known beforehand."""
    values = np.array(draws(1).values)[:, :POINTS]
    factors = np.random.default_rng(5).uniform(*SPREAD, values.shape)
    for r in numbers():
        inside = INSIDE.get(lowered(1).table.rows[r].unit, 50.0)
        values[r] = np.where(values[r] == 0.0, inside, values[r]) * factors[r]
    return values


@cache
def weights() -> NDArray[np.float64]:
    """[kind, T, C] weights of the claims of every kind: no line or month cancels another."""
    periods, claims = lowered(1).calendar.count, lowered(1).labels.claims
    found = np.zeros((len(ALL), periods, len(claims)))
    for k, kind in enumerate(ALL):
        mine = [c for c, claim in enumerate(claims) if kind_of(claim.contract) == kind.kind]
        by_line = 1.0 + 0.5 * np.arange(len(mine))
        found[k][:, mine] = (1.0 + 0.01 * np.arange(periods))[:, None] * by_line
    return found


def kind_of(contract: str) -> str:
    return lowered(1).plan.contracts[contract].kind  # type: ignore[attr-defined]


def own(kind: Any) -> list[int]:
    """Which of `numbers` stand in contracts of a kind."""
    places = [lowered(1).table.rows[r].place.split(".") for r in numbers()]
    return [
        i for i, at in enumerate(places) if at[0] == "contracts" and kind_of(at[1]) == kind.kind
    ]


def weighted(sets: NDArray[np.float64]) -> NDArray[np.float64]:
    """[set, kind, POINTS] flows under sets [set, row, POINTS] of values, many sets side by side."""
    beside = PATHS // POINTS
    path = np.tile(np.arange(POINTS), beside)
    start = Draws(*(np.asarray(leaf)[..., path] for leaf in draws(1)))
    found: list[NDArray[np.float64]] = []
    for first in range(0, len(sets), beside):
        some = sets[np.minimum(np.arange(first, first + beside), len(sets) - 1)]
        paid = flows(start._replace(values=np.concatenate(list(some), axis=1)), well=True)
        sums = np.einsum("ktc,tcp->kp", weights(), paid)
        found += np.split(sums, beside, axis=1)
    return np.stack(found[: len(sets)])


def bumps(share: float) -> NDArray[np.float64]:
    """[number, kind, POINTS] central differences per share of the number."""
    base, rows = points(), np.array(numbers())
    moved = np.repeat(base[None, None], 2, axis=0).repeat(len(rows), axis=1)
    for end, sign in enumerate((1.0, -1.0)):
        moved[end, np.arange(len(rows)), rows] *= 1.0 + sign * share
    up, down = (weighted(sets) for sets in moved)
    return (up - down) / (2.0 * share)


def slopes() -> NDArray[np.float64]:
    """[row, kind, POINTS] reverse-mode gradients of the flows, per unit of the number."""
    given = jnp.asarray(points())
    by_kind = [np.repeat(weight[..., None], POINTS, axis=2) for weight in weights()]
    return np.stack([np.asarray(gradient()(given, jnp.asarray(w))[1]) for w in by_kind], axis=1)


class Compared(NamedTuple):
    """Gradients beside bumps, every leaf [number, kind, POINTS] but the first."""

    slopes: NDArray[np.float64]
    """[row, kind, POINTS] of all rows, as they came"""
    gradient: NDArray[np.float64]
    """effect of the number as a share of the flow"""
    bump: NDArray[np.float64]
    """the same by the smaller bump"""
    smooth: NDArray[np.bool_]
    """the bumps agree"""


@cache
def compared() -> Compared:
    slope = slopes()
    scale = np.maximum(np.abs(weighted(points()[None])), 1.0)
    large, small = (bumps(share) / scale for share in (LARGE, SMALL))
    effect = slope[numbers()] * points()[numbers()][:, None] / scale
    return Compared(slope, effect, small, np.abs(large - small) <= SMOOTH)


def place(i: int) -> str:
    return lowered(1).table.rows[numbers()[i]].place


def field(i: int) -> str:
    """Place of a number of a contract within the contract."""
    return place(i).split(".", 2)[2]


@KINDS
def test_every_derivative_is_finite(kind: Any) -> None:
    assert np.all(np.isfinite(compared().slopes[:, ALL.index(kind)]))


@KINDS
def test_every_number_has_points_off_triggers(kind: Any) -> None:
    count = compared().smooth[:, ALL.index(kind)].sum(axis=1)
    few = {place(i): int(count[i]) for i in own(kind) if count[i] < LEAST}
    assert own(kind)
    assert not few, f"points off triggers: {few}"


@KINDS
def test_the_gradient_equals_bumps(kind: Any) -> None:
    found, k = compared(), ALL.index(kind)
    apart = np.abs(found.gradient - found.bump)[:, k] > TOLERANCE
    wrong: dict[str, str] = {}
    for i, p in np.argwhere(apart & found.smooth[:, k]):
        says = f"gradient {found.gradient[i, k, p]:.9g}, bump {found.bump[i, k, p]:.9g} at {p}"
        wrong.setdefault(place(i), says)
    mine = {place(i): wrong[place(i)] for i in own(kind) if place(i) in wrong}
    assert not wrong, f"of {len(wrong)} numbers, those of the instrument first: {mine | wrong}"


@KINDS
def test_numbers_move_what_the_instrument_pays(kind: Any) -> None:
    """A number that moves nothing anywhere is compared for nothing."""
    found, k = compared(), ALL.index(kind)
    moves = np.any((np.abs(found.bump) > MOVES)[:, k] & found.smooth[:, k], axis=1)
    moving = {field(i) for i in own(kind) if moves[i]}
    idle = {field(i) for i in own(kind)} - moving
    assert moving
    assert idle <= STEPS | PASSED_ON, (
        "let a contract of the plan show what they do, or name them in STEPS"
    )
