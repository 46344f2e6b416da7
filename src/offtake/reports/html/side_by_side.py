"""Several runs beside one another as a part of a page."""

from collections.abc import Mapping
from typing import Any

from offtake.reports.charts.side_by_side import charts
from offtake.reports.html.page import environment
from offtake.reports.named import column_of, shown, signed
from offtake.results.differences import moved
from offtake.results.side_by_side import SHOWN, SideBySide

TITLES = {"who_pays": "Who pays", "facilities": "Facilities"}
OTHERS = "What else moved most"


def side_by_side(found: SideBySide) -> str:
    """Charts, and tables of figures with what differs from the first run."""
    tables = [(TITLES[table], _lines(found, found.always(table))) for table in SHOWN]
    tables.append((OTHERS, _lines(found, found.moved_most())))
    return (
        environment()
        .get_template("parts/side_by_side.html.j2")
        .render(
            names=found.names,
            charts=charts(found),
            tables=[(title, lines) for title, lines in tables if lines],
            same_futures=found.same_futures,
        )
    )


def _lines(found: SideBySide, names: list[str]) -> list[dict[str, Any]]:
    """Figures as texts: what each is about, its value in each run, its changes."""
    return [
        {
            "about": _about(name),
            "figure": _figure(name),
            "values": [shown(name, value) for value in found.values(name)],
            "changes": [_change(name, row) for row in found.changes(name)],
        }
        for name in names
    ]


def _about(name: str) -> str:
    table, *about = name.split(".")
    return ", ".join(about[::2] if table == "contracts" else about[:-1])


def _figure(name: str) -> str:
    words = [word for word in column_of(name).split("_") if word != "usd"]
    return " ".join(words).replace(" worst5", ", worst 5 %")


def _change(name: str, row: Mapping[str, Any] | None) -> tuple[str, str, bool]:
    """A change, how sure it is, and whether it is more than chance."""
    if row is None or row["change"] is None:
        return "–", "", False
    reach = row["change_95"]
    sure = "" if not reach else f"± {shown(name, reach)}"
    return signed(name, row["change"]), sure, moved(row)
