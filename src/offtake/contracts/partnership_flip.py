"""Partnership flip: two partners whose shares of cash and of tax change once one has earned enough.

    draw(p, t)         = partner p's share of what the funded claims are short of, within its part
                         of the commitment
    recovery(t)        = what the sponsor put in and has not recovered, before the end of `recovery`
    distribution(p, t) = p's share of the cash left after that
    earned(t)          = earned(t-1) x (1 + target)^years(t) + what the investor received of
                         distributions, credits and savings of tax, less what it paid in and in tax
    flipped(t + 1)     = earned(s) >= 0 for some s <= t at which capital was in, or `flip_date`
                         reached

so the flip falls on the first close at which the investor's return after tax is the target. Before
it the investor has `cash_before` of the cash and `tax_before` of income, losses and credits, after
it `cash_after` and `tax_after`; the sponsor has the rest. Income taxes and tax credits of partners
read their share by `partnership`. The draw is a support of tier 1, as of common equity; the
sponsor's fee for development is paid at the start, and is part of what was built.

Reads: what the investor received and paid, by class. Publishes: investor_tax_share,
sponsor_tax_share, flipped, earned, drawn.
On shortfall: nothing is owed to partners; a partner in default does not pay its draw.

References:
    1. IRS, Revenue Procedure 2007-65 (partnership flips).
    2. NREL, System Advisor Model: partnership flip with and without debt.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import ALL_THERE_IS, Flow, Rank
from offtake.core.terms import (
    ContractName,
    Duration,
    Money,
    PartyName,
    Rate,
    Share,
    Terms,
    When,
    default,
)
from offtake.finance.span import reached

RECEIVED: dict[tuple[str, Flow], float] = {
    ("in", Flow.DISTRIBUTION): 1.0,
    ("in", Flow.TAX): 1.0,
    ("out", Flow.TAX): -1.0,
    ("out", Flow.CAPITAL_IN): -1.0,
}


class PartnershipFlipTerms(Terms):
    """What a plan writes for a partnership flip."""

    kind: Literal["partnership_flip"]
    partnership: PartyName
    """Company that the partners own."""
    investor: PartyName
    """Tax equity investor."""
    sponsor: PartyName
    """Developer of the project."""
    commitment: Money = default("0 USD")
    """Most that both put in, USD."""
    capital: Share = default("60 %")
    """Investor's part of what is put in."""
    funds: tuple[ContractName, ...] = ()
    """Contracts whose claims on the partnership, besides the fee for development, the partners meet
    when cash is short."""
    cash_before: Share = default("98 %")
    """Investor's share of cash before the flip."""
    cash_after: Share = default("10 %")
    """Investor's share of cash after it."""
    tax_before: Share = default("99 %")
    """Investor's share of income, losses and credits before the flip."""
    tax_after: Share = default("5 %")
    """Investor's share of them after it."""
    target: Rate = default("9 %/year")
    """Investor's return after tax at which the shares change, per year."""
    flip_date: When | None = None
    """Date on which they change at the latest; none if left out."""
    recovery: Duration = default("0 months")
    """Time from the plan's start in which cash first gives the sponsor back what it put in."""
    development_fee: Money = default("0 USD")
    """Paid to the sponsor at the plan's start, USD."""


EXAMPLE = PartnershipFlipTerms.model_validate(
    {
        "kind": "partnership_flip",
        "partnership": "company",
        "investor": "tax_investor",
        "sponsor": "sponsor",
        "commitment": "1,000 USD",
        "capital": "80 %",
        "funds": ["order"],
        "cash_before": "75 %",
        "target": "12 %/year",
        "recovery": "4 months",
        "development_fee": "20 USD",
    }
)


class PartnershipFlipState(NamedTuple):
    """Every leaf [K, P]."""

    investor_drawn: Array
    """USD"""
    sponsor_drawn: Array
    """USD"""
    recovered: Array
    """of what the sponsor put in, USD"""
    earned: Array
    """investor's receipts less payments, compounded at the target, USD"""
    flipped: Array
    """1.0 once the shares have changed"""


class PartnershipFlip(NamedTuple):
    """A group of partnerships."""

    received: IntArray
    """[K] registered total: the investor's receipts less payments"""

    kind = "partnership_flip"
    stage = "primary"
    published = ("investor_tax_share", "sponsor_tax_share", "flipped", "earned", "drawn")
    Terms = PartnershipFlipTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, PartnershipFlipTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        ones = np.ones(len(ids), np.int64)
        company, investor, sponsor = (
            at.parties([getattr(t, f) for _, t in items])
            for f in ("partnership", "investor", "sponsor")
        )
        protects = tuple((*t.funds, name) for name, t in items)

        def draw(name: str, partner: IntArray) -> Line:
            rank = ones * int(Rank.CAPITAL_IN)
            return Line(
                name, Flow.CAPITAL_IN, partner, company, rank,
                form="support", tier=ones, protects=protects,
            )  # fmt: skip

        def share_out(name: str, partner: IntArray, before: int = 0) -> Line:
            rank = ones * (int(Rank.DISTRIBUTION) - before)
            return Line(name, Flow.DISTRIBUTION, company, partner, rank, form="residual")

        built = ones * int(Rank.CAPITAL_COST)
        lines = (
            draw("investor_draw", investor),
            draw("sponsor_draw", sponsor),
            Line("development_fee", Flow.CAPITAL_COST, company, sponsor, built),
            share_out("recovery", sponsor, before=10),
            share_out("investor_distribution", investor),
            share_out("sponsor_distribution", sponsor),
        )
        shares = ("capital", "cash_before", "cash_after", "tax_before", "tax_after")
        numbers = {
            **at.numbers(ids, "commitment", "target", "recovery", "development_fee", *shares),
            **at.optionals(ids, flip_date=1e9),
        }
        group = cls(np.array([at.total(t.investor, RECEIVED) for _, t in items]))
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> PartnershipFlipState:
        """Nothing put in."""
        zero = jnp.zeros_like(n["commitment"])
        return PartnershipFlipState(zero, zero, zero, zero, zero)

    def publish(self, n: Numbers, s: PartnershipFlipState, month: Month) -> Amounts:
        """Shares of tax in this period, whether they have changed, what stands between."""
        del month
        share = n["tax_before"] + s.flipped * (n["tax_after"] - n["tax_before"])
        return {
            "investor_tax_share": share,
            "sponsor_tax_share": 1.0 - share,
            "flipped": s.flipped,
            "earned": s.earned,
            "drawn": s.investor_drawn + s.sponsor_drawn,
        }

    def claim(self, n: Numbers, s: PartnershipFlipState, month: Month) -> Amounts:
        """Undrawn commitments, the fee, and the shares of what is left."""
        cash = n["cash_before"] + s.flipped * (n["cash_after"] - n["cash_before"])
        part, rest = n["capital"], 1.0 - n["capital"]
        recovering = (month.t <= n["recovery"] + 1e-9) & (month.t > 0.0)
        owed = jnp.maximum(s.sponsor_drawn - s.recovered, 0.0)
        return {
            "investor_draw": jnp.maximum(part * n["commitment"] - s.investor_drawn, 0.0),
            "investor_draw_weight": part,
            "sponsor_draw": jnp.maximum(rest * n["commitment"] - s.sponsor_drawn, 0.0),
            "sponsor_draw_weight": rest,
            "development_fee": jnp.where(month.t > 0.0, 0.0, n["development_fee"]),
            "recovery": jnp.where(recovering, owed, 0.0),
            "investor_distribution": cash * ALL_THERE_IS,
            "sponsor_distribution": (1.0 - cash) * ALL_THERE_IS,
        }

    def settle(
        self,
        n: Numbers,
        s: PartnershipFlipState,
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[PartnershipFlipState, Mapping[str, Array]]:
        """Count what was put in and got out, and see whether the investor has its return."""
        del claimed
        drawn = s.investor_drawn + paid["investor_draw"]
        grown = s.earned * (1.0 + n["target"]) ** month.years
        earned = grown + month.past[self.received]
        reaches = ((drawn > 0.0) & (earned >= 0.0)) | reached(n["flip_date"], month.t)
        state = PartnershipFlipState(
            investor_drawn=drawn,
            sponsor_drawn=s.sponsor_drawn + paid["sponsor_draw"],
            recovered=s.recovered + paid["recovery"],
            earned=earned,
            flipped=jnp.where(reaches, 1.0, s.flipped),
        )
        return state, {}
