"""What a plan's README says it cannot show."""

from pathlib import Path

from offtake.plan.readme import cannot_show

README = """# Plan

## What it cannot show yet

- **Prices.** One price for
  all [chips](../x.md), as `spot`.
- Tax.

Words after the list.

## Files

- plan.yaml
"""


def test_items_come_as_plain_text(tmp_path: Path):
    (tmp_path / "README.md").write_text(README)
    assert cannot_show(tmp_path / "plan.yaml") == [
        "Prices. One price for all chips, as spot.",
        "Tax.",
    ]


def test_there_may_be_none(tmp_path: Path):
    assert cannot_show(tmp_path / "plan.yaml") == []
    (tmp_path / "README.md").write_text("# Plan\n")
    assert cannot_show(tmp_path / "plan.yaml") == []
