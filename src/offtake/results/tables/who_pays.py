"""The table of who pays (`offtake.measures.who_pays`): means over all paths and the worst 5 %."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.results.tables.estimates import FloatArray, amounts

WORST = 0.05
COLUMNS = {
    "fronted": "fronted",
    "returned": "returned",
    "net": "net",
    "net_worst5": "net",
    "loss": "loss",
    "loss_worst5": "loss",
    "shortfall": "shortfall",
    "supports": "supports",
    "open_at_horizon": "open",
    "unreturned": "unreturned",
}
"""Amount of a row -> output of the measure it is of; over the worst paths where it says so."""


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
    rows: dict[int, dict[str, Any]] = {
        m: {"party": party["party"], "role": party.get("role") or None}
        for m, party in enumerate(parties)
        if not party.get("owner")
    }
    for column, output in COLUMNS.items():  # one output at a time: they may be large
        values = outputs[output]
        for m, row in rows.items():
            mine = values[:, m]
            row.update(amounts(**{column: mine[worst] if column.endswith("_worst5") else mine}))
    return list(rows.values())
