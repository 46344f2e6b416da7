"""A page under watch, and what axe finds on one."""

from typing import Any

import pytest

SERIOUS = {"serious", "critical"}
WIDTHS = (1440, 390)


def watched(browser: Any, *own: str, **how: Any) -> tuple[Any, list[str]]:
    """A page, and what goes wrong on it or is asked of addresses other than those under `own`."""
    page, wrong = browser.new_page(**how), list[str]()
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(own) else wrong.append(r.url))
    return page, wrong


def barriers(page: Any, least: int) -> list[tuple[str, str]]:
    """Serious findings of axe with everything opened: rule and element.

    Args:
        page: that is shown.
        least: rules that hold on it at least; with fewer, axe has not looked.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    found = axe.Axe().run(page).response
    assert len(found["passes"]) > least
    return [
        (one["id"], one["nodes"][0]["html"][:120])
        for one in found["violations"]
        if one["impact"] in SERIOUS
    ]
