"""Simulated paths on which those who hold an option work out when to use it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from offtake.contracts.residual_value_guarantee import ResidualValueGuaranteeTerms
from offtake.core.random import BLOCK
from offtake.core.series import Series
from offtake.finance.commitment_terms import GIVES_UP, CommitmentTerms
from offtake.finance.lease_terms import LeaseTerms
from offtake.finance.least_squares import Worth
from offtake.finance.note_terms import NoteTerms, seniors
from offtake.lowering.lower import LoweredPlan, lower
from offtake.plan.schema import Plan
from offtake.run.dated import dated
from offtake.run.draw import HostDraws, draw
from offtake.run.notes import notes_of, paid_for
from offtake.run.pricing_measure import PLAN, Measure
from offtake.run.record import recorder

FloatArray = NDArray[np.float64]

MOST_STREAMS = 4
"""Random streams whose shocks a fit looks at: those that move what counts most."""
WANTED = ("drivers.*", "sites.*", "contracts.*")


@dataclass(frozen=True)
class Futures:
    """What those who choose see on simulated paths."""

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
        """Run a plan in which some choices are not made, as what is seen does not depend on them.

        Args:
            plan: as structured, or not.
            names: of the contracts: notes, which deliver; commitments, which are kept; leases,
                which are renewed.
            paths: number of futures, a multiple of 256.
            seed: of every random stream.
            measure: under which draws are made and money is discounted.
        """
        agreed = {n: _undecided(plan.contracts[n]) for n in names}
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


def _undecided(terms: Any) -> Any:
    """Terms under which nothing is chosen."""
    if isinstance(terms, NoteTerms):
        return terms.model_copy(update={"election": "delivery"})
    # Rights stay, and with them their numbers; a policy of nothing never uses them.
    never = {"exercise": "fitted", "policy": ()}
    if isinstance(terms, CommitmentTerms):
        rights = {name: terms.right(name) for name in GIVES_UP}
        kept = {name: x and x.model_copy(update=never) for name, x in rights.items()}
        return terms.model_copy(update=kept)
    return terms.model_copy(update=never)


def guarantees_of(plan: Plan, lease: str) -> dict[str, ResidualValueGuaranteeTerms]:
    """Guarantees that the tenant of a lease gave of the site's value at its end, by name."""
    return {
        name: terms
        for name, terms in plan.contracts.items()
        if isinstance(terms, ResidualValueGuaranteeTerms)
        and terms.lease == lease
        and terms.guarantor == getattr(plan.contracts[lease], "tenant", None)
    }


def _wanted(plan: Plan, names: tuple[str, ...], observations: tuple[str, ...]) -> dict[str, int]:
    """Observation -> index of all that those who choose look at."""
    contracts, sites, phases = set(names), set[str](), set[str]()
    for name in names:
        terms = plan.contracts[name]
        if isinstance(terms, NoteTerms):
            contracts |= set(seniors(name, notes_of(plan)))
            sites.add(terms.site)
        elif isinstance(terms, CommitmentTerms):
            contracts |= set(terms.after)
        elif isinstance(terms, LeaseTerms):
            contracts |= set(guarantees_of(plan, name))
            phases.add(terms.site)

    def looked_at(seen: str) -> bool:
        section, name = seen.split(".")[0], seen.split(".")[1] if "." in seen else ""
        if section == "sites":
            of_site = name in sites and seen.count(".") == 2
            return of_site or (name in phases and seen.endswith("].active"))
        return section == "drivers" or (section == "contracts" and name in contracts)

    return {seen: i for i, seen in enumerate(observations) if looked_at(seen)}


class View:
    """One contract as who may choose sees it."""

    terms: Any

    def __init__(self, futures: Futures, name: str) -> None:
        self.futures, self.name = futures, name
        self.calendar = futures.lowered.calendar
        self.terms = futures.plan.contracts[name]

    def number(self, field: str, otherwise: float) -> FloatArray:
        """[P] a number of the contract."""
        row = self.futures.lowered.table.index.get(f"contracts.{self.name}.{field}")
        values = self.futures.draws.values
        made: FloatArray = np.full((values.shape[1],), otherwise)
        return made if row is None else values[row]

    def over_time(self, field: str, otherwise: float) -> FloatArray:
        """[T, P] a field of the contract that may change."""
        series: Series | None = getattr(self.terms, field)
        paths = self.futures.draws.values.shape[1]
        if series is None:
            return np.full((self.calendar.count, paths), otherwise)
        place = f"contracts.{self.name}.{field}"
        return self.futures.observed[f"drivers.{series.driver}" if series.driver else place]

    def shocks(self, periods: NDArray[np.int_], *moving: FloatArray) -> FloatArray:
        """[M, S, P] shocks in M periods of the streams that move some quantities [T, P] most."""
        streams = self.futures.lowered.labels.monthly_streams
        mine = [i for i, name in enumerate(streams) if name.startswith("drivers.")]
        shocks = self.futures.draws.monthly[:, mine]
        together = np.zeros(len(mine))
        for moved in moving:
            moves = np.diff(np.log(np.maximum(moved, 1e-12)), axis=0)[:, None]
            apart = moves - moves.mean(axis=2, keepdims=True)
            together += np.abs((shocks[1:] * apart).mean(axis=2)).sum(axis=0)
        order = np.argsort(-together, kind="stable")[:MOST_STREAMS]
        return shocks[periods][:, np.sort(order)]

    def dated(self, periods: NDArray[np.int_], policy: FloatArray, unit: str) -> tuple[Series, ...]:
        """A policy [M, 10] of M periods as it stands in a plan."""
        return tuple(dated(self.calendar, periods.tolist(), column, unit) for column in policy.T)


class Choice(Protocol):
    """What one contract lets one party choose, and how it may go by a policy."""

    choice: str
    """its name"""

    def __init__(self, futures: Futures, name: str) -> None: ...

    @classmethod
    def given_by(cls, terms: Any) -> bool:
        """Whether a contract gives the choice, and it can be valued."""
        ...

    @classmethod
    def unfitted(cls, terms: Any) -> bool:
        """Whether its policy is to be worked out before a run."""
        ...

    def policy(self) -> dict[str, Any]:
        """Fields of the contract with the policy written in them."""
        ...

    def worth(self, pilot: Self) -> Worth:
        """What the choice is worth on these paths, by a policy fitted on others."""
        ...
