"""Reading of the repository's own source, for the tests of this folder."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.reference_data import ROOT

SOURCE = ROOT / "src" / "offtake"
PYTHON_FOLDERS = ("src", "tests", "benchmarks", "docs", "plans")


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """All Python files below the named folders of the repository; all of them by default."""
    roots = [ROOT / folder for folder in folders or PYTHON_FOLDERS]
    return tuple(sorted(path for root in roots for path in root.rglob("*.py")))


@cache
def parse(path: Path) -> ast.Module:
    """Syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions of a file, nested ones too."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported_modules(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every absolute import of a file, wherever it stands."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module


def short(path: Path) -> str:
    """The path as written from the root of the repository."""
    return path.relative_to(ROOT).as_posix()


def kept_files() -> tuple[Path, ...]:
    """Files that git keeps; all files but for hidden ones where this is no git checkout."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode == 0:
        paths = [ROOT / name for name in listing.stdout.split("\0") if name]
        return tuple(path for path in paths if path.is_file())
    return tuple(
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(ROOT).parts)
    )
