"""How plans and results show themselves in a notebook.

What draws them stands far above what they are, so it is asked for by name, when something is shown:
no import leads up, and nothing is loaded before.
"""

from importlib import import_module

PAGES = "offtake.reports.html.notebook"
"""Module with `draw`, which makes HTML of a plan, results or a study."""


class Shown:
    """Something that a notebook shows as more than text."""

    def _repr_html_(self) -> str:
        """HTML for a notebook."""
        return str(import_module(PAGES).draw(self))
