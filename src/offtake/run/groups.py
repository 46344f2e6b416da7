"""Errors of any figure of a run, from how it moves when a group of futures is left out.

The futures fall into 16 groups that are independent of one another (`core.random`). With x the
figure of all n futures and x_j that of all but the m_j of group j, the delete-a-group jackknife [1]
has, with h_j = n / m_j, pseudo-values v_j = h_j x - (h_j - 1) x_j and v = sum_j v_j / h_j,

    error^2 = 1/G sum_j (v_j - v)^2 / (h_j - 1)

which for groups of one size is (G - 1)/G sum_j (x_j - mean x_j)^2. It holds for means, ratios,
rates of return and, as groups are much larger than the square root of n, quantiles [2]; and for the
difference of two runs of the same futures, whose groups are left out together. An interval of 95 %
is the figure with t(G - 1) errors on either side, 2.13 of them with 16 groups.

References:
    1. Busing, F. M. T. A., Meijer, E., van der Leeden, R. (1999). Delete-m jackknife for unequal m.
       Statistics and Computing 9.
    2. Shao, J., Wu, C. F. J. (1989). A general theory for jackknife variance estimation. Annals of
       Statistics 17.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from offtake.core.random import REPLICATES, replicates
from offtake.results.named import TABLES, figures
from offtake.results.results import Results
from offtake.run.simulate import Outcome

FloatArray = NDArray[np.float64]
Figures = dict[str, float | None]


def sizes(paths: int) -> NDArray[np.int64]:
    """[group] futures in each group that has any."""
    counted = np.bincount(replicates(0, paths), minlength=REPLICATES)
    return counted[counted > 0]


def leaving_out(
    outcome: Outcome, results: Results, tables: Iterable[str] = tuple(TABLES)
) -> list[Figures]:
    """Figures of all futures but those of one group, for every group; none of one group.

    Table by table, so that what a table reads of many futures is read once for all groups.

    Args:
        outcome: of the run.
        results: the same, labelled.
        tables: of which figures are wanted.
    """
    group = replicates(0, outcome.paths)
    count = sizes(outcome.paths).size
    without = [
        results.without(group != left_out, _means(outcome, left_out))
        for left_out in range(count if count > 1 else 0)  # a group that is all leaves nothing
    ]
    parts = [Figures() for _ in without]
    for table in tables:
        for part, rest in zip(parts, without, strict=True):
            part.update(figures(rest, [table]))
    return parts


def errors(outcome: Outcome, results: Results) -> Figures:
    """Standard error of every figure by name; None where it cannot be told."""
    whole, size = figures(results), sizes(outcome.paths)
    parts = leaving_out(outcome, results)
    return {
        name: error(number(value), np.array([number(p.get(name)) for p in parts]), size)
        for name, value in whole.items()
    }


def _means(outcome: Outcome, left_out: int) -> Callable[[str], FloatArray | None]:
    """Means over all futures but those of one group, by name of the array."""
    names = {
        f"{measure.name}_{name}": (measure.name, name)
        for measure in outcome.measures
        for name, output in measure.outputs.items()
        if output.keep == "mean"
    }

    def mean(name: str) -> FloatArray | None:
        key = names.get(name)
        return None if key is None else outcome.merged.moments(key, without=left_out).mean

    return mean


def number(value: float | None) -> float:
    """A figure as a float; NaN where there is nothing to say."""
    return np.nan if value is None else float(value)


def error(whole: float, parts: FloatArray, size: NDArray[np.int64]) -> float | None:
    """Standard error of a figure; None where it cannot be told.

    Args:
        whole: the figure.
        parts: [group] the figure without each group; NaN where it is not known.
        size: [group] futures in each.
    """
    if parts.size < 2 or not np.isfinite(parts).all() or not np.isfinite(whole):
        return None
    share: FloatArray = float(size.sum()) / size.astype(np.float64)
    pseudo: FloatArray = share * whole - (share - 1.0) * parts
    centre = float(np.sum(pseudo / share))
    apart: FloatArray = (pseudo - centre) ** 2 / (share - 1.0)
    return float(np.sqrt(np.mean(apart)))
