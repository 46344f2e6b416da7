"""The table of who pays (`offtake.measures.who_pays`): means over all paths and the worst 5 %."""

from collections.abc import Mapping, Sequence
from typing import Any

from offtake.results.tables.estimates import FloatArray, Weight, mean_and_error, of, worst_paths

AMOUNTS = {
    **{name: name for name in ("fronted", "returned", "net", "loss", "shortfall", "supports")},
    "open_at_horizon": "open",
    "unreturned": "unreturned",
}
"""Column, without its unit -> output of the measure."""
IN_WORST = ("net", "loss")
"""Columns that are also told of the worst 5 %."""


def who_pays_rows(
    parties: Sequence[Mapping[str, str]],
    outputs: Mapping[str, FloatArray],
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """One row per party, accounts merged into their owners.

    Every amount is a mean over paths with its standard error beside it (`_se`). Columns `_worst5`
    are means over the paths of `worst_paths`; their standard error is that of a mean over that set,
    taken as given: it leaves out that another sample would have found another set.

    Args:
        parties: `party`, `role` and, for accounts, `owner`, in the order of the arrays.
        outputs: fronted, returned, net, loss, shortfall, supports, open and unreturned, [P, M] USD.
        weight: of the paths.
    """
    worst = worst_paths(outputs["loss"], weight)
    rows: dict[int, dict[str, Any]] = {
        m: {"party": party["party"], "role": party.get("role") or None}
        for m, party in enumerate(parties)
        if not party.get("owner")
    }
    for name, output in AMOUNTS.items():  # one output at a time: they may be large
        values = outputs[output]
        for m, row in rows.items():
            mine = values[:, m]
            row[f"{name}_usd"], row[f"{name}_usd_se"] = mean_and_error(mine, weight)
            if name in IN_WORST:
                bad, error = mean_and_error(mine[worst], of(weight, worst))
                row[f"{name}_usd_worst5"], row[f"{name}_usd_worst5_se"] = bad, error
    return list(rows.values())
