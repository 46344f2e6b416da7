"""What a shard costs: processor time, bytes, packing, merging; and memory of very many of them.

    python -m benchmarks.shards plans/one-hall benchmarks/plan.yaml plans/abilene
    python -m benchmarks.shards plans/abilene --memory 999424

With --memory the shards of a run are there before it starts: two are computed and copied under the
names of the others, since neither merging nor tables look at what is in them. Then everything but
the simulation is done as `offtake run` does it; the peak is that of each stage by itself.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import offtake
from offtake.results.results import Results
from offtake.run.folder import Folder, Identity, packed, unpacked
from offtake.run.groups import leaving_out
from offtake.run.label import label
from offtake.run.merge import Merged, joined
from offtake.run.scale import Kept, in_shards
from offtake.run.shards import SHARD, Shard, cut
from offtake.run.simulate import Runner
from offtake.run.workers import Here

SEED = 1
LARGE = ("levelised", "funding_gap", "facilities", "who_pays")
"""Tables that read most for every future."""


def cost(plan: str) -> str:
    """One line: a shard of a plan, on all processors, the second time that the block is run."""
    runner = Runner(offtake.load(plan))
    runner.compile()
    list(runner.pieces(SEED, "pseudo", 0, runner.width))  # the first run is slower
    started = time.process_time()
    piece = joined([piece for piece, _ in runner.pieces(SEED, "pseudo", 0, SHARD)])
    simulated = time.process_time()
    content = packed(piece)
    kept = time.process_time()
    Merged().take(unpacked(Shard(0, SHARD), content))
    merged = time.process_time()
    numbers = sum(values[0].size for values in piece.paths.values())
    shard = kept - started
    return (
        f"{plan:22s} {numbers:6d} numbers a future, shard {len(content) / 1e6:5.2f} MB, "
        f"{shard:6.2f} s (pack {kept - simulated:.2f}), merge {merged - kept:.2f} s; a million "
        f"futures {len(content) / SHARD / 1e3:5.2f} GB, {shard / SHARD * 1e6:6,.0f} s"
    )


@contextmanager
def stage(what: str) -> Iterator[None]:
    """Print the peak memory and the processor time of what is done inside (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")
    started = time.process_time()
    yield
    said = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(said["VmHWM"].split()[0]) / 1024**2
    print(f"  {what:34s} {peak:5.2f} GB {time.process_time() - started:7.1f} s", flush=True)


def memory(plan: str, paths: int) -> None:
    """Print what every stage after the simulation takes."""
    print(f"{plan}, {paths:,} futures whose shards are there")
    with tempfile.TemporaryDirectory() as made:
        folder, target = Path(made) / "shards", Path(made) / "saved.nc"
        runner = Runner(offtake.load(plan))
        with stage("compile, two shards"):
            runner.compile()
            _filled(Folder(folder, Identity.of(runner, SEED, "pseudo")), runner, paths)
        with stage("merge, flows of the first futures"):
            outcome = in_shards(runner, paths, SEED, "pseudo", Kept(folder))
        with stage("all tables"):
            results = label(outcome)
            results.to_json()
        with stage("save"):
            results.save(target)
        with stage("open, who pays"):
            Results.load(target).who_pays()
        for table in LARGE:
            with stage(f"{table} without each group"):
                leaving_out(outcome, results, [table])


def _filled(folder: Folder, runner: Runner, paths: int) -> None:
    """Compute two shards, and copy them under the names of the others."""
    made = cut(2 * SHARD)
    list(Here(runner, SEED, "pseudo").finish(made, folder))
    for shard in cut(paths)[2:]:
        if shard.count == SHARD:
            shutil.copy(folder.file(made[shard.first // SHARD % 2]), folder.file(shard))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plans", nargs="+")
    parser.add_argument("--memory", type=int, help="futures; a multiple of 4,096 computes none")
    given = parser.parse_args()
    for plan in given.plans:
        if given.memory:
            memory(plan, given.memory)
        else:
            print(cost(plan), flush=True)


if __name__ == "__main__":
    main()
