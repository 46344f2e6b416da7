"""Hours of a site that are kept for contracts, as they publish it at the start of a period."""

from collections.abc import Sequence
from typing import NamedTuple

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Lowerer, Month
from offtake.finance.facility import padded

RESERVED = ("reserved_share", "reserved_h100e")
"""What a contract keeps of its own site: a share of the hours delivered, and at most so many
H100e."""
INSTEAD = ("substitute_reserved_share", "substitute_reserved_h100e")
"""What a note keeps of its substitute, for what its own site lacks."""


class Kept(NamedTuple):
    """What contracts keep of each of K sites; zero where there are fewer."""

    share: IntArray
    """[K, contracts] observation: of the hours delivered"""
    h100e: IntArray
    """[K, contracts] observation: at most, H100e"""

    @classmethod
    def lower(
        cls, own: Sequence[Sequence[str]], instead: Sequence[Sequence[str]], at: Lowerer
    ) -> "Kept":
        """Contracts on each of K sites, and notes that have it as their substitute."""
        share, h100e = (
            padded(
                [
                    [
                        *(at.observe(f"contracts.{c}.{of_own}") for c in here),
                        *(at.observe(f"contracts.{c}.{of_other}") for c in there),
                    ]
                    for here, there in zip(own, instead, strict=True)
                ],
                at,
            )
            for of_own, of_other in zip(RESERVED, INSTEAD, strict=True)
        )
        return cls(share, h100e)

    @classmethod
    def of_sites(
        cls, sites: Sequence[str], own: Sequence[Sequence[str] | None], at: Lowerer
    ) -> "Kept":
        """What is kept of K sites before the rest is sold.

        Args:
            sites: of each.
            own: contracts on it that are served first; None for all of them.
            at: the plan.
        """
        here = [
            at.contracts_of_site(site, RESERVED[0]) if named is None else named
            for site, named in zip(sites, own, strict=True)
        ]
        there = [at.contracts_of_site(site, INSTEAD[0], "substitute") for site in sites]
        return cls.lower(here, there, at)


def reserved(kept: Kept, delivered: Array, month: Month) -> Array:
    """[K, P] H100e-hours that are kept: of each the less of its share and its capacity.

    Args:
        kept: by whom.
        delivered: [K, P] H100e-hours of the site.
        month: the period.
    """
    most = month.obs[kept.share] * delivered[:, None]
    return jnp.sum(jnp.minimum(most, month.obs[kept.h100e] * month.hours), axis=1)
