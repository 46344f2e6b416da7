"""Value of contracts to each side: hand cases, and values and rates against libraries."""

import numpy as np
import numpy_financial
import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from offtake.core.arrays import jax, jnp
from offtake.core.flows import Flow
from offtake.measures.contract_value import ContractValue, financings, sides, supports
from tests.measures.case import Case
from tests.measures.ledger import on_device, random_ledger

PARTIES = {"company": "internal", "bank": "external", "parent": "external"}


def loan(flows: dict[int, float], periods: int, per_year: int = 1, rate: float = 0.25) -> Case:
    """What the bank pays (-) and receives (+) under one loan."""
    case = Case(PARTIES, periods=periods, rate=rate)
    case.periods_per_year = per_year
    case.cash("company", 1e6)
    put_in = {t: -x for t, x in flows.items() if x < 0}
    back = {t: x for t, x in flows.items() if x > 0}
    case.claim("loan", "bank", "company", Flow.CAPITAL_IN, paid=put_in)
    case.claim("loan", "company", "bank", Flow.INTEREST, paid=back)
    return case


def test_value_to_both_sides_at_the_plan_rate_and_at_their_own():
    case = loan({0: -100.0, 1: 10.0, 2: 110.0}, periods=3)
    case.number("parties.bank.hurdle_rate", 0.1)
    case.hurdles["bank"] = "parties.bank.hurdle_rate"
    got = case.reduce(ContractValue)
    assert sides(case.book()) == (("loan", "company"), ("loan", "bank"))
    worth = -100 + 10 / 1.25 + 110 / 1.25**2
    assert got["npv_usd"][:, 0] == pytest.approx([-worth, worth])
    assert got["npv_own_usd"][:, 0] == pytest.approx([-worth, 0.0], abs=1e-9)
    assert financings(case.book()) == (("loan", "bank"),)
    assert got["irr"][0, 0] == pytest.approx(0.1)


@pytest.mark.parametrize("per_year", [1, 4, 12])
def test_values_and_rates_equal_those_of_libraries(per_year: int):
    rng = np.random.default_rng(per_year)
    flows = np.concatenate([-rng.uniform(10, 50, 4), rng.uniform(0, 12, 30)])
    case = loan(dict(enumerate(flows.tolist())), 34, per_year)
    got = case.reduce(ContractValue)
    step = 1.25 ** (1 / per_year) - 1
    assert got["npv_usd"][1, 0] == pytest.approx(pyxirr.npv(step, flows.tolist()), rel=1e-12)
    assert got["npv_usd"][1, 0] == pytest.approx(numpy_financial.npv(step, flows), rel=1e-12)
    yearly = (1 + pyxirr.irr(flows.tolist())) ** per_year - 1
    assert got["irr"][0, 0] == pytest.approx(yearly, abs=1e-9)
    assert got["irr"][0, 0] == pytest.approx((1 + numpy_financial.irr(flows)) ** per_year - 1)


def test_a_rate_equals_the_dated_one_where_years_have_365_days():
    flows = {0: -100.0, 1: 30.0, 2: 40.0, 3: 50.0}
    days = ["2025-07-01", "2026-07-01", "2027-07-01", "2028-06-30"]
    dated = pyxirr.xirr(days, list(flows.values()))
    worth = pyxirr.xnpv(0.25, days, list(flows.values()))
    got = loan(flows, 4).reduce(ContractValue)
    assert got["irr"][0, 0] == pytest.approx(dated, abs=1e-9)
    assert got["npv_usd"][1, 0] == pytest.approx(worth, rel=1e-9)


def test_money_that_never_comes_back_is_a_rate_of_minus_one():
    assert loan({0: -100.0}, 3).reduce(ContractValue)["irr"][0, 0] == -1.0


def test_no_rate_where_no_money_goes_in():
    case = loan({1: 5.0}, 3)
    case.lines[0].paid = {}  # type: ignore[misc]
    assert np.isnan(case.reduce(ContractValue)["irr"][0, 0])


def test_a_sale_is_no_financing():
    case = Case(PARTIES, periods=3, rate=0.25)
    case.claim("sale", "bank", "company", Flow.SALE, paid={1: 10.0})
    assert financings(case.book()) == ()
    got = case.reduce(ContractValue)
    assert got["irr"].shape == (0, 1)
    assert got["npv_usd"][:, 0] == pytest.approx([8.0, -8.0])


def test_a_financing_of_three_has_a_rate_for_each():
    case = loan({0: -100.0, 1: 60.0, 2: 70.0}, 3)
    case.claim("loan", "company", "parent", Flow.FEE, paid={0: 5.0})
    every = {("loan", "bank"), ("loan", "company"), ("loan", "parent")}
    assert set(financings(case.book())) == every
    rates = dict(zip(financings(case.book()), case.reduce(ContractValue)["irr"][:, 0], strict=True))
    assert rates["loan", "bank"] == pytest.approx(pyxirr.irr([-100, 60, 70]))
    assert rates["loan", "company"] == pytest.approx(pyxirr.irr([95, -60, -70]))
    assert np.isnan(rates["loan", "parent"])


def test_supports_cost_what_is_paid_less_what_is_recovered():
    case = Case(PARTIES, periods=4, rate=0.25)
    case.cash("company", 50.0)
    ends = ("parent", "company")
    case.claim("guarantee", *ends, Flow.SUPPORT, form="support", paid={1: 20.0})
    case.claim("guarantee", *ends[::-1], Flow.SUPPORT, form="recovery", paid={2: 5.0, 3: 10.0})
    case.claim("guarantee", *ends[::-1], Flow.FEE, paid={0: 1.0})
    assert supports(case.book()) == ("guarantee",)
    cost = 20 / 1.25 - 5 / 1.25**2 - 10 / 1.25**3
    got = case.reduce(ContractValue)
    assert got["support_usd"][0, 0] == pytest.approx(cost)
    assert dict(zip(sides(case.book()), got["npv_usd"][:, 0], strict=True)) == {
        ("guarantee", "company"): pytest.approx(cost - 1),
        ("guarantee", "parent"): pytest.approx(1 - cost),
    }


def test_an_account_is_its_owner():
    case = Case(
        {"company": "internal", "reserve": "account", "bank": "external"},
        periods=3,
        owners={"reserve": "company"},
    )
    case.cash("company", 10.0)
    case.claim("account", "company", "reserve", Flow.SUPPORT, paid={0: 5.0})
    case.claim("account", "reserve", "company", Flow.SUPPORT, form="support", paid={1: 5.0})
    case.claim("account", "reserve", "bank", Flow.FEE, paid={0: 1.0})
    assert supports(case.book()) == ()
    assert sides(case.book()) == (("account", "bank"), ("account", "company"))


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_values_of_a_contract_add_up_to_nothing(seed: int):
    ledger = random_ledger(seed)
    book, record = ledger.book(), on_device(ledger.record())
    value = jax.jit(lambda m, r: m.reduce(r)["npv_usd"])
    got = np.asarray(value(ContractValue.build(book), record))
    total: dict[str, np.ndarray] = {}
    for (contract, _), value in zip(sides(book), got, strict=True):
        total[contract] = total.get(contract, 0.0) + value
    for value in total.values():
        assert value == pytest.approx(0.0, abs=1e-9)


def test_derivatives_are_finite():
    case = loan({0: -100.0, 1: 10.0, 2: 110.0}, periods=4)
    case.claim("empty", "bank", "company", Flow.CAPITAL_IN, paid={})
    measure, record = ContractValue.build(case.book()), on_device(case.record())

    def total(paid, values):
        changed = record._replace(values=values, months=record.months._replace(paid=paid))
        out = measure.reduce(changed)
        return sum(jnp.sum(jnp.where(jnp.isfinite(x), x, 0.0)) for x in out.values())

    for slope in jax.jit(jax.grad(total, argnums=(0, 1)))(record.months.paid, record.values):
        assert np.all(np.isfinite(slope))
