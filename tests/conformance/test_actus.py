"""The bridge from ACTUS refuses what it does not know, and its comparison finds what is wrong."""

import copy
import datetime as dt

import numpy as np
import pytest

from tests.conformance.actus.plan import Ran
from tests.conformance.actus.schedule import Rules, Unknown, cycle_of, midnight, moment_of
from tests.conformance.actus.suite import compared
from tests.conformance.actus.terms import loan

TERMS = {
    "contractType": "PAM",
    "contractRole": "RPA",
    "statusDate": "2024-12-31T00:00:00",
    "initialExchangeDate": "2025-01-01T00:00:00",
    "maturityDate": "2027-01-01T00:00:00",
    "cycleAnchorDateOfInterestPayment": "2026-01-01T00:00:00",
    "cycleOfInterestPayment": "P1YL1",
    "nominalInterestRate": "0.05",
    "notionalPrincipal": "1000",
    "dayCountConvention": "30E360",
}
ROWS = (
    ("2025-01-01", "IED", -1000.0, 1000.0),
    ("2026-01-01", "IP", 50.0, 1000.0),
    ("2027-01-01", "IP", 50.0, 1000.0),
    ("2027-01-01", "MD", 1000.0, 0.0),
)


def case(rows=ROWS, **changes):
    results = [
        {
            "eventDate": f"{day}T00:00:00",
            "eventType": kind,
            "payoff": payoff,
            "notionalPrincipal": left,
            "nominalInterestRate": 0.05,
            "accruedInterest": 0.0,
        }
        for day, kind, payoff, left in rows
    ]
    return {"terms": TERMS | changes, "results": results, "to": "", "eventsObserved": []}


def ran():
    """What the engine would leave of the loan above, by hand."""
    lines = {"advance": [1000, 0, 0], "interest": [0, 50, 50], "principal": [0, 0, 1000]}
    states = {"balance": [0, 1000, 1000, 0], "accrued": [0] * 4, "rate": [0.05] * 4}
    return Ran(
        {dt.date(2025 + t, 1, 1): t for t in range(3)},
        {("x", line): np.array(values, float) for line, values in lines.items()},
        {("x", value): np.array(values, float) for value, values in states.items()},
    )


def test_the_right_answer_passes_and_a_cent_does_not():
    assert compared(loan("x", case()), case(), ran()).status == "passed"
    for i in range(len(ROWS)):
        wrong = copy.deepcopy(case())
        wrong["results"][i]["payoff"] += 0.01
        assert compared(loan("x", case()), wrong, ran()).status == "failed"
    for state in ("notionalPrincipal", "accruedInterest", "nominalInterestRate"):
        wrong = copy.deepcopy(case())
        wrong["results"][1][state] += 1e-5
        assert compared(loan("x", case()), wrong, ran()).status == "failed"


def test_an_event_too_many_or_too_few_fails():
    for rows in (ROWS[:2] + ROWS[3:], (*ROWS[:2], ("2026-07-01", "IP", 25.0, 1000.0), *ROWS[2:])):
        assert compared(loan("x", case()), case(rows), ran()).status == "failed"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contractType": "SWAPS"}, "SWAPS"),
        ({"feeRate": "0.01"}, "feeRate"),
        ({"dayCountConvention": "28E336"}, "28E336"),
        ({"interestCalculationBase": "NTL"}, "NTL"),
        ({"accruedInterest": "5"}, "accruedInterest"),
        ({"calendar": "XY"}, "XY"),
        ({"cycleOfInterestPayment": "every year"}, "every year"),
    ],
)
def test_a_feature_that_is_not_known_is_refused_by_name(changes, said):
    with pytest.raises(Unknown, match=said):
        loan("x", case(**changes))


@pytest.mark.parametrize(
    ("anchor", "cycle", "end", "days"),
    [
        ("2025-01-31T00:00:00", "P1ML1", "2025-05-01T00:00:00", "01-31 02-28 03-31 04-30"),
        ("2025-02-28T00:00:00", "P1ML1", "2025-05-01T00:00:00", "02-28 03-31 04-30"),
        ("2025-01-01T00:00:00", "P1ML0", "2025-05-15T00:00:00", "01-01 02-01 03-01 04-01"),
        ("2025-01-01T00:00:00", "P1ML1", "2025-05-15T00:00:00", "01-01 02-01 03-01 04-01 05-01"),
        ("2025-01-01T00:00:00", "P2ML0", "2025-04-30T23:59:59", "01-01 03-01"),
    ],
)
def test_dates_of_a_cycle(anchor, cycle, end, days):
    rules = Rules(end_of_month=True, convention="NULL", weekends=False)
    found = rules.dates(moment_of(anchor), cycle_of(cycle), moment_of(end), with_end=False)
    assert " ".join(f"{day:%m-%d}" for day in found) == days


def test_business_days():
    saturday = dt.date(2025, 5, 31)
    for convention, paid, counted in (
        ("SCF", "06-02", "06-02"),
        ("CSF", "06-02", "05-31"),
        ("SCMF", "05-30", "05-30"),
        ("CSMP", "05-30", "05-31"),
    ):
        rules = Rules(end_of_month=False, convention=convention, weekends=True)
        assert f"{rules.paid(saturday):%m-%d}" == paid
        assert f"{rules.counted(saturday):%m-%d}" == counted
    assert midnight(moment_of("2025-05-30T23:59:59")) == saturday
