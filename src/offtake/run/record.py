"""Months of a lowered plan on blocks of paths, kept whole in host memory."""

from collections.abc import Callable
from typing import Any, cast

from offtake.core.arrays import jax
from offtake.core.random import BLOCK
from offtake.engine.simulate import Record, Reducer, block
from offtake.engine.step import Entry
from offtake.lowering.lower import LoweredPlan
from offtake.run.devices import cache_folder, prepare
from offtake.run.draw import HostDraws, base_case
from offtake.run.traced import kept, name_of

_COMPILED: dict[str, Any] = {}
"""Compiled blocks of this process, by the name of what they were traced from; the newest ones."""
MOST_KEPT = 8


def recorder(lowered: LoweredPlan, width: int = BLOCK) -> Callable[[HostDraws], Entry]:
    """What turns draws of a block of paths into all its months: claims, payments, observations.

    For runs of some thousand paths of which more is asked than measures say.

    Args:
        lowered: the plan.
        width: paths of a block.
    """
    prepare()

    def nothing(measures: Any, record: Record, weight: Any) -> Any:
        del measures, record, weight
        return ()

    given = lowered.program, (), cast("Any", base_case(lowered, width))
    static = (lowered.shape, "record")
    name = name_of(given, static)
    if name not in _COMPILED:
        reduce = cast("Reducer", nothing)
        run: Any = kept(block(lowered.shape, reduce), given, static, cache_folder() / "traced")
        _COMPILED[name] = jax.jit(run)
        for oldest in list(_COMPILED)[:-MOST_KEPT]:
            del _COMPILED[oldest]
    quick = _COMPILED[name]
    return lambda draws: quick(lowered.program, (), draws)[1]
