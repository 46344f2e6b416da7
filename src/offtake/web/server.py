"""Listening: a socket, the application behind it, and an orderly end."""

import contextlib
import errno
import signal
import socket
from collections.abc import Callable

import uvicorn

from offtake.core.errors import WrongRequest
from offtake.web.app import create_app
from offtake.web.settings import Settings


def listen(settings: Settings, said: Callable[[str], None]) -> None:
    """Serve until the process is told to end (Ctrl-C, SIGTERM).

    Args:
        settings: of the server.
        said: told the address once the server can be reached.

    Raises:
        WrongRequest: the address cannot be listened on, or folder or database not used.
    """
    bound = _bound(settings.host, settings.port)
    try:
        app = create_app(settings)
    except WrongRequest:
        bound.close()
        raise
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=3,
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    name = f"[{settings.host}]" if ":" in settings.host else settings.host
    said(f"http://{name}:{bound.getsockname()[1]}")
    # uvicorn raises the signal that ended it once more: both then leave in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[bound])


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens at an address."""
    bound: socket.socket | None = None
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen()
    except OSError as failure:
        if bound is not None:
            bound.close()
        taken = failure.errno == errno.EADDRINUSE
        mend = "another server may be there: name another --port" if taken else "name another one"
        message = f"cannot listen on {host} port {port} ({failure.strerror or failure}); {mend}"
        raise WrongRequest(message) from None
    return bound
