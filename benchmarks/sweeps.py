"""How long a plan takes to compile, and how the width of a block changes its speed.

Each compilation is made in a process of its own with an empty cache, so that nothing is warm.
"""

import shutil
import tempfile
from pathlib import Path

from benchmarks import child

WIDTHS = (256, 512, 1024, 2048)
MEASURED = """
import json, sys, time
import offtake
from offtake.run.draw import draw
from offtake.run.simulate import Runner
from offtake.core.arrays import jax

runner = Runner(offtake.load(sys.argv[1]), width=int(sys.argv[2]))
runner.compile()
drawn = draw(runner.lowered, 1, 0, runner.width, runner.width)
jax.block_until_ready(runner.run_block(drawn))
found = []
for _ in range(int(sys.argv[3])):
    started = time.perf_counter()
    jax.block_until_ready(runner.run_block(drawn))
    found.append(time.perf_counter() - started)
facts = {"compile": runner.seconds["compile"], "paths_per_second": runner.width / min(found)}
print(json.dumps(facts))
"""


def measured(plan: Path, width: int, times: int, cache: str) -> dict[str, float]:
    """Seconds of compiling and paths per second of one plan at one width.

    Raises:
        RuntimeError: the process failed.
    """
    return child.measured(MEASURED, [str(plan), str(width), str(times)], cache)


def report(plans: list[Path], *, quick: bool) -> None:
    """Print compile times, cold and from the cache, and speed by width of block."""
    for plan in plans:
        print(f"{plan.parent.name}/{plan.name}: compile, and speed by paths per device and block")
        first = 0.0
        for width in WIDTHS[:1] if quick else WIDTHS:
            with tempfile.TemporaryDirectory() as cache:
                cold = measured(plan, width, 1 if quick else 3, cache)
                warm = measured(plan, width, 1, cache)
                shutil.rmtree(Path(cache) / "traced")
                anew = measured(plan, width, 1, cache)
            first = first or cold["paths_per_second"]
            print(
                f"  {width:>5} paths: compile {cold['compile']:5.1f} s, from the cache "
                f"{warm['compile']:4.1f} s, traced anew {anew['compile']:4.1f} s; {cold['paths_per_second']:8,.0f} paths/s, "
                f"{cold['paths_per_second'] / first:4.2f} x that of {WIDTHS[0]}"
            )
