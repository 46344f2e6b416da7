"""What a user is told of a cost of design that is wrong."""

import pytest

from offtake.plan.load import check_text
from tests.run.small import TEXT

TEAM = "  team: {kind: operating_cost, payer: neocloud, payee: utility, amount: 1 USD/year, "
CASES = [
    ("designs: [b20]", "contracts.team.designs[0]", "name-unknown", "b200"),
    ("designs: b200", "contracts.team.designs", "value-form", "list"),
    ("instead_of: [b200]", "contracts.team", "cost-design", "add designs"),
    ("designs: [b200], instead_of: [b200]", "contracts.team", "cost-design", "take it out"),
    ("designs: [b200], site: hall", "contracts.team", "cost-design", "delete site"),
]


def with_team(fields: str) -> str:
    """The small plan with a team that is paid."""
    return TEXT.replace("contracts:\n", f"contracts:\n{TEAM}{fields}}}\n", 1)


def test_a_cost_of_design_reads():
    checked = check_text(with_team("designs: [b200]"))
    assert checked.errors == ()
    assert checked.plan is not None
    assert checked.plan.contracts["team"].designs == ("b200",)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("fields", "place", "code", "mend"), CASES)
def test_one_mistake_is_one_problem(fields: str, place: str, code: str, mend: str):
    (problem,) = check_text(with_team(fields)).errors
    assert (problem.place, problem.code) == (place, code), problem.render()
    assert mend in problem.mend
    assert all((problem.where.line, problem.found, problem.expected))
