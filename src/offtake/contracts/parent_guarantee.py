"""Parent guarantee: a company pays what another does not, and becomes its creditor for it.

    limit(t)       = cap - paid under the guarantee so far, from `start` to `end`, else 0
    recovery(t)    = outstanding(t-1) + support(t)
    outstanding(t) = recovery(t) - recovered(t)
    fee(t)         = fee x years of the period between `start` and `end` + fee in arrears

With `collection` nothing is paid before what is pledged for the guaranteed loans was sold: the
guarantee is of what the sale leaves. Without, of each payment, before the sale or after.

The support is of tier 5, the last: it meets what is still short on the obligor's claims under
`contracts` after its own cash, its funding and its reserves (§5.6). What the guarantor pays
becomes its own claim on the obligor, junior to what it guarantees, without interest, until it is
recovered; money recovered does not restore the cap. The fee is paid by the obligor.

Reads: the obligor's payout, whether collateral was sold. Publishes: drawn (so far), outstanding,
arrears (of the fee).
On shortfall: a guarantor short of cash pays what it can; what is not recovered stays outstanding,
an unpaid fee is owed next period. What an obligor outside the plan in default does not pay is lost.

References:
    1. P. R. Wood, Comparative Law of Security Interests and Title Finance, 2nd ed., Sweet & Maxwell
       2007 (guarantees, subrogation).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import ALL_THERE_IS, Flow, Rank
from offtake.core.terms import ContractName, Money, MoneyFlow, PartyName, Terms, When, default
from offtake.finance.collection import Collection
from offtake.finance.span import between, reached


class ParentGuaranteeTerms(Terms):
    """What a plan writes for a parent guarantee."""

    kind: Literal["parent_guarantee"]
    guarantor: PartyName
    """Party that pays when the obligor does not."""
    obligor: PartyName
    """Party whose payments are guaranteed."""
    contracts: tuple[ContractName, ...]
    """Contracts under which the obligor's payments are guaranteed."""
    cap: Money | None = None
    """Most that the guarantor pays over the life of the guarantee, USD; no limit if left out."""
    start: When | None = None
    """Date from which payments are guaranteed; the start of the plan if left out."""
    end: When | None = None
    """Date until which payments are guaranteed; the horizon if left out."""
    collection: bool = False
    """Whether collateral of the loans guaranteed is sold before the guarantor pays."""
    fee: MoneyFlow = default("0 USD/year")
    """What the obligor pays for the guarantee, USD/year."""


EXAMPLE = ParentGuaranteeTerms.model_validate(
    {
        "kind": "parent_guarantee",
        "guarantor": "parent",
        "obligor": "company",
        "contracts": ["lease"],
        "cap": "1,000 USD",
        "end": "2026-07",
        "fee": "120 USD/year",
    }
)


class ParentGuaranteeState(NamedTuple):
    """Every leaf [K, P], USD."""

    drawn: Array
    """paid under the guarantee so far"""
    outstanding: Array
    """of that, not yet recovered"""
    arrears: Array
    """fee that fell due and was not paid"""


class ParentGuarantee(NamedTuple):
    """A group of guarantees."""

    payout: IntArray
    """[K] observation: share of its claims that the obligor meets"""
    collection: Collection

    kind = "parent_guarantee"
    stage = "primary"
    published = ("drawn", "outstanding", "arrears")
    Terms = ParentGuaranteeTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ParentGuaranteeTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        group = cls(
            np.array([at.observe(f"parties.{term.obligor}.payout") for term in terms]),
            Collection.lower(terms, at),
        )
        guarantor, obligor = (
            at.parties([getattr(x, f) for x in terms]) for f in ("guarantor", "obligor")
        )
        ones = np.ones(len(ids), np.int64)
        lines = (
            Line(
                "support",
                Flow.SUPPORT,
                guarantor,
                obligor,
                ones * int(Rank.SENIOR_PRINCIPAL),
                form="support",
                tier=ones * 5,
                protects=tuple(term.contracts for term in terms),
            ),
            Line(
                "support_recovery",
                Flow.SUPPORT,
                obligor,
                guarantor,
                ones * int(Rank.SUBORDINATED),
                form="recovery",
            ),
            Line("fee", Flow.FEE, obligor, guarantor, ones * int(Rank.JUNIOR_FEE)),
        )
        numbers = {
            **at.numbers(ids, "fee"),
            **at.optionals(ids, cap=ALL_THERE_IS, start=0.0, end=1e9),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> ParentGuaranteeState:
        """Nothing has been paid."""
        zero = jnp.zeros_like(n["fee"])
        return ParentGuaranteeState(zero, zero, zero)

    def publish(self, n: Numbers, s: ParentGuaranteeState, month: Month) -> Amounts:
        """What was paid, what of it is not recovered, and the fee in arrears."""
        del n, month
        return {"drawn": s.drawn, "outstanding": s.outstanding, "arrears": s.arrears}

    def claim(self, n: Numbers, s: ParentGuaranteeState, month: Month) -> Amounts:
        """What is left of the cap, what is to be recovered, the fee."""
        t = month.t
        in_force = reached(n["start"], t) & (t <= n["end"] + 1e-9) & ~self.collection.waits(month)
        return {
            "support": jnp.where(in_force, jnp.maximum(n["cap"] - s.drawn, 0.0), 0.0),
            "support_recovery": s.outstanding,
            "fee": n["fee"] * month.years * between(n["start"], n["end"], t) + s.arrears,
        }

    def settle(
        self,
        n: Numbers,
        s: ParentGuaranteeState,
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[ParentGuaranteeState, Mapping[str, Array]]:
        """Count what was paid and what came back."""
        del n
        going = month.obs[self.payout] >= 1.0

        def owed(line: str) -> Array:
            return jnp.where(going, jnp.maximum(claimed[line] - paid[line], 0.0), 0.0)

        outstanding = owed("support_recovery")
        expected = s.outstanding + paid["support"] - paid["support_recovery"]
        error = jnp.where(going, outstanding - expected, 0.0)
        state = ParentGuaranteeState(s.drawn + paid["support"], outstanding, owed("fee"))
        return state, {"roll_error": error}
