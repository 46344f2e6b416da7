"""Tables of tracing (`offtake.measures.tracing`): sources of every use, own money of financiers.

They rest on the traced subsample of paths; standard errors are those of means over it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import (
    FloatArray,
    Weight,
    amounts,
    mean,
    mean_and_error,
    of,
    share_and_error,
)

NOTHING = 1e-12
"""Share of all that was traced below which a row is rounding and left out."""


def traced_rows(
    uses: Sequence[str],
    sources: Sequence[str],
    traced: FloatArray,
    paths: NDArray[np.int64] | None = None,
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """One row per use and source that brought something to it, the largest source of a use first.

    Args:
        uses: [U].
        sources: [L].
        traced: present values [U, L, P], USD.
        paths: of the subsample, to average over; all if None. The worst 5 %, for instance.
        weight: of all paths of the subsample.
    """
    chosen = traced if paths is None else traced[:, :, paths]
    weight = weight if paths is None else of(weight, paths)
    floor = NOTHING * mean(np.sum(chosen, axis=(0, 1)), weight)
    rows: list[dict[str, Any]] = []
    for u, use in enumerate(uses):
        whole = np.sum(chosen[u], axis=0)
        means: FloatArray = np.array([mean(each, weight) for each in chosen[u]])
        order: list[int] = np.argsort(-means, kind="stable").tolist()
        for s in order:
            if means[s] > floor:
                share, error = share_and_error(chosen[u, s], whole, weight)
                usd, usd_error = mean_and_error(chosen[u, s], weight)
                rows.append(
                    {
                        "use": use,
                        "source": sources[s],
                        "usd": usd,
                        "usd_se": usd_error,
                        "share": share,
                        "share_se": error,
                    }
                )
    return rows


def circularity_rows(
    parties: Sequence[str],
    financier: NDArray[np.bool_],
    receipts: FloatArray,
    own: FloatArray,
    netted: FloatArray,
    paths: NDArray[np.int64] | None = None,
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """One row per financier, and per internal party with money that went in a circle.

    `own_money_share` is mean own money over mean receipts; None for a party that receives nothing
    or fronts nothing.

    Args:
        parties: [F].
        financier: [F].
        receipts: present values [F, P], netted ones apart, USD.
        own: of which own money.
        netted: receipts that were taken out.
        paths: of the subsample, to average over; all if None.
        weight: of all paths of the subsample.
    """
    if paths is not None:
        receipts, own, netted = receipts[:, paths], own[:, paths], netted[:, paths]
        weight = of(weight, paths)
    rows: list[dict[str, Any]] = []
    for f, party in enumerate(parties):
        if not financier[f] and not np.any(netted[f] > 0.0):
            continue
        share, error = None, None
        if financier[f]:
            share, error = share_and_error(own[f], receipts[f], weight)
        row = {"party": party, **amounts(weight, receipts=receipts[f])}
        row |= {"own_money_share": share, "own_money_share_se": error}
        rows.append({**row, **amounts(weight, netted=netted[f])})
    return rows
