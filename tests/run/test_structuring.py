"""Sized and sculpted debt: by hand where a closed form exists, and against what the run does."""

import numpy as np
import pytest

from offtake.core.arrays import jax
from offtake.core.errors import PlanErrors
from offtake.engine.simulate import Draws, simulate
from offtake.lowering.lower import lower
from offtake.plan.load import check_text
from offtake.run.draw import base_case
from offtake.run.structuring import structure

PLAN = """
plan: {name: Sized, start: 2026-01, horizon: 12 years, periods: years, discount_rate: 8 %/year}
parties:
  owner:    {kind: internal, role: operator}
  tenant:   {kind: external, role: customer}
  bank:     {kind: external, role: lender}
  builder:  {kind: external, role: supplier}
  fund:     {kind: external, role: equity}
  state:    {kind: external, role: public}
sites:
  hall:
    owner: owner
    phases: [{power: 10 MW, pue: 1.2, energise: 2027-01, build: 12 months}]
contracts:
  work:   {kind: construction_contract, owner: owner, contractor: builder, site: hall,
           per_mw: 10 M USD/MW}
  rent:   {kind: site_lease, landlord: owner, tenant: tenant, site: hall, rent: 20 M USD/year,
           term: 10 years, escalator: 2 %/year}
  tax:    {kind: income_tax, taxpayer: owner, government: state, rate: 21 %, life: 10 years}
  loan:   {kind: delayed_draw_loan, lender: bank, borrower: owner, amount: sized, funds: [work],
           rate: 7 %/year, availability: 1 year, capitalise_interest: true, term: 9 years,
           amortisation: sculpted, interest_every: 1 year, principal_every: 1 year,
           sizing: {dscr: 1.4, gearing: 90 %, llcr: {base: 1.1}, maximum: 500 M USD}}
  equity: {kind: common_equity, investor: fund, issuer: owner, commitment: sized, funds: [work]}
cases:
  weak: {contracted_only: false, changes: {contracts.rent.rent: 16 M USD/year}}
"""


def plan(*changes: str, text: str = PLAN):
    checked = check_text(text, overrides=changes)
    if checked.plan is None:
        raise PlanErrors(checked.problems)
    return checked.plan


def base_case_flows(plan) -> dict[str, np.ndarray]:
    """What loan publishes (`dscr`) and what is paid (`contract.line`) in the base case, [T]."""
    lowered = lower(plan, ("contracts.loan.*",))
    draws = Draws(*base_case(lowered, 1))
    run = jax.jit(lambda program, draws: simulate(program, lowered.shape, draws).months)
    months = run(lowered.program, draws)
    seen, paid = (np.asarray(x)[..., 0] for x in (months.observations, months.paid))
    names = enumerate(lowered.labels.observations)
    start = "contracts.loan."
    found = {x.removeprefix(start): seen[:, o] for o, x in names if x.startswith(start)}
    claims = enumerate(lowered.labels.claims)
    return found | {f"{x.contract}.{x.line}": paid[:, c] for c, x in claims}


@pytest.fixture(scope="module")
def made():
    return structure(plan())


@pytest.fixture(scope="module")
def base(made):
    return base_case_flows(made.plan)


def test_cover_is_exactly_what_was_asked_in_every_period(made, base):
    dscr = base["dscr"]
    served = dscr[dscr < 1e9]
    assert len(served) == 8
    # Each cover holds to the tolerance of the fixed point.
    np.testing.assert_allclose(served, 1.4, rtol=1e-9)
    balance = base["balance"]
    amount = made.structure.facilities[0].amount
    assert balance.max() == pytest.approx(amount, rel=1e-9)
    assert balance[-1] == pytest.approx(0.0, abs=1e-6)


def test_size_is_the_present_value_of_cash_after_the_tax_it_leaves(made, base):
    """Closed form of the size with the tax that the sized plan really pays."""
    rent, tax = base["rent.rent"][2:10], base["tax.tax"][2:10]
    np.testing.assert_allclose(rent, 20e6 * 1.02 ** np.arange(8.0), rtol=1e-12)
    assert tax.sum() > 10e6
    worth = ((rent - tax) / 1.4 / 1.07 ** np.arange(1, 9)).sum()
    # The fixed point is left when nothing moves by more than 1e-9.
    assert made.structure.facilities[0].amount == pytest.approx(worth, rel=3e-9)


def test_equity_is_what_debt_leaves(made):
    loan, equity = made.structure.facilities
    assert loan.amount + equity.amount == pytest.approx(100e6, rel=1e-9)
    assert equity.binding.limit == "uses"


def test_limits_are_told_and_the_least_binds(made):
    loan = made.structure.facilities[0]
    allows = {(x.limit, x.case): x.amount for x in loan.limits}
    assert loan.binding.limit == "dscr"
    assert loan.amount == min(allows.values())
    assert allows["gearing", ""] == pytest.approx(0.9 * 100e6, rel=1e-9)
    assert allows["maximum", ""] == 500e6


def test_a_weaker_case_and_another_limit_bind():
    weaker = structure(plan("contracts.loan.sizing.dscr={lender: 1.4, weak: 1.4}"))
    loan = weaker.structure.facilities[0]
    assert (loan.binding.limit, loan.binding.case) == ("dscr", "weak")
    less = structure(plan("contracts.loan.sizing.gearing=60 %")).structure.facilities[0]
    assert less.binding.limit == "gearing"
    assert less.amount == pytest.approx(60e6, rel=1e-9)


def test_a_scenario_does_not_size_again(made):
    text = PLAN + "scenarios:\n  poor: {contracts.rent.rent: 10 M USD/year}\n"
    checked = check_text(text, scenario="poor")
    assert checked.plan is not None
    under = structure(checked.plan)
    assert under.structure.facilities[0].amount == made.structure.facilities[0].amount
    assert under.plan.contracts["rent"].rent.value == 10e6


def test_an_amortiser_of_its_own_is_bound_in_its_worst_year():
    plain = structure(plan("contracts.loan.amortisation=linear"))
    loan = plain.structure.facilities[0]
    dscr = base_case_flows(plain.plan)["dscr"]
    assert dscr[dscr < 1e9].min() == pytest.approx(1.4, rel=1e-9)
    assert loan.binding.limit == "dscr"


def test_what_is_left_unpaid_is_an_error():
    with pytest.raises(PlanErrors) as caught:
        structure(plan("contracts.equity.commitment=1 M USD"))
    assert caught.value.problems[0].code == "sizing-unfunded"


def test_equity_alone_is_sized_by_what_there_is_to_pay():
    alone = structure(plan("contracts.loan=null"))
    (equity,) = alone.structure.facilities
    assert equity.amount == pytest.approx(100e6, rel=1e-9)


def test_a_case_that_is_not_there_is_named_with_the_nearest():
    checked = check_text(PLAN, overrides=["contracts.loan.sizing.dscr={lendr: 1.4}"])
    (problem,) = checked.errors
    assert problem.place == "contracts.loan.sizing.dscr.lendr"
    assert problem.mend == "did you mean lender?"


def test_a_case_changes_numbers_only():
    text = PLAN.replace(
        "changes: {contracts.rent.rent: 16 M USD/year}", "changes: {contracts.rent.start: 2027-06}"
    )
    with pytest.raises(PlanErrors) as caught:
        structure(plan("contracts.loan.sizing.dscr={weak: 1.4}", text=text))
    assert caught.value.problems[0].code == "case-form"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("contracts.loan.sizing=null", "sizing-missing"),
        ("contracts.loan.amount=80 M USD", "schedule-missing"),
        ("contracts.loan.schedule=10 %", None),
    ],
)
def test_structure_is_whole_or_refused(change, code):
    checked = check_text(PLAN, overrides=[change])
    codes = {problem.code for problem in checked.errors}
    assert codes == ({code} if code else set())
