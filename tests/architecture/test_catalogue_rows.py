"""Every number of the catalogue has its unit, its source, its date and how sure it is."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from offtake import catalogue
from tests.architecture.source import SOURCE, short

DATA = SOURCE / "catalogue" / "data"
NEEDED = ("value", "unit", "source", "date", "confidence")
ABOUT = {"date", "dates", "version", "year"}  # keys whose numbers describe a row and are not one


def data_files() -> list[Path]:
    return sorted(DATA.rglob("*.yaml"))


def read(path: Path) -> object:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def missing(node: object, place: str, covered: bool = False) -> Iterator[str]:
    """What each number below a node lacks, with its place.

    A number is written {value, unit, source, date, confidence}; a table of many says once,
    under `every`, what its numbers share, and then holds them bare.
    """
    if isinstance(node, dict):
        shared = node.get("every", {})
        covered = covered or bool(shared.get("source") and shared.get("confidence"))
        if "value" in node:
            lacking = [key for key in NEEDED if {**shared, **node}.get(key) in (None, "")]
            if lacking:
                yield f"{place} lacks {', '.join(lacking)}"
            return
        for key, inner in node.items():
            if key not in ABOUT:
                yield from missing(inner, f"{place}.{key}", covered)
    elif isinstance(node, list):
        for i, inner in enumerate(node):
            yield from missing(inner, f"{place}[{i}]", covered)
    elif isinstance(node, int | float) and not isinstance(node, bool) and not covered:
        yield f"{place} is a bare number: {node}"


def test_planted_faults_are_found():
    row = {"value": 1, "unit": "W", "source": "s", "date": datetime.date(2026, 1, 1)}
    assert not list(missing({"a": row | {"confidence": "reported"}}, "f"))
    assert list(missing({"a": row}, "f")) == ["f.a lacks confidence"]
    assert list(missing({"a": {"tdp": 700}}, "f")) == ["f.a.tdp is a bare number: 700"]
    table = {"every": {"source": "s", "confidence": "reported"}, "rows": [[1, 2]]}
    assert not list(missing(table, "f"))
    assert list(missing({"every": {"source": "s"}, "rows": [1]}, "f"))


@pytest.mark.parametrize("path", data_files(), ids=lambda path: path.stem)
def test_every_number_is_written_with_unit_and_source(path: Path):
    found = list(missing(read(path), path.stem))
    assert not found, f"{short(path)}: {found}"


def test_every_number_is_read_with_unit_and_source():
    read_numbers = list(catalogue.numbers())
    places = [place for place, _ in read_numbers]
    assert len(set(places)) == len(places), "two numbers with one place"
    lacking = [
        f"{place}: {key}"
        for place, number in read_numbers
        for key in NEEDED[1:]
        if getattr(number, key) in (None, "")
    ]
    assert not lacking, lacking
