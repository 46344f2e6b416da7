"""What headline results would be with a few numbers moved: first-order estimates, with their error.

For numbers i moved by shares s_i of themselves, and a result R known from a run,

    estimate = R + sum_i c_i(s_i)
    error^2  = sum_i e_i(s_i)^2 + (sum_i bend_i(s_i))^2

where c_i(m) = R(m) - R at every mark m of the number is the change that a true run gave: of the
same futures, with that number alone moved by m (`offtake.run.whatif`), c_i(0) = 0, and between two
neighbours a, b of those marks and 0 it lies on their chord,

    c_i(s) = (1 - w) c_i(a) + w c_i(b)      w = (s - a) / (b - a)
    e_i(s) = |1 - w| se(a) + |w| se(b)      as if both erred alike: they met the same futures
    bend_i(s) = |(s - a) (s - b)| max_k |c_i[a, b, k]|

with c[a, b, k] = (c[b, k] - c[a, b]) / (k - a), c[a, b] = (c(b) - c(a)) / (b - a), and k the mark
before a and the one after b: the distance between the chord and the parabolas through it and a
third mark, none at a mark itself. So an estimate sees what jumps between marks (a default, a
lock-up) as a derivative would not, and each side is its own: a loan that is safe grows no safer,
and may fail. What two moves do together is not in the estimate and not in its error. Beyond the
last mark the last chord goes on, and that is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import hypot
from typing import Any, NamedTuple

from offtake.results.named import ALIASES
from offtake.results.results import Results
from offtake.results.table import Row, Table, money

FACILITIES, PAYERS = 2, 2
"""Facilities, and net payers, whose results are headlines."""
NOTE = (
    "First-order estimates: between true runs with one number moved down and up, on the same "
    "futures; what several moves do together is not in them."
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
    """On the futures on which numbers were moved; None where it is not known."""
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
class Mark:
    """What one true move of a number does to one result."""

    share: float
    """Of itself by which the number was moved."""
    change: float
    """Of the result."""
    error: float
    """Standard error of that."""


STILL = Mark(0.0, 0.0, 0.0)
"""Nothing moved."""


@dataclass(frozen=True)
class Number:
    """One number that can be slid."""

    place: str
    text: str
    """As written."""
    unit: str
    value: float
    """Median, in the unit."""
    tried: tuple[float, ...]
    """Shares of itself by which it was moved, the lowest first."""
    marks: Mapping[str, tuple[Mark, ...]]
    """What that did, by name of the result; one for each of `tried` at which it is known."""


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
                numbers were moved where left out.

        Raises:
            KeyError: a number that was not moved.
        """
        by_place = {number.place: number for number in self.numbers}
        moved = [(by_place[place], share) for place, share in moves.items() if share]
        rows = [_row(headline, moved, known or {}) for headline in self.headlines]
        return Table("What if", tuple(rows), NOTE)

    def beyond(self, moves: Mapping[str, float]) -> list[str]:
        """Numbers that are moved farther than was tried."""
        tried = {number.place: (0.0, *number.tried) for number in self.numbers}
        near = 1.0 + 1e-9
        return [
            place
            for place, share in moves.items()
            if not near * min(tried[place]) <= share <= near * max(tried[place])
        ]

    def marks_per_cent(self) -> dict[str, list[float]]:
        """Place -> per cent of itself by which each number was moved."""
        return {n.place: [round(100.0 * share, 6) for share in n.tried] for n in self.numbers}

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
    marks = {name: tuple(Mark(**mark) for mark in marks) for name, marks in found["marks"].items()}
    place, text, unit = found["place"], found["text"], found["unit"]
    return Number(place, text, unit, found["value"], tuple(found["tried"]), marks)


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
    name = headline.name
    if value is None or not all(_known(number, name, share) for number, share in moved):
        return {**row, "estimate": None, "change": None, "error": None}
    found = [between(number.marks[name], share) for number, share in moved]
    estimate = within(headline, value + sum(one.change for one in found))
    error = hypot(*(one.error for one in found), sum(one.bend for one in found))
    return {**row, "estimate": estimate, "change": estimate - value, "error": error}


def _known(number: Number, name: str, share: float) -> bool:
    """Whether a result is known between marks on either side of a move.

    One that is not known on any future (LGD where nobody defaults) has no mark there.
    """
    marks = number.marks.get(name, ())
    seen = [0.0, *(mark.share for mark in marks)]
    whole = len(marks) == len(number.tried)
    return bool(marks) and (whole or min(seen) <= share <= max(seen))


class Between(NamedTuple):
    """What a move does, from the marks around it."""

    change: float
    error: float
    bend: float


def between(marks: Sequence[Mark], share: float) -> Between:
    """What a move by a share does to a result: on the chord between the marks on either side.

    Args:
        marks: of true moves; at least one.
        share: by which the number is moved.
    """
    points = sorted((STILL, *marks), key=lambda mark: mark.share)
    after = next((i for i, p in enumerate(points) if i and share <= p.share), len(points) - 1)
    low, high = points[after - 1], points[after]
    w = (share - low.share) / (high.share - low.share)
    beside = [*points[max(after - 2, 0) : after - 1], *points[after + 1 : after + 2]]
    bends = [abs(_bent(low, high, other)) for other in beside]
    return Between(
        (1.0 - w) * low.change + w * high.change,
        abs(1.0 - w) * low.error + abs(w) * high.error,
        abs((share - low.share) * (share - high.share)) * max(bends, default=0.0),
    )


def _bent(low: Mark, high: Mark, other: Mark) -> float:
    """The second divided difference of three marks."""
    chord = (high.change - low.change) / (high.share - low.share)
    on = (other.change - high.change) / (other.share - high.share)
    return (on - chord) / (other.share - low.share)


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


def shown(value: float | None, unit: str, *, sign: bool = False, points: bool = False) -> str:
    """A result with its unit, or a change of one; shares in per cent, changes of them in points."""
    if value is None:
        return "–"
    size = abs(value)
    if unit == "USD":
        words = money(size)
    elif unit == "1":
        words = f"{100.0 * size:.2f} {'pt' if sign or points else '%'}"
    else:
        words = f"{size:.4g} {unit}"
    if not any(digit in words for digit in "123456789"):
        return words  # nothing has no sign
    return ("−" if value < 0.0 else "+" if sign else "") + words
