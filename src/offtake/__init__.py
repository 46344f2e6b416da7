"""offtake: who pays for AI compute?

import offtake
plan = offtake.load("plans/abilene")
results = offtake.run(plan, paths=10_000)
results.who_pays()
"""

from offtake.plan.load import check as check
from offtake.plan.load import load as load
from offtake.results.results import Results as Results

# After this import the name `offtake.run` is the function; the room of the same name stays
# reachable as `from offtake.run.simulate import ...`.
from offtake.run.api import run as run

__version__ = "0.1.0"
__all__ = ["Results", "check", "load", "run"]
