"""One period of a compute note: what it sees, what falls due, who is asked for how much."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Lowerer, Month, Numbers
from offtake.finance import compute_note as note
from offtake.finance import facility
from offtake.finance.exercise import advantage, part_of, standing, takes_delivery
from offtake.finance.facility import values_of
from offtake.finance.note_substitute import Substitutes
from offtake.finance.note_terms import NoteTerms, seniors
from offtake.finance.policy import policy_of
from offtake.finance.reservations import Kept, reserved
from offtake.finance.servicing import Debt

NONE = 1e15
"""A cap, need or trigger that nothing reaches."""
FIELDS = (
    *("amount", "issue_price", "upfront_fee", "rate", "term", "share", "resale_cost", "bank"),
    *(
        "substitute_share",
        "spread",
        "floor",
        "excess_share",
        "floor_fee",
        "trap_coverage",
        "call_coverage",
        "grace",
    ),
)
"""Numbers that every note has."""
LEFT_OUT = {"start": 0.0, "deliveries_from": 0.0, "cap": NONE, "trap_ltv": NONE, "call_ltv": NONE}
"""Numbers that may be left out, and what stands for them."""
SERIES = ("schedule", "settlement", "use", "use_value")
MARKS: dict[str, Callable[[NoteTerms], bool]] = {
    "chooses": lambda terms: terms.election == "holder",
    "fitted": lambda terms: terms.election == "fitted",
    "delivers": lambda terms: terms.election == "delivery",
    "bounded": lambda terms: terms.use is not None,
    "valued": lambda terms: terms.use_value is not None,
    "used": lambda terms: terms.user is not None,
    "underwritten": lambda terms: terms.underwriter is not None,
    "pledged": lambda terms: bool(terms.collateral),
}
"""What terms say that is not a number."""


class Now(NamedTuple):
    """What one period asks for, every array [K, P]; USD unless said."""

    credit: note.Credit
    split: note.Split
    rate: Array
    """growth of the period"""
    limit: Array
    """most that is banked, H100e-hours"""
    kind: Array
    """value of what is delivered, what is paid above the cap apart"""
    kind_principal: Array
    """of it, principal"""
    interest: Array
    """asked in cash"""
    principal: Array
    """asked in cash"""
    floor: Array
    """asked of the underwriter for this period"""
    above: Array
    """asked of the holder above the cap"""
    served: Array
    """debt service of the period in compute and cash, arrears and the rest at maturity apart"""


class Sight(NamedTuple):
    """What K notes see, and what their terms say."""

    series: Mapping[str, IntArray]
    """field of `SERIES` -> [K] observation"""
    policy: IntArray
    """[K, 10] observation: the fitted policy; zero where there is none"""
    priced: IntArray
    """[K] observation: the index, USD/H100e/h"""
    pool: IntArray
    """[K] observation: delivered H100e-hours of the site"""
    ahead: Kept
    """what notes served first ask of the site"""
    substitutes: Substitutes
    value: IntArray
    """[K, cohorts] observation of pledged cohorts, USD; zero where there are fewer"""
    payouts: IntArray
    """[K, 3] observation: shares of their claims that issuer, holder and underwriter meet"""
    accrual: NDArray[np.float64]
    """[K, T] day count fractions, years"""
    marks: Mapping[str, NDArray[np.float64]]
    """name of `MARKS` -> [K] 1.0 where terms say so"""

    @classmethod
    def lower(cls, items: Sequence[tuple[str, NoteTerms]], at: Lowerer) -> "Sight":
        """Names and terms of K notes to structure."""
        terms = [term for _, term in items]
        notes = dict(items)
        ahead = [seniors(name, notes) for name, _ in items]
        parties = [(x.issuer, x.holder, x.underwriter or x.issuer) for x in terms]
        return cls(
            series={f: np.array([at.series(name, f) for name, _ in items]) for f in SERIES},
            policy=np.array([policy_of(f"contracts.{k}.policy", x.policy, at) for k, x in items]),
            priced=np.array(
                [
                    at.observe(f"sites.{x.site}.spot_price")
                    if x.index is None
                    else at.series(name, "index")
                    for name, x in items
                ]
            ),
            pool=np.array([at.observe(f"sites.{x.site}.h100e_hours") for x in terms]),
            ahead=Kept.lower(ahead, [()] * len(ahead), at),
            substitutes=Substitutes.lower(items, at),
            value=values_of([x.collateral for x in terms], at),
            payouts=np.array([[at.observe(f"parties.{p}.payout") for p in row] for row in parties]),
            accrual=np.stack([at.accrual(x.day_count) for x in terms]),
            marks={k: np.array([float(says(x)) for x in terms]) for k, says in MARKS.items()},
        )

    def says(self, what: str) -> Array:
        """[K, 1] whether terms say so; what: name of `MARKS`."""
        return jnp.asarray(self.marks[what])[:, None] > 0.5

    def see(self, field: str, month: Month) -> Array:
        """[K, P] a series of the terms in this period; field: of `SERIES`."""
        return month.obs[self.series[field]]

    def takes(self, n: Numbers, debt: Debt, banked: Array, seen: Array, month: Month) -> Array:
        """[K, P] 1.0 where the holder takes compute this period, by notice given before it.

        Args:
            n: numbers.
            debt: at the start of the period.
            banked: hours banked then.
            seen: index of the period before, USD/H100e/h.
            month: the period; of it only the terms' own series and payouts are looked at.
        """
        worth = (1.0 - n["resale_cost"]) * seen
        worth = jnp.where(self.says("valued"), self.see("use_value", month), worth)
        excess = note.excess_price(seen, n["cap"], n["excess_share"])
        cash = note.cash_price(seen, n["spread"], n["floor"], n["cap"])
        chosen = takes_delivery(worth, excess, cash)
        z = standing(seen, self.see("settlement", month))
        full = part_of(banked, banked + self.due(n, debt, month)[3])
        gain = advantage(month.obs[self.policy], z, full)
        takes = jnp.where(self.says("delivers"), 1.0, 0.0)
        takes = jnp.where(self.says("chooses"), chosen, takes)
        takes = jnp.where(self.says("fitted") & (gain >= 0.0), 1.0, takes)
        able = jnp.all(month.obs[self.payouts[:, :2]] >= 1.0, axis=1)
        return jnp.where(able & (debt.accelerated == 0.0), takes, 0.0)

    def need(self, month: Month) -> Array:
        """[K, P] hours that the holder can use."""
        return jnp.where(self.says("bounded"), self.see("use", month) * month.hours, NONE)

    def deliverable(self, n: Numbers, month: Month) -> Array:
        """[K, P] hours of the site that may be delivered: within the share, and what is left."""
        site = month.obs[self.pool]
        ahead = reserved(self.ahead, site, month)
        return jnp.minimum(n["share"] * site, jnp.maximum(site - ahead, 0.0))

    def due(self, n: Numbers, debt: Debt, month: Month) -> tuple[Array, note.Credit, Array, Array]:
        """Hours due, what they settle, growth of the period, hours scheduled; [K, P]."""
        begin = facility.signing(n["start"])
        last = facility.closing(begin + n["term"])
        runs = (month.t > begin) & (month.t <= last) & (debt.accelerated == 0.0)
        hours = jnp.where(runs, self.see("schedule", month) * month.hours, 0.0)
        rate = n["rate"] * jnp.asarray(self.accrual)[:, month.period][:, None]
        price = self.see("settlement", month)
        buys = jnp.maximum(debt.balance - debt.overdue + debt.balance * rate, 0.0)
        worth = jnp.minimum(hours * price, buys)
        due = jnp.where(price > 0.0, note.over(worth, price, 0.0), hours)
        return due, note.credit(debt, rate, worth, month.t >= last), rate, hours

    def now(self, n: Numbers, debt: Debt, hours: note.Hours, seen: Array, month: Month) -> Now:
        """What this period asks for; arguments as of `takes`; hours: accounts."""
        due, credit, rate, scheduled = self.due(n, debt, month)
        going, index = debt.accelerated == 0.0, month.obs[self.priced]
        takes = self.takes(n, debt, hours.banked, seen, month)
        pool = self.deliverable(n, month)
        split = note.split(due, hours.banked, takes, self.need(month), pool)
        split = note.replaced(split, self.substitutes.given(n, split.missing, month))
        price = note.cash_price(index, n["spread"], n["floor"], n["cap"])
        bare = note.cash_price(index, n["spread"], jnp.zeros_like(index), n["cap"])
        own = jnp.where(self.says("underwritten"), jnp.minimum(price, bare), price)
        cash = own * split.cash + index * (split.missing + hours.owed)
        part = note.over(split.cash + split.missing, due, 0.0)
        principal = jnp.minimum(cash, part * credit.principal + debt.overdue)
        service = credit.service
        in_money = (  # at maturity; before it rounding
            jnp.maximum(service.accrued - credit.interest, 0.0),
            jnp.maximum(service.scheduled - credit.principal, 0.0),
        )
        above = note.excess_price(index, n["cap"], n["excess_share"])
        delivered = split.delivered + split.drawn
        kind = (index - above) * delivered
        repaid = note.over(split.delivered, due, 0.0) * credit.principal
        repaid = repaid + self.see("settlement", month) * split.drawn
        called = service.interest + index * hours.banked
        return Now(
            credit=credit,
            split=split,
            rate=rate,
            limit=n["bank"] * scheduled,
            kind=kind,
            kind_principal=jnp.minimum(kind, repaid),
            interest=jnp.where(going, cash - principal + in_money[0], called),
            principal=jnp.where(going, principal + in_money[1], service.principal),
            floor=(price - own) * split.cash,
            above=above * delivered,
            served=kind + own * split.cash + index * split.missing + in_money[0],
        )


class Outcome(NamedTuple):
    """What was met of one period, every array [K, P]."""

    interest: Array
    """credited, USD at the settlement price"""
    principal: Array
    """credited, USD at the settlement price"""
    kind: Array
    """share of deliveries that were made"""
    cash: Array
    """share of what hours asked in cash that was paid"""


def outcome(now: Now, going: Array, paid: Mapping[str, Array]) -> Outcome:
    """What payments settle.

    Args:
        now: what was asked.
        going: True where the note was not called.
        paid: line -> USD [K, P]; interest and principal with what buyers of collateral paid.
    """
    asked_kind = now.kind
    kind = note.met(asked_kind, paid["delivered_interest"] + paid["delivered_principal"])
    both = note.met(now.interest + now.principal, paid["interest"] + paid["principal"])
    on_interest = jnp.where(going, both, note.met(now.interest, paid["interest"]))
    on_principal = jnp.where(going, both, note.met(now.principal, paid["principal"]))
    due = now.split.due
    made, kept = (note.over(x, due, 0.0) for x in (now.split.delivered, now.split.kept))
    apart, in_kind = made + kept, made * kind + kept
    service, credit = now.credit.service, now.credit
    interest = jnp.maximum(service.interest - apart * credit.interest, 0.0)
    principal = jnp.maximum(service.principal - apart * credit.principal, 0.0)
    return Outcome(
        interest=in_kind * credit.interest + on_interest * interest,
        principal=in_kind * credit.principal + on_principal * principal,
        kind=kind,
        cash=on_interest,
    )
