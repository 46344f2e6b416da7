"""docs/contracts/power_swap.md."""

from collections.abc import Mapping
from typing import Any

from offtake.core.flows import Flow
from tests.reference.books import Line, Month, Row, share_between
from tests.reference.future import Future


class PowerSwap(Row):
    """A strike against the price of energy."""

    def __init__(self, future: Future, contract: str, terms: Any) -> None:
        super().__init__(future, contract, terms)
        payer, receiver = terms.payer, terms.receiver
        self.lines = [
            Line("paid", payer, receiver, Flow.RUNNING_COST, 100),
            Line("received", receiver, payer, Flow.RUNNING_COST, 100),
        ]
        self.owed = {"paid": 0.0, "received": 0.0}

    def publish(self, t: int) -> Mapping[str, float]:
        return {"arrears": self.owed["paid"], "outstanding": self.owed["received"]}

    def claim(self, month: Month) -> Mapping[str, float]:
        terms, start = self.terms, self.number("start", 0.0)
        if terms.power is not None:
            volume = self.number("power") * month.hours
        else:
            where = f"power.{terms.source}.mwh" if terms.source else "energy_mwh"
            volume = self.number("share") * month.observe(f"sites.{terms.site}.{where}")
        volume *= share_between(month.t, start, start + self.number("term"))
        net = (self.over_time("index", month) - self.over_time("strike", month)) * volume
        return {
            "paid": max(-net, 0.0) + self.owed["paid"],
            "received": max(net, 0.0) + self.owed["received"],
        }

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        for line in self.lines:
            name = line.name
            self.owed[name] = month.unpaid(line.payer, claimed[name], paid[name])
        return {}
