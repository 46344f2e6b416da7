"""Interest swap: one side pays a fixed rate on a notional and receives a floating one.

    N(t)       = share x balance of the loan at the start of t, or the notional stated
    accrued(t) = accrued(t-1) + N(t) (fixed x a1(t) - (margin + max(base(t), floor)) x a2(t))
    net(t)     = accrued(t) on the payment dates, after which it is zero; else 0
    paid(t)    = max(net(t), 0) + owed by the payer;  received(t) = max(-net(t), 0) + owed to it

with a1, a2 the day count fractions of the two legs. N accrues in every period after that of `start`
up to that of the end of `term`; payment dates lie every `every` from the start, and at the end. The
floating rate is that of the period, set at its start as the loan's is. Only the difference is paid.

Reads: the base rate's driver, the balance of the loan, payouts and defaults of both sides.
Publishes: swapped (notional of the period before), arrears (owed by the payer), outstanding (owed
to it).
On shortfall: what is unpaid is owed next period, without interest; of a party outside the plan in
default the recovery share settles the claim. Once a side inside the plan is in default the swap
ends and nothing more accrues; what it is worth then, the break cost, is not modelled.

References:
    1. ISDA 2006 Definitions, articles 4 to 6 (periods, day counts, fixed and floating amounts).
    2. J. C. Hull, Options, Futures, and Other Derivatives, 9th ed., Pearson 2015, ch. 7.
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
    ContractName,
    Duration,
    LoanRate,
    MoneySeries,
    PartyName,
    Rate,
    Share,
    Terms,
    When,
    default,
)
from offtake.finance.facility import Interest, closing, signing
from offtake.finance.loan_terms import DayCount
from offtake.finance.unpaid import TwoSides


class InterestSwapTerms(Terms):
    """What a plan writes for an interest swap."""

    kind: Literal["interest_swap"]
    payer: PartyName
    """Party that pays the fixed rate and receives the floating one."""
    receiver: PartyName
    """Party that receives the fixed rate and pays the floating one."""
    loan: ContractName | None = None
    """Loan whose balance is the notional. Either this or `notional`."""
    share: Share = default("100 %")
    """Share of the loan's balance that is swapped."""
    notional: MoneySeries | None = None
    """Notional over time, USD. Either this or `loan`."""
    fixed: Rate
    """Fixed rate, per year."""
    floating: LoanRate
    """Floating rate, a base rate and a margin; per year."""
    floor: Rate = default("0 %/year")
    """Least value of the base rate, as in the loan; per year."""
    fixed_day_count: DayCount = "30/360"
    """Day count of the fixed leg."""
    day_count: DayCount = "30/360"
    """Day count of the floating leg."""
    start: When | None = None
    """Date from which interest accrues; the start of the plan if left out."""
    term: Duration
    """How long it accrues from then, months."""
    every: Duration = default("1 month")
    """Time between two payments, months."""

    @model_validator(mode="after")
    def _one_notional_and_a_base(self) -> "InterestSwapTerms":
        if (self.loan is None) == (self.notional is None):
            both = self.loan is not None
            raise Mistake(
                code="swap-notional",
                found="both loan and notional" if both else "neither loan nor notional",
                expected="one of them",
                mend="delete one" if both else "add loan: with the name of a loan, or notional:",
            )
        if self.floating.base is None:
            raise Mistake(
                code="swap-fixed",
                found=f"a floating leg of {self.floating} without a base rate",
                expected="a base rate and a margin",
                mend="write floating: SOFR + 0 bp, with SOFR a driver of the plan",
            )
        return self


EXAMPLE = InterestSwapTerms.model_validate(
    {
        "kind": "interest_swap",
        "payer": "company",
        "receiver": "bank",
        "loan": "loan",
        "share": "50 %",
        "fixed": "6 %/year",
        "floating": "SOFR + 0 bp",
        "term": "5 months",
        "every": "2 months",
    }
)


class InterestSwapState(NamedTuple):
    """Every leaf [K, P]."""

    accrued: Array
    """fixed less floating interest since the last payment date, USD"""
    paid: Array
    """owed by the payer, USD"""
    received: Array
    """owed to it, USD"""
    notional: Array
    """of the last period, USD"""
    ended: Array
    """1.0 once a side was in default"""


class InterestSwap(NamedTuple):
    """A group of swaps."""

    base: IntArray
    """[K] observation: notional, or balance of the loan, USD"""
    tied: NDArray[np.float64]
    """[K] 1.0 where the notional is a share of a loan's balance"""
    floating: Interest
    fixed_accrual: NDArray[np.float64]
    """[K, T] day count fractions of the fixed leg, years"""
    sides: IntArray
    """[2, K] party: payer, receiver"""
    ends: TwoSides
    """payer, receiver"""

    kind = "interest_swap"
    stage = "primary"
    published = ("swapped", "arrears", "outstanding")
    Terms = InterestSwapTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, InterestSwapTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        payer, receiver = (
            at.parties([getattr(t, f) for t in terms]) for f in ("payer", "receiver")
        )
        group = cls(
            base=np.array(
                [
                    at.observe(f"contracts.{t.loan}.balance")
                    if t.loan
                    else at.series(name, "notional")
                    for name, t in items
                ]
            ),
            tied=np.array([float(t.loan is not None) for t in terms]),
            floating=Interest.lower([t.floating for t in terms], [t.day_count for t in terms], at),
            fixed_accrual=np.stack([at.accrual(t.fixed_day_count) for t in terms]),
            sides=np.stack([payer, receiver]),
            ends=TwoSides.lower(terms, ("payer", "receiver"), at),
        )
        rank = np.full(len(ids), int(Rank.SENIOR_INTEREST))
        lines = (
            Line("paid", Flow.INTEREST, payer, receiver, rank),
            Line("received", Flow.INTEREST, receiver, payer, rank),
        )
        numbers = {
            **at.numbers(ids, "share", "fixed", "floating", "floor", "term", "every"),
            **at.optionals(ids, start=0.0),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> InterestSwapState:
        """Nothing has accrued."""
        zero = jnp.zeros_like(n["fixed"])
        return InterestSwapState(zero, zero, zero, zero, zero)

    def publish(self, n: Numbers, s: InterestSwapState, month: Month) -> Amounts:
        """Notional of the period before, and what is owed."""
        del n, month
        return {"swapped": s.notional, "arrears": s.paid, "outstanding": s.received}

    def _accrued(
        self, n: Numbers, s: InterestSwapState, month: Month
    ) -> tuple[Array, Array, Array]:
        """Notional, USD; accrued since the last date, USD; True on a payment date; [K, P]."""
        begin, last = signing(n["start"]), closing(n["start"] + n["term"])
        runs = (month.t > begin) & (month.t <= last) & (s.ended < 0.5)
        share = jnp.where(jnp.asarray(self.tied)[:, None] > 0.5, n["share"], 1.0)
        notional = jnp.where(runs, share * month.obs[self.base], 0.0)
        rate = self.floating.yearly(n["floating"], n["floor"], month)
        fixed = n["fixed"] * jnp.asarray(self.fixed_accrual)[:, month.period][:, None]
        net = notional * (fixed - rate * self.floating.years(month.period))
        every = jnp.maximum(closing(n["every"]), 1.0)
        passed = month.t - begin
        dated = (passed - every * jnp.floor(passed / every) < 0.5) | (month.t == last)
        return notional, s.accrued + net, dated | (s.ended > 0.5)

    def claim(self, n: Numbers, s: InterestSwapState, month: Month) -> Amounts:
        """The difference, from whoever owes it."""
        _, accrued, dated = self._accrued(n, s, month)
        net = jnp.where(dated, accrued, 0.0)
        return {
            "paid": jnp.maximum(net, 0.0) + s.paid,
            "received": jnp.maximum(-net, 0.0) + s.received,
        }

    def settle(
        self,
        n: Numbers,
        s: InterestSwapState,
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[InterestSwapState, Mapping[str, Array]]:
        """Keep what accrues and what is owed."""
        notional, accrued, dated = self._accrued(n, s, month)
        stopped = month.stopped[self.sides[0]] | month.stopped[self.sides[1]]
        state = InterestSwapState(
            accrued=jnp.where(dated, 0.0, accrued),
            notional=notional,
            ended=jnp.where(stopped, 1.0, s.ended),
            **self.ends.owed(claimed, paid, month, paid=0, received=1),
        )
        return state, {}
