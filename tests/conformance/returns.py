"""Rates of return: the sample cash flows of pyxirr, and the answers its tests publish for them.

Flows are read from the reference data (`xirr_cases/samples/*.csv`: date, amount); the answers stand
here. Source: pyxirr 0.10.8, tests/test_scheduled.rs and tests/common/cases.rs, Unlicense.
"""

import csv
import datetime as dt
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyxirr

from offtake.finance.returns import irr, xirr, xnpv
from tests.conformance.case import Outcome, compared

TOLERANCE = 1e-9

XIRR = {
    "unordered": 0.16353715844,
    "single_redemption": 0.13616957937417506,
    "random": 0.6924974337277426,
    "random_100": 29.829404437653,
    "random_1000": 5.508930558032,
    "minus_0_13": -0.13423264098831872,
    "minus_0_99": -0.9989769231734277,
    "minus_0_99999": -0.9999884228170087,
    "minus_0_993": -0.993785049929284,
    "zeros": 0.175680730580782,
    "1938": -0.5945650822679239,
}
XIRR_30 = (
    *(0.1660454339589889, 0.18180763138335373, -0.0027489547855574564, 5.852451769434373),
    *(0.16098047379438984, 0.008979287890185613, 0.3255467341810659, 0.3501464865493174),
    *(3.353029509425298, 2.878013825163697, 0.11143674454788119, -0.12606921657689435),
    *(-0.02578630164755525, -0.6590570693637554, 0.6996860198137344, 0.02976853488940409),
    *(0.44203743561153225, 2.7956075643765765, -0.2692266976014054, -0.0016474932646633118),
    *(math.nan, 0.05900900202336096, -0.028668460065440993, 1.1276768367328942),
    *(32.90894421344702, -0.001245880387491199, -0.33228389267806224, 0.00017475536849502265),
    *(-0.10396735360664396, math.nan, 0.08115488395163964, math.nan),
    *(-0.1305850720162, math.nan, math.nan, -0.23061428300107065),
    *(-0.09610929159865819, -0.17219174455291367, math.nan, -0.202699788567102),
    *(math.nan, -0.11644766662933352, math.nan, -0.12837518345271245),
    *(math.nan, math.nan, -0.047401670775621726, -0.6103425929117927),
    *(-0.07525261340272364,),
)
XIRR |= {f"30-{i}": rate for i, rate in enumerate(XIRR_30)}

XNPV = {
    ("unordered", 0.1): 2218.42566365675,
    ("random_100", 0.1): 6488.0382272781,
    ("random_1000", 0.1): 41169.6659983284,
}

IRR = {
    "unordered": 0.7039842300,
    "random_100": 2.3320600601,
    "random_1000": 0.8607558299,
    "minus_0_993": -0.995697224362268,
}


def flows_of(path: Path) -> tuple[list[dt.date], list[float]]:
    """Dates and amounts of one file."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, skipinitialspace=True) if len(row) == 2]
    return [dt.date.fromisoformat(date) for date, _ in rows], [float(amount) for _, amount in rows]


def samples(folder: Path) -> list[Path]:
    """The files of the folder, in one order everywhere."""
    return sorted((folder / "samples").glob("*.csv"))


def run_xirr(folder: Path) -> Iterator[Outcome]:
    """XIRR of every sample; where no answer was published, against pyxirr itself."""
    for path in samples(folder):
        name = path.stem
        if name == "xnfv":
            reason = "a case of net future value, which offtake does not have"
            yield Outcome("xirr", name, "out of scope", reason)
            continue
        dates, amounts = flows_of(path)
        found = xirr(dates, amounts)
        if name in XIRR:
            yield compared("xirr", name, found, XIRR[name], TOLERANCE)
            continue
        library = pyxirr.xirr(dates, amounts)
        outcome = compared("xirr", name, found, math.nan if library is None else library, TOLERANCE)
        reason = outcome.reason or "no published answer: compared with what pyxirr computes"
        yield Outcome("xirr", name, outcome.status, reason, outcome.largest_error)


def run_xnpv(folder: Path) -> Iterator[Outcome]:
    """XNPV at stated rates, USD."""
    for (name, rate), expected in XNPV.items():
        found = xnpv(rate, *flows_of(folder / "samples" / f"{name}.csv"))
        yield compared("xnpv", f"{name} at {rate:.0%}", found, expected, TOLERANCE)


def run_irr(folder: Path) -> Iterator[Outcome]:
    """IRR of the amounts as flows of equal periods; several rates may be right."""
    for name, expected in IRR.items():
        amounts = np.array(flows_of(folder / "samples" / f"{name}.csv")[1])
        found = float(irr(amounts[:, None, None])[0, 0])
        outcome = compared("irr", name, found, expected, TOLERANCE)
        if outcome.status == "failed" and is_root(found, amounts) and is_root(expected, amounts):
            reason = "several rates solve these flows; offtake means the one nearest to zero"
            outcome = Outcome("irr", name, "out of scope", reason)
        yield outcome


def is_root(rate: float, amounts: np.ndarray) -> bool:
    """Whether the flows are worth nothing at a rate, to 1e-9 of what moves."""
    worth = amounts * (1.0 + rate) ** -np.arange(float(len(amounts)))
    return bool(abs(worth.sum()) <= 1e-9 * np.abs(worth).sum())
