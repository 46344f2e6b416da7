"""Files of a run: its results, and the answer as parts of a page, written once by who ran it.

A page is put together from parts that stand ready, so that two hundred readers cost the server the
sending of files and nothing else.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from offtake.reports.html.page import PARTS, part, shown
from offtake.results.results import Results

RESULTS = "results.nc"
JSON = "results.json"
REPORT = "report.html"
WORKBOOK = "workbook.xlsx"
HEAD = "head.json"
"""What stands above the parts: plan, frame, headline, sections."""
FIGURES = "figures.json"
"""Every figure, whole and without each group of futures, for comparisons."""
ID = re.compile(r"[a-z0-9]{10}")


def folder_of(runs: Path, run: str) -> Path:
    """Folder of a run.

    Raises:
        ValueError: this is no id.
    """
    if not ID.fullmatch(run):
        message = f"no id of a run: {run!r}"
        raise ValueError(message)
    return runs / run


def write_answer(folder: Path, results: Results) -> dict[str, Any]:
    """Write the answer as parts of a page; the head of the page."""
    what = shown(results)
    for name in PARTS:
        write_text(folder / f"{name}.html", part(name, what))
    head = {
        "plan": what["plan"],
        "about": what["about"],
        "frame": what["frame"],
        "headline": what["headline"],
        "sections": [[section.key, section.title] for section in what["sections"]],
        "verdicts": [dict(row) for row in what["verdicts"]],
    }
    write_json(folder / HEAD, head)
    return head


def write_json(file: Path, what: Mapping[str, Any]) -> None:
    """Write plain data."""
    write_text(file, json.dumps(what, allow_nan=False))


def read_json(file: Path) -> Any:
    """Plain data again; None where there is no such file."""
    try:
        return json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None


def read_part(folder: Path, name: str) -> str | None:
    """A part of the answer; None where it is not there (yet)."""
    try:
        return (folder / f"{name}.html").read_text("utf-8")
    except FileNotFoundError:
        return None


def remove(folder: Path) -> None:
    """Forget the files of a run."""
    shutil.rmtree(folder, ignore_errors=True)


def write_text(file: Path, text: str) -> None:
    """Write so that who reads sees the whole file or none."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    part.write_text(text, "utf-8")
    part.replace(file)
