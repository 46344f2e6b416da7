"""The plans of the repository, for tests that go over all of them."""

from tests.reference_data import ROOT

PLANS = ROOT / "plans"
FILES = {file.parent.name: file for file in sorted(PLANS.glob("*/plan.yaml"))}
"""Name -> file."""


def text_of(name: str) -> str:
    """What stands in the file of a plan."""
    return FILES[name].read_text("utf-8")
