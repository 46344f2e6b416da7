"""Figures of a run that are told by their names alone, as text."""

from offtake.results.named import full_name
from offtake.results.table import cell, money

SHARES = ("irr", "pd", "lgd", "share", "repaid", "recovered_from", "called", "cost_share")
"""How columns that are shares or rates begin."""
IN_USD = ("funding_gap",)
"""Tables whose columns are all in USD and do not say so."""


def column_of(figure: str) -> str:
    """Column of a figure; of the value of a contract the last part of the name is a party."""
    parts = figure.split(".")
    return parts[2] if parts[0] == "contracts" else parts[-1]


def shown(figure: str, value: float | None) -> str:
    """A value of a figure."""
    column = column_of(figure)
    if value is None:
        return cell(value)
    if column.startswith(SHARES):
        return f"{100.0 * value:.3g} %"
    if full_name(figure).split(".", 1)[0] in IN_USD:
        return money(value)
    return cell(value, column)


def apart(figure: str, value: float | None) -> str:
    """A size of a change of a figure, or of an error: of a share in points."""
    text = shown(figure, value)
    return f"{text.removesuffix('%')}pt" if text.endswith(" %") else text


def signed(figure: str, value: float | None) -> str:
    """A change of a figure, with its sign."""
    text = apart(figure, None if value is None else abs(value))
    return text if not value else f"{'+' if value > 0.0 else '-'}{text}"
