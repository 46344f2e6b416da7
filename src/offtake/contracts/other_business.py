"""Other business: what a party does besides this plan, as cash in and cash out.

    inflow(t)  = inflow rate(t) x years(t) x part(t)
    outflow(t) = outflow rate(t) x years(t) x part(t) + arrears
    capital(t) = capital spending rate(t) x years(t) x part(t)

between the party and an external one that stands for the rest of it (DESIGN §2), with part(t) the
share of the period between `start` and `end`. The inflow counts as sales, the outflow as running
cost, capital spending as capital cost, paid after debt service. Each may change over time or
follow a driver.

Reads: nothing. Publishes: arrears.
On shortfall: an outflow that is not paid is claimed again next period, without interest; capital
spending that is not paid is not made, and not asked for again; an inflow that is not paid is lost.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import MoneyFlowSeries, PartyName, Terms, When, default
from offtake.finance.span import between
from offtake.finance.unpaid import unpaid


class OtherBusinessTerms(Terms):
    """What a plan writes for other business."""

    kind: Literal["other_business"]
    party: PartyName
    """Party whose other business this is."""
    rest: PartyName
    """External party that stands for the rest of it."""
    inflow: MoneyFlowSeries = default("0 USD/year")
    """Cash that comes in from other business, USD/year."""
    outflow: MoneyFlowSeries = default("0 USD/year")
    """Cash that other business costs to run, USD/year."""
    capital_spending: MoneyFlowSeries = default("0 USD/year")
    """Cash that is invested in other business, USD/year."""
    start: When | None = None
    """Date from which it counts; the start of the plan if left out."""
    end: When | None = None
    """Date until which it counts; the horizon if left out."""


EXAMPLE = OtherBusinessTerms.model_validate(
    {
        "kind": "other_business",
        "party": "company",
        "rest": "rest_of_company",
        "inflow": "1,200 USD/year",
        "outflow": "720 USD/year",
        "capital_spending": "240 USD/year",
    }
)


class OtherBusiness(NamedTuple):
    """A group of other businesses."""

    inflow: IntArray
    """[K] observation, USD/year"""
    outflow: IntArray
    """[K] observation, USD/year"""
    capital: IntArray
    """[K] observation, USD/year"""
    payout: IntArray
    """[K] observation: share of its claims that the party meets"""

    kind = "other_business"
    stage = "primary"
    published = ("arrears",)
    Terms = OtherBusinessTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, OtherBusinessTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        group = cls(
            inflow=np.array([at.series(name, "inflow") for name in ids]),
            outflow=np.array([at.series(name, "outflow") for name in ids]),
            capital=np.array([at.series(name, "capital_spending") for name in ids]),
            payout=np.array([at.observe(f"parties.{t.party}.payout") for _, t in items]),
        )
        party, rest = (at.parties([getattr(t, f) for _, t in items]) for f in ("party", "rest"))
        operating = np.full(len(ids), int(Rank.OPERATING))
        capital = np.full(len(ids), int(Rank.CAPITAL_COST))
        lines = (
            Line("inflow", Flow.SALE, rest, party, operating),
            Line("outflow", Flow.RUNNING_COST, party, rest, operating),
            Line("capital", Flow.CAPITAL_COST, party, rest, capital),
        )
        return Lowered(group, tuple(ids), at.optionals(ids, start=0.0, end=1e9), lines)

    def init(self, n: Numbers) -> Array:
        """Arrears of the outflow, [K, P] USD."""
        return jnp.zeros_like(n["start"])

    def publish(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """Arrears at the start of the month."""
        del n, month
        return {"arrears": s}

    def claim(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """Flows of the period, and arrears of the outflow."""
        years = between(n["start"], n["end"], month.t) * month.years
        return {
            "inflow": month.obs[self.inflow] * years,
            "outflow": month.obs[self.outflow] * years + s,
            "capital": month.obs[self.capital] * years,
        }

    def settle(
        self, n: Numbers, s: Array, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[Array, Mapping[str, Array]]:
        """What is unpaid of the outflow is owed next period."""
        del n, s
        return unpaid(claimed["outflow"], paid["outflow"], month.obs[self.payout]).owed, {}
