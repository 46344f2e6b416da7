"""Tables of the first pages of a report, worked by hand."""

import numpy as np
import pytest

from offtake.results.tables.clocks import build_rows, clock_rows
from offtake.results.tables.debt import cover_rows, last_of_years, maturity_rows, years_owed
from offtake.results.tables.limits import input_rows, not_known_rows
from offtake.results.tables.money_flow import capital_rows, money_flow_rows, outside_rows
from offtake.results.tables.verdicts import like, verdict_rows

PARTIES = [
    {"party": "lab", "kind": "internal", "owner": ""},
    {"party": "cloud", "kind": "internal", "owner": ""},
    {"party": "reserve", "kind": "account", "owner": "cloud"},
    {"party": "users", "kind": "external", "owner": ""},
    {"party": "vendor", "kind": "external", "owner": ""},
]
KINDS = {"tokens": "metered_tokens", "shares": "common_equity", "order": "chip_purchase"}
KINDS |= {"rent": "reserved_capacity", "gift": "common_equity", "save": "reserve_account"}


def claim(contract: str, payer: str, payee: str, flow: str) -> dict[str, str]:
    return {"contract": contract, "payer": payer, "payee": payee, "flow": flow, "form": "claim"}


CLAIMS = [
    claim("tokens", "users", "lab", "sale"),
    claim("shares", "vendor", "lab", "capital_in"),
    claim("rent", "lab", "cloud", "sale"),
    claim("order", "cloud", "vendor", "capital_cost"),
    claim("gift", "cloud", "lab", "capital_in"),
    claim("save", "cloud", "reserve", "support"),
]
PAID = np.array([[25.0, 10.0, 30.0, 35.0, 4.0, 9.0]])


def flows(**own: float) -> list[dict]:
    return money_flow_rows(CLAIMS, KINDS, PARTIES, (PAID[0], 0.1 * PAID[0]), own)


def test_what_the_payee_fronted_itself_is_its_own_money():
    row = next(row for row in flows(vendor=10 / 35) if row["payee"] == "vendor")
    assert (row["own_usd"], row["others_usd"]) == (pytest.approx(10.0), pytest.approx(25.0))
    assert row["usd_se"] == pytest.approx(3.5)


def test_the_smallest_payment_between_companies_closes_their_circle():
    closing = [(row["payer"], row["payee"]) for row in flows() if row["closes_circle"]]
    assert closing == [("cloud", "lab")]


def test_money_moved_to_an_own_account_is_no_flow():
    assert all(row["money"] != "supports" for row in flows())


def test_between_companies_nothing_comes_from_outside():
    rows = outside_rows(CLAIMS, KINDS, PARTIES, [2026], PAID)
    assert {(row["side"], row["money"]): row["net_usd"] for row in rows} == {
        ("source", "sales"): 25.0,
        ("source", "capital put in"): 10.0,
        ("use", "capital costs"): -35.0,
    }


def test_capital_by_layer():
    rows = capital_rows(CLAIMS, KINDS, PARTIES, {"shares": "senior"}, np.vstack([PAID, PAID]))
    found = [(row["contract"], row["layer"], row["raised_usd"]) for row in rows]
    assert found == [("shares", "senior debt", 20.0), ("gift", "shares and other capital", 8.0)]


def test_quantiles_of_cover_are_over_the_futures_that_tell_it():
    dscr = np.array([[[1.0]], [[3.0]], [[np.nan]], [[np.nan]]])
    (row,) = cover_rows(["loan"], [2026], {"year_dscr": dscr, "year_ltv": dscr * np.nan})
    assert (row["dscr_p50"], row["dscr_share"], row["ltv_p50"]) == (2.0, 0.5, None)


def test_what_falls_due_and_what_is_owed_at_the_end_of_the_year():
    closes = np.array(["2026-11-01", "2026-12-01", "2027-01-01", "2027-02-01"], "datetime64[ns]")
    last = last_of_years(closes, [2026, 2027])
    assert last == [2, 3]  # a period that closes on the first day of a year lies in the one before
    due = np.array([[1.0], [0.0]]), np.array([[0.1], [0.0]])
    owed = np.array([[5.0], [4.0], [3.0], [2.0]])
    rows = maturity_rows(["loan"], [2026, 2027], due, owed, last)
    assert [(row["due_usd"], row["owed_usd"]) for row in rows] == [(1.0, 3.0), (0.0, 2.0)]
    assert years_owed(owed, closes) == [pytest.approx(92 / 365.25)]


def test_clocks_count_from_delivery():
    months = {
        f"{key}_{q}": 30.0
        for key in ("payback_months", "economic_life_months")
        for q in ("p5", "p50", "p95")
    }
    cohort = {"cohort": "b200", "contract_end": "2027-06", "debt_end": None, "share_never": 0.0}
    cohort |= {**months, "accounting_life_months": 72.0}
    (row,) = clock_rows([cohort], {"b200": "2026-07-01"})
    assert (row["contract_months"], row["debt_months"]) == (12, None)


def test_what_is_planned_by_the_end_of_a_year():
    capacity = [{"year": 2026, "mw": 8.0, "mw_p5": 0.0, "mw_p50": 9.0, "mw_p95": 10.0, "sites": {}}]
    planned = [
        {"site": "hall", "power_mw": 10.0, "date": "2026-12-31"},
        {"site": "hall", "power_mw": 5.0, "date": "2027-01-01"},
    ]
    (row,) = build_rows(capacity, planned, ["hall"])
    assert (row["planned_mw"], row["mw"]) == (10.0, 8.0)


LOAN = {
    "contract": "loan",
    "size_usd": 1e9,
    "drawn_usd_mean": 1e9,
    "pd": 0.02,
    "pd_se": 0.001,
    "lgd": 0.4,
    "lgd_se": None,
    "el_bp_per_year": 8.0,
    "min_dscr_p5": -3.0,
    "repaid_before_economic_end": 0.97,
    "repaid_before_economic_end_se": 0.01,
}
DETAIL = {"censored": 0.0, "repaid": 0.98, "repaid_se": 0.01}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "mostly repaid in time"),
        ({"pd": 0.01}, "repaid in time"),
        ({"pd": 0.01, "repaid_before_economic_end": 0.94}, "mostly repaid in time"),
        ({"pd": 0.11}, "at risk"),
        ({"repaid_before_economic_end": 0.79}, "at risk"),
        ({"pd": 0.01, "repaid_before_economic_end": None}, "repaid in time"),
        ({"drawn_usd_mean": 0.0}, "not drawn"),
    ],
)
def test_a_verdict_follows_its_rule(changes: dict, verdict: str):
    (row,) = verdict_rows([LOAN | changes], [DETAIL], {"loan": 5.0}, 1000)
    assert row["verdict"] == verdict


def test_a_verdict_is_withheld_where_most_futures_end_too_soon():
    (row,) = verdict_rows([LOAN], [DETAIL | {"censored": 0.6}], {"loan": 5.0}, 1000)
    assert row["verdict"] == "not known"


def test_a_default_rate_lies_between_two_ratings():
    # The catalogue: BBB 1.54 %, BB 6.43 % within five years.
    assert like(0.02, 5.0) == "between BBB and BB"
    assert like(0.9, 5.0) == "above CCC"
    assert like(0.0, 5.0) is None


def test_how_a_number_is_known():
    inputs = [
        {"place": "a", "value": "1", "uncertain": False, "confidence": "assumption"},
        {"place": "b", "value": "1", "uncertain": False, "source": "a paper"},
        {"place": "c", "value": "1", "uncertain": True},
        {"place": "d", "value": "1", "uncertain": False},
        {"place": "plan.start", "value": "2026-01", "uncertain": False},
    ]
    known = [row["known"] for row in input_rows(inputs, ["c"])]
    assert known == [
        "assumption",
        "reported",
        "no source",
        "default of offtake",
        "choice of the plan",
    ]


def test_what_no_future_shows_is_not_known():
    safe = LOAN | {"pd": 0.0, "lgd": None}
    rows = not_known_rows(1000, [safe], [DETAIL | {"censored": 0.25}], [], [], [])
    about = " ".join(row["not_known"] for row in rows)
    assert (
        "fewer than 0.3 % of futures" in about
    )  # three in a thousand: 95 % sure when none is seen
    assert "25 % of futures" in about
