"""A measurement in a process of its own, so that nothing is warm but what its cache holds."""

import json
import os
import subprocess
import sys
from typing import Any


def measured(script: str, arguments: list[str], cache: str) -> Any:
    """What a script prints on its last line, as JSON.

    Args:
        script: the program.
        arguments: what it finds in `sys.argv`.
        cache: folder of the compiled programs.

    Raises:
        RuntimeError: the process failed.
    """
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OFFTAKE_CACHE": cache},
    )
    if done.returncode:
        message = f"measuring {' '.join(arguments)} failed: {done.stderr}"
        raise RuntimeError(message)
    return json.loads(done.stdout.splitlines()[-1])


def shown(module: str, words: list[str]) -> None:
    """Run a module of the benchmarks in a process of its own, which prints what it finds.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", module, *words], check=True)
