"""A server whose plans, runs and links are kept in PostgreSQL. `make test-web` runs this.

It makes a cluster of its own for the time of the test, from the programs of the PostgreSQL that is
installed (Debian: apt-get install postgresql); it touches no other.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from offtake.web.store import Store
from tests.run.small import TEXT
from tests.web.servers import client, ended, settings

pytestmark = pytest.mark.web
pytest.importorskip("psycopg", reason="needs the driver of PostgreSQL: offtake[postgres]")
WEAK = "parties.tenant.credit.hazard=20 %/year"
PATHS = 300


def programs():
    """Folder of `initdb` and `pg_ctl`; Debian keeps them off the path."""
    found = shutil.which("initdb")
    known = [Path(found)] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return known[-1].parent if known else None


def unprivileged():
    """Who runs the cluster: PostgreSQL refuses root."""
    import pwd

    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


class Cluster:
    """A cluster in a folder of its own."""

    def __init__(self, bin_folder, folder):
        self.bin, self.folder, self.user = bin_folder, folder, unprivileged()
        if self.user:
            shutil.chown(folder, self.user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgresql://offtake@127.0.0.1:{self.port}/postgres"
        self.do("initdb", "-U", "offtake", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def do(self, program, *words):
        where = ["-D", str(self.folder / "data")]
        # Output to a file: a server that is started would keep a pipe open.
        with (self.folder.parent / f"{self.folder.name}.log").open("a") as log:
            subprocess.run(
                [self.bin / program, *where, *words],
                check=True,
                user=self.user,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )

    def start(self):
        said = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -F"
        self.do("pg_ctl", "-w", "-o", said, "start")

    def stop(self):
        self.do("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="module")
def cluster():
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL here: install it (Debian: apt-get install postgresql)")
    # Not below pytest's own folder, which nobody but its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="offtake-pg-"))
    made = Cluster(found, folder)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder)
    folder.with_name(f"{folder.name}.log").unlink()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


def server(cluster, folder, patch):
    return client(settings(folder, database=cluster.url), patch)


def test_plans_runs_and_links_go_through_and_are_there_after_a_restart(
    cluster, folder, monkeypatch
):
    with server(cluster, folder, monkeypatch) as first:
        plan = first.post("/api/v1/plans", json={"name": "Small", "text": "plan: 1"}).json()["id"]
        kept = {"name": "Smäll", "text": TEXT}
        assert first.put(f"/api/v1/plans/{plan}", json=kept).json()["version"] == 2
        asked = {"plan": plan, "paths": PATHS, "seed": 2**62}
        runs = [
            first.post("/api/v1/runs", json={**asked, **more}).json()["id"]
            for more in ({}, {"set": [WEAK]})
        ]
        assert [ended(first, run)["state"] for run in runs] == ["done", "done"]
        stopped = first.post("/api/v1/runs", json={"plan": plan, "paths": 100_000}).json()["id"]
        first.post(f"/api/v1/runs/{stopped}/cancel")
        assert ended(first, stopped)["state"] == "cancelled"
        both = ",".join(runs)
        assert first.get(f"/api/v1/compare?runs={both}").json()["same_futures"] is True
        token = first.post("/api/v1/shares", json={"runs": runs}).json()["token"]
        left = first.app.state.store.add_run(first.app.state.store.run(runs[0]).request, "me").id
        before = first.get("/api/v1/runs").json()
    assert not (folder / "offtake.db").exists()
    with server(cluster, folder, monkeypatch) as again:
        assert again.get(f"/api/v1/plans/{plan}").json()["text"] == TEXT
        assert again.get(f"/api/v1/plans/{plan}?version=1").json()["text"] == "plan: 1"
        assert again.get(f"/api/v1/runs/{left}").json()["state"] == "interrupted"
        assert {run["id"] for run in again.get("/api/v1/runs").json()} == {r["id"] for r in before}
        for page in ("/", "/runs", "/compare", f"/plans/{plan}", f"/runs/{runs[0]}"):
            assert again.get(page).status_code == 200, page
        assert again.get(f"/shared/{token}/compare?runs={both}").status_code == 200
        assert again.delete(f"/api/v1/runs/{runs[0]}").status_code == 204
        assert again.get(f"/shared/{token}/compare?runs={both}").status_code == 404
        assert again.delete(f"/api/v1/plans/{plan}").status_code == 204


def test_what_it_cannot_keep_is_told(cluster, folder, monkeypatch):
    """SQLite keeps a NUL in a name; PostgreSQL does not."""
    with server(cluster, folder, monkeypatch) as made:
        told = made.post("/api/v1/plans", json={"name": "a\0b", "text": TEXT})
        assert told.status_code == 422
        assert told.headers["content-type"] == "application/problem+json"
        assert made.get("/plans/a%00b").status_code == 422
        assert made.get("/api/v1/runs?plan=%00").status_code == 422


def test_many_keep_the_same_text_at_once(cluster):
    store = Store(cluster.url)
    text = TEXT + "# of many\n"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda i: store.add_plan(f"P{i}", text).id, range(32)))
    assert len(set(made)) == 32
    for plan in made:
        store.delete_plan(plan)
    store.close()


def test_a_database_that_ends_is_told_and_one_that_is_back_is_used(cluster, folder, monkeypatch):
    with server(cluster, folder, monkeypatch) as made:
        assert made.get("/api/v1/runs").status_code == 200
        cluster.stop()
        try:
            told = made.get("/api/v1/runs")
            assert told.status_code == 503
            assert "the database does not answer" in told.json()["detail"]
        finally:
            cluster.start()
        assert made.get("/api/v1/runs").status_code == 200
