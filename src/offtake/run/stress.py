"""Stress: a plan under each named shock and under all together, on the same futures.

The plan is prepared, structured, lowered and compiled once (`offtake.risk.prepare`); a shock of the
library changes numbers of that program and nothing else. A scenario of the plan is another plan:
it is compiled by itself, on the same futures, and whatever numbers are to move besides move in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.errors import PlanErrors, in_option, quoted
from offtake.core.flows import Flow
from offtake.core.measure import Book, Measure
from offtake.core.names import suggestion
from offtake.lowering.lower import LoweredPlan
from offtake.measures.defaults import Defaults
from offtake.plan.schema import Plan
from offtake.results.stress import Outcomes, Stress
from offtake.risk.library import library
from offtake.risk.prepare import prepared
from offtake.risk.shocks import Shock
from offtake.run import risk
from offtake.run.sample import Sample, Values, sample
from offtake.run.simulate import Asked, Runner, check_paths

FloatArray = NDArray[np.float64]
COMPUTE = (
    *("metered_tokens", "reserved_capacity", "spot_sale", "spot_purchase", "compute_commitment"),
    *("chip_lease", "site_lease", "compute_note", "revenue_share"),
)
"""Kinds by which somebody pays for compute, or for what makes it."""
TOGETHER = "all"


def asked() -> Asked:
    """Measures of risk, and who fails when."""
    plain = risk.asked()

    def build(lowered: LoweredPlan, book: Book) -> tuple[Measure, ...]:
        made: tuple[Any, ...] = (*plain.build(lowered, book), Defaults.build(book))
        return made

    return Asked([*plain.wanted, *Defaults.wanted], build)


@dataclass
class Stand:
    """A compiled plan on which shocks are tried, always on the same futures."""

    runner: Runner
    shocks: tuple[Shock, ...]
    """of the library, those that find nothing among them"""
    paths: int
    seed: int
    plain: Sample = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.plain = self.run(())

    @classmethod
    def of(cls, plan: Plan, paths: int, seed: int) -> "Stand":
        """Compile a plan.

        Raises:
            ValueError: fewer than one path.
            PlanErrors: the plan cannot be structured.
        """
        check_paths(paths)
        runner = Runner(prepared(plan), asked=asked())
        runner.compile()
        return cls(runner, library(plan, paid_for_compute(runner)), paths, seed)

    def run(self, shocks: Sequence[Shock]) -> Sample:
        """The futures under shocks joined."""
        return sample(self.runner, self.paths, self.seed, joined(self.runner, shocks))


def joined(runner: Runner, shocks: Sequence[Shock]) -> Values | None:
    """The numbers of a plan as drawn -> under shocks, one after another."""
    moves = [risk.changed(runner.lowered.table, shock) for shock in shocks]

    def values(drawn: FloatArray) -> FloatArray:
        for move in moves:
            drawn = move(drawn)
        return drawn

    return values if moves else None


def paid_for_compute(runner: Runner) -> dict[str, float]:
    """Party -> what it pays for compute in the base case, USD of today."""
    book, paid = runner.book, runner.base().paid[:, :, 0]
    rate = runner.lowered.table.rows[book.discount_row].value
    today = (1.0 + rate) ** -book.elapsed @ paid
    found: dict[str, float] = {}
    for c, claim in enumerate(book.labels.claims):
        if book.kinds[claim.contract] in COMPUTE and claim.flow == Flow.SALE:
            name = book.labels.parties[claim.payer]
            name = book.owners.get(name, name)
            found[name] = found.get(name, 0.0) + float(today[c])
    return found


@dataclass(frozen=True)
class Named:
    """Columns of a book by name."""

    parties: tuple[str, ...]
    facilities: tuple[str, ...]


def named(book: Book) -> Named:
    """Parties without accounts, and facilities."""
    parties = tuple(n for n in book.labels.parties if n not in book.owners)
    return Named(parties, tuple(f.contract for f in book.facilities))


def outcomes(book: Book, found: Sample, columns: Named) -> Outcomes:
    """What happens in a run, in the columns of another one; what a plan has not stays at zero."""
    losses, facilities = risk.losses_in(book, found), found.of("facilities")
    here, lent = list(book.labels.parties), [f.contract for f in book.facilities]
    parties = [here.index(n) if n in here else -1 for n in columns.parties]
    loans = [lent.index(n) if n in lent else -1 for n in columns.facilities]
    financiers = risk.financiers_in(book).astype(np.float64)
    return Outcomes(
        failed=_picked(np.isfinite(found.of("defaults")["period"]), parties),
        loss=_picked(losses.loss, parties),
        value=_picked(losses.value, parties),
        invested=_picked(financiers[None], parties)[0],
        defaulted=_picked(np.isfinite(facilities["default_period"]), loans),
        facility_loss=_picked(facilities["loss_usd"], loans),
    )


def _picked(values: NDArray[Any], columns: Sequence[int]) -> FloatArray:
    """[P, columns] of values [P, all]; zero for -1."""
    made = np.zeros((values.shape[0], len(columns)))
    for i, column in enumerate(columns):
        if column >= 0:
            made[:, i] = values[:, column]
    return made


def chosen(shocks: Sequence[Shock], names: Sequence[str] | None) -> tuple[Shock, ...]:
    """Shocks by name, in the order asked for; every one if None.

    Raises:
        PlanErrors: there is none of that name.
    """
    known = {shock.name: shock for shock in shocks}
    problems = [
        in_option(
            "--shocks",
            ",".join(names or ()),
            "shock-unknown",
            f"no shock called {quoted(name)}",
            f"one of {', '.join(known)}, or scenario:NAME",
            suggestion(name, known, otherwise="leave --shocks out"),
        )
        for name in names or ()
        if name not in known
    ]
    if problems:
        raise PlanErrors(problems)
    return tuple(shocks) if names is None else tuple(known[name] for name in names)


def stress(
    plan: Plan,
    names: Sequence[str] | None = None,
    paths: int = 4096,
    seed: int = 1,
    *,
    scenarios: Mapping[str, Plan] | None = None,
    together: bool = False,
    done: Callable[[str], None] | None = None,
) -> Stress:
    """Who fails, loses and pays under each shock alone and all together.

    Args:
        plan: as loaded.
        names: shocks of the library; every one if None.
        paths: number of futures.
        seed: of every random stream.
        scenarios: name -> the plan with that scenario; run alone, and with the shocks together if
            there is only one.
        together: only all joined, none alone.
        done: told after every run.

    Raises:
        ValueError: fewer than one path, or several scenarios together.
        PlanErrors: a plan cannot be structured, or there is no shock of that name.
    """
    others = dict(scenarios or {})
    if together and len(others) > 1:
        message = f"scenarios cannot be joined: {', '.join(others)}; name one of them"
        raise ValueError(message)
    chosen(library(plan, {}), names)  # a name that there is not is told before anything is compiled
    stand = Stand.of(plan, paths, seed)
    book, columns = stand.runner.book, named(stand.runner.book)
    wanted = chosen(stand.shocks, names)
    runs = dict(_runs(stand, [s for s in wanted if not s.empty], others, columns, together, done))
    return Stress(
        plan=plan.plan.name,
        paths=paths,
        seed=seed,
        parties=columns.parties,
        roles=tuple(book.roles[name] for name in columns.parties),
        facilities=columns.facilities,
        shocks=tuple(shock.described() for shock in wanted),
        plain=outcomes(book, stand.plain, columns),
        runs=runs,
    )


def _runs(
    stand: Stand,
    acting: Sequence[Shock],
    others: Mapping[str, Plan],
    columns: Named,
    together: bool,
    done: Callable[[str], None] | None,
) -> Iterator[tuple[str, Outcomes]]:
    """Outcomes of every run, one after another."""

    def ran(name: str, where: Stand, shocks: Sequence[Shock]) -> tuple[str, Outcomes]:
        found = where.run(shocks) if shocks else where.plain
        if done is not None:
            done(name)
        return name, outcomes(where.runner.book, found, columns)

    for shock in acting if not together else ():
        yield ran(shock.name, stand, [shock])
    last = stand
    for name, other in others.items():
        last = Stand.of(other, stand.paths, stand.seed)
        if not together:
            yield ran(f"scenario:{name}", last, ())
    count = len(acting) + len(others)
    if (together and count) or (count > 1 and len(others) <= 1):
        there = chosen(last.shocks, [shock.name for shock in acting])
        yield ran(TOGETHER, last, [shock for shock in there if not shock.empty])
