"""`offtake catalogue`: what is known about chips, sites, prices and so on, with sources."""

import json
import textwrap
from typing import Annotated

import typer

from offtake.cli.show import PLAN_IS_WRONG, WIDTH, complain, console


def catalogue(
    topic: Annotated[
        str | None,
        typer.Argument(
            help="chips, sites, prices, power, lives, demand, shipments or ratings; "
            "all topics if left out."
        ),
    ] = None,
    name: Annotated[str | None, typer.Argument(help="One entry, in full.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write rows as JSON, in base units, instead of a table.")
    ] = False,
) -> None:
    """List what the catalogue holds, or print a topic or an entry with dates and sources."""
    from offtake.catalogue import UnknownNameError
    from offtake.reports.catalogue import entry_page, topic_list, topic_table
    from offtake.reports.catalogue_entries import find_entry, find_topic, rows

    try:
        found = find_topic(topic) if topic else None
        entry = find_entry(found, name) if found and name else None
    except UnknownNameError as unknown:
        complain(textwrap.fill(str(unknown), WIDTH))
        raise typer.Exit(PLAN_IS_WRONG) from None
    out = console()
    if as_json:
        print(json.dumps(list(rows(found, entry)), indent=1))
    elif entry:
        out.print(entry_page(entry))
    else:
        out.print(topic_table(found) if found else topic_list())
