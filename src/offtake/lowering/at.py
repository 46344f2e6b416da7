"""What an instrument may ask while it is lowered: names become indices, fields rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.contracts import BY_KIND
from offtake.core.calendar import Calendar
from offtake.core.contract import IntArray, Pledge
from offtake.core.flows import Flow
from offtake.core.quantity import Quantity
from offtake.core.series import Series
from offtake.lowering.table import NumberTable, counted_place

NEVER = 1e9
"""A position or a length beyond any horizon, periods."""
UNBOUNDED = 1e300
"""A level that nothing reaches."""
NEXT = " of the next period"
"""Ends the name of an observation that is a series one period ahead."""


@dataclass(frozen=True)
class TotalRequest:
    """A signed sum of a party's claims by class."""

    party: int
    signs: tuple[tuple[str, Flow, float], ...]
    contracts: tuple[str, ...] = ()
    """Contracts whose claims count; all where there are none."""


@dataclass
class At:
    """The plan as seen by `lower`; implements `offtake.core.contract.Lowerer`."""

    table: NumberTable
    calendar: Calendar
    party_index: Mapping[str, int]
    terms: Mapping[str, Any]
    """contract id -> terms"""
    phase_counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """site -> number of its phases"""
    requests: list[str] = field(default_factory=list[str])
    """Names of observations asked for, in the order of their indices."""
    series_knots: dict[str, Series] = field(default_factory=dict[str, Series])
    """place -> series that contracts and the plan read as observations."""
    totals: list[TotalRequest] = field(default_factory=list[TotalRequest])

    @property
    def periods(self) -> int:
        """Number of periods, the opening one included."""
        return self.calendar.count

    @property
    def periods_per_year(self) -> int:
        """Periods in a year."""
        return self.calendar.per_year

    def number_at(self, place: str) -> int:
        """Row of any number of the plan, by its place in the file."""
        return self.table.at(place)

    def number(self, contract: str, field: str) -> int:
        """Row of a field of a contract."""
        return self.table.at(f"contracts.{contract}.{field}")

    def optional(self, contract: str, field: str, default: float) -> int:
        """Row of a field that may be left out; `default` is in units of the table."""
        place = f"contracts.{contract}.{field}"
        return (
            self.table.index.get(place, -1) if place in self.table.index else self.constant(default)
        )

    def constant(self, value: float) -> int:
        """Row that holds a constant which the plan does not write."""
        return self.table.constant(value)

    def numbers(self, contracts: Sequence[str], *fields: str) -> dict[str, IntArray]:
        """Rows of several fields of several contracts, field -> [K]."""
        return {f: np.array([self.number(c, f) for c in contracts], np.int64) for f in fields}

    def optionals(self, contracts: Sequence[str], **defaults: float) -> dict[str, IntArray]:
        """Rows of fields that may be left out, field -> [K]."""
        return {
            f: np.array([self.optional(c, f, value) for c in contracts], np.int64)
            for f, value in defaults.items()
        }

    def counted(self, contracts: Sequence[str]) -> IntArray:
        """Rows of the share of merchant contracts' revenue that counts, [K]."""
        one = Quantity(1.0, "1", text="1")
        rows = [self.table.add(counted_place(name), one) for name in contracts]
        return np.array(rows, np.int64)

    def party(self, name: str) -> int:
        """Index of a party."""
        return self.party_index[name]

    def parties(self, names: Sequence[str]) -> IntArray:
        """Indices of parties, [K]."""
        return np.array([self.party_index[name] for name in names], np.int64)

    def observe(self, name: str) -> int:
        """Index of a named observation."""
        if name not in self.requests:
            self.requests.append(name)
        return self.requests.index(name)

    def series(self, contract: str, field: str) -> int:
        """Index of the observation that carries a field which may change over time."""
        value = getattr(self.terms[contract], field)
        if value is None:
            return self.observe("zero")
        return self.series_of(value, f"contracts.{contract}.{field}")

    def series_next(self, contract: str, field: str) -> int:
        """Index of the observation of what a field that may change is to be in the next period."""
        value = getattr(self.terms[contract], field)
        if value is None or value.driver is not None:
            return self.series(contract, field)
        return self.series_of(value, f"contracts.{contract}.{field}{NEXT}")

    def series_of(self, value: Series, place: str) -> int:
        """Index of the observation of any series of the plan."""
        if value.driver is not None:
            return self.observe(f"drivers.{value.driver}")
        self.series_knots[place] = value
        return self.observe(place)

    def base_rate(self, base: str | None) -> int:
        """Index of the observation of a base rate; of zero for a fixed rate."""
        return self.observe("zero" if base is None else f"drivers.{base}")

    def phase_count(self, site: str) -> int:
        """Number of phases of a site."""
        return self.phase_counts[site]

    def debts(self, borrower: str, publishing: str) -> tuple[tuple[str, str], ...]:
        """Id and seniority of the contracts under which a party borrows that publish a value."""
        return tuple(
            (name, terms.seniority)
            for name, terms in self.terms.items()
            if getattr(terms, "borrower", None) == borrower
            and publishing in BY_KIND[terms.kind].published
        )

    def pledge(self, facility: str) -> Pledge | None:
        """How a facility is secured; None if no contract secures it."""
        for name, terms in self.terms.items():
            if facility in getattr(terms, "secures", ()):
                ranks = tuple((f, self._seniority(f)) for f in terms.secures)
                return Pledge(name, terms.buyer, tuple(terms.assets), ranks)
        return None

    def _seniority(self, facility: str) -> str:
        return getattr(self.terms.get(facility), "seniority", "senior")

    def borrower(self, facility: str, otherwise: str) -> str:
        """Party that borrows under a facility; another one where that is not known."""
        return getattr(self.terms.get(facility), "borrower", otherwise)

    def is_site(self, asset: str) -> bool:
        """Whether something pledged is a site."""
        return asset in self.phase_counts

    def is_cohort(self, asset: str) -> bool:
        """Whether something pledged is a cohort of chips."""
        return asset not in self.phase_counts and asset not in self.terms

    def contracts_of_site(self, site: str, publishing: str, field: str = "site") -> tuple[str, ...]:
        """Ids of the contracts that name a site in a field and publish a value of that name."""
        return tuple(
            name
            for name, terms in self.terms.items()
            if getattr(terms, field, None) == site and publishing in BY_KIND[terms.kind].published
        )

    def tax_years(self) -> tuple[IntArray, NDArray[np.float64]]:
        """[period] calendar year and the share of its part within the plan that has passed."""
        months = self.calendar.months
        opened = (self.calendar.start.month - 1) / 12
        year = self.calendar.year_index
        close = opened + np.arange(self.periods) * months / 12 - year
        begin = np.where(year == 0, opened, 0.0)
        return year, np.clip((close - begin) / (1.0 - begin), 0.0, 1.0)

    def total(
        self,
        party: str,
        signs: Mapping[tuple[str, Flow], float],
        contracts: Sequence[str] = (),
    ) -> int:
        """Index of a registered total."""
        entries = tuple((way, flow, sign) for (way, flow), sign in sorted(signs.items()))
        request = TotalRequest(self.party_index[party], entries, tuple(contracts))
        if request not in self.totals:
            self.totals.append(request)
        return self.totals.index(request)

    def accrual(self, convention: str) -> NDArray[np.float64]:
        """[period] accrual factors in years; 0 for the opening period."""
        return self.calendar.accrual(convention)

    def position(self, day: date) -> float:
        """Position of a date on the axis of periods."""
        return self.calendar.index_of(day)


def series_rows(
    table: NumberTable, knots: Mapping[str, Series], periods: int
) -> tuple[IntArray, IntArray, NDArray[np.float64]]:
    """Rows and weights of dated numbers, [S, T] each (see `market.series.SeriesGroup`).

    Before its first date a flow (an amount per time) is zero and anything else has its first value.
    A place that ends in `NEXT` is the series there, one period ahead.
    """
    before = np.zeros((len(knots), periods), np.int64)
    after, weight = before.copy(), np.zeros((len(knots), periods))
    for s, (name, series) in enumerate(knots.items()):
        place = name.removesuffix(NEXT)
        ahead = int(place != name)
        labels = series.labels or ("",)
        rows = [table.at(f"{place}.{label}" if label else place) for label in labels]
        if not series.labels:
            before[s], after[s] = rows[0], rows[0]
            continue
        positions = np.array([table.periods.index_of(day) for day, _ in series.knots])
        flow = series.knots[0][1].unit.endswith("/year") and series.knots[0][1].unit != "1/year"
        early = table.constant(0.0) if flow else rows[0]
        line = series.interpolate == "linear"
        for t in range(periods):
            then = t + ahead
            moment = max(then - 0.5, 0.0) if line else max(then - 1.0, 0.0) + 1e-9
            k = int(np.searchsorted(positions, moment, side="right")) - 1
            before[s, t] = early if k < 0 else rows[k]
            after[s, t] = before[s, t]
            if line and 0 <= k < len(rows) - 1:
                after[s, t] = rows[k + 1]
                weight[s, t] = (moment - positions[k]) / (positions[k + 1] - positions[k])
    return before, after, weight
