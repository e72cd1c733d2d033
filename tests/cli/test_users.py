"""``fsorch user``: the second factor at the terminal."""

from __future__ import annotations

from pathlib import Path

import pyotp
import pytest

from fsorch_cli.commands import user
from tests.cli.cli import fsorch

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose admin is about to scan a secret that the test knows."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input="correct horse 7\n").code == 0
    address = pyotp.TOTP(SECRET).provisioning_uri(name="admin", issuer_name="fsorch")
    monkeypatch.setattr(user, "new_factor", lambda login: (SECRET, address))
    return tmp_path


def test_a_right_code_sets_it_and_it_can_be_removed(home: Path) -> None:
    ran = fsorch("user", "second-factor", "admin", input=f"{pyotp.TOTP(SECRET).now()}\n")
    assert (ran.code, ran.out) == (0, "admin is asked for a code from now on\n")
    assert SECRET in ran.err, "who cannot scan can type"
    assert "yes, with a code" in fsorch("user", "list").out
    assert SECRET not in fsorch("user", "list", "--json").out
    assert fsorch("user", "second-factor", "admin", "--remove").code == 0
    assert "with a code" not in fsorch("user", "list").out


def test_a_wrong_code_changes_nothing(home: Path) -> None:
    ran = fsorch("user", "second-factor", "admin", input="12345\n")
    assert ran.code != 0
    assert "clock of the phone" in ran.err
    assert "with a code" not in fsorch("user", "list").out


def test_nobody_of_that_name(home: Path) -> None:
    ran = fsorch("user", "second-factor", "admim", input="")
    assert ran.code != 0
    assert "admin" in ran.err


def test_a_login_and_a_token_are_bound_to_queues(home: Path) -> None:
    assert fsorch("queue", "add", "sales").code == 0
    given = ("--role", "principal", "--password-stdin")
    assert fsorch("user", "add", "client", *given, input="correct horse 7\n").code != 0
    assert fsorch("user", "add", "client", *given, "--queues", "sale", input="correct horse 7\n").code == 4
    assert fsorch("user", "add", "client", *given, "--queues", "sales", input="correct horse 7\n").code == 0
    assert "sales" in fsorch("user", "list").out
    assert fsorch("user", "scope", "client").code == 2
    assert fsorch("user", "scope", "client", "--queues", "").code != 0
    assert fsorch("user", "scope", "client", "--queues", "sales").out == "client sees sales\n"
    assert fsorch("token", "add", "theirs", "--role", "principal", "--queues", "sales").code == 0
    assert "sales" in fsorch("token", "list").out
