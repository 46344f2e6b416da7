"""A browser for the tests of this folder: the one of Playwright, or one on this machine."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs Playwright: run it as `make test-browser`"
    )
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    with playwright.sync_playwright() as started:
        try:
            # No sandbox: containers seldom let a browser make one, and the pages are our own.
            opened = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except playwright.Error as failure:
            pytest.skip(
                "no Chromium: install one (apt install chromium), or run "
                f".venv/bin/playwright install chromium ({str(failure).splitlines()[0]})"
            )
        yield opened
        opened.close()
