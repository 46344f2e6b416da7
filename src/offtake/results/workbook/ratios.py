"""Covers of debt and rates of return of those who put money in.

    DSCR(t) = CFADS of the last year / service of the last year, both of periods with service
    LLCR(t) = sum over s > t, up to the last repayment, of CFADS(s) G(t) / G(s), over balances(t)
    LTV(t)  = balances(t) / market value of the chips pledged(t)

with service that of the facility and of what ranks senior or equal (semantics §5.2 and
docs/measures.md), G growing at the facility's rate, balances those of the same debt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from offtake.core.flows import PAID_TOLERANCE
from offtake.finance.facility import counts_with
from offtake.finance.trailing import NO_SERVICE
from offtake.results.workbook.cells import (
    Blank,
    FloatArray,
    Row,
    Signed,
    Sum,
    Term,
    Trailing,
    all_of,
    greatest,
    if_,
    size,
)
from offtake.results.workbook.debt import CENT, Schedule
from offtake.results.workbook.debt_reading import NEAR
from offtake.results.workbook.figures import Figure, yearly_return
from offtake.results.workbook.record import Claim, Record, net_of
from offtake.results.workbook.sheets import Section
from offtake.results.workbook.timeline import Timeline


def _beside(one: Schedule, every: Sequence[Schedule]) -> list[Schedule]:
    """Other debt of the same borrower that ranks senior or equal."""
    return [
        other
        for other in every
        if other is not one
        and other.borrower == one.borrower
        and counts_with(other.seniority, one.seniority)
    ]


def cover(
    record: Record,
    calendar: Timeline,
    one: Schedule,
    every: Sequence[Schedule],
    cfads: Row,
) -> tuple[list[Section], list[Figure], list[tuple[Row, Row]]]:
    """Sections of covers of one facility, its figures, and its flags, each with the cover it tests.

    Args:
        record: the base case.
        calendar: rows of the timeline.
        one: the facility.
        every: all facilities.
        cfads: row of the borrower.
    """
    others = _beside(one, every)
    per_year = record.calendar.per_year
    rows, covered, service = _service(calendar, per_year, one, others, cfads)
    ratio = Row("DSCR", "x", "live", whole="least")
    ratio.term = if_(service.above(CENT), covered / service, Blank())
    told = record.observation(f"contracts.{one.contract}.dscr")
    if told is not None:
        ratio.engine = np.append(np.where(told[1:] < 0.5 * NO_SERVICE, told[1:], np.nan), np.nan)
    title = f"{one.contract}: debt service cover"
    sections = [Section(title, [*rows, covered, service, ratio], of=one.contract)]
    figures = [
        Figure("Least DSCR", "x", "least", (ratio,), about=one.contract),
        Figure("Mean DSCR", "x", "mean", (ratio,), about=one.contract),
    ]
    loan_life, more = _loan_life(calendar, one, others, cfads)
    value, ltv = _loan_to_value(record, one, others)
    sections += [s for s in (loan_life, value) if s is not None]
    figures += [*more, *ltv]
    flags, held = _crossed(record, one, covered, service, ratio)
    if flags:
        note = "1 where a cover has crossed what a contract tests, on whatever dates it does."
        sections.append(Section(f"{one.contract}: run again", [*held, *flags], note))
    return sections, figures, [(flag, ratio) for flag in flags]


def _service(
    calendar: Timeline, per_year: int, one: Schedule, others: Sequence[Schedule], cfads: Row
) -> tuple[list[Row], Row, Row]:
    """Rows that lead there, cash flow of the last year that counts, service of the last year."""
    own, rows = one.served, list[Row]()
    flow: Term = cfads
    due: Term = own
    beside: Row | None = None
    if others:
        served = tuple(other.served for other in others)
        beside = Row("Service of senior and equal debt", "USD", "live", Sum(served))
        due, rows = own + beside, [beside]
    if one.between is not None:
        waits = Row("Cash flow that waits for the next date", "USD", "live", whole="none")
        waits.term = if_(one.between.equals(1.0), cfads + waits.before, 0.0)
        flow, rows = cfads + waits.before, [*rows, waits]
        if beside is not None:
            owed = Row("Service beside that waits", "USD", "live", whole="none")
            owed.term = if_(one.between.equals(1.0), beside + owed.before, 0.0)
            due, rows = due + owed.before, [*rows, owed]
    counts = own.above(CENT)
    now = Row("Cash flow that counts", "USD", "live", if_(counts, flow, 0.0))
    asked = Row("Service that counts", "USD", "live", if_(counts, due, 0.0))
    year = [Trailing(row, calendar.number, per_year) for row in (now, asked)]
    covered = Row("Cash flow, last year", "USD", "live", year[0], whole="none")
    service = Row("Service, last year", "USD", "live", year[1], whole="none")
    return [*rows, now, asked], covered, service


def _loan_life(
    calendar: Timeline, one: Schedule, others: Sequence[Schedule], cfads: Row
) -> tuple[Section | None, list[Figure]]:
    """Cover over the life of a loan, by what happens in the base case."""
    if one.rate is None or one.closing.engine is None:
        return None, []
    owed = np.flatnonzero(one.closing.engine > CENT)
    if not owed.size:
        return None, []
    runs = np.zeros(one.closing.engine.size)
    runs[: int(owed[-1]) + 2] = 1.0
    note = "up to the last repayment, as the engine ran it"
    life = Row(
        "Within the life of the loan", "1 or 0", "engine", held=runs, whole="none", note=note
    )
    ahead = Row("Value of cash flow ahead", "USD", "live", whole="none", ahead=True)
    growth = Row("Growth of a period", "factor", "live", whole="none")
    growth.term = one.rate * calendar.length + 1.0
    ahead.term = if_(
        life.equals(1.0),
        (ahead.after + cfads.after * life.after) / greatest(growth.after, 1.0),
        0.0,
    )
    balances = Row("Balances", "USD", "live", Sum((one.closing, *(o.closing for o in others))))
    balances.whole = "none"
    ratio = Row("LLCR", "x", "live", whole="none")
    ratio.term = if_(one.closing.above(CENT), ahead / balances, Blank())
    title = f"{one.contract}: loan life cover"
    peak = np.zeros(runs.size)
    peak[int(np.argmax(one.closing.engine >= one.closing.engine.max() * (1.0 - NEAR)))] = 1.0
    when = Row("All is drawn, nothing repaid", "1 or 0", "engine", held=peak, whole="none")
    when.note = "as the engine ran it"
    rows = [life, growth, ahead, balances, ratio, when]
    section = Section(title, rows, "What happens, not what was expected.")
    return section, [Figure("LLCR once drawn", "x", "product", (ratio, when), about=one.contract)]


def _loan_to_value(
    record: Record, one: Schedule, others: Sequence[Schedule]
) -> tuple[Section | None, list[Figure]]:
    """Balance over the market value of what is pledged, where that is chips alone."""
    facts = next(f for f in record.facts["facilities"] if f["contract"] == one.contract)
    seen = [record.observation(f"chips.{name}.value") for name in facts["collateral"]]
    values = [value for value in seen if value is not None]
    pledged = {
        f["contract"]
        for f in record.facts["facilities"]
        if set(f["collateral"]) & set(facts["collateral"])
    }
    if not values or len(values) < len(seen):
        return None, []
    held = np.sum(values, axis=0)
    value = Row("Market value of the chips pledged", "USD", "engine", held=held, whole="close")
    rows = (one.closing, *(o.closing for o in others if o.contract in pledged))
    balances = Row("Balances secured on them", "USD", "live", Sum(rows), whole="close")
    ratio = Row("Loan to value", "share", "live", whole="close")
    owed = all_of(one.closing.above(CENT), value.above(CENT))
    ratio.term = if_(owed, balances / value, Blank())
    section = Section(f"{one.contract}: loan to value", [value, balances, ratio])
    return section, [
        Figure("Greatest loan to value", "share", "largest", (ratio,), about=one.contract)
    ]


def _crossed(
    record: Record, one: Schedule, covered: Row, service: Row, ratio: Row
) -> tuple[list[Row], list[Row]]:
    """Flags of covers that have crossed a level that a contract tests, and what they compare."""
    flags, held = list[Row](), list[Row]()
    if ratio.engine is None:
        return [], []
    for test in record.facts["watched"]:
        if one.contract not in test["facilities"]:
            continue
        place = f"contracts.{test['contract']}.{test['term']}"
        level = record.number(place)
        if level is None:
            continue
        low = (ratio.engine < level.value * (1.0 - PAID_TOLERANCE)).astype(np.float64)
        engine = Row(
            f"Below {place} in the engine's run", "1 or 0", "engine", held=low, whole="none"
        )
        now = all_of(service.above(CENT), covered.below(service * level * (1.0 - PAID_TOLERANCE)))
        label = f"{one.contract}: DSCR crosses {test['term']} of {test['contract']}"
        crossed = size(if_(now, 1.0, 0.0) - engine).above(0.5)
        if np.isnan(ratio.engine[:-1]).any():
            crossed = all_of(service.above(CENT), crossed)
        held.append(engine)
        flags.append(Row(label, "1 or 0", "flag", crossed))
    return flags, held


def returns(record: Record, amounts: Mapping[Claim, Row]) -> tuple[list[Section], list[Figure]]:
    """Flows of everybody who pays in under a contract, and the yearly rate of return on them."""
    sections, figures = list[Section](), list[Figure]()
    sides = dict.fromkeys((c.contract, c.payer) for c in record.claims if c.flow == "capital_in")
    for contract, party in sides:
        term, engine = _net(record, contract, party, amounts)
        title = f"{contract}: {party}"
        row = Row("Received less paid in", "USD", "live", term)
        sections.append(Section(f"{title}: return", [row]))
        per_year = record.calendar.per_year
        known = yearly_return(engine, per_year)
        figure = Figure("IRR", "1/year", "irr", (row,), per_year, known, title)
        figures.append(figure)
    return sections, figures


def _net(
    record: Record, contract: str, party: str, amounts: Mapping[Claim, Row]
) -> tuple[Term, FloatArray]:
    """What a party receives less what it pays under a contract; the same in the engine's run."""
    mine = [c for c in record.claims if c.contract == contract and party in (c.payer, c.payee)]
    term = Signed(tuple((amounts[claim], claim.payee == party) for claim in mine))
    return term, net_of(mine, party, record.count)
