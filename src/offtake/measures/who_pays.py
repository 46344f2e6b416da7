"""Who pays: what every party put in, got back, was promised and not paid, and lost (DESIGN §11).

With v(t) = (1 + r)^-e(t), e(t) the years from the start to the close of period t and r the plan's
rate, present values PV[.] = Σ v(t) (.) over all periods, party by party and path by path:

    fronted    = PV[payments of class capital in], draws of committed money among them
    supports   = PV[payments of class support, and draws on supports of any class but capital in]
    returned   = PV[receipts of interest, principal, fee, distribution and recovery of supports; of
                 who pays a support, all it receives under the same contract: its premium]
    open       = v(T) Σ closing balances of debts owed to the party that are not accelerated, and
                 closing worth of its holdings that state one
    loss       = max(0, fronted + supports - returned - open)
    net        = PV[all paid - all received]
    shortfall  = PV[promised to the party and never paid]          (`offtake.measures.promises`)
    unreturned = max(0, fronted + supports - returned - open), all undiscounted

The middle five belong to financiers: parties that pay capital in or a support in some contract of
the plan. The class says what is a support, not the form: whether it is drawn on a shortfall or
claimed by formula (the floor of a note, a residual value), who pays it is at risk. What a kind pays
as a sale (for idle hours, below a price, for lost revenue) is trade: it is in `net`, and so is what
is received for it. Everything else a party receives (sales, costs, tax) is in `net` alone, which
sums to zero over all parties. Accounts are merged into their owners, and money a party moves to
itself is no flow.

A debt that runs past the horizon and is not accelerated is taken at face: it is open, neither
returned nor lost. One that is accelerated is taken at nothing. A holding is taken at what its kind
publishes (`holding`: a preference, or shares at their price), and one of a kind that states no
worth, such as common equity, at nothing. `loss` is measured at the plan's rate, so money that comes
back as promised but earns less than that rate shows a loss; `unreturned` shows money that did not
come back. Losses along a chain (a bank lends to a company that lends on) are both shown.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.flows import RETURNED, Flow
from offtake.core.labels import ClaimLabel
from offtake.core.measure import Book, Output, Record
from offtake.measures.owners import by_party, owner_of
from offtake.measures.promises import Promises, follow, nothing_owed, promises_of


def _output(meaning: str) -> Output:
    return Output(dims=("party",), keep="paths", unit="USD", meaning=meaning)


def fronts(claim: ClaimLabel) -> bool:
    """Whether a claim is money put in."""
    return claim.flow == Flow.CAPITAL_IN and claim.form != "recovery"


def supports(claim: ClaimLabel) -> bool:
    """Whether a claim is a support that is not capital in, drawn on a shortfall or by formula."""
    if claim.form == "support":
        return claim.flow != Flow.CAPITAL_IN
    return claim.flow == Flow.SUPPORT and claim.form != "recovery"


def returns(claim: ClaimLabel) -> bool:
    """Whether a claim brings money back to who put it in."""
    return claim.form == "recovery" or (claim.flow in RETURNED and claim.form != "support")


def _premiums(book: Book) -> NDArray[np.float64]:
    """[M, C] 1.0 where who pays a support receives something under the same contract."""
    owner = owner_of(book)
    paying = {
        (claim.contract, claim.part, owner[claim.payer])
        for claim in book.labels.claims
        if supports(claim) and owner[claim.payer] != owner[claim.payee]
    }
    return by_party(
        book, "in", lambda claim: (claim.contract, claim.part, owner[claim.payee]) in paying
    )


class _Totals(NamedTuple):
    """Sums over the periods so far."""

    factor: Array
    """[P] v(t) of the last of them"""
    present: Array
    """[C, P] present value of what was paid"""
    plain: Array
    """[C, P] the same, undiscounted"""
    short: Array
    """[Q, P] unpaid on promises at its close"""
    lost: Array
    """[Q, P] present value of what was never paid"""


class WhoPays(NamedTuple):
    """Who pays, for one plan. Rows of parties that are accounts are zero."""

    elapsed: NDArray[np.float64]
    """[T] years"""
    discount: IntArray
    """[] row of the plan's rate"""
    fronted: NDArray[np.float64]
    """[M, C] money a party puts in"""
    supported: NDArray[np.float64]
    """[M, C] supports it pays"""
    returned: NDArray[np.float64]
    """[M, C] money that comes back to a financier"""
    net: NDArray[np.float64]
    """[M, C] +1.0 paid, -1.0 received"""
    balance: IntArray
    """[F] published balance of every debt, and worth of every holding"""
    accelerated: IntArray
    """[F] published value that says whether it is called"""
    stated: NDArray[np.float64]
    """[F] 1.0 where the kind publishes that"""
    lender: NDArray[np.float64]
    """[M, F]"""
    promises: Promises

    name = "who_pays"
    wanted = ()
    outputs = {  # noqa: RUF012 - a constant of the class, never changed
        "fronted": _output("Present value of capital put in."),
        "supports": _output(
            "Present value of supports paid, whatever their form, that are not capital in."
        ),
        "returned": _output("Present value of money that came back to a financier."),
        "open": _output(
            "Present value at the horizon of debts still running, at face, and of holdings."
        ),
        "loss": _output("Present value put in and paid under supports, not returned and not open."),
        "net": _output("Present value of all paid less all received."),
        "shortfall": _output("Present value of what was promised to the party and never paid."),
        "unreturned": _output("Money put in and paid under supports that did not come back."),
    }

    @classmethod
    def build(cls, book: Book) -> "WhoPays":
        """The measure for one plan."""
        fronted, supported = by_party(book, "out", fronts), by_party(book, "out", supports)
        financier = np.sum(fronted + supported, axis=1, keepdims=True) > 0.0
        debts = _debts(book) + _holdings(book)
        lender = np.zeros((len(book.labels.parties), len(debts)))
        for f, (_, _, party) in enumerate(debts):
            lender[party, f] = 1.0
        return cls(
            elapsed=np.asarray(book.elapsed, np.float64),
            discount=np.array(book.discount_row, np.int64),
            fronted=fronted,
            supported=supported,
            returned=np.maximum(by_party(book, "in", returns), _premiums(book)) * financier,
            net=by_party(book, "out", lambda _: True) - by_party(book, "in", lambda _: True),
            balance=np.array([balance for balance, _, _ in debts], np.int64),
            accelerated=np.array([max(called, 0) for _, called, _ in debts], np.int64),
            stated=np.array([float(called >= 0) for _, called, _ in debts], np.float64),
            lender=lender * financier,
            promises=promises_of(book),
        )

    def reduce(self, record: Record) -> Mapping[str, Array]:
        """Every figure by party, [M, P] USD."""
        totals = self._totals(record)
        fronted, supported, returned = self._invested(totals.present)
        face = self._face(record)
        still = jnp.asarray(self.lender) @ (face * totals.factor[None])
        plain = self._invested(totals.plain)
        missing = plain[0] + plain[1] - plain[2] - jnp.asarray(self.lender) @ face
        return {
            "fronted": fronted,
            "supports": supported,
            "returned": returned,
            "open": still,
            "loss": jnp.maximum(fronted + supported - returned - still, 0.0),
            "net": jnp.asarray(self.net) @ totals.present,
            "shortfall": jnp.asarray(self.promises.payee).T @ totals.lost,
            "unreturned": jnp.maximum(missing, 0.0),
        }

    def _totals(self, record: Record) -> _Totals:
        """Sums over all periods, month by month: the record is read once."""
        claimed, paid = record.months.claimed, record.months.paid
        growth = jnp.log1p(record.values[self.discount])

        def month(carry: _Totals, now: tuple[Array, Array, Array]) -> tuple[_Totals, None]:
            elapsed, asked, given = now
            factor = jnp.exp(-elapsed * growth)
            after = follow(self.promises, carry.short, asked, given)
            following = _Totals(
                factor=factor,
                present=carry.present + factor[None] * given,
                plain=carry.plain + given,
                short=after.short,
                lost=carry.lost + carry.factor[None] * after.dropped,
            )
            return following, None

        owed = nothing_owed(self.promises, growth.shape[0])
        none = jnp.zeros_like(paid[0])
        start = _Totals(jnp.ones_like(growth), none, none, owed, owed)
        last = lax.scan(month, start, (jnp.asarray(self.elapsed), claimed, paid))[0]
        return last._replace(lost=last.lost + last.factor[None] * last.short)

    def _invested(self, total: Array) -> tuple[Array, Array, Array]:
        """Fronted, supports and returned, each [M, P], from totals by claim [C, P]."""
        return (
            jnp.asarray(self.fronted) @ total,
            jnp.asarray(self.supported) @ total,
            jnp.asarray(self.returned) @ total,
        )

    def _face(self, record: Record) -> Array:
        """[F, P] closing balance of every debt that is not accelerated."""
        if not self.balance.shape[0]:
            return jnp.zeros((0, record.values.shape[-1]))
        called = record.closing[self.accelerated] * jnp.asarray(self.stated)[:, None]
        return jnp.where(called > 0.0, 0.0, record.closing[self.balance])


def _debts(book: Book) -> list[tuple[int, int, int]]:
    """(published balance, published "accelerated" or -1, lender) of everything lent.

    A debt is a contract with a claim of class principal that publishes a balance; the lender is who
    is owed that principal.
    """
    owner, published = owner_of(book), book.labels.published
    found: dict[str, int] = {}
    for claim in book.labels.claims:
        part = f"/{claim.part}" if claim.part else ""
        where = f"contracts.{claim.contract}{part}"
        if claim.flow == Flow.PRINCIPAL and owner[claim.payer] != owner[claim.payee]:
            found.setdefault(where, int(owner[claim.payee]))
    index = {name: v for v, name in enumerate(published)}
    return [
        (index[f"{where}.balance"], index.get(f"{where}.accelerated", -1), lender)
        for where, lender in found.items()
        if f"{where}.balance" in index
    ]


def _holdings(book: Book) -> list[tuple[int, int, int]]:
    """(published worth, -1, owner) of every holding; the owner is who pays capital in under it."""
    owner, published = owner_of(book), book.labels.published
    found: dict[str, int] = {}
    for claim in book.labels.claims:
        part = f"/{claim.part}" if claim.part else ""
        if fronts(claim) and owner[claim.payer] != owner[claim.payee]:
            found.setdefault(f"contracts.{claim.contract}{part}.holding", int(owner[claim.payer]))
    index = {name: v for v, name in enumerate(published)}
    return [(index[name], -1, party) for name, party in found.items() if name in index]
