"""Hours of a site that are kept for contracts, as they publish it at the start of a period."""

from collections.abc import Sequence

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Lowerer, Month
from offtake.finance.enforcement import padded


def published(names: Sequence[Sequence[str]], value: str, at: Lowerer) -> IntArray:
    """[K, reservations] observations of a value that contracts publish; zero where there are fewer.

    Args:
        names: contracts whose value it is, of each of K rows.
        value: name of the published value.
        at: where observations are asked for.
    """
    rows = [[at.observe(f"contracts.{name}.{value}") for name in row] for row in names]
    return padded(rows, at.observe("zero"))


def reserved(share: IntArray, h100e: IntArray, delivered: Array, month: Month) -> Array:
    """[K, P] H100e-hours that reservations take: of each the less of its share and its capacity.

    Args:
        share: [K, reservations] observation, of the hours delivered.
        h100e: [K, reservations] observation, H100e.
        delivered: [K, P] H100e-hours of the site.
        month: the period.
    """
    most = month.obs[share] * delivered[:, None]
    return jnp.sum(jnp.minimum(most, month.obs[h100e] * month.hours), axis=1)
