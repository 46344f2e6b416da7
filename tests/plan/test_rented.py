"""What is checked of bonds, their accounts and leases that may be renewed."""

from pathlib import Path

import pytest

from offtake.plan.load import check, check_text
from tests.reference.campus import RENTED


def codes(text: str) -> list[tuple[str, str]]:
    return [(p.code, p.place) for p in check_text(text).problems]


def test_reads_without_a_complaint():
    """A schedule of payments that begins after the plan is no series that begins late."""
    assert codes(RENTED) == []


@pytest.mark.parametrize(("renewals", "found"), [("4", []), ("5", ["contracts.lease.term"])])
def test_renewals_end_within_the_plan(renewals: str, found: list[str]):
    """30 months from April 2027, four renewals of 24 to October 2037, or a fifth beyond."""
    text = RENTED.replace("horizon: 9 years", "horizon: 12 years")
    text = text.replace("term: 30 months, renewals: 2", f"term: 30 months, renewals: {renewals}")
    assert [place for code, place in codes(text) if code == "horizon-short"] == found


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("site: park, until: 2029-01}", "}", "closed-when"),
        ("owner: venture, lease: lease,", "owner: venture,", "called-when"),
        ("amortisation: scheduled, ", "", "schedule-form"),
    ],
)
def test_what_an_instrument_needs(old: str, new: str, code: str):
    assert code in [found for found, _ in codes(RENTED.replace(old, new))]


def test_plans_hyperion_is_an_illustration():
    """It names companies."""
    folder = Path(__file__).resolve().parents[2] / "plans" / "hyperion"
    assert check(folder).unsourced == ()
    for file in ("plan.yaml", "README.md"):
        text = " ".join(
            (folder / file).read_text("utf-8").replace("*", "").replace("#", "").split()
        )
        for words in (
            "illustration from public reports",
            "not advice",
            "not a forecast of any company",
        ):
            assert words in text
