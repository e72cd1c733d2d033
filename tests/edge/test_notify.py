"""The service manager is told what systemd understands, and nobody is troubled where there is none."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fsorch.edge.notify import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(60)
        yield listening


def test_a_life_is_told(manager: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "60000000"})
    notifier.waiting("the database is away:\n no route")
    notifier.ready("serves at http://127.0.0.1:8700")
    notifier.alive()
    notifier.stopping()
    assert [manager.recv(999).decode() for _ in range(4)] == [
        "STATUS=the database is away: no route",
        "READY=1\nSTATUS=serves at http://127.0.0.1:8700",
        "WATCHDOG=1",
        "STOPPING=1\nSTATUS=writing the last facts",
    ]
    assert notifier.every_s == 20.0


def test_an_abstract_address_is_one() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("")  # Linux chooses an abstract name
        listening.settimeout(60)
        name = listening.getsockname().decode()
        Notifier({"NOTIFY_SOCKET": "@" + name[1:]}).alive()
        assert listening.recv(99) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "60000000"},
        {"NOTIFY_SOCKET": "relative", "WATCHDOG_USEC": "60000000"},
        {"NOTIFY_SOCKET": "/nowhere/at/all"},
        {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "soon"},
    ],
)
def test_where_nobody_listens_nothing_happens(environment: dict[str, str]) -> None:
    notifier = Notifier(environment)
    notifier.ready("serves")
    notifier.alive()
    assert notifier.every_s is None
