"""Learning and macro readings on hand-made records."""

from dataclasses import replace

import numpy as np
import pytest

from offtake.core.flows import Flow
from offtake.core.measure import Book
from offtake.core.readings import FACTORS, Readings
from offtake.measures.income_shares import IncomeShares
from offtake.measures.learning import Learning, names
from offtake.measures.supply_shares import SupplyShares
from offtake.measures.thresholds import Thresholds
from offtake.measures.token_output import UNITS, TokenOutput
from tests.measures.case import Case


class Reading(Case):
    """A case whose plan asks for readings; one period is a year, the opening has no length."""

    readings = Readings()

    def book(self) -> Book:
        return replace(super().book(), readings=self.readings)


def case(readings: Readings, paths: int = 1) -> Reading:
    made = Reading({"company": "internal", "bank": "external"}, periods=4, paths=paths)
    made.readings = readings
    made.claim("sale", "bank", "company", Flow.SALE, paid={1: 1.0})
    return made


LEVELS = {
    "software": [1.0, 2.0, 4.0, 8.0],
    "chips_per_dollar": [2.0, 3.0, 4.5, 6.75],
    "chips_per_watt": [1.0, 1.25, 1.5625, 1.953125],
    "model_size": [1.0, 1.0, 9.0, 9.0],
}


def learning(**numbers: float) -> tuple[Reading, dict[str, float]]:
    made = case(Readings(factors={name: f"drivers.{name}" for name in FACTORS}))
    for name, level in LEVELS.items():
        made.observe(f"drivers.{name}", level)
    for name, value in numbers.items():
        made.number(f"learning.{name}", value)
    yearly = made.reduce(Learning)["yearly"][:, 0]
    return made, dict(zip(names(made.book()), yearly, strict=True))


def test_each_factor_over_the_horizon():
    """2, 1.5, 1.25 a year; nine times in three years is 9^(1/3)."""
    _, yearly = learning()
    assert list(yearly) == [*FACTORS, "product"]
    by_hand = [2.0, 1.5, 1.25, 9.0 ** (1 / 3)]
    assert [yearly[name] for name in FACTORS] == pytest.approx(by_hand, rel=1e-12)
    assert yearly["product"] == pytest.approx(np.prod(by_hand), rel=1e-12)


def test_over_a_window():
    """Two periods: model size improves by 9^(1/2) a year."""
    _, yearly = learning(window=2.0)
    assert yearly["model_size"] == pytest.approx(3.0, rel=1e-12)
    assert yearly["product"] == pytest.approx(2.0 * 1.5 * 1.25 * 3.0, rel=1e-12)


def test_a_dollar_is_not_saved_twice():
    """A fifth of the cost is power: 4 x 9 / (0.8 / 2.25 + 0.2 / 1.5625) after two years."""
    _, yearly = learning(window=2.0, power_share=0.2)
    after = 4.0 * 9.0 / (0.8 / 2.25 + 0.2 / 1.5625)
    assert yearly["cost"] == pytest.approx(after**0.5, rel=1e-12)
    assert yearly["cost"] < yearly["product"]


def test_a_plan_without_readings_reports_nothing():
    empty = case(Readings())
    for measure in (Learning, Thresholds, TokenOutput, IncomeShares, SupplyShares):
        assert all(0 in value.shape for value in empty.reduce(measure).values())


def test_thresholds_by_hand():
    """Passed in the second year, at the start, never; a fall back changes nothing."""
    seen = [[0.0, 1.0, 0.0], [1.0, 5.0, 1.0], [3.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    made = case(
        Readings(
            thresholds={
                "high": ("drivers.x", "readings.thresholds.high.above", True),
                "low": ("drivers.x", "readings.thresholds.low.below", False),
            }
        ),
        paths=3,
    )
    made.observe("drivers.x", seen)
    made.number("readings.thresholds.high.above", [2.0, 1.0, 9.0])
    made.number("readings.thresholds.low.below", -1.0)
    out = made.reduce(Thresholds)
    assert out["month"].tolist() == [[24.0, 0.0, np.inf], [np.inf] * 3]
    assert out["passed"][:, 0].tolist() == [[0, 1, 0], [0, 1, 0], [1, 1, 0], [1, 1, 0]]


PRICE = {"chat": [9.0, 1.0, 2.0, 2.0], "agents": [9.0, 4.0, 3.0, 6.0]}
TOKENS = {"chat": [1.0, 10.0, 5.0, 5.0], "agents": [1.0, 5.0, 8.0, 4.0]}


def output(quality: dict[str, str]) -> dict[str, np.ndarray]:
    made = case(Readings(products={name: quality.get(name, "") for name in PRICE}))
    for name in PRICE:
        made.observe(f"cleared.{name}.price", PRICE[name])
        made.observe(f"cleared.{name}.tokens", TOKENS[name])
    made.observe("drivers.work", [7.0, 2.0, 4.0, 4.0])
    found = made.reduce(TokenOutput)
    level = dict(zip(UNITS, np.moveaxis(found["level"][..., 0], 1, 0), strict=True))
    return level | dict(zip((f"{u}_yearly" for u in UNITS), found["yearly"][:, 0], strict=True))


def test_output_of_two_segments_by_hand():
    """What was spent is 30, 34, 34; the index as in tests/finance/test_price_index.py."""
    out = output({})
    first = (35 / 30 * 34 / 37) ** 0.5
    last = first * (58 / 34 * 34 / 22) ** 0.5
    assert out["nominal"] == pytest.approx([30.0, 30.0, 34.0, 34.0])
    assert out["deflator"] == pytest.approx([1.0, 1.0, first, last], rel=1e-12)
    assert out["real"] == pytest.approx([30.0, 30.0, 34.0 / first, 34.0 / last], rel=1e-12)
    assert out["quality_adjusted"] == pytest.approx(out["real"], rel=1e-12)
    assert out["deflator_yearly"] == pytest.approx(last**0.5 - 1.0, rel=1e-12)


def test_a_token_that_does_twice_the_work_counts_twice():
    """Agents' tokens do twice the work from the second year on: their prices count half."""
    out = output({"agents": "drivers.work"})
    first = ((2 * 10 + 1.5 * 5) / 30 * (2 * 5 + 1.5 * 16) / (1 * 5 + 4 * 16)) ** 0.5
    assert out["quality_deflator"][2] == pytest.approx(first, rel=1e-12)
    assert out["quality_adjusted"][2] == pytest.approx(34.0 / first, rel=1e-12)
    assert out["deflator"][2] == pytest.approx((35 / 30 * 34 / 37) ** 0.5, rel=1e-12)


def test_quality_of_all_scales_the_deflator():
    out = output({"chat": "drivers.work", "agents": "drivers.work"})
    assert out["quality_deflator"][1:] == pytest.approx(
        out["deflator"][1:] / np.array([1.0, 2.0, 2.0]), rel=1e-12
    )


def test_income_counts_machines_from_the_start():
    """Eight machine workers where there were two: as four times one."""
    made = case(Readings(machines="drivers.machines"))
    made.observe("drivers.machines", [2.0, 4.0, 8.0, 8.0])
    for field, value in (("elasticity", 2.0), ("machine_share", 0.2), ("other_capital_share", 0.5)):
        made.number(f"readings.income.{field}", value)
    out = made.reduce(IncomeShares)
    assert out["level"][2, :, 0] == pytest.approx([1 / 3, 2 / 3, 1.2, 1.0], rel=1e-12)
    assert out["end"][:, 0] == pytest.approx(out["level"][-1, :, 0])


def test_shares_of_supply_by_hand():
    """30 and 10 of 100 in one country, 60 in the other; nothing anywhere is no share."""
    made = case(
        Readings(
            groups={
                ("country", "here"): ("sites.a.h100e", "cleared.supply.b.capacity"),
                ("country", "there"): ("cleared.supply.c.capacity",),
                ("owner", "one"): ("sites.a.h100e",),
            }
        )
    )
    made.observe("sites.a.h100e", [0.0, 30.0, 0.0, 0.0])
    made.observe("cleared.supply.b.capacity", [0.0, 10.0, 0.0, 5.0])
    made.observe("cleared.supply.c.capacity", [0.0, 60.0, 0.0, 5.0])
    share = made.reduce(SupplyShares)["share"][..., 0]
    assert share[1] == pytest.approx([0.4, 0.6, 1.0])
    assert share[2].tolist() == [0.0, 0.0, 0.0]
    assert share[3] == pytest.approx([0.5, 0.5, 0.0])
