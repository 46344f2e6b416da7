"""Changes to a plan: `--set place=value`, and the diffs of scenarios, stacks and cases.

A change is made on the plan as written, before anything is read, so that a changed plan is checked
like any other and an error names the change that caused it.

A diff is a mapping. Its keys are keys of the plan or whole places
(``sites.abilene.phases[2].energise``); mappings are merged deeply, dated maps date by date; texts
and lists replace what stood there; a mapping replaces a sourced number, or a thing of another
``kind`` or ``process``; ``null`` deletes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from offtake.core.errors import PlanErrors, Problem, Where, quoted
from offtake.core.names import nearest, suggestion
from offtake.plan import source
from offtake.plan.tree import Items, Leaf, Map, Node, Path, Step, child, parse_path, place_of

SECTIONS: tuple[str, ...] = (
    "plan", "parties", "sites", "power", "vendors", "fabs", "chips", "market", "drivers",
    "learning", "readings", "contracts", "reserve", "cases", "scenarios", "stacks",
)  # fmt: skip
"""Top-level keys of a plan, in the order in which they are written."""

_WHOLE = ("value", "kind", "process", "formula")
"""Keys that say what a mapping is; a diff that changes one replaces the whole."""


class _Refused(Exception):
    """A change that cannot be made."""

    def __init__(self, where: Where, place: str, found: str, expected: str, mend: str) -> None:
        super().__init__(found)
        self.problem = Problem(where, place, "override-place", found, expected, mend)


def apply_overrides(tree: Node, overrides: Iterable[str]) -> tuple[Node, list[Problem]]:
    """Make the changes given on the command line, in order.

    Args:
        tree: the plan as written.
        overrides: each ``place=value``.

    Returns:
        The changed tree, and a problem for each change that could not be made.
    """
    problems: list[Problem] = []
    for override in overrides:
        try:
            path, value = read_override(override)
            tree = put(tree, path, value, Where(f"--set {override.strip()}"))
        except _Refused as refused:
            problems.append(refused.problem)
        except PlanErrors as errors:
            problems.extend(errors.problems)
    return tree, problems


def read_override(override: str) -> tuple[Path, Node]:
    """The path and the value of ``sites.abilene.phases[2].energise=2027-01``.

    Raises:
        PlanErrors: if it has no ``=``, its place cannot be read, or its value is not YAML.
    """
    where = Where(f"--set {override.strip()}")
    place, equals, text = override.partition("=")
    path = parse_path(place)
    if not equals or path is None:
        raise PlanErrors(
            [
                Problem(
                    where,
                    place.strip(),
                    "override-form",
                    quoted(override),
                    "place=value",
                    "write for example --set sites.abilene.phases[2].energise=2027-01",
                )
            ]
        )
    return path, _value(text.strip(), where)


def _value(text: str, where: Where) -> Node:
    """A text as it is; a mapping, a list or a quoted text read as YAML."""
    if text[:1] not in ("{", "[", '"', "'"):
        shown = text.encode("utf-8", "replace").decode()
        return Leaf(where, None if text in source.NOTHING else shown)
    node, problems = source.parse(
        source.decode(text.encode("utf-8", "replace"), str(where)), str(where)
    )
    if problems:
        raise PlanErrors(problems)
    return moved(node, where)


def moved(node: Node, where: Where) -> Node:
    """The same tree, standing at ``where`` throughout."""
    if isinstance(node, Leaf):
        return Leaf(where, node.text)
    if isinstance(node, Items):
        return Items(where, tuple(moved(entry, where) for entry in node.items))
    entries = {key: moved(entry, where) for key, entry in node.entries.items()}
    return Map(where, entries, dict.fromkeys(entries, where))


def put(tree: Node, path: Path, value: Node, where: Where) -> Node:
    """The tree with ``value`` at ``path``; what lies above it must exist, down to a named item.

    Raises:
        _Refused: where a step of the path does not exist.
    """
    return _put(tree, path, value, where, ())


def _put(node: Node, path: Path, value: Node, where: Where, above: Path) -> Node:
    step, rest = path[0], path[1:]
    if isinstance(node, Items) and isinstance(step, str) and step.isdecimal():
        step = int(step)
    _check_step(node, step, where, above, last=not rest)
    below = child(node, step)
    if rest:
        base = below if below is not None and not _is_nothing(below) else _fresh(rest, where)
        value = _put(base, rest, value, where, (*above, step))
    elif isinstance(value, Map) and below is not None:
        value = merge(below, value, (*above, step))
    if isinstance(node, Items):
        items = list(node.items)
        items[int(step)] = value
        return replace(node, items=tuple(items))
    if not isinstance(node, Map):
        return value
    if not rest and _is_nothing(value):
        return node.without(str(step))
    return node.with_entry(str(step), value, node.keys.get(str(step), where) if rest else where)


def _fresh(rest: Path, where: Where) -> Node:
    return Map(where) if isinstance(rest[0], str) else Items(where)


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Leaf) and node.text is None


def _check_step(node: Node, step: Step, where: Where, above: Path, *, last: bool) -> None:
    """Refuse a step that leads nowhere, naming what does exist."""
    place = place_of((*above, step))
    if isinstance(step, int):
        if not isinstance(node, Items):
            raise _Refused(
                where,
                place,
                f"the index [{step}] of {place_of(above)}, which is not a list",
                "an index after the name of a list",
                "leave the index out, or name the list before it",
            )
        if step >= len(node.items):
            count = len(node.items)
            raise _Refused(
                where,
                place,
                f"the index [{step}] of a list of {count}",
                f"an index from [0] to [{count - 1}]" if count else "a list that has entries",
                "indices start at 0",
            )
        return
    if isinstance(node, Items):
        count = len(node.items)
        raise _Refused(
            where,
            place,
            f"{quoted(step)} after the list {place_of(above)}",
            f"an index from [0] to [{count - 1}]" if count else "a list that has entries",
            f"write {place_of(above)}[0].{step}",
        )
    if isinstance(node, Leaf):
        if last and node.text is None:
            return
        raise _Refused(
            where,
            place,
            f"{quoted(step)} below {place_of(above)}, which is {quoted(node.text)}",
            "a place whose parts above are mappings or lists",
            f"set {place_of(above)} itself",
        )
    _check_key(node, step, where, above, last=last)


def _check_key(node: Map, step: str, where: Where, above: Path, *, last: bool) -> None:
    """Top-level keys must be sections; an item of a section must exist unless it is being made."""
    if step in node.entries or len(above) >= 2 or (above and last):
        return
    known = SECTIONS if not above else tuple(node.entries)
    if not above and step in SECTIONS:
        return
    in_words = f"in {place_of(above)}" if above else "at the top of the plan"
    raise _Refused(
        where,
        place_of((*above, step)),
        f"{quoted(step)}, which does not exist {in_words}",
        "a place that exists: " + (", ".join(known[:12]) or "nothing stands there yet"),
        suggestion(step, known, otherwise=f"write it under {place_of(above)} in the plan first"),
    )


def apply_diff(tree: Node, diff: Node, above: Path = ()) -> tuple[Node, list[Problem]]:
    """Make the changes of a scenario, stack or case.

    Args:
        tree: the plan as written.
        diff: a mapping of changes; anything else is a problem of its own.
        above: the place below which the changes are made (``("contracts",)`` for a stack).

    Returns:
        The changed tree, and a problem for each change that could not be made.
    """
    if _is_nothing(diff):
        return tree, []
    if not isinstance(diff, Map):
        found = "a list" if isinstance(diff, Items) else quoted(diff.text)
        return tree, [
            Problem(
                diff.where,
                place_of(above),
                "diff-form",
                f"{found} in place of changes",
                "a mapping of places and values",
                "write for example sites.abilene.phases[2].energise: 2027-01 on a line below",
            )
        ]
    problems: list[Problem] = []
    for key, value in diff.entries.items():
        where = diff.keys[key]
        path = parse_path(key)
        try:
            if path is None:
                raise _Refused(
                    where,
                    key,
                    f"the key {quoted(key)}",
                    "a place in the plan",
                    "write names joined by dots and indices in brackets: sites.abilene.phases[2]",
                )
            tree = put(tree, (*above, *path), value, where)
        except _Refused as refused:
            problems.append(refused.problem)
    return tree, problems


def merge(base: Node, diff: Node, above: Path = ()) -> Node:
    """A mapping laid over another; everything else replaces.

    Args:
        base: what stands in the plan.
        diff: what is laid over it.
        above: place of both, for messages.

    Returns:
        The merged node, with the positions of ``diff`` where ``diff`` speaks.

    Raises:
        _Refused: where a key of ``diff`` is a place that does not exist.
    """
    if not isinstance(base, Map) or not isinstance(diff, Map) or _replaces(base, diff):
        return diff
    merged: Node = base
    for key, value in diff.entries.items():
        path = parse_path(key) or (key,)
        merged = _put(merged, path, value, diff.keys[key], above)
    return merged


def _replaces(base: Map, diff: Map) -> bool:
    """Whether ``diff`` is another thing and not a change to ``base``."""
    for key in _WHOLE:
        new, old = diff.entries.get(key), base.entries.get(key)
        if new is None:
            if old is not None and key == "value":
                return True
            continue
        if key == "value" or old is None:
            return True
        if isinstance(new, Leaf) and isinstance(old, Leaf) and new.text != old.text:
            return True
    return False


def pick(tree: Node, section: str, name: str, above: Where) -> tuple[Node | None, list[Problem]]:
    """The diff called ``name`` in ``scenarios``, ``stacks`` or ``cases``.

    Returns:
        Its node, or None and the problem that it does not exist.
    """
    holder = child(tree, section)
    found = child(holder, name) if holder is not None else None
    if found is not None:
        return found, []
    known = tuple(holder.entries) if isinstance(holder, Map) else ()
    close = nearest(name, known)
    mend = f"did you mean {close}?" if close else f"add {name} under {section}: in the plan"
    problem = Problem(
        above,
        f"{section}.{name}",
        "name-unknown",
        f"no {section.removesuffix('s')} called {quoted(name)}",
        "one of " + ", ".join(known) if known else f"a plan that has {section}",
        mend,
    )
    return None, [problem]
