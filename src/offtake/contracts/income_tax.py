"""Income tax: a share of what a business earns after depreciation and losses brought forward.

    earned(t)  = claimed by the business (sales, running cost, fees, interest, capital cost)
                 - claimed from it (sales, running cost, fees, interest)
                 - what of that was claimed and not paid in t-1
    income(t)  = partner's share x (earned(t) + also taxed(t) - depreciation(t)),
                 added up over the tax year to Y(t)
    base(t)    = Y(t) - tax of the year to date under the tax that is deducted
    tax(t)     = rate x (base - min(losses, limit x base)) where base > 0, else 0;
                 rate x base, of either sign, where losses are used at once
    claim(t)   = max(tax(t) - claimed for this year so far, 0) + arrears
    saving(t)  = max(claimed for this year so far - tax(t), 0) where losses are used at once

The tax year is the calendar year. `paid: yearly` claims in its last period (and in the plan's
last), `paid: monthly` in every period, in instalments on the year to date; what instalments exceed
the year's tax by is set against the next. A year's loss is carried forward without end, or used at
once by a taxpayer with other income. Capital cost is pooled by tax year and class of assets, with
the half-year convention (`finance.write_off`): when it was paid, or when it falls due. Received
capital cost is a sale. Taking off what was unpaid in t-1 keeps a claim that is made again from
being counted twice, and writes off one that is not.

Reads: totals of the business; due of grants and credits that are taxed; the partner's share.
Publishes: losses, paid, arrears, written_off.
On shortfall: unpaid tax is claimed again, without interest; a saving that is not paid is lost.

References:
    1. IRS, Publication 946, How To Depreciate Property.
    2. 26 USC 172 (net operating losses), 164 (taxes deducted), 701 to 704 (partners).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import Flow, Rank
from offtake.core.terms import ContractName, Duration, Money, PartyName, Share, Terms, default
from offtake.finance.tax import losses_used, partner_share
from offtake.finance.unpaid import outstanding
from offtake.finance.write_off import AssetClass, Pools, Schedule, WriteOff, classes_of

BEFORE_FEES: dict[tuple[str, Flow], float] = {
    (way, flow): sign
    for flow in (Flow.SALE, Flow.RUNNING_COST, Flow.INTEREST, Flow.FEE)
    for way, sign in (("in", 1.0), ("out", -1.0))
    if (way, flow) != ("out", Flow.FEE)
} | {("in", Flow.CAPITAL_COST): 1.0}
EARNED = {"deducted": {**BEFORE_FEES, ("out", Flow.FEE): -1.0}, "not_deducted": BEFORE_FEES}
ADDED: dict[tuple[str, Flow], float] = {("out", Flow.CAPITAL_COST): 1.0}


class IncomeTaxTerms(Terms):
    """What a plan writes for an income tax."""

    kind: Literal["income_tax"]
    taxpayer: PartyName
    """Party that is taxed."""
    government: PartyName
    """Party that levies the tax."""
    rate: Share
    """Tax as a share of taxable income."""
    depreciation: Schedule = "straight_line"
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
    income_of: PartyName | None = None
    """Business whose income passes through to the taxpayer; the taxpayer itself if left out."""
    partnership: ContractName | None = None
    """Partnership flip that says what share of the income is the taxpayer's; all if left out."""
    partner: Literal["investor", "sponsor"] = "investor"
    """Which partner of the partnership the taxpayer is."""
    deducts: ContractName | None = None
    """Other income tax that is deducted from income, such as that of a state."""
    also_taxed: tuple[ContractName, ...] = ()
    """Grants and tax credits that count as income."""
    fees: Literal["deducted", "not_deducted"] = "deducted"
    """Whether fees paid are deducted."""
    losses_used: Literal["later", "at_once"] = "later"
    """Whether a loss waits for income of later years, or saves tax on other income at once."""
    counted: Literal["paid", "due"] = "paid"
    """Whether capital cost counts from when it was paid or from when it falls due."""
    assets: tuple[AssetClass, ...] = ()
    """Classes of assets; if left out all are written off by depreciation, life and bonus above."""


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

    pool: Pools
    written: Array
    """depreciation so far"""
    income: Array
    """income of the tax year to date"""
    charged: Array
    """tax claimed for the tax year to date, less savings"""
    losses: Array
    """losses brought forward"""
    short: Array
    """signed sum of what was claimed and not paid in the last period"""
    unbuilt: Array
    """[K, classes, P] capital cost claimed and not paid in the last period"""
    arrears: Array
    """tax overdue"""
    paid: Array
    """tax paid so far"""


class IncomeTax(NamedTuple):
    """A group of income taxes."""

    earned: IntArray
    """[K] registered total: what the business earns"""
    added: IntArray
    """[K, classes] registered total: capital cost"""
    write_off: WriteOff
    share: IntArray
    """[K] observation: the partner's share; zero where there is no partnership"""
    whole: NDArray[np.float64]
    """[K] 1.0 where there is none"""
    also: IntArray
    """[K, grants and credits] observation: due; zero where there are fewer"""
    deducts: IntArray
    """[K] row of the tax that is deducted"""
    deducting: NDArray[np.float64]
    """[K] 1.0 where there is one"""
    at_once: NDArray[np.float64]
    """[K] 1.0 where losses are used at once"""
    when_due: NDArray[np.float64]
    """[K] 1.0 where capital cost counts when it falls due"""
    closes: NDArray[np.float64]
    """[T] 1.0 in the last period of a tax year"""
    collects: NDArray[np.float64]
    """[K, T] 1.0 where tax is claimed"""

    kind = "income_tax"
    stage = "derived"
    published = ("losses", "paid", "arrears", "written_off")
    Terms = IncomeTaxTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, IncomeTaxTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids = [name for name, _ in items]
        terms = [term for _, term in items]
        business = [term.income_of or term.taxpayer for term in terms]
        write_off, depreciation = WriteOff.lower([classes_of(*item, at) for item in items], at)
        closes = np.append(write_off.year[1:] != write_off.year[:-1], True).astype(float)
        monthly = np.array([term.paid == "monthly" for term in terms])
        also = np.full((len(ids), max(1, *(len(t.also_taxed) for t in terms))), at.observe("zero"))
        added = np.full(write_off.straight.shape, at.total(business[0], ADDED))
        for k, term in enumerate(terms):
            also[k, : len(term.also_taxed)] = [
                at.observe(f"contracts.{name}.due") for name in term.also_taxed
            ]
            for c, asset in enumerate(term.assets or (AssetClass(),)):
                added[k, c] = at.total(asset.held_by or business[k], ADDED)
        group = cls(
            earned=np.array(
                [at.total(b, EARNED[t.fees]) for b, t in zip(business, terms, strict=True)]
            ),
            added=added,
            write_off=write_off,
            share=np.array([at.observe(partner_share(term)) for term in terms]),
            whole=np.array([float(term.partnership is None) for term in terms]),
            also=also,
            deducts=np.array([ids.index(term.deducts) if term.deducts else 0 for term in terms]),
            deducting=np.array([float(term.deducts is not None) for term in terms]),
            at_once=np.array([float(term.losses_used == "at_once") for term in terms]),
            when_due=np.array([float(term.counted == "due") for term in terms]),
            closes=closes,
            collects=np.where(monthly[:, None], 1.0, closes[None]),
        )
        payer, payee = (
            at.parties([getattr(t, f) for t in terms]) for f in ("taxpayer", "government")
        )
        rank = np.full(len(ids), int(Rank.TAX))
        lines = (
            Line("tax", Flow.TAX, payer, payee, rank),
            Line("saving", Flow.TAX, payee, payer, rank),
        )
        numbers = {**at.numbers(ids, "rate", "losses", "loss_limit"), **depreciation}
        return Lowered(group, tuple(ids), numbers, lines)

    def prepare(self, n: Numbers) -> Numbers:
        """What each year of age writes off, beside."""
        return self.write_off.prepare(n)

    def init(self, n: Numbers) -> IncomeTaxState:
        """Losses brought forward, nothing else."""
        zero = jnp.zeros_like(n["rate"])
        pool = self.write_off.nothing(zero)
        unbuilt = jnp.zeros_like(n["share"])
        return IncomeTaxState(pool, zero, zero, zero, n["losses"], zero, unbuilt, zero, zero)

    def publish(self, n: Numbers, s: IncomeTaxState, month: Month) -> Amounts:
        """Losses carried into the tax year, tax paid so far, arrears, depreciation so far."""
        del n, month
        return {"losses": s.losses, "paid": s.paid, "arrears": s.arrears, "written_off": s.written}

    def _entering(self, s: IncomeTaxState, month: Month) -> list[tuple[Array, Array]]:
        """Capital cost that falls due in this period, USD [K, C, P], and the period it counts in.

        What fell due in the period before and was not paid leaves the pool that it had entered.
        """
        early = jnp.asarray(self.when_due)[:, None, None]
        before = jnp.maximum(month.period - 1, 0)
        return [(-early * s.unbuilt, before), (early * month.claimed[self.added], month.period)]

    def _year(self, n: Numbers, s: IncomeTaxState, month: Month) -> "_Year":
        """The tax year to date."""
        written = self.write_off.written(n, s.pool, self._entering(s, month), month.period)
        also = jnp.sum(month.obs[self.also], axis=1)
        earned = month.claimed[self.earned] - s.short + also - (written - s.written)
        income = s.income + (jnp.asarray(self.whole)[:, None] + month.obs[self.share]) * earned
        once = jnp.asarray(self.at_once)[:, None]

        def tax_on(base: Array) -> Array:
            later = jnp.maximum(base, 0.0) - losses_used(base, s.losses, n["loss_limit"])
            return n["rate"] * jnp.where(once > 0.5, base, later)

        base = income - jnp.asarray(self.deducting)[:, None] * tax_on(income)[self.deducts]
        tax = tax_on(base)
        collects = jnp.asarray(self.collects)[:, month.period][:, None]
        now = collects * jnp.where(
            once > 0.5, jnp.maximum(tax - s.charged, 0.0), outstanding(tax, s.charged)
        )
        saving = collects * once * jnp.maximum(s.charged - tax, 0.0)
        return _Year(written, income, base, tax, now, saving)

    def claim(self, n: Numbers, s: IncomeTaxState, month: Month) -> Amounts:
        """Tax for the year so far, as far as it was not claimed yet, and arrears; savings."""
        year = self._year(n, s, month)
        return {"tax": year.now + s.arrears, "saving": year.saving}

    def settle(
        self, n: Numbers, s: IncomeTaxState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[IncomeTaxState, Mapping[str, Array]]:
        """Close the year, pool what was bought, carry losses and arrears."""
        year = self._year(n, s, month)
        closes = jnp.asarray(self.closes)[month.period] > 0.5
        later = 1.0 - jnp.asarray(self.at_once)[:, None]
        left = s.losses - later * losses_used(year.base, s.losses, n["loss_limit"])
        losses = left + later * jnp.maximum(-year.base, 0.0)
        charged = s.charged + year.now - year.saving
        built = month.past[self.added]
        late = 1.0 - jnp.asarray(self.when_due)[:, None, None]
        entering = (*self._entering(s, month), (late * built, month.period))
        state = IncomeTaxState(
            pool=self.write_off.added(n, s.pool, entering, month.period),
            written=year.written,
            income=jnp.where(closes, 0.0, year.income),
            charged=jnp.where(closes, later * jnp.maximum(charged - year.tax, 0.0), charged),
            losses=jnp.where(closes, losses, s.losses),
            short=month.claimed[self.earned] - month.past[self.earned],
            unbuilt=month.claimed[self.added] - built,
            arrears=outstanding(claimed["tax"], paid["tax"]),
            paid=s.paid + paid["tax"],
        )
        return state, {}


class _Year(NamedTuple):
    """The tax year to date, every leaf [K, P] USD."""

    written: Array
    """depreciation by the close of the period, of all years"""
    income: Array
    base: Array
    """income less the tax that is deducted"""
    tax: Array
    """on the year to date"""
    now: Array
    """claimed in this period"""
    saving: Array
