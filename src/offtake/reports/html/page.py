"""The page: a run, and studies beside it, as one file that loads nothing."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

import offtake
from offtake.reports.charts import parties
from offtake.reports.html import still
from offtake.reports.html.sections import missing, sections
from offtake.results import overview
from offtake.results.results import Results
from offtake.results.studies import Study
from offtake.results.table import Table, cell, heading

ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""What may not stand in a script element as it is; JSON reads both the same."""


SHARE_WORDS = ("share", "pd", "lgd", "irr", "ltv")
SHARES = ("repaid_before_economic_end", "repaid_before_economic_end_se")


NUMBER_AND_UNIT = re.compile(r"(\d) (%|bp|M|bn|tn|k)(?!\w)")


class Laid(NamedTuple):
    """A table as texts; beside each whether it is a number."""

    heads: list[tuple[str, bool]]
    rows: list[list[tuple[str, bool]]]


@cache
def file_of(name: str) -> str:
    """The text of a file of this folder."""
    return files("offtake.reports.html").joinpath(*name.split("/")).read_text("utf-8")


def reader(template: Callable[[str], str]) -> Environment:
    """What reads templates, escaping on; template: the text of one by its name."""
    made = Environment(
        loader=FunctionLoader(template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    return made


@cache
def environment() -> Environment:
    """What reads the templates of this folder."""
    return reader(file_of)


def laid_out(table: Table) -> Laid:
    """Headings and cells of a table as people read them."""
    numbers = {name for name in table.columns if any(_is_number(row.get(name)) for row in table)}
    return Laid(
        [(heading(name), name in numbers) for name in table.columns],
        [
            [(_written(row.get(name), name), name in numbers) for name in table.columns]
            for row in table
        ],
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _written(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if _is_number(value) and _is_share(name):
        return f"{value:.1%}".replace("%", " %")
    return cell(value, name)


def _is_share(name: str) -> bool:
    """Whether a column holds shares, which people read in per cent."""
    words = name.removesuffix("_se").split("_")
    return any(word in SHARE_WORDS for word in words) or name in SHARES


def script_json(option: Mapping[str, Any]) -> Markup:
    """Data for a script element: nothing in it can end the element or begin another one."""
    text = json.dumps(option, allow_nan=False, separators=(",", ":"))
    for sign, written in ESCAPED.items():
        text = text.replace(sign, written)
    return Markup(text)  # escaped above


def unbroken(text: str) -> str:
    """Text in which no number is torn from its unit at the end of a line."""
    return NUMBER_AND_UNIT.sub("\\1\u00a0\\2", text)


FILTERS: dict[str, Callable[[Any], Any]] = {
    "laid_out": laid_out,
    "script_json": script_json,
    "unbroken": unbroken,
}


def policy(scripts: Sequence[str]) -> str:
    """What the page may do: run the named scripts and be styled by itself, nothing else."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def report(results: Results, studies: Sequence[Study] = ()) -> str:
    """The whole page.

    Args:
        results: of a run.
        studies: what `offtake sensitivity` and `offtake stress` wrote about the same plan.
    """
    scripts = file_of("vendor/echarts.min.js"), file_of("charts.js")
    page = environment().get_template("report.html.j2")
    return page.render(
        policy=policy(scripts),
        style=Markup(file_of("style.css")),
        echarts=Markup(scripts[0]),
        script=Markup(scripts[1]),
        **shown(results, studies),
    )


PARTS = ("answer", "sections", "inputs", "limits")
"""Parts of the page below its head, in order."""


def part(name: str, what: Mapping[str, Any]) -> str:
    """One part of the page, for a page that has the style and the scripts already.

    Args:
        name: one of `PARTS`.
        what: from `shown`.
    """
    return environment().get_template(f"parts/{name}.html.j2").render(what)


def shown(results: Results, studies: Sequence[Study] = ()) -> dict[str, Any]:
    """All that the parts of the page show."""
    facts = results.facts
    verdicts = overview.verdicts(results)
    parts = sections(results, studies)
    return {
        "version": offtake.__version__,
        "plan": facts["plan"],
        "about": facts["about"],
        "frame": _frame(facts),
        "changes": facts.get("changes", []),
        "headline": results.headline(),
        "verdicts": tuple(verdicts),
        "rules": overview.rules(tuple(verdicts)),
        "facilities": results.facilities(),
        "facility_details": results.facility_details(),
        "answer": parties.who_pays(results),
        "still": Markup(still.who_pays(tuple(overview.net_payers(results)))),
        "sections": parts,
        "known": overview.known(results),
        "assumed": overview.assumed(results),
        "inputs": overview.inputs(results),
        "not_known": overview.not_known(results),
        "cannot_show": facts.get("cannot_show", []),
        "warnings": facts["warnings"],
        "missing": missing(studies, parts),
        "conserved": _conserved(results),
        "checks": _checks(results),
    }


def _frame(facts: Mapping[str, Any]) -> str:
    drawn = facts.get("sampler", "pseudo")
    return (
        f"{facts['paths']:,} futures of {facts['months']} {facts['periods']} from "
        f"{facts['start'][:7]}, seed {facts['seed']}"
        + ("" if drawn == "pseudo" else f", sampler {drawn}")
        + f"; present values at {facts['discount_rate']:.2%} a year".replace("%", " %")
        + ". Amounts in US dollars."
    )


def _conserved(results: Results) -> str:
    return (
        f"Money was conserved: largest error {results.worst('conservation'):.0e} of a month's "
        f"flows; largest distance to exact clearing {results.worst('clearing_residual'):.0e}."
    )


def _checks(results: Results) -> Table:
    rows = [{"check": name, "worst": worst} for name, worst in results.invariants().items()]
    return Table("Checks", tuple(rows))
