"""Every instrument's EXAMPLE, placed into a plan that gives it what it speaks of.

Each kind has an *island*: parties, a site, chips, drivers and helper contracts of its own, whose
names carry the kind as a prefix. An island is a plan; all islands together are a plan too, in
which every kind runs in the company of the others and has no money in common with them. Parties
inside earn and spend besides, at random, so that they are sometimes short of cash; parties outside
may default.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from offtake.core.quantity import Quantity
from offtake.core.terms import Terms, numbers, references
from offtake.plan.load import load
from offtake.plan.schema import Plan

INSIDE = {"company", "developer", "lab", "operator", "parent"}
"""Names by which examples call parties that are modelled inside; others are outside."""
START, HORIZON = "2026-01", "40 months"
TESTED = "it"
"""Id of the contract under test, after the prefix."""

# What an example may name as another contract, and what then stands there: claims that funding or a
# guarantee answers for, a facility, a reservation.
HELPERS: dict[str, dict[str, Any]] = {
    "order": {"kind": "operating_cost", "payer": "{inside}", "payee": "staff", "amount": "{cost}"},
    "lease": {"kind": "operating_cost", "payer": "{inside}", "payee": "staff", "amount": "{cost}"},
    "loan": {
        "kind": "term_loan", "lender": "bank", "borrower": "{inside}", "amount": "{sum}",
        "rate": "8 %/year", "start": "2026-03", "term": "24 months", "amortisation": "linear",
    },
    "reservation": {
        "kind": "reserved_capacity", "seller": "{inside}", "buyer": "customer", "site": "{site}",
        "share": "45 to 60 %", "price": "2 USD/H100e/h", "term": "30 months",
    },
}  # fmt: skip


def money(terms: Terms) -> float:
    """USD that an example moves in a month, roughly."""
    found = [100.0]
    per_month = {"USD": 0.2, "USD/year": 1 / 12, "USD/MW": 1.0, "USD/MW/year": 4 / 12}
    per_month |= {"USD/H100e/h": 7_000.0, "USD/MWh": 3_000.0}
    for _, number in numbers(terms):
        if isinstance(number, Quantity) and number.unit in per_month:
            found.append(number.value * per_month[number.unit])
    return max(found)


def island(terms: Terms) -> dict[str, Any]:
    """The plan of one kind, as it would be written, names without prefix."""
    kind, scale = str(terms.kind), money(terms)  # type: ignore[attr-defined]
    by_section: dict[str, list[str]] = {}
    for _, sections, name in references(terms):
        by_section.setdefault(sections[0], []).append(name)
    named = by_section.get("parties", [])
    inside = [name for name in dict.fromkeys(named) if name in INSIDE]
    account = getattr(terms, "account", None)
    owner = inside[0] if inside else "company"
    others = {"customer", "staff", "bank", *named} - set(inside) - {account}
    credit = {"hazard": "10 %/year", "recovery": "40 %"}
    own = {"kind": "internal", "role": "operator", "minimum_cash": f"{0.1 * scale:.9g} USD"}
    own["cash"] = f"{0.5 * scale:.9g} to {2 * scale:.9g} USD"
    parties: dict[str, Any] = {name: dict(own) for name in inside or ["company"]}
    parties |= {
        x: {"kind": "external", "role": "customer", "credit": credit} for x in sorted(others)
    }
    if account:
        parties[account] = {"kind": "account", "owner": owner, "cash": f"{scale:.9g} USD"}
    site = next(iter(by_section.get("sites", [])), "plot")
    words = {
        "inside": owner,
        "site": site,
        "cost": f"{3 * scale:.9g} to {6 * scale:.9g} USD/year",
        "sum": f"{6 * scale:.9g} USD",
    }
    helpers = {
        name: {k: str(v).format(**words) for k, v in HELPERS[name].items()}
        for name in dict.fromkeys(by_section.get("contracts", []))
    }
    written = terms.model_dump(mode="json", exclude_unset=True)
    for place, _, name in references(terms):
        _set(written, place, name)
    return {
        "parties": parties,
        "sites": {site: _site(owner)},
        "chips": _cohorts(by_section.get("chips", ["lot"]), site, scale),
        "drivers": _drivers(parties, scale),
        "contracts": {TESTED: written, **helpers, **_background(parties, scale)},
        "kind": kind,
    }


def _site(owner: str) -> dict[str, Any]:
    delay = {"median": "1 month", "p90": "3 months", "causes": ["weather"]}
    first = {"power": "4 MW", "pue": 1.2, "energise": "2026-03-10", "build": "4 months"}
    second = {"power": "2 MW", "energise": "2026-06", "build": "6 months"}
    return {"owner": owner, "phases": [{**first, "delay": delay}, second]}


def _cohorts(names: Iterable[str], site: str, scale: float) -> dict[str, Any]:
    chip = {"h100e": 1.5, "watts": "1000 W"}
    return {
        name: {
            "site": site, "chip": chip, "units": 10, "deliver": "2026-02-20",
            "price": f"{0.3 * scale:.9g} to {0.5 * scale:.9g} USD", "availability": "85 to 95 %",
        }
        for name in dict.fromkeys(names)
    }  # fmt: skip


def _drivers(parties: Mapping[str, Any], scale: float) -> dict[str, Any]:
    return {
        f"income_of_{name}": {
            "process": "mean_reverting", "start": f"{10 * scale:.9g} USD/year",
            "volatility": "120 %/year", "half_life": "5 months",
        }
        for name, party in parties.items() if party["kind"] == "internal"
    }  # fmt: skip


def _background(parties: Mapping[str, Any], scale: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, party in parties.items():
        if party["kind"] == "internal":
            found[f"sales_of_{name}"] = {
                "kind": "metered_tokens", "seller": name, "buyer": "customer",
                "revenue": f"income_of_{name}",
            }  # fmt: skip
            found[f"wages_of_{name}"] = {
                "kind": "operating_cost", "payer": name, "payee": "staff",
                "amount": f"{6 * scale:.9g} to {8 * scale:.9g} USD/year",
            }  # fmt: skip
    return found


def _set(tree: Any, place: str, value: str) -> None:
    keys = [
        int(k[1:-1]) if k.startswith("[") else k for k in re.findall(r"[^.\[\]]+|\[\d+\]", place)
    ]
    for key in keys[:-1]:
        tree = tree[key] if isinstance(key, int) else tree.setdefault(key, {})
    if isinstance(tree, list) or keys[-1] in tree or isinstance(keys[-1], str):
        tree[keys[-1]] = value


def prefixed(land: Mapping[str, Any]) -> dict[str, Any]:
    """An island with its kind before every name."""
    kind = land["kind"]
    names = {
        name
        for section in ("parties", "sites", "chips", "drivers", "contracts")
        for name in land[section]
    }

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: v if k in ("kind", "role") else renamed(v) for k, v in value.items()}
        if isinstance(value, list):
            return [renamed(v) for v in value]
        return f"{kind}_{value}" if isinstance(value, str) and value in names else value

    return {
        section: {f"{kind}_{name}": renamed(item) for name, item in land[section].items()}
        for section in ("parties", "sites", "chips", "drivers", "contracts")
    }


def plan_of(kinds: Iterable[Any], folder: Path) -> Plan:
    """The plan of the islands of some kinds."""
    text: dict[str, Any] = {
        "plan": {
            "name": "Islands",
            "start": START,
            "horizon": HORIZON,
            "discount_rate": "9 %/year",
        }
    }
    for kind in kinds:
        for section, items in prefixed(island(kind.example)).items():
            text.setdefault(section, {}).update(items)
    file = folder / "islands.yaml"
    with file.open("w", encoding="utf-8") as stream:
        YAML(typ="safe").dump(text, stream)
    return load(file)
