"""How cells look: a colour says what kind of number stands in them."""

from collections.abc import Mapping
from typing import Any

from offtake.reports.xlsx.paper import Format, Workbook

FONT = {"font_name": "Arial", "font_size": 9, "valign": "top"}
INPUT, ENGINE, LIVE, FLAG = "#0000FF", "#7F6000", "#000000", "#375623"
KINDS: Mapping[str, tuple[str, str, str]] = {
    "input": (INPUT, "#FFF9D6", "An input: change it, and what hangs on it follows."),
    "engine": (ENGINE, "#F2F2F2", "A value of the engine: it does not follow. Run the plan again."),
    "live": (LIVE, "#FFFFFF", "A formula."),
    "flag": (FLAG, "#F3F8EE", "A flag: 0, or red where the plan has to be run again."),
    "calendar": ("#44546A", "#FFFFFF", "The calendar."),
}
"""kind of a row -> colour of its digits, of its ground, what it means"""
KNOWN: Mapping[str, tuple[str, str]] = {
    "sourced": ("#E2F0D9", "A number with a source."),
    "assumed": ("#FCE4D6", "An assumption, or a number without a source."),
    "derived": ("#DDEBF7", "Derived from sourced numbers, or a default of offtake."),
}
"""how a number of the plan is known -> ground, what it means"""

NUMBERS = {
    "USD": '[>=0.5]#,##0_);[<=-0.5](#,##0);"–"_)',
    "1/year": '0.000%_);(0.000%);"–"_)',
    "share": '0.00%_);(0.00%);"–"_)',
    "x": '0.000"x"_);(0.000"x");"–"_)',
    "date": "yyyy-mm-dd",
    "year": "0",
    "years": "0.000000",
    "factor": "0.000000",
    "1 or 0": '0_);(0);"–"_)',
}
PLAIN = "General"


def kind_word(kind: str) -> str:
    """What a reader calls a kind of row."""
    return "formula" if kind == "live" else kind


class Formats:
    """Formats of a workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made = dict[tuple[tuple[str, Any], ...], Format]()

    def of(self, **properties: Any) -> Format:
        """The format with these properties."""
        whole = {**FONT, **properties}
        key = tuple(sorted(whole.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(whole)
        return self._made[key]

    def number(self, kind: str, unit: str, *, strong: bool = False) -> Format:
        """That of a number of a row."""
        colour, ground, _ = KINDS[kind]
        shown = {"font_color": colour, "num_format": NUMBERS.get(unit, PLAIN), "bold": strong}
        shown |= {"top": 4} if strong else {}
        return self.of(**shown, **({} if kind in ("live", "calendar") else {"bg_color": ground}))

    def alarm(self) -> Format:
        """What a flag or a check looks like where it is not 0."""
        return self._book.add_format({"font_color": "#FFFFFF", "bg_color": "#C00000"})

    def title(self) -> Format:
        """Heading of a sheet."""
        return self.of(bold=True, font_size=14, font_color="#1F3864")

    def section(self) -> Format:
        """Heading of a section."""
        return self.of(bold=True, bg_color="#D9E1F2", font_color="#1F3864")

    def head(self, **properties: Any) -> Format:
        """Heading of a column."""
        return self.of(bold=True, bottom=1, text_wrap=True, **properties)

    def quiet(self, **properties: Any) -> Format:
        """What is said beside numbers."""
        return self.of(font_color="#595959", **properties)

    def wrapped(self, **properties: Any) -> Format:
        """Text over several lines."""
        return self.of(text_wrap=True, **properties)

    def link(self) -> Format:
        """A way to another sheet."""
        return self.of(font_color="#0563C1", underline=1)
