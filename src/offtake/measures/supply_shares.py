"""Shares of supply by country and by owner, and of what is spent by region.

    share(t) = what belongs to the group / the same of all groups of its kind; 0 where there is none

country, owner: running H100e of sites, and capacity of fleets outside the plan; region: revenue of
the segments of demand asked for there. What names no country, owner or region is a group of its
own.
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Output, Record
from offtake.measures.selection import FloatArray


def names(book: Book) -> tuple[str, ...]:
    """Groups of a plan, as `kind:name`."""
    return tuple(f"{kind}:{name}" for kind, name in book.readings.groups)


OUTPUTS = {
    "share": Output(("period", "supply_group"), "mean", "1", "Share of its kind."),
}


class SupplyShares(NamedTuple):
    """The measure; [G] groups."""

    part: IntArray
    """[G, W] observations that add up to a group"""
    present: FloatArray
    """[G, W] 1.0, or 0.0 for padding"""
    alike: FloatArray
    """[G, G] 1.0 for groups of one kind"""

    name = "supply_shares"
    wanted = ("sites.*.h100e", "cleared.*")
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "SupplyShares":
        """The measure for one plan."""
        groups = book.readings.groups
        kinds = [kind for kind, _ in groups]
        width = max([1, *(len(parts) for parts in groups.values())])
        part, present = np.zeros((len(groups), width), np.int64), np.zeros((len(groups), width))
        for i, parts in enumerate(groups.values()):
            part[i, : len(parts)] = [book.labels.observation(name) for name in parts]
            present[i, : len(parts)] = 1.0
        alike = [[float(a == b) for b in kinds] for a in kinds]
        return cls(part, present, np.array(alike).reshape(len(kinds), len(kinds)))

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, [T, group, P]."""
        observed = record.months.observations
        if not self.part.shape[0]:
            return {"share": jnp.zeros((observed.shape[0], 0, observed.shape[-1]))}
        parts = observed[:, self.part] * jnp.asarray(self.present)[None, :, :, None]
        group = jnp.sum(parts, axis=2)
        whole = jnp.einsum("gh,thp->tgp", jnp.asarray(self.alike), group)
        there = whole > 0.0
        return {"share": jnp.where(there, group / jnp.where(there, whole, 1.0), 0.0)}
