"""Every figure of a run by name: `facilities.jpm_construction.el_usd`, `parties.oracle.loss_usd`.

A name is the table, what the row is about, and the column, as in the JSON output; `parties` stands
for `who_pays`. Tables by month are left out: their years have names (`market_by_year.2027.price`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from offtake.core.errors import UnknownFigure
from offtake.core.names import suggestion

if TYPE_CHECKING:
    from offtake.results.results import Results
    from offtake.results.table import Row

TABLES: dict[str, tuple[str, ...]] = {
    "who_pays": ("party",),
    "facilities": ("contract",),
    "facility_details": ("contract",),
    "guarantees": ("contract",),
    "unspent": ("contract",),
    "supports": ("contract",),
    "contracts": ("contract",),
    "funding_gap": ("party", "year"),
    "cohorts": ("cohort",),
    "levelised": ("by", "name"),
    "token_costs": ("by", "name", "product"),
    "break_even": ("contract",),
    "capacity_by_year": ("year",),
    "energy": ("year", "source"),
    "chip_supply": ("year", "vendor"),
    "dependence_by_year": ("year",),
    "market_by_year": ("year",),
    "segment_summary": ("segment",),
    "welfare": ("item",),
    "learning": ("factor",),
    "learning_published": ("source", "date"),
    "thresholds": ("threshold",),
    "thresholds_by_year": ("threshold", "year"),
    "token_output": ("year",),
    "token_output_growth": ("what",),
    "income_shares": ("year",),
    "income_shares_at_the_end": ("what",),
    "supply_shares": ("year", "kind", "group"),
}
"""Method of `Results` -> the columns that say what a row is about."""
ALIASES = {"parties": "who_pays", "funding_gap_usd": "funding_gap"}


def figures(results: Results, tables: Iterable[str] = tuple(TABLES)) -> dict[str, float | None]:
    """Numbers of the named tables by name; None where there is nothing to say."""
    return {
        name: value
        for name, value in _entries(results, tables)
        if not _is_error(name.rsplit(".", 1)[-1])
    }


def table_of(name: str) -> str:
    """Table in which a figure stands, by the first part of its name.

    Raises:
        UnknownFigure: there is no such table; the message names the nearest one.
    """
    first = name.split(".", 1)[0]
    first = ALIASES.get(first, first)
    if first not in TABLES:
        known = [*ALIASES, *TABLES]
        message = f"no figure {name!r}: no table {first!r}; " + suggestion(
            first, known, otherwise="there are no tables"
        )
        raise UnknownFigure(message)
    return first


def full_name(name: str) -> str:
    """The name with its table as the JSON output calls it: `parties.x` is `who_pays.x`.

    Raises:
        UnknownFigure: there is no such table.
    """
    rest = name.partition(".")[2]
    return f"{table_of(name)}.{rest}"


QUANTILE = re.compile(r"_p\d+\Z")
RATIOS = {
    "lgd": "mean loss over mean exposure, of futures with a default",
    "lgd_after_supports": "mean loss over mean exposure, of futures with a default",
    "el_bp_per_year": "mean loss over the mean of what is lent",
}
"""Figures that are one mean over another, and what they are."""


def column_of(said: str) -> str:
    """The column of a figure as a user names it: `el_usd of loan`, or a full name."""
    return said.partition(" of ")[0].strip().rsplit(".", 1)[-1]


def why_no_mean(said: str) -> str | None:
    """Why a figure is no mean over futures: a quantile, the worst 5 %, a ratio; None if it is one.

    Args:
        said: as a user names it.
    """
    column = column_of(said)
    if QUANTILE.search(column):
        return "a quantile over futures"
    if column.endswith("_worst5"):
        return "a mean over the worst 5 %, a set that moves with the numbers"
    return f"a ratio, {RATIOS[column]}" if column in RATIOS else None


def meant(said: str, known: Iterable[str]) -> str:
    """The figure of `el_usd of jpm_construction`, or of a full name.

    Raises:
        UnknownFigure: there is none, or several; the message names them.
    """
    column, of, about = (part.strip() for part in said.partition(" of "))
    if not of:
        return find(said.strip(), known)
    names = list(known)
    fits = [n for n in names if n.split(".", 1)[1] == f"{about}.{column}"]
    if len(fits) == 1:
        return fits[0]
    if fits:
        message = f"{said!r} may be {' or '.join(fits)}: write one of these"
        raise UnknownFigure(message)
    others = [" of ".join(reversed(n.split(".", 1)[1].rsplit(".", 1))) for n in names]
    close = suggestion(f"{column} of {about}", others, otherwise="there are no figures")
    message = f"no figure {said!r}: {close}"
    raise UnknownFigure(message)


def check_tables(said: Iterable[str]) -> None:
    """Refuse figures whose full name begins with no table; short ones need a run to be looked up.

    Raises:
        UnknownFigure: of the first of them; the message names the nearest table.
    """
    for name in said:
        if " of " not in name:
            table_of(name)


def tables_with(said: Sequence[str], results: Results) -> tuple[str, ...]:
    """Tables in which figures stand, as a user names them; those of `el_usd of loan` are looked up.

    Raises:
        UnknownFigure: there is none, or several; the message names them.
    """
    short = [name for name in said if " of " in name]
    known = figures(results) if short else {}
    full = [meant(name, known) if name in short else name for name in said]
    return tuple(dict.fromkeys(table_of(name) for name in full))


def find(name: str, known: Iterable[str]) -> str:
    """The full name of a figure.

    Raises:
        UnknownFigure: there is none of this name; the message names the nearest.
    """
    names, table = list(known), table_of(name)
    full = full_name(name)
    if full in names:
        return full
    beside = [other for other in names if other.startswith(f"{table}.")]
    message = f"no figure {name!r}: {_nearest(full, beside, table)}"
    raise UnknownFigure(message)


def _nearest(full: str, beside: list[str], table: str) -> str:
    """The nearest name; where there is a row of it, what that has."""
    row = ".".join(full.split(".")[:2])
    columns = [other.removeprefix(f"{row}.") for other in beside if other.startswith(f"{row}.")]
    said = full.removeprefix(row).lstrip(".")
    close = [column for column in columns if said and column.startswith(said)]
    if close:
        return f"did you mean {' or '.join(f'{row}.{column}' for column in close)}?"
    if columns and not said:
        return f"{row} has {', '.join(columns)}"
    known = [f"{row}.{column}" for column in columns] or beside
    return suggestion(full, known, otherwise=f"this plan has nothing in the table {table}")


def with_errors(
    table: str, rows: Iterable[Row], errors: Mapping[str, float | None]
) -> list[dict[str, Any]]:
    """Rows of a table with the errors of their figures (columns `.._se`) taken from elsewhere.

    Args:
        table: its name.
        rows: as made.
        errors: name of a figure -> standard error.
    """
    return [_with_errors(f"{table}.{_about(table, row)}", row, errors) for row in rows]


def _with_errors(
    above: str, row: Mapping[str, Any], errors: Mapping[str, float | None]
) -> dict[str, Any]:
    made = dict[str, Any](row)
    for column, value in row.items():
        if _is_error(column):
            what = "usd" if column == "se" else column.removesuffix("_se")
            if isinstance(value, Mapping):
                parts = cast("Mapping[str, Any]", value)
                made[column] = {part: errors.get(f"{above}.{what}.{part}") for part in parts}
            else:
                made[column] = errors.get(f"{above}.{what}")
    return made


def _about(table: str, row: Row) -> str:
    return ".".join(str(row[key]) for key in TABLES[table])


def _entries(results: Results, tables: Iterable[str]) -> Iterable[tuple[str, float | None]]:
    for table in tables:
        keys = TABLES[table]
        rows: Iterable[Row] = getattr(results, table)()
        for row in rows:
            about = _about(table, row)
            rest = {column: value for column, value in row.items() if column not in keys}
            yield from _numbers(f"{table}.{about}", rest)


def _numbers(above: str, row: Mapping[str, Any]) -> Iterable[tuple[str, float | None]]:
    for column, value in row.items():
        name = f"{above}.{column}"
        if isinstance(value, Mapping):
            if not _is_error(column):
                yield from _numbers(name, cast("Mapping[str, Any]", value))
        elif value is None:
            yield name, None
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)


def _is_error(column: str) -> bool:
    return column == "se" or column.endswith("_se")
