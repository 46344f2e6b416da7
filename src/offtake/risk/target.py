"""What reverse stress is to bring about, as the user says it.

    lab defaults in 20 % of futures
    pd of loan above 10 %
    el_usd of loan above 50 M USD

A name is that of a party or of a facility. `pd` is the share of futures in which it fails, `el_usd`
its expected loss, value today.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from offtake.core.errors import Mistake, PlanErrors, in_option, quoted
from offtake.core.names import suggestion
from offtake.core.number import parse_quantity

FORMS = (
    '"lab defaults in 20 % of futures", "pd of loan above 10 %" or "el_usd of loan above 50 M USD"'
)
_DEFAULTS = re.compile(r"(?P<who>\S+)\s+defaults\s+in\s+(?P<level>.+?)(?:\s+of\s+futures)?\s*\Z")
_ABOVE = re.compile(r"(?P<what>\S+)\s+of\s+(?P<who>\S+)\s+above\s+(?P<level>.+?)\s*\Z")


@dataclass(frozen=True)
class Target:
    """A boundary: an outcome of a party or a facility, and its level."""

    text: str
    what: Literal["pd", "el_usd"]
    who: str
    level: float
    """1, or USD"""


def read_target(text: str, parties: Sequence[str], facilities: Sequence[str]) -> Target:
    """Read a target.

    Raises:
        PlanErrors: it cannot be read, or it names nothing of the plan.
    """
    plain = text.strip()
    defaults, above = _DEFAULTS.match(plain), _ABOVE.match(plain)
    match = defaults or above
    if match is None:
        raise _wrong(text, "form", quoted(text), FORMS, "write it in one of these forms")
    what = "pd" if defaults else str(above["what"] if above else "")
    if what not in ("pd", "el_usd"):
        mend = suggestion(what, ("pd", "el_usd"), otherwise="")
        raise _wrong(text, "outcome", quoted(what), "pd or el_usd", mend)
    who = match["who"]
    known = (*parties, *facilities)
    if who not in known:
        expected = "a party or a facility of the plan"
        mend = suggestion(who, known, otherwise="the plan has none")
        raise _wrong(text, "name", quoted(who), expected, mend)
    return Target(plain, what, who, _level(text, what, match["level"]))


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
