"""Grant: money given towards what is built or run, once on a date or as time goes by.

    due(t) = amount, in the period of `start`  +  yearly(t) x years(t) x part(t)

with part(t) the share of the period between `start` and `end`. Nothing is owed for it. Whether it
is income is for the recipient's income tax to say (`also_taxed`).

Reads: nothing. Publishes: due (of this period).
On shortfall: what is not paid is lost.

References:
    1. IRS, Publication 525 (grants and rebates as income).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import Money, MoneyFlowSeries, PartyName, Terms, When, default
from offtake.finance.facility import signing
from offtake.finance.span import between


class GrantTerms(Terms):
    """What a plan writes for a grant."""

    kind: Literal["grant"]
    payer: PartyName
    """Government, utility or other party that gives the money."""
    recipient: PartyName
    """Party that receives it."""
    amount: Money = default("0 USD")
    """Given once, at the start, USD."""
    yearly: MoneyFlowSeries = default("0 USD/year")
    """Given as time goes by, USD/year."""
    start: When | None = None
    """Date of the first payment; the start of the plan if left out."""
    end: When | None = None
    """Date until which it is paid; the horizon if left out."""


EXAMPLE = GrantTerms.model_validate(
    {
        "kind": "grant",
        "payer": "treasury",
        "recipient": "company",
        "amount": "300 USD",
        "yearly": "120 USD/year",
        "start": "2026-03",
        "end": "2026-06-16",
    }
)


class Grant(NamedTuple):
    """A group of grants."""

    yearly: IntArray
    """[K] observation, USD/year"""

    kind = "grant"
    stage = "primary"
    published = ("due",)
    Terms = GrantTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, GrantTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        payer, recipient = (
            at.parties([getattr(t, f) for _, t in items]) for f in ("payer", "recipient")
        )
        rank = np.full(len(ids), int(Rank.CAPITAL_IN))
        lines = (Line("grant", Flow.CAPITAL_IN, payer, recipient, rank),)
        numbers = {**at.numbers(ids, "amount"), **at.optionals(ids, start=0.0, end=1e9)}
        group = cls(np.array([at.series(name, "yearly") for name in ids]))
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> Array:
        """No state; zeros [K, P]."""
        return jnp.zeros_like(n["amount"])

    def _due(self, n: Numbers, month: Month) -> Array:
        """[K, P] USD of the period."""
        once = jnp.where(signing(n["start"]) == month.t, n["amount"], 0.0)
        years = between(n["start"], n["end"], month.t) * month.years
        return once + month.obs[self.yearly] * years

    def publish(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """What is due in this period."""
        del s
        return {"due": self._due(n, month)}

    def claim(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """What is due in this period."""
        del s
        return {"grant": self._due(n, month)}

    def settle(
        self, n: Numbers, s: Array, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[Array, Mapping[str, Array]]:
        """Nothing to remember."""
        del n, month, claimed, paid
        return s, {}
