"""Tables of facilities, contracts, cohorts and capacity: arrays over paths to rows."""

import json
import math

import numpy as np
import pytest

from offtake.measures.facilities import OUTPUTS as FACILITY_OUTPUTS
from offtake.measures.facilities import Repayment
from offtake.results.tables.cohorts import cohort_rows
from offtake.results.tables.contracts import contract_rows, hurdle_rows, irr_of, support_rows
from offtake.results.tables.estimates import quantile, share_of
from offtake.results.tables.facilities import facility_detail_rows, facility_rows
from offtake.results.tables.physical import physical_rows

NAN, INF = math.nan, math.inf
LOAN = {"contract": "loan", "kind": "term_loan", "lender": "bank", "borrower": "company"}
CLOSES = np.array(["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"], "datetime64[ns]")


def column(*values: float) -> np.ndarray:
    return np.array(values, float)[:, None]


def outputs() -> dict[str, np.ndarray]:
    """One loan on five paths: three repaid (one late), one in default, one still open."""
    found = {
        "default_period": column(NAN, NAN, NAN, 7, NAN),
        "ead_usd": column(0, 0, 0, 80, 0),
        "recovered_usd": column(0, 0, 0, 20, 0),
        "supported_usd": column(0, 0, 0, 10, 0),
        "sold_usd": column(0, 0, 0, 15, 0),
        "sold_chips_usd": column(0, 0, 0, 5, 0),
        "recovery_months": column(NAN, NAN, NAN, 8, NAN),
        "loss_usd": column(0, 0, 0, 50, 0),
        "min_dscr": column(1.5, 1.3, 1.2, 0.4, NAN),
        "llcr": column(2, 1.5, 1.4, 0.5, 1.3),
        "repaid_period": column(9, 9, 12, NAN, NAN),
        "repayment": column(
            Repayment.BEFORE,
            Repayment.BEFORE,
            Repayment.AFTER,
            Repayment.NOT,
            Repayment.CENSORED,
        ),
    }
    means = {"size_usd": 100.0, "drawn_usd": 90.0, "open_usd": 20.0, "shortfall_usd": 4.0}
    means |= {"refinanced_share": 0.1, "lent_usd_years": 200.0}
    for name, value in {**means, "loss_after_supports_usd": 9.0}.items():
        found[name], found[f"{name}_se"] = np.array([value]), np.array([0.5])
    by_year = {name for name in FACILITY_OUTPUTS if name.startswith("year_")}
    assert {name.removesuffix("_se") for name in found} == set(FACILITY_OUTPUTS) - by_year
    return found


def test_a_row_of_a_facility_has_the_stable_keys():
    irr = np.array([[0.07], [0.08], [0.09], [-0.5], [NAN]])
    (row,) = facility_rows([LOAN], outputs(), [("loan", "bank")], irr)
    asked = [
        "contract",
        "kind",
        "lender",
        "borrower",
        "size_usd",
        "drawn_usd_mean",
        "min_dscr_p50",
        "min_dscr_p5",
        "llcr_p50",
        "pd",
        "lgd",
        "el_usd",
        "el_bp_per_year",
        "repaid_before_economic_end",
        "irr_lender_p50",
    ]
    assert [key for key in row if not key.endswith("_se")] == asked
    # Mean loss of 10 over 200 USD years lent.
    assert row["el_bp_per_year"] == pytest.approx(500.0)
    assert row["pd"] == pytest.approx(0.2)
    assert row["pd_se"] == pytest.approx(math.sqrt(0.2 * 0.8 / 4))
    assert row["lgd"] == pytest.approx(0.75)
    assert row["lgd_se"] == pytest.approx(0.0)  # one default: its ratio is all there is
    assert row["el_usd"] == pytest.approx(10.0)
    assert row["min_dscr_p50"] == pytest.approx(1.25)
    assert row["llcr_p50"] == pytest.approx(1.4)
    # Two of four: the path that is still open is not known.
    assert row["repaid_before_economic_end"] == pytest.approx(0.5)
    assert row["irr_lender_p50"] == pytest.approx(0.075)
    json.dumps(row, allow_nan=False)


def test_what_is_not_known_is_none():
    given = outputs() | {
        "default_period": column(*[NAN] * 5),
        "ead_usd": column(*[0] * 5),
        "recovered_usd": column(*[0] * 5),
        "min_dscr": column(*[NAN] * 5),
        "repayment": column(*[Repayment.UNSECURED] * 5),
    }
    (row,) = facility_rows([LOAN], given, [], np.zeros((5, 0)))
    for key in ("lgd", "lgd_se", "min_dscr_p50", "repaid_before_economic_end", "irr_lender_p50"):
        assert row[key] is None, key
    assert row["pd"] == 0.0


def test_outcomes_behind_a_facility():
    (row,) = facility_detail_rows([LOAN], outputs())
    shares = [row[key] for key in ("repaid_before", "repaid_after", "not_repaid", "censored")]
    assert shares == pytest.approx([0.4, 0.2, 0.2, 0.2])
    assert row["repaid"] == pytest.approx(0.6)
    assert row["lgd_after_supports"] == pytest.approx(50 / 80)
    assert row["recovered_from_collateral"] == pytest.approx(0.75)
    assert row["recovered_from_chips"] == pytest.approx(0.25)
    assert row["recovery_months_p50"] == 8.0
    assert row["open_at_horizon_usd"] == 20.0
    assert row["shortfall_at_maturity_usd_se"] == 0.5
    json.dumps(row, allow_nan=False)


def test_a_row_of_a_contract():
    values = {
        "npv_usd": np.array([-5.0, 5.0, 3.0]),
        "npv_usd_se": np.array([0.1, 0.1, NAN]),
        "npv_own_usd": np.array([-6.0, 4.0, 3.0]),
        "npv_own_usd_se": np.array([0.1, 0.1, 0.1]),
        "irr": column(0.1, 0.2, NAN),
        "support_usd": np.array([1.5]),
        "support_usd_se": np.array([0.2]),
    }
    sides = [("loan", "company"), ("loan", "bank"), ("sale", "company")]
    loan, sale, idle = contract_rows(
        {"loan": "term_loan", "sale": "spot_sale", "idle": "spot_sale"},
        sides,
        [("loan", "bank")],
        values,
    )
    assert loan["npv_usd"] == {"company": -5.0, "bank": 5.0}
    assert loan["irr"] == {"company": pytest.approx(0.15), "bank": pytest.approx(0.15)}
    assert sale == {
        "contract": "sale",
        "kind": "spot_sale",
        "npv_usd": {"company": 3.0},
        "npv_usd_se": {"company": None},
        "irr": {},
    }
    assert idle["npv_usd"] == {}
    assert hurdle_rows(sides, values)[0]["npv_own_usd"] == -6.0
    assert support_rows(["guarantee"], values)[0]["cost_usd"] == 1.5


def test_the_rate_of_a_side_is_its_own_where_it_has_one():
    irr = np.array([[0.1, 0.2]])
    both = [("loan", "bank"), ("loan", "company")]
    assert irr_of("loan", "company", both, irr).tolist() == [0.2]
    assert irr_of("loan", "other", both, irr).tolist() == [0.1]
    assert irr_of("sale", "bank", both, irr).size == 0


def test_a_row_of_a_cohort():
    values = {
        "payback_months": column(20, 30, INF, 50, NAN),
        "economic_life_months": column(40, 40, 40, 40, NAN),
        "life_censored": column(0, 0, 0, 1, 0),
        "contract_end_period": column(1, 2, 3, NAN, NAN),
        "debt_end_period": column(*[NAN] * 5),
        "accounting_life_months": np.array([72.0]),
    }
    (row,) = cohort_rows(["new"], values, CLOSES)
    asked = [
        "cohort",
        "payback_months_p5",
        "payback_months_p50",
        "payback_months_p95",
        "share_never",
        "contract_end",
        "debt_end",
        "economic_life_months_p5",
        "economic_life_months_p50",
        "economic_life_months_p95",
        "accounting_life_months",
        "share_payback_before_economic_end",
    ]
    assert [key for key in row if not key.endswith("_se")] == asked
    assert row["payback_months_p50"] == pytest.approx(40.0)
    assert row["payback_months_p95"] is None  # in the quarter of paths that never see it
    assert row["share_never"] == pytest.approx(0.25)
    assert row["economic_life_months_p50"] == pytest.approx(40.0)
    assert row["economic_life_months_p95"] is None  # still earning at the horizon
    # 20 and 30 within 40 months; 50 within a life that has not ended; one never.
    assert row["share_payback_before_economic_end"] == pytest.approx(0.75)
    assert row["contract_end"] == "2026-02"
    assert row["debt_end"] is None
    json.dumps(row, allow_nan=False)


def test_rows_of_capacity():
    values = {
        name: np.arange(8.0).reshape(4, 2)
        for name in ("power_mw", "power_mw_se", "h100e", "h100e_se")
    }
    rows = physical_rows(["east", "west"], values, CLOSES)
    assert len(rows) == 6
    assert rows[0] == {
        "month": "2026-01",
        "site": "east",
        "mw": 2.0,
        "mw_se": 2.0,
        "h100e": 2.0,
        "h100e_se": 2.0,
    }
    assert (rows[-1]["month"], rows[-1]["site"]) == ("2026-03", "west")


@pytest.mark.parametrize("q", [0.0, 0.05, 0.3, 0.5, 0.95, 1.0])
def test_quantiles_of_finite_samples_are_those_of_numpy(q: float):
    sample = np.random.default_rng(5).normal(size=37)
    assert quantile(sample, q) == pytest.approx(np.quantile(sample, q))
    assert quantile(np.concatenate([sample, [NAN, NAN]]), q) == pytest.approx(
        np.quantile(sample, q)
    )


def test_quantiles_beyond_any_number_are_none():
    sample = np.array([1.0, 2.0, 3.0, INF, INF])
    assert quantile(sample, 0.5) == 3.0
    assert quantile(sample, 0.51) is None
    assert quantile(sample, 1.0) is None
    assert quantile(np.array([NAN]), 0.5) is None


def test_share_of_no_paths_is_none():
    assert share_of(np.array([True]), np.array([False])) == (None, None)
