"""One sheet per party: what it has, what it receives, what it pays by rank, what it keeps.

A party with limited cash keeps what is left after the last rank. In some periods something else
balances its cash: money called for what it cannot pay (it ends with nothing), or what is handed
out of all that is left (it ends with its minimum). There a change of anything else changes what
balances, shared as the engine shared it:

    amount(t) = engine's amount(t) -/+ share(t) x (cash before it(t) - the same of the engine(t))

which is what clearing does as long as no limit is met; flags say where one would be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from offtake.core.flows import CFADS, Rank
from offtake.results.workbook.cells import Constant, FloatArray, Row, Signed, Sum, Term, if_, size
from offtake.results.workbook.debt import CENT
from offtake.results.workbook.debt_reading import NEAR
from offtake.results.workbook.record import Claim, Record, net_of, paid_on
from offtake.results.workbook.sheets import Section, Sheet
from offtake.results.workbook.timeline import Timeline

HANDED_OUT = ("distribution", "principal")
"""Classes of residual claims that balance cash."""
SERVICE = ("interest", "fee", "principal")
"""Classes of debt service."""


@dataclass(eq=False)
class Waterfall:
    """The sheet of one party and the rows that others refer to."""

    party: str
    sheet: Sheet
    net: Row
    """receipts less payments"""
    cfads: Row
    flags: list[Row] = field(default_factory=list[Row])


def waterfall(
    record: Record,
    calendar: Timeline,
    party: str,
    amounts: Mapping[Claim, Row],
    balance: Balance | None,
) -> Waterfall:
    """The sheet of one party.

    Args:
        record: the base case.
        calendar: rows of the timeline.
        party: name.
        amounts: row of what is paid on each claim; those that balance its cash become live.
        balance: what balances its cash; None for nothing.
    """
    received = {c: _link(c, c.payer, amounts) for c in record.claims if c.payee == party}
    paid = {c: _link(c, c.payee, amounts) for c in record.claims if c.payer == party}
    if party in record.cash:
        built, opening = _inside(record, calendar, party, received, paid)
        return _watched(record, built, opening, paid, amounts, balance)
    return _outside(party, received, paid)


def _link(claim: Claim, other: str, amounts: Mapping[Claim, Row]) -> Row:
    """A claim as one of its sides sees it."""
    return Row(claim.label, "USD", "live", amounts[claim], note=other)


def _words(name: str) -> str:
    return name.replace("_", " ")


def rank_name(rank: int) -> str:
    """What a position in a waterfall is called."""
    usual = max((r for r in Rank if int(r) <= rank), default=Rank.IN_KIND)
    name = _words(usual.name.lower())
    return name if int(usual) == rank else f"behind {name}"


def _by_class(rows: Mapping[Claim, Row], verb: str) -> list[Section]:
    flows = dict.fromkeys(claim.flow for claim in rows)
    return [
        Section(f"{verb}: {_words(flow)}", [row for c, row in rows.items() if c.flow == flow])
        for flow in flows
    ]


def _cfads(received: Mapping[Claim, Row], paid: Mapping[Claim, Row]) -> Row:
    """Cash flow available for debt service: a sum by class (docs/measures.md)."""
    signs = {(way, flow.name.lower()): sign > 0.0 for (way, flow), sign in CFADS.items()}
    both = [
        *(("in", c, row) for c, row in received.items()),
        *(("out", c, r) for c, r in paid.items()),
    ]
    counted = tuple((row, signs[way, c.flow]) for way, c, row in both if (way, c.flow) in signs)
    return Row("Cash flow available for debt service", "USD", "live", Signed(counted))


def _inside(
    record: Record,
    calendar: Timeline,
    party: str,
    received: Mapping[Claim, Row],
    paid: Mapping[Claim, Row],
) -> tuple[Waterfall, Row]:
    """The sheet of a party with limited cash, and its opening cash."""
    cash = record.number(f"parties.{party}.cash")
    opening = Row("Opening cash", "USD", "live", whole="open")
    closing = Row("Closing cash", "USD", "live", whole="close", engine=record.cash[party])
    closing.total = True
    first: Term = Constant(0.0) if cash is None else cash
    opening.term = if_(calendar.number.equals(0.0), first, closing.before)
    receipts = Row("Receipts", "USD", "live", Sum(tuple(received.values())))
    available = Row("Cash available", "USD", "live", opening + receipts, whole="none", total=True)
    sections = [
        Section("Opening", [opening]),
        *_by_class(received, "Received"),
        Section("Cash to pay with", [receipts, available]),
    ]
    left = available
    for rank in sorted({claim.rank for claim in paid}):
        rows = [row for claim, row in paid.items() if claim.rank == rank]
        after = Row(f"Left after {rank_name(rank)}", "USD", "live", left - Sum(tuple(rows)))
        after.whole, after.total = "none", True
        sections.append(Section(f"Paid at rank {rank}: {rank_name(rank)}", [*rows, after]))
        left = after
    payments = Row("Payments", "USD", "live", Sum(tuple(paid.values())))
    closing.term = left
    net = Row("Receipts less payments", "USD", "live", receipts - payments)
    cfads = _cfads(received, paid)
    short = Row("Cash below zero", "1 or 0", "flag", closing.below(-CENT))
    sections += [
        Section("Close", [closing, payments, net]),
        Section("Memorandum", [cfads]),
    ]
    about = "What it has, what it receives, what it pays by rank, what is left."
    sheet = Sheet(party, f"{party}: waterfall", about, sections)
    return Waterfall(party, sheet, net, cfads, [short]), opening


def _watched(
    record: Record,
    built: Waterfall,
    opening: Row,
    paid: Mapping[Claim, Row],
    amounts: Mapping[Claim, Row],
    balance: Balance | None,
) -> Waterfall:
    """The same with what balances its cash, and with flags."""
    if balance is not None:
        section, flags = _balance_rows(record, balance, opening, amounts)
        built.sheet.sections.append(section)
        built.flags += flags
    rows, flags = _follows(paid, balance)
    built.flags += flags
    note = "1 where the plan has to be run again."
    built.sheet.sections.append(Section("Run again", [*rows, *built.flags], note))
    return built


def _outside(party: str, received: Mapping[Claim, Row], paid: Mapping[Claim, Row]) -> Waterfall:
    receipts = Row("Receipts", "USD", "live", Sum(tuple(received.values())))
    payments = Row("Payments", "USD", "live", Sum(tuple(paid.values())))
    net = Row("Receipts less payments", "USD", "live", receipts - payments)
    total = Row("The same so far", "USD", "live", whole="close", total=True)
    total.term = total.before + net
    sections = [
        *_by_class(received, "Received"),
        *_by_class(paid, "Paid"),
        Section("Net", [receipts, payments, net, total]),
    ]
    about = "A party outside the plan: its cash is not limited, so it has no waterfall."
    sheet = Sheet(party, f"{party}: receipts and payments", about, sections)
    return Waterfall(party, sheet, net, _cfads(received, paid))


@dataclass(frozen=True)
class Balance:
    """What balances one party's cash in the engine's run."""

    party: str
    funded: Mapping[Claim, FloatArray]
    """[T] share of each claim by which money is called"""
    handed: Mapping[Claim, FloatArray]
    """[T] share of each claim by which what is left is handed out"""

    @property
    def others(self) -> set[str]:
        """Parties at the other end."""
        return {c.payer for c in self.funded} | {c.payee for c in self.handed}


def balances(record: Record) -> list[Balance]:
    """What balances whose cash; what would run in a circle within a period is left out."""
    found = [_balance(record, party) for party in record.cash]
    reach: dict[str, set[str]] = {}
    kept = list[Balance]()
    for one in found:
        ends = one.others & set(record.cash)
        if any(one.party in _reached(reach, end) for end in ends):
            continue
        reach[one.party] = ends
        kept.append(one)
    return [one for one in kept if one.funded or one.handed]


def _reached(reach: Mapping[str, set[str]], start: str) -> set[str]:
    seen, todo = set[str](), [start]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo += reach.get(here, ())
    return seen


def _balance(record: Record, party: str) -> Balance:
    cash = record.cash[party]
    mine = [claim for claim in record.claims if party in (claim.payer, claim.payee)]
    least = record.number(f"parties.{party}.minimum_cash")
    floor = 0.0 if least is None else least.value
    funds = [c for c in mine if c.payee == party and c.form == "support" and c.flow == "capital_in"]
    outs = [c for c in mine if c.payer == party and c.form == "residual" and c.flow in HANDED_OUT]
    near = NEAR * (paid_on(mine, cash.size) + floor) + CENT
    handing = paid_on(outs, cash.size) > CENT
    calling = (paid_on(funds, cash.size) > CENT) & (cash <= near) & ~handing
    handing &= np.abs(cash - floor) <= near
    return Balance(
        party,
        _shares(funds, calling, lambda claim: claim.tier),
        _shares(outs, handing, lambda claim: claim.rank),
    )


def _shares(
    claims: Sequence[Claim], when: NDArray[np.bool_], order: Callable[[Claim], int]
) -> dict[Claim, FloatArray]:
    """[T] share of each claim in what the last of them moves; only of those that ever have one."""
    place = [order(claim) for claim in claims]
    last = np.max(
        [np.where(c.paid > CENT, p, -1) for c, p in zip(claims, place, strict=True)]
        or [np.full(when.size, -1)],
        axis=0,
    )
    mine = [np.where((last == p) & when, c.paid, 0.0) for c, p in zip(claims, place, strict=True)]
    total = np.sum([np.zeros(when.size), *mine], axis=0)
    found = {
        claim: np.where(total > 0.0, paid / np.where(total > 0.0, total, 1.0), 0.0)
        for claim, paid in zip(claims, mine, strict=True)
    }
    return {claim: share for claim, share in found.items() if share.any()}


def _balance_rows(
    record: Record, one: Balance, opening: Row, amounts: Mapping[Claim, Row]
) -> tuple[Section, list[Row]]:
    """Rows of what balances a party's cash, and their flags; its claims become live."""
    mine = {**one.funded, **one.handed}
    free = [c for c in record.claims if c not in mine and one.party in (c.payer, c.payee)]
    engine = _opening(record, one.party) + net_of(free, one.party, record.count)
    moving = tuple((amounts[claim], claim.payee == one.party) for claim in free)
    term = Signed(((opening, True), *moving))
    before = Row("Cash before what balances it", "USD", "live", term, whole="none")
    held = Row("The same in the engine's run", "USD", "engine", held=engine, whole="none")
    change = Row("Difference", "USD", "live", before - held, whole="none")
    rows, flags = [before, held, change], list[Row]()
    for claim, share in mine.items():
        known = Row(f"{claim.label}: engine", "USD", "engine", held=claim.paid)
        part = Row(f"{claim.label}: share", "share", "engine", held=share, whole="none")
        moved = part * change
        amount = amounts[claim]
        amount.term = known - moved if claim in one.funded else known + moved
        amount.held, amount.kind, amount.engine = None, "live", claim.paid
        flags.append(Row(f"{claim.label} below zero", "1 or 0", "flag", amount.below(-CENT)))
        rows += [known, part]
    note = (
        "In periods with a share, these claims take up what the rest leaves, as in the engine's "
        "run. A limit that would be met is flagged, not followed."
    )
    return Section("What balances the cash", rows, note), flags


def _opening(record: Record, party: str) -> FloatArray:
    """[T] opening cash in the engine's run."""
    cash = record.number(f"parties.{party}.cash")
    return np.append(0.0 if cash is None else cash.value, record.cash[party][:-1])


def _follows(paid: Mapping[Claim, Row], one: Balance | None) -> tuple[list[Row], list[Row]]:
    """Rows and flag of what depends on debt service and is the engine's here."""
    service = {c: row for c, row in paid.items() if c.flow in SERVICE and c.form == "claim"}
    handed = set[Claim]() if one is None else set(one.handed)
    what = [
        name
        for name, there in (
            ("tax", any(c.flow == "tax" for c in paid)),
            ("reserves", any(c.flow == "support" for c in paid)),
            ("sweeps", any(_swept(c) and c not in handed for c in paid)),
        )
        if there
    ]
    if not what or not service:
        return [], []
    held = np.sum([c.paid for c in service], axis=0)
    engine = Row("Debt service in the engine's run", "USD", "engine", held=held)
    now = Row("Debt service", "USD", "live", Sum(tuple(service.values())))
    label = f"Debt service has moved, and {' and '.join(what)} with it"
    return [now, engine], [Row(label, "1 or 0", "flag", size(now - engine).above(1.0))]


def _swept(claim: Claim) -> bool:
    return claim.form == "residual" and claim.flow == "principal"
