"""What went into a run, for those who read it without the plan: numbers, dates, terms of debt."""

from typing import Any

from offtake.core.measure import Facility
from offtake.core.quantity import Quantity, Source, When
from offtake.lowering.lower import LoweredPlan
from offtake.lowering.table import Row
from offtake.plan.schema import Plan

THRESHOLDS = ("default_dscr", "lock_up_dscr", "extension_dscr", "extension_ltv", "default_ltv")
"""Terms of a facility at which something happens."""


def went_in(lowered: LoweredPlan) -> dict[str, Any]:
    """What went in, by name of the fact."""
    plan = lowered.plan
    return {
        "inputs": inputs(lowered),
        "watched": watched(plan),
        "planned": planned(plan),
        "delivered": delivered(plan),
    }


def inputs(lowered: LoweredPlan) -> list[dict[str, Any]]:
    """Every number of the plan, and of the catalogue where the plan took one from it.

    Returns:
        `place`, `value` as written, `uncertain`, `number` and `unit` as the base case reckons with
        it (None for a date), and what is stated of `source`, `date`, `confidence` and `note`.
    """
    written = dict[str, Quantity | When](lowered.plan.numbers())
    rows = {row.place: row for row in lowered.table.rows}
    found = [
        _input(place, str(number), _is_uncertain(number), number.source, rows.get(place))
        for place, number in written.items()
    ]
    found += [
        _input(place, row.text, row.distribution is not None, row.source, row)
        for place, row in rows.items()
        if place not in written and not place.startswith("constant ")
    ]
    return found


def _input(
    place: str, text: str, uncertain: bool, source: Source | None, row: Row | None
) -> dict[str, Any]:
    stated = {} if source is None else source.written()
    reckoned: dict[str, Any] = {"number": None, "unit": "date"}
    if row is not None and row.unit != "date":
        reckoned = {"number": row.value, "unit": row.unit}
    return {"place": place, "value": text, "uncertain": uncertain, **reckoned, **stated}


def _is_uncertain(number: Quantity | When) -> bool:
    return isinstance(number, Quantity) and number.distribution is not None


def planned(plan: Plan) -> list[dict[str, Any]]:
    """Every phase of every site: its power, MW, and the day for which it is planned."""
    return [
        {
            "site": name,
            "phase": phase.name or str(i + 1),
            "power_mw": phase.power.value,
            "date": phase.energise.date.isoformat(),
        }
        for name, site in plan.sites.items()
        for i, phase in enumerate(site.phases)
    ]


def delivered(plan: Plan) -> dict[str, str]:
    """Day for which every cohort of chips is ordered."""
    return {name: chips.deliver.date.isoformat() for name, chips in plan.chips.items()}


def terms_of(plan: Plan, facility: Facility) -> dict[str, Any]:
    """What a reader wants to know of a facility beside its figures."""
    terms = plan.contracts.get(facility.contract)
    rate, term = getattr(terms, "rate", None), getattr(terms, "term", None)
    tests = {name: getattr(terms, name, None) for name in THRESHOLDS}
    return {
        "seniority": getattr(terms, "seniority", None),
        "collateral": list(facility.collateral),
        "rate": None if rate is None else str(rate),
        "base": getattr(rate, "base", None),
        "day_count": getattr(terms, "day_count", None),
        "amortisation": getattr(terms, "amortisation", None),
        "term": None if term is None else str(term),
        "tests": {name: test.value for name, test in tests.items() if test is not None},
    }


def watched(plan: Plan) -> list[dict[str, Any]]:
    """Covers at which a contract does something: contract, term, cover of which debt."""
    return [
        {
            "contract": name,
            "term": term,
            "facilities": list(getattr(terms, "lock_up", ()) or (name,)),
        }
        for name, terms in plan.contracts.items()
        for term in THRESHOLDS
        if term.endswith("_dscr") and getattr(getattr(terms, term, None), "value", 0.0)
    ]
