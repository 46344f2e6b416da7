"""A term sheet says what the plan says, and its table is the note's own recursion."""

import pytest

from offtake.plan.load import check_text
from offtake.reports.termsheet import NotANoteError, clauses, due_by_year, term_sheet

PLAN = """
plan: {name: Termed, start: 2026-01, horizon: 2 years, discount_rate: 6 %/year}
parties: {owner: {kind: internal, cash: 9 M USD}, holder: {kind: external, role: lab}}
sites: {hall: {owner: owner, phases: [{power: 2 MW, energise: 2026-01}]}}
contracts:
  note: {kind: compute_note, holder: holder, issuer: owner, site: hall, amount: 4000 USD,
         rate: 12 %/year, term: 6 months, schedule: 1 H100e, settlement: 2 USD/H100e/h,
         index: 2.5 USD/H100e/h, cap: 3 USD/H100e/h, bank: 2 months, trap_coverage: 0.8}
  gift: {kind: other_business, party: owner, rest: holder, inflow: 1 USD/year}
"""


def plan():
    checked = check_text(PLAN)
    assert checked.plan is not None, checked.problems
    return checked.plan


def test_the_table_is_the_example_of_the_docs():
    """4,000 at 1 % a month: 744, 672 and 622.93 hours at 2 USD each."""
    terms = plan().contracts["note"]
    (year,) = due_by_year(plan(), terms)
    assert year.hours == pytest.approx(744 + 672 + 622.9276)
    assert year.credited == pytest.approx(4000 + 40 + 25.52 + 12.3352)
    assert year.balance == pytest.approx(0, abs=1e-9)


def test_clauses_that_are_not_in_the_note_are_not_said():
    said = dict(clauses(plan(), "note", plan().contracts["note"]))
    assert {"Above the cap", "Bank"} <= set(said)
    assert not {"Underwriter", "Substitute"} & set(said)
    assert "12 % a year" in said["Balance"]
    assert "coverage is below 0.8" in said["Triggers"]
    assert "at most 2 months" in said["Bank"]


def test_a_substitute_is_said():
    terms = plan().contracts["note"].model_copy(update={"substitute": "shed"})
    said = dict(clauses(plan(), "note", terms))
    assert "hall does not deliver come from shed" in said["Substitute"]
    assert "at most 100 % of its hours" in said["Substitute"]
    assert "not delivered by hall or shed" in said["Not delivered"]


def test_only_notes_have_a_term_sheet():
    with pytest.raises(NotANoteError, match="notes: note"):
        term_sheet(plan(), "gift")
