"""Loans as one plan on the dates of all of them, run through lowering and the engine's step."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax, jnp
from offtake.core.calendar import EventPeriods
from offtake.engine.simulate import Draws, simulate
from offtake.lowering.lower import LoweredPlan, lower
from offtake.plan.load import check_text
from tests.conformance.actus.terms import FAR, Loan

SHOWN = ("balance", "accrued", "rate")


def written(loans: Sequence[Loan]) -> str:
    """The plan: one lender, a borrower for every loan."""
    parties = {"lender": {"kind": "external"}, "holder": {"kind": "internal"}}
    parties |= {f"borrower_{loan.name}": {"kind": "external"} for loan in loans}
    drivers = {
        f"base_{loan.name}": {
            day.isoformat(): f"{value!r} 1/year" for day, value in loan.fixings.items()
        }
        for loan in loans
        if loan.fixings
    }
    contracts = {
        loan.name: {
            "kind": "term_loan",
            "lender": "lender",
            "borrower": f"borrower_{loan.name}",
            **loan.terms,
        }
        for loan in loans
    }
    first = min(loan.start for loan in loans)
    header = {"name": "ACTUS", "start": f"{first:%Y-%m}", "horizon": "40 years"}
    header["discount_rate"] = "0 %/year"
    return json.dumps(
        {"plan": header, "parties": parties, "drivers": drivers, "contracts": contracts}
    )


def calendar_of(loans: Sequence[Loan]) -> EventPeriods:
    """The dates of all loans, from the first start on, and one more to show what the last left."""
    first = min(loan.start for loan in loans)
    last = max(day for loan in loans for day in loan.events if day < FAR.date())
    dates = {day for loan in loans for day in loan.events if first <= day <= last}
    return EventPeriods((*sorted(dates), last + dt.timedelta(days=1)))


@dataclass(frozen=True)
class Ran:
    """What the engine made of the loans."""

    close: dict[dt.date, int]
    """date -> period that closes on it"""
    lines: dict[tuple[str, str], NDArray[np.float64]]
    """(loan, line) -> [period] USD claimed and paid"""
    states: dict[tuple[str, str], NDArray[np.float64]]
    """(loan, published value) -> [period] at the start of the period"""


def run(loans: Sequence[Loan]) -> Ran:
    """Run the loans.

    Raises:
        AssertionError: the plan has mistakes, or something that was claimed was not paid.
    """
    checked = check_text(written(loans))
    assert checked.plan is not None, "\n".join(map(str, checked.errors))
    grid = calendar_of(loans)
    wanted = [f"contracts.{loan.name}.{value}" for loan in loans for value in SHOWN]
    lowered = lower(checked.plan, wanted, grid)
    record = jax.jit(simulate, static_argnums=1)(lowered.program, lowered.shape, _draws(lowered))
    claimed = np.asarray(record.months.claimed)[:, :, 0]
    np.testing.assert_array_equal(claimed, np.asarray(record.months.paid)[:, :, 0])
    seen = np.asarray(record.months.observations)[:, :, 0]
    labels = lowered.labels
    return Ran(
        close={day: t for t, day in enumerate(grid.dates[:-1])},
        lines={(c.contract, c.line): claimed[:, i] for i, c in enumerate(labels.claims)},
        states={
            (loan.name, value): seen[:, labels.observation(f"contracts.{loan.name}.{value}")]
            for loan in loans
            for value in SHOWN
        },
    )


def _draws(lowered: LoweredPlan) -> Draws:
    """The one future: nothing is random."""
    labels, periods = lowered.labels, lowered.calendar.count
    return Draws(
        values=jnp.asarray(lowered.table.medians()[:, None]),
        once=jnp.zeros((len(labels.once_streams), 1)),
        monthly=jnp.zeros((periods, len(labels.monthly_streams), 1)),
        weight=jnp.ones(1),
    )
