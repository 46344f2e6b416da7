"""The holder's election: fitted rule, simple rule and bound against what can be worked out."""

import math

import numpy as np
import pytest
from scipy.special import ndtr

from offtake.finance.least_squares import Estimate
from offtake.finance.note_election import (
    Holding,
    always,
    bound,
    fitted,
    fitted_rule,
    value,
    worth,
)

MONTHS, PATHS, HOURS = 12, 2048, 730.0


def holding(
    seed, *, floor=0.0, spread=0.0, cost=0.0, bank=0.0, use=1.0, trend=0.0, vol=0.6, cap=1e15
):
    """Notes of 1 H100e a month at 2 USD, index a random walk from 2 USD."""
    shocks = np.random.default_rng(seed).standard_normal((MONTHS, PATHS))
    sd = vol / math.sqrt(12)
    log = np.cumsum(sd * shocks - sd * sd / 2 + trend / 12, axis=0)
    index = 2 * np.exp(log)
    seen = np.concatenate([np.full((1, PATHS), 2.0), index[:-1]])
    one = np.ones((MONTHS, PATHS))
    runs = one * (np.arange(MONTHS) < MONTHS - 1)[:, None]

    def cash(x):
        return np.minimum(np.maximum(x - spread, floor), max(cap, floor))

    return Holding(
        seen=seen,
        spot=index,
        price=2 * one,
        due=HOURS * runs,
        scheduled=HOURS * runs,
        limit=bank * HOURS * runs,
        need=use * HOURS * one,
        pool=1e9 * one,
        worth=(1 - cost) * index,
        expects=(1 - cost) * seen,
        cash=cash(index),
        cash_seen=cash(seen),
        excess=np.maximum(index - cap, 0),
        excess_seen=np.maximum(seen - cap, 0),
        discount=one * 0.995 ** np.arange(1, MONTHS + 1)[:, None],
        shocks=shocks[:, None],
    )


def exact(floor, spread, cost, vol=0.6):
    """Optimum without a bank: each month the better of two expectations, given the index seen."""
    sd, total, strike = vol / math.sqrt(12), 0.0, floor + spread
    z, w = np.polynomial.hermite_e.hermegauss(200)
    w = w / w.sum()
    for t in range(MONTHS - 1):
        seen = 2 * np.exp(sd * math.sqrt(t) * z - sd * sd * t / 2)
        d = np.log(seen / strike) / sd + sd / 2
        cash = floor + seen * ndtr(d) - strike * ndtr(d - sd)
        total += HOURS * 0.995 ** (t + 1) * (w @ np.maximum(cash, (1 - cost) * seen))
    return total


def test_without_a_bank_it_is_the_better_of_two_expectations():
    """A floor at 1.6, cash 0.2 less than the index, compute sold on at a cost of 3 %."""
    given = {"floor": 1.6, "spread": 0.2, "cost": 0.03}
    got = worth(holding(2, **given), fitted(holding(1, **given)))
    best = exact(1.6, 0.2, 0.03)
    # 200 nodes at a kink are good to 1e-4; the policy loses no more than that and the bound.
    slack = 1e-4 * best
    assert got.fitted.mean - 3 * got.fitted.error - slack <= best
    assert best <= got.bound.mean + 3 * got.bound.error + slack
    assert got.fitted.mean == pytest.approx(best, rel=1.5e-3)
    assert got.bound.mean == pytest.approx(best, rel=2e-3)
    assert got.lost.mean > 3 * got.lost.error


def test_with_a_bank_the_future_counts():
    """Six tenths used, the rest kept: notice of cash costs what is banked, compute what is due."""
    given = {"floor": 1.6, "spread": 0.2, "cost": 0.03, "use": 0.6, "bank": 2.0}
    made, out = fitted(holding(1, **given)), holding(2, **given)
    got = worth(out, made)
    # What a martingale is taken off of, it leaves on the mean.
    plain = Estimate.of(value(out, fitted_rule(made.policy)))
    assert plain.mean == pytest.approx(got.fitted.mean, abs=3 * plain.error)
    best_of_two = max(value(out, always(takes), made).mean() for takes in (False, True))
    assert got.fitted.mean > best_of_two + 3 * got.fitted.error / 10
    assert 0 < got.gap.mean < 0.006 * got.fitted.mean


def test_where_nothing_is_uncertain_policy_and_bound_are_the_optimum():
    given = {"floor": 1.6, "spread": 0.2, "cost": 0.03, "trend": -0.3, "vol": 0.0}
    made, out = fitted(holding(1, **given)), holding(2, **given)
    best = value(out, lambda h, t, banked: (h.worth[t] >= h.cash[t])[None] & (banked >= 0.0))
    np.testing.assert_allclose(value(out, fitted_rule(made.policy)), best, rtol=1e-12)
    np.testing.assert_allclose(bound(out, made), best, rtol=1e-9)
