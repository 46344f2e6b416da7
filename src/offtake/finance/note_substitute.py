"""Hours of another site that stand in for what a note's own site does not deliver.

    lacking = max(asked of the hours due - what the own site delivers of them, 0)
    asks    = min(share x hours of the substitute, lacking)
    left    = max(hours of the substitute - what its own contracts keep
                  - what notes of a lower level ask, 0)
    given   = asks x min(left / sum of what the notes of the level ask, 1)

The level of a note is how many stand before it in the longest chain of `behind`.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Lowerer, Month, Numbers
from offtake.finance.compute_note import over
from offtake.finance.note_terms import NoteTerms, seniors
from offtake.finance.reservations import Kept, reserved


class Substitutes(NamedTuple):
    """What K notes see of their substitutes."""

    site: IntArray
    """[K] observation: delivered H100e-hours of the note's own site"""
    pool: IntArray
    """[K] observation: delivered H100e-hours of the substitute; zero where there is none"""
    own: Kept
    """what contracts on the substitute keep of it"""
    first: Kept
    """what notes of a lower level ask of it"""
    beside: Kept
    """what other notes of the same level ask of it"""
    ahead: NDArray[np.float64]
    """[K, K] 1.0 where the other note is served first at the own site"""
    named: NDArray[np.float64]
    """[K] 1.0 where there is a substitute"""

    @classmethod
    def lower(cls, items: Sequence[tuple[str, NoteTerms]], at: Lowerer) -> "Substitutes":
        """Names and terms of all notes of a plan to structure."""
        notes = dict(items)
        names, levels = list(notes), {name: level(name, notes) for name in notes}
        others = [
            [o for o in names if x.substitute and o != name and notes[o].substitute == x.substitute]
            for name, x in items
        ]
        pairs = list(zip(names, others, strict=True))
        first = [[o for o in row if levels[o] < levels[name]] for name, row in pairs]
        beside = [[o for o in row if levels[o] == levels[name]] for name, row in pairs]
        pools = [f"sites.{x.substitute}.h100e_hours" if x.substitute else "zero" for _, x in items]
        own = [
            at.contracts_of_site(x.substitute, "reserved_share") if x.substitute else ()
            for _, x in items
        ]
        return cls(
            site=np.array([at.observe(f"sites.{x.site}.h100e_hours") for _, x in items]),
            pool=np.array([at.observe(name) for name in pools]),
            own=Kept.lower(own, [()] * len(own), at),
            first=Kept.lower([()] * len(own), first, at),
            beside=Kept.lower([()] * len(own), beside, at),
            ahead=np.array(
                [[float(other in seniors(name, notes)) for other in names] for name in names]
            ),
            named=np.array([float(x.substitute is not None) for _, x in items]),
        )

    def asks(self, n: Numbers, due: Array, asked: Array, month: Month) -> Array:
        """[K, P] hours that notes lack at their own sites and ask of their substitutes.

        Known before anybody claims, from the hours of the sites and what all notes ask for.

        Args:
            n: numbers of all notes.
            due: hours asked for of those due.
            asked: with what is asked of the banked.
            month: the period.
        """
        site = month.obs[self.site]
        most = n["share"] * site
        ahead = jnp.asarray(self.ahead) @ jnp.minimum(most, asked)
        pool = jnp.minimum(most, jnp.maximum(site - ahead, 0.0))
        return jnp.asarray(self.named)[:, None] * jnp.maximum(due - pool, 0.0)

    def given(self, n: Numbers, lacking: Array, month: Month) -> Array:
        """[K, P] hours that the substitute delivers of those that the own site lacks."""
        pool = month.obs[self.pool]
        mine = jnp.minimum(n["substitute_share"] * pool, lacking)
        before = reserved(self.own, pool, month) + reserved(self.first, pool, month)
        level_asks = mine + reserved(self.beside, pool, month)
        left = jnp.minimum(jnp.maximum(pool - before, 0.0), level_asks)
        return mine * over(left, level_asks, 0.0)


def level(name: str, notes: Mapping[str, NoteTerms]) -> int:
    """How many notes stand before one in the longest chain; none stand in a circle."""
    return max([1 + level(other, notes) for other in notes[name].behind], default=0)
