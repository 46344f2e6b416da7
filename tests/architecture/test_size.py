"""One concept per file, short functions, a small engine, and no drawer for odds and ends."""

from pathlib import Path

import pytest

from tests.architecture.source import SOURCE, functions, python_files, short

FILE_LINES = 600
FUNCTION_LINES = 60
ENGINE_LINES = 1_000
DRAWERS = {"common", "helper", "helpers", "misc", "tools", "util", "utils"}


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_too_long():
    long = {short(path): lines(path) for path in python_files() if lines(path) > FILE_LINES}
    assert not long, f"files over {FILE_LINES} lines; split them by concept: {long}"


def test_no_function_is_too_long():
    # The programs that benchmarks compare with are written as one function, as an analyst would.
    by_hand = ("benchmarks/by_numpy.py", "benchmarks/by_loops.py")
    long = {
        f"{short(path)}:{f.lineno} {f.name}": length
        for path in python_files()
        if short(path) not in by_hand
        for f in functions(path)
        if (length := (f.end_lineno or f.lineno) - f.lineno + 1) > FUNCTION_LINES
    }
    assert not long, f"functions over {FUNCTION_LINES} lines: {long}"


def test_no_drawer_for_odds_and_ends():
    found = [
        short(path)
        for path in python_files("src")
        if DRAWERS & {path.stem, *path.relative_to(SOURCE).parent.parts}
    ]
    assert not found, f"name the module for the concept it holds: {found}"


def test_every_folder_of_modules_is_a_package():
    folders = {path.parent for path in python_files("src")}
    missing = [short(folder) for folder in folders if not (folder / "__init__.py").is_file()]
    assert not missing, f"no __init__.py, so import-linter does not see what is inside: {missing}"


def test_engine_stays_small():
    engine = python_files("src/offtake/engine")
    if not engine:
        pytest.skip("there is no engine yet")
    counted = {short(path): lines(path) for path in engine}
    assert sum(counted.values()) <= ENGINE_LINES, counted
