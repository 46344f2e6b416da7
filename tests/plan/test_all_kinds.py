"""Every instrument there is: fields left out, misspelt or nonsense are told in plan words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from offtake.contracts import ALL
from offtake.core.terms import Terms, fields
from offtake.plan.load import check_text

ODD: tuple[Any, ...] = (None, "nonsense !", "-5", "5", "5 USD", "5 mw", [], ["a"], {}, {"a": "b"})
FOREIGN = (
    "pydantic",
    "Input should",
    "NoneType",
    "<class",
    "Unit(",
    "Ref(",
    "typing.",
    "should be",
)


def plan_with(contract: Any) -> str:
    """A plan of one contract; its names lead nowhere, which is not what is tested."""
    plan = {"name": "x", "start": "2026-01", "horizon": "40 years", "discount_rate": "9 %/year"}
    return json.dumps({"plan": plan, "parties": {}, "contracts": {"c": contract}})


def problems(contract: Any) -> list[Any]:
    """What is wrong with a contract, apart from names that lead nowhere."""
    checked = check_text(plan_with(contract))
    found = [p for p in checked.problems if p.code != "name-unknown"]
    for problem in found:
        text = problem.render()
        assert not any(word in text for word in FOREIGN), text
        assert all(len(line) <= 100 for line in text.split("\n"))
        assert all((problem.found, problem.expected, problem.mend))
    return found


def example(kind: Any) -> dict[str, Any]:
    """The example of a kind as it would be written."""
    terms: Terms = kind.example
    return terms.model_dump(exclude_unset=True)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.kind)
def test_the_example_is_right(kind: Any) -> None:
    assert [p for p in problems(example(kind)) if p.severity == "error"] == []


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.kind)
def test_fields_left_out_and_misspelt(kind: Any) -> None:
    for row in fields(kind.Terms):
        written = example(kind)
        if row.name == "kind":
            continue
        value = written.pop(row.name, "5")
        codes = {p.code: p for p in problems(written)}
        if row.required:
            assert codes["key-missing"].place == f"contracts.c.{row.name}"
        misspelt = {**written, row.name + "x": value}
        found = {p.code: p for p in problems(misspelt)}
        assert found["key-unknown"].place == f"contracts.c.{row.name}x"
        assert found["key-unknown"].mend == f"did you mean {row.name}?"
        assert "key-missing" not in found or not row.required


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.kind)
def test_nonsense_in_every_field(kind: Any) -> None:
    for row in fields(kind.Terms):
        for odd in ODD:
            problems({**example(kind), row.name: odd})


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.kind)
def test_every_field_is_described(kind: Any) -> None:
    for row in fields(kind.Terms):
        assert row.form
        assert not any(word in row.form for word in FOREIGN), row
        assert row.doc or row.name == "kind", f"{kind.kind}.{row.name} has no docstring"
