"""Who may come in, and what a browser may do with what it is given: in front of every request.

On a loopback address everybody on this machine may come in, and the name in `Host` must be this
machine's, so that a page of a stranger cannot reach the server under a name of its own (DNS
rebinding). Elsewhere one needs the token, as `Authorization: Bearer` or, after signing in, as a
cookie. What changes something must come from a page of this server (`cross_origin`). A link that
was shared opens without a token, for reading only.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from offtake.web.problems import told, wants_json
from offtake.web.settings import Settings, is_loopback

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "offtake_session"
SESSION_SECONDS = 7 * 24 * 3600
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = ("/assets/", "/login", "/shared/", "/health")
"""Where no token is needed; what a link may show, the link itself says."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
    "blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Styles may stand in elements because ECharts writes them there; scripts may not.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def session(token: str, now: float) -> str:
    """What a cookie holds: until when it is good, signed with the token."""
    until = str(int(now) + SESSION_SECONDS)
    return f"{until}.{_signed(token, until)}"


def good_session(token: str, cookie: str, now: float) -> bool:
    """Whether a cookie was signed with the token and is still good."""
    until, _, sign = cookie.partition(".")
    signed = hmac.compare_digest(sign, _signed(token, until))
    return signed and until.isdecimal() and now < int(until)


def _signed(token: str, until: str) -> str:
    return hmac.new(token.encode(), f"session {until}".encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two secrets are one, in a time that does not tell how far they agree."""
    return hmac.compare_digest(one.encode(), other.encode())


def cross_origin(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a page of another site asks for a change.

    Browsers say so in `Sec-Fetch-Site`; older ones name the site in `Origin`. What sends neither
    is no browser, and carries no cookie that it was not given (the rule of Go's
    net/http.CrossOriginProtection).
    """
    if method in SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def own_host(host: str) -> bool:
    """Whether the name in `Host` is this machine's own."""
    name = urlsplit(f"//{host}").hostname
    return name is not None and is_loopback(name)


class Guard:
    """In front of an application.

    Args:
        app: behind it.
        settings: of the server.
    """

    def __init__(self, app: App, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        scope.setdefault("state", {}).update(visitor="guest", client=_client(request))

        head = scope["method"] == "HEAD"  # as GET, without the body
        if head:
            scope["method"] = "GET"

        counted = Counted(receive, self.settings.limits.body_bytes)
        dressed = _dressed(send, head=head)

        async def unless_too_large(message: Message) -> None:
            if counted.left >= 0:
                await dressed(message)

        refusal = self._refusal(request)
        if refusal is not None:
            await refusal(scope, receive, dressed)
            return
        try:
            await self.app(scope, counted, unless_too_large)
        except ClientDisconnect:
            if counted.left >= 0:
                raise
        if counted.left < 0:
            await self._too_large(request)(scope, receive, dressed)

    def _too_large(self, request: Request) -> Response:
        most = self.settings.limits.body_bytes
        return told(request, 413, f"a request may have at most {most:,} bytes")

    def _refusal(self, request: Request) -> Response | None:
        """What a request is answered that may not come in."""
        headers = request.headers
        host = headers.get("host", "")
        if self.settings.loopback and not own_host(host):
            said = f"this server is for this machine alone; it does not answer as {host!r}"
            return told(request, 421, said)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.settings.limits.body_bytes:
            return self._too_large(request)
        visitor = self._visitor(request, headers)
        request.scope["state"]["visitor"] = visitor
        if visitor != "program" and cross_origin(request.method, headers):
            return told(request, 403, "a page of another site may not change anything here")
        path = request.url.path
        if visitor != "guest" or path.startswith(OPEN):
            return None
        if wants_json(request) or request.method not in SAFE:
            answer = told(request, 401, "this server needs its token: Authorization: Bearer TOKEN")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        return RedirectResponse(f"/login?to={path}", 303)

    def _visitor(self, request: Request, headers: Headers) -> str:
        """`owner` where no token is needed, `program` or `member` who has it, else `guest`."""
        if request.url.path.startswith("/shared/"):
            return "guest"
        token = self.settings.token
        if token is None:
            return "owner"
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and same(given.strip(), token):
            return "program"
        cookie = request.cookies.get(COOKIE, "")
        return "member" if good_session(token, cookie, time.time()) else "guest"


def _client(request: Request) -> str:
    """Who asks, for limits of one client."""
    return request.client.host if request.client else "unknown"


def _dressed(send: Send, *, head: bool) -> Send:
    """Sends answers with our headers.

    Args:
        send: what sends them.
        head: without their bodies.
    """

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-cache, private")
        elif head:
            message = {**message, "body": b""}
        await send(message)

    return dressed


class Counted:
    """The body of a request as it comes; nothing more of one that is too long."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.receive, self.left = receive, most

    async def __call__(self) -> Message:
        """The next piece."""
        message = await self.receive()
        self.left -= len(message.get("body", b""))
        return message if self.left >= 0 else {"type": "http.disconnect"}
