"""Whole runs: invariants, independence of chunks and devices, saved results, bounded memory."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import cast

import html5lib
import jsonschema
import numpy as np
import pytest
from rich.console import Console

import offtake
from offtake.core.errors import WrongRequest
from offtake.reports.terminal import summary
from offtake.run.label import label
from offtake.run.simulate import simulate
from tests.reports.page_checks import CHECKS
from tests.run.small import small_plan

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> offtake.Results:
    return offtake.run(small_plan(tmp_path_factory.mktemp("plan")), paths=700, seed=5)


@pytest.fixture(scope="module")
def page(results: offtake.Results) -> str:
    from offtake.reports.html.page import report

    return report(results)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_page_of_a_run(check, page: str, results: offtake.Results) -> None:
    check(page, results)


def test_results_show_themselves_in_a_notebook(results: offtake.Results) -> None:
    text = results.with_facts(plan="<img src=x>")._repr_html_()
    html5lib.HTMLParser(strict=True).parseFragment(text)
    assert "<img" not in text
    assert "&lt;img src=x&gt;" in text
    assert results.headline() in text
    assert "<svg" in text
    assert all(str(row["party"]) in text for row in results.who_pays())


def test_a_report_of_a_saved_run_needs_no_jax(results: offtake.Results, tmp_path: Path) -> None:
    saved = results.save(tmp_path / "small.nc")
    code = (
        "import sys; from offtake.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print('jax' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "report", saved, "-o", tmp_path / "small.html"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"
    assert "<!doctype html>" in (tmp_path / "small.html").read_text("utf-8")[:100]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run.nc", "-o", "report.pdf"), "a report is written as .html or .xlsx: -o report.html"),
        (("run.nc", "--set", "a=b"), "name the plan instead"),
        (("run.nc", "--stress", "none.json"), "no stress at none.json"),
        (("run.nc",), "there is no such file); offtake run PLAN writes them"),
        (("broken.nc",), "cannot be read as results"),
    ],
)
def test_a_report_that_cannot_be_made_says_why(
    arguments, told, capsys, monkeypatch, tmp_path
) -> None:
    from offtake.cli.main import main

    (tmp_path / "broken.nc").write_text("no results")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["offtake", "report", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert told in capsys.readouterr().err


def test_every_invariant_holds(results: offtake.Results) -> None:
    # Shares of a month's gross flows; 1e-9 is the bound of the semantics, rounding leaves 1e-15.
    assert max(results.invariants().values()) < 1e-9


def test_net_payments_sum_to_zero_on_every_path(results: offtake.Results) -> None:
    net = results["who_pays_net"].values
    np.testing.assert_allclose(net.sum(axis=1), 0.0, atol=1e-9 * np.abs(net).sum(axis=1).max())


def test_json_holds_to_its_schema(results: offtake.Results) -> None:
    schema = json.loads((ROOT / "docs" / "results.schema.json").read_text())
    text = json.dumps(results.to_json(), allow_nan=False)
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))


def test_results_reopen_without_the_plan(results: offtake.Results, tmp_path: Path) -> None:
    again = offtake.Results.load(results.save(tmp_path / "small.nc"))
    assert again.to_json() == results.to_json()
    assert "<table>" in again.who_pays()._repr_html_()
    assert again.headline() in again._repr_html_()


@pytest.fixture(scope="module")
def tilted(tmp_path_factory: pytest.TempPathFactory) -> offtake.Results:
    plan = small_plan(tmp_path_factory.mktemp("plan"))
    return offtake.run(plan, paths=512, seed=5, tilt=["compute_price -1, tenant.default x4"])


def test_a_tilted_run_keeps_its_weights_and_says_how_even_they_are(
    tilted: offtake.Results, tmp_path: Path
) -> None:
    facts = tilted.facts["tilt"]
    assert facts["plain"] == 0.25
    assert abs(facts["mean_weight"] - 1.0) < 4.0 * facts["mean_weight_se"]
    assert facts["largest_weight"] <= 4.0 + 1e-9  # 1 / plain
    text = json.dumps(tilted.to_json(), allow_nan=False)
    schema = json.loads((ROOT / "docs" / "results.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))
    again = offtake.Results.load(tilted.save(tmp_path / "tilted.nc"))
    assert again.to_json() == tilted.to_json()


def test_figures_of_a_tilted_run_are_those_of_the_plan(
    results: offtake.Results, tilted: offtake.Results
) -> None:
    """Every party's net of 512 tilted futures against that of 700 plain ones, by both errors."""
    plain = {row["party"]: row for row in results.who_pays()}
    for row in tilted.who_pays():
        other = plain[row["party"]]
        error = np.hypot(row["net_usd_se"], other["net_usd_se"])
        # Two groups of futures tell an error of which t(1) leaves one in twenty beyond 12.7.
        assert abs(row["net_usd"] - other["net_usd"]) <= 12.7 * error + 1.0
    pd = tilted["facilities_default_period"].values[:, 0]
    weight = tilted["weight"].values
    (loan,) = tilted.facilities()
    assert loan["pd"] == pytest.approx(weight[np.isfinite(pd)].sum() / weight.sum())
    assert np.isfinite(pd).sum() / 512.0 > 1.5 * loan["pd"]  # it is drawn more often than it is


def test_a_tilted_run_on_a_terminal(tilted: offtake.Results) -> None:
    for width in (80, 100):
        out = Console(width=width, file=StringIO(), highlight=False)
        out.print(summary(tilted))
        text = cast("StringIO", out.file).getvalue()
        flat = " ".join(text.split())
        assert "25.0 % of the futures as the plan has them" in flat
        assert "default of tenant x4" in flat
        assert "as sure as" in flat
        assert max(map(len, text.splitlines())) <= width


def test_a_tilt_too_far_and_futures_that_cannot_be_dealt(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    far = offtake.run(plan, paths=512, seed=5, tilt="compute_price -8, plain 5 %")
    assert any("the tilt goes far" in warning for warning in far.facts["warnings"])
    with pytest.raises(WrongRequest, match="write 1024"):
        offtake.run(plan, paths=1000, tilt="compute_price -1")


DEVICES = """
import sys, numpy, offtake
from offtake.core.arrays import jax
from offtake.run.label import label
from offtake.run.simulate import simulate
plan = offtake.load(sys.argv[1])
assert len(jax.devices()) == 2
found = label(simulate(plan, 600, 5, width=256))
full, open_ = (simulate(plan, n, 5, width=256).base.paid for n in (512, 502))
values = {str(name): found[name].values for name in found.dataset.data_vars}
numpy.savez(sys.argv[2], full=full, open=open_, **values)
"""


def test_width_and_devices_change_nothing(tmp_path: Path) -> None:
    """Two devices in a process of their own: those of this one are set when JAX is first used."""
    plan, file = small_plan(tmp_path), tmp_path / "two.npz"
    command = [sys.executable, "-c", DEVICES, str(tmp_path), str(file)]
    environment = {**os.environ, "OFFTAKE_CPU_DEVICES": "2"}
    subprocess.run(command, check=True, env=environment)
    narrow, wide = (label(simulate(plan, 600, 5, width=w, devices=1)) for w in (256, 512))
    with np.load(file) as two:
        for name in map(str, narrow.dataset.data_vars):
            for other in (wide[name].values, two[name]):
                # Path by path the arithmetic is the same; sums may be taken in another order.
                np.testing.assert_allclose(
                    narrow[name].values, other, rtol=1e-12, atol=1e-3, err_msg=name
                )
        np.testing.assert_allclose(two["full"], two["open"], rtol=1e-12, atol=1e-6)


def test_more_paths_leave_the_first_ones_as_they_are(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    few, many = (label(simulate(plan, paths, 5, width=256)) for paths in (300, 800))
    np.testing.assert_allclose(
        few["who_pays_net"].values, many["who_pays_net"].values[:300], rtol=1e-12, atol=1e-3
    )


def test_base_case_is_the_same_in_a_full_block_and_beside_others(tmp_path: Path) -> None:
    plan = small_plan(tmp_path)
    full, open_ = (simulate(plan, n, 5, width=256, devices=1) for n in (256, 246))
    np.testing.assert_allclose(full.base.paid, open_.base.paid, rtol=1e-12, atol=1e-6)


def test_half_the_commitment_delays_or_shrinks_the_power(tmp_path: Path) -> None:
    """Physical progress follows money (semantics 5.10)."""
    plan = offtake.load(ROOT / "plans" / "one-hall")
    loan = plan.contracts["loan"]
    size = loan.amount.value / 1e6  # type: ignore[attr-defined]
    half = offtake.load(
        ROOT / "plans" / "one-hall",
        [f"contracts.loan.amount={size / 2:g} M USD", "contracts.equity.commitment=60 M USD"],
    )
    whole, less = (label(simulate(p, 256, 5, width=256)) for p in (plan, half))
    running = [r["physical_h100e"].values.sum() for r in (whole, less)]
    assert running[1] < 0.9 * running[0]


MEMORY = """
import resource, sys, offtake
plan = offtake.load(sys.argv[1])
from offtake.run.simulate import simulate
simulate(plan, int(sys.argv[2]), 1, width=256)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_does_not_grow_with_paths_but_for_per_path_scalars(tmp_path: Path) -> None:
    small_plan(tmp_path)

    def megabytes(paths: int) -> int:
        command = [sys.executable, "-c", MEMORY, str(tmp_path), str(paths)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
        return int(done.stdout)

    few, many = megabytes(2_000), megabytes(20_000)
    # Per-path scalars of this plan: about 110 of 8 bytes, so 16 MB for 18,000 more paths, twice
    # while they are joined; the allocator's own slack is allowed 150 MB.
    assert many - few < 2 * 16 + 150


class Forgetful(dict[str, object]):
    """Compiled programs as in a process of its own for every run."""

    def __contains__(self, key: object) -> bool:
        del key
        return False


def test_traced_once_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan whose numbers alone differ runs what was traced before; a broken file is made anew."""
    monkeypatch.setenv("OFFTAKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys.modules["offtake.run.simulate"], "_COMPILED", Forgetful())
    plan = small_plan(tmp_path)
    first = label(simulate(plan, 300, 5, width=256, devices=1))
    files = list((tmp_path / "cache" / "traced").iterdir())
    assert len(files) == 1
    written = files[0].read_bytes()

    def never(*_: object, **__: object) -> None:
        pytest.fail("traced again")

    with monkeypatch.context() as during:
        during.setattr("offtake.engine.step.step", never)
        during.setattr("offtake.engine.simulate.step", never)
        again = label(simulate(plan, 300, 5, width=256, devices=1))
        other = label(simulate(plan, 300, 6, width=256, devices=1))
    np.testing.assert_array_equal(again["who_pays_net"], first["who_pays_net"])
    assert not np.array_equal(other["who_pays_net"], first["who_pays_net"])
    files[0].write_bytes(written[: len(written) // 2])
    mended = label(simulate(plan, 300, 5, width=256, devices=1))
    np.testing.assert_array_equal(mended["who_pays_net"], first["who_pays_net"])
    assert len(files[0].read_bytes()) > 0.9 * len(written)
