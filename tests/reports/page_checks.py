"""What holds of the page of any run; each check takes the page and the results it shows."""

import base64
import hashlib
import json
import re
import warnings
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

from offtake.reports.charts import parties
from offtake.reports.charts.chart import Chart
from offtake.reports.html.page import laid_out, report
from offtake.reports.html.sections import sections
from offtake.results import overview
from offtake.results.results import Results
from offtake.results.table import Table

HOSTILE = "</script><img src=x onerror=alert(1)>'\"&\u2028{{7*7}}"
CHART_DATA = re.compile(r'<script type="application/json" id="([^"]+)">(.*?)</script>', re.DOTALL)


class Elements(HTMLParser):
    """Elements of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


def options(page: str) -> dict[str, Any]:
    """Options of every panel, as the browser reads them."""
    return {key: json.loads(data) for key, data in CHART_DATA.findall(page)}


def it_is_valid_html(page: str, results: Results) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import html5lib

        html5lib.HTMLParser(strict=True).parse(page)


def it_loads_nothing(page: str, results: Results) -> None:
    elements = Elements(page)
    loads = [
        (tag, name, value)
        for tag, attributes in elements.found
        for name, value in attributes.items()
        if name in ("src", "srcset", "action", "data", "poster", "background", "formaction")
        or (name in ("href", "xlink:href") and not (value or "").startswith("#"))
    ]
    assert not loads
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def its_policy_lets_its_own_scripts_run_and_nothing_else(page: str, results: Results) -> None:
    metas = Elements(page).named("meta")
    (policy,) = [m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert "http" not in policy


def every_chart_says_three_things_and_has_its_table(page: str, results: Results) -> None:
    charts = [chart for section in sections(results) for chart in section.charts]
    assert charts
    assert len({chart.key for chart in charts}) == len(charts)
    for chart in charts:
        for said in (chart.measures, chart.source, chart.cannot):
            assert said.endswith("."), (chart.key, said)
            assert len(said.split()) > 3, (chart.key, said)
        assert len(chart.table), chart.key
        assert f'id="{chart.key}"' in page
    assert page.count("<dt>Cannot show</dt>") == len(charts) + 1  # and who pays
    plots = [e for e in Elements(page).named("div") if "data-option" in e]
    assert {plot["data-option"] for plot in plots} == set(options(page))
    assert all(plot["role"] == "img" and plot["aria-label"] for plot in plots)


def numbers(node: Any) -> Iterator[float]:
    """Numbers of the data of series."""
    if isinstance(node, dict):
        for value in node.values():
            yield from numbers(value)
    elif isinstance(node, list):
        for value in node:
            yield from numbers(value)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield float(node)


def held(table: Table) -> set[float]:
    """Numbers of a table."""
    return {float(n) for row in table for n in numbers([*row.values()])}


def unknown(chart: Chart, known: set[float]) -> set[float]:
    """Numbers that a chart draws and that are not known."""
    drawn: set[float] = set()
    for panel in chart.panels:
        for series in panel.option["series"]:
            links = [link["value"] for link in series.get("links", ())]
            drawn |= set(numbers([series.get("data", []), links]))
    assert drawn, f"{chart.key} draws nothing"
    return drawn - known


def it_draws_numbers_of_results_only(page: str, results: Results) -> None:
    charts = [chart for section in sections(results) for chart in section.charts]
    for chart in [*charts, parties.who_pays(results)]:
        elsewhere = KNOWN_ELSEWHERE.get(chart.key, _of())
        assert not unknown(chart, held(chart.table) | elsewhere(results)), chart.key
    assert unknown(charts[0], set())  # a number that is nowhere is found


def _of(*names: str) -> Callable[[Results], set[float]]:
    return lambda results: set().union(*(held(getattr(results, name)()) for name in names))


KNOWN_ELSEWHERE: dict[str, Callable[[Results], set[float]]] = {
    "build": _of("capacity_by_year"),
    "market": _of("market", "segments"),
    "who-pays": lambda results: held(overview.net_payers(results)),
}
"""Charts that draw more than their table says: tables by month stand behind those by year."""


def its_names_are_unique_and_its_links_lead_somewhere(page: str, results: Results) -> None:
    elements = Elements(page)
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(set(ids)) == len(ids)
    targets = {(link.get("href") or "").removeprefix("#") for link in elements.named("a")}
    labels = {a["aria-labelledby"] for _, a in elements.found if "aria-labelledby" in a}
    assert targets | labels <= set(ids)


def its_headings_are_in_order(page: str, results: Results) -> None:
    levels = [int(tag[1]) for tag, _ in Elements(page).found if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def every_input_and_table_is_there(page: str, results: Results) -> None:
    for table in (overview.inputs(results), results.who_pays(), results.facilities()):
        for row in laid_out(table).rows:
            assert all(_escaped(text) in page for text, _ in row), row


def _escaped(text: str) -> str:
    from markupsafe import escape

    return str(escape(text))


def names_cannot_break_out(page: str, results: Results) -> None:
    """Whatever stands in a plan as text reaches the page as text."""
    names = [row["party"] for row in results.facts["parties"] if row["role"] == "customer"]
    facts = json.dumps({**results.facts, "about": "", "plan": ""})
    facts = facts.replace(json.dumps(names[0]), json.dumps(HOSTILE))
    hostile = results.with_facts(**json.loads(facts)).with_facts(
        plan=HOSTILE, about=HOSTILE, changes=[HOSTILE], warnings=[HOSTILE], cannot_show=[HOSTILE]
    )
    made = report(hostile)
    elements, plain = Elements(made), Elements(page)
    assert not elements.named("img")
    assert len(elements.named("script")) == len(plain.named("script"))
    assert "onerror" not in {name for _, attributes in elements.found for name in attributes}
    texts = json.dumps(options(made))
    assert json.dumps(HOSTILE)[1:-1] in texts  # the name arrives whole where it is shown
    it_is_valid_html(made, hostile)


CHECKS = (
    it_is_valid_html,
    it_loads_nothing,
    its_policy_lets_its_own_scripts_run_and_nothing_else,
    every_chart_says_three_things_and_has_its_table,
    it_draws_numbers_of_results_only,
    its_names_are_unique_and_its_links_lead_somewhere,
    its_headings_are_in_order,
    every_input_and_table_is_there,
    names_cannot_break_out,
)
