"""Power purchase: energy for a site, by the MWh, with a charge for capacity and a minimum.

    billed(t)  = max(share x energy(t), take-or-pay share x contracted MW x hours(t))
    bill(t)    = max(price(t) x billed(t) + capacity charge(t) x contracted MW x years(t), 0)
    claim(t)   = part(t) x bill(t) + arrears

with part(t) the share of the period between `start` and `end`. Without a stated power the
contracted MW follow the energised power of the site. With a `source` the energy is what the site
draws from that source of power, the MW are what the source has for the site, and the price is the
source's where none is stated. A price below zero lowers the bill, at most to zero. Paid at the
close of the period.

Reads: energy and energised power of the site, or of its source; price of the source; payout of the
buyer. Publishes: arrears.
On shortfall: what is unpaid is claimed again next period, without interest, and the unpaid share
of the claim shuts that share of the site next period (semantics §5.10); what a buyer in default
outside the plan does not pay is lost.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.errors import Mistake
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    CostPerMWYearSeries,
    EnergyPriceSeries,
    PartyName,
    Power,
    PowerName,
    Share,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.finance.span import between
from offtake.finance.unpaid import unpaid
from offtake.physical.sites import running_signals


class PowerPurchaseTerms(Terms):
    """What a plan writes for a power purchase."""

    kind: Literal["power_purchase"]
    buyer: PartyName
    """Party that pays for the power."""
    seller: PartyName
    """Supplier."""
    site: SiteName
    """Site that draws the power."""
    source: PowerName | None = None
    """Source of power that it comes from; all that the site draws if left out."""
    price: EnergyPriceSeries | None = None
    """Price of energy, USD/MWh; may change over time or follow a driver. What the source's energy
    costs if left out."""
    share: Share = default("100 %")
    """Share of the site's energy, or of that from the source, that is bought from this supplier."""
    contracted: Power | None = None
    """Power contracted with this supplier, MW; its share of energised IT power, or of what the
    source has for the site, if left out."""
    capacity_charge: CostPerMWYearSeries = default("0 USD/MW/year")
    """Charge for contracted power, used or not, USD/MW/year."""
    take_or_pay: Share = default("0 %")
    """Share of the energy of contracted power that is paid for in any case."""
    start: When | None = None
    """Date from which power is bought; the start of the plan if left out."""
    end: When | None = None
    """Date until which it is bought; the horizon if left out."""

    @model_validator(mode="after")
    def _priced(self) -> "PowerPurchaseTerms":
        if self.price is None and self.source is None:
            raise Mistake(
                code="key-missing",
                found="power without a price",
                expected="a price of energy, or a source of power, whose price it then is",
                mend="add price: 55 USD/MWh, or source: with the name of a source",
            )
        return self


EXAMPLE = PowerPurchaseTerms.model_validate(
    {
        "kind": "power_purchase",
        "buyer": "company",
        "seller": "utility",
        "site": "hall",
        "price": "50 USD/MWh",
        "contracted": "10 MW",
        "capacity_charge": "12,000 USD/MW/year",
        "take_or_pay": "50 %",
    }
)


def _place(terms: PowerPurchaseTerms, of_site: str, of_source: str) -> str:
    """Name of an observation of the site, or of its source."""
    if terms.source is None:
        return f"sites.{terms.site}.{of_site}"
    return f"sites.{terms.site}.power.{terms.source}.{of_source}"


class PowerPurchase(NamedTuple):
    """A group of power purchases."""

    price: IntArray
    """[K] observation, USD/MWh"""
    charge: IntArray
    """[K] observation, USD/MW/year"""
    energy: IntArray
    """[K] observation: energy drawn by the site, or by it from the source, MWh"""
    power: IntArray
    """[K] observation: energised IT power, or what the source has for the site, MW"""
    payout: IntArray
    """[K] observation: share of its claims that the buyer meets"""
    stated: NDArray[np.float64]
    """[K] 1.0 where the contracted power is stated"""

    kind = "power_purchase"
    stage = "primary"
    published = ("arrears",)
    Terms = PowerPurchaseTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, PowerPurchaseTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        group = cls(
            price=np.array(
                [
                    at.series(name, "price") if t.price else at.observe(f"power.{t.source}.price")
                    for name, t in items
                ]
            ),
            charge=np.array([at.series(name, "capacity_charge") for name in ids]),
            energy=np.array([at.observe(_place(t, "energy_mwh", "mwh")) for _, t in items]),
            power=np.array([at.observe(_place(t, "power_mw", "mw")) for _, t in items]),
            payout=np.array([at.observe(f"parties.{t.buyer}.payout") for _, t in items]),
            stated=np.array([float(t.contracted is not None) for _, t in items]),
        )
        buyer, seller = (at.parties([getattr(t, f) for _, t in items]) for f in ("buyer", "seller"))
        rank = np.full(len(ids), int(Rank.OPERATING))
        numbers = {
            **at.numbers(ids, "share", "take_or_pay"),
            **at.optionals(ids, contracted=0.0, start=0.0, end=1e9),
        }
        lines = (Line("power", Flow.RUNNING_COST, buyer, seller, rank),)
        signals = running_signals([t.site for _, t in items])
        return Lowered(group, tuple(ids), numbers, lines, signals)

    def init(self, n: Numbers) -> Array:
        """Arrears, [K, P] USD."""
        return jnp.zeros_like(n["share"])

    def publish(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """Arrears at the start of the month."""
        del n, month
        return {"arrears": s}

    def claim(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """The bill of the period, and arrears."""
        own = n["share"] * month.obs[self.power]
        contracted = jnp.where(jnp.asarray(self.stated)[:, None] > 0.5, n["contracted"], own)
        drawn = n["share"] * month.obs[self.energy]
        billed = jnp.maximum(drawn, n["take_or_pay"] * contracted * month.hours)
        capacity = month.obs[self.charge] * contracted * month.years
        bill = jnp.maximum(month.obs[self.price] * billed + capacity, 0.0)
        return {"power": bill * between(n["start"], n["end"], month.t) + s}

    def settle(
        self, n: Numbers, s: Array, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[Array, Mapping[str, Array]]:
        """What is unpaid is owed next period."""
        del n, s
        owed = unpaid(claimed["power"], paid["power"], month.obs[self.payout]).owed
        return owed, {"running_claimed": claimed["power"], "running_paid": paid["power"]}
