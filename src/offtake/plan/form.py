"""A plan as a form: its sections, items and fields, from the schema and from what is written.

A form shows what stands in the text, whether or not it is right, and where: each field has the
place that messages name (`load.check`), its line, its unit, what may be written in it, the spread
and the source of its number. Writing into it is a change of that place (`plan.edit`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel

from offtake.core.errors import Mistake, Mistakes
from offtake.core.fieldtypes import FloatingField, Ref, Unit, WhenField
from offtake.core.quantity import Quantity
from offtake.core.walk import FieldRow, annotation_of, fields, join, options
from offtake.plan.build import contract_kinds, name_sections
from offtake.plan.drivers import PROCESSES, Formula, FromMarket
from offtake.plan.edit import SOURCED, scalar_in_brackets
from offtake.plan.items import Cohort, Fab, Header, LenderCase, Party, PowerSource, Site, Vendor
from offtake.plan.learning import Learning
from offtake.plan.market import Market
from offtake.plan.readings import Readings
from offtake.plan.reserve import Reserve
from offtake.plan.source import parse
from offtake.plan.spans import line_end, spans
from offtake.plan.tree import Items, Leaf, Map, Node

Control = Literal["number", "date", "rate", "choice", "name", "flag", "text", "group", "yaml"]
TITLES: dict[str, str] = {
    "plan": "The plan",
    "parties": "Parties",
    "sites": "Sites",
    "power": "Power",
    "vendors": "Vendors",
    "fabs": "Fabs",
    "chips": "Chips",
    "market": "Market",
    "drivers": "Drivers",
    "learning": "Learning",
    "readings": "Readings",
    "contracts": "Contracts",
    "reserve": "A buyer's choices",
    "cases": "Lender's cases",
    "scenarios": "Scenarios",
    "stacks": "Stacks",
}
_WHOLE: dict[str, type[BaseModel]] = {
    "plan": Header,
    "market": Market,
    "learning": Learning,
    "readings": Readings,
    "reserve": Reserve,
}
_NAMED: dict[str, type[BaseModel]] = {
    "parties": Party,
    "sites": Site,
    "power": PowerSource,
    "vendors": Vendor,
    "fabs": Fab,
    "chips": Cohort,
    "cases": LenderCase,
}


@dataclass(frozen=True)
class Field:
    """One thing that can be written.

    Attributes:
        place: as messages name it.
        name: key in the plan.
        control: how it is written.
        help: what it is, from the schema, with its unit.
        unit: canonical unit of a number.
        form: what may be written, in words.
        example: an accepted spelling.
        required: whether it must be written.
        default: what holds where nothing is written.
        written: as it stands; None where nothing does.
        line: of the text; None where nothing is written.
        choices: what may be chosen; names of items of the plan for a name.
        spread: of an uncertain number, in words.
        source: what stands beside a number; None where nothing does.
        parts: of a group.
    """

    place: str
    name: str
    control: Control
    help: str = ""
    unit: str | None = None
    form: str = ""
    example: str = ""
    required: bool = False
    default: str | None = None
    written: str | None = None
    line: int | None = None
    choices: tuple[str, ...] = ()
    spread: str = ""
    source: Mapping[str, str] | None = None
    parts: tuple[Field, ...] = ()

    @property
    def sourceable(self) -> bool:
        """Whether a source may stand beside it."""
        return self.control in ("number", "date", "rate") and self.written is not None


@dataclass(frozen=True)
class Item:
    """A named thing of a section, or a section that is one thing."""

    place: str
    name: str
    kind: str
    line: int | None
    section: str


@dataclass(frozen=True)
class Outline:
    """What a plan holds."""

    sections: tuple[tuple[str, str, tuple[Item, ...]], ...]
    """(key, title, items)"""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """section -> names that stand in it"""


def outline(plan: str | Node) -> Outline:
    """Sections and items of a plan, in the order of the text.

    Args:
        plan: its text, or the tree of it.

    Raises:
        PlanErrors: the text is not YAML.
    """
    return _outline(_tree(plan))


def fields_of(plan: str | Node, place: str) -> tuple[Field, ...]:
    """Fields of one item: those that are written, in their order, then those that may be.

    Args:
        plan: its text, or the tree of it.
        place: such as ``contracts.loan`` or ``plan``.

    Raises:
        PlanErrors: the text is not YAML.
        KeyError: there is no such item.
    """
    tree = _tree(plan)
    section, _, name = place.partition(".")
    node = tree.entries.get(section)
    if name and isinstance(node, Map):
        node = node.entries.get(name)
    if node is None or (not name and section not in _WHOLE):
        message = f"no item {place} in the plan"
        raise KeyError(message)
    model = _model(section, node)
    names = _outline(tree).names
    if model is None:
        return (_raw(place, name or section, node),)
    return tuple(_of_model(model, node, place, names))


def kinds() -> dict[str, tuple[FieldRow, ...]]:
    """Kinds of contract with those fields that must be written."""
    return {
        kind: tuple(row for row in fields(model) if row.required and row.name != "kind")
        for kind, model in contract_kinds().items()
    }


def _tree(plan: str | Node) -> Map:
    tree = parse(plan, "plan.yaml")[0] if isinstance(plan, str) else plan
    named, _ = name_sections(tree)
    return named if isinstance(named, Map) else Map(named.where)


def _outline(tree: Map) -> Outline:
    found: list[tuple[str, str, tuple[Item, ...]]] = []
    names = dict[str, tuple[str, ...]]()
    for key, node in tree.entries.items():
        line = tree.keys[key].line
        items = (Item(key, TITLES.get(key, key), "", line, key),)
        if key not in _WHOLE:
            items = tuple(_items(key, node))
            names[key] = tuple(item.name for item in items)
        found.append((key, TITLES.get(key, key), items))
    return Outline(tuple(found), names)


def _items(section: str, node: Node) -> Iterator[Item]:
    if not isinstance(node, Map):
        return
    for name, inner in node.entries.items():
        kind = _kind(inner)
        yield Item(join(section, name), name, kind, node.keys[name].line, section)


def _kind(node: Node) -> str:
    """What an item says it is."""
    for key in ("kind", "process", "formula", "market"):
        said = node.entries.get(key) if isinstance(node, Map) else None
        if isinstance(said, Leaf) and said.text:
            return said.text if key in ("kind", "process") else key
    return ""


def _model(section: str, node: Node) -> type[BaseModel] | None:
    """Class of an item; None where its form is not known."""
    found = _WHOLE.get(section) or _NAMED.get(section)
    if found is not None:
        return found
    kind = _kind(node)
    if section == "contracts":
        return contract_kinds().get(kind)
    if section == "drivers":
        return {**PROCESSES, "formula": Formula, "market": FromMarket}.get(kind)
    return None


def _of_model(
    model: type[BaseModel], node: Node, place: str, names: Mapping[str, tuple[str, ...]]
) -> Iterator[Field]:
    """Fields of a class: those that are written in their order, then the rest."""
    rows = {row.name: row for row in fields(model)}
    written = node.entries if isinstance(node, Map) else {}
    order = [key for key in written if key in rows]
    order += [key for key in rows if key not in written]
    for key in order:
        annotation = annotation_of(model.model_fields[key])
        inner = written.get(key)
        line = node.keys[key].line if isinstance(node, Map) and inner is not None else None
        yield _field(rows[key], annotation, inner, join(place, key), line, names)
    for key in written:
        if key not in rows:  # not of the schema: shown, as it is to be mended
            yield _raw(join(place, key), key, written[key])


def _field(
    row: FieldRow,
    annotation: Any,
    node: Node | None,
    place: str,
    line: int | None,
    names: Mapping[str, tuple[str, ...]],
) -> Field:
    told: dict[str, Any] = {
        "place": place,
        "name": row.name,
        "help": row.doc,
        "unit": row.unit,
        "form": row.form,
        "example": row.example,
        "required": row.required,
        "default": row.default,
        "line": line,
    }
    value, source = _sourced(node)
    if value is None or isinstance(value, Leaf):
        control, choices = _control(annotation, names)
        text = value.text if isinstance(value, Leaf) else None
        spread = _spread(annotation, text)
        if text is not None and "\n" in text:
            text = " ".join(text.split())
        return Field(
            **told, control=control, choices=choices, written=text, spread=spread, source=source
        )
    parts = tuple(_parts(annotation, value, place, names))
    if parts:
        return Field(**told, control="group", parts=parts, source=source)
    return Field(**told, control="yaml", written=flow(value))


def _parts(
    annotation: Any, node: Node, place: str, names: Mapping[str, tuple[str, ...]]
) -> Iterator[Field]:
    """Fields below one that holds several; none where it is shown as YAML."""
    for option in options(annotation):
        bare = get_args(option)[0] if get_origin(option) is Annotated else option
        inside = [a for a in get_args(bare) if a is not Ellipsis]
        if isinstance(bare, type) and issubclass(bare, BaseModel) and isinstance(node, Map):
            yield from _of_model(bare, node, place, names)
            return
        if isinstance(node, Items) and get_origin(bare) in (list, tuple) and inside:
            model = _class(inside[0])
            for i, entry in enumerate(node.items if model is not None else ()):
                parts = tuple(_of_model(cast("Any", model), entry, join(place, i), names))
                yield Field(join(place, i), f"{i + 1}", "group", line=entry.where.line, parts=parts)
            return
        if isinstance(node, Map):
            inner = inside[1] if get_origin(bare) is dict and len(inside) == 2 else option
            if _class(inner) is None and _unit(inner) is not None:
                yield from _entries(inner, node, place, names)
                return


def _entries(
    annotation: Any, node: Map, place: str, names: Mapping[str, tuple[str, ...]]
) -> Iterator[Field]:
    """A number for each key of a mapping: dates, milestones, names."""
    unit = _unit(annotation)
    for key, entry in node.entries.items():
        row = FieldRow(key, "", unit.canonical if unit else None, False, None, "", "")
        yield _field(row, annotation, entry, join(place, key), node.keys[key].line, names)


def _class(annotation: Any) -> type[BaseModel] | None:
    for option in options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _sourced(node: Node | None) -> tuple[Node | None, dict[str, str] | None]:
    """A value, and what stands beside it."""
    if not isinstance(node, Map) or "value" not in node.entries:
        return node, None
    beside = {
        key: entry.text
        for key, entry in node.entries.items()
        if key in SOURCED and isinstance(entry, Leaf) and entry.text
    }
    return node.entries["value"], {key: " ".join(text.split()) for key, text in beside.items()}


def _control(
    annotation: Any, names: Mapping[str, tuple[str, ...]]
) -> tuple[Control, tuple[str, ...]]:
    """How a value is written, and what may be chosen."""
    for option in options(annotation):
        bare = get_args(option)[0] if get_origin(option) is Annotated else option
        for extra in getattr(option, "__metadata__", ()):
            if isinstance(extra, Ref):
                return "name", tuple(n for s in extra.sections for n in names.get(s, ()))
            if isinstance(extra, Unit):
                return "number", ()
            if isinstance(extra, WhenField):
                return "date", ()
            if isinstance(extra, FloatingField):
                return "rate", ()
        if get_origin(bare) is Literal:
            return "choice", tuple(str(choice) for choice in get_args(bare))
        if bare is bool:
            return "flag", ("true", "false")
        if get_origin(bare) in (list, tuple, dict) or _class(bare) is not None:
            return "yaml", ()
    return "text", ()


def _unit(annotation: Any) -> Unit | None:
    for option in options(annotation):
        for extra in getattr(option, "__metadata__", ()):
            if isinstance(extra, Unit):
                return extra
    return None


def _spread(annotation: Any, text: str | None) -> str:
    """What is known of an uncertain number, in words; empty where it is certain or not right."""
    unit = _unit(annotation)
    if unit is None or text is None:
        return ""
    try:
        number = unit.read(text)
    except (Mistake, Mistakes):
        return ""
    return spread(number)


def spread(number: Quantity) -> str:
    """An uncertain number in words: its range and its median; empty where it is certain."""
    shape = number.distribution
    if shape is None:
        return ""
    return f"uncertain, {shape.kind}; median {number.value:,.4g} {number.unit}".removesuffix(" 1")


def _raw(place: str, name: str, node: Node) -> Field:
    return Field(place, name, "yaml", written=flow(node), line=node.where.line, form="YAML")


def flow(node: Node) -> str:
    """A tree as YAML on one line."""
    if isinstance(node, Map):
        return "{" + ", ".join(f"{_flat(k)}: {flow(n)}" for k, n in node.entries.items()) + "}"
    if isinstance(node, Items):
        return "[" + ", ".join(flow(entry) for entry in node.items) + "]"
    return "null" if node.text is None else _flat(node.text)


def _flat(text: str) -> str:
    return scalar_in_brackets(" ".join(text.split()))


def new_contract(text: str, kind: str, name: str) -> str:
    """The text of a plan with one more contract, its required fields with an example each.

    Raises:
        KeyError: no such kind.
        ValueError: the name is taken.
    """
    rows = kinds()[kind]
    tree = _tree(text)
    found = _outline(tree).names
    if name in found.get("contracts", ()):
        message = f"there is a contract {name} already"
        raise ValueError(message)
    model = contract_kinds()[kind]
    lines = [f"  {name}:", f"    kind: {kind}"]
    for row in rows:
        control, choices = _control(annotation_of(model.model_fields[row.name]), found)
        value = choices[0] if choices else row.example
        if control == "yaml":
            value = "[]" if row.form.startswith("list") else "{}"
        lines.append(f"    {row.name}: {value}".rstrip())
    return _inserted(text, tree, lines)


def _inserted(text: str, tree: Map, lines: Sequence[str]) -> str:
    """Lines put at the end of the contracts."""
    where = spans(text).get(("contracts",))
    if where is None or where.brackets or where.kind != "map":
        return text.rstrip("\n") + "\n\ncontracts:\n" + "\n".join(lines) + "\n"
    own = " " * where.column
    shifted = [own + line[2:] for line in lines]
    end = line_end(text, where.end)
    return text[:end] + "\n" + "\n".join(shifted) + text[end:]


def places(parts: Sequence[Field]) -> Iterator[str]:
    """Places of all fields, those below groups too."""
    for part in parts:
        yield part.place
        yield from places(part.parts)
