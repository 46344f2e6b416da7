"""The right to cancel a compute commitment, as its buyer sees it on simulated paths."""

import math
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jnp
from offtake.finance import cancellation
from offtake.finance.cancellation import Right
from offtake.finance.commitment import ANY_NEED, Seen, needed_share, worth_it
from offtake.finance.commitment_terms import OPTION_NUMBERS, Cancellation, CommitmentTerms
from offtake.finance.facility import ROUNDING
from offtake.finance.least_squares import Worth
from offtake.finance.span import between
from offtake.run.futures import Futures, View

FloatArray = NDArray[np.float64]

FIELDS = ("capacity", "start", "term", "take_or_pay", "price_outlook", "need_outlook")


class CommitmentView(View):
    """The right to cancel of one commitment; dates are closes of periods, the last one excluded."""

    def __init__(self, futures: Futures, name: str) -> None:
        super().__init__(futures, name)
        self.terms: CommitmentTerms = self.terms
        self.right = self.terms.cancellation or Cancellation()
        self.n = {field: self.number(field, 0.0)[None] for field in (*FIELDS, *OPTION_NUMBERS)}
        """name -> [1, P]"""
        calendar = self.calendar
        self.hours = np.asarray(calendar.hours, np.float64)[:, None]
        self.years = np.asarray(calendar.years, np.float64)[:, None]
        self.closes = np.arange(calendar.count, dtype=np.float64)[:, None]
        n, deferred = self.n, self._published("deferred")
        self.start = n["start"] + n["deferral.by"] * deferred
        """[T, P] as it stands before the choice at the close"""
        self.end = self.start + n["term"]
        self.periods = self._dates()
        """[M] at whose close the contract may be cancelled"""
        self.holding = self._right()

    def _dates(self) -> NDArray[np.int_]:
        """[M] from the first month to the end, the same on every sample of paths."""
        last = self.calendar.count - 1
        ends = self.n["start"] + self.n["deferral.by"] + self.n["term"]
        if np.ptp(ends) == 0.0:
            last = min(math.ceil(ends.max() - ROUNDING), last)
        return np.arange(1, max(last, 2))

    def _published(self, name: str) -> FloatArray:
        """[T, P] what the contract publishes if it is never cancelled."""
        return self.futures.observed[f"contracts.{self.name}.{name}"]

    def _served(self) -> FloatArray:
        """[T, P] H100e-hours of contracts that serve first."""
        found = [self.futures.observed[f"contracts.{x}.offered_hours"] for x in self.terms.after]
        return sum(found, np.zeros_like(self.start))

    def _price(self, market: FloatArray) -> FloatArray:
        """[T, P] price of the contract; market: [T, P]."""
        if self.terms.price_share is None:
            return self.over_time("price", 0.0)
        now = self.number("price_share", 0.0)[None] * market
        begun = np.maximum.accumulate(self._published("reserved_share") > 0.0, axis=0)
        struck = np.take_along_axis(now, np.argmax(begun, axis=0)[None], axis=0)
        return np.where(begun, struck, now)

    def _saved(self, offered: FloatArray, price: FloatArray, market: FloatArray) -> FloatArray:
        """[T, P] what is saved without hours offered, USD."""
        n, used = self.n, offered
        if self.terms.need is not None:
            left = self.over_time("need", 0.0) * self.hours - self._served()
            used = np.clip(left, 0.0, offered)
        billed = np.maximum(n["take_or_pay"] * offered, used)
        resold = n["resale.share"] * (1.0 - n["resale.spread"]) * (billed - used)
        return price * billed - market * (used + resold)

    def _falls_away(self, price: FloatArray, market: FloatArray) -> FloatArray:
        """[M, L, P] what is saved in the period after each date, by time since the cancellation."""
        offered, opened = self._published("offered_hours"), self._published("reserved_share")
        notice, whole = self.n["cancellation.notice"], self._saved(offered, price, market)
        start = np.maximum(self.start[-1:], 0.0)
        found: list[FloatArray] = []
        for lag in range(int(np.ceil(notice.max() - ROUNDING)) + 1):
            # Period t follows the date t - 1; it was cancelled at the close of t - 1 - lag.
            ends = np.minimum(self.end[-1:], self.closes - 1.0 - lag + notice)
            given: Any = start, ends, self.closes
            kept = np.asarray(between(*given))
            part = np.where(opened > 0.0, kept / np.where(opened > 0.0, opened, 1.0), 0.0)
            away = whole - self._saved(part * offered, price, market)
            found.append(away * self.futures.discount)
        return np.stack(found, axis=1)[self.periods + 1]

    def _right(self) -> Right:
        n, t = self.n, self.closes
        market = self.over_time("market", 0.0)
        price, notice = self._price(market), n["cancellation.notice"]
        bounded = self.terms.need is not None
        need = self.over_time("need", 0.0) if bounded else np.full_like(market, ANY_NEED)
        served = self._served() / np.maximum(self.hours, 1.0)
        running, left = t + 0.0 * market > 0.0, self.end - t - notice
        kept = 1.0 - n["step_down.share"] * self._published("stepped_down")
        given: Any = price, market, need, served, running, t, self.hours, self.years
        seen = Seen(*given, policy=jnp.zeros((1, 10, 1)))
        numbers: Any = n
        rule: Any = numbers, seen, kept, n["cancellation.fee"], notice, left
        simple, fee = (np.asarray(x) for x in worth_it(*rule))
        needed = np.asarray(needed_share(numbers, seen, cast("Any", kept)))
        reached = t + notice >= self.start + n["cancellation.earliest"]
        may = reached & running & (left > 0.0)
        paid = np.concatenate([self.futures.discount[1:], self.futures.discount[-1:]])
        some = self.periods
        return Right(
            market=market[some],
            price=price[some],
            needed=needed[some],
            may=may[some],
            simple=(simple & may)[some],
            fee=(fee * paid)[some],
            hours=(kept * n["capacity"] * self.hours * np.maximum(left, 0.0) * paid)[some],
            saved=self._falls_away(price, market),
            shocks=self.shocks(some + 1, market, *([need] if bounded else [])),
            bounded=bounded,
        )

    def policy(self) -> dict[str, Any]:
        """Fields of the contract with the policy written in them."""
        numbers = self.dated(self.periods, cancellation.fitted(self.holding).policy)
        return {"cancellation": self.right.model_copy(update={"policy": numbers})}

    def worth(self, pilot: "CommitmentView") -> Worth:
        """What the right is worth on these paths, by a policy fitted on others."""
        return cancellation.worth(self.holding, cancellation.fitted(pilot.holding))
