"""Structuring: how large each facility is and how it is repaid, before anything is simulated.

`amount: sized` asks for the largest amount within all limits of `sizing` (DESIGN §10), and
`amortisation: sculpted` for the schedule that goes with it. Both depend on what they change (tax on
interest, interest during construction, fees, reserves), so they are a fixed point: the cases are
run with a trial structure, the limits are read from what happened, the structure that they allow is
the next trial, until size and schedule move by less than 1e-9. Facilities are sized in the order of
seniority and of the plan, each on what those before it leave. What comes out is a plan with amounts
and schedules written in it, the same on every path.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from offtake.core.arrays import jax
from offtake.core.calendar import Calendar
from offtake.core.errors import PlanErrors, Problem, Where
from offtake.core.quantity import Quantity
from offtake.core.series import Series
from offtake.core.structure import Allowed, Facility, Structure
from offtake.finance.facility import SENIORITY
from offtake.finance.sizing import LENDER, Sizing
from offtake.lowering.book import book_of
from offtake.lowering.lower import LoweredPlan, lower
from offtake.plan.schema import Plan
from offtake.run.cases import case_draws, case_of, merchant_contracts
from offtake.run.dated import dated, first_day
from offtake.run.draw import HostDraws, draw
from offtake.run.elections import with_policies
from offtake.run.limits import Reading, Trial, allowed, life, reading, uses_left_unpaid
from offtake.run.notes import with_notes
from offtake.run.record import recorder

TOLERANCE = 1e-9
"""Share by which size and schedule may still move."""
MOST_ROUNDS = 100
FULL_PURSE = 1e13
"""USD, more than any project: what stands behind its cost while debt is sized."""
FEES = ("upfront_fee", "commitment_fee")
"""Numbers that are 0 in the first round of a facility that nothing bounds."""
SETTLED_LIFE = 1
"""Round from which the life of collateral stands: what is owed on it does not move its margin."""
PILOT_PATHS = 1024
"""Futures in which the quantile of merchant revenue is found."""


@dataclass(frozen=True)
class Structured:
    """A plan with nothing left to size, and how it was sized."""

    plan: Plan
    structure: Structure


def structure(plan: Plan) -> Structured:
    """Size what is sized; a plan without such amounts comes back as it is.

    Under a scenario the structure is that of the plan without it: a loan is sized when it is
    signed.

    Raises:
        PlanErrors: a case changes more than numbers, the structure does not settle, or it leaves
            capital cost unpaid.
    """
    made = sized_plan(plan)
    return Structured(with_policies(made.plan, signed_plan(made.plan)), made.structure)


def sized_plan(plan: Plan) -> Structured:
    """The plan with all amounts in it."""
    places = plan.sized
    if not places:
        return Structured(plan, Structure((), 0, 0.0))
    started = time.perf_counter()
    plan, notes = with_notes(plan, signed_plan(plan))
    if not plan.sized:
        return Structured(plan, Structure(tuple(notes), 1, time.perf_counter() - started))
    worked = _Work(signed_plan(plan))
    facilities = notes + worked.settle()
    seconds = time.perf_counter() - started
    made = Structure(tuple(facilities), worked.rounds, seconds)
    return Structured(_written(plan, worked), made)


def signed_plan(plan: Plan) -> Plan:
    """The plan without its scenario, if that leaves as much to size."""
    signed = plan.variants.get("signed", plan)
    return signed if set(plan.sized) <= set(signed.sized) else plan


def _named(plan: Plan) -> list[str]:
    """Facilities to size, senior ones first."""
    found = [
        name
        for name, terms in plan.contracts.items()
        if getattr(terms, "sizing", None) is not None and terms.amount.sized  # type: ignore[attr-defined]
    ]
    return sorted(found, key=lambda name: SENIORITY.index(plan.contracts[name].seniority))  # type: ignore[attr-defined]


def _plugs(plan: Plan) -> list[str]:
    """Commitments that are as large as what is left to pay for."""
    return [
        name
        for name, terms in plan.contracts.items()
        if isinstance(getattr(terms, "commitment", None), Quantity) and terms.commitment.sized  # type: ignore[attr-defined]
    ]


def _no_schedule(calendar: Calendar) -> Series:
    """A share of zero in every period, each a row of its own."""
    return dated(calendar, range(1, calendar.count), np.zeros(calendar.count - 1), "1")


def _trial_plan(plan: Plan, changes: dict[str, dict[str, Any]]) -> Plan:
    """The plan with fields of some contracts replaced."""
    contracts = {
        name: terms.model_copy(update=changes[name]) if name in changes else terms
        for name, terms in plan.contracts.items()
    }
    return plan.model_copy(update={"contracts": contracts})


class _Work:
    """The fixed point of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.names, self.plugs = _named(plan), _plugs(plan)
        wanted = ("contracts.*.service_due", "contracts.*.balance", "chips.*", "drivers.*")
        self.lowered = lower(_trial_plan(plan, self._first()), wanted)
        self.cases = tuple(
            dict.fromkeys(c for name in self.names for c in self._sizing(name).cases)
        ) or (LENDER,)
        counted = self._merchant()
        self.draws = [case_draws(self.lowered, c, counted.get(c, {})) for c in self.cases]
        self.book = book_of(self.lowered)
        self.values = np.concatenate([d.values for d in self.draws], axis=1)
        self.purses = self._fill_purses()
        self.run = recorder(self.lowered, len(self.cases))
        self.rounds = 0
        self.trials: dict[str, Trial] = {}
        self.limits: dict[str, list[Allowed]] = {}
        self.readings: dict[str, Reading] = {}
        self.ends: dict[str, float] = {}

    def _first(self) -> dict[str, dict[str, Any]]:
        """First trial: no debt where sized equity pays for all, else the most there may be."""
        most = Quantity(FULL_PURSE, "USD")
        changes: dict[str, dict[str, Any]] = {}
        for name in self.names:
            amount = Quantity(0.0, "USD") if self.plugs else self._sizing(name).maximum or most
            changes[name] = {"amount": amount}
            if self.plan.contracts[name].amortisation == "sculpted":  # type: ignore[attr-defined]
                changes[name]["schedule"] = _no_schedule(self.plan.calendar)
        return changes | {name: {"commitment": most} for name in self.plugs}

    def _fill_purses(self) -> dict[int, Any]:
        """Let no investor of sized equity run out of cash until all has settled.

        Returns:
            Row -> [C] cash that stands there else.
        """
        table = self.lowered.table
        terms = cast("dict[str, Any]", self.plan.contracts)
        investors: list[str] = [terms[name].investor for name in self.plugs]
        cash = [table.index.get(f"parties.{party}.cash", -1) for party in investors]
        kept = {row: self.values[row].copy() for row in cash if row >= 0}
        for row in kept:
            self.values[row] = FULL_PURSE
        return kept

    def _fees(self, amounts: Any) -> Any:
        """Put fees of sized facilities in place, and say what stood there."""
        table = self.lowered.table
        places = [f"contracts.{name}.{fee}" for name in self.names for fee in FEES]
        rows = [table.index[place] for place in places if place in table.index]
        before = self.values[rows].copy()
        self.values[rows] = amounts
        return before

    def _sizing(self, name: str) -> Sizing:
        return cast("Sizing", self.plan.contracts[name].sizing)  # type: ignore[attr-defined]

    # ------------------------------------------------------------------------------- running

    def _months(self) -> Any:
        """Run all cases with the values of the trial, a path for each."""
        parts = zip(*self.draws, strict=True)
        _, once, monthly, weight = (np.concatenate(part, axis=-1) for part in parts)
        return jax.tree.map(np.asarray, self.run(HostDraws(self.values, once, monthly, weight)))

    def _merchant(self) -> dict[str, dict[str, float]]:
        """By case, share of the revenue of each merchant contract that counts."""
        found: dict[str, dict[str, float]] = {}
        contracts = merchant_contracts(self.plan)
        for name in self.cases:
            case = case_of(self.plan, name)
            if case is None or not contracts:
                continue
            if case.contracted_only:
                found[name] = dict.fromkeys(contracts, 0.0)
            else:
                found[name] = self._quantiles(contracts, case.merchant.value)
        return found

    def _quantiles(self, contracts: Sequence[str], quantile: float) -> dict[str, float]:
        """Revenue of merchant contracts at a quantile of their futures over that of the base."""
        run = recorder(self.lowered)
        received: list[Any] = []
        claims = list(enumerate(self.lowered.labels.claims))
        rows = {name: [c for c, claim in claims if claim.contract == name] for name in contracts}
        for first in range(0, PILOT_PATHS + 256, 256):
            # The last block is one path short, so its last path is the base case.
            count = 255 if first == PILOT_PATHS else 256
            paid = np.asarray(run(draw(self.lowered, 1, first, 256, count)).paid)
            received.append([paid[:, rows[name]].sum(axis=(0, 1)) for name in contracts])
        total = np.concatenate(received, axis=1)
        base, futures = total[:, -1], total[:, :PILOT_PATHS]
        level = np.quantile(futures, quantile, axis=1)
        share = np.where(base > 0.0, level / np.where(base > 0.0, base, 1.0), 1.0)
        return dict(zip(contracts, share.tolist(), strict=True))

    # --------------------------------------------------------------------------- fixed point

    def settle(self) -> list[Facility]:
        """Sized facilities and commitments."""
        moved, fees = np.inf, self._fees(0.0)
        while moved > TOLERANCE:
            if self.rounds == MOST_ROUNDS:
                raise _open(self.names, moved)
            moved = self._round()
            if self.rounds == 0:
                self._fees(fees)
            self.rounds += 1
        for row, cash in self.purses.items():
            self.values[row] = cash
        left = uses_left_unpaid(self.lowered, self._months(), self.cases)
        if left is not None:
            raise left
        return [self.facility(name) for name in self.names] + self.commitments()

    def _round(self) -> float:
        """Run the trial and replace it by what it allows; the largest move of any of it."""
        months = self._months()
        moved = 0.0
        earlier: list[str] = []
        for name in self.names:
            later = [n for n in self.names if n not in earlier and n != name]
            if self.rounds <= SETTLED_LIFE:
                lender = self.cases.index(LENDER)
                self.ends[name] = life(self.lowered, self.book, months, name, lender)
            read = reading(
                self.lowered, self.book, months, self.cases, name, later, self.ends[name]
            )
            limits = allowed(read, self._sizing(name))
            trial = read.trial(min(limits, key=lambda limit: limit.amount).amount)
            moved = max(moved, self._put(name, read, trial))
            self.trials[name], self.limits[name] = trial, limits
            self.readings[name] = read
            earlier.append(name)
        if self.plugs:
            moved = max(moved, self._share_draws(months))
        return moved

    def _put(self, name: str, read: Reading, trial: Trial) -> float:
        """Write a trial into the numbers; how far it moved."""
        before = self.trials.get(name)
        self.values[self.lowered.table.at(f"contracts.{name}.amount")] = trial.amount
        for t, share in zip(read.periods, trial.share, strict=True):
            label = first_day(self.lowered.calendar, int(t)).isoformat()
            place = f"contracts.{name}.schedule.{label}"
            if place in self.lowered.table.index:
                self.values[self.lowered.table.at(place)] = share
        if before is None:
            return np.inf
        scale = max(trial.amount, 1.0)
        size = abs(trial.amount - before.amount) / scale
        return max(size, float(np.abs(trial.owed - before.owed).max(initial=0.0)) / scale)

    def _share_draws(self, months: Any) -> float:
        """Draw sized debt and sized equity side by side, each in proportion to its part of uses.

        Returns:
            Largest move of a part, as a share of it.
        """
        moved = 0.0
        table, terms = self.lowered.table, cast("dict[str, Any]", self.plan.contracts)
        for issuer in {terms[name].issuer for name in self.plugs}:
            plugs = [name for name in self.plugs if terms[name].issuer == issuer]
            debts = [name for name in self.names if terms[name].borrower == issuer]
            undrawn = 0.0
            for name in debts:
                drawn = self._paid(months, [name], "draw").max()
                undrawn += max(self.trials[name].amount - drawn, 0.0)
                row = table.index.get(f"contracts.{name}.weight")
                if row is not None:
                    own = self.readings[name].carrying.max()
                    moved = max(moved, self._weigh(row, self.trials[name].amount - own))
            for name in plugs:
                row = table.at(f"contracts.{name}.weight")
                beside = [self._beside(months, name, debt) for debt in debts]
                part = max(beside, default=0.0) - undrawn / len(plugs)
                moved = max(moved, self._weigh(row, part))
        return moved

    def _beside(self, months: Any, plug: str, debt: str) -> float:
        """Most that any case draws of sized equity while a debt can be drawn, USD."""
        during = self.readings[debt].drawn_in
        return float(self._rows(months, plug, "draw")[during].sum(axis=0).max())

    def _rows(self, months: Any, contract: str, line: str) -> Any:
        """[T, C] paid on a line of a contract, USD."""
        claims = enumerate(self.lowered.labels.claims)
        mine = [c for c, x in claims if x.contract == contract and x.line == line]
        return months.paid[:, mine].sum(axis=1)

    def _weigh(self, row: int, part: float) -> float:
        """Put a weight in its row; how far it moved, as a share of it."""
        part = max(float(part), 1.0)
        before = float(self.values[row, 0])
        self.values[row] = part
        return abs(part - before) / part

    # -------------------------------------------------------------------------------- results

    def _paid(self, months: Any, contracts: Sequence[str], line: str) -> Any:
        """[contract, C] paid on a line of some contracts until debt is repaid first, USD.

        What owners pay in later is no part of the structure: in a lender's case the plant may stand
        idle at the end, and nobody commits money to that.
        """
        begins = [int(read.periods[0]) for read in self.readings.values()]
        built = max(begins, default=self.lowered.calendar.count)
        return np.stack([self._rows(months, n, line)[:built].sum(axis=0) for n in contracts])

    def commitments(self) -> list[Facility]:
        """Sized commitments: the most that any case draws."""
        if not self.plugs:
            return []
        drawn = self._paid(self._months(), self.plugs, "draw").max(axis=1).tolist()
        return [
            Facility(name, usd, (Allowed("uses", "", usd),), (), ())
            for name, usd in zip(self.plugs, drawn, strict=True)
        ]

    def weight(self, name: str) -> dict[str, Quantity]:
        """The weight of draws beside sized equity, as a field of the contract."""
        row = self.lowered.table.index.get(f"contracts.{name}.weight")
        if not self.plugs or row is None:
            return {}
        value = float(self.values[row, 0])
        return {"weight": Quantity(value, "1", text=repr(value))}

    def facility(self, name: str) -> Facility:
        trial, read = self.trials[name], self.readings[name]
        days = tuple(first_day(self.lowered.calendar, int(t)).isoformat() for t in read.periods)
        return Facility(
            name, trial.amount, tuple(self.limits[name]), days, tuple(trial.share.tolist())
        )


def _written(plan: Plan, worked: _Work) -> Plan:
    """The plan with amounts and schedules in it."""
    changes: dict[str, dict[str, Any]] = {}
    for name in worked.names:
        made = worked.facility(name)
        changes[name] = {"amount": _amount(made.amount), **worked.weight(name)}
        if plan.contracts[name].amortisation == "sculpted":  # type: ignore[attr-defined]
            changes[name]["schedule"] = _schedule(worked.lowered, made)
    for made in worked.commitments():
        changes[made.contract] = {
            "commitment": _amount(made.amount),
            **worked.weight(made.contract),
        }
    return _trial_plan(plan, changes)


def _amount(usd: float) -> Quantity:
    return Quantity(usd, "USD", text=f"{usd!r} USD")


def _schedule(lowered: LoweredPlan, made: Facility) -> Series:
    """Share of the balance due in every period of a facility's repayment."""
    shares = dict(zip(made.dates, made.shares, strict=True))
    periods = range(1, lowered.calendar.count)
    due = [shares.get(first_day(lowered.calendar, t).isoformat(), 0.0) for t in periods]
    return dated(lowered.calendar, periods, due, "1")


def _open(names: Sequence[str], moved: float) -> PlanErrors:
    place = f"contracts.{names[0]}.amount"
    return PlanErrors(
        [
            Problem(
                Where(place),
                place,
                "sizing-open",
                f"a structure that still moves by {moved:.1e} after {MOST_ROUNDS} rounds",
                "size and schedule that settle within 1e-9",
                "loosen a limit, level cash flow over a year (level_over), or state the amount",
            )
        ]
    )
