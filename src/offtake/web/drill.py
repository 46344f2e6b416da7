"""From a party to its contracts to a contract's months: pages below a run."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from offtake.core.errors import UnknownFigure
from offtake.results.table import Table
from offtake.web.child import Told
from offtake.web.desk import Desk
from offtake.web.export import saved
from offtake.web.pages import page
from offtake.web.store import Missing
from offtake.web.visit import DeskOf, Visit, VisitOf

shown = APIRouter(include_in_schema=False)


@shown.get("/runs/{run}/parties")
def get_parties(request: Request, visit: VisitOf, desk: DeskOf) -> Response:
    """All parties of a run."""
    return _page(request, visit, desk, "parties", "")


@shown.get("/runs/{run}/parties/{name}")
def get_party(request: Request, visit: VisitOf, desk: DeskOf, name: str) -> Response:
    """Contracts of a party."""
    return _page(request, visit, desk, "party", name)


@shown.get("/runs/{run}/contracts/{name}")
def get_contract(request: Request, visit: VisitOf, desk: DeskOf, name: str) -> Response:
    """Lines, years and months of a contract."""
    return _page(request, visit, desk, "contract", name)


def _page(request: Request, visit: Visit, desk: Desk, what: str, name: str) -> Response:
    found = closer(visit, desk, what, name)
    tables = {key: Table(t["title"], tuple(t["rows"]), t["note"]) for key, t in found.items()}
    return page(
        request, "drill.html.j2", visit=visit, run=visit.run, what=what, about=name, tables=tables
    )


def closer(visit: Visit, desk: Desk, what: str, name: str = "") -> dict[str, Any]:
    """Tables of a run as plain data, by name.

    Args:
        visit: of the run.
        desk: that reads its results.
        what: "parties", "party" or "contract".
        name: of the party or contract.

    Raises:
        Refused: the run has no results, or not yet.
        Missing: there is no such party or contract.
    """
    saved(visit.run)
    asked = {"folder": str(visit.folder), "what": what, "name": name}
    found = desk.small("offtake.web.drill:tables", **asked)
    if "missing" in found:
        raise Missing(found["missing"])
    return found


def tables(told: Told, *, folder: str, what: str, name: str) -> Mapping[str, Any]:
    """Tables of a party or contract as plain data, by name; a task (`web.child`).

    `missing` says why there are none.
    """
    del told
    from offtake.results import drill
    from offtake.web.kept import results_of

    results = results_of(folder)
    found = {
        "parties": lambda: {"parties": drill.parties(results)},
        "party": lambda: {"contracts": drill.contracts_of(results, name)},
        "contract": lambda: {
            "lines": drill.lines(results, name),
            "years": drill.years(results, name),
            "months": drill.months(results, name),
        },
    }
    try:
        made = found[what]()
    except UnknownFigure as why:
        return {"missing": str(why.args[0])}
    return {
        key: {"title": table.title, "rows": [dict(row) for row in table], "note": table.note}
        for key, table in made.items()
    }
