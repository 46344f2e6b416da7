"""What the cases say about one facility: cash, interest, uses, collateral; and what they allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.contracts import BY_KIND
from offtake.core.arrays import jnp
from offtake.core.errors import PlanErrors, Problem, Where
from offtake.core.flows import CFADS, PAID_TOLERANCE, Flow
from offtake.core.measure import Book
from offtake.core.structure import Allowed
from offtake.finance.annuity import level_payment
from offtake.finance.facility import ROUNDING, counts_with
from offtake.finance.sizing import (
    LENDER,
    Sizing,
    Stream,
    carried,
    carried_by_profile,
    levelled,
    present_value,
    sculpted,
)
from offtake.lowering.lower import LoweredPlan
from offtake.measures.economic_end import ends, pledges

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """A size with its schedule."""

    amount: float
    """USD"""
    share: FloatArray
    """[N] principal as a share of the balance before it"""
    owed: FloatArray
    """[N] at the close of each period, USD"""


@dataclass(frozen=True)
class Reading:
    """One facility in C cases over the N periods in which it is repaid; amounts in USD."""

    cases: tuple[str, ...]
    sculpted: bool
    periods: NDArray[np.int64]
    """[N]"""
    cfads: FloatArray
    """[C, N]"""
    before: FloatArray
    """[C, N] service of debt that ranks before it, and of equal debt sized before it"""
    beside: FloatArray
    """[C] balance of that debt when repayment begins"""
    interest: FloatArray
    """[C, N] of one period as a share of the balance"""
    service: FloatArray
    """[C, N] under a profile of its own, per USD lent, a balloon apart"""
    balance: FloatArray
    """[N] the same: owed at the close"""
    uses: FloatArray
    """[C] capital cost, and interest and fees until repayment begins"""
    carrying: FloatArray
    """[C] its own interest and fees until repayment begins"""
    cost: FloatArray
    """[C] what was paid for the collateral"""
    value: FloatArray
    """[N] market value of the pledged cohorts in the lender's case"""
    drawn_in: slice
    """periods in which it can be drawn"""
    life: float
    """period in which the collateral covers its cost for the last time; infinite if not known"""
    sizing: Sizing
    periods_per_month: float

    def stream(self, names: Sequence[str], value: bool = False, life: bool = False) -> Stream:
        """Cash for service under the covers of some cases, and further limits."""
        available = np.full_like(self.cfads, np.inf)
        before = np.zeros_like(self.before)
        over = max(round(self.sizing.level_over.value * self.periods_per_month), 1)
        cash = levelled(self.cfads, over)
        for c, case in enumerate(self.cases):
            if case in names:
                available[c] = cash[c] / self.sizing.dscr[case].value
                before[c] = self.before[c]
        most = np.full(len(self.periods), np.inf)
        if value and self.sizing.loan_to_value is not None:
            most = self.sizing.loan_to_value.value * self.value
        if life and self.sizing.economic_life is not None and np.isfinite(self.life):
            begin = self.periods[0] - 1
            last = begin + self.sizing.economic_life.value * (self.life - begin)
            available[:, self.periods > last] = 0.0
            before[:, self.periods > last] = 0.0
        return Stream(available, before, self.interest, most)

    def most(self, stream: Stream) -> float:
        """Most that a stream carries, USD."""
        if self.sculpted:
            return float(carried(stream, 1.0)[0])
        return carried_by_profile(stream, self.service, self.balance)

    def trial(self, amount: float) -> Trial:
        """A size with its schedule."""
        if not self.sculpted:
            return Trial(amount, np.zeros(len(self.periods)), amount * self.balance)
        stream = self.stream(list(self.sizing.dscr), value=True, life=True)
        principal, share = sculpted(stream, amount)
        return Trial(amount, share, amount - np.cumsum(principal))


def allowed(read: Reading, sizing: Sizing) -> list[Allowed]:
    """What every limit would allow, in the order in which a plan writes them."""
    found = [Allowed("dscr", case, read.most(read.stream([case]))) for case in sizing.dscr]
    for case, ratio in sizing.llcr.items():
        c = read.cases.index(case)
        value = present_value(read.cfads, read.interest)[c] / ratio.value - read.beside[c]
        found.append(Allowed("llcr", case, max(float(value), 0.0)))
    found.append(Allowed("gearing", "", sizing.gearing.value * float(read.uses.min())))
    if sizing.advance_rate is not None:
        cost = float(read.cost.min())
        found.append(Allowed("advance_rate", "", sizing.advance_rate.value * cost))
    covers = list(sizing.dscr)
    if sizing.loan_to_value is not None:
        most = read.most(read.stream(covers, value=True))
        found.append(Allowed("loan_to_value", LENDER, most))
    if sizing.economic_life is not None:
        most = read.most(read.stream(covers, life=True))
        found.append(Allowed("economic_life", LENDER, most))
    if sizing.maximum is not None:
        found.append(Allowed("maximum", "", sizing.maximum.value))
    together = read.most(read.stream(covers, value=True, life=True))
    if together < min(limit.amount for limit in found) * (1.0 - PAID_TOLERANCE):
        found.append(Allowed("together", "", together))
    return found


# ------------------------------------------------------------------------------ reading a record


def reading(
    lowered: LoweredPlan,
    book: Book,
    months: Any,
    cases: tuple[str, ...],
    name: str,
    later: Sequence[str],
    end: float,
) -> Reading:
    """What the cases say about one facility.

    Args:
        lowered: the plan with its trial structure.
        book: of it.
        months: record of the cases, [T, .., C].
        cases: names, in the order of the paths.
        name: of the facility.
        later: facilities that are sized after it.
        end: from `life`.
    """
    plan, calendar = lowered.plan, lowered.calendar
    terms: Any = plan.contracts[name]
    times = _Times.of(lowered, name)
    periods = np.arange(times.first, times.maturity + 1, dtype=np.int64)
    interest = _interest(lowered, months, name)[:, periods]
    service, balance = _profile(terms, times, interest, _yearly(lowered, months, name)[:, periods])
    beside = _beside(lowered, name, later)
    due, owed = (
        sum((_observed(lowered, months, f"contracts.{n}.{what}") for n in beside), 0.0)
        + np.zeros((len(cases), calendar.count))
        for what in ("service_due", "balance")
    )
    lender = cases.index(LENDER)
    cohorts = _cohorts(book, terms.collateral)
    value = sum((_observed(lowered, months, f"chips.{c}.value")[lender] for c in cohorts), 0.0)
    return Reading(
        cases=cases,
        sculpted=terms.amortisation == "sculpted",
        periods=periods,
        cfads=_cash_flow(lowered, months, terms.borrower, terms.sizing.after)[:, periods],
        before=due[:, periods],
        beside=owed[:, times.first],
        interest=interest,
        service=service,
        balance=balance,
        uses=_uses(lowered, months, name, times.first),
        carrying=_carrying(lowered, months, name, times.first),
        cost=_cost(lowered, months, terms),
        value=(np.zeros(calendar.count) + value)[periods],
        drawn_in=times.drawn_in,
        life=end,
        sizing=terms.sizing,
        periods_per_month=1.0 / calendar.months,
    )


@dataclass(frozen=True)
class _Times:
    first: int
    """first period in which principal can be due"""
    maturity: int
    last: int
    """period in which the profile has repaid everything"""
    drawn_in: slice
    """periods in which it can be drawn"""

    @classmethod
    def of(cls, lowered: LoweredPlan, name: str) -> "_Times":
        """Timetable of a facility at the medians of its numbers."""
        table = lowered.table

        def at(field: str, otherwise: float) -> float:
            row = table.index.get(f"contracts.{name}.{field}")
            return otherwise if row is None else table.rows[row].value

        signed = np.ceil(max(at("start", 0.0), 0.0) - ROUNDING)
        finished = signed + max(at("availability", 0.0), at("interest_only", 0.0))
        ends = min(signed + at("term", np.inf), at("maturity", np.inf))
        maturity = int(np.ceil(ends - ROUNDING))
        over = at("amortise_over", np.inf)
        last = int(np.ceil(finished + over - ROUNDING)) if np.isfinite(over) else maturity
        first = int(np.floor(finished + ROUNDING)) + 1
        opens, closes = int(signed), int(signed + at("availability", 0.0) + ROUNDING)
        maturity = min(maturity, lowered.calendar.count - 1)
        return cls(first, maturity, last, slice(opens, closes + 1))


def _observed(lowered: LoweredPlan, months: Any, name: str) -> FloatArray:
    """[C, T] an observation."""
    return months.observations[:, lowered.labels.observation(name)].T


def _yearly(lowered: LoweredPlan, months: Any, name: str) -> FloatArray:
    """[C, T] rate per year, without steps after extensions."""
    terms: Any = lowered.plan.contracts[name]
    table = lowered.table
    margin = table.rows[table.at(f"contracts.{name}.rate")].value
    rate = np.full(months.observations.shape[::-2], margin)
    if terms.rate.base is not None:
        floor = table.rows[table.at(f"contracts.{name}.floor")].value
        rate += np.maximum(_observed(lowered, months, f"drivers.{terms.rate.base}"), floor)
    return rate


def _interest(lowered: LoweredPlan, months: Any, name: str) -> FloatArray:
    """[C, T] interest of a period as a share of the balance."""
    terms: Any = lowered.plan.contracts[name]
    return _yearly(lowered, months, name) * lowered.calendar.accrual(terms.day_count)


def _profile(
    terms: Any, times: _Times, interest: FloatArray, yearly: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Service [C, N] and balance at the close [N] per USD lent, of the case that owes most."""
    cases, count = interest.shape
    owed, balance, service = np.ones(cases), np.zeros((cases, count)), np.zeros((cases, count))
    years = interest / np.where(yearly > 0.0, yearly, 1.0)
    for j, t in enumerate(range(times.first, times.first + count)):
        remaining = max(times.last - t + 1.0, 1.0)
        if terms.amortisation == "linear":
            regular = owed / remaining
        elif terms.amortisation == "annuity":
            rate = yearly[:, j] * years[:, j]
            level = _level(owed, rate, remaining)
            regular = level - rate * owed
        else:
            regular = np.zeros(cases)
        service[:, j] = interest[:, j] * owed + regular
        owed = np.maximum(owed - regular, 0.0)
        balance[:, j] = owed if t < times.maturity else 0.0
    return service, balance.max(axis=0)


def _level(owed: FloatArray, rate: FloatArray, remaining: float) -> FloatArray:
    """[C] level payment."""
    paid = level_payment(jnp.asarray(owed), jnp.asarray(rate), jnp.asarray(remaining))
    return np.asarray(paid)


def _beside(lowered: LoweredPlan, name: str, later: Sequence[str]) -> list[str]:
    """Other debt of the borrower that ranks senior or equal, what is sized later apart."""
    own: Any = lowered.plan.contracts[name]
    found: list[str] = []
    for other, terms in lowered.plan.contracts.items():
        lends = "service_due" in BY_KIND[terms.kind].published  # type: ignore[attr-defined]
        same = getattr(terms, "borrower", None) == own.borrower
        if other in (name, *later) or not (lends and same):
            continue
        if counts_with(terms.seniority, own.seniority):  # type: ignore[attr-defined]
            found.append(other)
    return found


def _cash_flow(
    lowered: LoweredPlan, months: Any, party: str, after: Sequence[str] = ()
) -> FloatArray:
    """[C, T] cash flow available for debt service, after what some contracts claim."""
    index = lowered.labels.parties.index(party)
    flow = np.zeros(months.paid[:, 0].shape)
    for c, claim in enumerate(lowered.labels.claims):
        if claim.payee == index:
            flow += CFADS.get(("in", Flow(claim.flow)), 0.0) * months.paid[:, c]
        if claim.payer == index:
            sign = CFADS.get(("out", Flow(claim.flow)), -1.0 if claim.contract in after else 0.0)
            flow += sign * months.paid[:, c]
    return flow.T


def _uses(lowered: LoweredPlan, months: Any, name: str, first: int) -> FloatArray:
    """[C] capital cost paid by the borrower, and interest and fees before repayment begins."""
    borrower = lowered.labels.parties.index(lowered.plan.contracts[name].borrower)  # type: ignore[attr-defined]
    total = np.zeros(months.paid.shape[-1])
    for c, claim in enumerate(lowered.labels.claims):
        if claim.payer != borrower:
            continue
        if claim.flow == int(Flow.CAPITAL_COST):
            total += months.paid[:, c].sum(axis=0)
        if claim.flow in (int(Flow.INTEREST), int(Flow.FEE)):
            total += months.paid[:first, c].sum(axis=0)
    return total


def _carrying(lowered: LoweredPlan, months: Any, name: str, first: int) -> FloatArray:
    """[C] interest and fees paid on the facility before repayment begins."""
    flows = (int(Flow.INTEREST), int(Flow.FEE))
    mine = [
        c for c, x in enumerate(lowered.labels.claims) if x.contract == name and x.flow in flows
    ]
    return months.paid[:first, mine].sum(axis=(0, 1))


def _cost(lowered: LoweredPlan, months: Any, terms: Any) -> FloatArray:
    """[C] capital cost of what is pledged: orders of cohorts, construction of sites."""
    pledged = set(terms.collateral)
    total = np.zeros(months.paid.shape[-1])
    for c, claim in enumerate(lowered.labels.claims):
        if claim.flow != int(Flow.CAPITAL_COST):
            continue
        other: Any = lowered.plan.contracts[claim.contract]
        named = {getattr(other, "site", None), *_many(getattr(other, "chips", None))}
        if claim.contract in pledged or named & pledged:
            total += months.paid[:, c].sum(axis=0)
    return total


def _many(names: object) -> tuple[str, ...]:
    if isinstance(names, str):
        return (names,)
    return tuple(names) if isinstance(names, (tuple, list)) else ()  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _cohorts(book: Book, collateral: Sequence[str]) -> list[str]:
    """Cohorts that are pledged, themselves or with their site."""
    return [name for name, site in book.cohorts.items() if name in collateral or site in collateral]


def life(lowered: LoweredPlan, book: Book, months: Any, name: str, lender: int) -> float:
    """Last period in which the collateral covers its cost in the lender's case."""
    mine = [f for f in book.facilities if f.contract == name and f.collateral]
    if not mine:
        return np.inf
    held: Any = [jnp.asarray(leaf) for leaf in months]
    record: Any = SimpleNamespace(months=type(months)(*held))
    last = float(np.asarray(ends(record, pledges(book, mine)))[0, lender])
    return last if last < lowered.calendar.count - 1 else np.inf


def uses_left_unpaid(
    lowered: LoweredPlan, months: Any, cases: tuple[str, ...]
) -> PlanErrors | None:
    """Capital cost that the structure leaves unpaid in some case, as an error; None if none."""
    for c, claim in enumerate(lowered.labels.claims):
        if claim.flow != int(Flow.CAPITAL_COST):
            continue
        for column, case in enumerate(cases):
            asked, paid = months.claimed[:, c, column], months.paid[:, c, column]
            due = np.flatnonzero(asked > 0.0)
            if len(due) and paid[due[-1]] < asked[due[-1]] * (1.0 - 1e-6):
                return _unfunded(claim.contract, case, float(asked[due[-1]] - paid[due[-1]]))
    return None


def _unfunded(contract: str, case: str, short: float) -> PlanErrors:
    place = f"contracts.{contract}"
    return PlanErrors(
        [
            Problem(
                Where(place),
                place,
                "sizing-unfunded",
                f"{short:,.0f} USD unpaid in case {case} with the debt that the limits allow",
                "funding for every cost",
                "raise an equity commitment, or write commitment: sized on common equity",
            )
        ]
    )
