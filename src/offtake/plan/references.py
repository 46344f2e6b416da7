"""Names of one item in another: each must exist, and formulas must agree in their units."""

from __future__ import annotations

from collections.abc import Iterator

from offtake import catalogue
from offtake.core.errors import Mistake, Problem, quoted
from offtake.core.formula import in_units, names
from offtake.core.names import nearest
from offtake.core.series import Series
from offtake.core.terms import Terms
from offtake.core.units import canonical
from offtake.core.walk import driver_fields
from offtake.plan.build import Draft
from offtake.plan.drivers import Formula, FromMarket, Regimes
from offtake.plan.items import Header
from offtake.plan.messages import problem_of
from offtake.plan.told import told
from offtake.plan.tree import Path, parse_path

_ONE = {
    "parties": "party", "sites": "site", "power": "power source", "chips": "cohort of chips",
    "vendors": "vendor", "fabs": "fab", "contracts": "contract", "drivers": "driver",
}  # fmt: skip
"""Section -> what one of its items is called."""


def check_references(draft: Draft) -> list[Problem]:
    """A problem for each name that leads nowhere.

    Args:
        draft: a plan as far as it could be read.

    Returns:
        Problems in the order of the sections.
    """
    found: list[Problem] = []
    for place, model in _models(draft):
        for at, sections, name in draft.memory.names_in(model, place):
            if any(name in draft.named.get(section, ()) for section in sections):
                continue
            mistake = _unknown(draft, sections, name)
            found.append(problem_of(mistake, draft.tree, parse_path(at) or ()))
    for name, driver in draft.sections["drivers"].items():
        if isinstance(driver, Series) and driver.driver is not None:
            unknown = driver.driver not in draft.named["drivers"]
            mistake = _unknown(draft, ("drivers",), driver.driver)
            found += [problem_of(mistake, draft.tree, ("drivers", name))] * unknown
    return found


def _models(draft: Draft) -> Iterator[tuple[str, Terms]]:
    if isinstance(draft.header, Header):
        yield "plan", draft.header
    yield "market", draft.market
    if draft.learning is not None:
        yield "learning", draft.learning
    yield "readings", draft.readings
    if draft.reserve is not None:
        yield "reserve", draft.reserve
    for section, items in draft.sections.items():
        for name, item in items.items():
            if isinstance(item, Terms):
                yield f"{section}.{name}", item
    for index, correlated in enumerate(draft.correlations):
        yield f"drivers.correlations[{index}]", correlated


def _unknown(draft: Draft, sections: tuple[str, ...], name: str) -> Mistake:
    known = [n for section in sections for n in draft.named.get(section, ())]
    what = " or ".join(_ONE.get(section, section) for section in sections)
    close = nearest(name, known)
    elsewhere = [
        s for s, all_names in draft.named.items() if s not in sections and name in all_names
    ]
    if close is not None:
        mend = f"did you mean {close}?"
    elif elsewhere:
        one = _ONE.get(elsewhere[0], elsewhere[0])
        mend = f"{name} is a {one}; name a {what} here"
    else:
        mend = f"add {name} under {sections[0]}:, or use a name that is there"
    listed = ", ".join(known[:10]) + (", ..." if len(known) > 10 else "")
    return Mistake(
        code="name-unknown",
        found=f"the {what} {quoted(name)}, which is not in the plan",
        expected=f"one of {listed}" if known else f"a plan with {' or '.join(sections)}",
        mend=mend,
    )


def check_chips(draft: Draft) -> list[Problem]:
    """A problem for each cohort of a chip that the catalogue lacks, or lacks the power of."""
    found: list[Problem] = []
    for name, cohort in draft.sections["chips"].items():
        if not isinstance(cohort.chip, str):
            continue
        if mistake := _chip_mistake(cohort.chip):
            found.append(problem_of(mistake, draft.tree, ("chips", name, "chip")))
    return found


def _chip_mistake(name: str) -> Mistake | None:
    """What is wrong with the name of a chip, if anything is."""
    try:
        chip = catalogue.chip(name)
    except catalogue.UnknownNameError as unknown:
        meant = unknown.suggestion
        return Mistake(
            code="name-unknown",
            found=f"the chip {quoted(name)}, which is not in the catalogue",
            expected="one of " + ", ".join(unknown.known),
            mend=(f"did you mean {meant}? Or " if meant else "")
            + "define it here: {h100e: ..., watts: ...}",
        )
    if chip.all_in_power is not None:
        return None
    return Mistake(
        code="chip-power-unknown",
        found=f"the chip {quoted(name)}, whose power is not in the catalogue: its vendor has "
        "announced the chip and no source that states its power is known",
        expected="a chip whose power is known, or your own figure",
        mend=f"define it here: {{h100e: {chip.h100e.value:.4g}, watts: ...}}",
    )


def driver_units(draft: Draft) -> tuple[dict[str, str], list[Problem]]:
    """The unit of each driver, formulas worked out from the drivers they name.

    Args:
        draft: a plan as far as it could be read.

    Returns:
        Driver -> canonical unit, for those that could be worked out; and a problem for each formula
        that names an unknown driver, names itself by a detour, or joins unlike units.
    """
    return _Units(draft).all()


class _Units:
    """Works out units of drivers in the order in which they depend on one another."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.drivers = draft.sections["drivers"]
        self.units: dict[str, str] = {}
        self.done: set[str] = set()
        self.told = told(draft.market, draft.sections.get("vendors", ()))
        self.problems: list[Problem] = []

    def all(self) -> tuple[dict[str, str], list[Problem]]:
        for name in self.drivers:
            self._visit(name, ())
        return self.units, self.problems

    def _visit(self, name: str, above: tuple[str, ...]) -> None:
        """Unit of one driver; recursion is bounded by :data:`_LONGEST_CHAIN`."""
        if name in self.done:
            return
        if name in above or len(above) > _LONGEST_CHAIN:
            self._circle(name, above)
            return
        driver = self.drivers.get(name)
        needed = self._needed(driver)
        for other in needed:
            if other in self.drivers:
                self._visit(other, (*above, name))
        if name in self.done:
            return
        self.done.add(name)
        if isinstance(driver, Formula):
            self._formula(name, driver)
        elif isinstance(driver, Series) and driver.driver is not None:
            if driver.driver in self.units:
                self.units[name] = self.units[driver.driver]
        elif isinstance(driver, FromMarket):
            if driver.market in self.told:
                self.units[name] = self.told[driver.market]
        elif driver is not None:
            self.units[name] = _own_unit(driver)

    @staticmethod
    def _needed(driver: object) -> list[str]:
        if isinstance(driver, Formula):
            return list(dict.fromkeys(names(driver.expression)))
        if isinstance(driver, Series) and driver.driver is not None:
            return [driver.driver]
        return []

    def _circle(self, name: str, above: tuple[str, ...]) -> None:
        start = above.index(name) if name in above else 0
        circle = " -> ".join((*above[start:], name))
        self.done.update(above[start:])
        path: Path = ("drivers", name)
        mistake = Mistake(
            code="driver-circle",
            found=f"drivers that need one another: {circle}",
            expected="formulas over drivers that do not lead back",
            mend="state one of them as a number, a dated map or a process",
        )
        self.problems.append(problem_of(mistake, self.draft.tree, path))

    def _formula(self, name: str, driver: Formula) -> None:
        path: Path = ("drivers", name, "formula")
        unknown = [n for n in self._needed(driver) if n not in self.draft.named["drivers"]]
        for other in unknown:
            mistake = _unknown(self.draft, ("drivers",), other)
            self.problems.append(problem_of(mistake, self.draft.tree, path))
        if unknown or any(n not in self.units for n in self._needed(driver)):
            return
        try:
            _, self.units[name] = in_units(driver.expression, self.units, driver.formula)
        except Mistake as mistake:
            self.problems.append(problem_of(mistake, self.draft.tree, path))


_LONGEST_CHAIN = 100


def _own_unit(driver: object) -> str:
    """Unit of a driver that states its own numbers."""
    if isinstance(driver, Series):
        return driver.unit or "1"
    if isinstance(driver, Regimes):
        return next(iter(driver.states.values())).unit
    start = getattr(driver, "start", None)
    return "1" if start is None else str(start.unit)


def check_series_units(draft: Draft, units: dict[str, str]) -> list[Problem]:
    """A problem for each field that names a driver of another unit than its own."""
    found: list[Problem] = []
    for place, model in _models(draft):
        for at, unit, driver in driver_fields(model, place):
            have = units.get(driver)
            if have is None or unit.canonical is None:
                continue
            if have == canonical(unit.canonical) or have in unit.also:
                continue
            mistake = Mistake(
                code="unit-wrong",
                found=f"the driver {quoted(driver)}, which is in {have}",
                expected=unit.expected,
                mend=f"name a driver in {unit.canonical}, or write a number",
            )
            found.append(problem_of(mistake, draft.tree, parse_path(at) or ()))
    return found
