"""The right to renew: fitted policy, simple rule and bound against what can be worked out."""

import math

import numpy as np
import pytest
from scipy.special import ndtr

from offtake.finance.giving_up import fitted, gives_up, payoffs, value, worth
from offtake.finance.renewal import Lease, decisions, right_to_leave

PATHS, MW, RENT, DISCOUNT, NEVER = 4096, 10.0, 2.0, 0.995, 1e9


def lease(seed, *, term, renewal, renewals, level=1.0, vol=0.4, trend=0.0, **changes):
    """Months of 10 MW at 2 USD a year and MW; the market's rent a random walk from
    2 USD at the close of the first month.

    Returns:
        The lease, and shocks [T, 1, P].
    """
    count = term + renewals * renewal + 3
    shocks = np.random.default_rng(seed).standard_normal((count, PATHS))
    sd = vol / math.sqrt(12)
    moves = sd * shocks - sd * sd / 2 + trend / 12
    moves[:2] = 0.0
    flat, one = np.ones((count, PATHS)), np.ones(PATHS)
    numbers = {
        "per_mw": RENT,
        "rent": 0.0,
        "escalator": 0.0,
        "rent_free": 0.0,
        "notice": 0.0,
        "term": term,
        "renewal": renewal,
        "renewals": renewals,
        "switching_cost": 0.1,
    }
    given = {
        "n": {name: changes.pop(name, x) * one for name, x in numbers.items()},
        "start": 0.0 * one,
        "power": MW * one,
        "energised": MW * flat,
        "market": level * RENT * np.exp(np.cumsum(moves, axis=0)),
        "needs": flat,
        "guaranteed": 0.0 * flat,
        "called": NEVER * one,
        "years": np.full(count, 1 / 12),
        "per_year": 12.0,
        "discount": DISCOUNT ** np.arange(count)[:, None] * flat,
        "bounded": False,
    }
    return Lease(**(given | changes)), shocks[:, None]


def right(seed, **given):
    held, shocks = lease(seed, **given)
    periods = np.arange(1, len(shocks) - 1)
    return right_to_leave(held, periods, shocks[periods + 1])


def annuity(first, last):
    """Of a USD per year, paid monthly."""
    return sum(DISCOUNT**s for s in range(first, last + 1)) / 12


def call(forward, strike, sd):
    d = math.log(forward / strike) / sd + sd / 2
    return forward * ndtr(d) - strike * ndtr(d - sd)


@pytest.mark.parametrize("notice", [0, 4])
def test_one_renewal_is_a_call_on_the_rent_by_the_formula_of_black(notice):
    """Staying from 12 to 24 is worth S x (annuity + moving) - 2 x annuity, S a martingale."""
    given = {"term": 12, "renewal": 12, "renewals": 1, "notice": notice}
    moving = 0.1 * DISCOUNT**12
    paid = annuity(13, 24) + moving
    sd = 0.4 * math.sqrt((11 - notice) / 12)
    best = MW * paid * call(RENT, RENT * annuity(13, 24) / paid, sd)
    got = worth(right(2, **given), fitted(right(1, **given)))
    assert got.fitted.mean - 3 * got.fitted.error <= best <= got.bound.mean + 3 * got.bound.error
    # What moves after the choice is known on the mean, so the rule of one date is nearly the best.
    assert got.fitted.mean == pytest.approx(best, rel=0.01)
    assert got.bound.mean == pytest.approx(best, rel=0.01)
    assert abs(got.lost.mean) < 0.01 * best


def tree(renewal, renewals, cost, vol=0.4, steps=20):
    """Best of all choices on a binomial tree of the market's rent, over leaving at once."""
    up = math.exp(vol / math.sqrt(12 * steps))
    p = (1 - 1 / up) / (up - 1 / up)
    count = renewal * renewals * steps
    best = np.zeros(count + 1)
    for i in range(count - 1, -1, -1):
        nodes = RENT * up ** (2.0 * np.arange(i + 1) - i)
        best = p * best[1:] + (1 - p) * best[:-1]
        month, part = divmod(i, renewal * steps)
        if part == 0:
            first = renewal + month * renewal
            stays = best + (nodes - RENT) * annuity(first + 1, first + renewal)
            best = np.maximum(stays, -cost * nodes * DISCOUNT**first)
    return MW * (best[0] + cost * RENT * DISCOUNT**renewal)


def test_many_renewals_are_the_best_of_a_binomial_tree():
    """Four of half a year; the first is chosen at 6, from where the tree starts."""
    given = {"term": 6, "renewal": 6, "renewals": 4, "switching_cost": 0.1}
    made = {}
    for seed in (1, 2):
        held, shocks = lease(seed, **given)
        # The tree knows the rent of the first choice: it is 2 USD on every path.
        shift = RENT / held.market[6]
        market = np.where(np.arange(len(shocks))[:, None] < 6, RENT, held.market * shift)
        periods = np.arange(6, len(shocks) - 1)
        made[seed] = right_to_leave(held._replace(market=market), periods, shocks[periods + 1])
    best = tree(6, 4, 0.1 * 6 / 12)
    own, policy = made[2], fitted(made[1])
    got = worth(own, policy)
    assert got.fitted.mean - 3 * got.fitted.error <= best <= got.bound.mean + 3 * got.bound.error
    # Standard errors are 0.3 % of it; tree and fits are good to less than a per cent.
    assert got.fitted.mean == pytest.approx(best, rel=0.015)
    assert got.bound.mean == pytest.approx(best, rel=0.015)
    # The rule leaves as soon as the market is cheaper by a tenth: it forgets that it may renew.
    assert got.lost.mean > 5 * got.lost.error
    # What the martingale takes off it leaves on the mean.
    plain = value(own, gives_up(own, policy.policy), *payoffs(own))
    error = plain.std() / math.sqrt(PATHS)
    assert plain.mean() == pytest.approx(got.fitted.mean, abs=3 * error)


def test_where_nothing_is_uncertain_policy_and_bound_are_the_optimum():
    """Rents fall by a fifth a year: it stays a while, and leaves."""
    given = {"term": 6, "renewal": 6, "renewals": 4, "level": 1.3, "vol": 0.0, "trend": -0.2}
    own = right(2, **given)
    pays, _ = payoffs(own)
    due = [5, 11, 17, 23]
    best = np.maximum(pays.max(axis=0), 0.0) - pays[due[0]]
    assert 0 < np.argmax(pays[due, 0]) < 3
    got = worth(own, fitted(right(1, **given)))
    assert np.isfinite(pays[due]).all()
    assert np.isfinite(pays).sum() == 4 * PATHS
    assert best[0] > 0.0
    np.testing.assert_allclose([got.fitted.mean, got.bound.mean], best[0], rtol=1e-9)


def test_what_leaving_saves_and_costs_by_hand():
    """Term to 7.5 and renewals of 6 and 6 months, three months' notice, twice a guarantee of 3."""
    held, shocks = lease(
        1, term=8, renewal=6, renewals=2, notice=3.0, vol=0.0, escalator=0.1, rent=5.0,
        called=np.full(PATHS, 15.0),
    )  # fmt: skip
    held = held._replace(
        start=np.full(PATHS, -0.5), guaranteed=3.0 * np.ones_like(held.market), needs=held.needs / 2
    )
    assert decisions(held)[:, 0].tolist() == [5.0, 11.0]
    periods = np.arange(1, len(shocks) - 1)
    found = right_to_leave(held, periods, shocks[periods + 1])
    pays = payoffs(found)[0][:, 0]
    assert np.flatnonzero(np.isfinite(pays)).tolist() == [4, 10]
    # A year of the term has passed when period 13 begins, at 12: rent is then 25 x 1.1 a year.
    month, market = np.arange(1, len(held.years)), 10.0
    rent = np.where(month - 1 + 0.5 >= 12, 27.5, 25.0)
    saved = (rent - market) / 12
    for at, end in ((4, 7.5), (10, 13.5)):
        part = np.clip(np.minimum(19.5, month) - np.maximum(end, month - 1), 0, 1)
        flows = saved * part
        ends = month == math.ceil(end)
        flows = flows - ends * 0.1 * market * 6 / 12
        # Called in the period after the end, 9 or 15; in any case in 15.
        flows = flows + 3.0 * (month == 15) - 3.0 * (month == min(math.ceil(end) + 1, 15))
        assert pays[at] == pytest.approx((flows * DISCOUNT**month).sum(), rel=1e-12)
    # The rule: 10 x 1.1 against rent of the year after, 25 or 27.5 (14 months have passed): leaves.
    assert found.simple[[4, 10]].all()
