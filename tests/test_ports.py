"""Ports for the tests' servers: out of the system's reach, and no two tests draw the same."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tests.floors import ROOT
from tests.ports import PORTS, free_port, ports_to_draw

TAKE = "import socket, sys; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(('127.0.0.1', int(sys.argv[1])))"


@pytest.mark.parametrize(
    ("given", "ports"),
    [
        ("32768\t60999\n", PORTS),
        ("", PORTS),
        ("15000 64000", range(PORTS.start, 15_000)),
        ("1024 60000", range(60_001, 65_536)),
        ("1024 65535", PORTS),
    ],
)
def test_ports_are_drawn_where_the_system_gives_none(given: str, ports: range) -> None:
    assert ports_to_draw(given) == ports


def test_a_drawn_port_is_free_and_stays_drawn() -> None:
    port = free_port()
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))
    # Nobody listens there now, and another process that would draw it sees that it is somebody's.
    command = [sys.executable, "-c", TAKE, str(port)]
    taken = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Address already in use" in taken.stderr
