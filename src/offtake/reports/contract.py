"""One contract as text: its terms as understood, its formula, its flows in the base case."""

from typing import cast

from rich.console import Group
from rich.table import Table
from rich.text import Text

from offtake.core.flows import ALL_THERE_IS
from offtake.core.names import suggestion
from offtake.core.quantity import FloatingRate, Quantity, When
from offtake.core.walk import numbers
from offtake.finance.trailing import NO_SERVICE
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
        Text(
            "Base case, USD, by the day on which a period closes and its money moves (periods "
            "without any movement are left out); other columns as they stood when it opened",
            style="bold",
        ),
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
            base = f"{value.base} + " if isinstance(value, FloatingRate) and value.base else ""
            written = str(value) if isinstance(value, FloatingRate) else str(number)
            table.add_row(place, written, base + _understood(number), _source(number))
    return table


def _understood(number: Quantity | When) -> str:
    """The number in the unit it is reckoned in."""
    if isinstance(number, When):
        return number.date.isoformat()
    spread = " (uncertain; median)" if number.distribution else ""
    if number.unit == "1":
        return f"{number.value:,.10g}{spread}"
    if number.unit == "1/year":
        return f"{100.0 * number.value:,.10g} %/year{spread}"
    plural = "s" if number.unit == "month" and number.value != 1.0 else ""
    return f"{number.value:,.10g} {number.unit}{plural}{spread}"


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
    table.add_column("closes")
    for name in (*lines, *values):
        table.add_column(name, justify="right")
    for t, date in enumerate(base.dates):
        if any(paid[t] != 0.0 or claimed[t] != 0.0 for claimed, paid in lines.values()):
            cells = [_cell(claimed[t], paid[t]) for claimed, paid in lines.values()]
            table.add_row(date, *cells, *(_value(name, float(v[t])) for name, v in values.items()))
    return table


def _value(name: str, value: float) -> str:
    """A published value; covers as ratios, none where nothing was due, "all" where unbounded."""
    if name == "dscr":
        return "–" if value >= NO_SERVICE else f"{value:.2f}x"
    return "all" if value >= ALL_THERE_IS else money(value)


def _cell(claimed: float, paid: float) -> str:
    short = claimed - paid > 1e-9 * abs(claimed)
    return f"{money(paid)} of {money(claimed)}" if short else money(paid)
