"""Chip lease: chips rented for a term, then bought, kept on at another rent, or given back.

    R(t)      = per chip(t) x units x sent(t) x years(t) + per hour(t) x H100e-hours of the chips
    rent(t)   = R(t) x (part(t) + renewal rent x renewed part(t)) + arrears
    buys      = purchase price <= value(t) + return cost, and value(t) > 0     (or it must)
    renews    = R(t) x renewal rent <= margin(t), while renewals are left
    returns   = neither; then return cost to the lessor, and value(t) from a buyer to the lessor

with part(t) the share of the period within the term (after `rent_free`), renewed part that within
renewals, value the market value of the cohort for resale, margin what it earns on the spot market
in the period, above its running cost. The choice falls due in the period in which the term or a
renewal ends, on what is known in it; buying comes before renewing. The price is stated, or the
value of the day.

Reads: units, delivery date, sent share, capacity, margin and value for resale of the cohort;
payouts. Publishes: arrears, rent, renewed, bought, terminated, vacated (returned or taken back).
Signals: the cohort is sold, when it is returned: it leaves the site of the lessee and runs on for
whoever has it then.
On shortfall: what is unpaid stays owed, without interest (lost where the payer is a party in
default outside the plan). After `grace` with rent overdue the lessor ends the lease and takes the
chips back in the next period. The chips are the lessor's: a lender of the lessee has no claim.

References:
    1. IFRS 16, paragraphs 18 to 21 and 61 to 66; ASC 842-10-25 (finance and operating leases).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.errors import Mistake
from offtake.core.flows import PAID_TOLERANCE, Flow, Rank
from offtake.core.terms import (
    ChipsName,
    ComputePriceSeries,
    CostPerChipYearSeries,
    Count,
    Duration,
    Money,
    PartyName,
    Ratio,
    Terms,
    When,
    default,
)
from offtake.finance.exercise import renews
from offtake.finance.facility import ROUNDING, closing, signing
from offtake.finance.span import between
from offtake.finance.unpaid import unpaid


class ChipLeaseTerms(Terms):
    """What a plan writes for a lease of chips."""

    kind: Literal["chip_lease"]
    lessor: PartyName
    """Party that owns the chips."""
    lessee: PartyName
    """Party that uses them and pays rent."""
    chips: ChipsName
    """Cohort that is leased."""
    per_chip: CostPerChipYearSeries = default("0 USD/GPU/year")
    """Rent per chip and time, whether it runs or not, USD/GPU/year."""
    per_hour: ComputePriceSeries = default("0 USD/H100e/h")
    """Rent per H100e-hour of chips that are delivered and have power, USD/H100e/h."""
    start: When | None = None
    """First day of the term; the delivery date of the cohort if left out."""
    term: Duration
    """Length of the lease, months."""
    rent_free: Duration = default("0 months")
    """Time from the start for which no rent is due, months."""
    renewals: Count = default("0")
    """How many times the lessee may renew."""
    renewal: Duration = default("12 months")
    """Length of each renewal, months."""
    renewal_rent: Ratio = default("100 %")
    """Rent of renewals as a share of the rent."""
    purchase: Literal["none", "price", "value", "obliged"] = "none"
    """Right to buy at the end: none; at `purchase_price`; at the value of the day; or a duty to."""
    purchase_price: Money = default("0 USD")
    """Price at which the lessee may or must buy, USD."""
    return_cost: Money = default("0 USD")
    """What giving the chips back costs the lessee, paid to the lessor, USD."""
    buyer: PartyName | None = None
    """Party that buys returned chips from the lessor; they are worth nothing to it if left out."""
    grace: Duration = default("3 months")
    """How long rent may be overdue before the lessor ends the lease, months."""

    @property
    def returned(self) -> tuple[str, ...]:
        """Cohorts that may leave the site."""
        return (self.chips,)

    @model_validator(mode="after")
    def _priced(self) -> "ChipLeaseTerms":
        """A price that nothing asks for."""
        if self.purchase in ("none", "value") and self.purchase_price.value > 0.0:
            raise Mistake(
                code="purchase-price",
                found=f"a purchase_price, with purchase: {self.purchase}",
                expected="a price with purchase: price or obliged",
                mend="write purchase: price, or delete purchase_price",
            )
        return self


EXAMPLE = ChipLeaseTerms.model_validate(
    {
        "kind": "chip_lease",
        "lessor": "lessor",
        "lessee": "company",
        "chips": "rented",
        "per_chip": "120 USD/GPU/year",
        "term": "3 months",
        "renewals": "1",
        "renewal": "2 months",
        "renewal_rent": "80 %",
        "purchase": "price",
        "purchase_price": "200 USD",
        "return_cost": "15 USD",
        "buyer": "market",
    }
)

FIELDS = (
    *("term", "rent_free", "renewals", "renewal", "renewal_rent", "purchase_price"),
    *("return_cost", "grace"),
)
"""Numbers that every contract has."""
PAYERS = {"rent": "lessee", "purchase": "lessee", "return": "lessee", "resale": "buyer"}
"""Line -> who pays it."""


class ChipLeaseState(NamedTuple):
    """Every leaf [K, P]."""

    owed: Mapping[str, Array]
    """line -> overdue, USD"""
    late: Array
    """periods in a row with rent overdue"""
    rent: Array
    """of the last period, arrears apart, USD"""
    renewed: Array
    """times"""
    bought: Array
    """1.0 once the lessee has bought the chips"""
    ended: Array
    """1.0 once the lessor has ended the lease"""
    vacated: Array
    """1.0 once the chips went back"""


class _Now(NamedTuple):
    """What happens in one period, every leaf [K, P]."""

    rent: Array
    """USD, arrears apart"""
    buys: Array
    renews: Array
    returns: Array
    """1.0 where the chips are bought, kept on, given back"""
    price: Array
    """of a purchase, USD"""
    value: Array
    """of the chips, USD"""


class ChipLease(NamedTuple):
    """A group of leases."""

    seen: Mapping[str, IntArray]
    """what the cohort shows -> [K] observation"""
    payouts: Mapping[str, IntArray]
    """line -> [K] observation: share of its claims that the payer meets"""
    option: Mapping[str, NDArray[np.float64]]
    """kind of purchase -> [K] 1.0 where it is that"""
    sells: NDArray[np.float64]
    """[K] 1.0 where somebody buys what is returned"""

    kind = "chip_lease"
    stage = "primary"
    published = ("arrears", "rent", "renewed", "bought", "terminated", "vacated")
    Terms = ChipLeaseTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ChipLeaseTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids, terms = [name for name, _ in items], [t for _, t in items]
        who = {
            line: [getattr(t, field) or t.lessor for t in terms] for line, field in PAYERS.items()
        }
        seen = {
            what: np.array([at.observe(f"chips.{t.chips}.{what}") for t in terms])
            for what in ("ready", "h100e", "margin", "resale_value")
        }
        seen |= {
            f: np.array([at.series(name, f) for name in ids]) for f in ("per_chip", "per_hour")
        }
        kinds = ("none", "price", "value", "obliged")
        group = cls(
            seen=seen,
            payouts={
                line: np.array([at.observe(f"parties.{name}.payout") for name in names])
                for line, names in who.items()
            },
            option={x: np.array([float(t.purchase == x) for t in terms]) for x in kinds},
            sells=np.array([float(t.buyer is not None) for t in terms]),
        )
        numbers = at.numbers(ids, *FIELDS)
        numbers["units"] = np.array([at.number_at(f"chips.{t.chips}.units") for t in terms])
        rows = [
            at.number_at(f"chips.{t.chips}.deliver" if t.start is None else f"contracts.{x}.start")
            for x, t in items
        ]
        numbers["start"] = np.array(rows)
        lessor = at.parties([t.lessor for t in terms])

        def line(name: str, flow: Flow, rank: Rank) -> Line:
            return Line(name, flow, at.parties(who[name]), lessor, np.full(len(ids), int(rank)))

        lines = (
            line("rent", Flow.SALE, Rank.OPERATING),
            line("purchase", Flow.CAPITAL_COST, Rank.CAPITAL_COST),
            line("return", Flow.RUNNING_COST, Rank.OPERATING),
            line("resale", Flow.SALE, Rank.OPERATING),
        )
        sold = {"sold": tuple(f"chips.{t.chips}.sold" for t in terms)}
        return Lowered(group, tuple(ids), numbers, lines, signals=sold)

    def init(self, n: Numbers) -> ChipLeaseState:
        """Nothing is owed."""
        zero = jnp.zeros_like(n["term"])
        return ChipLeaseState(dict.fromkeys(PAYERS, zero), *[zero] * 6)

    def publish(self, n: Numbers, s: ChipLeaseState, month: Month) -> Amounts:
        """Rent overdue, the last rent, and what became of the lease."""
        del n, month
        shown = (s.owed["rent"], s.rent, s.renewed, s.bought, s.ended, s.vacated)
        return dict(zip(self.published, shown, strict=True))

    def _now(self, n: Numbers, s: ChipLeaseState, month: Month) -> _Now:
        """Rent of the period, and the choice where one falls due."""
        t, see = month.t, {what: month.obs[index] for what, index in self.seen.items()}
        option = {x: jnp.asarray(mark)[:, None] > 0.5 for x, mark in self.option.items()}
        begin = signing(n["start"])
        first, end = begin + n["term"], begin + n["term"] + s.renewed * n["renewal"]
        runs = s.bought + s.ended + s.vacated == 0.0
        decides = runs & (t >= closing(end)) & (t > begin)
        full = see["per_chip"] * n["units"] * see["ready"] * month.years
        full = full + see["per_hour"] * see["h100e"] * month.hours
        value = see["resale_value"]
        price = jnp.where(option["value"], value, n["purchase_price"])
        worth_it = (value > 0.0) & (value + n["return_cost"] >= price * (1.0 - PAID_TOLERANCE))
        buys = decides & (option["obliged"] | (~option["none"] & worth_it))
        left = s.renewed + 1.0 <= n["renewals"] + ROUNDING
        keeps = renews(see["margin"], full * n["renewal_rent"], 0.0 * value, 1.0 + 0.0 * value)
        stays = decides & ~buys & left & (keeps > 0.5)
        end = end + jnp.where(stays, n["renewal"], 0.0)
        part = between(begin + n["rent_free"], first, t)
        later = between(jnp.maximum(begin + n["rent_free"], first), end, t)
        rent = full * (part + n["renewal_rent"] * later)
        returns = (decides & ~buys & ~stays) | ((s.ended > 0.0) & (s.vacated == 0.0))
        flags = [jnp.where(flag, 1.0, 0.0) for flag in (buys, stays, returns)]
        return _Now(jnp.where(runs, rent, 0.0), flags[0], flags[1], flags[2], price, value)

    def claim(self, n: Numbers, s: ChipLeaseState, month: Month) -> Amounts:
        """Rent, and what the end of the lease costs, with what is overdue of each."""
        now = self._now(n, s, month)
        due = {
            "rent": now.rent,
            "purchase": now.buys * now.price,
            "return": now.returns * n["return_cost"],
            "resale": now.returns * now.value * jnp.asarray(self.sells)[:, None],
        }
        return {line: due[line] + s.owed[line] for line in PAYERS}

    def settle(
        self, n: Numbers, s: ChipLeaseState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[ChipLeaseState, Mapping[str, Array]]:
        """Carry what is unpaid, end the lease after the grace period."""
        now = self._now(n, s, month)
        missing = {x: unpaid(claimed[x], paid[x], month.obs[self.payouts[x]]) for x in PAYERS}
        late = jnp.where(missing["rent"].short, s.late + 1.0, 0.0)
        runs = (s.bought + s.vacated + now.buys + now.returns == 0.0) & (late > n["grace"])
        state = ChipLeaseState(
            owed={line: missing[line].owed for line in PAYERS},
            late=late,
            rent=now.rent,
            renewed=s.renewed + now.renews,
            bought=jnp.maximum(s.bought, now.buys),
            ended=jnp.maximum(s.ended, jnp.where(runs, 1.0, 0.0)),
            vacated=jnp.maximum(s.vacated, now.returns),
        )
        return state, {"sold": now.returns}
