"""Hedges in a run against closed forms, in the mean over futures, to its standard error."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

import offtake
from offtake.plan.load import check_text

pytestmark = pytest.mark.scenarios

START, TREND, VOLATILITY, RATE = 2.0, -0.2, 0.4, 0.05
FLOOR, CAP = 1.6, 2.4
MONTHS = 24
PATHS = 4096


def plan() -> dict[str, Any]:
    """A company that is never short of cash, hedged in every way; the market never fails."""
    sides = {"buyer": "company", "seller": "writer", "index": "index", "capacity": "10 H100e"}
    floor = {"kind": "price_floor", **sides, "floor": f"{FLOOR} USD/H100e/h"}
    term = {"term": f"{MONTHS} months"}
    swap = {"kind": "interest_swap", "payer": "company", "receiver": "writer", "fixed": "5 %/year"}
    return {
        "plan": {
            "name": "Hedges",
            "start": "2026-01",
            "horizon": f"{MONTHS} months",
            "discount_rate": f"{100 * RATE} %/year",
        },
        "parties": {
            "company": {"kind": "internal", "cash": "1 bn USD"},
            "writer": {"kind": "external", "role": "supplier"},
            "bank": {"kind": "external", "role": "lender"},
        },
        "drivers": {
            "index": {
                "process": "random_walk",
                "start": f"{START} USD/H100e/h",
                "trend": f"{100 * TREND} %/year",
                "volatility": f"{100 * VOLATILITY} %/year",
            },
            "SOFR": {"process": "random_walk", "start": "4 %/year", "volatility": "30 %/year"},
        },
        "contracts": {
            "floor": floor | term,
            "collar": floor | {"cap": f"{CAP} USD/H100e/h"} | term,
            "loan": {
                "kind": "term_loan",
                "lender": "bank",
                "borrower": "company",
                "amount": "100 M USD",
                "rate": "SOFR + 200 bp",
                "amortisation": "linear",
            }
            | term,
            "swap": swap | {"loan": "loan", "floating": "SOFR + 0 bp"} | term,
        },
    }


@cache
def results() -> Any:
    checked = check_text(json.dumps(plan()))
    assert checked.plan is not None, "\n".join(map(str, checked.errors))
    return offtake.run(checked.plan, paths=PATHS, seed=1)


def value(contract: str, party: str = "company") -> tuple[float, float]:
    """Mean value today of a contract to a party, and its standard error."""
    (row,) = [r for r in results().contracts() if r["contract"] == contract]
    return row["npv_usd"][party], row["npv_usd_se"][party]


def months() -> tuple[Any, Any, Any]:
    """Years to the close of every month, hours of it, and the value of a dollar then."""
    starts = np.arange("2026-01", "2028-02", dtype="datetime64[M]").astype("datetime64[D]")
    hours = np.diff(starts).astype(float) * 24.0
    t = np.arange(1, MONTHS + 1) / 12.0
    return t, hours, (1.0 + RATE) ** -t


def black(strike: float, sign: float) -> float:
    """A strip of puts (-1) or calls (+1) on 10 H100e, by Black's formula on the plan's own drift.

    The median of the index moves by the trend, so its mean at t is the median times
    exp(sigma^2 t / 2).
    """
    t, hours, factor = months()
    forward = START * (1.0 + TREND) ** t * np.exp(VOLATILITY**2 * t / 2.0)
    width = VOLATILITY * np.sqrt(t)
    d1 = np.log(forward / strike) / width + width / 2.0
    each = sign * (forward * norm.cdf(sign * d1) - strike * norm.cdf(sign * (d1 - width)))
    return float(np.sum(10.0 * hours * factor * each))


def test_a_floor_is_a_strip_of_puts() -> None:
    mean, error = value("floor")
    # Three standard errors, which are less than 3 % of the value: the formula is really tested.
    assert mean == pytest.approx(black(FLOOR, -1.0), abs=3.0 * error)
    assert error < 0.03 * mean


def test_a_collar_is_puts_less_calls() -> None:
    mean, error = value("collar")
    assert mean == pytest.approx(black(FLOOR, -1.0) - black(CAP, 1.0), abs=3.0 * error)


def test_a_swapped_loan_costs_the_fixed_rate_on_every_path() -> None:
    """Loan and swap together are a loan at 7 %: no error of sampling is left."""
    (loan, _), (swap, _) = value("loan"), value("swap")
    _, _, factor = months()
    balance = 100e6 * (1.0 - np.arange(MONTHS) / MONTHS)
    service = balance * 0.07 / 12.0 + 100e6 / MONTHS
    exact = 100e6 - float(np.sum(service * factor))
    # Sums of some 30 terms of 1e8: rounding is about 1e-6.
    assert loan + swap == pytest.approx(exact, abs=1e-3)
