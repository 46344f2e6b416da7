"""Income taxes and credits of a case: what is written off, by whom, and how."""

import math
from dataclasses import dataclass
from typing import Any

from tests.conformance.ssc.money import dated, development_fee, gifts, property_cost, share
from tests.conformance.ssc.read import CLASSES, FLIPS, GIVERS, LEASE, Case, OutOfScope

EQUIPMENT = ("equip1", "equip2", "equip3")
"""Accounts out of which equipment is replaced."""
SL_15 = (0.0333, *(0.0667,) * 6, *(0.0666, 0.0667) * 4, 0.0333)
"""Straight line over 15 years by SSC's table, rounded to four places."""


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
                **business(case, "business"),
                "investment": share(basis.credit),
                "qualifying": share(basis.qualifying),
                "per_mwh": dated(energy_credit(case, who), "USD/MWh"),
                "output": dated(energy, "MWh/year"),
                "term": f"{case.years} years",
                **more,
            }
    return found


def partners(case: Case) -> list[tuple[str, dict[str, str]]]:
    """Owners of the property, who are taxed on it, and what says their share."""
    if case.model == LEASE:
        return [("investor", {})]
    if case.model not in FLIPS:
        return [("owner", {})]
    return [(p, {"partnership": "flip", "partner": p}) for p in ("investor", "sponsor")]


def business(case: Case, field: str) -> dict[str, str]:
    """The field that names who pays for the property, where it is not who is taxed on it."""
    return {} if case.model == LEASE else {field: "project"}


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
                **business(case, "income_of"),
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
