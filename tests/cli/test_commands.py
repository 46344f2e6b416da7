"""The commands as a user types them: output, exit codes, files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.run.one_year import written
from tests.run.small import TEXT

WIDTH = 100


def offtake(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from offtake.cli.main import main; main()", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text(TEXT)
    return tmp_path


def test_run_says_who_pays_and_saves(plan: Path) -> None:
    done = offtake("run", plan, "--paths", 300, "--seed", 7, "--json", "out/r.json", cwd=plan)
    assert done.returncode == 0, done.stderr
    assert "Who pays" in done.stdout
    assert "Money was conserved" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    written = json.loads((plan / "out" / "r.json").read_text())
    assert written["paths"] == 300
    assert written["seed"] == 7
    assert list((plan / "results").glob("*.nc"))


def test_json_alone_on_stdout(plan: Path) -> None:
    done = offtake("run", plan, "--paths", 256, "--json", "-", "--no-save", cwd=plan)
    assert json.loads(done.stdout)["plan"] == "Small"


def test_a_change_moves_the_answer(plan: Path) -> None:
    plain = offtake("run", plan, "--paths", 256, "--json", "-", "--no-save", cwd=plan)
    late = offtake(
        "run",
        plan,
        "--paths",
        256,
        "--json",
        "-",
        "--no-save",
        "--set",
        "sites.hall.phases[0].energise=2027-01",
        cwd=plan,
    )
    mw = [sum(row["mw"] for row in json.loads(done.stdout)["physical"]) for done in (plain, late)]
    assert mw[1] < mw[0]


def test_a_wrong_plan_exits_with_2_and_tells_every_mistake(plan: Path) -> None:
    text = TEXT.replace("lender: bank", "lender: bnak").replace("power: 10 MW", "power: 10")
    (plan / "plan.yaml").write_text(text)
    for command in ("check", "run"):
        done = offtake(command, plan)
        assert done.returncode == 2
        assert "did you mean bank?" in done.stderr
        assert "sites.hall.phases[0].power" in done.stderr
        assert "Traceback" not in done.stderr


def test_new_writes_a_plan_that_checks_and_never_overwrites(tmp_path: Path) -> None:
    assert offtake("new", "my-plan", cwd=tmp_path).returncode == 0
    assert offtake("check", "my-plan", cwd=tmp_path).returncode == 0
    again = offtake("new", "my-plan", cwd=tmp_path)
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_new_is_the_small_plan_of_the_repository() -> None:
    root = Path(__file__).parents[2]
    template = root / "src" / "offtake" / "plan" / "template.yaml"
    assert template.read_text() == (root / "plans" / "one-hall" / "plan.yaml").read_text()


def test_explain_prints_terms_formula_and_flows(plan: Path) -> None:
    done = offtake("explain", plan, "loan")
    assert done.returncode == 0, done.stderr
    for words in ("90 M USD", "90,000,000 USD", "annuity", "Base case, USD", "principal"):
        assert words in done.stdout
    wrong = offtake("explain", plan, "laon")
    assert wrong.returncode == 2
    assert "did you mean loan?" in wrong.stderr


def test_contracts_lists_kinds_and_fields() -> None:
    listed = offtake("contracts")
    assert "term_loan" in listed.stdout
    fields = offtake("contracts", "term_loan")
    assert "upfront_fee" in fields.stdout
    wrong = offtake("contracts", "term_laon")
    assert wrong.returncode == 2
    assert "term_loan" in wrong.stderr


def test_a_file_that_cannot_be_written_is_told_before_the_run(plan: Path) -> None:
    done = offtake("run", plan, "--paths", 256, "--json", plan / "plan.yaml" / "out.json")
    assert done.returncode == 3
    assert "The run failed" in done.stderr
    assert not done.stdout


def test_sensitivity_ranks_what_moves_a_result(tmp_path: Path) -> None:
    words = ("sensitivity", written(tmp_path), "--of", "parties.sponsor.loss_usd")
    few = ("--paths", 256, "--check", 1, "--top", 3)
    done = offtake(*words, *few, "--json", "s.json", "--chart", "s.svg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "parties.sponsor.loss_usd = " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    numbers = json.loads((tmp_path / "s.json").read_text())["numbers"]
    effects = [abs(number["effect"]) for number in numbers]
    assert effects == sorted(effects, reverse=True)
    assert (tmp_path / "s.svg").read_text().startswith("<svg")


def test_sensitivity_of_nothing_known_is_told_by_the_nearest_name(plan: Path) -> None:
    done = offtake("sensitivity", plan, "--of", "facilities.laon.pd", cwd=plan)
    assert done.returncode == 2
    assert "did you mean facilities.loan.pd?" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("stress", "--reverse", "tenant fails"), "write it in one of these forms"),
        (("stress", "--shocks", "rates_up,power_dealy"), "did you mean power_delay?"),
        (("stress", "--shocks", "scenario:a", "--scenario", "b"), "two scenarios"),
        (("contagion", "--month", "2040-01"), "a month of the plan, 2026-01 to 2029-12"),
    ],
)
def test_stress_and_contagion_refuse_before_they_run(
    plan: Path, words: tuple[str, ...], told: str
) -> None:
    done = offtake(words[0], plan, *words[1:])
    assert done.returncode == 2
    assert told in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "--sampler", "sobol", "--paths", 5000), "multiple of 4,096"),
        (("run", "--until", "el_usd of loan"), "within 2 %"),
        (("compare", "--with", "scenario:none"), "name-unknown"),
        (("compare", "--with", "nowhere"), "with-form"),
        (("sweep", "--over", "contracts.loan.term=3", "--of", "facilities.loan.pd"), "over-form"),
        (("sweep", "--over", "plan.discount_rate=5..9 %", "--of", "facility.x.pd"), "facilities"),
        (("attribute", "--of", "facilities.loan.pd", "--with", "x"), "scenario:NAME"),
        (("attribute", "--of", "facilities.loan.pd", "--paths", 100), "multiple of 256"),
    ],
)
def test_what_is_asked_wrongly_is_told_before_anything_runs(
    plan: Path, words: tuple[object, ...], told: str
) -> None:
    done = offtake(words[0], plan, *words[1:], cwd=plan)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
