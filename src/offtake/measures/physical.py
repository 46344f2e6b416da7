"""Physical: capacity of sites, drivers of the market and balances of facilities, month by month.

Means over paths of what the record holds:

    power_mw     critical IT power energised, MW, on average over the period
    running_mw   IT power that chips draw, MW
    h100e        running capacity, H100e
    energy_mwh   energy of the site, cooling and losses included, MWh in the period
    open         share of the energised power that is paid for
    driver       level of every driver of the plan, in its own unit
    balance_usd  balance of every facility at the close, USD
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Output, Record
from offtake.measures.selection import Published, at_close, published

SITE = {
    "power_mw": "MW",
    "running_mw": "MW",
    "h100e": "H100e",
    "energy_mwh": "MWh",
    "open": "1",
}
"""Observation of a site -> its unit."""
OUTPUTS = {
    **{
        name: Output(("period", "site"), "mean", unit, f"{name} of the site, mean over paths.")
        for name, unit in SITE.items()
    },
    "driver": Output(("period", "driver"), "mean", "1", "Level of a driver, in its own unit."),
    "balance_usd": Output(("period", "facility"), "mean", "USD", "Balance at the close."),
}


def sites(book: Book) -> tuple[str, ...]:
    """Sites in the order in which the record observes them."""
    names = book.labels.observations
    return tuple(
        name.removeprefix("sites.").removesuffix(".power_mw")
        for name in names
        if name.startswith("sites.") and name.endswith(".power_mw")
    )


def drivers(book: Book) -> tuple[str, ...]:
    """Drivers in the order in which the record observes them."""
    named = (name for name in book.labels.observations if name.startswith("drivers."))
    return tuple(name.removeprefix("drivers.") for name in named)


class Physical(NamedTuple):
    """The measure."""

    site: IntArray
    """[site, observation] in the order of `SITE`"""
    driver: IntArray
    """[driver] observation"""
    balance: Published
    """[facility]"""

    name = "physical"
    wanted = (*(f"sites.*.{what}" for what in SITE), "drivers.*", "contracts.*.balance")
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Physical":
        """The measure for one plan."""
        seen = {name: i for i, name in enumerate(book.labels.observations)}
        table = [[seen[f"sites.{site}.{what}"] for what in SITE] for site in sites(book)]
        return cls(
            np.array(table, np.int64).reshape(-1, len(SITE)),
            np.array([seen[f"drivers.{name}"] for name in drivers(book)], np.int64),
            published(book, [facility.contract for facility in book.facilities], "balance"),
        )

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, [T, site, P], [T, driver, P] and [T, facility, P]."""
        observed = record.months.observations
        parts = {what: observed[:, self.site[:, i]] for i, what in enumerate(SITE)}
        flat = Published(*(jnp.reshape(jnp.asarray(field), (-1,)) for field in self.balance))  # pyright: ignore[reportArgumentType]
        rows, width = self.balance.start.shape
        balance = at_close(record, flat, 0.0)
        balance = jnp.reshape(balance, (balance.shape[0], rows, width, balance.shape[-1]))
        return {
            **parts,
            "driver": observed[:, self.driver],
            "balance_usd": jnp.sum(balance, axis=2),
        }
