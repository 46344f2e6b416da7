"""Learning and readings from a plan to its results: names lead where they should."""

import io
from functools import cache

import numpy as np
import pytest
from rich.console import Console

import offtake
from offtake.core.readings import FACTORS
from offtake.plan.load import check_text
from offtake.reports.terminal import summary
from offtake.results.results import Results
from tests.plan.test_macro import GOOD

pytestmark = pytest.mark.slow


@cache
def results() -> Results:
    plan = check_text(GOOD).plan
    assert plan is not None
    return offtake.run(plan, paths=256, seed=3)


def test_the_product_is_that_of_the_four_on_every_path() -> None:
    yearly = results()["learning_yearly"]
    four = np.prod([yearly.sel(factor=name).values for name in FACTORS], axis=0)
    assert yearly.sel(factor="product").values == pytest.approx(four, rel=1e-12)
    assert yearly.sel(factor="chips_per_watt").values == pytest.approx(1.0, rel=1e-12)
    # A certain rate of 50 % a year, no shocks.
    assert yearly.sel(factor="model_size").values == pytest.approx(1.5, rel=1e-12)
    software = yearly.sel(factor="software").values
    assert software.std() > 0.1


def test_nominal_output_is_what_the_market_tells() -> None:
    """Price times tokens is revenue, month by month, in the mean over futures."""
    told, level = results()["market_told"], results()["token_output_level"]
    revenue = told.sel(told="chat.revenue").values
    assert level.sel(output="nominal").values[1:] == pytest.approx(revenue[1:], rel=1e-12)


def test_one_segment_has_the_deflator_of_its_price() -> None:
    """Fisher's index of one good is its price; 256 futures, so only where all move alike."""
    told, level = results()["market_told"], results()["token_output_level"]
    assert level.sel(output="deflator").values[1] == 1.0
    price = told.sel(told="chat.price").values
    # Software is drawn per future and price follows it, so the mean of ratios is not the ratio of
    # means; in the first month all futures have the same price to a few per cent.
    assert level.sel(output="deflator").values[2] == pytest.approx(price[2] / price[1], rel=0.02)


def test_supply_belongs_to_whoever_is_named() -> None:
    """A hall without chips has nothing; all is the other fleet's."""
    share = results().supply_shares()
    assert share.find(year="2027", group="Iceland")["share"] == pytest.approx(1.0)
    assert share.find(year="2027", group="Norway")["share"] == 0.0
    assert share.find(year="2027", kind="owner", group="somebody")["share"] == pytest.approx(1.0)
    told = results()["market_told"].sel(told="supply.others.capacity").values
    assert told[1:] == pytest.approx(100.0)


def test_every_reading_prints_what_it_rests_on() -> None:
    out = io.StringIO()
    Console(file=out, width=100, no_color=True).print(summary(results()))
    text = out.getvalue()
    for words in ("Learning", "Thresholds", "Output of tokens", "Who gets the income", "supply"):
        assert words in text
    assert text.count("what it rests on") == 3
    assert "Rests on: it" in text
    assert "rates that hold" in text
    assert max(map(len, text.splitlines())) <= 100


def test_readings_survive_being_saved(tmp_path) -> None:
    again = Results.load(results().save(tmp_path / "r.nc"))
    assert again.to_json() == results().to_json()
