"""The right to give up what a contract holds, once, as an optimum given what its holder sees.

A buyer cancels a commitment or steps it down, a tenant lets a lease run out. Who gives up at the
close of a period t pays a fee, and from some time on something falls away: bills, less what the
same costs elsewhere.

    payoff(t) = sum over s > t of d(s) (what falls away in s) - d fee

Nothing of it is known at t. By least squares on pilot paths (`finance.least_squares`), backwards,
what falls away and what waiting is worth are expected from what is seen; the payoff less what
waiting brings is fitted by ten numbers a period, and the policy is to give up where it is positive:

    advantage(t) = sum over k < 5 of (p_k + p_{5+k} n) z^k,    z = (m - p) / (m + p)
    m the market's price, p the contract's, n a share that is needed

The shocks of each period move what is expected of each by products that have mean zero. Taken off
the payoff after t, they leave on the mean what it is worth at t; so foresight over such payoffs,
less the same of waiting, is on the mean no less than what any policy brings.

The holder is one that pays.

References:
    1. F. Longstaff, E. Schwartz, Valuing American options by simulation: a simple least-squares
       approach, Review of Financial Studies 14 (2001) 113-147.
    2. D. Brown, J. Smith, P. Sun, Information relaxations and duality in stochastic dynamic
       programs, Operations Research 58 (2010).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.finance.least_squares import (
    DEGREE,
    Fit,
    FloatArray,
    Worth,
    advantage,
    fit,
    fit_advantage,
    hermite,
    standing,
)

BoolArray = NDArray[np.bool_]

WAVES = 2
"""Degree of the polynomials of shocks."""


class Right(NamedTuple):
    """A right to give up at M dates on P paths; [M, P] unless said, money in USD of today.

    What is given up has a size: H100e-hours, or MW-years. The policy is in USD per unit of it.
    """

    market: FloatArray
    """price of the same on the market at the date"""
    price: FloatArray
    """the contract's, in the same unit"""
    needed: FloatArray
    """share that is needed"""
    may: BoolArray
    """whether the holder may give up"""
    simple: BoolArray
    """whether it does by the simple rule"""
    fee: FloatArray
    """if it gives up"""
    size: FloatArray
    """of what it gives up, each unit worth what money of the next close is today"""
    saved: FloatArray
    """[M, L, P] what falls away in the period after the date if it was given up l dates before;
    the last l stands for all longer ago"""
    shocks: FloatArray
    """[M, S, P] standard normals of the period after the date"""
    bounded: bool
    """whether there is a need"""
    over: BoolArray | None = None
    """the date of each path at which giving up is what all is told against; never, if left out"""

    def told(self, t: int, brings: FloatArray, gives_up: FloatArray) -> FloatArray:
        """[P] what is got from a date on, less what giving up at it brings where that is told."""
        if self.over is None:
            return brings
        off: FloatArray = np.where(self.over[t], gives_up, 0.0)
        return brings - off


class Fitted(NamedTuple):
    """A policy and the martingale that goes with it."""

    policy: FloatArray
    """[M, 2 x DEGREE] USD per unit of size"""
    moves: list[Fit]
    """[M] of what falls away, by time since it was given up, and of waiting"""


def features(r: Right, t: int) -> FloatArray:
    """[K, P] what the holder sees at a date."""
    z, levels = standing(r.market[t], r.price[t]), np.stack([r.market[t], r.price[t]])
    if not r.bounded:
        return np.concatenate([z, levels])
    n, few = r.needed[t][None], np.concatenate([z[:3], levels])
    return np.concatenate([z, levels, n * few, n * n * z[:1], n * n * levels[:1]])


def _later(falls: FloatArray) -> FloatArray:
    """[L, P] by time since it was given up at a date, of what it is by that at the next."""
    return np.concatenate([falls[1:], falls[-1:]])


def gives_up(r: Right, policy: FloatArray) -> BoolArray:
    """[M, P] where a policy [M, 2 x DEGREE] gives up."""
    gains = [
        advantage(p, standing(r.market[t], r.price[t]), r.needed[t][None])[0]
        for t, p in enumerate(policy)
    ]
    return r.may & (np.stack(gains) > 0.0)


def fitted(pilot: Right) -> Fitted:
    """The policy, backwards over pilot paths that serve for nothing else."""
    dates, lags, paths = pilot.saved.shape
    policy, moves = np.zeros((dates, 2 * DEGREE)), list[Fit]()
    # What is got on each path from the next date on, and what is expected there: what falls away
    # by time since it was given up, and last what the right brings that is not yet used.
    got: FloatArray = np.zeros((lags + 1, paths))
    seen: FloatArray = np.zeros((lags + 1, paths))
    for t in range(dates - 1, -1, -1):
        x, waves = features(pilot, t), hermite(pilot.shocks[t], WAVES)
        both = [
            np.concatenate([pilot.saved[t] + _later(ahead[:-1]), ahead[-1:]])
            for ahead in (got, seen)
        ]
        made = fit(np.concatenate(both), x, waves)
        moves.append(Fit(made.mean[:, : lags + 1], made.move[:, :, lags + 1 :]))
        got = both[0] - moves[-1].surprise(x, waves)
        may, gain = pilot.may[t], got[0] - pilot.fee[t] - got[-1]
        if may.any():
            z, n = standing(pilot.market[t], pilot.price[t])[:, may], pilot.needed[t][None, may]
            target = (gain / np.where(may, pilot.size[t], 1.0))[None, may]
            policy[t] = fit_advantage(target, z, n if pilot.bounded else None)
            uses = advantage(policy[t], z, n)[0] > 0.0
            got[-1, may] += np.where(uses, gain[may], 0.0)
        brings: FloatArray = got[-1]
        got[-1] = pilot.told(t, brings, got[0] - pilot.fee[t])
        seen = moves[-1].expected(x)
        used = np.where(may, seen[0] - pilot.fee[t], 0.0)
        waits: FloatArray = np.maximum(np.maximum(used, seen[-1]), 0.0)
        seen[-1] = pilot.told(t, waits, used)
    for t in range(1, dates):
        # Others may choose where none of these paths may: they go by what was fitted last.
        policy[t] = policy[t] if pilot.may[t].any() else policy[t - 1]
    return Fitted(policy, moves[::-1])


def payoffs(r: Right, made: Fitted | None = None) -> tuple[FloatArray, FloatArray]:
    """What giving up pays, less the martingale of it after the date, and that of waiting.

    Args:
        r: the right on its paths.
        made: whose martingale is taken off; none is if left out.

    Returns:
        [M, P] payoffs, -inf where the holder may not give up; [M, P] moves of waiting.
    """
    pays, moved = np.full_like(r.fee, -np.inf), np.zeros_like(r.fee)
    later: FloatArray = np.zeros(r.saved.shape[1:])
    lags = np.arange(len(later))
    for t in range(len(pays) - 1, -1, -1):
        later = r.saved[t] + _later(later)
        if made is not None:
            off = made.moves[t].surprise(features(r, t), hermite(r.shocks[t], WAVES))
            # Another sample may have had other lags of the notice: the last stands for all longer.
            later, moved[t] = later - off[np.minimum(lags, len(off) - 2)], off[-1]
        pays[t] = np.where(r.may[t], later[0] - r.fee[t], -np.inf)
    return pays, moved


def value(r: Right, uses: BoolArray, pays: FloatArray, moved: FloatArray) -> FloatArray:
    """[P] what giving up at the first date of `uses` [M, P] brings, if any; see `payoffs`."""
    got: FloatArray = np.zeros_like(pays[0])
    for t in range(len(pays) - 1, -1, -1):
        waits: FloatArray = got - moved[t]
        got = r.told(t, np.where(uses[t], pays[t], waits), pays[t])
    return got


def most(r: Right, pays: FloatArray, moved: FloatArray) -> FloatArray:
    """[P] what who knows the path gets; see `payoffs`."""
    got: FloatArray = np.zeros_like(pays[0])
    for t in range(len(pays) - 1, -1, -1):
        waits: FloatArray = got - moved[t]
        got = r.told(t, np.maximum(pays[t], waits), pays[t])
    return got


def worth(r: Right, made: Fitted) -> Worth:
    """Both rules and the bound on paths other than the pilot's."""
    given = payoffs(r, made)
    simple, best = (value(r, uses, *given) for uses in (r.simple, gives_up(r, made.policy)))
    return Worth.of(simple, best, most(r, *given))
