"""The instruments as text: a list, and the fields and formula of one."""

import inspect
import sys

from rich.console import Group
from rich.table import Table
from rich.text import Text

from offtake.contracts import ALL, BY_KIND
from offtake.core.names import suggestion
from offtake.core.terms import fields


def docstring(kind: str) -> str:
    """Docstring of an instrument's file."""
    return inspect.cleandoc(sys.modules[BY_KIND[kind].__module__].__doc__ or "")


def instrument_list() -> Table:
    """Every kind with its one sentence."""
    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    table.add_column("kind", no_wrap=True)
    table.add_column("what it is")
    for contract in ALL:
        sentence = docstring(contract.kind).split("\n\n")[0].replace("\n", " ")
        table.add_row(contract.kind, sentence.split(": ", 1)[-1])
    return table


def instrument_fields(kind: str) -> Group:
    """Formula and fields of one kind.

    Raises:
        KeyError: no such kind; the message names the nearest.
    """
    if kind not in BY_KIND:
        mend = suggestion(kind, BY_KIND, otherwise="there are none")
        message = f"No kind of contract {kind!r}: {mend}"
        raise KeyError(message)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("field", "unit", "default"):
        table.add_column(name, no_wrap=name != "default")
    table.add_column("meaning")
    for row in fields(BY_KIND[kind].Terms):
        default = "required" if row.required else (row.default or "–")
        table.add_row(row.name, row.unit or "–", default, row.doc)
    return Group(Text(docstring(kind)), Text(""), table)
