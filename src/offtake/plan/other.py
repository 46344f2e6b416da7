"""The other plan of a comparison: a scenario, a stack, changes, or another file."""

from collections.abc import Sequence
from pathlib import Path

from offtake.core.errors import PlanErrors, in_option, quoted
from offtake.core.names import nearest
from offtake.plan.load import load
from offtake.plan.schema import Plan


def other_plan(
    plan: Path,
    said: Sequence[str],
    overrides: Sequence[str] = (),
    scenario: str | None = None,
    stack: str | None = None,
) -> Plan:
    """The plan that `--with` names.

    Args:
        plan: file or folder of the first plan.
        said: scenario:NAME, stack:NAME, set:PLACE=VALUE, or a file or folder; all taken together.
        overrides: changes on both sides, made before those of `said`.
        scenario: of the first plan; one of `said` stands in its place.
        stack: of both; one of `said` stands in its place.

    Raises:
        PlanErrors: a name is not known, a change cannot be made, or a thing is named twice.
    """
    base, made = plan, list(overrides)
    seen: dict[str, str] = {}
    for one in said:
        form, _, name = one.partition(":")
        form = form.strip() if name and form.strip() in ("scenario", "stack", "set") else "plan"
        if form == "set":
            made.append(name.strip())
            continue
        if form in seen:
            raise _twice(form, seen[form], one)
        seen[form] = one
        if form == "scenario":
            scenario = name.strip()
        elif form == "stack":
            stack = name.strip()
        else:
            base, scenario = _there(one, plan), None if "scenario" not in seen else scenario
    try:
        return load(base, made, scenario, stack)
    except PlanErrors as errors:
        option = "--with set:"
        raise errors.said_as(option, made[len(overrides) :]) from None


def _there(said: str, plan: Path) -> Path:
    found = Path(said)
    if found.exists():
        return found
    expected = "scenario:NAME, stack:NAME, set:PLACE=VALUE, or a plan folder or file that exists"
    known = list(load(plan).scenarios)
    close = nearest(said, known)
    example = f"scenario:{close or known[0]}" if known else "set:plan.discount_rate=12 %/year"
    mend = f"did you mean --with {example}?" if close else f"write for example --with {example}"
    raise PlanErrors([in_option("--with", said, "with-form", quoted(said), expected, mend)])


def _twice(form: str, first: str, second: str) -> PlanErrors:
    found, expected = f"{quoted(first)} and {quoted(second)}", f"one {form} on the other side"
    mend = "leave one out, or write its changes with set:PLACE=VALUE"
    return PlanErrors([in_option("--with", second, "with-twice", found, expected, mend)])
