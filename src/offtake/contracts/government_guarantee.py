"""Government guarantee: a state pays what a borrower does not on named debt, for fees.

    limit(t)       = cap - paid under the guarantee so far, from `start` to `end`, else 0
    upfront(t)     = upfront fee x max(B(t) - highest B so far, 0), while in force
    fee(t)         = fee x years of the period in force x B(t) + upfront(t) + fee in arrears
    recovery(t)    = outstanding(t-1) (1 + interest x years) + support(t)
    outstanding(t) = recovery(t) - recovered(t)
    D(t)           = D(t-1) (1 + risk-free rate(t))^-years
    subsidy(t)     = subsidy(t-1) + D(t) (support - recovered - fee)(t), what was paid

B is what is owed on the debt guaranteed at the start of the period, so what is drawn in one period
pays the upfront fee in the next. The subsidy cost is that of the Federal Credit Reform Act [1]: the
value at the risk-free rate of what the state expects to pay, less fees and recoveries; the mean
over paths is the expectation.

The support is of tier 5, the last: it meets what is still short of what falls due after the
borrower's own cash, its funding and its reserves (§5.6). With `collection` nothing is paid
before what is pledged for the debt was sold. What the state pays becomes its own claim on the
borrower, junior to the debt (subrogation); money recovered does not restore the cap.

Reads: balances of the debt, the risk-free rate, the borrower's payout, whether collateral was sold.
Publishes: drawn (so far), outstanding, arrears (of fees), discount_factor, subsidy_cost.
On shortfall: a state short of cash pays what it can; what is not recovered stays outstanding, an
unpaid fee is owed next period. What a borrower outside the plan in default does not pay is lost.

References:
    1. Federal Credit Reform Act of 1990, 2 U.S.C. 661a (cost of a loan guarantee).
    2. 10 CFR part 609 (Title 17 loan guarantees: fees, credit subsidy cost, subrogation).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import ALL_THERE_IS, Flow, Rank
from offtake.core.terms import (
    ContractName,
    Money,
    PartyName,
    Rate,
    RateSeries,
    Share,
    Terms,
    When,
    default,
)
from offtake.finance.collection import Collection
from offtake.finance.facility import published_by
from offtake.finance.span import between, reached


class GovernmentGuaranteeTerms(Terms):
    """What a plan writes for a government guarantee."""

    kind: Literal["government_guarantee"]
    guarantor: PartyName
    """State that pays when the borrower does not."""
    obligor: PartyName
    """Borrower whose debt is guaranteed."""
    contracts: tuple[ContractName, ...] = Field(min_length=1)
    """Debt of the borrower that is guaranteed: interest, principal and fees."""
    cap: Money | None = None
    """Most that the state pays over the life of the guarantee, USD; no limit if left out."""
    start: When | None = None
    """Date from which payments are guaranteed; the start of the plan if left out."""
    end: When | None = None
    """Date until which payments are guaranteed; the horizon if left out."""
    collection: bool = False
    """Whether collateral of the debt is sold before the state pays."""
    upfront_fee: Share = default("0 %")
    """Fee on what is newly drawn of the debt, paid by the borrower, as a share of it."""
    fee: Rate = default("0 %/year")
    """Fee on what is owed on the debt, paid by the borrower, per year."""
    interest: Rate = default("0 %/year")
    """Interest on what the state has paid and not recovered, per year."""
    risk_free: RateSeries
    """Rate at which the state's cost is discounted, that of its own debt; per year."""


EXAMPLE = GovernmentGuaranteeTerms.model_validate(
    {
        "kind": "government_guarantee",
        "guarantor": "treasury",
        "obligor": "company",
        "contracts": ["loan"],
        "cap": "800 USD",
        "end": "2026-07",
        "upfront_fee": "1 %",
        "fee": "1.2 %/year",
        "interest": "12 %/year",
        "risk_free": "4 %/year",
    }
)


class GovernmentGuaranteeState(NamedTuple):
    """Every leaf [K, P], USD but for `factor`."""

    drawn: Array
    """paid under the guarantee so far"""
    outstanding: Array
    """of that, with interest, not yet recovered"""
    arrears: Array
    """fees that fell due and were not paid"""
    peak: Array
    """most that was owed on the debt while the guarantee was in force"""
    factor: Array
    """value at the start of a dollar paid now, at the risk-free rate"""
    cost: Array
    """subsidy cost so far"""


class GovernmentGuarantee(NamedTuple):
    """A group of guarantees."""

    balance: IntArray
    """[K, debts] observation: what is owed on the debt; zero where there is less"""
    payout: IntArray
    """[K] observation: share of its claims that the borrower meets"""
    risk_free: IntArray
    """[K] observation: rate per year"""
    collection: Collection

    kind = "government_guarantee"
    stage = "primary"
    published = ("drawn", "outstanding", "arrears", "discount_factor", "subsidy_cost")
    Terms = GovernmentGuaranteeTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, GovernmentGuaranteeTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        group = cls(
            balance=published_by([t.contracts for t in terms], "balance", at),
            payout=np.array([at.observe(f"parties.{term.obligor}.payout") for term in terms]),
            risk_free=np.array([at.series(name, "risk_free") for name in ids]),
            collection=Collection.lower(terms, at),
        )
        state, borrower = (
            at.parties([getattr(x, f) for x in terms]) for f in ("guarantor", "obligor")
        )
        senior, junior, fees = (
            np.full(len(ids), int(rank))
            for rank in (Rank.SENIOR_PRINCIPAL, Rank.SUBORDINATED, Rank.SENIOR_FEE)
        )
        lines = (
            Line(
                "support",
                Flow.SUPPORT,
                state,
                borrower,
                senior,
                form="support",
                tier=np.full(len(ids), 5),
                protects=tuple(term.contracts for term in terms),
            ),
            Line("support_recovery", Flow.SUPPORT, borrower, state, junior, form="recovery"),
            Line("fee", Flow.FEE, borrower, state, fees),
        )
        numbers = {
            **at.numbers(ids, "upfront_fee", "fee", "interest"),
            **at.optionals(ids, cap=ALL_THERE_IS, start=0.0, end=1e9),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> GovernmentGuaranteeState:
        """Nothing has been paid."""
        zero = jnp.zeros_like(n["fee"])
        return GovernmentGuaranteeState(zero, zero, zero, zero, zero + 1.0, zero)

    def publish(self, n: Numbers, s: GovernmentGuaranteeState, month: Month) -> Amounts:
        """What was paid, what of it is not recovered, fees in arrears, and what it cost so far."""
        del n, month
        return {
            "drawn": s.drawn,
            "outstanding": s.outstanding,
            "arrears": s.arrears,
            "discount_factor": s.factor,
            "subsidy_cost": s.cost,
        }

    def _covered(self, n: Numbers, month: Month) -> tuple[Array, Array]:
        """True where the guarantee is in force, and what is owed on the debt, USD; [K, P]."""
        dated = reached(n["start"], month.t) & (month.t <= n["end"] + 1e-9)
        return dated, jnp.sum(month.obs[self.balance], axis=1)

    def claim(self, n: Numbers, s: GovernmentGuaranteeState, month: Month) -> Amounts:
        """What is left of the cap, what is to be recovered, fees."""
        dated, balance = self._covered(n, month)
        pays = dated & ~self.collection.waits(month)
        newly = jnp.where(dated, jnp.maximum(balance - s.peak, 0.0), 0.0)
        years = month.years * between(n["start"], n["end"], month.t)
        return {
            "support": jnp.where(pays, jnp.maximum(n["cap"] - s.drawn, 0.0), 0.0),
            "support_recovery": s.outstanding * (1.0 + n["interest"] * month.years),
            "fee": n["fee"] * years * balance + n["upfront_fee"] * newly + s.arrears,
        }

    def settle(
        self,
        n: Numbers,
        s: GovernmentGuaranteeState,
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[GovernmentGuaranteeState, Mapping[str, Array]]:
        """Count what was paid and what came back, at the risk-free rate."""
        going = month.obs[self.payout] >= 1.0

        def owed(line: str) -> Array:
            return jnp.where(going, jnp.maximum(claimed[line] - paid[line], 0.0), 0.0)

        dated, balance = self._covered(n, month)
        outstanding = owed("support_recovery")
        opening = s.outstanding * (1.0 + n["interest"] * month.years)
        expected = opening + paid["support"] - paid["support_recovery"]
        factor = s.factor * jnp.exp(-jnp.log1p(month.obs[self.risk_free]) * month.years)
        spent = paid["support"] - paid["support_recovery"] - paid["fee"]
        state = GovernmentGuaranteeState(
            drawn=s.drawn + paid["support"],
            outstanding=outstanding,
            arrears=owed("fee"),
            peak=jnp.where(dated, jnp.maximum(s.peak, balance), s.peak),
            factor=factor,
            cost=s.cost + factor * spent,
        )
        return state, {"roll_error": jnp.where(going, outstanding - expected, 0.0)}
