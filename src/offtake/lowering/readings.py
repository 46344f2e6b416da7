"""Learning and macro readings of a plan to the names that measures look at."""

from collections.abc import Iterator

from offtake.core.readings import FACTORS, Readings
from offtake.core.series import Series
from offtake.lowering.at import At
from offtake.plan.macro import counted
from offtake.plan.schema import Plan

UNNAMED = "not named"
"""Group of what names no country, owner or region."""


def _series(plan: Plan) -> Iterator[tuple[str, Series]]:
    """Series that only readings look at, with their places."""
    if plan.learning is not None:
        for factor in FACTORS:
            yield f"learning.{factor}", getattr(plan.learning, factor)
    if plan.readings.output is not None:
        for segment, quality in plan.readings.output.quality.items():
            yield f"readings.output.quality.{segment}", quality


def _name(place: str, series: Series) -> str:
    """The observation that carries a series."""
    return f"drivers.{series.driver}" if series.driver else place


def register_readings(plan: Plan, at: At) -> None:
    """Every series that learning and readings look at."""
    for place, series in _series(plan):
        at.series_of(series, place)


def _groups(plan: Plan) -> dict[tuple[str, str], tuple[str, ...]]:
    """(kind, name) -> observations that add up to it."""
    asked, market = plan.readings.supply, plan.market
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for kind in asked.by if asked else ():
        parts: list[tuple[str | None, str]] = []
        if kind == "region":
            parts += [(s.region, f"cleared.{n}.revenue") for n, s in market.demand.items()]
        else:
            parts += [(getattr(s, kind), f"sites.{n}.h100e") for n, s in plan.sites.items()]
        if kind != "region" and market.clears:
            parts += [
                (getattr(fleet, kind), f"cleared.supply.{n}.capacity")
                for n, fleet in market.supply.items()
            ]
        for name, observation in parts:
            group = (kind, name or UNNAMED)
            found[group] = (*found.get(group, ()), observation)
    return found


def readings_of(plan: Plan) -> Readings:
    """What the plan asks of measures."""
    names = {place: _name(place, series) for place, series in _series(plan)}
    asked, output = plan.readings, plan.readings.output
    segments = counted(plan.market, list(output.segments)) if output else []
    learns = plan.learning is not None
    return Readings(
        factors={factor: names[f"learning.{factor}"] for factor in FACTORS} if learns else {},
        thresholds={
            name: (
                f"drivers.{threshold.driver}",
                f"readings.thresholds.{name}.{threshold.side}",
                threshold.side == "above",
            )
            for name, threshold in asked.thresholds.items()
        },
        products={s: names.get(f"readings.output.quality.{s}", "") for s in segments},
        machines=f"drivers.{asked.income.machines}" if asked.income else "",
        groups=_groups(plan),
    )
