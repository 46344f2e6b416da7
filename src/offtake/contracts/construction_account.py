"""Construction account: money raised before it is needed, invested until the works call for it.

    deposit(t)  = share x proceeds(t) of the facilities + what of earlier ones was not paid in
    income(t)   = C(t-1) x rate(t) x years(t), up to the period in which it closes
    limits(t)   = C(t-1) + deposit(t) while it is open, else 0
    release(t)  = C(t-1) once it is closed
    C(t)        = C(t-1) + deposit + income - interest - draw - release, as paid
    carry(t)    = C(t-1) x coupon(t) - income(t)

with C the cash of the account, a party (`kind: account`), and coupon(t) the interest that accrues
on the facilities in the period over their balance. The account meets what its owner cannot pay from
other cash: interest and fees of the facilities (`capitalise_interest`) first, then claims of
`funds`; both are supports of tier 1 (semantics §5.6). It closes in the first period in which all
phases of `site` are energised for the whole of it, or at `until`; what is left then goes to the
owner, whose bonds may be redeemed from it (project bond, `redeemed_from`).

`carry` is the negative carry of raising money early: what the unspent proceeds cost at the coupon,
less what they earn.

Reads: proceeds, accruing, balance and accelerated of the facilities, active share of the phases,
the yield. Publishes: unspent (cash at the start of the month), surplus (what is released in this
one), earned and carry (of the period before).
On shortfall: proceeds that the owner did not pay in are asked for again. Once a facility is
accelerated the account is released to its owner, where lenders are paid first.

References:
    1. E. R. Yescombe, Principles of Project Finance, 2nd ed., Academic Press 2014, §5.3, §14.3.
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
    ContractName,
    PartyName,
    RateSeries,
    Ratio,
    Share,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.finance.facility import published_by
from offtake.finance.span import reached
from offtake.finance.unpaid import outstanding

WHOLE = 1.0 - 1e-9
"""Share of a period from which a phase counts as energised for the whole of it."""


class ConstructionAccountTerms(Terms):
    """What a plan writes for a construction account."""

    kind: Literal["construction_account"]
    account: PartyName
    """Party of kind account that holds the cash."""
    owner: PartyName
    """Borrower to which it belongs."""
    facilities: tuple[ContractName, ...]
    """Project bonds whose proceeds are paid in."""
    share: Share = default("100 %")
    """Share of the proceeds that is paid in."""
    capitalise_interest: bool = True
    """Whether it meets interest and fees of the facilities while it is open."""
    funds: tuple[ContractName, ...] = ()
    """Contracts whose claims on the owner are met while it is open."""
    weight: Ratio = default("1")
    """Share of what is drawn for `funds` relative to other funding of the same claims."""
    invested_with: PartyName
    """Party that pays interest on what is held, such as the Treasury."""
    rate: RateSeries
    """What the cash earns, per year; a number, dates or a driver."""
    site: SiteName | None = None
    """Site whose completion closes the account: all its phases are energised."""
    until: When | None = None
    """Date on which it closes at the latest; only at completion if left out."""

    @model_validator(mode="after")
    def _closes_some_day(self) -> "ConstructionAccountTerms":
        if self.site is None and self.until is None:
            raise Mistake(
                code="closed-when",
                found="neither site nor until",
                expected="what closes the account: completion of a site, a date, or both",
                mend="add site: with the name of a site, or until: with a date",
            )
        return self


EXAMPLE = ConstructionAccountTerms.model_validate(
    {
        "kind": "construction_account",
        "account": "proceeds",
        "owner": "company",
        "facilities": ["bond"],
        "funds": ["works"],
        "invested_with": "treasury",
        "rate": "4.8 %/year",
        "until": "2026-06",
    }
)


class ConstructionAccountState(NamedTuple):
    """Every leaf [K, P], USD but for `closed`."""

    owed: Array
    """proceeds that the owner has not paid in"""
    closed: Array
    """1.0 once it was closed"""
    earned: Array
    """interest earned in the last period"""
    carry: Array
    """cost at the coupon less income, of the last period"""


class ConstructionAccount(NamedTuple):
    """A group of construction accounts."""

    account: IntArray
    """[K] party"""
    proceeds: IntArray
    """[K, facilities] observation; zero where there are fewer"""
    accruing: IntArray
    """[K, facilities] observation"""
    balance: IntArray
    """[K, facilities] observation"""
    accelerated: IntArray
    """[K, facilities] observation"""
    active: IntArray
    """[K, phases] observation: active share of every phase; the first where there are fewer"""
    rate: IntArray
    """[K] observation, 1/year"""

    kind = "construction_account"
    stage = "primary"
    published = ("unspent", "surplus", "earned", "carry")
    Terms = ConstructionAccountTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ConstructionAccountTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]

        def watch(value: str) -> IntArray:
            return published_by([term.facilities for term in terms], value, at)

        account, owner, bank = (
            at.parties([getattr(x, f) for x in terms])
            for f in ("account", "owner", "invested_with")
        )
        group = cls(
            account=account,
            proceeds=watch("proceeds"),
            accruing=watch("accruing"),
            balance=watch("balance"),
            accelerated=watch("accelerated"),
            active=_phases(terms, at),
            rate=np.array([at.series(name, "rate") for name in ids]),
        )

        def rank(of: Rank) -> IntArray:
            return np.full(len(ids), int(of))

        def draw(name: str, at_rank: Rank, protects: tuple[tuple[str, ...], ...]) -> Line:
            return Line(
                name,
                Flow.SUPPORT,
                account,
                owner,
                rank(at_rank),
                form="support",
                tier=np.ones(len(ids), np.int64),
                protects=protects,
                protected_flows=(Flow.INTEREST, Flow.FEE) if name == "interest" else (),
            )

        capitalises = tuple(x.facilities if x.capitalise_interest else () for x in terms)
        lines = (
            Line("deposit", Flow.SUPPORT, owner, account, rank(Rank.RESERVE)),
            Line("income", Flow.INTEREST, bank, account, rank(Rank.OPERATING)),
            draw("interest", Rank.RESERVE, capitalises),
            draw("draw", Rank.CAPITAL_COST, tuple(term.funds for term in terms)),
            Line("release", Flow.SUPPORT, account, owner, rank(Rank.SWEEP), form="residual"),
        )
        numbers = {**at.numbers(ids, "share", "weight"), **at.optionals(ids, until=1e9)}
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> ConstructionAccountState:
        """Open, with nothing paid in."""
        zero = jnp.zeros_like(n["weight"])
        return ConstructionAccountState(zero, zero, zero, zero)

    def _closed(self, n: Numbers, s: ConstructionAccountState, month: Month) -> Array:
        """[K, P] True from completion on."""
        complete = jnp.min(month.obs[self.active], axis=1) >= WHOLE
        return (s.closed > 0.0) | complete | reached(n["until"], month.t)

    def _income(self, month: Month) -> Array:
        """[K, P] USD earned in the period."""
        return month.cash[self.account] * month.obs[self.rate] * month.years

    def publish(self, n: Numbers, s: ConstructionAccountState, month: Month) -> Amounts:
        """What the account holds and is about to release, what it earned and cost."""
        held = month.cash[self.account]
        surplus = jnp.where(self._closed(n, s, month), held, 0.0)
        return {"unspent": held, "surplus": surplus, "earned": s.earned, "carry": s.carry}

    def claim(self, n: Numbers, s: ConstructionAccountState, month: Month) -> Amounts:
        """Proceeds, income, what can be drawn, what is released."""
        cash = month.cash[self.account]
        deposit = n["share"] * jnp.sum(month.obs[self.proceeds], axis=1) + s.owed
        closed = self._closed(n, s, month)
        called = jnp.sum(month.obs[self.accelerated], axis=1) > 0.0
        limit = jnp.where(closed | called, 0.0, cash + deposit)
        return {
            "deposit": deposit,
            "income": jnp.where(s.closed > 0.0, 0.0, jnp.maximum(self._income(month), 0.0)),
            "interest": limit,
            "draw": limit,
            "draw_weight": n["weight"],
            "release": jnp.where(closed | called, cash, 0.0),
        }

    def settle(
        self,
        n: Numbers,
        s: ConstructionAccountState,
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[ConstructionAccountState, Mapping[str, Array]]:
        """Note what it cost to hold the cash, and whether the account is closed."""
        cash = month.cash[self.account]
        balance = jnp.sum(month.obs[self.balance], axis=1)
        accruing = jnp.sum(month.obs[self.accruing], axis=1)
        coupon = jnp.where(balance > 0.0, accruing / jnp.where(balance > 0.0, balance, 1.0), 0.0)
        state = ConstructionAccountState(
            owed=outstanding(claimed["deposit"], paid["deposit"]),
            closed=jnp.where(self._closed(n, s, month), 1.0, 0.0),
            earned=paid["income"],
            carry=cash * coupon - paid["income"],
        )
        return state, {}


def _phases(terms: Sequence[ConstructionAccountTerms], at: Lowerer) -> IntArray:
    """[K, phases] observations of active shares; zero where no site is stated."""
    named = [
        [f"sites.{term.site}.phases[{j}].active" for j in range(at.phase_count(term.site))]
        if term.site
        else ["zero"]
        for term in terms
    ]
    width = max(map(len, named))
    return np.array([[at.observe(x) for x in (row + row[:1] * width)[:width]] for row in named])
