"""A case as a plan of ours, with periods of a year; the opening period is SSC's year 0.

The project is a company that passes its income through to its owners, whose tax is therefore paid,
and saved, by them at once. Costs that count as property (installed cost, financing of construction,
other financing, development) are paid when the plan starts; so are fees of lenders and the first
funding of reserves. What remains each year goes to the owners, who also meet what is short.

Conventions of SSC that the plan states in so many words: losses and credits are used at once, fees
of lenders are never deducted, capital cost counts when it falls due, half a year's depreciation in
the year of purchase, reserves hold what the coming year needs, and no flow has a day within a year.
"""

import math
from dataclasses import dataclass
from typing import Any

from tests.conformance.ssc.read import CLASSES, FLIPS, GIVERS, Case, OutOfScope

START = 2026
SL_15 = (0.0333, *(0.0667,) * 6, *(0.0666, 0.0667) * 4, 0.0333)
"""Straight line over 15 years by SSC's table, rounded to four places."""
EQUIPMENT = ("equip1", "equip2", "equip3")
MUCH = "1e15 USD"


def usd(value: float) -> str:
    """An amount."""
    return f"{value!r} USD"


def share(value: float) -> str:
    """A share, as a number."""
    return repr(float(value))


def dated(values: list[float], unit: str) -> dict[str, str]:
    """[year] a map from the plan's first year on."""
    return {str(START + i): f"{value!r} {unit}" for i, value in enumerate(values)}


def operating_expenses(case: Case) -> list[float]:
    """[year] what it costs to run the project, USD."""
    inflation = case.share("inflation_rate")

    def growing(name: str, scale: float) -> list[float]:
        return case.escalated(name, scale, inflation + case.share(f"{name}_escal"))

    energy = case.yearly("cf_energy_sales")
    if not any(energy):
        energy = case.yearly("cf_energy_net")
    heat = case.number("system_heat_rate") * 0.001 * case.number("annual_fuel_usage")
    parts = [
        growing("om_fixed", 1.0),
        [a * b for a, b in zip(growing("om_production", 0.001), energy, strict=True)],
        growing("om_capacity", case.number("system_capacity")),
        growing("om_fuel_cost", heat),
        growing("om_opt_fuel_1_cost", case.number("om_opt_fuel_1_usage")),
        growing("om_opt_fuel_2_cost", case.number("om_opt_fuel_2_usage")),
        growing("om_land_lease", case.number("land_area")),
        case.yearly("cf_utility_bill"),
    ]
    cost = case.number("total_installed_cost")
    assessed = cost * case.share("prop_tax_cost_assessed_percent")
    for i in range(case.years):
        left = max(100.0 - i * case.number("prop_tax_assessed_decline"), 0.0) / 100.0
        tax = assessed * left * case.share("property_tax_rate")
        insurance = cost * case.share("insurance_rate") * (1.0 + inflation) ** i
        parts[0][i] += tax + insurance
    return [sum(values) for values in zip(*parts, strict=True)]


def sales(case: Case) -> list[float]:
    """[year] what is sold of energy, heat, capacity and curtailment, USD."""
    names = ("energy_value", "thermal_value", "curtailment_value", "capacity_payment")
    return [sum(values) for values in zip(*(case.yearly(f"cf_{n}") for n in names), strict=True)]


def revenue(case: Case) -> list[float]:
    """[year] sales, incentives that count for debt service, and salvage, USD."""
    total = sales(case)
    for giver in GIVERS:
        if case.flag(f"pbi_{giver}_for_ds"):
            total = [a + b for a, b in zip(total, per_energy(case, giver), strict=True)]
    total[-1] += case.share("salvage_percentage") * case.number("total_installed_cost")
    return total


def per_energy(case: Case, giver: str) -> list[float]:
    """[year] incentive by the energy produced, USD."""
    name = f"pbi_{giver}"
    rates = case.escalated(f"{name}_amount", 1.0, case.share(f"{name}_escal"))
    if len(case.listed(f"{name}_amount")) == 1:
        term = int(case.number(f"{name}_term"))
        rates = [rate if i < term else 0.0 for i, rate in enumerate(rates)]
    energy = case.yearly("cf_energy_sales")
    return [a * b for a, b in zip(rates, energy, strict=True)]


@dataclass(frozen=True)
class Gift:
    """A grant at the plan's start, and whether it is taxed and taken off what is depreciated."""

    name: str
    amount: float
    taxed: dict[str, bool]
    reduces: dict[str, bool]


def gifts(case: Case) -> list[Gift]:
    """Incentives by investment and by capacity."""
    found: list[Gift] = []
    cost = case.number("total_installed_cost")
    for giver in GIVERS:
        percent = min(
            case.share(f"ibi_{giver}_percent") * cost,
            case.number(f"ibi_{giver}_percent_maxvalue", 1e38),
        )
        capacity = min(
            case.number(f"cbi_{giver}_amount") * 1000.0 * case.number("system_capacity"),
            case.number(f"cbi_{giver}_maxvalue", 1e38),
        )
        for kind, amount in (
            (f"ibi_{giver}_amount", case.number(f"ibi_{giver}_amount")),
            (f"ibi_{giver}_percent", percent),
            (f"cbi_{giver}", capacity),
        ):
            taxed, reduces = (
                {who: case.flag(f"{kind}_{what}_{who}") for who in ("fed", "sta")}
                for what in ("tax", "deprbas")
            )
            found.append(Gift(kind, amount, taxed, reduces))
    return found


def property_cost(case: Case) -> float:
    """What counts as property, USD, the development fee apart."""
    names = ("total_installed_cost", "construction_financing_cost", "cost_other_financing")
    total = sum(case.number(name) for name in names)
    return total + (case.number("cost_equity_closing") if case.model in FLIPS else 0.0)


def development_fee(case: Case) -> float:
    """Paid to the sponsor of a partnership, USD."""
    if case.model not in FLIPS:
        return 0.0
    return case.share("cost_dev_fee_percent") * case.number("total_installed_cost")


@dataclass(frozen=True)
class Basis:
    """What of the property cost is written off, by class, for one government."""

    parts: dict[str, float]
    """class -> its share of the property cost"""
    reductions: dict[str, float]
    """class -> share of it that is not depreciable"""
    qualifying: float
    """share of the property cost on which this government grants its investment credit"""
    credit: float
    """credit of this government as a share of that"""


def _credit_rate(case: Case, who: str, qualifying_usd: float) -> float:
    """Investment credit as a share of what qualifies."""
    shares, amounts = case.listed(f"itc_{who}_percent"), case.listed(f"itc_{who}_amount")
    if any(shares[1:]) or any(amounts[1:]):
        raise OutOfScope(f"investment credit in several years (itc_{who}_percent, _amount)")
    most = case.listed(f"itc_{who}_percent_maxvalue")[0]
    granted = min(shares[0] / 100.0 * qualifying_usd, most if most else 1e38)
    if amounts[0] and not qualifying_usd:
        raise OutOfScope(f"investment credit on nothing (itc_{who}_amount)")
    return (granted + amounts[0]) / qualifying_usd if qualifying_usd else 0.0


def bases(case: Case) -> dict[str, Basis]:
    """By government, "fed" and "sta"."""
    cost = property_cost(case) + development_fee(case)
    parts = {c: case.share(f"depr_alloc_{c}_percent") for c in CLASSES}
    total = sum(parts.values())
    lost: dict[str, dict[str, float]] = {}
    qualifies: dict[str, dict[str, float]] = {}
    credit: dict[str, float] = {}
    for who in ("fed", "sta"):
        given = sum(g.amount for g in gifts(case) if g.reduces[who])
        if case.flag(f"depr_{who}bas_method"):
            lost[who] = {c: given * parts[c] / total if total else 0.0 for c in CLASSES}
        else:
            lost[who] = {c: given if c == "macrs_5" else 0.0 for c in CLASSES}
        qualifies[who] = {
            c: parts[c] * cost - lost[who][c] if case.flag(f"depr_itc_{who}_{c}") else 0.0
            for c in CLASSES
        }
        credit[who] = _credit_rate(case, who, sum(qualifies[who].values()))
    found: dict[str, Basis] = {}
    for who in ("fed", "sta"):
        halves = dict.fromkeys(CLASSES, 0.0)
        for grantor in ("fed", "sta"):
            flags = {
                case.flag(f"itc_{grantor}_{what}_deprbas_{who}") for what in _kinds(case, grantor)
            }
            if len(flags) > 1:
                raise OutOfScope(f"basis reduced by one part of a credit (itc_{grantor}_*_deprbas)")
            if flags == {True}:
                for c in CLASSES:
                    halves[c] += 0.5 * credit[grantor] * qualifies[grantor][c]
        reductions = {
            c: (lost[who][c] + halves[c]) / (parts[c] * cost) if parts[c] else 0.0 for c in CLASSES
        }
        found[who] = Basis(parts, reductions, sum(qualifies[who].values()) / cost, credit[who])
    return found


def _kinds(case: Case, grantor: str) -> list[str]:
    """How the credit of a government is stated: by percent, by amount."""
    return [what for what in ("percent", "amount") if any(case.listed(f"itc_{grantor}_{what}"))]


def schedule(case: Case, name: str) -> dict[str, Any]:
    """How a class is written off."""
    if name in ("macrs_5", "macrs_15"):
        return {"depreciation": name}
    if name == "custom":
        yearly = tuple(v / 100.0 for v in case.listed("depr_custom_schedule"))
    elif name == "sl_15":
        yearly = SL_15
    else:
        life = int(name.removeprefix("sl_"))
        yearly = (0.5 / life, *(1.0 / life,) * (life - 1), 0.5 / life)
    # One length for all, so that every case is the same program.
    yearly = (yearly + (0.0,) * case.years)[: case.years]
    return {"depreciation": "custom", "yearly": [share(v) for v in yearly]}


def assets(case: Case, who: str) -> list[dict[str, Any]]:
    """Classes of assets for one government."""
    basis = bases(case)[who]
    bonus = case.share(f"depr_bonus_{who}")
    found = [
        {
            "share": share(basis.parts[c]),
            "reduction": share(basis.reductions[c]),
            "bonus": share(bonus if case.flag(f"depr_bonus_{who}_{c}") else 0.0),
            **schedule(case, c),
        }
        for c in CLASSES
    ]
    equipment = CLASSES[int(case.number(f"equip_reserve_depr_{who}"))]
    return [*found, *({**schedule(case, equipment), "held_by": name} for name in EQUIPMENT)]


def energy_credit(case: Case, who: str) -> list[float]:
    """[year] production credit, USD/MWh: rounded as the tax office does where it grows."""
    amount = case.listed(f"ptc_{who}_amount")
    if len(amount) > 1:
        return [1000.0 * v for v in (amount + [0.0] * case.years)[: case.years]]
    growth, term = case.share(f"ptc_{who}_escal"), int(case.number(f"ptc_{who}_term"))
    grown = (1000.0 * amount[0] * (1.0 + growth) ** i for i in range(case.years))
    return [math.floor(v + 0.5) if i < term else 0.0 for i, v in enumerate(grown)]


def credits(case: Case) -> dict[str, Any]:
    """Investment and production credits of both governments, one for every partner."""
    energy = [v / 1000.0 for v in case.yearly("cf_energy_sales")]
    found: dict[str, Any] = {}
    for who, government in (("fed", "treasury"), ("sta", "state")):
        basis = bases(case)[who]
        for partner, more in partners(case):
            found[f"{who}_credit_{partner}"] = {
                "kind": "tax_credit",
                "holder": partner,
                "government": government,
                "business": "project",
                "investment": share(basis.credit),
                "qualifying": share(basis.qualifying),
                "per_mwh": dated(energy_credit(case, who), "USD/MWh"),
                "output": dated(energy, "MWh/year"),
                "term": f"{case.years} years",
                **more,
            }
    return found


def partners(case: Case) -> list[tuple[str, dict[str, str]]]:
    """Owners of the project, and what says their share."""
    if case.model not in FLIPS:
        return [("owner", {})]
    return [(p, {"partnership": "flip", "partner": p}) for p in ("investor", "sponsor")]


def taxes(case: Case) -> dict[str, Any]:
    """Income taxes of both governments, one for every partner; the sponsor's on its fee."""
    found: dict[str, Any] = {}
    common = {"losses_used": "at_once", "fees": "not_deducted", "counted": "due"}
    rates = {
        who: share(case.share(f"{n}_tax_rate")) for who, n in (("fed", "federal"), ("sta", "state"))
    }
    for partner, more in partners(case):
        for who, government in (("sta", "state"), ("fed", "treasury")):
            also = [g.name for g in gifts(case) if g.taxed[who]]
            also += [f"pbi_{x}" for x in GIVERS if case.flag(f"pbi_{x}_tax_{who}")]
            found[f"{who}_tax_{partner}"] = {
                "kind": "income_tax",
                "taxpayer": partner,
                "government": government,
                "rate": rates[who],
                "income_of": "project",
                "assets": assets(case, who),
                "also_taxed": [*also, *([f"sta_credit_{partner}"] if who == "fed" else [])],
                **({"deducts": f"sta_tax_{partner}"} if who == "fed" else {}),
                **common,
                **more,
            }
    if case.model in FLIPS:
        for who, government in (("sta", "state"), ("fed", "treasury")):
            found[f"{who}_tax_on_fee"] = {
                "kind": "income_tax",
                "taxpayer": "sponsor",
                "government": government,
                "rate": rates[who],
                **({"deducts": "sta_tax_on_fee"} if who == "fed" else {}),
                **common,
            }
    return found


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
        equity = {"kind": "common_equity", "investor": "owner", "issuer": "project"}
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


def plan_of(case: Case) -> dict[str, Any]:
    """The plan, as its file would say it.

    Raises:
        OutOfScope: the case has a feature that is not known.
    """
    if case.model == "saleleaseback":
        raise OutOfScope("sale and leaseback")
    nominal = (1.0 + case.share("real_discount_rate")) * (1.0 + case.share("inflation_rate")) - 1.0
    outside = {"offtaker": "customer", "supplier": "supplier", "builder": "supplier"}
    outside |= {"bank": "lender", "treasury": "public", "state": "public"}
    outside |= {name: "equity" for name, _ in partners(case)}
    accounts = (
        "working_capital",
        "receivables",
        *EQUIPMENT,
        *(("debt_service",) if debt(case) else ()),
    )
    parties: dict[str, Any] = {"project": {"kind": "internal", "role": "operator", "cash": "0 USD"}}
    parties |= {name: {"kind": "account", "owner": "project"} for name in accounts}
    parties |= {name: {"kind": "external", "role": role} for name, role in outside.items()}
    running = {
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
    }
    grants: dict[str, Any] = {
        gift.name: {
            "kind": "grant",
            "payer": "treasury",
            "recipient": "project",
            "amount": usd(gift.amount),
        }
        for gift in gifts(case)
    }
    for giver in GIVERS:
        counted = case.flag(f"pbi_{giver}_for_ds")
        paid = [0.0] * case.years if counted else per_energy(case, giver)
        grants[f"pbi_{giver}"] = {
            "kind": "grant",
            "payer": "treasury",
            "recipient": "project",
            "yearly": dated(paid, "USD/year"),
        }
    return {
        "plan": {
            "name": case.name[:60],
            "start": f"{START}-01",
            "horizon": f"{case.years} years",
            "periods": "years",
            "discount_rate": f"{100.0 * nominal!r} %/year",
        },
        "parties": parties,
        "sites": {
            "plant": {"owner": "project", "phases": [{"power": "1 MW", "energise": f"{START}-01"}]}
        },
        "contracts": {
            **running,
            **grants,
            **owners(case, list(running)),
            **credits(case),
            **taxes(case),
        },
    }
