"""docs/contracts/common_equity.md."""

import math
from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import ALL, PAID, Line, Month, Row
from tests.reference.future import Future


class CommonEquity(Row):
    """Money committed, and what is left for owners."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        self.lines = [
            Line(
                "draw", terms.investor, terms.issuer, Flow.CAPITAL_IN, 550, "support", terms.tier,
                tuple(terms.funds),
            ),
            Line(
                "distribution", terms.issuer, terms.investor, Flow.DISTRIBUTION, 900, "residual"
            ),
        ]  # fmt: skip
        self.drawn, self.used = 0.0, 0

    def publish(self, t: int) -> Mapping[str, float]:
        return {"drawn": self.drawn}

    def locked(self, month: Month) -> bool:
        """Whether a facility named keeps money from owners."""
        needed = self.number("lock_up_dscr") * (1.0 - PAID)
        return any(
            month.observe(f"contracts.{facility}.arrears") > 0.0
            or month.observe(f"contracts.{facility}.accelerated") > 0.0
            or self.traps(month, facility)
            or not self.future.reaches(
                f"{self.contract}.lock_up", month.observe(f"contracts.{facility}.dscr"), needed
            )
            for facility in self.terms.lock_up
        )

    def traps(self, month: Month, facility: str) -> bool:
        """Whether a compute note of the issuer traps cash."""
        other: Any = self.future.plan.contracts[facility]
        note = other.kind == "compute_note" and other.issuer == self.terms.issuer
        return note and month.observe(f"contracts.{facility}.trapped") > 0.0

    def claim(self, month: Month) -> Mapping[str, float]:
        opened = (
            self.terms.distributions_from is None
            or month.t >= self.number("distributions_from") - 1e-9
        )
        apart = max(math.ceil(self.number("distributions_every") - 1e-9), 1)
        first = math.ceil(max(self.number("distributions_from", 0.0), 0.0) - 1e-9)
        open_ = opened and (month.t - first) % apart == 0 and not self.locked(month)
        limit = max(self.number("commitment") - self.drawn, 0.0)
        if self.terms.cures is not None:
            stopped = self.terms.issuer in month.stopped
            limit = 0.0 if stopped or self.used + 1 > self.number("cures") + 1e-9 else limit
        return {
            "draw": limit,
            "draw_weight": self.number("weight"),
            "distribution": self.number("share") * ALL if open_ else 0.0,
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        self.drawn += paid["draw"]
        self.used += int(paid["draw"] > 0.0)
        return {}
