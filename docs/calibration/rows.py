"""One line of a comparison, and tables of them as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from docs.calibration.bands import Factor
from docs.tables import line


@dataclass(frozen=True)
class Row:
    """What the model says beside what was published."""

    what: str
    unit: str
    model: float
    published: float
    low: float
    """Lower end of the band."""
    high: float
    """Upper end of the band."""
    holds: Literal["published", "model"]
    """Which of the two the band must hold."""
    source: str
    note: str = ""

    @property
    def residual(self) -> float:
        """Model over published, less one."""
        return self.model / self.published - 1.0

    @property
    def inside(self) -> bool:
        """Whether the band holds what it must."""
        judged = self.published if self.holds == "published" else self.model
        return self.low <= judged <= self.high


def within_factor(
    what: str,
    unit: str,
    model: float,
    published: float,
    factor: Factor,
    source: str,
    note: str = "",
) -> Row:
    """A row whose band is a factor about the model."""
    low, high = model / factor.value, model * factor.value
    return Row(what, unit, model, published, low, high, "published", source, note)


def figure(value: float) -> str:
    """A number in three figures, thousands apart."""
    size = abs(value)
    if size >= 1000.0:
        digits = max(0, len(str(int(size))) - 3)
        return f"{round(value, -digits):,.0f}"
    for digits, least in ((0, 100.0), (1, 10.0), (2, 1.0)):
        if size >= least:
            return f"{value:.{digits}f}"
    return f"{value:.3g}"


def table(rows: Sequence[Row]) -> str:
    """Rows as a table."""
    head = (
        "| what | unit | model | published | residual | band | inside | source |\n"
        "| --- | --- | ---: | ---: | ---: | --- | --- | --- |"
    )
    return "\n".join([head, *map(_line, rows)])


def _line(row: Row) -> str:
    band = f"{figure(row.low)} to {figure(row.high)}"
    source = f"{row.source}; {row.note}" if row.note else row.source
    return line(
        row.what,
        row.unit,
        figure(row.model),
        figure(row.published),
        f"{row.residual:+.0%}",
        band if row.holds == "published" else f"{band} (holds the model)",
        "yes" if row.inside else "**no**",
        source,
    )


def tally(rows: Sequence[Row]) -> str:
    """How many are inside, and which are not, as a sentence."""
    missed = [row for row in rows if not row.inside]
    told = f"{len(rows) - len(missed)} of {len(rows)} inside the band."
    if missed:
        names = "; ".join(f"{row.what} ({row.residual:+.0%})" for row in missed)
        told += f" Outside: {names}."
    return told
