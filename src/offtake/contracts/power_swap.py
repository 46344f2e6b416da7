"""Power swap: a contract for difference; one side pays a strike for energy and gets an index.

    volume(t)   = share x energy of the site (or from its source), or power x hours(t); part covered
    net(t)      = (index(t) - strike(t)) x volume(t)
    received(t) = max(net(t), 0) + owed to the payer;  paid(t) = max(-net(t), 0) + owed by it

Settled in cash at the close of the period, beside whatever the energy itself costs: with all of a
site's energy bought at the index the site pays the strike. The volume is fixed (`power`) or as
drawn; where a source is named, as it gives the site. Index, strike and volume are those of the
period; covered is what lies between `start` and `start` + `term`.

Reads: energy of the site, or of its source; payouts of both sides. Publishes: arrears (owed by the
payer), outstanding (owed to it).
On shortfall: what is unpaid is owed next period, without interest; of a party outside the plan in
default the recovery share settles the claim and the rest is lost. It shuts nothing: the energy is
paid for elsewhere.

References:
    1. EFET, Individual Power Purchase Agreement for physical and financial settlement (2019).
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
    Duration,
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
from offtake.finance.unpaid import TwoSides


class PowerSwapTerms(Terms):
    """What a plan writes for a power swap."""

    kind: Literal["power_swap"]
    payer: PartyName
    """Party that pays the strike and gets the index: it buys energy."""
    receiver: PartyName
    """Party that gets the strike and pays the index."""
    index: EnergyPriceSeries
    """Price of energy that is swapped, USD/MWh; usually a driver."""
    strike: EnergyPriceSeries
    """Price that the payer pays instead, USD/MWh."""
    site: SiteName | None = None
    """Site whose energy is the volume. Either this or `power`."""
    source: PowerName | None = None
    """Source of power of which only the energy counts; all that the site draws if left out."""
    share: Share = default("100 %")
    """Share of the energy of the site, or from the source, that is swapped."""
    power: Power | None = None
    """Power whose energy is the volume, day and night, MW. Either this or `site`."""
    start: When | None = None
    """Date from which it is settled; the start of the plan if left out."""
    term: Duration
    """How long it is settled from then, months."""

    @model_validator(mode="after")
    def _one_volume(self) -> "PowerSwapTerms":
        both = self.site is not None and self.power is not None
        if both or (self.site is None and self.power is None):
            raise Mistake(
                code="swap-volume",
                found="both site and power" if both else "neither site nor power",
                expected="one of them",
                mend="delete one" if both else "add site: with its name, or power: 10 MW",
            )
        if self.source is not None and self.site is None:
            raise Mistake(
                code="swap-volume",
                found="a source without a site",
                expected="the site that the source gives energy to",
                mend="add site:, or delete source",
            )
        return self


EXAMPLE = PowerSwapTerms.model_validate(
    {
        "kind": "power_swap",
        "payer": "company",
        "receiver": "utility",
        "index": {"2026-01": "80 USD/MWh", "2026-02": "30 USD/MWh"},
        "strike": "50 USD/MWh",
        "power": "2 MW",
        "term": "2 months",
    }
)


class PowerSwapState(NamedTuple):
    """Every leaf [K, P], USD."""

    paid: Array
    """owed by the payer"""
    received: Array
    """owed to it"""


class PowerSwap(NamedTuple):
    """A group of swaps."""

    quoted: IntArray
    """[K] observation, USD/MWh"""
    strike: IntArray
    """[K] observation, USD/MWh"""
    energy: IntArray
    """[K] observation: energy of the site, or of its source, MWh; zero where the volume is fixed"""
    fixed: NDArray[np.float64]
    """[K] 1.0 where the volume is fixed"""
    ends: TwoSides
    """payer, receiver"""

    kind = "power_swap"
    stage = "primary"
    published = ("arrears", "outstanding")
    Terms = PowerSwapTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, PowerSwapTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        group = cls(
            quoted=np.array([at.series(name, "index") for name in ids]),
            strike=np.array([at.series(name, "strike") for name in ids]),
            energy=np.array([at.observe(_energy(t)) for t in terms]),
            fixed=np.array([float(t.power is not None) for t in terms]),
            ends=TwoSides.lower(terms, ("payer", "receiver"), at),
        )
        payer, receiver = (
            at.parties([getattr(t, f) for t in terms]) for f in ("payer", "receiver")
        )
        rank = np.full(len(ids), int(Rank.OPERATING))
        lines = (
            Line("paid", Flow.RUNNING_COST, payer, receiver, rank),
            Line("received", Flow.RUNNING_COST, receiver, payer, rank),
        )
        numbers = {
            **at.numbers(ids, "share", "term"),
            **at.optionals(ids, power=0.0, start=0.0),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> PowerSwapState:
        """Nothing is owed."""
        zero = jnp.zeros_like(n["share"])
        return PowerSwapState(zero, zero)

    def publish(self, n: Numbers, s: PowerSwapState, month: Month) -> Amounts:
        """What is owed at the start of the period."""
        del n, month
        return {"arrears": s.paid, "outstanding": s.received}

    def claim(self, n: Numbers, s: PowerSwapState, month: Month) -> Amounts:
        """The difference, from whoever owes it."""
        drawn = n["share"] * month.obs[self.energy]
        fixed = jnp.asarray(self.fixed)[:, None] > 0.5
        volume = jnp.where(fixed, n["power"] * month.hours, drawn)
        covered = between(n["start"], n["start"] + n["term"], month.t)
        net = (month.obs[self.quoted] - month.obs[self.strike]) * volume * covered
        return {
            "paid": jnp.maximum(-net, 0.0) + s.paid,
            "received": jnp.maximum(net, 0.0) + s.received,
        }

    def settle(
        self, n: Numbers, s: PowerSwapState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[PowerSwapState, Mapping[str, Array]]:
        """What is unpaid is owed next period."""
        del n, s
        return PowerSwapState(**self.ends.owed(claimed, paid, month, paid=0, received=1)), {}


def _energy(terms: PowerSwapTerms) -> str:
    """Observation of the energy that is swapped; of nothing where the volume is fixed."""
    if terms.site is None:
        return "zero"
    if terms.source is None:
        return f"sites.{terms.site}.energy_mwh"
    return f"sites.{terms.site}.power.{terms.source}.mwh"
