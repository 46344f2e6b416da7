"""The loop over months, one path (DESIGN §5.2).

Observe, claim (derived contracts after the others), clear, settle. Signals that contracts give at
the end of a month reach the world, and other contracts, in the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.reference import clearing
from tests.reference.books import ALL, Line, Month, Payment, Row
from tests.reference.debt import Loan
from tests.reference.future import Future
from tests.reference.instruments import KINDS
from tests.reference.instruments.security import Security
from tests.reference.world import World

Key = tuple[str, str, str]
"""contract, part, line."""


@dataclass
class Booked:
    """A month as booked."""

    claimed: dict[Key, float] = field(default_factory=dict)
    paid: dict[Key, float] = field(default_factory=dict)
    observed: dict[str, float] = field(default_factory=dict)
    cash: dict[str, float] = field(default_factory=dict)
    """Closing cash of parties with limited cash."""
    stopped: frozenset[str] = frozenset()


class Simulation:
    """One path of a plan."""

    def __init__(self, future: Future) -> None:
        """Contracts in the order of the plan."""
        self.future = future
        plan = future.plan
        self.rows: list[Row] = [
            row
            for name, terms in plan.contracts.items()
            for row in KINDS[terms.kind](future, name, terms)  # type: ignore[attr-defined]
        ]
        inside = [k for k, party in plan.parties.items() if party.kind != "external"]
        outside = [k for k, party in plan.parties.items() if party.kind == "external"]
        self.internal, self.parties = inside, [*inside, *outside]
        self.cash = {k: future.number(f"parties.{k}.cash") for k in inside}
        self.minimum = {k: future.number(f"parties.{k}.minimum_cash") for k in inside}
        self.lines = [(row, line) for row in self.rows for line in row.lines]
        self.lagged = self._lagged()
        self.signals: dict[str, float] = {}
        self.stopped: frozenset[str] = frozenset()
        self.world = World(future)
        self.rounds = 0

    def run(self) -> list[Booked]:
        """All months, the opening one included."""
        return [self.month(t) for t in range(self.future.calendar.count)]

    def month(self, t: int) -> Booked:
        """Run one period."""
        self.world.month(t, self.signals, self._paid_for())
        seen = dict(self.world.seen)
        for row in self.rows:
            part = f"/{row.part}" if row.part else ""
            for name, value in row.publish(t).items():
                seen[f"contracts.{row.contract}{part}.{name}"] = value
        month = Month(
            t=t,
            years=float(self.future.calendar.years[t]),
            hours=float(self.future.calendar.hours[t]),
            observe=seen.__getitem__,
            cash=dict(self.cash),
            stopped=self.stopped,
        )
        for row in self.rows:
            for name, value in row.now(month).items():
                seen[f"contracts.{row.contract}.{name}"] = value
            if isinstance(row, Loan):
                seen[f"contracts.{row.contract}.service_due"] = row.service_due(month)
                seen[f"contracts.{row.contract}.owed"] = row.owed(month)
            if isinstance(row, Security):
                seen[f"contracts.{row.contract}/{row.part}.proceeds"] = row.proceeds(month)
        for row in self.rows:
            for name, value in row.next(month).items():
                seen[f"contracts.{row.contract}.{name}"] = value
        asked = self._claims(month)
        booked = self._clear(month, asked)
        self._settle(month, booked)
        booked.observed, booked.cash, booked.stopped = seen, dict(self.cash), self.stopped
        return booked

    def _paid_for(self) -> set[str]:
        """Signals that some contract sends, by what the contracts are about."""
        found: set[str] = set()
        for row in self.rows:
            kind = row.terms.kind  # type: ignore[attr-defined]
            if kind in ("chip_purchase", "chip_sale") and row.part:
                found.add(f"chips.{row.part}.paid")
            if kind == "vendor_financing":
                found.add(f"chips.{row.terms.chips}.paid")  # type: ignore[attr-defined]
            if kind == "construction_contract":
                found.add(f"{row.place}.paid")  # type: ignore[attr-defined]
        return found

    def _claims(self, month: Month) -> dict[Row, Mapping[str, float]]:
        """What every row asks for."""
        asked = {row: row.claim(month) for row in self.rows if not row.derived}
        month.claimed = [
            Payment(line.payer, line.payee, line.flow, asked[row][line.name], row.contract)
            for row, line in self.lines
            if not row.derived and line.form != "support"
        ]
        return {**asked, **{row: row.claim(month) for row in self.rows if row.derived}}

    def _clear(self, month: Month, asked: Mapping[Row, Mapping[str, float]]) -> Booked:
        """Pay all claims."""
        order = [(row, line) for row, line in self.lines if line.form != "support"]
        place = {key(row, line): k for k, (row, line) in enumerate(order)}
        claims = [
            clearing.Claim(
                self.parties.index(line.payer),
                self.parties.index(line.payee),
                line.rank,
                self._amount(month, line, asked[row][line.name]),
                line.form == "residual",
            )
            for row, line in order
        ]
        self._lag(order, claims)
        supports = [
            (row, line, self._support(row, line, asked[row], order, place))
            for row, line in self.lines
            if line.form == "support"
        ]
        payout = {self.parties.index(k): month.payout(k) for k in self.parties}
        outcome = clearing.clear(
            clearing.Month(
                claims,
                [support for _, _, support in supports],
                [self.cash[k] for k in self.internal],
                [self.minimum[k] for k in self.internal],
                {k: v for k, v in payout.items() if k >= len(self.internal)},
            )
        )
        self.rounds = max(self.rounds, outcome.rounds)
        booked = Booked()
        for name, k in place.items():
            booked.claimed[name], booked.paid[name] = outcome.claimed[k], outcome.paid[k]
        for s, (row, line, _) in enumerate(supports):
            booked.claimed[key(row, line)] = outcome.asked[s]
            booked.paid[key(row, line)] = outcome.drawn[s]
        return booked

    def _amount(self, month: Month, line: Line, amount: float) -> float:
        """Residual claims: nothing from a party in default."""
        return 0.0 if line.form == "residual" and line.payer in month.stopped else amount

    def _lag(self, order: Sequence[tuple[Row, Line]], claims: list[clearing.Claim]) -> None:
        """Residual claims at the rank of one on a cycle share what was left the month before."""
        ranks = {(line.payer, line.rank) for row, line in order if key(row, line) in self.lagged}
        for payer, rank in ranks:
            mine = [
                claim
                for (_, line), claim in zip(order, claims, strict=True)
                if claim.residual and (line.payer, line.rank) == (payer, rank)
            ]
            left = max(self.cash[payer] - self.minimum[payer], 0.0)
            asked = sum(claim.amount for claim in mine)
            for claim in mine:
                claim.amount *= left / asked if asked > left else 1.0

    def _support(
        self,
        row: Row,
        line: Line,
        asked: Mapping[str, float],
        order: Sequence[tuple[Row, Line]],
        place: Mapping[Key, int],
    ) -> clearing.Support:
        return clearing.Support(
            self.parties.index(line.payer),
            line.rank,
            line.tier,
            min(asked[line.name], ALL),
            asked.get(f"{line.name}_weight", 1.0),
            [k for k, (other, claim) in enumerate(order) if protects(line, other, claim)],
            place.get((row.contract, row.part, f"{line.name}_recovery")),
        )

    def _lagged(self) -> set[Key]:
        """Residual claims on a cycle of claims between parties with limited cash."""
        edges: dict[str, set[str]] = {}
        for _, line in self.lines:
            mine = edges.setdefault(line.payer, set())
            if line.form != "support":
                mine.add(line.payee)
                continue
            for other, claim in self.lines:
                if protects(line, other, claim):
                    mine.add(claim.payee)

        def reaches(start: str, goal: str) -> bool:
            found, waiting = {start}, [start]
            while waiting:
                for party in edges.get(waiting.pop(), set()) - found:
                    if party in self.internal:
                        found.add(party)
                        waiting.append(party)
            return goal in found

        return {
            key(row, line)
            for row, line in self.lines
            if line.form == "residual"
            and line.payee in self.internal
            and line.payer in self.internal
            and reaches(line.payee, line.payer)
        }

    def _settle(self, month: Month, booked: Booked) -> None:
        """Every row moves its state; cash moves; signals are kept for the next month."""
        for row, line in self.lines:
            amount = booked.paid[key(row, line)]
            month.paid.append(Payment(line.payer, line.payee, line.flow, amount, row.contract))
        self.signals = {}
        stops: set[str] = set()
        for row in self.rows:
            claimed, paid = (
                {line.name: book[key(row, line)] for line in row.lines}
                for book in (booked.claimed, booked.paid)
            )
            for name, value in row.settle(month, claimed, paid).items():
                if name.startswith("stop."):
                    stops |= {name.removeprefix("stop.")} if value > 0.0 else set()
                else:
                    self.signals[name] = self.signals.get(name, 0.0) + value
        self.stopped = frozenset(stops)
        for payment in month.paid:
            for party, sign in ((payment.payer, -1.0), (payment.payee, 1.0)):
                if party in self.cash:
                    self.cash[party] += sign * payment.amount
        self.cash = {k: max(v, 0.0) for k, v in self.cash.items()}


def key(row: Row, line: Line) -> Key:
    """What a claim is known by."""
    return row.contract, row.part, line.name


def protects(support: Line, row: Row, claim: Line) -> bool:
    """Whether a support answers for a claim."""
    return (
        claim.form == "claim"
        and claim.payer == support.payee
        and (row.contract in support.protects or "*" in support.protects)
        and (not support.flows or claim.flow in support.flows)
    )
