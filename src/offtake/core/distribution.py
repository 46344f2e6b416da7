"""What is known about an uncertain number: five shapes, each given by its quantile function.

A draw is ``ppf(u)`` of a uniform number ``u``, so that the same random stream serves every shape
and an antithetic or quasi-random ``u`` works without more code. All parameters are in the
canonical unit.

Z is the standard normal quantile function. ``low to high`` is read as the 5 % and 95 % quantiles:

    lognormal   exp(mu + sigma Z(u)),  mu = ln(low high) / 2,   sigma = ln(high / low) / 2 Z(0.95)
    normal      mean + sd Z(u),        mean = (low + high) / 2, sd = (high - low) / 2 Z(0.95)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Kind = Literal["lognormal", "normal", "triangular", "uniform", "quantiles"]

Z95 = NormalDist().inv_cdf(0.95)
"""1.6448536..., the 95 % quantile of the standard normal."""

SMALLEST = 2.0**-53
"""Uniform numbers are kept this far from 0 and 1, so that no draw is infinite."""


@dataclass(frozen=True)
class Distribution:
    """One uncertain number.

    Attributes:
        kind: the shape.
        parameters: lognormal (mu, sigma); normal (mean, sd); triangular (low, mode, high); uniform
            (low, high);
            quantiles (p1, v1, p2, v2, ...) with p and v increasing.
        low: draws below it take this value (a share drawn below 0 is 0).
        high: draws above it take this value.
    """

    kind: Kind
    parameters: tuple[float, ...]
    low: float = -math.inf
    high: float = math.inf

    def ppf(self, u: ArrayLike) -> NDArray[np.float64]:
        """Quantiles of the number.

        Args:
            u: probabilities in [0, 1], any shape.

        Returns:
            Values of the same shape, in the canonical unit of the quantity.
        """
        import numpy as np

        inside = np.clip(np.asarray(u, dtype=np.float64), SMALLEST, 1.0 - SMALLEST)
        return np.clip(_PPF[self.kind](inside, self.parameters), self.low, self.high)

    @property
    def median(self) -> float:
        """The 50 % quantile."""
        return float(min(max(_median(self.kind, self.parameters), self.low), self.high))

    def within(self, low: float | None, high: float | None) -> Distribution:
        """The same distribution with draws held between ``low`` and ``high``."""
        return replace(
            self,
            low=self.low if low is None else max(low, self.low),
            high=self.high if high is None else min(high, self.high),
        )


def interval(low: float, high: float) -> Distribution:
    """The 90 % interval ``low to high``: lognormal when both are positive, otherwise normal.

    Args:
        low: 5 % quantile.
        high: 95 % quantile, above ``low``.
    """
    if low > 0:
        mu = (math.log(low) + math.log(high)) / 2
        return Distribution("lognormal", (mu, (math.log(high) - math.log(low)) / (2 * Z95)))
    return Distribution("normal", ((low + high) / 2, (high - low) / (2 * Z95)))


def _median(kind: Kind, p: Sequence[float]) -> float:
    if kind == "lognormal":
        return math.exp(p[0])
    if kind == "normal":
        return p[0]
    if kind == "uniform":
        return (p[0] + p[1]) / 2
    if kind == "triangular":
        return _triangular_median(*p)
    return _quantiles_median(p)


def _triangular_median(low: float, mode: float, high: float) -> float:
    width = high - low
    if mode >= (low + high) / 2:
        return low + math.sqrt(width * (mode - low) / 2)
    return high - math.sqrt(width * (high - mode) / 2)


def _quantiles_median(p: Sequence[float]) -> float:
    z = [NormalDist().inv_cdf(q) for q in p[::2]]
    log, v = _on_scale(p[1::2])
    last = len(z) - 2
    i = min(sum(1 for q in z[1:-1] if q <= 0.0), last)
    value = v[i] + (v[i + 1] - v[i]) * (0.0 - z[i]) / (z[i + 1] - z[i])
    return math.exp(value) if log else value


def _on_scale(values: Sequence[float]) -> tuple[bool, list[float]]:
    """Logarithms if all values are positive, else the values."""
    if min(values) > 0:
        return True, [math.log(v) for v in values]
    return False, list(values)


def _lognormal(u: NDArray[np.float64], p: tuple[float, ...]) -> NDArray[np.float64]:
    import numpy as np

    return np.exp(p[0] + p[1] * _normal_score(u))


def _normal(u: NDArray[np.float64], p: tuple[float, ...]) -> NDArray[np.float64]:
    return p[0] + p[1] * _normal_score(u)


def _uniform(u: NDArray[np.float64], p: tuple[float, ...]) -> NDArray[np.float64]:
    return p[0] + (p[1] - p[0]) * u


def _triangular(u: NDArray[np.float64], p: tuple[float, ...]) -> NDArray[np.float64]:
    import numpy as np

    low, mode, high = p
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1.0 - u) * (high - low) * (high - mode))
    return np.where(u * (high - low) < mode - low, rising, falling)


def _quantiles(u: NDArray[np.float64], p: tuple[float, ...]) -> NDArray[np.float64]:
    """Linear in Z between the stated quantiles, same slope beyond; of the logarithm if positive."""
    import numpy as np

    z_at = _normal_score(np.asarray(p[::2]))
    log, values = _on_scale(p[1::2])
    v_at = np.asarray(values)
    z = _normal_score(u)
    i = np.clip(np.searchsorted(z_at, z) - 1, 0, z_at.size - 2)
    value = v_at[i] + (v_at[i + 1] - v_at[i]) * (z - z_at[i]) / (z_at[i + 1] - z_at[i])
    return np.exp(value) if log else value


def _normal_score(u: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import ndtri

    return ndtri(u)


_PPF = {
    "lognormal": _lognormal,
    "normal": _normal,
    "triangular": _triangular,
    "uniform": _uniform,
    "quantiles": _quantiles,
}
