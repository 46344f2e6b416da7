"""Dependence: whose chips the capacity is made of, month by month.

With s(m, t) the share of the running H100e of all cohorts that maker m has made,

    concentration(t) = sum over m of s(m, t)^2

the index of Herfindahl and Hirschman: 1 where everything comes from one maker, 1/n where n share
evenly. The same by country, where vendors state their `origin`. Both are means over the paths on
which anything runs. Capacity held back is what is due by its date and not sent by its vendor, H100e
without failures and availability.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Output, Record
from offtake.measures.selection import FloatArray

NOT_STATED = "not stated"
"""Country of chips whose vendor states none."""


def _mean(dims: tuple[str, ...], unit: str, meaning: str) -> Output:
    return Output(("period", *dims), "mean", unit, meaning)


OUTPUTS = {
    "runs": _mean((), "1", "Share of paths on which anything runs."),
    "by_maker": _mean(("maker",), "1", "Share of capacity; 0 where nothing runs."),
    "by_country": _mean(("country",), "1", "Share of capacity; 0 where nothing runs."),
    "of_makers": _mean((), "1", "Concentration of makers; 0 where nothing runs."),
    "of_countries": _mean((), "1", "Concentration of countries; 0 where nothing runs."),
    "held_back_h100e": _mean(("maker",), "H100e", "Capacity that is due and not sent."),
}


def makers(book: Book) -> tuple[str, ...]:
    """Makers of the plan's chips, in the order of its cohorts."""
    return tuple(dict.fromkeys(chip.maker for chip in book.chips.values()))


def countries(book: Book) -> tuple[str, ...]:
    """Countries from which the plan's chips come, in the order of its cohorts."""
    return tuple(dict.fromkeys(chip.country or NOT_STATED for chip in book.chips.values()))


class Dependence(NamedTuple):
    """The measure; fields [cohort] unless said."""

    h100e: IntArray
    """observation"""
    ready: IntArray
    """observation: share that its vendor has sent"""
    maker: IntArray
    country: IntArray
    makers: FloatArray
    """[maker] zeros; its length is their number"""
    countries: FloatArray
    """[country] zeros; its length is their number"""
    units: IntArray
    """row"""
    per_chip: IntArray
    """row, H100e"""
    deliver: IntArray
    """row, position"""

    name = "dependence"
    wanted = ("chips.*.h100e", "chips.*.ready")
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Dependence":
        """The measure for one plan."""
        chips, every = list(book.chips.values()), book.labels.observation

        def rows(field: str) -> IntArray:
            return np.array([book.rows[f"chips.{name}.{field}"] for name in book.chips], np.int64)

        def places(names: Sequence[str], mine: Sequence[str]) -> IntArray:
            return np.array([names.index(name) for name in mine], np.int64)

        return cls(
            h100e=np.array([every(f"chips.{name}.h100e") for name in book.chips], np.int64),
            ready=np.array([every(f"chips.{name}.ready") for name in book.chips], np.int64),
            maker=places(makers(book), [chip.maker for chip in chips]),
            country=places(countries(book), [chip.country or NOT_STATED for chip in chips]),
            makers=np.zeros(len(makers(book))),
            countries=np.zeros(len(countries(book))),
            units=rows("units"),
            per_chip=np.array([chip.h100e for chip in chips], np.int64),
            deliver=rows("deliver"),
        )

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block."""
        observed, values = record.months.observations, record.values
        running = observed[:, self.h100e]
        whole = jnp.sum(running, axis=1)
        of_makers = _shares(running, whole, self.maker, self.makers)
        of_countries = _shares(running, whole, self.country, self.countries)
        t = jnp.arange(float(running.shape[0]))[:, None, None]
        due = t >= values[self.deliver][None] - 1e-9
        chips = values[self.units] * values[self.per_chip]
        waits = jnp.where(due, chips[None] * (1.0 - observed[:, self.ready]), 0.0)
        return {
            "runs": jnp.where(whole > 0.0, 1.0, 0.0),
            "by_maker": of_makers,
            "by_country": of_countries,
            "of_makers": jnp.sum(of_makers**2, axis=1),
            "of_countries": jnp.sum(of_countries**2, axis=1),
            "held_back_h100e": _summed(waits, self.maker, self.makers),
        }


def _summed(amounts: Array, group: IntArray, groups: NDArray[np.float64]) -> Array:
    """[T, group, P] sums of [T, cohort, P]."""
    by_cohort = jnp.moveaxis(amounts, 1, 0)
    return jnp.moveaxis(jax.ops.segment_sum(by_cohort, group, groups.shape[0]), 0, 1)


def _shares(running: Array, whole: Array, group: IntArray, groups: NDArray[np.float64]) -> Array:
    """[T, group, P] shares of the whole [T, P]; 0 where nothing runs."""
    divisor = jnp.where(whole > 0.0, whole, 1.0)[:, None]
    return _summed(running, group, groups) / divisor
