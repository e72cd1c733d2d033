"""Who hears whom: every party hums a tone of its own, and what each of them hears is recorded and looked at.

The virtual switch carries no sound, so this is for a real one, on this machine.
"""

from __future__ import annotations

import math
import time
import uuid
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from fsorch.config import SwitchSettings
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import (
    AddParty,
    CancelTransfer,
    CompleteTransfer,
    ConferCall,
    HangUp,
    HoldCall,
    MuteCall,
    StopListening,
    Supervise,
    TakeOver,
    TransferCall,
)
from fsorch.esl.commands import Playback, Record, SetVar
from tests.conformance.office import BY, Office
from tests.conformance.rig import Call, Rig, far_end

# In hertz, far from each other's harmonics and from the music, which is MUSIC of the office.
TONES = {"caller": 550, "ada": 800, "bob": 1150, "cyd": 1650, "dan": 2350}
MUSIC = 300
PHONE = far_end(f"tone-{TONES['cyd']}")
LISTEN_S = 0.5
# A tone is heard when it is so much of what is heard (power in its bin, against all of it).
HEARD = 0.02


class Ears:
    """The far ends, and what they hear."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office = office
        self.rig = office.rig
        self.folder = folder
        self.call: Call | None = None

    def begin(self, *agents: str) -> str:
        """A caller talks to ada; the others log in after that. The contact."""
        office = self.office
        office.log_in("ada")
        self.call = self.rig.call_in(silent=False)
        office.press(self.call, "1")
        contact = office.fact(FactKind.BRIDGED, agent="ada").contact
        self.rig.event("CHANNEL_PARK", leg=self.call.caller)
        self.rig.send(Playback(self.call.caller, f"tone_stream://%(1000,0,{TONES['caller']});loops=-1"))
        # CHANNEL_BRIDGE comes some 20 ms, more on a busy machine, before both threads are in the bridge. Who is taken
        # out of it in that time leaves the other one hung up (switch_ivr_bridge.c, audio_bridge_thread:
        # DESTINATION_OUT_OF_ORDER). No person is so quick.
        self.expect(caller="ada", ada="caller")
        office.log_in(*agents)
        return contact

    def calls(self, who: str) -> dict[str, str]:
        """The phone's own ends of its calls that are answered and not over, by the SIP call's id."""
        name = f"tone-{TONES[who]}"
        mine = [event for event in self.rig.events if event.destination == name and event.direction == "inbound"]
        over = {event.uuid for event in mine if event.name == "CHANNEL_HANGUP"}
        there = [event for event in mine if event.name == "CHANNEL_ANSWER" and event.uuid not in over]
        return {event.variable("sip_call_id") or "": event.uuid for event in there}

    def leg(self, who: str) -> str:
        """The party's own end, that of the leg by which fsorch reached them last."""
        assert self.call is not None
        if who == "caller":
            return self.call.caller
        offers, watches = self.office.of(FactKind.OFFER_MADE, agent=who), self.office.of(FactKind.LISTENING_BEGAN)
        reached = [*offers, *(fact for fact in watches if fact.data["watcher"] == who)]
        ours = max(reached, key=lambda fact: fact.id).leg if reached else ""
        ids = {event.variable("sip_call_id") for event in self.rig.events if event.uuid == ours}
        return next((end for id, end in self.calls(who).items() if id in ids), "")

    def hears(self, who: str) -> set[str]:
        """Whom this party hears now, and ``music``."""
        if not self.leg(who):
            return set()
        leg, path = self.leg(who), self.folder / f"{uuid.uuid4()}.wav"
        self.rig.ask(SetVar(leg, "RECORD_READ_ONLY", "true"))
        # Else the switch keeps back the first 25 frames, half a second, and drops them with what is stopped before.
        self.rig.ask(SetVar(leg, "RECORD_PRE_BUFFER_FRAMES", "1"))
        assert self.rig.ask(Record(leg, "start", str(path))).ok
        end = time.monotonic() + LISTEN_S
        self.rig.until(lambda: time.monotonic() > end, "something to hear")
        assert self.rig.ask(Record(leg, "stop", str(path))).ok
        names = {**{name: hertz for name, hertz in TONES.items() if name != who}, "music": MUSIC}
        return heard(path, names)

    def expect(self, **wanted: str) -> None:
        """Wait until each of these hears just the ones named (with spaces between)."""
        for who, names in wanted.items():
            had: list[set[str]] = []

            def right(who: str = who, names: str = names, had: list[set[str]] = had) -> bool:
                had.append(self.hears(who))
                return had[-1] == set(names.split())

            try:
                self.rig.until(right, who)
            except AssertionError:
                pytest.fail(f"{who} hears {sorted(had[-1])}, not {names!r}")


def heard(path: Path, names: dict[str, int]) -> set[str]:
    """The names of the tones in a recording."""
    if not path.exists():
        # Nothing came at all.
        return set()
    with wave.open(str(path)) as file:
        rate, frames = file.getframerate(), file.readframes(file.getnframes())
    sound = array("h", frames[: len(frames) // 2 * 2])
    power = sum(value * value for value in sound) / max(1, len(sound))
    if power < 100:
        return set()
    return {name for name, hertz in names.items() if _power(sound, hertz, rate) > HEARD * power}


def _power(sound: array[int], hertz: int, rate: int) -> float:
    """The mean power of one frequency (Goertzel)."""
    factor = 2 * math.cos(2 * math.pi * hertz / rate)
    one = two = 0.0
    for value in sound:
        one, two = value + factor * one - two, one
    return 2 * (one * one + two * two - factor * one * two) / max(1, len(sound)) ** 2


@pytest.fixture(params=["dialled", "nailed up"])
def ears(rig: Rig, real: SwitchSettings | None, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ears]:
    if real is None:
        pytest.skip("the virtual switch carries no sound")
    tmp_path.chmod(0o777)
    phones = {name: f"tone-{hertz}" for name, hertz in TONES.items() if name != "caller"}
    office = Office(rig, phones, nailed=phones if request.param == "nailed up" else ())
    yield Ears(office, tmp_path)
    office.log_out(*(view.id for view in office.pump.snapshot().agents if view.status != "logged_out"))
    office.close()


def test_hold_and_mute(ears: Ears) -> None:
    contact = ears.begin()
    ears.expect(caller="ada", ada="caller")
    ears.office.ask(MuteCall(agent="ada", by=BY, on=True))
    ears.expect(caller="", ada="caller")
    ears.office.ask(MuteCall(agent="ada", by=BY, on=False))
    ears.expect(caller="ada", ada="caller")
    ears.office.ask(HoldCall(agent="ada", by=BY, on=True))
    ears.office.fact(FactKind.HOLD_CHANGED, 1, contact=contact)
    ears.expect(ada="")
    assert "ada" not in ears.hears("caller")
    ears.office.ask(HoldCall(agent="ada", by=BY, on=False))
    ears.office.fact(FactKind.HOLD_CHANGED, 2, contact=contact)
    ears.expect(caller="ada", ada="caller")


def test_consult_conference_and_hand_over(ears: Ears) -> None:
    contact = ears.begin("bob", "cyd", "dan")
    ears.office.ask(TransferCall(agent="ada", by=BY, to="bob", consult=True))
    ears.office.agent_is("bob", "talking")
    # Nailed up, they have not been at work for long enough that their lines stand.
    assert len(ears.calls("bob")) == 1
    ears.expect(caller="music", ada="bob", bob="ada")
    ears.office.ask(ConferCall(agent="ada", by=BY))
    ears.expect(caller="ada bob", ada="caller bob", bob="caller ada")
    ears.office.ask(AddParty(agent="ada", by=BY, to="cyd"))
    ears.office.agent_is("cyd", "talking")
    ears.expect(caller="ada bob cyd", ada="caller bob cyd", bob="caller ada cyd", cyd="caller ada bob")
    ears.office.ask(HangUp(agent="ada", by=BY))
    ears.expect(caller="bob cyd", bob="caller cyd", cyd="caller bob")
    ears.office.ask(HangUp(agent="bob", by=BY))
    ears.expect(caller="cyd", cyd="caller")
    ears.office.ask(TransferCall(agent="cyd", by=BY, to="dan", consult=True))
    ears.office.agent_is("dan", "talking")
    ears.expect(caller="music", dan="cyd")
    ears.office.ask(CancelTransfer(agent="cyd", by=BY))
    ears.expect(caller="cyd", cyd="caller")
    ears.office.agent_is("dan", "idle")
    ears.office.ask(TransferCall(agent="cyd", by=BY, to="dan", consult=True))
    ears.office.agent_is("dan", "talking")
    ears.office.ask(CompleteTransfer(agent="cyd", by=BY))
    ears.office.fact(FactKind.BRIDGED, agent="dan", contact=contact)
    ears.expect(caller="dan", dan="caller")


def test_a_supervisor_listens_whispers_barges_and_takes_over(ears: Ears) -> None:
    ears.begin("cyd")
    ways: tuple[tuple[Literal["listen", "whisper", "barge"], str, str], ...] = (
        ("listen", "ada", "caller"),
        ("whisper", "ada", "caller cyd"),
        ("barge", "ada cyd", "caller cyd"),
        ("whisper", "ada", "caller cyd"),
        ("listen", "ada", "caller"),
    )
    for mode, caller, ada in ways:
        ears.office.ask(Supervise(agent="ada", by=BY, watcher="cyd", mode=mode, phone=PHONE))
        ears.expect(cyd="caller ada", caller=caller, ada=ada)
    ears.office.ask(StopListening(agent="ada", by=BY, watcher="cyd"))
    ears.office.fact(FactKind.LISTENING_ENDED)
    ears.expect(caller="ada", ada="caller")
    ears.office.ask(TakeOver(agent="ada", by=BY, taker="cyd"))
    ears.office.agent_is("cyd", "talking")
    ears.expect(caller="cyd", cyd="caller")
