"""When a convertible note becomes shares, and at which price of conversion.

    at the stated price p:      shares B / p, at maturity if worth more than B; before it, from the
                                call date on, once the share price is at least call_trigger x p
    on the next raise:          shares B / min(cap, (1 - discount) x issue price), with the first
                                money raised after the note was issued

A holder who may convert at any time gives away the option and the coupon if it does so early, so it
waits for maturity, or until the issuer calls the note, which it does once shares stand well above
the price of conversion.
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp
from offtake.core.flows import PAID_TOLERANCE
from offtake.finance.exercise import converts
from offtake.finance.shares import issued


class Terms(NamedTuple):
    """Of K notes, every leaf [K, P]."""

    price: Array
    """stated price of conversion, USD a share; 0 where it converts on a raise"""
    call_trigger: Array
    cap: Array
    """USD a share"""
    discount: Array


class Seen(NamedTuple):
    """What a period shows, every leaf [K, P]."""

    share_price: Array
    """USD"""
    raised: Array
    """by the contract on whose raise it converts, since the note was issued, USD"""
    issue_price: Array
    """of that raise, USD a share"""
    callable: Array
    """True from the call date on"""
    matures: Array
    """True at maturity"""


def conversion(terms: Terms, seen: Seen, owed: Array) -> tuple[Array, Array]:
    """Whether notes convert in a period, and the price in USD a share, each [K, P].

    Args:
        terms: of the notes.
        seen: in the period.
        owed: what would be converted, USD [K, P].
    """
    stated = terms.price > 0.0
    above = seen.share_price >= terms.call_trigger * terms.price * (1.0 - PAID_TOLERANCE)
    better = converts(issued(owed, terms.price) * seen.share_price, owed) > 0.5
    chosen = (seen.callable & above) | (seen.matures & better)
    price = jnp.minimum(terms.cap, (1.0 - terms.discount) * seen.issue_price)
    raises = (seen.raised > 0.0) & (price > 0.0)
    return jnp.where(stated, chosen, raises), jnp.where(stated, terms.price, price)
