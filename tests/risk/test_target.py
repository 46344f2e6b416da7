"""What reverse stress is asked for, and what is said where it cannot be read."""

import pytest

from offtake.core.errors import PlanErrors
from offtake.risk.target import read_target

PARTIES, FACILITIES = ("lab", "oracle"), ("loan",)


@pytest.mark.parametrize(
    ("text", "what", "who", "level"),
    [
        ("oracle defaults in 20 % of futures", "pd", "oracle", 0.2),
        ("oracle defaults in 20 %", "pd", "oracle", 0.2),
        ("  loan  defaults in 5% of futures ", "pd", "loan", 0.05),
        ("pd of loan above 10 %", "pd", "loan", 0.1),
        ("el_usd of loan above 50 M USD", "el_usd", "loan", 50e6),
        ("el_usd of lab above 1.5 bn USD", "el_usd", "lab", 1.5e9),
        ("facilities.loan.el_usd above 50 M USD", "el_usd", "loan", 50e6),
        ("parties.oracle.pd above 10 %", "pd", "oracle", 0.1),
    ],
)
def test_forms(text: str, what: str, who: str, level: float):
    found = read_target(text, PARTIES, FACILITIES)
    assert (found.what, found.who) == (what, who)
    assert found.level == pytest.approx(level)


def test_a_party_and_a_facility_of_one_name_are_told_apart():
    both = ("loan",)
    assert read_target("facilities.loan.pd above 10 %", both, both).facility
    assert not read_target("parties.loan.pd above 10 %", both, both).facility


@pytest.mark.parametrize(
    ("text", "code", "mend"),
    [
        ("oracle fails", "target-form", "one of these forms"),
        ("", "target-form", "one of these forms"),
        ("orakle defaults in 20 % of futures", "target-outcome", "did you mean pd of oracle?"),
        ("lgd of loan above 20 %", "target-outcome", "did you mean pd of loan?"),
        ("el_used of loan above 5 M USD", "target-outcome", "did you mean el_usd of loan?"),
        ("facilities.lone.pd above 5 %", "target-outcome", "did you mean facilities.loan.pd"),
        ("el_usd of loan above 50 %", "target-level", "USD"),
        ("el_usd of loan above 1 to 2 M USD", "target-level", "50 M USD"),
        ("lab defaults in 120 % of futures", "target-level", "20 %"),
        ("lab defaults in 0 % of futures", "target-level", "20 %"),
        ("lab defaults in some of futures", "target-level", ""),
    ],
)
def test_mistakes(text: str, code: str, mend: str):
    with pytest.raises(PlanErrors) as caught:
        read_target(text, PARTIES, FACILITIES)
    [problem] = caught.value.problems
    assert problem.code == code
    assert mend in problem.mend
    assert problem.where.file.startswith("--reverse")
