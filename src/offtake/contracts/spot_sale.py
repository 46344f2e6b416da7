"""Spot sale: capacity of a site that is not reserved, sold by the hour at the price of the market.

    left(t)  = max(hours(t) - sum over reservations min(share x hours(t), capacity x length(t)), 0)
    sold(t)  = share x utilisation(t) x taken(t) x left(t)
    claim(t) = price(t) x sold(t)

with hours(t) the delivered H100e-hours of the site and length(t) the hours of the period. Without
a price of its own it sells at the market: at what the market pays the chips of the site, and where
the market clears, only the share of its hours that the market takes.

Reservations are served first: those named in `after`, or all of the site. Each publishes the share
and the capacity reserved in this period; so do notes that lack hours at another site and have this
one as their substitute. Hours reserved and not used are not sold again. Paid at the close of the
period.

Reads: delivered H100e-hours of the site; what the market pays them and takes; reserved_share and
reserved_h100e of the reservations.
Publishes: sold (H100e-hours of the period before). Signals: hours sold.
On shortfall: the hours are gone; what is unpaid is lost.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import (
    ComputePriceSeries,
    ContractName,
    PartyName,
    Share,
    ShareSeries,
    SiteName,
    Terms,
    default,
)
from offtake.finance.reservations import Kept, reserved


class SpotSaleTerms(Terms):
    """What a plan writes for a spot sale."""

    kind: Literal["spot_sale"]
    seller: PartyName
    """Party that owns the capacity."""
    buyer: PartyName = default("market")
    """Party outside the plan that stands for the market."""
    site: SiteName
    """Site that delivers."""
    after: tuple[ContractName, ...] | None = None
    """Reservations that are served first; all reservations of the site if left out."""
    share: Share = default("100 %")
    """Share of what reservations leave that is offered."""
    utilisation: ShareSeries = default("100 %")
    """Share of the hours offered that finds a buyer."""
    price: ComputePriceSeries | None = None
    """Price, USD/H100e/h; the market's if left out."""

    @property
    def at_market(self) -> bool:
        """Whether it sells at what the market pays."""
        return self.price is None


EXAMPLE = SpotSaleTerms.model_validate(
    {
        "kind": "spot_sale",
        "seller": "company",
        "site": "hall",
        "after": ["reservation"],
        "utilisation": "75 %",
        "price": "1.5 USD/H100e/h",
    }
)


class SpotSale(NamedTuple):
    """A group of spot sales."""

    hours: IntArray
    """[K] observation: delivered H100e-hours of the site"""
    price: IntArray
    """[K] observation, USD/H100e/h"""
    utilisation: IntArray
    """[K] observation"""
    taken: IntArray
    """[K] observation: share of the site's hours that the market takes"""
    at_market: NDArray[np.float64]
    """[K] 1.0 where the price is the market's"""
    kept: Kept
    """what reservations and notes that lack hours elsewhere keep of the site"""

    kind = "spot_sale"
    stage = "primary"
    published = ("sold",)
    Terms = SpotSaleTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, SpotSaleTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        group = cls(
            hours=np.array([at.observe(f"sites.{t.site}.h100e_hours") for _, t in items]),
            price=np.array([_price(at, name, t) for name, t in items]),
            taken=np.array([at.observe(f"sites.{t.site}.sold_share") for _, t in items]),
            at_market=np.array([float(t.at_market) for _, t in items]),
            utilisation=np.array([at.series(name, "utilisation") for name in ids]),
            kept=Kept.of_sites([t.site for _, t in items], [t.after for _, t in items], at),
        )
        seller, buyer = (at.parties([getattr(t, f) for _, t in items]) for f in ("seller", "buyer"))
        rank = np.full(len(ids), int(Rank.OPERATING))
        lines = (Line("hours", Flow.SALE, buyer, seller, rank),)
        numbers = {**at.numbers(ids, "share"), "counted": at.counted(ids)}
        signals = {"sold_hours": tuple(f"sites.{t.site}.sold_hours" for _, t in items)}
        return Lowered(group, tuple(ids), numbers, lines, signals)

    def init(self, n: Numbers) -> Array:
        """H100e-hours sold in the last period, [K, P]."""
        return jnp.zeros_like(n["share"])

    def publish(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """Hours sold in the period before."""
        del n, month
        return {"sold": s}

    def _sold(self, n: Numbers, month: Month) -> Array:
        """[K, P] H100e-hours of the period."""
        delivered = month.obs[self.hours]
        kept = reserved(self.kept, delivered, month)
        left = jnp.maximum(delivered - kept, 0.0)
        taken = jnp.where(jnp.asarray(self.at_market)[:, None] > 0.5, month.obs[self.taken], 1.0)
        return n["share"] * month.obs[self.utilisation] * taken * left

    def claim(self, n: Numbers, s: Array, month: Month) -> Amounts:
        """Price of the hours sold."""
        del s
        return {"hours": n["counted"] * month.obs[self.price] * self._sold(n, month)}

    def settle(
        self, n: Numbers, s: Array, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[Array, Mapping[str, Array]]:
        """Tell the site what was sold."""
        del s, claimed, paid
        sold = self._sold(n, month)
        return sold, {"sold_hours": sold}


def _price(at: Lowerer, name: str, terms: SpotSaleTerms) -> int:
    """Observation of the price at which it sells."""
    if terms.at_market:
        return at.observe(f"sites.{terms.site}.spot_price")
    return at.series(name, "price")
