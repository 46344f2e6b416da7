"""offtake: who pays for AI compute?

import offtake
plan = offtake.load("plans/abilene")
results = offtake.run(plan, paths=10_000)
results.who_pays()
"""

from typing import TYPE_CHECKING, Any

# After this import the name `offtake.run` is the function; the room of the same name stays
# reachable as `from offtake.run.simulate import ...`.
from offtake.run.api import run as run

if TYPE_CHECKING:
    from offtake.plan.load import check as check
    from offtake.plan.load import load as load
    from offtake.results.results import Results as Results
    from offtake.run.sensitivity import sensitivity as sensitivity

__version__ = "0.1.0"
__all__ = ["Results", "check", "load", "run", "sensitivity"]


def __getattr__(name: str) -> Any:
    """Names that cost something are imported when they are first used."""
    if name in ("check", "load"):
        from offtake.plan import load as loading

        return getattr(loading, name)
    if name == "Results":
        from offtake.results.results import Results

        return Results
    if name == "sensitivity":
        from offtake.run.sensitivity import sensitivity

        return sensitivity
    message = f"module 'offtake' has no attribute {name!r}"
    raise AttributeError(message)
