"""Numbers of a run are slid: estimates between true moves, and the run that replaces them.

`make test-web` runs this: it compiles a program of its own, as `make test` need not.
"""

import time

import pytest

from tests.run.small import TEXT
from tests.web.servers import client, ended, settings

pytestmark = pytest.mark.web
PATHS = 512
"""As many as numbers are moved on, so that an estimate at a mark is the run itself."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with (
        pytest.MonkeyPatch.context() as patch,
        client(settings(tmp_path_factory.mktemp("data")), patch) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def at(server):
    asked = {"text": TEXT, "paths": PATHS, "seed": 5}
    run = server.post("/api/v1/runs", json=asked).json()["id"]
    assert ended(server, run)["state"] == "done"
    return f"/api/v1/runs/{run}"


@pytest.fixture(scope="module")
def slopes(server, at):
    last = time.monotonic() + 300.0
    while (found := server.get(f"{at}/slopes").json())["state"] != "ready":
        assert found["state"] != "failed", found
        assert time.monotonic() < last, found
        time.sleep(0.2)
    return found


def test_numbers_have_marks_where_they_were_moved(slopes):
    assert 4 <= len(slopes["numbers"]) <= 8
    for number in slopes["numbers"]:
        assert set(number["marks"]) <= {-20, -15, -10, -5, -2, -1, 1, 2, 5, 10, 15, 20}
        assert -number["down"] == min(0, *number["marks"])
        assert number["up"] == max(0, *number["marks"])
    assert any(number["marks"] == [-20, -10, -5, 5, 10, 20] for number in slopes["numbers"])
    assert all(row["change"] == 0.0 for row in slopes["rows"])


def test_an_estimate_at_a_mark_is_the_run(server, at, slopes):
    place = next(n["place"] for n in slopes["numbers"] if n["marks"] == [-20, -10, -5, 5, 10, 20])
    for by in (-20, 10):
        moves = {"moves": {place: by}}
        guess = server.post(f"{at}/estimate", json=moves).json()
        assert guess["beyond"] == []
        run = server.post(f"{at}/rerun", json=moves).json()
        assert run["set"][0].endswith(f"={guess['written'][place]}")
        assert ended(server, run["id"])["state"] == "done"
        beside = server.post(f"{at}/estimate/{run['id']}", json=moves).json()
        assert beside["state"] == "done"
        moved = [row for row in beside["rows"] if row["moved"] and row["estimate"] is not None]
        assert len(moved) > 2
        for row in moved:
            # Written with seven digits at most, so that the run is of a number that far apart;
            # the same futures otherwise.
            scale = max(abs(row["run"]), abs(row["ran"]))
            assert row["off"] == pytest.approx(0.0, abs=1e-4 * scale), row


def test_what_cannot_be_slid_is_told(server, at, slopes):
    place = slopes["numbers"][0]["place"]
    for moves in ({"nothing": 1.0}, {place: 21.0}):
        told = server.post(f"{at}/estimate", json={"moves": moves})
        assert told.status_code == 422
        assert told.headers["content-type"] == "application/problem+json"
    told = server.post(f"{at}/estimate", json={"moves": {place[:-1]: 1.0}})
    assert f"did you mean {place}?" in told.json()["detail"]
    other = at.rpartition("/")[2]
    told = server.post(f"{at}/estimate/{other}", json={"moves": {place: 1.0}})
    assert "is no run of these moves" in told.json()["detail"]
