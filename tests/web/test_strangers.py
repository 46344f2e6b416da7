"""A plan of a stranger opens no file and runs no code; what is hostile gets a clear error, soon."""

import sys
import time
from pathlib import Path

import pytest

from offtake.core.errors import WrongRequest
from offtake.plan.load import check_text
from offtake.web import tasks
from offtake.web.settings import Limits
from tests.run.small import TEXT
from tests.web.servers import client, settings

BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
)
HOSTILE = {
    "a bomb of aliases": BOMB,
    "a tag that makes objects": "plan: !!python/object/apply:os.system ['touch hacked']",
    "a file as a tag": "plan: !include /etc/passwd",
    "deep nesting": "plan: " + "[" * 5_000,
    "deep mappings": "plan: " + "{a: " * 5_000,
    "many brackets that close": "plan: " + "[" * 23 + "x" + "]" * 23,
    "a huge number": TEXT.replace("40 M USD", "1e400 bn USD"),
    "a number of many digits": TEXT.replace("40 M USD", "9" * 50_000 + " USD"),
    "a huge horizon": TEXT.replace("horizon: 4 years", "horizon: 99999999999 years"),
    "a number of months": TEXT.replace("horizon: 4 years", "horizon: 1e9 months"),
    "not a number": TEXT.replace("40 M USD", "nan USD"),
    "control characters": "plan: \x07",
    "a formula that calls": TEXT.replace(
        "price: compute_price", "price: __import__('os').system('touch hacked')"
    ),
    "nothing": "   ",
    "a list": "- 1\n- 2",
    "a key of 100 kB": "k" * 100_000 + ": 1",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_hostile_is_told_so_soon(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    started = time.process_time()
    found = tasks.check(lambda _: None, text=text)
    assert time.process_time() - started < Limits().check_seconds / 2.0
    assert not found["valid"]
    errors = [problem for problem in found["problems"] if problem["severity"] == "error"]
    assert errors
    assert all(problem["mend"] and problem["expected"] for problem in errors)
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_opened_for_a_plan(monkeypatch):
    check_text(TEXT, "plan")  # what is opened once is opened here
    opened = []

    def watch(event: str, args: tuple) -> None:
        if event == "open" and active and not str(args[0]).endswith((".pyc", ".py")):
            opened.append(args[0])

    active = False
    sys.addaudithook(watch)
    named = TEXT.replace("start: 2.6 USD/H100e/h", "start: {file: /etc/passwd}")
    active = True
    checked = check_text(named, "plan")
    active = False
    assert checked.plan is None
    assert opened == []


def test_a_plan_beside_a_readme_does_not_read_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("README.md").write_text("## What it cannot show\n\n- a secret\n", "utf-8")
    found = tasks.check(lambda _: None, text=TEXT)
    assert "a secret" not in str(found)


def test_a_plan_that_is_too_large_to_run_is_not_run(tmp_path):
    told = []
    with pytest.raises(WrongRequest, match="a run here may have 10"):
        tasks.run(
            told.append, text=TEXT, folder=str(tmp_path / "x"), paths=256, seed=1,
            sampler="pseudo", changes=(), scenario=None, stack=None, said=(), cannot_show=(),
            most_cells=10,
        )  # fmt: skip
    assert told == [{"stage": "reading the plan"}]
    assert list(tmp_path.iterdir()) == []


def test_limits_of_a_request(tmp_path, monkeypatch):
    limits = Limits(text_bytes=5_000, paths=1_000, queued=3, queued_by_one=2)
    server = client(settings(tmp_path, limits=limits), monkeypatch)  # no worker takes a run

    def status(**asked):
        return server.post("/api/v1/runs", json={"text": TEXT, **asked}).status_code

    assert status(text="x" * 5_001) == 413
    assert server.post("/api/v1/plans", json={"name": "a", "text": "x" * 5_001}).status_code == 413
    assert status(paths=1_001) == 422
    assert status(paths=0) == 422
    assert status(seed=2**63) == 422
    assert status(sampler="fair") == 422
    assert status(set=["a=1"] * 51) == 422
    assert status(plan="one-hall") == 422
    assert server.post("/api/v1/runs", json={"plan": "nobody"}).status_code == 404
    assert [status(), status(), status()] == [202, 202, 429]
    told = server.post("/api/v1/runs", json={"text": TEXT}).json()
    assert told["detail"] == "2 of your runs wait or run already: wait, or cancel one"


def test_what_a_plan_says_is_text_on_every_page(tmp_path, monkeypatch):
    server = client(settings(tmp_path), monkeypatch)
    script = "<script>alert(1)</script>"
    made = server.post("/api/v1/plans", json={"name": script, "text": f"plan: {script}"}).json()
    server.post("/api/v1/runs", json={"plan": made["id"], "set": [f"{script}=1"]})
    for path in ("/", "/runs", f"/plans/{made['id']}", f"/nowhere/{script}"):
        page = server.get(path).text
        assert script not in page
        assert path.startswith("/nowhere") or "&lt;script&gt;" in page
