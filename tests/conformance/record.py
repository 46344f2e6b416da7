"""All suites, run afresh, and the record of them that is kept in docs/conformance.json.

A new source of outside truth is one file with a function that yields outcomes, and one line in
`SUITES`. The record holds no reference data: only what was compared and how it went.
"""

import json
from dataclasses import asdict
from pathlib import Path

from tests.conformance import returns
from tests.conformance.case import Outcome, Suite
from tests.conformance.ssc import suite as ssc
from tests.reference_data import ROOT

RECORD = ROOT / "docs" / "conformance.json"

SUITES = (
    Suite("irr", "xirr_cases", returns.TOLERANCE, returns.run_irr),
    Suite("xirr", "xirr_cases", returns.TOLERANCE, returns.run_xirr),
    Suite("xnpv", "xirr_cases", returns.TOLERANCE, returns.run_xnpv),
    Suite("ssc", "ssc_cases", ssc.TOLERANCE, ssc.run_ssc, slow=True),
    Suite("pysam", "pysam_cases", ssc.TOLERANCE, ssc.run_pysam, slow=True),
)


def run_all(folder: Path, slow: bool = True) -> list[Outcome]:
    """Every case of every suite.

    Args:
        folder: the reference data.
        slow: whether slow suites run too.

    Raises:
        FileNotFoundError: the folder of a suite is missing.
    """
    outcomes: list[Outcome] = []
    for suite in SUITES:
        if suite.slow and not slow:
            continue
        where = folder / suite.folder
        if not where.is_dir():
            message = f"conformance suite {suite.name} needs {where}, which is not there"
            raise FileNotFoundError(message)
        outcomes.extend(suite.run(where))
    return outcomes


def write(outcomes: list[Outcome], path: Path = RECORD) -> None:
    """Write the record, one case a line."""
    lines = [json.dumps(asdict(outcome), ensure_ascii=False) for outcome in outcomes]
    path.parent.mkdir(exist_ok=True)
    path.write_text("[\n  " + ",\n  ".join(lines) + "\n]\n", encoding="utf-8")


def read(path: Path = RECORD) -> list[Outcome]:
    """The record as it is kept."""
    return [Outcome(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
