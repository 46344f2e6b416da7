"""What lenders may do once a debt is called: sell collateral, call other debt of the borrower.

A security agreement tells, at the start of a period, what the sale of its assets brings in it. That
goes to the facilities it secures, the senior before the junior, equal ones in proportion to what is
owed on them, due or not: to interest first, then to principal. With Z the proceeds, O the owed on
facilities that rank before, E that on those that rank equal, itself included, a facility gets

    owed x clip((Z - O) / E, 0, 1)

from the buyer, and asks its borrower for that much less in the same period. What is still owed on a
called facility after the period of the sale is a deficiency: it ranks unsecured.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowerer, Month, Pledge
from offtake.core.flows import Flow, Rank
from offtake.finance.facility import SENIORITY, padded
from offtake.finance.servicing import Debt, Service

BROUGHT = {"interest": "recovery_interest", "principal": "recovery"}
"""Line of the borrower -> line by which the buyer of collateral pays in its place."""
DEFICIENT = {"interest": "deficiency_interest", "principal": "deficiency"}
"""Line of the borrower -> line by which it owes the same unsecured."""


class Secured(NamedTuple):
    """What collateral brings K loans; observations, zero where there are fewer."""

    proceeds: IntArray
    """[K, assets] what each asset brings in this period"""
    sold: IntArray
    """[K] 1.0 once the collateral was sold, in a period before"""
    before: IntArray
    """[K, debts] owed on facilities that are paid first"""
    beside: IntArray
    """[K, debts] owed on facilities that share with the loan, itself included"""

    @classmethod
    def lower(
        cls, names: Sequence[str], pledges: Sequence[Pledge | None], at: Lowerer
    ) -> "Secured":
        """Pledges of K loans, None for a loan that has none, to structure."""
        zero = at.observe("zero")

        def assets(pledge: Pledge | None, value: str) -> list[int]:
            if pledge is None:
                return []
            return [at.observe(f"contracts.{pledge.contract}/{a}.{value}") for a in pledge.assets]

        def owed(name: str, pledge: Pledge | None, earlier: bool) -> list[int]:
            if pledge is None:
                return []
            order = {other: SENIORITY.index(rank) for other, rank in pledge.secures}
            mine = order[name]
            return [
                at.observe(f"contracts.{other}.owed")
                for other, place in order.items()
                if (place < mine if earlier else place == mine)
            ]

        both = list(zip(names, pledges, strict=True))
        return cls(
            proceeds=padded([assets(p, "proceeds") for p in pledges], at),
            sold=np.array([(assets(p, "sold") or [zero])[0] for p in pledges]),
            before=padded([owed(name, p, True) for name, p in both], at),
            beside=padded([owed(name, p, False) for name, p in both], at),
        )

    def brings(self, month: Month, owed: Array) -> Array:
        """[K, P] USD that the sale of collateral brings now. owed: on the loan itself, [K, P]."""
        proceeds = jnp.sum(month.obs[self.proceeds], axis=1)
        left = jnp.maximum(proceeds - jnp.sum(month.obs[self.before], axis=1), 0.0)
        beside = jnp.sum(month.obs[self.beside], axis=1)
        share = jnp.minimum(left / jnp.where(beside > 0.0, beside, 1.0), 1.0)
        return jnp.where(beside > 0.0, owed * share, 0.0)


class Remedies(NamedTuple):
    """What lenders of K loans may do."""

    crossed: IntArray
    """[K, debts] observation: whether another debt was called, which calls the loan"""
    secured: Secured | None
    """None where no loan of the group is secured"""

    @classmethod
    def lower(cls, items: Sequence[tuple[str, Any]], at: Lowerer) -> "Remedies":
        """Names and terms of K loans, with fields `borrower` and `cross_default`, to structure."""
        names = [name for name, _ in items]
        crossed = padded(
            [
                [at.observe(f"contracts.{other}.accelerated") for other in _others(name, terms, at)]
                for name, terms in items
            ],
            at,
        )
        pledges = [at.pledge(name) for name in names]
        secured = Secured.lower(names, pledges, at) if any(pledges) else None
        return cls(crossed, secured)

    def claims(self, month: Month, service: Service, debt: Debt, asked: Amounts) -> Amounts:
        """Claims of the period: what collateral brings is asked of its buyer.

        Args:
            month: this period.
            service: what is due.
            debt: state at the start of the period.
            asked: the other claims of the loans, line -> USD [K, P].
        """
        claims = {**asked, "interest": service.interest, "principal": service.principal}
        if self.secured is None:
            return claims
        brought = self.secured.brings(month, debt.balance + service.interest)
        interest = jnp.minimum(brought, service.interest)
        principal = jnp.minimum(brought - interest, debt.balance)
        after = (month.obs[self.secured.sold] > 0.0) & (debt.accelerated > 0.0)
        left = {
            "interest": service.interest - interest,
            "principal": jnp.maximum(service.principal - principal, 0.0),
        }
        for line, part in (("interest", interest), ("principal", principal)):
            claims[BROUGHT[line]] = part
            claims[line] = jnp.where(after, 0.0, left[line])
            claims[DEFICIENT[line]] = jnp.where(after, left[line], 0.0)
        if "sweep" in asked:
            claims["sweep"] = jnp.minimum(asked["sweep"], debt.balance - principal)
        return claims

    def called(self, debt: Debt, month: Month) -> Debt:
        """The debt, called where another on which it depends was called in a period before."""
        now = jnp.any(month.obs[self.crossed] > 0.0, axis=1) & (debt.balance > 0.0)
        return debt._replace(accelerated=jnp.maximum(debt.accelerated, jnp.where(now, 1.0, 0.0)))


def _others(name: str, terms: Any, at: Lowerer) -> list[str]:
    """Facilities whose acceleration calls a loan."""
    named: Literal["*"] | tuple[str, ...] = terms.cross_default
    if named == "*":
        return [other for other, _ in at.debts(terms.borrower, "accelerated") if other != name]
    return list(named)


def lines(
    names: Sequence[str], borrower: IntArray, lender: IntArray, at: Lowerer
) -> tuple[Line, ...]:
    """Claims that secured loans have beside those on their borrower; none where none is secured.

    Args:
        names: ids of K loans.
        borrower: payers of a deficiency, [K].
        lender: payees, [K].
        at: the plan.
    """
    pledges = [at.pledge(name) for name in names]
    if not any(pledges):
        return ()
    buyer = np.array(
        [b if p is None else at.party(p.buyer) for p, b in zip(pledges, borrower, strict=True)]
    )
    ones = np.ones(len(names), np.int64)
    rank = ones * int(Rank.UNSECURED)
    senior = ones * int(Rank.SENIOR_PRINCIPAL)
    return (
        Line("recovery_interest", Flow.INTEREST, buyer, lender, senior),
        Line("recovery", Flow.PRINCIPAL, buyer, lender, senior),
        Line("deficiency_interest", Flow.INTEREST, borrower, lender, rank),
        Line("deficiency", Flow.PRINCIPAL, borrower, lender, rank),
    )


def applied(paid: Mapping[str, Array]) -> Mapping[str, Array]:
    """Payments by line; those of buyers of collateral and on a deficiency count as the loan's."""
    if BROUGHT["principal"] not in paid:
        return paid
    whole = dict(paid)
    for line in BROUGHT:
        whole[line] = paid[line] + paid[BROUGHT[line]] + paid[DEFICIENT[line]]
    return whole
