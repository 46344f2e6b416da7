"""Hours of a site that are kept for contracts, as they publish it at the start of a period."""

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Month


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
