"""Schedules put together from arrays of cycles (LAX): each from its anchor to the next one."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from tests.conformance.actus.schedule import Rules, Unknown, cycle_of, midnight, moment_of

KNOWN = {
    *("arrayCycleAnchorDateOfInterestPayment", "arrayCycleOfInterestPayment"),
    *("arrayCycleAnchorDateOfPrincipalRedemption", "arrayCycleOfPrincipalRedemption"),
    *("arrayNextPrincipalRedemptionPayment", "arrayIncreaseDecrease"),
}
"""Terms that only such contracts have."""


def listed(given: Mapping[str, Any], key: str) -> list[str]:
    """The entries of an array; one that is written without brackets has one entry."""
    value = given.get(key, [])
    return [str(entry).strip() for entry in (value if isinstance(value, list) else [value])]


def segments(
    given: Mapping[str, Any], what: str, rules: Rules, end: dt.datetime, with_end: bool
) -> list[list[dt.date]]:
    """Dates of every entry of an array of cycles; an entry without a cycle is its anchor alone."""
    anchors = [moment_of(x) for x in listed(given, f"arrayCycleAnchorDateOf{what}")]
    cycles = listed(given, f"arrayCycleOf{what}")
    if cycles and len(cycles) != len(anchors):
        raise Unknown(f"arrays of {what} of different lengths")
    found: list[list[dt.date]] = []
    for i, anchor in enumerate(anchors):
        last = i == len(anchors) - 1
        until = end if last else anchors[i + 1]
        if not cycles:
            found.append([midnight(anchor), *([midnight(end)] if last and with_end else [])])
            continue
        found.append(rules.dates(anchor, cycle_of(cycles[i]), until, with_end and last))
    return found


def payments(given: Mapping[str, Any], rules: Rules, end: dt.datetime) -> dict[dt.date, float]:
    """Stated principal of every date before the end.

    Raises:
        Unknown: one of them is lent and not repaid.
    """
    if any(word != "DEC" for word in listed(given, "arrayIncreaseDecrease")):
        raise Unknown("arrayIncreaseDecrease INC: further amounts lent on stated dates")
    amounts = [float(x) for x in listed(given, "arrayNextPrincipalRedemptionPayment")]
    parts = segments(given, "PrincipalRedemption", rules, end, False)
    if len(amounts) != len(parts):
        raise Unknown("arrays of principal of different lengths")
    return {day: amount for days, amount in zip(parts, amounts, strict=True) for day in days}


def maturity(given: Mapping[str, Any], rules: Rules, far: dt.datetime) -> dt.datetime:
    """The date on which the stated payments have repaid everything."""
    left = float(given["notionalPrincipal"])
    for day, amount in sorted(payments(given, rules, far).items()):
        left -= amount
        if left <= 1e-9:
            return dt.datetime.combine(day, dt.time())
    raise Unknown("stated payments that never repay")
