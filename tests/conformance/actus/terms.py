"""A case of ACTUS as the terms of a term loan. What is not known is refused by name.

    PAM   bullet                                    LAM   linear with a stated payment
    NAM   annuity with a stated payment             ANN   annuity on given dates
    CLM   bullet, interest added until the call     UMP   the same without an end
    LAX   linear with stated payments that change

Dates of interest, principal and resets are worked out from the cycles (`schedule`) and handed over
as dates; amounts, rates and the arithmetic of interest are the loan's own.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.actus import arrays
from tests.conformance.actus.schedule import (
    Cycle,
    Rules,
    Unknown,
    annuity_cycles,
    cycle_of,
    day_of,
    linear_cycles,
    midnight,
    moment_of,
)

KINDS = {"PAM": "bullet", "LAM": "linear", "NAM": "annuity", "ANN": "annuity"}
KINDS |= {"CLM": "bullet", "UMP": "bullet", "LAX": "linear"}
"""Kind of ACTUS -> profile."""
DAY_COUNTS = {"A365": "A/365", "A360": "A/360", "30E360": "30E/360", "AA": "A/A ISDA"}
FAR = dt.datetime(2040, 1, 1)
"""End of a contract that has none."""
OF_NO_EFFECT = {
    *("contractID", "contractType", "contractRole", "contractDealDate", "currency", "statusDate"),
    *("creatorID", "counterpartyID", "xDayNotice", "fixingDays"),
}
"""Terms that name the contract, or that other terms settle."""
KNOWN = (
    OF_NO_EFFECT
    | {
        *("businessDayConvention", "calendar", "endOfMonthConvention", "dayCountConvention"),
        *("initialExchangeDate", "maturityDate", "amortizationDate", "capitalizationEndDate"),
        *("notionalPrincipal", "premiumDiscountAtIED", "nominalInterestRate", "accruedInterest"),
        *("cycleOfInterestPayment", "cycleAnchorDateOfInterestPayment"),
        *("cycleOfPrincipalRedemption", "cycleAnchorDateOfPrincipalRedemption"),
        *("nextPrincipalRedemptionPayment", "interestCalculationBase"),
        *("cycleOfRateReset", "cycleAnchorDateOfRateReset", "marketObjectCodeOfRateReset"),
        *("rateSpread", "rateMultiplier", "nextResetRate"),
        *("purchaseDate", "priceAtPurchaseDate", "terminationDate", "priceAtTerminationDate"),
    }
    | arrays.KNOWN
)


@dataclass(frozen=True)
class Loan:
    """A case as a loan."""

    name: str
    sign: float
    """1 for the lender's side, -1 for the borrower's"""
    start: dt.date
    end: dt.date
    terms: dict[str, Any]
    """terms of the contract, parties apart"""
    fixings: dict[dt.date, float]
    """date of reset -> base rate"""
    paid: dict[dt.date, dt.date]
    """date to which interest counts -> business day of payment, where they differ"""
    held: tuple[dt.date, dt.date]
    """the dates between which the claim is held"""
    prices: dict[str, float]
    """PRD, TD -> price at which it is bought or sold"""
    running: bool
    """whether it began before the status date"""
    called: bool
    """whether it ends by a call"""
    added: frozenset[dt.date] = frozenset()
    """dates on which interest is added to the balance"""
    events: set[dt.date] = field(default_factory=set[dt.date])
    """closes of periods that it needs"""


class _Case:
    """The terms of a case, read one by one."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self.case = case
        self.written: Mapping[str, Any] = case["terms"]
        self.given = {key: str(value).strip() for key, value in self.written.items()}
        self.kind = self.given["contractType"]
        calendar = self.given.get("calendar", "NC")
        if calendar not in ("NC", "MF"):
            raise Unknown(f"calendar {calendar}")
        self.rules = Rules(
            self.given.get("endOfMonthConvention") == "EOM",
            self.given.get("businessDayConvention", "NULL"),
            calendar == "MF",
        )

    def day(self, key: str) -> dt.date | None:
        """A date that may be left out."""
        return day_of(self.given[key]) if key in self.given else None

    def number(self, key: str, otherwise: float = 0.0) -> float:
        """A number."""
        return float(self.given.get(key, otherwise))

    def cycle(self, what: str) -> tuple[dt.datetime, Cycle] | None:
        """Anchor and length of a cycle; None if it has none."""
        anchor, text = self.given.get(f"cycleAnchorDateOf{what}"), self.given.get(f"cycleOf{what}")
        if text is None:
            return None
        cycle = cycle_of(text)
        if anchor is None:
            return cycle.shifted(moment_of(self.given["initialExchangeDate"]), 1), cycle
        return moment_of(anchor), cycle

    def dates(self, what: str, end: dt.datetime, with_end: bool) -> list[dt.date]:
        """Dates of a cycle; without a cycle its anchor alone."""
        if f"arrayCycleAnchorDateOf{what}" in self.written:
            parts = arrays.segments(self.written, what, self.rules, end, with_end)
            return [day for part in parts for day in part]
        found, anchor = self.cycle(what), self.day(f"cycleAnchorDateOf{what}")
        if found is None:
            return [] if anchor is None else [anchor]
        return self.rules.dates(*found, end, with_end)


def refuse(case: _Case) -> None:
    """Name the first feature of a case that the bridge does not know.

    Raises:
        Unknown: there is one.
    """
    if case.kind not in KINDS:
        raise Unknown(f"contract type {case.kind}")
    for key in case.given:
        if key not in KNOWN:
            raise Unknown(f"term {key}")
    base = case.given.get("interestCalculationBase", "NT")
    if base != "NT":
        raise Unknown(f"interestCalculationBase {base}: interest on another base than the balance")
    if case.given.get("dayCountConvention") not in DAY_COUNTS:
        raise Unknown(f"dayCountConvention {case.given.get('dayCountConvention')}")
    start = day_of(case.given["initialExchangeDate"])
    anchor = case.day("cycleAnchorDateOfInterestPayment")
    if anchor is not None and anchor < start and start > day_of(case.given["statusDate"]):
        raise Unknown("interest that accrues before the initial exchange")
    if case.number("accruedInterest") != 0.0:
        raise Unknown("accruedInterest: interest accrued before the initial exchange")


def maturity(case: _Case, call: dt.datetime | None) -> dt.datetime:
    """The moment at which the last of it is due."""
    if call is not None:
        return call
    if "maturityDate" in case.given:
        return moment_of(case.given["maturityDate"])
    if case.kind == "ANN" and "amortizationDate" in case.given:
        return moment_of(case.given["amortizationDate"])
    if case.kind in ("PAM", "CLM", "UMP"):
        return FAR
    if case.kind == "LAX":
        return arrays.maturity(case.written, case.rules, FAR)
    found = case.cycle("PrincipalRedemption")
    if found is None:
        raise Unknown("neither maturity nor a cycle of principal")
    notional, payment = case.number("notionalPrincipal"), case.number(PAYMENT)
    if payment <= 0.0:
        raise Unknown("neither maturity nor a payment")
    if midnight(found[0]) < day_of(case.given["statusDate"]):
        raise Unknown("maturity of an amortiser that is running and states none")
    if case.kind == "LAM":
        cycles = linear_cycles(notional, payment)
    else:
        day_count = DAY_COUNTS[case.given["dayCountConvention"]]
        rate = case.number("nominalInterestRate")
        cycles = annuity_cycles(*found, notional, payment, rate, day_count)
    end = case.rules.month_end(*found, found[1].shifted(found[0], cycles))
    if case.kind != "ANN":
        return end
    return dt.datetime.combine(case.rules.counted(midnight(end)), dt.time())


PAYMENT = "nextPrincipalRedemptionPayment"


def interest_dates(case: _Case, end: dt.datetime) -> tuple[set[dt.date], set[dt.date]]:
    """Dates of interest, and those of them on which it is added to the balance."""
    last = {case.rules.counted(midnight(end))}
    found = {case.rules.counted(x) for x in case.dates("InterestPayment", end, False)} | last
    if case.kind in ("CLM", "UMP"):
        return found, found - last
    if case.kind in ("NAM", "ANN"):
        found |= {case.rules.counted(x) for x in case.dates("PrincipalRedemption", end, False)}
    until = case.day("capitalizationEndDate")
    if until is None:
        return found, set()
    added = {x for x in found if x < until} | {case.rules.counted(until)}
    return found | added, added


def principal_dates(case: _Case, end: dt.datetime) -> list[dt.date]:
    """Dates over which the profile spreads principal."""
    if KINDS[case.kind] == "bullet":
        return []
    spread = end
    if "amortizationDate" in case.given:
        spread = moment_of(case.given["amortizationDate"])
    dates = case.dates("PrincipalRedemption", spread, False)
    return [case.rules.counted(x) for x in [*dates, midnight(spread)]]


def steps(case: _Case, start: dt.date, end: dt.datetime) -> dict[str, str]:
    """Stated payments that change: each holds from the date before it."""
    stated = sorted(arrays.payments(case.written, case.rules, end).items())
    since = [start, *(case.rules.counted(day) for day, _ in stated)]
    return {
        day.isoformat(): f"{amount!r} USD" for day, (_, amount) in zip(since, stated, strict=False)
    }


def fixings(case: _Case, end: dt.datetime) -> dict[dt.date, float]:
    """Base rate of every reset: what the market last showed by its date, times the multiplier.

    Raises:
        Unknown: the market showed nothing by a date.
    """
    dates = [case.rules.counted(x) for x in case.dates("RateReset", end, False)]
    spread, multiplier = case.number("rateSpread"), case.number("rateMultiplier", 1.0)
    seen = case.case.get("dataObserved", {}).get(case.given.get("marketObjectCodeOfRateReset"), {})
    shown = {
        case.rules.counted(day_of(entry["timestamp"])): float(entry["value"])
        for entry in seen.get("data", [])
    }
    status = day_of(case.given["statusDate"])
    known = "nextResetRate" in case.given
    found: dict[dt.date, float] = {}
    for date in dates:
        if date < status:
            continue
        if known:
            found[date] = case.number("nextResetRate") - spread
            known = False
            continue
        before = [day for day in shown if day <= date]
        if not before:
            raise Unknown(f"a reset on {date} before the first observation of the market")
        found[date] = multiplier * shown[max(before)]
    return found


def held(case: _Case, start: dt.date, last: dt.date) -> tuple[tuple[dt.date, dt.date], dict]:
    """Dates between which the claim is held, and prices of purchase and sale."""
    bought, sold = case.day("purchaseDate"), case.day("terminationDate")
    prices = {}
    if bought is not None:
        prices["PRD"] = case.number("priceAtPurchaseDate")
    if sold is not None:
        prices["TD"] = case.number("priceAtTerminationDate")
    return (bought or start, sold or last), prices


@dataclass(frozen=True)
class _Dates:
    """Dates of a loan."""

    start: dt.date
    until: dt.datetime
    interest: set[dt.date]
    added: set[dt.date]
    spread: list[dt.date]
    resets: dict[dt.date, float]


def written(name: str, case: _Case, on: _Dates) -> dict[str, Any]:
    """Terms of the contract, parties apart."""
    start, spread, resets = on.start, on.spread, on.resets
    end = case.rules.counted(midnight(on.until))
    notional = case.number("notionalPrincipal")
    terms: dict[str, Any] = {
        "amount": f"{notional!r} USD",
        "issue_price": repr((notional + case.number("premiumDiscountAtIED")) / notional),
        "rate": f"{case.number('nominalInterestRate')!r} 1/year",
        "start": start.isoformat(),
        "maturity": end.isoformat(),
        "amortisation": KINDS[case.kind],
        "day_count": DAY_COUNTS[case.given["dayCountConvention"]],
        "interest_dates": [x.isoformat() for x in sorted(on.interest)],
        "grace": "0 months",
    }
    if spread:
        terms["principal_dates"] = [x.isoformat() for x in spread if x > start]
    if PAYMENT in case.given and spread:
        terms["payment"] = f"{case.given[PAYMENT]} USD"
    if case.kind == "LAX":
        terms["payment"] = steps(case, start, on.until)
    if on.added:
        terms["capitalise_until"] = max(on.added).isoformat()
    if resets:
        terms["first_rate"] = terms["rate"]
        terms["rate"] = f"base_{name} + {case.number('rateSpread')!r} 1/year"
        terms["floor"] = "-1000 %/year"
        terms["reset_dates"] = [x.isoformat() for x in sorted(resets)]
    return terms


def loan(name: str, given: Mapping[str, Any]) -> Loan:
    """A case as a loan.

    Raises:
        Unknown: it has a feature that the bridge does not know.
    """
    case = _Case(given)
    refuse(case)
    calls = [e for e in given.get("eventsObserved") or [] if e["type"] == "XD"]
    if len(calls) != len(given.get("eventsObserved") or []):
        raise Unknown("observed events other than a call")
    call = moment_of(calls[0]["time"]) if calls else None
    if call is not None and cycle_of(case.given["xDayNotice"]).number > 0:
        raise Unknown("a call with notice: interest stops on the call, money comes back later")
    start = case.rules.counted(day_of(case.given["initialExchangeDate"]))
    status = day_of(case.given["statusDate"])
    running = start <= status
    until = maturity(case, call)
    end = case.rules.counted(midnight(until))
    interest, added = interest_dates(case, until)
    spread = principal_dates(case, until)
    if start in spread:
        raise Unknown("principal repaid on the day of the initial exchange")
    if running:
        start = max([x for x in interest - added if x <= status], default=status)
    interest, added = ({x for x in y if x > start} for y in (interest, added))
    resets = fixings(case, until)
    period, prices = held(case, start, end)
    on = _Dates(start, until, interest, added, spread, resets)
    dates = {start, end, *interest, *spread, *resets, *period}
    dates |= {case.rules.counted(x) for x in period}
    raw = [
        x
        for what in ("InterestPayment", "PrincipalRedemption", "RateReset")
        for x in case.dates(what, until, False)
    ]
    return Loan(
        name=name,
        sign=1.0 if case.given["contractRole"] == "RPA" else -1.0,
        start=start,
        end=end,
        terms=written(name, case, on),
        fixings=resets,
        paid={case.rules.counted(x): case.rules.paid(x) for x in raw} | {end: midnight(until)},
        held=period,
        prices=prices,
        running=running,
        called=call is not None,
        added=frozenset(added),
        events=dates,
    )
