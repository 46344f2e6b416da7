"""Two plans on the same futures, figure by figure, with the error of every difference.

Random streams are keyed by name, so what two plans share (prices, delays, failures, uncertain
numbers) is drawn alike in both. The error of a difference comes from leaving out the same group of
futures on both sides (`run.groups`): what is common to both cancels in it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from offtake.core.errors import WrongRequest
from offtake.core.random import BLOCK, Sampler
from offtake.plan.schema import Plan
from offtake.results.differences import Differences
from offtake.results.named import TABLES, figures, tables_with
from offtake.results.results import Results
from offtake.run.groups import Figures, error, leaving_out, number, sizes
from offtake.run.label import label
from offtake.run.simulate import Outcome, Progress, check_paths, simulate

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Figured:
    """Figures of one run, whole and without each group of futures."""

    whole: Figures
    parts: tuple[Figures, ...]

    def without(self, name: str) -> FloatArray:
        """[group] one figure without each group; NaN where it is not known."""
        return np.array([number(part.get(name)) for part in self.parts])

    def to_json(self) -> dict[str, Any]:
        """As plain data, each name once."""
        return {
            "names": list(self.whole),
            "whole": list(self.whole.values()),
            "parts": [[part.get(name) for name in self.whole] for part in self.parts],
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Figured":
        """The same again."""
        names: list[str] = said["names"]
        parts = tuple(dict(zip(names, part, strict=True)) for part in said["parts"])
        return cls(dict(zip(names, said["whole"], strict=True)), parts)


def figured(
    plan: Plan,
    paths: int,
    seed: int,
    sampler: Sampler = "pseudo",
    of: Sequence[str] = (),
    progress: Progress | None = None,
) -> Figured:
    """Run a plan and work out its figures, whole and without each group of futures.

    Args:
        plan: as loaded.
        paths: number of futures.
        seed: of every random stream.
        sampler: how futures are drawn.
        of: figures or tables that are wanted, by name; their tables are worked out, or all.
        progress: told what has been done.

    Raises:
        UnknownFigure: there is no such figure.
    """
    outcome = simulate(plan, paths, seed, sampler=sampler, progress=progress)
    results = label(outcome)
    return figured_of(outcome, results, tables_with(of, results) if of else tuple(TABLES))


def figured_of(
    outcome: Outcome, results: Results, tables: Iterable[str] = tuple(TABLES)
) -> Figured:
    """Figures of a run that was made already.

    Args:
        outcome: of the run.
        results: the same, labelled.
        tables: of which figures are wanted.
    """
    wanted = tuple(tables)
    return Figured(figures(results, wanted), tuple(leaving_out(outcome, results, wanted)))


def compare_plans(
    plan: Plan,
    other: Plan,
    paths: int = 4096,
    seed: int = 1,
    *,
    said: str = "the other plan",
    sampler: Sampler = "pseudo",
    done: Callable[[str], None] | None = None,
) -> Differences:
    """Difference of every figure of two plans on the same futures.

    Args:
        plan: before.
        other: after.
        paths: number of futures; at least two blocks of 256, or there is nothing to tell errors by.
        seed: of every random stream.
        said: what the other plan is, as the user said it.
        sampler: how futures are drawn.
        done: told what has been done.

    Raises:
        ValueError: fewer than 257 paths, or a number that the sampler cannot deal evenly.
        PlanErrors: a plan cannot be structured.
    """
    check_paths(paths, sampler)
    if paths <= BLOCK:
        message = f"paths must be more than {BLOCK}, or no error can be told; found {paths}"
        raise WrongRequest(message)
    told = done or _nobody
    before = figured(plan, paths, seed, sampler)
    told("the plan as it stands")
    after = figured(other, paths, seed, sampler)
    told(said)
    return differences(before, after, paths, seed, plan=plan.plan.name, said=said, sampler=sampler)


def differences(
    before: Figured,
    after: Figured,
    paths: int,
    seed: int,
    *,
    plan: str,
    said: str,
    sampler: Sampler = "pseudo",
) -> Differences:
    """Difference of every figure of two runs of the same futures.

    Args:
        before: one run.
        after: the other.
        paths: of both.
        seed: of both.
        plan: name of the plan.
        said: what the other one is.
        sampler: of both.
    """
    size = sizes(paths)
    reach = float(student.ppf(0.975, size.size - 1)) if size.size > 1 else 0.0
    shared = [name for name in before.whole if name in after.whole]
    return Differences(
        plan=plan,
        other=said,
        paths=paths,
        seed=seed,
        sampler=sampler,
        groups=size.size,
        reach=reach,
        rows=tuple(_row(name, before, after, size, reach) for name in shared),
        gone=tuple(name for name in before.whole if name not in after.whole),
        new=tuple(name for name in after.whole if name not in before.whole),
    )


def _row(
    name: str, before: Figured, after: Figured, size: NDArray[np.int64], reach: float
) -> dict[str, Any]:
    one, two = before.whole[name], after.whole[name]
    row: dict[str, Any] = {"result": name, "before": one, "after": two}
    if one is None or two is None:
        return {**row, "change": None, "change_se": None, "change_95": None}
    change = two - one
    if abs(change) <= ROUNDING * max(abs(one), abs(two)):
        change = 0.0
    parts = after.without(name) - before.without(name)
    spread = error(two - one, parts, size)
    return {
        **row,
        "change": change,
        "change_se": spread,
        "change_95": None if spread is None else reach * spread,
    }


ROUNDING = 1e-12
"""Relative change below which two programs of one meaning may differ: sums in another order."""


def _nobody(what: str) -> None:
    del what
