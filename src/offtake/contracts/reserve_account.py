"""Reserve account: cash set aside for debt service, used before lenders go short.

    target(t)  = max(minimum, min(months x service(t), B(t-1))), or
                 max(minimum, months x service(t+1)) where `service: next`;
                 0 once the facilities are repaid
    top-up(t)  = target(t) - cash(t-1), if positive and from `start` on
    limit(t)   = cash(t-1)
    release(t) = of cash(t-1) - target(t), if positive, what the draw leaves
    cash(t)    = cash(t-1) + top-up paid - draw - release
    interest(t) = rate x years(t) x cash(t-1), from the bank to the owner

with service(t) the scheduled interest and principal of the facilities in the period before, B their
balance, service(t+1) what they expect to be due in the next, `months` in periods, and cash that of
the account, a party (`kind: account`). Before a facility was ever outstanding the target is the
minimum and nothing is released. The draw is a support of tier 3: it meets what is still short on
interest, principal and fees of the facilities after the owner's cash, the funding of tier 1 and
revolvers (semantics §5.6). The release is a residual claim of the owner on the account.

Reads: balance, service, service_next and accelerated of the facilities. Publishes: held (cash at
the start of the month), target (of the period before).
On shortfall: a top-up that is not paid is asked for again while the account is below its target.
While a facility is accelerated the account is neither topped up nor released: it serves the lenders
until it is empty or they are repaid. Nothing is released to an owner in default.

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
from offtake.core.terms import ContractName, Duration, Money, PartyName, Rate, Terms, When, default
from offtake.finance.deposit import Deposit
from offtake.finance.span import reached

REPAID = 1e-9
"""Share of its largest balance below which a facility is repaid."""


class ReserveAccountTerms(Terms):
    """What a plan writes for a reserve account."""

    kind: Literal["reserve_account"]
    account: PartyName
    """Party of kind account that holds the cash."""
    owner: PartyName
    """Borrower that tops the account up and to which it belongs."""
    facilities: tuple[ContractName, ...]
    """Facilities of the owner whose service is protected."""
    months: Duration = default("6 months")
    """Service that the account is to hold, at most the facilities' balance, months."""
    minimum: Money = default("0 USD")
    """Least target while a facility is or may yet be outstanding, USD."""
    start: When | None = None
    """Date from which the account is topped up; the start of the plan if left out."""
    service: Literal["past", "next"] = "past"
    """Whether the target follows the service of the period before or of the next one."""
    bank: PartyName | None = None
    """Bank that pays interest on the cash; without one it earns nothing."""
    interest: Rate = default("0 %/year")
    """Interest on the cash, per year."""


EXAMPLE = ReserveAccountTerms.model_validate(
    {
        "kind": "reserve_account",
        "account": "reserve",
        "owner": "company",
        "facilities": ["loan"],
        "months": "2 months",
        "minimum": "150 USD",
        "start": "2026-02",
    }
)


class ReserveAccountState(NamedTuple):
    """Every leaf [K, P], USD."""

    held: Array
    """cash in the account"""
    target: Array
    """of the last period"""
    peak: Array
    """largest balance of the facilities so far"""


class ReserveAccount(NamedTuple):
    """A group of reserve accounts."""

    account: IntArray
    """[K] party"""
    owner: IntArray
    """[K] party"""
    balance: IntArray
    """[K, facilities] observation; zero where there are fewer"""
    service: IntArray
    """[K, facilities] observation"""
    following: IntArray
    """[K, facilities] observation of the next service; zero where the target does not follow it"""
    ahead: NDArray[np.float64]
    """[K] 1.0 where the target follows the next service"""
    accelerated: IntArray
    """[K, facilities] observation"""
    deposit: Deposit

    kind = "reserve_account"
    stage = "primary"
    published = ("held", "target")
    Terms = ReserveAccountTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ReserveAccountTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        width = max([1, *(len(term.facilities) for term in terms)])

        def watch(value: str, rows: Sequence[bool] = (True,) * len(terms)) -> IntArray:
            table = np.full((len(ids), width), at.observe("zero"))
            for k, term in enumerate(terms):
                for j, facility in enumerate(term.facilities if rows[k] else ()):
                    table[k, j] = at.observe(f"contracts.{facility}.{value}")
            return table

        account, owner = (at.parties([getattr(x, f) for x in terms]) for f in ("account", "owner"))
        ahead = [term.service == "next" for term in terms]
        deposit, interest = Deposit.lower([t.bank for t in terms], account, owner, at)
        group = cls(
            account,
            owner,
            watch("balance"),
            watch("service", [not next_one for next_one in ahead]),
            watch("service_next", ahead),
            np.array(ahead, float),
            watch("accelerated"),
            deposit,
        )
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
                protects=tuple(term.facilities for term in terms),
                protected_flows=(Flow.INTEREST, Flow.PRINCIPAL, Flow.FEE),
            ),
            Line("release", Flow.SUPPORT, account, owner, sweep, form="residual"),
            interest,
        )
        numbers = {
            **at.numbers(ids, "months", "minimum", "interest"),
            **at.optionals(ids, start=0.0),
        }
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> ReserveAccountState:
        """No facility has been outstanding."""
        zero = jnp.zeros_like(n["minimum"])
        return ReserveAccountState(zero, zero, zero)

    def _outstanding(self, s: ReserveAccountState, month: Month) -> tuple[Array, Array]:
        """Balance of the facilities, USD, and True where they have been repaid, [K, P]."""
        balance = jnp.sum(month.obs[self.balance], axis=1)
        return balance, (s.peak > 0.0) & (balance <= REPAID * s.peak)

    def _target(self, n: Numbers, s: ReserveAccountState, month: Month) -> Array:
        """[K, P] USD."""
        balance, repaid = self._outstanding(s, month)
        service = jnp.sum(month.obs[self.service], axis=1)
        past = jnp.minimum(n["months"] * service, balance)
        following = n["months"] * jnp.sum(month.obs[self.following], axis=1)
        ahead = jnp.asarray(self.ahead)[:, None] > 0.5
        wanted = jnp.maximum(n["minimum"], jnp.where(ahead, following, past))
        return jnp.where(repaid, 0.0, wanted)

    def publish(self, n: Numbers, s: ReserveAccountState, month: Month) -> Amounts:
        """What the account holds, and what it was to hold."""
        del n, month
        return {"held": s.held, "target": s.target}

    def claim(self, n: Numbers, s: ReserveAccountState, month: Month) -> Amounts:
        """Top-up, limit of the draw, and what may be released."""
        cash = month.cash[self.account]
        target = self._target(n, s, month)
        balance, _ = self._outstanding(s, month)
        calm = jnp.sum(month.obs[self.accelerated], axis=1) == 0.0
        begun = reached(n["start"], month.t)
        free = calm & begun & (jnp.maximum(s.peak, balance) > 0.0) & ~month.stopped[self.owner]
        return {
            "top_up": jnp.where(calm & begun, jnp.maximum(target - cash, 0.0), 0.0),
            "draw": cash,
            "release": jnp.where(free, jnp.maximum(cash - target, 0.0), 0.0),
            "interest": self.deposit.interest(n["interest"], cash, month),
        }

    def settle(
        self,
        n: Numbers,
        s: ReserveAccountState,
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[ReserveAccountState, Mapping[str, Array]]:
        """Count the cash."""
        del claimed
        balance, _ = self._outstanding(s, month)
        cash = month.cash[self.account] + paid["top_up"] - paid["draw"] - paid["release"]
        peak = jnp.maximum(s.peak, balance)
        return ReserveAccountState(cash, self._target(n, s, month), peak), {}
