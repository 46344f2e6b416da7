"""Where text goes: answers to stdout, complaints to stderr, both within 100 columns."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

WIDTH = 100
PLAN_IS_WRONG = 2
RUN_FAILED = 3


def console() -> Console:
    """Console for answers."""
    terminal = Console()
    return Console(
        width=min(WIDTH, terminal.width) if terminal.is_terminal else WIDTH, highlight=False
    )


def complain(text: str) -> None:
    """Write to stderr."""
    print(text, file=sys.stderr)


def writable(file: Path | None) -> None:
    """Make a file that is to be written: if it cannot be, that is told before a run, not after it.

    Raises:
        OSError: it cannot be written.
    """
    if file is not None and str(file) != "-":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def written(plain: Callable[[], Mapping[str, Any]], file: Path | None) -> bool:
    """Write what was found as JSON; whether it went to stdout, where nothing else is to go then.

    Args:
        plain: makes plain values of it; called where there is a file.
        file: where to; `-` for stdout, nowhere if None.
    """
    if file is None:
        return False
    text = json.dumps(plain(), indent=1, allow_nan=False)
    if str(file) == "-":
        typer.echo(text)
        return True
    file.write_text(text + "\n")
    return False
