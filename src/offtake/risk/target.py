"""What reverse stress is to bring about, as the user says it.

    lab defaults in 20 % of futures
    pd of loan above 10 %
    el_usd of loan above 50 M USD

An outcome is named as figures of a run are (`offtake.results.named`), in full too
(`facilities.loan.pd above 10 %`); the name is that of a party or of a facility. `pd` is the share
of futures in which it fails, `el_usd` its expected loss, value today.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from offtake.core.errors import Mistake, PlanErrors, UnknownFigure, in_option, quoted
from offtake.core.number import parse_quantity
from offtake.results.named import meant

FORMS = (
    '"lab defaults in 20 % of futures", "pd of loan above 10 %" or "el_usd of loan above 50 M USD"'
)
_DEFAULTS = re.compile(r"(?P<who>\S+)\s+defaults\s+in\s+(?P<level>.+?)(?:\s+of\s+futures)?\s*\Z")
_ABOVE = re.compile(r"(?P<figure>\S+(?:\s+of\s+\S+)?)\s+above\s+(?P<level>.+?)\s*\Z")
OUTCOMES = ("pd", "el_usd")
FACILITIES = "facilities"
"""Table of figures of facilities."""


@dataclass(frozen=True)
class Target:
    """A boundary: an outcome of a party or a facility, and its level."""

    text: str
    what: Literal["pd", "el_usd"]
    who: str
    level: float
    """1, or USD"""
    facility: bool = False
    """Whether it is of a facility; of a party if not."""


def read_target(text: str, parties: Sequence[str], facilities: Sequence[str]) -> Target:
    """Read a target.

    Raises:
        PlanErrors: it cannot be read, or it names nothing of the plan.
    """
    plain = text.strip()
    match = _DEFAULTS.match(plain) or _ABOVE.match(plain)
    if match is None:
        raise _wrong(text, "form", quoted(text), FORMS, "write it in one of these forms")
    groups = match.groupdict()
    figure = str(groups.get("figure") or f"pd of {groups.get('who')}")
    try:
        name = meant(figure, _known(parties, facilities))
    except UnknownFigure as unknown:
        expected = "pd or el_usd of a party or a facility of the plan"
        mend = str(unknown.args[0]).partition(": ")[2]
        raise _wrong(text, "outcome", quoted(figure), expected, mend) from None
    table, who, what = name.split(".")
    level = _level(text, what, match["level"])
    return Target(plain, "pd" if what == "pd" else "el_usd", who, level, table == FACILITIES)


def _known(parties: Sequence[str], facilities: Sequence[str]) -> list[str]:
    """Outcomes by name, as figures of a run are named (`offtake.results.named`)."""
    tables = (FACILITIES, facilities), ("who_pays", parties)
    return [
        f"{table}.{name}.{what}" for table, names in tables for name in names for what in OUTCOMES
    ]


def _level(text: str, what: str, written: str) -> float:
    unit = "1" if what == "pd" else "USD"
    try:
        number = parse_quantity(written, unit)
    except Mistake as mistake:
        raise _wrong(text, "level", mistake.found, mistake.expected, mistake.mend) from None
    most = 1.0 if what == "pd" else float("inf")
    if number.distribution is not None or not 0.0 < number.value <= most:
        expected = "one share above 0 and up to 100 %" if what == "pd" else "one amount above 0"
        mend = "write for example " + ("20 %" if what == "pd" else "50 M USD")
        raise _wrong(text, "level", quoted(written), expected, mend)
    return number.value


def _wrong(text: str, code: str, found: str, expected: str, mend: str) -> PlanErrors:
    return PlanErrors(
        [in_option("--reverse", text.strip(), f"target-{code}", found, expected, mend)]
    )
