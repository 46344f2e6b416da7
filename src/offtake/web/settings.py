"""How a server is set up: where it keeps things, who may come in, and how much one may ask."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from platformdirs import user_data_path

PORT = 8321
WARM = ("abilene", "one-hall")
"""Plans of the package that workers compile at their start."""


@dataclass(frozen=True)
class Limits:
    """What one request, one run and one client may ask for."""

    text_bytes: int = 400_000
    """Size of a plan; the largest one that comes with offtake has 72 kB."""
    body_bytes: int = 1_000_000
    """Size of the body of a request."""
    paths: int = 100_000
    """Futures of a run."""
    cells: int = 400_000
    """Contracts times periods of a run."""
    minutes: float = 15.0
    """Time of a run, compiling included."""
    check_seconds: float = 20.0
    """Time of reading a plan, of an export, and of other small tasks."""
    queued: int = 40
    """Runs that wait, of all clients."""
    queued_by_one: int = 8
    """Runs of one client that wait or run."""
    memory_bytes: int = 12_000_000_000
    """Memory of one worker process."""
    changes: int = 50
    """Changes (`place=value`) of one run."""


@dataclass(frozen=True)
class Settings:
    """Of one server."""

    data: Path
    """Folder of results, and of the database unless `database` names another one."""
    database: str | None = None
    """URL of a database; SQLite in the data folder if None."""
    host: str = "127.0.0.1"
    port: int = PORT
    token: str | None = None
    """What a client must know; None where everybody may come in."""
    workers: int = 1
    """Processes that run plans."""
    warm: tuple[str, ...] = WARM
    limits: Limits = Limits()

    @property
    def url(self) -> str:
        """Of the database."""
        return self.database or f"sqlite:///{self.data / 'offtake.db'}"

    @property
    def runs(self) -> Path:
        """Folder that holds a folder for each run."""
        return self.data / "runs"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether an address, or a name of one, is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def data_folder() -> Path:
    """Where a server keeps things if nothing else is said."""
    return user_data_path("offtake", appauthor=False)
