"""Cohorts: when chips have paid for themselves, against the clocks of contract, debt and books.

Per cohort and path, in months from the delivery date of the cohort, which starts every clock:

    price     what was paid for the cohort over the plan; units x price per chip if nothing buys it
    cash(t)   share of what its owner earned by selling compute of the site, less share of what the
              owner paid to run the site, rent included; by H100e among the owner's cohorts there
    payback   first close at which the sum of cash(s), s <= t, is at least the price; inf if not
              within the plan
    life      economic life: last period in which it runs and its spot margin is not negative
    contract  last period in which a contract with a term pays the owner for the site
    debt      last period at whose close a facility that pledges the cohort or its site is owed

Where its owner sells no compute of the site under a contract that names it, cash is the spot
margin. Money paid for the site before any of its cohorts runs is shared by price. A life that still
runs at the horizon is censored: `life_censored` is 1 and the life a lower bound. Payback and life
are NaN where nothing was bought; ends of contract and debt are periods, NaN where there are none
(DESIGN §11).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import Flow
from offtake.core.measure import Book, Output, Record
from offtake.finance.servicing import PAID_TOLERANCE
from offtake.measures.economic_end import (
    MARGINS,
    CohortMargins,
    at_site,
    cohort_margins,
    covers,
)
from offtake.measures.owners import owner_of
from offtake.measures.selection import (
    FloatArray,
    Published,
    Sums,
    at_close,
    each,
    first,
    in_period,
    last,
    plus,
    published,
    summed,
    sums,
)

MONTHS_PER_YEAR = 12.0


def _months(meaning: str, keep: str = "paths") -> Output:
    return Output(("cohort",), keep, "month", meaning)  # pyright: ignore[reportArgumentType]


def _end(meaning: str) -> Output:
    return Output(("cohort",), "paths", "period", meaning)


OUTPUTS = {
    "price_usd": Output(("cohort",), "mean", "USD", "What was paid for the cohort."),
    "payback_months": _months("Delivery to payback; inf if not within the plan."),
    "economic_life_months": _months("Delivery to the last period that covers its cash cost."),
    "life_censored": Output(("cohort",), "paths", "1", "1 where it still earns at the horizon."),
    "contract_end_period": _end("End of contracted sales of its site; NaN without any."),
    "debt_end_period": _end("Last period with debt on it; NaN without any."),
    "accounting_life_months": _months("Length of depreciation in the books.", "mean"),
}


class Earning(NamedTuple):
    """Where the record keeps cohorts; first axis [cohort]."""

    margins: CohortMargins
    age: IntArray
    """observation: years since delivery"""
    units: IntArray
    """row"""
    unit_price: IntArray
    """row"""
    accounting_life: IntArray
    """row, periods"""
    price: Sums
    """paid for the cohort"""
    bought: FloatArray
    """1.0 where a contract buys it"""
    site_price: Sums
    """paid for all cohorts of its owner at its site"""
    neighbours: IntArray
    """[cohort, width] observations of their H100e, its own among them"""
    neighbour: FloatArray
    """[cohort, width] 1.0, or 0.0 for padding"""
    earned: Sums
    spent: Sums
    contracted: FloatArray
    """1.0 where its owner sells compute of the site under contract"""
    termed: Sums
    """receipts under contracts with a term"""
    debt: Published
    """balances of facilities that pledge it"""


class Cohorts(NamedTuple):
    """The measure."""

    earning: Earning
    months_per_period: FloatArray
    """[]"""

    name = "cohorts"
    wanted = ("chips.*.age", "contracts.*.balance", *MARGINS)
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Cohorts":
        """The measure for one plan."""
        return cls(_earning(book), np.array(MONTHS_PER_YEAR * book.years[-1]))

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, each [cohort, P]."""
        if not self.earning.age.shape[0]:
            return dict.fromkeys(OUTPUTS, jnp.zeros((0, record.values.shape[-1])))
        return each(lambda item: self._one(record, item), self.earning)

    def _one(self, record: Record, item: Earning) -> dict[str, Array]:
        values, paid = record.values, record.months.paid
        months = MONTHS_PER_YEAR * record.months.observations[:, item.age]
        bought = jnp.sum(summed(paid, item.price), axis=0)
        listed = values[item.units] * values[item.unit_price]
        price = jnp.where(item.bought > 0.5, bought, listed)
        cash = jnp.cumsum(_cash(record, item), axis=0)
        back = first(cash >= price[None] * (1.0 - PAID_TOLERANCE))
        within = back < float(months.shape[0])
        payback = jnp.where(within, in_period(months, back), jnp.inf)
        earns = covers(record, item.margins)
        termed = last(summed(paid, item.termed) > 0.0)
        balance = jnp.sum(at_close(record, item.debt, 0.0), axis=1)
        owed = last(balance > PAID_TOLERANCE * jnp.max(balance, axis=0, keepdims=True))
        return {
            "price_usd": price,
            "payback_months": jnp.where(price > 0.0, payback, jnp.nan),
            "economic_life_months": jnp.where(price > 0.0, in_period(months, last(earns)), jnp.nan),
            "life_censored": jnp.where(earns[-1], 1.0, 0.0),
            "contract_end_period": jnp.where(termed >= 0.0, termed, jnp.nan),
            "debt_end_period": jnp.where(owed >= 0.0, owed, jnp.nan),
            "accounting_life_months": values[item.accounting_life] * self.months_per_period,
        }


def _cash(record: Record, item: Earning) -> Array:
    """[T, P] what the cohort earned less what it cost to run, USD."""
    observed, paid = record.months.observations, record.months.paid
    spot = observed[:, item.margins.margin]
    mark = item.neighbour[None, :, None]
    capacity = jnp.sum(observed[:, item.neighbours] * mark, axis=1)
    total = jnp.sum(summed(paid, item.site_price), axis=0)
    by_price = jnp.sum(summed(paid, item.price), axis=0) / jnp.where(total > 0.0, total, 1.0)
    running = capacity > 0.0
    by_capacity = observed[:, item.margins.h100e] / jnp.where(running, capacity, 1.0)
    share = jnp.where(running, by_capacity, by_price[None])
    net = summed(paid, item.earned) - summed(paid, item.spent)
    return jnp.where(item.contracted > 0.5, net * share, spot)


# -------------------------------------------------------------------------- from the book of a plan


def _buyers(book: Book) -> dict[str, tuple[int, list[int]]]:
    """Cohort -> party that pays its price, and the claims by which it does."""
    owner = owner_of(book)
    found: dict[str, tuple[int, list[int]]] = {}
    for cohort in book.cohorts:
        claims = book.claims(part=cohort, flow=int(Flow.CAPITAL_COST))
        if claims:
            found[cohort] = (int(owner[book.labels.claims[claims[0]].payer]), claims)
    return found


def _termed(book: Book, claims: Sequence[int]) -> list[int]:
    return [
        i
        for i in claims
        if getattr(book.terms.get(book.labels.claims[i].contract), "term", None) is not None
    ]


def _earning(book: Book) -> Earning:
    names = list(book.cohorts)
    buyers = _buyers(book)
    earned: list[list[int]] = []
    spent: list[list[int]] = []
    together: list[list[str]] = []
    for name in names:
        site, owner = book.cohorts[name], buyers.get(name, (-1, []))[0]
        receipts, payments = at_site(book, site, owner)
        earned.append(receipts)
        spent.append(payments)
        same = [c for c in names if book.cohorts[c] == site and buyers.get(c, (-1, []))[0] == owner]
        together.append(same)
    width = max([1, *(len(row) for row in together)])
    neighbours = np.zeros((len(names), width), np.int64)
    neighbour = np.zeros((len(names), width))
    for i, row in enumerate(together):
        neighbours[i, : len(row)] = [book.labels.observation(f"chips.{c}.h100e") for c in row]
        neighbour[i, : len(row)] = 1.0
    debts = [_debts(book, name) for name in names]
    balances = [published(book, debt, "balance") for debt in debts]

    def price(cohorts: Sequence[str]) -> list[int]:
        return [i for c in cohorts for i in buyers.get(c, (-1, []))[1]]

    return Earning(
        margins=cohort_margins(book),
        age=np.array([book.labels.observation(f"chips.{c}.age") for c in names], np.int64),
        units=np.array([book.rows[f"chips.{c}.units"] for c in names], np.int64),
        unit_price=np.array([book.rows[f"chips.{c}.price"] for c in names], np.int64),
        accounting_life=np.array(
            [book.rows[f"chips.{c}.accounting_life"] for c in names], np.int64
        ),
        price=sums([plus(price([c])) for c in names]),
        bought=np.array([float(c in buyers) for c in names]),
        site_price=sums([plus(price(row)) for row in together]),
        neighbours=neighbours,
        neighbour=neighbour,
        earned=sums([plus(row) for row in earned]),
        spent=sums([plus(row) for row in spent]),
        contracted=np.array([float(bool(row)) for row in earned]),
        termed=sums([plus(_termed(book, row)) for row in earned]),
        debt=_side_by_side(balances),
    )


def _debts(book: Book, cohort: str) -> list[str]:
    """Facilities that pledge a cohort or its site."""
    names = {cohort, book.cohorts[cohort]}
    return [f.contract for f in book.facilities if names & set(f.collateral)]


def _side_by_side(rows: Sequence[Published]) -> Published:
    """Several facilities of one cohort as one row."""
    width = max([1, *(row.start.size for row in rows)])
    parts = [np.zeros((len(rows), width)) for _ in range(3)]
    for i, row in enumerate(rows):
        for part, field in zip(parts, row, strict=True):
            part[i, : field.size] = field.reshape(-1)
    return Published(parts[0].astype(np.int64), parts[1].astype(np.int64), parts[2])
