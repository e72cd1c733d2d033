"""Making an installation and a configuration, as the README says and as people do it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import yaml

from fsorch.comparing import Change, compare
from fsorch.config import Centre
from fsorch.edge.settings import read_centre, read_settings
from fsorch.store import open_database
from tests.cli.cli import fsorch

PASSWORD = "correct horse 7"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation in the current directory, whose admin has PASSWORD."""
    monkeypatch.chdir(tmp_path)
    ran = fsorch("init", "--password-stdin", input=PASSWORD + "\n")
    assert (ran.code, ran.err) == (0, "")
    return tmp_path


def test_init_makes_files_that_fsorch_reads(home: Path) -> None:
    settings = read_settings(home / "fsorch.yaml")
    assert settings.home == str(home)
    assert settings.database == f"sqlite:///{home}/fsorch.sqlite3"
    centre = read_centre(home / "centre.yaml")
    assert [queue.id for queue in centre.queues] == ["sales", "support"]
    for name in ("fsorch.yaml", "centre.yaml", "fsorch.sqlite3"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600


def test_init_says_what_to_do_next(home: Path, tmp_path: Path) -> None:
    ran = fsorch("init", tmp_path / "second")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == f"wrote {tmp_path}/second/fsorch.yaml and {tmp_path}/second/centre.yaml, and the database"
    assert lines[1].startswith("log in as admin with ")
    assert lines[1].endswith(" (shown this once)")
    assert lines[-1] == f"  fsorch run --settings {tmp_path}/second/fsorch.yaml"
    shown = lines[1].split()[5]
    store = open_database(read_settings(tmp_path / "second" / "fsorch.yaml").database)
    assert store.verify("admin", shown) is not None
    store.close()


def test_init_takes_both_passwords_from_standard_input(tmp_path: Path) -> None:
    args = ["init", str(tmp_path), "--switch-password-stdin", "--password-stdin", "--switch-host", "pbx.example"]
    assert fsorch(*args, input=f'sw: "itch"\n{PASSWORD}\n').code == 0
    settings = read_settings(tmp_path / "fsorch.yaml")
    assert settings.switches[0].password == 'sw: "itch"'
    assert settings.switches[0].host == "pbx.example"


@pytest.mark.parametrize(
    ("args", "input", "line"),
    [
        (
            ["--password-stdin"],
            "short\n",
            "fsorch: the password for 'admin' has fewer than 8 characters; use a longer one",
        ),
        (["--password-stdin"], "", "fsorch: standard input holds no password; its first line is taken"),
        (
            ["--switch-password-stdin", "--switch-host", "192.0.2.7"],
            "ClueCon\n",
            "fsorch: switch.password is ClueCon, the one every FreeSWITCH is shipped with, and 192.0.2.7 is not on "
            "this machine; choose another in the switch's event_socket.conf.xml and here",
        ),
    ],
)
def test_init_refuses_bad_passwords_and_leaves_nothing(tmp_path: Path, args: list[str], input: str, line: str) -> None:
    assert fsorch("init", tmp_path / "new", *args, input=input) == (3, "", line + "\n")
    assert list(tmp_path.iterdir()) == []


def test_init_overwrites_only_when_told(home: Path) -> None:
    (home / "fsorch.yaml").unlink()
    ran = fsorch("init")
    assert ran == (3, "", "fsorch: centre.yaml: is there already; use another directory, or --force to overwrite\n")
    assert not (home / "fsorch.yaml").exists()
    assert fsorch("init", "--force", "--password-stdin", input="another horse 8\n").code == 0
    store = open_database(read_settings(home / "fsorch.yaml").database)
    assert store.verify("admin", "another horse 8") is not None
    store.close()


def test_apply_shows_changes_and_applies_them_once(home: Path) -> None:
    dry = fsorch("apply", "centre.yaml", "--dry-run")
    assert (dry.code, dry.err) == (0, "")
    assert dry.out.splitlines() == [
        "+ queue sales",
        "+ queue support",
        "+ agent ada",
        "+ agent ben",
        "+ flow main",
        "+ break lunch",
        "+ break training",
        "~ name: fsorch → Example",
        '~ flow: "" → main',
        "9 changes, not applied (--dry-run)",
    ]
    ran = fsorch("apply", "centre.yaml")
    assert ran.out.splitlines() == [
        *dry.out.splitlines()[:-1],
        "9 changes applied as revision 1; in force when fsorch runs",
    ]
    assert ran.err == "no password yet: ada; give one with: fsorch user passwd ada\n"
    assert fsorch("apply", "centre.yaml").out == "nothing to change\n"
    plain = json.loads(fsorch("apply", "centre.yaml", "--json").out)
    assert plain == {"changes": [], "revision": 1, "applied": False}


def test_apply_names_what_differs(home: Path) -> None:
    fsorch("apply", "centre.yaml")
    centre = yaml.safe_load((home / "centre.yaml").read_text())
    centre["queues"][0]["wrap_up_s"] = 5
    centre["agents"][0]["queues"] = [{"queue": "sales"}]
    del centre["agents"][1]
    (home / "new.yaml").write_text(yaml.safe_dump(centre))
    assert fsorch("apply", "new.yaml").out.splitlines() == [
        "~ queue sales: wrap_up_s 10.0 → 5.0",
        "- agent ben",
        "~ agent ada: queues [sales 1/1, support 2/1] → [sales 1/1]",
        "3 changes applied as revision 2; in force when fsorch runs",
    ]


def test_apply_refuses_what_could_not_be_dialled(home: Path) -> None:
    (home / "bad.yaml").write_text("agents: [{id: eve, phone: 'user/1\\nevil'}]\nqueues: []\n".replace("'", '"'))
    ran = fsorch("apply", "bad.yaml")
    assert ran.code == 3
    assert ran.err.startswith("fsorch: agents[0].phone: ")
    assert len(ran.err.splitlines()) == 1


def test_no_difference_between_equals(home: Path) -> None:
    centre = read_centre(home / "centre.yaml")
    assert compare(centre, centre) == []
    assert compare(Centre(), Centre(name="x\x1b")) == [Change("~", "name", "fsorch → x\x1b")]


def test_users_are_added_given_passwords_and_listed(home: Path) -> None:
    fsorch("apply", "centre.yaml")
    assert fsorch("user", "add", "sam", "--role", "supervisor", "--password-stdin", input=PASSWORD + "\n") == (
        0,
        "sam logs in with the password you gave\n",
        "",
    )
    made = fsorch("user", "passwd", "ada")
    assert made.out.startswith("ada logs in with ")
    users = {user["login"]: user for user in json.loads(fsorch("user", "list", "--json").out)}
    assert [(user["role"], user["agent"]) for user in users.values()] == [
        ("agent", "ada"),
        ("admin", ""),
        ("supervisor", ""),
    ]
    assert PASSWORD not in fsorch("user", "list", "--json").out
    store = open_database(read_settings(home / "fsorch.yaml").database)
    assert store.verify("ada", made.out.split()[-1]) is not None
    store.close()


def test_lists_of_nothing_say_so(home: Path) -> None:
    assert fsorch("contact", "list") == (0, "No contacts yet.\n", "")
    assert fsorch("contact", "list", "--queue", "x").out == "No contacts match.\n"
    assert fsorch("contact", "list", "--json").out == "[]\n"
    assert fsorch("cdr", "list", "--json").out == "[]\n"
    assert fsorch("cdr", "export") == (0, "", "")


def test_the_files_of_the_switch_get_the_settings_password(home: Path) -> None:
    ran = fsorch("freeswitch", "export", "switch")
    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "The event socket's password: that of the switch main in fsorch.yaml"
    password = read_settings(home / "fsorch.yaml").switches[0].password
    assert password in (home / "switch/autoload_configs/event_socket.conf.xml").read_text()
    assert fsorch("freeswitch", "export", "switch").code == 3
    assert fsorch("freeswitch", "export", "switch", "--force").code == 0


def test_the_files_of_the_switch_without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = fsorch("freeswitch", "export", "switch")
    password = ran.out.splitlines()[-1].split()[-1]
    assert password in (tmp_path / "switch/autoload_configs/event_socket.conf.xml").read_text()
