"""Levelised cost, break-even, dependence: arrays over paths to rows, by hand, in closed form."""

import json
from itertools import pairwise

import numpy as np
import pytest

from offtake.results.tables.break_even import break_even_rows, share_of_plan
from offtake.results.tables.dependence import at_year_ends, dependence_rows
from offtake.results.tables.levelised import levelised_rows, over, token_rows

FACTS = {
    "bought": {"chip": "GPU", "maker": "vendor", "country": "Taiwan"},
    "more": {"chip": "GPU", "maker": "vendor", "country": "Taiwan"},
    "own": {"chip": "ASIC", "maker": "own", "country": "Taiwan"},
}
PARTS = ("chips", "design", "building", "energy", "running")
DESIGNS = {"team": {"designs": ["own"], "instead_of": ["bought", "more"]}}


def outputs() -> dict[str, np.ndarray]:
    """Two paths; on the second nothing of the own chip is delivered.

    Hours: 100, 300, 200. An hour costs 2.00, 1.00 and, design apart, 0.60 USD.
    """
    parts = np.zeros((2, 3, 5))
    parts[:, 0] = [100, 0, 40, 30, 30]
    parts[:, 1] = [150, 0, 60, 45, 45]
    parts[:, 2] = [60, 26, 20, 30, 10]
    parts[1, 2] = [60, 0, 0, 0, 0]
    hours = np.array([[100.0, 300.0, 200.0], [100.0, 300.0, 0.0]])
    return {
        "parts_usd": parts,
        "hours": hours,
        "work": hours * [1.0, 1.0, 0.5],
        "tokens": np.stack([hours * 2e6, hours * 5e6], axis=-1),
        "mw_years": hours / 1000.0,
        "capital_usd_per_w": np.array([[40.0, 60.0, 30.0], [40.0, 60.0, np.nan]]),
        "units": np.array([10.0, 30.0, 50.0]),
        "made_h100e": np.array([1.0, 3.0, 2.0]),
        "made_work": np.array([100.0, 300.0, 100.0]),
        "made_tokens": np.array([[2e8, 5e8], [6e8, 15e8], [4e8, 10e8]]),
        "made_mwh": np.array([4.0, 6.0, 5.0]),
        "made_years": np.array([2.0, 2.0, 4.0]),
        "fixed_usd": np.array([[26.0], [26.0]]),
        "fixed_whole_usd": np.array([30.0]),
    }


def test_cost_by_cohort_chip_and_maker():
    rows = levelised_rows(FACTS, PARTS, outputs())
    assert [(row["by"], row["name"]) for row in rows] == [
        ("cohort", "bought"),
        ("cohort", "more"),
        ("cohort", "own"),
        ("chip", "GPU"),
        ("chip", "ASIC"),
        ("maker", "vendor"),
        ("maker", "own"),
    ]
    bought, more, own, gpu = rows[:4]
    assert bought["usd_per_h100e_hour_p50"] == pytest.approx(2.0)
    assert bought["energy_usd_per_h100e_hour"] == pytest.approx(0.3)
    # 100 kW years cost 200 USD.
    assert bought["usd_per_w_year_p50"] == pytest.approx(200 / 0.1 / 1e6)
    assert bought["hours_of_work_per_mwh"] == pytest.approx(25.0)
    assert more["usd_per_h100e_hour_p5"] == pytest.approx(1.0)
    # 500 USD for 400 hours; capital by power: (40 x 0.1 + 60 x 0.3) / 0.4.
    assert gpu["usd_per_h100e_hour_p95"] == pytest.approx(1.25)
    assert gpu["capital_usd_per_w"] == pytest.approx(55.0)
    # On the second path 60 USD are paid for nothing: no number is the 95 % quantile.
    assert own["usd_per_h100e_hour_p95"] is None
    assert own["design_usd_per_h100e_hour"] == pytest.approx(13.0 / 100.0)
    assert own["capital_usd_per_w"] == pytest.approx(30.0)
    json.dumps(rows, allow_nan=False)


def test_cost_of_tokens():
    rows = token_rows(FACTS, ("chat", "agents"), outputs())
    found = {(row["name"], row["product"]): row for row in rows if row["by"] == "cohort"}
    assert found["bought", "chat"]["usd_per_m_token_p50"] == pytest.approx(1.0)
    assert found["bought", "agents"]["usd_per_m_token_p50"] == pytest.approx(0.4)
    assert found["more", "agents"]["m_token_per_mwh"] == pytest.approx(250.0)
    assert found["more", "agents"]["token_per_joule"] == pytest.approx(15e8 / (6 * 3.6e9))
    assert len(rows) == 7 * 2
    json.dumps(rows, allow_nan=False)


def test_break_even_of_the_example():
    """Work of 100 hours at 1.20 USD against 1.25: 26 USD of design need 26 / 5 of the volume."""
    first = {k: v[:1] if v.shape[0] == 2 else v for k, v in outputs().items()}
    (row,) = break_even_rows(DESIGNS, list(FACTS), PARTS, ("chat", "agents"), first)
    assert row["own_usd_per_hour_of_work_p5"] == pytest.approx(120.0 / 100.0)
    assert row["other_usd_per_hour_of_work_p50"] == pytest.approx(500.0 / 400.0)
    assert row["share_of_plan_p50"] == pytest.approx(26.0 / 5.0)
    assert row["chips_p50"] == pytest.approx(50 * 26.0 / 5.0)
    assert row["m_token_per_year"]["agents"] == pytest.approx(5.2 * 1000.0 / 4.0)
    assert row["fixed_whole_usd"] == 30.0
    assert (row["share_pays"], row["share_never"]) == (0.0, 0.0)
    json.dumps(row, allow_nan=False)


def test_chips_that_never_deliver_never_pay():
    of = outputs()
    (row,) = break_even_rows(DESIGNS, list(FACTS), PARTS, ("chat", "agents"), of)
    assert row["share_never"] == 0.5
    assert row["chips_p95"] is None
    of["parts_usd"][1, 2] = 0.0  # nor are they bought: that path says nothing
    (row,) = break_even_rows(DESIGNS, list(FACTS), PARTS, ("chat", "agents"), of)
    assert row["share_never"] == 0.0
    assert row["share_of_plan_p95"] == pytest.approx(26.0 / 5.0)


def test_at_break_even_both_cost_the_same():
    """F + k W c = k W c' on random cases; none where the own chip saves nothing."""
    rng = np.random.default_rng(11)
    fixed, own, other, work = rng.exponential(1.0, (4, 1000))
    k = share_of_plan(fixed, own, work, other)
    saves = other > own
    assert 400 < saves.sum() < 600
    whole = fixed + k * work * own
    np.testing.assert_allclose(whole[saves], (k * work * other)[saves], rtol=1e-9)
    assert np.all(np.isinf(k[~saves]))


def test_a_dearer_design_needs_more_volume_and_a_dearer_vendor_less():
    one = np.ones(1)
    volumes = [share_of_plan(f * one, one, one, 3 * one)[0] for f in (0.0, 1.0, 2.0)]
    assert volumes == [0.0, 0.5, 1.0]
    falling = [share_of_plan(one, one, one, c * one)[0] for c in (1.0, 1.5, 2.0, 5.0)]
    assert all(b < a for a, b in pairwise(falling))
    assert falling[0] == np.inf


def test_over_tells_waste_from_nothing():
    found = over(np.array([4.0, 4.0, 0.0]), np.array([2.0, 0.0, 0.0]))
    np.testing.assert_array_equal(found, [2.0, np.inf, np.nan])


def test_dependence_is_among_futures_in_which_something_runs():
    closes = np.array(["2027-12-01", "2027-12-01", "2028-01-01", "2028-02-01"], "datetime64[ns]")
    of = {
        "runs": np.array([0.0, 0.0, 0.5, 1.0]),
        "of_makers": np.array([0.0, 0.0, 0.5, 0.68]),
        "of_countries": np.array([0.0, 0.0, 0.5, 1.0]),
        "by_maker": np.array([[0.0, 0.0], [0.0, 0.0], [0.5, 0.0], [0.2, 0.8]]),
        "by_country": np.array([[0.0], [0.0], [0.5], [1.0]]),
        "held_back_h100e": np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 7.0], [0.0, 0.0]]),
    }
    rows = dependence_rows(("vendor", "own"), ("Taiwan",), of, closes)
    assert [row["month"] for row in rows] == ["2027-11", "2027-12", "2028-01"]
    assert rows[0]["maker_concentration"] is None
    assert rows[1]["maker_concentration"] == pytest.approx(1.0)
    assert rows[1]["makers"] == {"vendor": pytest.approx(1.0), "own": pytest.approx(0.0)}
    assert rows[1]["held_back_h100e"]["own"] == pytest.approx(7.0)
    assert rows[2]["maker_concentration"] == pytest.approx(0.68)
    ends = at_year_ends(rows)
    assert [row["year"] for row in ends] == ["2027", "2028"]
    assert ends[0]["country_concentration"] == pytest.approx(1.0)
    assert dependence_rows((), (), of, closes) == []
    json.dumps(rows, allow_nan=False)
