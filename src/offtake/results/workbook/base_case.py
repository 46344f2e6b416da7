"""The whole workbook of a base case: sheets, figures, what is checked and what is flagged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from offtake.results.results import Results
from offtake.results.workbook.cells import FloatArray, Gap, Input, Row, Sum, Values
from offtake.results.workbook.debt import Schedule, facility, schedule
from offtake.results.workbook.debt_reading import NEAR
from offtake.results.workbook.figures import Figure
from offtake.results.workbook.parties import Waterfall, balances, waterfall
from offtake.results.workbook.ratios import cover, returns
from offtake.results.workbook.record import Claim, Record, record
from offtake.results.workbook.sheets import Section, Sheet
from offtake.results.workbook.timeline import Timeline, timeline

LEAST_USD = 1e-3
"""USD by which formula and engine may differ in any case, or 1e-12 of the largest payment if that
is more: cash that is all paid out is the small rest of large sums."""


@dataclass(eq=False)
class Check:
    """A figure that has to be zero.

    Attributes:
        label: what is compared.
        sheet: where it stands.
        figure: the largest or the summed difference.
        tolerance: how large it may be, in its unit.
        always: whether it holds whatever is changed; otherwise it says how far the sheet has moved
            from the engine's run.
    """

    label: str
    sheet: Sheet
    figure: Figure
    tolerance: float
    always: bool

    def off(self, values: Values) -> bool:
        """Whether it is not zero."""
        return self.figure.value(values) > self.tolerance


@dataclass(eq=False)
class Flag:
    """An alarm: in how many periods the plan would have to be run again."""

    row: Row
    sheet: Sheet

    @property
    def figure(self) -> Figure:
        """In how many periods it is up."""
        return Figure(self.row.label, "periods", "count", (self.row,))

    def up(self, values: Values) -> bool:
        """Whether it is up in some period."""
        return self.figure.value(values) > 0.0


@dataclass(eq=False)
class BaseCase:
    """Everything of a workbook that has formulas.

    Attributes:
        record: what the run kept.
        calendar: rows of the timeline.
        sheets: in the order of the workbook.
        figures: on the sheet of ratios, above its rows.
        parties: figures of what each party pays and receives, at the plan's rate.
        checks: what has to be zero.
        flags: what says that the plan must be run again.
        values: what all rows come to.
    """

    record: Record
    calendar: Timeline
    sheets: list[Sheet]
    figures: list[Figure]
    parties: list[tuple[str, Figure]]
    checks: list[Check]
    flags: list[Flag]
    values: Values

    def rows(self) -> Iterator[Row]:
        """Every row of every sheet."""
        for sheet in self.sheets:
            yield from sheet.rows()

    @property
    def parties_together(self) -> float:
        """What all parties receive less what they pay, at the plan's rate, USD."""
        return float(np.sum([figure.value(self.values) for _, figure in self.parties]))

    def off(self, name: str) -> int:
        """How many are off: of checks that always hold, of those against the engine, of flags."""
        if name == "flags":
            return sum(flag.up(self.values) for flag in self.flags)
        mine = [check for check in self.checks if check.always == (name == "always")]
        return sum(check.off(self.values) for check in mine)

    def counted(self) -> dict[int, tuple[int, int]]:
        """By id of a sheet: rows that are formulas, and rows that are values of the engine."""
        found = dict[int, tuple[int, int]]()
        for sheet in self.sheets:
            live = [row.term is not None for row in sheet.rows()]
            found[id(sheet)] = sum(live), len(live) - sum(live)
        return found

    def changed(self, changes: Mapping[str, float]) -> Values:
        """What rows come to with other inputs, by place."""
        inputs = {self.record.inputs[place]: value for place, value in changes.items()}
        return Values(self.record.count, inputs)

    def by_year(self, row: Row) -> dict[int, float]:
        """What stands for every calendar year of a row; NaN where nothing does."""
        values, years = self.values.of(row), self.calendar.years
        found = dict[int, float]()
        for year in np.unique(years):
            mine = values[years == year]
            if row.whole == "sum":
                found[int(year)] = float(np.nansum(mine))
            elif row.whole != "none":
                found[int(year)] = float(np.nan_to_num(mine[0 if row.whole == "open" else -1]))
            else:
                found[int(year)] = float("nan")
        return found

    def whole(self, row: Row) -> float:
        """What stands for all periods of a row; NaN where nothing does."""
        values = self.values.of(row)
        if row.whole == "sum":
            return float(np.nansum(values))
        told = values[~np.isnan(values)]
        return float(told.min()) if row.whole == "least" and told.size else float("nan")


def base_case(results: Results) -> BaseCase:
    """The workbook of a run's base case.

    Args:
        results: of a run that kept what is needed (`record.kept`).
    """
    known = record(results)
    calendar = timeline(known)
    amounts = {
        claim: Row(
            claim.label, "USD", "engine", held=claim.paid, note=f"{claim.payer} to {claim.payee}"
        )
        for claim in known.claims
    }
    debts = _debts(known, calendar, amounts)
    balanced = {one.party: one for one in balances(known)}
    names = [party["party"] for party in known.facts["parties"]]
    falls = [waterfall(known, calendar, name, amounts, balanced.get(name)) for name in names]
    falls = [fall for fall in falls if any(fall.sheet.rows())]
    flows = _flows(known, amounts)
    debt = Sheet(
        "Debt", "Debt schedules", "Every facility: balance, interest, principal, fees.", []
    )
    for one in debts:
        debt.sections += one.sections
        if one.overdrawn is not None:
            debt.sections.append(Section(f"{one.contract}: run again", [one.overdrawn]))
    ratios, figures, crossed = _ratios(known, calendar, debts, falls, amounts)
    sheets = [calendar.sheet, flows, *([debt] if debts else []), *(f.sheet for f in falls), ratios]
    parties = [
        (f.party, Figure("Net", "USD", "product", (f.net, calendar.factor), about=f.party))
        for f in falls
    ]
    values = _hold(known, sheets, ratios)
    flags = [
        *(Flag(one.overdrawn, debt) for one in debts if one.overdrawn is not None),
        *(Flag(row, fall.sheet) for fall in falls for row in fall.flags),
        *(Flag(row, ratios) for row, ratio in crossed if ratio.term is not None),
    ]
    engine, checks = _checks(known, sheets, falls, flows, values)
    return BaseCase(known, calendar, [*sheets, engine], figures, parties, checks, flags, values)


def _debts(known: Record, calendar: Timeline, amounts: Mapping[Claim, Row]) -> list[Schedule]:
    found = [facility(known, calendar, facts) for facts in known.facts["facilities"]]
    return [
        schedule(known, calendar, one, amounts)
        for one in found
        if one is not None and (one.flows.closing.any() or one.flows.fees.any())
    ]


def _flows(known: Record, amounts: Mapping[Claim, Row]) -> Sheet:
    """Every claim that moves, by contract."""
    by_contract = dict[str, list[Row]]()
    for claim, row in amounts.items():
        by_contract.setdefault(claim.contract, []).append(row)
    kinds = known.facts["kinds"]
    sections = [
        Section(f"{contract} ({kinds.get(contract, '')})", rows)
        for contract, rows in by_contract.items()
    ]
    about = f"What is paid on every claim. {known.still} that never move are left out."
    return Sheet("Flows", "Flows by contract", about, sections)


def _ratios(
    known: Record,
    calendar: Timeline,
    debts: list[Schedule],
    falls: list[Waterfall],
    amounts: Mapping[Claim, Row],
) -> tuple[Sheet, list[Figure], list[tuple[Row, Row]]]:
    cash = {fall.party: fall.cfads for fall in falls}
    sections, figures, flags = list[Section](), list[Figure](), list[tuple[Row, Row]]()
    for one in debts:
        if one.borrower in cash:
            more, told, crossed = cover(known, calendar, one, debts, cash[one.borrower])
            sections, figures, flags = sections + more, figures + told, flags + crossed
    more, told = returns(known, amounts)
    about = "Covers of every facility and rates of return, in the base case."
    return Sheet("Ratios", "Ratios", about, [*sections, *more]), [*figures, *told], flags


def _hold(known: Record, sheets: Sequence[Sheet], ratios: Sheet) -> Values:
    """Rows that do not give what the engine has become the engine's values.

    Returns:
        What all rows come to after that.
    """
    while True:
        values = Values(known.count)
        off = [
            row
            for sheet in sheets
            for row in sheet.rows()
            if row.term is not None
            and row.engine is not None
            and not _same(values.of(row), row.engine, _tolerance(known, row))
        ]
        if not off:
            return values
        last = set(map(id, ratios.rows()))  # nothing rests on them
        for row in [off[0], *(row for row in off[1:] if id(row) in last)]:
            row.held, row.term, row.kind = row.engine, None, "engine"
            row.engine, row.note = None, "as the engine ran it"


def _same(found: FloatArray, engine: FloatArray, tolerance: float) -> bool:
    both = ~np.isnan(found) & ~np.isnan(engine)
    inside = slice(None, -1) if np.isnan(engine[-1]) else slice(None)
    told = np.array_equal(np.isnan(found[inside]), np.isnan(engine[inside]))
    return told and bool((np.abs(found - engine)[both] <= tolerance).all())


def _tolerance(known: Record, row: Row) -> float:
    """By how much a row may differ from what the engine has, in its unit."""
    assert row.engine is not None
    scale = NEAR * max(float(np.nanmax(np.abs(row.engine), initial=0.0)), 1.0)
    if row.unit != "USD":
        return scale
    paid = max((float(claim.paid.max()) for claim in known.claims), default=0.0)
    return max(scale, LEAST_USD, 1e-12 * paid)


def _checks(
    known: Record,
    sheets: Sequence[Sheet],
    falls: Sequence[Waterfall],
    flows: Sheet,
    values: Values,
) -> tuple[Sheet, list[Check]]:
    """The sheet of what checks compare, and the checks."""
    conserved = Row("All parties: receipts less payments", "USD", "live", whole="none")
    conserved.term = Sum(tuple(fall.net for fall in falls))
    gross = Row("All payments", "USD", "live", Sum(tuple(flows.rows())), whole="none")
    sections = [Section("Money is neither made nor lost", [conserved, gross])]
    sheet = Sheet(
        "Engine",
        "Engine",
        "What the engine has for every row that is worked out again here. Values, never formulas.",
        sections,
    )
    largest = float(np.abs(values.of(gross)).max(initial=1.0))
    total = Figure("All parties", "USD", "apart", (conserved,))
    checks = [Check("Money is neither made nor lost", sheet, total, NEAR * largest, True)]
    for where in sheets:
        held = list[Row]()
        for row, name in where.named():
            if row.engine is None or row.term is None:
                continue
            engine = Row(row.label, row.unit, "engine", held=_told(row, values), whole="none")
            gap = Row("worked out here less that", row.unit, "live", Gap(row, engine), whole="none")
            held += [engine, gap]
            figure = Figure(row.label, row.unit, "apart", (gap,))
            tolerance = _tolerance(known, row) * known.count
            checks.append(Check(name, where, figure, tolerance, False))
        if held:
            sections.append(Section(where.name, held))
    return sheet, checks


def _told(row: Row, values: Values) -> FloatArray:
    """[T] what the engine has; in the last period what is worked out here, if it keeps none."""
    assert row.engine is not None
    told = row.engine.copy()
    if np.isnan(told[-1]):
        told[-1] = values.row(row, told.size - 1)
    return told


class _Named:
    """Where nothing stands: keeps the inputs that formulas name (`cells.Place`)."""

    def __init__(self) -> None:
        self.inputs = set[Input]()

    def row(self, row: Row, shift: int) -> str:
        """No cell."""
        del row, shift
        return ""

    def whole(self, row: Row) -> str:
        """No cells."""
        del row
        return ""

    def block(self, rows: Sequence[Row]) -> None:
        """No cells."""
        del rows

    def input(self, one: Input) -> str:
        """Keeps it."""
        self.inputs.add(one)
        return ""


def live_inputs(built: BaseCase) -> set[Input]:
    """Numbers of the plan that some formula refers to."""
    named = _Named()
    for row in built.rows():
        if row.term is not None:
            row.term.text(named)
    return named.inputs
