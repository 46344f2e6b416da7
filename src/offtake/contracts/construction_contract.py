"""Construction contract: what is built, paid for as the work proceeds.

It builds phases of a site, a source of power, or a fab:

    cost       = cost per MW x power + cost per phase          of a phase
               = cost per MW x capacity + cost per phase       of a source of power
               = cost per wspm x capacity + cost per phase     of a fab
    claim(t)   = max(cost x due(t) - paid so far, 0)
    share      = paid / cost, 1 where there is no cost

with due(t) the share of the work that is done by the close of period t. What was paid by t - 1 is
credited as progress in t: what is not paid for is not switched on (semantics §5.10). One row for
every phase. Work done before the plan's start falls due in the opening period.

Reads: share due. Publishes: paid, outstanding. Signals: paid share.
On shortfall: what is due and unpaid is claimed again, without interest; what is built waits for it.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.errors import Mistake, mistake_at
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    CostPerMW,
    CostPerWspm,
    FabName,
    Money,
    PartyName,
    PowerName,
    SiteName,
    Terms,
    default,
)
from offtake.finance.unpaid import outstanding


class ConstructionContractTerms(Terms):
    """What a plan writes for a construction contract."""

    kind: Literal["construction_contract"]
    owner: PartyName
    """Party that pays and owns what is built."""
    contractor: PartyName
    """Party that builds."""
    site: SiteName | None = None
    """Site that is built."""
    phases: tuple[int, ...] | None = None
    """Phases that are built, counted from 0; all of them if left out."""
    source: PowerName | None = None
    """Source of power that is built."""
    fab: FabName | None = None
    """Fab that is built."""
    per_mw: CostPerMW = default("0 USD/MW")
    """Cost per MW of critical IT power of a site, or of the capacity of a source, USD/MW."""
    per_wspm: CostPerWspm = default("0 USD/wspm")
    """Cost per wafer that a fab can start per month, USD/wspm."""
    per_phase: Money = default("0 USD")
    """Cost of every phase, source or fab whatever its size, USD."""

    @model_validator(mode="after")
    def _builds_one_thing(self) -> "ConstructionContractTerms":
        named = [n for n in ("site", "source", "fab") if getattr(self, n) is not None]
        if len(named) != 1:
            raise Mistake(
                code="built-one",
                found=" and ".join(named) or "nothing that is built",
                expected="one of site, source and fab",
                mend="write one contract for each" if named else "add site: with its name",
            )
        wrong = [
            field
            for field, wants in (("per_mw", ("site", "source")), ("per_wspm", ("fab",)))
            if getattr(self, field).value and named[0] not in wants
        ]
        if wrong:
            mistake = Mistake(
                code="built-one",
                found=f"{wrong[0]} of a {named[0]}",
                expected="per_mw of a site or a source of power, per_wspm of a fab",
                mend=f"delete {wrong[0]}",
            )
            raise mistake_at(mistake, wrong[0])
        return self


EXAMPLE = ConstructionContractTerms.model_validate(
    {
        "kind": "construction_contract",
        "owner": "developer",
        "contractor": "builder",
        "site": "campus",
        "phases": [0],
        "per_mw": "10 M USD/MW",
        "per_phase": "20 M USD",
    }
)


def _built(terms: ConstructionContractTerms, at: Lowerer) -> list[tuple[str, str, str, str]]:
    """What is built: place, part, field of its size, field of the cost per size."""
    if terms.source is not None:
        return [(f"power.{terms.source}", "", "capacity", "per_mw")]
    if terms.fab is not None:
        return [(f"fabs.{terms.fab}", "", "capacity", "per_wspm")]
    site = str(terms.site)
    phases = range(at.phase_count(site)) if terms.phases is None else terms.phases
    return [(f"sites.{site}.phases[{j}]", f"phases[{j}]", "power", "per_mw") for j in phases]


class ConstructionContract(NamedTuple):
    """A group of construction contracts, one row per phase, source or fab."""

    due: IntArray
    """[K] observation: share of the cost that is due"""

    kind = "construction_contract"
    stage = "primary"
    published = ("paid", "outstanding")
    Terms = ConstructionContractTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ConstructionContractTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        rows = [(name, term, *made) for name, term in items for made in _built(term, at)]
        ids = [row[0] for row in rows]
        numbers = {
            "per_phase": np.array([at.number(name, "per_phase") for name in ids]),
            "size": np.array([at.number_at(f"{place}.{size}") for _, _, place, _, size, _ in rows]),
            "per_size": np.array([at.number(name, cost) for name, _, _, _, _, cost in rows]),
        }
        owner, contractor = (
            at.parties([getattr(row[1], f) for row in rows]) for f in ("owner", "contractor")
        )
        rank = np.full(len(rows), int(Rank.CAPITAL_COST))
        places = [row[2] for row in rows]
        return Lowered(
            cls(np.array([at.observe(f"{place}.due") for place in places])),
            tuple(ids),
            numbers,
            (Line("work", Flow.CAPITAL_COST, owner, contractor, rank),),
            signals={"paid": tuple(f"{place}.paid" for place in places)},
            parts=tuple(row[3] for row in rows),
        )

    def _cost(self, n: Numbers) -> Array:
        """[K, P] USD."""
        return n["per_size"] * n["size"] + n["per_phase"]

    def init(self, n: Numbers) -> Array:
        """Paid so far, [K, P] USD."""
        return jnp.zeros_like(n["per_size"])

    def publish(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """What is paid and what is left, USD."""
        del month
        return {"paid": s, "outstanding": jnp.maximum(self._cost(n) - s, 0.0)}

    def claim(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """Work done and not yet paid."""
        return {"work": outstanding(self._cost(n) * month.obs[self.due], s)}

    def settle(
        self, n: Numbers, s: Array, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[Array, Mapping[str, Array]]:
        """Count what is paid."""
        del month, claimed
        cost = self._cost(n)
        total = s + paid["work"]
        share = jnp.where(cost > 0.0, total / jnp.where(cost > 0.0, cost, 1.0), 1.0)
        return total, {"paid": jnp.minimum(share, 1.0)}
