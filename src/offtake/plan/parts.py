"""The changes of a scenario one by one, and a plan with some of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path as File

from offtake.core.errors import PlanErrors, Where
from offtake.plan import source
from offtake.plan.build import name_sections
from offtake.plan.load import check_tree
from offtake.plan.overrides import SECTIONS, pick
from offtake.plan.schema import Plan
from offtake.plan.tree import Map, Node, child


class Parts:
    """A scenario taken apart.

    Args:
        path: plan file or folder.
        scenario: name of the scenario.
        overrides: changes made in any case, after the scenario.
        stack: of contracts.

    Attributes:
        changes: places that the scenario changes, in the order of the file; what stands below a
            section (`contracts: {loan: ..}`) is one change by item.

    Raises:
        PlanErrors: there is no such scenario, or nothing in it.
    """

    def __init__(
        self,
        path: str | File,
        scenario: str,
        overrides: Iterable[str] = (),
        stack: str | None = None,
    ) -> None:
        self._file, self._scenario = source.find(path), scenario
        self._overrides, self._stack = tuple(overrides), stack
        tree, problems = source.parse(source.read_text(self._file), str(self._file))
        self._tree, unknown = name_sections(tree)
        diff, missing = pick(
            self._tree, "scenarios", scenario, Where(f"--with scenario:{scenario}")
        )
        wrong = [p for p in (*problems, *unknown, *missing) if p.severity == "error"]
        if wrong or not isinstance(diff, Map):
            raise PlanErrors(wrong or problems)
        self._diff = _apart(diff)
        self.changes: tuple[str, ...] = tuple(self._diff.entries)

    def plan(self, made: Collection[str]) -> Plan:
        """The plan with those changes of the scenario that are named.

        Raises:
            PlanErrors: it is no plan without the others.
        """
        some = self._diff
        for change in self.changes:
            if change not in made:
                some = some.without(change)
        holder = child(self._tree, "scenarios")
        tree: Node = self._tree
        if isinstance(tree, Map) and isinstance(holder, Map):
            less = holder.with_entry(self._scenario, some, holder.keys[self._scenario])
            tree = tree.with_entry("scenarios", less, tree.keys["scenarios"])
        checked = check_tree(tree, str(self._file), self._overrides, self._scenario, self._stack)
        if checked.plan is None:
            raise PlanErrors(checked.problems)
        return checked.plan


def _apart(diff: Map) -> Map:
    """The same changes, with those below a section one by one."""
    made = Map(diff.where)
    for key, value in diff.entries.items():
        if key in SECTIONS and isinstance(value, Map):
            for name, node in value.entries.items():
                made = made.with_entry(f"{key}.{name}", node, value.keys[name])
        else:
            made = made.with_entry(key, value, diff.keys[key])
    return made
