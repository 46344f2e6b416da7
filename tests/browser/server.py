"""A server as a user starts it: `offtake serve` in a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

COMMAND = "from offtake.cli.main import main; main()"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Served:
    """A server that can be ended and started again on the same data."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data, self.options, self.port = data, options, free_port()
        self.process: subprocess.Popen[str] | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Served":
        environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", COMMAND, "serve"),
                *("--data", str(self.data), "--port", str(self.port), *self.options),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        last = time.monotonic() + 60.0
        while time.monotonic() < last:
            try:
                with urllib.request.urlopen(f"{self.base}/health", timeout=5.0):
                    return self
            except OSError:
                time.sleep(0.1)
        raise AssertionError(self.end())

    def children(self) -> list[int]:
        """Processes that the server started."""
        assert self.process is not None
        found = []
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                said = status.read_text()
            except OSError:
                continue
            if re.search(rf"^PPid:\s+{self.process.pid}$", said, re.MULTILINE):
                found.append(int(status.parent.name))
        return found

    def end(self, by: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """End it as Ctrl-C does: its exit code, and what it printed."""
        assert self.process is not None
        process, self.process = self.process, None
        process.send_signal(by)
        said, _ = process.communicate(timeout=30.0)
        return process.returncode, said
