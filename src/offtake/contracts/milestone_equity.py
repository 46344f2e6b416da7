"""Milestone equity: money for shares, paid in tranches as power comes on or something happens.

    due(t)     = at_signing + per_mw x step x floor(MW(t) / step) + on_event, at most commitment
    tranche(t) = due(t) - tranches so far + what is unpaid of them
    shares(t)  = shares(t-1) + paid(t) / share_price(t)
    share of distributions = shares / outstanding

with MW the most that the sites named have run at so far (without `step` every MW counts) and
`on_event` from the first period on in which `event` is 1. What is reached after `until` is not paid
for. A tranche is a claim on the investor like any other, not a support: it is paid whether the
issuer needs it or not. Shares are bought at the price of the day.

Reads: power of the sites, the event, the share price. Publishes: raised, issue_price, shares,
dilution, holding.
On shortfall: a tranche that is not paid is claimed again; of an investor in default outside the
plan the rest is lost. An issuer in default is paid no further tranche.

References:
    1. NVIDIA and OpenAI, letter of intent of 22 September 2025: up to 100 bn USD, invested
       progressively as each gigawatt is deployed.
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
    CostPerMW,
    Count,
    Money,
    MoneySeries,
    PartyName,
    Power,
    RatioSeries,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.finance.facility import power_of
from offtake.finance.shares import dilution, distributed, issued, relative
from offtake.finance.span import reached
from offtake.finance.unpaid import unpaid

HAPPENED = 1.0 - 1e-9
"""Level of `event` at which it has happened."""


class MilestoneEquityTerms(Terms):
    """What a plan writes for milestone equity."""

    kind: Literal["milestone_equity"]
    investor: PartyName
    """Party that buys the shares, such as a vendor."""
    issuer: PartyName
    """Company that issues them."""
    commitment: Money
    """Most that is paid in all, USD."""
    start: When | None = None
    """Date of signing; the start of the plan if left out."""
    at_signing: Money = default("0 USD")
    """Paid on signing, USD."""
    per_mw: CostPerMW = default("0 USD/MW")
    """Paid per MW of IT power that runs, USD/MW."""
    sites: tuple[SiteName, ...] = ()
    """Sites whose power counts for `per_mw`."""
    counts: Literal["energised", "running"] = "energised"
    """Whether power counts when it is there, or when chips draw it."""
    step: Power = default("0 MW")
    """Power of a tranche, paid for when all of it runs; every MW by itself if 0."""
    on_event: Money = default("0 USD")
    """Paid when `event` has happened, USD."""
    event: RatioSeries | None = None
    """100 % once something has happened, such as a listing; usually a driver."""
    until: When | None = None
    """Date after which nothing more counts; the horizon if left out."""
    share_price: MoneySeries
    """Price of a share, USD; usually a driver."""
    outstanding: Count = default("1")
    """Shares before it, of owners whose `share` adds up to 1; 1 for a price of them all."""
    distributions_from: When | None = None
    """No distribution before this date."""

    @model_validator(mode="after")
    def _of_something(self) -> "MilestoneEquityTerms":
        """Sites for `per_mw`, an event for `on_event`."""
        for paid, measure, what in (
            ("per_mw", self.sites, "sites: [campus]"),
            ("on_event", self.event, "event: listed"),
        ):
            if (getattr(self, paid).value != 0.0) != bool(measure):
                raise Mistake(
                    code="milestone-of-nothing",
                    found=f"{paid} without {what.split(':')[0]}"
                    if not measure
                    else f"{what.split(':')[0]} without {paid}",
                    expected="both, or neither",
                    mend=f"add {what}" if not measure else f"add {paid}",
                )
        return self


EXAMPLE = MilestoneEquityTerms.model_validate(
    {
        "kind": "milestone_equity",
        "investor": "vendor",
        "issuer": "lab",
        "commitment": "450 USD",
        "at_signing": "100 USD",
        "per_mw": "100 USD/MW",
        "sites": ["campus"],
        "step": "1 MW",
        "share_price": "5 USD",
        "outstanding": "40",
    }
)


class MilestoneEquityState(NamedTuple):
    """Every leaf [K, P]."""

    power: Array
    """most that the sites have run at, MW"""
    happened: Array
    """1.0 once the event has"""
    called: Array
    """tranches that were claimed and are paid or lost, USD"""
    raised: Array
    """of them paid, USD"""
    shares: Array
    price: Array
    """of the last tranche, USD a share"""


class MilestoneEquity(NamedTuple):
    """A group of commitments."""

    power: IntArray
    """[K, sites] observation, MW; zero where there are fewer"""
    event: IntArray
    """[K] observation"""
    price: IntArray
    """[K] observation, USD a share"""
    payout: IntArray
    """[K] observation: share of its claims that the investor meets"""
    issuer: IntArray
    """[K] party"""

    kind = "milestone_equity"
    stage = "primary"
    published = ("raised", "issue_price", "shares", "dilution", "holding")
    Terms = MilestoneEquityTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, MilestoneEquityTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        investor, issuer = (
            at.parties([getattr(t, f) for _, t in items]) for f in ("investor", "issuer")
        )
        group = cls(
            power=power_of([t for _, t in items], at),
            event=np.array([at.series(name, "event") for name in ids]),
            price=np.array([at.series(name, "share_price") for name in ids]),
            payout=np.array([at.observe(f"parties.{t.investor}.payout") for _, t in items]),
            issuer=issuer,
        )
        ones = np.ones(len(ids), np.int64)
        capital, last = ones * int(Rank.CAPITAL_IN), ones * int(Rank.DISTRIBUTION)
        lines = (
            Line("tranche", Flow.CAPITAL_IN, investor, issuer, capital),
            Line("distribution", Flow.DISTRIBUTION, issuer, investor, last, form="residual"),
        )
        fields = ("commitment", "at_signing", "per_mw", "step", "on_event", "outstanding")
        numbers = {
            **at.numbers(ids, *fields),
            **at.optionals(ids, start=0.0, until=1e9, distributions_from=0.0),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> MilestoneEquityState:
        """Nothing is reached."""
        zero = jnp.zeros_like(n["commitment"])
        return MilestoneEquityState(*[zero] * len(MilestoneEquityState._fields))

    def publish(self, n: Numbers, s: MilestoneEquityState, month: Month) -> Amounts:
        """What was raised, at which price, and what the shares are worth."""
        worth = s.shares * month.obs[self.price]
        return {
            "raised": s.raised,
            "issue_price": s.price,
            "shares": s.shares,
            "dilution": dilution(s.shares, n["outstanding"]),
            "holding": jnp.where(month.stopped[self.issuer], 0.0, worth),
        }

    def _reached(
        self, n: Numbers, s: MilestoneEquityState, month: Month
    ) -> tuple[Array, Array, Array]:
        """Power and event of the period, and what has fallen due by it, [K, P]."""
        counts = month.t <= n["until"] + 1e-9
        power = jnp.sum(month.obs[self.power], axis=1)
        power = jnp.where(counts, jnp.maximum(s.power, power), s.power)
        now = counts & (month.obs[self.event] >= HAPPENED)
        happened = jnp.where(now, 1.0, s.happened)
        steps = n["step"] > 0.0
        whole = jnp.floor(power / jnp.where(steps, n["step"], 1.0) + 1e-9)
        paid_for = jnp.where(steps, whole * n["step"], power)
        due = n["at_signing"] + n["per_mw"] * paid_for + n["on_event"] * happened
        signed = reached(n["start"], month.t)
        return power, happened, jnp.where(signed, jnp.minimum(due, n["commitment"]), 0.0)

    def claim(self, n: Numbers, s: MilestoneEquityState, month: Month) -> Amounts:
        """Tranches that have fallen due, and the shares' part of what is left."""
        due = self._reached(n, s, month)[2]
        going = ~month.stopped[self.issuer]
        part = relative(s.shares, n["outstanding"])
        return {
            "tranche": jnp.where(going, jnp.maximum(due - s.called, 0.0), 0.0),
            "distribution": distributed(n["distributions_from"], part, month.t),
        }

    def settle(
        self, n: Numbers, s: MilestoneEquityState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[MilestoneEquityState, Mapping[str, Array]]:
        """Issue shares for what was paid; keep what is still owed."""
        power, happened, _ = self._reached(n, s, month)
        owed = unpaid(claimed["tranche"], paid["tranche"], month.obs[self.payout]).owed
        price = month.obs[self.price]
        state = MilestoneEquityState(
            power=power,
            happened=happened,
            called=s.called + claimed["tranche"] - owed,
            raised=s.raised + paid["tranche"],
            shares=s.shares + issued(paid["tranche"], price),
            price=jnp.where(paid["tranche"] > 0.0, price, s.price),
        )
        return state, {}
