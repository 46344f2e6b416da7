"""Common equity: money committed by owners, drawn when it is needed, and what is left for them.

    limit(t)        = commitment - drawn so far
    drawn(t)        = weight's share of what the funded claims are short of, within the limit
    distribution(t) = share of the cash left above the issuer's minimum, unless locked up

The draw is a support, of tier 1 unless it is deferred: claims named in `funds` that the issuer
cannot pay from its own cash are met by the funding of the same tier in proportion to `weight`, debt
and equity alike (§5.6). A right to cure a loan is a commitment that funds it with a number
of `cures`: each period in which it pays uses one up, and it pays nothing for an issuer in default.
Distributions are residual: they come last. They are locked up while a facility named in `lock_up`
is in arrears, called or traps cash, or its trailing cover ratio is below `lock_up_dscr`, before
`distributions_from`, and between dates that lie `distributions_every` apart.

Reads: arrears, accelerated, trapped and dscr of the facilities in `lock_up`. Publishes: drawn.
On shortfall: nothing is owed; an investor in default does not pay the draw.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import ALL_THERE_IS, Flow, Rank
from offtake.core.terms import (
    ContractName,
    Count,
    Duration,
    PartyName,
    Ratio,
    SizedMoney,
    Terms,
    When,
    default,
)
from offtake.finance.lock_up import LockUp
from offtake.finance.span import reached

UNLIMITED = 1e9
"""Number of cures where none is stated."""


class CommonEquityTerms(Terms):
    """What a plan writes for common equity."""

    kind: Literal["common_equity"]
    investor: PartyName
    """Owner that commits the money."""
    issuer: PartyName
    """Company that draws it."""
    commitment: SizedMoney = default("0 USD")
    """Most that can be drawn, USD; `sized` for what sized debt leaves to pay."""
    funds: tuple[ContractName, ...] = ()
    """Contracts whose claims on the issuer the commitment meets when cash is short."""
    weight: Ratio = default("1")
    """Share of the draw relative to other funding of the same claims."""
    cures: Count | None = None
    """In how many periods the commitment may be drawn, and only while the issuer is not in default;
    any number, in default too, if left out."""
    tier: Literal[1, 2, 3, 4, 5, 6] = 1
    """Order among the issuer's supports; 1 is called first, with debt; 2 for equity deferred."""
    share: Ratio = default("1")
    """Share of distributions, relative to the issuer's other owners."""
    distributions_from: When | None = None
    """No distribution before this date."""
    distributions_every: Duration = default("0 months")
    """Time between two distributions from then on, months; every period if shorter than one."""
    lock_up: tuple[ContractName, ...] = ()
    """Facilities that lock distributions up."""
    lock_up_dscr: Ratio = default("0")
    """Cover ratio of those facilities below which nothing is distributed."""


EXAMPLE = CommonEquityTerms.model_validate(
    {
        "kind": "common_equity",
        "investor": "sponsor",
        "issuer": "company",
        "commitment": "500 USD",
        "funds": ["order"],
    }
)


class CommonEquityState(NamedTuple):
    """Every leaf [K, P]."""

    drawn: Array
    """drawn so far, USD"""
    used: Array
    """periods in which something was drawn"""


class CommonEquity(NamedTuple):
    """A group of holdings."""

    lock_up: LockUp
    issuer: IntArray
    """[K] party"""

    kind = "common_equity"
    stage = "primary"
    published = ("drawn",)
    Terms = CommonEquityTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, CommonEquityTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        investor, issuer = (
            at.parties([getattr(t, f) for _, t in items]) for f in ("investor", "issuer")
        )
        group = cls(LockUp.lower([term for _, term in items], at), issuer)
        ones = np.ones(len(ids), np.int64)
        lines = (
            Line(
                "draw",
                Flow.CAPITAL_IN,
                investor,
                issuer,
                ones * int(Rank.CAPITAL_IN),
                form="support",
                tier=np.array([term.tier for _, term in items]),
                protects=tuple(term.funds for _, term in items),
            ),
            Line(
                "distribution",
                Flow.DISTRIBUTION,
                issuer,
                investor,
                ones * int(Rank.DISTRIBUTION),
                form="residual",
            ),
        )
        numbers = {
            **at.numbers(ids, "commitment", "weight", "share", "lock_up_dscr"),
            **at.numbers(ids, "distributions_every"),
            **at.optionals(ids, distributions_from=-1e9, cures=UNLIMITED),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> CommonEquityState:
        """Nothing is drawn."""
        return CommonEquityState(jnp.zeros_like(n["commitment"]), jnp.zeros_like(n["commitment"]))

    def publish(self, n: Numbers, s: CommonEquityState, month: Month) -> Amounts:
        """Drawn at the start of the month."""
        del n, month
        return {"drawn": s.drawn}

    def claim(self, n: Numbers, s: CommonEquityState, month: Month) -> Amounts:
        """The undrawn commitment, and all that is left unless locked up."""
        locked = self.lock_up.locked(n["lock_up_dscr"], month)
        opened = reached(n["distributions_from"], month.t) & self._dated(n, month)
        left = s.used + 1.0 <= n["cures"] + 1e-9
        cures = left & ((n["cures"] >= UNLIMITED) | ~month.stopped[self.issuer])
        return {
            "draw": jnp.where(cures, jnp.maximum(n["commitment"] - s.drawn, 0.0), 0.0),
            "draw_weight": n["weight"],
            "distribution": jnp.where(opened & ~locked, n["share"] * ALL_THERE_IS, 0.0),
        }

    def _dated(self, n: Numbers, month: Month) -> Array:
        """[K, P] True in periods of distribution: every so many from the first on."""
        every = jnp.maximum(jnp.ceil(n["distributions_every"] - 1e-9), 1.0)
        since = month.t - jnp.ceil(jnp.maximum(n["distributions_from"], 0.0) - 1e-9)
        return since - every * jnp.floor(since / every + 1e-9) < 0.5

    def settle(
        self, n: Numbers, s: CommonEquityState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[CommonEquityState, Mapping[str, Array]]:
        """Add what was drawn."""
        del n, month, claimed
        used = s.used + jnp.where(paid["draw"] > 0.0, 1.0, 0.0)
        return CommonEquityState(s.drawn + paid["draw"], used), {}
