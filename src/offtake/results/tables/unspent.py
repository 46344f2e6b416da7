"""Table of money raised before it is needed (`offtake.measures.unspent`)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offtake.results.tables.estimates import FloatArray


def unspent_rows(
    accounts: Sequence[str], outputs: Mapping[str, FloatArray]
) -> list[dict[str, Any]]:
    """One row per account: means over futures, undiscounted.

    Args:
        accounts: [A] contracts that keep the money.
        outputs: of the measure, [A] each, with the standard errors of means as `..._se`.
    """
    rows: list[dict[str, Any]] = []
    for a, name in enumerate(accounts):
        row: dict[str, Any] = {"contract": name}
        for key in ("raised_usd", "waits_years", "earned_usd", "carry_usd"):
            row[key] = float(outputs[key][a])
            error = float(outputs[f"{key}_se"][a])
            row[f"{key}_se"] = error if np.isfinite(error) else None
        row["coupon_usd"] = row["earned_usd"] + row["carry_usd"]
        rows.append(row)
    return rows
