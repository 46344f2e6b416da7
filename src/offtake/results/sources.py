"""What a figure owes to whom: variance by source, and a difference by change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from offtake.results.table import Table

VARIANCE = (
    "alone: share of the variance that goes if the source were known; with others: share that "
    "stays if all but the source were known. What several sources make together counts for each of "
    "them in the second, so it may add up to more than 100 %."
)


@dataclass(frozen=True)
class VarianceShares:
    """Variance of a figure over futures, by source.

    Attributes:
        plan: name.
        figure: name.
        mean: of the figure over futures.
        sd: standard deviation over futures.
        paths: number of futures of each run.
        runs: sets of futures that were run.
        seed: of every random stream.
        reach: half-width of a 95 % interval in standard errors.
        rows: source, kind (`number` or `stream`), first, first_se, total, total_se; largest first.
    """

    plan: str
    figure: str
    mean: float
    sd: float
    paths: int
    runs: int
    seed: int
    reach: float
    rows: tuple[Mapping[str, Any], ...]

    def table(self) -> Table:
        """Sources that move the figure, largest first."""
        return Table("Variance by source", self.rows, VARIANCE)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "plan": self.plan,
            "figure": self.figure,
            "mean": self.mean,
            "sd": self.sd,
            "paths": self.paths,
            "runs": self.runs,
            "seed": self.seed,
            "standard_errors_in_95": self.reach,
            "sources": [dict(row) for row in self.rows],
        }


@dataclass(frozen=True)
class ChangeShares:
    """A difference between a plan and a scenario, by change.

    Attributes:
        plan: name.
        scenario: name.
        figure: name.
        before: without the scenario.
        after: with it.
        paths: number of futures.
        seed: of every random stream.
        sets: sets of changes that were run.
        orders: orders drawn; None where all sets were run.
        reach: half-width of a 95 % interval in standard errors.
        rows: change, share (in the unit of the figure), share_se; largest first.
    """

    plan: str
    scenario: str
    figure: str
    before: float
    after: float
    paths: int
    seed: int
    sets: int
    orders: int | None
    reach: float
    rows: tuple[Mapping[str, Any], ...]

    def table(self) -> Table:
        """Changes, the one that explains most first."""
        return Table("Difference by change", self.rows)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "plan": self.plan,
            "scenario": self.scenario,
            "figure": self.figure,
            "before": self.before,
            "after": self.after,
            "paths": self.paths,
            "seed": self.seed,
            "sets": self.sets,
            "orders": self.orders,
            "standard_errors_in_95": self.reach,
            "changes": [dict(row) for row in self.rows],
        }
