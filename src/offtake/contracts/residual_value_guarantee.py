"""Residual value guarantee: who pays if an asset is worth less than was promised when a lease ends.

    called(t)  = first period in which the lease is over, or `on` is reached
    payment(t) = clip(guaranteed(t) - value(t), 0, cap) when called within the term; 0 else
    sale(t)    = value(t) when called, if there is a buyer
    fee(t)     = fee x years of the period from `start` to the call or the end of the term

It is called once, in the period after the one with which the lease ran out or was ended by the
landlord. Guaranteed value and value are what the plan states for that moment: amounts over time, or
drivers. They are no results: the value of a site is not worked out from what it could earn. With a
buyer the owner sells at the value, so that guarantor and buyer together pay what was guaranteed;
without one it keeps the asset.

Reads: whether the lease is over (vacated), payout of guarantor, buyer and owner. Publishes: called
(1.0 from the call on), drawn (paid by the guarantor so far), outstanding (of it still owed).
On shortfall: what guarantor, buyer or owner do not pay is owed next period, without interest; of a
party outside the plan in default the recovery share settles the claim and the rest is lost.

References:
    1. FASB, Accounting Standards Codification 842-10-55-34 (lessee residual value guarantees).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.errors import Mistake
from offtake.core.flows import ALL_THERE_IS, Flow, Rank
from offtake.core.terms import (
    ContractName,
    Duration,
    Money,
    MoneyFlow,
    MoneySeries,
    PartyName,
    Terms,
    When,
    default,
)
from offtake.finance.span import between, reached
from offtake.finance.unpaid import unpaid


class ResidualValueGuaranteeTerms(Terms):
    """What a plan writes for a residual value guarantee."""

    kind: Literal["residual_value_guarantee"]
    guarantor: PartyName
    """Party that pays what the asset is worth less than guaranteed."""
    owner: PartyName
    """Owner of the asset, to whom it pays."""
    lease: ContractName | None = None
    """Site lease at whose end the guarantee is called."""
    on: When | None = None
    """Date on which it is called at the latest; only at the end of the lease if left out."""
    guaranteed: MoneySeries
    """Value that is guaranteed, over time, USD."""
    value: MoneySeries
    """What the asset is worth, over time or a driver, USD."""
    cap: Money | None = None
    """Most that the guarantor pays, USD; no limit if left out."""
    start: When | None = None
    """Date from which the guarantee holds; the start of the plan if left out."""
    term: Duration
    """How long it holds from then, months."""
    fee: MoneyFlow = default("0 USD/year")
    """What the owner pays for it until it is called or ends, USD/year."""
    buyer: PartyName | None = None
    """Party that buys the asset at its value when the guarantee is called or would have been; the
    owner keeps it if left out."""

    @model_validator(mode="after")
    def _called_some_day(self) -> "ResidualValueGuaranteeTerms":
        if self.lease is None and self.on is None:
            raise Mistake(
                code="called-when",
                found="neither lease nor on",
                expected="what calls the guarantee: the end of a lease, a date, or both",
                mend="add lease: with the name of a site lease, or on: with a date",
            )
        return self


EXAMPLE = ResidualValueGuaranteeTerms.model_validate(
    {
        "kind": "residual_value_guarantee",
        "guarantor": "parent",
        "owner": "developer",
        "lease": "lease",
        "guaranteed": {"2026-01": "1,000 USD", "2026-06": "900 USD"},
        "value": "300 USD",
        "cap": "500 USD",
        "term": "6 months",
        "fee": "120 USD/year",
        "buyer": "market",
    }
)


class ResidualValueGuaranteeState(NamedTuple):
    """Every leaf [K, P], USD but for `called`."""

    called: Array
    """1.0 once it was called"""
    drawn: Array
    """paid by the guarantor so far"""
    owed: Array
    """by the guarantor"""
    price: Array
    """owed by the buyer"""
    arrears: Array
    """fee that fell due and was not paid"""


class ResidualValueGuarantee(NamedTuple):
    """A group of guarantees."""

    vacated: IntArray
    """[K] observation: 1.0 once the lease is over; zero without one"""
    guaranteed: IntArray
    """[K] observation, USD"""
    value: IntArray
    """[K] observation, USD"""
    payout: IntArray
    """[3, K] observation: share of its claims that guarantor, buyer and owner meet"""
    sold: IntArray
    """[K] 1 where there is a buyer"""

    kind = "residual_value_guarantee"
    stage = "primary"
    published = ("called", "drawn", "outstanding")
    Terms = ResidualValueGuaranteeTerms
    example = EXAMPLE

    @classmethod
    def lower(
        cls, items: Sequence[tuple[str, ResidualValueGuaranteeTerms]], at: Lowerer
    ) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        # Without a buyer nothing is sold; the line then stands between guarantor and owner.
        sides = [[x.guarantor, x.buyer or x.guarantor, x.owner] for x in terms]
        guarantor, buyer, owner = (at.parties([side[i] for side in sides]) for i in range(3))
        group = cls(
            vacated=np.array(
                [at.observe(f"contracts.{x.lease}.vacated" if x.lease else "zero") for x in terms]
            ),
            guaranteed=np.array([at.series(name, "guaranteed") for name in ids]),
            value=np.array([at.series(name, "value") for name in ids]),
            payout=np.array(
                [[at.observe(f"parties.{side[i]}.payout") for side in sides] for i in range(3)]
            ),
            sold=np.array([int(x.buyer is not None) for x in terms]),
        )
        ones = np.ones(len(ids), np.int64)
        lines = (
            Line("payment", Flow.SUPPORT, guarantor, owner, ones * int(Rank.SENIOR_PRINCIPAL)),
            Line("sale", Flow.SALE, buyer, owner, ones * int(Rank.OPERATING)),
            Line("fee", Flow.FEE, owner, guarantor, ones * int(Rank.JUNIOR_FEE)),
        )
        numbers = {
            **at.numbers(ids, "term", "fee"),
            **at.optionals(ids, cap=ALL_THERE_IS, start=0.0, on=1e9),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> ResidualValueGuaranteeState:
        """Nothing is called or owed."""
        zero = jnp.zeros_like(n["fee"])
        return ResidualValueGuaranteeState(zero, zero, zero, zero, zero)

    def publish(self, n: Numbers, s: ResidualValueGuaranteeState, month: Month) -> Amounts:
        """Whether it was called, what was paid and what of it is owed."""
        del n, month
        return {"called": s.called, "drawn": s.drawn, "outstanding": s.owed}

    def _called(self, n: Numbers, s: ResidualValueGuaranteeState, month: Month) -> Array:
        """[K, P] True in the period of the call."""
        due = (month.obs[self.vacated] > 0.5) | reached(n["on"], month.t)
        return due & (s.called == 0.0)

    def claim(self, n: Numbers, s: ResidualValueGuaranteeState, month: Month) -> Amounts:
        """What the guarantor makes good, what the buyer pays, the fee."""
        t = month.t
        now = self._called(n, s, month)
        end = n["start"] + n["term"]
        in_force = reached(n["start"], t) & (t <= end + 1e-9)
        value = month.obs[self.value]
        short = jnp.clip(month.obs[self.guaranteed] - value, 0.0, n["cap"])
        sold = jnp.asarray(self.sold)[:, None] > 0
        fee = n["fee"] * month.years * between(n["start"], end, t) * (1.0 - s.called)
        return {
            "payment": jnp.where(now & in_force, short, 0.0) + s.owed,
            "sale": jnp.where(now & sold, value, 0.0) + s.price,
            "fee": fee + s.arrears,
        }

    def settle(
        self,
        n: Numbers,
        s: ResidualValueGuaranteeState,
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[ResidualValueGuaranteeState, Mapping[str, Array]]:
        """Count what was paid; what was not stays owed."""
        called = jnp.maximum(s.called, jnp.where(self._called(n, s, month), 1.0, 0.0))
        owed, price, arrears = (
            unpaid(claimed[line], paid[line], month.obs[self.payout[i]]).owed
            for i, line in enumerate(("payment", "sale", "fee"))
        )
        drawn = s.drawn + paid["payment"]
        return ResidualValueGuaranteeState(called, drawn, owed, price, arrears), {}
