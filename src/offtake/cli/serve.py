"""`offtake serve`: plans, runs and results in a browser."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from offtake.cli.show import PLAN_IS_WRONG, complain, console


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for a free one.")] = 8321,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of plans and runs; the user's data folder if left out."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            help="URL of a database, such as postgresql://..; SQLite in the data folder if left "
            r"out. PostgreSQL needs offtake\[postgres]."
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="OFFTAKE_TOKEN",
            help="What clients must know, at least 16 characters; made and printed if left out "
            "and others than this machine can reach the server.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that run plans.")] = 1,
    max_paths: Annotated[int, typer.Option(min=1, help="Futures of a run.")] = 100_000,
    max_minutes: Annotated[float, typer.Option(min=0.01, help="Minutes of a run.")] = 15.0,
    max_memory: Annotated[float, typer.Option(min=0.5, help="GB of a worker process.")] = 12.0,
    warm: Annotated[
        bool, typer.Option(help="Compile plans at the start, so that first answers come soon.")
    ] = True,
) -> None:
    """Show plans and runs in a browser: run, compare, share."""
    if token is not None and len(token) < 16:
        complain("error: the token is too short to keep anybody out; write at least 16 characters")
        raise typer.Exit(PLAN_IS_WRONG)
    from offtake.web.server import listen
    from offtake.web.settings import WARM, Limits, Settings, data_folder, is_loopback

    made = token is None and not is_loopback(host)
    settings = Settings(
        data=(data or data_folder()).absolute(),
        database=database,
        host=host,
        port=port,
        token=secrets.token_urlsafe(24) if made else token,
        workers=workers,
        warm=WARM if warm else (),
        limits=Limits(
            paths=max_paths, minutes=max_minutes, memory_bytes=int(max_memory * 1_000_000_000)
        ),
    )

    def said(address: str) -> None:
        console().print(f"offtake is at {address}", soft_wrap=True, highlight=False)
        if made:
            console().print(f"Token: {settings.token}", soft_wrap=True, highlight=False)
        console().print(f"Plans and runs are kept in {settings.data}", soft_wrap=True)
        console().print("Ctrl-C ends it.")

    listen(settings, said)
