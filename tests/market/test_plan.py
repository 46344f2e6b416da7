"""The market in a plan: it binds, keeps its conditions every month, moves lives the right way."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import offtake
from offtake.core.arrays import jax, jnp
from offtake.engine.simulate import Draws, simulate
from offtake.lowering.lower import lower
from offtake.run.draw import draw

PLAN = Path(__file__).resolve().parents[2] / "plans" / "compute-utility"
BLOCK = 256
WANTED = ("cleared.*", "chips.*", "drivers.*")
"""Observations; all tests of the plan ask for the same, so that they run one program."""
NO_MEMORY = tuple(f"market.demand.{s}.memory_bound=0 %" for s in ("chat", "agents", "batch"))
"""Every H100e-hour does the same work, so the cost of a cohort can be read off what it draws."""


@cache
def seen(*changes: str) -> dict[str, np.ndarray]:
    """Observations of a block of paths, name -> [period, path]; the opening period left out."""
    lowered = lower(offtake.load(PLAN, changes), WANTED)
    block = draw(lowered, 1, 0, BLOCK, BLOCK)
    draws = Draws(*(jnp.asarray(x) for x in block))
    record: Any = jax.jit(simulate, static_argnums=1)(lowered.program, lowered.shape, draws)
    observed = np.asarray(record.months.observations)[1:]
    return {name: observed[:, i] for i, name in enumerate(lowered.labels.observations)}


def cap() -> np.ndarray:
    """[period, 1] price cap of the plan: straight lines, the middle of each month counts."""
    knots = {0: 3.2, 36: 1.6, 72: 0.9}
    return np.interp(np.arange(1, 85) - 0.5, list(knots), list(knots.values()))[:, None]


@pytest.mark.slow
def test_the_market_binds():
    """A fifth of the months are short, a fifth slack (capacity idle, nobody turned away)."""
    found = seen(*NO_MEMORY)
    short = found["cleared.short"] > 0.0
    slack = (found["cleared.short"] <= 0.0) & (found["cleared.utilisation"] < 1.0 - 1e-6)
    assert short.mean() > 0.2
    assert slack.mean() > 0.2


@pytest.mark.slow
def test_every_month_holds_to_the_conditions_of_the_market():
    """Price at the cap where short; no dearer than what stands idle; no cheaper than what runs."""
    found = seen(*NO_MEMORY)
    peak, valley = found["cleared.peak_price"], found["cleared.valley_price"]
    limit = np.broadcast_to(cap(), peak.shape)
    assert (peak <= limit * (1 + 1e-9)).all()
    always = found["cleared.short"] > 1.0 - 1e-9
    assert always.any()
    assert valley[always] == pytest.approx(limit[always], rel=1e-9)
    assert found["cleared.utilisation"][always] == pytest.approx(1.0, rel=1e-9)
    some = found["cleared.short"] > 1e-9
    assert peak[some] == pytest.approx(limit[some], rel=1e-9)
    # Outside fleets run up to 0.5 USD/H100e/h: above it nothing of theirs stands idle.
    dear = (valley > 0.5 * (1 + 1e-6)) & (found["cleared.utilisation"] < 1.0 - 1e-9)
    assert not dear.any()
    for cohort in ("gb300_2026", "gb300_2027", "rubin_2029", "rubin_2030"):
        capacity = found[f"chips.{cohort}.h100e"]
        there = capacity > 0.0
        # Catalogue chips are drawn at the meter: their IT power times the hall's 1.2.
        metered = found[f"chips.{cohort}.mw"] * 1.2
        cost = np.where(there, found["drivers.energy"] * metered / np.where(there, capacity, 1), 0)
        run = found[f"chips.{cohort}.run"]
        assert (
            valley[there & (run < 1 - 1e-6)] <= cost[there & (run < 1 - 1e-6)] * (1 + 1e-6)
        ).all()
        assert (peak[there & (run > 1e-6)] >= cost[there & (run > 1e-6)] * (1 - 1e-6)).all()


def lives(*changes: str) -> float:
    """Mean months in which the first cohort's margin covers its cost, over months and paths."""
    found = seen(*NO_MEMORY, "chips.gb300_2026.physical_life=30 years", *LONG_GONE, *changes)
    earns = (found["chips.gb300_2026.margin"] >= 0.0) & (found["chips.gb300_2026.h100e"] > 0.0)
    return float(earns.sum(axis=0).mean())


LONG_GONE = ("market.running_cost=4 M USD/MW/year", "market.price_cap=20 USD/H100e/h")
"""Dear staff, so that chips stop earning within the plan; no cap that would hold prices down."""


@pytest.mark.slow
def test_economic_life_moves_the_right_way():
    """Faster generations and dearer power shorten it; more demand and later supply lengthen it."""
    base = lives()
    assert 5.0 < base < 76.0
    faster = lives(
        "chips.rubin_2029.chip.h100e=30",
        "chips.gb300_2027.units=600,000",
        "sites.second.phases[0].power=1200 MW",
        "contracts.equity.commitment=200 bn USD",
    )
    cheaper = lives("drivers.energy.start=20 USD/MWh")
    more = lives(
        "drivers.chat_path.start=6000 tn token/year", "drivers.agent_path.start=1000 tn token/year"
    )
    later = lives("drivers.others_path.trend=15 %/year")
    print(
        f"months: base {base:.1f}, faster generations {faster:.1f}, cheaper power {cheaper:.1f}, "
        f"more demand {more:.1f}, later supply {later:.1f}"
    )
    assert faster < base - 0.5
    assert cheaper > base + 0.05
    assert more > base + 0.5
    assert later > base + 0.5
