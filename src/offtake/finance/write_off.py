"""Depreciation of the capital cost of several taxpayers, each in several classes of assets.

Of capital cost q that is counted in tax year v, class c takes the share s. A part r of it is not
depreciable (26 USC 50(c): half of an investment credit). By the close of a period in year y of
which a part f has passed

    W = sum over v, c of  q(v) s (1 - r) (D(y - v - 1) + f d(y - v))

D(a) being the share written off by the end of the year of age a, d(a) = D(a) - D(a - 1) what that
year writes off: a bonus in the year of purchase, and of the rest equal parts, a table, or stated
shares. So a tax year is known by two sums, taken anew when a year ends; what is bought in between
adds to them.

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
from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray, Lowerer, Numbers
from offtake.core.errors import Mistake
from offtake.core.fixed_point import choose
from offtake.core.terms import Duration, PartyName, Share, Terms, default
from offtake.finance.tax import straight_by_year_end

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


class Pools(NamedTuple):
    """Capital cost that was counted so far, USD, and what of it the tax year writes off."""

    cost: Array
    """[Y, K, C, P] of each tax year"""
    before: Array
    """[K, P] written off by the opening of the tax year"""
    within: Array
    """[K, P] written off in the tax year, all of it"""


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

    def prepare(self, n: Numbers) -> Numbers:
        """The same with `in_year`, [2 Y - 1, K, C, P]: share written off in each year of age.

        The oldest age first, then ages before the purchase, in which it is zero: Y rows from that
        of the oldest age there is stand for the tax years from the plan's first.
        """
        years = self.table.shape[2]
        ages = np.arange(years, dtype=np.int64)
        straight, custom = (jnp.asarray(x)[None, :, :, None] for x in (self.straight, self.custom))
        known = jnp.moveaxis(jnp.asarray(self.table), 2, 0)[:, :, :, None]
        life = (n["life"] / self.per_year)[None]
        by_end = straight * straight_by_year_end(jnp.asarray(ages + 0.0)[:, None, None, None], life)
        by_end = by_end + (1.0 - straight - custom) * known
        if stated := n["yearly"].shape[2]:
            so_far = jnp.cumsum(n["yearly"], axis=2)[:, :, np.minimum(ages, stated - 1)]
            by_end = by_end + custom * jnp.moveaxis(so_far, 2, 0)
        each = (1.0 - n["bonus"])[None] * jnp.diff(by_end, axis=0, prepend=0.0)
        each = each.at[0].add(n["bonus"]) * (n["share"] * (1.0 - n["reduction"]))[None]
        ahead = jnp.zeros((years - 1, *each.shape[1:]))
        return {**n, "in_year": jnp.concatenate([each[::-1], ahead])}

    def nothing(self, like: Array) -> Pools:
        """Before anything was bought; like: [K, P]."""
        shape = (self.table.shape[2], *self.straight.shape, like.shape[-1])
        return Pools(jnp.zeros(shape), jnp.zeros_like(like), jnp.zeros_like(like))

    def written(
        self, n: Numbers, pools: Pools, entering: Sequence[tuple[Array, Array]], period: Array
    ) -> Array:
        """[K, P] USD written off by the close of a period.

        Args:
            n: numbers of the schedules, prepared.
            pools: when the period opens.
            entering: USD [K, C, P] that enters in the period, and the period in whose tax year
                it counts, this one or the one before.
            period: the period.
        """
        whole = self._with(n, pools, entering, period)
        return whole.before + jnp.asarray(self.passed)[period] * whole.within

    def added(
        self, n: Numbers, pools: Pools, entering: Sequence[tuple[Array, Array]], period: Array
    ) -> Pools:
        """Pools when the next period opens; arguments as of `written`."""
        year, last = jnp.asarray(self.year), self.year.shape[0] - 1
        after = self._with(n, pools, entering, period)
        cost = after.cost
        for usd, of in entering:
            cost = cost.at[year[of]].add(usd)
        following = year[jnp.minimum(period + 1, last)]

        def turned() -> Array:
            rows = lax.dynamic_slice_in_dim(
                n["in_year"], cost.shape[0] - 1 - following, cost.shape[0]
            )
            return jnp.sum(cost * rows, axis=(0, 2))

        turns = following > year[period]
        before = after.before + jnp.where(turns, after.within, 0.0)
        return Pools(cost, before, choose(turns, turned, lambda: after.within))

    def _with(
        self, n: Numbers, pools: Pools, entering: Sequence[tuple[Array, Array]], period: Array
    ) -> Pools:
        """With what enters, written off in the tax year and before; its cost is not added."""
        year, first = jnp.asarray(self.year), self.table.shape[2] - 1
        new, old = n["in_year"][first], n["in_year"][max(first - 1, 0)]
        before, within = pools.before, pools.within
        for usd, of in entering:
            late = year[period] > year[of]
            before = before + jnp.where(late, jnp.sum(usd * new, axis=1), 0.0)
            within = within + jnp.sum(usd * jnp.where(late, old, new), axis=1)
        return Pools(pools.cost, before, within)


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
