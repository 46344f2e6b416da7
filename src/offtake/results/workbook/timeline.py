"""The calendar of a workbook: periods, what a day count makes of them, base rates, discounting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from offtake.results.workbook.cells import Constant, FloatArray, Input, Row
from offtake.results.workbook.record import Record
from offtake.results.workbook.sheets import Section, Sheet

EXCEL_EPOCH = 693594
"""Ordinal of the day before day 1 of a spreadsheet, counted as spreadsheets do from March 1900."""
DISCOUNT = "plan.discount_rate"


@dataclass(frozen=True)
class Timeline:
    """Rows that other sheets refer to."""

    number: Row
    closes: Row
    year: Row
    last: Row
    """1 in the last period of a calendar year"""
    first: Row
    """1 in the first period of a calendar year"""
    length: Row
    """years, months / 12"""
    factor: Row
    accrual: dict[str, Row]
    """day count convention -> share of a year"""
    base: dict[str, Row]
    """base rate -> per year"""
    sheet: Sheet

    @property
    def years(self) -> FloatArray:
        """[T] calendar year of each period."""
        assert self.year.held is not None
        return self.year.held


def timeline(record: Record) -> Timeline:
    """The calendar of a base case."""
    days = record.calendar
    years = days.calendar_years.astype(np.float64)
    turns = years[1:] != years[:-1]

    def known(label: str, unit: str, held: FloatArray, note: str = "") -> Row:
        return Row(label, unit, "calendar", held=held, whole="none", note=note)

    number = known("Period", "number", np.arange(days.count, dtype=np.float64), "0 is the opening")
    opens = known("Opens", "date", (days.starts - EXCEL_EPOCH).astype(np.float64))
    closes = known(
        "Closes", "date", (days.ends - EXCEL_EPOCH).astype(np.float64), "money moves here"
    )
    length = known("Length", "years", days.years)
    count = known("Days", "days", days.days.astype(np.float64))
    year = known("Calendar year", "year", years)
    last = known("Last period of the year", "1 or 0", np.append(turns, True).astype(np.float64))
    first = known("First period of the year", "1 or 0", np.append(True, turns).astype(np.float64))
    accrual = {
        convention: known(f"Accrual {convention}", "years", days.accrual(convention))
        for convention in sorted(
            {str(f["day_count"]) for f in record.facts["facilities"]} - {"None"}
        )
    }
    elapsed = Row("Elapsed", "years", "live", whole="none")
    elapsed.term = elapsed.before + length
    rate = record.inputs.get(DISCOUNT) or Input(DISCOUNT, record.facts["discount_rate"], "1/year")
    factor = Row("Discount factor", "factor", "live", whole="none", note="at the plan's rate")
    factor.term = Constant(1.0) / (Constant(1.0) + rate) ** elapsed
    base = _base_rates(record)
    sections = [
        Section("Calendar", [number, opens, closes, count, year, last, first, length]),
        Section("Day counts", list(accrual.values())),
        Section("Discounting", [elapsed, factor]),
        Section(
            "Base rates",
            list(base.values()),
            "As the base case has them. Change them and interest follows.",
        ),
    ]
    sheet = Sheet(
        "Timeline",
        "Timeline",
        "One column for each period, the same one on every sheet.",
        [section for section in sections if section.rows],
    )
    return Timeline(number, closes, year, last, first, length, factor, accrual, base, sheet)


def _base_rates(record: Record) -> dict[str, Row]:
    """Base rates over which some facility pays a margin."""
    found = dict[str, Row]()
    for name in sorted({str(f["base"]) for f in record.facts["facilities"] if f.get("base")}):
        held = record.observation(f"drivers.{name}")
        if held is not None:
            found[name] = Row(name, "1/year", "input", held=held, whole="none")
    return found
