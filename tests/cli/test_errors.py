"""What a newcomer does wrong, and the one line they get for it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from fsorch_cli.commands import status as status_module
from tests.cli.cli import fsorch

PASSWORD = "correct horse 7"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation, made as a newcomer makes it, and the current directory."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input=PASSWORD + "\n").code == 0
    return tmp_path


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        (["quueue"], 2, "fsorch: No such command 'quueue'. Did you mean 'queue'? See: fsorch --help"),
        (["agent", "lisst"], 2, "fsorch: No such command 'lisst'. Did you mean 'list'? See: fsorch agent --help"),
        (
            ["queue", "list", "--jsn"],
            2,
            "fsorch: No such option '--jsn'. Did you mean '--json'? See: fsorch queue list --help",
        ),
        (["queue", "show"], 2, "fsorch: Missing argument 'QUEUE'. See: fsorch queue show --help"),
        (["apply"], 2, "fsorch: Missing argument 'FILE'. See: fsorch apply --help"),
        (
            ["cdr", "list", "--limit", "x"],
            2,
            "fsorch: Invalid value for '--limit': 'x' is not a valid integer range. See: fsorch cdr list --help",
        ),
        (
            ["cdr", "list", "--since", "lunch"],
            2,
            "fsorch: Invalid value for '--since': 'lunch' is no time; use 2h, 7d, today, 2027-01-31 or "
            "2027-01-31T09:00. See: fsorch cdr list --help",
        ),
        (
            ["agent", "list"],
            3,
            "fsorch: there is no fsorch.yaml here; make one with: fsorch init (or name one with --settings FILE)",
        ),
        (
            ["agent", "list", "--settings", "nowhere.yaml"],
            3,
            "fsorch: nowhere.yaml: cannot be read (No such file or directory); check the path",
        ),
        (
            ["--settings", "nowhere.yaml", "agent", "list"],
            3,
            "fsorch: nowhere.yaml: cannot be read (No such file or directory); check the path",
        ),
    ],
)
def test_before_there_is_an_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], code: int, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fsorch(*args) == (code, "", line + "\n")


def test_with_an_installation_that_does_not_run(home: Path) -> None:
    line = f"fsorch: fsorch is not running here ({home}); start it with: fsorch run\n"
    for args in (["queue", "list"], ["agent", "login", "ada"], ["top"], ["status"], ["queue", "show", "sales"]):
        assert fsorch(*args) == (8, "", line)


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        (["contact", "show", "nobody"], 4, "fsorch: no contact called 'nobody'"),
        (["user", "passwd", "admim"], 4, "fsorch: no user called 'admim'; did you mean admin?"),
        (["user", "add", "eve", "--agent", "adaa"], 4, "fsorch: no agent called 'adaa'; did you mean ada?"),
        (
            ["user", "add", "admin"],
            3,
            "fsorch: there is a user 'admin' already; for a new password: fsorch user passwd admin",
        ),
        (["apply", "fsorch.yml"], 3, "fsorch: fsorch.yml: cannot be read (No such file or directory); check the path"),
        (["init"], 3, "fsorch: fsorch.yaml: is there already; use another directory, or --force to overwrite"),
        (
            ["agent", "status", "ada", "--reason", "x"],
            2,
            "fsorch: --reason says why there is a break: fsorch agent status AGENT break --reason REASON. "
            "See: fsorch agent status --help",
        ),
    ],
)
def test_with_an_installation(home: Path, args: list[str], code: int, line: str) -> None:
    fsorch("apply", "centre.yaml")
    assert fsorch(*args) == (code, "", line + "\n")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "offer_timeout_s: 20",
            "ofer_timeout_s: 20",
            "Object contains unknown field `ofer_timeout_s` - at `$.queues[0]`; did you mean offer_timeout_s?",
        ),
        (
            "offer_timeout_s: 20",
            "offer_timeout_s: soon",
            "Expected `float`, got `str` - at `$.queues[0].offer_timeout_s`",
        ),
        (
            "title: Sales",
            "strategy: longest-idel",
            "Invalid enum value 'longest-idel' - at `$.queues[0].strategy`; did you mean longest-idle?",
        ),
        (
            "person: support",
            "person: suport",
            "flows[0]: flow 'main', key 'person': 'suport' is not a queue of the centre; did you mean support?",
        ),
    ],
)
def test_a_centre_file_with_a_fault_changes_nothing(home: Path, old: str, new: str, line: str) -> None:
    fsorch("apply", "centre.yaml")
    before = fsorch("export")
    path = home / "centre.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace("name: Example", "name: Other").replace(old, new, 1))
    assert fsorch("apply", "centre.yaml") == (3, "", f"fsorch: centre.yaml: {line}\n")
    assert fsorch("export") == before


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("port: 8021", "port: 0", "fsorch.yaml: switches[0].port is 0; a port is 1 to 65535"),
        (
            "port: 8021",
            "prot: 8021",
            "fsorch.yaml: Object contains unknown field `prot` - at `$.switches[0]`; did you mean port?",
        ),
        ("port: 8021", "port: many", "fsorch.yaml: Expected `int`, got `str` - at `$.switches[0].port`"),
        (
            "home: .",
            "home: [",
            "fsorch.yaml: is not YAML (line 17, column 1: did not find expected ',' or ']'); mend it there",
        ),
        (
            "home: .",
            "home: 2027-02-30",
            "fsorch.yaml: has a value that cannot be (line 11, column 7: '2027-02-30': day is out of range for month); "
            "put text in quotes",
        ),
        (
            "home: .",
            "home: \x00",
            "fsorch.yaml: is not YAML (line 11, byte 7: control characters are not allowed; save it as UTF-8 text); "
            "mend it there",
        ),
        (
            'database: ""',
            "database: postgres://x/y",
            "the database URL begins with postgres; use sqlite:///path or mysql://user:password@host:port/name",
        ),
    ],
)
def test_a_settings_file_with_a_fault(home: Path, old: str, new: str, line: str) -> None:
    path = home / "fsorch.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    ran = fsorch("user", "list")
    assert ran.out == ""
    assert ran.err == f"fsorch: {line}\n"
    assert ran.code in (3, 7)


def test_the_shipped_password_is_refused_elsewhere(home: Path) -> None:
    path = home / "fsorch.yaml"
    lines = path.read_text().replace('host: "127.0.0.1"', "host: pbx.example.org").splitlines()
    path.write_text("\n".join("    password: ClueCon" if "password:" in line else line for line in lines))
    ran = fsorch("user", "list")
    assert ran.code == 3
    assert ran.err == (
        "fsorch: fsorch.yaml: switches[0].password is ClueCon, the one every FreeSWITCH is shipped with, and "
        "pbx.example.org is not on this machine; choose another in the switch's event_socket.conf.xml and here\n"
    )


def test_an_unexpected_fault_is_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by\nzero")

    monkeypatch.setattr(status_module, "look", broken)
    monkeypatch.setattr("fsorch_cli.app.App.client", lambda _: open("/dev/null", encoding="ascii"))
    ran = fsorch("status")
    line = "fsorch: unexpected ZeroDivisionError: division by zero; run again with --debug to see where\n"
    assert ran == (70, "", line)
    for args in (["--debug", "status"], ["status", "--debug"]):
        ran = fsorch(*args)
        assert ran.code == 70
        assert ran.err.startswith("Traceback (most recent call last):")
        assert ran.err.endswith(line)


def test_an_expected_error_shows_its_traceback_only_in_debug(home: Path) -> None:
    assert "Traceback" not in fsorch("queue", "list").err
    assert "Traceback" in fsorch("queue", "list", "--debug").err


def test_an_error_with_an_escape_sequence_repaints_nothing(home: Path) -> None:
    ran = fsorch("contact", "show", "\x1b[31mred\u202e")
    assert ran.err == "fsorch: no contact called '\\x1b[31mred\\u202e'\n"


def test_a_full_disk_wants_room_and_keeps_no_halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *_: object, **__: object) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "write_text", full)
    ran = fsorch("flow", "example", "shop")
    assert (ran.code, ran.err) == (
        3,
        "fsorch: .: cannot be written (No space left on device); make room on its disk\n",
    )
    assert list(tmp_path.iterdir()) == []
