"""`offtake run`: thousands of futures of a plan, and who pays."""

import time
from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.draws import Drawn, SamplerOption, futures
from offtake.cli.options import (
    PlanArgument,
    ScenarioOption,
    SeedOption,
    SetOption,
    StackOption,
    changes_of,
)
from offtake.cli.scale import (
    DeviceNamed,
    DeviceOption,
    FolderOption,
    WorkersOption,
    cleared,
    device_of,
    kept_for,
    resumable,
)
from offtake.cli.show import PLAN_IS_WRONG, complain, console, writable, written

PathsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Number of futures; at most so many with --until. 10,000; with another sampler "
        "than pseudo, or --tilt, 8,192; with --until a million.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        help="Results file; default results/NAME.nc, with scenario and stack in its name."
    ),
]
UntilOption = Annotated[
    str | None,
    typer.Option(
        help="Run until a figure's 95 % interval is so narrow: 'el_usd of loan within 2 %'."
    ),
]
TiltOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tilt",
        help="Draw futures from elsewhere, each weighted, so that rare losses are seen: "
        "'demand -1.5, lab.default x10', 'auto:el_usd of loan'; again for another way to fail.",
    ),
]


def run(
    plan: PlanArgument,
    paths: PathsOption = None,
    seed: SeedOption = 1,
    set_: SetOption = None,
    scenario: ScenarioOption = None,
    stack: StackOption = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write results as JSON; - for stdout.")
    ] = None,
    out: OutOption = None,
    save: Annotated[bool, typer.Option(help="Save the results.")] = True,
    sampler: SamplerOption = Drawn.pseudo,
    until: UntilOption = None,
    folder: FolderOption = None,
    workers: WorkersOption = None,
    device: DeviceOption = DeviceNamed.cpu,
    tilt: TiltOption = None,
) -> None:
    """Simulate a plan over many futures and say who pays."""
    started = time.perf_counter()
    from offtake.core.errors import render
    from offtake.plan.load import check

    checked = check(plan, set_ or (), scenario, stack)
    if checked.plan is None:
        complain(render(checked.errors))
        raise typer.Exit(PLAN_IS_WRONG)
    loaded = time.perf_counter() - started
    writable(json_)
    from offtake.reports.progress import Scale, watched_run
    from offtake.reports.terminal import summary
    from offtake.run.until import Until

    dealt = sampler is not Drawn.pseudo or bool(tilt)
    most = paths or (2**20 if until else 8_192 if dealt else 10_000)
    asked = Until.read(until) if until else None
    file = out or _file(checked.file, scenario, stack, changed=bool(set_))
    whole = bool(until or tilt) and folder is None and workers is None
    kept = None if whole else kept_for(folder, most, file, always=workers is not None)
    with resumable(kept):
        results = watched_run(
            checked,
            most,
            seed,
            loaded,
            changes=changes_of(set_, scenario, stack),
            quiet=str(json_) == "-",
            sampler=futures(sampler),
            until=asked,
            errors=json_ is not None,
            tilt=tilt,
            scale=Scale(kept, "ray" if workers else None, device_of(device)),
        )
        saved = results.save(file) if save else None
        if not written(results.to_json, json_):
            console().print(summary(results, saved, json_))
        cleared(kept, folder)


def _file(plan: Path, scenario: str | None, stack: str | None, *, changed: bool) -> Path:
    """Where results are saved if nothing else is said."""
    name = plan.parent.name if plan.name == "plan.yaml" else plan.stem
    name += f"-{scenario}" if scenario else ""
    name += f"-{stack}" if stack else ""
    name += "-changed" if changed else ""
    return Path("results") / f"{name}.nc"
