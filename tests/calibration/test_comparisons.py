"""Rows add up, bands are kept, and what is held out is not seen."""

from dataclasses import replace

import numpy as np
import pytest

from docs.calibration import cost, page, shipments, sites
from docs.calibration.bands import SITE_POWER
from docs.calibration.rows import Row, figure, table, within_factor
from offtake import catalogue
from offtake.catalogue import BuildStep, Number

ROWS = [row for rows in page.comparisons().values() for row in rows]


def changed(step: BuildStep, factor: float) -> BuildStep:
    def by(number: Number) -> Number:
        return replace(number, value=number.value * factor)

    return replace(step, power=by(step.power), h100e=by(step.h100e))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.what} {row.unit}")
def test_a_row_adds_up(row: Row):
    assert row.low < row.high
    assert row.published * (1.0 + row.residual) == pytest.approx(row.model)
    judged = row.model if row.holds == "model" else row.published
    assert row.inside == (row.low <= judged <= row.high)
    assert row.source


def test_a_miss_is_told():
    hit = within_factor("near", "1", 1.0, 1.19, SITE_POWER, "nobody")
    miss = within_factor("far", "1", 1.0, 1.21, SITE_POWER, "nobody")
    assert (hit.inside, miss.inside) == (True, False)
    assert "| **no** |" in table([miss])
    assert "| -17% | 0.833 to 1.20 |" in table([miss])


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567.0, "1,230,000"), (999.6, "1000"), (42.25, "42.2"), (1.306, "1.31"), (0.5, "0.5")],
)
def test_figures(value: float, text: str):
    assert figure(value) == text


@pytest.mark.parametrize("chosen", sites.CHOSEN, ids=lambda chosen: chosen.site)
def test_a_held_out_site_is_not_seen(chosen: sites.Chosen, monkeypatch: pytest.MonkeyPatch):
    """Three times its power and H100e change its published figures and nothing else of its rows."""
    title = catalogue.site(chosen.site).title
    before = [row for row in sites.rows() if row.what.startswith(title)]
    known = dict(catalogue.sites())
    path = tuple(changed(step, 3.0) for step in known[chosen.site].build_path)
    known[chosen.site] = replace(known[chosen.site], build_path=path)
    monkeypatch.setattr(catalogue, "sites", lambda: known)
    monkeypatch.setattr(catalogue, "site", known.__getitem__)
    after = [row for row in sites.rows() if row.what.startswith(title)]
    assert [row.model for row in after] == [row.model for row in before]
    assert [row.published for row in after] == [3.0 * row.published for row in before]


def test_other_sites_are_seen():
    chosen = sites.CHOSEN[0]
    step = sites.step_of(chosen)
    inputs = sites.Inputs(chosen.chip, step.buildings.value, 22e9, 10e9)
    others = sites.others_than(chosen.site)
    twice = [changed(other, 2.0) for other in others]
    one, other = sites.predicted(inputs, others), sites.predicted(inputs, twice)
    assert other.megawatts == pytest.approx(2.0 * one.megawatts)


def test_cost_of_an_h100_hour_by_hand():
    # 23,238 USD x 1.4423 x 0.32923 = 11,034 USD a year; 1.73 kW x 12.5 M USD/MW x 0.14682
    found = cost.hourly("H100", 0.12)
    assert found.chip == pytest.approx(11_034 / 8766, rel=1e-3)
    assert found.building == pytest.approx(0.00173 * 12.5e6 * 0.14682 / 8766, rel=1e-3)
    assert found.energy == pytest.approx(0.00173 * 57)


def test_the_forecast_reads_nothing_after_the_cut():
    for unit, known, later in shipments.series():
        assert unit in ("chip", "H100e")
        assert max(number.date for number in known) < min(number.date for number in later)


def test_steady_growth_is_carried_forward():
    flows = 2.0 ** np.arange(5)
    ahead = shipments.forecast(np.cumsum(flows), 3)
    np.testing.assert_allclose(ahead[:, 0], [63.0, 127.0, 255.0])


def test_the_page_names_every_comparison():
    text = page.page()
    for name in page.comparisons():
        assert f"| {name} |" in text
    assert text.count("**no**") == sum(not row.inside for row in ROWS)
