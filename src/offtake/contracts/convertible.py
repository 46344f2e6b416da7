"""Convertible: a note with a coupon that may become shares instead of being repaid.

    interest(t) = rate x accrual x balance, in cash on its dates, or in kind added to the balance
    repaid at maturity, unless converted at price p:
    conversion(t) = V = balance (and interest added in the period)
    shares(t) = shares(t-1) + V / p
    share of distributions = shares / outstanding

p is stated, or the lower of a cap and a discount on what a named raise is priced at. When it
converts is in `finance.conversion`. A conversion is a pair of payments of V in one clearing, at
rank 50: principal to the holder, capital in from the holder. Each is paid with the other, no cash
moves, the debt is repaid and the holder has put V into shares (docs/decisions/0015).

Reads: the share price; what the named contract raised and at which price; the borrower's cash flow
and other debt. Publishes: what every loan does, shares, dilution, holding.
On shortfall: what is unpaid is owed with interest; after `grace` the note is called and the
borrower in default. A note with something overdue, or of a party in default, does not convert.

References:
    1. Ingersoll, J. (1977). A contingent-claims valuation of convertible securities. Journal of
       Financial Economics 4: conversion at maturity or when called.
    2. Y Combinator, Post-money SAFE: valuation cap and discount.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import ALL_THERE_IS, CFADS, Flow, Rank
from offtake.finance import conversion, facility
from offtake.finance.convertible_terms import AgreedTerms
from offtake.finance.enforcement import Remedies, applied, lines
from offtake.finance.servicing import Debt, Service, Timing, due, no_debt, settled, stops
from offtake.finance.shares import dilution, distributed, issued, relative
from offtake.finance.span import reached
from offtake.finance.timetable import Cycle
from offtake.finance.trailing import PUBLISHED, Trailing, no_history, published, remember


class ConvertibleTerms(AgreedTerms):
    """What a plan writes for a convertible."""

    kind: Literal["convertible"]


EXAMPLE = ConvertibleTerms.model_validate(
    {
        "kind": "convertible",
        "lender": "bank",
        "borrower": "company",
        "amount": "1,000 USD",
        "rate": "6 %/year",
        "term": "6 months",
        "interest_every": "2 months",
        "conversion_price": "10 USD",
        "share_price": "12 USD",
        "outstanding": "400",
    }
)
FIELDS = (
    *("amount", "rate", "term", "interest_every", "upfront_fee", "call_trigger", "discount"),
    *("outstanding", "grace"),
)
"""Numbers that every contract has."""


class ConvertibleState(NamedTuple):
    """State of the group."""

    debt: Debt
    history: Trailing
    shares: Array
    """[K, P]"""
    before: Array
    """[K, P] raised by the named contract before the note was issued, USD"""


class _Due(NamedTuple):
    """What one period asks for, every leaf [K, P]."""

    service: Service
    converted: Array
    """debt that becomes shares, USD"""
    price: Array
    """at which it does, USD a share"""
    between: Array
    """True in a period between two dates"""


class Convertible(NamedTuple):
    """A group of notes."""

    price: IntArray
    """[K] observation: price of a share, USD"""
    raised: IntArray
    """[K] observation: raised by the named contract; zero where there is none"""
    issue_price: IntArray
    """[K] observation: at which price"""
    in_kind: NDArray[np.float64]
    """[K] 1.0 where interest is added to the balance"""
    accrual: NDArray[np.float64]
    """[K, T] day count fractions, years"""
    payouts: IntArray
    """[K, 2] observation: share of its claims that borrower and lender meet"""
    issuer: IntArray
    """[K] party"""
    cfads: IntArray
    """[K] registered total: the borrower's cash flow available for debt service"""
    beside: facility.Beside
    remedies: Remedies
    window: NDArray[np.float64]
    """[W] zeros; its length is the number of periods in a year"""

    kind = "convertible"
    stage = "primary"
    published = (*PUBLISHED, "shares", "dilution", "holding")
    Terms = ConvertibleTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ConvertibleTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids, terms = [name for name, _ in items], [term for _, term in items]
        ends = ("borrower", "lender")
        borrower, lender = (at.parties([getattr(t, f) for t in terms]) for f in ends)

        def watch(value: str) -> IntArray:
            names = [f"contracts.{t.converts_on}.{value}" for t in terms]
            return np.array(
                [
                    at.observe(x if t.converts_on else "zero")
                    for x, t in zip(names, terms, strict=True)
                ]
            )

        group = cls(
            price=np.array([at.series(name, "share_price") for name in ids]),
            raised=watch("raised"),
            issue_price=watch("issue_price"),
            in_kind=np.array([float(t.payment == "in_kind") for t in terms]),
            accrual=np.stack([at.accrual(t.day_count) for t in terms]),
            payouts=np.array(
                [[at.observe(f"parties.{getattr(t, f)}.payout") for f in ends] for t in terms]
            ),
            issuer=borrower,
            cfads=np.array([at.total(t.borrower, CFADS) for t in terms]),
            beside=facility.Beside.lower(items, at),
            remedies=Remedies.lower(items, at),
            window=np.zeros(at.periods_per_year),
        )
        ones = np.ones(len(ids), np.int64)
        capital, last = ones * int(Rank.CAPITAL_IN), ones * int(Rank.DISTRIBUTION)
        pair = ones * int(Rank.IN_KIND)
        claims = (
            Line("advance", Flow.CAPITAL_IN, lender, borrower, capital),
            *facility.debt_lines(borrower, lender, [t.seniority for t in terms]),
            *lines(ids, borrower, lender, at),
            Line("conversion", Flow.PRINCIPAL, borrower, lender, pair),
            Line("contribution", Flow.CAPITAL_IN, lender, borrower, pair),
            Line("distribution", Flow.DISTRIBUTION, borrower, lender, last, form="residual"),
        )
        numbers = {
            **at.numbers(ids, *FIELDS),
            **at.optionals(ids, start=0.0, call_from=1e9, conversion_price=0.0, cap=ALL_THERE_IS),
            **at.optionals(ids, distributions_from=0.0),
        }
        return Lowered(group, tuple(ids), numbers, claims, stops=borrower)

    def init(self, n: Numbers) -> ConvertibleState:
        """Nothing is owed before the issue."""
        zero = jnp.zeros_like(n["amount"])
        history = no_history(jnp.asarray(self.window), zero)
        return ConvertibleState(no_debt(zero), history, zero, zero)

    def _due(self, n: Numbers, s: ConvertibleState, month: Month) -> _Due:
        """What this period asks for, or turns into shares."""
        t, debt = month.t, s.debt
        begin = facility.signing(n["start"])
        last = facility.closing(begin + n["term"])
        rate = n["rate"] * jnp.asarray(self.accrual)[:, month.period][:, None]
        in_kind = jnp.asarray(self.in_kind)[:, None] > 0.5
        added = jnp.where(in_kind, debt.accrued + debt.balance * rate, 0.0)
        terms = conversion.Terms(n["conversion_price"], n["call_trigger"], n["cap"], n["discount"])
        seen = conversion.Seen(
            share_price=month.obs[self.price],
            raised=month.obs[self.raised] - s.before,
            issue_price=month.obs[self.issue_price],
            callable=reached(n["call_from"], t),
            matures=t >= last,
        )
        chosen, price = conversion.conversion(terms, seen, debt.balance + added)
        going = jnp.all(month.obs[self.payouts] >= 1.0, axis=1) & ~month.stopped[self.issuer]
        clean = (debt.arrears + debt.overdue + debt.accelerated == 0.0) & (debt.balance > 0.0)
        now = chosen & going & clean & (t > begin)
        pays = Cycle(n["interest_every"], begin, last).here(t) | now
        scheduled = jnp.where((t >= last) & ~now, debt.balance - debt.overdue, 0.0)
        timing = Timing(pays, in_kind & ((t < last) | now))
        service = due(debt, rate, scheduled, timing)
        converted = jnp.where(now, debt.balance + service.capitalised, 0.0)
        return _Due(service, converted, price, (t > begin) & ~pays)

    def publish(self, n: Numbers, s: ConvertibleState, month: Month) -> Amounts:
        """Balance, state and cover at the start of the period; shares and their worth."""
        now = self._due(n, s, month)
        worth = s.shares * month.obs[self.price]
        return {
            **published(s.debt, s.history, now.service.accrued, now.service),
            "shares": s.shares,
            "dilution": dilution(s.shares, n["outstanding"]),
            "holding": jnp.where(month.stopped[self.issuer], 0.0, worth),
        }

    def claim(self, n: Numbers, s: ConvertibleState, month: Month) -> Amounts:
        """Issue at the start; coupon, and principal or the pair, after it."""
        now = self._due(n, s, month)
        starts = facility.signing(n["start"]) == month.t
        part = relative(s.shares, n["outstanding"])
        asked = {
            "advance": jnp.where(starts, n["amount"], 0.0),
            "fee": jnp.where(starts, n["amount"] * n["upfront_fee"], 0.0),
            "conversion": now.converted,
            "contribution": now.converted,
            "distribution": distributed(n["distributions_from"], part, month.t),
        }
        return self.remedies.claims(month, now.service, s.debt, asked)

    def settle(
        self, n: Numbers, s: ConvertibleState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[ConvertibleState, Mapping[str, Array]]:
        """Repay or convert, carry arrears, add the issue."""
        paid = applied(paid)
        now = self._due(n, s, month)
        payout = month.obs[self.payouts[:, 0]]
        left, lost = settled(s.debt, now.service, claimed, paid, n["grace"], payout)
        lent, converted = paid["advance"], paid["conversion"]
        balance = jnp.maximum(left.balance - converted, 0.0) + lent
        debt = left._replace(balance=balance, scheduled=now.service.accrued)
        debt = self.remedies.called(debt, month)
        own, beside = now.service.accrued, self.beside.due(month)
        history = remember(
            s.history, month.period, month.past[self.cfads], own, beside, now.between
        )
        repaid = paid["principal"] + converted + lost
        error = debt.balance - (s.debt.balance + lent + now.service.capitalised - repaid)
        early = month.t <= facility.signing(n["start"])
        state = ConvertibleState(
            debt=debt,
            history=history,
            shares=s.shares + issued(converted, now.price),
            before=jnp.where(early, month.obs[self.raised], s.before),
        )
        return state, {"stop": stops(debt), "roll_error": error}
