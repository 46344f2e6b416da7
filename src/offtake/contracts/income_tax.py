"""Income tax: a share of what a party earns after depreciation and losses brought forward.

    earned(t)  = claimed by it (sales, running cost, fees, interest, capital cost)
                 - claimed from it (sales, running cost, fees, interest)
                 - what of that was claimed and not paid in t-1
    income(t)  = earned(t) - depreciation(t), added up over the tax year to Y(t)
    tax(t)     = rate x (Y - min(losses, limit x Y)) where Y > 0, else 0
    claim(t)   = max(tax(t) - claimed for this year so far, 0) + arrears

The tax year is the calendar year. `paid: yearly` claims in its last period (and in the plan's
last), `paid: monthly` in every period, in instalments on the year to date; what instalments exceed
the year's tax by is set against the next. A year's loss is carried forward without end. Capital
cost that the party paid is depreciated from the period after, pooled by tax year, with the
half-year convention (`finance.tax`). Received capital cost is a sale. Taking off what was unpaid
in t-1 keeps a claim that is made again from being counted twice, and writes off one that is not.

Reads: totals of the taxpayer, claimed and paid. Publishes: losses, paid, arrears.
On shortfall: unpaid tax is claimed again, without interest.

References:
    1. IRS, Publication 946, How To Depreciate Property.
    2. 26 USC 172 (net operating losses).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake import catalogue
from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import Duration, Money, PartyName, Share, Terms, default
from offtake.finance.tax import losses_used, straight_by_year_end, within_year
from offtake.finance.unpaid import outstanding

EARNED: dict[tuple[str, Flow], float] = {
    (way, flow): sign
    for flow in (Flow.SALE, Flow.RUNNING_COST, Flow.INTEREST, Flow.FEE)
    for way, sign in (("in", 1.0), ("out", -1.0))
} | {("in", Flow.CAPITAL_COST): 1.0}
ADDED: dict[tuple[str, Flow], float] = {("out", Flow.CAPITAL_COST): 1.0}
CLASSES = {"macrs_3": 3, "macrs_5": 5, "macrs_7": 7, "macrs_15": 15, "macrs_20": 20}


class IncomeTaxTerms(Terms):
    """What a plan writes for an income tax."""

    kind: Literal["income_tax"]
    taxpayer: PartyName
    """Party that is taxed."""
    government: PartyName
    """Party that levies the tax."""
    rate: Share
    """Tax as a share of taxable income."""
    depreciation: Literal[
        "straight_line", "macrs_3", "macrs_5", "macrs_7", "macrs_15", "macrs_20"
    ] = "straight_line"
    """How capital cost is written off."""
    life: Duration = default("6 years")
    """Time over which straight-line depreciation writes capital cost off, months."""
    bonus: Share = default("0 %")
    """Share of capital cost that is written off in the year in which it is paid."""
    losses: Money = default("0 USD")
    """Losses brought forward at the plan's start, USD."""
    loss_limit: Share = default("80 %")
    """Largest share of a year's income that losses of earlier years may offset."""
    paid: Literal["yearly", "monthly"] = "yearly"
    """Whether tax is paid after the year or in instalments."""


EXAMPLE = IncomeTaxTerms.model_validate(
    {
        "kind": "income_tax",
        "taxpayer": "company",
        "government": "treasury",
        "rate": "21 %",
        "life": "5 years",
        "losses": "100 USD",
    }
)


class IncomeTaxState(NamedTuple):
    """Every leaf [K, P], USD, but for the pools."""

    pool: Array
    """[tax years, K, P] capital cost paid in each tax year"""
    written: Array
    """depreciation so far"""
    income: Array
    """income of the tax year to date"""
    charged: Array
    """tax claimed for the tax year to date"""
    losses: Array
    """losses brought forward"""
    short: Array
    """signed sum of what was claimed and not paid in the last period"""
    arrears: Array
    """tax overdue"""
    paid: Array
    """tax paid so far"""


class IncomeTax(NamedTuple):
    """A group of income taxes."""

    earned: IntArray
    """[K] registered total: what the taxpayer earns"""
    added: IntArray
    """[K] registered total: capital cost that it pays"""
    straight: NDArray[np.float64]
    """[K] 1.0 for straight-line depreciation"""
    table: NDArray[np.float64]
    """[K, tax years] share written off by the end of each year of age, by table"""
    year: IntArray
    """[T] tax year of every period, from 0"""
    passed: NDArray[np.float64]
    """[T] share of the tax year that has passed at the close"""
    closes: NDArray[np.float64]
    """[T] 1.0 in the last period of a tax year"""
    collects: NDArray[np.float64]
    """[K, T] 1.0 where tax is claimed"""
    per_year: NDArray[np.float64]
    """[] periods in a year"""

    kind = "income_tax"
    stage = "derived"
    published = ("losses", "paid", "arrears")
    Terms = IncomeTaxTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, IncomeTaxTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        year, passed = at.tax_years()
        years = int(year[-1]) + 1
        closes = np.append(year[1:] != year[:-1], True).astype(float)
        table = np.ones((len(ids), years))
        for k, term in enumerate(terms):
            if term.depreciation in CLASSES:
                shares = catalogue.macrs_year_shares(CLASSES[term.depreciation])[:years]
                table[k, : len(shares)] = np.cumsum(shares)
        monthly = np.array([term.paid == "monthly" for term in terms])
        group = cls(
            earned=np.array([at.total(term.taxpayer, EARNED) for term in terms]),
            added=np.array([at.total(term.taxpayer, ADDED) for term in terms]),
            straight=np.array([float(t.depreciation == "straight_line") for t in terms]),
            table=table,
            year=year,
            passed=passed,
            closes=closes,
            collects=np.where(monthly[:, None], 1.0, closes[None]),
            per_year=np.array(float(at.periods_per_year)),
        )
        payer, payee = (
            at.parties([getattr(t, f) for t in terms]) for f in ("taxpayer", "government")
        )
        lines = (Line("tax", Flow.TAX, payer, payee, np.full(len(ids), int(Rank.TAX))),)
        numbers = at.numbers(ids, "rate", "life", "bonus", "losses", "loss_limit")
        return Lowered(group, tuple(ids), numbers, lines)

    def init(self, n: Numbers) -> IncomeTaxState:
        """Losses brought forward, nothing else."""
        zero = jnp.zeros_like(n["rate"])
        pool = jnp.zeros((self.table.shape[1], *zero.shape))
        return IncomeTaxState(pool, zero, zero, zero, n["losses"], zero, zero, zero)

    def publish(self, n: Numbers, s: IncomeTaxState, month: Month) -> Amounts:
        """Losses carried into the tax year, tax paid so far, and arrears."""
        del n, month
        return {"losses": s.losses, "paid": s.paid, "arrears": s.arrears}

    def _written(self, n: Numbers, s: IncomeTaxState, month: Month) -> Array:
        """[K, P] depreciation up to the close of the period, USD."""
        years = self.table.shape[1]
        age = jnp.asarray(self.year)[month.period] - jnp.arange(years)
        life = (n["life"] / self.per_year)[None]
        straight = jnp.asarray(self.straight)[None, :, None]

        def by_end(age: Array) -> Array:
            known = jnp.asarray(self.table).T[jnp.clip(age, 0, years - 1)]
            tabled = jnp.where((age >= 0)[:, None], known, 0.0)[:, :, None]
            equal = straight_by_year_end(age.astype(float)[:, None, None], life)
            return straight * equal + (1.0 - straight) * tabled

        first = jnp.clip(1 - age, 0, 1) - 2 * jnp.clip(-age, 0, 1)
        share = within_year(
            by_end(age - 1),
            by_end(age),
            n["bonus"][None],
            jnp.asarray(self.passed)[month.period],
            first.astype(float)[:, None, None],
        )
        return jnp.sum(s.pool * share, axis=0)

    def _year(self, n: Numbers, s: IncomeTaxState, month: Month) -> tuple[Array, Array, Array]:
        """Income of the tax year to date, tax on it, and what of it is claimed now, [K, P] USD."""
        depreciation = self._written(n, s, month) - s.written
        income = s.income + month.claimed[self.earned] - s.short - depreciation
        taxable = jnp.maximum(income, 0.0) - losses_used(income, s.losses, n["loss_limit"])
        tax = n["rate"] * taxable
        collects = jnp.asarray(self.collects)[:, month.period][:, None]
        return income, tax, collects * outstanding(tax, s.charged)

    def claim(self, n: Numbers, s: IncomeTaxState, month: Month) -> Amounts:
        """Tax for the year so far, as far as it was not claimed yet, and arrears."""
        return {"tax": self._year(n, s, month)[2] + s.arrears}

    def settle(
        self, n: Numbers, s: IncomeTaxState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[IncomeTaxState, Mapping[str, Array]]:
        """Close the year, pool what was bought, carry losses and arrears."""
        income, tax, now = self._year(n, s, month)
        closes = jnp.asarray(self.closes)[month.period] > 0.5
        losses = (
            s.losses - losses_used(income, s.losses, n["loss_limit"]) + jnp.maximum(-income, 0.0)
        )
        charged = s.charged + now
        state = IncomeTaxState(
            pool=s.pool.at[jnp.asarray(self.year)[month.period]].add(month.past[self.added]),
            written=self._written(n, s, month),
            income=jnp.where(closes, 0.0, income),
            charged=jnp.where(closes, jnp.maximum(charged - tax, 0.0), charged),
            losses=jnp.where(closes, losses, s.losses),
            short=month.claimed[self.earned] - month.past[self.earned],
            arrears=outstanding(claimed["tax"], paid["tax"]),
            paid=s.paid + paid["tax"],
        )
        return state, {}
