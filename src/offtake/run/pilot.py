"""Ways of a tilt found for one figure, on futures of their own, by the cross-entropy method.

The best density to draw a mean of f from is proportional to f times the plan's. Of the family of
`offtake.run.tilted` the nearest to it in the sense of Kullback and Leibler has the means and the
hazards that futures weighted by f have [1]:

    mu = sum w f z / sum w f         m = sum w f defaults / sum w f hazard up to the default

So a round draws futures (the first with hazards raised until a fifth default), weighs them, and
fits the next round's ways on them: one for futures on which a party with a credit has defaulted,
one for the others. A round in which f is hardly ever above zero is fitted on the tenth that comes
nearest, by the least cover of the facility or the net of the party. Shocks of a driver are moved
together in six stretches of time; what is within three standard errors of zero stays there. What is
found is frozen; the run then draws other futures, so it knows nothing of the pilot's luck.

References:
    1. Rubinstein, R. Y., Kroese, D. P. (2004). The Cross-Entropy Method. Springer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax
from offtake.core.errors import PlanErrors, in_option
from offtake.lowering.lower import LoweredPlan
from offtake.lowering.world import World
from offtake.measures.facilities import Facilities
from offtake.results.tables.estimates import effective
from offtake.risk.tilt import Tilt, read_tilt
from offtake.run.by_future import by_future, named_by_future
from offtake.run.draw import HostDraws, draw
from offtake.run.simulate import Runner
from offtake.run.tilted import Defaults, Tilted
from offtake.run.ways import Normals, joined, told, ways_of

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

ROUND_PATHS = 2048
MOST_ROUNDS = 5
ENOUGH = 50.0
"""Futures that f must rest on for a round to be fitted on it, and to be the last but one."""
NEAREST = 0.1
"""Share of a round's futures that come nearest, where f is hardly ever above zero."""
STRETCHES = 6
SURE = 3.0
"""Standard errors from zero from which a mean counts."""
FARTHEST = 5.0
"""Standard deviations by which a way may lie off in all."""
FIRST = 0.2
"""Probability to default within the horizon that a party has in the first round."""
MOST_TIMES = 1e6
LEAST_MASS = 0.05
"""Share of sum w f below which futures make no way of their own."""
COLUMNS = (".pd", ".el_usd", ".loss_usd", ".shortfall_usd", ".supports_usd", ".unreturned_usd")
"""Ends of the figures whose futures are zero or more."""
OWN_SEED = 1 << 41
"""Added to the seed for every round."""


def tilted(
    runner: Runner, said: Tilt | str | Sequence[str], seed: int
) -> tuple[Tilted, dict[str, Any]]:
    """The ways of a tilt, found if they are not said, and what results say of them.

    Args:
        runner: compiled, with every measure.
        said: as after `--tilt`.
        seed: of the run; ways are found on futures of other seeds.

    Raises:
        PlanErrors: it cannot be read, names what cannot be tilted, or nothing is found.
        UnknownFigure: there is no figure as the tilt names.
    """
    tilt = said if isinstance(said, Tilt) else read_tilt(said)
    pilot = _Pilot(runner, tilt, seed) if tilt.of else None
    ways = pilot.found() if pilot else ways_of(runner.lowered, tilt)
    facts = {
        "said": [f"auto:{tilt.of}"] if tilt.of else [way.said for way in tilt.ways],
        "plain": float(ways.parts[0]) / float(ways.parts.sum()),
        "ways": told(runner.lowered, ways),
        "pilot": pilot.told() if pilot else None,
    }
    return ways, facts


@dataclass
class _Round:
    """Futures of one round."""

    weight: FloatArray
    """[P]"""
    value: FloatArray
    """[P] the figure"""
    near: FloatArray
    """[P] the more, the nearer a future comes to bringing it about"""
    normals: FloatArray
    """[coordinate, P]"""
    defaults: FloatArray
    """[E, P] 1.0 where a party has defaulted"""
    hazard: FloatArray
    """[E, P] its hazard up to then, under the plan"""


class _Pilot:
    def __init__(self, runner: Runner, tilt: Tilt, seed: int) -> None:
        self.runner, self.tilt, self.seed = runner, tilt, seed
        self.figure = named_by_future(tilt.of, runner.book)
        if not self.figure.endswith(COLUMNS):
            raise _refused(
                tilt.of,
                "a figure that is not a loss: it moves in all futures",
                "one of which futures have nothing or more: " + ", ".join(c[1:] for c in COLUMNS),
                "tilt for a loss, or draw by --sampler sobol",
            )
        self.frame = _Frame(runner.lowered)
        self.rounds = 0

    def told(self) -> dict[str, Any]:
        return {
            "figure": self.figure,
            "paths": self.rounds * ROUND_PATHS,
            "rounds": self.rounds,
        }

    def found(self) -> Tilted:
        """The ways, fitted round by round."""
        ways, enough = self.frame.first(), 0
        while self.rounds < MOST_ROUNDS and enough < 2:
            drawn = self._drawn(ways)
            self.rounds += 1
            of = drawn.weight * drawn.value
            rests = effective(of) if np.any(of > 0.0) else 0.0
            enough = enough + 1 if rests >= ENOUGH else 0
            if rests < ENOUGH:
                level = np.quantile(drawn.near, 1.0 - NEAREST)
                of = drawn.weight * ((drawn.near >= level) | (drawn.value > 0.0))
            fitted = self.frame.fitted(drawn, of, self.tilt.plain)
            if fitted is None:
                break
            ways = fitted
        if not enough:
            raise _refused(
                self.tilt.of,
                f"hardly any of it on {self.rounds * ROUND_PATHS:,} futures drawn to find it",
                "something that comes about when drivers move or a party with a credit defaults",
                "say a tilt yourself, such as --tilt 'demand -1.5'; or see by offtake stress "
                "--reverse what it takes",
            )
        return ways

    def _drawn(self, ways: Tilted) -> _Round:
        runner, seed = self.runner, self.seed + OWN_SEED * (self.rounds + 1)
        parts = list[_Round]()
        for first in range(0, ROUND_PATHS, runner.width):
            drawn = draw(runner.lowered, seed, first, runner.width, runner.width, tilt=ways)
            reduced: Any = jax.device_get(runner.run_block(drawn)[0])
            value = by_future(runner.book, reduced)[self.figure]
            scores = ways.scores_drawn(runner.lowered, seed, first, runner.width, "pseudo")
            near = self._near(reduced)
            parts.append(self.frame.looked_at(drawn, scores, value, near))
        return _Round(*(np.concatenate(p, axis=-1) for p in zip(*map(_leaves, parts), strict=True)))

    def _near(self, reduced: Any) -> FloatArray:
        table, about, _ = self.figure.split(".", 2)
        if table == "who_pays":
            net = by_future(self.runner.book, reduced)[f"who_pays.{about}.net_usd"]
            return np.nan_to_num(net)
        names = [facility.contract for facility in self.runner.book.facilities]
        cover = np.asarray(reduced[Facilities.name]["min_dscr"])[:, names.index(about)]
        return -np.where(np.isnan(cover), np.inf, cover)


def _leaves(drawn: _Round) -> tuple[FloatArray, ...]:
    return (
        *(drawn.weight, drawn.value, drawn.near),
        *(drawn.normals, drawn.defaults, drawn.hazard),
    )


class _Frame:
    """What ways may move: stretches of the shocks of drivers, what is drawn once, hazards."""

    def __init__(self, lowered: LoweredPlan) -> None:
        self.lowered = lowered
        world = cast("World", lowered.program.environment)
        self.known = np.asarray(world.hazards_known, bool)
        own = {int(stream) for stream in world.credit.stream}
        streams = range(len(lowered.labels.monthly_streams))
        self.streams = [s for s in streams if s not in own]
        years = np.asarray(lowered.calendar.years, np.float64)
        stretch = np.minimum((np.cumsum(years) - years) / years.sum() * STRETCHES, STRETCHES - 1)
        marks = [(stretch.astype(int) == k) & (years > 0.0) for k in range(STRETCHES)]
        self.stretches = [m / np.sqrt(m.sum()) for m in marks if m.any()]
        uncertain = [i for i, row in enumerate(lowered.table.rows) if row.distribution is not None]
        self.rows = np.array(uncertain, np.int64)

    def first(self) -> Tilted:
        """Half as the plan has them, half with hazards raised until a fifth default."""
        values = self.lowered.table.medians()[:, None]
        labels = self.lowered.labels
        calm = np.zeros((self.lowered.calendar.count, len(labels.monthly_streams), 1))
        hazard = -Defaults.of(self.lowered, values, calm).chance[..., 0].sum(axis=0)
        raised = -np.log1p(-FIRST) / np.maximum(hazard, 1e-300)
        may = self.known & (hazard > 1e-12)
        times = np.where(may, np.clip(raised, 1.0, MOST_TIMES), 1.0)
        return self._all_rows(joined([(Normals.none(self.lowered), times)], [1.0], 0.5))

    def _all_rows(self, ways: Tilted) -> Tilted:
        """The same with the scores of all uncertain numbers, so that they can be looked at."""
        scores = np.zeros((ways.ways, self.rows.size))
        scores[:, np.searchsorted(self.rows, ways.rows)] = ways.scores
        return Tilted(ways.parts, ways.monthly, ways.once, self.rows, scores, ways.times)

    def looked_at(
        self, drawn: HostDraws, scores: FloatArray, value: FloatArray, near: FloatArray
    ) -> _Round:
        """What a fit needs of a block."""
        paths = value.size
        along = [
            np.tensordot(stretch, drawn.monthly[:, self.streams], axes=1)
            for stretch in self.stretches
        ]
        months = np.stack(along, axis=1).reshape(-1, paths)  # stream by stream
        normals = np.concatenate([months, drawn.once, scores])
        defaults = Defaults.of(self.lowered, drawn.values, drawn.monthly)
        hit, hazard = defaults.until_first()
        return _Round(drawn.weight, value, near, normals, hit, hazard)

    def fitted(self, drawn: _Round, of: FloatArray, plain: float) -> Tilted | None:
        """Ways fitted on futures that count as `of` says; None where nothing stands out."""
        some = (drawn.defaults[self.known] > 0.0).any(axis=0)
        ways, mass = list[tuple[Normals, FloatArray]](), list[float]()
        for mine, defaulted in ((some, True), (~some, False)):
            share = float(of[mine].sum()) / float(of.sum())
            if share < LEAST_MASS:
                continue
            weight = np.where(mine, of, 0.0)
            means = self._means(drawn.normals, weight)
            times = self._times(drawn, weight) if defaulted else np.ones(self.known.size)
            if np.any(means.flat) or np.any(times != 1.0):
                ways.append((means, times))
                mass.append(max(share, 0.2))
        return self._all_rows(joined(ways, mass, plain)) if ways else None

    def _means(self, normals: FloatArray, weight: FloatArray) -> Normals:
        middle = normals @ weight / weight.sum()
        middle = np.where(np.abs(middle) > SURE / np.sqrt(effective(weight)), middle, 0.0)
        length = float(np.linalg.norm(middle))
        middle = middle * min(1.0, FARTHEST / length) if length else middle
        made = Normals.none(self.lowered)
        count = len(self.streams) * len(self.stretches)
        by_stream = middle[:count].reshape(len(self.streams), len(self.stretches))
        made.monthly[:, self.streams] = np.stack(self.stretches, axis=1) @ by_stream.T
        made.once[:] = middle[count : count + made.once.size]
        made.scores[self.rows] = middle[count + made.once.size :]
        return made

    def _times(self, drawn: _Round, weight: FloatArray) -> FloatArray:
        """[E] factors of hazards of parties that have defaulted in a tenth of it or more."""
        defaults, hazard = drawn.defaults @ weight, drawn.hazard @ weight
        often = self.known & (defaults > NEAREST * weight.sum()) & (hazard > 0.0)
        times = np.where(often, defaults / np.where(hazard > 0.0, hazard, 1.0), 1.0)
        return np.clip(times, 1.0, MOST_TIMES)


def _refused(said: str, found: str, expected: str, mend: str) -> PlanErrors:
    problem = in_option("--tilt", f"auto:{said}", "tilt-auto", found, expected, mend)
    return PlanErrors([problem])
