"""From a party to its contracts to a contract's months: who pays what to whom, ever more closely.

Present values and amounts by year are means over all futures; amounts by month are those of the
base case, the only path of which a run keeps every flow.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offtake.core.errors import UnknownFigure
from offtake.core.names import suggestion
from offtake.results.results import Results
from offtake.results.table import Row, Table
from offtake.results.tables.estimates import plain
from offtake.results.tables.money_flow import money_of, owners_of

# Of the same room, so that what `Results` keeps for itself may be looked at here.
# pyright: reportPrivateUsage=false

SHORT = 1e-9
"""Share of a claim up to which what is missing is rounding (DESIGN, section 5.4)."""


def parties(results: Results) -> Table:
    """Every party with what it pays net and in how many contracts it takes part."""
    mine = _by_party(results)
    rows = [
        {
            "party": row["party"],
            "role": row["role"],
            "contracts": len(mine.get(row["party"], {})),
            "net_usd": row["net_usd"],
            "net_usd_se": row["net_usd_se"],
            "loss_usd": row["loss_usd"],
        }
        for row in results.who_pays()
    ]
    return Table("Parties", tuple(rows), "Present values, means over all futures.")


def contracts_of(results: Results, party: str) -> Table:
    """Contracts of a party: what it pays and is paid under each, the largest first.

    Raises:
        UnknownFigure: there is no such party.
    """
    known = [str(row["party"]) for row in results.who_pays()]
    if party not in known:
        raise UnknownFigure(_unknown("party", party, known))
    value, kinds = results._outputs("funding")["value"], results.facts["kinds"]
    claims, owner = results.facts["claims"], owners_of(results.facts["parties"])
    rows: list[dict[str, Any]] = []
    for contract, mine in _by_party(results).get(party, {}).items():
        paid = sum(float(value[c]) for c in mine if owner[claims[c]["payer"]] == party)
        received = sum(float(value[c]) for c in mine if owner[claims[c]["payee"]] == party)
        others = {owner[claims[c][side]] for c in mine for side in ("payer", "payee")} - {party}
        rows.append(
            {
                "contract": contract,
                "kind": kinds[contract],
                "with": ", ".join(sorted(others)) or "itself",
                "pays_usd": plain(paid),
                "receives_usd": plain(received),
                "net_usd": plain(paid - received),
            }
        )
    rows.sort(key=lambda row: -(abs(row["pays_usd"]) + abs(row["receives_usd"])))
    return Table(f"Contracts of {party}", tuple(rows), "Present values, means over all futures.")


def lines(results: Results, contract: str) -> Table:
    """What a contract is made of: who pays whom what, as a present value.

    Raises:
        UnknownFigure: there is no such contract.
    """
    of = results._outputs("funding")
    rows = [
        {
            "line": _line(results, mine),
            "payer": results.facts["claims"][mine[0]]["payer"],
            "payee": results.facts["claims"][mine[0]]["payee"],
            "money": money_of(results.facts["claims"][mine[0]], results.facts["kinds"]),
            "value_usd": plain(float(np.sum(of["value"][mine]))),
        }
        for mine in _lines(results, contract)
    ]
    return Table(f"What {contract} pays", tuple(rows), "Present values, means over all futures.")


def years(results: Results, contract: str) -> Table:
    """What is paid on every line of a contract in each year, the mean over all futures.

    Raises:
        UnknownFigure: there is no such contract.
    """
    paid = results._outputs("funding")["paid"]
    rows = [
        {
            "year": year,
            **{
                f"{_line(results, mine)}_usd": plain(float(np.sum(paid[y, mine])))
                for mine in _lines(results, contract)
            },
        }
        for y, year in enumerate(results._years())
    ]
    return Table(f"{contract} by year (nominal)", tuple(rows), "Means over all futures.")


def months(results: Results, contract: str) -> Table:
    """What is claimed and paid on every line of a contract by month in the base case.

    Months in which nothing is claimed or paid are left out. `short` names lines of which a part
    stays unpaid.

    Raises:
        UnknownFigure: there is no such contract.
    """
    claimed, paid = (np.asarray(results[f"base_{side}"].values) for side in ("claimed", "paid"))
    of = {_line(results, mine): mine for mine in _lines(results, contract)}
    asked = {line: np.sum(claimed[:, mine], axis=1) for line, mine in of.items()}
    given = {line: np.sum(paid[:, mine], axis=1) for line, mine in of.items()}
    rows = [
        _month(
            str(close)[:10],
            {n: v[t] for n, v in asked.items()},
            {n: v[t] for n, v in given.items()},
        )
        for t, close in enumerate(results._closes().astype("datetime64[D]"))
        if any(asked[line][t] or given[line][t] for line in of)
    ]
    return Table(f"{contract} by month", tuple(rows), "Base case.")


def _month(close: str, asked: Mapping[str, Any], given: Mapping[str, Any]) -> Row:
    short = [n for n in asked if asked[n] - given[n] > SHORT * abs(asked[n])]
    paid = {f"{line}_usd": plain(float(amount)) for line, amount in given.items()}
    return {"closes": close, **paid, "short": ", ".join(short)}


def _by_party(results: Results) -> dict[str, dict[str, list[int]]]:
    """Party -> contract -> claims that it pays or is paid; accounts count as their owner."""
    owner = owners_of(results.facts["parties"])
    found: dict[str, dict[str, list[int]]] = {}
    for c, claim in enumerate(results.facts["claims"]):
        for party in {owner[claim["payer"]], owner[claim["payee"]]}:
            found.setdefault(party, {}).setdefault(claim["contract"], []).append(c)
    return found


def _lines(results: Results, contract: str) -> list[list[int]]:
    """Claims of a contract, those of one line between the same two together."""
    if contract not in results.facts["kinds"]:
        raise UnknownFigure(_unknown("contract", contract, list(results.facts["kinds"])))
    found: dict[tuple[str, str, str], list[int]] = {}
    for c, claim in enumerate(results.facts["claims"]):
        if claim["contract"] == contract:
            key = claim["line"], claim["payer"], claim["payee"]
            found.setdefault(key, []).append(c)
    return list(found.values())


def _line(results: Results, mine: Sequence[int]) -> str:
    """Name of a line, with its parties where the contract has several of that name."""
    claims = results.facts["claims"]
    claim = claims[mine[0]]
    pairs = {
        (other["payer"], other["payee"])
        for other in claims
        if other["contract"] == claim["contract"] and other["line"] == claim["line"]
    }
    apart = f" ({claim['payer']} to {claim['payee']})" if len(pairs) > 1 else ""
    return f"{claim['line']}{apart}".replace("_", " ")


def _unknown(what: str, name: str, known: list[str]) -> str:
    return f"no {what} {name!r}: {suggestion(name, known, otherwise='there are none')}"
