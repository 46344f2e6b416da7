"""Policies by which holders of compute notes elect, fitted before a run and frozen.

The plan is run on pilot paths, drawn with a seed that no run has; of them the holder's problem is
made (`finance.note_election`), and what comes out is a plan with the policy written in it, the same
on every path. As a size, a policy is that of the plan without its scenario: what the holder sees
moves with the scenario, how it reads what it sees does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from offtake.core.random import BLOCK
from offtake.core.series import Series
from offtake.finance import compute_note as note
from offtake.finance.facility import ROUNDING
from offtake.finance.note_election import Holding, fitted
from offtake.finance.note_period import LEFT_OUT, NONE
from offtake.finance.note_schedule import performed
from offtake.finance.note_terms import NoteTerms, seniors
from offtake.lowering.lower import LoweredPlan, lower
from offtake.plan.schema import Plan
from offtake.run.dated import dated
from offtake.run.draw import HostDraws, draw
from offtake.run.notes import notes_of, paid_for
from offtake.run.pricing_measure import PLAN, Measure
from offtake.run.record import recorder

FloatArray = NDArray[np.float64]

PILOT_PATHS = 4096
PILOT_SEED = -1
"""No run has a negative seed, so pilot paths serve for nothing else."""
MOST_STREAMS = 4
"""Random streams whose shocks a fit looks at: those that move the index most."""
WANTED = ("drivers.*", "sites.*", "contracts.*")


def with_policies(plan: Plan, signed: Plan, measure: Measure = PLAN) -> Plan:
    """The plan with a policy in every note whose holder elects by one that is fitted.

    Args:
        plan: with nothing left to size.
        signed: the plan without its scenario.
        measure: under which holders value what they get.
    """
    names = plan.fitted
    if not names:
        return plan
    source = signed if set(names) <= set(signed.fitted) else plan
    futures = Futures.of(source, names, PILOT_PATHS, PILOT_SEED, measure)
    contracts = dict(plan.contracts)
    for name in names:
        view = futures.note(name)
        policy = fitted(view.holding).policy
        contracts[name] = contracts[name].model_copy(update={"policy": view.written(policy)})
    return plan.model_copy(update={"contracts": contracts})


@dataclass(frozen=True)
class Futures:
    """What notes see on simulated paths."""

    plan: Plan
    lowered: LoweredPlan
    draws: HostDraws
    """before the measure moves them"""
    observed: Mapping[str, FloatArray]
    """observation -> [T, P]"""

    discount: FloatArray
    """[T, P] value today of money at the close of each period"""

    @classmethod
    def of(
        cls, plan: Plan, names: tuple[str, ...], paths: int, seed: int, measure: Measure = PLAN
    ) -> "Futures":
        """Run a plan in which some notes deliver, as what they see does not depend on them.

        Args:
            plan: as structured, or not.
            names: of the notes.
            paths: number of futures, a multiple of 256.
            seed: of every random stream.
            measure: under which draws are made and money is discounted.
        """
        agreed = {n: plan.contracts[n].model_copy(update={"election": "delivery"}) for n in names}
        plain = plan.model_copy(update={"contracts": {**plan.contracts, **agreed}})
        lowered = lower(paid_for(plain, []), WANTED)
        wanted = _wanted(plan, names, lowered.labels.observations)
        record = recorder(lowered)
        drawn = [draw(lowered, seed, first, BLOCK, BLOCK) for first in range(0, paths, BLOCK)]
        months = (record(measure.moved(lowered, block)) for block in drawn)
        parts = [np.asarray(m.observations)[:, list(wanted.values())] for m in months]
        seen: FloatArray = np.concatenate(parts, axis=2)
        draws = HostDraws(*(np.concatenate(leaf, axis=-1) for leaf in zip(*drawn, strict=True)))
        observed = {name: seen[:, i] for i, name in enumerate(wanted)}
        return cls(
            plan, lowered, draws, observed, measure.discount(lowered, draws.values, observed)
        )

    def note(self, name: str) -> "View":
        """One note as its holder sees it."""
        return View(self, name)


def _wanted(plan: Plan, names: tuple[str, ...], observations: tuple[str, ...]) -> dict[str, int]:
    """Observation -> index of all that notes look at."""
    found: dict[str, int] = {}
    looks = {*names, *(senior for name in names for senior in seniors(name, notes_of(plan)))}
    for i, seen in enumerate(observations):
        parts = seen.split(".")
        sites = {plan.contracts[name].site for name in names}  # type: ignore[attr-defined]
        of_site = parts[0] == "sites" and parts[1] in sites and len(parts) == 3
        if (
            parts[0] == "drivers"
            or of_site
            or seen.startswith(tuple(f"contracts.{n}." for n in looks))
        ):
            found[seen] = i
    return found


def _priced(price: Any, *given: FloatArray) -> FloatArray:
    """A price of an hour of `finance.compute_note`, in host memory."""
    return np.asarray(price(*given), np.float64)


class View:
    """The holder's problem of one note; periods from the first after the issue to maturity + 1."""

    def __init__(self, futures: Futures, name: str) -> None:
        self.futures, self.name = futures, name
        self.terms = cast("NoteTerms", futures.plan.contracts[name])
        self.calendar = futures.lowered.calendar
        begin = self._number("start", 0.0)
        self.begin = np.ceil(np.maximum(begin, 0.0) - ROUNDING)
        self.last = np.ceil(self.begin + self._number("term", 0.0) - ROUNDING)
        first, last = int(self.begin.min()) + 1, int(self.last.max()) + 1
        self.periods = np.arange(first, min(last, self.calendar.count - 1) + 1)
        self.holding = self._holding()

    def _number(self, field: str, otherwise: float) -> FloatArray:
        """[P] a number of the note."""
        row = self.futures.lowered.table.index.get(f"contracts.{self.name}.{field}")
        values = self.futures.draws.values
        made: FloatArray = np.full((values.shape[1],), otherwise)
        return made if row is None else values[row]

    def _over_time(self, field: str, otherwise: float) -> FloatArray:
        """[T, P] a field of the note that may change."""
        series: Series | None = getattr(self.terms, field)
        paths = self.futures.draws.values.shape[1]
        if series is None:
            return np.full((self.calendar.count, paths), otherwise)
        place = f"contracts.{self.name}.{field}"
        return self.futures.observed[f"drivers.{series.driver}" if series.driver else place]

    def index(self) -> FloatArray:
        """[T, P] price of compute on which the note settles."""
        if self.terms.index is None:
            return self.futures.observed[f"sites.{self.terms.site}.spot_price"]
        return self._over_time("index", 0.0)

    def _due(self, hours: FloatArray) -> tuple[FloatArray, FloatArray]:
        """[T, P] hours scheduled and due of a note that performs."""
        price, count = self._over_time("settlement", 0.0), self.calendar.count
        accrual = self.calendar.accrual(self.terms.day_count)
        amount, rate = self._number("amount", 0.0), self._number("rate", 0.0)
        closes = np.arange(count)[:, None]
        runs = (closes > self.begin[None]) & (closes <= self.last[None])
        scheduled = np.where(runs, self._over_time("schedule", 0.0) * hours[:, None], 0.0)
        growth = rate[None] * accrual[:, None]
        return scheduled, performed(scheduled, price, growth, amount, self.begin, self.last).due

    def _holding(self) -> Holding:
        hours = np.asarray(self.calendar.hours)
        index, n = self.index(), self._number
        seen = np.concatenate([np.zeros_like(index[:1]), index[:-1]])
        scheduled, due = self._due(hours)
        resold = 1.0 - n("resale_cost", 0.0)[None]
        value = self._over_time("use_value", 0.0)
        valued = self.terms.use_value is not None
        cap, part = n("cap", LEFT_OUT["cap"])[None], n("excess_share", 1.0)[None]
        bounds = n("spread", 0.0)[None], n("floor", 0.0)[None], cap
        whole = {
            "seen": seen,
            "spot": index,
            "price": self._over_time("settlement", 0.0),
            "due": due,
            "scheduled": scheduled,
            "limit": n("bank", 0.0)[None] * scheduled,
            "need": self._over_time("use", NONE) * hours[:, None],
            "pool": self._deliverable(hours),
            "worth": value if valued else resold * index,
            "expects": value if valued else resold * seen,
            "cash": _priced(note.cash_price, index, *bounds),
            "cash_seen": _priced(note.cash_price, seen, *bounds),
            "excess": _priced(note.excess_price, index, cap, part),
            "excess_seen": _priced(note.excess_price, seen, cap, part),
            "discount": self.futures.discount,
        }
        return Holding(**{k: x[self.periods] for k, x in whole.items()}, shocks=self._shocks(index))

    def _deliverable(self, hours: FloatArray) -> FloatArray:
        """[T, P] hours of the site within the note's share that notes served first leave."""
        observed = self.futures.observed
        site = observed[f"sites.{self.terms.site}.h100e_hours"]
        left = site
        for name in seniors(self.name, notes_of(self.futures.plan)):
            share = observed[f"contracts.{name}.reserved_share"]
            h100e = observed[f"contracts.{name}.reserved_h100e"]
            left = left - np.minimum(share * site, h100e * hours[:, None])
        return np.minimum(self._number("share", 1.0)[None] * site, np.maximum(left, 0.0))

    def _shocks(self, index: FloatArray) -> FloatArray:
        """[M, S, P] shocks of the streams that move the index most."""
        streams = self.futures.lowered.labels.monthly_streams
        mine = [i for i, name in enumerate(streams) if name.startswith("drivers.")]
        shocks = self.futures.draws.monthly[:, mine]
        moves = np.diff(np.log(np.maximum(index, 1e-12)), axis=0)[:, None]
        together = np.abs((shocks[1:] * (moves - moves.mean(axis=2, keepdims=True))).mean(axis=2))
        order = np.argsort(-together.sum(axis=0), kind="stable")[:MOST_STREAMS]
        return shocks[self.periods][:, np.sort(order)]

    def written(self, policy: FloatArray) -> tuple[Series, ...]:
        """A policy [M, 10] as it stands in a plan."""
        periods, unit = self.periods.tolist(), "USD/H100e/h"
        return tuple(dated(self.calendar, periods, column, unit) for column in policy.T)
