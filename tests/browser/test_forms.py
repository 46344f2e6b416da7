"""A plan written as form and YAML, checked while one types; numbers of a run slid and run again."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.server import Served
from tests.browser.watched import WIDTHS, barriers, watched

pytestmark = pytest.mark.browser
pytest.importorskip("playwright")

WAIT_MS = 240_000
"""A run of a plan that was never compiled on this machine, and then its slopes."""


@pytest.fixture(name="address", scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a folder of its own; nothing is warm."""
    served = Served(tmp_path_factory.mktemp("data"), "--no-warm").start()
    yield served.base
    served.end()


@pytest.fixture(name="page")
def one_page(browser: Any, address: str) -> Iterator[Any]:
    page, wrong = watched(browser, address, "data:", viewport={"width": 1440, "height": 900})
    page.wrong = wrong
    page.set_default_timeout(30_000)
    yield page
    page.close()


def opened(page: Any, address: str, at: str) -> None:
    page.goto(f"{address}/plans/one-hall/edit?at={at}")
    page.wait_for_selector(f'.fields-of[data-place="{at}"]')
    page.wait_for_selector("body[data-checked]")


def until(holds: Callable[[], bool]) -> None:
    """Wait; the policy of the pages lets no test evaluate a condition in them."""
    last = time.monotonic() + WAIT_MS / 1000.0
    while not holds():
        assert time.monotonic() < last
        time.sleep(0.05)


def lines(page: Any) -> list[str]:
    return page.input_value("#text").split("\n")


def test_a_wrong_unit_is_told_at_its_field_and_its_line_and_mended(page: Any, address: str):
    opened(page, address, "contracts.loan")
    field = page.locator('[data-field="contracts.loan.amount"]')
    before = lines(page)
    amount = field.locator("input").first
    assert amount.input_value() == "260 M USD"
    amount.fill("260 MW")
    amount.press("Tab")
    page.wait_for_selector('[data-field="contracts.loan.amount"].wrong')
    after = lines(page)
    changed = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert len(changed) == 1  # its own line and no other
    said = field.locator(".said").inner_text()
    assert "260 MW" in said
    assert "38 bn USD" in said  # what was expected, as `offtake check` says it
    listed = page.locator("#problems li.error")
    assert "contracts.loan.amount" in listed.first.inner_text()
    assert f"line {changed[0] + 1}" in listed.first.inner_text()
    assert page.locator("#gutter b").first.inner_text() == str(changed[0] + 1)
    assert "cannot be run" in page.inner_text("#verdict")
    assert page.locator('[data-place="contracts.loan.amount"]').get_attribute("aria-invalid")
    page.click("#undo")
    page.wait_for_selector("#verdict.right")
    assert lines(page) == before
    assert page.wrong == []


def test_what_is_typed_in_the_yaml_reaches_the_form(page: Any, address: str):
    opened(page, address, "plan")
    text = page.input_value("#text")
    page.fill("#text", text.replace("horizon: 8 years", "horizon: 9 years"))
    shown = '[data-place="plan.horizon"]'
    until(lambda: page.input_value(shown) == "9 years")
    page.fill("#text", text.replace("horizon: 8 years", "horizon 8 years"))
    page.wait_for_selector("#problems li.error")
    assert "yaml-syntax" in page.inner_text("#problems")
    assert page.wrong == []


def test_a_contract_is_added_and_its_missing_terms_are_told(page: Any, address: str):
    opened(page, address, "plan")
    page.select_option("#add-kind", "term_loan")
    page.fill("#add-name", "second_loan")
    page.click("#add button")
    page.wait_for_selector('.fields-of[data-place="contracts.second_loan"]')
    assert "  second_loan:" in lines(page)
    assert page.wrong == []


def test_what_is_kept_is_a_plan_of_ones_own(page: Any, address: str):
    opened(page, address, "plan")
    page.fill("#name", "My hall")
    field = page.locator('[data-place="plan.horizon"]')
    field.fill("7 years")
    field.press("Tab")
    until(lambda: "horizon: 7 years" in page.input_value("#text"))
    page.click("#keep button >> nth=0")
    page.wait_for_url("**/plans/**/edit")
    assert "one-hall" not in page.url
    assert "horizon: 7 years # " in page.input_value("#text")  # the comment stayed


@pytest.mark.parametrize("width", WIDTHS)
def test_the_form_is_accessible(page: Any, address: str, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, address, "chips.b200_2026")
    assert barriers(page, least=10) == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


def test_sliders_estimate_at_once_and_the_true_run_replaces_it(page: Any, address: str):
    page.goto(f"{address}/plans/one-hall")
    page.fill("#paths", "256")
    page.locator("form[action='/runs'] button").click()
    page.wait_for_selector("#what-if", timeout=WAIT_MS)
    said = page.locator("#slopes-said")
    until(lambda: said.inner_text().startswith("Computing"))
    page.wait_for_selector("#slid:not([hidden])", timeout=WAIT_MS)
    assert "move it most" in said.inner_text()
    assert not page.is_visible("#slid-run")  # nothing was run yet
    slider = page.locator("#sliders input").first
    slider.focus()
    for _ in range(4):
        slider.press("ArrowRight")  # the keyboard slides too, and lets go each time
    page.wait_for_selector(".slid-said.estimate")
    assert "First-order estimate" in page.inner_text("#slid-said")
    assert "+4 %" in page.locator(".slider .note").first.inner_text()
    assert page.locator("#slid-rows tr.moved").count() > 0
    page.wait_for_selector(".slid-said.ran", timeout=WAIT_MS)
    assert page.inner_text("#slid-head") == "Run, moved"
    assert "off by" in page.inner_text("#slid-error")
    page.click("#slid-run")
    page.wait_for_selector(".frame >> text=Changed")
    assert page.wrong == []


def test_from_a_party_to_its_contracts_to_a_contracts_months(page: Any, address: str):
    page.goto(f"{address}/runs")
    page.locator("tbody a").last.click()
    page.click("text=Parties and contracts")
    page.click("tbody a >> text=bank")
    assert page.inner_text("h1") == "bank"
    page.click("tbody a >> text=loan")
    assert page.inner_text("h1") == "loan"
    assert page.locator("#months ~ .scroll tbody tr").count() > 12
    page.click(".trail >> text=Parties")
    assert page.inner_text("h1") == "Parties"
    assert page.wrong == []
