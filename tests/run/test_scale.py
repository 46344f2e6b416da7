"""Runs in shards: stopped and carried on, broken and mended, cut anyhow, the same numbers."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import offtake
from offtake.core.errors import WrongRequest
from offtake.core.random import BLOCK
from offtake.plan.schema import Plan
from offtake.reports.progress import Lines
from offtake.results import arrays, results
from offtake.run import columns, on_ray
from offtake.run.columns import Columns
from offtake.run.devices import prepare
from offtake.run.groups import leaving_out
from offtake.run.label import label
from offtake.run.merge import Merged, Piece, joined
from offtake.run.scale import check_scale
from offtake.run.shards import SHARD, cut, dealt, stretches
from offtake.run.simulate import simulate
from tests.run.one_year import TEXT

MOVING = ("volatility: 0 %/year", "volatility: 40 %/year"), ("hazard: 0 %", "hazard: 30 %")
PATHS = 2 * SHARD + 700


def written(folder: Path) -> Path:
    """The plan of one year with a price that moves and a market that may fail."""
    text = TEXT
    for before, after in MOVING:
        assert before in text
        text = text.replace(before, after)
    (folder / "plan.yaml").write_text(text)
    return folder / "plan.yaml"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return offtake.load(written(tmp_path_factory.mktemp("plan")))


@pytest.fixture(scope="module")
def whole(plan: Plan) -> offtake.Results:
    """A run without a folder."""
    return offtake.run(plan, PATHS, 5)


def assert_same(one: offtake.Results, two: offtake.Results) -> None:
    """Bit for bit, every array."""
    for name in one.dataset.data_vars:
        np.testing.assert_array_equal(one[name].values, two[name].values, err_msg=str(name))


def plain(results: offtake.Results) -> dict[str, object]:
    """All tables."""
    return {key: table for key, table in results.to_json().items() if key != "seconds"}


def shards_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.npz"))


ENDED = """
import os, signal
from offtake.cli.main import main
from offtake.run.folder import Folder
# Where tests run in the background the signal is ignored, here too unless that is undone.
signal.signal(signal.SIGINT, signal.default_int_handler)
keep, kept = Folder.keep, []
def keep_and_end(self, shard, content):
    keep(self, shard, content)
    kept.append(shard)
    if len(kept) == 1:
        os.kill(os.getpid(), {how})
Folder.keep = keep_and_end
main()
"""
"""The command, ended by a signal when it has kept a shard."""


def stopped(folder: Path, plan: Path, how: signal.Signals) -> tuple[int, str]:
    """Run the command and end it when it has kept a shard; exit code and complaints."""
    words = ["run", str(plan), "--paths", str(PATHS), "--seed", "5", "--folder", str(folder)]
    done = subprocess.run(
        [sys.executable, "-c", ENDED.format(how=int(how)), *words],
        cwd=plan.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=300.0,
    )
    return done.returncode, done.stderr


def test_interrupted_then_killed_then_finished_is_as_never_stopped(
    plan: Plan, whole: offtake.Results, tmp_path: Path
) -> None:
    folder, file = tmp_path / "kept", written(tmp_path)
    code, said = stopped(folder, file, signal.SIGINT)
    assert code == 130, said
    assert "Carry on with: offtake run" in said
    assert f"--folder {folder}" in said
    before = len(shards_in(folder))
    assert 1 <= before < len(cut(PATHS))
    code, said = stopped(folder, file, signal.SIGKILL)
    assert code == -signal.SIGKILL, said
    (folder / "000000004096-4096.npz.1.part").write_bytes(b"half a shard")
    told = list[int]()
    again = offtake.run(plan, PATHS, 5, folder=folder, progress=lambda done, _: told.append(done))
    assert told[0] >= SHARD  # what was done was not done again
    assert told[-1] == PATHS
    assert_same(whole, again)


def test_broken_and_lost_shards_are_done_again(
    plan: Plan, whole: offtake.Results, tmp_path: Path
) -> None:
    offtake.run(plan, PATHS, 5, folder=tmp_path)
    files = [tmp_path / name for name in shards_in(tmp_path)]
    flipped = bytearray(files[0].read_bytes())
    flipped[len(flipped) // 2] ^= 1
    files[0].write_bytes(flipped)
    files[1].write_bytes(files[1].read_bytes()[:-100])
    files[2].unlink()
    told = list[int]()
    again = offtake.run(plan, PATHS, 5, folder=tmp_path, progress=lambda done, _: told.append(done))
    assert told[0] == 0
    assert_same(whole, again)


def test_more_futures_go_on_from_fewer(plan: Plan, whole: offtake.Results, tmp_path: Path) -> None:
    offtake.run(plan, SHARD + 300, 5, folder=tmp_path)
    told = list[int]()
    more = offtake.run(plan, PATHS, 5, folder=tmp_path, progress=lambda done, _: told.append(done))
    assert told[0] == SHARD
    assert_same(whole, more)


def test_a_folder_of_another_run_is_refused_by_name(plan: Plan, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    offtake.run(plan, 256, 5, folder=kept)
    with pytest.raises(WrongRequest, match="seed: 5 there, 6 here"):
        offtake.run(plan, 256, 6, folder=kept)
    dearer = offtake.load(written(tmp_path), ["chips.fleet.price=31k USD"])
    with pytest.raises(WrongRequest, match="numbers and structure of the plan"):
        offtake.run(dearer, 256, 5, folder=kept)
    with pytest.raises(WrongRequest, match=r"files and no run\.json"):
        offtake.run(plan, 256, 5, folder=tmp_path)
    (kept / "run.json").write_text("{")
    with pytest.raises(WrongRequest, match="is broken"):
        offtake.run(plan, 256, 5, folder=kept)


def test_outputs_in_files_are_those_in_memory(
    plan: Plan, whole: offtake.Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = ("who_pays", "facilities", "cohorts")
    held = simulate(plan, PATHS, 5)
    errors = leaving_out(held, label(held), tables)
    monkeypatch.setattr(columns, "HELD_BYTES", 100_000)
    monkeypatch.setattr(arrays, "AT_HAND_BYTES", 100_000)
    monkeypatch.setattr(results, "AT_HAND_BYTES", 100_000)
    outcome = simulate(plan, PATHS, 5)
    lazy = label(outcome)
    assert not lazy.dataset["who_pays_net"].variable._in_memory
    assert_same(whole, lazy)
    assert leaving_out(outcome, lazy, tables) == errors
    saved = offtake.Results.load(lazy.save(tmp_path / "lazy.nc"))
    assert not saved.dataset["who_pays_net"].variable._in_memory
    assert_same(whole, saved)
    assert plain(saved) == plain(whole)
    saved.dataset.close()


def piece(first: int, count: int) -> Piece:
    """Made-up outputs of some paths, that depend on their numbers alone."""
    numbers = np.arange(first, first + count, dtype=np.float64)
    parts = [numbers[at : at + BLOCK] for at in range(0, count, BLOCK)]
    mean = np.array([[np.sin(part).mean()] for part in parts])
    square = np.array([[np.sin(part).var() * part.size] for part in parts])
    worst = np.array([np.cos(part).max() for part in parts])
    key = ("made", "up")
    return Piece(first, count, {key: np.sqrt(numbers)}, {key: mean}, {key: square}, {key: worst})


@pytest.mark.parametrize("width", [BLOCK, 3 * BLOCK, SHARD, 5 * SHARD])
def test_pieces_of_any_width_are_dealt_to_the_same_shards(width: int) -> None:
    paths = 2 * SHARD + 300
    blocks = [piece(first, min(width, paths - first)) for first in range(0, paths, width)]
    found = list(dealt(blocks, cut(paths)))
    assert [shard for shard, _ in found] == cut(paths)
    key, merged, by_block = ("made", "up"), Merged(), Merged()
    for shard, part in found:
        assert part.first == shard.first
        np.testing.assert_array_equal(
            part.paths[key], np.sqrt(np.arange(shard.first, shard.end, dtype=np.float64))
        )
        merged.take(part)
    for first in range(0, paths, BLOCK):
        by_block.take(piece(first, min(BLOCK, paths - first)))
    for without in (None, 0, 7):
        one, two = (each.moments(key, without) for each in (merged, by_block))
        assert (one.count, one.mean, one.square) == (two.count, two.mean, two.square)
    assert merged.worst[key] == by_block.worst[key]


def test_shards_that_do_not_follow_one_another_are_done_apart() -> None:
    shards = cut(6 * SHARD)
    apart = list(stretches([shards[4], shards[0], shards[1]]))
    assert apart == [shards[:2], [shards[4]]]


def test_columns_are_whole_wherever_they_are(tmp_path: Path) -> None:
    key, parts = (
        ("a", "b"),
        [np.random.default_rng(i).normal(size=(n, 3)) for i, n in enumerate((5, 9, 2))],
    )
    for most in (0, 200, 10**6):
        held = Columns(tmp_path, most)
        for part in parts:
            held.add({key: part, ("a", "none"): np.zeros((part.shape[0], 0))})
        assert held.in_files == (most < 10**6)
        assert held.shape(key) == (16, 3)
        assert held.whole(("a", "none")).shape == (16, 0)
        np.testing.assert_array_equal(held.whole(key), np.concatenate(parts))
        np.testing.assert_array_equal(held.first(key, 6), np.concatenate(parts)[:6])
        del held
    assert not list(tmp_path.iterdir())  # files go with their object


def test_joined_parts_of_a_piece_are_the_piece() -> None:
    one = piece(SHARD, 1000)
    again = joined([one.part(SHARD, 512), one.part(SHARD + 512, 488)])
    assert (again.first, again.count) == (one.first, one.count)
    for part in ("paths", "mean", "square", "worst"):
        for key, values in getattr(one, part).items():
            np.testing.assert_array_equal(getattr(again, part)[key], values)


def test_what_is_not_there_is_told_before_anything_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.environ["JAX_PLATFORMS"] == "cpu":
        with pytest.raises(WrongRequest, match=r"install offtake\[cuda\]"):
            prepare(None, "gpu")
    assert prepare(1, "cpu").kind == "cpu"
    with pytest.raises(WrongRequest, match="keeps no shards"):
        check_scale("folder", None, "pd of loan within 2 %", "cpu")
    monkeypatch.setattr(on_ray, "find_spec", lambda _: None)
    with pytest.raises(WrongRequest, match=r"install offtake\[ray\]"):
        check_scale("folder", "ray", None, "cpu")


def test_lines_say_how_far_how_fast_and_how_long() -> None:
    out, now = io.StringIO(), [0.0]
    lines = Lines(out, lambda: now[0])
    for done, seconds in ((4096, 0), (8192, 4), (44_096, 40), (45_000, 41), (84_096, 80)):
        now[0] = float(seconds)
        lines(done, 1_004_096)
    # from 4,096, which were there before: 40,000 in 40 s, then 80,000 in 80 s
    assert out.getvalue().splitlines() == [
        "44,096 of 1,004,096 futures, 1,000/s, 16 min left",
        "84,096 of 1,004,096 futures, 1,000/s, 15 min left",
    ]
