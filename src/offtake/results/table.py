"""A table of results: rows as dictionaries; shown as text, and in a notebook as HTML."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from offtake.core.shown import Shown

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Table(Shown):
    """Rows of one kind with a title; columns are the keys of the first row.

    Attributes:
        title: what the rows are.
        rows: dictionaries with the same keys.
        note: what a reader should know, shown below.
    """

    title: str
    rows: tuple[Row, ...]
    note: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.rows[0]) if self.rows else ()

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        """The rows."""
        return iter(self.rows)

    def __getitem__(self, index: int) -> Row:
        """One row."""
        return self.rows[index]

    def column(self, name: str) -> list[Any]:
        """Values of one column.

        Raises:
            KeyError: no such column; the message names those that exist.
        """
        if name not in self.columns:
            message = f"no column {name!r} in {self.title!r}; columns: {', '.join(self.columns)}"
            raise KeyError(message)
        return [row[name] for row in self.rows]

    def find(self, **wanted: Any) -> Row:
        """The first row in which all the named columns have the wanted values.

        Raises:
            KeyError: no row has them.
        """
        for row in self.rows:
            if all(row.get(key) == value for key, value in wanted.items()):
                return row
        message = f"no row of {self.title!r} with {wanted}"
        raise KeyError(message)

    def __str__(self) -> str:
        """The table as plain text."""
        shown = [[cell(row.get(name), name) for name in self.columns] for row in self.rows]
        heads = [heading(name) for name in self.columns]
        widths = [max(len(line[i]) for line in [heads, *shown]) for i in range(len(heads))]
        lines = [
            "  ".join(text.rjust(w) for text, w in zip(line, widths, strict=True))
            for line in [heads, *shown]
        ]
        return "\n".join([self.title, *lines, *([self.note] if self.note else [])])


def heading(name: str) -> str:
    """Column name as people read it: `loss_usd_worst5` becomes `loss, worst 5 % (USD)`."""
    unit = " (USD)" if "usd" in name.split("_") else ""
    words = [word for word in name.split("_") if word != "usd"]
    text = " ".join(words)
    text = text.replace(" worst5", ", worst 5 %").replace(" se", " ± se")
    return text + unit


def money(value: float) -> str:
    """USD with a scale: 1.23 bn, 45.6 M."""
    for scale, name in ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= scale * 0.9995:
            return f"{value / scale:,.{_decimals(value / scale)}f} {name}"
    return "0" if abs(value) < 0.5 else f"{value:,.0f}"


def _decimals(value: float) -> int:
    return 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2


def cell(value: Any, name: str = "") -> str:
    """One value as text."""
    if value is None:
        return "–"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, Mapping):
        parts = cast("Mapping[str, Any]", value)
        return ", ".join(f"{key}: {cell(part, name)}" for key, part in parts.items())
    if isinstance(value, list | tuple):
        return ", ".join(cell(part, name) for part in cast("list[Any]", value))
    if "usd" in name.split("_") and "per" not in name.split("_"):
        return money(float(value))
    if isinstance(value, int):
        return str(value)
    return f"{float(value):.4g}"
