"""Operating cost: money that a party needs to keep going, per time, per MW and per wafer.

    claim(t) = (amount(t) + per_mw(t) x MW(t)) x years(t) + per_wafer(t) x wafers(t) + arrears

between `start` and `end`, the MW being those energised at a site or given by a source of power, the
wafers those that a fab starts. Paid at the close of the period. The same kind carries a company's
other costs (wages, research), stated as dated amounts or by a driver, and what it costs to design a
chip of its own: `designs` names the cohorts of that chip, whose fixed cost it then is in reports.

Reads: power of the site or source, wafers of the fab, payout of the payer. Publishes: arrears.
On shortfall: what is unpaid is claimed again next period, without interest, and where the cost is
of a site its unpaid share shuts that share of the site next period (§5.10); what a payer in
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
from offtake.core.series import Series
from offtake.core.terms import (
    ChipsName,
    CostPerMWYearSeries,
    CostPerWaferSeries,
    FabName,
    MoneyFlowSeries,
    PartyName,
    PowerName,
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
    per_wafer: CostPerWaferSeries = default("0 USD/wafer")
    """Cost per wafer that a fab starts, such as the fee of who runs it, USD/wafer."""
    site: SiteName | None = None
    """Site whose energised power counts for `per_mw`."""
    source: PowerName | None = None
    """Source of power whose power counts for `per_mw`."""
    fab: FabName | None = None
    """Fab whose wafers count for `per_wafer`."""
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
    def _of_something(self) -> "OperatingCostTerms":
        if _stated(self.per_mw) and (self.site is None) == (self.source is None):
            raise Mistake(
                code="cost-site",
                found="a cost per MW of both a site and a source"
                if self.site
                else "a cost per MW without a site",
                expected="the site or the source of power whose power counts",
                mend="write one contract for each" if self.site else "add site: with its name",
            )
        if _stated(self.per_wafer) and self.fab is None:
            raise Mistake(
                code="cost-fab",
                found="a cost per wafer without a fab",
                expected="the fab whose wafers count",
                mend="add fab: with the name of a fab",
            )
        return self

    @model_validator(mode="after")
    def _of_one_design(self) -> "OperatingCostTerms":
        both = sorted(set(self.designs) & set(self.instead_of))
        place = self.site or self.source or self.fab
        if self.designs and place is not None:
            raise Mistake(
                code="cost-design",
                found=f"a cost of design that is also a cost of {place}",
                expected="either of them, or it counts twice in the cost of its chips",
                mend="delete site, source or fab, or write a second operating_cost for its cost",
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


def _stated(series: Series) -> bool:
    """Whether a cost is anything but zero."""
    return series.driver is not None or any(number.value for _, number in series.knots)


def _power(terms: OperatingCostTerms) -> str:
    """Name of the observation that counts for `per_mw`."""
    if terms.source is not None:
        return f"power.{terms.source}.available_mw"
    return "zero" if terms.site is None else f"sites.{terms.site}.power_mw"


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
    per_wafer: IntArray
    """[K] observation, USD/wafer"""
    wafers: IntArray
    """[K] observation"""
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
        fabs = ["zero" if t.fab is None else f"fabs.{t.fab}.wafers" for _, t in items]
        group = cls(
            amount=np.array([at.series(name, "amount") for name in ids]),
            per_mw=np.array([at.series(name, "per_mw") for name in ids]),
            power=np.array([at.observe(_power(t)) for _, t in items]),
            per_wafer=np.array([at.series(name, "per_wafer") for name in ids]),
            wafers=np.array([at.observe(fab) for fab in fabs]),
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
        cost = yearly * month.years + month.obs[self.per_wafer] * month.obs[self.wafers]
        return {"cost": cost * between(n["start"], n["end"], month.t) + s}

    def settle(
        self, n: Numbers, s: Array, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[Array, Mapping[str, Array]]:
        """What is unpaid is owed next period."""
        del n, s
        owed = unpaid(claimed["cost"], paid["cost"], month.obs[self.payout]).owed
        return owed, {"running_claimed": claimed["cost"], "running_paid": paid["cost"]}
