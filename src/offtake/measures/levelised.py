"""Levelised cost of compute: what a cohort costs over what it delivers, both discounted.

Per cohort and path, at the rate R of its owner (`hurdle_rate`; the plan's where there is none),
with v(t) = (1 + R)^-e(t), e(t) the years from the plan's start to the close of period t, and
r = ln(1 + R):

    chips     sum of paid(s) v(s) u(s),  u(s) = (1 - e^(-r n)) / (1 - e^(-r L)):
              what was paid for the cohort, less the charges that fall beyond the plan. L is its
              accounting life, n the years of L within the plan, both from the payment s or from
              the start of the first period in which it runs, whichever is later
    design    what contracts that name the cohort in `designs` paid, sum of v(s) paid(s), times the
              mean of u of the cohorts they name, shared among those by `chips`
    building  what its owner paid for building the site, as level charges over `BUILDING_YEARS` from
              the first period in which the phase is energised, by IT power drawn
    energy    what its owner paid for power of the site, by energy drawn
    running   what its owner paid for the site beside that, rent included, by IT power drawn

Shares are among the owner's cohorts at the site; while none of them draws power, costs are shared
by price. Taxes are left out, and so is what no contract charges. Delivered are

    hours     H100e-hours of running capacity
    work      of these the hours that are sold, in hours of an H100's work, as the market counts
    tokens    what the hours sold serve if all of them serve one product: its throughput over
              1 - h + h / b, h its share of time that waits on memory, b the cohort's bandwidth
              per H100e relative to an H100

each times v(t). What is named made_ is not discounted.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import Flow
from offtake.core.measure import Book, Output, Record
from offtake.measures.cohorts import Place, orders, owned_at
from offtake.measures.economic_end import at_site
from offtake.measures.owners import owner_of
from offtake.measures.selection import (
    FloatArray,
    Sums,
    each,
    first,
    in_period,
    plus,
    summed,
    sums,
)

BUILDING_YEARS = 20.0
"""Years over which halls and plant are charged, as in the measure of the market."""
PARTS = ("chips", "design", "building", "energy", "running")
"""Parts of the cost of a cohort."""
POWER_LINE = "power"
"""Line of the claims that pay for energy."""
TINY = 1e-9
"""Least rate, 1/year, and least time, years, that count as something."""


def _paths(dims: tuple[str, ...], unit: str, meaning: str) -> Output:
    return Output(dims, "paths", unit, meaning)


OUTPUTS = {
    "parts_usd": _paths(("cohort", "part"), "USD", "Present value of each part of the cost."),
    "hours": _paths(("cohort",), "H100e*h", "H100e-hours delivered, discounted."),
    "work": _paths(("cohort",), "H100e*h", "Hours of an H100's work sold, discounted."),
    "tokens": _paths(("cohort", "product"), "token", "Tokens it could serve, discounted."),
    "mw_years": _paths(("cohort",), "MW*year", "IT power drawn over time, discounted."),
    "capital_usd_per_w": _paths(("cohort",), "USD/W", "Chips and building per W of IT power."),
    "units": Output(("cohort",), "mean", "GPU", "Chips of the cohort."),
    "made_h100e": Output(("cohort",), "mean", "H100e", "Most capacity that ran in a period."),
    "made_work": Output(("cohort",), "mean", "H100e*h", "Hours of an H100's work sold."),
    "made_tokens": Output(("cohort", "product"), "mean", "token", "Tokens it could serve."),
    "made_mwh": Output(("cohort",), "mean", "MWh", "Energy at the meter."),
    "made_years": Output(("cohort",), "mean", "year", "Time in which it runs."),
    "fixed_usd": _paths(("programme",), "USD", "Cost of a design that falls to the plan."),
    "fixed_whole_usd": Output(("programme",), "mean", "USD", "Present value of all of it."),
}


def programmes(book: Book) -> dict[str, tuple[str, ...]]:
    """Contract that pays for a design -> cohorts of the chip, of those the plan has."""
    named = {c: tuple(getattr(terms, "designs", ())) for c, terms in book.terms.items()}
    return {c: cohorts for c, cohorts in named.items() if cohorts}


def compared(book: Book) -> dict[str, tuple[str, ...]]:
    """Contract that pays for a design -> cohorts with which its chip is compared.

    Where the contract names none, all cohorts that its payer buys and no contract designs.
    """
    designed = {cohort for cohorts in programmes(book).values() for cohort in cohorts}
    owner, owned = owner_of(book), owned_at(book)
    found: dict[str, tuple[str, ...]] = {}
    for contract in programmes(book):
        payers = {int(owner[book.labels.claims[i].payer]) for i in book.claims(contract=contract)}
        others = tuple(c for c, at in owned.items() if c not in designed and at[1] in payers)
        found[contract] = tuple(getattr(book.terms[contract], "instead_of", ())) or others
    return found


class Buildings(NamedTuple):
    """What an owner pays for building a site, one row for each claim; first axis [building]."""

    holding: IntArray
    """the owner and site it belongs to"""
    paid: Sums
    active: IntArray
    """observation: share of the period in which its phase is energised"""
    phased: FloatArray
    """1.0 where the claim is of a phase; else it counts from the plan's start"""
    rate: IntArray
    """row, 1/year"""


class Holdings(NamedTuple):
    """Where the record keeps what one owner has at one site; first axis [holding]."""

    energy: Sums
    running: Sums
    price: Sums
    """paid for all its cohorts there"""
    building: Sums
    mw: IntArray
    """[holding, width] observations of the IT power that the cohorts at the site draw"""
    run: IntArray
    """[holding, width] observations of the share of hours in which they do"""
    mine: FloatArray
    """[holding, width] 1.0 for cohorts of the owner"""
    there: FloatArray
    """[holding, width] 1.0 for all, 0.0 for padding"""
    site_mw: IntArray
    """observation: power energised"""


class Chips(NamedTuple):
    """Where the record keeps cohorts; first axis [cohort]."""

    holding: IntArray
    mw: IntArray
    run: IntArray
    work: IntArray
    h100e: IntArray
    site_h100e: IntArray
    site_hours: IntArray
    energy: IntArray
    """observation: energy of the site, MWh"""
    units: IntArray
    """row"""
    unit_price: IntArray
    """row"""
    life: IntArray
    """row, periods"""
    rate: IntArray
    """row, 1/year"""
    price: Sums
    bought: FloatArray
    """1.0 where a contract buys it"""
    bandwidth: IntArray
    """[cohort, 2] rows"""


class Products(NamedTuple):
    """Token products of the market; fields [product]."""

    throughput: IntArray
    """observation, token/H100e/h"""
    memory_bound: IntArray
    """row"""


class Programmes(NamedTuple):
    """Designs that are paid for; first axis [programme]."""

    paid: Sums
    names: FloatArray
    """[programme, cohort] 1.0 where it names the cohort"""
    rate: IntArray
    """row"""


class _Held(NamedTuple):
    """What one owner has at one site; USD and MW by period, [T, P] unless said."""

    energy: Array
    running: Array
    mw: Array
    drawn: Array
    """MW times the share of hours in which it is drawn"""
    site_drawn: Array
    """the same of all cohorts at the site"""
    price: Array
    """[P]"""
    building_per_w: Array
    """[P] USD per W of the most that was energised"""


class Levelised(NamedTuple):
    """The measure."""

    chips: Chips
    holdings: Holdings
    buildings: Buildings
    products: Products
    programmes: Programmes
    elapsed: FloatArray
    """[T]"""
    years: FloatArray
    """[T]"""

    name = "levelised"
    wanted = (
        "chips.*.h100e",
        "chips.*.mw",
        "chips.*.run",
        "chips.*.work",
        "sites.*.h100e",
        "sites.*.h100e_hours",
        "sites.*.energy_mwh",
        "sites.*.power_mw",
        "sites.*.active",
        "cleared.*.throughput",
    )
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Levelised":
        """The measure for one plan."""
        owned = owned_at(book)
        places = tuple(dict.fromkeys(owned.values()))
        seen, segments = book.labels.observation, book.products
        return cls(
            chips=_chips(book, owned, places),
            holdings=_holdings(book, owned, places),
            buildings=_buildings(book, places),
            products=Products(
                np.array([seen(f"cleared.{name}.throughput") for name in segments], np.int64),
                np.array(
                    [book.rows[f"market.demand.{n}.memory_bound"] for n in segments], np.int64
                ),
            ),
            programmes=_programmes(book),
            elapsed=book.elapsed,
            years=book.years,
        )

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block."""
        paths = record.values.shape[-1]
        if not self.chips.mw.shape[0]:
            products = self.products.throughput.shape[0]
            sizes = {"part": len(PARTS), "product": products, "cohort": 0, "programme": 0}
            return {
                name: jnp.zeros((*(sizes[dim] for dim in output.dims), paths))
                for name, output in OUTPUTS.items()
            }
        held = each(lambda item: self._held(record, item), self.holdings)
        building = self._building(record)
        found = each(lambda item: self._one(record, held, building, item), self.chips)
        chips, whole, others = (found.pop(part) for part in ("chips", "whole", "others"))
        fixed, paid, design = self._designs(record, chips, whole)
        parts = jnp.concatenate([chips[:, None], design[:, None], others], axis=1)
        return {**found, "parts_usd": parts, "fixed_usd": fixed, "fixed_whole_usd": paid}

    def _worth(self, record: Record, rate: IntArray) -> tuple[Array, Array]:
        """Continuous rate [P] of a row, and v(t) [T, P]."""
        r = jnp.maximum(jnp.log1p(record.values[rate]), TINY)
        return r, jnp.exp(-r[None] * jnp.asarray(self.elapsed)[:, None])

    def _held(self, record: Record, item: Holdings) -> _Held:
        """What one owner has at one site."""
        paid, observed = record.months.paid, record.months.observations
        mw = observed[:, item.mw] * jnp.asarray(item.mine)[None, :, None]
        drawn = observed[:, item.mw] * observed[:, item.run]
        most = jnp.max(observed[:, item.site_mw], axis=0)
        built = jnp.sum(summed(paid, item.building), axis=0)
        return _Held(
            energy=summed(paid, item.energy),
            running=summed(paid, item.running),
            mw=jnp.sum(mw, axis=1),
            drawn=jnp.sum(drawn * jnp.asarray(item.mine)[None, :, None], axis=1),
            site_drawn=jnp.sum(drawn * jnp.asarray(item.there)[None, :, None], axis=1),
            price=jnp.sum(summed(paid, item.price), axis=0),
            building_per_w=1e-6 * _share(built, most),
        )

    def _building(self, record: Record) -> Array:
        """[holding, T, P] level charges for what an owner has built at a site, USD."""
        count = self.holdings.site_mw.shape[0]
        if not self.buildings.active.shape[0]:
            return jnp.zeros((count, *record.months.cash[:, 0].shape))
        charges = each(lambda item: self._charged(record, item), self.buildings)
        return jax.ops.segment_sum(charges, self.buildings.holding, count)

    def _charged(self, record: Record, item: Buildings) -> Array:
        """[T, P] level charges for what one claim paid for, USD."""
        paid = summed(record.months.paid, item.paid)
        r, _ = self._worth(record, item.rate)
        closes, years = jnp.asarray(self.elapsed), jnp.asarray(self.years)
        lit = record.months.observations[:, item.active] > 0.0
        starts = jnp.where((item.phased > 0.5) & jnp.any(lit, axis=0), first(lit), 0.0)
        opens = in_period((closes - years)[:, None], starts)
        grown = paid * jnp.exp(r[None] * jnp.maximum(opens[None] - closes[:, None], 0.0))
        stands = closes[:, None] >= opens[None] - TINY
        built = jnp.where(stands, jnp.cumsum(grown, axis=0), 0.0)
        since = jnp.concatenate([jnp.zeros_like(built[:1]), built])
        # What stood when the period began, less what then was older than its life.
        begun = (closes - years)[:, None] + TINY
        young = jnp.sum(closes[None] <= begun, axis=1)
        old = jnp.sum(closes[None] <= begun - BUILDING_YEARS, axis=1)
        stock = jnp.where((years > 0.0)[:, None], since[young] - since[old], 0.0)
        return stock * jnp.expm1(r[None] * years[:, None]) / -jnp.expm1(-r * BUILDING_YEARS)[None]

    def _one(self, record: Record, every: _Held, building: Array, item: Chips) -> dict[str, Array]:
        """Outputs of one cohort; besides, what `_designs` needs of it and its other parts."""
        held = _Held(*(part[item.holding] for part in every))
        observed, values = record.months.observations, record.values
        r, worth = self._worth(record, item.rate)
        mw, h100e = observed[:, item.mw], observed[:, item.h100e]
        bought = summed(record.months.paid, item.price)
        chips, whole = self._price(record, bought, r, worth, item)
        by_price = _share(jnp.sum(bought, axis=0), held.price)[None]
        by_power = jnp.where(held.mw > 0.0, _share(mw, held.mw), by_price)
        drawn = mw * observed[:, item.run]
        by_energy = jnp.where(held.drawn > 0.0, _share(drawn, held.drawn), by_power)
        others = (building[item.holding] * by_power, held.energy * by_energy)
        others = jnp.stack([*others, held.running * by_power])
        hours = h100e * _share(observed[:, item.site_hours], observed[:, item.site_h100e])
        sold = hours * observed[:, item.run]
        work, tokens = sold * observed[:, item.work], self._tokens(record, sold, item)
        years = jnp.asarray(self.years)[:, None]
        most = jnp.max(mw, axis=0)
        per_w = 1e-6 * _share(self._outlay(record, bought, item), most) + held.building_per_w
        return {
            "chips": chips,
            "whole": whole,
            "others": jnp.sum(others * worth[None], axis=1),
            "hours": jnp.sum(hours * worth, axis=0),
            "work": jnp.sum(work * worth, axis=0),
            "tokens": jnp.sum(tokens * worth[None], axis=1),
            "mw_years": jnp.sum(mw * years * worth, axis=0),
            "capital_usd_per_w": jnp.where(most > 0.0, per_w, jnp.nan),
            "units": values[item.units],
            "made_h100e": jnp.max(h100e, axis=0),
            "made_work": jnp.sum(work, axis=0),
            "made_tokens": jnp.sum(tokens, axis=1),
            "made_mwh": jnp.sum(observed[:, item.energy] * _share(drawn, held.site_drawn), axis=0),
            "made_years": jnp.sum(jnp.where(h100e > 0.0, years, 0.0), axis=0),
        }

    def _outlay(self, record: Record, bought: Array, item: Chips) -> Array:
        """[P] USD paid for the cohort; its price where nothing buys it."""
        listed = record.values[item.units] * record.values[item.unit_price]
        return jnp.where(item.bought > 0.5, jnp.sum(bought, axis=0), listed)

    def _price(
        self, record: Record, bought: Array, r: Array, worth: Array, item: Chips
    ) -> tuple[Array, Array]:
        """Present value of the price that falls to the plan, and of all of it, [P] USD."""
        closes, years = jnp.asarray(self.elapsed), jnp.asarray(self.years)
        runs = record.months.observations[:, item.h100e] > 0.0
        opens = in_period(
            (closes - years)[:, None], jnp.where(jnp.any(runs, axis=0), first(runs), 0.0)
        )
        life = jnp.maximum(record.values[item.life] * years[-1], TINY)
        begins = jnp.maximum(closes[:, None], opens[None])
        served = jnp.clip(closes[-1] - begins, 0.0, life[None])
        used = jnp.expm1(-r[None] * served) / jnp.expm1(-r * life)[None]
        # Where nothing buys the cohort, it is taken as paid when it first runs.
        listed = self._outlay(record, bought, item) * jnp.exp(-r * opens)
        its_own = jnp.clip(closes[-1] - opens, 0.0, life)
        part = listed * jnp.expm1(-r * its_own) / jnp.expm1(-r * life)
        ever = jnp.any(runs, axis=0)
        owed = item.bought > 0.5
        chips = jnp.where(owed, jnp.sum(bought * worth * used, axis=0), jnp.where(ever, part, 0.0))
        whole = jnp.where(owed, jnp.sum(bought * worth, axis=0), jnp.where(ever, listed, 0.0))
        return chips, whole

    def _tokens(self, record: Record, sold: Array, item: Chips) -> Array:
        """[product, T, P] tokens that the hours sold serve, each product by itself."""
        if not self.products.throughput.shape[0]:
            return jnp.zeros((0, *sold.shape))
        rows = jnp.asarray(item.bandwidth)
        bandwidth = jnp.maximum(_share(record.values[rows[0]], record.values[rows[1]]), 1e-3)
        bound = record.values[self.products.memory_bound]
        rate = jnp.moveaxis(record.months.observations[:, self.products.throughput], 1, 0)
        return sold[None] * rate / (1.0 - bound + bound / bandwidth[None])[:, None]

    def _designs(self, record: Record, chips: Array, whole: Array) -> tuple[Array, Array, Array]:
        """Cost of designs in the plan and in full, [programme, P]; shares [cohort, P]; USD."""
        if not self.programmes.rate.shape[0]:
            nothing = jnp.zeros((0, chips.shape[-1]))
            return nothing, nothing, jnp.zeros_like(chips)

        def one(item: Programmes) -> tuple[Array, Array, Array]:
            _, worth = self._worth(record, item.rate)
            paid = jnp.sum(summed(record.months.paid, item.paid) * worth, axis=0)
            mine = jnp.asarray(item.names)[:, None]
            charged, price = jnp.sum(mine * chips, axis=0), jnp.sum(mine * whole, axis=0)
            fixed = paid * jnp.where(price > 0.0, _share(charged, price), 1.0)
            return fixed, paid, fixed[None] * mine * _share(chips, charged[None])

        fixed, paid, shares = each(one, self.programmes)
        return fixed, paid, jnp.sum(shares, axis=0)


def _share(part: Array, whole: Array) -> Array:
    """Part over whole; 0 where there is no whole."""
    return jnp.where(whole > 0.0, part / jnp.where(whole > 0.0, whole, 1.0), 0.0)


# -------------------------------------------------------------------------- from the book of a plan


def _built(book: Book, site: str, owner: int) -> list[int]:
    """Claims by which an owner pays for building a site."""
    merged = owner_of(book)
    there = {c for c, terms in book.terms.items() if getattr(terms, "site", None) == site}
    return [
        i
        for i in book.claims(flow=int(Flow.CAPITAL_COST))
        if book.labels.claims[i].contract in there and merged[book.labels.claims[i].payer] == owner
    ]


def _rate_row(book: Book, owner: int) -> int:
    """Row of the rate of an owner; of the plan's where nobody owns it."""
    if owner < 0:
        return book.discount_row
    return book.hurdle_rows.get(book.labels.parties[owner], book.discount_row)


def _holdings(book: Book, owned: Mapping[str, Place], places: Sequence[Place]) -> Holdings:
    there = [[c for c, site in book.cohorts.items() if site == at[0]] for at in places]
    width = max([1, *(len(row) for row in there)])
    shape = (len(places), width)
    mw, run = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    mine, present = np.zeros(shape), np.zeros(shape)
    for i, row in enumerate(there):
        mw[i, : len(row)] = [book.labels.observation(f"chips.{c}.mw") for c in row]
        run[i, : len(row)] = [book.labels.observation(f"chips.{c}.run") for c in row]
        mine[i, : len(row)] = [float(owned[c] == places[i]) for c in row]
        present[i, : len(row)] = 1.0
    pays = [at_site(book, site, owner)[1] for site, owner in places]
    power = [[i for i in row if book.labels.claims[i].line == POWER_LINE] for row in pays]
    bought = [[i for c in owned if owned[c] == at for i in orders(book, c)] for at in places]
    return Holdings(
        energy=sums([plus(row) for row in power]),
        running=sums(
            [plus([i for i in row if i not in p]) for row, p in zip(pays, power, strict=True)]
        ),
        price=sums([plus(row) for row in bought]),
        building=sums([plus(_built(book, site, owner)) for site, owner in places]),
        mw=mw,
        run=run,
        mine=mine,
        there=present,
        site_mw=np.array(
            [book.labels.observation(f"sites.{site}.power_mw") for site, _ in places], np.int64
        ),
    )


def _buildings(book: Book, places: Sequence[Place]) -> Buildings:
    seen = {name: i for i, name in enumerate(book.labels.observations)}
    rows: list[tuple[int, int, int, int]] = []
    for h, (site, owner) in enumerate(places):
        for claim in _built(book, site, owner):
            phase = f"sites.{site}.{book.labels.claims[claim].part}.active"
            rows.append((h, claim, seen.get(phase, -1), _rate_row(book, owner)))
    table = np.array(rows, np.int64).reshape(-1, 4)
    return Buildings(
        holding=table[:, 0],
        paid=sums([plus([int(claim)]) for claim in table[:, 1]]),
        active=np.maximum(table[:, 2], 0),
        phased=(table[:, 2] >= 0).astype(np.float64),
        rate=table[:, 3],
    )


def _chips(book: Book, owned: Mapping[str, Place], places: Sequence[Place]) -> Chips:
    names = list(owned)

    def rows(field: str) -> IntArray:
        return np.array([book.rows[f"chips.{name}.{field}"] for name in names], np.int64)

    def seen(field: str) -> IntArray:
        places = [f"chips.{name}.{field}" for name in names]
        return np.array([book.labels.observation(place) for place in places], np.int64)

    def site(field: str) -> IntArray:
        places = [f"sites.{book.cohorts[name]}.{field}" for name in names]
        return np.array([book.labels.observation(place) for place in places], np.int64)

    return Chips(
        holding=np.array([places.index(owned[name]) for name in names], np.int64),
        mw=seen("mw"),
        run=seen("run"),
        work=seen("work"),
        h100e=seen("h100e"),
        site_h100e=site("h100e"),
        site_hours=site("h100e_hours"),
        energy=site("energy_mwh"),
        units=rows("units"),
        unit_price=rows("price"),
        life=rows("accounting_life"),
        rate=np.array([_rate_row(book, owned[name][1]) for name in names], np.int64),
        price=sums([plus(orders(book, name)) for name in names]),
        bought=np.array([float(owned[name][1] >= 0) for name in names]),
        bandwidth=np.array([book.chips[name].bandwidth for name in names], np.int64).reshape(-1, 2),
    )


def _programmes(book: Book) -> Programmes:
    found, cohorts, owner = programmes(book), list(book.cohorts), owner_of(book)
    paying = {c: book.claims(contract=c, flow=int(Flow.RUNNING_COST)) for c in found}
    return Programmes(
        paid=sums([plus(claims) for claims in paying.values()]),
        names=np.array(
            [[float(cohort in names) for cohort in cohorts] for names in found.values()]
        ).reshape(len(found), len(cohorts)),
        rate=np.array(
            [
                _rate_row(book, int(owner[book.labels.claims[claims[0]].payer]) if claims else -1)
                for claims in paying.values()
            ],
            np.int64,
        ),
    )
