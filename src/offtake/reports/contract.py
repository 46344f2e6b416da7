"""One contract as text: its terms as understood, its formula, its flows in the base case."""

from typing import cast

from rich.console import Group
from rich.table import Table
from rich.text import Text

from offtake.core.names import suggestion
from offtake.core.quantity import Quantity, When
from offtake.core.walk import numbers
from offtake.plan.schema import Plan
from offtake.reports.instruments import docstring
from offtake.results.table import money
from offtake.run.base_case import BaseCase, base_case_of


class UnknownContractError(LookupError):
    """The plan has no contract of that name: says which are near it."""


def explained(plan: Plan, contract: str) -> Group:
    """Everything about one contract.

    Raises:
        UnknownContractError: the plan has no such contract.
    """
    if contract not in plan.contracts:
        mend = suggestion(contract, plan.contracts, otherwise="the plan has no contracts")
        message = f"No contract {contract!r} in {plan.plan.name}: {mend}"
        raise UnknownContractError(message)
    kind = str(getattr(plan.contracts[contract], "kind", ""))
    return Group(
        Text(f"{contract} ({kind}) in {plan.plan.name}", style="bold"),
        Text(""),
        _terms(plan, contract),
        Text(""),
        Text(docstring(kind)),
        Text(""),
        Text("Base case by period, USD (periods without any movement are left out)", style="bold"),
        _flows(base_case_of(plan), contract),
    )


def _terms(plan: Plan, contract: str) -> Table:
    """Fields as understood: every number in the unit it is reckoned in, with its source."""
    terms = plan.contracts[contract]
    table = Table(
        box=None, pad_edge=False, header_style="bold", title="Terms", title_justify="left"
    )
    for name in ("field", "as written", "as understood"):
        table.add_column(name)
    table.add_column("source", overflow="fold")
    known = dict(numbers(terms))
    for field in type(terms).model_fields:
        value = getattr(terms, field)
        mine = {
            k: v for k, v in known.items() if k == field or k.startswith((f"{field}.", f"{field}["))
        }
        if not mine:
            names = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
            shown = ", ".join(map(str, names))
            table.add_row(field, shown if value is not None else "–", "", "")
        for place, number in mine.items():
            table.add_row(place, str(number), _understood(number), _source(number))
    return table


def _understood(number: Quantity | When) -> str:
    """The number in the unit it is reckoned in."""
    if isinstance(number, When):
        return number.date.isoformat()
    spread = " (uncertain; median)" if number.distribution else ""
    return f"{number.value:,.10g} {number.unit}{spread}"


def _source(number: Quantity | When) -> str:
    """Where the number comes from; for an assumption, the reason."""
    if number.source is None:
        return ""
    parts = (number.source.source, number.source.confidence, number.source.note)
    return "; ".join(part for part in parts if part)


def _flows(base: BaseCase, contract: str) -> Table:
    """Flows by period in the base case; periods in which nothing moves are left out."""
    lines = base.lines(contract)
    values = base.published(contract)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("period")
    for name in (*lines, *values):
        table.add_column(name, justify="right")
    for t, date in enumerate(base.dates):
        if any(paid[t] != 0.0 or claimed[t] != 0.0 for claimed, paid in lines.values()):
            cells = [_cell(claimed[t], paid[t]) for claimed, paid in lines.values()]
            table.add_row(date, *cells, *(money(float(v[t])) for v in values.values()))
    return table


def _cell(claimed: float, paid: float) -> str:
    short = claimed - paid > 1e-9 * abs(claimed)
    return f"{money(paid)} of {money(claimed)}" if short else money(paid)
