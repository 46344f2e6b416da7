"""Preferred equity: money of owners who are paid after debt and before other owners.

    rate(t)       = dividend + step_up while something is overdue
    earned(t)     = (C + K + A) x rate(t) x years(t)
    dividend(t)   = A + earned(t); in kind K grows by earned(t) instead
    redemption(t) = M = preference x C + K from `redemption_from` on, once or at the holder's option
    shares        = (C + K + A) / conversion_price, worth shares x share_price

with C the money put in and not redeemed, K what was added in kind and A dividends due and not paid.
All payments to the holder are residual claims: what cash is left after every other claim, dividends
first, then redemption, then distributions to common owners (semantics §5.5). Preferred equity is
subscribed on a date, or drawn like common equity for what named contracts are short of.

Participation is a share of distributions beside the preference. Once converted it is the shares
that share in them, in proportion to `shares / outstanding`, and the preference is gone. A holder
with the option converts once shares are worth more than M + A; a mandatory conversion falls on its
date whatever they are worth.

Reads: the share price; arrears, accelerated, trapped and dscr of the facilities in `lock_up`.
Publishes: preference, arrears, shares, dilution, holding.
On shortfall: dividends and redemption that are not paid stay due, with the step-up; an issuer in
default pays nothing to owners. An investor in default does not pay what it committed.

References:
    1. NVCA, Model Certificate of Incorporation: liquidation preference, redemption, conversion.
    2. Metrick, A., Yasuda, A. (2010). Venture Capital and the Finance of Innovation, ch. 9.
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
    Count,
    Money,
    MoneySeries,
    PartyName,
    Rate,
    Ratio,
    Terms,
    When,
    default,
)
from offtake.finance import preferred
from offtake.finance.facility import signing
from offtake.finance.lock_up import LockUp
from offtake.finance.shares import dilution, distributed, issued, relative
from offtake.finance.span import reached

AHEAD = {"dividend": 50, "redemption": 40}
"""By how much a line ranks before distributions to common owners."""
NEVER = 1e9


class PreferredEquityTerms(Terms):
    """What a plan writes for preferred equity."""

    kind: Literal["preferred_equity"]
    investor: PartyName
    """Preferred owner, such as a sovereign fund."""
    issuer: PartyName
    """Company that it owns a part of."""
    commitment: Money
    """Money put in, at most, USD."""
    start: When | None = None
    """Date on which all of it is paid in. Either this or `funds`."""
    funds: tuple[ContractName, ...] = ()
    """Contracts whose claims on the issuer it meets when cash is short, drawn bit by bit."""
    weight: Ratio = default("1")
    """Share of a draw relative to other funding of the same claims."""
    tier: Literal[1, 2, 3, 4, 5, 6] = 1
    """Order among the issuer's supports; 1 is called first, with debt."""
    dividend: Rate
    """Preferred dividend, per year; what is not paid is owed and bears the dividend too."""
    payment: Literal["cash", "in_kind"] = "cash"
    """Whether the dividend is paid, or added to the preference."""
    in_kind_until: When | None = None
    """Date until which a cash dividend is added to the preference."""
    step_up: Rate = default("0 %/year")
    """Added to the dividend while a dividend or redemption is overdue, per year."""
    preference: Ratio = default("1")
    """Liquidation preference as a multiple of the money put in; 1.5 for one and a half times."""
    redemption_from: When | None = None
    """Date from which cash left for owners redeems it first; never if left out."""
    redemption: Literal["mandatory", "put"] = "mandatory"
    """Whether it is redeemed then, or if the holder does not prefer to keep its shares."""
    participation: Ratio = default("0")
    """Share of distributions beside the preference, relative to the issuer's other owners."""
    participation_from: When | None = None
    """No part in distributions before this date."""
    conversion: Literal["none", "option", "mandatory"] = "none"
    """Whether it may or must become common shares."""
    conversion_from: When | None = None
    """Date of mandatory conversion, or first of an option; the plan's start if left out."""
    conversion_price: Money | None = None
    """Price at which preference and dividends due become shares, USD a share."""
    share_price: MoneySeries | None = None
    """Price of a common share, USD; usually a driver."""
    outstanding: Count = default("1")
    """Common shares before it, of owners whose `share` adds up to 1; 1 for a price of them all."""
    lock_up: tuple[ContractName, ...] = ()
    """Facilities that keep dividends and redemption back."""
    lock_up_dscr: Ratio = default("0")
    """Cover ratio of those facilities below which nothing is paid to owners."""

    @model_validator(mode="after")
    def _paid_in(self) -> "PreferredEquityTerms":
        """On a date or as needed."""
        if (self.start is None) == (not self.funds):
            both = self.start is not None
            raise Mistake(
                code="preferred-paid-in",
                found="both start and funds" if both else "neither start nor funds",
                expected="one of them",
                mend="delete one" if both else "add start: 2026-06 or funds: [order]",
            )
        return self

    @model_validator(mode="after")
    def _priced(self) -> "PreferredEquityTerms":
        """Conversion has a price, and an option something to compare it with."""
        missing = [
            name
            for name, needed in (
                ("conversion_price", self.conversion != "none"),
                ("share_price", self.conversion == "option"),
            )
            if needed and getattr(self, name) is None
        ]
        if missing:
            raise Mistake(
                code="preferred-price",
                found=f"conversion: {self.conversion} without {' and '.join(missing)}",
                expected="the price at which it converts and, for an option, the price of a share",
                mend=f"add {missing[0]}: 100 USD, or write conversion: none",
            )
        return self


EXAMPLE = PreferredEquityTerms.model_validate(
    {
        "kind": "preferred_equity",
        "investor": "sovereign",
        "issuer": "company",
        "commitment": "1,000 USD",
        "start": "2026-01",
        "dividend": "12 %/year",
        "in_kind_until": "2026-03",
        "step_up": "6 %/year",
        "preference": "1.2",
        "redemption_from": "2026-06",
    }
)


FIELDS = (
    *("commitment", "weight", "dividend", "step_up", "preference", "participation"),
    *("outstanding", "lock_up_dscr"),
)
"""Numbers that every contract has."""


class PreferredEquity(NamedTuple):
    """A group of preferred holdings."""

    price: IntArray
    """[K] observation: price of a common share, USD"""
    in_kind: NDArray[np.float64]
    """[K] 1.0 where no dividend is paid in cash"""
    put: NDArray[np.float64]
    """[K] 1.0 where redemption is the holder's choice"""
    option: NDArray[np.float64]
    """[K] 1.0 where conversion is"""
    issuer: IntArray
    """[K] party"""
    lock_up: LockUp

    kind = "preferred_equity"
    stage = "primary"
    published = ("preference", "arrears", "shares", "dilution", "holding")
    Terms = PreferredEquityTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, PreferredEquityTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        investor, issuer = (
            at.parties([getattr(t, f) for t in terms]) for f in ("investor", "issuer")
        )
        group = cls(
            price=np.array([at.series(name, "share_price") for name in ids]),
            in_kind=np.array([float(t.payment == "in_kind") for t in terms]),
            put=np.array([float(t.redemption == "put") for t in terms]),
            option=np.array([float(t.conversion == "option") for t in terms]),
            issuer=issuer,
            lock_up=LockUp.lower(terms, at),
        )
        ones = np.ones(len(ids), np.int64)
        capital = ones * int(Rank.CAPITAL_IN)

        def left(name: str) -> Line:
            rank = ones * (int(Rank.DISTRIBUTION) - AHEAD.get(name, 0))
            return Line(name, Flow.DISTRIBUTION, issuer, investor, rank, form="residual")

        lines = (
            Line("subscription", Flow.CAPITAL_IN, investor, issuer, capital),
            Line(
                "draw",
                Flow.CAPITAL_IN,
                investor,
                issuer,
                capital,
                form="support",
                tier=np.array([t.tier for t in terms]),
                protects=tuple(t.funds for t in terms),
            ),
            *(left(name) for name in ("dividend", "redemption", "participation")),
        )
        # Without a conversion its date is never reached.
        first = [at.constant(NEVER) if t.conversion == "none" else -1 for t in terms]
        when = at.optionals(ids, conversion_from=0.0)["conversion_from"]
        numbers = {
            **at.numbers(ids, *FIELDS),
            **at.optionals(ids, start=NEVER, in_kind_until=-1.0, redemption_from=NEVER),
            **at.optionals(ids, conversion_price=0.0, participation_from=0.0),
            "conversion_from": np.where(np.array(first) < 0, when, first),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> preferred.Holding:
        """Nothing is paid in."""
        return preferred.nothing(n["commitment"])

    def publish(self, n: Numbers, s: preferred.Holding, month: Month) -> Amounts:
        """Preference, dividends due, and what the holding is worth if the issuer is going."""
        preference = self._preference(n, s)
        there = jnp.where(s.overdue > 0.0, 0.0, preference + s.arrears)
        worth = there + s.shares * month.obs[self.price]
        return {
            "preference": preference,
            "arrears": s.arrears,
            "shares": s.shares,
            "dilution": dilution(s.shares, n["outstanding"]),
            "holding": jnp.where(month.stopped[self.issuer], 0.0, worth),
        }

    def _due(self, n: Numbers, s: preferred.Holding, month: Month) -> preferred.Due:
        """What is due, and whether the holder converts."""
        owed = s.capital + s.accreted + s.arrears
        earned = owed * (n["dividend"] + n["step_up"] * s.overdue) * month.years
        worth = issued(owed, n["conversion_price"]) * month.obs[self.price]
        until = month.t <= n["in_kind_until"] + 1e-9
        dates = preferred.Dates(
            in_kind=(jnp.asarray(self.in_kind)[:, None] > 0.5) | until,
            redeems=reached(n["redemption_from"], month.t),
            puts=jnp.asarray(self.put)[:, None] > 0.5,
            converts=reached(n["conversion_from"], month.t),
            option=jnp.asarray(self.option)[:, None] > 0.5,
        )
        return preferred.due(s, earned, self._preference(n, s), worth, dates)

    def _preference(self, n: Numbers, s: preferred.Holding) -> Array:
        return n["preference"] * s.capital + s.accreted

    def claim(self, n: Numbers, s: preferred.Holding, month: Month) -> Amounts:
        """Money to be paid in, and the holder's part of what is left."""
        due = self._due(n, s, month)
        locked = self.lock_up.locked(n["lock_up_dscr"], month)
        there = jnp.where(s.capital + s.accreted > 0.0, n["participation"], 0.0)
        part = there + relative(s.shares, n["outstanding"])
        left = distributed(n["participation_from"], part, month.t)
        return {
            "subscription": jnp.where(signing(n["start"]) == month.t, n["commitment"], 0.0),
            "draw": jnp.maximum(n["commitment"] - s.drawn, 0.0),
            "draw_weight": n["weight"],
            "dividend": jnp.where(locked, 0.0, due.dividend),
            "redemption": jnp.where(locked, 0.0, due.redemption),
            "participation": jnp.where(locked, 0.0, left),
        }

    def settle(
        self, n: Numbers, s: preferred.Holding, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[preferred.Holding, Mapping[str, Array]]:
        """Redeem, keep what is due, convert; add what was paid in."""
        del claimed
        asked = self._due(n, s, month)
        ways = (paid["dividend"], paid["redemption"], self._preference(n, s), n["conversion_price"])
        left = preferred.paid_out(s, asked, *ways)
        put_in = paid["subscription"] + paid["draw"]
        return left._replace(drawn=left.drawn + put_in, capital=left.capital + put_in), {}
