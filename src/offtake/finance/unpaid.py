"""What becomes of the part of a claim that was not paid.

An amount that a going party, or an internal party short of cash, does not pay stays owed. An
external party in default pays the recovery share of every claim, and that settles the claim: what
is missing is lost. Were it claimed again it would be paid its recovery share again and again, and
nothing would be lost in the end (DESIGN §2, §5.7).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Lowerer, Month
from offtake.core.flows import PAID_TOLERANCE


class Unpaid(NamedTuple):
    """What is missing on K claims, every leaf [K, P]."""

    owed: Array
    """USD that stay owed"""
    short: Array
    """True where the claim was not paid in full"""


def unpaid(claimed: Array, paid: Array, payout: Array) -> Unpaid:
    """What is missing after payments of the period.

    Args:
        claimed: USD [K, P].
        paid: USD [K, P].
        payout: share of its claims that the payer meets, [K, P]; below 1 only for an external party
            in default.
    """
    missing = claimed - paid
    short = missing > PAID_TOLERANCE * claimed
    return Unpaid(jnp.where(short & (payout >= 1.0), missing, 0.0), short)


def outstanding(due: Array, paid: Array) -> Array:
    """What is left of a sum that falls due bit by bit, USD [K, P]; rounding is not a debt.

    Args:
        due: fallen due so far, USD [K, P].
        paid: paid of it so far, USD [K, P].
    """
    missing = due - paid
    return jnp.where(missing > PAID_TOLERANCE * due, missing, 0.0)


class TwoSides(NamedTuple):
    """The two sides of K contracts, each of which may owe the other."""

    payout: IntArray
    """[2, K] observation: share of its claims that each side meets"""

    @classmethod
    def lower(cls, terms: Sequence[Any], sides: tuple[str, str], at: Lowerer) -> "TwoSides":
        """Terms of K contracts, and their fields that name the sides, to structure."""
        named = [[getattr(term, side) for term in terms] for side in sides]
        return cls(np.array([[at.observe(f"parties.{n}.payout") for n in row] for row in named]))

    def owed(self, claimed: Amounts, paid: Amounts, month: Month, /, **payer: int) -> Amounts:
        """What stays owed on lines after payments of the period, line -> USD [K, P].

        Args:
            claimed: by line, USD [K, P].
            paid: by line, USD [K, P].
            month: the period.
            payer: line -> 0 or 1, the side that pays it.
        """
        return {
            line: unpaid(claimed[line], paid[line], month.obs[self.payout[side]]).owed
            for line, side in payer.items()
        }
