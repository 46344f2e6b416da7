"""One site under several capital stacks, on the same futures: what each costs, pays and loses.

Rates are of flows by month, per year. *Mean* is the rate of the mean flows over all futures: what
the money costs, or a party earns, on average. p5, p50 and p95 are over the rates of single futures;
futures without a rate are left out and counted. The cost to the issuer's owners is the rate of what
the stack changes in the cash of issuer and owners together against the stack that owners pay alone:
money raised first, all that it takes away later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from offtake.core.shown import Shown
from offtake.results.allocation import Allocation
from offtake.results.table import Table

NOTE = (
    "cost: what the money costs owners against paying for all themselves; loses: financiers "
    "together, value today; runs short: futures in which the issuer leaves something unpaid."
)


@dataclass(frozen=True)
class StackResult:
    """One stack: its row, its financiers, its facilities, who bears which risk."""

    row: Mapping[str, Any]
    financiers: tuple[Mapping[str, Any], ...]
    facilities: tuple[Mapping[str, Any], ...]
    allocation: Allocation | None

    @property
    def name(self) -> str:
        """Of the stack."""
        return str(self.row["stack"])


@dataclass(frozen=True)
class Comparison(Shown):
    """Stacks in the order in which they were asked for."""

    plan: str
    issuer: str
    against: str | None
    """Stack that owners pay for alone, against which cost is measured."""
    paths: int
    seed: int
    discount_rate: float
    stacks: tuple[StackResult, ...]
    changes: tuple[str, ...] = ()
    """What was changed about the plan, as the user said it."""

    def table(self) -> Table:
        """A row for each stack."""
        return Table("Stacks", tuple(dict(stack.row) for stack in self.stacks), NOTE)

    def financiers(self) -> Table:
        """A row for each financier of each stack."""
        rows = [{"stack": s.name, **row} for s in self.stacks for row in s.financiers]
        return Table("Financiers", tuple(rows))

    def facilities(self) -> Table:
        """A row for each facility of each stack."""
        rows = [{"stack": s.name, **row} for s in self.stacks for row in s.facilities]
        return Table("Facilities", tuple(rows))

    def carriers(self) -> Table:
        """Who carries which risk: stack, shock, and the parties whose value falls."""
        rows = [
            {"stack": stack.name, "shock": shock, "carriers": parties}
            for stack in self.stacks
            if stack.allocation is not None
            for shock, parties in stack.allocation.carriers().items()
        ]
        return Table("Who carries which risk", tuple(rows))

    def to_json(self) -> dict[str, Any]:
        """As plain data; docs/stack.schema.json says what each key means."""
        return {
            "plan": self.plan,
            "issuer": self.issuer,
            "against": self.against,
            "paths": self.paths,
            "seed": self.seed,
            "discount_rate": self.discount_rate,
            "changes": list(self.changes),
            "stacks": [_plain(stack) for stack in self.stacks],
        }


def _plain(stack: StackResult) -> dict[str, Any]:
    risk = None if stack.allocation is None else stack.allocation.to_json()
    return {
        **stack.row,
        "financiers": [dict(row) for row in stack.financiers],
        "facilities": [dict(row) for row in stack.facilities],
        "risk": risk,
    }
