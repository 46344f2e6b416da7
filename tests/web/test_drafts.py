"""A plan is written by programs as by its form: the outline, a place, a contract."""

import pytest

from tests.run.small import TEXT
from tests.web.servers import client, settings


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        # Not as a context: what is asked here needs no worker.
        yield client(settings(tmp_path_factory.mktemp("data")), patch)


def asked(server, what, **given):
    return server.post(f"/api/v1/drafts/{what}", json={"text": TEXT, **given})


def test_the_form_of_an_item(server):
    found = asked(server, "form", place="contracts.loan").json()
    assert found["place"] == "contracts.loan"
    fields = {field["name"]: field for field in found["fields"]}
    assert fields["amount"]["written"] == "90 M USD"
    assert (fields["amount"]["unit"], fields["amount"]["control"]) == ("USD", "number")
    assert "term_loan" in found["kinds"]
    assert {section["key"] for section in found["sections"]} >= {"plan", "parties", "contracts"}


def test_a_place_is_written_anew_and_deleted(server):
    made = asked(server, "change", place="contracts.loan.amount", value="80 M USD").json()
    assert made["text"] == TEXT.replace("90 M USD", "80 M USD")
    assert "amount: 80 M USD" in made["text"].splitlines()[made["line"] - 1]
    gone = asked(server, "change", place="contracts.loan.interest_only", value=None).json()
    assert "interest_only" not in gone["text"]


def test_a_contract_is_added(server):
    made = asked(server, "contracts", kind="term_loan", name="second").json()
    assert made["place"] == "contracts.second"
    assert made["text"].splitlines()[made["line"] - 1].strip() == "second:"


@pytest.mark.parametrize(
    ("what", "given", "says"),
    [
        ("change", {"place": "[", "value": "1"}, "["),
        ("change", {"place": "", "value": "1"}, "place"),
        ("contracts", {"kind": "term_laon", "name": "second"}, "did you mean term_loan?"),
        ("contracts", {"kind": "term_loan", "name": "loan"}, "already"),
        ("contracts", {"kind": "term_loan", "name": "1 2"}, "a name is a letter"),
        ("form", {"text": "plan: ["}, "the plan is not right"),
    ],
)
def test_what_cannot_be_written_is_told(server, what, given, says):
    told = asked(server, what, **given)
    assert told.status_code == 422
    assert told.headers["content-type"] == "application/problem+json"
    assert says in told.json()["detail"]


def test_a_plan_that_is_not_there_has_a_suggestion(server):
    told = server.get("/api/v1/plans/one-hal")
    assert (told.status_code, told.json()["detail"]) == (
        404,
        "there is no plan one-hal: did you mean one-hall?",
    )
    assert "did you mean one-hall?" in server.get("/plans/one-hal").text
    for change in (server.delete, lambda at: server.put(at, json={"name": "x", "text": "plan: 1"})):
        told = change("/api/v1/plans/one-hall")
        assert told.status_code == 409
        assert "comes with offtake" in told.json()["detail"]


def test_lists_do_not_read_texts(server):
    """What a list shows is asked for alone: no statement of it names a text of a plan."""
    import sqlalchemy as sa

    store = server.app.state.store
    made = store.add_plan("Mine", TEXT)
    store.add_run(made.asked(), "me")
    said = []

    def note(db, cursor, statement, *rest):
        said.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", note)
    for path in ("/", "/runs", "/compare", "/api/v1/plans", "/api/v1/runs"):
        assert server.get(path).status_code == 200
    assert made.id in server.get("/").text
    sa.event.remove(store.engine, "before_cursor_execute", note)
    assert len(said) >= 6
    assert not [statement for statement in said if "texts.text" in statement]
