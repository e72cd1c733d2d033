"""The beginning of every command: fast, light, and patched in time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from fsorch.edge.control_wire import CLASSES
from fsorch_cli.group import EXIT_INTERRUPTED, EXIT_UNEXPECTED
from fsorch_cli.main import COMMANDS
from tests.cli.cli import fsorch
from tests.floors import ROOT

# What must not be loaded when gevent patches: they would keep the unpatched pieces.
EARLY = {"socket", "ssl", "select", "selectors", "subprocess", "queue", "logging", "gevent"}
# What nobody should wait for who asks for help.
HEAVY = EARLY | {"rich", "msgspec", "yaml", "peewee", "flask", "fsorch.engine", "fsorch.esl", "fsorch.store"}
LOOK = """
import json, sys
sys.path[:0] = ["{root}", "{root}/cli", "{root}/web"]
from fsorch_cli.main import cli
try:
    cli.main({args}, prog_name="fsorch")
except SystemExit:
    json.dump(sorted(sys.modules), sys.stderr)
"""


def modules_after(*args: str) -> set[str]:
    """What a fresh interpreter has loaded after ``fsorch ARGS``."""
    code = LOOK.format(root=ROOT, args=list(args))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_help_loads_nothing_heavy() -> None:
    assert modules_after("--help") & HEAVY == set()


def test_nothing_is_loaded_that_gevent_must_patch_first() -> None:
    assert modules_after("--version") & EARLY == set()


@pytest.mark.parametrize("name", [name for name, entry in COMMANDS.items() if not entry.greenlets])
def test_a_plain_command_needs_no_gevent(name: str) -> None:
    loaded = modules_after(name, "--help")
    assert f"fsorch_cli.commands.{COMMANDS[name].module}" in loaded
    assert not {module for module in loaded if module.split(".")[0] in ("gevent", "flask")}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    ran = fsorch(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: fsorch {name} ")
    assert "--settings FILE" in ran.out


def test_a_group_without_a_verb_shows_its_page_of_help() -> None:
    ran = fsorch("dnc")
    assert (ran.code, ran.out) == (2, "")
    lines = ran.err.splitlines()
    assert lines[0] == "Usage: fsorch dnc [OPTIONS] COMMAND [ARGS]..."
    assert any(line.split()[:1] == ["check"] for line in lines)


def test_the_help_lists_every_command_and_every_exit_code() -> None:
    ran = fsorch("--help")
    assert ran.code == 0
    words = set(ran.out.split())
    assert words >= set(COMMANDS)
    codes = {str(cls.exit_code) for cls in CLASSES.values()} | {"0", "2", str(EXIT_UNEXPECTED), str(EXIT_INTERRUPTED)}
    assert words >= codes


def test_the_version() -> None:
    ran = fsorch("--version")
    assert ran.code == 0
    assert ran.out.startswith("fsorch ")
