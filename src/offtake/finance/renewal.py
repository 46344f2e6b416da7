"""Whether a tenant renews a lease: what it compares, and its choice as an optimum.

By the rule of `finance.exercise` it compares rents of the day. As an optimum the right to renew is
the right to give up (`finance.giving_up`) in the periods in which the tenant has to say whether it
stays. Who lets the lease run out at e, and could have stayed to the last end E, saves and pays

    rent(s) - needs(s) market(s) MW(s) years(s)                 of every period s from e to E
    - switching cost x needs market MW x years of a renewal     in the period of e
    - its guarantee of the site's value                         in the period after it

market the rent of another site as good, MW what is energised. So moving costs what the rule says it
does, a share of the market rent over a renewal, once; after the last renewal there is no choice,
and moving then counts for nothing. A guarantee that the tenant itself gave is called at the end of
the lease, whenever that is. The policy is to let the lease run out where

    advantage(t) = sum over k < 5 of (p_k + p_{5+k} n) z^k > 0,    z = (m - r) / (m + r)
    m the market rent and r that of the year to come, of all that is let, n the share needed

USD per MW and year. What the right is worth is told against leaving at the first end.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Numbers
from offtake.finance.exercise import advantage, renews, standing
from offtake.finance.facility import ROUNDING
from offtake.finance.giving_up import Right
from offtake.finance.least_squares import FloatArray

NEVER = 1e9
"""Position far from all that happens, periods."""


class Offer(NamedTuple):
    """What a tenant compares when it has to choose, every leaf [K, P]."""

    market: Array
    """rent of another site as good as all that is let, USD/year"""
    rent: Array
    """of the year to come, USD/year"""
    needs: Array
    """share of the site that is needed"""


def rent_to_come(n: Numbers, power: Array, term: Array, per_year: Array) -> Array:
    """Rent of the first year after a term, of all that is let, USD/year, `[..., path]`.

    Args:
        n: numbers of the lease: per_mw, rent, escalator.
        power: all that is let, MW.
        term: length of the lease so far, periods.
        per_year: periods in a year.
    """
    years = jnp.floor(term / per_year + ROUNDING)
    return (n["per_mw"] * power + n["rent"]) * jnp.power(1.0 + n["escalator"], years)


def stays(offer: Offer, switching_cost: Array, policy: Array, fitted: Array) -> Array:
    """Whether a tenant renews, by the rule or by a fitted policy, 1.0 or 0.0, [K, P].

    Args:
        offer: what it compares.
        switching_cost: as a share of the market rent.
        policy: [K, 10, P] USD/MW/year.
        fitted: [K, 1] whether it goes by the policy.
    """
    by_rule = renews(offer.market, offer.rent, switching_cost, offer.needs)
    leaving = advantage(policy, standing(offer.market, offer.rent), offer.needs)
    return jnp.where(fitted, jnp.where(leaving > 0.0, 0.0, 1.0), by_rule)


# ----------------------------------------------------------------------------- as an optimum


class Lease(NamedTuple):
    """A lease as its tenant sees it over T periods on P paths; the opening is period 0."""

    n: Mapping[str, FloatArray]
    """numbers of the contract, [P] each: per_mw, rent, escalator, term, rent_free, renewals,
    renewal, notice, switching_cost; durations in periods"""
    start: FloatArray
    """[P] position"""
    power: FloatArray
    """[P] all that is let, MW"""
    energised: FloatArray
    """[T, P] what of it is there, mean of the period, MW"""
    market: FloatArray
    """[T, P] rent of another site as good, USD/MW/year"""
    needs: FloatArray
    """[T, P] share of the site that is needed"""
    guaranteed: FloatArray
    """[T, P] what guarantees of the tenant cost it if they are called in the period, USD"""
    called: FloatArray
    """[P] first period in which they are called in any case"""
    years: FloatArray
    """[T] length of each period"""
    per_year: float
    """periods in a year"""
    discount: FloatArray
    """[T, P] value today of money at the close"""
    bounded: bool
    """whether the need changes"""

    def end(self, renewed: FloatArray | float) -> FloatArray:
        """[P] end of the lease after some renewals; all of them at the most."""
        most = np.floor(self.n["renewals"] + ROUNDING)
        times = np.minimum(renewed, most)
        return self.start + self.n["term"] + times * self.n["renewal"]


def decisions(lease: Lease) -> FloatArray:
    """[renewals, P] periods in which the tenant has to say whether it stays; inf where none."""
    most = int(np.floor(lease.n["renewals"].max() + ROUNDING))
    now = np.floor(np.maximum(lease.start, 0.0) + ROUNDING)
    found: FloatArray = np.full((most, len(now)), np.inf)
    for k in range(most):
        now = np.maximum(now + 1.0, np.ceil(lease.end(k) - lease.n["notice"] - ROUNDING))
        found[k] = np.where(k + 1 <= lease.n["renewals"] + ROUNDING, now, np.inf)
    return found


def _falls_away(lease: Lease, t: int, end: FloatArray) -> FloatArray:
    """[P] what leaving at a position saves in period t, USD of today."""
    n, last = lease.n, lease.end(np.inf)
    served = np.maximum(t - 1.0 - lease.start, 0.0)
    grown = (1.0 + n["escalator"]) ** np.floor(served / lease.per_year + ROUNDING)
    rent = (n["per_mw"] * lease.energised[t] + n["rent"]) * grown
    elsewhere = lease.market[t] * lease.energised[t] * lease.needs[t]

    def share(since: FloatArray) -> FloatArray:
        return np.clip(np.minimum(last, t) - np.maximum(since, t - 1.0), 0.0, 1.0)

    charged = share(np.maximum(end, lease.start + n["rent_free"]))
    away = (rent * charged - elsewhere * share(end)) * lease.years[t]
    moves = (np.ceil(end - ROUNDING) == t) & (end < last - ROUNDING)
    cost = n["switching_cost"] * elsewhere * n["renewal"] / lease.per_year
    over, kept = (np.minimum(np.ceil(e - ROUNDING) + 1.0, lease.called) == t for e in (end, last))
    call = lease.guaranteed[t] * (1.0 * kept - 1.0 * over)
    return (away - np.where(moves, cost, 0.0) + call) * lease.discount[t]


def right_to_leave(lease: Lease, periods: NDArray[np.int_], shocks: FloatArray) -> Right:
    """The tenant's choice as a right to give up.

    Args:
        lease: as the tenant sees it.
        periods: [M] one after the other, at whose close it may choose; not the last of all.
        shocks: [M, S, P] standard normals of the period after each.
    """
    n, due = lease.n, decisions(lease)
    cost = n["switching_cost"]

    def end_at(t: int) -> FloatArray:
        return lease.end((due < t).sum(axis=0))

    # A period after the lease is over its guarantee is called; then all is as if long ago.
    waits = [np.ceil(lease.end(k) - ROUNDING) + 1.0 - at for k, at in enumerate(due)]
    lags = int(max([0.0, *(wait.max() for wait in waits)])) + 1
    long_ago = np.full_like(lease.start, -NEVER)
    saved = np.zeros((len(periods), lags, len(lease.start)))
    market, price, simple, fee = (np.zeros((len(periods), len(cost))) for _ in range(4))
    for i, t in enumerate(periods.tolist()):
        for lag in range(lags):
            end = end_at(t - lag) if lag < lags - 1 else long_ago
            saved[i, lag] = _falls_away(lease, t + 1, end)
        market[i] = lease.market[t] * lease.power
        next_year: Any = n, lease.power, end_at(t) - lease.start, lease.per_year
        price[i] = np.asarray(rent_to_come(*next_year))
        given: Any = market[i], price[i], cost, lease.needs[t]
        simple[i] = 1.0 - np.asarray(renews(*given))
        # Of what is over in the period of the choice itself nothing is unknown.
        fee[i] = -_falls_away(lease, t, end_at(t))
    may = (due[:, None] == periods[None, :, None]).any(axis=0)
    paid = lease.discount[periods + 1]
    return Right(
        market=market,
        price=price,
        needed=lease.needs[periods],
        may=may,
        simple=may & (simple > 0.5),
        fee=fee,
        size=lease.power * n["renewal"] / lease.per_year * paid,
        saved=saved,
        shocks=shocks,
        bounded=lease.bounded,
        over=may & (np.cumsum(may, axis=0) == 1),
    )
