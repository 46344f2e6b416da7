"""Code blocks of pages: found, taken apart into commands, and cut to a size at which they run soon.

How a block is marked says what becomes of it:

* ```sh: lines that begin with `offtake` are run, one after another, in a folder with the plans;
* ```python: run, the blocks of a page in one process;
* ```yaml: a plan of its own is checked; a part of one must be YAML of known sections and kinds;
* a comment `<!-- not run: why -->` on the line before says that a block is read and not run;
* a ```text block right after a ```sh block is what the last command prints, and is held to it.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from offtake.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
FENCE = re.compile(
    r"^(?:<!-- not run: (?P<why>[^\n]+?) -->\n+)?```(?P<kind>sh|python|yaml)\n(?P<text>.*?)^```$"
    r"(?:\n+```text\n(?P<printed>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
FEW = 512
"""Futures of a command on a page that does not show what it prints."""
WHOLE = 4096
"""The fewest futures of a sampler that deals them out."""
DEALT = ("--sampler", "--tilt")
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # pyright: ignore
"""Every command by its name."""
COUNTED = {
    name
    for name, command in COMMANDS.items()
    if any("--paths" in parameter.opts for parameter in command.params)
}
"""Those with --paths."""


@dataclass(frozen=True)
class Block:
    """One block of a page."""

    page: Path
    line: int
    kind: str
    text: str
    why_not: str | None
    """Why it is not run; None if it is."""
    printed: str | None
    """What the page says that it prints."""

    @property
    def name(self) -> str:
        """The page and the line, for people."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"

    def commands(self) -> list[list[str]]:
        """Words of every command of a shell block, `offtake` first."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in their order."""
    text = page.read_text("utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start("text"))
        yield Block(page, line, found["kind"], found["text"], found["why"], found["printed"])


def pages() -> list[Path]:
    """Every page with blocks: of `docs/`, of the plans, and those at the top."""
    found = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "plans").glob("*/README.md")]
    found += [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    return sorted(page for page in found if any(blocks(page)))


def cut(words: list[str]) -> list[str]:
    """A command with few futures: as many as the page says, at most `FEW`."""
    if words[1] not in COUNTED:
        return words
    if words[1] == "report" and words[2].endswith(".nc"):
        return words
    most = WHOLE if any(option in words for option in DEALT) else FEW
    if "--paths" not in words:
        return [*words, "--paths", str(most)]
    at = words.index("--paths") + 1
    fewer = min(int(words[at].replace("_", "")), most)
    return [*words[:at], str(fewer), *words[at + 1 :]]
