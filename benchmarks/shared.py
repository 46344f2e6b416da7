"""What the three programs share: the numbers of plan.yaml, what is drawn, what is to come out.

The numbers are written out again here as a program made for one plan would have them. That they are
those of the plan is shown by the comparison of results (`agreement.py`), which comes before any time.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.calendar import Periods
from offtake.lowering.lower import LoweredPlan
from offtake.run.draw import HostDraws

FloatArray = NDArray[np.float64]

PARTIES = ("campus", "lab", "customers", "bank", "fund", "sponsor", "vendor", "suppliers")
COHORTS = ("first", "second", "third", "fourth")
LOANS = ("senior", "junior")
SHOCKS = ("drivers.lab_revenue", "drivers.power_cost", "drivers.SOFR", "parties.customers.credit")
LATENESS = ("causes.grid", "sites.campus.phases[0]", "sites.campus.phases[1]")

DISCOUNT = 0.09
CASH, MINIMUM = (60e6, 500e6), (50e6, 300e6)  # campus, lab
HAZARD, RECOVERY, CREDIT_CORRELATION = 0.01, 0.5, 0.4

POWER_MW = (100.0, 100.0)
ENERGISE = (6.0, 12.0)  # months from the plan's start
DELAY_MEDIAN, DELAY_P90, CAUSE_SHARE = (2.0, 2.0), (6.0, 8.0), 0.5

UNITS, H100E, WATTS = 25_000.0, 2.5, 1900.0
AVAILABILITY, FAILURE, PHYSICAL_LIFE = 0.95, 0.03, 120.0
DELIVER = (5.0, 8.0, 11.0, 14.0)
SIGNING, DELIVERY, CANCEL_AFTER = 0.2, 0.8, 12.0

START = (1.7e9, 0.7e6, 0.038)  # lab revenue, power cost per MW and year, SOFR
TREND = (0.2, 0.0, 0.0)
VOLATILITY = (0.4, 0.25, 0.2)
HALF_LIFE = (float("inf"), 18.0, 24.0)  # months; a random walk never returns
CORRELATION = 0.3  # of power cost and SOFR

RENT, RENT_TERM, TAKE_OR_PAY, USED, RENT_GRACE = 0.75, 108.0, 0.95, 0.8, 3.0
RESEARCH, STAFF, COSTS_END = 0.5e9, 0.6e6, 114.0

AMOUNT, MARGIN = (2.4e9, 0.6e9), (0.035, 0.11)
LOAN_START, LOAN_TERM, INTEREST_ONLY = 15.0, (84.0, 96.0), (14.0, 24.0)
UPFRONT_FEE, LOAN_GRACE = (0.01, 0.0), 3.0

COMMITMENT = (3.9e9, 0.8e9)  # of the owners of campus and lab
DISTRIBUTIONS_FROM, LOCK_UP_DSCR = (18.0, 36.0), 1.15

PAID = 1e-9
"""What is short by less than this share of a claim counts as paid."""
NO_SERVICE = 1e9
"""Cover ratio where nothing was due."""
Z90 = 1.2815515655446004


class Inputs(NamedTuple):
    """What is drawn, the same for all three programs."""

    chip_price: FloatArray
    """[cohort, path] USD per chip"""
    lateness: FloatArray
    """[3, path] standard normals: the shared cause, each phase"""
    shocks: FloatArray
    """[period, 4, path] standard normals: three drivers, the customers' credit"""


class Outputs(NamedTuple):
    """What all three programs work out."""

    net: FloatArray
    """[party, path] present value of all paid less all received, USD"""
    least_cover: FloatArray
    """[loan, path] least trailing debt service cover while something was owed, up to default"""
    default: FloatArray
    """[loan, path] 1.0 where the loan was called"""


class Months(NamedTuple):
    """The calendar, [period]."""

    years: FloatArray
    hours: FloatArray
    actual_360: FloatArray
    thirty_360: FloatArray
    factor: FloatArray
    """Present value of 1 USD at the close."""


def inputs_of(lowered: LoweredPlan, draws: HostDraws) -> Inputs:
    """Pick what is random out of the draws of a run of the plan."""
    monthly, once = lowered.labels.monthly_streams, lowered.labels.once_streams
    prices = [lowered.table.at(f"chips.{name}.price") for name in COHORTS]
    return Inputs(
        np.ascontiguousarray(draws.values[prices]),
        np.ascontiguousarray(draws.once[[once.index(name) for name in LATENESS]]),
        np.ascontiguousarray(draws.monthly[:, [monthly.index(name) for name in SHOCKS]]),
    )


def months_of(calendar: Periods) -> Months:
    """Lengths of the periods, and what money at their close is worth today."""
    years = np.asarray(calendar.years, np.float64)
    return Months(
        years,
        np.asarray(calendar.hours, np.float64),
        np.asarray(calendar.accrual("A/360"), np.float64),
        np.asarray(calendar.accrual("30/360"), np.float64),
        (1.0 + DISCOUNT) ** -np.cumsum(years),
    )


def best(run: Callable[[], object], times: int) -> float:
    """Least seconds of several runs, after one that is not counted."""
    run()
    found: list[float] = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        found.append(time.perf_counter() - started)
    return min(found)
