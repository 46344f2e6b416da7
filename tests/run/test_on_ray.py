"""Shards on a Ray cluster of two nodes on this machine, with a worker and a node killed mid-run.

`make test-ray` runs them; nothing else needs Ray. The numbers are those of one process bit for bit:
a task runs the same compiled block, of one device and 256 paths, on the same draws, and shards are
merged in the order of their paths.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import offtake
from offtake.plan.schema import Plan
from offtake.run import on_ray
from offtake.run.folder import Folder
from offtake.run.on_ray import OnRay
from offtake.run.shards import SHARD, cut
from tests.run.test_scale import written

ray: Any = pytest.importorskip("ray", reason="Ray is not installed; `make test-ray` installs it")
clusters: Any = pytest.importorskip("ray.cluster_utils")
pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("default")]
PATHS = 40 * SHARD + 100


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return offtake.load(written(tmp_path_factory.mktemp("plan")))


@pytest.fixture(scope="module")
def whole(plan: Plan) -> offtake.Results:
    """The run in this process alone, on one device."""
    return offtake.run(plan, PATHS, 5, devices=1)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two nodes of a processor each."""
    made = clusters.Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    made.add_node(num_cpus=1)
    made.wait_for_nodes()
    monkeypatch.setenv("RAY_ADDRESS", made.address)
    yield made
    ray.shutdown()
    made.shutdown()


def workers() -> list[int]:
    """Processes below this one that compute a shard."""
    parents, names = dict[int, int](), dict[int, str]()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
                names[int(entry.name)] = (entry / "cmdline").read_text()
            except OSError:
                continue  # it has ended

    def mine(process: int) -> bool:
        while process > 1:
            if process == os.getpid():
                return True
            process = parents.get(process, 0)
        return False

    return [p for p, name in names.items() if name.startswith("ray::compute") and mine(p)]


def run_and_harm(plan: Plan, kept: Path, harm: Callable[[], None], after: int) -> offtake.Results:
    """Run on the cluster, and do harm once so many shards are there."""
    harmed = threading.Event()

    def watch() -> None:
        while len(list(kept.glob("*.npz"))) < after:
            time.sleep(0.005)
        harm()
        harmed.set()

    threading.Thread(target=watch, daemon=True).start()
    results = offtake.run(plan, PATHS, 5, folder=kept, workers="ray")
    assert harmed.is_set()
    return results


def assert_same(one: offtake.Results, two: offtake.Results) -> None:
    for name in one.dataset.data_vars:
        if not str(name).startswith("base_"):
            np.testing.assert_array_equal(one[name].values, two[name].values, err_msg=str(name))


def test_a_worker_killed_loses_nothing(
    plan: Plan, whole: offtake.Results, cluster: Any, tmp_path: Path
) -> None:
    killed = list[int]()

    def kill() -> None:
        while not killed:
            for process in workers()[:1]:
                os.kill(process, signal.SIGKILL)
                killed.append(process)

    results = run_and_harm(plan, tmp_path, kill, 3)
    assert len(killed) == 1
    assert len(list(tmp_path.glob("*.npz"))) == len(cut(PATHS))
    assert_same(whole, results)


def test_a_node_lost_loses_nothing(
    plan: Plan, whole: offtake.Results, cluster: Any, tmp_path: Path
) -> None:
    (other,) = cluster.worker_nodes

    def lose() -> None:
        cluster.remove_node(other, allow_graceful=False)

    assert_same(whole, run_and_harm(plan, tmp_path, lose, 3))


def test_shards_come_back_where_the_folder_is_not_shared(
    plan: Plan,
    whole: offtake.Results,
    cluster: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Workers are told of a folder that they do not see; its manifest is another one."""
    del cluster

    told = OnRay._work

    def elsewhere(self: OnRay, folder: Folder) -> Any:

        return replace(told(self, folder), folder=str(tmp_path / "not here"))

    monkeypatch.setattr(OnRay, "_work", elsewhere)
    assert_same(whole, offtake.run(plan, PATHS, 5, folder=tmp_path / "kept", workers="ray"))


@pytest.mark.usefixtures("cluster")
def test_another_offtake_on_the_cluster_is_told(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "source", lambda: "another")
    with pytest.raises(OSError, match="is not the one that started the run"):
        offtake.run(plan, 256, 5, folder=tmp_path, workers="ray")
