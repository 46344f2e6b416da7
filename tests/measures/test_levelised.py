"""Levelised cost: two cohorts in one hall, every part by hand; the closed form of a level life."""

from types import SimpleNamespace

import numpy as np
import numpy_financial
import pytest

from offtake.core.flows import Flow
from offtake.measures.levelised import BUILDING_YEARS, PARTS, Levelised, compared, programmes
from tests.measures.case import Case

ROUNDING = 1e-12
"""Relative; the figures by hand are exact fractions."""


def charge(price: float, rate: float, life: float) -> float:
    """Level payment at the close of each of `life` years that is worth a price."""
    return -float(numpy_financial.pmt(rate, life, price))


def hall(paths: int = 1, rate: float = 1.0) -> Case:
    """Chips a and b of one company in one hall over years 1 to 3; v = 1/2, 1/4, 1/8.

    a: 1 H100e, 3 MW, all hours, from year 1; b: 2 H100e, 2 MW, half of the hours, from year 2. A
    year has 1000 hours. a costs 150 in year 0 and lives 4 years, b costs 20 in year 1 and lives 2.
    """
    parties = {"company": "internal", "town": "external"}
    case = Case(parties, periods=4, rate=rate, paths=paths)
    case.cash("company", 1000.0)
    case.cohort("a", "hall", chip="own", maker="us", accounting_life=4.0, bandwidth=0.5)
    case.cohort("b", "hall", accounting_life=2.0, bandwidth=3.0, per=1.5, units=7.0)
    case.claim("order", "company", "town", Flow.CAPITAL_COST, paid={0: 150.0})
    case.part("a")
    case.claim("order", "company", "town", Flow.CAPITAL_COST, paid={1: 20.0})
    case.part("b")
    case.claim("works", "company", "town", Flow.CAPITAL_COST, paid={0: 31.0})
    case.part("phases[0]")
    every = range(1, 4)
    case.claim(
        "grid", "company", "town", Flow.RUNNING_COST, paid=dict.fromkeys(every, 8.0), line="power"
    )
    case.claim("staff", "company", "town", Flow.RUNNING_COST, paid=dict.fromkeys(every, 10.0))
    case.claim("team", "company", "town", Flow.RUNNING_COST, paid={0: 6.0, 1: 4.0})
    for name in ("works", "grid", "staff"):
        case.terms[name] = SimpleNamespace(site="hall")
    case.terms["team"] = SimpleNamespace(designs=("a",), instead_of=())
    seen = {
        "chips.a.h100e": [0, 1, 1, 1], "chips.b.h100e": [0, 0, 2, 2],
        "chips.a.mw": [0, 3, 3, 3], "chips.b.mw": [0, 0, 2, 2],
        "chips.a.run": [1, 1, 1, 1], "chips.b.run": [1, 1, 0.5, 0.5],
        "chips.a.work": [0.9] * 4, "chips.b.work": [1.0] * 4,
        "sites.hall.h100e": [0, 1, 3, 3], "sites.hall.h100e_hours": [0, 1000, 3000, 3000],
        "sites.hall.energy_mwh": [0, 300, 400, 400], "sites.hall.power_mw": [0, 10, 10, 10],
        "sites.hall.phases[0].active": [0, 1, 1, 1],
        "cleared.chat.throughput": [4, 4, 4, 8],
    }  # fmt: skip
    for name, values in seen.items():
        case.observe(name, values)
    case.number("market.demand.chat.memory_bound", 0.5)
    case.products = ("chat",)
    return case


def parts(case: Case) -> dict[str, dict[str, np.ndarray]]:
    found = case.reduce(Levelised)["parts_usd"]
    return {name: dict(zip(PARTS, found[i], strict=True)) for i, name in enumerate(case.cohorts)}


def test_parts_by_hand():
    got = parts(hall())
    level = charge(31.0, 1.0, BUILDING_YEARS)
    want = {
        # Three of the four years of 150 fall to the plan: 150 (1 - 1/8) / (1 - 1/16).
        "a": {"chips": 140.0, "design": 8.0 * 14.0 / 15.0, "building": 0.725 * level,
              "energy": 6.25, "running": 7.25},
        # Alone a bears all; then power is shared 3 : 2 and energy 3 : 1.
        "b": {"chips": 10.0, "design": 0.0, "building": 0.15 * level,
              "energy": 0.75, "running": 1.5},
    }  # fmt: skip
    for name, row in want.items():
        for part, usd in row.items():
            assert got[name][part] == pytest.approx(usd, rel=ROUNDING), (name, part)


def test_delivered_by_hand():
    got = hall().reduce(Levelised)
    assert got["hours"][:, 0] == pytest.approx([875.0, 750.0])
    assert got["work"][:, 0] == pytest.approx([787.5, 375.0])
    # 1000 h x (4/2 + 4/4 + 8/8) at 2/3 of an H100's speed, 1000 h x (4/4 + 8/8) at 4/3 of it.
    assert got["tokens"][:, 0, 0] == pytest.approx([8000 / 3, 8000 / 3])
    assert got["mw_years"][:, 0] == pytest.approx([2.625, 0.75])
    assert got["made_mwh"][:, 0] == pytest.approx([300 + 300 + 300, 200])
    assert got["made_tokens"][:, 0, 0] == pytest.approx([16_000 * 2 / 3, 12_000 * 4 / 3])
    assert got["made_work"][:, 0] == pytest.approx([2700.0, 2000.0])
    assert got["made_years"][:, 0] == pytest.approx([3.0, 2.0])
    assert got["made_h100e"][:, 0] == pytest.approx([1.0, 2.0])
    assert got["units"][:, 0] == pytest.approx([1.0, 7.0])
    # 150 USD on 3 MW and 20 on 2 MW, each beside 31 USD on 10 MW.
    assert got["capital_usd_per_w"][:, 0] == pytest.approx([53.1e-6, 13.1e-6])
    assert got["fixed_usd"][:, 0] == pytest.approx([8.0 * 14.0 / 15.0])
    assert got["fixed_whole_usd"][:, 0] == pytest.approx([8.0])


@pytest.mark.parametrize("rate", [0.0, 0.08, 1.0])
def test_a_level_life_costs_its_annuity(rate: float):
    """Chips alone over their whole life: cost per hour is the level charge over a year's hours."""
    case = Case({"company": "internal", "town": "external"}, periods=6, rate=rate)
    case.cash("company", 1000.0)
    case.cohort("a", "hall", accounting_life=5.0)
    case.claim("order", "company", "town", Flow.CAPITAL_COST, paid={0: 150.0})
    case.part("a")
    for name, values in {
        "chips.a.h100e": [0, 1, 1, 1, 1, 1], "chips.a.mw": [0, 1, 1, 1, 1, 1],
        "chips.a.run": [1] * 6, "chips.a.work": [1] * 6, "sites.hall.h100e": [0, 1, 1, 1, 1, 1],
        "sites.hall.h100e_hours": [0, 100, 100, 100, 100, 100],
        "sites.hall.energy_mwh": [0] * 6, "sites.hall.power_mw": [1] * 6,
    }.items():  # fmt: skip
        case.observe(name, values)
    got = case.reduce(Levelised)
    per_hour = got["parts_usd"][0, 0, 0] / got["hours"][0, 0]
    # At 0 the measure takes a rate of 1e-9 a year.
    assert per_hour == pytest.approx(charge(150.0, rate, 5.0) / 100.0, rel=1e-8)


def test_products_as_they_are_asked_add_up_to_the_hours_of_work():
    """An hour split s : 1 - s, in hours of an H100, over chat and a product with h = 0.1."""
    case = hall()
    case.observe("cleared.batch.throughput", [9, 9, 9, 9])
    case.number("market.demand.batch.memory_bound", 0.1)
    case.products = ("chat", "batch")
    asked = np.array([0.7, 0.3])
    bandwidth, bound = 0.5, asked @ [0.5, 0.1]
    per_hour = 1.0 / (1.0 - bound + bound / bandwidth)  # as the market counts
    case.observed["chips.a.work"] = [per_hour] * 4
    got = case.reduce(Levelised)
    # Hours that each product alone would take for its part of the tokens of one hour of work.
    made, sold = got["made_tokens"][0, :, 0], 3000.0
    mean_rate = np.array([16.0 / 3.0, 9.0])  # tokens an hour on an H100, over the three years
    taken = asked * mean_rate / (made / sold)
    assert taken.sum() == pytest.approx(sold / got["made_work"][0, 0], rel=1e-12)


def test_what_is_paid_is_shared_and_nothing_is_lost():
    """Over the cohorts of a site, energy and running cost are what was paid, whatever they draw."""
    case = hall(paths=3)
    rng = np.random.default_rng(5)
    for name in ("a", "b"):
        case.observed[f"chips.{name}.mw"] = rng.exponential(2.0, (4, 3)) * (
            rng.random((4, 3)) < 0.8
        )
        case.observed[f"chips.{name}.run"] = rng.random((4, 3))
    found = case.reduce(Levelised)["parts_usd"]
    assert found[:, PARTS.index("energy")].sum(axis=0) == pytest.approx(8.0 * 0.875)
    assert found[:, PARTS.index("running")].sum(axis=0) == pytest.approx(10.0 * 0.875)
    level = charge(31.0, 1.0, BUILDING_YEARS)
    assert found[:, PARTS.index("building")].sum(axis=0) == pytest.approx(level * 0.875)


def test_a_hall_that_is_late_is_charged_from_when_it_is_lit_with_interest():
    case = hall()
    case.observed["sites.hall.phases[0].active"] = [0, 0, 0.5, 1]
    # 31 in year 0 are 62 at the opening of year 2.
    level = charge(62.0, 1.0, BUILDING_YEARS)
    got = parts(case)
    assert got["a"]["building"] + got["b"]["building"] == pytest.approx(level * 0.375)


def test_a_hall_is_charged_for_its_life():
    case = Case({"company": "internal", "town": "external"}, periods=24, rate=0.05)
    case.cash("company", 1000.0)
    case.cohort("a", "hall")
    case.claim("works", "company", "town", Flow.CAPITAL_COST, paid={0: 60.0, 2: 40.0})
    case.part("phases[0]")
    case.claim("order", "company", "town", Flow.CAPITAL_COST, paid={})
    case.part("a")
    case.terms["works"] = SimpleNamespace(site="hall")
    ones = [0] + [1] * 23
    for name in ("chips.a.h100e", "chips.a.mw", "sites.hall.h100e", "sites.hall.h100e_hours"):
        case.observe(name, ones)
    for name in ("sites.hall.power_mw", "sites.hall.phases[0].active"):
        case.observe(name, ones)
    for name in ("chips.a.run", "chips.a.work", "sites.hall.energy_mwh"):
        case.observe(name, [1] * 24)
    # Twenty level payments each, of 60 from year 1 and of 40 from year 3: worth what was paid.
    assert parts(case)["a"]["building"] == pytest.approx(60.0 + 40.0 / 1.05**2, rel=1e-9)


def test_chips_that_never_run_cost_without_delivering():
    case = hall()
    for what in ("h100e", "mw"):
        case.observed[f"chips.b.{what}"] = [0] * 4
    got = case.reduce(Levelised)
    assert got["hours"][1, 0] == 0.0
    assert got["parts_usd"][1, 0, 0] == pytest.approx(20.0 / 2)  # two years from the payment
    assert np.isnan(got["capital_usd_per_w"][1, 0])


def test_chips_that_nothing_buys_are_taken_at_their_price():
    case = hall()
    case.cohort("given", "yard", units=3.0, price=10.0, accounting_life=2.0)
    for name, values in {
        "chips.given.h100e": [0, 0, 1, 1], "chips.given.mw": [0, 0, 1, 1],
        "chips.given.run": [1] * 4, "chips.given.work": [1] * 4,
        "sites.yard.h100e": [0, 0, 1, 1], "sites.yard.h100e_hours": [0, 0, 9, 9],
        "sites.yard.energy_mwh": [0] * 4, "sites.yard.power_mw": [1] * 4,
    }.items():  # fmt: skip
        case.observe(name, values)
    assert parts(case)["given"]["chips"] == pytest.approx(30.0 / 2)  # paid at the opening of year 2


def test_the_rate_is_that_of_the_owner():
    case = hall()
    case.number("parties.company.hurdle_rate", 0.0)
    case.hurdles["company"] = "parties.company.hurdle_rate"
    got = case.reduce(Levelised)
    assert got["hours"][0, 0] == pytest.approx(3000.0)
    assert parts(case)["a"]["chips"] == pytest.approx(150.0 * 3 / 4, rel=1e-8)


def test_designs_and_what_they_are_compared_with():
    book = hall().book()
    assert programmes(book) == {"team": ("a",)}
    assert compared(book) == {"team": ("b",)}
    case = hall()
    case.terms["team"].instead_of = ("a", "b")
    assert compared(case.book()) == {"team": ("a", "b")}


def test_a_plan_without_cohorts():
    case = Case({"company": "internal", "town": "external"}, periods=3)
    case.claim("service", "company", "town", Flow.RUNNING_COST, paid={})
    got = case.reduce(Levelised)
    assert got["hours"].shape == (0, 1)
    assert got["parts_usd"].shape == (0, len(PARTS), 1)


def test_derivatives_are_finite():
    assert hall().has_finite_derivatives(Levelised)
