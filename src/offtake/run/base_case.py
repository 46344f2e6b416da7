"""The base case of a plan with all its flows, for reports that look into one contract."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from offtake.core.labels import Labels
from offtake.plan.schema import Plan
from offtake.run.simulate import Flows, Runner


@dataclass(frozen=True)
class BaseCase:
    """One path: every uncertain number at its median, every shock zero."""

    labels: Labels
    flows: Flows
    dates: tuple[str, ...]
    """Day on which each period closes, as text; the plan's start for the opening period."""

    def lines(self, contract: str) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """By line, (claimed [T], paid [T]) of one contract, its parts added up, USD."""
        found: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        for c, claim in enumerate(self.labels.claims):
            if claim.contract == contract:
                claimed, paid = self.flows.claimed[:, c, 0], self.flows.paid[:, c, 0]
                before = found.get(claim.line, (np.zeros_like(paid), np.zeros_like(paid)))
                found[claim.line] = (before[0] + claimed, before[1] + paid)
        return found

    def published(self, contract: str) -> dict[str, NDArray[np.float64]]:
        """By name, [T] what the contract publishes at the start of a period, if recorded."""
        start = f"contracts.{contract}."
        return {
            name.removeprefix(start): self.flows.observations[:, o, 0]
            for o, name in enumerate(self.labels.observations)
            if name.startswith(start) and name in self.labels.published
        }


def base_case_of(plan: Plan) -> BaseCase:
    """Run the base case of a plan."""
    runner = Runner(plan)
    runner.compile()
    closes = [date.fromordinal(int(day)).isoformat() for day in runner.lowered.calendar.ends]
    return BaseCase(runner.lowered.labels, runner.base(), tuple(closes))
