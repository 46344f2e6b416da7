"""Capacity as rows: power and compute of every site by month."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import FloatArray, plain


def physical_rows(
    sites: Sequence[str], outputs: Mapping[str, FloatArray], closes: NDArray[np.datetime64]
) -> list[dict[str, Any]]:
    """One row per period after the opening and site: mean energised IT power and running capacity.

    Args:
        sites: names.
        outputs: of the measure `physical`: power_mw and h100e with their errors, [T, site].
        closes: [T] first day after each period; `month` is the last month of the period, YYYY-MM.
    """
    days = closes.astype("datetime64[D]") - np.timedelta64(1, "D")
    months = [str(day) for day in days.astype("datetime64[M]")]
    return [
        {
            "month": months[t],
            "site": site,
            "mw": plain(float(outputs["power_mw"][t, s])),
            "mw_se": plain(float(outputs["power_mw_se"][t, s])),
            "h100e": plain(float(outputs["h100e"][t, s])),
            "h100e_se": plain(float(outputs["h100e_se"][t, s])),
        }
        for t in range(1, len(months))
        for s, site in enumerate(sites)
    ]
