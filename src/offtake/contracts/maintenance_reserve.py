"""Maintenance reserve: money put by for major replacements, and the replacements paid out of it.

    d(k)           = k x cycle after the plan's start, while d(k) <= `until`
    price(d)       = cost x (1 + escalation)^(years from the close of the first period to d)
    due(t)         = price(d(k)) in the period of d(k), and what of earlier ones was not paid
    target(t)      = due(t), in the period of a replacement; else
                     price(d(k)) x (t - d(k-1)) / cycle, for the next one
    top-up(t)      = target(t) - cash(t-1), if positive
    replacement(t) = due(t)
    interest(t)    = rate x years(t) x cash(t-1)

so that every cycle is saved for in equal parts. Cash is that of the account, a party (`kind:
account`), which pays for the replacement itself. The top-up ranks ahead of debt.

Reads: nothing. Publishes: held (cash at the start of the period), arrears.
On shortfall: a top-up that is not paid is asked for again; a replacement that the account cannot
pay stays owed, without interest.

References:
    1. E. R. Yescombe, Principles of Project Finance, 2nd ed., Academic Press 2014, §14.4.2.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import Duration, Money, PartyName, Rate, Terms, When, default
from offtake.finance.deposit import Deposit
from offtake.finance.unpaid import outstanding

NEAR = 1e-9
"""Periods within which a replacement counts as due."""


class MaintenanceReserveTerms(Terms):
    """What a plan writes for a maintenance reserve."""

    kind: Literal["maintenance_reserve"]
    account: PartyName
    """Party of kind account that holds the cash and pays for replacements."""
    owner: PartyName
    """Party that tops the account up and to which it belongs."""
    supplier: PartyName
    """Party that is paid for replacements."""
    cost: Money
    """Cost of a replacement at the prices of the first period, USD."""
    cycle: Duration
    """Time between replacements, from the start of the plan, months."""
    escalation: Rate = default("0 %/year")
    """Growth of the cost, per year."""
    until: When | None = None
    """Date after which nothing is replaced or saved for; the horizon if left out."""
    bank: PartyName | None = None
    """Bank that pays interest on the cash; without one it earns nothing."""
    interest: Rate = default("0 %/year")
    """Interest on the cash, per year."""


EXAMPLE = MaintenanceReserveTerms.model_validate(
    {
        "kind": "maintenance_reserve",
        "account": "overhaul",
        "owner": "company",
        "supplier": "vendor",
        "cost": "300 USD",
        "cycle": "6 months",
        "escalation": "10 %/year",
        "until": "2027-08",
        "bank": "bank",
        "interest": "12 %/year",
    }
)


class MaintenanceReserveState(NamedTuple):
    """Every leaf [K, P], USD."""

    held: Array
    """cash in the account"""
    arrears: Array
    """owed for replacements"""


class MaintenanceReserve(NamedTuple):
    """A group of maintenance reserves."""

    account: IntArray
    """[K] party"""
    deposit: Deposit
    per_year: NDArray[np.float64]
    """[] periods in a year"""

    kind = "maintenance_reserve"
    stage = "primary"
    published = ("held", "arrears")
    Terms = MaintenanceReserveTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, MaintenanceReserveTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        account, owner, supplier = (
            at.parties([getattr(t, f) for _, t in items]) for f in ("account", "owner", "supplier")
        )
        deposit, interest = Deposit.lower([t.bank for _, t in items], account, owner, at)
        # Behind tax, ahead of the fees of senior debt.
        saving = np.full(len(ids), int(Rank.SENIOR_FEE) - 10)
        lines = (
            Line("top_up", Flow.SUPPORT, owner, account, saving),
            Line(
                "replacement",
                Flow.CAPITAL_COST,
                account,
                supplier,
                np.full(len(ids), int(Rank.CAPITAL_COST)),
            ),
            interest,
        )
        numbers = {
            **at.numbers(ids, "cost", "cycle", "escalation", "interest"),
            **at.optionals(ids, until=float(at.periods - 1)),
        }
        group = cls(account, deposit, np.array(float(at.periods_per_year)))
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> MaintenanceReserveState:
        """Nothing saved, nothing owed."""
        zero = jnp.zeros_like(n["cost"])
        return MaintenanceReserveState(zero, zero)

    def _wanted(self, n: Numbers, s: MaintenanceReserveState, t: Array) -> tuple[Array, Array]:
        """What is due for replacements, and what the account is to hold before, [K, P] USD."""
        cycle = jnp.maximum(n["cycle"], 1.0)
        done = jnp.floor(t / cycle + NEAR)
        begun = jnp.floor((t - 1.0) / cycle + NEAR)

        def price(k: Array) -> Array:
            years = (k * cycle - 1.0) / self.per_year
            made = (k > 0.0) & (k * cycle <= n["until"] + NEAR)
            return jnp.where(made, n["cost"] * (1.0 + n["escalation"]) ** years, 0.0)

        now = jnp.where(done > begun, price(done), 0.0)
        saved = price(done + 1.0) * (t / cycle - done)
        due = s.arrears + now
        return due, due + jnp.where(done > begun, 0.0, saved)

    def publish(self, n: Numbers, s: MaintenanceReserveState, month: Month) -> Amounts:
        """What the account holds, and what is owed."""
        del n, month
        return {"held": s.held, "arrears": s.arrears}

    def claim(self, n: Numbers, s: MaintenanceReserveState, month: Month) -> Amounts:
        """Top-up, replacement, interest."""
        cash = month.cash[self.account]
        due, target = self._wanted(n, s, month.t)
        return {
            "top_up": jnp.maximum(target - cash, 0.0),
            "replacement": due,
            "interest": self.deposit.interest(n["interest"], cash, month),
        }

    def settle(
        self,
        n: Numbers,
        s: MaintenanceReserveState,
        month: Month,
        claimed: Amounts,
        paid: Amounts,
    ) -> tuple[MaintenanceReserveState, Mapping[str, Array]]:
        """Count the cash and what is owed."""
        del n, s
        cash = month.cash[self.account] + paid["top_up"] - paid["replacement"]
        owed = outstanding(claimed["replacement"], paid["replacement"])
        return MaintenanceReserveState(cash, owed), {}
