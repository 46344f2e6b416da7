"""What is possible but hardly meant: warnings about size, one function per suspicion."""

from __future__ import annotations

from collections.abc import Iterator

from offtake import catalogue
from offtake.core.errors import Mistake, Severity
from offtake.core.quantity import Quantity
from offtake.plan.items import Cohort, Site
from offtake.plan.schema import Plan

MARGIN = 1.05
"""Chips may draw this much more than a site has before a word is said: rounding of MW and units."""
Finding = tuple[str, Severity, Mistake]
"""(place, severity, mistake)."""


def chips_fit_their_site(plan: Plan) -> Iterator[Finding]:
    """More chips at one time than a site has power for: they all run, slower."""
    for name, site in plan.sites.items():
        power = sum(phase.power.value for phase in site.phases)
        cohorts = {k: c for k, c in plan.chips.items() if c.site == name}
        for cohort, newest in cohorts.items():
            gone = {c.replaces for c in cohorts.values() if c.deliver.date <= newest.deliver.date}
            there = [c for k, c in cohorts.items() if k not in gone and _overlaps(c, newest)]
            needed = sum(_megawatts(c, site) for c in there)
            if needed > MARGIN * power:
                yield (
                    f"chips.{cohort}.units",
                    "warning",
                    Mistake(
                        code="chips-power",
                        found=f"chips at {name} that draw {_mw(needed)} of IT power together",
                        expected=f"at most the {_mw(power)} that {name} will have",
                        mend="fewer units or more power; as it is, each runs "
                        f"{100 * power / needed:.0f} % of the time",
                    ),
                )
                break


def _mw(power: float) -> str:
    return f"{power:,.1f} MW" if power < 1e9 else f"{power:.1e} MW"


def _overlaps(other: Cohort, newest: Cohort) -> bool:
    """Whether another cohort still stands when this one is delivered."""
    months = 12 * (newest.deliver.date.year - other.deliver.date.year)
    months += newest.deliver.date.month - other.deliver.date.month
    return 0 <= months < other.physical_life.value


def _megawatts(cohort: Cohort, site: Site) -> float:
    """IT power of a cohort; the catalogue states a chip's power at the utility's meter."""
    if isinstance(cohort.chip, str):
        watts = catalogue.chip(cohort.chip).needed("all_in_power").value / site.phases[0].pue.value
    else:
        watts = cohort.chip.watts.value
    return cohort.units.value * watts * 1e-6


def loans_repay_something(plan: Plan) -> Iterator[Finding]:
    """A loan that is to be repaid over its term but pays interest only until its end."""
    for name, contract in plan.contracts.items():
        quiet, term = (getattr(contract, field, None) for field in ("interest_only", "term"))
        if getattr(contract, "amortisation", "bullet") == "bullet":
            continue
        if isinstance(quiet, Quantity) and isinstance(term, Quantity) and quiet.value >= term.value:
            yield (
                f"contracts.{name}.interest_only",
                "warning",
                Mistake(
                    code="nothing-repaid",
                    found=f"interest only for {quiet} of a term of {term}",
                    expected="a shorter time, after which the loan is repaid in parts",
                    mend="shorten interest_only, or write amortisation: bullet if all of it is "
                    "due at the end",
                ),
            )
