"""Every notebook, cell by cell, as the Python that it is; `make docs` runs them in Jupyter too."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from docs.site.blocks import NOTEBOOKS, ROOT


def shown(source: str, names: dict[str, Any]) -> Any:
    """What a cell shows: the value of its last line, if that is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)
def test_every_cell_runs_and_what_it_shows_is_rich(notebook: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    names: dict[str, Any] = {}
    values = [
        shown("".join(cell["source"]), names) for cell in cells if cell["cell_type"] == "code"
    ]
    rich = [value for value in values if value is not None]
    assert rich, "a notebook that shows nothing"
    for value in rich:
        assert "<" in value._repr_html_(), type(value)
