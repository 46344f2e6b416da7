"""Compute commitment: capacity taken or paid for over a term, with the options buyers negotiate.

    capacity(t) = capacity x ramp(t) x (1 - stepped down(t)) x part of the period in the term
    offered(t)  = capacity(t) x length(t), at most what the site delivers where one is named
    used(t)     = min(max(need(t) x length(t) - sum of offered hours in `after`, 0), offered(t))
    billed(t)   = max(take-or-pay share x offered, used)
    resold(t)   = share x (billed - used)
    capacity    claim: price(t) x billed + arrears
    resale      claim: market(t) x (1 - spread) x resold, of the buyer on the market

length(t): hours of the period. The ramp rises in a straight line over `ramp` from the start.
Without `need` all that is offered is used. Options are chosen at the close of a month, each once,
by the rule of `finance.commitment` on what that month shows, cancellation and step-down by a fitted
policy if they say so; fees fall due in the next period.

Reads: offered_hours of the contracts in `after`; delivered hours of the site; payout of the buyer.
Publishes: arrears, terminated; reserved_share, reserved_h100e, offered_hours of this period;
deferred, stepped_down, cancelled: 1.0 once chosen. Signals: hours sold; site under contract.
On shortfall: bills and fees are owed next period without interest (lost where the buyer is a party
in default outside the plan); after `grace` the seller ends the contract and claims, unsecured, a
share of take or pay for the rest of the term.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.finance.commitment import (
    ANY_NEED,
    Choices,
    Seen,
    choose,
    in_term,
    level,
    nothing_chosen,
    offered_by,
    rest_of_commitment,
    told,
)
from offtake.finance.commitment_terms import GIVES_UP, OPTION_NUMBERS, OPTIONS, CommitmentTerms
from offtake.finance.policy import policy_of
from offtake.finance.termination import ending
from offtake.finance.unpaid import unpaid


class ComputeCommitmentTerms(CommitmentTerms):
    """What a plan writes for a compute commitment."""

    kind: Literal["compute_commitment"]


EXAMPLE = ComputeCommitmentTerms.model_validate(
    {
        "kind": "compute_commitment",
        "seller": "vendor",
        "buyer": "lab",
        "capacity": "10 H100e",
        "price": "2 USD/H100e/h",
        "start": "2026-02",
        "term": "12 months",
        "take_or_pay": "90 %",
        "need": {"2026-01": "6 H100e", "2026-04": "2 H100e"},
        "market": "1 USD/H100e/h",
        "step_down": {"share": "50 %", "earliest": "3 months", "notice": "2 months", "fee": "10 %"},
        "resale": {"spread": "20 %"},
    }
)


class State(NamedTuple):
    """Every leaf [K, P]."""

    chosen: Choices
    struck: Array
    """price set at the start of the term, USD/H100e/h; 0 before"""
    arrears: Array
    """USD"""
    late: Array
    """periods in a row with a bill overdue"""
    ended: Array
    """1.0 once the seller ended the contract"""
    fees: Array
    """fees of options not yet paid, USD"""
    termination: Array
    """owed for the end of the contract, USD"""


class ComputeCommitment(NamedTuple):
    """A group of commitments."""

    price: IntArray
    """[K] observation, USD/H100e/h"""
    market: IntArray
    """[K] observation, USD/H100e/h"""
    need: IntArray
    """[K] observation, H100e"""
    delivered: IntArray
    """[K] observation, H100e-hours of the site"""
    payout: IntArray
    """[K] observation: share of its claims that the buyer meets"""
    before: IntArray
    """[K, contracts] observation: hours of those that serve first; zero where there are fewer"""
    policies: Mapping[str, IntArray]
    """right to give up -> [K, 10] observation: its fitted policy; zero where there is none"""
    has: Mapping[str, NDArray[np.bool_]]
    """name of an optional field -> [K, 1] whether it is stated; `fitted.<right>`: whether that
    right goes by a fitted policy"""

    kind = "compute_commitment"
    stage = "primary"
    published = (
        *("arrears", "terminated", "reserved_share", "reserved_h100e", "offered_hours"),
        *("deferred", "stepped_down", "cancelled"),
    )
    Terms = ComputeCommitmentTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ComputeCommitmentTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        on = [t.site for _, t in items]
        rights = {x: [t.right(x) for _, t in items] for x in GIVES_UP}
        group = cls(
            price=np.array([at.series(name, "price") for name in ids]),
            market=np.array([at.series(name, "market") for name in ids]),
            need=np.array([at.series(name, "need") for name in ids]),
            delivered=np.array([at.observe(f"sites.{s}.h100e_hours" if s else "zero") for s in on]),
            payout=np.array([at.observe(f"parties.{t.buyer}.payout") for _, t in items]),
            before=offered_by(at, [t.after for _, t in items]),
            policies={
                x: np.array(
                    [
                        policy_of(f"contracts.{k}.{x}.policy", right.policy if right else (), at)
                        for k, right in zip(ids, rights[x], strict=True)
                    ]
                )
                for x in GIVES_UP
            },
            has={
                **{
                    f"fitted.{x}": np.array(
                        [[y is not None and y.exercise == "fitted"] for y in made]
                    )
                    for x, made in rights.items()
                },
                **{
                    field: np.array([[getattr(t, field) is not None] for _, t in items])
                    for field in ("site", "need", "price_share", *OPTIONS)
                },
            },
        )
        seller, buyer = (at.parties([getattr(t, f) for _, t in items]) for f in ("seller", "buyer"))
        user = at.parties([t.resale.buyer if t.resale else t.seller for _, t in items])
        rank = np.full(len(ids), int(Rank.OPERATING))
        lines = (
            Line("capacity", Flow.SALE, buyer, seller, rank),
            Line("fee", Flow.SALE, buyer, seller, rank),
            Line("resale", Flow.SALE, user, buyer, rank),
            Line("termination", Flow.SALE, buyer, seller, np.full(len(ids), int(Rank.UNSECURED))),
        )
        fields = ("capacity", "ramp", "start", "term", "take_or_pay", "grace", "termination")
        numbers = {
            **at.numbers(ids, *fields, "price_outlook", "need_outlook"),
            **at.optionals(ids, **dict.fromkeys(("price_share", *OPTION_NUMBERS), 0.0)),
        }
        signals = {
            name: tuple(f"sites.{site}.{name}" if site else None for site in on)
            for name in ("sold_hours", "contracted")
        }
        return Lowered(group, tuple(ids), numbers, lines, signals)

    def init(self, n: Numbers) -> State:
        """Nothing is chosen or owed."""
        zero = jnp.zeros_like(n["term"])
        return State(nothing_chosen(n["start"]), *(zero,) * 6)

    def publish(self, n: Numbers, s: State, month: Month) -> Amounts:
        """What is owed, what of the site is reserved, what is offered, what was chosen."""
        opened = self._open(n, s, month.t)
        reserved = {"reserved_share": opened, "reserved_h100e": self._capacity(n, s, month.t)}
        owed = {"arrears": s.arrears, "terminated": s.ended}
        return {**owed, **reserved, "offered_hours": self._offered(n, s, month), **told(s.chosen)}

    def _open(self, n: Numbers, s: State, t: Array) -> Array:
        """[K, P] share of the period that lies within the term."""
        return in_term(s.chosen, n["term"], t) * (1.0 - s.ended)

    def _capacity(self, n: Numbers, s: State, t: Array) -> Array:
        """[K, P] H100e, mean of the period."""
        there = level(s.chosen, n["ramp"], n["step_down.share"], t)
        return n["capacity"] * there * self._open(n, s, t)

    def _offered(self, n: Numbers, s: State, month: Month) -> Array:
        """[K, P] H100e-hours."""
        hours = self._capacity(n, s, month.t) * month.hours
        site = self._open(n, s, month.t) * month.obs[self.delivered]
        return jnp.where(self.has["site"], jnp.minimum(hours, site), hours)

    def _hours(self, n: Numbers, s: State, month: Month) -> tuple[Array, ...]:
        """Billed, used and resold H100e-hours, [K, P]."""
        offered = self._offered(n, s, month)
        left = month.obs[self.need] * month.hours - jnp.sum(month.obs[self.before], axis=1)
        used = jnp.where(self.has["need"], jnp.clip(left, 0.0, offered), offered)
        billed = jnp.maximum(n["take_or_pay"] * offered, used)
        return billed, used, n["resale.share"] * (billed - used)

    def _price(self, n: Numbers, s: State, month: Month) -> Array:
        """[K, P] USD/H100e/h, stated or struck."""
        now = n["price_share"] * month.obs[self.market]
        struck = jnp.where(s.struck > 0.0, s.struck, now)
        return jnp.where(self.has["price_share"], struck, month.obs[self.price])

    def claim(self, n: Numbers, s: State, month: Month) -> Amounts:
        """The bill, fees of options, what resale brings, what the end of the contract cost."""
        billed, _, resold = self._hours(n, s, month)
        return {
            "capacity": self._price(n, s, month) * billed + s.arrears,
            "fee": s.fees,
            "resale": month.obs[self.market] * (1.0 - n["resale.spread"]) * resold,
            "termination": s.termination,
        }

    def settle(
        self, n: Numbers, s: State, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[State, Mapping[str, Array]]:
        """Carry what is unpaid, end the contract after the grace period, choose."""
        _, used, resold = self._hours(n, s, month)
        payout, price = month.obs[self.payout], self._price(n, s, month)
        lines = ("capacity", "fee", "termination")
        bill, fee, owed = (unpaid(claimed[k], paid[k], payout) for k in lines)
        late = jnp.where(bill.short, s.late + 1.0, 0.0)
        need = jnp.where(self.has["need"], month.obs[self.need], ANY_NEED)
        served = jnp.sum(month.obs[self.before], axis=1) / jnp.maximum(month.hours, 1.0)
        running = (s.ended < 0.5) & (month.t > 0.0)
        times = month.t, month.hours, month.years
        policies = {x: month.obs[index] for x, index in self.policies.items()}
        seen = Seen(price, month.obs[self.market], need, served, running, *times, policies)
        chosen, fees = choose(n, self.has, s.chosen, seen)
        rest = rest_of_commitment(n, s.chosen, price * month.hours, month.t)
        nothing = jnp.zeros_like(late)
        end = ending(s.ended, late, nothing, n["grace"], n["termination"] * rest, nothing)
        opened, owes = self._open(n, s, month.t), owed.owed + end.by_buyer
        struck = jnp.where(opened > 0.0, price, s.struck)
        state = State(chosen, struck, bill.owed, late, end.ended, fee.owed + fees, owes)
        return state, {"sold_hours": used + resold, "contracted": opened}
