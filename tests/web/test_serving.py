"""A plan is kept, checked, run, read, compared and shared, and is there after a restart."""

import json
from pathlib import Path

import jsonschema
import pytest

from offtake.web import folders
from tests.reference_data import ROOT
from tests.run.small import TEXT
from tests.web.servers import client, ended, settings

PATHS = 600
WEAK = "parties.tenant.credit.hazard=20 %/year"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(folder):
    with pytest.MonkeyPatch.context() as patch, client(settings(folder), patch) as made:
        yield made


@pytest.fixture(scope="module")
def plan(server):
    answer = server.post("/api/v1/plans", json={"name": "Small", "text": TEXT})
    assert answer.status_code == 201
    return answer.json()["id"]


@pytest.fixture(scope="module")
def runs(server, plan):
    """Two runs of the same futures: the plan as it stands, and with a weak tenant."""
    asked = {"plan": plan, "paths": PATHS, "seed": 5}
    made = [
        server.post("/api/v1/runs", json={**asked, **more}).json()["id"]
        for more in ({}, {"set": [WEAK]})
    ]
    found = [ended(server, run) for run in made]
    assert [run["state"] for run in found] == ["done", "done"], found
    return made


def test_a_run_is_what_offtake_run_gives(server, runs, tmp_path):
    import offtake
    from tests.run.small import small_plan

    found = server.get(f"/api/v1/runs/{runs[0]}/results").json()
    jsonschema.validate(found, json.loads((ROOT / "docs/results.schema.json").read_text("utf-8")))
    same = offtake.run(small_plan(tmp_path), paths=PATHS, seed=5)
    assert server.get(f"/api/v1/runs/{runs[0]}").json()["headline"] == same.headline()
    assert found["who_pays"] == json.loads(json.dumps(list(same.who_pays())))


def test_the_page_of_a_run_shows_the_parts_of_its_report(server, runs, folder):
    from offtake.reports.html.page import PARTS

    shown = server.get(f"/runs/{runs[0]}").text
    for part in PARTS:
        assert (folder / "runs" / runs[0] / f"{part}.html").read_text("utf-8") in shown
    assert "contents" in shown
    assert WEAK in server.get(f"/runs/{runs[1]}").text


@pytest.mark.parametrize("kind", ["html", "json", "nc"])
def test_a_run_as_a_file(server, runs, kind):
    answer = server.get(f"/runs/{runs[0]}/as/{kind}")
    assert answer.status_code == 200
    assert f"small-{runs[0]}.{kind}" in answer.headers["content-disposition"]
    assert len(answer.content) > 10_000
    assert server.get(f"/api/v1/runs/{runs[0]}/files/{kind}").content == answer.content


def test_programs_look_closer_as_pages_do(server, runs):
    at = f"/api/v1/runs/{runs[1]}"
    parties = {row["party"]: row for row in server.get(f"{at}/parties").json()["rows"]}
    bank = server.get(f"{at}/parties/bank").json()
    assert [row["contract"] for row in bank["rows"]] == ["loan"]
    # Money that comes from nowhere has no rounding of its own: the same sums in another order.
    assert bank["rows"][0]["net_usd"] == pytest.approx(parties["bank"]["net_usd"], abs=1.0)
    loan = server.get(f"{at}/contracts/loan").json()
    assert {row["line"] for row in loan["lines"]["rows"]} >= {"interest", "principal"}
    assert loan["months"]["rows"][0]["closes"].startswith("2026-")
    assert {"interest_usd", "principal_usd"} <= loan["years"]["rows"][0].keys()
    assert "by month" in server.get(f"/runs/{runs[1]}/contracts/loan").text
    for path in ("parties/bnk", "contracts/laon"):
        told = server.get(f"{at}/{path}")
        assert told.status_code == 404
        assert told.headers["content-type"] == "application/problem+json"
        assert "did you mean" in told.json()["detail"]


def test_runs_beside_one_another_have_the_errors_of_compare(server, runs):
    from offtake.plan.load import check_text
    from offtake.run.compare import compare_plans

    found = server.get(f"/api/v1/compare?runs={','.join(runs)}").json()
    one, other = (check_text(TEXT, "plan", change).plan for change in ([], [WEAK]))
    same = compare_plans(one, other, PATHS, 5)
    assert found["same_futures"] is True
    assert found["differences"][0] == json.loads(json.dumps([dict(row) for row in same.rows]))
    shown = server.get(f"/compare?runs={','.join(runs)}")
    assert "All met the same futures" in shown.text


def test_a_plan_is_run_in_several_ways_and_compared(server, plan, runs):
    ways = {"plan": plan, "paths": PATHS, "way": ["as it stands", "stack:nobody"]}
    where = server.post("/compare", data=ways).headers["location"]
    first, other = where.rpartition("=")[2].split(",")
    waiting = server.get(where)
    assert "runs to compare" in waiting.text
    assert "HX-Refresh" not in server.get(f"/compare/progress?runs={first},{other}").headers
    assert [ended(server, run)["state"] for run in (first, other)] == ["done", "failed"]
    assert "HX-Refresh" in server.get(f"/compare/progress?runs={first},{other}").headers
    assert server.get(where).status_code == 409  # one has no answer, and it says so
    assert server.get(f"/compare?runs={runs[0]},{first}").status_code == 200
    for way in (["as it stands"], ["a", "b", "c", "d", "e"], []):
        assert server.post("/compare", data={**ways, "way": way}).status_code == 422


def test_runs_of_other_futures_have_no_errors(server, plan, runs):
    other = server.post("/api/v1/runs", json={"plan": plan, "paths": 300, "seed": 6}).json()["id"]
    ended(server, other)
    found = server.get(f"/api/v1/compare?runs={runs[0]},{other}").json()
    assert found["same_futures"] is False
    assert all(row["change_95"] is None for row in found["differences"][0])
    shown = server.get(f"/compare?runs={runs[0]},{other}").text
    assert "did not meet the same futures" in shown


def test_a_link_shows_its_run_and_nothing_else(server, runs):
    made = server.post("/api/v1/shares", json={"runs": runs[:1]}).json()
    at = f"/shared/{made['token']}"
    assert server.get(at).headers["location"] == f"{at}/runs/{runs[0]}"
    shown = server.get(f"{at}/runs/{runs[0]}")
    assert shown.status_code == 200
    assert f"{at}/runs/{runs[0]}/as/json" in shown.text
    assert "Run again" not in shown.text
    assert server.get(f"{at}/runs/{runs[0]}/as/json").status_code == 200
    for path in (f"{at}/runs/{runs[1]}", f"{at}/compare?runs={','.join(runs)}", f"{at}/plans"):
        assert server.get(path).status_code == 404, path
    for path in ("cancel", "delete", "again", "share"):
        assert server.post(f"{at}/runs/{runs[0]}/{path}").status_code in (404, 405)
    server.delete(f"/api/v1/runs/{runs[0]}/shares")
    assert server.get(f"{at}/runs/{runs[0]}").status_code == 404


def test_a_link_to_runs_beside_one_another(server, runs):
    made = server.post("/api/v1/shares", json={"runs": runs}).json()
    at = f"/shared/{made['token']}"
    where = server.get(at).headers["location"]
    assert where == f"{at}/compare?runs={','.join(runs)}"
    shown = server.get(where)
    assert f'href="{at}/runs/{runs[1]}"' in shown.text


def test_a_wrong_change_is_told_as_check_tells_it(server, plan):
    asked = {"plan": plan, "paths": 300, "set": ["contracts.loan.margin=4"]}
    found = ended(server, server.post("/api/v1/runs", json=asked).json()["id"])
    assert found["state"] == "failed"
    told = server.post("/api/v1/check", json={"text": TEXT, "set": asked["set"]}).json()
    assert found["problems"] == told["problems"] != []
    shown = server.get(f"/runs/{found['id']}").text
    assert told["problems"][0]["mend"].replace("'", "&#39;") in shown


def test_a_run_is_cancelled(server, plan):
    asked = {"plan": plan, "paths": 100_000}
    run = server.post("/api/v1/runs", json=asked).json()["id"]
    behind = server.post("/api/v1/runs", json=asked).json()["id"]
    assert server.get(f"/api/v1/runs/{behind}/progress").json()["state"] == "queued"
    server.post(f"/api/v1/runs/{behind}/cancel")
    assert server.delete(f"/api/v1/runs/{run}").status_code == 409
    server.post(f"/api/v1/runs/{run}/cancel")
    assert ended(server, run)["state"] == ended(server, behind)["state"] == "cancelled"
    assert server.get(f"/api/v1/runs/{run}/results").status_code == 409
    assert server.delete(f"/api/v1/runs/{run}").status_code == 204
    assert server.get(f"/runs/{run}").status_code == 404


def test_pages_that_list(server, plan, runs):
    for path in ("/", "/runs", "/compare", "/api", f"/plans/{plan}", "/plans/one-hall"):
        answer = server.get(path)
        assert answer.status_code == 200, path
        assert "<h1>" in answer.text
    assert runs[0] in server.get("/runs").text
    described = server.get("/api/v1/openapi.json").json()
    assert all(path.startswith("/api/v1/") for path in described["paths"] if path != "/health")


def test_everything_is_there_after_a_restart(server, plan, runs, folder):
    left = server.app.state.store.add_run(server.app.state.store.run(runs[0]).request, "me")
    with pytest.MonkeyPatch.context() as patch, client(settings(folder), patch) as again:
        assert again.get(f"/api/v1/plans/{plan}").json()["text"] == TEXT
        assert again.get(f"/runs/{runs[0]}").status_code == 200
        found = again.get(f"/api/v1/runs/{left.id}").json()
        assert found["state"] == "interrupted"
        assert "Run again" in again.get(f"/runs/{left.id}").text
        assert again.post(f"/runs/{left.id}/delete").status_code == 303


def test_folders_are_of_runs_alone(tmp_path: Path):
    with pytest.raises(ValueError, match="no id"):
        folders.folder_of(tmp_path, "../../etc")
