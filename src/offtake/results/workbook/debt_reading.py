"""How a facility was served in the base case, read off what the engine recorded.

Instruments differ in when they ask for interest, in how principal is spread and in what is paid for
money not drawn. What the formulas of a sheet need of that are timings: in which periods interest is
due, how many payments remain, over what share of a period a commitment was open. They are found
here from the balances and flows themselves, and each is taken only if the formula then gives what
the engine has, in every period, to `NEAR` of the largest amount; where it does not, the row stays
the engine's.

    interest(t)   = earned(t) where something is due, else it waits or is added to the balance
    earned(t)     = not yet due(t-1) + B(t-1) (margin + max(base(t), floor) + step(t)) a(t)
    n(t)          payments that remain: of equal parts B / principal;
                  of level payments log(1 + B i / principal) / log(1 + i), i = r x years between
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from offtake.core.flows import PAID_TOLERANCE
from offtake.results.workbook.cells import FloatArray

NEAR = PAID_TOLERANCE
"""Share of the largest amount that a formula may miss: the engine's own tolerance for what counts
as paid (semantics §5.4); sums of a few thousand float64 numbers stay a thousand times below it."""


@dataclass(frozen=True)
class Flows:
    """A facility in the base case, every array [T], USD."""

    opening: FloatArray
    closing: FloatArray
    drawn: FloatArray
    interest: FloatArray
    principal: FloatArray
    swept: FloatArray
    fees: FloatArray

    @property
    def rest(self) -> FloatArray:
        """What moved the balance besides: interest added, discounts, what was written off."""
        moved = self.drawn - self.principal - self.swept
        rest = self.closing - self.opening - moved
        return np.where(np.abs(rest) > NEAR * max(self.closing.max(), 1.0), rest, 0.0)


@dataclass(frozen=True)
class Interest:
    """How interest came about, every array [T]."""

    step: FloatArray
    """rate beyond margin and base, per year"""
    due: FloatArray
    """1 where what was earned is due"""
    added: FloatArray
    """1 where what was earned is added to the balance"""


@dataclass(frozen=True)
class Principal:
    """How principal fell due, every array [T]."""

    remaining: FloatArray
    """payments that remain, this one included; 0 where none is due"""
    share: FloatArray
    """of the opening balance, where principal follows neither profile"""
    balloon: FloatArray
    """1 at a maturity that comes before the last of them"""
    level: bool
    """whether payments are level; equal parts if not"""


def near(found: FloatArray, meant: FloatArray, size: FloatArray | None = None) -> bool:
    """Whether two series are the same for a reader's purposes."""
    scale = max(float(np.abs(meant if size is None else size).max(initial=0.0)), 1.0)
    return bool((np.abs(found - meant) <= NEAR * scale).all())


def interest_of(flows: Flows, rate: FloatArray, accrual: FloatArray) -> Interest | None:
    """How interest came about; None where margin and base do not explain it.

    Args:
        flows: of the facility.
        rate: margin and base, per year, [T].
        accrual: day count fractions, years, [T].
    """
    rest = flows.rest
    plain = _timed(flows, rest, rate * accrual, np.zeros_like(rate))
    if plain is not None:
        return plain
    step = _steps(flows, rate, accrual)
    return None if step is None else _timed(flows, rest, (rate + step) * accrual, step)


def _steps(flows: Flows, rate: FloatArray, accrual: FloatArray) -> FloatArray | None:
    """Rate beyond margin and base; None where interest is not paid, or added, in every period."""
    bears = flows.opening * accrual
    paid = flows.interest + np.where(flows.interest == 0.0, np.maximum(flows.rest, 0.0), 0.0)
    if ((bears > 0.0) & (paid == 0.0)).any():
        return None
    step = np.where(bears > 0.0, paid / np.where(bears > 0.0, bears, 1.0) - rate, 0.0)
    return np.where(np.abs(step) > 1e-12, step, 0.0)


def _timed(
    flows: Flows, rest: FloatArray, period_rate: FloatArray, step: FloatArray
) -> Interest | None:
    scale = max(float(flows.interest.max()), float(np.abs(rest).max()), 1.0)
    due, added, waiting = np.zeros_like(rest), np.zeros_like(rest), 0.0
    for t in range(rest.size):
        earned = waiting + flows.opening[t] * period_rate[t]
        if earned == 0.0 and flows.interest[t] == 0.0:
            due[t] = 1.0
        elif abs(earned - flows.interest[t]) <= NEAR * scale:
            due[t], waiting = 1.0, 0.0
        elif flows.interest[t] == 0.0 and abs(earned - rest[t]) <= NEAR * scale:
            added[t], waiting = 1.0, 0.0
        elif flows.interest[t] == 0.0:
            waiting = earned
        else:
            return None
    return Interest(step, due, added)


def principal_of(
    flows: Flows, period_rate: FloatArray, amortisation: str | None, every: float
) -> Principal:
    """How principal fell due.

    Args:
        flows: of the facility.
        period_rate: of the time between two payments, [T].
        amortisation: as the plan names it; None where the kind has none.
        every: periods between two payments.
    """
    paid, balance = flows.principal, flows.opening
    zero = np.zeros_like(paid)
    level = amortisation == "annuity"
    ends = (paid > 0.0) & (np.abs(paid - balance) <= NEAR * max(float(balance.max()), 1.0))
    at_once = amortisation == "bullet" or np.count_nonzero(paid) == 1
    if at_once and near(np.where(ends, balance, 0.0), paid, balance):
        return Principal(zero, zero, ends.astype(np.float64), level)
    if amortisation in ("linear", "annuity"):
        remaining = _remaining(paid, balance, period_rate if level else None)
        remaining, balloon = _balloons(remaining, paid, balance, every)
        shaped = spread(balance, period_rate, remaining, level=level)
        if near(np.where(balloon > 0.0, balance, shaped), paid, balance):
            return Principal(remaining, zero, balloon, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(balance > 0.0, paid / balance, 0.0)
    return Principal(zero, share, zero, level)


def spread(
    balance: FloatArray, period_rate: FloatArray, remaining: FloatArray, *, level: bool
) -> FloatArray:
    """[T] principal of a profile with so many payments remaining; 0 where none is due."""
    n = np.maximum(remaining, 1.0)
    if not level:
        return np.where(remaining > 0.0, balance / n, 0.0)
    rate = np.where(period_rate > 0.0, period_rate, 1.0)
    payment = balance * rate / -np.expm1(-n * np.log1p(rate))
    return np.where(
        remaining > 0.0,
        np.where(period_rate > 0.0, payment - balance * period_rate, balance / n),
        0.0,
    )


def _remaining(paid: FloatArray, balance: FloatArray, period_rate: FloatArray | None) -> FloatArray:
    """[T] payments that remain, as what was paid and what was owed tell it."""
    pays = (paid > 0.0) & (balance > 0.0)
    parts = np.where(pays, balance / np.where(pays, paid, 1.0), 0.0)
    if period_rate is None:
        return np.rint(parts)
    bears = pays & (period_rate > 0.0)
    rate = np.where(bears, period_rate, 1.0)
    return np.rint(np.where(bears, np.log1p(parts * rate) / np.log1p(rate), parts))


def _balloons(
    remaining: FloatArray, paid: FloatArray, balance: FloatArray, every: float
) -> tuple[FloatArray, FloatArray]:
    """Payments that remain by the profile, and 1.0 where all that is owed falls due before."""
    remaining, balloon = remaining.copy(), np.zeros_like(paid)
    dates = np.flatnonzero(paid > 0.0)
    for before, t in pairwise(dates):
        expected = remaining[before] - np.rint((t - before) / every)
        whole = abs(paid[t] - balance[t]) <= NEAR * balance[t]
        if whole and remaining[t] == 1.0 and expected > 1.5:
            remaining[t], balloon[t] = expected, 1.0
    return remaining, balloon


def open_share(
    fees: FloatArray, undrawn: FloatArray, rate: float, accrual: FloatArray
) -> FloatArray | None:
    """[T] share of each period over which a commitment was open; None where that is no share.

    Args:
        fees: commitment fees, USD.
        undrawn: what could still be drawn, USD.
        rate: commitment fee, per year.
        accrual: day count fractions, years.
    """
    full = rate * undrawn * accrual
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(full > 0.0, fees / full, 0.0)
    share = np.where(np.abs(share - np.rint(share)) < NEAR, np.rint(share), share)
    fits = ((share >= 0.0) & (share <= 1.0)).all() and near(full * share, fees)
    return share if fits else None
