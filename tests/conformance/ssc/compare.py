"""What came out of a run beside what was published: one figure a line, its largest error.

Amounts are compared relative to the largest amount of the same series, rates as they are. Where SSC
gives no rate of return (its search did not end) none is compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from offtake.core.flows import Flow
from tests.conformance.case import Outcome, power_of_ten_above
from tests.conformance.ssc.plan import plan_of
from tests.conformance.ssc.read import FLIPS, LEASE, Case, OutOfScope, read
from tests.conformance.ssc.run import Ledger, Years, returns, run_case, worth
from tests.conformance.ssc.tax import EQUIPMENT, partners

AMOUNT = 1e-9
"""Relative to the largest amount of the series."""
RATE = 1e-6
"""Rates of return: SSC's own leave a net present value of up to 1e-6 of the flows."""


@dataclass(frozen=True)
class Figure:
    """One published figure and ours."""

    name: str
    error: float
    tolerance: float


def figures(case: Case, ledger: Ledger) -> Iterator[Figure]:
    """Every figure of a case that is compared."""
    amounts = lease_amounts if case.model == LEASE else _amounts
    for name, found in amounts(case, ledger).items():
        published = case.outputs.get(name)
        if published is None or (isinstance(published, list) and not published):
            continue
        expected = np.asarray(published, float)
        first = 1 if name in FROM_FIRST_YEAR else 0
        yield _amount(name, np.atleast_1d(found)[first:], np.atleast_1d(expected)[first:])
    yield from _returns(case, ledger)


FROM_FIRST_YEAR = ("cf_cash_for_ds",)


def _amount(name: str, found: Years, expected: Years) -> Figure:
    scale = max(float(np.max(np.abs(expected))), 1.0)
    return Figure(name, float(np.max(np.abs(found - expected))) / scale, AMOUNT)


def _amounts(case: Case, ledger: Ledger) -> dict[str, Years]:
    """Our amounts under SSC's names, [T] or one number, USD."""
    line = ledger.line
    sold, spent = line("operation", "inflow"), line("operation", "outflow")
    owner = partners(case)[0][0]
    saved = sum(line(f"{name}_reserve", "top_up") for name in EQUIPMENT)
    interest, principal = line("debt", "interest"), line("debt", "principal")
    tenor = int(case.number("term_tenor")) if "term_tenor" in case.inputs else 0
    within = np.arange(case.years + 1) <= tenor
    receivable = line("receivables_reserve", "top_up")
    found: dict[str, Years] = {
        "cf_total_revenue": sold,
        "cf_operating_expenses": spent,
        "cf_ebitda": sold - spent,
        "cf_cash_for_ds": np.where(within, sold - spent - saved - receivable, 0.0),
        "cf_debt_payment_interest": interest,
        "cf_debt_payment_principal": principal,
        "cf_debt_payment_total": interest + principal,
        "cf_reserve_om": ledger.held("working_capital"),
        "cf_reserve_receivables": ledger.held("receivables"),
        "cf_reserve_debtservice": ledger.held("debt_service"),
        **{f"cf_reserve_{name}": ledger.held(name) for name in EQUIPMENT},
        "cf_reserve_interest": ledger.of("project", "in", Flow.INTEREST),
        "cf_feddepr_total": _yearly(ledger, f"fed_tax_{owner}"),
        "cf_stadepr_total": _yearly(ledger, f"sta_tax_{owner}"),
        "cf_project_return_pretax": _pretax(case, ledger),
        "cf_project_return_aftertax": _pretax(case, ledger)
        + sum(_taxes(case, ledger, partner) for partner, _ in partners(case)),
    }
    if "debt" in {claim.contract for claim in ledger.lowered.labels.claims}:
        found["cf_debt_balance"] = ledger.after("debt", "balance")
        found["size_of_debt"] = line("debt", "advance")[:1]
        found["cost_debt_upfront"] = line("debt", "fee")[:1]
    for who in ("fed", "sta"):
        found[f"cf_{who}tax"] = _net_tax(case, ledger, who)
        found[f"cf_ptc_{who}"] = _credit(case, ledger, who, "production")
        found[f"itc_total_{who}"] = _credit(case, ledger, who, "investment").sum()[None]
    found["issuance_of_equity"] = -_pretax(case, ledger)[:1]
    return found


def _yearly(ledger: Ledger, tax: str) -> Years:
    """[T] depreciation of each year, USD."""
    return np.diff(ledger.after(tax, "written_off"), prepend=0.0)


def _net_tax(case: Case, ledger: Ledger, who: str) -> Years:
    """[T] tax saved less paid on the project's income, USD."""
    names = [f"{who}_tax_{partner}" for partner, _ in partners(case)]
    return sum(
        (ledger.line(n, "saving") - ledger.line(n, "tax") for n in names), np.zeros(case.years + 1)
    )


def _credit(case: Case, ledger: Ledger, who: str, part: str) -> Years:
    """[T] credits by part; a case has an investment credit in year 1, or one for production."""
    names = [f"{who}_credit_{partner}" for partner, _ in partners(case)]
    total = sum((ledger.line(n, "credit") for n in names), np.zeros(case.years + 1))
    invests = case.listed(f"itc_{who}_percent")[0] or case.listed(f"itc_{who}_amount")[0]
    if not invests:
        return total if part == "production" else 0.0 * total
    first = np.arange(case.years + 1) == 1
    if part == "investment":
        return np.where(first, total - case.yearly(f"cf_ptc_{who}")[0], 0.0)
    return np.where(first, case.yearly(f"cf_ptc_{who}")[0], total)


def _cash(ledger: Ledger, partner: str) -> Years:
    """[T] what a partner takes out less what it puts in, USD."""
    got = ledger.of(partner, "in", Flow.DISTRIBUTION, Flow.CAPITAL_COST)
    return got - ledger.of(partner, "out", Flow.CAPITAL_IN)


def _pretax(case: Case, ledger: Ledger) -> Years:
    """[T] what all owners take out less what they put in, the fee for development apart, USD."""
    fee = ledger.line("flip", "development_fee")
    return sum((_cash(ledger, p) for p, _ in partners(case)), -fee)


def _taxes(case: Case, ledger: Ledger, partner: str) -> Years:
    """[T] credits and taxes of a partner on the project, USD."""
    total = np.zeros(case.years + 1)
    for who in ("fed", "sta"):
        total += ledger.line(f"{who}_credit_{partner}", "credit")
        tax = f"{who}_tax_{partner}"
        total += ledger.line(tax, "saving") - ledger.line(tax, "tax")
    return total


def _partner(case: Case, ledger: Ledger, partner: str) -> Years:
    """[T] all that a partner gets and pays after tax, USD."""
    on_fee = sum(
        ledger.line(f"{who}_tax_on_fee", "saving") - ledger.line(f"{who}_tax_on_fee", "tax")
        for who in ("fed", "sta")
    )
    own = on_fee if partner == "sponsor" else 0.0
    return _cash(ledger, partner) + _taxes(case, ledger, partner) + own


def _returns(case: Case, ledger: Ledger) -> Iterator[Figure]:
    """Rates of return and present values up to each year."""
    if case.model == LEASE:
        yield from _rates_of(case, _lease_columns(case, ledger))
        return
    pretax = _pretax(case, ledger)
    columns = {"project_return_pretax": pretax}
    columns["project_return_aftertax"] = pretax + sum(
        _taxes(case, ledger, p) for p, _ in partners(case)
    )
    if case.model in FLIPS:
        for ours, theirs in (("investor", "tax_investor"), ("sponsor", "sponsor")):
            columns[f"{theirs}_pretax"] = _cash(ledger, ours)
            columns[f"{theirs}_aftertax"] = _partner(case, ledger, ours)
    yield from _rates_of(case, columns)


def _rates_of(case: Case, columns: dict[str, Years]) -> Iterator[Figure]:
    """Flows by SSC's name: the flows, their rates of return and present values up to each year."""
    flows = np.stack(list(columns.values()), axis=1)
    nominal = (1.0 + case.share("real_discount_rate")) * (1.0 + case.share("inflation_rate")) - 1.0
    for i, (name, rates) in enumerate(zip(columns, returns(flows).T, strict=True)):
        published = case.outputs.get(f"cf_{name}")
        if published:
            yield _amount(f"cf_{name}", flows[:, i], np.asarray(published, float))
        published = case.outputs.get(f"cf_{name}_irr")
        if published:
            theirs = np.asarray(published, float) / 100.0
            both = ~np.isnan(theirs) & ~np.isnan(rates)
            apart = np.minimum(np.abs(rates - theirs), _left(flows[:, i], theirs))
            gaps = apart[both]
            lost = np.isnan(rates) & ~np.isnan(theirs) & (np.arange(len(rates)) > 0)
            error = 1.0 if np.any(lost) else float(np.max(gaps, initial=0.0))
            yield Figure(f"cf_{name}_irr", error, RATE)
        published = case.outputs.get(f"cf_{name}_npv")
        if published:
            yield _amount(
                f"cf_{name}_npv", worth(flows, nominal)[:, i], np.asarray(published, float)
            )


def lease_amounts(case: Case, ledger: Ledger) -> dict[str, Years]:
    """Our amounts of a sale and leaseback under SSC's names, [T] or one number, USD."""
    line = ledger.line
    tax = _yearly(ledger, "fed_tax_investor"), _yearly(ledger, "sta_tax_investor")
    earned = ledger.of("project", "in", Flow.INTEREST)
    found: dict[str, Years] = {
        "cf_total_revenue": line("operation", "inflow") + line("salvage", "inflow"),
        "cf_reserve_om": ledger.held("working_capital"),
        "cf_reserve_leasepayment": ledger.held("lease_payment"),
        **{f"cf_reserve_{name}": ledger.held(name) for name in EQUIPMENT},
        "cf_reserve_interest": earned - line("lease_payment_reserve", "interest"),
        "cf_reserve_leasepayment_interest": line("lease_payment_reserve", "interest"),
        "cf_pretax_operating_cashflow": line("lease", "rent"),
        "cf_feddepr_total": tax[0],
        "cf_stadepr_total": tax[1],
        "sale_of_property": line("lease", "sale")[:1],
        "cf_tax_investor_fedtax": _net_tax(case, ledger, "fed"),
        "cf_tax_investor_statax": _net_tax(case, ledger, "sta"),
    }
    for who in ("fed", "sta"):
        found[f"cf_ptc_{who}"] = _credit(case, ledger, who, "production")
        found[f"itc_total_{who}"] = _credit(case, ledger, who, "investment").sum()[None]
    return found


def _lease_columns(case: Case, ledger: Ledger) -> dict[str, Years]:
    """[T] flows of the lessor and of the lessee's owner under SSC's names, USD."""
    line = ledger.line
    lessor = line("lease", "rent") + line("salvage", "inflow") - line("lease", "sale")
    lessee = _cash(ledger, "sponsor")
    columns = {
        "tax_investor_pretax": lessor,
        "tax_investor_aftertax": lessor + _taxes(case, ledger, "investor"),
        "sponsor_pretax": lessee,
    }
    if not undeducted(case):
        names = ("sta_tax_lessee", "fed_tax_lessee")
        taxes = sum(line(name, "saving") - line(name, "tax") for name in names)
        columns["sponsor_aftertax"] = lessee + taxes
    return columns


def undeducted(case: Case) -> str:
    """Why the lessee's tax is not compared; empty where it is."""
    used = any(case.yearly("cf_utility_bill")) or any(case.listed("om_land_lease"))
    used = used or any(any(case.listed(f"om_opt_fuel_{k}_cost")) for k in (1, 2))
    if case.model != LEASE or not used:
        return ""
    return (
        "lessee's tax apart: SSC leaves purchases from the grid, land and further fuels out of it"
    )


def _left(flows: Years, rates: Years) -> Years:
    """[T] value of the flows up to each year at a rate, as a share of the largest of them.

    SSC's search for a rate stops where this is 1e-6, and so its rates are known no better.
    """
    left = np.full(len(flows), np.inf)
    for year, rate in enumerate(rates):
        if np.isfinite(rate):
            some = flows[: year + 1]
            value = some @ (1.0 + rate) ** -np.arange(year + 1.0)
            left[year] = abs(value) / np.max(np.abs(some))
    return left


def compare(path: Path, suite: str) -> Outcome:
    """How one case went."""
    try:
        case = read(path)
        plan = plan_of(case)
    except OutOfScope as reason:
        return Outcome(suite, path.stem, "out of scope", str(reason))
    found = list(figures(case, run_case(case, plan)))
    worst = power_of_ten_above(max(f.error for f in found if f.tolerance == AMOUNT))
    failed = [f"{f.name} is off by {f.error:.1e}" for f in found if f.error > f.tolerance]
    status = "failed" if failed else "passed"
    said = f"{len(found)} figures{'; ' * bool(undeducted(case))}{undeducted(case)}"
    return Outcome(suite, path.stem, status, "; ".join(failed) or said, worst)
