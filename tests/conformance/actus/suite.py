"""Compare the loans with the published events: date, kind and payoff, balance, rate, interest.

What was published between purchase (or start) and sale (or end, or the end of the projection) has
to be there and nothing else: payoffs of the same day and kind are compared, one that is missing on
either side counts as zero. After the last event of a day the balance, the interest accrued and,
while the loan lasts, the rate are compared as well.

    IED   - advance
    IP    interest, and what of it is added to the balance because a stated payment is less
    PR    principal before the end, less what is so added
    MD    principal at the end; STD after a call
    PRD   - (price + accrued)
    TD    price + accrued

Prices of purchase and sale are terms of the case, and accrued interest carries the sign of the
side, as the specification has it: the loan itself gives the accrued interest. Other events (RR,
IPCI, ...) pay nothing: what they change is seen in the state.
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.conformance.actus.plan import Ran, run
from tests.conformance.actus.schedule import Unknown, day_of
from tests.conformance.actus.terms import KINDS, Loan, loan
from tests.conformance.case import Outcome, power_of_ten_above

TOLERANCE = 1e-9
"""Largest deviation as a share of the published number, or of 1 where that is more. The suite
prints 10 to 15 digits and sums rounded numbers; the largest deviation seen is below 1e-10."""
FILES = tuple(kind.lower() for kind in KINDS)
OTHERS = {
    "capfl": "contract type CAPFL: a cap or floor of a rate; no such instrument",
    "cec": "contract type CEC: collateral, valued by what it covers; no such instrument",
    "ceg": "contract type CEG: a guarantee of exposure at a credit event; ours pays shortfalls",
    "com": "contract type COM: a commodity held; no such instrument",
    "csh": "contract type CSH: cash; it has no events that pay",
    "futur": "contract type FUTUR: a future; no such instrument",
    "fxout": "contract type FXOUT: foreign exchange; plans are in US dollars",
    "optns": "contract type OPTNS: an option; no such instrument",
    "stk": "contract type STK: a share with stated dividends; ours pays what is left",
    "swaps": "contract type SWAPS: two contracts swapped; no such instrument",
    "swppv": "contract type SWPPV: a swap of interest; not compared with our interest_swap",
}
Events = dict[tuple[dt.date, str], float]


def cases(folder: Path, kind: str) -> dict[str, Any]:
    """The cases of one file."""
    path = folder / "tests" / f"actus-tests-{kind}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def run_actus(folder: Path) -> Iterator[Outcome]:
    """Every case of every file: all that are known in one plan and one run."""
    given = {name: case for kind in FILES for name, case in cases(folder, kind).items()}
    loans: dict[str, Loan] = {}
    refused: dict[str, str] = {}
    for name, case in given.items():
        try:
            loans[name] = loan(name, case)
        except Unknown as unknown:
            refused[name] = str(unknown)
    ran = run(list(loans.values()))
    for name, case in given.items():
        if name in refused:
            yield Outcome("actus", name, "out of scope", refused[name])
        else:
            yield compared(loans[name], case, ran)
    for kind, reason in OTHERS.items():
        for name in cases(folder, kind):
            yield Outcome("actus", name, "out of scope", reason)


def compared(one: Loan, case: Mapping[str, Any], ran: Ran) -> Outcome:
    """How a case went."""
    rows = case["results"]
    until = min([day_of(rows[-1]["eventDate"]), *_limit(case)])
    expected: Events = defaultdict(float)
    for row in rows:
        expected[day_of(row["eventDate"]), row["eventType"]] += float(row["payoff"])
    found = payoffs(one, ran, until)
    worst, where = 0.0, ""
    for key in sorted({*expected, *found}):
        day, kind = key
        error = off(found.get(key, 0.0), expected.get(key, 0.0))
        if error > worst:
            what = f"found {found.get(key, 0.0):.9g}, published {expected.get(key, 0.0):.9g}"
            worst, where = error, f"{kind} on {day}: {what}"
    for day, what, mine, published in states(one, rows, ran):
        error = off(mine, published)
        if error > worst:
            worst, where = error, f"{what} on {day}: found {mine:.9g}, published {published:.9g}"
    if worst > TOLERANCE:
        return Outcome("actus", one.name, "failed", where, power_of_ten_above(worst))
    return Outcome("actus", one.name, "passed", "", power_of_ten_above(worst))


def _limit(case: Mapping[str, Any]) -> list[dt.date]:
    return [day_of(case["to"])] if case.get("to") else []


def off(found: float, published: float) -> float:
    """Deviation as a share of the published number, or of 1 if that is more."""
    return abs(found - published) / max(abs(published), 1.0)


def payoffs(one: Loan, ran: Ran, until: dt.date) -> Events:
    """Events of a loan that pay, from its lines, up to a date."""
    found: Events = defaultdict(float)
    name, (bought, sold) = one.name, one.held
    for day, t in ran.close.items():
        if not one.start <= day <= min(one.end, sold) or (day < bought):
            continue
        lines = {line: float(ran.lines[name, line][t]) for line in LINES}
        lent = float(ran.states[name, "balance"][t + 1]) if day == one.start else 0.0
        grown = float(ran.states[name, "balance"][t + 1] - ran.states[name, "balance"][t])
        added = grown - lent + lines["principal"] if day not in one.added else 0.0
        added = added if abs(added) > ROUNDING * abs(grown) else 0.0
        paid = one.paid.get(day, day)
        last = day == one.end
        events = {
            "IED": -lines["advance"] if not one.running and "PRD" not in one.prices else 0.0,
            "IP": lines["interest"] + added,
            ("STD" if one.called else "MD") if last else "PR": lines["principal"] - added,
        }
        accrued = float(ran.states[name, "accrued"][t + 1])
        if day == bought and "PRD" in one.prices:
            events = {"PRD": -(one.prices["PRD"] + one.sign * accrued)}
        if day == sold and "TD" in one.prices:
            events["TD"] = one.prices["TD"] + one.sign * accrued
        for kind, amount in events.items():
            if amount != 0.0 and paid <= until:
                found[paid, kind] += one.sign * amount
    return found


LINES = ("advance", "interest", "principal")
ROUNDING = 1e-12


def states(
    one: Loan, rows: list[Mapping[str, Any]], ran: Ran
) -> Iterator[tuple[dt.date, str, float, float]]:
    """Balance, rate and accrued interest after the last event of each day, found and published."""
    back = {paid: day for day, paid in one.paid.items()}
    last = {day_of(row["eventDate"]): row for row in rows}
    for paid, row in last.items():
        day = back.get(paid, paid)
        if day not in ran.close or row["eventType"] == "TD" or day < one.start:
            continue
        t = ran.close[day] + 1
        ended = day >= one.end
        for what, key, sign in STATES:
            if ended and what == "rate":
                continue
            mine = float(ran.states[one.name, what][t])
            yield paid, what, (one.sign if sign else 1.0) * mine, float(row[key])


STATES = (
    ("balance", "notionalPrincipal", True),
    ("accrued", "accruedInterest", True),
    ("rate", "nominalInterestRate", False),
)
"""published value, its name in the cases, whether it carries the sign of the side"""
