"""Tax credit: tax that a holder need not pay for what was built, or for energy produced.

    investment(t) = rate x qualifying x capital cost paid since the credit was last claimed,
                    in the last period of a tax year
    production(t) = per MWh(t) x output(t) x years(t) x part(t)
    credit(t)     = partner's share x (investment(t) + production(t))

with part(t) the share of the period within `term` after `start`. The holder has tax to set it
against, or sells it: it is a payment from the government. The investment credit falls to the tax
year in which the cost was paid; what is paid in the last period of a year falls to the next.

Reads: capital cost paid by the business; the partner's share. Publishes: due (of this period, of
all partners).
On shortfall: what is not paid is lost.

References:
    1. 26 USC 48 and 48E (investment credit), 45 and 45Y (production credit), 6418 (sale).
    2. IRS, Publication 946 (half of the investment credit is not depreciable: 26 USC 50(c)(3)).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    ContractName,
    Duration,
    EnergyFlowSeries,
    EnergyPriceSeries,
    PartyName,
    Share,
    Terms,
    When,
    default,
)
from offtake.finance.span import between
from offtake.finance.tax import partner_share

BUILT: dict[tuple[str, Flow], float] = {("out", Flow.CAPITAL_COST): 1.0}


class TaxCreditTerms(Terms):
    """What a plan writes for a tax credit."""

    kind: Literal["tax_credit"]
    holder: PartyName
    """Party that receives the credit."""
    government: PartyName
    """Party that grants it."""
    business: PartyName | None = None
    """Party that pays the capital cost; the holder if left out."""
    investment: Share = default("0 %")
    """Credit as a share of qualifying capital cost."""
    qualifying: Share = default("100 %")
    """Part of the capital cost that qualifies."""
    per_mwh: EnergyPriceSeries = default("0 USD/MWh")
    """Credit for energy produced, USD/MWh."""
    output: EnergyFlowSeries = default("0 MWh/year")
    """Energy produced, MWh/year."""
    start: When | None = None
    """Date from which energy counts; the start of the plan if left out."""
    term: Duration = default("10 years")
    """Time for which energy counts, months."""
    partnership: ContractName | None = None
    """Partnership flip that says what share is the holder's; all of it if left out."""
    partner: Literal["investor", "sponsor"] = "investor"
    """Which partner of the partnership the holder is."""


EXAMPLE = TaxCreditTerms.model_validate(
    {
        "kind": "tax_credit",
        "holder": "sponsor",
        "government": "treasury",
        "business": "company",
        "investment": "30 %",
        "qualifying": "90 %",
        "per_mwh": "15 USD/MWh",
        "output": "240 MWh/year",
        "start": "2026-03",
        "term": "18 months",
    }
)


class TaxCredit(NamedTuple):
    """A group of tax credits."""

    built: IntArray
    """[K] registered total: capital cost that the business pays"""
    per_mwh: IntArray
    """[K] observation, USD/MWh"""
    output: IntArray
    """[K] observation, MWh/year"""
    share: IntArray
    """[K] observation: the partner's share; zero where there is no partnership"""
    whole: NDArray[np.float64]
    """[K] 1.0 where there is none"""
    closes: NDArray[np.float64]
    """[T] 1.0 in the last period of a tax year"""

    kind = "tax_credit"
    stage = "primary"
    published = ("due",)
    Terms = TaxCreditTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, TaxCreditTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        year, _ = at.tax_years()
        group = cls(
            built=np.array([at.total(t.business or t.holder, BUILT) for _, t in items]),
            per_mwh=np.array([at.series(name, "per_mwh") for name in ids]),
            output=np.array([at.series(name, "output") for name in ids]),
            share=np.array([at.observe(partner_share(t)) for _, t in items]),
            whole=np.array([float(t.partnership is None) for _, t in items]),
            closes=np.append(year[1:] != year[:-1], True).astype(float),
        )
        holder, government = (
            at.parties([getattr(t, f) for _, t in items]) for f in ("holder", "government")
        )
        rank = np.full(len(ids), int(Rank.TAX))
        lines = (Line("credit", Flow.TAX, government, holder, rank),)
        numbers = {
            **at.numbers(ids, "investment", "qualifying", "term"),
            **at.optionals(ids, start=0.0),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> Array:
        """Capital cost for which no credit was claimed yet, [K, P] USD."""
        return jnp.zeros_like(n["investment"])

    def _due(self, n: Numbers, s: Array, month: Month) -> Array:
        """[K, P] USD of the period, of all partners."""
        closes = jnp.asarray(self.closes)[month.period]
        years = between(n["start"], n["start"] + n["term"], month.t) * month.years
        energy = jnp.maximum(month.obs[self.per_mwh], 0.0) * month.obs[self.output] * years
        return closes * n["investment"] * n["qualifying"] * s + energy

    def publish(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """Credit of this period, of all partners."""
        return {"due": self._due(n, s, month)}

    def claim(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """The holder's part of it."""
        share = jnp.asarray(self.whole)[:, None] + month.obs[self.share]
        return {"credit": share * self._due(n, s, month)}

    def settle(
        self, n: Numbers, s: Array, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[Array, Mapping[str, Array]]:
        """Add what was built; what the year's credit was claimed for is done with."""
        del n, claimed, paid
        closes = jnp.asarray(self.closes)[month.period]
        return (1.0 - closes) * s + month.past[self.built], {}
