"""What a tilt is worth: how evenly futures count, and how sure figures are against plain futures.

as many as      (sum w)^2 / sum w^2: futures of equal weight that tell a mean that has nothing to
                do with the weights as well (Kish)
as sure as      V / s^2: plain futures that would tell the figure as surely, V its variance from
                future to future under the plan, s its standard error here
rests on        (sum w |x|)^2 / sum (w x)^2: futures that make up the figure; for a share of
                defaults, those with one
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offtake.results.tables.estimates import FloatArray, effective, mean, mean_and_error

FEW = 30.0
"""Futures on which a loss rests below which its error is not to be trusted."""
UNEVEN = 0.05
"""Share of the futures that count as equal ones below which a tilt goes too far."""
SURE = 4.0
"""Standard errors within which the mean weight is 1 but once in sixteen thousand runs."""


def weights_told(weight: FloatArray) -> dict[str, float | None]:
    """How futures count: mean weight, which is 1 but for its error, and equal futures.

    Args:
        weight: [P].
    """
    middle, error = mean_and_error(weight)
    return {
        "mean_weight": middle,
        "mean_weight_se": error,
        "largest_weight": float(np.max(weight)),
        "effective_paths": effective(weight),
    }


def tilt_rows(
    facilities: Sequence[str],
    parties: Sequence[str],
    lent: Mapping[str, FloatArray],
    pays: Mapping[str, FloatArray],
    weight: FloatArray,
) -> list[dict[str, Any]]:
    """One row per figure that is a mean over futures and is not nothing.

    Args:
        facilities: names.
        parties: names, accounts left out as "".
        lent: outputs of the measure `facilities`, [path, facility].
        pays: outputs of the measure `who_pays`, [path, party].
        weight: of the paths.
    """
    found = list[tuple[str, FloatArray]]()
    for f, name in enumerate(facilities):
        defaulted = np.isfinite(lent["default_period"][:, f]).astype(np.float64)
        found.append((f"facilities.{name}.pd", defaulted))
        found.append((f"facilities.{name}.el_usd", lent["loss_usd"][:, f]))
    for column in ("loss", "net"):
        found += [
            (f"parties.{name}.{column}_usd", pays[column][:, m])
            for m, name in enumerate(parties)
            if name
        ]
    return [_row(name, values, weight) for name, values in found if np.any(values)]


def _row(name: str, values: FloatArray, weight: FloatArray) -> dict[str, Any]:
    value, error = mean_and_error(values, weight)
    spread = mean((values - value) ** 2, weight)
    return {
        "figure": name,
        "value": value,
        "value_se": error,
        "as_sure_as": spread / error**2 if error else None,
        "rests_on": effective(weight * np.abs(values)),
    }


def warnings_of(
    told: Mapping[str, float | None], rows: Sequence[Mapping[str, Any]], paths: int
) -> list[str]:
    """What is to be doubted about a run with a tilt, with the reason and what to do.

    Args:
        told: by `weights_told`.
        rows: by `tilt_rows`.
        paths: futures in all.
    """
    found = list[str]()
    equal, middle, error = told["effective_paths"], told["mean_weight"], told["mean_weight_se"]
    if equal is not None and equal < UNEVEN * paths:
        found.append(
            f"the tilt goes far: {paths:,} futures count as {equal:,.0f} equal ones, as "
            "most of the weight lies on few; tilt less, or keep more plain futures (plain 50 %)"
        )
    if middle is not None and error is not None and abs(middle - 1.0) > SURE * error:
        found.append(
            f"weights have the mean {middle:.3f} ± {error:.3f} where 1 is right: some futures that "
            "matter are hardly ever drawn; tilt less, or run more futures"
        )
    few = [r for r in rows if r["figure"].startswith("facilities.") and r["rests_on"] < FEW]
    for row in few:
        found.append(
            f"{row['figure']} rests on {row['rests_on']:.0f} futures: its error is not to be "
            "trusted; run more futures, or tilt towards what brings it about"
        )
    return found
