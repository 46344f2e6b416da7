"""Policies by which options are used, fitted before a run and frozen.

Holders of compute notes elect by them (`finance.note_election`); buyers of capacity cancel or step
down, and tenants let leases run out (`finance.giving_up`). The plan is run on pilot paths, drawn
with a seed that no run has; of them the problem of who chooses is made, and what comes out is a
plan with the policy written in it, the same on every path. As a size, a policy is that of the plan
without its scenario: what is seen moves with the scenario, how it is read does not.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.finance import compute_note as note
from offtake.finance import note_election
from offtake.finance.facility import ROUNDING
from offtake.finance.least_squares import Worth
from offtake.finance.note_election import Holding
from offtake.finance.note_period import LEFT_OUT, NONE
from offtake.finance.note_schedule import performed
from offtake.finance.note_terms import NoteTerms, seniors
from offtake.plan.schema import Plan
from offtake.run.commitments import CancellationView, StepDownView
from offtake.run.futures import Choice, Futures, View
from offtake.run.notes import notes_of
from offtake.run.pricing_measure import PLAN, Measure
from offtake.run.renewals import RenewalView

FloatArray = NDArray[np.float64]

CHOOSES = ("holder", "fitted")
"""Elections by which the holder of a note chooses."""
PILOT_PATHS = 4096
PILOT_SEED = -1
"""No run has a negative seed, so pilot paths serve for nothing else."""


def with_policies(plan: Plan, signed: Plan, measure: Measure = PLAN) -> Plan:
    """The plan with a policy in every contract whose option is used by one that is fitted.

    Args:
        plan: with nothing left to size.
        signed: the plan without its scenario.
        measure: under which what is got is valued.
    """
    names = plan.fitted
    if not names:
        return plan
    source = signed if set(names) <= set(signed.fitted) else plan
    futures = pilot(source, names, measure)
    contracts = dict(plan.contracts)
    for name in names:
        for kind in choices(contracts[name]):
            if kind.unfitted(plan.contracts[name]):
                changed = kind(futures, name).policy()
                contracts[name] = contracts[name].model_copy(update=changed)
    return plan.model_copy(update={"contracts": contracts})


def pilot(plan: Plan, names: tuple[str, ...], measure: Measure) -> Futures:
    """Paths that serve for nothing but to fit policies; arguments as of `Futures.of`."""
    return Futures.of(plan, names, PILOT_PATHS, PILOT_SEED, measure)


def _priced(price: Any, *given: FloatArray) -> FloatArray:
    """A price of an hour of `finance.compute_note`, in host memory."""
    return np.asarray(price(*given), np.float64)


class NoteView(View):
    """The holder's problem of one note; periods from the first after the issue to maturity + 1."""

    terms: NoteTerms
    choice = "election"

    @classmethod
    def given_by(cls, terms: Any) -> bool:
        """Whether the holder of a note chooses."""
        return isinstance(terms, NoteTerms) and terms.election in CHOOSES

    @classmethod
    def unfitted(cls, terms: Any) -> bool:
        """Whether its policy is to be worked out before a run."""
        return terms.unfitted

    def __init__(self, futures: Futures, name: str) -> None:
        super().__init__(futures, name)
        begin = self.number("start", 0.0)
        self.begin = np.ceil(np.maximum(begin, 0.0) - ROUNDING)
        self.last = np.ceil(self.begin + self.number("term", 0.0) - ROUNDING)
        first, last = int(self.begin.min()) + 1, int(self.last.max()) + 1
        self.periods = np.arange(first, min(last, self.calendar.count - 1) + 1)
        self.holding = self._holding()

    def index(self) -> FloatArray:
        """[T, P] price of compute on which the note settles."""
        if self.terms.index is None:
            return self.futures.observed[f"sites.{self.terms.site}.spot_price"]
        return self.over_time("index", 0.0)

    def _due(self, hours: FloatArray) -> tuple[FloatArray, FloatArray]:
        """[T, P] hours scheduled and due of a note that performs."""
        price, count = self.over_time("settlement", 0.0), self.calendar.count
        accrual = self.calendar.accrual(self.terms.day_count)
        amount, rate = self.number("amount", 0.0), self.number("rate", 0.0)
        closes = np.arange(count)[:, None]
        runs = (closes > self.begin[None]) & (closes <= self.last[None])
        scheduled = np.where(runs, self.over_time("schedule", 0.0) * hours[:, None], 0.0)
        growth = rate[None] * accrual[:, None]
        return scheduled, performed(scheduled, price, growth, amount, self.begin, self.last).due

    def _holding(self) -> Holding:
        hours = np.asarray(self.calendar.hours)
        index, n = self.index(), self.number
        seen = np.concatenate([np.zeros_like(index[:1]), index[:-1]])
        scheduled, due = self._due(hours)
        resold = 1.0 - n("resale_cost", 0.0)[None]
        value = self.over_time("use_value", 0.0)
        valued = self.terms.use_value is not None
        cap, part = n("cap", LEFT_OUT["cap"])[None], n("excess_share", 1.0)[None]
        bounds = n("spread", 0.0)[None], n("floor", 0.0)[None], cap
        whole = {
            "seen": seen,
            "spot": index,
            "price": self.over_time("settlement", 0.0),
            "due": due,
            "scheduled": scheduled,
            "limit": n("bank", 0.0)[None] * scheduled,
            "need": self.over_time("use", NONE) * hours[:, None],
            "pool": self._deliverable(hours),
            "worth": value if valued else resold * index,
            "expects": value if valued else resold * seen,
            "cash": _priced(note.cash_price, index, *bounds),
            "cash_seen": _priced(note.cash_price, seen, *bounds),
            "excess": _priced(note.excess_price, index, cap, part),
            "excess_seen": _priced(note.excess_price, seen, cap, part),
            "discount": self.futures.discount,
        }
        return Holding(
            **{k: x[self.periods] for k, x in whole.items()},
            shocks=self.shocks(self.periods, index),
        )

    def _deliverable(self, hours: FloatArray) -> FloatArray:
        """[T, P] hours of the site within the note's share that notes served first leave."""
        observed = self.futures.observed
        site = observed[f"sites.{self.terms.site}.h100e_hours"]
        left = site
        for name in seniors(self.name, notes_of(self.futures.plan)):
            share = observed[f"contracts.{name}.reserved_share"]
            h100e = observed[f"contracts.{name}.reserved_h100e"]
            left = left - np.minimum(share * site, h100e * hours[:, None])
        return np.minimum(self.number("share", 1.0)[None] * site, np.maximum(left, 0.0))

    def policy(self) -> dict[str, Any]:
        """Fields of the note with the policy written in them."""
        found = note_election.fitted(self.holding).policy
        return {"policy": self.dated(self.periods, found, "USD/H100e/h")}

    def worth(self, pilot: "NoteView") -> Worth:
        """What the choice is worth on these paths, by a policy fitted on others."""
        return note_election.worth(self.holding, note_election.fitted(pilot.holding))


CHOICES: tuple[type[Choice], ...] = (NoteView, CancellationView, StepDownView, RenewalView)


def choices(terms: Any) -> list[type[Choice]]:
    """What a contract lets be chosen, each as who may choose sees it."""
    return [kind for kind in CHOICES if kind.given_by(terms)]
