"""Shares of income of labour and capital, under the assumptions that the plan states.

Definitions and formulas as in `offtake.finance.income`; machine workers per worker come from a
driver, and count relative to the plan's start. `level` is by month, `end` in the last month.
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Output, Record
from offtake.finance.income import Income, income

FIELDS = ("elasticity", "machine_share", "other_capital_share")


def names(book: Book) -> tuple[str, ...]:
    """What is reported of a plan; nothing where it asks for no shares."""
    return Income._fields if book.readings.machines else ()


OUTPUTS = {
    "level": Output(("period", "income"), "mean", "1", "By month."),
    "end": Output(("income",), "paths", "1", "In the last month."),
}


class IncomeShares(NamedTuple):
    """The measure."""

    machines: IntArray
    """[1] observation; empty where no shares are asked for"""
    rows: IntArray
    """[3] in the order of `FIELDS`"""

    name = "income_shares"
    wanted = ("drivers.*",)
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "IncomeShares":
        """The measure for one plan."""
        driver = book.readings.machines
        seen = [book.labels.observation(driver)] if driver else []
        rows = [book.rows[f"readings.income.{field}"] for field in FIELDS] if driver else []
        return cls(np.array(seen, np.int64), np.array(rows, np.int64))

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block, [T, income, P] and [income, P]."""
        observed = record.months.observations
        if not self.machines.shape[0]:
            paths = record.values.shape[-1]
            return {"level": jnp.zeros((len(observed), 0, paths)), "end": jnp.zeros((0, paths))}
        machines = jnp.maximum(observed[:, self.machines[0]], 1e-300)
        elasticity, share, other = (record.values[row] for row in self.rows)
        level = jnp.stack(income(machines / machines[:1], elasticity, share, other), axis=1)
        return {"level": level, "end": level[-1]}
