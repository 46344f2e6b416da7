"""Cohorts: when chips have paid for themselves, against the clocks of contract, debt and books.

Per cohort and path, in months from the delivery date of the cohort, which starts every clock:

    price     what was paid for the cohort over the plan; units x price per chip if nothing buys it
    cash(t)   share of what its owner earned by selling compute of the site, less share of what the
              owner paid to run the site, rent included; by H100e among the owner's cohorts there
    payback   first close at which the sum of cash(s), s <= t, is at least the price; inf if not
              within the plan
    life      economic life: last period in which it runs and its spot margin is not negative
    contract  last period in which a contract with a term pays the owner for the site
    debt      last period at whose close something is owed on a facility that pledges the cohort or
              funds its order, or on one of its owner's that pledges the site

Where its owner sells no compute of the site under a contract that names it, cash is the spot
margin. Money paid for the site before any of its cohorts runs is shared by price. A life that still
runs at the horizon is censored: `life_censored` is 1 and the life a lower bound. Payback and life
are NaN where nothing was bought; ends of contract and debt are periods, NaN where there are none
(DESIGN §11).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import PAID_TOLERANCE, Flow
from offtake.core.measure import Book, Facility, Output, Record
from offtake.measures.economic_end import (
    MARGINS,
    CohortMargins,
    at_site,
    cohort_margins,
    covers,
)
from offtake.measures.owners import owner_of
from offtake.measures.refinancing import funded
from offtake.measures.selection import (
    FloatArray,
    Published,
    Sums,
    at_close,
    borrower_of,
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


class Holdings(NamedTuple):
    """Where the record keeps what one owner has at one site; first axis [holding]."""

    earned: Sums
    """sales of the owner at the site"""
    spent: Sums
    """its running costs and purchases there"""
    termed: Sums
    """its sales there under contracts with a term"""
    price: Sums
    """paid for all its cohorts there"""
    h100e: IntArray
    """[holding, width] observations of the H100e of its cohorts"""
    present: FloatArray
    """[holding, width] 1.0, or 0.0 for padding"""


class Earning(NamedTuple):
    """Where the record keeps cohorts; first axis [cohort]."""

    holding: IntArray
    """the owner and site it belongs to"""
    contracted: FloatArray
    """1.0 where its owner sells compute of the site under contract"""
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
    debt: Published
    """balances of facilities behind it"""


class _Held(NamedTuple):
    """What one owner has at one site, by period."""

    net: Array
    """[T, P] sales less costs, USD"""
    h100e: Array
    """[T, P]"""
    price: Array
    """[P] USD"""
    contract_end: Array
    """[P] last period with a sale under a contract with a term; -1 where there is none"""


class Cohorts(NamedTuple):
    """The measure."""

    holdings: Holdings
    earning: Earning
    months_per_period: FloatArray
    """[]"""

    name = "cohorts"
    wanted = ("chips.*.age", "contracts.*.balance", *MARGINS)
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Cohorts":
        """The measure for one plan."""
        owned = owned_at(book)
        places = tuple(dict.fromkeys(owned.values()))
        months = np.array(MONTHS_PER_YEAR * book.years[-1])
        return cls(_holdings(book, owned, places), _earning(book, owned, places), months)

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, each [cohort, P]."""
        if not self.earning.age.shape[0]:
            return dict.fromkeys(OUTPUTS, jnp.zeros((0, record.values.shape[-1])))
        held = each(lambda item: _held(record, item), self.holdings)
        return each(lambda item: self._one(record, held, item), self.earning)

    def _one(self, record: Record, every: _Held, item: Earning) -> dict[str, Array]:
        """Outputs of one cohort, each [P]."""
        held = _Held(*(part[item.holding] for part in every))
        values = record.values
        months = MONTHS_PER_YEAR * record.months.observations[:, item.age]
        bought = jnp.sum(summed(record.months.paid, item.price), axis=0)
        listed = values[item.units] * values[item.unit_price]
        price = jnp.where(item.bought > 0.5, bought, listed)
        cash = jnp.cumsum(_cash(record, held, item, bought), axis=0)
        back = first(cash >= price[None] * (1.0 - PAID_TOLERANCE))
        within = back < float(months.shape[0])
        payback = jnp.where(within, in_period(months, back), jnp.inf)
        earns = covers(record, item.margins)
        life = in_period(months, last(earns))
        balance = jnp.sum(at_close(record, item.debt, 0.0), axis=1)
        owed = last(balance > PAID_TOLERANCE * jnp.max(balance, axis=0, keepdims=True))
        return {
            "price_usd": price,
            "payback_months": jnp.where(price > 0.0, payback, jnp.nan),
            "economic_life_months": jnp.where(price > 0.0, life, jnp.nan),
            "life_censored": jnp.where(earns[-1], 1.0, 0.0),
            "contract_end_period": jnp.where(held.contract_end >= 0.0, held.contract_end, jnp.nan),
            "debt_end_period": jnp.where(owed >= 0.0, owed, jnp.nan),
            "accounting_life_months": values[item.accounting_life] * self.months_per_period,
        }


def _held(record: Record, item: Holdings) -> _Held:
    """What one owner has at one site."""
    paid = record.months.paid
    running = record.months.observations[:, item.h100e] * item.present[None, :, None]
    return _Held(
        net=summed(paid, item.earned) - summed(paid, item.spent),
        h100e=jnp.sum(running, axis=1),
        price=jnp.sum(summed(paid, item.price), axis=0),
        contract_end=last(summed(paid, item.termed) > 0.0),
    )


def _cash(record: Record, held: _Held, item: Earning, bought: Array) -> Array:
    """[T, P] what the cohort earned less what it cost to run, USD. bought: [P] paid for it, USD."""
    observed = record.months.observations
    by_price = jnp.where(
        held.price > 0.0, bought / jnp.where(held.price > 0.0, held.price, 1.0), 0.0
    )
    running = held.h100e > 0.0
    by_capacity = observed[:, item.margins.h100e] / jnp.where(running, held.h100e, 1.0)
    share = jnp.where(running, by_capacity, by_price[None])
    return jnp.where(item.contracted > 0.5, held.net * share, observed[:, item.margins.margin])


# -------------------------------------------------------------------------- from the book of a plan

Place = tuple[str, int]
"""(site, owner); the owner is -1 where nothing buys the cohort."""


def orders(book: Book, cohort: str) -> list[int]:
    """Claims by which a cohort is paid for."""
    return book.claims(part=cohort, flow=int(Flow.CAPITAL_COST))


def owned_at(book: Book) -> dict[str, Place]:
    """Cohort -> where it stands and who pays for it."""
    owner, found = owner_of(book), dict[str, Place]()
    for cohort, site in book.cohorts.items():
        claims = orders(book, cohort)
        buyer = int(owner[book.labels.claims[claims[0]].payer]) if claims else -1
        found[cohort] = (site, buyer)
    return found


def _holdings(book: Book, owned: Mapping[str, Place], places: Sequence[Place]) -> Holdings:
    trade = [at_site(book, site, owner) for site, owner in places]
    here = [[cohort for cohort, place in owned.items() if place == at] for at in places]
    width = max([1, *(len(row) for row in here)])
    h100e, present = np.zeros((len(places), width), np.int64), np.zeros((len(places), width))
    for i, row in enumerate(here):
        h100e[i, : len(row)] = [book.labels.observation(f"chips.{c}.h100e") for c in row]
        present[i, : len(row)] = 1.0
    return Holdings(
        earned=sums([plus(earns) for earns, _ in trade]),
        spent=sums([plus(pays) for _, pays in trade]),
        termed=sums([plus(_termed(book, earns)) for earns, _ in trade]),
        price=sums([plus([i for c in row for i in orders(book, c)]) for row in here]),
        h100e=h100e,
        present=present,
    )


def _termed(book: Book, claims: Sequence[int]) -> list[int]:
    """Those of some claims whose contract has a term."""
    return [
        i
        for i in claims
        if getattr(book.terms.get(book.labels.claims[i].contract), "term", None) is not None
    ]


def _earning(book: Book, owned: Mapping[str, Place], places: Sequence[Place]) -> Earning:
    names = list(book.cohorts)

    def rows(field: str) -> IntArray:
        return np.array([book.rows[f"chips.{name}.{field}"] for name in names], np.int64)

    return Earning(
        holding=np.array([places.index(owned[name]) for name in names], np.int64),
        contracted=np.array([float(bool(at_site(book, *owned[name])[0])) for name in names]),
        margins=cohort_margins(book),
        age=np.array([book.labels.observation(f"chips.{name}.age") for name in names], np.int64),
        units=rows("units"),
        unit_price=rows("price"),
        accounting_life=rows("accounting_life"),
        price=sums([plus(orders(book, name)) for name in names]),
        bought=np.array([float(owned[name][1] >= 0) for name in names]),
        debt=_side_by_side(
            [published(book, _debts(book, name, owned[name]), "balance") for name in names]
        ),
    )


def _debts(book: Book, cohort: str, place: Place) -> list[str]:
    """Facilities that pledge a cohort or fund its order, and its owner's that pledge the site."""
    site, owner = place
    ordered = {book.labels.claims[i].contract for i in orders(book, cohort)}
    merged = owner_of(book)

    def concerns(facility: Facility) -> bool:
        pledged = set(facility.collateral)
        borrower = borrower_of(book, facility)
        mine = borrower >= 0 and merged[borrower] == owner
        return (
            cohort in pledged
            or bool(ordered & set(funded(book, facility.contract)))
            or (site in pledged and mine)
        )

    return [f.contract for f in book.facilities if concerns(f)]


def _side_by_side(rows: Sequence[Published]) -> Published:
    """Several facilities of one cohort as one row."""
    width = max([1, *(row.start.size for row in rows)])
    parts = [np.zeros((len(rows), width)) for _ in range(3)]
    for i, row in enumerate(rows):
        for part, field in zip(parts, row, strict=True):
            part[i, : field.size] = field.reshape(-1)
    return Published(parts[0].astype(np.int64), parts[1].astype(np.int64), parts[2])
