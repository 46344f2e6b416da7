"""What is said of a compute note behind what it cannot stand behind, or with no true substitute."""

from __future__ import annotations

import pytest

from offtake.plan.load import check_text as check

PLAN = """
plan: {name: x, start: 2026-01, horizon: 5 years, discount_rate: 5 %/year}
parties:
  owner:  {kind: internal, cash: 1 M USD}
  holder: {kind: internal, cash: 9 M USD}
  agent:  {kind: external, role: supplier}
sites:
  hall: {owner: owner, phases: [{power: 2 MW, energise: 2026-01}]}
  shed: {owner: owner, phases: [{power: 2 MW, energise: 2026-01}]}
contracts:
  wages: {kind: operating_cost, payer: owner, payee: agent, amount: 1 USD/year}
  first: {kind: compute_note, holder: holder, issuer: owner, site: hall, amount: 1 M USD,
          rate: 9 %/year, term: 2 years, schedule: 10 H100e, settlement: 2 USD/H100e/h,
          index: 2 USD/H100e/h, behind: []}
  then:  {kind: compute_note, holder: holder, issuer: owner, site: hall, amount: 1 M USD,
          rate: 9 %/year, term: 2 years, schedule: 10 H100e, settlement: 2 USD/H100e/h,
          index: 2 USD/H100e/h, behind: [first]}
  there: {kind: compute_note, holder: holder, issuer: owner, site: shed, amount: 1 M USD,
          rate: 9 %/year, term: 2 years, schedule: 10 H100e, settlement: 2 USD/H100e/h,
          index: 2 USD/H100e/h}
"""


def test_the_plan_is_right():
    assert not check(PLAN).errors


@pytest.mark.parametrize(
    ("senior", "found"),
    [("wages", "no compute note"), ("there", "a note on shed")],
)
def test_seniors_are_notes_of_the_site(senior: str, found: str):
    (error,) = check(PLAN.replace("[first]", f"[{senior}]")).errors
    assert (error.place, error.code) == ("contracts.then.behind[0]", "note-behind")
    assert found in error.found


def test_seniority_does_not_lead_back():
    errors = check(PLAN.replace("behind: []", "behind: [then]")).errors
    assert [(e.place, e.code) for e in errors] == [
        ("contracts.first.behind[0]", "note-behind"),
        ("contracts.then.behind[0]", "note-behind"),
    ]


LET = """
  lease: {kind: site_lease, landlord: owner, tenant: holder, site: shed, rent: 1 USD/year,
          term: 2 years}
  hours: {kind: spot_sale, seller: owner, buyer: agent, site: shed,
          price: 2 USD/H100e/h}
"""


@pytest.mark.parametrize(
    ("substitute", "also", "found"),
    [
        ("shed", "", None),
        ("hall", "", "the note's own site"),
        ("mine", "", "of holder"),
        # Let to somebody else; let in part; let, with hours that the issuer sells all the same.
        ("shed", LET.split("  hours:")[0], "of holder"),
        ("shed", LET.split("  hours:")[0].replace("rent:", "phases: [0], rent:"), None),
        ("shed", LET, None),
    ],
)
def test_substitutes_are_other_sites_of_the_issuer(substitute: str, also: str, found: str | None):
    plan = PLAN.replace(
        "sites:", "sites:\n  mine: {owner: holder, phases: [{power: 2 MW, energise: 2026-01}]}"
    ).replace("behind: []", f"substitute: {substitute}")
    errors = check(plan + also).errors
    assert [(e.place, e.code) for e in errors] == (
        [("contracts.first.substitute", "note-substitute")] if found else []
    )
    assert all(found in e.found for e in errors if found)
