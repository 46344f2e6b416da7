"""Whatever is in the file, reading it gives a plan or its errors, and never anything else."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offtake.core.errors import PlanErrors, render
from offtake.plan.load import load
from tests.plan.plans import GOOD, KINDS, check

TOKENS = re.findall(r"\n *|[A-Za-z_][A-Za-z0-9_]*|[0-9.]+|[^\sA-Za-z0-9]| +", GOOD)
ODD = """
null;~;true;[];{};'';"";'x';nan;.inf;1e400;-1;0;2026-13;2026-02-30;!!int;&a;*a;<<;|;>;---;...
\t;\\;\0;\x7f;\u2028;é;%;@;`;#;? ;: ;- ;normal(1, 2) USD;[[[[;{{{{;1 to;to 1;USD/USD;%/%;k;M M
quantiles(5 %: 1, 95 %: 2);1 USD/0;1-1 USD;value;source;formula;process;drivers.SOFR;- - -
"""
WORDS = sorted({*TOKENS, *ODD.replace("\n", ";").split(";")})

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["delete", "insert", "replace", "repeat", "swap", "cut"]),
        st.integers(0, len(TOKENS) - 1),
        st.sampled_from(WORDS),
    ),
    min_size=1,
    max_size=6,
)


def edited(edits: list[tuple[str, int, str]]) -> str:
    """The good plan after some edits of its tokens."""
    tokens = list(TOKENS)
    for how, at, word in edits:
        at = min(at, len(tokens) - 1)
        if how == "delete":
            del tokens[at]
        elif how == "insert":
            tokens.insert(at, word)
        elif how == "replace":
            tokens[at] = word
        elif how == "repeat":
            tokens[at:at] = tokens[at : at + 12]
        elif how == "swap":
            tokens[at], tokens[-at] = tokens[-at], tokens[at]
        elif how == "cut" and at > len(tokens) // 2:
            del tokens[at:]
    return "".join(tokens)


def assert_told(text: str, *overrides: str) -> None:
    """Reading gives a plan, or errors that are complete and fit the screen."""
    try:
        checked = check(text, *overrides)
        problems = checked.problems
        assert (checked.plan is None) == bool(checked.errors)
    except PlanErrors as errors:
        problems = errors.problems
    assert len(render(problems)) > 0
    for problem in problems:
        assert all((problem.found, problem.expected, problem.mend, problem.code))
        assert all(len(line) <= 100 for line in problem.render().split("\n"))
        assert "pydantic" not in problem.render()


@settings(max_examples=80, deadline=None)
@given(EDITS)
def test_a_plan_with_edited_tokens(edits: list[tuple[str, int, str]]) -> None:
    assert_told(edited(edits))


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(WORDS),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=3),
    ),
    max_leaves=8,
)
VALUES = re.compile(r"^( *)([\w]+):( .*)?$", re.MULTILINE)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(VALUES.findall(GOOD)) - 1), TREES)
def test_a_plan_with_something_else_in_one_place(index: int, tree: object) -> None:
    match = list(VALUES.finditer(GOOD))[index]
    value = json.dumps(tree)
    assert_told(GOOD[: match.start()] + f"{match[1]}{match[2]}: {value}" + GOOD[match.end() :])


PLACES = st.one_of(
    st.sampled_from(
        [
            "sites.hall.phases[0].energise",
            "sites.hall.phases[2]",
            "sites.hall",
            "sites",
            "plan",
            "plan.name",
            "x",
            "a.b.c",
            "contracts.loan",
            "contracts.loan.funds[0]",
            "drivers.SOFR.2027",
            "drivers.SOFR",
            "parties.bank.role",
            "[0]",
            ".",
            "chips.b200_2026.price.value",
            "stacks.all_equity",
            "scenarios.late",
            "cases.lender.merchant",
            "plan.name.x",
        ]
    ),
    st.text(alphabet="abc.[]0129_ -", max_size=12),
)


@settings(max_examples=80, deadline=None)
@given(
    PLACES,
    st.one_of(st.sampled_from(WORDS), st.text(max_size=12)),
    st.sampled_from(["=", "", "=="]),
)
def test_any_override(place: str, value: str, equals: str) -> None:
    assert_told(GOOD, f"{place}{equals}{value}")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    assert_told(text)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200))
def test_any_bytes(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "plan.yaml"
    file.write_bytes(raw)
    with contextlib.suppress(PlanErrors):
        load(file, kinds=KINDS)


HOSTILE = {
    "brackets": "[" * 5000,
    "braces": "{" * 5000,
    "keys": "a: " * 5000,
    "dashes": "- " * 5000,
    "indent": "a:\n" + " " * 5000 + "b: 1",
    "depth": "\n".join(" " * i + f"k{i}:" for i in range(400)),
    "quotes": "'" * 5000,
    "long": "a: " + "x" * 200_000,
    "alias of itself": "a: &x [*x, *x]",
    "alias in itself": "a: &x {b: *x}",
    "keys of keys": "? ? ? a",
    "code": "!!python/object:os.system x",
    "version": "%YAML 9.9\n--- a",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files(text: str) -> None:
    assert_told(text)
    assert_told(GOOD + text)
