"""Facilities: what was lent, how it was covered, whether it came back, and what was lost.

A facility is a contract that publishes a balance. Per facility and path, amounts in USD, t the
close of a period, B the balance, r the rate, G(t) = prod over s <= t of (1 + r(s) years(s)):

    drawn      sum of what was paid in to the borrower
    default d  first close at which the facility is accelerated, or is still owed when `grace` has
               passed since its last possible maturity
    EAD        B(d) + interest and fees claimed in d and not paid
    recovered  sum over t > d of (received - supported) G(d) / G(t)
    supported  the same of what supports paid
    sold       of recovered, what buyers of collateral paid; by asset in proportion to proceeds
    months     sum over t > d of received G(d) / G(t) (t - d) over recovered, in months
    loss       (EAD - recovered) (1 + R)^-elapsed(d), R the plan's rate
    lent       sum over t <= d of B(t-1) years(t) (1 + R)^-elapsed(t); EL a year = mean loss over it
    min DSCR   least published cover at a close up to d, of periods that opened with something owed
    LLCR       sum over p < t <= maturity of realised CFADS(t) G(p) / G(t), over B(p) + S(p); p the
               first close at which the balance is at its peak: all is drawn and nothing repaid; S
               the balances of the borrower's other facilities that rank senior or equal
    year_..    cover, loan to value and principal due by calendar year: `offtake.measures.cover`
    repayment  see `Repayment`; a take-out on the same collateral is followed
               (`offtake.measures.refinancing`), `repaid_period` is when this lender was repaid

Received are interest, principal and fees. r is the contract's own rate month by month, base rate
and floor included; steps of the margin after an extension are not. A kind without a rate is
discounted at the plan's. What a support pays in a month is shared among the claims it protects in
proportion to them. CFADS is the borrower's; the dscr is that over the service of the facility and
of what ranks senior or equal; the LLCR uses what happened, never what was expected (DESIGN §11).
"""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.flows import CFADS, PAID_TOLERANCE, Flow
from offtake.core.measure import Book, Facility, Output, Record
from offtake.finance.facility import closing
from offtake.finance.trailing import NO_SERVICE
from offtake.measures import cover
from offtake.measures.economic_end import MARGINS, Pledges, ends, pledges, secured
from offtake.measures.recovery import Collateral, collateral_of, recoveries, sales_of
from offtake.measures.refinancing import (
    SOME,
    Repaid,
    Takeouts,
    followed,
    refinanced,
    takeouts_of,
)
from offtake.measures.selection import (
    FloatArray,
    Number,
    Published,
    Signed,
    Sums,
    at_close,
    borrower_of,
    each,
    first,
    in_period,
    last,
    named_contracts,
    nested,
    number,
    plus,
    published,
    published_together,
    ranking_with,
    summed,
    sums,
    value,
)

REPAID_TOLERANCE = 1e-6
"""Share of the peak balance that may be missing in what was repaid; more was written off."""
NEVER = 1e9
"""A maturity beyond any horizon, periods."""


class Repayment(IntEnum):
    """Whether a facility was repaid before its collateral stopped earning."""

    UNUSED = 0
    """Nothing was ever owed."""
    BEFORE = 1
    """Repaid no later than the last period in which the collateral covers its cost."""
    AFTER = 2
    """Repaid, but later than that."""
    NOT = 3
    """Not repaid: in default, or owed at the horizon on collateral that no longer earns."""
    CENSORED = 4
    """Owed at the horizon, not in default, and the collateral still earns: not known."""
    UNSECURED = 5
    """No collateral whose end can be told; `repaid_period` says whether it was repaid."""


def _output(keep: Any, unit: str, meaning: str) -> Output:
    return Output(("facility",), keep, unit, meaning)


OUTPUTS = {
    "size_usd": _output("mean", "USD", "Amount committed."),
    "drawn_usd": _output("mean", "USD", "What the lender paid in."),
    "open_usd": _output("mean", "USD", "Balance at the horizon."),
    "shortfall_usd": _output("mean", "USD", "Principal due at maturity and not paid then."),
    "refinanced_share": _output("mean", "1", "Share of principal paid that take-outs paid."),
    "default_period": _output("paths", "period", "Period of default; NaN where there is none."),
    "ead_usd": _output("paths", "USD", "Exposure at default; 0 without default."),
    "recovered_usd": _output(
        "paths", "USD", "Value at default of what was recovered later, supports apart."
    ),
    "supported_usd": _output("paths", "USD", "Value at default of what supports paid later."),
    "sold_usd": _output("paths", "USD", "Of what was recovered, from the sale of collateral."),
    "sold_chips_usd": _output("paths", "USD", "Of that, from chips."),
    "recovery_months": _output(
        "paths", "month", "Mean time to what was recovered, by value; NaN where nothing was."
    ),
    "loss_usd": _output("paths", "USD", "Exposure less recoveries, supports apart; value today."),
    "loss_after_supports_usd": _output("mean", "USD", "The same, less what supports paid."),
    "lent_usd_years": _output(
        "mean", "USD year", "Balance times time until default; value today, at the plan's rate."
    ),
    "min_dscr": _output("paths", "1", "Least cover up to default; NaN if never serviced."),
    "llcr": _output("paths", "1", "Realised cover over the loan's life; NaN if never drawn."),
    "repaid_period": _output("paths", "period", "Period of repayment in full; NaN if not repaid."),
    "repayment": _output("paths", "1", "Outcome against the end of the collateral: `Repayment`."),
    "year_dscr": Output(cover.DIMS, "paths", "1", "Trailing cover at the end of the year."),
    "year_ltv": Output(cover.DIMS, "paths", "1", "Debt over the worth of its chips then."),
    "year_due_usd": Output(cover.DIMS, "mean", "USD", "Principal that falls due in the year."),
}


class Supports(NamedTuple):
    """Supports that may pay for a facility; fields [F, supports]."""

    drawn: IntArray
    """claim by which the support pays"""
    present: FloatArray
    """1.0 for a support, 0.0 for padding"""
    scope: Sums
    """[F, supports, width] claims it protects"""


class Timetable(NamedTuple):
    """Dates of a facility, periods; fields [F]."""

    start: Number
    term: Number
    maturity: Number
    extensions: Number
    extension: Number
    grace: Number


class Size(NamedTuple):
    """What a facility may lend: an amount, or a price less what is paid down; fields [F]."""

    amount: Number
    units: Number
    price: Number
    down: Number
    """share of the price"""

    def of(self, record: Record) -> Array:
        """[P] USD, of one row."""
        bought = value(record, self.units) * value(record, self.price)
        return value(record, self.amount) + bought * (1.0 - value(record, self.down))


class Rates(NamedTuple):
    """Rate of a facility; fields [F]."""

    own: Number
    """fixed rate or margin, 1/year; not known where the kind has none"""
    base: IntArray
    """observation of the base rate"""
    floating: FloatArray
    """1.0 where the rate floats"""
    floor: Number


class Lending(NamedTuple):
    """Where the record keeps facilities; first axis [F]."""

    balance: Published
    beside: Published
    """balances of the borrower's other facilities that rank senior or equal"""
    accelerated: Published
    dscr: Published
    size: Size
    drawn: Sums
    """paid in by the lender"""
    service: Sums
    """interest, principal and fees"""
    principal: Sums
    credited: Published
    """principal that counts as repaid, of kinds that settle it at another price than they pay"""
    accruing: Sums
    """interest and fees"""
    cfads: Sums
    """of the borrower"""
    rates: Rates
    timetable: Timetable
    supports: Supports
    collateral: Collateral
    takeouts: Takeouts
    secured: FloatArray
    """1.0 where something is pledged whose end can be told"""
    security: cover.Security


class _Path(NamedTuple):
    """One facility on all paths, [T, P] unless said otherwise; amounts in USD."""

    owed: Array
    """True where something is owed at the close"""
    open_balance: Array
    balance: Array
    called: Array
    """True where it is accelerated"""
    peak: Array
    """[P]"""
    log_growth: Array
    """log G"""
    defaulted: Array
    """[P] period as a float; T where there is none"""
    maturity: Array
    """[P] without extensions"""


class _Seen(NamedTuple):
    """What the outcome of a facility depends on, [P] unless said otherwise."""

    repaid: Repaid
    taken: Array
    """[take-outs, P] True where a take-out repaid some of it"""
    used: Array
    """True where anything was ever owed"""


class Facilities(NamedTuple):
    """The measure."""

    lending: Lending
    pledged: Pledges
    years: FloatArray
    """[T]"""
    elapsed: FloatArray
    """[T]"""
    discount_row: IntArray
    """[]"""
    calendar: cover.Years

    name = "facilities"
    wanted = (
        *("contracts.*.balance", "contracts.*.accelerated", "contracts.*.dscr"),
        *("contracts.*.proceeds", "contracts.*.credited", *MARGINS, *cover.WANTED),
    )
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Facilities":
        """The measure for one plan."""
        pledged = pledges(book, book.facilities)
        return cls(
            _lending(book, pledged),
            pledged,
            book.years,
            book.elapsed,
            np.array(book.discount_row, np.int64),
            cover.years_of(book),
        )

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, each [F, P]; those by year [Y, F, P]."""
        if not self.lending.secured.shape[0]:
            paths, years = record.values.shape[-1], self.calendar.last.shape[0]
            flat, by_year = jnp.zeros((0, paths)), jnp.zeros((years, 0, paths))
            return {n: by_year if n.startswith("year_") else flat for n in OUTPUTS}
        found, seen = each(lambda item: self._one(record, item), self.lending)
        found |= {n: jnp.moveaxis(found[n], 0, 1) for n in OUTPUTS if n.startswith("year_")}
        repaid = followed(self.lending.takeouts, seen.repaid, seen.taken)
        end = ends(record, self.pledged)
        secured_ = jnp.asarray(self.lending.secured)[:, None] > 0.5
        earning = end >= float(record.months.paid.shape[0]) - 1.0
        outcome = jnp.where(secured_, _repayment(repaid, end, earning), float(Repayment.UNSECURED))
        return found | {"repayment": jnp.where(seen.used, outcome, float(Repayment.UNUSED))}

    def _one(self, record: Record, item: Lending) -> tuple[dict[str, Array], _Seen]:
        """Outputs of one facility, each [P], and what its outcome depends on."""
        path = self._path(record, item)
        claimed = summed(record.months.claimed, item.principal)
        paid = summed(record.months.paid, item.principal)
        drawn = jnp.sum(summed(record.months.paid, item.drawn), axis=0)
        back = jnp.sum(paid, axis=0)
        lent = jnp.maximum(drawn, path.peak)
        settled = jnp.where(
            jnp.any(item.credited.present > 0.5),
            jnp.sum(at_close(record, item.credited, 0.0)[-1], axis=0),
            back,
        )
        repaid = (path.peak > 0.0) & ~path.owed[-1] & (settled >= lent * (1.0 - REPAID_TOLERANCE))
        period = last(path.owed) + 1.0
        moved = refinanced(record, item.takeouts, claimed, paid)
        share = jnp.where(
            back > 0.0, jnp.sum(moved, axis=0) / jnp.where(back > 0.0, back, 1.0), 0.0
        )
        whole = (path.open_balance > 0.0) & (claimed >= path.open_balance * (1.0 - PAID_TOLERANCE))
        matured = first(whole & (_periods(paid) >= path.maturity[None]))
        outputs = {
            "size_usd": item.size.of(record) + jnp.zeros_like(back),
            "drawn_usd": drawn,
            "open_usd": path.balance[-1],
            "shortfall_usd": in_period(jnp.maximum(claimed - paid, 0.0), matured),
            "refinanced_share": share,
            **self._loss(record, item, path),
            "lent_usd_years": self._lent(record, path),
            "min_dscr": _least_cover(record, item, path),
            "llcr": _llcr(record, item, path),
            "repaid_period": jnp.where(repaid, period, jnp.nan),
            **cover.standing(
                *(record, self.calendar, item.security, item.dscr),
                *(path.owed, path.balance, path.called),
            ),
            "year_due_usd": cover.due(self.calendar, claimed, paid),
        }
        defaulted = path.defaulted < float(path.balance.shape[0])
        failed = ~repaid & (defaulted | ~path.owed[-1])
        seen = _Seen(
            Repaid(repaid, failed, period), taken=moved > SOME * back[None], used=path.peak > 0.0
        )
        return outputs, seen

    def _path(self, record: Record, item: Lending) -> _Path:
        """Balance, default and discounting of one facility."""
        balance = jnp.sum(at_close(record, item.balance, 0.0), axis=1)
        peak = jnp.max(balance, axis=0)
        owed = balance > PAID_TOLERANCE * peak[None]
        begin = closing(jnp.maximum(value(record, item.timetable.start), 0.0))
        dates = item.timetable
        maturity = jnp.minimum(begin + value(record, dates.term), value(record, dates.maturity))
        added = value(record, item.timetable.extensions) * value(record, item.timetable.extension)
        latest = closing(maturity + added) + value(record, item.timetable.grace)
        called = jnp.max(at_close(record, item.accelerated, 0.0), axis=1) > 0.5
        overdue = owed & (_periods(balance) >= latest[None])
        return _Path(
            owed=owed,
            open_balance=jnp.concatenate([jnp.zeros_like(balance[:1]), balance[:-1]]),
            balance=balance,
            called=called,
            peak=peak,
            log_growth=self._log_growth(record, item.rates),
            defaulted=first(called | overdue),
            maturity=closing(maturity),
        )

    def _log_growth(self, record: Record, rates: Rates) -> Array:
        """[T, P] log of what 1 USD owed at the start has become, at the contract's own rate."""
        floor = value(record, rates.floor)[None]
        base = jnp.maximum(record.months.observations[:, rates.base], floor)
        rate = value(record, rates.own)[None] + rates.floating * base
        own = jnp.cumsum(jnp.log1p(rate * jnp.asarray(self.years)[:, None]), axis=0)
        plan = jnp.asarray(self.elapsed)[:, None] * self._log_rate(record)[None]
        return jnp.where(rates.own.known > 0.5, own, plan)

    def _lent(self, record: Record, path: _Path) -> Array:
        """[P] what is lent, times the years for which it is, until default; value today."""
        worth = jnp.exp(-jnp.asarray(self.elapsed)[:, None] * self._log_rate(record)[None])
        going = _periods(path.balance) <= path.defaulted[None]
        held = path.open_balance * jnp.asarray(self.years)[:, None] * worth
        return jnp.sum(jnp.where(going, held, 0.0), axis=0)

    def _log_rate(self, record: Record) -> Array:
        """[P] log(1 + R) of the plan's discount rate."""
        return jnp.log1p(record.values[self.discount_row])

    def _loss(self, record: Record, item: Lending, path: _Path) -> dict[str, Array]:
        """What default exposed and what came back."""
        paid, claimed = record.months.paid, record.months.claimed
        when = path.defaulted
        happened = when < float(path.balance.shape[0])
        unpaid = jnp.maximum(summed(claimed, item.accruing) - summed(paid, item.accruing), 0.0)
        exposure = in_period(path.balance + unpaid, when)
        received = summed(paid, item.service)
        helped = jnp.minimum(_supported(record, item), received)
        since = in_period(path.log_growth, when)
        later = _periods(path.balance) > when[None]
        worth = jnp.where(later, jnp.exp(since[None] - path.log_growth), 0.0)
        recovered = jnp.sum((received - helped) * worth, axis=0)
        supported = jnp.sum(helped * worth, axis=0)
        years = jnp.asarray(self.elapsed)[:, None]
        elapsed = in_period(years, when)
        back = recoveries(record, item.collateral, received - helped, worth, years - elapsed[None])
        today = jnp.exp(-elapsed * self._log_rate(record))
        loss = (exposure - recovered) * today
        return {
            "default_period": jnp.where(happened, when, jnp.nan),
            "ead_usd": exposure,
            "recovered_usd": recovered,
            "supported_usd": supported,
            "sold_usd": back.sold,
            "sold_chips_usd": back.chips,
            "recovery_months": back.months,
            "loss_usd": loss,
            "loss_after_supports_usd": loss - supported * today,
        }


def _periods(like: Array) -> Array:
    """[T, 1] period indices as floats."""
    return jnp.arange(float(like.shape[0]))[:, None]


def _least_cover(record: Record, item: Lending, path: _Path) -> Array:
    """[P] least DSCR while something was owed, up to default; NaN if never serviced."""
    told = jnp.min(at_close(record, item.dscr, NO_SERVICE), axis=1)
    open_ = path.open_balance > PAID_TOLERANCE * path.peak[None]
    counted = open_ & (_periods(told) <= path.defaulted[None]) & (told < 0.5 * NO_SERVICE)
    least = jnp.min(jnp.where(counted, told, jnp.inf), axis=0)
    return jnp.where(jnp.any(counted, axis=0), least, jnp.nan)


def _llcr(record: Record, item: Lending, path: _Path) -> Array:
    """[P] realised CFADS after the peak of the balance, discounted, over all that ranks with it."""
    at_peak = first(path.balance >= path.peak[None] * (1.0 - PAID_TOLERANCE))
    t = _periods(path.balance)
    life = (t > at_peak[None]) & (t <= path.maturity[None])
    since = in_period(path.log_growth, at_peak)
    worth = jnp.where(life, jnp.exp(since[None] - path.log_growth), 0.0)
    present = jnp.sum(summed(record.months.paid, item.cfads) * worth, axis=0)
    beside = jnp.sum(at_close(record, item.beside, 0.0), axis=1)
    drawn = path.peak > 0.0
    owed = jnp.where(drawn, path.peak + in_period(beside, at_peak), 1.0)
    return jnp.where(drawn, present / owed, jnp.nan)


def _repayment(repaid: Repaid, end: Array, earning: Array) -> Array:
    """[F, P] outcome of secured facilities, one of `Repayment`, as a float.

    Args:
        repaid: with take-outs followed, [F, P].
        end: [F, P] last period in which the collateral earns.
        earning: [F, P] True where that is the last period of the plan.
    """
    on_time = jnp.where(repaid.period <= end, float(Repayment.BEFORE), float(Repayment.AFTER))
    waiting = earning & ~repaid.failed
    left = jnp.where(waiting, float(Repayment.CENSORED), float(Repayment.NOT))
    return jnp.where(repaid.done, on_time, left)


def _supported(record: Record, item: Lending) -> Array:
    """[T, P] what supports paid on the claims of one facility, USD."""
    paid, claimed = record.months.paid, record.months.claimed
    mine = summed(claimed, item.service)

    def add(total: Array, support: Supports) -> tuple[Array, None]:
        scope = summed(claimed, support.scope)
        share = jnp.where(scope > 0.0, mine / jnp.where(scope > 0.0, scope, 1.0), 0.0)
        drawn = support.present * paid[:, support.drawn]
        return total + drawn * jnp.minimum(share, 1.0), None

    return lax.scan(add, jnp.zeros_like(mine), item.supports)[0]


# -------------------------------------------------------------------------- from the book of a plan


def _lending(book: Book, held: Pledges) -> Lending:
    facilities = book.facilities
    names = [facility.contract for facility in facilities]
    terms = [book.terms.get(name) for name in names]
    bases = [getattr(getattr(term, "rate", None), "base", None) for term in terms]

    def numbers(field: str, otherwise: float = 0.0) -> Number:
        return number(book, names, field, otherwise)

    def at_row(rows: list[int]) -> Number:
        present = np.array([float(row >= 0) for row in rows])
        return Number(np.array([max(row, 0) for row in rows], np.int64), present, 0.0 * present)

    def owed(*flows: Flow) -> Sums:
        return sums([plus(_owed(book, facility, flows)) for facility in facilities])

    return Lending(
        balance=published(book, names, "balance"),
        beside=published_together(book, [ranking_with(book, f) for f in facilities], "balance"),
        accelerated=published(book, names, "accelerated"),
        dscr=published(book, names, "dscr"),
        size=Size(
            *(at_row([f.size_row for f in facilities]), at_row([f.units_row for f in facilities])),
            *(at_row([f.price_row for f in facilities]), at_row([f.down_row for f in facilities])),
        ),
        drawn=sums([plus(_drawn(book, facility)) for facility in facilities]),
        service=owed(Flow.INTEREST, Flow.PRINCIPAL, Flow.FEE),
        principal=owed(Flow.PRINCIPAL),
        credited=published(book, names, "credited"),
        accruing=owed(Flow.INTEREST, Flow.FEE),
        cfads=sums([_cfads(book, facility) for facility in facilities]),
        rates=Rates(
            numbers("rate"),
            np.array([_base(book, base) for base in bases], np.int64),
            np.array([float(base is not None) for base in bases]),
            numbers("floor", -1.0),
        ),
        timetable=Timetable(
            at_row([f.start_row for f in facilities]),
            numbers("term", NEVER),
            numbers("maturity", NEVER),
            numbers("extensions"),
            numbers("extension"),
            numbers("grace"),
        ),
        supports=_supports(book),
        collateral=collateral_of(book),
        takeouts=takeouts_of(book),
        secured=secured(held),
        security=cover.security_of(book, held),
    )


def _base(book: Book, base: str | None) -> int:
    return 0 if base is None else book.labels.observation(f"drivers.{base}")


def _owed(book: Book, facility: Facility, flows: tuple[Flow, ...]) -> list[int]:
    """Claims of a facility on its borrower, and on those who buy what is pledged for it."""
    wanted = {int(flow) for flow in flows}
    borrower = borrower_of(book, facility)
    mine = book.claims(contract=facility.contract, payer=borrower)
    return [
        i
        for i in dict.fromkeys([*mine, *sales_of(book, facility.contract)])
        if book.labels.claims[i].flow in wanted
    ]


def _drawn(book: Book, facility: Facility) -> list[int]:
    borrower = borrower_of(book, facility)
    return book.claims(contract=facility.contract, payee=borrower, flow=int(Flow.CAPITAL_IN))


def _cfads(book: Book, facility: Facility) -> Signed:
    """Claims that make up the cash flow available for debt service of a borrower."""
    borrower = borrower_of(book, facility)
    found: dict[int, float] = {}
    for i, claim in enumerate(book.labels.claims):
        sides = (("in", claim.payee), ("out", claim.payer))
        sign = sum(CFADS.get((s, Flow(claim.flow)), 0.0) for s, p in sides if p == borrower)
        if sign:
            found[i] = sign
    return found


def _supports(book: Book) -> Supports:
    """Supports of every borrower that protect its facility: by name, or all that it owes."""
    drawn: list[list[int]] = []
    scopes: list[list[Signed]] = []
    for facility in book.facilities:
        borrower = borrower_of(book, facility)
        claims = book.claims(payer=borrower, form="claim")
        mine: list[int] = []
        scope: list[Signed] = []
        for i in book.claims(payee=borrower, flow=int(Flow.SUPPORT), form="support"):
            named = named_contracts(book, book.labels.claims[i].contract)
            if named and facility.contract not in named:
                continue
            mine.append(i)
            within = [c for c in claims if not named or book.labels.claims[c].contract in named]
            scope.append(plus(within))
        drawn.append(mine)
        scopes.append(scope)
    width = max([1, *(len(row) for row in drawn)])
    table = np.zeros((len(drawn), width), np.int64)
    present = np.zeros((len(drawn), width))
    for f, row in enumerate(drawn):
        table[f, : len(row)] = row
        present[f, : len(row)] = 1.0
    return Supports(table, present, nested(scopes))
