"""`offtake attribute`: where a figure's variance comes from, or a scenario's difference."""

from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.options import PlanArgument, SeedOption, SetOption, StackOption
from offtake.cli.show import PLAN_IS_WRONG, complain, console, writable, written


def attribute(
    plan: PlanArgument,
    of: Annotated[str, typer.Option(help="Figure, such as facilities.loan.el_usd.")],
    with_: Annotated[
        str | None,
        typer.Option(
            "--with",
            help="scenario:NAME: which of its changes explains how much of the difference.",
        ),
    ] = None,
    paths: Annotated[int, typer.Option(min=1, help="Futures of each run.")] = 4096,
    seed: SeedOption = 1,
    orders: Annotated[
        int, typer.Option(min=2, help="Orders drawn for a scenario of more than 8 changes.")
    ] = 16,
    set_: SetOption = None,
    stack: StackOption = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the shares as JSON; - for stdout.")
    ] = None,
) -> None:
    """Say which uncertain numbers and drivers move a result, or which change of a scenario does."""
    from offtake.plan.load import load
    from offtake.plan.parts import Parts

    form, _, name = (with_ or "").partition(":")
    if with_ is not None and (form.strip() != "scenario" or not name.strip()):
        complain(f"error: --with {with_}: expected scenario:NAME, a scenario of the plan")
        raise typer.Exit(PLAN_IS_WRONG)
    parts = Parts(plan, name.strip(), set_ or (), stack) if with_ else None
    loaded = None if parts else load(plan, set_ or (), None, stack)
    writable(json_)
    from offtake.reports.attribute import difference, variance
    from offtake.reports.progress import step_by_step
    from offtake.run.attribute import difference_of, variance_of

    with step_by_step(quiet=str(json_) == "-") as told:
        if parts is not None:
            change = difference_of(parts, name.strip(), of, paths, seed, orders=orders, done=told)
            plain, shown = change.to_json, difference(change)
        else:
            assert loaded is not None
            spread = variance_of(loaded, of, paths, seed, told)
            plain, shown = spread.to_json, variance(spread)
    if written(plain, json_):
        return
    console().print(shown)
