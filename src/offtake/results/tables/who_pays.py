"""The table of who pays (`offtake.measures.who_pays`): means over all paths and the worst 5 %."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import FloatArray, amounts

WORST = 0.05


def worst_paths(loss: FloatArray, share: float = WORST) -> NDArray[np.int64]:
    """Paths with the largest sum of losses, in order of their number.

    One set for all rows and tables: the share of the paths, rounded up, with the largest Σ loss
    over parties. Of paths that lose the same, the first ones are taken.

    Args:
        loss: [P, M] USD.
        share: of the paths.
    """
    count = min(loss.shape[0], int(np.ceil(share * loss.shape[0] - 1e-9)))
    order = np.argsort(-np.sum(loss, axis=1), kind="stable")
    return np.sort(order[:count])


def who_pays_rows(
    parties: Sequence[Mapping[str, str]], outputs: Mapping[str, FloatArray]
) -> list[dict[str, Any]]:
    """One row per party, accounts merged into their owners.

    Every amount is a mean over paths with its standard error beside it (`_se`). Columns `_worst5`
    are means over the paths of `worst_paths`; their standard error is that of a mean over that set,
    taken as given: it leaves out that another sample would have found another set.

    Args:
        parties: `party`, `role` and, for accounts, `owner`, in the order of the arrays.
        outputs: fronted, returned, net, loss, shortfall, supports, open and unreturned, [P, M] USD.
    """
    worst = worst_paths(outputs["loss"])
    rows: list[dict[str, Any]] = []
    for m, party in enumerate(parties):
        if party.get("owner"):
            continue
        mine = {name: values[:, m] for name, values in outputs.items()}
        row = amounts(
            fronted=mine["fronted"],
            returned=mine["returned"],
            net=mine["net"],
            net_worst5=mine["net"][worst],
            loss=mine["loss"],
            loss_worst5=mine["loss"][worst],
            shortfall=mine["shortfall"],
            supports=mine["supports"],
            open_at_horizon=mine["open"],
            unreturned=mine["unreturned"],
        )
        rows.append({"party": party["party"], "role": party.get("role") or None, **row})
    return rows
