"""Depreciation of the capital cost of several taxpayers, each in several classes of assets.

Of capital cost q that is counted in tax year v, class c takes the share s. A part r of it is not
depreciable (26 USC 50(c): half of an investment credit). By the close of a period in year y

    W = sum over v, c of  q(v) s (1 - r) w,   w = `finance.tax.within_year` of the schedule of c

with the schedule in equal parts, by a table, or by stated shares of each year.

References:
    1. IRS, Publication 946, How To Depreciate Property.
    2. 26 USC 50(c)(3) (basis less half of the investment credit).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from offtake import catalogue
from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Lowerer, Numbers
from offtake.core.errors import Mistake
from offtake.core.terms import Duration, PartyName, Share, Terms, default
from offtake.finance.tax import straight_by_year_end, within_year

CLASSES = {"macrs_3": 3, "macrs_5": 5, "macrs_7": 7, "macrs_15": 15, "macrs_20": 20}
"""Name of a schedule -> class of its table."""
FIELDS = ("share", "reduction", "bonus", "life")
Schedule = Literal["straight_line", "macrs_3", "macrs_5", "macrs_7", "macrs_15", "macrs_20"]


class AssetClass(Terms):
    """Part of what a business builds and buys that is written off in one way."""

    share: Share = default("100 %")
    """Part of the capital cost that belongs to the class."""
    depreciation: Schedule | Literal["custom"] = "straight_line"
    """How it is written off."""
    life: Duration | None = None
    """Time over which straight-line depreciation writes it off, months; 6 years if left out."""
    yearly: tuple[Share, ...] = ()
    """Share written off in each tax year from that of purchase; `custom` only."""
    bonus: Share = default("0 %")
    """Share that is written off in the year of purchase, before the rest."""
    reduction: Share = default("0 %")
    """Share that may not be depreciated, such as half of an investment credit."""
    held_by: PartyName | None = None
    """Party that pays the capital cost; the business if left out."""

    @model_validator(mode="after")
    def _custom_years(self) -> "AssetClass":
        if (self.depreciation == "custom") != bool(self.yearly):
            raise Mistake(
                code="custom-years",
                found=f"depreciation: {self.depreciation} with {len(self.yearly)} yearly shares",
                expected="yearly shares where depreciation is custom, and nowhere else",
                mend="add yearly: [20 %, 32 %, ...]" if not self.yearly else "delete yearly",
            )
        return self


class Depreciating(Protocol):
    """Terms that say how capital cost is written off: by classes, or all in one way."""

    @property
    def depreciation(self) -> Schedule:
        """Of all of it, where there are no classes; with `bonus` and `life` beside it."""
        ...

    @property
    def assets(self) -> tuple[AssetClass, ...]:
        """The classes."""
        ...


class Asset(NamedTuple):
    """One class of assets of one taxpayer: its schedule, and the rows of its numbers."""

    schedule: str
    """`straight_line`, `custom`, or a name of `CLASSES`"""
    rows: Mapping[str, int]
    """name of `FIELDS` -> row of the table of numbers"""
    yearly: Sequence[int] = ()
    """rows of the shares of each year; schedule `custom` only"""


class WriteOff(NamedTuple):
    """Structure for K taxpayers with up to C classes each, in Y tax years."""

    straight: NDArray[np.float64]
    """[K, C] 1.0 for equal parts"""
    custom: NDArray[np.float64]
    """[K, C] 1.0 for stated shares"""
    table: NDArray[np.float64]
    """[K, C, Y] share written off by the end of each year of age, by table"""
    year: IntArray
    """[T] tax year of every period, from 0"""
    passed: NDArray[np.float64]
    """[T] share of the tax year that has passed at the close"""
    per_year: NDArray[np.float64]
    """[] periods in a year"""

    @classmethod
    def lower(
        cls, taxpayers: Sequence[Sequence[Asset]], at: Lowerer
    ) -> tuple["WriteOff", dict[str, IntArray]]:
        """Structure, and the rows of its numbers: fields [K, C], `yearly` [K, C, M]."""
        year, passed = at.tax_years()
        years, width = int(year[-1]) + 1, max(len(assets) for assets in taxpayers)
        most = max((len(a.yearly) for assets in taxpayers for a in assets), default=0)
        shape = (len(taxpayers), width)
        straight, custom, table = np.zeros(shape), np.zeros(shape), np.ones((*shape, years))
        nothing = at.constant(0.0)
        rows: dict[str, IntArray] = {field: np.full(shape, nothing) for field in FIELDS}
        rows["yearly"] = np.full((*shape, most), nothing)
        for k, assets in enumerate(taxpayers):
            for c, asset in enumerate(assets):
                straight[k, c] = float(asset.schedule == "straight_line")
                custom[k, c] = float(asset.schedule == "custom")
                if asset.schedule in CLASSES:
                    shares = catalogue.macrs_year_shares(CLASSES[asset.schedule])[:years]
                    table[k, c, : len(shares)] = np.cumsum(shares)
                for field in FIELDS:
                    rows[field][k, c] = asset.rows[field]
                rows["yearly"][k, c, : len(asset.yearly)] = asset.yearly
        periods = np.array(float(at.periods_per_year))
        return cls(straight, custom, table, year, passed, periods), rows

    def nothing(self, like: Array) -> Array:
        """[Y, K, C, P] pools before anything was bought; like: [K, P]."""
        return jnp.zeros((self.table.shape[2], *self.straight.shape, like.shape[-1]))

    def added(self, pool: Array, cost: Array, period: Array) -> Array:
        """Pools after capital cost of this period; cost: USD [K, C, P]."""
        return pool.at[jnp.asarray(self.year)[period]].add(cost)

    def written(
        self, n: Numbers, pool: Array, entering: Sequence[tuple[Array, Array]], period: Array
    ) -> Array:
        """[K, P] USD written off by the close of a period.

        A month asks before and after it is paid. What the pools hold is the same both times, so
        that the compiler works it out once; only what enters them is added anew.

        Args:
            n: numbers of the schedules.
            pool: USD [Y, K, C, P] when the period opens.
            entering: USD [K, C, P] that enters in the period, and the period in whose tax year
                it counts.
            period: the period.
        """
        shares = self._shares(n, period)
        held = jnp.sum(pool * shares, axis=(0, 2))
        year = jnp.asarray(self.year)
        return held + sum(jnp.sum(cost * shares[year[of]], axis=1) for cost, of in entering)

    def _shares(self, n: Numbers, period: Array) -> Array:
        """[Y, K, C, P] of cost counted in each tax year that is written off by the close."""
        years = self.table.shape[2]
        age = jnp.asarray(self.year)[period] - jnp.arange(years)
        life = (n["life"] / self.per_year)[None]
        straight, custom = (jnp.asarray(x)[None, :, :, None] for x in (self.straight, self.custom))
        stated = jnp.cumsum(n["yearly"], axis=2)
        last = stated.shape[2] - 1

        def by_end(age: Array) -> Array:
            known = jnp.moveaxis(jnp.asarray(self.table)[:, :, jnp.clip(age, 0, years - 1)], 2, 0)
            share = (1.0 - straight - custom) * known[:, :, :, None]
            if last >= 0:
                chosen = stated[:, :, jnp.clip(age, 0, last)]
                share = share + custom * jnp.moveaxis(chosen, 2, 0)
            equal = straight_by_year_end(age.astype(float)[:, None, None, None], life)
            return straight * equal + jnp.where((age >= 0)[:, None, None, None], share, 0.0)

        first = (jnp.clip(1 - age, 0, 1) - 2 * jnp.clip(-age, 0, 1)).astype(float)
        share = within_year(
            by_end(age - 1),
            by_end(age),
            n["bonus"][None],
            jnp.asarray(self.passed)[period],
            first[:, None, None, None],
        )
        return (n["share"] * (1.0 - n["reduction"]))[None] * share


def classes_of(contract: str, terms: Depreciating, at: Lowerer) -> list[Asset]:
    """Classes of assets with the rows of their numbers; one class where none is written."""
    place = f"contracts.{contract}"
    if not terms.assets:
        rows = {"share": at.constant(1.0), "reduction": at.constant(0.0)}
        rows |= {f: at.number_at(f"{place}.{f}") for f in ("bonus", "life")}
        return [Asset(terms.depreciation, rows)]
    found: list[Asset] = []
    for c, asset in enumerate(terms.assets):
        own = f"assets[{c}]"
        rows = {f: at.number_at(f"{place}.{own}.{f}") for f in FIELDS if f != "life"}
        lives = at.optionals([contract], **{f"{own}.life": 6.0 * at.periods_per_year})
        rows["life"] = int(lives[f"{own}.life"][0])
        yearly = [at.number_at(f"{place}.{own}.yearly[{j}]") for j in range(len(asset.yearly))]
        found.append(Asset(asset.depreciation, rows, yearly))
    return found
