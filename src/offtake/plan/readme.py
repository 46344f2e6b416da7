"""What the author of a plan says it cannot show: a section of the README beside the plan."""

import re
from pathlib import Path

HEADING = "## What it cannot show"


def cannot_show(plan: Path) -> list[str]:
    """The items of that section, as plain text; empty where there is none.

    Args:
        plan: file of the plan.
    """
    readme = plan.parent / "README.md"
    return said_in(readme.read_text("utf-8"), HEADING) if readme.is_file() else []


def said_in(readme: str, heading: str) -> list[str]:
    """The items of a section of a README, as plain text; empty where there is none.

    Args:
        readme: its text.
        heading: of the section.
    """
    _, _, rest = readme.partition(heading)
    section = re.split(r"^## ", rest.partition("\n")[2], flags=re.MULTILINE)[0]
    items = re.split(r"^- ", section, flags=re.MULTILINE)[1:]
    return [without_marks(item.split("\n\n", 1)[0]) for item in items]


def without_marks(text: str) -> str:
    """Text without the marks of Markdown, on one line."""
    linked = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return " ".join(re.sub(r"\*\*|`", "", linked).split())
