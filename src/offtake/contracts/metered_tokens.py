"""Metered tokens: what customers pay for tokens, as a flow of revenue or as price times volume.

    capacity(t) = tokens per H100e-hour(t) x share x delivered H100e-hours(t) of the site
    volume(t)   = min(demand(t) x years(t), capacity(t));  the demand alone where no site is named
    claim(t)    = revenue(t) x years(t) + price(t) x volume(t)

Revenue is for plans that know it from the top down (users x paying share x price, usually a
driver); then price and volume are left out. Tokens are paid for as they are used, at the close of
the period.

Reads: delivered H100e-hours of the site. Publishes: tokens (sold in the period before).
On shortfall: the customer is not served again for it: what is unpaid is lost.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.errors import Mistake
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    MoneyFlowSeries,
    PartyName,
    Share,
    SiteName,
    Terms,
    TokenFlowSeries,
    TokenPriceSeries,
    TokenRateSeries,
    default,
)


class MeteredTokensTerms(Terms):
    """What a plan writes for metered tokens."""

    kind: Literal["metered_tokens"]
    seller: PartyName
    """Party that serves the tokens."""
    buyer: PartyName
    """Customers."""
    revenue: MoneyFlowSeries | None = None
    """Revenue from the top down, USD/year; either this or price and demand."""
    price: TokenPriceSeries | None = None
    """Price, USD/token."""
    demand: TokenFlowSeries | None = None
    """Tokens that customers ask for at that price, token/year."""
    site: SiteName | None = None
    """Site that serves the tokens and bounds their volume; no bound if left out."""
    share: Share = default("100 %")
    """Share of the site's delivered capacity that serves these tokens."""
    tokens_per_h100e_hour: TokenRateSeries | None = None
    """Tokens served per H100e-hour, token/H100e/h; needed with a site."""

    @model_validator(mode="after")
    def _one_way(self) -> "MeteredTokensTerms":
        counted = self.price is not None and self.demand is not None
        loose = (self.price is None) != (self.demand is None)
        if loose or counted == (self.revenue is not None):
            raise Mistake(
                code="tokens-form",
                found="revenue and price"
                if self.revenue
                else "neither revenue nor price and demand",
                expected="either revenue, or price and demand",
                mend="write revenue: alone, or price: and demand: together",
            )
        if (self.site is None) != (self.tokens_per_h100e_hour is None):
            raise Mistake(
                code="tokens-form",
                found="only one of site and tokens_per_h100e_hour",
                expected="both, to bound the volume by what the site can serve, or neither",
                mend="add the other one, or delete this one",
            )
        return self


EXAMPLE = MeteredTokensTerms.model_validate(
    {
        "kind": "metered_tokens",
        "seller": "lab",
        "buyer": "customers",
        "price": "2 USD/M token",
        "demand": "1.2 tn token/year",
        "site": "hall",
        "share": "40 %",
        "tokens_per_h100e_hour": "1 M token/H100e/h",
    }
)


class MeteredTokens(NamedTuple):
    """A group of sales of tokens."""

    revenue: IntArray
    """[K] observation, USD/year"""
    price: IntArray
    """[K] observation, USD/token"""
    demand: IntArray
    """[K] observation, token/year"""
    rate: IntArray
    """[K] observation, token/H100e/h"""
    hours: IntArray
    """[K] observation: delivered H100e-hours of the site"""
    bounded: NDArray[np.float64]
    """[K] 1.0 where a site bounds the volume"""

    kind = "metered_tokens"
    stage = "primary"
    published = ("tokens",)
    Terms = MeteredTokensTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, MeteredTokensTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        sites = ["zero" if t.site is None else f"sites.{t.site}.h100e_hours" for _, t in items]
        group = cls(
            revenue=np.array([at.series(name, "revenue") for name in ids]),
            price=np.array([at.series(name, "price") for name in ids]),
            demand=np.array([at.series(name, "demand") for name in ids]),
            rate=np.array([at.series(name, "tokens_per_h100e_hour") for name in ids]),
            hours=np.array([at.observe(site) for site in sites]),
            bounded=np.array([float(t.site is not None) for _, t in items]),
        )
        seller, buyer = (at.parties([getattr(t, f) for _, t in items]) for f in ("seller", "buyer"))
        rank = np.full(len(ids), int(Rank.OPERATING))
        lines = (Line("tokens", Flow.SALE, buyer, seller, rank),)
        numbers = {**at.numbers(ids, "share"), "counted": at.counted(ids)}
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> Array:
        """Tokens sold in the last period, [K, P]."""
        return jnp.zeros_like(n["share"])

    def publish(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """Tokens sold in the period before."""
        del n, month
        return {"tokens": s}

    def _volume(self, n: Numbers, month: Month) -> Array:
        """[K, P] tokens of the period."""
        asked = month.obs[self.demand] * month.years
        served = n["share"] * month.obs[self.rate] * month.obs[self.hours]
        bounded = jnp.asarray(self.bounded)[:, None] > 0.5
        return jnp.where(bounded, jnp.minimum(asked, served), asked)

    def claim(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """Revenue of the period."""
        del s
        metered = month.obs[self.price] * self._volume(n, month)
        return {"tokens": n["counted"] * (month.obs[self.revenue] * month.years + metered)}

    def settle(
        self, n: Numbers, s: Array, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[Array, Mapping[str, Array]]:
        """Remember the volume."""
        del s, claimed, paid
        return self._volume(n, month), {}
