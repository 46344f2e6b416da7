"""Where a company, its owners and those who bring it money stand, month by month.

For one company (the issuer, its accounts merged into it), amounts in USD at the close of period t:

    owners        parties outside it to which it distributes
    financiers    all others that put money in: capital in, supports, and what `BEARS` names: money
                  paid ahead (a sale and leaseback, a prepayment), payments for somebody's loss (a
                  floor, an insurance, a backstop)
    outside(t)    received by the issuer from everybody but owners, less paid to them
    owners(t)     received by owners from the issuer, less paid to it
    financing(t)  by financier, on every contract in which it puts money in, and on every claim of
                  interest, principal, fee, distribution, support or capital in: received less paid,
                  but for what it is paid for goods, and the worth of compute got for money ahead
    worth         by party, present value of what it bought less that of what it supplied
    advanced      by party, max(0, -PV[financing(t)]) on contracts in which it bears something so,
                  but by a support (those are in the loss of `who_pays`)
    ran_short     1 where the issuer left something that it had promised unpaid at some close

What a party outside the plan buys, compute or collateral, is worth what is paid for it, and what it
supplies costs it what it is paid; but for reserved capacity, whose price was agreed before: the
hours used are worth the price of compute by the hour. What the holder of a compute note takes is
worth what a `user` pays for it, where there is one. Between `outside` of two ways to pay for
the same site lies what the money of one cost: owners and cash of the issuer get the difference.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import PAID_TOLERANCE, RETURNED, Flow
from offtake.core.labels import ClaimLabel
from offtake.core.measure import Book, Output, Record
from offtake.finance.discount import factors_at
from offtake.measures.owners import owner_of
from offtake.measures.who_pays import fronts, supports

FloatArray = NDArray[np.float64]

BEARS = {
    "sale_and_leaseback": "sale",
    "reserved_capacity": "prepayment",
    "compute_note": "floor",
    "price_floor": "payout",
    "insurance": "payment",
    "capacity_backstop": "payment",
    "residual_value_guarantee": "payment",
}
"""Kind -> line by which a party pays ahead, or for somebody's loss, outside of debts and shares."""
FINANCING = (Flow.CAPITAL_IN, *RETURNED)
RESERVED = "reserved_capacity"

OUTPUTS = {
    "outside": Output(("period",), "paths", "USD", "Received by the issuer, owners apart."),
    "owners": Output(("period",), "paths", "USD", "Received by owners from the issuer."),
    "financing": Output(("financier", "period"), "paths", "USD", "Received by a financier."),
    "worth": Output(("party",), "paths", "USD", "Value today of what a party bought, or supplied."),
    "advanced": Output(
        ("party",), "paths", "USD", "Lost on what it paid ahead or for others; today."
    ),
    "ran_short": Output((), "paths", "1", "1 where the issuer left a promise unpaid."),
}


class Reserved(NamedTuple):
    """Reserved capacity; fields [K]."""

    share: IntArray
    """observation: share of the site that is reserved"""
    h100e: IntArray
    """observation: most that is reserved, H100e"""
    hours: IntArray
    """observation: H100e-hours of the site"""
    price: IntArray
    """observation: price of compute by the hour"""
    used: IntArray
    """observation: share of what is offered that the buyer uses"""
    buyer: FloatArray
    """[M, K] 1.0 for the buyer"""
    financier: FloatArray
    """[N, K] 1.0 for a financier that buys and paid ahead"""


class Positions(NamedTuple):
    """The measure; marks are +1.0 received, -1.0 paid."""

    elapsed: FloatArray
    """[T] years"""
    hours: FloatArray
    """[T] of each period"""
    discount: IntArray
    """[] row of the plan's rate"""
    outside: FloatArray
    """[C]"""
    owners: FloatArray
    """[C]"""
    financing: FloatArray
    """[N, C]"""
    bought: FloatArray
    """[M, C] 1.0 for what is worth what was paid, -1.0 for what costs what was paid to supply"""
    ahead: FloatArray
    """[M, C] claims of contracts in which a party pays ahead, or for others"""
    promised: FloatArray
    """[C] 1.0 for promises of the issuer"""
    reserved: Reserved

    name = "positions"
    wanted = (
        *("contracts.*.reserved_share", "contracts.*.reserved_h100e"),
        *("sites.*.h100e_hours", "sites.*.spot_price", "contracts.*.utilisation", "drivers.*"),
    )
    outputs = OUTPUTS

    def reduce(self, record: Record) -> Mapping[str, Array]:
        """Every output, paths last."""
        paid, claimed = record.months.paid, record.months.claimed
        factor = factors_at(record.values[self.discount], jnp.asarray(self.elapsed))
        present = jnp.sum(paid * factor[:, None], axis=0)
        compute = self._compute(record)
        worth = jnp.asarray(self.reserved.buyer) @ jnp.sum(compute * factor[:, None], axis=0)
        on_ahead = jnp.asarray(self.ahead) @ present + worth
        financing = jnp.einsum("nc,tcp->ntp", jnp.asarray(self.financing), paid)
        financing += jnp.einsum("nk,tkp->ntp", jnp.asarray(self.reserved.financier), compute)
        short = (claimed - paid > PAID_TOLERANCE * claimed).astype(paid.dtype)
        unpaid = jnp.einsum("c,tcp->p", jnp.asarray(self.promised), short)
        return {
            "outside": jnp.einsum("c,tcp->tp", jnp.asarray(self.outside), paid),
            "owners": jnp.einsum("c,tcp->tp", jnp.asarray(self.owners), paid),
            "financing": financing,
            "worth": jnp.asarray(self.bought) @ present + worth,
            "advanced": jnp.maximum(-on_ahead, 0.0),
            "ran_short": jnp.where(unpaid > 0.0, 1.0, 0.0),
        }

    def _compute(self, record: Record) -> Array:
        """[T, K, P] worth of the hours that are used under reserved capacity, USD."""
        seen, of = record.months.observations, self.reserved
        most = seen[:, of.h100e] * jnp.asarray(self.hours)[:, None, None]
        offered = jnp.minimum(most, seen[:, of.share] * seen[:, of.hours])
        return offered * seen[:, of.used] * seen[:, of.price]


def owners_of(book: Book, issuer: str) -> tuple[str, ...]:
    """Parties to which a company distributes, in the order of the plan."""
    owner, names = owner_of(book), book.labels.parties
    paid = {
        int(owner[claim.payee])
        for claim in book.labels.claims
        if claim.flow == Flow.DISTRIBUTION and names[owner[claim.payer]] == issuer
    }
    return tuple(name for m, name in enumerate(names) if m in paid and name != issuer)


def financiers_of(book: Book, issuer: str) -> tuple[str, ...]:
    """Other parties that put money in, in the order of the plan."""
    owner, names = owner_of(book), book.labels.parties
    inside = {issuer, *owners_of(book, issuer)}
    putting = {int(owner[c.payer]) for c in book.labels.claims if puts_in(book, c)}
    return tuple(name for m, name in enumerate(names) if m in putting and name not in inside)


def puts_in(book: Book, claim: ClaimLabel) -> bool:
    """Whether a claim is money put in; what fills a party's own reserve is not."""
    names = [book.labels.parties[m] for m in (claim.payer, claim.payee)]
    payer, payee = (book.owners.get(name, name) for name in names)
    given = supports(claim) and (claim.form == "support" or payer != payee)
    return fronts(claim) or given or _bears(book, claim)


def _bears(book: Book, claim: ClaimLabel) -> bool:
    """Whether a party outside the plan pays ahead, or for somebody's loss."""
    outside = claim.payer >= book.labels.internal
    ahead = getattr(book.terms.get(claim.contract), "prepayment", None)
    if ahead is not None and ahead.value == 0.0:
        return False
    return outside and BEARS.get(book.kinds.get(claim.contract, "")) == claim.line


def _bearers(book: Book) -> set[tuple[str, int]]:
    """(contract, party) of all who do so."""
    return {(c.contract, c.payer) for c in book.labels.claims if _bears(book, c)}


def money_of(book: Book, issuer: str) -> tuple[str, ...]:
    """Contracts by which financiers put money in, in the order of the plan."""
    owner, names = owner_of(book), book.labels.parties
    financiers = financiers_of(book, issuer)
    return tuple(
        dict.fromkeys(
            claim.contract
            for claim in book.labels.claims
            if puts_in(book, claim) and names[owner[claim.payer]] in financiers
        )
    )


def positions_of(book: Book, issuer: str, hours: FloatArray) -> Positions:
    """The measure for one company of a plan.

    Args:
        issuer: an internal party.
        hours: [T] of each period.
    """
    names, claims = book.labels.parties, book.labels.claims
    financiers, money = financiers_of(book, issuer), money_of(book, issuer)
    marks = np.array([_signs(book, name) for name in names])
    mine, own = names.index(issuer), [names.index(n) for n in owners_of(book, issuer)]
    with_owners = np.any(marks[own] != 0.0, axis=0) if own else np.zeros(len(claims), bool)
    theirs = np.array(
        [claim.contract in money or Flow(claim.flow) in FINANCING for claim in claims], np.float64
    )
    rows = np.array([names.index(n) for n in financiers], np.int64)
    bearers = _bearers(book)
    supplied = np.array([_is_supplied(book, claim, bearers) for claim in claims], bool)
    bearing = np.zeros_like(marks)
    # What is paid of class support is in the loss of `who_pays`: it is not lost twice.
    lost = {(c.contract, c.payer) for c in claims if _bears(book, c) and not supports(c)}
    for contract, party in lost:
        bearing[party] += [float(claim.contract == contract) for claim in claims]
    return Positions(
        elapsed=np.asarray(book.elapsed, np.float64),
        hours=np.asarray(hours, np.float64),
        discount=np.array(book.discount_row, np.int64),
        outside=np.where(with_owners, 0.0, marks[mine]),
        owners=np.where(marks[mine] != 0.0, marks[own].sum(axis=0), 0.0),
        financing=np.where(supplied & (marks[rows] > 0.0), 0.0, marks[rows]) * theirs,
        bought=np.maximum(-marks, 0.0) * [_is_bought(book, claim, bearers) for claim in claims]
        - np.maximum(marks, 0.0) * supplied,
        ahead=marks * bearing,
        promised=np.maximum(-marks[mine], 0.0) * [claim.form == "claim" for claim in claims],
        reserved=_reserved(book, financiers),
    )


def _signs(book: Book, party: str) -> FloatArray:
    """[C] +1.0 received by a party, -1.0 paid."""
    owner, m = owner_of(book), book.labels.parties.index(party)
    found = [float(owner[c.payee] == m) - float(owner[c.payer] == m) for c in book.labels.claims]
    return np.array(found, np.float64)


def _is_bought(book: Book, claim: ClaimLabel, bearers: set[tuple[str, int]]) -> float:
    """1.0 for what a party outside the plan buys at its price of the day: compute, collateral."""
    names, bears = book.labels.parties, (claim.contract, claim.payer) in bearers
    reserved = book.kinds.get(claim.contract) == RESERVED
    if claim.payer < book.labels.internal or bears or reserved:
        return 0.0
    if names[claim.payer] in {getattr(terms, "buyer", "") for terms in _pledges(book)}:
        return 1.0
    passed_on = claim.line != "use" and getattr(book.terms.get(claim.contract), "user", None)
    return 0.0 if passed_on or claim.flow != Flow.SALE else 1.0


def _pledges(book: Book) -> list[Any]:
    """Security agreements, whose buyers buy nothing but what is pledged."""
    return [terms for name, terms in book.terms.items() if book.kinds.get(name) == "security"]


def _is_supplied(book: Book, claim: ClaimLabel, bearers: set[tuple[str, int]]) -> bool:
    """Whether a party outside the plan supplies it at cost."""
    outside = claim.payee >= book.labels.internal
    supply = claim.flow in (Flow.RUNNING_COST, Flow.CAPITAL_COST)
    return outside and supply and (claim.contract, claim.payee) not in bearers


def _reserved(book: Book, financiers: tuple[str, ...]) -> Reserved:
    """Reserved capacity of the plan."""
    names = [name for name, kind in book.kinds.items() if kind == RESERVED]
    terms = [book.terms[name] for name in names]
    seen = {name: o for o, name in enumerate(book.labels.observations)}

    def rows(places: list[str]) -> IntArray:
        return np.array([seen[place] for place in places], np.int64)

    def buyers(parties: tuple[str, ...]) -> FloatArray:
        found = [[float(t.buyer == party) for t in terms] for party in parties]
        return np.array(found, np.float64).reshape(len(parties), len(terms))

    return Reserved(
        share=rows([f"contracts.{name}.reserved_share" for name in names]),
        h100e=rows([f"contracts.{name}.reserved_h100e" for name in names]),
        hours=rows([f"sites.{t.site}.h100e_hours" for t in terms]),
        price=rows([f"sites.{t.site}.spot_price" for t in terms]),
        used=rows([_utilisation(name, t) for name, t in zip(names, terms, strict=True)]),
        buyer=buyers(book.labels.parties),
        financier=buyers(financiers),
    )


def _utilisation(name: str, terms: Any) -> str:
    """Observation of the share of reserved hours that is used."""
    driver = terms.utilisation.driver
    return f"contracts.{name}.utilisation" if driver is None else f"drivers.{driver}"
