"""Who pays whom: present values between parties, and which of them go round in a circle."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offtake.results.tables.estimates import FloatArray, plain

MONEY = {
    "capital_in": "capital put in",
    "interest": "interest and fees",
    "fee": "interest and fees",
    "principal": "principal repaid",
    "distribution": "distributions",
    "sale": "sales",
    "running_cost": "running costs",
    "capital_cost": "capital costs",
    "tax": "tax",
    "support": "supports",
}
"""Class of money -> what it is called together with its like."""
OTHER_BUSINESS = "other business"
"""What a company earns and spends outside the plan."""
SMALL = 2e-3
"""Share of all that moves below which a payment is too small for a picture."""

Pair = tuple[str, str, str]


def money_of(claim: Mapping[str, str], kinds: Mapping[str, str]) -> str:
    """What the money of a claim is called."""
    if kinds.get(claim["contract"]) == "other_business":
        return OTHER_BUSINESS
    return MONEY[claim["flow"]]


def owners_of(parties: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Party -> itself, or the owner of an account."""
    return {party["party"]: party.get("owner") or party["party"] for party in parties}


def money_flow_rows(
    claims: Sequence[Mapping[str, str]],
    kinds: Mapping[str, str],
    parties: Sequence[Mapping[str, str]],
    value: tuple[FloatArray, FloatArray],
    own_share: Mapping[str, float | None],
) -> list[dict[str, Any]]:
    """One row per payer, payee and kind of money, the largest first.

    `usd` is the mean present value of what was paid, its error told where one claim makes the row
    (claims depend on one another). `own_usd` is the part that is the payee's own money come back:
    what a financier is paid, times the traced share of own money in all that it receives; and
    `others_usd` the rest.
    `closes_circle` marks payments between companies inside the plan without which no money would
    go round in a circle between them: the smallest ones, one circle after another. `small` and
    `own_small` mark what is left out of pictures.

    Args:
        claims: contract, payer, payee and flow of each, in the order of the values.
        kinds: contract -> kind.
        parties: party, kind and, for accounts, owner.
        value: mean present value by claim and its error, [C] USD.
        own_share: financier -> share of own money in its receipts.
    """
    owner = owners_of(parties)
    inside = {p["party"] for p in parties if p["kind"] == "internal"}
    amounts, parts, errors = dict[Pair, float](), dict[Pair, int](), dict[Pair, float]()
    for claim, mean, error in zip(claims, *value, strict=True):
        payer, payee = owner[claim["payer"]], owner[claim["payee"]]
        if payer != payee and mean > 0.0:
            pair = (payer, payee, money_of(claim, kinds))
            amounts[pair] = amounts.get(pair, 0.0) + float(mean)
            parts[pair] = parts.get(pair, 0) + 1
            errors[pair] = float(error)
    total = sum(amounts.values())
    closing = _closing(amounts, inside)
    return [
        {
            "payer": payer,
            "payee": payee,
            "money": money,
            "usd": usd,
            "usd_se": plain(errors[payer, payee, money])
            if parts[payer, payee, money] == 1
            else None,
            "own_usd": usd * own,
            "others_usd": usd * (1.0 - own),
            "from_outside": payer not in inside,
            "to_outside": payee not in inside,
            "closes_circle": (payer, payee) in closing,
            "small": usd < SMALL * total,
            "own_small": usd * own < SMALL * total,
        }
        for (payer, payee, money), usd in sorted(amounts.items(), key=lambda item: -item[1])
        for own in (own_share.get(payee) or 0.0,)
    ]


def _closing(amounts: Mapping[Pair, float], inside: set[str]) -> set[tuple[str, str]]:
    """Pairs inside the plan that close a circle of larger ones."""
    between = dict[tuple[str, str], float]()
    for (payer, payee, _), usd in amounts.items():
        if payer in inside and payee in inside:
            between[payer, payee] = between.get((payer, payee), 0.0) + usd
    onward, closing = dict[str, set[str]](), set[tuple[str, str]]()
    for payer, payee in sorted(between, key=lambda pair: -between[pair]):
        if _leads(onward, payee, payer):
            closing.add((payer, payee))
        else:
            onward.setdefault(payer, set()).add(payee)
    return closing


def _leads(onward: Mapping[str, set[str]], start: str, end: str) -> bool:
    """Whether one party can be reached from another."""
    seen, left = set[str](), [start]
    while left:
        party = left.pop()
        if party == end:
            return True
        if party not in seen:
            seen.add(party)
            left += onward.get(party, ())
    return False


def outside_rows(
    claims: Sequence[Mapping[str, str]],
    kinds: Mapping[str, str],
    parties: Sequence[Mapping[str, str]],
    years: Sequence[int],
    paid: FloatArray,
) -> list[dict[str, Any]]:
    """Sources and uses of all companies of the plan taken together: one row per year, side, money.

    What they pay one another falls out. Means over all futures, undiscounted; `net_usd` is
    negative for uses.

    Args:
        claims: as for `money_flow_rows`.
        kinds: contract -> kind.
        parties: party, kind and, for accounts, owner.
        years: [Y].
        paid: [Y, C] USD.
    """
    owner = owners_of(parties)
    inside = {p["party"] for p in parties if p["kind"] == "internal"}
    found = dict[tuple[int, str, str], float]()
    for c, claim in enumerate(claims):
        pays, gets = (owner[claim[side]] in inside for side in ("payer", "payee"))
        if pays == gets:
            continue
        for y, year in enumerate(years):
            key = (year, "use" if pays else "source", money_of(claim, kinds))
            found[key] = found.get(key, 0.0) + float(paid[y, c])
    return [
        {
            "year": year,
            "side": side,
            "money": money,
            "usd": usd,
            "net_usd": usd if side == "source" else -usd,
        }
        for (year, side, money), usd in sorted(found.items())
        if usd != 0.0
    ]


def capital_rows(
    claims: Sequence[Mapping[str, str]],
    kinds: Mapping[str, str],
    parties: Sequence[Mapping[str, str]],
    seniority: Mapping[str, str | None],
    paid: FloatArray,
) -> list[dict[str, Any]]:
    """One row per contract that brings a company of the plan capital: layer, from whom, how much.

    Layers in the order in which they are paid: senior debt, junior debt, other debt, shares.

    Args:
        claims: of the plan.
        kinds: contract -> kind.
        parties: party, kind and, for accounts, owner.
        seniority: facility -> place in the waterfall, None where it states none.
        paid: mean by year and claim, [Y, C] USD.
    """
    owner = owners_of(parties)
    inside = {p["party"] for p in parties if p["kind"] == "internal"}
    raised = dict[tuple[str, str, str], float]()
    for c, claim in enumerate(claims):
        payer, payee = owner[claim["payer"]], owner[claim["payee"]]
        fresh = claim["flow"] == "capital_in" and claim["form"] != "recovery"
        if fresh and payer != payee and payee in inside:
            key = (claim["contract"], payer, payee)
            raised[key] = raised.get(key, 0.0) + float(np.sum(paid[:, c]))
    rows = [
        {
            "party": payee,
            "layer": _layer(name, seniority),
            "contract": name,
            "kind": kinds[name],
            "from": payer,
            "raised_usd": usd,
        }
        for (name, payer, payee), usd in raised.items()
        if usd > 0.0
    ]
    return sorted(rows, key=lambda row: (row["party"], LAYERS.index(row["layer"])))


LAYERS = ("senior debt", "junior debt", "other debt", "shares and other capital")


def _layer(name: str, seniority: Mapping[str, str | None]) -> str:
    if name not in seniority:
        return LAYERS[3]
    return f"{seniority[name]} debt" if seniority[name] else LAYERS[2]
