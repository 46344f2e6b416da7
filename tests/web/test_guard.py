"""Who may come in, and what a page of a stranger can reach."""

import time

import pytest

from offtake.web.guard import COOKIE, cross_origin, good_session, own_host, session
from offtake.web.settings import Limits, is_loopback
from tests.web.servers import BEARER, HOST, TOKEN, client, guarded, settings


@pytest.fixture
def open_to_all(tmp_path, monkeypatch):
    return client(settings(tmp_path), monkeypatch)


@pytest.fixture
def with_token(tmp_path, monkeypatch):
    return client(guarded(tmp_path), monkeypatch)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:8321", True),
        ("localhost", True),
        ("[::1]:8321", True),
        ("127.8.0.1", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example:8321", False),
        ("localhost.evil.example", False),
        ("0.0.0.0", False),
        ("", False),
        ("127.0.0.1@evil.example", False),
    ],
)
def test_names_of_this_machine(host, own):
    assert own_host(host) is own


def test_addresses_of_this_machine():
    assert [is_loopback(h) for h in ("127.0.0.1", "::1", "localhost")] == [True] * 3
    assert [is_loopback(h) for h in ("0.0.0.0", "10.0.0.1", "::", "example.org")] == [False] * 4


def test_a_name_of_a_stranger_is_not_answered(open_to_all):
    answer = open_to_all.get("/", headers={"Host": "rebound.example"})
    assert answer.status_code == 421
    assert "Stargate" not in answer.text
    assert open_to_all.get("/").status_code == 200


@pytest.mark.parametrize(
    ("headers", "other"),
    [
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "http://evil.example", "host": "127.0.0.1:8321"}, True),
        ({"origin": "null", "host": "127.0.0.1:8321"}, True),
        ({"origin": "http://127.0.0.1:9999", "host": "127.0.0.1:8321"}, True),
        ({"origin": "http://127.0.0.1:8321", "host": "127.0.0.1:8321"}, False),
        ({"host": "127.0.0.1:8321"}, False),
    ],
)
def test_what_a_page_of_another_site_is(headers, other):
    assert cross_origin("POST", headers) is other
    assert cross_origin("GET", headers) is False


def test_a_page_of_another_site_changes_nothing(open_to_all):
    kept = {"name": "x", "text": "plan: 1"}
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert open_to_all.post("/plans", data=kept, headers=headers).status_code == 403
        answer = open_to_all.post("/api/v1/plans", json=kept, headers=headers)
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
    assert not [p for p in open_to_all.get("/api/v1/plans").json() if not p["shipped"]]
    assert open_to_all.post("/plans", data=kept, headers={"Origin": HOST}).status_code == 303


def test_without_the_token_nothing_is_told(with_token):
    for path in ("/api/v1/plans", "/api/v1/openapi.json", "/api/v1/runs/aaaaaaaaaa/results"):
        answer = with_token.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
    for path in ("/", "/runs", "/plans/abilene", "/compare"):
        answer = with_token.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/login?to={path}")
    assert with_token.post("/plans", data={"text": "plan: 1"}).status_code == 401


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_a_wrong_token_is_no_token(with_token, given):
    assert with_token.get("/api/v1/plans", headers={"Authorization": given}).status_code == 401


def test_the_token_opens(with_token):
    assert with_token.get("/api/v1/plans", headers=BEARER).status_code == 200


def test_signing_in_and_out(with_token):
    wrong = with_token.post("/login", data={"token": "wrong", "to": "/runs"})
    assert wrong.status_code == 401
    assert COOKIE not in with_token.cookies
    right = with_token.post("/login", data={"token": TOKEN, "to": "/runs"})
    assert (right.status_code, right.headers["location"]) == (303, "/runs")
    said = right.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=lax" in said
    assert TOKEN not in said
    assert with_token.get("/runs").status_code == 200
    other = {"Origin": "http://evil.example"}
    assert with_token.post("/plans", data={"text": "plan: 1"}, headers=other).status_code == 403
    with_token.post("/logout")
    assert with_token.get("/runs").status_code == 303


@pytest.mark.parametrize("to", ["//evil.example", "/\\evil.example", "https://evil.example", ""])
def test_signing_in_leads_nowhere_else(with_token, to):
    answer = with_token.post("/login", data={"token": TOKEN, "to": to})
    assert answer.headers["location"] == "/"


def test_sessions_end_and_cannot_be_made_up():
    now = time.time()
    cookie = session(TOKEN, now)
    assert good_session(TOKEN, cookie, now + 60)
    assert not good_session(TOKEN, cookie, now + 8 * 24 * 3600)
    assert not good_session("another token, as long as it", cookie, now)
    until, _, sign = cookie.partition(".")
    assert not good_session(TOKEN, f"{int(until) + 1}.{sign}", now)
    assert not good_session(TOKEN, until, now)
    assert not good_session(TOKEN, "", now)


def test_a_body_that_is_too_large(tmp_path, monkeypatch):
    small = client(settings(tmp_path, limits=Limits(body_bytes=1000)), monkeypatch)
    assert small.post("/api/v1/plans", content=b"x" * 1001).status_code == 413

    def pieces():
        yield from [b"x" * 400] * 3

    assert small.post("/api/v1/plans", content=pieces()).status_code == 413


def test_pages_may_do_nothing_but_run_our_scripts(open_to_all):
    headers = open_to_all.get("/").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in open_to_all.get("/").text


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../app.py",
        "/assets/%2e%2e/app.py",
        "/assets/static/../../settings.py",
        "/assets/report/page.py",
        "/runs/..%2f..%2fetc",
        "/runs/%2e%2e/as/json",
        "/plans/..%2f..",
        "/api/v1/runs/..%2Foffta/results",
        "/api/v1/plans/%00",
        "/shared/..%2f..%2f/runs/aaaaaaaaaa",
        "/shared/nobody/runs/aaaaaaaaaa",
        "/runs/aaaaaaaaaa/as/..%2f..%2fofftake.db",
    ],
)
def test_no_address_leads_to_a_file(open_to_all, path):
    assert open_to_all.get(path).status_code in (404, 422)
