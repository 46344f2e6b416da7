"""An independent check of booked flows: what §5.9 asks, worked out from claims and payments alone.

It knows nothing of slots, rounds or shares: a ledger holds claims with payer, payee, rank and form,
what was claimed and paid on each, and the cash that every party opened with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Entry:
    """One claim as booked."""

    payer: int
    payee: int
    rank: int
    form: str
    claimed: float
    paid: float
    protects: Sequence[int] = ()
    """Of a support: places of the claims it protects."""


@dataclass
class Ledger:
    """A month as booked. Parties 0 .. len(cash) - 1 have limited cash."""

    entries: Sequence[Entry]
    cash: Sequence[float]
    minimum: Sequence[float]
    payout: Mapping[int, float] = field(default_factory=dict)

    @property
    def gross(self) -> float:
        """Amounts at stake: claims, residual ones apart, and opening cash, USD; at least 1."""
        return max(
            1.0, sum(e.claimed for e in self.entries if e.form != "residual") + sum(self.cash)
        )

    @property
    def protected(self) -> set[int]:
        """Places of claims that some support protects."""
        return {k for e in self.entries for k in e.protects}

    def closing(self) -> np.ndarray:
        """Cash of every party with limited cash after the month."""
        cash = np.array(self.cash, float)
        for e in self.entries:
            if e.payer < len(cash):
                cash[e.payer] -= e.paid
            if e.payee < len(cash):
                cash[e.payee] += e.paid
        return cash

    def worst(self) -> dict[str, float]:
        """Every rule of §5.9 that a month can break, and by how much of the gross amounts."""
        return {
            "negative amount": max(0.0, -min(min(e.claimed, e.paid) for e in self.entries))
            / self.gross,
            "paid above the claim": max(0.0, *(e.paid - e.claimed for e in self.entries))
            / self.gross,
            "negative cash": max(0.0, -float(self.closing().min())) / self.gross,
            "junior before senior": self.junior_before_senior(),
            "unequal shares": self.unequal_shares(),
            "cash held while short": self.held_while_short(),
            "minimum paid out": self.minimum_paid_out(),
            "outside pays more than its share": self.outside_shares(),
            "support without need": self.support_without_need(),
        }

    def of(self, party: int) -> list[Entry]:
        """Claims on a party that nobody else meets: its own payments can be read off them."""
        alone = set(range(len(self.entries))) - self.protected
        return [self.entries[k] for k in sorted(alone) if self.entries[k].payer == party]

    def junior_before_senior(self) -> float:
        """Least of what is short at a rank and what is paid behind it, over all pairs of claims."""
        found = 0.0
        for party in range(len(self.cash)):
            mine = [e for e in self.of(party) if e.form != "residual"]
            behind = [e for e in self.entries if e.payer == party and e.form == "residual"] + mine
            for senior in mine:
                short = senior.claimed - senior.paid
                paid = max((e.paid for e in behind if e.rank > senior.rank), default=0.0)
                # A recovery counts what was drawn in the month, which nobody pays back at once.
                if senior.form == "claim" or senior.form == "support":
                    found = max(found, min(short, paid))
        return found / self.gross

    def unequal_shares(self) -> float:
        """Largest difference between paid shares of claims of a party at one rank."""
        found = 0.0
        for party in range(len(self.cash)):
            by_rank: dict[int, list[float]] = {}
            for e in self.of(party):
                if e.form in ("claim", "support") and e.claimed > 1e-9 * self.gross:
                    by_rank.setdefault(e.rank, []).append(e.paid / e.claimed)
            found = max([found, *(max(s) - min(s) for s in by_rank.values())])
        return found

    def held_while_short(self) -> float:
        """Cash kept by a party whose claims, residual ones apart, are not paid in full."""
        found = 0.0
        for party, cash in enumerate(self.closing()):
            plain = [e for e in self.entries if e.payer == party and e.form != "residual"]
            short = sum(e.claimed - e.paid for e in plain)
            found = max(found, min(short, cash))
        return found / self.gross

    def minimum_paid_out(self) -> float:
        """What owners received below the minimum cash."""
        found = 0.0
        for party, cash in enumerate(self.closing()):
            taken = sum(e.paid for e in self.entries if e.payer == party and e.form == "residual")
            found = max(found, min(taken, self.minimum[party] - cash))
        return found / self.gross

    def outside_shares(self) -> float:
        """What parties outside paid of unprotected claims above or below the share they meet."""
        found = 0.0
        for party in {e.payer for e in self.entries} - set(range(len(self.cash))):
            for e in self.of(party):
                if e.form in ("claim", "support"):
                    found = max(found, abs(e.paid - self.payout.get(party, 1.0) * e.claimed))
        return found / self.gross

    def support_without_need(self) -> float:
        """What supports paid above what their claims received beyond the payers' own share.

        At a rank where some claim is not protected the payer's own share is known from it.
        """
        found = 0.0
        for place in self.protected:
            claim = self.entries[place]
            beside = [
                e.paid / e.claimed
                for e in self.of(claim.payer)
                if e.rank == claim.rank and e.form == "claim" and e.claimed > 1e-9 * self.gross
            ]
            helpers = [e for e in self.entries if place in e.protects]
            if beside and all(len(e.protects) == 1 for e in helpers):
                added = claim.paid - beside[0] * claim.claimed
                found = max(found, abs(sum(e.paid for e in helpers) - added))
        return found / self.gross
