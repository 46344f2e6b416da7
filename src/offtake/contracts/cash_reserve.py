"""Cash reserve: months of a budget kept in an account of its own, such as working capital.

    target(t)   = months x budget(t+1)
    top-up(t)   = target(t) - cash(t-1), if positive
    limit(t)    = cash(t-1)
    release(t)  = of cash(t-1) - target(t), if positive, what the draw leaves
    interest(t) = rate x years(t) x cash(t-1)
    cash(t)     = cash(t-1) + top-up paid - draw - release

with `months` in periods and cash that of the account, a party (`kind: account`). The budget is what
is to be spent, or to come in, by the dates that the plan writes; a reserve is filled at the close
of each period for the next. (Of a budget that follows a driver the next value is not known: it
counts as it is.) The draw is a support of tier 3: it meets what is still short on the claims of
`protects` after the owner's cash, the funding of tier 1 and revolvers (§5.6). The release is
a residual claim of the owner on the account. Interest is paid to the owner by the bank.

Reads: nothing. Publishes: held (cash at the start of the period), target (of the period before).
On shortfall: a top-up that is not paid is asked for again while the account is below its target.
Nothing is released to an owner in default.

References:
    1. E. R. Yescombe, Principles of Project Finance, 2nd ed., Academic Press 2014, §14.4.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    ContractName,
    Duration,
    MoneyFlowSeries,
    PartyName,
    Rate,
    Terms,
    default,
)
from offtake.finance.deposit import Deposit


class CashReserveTerms(Terms):
    """What a plan writes for a cash reserve."""

    kind: Literal["cash_reserve"]
    account: PartyName
    """Party of kind account that holds the cash."""
    owner: PartyName
    """Party that tops the account up and to which it belongs."""
    months: Duration = default("6 months")
    """Time of the budget that the account is to hold, months."""
    budget: MoneyFlowSeries
    """What is to be spent or to come in, USD/year."""
    protects: tuple[ContractName, ...] = ()
    """Contracts whose claims on the owner the reserve meets when cash is short."""
    bank: PartyName | None = None
    """Bank that pays interest on the cash; without one it earns nothing."""
    interest: Rate = default("0 %/year")
    """Interest on the cash, per year."""


EXAMPLE = CashReserveTerms.model_validate(
    {
        "kind": "cash_reserve",
        "account": "float",
        "owner": "company",
        "months": "2 months",
        "budget": {"2026-01": "600 USD/year", "2026-05": "300 USD/year"},
        "protects": ["staff"],
        "bank": "bank",
        "interest": "12 %/year",
    }
)


class CashReserve(NamedTuple):
    """A group of cash reserves."""

    account: IntArray
    """[K] party"""
    owner: IntArray
    """[K] party"""
    budget: IntArray
    """[K] observation: of the next period, USD/year"""
    deposit: Deposit
    per_year: NDArray[np.float64]
    """[] periods in a year"""

    kind = "cash_reserve"
    stage = "primary"
    published = ("held", "target")
    Terms = CashReserveTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, CashReserveTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        account, owner = (
            at.parties([getattr(t, f) for _, t in items]) for f in ("account", "owner")
        )
        deposit, interest = Deposit.lower([t.bank for _, t in items], account, owner, at)
        reserve, sweep = (np.full(len(ids), int(rank)) for rank in (Rank.RESERVE, Rank.SWEEP))
        lines = (
            Line("top_up", Flow.SUPPORT, owner, account, reserve),
            Line(
                "draw",
                Flow.SUPPORT,
                account,
                owner,
                reserve,
                form="support",
                tier=np.full(len(ids), 3),
                protects=tuple(t.protects for _, t in items),
            ),
            Line("release", Flow.SUPPORT, account, owner, sweep, form="residual"),
            interest,
        )
        group = cls(
            account,
            owner,
            np.array([at.series_next(name, "budget") for name in ids]),
            deposit,
            np.array(float(at.periods_per_year)),
        )
        return Lowered(group, tuple(ids), at.numbers(ids, "months", "interest"), lines)

    def init(self, n: Numbers) -> tuple[Array, Array]:
        """Cash in the account and last target, [K, P] USD."""
        zero = jnp.zeros_like(n["interest"])
        return zero, zero

    def _target(self, n: Numbers, month: Month) -> Array:
        """[K, P] USD."""
        return n["months"] / self.per_year * month.obs[self.budget]

    def publish(self, n: Numbers, s: tuple[Array, Array], month: Month) -> Amounts:
        """What the account holds, and what it was to hold."""
        del n, month
        return {"held": s[0], "target": s[1]}

    def claim(self, n: Numbers, s: tuple[Array, Array], month: Month) -> Amounts:
        """Top-up, limit of the draw, what may be released, interest."""
        del s
        cash, target = month.cash[self.account], self._target(n, month)
        spare = jnp.maximum(cash - target, 0.0)
        return {
            "top_up": jnp.maximum(target - cash, 0.0),
            "draw": cash,
            "release": jnp.where(month.stopped[self.owner], 0.0, spare),
            "interest": self.deposit.interest(n["interest"], cash, month),
        }

    def settle(
        self,
        n: Numbers,
        s: tuple[Array, Array],
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[tuple[Array, Array], Mapping[str, Array]]:
        """Count the cash."""
        del s, claimed
        cash = month.cash[self.account] + paid["top_up"] - paid["draw"] - paid["release"]
        return (cash, self._target(n, month)), {}
