"""Revenue share: money up front for a share of revenue, up to a multiple of it or for a time.

    revenue(t) = revenue(t-1) + sales due in the period - what was not paid of those of the last
    owed(t)    = min(share x revenue(t), cap x advanced); at the end of the term at least
                 floor x advanced
    royalty(t) = owed(t) - royalties so far + what is unpaid of them

Revenue is what falls due to the company under the contracts named (all its sales where none is),
from the period after the advance on, as long as the term lasts. It is a claim of the derived
stage: it reads what is claimed in the same period (§5.3), so the share of a sale is due with
the sale. Sales that are claimed again count when they are.

Reads: sales of the company under the contracts named. Publishes: arrears, received, remaining.
On shortfall: an unpaid royalty is claimed again, without interest; of a company outside the plan in
default the rest is lost.

References:
    1. Revenue-based financing, en.wikipedia.org: an advance repaid by a share of revenue, up to a
       multiple of it.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.errors import Mistake
from offtake.core.flows import ALL_THERE_IS, Flow, Rank
from offtake.core.terms import (
    ContractName,
    Duration,
    Money,
    PartyName,
    Ratio,
    Share,
    Terms,
    When,
    default,
)
from offtake.finance.facility import closing, signing
from offtake.finance.unpaid import unpaid

SALES: dict[tuple[str, Flow], float] = {("in", Flow.SALE): 1.0}


class RevenueShareTerms(Terms):
    """What a plan writes for a revenue share."""

    kind: Literal["revenue_share"]
    financier: PartyName
    """Party that pays up front."""
    company: PartyName
    """Party that shares its revenue."""
    amount: Money
    """Paid up front, USD."""
    start: When | None = None
    """Date on which it is; the start of the plan if left out."""
    share: Share
    """Of revenue that the financier gets."""
    contracts: tuple[ContractName, ...] = ()
    """Contracts under which the company sells what it shares; all its sales if left out."""
    cap: Ratio | None = None
    """Most that is paid in all, as a multiple of the amount; no such limit if left out."""
    floor: Ratio = default("0")
    """What has to have been paid by the end of the term, as a multiple of the amount."""
    term: Duration | None = None
    """Time from the start in which revenue is shared; without end if left out, with a cap only."""
    seniority: Literal["senior", "junior"] = "senior"
    """Place in the company's waterfall, beside fees of loans."""

    @model_validator(mode="after")
    def _ends(self) -> "RevenueShareTerms":
        """By a cap or a term; a floor needs a term."""
        endless = self.term is None and self.cap is None
        if endless or (self.term is None and self.floor.value > 0.0):
            raise Mistake(
                code="share-without-end",
                found="neither cap nor term" if endless else "a floor without a term",
                expected="a time after which revenue is no longer shared",
                mend="add term: 5 years",
            )
        return self


EXAMPLE = RevenueShareTerms.model_validate(
    {
        "kind": "revenue_share",
        "financier": "sponsor",
        "company": "company",
        "amount": "200 USD",
        "share": "10 %",
        "cap": "1.5",
        "floor": "1.1",
        "term": "5 months",
    }
)


class RevenueShareState(NamedTuple):
    """Every leaf [K, P] USD."""

    advanced: Array
    revenue: Array
    """that counts so far"""
    short: Array
    """of the sales of the last period not paid"""
    charged: Array
    """royalties so far, arrears apart"""
    arrears: Array
    received: Array
    """paid so far"""


class RevenueShare(NamedTuple):
    """A group of revenue shares."""

    sales: IntArray
    """[K] registered total: sales that count"""
    payout: IntArray
    """[K] observation: share of its claims that the company meets"""

    kind = "revenue_share"
    stage = "derived"
    published = ("arrears", "received", "remaining")
    Terms = RevenueShareTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, RevenueShareTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids, terms = [name for name, _ in items], [term for _, term in items]
        financier, company = (
            at.parties([getattr(t, f) for t in terms]) for f in ("financier", "company")
        )
        group = cls(
            sales=np.array([at.total(t.company, SALES, t.contracts) for t in terms]),
            payout=np.array([at.observe(f"parties.{t.company}.payout") for t in terms]),
        )
        junior = np.array([t.seniority == "junior" for t in terms])
        rank = np.where(junior, int(Rank.JUNIOR_FEE), int(Rank.SENIOR_FEE))
        capital = np.full(len(ids), int(Rank.CAPITAL_IN))
        lines = (
            Line("advance", Flow.CAPITAL_IN, financier, company, capital),
            Line("royalty", Flow.FEE, company, financier, rank),
        )
        numbers = {
            **at.numbers(ids, "amount", "share", "floor"),
            **at.optionals(ids, start=0.0, term=1e9, cap=ALL_THERE_IS),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> RevenueShareState:
        """Nothing is paid up front."""
        zero = jnp.zeros_like(n["amount"])
        return RevenueShareState(*[zero] * len(RevenueShareState._fields))

    def publish(self, n: Numbers, s: RevenueShareState, month: Month) -> Amounts:
        """Arrears, what was received, and what is left up to the cap."""
        del month
        most = jnp.minimum(n["cap"] * s.advanced, ALL_THERE_IS)
        left = jnp.maximum(most - s.received, 0.0)
        return {"arrears": s.arrears, "received": s.received, "remaining": left}

    def _now(self, n: Numbers, s: RevenueShareState, month: Month) -> tuple[Array, Array]:
        """Revenue that counts so far, and the royalty of the period, arrears apart, USD [K, P]."""
        begin = signing(n["start"])
        end = closing(begin + n["term"])
        # What was not paid of the last period's sales is taken back, and counts if claimed again.
        fresh = month.claimed[self.sales] - s.short
        shares = (month.t > begin) & (month.t <= end)
        revenue = s.revenue + jnp.where(shares, fresh, 0.0)
        owed = jnp.minimum(n["share"] * revenue, n["cap"] * s.advanced)
        least = jnp.where(month.t >= end, jnp.minimum(n["floor"], n["cap"]) * s.advanced, 0.0)
        owed = jnp.where(month.t > begin, jnp.maximum(owed, least), 0.0)
        return revenue, jnp.maximum(owed - s.charged, 0.0)

    def claim(self, n: Numbers, s: RevenueShareState, month: Month) -> Amounts:
        """Money up front, then the share of revenue."""
        starts = signing(n["start"]) == month.t
        royalty = self._now(n, s, month)[1]
        return {
            "advance": jnp.where(starts, n["amount"], 0.0),
            "royalty": royalty + s.arrears,
        }

    def settle(
        self, n: Numbers, s: RevenueShareState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[RevenueShareState, Mapping[str, Array]]:
        """Count revenue and royalties, carry what is unpaid."""
        revenue, royalty = self._now(n, s, month)
        counts = month.t > signing(n["start"])
        short = month.claimed[self.sales] - month.past[self.sales]
        owed = unpaid(claimed["royalty"], paid["royalty"], month.obs[self.payout]).owed
        state = RevenueShareState(
            advanced=s.advanced + paid["advance"],
            revenue=revenue,
            short=jnp.where(counts, short, 0.0),
            charged=s.charged + royalty,
            arrears=owed,
            received=s.received + paid["royalty"],
        )
        return state, {}
