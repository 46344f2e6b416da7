"""All capital stacks of one plan: the same site, each with contracts of its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path as File

from offtake.core.errors import PlanErrors, Problem, Where
from offtake.core.names import suggestion
from offtake.plan.load import Checked, check

AS_WRITTEN = "plan"
"""The plan without a stack, where no stack stands for it."""


def check_stacks(
    path: str | File, overrides: Iterable[str] = (), scenario: str | None = None
) -> dict[str, Checked]:
    """Read a plan with each of its stacks.

    The plan as it is written is one more, called `plan`, unless a stack that changes nothing gives
    it a name.

    Args:
        path: a plan file, or a folder that holds ``plan.yaml``.
        overrides: changes ``place=value``, made last in each.
        scenario: name of a diff under ``scenarios``, made first in each.

    Raises:
        PlanErrors: with everything that is wrong, in the first that is; or the plan has no stacks.
    """
    changes = list(overrides)
    written = _right(check(path, changes, scenario))
    if written.plan is None or not written.plan.stacks:
        raise PlanErrors([_none(str(written.file))])
    found = {} if {} in written.plan.stacks.values() else {AS_WRITTEN: written}
    for name, diff in written.plan.stacks.items():
        found[name] = _right(check(path, changes, scenario, name)) if diff else written
    return found


def chosen(known: Iterable[str], wanted: str | None) -> tuple[str, ...]:
    """Stacks named in a list such as ``note,lease``; all where it is left out.

    Raises:
        PlanErrors: a name that is no stack.
    """
    names = tuple(known)
    if wanted is None:
        return names
    found = tuple(dict.fromkeys(name.strip() for name in wanted.split(",")))
    unknown = [name for name in found if name not in names]
    if unknown:
        raise PlanErrors([_unknown(name, names) for name in unknown])
    return found


def _right(checked: Checked) -> Checked:
    if checked.plan is None:
        raise PlanErrors(checked.errors)
    return checked


def _none(file: str) -> Problem:
    return Problem(
        Where(file),
        "stacks",
        "key-missing",
        "no stacks",
        "stacks: name -> changes of contracts",
        "write under stacks: how else the site could be paid for, or use offtake run",
    )


def _unknown(name: str, names: tuple[str, ...]) -> Problem:
    return Problem(
        Where("--stacks"),
        f"stacks.{name}",
        "name-unknown",
        f"no stack called `{name}`",
        "one of " + ", ".join(names),
        suggestion(name, names, otherwise="use a name that is there"),
    )
