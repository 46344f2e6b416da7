"""A chart: what it says about itself, how it is drawn, and the table behind it.

How it is drawn is an option of Apache ECharts as plain data. What ECharts wants as a function or
takes from the colours of the page stands as `{"$": name}`; `html/charts.js` holds them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from offtake.results.table import Table

Option = Mapping[str, Any]
Height = Literal["short", "usual", "tall", "rows"]


@dataclass(frozen=True)
class Panel:
    """One picture of a chart."""

    option: Option
    title: str = ""
    height: Height = "usual"
    rows: int = 0
    """Rows of a picture whose height grows with them (`rows`)."""
    wide: bool = False
    """Whether it is scrolled sideways rather than squeezed on a narrow screen."""


@dataclass(frozen=True)
class Chart:
    """A chart and what a reader must know of it."""

    key: str
    """Unique on a page."""
    title: str
    measures: str
    """What it measures."""
    source: str
    """Where the data come from."""
    cannot: str
    """What it cannot show."""
    panels: Sequence[Panel]
    table: Table
    """All that is shown, and more."""
    keys: Sequence[tuple[str, str]] = ()
    """Colours of the page and what they stand for, where the picture does not say it."""


def named(name: str) -> dict[str, str]:
    """A function or colour of `charts.js`."""
    return {"$": name}


FAN = (("inner", "half of futures"), ("outer", "90 % of futures"), ("line", "median"))
"""Keys of a fan; without quartiles `BAND`."""
BAND = FAN[1:]
MONEY = named("money")
PERCENT = named("percent")
TIMES = named("times")
PLAIN = named("plain")


def value_axis(form: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """An axis of amounts.

    Args:
        form: how they are written, such as `MONEY`.
        more: further options of the axis.
    """
    return {
        "type": "value",
        "axisLabel": {"formatter": form, "hideOverlap": True},
        "splitNumber": 4,
        **more,
    }


def names_axis(names: Sequence[Any], **more: Any) -> dict[str, Any]:
    """An axis of names or years."""
    return {"type": "category", "data": [str(name) for name in names], **more}


def rows_axis(names: Sequence[str]) -> dict[str, Any]:
    """Names from the top down, beside horizontal bars."""
    return names_axis(
        names,
        inverse=True,
        axisLine={"show": False},
        axisTick={"show": False},
        axisLabel={"interval": 0, "width": 170, "overflow": "truncate"},
    )


def grid(*, right: int, top: int) -> dict[str, Any]:
    """Where a picture lies, with room for what stands at its right end and above it, pixels."""
    return {"left": 8, "right": right, "top": top, "bottom": 8, "containLabel": True}


def tip(form: Mapping[str, str], trigger: str = "axis") -> dict[str, Any]:
    """What is told where the pointer rests."""
    return {"trigger": trigger, "valueFormatter": form, "confine": True}


def band(
    points: Sequence[tuple[Any, float | None, float | None]], name: str, tone: str
) -> dict[str, Any]:
    """A band between two lines.

    Args:
        points: (place on the axis, low, high); gaps where either is None.
        name: of the band.
        tone: colour, by its name in `charts.js`.
    """
    return {
        "type": "custom",
        "name": name,
        "renderItem": named("band"),
        "data": [[x, low, high] for x, low, high in points],
        "encode": {"x": 0, "y": [1, 2]},
        "itemStyle": {"color": named(tone)},
        "silent": True,
        "clip": True,
        "z": 1,
    }


def words_axis(words: Sequence[str]) -> dict[str, Any]:
    """What stands at the right end of each row, beside `rows_axis`."""
    plain = {"show": False}
    return {**rows_axis(words), "position": "right", "axisLine": plain, "axisTick": plain}


def line(points: Sequence[tuple[Any, float | None]], name: str, **more: Any) -> dict[str, Any]:
    """A line with its name at its end."""
    return {
        "type": "line",
        "name": name,
        "data": [[x, y] for x, y in points],
        "showSymbol": len(points) == 1,
        "symbolSize": 5,
        "z": 3,
        **more,
    }


def fan(
    rows: Sequence[Mapping[str, Any]],
    across: str,
    what: str,
    form: Mapping[str, str],
    *,
    inner: bool = True,
    lines: Sequence[Mapping[str, Any]] = (),
    **axis: Any,
) -> dict[str, Any]:
    """Quantiles over time: 90 % and 50 % of futures as bands, the median as a line.

    Args:
        rows: with the columns `<what>_p5`, `_p50`, `_p95`, and `_p25`, `_p75` where `inner`.
        across: column of the axis.
        what: name of the figure.
        form: how it is written.
        inner: whether the rows hold the quartiles.
        lines: further series, such as a limit.
        axis: further options of the axis of amounts.
    """

    def between(low: str, high: str) -> list[tuple[str, float | None, float | None]]:
        return [(str(r[across]), r[f"{what}_{low}"], r[f"{what}_{high}"]) for r in rows]

    median = [(str(r[across]), r[f"{what}_p50"]) for r in rows]
    quartiles = [band(between("p25", "p75"), "half of futures", "inner")] if inner else []
    return {
        "tooltip": tip(form),
        "grid": grid(right=16, top=24),
        "xAxis": names_axis([r[across] for r in rows], boundaryGap=False),
        "yAxis": value_axis(form, **axis),
        "series": [
            band(between("p5", "p95"), "90 % of futures", "outer"),
            *quartiles,
            line(median, "median", color=named("accent"), lineStyle={"width": 2}),
            *lines,
        ],
    }


def limit(value: float, words: str) -> dict[str, Any]:
    """A horizontal line at which something happens, with words on it."""
    return {
        "type": "line",
        "name": words,
        "data": [],
        "markLine": {
            "silent": True,
            "symbol": "none",
            "lineStyle": {"type": "dashed", "color": named("warn"), "width": 1},
            "label": {"formatter": words, "position": "insideStartTop", "color": named("warn")},
            "data": [{"yAxis": value}],
        },
    }


def stacked(
    rows: Sequence[Mapping[str, Any]], across: str, by: str, what: str, form: Mapping[str, str]
) -> dict[str, Any]:
    """Columns by year, one colour and pattern for each name.

    Args:
        rows: one for each year and name.
        across: column of the axis.
        by: column of the names.
        what: column of the amounts.
        form: how they are written.
    """
    places = sorted({row[across] for row in rows})
    names = list(dict.fromkeys(row[by] for row in rows))
    found = {(row[across], row[by]): row[what] for row in rows}
    return {
        "aria": {"enabled": True, "decal": {"show": len(names) > 1}},
        "tooltip": tip(form),
        "legend": {"show": len(names) > 1, "top": 0, "left": 0},
        "grid": grid(right=8, top=44),
        "xAxis": names_axis(places),
        "yAxis": value_axis(form),
        "series": [
            {
                "type": "bar",
                "stack": "all",
                "name": str(name),
                "data": [found.get((place, name)) for place in places],
                "barMaxWidth": 36,
            }
            for name in names
        ],
    }


def bars_by_row(names: Sequence[str], series: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Horizontal bars of money, a colour and pattern for each series, their names above.

    Args:
        names: of the rows, from the top down.
        series: one amount for each row.
    """
    return {
        "aria": {"enabled": True, "decal": {"show": True}},
        "tooltip": tip(MONEY),
        "legend": {"top": 0, "left": 0},
        "grid": grid(right=64, top=36),
        "xAxis": value_axis(MONEY),
        "yAxis": rows_axis(names),
        "series": [{"type": "bar", **one} for one in series],
    }
