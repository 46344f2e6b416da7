"""Checks of learning and macro readings: units, names, and that nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from offtake.core.errors import Mistake, Problem, quoted
from offtake.core.names import suggestion
from offtake.core.readings import FACTORS
from offtake.core.series import Series
from offtake.plan.build import Draft
from offtake.plan.market import Market, Segment
from offtake.plan.messages import problem_of
from offtake.plan.readings import SupplyKind
from offtake.plan.told import needed
from offtake.plan.tree import Path

Found = Iterator[tuple[Path, Mistake]]


def check_macro(draft: Draft, units: Mapping[str, str]) -> list[Problem]:
    """A problem for each reading that cannot be made, and each factor that counts twice."""
    found = [
        *_wrong_levels(draft, units),
        *_wrong_machines(draft, units),
        *_unknown_segments(draft),
        *_nothing_named(draft),
        *_counted_twice(draft),
        *_quality_in_the_price(draft),
    ]
    return [problem_of(mistake, draft.tree, path) for path, mistake in found]


def _wrong_levels(draft: Draft, units: Mapping[str, str]) -> Found:
    for name, threshold in (draft.readings.thresholds or {}).items():
        level, have = threshold.level, units.get(threshold.driver)
        both = threshold.above is not None and threshold.below is not None
        if both or level is None or have is None or level.unit == have:
            continue
        yield (
            ("readings", "thresholds", name, threshold.side),
            Mistake(
                code="unit-wrong",
                found=f"a level in {level.unit} of a driver in {have}",
                expected=f"a level in {have}",
                mend=f"write the level in {have}, or name another driver",
            ),
        )


def _wrong_machines(draft: Draft, units: Mapping[str, str]) -> Found:
    asked = draft.readings.income
    have = units.get(asked.machines) if asked else None
    if have not in (None, "1"):
        yield (
            ("readings", "income", "machines"),
            Mistake(
                code="unit-wrong",
                found=f"a driver in {have}",
                expected="machine workers per worker, a plain number",
                mend="divide by workers: {formula: machine_workers / workers}",
            ),
        )


def counted(market: Market, asked: list[str]) -> list[str]:
    """Segments that count as output: those named, or all of tokens."""
    return asked or [name for name, s in market.demand.items() if s.tokens is not None]


def _unknown_segments(draft: Draft) -> Found:
    output, market = draft.readings.output, draft.market
    if output is None:
        return
    path: Path = ("readings", "output")
    known = counted(market, [])
    if not known:
        yield (
            path,
            Mistake(
                code="key-missing",
                found="output of tokens in a plan without a segment of tokens",
                expected="a market that clears, with a segment that asks for tokens",
                mend="add demand under market:, or delete output:",
            ),
        )
        return
    here = [s for s in counted(market, list(output.segments or [])) if s in known] or known
    named = [((*path, "segments", i), s, known) for i, s in enumerate(output.segments or [])]
    named += [((*path, "quality", s), s, here) for s in output.quality or {}]
    for place, segment, choices in named:
        if segment not in choices:
            yield (
                place,
                Mistake(
                    code="name-unknown",
                    found=f"{quoted(segment)}, which is not a segment of tokens that counts",
                    expected="one of " + ", ".join(choices),
                    mend=suggestion(segment, choices, otherwise="name one of these"),
                ),
            )


def named_groups(draft: Draft, kind: SupplyKind) -> bool:
    """Whether anything in the plan names a group of that kind."""
    sites, market = draft.sections.get("sites", {}).values(), draft.market
    if kind == "region":
        return any(segment.region for segment in market.demand.values())
    fleets = market.supply.values() if market.clears else ()
    return any(getattr(item, kind) for item in (*sites, *fleets))


def _nothing_named(draft: Draft) -> Found:
    supply = draft.readings.supply
    for i, kind in enumerate((supply.by or []) if supply else []):
        if not named_groups(draft, kind):
            where = "a segment of demand" if kind == "region" else "a site or a fleet outside"
            yield (
                ("readings", "supply", "by", i),
                Mistake(
                    code="key-missing",
                    found=f"shares by {kind} in a plan where nothing names one",
                    expected=f"{kind}: on {where}",
                    mend=f"add {kind}: there, or leave {kind} out here",
                ),
            )


def _follows_from(drivers: Mapping[str, object], name: str | None) -> set[str]:
    """The driver and all drivers from which it is worked out."""
    found, waiting = set[str](), [name] if name else []
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += list(needed(drivers.get(one)))
    return found


def _roots(draft: Draft, series: Series | None) -> set[str]:
    return _follows_from(draft.sections.get("drivers", {}), series.driver if series else None)


def _factors(draft: Draft) -> dict[str, str]:
    """Driver -> factor, of the factors that are drivers."""
    if draft.learning is None:
        return {}
    named = {factor: getattr(draft.learning, factor) for factor in FACTORS}
    return {s.driver: factor for factor, s in named.items() if s is not None and s.driver}


def _counted_twice(draft: Draft) -> Found:
    market, factors = draft.market, _factors(draft)
    for_all = _roots(draft, market.software_efficiency) & set(factors)
    for name, segment in market.demand.items():
        both = for_all & _roots(draft, segment.throughput)
        for driver in sorted(both):
            yield (
                ("market", "demand", name, "throughput"),
                _twice(driver, "market.software_efficiency, which multiplies it", factors),
            )


def _quality_in_the_price(draft: Draft) -> Found:
    output, market, factors = draft.readings.output, draft.market, _factors(draft)
    for_all = _roots(draft, market.software_efficiency)
    for name, quality in ((output.quality or {}) if output else {}).items():
        segment: Segment | None = market.demand.get(name)
        served = for_all | _roots(draft, segment.throughput if segment else None)
        for driver in sorted(_roots(draft, quality) & served & set(factors)):
            why = "what a token costs to serve, so that it is in the price already"
            yield ("readings", "output", "quality", name), _twice(driver, why, factors)


def _twice(driver: str, where: str, factors: Mapping[str, str]) -> Mistake:
    return Mistake(
        code="counted-twice",
        found=f"the driver {quoted(driver)} ({factors[driver]} of learning), also in {where}",
        expected="each factor of learning in one of the two",
        mend=f"leave {driver} out of one of them",
    )
