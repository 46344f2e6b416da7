"""Power and H100e of four sites from chip, buildings and capital cost, their own held out.

From the other sites of the catalogue, one step each (the last), by least squares

    ln MW = a + b ln capital cost + c ln buildings

and for the site held out MW = exp(a + b ln cost + c ln buildings), then

    H100e by power = MW / watts of a chip at the wall x H100e of a chip
    H100e by money = compute cost / (price of a chip x (1 + rest)) x H100e of a chip

with all of a chip from the catalogue. `predicted` is given the chip, buildings and costs of the
held-out site and nothing else of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from docs.calibration.bands import SITE_H100E, SITE_POWER
from docs.calibration.cost import REST
from docs.calibration.rows import Row, table, tally, within_factor
from offtake import catalogue
from offtake.catalogue import BuildStep

SOURCE = "Epoch AI, frontier data centers, December 2025"


class Chosen(NamedTuple):
    """A site to predict: one of its steps, and its chip."""

    site: str
    date: dt.date
    chip: str
    why: str
    """Who says that it holds this chip."""


CHOSEN = (
    Chosen("abilene", dt.date(2026, 7, 1), "GB200", "about 400,000 GB200 reported by the FT"),
    Chosen("fairwater_wisconsin", dt.date(2027, 2, 4), "GB200", "Microsoft, September 2025"),
    Chosen("colossus_2", dt.date(2026, 2, 17), "GB200", "xAI, July 2025"),
    Chosen("new_carlisle", dt.date(2026, 6, 9), "Trainium2", "Amazon, Project Rainier, 2025"),
)


class Inputs(NamedTuple):
    """All that is told of the site held out."""

    chip: str
    buildings: float
    compute_cost: float
    """USD"""
    construction_cost: float
    """USD"""


class Predicted(NamedTuple):
    """What is said of it."""

    megawatts: float
    h100e_by_power: float
    h100e_by_money: float | None
    """None where the catalogue has no price of the chip."""


def predicted(inputs: Inputs, others: Sequence[BuildStep]) -> Predicted:
    """Power and H100e of a site from its inputs and steps of other sites."""
    known = np.array([_regressors(s.buildings.value, _cost(s)) for s in others])
    logs = np.log([step.power.value for step in others])
    weights = np.linalg.lstsq(known, logs, rcond=None)[0]
    cost = inputs.compute_cost + inputs.construction_cost
    megawatts = float(np.exp(_regressors(inputs.buildings, cost) @ weights))
    chip = catalogue.chip(inputs.chip)
    by_power = megawatts * 1e6 / chip.needed("all_in_power").value * chip.h100e.value
    price = catalogue.prices().get(f"chip_price_{inputs.chip}")
    if price is None:
        return Predicted(megawatts, by_power, None)
    bought = inputs.compute_cost / (price[-1].value * (1.0 + REST))
    return Predicted(megawatts, by_power, bought * chip.h100e.value)


def _cost(step: BuildStep) -> float:
    return step.compute_cost.value + step.construction_cost.value


def _regressors(buildings: float, cost: float) -> np.ndarray:
    return np.array([1.0, np.log(cost), np.log(buildings)])


def step_of(chosen: Chosen) -> BuildStep:
    """The step of a chosen site that is to be predicted."""
    path = catalogue.site(chosen.site).build_path
    return next(step for step in path if step.date == chosen.date)


def others_than(name: str) -> list[BuildStep]:
    """The last step of every other site."""
    return [site.build_path[-1] for key, site in catalogue.sites().items() if key != name]


def rows() -> list[Row]:
    """Power and H100e of each chosen site."""
    found: list[Row] = []
    for chosen in CHOSEN:
        step, title = step_of(chosen), catalogue.site(chosen.site).title
        inputs = Inputs(
            chosen.chip,
            step.buildings.value,
            step.compute_cost.value,
            step.construction_cost.value,
        )
        said = predicted(inputs, others_than(chosen.site))
        when = f"{title}, {chosen.date:%Y-%m}"
        power, h100e = step.power.value, step.h100e.value
        note = f"{chosen.chip}: {chosen.why}"
        found.append(
            within_factor(f"{when}: power", "MW", said.megawatts, power, SITE_POWER, SOURCE)
        )
        for how, value in (("power", said.h100e_by_power), ("money", said.h100e_by_money)):
            if value is not None:
                what = f"{when}: H100e by {how}"
                found.append(within_factor(what, "H100e", value, h100e, SITE_H100E, SOURCE, note))
    return found


def section() -> str:
    """The part of the page on sites."""
    found = rows()
    return f"""## Sites, their own power and H100e held out

{table(found)}

{tally(found)} This says less than it seems to. The source works out costs from power at a nearly
constant cost per MW, so that who is told the cost is nearly told the power; and its H100e at a
nearly constant cost of a chip, which that of the catalogue happens to be near. What is independent
is what a chip draws at the wall: by power, sites hold a fifth to a quarter fewer H100e than the
catalogue's chips would make of the same MW.
"""
