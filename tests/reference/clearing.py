"""Clearing, written for reading: one path, one month, plain loops (DESIGN §5.4-5.6).

Every party opens with cash, receives what others pay it, and pays its claims rank by rank; equal
ranks share pro rata. Start from "everything is paid", ask every party what it can really pay given
what the others pay, and ask again until nobody changes the answer. That runs down to the greatest
solution. Rounds that get close but crawl are finished by solving the equations of the parties
that pay some rank in part, and the solution is accepted only if a further round confirms it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

UNLIMITED = 1e15
"""USD that stand for "all that is left"."""
PAID = 1e-9
"""A claim counts as paid when it is short by less than this share of it."""


@dataclass
class Claim:
    """What one party owes another this month."""

    payer: int
    payee: int
    rank: int
    amount: float
    residual: bool = False
    """Asks for what is left above the payer's minimum cash, at most `amount`."""


@dataclass
class Support:
    """A promise to pay what protected claims are short of."""

    payer: int
    rank: int
    """Place in the supporter's own waterfall."""
    tier: int
    limit: float
    weight: float
    protects: Sequence[int]
    """Places of the protected claims in the list of claims."""
    recovery: int | None = None
    """Place of the claim by which the supporter recovers."""


@dataclass
class Month:
    """A month to be cleared. Parties 0 .. len(cash) - 1 have limited cash, others have not."""

    claims: Sequence[Claim]
    supports: Sequence[Support]
    cash: Sequence[float]
    minimum: Sequence[float]
    payout: Mapping[int, float] = field(default_factory=dict)
    """Share of its claims that a party without limit pays; 1 if it is not named."""


@dataclass
class Outcome:
    """What was paid."""

    claimed: list[float]
    """Of every claim; a residual claim as it was paid, a recovery with what was drawn now."""
    paid: list[float]
    """On every claim, by whomever."""
    asked: list[float]
    """Of every support."""
    drawn: list[float]
    """From every support."""
    rounds: int


Slot = tuple[int, int]
"""(party, rank)."""
Called = Mapping[tuple[int, int], float]
"""(support, claim) -> what was called."""


class Clearing:
    """The equations of one clearing with given calls on supports."""

    def __init__(self, month: Month, called: Called) -> None:
        """Sort claims by payer and rank."""
        self.month = month
        self.called = called
        self.scale = max(
            1.0,
            sum(month.cash) + sum(c.amount for c in month.claims if not c.residual),
        )
        self.slots: dict[Slot, list[int]] = {}
        self.support_slots: dict[Slot, list[tuple[int, int]]] = {}
        for k, claim in enumerate(month.claims):
            self.slots.setdefault((claim.payer, claim.rank), []).append(k)
        for s, k in called:
            support = month.supports[s]
            self.support_slots.setdefault((support.payer, support.rank), []).append((s, k))
        self.ranks = sorted({*self.slots, *self.support_slots})
        # What the amounts alone decide, and every round asks for again.
        self.own = {
            slot: sum(month.claims[k].amount for k in self.slots.get(slot, ()))
            for slot in self.ranks
        }
        self.last = {
            slot: any(month.claims[k].residual for k in self.slots.get(slot, ()))
            for slot in self.ranks
        }
        self.calls = {
            k: [(pair, amount) for pair, amount in called.items() if pair[1] == k]
            for k in sorted({k for s in month.supports for k in s.protects})
        }

    def limited(self, party: int) -> bool:
        """Whether a party has limited cash."""
        return party < len(self.month.cash)

    def share(self, shares: Mapping[Slot, float], party: int, rank: int) -> float:
        """Share that a party pays of its claims at a rank."""
        if self.limited(party):
            return shares.get((party, rank), 1.0)
        return self.month.payout.get(party, 1.0)

    def draws(self, shares: Mapping[Slot, float]) -> tuple[dict, dict, dict]:
        """What is asked of supporters, what they pay, and what claims are still short of."""
        month = self.month
        asked: dict[tuple[int, int], float] = {}
        drawn: dict[tuple[int, int], float] = {}
        short: dict[int, float] = {}
        for k, calls in self.calls.items():
            claim = month.claims[k]
            left = claim.amount * (1.0 - self.share(shares, claim.payer, claim.rank))
            able = {
                (s, j): amount * self.share(shares, month.supports[s].payer, month.supports[s].rank)
                for (s, j), amount in calls
            }
            offered = sum(able.values())
            # Calls that turn out too large are cut by the same share for all supporters.
            part = 1.0 if left >= offered else left / offered
            for pair, amount in able.items():
                asked[pair], drawn[pair] = self.called[pair] * part, amount * part
            left = max(left - offered, 0.0)
            short[k] = left
        return asked, drawn, short

    def owed(self, slot: Slot, asked: Mapping[tuple[int, int], float]) -> float:
        """What a party owes at a rank."""
        return self.own[slot] + sum(asked[pair] for pair in self.support_slots.get(slot, ()))

    def cash(
        self, shares: Mapping[Slot, float], drawn: Mapping[tuple[int, int], float]
    ) -> list[float]:
        """Opening cash and receipts of every party with limited cash."""
        total = list(self.month.cash)
        for claim in self.month.claims:
            if self.limited(claim.payee):
                total[claim.payee] += claim.amount * self.share(shares, claim.payer, claim.rank)
        for (_, k), amount in drawn.items():
            creditor = self.month.claims[k].payee
            if self.limited(creditor):
                total[creditor] += amount
        return total

    def waterfall(
        self, cash: Sequence[float], asked: Mapping[tuple[int, int], float]
    ) -> dict[Slot, float]:
        """Shares that every party can pay, rank by rank, out of its cash."""
        shares: dict[Slot, float] = {}
        left = list(cash)
        for slot in self.ranks:
            party, _ = slot
            if not self.limited(party):
                continue
            owed = self.owed(slot, asked)
            kept = self.month.minimum[party] if self.last[slot] else 0.0
            pays = min(max(left[party] - kept, 0.0), owed)
            shares[slot] = pays / owed if owed > 0.0 else 1.0
            left[party] -= pays
        return shares

    def round(self, shares: Mapping[Slot, float]) -> dict[Slot, float]:
        """What parties can pay if the others pay these shares."""
        asked, drawn, _ = self.draws(shares)
        return self.waterfall(self.cash(shares, drawn), asked)

    def distance(self, one: Mapping[Slot, float], other: Mapping[Slot, float]) -> float:
        """Largest difference between what is paid at a rank, as a share of the month's amounts."""
        asked, _, _ = self.draws(other)
        gaps = [abs(one[s] - other.get(s, 1.0)) * self.owed(s, asked) for s in one]
        return max(gaps, default=0.0) / self.scale

    def exact(self, shares: dict[Slot, float]) -> dict[Slot, float]:
        """Solve for the slots that are paid in part, the others kept as they are."""
        open_slots = [s for s in shares if 0.0 < shares[s] < 1.0]
        if not open_slots:
            return shares
        start = self.round(shares)
        matrix = np.eye(len(open_slots))
        for j, slot in enumerate(open_slots):
            # Linear in every share; half of it stays on this side of where anything runs out.
            moved = self.round({**shares, slot: shares[slot] / 2})
            for i, other in enumerate(open_slots):
                matrix[i, j] -= (start[other] - moved[other]) / (shares[slot] / 2)
        gap = np.array([start[s] - shares[s] for s in open_slots])
        try:
            change = np.linalg.solve(matrix, gap)
        except np.linalg.LinAlgError:
            return shares
        found = {s: shares[s] + d for s, d in zip(open_slots, change, strict=True)}
        if any(value < 0.0 or value > 1.0 for value in found.values()):
            return shares
        return {**shares, **found}

    def solve(self) -> tuple[dict[Slot, float], int]:
        """The greatest solution, and the rounds it took."""
        shares: dict[Slot, float] = {s: 1.0 for s in self.ranks if self.limited(s[0])}
        for count in range(1, 200_000):
            new = self.round(shares)
            gap = self.distance(new, shares)
            shares = new
            if gap == 0.0:
                return shares, count
            if gap < 1e-9 and count % 50 == 0:
                guess = self.exact(shares)
                if self.distance(self.round(guess), guess) < 1e-15:
                    return guess, count
            if gap < 1e-16:
                return shares, count
        message = "clearing does not settle"
        raise RuntimeError(message)


def call(month: Month, tier: int, short: Mapping[int, float]) -> dict[tuple[int, int], float]:
    """What one tier calls: needs shared by weight within limits, the rest offered again."""
    need = {k: left for k, left in short.items() if left > PAID * month.claims[k].amount}
    room = {s: sup.limit for s, sup in enumerate(month.supports) if sup.tier == tier}
    called: dict[tuple[int, int], float] = {}
    for _ in range(len(room)):
        ask: dict[tuple[int, int], float] = {}
        for k, left in need.items():
            who = [s for s in room if room[s] > 0.0 and k in month.supports[s].protects]
            weights = sum(month.supports[s].weight for s in who)
            for s in who:
                if weights > 0.0:
                    ask[s, k] = left * month.supports[s].weight / weights
        for s in list(room):
            mine = {pair: amount for pair, amount in ask.items() if pair[0] == s}
            total = sum(mine.values())
            full = total >= room[s]
            for pair, amount in mine.items():
                given = amount * room[s] / total if full and total > 0.0 else amount
                called[pair] = called.get(pair, 0.0) + given
                need[pair[1]] -= given
            room[s] = 0.0 if full else room[s] - total
    return called


def clear(month: Month) -> Outcome:
    """Pay all claims of a month: once without supports, then once more for every tier."""
    called: dict[tuple[int, int], float] = {}
    clearing = Clearing(month, called)
    shares, rounds = clearing.solve()
    for tier in sorted({support.tier for support in month.supports}):
        _, _, short = clearing.draws(shares)
        for pair, amount in call(month, tier, short).items():
            called[pair] = called.get(pair, 0.0) + amount
        clearing = Clearing(month, called)
        shares, more = clearing.solve()
        rounds = max(rounds, more)
    asked, drawn, _ = clearing.draws(shares)
    claimed = [claim.amount for claim in month.claims]
    paid = [c.amount * clearing.share(shares, c.payer, c.rank) for c in month.claims]
    for (s, k), amount in drawn.items():
        paid[k] += amount
        recovery = month.supports[s].recovery
        if recovery is not None:
            claimed[recovery] += amount
    for k, claim in enumerate(month.claims):
        if claim.residual:
            claimed[k] = paid[k]
    each = range(len(month.supports))
    return Outcome(
        claimed,
        paid,
        [sum(x for (s, _), x in asked.items() if s == j) for j in each],
        [sum(x for (s, _), x in drawn.items() if s == j) for j in each],
        rounds,
    )
