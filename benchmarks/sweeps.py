"""How long a plan takes to compile, and how the width of a block changes its speed.

Each compilation is made in a process of its own with an empty cache, so that nothing is warm.
"""

import shutil
import tempfile
from pathlib import Path

from benchmarks import child

WIDTHS = (256, 512, 1024, 2048)
COPIES = (1, 2, 4)
MEASURED = """
import json, sys, time
import offtake
from offtake.run.draw import draw
from offtake.run.simulate import Runner
from offtake.core.arrays import jax

if sys.argv[1].isdigit():
    from tests.instruments.everything import everything
    plan = everything(int(sys.argv[1]))
else:
    plan = offtake.load(sys.argv[1])
runner = Runner(plan, width=int(sys.argv[2]))
runner.compile()
drawn = draw(runner.lowered, 1, 0, runner.width, runner.width)
jax.block_until_ready(runner.run_block(drawn))
found = []
for _ in range(int(sys.argv[3])):
    started = time.perf_counter()
    jax.block_until_ready(runner.run_block(drawn))
    found.append(time.perf_counter() - started)
facts = {
    "compile": runner.seconds["compile"],
    "paths_per_second": runner.width / min(found),
    "contracts": len(plan.contracts),
}
print(json.dumps(facts))
"""


def measured(plan: Path | int, width: int, times: int, cache: str) -> dict[str, float]:
    """Seconds of compiling and paths per second of one plan at one width.

    Args:
        plan: a plan file, or how many copies of the plan with every kind of contract.
        width: paths per device and block.
        times: blocks timed, of which the quickest counts.
        cache: folder of the compiled programs.

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


def growth(*, quick: bool) -> None:
    """Print how compile time and speed go as a plan with every kind of contract grows."""
    print("every kind of contract in one plan, and copies of all of it")
    first = 0.0
    for copies in COPIES[:1] if quick else COPIES:
        with tempfile.TemporaryDirectory() as cache:
            found = measured(copies, WIDTHS[0], 1 if quick else 3, cache)
        first = first or found["compile"]
        print(
            f"  {found['contracts']:>5} contracts: compile {found['compile']:5.1f} s, "
            f"{found['compile'] / first:4.2f} x that of {COPIES[0]} copy; "
            f"{found['paths_per_second']:8,.0f} paths/s"
        )
