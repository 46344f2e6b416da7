"""What a server remembers, and that it still does after it was stopped."""

import os

import pytest
import sqlalchemy as sa

from offtake.core.errors import WrongRequest
from offtake.web.store import Missing, Request, Store
from offtake.web.tables import METADATA, VERSION, about

ASKED = Request(
    text="plan: a", title="A", plan="abc", version=1, paths=512, seed=2**62, set=("a=1",)
)


def urls(folder):
    """SQLite always; PostgreSQL where one is named."""
    found = [f"sqlite:///{folder / 'offtake.db'}"]
    return [*found, *filter(None, [os.environ.get("OFFTAKE_TEST_DATABASE")])]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    found = [url for url in urls(tmp_path) if url.startswith(request.param)]
    if not found:
        pytest.skip("no database: name an empty one in $OFFTAKE_TEST_DATABASE")
    made = Store(found[0])
    yield made
    METADATA.drop_all(made.engine)
    made.close()


def test_plans_have_versions(store):
    made = store.add_plan("Mine", "plan: 1")
    again = store.change_plan(made.id, "Mine", "plan: 2")
    assert (made.version, again.version) == (1, 2)
    assert store.change_plan(made.id, "Mine", "plan: 2").version == 2  # nothing changed
    assert store.plan(made.id).text == "plan: 2"
    assert store.plan(made.id, 1).text == "plan: 1"
    assert [plan.id for plan in store.plans()] == [made.id]
    with pytest.raises(Missing, match="of version 3"):
        store.plan(made.id, 3)
    store.delete_plan(made.id)
    with pytest.raises(Missing):
        store.plan(made.id)


def test_a_text_is_kept_once(store):
    for _ in range(3):
        store.add_run(ASKED, "me")
    with store.engine.connect() as db:
        assert db.execute(sa.text("select count(*) from texts")).scalar() == 1


def test_runs_come_back_as_they_were_asked_for(store):
    made = store.add_run(ASKED, "me")
    assert made.request == ASKED
    assert (made.state, made.under_way, made.readable) == ("queued", True, False)
    store.mark(made.id, "running")
    store.mark(made.id, "done", "done", done=512, facts={"headline": "x"})
    found = store.run(made.id)
    assert (found.done, found.facts["headline"], found.readable) == (512, "x", True)
    assert found.started is not None
    assert found.finished is not None
    assert found.started <= found.finished
    assert store.runs(plan="abc")[0].id == made.id
    assert store.runs(plan="other") == []


def test_what_was_under_way_is_told_after_a_restart(store):
    waits, runs, done = (store.add_run(ASKED, "me") for _ in range(3))
    store.mark(runs.id, "running")
    store.mark(done.id, "done")
    assert set(store.interrupt()) == {waits.id, runs.id}
    assert store.run(runs.id).state == "interrupted"
    assert store.run(done.id).state == "done"


def test_links_show_what_they_were_made_for(store):
    one, other = store.add_run(ASKED, "me"), store.add_run(ASKED, "me")
    token = store.share([one.id])
    assert store.shared(token) == [one.id]
    with store.engine.connect() as db:  # who reads the database cannot use the links in it
        assert token not in str(db.execute(sa.text("select * from shares")).all())
    with pytest.raises(Missing):
        store.shared(token[:-1])
    assert store.unshare(other.id) == 0
    assert store.unshare(one.id) == 1
    with pytest.raises(Missing):
        store.shared(token)


def test_a_database_is_opened_again_and_one_of_the_future_is_refused(tmp_path):
    url = urls(tmp_path)[0]
    first = Store(url)
    made = first.add_plan("Mine", "plan: 1")
    first.close()
    second = Store(url)
    assert second.plan(made.id).name == "Mine"
    with second.engine.begin() as db:
        db.execute(about.update().values(version=VERSION + 1))
    second.close()
    with pytest.raises(WrongRequest, match="use the offtake that wrote it"):
        Store(url)


@pytest.mark.parametrize(
    "url", ["nothing", "mysql://a/b", "sqlite:////nowhere/at/all.db", "postgresql://127.0.0.1:1/x"]
)
def test_a_database_that_cannot_be_used_is_told_so(url):
    with pytest.raises(WrongRequest, match=r"--database|offtake\[postgres\]"):
        Store(url)
