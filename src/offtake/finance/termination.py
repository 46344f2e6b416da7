"""Contracts ended before their term, for want of payment or for want of delivery.

Who is not paid for longer than the grace period ends the contract and claims a share of what the
other would have had to pay over the rest of the term, less the prepayment that it keeps:

    max(share x bill of a period x annuity(i, n) - prepayment left, 0)

with n the periods left and i the rate of one. Who is not served for as long by somebody in default
ends it too, and claims the prepayment that is left.
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp
from offtake.finance.annuity import annuity_factor


class Ending(NamedTuple):
    """Contracts that end in a period, every leaf [K, P]."""

    ended: Array
    """1.0 from the period in which a contract ended"""
    by_buyer: Array
    """what the buyer comes to owe in it, USD"""
    by_seller: Array
    """what the seller comes to owe in it, USD"""


def ending(
    before: Array, late: Array, idle: Array, grace: Array, worth: Array, prepaid: Array
) -> Ending:
    """Contracts after a period.

    Args:
        before: 1.0 where a contract had ended before, [K, P].
        late: periods in a row with a bill overdue, [K, P].
        idle: periods in a row in which a seller in default delivered nothing, [K, P].
        grace: periods that either may last, [K, P].
        worth: share of the value of the rest of the term that the buyer owes, USD [K, P].
        prepaid: prepayment that is left, USD [K, P].
    """
    unpaid, unserved = late > grace, idle > grace
    now = (unpaid | unserved) & (before == 0.0)
    owed = jnp.maximum(worth - prepaid, 0.0)
    return Ending(
        jnp.where(now, 1.0, before),
        jnp.where(now & unpaid, owed, 0.0),
        jnp.where(now & ~unpaid, prepaid, 0.0),
    )


def rest_of_term(bill: Array, yearly: Array, years: Array, periods: Array) -> Array:
    """Value of equal bills over the periods left, the first one period from now, USD [K, P].

    Args:
        bill: of one period, USD [K, P].
        yearly: rate of discount, 1/year [K, P].
        years: length of a period, [].
        periods: left of the term, [K, P]; below 0 counts as none.
    """
    rate = jnp.expm1(years * jnp.log1p(yearly))
    return bill * annuity_factor(rate, jnp.maximum(periods, 0.0))
