"""Names that a spreadsheet accepts: of sheets and of cells."""

import re
from collections.abc import Iterable
from itertools import count

LONGEST = 31
"""Characters that a sheet's name may have."""
NUMBERED = 25
"""Characters that are left beside a number of three digits in brackets."""
FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def sheet_names(wished: Iterable[str]) -> list[str]:
    """Legal names, each once, as near to what is wished as can be.

    A name has at most 31 characters, no brackets, colon, star, question mark or slash and no
    apostrophe at its ends; capitals do not tell two names apart, and `History` is Excel's own.
    """
    given, taken = list[str](), {"history"}
    for wish in wished:
        plain = FORBIDDEN.sub("_", wish).strip("' ") or "sheet"
        name, numbers = plain[:LONGEST].rstrip("' "), count(2)
        while name.casefold() in taken:
            name = f"{plain[:NUMBERED]} ({next(numbers)})"
        taken.add(name.casefold())
        given.append(name)
    return given


def quoted(sheet: str) -> str:
    """A sheet's name as formulas write it."""
    return "'" + sheet.replace("'", "''") + "'"


def cell_name(place: str) -> str:
    """A defined name for a number of the plan: its place, with dots and underscores only."""
    return re.sub(r"[^A-Za-z0-9.]+", "_", place).strip("_")
