"""Rights to give up hours of a compute commitment, as the buyer sees them on simulated paths.

A step-down is judged as if there were no right to cancel. A cancellation is judged with the hours
that are left if the commitment is stepped down by the simple rule.
"""

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from offtake.finance.commitment import ANY_NEED, NEVER, Seen, needed_share, worth_it
from offtake.finance.commitment_terms import OPTION_NUMBERS, CommitmentTerms
from offtake.finance.facility import ROUNDING
from offtake.finance.giving_up import BoolArray, Right, fitted, worth
from offtake.finance.least_squares import Worth
from offtake.finance.span import after, between
from offtake.run.futures import Futures, View

FloatArray = NDArray[np.float64]

FIELDS = ("capacity", "start", "term", "take_or_pay", "price_outlook", "need_outlook")


class CommitmentView(View, ABC):
    """A right of one commitment; dates are closes of periods, the last one excluded."""

    terms: CommitmentTerms
    choice: ClassVar[str]

    def __init__(self, futures: Futures, name: str) -> None:
        super().__init__(futures, name)
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
        self.market = self.over_time("market", 0.0)
        self.price = self._price()
        self.bounded = self.terms.need is not None
        need = self.over_time("need", 0.0) if self.bounded else np.full_like(self.market, ANY_NEED)
        served = self._served() / np.maximum(self.hours, 1.0)
        running = self.closes + 0.0 * self.market > 0.0
        given: Any = self.price, self.market, need, served, running
        times: Any = self.closes, self.hours, self.years
        self.seen, self.need = Seen(*given, *times, policies={}), need
        self.periods = self._dates()

    @classmethod
    def given_by(cls, terms: Any) -> bool:
        """Whether a contract gives the right."""
        return isinstance(terms, CommitmentTerms) and terms.right(cls.choice) is not None

    @classmethod
    def unfitted(cls, terms: Any) -> bool:
        """Whether its policy is to be worked out before a run."""
        return terms.right(cls.choice).unfitted

    def _published(self, name: str) -> FloatArray:
        """[T, P] what the contract publishes if nothing is ever given up."""
        return self.futures.observed[f"contracts.{self.name}.{name}"]

    def _served(self) -> FloatArray:
        """[T, P] H100e-hours of contracts that serve first."""
        found = [self.futures.observed[f"contracts.{x}.offered_hours"] for x in self.terms.after]
        return sum(found, np.zeros_like(self.start))

    def _price(self) -> FloatArray:
        """[T, P] price of the contract."""
        if self.terms.price_share is None:
            return self.over_time("price", 0.0)
        now = self.number("price_share", 0.0)[None] * self.market
        begun = np.maximum.accumulate(self._published("reserved_share") > 0.0, axis=0)
        struck = np.take_along_axis(now, np.argmax(begun, axis=0)[None], axis=0)
        return np.where(begun, struck, now)

    def _left(self, right: str) -> FloatArray:
        """[T, P] periods for which hours are given up, chosen at each close."""
        return self.end - self.closes - self.n[f"{right}.notice"]

    def _may(self, right: str) -> BoolArray:
        """[T, P] where hours may be given up, as if it had not been done."""
        n, t = self.n, self.closes
        reached = t + n[f"{right}.notice"] >= self.start + n[f"{right}.earliest"]
        return reached & np.asarray(self.seen.running) & (self._left(right) > 0.0)

    def _by_rule(self, right: str, part: FloatArray) -> tuple[BoolArray, FloatArray]:
        """[T, P] where the simple rule gives a part of the capacity up, and the fee, USD."""
        terms = self.n[f"{right}.fee"], self.n[f"{right}.notice"], self._left(right)
        given: Any = self.n, self.seen, part, *terms
        wanted, fee = (np.asarray(x) for x in worth_it(*given))
        return wanted & self._may(right), fee

    def _saved(self, offered: FloatArray) -> FloatArray:
        """[T, P] what is saved without hours offered, USD."""
        n, used = self.n, offered
        if self.bounded:
            used = np.clip(self.need * self.hours - self._served(), 0.0, offered)
        billed = np.maximum(n["take_or_pay"] * offered, used)
        resold = n["resale.share"] * (1.0 - n["resale.spread"]) * (billed - used)
        return self.price * billed - self.market * (used + resold)

    def _stepped(self, position: FloatArray) -> FloatArray:
        """[T, P] hours offered if the commitment is stepped down at a position."""
        given: Any = position, self.closes
        less = self.n["step_down.share"] * np.asarray(after(*given))
        # A site that gives less than the capacity may still give all that is left of it.
        full = self._published("reserved_h100e") * self.hours
        return np.minimum((1.0 - less) * full, self._published("offered_hours"))

    @abstractmethod
    def _kept(self) -> FloatArray:
        """[T, P] share of the capacity that is there at each close."""

    @abstractmethod
    def _part(self) -> FloatArray:
        """[T, P] share of the capacity that may be given up."""

    @abstractmethod
    def _offered(self, position: FloatArray | None = None) -> FloatArray:
        """[T, P] hours offered if hours are given up at a position, or never."""

    def _dates(self) -> NDArray[np.int_]:
        """[M] from the first month to the end, the same on every sample of paths."""
        last = self.calendar.count - 1
        ends = self.n["start"] + self.n["deferral.by"] + self.n["term"]
        if np.ptp(ends) == 0.0:
            last = min(math.ceil(ends.max() - ROUNDING), last)
        return np.arange(1, max(last, 2))

    def _falls_away(self) -> FloatArray:
        """[M, L, P] what is saved in the period after each date, by time since it was given up."""
        notice, whole = self.n[f"{self.choice}.notice"], self._saved(self._offered())
        found: list[FloatArray] = []
        for lag in range(int(np.ceil(notice.max() - ROUNDING)) + 1):
            # Period t follows the date t - 1; hours were given up at the close of t - 1 - lag.
            kept = self._offered(self.closes - 1.0 - lag + notice)
            found.append((whole - self._saved(kept)) * self.futures.discount)
        return np.stack(found, axis=1)[self.periods + 1]

    @cached_property
    def holding(self) -> Right:
        """The right on these paths."""
        discount, some = self.futures.discount, self.periods
        kept, part = self._kept(), self._part()
        simple, fee = self._by_rule(self.choice, part)
        given: Any = self.n, self.seen, kept, part
        needed = np.broadcast_to(np.asarray(needed_share(*given)), self.market.shape)
        paid = np.concatenate([discount[1:], discount[-1:]])
        hours = part * self.n["capacity"] * self.hours * np.maximum(self._left(self.choice), 0.0)
        return Right(
            market=self.market[some],
            price=self.price[some],
            needed=needed[some],
            may=self._may(self.choice)[some],
            simple=simple[some],
            fee=(fee * paid)[some],
            size=(hours * paid)[some],
            saved=self._falls_away(),
            shocks=self.shocks(some + 1, self.market, *([self.need] if self.bounded else [])),
            bounded=self.bounded,
        )

    def policy(self) -> dict[str, Any]:
        """Fields of the contract with the policy written in them."""
        numbers = self.dated(self.periods, fitted(self.holding).policy, "USD/H100e/h")
        right: Any = self.terms.right(self.choice)
        return {self.choice: right.model_copy(update={"policy": numbers})}

    def worth(self, pilot: Self) -> Worth:
        """What the right is worth on these paths, by a policy fitted on others."""
        return worth(self.holding, fitted(pilot.holding))


class CancellationView(CommitmentView):
    """The right to cancel; the commitment may have been stepped down before, by the rule."""

    choice = "cancellation"

    def _steps(self) -> BoolArray:
        """[T, P] from which close on the commitment is stepped down."""
        if self.terms.step_down is None:
            return np.zeros(self.market.shape, np.bool_)
        steps, _ = self._by_rule("step_down", self.n["step_down.share"])
        return np.maximum.accumulate(steps, axis=0)

    def _kept(self) -> FloatArray:
        steps = self._steps()
        before = np.concatenate([np.zeros_like(steps[:1]), steps[:-1]])
        return 1.0 - self.n["step_down.share"] * before

    def _part(self) -> FloatArray:
        return self._kept()

    def _offered(self, position: FloatArray | None = None) -> FloatArray:
        steps = self._steps()
        chosen = np.where(steps.any(axis=0), np.argmax(steps, axis=0), NEVER)[None]
        offered = self._stepped(chosen + self.n["step_down.notice"])
        if position is None:
            return offered
        opened, start = self._published("reserved_share"), np.maximum(self.start[-1:], 0.0)
        given: Any = start, np.minimum(self.end[-1:], position), self.closes
        kept = np.asarray(between(*given))
        return np.where(opened > 0.0, kept / np.where(opened > 0.0, opened, 1.0), 0.0) * offered


class StepDownView(CommitmentView):
    """The right to step down."""

    choice = "step_down"

    def _kept(self) -> FloatArray:
        return np.ones_like(self.market)

    def _part(self) -> FloatArray:
        return self.n["step_down.share"] * np.ones_like(self.market)

    def _offered(self, position: FloatArray | None = None) -> FloatArray:
        return self._published("offered_hours") if position is None else self._stepped(position)
