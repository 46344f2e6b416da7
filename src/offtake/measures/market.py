"""The market that clears: what it tells, month by month, and who gains by it over the plan.

    told          mean over paths of everything the market tells (`offtake.market.published`)
    short_share   share of hours in which somebody who would pay the price is not served
    slack_share   share of periods in which nobody is short and some capacity stands idle
    mean_price    mean of the price over the periods, USD/H100e/h
    consumer, seller, producer, outside_capital
                  present value at the plan's rate of the surplus of buyers, of sellers of tokens,
                  of owners of compute, and of the yearly charge for capacity outside the plan
    capital       the same for what the plan builds: each payment X of class capital cost at time t
                  becomes a level charge X a / (1 - e^(-a L)) a year from then on, a the asset rate
                  in continuous form, L the accounting life of chips or 20 years for all else

What a company builds outside the plan does not count. Charges end with the plan, so what is built
late is charged for the years it serves. The opening period has no length and counts for nothing.
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import Flow
from offtake.core.measure import Book, Output, Record
from offtake.measures.selection import FloatArray

BUILDING_YEARS = 20.0
"""Years over which halls and plant are charged; chips have their accounting life."""
SURPLUSES = {
    "consumer_usd": "consumer_surplus",
    "seller_usd": "seller_surplus",
    "producer_usd": "producer_surplus",
    "outside_capital_usd": "outside_capital_cost",
}
"""Output -> what the market tells, USD/year."""
SLACK = 1e-6
"""Share of capacity that must stand idle for a period to count as slack."""


def _present(meaning: str) -> Output:
    return Output((), "paths", "USD", f"Present value at the plan's rate: {meaning}.")


OUTPUTS = {
    "told": Output(("period", "told"), "mean", "1", "What the market tells, in its own unit."),
    "short_share": Output((), "paths", "1", "Share of hours in which somebody is short."),
    "slack_share": Output((), "paths", "1", "Share of periods in which capacity stands idle."),
    "mean_price": Output((), "paths", "USD/H100e/h", "Mean price over the periods."),
    "consumer_usd": _present("surplus of buyers of tokens and compute"),
    "seller_usd": _present("margin of sellers of tokens over the compute in them"),
    "producer_usd": _present("what compute is paid less its cash cost of running"),
    "outside_capital_usd": _present("yearly charge for capacity outside the plan"),
    "capital_usd": _present("yearly charge for what the plan builds"),
}


def told(book: Book) -> tuple[str, ...]:
    """What the market of a plan tells, in the order of the record; empty where none clears."""
    names = book.labels.observations
    return tuple(n.removeprefix("cleared.") for n in names if n.startswith("cleared."))


def _elsewhere(book: Book, claim: int) -> bool:
    """Whether a claim belongs to what a company does outside the plan."""
    return book.kinds[book.labels.claims[claim].contract] == "other_business"


class Market(NamedTuple):
    """The measure."""

    told: IntArray
    """[told] observations"""
    position: IntArray
    """[of price, short, utilisation, then `SURPLUSES`] within `told`; empty without a market"""
    capital: IntArray
    """[claim] claims of class capital cost"""
    life: IntArray
    """[claim] row of the accounting life, periods; -1 for what is not a cohort"""
    asset_rate: IntArray
    """[] row"""
    discount: IntArray
    """[] row"""
    elapsed: FloatArray
    """[T]"""
    years: FloatArray
    """[T]"""

    name = "market"
    wanted = ("cleared.*",)
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Market":
        """The measure for one plan."""
        names = told(book)
        wanted = ("price", "short", "utilisation", *SURPLUSES.values())
        built = book.claims(flow=int(Flow.CAPITAL_COST)) if names else []
        claims = [c for c in built if not _elsewhere(book, c)]
        lives = [f"chips.{book.labels.claims[c].part}.accounting_life" for c in claims]
        return cls(
            told=np.array([book.labels.observation(f"cleared.{n}") for n in names], np.int64),
            position=np.array([names.index(n) for n in wanted] if names else [], np.int64),
            capital=np.array(claims, np.int64),
            life=np.array([book.rows.get(place, -1) for place in lives], np.int64),
            asset_rate=np.array(book.rows["market.asset_rate"]),
            discount=np.array(book.discount_row),
            elapsed=book.elapsed,
            years=book.years,
        )

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block."""
        paths = record.values.shape[-1]
        if not self.told.shape[0]:
            nothing = {name: jnp.zeros(paths) for name in OUTPUTS}
            return nothing | {"told": jnp.zeros((self.elapsed.shape[0], 0, paths))}
        observed = record.months.observations[:, self.told]
        price, short, used, *gains = (observed[:, i] for i in self.position)
        years = jnp.asarray(self.years)[:, None]
        whole = jnp.sum(years)
        rate = jnp.log1p(record.values[self.discount])
        worth = jnp.exp(-rate[None] * jnp.asarray(self.elapsed)[:, None]) * years
        slack = (short <= 0.0) & (used < 1.0 - SLACK) & (years > 0.0)
        periods = jnp.sum(jnp.where(years > 0.0, 1.0, 0.0))
        present = {n: jnp.sum(g * worth, axis=0) for n, g in zip(SURPLUSES, gains, strict=True)}
        return {
            "told": observed,
            "short_share": jnp.sum(short * years, axis=0) / whole,
            "slack_share": jnp.sum(jnp.where(slack, 1.0, 0.0), axis=0) / periods,
            "mean_price": jnp.sum(price * years, axis=0) / whole,
            "capital_usd": self._charged(record, rate),
            **present,
        }

    def _charged(self, record: Record, rate: Array) -> Array:
        """[P] USD, level charges for what was built, within the plan. rate: [P] continuous."""
        if not self.capital.shape[0]:
            return jnp.zeros_like(rate)
        paid = record.months.paid[:, self.capital]
        asset = jnp.maximum(jnp.log1p(record.values[self.asset_rate]), 1e-9)
        chips = record.values[jnp.maximum(jnp.asarray(self.life), 0)] * jnp.asarray(self.years)[-1]
        life = jnp.where((jnp.asarray(self.life) >= 0)[:, None], chips, BUILDING_YEARS)
        life = jnp.maximum(life, 1e-6)
        charge = asset[None] / -jnp.expm1(-asset[None] * life)
        elapsed = jnp.asarray(self.elapsed)[:, None, None]
        serves = jnp.clip(elapsed[-1:] - elapsed, 0.0, life[None])
        safe = jnp.maximum(rate, 1e-9)[None, None]
        then = jnp.exp(-safe * elapsed) * -jnp.expm1(-safe * serves) / safe
        return jnp.sum(paid * charge[None] * then, axis=(0, 1))
