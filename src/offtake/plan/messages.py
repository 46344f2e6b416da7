"""What pydantic found wrong, in our words: where, found, expected, how to mend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from offtake.core.errors import Mistake, Mistakes, Problem, quoted
from offtake.core.fieldtypes import Unit, quotes_hint
from offtake.core.names import nearest
from offtake.core.terms import fields
from offtake.core.walk import annotation_of, options, words
from offtake.plan.tree import Items, Leaf, Map, Node, Path, child, locate, parse_path, place_of


def problems_of(
    errors: Sequence[ErrorDetails], model: type[BaseModel], tree: Node, above: Path
) -> list[Problem]:
    """Translate the errors of one item of a plan.

    Args:
        errors: as pydantic lists them.
        model: class of the item.
        tree: the whole plan as written.
        above: path of the item.

    Returns:
        One problem for each thing that is wrong, in the order of pydantic; a value that fits none
        of several forms is reported once.
    """
    found: dict[tuple[str, str], Problem] = {}
    for error in errors:
        for problem in _translate(error, model, tree, above):
            found.setdefault((problem.place, problem.code), problem)
    return _without_misspelt(list(found.values()))


def _without_misspelt(problems: list[Problem]) -> list[Problem]:
    """Leave out a key that is missing because it is misspelt: that is one mistake and not two."""
    meant = {
        p.place.rpartition(".")[0] + "." + p.mend.removeprefix("did you mean ").removesuffix("?")
        for p in problems
        if p.code == "key-unknown"
    }
    return [p for p in problems if p.code != "key-missing" or p.place not in meant]


def _translate(
    error: ErrorDetails, model: type[BaseModel], tree: Node, above: Path
) -> Iterator[Problem]:
    path, missing = _path(error, tree, above)
    context = error.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, Mistakes):
        for at, mistake in cause.items:
            yield problem_of(mistake, tree, (*path, *(parse_path(at) or ())))
        return
    if isinstance(cause, Mistake):
        yield problem_of(cause, tree, path)
        return
    annotation = _annotation_at(model, path[len(above) :])
    if "[key]" in error["loc"]:
        annotation = _keys_at(model, path[len(above) : -1])
    if missing:
        yield problem_of(_missing(missing, path, model, annotation), tree, path[:-1], (*path,))
    elif error["type"] == "extra_forbidden":
        yield problem_of(_unknown_key(path, model, above), tree, path)
    else:
        yield problem_of(_wrong(error, annotation), tree, path)


def problem_of(mistake: Mistake, tree: Node, path: Path, named: Path | None = None) -> Problem:
    """A mistake with its place.

    Args:
        mistake: what is wrong.
        tree: the whole plan as written.
        path: of the place whose line is shown.
        named: path that is named, where another (something missing below ``path``).
    """
    return Problem(
        where=locate(tree, path),
        place=place_of(named or path),
        code=mistake.code,
        found=mistake.found,
        expected=mistake.expected,
        mend=mistake.mend,
    )


def _path(error: ErrorDetails, tree: Node, above: Path) -> tuple[Path, str]:
    """The path of an error in the plan, and the name of the field if it is missing.

    pydantic puts names of union members between the steps; those lead nowhere in the tree and are
    left out.
    """
    node = _node_at(tree, above)
    path = above
    steps = list(error["loc"])
    missing = ""
    if error["type"] == "missing" and steps:
        missing = str(steps.pop())
    for index, step in enumerate(steps):
        if step == "[key]" or node is None:
            continue
        below = child(node, step)
        if below is None and isinstance(node, Map) and isinstance(step, int):
            continue
        if below is None:
            last = index == len(steps) - 1 and not missing
            if last and isinstance(node, Map) and _is_key(str(step)):
                path = (*path, step)
            continue
        path, node = (*path, step), below
    return ((*path, missing), missing) if missing else (path, "")


def _is_key(step: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", step) is not None


def _node_at(tree: Node, path: Path) -> Node | None:
    node: Node | None = tree
    for step in path:
        node = child(node, step) if node is not None else None
    return node


def _annotation_at(annotation: Any, path: Path) -> Any:
    """What the schema says about a place below a model; ``object`` where it says nothing."""
    for step in path:
        annotation = _below(annotation, step)
    return annotation


def _below(annotation: Any, step: str | int) -> Any:
    for option in options(annotation):
        bare = get_args(option)[0] if get_origin(option) is Annotated else option
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            info = bare.model_fields.get(str(step))
            if info is not None:
                return annotation_of(info)
        arguments = [a for a in get_args(bare) if a is not Ellipsis]
        if get_origin(bare) in (dict, Mapping) and len(arguments) == 2:
            return arguments[1]
        if isinstance(step, int) and get_origin(bare) in (list, tuple) and arguments:
            return arguments[0]
    return object


def _keys_at(model: type[BaseModel], path: Path) -> Any:
    """What the schema says about the keys of a mapping."""
    for option in options(_annotation_at(model, path)):
        bare = get_args(option)[0] if get_origin(option) is Annotated else option
        if get_origin(bare) in (dict, Mapping):
            return get_args(bare)[0]
    return object


def _missing(name: str, path: Path, model: type[BaseModel], annotation: Any) -> Mistake:
    example = example_of(annotation)
    return Mistake(
        code="key-missing",
        found=f"no {quoted(name)}",
        expected=words(annotation) if annotation is not object else f"the key {name}",
        mend=f"add {name}: {example}" if example else f"add {name}: and its value",
    )


def example_of(annotation: Any) -> str:
    """A spelling that a field accepts; empty where there is none to give."""
    for option in options(annotation):
        for extra in getattr(option, "__metadata__", ()):
            if isinstance(extra, Unit):
                return extra.example
        bare = get_args(option)[0] if get_origin(option) is Annotated else option
        if get_origin(bare) in (list, tuple, dict, Union):
            return "" if get_origin(bare) is dict else "[...]"
        if getattr(bare, "__name__", "") == "When":
            return "2026-07"
        if getattr(bare, "__name__", "") == "FloatingRate":
            return "SOFR + 250 bp"
        choices = get_args(bare)
        if choices and all(isinstance(choice, str) for choice in choices):
            return str(choices[0])
    return ""


def _unknown_key(path: Path, model: type[BaseModel], above: Path) -> Mistake:
    name = str(path[-1])
    holder = _annotation_at(model, path[len(above) : -1])
    known = _keys(holder)
    close = nearest(name, known)
    mend = f"did you mean {close}?" if close else "delete it"
    mend = quotes_hint(name) or mend
    return Mistake(
        code="key-unknown",
        found=f"the key {quoted(name)}",
        expected="one of " + ", ".join(known) if known else "no such key",
        mend=mend,
    )


def _keys(holder: Any) -> tuple[str, ...]:
    for option in options(holder):
        bare = get_args(option)[0] if get_origin(option) is Annotated else option
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            return tuple(row.name for row in fields(bare))
    return ()


def _wrong(error: ErrorDetails, annotation: Any) -> Mistake:
    """A value that does not fit its field."""
    kind, context, given = error["type"], error.get("ctx", {}), error["input"]
    if kind in ("literal_error", "enum"):
        return _choice(given, annotation, context)
    expected = words(annotation) if annotation is not object else _in_words(error["msg"])
    if given is None:
        example = example_of(annotation)
        return Mistake(
            code="value-missing",
            found="nothing after the colon",
            expected=expected,
            mend=f"write for example {example}" if example else "write a value, or delete the key",
        )
    for pattern, code, mend in _FORMS:
        if re.match(pattern, kind):
            asked = mend.replace("{min_length}", str(context.get("min_length", 1)))
            return Mistake(code=code, found=quoted(given), expected=expected, mend=asked)
    limit = _limit(context)
    return Mistake(
        code="value-form",
        found=quoted(given),
        expected=f"{expected} ({limit})" if limit else f"{expected}: {_in_words(error['msg'])}",
        mend="change it to fit",
    )


_FORMS: tuple[tuple[str, str, str], ...] = (
    (r"list_|tuple_|set_", "value-form", "write a list: [..., ...], or one entry per line after -"),
    (r"dict_|model_|mapping_", "value-form", "write {key: value}, or indented lines of key: value"),
    (r"bool_", "value-form", "write true or false"),
    (r"int_", "value-form", "write a whole number without a unit"),
    (r"float_", "value-form", "write a number without a unit"),
    (r"string_type", "value-form", "write a text, in quotes if need be"),
    (r"too_short|string_too_short", "value-short", "write at least {min_length}"),
    (r"too_long|string_too_long", "value-long", "shorten it"),
)  # fmt: skip


def _choice(given: object, annotation: Any, context: Mapping[str, Any]) -> Mistake:
    choices = [
        str(choice)
        for option in options(annotation)
        if get_origin(option) is Literal
        for choice in get_args(option)
    ] or re.findall(r"'([^']+)'", str(context.get("expected", "")))
    close = nearest(str(given), choices) if given is not None else None
    return Mistake(
        code="choice-unknown",
        found=quoted(given) if given is not None else "nothing after the colon",
        expected="one of " + ", ".join(choices) if len(choices) != 1 else choices[0],
        mend=f"did you mean {close}?" if close else f"write {choices[0]}, for example",
    )


_LIMITS = {
    "ge": "at least", "gt": "above", "le": "at most", "lt": "below",
    "min_length": "length at least", "max_length": "length at most", "pattern": "of the form",
    "multiple_of": "a multiple of",
}  # fmt: skip


def _limit(context: Mapping[str, Any]) -> str:
    return ", ".join(f"{text} {context[key]}" for key, text in _LIMITS.items() if key in context)


def _in_words(message: str) -> str:
    """What pydantic says, without its own vocabulary; the last resort."""
    message = re.sub(r"^(Value error|Assertion failed), ", "", message)
    return re.sub(r"^Input should be ", "", message).strip().rstrip(".") or "another value"


def form_problem(node: Node, tree: Node, path: Path, expected: str, mend: str) -> Problem:
    """A mapping was expected and something else stands there."""
    if isinstance(node, Leaf):
        found = quoted(node.text) if node.text is not None else "nothing after the colon"
    else:
        found = f"a list of {len(node.items)}" if isinstance(node, Items) else "a mapping"
    mistake = Mistake(code="value-form", found=found, expected=expected, mend=mend)
    return problem_of(mistake, tree, path)
