"""What is imported is declared, what is declared is locked, and locks hold nothing but hashes."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.source import imported_modules, python_files, short
from tests.reference_data import ROOT

LOCKS = ("run", "test")
OWN = {"offtake", "tests", "benchmarks", "docs", "plans"}


def name_of(requirement: str) -> str:
    """What a requirement names, in its normal form: `Pyright[nodejs]` is pyright."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {name_of(requirement) for requirement in project["project"]["dependencies"]}


def built_with() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {name_of(requirement) for requirement in project["build-system"]["requires"]}


def asked_for(lock: str) -> set[str]:
    lines = (ROOT / "requirements" / f"{lock}.in").read_text(encoding="utf-8").splitlines()
    return {name_of(line) for line in lines if line and not line.startswith(("#", "-"))}


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    return {name_of(n): v for n, v in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE)}


def undeclared(paths: tuple[Path, ...], allowed: set[str]) -> list[str]:
    distributions = packages_distributions()
    found: list[str] = []
    for path in paths:
        for line, module in imported_modules(path):
            top = module.split(".")[0]
            if top in sys.stdlib_module_names or top in OWN:
                continue
            if not {name_of(name) for name in distributions.get(top, [top])} & allowed:
                found.append(f"{short(path)}:{line} imports {module}")
    return found


def test_source_imports_only_what_the_project_declares():
    assert not undeclared(python_files("src"), declared())


def test_tests_import_only_what_is_asked_for():
    assert not undeclared(
        python_files("tests", "benchmarks", "docs"), declared() | asked_for("test")
    )


def test_run_requirements_are_the_declared_ones():
    assert asked_for("run") == declared() | built_with()


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_all_that_is_asked_for(lock: str):
    assert asked_for(lock) <= set(pins(lock)), "run `make lock`"


def test_test_lock_contains_the_run_lock():
    run, test = pins("run"), pins("test")
    assert {name: test.get(name) for name in run} == run, "run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_nothing_else(lock: str):
    path = ROOT / "requirements" / f"{lock}.txt"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where = f"{short(path)}:{number}: {line}"
        assert "://" not in line, where
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pin = re.fullmatch(r"[A-Za-z0-9._-]+==[^\s;]+( ; .+?)? \\", line)
        digest = re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?", line)
        assert pin or digest, where
