"""The plan of the own chip: what its scenarios are written to show holds, on the same futures."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import offtake

PLAN = Path(__file__).resolve().parents[2] / "plans" / "own-chip"
PATHS = 512
pytestmark = [pytest.mark.slow, pytest.mark.scenarios]


@cache
def run(scenario: str) -> Any:
    return offtake.run(offtake.load(PLAN, scenario=scenario or None), paths=PATHS, seed=1)


def gain(scenario: str) -> np.ndarray:
    """[path] what owners and lenders gain net, USD."""
    net = run(scenario)["who_pays_net"]
    return -sum(net.sel(party=name).values for name in ("lab", "investors", "lenders"))


def surely(difference: np.ndarray) -> float:
    """Mean over its standard error."""
    return float(difference.mean() / (difference.std(ddof=1) / np.sqrt(len(difference))))


def test_an_outage_costs_less_with_an_own_chip():
    with_own = gain("") - gain("cut-off")
    without = gain("vendor-only") - gain("cut-off-vendor-only")
    assert surely(with_own) > 4.0
    assert surely(without - with_own) > 4.0


def test_the_same_foundry_makes_it_no_safer():
    """The outage of the foundry costs at least nine tenths of what a vendor's costs without it."""
    foundry = gain("") - gain("foundry-cut")
    without = gain("vendor-only") - gain("cut-off-vendor-only")
    assert foundry.mean() > 0.9 * without.mean()
    assert {row["country_concentration"] for row in run("").dependence_by_year()} == {1.0}


def test_a_late_chip_costs_more_than_its_design():
    (row,) = run("").break_even()
    assert (gain("") - gain("own-late")).mean() > row["fixed_whole_usd"]


def test_power_that_is_short_favours_the_chip_that_does_more_per_watt():
    short = gain("") - gain("vendor-only")
    plenty = gain("plenty") - gain("plenty-vendor-only")
    assert surely(short) < -2.0
    assert surely(plenty - short) > 4.0
    assert plenty.mean() > 0.0


def test_without_an_own_chip_there_is_one_maker_and_nothing_to_break_even():
    results = run("vendor-only")
    assert {row["maker_concentration"] for row in results.dependence_by_year()} == {1.0}
    (row,) = results.break_even()
    assert row["share_pays"] is None
    assert row["chips_p50"] is None


def test_while_the_vendor_is_cut_off_its_chips_are_held_back():
    held = run("cut-off").dependence().find(month="2028-06")["held_back_h100e"]
    assert held == {"vendor": pytest.approx(150_000 * 8.84), "own": 0.0}
