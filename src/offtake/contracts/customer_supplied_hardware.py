"""Customer-supplied hardware: a customer brings its own chips into an operator's site, for a fee.

    hosted(t) = min(power drawn by the customer's chips, power contracted)             MW
    billed(t) = max(hosted, take-or-pay x min(power contracted, power of the site))    MW
    fee(t)    = (per MW(t) x billed + per MWh(t) x hosted x hours a year) x years(t) x part(t)
                + per hour(t) x H100e-hours of the chips x part(t) + arrears

with part(t) the share of the period within `term` after the start. Paid at the close of the period.
The chips are the customer's: it orders them, what they earn is its own, and no lender of the
operator has a claim on them.

Reads: power and capacity of the cohort, energised power of the site, payout of the customer.
Publishes: arrears, fee (of the last period), terminated.
On shortfall: the fee is owed next period, without interest (lost where the customer is a party in
default outside the plan); after `grace` the operator ends the contract. The chips stay where they
stand, without a fee.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    ChipsName,
    ComputePriceSeries,
    CostPerMWYearSeries,
    Duration,
    EnergyPriceSeries,
    PartyName,
    Power,
    Share,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.finance.facility import signing
from offtake.finance.span import between
from offtake.finance.unpaid import unpaid


class CustomerSuppliedHardwareTerms(Terms):
    """What a plan writes for hardware that a customer supplies."""

    kind: Literal["customer_supplied_hardware"]
    operator: PartyName
    """Party whose site hosts the chips."""
    customer: PartyName
    """Party that owns the chips and pays the fee."""
    site: SiteName
    """Site in which they stand."""
    chips: ChipsName
    """Cohort of the customer."""
    power: Power
    """IT power contracted, MW."""
    per_mw: CostPerMWYearSeries = default("0 USD/MW/year")
    """Fee per MW billed and time, USD/MW/year."""
    per_mwh: EnergyPriceSeries = default("0 USD/MWh")
    """Price of the energy that the chips draw, IT power, USD/MWh."""
    per_hour: ComputePriceSeries = default("0 USD/H100e/h")
    """Fee per H100e-hour of chips that have power, for running them, USD/H100e/h."""
    take_or_pay: Share = default("100 %")
    """Share of the power contracted that is billed whether the chips are there or not."""
    start: When | None = None
    """First day; the start of the plan if left out."""
    term: Duration
    """Length of the contract, months."""
    grace: Duration = default("3 months")
    """How long a fee may be overdue before the operator ends the contract, months."""


EXAMPLE = CustomerSuppliedHardwareTerms.model_validate(
    {
        "kind": "customer_supplied_hardware",
        "operator": "operator",
        "customer": "customer",
        "site": "yard",
        "chips": "guests",
        "power": "0.5 MW",
        "per_mw": "1.2 M USD/MW/year",
        "take_or_pay": "80 %",
        "start": "2026-02",
        "term": "4 months",
    }
)
SERIES = ("per_mw", "per_mwh", "per_hour")
"""Prices that may change over time."""
ON_SITE = ("mw", "h100e")
"""What the cohort shows."""


class CustomerSuppliedHardwareState(NamedTuple):
    """Every leaf [K, P]."""

    arrears: Array
    """USD"""
    fee: Array
    """of the last period, arrears apart, USD"""
    late: Array
    """periods in a row with something overdue"""
    ended: Array
    """1.0 once the operator has ended the contract"""


class CustomerSuppliedHardware(NamedTuple):
    """A group of contracts."""

    price: Mapping[str, IntArray]
    """name of `SERIES` -> [K] observation"""
    chips: Mapping[str, IntArray]
    """name of `ON_SITE` -> [K] observation"""
    site: IntArray
    """[K] observation: energised power of the site, MW"""
    payout: IntArray
    """[K] observation: share of its claims that the customer meets"""

    kind = "customer_supplied_hardware"
    stage = "primary"
    published = ("arrears", "fee", "terminated")
    Terms = CustomerSuppliedHardwareTerms
    example = EXAMPLE

    @classmethod
    def lower(
        cls, items: Sequence[tuple[str, CustomerSuppliedHardwareTerms]], at: Lowerer
    ) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids, terms = [name for name, _ in items], [t for _, t in items]
        group = cls(
            price={f: np.array([at.series(name, f) for name in ids]) for f in SERIES},
            chips={
                f: np.array([at.observe(f"chips.{t.chips}.{f}") for t in terms]) for f in ON_SITE
            },
            site=np.array([at.observe(f"sites.{t.site}.power_mw") for t in terms]),
            payout=np.array([at.observe(f"parties.{t.customer}.payout") for t in terms]),
        )
        customer, operator = (
            at.parties([getattr(t, f) for t in terms]) for f in ("customer", "operator")
        )
        rank = np.full(len(ids), int(Rank.OPERATING))
        numbers = {
            **at.numbers(ids, "power", "take_or_pay", "term", "grace"),
            **at.optionals(ids, start=0.0),
        }
        lines = (Line("fee", Flow.SALE, customer, operator, rank),)
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> CustomerSuppliedHardwareState:
        """Nothing is owed."""
        zero = jnp.zeros_like(n["term"])
        return CustomerSuppliedHardwareState(zero, zero, zero, zero)

    def publish(self, n: Numbers, s: CustomerSuppliedHardwareState, month: Month) -> Amounts:
        """Arrears, the last fee, and whether the contract was ended."""
        del n, month
        return {"arrears": s.arrears, "fee": s.fee, "terminated": s.ended}

    def _fee(self, n: Numbers, s: CustomerSuppliedHardwareState, month: Month) -> Array:
        """[K, P] USD of the period."""
        begin = signing(n["start"])
        price = {f: month.obs[index] for f, index in self.price.items()}
        chips = {f: month.obs[index] for f, index in self.chips.items()}
        hosted = jnp.minimum(chips["mw"], n["power"])
        least = n["take_or_pay"] * jnp.minimum(n["power"], month.obs[self.site])
        fee = price["per_mw"] * jnp.maximum(hosted, least) * month.years
        fee = fee + price["per_mwh"] * hosted * month.hours
        fee = fee + price["per_hour"] * chips["h100e"] * month.hours
        part = between(begin, begin + n["term"], month.t)
        return jnp.maximum(fee, 0.0) * part * (1.0 - s.ended)

    def claim(self, n: Numbers, s: CustomerSuppliedHardwareState, month: Month) -> Amounts:
        """Fee of the period, and arrears."""
        return {"fee": self._fee(n, s, month) + s.arrears}

    def settle(
        self,
        n: Numbers,
        s: CustomerSuppliedHardwareState,
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[CustomerSuppliedHardwareState, Mapping[str, Array]]:
        """Carry what is unpaid, end the contract after the grace period."""
        missing = unpaid(claimed["fee"], paid["fee"], month.obs[self.payout])
        late = jnp.where(missing.short, s.late + 1.0, 0.0)
        ended = jnp.maximum(s.ended, jnp.where(late > n["grace"], 1.0, 0.0))
        fee = self._fee(n, s, month)
        return CustomerSuppliedHardwareState(missing.owed, fee, late, ended), {}
