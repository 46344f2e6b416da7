"""The measure under which futures are drawn and money is discounted.

Under the plan's own measure drivers do what the plan says, and money is discounted at its rate.
Under the pricing measure a driver with a market price of risk l drifts by l volatilities less,

    dx = -k x dt + volatility (dW - l dt)

so that over a period of h years the mean of its deviation falls by

    volatility x l (1 - exp(-k h)) / k

That is a change of the mean of the shocks that are drawn, and of nothing else: the same program and
the same streams. Money is discounted at the risk-free rate r of the path, by the product of
1 + r h. Only drivers with a price of risk are moved: delays, defaults of parties and numbers drawn
once keep the chances that the plan gives them, but for defaults that a moved driver drives.

References:
    1. M. Baxter, A. Rennie, Financial Calculus, Cambridge 1996, ch. 4 (change of measure).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from offtake.core.series import Series
from offtake.lowering.at import series_rows
from offtake.lowering.lower import LoweredPlan
from offtake.lowering.world import World
from offtake.run.draw import HostDraws

FloatArray = NDArray[np.float64]


class Measure(NamedTuple):
    """A measure."""

    pricing: bool

    def moved(self, lowered: LoweredPlan, draws: HostDraws) -> HostDraws:
        """Draws of standard normals as draws under the measure."""
        if not self.pricing:
            return draws
        return draws._replace(monthly=draws.monthly - shift(lowered, draws.values))

    def discount(
        self, lowered: LoweredPlan, values: FloatArray, observed: Mapping[str, FloatArray]
    ) -> FloatArray:
        """[T, P] value today of money at the close of each period.

        Args:
            lowered: the plan.
            values: [row, P] numbers of the paths.
            observed: observation -> [T, P]; of drivers.
        """
        years = np.asarray(lowered.calendar.years)[:, None]
        rate = lowered.plan.plan.risk_free
        if not self.pricing or rate is None:
            growth = values[lowered.table.at("plan.discount_rate")]
            return np.exp(-np.cumsum(years, axis=0) * np.log1p(growth)[None])
        return np.exp(-np.cumsum(np.log1p(_over_time(lowered, rate, values, observed) * years), 0))


PLAN = Measure(pricing=False)
PRICING = Measure(pricing=True)


def _over_time(
    lowered: LoweredPlan, rate: Series, values: FloatArray, observed: Mapping[str, FloatArray]
) -> FloatArray:
    """[T, P] the risk-free rate of each period."""
    if rate.driver is not None:
        return observed[f"drivers.{rate.driver}"]
    before, after, weight = series_rows(
        lowered.table, {"plan.risk_free": rate}, lowered.calendar.count
    )
    part = weight[0][:, None]
    return values[before[0]] * (1.0 - part) + values[after[0]] * part


def prices_of_risk(lowered: LoweredPlan) -> dict[str, float]:
    """Driver -> median of its market price of risk, of those that have one."""
    return {
        name: lowered.table.rows[row].value
        for name in lowered.plan.drivers
        if (row := lowered.table.index.get(f"drivers.{name}.price_of_risk")) is not None
    }


def shift(lowered: LoweredPlan, values: FloatArray) -> FloatArray:
    """[T, stream, P] what the pricing measure takes off the mean of every shock."""
    world = cast("World", lowered.program.environment)
    processes, labels, table = world.processes, lowered.labels, lowered.table
    years = np.asarray(lowered.calendar.years)
    moved = np.zeros((len(years), len(labels.monthly_streams), values.shape[1]))
    stream: list[int] = np.asarray(processes.stream).tolist()
    names = [labels.monthly_streams[s].removeprefix("drivers.") for s in stream]
    rows = [table.index.get(f"drivers.{name}.price_of_risk") for name in names]
    if not any(row is not None for row in rows):
        return moved
    price = np.stack([np.zeros(values.shape[1]) if r is None else values[r] for r in rows])
    half_life = values[np.asarray(processes.half_life)] / float(world.per_year)
    mean = np.stack([price * _units(half_life, h) for h in years])
    # Shocks are mixed by the factor of the correlations; what mixes into the mean is sought.
    matrix = np.moveaxis(values[np.asarray(processes.correlation)], -1, 0)
    linalg: Any = np.linalg
    factor = linalg.cholesky(matrix)
    own: FloatArray = linalg.solve(factor[None], np.moveaxis(mean, -1, 1)[..., None])[..., 0]
    moved[:, stream] = np.moveaxis(own, 1, -1)
    return moved


def _units(half_life: FloatArray, years: float) -> FloatArray:
    """[D, P] mean that a price of risk of 1 takes off over a period, in deviations of its shock."""
    if years <= 0.0:
        return np.zeros_like(half_life)
    speed = np.log(2.0) / np.maximum(half_life, 1e-9)
    slow = speed < 1e-6
    safe = np.where(slow, 1.0, speed)
    mean = np.where(slow, years, -np.expm1(-safe * years) / safe)
    variance = np.where(slow, years, -np.expm1(-2.0 * safe * years) / (2.0 * safe))
    return mean / np.sqrt(variance)
