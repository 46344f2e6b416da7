"""The plans that ship: they read without a complaint, their numbers have sources, they lower."""

import json
import re

import pytest

from offtake.lowering.lower import lower
from offtake.plan.load import check, load
from offtake.plan.schema import Plan
from offtake.run.structuring import structure
from tests.plan_files import FILES, PLANS

DISCLAIMER = ("illustration from public reports", "not advice", "not a forecast of any company")


every_plan = pytest.mark.parametrize("name", FILES)


def flat(text: str) -> str:
    """A text on one line, in lower case, without marks of emphasis or comment."""
    return re.sub(r"[\s#*]+", " ", text).lower()


@every_plan
def test_reads_without_a_complaint(name: str) -> None:
    """No errors and no warnings, the scenarios included: a plan that ships is an example."""
    assert [str(problem) for problem in check(PLANS / name).problems] == []


@every_plan
def test_every_scenario_reads(name: str) -> None:
    """Each by itself."""
    for scenario in load(PLANS / name).scenarios:
        load(PLANS / name, scenario=scenario)


@every_plan
def test_has_a_readme(name: str) -> None:
    """Which says what the plan is."""
    assert (PLANS / name / "README.md").read_text("utf-8").startswith("# ")


@every_plan
def test_lowers(name: str) -> None:
    """To a program with claims."""
    assert lower(structure(load(PLANS / name)).plan).labels.claims


@pytest.fixture(name="plan")
def abilene() -> Plan:
    """The plan of Abilene, as loaded."""
    return load(PLANS / "abilene")


class TestAbilene:
    """The plan that names companies is held to more."""

    def test_every_number_says_where_it_comes_from(self) -> None:
        """A source, or that it is an assumption."""
        assert check(PLANS / "abilene").unsourced == ()

    def test_an_assumption_has_its_reason(self, plan: Plan) -> None:
        """In its note."""
        without = [
            place
            for place, number in plan.numbers()
            if number.source is not None
            and number.source.confidence == "assumption"
            and not number.source.note
        ]
        assert without == []

    def test_what_is_no_assumption_names_its_source(self, plan: Plan) -> None:
        """A publication; a derived number may state its arithmetic in place of it."""
        without = [
            place
            for place, number in plan.numbers()
            if number.source is not None
            and number.source.confidence != "assumption"
            and number.source.source is None
            and not (number.source.confidence == "derived" and number.source.note)
        ]
        assert without == []

    @pytest.mark.parametrize("file", ["plan.yaml", "README.md"])
    def test_says_what_it_is_not(self, file: str) -> None:
        """Where companies are named, so is the limit of what is said about them."""
        text = flat((PLANS / "abilene" / file).read_text("utf-8"))
        assert [words for words in DISCLAIMER if words not in text] == []

    def test_campus_is_the_one_reported(self, plan: Plan) -> None:
        """Eight buildings, 1,180 MW of facility, 1.02 million H100e, 40 bn USD of chips."""
        phases = plan.sites["abilene"].phases
        facility = sum(phase.power.value * phase.pue.value for phase in phases)
        chips = sum(cohort.units.value for cohort in plan.chips.values())
        bill = sum(cohort.units.value * cohort.price.value for cohort in plan.chips.values())
        assert len(phases) == 8
        assert facility == pytest.approx(1180, rel=0.002)
        assert chips * 5000 / 1979 == pytest.approx(1_018_696, rel=0.002)
        assert bill == pytest.approx(40e9, rel=0.002)

    def test_expected_results_have_reasons(self) -> None:
        """Each with a value, a tolerance and why."""
        rows = json.loads((PLANS / "abilene" / "expected.json").read_text("utf-8"))
        for place, row in rows.items():
            assert set(row) == {"value", "tolerance", "why"}, place
            assert row["why"], place
