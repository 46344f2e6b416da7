"""Debt schedules: balance, interest, principal and fees of one facility as formulas.

    closing = opening + drawn + interest added + other - principal - swept
    rate    = margin + max(base, floor) + step;    interest = opening x rate x accrual
    fee     = upfront fee x amount on signing + commitment fee x undrawn x accrual x share open

What the formulas cannot follow stays the engine's value, and is marked so (`debt_reading`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from offtake.finance.facility import ROUNDING, SENIORITY
from offtake.finance.trailing import NO_SERVICE
from offtake.results.workbook.cells import (
    Constant,
    FloatArray,
    Input,
    Level,
    Row,
    Sum,
    Term,
    greatest,
    if_,
)
from offtake.results.workbook.debt_reading import (
    NEAR,
    Flows,
    Interest,
    Principal,
    interest_of,
    near,
    open_share,
    principal_of,
)
from offtake.results.workbook.record import Claim, Record, paid_on
from offtake.results.workbook.sheets import Section
from offtake.results.workbook.timeline import Timeline

CENT = 0.005
"""USD; less than this is nothing."""


@dataclass(eq=False)
class Schedule:
    """One facility on the sheet of debt."""

    contract: str
    borrower: str
    seniority: str
    closing: Row
    rate: Row | None
    served: Row
    """interest and scheduled principal due, balloons apart, where they count for cover"""
    between: Row | None
    """1 in periods between two dates on which something is due"""
    overdrawn: Row | None
    """1 where more is drawn than was committed"""
    sections: list[Section]


@dataclass
class Facility:
    """What is known of one facility before its rows are made."""

    facts: Mapping[str, Any]
    flows: Flows
    claims: Mapping[str, Sequence[Claim]]
    """drawn, interest, principal, swept, fees -> claims"""
    margin: Input | None
    floor: Input | None
    base: Row | None
    accrual: Row | None
    amount: Input | None
    upfront: Input | None
    commitment: Input | None
    every: float
    """periods between two payments of principal"""

    @property
    def count(self) -> int:
        """Number of periods."""
        return int(self.flows.opening.size)

    @property
    def name(self) -> str:
        """Id of the contract."""
        return str(self.facts["contract"])

    def base_values(self) -> FloatArray:
        """[T] base rate, not below its floor; 0 for a fixed rate."""
        if self.base is None or self.base.held is None:
            return np.zeros_like(self.flows.opening)
        floor = -np.inf if self.floor is None else self.floor.value
        return np.maximum(self.base.held, floor)


@dataclass(eq=False)
class _InterestRows:
    """Rows of interest."""

    rate: Row | None
    due: Row
    rows: list[Row]
    """all but what leads to the rate"""
    pays: Row | None = None
    """1 where interest is due; None where that is every period"""
    added: Row | None = None
    """what is added to the balance; None where nothing ever is"""
    rate_rows: list[Row] = field(default_factory=list[Row])


@dataclass(eq=False)
class _PrincipalRows:
    """Rows of principal."""

    due: Row
    scheduled: Row
    """of that, what the schedule asks for"""
    rows: list[Row]
    remaining: Row | None = None
    """payments that remain, where a profile tells them"""


def facility(record: Record, calendar: Timeline, facts: Mapping[str, Any]) -> Facility | None:
    """What is known of a facility; None where the run kept no balance of it."""
    name = facts["contract"]
    opening = record.observation(f"contracts.{name}.balance")
    if opening is None:
        return None
    claims = _claims(record, facts)
    sums = {what: paid_on(some, record.count) for what, some in claims.items()}
    moved = sums["drawn"] - sums["principal"] - sums["swept"]
    last = max(float(opening[-1] + moved[-1]), 0.0)
    every = record.number(f"contracts.{name}.principal_every")
    closing = np.append(opening[1:], last)
    return Facility(
        facts=facts,
        flows=Flows(opening=opening, closing=closing, **sums),
        claims=claims,
        margin=record.number(f"contracts.{name}.rate"),
        floor=record.number(f"contracts.{name}.floor"),
        base=calendar.base.get(facts.get("base") or ""),
        accrual=calendar.accrual.get(facts.get("day_count") or ""),
        amount=record.number(f"contracts.{name}.amount"),
        upfront=record.number(f"contracts.{name}.upfront_fee"),
        commitment=record.number(f"contracts.{name}.commitment_fee"),
        every=1.0 if every is None else max(float(np.ceil(every.value - ROUNDING)), 1.0),
    )


def _claims(record: Record, facts: Mapping[str, Any]) -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {
        what: [] for what in ("drawn", "interest", "principal", "swept", "fees")
    }
    kinds = {"interest": "interest", "fee": "fees", "capital_in": "drawn"}
    for claim in record.claims:
        if claim.contract != facts["contract"]:
            continue
        lends = claim.flow == "capital_in"
        ends = (claim.payer, claim.payee) if lends else (claim.payee, claim.payer)
        if ends != (facts["lender"], facts["borrower"]):
            continue
        if claim.flow == "principal":
            found["swept" if claim.form == "residual" else "principal"].append(claim)
        elif claim.flow in kinds:
            found[kinds[claim.flow]].append(claim)
    return found


def schedule(
    record: Record, calendar: Timeline, one: Facility, amounts: Mapping[Claim, Row]
) -> Schedule:
    """Rows of one facility; its claims follow them where they are live.

    Args:
        record: the base case.
        calendar: rows of the timeline.
        one: the facility.
        amounts: row of what is paid on each claim; those that the schedule explains become live.
    """
    opening = Row("Opening balance", "USD", "live", whole="open")
    closing = Row("Closing balance", "USD", "live", whole="close", engine=one.flows.closing)
    opening.term, closing.total = closing.before, True
    found = _read_interest(one)
    interest = _interest(one, found, opening, amounts)
    principal = _principal(one, calendar, opening, interest.rate, found, amounts)
    drawn = _linked("Drawn", one.claims["drawn"], amounts)
    swept = _linked("Swept", one.claims["swept"], amounts)
    added = [] if interest.added is None else [interest.added]
    other = one.flows.rest * (1.0 if found is None else 1.0 - found.added)
    rest = [_engine("Other movements", other, "written off, discounts, what others paid")]
    if np.abs(other).max() <= CENT:
        rest = []
    closing.term = opening + Sum((drawn, *added, *rest)) - principal.due - swept
    moves = [opening, drawn, *rest, *added, principal.due, swept, closing]
    fees, overdrawn = _fees(one, opening, drawn, amounts)
    served = _served(record, one, interest.due, principal.scheduled)
    between = _between(one, served, interest, principal)
    sections = [
        Section(f"{one.name}: {one.facts['lender']} to {one.facts['borrower']}", moves),
        Section(f"{one.name}: interest", [*interest.rate_rows, *interest.rows]),
        Section(f"{one.name}: principal", principal.rows),
        Section(f"{one.name}: fees", fees),
        Section(
            f"{one.name}: service that counts for cover", [*served, *([between] if between else [])]
        ),
    ]
    for section in sections:
        section.of = one.name
    return Schedule(
        contract=one.name,
        borrower=str(one.facts["borrower"]),
        seniority=str(one.facts.get("seniority") or SENIORITY[0]),
        closing=closing,
        rate=interest.rate,
        served=served[-1],
        between=between,
        overdrawn=overdrawn,
        sections=[section for section in sections if section.rows],
    )


def _engine(label: str, held: FloatArray, note: str = "", unit: str = "USD") -> Row:
    return Row(
        label, unit, "engine", held=held, note=note, whole="sum" if unit == "USD" else "none"
    )


def _linked(label: str, claims: Sequence[Claim], amounts: Mapping[Claim, Row]) -> Row:
    """What is paid on claims, as the sheet of flows has it."""
    return Row(label, "USD", "live", Sum(tuple(amounts[claim] for claim in claims)))


def _follow(row: Row, claims: Sequence[Claim], amounts: Mapping[Claim, Row]) -> None:
    """Make the one claim that a row explains follow it."""
    if len(claims) == 1:
        amount = amounts[claims[0]]
        amount.term, amount.held, amount.kind = row, None, "live"


def _read_interest(one: Facility) -> Interest | None:
    """How interest came about; None where no formula gives what was paid on one claim."""
    if one.margin is None or one.accrual is None or one.accrual.held is None:
        return None
    if len(one.claims["interest"]) > 1:
        return None
    return interest_of(one.flows, one.margin.value + one.base_values(), one.accrual.held)


def _interest(
    one: Facility, found: Interest | None, opening: Row, amounts: Mapping[Claim, Row]
) -> _InterestRows:
    claims = one.claims["interest"]
    if found is None:
        due = _linked("Interest due", claims, amounts)
        due.note = "as the engine ran it"
        return _InterestRows(None, due, [due])
    assert one.accrual is not None
    rate, rows = _rate(one, found)
    earned = Row("Interest earned", "USD", "live", opening * rate * one.accrual)
    if (found.due > 0.0).all():
        due = Row("Interest due", "USD", "live", earned, engine=one.flows.interest)
        _follow(due, claims, amounts)
        return _InterestRows(rate, due, [earned, due], rate_rows=rows)
    pays = _engine("Interest is due", found.due, "timing, as the engine ran it", "1 or 0")
    waits = Row("Interest earned and not yet due", "USD", "live", whole="close")
    ready = earned + waits.before
    due = Row("Interest due", "USD", "live", ready * pays, engine=one.flows.interest)
    _follow(due, claims, amounts)
    if not found.added.any():
        waits.term = ready - due
        return _InterestRows(rate, due, [earned, pays, due, waits], pays, rate_rows=rows)
    adds = _engine("Interest is added", found.added, "timing, as the engine ran it", "1 or 0")
    into = Row("Interest added to the balance", "USD", "live", ready * adds)
    waits.term = ready - due - into
    return _InterestRows(rate, due, [earned, pays, due, adds, into, waits], pays, into, rows)


def _rate(one: Facility, found: Interest) -> tuple[Row, list[Row]]:
    assert one.margin is not None
    term: Term = one.margin
    if one.base is not None:
        term = term + (one.base if one.floor is None else greatest(one.base, one.floor))
    rows = list[Row]()
    if found.step.any():
        step = _engine(
            "Step of the rate", found.step, "resets and steps, as the engine ran it", "1/year"
        )
        rows.append(step)
        term = term + step
    rate = Row("Rate", "1/year", "live", term, whole="none")
    return rate, [*rows, rate]


def _principal(
    one: Facility,
    calendar: Timeline,
    opening: Row,
    rate: Row | None,
    interest: Interest | None,
    amounts: Mapping[Claim, Row],
) -> _PrincipalRows:
    claims = one.claims["principal"]
    found = _read_principal(one, calendar, interest)
    due = Row("Principal", "USD", "live", engine=one.flows.principal)
    if len(claims) > 1 or found is None:
        due.term = Sum(tuple(amounts[claim] for claim in claims))
        due.note = "as the engine ran it"
        return _PrincipalRows(due, due, [])
    rows, n = list[Row](), None
    if found.remaining.any():
        n = _engine(
            "Payments that remain", found.remaining, "timing, as the engine ran it", "number"
        )
        regular = _profile(found, n, opening, rate, calendar.length, one.every)
        rows += [n, regular]
    elif found.share.any():
        share = _engine("Share of the balance", found.share, "as the engine ran it", "share")
        regular = Row("Principal by schedule", "USD", "live", opening * share)
        rows += [share, regular]
    else:
        regular = Row("Principal by schedule", "USD", "live", Constant(0.0))
        rows.append(regular)
    due.term = regular
    if found.balloon.any():
        matures = _engine("Matures", found.balloon, "timing, as the engine ran it", "1 or 0")
        balloon = Row("Balloon", "USD", "live", (opening - regular) * matures)
        due.term = regular + balloon
        rows += [matures, balloon]
    _follow(due, claims, amounts)
    return _PrincipalRows(due, regular, rows, n)


def _read_principal(
    one: Facility, calendar: Timeline, interest: Interest | None
) -> Principal | None:
    if not one.claims["principal"]:
        zero = np.zeros_like(one.flows.principal)
        return Principal(zero, zero, zero, level=False)
    if not near(one.flows.principal, _claimed(one)):
        return None
    assert calendar.length.held is not None
    amortisation, yearly = one.facts.get("amortisation"), np.zeros(one.count)
    if interest is not None and one.margin is not None:
        yearly = one.margin.value + one.base_values() + interest.step
    elif amortisation == "annuity":
        amortisation = None  # level payments cannot be told without a rate
    between = yearly * calendar.length.held * one.every
    return principal_of(one.flows, between, amortisation, one.every)


def _claimed(one: Facility) -> FloatArray:
    return np.sum([claim.claimed for claim in one.claims["principal"]], axis=0)


def _profile(
    found: Principal, n: Row, opening: Row, rate: Row | None, length: Row, every: float
) -> Row:
    label = "Principal by schedule"
    if not found.level or rate is None:
        return Row(label, "USD", "live", if_(n.above(0.0), opening / greatest(n, 1.0), 0.0))
    between = rate * length * every if every != 1.0 else rate * length
    payment = Level(between, greatest(n, 1.0), opening)
    return Row(label, "USD", "live", if_(n.above(0.0), payment - opening * between, 0.0))


def _fees(
    one: Facility, opening: Row, drawn: Row, amounts: Mapping[Claim, Row]
) -> tuple[list[Row], Row | None]:
    """Rows of fees, and the flag of what is drawn beyond the amount."""
    amount, upfront, yearly = one.amount, one.upfront, one.commitment
    if amount is None:
        return [], None
    so_far = Row("Drawn so far", "USD", "live", whole="close")
    so_far.term = so_far.before + drawn
    over = Row(
        f"{one.name}: more is drawn than was committed",
        "1 or 0",
        "flag",
        so_far.above(amount + CENT),
    )
    if len(one.claims["fees"]) != 1 or one.accrual is None:
        return [so_far], over
    left, signs = one.flows.fees.copy(), np.zeros_like(one.flows.fees)
    first = int(np.argmax(left > 0.0))
    parts, rows = list[Term](), [so_far]
    if upfront is not None and np.isclose(
        left[first], amount.value * upfront.value, rtol=NEAR, atol=CENT
    ):
        signs[first], left[first] = 1.0, 0.0
        signed = _engine("Signed", signs, "timing, as the engine ran it", "1 or 0")
        parts.append(amount * upfront * signed)
        rows.append(signed)
    if yearly is not None and yearly.value > 0.0:
        found = _commitment(one, left, amount, yearly, opening, so_far)
        if found is not None:
            share, term = found
            parts.append(term)
            rows.append(share)
            left = np.zeros_like(left)
    if left.any():
        rest = _engine("Other fees", left, "as the engine ran it")
        parts.append(rest)
        rows.append(rest)
    term = parts[0]
    for part in parts[1:]:
        term = term + part
    fee = Row("Fees", "USD", "live", term, engine=one.flows.fees)
    _follow(fee, one.claims["fees"], amounts)
    return [*rows, fee], over


def _commitment(
    one: Facility, fees: FloatArray, amount: Input, yearly: Input, opening: Row, so_far: Row
) -> tuple[Row, Term] | None:
    """The share of each period over which a commitment was open, and the fee on it."""
    assert one.accrual is not None
    assert one.accrual.held is not None
    total = np.cumsum(one.flows.drawn)
    bases: list[tuple[FloatArray, Term]] = [
        (total - one.flows.drawn, so_far.before),
        (one.flows.opening, opening),
    ]
    for used, term in bases:
        undrawn = np.maximum(amount.value - used, 0.0)
        share = open_share(fees, undrawn, yearly.value, one.accrual.held)
        if share is not None:
            row = _engine(
                "Commitment is open", share, "share of the period, as the engine ran it", "share"
            )
            left = greatest(amount - term, 0.0)
            return row, yearly * left * one.accrual * row
    return None


def _served(record: Record, one: Facility, interest: Row, scheduled: Row) -> list[Row]:
    """Service that counts for cover: from the first period in which the engine tells a cover."""
    told = record.observation(f"contracts.{one.name}.dscr")
    counts = np.zeros(record.count)
    if told is not None:
        after = np.append(told[1:], NO_SERVICE) < 0.5 * NO_SERVICE
        if after.any():
            counts[int(np.argmax(after)) :] = 1.0
    flag = _engine("Counts for cover", counts, "timing, as the engine ran it", "1 or 0")
    served = Row("Interest and scheduled principal", "USD", "live", (interest + scheduled) * flag)
    return [flag, served]


def _between(
    one: Facility, served: Sequence[Row], interest: _InterestRows, principal: _PrincipalRows
) -> Row | None:
    """1 in periods between two dates; None where every period is a date."""
    counts = served[0].held
    if interest.pays is None or interest.pays.held is None or counts is None:
        return None
    due = interest.pays.held
    n = None if principal.remaining is None else principal.remaining.held
    dates = (due > 0.0) | (one.flows.principal > 0.0 if n is None else n > 0.0)
    held = np.where(dates, 0.0, counts)
    note = "timing, as the engine ran it"
    return _engine("Between two dates", held, note, "1 or 0") if held.any() else None
