"""What can be wrong with a plan whose every part is right by itself: one function per defect.

A check takes a plan and yields problems; an error stops the plan from running, a warning is shown
and the plan runs. Checks know contracts only by what their fields are made of (names of parties,
cohorts and other contracts) and by the few field names in which all instruments agree: ``term``,
``start``, ``funds``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from offtake.core.errors import Mistake, Problem
from offtake.core.names import suggestion
from offtake.core.quantity import Quantity, When
from offtake.core.series import Series
from offtake.core.terms import Terms, numbers, references
from offtake.plan.collateral import COLLATERAL
from offtake.plan.drivers import MeanReverting, RandomWalk
from offtake.plan.messages import problem_of
from offtake.plan.plausible import Finding, chips_fit_their_site, loans_repay_something
from offtake.plan.schema import Plan
from offtake.plan.structure import cases_exist
from offtake.plan.takeouts import TAKEOUTS
from offtake.plan.tranches import TRANCHES
from offtake.plan.tree import Node, child, parse_path

Check = Callable[[Plan], Iterator[Finding]]

REVENUE_SIDES: tuple[tuple[str, str], ...] = (
    ("buyer", "seller"), ("tenant", "landlord"), ("lessee", "lessor"), ("guarantor", "obligor"),
)  # fmt: skip
"""Fields that name who pays and whose revenue it is (or whose debt, for a guarantee)."""


def run_checks(plan: Plan, tree: Node, *, whole: bool = True) -> list[Problem]:
    """Every check on a plan.

    Args:
        plan: as read; items that could not be read are not in it.
        tree: as written, for lines.
        whole: whether every item could be read; if not, only errors are looked for.

    Returns:
        Errors and warnings, in the order of :data:`ERRORS` and :data:`WARNINGS`.
    """
    found: list[Problem] = []
    for check in (*ERRORS, *WARNINGS) if whole else ERRORS:
        for place, severity, mistake in check(plan):
            problem = problem_of(mistake, tree, parse_path(place) or ())
            found.append(replace(problem, place=place, severity=severity))
    return found


def phases_exist(plan: Plan) -> Iterator[Finding]:
    """A contract on a phase that its site does not have."""
    for name, contract in plan.contracts.items():
        site = plan.sites.get(str(getattr(contract, "site", "")))
        numbers = cast("tuple[int, ...]", getattr(contract, "phases", None) or ())
        for i, number in enumerate(numbers if site else ()):
            count = len(site.phases) if site else 0
            if not 0 <= number < count:
                yield (
                    f"contracts.{name}.phases[{i}]",
                    "error",
                    Mistake(
                        code="phase-unknown",
                        found=f"phase {number} of a site with {count} phases",
                        expected=f"a number from 0 to {count - 1}",
                        mend="count phases from 0, in the order in which the site lists them",
                    ),
                )


def replaced_cohorts_stand_there_before(plan: Plan) -> Iterator[Finding]:
    """A cohort that replaces one of another site, a later one, or one that is replaced already."""
    by: dict[str, str] = {}
    for name, cohort in plan.chips.items():
        old = plan.chips.get(cohort.replaces or "")
        if old is None:
            continue
        found = ""
        if old.site != cohort.site:
            found = f"{cohort.replaces}, which stands at {old.site}"
        elif old.deliver.date >= cohort.deliver.date:
            found = f"{cohort.replaces}, which is delivered no earlier"
        elif str(cohort.replaces) in by:
            found = f"{cohort.replaces}, which {by[str(cohort.replaces)]} replaces too"
        if found:
            yield (
                f"chips.{name}.replaces",
                "error",
                Mistake(
                    code="cohort-replaced",
                    found=found,
                    expected="an earlier cohort of the same site that no other replaces",
                    mend="name another cohort, or delete replaces",
                ),
            )
        by.setdefault(str(cohort.replaces), name)


def paid_for_once(plan: Plan) -> Iterator[Finding]:
    """Something that two contracts pay for: shares paid under both would add up."""
    payers: dict[str, str] = {}
    for name, contract in plan.contracts.items():
        for thing, at in _paid_for(plan, contract):
            if thing in payers:
                yield (
                    f"contracts.{name}.{at}",
                    "error",
                    Mistake(
                        code="paid-twice",
                        found=f"{thing}, which {payers[thing]} pays for too",
                        expected="one contract that pays for it",
                        mend="delete one of the two, or join them into one",
                    ),
                )
            payers.setdefault(thing, name)


def _paid_for(plan: Plan, contract: Terms) -> Iterator[tuple[str, str]]:
    """What a contract builds or buys, and the field that says so."""
    kind = getattr(contract, "kind", "")
    if kind in ("chip_purchase", "chip_sale", "vendor_financing"):
        chips: object = getattr(contract, "chips", None)
        several = cast("tuple[object, ...]", chips) if isinstance(chips, tuple) else (chips,)
        for cohort in several:
            if cohort in plan.chips:
                yield f"chips.{cohort}", "chips"
    if kind != "construction_contract":
        return
    for field, section in (("source", "power"), ("fab", "fabs")):
        if (name := getattr(contract, field, None)) is not None:
            yield f"{section}.{name}", field
    site = str(getattr(contract, "site", ""))
    stated = cast("tuple[int, ...] | None", getattr(contract, "phases", None))
    whole = range(len(plan.sites[site].phases)) if site in plan.sites else range(0)
    for phase in whole if stated is None else stated:
        yield f"sites.{site}.phases[{phase}]", "site" if stated is None else "phases"


def parties_differ(plan: Plan) -> Iterator[Finding]:
    """A contract in which a party deals with itself."""
    for name, contract in plan.contracts.items():
        places = [
            (at, party) for at, sections, party in references(contract) if "parties" in sections
        ]
        single = [(at, party) for at, party in places if "." not in at and "[" not in at]
        seen: dict[str, str] = {}
        for at, party in single:
            if party in seen:
                yield (
                    f"contracts.{name}.{at}",
                    "error",
                    Mistake(
                        code="party-twice",
                        found=f"{party} as {seen[party]} and as {at}",
                        expected="two different parties",
                        mend=f"name another party as {seen[party]} or as {at}",
                    ),
                )
            seen.setdefault(party, at)


def contract_does_not_name_itself(plan: Plan) -> Iterator[Finding]:
    """A contract that names itself, as what it funds or protects."""
    for name, contract in plan.contracts.items():
        for at, sections, other in references(contract, f"contracts.{name}"):
            if sections == ("contracts",) and other == name:
                yield (
                    at,
                    "error",
                    Mistake(
                        code="contract-self",
                        found=f"{name} naming itself",
                        expected="the name of another contract",
                        mend="name the contract that is meant",
                    ),
                )


def fits_the_horizon(plan: Plan) -> Iterator[Finding]:
    """A contract that outlives the plan and does not state its terminal value (§5.1)."""
    end = plan.calendar.index_of(plan.calendar.end)
    for name, contract in plan.contracts.items():
        if getattr(contract, "terminal_value", None) is not None:
            continue
        for field, last in _ends(plan, contract):
            if last <= end + 1e-6:
                continue
            yield (
                f"contracts.{name}.{field}",
                "error",
                Mistake(
                    code="horizon-short",
                    found=f"a contract that ends in {plan.calendar.date_of(last):%Y-%m}",
                    expected=f"an end at or before {plan.calendar.end:%Y-%m}, the end of the plan",
                    mend=_longer(plan, last, contract),
                ),
            )


def _longer(plan: Plan, last: float, contract: Terms) -> str:
    years = -int(-last * plan.calendar.months // 12)
    mend = f"lengthen the plan: horizon: {years} years" if years <= 40 else "shorten the contract"
    if "terminal_value" in type(contract).model_fields:
        mend += ", or state terminal_value"
    return mend


def _ends(plan: Plan, contract: Terms) -> Iterator[tuple[str, float]]:
    """Fields that end a contract, and where: end date; term, extensions, renewals at the median."""
    for field in ("end", "maturity"):
        end: Any = getattr(contract, field, None)
        if isinstance(end, When):
            yield field, plan.calendar.index_of(end.date)
    term: Any = getattr(contract, "term", None)
    if not isinstance(term, Quantity) or term.unit != "month":
        return
    start: Any = getattr(contract, "start", None)
    first = (
        plan.calendar.index_of(start.date)
        if isinstance(start, When)
        else _site_start(plan, contract)
    )
    months = term.value
    for several, one in (("extensions", "extension"), ("renewals", "renewal")):
        times: Any = getattr(contract, several, None)
        each: Any = getattr(contract, one, None)
        if isinstance(times, Quantity) and isinstance(each, Quantity):
            months += times.value * each.value
    yield "term", max(first, 0.0) + months / plan.calendar.months


def _site_start(plan: Plan, contract: Terms) -> float:
    """Position from which a contract on a site runs: its first phase, delays at the median."""
    site = plan.sites.get(str(getattr(contract, "site", "")))
    if site is None:
        return 0.0
    starts = [
        plan.calendar.index_of(phase.energise.date) for phase in site.phases or () if phase.energise
    ]
    return min(starts, default=0.0)


def starts_within_the_plan(plan: Plan) -> Iterator[Finding]:
    """Something that happens before the plan starts or after it ends."""
    first, last = plan.calendar.start, plan.calendar.end
    for place, number in numbers(plan):
        if not isinstance(number, When) or place == "plan.start":
            continue
        if number.date >= last and not place.endswith((".end", ".maturity")):
            word = f"{number.date:%Y-%m}, after the plan ends"
            mend = "lengthen the horizon or bring the date forward"
        elif number.date < first and not place.endswith((".start", ".available", ".open")):
            word = f"{number.date:%Y-%m}, before the plan starts"
            mend = "start the plan earlier, or state what exists at its start"
        else:
            continue
        yield (
            place,
            "warning",
            Mistake(
                code="date-outside",
                found=word,
                expected=f"a date from {first:%Y-%m} to {last:%Y-%m}",
                mend=mend,
            ),
        )


def owners_are_parties_of_their_kind(plan: Plan) -> Iterator[Finding]:
    """An account that belongs to an external party or to another account."""
    for name, party in plan.parties.items():
        owner = plan.parties.get(party.owner or "")
        if party.kind == "account" and owner is not None and owner.kind != "internal":
            yield (
                f"parties.{name}.owner",
                "error",
                Mistake(
                    code="account-owner",
                    found=f"the owner {party.owner}, which is {owner.kind}",
                    expected="an internal party",
                    mend="name the internal party for which the account is kept",
                ),
            )


def external_parties_have_a_role(plan: Plan) -> Iterator[Finding]:
    """An external party without a role: it would stand in no row of who pays."""
    for name, party in plan.parties.items():
        if party.kind == "external" and party.role is None:
            yield (
                f"parties.{name}",
                "warning",
                Mistake(
                    code="role-missing",
                    found="an external party without a role",
                    expected="a role such as customer, lender, equity, vendor or supplier",
                    mend="add role:",
                ),
            )


def external_payers_have_credit(plan: Plan) -> Iterator[Finding]:
    """A facility that rests on an external payer which, without credit, never fails (§2)."""
    borrowers = {getattr(contract, "borrower", None) for contract in plan.contracts.values()}
    told: set[str] = set()
    for name, contract in plan.contracts.items():
        payer, seller = _sides(contract)
        party = plan.parties.get(payer)
        if party is None or party.kind != "external" or party.credit is not None:
            continue
        if seller not in borrowers or payer in told:
            continue
        told.add(payer)
        yield (
            f"parties.{payer}",
            "warning",
            Mistake(
                code="credit-missing",
                found=f"{payer} without credit; financing of {seller} rests on {name}",
                expected="credit: a rating or a hazard rate, and a recovery",
                mend="add credit: {rating: BBB, recovery: 40 %}; without it the party never fails",
            ),
        )


def _sides(contract: Terms) -> tuple[str, str]:
    """Who pays under a contract and whose revenue it is; empty where it is not such a contract."""
    for payer, seller in REVENUE_SIDES:
        if hasattr(contract, payer) and hasattr(contract, seller):
            return str(getattr(contract, payer)), str(getattr(contract, seller))
    return "", ""


def _words(written: object) -> Iterator[str]:
    """Every text in what is written, keys apart."""
    if isinstance(written, str):
        yield written
    elif isinstance(written, Mapping):
        for value in cast("Mapping[str, object]", written).values():
            yield from _words(value)
    elif isinstance(written, list | tuple):
        for value in cast("Sequence[object]", written):
            yield from _words(value)


def internal_parties_take_part(plan: Plan) -> Iterator[Finding]:
    """A party that no contract names, not in any stack: a spelling, or a leftover."""
    used = {
        name
        for contract in plan.contracts.values()
        for _, sections, name in references(contract)
        if "parties" in sections
    }
    used |= {party.owner for party in plan.parties.values() if party.owner}
    used |= {site.owner for site in plan.sites.values()}
    used |= set(_words(plan.stacks))
    for name, party in plan.parties.items():
        if name not in used:
            kind = (
                "an internal party with no claim on its cash"
                if party.kind == "internal"
                else "a party"
            )
            yield (
                f"parties.{name}",
                "warning",
                Mistake(
                    code="party-unused",
                    found=f"{kind}; no contract names it",
                    expected="a party that takes part in a contract",
                    mend="add its contracts, or delete it",
                ),
            )


def supports_do_not_lead_back(plan: Plan) -> Iterator[Finding]:
    """Supports that protect one another in a circle (§5.6)."""
    after = {
        name: [
            o for _, sections, o in references(contract) if sections == ("contracts",) and o != name
        ]
        for name, contract in plan.contracts.items()
        if hasattr(contract, "protects")
    }
    state: dict[str, int] = {}
    for name in after:
        circle = _circle(name, after, state, ())
        if circle is not None:
            yield (
                f"contracts.{circle[0]}.protects",
                "error",
                Mistake(
                    code="support-circle",
                    found="supports that protect one another: " + " -> ".join(circle),
                    expected="supports in tiers, each protecting claims of earlier tiers only",
                    mend=f"take {circle[1]} out of what {circle[0]} protects",
                ),
            )


def _circle(
    name: str, after: dict[str, list[str]], state: dict[str, int], above: tuple[str, ...]
) -> tuple[str, ...] | None:
    """A circle reached from ``name``; state: 1 being visited, 2 done."""
    if state.get(name) == 2:
        return None
    if state.get(name) == 1:
        return (*above[above.index(name) :], name)
    state[name] = 1
    for other in after.get(name, ()):
        found = _circle(other, after, state, (*above, name))
        if found is not None:
            state[name] = 2
            return found
    state[name] = 2
    return None


def correlations_are_possible(plan: Plan) -> Iterator[Finding]:
    """A correlation of something that is not a process, or correlations at odds with each other."""
    shocks = [n for n, d in plan.drivers.items() if isinstance(d, (RandomWalk, MeanReverting))]
    for index, correlated in enumerate(plan.correlations):
        for name in correlated.between:
            if name in plan.drivers and name not in shocks:
                yield (
                    f"drivers.correlations[{index}].between",
                    "error",
                    Mistake(
                        code="correlation-form",
                        found=f"{name}, which has no shocks of its own",
                        expected="random walks and mean-reverting processes: "
                        + (", ".join(shocks) or "none"),
                        mend=suggestion(name, shocks, otherwise="delete the correlation"),
                    ),
                )
    if plan.correlations and not _positive(plan, shocks):
        yield (
            "drivers.correlations",
            "error",
            Mistake(
                code="correlation-form",
                found="correlations that contradict one another",
                expected="a positive definite correlation matrix",
                mend="bring the correlations of the drivers named together nearer to 0",
            ),
        )


def _positive(plan: Plan, shocks: list[str]) -> bool:
    """Whether the correlation matrix of the processes has a Cholesky factor."""
    import numpy as np

    at = {name: i for i, name in enumerate(shocks)}
    matrix = np.eye(len(shocks))
    for correlated in plan.correlations:
        inside = [at[name] for name in correlated.between if name in at]
        for i in inside:
            for j in inside:
                if i != j:
                    matrix[i, j] = correlated.value.value
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def series_begin_in_time(plan: Plan) -> Iterator[Finding]:
    """A dated map whose first date lies after the plan's start."""
    for section in ("market", "drivers", "contracts"):
        holder = getattr(plan, section)
        items = {"": holder} if section == "market" else holder
        for name, item in items.items():
            for at, series in _series(item, f"{section}.{name}".rstrip(".")):
                first = series.knots[0][0]
                if not series.labels or first <= plan.calendar.start:
                    continue
                flow = (series.unit or "").endswith("/year") and series.unit != "1/year"
                before = (
                    "nothing flows" if flow else f"its first value ({series.knots[0][1]}) holds"
                )
                yield (
                    at,
                    "warning",
                    Mistake(
                        code="series-late",
                        found=f"values from {series.labels[0]} on; before that {before}",
                        expected=f"values from {plan.calendar.start:%Y-%m}, the start of the plan",
                        mend=f"add {plan.calendar.start:%Y-%m}: with its value",
                    ),
                )


def _series(item: object, place: str) -> Iterator[tuple[str, Series]]:
    if isinstance(item, Series):
        if item.knots:
            yield place, item
    elif isinstance(item, Terms):
        for name in type(item).model_fields:
            # What falls due on dates is no value that holds between them.
            if name != "schedule":
                yield from _series(getattr(item, name), f"{place}.{name}")


ERRORS: tuple[Check, ...] = (
    parties_differ,
    phases_exist,
    paid_for_once,
    replaced_cohorts_stand_there_before,
    contract_does_not_name_itself,
    fits_the_horizon,
    owners_are_parties_of_their_kind,
    supports_do_not_lead_back,
    *COLLATERAL,
    *TAKEOUTS,
    *TRANCHES,
    cases_exist,
    correlations_are_possible,
)
"""Checks that find errors; they hold for a part of a plan as for the whole."""

WARNINGS: tuple[Check, ...] = (
    starts_within_the_plan,
    external_parties_have_a_role,
    external_payers_have_credit,
    internal_parties_take_part,
    series_begin_in_time,
    chips_fit_their_site,
    loans_repay_something,
)
"""Checks that find warnings; they need the whole plan."""


def unsourced(plan: Plan, tree: Node) -> list[tuple[str, str]]:
    """Numbers written in the plan without a source.

    Args:
        plan: as read.
        tree: as written; a default that is not written needs no source.

    Returns:
        (place, number as written), in the order of the plan.
    """
    return [
        (place, str(number))
        for place, number in numbers(plan)
        if number.source is None and not place.startswith("plan.") and _is_written(tree, place)
    ]


def _is_written(tree: Node, place: str) -> bool:
    node: Node | None = tree
    for step in parse_path(place) or ():
        node = child(node, step) if node is not None else None
    return node is not None
