"""A tilt on a terminal: where futures were drawn from, how they count, what that is worth."""

from typing import Any

from rich.console import RenderableType
from rich.text import Text

from offtake.reports.pieces import count, laid_out, percent
from offtake.results.results import Results
from offtake.results.table import Row, money

READING = (
    "as sure as: plain futures that would tell it as surely; rests on: futures that make it up, "
    "equal ones. JSON has every party."
)
NETS = 2
"""Parties whose net is shown, to see what figures pay that have nothing to do with the tilt."""


def tilt(results: Results) -> list[RenderableType]:
    """Where futures were drawn from and how they count; nothing where nothing is tilted."""
    if "tilt" not in results.facts:
        return []
    facts: dict[str, Any] = results.facts["tilt"]
    paths = int(results.facts["paths"])
    lines = [
        f"{percent(facts['plain'])} of the futures as the plan has them;",
        *_ways(facts["ways"]),
    ]
    weights = (
        f"Weights: mean {facts['mean_weight']:.3f} ± {2.0 * (facts['mean_weight_se'] or 0.0):.3f} "
        f"(1 is right), largest {facts['largest_weight']:.3g}; {paths:,} futures count as "
        f"{facts['effective_paths']:,.0f} equal ones for what the tilt does not touch."
    )
    found: list[RenderableType] = [Text(""), Text("Tilted: " + " ".join(lines))]
    if facts["pilot"]:
        pilot = facts["pilot"]
        found.append(
            Text(
                f"Found for {pilot['figure']} on {pilot['paths']:,} futures of their own in "
                f"{pilot['rounds']} rounds, then frozen."
            )
        )
    return [*found, Text(weights)]


def worth(results: Results) -> list[RenderableType]:
    """What the tilt is worth; nothing where nothing is tilted."""
    rows = list(results.tilted())
    if not rows:
        return []
    return [Text(""), _table(rows, int(results.facts["paths"])), Text(READING, style="dim")]


def _ways(ways: list[dict[str, Any]]) -> list[str]:
    said = list[str]()
    for way in ways:
        parts = [f"{s['name'].removeprefix('drivers.')} {s['sd']:+.2g} sd" for s in way["shifts"]]
        parts += [f"default of {h['party']} x{h['times']:.3g}" for h in way["likelier"]]
        said.append(f"{percent(way['share'])} with {', '.join(parts)}" if parts else "")
    return ["; ".join(each for each in said if each) + "."]


def _table(rows: list[Row], paths: int) -> RenderableType:
    nets = sorted(
        (row for row in rows if str(row["figure"]).endswith("net_usd")),
        key=lambda row: -abs(float(row["value"])),
    )[:NETS]
    shown = [row for row in rows if not str(row["figure"]).endswith("net_usd")] + nets
    lines = [
        [
            str(row["figure"]),
            _value(row["figure"], row["value"]),
            "–" if row["value_se"] is None else "±" + _value(row["figure"], 2.0 * row["value_se"]),
            "–" if row["as_sure_as"] is None else count(row["as_sure_as"]),
            "–" if row["as_sure_as"] is None else f"{row['as_sure_as'] / paths:.2g}x",
            count(row["rests_on"]),
        ]
        for row in shown
    ]
    columns = [
        ("figure", "left"),
        ("value", "right"),
        ("", "right"),
        ("as sure as", "right"),
        ("of futures run", "right"),
        ("rests on", "right"),
    ]
    return laid_out("What the tilt does", columns, lines)


def _value(figure: str, value: float) -> str:
    return f"{100.0 * value:.3g} %" if figure.endswith(".pd") else money(value)
