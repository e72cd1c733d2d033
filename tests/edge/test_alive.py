"""The sign of life that a process leaves for the next."""

from __future__ import annotations

import os
from pathlib import Path

from fsorch.edge.alive import Alive
from fsorch.engine.facts import Fact, FactKind

LONG_AGO_US = 1_700_000_000_000_000


def told(kind: FactKind, switch: str) -> Fact:
    return Fact(id="f", at=LONG_AGO_US, kind=kind, switch=switch)


def test_there_is_none_before_the_first(tmp_path: Path) -> None:
    assert Alive(tmp_path).last() == 0
    Alive(tmp_path / "nowhere").beat()


def test_it_is_given_while_a_switch_is_listened_to(tmp_path: Path) -> None:
    alive = Alive(tmp_path)
    alive.take([told(FactKind.LINK_UP, "main"), told(FactKind.LINK_UP, "other"), told(FactKind.LINK_DOWN, "main")])
    alive.beat()
    first = alive.last()
    assert first > LONG_AGO_US
    assert Alive(tmp_path).last() == first


def test_a_life_that_heard_no_switch_leaves_the_one_of_the_life_before(tmp_path: Path) -> None:
    before = Alive(tmp_path)
    before.take([told(FactKind.LINK_UP, "main")])
    before.beat()
    os.utime(tmp_path / "alive", ns=(LONG_AGO_US * 1_000, LONG_AGO_US * 1_000))
    short = Alive(tmp_path)
    short.take([told(FactKind.CONFIGURED, "")])
    short.beat()
    assert short.last() == LONG_AGO_US
    short.take([told(FactKind.LINK_UP, "main"), told(FactKind.LINK_DOWN, "main")])
    short.beat()
    assert short.last() == LONG_AGO_US
