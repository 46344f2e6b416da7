"""The election of a compute note's holder as an optimum, given what it can see.

Each period the holder gives notice before the index is known: compute for all that it can use, or
cash. What it gets, v being what an hour is worth to it, x what it pays above the cap, c cash:

    compute   (v - x) (delivered + drawn from the bank) + I x not delivered
    cash      c x due

and of the hours that are neither, what the bank holds is there in the next period. So each notice
moves what later ones are worth. By least squares on pilot paths (`finance.least_squares`),
backwards, at levels of the bank, each choice is worth what is got now and from then on; the
difference between compute and cash is fitted by

    advantage(t) = sum over k < 5 of (p_k + p_{5+k} n) z^k,    z = (J - F) / (J + F)
    n = banked / (banked + scheduled),   J the index last seen, F the settlement price

and the policy is to take compute where it is not negative: ten numbers a period, frozen.

The note is one that performs: what is asked in cash is paid. Values are in money of the issue.

References:
    1. A. Boogert, C. de Jong, Gas storage valuation using a Monte Carlo method, Journal of
       Derivatives 15 (2008).
    2. D. Brown, J. Smith, P. Sun, Information relaxations and duality in stochastic dynamic
       programs, Operations Research 58 (2010).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.finance import compute_note as note
from offtake.finance.exercise import takes_delivery
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

WAVES = 2
"""Degree of the polynomials of shocks."""
LEVELS = 5
"""Levels of the bank at which choices are valued."""
FINE = 65
"""Levels of the bank in the upper bound, where what is banked is rounded up to the next one."""


class Holding(NamedTuple):
    """What M periods of a note bring on P paths; [M, P] unless said."""

    seen: FloatArray
    """index of the period before, USD/H100e/h"""
    spot: FloatArray
    """index of the period"""
    price: FloatArray
    """settlement price"""
    due: FloatArray
    """hours due"""
    scheduled: FloatArray
    """hours scheduled"""
    limit: FloatArray
    """most hours that are banked"""
    need: FloatArray
    """hours that can be used"""
    pool: FloatArray
    """hours that can be delivered"""
    worth: FloatArray
    """of an hour of compute to the holder once the index is known, USD"""
    expects: FloatArray
    """the same when it gives notice, as the simple rule has it"""
    cash: FloatArray
    """for an hour, USD"""
    cash_seen: FloatArray
    """the same at the index last seen"""
    excess: FloatArray
    """what is paid for an hour above the cap, USD"""
    excess_seen: FloatArray
    """the same at the index last seen"""
    discount: FloatArray
    """value at issue of money at the close of each period"""
    shocks: FloatArray
    """[M, S, P] standard normals of each period, not known at notice"""

    @property
    def most(self) -> FloatArray:
        """[P] most hours that the bank ever holds."""
        return self.limit.max(axis=0)


class Choice(NamedTuple):
    """What one notice brings, [L, P]."""

    got: FloatArray
    """USD of the issue"""
    banked: FloatArray
    """hours banked after it"""


def choices(h: Holding, t: int, banked: FloatArray) -> tuple[Choice, Choice]:
    """What cash and compute bring in period t with hours banked [L, P]."""
    row = {f: getattr(h, f)[t][None] for f in Holding._fields if f != "shocks"}
    found: list[Choice] = []
    for takes in (0.0, 1.0):
        given: Any = row["due"], banked, np.full_like(banked, takes), row["need"], row["pool"]
        parts: Any = [np.asarray(x) + 0.0 * banked for x in note.split(*given)]
        s = note.Split(*parts)
        hour = row["worth"] - row["excess"]
        got = hour * (s.delivered + s.drawn) + row["spot"] * s.missing + row["cash"] * s.cash
        after = banked + s.kept - s.drawn
        kept = np.minimum(after, np.maximum(row["limit"], s.waiting))
        found.append(Choice(np.asarray(row["discount"] * got), np.asarray(kept)))
    return found[0], found[1]


def features(h: Holding, t: int) -> FloatArray:
    """[DEGREE, P] powers of where the index last seen stands against the settlement price."""
    return standing(h.seen[t], h.price[t])


def fullness(h: Holding, t: int, banked: FloatArray) -> FloatArray:
    """[L, P] n, share of what is banked in what is banked and scheduled."""
    both = banked + h.scheduled[t][None]
    return np.where(both > 0.0, banked / np.where(both > 0.0, both, 1.0), 0.0)


class Fitted(NamedTuple):
    """A policy and the martingale that goes with it."""

    policy: FloatArray
    """[M, 2 x DEGREE] USD per hour"""
    moves: list[Fit]
    """[M] of both choices at every level, cash first"""
    levels: int


def _levels(h: Holding, count: int) -> FloatArray:
    """[L, P] hours banked at each level."""
    return np.linspace(0.0, 1.0, count)[:, None] * h.most[None]


def _between(table: FloatArray, banked: FloatArray, most: FloatArray) -> FloatArray:
    """[L', P] a table [L, P] over levels of the bank at hours banked, in straight lines."""
    if len(table) == 1:
        return table + 0.0 * banked
    place = banked / np.where(most > 0.0, most, 1.0)[None] * (len(table) - 1)
    low = np.clip(np.floor(place).astype(int), 0, len(table) - 2)
    part = np.clip(place - low, 0.0, 1.0)
    below, above = (np.take_along_axis(table, low + i, axis=0) for i in (0, 1))
    return below + part * (above - below)


def fitted(pilot: Holding) -> Fitted:
    """The policy, backwards over pilot paths that serve for nothing else."""
    count = LEVELS if bool(np.any(pilot.most > 0.0)) else 1
    grid, most = _levels(pilot, count), pilot.most
    # What was got on each path from the next period on, and what is expected there.
    got: FloatArray = np.zeros_like(grid)
    seen: FloatArray = np.zeros_like(grid)
    policy = np.zeros((len(pilot.due), 2 * DEGREE))
    moves: list[Fit] = []
    for t in range(len(pilot.due) - 1, -1, -1):
        z, waves = features(pilot, t), hermite(pilot.shocks[t], WAVES)
        both = choices(pilot, t, grid)
        realised = np.concatenate([c.got + _between(got, c.banked, most) for c in both])
        expected = np.concatenate([c.got + _between(seen, c.banked, most) for c in both])
        made = fit(np.concatenate([realised, expected]), z, waves)
        worth, move = made.mean[:, : 2 * count], made.move[:, :, 2 * count :]
        moves.append(Fit(worth, move))
        plain = realised - moves[-1].surprise(z, waves)
        cash, compute = plain[:count], plain[count:]
        n = fullness(pilot, t, grid)
        gain = (compute - cash) / _scale(pilot, t)[None]
        policy[t] = fit_advantage(gain, z, n if count > 1 else None)
        takes = advantage(policy[t], z, n) >= 0.0
        got = np.where(takes, compute, cash)
        ahead = moves[-1].expected(z)
        seen = np.maximum(ahead[:count], ahead[count:])
    return Fitted(policy, moves[::-1], count)


def _scale(h: Holding, t: int) -> FloatArray:
    """[P] hours by which an advantage is divided."""
    hours = np.where(h.scheduled[t] > 0.0, h.scheduled[t], h.most)
    return np.where(hours > 0.0, hours, 1.0)


# ---------------------------------------------------------------------------------- valuing

Rule = Callable[[Holding, int, FloatArray], NDArray[np.bool_]]
"""Where compute is taken in a period, [1, P], from hours banked [1, P]."""


def simple_rule(h: Holding, t: int, banked: FloatArray) -> NDArray[np.bool_]:
    """Compute where it would be worth no less than cash at the index last seen."""
    given: Any = h.expects[t], h.excess_seen[t], h.cash_seen[t]
    takes = takes_delivery(*given)
    return (np.asarray(takes) > 0.5)[None] & (banked >= 0.0)


def fitted_rule(policy: FloatArray) -> Rule:
    """Compute where its fitted advantage is not negative; policy [M, 2 x DEGREE]."""

    def rule(h: Holding, t: int, banked: FloatArray) -> NDArray[np.bool_]:
        return advantage(policy[t], features(h, t), fullness(h, t, banked)) >= 0.0

    return rule


def always(compute: bool) -> Rule:
    """The same notice in every period."""
    return lambda h, t, banked: np.full(banked.shape, compute)


def value(h: Holding, rule: Rule, martingale: Fitted | None = None) -> FloatArray:
    """[P] what a rule brings, USD of the issue; less a martingale, which moves no mean."""
    total, banked, most = np.zeros(h.due.shape[1]), np.zeros((1, h.due.shape[1])), h.most
    for t in range(len(h.due)):
        takes = rule(h, t, banked)
        cash, compute = choices(h, t, banked)
        total += np.where(takes, compute.got, cash.got)[0]
        if martingale is not None:
            moved = _moved(martingale, h, t)
            less = (_between(m, banked, most) for m in moved)
            total -= np.where(takes, *reversed(list(less)))[0]
        banked = np.where(takes, compute.banked, cash.banked)
    return total


def _moved(made: Fitted, h: Holding, t: int) -> tuple[FloatArray, FloatArray]:
    """[levels, P] what the shocks of a period add to cash and to compute at every level."""
    found = made.moves[t].surprise(features(h, t), hermite(h.shocks[t], WAVES))
    return found[: made.levels], found[made.levels :]


def bound(h: Holding, made: Fitted) -> FloatArray:
    """[P] what foresight would bring less the martingale, USD: on the mean no rule brings more.

    What is banked is rounded up to the next level, and banked hours that would cost more than they
    are worth count as nothing: both can only raise it.
    """
    count = FINE if made.levels > 1 else 1
    grid, most = _levels(h, count), h.most
    relaxed = h._replace(worth=np.maximum(h.worth, h.excess)) if count > 1 else h
    best: FloatArray = np.zeros_like(grid)
    for t in range(len(h.due) - 1, -1, -1):
        moved = _moved(made, h, t)
        options: list[FloatArray] = []
        for choice, move in zip(choices(relaxed, t, grid), moved, strict=True):
            place = choice.banked / np.where(most > 0.0, most, 1.0)[None] * (count - 1)
            # Up, but not over what rounding makes of a level itself.
            up = np.clip(np.ceil(place - 1e-9).astype(int), 0, count - 1)
            ahead = np.take_along_axis(best, up, axis=0)
            options.append(choice.got + ahead - _between(move, grid, most))
        best = np.maximum(*options)
    return best[0]


def worth(h: Holding, made: Fitted) -> Worth:
    """Both rules and the bound on paths other than the pilot's."""
    simple = value(h, simple_rule, made)
    best, most = value(h, fitted_rule(made.policy), made), bound(h, made)
    return Worth.of(simple, best, most)
