"""Every plan runs; what is known beforehand is held against 1,024 paths with seed 1."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import offtake

ROOT = Path(__file__).resolve().parents[2]
PLANS = ROOT / "plans"
NAMES = sorted(folder.name for folder in PLANS.iterdir() if (folder / "plan.yaml").exists())
EXPECTED: dict[str, dict[str, Any]] = {
    name: json.loads((PLANS / name / "expected.json").read_text("utf-8")) for name in NAMES
}
ROWS = [(name, place) for name in NAMES for place in EXPECTED[name]]
pytestmark = pytest.mark.slow
STEP = re.compile(r"(?P<key>\w+)(?:\[(?P<where>[^\]]+)\])?(?:\.|$)")


def find(found: Any, place: str) -> Any:
    """The value at a place such as ``facilities[contract=phase_2_loan].drawn_usd_mean``."""
    for step in STEP.finditer(place):
        found = found[step["key"]]
        if step["where"]:
            wanted = dict(pair.split("=") for pair in step["where"].split(","))
            (found,) = [row for row in found if all(str(row[k]) == v for k, v in wanted.items())]
    return found


@cache
def output(name: str) -> dict[str, Any]:
    """The JSON output of the run for which the values were written."""
    return offtake.run(offtake.load(PLANS / name), paths=1024, seed=1).to_json()


@pytest.mark.parametrize("name", NAMES)
def test_runs_with_every_invariant(name: str) -> None:
    """Shares of a month's gross flows; 1e-9 is the bound of the semantics."""
    assert max(output(name)["invariants"].values()) < 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_output_holds_to_its_schema(name: str) -> None:
    schema = json.loads((ROOT / "docs" / "results.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(output(name))


@pytest.mark.parametrize(("name", "place"), ROWS)
def test_is_as_expected(name: str, place: str) -> None:
    """Within the tolerance, whose reason stands beside it."""
    row = EXPECTED[name][place]
    assert find(output(name), place) == pytest.approx(row["value"], abs=row["tolerance"]), row[
        "why"
    ]
