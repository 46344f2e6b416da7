"""Least-squares Monte Carlo: when to use an option, found on simulated paths.

At date t the holder sees features f_k(t) and knows nothing of the shocks e(t+1), standard normal
and independent of the past. What it will have by going on is regressed on pilot paths:

    Y(t+1) = sum over k of f_k(t) (a_k + sum over h of b_kh He_h(e(t+1)) / sqrt(h!)) + rest

The first part is what going on is expected to be worth: the policy compares it with what is paid at
once, and frozen it is a function of what is seen at t. Run on other paths it gives a value that no
holder need do worse than: a lower bound. The second part has mean zero given all that is known at
t, whatever the coefficients: a martingale. What a holder who knew the whole path would make, less
the martingale, is on the mean an upper bound; it needs no simulation inside the simulation.

References:
    1. F. Longstaff, E. Schwartz, Valuing American options by simulation: a simple least-squares
       approach, Review of Financial Studies 14 (2001) 113-147.
    2. L. C. G. Rogers, Monte Carlo valuation of American options, Mathematical Finance 12 (2002).
    3. D. Belomestny, C. Bender, J. Schoenmakers, True upper bounds for Bermudan products via
       non-nested Monte Carlo, Mathematical Finance 19 (2009).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Estimate(NamedTuple):
    """A mean over paths."""

    mean: float
    error: float
    """standard error of it"""

    @classmethod
    def of(cls, sample: FloatArray) -> "Estimate":
        """Of a sample of at least two independent paths [P]."""
        count = sample.shape[-1]
        return cls(float(sample.mean()), float(sample.std(ddof=1) / math.sqrt(count)))


class Fit(NamedTuple):
    """Coefficients of K features for R targets."""

    mean: FloatArray
    """[K, R] a, of what is expected"""
    move: FloatArray
    """[K, S x H, R] b, of the martingale: all degrees of the first shock, then of the next"""

    def expected(self, features: FloatArray) -> FloatArray:
        """[R, P] what is expected, features [K, P]."""
        return self.mean.T @ features

    def surprise(self, features: FloatArray, waves: FloatArray) -> FloatArray:
        """[R, P] what the shocks add to it; waves [S x H, P], see `hermite`."""
        return np.einsum("kwr,kp,wp->rp", self.move, features, waves, optimize=True)


def hermite(shocks: FloatArray, degree: int) -> FloatArray:
    """Normalised Hermite polynomials of degrees 1 to `degree` of shocks [S, P], [S x degree, P].

    Of standard normal shocks each has mean zero and variance one.
    """
    before, now, made = np.ones_like(shocks), shocks, list[FloatArray]()
    for h in range(1, degree + 1):
        made.append(now / math.sqrt(math.factorial(h)))
        before, now = now, shocks * now - h * before
    return np.stack(made, axis=1).reshape(-1, shocks.shape[-1])


def fit(targets: FloatArray, features: FloatArray, waves: FloatArray) -> Fit:
    """Least squares of targets [R, P] on features [K, P] and their products with waves [W, P]."""
    count, width = len(features), len(waves)
    products = (features[:, None] * waves[None]).reshape(count * width, -1)
    design = np.concatenate([features, products])
    # Normal equations, each column scaled to length one; what is nearly the same is told apart no
    # further than this.
    size = np.sqrt(np.mean(design * design, axis=1))
    size = np.where(size > 0.0, size, 1.0)
    design = design / size[:, None]
    square, right = design @ design.T, design @ targets.T
    found = np.linalg.lstsq(square, right, rcond=1e-12)[0] / size[:, None]
    return Fit(found[:count], found[count:].reshape(count, width, -1))


class Worth(NamedTuple):
    """What an option is worth to who has it, USD of today."""

    simple: Estimate
    """by the simple rule"""
    fitted: Estimate
    """by a fitted policy: on the mean a lower bound of what can be had"""
    bound: Estimate
    """on the mean an upper bound"""
    lost: Estimate
    """fitted less simple, on the same paths"""
    gap: Estimate
    """bound less fitted, on the same paths"""

    @classmethod
    def of(cls, simple: FloatArray, best: FloatArray, most: FloatArray) -> "Worth":
        """Of what both rules and the bound bring on the same paths [P]."""
        return cls(*map(Estimate.of, (simple, best, most, best - simple, most - best)))


DEGREE = 5
"""Powers of z in a policy: 0 to 4."""


def standing(seen: FloatArray, price: FloatArray) -> FloatArray:
    """[DEGREE, P] powers of z, where a price that is seen [P] stands against the contract's."""
    both = seen + price
    z = np.where(both > 0.0, (seen - price) / np.where(both > 0.0, both, 1.0), 0.0)
    return np.stack([z**k for k in range(DEGREE)])


def advantage(policy: FloatArray, z: FloatArray, n: FloatArray) -> FloatArray:
    """[L, P] what using an option is expected to bring, per hour: `finance.exercise` on the host.

    Args:
        policy: [2 x DEGREE] of a period.
        z: [DEGREE, P] powers, see `standing`.
        n: [L, P] share that counts too.
    """
    alone, full = policy[:DEGREE] @ z, policy[DEGREE:] @ z
    return alone[None] + n * full[None]


def fit_advantage(target: FloatArray, z: FloatArray, n: FloatArray | None) -> FloatArray:
    """[2 x DEGREE] least squares of targets [L, P] on powers of z, and those times n [L, P].

    Without n the second half is zero.
    """
    wide = np.broadcast_to(z[:, None], (DEGREE, *target.shape))
    design = wide.reshape(DEGREE, -1)
    if n is not None:
        design = np.concatenate([design, (wide * n[None]).reshape(DEGREE, -1)])
    made: FloatArray = np.zeros(2 * DEGREE)
    made[: len(design)] = np.linalg.lstsq(design.T, target.reshape(-1), rcond=1e-9)[0]
    return made


# ----------------------------------------------------------------------------- one exercise


class Stopping(NamedTuple):
    """Paths of an option that is used once or not at all; dates 0 .. T, the last included."""

    features: FloatArray
    """[T, K, P] what the holder sees at dates 0 .. T - 1"""
    payoff: FloatArray
    """[T + 1, P] what using the option pays, in money of date 0"""
    shocks: FloatArray
    """[T, S, P] that lead from each date to the next"""


def stopping_policy(pilot: Stopping, degree: int = 3) -> list[Fit]:
    """What going on is worth at dates 0 .. T - 1, by regression of what was got on the paths.

    Args:
        pilot: paths that serve for nothing else.
        degree: of the polynomials of shocks.
    """
    got: FloatArray = np.maximum(pilot.payoff[-1], 0.0)
    seen: FloatArray = got
    fits: list[Fit] = []
    for t in range(len(pilot.features) - 1, -1, -1):
        features, waves = pilot.features[t], hermite(pilot.shocks[t], degree)
        both = fit(np.stack([got, seen]), features, waves)
        # What was got says what to expect; the martingale follows what is expected one date on,
        # which has none of the noise of the rest of the path, and takes it off what was got.
        made = Fit(both.mean[:, :1], both.move[:, :, 1:])
        fits.append(made)
        expected = made.expected(features)[0]
        seen = np.maximum(np.maximum(pilot.payoff[t], expected), 0.0)
        got = _got(pilot.payoff[t], expected, got - made.surprise(features, waves)[0])
    return fits[::-1]


def _got(payoff: FloatArray, going_on: FloatArray, later: FloatArray) -> FloatArray:
    """[P] what the option brings: used where it pays something and no less than going on is worth.

    Args:
        payoff: if it is used.
        going_on: what is expected if it is not.
        later: what follows if it is not.
    """
    return np.where((payoff > 0.0) & (payoff >= going_on), payoff, later)


def stopped_value(paths: Stopping, fits: list[Fit], degree: int = 3) -> FloatArray:
    """[P] what a frozen policy brings on paths of their own: on the mean a lower bound.

    The martingale up to the exercise is taken off: it has mean zero and most of the variance.
    """
    got: FloatArray = np.maximum(paths.payoff[-1], 0.0)
    for t in range(len(fits) - 1, -1, -1):
        features = paths.features[t]
        going_on = fits[t].expected(features)[0]
        moved = fits[t].surprise(features, hermite(paths.shocks[t], degree))[0]
        got = _got(paths.payoff[t], going_on, got - moved)
    return got


def stopping_bound(paths: Stopping, fits: list[Fit], degree: int = 3) -> FloatArray:
    """[P] what foresight would bring less the martingale: on the mean an upper bound."""
    moved = [
        made.surprise(paths.features[t], hermite(paths.shocks[t], degree))[0]
        for t, made in enumerate(fits)
    ]
    return foresight(paths.payoff, moved)


def foresight(payoff: FloatArray, moved: Sequence[FloatArray]) -> FloatArray:
    """[P] what who knows the path gets out of one exercise or none, less a martingale.

    Args:
        payoff: [T + 1, P] of using the option at each date.
        moved: [T] what the martingale moves by from each date to the next, [P].
    """
    most: FloatArray = np.maximum(payoff[-1], 0.0)
    for t in range(len(moved) - 1, -1, -1):
        most = np.maximum(payoff[t], most - moved[t])
    return most
