"""Errors of any figure of a run, from how it moves when a group of futures is left out.

The futures fall into 16 groups that are independent of one another (`core.random`). With x the
figure of all n futures and x_j that of all but the m_j of group j, the delete-a-group jackknife [1]
has, with h_j = n / m_j and pseudo-values v_j = h_j x - (h_j - 1) x_j and v their mean,

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

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import xarray as xr
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
) -> Iterator[Figures]:
    """Figures of all futures but those of one group, for every group in turn; none of one group.

    Args:
        outcome: of the run.
        results: the same, labelled.
        tables: of which figures are wanted.
    """
    wanted, group = tuple(tables), replicates(0, outcome.paths)
    count = sizes(outcome.paths).size
    for left_out in range(count if count > 1 else 0):  # a group that is all leaves nothing
        yield figures(_without(outcome, results, left_out, group != left_out), wanted)


def errors(outcome: Outcome, results: Results) -> Figures:
    """Standard error of every figure by name; None where it cannot be told."""
    whole, size = figures(results), sizes(outcome.paths)
    parts = list(leaving_out(outcome, results))
    return {
        name: error(number(value), np.array([number(p.get(name)) for p in parts]), size)
        for name, value in whole.items()
    }


def number(value: float | None) -> float:
    """A figure as a float; NaN where there is nothing to say."""
    return np.nan if value is None else float(value)


def _without(outcome: Outcome, results: Results, group: int, stay: NDArray[np.bool_]) -> Results:
    """Results without the futures of one group; what is traced stays as it was."""
    data = dict[str, tuple[tuple[str, ...], FloatArray]]()
    for name, variable in results.dataset.data_vars.items():
        dims = tuple(str(dim) for dim in variable.dims)
        values = np.asarray(variable.values)
        data[str(name)] = (dims, values[stay] if dims[:1] == ("path",) else values)
    for measure in outcome.measures:
        for name, output in measure.outputs.items():
            if output.keep == "mean":
                moments = outcome.merged.moments((measure.name, name), without=group)
                data[f"{measure.name}_{name}"] = (output.dims, moments.mean)
    labels: Any = results.dataset.drop_vars("path", errors="ignore").coords
    return Results(xr.Dataset(data, coords=labels), results.facts)


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
    apart: FloatArray = (pseudo - float(np.mean(pseudo))) ** 2 / (share - 1.0)
    return float(np.sqrt(np.mean(apart)))
