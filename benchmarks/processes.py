"""Whole processes as a user starts them: cold, warm, many paths, peak memory."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MANY = (1_000, 10_000, 100_000, 1_000_000)
MOST = 100_000
"""Paths of the largest run, unless more are asked for."""
MEASURED = """
import resource, runpy, sys
code = 0
try:
    from offtake.cli.main import main
    main()
except SystemExit as stop:
    code = stop.code
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
sys.exit(code)
"""


def run(root: Path, words: list[str], cache: str) -> tuple[float, int]:
    """Seconds and peak memory in MB of one command.

    Raises:
        RuntimeError: the command failed.
    """
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OFFTAKE_CACHE": cache},
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        message = f"offtake {' '.join(words)} failed: {done.stderr}"
        raise RuntimeError(message)
    return seconds, int(done.stderr.rsplit("peak", 1)[1])


def plain_import() -> float:
    """Seconds of `python -c 'import jax'`, the least of three."""
    found: list[float] = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import jax"], check=True)
        found.append(time.perf_counter() - started)
    return min(found)


def report(root: Path, *, quick: bool, most: int = MOST) -> None:
    """Print seconds and memory of whole commands on plans/abilene, up to `most` paths."""
    base = plain_import()
    print(f"Whole processes; python -c 'import jax' takes {base:.2f} s")
    many = (256,) if quick else tuple(n for n in MANY if n <= most)
    with tempfile.TemporaryDirectory() as cache:
        small = ["run", "plans/abilene", "--no-save", "--paths", str(many[0])]
        cold, _ = run(root, small, cache)
        warm = min(run(root, small, cache)[0] for _ in range(1 if quick else 3))
        print(f"  run plans/abilene --paths {many[0]}: cold {cold:.1f} s, warm {warm:.1f} s")
        print(f"  warm, more than import jax: {warm - base:.1f} s")
        with tempfile.TemporaryDirectory() as folder:
            light = (["--help"], ["check", "plans/abilene"], ["contracts"], ["new", f"{folder}/p"])
            for words in light:
                seconds, _ = run(root, words, cache)
                print(f"  {words[0]:10s} {seconds:.2f} s")
        for paths in many:
            words = ["run", "plans/abilene", "--no-save", "--paths", str(paths)]
            seconds, peak = run(root, words, cache)
            print(
                f"  {paths:>9,} paths: {seconds:7.1f} s, {paths / seconds:7.0f} paths/s, peak {peak:,} MB"
            )
