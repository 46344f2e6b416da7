"""Who bears which risk: every party's losses under one shock at a time, on the same futures.

The plan is structured and lowered once, without a shock: what is sized stays as it was signed. Then
each shock changes numbers of the program and nothing else, so all runs are of one compiled program
and differ by the shock alone. By party, per future and valued today:

    loss      of a financier what `who_pays` says it loses, and what it loses on money paid ahead
              (`positions`); of anybody else what was promised to it and never paid
    value     received less paid, with the worth of what it bought and the cost of what it supplied
              (`positions`), less what was promised to it and never paid, of others than financiers
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from offtake.core.measure import Book, Measure
from offtake.lowering.lower import LoweredPlan
from offtake.lowering.table import NumberTable
from offtake.measures.checks import Checks
from offtake.measures.facilities import Facilities
from offtake.measures.owners import internal_owners
from offtake.measures.positions import Positions, positions_of, puts_in
from offtake.measures.who_pays import WhoPays
from offtake.plan.schema import Plan
from offtake.results.allocation import Allocation, Losses
from offtake.risk.prepare import prepared
from offtake.risk.shocks import Change, Shock, shocks_of
from offtake.run.sample import Sample, Values, sample
from offtake.run.simulate import Asked, Runner, check_paths

FloatArray = NDArray[np.float64]
KINDS = (WhoPays, Facilities, Checks, Positions)


def asked(issuer: str | None = None) -> Asked:
    """Measures of comparisons, for one company of the plan; the first one if None."""

    def build(lowered: LoweredPlan, book: Book) -> tuple[Measure, ...]:
        hours = np.asarray(lowered.calendar.hours, np.float64)
        company = issuer or book.labels.parties[int(internal_owners(book)[0])]
        made: tuple[Any, ...] = (
            WhoPays.build(book),
            Facilities.build(book),
            Checks.build(book),
            positions_of(book, company, hours),
        )
        return made

    return Asked(sorted({pattern for kind in KINDS for pattern in kind.wanted}), build)


def changed(table: NumberTable, shock: Shock) -> Values:
    """The numbers of a plan as drawn -> under a shock.

    Raises:
        KeyError: the program has no number at a place that the shock changes.
    """
    steps = [(rows_at(table, change.place), change) for change in shock.changes]
    months = float(table.periods.months)
    years = months * (table.periods.count - 1) / 12.0

    def values(drawn: FloatArray) -> FloatArray:
        made = drawn.copy()
        for rows, change in steps:
            made[rows] = _moved(made[rows], change, months, years)
        return made

    return values


def rows_at(table: NumberTable, place: str) -> list[int]:
    """Rows of a place and of what stands below it.

    Raises:
        KeyError: there are none.
    """
    below = (f"{place}.", f"{place}[")
    rows = [row for name, row in table.index.items() if name == place or name.startswith(below)]
    return rows or [table.at(place)]


def _moved(values: FloatArray, change: Change, months: float, years: float) -> FloatArray:
    """Numbers under a change; months in a period, years in the plan."""
    if change.how == "times":
        return values * change.by
    if change.how == "less":
        return values * max(1.0 - change.by, 0.0)
    if change.how == "likelier":
        start = np.maximum(values, change.least)
        return values + (likelier(start, change.by, years) - start)
    return values + (change.by / months if change.how == "later" else change.by)


def likelier(hazard: FloatArray, deviations: float, years: float) -> FloatArray:
    """Hazard rates, 1/year, after the fortune of the party has fallen by so many deviations.

    With the chance to live exp(-h H) = 1 - Φ(z) over H years it becomes 1 - Φ(z + s), so that no
    fall changes nothing and a party that cannot fail stays so (`offtake.risk.library`).
    """
    threshold = norm.isf(np.exp(-hazard * years))
    return np.asarray(-norm.logsf(threshold + deviations) / years, np.float64)


def losses_in(book: Book, found: Sample) -> Losses:
    """Loss and value of every party in a run with the measures of `asked`."""
    pays, position = found.of("who_pays"), found.of("positions")
    financier = financiers_in(book)
    invested = pays["loss"] + position["advanced"]
    others = np.where(financier[None], 0.0, pays["shortfall"])
    return Losses(
        loss=np.where(financier[None], invested, others),
        value=position["worth"] - pays["net"] - others,
    )


def financiers_in(book: Book) -> NDArray[np.bool_]:
    """[M] True for parties that put money in in some contract."""
    putting = {
        book.owners.get(name, name)
        for claim in book.labels.claims
        if puts_in(book, claim)
        for name in [book.labels.parties[claim.payer]]
    }
    return np.array([name in putting for name in book.labels.parties])


def allocate(
    runner: Runner,
    plain: Sample,
    paths: int,
    seed: int,
    shocks: Sequence[Shock],
    done: Callable[[str], None] | None = None,
) -> Allocation:
    """Losses of every party under each shock, against the run without.

    Args:
        runner: compiled, with the measures of `asked`.
        plain: its futures without a shock; the same number and seed.
        paths: number of futures.
        seed: of every random stream.
        shocks: empty ones are not run.
        done: told after every shock.
    """
    book, table = runner.book, runner.lowered.table
    losses: dict[str, Losses] = {}
    for shock in shocks:
        if not shock.empty:
            run = sample(runner, paths, seed, changed(table, shock))
            losses[shock.name] = losses_in(book, run)
        if done is not None:
            done(shock.name)
    parties = [(m, n) for m, n in enumerate(book.labels.parties) if n not in book.owners]
    return Allocation(
        parties=tuple(name for _, name in parties),
        roles=tuple(book.roles[name] for _, name in parties),
        rows=tuple(m for m, _ in parties),
        shocks=tuple(shock.described() for shock in shocks),
        plain=losses_in(book, plain),
        losses=losses,
    )


def risk(
    plan: Plan,
    paths: int = 4096,
    seed: int = 1,
    done: Callable[[str], None] | None = None,
) -> Allocation:
    """Who bears which risk in a plan.

    Args:
        plan: as loaded.
        paths: number of futures.
        seed: of every random stream.
        done: told after every shock.

    Raises:
        ValueError: fewer than one path.
        PlanErrors: the plan cannot be structured.
    """
    check_paths(paths)
    runner = Runner(prepared(plan), asked=asked())
    runner.compile()
    plain = sample(runner, paths, seed)
    return allocate(runner, plain, paths, seed, shocks_of(plan), done)
