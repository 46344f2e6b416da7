"""Site lease: a tenant pays rent for a site, or for some of its phases, and may renew it.

    rent(t)  = (per_mw x energised MW(t) + rent) x (1 + escalator)^k x years(t) x charged(t)
    claim(t) = rent(t) + arrears
    renews   = needs >= 1/2 and market rent x MW x (1 + switching cost) >= rent of a year to come

with k the whole years of the term that had passed when the period began, and charged(t) the share
of the period that lies within the term and after the rent-free time. The term runs from `start`;
without one from the moment at which the first leased phase is energised, so a late site moves it.
Rent per MW follows what is energised, the fixed rent does not. Paid at the close of the period.

While renewals are left the tenant decides in the period in which less than `notice` remains of the
term: it renews by the rule above (`finance.exercise`), MW being all that is let and the rent that
of the first year after, or lets the lease run out, for good. Without a market rent it renews
whenever it needs the site. With `exercise: fitted` it goes by a policy (`finance.renewal`).

Reads: active share and power of the phases, payout of the tenant, market rent, need. Publishes:
arrears, terminated, rent (of the period before, arrears apart), renewed (how often), vacated (1.0
once the term is over or the lease was ended).
On shortfall: what is unpaid is owed next period, without interest (lost where the tenant is a
party in default outside the plan); after `grace` the landlord ends the lease and no more rent
falls due.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.finance.lease_terms import LeaseTerms
from offtake.finance.policy import policy_of
from offtake.finance.renewal import Offer, rent_to_come, stays
from offtake.finance.span import before_plan, since
from offtake.finance.unpaid import unpaid

ROUNDING = 1e-9
"""Periods by which the end of a term may be missed."""


class SiteLeaseTerms(LeaseTerms):
    """What a plan writes for a site lease."""

    kind: Literal["site_lease"]


EXAMPLE = SiteLeaseTerms.model_validate(
    {
        "kind": "site_lease",
        "landlord": "developer",
        "tenant": "operator",
        "site": "campus",
        "phases": [0, 1],
        "per_mw": "1.2 M USD/MW/year",
        "term": "18 months",
        "escalator": "3 %/year",
        "rent_free": "1 month",
    }
)


class SiteLeaseState(NamedTuple):
    """Every leaf [K, P]."""

    served: Array
    """periods of the term that have passed"""
    arrears: Array
    """USD"""
    late: Array
    """periods in a row with something overdue"""
    ended: Array
    """1.0 once the landlord ended the lease"""
    rent: Array
    """rent of the last period, arrears apart, USD"""
    renewed: Array
    """times that the tenant renewed"""
    declined: Array
    """1.0 once it decided to let the lease run out"""


class _Span(NamedTuple):
    """Part of the period that counts, every leaf [K, P]."""

    renewed: Array
    """times that the tenant renewed, this period included"""
    declined: Array
    """1.0 once it decided to let the lease run out"""

    passed: Array
    """share of the period within the term"""
    charged: Array
    """share of the period for which rent is due"""
    energised: Array
    """share of the period over which the energised power stands for the charged part"""


class SiteLease(NamedTuple):
    """A group of leases."""

    active: IntArray
    """[K, phases] observation: active share of every phase; zero where there are fewer"""
    dated: NDArray[np.float64]
    """[K] 1.0 where the start is a date"""
    payout: IntArray
    """[K] observation: share of its claims that the tenant meets"""
    market: IntArray
    """[K] observation: market rent, USD/MW/year"""
    stays: NDArray[np.float64]
    """[K] 1.0 where there is no market rent to leave for"""
    needs: IntArray
    """[K] observation: share of the site that the tenant needs"""
    policy: IntArray
    """[K, 10] observation: the fitted policy; zero where there is none"""
    fitted: NDArray[np.bool_]
    """[K, 1] whether the tenant goes by it"""
    per_year: NDArray[np.float64]
    """[K] periods in a year"""

    kind = "site_lease"
    stage = "primary"
    published = ("arrears", "terminated", "rent", "renewed", "vacated")
    Terms = SiteLeaseTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, SiteLeaseTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        let = [
            [
                f"sites.{t.site}.phases[{j}]"
                for j in (range(at.phase_count(t.site)) if t.phases is None else t.phases)
            ]
            for _, t in items
        ]
        width = max([1, *(len(phases) for phases in let)])
        active = np.full((len(ids), width), at.observe("zero"))
        power = np.full((len(ids), width), at.constant(0.0))
        for k, phases in enumerate(let):
            for j, phase in enumerate(phases):
                active[k, j] = at.observe(f"{phase}.active")
                power[k, j] = at.number_at(f"{phase}.power")
        group = cls(
            active=active,
            dated=np.array([float(t.start is not None) for _, t in items]),
            payout=np.array([at.observe(f"parties.{t.tenant}.payout") for _, t in items]),
            market=np.array([at.series(name, "market_rent") for name in ids]),
            stays=np.array([float(t.market_rent is None) for _, t in items]),
            needs=np.array([at.series(name, "needs") for name in ids]),
            policy=np.array(
                [policy_of(f"contracts.{name}.policy", t.policy, at) for name, t in items]
            ),
            fitted=np.array([[t.exercise == "fitted"] for _, t in items]),
            per_year=np.full(len(ids), float(at.periods_per_year)),
        )
        fields = ("per_mw", "rent", "term", "escalator", "rent_free", "grace", "renewals")
        numbers = {
            **at.numbers(ids, *fields, "renewal", "notice", "switching_cost"),
            **at.optionals(ids, start=0.0),
            **{f"power_{j}": power[:, j] for j in range(width)},
        }
        landlord, tenant = (
            at.parties([getattr(t, f) for _, t in items]) for f in ("landlord", "tenant")
        )
        rank = np.full(len(ids), int(Rank.OPERATING))
        lines = (Line("rent", Flow.SALE, tenant, landlord, rank),)
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> SiteLeaseState:
        """Nothing is owed; of a term that began before the plan a part has passed."""
        zero = jnp.zeros_like(n["term"])
        return SiteLeaseState(before_plan(n["start"]), zero, zero, zero, zero, zero, zero)

    def publish(self, n: Numbers, s: SiteLeaseState, month: Month) -> Amounts:
        """Arrears, the last rent, how often it was renewed, and whether the lease is over."""
        del month
        over = s.served >= n["term"] + s.renewed * n["renewal"] - ROUNDING
        return {
            "arrears": s.arrears,
            "terminated": s.ended,
            "rent": s.rent,
            "renewed": s.renewed,
            "vacated": jnp.maximum(s.ended, jnp.where(over, 1.0, 0.0)),
        }

    def _decides(
        self, n: Numbers, s: SiteLeaseState, month: Month, begun: Array
    ) -> tuple[Array, Array]:
        """Times renewed and whether it was declined, this period's decision included, [K, P]."""
        term = n["term"] + s.renewed * n["renewal"]
        open_ = (s.renewed + 1.0 <= n["renewals"] + ROUNDING) & (s.declined + s.ended == 0.0)
        falls_due = (begun > 0.0) & (s.served + begun >= term - n["notice"] - ROUNDING) & open_
        power = sum((n[f"power_{j}"] for j in range(self.active.shape[1])), jnp.zeros_like(term))
        rent = rent_to_come(n, power, term, jnp.asarray(self.per_year)[:, None])
        unpriced = jnp.asarray(self.stays)[:, None] > 0.5
        market = jnp.where(unpriced, rent, month.obs[self.market] * power)
        offer = Offer(market, rent, month.obs[self.needs])
        policy = month.obs[self.policy]
        chosen = stays(offer, n["switching_cost"], policy, jnp.asarray(self.fitted))
        renewed = s.renewed + jnp.where(falls_due, chosen, 0.0)
        return renewed, s.declined + jnp.where(falls_due, 1.0 - chosen, 0.0)

    def _span(self, n: Numbers, s: SiteLeaseState, month: Month) -> _Span:
        """What part of the period counts."""
        dated = jnp.asarray(self.dated)[:, None] > 0.5
        first = jnp.max(month.obs[self.active], axis=1) * jnp.where(month.t > 0, 1.0, 0.0)
        undated = jnp.where(s.served > 0.0, 1.0, first)
        begun = jnp.where(dated, since(n["start"], month.t), undated)
        renewed, declined = self._decides(n, s, month, begun)
        term = n["term"] + renewed * n["renewal"]
        passed = jnp.minimum(begun, jnp.clip(term - s.served, 0.0, 1.0)) * (1.0 - s.ended)
        charged = passed - jnp.clip(n["rent_free"] - s.served, 0.0, passed)
        # Power that came on within the period is already an average over it: from an undated start
        # the term's share of the period is not taken twice.
        energised = jnp.where(dated | (begun <= 0.0), 1.0, begun)
        return _Span(renewed, declined, passed, charged, energised)

    def _rent(self, n: Numbers, s: SiteLeaseState, month: Month, span: _Span) -> Array:
        """[K, P] USD of the period."""
        active = month.obs[self.active]
        power = sum(n[f"power_{j}"] * active[:, j] for j in range(self.active.shape[1]))
        years = jnp.floor(s.served / jnp.asarray(self.per_year)[:, None] + ROUNDING)
        grown = jnp.power(1.0 + n["escalator"], years) * month.years * span.charged
        return (n["per_mw"] * power / span.energised + n["rent"]) * grown

    def claim(self, n: Numbers, s: SiteLeaseState, month: Month) -> Amounts:
        """Rent of the period, and arrears."""
        return {"rent": self._rent(n, s, month, self._span(n, s, month)) + s.arrears}

    def settle(
        self, n: Numbers, s: SiteLeaseState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[SiteLeaseState, Mapping[str, Array]]:
        """Count the term, carry what is unpaid, end the lease after the grace period."""
        span = self._span(n, s, month)
        missing = unpaid(claimed["rent"], paid["rent"], month.obs[self.payout])
        late = jnp.where(missing.short, s.late + 1.0, 0.0)
        state = SiteLeaseState(
            served=s.served + span.passed,
            arrears=missing.owed,
            late=late,
            ended=jnp.maximum(s.ended, jnp.where(late > n["grace"], 1.0, 0.0)),
            rent=self._rent(n, s, month, span),
            renewed=span.renewed,
            declined=span.declined,
        )
        return state, {}
