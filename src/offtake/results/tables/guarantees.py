"""Table of guarantees (`offtake.measures.guarantees`): what they cost who gives them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import (
    FloatArray,
    Weight,
    mean_and_error,
    of,
    plain,
    quantile,
    share_of,
)


def guarantee_rows(
    given: Sequence[Mapping[str, Any]],
    outputs: Mapping[str, FloatArray],
    worst: NDArray[np.int64],
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """One row per guarantee.

    Args:
        given: `contract`, `kind`, `guarantor`, `relieves` and `discounted_at` of each.
        outputs: of the measure: paid_usd and cost_usd [P, G], others as means [G] with `..._se`.
        worst: paths of the worst 5 %.
        weight: of the paths.
    """
    rows: list[dict[str, Any]] = []
    for g, facts in enumerate(given):
        paid, cost = outputs["paid_usd"][:, g], outputs["cost_usd"][:, g]
        row: dict[str, Any] = dict(facts)
        for name in ("guaranteed", "fees", "recovered"):
            row[f"{name}_usd"] = plain(float(outputs[f"{name}_usd"][g]))
            row[f"{name}_usd_se"] = plain(float(outputs[f"{name}_usd_se"][g]))
        row["paid_usd"], row["paid_usd_se"] = mean_and_error(paid, weight)
        row["cost_usd"], row["cost_usd_se"] = mean_and_error(cost, weight)
        lent = row["guaranteed_usd"]
        row["cost_share"] = row["cost_usd"] / lent if lent else None
        for name, q in (("p5", 0.05), ("p50", 0.5), ("p95", 0.95)):
            row[f"cost_usd_{name}"] = quantile(cost, q, weight)
        row["cost_usd_worst5"], row["cost_usd_worst5_se"] = mean_and_error(
            cost[worst], of(weight, worst)
        )
        row["called"], row["called_se"] = share_of(paid > 0.0, np.ones_like(paid, bool), weight)
        rows.append(row)
    return rows
