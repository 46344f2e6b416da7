"""The right to renew a lease of a site, as its tenant sees it on simulated paths."""

from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from offtake.core.flows import ALL_THERE_IS
from offtake.finance.facility import ROUNDING
from offtake.finance.giving_up import Right, fitted, worth
from offtake.finance.lease_terms import LeaseTerms
from offtake.finance.least_squares import Worth
from offtake.finance.renewal import NEVER, Lease, right_to_leave
from offtake.run.futures import Futures, View, guarantees_of

FloatArray = NDArray[np.float64]

FIELDS = (
    *("per_mw", "rent", "escalator", "term", "rent_free", "renewals", "renewal", "notice"),
    "switching_cost",
)


class RenewalView(View):
    """The right to renew one lease that is always renewed."""

    terms: LeaseTerms
    choice = "renewal"

    def __init__(self, futures: Futures, name: str) -> None:
        super().__init__(futures, name)
        self.lease = self._lease()
        # All but the last, from the opening on: what moves before the first choice counts too.
        self.periods = np.arange(self.calendar.count - 1)

    @classmethod
    def given_by(cls, terms: Any) -> bool:
        """Whether a lease may be renewed, and there is a rent to compare."""
        lease = isinstance(terms, LeaseTerms) and terms.market_rent is not None
        return lease and terms.renewals.value > 0.0

    @classmethod
    def unfitted(cls, terms: Any) -> bool:
        """Whether its policy is to be worked out before a run."""
        return terms.unfitted

    def _lease(self) -> Lease:
        market, futures = self.over_time("market_rent", 0.0), self.futures
        site = self.terms.site
        phases = self.terms.phases or range(len(futures.plan.sites[site].phases))
        places = [f"sites.{site}.phases[{j}]" for j in phases]
        active = np.stack([futures.observed[f"{place}.active"] for place in places])
        values, index = futures.draws.values, futures.lowered.table.index
        power = np.stack([values[index[f"{place}.power"]] for place in places])
        guaranteed, called = self._guaranteed(market)
        needs = self.over_time("needs", 1.0)
        return Lease(
            n={field: self.number(field, 0.0) for field in FIELDS},
            start=self._start(active.max(axis=0)),
            power=power.sum(axis=0),
            energised=(active * power[:, None]).sum(axis=0),
            market=market,
            needs=needs,
            guaranteed=guaranteed,
            called=called,
            years=np.asarray(self.calendar.years, np.float64),
            per_year=float(self.calendar.per_year),
            discount=futures.discount,
            bounded=bool(np.ptp(needs[1:]) > 0.0),
        )

    def _start(self, active: FloatArray) -> FloatArray:
        """[P] position: the date stated, or that on which the first phase is energised."""
        if self.terms.start is not None:
            return self.number("start", 0.0)
        on = active[1:] > 0.0
        first = 1 + np.argmax(on, axis=0)
        begun = np.take_along_axis(active, first[None], axis=0)[0]
        return np.where(on.any(axis=0), first - begun, NEVER)

    def _guaranteed(self, like: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What the tenant's guarantee costs it if called in a period, and when it is at last."""
        cost, called = np.zeros_like(like), np.full_like(like[0], NEVER)
        closes = np.arange(len(like))[:, None]
        for name in guarantees_of(self.futures.plan, self.name):
            held = View(self.futures, name)
            start, on = held.number("start", 0.0), held.number("on", NEVER)
            end = start + held.number("term", 0.0)
            holds = (closes >= start - ROUNDING) & (closes <= end + ROUNDING)
            lacks = held.over_time("guaranteed", 0.0) - held.over_time("value", 0.0)
            cost += np.where(holds, np.clip(lacks, 0.0, held.number("cap", ALL_THERE_IS)), 0.0)
            called = np.minimum(called, np.ceil(on - ROUNDING))
        return cost, called

    @cached_property
    def holding(self) -> Right:
        """The right to let the lease run out, on these paths."""
        need = [self.lease.needs] if self.lease.bounded else []
        shocks = self.shocks(self.periods + 1, self.lease.market, *need)
        return right_to_leave(self.lease, self.periods, shocks)

    def policy(self) -> dict[str, Any]:
        """Fields of the contract with the policy written in them."""
        some = self.holding.may.any(axis=1)
        found = fitted(self.holding).policy[some]
        return {"policy": self.dated(self.periods[some], found, "USD/MW/year")}

    def worth(self, pilot: Self) -> Worth:
        """What renewing is worth on these paths, by a policy fitted on others."""
        return worth(self.holding, fitted(pilot.holding))
