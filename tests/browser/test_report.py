"""The report in a browser: drawn without an error, without a network, without a barrier.

`make test-browser` runs these. They need a Chromium: the one of Playwright, or one on this machine.
"""

from pathlib import Path
from typing import Any

import pytest

import offtake
from offtake.reports.html.page import report
from tests.browser.watched import WIDTHS, barriers, watched
from tests.run.small import small_plan

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    file = folder / "small.html"
    file.write_text(report(offtake.run(small_plan(folder), paths=700, seed=5)), "utf-8")
    return file


def opened(browser: Any, file: Path, **how: Any) -> tuple[Any, list[str]]:
    """The page, and what went wrong or was asked of a network while it was opened."""
    page, wrong = watched(browser, "file:", **how)
    page.goto(file.as_uri())
    return page, wrong


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_chart_is_drawn_without_an_error(
    browser: Any, page_file: Path, width: int, scheme: str
):
    page, wrong = opened(
        browser, page_file, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    plots = page.locator("[data-option]")
    assert plots.count() > 5
    assert page.locator("[data-option] svg").count() == plots.count()
    assert page.evaluate("document.documentElement.scrollWidth") == width  # nothing sticks out
    assert wrong == []
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_no_serious_finding(browser: Any, page_file: Path, width: int, scheme: str):
    # The page's own policy keeps axe's script out as it does any other.
    page, _ = opened(
        browser,
        page_file,
        bypass_csp=True,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
    )
    assert barriers(page, least=20) == []
    page.close()


def test_without_javascript_the_answer_and_every_table_are_there(browser: Any, page_file: Path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.locator("#who-pays svg").count() == 1
    assert page.locator("p.answer").inner_text()
    summary = page.locator("#money-flow summary")
    summary.click()
    assert page.locator("#money-flow table").is_visible()
    context.close()


def test_the_keyboard_reaches_the_answer_and_the_tables(browser: Any, page_file: Path):
    page, _ = opened(browser, page_file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#answer")
    page.locator("#who-pays summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("#who-pays table").is_visible()
    page.close()


def test_it_prints(browser: Any, page_file: Path, tmp_path: Path):
    page, wrong = opened(browser, page_file)
    printed = page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert printed[:5] == b"%PDF-"
    assert wrong == []
    page.close()
