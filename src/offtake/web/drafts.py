"""What is done to a plan that is being written, in a process of its own: check, show, change.

Functions of (told, ...) that give plain data (`web.child`). What was read before is remembered
there, so that a check while somebody types is quick.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from offtake.core.errors import Mistake, PlanErrors
from offtake.core.names import NAME, suggestion
from offtake.plan.drafting import Drafting
from offtake.plan.edit import changed
from offtake.plan.form import fields_of, kinds, new_contract, outline
from offtake.plan.tree import locate, parse_path
from offtake.web.child import Failure, Told, Why

PLAN = "plan"
REFUSED: Why = "refused"
_DRAFT = Drafting()


def check(told: Told, *, text: str, whole: bool) -> dict[str, Any]:
    """What `offtake check` says of a text.

    Args:
        told: not needed.
        text: of the plan.
        whole: whether to try scenarios and stacks too, which takes longer.
    """
    del told
    try:
        found = _DRAFT.check(text, PLAN, diffs=whole)
    except PlanErrors as wrong:
        problems = [problem.to_json() for problem in wrong.problems]
        return {"valid": False, "readable": False, "problems": problems, "unsourced": None}
    return {
        "valid": found.plan is not None,
        "readable": True,
        "problems": [problem.to_json() for problem in found.problems],
        "unsourced": len(found.unsourced) if found.plan is not None else None,
    }


def form(told: Told, *, text: str, place: str) -> dict[str, Any]:
    """The outline of a plan, and the fields of one of its items; of its first where it has none."""
    del told
    tree, _ = _DRAFT.parse(text)
    found = outline(tree)
    items = [item for _, _, items in found.sections for item in items]
    known = {item.place for item in items}
    chosen = place if place in known else items[0].place if items else ""
    return {
        "sections": [
            {"key": key, "title": title, "items": [asdict(item) for item in items]}
            for key, title, items in found.sections
        ],
        "place": chosen,
        "fields": [_plain(part) for part in fields_of(tree, chosen)] if chosen else [],
        "kinds": list(kinds()),
    }


def _plain(part: Any) -> dict[str, Any]:
    """A field as plain data, with what its page asks of it."""
    found = asdict(part)
    found["sourceable"] = part.sourceable
    found["parts"] = [_plain(inner) for inner in part.parts]
    return found


def change(told: Told, *, text: str, place: str, value: str | None) -> dict[str, Any]:
    """The text with one place written anew.

    Raises:
        Failure: it cannot be written there.
    """
    del told
    try:
        made = changed(text, place, value, _DRAFT.parse)
    except Mistake as wrong:
        said = f"{place}: found {wrong.found}; expected {wrong.expected}; {wrong.mend}"
        raise Failure(REFUSED, said) from None
    return {"text": made, "line": _line(made, place)}


def add(told: Told, *, text: str, kind: str, name: str) -> dict[str, Any]:
    """The text with one more contract.

    Raises:
        Failure: there is no such kind, the name is none, or it is taken.
    """
    del told
    if not NAME.match(name):
        raise Failure(REFUSED, "a name is a letter, then letters, digits, _ or -")
    if kind not in kinds():
        said = suggestion(kind, kinds(), otherwise="there are none")
        raise Failure(REFUSED, f"there is no kind of contract {kind!r}: {said}")
    try:
        made = new_contract(text, kind, name)
    except ValueError as wrong:
        raise Failure(REFUSED, str(wrong.args[0])) from None
    place = f"contracts.{name}"
    return {"text": made, "line": _line(made, place), "place": place}


def _line(text: str, place: str) -> int | None:
    tree, _ = _DRAFT.parse(text)
    return locate(tree, parse_path(place) or ()).line
