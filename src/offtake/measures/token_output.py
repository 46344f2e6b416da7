"""Output of tokens in money, in tokens at constant prices, and in work done.

Over the segments of tokens that the reading counts, with price p and volume q of each and quality
k (work done by a token, relative to its start):

    nominal  = sum of p q, USD/year
    deflator = chained Fisher index of p, 1 in the first month (`offtake.finance.price_index`)
    real     = nominal / deflator, USD/year of the first month
    quality_deflator, quality_adjusted
             = the same with prices p / k and volumes q k

`yearly` is the change of each from the first to the last month, as a yearly rate.
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Output, Record
from offtake.finance.price_index import chained_fisher
from offtake.measures.selection import FloatArray

UNITS = {
    "nominal": "USD/year",
    "deflator": "1",
    "real": "USD/year",
    "quality_deflator": "1",
    "quality_adjusted": "USD/year",
}
"""What is reported -> its unit."""


def names(book: Book) -> tuple[str, ...]:
    """What is reported of a plan; nothing where it asks for no output."""
    return tuple(UNITS) if book.readings.products else ()


OUTPUTS = {
    "level": Output(("period", "output"), "mean", "1", "Level by month, in its own unit."),
    "yearly": Output(("output",), "paths", "1/year", "Change per year over the plan."),
}


class TokenOutput(NamedTuple):
    """The measure; [N] segments."""

    price: IntArray
    """observation, USD/token"""
    tokens: IntArray
    """observation, token/year"""
    quality: IntArray
    """observation; unused where `adjusted` is 0"""
    adjusted: FloatArray
    """1.0 where the reading names a quality"""
    elapsed: FloatArray
    """[T]"""

    name = "token_output"
    wanted = ("cleared.*", "readings.output.*", "drivers.*")
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "TokenOutput":
        """The measure for one plan."""
        found, seen = book.readings.products, book.labels.observation
        return cls(
            np.array([seen(f"cleared.{name}.price") for name in found], np.int64),
            np.array([seen(f"cleared.{name}.tokens") for name in found], np.int64),
            np.array([seen(quality) if quality else 0 for quality in found.values()], np.int64),
            np.array([float(bool(quality)) for quality in found.values()]),
            book.elapsed,
        )

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, [T, output, P] and [output, P]; the opening repeats the first."""
        observed = record.months.observations
        periods, paths = observed.shape[0], record.values.shape[-1]
        if not self.price.shape[0]:
            return {"level": jnp.zeros((periods, 0, paths)), "yearly": jnp.zeros((0, paths))}
        first = min(1, periods - 1)
        price, tokens, quality = (
            jnp.moveaxis(observed[first:, index], 1, 0)
            for index in (self.price, self.tokens, self.quality)
        )
        named = (jnp.asarray(self.adjusted) > 0.5)[:, None, None]
        gain = jnp.where(named, quality / jnp.maximum(quality[:, :1], 1e-300), 1.0)
        gain = jnp.maximum(gain, 1e-300)
        nominal = jnp.sum(price * tokens, axis=0)
        plain = chained_fisher(price, tokens)
        better = chained_fisher(price / gain, tokens * gain)
        level = jnp.stack([nominal, plain, nominal / plain, better, nominal / better], axis=1)
        years = jnp.maximum(self.elapsed[-1] - self.elapsed[first], 1e-9)
        start = jnp.where(level[0] > 0.0, level[0], 1.0)
        growth = jnp.where((level[0] > 0.0) & (level[-1] > 0.0), level[-1] / start, 1.0)
        yearly = jnp.expm1(jnp.log(growth) / years)
        return {"level": jnp.concatenate([level[:first], level]), "yearly": yearly}
