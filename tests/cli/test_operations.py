"""``fsorch db`` and ``fsorch systemd``: an installation kept, and run by a machine."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from configparser import ConfigParser
from contextlib import closing
from pathlib import Path

import pytest

from fsorch.edge.control import HomeLock
from fsorch.errors import ConfigError
from fsorch_cli.commands.systemd import unit
from tests.cli.cli import fsorch


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation, and the current directory."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input="correct horse 7\n").code == 0
    return tmp_path


def test_a_backup_is_rolled_back_to_while_fsorch_is_stopped(home: Path) -> None:
    assert fsorch("db", "rollback").code != 0
    assert fsorch("db", "backup", "before").code == 0
    assert fsorch("user", "add", "sam", "--password-stdin", input="a long password\n").code == 0
    lock = HomeLock(home)
    try:
        assert "already runs here" in fsorch("db", "rollback", "before").err
    finally:
        lock.release()
    ran = fsorch("db", "rollback", "before")
    assert (ran.code, ran.err) == (0, "")
    assert [user["login"] for user in json.loads(fsorch("user", "list", "--json").out)] == ["admin"]
    # What was rolled away is kept.
    assert len(list(home.glob("fsorch.sqlite3.rolled-back-*"))) == 1


def test_the_status_ends_with_one_when_the_database_is_of_another_fsorch(home: Path) -> None:
    assert fsorch("db", "status").code == 0
    assert "already" in fsorch("db", "migrate").out
    with closing(sqlite3.connect("fsorch.sqlite3")) as db:
        db.execute("INSERT INTO migration (number, name, applied_at) VALUES (9999, 'm9999_later', 0)")
        db.commit()
    ran = fsorch("db", "status")
    assert (ran.code, "A newer fsorch made it" in ran.out) == (1, True)
    assert "run the newer one" in fsorch("user", "list").err


UNIT = unit(Path("/opt/fsorch/bin/fsorch"), Path("/var/lib/fsorch/fsorch.yaml"), Path("/var/lib/fsorch"), "fsorch")


def test_the_unit_runs_this_installation_as_somebody_who_is_not_root() -> None:
    parsed = ConfigParser(interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign] # the keys' case is kept
    parsed.read_string(UNIT)
    service = dict(parsed["Service"])
    assert service["ExecStart"] == "/opt/fsorch/bin/fsorch run --settings /var/lib/fsorch/fsorch.yaml"
    assert {key: service[key] for key in ("User", "Restart", "NoNewPrivileges", "ProtectSystem", "ReadWritePaths")} == {
        "User": "fsorch",
        "Restart": "always",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ReadWritePaths": "/var/lib/fsorch",
    }
    assert (service["Type"], service["WatchdogSec"]) == ("notify", "60")
    # Else systemd gives up after five ends within ten seconds.
    assert parsed["Unit"]["StartLimitIntervalSec"] == "0"
    assert service["ProtectHome"] == "yes"
    # What lies in somebody's home must be seen.
    assert "ProtectHome=read-only" in unit(Path("/home/ada/fsorch"), Path("/etc/fsorch.yaml"), Path("/srv/f"), "ada")


@pytest.mark.parametrize("user", ["root", "", "a b", "x\nUser=root"])
def test_a_unit_for_root_or_for_nobody_is_refused(user: str) -> None:
    with pytest.raises(ConfigError, match="does not run as"):
        unit(Path("/opt/fsorch"), Path("/etc/fsorch.yaml"), Path("/var/lib/fsorch"), user)


@pytest.mark.parametrize("path", ["/var/lib/my centre", "/var/lib/%h", "/x\nExecStartPre=/bin/sh", "relative"])
def test_a_path_that_systemd_would_read_otherwise_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="a unit takes paths"):
        unit(Path("/opt/fsorch"), Path("/etc/fsorch.yaml"), Path(path), "fsorch")


def test_systemd_itself_finds_nothing_to_object_to(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    # It looks for the program and warns of users it does not know: both are those of this machine.
    file = tmp_path / "fsorch.service"
    file.write_text(UNIT.replace("/opt/fsorch/bin/fsorch run", "/bin/true run"))
    done = subprocess.run([analyze, "verify", "--man=no", str(file)], capture_output=True, text=True, timeout=60)
    assert [line for line in done.stderr.splitlines() if "fsorch.service" in line] == []
