"""What every contract is worth to each side.

    npv(c, i)      = sum over t of (received - paid)(t) (1 + R)^-elapsed(t), R the plan's rate
    npv_own(c, i)  the same at party i's own hurdle rate
    irr(c, i)      rate per year at which the sum is zero:  (1 + r)^(periods a year) - 1
    support(c)     = PV of what a support paid less PV of what it recovered, at the plan's rate

over what is paid on the claims of contract c to which party i is a side; accounts are merged into
their owners. Between two parties the second one's rate is the same: what the lender earns the
borrower pays. A rate is sought only for financings, contracts that pay money in. It is -100 % where
money went in and none came back, NaN where none went in or no rate is found. What is open at the
horizon counts for nothing here.
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.flows import Flow
from offtake.core.measure import Book, Output, Record
from offtake.finance.discount import annual_rate
from offtake.finance.returns import irr
from offtake.measures.owners import owner_of
from offtake.measures.selection import FloatArray, Signed, Sums, each, summed, sums

OUTPUTS = {
    "npv_usd": Output(("side",), "mean", "USD", "Value today to one side, at the plan's rate."),
    "npv_own_usd": Output(("side",), "mean", "USD", "The same at the party's own hurdle rate."),
    "irr": Output(("financing",), "paths", "1/year", "Rate of return of one side; NaN if none."),
    "support_usd": Output(("support",), "mean", "USD", "Value today of supports less recoveries."),
}


def sides(book: Book) -> tuple[tuple[str, str], ...]:
    """(contract, party) of every side of every contract, in the order of the claims."""
    owner, found = owner_of(book), dict[tuple[str, str], None]()
    for claim in book.labels.claims:
        ends = (int(owner[claim.payee]), int(owner[claim.payer]))
        for party in ends if ends[0] != ends[1] else ():
            found[claim.contract, book.labels.parties[party]] = None
    return tuple(found)


def financings(book: Book) -> tuple[tuple[str, str], ...]:
    """(contract, party) of every rate of return: who pays in; every side where they are three."""
    owner, every, found = owner_of(book), sides(book), dict[tuple[str, str], None]()
    for claim in book.labels.claims:
        payer = (claim.contract, book.labels.parties[int(owner[claim.payer])])
        if claim.flow == int(Flow.CAPITAL_IN) and payer in every:
            found[payer] = None
            mine = [side for side in every if side[0] == claim.contract]
            if len(mine) > 2:
                found.update(dict.fromkeys(mine))
    return tuple(found)


def supports(book: Book) -> tuple[str, ...]:
    """Contracts by which one party supports another, in the order of the claims."""
    owner = owner_of(book)
    named = (
        claim.contract
        for claim in book.labels.claims
        if claim.flow == int(Flow.SUPPORT)
        and claim.form == "support"
        and owner[claim.payer] != owner[claim.payee]
    )
    return tuple(dict.fromkeys(named))


class ContractValue(NamedTuple):
    """The measure."""

    signs: FloatArray
    """[side, C] +1 received, -1 paid"""
    support_signs: FloatArray
    """[support, C] +1 paid by the supporter, -1 recovered by it"""
    rates: IntArray
    """[H] rows of the plan's discount rate, first, and of hurdle rates"""
    hurdle: IntArray
    """[side] which of them is the party's own"""
    flows: Sums
    """[financing] receipts less payments"""
    elapsed: FloatArray
    """[T]"""
    per_year: FloatArray
    """[] periods in a year"""

    name = "contract_value"
    wanted = ()
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "ContractValue":
        """The measure for one plan."""
        every = sides(book)
        rows = [book.discount_row]
        for _, party in every:
            row = book.hurdle_rows.get(party, book.discount_row)
            if row not in rows:
                rows.append(row)
        own = [rows.index(book.hurdle_rows.get(party, book.discount_row)) for _, party in every]
        return cls(
            signs=_matrix(book, [_signed(book, *side) for side in every]),
            support_signs=_matrix(book, [_support(book, name) for name in supports(book)]),
            rates=np.array(rows, np.int64),
            hurdle=np.array(own, np.int64),
            flows=sums([_signed(book, *side) for side in financings(book)]),
            elapsed=book.elapsed,
            per_year=np.array(1.0 / book.years[-1]),
        )

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block: values [side, P], rates [financing, P], supports [support, P]."""
        present = self._present(record)
        npv = jnp.einsum("ac,hcp->hap", self.signs, present)
        side = jnp.arange(self.hurdle.shape[0])
        return {
            "npv_usd": npv[0],
            "npv_own_usd": npv[self.hurdle, side],
            "irr": self._rates(record),
            "support_usd": jnp.einsum("sc,cp->sp", self.support_signs, present[0]),
        }

    def _present(self, record: Record) -> Array:
        """[H, C, P] value today of what is paid on every claim, at every rate, USD."""
        growth = jnp.log1p(record.values[self.rates])
        factors = jnp.exp(-jnp.asarray(self.elapsed)[:, None, None] * growth[None])

        def add(total: Array, month: tuple[Array, Array]) -> tuple[Array, None]:
            paid, factor = month
            return total + paid[None] * factor[:, None], None

        paid = record.months.paid
        start = jnp.zeros((growth.shape[0], *paid.shape[1:]))
        return lax.scan(add, start, (paid, factors))[0]

    def _rates(self, record: Record) -> Array:
        """[financing, P] annual effective rates of return."""
        paid = record.months.paid
        if not self.flows.claim.shape[0]:
            return jnp.zeros((0, paid.shape[-1]))
        flows = jnp.moveaxis(each(lambda item: summed(paid, item), self.flows), 0, 1)
        rate = annual_rate(irr(flows), self.per_year)  # pyright: ignore[reportArgumentType]
        put_in = jnp.any(flows < 0.0, axis=0)
        got_back = jnp.any(flows > 0.0, axis=0)
        return jnp.where(put_in & ~got_back, -1.0, rate)


def _signed(book: Book, contract: str, party: str) -> Signed:
    """Claims of a contract from one party's side."""
    owner, index = owner_of(book), book.labels.parties.index(party)
    found: dict[int, float] = {}
    for i in book.claims(contract=contract):
        claim = book.labels.claims[i]
        sign = float(owner[claim.payee] == index) - float(owner[claim.payer] == index)
        if sign:
            found[i] = sign
    return found


def _support(book: Book, contract: str) -> Signed:
    """What a supporter pays (+) and recovers (-)."""
    drawn = book.claims(contract=contract, flow=int(Flow.SUPPORT), form="support")
    back = book.claims(contract=contract, form="recovery")
    return {**dict.fromkeys(drawn, 1.0), **dict.fromkeys(back, -1.0)}


def _matrix(book: Book, rows: list[Signed]) -> FloatArray:
    table = np.zeros((len(rows), len(book.labels.claims)))
    for i, row in enumerate(rows):
        table[i, list(row.keys())] = list(row.values())
    return table
