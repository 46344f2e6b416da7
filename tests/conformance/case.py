"""One case of outside truth and how it went."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Status = Literal["passed", "failed", "out of scope"]

SMALLEST_ERROR = 1e-12
"""Errors are recorded as the power of ten above them, from here up, so that machines agree."""


@dataclass(frozen=True)
class Outcome:
    """How one case went."""

    suite: str
    case: str
    status: Status
    reason: str = ""
    """Why it failed or is out of scope; for a pass, what is worth knowing."""
    largest_error: float | None = None
    """Largest deviation from the published answer, in its unit; None where there is none."""


@dataclass(frozen=True)
class Suite:
    """A collection of cases from one source."""

    name: str
    folder: str
    """Folder of the reference data that it needs."""
    tolerance: float
    """Largest deviation that passes."""
    run: Callable[[Path], Iterator[Outcome]]
    """Runs every case of the folder."""
    slow: bool = False
    """Left to `make conformance`; the tests run a few cases of it."""


def power_of_ten_above(error: float) -> float:
    """The smallest power of ten at or above an error, at least `SMALLEST_ERROR`."""
    if error <= SMALLEST_ERROR:
        return SMALLEST_ERROR
    return float(f"1e{math.ceil(math.log10(error))}")


def compared(suite: str, case: str, found: float, expected: float, tolerance: float) -> Outcome:
    """Outcome of one number against the published one; NaN stands for no answer, on both sides."""
    if math.isnan(found) and math.isnan(expected):
        return Outcome(suite, case, "passed", "no answer, as published")
    if math.isnan(found) or math.isnan(expected):
        return Outcome(suite, case, "failed", f"found {found:g}, published {expected:g}")
    error = abs(found - expected)
    if error > tolerance:
        reason = f"found {found:.9g}, published {expected:.9g}"
        return Outcome(suite, case, "failed", reason, power_of_ten_above(error))
    return Outcome(suite, case, "passed", "", power_of_ten_above(error))
