"""Futures until a figure is sure enough: `el_usd of jpm_construction within 2 %`.

After 4,096 futures, then after each doubling, the half-width of the figure's 95 % interval is held
against the asked share of the figure (`run.groups`). It stops where that is met, or at the most
futures that are allowed. Looking only at doublings keeps small the bias of stopping where an error
happens to come out low: ten looks take 4,096 to 2 M futures.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from offtake.core.errors import WrongRequest
from offtake.core.random import BLOCK, REPLICATES
from offtake.results.named import TABLES, figures, meant
from offtake.results.sentence import sure
from offtake.run.groups import error, leaving_out, sizes
from offtake.run.label import label
from offtake.run.simulate import Simulation

FORM = re.compile(r"\s*(?P<figure>.+?)\s+within\s+(?P<share>[0-9.]+)\s*%\s*\Z")
FIRST = BLOCK * REPLICATES


@dataclass(frozen=True)
class Until:
    """A figure and how sure it is to be.

    Attributes:
        figure: as the user said it.
        within: half-width of the 95 % interval as a share of the figure.
    """

    figure: str
    within: float

    @classmethod
    def read(cls, said: str) -> "Until":
        """From `FIGURE within 2 %`.

        Raises:
            ValueError: it is not of this form.
        """
        found = FORM.match(said)
        try:
            share = float(found["share"]) / 100.0 if found else 0.0
        except ValueError:
            share = 0.0
        if found is None or not 0.0 < share < 1.0:
            message = (
                f"--until {said!r}: expected a figure and a share of it between 0 and 100 %; write "
                "for example --until 'el_usd of loan within 2 %'"
            )
            raise WrongRequest(message)
        return cls(found["figure"], share)


def carried_on(
    simulation: Simulation,
    most: int,
    until: Until,
    told: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Run until a figure is sure enough.

    Args:
        simulation: without futures so far.
        most: futures at which it stops in any case.
        until: the figure.
        told: told after every look.

    Returns:
        What was reached: figure, value, within, half_width_95, share, met, paths.

    Raises:
        KeyError: there is no such figure.
    """
    paths = min(most, math.lcm(FIRST, simulation.runner.width))
    while True:
        simulation.carry_on(paths)
        looked = _look(simulation, until)
        if told is not None:
            told(sure(looked))
        if looked["met"] or paths >= most:
            return looked
        paths = min(2 * paths, most)


def _look(simulation: Simulation, until: Until) -> dict[str, Any]:
    outcome = simulation.outcome()
    results = label(outcome)
    name = meant(until.figure, figures(results, TABLES))
    table = name.split(".", 1)[0]
    value = figures(results, [table])[name]
    parts = [part.get(name) for part in leaving_out(outcome, results, [table])]
    size = sizes(outcome.paths)
    known = np.array([np.nan if part is None else part for part in parts])
    spread = error(np.nan if value is None else value, known, size)
    half = None if spread is None else float(student.ppf(0.975, size.size - 1)) * spread
    share = half / abs(value) if half is not None and value else None
    return {
        "figure": name,
        "value": value,
        "within": until.within,
        "half_width_95": half,
        "share": share,
        "met": share is not None and share <= until.within,
        "paths": outcome.paths,
    }
