"""``fsorch esl``: a question to the virtual switch, and what is not asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fsorch.edge.asking import READS, only_reads
from fsorch.edge.demo_switch import SwitchPlan, SwitchWorld
from fsorch.sim.demo_centre import demo_centre
from tests.cli.cli import fsorch

PASSWORD = "a password of the switch"


@pytest.fixture
def switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SwitchWorld]:
    """A virtual switch, and an installation that knows it."""
    monkeypatch.chdir(tmp_path)
    world = SwitchWorld(SwitchPlan(password=PASSWORD, centre=demo_centre(), calls=1))
    world.start()
    try:
        given = ("--switch-port", str(world.server.port), "--switch-password-stdin", "--password-stdin")
        assert fsorch("init", *given, input=f"{PASSWORD}\ncorrect horse 7\n").code == 0
        yield world
    finally:
        world.server.stop()


def audited(act: str) -> list[str]:
    return [row["what"]["command"] for row in json.loads(fsorch("audit", "--act", act, "--json").out)]


@pytest.mark.usefixtures("switch")
def test_the_switch_answers_and_the_question_is_audited() -> None:
    ran = fsorch("esl", "version")
    assert (ran.code, ran.err) == (0, "")
    assert "FreeSWITCH" in ran.out
    assert json.loads(fsorch("esl", "module_exists", "mod_sofia", "--json").out)["answer"].strip() in ("true", "false")
    assert audited("esl.") == ["module_exists mod_sofia", "version"]


@pytest.mark.usefixtures("switch")
def test_what_may_change_something_needs_force() -> None:
    ran = fsorch("esl", "db", "insert/realm/key/a")
    assert "'db' may change something; use --force" in ran.err
    assert ran.code != 0
    assert audited("esl.") == []
    assert fsorch("esl", "--force", "db", "insert/realm/key/a").out == "+OK\n"
    assert audited("esl.force") == ["db insert/realm/key/a"]


@pytest.mark.usefixtures("switch")
@pytest.mark.parametrize("words", [["version\n\nexit"], ["show", "${system(id)}"], [" "]])
def test_a_line_that_is_more_than_one_question_is_never_sent(words: list[str]) -> None:
    ran = fsorch("esl", "--force", *words)
    assert ran.code not in (0, 70)
    assert ran.err.startswith("fsorch: ")


@pytest.mark.parametrize(
    "command",
    ["", "shutdown", "sofia", "sofia profile x restart", "global_getvar", "local_stream stop x", "showx", "SHOW"],
)
def test_no_such_word_only_reads(command: str) -> None:
    assert not only_reads(command)
    assert all(only_reads(" ".join([word, *sorted(after)[:1]])) for word, after in READS.items())
