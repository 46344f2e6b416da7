"""Warrants: rights to buy shares at a set price, which vest on deployment and on the share price.

    vested(t)    = power has reached `mw` and the share price `price`, each at some time so far
    exercised(t) = all shares of a tranche in the first period in which it is vested and
                   share_price > strike, until `expiry`
    strike(t)    = shares x strike                      holder to issuer
    proceeds(t)  = shares x share_price x (1 - cost)    buyer to holder, where a buyer is named

Each tranche is a row with conditions of its own. Shares that are not sold share in distributions,
in proportion to shares / outstanding. A warrant that is vested and in the money is exercised at
once: with a strike of next to nothing there is nothing to wait for. The worth of shares is no
payment until somebody pays it (docs/decisions/0015): what a vendor gives its customer by warrants
shows as the holding of the customer, or as what the buyer pays it.

Reads: power of the sites, the share price. Publishes: vested, shares, dilution, intrinsic, holding.
On shortfall: where the strike is not paid in full the tranche is not exercised in full: shares
come in proportion to what was paid, and the rest lapses. An issuer in default issues none.

References:
    1. AMD and OpenAI, 6 October 2025: warrants on up to 160 million shares at 0.01 USD, vesting
       with tranches of 6 GW and share prices up to 600 USD.
    2. Black, F., Scholes, M. (1973): a warrant is a call on a share that is diluted by it.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    Count,
    Money,
    MoneySeries,
    PartyName,
    Power,
    Share,
    SiteName,
    Terms,
    When,
    default,
)
from offtake.finance.exercise import converts
from offtake.finance.facility import power_of
from offtake.finance.shares import dilution, distributed, issued, relative


class Tranche(Terms):
    """Shares that vest together."""

    shares: Count
    """How many."""
    mw: Power = default("0 MW")
    """Power that the sites have to have run at."""
    price: Money = default("0 USD")
    """Price that a share has to have reached, USD."""


class WarrantsTerms(Terms):
    """What a plan writes for warrants."""

    kind: Literal["warrants"]
    holder: PartyName
    """Party that may buy shares, such as a customer."""
    issuer: PartyName
    """Company that would issue them, such as a vendor."""
    tranches: tuple[Tranche, ...]
    """Shares by what they vest on."""
    strike: Money = default("0.01 USD")
    """Price at which they are bought, USD a share."""
    sites: tuple[SiteName, ...] = ()
    """Sites whose power counts."""
    counts: Literal["energised", "running"] = "energised"
    """Whether power counts when it is there, or when chips draw it."""
    expiry: When | None = None
    """Last day of exercise; the horizon if left out."""
    share_price: MoneySeries
    """Price of a share, USD; usually a driver."""
    outstanding: Count = default("1")
    """Shares before it, of owners whose `share` adds up to 1; 1 for a price of them all."""
    buyer: PartyName | None = None
    """Party that buys the shares at once, such as the capital markets; they are kept if left out.
    """
    cost_of_sale: Share = default("0 %")
    """Of the share price, lost on a sale."""
    distributions_from: When | None = None
    """No distribution before this date."""


EXAMPLE = WarrantsTerms.model_validate(
    {
        "kind": "warrants",
        "holder": "lab",
        "issuer": "company",
        "tranches": [
            {"shares": "20", "mw": "1 MW"},
            {"shares": "30", "mw": "2 MW", "price": "9 USD"},
        ],
        "strike": "1 USD",
        "sites": ["campus"],
        "share_price": "5 USD",
        "outstanding": "200",
    }
)


class WarrantsState(NamedTuple):
    """Every leaf [K, P]."""

    power: Array
    """most that the sites have run at, MW"""
    highest: Array
    """highest price of a share, USD"""
    exercised: Array
    """1.0 once it was"""
    shares: Array
    """bought and not sold"""
    issued: Array
    """bought"""


class Warrants(NamedTuple):
    """A group of tranches."""

    power: IntArray
    """[K, sites] observation, MW; zero where there are fewer"""
    price: IntArray
    """[K] observation, USD a share"""
    sells: NDArray[np.float64]
    """[K] 1.0 where a buyer is named"""
    issuer: IntArray
    """[K] party"""

    kind = "warrants"
    stage = "primary"
    published = ("vested", "shares", "dilution", "intrinsic", "holding")
    Terms = WarrantsTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, WarrantsTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        rows = [(name, t, j) for name, t in items for j in range(len(t.tranches))]
        ids, terms = [name for name, _, _ in rows], [t for _, t, _ in rows]
        holder, issuer = (at.parties([getattr(t, f) for t in terms]) for f in ("holder", "issuer"))
        buyer = at.parties([t.buyer or t.holder for t in terms])
        group = cls(
            power=power_of(terms, at),
            price=np.array([at.series(name, "share_price") for name in ids]),
            sells=np.array([float(t.buyer is not None) for t in terms]),
            issuer=issuer,
        )
        ones = np.ones(len(rows), np.int64)
        capital, last = ones * int(Rank.CAPITAL_IN), ones * int(Rank.DISTRIBUTION)
        lines = (
            Line("strike", Flow.CAPITAL_IN, holder, issuer, capital),
            Line("proceeds", Flow.DISTRIBUTION, buyer, holder, capital),
            Line("distribution", Flow.DISTRIBUTION, issuer, holder, last, form="residual"),
        )
        numbers = {
            **{
                field: np.array(
                    [at.number_at(f"contracts.{c}.tranches[{j}].{field}") for c, _, j in rows]
                )
                for field in ("shares", "mw", "price")
            },
            **at.numbers(ids, "strike", "outstanding", "cost_of_sale"),
            **at.optionals(ids, expiry=1e9, distributions_from=0.0),
        }
        parts = tuple(str(j) for _, _, j in rows)
        return Lowered(group, tuple(ids), numbers, lines, parts=parts)

    def init(self, n: Numbers) -> WarrantsState:
        """Nothing is vested."""
        zero = jnp.zeros_like(n["shares"])
        return WarrantsState(*[zero] * len(WarrantsState._fields))

    def _vested(self, n: Numbers, s: WarrantsState, month: Month) -> tuple[Array, Array, Array]:
        """Power and price reached by now, and whether both are what is asked for, [K, P]."""
        power = jnp.maximum(s.power, jnp.sum(month.obs[self.power], axis=1))
        highest = jnp.maximum(s.highest, month.obs[self.price])
        enough = (power >= n["mw"] * (1.0 - 1e-9)) & (highest >= n["price"] * (1.0 - 1e-9))
        return power, highest, enough

    def publish(self, n: Numbers, s: WarrantsState, month: Month) -> Amounts:
        """Shares vested and kept; what it would be worth to exercise, and what was kept is."""
        price = month.obs[self.price]
        going = ~month.stopped[self.issuer]
        vested = jnp.where(self._vested(n, s, month)[2], n["shares"], 0.0)
        open_ = jnp.where(s.exercised > 0.0, 0.0, n["shares"])
        return {
            "vested": vested,
            "shares": s.shares,
            "dilution": dilution(s.issued, n["outstanding"]),
            "intrinsic": jnp.where(going, open_ * jnp.maximum(price - n["strike"], 0.0), 0.0),
            "holding": jnp.where(going, s.shares * price, 0.0),
        }

    def _exercises(self, n: Numbers, s: WarrantsState, month: Month) -> Array:
        """Whether the tranche is exercised in this period, [K, P]."""
        price = month.obs[self.price]
        time = (month.t <= n["expiry"] + 1e-9) & (s.exercised < 0.5)
        rises = converts(price, n["strike"]) > 0.5
        going = ~month.stopped[self.issuer]
        return self._vested(n, s, month)[2] & time & rises & going

    def claim(self, n: Numbers, s: WarrantsState, month: Month) -> Amounts:
        """The strike, what a buyer pays, and the part of what is left."""
        now = self._exercises(n, s, month)
        price = month.obs[self.price] * (1.0 - n["cost_of_sale"])
        sold = jnp.asarray(self.sells)[:, None] * n["shares"] * price
        part = relative(s.shares, n["outstanding"])
        return {
            "strike": jnp.where(now, n["shares"] * n["strike"], 0.0),
            "proceeds": jnp.where(now, sold, 0.0),
            "distribution": distributed(n["distributions_from"], part, month.t),
        }

    def settle(
        self, n: Numbers, s: WarrantsState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[WarrantsState, Mapping[str, Array]]:
        """Count what is reached, and shares bought and kept."""
        power, highest, _ = self._vested(n, s, month)
        now = self._exercises(n, s, month)
        free = claimed["strike"] <= 0.0
        part = jnp.where(free, 1.0, issued(paid["strike"], claimed["strike"]))
        bought = jnp.where(now, n["shares"] * part, 0.0)
        kept = bought * (1.0 - jnp.asarray(self.sells)[:, None])
        state = WarrantsState(
            power=power,
            highest=highest,
            exercised=jnp.where(now, 1.0, s.exercised),
            shares=s.shares + kept,
            issued=s.issued + bought,
        )
        return state, {}
