"""The Lua door: fsorch_route.lua asks a real desktop over a real socket."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gevent import socket, subprocess
from gevent.server import StreamServer

from fsorch.doors import DoorSettings
from fsorch.resources import freeswitch_tree
from tests.conftest import require
from tests.floors import ROOT
from tests.web.test_doors import TOKEN, Door

HERE = Path(__file__).parent
PARKED = ["transfer 4930 XML fsorch"]


@pytest.fixture(scope="module")
def lua() -> str:
    found = shutil.which("lua5.4")
    if found is None:
        require("lua", "there is no lua5.4; install Debian's package of that name")
    return str(found)


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door(DoorSettings(token=TOKEN.replace(" ", "-")))
    yield door
    door.stop()


class Script:
    """The script with its settings; a call is one run of it."""

    def __init__(self, lua: str, folder: Path, url: str, timeout_s: int = 30) -> None:
        self._lua = lua
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SCRIPT": str(freeswitch_tree() / "scripts" / "fsorch_route.lua"),
            "ARGUMENTS": str(folder / "arguments"),
            "CURL": f"{sys.executable} {HERE / 'curl.py'}",
            "G_fsorch_route_url": url,
            "G_fsorch_route_token": TOKEN.replace(" ", "-"),
            "G_fsorch_route_timeout": str(timeout_s),
        }

    def call(self, number: str = "4930", **variables: str) -> list[str]:
        """What the script did with a call for ``number``, a line each."""
        channel = {"destination_number": number, "caller_id_number": "+4915111", **variables}
        environment = self._environment | {f"V_{name}": value for name, value in channel.items()}
        done = subprocess.run(
            [self._lua, str(HERE / "switch.lua")], env=environment, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
        return str(done.stdout).splitlines()


@pytest.fixture
def script(lua: str, tmp_path: Path, door: Door) -> Script:
    return Script(lua, tmp_path, f"http://127.0.0.1:{door.port}/hooks/route")


def test_the_answer_becomes_variables_of_the_parked_call(script: Script) -> None:
    *sets, last = script.call("+4930555")
    assert sorted(sets) == ["set fsorch_priority=7", "set fsorch_queue=sales", "set fsorch_skills=german:3"]
    assert last == "transfer +4930555 XML fsorch"


def test_the_domain_that_was_called_decides_about_the_number(script: Script) -> None:
    *sets, last = script.call("600", sip_req_host="10.0.0.1", sip_to_host="acme.example")
    assert sorted(sets) == ["set fsorch_queue=acme-q", "set fsorch_tenant=acme"]
    assert last == "transfer 600 XML fsorch"
    assert script.call("600", sip_to_host="a b'; x") == ["transfer 600 XML fsorch"]


def test_skills_may_be_an_expression(script: Script) -> None:
    *lines, last = script.call("+4930777")
    assert sorted(lines) == ["set fsorch_queue=sales", "set fsorch_skills=german >= 3 and (billing or not trainee)"]
    assert last == "transfer +4930777 XML fsorch"


def test_a_number_that_fsorch_does_not_know_is_parked_without_a_word(script: Script) -> None:
    assert script.call() == PARKED


def test_a_wrong_token_parks_the_call_and_says_so(script: Script) -> None:
    log, *rest = script.call("+4930555", fsorch_route_token="wrong")
    assert log.startswith("log WARNING fsorch_route: no answer in time, or none that can be used")
    assert rest == ["transfer +4930555 XML fsorch"]


@pytest.mark.parametrize("name", ["fsorch_route_token", "fsorch_route_url"])
def test_a_setting_that_would_be_another_command_is_not_used(script: Script, name: str) -> None:
    log, *rest = script.call(**{name: "http://x' post y 'z"})
    assert log.startswith("log WARNING fsorch_route: fsorch_route_url or fsorch_route_token is not set, or odd")
    assert rest == PARKED


@pytest.mark.parametrize("number", ["", "1 XML default", "x' post y 'z", "9" * 65, "${system(id)}"])
def test_what_is_no_number_is_neither_asked_for_nor_dialled(script: Script, number: str) -> None:
    assert script.call(number) == ["transfer unknown XML fsorch"]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no HTTP at all",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\nroute=park\nfsorch_contact=stolen1\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\nroute=park\nfsorch_queue=${system(id)}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 37\r\n\r\nroute=park\nfsorch_skills=${system(id)}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\nroute=park\nfsorch_queue=sales (x)",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_an_answer_that_is_none_parks_the_call(lua: str, tmp_path: Path, answer: bytes) -> None:
    def serve(sock: socket.socket, address: object) -> None:
        sock.recv(65536)
        sock.sendall(answer)
        sock.close()

    server = StreamServer(("127.0.0.1", 0), serve)
    server.start()
    try:
        script = Script(lua, tmp_path, f"http://127.0.0.1:{server.server_port}/hooks/route")
        log, *rest = script.call()
    finally:
        server.stop()
    assert log.startswith("log WARNING fsorch_route: no answer in time")
    assert rest == PARKED


def test_an_answer_that_never_comes_parks_the_call(lua: str, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        script = Script(lua, tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}/hooks/route", timeout_s=1)
        log, *rest = script.call()
    assert log.startswith("log WARNING fsorch_route: no answer in time")
    assert rest == PARKED
