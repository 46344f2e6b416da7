"""A plan that is being written is checked as if it were read anew each time."""

import random
from pathlib import Path

import pytest

from offtake.core.errors import PlanErrors
from offtake.plan import source
from offtake.plan.drafting import Drafting, sections
from offtake.plan.load import check_text
from tests.plan_files import FILES, text_of


def told(check, text: str):
    try:
        found = check(text, "x.yaml")
    except PlanErrors as wrong:
        return [str(p) for p in wrong.problems]
    return [str(p) for p in found.problems], found.unsourced, found.plan is None


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_sections_are_read_as_the_whole_is(file: Path):
    text = file.read_text("utf-8")
    assert Drafting()._joined(text, "x") == source.parse(text, "x")[0]
    assert len(sections(text)) > 3


def mistyped(text: str, rng: random.Random) -> str:
    """What somebody may have typed: a character gone, twice, or another one."""
    at = rng.randrange(len(text))
    typed = rng.choice(["", text[at] * 2, "\n", ":", " ", "{", "'", "x", "- ", "#", "---\n"])
    return text[:at] + typed + text[at + 1 :]


def test_the_same_is_told_after_every_change():
    """One draft through many changes, each mended again, against a check from nothing."""
    rng, drafting = random.Random(7), Drafting()
    text = text_of("one-hall")
    for _ in range(25):
        changed = mistyped(text, rng)
        assert told(drafting.check, changed) == told(check_text, changed), changed
    assert told(drafting.check, text) == told(check_text, text)


def test_a_section_written_twice_is_told():
    text = "plan: {name: x}\nparties: {}\nplan: {name: y}\n"
    assert told(Drafting().check, text) == told(check_text, text)
    assert "key-twice" in str(told(check_text, text))


def test_scenarios_can_be_left_for_later():
    text = text_of("one-hall")
    wrong = text.replace("parties.tenant.credit.rating: B", "parties.tenant.credit.rating: Z9")
    assert wrong != text
    assert Drafting().check(wrong, diffs=False).plan is not None
    assert Drafting().check(wrong).plan is None
