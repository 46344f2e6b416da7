"""What measures pick out of a record: sums of claims, values at the close, numbers of terms.

Every selection is a NamedTuple of index arrays with one row per item (facility, cohort, contract),
padded to the longest row with sign or mark 0, so that `each` can go through them one at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.flows import Flow
from offtake.core.measure import Book, Facility, Record
from offtake.core.terms import references
from offtake.finance.facility import SENIORITY, counts_with

FloatArray = NDArray[np.float64]
Signed = Mapping[int, float]
"""claim -> factor"""


class Sums(NamedTuple):
    """Signed sums of claims; fields [item, width]."""

    claim: IntArray
    sign: FloatArray


class Published(NamedTuple):
    """A value that contracts publish; fields [item, width], a column for each part."""

    start: IntArray
    """observation at the start of each period"""
    end: IntArray
    """value after the last period, index into `Record.closing`"""
    present: FloatArray
    """1.0 where the contract has the part and publishes the value"""


class Number(NamedTuple):
    """A number of the plan, or what stands for it where the plan has none; fields [item]."""

    row: IntArray
    known: FloatArray
    otherwise: FloatArray


def _padded(rows: Sequence[Sequence[float]]) -> FloatArray:
    width = max([1, *(len(row) for row in rows)])
    table = np.zeros((len(rows), width))
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table


def sums(items: Sequence[Signed]) -> Sums:
    """One signed sum of claims per item."""
    return Sums(
        _padded([list(item.keys()) for item in items]).astype(np.int64),
        _padded([list(item.values()) for item in items]),
    )


def nested(items: Sequence[Sequence[Signed]]) -> Sums:
    """Several signed sums per item, [item, sums, width]; padded with sums of nothing."""
    count = max([1, *(len(item) for item in items)])
    nothing: Signed = {}
    flat = sums([s for item in items for s in [*item, *[nothing] * (count - len(item))]])
    shape = (len(items), count, flat.claim.shape[1])
    return Sums(flat.claim.reshape(shape), flat.sign.reshape(shape))


def plus(claims: Sequence[int]) -> Signed:
    """Claims that count in full."""
    return dict.fromkeys(claims, 1.0)


def summed(amounts: Array, item: Sums) -> Array:
    """Sum of one item in every period, [T, P] USD.

    Args:
        amounts: [T, C, P] claimed or paid, USD.
        item: one row of `Sums`, fields [width].
    """

    def add(total: Array, entry: Sums) -> tuple[Array, None]:
        return total + entry.sign * amounts[:, entry.claim], None

    return lax.scan(add, jnp.zeros_like(amounts[:, 0]), item)[0]


def published(book: Book, contracts: Sequence[str], value: str) -> Published:
    """A published value of several contracts; absent where the record does not hold it."""
    return published_together(book, [(contract,) for contract in contracts], value)


def published_together(book: Book, items: Sequence[Sequence[str]], value: str) -> Published:
    """The same of several contracts per item, [item, width], one contract after another."""
    contracts = [contract for item in items for contract in item]
    seen = {name: i for i, name in enumerate(book.labels.observations)}
    parts: dict[str, list[tuple[int, int]]] = {contract: [] for contract in contracts}
    for place, name in enumerate(book.labels.published):
        row, _, what = name.removeprefix("contracts.").rpartition(".")
        contract = row.split("/", 1)[0]
        if what == value and contract in parts and name in seen:
            parts[contract].append((seen[name], place))
    rows = [[part for contract in item for part in parts[contract]] for item in items]
    return Published(
        _padded([[start for start, _ in row] for row in rows]).astype(np.int64),
        _padded([[end for _, end in row] for row in rows]).astype(np.int64),
        _padded([[1.0] * len(row) for row in rows]),
    )


def at_close(record: Record, item: Published, missing: float) -> Array:
    """A published value at the close of every period, [T, width, P].

    What is published is as of the start of a period, hence of the close of the one before it.

    Args:
        item: one row of `Published`, fields [width].
        missing: stands where there is no such part.
    """
    if not record.closing.shape[0]:
        shape = (record.months.paid.shape[0], item.start.shape[0], record.values.shape[-1])
        return jnp.full(shape, missing)
    series = jnp.concatenate(
        [record.months.observations[1:, item.start], record.closing[item.end][None]]
    )
    return jnp.where((item.present > 0.5)[None, :, None], series, missing)


def number(book: Book, contracts: Sequence[str], field: str, otherwise: float) -> Number:
    """A number of the terms of several contracts."""
    rows = [book.rows.get(f"contracts.{contract}.{field}", -1) for contract in contracts]
    return Number(
        np.array([max(row, 0) for row in rows], np.int64),
        np.array([float(row >= 0) for row in rows]),
        np.full(len(rows), otherwise),
    )


def value(record: Record, item: Number) -> Array:
    """[P] the number of one item, fields []."""
    return jnp.where(item.known > 0.5, record.values[item.row], item.otherwise)


def each(reduce: Callable[[Any], Any], rows: Any) -> Any:
    """Outputs of every item, stacked [item, ..]; one item in memory at a time."""

    def one(_: None, row: Any) -> tuple[None, Any]:
        return None, reduce(row)

    return lax.scan(one, None, rows)[1]


def first(flag: Array) -> Array:
    """[P] first period in which a flag [T, P] holds, as a float; T where it never does."""
    periods = flag.shape[0]
    t = jnp.arange(float(periods))[:, None]
    return jnp.min(jnp.where(flag, t, float(periods)), axis=0)


def last(flag: Array) -> Array:
    """[P] last period in which a flag [T, P] holds, as a float; -1 where it never does."""
    t = jnp.arange(float(flag.shape[0]))[:, None]
    return jnp.max(jnp.where(flag, t, -1.0), axis=0)


def in_period(values: Array, t: Array) -> Array:
    """[P] values [T, P] in a period [P] that may differ by path; 0 outside the horizon."""
    periods = jnp.arange(float(values.shape[0]))[:, None]
    return jnp.sum(jnp.where(periods == t[None], values, 0.0), axis=0)


def borrower_of(book: Book, facility: Facility) -> int:
    """Index of the party that owes a facility: as stated, else who repays it; -1 if nobody does."""
    if facility.borrower in book.labels.parties:
        return book.labels.parties.index(facility.borrower)
    repay = book.claims(contract=facility.contract, flow=int(Flow.PRINCIPAL))
    return book.labels.claims[repay[0]].payer if repay else -1


def ranking_with(book: Book, facility: Facility) -> list[str]:
    """Other facilities of the same borrower that rank senior to it or equal with it."""
    borrower = borrower_of(book, facility)

    def seniority(name: str) -> str:
        return getattr(book.terms.get(name), "seniority", SENIORITY[0])

    return [
        other.contract
        for other in book.facilities
        if other.contract != facility.contract
        and borrower_of(book, other) == borrower
        and counts_with(seniority(other.contract), seniority(facility.contract))
    ]


def named_contracts(book: Book, contract: str) -> frozenset[str]:
    """Contracts that the terms of a contract name."""
    terms = book.terms.get(contract)
    if not isinstance(terms, BaseModel):
        return frozenset()
    return frozenset(name for _, _, name in references(terms) if name in book.kinds)
