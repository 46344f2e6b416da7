"""A plan that holds the example of every instrument, with whatever the examples refer to.

Payers outside the plan may default, prices and rates are random, and company, developer and lab are
short of cash often enough for every support to be called; so each instrument meets good months and
bad ones.
"""

import json
from typing import Any

from offtake.contracts import ALL
from offtake.core.terms import Terms
from offtake.plan.load import check_text
from offtake.plan.schema import Plan
from tests.instruments import calm, owners
from tests.instruments.beside import EXTRA

#: Where another contract's example refers to a contract, it does so by these names.
IDS = {
    "chip_purchase": "order",
    "reserved_capacity": "reservation",
    "site_lease": "lease",
    "term_loan": "loan",
}
INTERNAL = {
    "company": 300,
    "developer": 150_000,
    "lab": 50,
    "parent": 300,
    "operator": 2_000_000,
    "project": 100,
    **calm.INTERNAL,
}
"""Internal parties and their opening cash, USD."""
OUTSIDE = (
    *("vendor", "builder", "utility", "staff", "customers", "customer", "market", "bank"),
    *("sponsor", "capital_markets", "treasury", "rest_of_company", "receiver"),
    *("tax_investor", "lessor"),
    *("sovereign",),
)
#: Changes to examples, so that one plan gives each of them, and each of its numbers, something to
#: do: where a number matters only beside another, one of the two is an interval round the other.
CHANGES: dict[str, dict[str, Any]] = {
    **owners.CHANGES,
    "construction_contract": {"per_mw": "40 k USD/MW", "per_phase": "2 k USD"},
    "site_lease": {
        "per_mw": "20 k USD/MW/year",
        "rent": "500 USD/year",
        "renewals": 2,
        "renewal": "5 months",
        "notice": "2 months",
        "market_rent": "15 k to 30 k USD/MW/year",
        "switching_cost": "10 %",
    },
    "project_bond": {
        "amount": "200 USD",
        "start": "2026-02-10",
        "term": "30 months",
        "interest_every": "2 months",
        "redeemed_from": "construction_account",
        "swept_after": "lease",
        "redemption_price": "101 %",
    },
    "construction_account": {
        "facilities": ["project_bond", "placement"],
        "funds": ["works", "order"],
        "share": "80 %",
        "until": "2026-10",
    },
    "residual_value_guarantee": {
        "guarantor": "sponsor",
        "guaranteed": "800 to 1,200 USD",
        "value": "200 to 900 USD",
        "start": "2026-01-10",
        "term": "44.5 months",
        "cap": "200 to 800 USD",
    },
    "capacity_backstop": {
        "price": "0.1 to 0.4 USD/H100e/h",
        "share": "3 to 15 %",
        "capacity": "0.1 to 0.6 H100e",
        "revenue_share": {"2026-01": "10 %", "2027-04": "5 %"},
        "fee": "24 USD/year",
        "start": "2026-05-10",
        "term": "30.5 months",
    },
    "interest_swap": {
        "fixed": "3 to 6 %/year",
        "floor": "4 %/year",
        "floating": "SOFR + 20 bp",
        "start": "2026-07",
        "term": "20 months",
    },
    "power_swap": {
        "index": "20 to 120 USD/MWh",
        "power": "0.01 MW",
        "start": "2026-02-10",
        "term": "30.5 months",
    },
    "insurance": {
        "capacity": "3 to 4 H100e",
        "agreed": "0.2 USD/H100e/h",
        "deductible": "100 to 400 USD",
        "limit": "300 to 1,000 USD",
        "start": "2026-05-10",
        "term": "30.5 months",
    },
    "price_floor": {
        "index": "compute_price",
        "capacity": "1 to 3 H100e",
        "floor": "0.1 to 0.3 USD/H100e/h",
        "cap": {"2026-01": "0.15 to 0.3 USD/H100e/h", "2028-01": "0.4 USD/H100e/h"},
        "premium": "50 USD",
        "premium_per_hour": "0.01 USD/H100e/h",
        "start": "2026-02-10",
        "term": "30.5 months",
    },
    "power_purchase": {
        "price": "60 USD/MWh",
        "contracted": "0.004 MW",
        "capacity_charge": "3 k USD/MW/year",
        "start": "2026-02-10",
        "end": "2029-05-10",
    },
    "operating_cost": {
        "site": "hall",
        "per_mw": "30 k USD/MW/year",
        "fab": "mill",
        "per_wafer": "20 USD/wafer",
    },
    "chip_sale": {"price": "2 to 8 USD", "share": "80 %"},
    "chip_purchase": {"cancel_after": "1 to 2 months", "cancellation_fee": "10 %"},
    "common_equity": {"commitment": "100 to 1,000 USD"},
    "equity_raise": {"amount": "200 to 2,000 USD"},
    "parent_guarantee": {
        "contracts": ["loan", "staff"],
        "cap": "5 to 100 USD",
        "start": "2026-01-10",
        "end": "2029-06-10",
    },
    "government_guarantee": {
        "cap": "5 to 100 USD",
        "start": "2026-01-10",
        "end": "2027-09-10",
        "risk_free": "SOFR",
    },
    "security": {
        "assets": ["cohort", "hall"],
        "secures": ["loan", "line"],
        "time_of_sale": "2.5 to 5 months",
        "market_depth": "20 H100e",
        "site_value": "5 k USD/MW",
    },
    "reserve_account": {
        "facilities": ["loan"],
        "months": "6 months",
        "minimum": "30 to 300 USD",
        "bank": "bank",
        "interest": "5 %/year",
    },
    "term_loan": {
        "rate": "SOFR + 450 bp",
        "amount": "400 USD",
        "start": "2026-06",
        "term": "2 years",
        "interest_every": "2 months",
        "principal_every": "3 months",
        "reset_every": "2 months",
        "first_rate": "7 %/year",
        "issue_price": "97 %",
    },
    "compute_note": {
        "underwriter": "sponsor",
        "amount": "150 to 400 USD",
        "issue_price": "97 %",
        "upfront_fee": "1 %",
        "start": "2026-02-10",
        "deliveries_from": "2026-06",
        "term": "30 months",
        "schedule": "0.1 H100e",
        "settlement": "0.2 USD/H100e/h",
        "index": "compute_price",
        "share": "2 to 8 %",
        "substitute": "yard",
        "substitute_share": "0.3 to 1.5 %",
        "election": "holder",
        "use": "0.05 to 0.2 H100e",
        "use_value": "0.1 to 0.4 USD/H100e/h",
        "resale_cost": "5 %",
        "bank": "0.5 to 1.5 months",
        "spread": "0.01 to 0.03 USD/H100e/h",
        "floor": "0.15 to 0.25 USD/H100e/h",
        "cap": "0.2 to 0.4 USD/H100e/h",
        "excess_share": "70 %",
        "floor_fee": "2 %/year",
        "trap_coverage": "0.5 to 1.5",
        "call_coverage": "0.1 to 0.6",
        "trap_ltv": "40 to 90 %",
        "call_ltv": "60 to 300 %",
        "collateral": ["cohort"],
    },
    "reserved_capacity": {
        "price": "compute_price",
        "utilisation": "60 to 95 %",
        "prepayment": "200 to 600 USD",
        "credit_share": "60 %",
        "termination": "50 to 90 %",
        "termination_rate": "10 %/year",
    },
    "spot_sale": {"price": "0.1 to 0.8 USD/H100e/h"},
    "compute_commitment": {
        "capacity": "0.1 to 0.4 H100e",
        "ramp": "5 months",
        "price": "compute_price",
        "start": "2026-02-10",
        "term": "30 months",
        "need": "0.1 to 0.5 H100e",
        "market": "0.1 to 0.3 USD/H100e/h",
        "price_outlook": "-10 %/year",
        "need_outlook": "5 %/year",
        "termination": "50 to 90 %",
        "step_down": {
            "share": "20 to 60 %",
            "earliest": "4 months",
            "notice": "1.5 months",
            "fee": "2 to 20 %",
        },
        "cancellation": {
            "earliest": "8 months",
            "notice": "2.5 months",
            "fee": "2 to 20 %",
            "exercise": "fitted",
            "policy": [
                f"{x} USD/H100e/h" for x in (-0.03, -0.1, 0.02, -0.1, 0.05, 0.01, -0.02, 0, 0.01, 0)
            ],
        },
        "resale": {"share": "80 %", "spread": "10 to 30 %"},
    },
    "spot_purchase": {
        "demand": "1 to 4 H100e",
        "price": "0.1 to 0.8 USD/H100e/h",
        "available": "0.3 to 1.5 H100e",
        "price_limit": "0.6 USD/H100e/h",
    },
    "revolver": {"amount": "50 to 500 USD"},
    "refinancing": {
        "funds": ["loan", "notes"],
        "amount": "50 to 300 USD",
        "ltv": "20 to 90 %",
        "dscr": "1.2",
        "rate": "SOFR + 200 bp",
        "spread": "1 to 4 %/year",
        "start": "2026-06",
        "availability": "40 months",
        "term": "8 months",
        "amortisation": "annuity",
        "amortise_over": "20.5 months",
        "principal_every": "2 months",
    },
    "chip_lease": {
        "per_chip": "100 USD/GPU/year",
        "per_hour": "0.02 USD/H100e/h",
        "start": "2026-02-10",
        "term": "14.5 months",
        "rent_free": "1.5 months",
        "renewal": "8.5 months",
        "purchase_price": "50 to 900 USD",
        "grace": "20 months",
    },
    "construction_loan": {
        "amount": "50 to 200 USD",
        "funds": ["works", "order"],
        "rate": "SOFR + 400 bp",
        "longstop": "12 months",
        "term": "20 months",
        "amortise_over": "30 months",
        "conversion_dscr": "0.1",
        "conversion_ltv": "900 %",
        "collateral": ["cohort"],
        "budget": "1,500 USD",
        "cost_share": "1 to 10 %",
        "upfront_fee": "1 %",
        "interest_every": "2 months",
        "principal_every": "3 months",
        "prepaid_by": "swap",
        "call_premium": "1 %",
        "no_call": "4 months",
        "sweep": "5 %",
    },
    "customer_supplied_hardware": {
        "power": "0.0005 to 0.003 MW",
        "per_mw": "50 k USD/MW/year",
        "per_mwh": "60 USD/MWh",
        "per_hour": "0.05 USD/H100e/h",
        "start": "2026-02-10",
        "term": "30.5 months",
    },
    "vendor_financing": {
        "rate": "SOFR + 300 bp",
        "interest_free": "2.5 months",
        "deferral": "4 months",
        "term": "20 months",
        "instalment_every": "2 months",
        "upfront_fee": "1 %",
        "signed": "2026-02-10",
    },
    "delayed_draw_loan": {
        "amount": "200 to 1,000 USD",
        "rate": "SOFR + 300 bp",
        "availability": "8 months",
        "term": "12 months",
        "amortise_over": "30 months",
        "extensions": "2",
        "extension": "6 months",
        "extension_fee": "2 %",
        "extension_ltv": "100 to 900 %",
        "collateral": ["cohort"],
        "prepaid_by": "swap",
        "call_premium": "0.2 to 1 %",
        "extension_margin": "1 %/year",
        "interest_every": "2 months",
        "principal_every": "3 months",
    },
    "income_tax": {"losses": "1,000 to 20,000 USD"},
    "cash_reserve": {
        "owner": "lab",
        "protects": ["wages"],
        "budget": {"2026-01": "60 USD/year", "2027-05": "240 USD/year"},
    },
    "grant": {"recipient": "project"},
    "tax_credit": {"business": "project"},
    "maintenance_reserve": {"owner": "project", "cost": "20 USD"},
    "sale_and_leaseback": {
        "seller": "project",
        "price": "30 USD",
        "rent": {"2026-01": "10 USD/year", "2026-06": "12 USD/year"},
        "term": "20 months",
        "buy_back": "5 USD",
    },
    "partnership_flip": {
        "partnership": "project",
        "funds": ["trading"],
        "capital": "30 to 70 %",
        "commitment": "100 to 2,000 USD",
        "flip_date": "2028-01-10",
    },
    "other_business": {
        "inflow": "3,600 USD/year",
        "start": "2026-01-20",
        "end": "2029-07-10",
    },
    "metered_tokens": {"price": "0.01 USD/M token", "demand": "4 to 16 bn token/year"},
}
ACCOUNTS = {
    **calm.ACCOUNTS,
    "reserve": "company",
    "proceeds": "company",
    "float": "lab",
    "overhaul": "project",
}
"""Accounts and their owners."""
HORIZON = "4 years"


def written(kind: Any) -> dict[str, Any]:
    """The example of a kind as a plan would write it, with its changes."""
    terms: Terms = kind.example
    return {**terms.model_dump(mode="json", exclude_unset=True), **CHANGES.get(kind.kind, {})}


def contract_id(kind: Any) -> str:
    """Id of the example of a kind in the plan."""
    return IDS.get(kind.kind, "staff" if kind.kind == "operating_cost" else kind.kind)


def _world(suffix: str) -> dict[str, Any]:
    """Everything but drivers, under names that end in `suffix`."""

    def named(value: Any, names: set[str]) -> Any:
        if isinstance(value, str):
            return value + suffix if value in names else value
        if isinstance(value, list | tuple):
            return [named(item, names) for item in value]
        if isinstance(value, dict):
            fixed = ("kind", "role", "chip", "credit", "partner")
            return {k: item if k in fixed else named(item, names) for k, item in value.items()}
        return value

    parties: dict[str, Any] = {
        name: {"kind": "internal", "cash": f"{cash} USD", "minimum_cash": "10 USD"}
        for name, cash in INTERNAL.items()
    }
    credit = {"hazard": "15 %/year", "recovery": "30 %"}
    parties |= {
        name: {"kind": "external", "role": "supplier", "credit": credit} for name in OUTSIDE
    }
    parties |= {k: {"kind": "account", "owner": owner} for k, owner in ACCOUNTS.items()}
    delay = {"median": "1 month", "p90": "4 months", "causes": ["grid"]}
    phase = {"power": "2 MW", "energise": "2026-05", "build": "4 months", "delay": delay}
    sites = {
        "hall": {"owner": "company", "phases": [{**phase, "power": "0.004 MW"}]},
        "yard": {"owner": "company", "phases": [{"power": "1 MW", "energise": "2026-01"}]},
        "campus": {"owner": "developer", "phases": [phase, {**phase, "energise": "2026-08"}]},
        **calm.SITES,
    }
    chip = {"h100e": 1.2, "watts": "1000 W"}
    cohort = {"site": "hall", "chip": chip, "units": 3, "deliver": "2026-04"}
    cohort["price"] = "300 to 400 USD"
    vendors = {"maker": {"output": "5 to 20 GPU/year"}}
    fab = {"owner": "company", "vendor": "maker", "capacity": "0.05 wspm", "open": "2026-06"}
    fab |= {"build": "4 months", "ramp": "3 months", "dies_per_wafer": 30, "die_yield": "60 %"}
    contracts = {contract_id(kind): written(kind) for kind in ALL} | EXTRA | calm.CONTRACTS
    if suffix:
        # Chips on sale at once depress one another's price; a further copy pledges none.
        contracts["security"] = {**contracts["security"], "assets": ["campus"]}
    yard = {**cohort, "site": "yard", "units": 1}
    chips = {"cohort": cohort, "batch": yard, "rented": yard, "guests": yard}
    chips |= {name: {**yard, "site": site} for name, site in calm.CHIPS.items()}
    names = {*parties, *sites, *vendors, *chips, "mill", *contracts}
    whole = {
        "parties": parties,
        "sites": sites,
        "vendors": vendors,
        "fabs": {"mill": fab},
        "chips": chips,
        "contracts": contracts,
    }
    return {
        section: {key + suffix: named(value, names) for key, value in items.items()}
        for section, items in whole.items()
    }


def everything(copies: int = 1) -> Plan:
    """The plan; further copies share nothing with the first but the drivers."""
    plan: dict[str, Any] = {
        "plan": {"name": "x", "start": "2026-01", "horizon": HORIZON, "discount_rate": "9 %/year"},
        "drivers": {
            "SOFR": {"process": "mean_reverting", "start": "4 %/year", "volatility": "30 %/year"},
            "share_price": {
                "process": "random_walk",
                "start": "10 USD",
                "volatility": "50 %/year",
            },
            "compute_price": {
                "process": "random_walk",
                "start": "0.2 USD/H100e/h",
                "volatility": "40 %/year",
            },
        },
        "parties": {},
        "sites": {},
        "vendors": {},
        "fabs": {},
        "chips": {},
        "contracts": {},
    }
    for copy in range(copies):
        for section, items in _world(f"_{copy}" if copy else "").items():
            plan[section] |= items
    checked = check_text(json.dumps(plan))
    assert checked.plan is not None, "\n".join(map(str, checked.errors))
    return checked.plan
