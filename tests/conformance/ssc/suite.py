"""All cases at hand, as suites of the record."""

from collections.abc import Iterator
from pathlib import Path

from tests.conformance.case import Outcome
from tests.conformance.ssc.compare import AMOUNT, compare

TOLERANCE = AMOUNT
"""Of amounts; rates have their own (`compare.RATE`) and are not in the largest error."""


def run_ssc(folder: Path) -> Iterator[Outcome]:
    """The regression cases of NREL/ssc, by model."""
    for path in sorted(folder.glob("*/*.json")):
        yield compare(path, "ssc")


def run_pysam(folder: Path) -> Iterator[Outcome]:
    """Cases made with NREL-PySAM."""
    for path in sorted(folder.glob("*.json")):
        yield compare(path, "pysam")
