"""Plans, results and studies as a notebook shows them: the first look, and tables to open.

Nothing is worked out here, no script is needed, and every text is escaped.
"""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from offtake.core.terms import references
from offtake.plan.schema import Plan
from offtake.reports.html import still
from offtake.reports.html.page import laid_out
from offtake.results import overview
from offtake.results.comparison import Comparison
from offtake.results.differences import Differences
from offtake.results.results import Results
from offtake.results.sensitivity import Sensitivity
from offtake.results.stress import Stress
from offtake.results.table import Row, Table, cell

MOST = 12
"""Rows of a ranked table that are shown at once."""
STYLE = Markup(
    "<style>.offtake td,.offtake th{text-align:left;padding:.2em .7em}"
    ".offtake .n{text-align:right;font-variant-numeric:tabular-nums}"
    ".offtake summary{cursor:pointer;margin:.4em 0}.offtake svg{max-width:100%;height:auto}</style>"
)
FACILITY = ("contract", "size_usd", "drawn_usd_mean", "pd", "lgd", "el_usd", "irr_mean")
"""Columns of the table of facilities that are shown at once, those of them that there are."""


def draw(thing: Any) -> str:
    """What is shown of a plan, results, a table or a study."""
    for kind, drawn in DRAWN.items():
        if isinstance(thing, kind):
            return str(Markup('<div class="offtake">{}{}</div>').format(STYLE, drawn(thing)))
    message = f"{type(thing).__name__} is nothing that a notebook shows"
    raise TypeError(message)


def table(given: Table) -> Markup:
    """A table as people read it."""
    laid = laid_out(given)
    head = _cells(laid.heads, "th")
    body = Markup("").join(Markup("<tr>{}</tr>").format(_cells(row, "td")) for row in laid.rows)
    note = Markup("<p><small>{}</small></p>").format(given.note) if given.note else ""
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}").format(
        head, body, note
    )


def _titled(given: Table) -> Markup:
    return Markup("<p><b>{}</b></p>{}").format(given.title, table(given))


def _cells(given: list[tuple[str, bool]], tag: str) -> Markup:
    right = {True: Markup(' class="n"'), False: ""}
    return Markup("").join(
        Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), right[number], text)
        for text, number in given
    )


def folded(given: Table, title: str = "") -> Markup:
    """A table behind its title."""
    if not len(given):
        return Markup("")
    return Markup("<details><summary>{}</summary>{}</details>").format(
        title or given.title, table(given)
    )


def _first(given: Table, columns: tuple[str, ...]) -> Table:
    """Some columns of a table, those of them that it has."""
    kept = [name for name in columns if name in given.columns]
    return Table(given.title, tuple({name: row[name] for name in kept} for row in given))


def _results(results: Results) -> Markup:
    facts = results.facts
    parts = [
        Markup("<p><b>{}</b></p><p>{}</p>").format(facts["plan"], results.headline()),
        Markup(still.who_pays(tuple(overview.net_payers(results)))),  # escapes its texts
    ]
    if overview.complete(results):
        said = [Markup("<li>{}</li>").format(row["says"]) for row in overview.verdicts(results)]
        parts.append(Markup("<ul>{}</ul>").format(Markup("").join(said)) if said else Markup(""))
    parts += [
        folded(results.who_pays()),
        folded(_first(results.facilities(), FACILITY)),
        folded(results.cohorts(), "Chips"),
        Markup(
            "<p><small>{} futures, seed {}; largest error of conservation {}.</small></p>"
        ).format(f"{facts['paths']:,}", facts["seed"], f"{results.worst('conservation'):.0e}"),
    ]
    return Markup("").join(parts)


def _plan(plan: Plan) -> Markup:
    head, calendar = plan.plan, plan.calendar
    parties = [
        {"party": name, "kind": party.kind, "role": party.role, "cash": _said(party.cash)}
        for name, party in plan.parties.items()
    ]
    contracts = [_contract(name, terms) for name, terms in plan.contracts.items()]
    scenarios = [
        {"name": name, "changes": ", ".join(changes)} for name, changes in plan.scenarios.items()
    ]
    about = Markup("<p>{}</p>").format(head.about) if head.about else ""
    frame = f"{calendar.horizon} {calendar.length} from {calendar.start:%Y-%m}"
    return Markup("<p><b>{}</b>, {}</p>{}{}{}{}").format(
        head.name,
        frame,
        about,
        table(Table("Contracts", tuple(contracts))),
        folded(Table("Parties", tuple(parties))),
        folded(Table("Scenarios", tuple(scenarios))),
    )


def _contract(name: str, terms: Any) -> Row:
    """A contract with the parties that it names, in the order of its fields."""
    named = [who for _, sections, who in references(terms) if "parties" in sections]
    return {
        "contract": name,
        "kind": terms.kind,
        "between": ", ".join(dict.fromkeys(named)),
        "amount": _said(getattr(terms, "amount", None)),
    }


def _said(number: Any) -> str:
    """A number as its author wrote it."""
    return getattr(number, "text", "") or ""


def _sensitivity(found: Sensitivity) -> Markup:
    rows = [
        {"number": e.place, "as written": e.text, "moved by": e.by, "effect": cell(e.effect)}
        for e in found.moving[:MOST]
    ]
    said = f"{found.target} = {cell(found.value)} {found.unit}, {found.paths:,} futures"
    return Markup("<p><b>{}</b></p>{}{}").format(
        said, table(Table("What moves it", tuple(rows))), folded(found.table(), "Every number")
    )


def _comparison(found: Comparison) -> Markup:
    parts = [table(found.table()), folded(found.financiers()), folded(found.facilities())]
    return Markup("<p><b>{}</b></p>{}").format(found.plan, Markup("").join(parts))


def _stress(found: Stress) -> Markup:
    parts = [
        table(found.summary()),
        folded(found.parties_table()),
        folded(found.facilities_table()),
    ]
    return Markup("<p><b>{}</b></p>{}").format(found.plan, Markup("").join(parts))


def _differences(found: Differences) -> Markup:
    said = Markup("<p><b>{}</b> against {}</p>{}")
    return said.format(found.other, found.plan, table(found.table()))


DRAWN: Mapping[type[Any], Callable[[Any], Markup]] = {
    Results: _results,
    Plan: _plan,
    Table: _titled,
    Sensitivity: _sensitivity,
    Comparison: _comparison,
    Stress: _stress,
    Differences: _differences,
}
"""What is shown -> how."""
