"""`offtake serve` in a browser: a plan is run, cancelled, run, read, compared, shared, kept.

`make test-browser` runs these, in the order in which they stand.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.server import Served
from tests.browser.watched import WIDTHS, barriers, watched

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
]
PLAN = "one-hall"
FUTURES = 512


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    one = Served(tmp_path_factory.mktemp("data"), "--no-warm").start()
    yield one
    if one.process is not None:
        one.end(signal.SIGKILL)


def opened(browser: Any, served: Served, path: str, **how: Any) -> tuple[Any, list[str]]:
    """A page, and what went wrong on it or was asked of another server."""
    page, wrong = watched(browser, served.base, "data:", "blob:", **how)
    page.goto(served.base + path)
    page.set_default_timeout(180_000)  # a plan is compiled for its first run
    return page, wrong


def run(page: Any, futures: int, scenario: str | None = None) -> None:
    """Fill in the form of a plan and press run."""
    page.get_by_label("Futures", exact=True).fill(str(futures))
    if scenario:
        page.get_by_label("Scenario", exact=True).select_option(scenario)
    page.get_by_role("button", name="Run", exact=True).click()


@pytest.fixture(scope="module")
def answered(browser: Any, served: Served) -> list[str]:
    """Addresses of two runs that have their answers, saved."""
    found = []
    for scenario in (None, "tenant_of_weak_credit"):
        page, wrong = opened(browser, served, f"/plans/{PLAN}")
        run(page, FUTURES, scenario)
        page.locator("p.answer").wait_for()
        page.wait_for_timeout(3_000)  # what is saved after the answer
        found.append(page.url.removeprefix(served.base))
        assert wrong == []
        page.close()
    return found


def test_a_run_is_watched_and_cancelled(browser: Any, served: Served):
    page, wrong = opened(browser, served, "/")
    page.get_by_role("link", name="One hall").first.click()
    run(page, 100_000)
    page.get_by_text("Under way").wait_for()
    page.get_by_text("Simulating").wait_for()
    first = page.locator("#progress progress").get_attribute("value")
    page.wait_for_function(
        "first => document.querySelector('#progress progress').getAttribute('value') !== first",
        arg=first,
    )
    started = time.monotonic()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("heading", name="Cancelled").wait_for()
    assert time.monotonic() - started < 10.0
    assert wrong == []
    page.close()


def test_an_answer_is_drawn_and_linked(browser: Any, served: Served, answered: list[str]):
    page, wrong = opened(browser, served, answered[0])
    plots = page.locator("[data-option]")
    assert plots.count() > 8
    assert page.locator("[data-option] svg").count() == plots.count()
    groups = page.evaluate(
        "[...document.querySelectorAll('[data-option]')]"
        ".map(plot => echarts.getInstanceByDom(plot).group)"
    )
    linked = [group for group in groups if group]
    assert len(linked) > len(set(linked)) >= 1
    page.get_by_role("link", name="Cover", exact=True).click()
    page.wait_for_function("location.hash === '#part-cover'")
    assert wrong == []
    page.close()


def test_a_chart_is_saved_as_a_picture(browser: Any, served: Served, answered: list[str]):
    page, wrong = opened(browser, served, answered[0])
    with page.expect_download() as saved:
        page.locator("#who-pays .png").first.click()
    assert saved.value.suggested_filename == "who-pays-1.png"
    assert saved.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert saved.value.path().stat().st_size > 5_000
    for name, begins in (("Report", b"<!doctype html>"), ("JSON", b"{"), ("Dataset", b"\x89HDF")):
        with page.expect_download() as saved:
            page.locator("a.button", has_text=name).click()
        assert saved.value.path().read_bytes().startswith(begins)
    assert wrong == []
    page.close()


def test_runs_are_compared(browser: Any, served: Served, answered: list[str]):
    page, wrong = opened(browser, served, "/compare")
    boxes = page.locator("input[name=run]:not([disabled])")
    for i in range(2):
        boxes.nth(i).check()
    page.get_by_role("button", name="Compare those chosen").click()
    page.get_by_role("heading", name="2 runs compared").wait_for()
    charts = page.locator("[data-option]").count()
    page.locator("[data-option] svg").nth(charts - 1).wait_for()  # all are drawn, after the page
    assert page.locator("[data-option] svg").count() == charts > 1
    assert "All met the same futures" in page.locator("#figures .lead").inner_text()
    assert wrong == []
    page.close()


def test_a_link_opens_elsewhere_for_reading(browser: Any, served: Served, answered: list[str]):
    page, wrong = opened(browser, served, answered[0])
    said = page.locator("p.answer").inner_text()
    page.get_by_role("button", name="Share a link").click()
    link = page.get_by_label("Link", exact=True).input_value()
    page.close()
    other, wrong_there = opened(browser, served, link.removeprefix(served.base))
    assert other.locator("p.answer").inner_text() == said
    assert other.get_by_role("button", name="Run again").count() == 0
    assert other.get_by_role("navigation", name="Site").count() == 0
    assert wrong == wrong_there == []
    other.close()


PAGES = {
    "plans": "/",
    "plan": f"/plans/{PLAN}",
    "runs": "/runs",
    "choose": "/compare",
    "programs": "/api",
    "answer": "{0}",
    "compared": "/compare?runs={both}",
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_axe_has_no_serious_finding(
    browser: Any, served: Served, answered: list[str], name: str, width: int
):
    both = ",".join(address.rpartition("/")[2] for address in answered)
    path = PAGES[name].format(answered[0], both=both)
    for scheme in ("light", "dark"):
        # The pages' own policy keeps axe's script out as it does any other.
        page, wrong = opened(
            browser,
            served,
            path,
            bypass_csp=True,
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
        )
        assert barriers(page, least=10) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert wrong == []
        page.close()


def test_the_keyboard_runs_a_plan(browser: Any, served: Served):
    page, wrong = opened(browser, served, f"/plans/{PLAN}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_label("Futures", exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("300")
    page.keyboard.press("Enter")
    page.locator("p.answer").wait_for()
    assert wrong == []
    page.close()


def test_runs_are_there_after_a_restart(browser: Any, served: Served, answered: list[str]):
    page, _ = opened(browser, served, answered[0])
    said = page.locator("p.answer").inner_text()
    children = served.children()
    assert len(children) >= 2
    code, printed = served.end()
    assert code == 0, printed
    assert "Traceback" not in printed
    assert _gone(children)
    served.start()
    page.reload()
    assert page.locator("p.answer").inner_text() == said
    page.close()


def test_processes_end_with_a_server_that_was_killed(served: Served):
    children = served.children()
    served.end(signal.SIGKILL)
    assert _gone(children)


def _gone(children: list[int]) -> bool:
    """Whether processes end in ten seconds: that of Python that watches over others comes last."""
    last = time.monotonic() + 10.0
    while time.monotonic() < last and any(map(_lives, children)):
        time.sleep(0.2)
    return not any(map(_lives, children))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
