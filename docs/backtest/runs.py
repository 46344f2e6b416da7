"""Three plans from earlier dates, run, and what happened beside them.

Each row is one number that was forecast: its 5 %, 50 % and 95 % over the futures of the plan, what
happened, and the score of the forecast,

    CRPS = mean |x - y| - mean |x - x'| / 2

for draws x and the outcome y, in the unit of the number; of a forecast that is certain it is the
error [1]. Beside it stands the same score of a forecast without a model. A row is inside where the
band from 5 % to 95 % holds the outcome.

References:
    1. Gneiting, T., Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and
       estimation. J. of the American Statistical Association 102.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docs.calibration.rental import crps
from offtake import catalogue

HERE = Path(__file__).parent
KEPT = HERE / "kept.json"
SEED, PATHS, BLOCK = 1, 1024, 256
Floats = NDArray[np.float64]

FACILITY = 1.2
"""Power of a facility over that of its IT, where a later report tells the latter; 1.1 to 1.3."""
LATER = "power_mid_2026"
WHOLE = {"abilene"}
"""Sites whose later report is of the facility, as its H100e tell."""
APRIL_2026, MID_2026 = 4, 6
"""Periods of sites.yaml: April and June."""


@dataclass(frozen=True)
class Row:
    """One number that was forecast, and what happened."""

    group: str
    what: str
    unit: str
    low: float
    middle: float
    high: float
    happened: float
    score: float
    """CRPS of the plan"""
    plain: float
    """CRPS of the forecast without a model"""
    source: str

    @property
    def inside(self) -> bool:
        """Whether the band from 5 % to 95 % holds what happened."""
        return self.low <= self.happened <= self.high


def observed(file: str, names: tuple[str, ...], overrides: tuple[str, ...] = ()) -> list[Floats]:
    """Observations [T, P] of a plan's futures."""
    from offtake.lowering.lower import lower
    from offtake.plan.load import load
    from offtake.run.draw import draw
    from offtake.run.record import recorder

    lowered = lower(load(HERE / file, overrides), names)
    record = recorder(lowered)
    rows = [lowered.labels.observations.index(name) for name in names]
    blocks: list[Floats] = []
    for first in range(0, PATHS, BLOCK):
        months: Any = record(draw(lowered, SEED, first, BLOCK, BLOCK))
        blocks.append(np.asarray(months.observations)[:, rows])
    seen = np.concatenate(blocks, axis=-1)
    return [seen[:, i] for i in range(len(names))]


def judged(
    group: str, what: str, unit: str, draws: Floats, happened: float, plain: float, source: str
) -> Row:
    """A row from draws; `plain` is what a forecast without a model says."""
    low, middle, high = (float(q) for q in np.quantile(draws, (0.05, 0.5, 0.95)))
    score, other = crps(draws, happened), abs(plain - happened)
    return Row(group, what, unit, low, middle, high, happened, score, other, source)


# ---------------------------------------------------------------------------------------- sites


def sites() -> list[Row]:
    """Power of five sites in mid-2026, forecast in December 2025; plain: every date is kept."""
    names = ("abilene", "fairwater_atlanta", "prometheus", "new_carlisle", "colossus_2")
    seen = observed("sites.yaml", tuple(f"sites.{name}.power_mw" for name in names))
    found = [_abilene_in_april(seen[0])]
    for name, power in zip(names, seen, strict=True):
        site = catalogue.site(name)
        later = site.later_reports[LATER]
        happened = later.value * (1.0 if name in WHOLE else FACILITY)
        on_time = max(
            step.power.value for step in site.build_path if step.date <= dt.date(2026, 6, 30)
        )
        what = f"{site.title}, mid-2026"
        row = judged("Sites", what, "MW", power[MID_2026], happened, on_time, later.source)
        found.append(row)
    return found


def _abilene_in_april(power: Floats) -> Row:
    """What ran at Abilene in April 2026; two buildings more had been told for the first of it."""
    site = catalogue.site("abilene")
    later = site.later_reports["power_2026_04"]
    told = next(s.power.value for s in site.build_path if s.date == dt.date(2026, 4, 1))
    what = f"{site.title}, April 2026"
    return judged("Sites", what, "MW", power[APRIL_2026], later.value, told, later.source)


# --------------------------------------------------------------------------------------- rental


def rental() -> list[Row]:
    """Each published price of an H100's hour from each one before it; plain: no change."""
    points = [point for point in catalogue.rental_history("H100") if "-" in point.date]
    found: list[Row] = []
    for i, known in enumerate(points[:-1]):
        overrides = (
            f"plan.start={known.date}",
            f"drivers.rental.start={known.value!r} USD/H100e/h",
        )
        [price] = observed("rental.yaml", ("drivers.rental",), overrides)
        for later in points[i + 1 :]:
            ahead = _months(later.date) - _months(known.date)
            what = f"hour of an H100, {later.date} from {known.date}"
            who = later.source.split(";")[0]
            row = judged("Rental price", what, "USD/h", price[ahead], later.value, known.value, who)
            found.append(row)
    return found


def _months(date: str) -> int:
    return 12 * int(date[:4]) + int(date[5:7])


# ------------------------------------------------------------------------------------------ lab

REVENUE, CASH_FLOW = 13.1, -8.0
"""bn USD, of 2025 as it was: indianexpress 10543794, 20 February 2026."""
TARGET, FIRST_FORECAST = 10.0, -7.0
DRIFT = {2025: (-7, -9), 2026: (-8, -17), 2027: (-20, -35), 2028: (-11, -47), 2029: (12, -8),
         2030: (41, 38)}  # fmt: skip
"""Cash flow of a year in bn USD, as forecast in the first and in the third quarter of 2025: The
Information, quoted by the-decoder.com."""


def lab() -> list[Row]:
    """Revenue and cash flow of 2025 from its targets; plain: the targets."""
    revenue, cash = observed("lab.yaml", ("drivers.revenue", "drivers.cash_flow"))
    source = "Reuters and CNBC, quoted by indianexpress 10543794, February 2026"
    year = slice(1, 13)
    return [
        judged(
            "A lab's year", "revenue of 2025, from its target", "bn USD",
            revenue[year].mean(axis=0) / 1e9, REVENUE, TARGET, source,
        ),
        judged(
            "A lab's year", "cash flow of 2025, from the forecast of early 2025", "bn USD",
            cash[year].mean(axis=0) / 1e9, CASH_FLOW, FIRST_FORECAST, source,
        ),
    ]  # fmt: skip


# ----------------------------------------------------------------------------------------- kept


def run() -> list[Row]:
    """Every row, worked out again."""
    return [*sites(), *rental(), *lab()]


def keep() -> None:
    """Run the plans and keep what they give, in four figures."""
    rows = [
        {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in asdict(row).items()}
        for row in run()
    ]
    content = {"made_by": "make docs ARGS=--backtest", "paths": PATHS, "rows": rows}
    KEPT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def kept() -> list[Row]:
    """The rows that are kept."""
    return [Row(**row) for row in json.loads(KEPT.read_text(encoding="utf-8"))["rows"]]
