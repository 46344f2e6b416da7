"""What headline results would be with a few numbers moved: first-order estimates, with their error.

For numbers i moved by m_i spans (-5 % of a span of 5 % is -1), and a result R known from a run,

    estimate = R + sum_i |m_i| d_i       d_i = R(+span) - R where m_i > 0, R(-span) - R where < 0
    error^2  = sum_i (se(d_i) m_i)^2 + (sum_i |b_i m_i (1 - |m_i|)| / 2)^2
                                        b_i = R(+span) + R(-span) - 2 R

where R(+-span) are true runs of the same futures with one number moved (`offtake.run.whatif`). So a
slope sees what jumps within the span (a default, a lock-up) as a derivative would not, and each
side has its own: a loan that is safe grows no safer, and may fail. b_i is how much the result bends
over the span, and its term the distance between chord and parabola: none at the span itself.
What two moves do together is not in the estimate and not in its error. Moves beyond the span leave
the range in which the slope was found, and are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import hypot
from typing import Any

from offtake.results.named import ALIASES
from offtake.results.results import Results
from offtake.results.table import Row, Table, money

FACILITIES, PAYERS = 2, 2
"""Facilities, and net payers, whose results are headlines."""
NOTE = (
    "First-order estimates: slopes between true runs with one number moved up and down, on the "
    "same futures; what several moves do together is not in them."
)
SAYS = {
    "pd": "chance of default",
    "lgd": "loss given default",
    "el_usd": "expected loss",
    "net_usd": "pays net",
    "loss_usd": "loses",
    "share_never": "chips never paid back",
}
"""Last part of a result's name -> what it is, in words."""


@dataclass(frozen=True)
class Headline:
    """One result that estimates are made of."""

    name: str
    unit: str
    value: float | None
    """On the futures on which slopes were found; None where it is not known."""
    value_se: float | None

    @property
    def about(self) -> str:
        """Facility, party or cohort."""
        return self.name.split(".", 1)[1].rsplit(".", 1)[0]

    @property
    def says(self) -> str:
        """What it is, in words."""
        return SAYS.get(self.name.rsplit(".", 1)[1], self.name.rsplit(".", 1)[1])


@dataclass(frozen=True)
class Slope:
    """What true moves of one number do to one result."""

    down: float
    """Change of the result with the number lower by the span."""
    up: float
    """The same with it higher."""
    down_error: float
    """Standard error of the first."""
    up_error: float
    """The same of the second."""

    def side(self, by: float) -> tuple[float, float]:
        """Change and its error on the side of a move, for one span."""
        return (self.up, self.up_error) if by > 0.0 else (self.down, self.down_error)


@dataclass(frozen=True)
class Number:
    """One number that can be slid."""

    place: str
    text: str
    """As written."""
    unit: str
    value: float
    """Median, in the unit."""
    span: float
    """Share of itself by which it was moved."""
    slopes: Mapping[str, Slope]
    """By name of the result."""


@dataclass(frozen=True)
class WhatIf:
    """Numbers with the largest effects on headline results, and what they do to them."""

    plan: str
    paths: int
    seed: int
    headlines: tuple[Headline, ...]
    numbers: tuple[Number, ...]
    """The largest effect first."""
    seconds: Mapping[str, float] = field(default_factory=dict[str, float])

    def estimate(
        self, moves: Mapping[str, float], known: Mapping[str, float | None] | None = None
    ) -> Table:
        """Every headline result with numbers moved.

        Args:
            moves: place -> share of itself by which the number is moved, such as -0.05.
            known: results of the run that is looked at, by name; those of the futures on which
                slopes were found where left out.

        Raises:
            KeyError: a number that has no slopes.
        """
        by_place = {number.place: number for number in self.numbers}
        moved = [(by_place[place], share) for place, share in moves.items() if share]
        rows = [_row(headline, moved, known or {}) for headline in self.headlines]
        return Table("What if", tuple(rows), NOTE)

    def beyond(self, moves: Mapping[str, float]) -> list[str]:
        """Numbers that are moved farther than their slopes were found."""
        span = {number.place: number.span for number in self.numbers}
        return [p for p, share in moves.items() if abs(share) > span[p] * (1.0 + 1e-9)]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> WhatIf:
        """The same again from plain data."""
        numbers = tuple(_number(number) for number in found["numbers"])
        headlines = tuple(Headline(**headline) for headline in found["headlines"])
        plan, paths, seed = found["plan"], found["paths"], found["seed"]
        return cls(plan, paths, seed, headlines, numbers, found["seconds"])


def _number(found: Mapping[str, Any]) -> Number:
    slopes = {name: Slope(**slope) for name, slope in found["slopes"].items()}
    place, text, unit = found["place"], found["text"], found["unit"]
    return Number(place, text, unit, found["value"], found["span"], slopes)


def _row(
    headline: Headline,
    moved: Sequence[tuple[Number, float]],
    known: Mapping[str, float | None],
) -> Row:
    value = known.get(headline.name, headline.value)
    row = {
        "result": headline.name,
        "about": headline.about,
        "says": headline.says,
        "unit": headline.unit,
        "run": value,
    }
    slopes = [(n.slopes.get(headline.name), share / n.span) for n, share in moved]
    if value is None or any(slope is None for slope, _ in slopes):
        return {**row, "estimate": None, "change": None, "error": None}
    found = [(slope, by) for slope, by in slopes if slope is not None]
    change = sum(slope.side(by)[0] * abs(by) for slope, by in found)
    spread = hypot(*(slope.side(by)[1] * by for slope, by in found))
    bent = sum(0.5 * abs((slope.up + slope.down) * by * (1.0 - abs(by))) for slope, by in found)
    estimate = within(headline, value + change)
    return {
        **row,
        "estimate": estimate,
        "change": estimate - value,
        "error": hypot(spread, bent),
    }


def within(headline: Headline, value: float) -> float:
    """An estimate held to what the result can be: a share to 0 .. 1, a loss to 0 and more."""
    column = headline.name.rsplit(".", 1)[1]
    if column in ("pd", "lgd", "share_never"):
        return min(max(value, 0.0), 1.0)
    return max(value, 0.0) if column in ("el_usd", "loss_usd") else value


def headlines(results: Results) -> list[str]:
    """Results that answer first, by rule.

    PD, LGD and EL of the two largest facilities that are drawn; what the two largest net payers
    pay; what the party that loses most loses; how often the largest cohort is not paid back.
    """
    drawn = [row for row in results.facilities() if row["drawn_usd_mean"]]
    largest = sorted(drawn, key=lambda row: -row["drawn_usd_mean"])[:FACILITIES]
    found = [f"facilities.{r['contract']}.{c}" for r in largest for c in ("pd", "lgd", "el_usd")]
    parties = [row for row in results.who_pays() if row["net_usd"] > 0.0]
    payers = sorted(parties, key=lambda row: -row["net_usd"])[:PAYERS]
    found += [f"who_pays.{row['party']}.net_usd" for row in payers]
    losers = sorted(results.who_pays(), key=lambda row: -(row["loss_usd"] or 0.0))[:1]
    found += [f"who_pays.{row['party']}.loss_usd" for row in losers if row["loss_usd"]]
    cohorts = [row["cohort"] for row in results.cohorts() if row["share_never"] is not None]
    return found + [f"cohorts.{name}.share_never" for name in cohorts[:1]]


def against(
    table: Table, ran: Mapping[str, float | None], known: Mapping[str, float | None]
) -> Table:
    """Estimates beside what a true run of the same moves gave.

    Args:
        table: of estimates.
        ran: results of the run with the numbers moved.
        known: results of the run without.
    """
    rows: list[Row] = []
    for row in table:
        true = ran.get(row["result"])
        off, moved = _less(row["estimate"], true), _less(true, known.get(row["result"]))
        rows.append({**row, "ran": true, "moved": moved, "off": off})
    return Table("What if, run", tuple(rows), "The run itself; off: how far the estimate was.")


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def run_values(results: Results, names: Sequence[str]) -> dict[str, float | None]:
    """Results of a run by name."""
    found = dict[str, float | None]()
    tables = {
        "facilities": ("contract", results.facilities),
        "who_pays": ("party", results.who_pays),
        "cohorts": ("cohort", results.cohorts),
    }
    for name in names:
        first, rest = name.split(".", 1)
        about, column = rest.rsplit(".", 1)
        key, table = tables[ALIASES.get(first, first)]
        found[name] = next((row[column] for row in table() if row[key] == about), None)
    return found


def shown(value: float | None, unit: str, *, sign: bool = False) -> str:
    """A result with its unit, or a change of one; shares in per cent, changes of them in points."""
    if value is None:
        return "–"
    size = abs(value)
    if unit == "USD":
        words = money(size)
    elif unit == "1":
        words = f"{100.0 * size:.2f} {'pt' if sign else '%'}"
    else:
        words = f"{size:.4g} {unit}"
    if not any(digit in words for digit in "123456789"):
        return words  # nothing has no sign
    return ("−" if value < 0.0 else "+" if sign else "") + words
