"""Internal rate of return: of flows in equal periods (arrays), and of dated flows (one list).

    IRR    Σ_t flow_t (1 + r)^−t = 0                 r per period; `irr`, vectorised
    XIRR   Σ_i a_i (1 + r)^(−days_i / 365) = 0       r per year; `xirr`, `xnpv`, for dated flows;
                                                     `yearly_rate`, for times in years

Flows that change sign more than once may have several rates, and flows may have none. Which rate is
meant is stated at each function; no rate is NaN, never an exception.

References:
    [1] D. Luenberger, Investment Science, 2nd ed., Oxford 2014, §2.4-2.5.
    [2] The conventions of `xirr` are those of pyxirr 0.10, whose published cases it passes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from offtake.core.arrays import Array, jnp, lax

Floats = npt.NDArray[np.float64]

# ------------------------------------------------------------------------- flows in equal periods

_GRID = (
    *(0.001, 0.002, 0.004, 0.007, 0.01, 0.015, 0.02, 0.03, 0.045, 0.07, 0.1, 0.15),
    *(0.25, 0.4, 0.7, 1.1, 1.7, 2.5, 3.5, 5.0, 6.0, 7.0, 8.5, 10.0),
)
"""|log(1 + r)| at which the sign of the value is looked at, on both sides of r = 0."""

_MOST_STEPS = 100
"""Cap on the refinement of a bracket; Newton usually needs six steps, plain halving fifty."""

_CLOSE = 1e-12
"""Newton step in log(1 + r) after which the next one would be lost in rounding."""


class _Bracket(NamedTuple):
    """Search for a sign change, outwards from r = 0, in u = |log(1 + r)|, `[item, path]`."""

    grid_point: Array
    sign_above: Array
    """Sign of the value at r > 0."""
    sign_below: Array
    """Sign of the value at r < 0."""
    low: Array
    high: Array
    negative: Array
    """Whether the bracket lies at r < 0."""
    wanted: Array
    """Whether a root is still looked for."""


def irr(flows: Array) -> Array:
    """Internal rate of return per period.

    Which root: log(1 + r) is looked at on a fixed grid from r = 0 outwards (rates per period from
    −99.995 % to +2,200,000 %); the root in the first cell where the value changes sign is taken,
    the positive one of two cells equally far out. Two roots inside one cell are not seen. Inside
    the cell: Newton, halving wherever Newton would leave it. The derivative with respect to the
    flows is that of the root, not of the search.

    Args:
        flows: flow at the end of each period, received positive, paid negative, USD,
            `[period, item, path]` (or any shape after the first axis).

    Returns:
        Rate, 1/period, `[item, path]`; NaN where flows are not of both signs, or no root is found.
    """
    fixed = lax.stop_gradient(flows)
    flipped = jnp.flip(fixed, axis=0)
    bracket = _bracket(fixed, flipped)
    both_signs = jnp.any(fixed > 0.0, axis=0) & jnp.any(fixed < 0.0, axis=0)
    found = both_signs & ~bracket.wanted
    negative = bracket.negative
    # Below r = 0 the value is taken at the last flow, above it at the first: powers never exceed 1.
    u = _refine(jnp.where(negative[None], flipped, fixed), bracket, found)
    ordered = jnp.where(negative[None], jnp.flip(flows, axis=0), flows)
    value, slope = _value_and_slope(ordered, jnp.exp(-u))
    slope = lax.stop_gradient(jnp.where(found & (slope != 0.0), slope, 1.0))
    u = u + (value - lax.stop_gradient(value)) / slope  # adds nothing but the derivative
    return jnp.where(found, jnp.expm1(jnp.where(negative, -u, u)), jnp.nan)


def _value_and_slope(flows: Array, y: Array) -> tuple[Array, Array]:
    """V = Σ_k flow_k y^(k − first) and y dV/dy, with `first` the first flow that is not 0."""
    first = lax.stop_gradient(jnp.argmax(flows != 0.0, axis=0))

    def step(
        carry: tuple[Array, Array], at: tuple[Array, Array]
    ) -> tuple[tuple[Array, Array], None]:
        value, slope = carry
        k, flow = at
        counts = k >= first
        slope = jnp.where(counts, y * (slope + value), slope)
        return (jnp.where(counts, flow + y * value, value), slope), None

    zero = jnp.zeros_like(y)
    places = jnp.arange(flows.shape[0])
    (value, slope), _ = lax.scan(step, (zero, zero), (places, flows), reverse=True)
    return value, slope


def _bracket(flows: Array, flipped: Array) -> _Bracket:
    """The cell of the grid nearest to r = 0 in which the value changes sign."""
    grid = jnp.asarray(_GRID)
    sign = jnp.sign(jnp.sum(flows, axis=0))
    zero = jnp.zeros_like(sign)
    both_signs = jnp.any(flows > 0.0, axis=0) & jnp.any(flows < 0.0, axis=0)

    def unfinished(at: _Bracket) -> Array:
        return (at.grid_point < len(_GRID)) & jnp.any(at.wanted)

    def outwards(at: _Bracket) -> _Bracket:
        u = jnp.full_like(zero, 1.0) * grid[at.grid_point]
        above = jnp.sign(_value_and_slope(flows, jnp.exp(-u))[0])
        below = jnp.sign(_value_and_slope(flipped, jnp.exp(-u))[0])
        crossed_above = at.wanted & (above != at.sign_above)
        crossed_below = at.wanted & (below != at.sign_below) & ~crossed_above
        crossed = crossed_above | crossed_below
        return _Bracket(
            grid_point=at.grid_point + 1,
            sign_above=above,
            sign_below=below,
            low=jnp.where(at.wanted, at.high, at.low),
            high=jnp.where(at.wanted, u, at.high),
            negative=at.negative | crossed_below,
            wanted=at.wanted & ~crossed,
        )

    start = _Bracket(
        grid_point=jnp.zeros((), dtype=int),
        sign_above=sign,
        sign_below=sign,
        low=zero,
        high=zero,
        negative=zero > 0.0,
        wanted=both_signs & (sign != 0.0),  # a sum of exactly 0 is r = 0
    )
    return lax.while_loop(unfinished, outwards, start)


def _refine(flows: Array, bracket: _Bracket, found: Array) -> Array:
    """The root inside the bracket, by Newton safeguarded by halving, in u = |log(1 + r)|."""
    at_low, _ = _value_and_slope(flows, jnp.exp(-bracket.low))
    sign_low = jnp.sign(at_low)

    def unfinished(at: tuple[Array, Array, Array, Array, Array]) -> Array:
        step, open_, *_ = at
        return (step < _MOST_STEPS) & jnp.any(open_)

    def closer(
        at: tuple[Array, Array, Array, Array, Array],
    ) -> tuple[Array, Array, Array, Array, Array]:
        step, open_, low, high, u = at
        value, slope = _value_and_slope(flows, jnp.exp(-u))
        still_low = jnp.sign(value) == sign_low
        low = jnp.where(still_low, u, low)
        high = jnp.where(still_low, high, u)
        newton = u + value / jnp.where(slope != 0.0, slope, 1.0)
        inside = (newton >= low) & (newton <= high) & (slope != 0.0)
        new = jnp.where(inside, newton, 0.5 * (low + high))
        settled = (jnp.abs(new - u) < _CLOSE) | (value == 0.0)
        u = jnp.where(open_ & (value != 0.0), new, u)
        return step + 1, open_ & ~settled, low, high, u

    middle = 0.5 * (bracket.low + bracket.high)
    open_ = found & (bracket.high > bracket.low)
    start = (jnp.zeros((), dtype=int), open_, bracket.low, bracket.high, middle)
    return lax.while_loop(unfinished, closer, start)[4]


# ------------------------------------------------------------------------------------ dated flows

_DAYS_PER_YEAR = 365.0
_NEWTON_STEPS = 50
_NEWTON_CLOSE = 1e-9
_LOWEST_RATE = -0.999999999999999
_HIGHEST_RATE = 100.0


def year_fractions(dates: Sequence[dt.date]) -> Floats:
    """Time from the earliest date to each date, in years of 365 days (actual/365 fixed).

    Args:
        dates: dates in any order, at least one.

    Returns:
        Years, `[flow]`.
    """
    days = np.array([date.toordinal() for date in dates], dtype=np.float64)
    return (days - days.min()) / _DAYS_PER_YEAR


def xnpv(rate: float, dates: Sequence[dt.date], amounts: Sequence[float]) -> float:
    """Net present value of dated flows at the earliest date.

    Args:
        rate: annual effective rate, 1/year, above −1.
        dates: date of each flow, in any order, `[flow]`.
        amounts: flows, received positive, paid negative, USD, `[flow]`.

    Returns:
        Present value, USD; +inf where the rate is −1 or below.

    Raises:
        ValueError: dates and amounts differ in number, or there are none.
    """
    years, flows = _dated(dates, amounts)
    return _dated_value(rate, years, flows)


def xirr(
    dates: Sequence[dt.date],
    amounts: Sequence[float],
    *,
    guess: float | None = None,
    tolerance_usd: float = 1e-3,
) -> float:
    """Internal rate of return of dated flows, per year of 365 days.

    Args:
        dates: date of each flow, in any order, `[flow]`.
        amounts: flows, received positive, paid negative, USD, `[flow]`.
        guess: as in `yearly_rate`, which says which root is meant.
        tolerance_usd: as there.

    Returns:
        Rate, 1/year; NaN where flows are not of both signs, or no rate counts.

    Raises:
        ValueError: dates and amounts differ in number, or there are none.

    Example:
        >>> xirr([dt.date(2025, 1, 1), dt.date(2026, 1, 1)], [-100.0, 110.0])
        0.1
    """
    years, flows = _dated(dates, amounts)
    return yearly_rate(years, flows, guess=guess, tolerance_usd=tolerance_usd)


def yearly_rate(
    years: Floats, flows: Floats, *, guess: float | None = None, tolerance_usd: float = 1e-3
) -> float:
    """Internal rate of return per year of one list of flows.

    Which root (pyxirr's convention): two flows are solved in closed form. Otherwise the root that
    Newton's method reaches from the guess; failing that, the root that Brent's method finds between
    −100 % and 10,000 %; failing that, the first that Newton's method reaches from guesses rising
    from −100 %. A rate counts only if the value at it is within the tolerance, which rules out
    rates so near −100 % that rounding alone exceeds it.

    Args:
        years: time of each flow, years, `[flow]`.
        flows: received positive, paid negative, USD, `[flow]`.
        guess: where to start, 1/year; by default received over paid, less one, held to −0.9 to 0.1.
        tolerance_usd: largest value at a rate that still counts, USD.

    Returns:
        Rate, 1/year; NaN where flows are not of both signs, or no rate counts.
    """
    received = float(flows[flows > 0.0].sum())
    paid = float(-flows[flows < 0.0].sum())
    if received == 0.0 or paid == 0.0:
        return float("nan")
    if len(flows) == 2:
        apart = float(years[1] - years[0])
        growth = -float(flows[1] / flows[0])
        return growth ** (1.0 / apart) - 1.0 if apart else float("nan")
    if guess is None:
        guess = min(max(received / paid - 1.0, -0.9), 0.1)
    rate = _newton(guess, years, flows, tolerance_usd)
    if np.isfinite(rate):
        return rate
    rate = _brent(years, flows, tolerance_usd)
    if np.isfinite(rate):
        return rate
    return _ladder(years, flows, tolerance_usd)


def _dated(dates: Sequence[dt.date], amounts: Sequence[float]) -> tuple[Floats, Floats]:
    """Year fractions and amounts as arrays, `[flow]` each."""
    if len(dates) != len(amounts) or not len(dates):
        message = f"dates and amounts must be as many, and some: {len(dates)} and {len(amounts)}"
        raise ValueError(message)
    return year_fractions(dates), np.asarray(amounts, dtype=np.float64)


def _dated_value(rate: float, years: Floats, flows: Floats) -> float:
    """Present value at the earliest date, USD; +inf where the rate is −1 or below."""
    if rate <= -1.0:
        return float("inf")
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sum(flows * np.exp2(-years * np.log2(1.0 + rate))))


def _newton(guess: float, years: Floats, flows: Floats, tolerance_usd: float) -> float:
    """Root by Newton's method; NaN where it leaves (−1, ∞), meets a flat value or never settles."""
    rate = guess
    for _ in range(_NEWTON_STEPS):
        if not rate > -1.0 or not np.isfinite(rate):
            return float("nan")
        with np.errstate(over="ignore", invalid="ignore"):
            present = flows * np.exp2(-years * np.log2(1.0 + rate))
            value = float(present.sum())
            slope = float(-(present * years).sum()) / (1.0 + rate)
        if abs(value) < _NEWTON_CLOSE:
            return rate
        if slope == 0.0 or not np.isfinite(value) or not np.isfinite(slope):
            return float("nan")
        step = value / slope
        if abs(step) < _NEWTON_CLOSE and abs(value) < tolerance_usd:
            return rate - step
        rate -= step
    return float("nan")


def _brent(years: Floats, flows: Floats, tolerance_usd: float) -> float:
    """Root by Brent's method over the whole range; NaN where its ends have the same sign."""
    from scipy.optimize import brentq  # here, as it is paid for only where Newton failed

    def value(rate: float) -> float:
        return _dated_value(rate, years, flows)

    low, high = value(_LOWEST_RATE), value(_HIGHEST_RATE)
    if not (np.isfinite(low) and np.isfinite(high)) or np.sign(low) == np.sign(high):
        return float("nan")
    rate = float(brentq(value, _LOWEST_RATE, _HIGHEST_RATE, xtol=2e-14, disp=False))
    return rate if abs(value(rate)) < tolerance_usd else float("nan")


def _ladder(years: Floats, flows: Floats, tolerance_usd: float) -> float:
    """First root that Newton's method reaches from guesses rising from −100 % to 100 %."""
    guess, step = -0.99999999999999, 0.01
    while guess < 1.0:
        rate = _newton(guess, years, flows, tolerance_usd)
        if np.isfinite(rate):
            return rate
        guess += step
        step = min(step * 1.1, 0.1)
    return float("nan")
