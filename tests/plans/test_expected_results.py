"""What is known from outside about a plan, held against a run of 1,024 paths with seed 1."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import offtake

PLANS = Path(__file__).resolve().parents[2] / "plans"
EXPECTED: dict[str, dict[str, Any]] = json.loads(
    (PLANS / "abilene" / "expected.json").read_text("utf-8")
)
pytestmark = pytest.mark.slow
STEP = re.compile(r"(?P<key>\w+)(?:\[(?P<where>[^\]]+)\])?(?:\.|$)")


def find(found: Any, place: str) -> Any:
    """The value at a place such as ``facilities[contract=phase_2_loan].drawn_usd_mean``."""
    for step in STEP.finditer(place):
        found = found[step["key"]]
        if step["where"]:
            wanted = dict(pair.split("=") for pair in step["where"].split(","))
            (found,) = [row for row in found if all(row[k] == v for k, v in wanted.items())]
    return found


@pytest.fixture(scope="module", name="output")
def run_of_abilene() -> dict[str, Any]:
    """The JSON output of the run for which the values were written."""
    return offtake.run(offtake.load(PLANS / "abilene"), paths=1024, seed=1).to_json()


@pytest.mark.parametrize("place", EXPECTED)
def test_is_as_known_from_outside(output: dict[str, Any], place: str) -> None:
    """Within the tolerance, whose reason stands beside it."""
    row = EXPECTED[place]
    assert find(output, place) == pytest.approx(row["value"], abs=row["tolerance"]), row["why"]
