"""From the tree to the plan: every item is read by its own class, and every mistake is kept.

Items are read one by one, so that a mistake in one party hides nothing in another, and whatever
could be read is still checked for references.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from offtake.core.errors import Mistake, Mistakes, Problem, quoted
from offtake.core.fieldtypes import Unit
from offtake.core.names import check_name, nearest, suggestion
from offtake.core.series import Series
from offtake.core.terms import Terms, references
from offtake.plan.drivers import PROCESSES, Correlated, Formula, FromMarket
from offtake.plan.items import Cohort, Fab, Header, LenderCase, Party, PowerSource, Site, Vendor
from offtake.plan.learning import Learning
from offtake.plan.market import Market
from offtake.plan.messages import form_problem, problem_of, problems_of
from offtake.plan.overrides import SECTIONS
from offtake.plan.readings import Readings
from offtake.plan.reserve import Reserve
from offtake.plan.salvage import salvage
from offtake.plan.tree import Items, Leaf, Map, Node, Path, child, parse_path, plain

Name = tuple[str, tuple[str, ...], str]
"""(place, sections in which a name may stand, name)."""
Kinds = Mapping[str, type[Terms]]
"""kind -> terms of a contract."""

REQUIRED = ("plan", "parties", "contracts")
"""Sections that every plan has."""
_NAMED: dict[str, type[Terms]] = {
    "parties": Party, "sites": Site, "power": PowerSource, "vendors": Vendor, "fabs": Fab,
    "chips": Cohort, "cases": LenderCase,
}  # fmt: skip
CORRELATIONS = "correlations"
"""Key under ``drivers`` that is not a driver."""


def contract_kinds() -> Kinds:
    """Terms of each kind of contract, from :data:`offtake.contracts.ALL`."""
    from offtake.contracts import ALL

    return {contract.kind: contract.Terms for contract in ALL}


@dataclass
class Memory:
    """What was read before, by the node it was read from; a diff shares most nodes with its plan.

    Attributes:
        items: id of a node -> (the node, its class, the item); only of items without mistakes.
        names: id of an item -> (the item, the names in it).
    """

    items: dict[int, tuple[Node, type[BaseModel], Any]] = field(default_factory=dict[int, Any])
    names: dict[int, tuple[Terms, list[Name]]] = field(default_factory=dict[int, Any])

    def names_in(self, item: Terms, place: str) -> list[Name]:
        """Same as :func:`offtake.core.terms.references`."""
        if id(item) not in self.names:
            self.names[id(item)] = (item, list(references(item, place)))
        return self.names[id(item)][1]


@dataclass
class Draft:
    """What could be read of a plan, and what could not.

    Attributes:
        tree: as written, changes made.
        kinds: contracts that there are.
        header: None if it could not be read.
        sections: section -> name -> item; of an item that is not right, its remains.
        named: section -> all names written, also of items that could not be read.
        market: the market section.
        learning: the learning section; None if it is not written.
        readings: the readings section.
        reserve: the reserve section; None if it is not written.
        correlations: as written under ``drivers``.
        problems: everything found wrong so far.
        memory: what was read before.
    """

    tree: Node
    kinds: Kinds
    header: Header | None = None
    sections: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    named: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    market: Market = field(default_factory=Market)
    learning: Learning | None = None
    readings: Readings = field(default_factory=Readings)
    reserve: Reserve | None = None
    correlations: list[Correlated] = field(default_factory=list[Correlated])
    problems: list[Problem] = field(default_factory=list[Problem])
    memory: Memory = field(default_factory=Memory)

    def report(self, mistake: Mistake, *path: str | int) -> None:
        """Keep a mistake at a path."""
        self.problems.append(problem_of(mistake, self.tree, path))


def read_tree(tree: Node, kinds: Kinds, memory: Memory | None = None) -> Draft:
    """Read every item of a plan.

    Args:
        tree: the plan as written.
        kinds: contracts that there are.
        memory: of another reading of nearly the same tree.

    Returns:
        The draft; a plan can be made of it if it has no problems.
    """
    draft = Draft(tree, kinds, memory=memory or Memory())
    draft.sections = {section: {} for section in SECTIONS}
    if not isinstance(tree, Map):
        mend = "begin with plan:, parties: and contracts:, each at the start of a line"
        draft.problems.append(form_problem(tree, tree, (), "a mapping of sections", mend))
        return draft
    _check_sections(draft, tree)
    draft.header = _read_model(draft, Header, ("plan",)) if "plan" in tree.entries else None
    if "market" in tree.entries:
        draft.market = _read_model(draft, Market, ("market",)) or Market()
    if "learning" in tree.entries:
        draft.learning = _read_model(draft, Learning, ("learning",))
    if "readings" in tree.entries:
        draft.readings = _read_model(draft, Readings, ("readings",)) or Readings()
    if "reserve" in tree.entries:
        draft.reserve = _read_model(draft, Reserve, ("reserve",))
    for section, model in _NAMED.items():
        _read_section(draft, section, lambda path, model=model: _read_model(draft, model, path))
    _read_section(draft, "contracts", lambda path: _read_contract(draft, path))
    _read_drivers(draft)
    for section in ("scenarios", "stacks"):
        _read_section(draft, section, lambda path: _read_diff(draft, path))
    return draft


def name_sections(tree: Node) -> tuple[Node, list[Problem]]:
    """Read misspelt sections as the sections that are meant, so that they are one mistake each.

    Args:
        tree: the plan as written.

    Returns:
        The tree without unknown sections, and a problem for each of them.
    """
    if not isinstance(tree, Map):
        return tree, []
    problems: list[Problem] = []
    named = tree
    for key, node in tree.entries.items():
        if key in SECTIONS:
            continue
        mistake = Mistake(
            code="key-unknown",
            found=f"the key {quoted(key)} at the top of the plan",
            expected="one of " + ", ".join(SECTIONS),
            mend=suggestion(key, SECTIONS, otherwise="delete it"),
        )
        problems.append(problem_of(mistake, tree, (key,)))
        named = named.without(key)
        meant = nearest(key, SECTIONS)
        if meant is not None and meant not in tree.entries:
            named = named.with_entry(meant, node, tree.keys[key])
    return named, problems


def _check_sections(draft: Draft, tree: Map) -> None:
    for section in REQUIRED:
        if section not in tree.entries:
            draft.report(
                Mistake(
                    code="key-missing",
                    found=f"no {quoted(section)} at the top of the plan",
                    expected="the sections " + ", ".join(REQUIRED),
                    mend=f"add {section}: and indent what belongs to it",
                ),
            )


def _read_section(draft: Draft, section: str, read: Callable[[Path], Any]) -> None:
    """Read a mapping of named items."""
    draft.sections[section], draft.named[section] = {}, ()
    node = child(draft.tree, section)
    if node is None or (isinstance(node, Leaf) and node.text is None):
        return
    if not isinstance(node, Map):
        mend = f"write each item as name: {{...}} under {section}:"
        expected = f"a mapping of names under {section}"
        draft.problems.append(form_problem(node, draft.tree, (section,), expected, mend))
        return
    draft.named[section] = tuple(node.entries)
    for name in node.entries:
        try:
            check_name(name)
        except Mistake as mistake:
            draft.report(mistake, section, name)
        item = read((section, name))
        if item is not None:
            draft.sections[section][name] = item


def _remains(model: type[BaseModel], value: object) -> Any:
    """What can still be checked of an item of a section that could not be read."""
    whole = (*_NAMED.values(), Header, Market, Learning, Readings, Reserve)
    checkable = model in whole or "kind" in model.model_fields
    return salvage(model, cast("Mapping[str, object]", value)) if checkable else None


def _read_model(draft: Draft, model: type[Terms], path: Path) -> Any:
    """Read one item; its remains, or None, if anything is wrong with it."""
    node = _at(draft.tree, path)
    if not isinstance(node, Map):
        if isinstance(node, Leaf) and node.text is None:
            node = Map(node.where)
        else:
            keys = ", ".join(list(model.model_fields)[:4])
            mend = f"write {{{keys}, ...}}, each with its value"
            expected = f"a mapping with keys such as {keys}"
            draft.problems.append(form_problem(node, draft.tree, path, expected, mend))
            return None
    return _validated(draft, model, node, path)


def _validated(draft: Draft, model: type[BaseModel], node: Node, path: Path) -> Any:
    known = draft.memory.items.get(id(node))
    if known is not None and known[1] is model:
        return known[2]
    value = plain(node)
    try:
        item = model.model_validate(value)
        draft.memory.items[id(node)] = (node, model, item)
        return item
    except ValidationError as errors:
        details = errors.errors(include_url=False)
        draft.problems.extend(problems_of(details, model, draft.tree, path))
        return _remains(model, value)


def _at(tree: Node, path: Path) -> Node:
    node = tree
    for step in path:
        below = child(node, step)
        if below is None:
            return Leaf(node.where, None)
        node = below
    return node


def _read_contract(draft: Draft, path: Path) -> Any:
    """Read one contract by its kind."""
    node = _at(draft.tree, path)
    kind = _text(node, "kind") if isinstance(node, Map) else None
    if not isinstance(node, Map):
        mend = "write {kind: ..., and the terms of that kind}; see: offtake contracts"
        draft.problems.append(
            form_problem(node, draft.tree, path, "a mapping with a kind and its terms", mend)
        )
        return None
    if kind is None:
        draft.report(_no_kind(draft, node, str(path[-1])), *path)
        return None
    model = draft.kinds.get(kind)
    if model is None:
        mend = suggestion(kind, draft.kinds, otherwise="there are no instruments to choose from")
        draft.report(
            Mistake(
                code="kind-unknown",
                found=f"the kind {quoted(kind)}",
                expected="a kind of contract, as listed by: offtake contracts",
                mend=mend,
            ),
            *path,
            "kind",
        )
        return None
    return _validated(draft, model, node, path)


def _no_kind(draft: Draft, node: Map, name: str) -> Mistake:
    close = nearest("kind", [key for key in node.entries if key != "kind"])
    others = [other for other in draft.named.get("contracts", ()) if other != name]
    alike = nearest(name, others)
    if close is not None:
        mend = f"rename {close} to kind"
    elif alike is not None:
        mend = f"add kind: ...; or did you mean the contract {alike}?"
    else:
        mend = "add kind: with one of the kinds listed by: offtake contracts"
    return Mistake(
        code="key-missing",
        found="a contract without a kind",
        expected="kind: and one of " + (", ".join(draft.kinds) or "the instruments"),
        mend=mend,
    )


def _text(node: Map, key: str) -> str | None:
    found = node.entries.get(key)
    return found.text if isinstance(found, Leaf) else None


def _read_drivers(draft: Draft) -> None:
    """Read drivers; ``correlations`` among them is a list and not a driver."""
    _read_section(draft, "drivers", lambda path: _read_driver(draft, path))
    node = child(draft.tree, "drivers")
    written = child(node, CORRELATIONS) if node is not None else None
    if written is None:
        return
    draft.sections["drivers"].pop(CORRELATIONS, None)
    draft.named["drivers"] = tuple(n for n in draft.named["drivers"] if n != CORRELATIONS)
    path: Path = ("drivers", CORRELATIONS)
    if not isinstance(written, Items):
        mend = "write a list: [{between: [a, b], value: 0.4}]"
        draft.problems.append(
            form_problem(written, draft.tree, path, "a list of correlations", mend)
        )
        return
    for index in range(len(written.items)):
        correlated = _read_model(draft, Correlated, (*path, index))
        if correlated is not None:
            draft.correlations.append(correlated)


def _read_driver(draft: Draft, path: Path) -> Any:
    """Read one driver by its form: a process, a formula, or a number over time."""
    if path[-1] == CORRELATIONS:
        return None
    node = _at(draft.tree, path)
    if isinstance(node, Map):
        if "process" in node.entries:
            return _read_process(draft, node, path)
        if "formula" in node.entries:
            return _read_model(draft, Formula, path)
        if "market" in node.entries:
            return _read_model(draft, FromMarket, path)
        for key in node.entries:
            meant = nearest(key, ("process", "formula", "market"))
            if meant is not None:
                expected = "process, formula, market, or dates with numbers"
                found, mend = f"the key {quoted(key)}", f"did you mean {meant}?"
                mistake = Mistake(code="key-unknown", found=found, expected=expected, mend=mend)
                draft.report(mistake, *path, key)
                return None
    return _read_series(draft, node, path)


def _read_process(draft: Draft, node: Map, path: Path) -> Any:
    name = _text(node, "process") or ""
    model = PROCESSES.get(name)
    if model is not None:
        return _read_model(draft, model, path)
    draft.report(
        Mistake(
            code="kind-unknown",
            found=f"the process {quoted(name)}",
            expected="one of " + ", ".join(PROCESSES),
            mend=suggestion(name, PROCESSES, otherwise=""),
        ),
        *path,
        "process",
    )
    return None


_ANY = Unit(None, "a number over time", "{2025: 13 bn USD/year}", bare=True)


def _read_series(draft: Draft, node: Node, path: Path) -> Series | None:
    try:
        return _ANY.read_series(plain(node))
    except Mistake as mistake:
        draft.report(mistake, *path)
    except Mistakes as mistakes:
        for at, mistake in mistakes.items:
            draft.report(mistake, *path, *(parse_path(at) or ()))
    return None


def _read_diff(draft: Draft, path: Path) -> Any:
    """Keep a diff as written; it is applied when it is asked for."""
    node = _at(draft.tree, path)
    if isinstance(node, Leaf) and node.text is None:
        return {}
    if isinstance(node, Map):
        return plain(node)
    mend = "write for example sites.abilene.phases[2].energise: 2027-01 on a line below"
    draft.problems.append(form_problem(node, draft.tree, path, "a mapping of changes", mend))
    return None
