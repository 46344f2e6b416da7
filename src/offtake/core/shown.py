"""How plans and results show themselves in a notebook.

What draws them stands far above what they are (`offtake.reports.html.notebook`), so it is put here
when `offtake` is imported, as a function that loads it on first use.
"""

from collections.abc import Callable
from typing import Any

DRAW: list[Callable[[Any], str]] = []
"""The function that draws; none where only rooms below it are used."""


class Shown:
    """Something that a notebook shows as more than text."""

    def _repr_html_(self) -> str | None:
        """HTML for a notebook; None where nothing can draw it, so that its text is shown."""
        return DRAW[-1](self) if DRAW else None
