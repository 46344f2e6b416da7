"""Charts and pages show what results hold: no number is worked out on the way to the reader.

Where something stands on paper is layout, and may be worked out: `still.py` places a picture,
`grid.py` the rows and columns of a workbook.
"""

import ast

import pytest

from tests.architecture.source import parse, python_files, short

PAGES = (
    "src/offtake/reports/charts",
    "src/offtake/reports/html",
    "src/offtake/reports/xlsx",
)
LAYOUT = {"src/offtake/reports/html/still.py", "src/offtake/reports/xlsx/grid.py"}
MAKES_NUMBERS = {"abs", "divmod", "max", "mean", "min", "pow", "round", "sum"}
MODULES = {"jax", "math", "numpy", "pandas", "scipy", "statistics", "xarray"}


def is_text(node: ast.expr) -> bool:
    """Whether what is joined is text, a list or a tuple, as far as it can be seen."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.BinOp):
        return is_text(node.left) or is_text(node.right)
    if isinstance(node, ast.IfExp):
        return is_text(node.body)
    return isinstance(node, ast.JoinedStr | ast.List | ast.Tuple | ast.ListComp)


def arithmetic(tree: ast.AST) -> list[str]:
    """Lines on which numbers are worked out."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitOr):
            joined = isinstance(node.op, ast.Add) and (is_text(node.left) or is_text(node.right))
            if not joined:
                found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.AugAssign) and not isinstance(node.op, ast.BitOr):
            if not is_text(node.value):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            if not isinstance(node.operand, ast.Constant):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in MAKES_NUMBERS:
                found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found += [f"{node.lineno}: {n}" for n in names if n.split(".")[0] in MODULES]
    return found


@pytest.mark.parametrize(
    "line",
    [
        "a = b * 2",
        "a = x - y",
        "a = row['usd'] / total",
        "a = -x",
        "a = sum(rows)",
        "n += 1",
        "import numpy",
        "from statistics import mean",
        "a = x + y",
    ],
)
def test_planted_arithmetic_is_found(line: str):
    assert arithmetic(ast.parse(line))


@pytest.mark.parametrize(
    "line", ["a = 'x' + y", "a = [*b] + c", "a = -1.0", "a = {} | b", "a = b > 0"]
)
def test_what_is_no_arithmetic_passes(line: str):
    assert not arithmetic(ast.parse(line))


def test_charts_and_pages_do_no_arithmetic():
    found = [
        f"{short(path)}:{line}"
        for path in python_files(*PAGES)
        if short(path) not in LAYOUT
        for line in arithmetic(parse(path))
    ]
    assert not found, f"put it in measures/ or results/: {found}"
