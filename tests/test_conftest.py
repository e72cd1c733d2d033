"""The suite's own helpers."""

from __future__ import annotations

import socket
import threading

import pytest
from gevent import monkey

from tests.conftest import require


def test_the_suite_runs_patched() -> None:
    assert monkey.is_object_patched("socket", "socket")
    assert monkey.is_module_patched("threading")
    assert socket.socket.__module__.startswith("gevent")
    assert threading.current_thread() is threading.main_thread()


def test_what_is_missing_skips_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSORCH_REQUIRE", "browser")
    with pytest.raises(pytest.skip.Exception, match="install mariadb-server"):
        require("mysql", "install mariadb-server")


def test_what_is_missing_and_required_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSORCH_REQUIRE", "mysql, browser")
    with pytest.raises(pytest.fail.Exception, match="install chromium"):
        require("browser", "install chromium")
