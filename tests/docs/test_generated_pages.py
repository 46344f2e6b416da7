"""What the documentation repeats from the code is up to date, and its links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import kept_files, short
from tests.reference_data import ROOT

LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)")


def markdown_files() -> list[Path]:
    """Pages that are kept; links to pages, such as those to plans in the package, are not."""
    return [path for path in kept_files() if path.suffix == ".md" and not path.is_symlink()]


def test_generated_pages_are_up_to_date():
    done = subprocess.run(
        [sys.executable, "-m", "docs.build", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"run `make docs`\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", markdown_files(), ids=short)
def test_links_lead_somewhere(page: Path):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    broken = [
        link
        for link in links
        if not link.startswith(("http://", "https://", "mailto:"))
        and not (page.parent / link).exists()
    ]
    assert not broken, f"{short(page)}: {broken}"
