"""The price path of H100 rental, 2023 to 2026, against a run that starts in January 2023.

The plan is `rental.yaml`; every number of it carries a date before its start. Published prices are
`catalogue.rental_history`, all on the basis of a contract of one year. A price of month m is set
beside the market's price of that month; one dated by its year alone, beside the middle of the year.

The benchmark is a random walk in logarithms from the first point, its drift and volatility fitted
to the points that it is judged on: it has seen what it forecasts. For n steps of length dt and
moves y, drift = sum(y) / sum(dt), variance = sum((y - drift dt)^2 / dt) / (n - 1). The fall from
the shortage of 2023, for which sources give no month, makes that walk wide and easy to beat. So a
second walk is fitted to the points after it and leaves from the first of them, in 2024; it was
added when the first had turned out easy, and the model still starts in 2023.

CRPS of a forecast with draws x_i for an outcome y is mean |x - y| - mean |x - x'| / 2, in the unit
of the price; less is better.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from docs.calibration.bands import RENTAL_BENCHMARK, RENTAL_LEAST_INSIDE
from docs.calibration.rows import Row, figure, table, tally
from offtake import catalogue
from offtake.catalogue import Number

PLAN = Path(__file__).with_name("rental.yaml")
KEPT = Path(__file__).with_name("rental.json")
SEED, PATHS, BLOCK = 1, 512, 256
UNIT = "USD/H100e/h"
QUANTILES = (np.arange(1000) + 0.5) / 1000.0
Floats = NDArray[np.float64]


def published() -> tuple[Number, ...]:
    """The rental history of the H100 from 2023 on, of a one-year contract."""
    return tuple(number for number in catalogue.rental_history("H100") if number.date >= "2023")


def month(date: str) -> int:
    """Period of the plan that holds a date: 1 is January 2023; a bare year is its July."""
    year, _, rest = date.partition("-")
    return (int(year) - 2023) * 12 + int(rest[:2] or 7)


# ---------------------------------------------------------------------------------------- the model


def simulated(paths: int = PATHS) -> tuple[Floats, Floats]:
    """What the market does; the first paths are the same however many are run.

    Returns:
        [point, path] prices in the months of the published points, USD/H100e/h.
        [path] capacity at the end of 2025 over that at the start.
    """
    from offtake.core.arrays import jax, jnp
    from offtake.engine.simulate import Draws, simulate
    from offtake.lowering.lower import lower
    from offtake.plan.load import load
    from offtake.run.draw import draw

    lowered = lower(load(PLAN), ("cleared.price", "cleared.capacity"))
    price, capacity = map(lowered.labels.observations.index, ("cleared.price", "cleared.capacity"))
    run: Any = jax.jit(simulate, static_argnums=1)
    months = [month(number.date) for number in published()]
    found: list[Floats] = []
    grown: list[Floats] = []
    for first in range(0, paths, BLOCK):
        block = draw(lowered, SEED, first, BLOCK, BLOCK)
        record: Any = run(lowered.program, lowered.shape, Draws(*(jnp.asarray(x) for x in block)))
        seen = np.asarray(record.months.observations)
        found.append(seen[months, price])
        grown.append(seen[month("2025-12"), capacity] / seen[0, capacity])
    return np.concatenate(found, axis=1), np.concatenate(grown)


def kept() -> Floats:
    """[point, path] prices of the run that is kept, USD/H100e/h."""
    return np.array(json.loads(KEPT.read_text(encoding="utf-8"))["prices_usd_per_h100e_hour"])


def kept_growth() -> list[float]:
    """5 %, 50 % and 95 % of capacity at the end of 2025 over that at the start, as kept."""
    return json.loads(KEPT.read_text(encoding="utf-8"))["capacity_2025_over_2022"]


def keep() -> None:
    """Run the plan and keep what it gives."""
    prices, growth = simulated()
    rounded = [[float(f"{value:.4g}") for value in point] for point in prices.tolist()]
    content = {
        "made_by": "make docs ARGS=--calibrate",
        "dates": [number.date for number in published()],
        "capacity_2025_over_2022": [
            float(f"{value:.3g}") for value in np.quantile(growth, (0.05, 0.5, 0.95)).tolist()
        ],
        "prices_usd_per_h100e_hour": rounded,
    }
    text = json.dumps(content).replace("], [", "],\n[").replace(', "', ',\n"')
    KEPT.write_text(text + "\n", encoding="utf-8")


# ------------------------------------------------------------------------------------ the benchmark


@dataclass(frozen=True)
class Walk:
    """A random walk in logarithms that leaves a price."""

    start: float
    drift: float
    """1/year"""
    volatility: float
    """1/sqrt(year)"""

    def quantiles(self, years: float) -> Floats:
        """Evenly spaced quantiles of the price after some years."""
        moves = self.drift * years + self.volatility * np.sqrt(years) * norm.ppf(QUANTILES)
        return self.start * np.exp(moves)


def fitted(values: Floats, years: Floats) -> Walk:
    """The walk through prices at times, by its likeliest drift and unbiased variance."""
    moves, steps = np.diff(np.log(values)), np.diff(years)
    drift = float(np.sum(moves) / np.sum(steps))
    spread = np.sum((moves - drift * steps) ** 2 / steps) / (len(steps) - 1)
    return Walk(float(values[0]), drift, float(np.sqrt(spread)))


def crps(draws: Floats, outcome: float) -> float:
    """Continuous ranked probability score of draws, in their unit."""
    ordered = np.sort(draws)
    n = len(ordered)
    weights = 2.0 * np.arange(1, n + 1) - n - 1.0
    apart = float(np.sum(weights * ordered)) / (n * n)
    return float(np.mean(np.abs(ordered - outcome))) - apart


# --------------------------------------------------------------------------------------- the result


def rows(model: Floats) -> list[Row]:
    """One row for each published price: the model's median and its 5-95 % band."""
    found: list[Row] = []
    for draws, number in zip(model, published(), strict=True):
        low, middle, high = (float(q) for q in np.quantile(draws, (0.05, 0.5, 0.95)))
        band = f"{figure(number.low or number.value)} to {figure(number.high or number.value)}"
        note = f"published as {band} on the one-year basis"
        who = number.source.split(";")[0]
        what = f"H100 rental {number.date}"
        row = Row(what, UNIT, middle, number.value, low, high, "published", who, note)
        found.append(row)
    return found


def scores(model: Floats) -> list[Row]:
    """The whole path: points inside, score and width beside the random walk."""
    points = published()
    inside = sum(row.inside for row in rows(model))
    counted = Row(
        "points inside the 5-95 % band",
        "1",
        inside,
        len(points),
        RENTAL_LEAST_INSIDE,
        len(points),
        "model",
        "the table above",
    )
    return [counted, *_beside_walk(model, 0), *_beside_walk(model, 1)]


def _beside_walk(model: Floats, first: int) -> list[Row]:
    """Score and width of the model beside those of a walk that leaves from one of the points."""
    points = published()[first:]
    values = np.array([number.value for number in points])
    years = np.array([month(number.date) / 12.0 for number in points])
    walk = fitted(values, years)
    walks = [walk.quantiles(float(after)) for after in years[1:] - years[0]]
    draws, outcomes = model[first + 1 :], values[1:]
    span = f"{points[1].date} to {points[-1].date}"
    source = f"random walk fitted to {points[0].date} to {points[-1].date}"
    return [
        _beside(
            f"mean CRPS, {span}",
            UNIT,
            [crps(x, y) for x, y in zip(draws, outcomes, strict=True)],
            [crps(x, y) for x, y in zip(walks, outcomes, strict=True)],
            source,
        ),
        _beside(
            f"mean width of the band, ln(95 % / 5 %), {span}",
            "1",
            [_width(draws[i]) for i in range(len(walks))],
            [_width(x) for x in walks],
            source,
        ),
    ]


def _width(draws: Floats) -> float:
    low, high = np.quantile(draws, (0.05, 0.95)).tolist()
    return float(np.log(high / low))


def _beside(what: str, unit: str, model: list[float], walk: list[float], source: str) -> Row:
    """A score of the model that must not be above that of the walk."""
    most = float(np.mean(walk)) * RENTAL_BENCHMARK
    score, other = float(np.mean(model)), float(np.mean(walk))
    return Row(what, unit, score, other, 0.0, most, "model", source)


def turns(model: Floats) -> tuple[float, float]:
    """Shares of paths that fall from 2023 to 2025-10, and that then rise by 2026-03 as well."""
    dates = [number.date for number in published()]
    first, low, last = (model[dates.index(date)] for date in ("2023", "2025-10", "2026-03"))
    falls = low < first
    return float(np.mean(falls)), float(np.mean(falls & (last > low)))


def section() -> str:
    """The part of the page on rental prices."""
    model = kept()
    found, whole = rows(model), scores(model)
    fall, turn = turns(model)
    low = next(row for row in found if row.what.endswith("2025-10"))
    wide = found[-1].high / found[-1].low
    least, middle, most = kept_growth()
    shipped = {number.date: number.value for number in catalogue.shipments()["Nvidia"].h100e}
    really = shipped["2025-12-31"] / shipped["2022-12-31"]
    moved = found[-1].model / low.model - 1.0
    moved_really = found[-1].published / low.published - 1.0
    return f"""## Rental price of the H100, 2023 to 2026

The market of [rental.yaml](calibration/rental.yaml) is set up with numbers dated before January
2023 and run over {model.shape[1]} paths. Prices are published on several bases; all are first
brought to that of a one-year contract. Whoever chose the inputs knew what came after: their dates
show what they rest on, not that nobody looked.

{table(found)}

{tally(found)} The band is wide, at the end {wide:.0f} times from end to end; from October 2025
to June 2026 the median moves by {moved:+.0%}, the price by {moved_really:+.0%}. {fall:.0%} of
paths fall from 2023 to October 2025; {turn:.0%} fall and have risen again by March 2026, as the
price did.

Prices near what was paid do not show that volumes were. From the end of 2022 to the end of 2025 the
model's capacity grows {middle:.0f}-fold ({least:.0f} to {most:.0f}, 5-95 %); Nvidia's shipments
since 2022, which leave out older chips and so grow faster, came to {really:.0f} times what they had
been. By its middle the model told supply too low; where its price was near all the same, it told
demand too low as well.

{table(whole)}

{tally(whole)}

Both walks are fitted to the very points that they are scored on. The first is wide
because of one fall, from the shortage of 2023; the second was added after the first had turned out
easy to beat, and starts a year later than the model.
"""
