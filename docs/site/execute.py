"""Runs what stands on a page, as a reader would: in a folder with the plans and nothing else.

    python -m docs.site.execute docs/start.md plans/one-hall/README.md ...

Commands run with few futures (`docs.site.blocks.cut`), but for those whose output is on the page.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from docs.site.blocks import ROOT, Block, blocks, cut

NUMBER = re.compile(r"[-+±]?\d[\d,]*\.?\d*")
CLOSE = 0.01
"""Relative distance of printed numbers: a last digit differs where machines add up otherwise."""
NOT_HELD = re.compile(r"^(Time: .*|.* s$|Money was conserved.*|.*\de[+-]\d\d.*)$")
"""Lines that differ from one run to the next."""
COMMAND = "from offtake.cli.main import main; main()"
PROGRAMS = {"offtake": (sys.executable, "-c", COMMAND), "python": (sys.executable,)}


class Broken(Exception):
    """Something on a page does not do what the page says."""


def environment() -> dict[str, str]:
    """For commands: as narrow as a page, and no colours."""
    narrow = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    return {**os.environ, **narrow, "PYTHONPATH": os.pathsep.join(sys.path)}


def run(words: list[str], folder: Path) -> str:
    """What a command prints to stdout.

    Raises:
        Broken: it fails.
    """
    done = subprocess.run(
        [*PROGRAMS[words[0]], *words[1:]],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"{' '.join(words)}: exit code {done.returncode}\n{done.stderr[-2000:]}"
        raise Broken(message)
    return done.stdout


def told(text: str) -> list[str]:
    """Lines that are held to a page."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line and not NOT_HELD.match(line)]


def differs(page: str, found: str) -> str | None:
    """The first line of a page that was printed otherwise; None if all were.

    A page may begin anywhere; a line `...` on it stands for any lines.
    """
    lines, at = told(found), 0
    jump = True
    for line in told(page):
        if line == "...":
            jump = True
            continue
        places = range(at, len(lines)) if jump else range(at, at + 1)
        match = next((i for i in places if i < len(lines) and same(line, lines[i])), None)
        if match is None:
            return f"{line}\n  printed: {lines[at] if at < len(lines) else 'nothing'}"
        at, jump = match + 1, False
    return None


def same(one: str, other: str) -> bool:
    """Whether two lines say the same, numbers nearly so."""
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(_near(a, b) for a, b in pairs)


def _near(one: str, other: str) -> bool:
    a, b = (float(x.replace(",", "").lstrip("+±")) for x in (one, other))
    return abs(a - b) <= CLOSE * max(abs(a), abs(b))


def shell(block: Block, folder: Path) -> None:
    """Run the commands of a block.

    Raises:
        Broken: one fails, or does not print what the page says.
    """
    printed = ""
    for words in block.commands():
        printed = run(words if block.printed is not None else cut(words), folder)
    if block.printed is not None and (line := differs(block.printed, printed)):
        message = f"the page says: {line}"
        raise Broken(message)


def execute(page: Path) -> int:
    """Run all blocks of a page; how many were run.

    Raises:
        Broken: one of them fails.
    """
    found = [block for block in blocks(page) if block.why_not is None]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "plans", folder / "plans")
        for block in found:
            if block.kind == "sh":
                try:
                    shell(block, folder)
                except Broken as broken:
                    message = f"{block.name}: {broken}"
                    raise Broken(message) from None
        script = "\n".join(block.text for block in found if block.kind == "python")
        if script:
            (folder / "page.py").write_text(script, "utf-8")
            run(["python", "page.py"], folder)
    return len(found)


if __name__ == "__main__":
    failed = 0
    for argument in sys.argv[1:]:
        try:
            print(argument, execute((ROOT / argument).resolve()), "blocks", flush=True)
        except Broken as broken:
            failed = 1
            print(broken, flush=True)
    sys.exit(failed)
