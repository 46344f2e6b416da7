"""All suites, run afresh, and the record of them that is kept in docs/conformance.json.

A new source of outside truth is one file with a function that yields outcomes, and one line in
`SUITES`. The record holds no reference data: only what was compared and how it went.
"""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tests.conformance import returns
from tests.conformance.actus import suite as actus
from tests.conformance.case import Outcome, Suite
from tests.conformance.ssc import live
from tests.conformance.ssc import suite as ssc
from tests.reference_data import ROOT

RECORD = ROOT / "docs" / "conformance.json"
PAGE = ROOT / "docs" / "conformance.md"

SUITES = (
    Suite("irr", "xirr_cases", returns.TOLERANCE, returns.run_irr),
    Suite("xirr", "xirr_cases", returns.TOLERANCE, returns.run_xirr),
    Suite("xnpv", "xirr_cases", returns.TOLERANCE, returns.run_xnpv),
    Suite("actus", "actus", actus.TOLERANCE, actus.run_actus),
    Suite("ssc", "ssc_cases", ssc.TOLERANCE, ssc.run_ssc, slow=True),
    Suite("pysam", "pysam_cases", ssc.TOLERANCE, ssc.run_pysam, slow=True),
    Suite("pysam anew", "", ssc.TOLERANCE, live.run_live, slow=True),
)


HEAD = """# Conformance

<!-- made by `make conformance`; change the source, not this -->

Published cases, run afresh and compared with the published answers. The cases themselves are not
kept here. A case that has a feature which the program does not know is out of scope and says which;
nothing is approximated. Every case is in [conformance.json](conformance.json).

`irr`, `xirr`, `xnpv`: the sample cash flows of pyxirr. `actus`: the official test cases of ACTUS
(actusfrf/actus-tests), turned into term loans in one plan whose periods close on the dates of all
of them, and run through the same lowering and the same monthly step as any plan, in float64.
Payoffs by day and kind of event are compared, and after each day the balance, the interest accrued
and the rate.

`ssc`, `pysam`: regression cases of NREL/ssc and cases made with NREL-PySAM (single owner,
partnership flips with and without debt, sale and leaseback), turned into plans with periods of a
year and run. `pysam anew`: the same with terms drawn by the number in the name of the case and
worked out by PySAM on the spot, so that any other number is a case that nobody looked at before
(`python -m tests.conformance.ssc.live 30 31`). What an hourly model of a plant gives (energy, its
revenue, purchases from the grid) is taken from the case. Amounts agree to 1e-9 of the largest of
their series. Rates of return agree to 1e-6, or leave no more than 1e-6 of the largest flow, which
is where SSC's own search stops; where SSC finds none, none is compared. The conventions that differ
are stated in the plans: losses and credits used at once, fees of lenders not deducted, capital cost
counted when due, a debt by share of a cost that holds its fee at first order, a largest share of
debt of an expected cost.
"""


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


def page(outcomes: list[Outcome]) -> str:
    """The record as a page: how many of each suite, and why cases are out of scope or failed."""
    lines = [HEAD, "| suite | passed | failed | out of scope | tolerance |", "|" + " --- |" * 5]
    for suite in SUITES:
        count = Counter(outcome.status for outcome in outcomes if outcome.suite == suite.name)
        numbers = (count["passed"], count["failed"], count["out of scope"], f"{suite.tolerance:g}")
        lines.append(f"| {suite.name} | " + " | ".join(map(str, numbers)) + " |")
    for status, title in (("failed", "Failed"), ("out of scope", "Out of scope")):
        reasons: dict[tuple[str, str], list[str]] = {}
        for outcome in outcomes:
            if outcome.status == status:
                reasons.setdefault((outcome.suite, outcome.reason), []).append(outcome.case)
        lines += ["", f"## {title}", "", "| suite | cases | reason |", "| --- | --- | --- |"]
        lines += [
            f"| {name} | {', '.join(cases)} | {reason} |"
            for (name, reason), cases in reasons.items()
        ]
        if not reasons:
            lines[-4:] = ["", f"## {title}", "", "None."]
    return "\n".join(lines) + "\n"


def read(path: Path = RECORD) -> list[Outcome]:
    """The record as it is kept."""
    return [Outcome(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
