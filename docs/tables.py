"""Rows of tables in Markdown."""


def cell(text: str) -> str:
    """Text as it may stand in a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def line(*cells: str) -> str:
    """A row of a table."""
    return "| " + " | ".join(map(cell, cells)) + " |"
