"""From a path to a plan, or to everything that is wrong with it.

    load:  file -> text -> tree -> changes -> items -> references -> checks -> Plan

Each stage keeps what it found and goes on as far as it can, so that one run tells all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from offtake.core.errors import PlanErrors, Problem, Where
from offtake.core.terms import Terms
from offtake.plan import source
from offtake.plan.build import Draft, Memory, contract_kinds, name_sections, read_tree
from offtake.plan.checks import run_checks, unsourced
from offtake.plan.items import Header
from offtake.plan.macro import check_macro
from offtake.plan.overrides import apply_diff, apply_overrides, pick
from offtake.plan.references import check_chips, check_references, check_series_units, driver_units
from offtake.plan.reserve import changed_places, check_reserve, choice_problems
from offtake.plan.schema import Plan
from offtake.plan.told import check_market
from offtake.plan.tree import Map, Node, Path, at, child, locate


@dataclass(frozen=True)
class Checked:
    """A plan and what was found about it.

    Attributes:
        plan: None if there are errors.
        problems: errors and warnings, in the order of the file.
        unsourced: (place, number) of numbers written without a source.
        file: the plan file.
    """

    plan: Plan | None
    problems: tuple[Problem, ...]
    unsourced: tuple[tuple[str, str], ...]
    file: File

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop the plan."""
        return tuple(p for p in self.problems if p.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not."""
        return tuple(p for p in self.problems if p.severity == "warning")


def load(
    path: str | File,
    overrides: Iterable[str] = (),
    scenario: str | None = None,
    stack: str | None = None,
    kinds: Mapping[str, type[Terms]] | None = None,
) -> Plan:
    """Read a plan.

    Args:
        path: a plan file, or a folder that holds ``plan.yaml``.
        overrides: changes ``place=value``, made last.
        scenario: name of a diff under ``scenarios``, made first.
        stack: name of a diff under ``stacks``, made second.
        kinds: terms of each kind of contract; those of :data:`offtake.contracts.ALL` if left out.

    Returns:
        The plan, every number in its canonical unit.

    Raises:
        PlanErrors: with everything that is wrong; warnings alone do not raise.
    """
    checked = check(path, overrides, scenario, stack, kinds)
    if checked.plan is None:
        raise PlanErrors(checked.problems)
    return checked.plan


def check(
    path: str | File,
    overrides: Iterable[str] = (),
    scenario: str | None = None,
    stack: str | None = None,
    kinds: Mapping[str, type[Terms]] | None = None,
) -> Checked:
    """Read a plan and say everything about it, warnings and numbers without a source included.

    Arguments are those of :func:`load`.

    Raises:
        PlanErrors: only where there is no text to read: no file, no YAML, an empty file.
    """
    file = source.find(path)
    return check_text(source.read_text(file), str(file), overrides, scenario, stack, kinds)


def check_text(
    text: str,
    name: str = "plan.yaml",
    overrides: Iterable[str] = (),
    scenario: str | None = None,
    stack: str | None = None,
    kinds: Mapping[str, type[Terms]] | None = None,
) -> Checked:
    """Same as :func:`check` for the text of a plan.

    Args:
        text: of the plan.
        name: of its file, for messages.
        overrides: as :func:`load`.
        scenario: as :func:`load`.
        stack: as :func:`load`.
        kinds: as :func:`load`.

    Raises:
        PlanErrors: where the text is not YAML or is empty.
    """
    tree, problems = source.parse(text, name)
    tree, unknown = name_sections(tree)
    return check_tree(tree, name, overrides, scenario, stack, kinds, [*problems, *unknown])


def check_tree(
    tree: Node,
    name: str,
    overrides: Iterable[str] = (),
    scenario: str | None = None,
    stack: str | None = None,
    kinds: Mapping[str, type[Terms]] | None = None,
    so_far: Iterable[Problem] = (),
    *,
    memory: Memory | None = None,
    diffs: bool = True,
) -> Checked:
    """Same as :func:`check` for a plan that is parsed already.

    Args:
        tree: of the plan, its sections named.
        name: of its file, for messages.
        overrides: as :func:`load`.
        scenario: as :func:`load`.
        stack: as :func:`load`.
        kinds: as :func:`load`.
        so_far: what is known to be wrong with it.
        memory: of another reading of nearly the same tree.
        diffs: whether to try every scenario and stack by itself.
    """
    known = contract_kinds() if kinds is None else kinds
    problems, memory, asked = list(so_far), memory or Memory(), list(overrides)
    problems += _try_diffs(tree, known, memory) if diffs else []
    changed, refused = changed_tree(tree, asked, scenario, stack)
    plan, found, changed_problems = _read(changed, known, memory)
    problems += [*refused, *found, *changed_problems]
    if plan is not None and (plan.sized or plan.fitted):
        signed = changed if scenario is None else changed_tree(tree, asked, None, stack)[0]
        problems += _add_variants(plan, changed, signed, known, memory)
    if plan is not None:
        problems += _add_choices(plan, changed, known, memory)
    if any(p.severity == "error" for p in problems):
        plan = None
    missing = () if plan is None else tuple(unsourced(plan, changed))
    return Checked(plan, _in_order(problems), missing, File(name))


def _read(
    tree: Node, kinds: Mapping[str, type[Terms]], memory: Memory
) -> tuple[Plan | None, list[Problem], list[Problem]]:
    """Items, references and checks: the plan, what is wrong with its parts, and with the whole."""
    draft = read_tree(tree, kinds, memory)
    units, formulas = driver_units(draft)
    found = [
        *draft.problems,
        *check_references(draft),
        *check_chips(draft),
        *formulas,
        *check_series_units(draft, units),
        *check_market(draft, units),
        *check_macro(draft, units),
    ]
    if not _has_calendar(draft):
        return None, found, []
    plan = _plan(draft, units, whole=not found)
    return plan, found, run_checks(plan, tree, whole=not found)


def _has_calendar(draft: Draft) -> bool:
    """Whether the plan's dates can be counted; the header may be the remains of one."""
    if not isinstance(draft.header, Header):
        return False
    wrong = {problem.place for problem in draft.problems}
    return not wrong & {"plan", "plan.start", "plan.horizon", "plan.periods"}


def _plan(draft: Draft, units: dict[str, str], *, whole: bool) -> Plan:
    """The plan; of a draft that is not right, one that serves for checks only."""
    named = {section: draft.sections[section] for section in _NAMED}
    make: Any = Plan if whole else Plan.model_construct
    return make(
        plan=draft.header,
        market=draft.market,
        learning=draft.learning,
        readings=draft.readings,
        reserve=draft.reserve,
        correlations=tuple(draft.correlations),
        driver_units=units,
        **named,
    )


_NAMED = (
    "parties", "sites", "power", "vendors", "fabs", "chips", "drivers", "contracts", "cases",
    "scenarios", "stacks",
)  # fmt: skip


def changed_tree(
    tree: Node, overrides: Iterable[str], scenario: str | None, stack: str | None
) -> tuple[Node, list[Problem]]:
    """The tree with scenario, stack and overrides applied, in that order."""
    problems: list[Problem] = []
    for section, name, above in (("scenarios", scenario, ()), ("stacks", stack, ("contracts",))):
        if name is None:
            continue
        option = Where(f"--{section.removesuffix('s')} {name}")
        diff, missing = pick(tree, section, name, option)
        problems += missing
        if diff is not None:
            tree, refused = apply_diff(tree, diff, above)
            problems += refused
    tree, refused = apply_overrides(tree, overrides)
    return tree, [*problems, *refused]


def _add_variants(
    plan: Plan, tree: Node, signed: Node, kinds: Mapping[str, type[Terms]], memory: Memory
) -> list[Problem]:
    """Give a plan with sized amounts or fitted policies the plans in which they are worked out.

    Args:
        plan: as read.
        tree: as written, changes made.
        signed: the same without the scenario: a loan is sized when it is signed.
    """
    problems: list[Problem] = []
    if signed is not tree:
        first, found, whole = _read(signed, kinds, memory)
        problems += [p for p in (*found, *whole) if p.severity == "error"]
        if first is not None:
            problems += _add_variants(first, signed, signed, kinds, memory)
            plan.variants["signed"] = first
        return problems
    for name, case in plan.cases.items():
        diff = at(tree, ("cases", name, "changes"))
        if not case.changes or not isinstance(diff, Map):
            continue
        changed, refused = apply_diff(tree, diff)
        other, found, whole = _read(changed, kinds, memory)
        problems += [*refused, *(p for p in (*found, *whole) if p.severity == "error")]
        if other is not None:
            plan.variants[f"cases.{name}"] = other
    return problems


def _add_choices(
    plan: Plan, tree: Node, kinds: Mapping[str, type[Terms]], memory: Memory
) -> list[Problem]:
    """Give a plan the numbers that each choice of its buyer sets."""
    path: Path = ("reserve",)
    reserve = plan.reserve
    if reserve is None:
        return []
    problems = check_reserve(reserve, plan.contracts, locate(tree, path))
    before = dict(plan.numbers())
    for axis, named in reserve.choices.items():
        plan.choices[axis] = {}
        for name in named:
            diff = _at(tree, (*path, "choices", axis, name))
            changed, refused = apply_diff(tree, diff)
            other, found, whole = _read(changed, kinds, memory)
            problems += [*refused, *(p for p in (*found, *whole) if p.severity == "error")]
            if other is None or refused:
                continue
            after = dict(other.numbers())
            problems += choice_problems(diff, before, after)
            places = [place for place, _ in changed_places(diff)] if isinstance(diff, Map) else []
            plan.choices[axis][name] = {place: after[place] for place in places if place in after}
    return problems


def _at(tree: Node, path: Path) -> Node:
    """The node at a path that was read before."""
    for step in path:
        tree = child(tree, step) or tree
    return tree


def _try_diffs(tree: Node, kinds: Mapping[str, type[Terms]], memory: Memory) -> list[Problem]:
    """Apply every scenario and stack by itself, and report what it breaks and the plan does not."""
    if not isinstance(tree, Map):
        return []
    problems: list[Problem] = []
    before: set[tuple[str, str]] | None = None
    sections: tuple[tuple[str, Path], ...] = (("scenarios", ()), ("stacks", ("contracts",)))
    for section, above in sections:
        holder = tree.entries.get(section)
        if not isinstance(holder, Map):
            continue
        for diff in holder.entries.values():
            if not isinstance(diff, Map):
                continue
            if before is None:
                before = {(p.place, p.code) for p in _errors(tree, kinds, memory)}
            changed, refused = apply_diff(tree, diff, above)
            problems += refused
            problems += [
                p for p in _errors(changed, kinds, memory) if (p.place, p.code) not in before
            ]
    return problems


def _errors(tree: Node, kinds: Mapping[str, type[Terms]], memory: Memory) -> list[Problem]:
    _, found, whole = _read(tree, kinds, memory)
    return [p for p in (*found, *whole) if p.severity == "error"]


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """In the order of the lines, each once; errors given by options first."""
    once = dict.fromkeys(problems)
    return tuple(sorted(once, key=lambda p: (p.where.line or 0, p.severity != "error")))
