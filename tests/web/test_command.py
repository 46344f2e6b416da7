"""`offtake serve` refuses what it cannot do before it does anything."""

import socket

import pytest
from typer.testing import CliRunner

from offtake.cli.main import app
from offtake.core.errors import WrongRequest
from offtake.web.server import listen
from offtake.web.settings import Settings


def test_a_short_token_keeps_nobody_out():
    done = CliRunner().invoke(app, ["serve", "--token", "short"])
    assert done.exit_code == 2
    assert "at least 16 characters" in done.output


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = Settings(data=tmp_path / "data", port=other.getsockname()[1])
        with pytest.raises(WrongRequest, match="name another --port"):
            listen(taken, print)
    assert not (tmp_path / "data").exists()


def test_an_address_that_is_none(tmp_path):
    with pytest.raises(WrongRequest, match=r"cannot listen on no\.such\.host\.invalid"):
        listen(Settings(data=tmp_path, host="no.such.host.invalid"), print)


def test_a_folder_that_cannot_hold_anything(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongRequest, match=r"file.* cannot hold plans and runs .*--data"):
        listen(Settings(data=tmp_path / "file" / "data", port=0), print)
