"""Arithmetic of preferred equity: what is due in a period, and what is left after it.

    M = preference x C + K
    earned = (C + K + A) x rate x years

with C the money put in and not redeemed, K what was added in kind, A dividends due and not paid.
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp
from offtake.core.flows import PAID_TOLERANCE
from offtake.finance.exercise import converts
from offtake.finance.shares import issued


class Holding(NamedTuple):
    """State of K holdings, every leaf [K, P]."""

    drawn: Array
    """paid in so far, USD"""
    capital: Array
    """C, USD"""
    accreted: Array
    """K, USD"""
    arrears: Array
    """A, USD"""
    overdue: Array
    """1.0 while a dividend or redemption is"""
    shares: Array
    """common shares after conversion"""


class Due(NamedTuple):
    """One period, every leaf [K, P]."""

    converts: Array
    """True where it becomes common shares at the close"""
    in_kind: Array
    """dividend added to the preference, USD"""
    dividend: Array
    """dividend due in cash, USD"""
    redemption: Array
    """preference due, USD"""


class Dates(NamedTuple):
    """What the period is, every leaf True or False, [K, P]."""

    in_kind: Array
    """dividends are added to the preference"""
    redeems: Array
    """redemption has fallen due"""
    puts: Array
    """and is the holder's choice"""
    converts: Array
    """conversion is possible"""
    option: Array
    """and is the holder's choice"""


def nothing(like: Array) -> Holding:
    """Holdings of nothing in the shape of `like`, [K, P]."""
    return Holding(*[jnp.zeros_like(like)] * len(Holding._fields))


def due(s: Holding, earned: Array, preference: Array, shares_worth: Array, dates: Dates) -> Due:
    """What falls due, and whether the holder converts.

    Args:
        s: state at the start of the period.
        earned: dividend of the period, USD [K, P].
        preference: M, USD [K, P].
        shares_worth: what it would be worth as shares, USD [K, P].
        dates: what the period is.
    """
    better = converts(shares_worth, preference + s.arrears) > 0.5
    owed = s.capital + s.accreted + s.arrears
    now = dates.converts & (better | ~dates.option) & (owed > 0.0)
    redeems = dates.redeems & ~now & ~(dates.puts & better)
    return Due(
        converts=now,
        in_kind=jnp.where(dates.in_kind, earned, 0.0),
        dividend=s.arrears + jnp.where(dates.in_kind, 0.0, earned),
        redemption=jnp.where(redeems, preference, 0.0),
    )


def paid_out(
    s: Holding, asked: Due, dividend: Array, redemption: Array, preference: Array, price: Array
) -> Holding:
    """State after payments; a conversion takes what is left of them at `price`, USD a share.

    Args:
        s: state at the start of the period.
        asked: what was due.
        dividend: paid, USD [K, P].
        redemption: paid, USD [K, P].
        preference: M, USD [K, P].
        price: of conversion, [K, P].
    """
    kept = 1.0 - issued(redemption, preference)
    kept = jnp.where(kept > PAID_TOLERANCE, kept, 0.0)
    missing = asked.dividend - dividend
    arrears = jnp.where(missing > PAID_TOLERANCE * asked.dividend, missing, 0.0)
    late = (arrears > 0.0) | ((asked.redemption > 0.0) & (kept > 0.0))
    capital, accreted = s.capital * kept, s.accreted * kept + asked.in_kind
    bought = issued(capital + accreted + arrears, price)
    stays = jnp.where(asked.converts, 0.0, 1.0)
    return Holding(
        drawn=s.drawn,
        capital=capital * stays,
        accreted=accreted * stays,
        arrears=arrears * stays,
        overdue=jnp.where(late, stays, 0.0),
        shares=s.shares + jnp.where(asked.converts, bought, 0.0),
    )
