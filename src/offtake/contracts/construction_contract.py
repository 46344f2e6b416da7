"""Construction contract: phases of a site, paid for as the work proceeds.

    cost       = cost per MW x power of the phase + cost per phase
    claim(t)   = max(cost x due(t) - paid so far, 0)
    share      = paid / cost, 1 where there is no cost

with due(t) the share of the work that is done by the close of period t. What was paid by t - 1 is
credited as progress in t: a phase that is not paid for is not switched on (DESIGN §5.10). One row
for every phase. Work done before the plan's start falls due in the opening period.

Reads: share due and power of the phases. Publishes: paid, outstanding. Signals: paid share.
On shortfall: what is due and unpaid is claimed again, without interest; the phase waits for it.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import CostPerMW, Money, PartyName, SiteName, Terms, default
from offtake.finance.unpaid import outstanding


class ConstructionContractTerms(Terms):
    """What a plan writes for a construction contract."""

    kind: Literal["construction_contract"]
    owner: PartyName
    """Party that pays and owns what is built."""
    contractor: PartyName
    """Party that builds."""
    site: SiteName
    """Site that is built."""
    phases: tuple[int, ...] | None = None
    """Phases that are built, counted from 0; all of them if left out."""
    per_mw: CostPerMW = default("0 USD/MW")
    """Cost per MW of critical IT power, USD/MW."""
    per_phase: Money = default("0 USD")
    """Cost of every phase whatever its power, USD."""


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


class ConstructionContract(NamedTuple):
    """A group of construction contracts, one row per phase."""

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
        rows = [
            (name, term, f"sites.{term.site}.phases[{j}]", f"phases[{j}]")
            for name, term in items
            for j in (range(at.phase_count(term.site)) if term.phases is None else term.phases)
        ]
        ids = [name for name, _, _, _ in rows]
        numbers = at.numbers(ids, "per_mw", "per_phase")
        numbers["power"] = np.array([at.number_at(f"{phase}.power") for _, _, phase, _ in rows])
        owner, contractor = (
            at.parties([getattr(term, f) for _, term, _, _ in rows])
            for f in ("owner", "contractor")
        )
        rank = np.full(len(rows), int(Rank.CAPITAL_COST))
        return Lowered(
            cls(np.array([at.observe(f"{phase}.due") for _, _, phase, _ in rows])),
            tuple(ids),
            numbers,
            (Line("work", Flow.CAPITAL_COST, owner, contractor, rank),),
            signals={"paid": tuple(f"{phase}.paid" for _, _, phase, _ in rows)},
            parts=tuple(part for _, _, _, part in rows),
        )

    def _cost(self, n: Numbers) -> Array:
        """[K, P] USD."""
        return n["per_mw"] * n["power"] + n["per_phase"]

    def init(self, n: Numbers) -> Array:
        """Paid so far, [K, P] USD."""
        return jnp.zeros_like(n["per_mw"])

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
