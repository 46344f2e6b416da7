"""What numbers do to the headline results of a run: worked out once, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

from offtake.core.errors import PlanErrors
from offtake.plan.load import changed_tree, check_tree
from offtake.plan.slide import reach, shares_of, slidable
from offtake.plan.source import parse
from offtake.web.child import Told

PLAN = "plan"
SHOWN = 8
"""Sliders: what cannot move alone (shares of one whole) has none."""


def slopes(
    told: Told,
    *,
    text: str,
    folder: str,
    changes: Sequence[str],
    scenario: str | None,
    stack: str | None,
    seed: int,
) -> None:
    """Write the slopes of a run into its folder.

    Args:
        told: takes `stage`, `done` and `of`.
        text: of the plan.
        folder: of the run.
        changes: each `place=value`.
        scenario: of the plan.
        stack: of the plan.
        seed: of the run.
    """
    from offtake.results.whatif import headlines, run_values
    from offtake.run.whatif import what_if
    from offtake.web import folders
    from offtake.web.kept import results_of
    from offtake.web.slopes import FILE

    written_tree, _ = parse(text, PLAN)
    checked = check_tree(written_tree, PLAN, changes, scenario, stack, diffs=False)
    if checked.plan is None:
        raise PlanErrors(checked.problems)
    tree, _ = changed_tree(written_tree, changes, scenario, stack)

    def stage(what: str, done: int, of: int) -> None:
        told({"stage": what, "done": done, "of": of})

    written = slidable(checked, tree)
    results = results_of(folder)
    names = headlines(results)
    reached = cache(partial(reach, tree))
    found = what_if(
        checked.plan,
        names,
        seed=seed,
        numbers=SHOWN,
        among=written,
        reach=lambda place: shares_of(reached(place)),
        told=stage,
    )
    shown = [
        {"place": n.place, "written": written[n.place], **reached(n.place)} for n in found.numbers
    ]
    known = run_values(results, [headline.name for headline in found.headlines])
    kept = {"slopes": found.to_json(), "numbers": shown, "known": known}
    folders.write_json(Path(folder) / FILE, kept)
