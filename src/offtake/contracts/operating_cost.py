"""Operating cost: money that a party needs to keep going, per time and per MW of a site.

    claim(t) = (amount(t) + per_mw(t) x energised MW(t)) x years(t) + arrears

between `start` and `end`. Paid at the close of the period. The same kind carries a company's other
costs (wages, research), stated as dated amounts or by a driver, and what it costs to design a chip
of its own: `designs` names the cohorts of that chip, whose fixed cost it then is in reports.

Reads: energised power of the site, payout of the payer. Publishes: arrears.
On shortfall: what is unpaid is claimed again next period, without interest, and where the cost is
of a site its unpaid share shuts that share of the site next period (DESIGN §5.10); what a payer in
default outside the plan does not pay is lost.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.errors import Mistake
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    ChipsName,
    CostPerMWYearSeries,
    MoneyFlowSeries,
    PartyName,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.finance.span import between
from offtake.finance.unpaid import unpaid
from offtake.physical.sites import running_signals


class OperatingCostTerms(Terms):
    """What a plan writes for an operating cost."""

    kind: Literal["operating_cost"]
    payer: PartyName
    """Party that bears the cost."""
    payee: PartyName
    """Party that is paid."""
    amount: MoneyFlowSeries = default("0 USD/year")
    """Cost per time, USD/year; may change over time or follow a driver."""
    per_mw: CostPerMWYearSeries = default("0 USD/MW/year")
    """Cost per MW of energised IT power and time, USD/MW/year."""
    site: SiteName | None = None
    """Site whose energised power counts for `per_mw`."""
    start: When | None = None
    """Date from which the cost runs; the start of the plan if left out."""
    end: When | None = None
    """Date until which it runs; the horizon if left out."""
    designs: tuple[ChipsName, ...] = ()
    """Cohorts of a chip whose design this pays for: team, masks, software, licences. Their fixed
    cost in reports; it moves no money."""
    instead_of: tuple[ChipsName, ...] = ()
    """Bought cohorts with which the chip designed is compared; all others of the payer if left
    out."""

    @model_validator(mode="after")
    def _per_mw_of_a_site(self) -> "OperatingCostTerms":
        per_mw = self.per_mw.driver or any(number.value for _, number in self.per_mw.knots)
        if per_mw and self.site is None:
            raise Mistake(
                code="cost-site",
                found="a cost per MW without a site",
                expected="the site whose power counts",
                mend="add site: with the name of a site",
            )
        return self

    @model_validator(mode="after")
    def _of_one_design(self) -> "OperatingCostTerms":
        both = sorted(set(self.designs) & set(self.instead_of))
        if self.designs and self.site is not None:
            raise Mistake(
                code="cost-design",
                found=f"a cost of design that is also a cost of the site {self.site}",
                expected="either of them, or it counts twice in the cost of its chips",
                mend="delete site, or write a second operating_cost for what the site costs",
            )
        if self.instead_of and not self.designs:
            raise Mistake(
                code="cost-design",
                found="instead_of without designs",
                expected="the cohorts whose design this pays for",
                mend="add designs: with names of cohorts, or delete instead_of",
            )
        if both:
            raise Mistake(
                code="cost-design",
                found=f"{', '.join(both)} under designs and under instead_of",
                expected="a cohort under one of them",
                mend="take it out of instead_of",
            )
        return self


EXAMPLE = OperatingCostTerms.model_validate(
    {"kind": "operating_cost", "payer": "company", "payee": "staff", "amount": "1,200 USD/year"}
)


class OperatingCost(NamedTuple):
    """A group of operating costs."""

    amount: IntArray
    """[K] observation, USD/year"""
    per_mw: IntArray
    """[K] observation, USD/MW/year"""
    power: IntArray
    """[K] observation, MW"""
    payout: IntArray
    """[K] observation: share of its claims that the payer meets"""

    kind = "operating_cost"
    stage = "primary"
    published = ("arrears",)
    Terms = OperatingCostTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, OperatingCostTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        sites = ["zero" if t.site is None else f"sites.{t.site}.power_mw" for _, t in items]
        group = cls(
            amount=np.array([at.series(name, "amount") for name in ids]),
            per_mw=np.array([at.series(name, "per_mw") for name in ids]),
            power=np.array([at.observe(site) for site in sites]),
            payout=np.array([at.observe(f"parties.{t.payer}.payout") for _, t in items]),
        )
        payer, payee = (at.parties([getattr(t, f) for _, t in items]) for f in ("payer", "payee"))
        rank = np.full(len(ids), int(Rank.OPERATING))
        lines = (Line("cost", Flow.RUNNING_COST, payer, payee, rank),)
        numbers = at.optionals(ids, start=0.0, end=1e9)
        signals = running_signals([t.site for _, t in items])
        return Lowered(group, tuple(ids), numbers, lines, signals)

    def init(self, n: Numbers) -> Array:
        """Arrears, [K, P] USD."""
        return jnp.zeros_like(n["start"])

    def publish(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """Arrears at the start of the month."""
        del n, month
        return {"arrears": s}

    def claim(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """Cost of the part of the period between start and end, and arrears."""
        yearly = month.obs[self.amount] + month.obs[self.per_mw] * month.obs[self.power]
        return {"cost": yearly * month.years * between(n["start"], n["end"], month.t) + s}

    def settle(
        self, n: Numbers, s: Array, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[Array, Mapping[str, Array]]:
        """What is unpaid is owed next period."""
        del n, s
        owed = unpaid(claimed["cost"], paid["cost"], month.obs[self.payout]).owed
        return owed, {"running_claimed": claimed["cost"], "running_paid": paid["cost"]}
