"""The right to give up: fitted policy, simple rule and bound against what can be worked out."""

import math

import numpy as np
import pytest
from scipy.special import ndtr

from offtake.finance.giving_up import Right, fitted, gives_up, payoffs, value, worth
from offtake.finance.least_squares import Estimate

PATHS, HOURS, PRICE, DISCOUNT = 4096, 730.0, 2.0, 0.995


def right(seed, dates, *, term, notice=0, fee=0.1, vol=0.5, trend=0.0):
    """1 H100e at 2 USD, all used; the market's price a random walk from 2 USD.

    Args:
        dates: at which the buyer may cancel.
        term: periods from the first date that are paid for.
    """
    closes = np.arange(1, term)
    shocks = np.random.default_rng(seed).standard_normal((term - 1, PATHS))
    sd = vol / math.sqrt(12)
    log = np.cumsum(sd * shocks - sd * sd / 2 + trend / 12, axis=0)
    market = PRICE * np.exp(np.concatenate([np.zeros((1, PATHS)), log]))
    now, one = market[:-1], np.ones((term - 1, PATHS))
    left = np.maximum(term - closes - notice, 0)[:, None] * one
    discount = DISCOUNT ** (closes + 1.0)[:, None]
    whole = HOURS * (PRICE - market[1:]) * discount
    ago = [closes + 1 > closes - lag + notice for lag in range(notice + 1)]
    hours = HOURS * left * discount
    may = (left > 0) & np.isin(closes, dates)[:, None]
    return Right(
        market=now,
        price=PRICE * one,
        needed=one,
        may=may,
        simple=may & (PRICE - now > fee * PRICE),
        fee=fee * PRICE * hours,
        size=hours,
        saved=np.stack([whole * x[:, None] for x in ago], axis=1),
        shocks=shocks[:, None],
        bounded=False,
    )


def annuity(first, last):
    return sum(DISCOUNT**s for s in range(first, last + 1))


def test_one_date_is_a_put_by_the_formula_of_black():
    """Cancelling at 6 saves (2 - S) an hour in 7 to 12, S a martingale; the fee is fixed."""
    date, term, fee = 6, 12, 0.1
    saved = HOURS * annuity(date + 1, term)
    cost = fee * PRICE * HOURS * (term - date) * DISCOUNT ** (date + 1)
    strike, sd = PRICE - cost / saved, 0.5 * math.sqrt((date - 1) / 12)
    d = math.log(PRICE / strike) / sd + sd / 2
    best = saved * (strike * ndtr(sd - d) - PRICE * ndtr(-d))
    made = fitted(right(1, [date], term=term, fee=fee))
    got = worth(right(2, [date], term=term, fee=fee), made)
    assert got.fitted.mean - 3 * got.fitted.error <= best <= got.bound.mean + 3 * got.bound.error
    assert got.fitted.mean == pytest.approx(best, rel=0.01)
    assert got.bound.mean == pytest.approx(best, rel=0.01)


def tree(dates, term, notice, fee, vol=0.5, steps=40):
    """Best of all stopping times on a binomial tree, expectations of S in closed form."""
    up = math.exp(vol / math.sqrt(12 * steps))
    p = (1 - 1 / up) / (up - 1 / up)
    count = (term - 2) * steps
    nodes = PRICE * up ** (2.0 * np.arange(count + 1) - count)
    best = np.zeros(count + 1)
    for i in range(count, -1, -1):
        if i < count:
            nodes = PRICE * up ** (2.0 * np.arange(i + 1) - i)
            best = p * best[1:] + (1 - p) * best[:-1]
        close, part = 1 + i // steps, i % steps
        if part == 0 and close in dates and close + notice < term:
            left = term - close - notice
            cost = fee * PRICE * HOURS * left * DISCOUNT ** (close + 1)
            pays = HOURS * (PRICE - nodes) * annuity(close + notice + 1, term) - cost
            best = np.maximum(best, pays)
    return best[0]


@pytest.mark.parametrize("notice", [0, 2])
def test_many_dates_are_the_best_of_a_binomial_tree(notice):
    given = {"dates": range(1, 18), "term": 18, "notice": notice}
    best = tree(given["dates"], 18, notice, 0.1)
    made, own = fitted(right(1, **given)), right(2, **given)
    got = worth(own, made)
    assert got.fitted.mean - 3 * got.fitted.error <= best <= got.bound.mean + 3 * got.bound.error
    # Standard errors are 0.2 % of it; tree and fits are good to less than a per cent.
    assert got.fitted.mean == pytest.approx(best, rel=0.01)
    assert got.bound.mean == pytest.approx(best, rel=0.012)
    # The simple rule cancels as soon as the market is cheaper by the fee: it forgets to wait.
    assert got.lost.mean > 5 * got.lost.error
    # What the martingale takes off it leaves on the mean.
    plain = Estimate.of(value(own, gives_up(own, made.policy), *payoffs(own)))
    assert plain.mean == pytest.approx(got.fitted.mean, abs=3 * plain.error)


def test_where_nothing_is_uncertain_policy_and_bound_are_the_optimum():
    given = {"dates": range(1, 12), "term": 12, "vol": 0.0, "trend": -0.6}
    made, own = fitted(right(1, **given)), right(2, **given)
    best = np.maximum(payoffs(own)[0].max(axis=0), 0.0)
    got = worth(own, made)
    assert best[0] > 0.0
    np.testing.assert_allclose([got.fitted.mean, got.bound.mean], best[0], rtol=1e-9)
