"""A case as a plan of ours, with periods of a year; the opening period is SSC's year 0.

The project is a company that passes its income through to its owners, whose tax is therefore paid,
and saved, by them at once. Costs that count as property (installed cost, financing of construction,
other financing, development) are paid when the plan starts; so are fees of lenders and the first
funding of reserves. What remains each year goes to the owners, who also meet what is short.

Conventions of SSC that the plan states in so many words: losses and credits are used at once, fees
of lenders are never deducted, capital cost counts when it falls due, half a year's depreciation in
the year of purchase, reserves hold what the coming year needs, and no flow has a day within a year.
"""

from typing import Any

from tests.conformance.ssc.money import (
    START,
    counted,
    dated,
    development_fee,
    gifts,
    operating_expenses,
    per_energy,
    property_cost,
    revenue,
    sales,
    share,
    usd,
)
from tests.conformance.ssc.read import FLIPS, GIVERS, LEASE, Case, OutOfScope
from tests.conformance.ssc.tax import EQUIPMENT, credits, partners, taxes

MUCH = "1e15 USD"


def reserves(case: Case) -> dict[str, Any]:
    """Working capital, receivables, major equipment."""
    bank = {"bank": "bank", "interest": f"{case.number('reserves_interest')!r} %/year"}
    found: dict[str, Any] = {}
    for name, months, budget in (
        ("working_capital", "months_working_reserve", operating_expenses(case)),
        ("receivables", "months_receivables_reserve", sales(case)),
    ):
        time = case.number(months)
        found[f"{name}_reserve"] = {
            "kind": "cash_reserve",
            "account": name,
            "owner": "project",
            "months": f"{time!r} months",
            "budget": dated([*budget, 0.0], "USD/year"),
            **bank,
        }
    for name in EQUIPMENT:
        years = int(case.number(f"{name}_reserve_freq"))
        cost = case.number(f"{name}_reserve_cost") * case.number("system_capacity") * 1000.0
        found[f"{name}_reserve"] = {
            "kind": "maintenance_reserve",
            "account": name,
            "owner": "project",
            "supplier": "supplier",
            "cost": usd(cost if years else 0.0),
            "cycle": f"{max(years, 1)} years",
            "escalation": f"{case.number('inflation_rate')!r} %/year",
            **bank,
        }
    return found


def stated_debt(case: Case) -> float:
    """Debt as a share of cost, USD.

    SSC takes the share of a cost whose own fee is the fee on that share of the cost without it, so
    the debt is g (1 + g f) (C + m D): cost C, m what the debt service reserve first holds per USD.
    """
    tenor, wait = int(case.number("term_tenor")), int(case.number("loan_moratorium"))
    rate, part = case.share("term_int_rate"), case.share("debt_percent")
    if not tenor or not part:
        return 0.0
    first = 0.0
    if wait < 1:
        level = rate / (1.0 - (1.0 + rate) ** -tenor) if rate else 1.0 / tenor
        first = 1.0 / tenor if case.flag("payment_option") else level - rate
    held = case.number("dscr_reserve_months") / 12.0 * (rate + first)
    cost = property_cost(case) + development_fee(case) - sum(g.amount for g in gifts(case))
    cost += case.number("months_working_reserve") / 12.0 * operating_expenses(case)[0]
    factor = part * (1.0 + part * case.share("cost_debt_fee"))
    return factor * cost / (1.0 - factor * held)


def most_debt(case: Case) -> str:
    """Most that debt sized by cover may be: a share of what SSC expects it all to cost."""
    if not case.flag("dscr_limit_debt_fraction"):
        return MUCH
    if not case.flag("ppa_soln_mode"):
        raise OutOfScope(
            "a largest share of debt beside a price that is solved for (ppa_soln_mode)"
        )
    cost = property_cost(case) + development_fee(case) - sum(g.amount for g in gifts(case))
    cost += case.share("cost_debt_fee") * case.number("total_installed_cost")
    cost += case.number("months_working_reserve") / 12.0 * operating_expenses(case)[0]
    return usd(case.share("dscr_maximum_debt_fraction") * cost)


def size(case: Case) -> dict[str, Any]:
    """How large the loan is and how it is repaid."""
    if not case.flag("debt_option"):
        return {
            "amount": usd(stated_debt(case)),
            "interest_only": f"{int(case.number('loan_moratorium'))} years",
            "amortisation": "linear" if case.flag("payment_option") else "annuity",
        }
    cash = zip(revenue(case), operating_expenses(case), strict=True)
    if min(a - b for a, b in list(cash)[: int(case.number("term_tenor"))]) <= 0.0:
        raise OutOfScope("debt sized by cover on years without cash flow")
    return {
        "amount": "sized",
        "amortisation": "sculpted",
        "sizing": {
            "dscr": {"base": repr(case.number("dscr"))},
            "after": [f"{name}_reserve" for name in EQUIPMENT],
            "maximum": most_debt(case),
        },
    }


def debt(case: Case) -> dict[str, Any]:
    """The loan and its reserve."""
    if case.model not in ("singleowner", "levpartflip"):
        return {}
    loan = {
        "kind": "term_loan",
        "lender": "bank",
        "borrower": "project",
        **size(case),
        "rate": f"{case.number('term_int_rate')!r} %/year",
        "term": f"{max(int(case.number('term_tenor')), 1)} years",
        "upfront_fee": share(case.share("cost_debt_fee")),
    }
    reserve = {
        "kind": "reserve_account",
        "account": "debt_service",
        "owner": "project",
        "facilities": ["debt"],
        "months": f"{case.number('dscr_reserve_months')!r} months",
        "service": "next",
        "bank": "bank",
        "interest": f"{case.number('reserves_interest')!r} %/year",
    }
    return {"debt": loan, "debt_service_reserve": reserve}


def owners(case: Case, funds: list[str]) -> dict[str, Any]:
    """Who puts money in and takes out what is left."""
    if case.model not in FLIPS:
        who = "sponsor" if case.model == LEASE else "owner"
        equity = {"kind": "common_equity", "investor": who, "issuer": "project"}
        return {"equity": {**equity, "commitment": MUCH, "funds": funds}}
    part = {
        "capital": "equity",
        "cash_before": "preflip_cash",
        "cash_after": "postflip_cash",
        "tax_before": "preflip_tax",
        "tax_after": "postflip_tax",
    }
    years = (
        case.years
        if case.flag("sponsor_cap_recovery_mode")
        else int(case.number("sponsor_cap_recovery_year"))
    )
    flip = {
        "kind": "partnership_flip",
        "partnership": "project",
        "investor": "investor",
        "sponsor": "sponsor",
        "commitment": MUCH,
        "funds": funds,
        **{
            ours: share(case.share(f"tax_investor_{theirs}_percent"))
            for ours, theirs in part.items()
        },
        "target": f"{case.number('flip_target_percent')!r} %/year",
        "recovery": f"{years if case.model == 'equpartflip' else 0} years",
        "development_fee": usd(development_fee(case)),
    }
    return {"flip": flip}


def lease_of(case: Case) -> dict[str, Any]:
    """Sale to the investor and the lease, its rent still to be found; the reserve for it."""
    if case.model != LEASE:
        return {}
    if any(g.amount for g in gifts(case)) or any(any(per_energy(case, g)) for g in GIVERS):
        raise OutOfScope("incentives beside a sale and leaseback (ibi_, cbi_, pbi_)")
    for name in ("months_receivables_reserve", "cost_other_financing"):
        if case.number(name):
            raise OutOfScope(f"{name} beside a sale and leaseback: SSC has nobody who pays it")
    salvage = case.share("salvage_percentage") * case.number("total_installed_cost")
    cost_of_sale = {"depreciation": "custom", "yearly": ["1", *["0"] * (case.years - 1)]}
    own: dict[str, Any] = {
        f"{who}_tax_lessee": {
            "kind": "income_tax",
            "taxpayer": "sponsor",
            "government": government,
            "rate": share(case.share(f"{name}_tax_rate")),
            "income_of": "project",
            "assets": [cost_of_sale],
            "losses_used": "at_once",
            "counted": "due",
            **({"deducts": "sta_tax_lessee"} if who == "fed" else {}),
        }
        for who, name, government in (("sta", "state", "state"), ("fed", "federal", "treasury"))
    }
    return {
        "lease": {
            "kind": "sale_and_leaseback",
            "seller": "project",
            "buyer": "investor",
            "price": usd(property_cost(case) + development_fee(case)),
            "rent": dated([0.0] * case.years, "USD/year"),
            "term": f"{case.years} years",
        },
        "lease_payment_reserve": {
            "kind": "cash_reserve",
            "account": "lease_payment",
            "owner": "project",
            "months": f"{case.number('tax_investor_required_lease_reserve')!r} months",
            "budget": dated([0.0] * (case.years + 1), "USD/year"),
            "bank": "bank",
            "interest": f"{case.number('reserves_interest')!r} %/year",
        },
        "salvage": {
            "kind": "other_business",
            "party": "investor",
            "rest": "offtaker",
            "inflow": dated([*[0.0] * (case.years - 1), salvage], "USD/year"),
        },
        **own,
    }


def margin(case: Case) -> list[float]:
    """[year] what a lessee keeps of the cash of the project, USD."""
    growth = case.share("sponsor_operating_margin_escalation")
    first = case.number("sponsor_operating_margin") * case.number("system_capacity")
    return [first * (1.0 + growth) ** i for i in range(case.years)]


def with_rent(case: Case, plan: dict[str, Any], rent: list[float]) -> dict[str, Any]:
    """The plan with the rent of a lease; the reserve holds months of the first year's."""
    if min(rent) < 0.0:
        raise OutOfScope("a lease payment below nothing")
    contracts = plan["contracts"]
    lease = {**contracts["lease"], "rent": dated(rent, "USD/year")}
    budget = dated([rent[0]] * case.years + [0.0], "USD/year")
    reserve = {**contracts["lease_payment_reserve"], "budget": budget}
    return {**plan, "contracts": {**contracts, "lease": lease, "lease_payment_reserve": reserve}}


def parties_of(case: Case) -> dict[str, Any]:
    """The project, its accounts, and everybody outside."""
    leased, lent = case.model == LEASE, bool(debt(case))
    outside = {"offtaker": "customer", "supplier": "supplier", "builder": "supplier"}
    outside |= {"bank": "lender", "treasury": "public", "state": "public"}
    outside |= {name: "equity" for name, _ in partners(case)}
    outside |= {"sponsor": "equity"} if leased else {}
    accounts = ["working_capital", "receivables", *EQUIPMENT]
    accounts += ["lease_payment"] * leased + ["debt_service"] * lent
    return {
        "project": {"kind": "internal", "role": "operator", "cash": "0 USD"},
        **{name: {"kind": "account", "owner": "project"} for name in accounts},
        **{name: {"kind": "external", "role": role} for name, role in outside.items()},
    }


def running(case: Case) -> dict[str, Any]:
    """What is built and sold, and the debt, leases and reserves that go with it."""
    return {
        "build": {
            "kind": "construction_contract",
            "owner": "project",
            "contractor": "builder",
            "site": "plant",
            "per_phase": usd(property_cost(case)),
        },
        "operation": {
            "kind": "other_business",
            "party": "project",
            "rest": "offtaker",
            "inflow": dated(revenue(case), "USD/year"),
            "outflow": dated(operating_expenses(case), "USD/year"),
        },
        **reserves(case),
        **debt(case),
        **lease_of(case),
    }


def grants(case: Case) -> dict[str, Any]:
    """Incentives: at the start, and by energy where they do not count for debt service."""
    common = {"kind": "grant", "payer": "treasury", "recipient": "project"}
    found: dict[str, Any] = {g.name: {**common, "amount": usd(g.amount)} for g in gifts(case)}
    for giver in GIVERS:
        paid = [0.0] * case.years if counted(case, giver) else per_energy(case, giver)
        found[f"pbi_{giver}"] = {**common, "yearly": dated(paid, "USD/year")}
    return found


def plan_of(case: Case) -> dict[str, Any]:
    """The plan, as its file would say it.

    Raises:
        OutOfScope: the case has a feature that is not known.
    """
    nominal = (1.0 + case.share("real_discount_rate")) * (1.0 + case.share("inflation_rate")) - 1.0
    phases = [{"power": "1 MW", "energise": f"{START}-01"}]
    funded = running(case)
    return {
        "plan": {
            "name": case.name[:60],
            "start": f"{START}-01",
            "horizon": f"{case.years} years",
            "periods": "years",
            "discount_rate": f"{100.0 * nominal!r} %/year",
        },
        "parties": parties_of(case),
        "sites": {"plant": {"owner": "project", "phases": phases}},
        "contracts": {
            **funded,
            **grants(case),
            **owners(case, list(funded)),
            **credits(case),
            **taxes(case),
        },
    }
