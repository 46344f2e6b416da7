"""Security agreement: what is pledged for loans, and its sale once one of them is called.

    V(t)  = sum over assets of their value now: a cohort's for resale, a site's MW x value per MW
    x(t)  = H100e offered for sale in the plan this period / H100e that the market absorbs
    Z(t)  = max(V e^(-fire_sale x) (1 - cost of sale) - administration, 0)

An asset is sold in the first period whose close lies at least `time_of_sale` after the close at
which a secured loan was called, and not before the second: it is offered for one period. Loans may
have been cured until then; nothing is sold while nothing is owed. Of what the buyer pays, e^(-f x)
of the value, the agent first takes the cost of the sale; the proceeds Z go to the secured loans in
the order of their seniority (`finance.enforcement`), and

    excess(t) = max(Z - owed on secured loans, 0)

to the grantor. A loan claims its part itself, from the buyer. What is sold is the buyer's from the
next period on, with what it earns; the market keeps its capacity and the site of the grantor does
not, so that contracts over it deliver nothing. Rows are the assets.

Reads: values of assets, capacity offered and supplied, owed and accelerated of the loans.
Publishes, by asset: proceeds (of this period), sold (in one before). Signals: cohorts for sale in
the next period, and sold in this one.
On shortfall: a buyer short of cash pays what it can; the asset is gone.

References:
    1. A. Shleifer, R. Vishny, Liquidation values and debt capacity, Journal of Finance 47 (1992).
    2. R. Cifuentes, G. Ferrucci, H. S. Shin, Liquidity risk and contagion, Journal of the European
       Economic Association 3 (2005): prices fall as e^(-a x) with what is sold at once.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    Compute,
    ContractName,
    CostPerMW,
    Duration,
    Money,
    PartyName,
    PledgedName,
    Ratio,
    Share,
    Terms,
    default,
)
from offtake.finance.facility import closing, padded, published_by


class SecurityTerms(Terms):
    """What a plan writes for a security agreement."""

    kind: Literal["security"]
    grantor: PartyName
    """Party that pledges and that gets what is left of a sale."""
    buyer: PartyName
    """Party that buys what is sold: the secondary market."""
    agent: PartyName
    """Party that sells it and is paid for that first."""
    secures: tuple[ContractName, ...] = Field(min_length=1)
    """Loans that are secured; the senior are paid before the junior, equal ones in proportion."""
    assets: tuple[PledgedName, ...] = Field(min_length=1)
    """What is pledged: cohorts of chips, sites."""
    time_of_sale: Duration = default("6 months")
    """Time from the acceleration of a loan to the sale, months; at least two periods."""
    cost_of_sale: Share = default("0 %")
    """Cost of selling, as a share of the price."""
    administration: Money = default("0 USD")
    """Fixed cost of the sale, USD."""
    fire_sale: Ratio = default("0")
    """By how much the price falls, as a share of it, per share of the market that is on sale."""
    market_depth: Compute | None = None
    """Capacity of which what is on sale is a share, H100e; what the market supplies if left out."""
    site_value: CostPerMW = default("0 USD/MW")
    """What pledged sites are worth, USD per MW of energised power."""


EXAMPLE = SecurityTerms.model_validate(
    {
        "kind": "security",
        "grantor": "company",
        "buyer": "market",
        "agent": "receiver",
        "secures": ["loan"],
        "assets": ["cohort"],
        "time_of_sale": "3 months",
        "cost_of_sale": "5 %",
        "administration": "10 USD",
        "fire_sale": "2",
        "market_depth": "40 H100e",
    }
)


class SecurityState(NamedTuple):
    """Every leaf [K, P]."""

    waited: Array
    """periods since a secured loan was called, that one apart"""
    sold: Array
    """1.0 once the asset was sold"""


class _Sale(NamedTuple):
    """What a sale in this period would bring, every leaf [K, P]."""

    due: Array
    """True where the time of the sale has come"""
    price: Array
    """USD, what the asset is sold for"""
    proceeds: Array
    """USD, less cost"""
    whole: Array
    """USD, proceeds of all assets together"""


class Security(NamedTuple):
    """Rows are pairs of agreement and asset."""

    value: IntArray
    """[K, assets] observation of all assets of the agreement: USD of a cohort, MW of a site"""
    site: NDArray[np.float64]
    """[K, assets] 1.0 for a site"""
    own: NDArray[np.float64]
    """[K, assets] 1.0 for the asset of the row"""
    offered: IntArray
    """[] observation: H100e for sale; zero where no cohort is pledged"""
    supplied: IntArray
    """[] observation: H100e of the whole market"""
    owed: IntArray
    """[K, loans] observation; zero where there are fewer"""
    accelerated: IntArray
    """[K, loans] observation"""
    borrower: IntArray
    """[K, loans] party"""

    kind = "security"
    stage = "primary"
    published = ("proceeds", "sold")
    Terms = SecurityTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, SecurityTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        rows = [(name, t, j) for name, t in items for j in range(len(t.assets))]
        ids, terms = [name for name, _, _ in rows], [t for _, t, _ in rows]
        zero = at.observe("zero")
        cohorts = any(not at.is_site(asset) for t in terms for asset in t.assets)
        width = max(len(t.assets) for t in terms)

        def value(asset: str) -> int:
            site = at.is_site(asset)
            return at.observe(f"sites.{asset}.power_mw" if site else f"chips.{asset}.resale_value")

        def loans(what: str) -> IntArray:
            return published_by([t.secures for t in terms], what, at)

        site, own = np.zeros((len(rows), width)), np.zeros((len(rows), width))
        for k, (_, t, j) in enumerate(rows):
            site[k, : len(t.assets)] = [float(at.is_site(asset)) for asset in t.assets]
            own[k, j] = 1.0
        grantor, buyer, agent = (
            at.parties([getattr(t, f) for t in terms]) for f in ("grantor", "buyer", "agent")
        )
        most = max(len(t.secures) for t in terms)
        borrowers = [[at.party(at.borrower(x, t.grantor)) for x in t.secures] for t in terms]
        group = cls(
            value=padded([[value(asset) for asset in t.assets] for t in terms], at),
            site=site,
            own=own,
            offered=np.array(at.observe("resale.offered_h100e") if cohorts else zero),
            supplied=np.array(at.observe("resale.market_h100e") if cohorts else zero),
            owed=loans("owed"),
            accelerated=loans("accelerated"),
            borrower=np.array([(row * most)[:most] for row in borrowers]),
        )
        senior = np.full(len(rows), int(Rank.SENIOR_PRINCIPAL))
        lines = (
            Line("cost", Flow.RUNNING_COST, buyer, agent, senior),
            Line("excess", Flow.CAPITAL_COST, buyer, grantor, senior),
        )
        fields = ("time_of_sale", "cost_of_sale", "administration", "fire_sale", "site_value")
        numbers = {**at.numbers(ids, *fields), **at.optionals(ids, market_depth=0.0)}
        assets = [t.assets[j] for _, t, j in rows]
        signals = {
            what: tuple(None if at.is_site(a) else f"chips.{a}.{what}" for a in assets)
            for what in ("for_sale", "sold")
        }
        return Lowered(group, tuple(ids), numbers, lines, signals, parts=tuple(assets))

    def init(self, n: Numbers) -> SecurityState:
        """Nothing is sold."""
        zero = jnp.zeros_like(n["fire_sale"])
        return SecurityState(zero, zero)

    def _sale(self, n: Numbers, s: SecurityState, month: Month) -> _Sale:
        """What a sale in this period brings."""
        called = jnp.any(month.stopped[self.borrower], axis=1)
        due = called & self._comes(n, s)
        per_mw = jnp.where(jnp.asarray(self.site)[:, :, None] > 0.5, n["site_value"][:, None], 1.0)
        depth = n["market_depth"]
        depth = jnp.where(depth > 0.0, depth, month.obs[self.supplied][None])
        crowd = month.obs[self.offered][None] / jnp.where(depth > 0.0, depth, 1.0)
        fall = jnp.exp(-n["fire_sale"] * jnp.where(depth > 0.0, crowd, 0.0))
        price = month.obs[self.value] * per_mw * fall[:, None]
        net = jnp.sum(price, axis=1) * (1.0 - n["cost_of_sale"])
        whole = jnp.maximum(net - n["administration"], 0.0)
        mine = jnp.sum(price * jnp.asarray(self.own)[:, :, None], axis=1)
        kept = whole / jnp.where(net > 0.0, net, 1.0) * (1.0 - n["cost_of_sale"])
        return _Sale(due, mine, mine * kept, whole)

    def _comes(self, n: Numbers, s: SecurityState) -> Array:
        """[K, P] True where the next period to close is the one of the sale."""
        waited = (s.waited > 0.0) & (s.waited + 1.0 >= closing(n["time_of_sale"]))
        return waited & (s.sold == 0.0)

    def publish(self, n: Numbers, s: SecurityState, month: Month) -> Amounts:
        """What the asset brings now, and whether it was sold before."""
        sale = self._sale(n, s, month)
        return {"proceeds": jnp.where(sale.due, sale.proceeds, 0.0), "sold": s.sold}

    def claim(self, n: Numbers, s: SecurityState, month: Month) -> Amounts:
        """Cost of the sale, and what secured loans leave of its proceeds."""
        sale = self._sale(n, s, month)
        owed = jnp.sum(month.obs[self.owed], axis=1)
        sells = sale.due & (owed > 0.0)
        left = jnp.maximum(sale.whole - owed, 0.0) / jnp.where(sale.whole > 0.0, sale.whole, 1.0)
        return {
            "cost": jnp.where(sells, jnp.maximum(sale.price - sale.proceeds, 0.0), 0.0),
            "excess": jnp.where(sells, sale.proceeds * left, 0.0),
        }

    def settle(
        self, n: Numbers, s: SecurityState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[SecurityState, Mapping[str, Array]]:
        """Count the time since a loan was called, and sell."""
        del claimed, paid
        owed = month.obs[self.owed]
        called = jnp.any((month.obs[self.accelerated] > 0.0) & (owed > 0.0), axis=1)
        sells = self._sale(n, s, month).due & (jnp.sum(owed, axis=1) > 0.0)
        sold = jnp.where(sells, 1.0, s.sold)
        state = SecurityState(jnp.where(called, s.waited + 1.0, 0.0), sold)
        return state, {
            "for_sale": jnp.where(self._comes(n, state), 1.0, 0.0),
            "sold": jnp.where(sells, 1.0, 0.0),
        }
