"""Plant: power and compute by year, where the power came from, and what fabs and vendors made.

total_mw, total_h100e   energised IT power and running capacity, all sites, at the end of the year
site_mw                 the same power by site
energy_mwh              drawn from each source of power in the year
energy_usd              what that energy cost at the source, whoever pays for it
wafers                  started by each fab in the year
chips, unsold           made by each vendor and its fabs in the year; of these sent to no cohort
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Output, Record
from offtake.measures.physical import sites

OUTPUTS = {
    "total_mw": Output(("year",), "paths", "MW", "Energised IT power of all sites at the close."),
    "total_h100e": Output(("year",), "paths", "H100e", "Running capacity of all sites."),
    "site_mw": Output(("year", "site"), "mean", "MW", "Energised IT power at the close."),
    "energy_mwh": Output(("year", "source"), "mean", "MWh", "Energy drawn from the source."),
    "energy_usd": Output(("year", "source"), "mean", "USD", "Cost of that energy at the source."),
    "wafers": Output(("year", "fab"), "mean", "wafer", "Wafers started."),
    "chips": Output(("year", "vendor"), "mean", "GPU", "Chips made by the vendor and its fabs."),
    "unsold": Output(("year", "vendor"), "mean", "GPU", "Chips made and sent to no cohort."),
}


def named(book: Book, section: str, what: str) -> tuple[str, ...]:
    """Names of a section of which something is observed."""
    found = (name.split(".") for name in book.labels.observations)
    return tuple(at[1] for at in found if at[0] == section and at[2:] == [what])


class Plant(NamedTuple):
    """The measure; fields [n] are observations."""

    last: IntArray
    """[year] last period"""
    in_year: NDArray[np.float64]
    """[year, T] 1.0 where a period lies in the year"""
    years: NDArray[np.float64]
    """[T]"""
    power: IntArray
    """[site]"""
    h100e: IntArray
    """[site]"""
    drawn: IntArray
    """[link] MWh drawn from a source by a site"""
    source: IntArray
    """[link] index of the source"""
    price: IntArray
    """[source]"""
    wafers: IntArray
    """[fab]"""
    made: IntArray
    """[vendor] chips a year"""
    unsold: IntArray
    """[vendor]"""

    name = "plant"
    wanted = (
        "sites.*.power_mw",
        "sites.*.h100e",
        "sites.*.power.*.mwh",
        "power.*.price",
        "power.*.available_mw",
        "fabs.*.wafers",
        "vendors.*.chips",
        "vendors.*.unsold",
    )
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Plant":
        """The measure for one plan."""
        years, year = np.unique(book.calendar_years, return_inverse=True)
        seen = {name: i for i, name in enumerate(book.labels.observations)}
        sources = named(book, "power", "available_mw")
        links = [n for n in seen if n.startswith("sites.") and n.split(".")[2:3] == ["power"]]
        drawn = [n for n in links if n.endswith(".mwh")]

        def at(section: str, names: tuple[str, ...], what: str) -> IntArray:
            return np.array([seen[f"{section}.{name}.{what}"] for name in names], np.int64)

        vendors = named(book, "vendors", "unsold")
        return cls(
            last=np.array([np.flatnonzero(year == y)[-1] for y in range(len(years))], np.int64),
            in_year=(year[None] == np.arange(len(years))[:, None]).astype(np.float64),
            years=book.years,
            power=at("sites", sites(book), "power_mw"),
            h100e=at("sites", sites(book), "h100e"),
            drawn=np.array([seen[n] for n in drawn], np.int64),
            source=np.array([sources.index(n.split(".")[3]) for n in drawn], np.int64),
            price=at("power", sources, "price"),
            wafers=at("fabs", named(book, "fabs", "wafers"), "wafers"),
            made=at("vendors", vendors, "chips"),
            unsold=at("vendors", vendors, "unsold"),
        )

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, [year, P] and [year, thing, P]."""
        seen = record.months.observations
        power, h100e = seen[self.last][:, self.power], seen[self.last][:, self.h100e]
        of_source = jnp.asarray(self.source[None] == np.arange(len(self.price))[:, None], float)
        energy = jnp.einsum("sl,tlp->tsp", of_source, seen[:, self.drawn])
        made = seen[:, self.made] * jnp.asarray(self.years)[:, None, None]
        return {
            "total_mw": jnp.sum(power, axis=1),
            "total_h100e": jnp.sum(h100e, axis=1),
            "site_mw": power,
            "energy_mwh": self._by_year(energy),
            "energy_usd": self._by_year(energy * seen[:, self.price]),
            "wafers": self._by_year(seen[:, self.wafers]),
            "chips": self._by_year(made),
            "unsold": self._by_year(seen[:, self.unsold]),
        }

    def _by_year(self, amounts: Array) -> Array:
        """Amounts [T, thing, P] added up by year."""
        return jnp.einsum("yt,tkp->ykp", jnp.asarray(self.in_year), amounts)
