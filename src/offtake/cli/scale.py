"""How a run of many futures is kept, carried on and spread, as options of commands."""

import shlex
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offtake.cli.show import complain

if TYPE_CHECKING:
    from offtake.run.devices import Device
    from offtake.run.scale import Kept

MANY = 100_000
"""Futures from which a run keeps its shards also where no folder is named."""
STOPPED = 130
"""Exit code of a run that was interrupted."""


class WorkersNamed(StrEnum):
    """Who may compute shards."""

    ray = "ray"


class DeviceNamed(StrEnum):
    """Kinds of device."""

    cpu = "cpu"
    gpu = "gpu"


FolderOption = Annotated[
    Path | None,
    typer.Option(
        help="Keep what is done in this folder, and carry on from it. From 100,000 futures on, "
        "and with --workers, one beside the results, removed once they are saved."
    ),
]
WorkersOption = Annotated[
    WorkersNamed | None,
    typer.Option(help="ray: the cluster of $RAY_ADDRESS, or one on this machine."),
]
DeviceOption = Annotated[DeviceNamed, typer.Option(help="What computes.")]


def device_of(named: DeviceNamed) -> "Device":
    """The kind of device by its name."""
    return "gpu" if named is DeviceNamed.gpu else "cpu"


def kept_for(folder: Path | None, paths: int, saved: Path, *, always: bool) -> "Kept | None":
    """Where a run keeps its shards; None where it keeps none.

    Args:
        folder: as asked for.
        paths: number of futures.
        saved: file of the results.
        always: also where they are few and no folder is named.
    """
    from offtake.run.scale import Kept

    if folder is not None:
        return Kept(folder)
    if always or paths >= MANY:
        return Kept(saved.with_suffix(".shards"), apart=True)
    return None


@contextmanager
def resumable(kept: "Kept | None") -> Generator[None]:
    """Where a run is interrupted, say how to carry on."""
    try:
        yield
    except KeyboardInterrupt:
        if kept is None or kept.apart:  # before the folder was made
            complain("Stopped.")
        else:
            again = shlex.join(["offtake", *sys.argv[1:]])
            complain(
                f"Stopped with {kept.done:,} futures done, kept in {kept.folder}.\n"
                f"Carry on with: {again}"
            )
        raise typer.Exit(STOPPED) from None


def cleared(kept: "Kept | None", folder: Path | None) -> None:
    """Remove shards that nobody asked to keep, once the results are saved."""
    if kept is not None and folder is None:
        shutil.rmtree(kept.folder, ignore_errors=True)
        above = kept.folder.parent
        if above.is_dir() and not any(above.iterdir()):
            above.rmdir()
