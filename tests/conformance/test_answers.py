"""Who answered, told on the switch under test by how long they talk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fsorch.campaigns import AmdSpec, MachineAction
from fsorch.config import SwitchSettings
from fsorch.engine.facts import FactKind
from tests.conformance.conftest import PASSWORD
from tests.conformance.rig import Rig, Target
from tests.conformance.test_dialling import Floor, kill
from tests.conformance.virtual import virtual_switch

WHO = {"person": "says-300-2000", "mailbox": "greets-4", "music": "tone-440", "nobody": "answer-300"}
# Only twice as fast as the clock: between a sound and what is asked next lies a way through the engine.
SPEED = 2.0


@pytest.fixture
def target(real: SwitchSettings | None) -> Iterator[Target]:
    """The switch under test."""
    if real is not None:
        yield Target(real)
        return
    # The engine counts what it hears by its own clock, so the switch's must not stand still by itself.
    server = virtual_switch(PASSWORD, speed=SPEED, stride_s=None)
    server.start()
    try:
        yield Target(SwitchSettings(name="virtual", port=server.port, password=PASSWORD), SPEED, server.virtual_now)
    finally:
        server.stop()


def test_who_answers_is_told_by_how_long_they_talk(rig: Rig) -> None:
    amd = AmdSpec(beep=False, timing=True, pause_s=2.0, decide_s=4.0, greeting_s=2.5)
    floor = Floor(rig, WHO, amd=amd, machine_action=MachineAction.MESSAGE, machine_prompt="word")
    try:
        floor.run(*WHO)
        rows = {who: floor.attempt(who) for who in WHO}
    finally:
        for fact in floor.of(FactKind.ATTEMPT_STARTED):
            rig.link.call(kill(fact.leg))
        floor.close()
    assert {who: (row["outcome"], row["answer"]) for who, row in rows.items()} == {
        "person": ("live", "pause"),
        "mailbox": ("machine", "greeting"),
        "music": ("live", "unsure"),
        "nobody": ("live", "unsure"),
    }
    assert rows["mailbox"]["prompt"] == "word"
    assert [fact.data["by"] for fact in floor.of(FactKind.MACHINE_HEARD)] == ["greeting"]
