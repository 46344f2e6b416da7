"""How much debt a stream of cash carries, and the schedule by which it is repaid.

In case c, with A_c(t) the cash that service may take, i_c(t) the interest of one period as a share
of the balance, and Z(t) the most that may be owed at the close of t (loan to value), the largest
balance that can still be repaid by the end is, backwards from nothing at maturity,

    A_c(t)   = k CFADS_c(t) / DSCR_c - service of debt that ranks before it
    V(t-1)   = min over c of  min((V(t) + A_c(t)) / (1 + i_c(t)),  A_c(t) / i_c(t)),  V(t) <= Z(t)

(the second term: no new debt to pay interest with). With k = 1 that is the debt the covers allow;
where another limit allows less, k < 1 is found so that the smaller debt has one higher cover in
every period. The schedule pays what is left after interest,

    principal(t) = min over c of  A_c(t) - i_c(t) B(t-1),   not below 0, not above B(t-1).

With one case and no Z this is debt = sum of CFADS / DSCR discounted at the loan's rate.

A debt with a profile of its own (linear, annuity, bullet) carries what its service per USD lent
allows: min over t of A_c(t) / u_c(t), a balloon apart.

References:
    1. E. R. Yescombe, Principles of Project Finance, 2nd ed., Academic Press 2014, §12.5 (target
       debt service, sculpting).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from offtake.core.terms import ContractName, Duration, Money, Ratio, Share, Terms, default

FloatArray = NDArray[np.float64]

BASE = "base"
"""Name of the case in which every number is at its median."""
LENDER = "lender"
"""Name of the case that a lender assumes; a plan may state it under `cases`."""
NO_INTEREST = 1e-12
"""Interest of a period, as a share of the balance, below which there is none to serve."""
ENOUGH_ROUNDS = 200
"""Halvings of k: more than the digits of a float."""


class Sizing(Terms):
    """Limits within which a facility is made as large as possible; all hold at once."""

    dscr: dict[str, Ratio] = default({})
    """Case -> least cover of its service by cash flow; one ratio alone is that of the lender's
    case. Cases are `base`, `lender` and those of the plan."""
    llcr: dict[str, Ratio] = default({})
    """Case -> least present value of cash flow over the balance at the first repayment."""
    gearing: Share = default("100 %")
    """Most, as a share of uses: capital cost, and interest and fees until the first repayment."""
    advance_rate: Ratio | None = None
    """Most, as a share of what the collateral cost."""
    loan_to_value: Ratio | None = None
    """Most that is owed from the first repayment on, as a share of the market value of the pledged
    cohorts in the lender's case."""
    economic_life: Ratio | None = None
    """Share of the collateral's economic life, in the lender's case, within which all is repaid."""
    after: tuple[ContractName, ...] = ()
    """Contracts whose claims on the borrower come ahead of its debt and are no running cost, such
    as the funding of a maintenance reserve: they are taken off cash flow."""
    maximum: Money | None = None
    """Most, USD."""
    level_over: Duration = default("0 months")
    """Time over which cash flow is levelled before it is divided by the cover, months; a year where
    tax or costs come in lumps. 0 takes every period as it is."""

    @field_validator("dscr", "llcr", mode="before")
    @classmethod
    def _of_the_lender(cls, given: Any) -> Any:
        """A ratio alone is that of the lender's case."""
        return given if _by_case(given) else {LENDER: given}

    @property
    def cases(self) -> tuple[str, ...]:
        """Cases it is sized in, the lender's among them."""
        return tuple(dict.fromkeys([LENDER, *self.dscr, *self.llcr]))


def _by_case(given: object) -> bool:
    return isinstance(given, Mapping) and "value" not in given


class Stream(NamedTuple):
    """What service may take in the periods in which a facility is repaid; C cases, N periods."""

    available: FloatArray
    """[C, N] A at k = 1 without what ranks before it: cash flow / cover, USD; infinite in a case
    without a cover"""
    before: FloatArray
    """[C, N] service of debt that ranks before it, USD"""
    interest: FloatArray
    """[C, N] of one period as a share of the balance"""
    most: FloatArray
    """[N] most that may be owed at the close, USD"""

    def at(self, k: float) -> FloatArray:
        """[C, N] cash for service where cover is 1 / k of what is asked."""
        return k * self.available - self.before


def carried(stream: Stream, k: float) -> FloatArray:
    """[N + 1] most that can be owed before each period, and after the last (nothing), USD."""
    cash, periods = stream.at(k), stream.interest.shape[1]
    owed = np.zeros(periods + 1)
    for t in range(periods - 1, -1, -1):
        after = min(owed[t + 1], stream.most[t])
        rate = stream.interest[:, t]
        repaid = (after + cash[:, t]) / (1.0 + rate)
        some = rate > NO_INTEREST
        served = np.where(some, cash[:, t] / np.where(some, rate, 1.0), np.inf)
        owed[t] = max(float(np.minimum(repaid, served).min()), 0.0)
    return owed


def tightness(stream: Stream, debt: float) -> float:
    """The k at which a debt is just carried, at most 1.

    Args:
        debt: USD, at most what is carried at k = 1.
    """
    low, high = 0.0, 1.0
    if carried(stream, high)[0] <= debt:
        return high
    for _ in range(ENOUGH_ROUNDS):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (low, middle) if carried(stream, middle)[0] >= debt else (middle, high)
    return high


def sculpted(stream: Stream, debt: float) -> tuple[FloatArray, FloatArray]:
    """Schedule of a debt within what is carried.

    Args:
        debt: owed before the first period, USD.

    Returns:
        [N] principal, USD, and [N] principal as a share of the balance before it. What rounding
        leaves is due in the last period.
    """
    cash = stream.at(tightness(stream, debt))
    periods = stream.interest.shape[1]
    principal, share = np.zeros(periods), np.zeros(periods)
    balance = debt
    for t in range(periods):
        spare = float((cash[:, t] - stream.interest[:, t] * balance).min())
        last = t == periods - 1
        principal[t] = balance if last else min(max(spare, 0.0), balance)
        share[t] = principal[t] / balance if balance > 0.0 else 0.0
        balance -= principal[t]
    return principal, share


def levelled(cash: FloatArray, over: int) -> FloatArray:
    """[C, N] cash flow spread evenly within every `over` periods, counted from the first."""
    if over <= 1:
        return cash
    spread = cash.copy()
    for begin in range(0, cash.shape[1], over):
        part = slice(begin, begin + over)
        spread[:, part] = cash[:, part].mean(axis=1, keepdims=True)
    return spread


def present_value(cash: FloatArray, interest: FloatArray) -> FloatArray:
    """[C] value before the first period of [C, N] cash, discounted at the loan's own rates."""
    return (cash / np.cumprod(1.0 + interest, axis=1)).sum(axis=1)


def carried_by_profile(stream: Stream, service: FloatArray, balance: FloatArray) -> float:
    """Most that a debt with a profile of its own can be, USD.

    Args:
        service: [C, N] interest and principal per USD lent, a balloon apart.
        balance: [N] owed at the close per USD lent.
    """
    cash = stream.at(1.0)
    due = service > 0.0
    by_cash = np.where(due, cash / np.where(due, service, 1.0), np.inf).min(initial=np.inf)
    owed = balance > 0.0
    by_value = np.where(owed, stream.most / np.where(owed, balance, 1.0), np.inf).min(
        initial=np.inf
    )
    return max(float(min(by_cash, by_value)), 0.0)
