"""Ways of a tilt by name -> means of normals of a lowered plan (`offtake.run.tilted`)."""

import datetime
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from offtake.core.calendar import add_months
from offtake.core.errors import Mistake, PlanErrors, Problem, in_option, quoted
from offtake.core.names import suggestion
from offtake.lowering.lower import LoweredPlan
from offtake.lowering.world import World
from offtake.plan.drivers import Regimes
from offtake.risk.tilt import Shift, Tilt, Way
from offtake.run.tilted import PARTS, Tilted

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Normals:
    """Means of all normals of a plan, or weights of something that is made of them."""

    monthly: FloatArray
    """[T, stream]"""
    once: FloatArray
    """[stream]"""
    scores: FloatArray
    """[row] of uncertain numbers"""

    @classmethod
    def none(cls, lowered: LoweredPlan) -> "Normals":
        """Zero everywhere."""
        labels = lowered.labels
        return cls(
            np.zeros((lowered.calendar.count, len(labels.monthly_streams))),
            np.zeros(len(labels.once_streams)),
            np.zeros(len(lowered.table.rows)),
        )

    @property
    def flat(self) -> FloatArray:
        """All in a row."""
        return np.concatenate([self.monthly.ravel(), self.once, self.scores])

    def shaped(self, flat: FloatArray) -> "Normals":
        """The same from all in a row."""
        first, second = self.monthly.size, self.monthly.size + self.once.size
        monthly = flat[:first].reshape(self.monthly.shape)
        return Normals(monthly, flat[first:second], flat[second:])


Weights = Callable[[Shift], Normals]
"""Weights, of length one, of what a shift moves."""


def ways_of(lowered: LoweredPlan, tilt: Tilt) -> Tilted:
    """The ways of a tilt, as arrays.

    Raises:
        PlanErrors: a name is not known, or cannot be tilted; all of them at once.
    """
    movable, credits = dict(_movable(lowered)), _credits(lowered)
    problems = list[Problem]()
    found = list[tuple[Normals, FloatArray]]()
    for way in tilt.ways:
        try:
            found.append((_means(lowered, way, movable), _times(lowered, way, credits)))
        except PlanErrors as wrong:
            problems += wrong.problems
    if problems:
        raise PlanErrors(problems)
    return joined(found, [1.0] * len(found), tilt.plain)


def joined(ways: list[tuple[Normals, FloatArray]], shares: list[float], plain: float) -> Tilted:
    """Ways together.

    Args:
        ways: means of normals, and factors of hazard rates [E], of each.
        shares: of each, of what is not plain; any sum.
        plain: share of futures as the plan has them.
    """
    rows = np.flatnonzero(np.any([means.scores != 0.0 for means, _ in ways], axis=0))
    return Tilted(
        parts=_parts(np.array(shares), plain),
        monthly=np.stack([means.monthly for means, _ in ways]),
        once=np.stack([means.once for means, _ in ways]),
        rows=rows.astype(np.int64),
        scores=np.stack([means.scores[rows] for means, _ in ways]),
        times=np.stack([times for _, times in ways]),
    )


def _parts(shares: FloatArray, plain: float) -> IntArray:
    """Whole parts of 128, at least one each."""
    wanted = np.concatenate([[plain], (1.0 - plain) * shares / shares.sum()]) * PARTS
    parts = np.maximum(np.floor(wanted), 1.0).astype(np.int64)
    while parts.sum() != PARTS:
        over = parts.sum() > PARTS
        parts[int(np.argmax((parts - wanted) * (1.0 if over else -1.0)))] += -1 if over else 1
    return parts


def _means(lowered: LoweredPlan, way: Way, movable: Mapping[str, Weights]) -> Normals:
    """The likeliest means that move everything as far as a way says."""
    none = Normals.none(lowered)
    if not way.shifts:
        return none
    problems, rows = list[Problem](), list[FloatArray]()
    for shift in way.shifts:
        try:
            rows.append(movable[_known(shift.name, movable, lowered)](shift).flat)
        except Mistake as m:
            problems.append(in_option("--tilt", way.said, m.code, m.found, m.expected, m.mend))
    if problems:
        raise PlanErrors(problems)
    weights, by = np.stack(rows), np.array([shift.by for shift in way.shifts])
    gram = weights @ weights.T
    if np.linalg.matrix_rank(gram, tol=1e-9) < len(rows):
        raise PlanErrors(
            [
                in_option(
                    *("--tilt", way.said, "tilt-twice"),
                    "shifts of the same thing, or of things that move as one",
                    "shifts that do not say the same twice",
                    "leave one out, or write it as another --tilt",
                )
            ]
        )
    return none.shaped(weights.T @ np.linalg.solve(gram, by))


def _times(lowered: LoweredPlan, way: Way, credits: Mapping[str, int]) -> FloatArray:
    """[E] factors of hazard rates."""
    world = cast("World", lowered.program.environment)
    times, problems = np.ones(len(credits)), list[Problem]()
    for one in way.likelier:
        name = one.name.removeprefix("parties.").removesuffix(".default").removesuffix(".credit")
        try:
            e = _credit(name, credits, lowered)
            if not world.hazards_known[e]:
                raise Mistake(
                    code="tilt-hazard",
                    found=f"the hazard of {name}, which the clearing of the market moves",
                    expected="a hazard rate that is known before the market clears",
                    mend="tilt the drivers that move it instead",
                )
            times[e] = one.times
        except Mistake as m:
            problems.append(in_option("--tilt", way.said, m.code, m.found, m.expected, m.mend))
    if problems:
        raise PlanErrors(problems)
    return times


def _credits(lowered: LoweredPlan) -> dict[str, int]:
    with_credit = [n for n, party in lowered.plan.parties.items() if party.credit is not None]
    return {name: e for e, name in enumerate(with_credit)}


def _credit(name: str, credits: Mapping[str, int], lowered: LoweredPlan) -> int:
    if name in credits:
        return credits[name]
    party = lowered.plan.parties.get(name)
    if party is None:
        mend = suggestion(name, credits, otherwise="no party of the plan has a credit")
        found, expected = f"the name {quoted(name)}", "a party with a credit"
        raise Mistake(code="tilt-name", found=found, expected=expected, mend=mend)
    inside = party.kind == "internal"
    raise Mistake(
        code="tilt-credit",
        found=f"{name}, which is {'inside the plan' if inside else 'without a credit'}",
        expected="a party outside with a credit: its default has a hazard rate",
        mend="it fails when it is short of cash: tilt the drivers that bring that about"
        if inside
        else f"give it one: parties.{name}.credit: {{rating: BBB}}",
    )


def _known(name: str, movable: Mapping[str, Weights], lowered: LoweredPlan) -> str:
    """The full name of what can be moved."""
    for full in (name, f"drivers.{name}", f"causes.{name}"):
        if full in movable:
            return full
    drivers = lowered.plan.drivers
    driver = drivers.get(name.removeprefix("drivers."))
    if driver is not None:
        why = "has no shocks: it is a formula, a dated number or a result of the market"
        if isinstance(driver, Regimes):
            why = "jumps between states and has no level to shift"
        using = _short(name for name in movable if name.startswith("drivers."))
        raise Mistake(
            code="tilt-driver",
            found=f"the driver {name}, which {why}",
            expected="a random walk or a mean-reverting process",
            mend="tilt one of " + ", ".join(using) if using else "tilt an uncertain number",
        )
    table = lowered.table
    if name in table.index:
        raise Mistake(
            code="tilt-certain",
            found=f"{name}, which is certain",
            expected="an uncertain number",
            mend=f"write it as an interval in the plan, or use --set {name}=...",
        )
    raise Mistake(
        code="tilt-name",
        found=f"the name {quoted(name)}",
        expected="a driver, an uncertain number, a phase that may be late or a cause of delay",
        mend=suggestion(
            name, [m.removeprefix("drivers.") for m in movable], otherwise="the plan has none"
        ),
    )


def _short(names: Iterable[str]) -> list[str]:
    return [name.removeprefix("drivers.") for name in names]


def _movable(lowered: LoweredPlan) -> Iterator[tuple[str, Weights]]:
    """Everything that a shift can move, by its full name."""
    world, labels = cast("World", lowered.program.environment), lowered.labels
    for d, stream in enumerate(world.processes.stream):
        yield labels.monthly_streams[int(stream)], _driver(lowered, d)
    medians = lowered.table.medians()
    for c in world.works.cause_stream:
        yield labels.once_streams[int(c)], _delay(lowered, {int(c): 1.0})
    for h, own in enumerate(world.works.own_stream):
        share = medians[world.works.cause_weight[h]]
        causes = {
            int(c): math.sqrt(w) for c, w in zip(world.works.cause_stream, share, strict=True)
        }
        rest = math.sqrt(max(1.0 - float(share.sum()), 0.0))
        if medians[world.works.delay_p90[h]] > 0.0:
            yield labels.once_streams[int(own)], _delay(lowered, {**causes, int(own): rest})
    for i, row in enumerate(lowered.table.rows):
        if row.distribution is not None:
            yield row.place, _score(lowered, i)


def _driver(lowered: LoweredPlan, d: int) -> Weights:
    world = cast("World", lowered.program.environment)
    medians = lowered.table.medians()
    matrix = medians[world.processes.correlation]

    def weights(shift: Shift) -> Normals:
        made = Normals.none(lowered)
        mixing = np.linalg.cholesky(matrix)[d]
        over = _profile(lowered, d, shift)
        made.monthly[:, world.processes.stream] = over[:, None] * mixing[None]
        return made

    return weights


def _profile(lowered: LoweredPlan, d: int, shift: Shift) -> FloatArray:
    """[T] weights, of length one, of a driver's shocks in what a shift moves."""
    calendar = lowered.calendar
    years = np.asarray(calendar.years, np.float64)
    over = np.sqrt(years)
    if shift.month is not None:
        last = _period(lowered, shift)
        processes = cast("World", lowered.program.environment).processes
        half_life = lowered.table.medians()[processes.half_life[d]] / calendar.per_year
        speed = math.log(2.0) / max(half_life, 1e-9)
        slow = speed < 1e-6
        variance = years if slow else -np.expm1(-2.0 * speed * years) / (2.0 * speed)
        elapsed = np.cumsum(years)
        left = np.where(elapsed <= elapsed[last], elapsed[last] - elapsed, np.inf)
        over = np.sqrt(variance) * (np.isfinite(left) if slow else np.exp(-speed * left))
    return over / np.linalg.norm(over)


def _period(lowered: LoweredPlan, shift: Shift) -> int:
    """The period whose close is the end of a month."""
    calendar, month = lowered.calendar, str(shift.month)
    try:
        end = add_months(datetime.date.fromisoformat(f"{month}-01"), 1)
        t = math.ceil(calendar.index_of(end) - 1e-9)
    except ValueError:
        t = -1
    if not 1 <= t < calendar.count:
        first, last = calendar.start, add_months(calendar.end, -1)
        raise Mistake(
            code="tilt-month",
            found=f"the month {month}",
            expected=f"a month of the plan, {first:%Y-%m} to {last:%Y-%m}",
            mend=f"write for example {shift.name} {shift.by:g} by {last:%Y-%m}",
        )
    return t


def _delay(lowered: LoweredPlan, parts: Mapping[int, float]) -> Weights:
    def weights(shift: Shift) -> Normals:
        _undated(shift)
        made = Normals.none(lowered)
        made.once[list(parts)] = list(parts.values())
        return made

    return weights


def _score(lowered: LoweredPlan, row: int) -> Weights:
    def weights(shift: Shift) -> Normals:
        _undated(shift)
        made = Normals.none(lowered)
        made.scores[row] = 1.0
        return made

    return weights


def _undated(shift: Shift) -> None:
    if shift.month is not None:
        raise Mistake(
            code="tilt-month",
            found=f"{shift.name} by {shift.month}",
            expected="no month: it is drawn once, for the whole future",
            mend=f"write {shift.name} {shift.by:g}",
        )


def told(lowered: LoweredPlan, tilt: Tilted) -> list[dict[str, Any]]:
    """Ways as plain data: share of futures, shifts in standard deviations, factors of hazards.

    A shift of what is drawn every period is told as the shift of all its shocks together, and of
    those of each calendar year.
    """
    labels, table = lowered.labels, lowered.table
    years = np.asarray(lowered.calendar.years, np.float64)
    calendar_years = np.asarray(lowered.calendar.calendar_years)
    ways = list[dict[str, Any]]()
    for k in range(tilt.ways):
        shifts = list[dict[str, Any]]()
        for i, name in enumerate(labels.monthly_streams):
            means = tilt.monthly[k, :, i]
            if np.any(means):
                by_year = {
                    str(int(year)): _together(means, years, calendar_years == year)
                    for year in np.unique(calendar_years[years > 0.0])
                }
                whole = _together(means, years, years > 0.0)
                shifts.append({"name": name, "sd": whole, "by_year": by_year})
        once = zip(labels.once_streams, tilt.once[k], strict=True)
        rows = (
            (table.rows[int(r)].place, by) for r, by in zip(tilt.rows, tilt.scores[k], strict=True)
        )
        for name, by in (*once, *rows):
            if by:
                shifts.append({"name": name, "sd": float(by), "by_year": {}})
        ways.append(
            {
                "share": float(tilt.parts[1 + k]) / PARTS,
                "shifts": shifts,
                "likelier": [
                    {"party": name, "times": float(tilt.times[k, e])}
                    for name, e in _credits(lowered).items()
                    if tilt.times[k, e] != 1.0
                ],
            }
        )
    return ways


def _together(means: FloatArray, years: FloatArray, some: NDArray[np.bool_]) -> float:
    """Shift of the sum of some shocks, each as long as its period, in standard deviations."""
    length = float(np.sum(years[some]))
    return float(np.sum(means[some] * np.sqrt(years[some]))) / math.sqrt(length) if length else 0.0
