"""Changes to the text of a plan: what is said changes at one place, and nothing else does."""

import difflib
import random
from pathlib import Path

import pytest

from offtake.core.errors import Mistake
from offtake.plan import source
from offtake.plan.edit import changed
from offtake.plan.spans import spans
from offtake.plan.tree import Leaf, Map, Node, place_of, plain
from offtake.plan.tree import Path as Place
from tests.plan_files import FILES, text_of

FEW = ("one-hall", "circular", "abilene")
TEXT = """\
# a comment that stays
parties:
  bank: {kind: external, role: lender}   # the lender
  neocloud:
    kind: internal
    cash: 40 M USD # at the start
  empty:
chips:
  b200:
    price: {value: 42k to 50k USD, source: "a, b"}
    units: 7000
contracts:
  order: {funds: [a, b], share: 80 %,}
  loan:
    about: >-
      Two lines
      of text.
    rate: SOFR + 450 bp
"""


def leaves(node: Node, path: Place = ()) -> list[tuple[Place, str]]:
    if isinstance(node, Leaf):
        return [(path, node.text)] if node.text is not None else []
    entries = node.entries.items() if isinstance(node, Map) else enumerate(node.items)
    return [leaf for step, below in entries for leaf in leaves(below, (*path, step))]


def lines_changed(before: str, after: str) -> tuple[list[str], list[str]]:
    diff = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [d[2:] for d in diff if d[:2] == "- "], [d[2:] for d in diff if d[:2] == "+ "]


@pytest.mark.parametrize(
    ("place", "value", "gone", "new"),
    [
        (
            "parties.neocloud.cash",
            "50 M USD",
            ["    cash: 40 M USD # at the start"],
            ["    cash: 50 M USD # at the start"],
        ),
        (
            "parties.bank.role",
            "equity",
            ["  bank: {kind: external, role: lender}   # the lender"],
            ["  bank: {kind: external, role: equity}   # the lender"],
        ),
        (
            "parties.bank.about",
            "a, b: c",
            ["  bank: {kind: external, role: lender}   # the lender"],
            ['  bank: {kind: external, role: lender, about: "a, b: c"}   # the lender'],
        ),
        ("parties.neocloud.minimum_cash", "5 M USD", [], ["    minimum_cash: 5 M USD"]),
        (
            "chips.b200.price",
            "40k USD",
            ['    price: {value: 42k to 50k USD, source: "a, b"}'],
            ['    price: {value: 40k USD, source: "a, b"}'],
        ),
        (
            "chips.b200.price.date",
            "2026-01",
            ['    price: {value: 42k to 50k USD, source: "a, b"}'],
            ['    price: {value: 42k to 50k USD, source: "a, b", date: 2026-01}'],
        ),
        (
            "chips.b200.units.source",
            "the order",
            ["    units: 7000"],
            ["    units: {value: 7000, source: the order}"],
        ),
        ("contracts.order.funds", "[a, c]", None, None),
        ("contracts.order.term", "4 years", None, None),
        ("parties.empty.kind", "external", ["  empty:"], ["  empty: {kind: external}"]),
        ("parties.neocloud.credit.rating", "BBB", [], ["    credit: {rating: BBB}"]),
        ("contracts.loan.about", "One line.", None, None),
        ("contracts.order.share", None, None, None),
        ("contracts.loan.about", None, None, None),
        ("parties.neocloud.kind", None, ["    kind: internal"], []),
        ("chips.b200.price.source", None, None, None),
    ],
)
def test_changes_by_hand(place: str, value: str | None, gone: list[str], new: list[str]):
    made = changed(TEXT, place, value)
    if gone is not None:
        assert lines_changed(TEXT, made) == (gone, new)
    assert "# a comment that stays" in made
    tree = source.parse(made, "x")[0]
    assert source.parse(made, "x")[1] == []
    assert isinstance(tree, Map)


@pytest.mark.parametrize("place", ["parties.bank.role[0]", "nowhere[0]", "", "parties.bank.kind.x"])
def test_places_that_cannot_be_written(place: str):
    with pytest.raises(Mistake, match="in the YAML"):
        changed(TEXT, place, "x")


@pytest.mark.parametrize("value", ["{a: ", "[b", "{a: 1}\n  c: 2", "[a]\nmore: 1"])
def test_values_that_would_change_more_are_refused(value: str):
    with pytest.raises(Mistake):
        changed(TEXT, "parties.neocloud.cash", value)


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_every_value_is_where_its_span_says(file: Path):
    text = file.read_text("utf-8")
    tree, where = source.parse(text, "x")[0], spans(text)
    for path, written in leaves(tree):
        piece = text[where[path].start : where[path].end]
        said = source.parse(f"- {piece}" if "\n" not in piece else f"-\n  {piece}", "x")[0]
        assert " ".join(str(plain(said)[0]).split()) == " ".join(written.split()), path


@pytest.mark.parametrize("name", FEW)
def test_written_as_it_stands_nothing_changes_and_another_value_changes_its_own_lines(name: str):
    text = text_of(name)
    tree = source.parse(text, "x")[0]
    found = [leaf for leaf in leaves(tree) if leaf[0][0] not in ("scenarios", "stacks")]
    some = random.Random(1).sample(found, 6)
    for path, written in some:
        if "\n" in written or place_of(path).count(".") != len(path) - 1:
            continue
        same = changed(text, place_of(path), written)
        assert plain(source.parse(same, "x")[0]) == plain(tree), path
        made = changed(text, place_of(path), "another value")
        gone, new = lines_changed(text, made)
        assert len(new) == 1, path
        assert len(gone) >= 1
