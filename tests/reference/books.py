"""Contracts as rows of a book: their lines, what a month shows them, sums of flows by class."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from offtake.core.flows import Flow
from tests.reference.future import Future

ALL = 1e15
"""USD that stand for all of it."""
PAID = 1e-9
"""A claim counts as paid when it is short by less than this share of it."""


@dataclass(frozen=True)
class Line:
    """One kind of claim that a row makes."""

    name: str
    payer: str
    payee: str
    flow: Flow
    rank: int
    form: str = "claim"
    tier: int = 0
    protects: tuple[str, ...] = ()
    """Of a support: contracts whose claims on `payee` it protects; "*" is all."""
    flows: tuple[Flow, ...] = ()
    """Of a support: classes it protects; empty is all."""


@dataclass(frozen=True)
class Payment:
    """What moved, or was to move, between two parties."""

    payer: str
    payee: str
    flow: Flow
    amount: float
    contract: str = ""
    """Under which it is owed."""


def net(payments: Sequence[Payment], party: str, inward: set[Flow], outward: set[Flow]) -> float:
    """What a party receives of some classes less what it pays of some classes."""
    return sum(p.amount for p in payments if p.payee == party and p.flow in inward) - sum(
        p.amount for p in payments if p.payer == party and p.flow in outward
    )


OPERATIONS = {Flow.SALE, Flow.RUNNING_COST, Flow.TAX}
EARNED = OPERATIONS | {Flow.DISTRIBUTION}


def cash_flow(payments: Sequence[Payment], party: str) -> float:
    """Cash flow available for debt service: sales, running costs and tax, in less out, and what a
    party receives as an owner of others."""
    return net(payments, party, EARNED, OPERATIONS)


@dataclass
class Month:
    """What a row may see in a period."""

    t: int
    years: float
    hours: float
    observe: Callable[[str], float]
    cash: Mapping[str, float]
    """Opening cash."""
    stopped: frozenset[str]
    """Parties in default since the period before."""
    claimed: list[Payment] = field(default_factory=list)
    """Primary claims of the period; for derived rows."""
    paid: list[Payment] = field(default_factory=list)
    """What was paid in the period; in `settle`."""

    def payout(self, party: str) -> float:
        """Share of its claims that a party outside the plan meets."""
        return self.observe(f"parties.{party}.payout")

    def unpaid(self, payer: str, claimed: float, paid: float) -> float:
        """What stays owed of a claim: nothing below the tolerance, nothing of a payer in default
        outside the plan, whose recovery share settles the claim."""
        missing = claimed - paid
        return missing if missing > PAID * claimed and self.payout(payer) >= 1.0 else 0.0


def short(claimed: float, paid: float) -> bool:
    """Whether a claim was not paid in full."""
    return claimed - paid > PAID * claimed


class Row:
    """One row of a contract. Subclasses state the kind; amounts are USD of the period."""

    derived = False

    def __init__(self, future: Future, contract: str, terms: object, part: str = "") -> None:
        """Read the terms."""
        self.future = future
        self.contract = contract
        self.part = part
        self.terms = terms
        self.lines: list[Line] = []

    def number(self, name: str, otherwise: float | None = None) -> float:
        """A number of the contract's own terms."""
        return self.future.number(f"contracts.{self.contract}.{name}", otherwise)

    def over_time(self, name: str, month: Month) -> float:
        """A field over time: from its driver, or its own dates; zero where it is not written."""
        series = getattr(self.terms, name)
        if series is None:
            return 0.0
        if series.driver is not None:
            return month.observe(f"drivers.{series.driver}")
        return self.future.series(series, f"contracts.{self.contract}.{name}", month.t)

    def over_time_next(self, name: str, month: Month) -> float:
        """What a field over time is to be in the next period, as far as the plan dates it."""
        series = getattr(self.terms, name)
        if series is None or series.driver is not None:
            return self.over_time(name, month)
        return self.future.series(series, f"contracts.{self.contract}.{name}", month.t + 1)

    def distributed(self, weight: float, month: Month) -> float:
        """What owners take at most of what is left, from the date of distributions on."""
        return weight * ALL if month.t >= self.number("distributions_from", 0.0) - 1e-9 else 0.0

    def publish(self, t: int) -> Mapping[str, float]:
        """Values that others may read from the start of period t."""
        del t
        return {}

    def now(self, month: Month) -> Mapping[str, float]:
        """Values that others may read in the period, which depend on what the month shows."""
        del month
        return {}

    def next(self, month: Month) -> Mapping[str, float]:
        """The same, of values that depend on what others published for the period."""
        del month
        return {}

    def claim(self, month: Month) -> Mapping[str, float]:
        """Amount of every line; of a support its limit, and `<line>_weight`."""
        raise NotImplementedError

    def settle(
        self, month: Month, claimed: Mapping[str, float], paid: Mapping[str, float]
    ) -> Mapping[str, float]:
        """Move the state; signals by their name, `stop.<party>` for a default."""
        raise NotImplementedError


def clip(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """The value, at least `low` and at most `high`."""
    return min(max(value, low), high)


def share_between(t: float, first: float, last: float) -> float:
    """Share of period t that lies between two positions."""
    return max(clip(t - first) - clip(t - last), 0.0)


def bank_interest(row: Row, month: Month, cash: float) -> float:
    """Interest on the cash of an account, where a bank is named."""
    named = row.terms.bank is not None  # type: ignore[attr-defined]
    return row.number("interest") * month.years * cash if named else 0.0
