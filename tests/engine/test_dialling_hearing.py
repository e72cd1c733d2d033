"""Who has answered a campaign's call: people, machines, and what is done with them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from fsorch.campaigns import (
    AmdSpec,
    MachineAction,
    Outcome,
)
from fsorch.config import Centre
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import SwitchEvent
from fsorch.esl.commands import Bridge, Execute, Kill, Originate, Park, Playback
from fsorch.esl.events import Event
from tests.engine.dialroom import CAMPAIGN, Room, centre


def said(room: Room) -> list[Playback]:
    """What was played to whoever was called."""
    legs = {call.uuid for call in room.calls()}
    return [one for one, _ in room.sent if isinstance(one, Playback) and one.uuid in legs]


def amd_centre(**more: Any) -> Centre:
    return centre(structs.replace(CAMPAIGN, amd=AmdSpec(), **more))


@pytest.mark.parametrize("parked", [True, False])
def test_a_beep_takes_a_machine_from_the_agent_and_leaves_the_message(parked: bool) -> None:
    told = amd_centre(machine_action=MachineAction.MESSAGE, machine_prompt="drop_message")
    room = Room(told)
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    room.bridge(call.uuid, room.last(Bridge).b)
    assert [one.app for one, _ in room.sent if isinstance(one, Execute)] == ["tone_detect"] * 2 + ["avmd_start"]
    room.passes(6)
    room.event("CUSTOM", call.uuid, subclass="avmd::beep")
    assert room.last(Park).uuid == call.uuid
    assert room.agent("a0").state == "wrap_up"
    # Played while the leg still leaves the bridge it would end at once.
    assert not said(room)
    if parked:
        room.event("CHANNEL_PARK", call.uuid)
    else:
        room.passes(2.1)
    (message,) = said(room)
    assert (message.uuid, "drop_message" in message.file) == (call.uuid, True)
    room.event("CHANNEL_EXECUTE_COMPLETE", call.uuid, application_uuid=message.event_uuid)
    assert room.last(Kill).uuid == call.uuid
    room.ends(call.uuid)
    (row,) = room.ended()
    assert (row.outcome, row.prompt) == ("machine", "drop_message")


def test_an_answer_without_ringing_is_listened_to_before_an_agent_gets_it() -> None:
    room = Room(amd_centre())
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call, rang=False)
    assert not room.engine.snapshot().contacts
    room.passes(3)
    assert room.contact().agent == "a0"
    other = Room(amd_centre())
    other.at_work("a0")
    other.run()
    (call,) = other.calls()
    other.answers(call, rang=False)
    other.event("CUSTOM", call.uuid, subclass="avmd::beep")
    assert other.last(Kill).uuid == call.uuid
    other.ends(call.uuid)
    assert [row.outcome for row in other.ended()] == ["machine"]
    assert not other.of(FactKind.CONTACT_BEGAN)


def fax_tone(room: Room, call: Originate) -> None:
    """As the switch tells it: by the key of one of the two that listen, and nothing else."""
    listening = [one.arg.split()[0] for one, _ in room.sent if isinstance(one, Execute) and one.app == "tone_detect"]
    assert len(set(listening)) == 2
    assert all(key.endswith(f".{call.uuid}") for key in listening)
    for key in reversed(listening):
        room.tell(SwitchEvent("main", Event(name="DETECTED_TONE", known={"Detected-Tone": key})))


@pytest.mark.parametrize("action", MachineAction)
def test_a_fax_machine_is_taken_from_the_agent_and_told_nothing(action: MachineAction) -> None:
    room = Room(amd_centre(machine_action=action, machine_prompt="drop_message"))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    room.bridge(call.uuid, room.last(Bridge).b)
    room.passes(2)
    fax_tone(room, call)
    assert room.agent("a0").state == "wrap_up"
    assert (room.last(Kill).uuid, [one for one, _ in room.sent if isinstance(one, Playback)]) == (call.uuid, [])
    room.ends(call.uuid)
    assert [row.outcome for row in room.ended()] == ["fax"]
    assert [fact.data["by"] for fact in room.of(FactKind.MACHINE_HEARD)] == ["fax tone"]
    assert room.engine.snapshot().campaigns[0].outcomes == {"fax": 1}


def test_a_fax_machine_that_we_still_listened_to_reaches_nobody() -> None:
    room, ear = listening(AmdSpec(timing=True), machine_action=MachineAction.AGENT)
    ear.ends(0.4, found=True)
    fax_tone(room, ear.call)
    assert room.last(Kill).uuid == ear.call.uuid
    room.ends(ear.call.uuid)
    assert [row.outcome for row in room.ended()] == ["fax"]
    assert not room.of(FactKind.CONTACT_BEGAN)
    # Its number is left out from now on; the lead has no other.
    assert room.of(FactKind.LEAD_CHANGED)[-1].data["row"]["state"] == "barred"


def test_a_tone_of_the_network_or_of_a_call_that_is_over_changes_nothing() -> None:
    room, ear = listening(AmdSpec(timing=True))
    for key in ("sit0", "", "none", "fax0.", "fax0.nobody", f"sit0.{ear.call.uuid}"):
        room.tell(SwitchEvent("main", Event(name="DETECTED_TONE", known={"Detected-Tone": key})))
    room.passes(2)
    assert room.contact().agent == "a0"
    room.bridge(ear.call.uuid, room.last(Bridge).b)
    room.ends(ear.call.uuid)
    fax_tone(room, ear.call)
    assert [row.outcome for row in room.ended()] == ["live"]


def test_who_does_not_want_fax_machines_found_gets_no_detectors() -> None:
    room, _ = listening(AmdSpec(fax=False))
    assert "tone_detect" not in [one.app for one, _ in room.sent if isinstance(one, Execute)]


def network_says(room: Room, call: Originate, *tones: tuple[str, float]) -> None:
    """Tones by the names of their detectors, at so many seconds from now, as the switch tells it."""
    now = room.clock.now()
    for tone, at in tones:
        room.passes(max(0.0, now.mono + at - room.clock.now().mono))
        told = {"Detected-Tone": f"{tone}1.{call.uuid}"}
        room.tell(SwitchEvent("main", Event(name="DETECTED_TONE", known=told, timestamp=now.wall + round(at * 1e6))))


@pytest.mark.parametrize("served", [True, False])
@pytest.mark.parametrize(("tone", "outcome"), [("none", "unreachable"), ("full", "congestion")])
def test_an_announcement_of_the_network_is_taken_from_the_agent(tone: str, outcome: str, served: bool) -> None:
    room = Room(centre(structs.replace(CAMPAIGN, amd=AmdSpec(beep=False, sit=True))))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    # The agent has it meanwhile, or is about to: nobody waits for tones.
    if served:
        room.bridge(call.uuid, room.last(Bridge).b)
    network_says(room, call, (tone, 0.7), ("last", 1.0))
    assert (room.last(Kill).uuid, room.agent("a0").state) == (call.uuid, "wrap_up" if served else "idle")
    room.ends(call.uuid)
    assert [(row.outcome, row.agent) for row in room.ended()] == [(outcome, "a0" if served else "")]
    assert [fact.data["by"] for fact in room.of(FactKind.MACHINE_HEARD)] == ["network's tones"]
    (ended,) = room.of(FactKind.CONTACT_ENDED)
    assert ended.data["row"]["outcome"] == ("answered" if served else "not_reached")
    # It is tried again by the rule of that outcome, once the agent's wrap-up is over.
    room.passes(11)
    rest_us = round(CAMPAIGN.retry(Outcome(outcome)).after_s * 1e6)  # type: ignore[union-attr]
    lead = next(row for row in reversed(room.changed()) if row["id"] == room.ended()[0].lead)
    assert (lead["state"], lead["next_at"] - rest_us) == ("ready", room.ended()[0].ended_at)
    assert room.engine.snapshot().campaigns[0].outcomes == {outcome: 1}


@pytest.mark.parametrize(
    "tones",
    [
        (("none", 0.7),),
        (("last", 0.7),),
        (("last", 0.7), ("none", 1.0)),
        (("none", 0.7), ("last", 2.0)),
        (("none", 5.2), ("last", 5.5)),
    ],
)
def test_what_is_no_announcement_stays_with_the_agent(tones: tuple[tuple[str, float], ...]) -> None:
    room, ear = listening(AmdSpec(beep=False, sit=True))
    room.bridge(ear.call.uuid, room.last(Bridge).b)
    network_says(room, ear.call, *tones)
    assert room.agent("a0").state == "talking"
    room.ends(ear.call.uuid)
    assert [row.outcome for row in room.ended()] == ["live"]


def test_an_announcement_that_we_still_listened_to_reaches_nobody() -> None:
    room, ear = listening(AmdSpec(timing=True, sit=True), machine_action=MachineAction.AGENT)
    ear.ends(0.4, found=True)
    network_says(room, ear.call, ("none", 0.2), ("last", 0.5))
    assert room.last(Kill).uuid == ear.call.uuid
    room.ends(ear.call.uuid)
    assert [row.outcome for row in room.ended()] == ["unreachable"]
    assert not room.of(FactKind.CONTACT_BEGAN)


class Ear:
    """The switch of one call: ends what listens there, as of seconds since the answer."""

    def __init__(self, room: Room, call: Originate) -> None:
        self.room, self.call = room, call
        self.answered = room.clock.now()

    def ends(self, at: float, *, found: bool) -> None:
        room = self.room
        room.passes(max(0.0, self.answered.mono + at - room.clock.now().mono))
        app = room.last(Execute)
        assert app.uuid == self.call.uuid
        said = {f"{app.app}_timeout": "false" if found else "true"}
        room.event(
            "CHANNEL_EXECUTE_COMPLETE",
            self.call.uuid,
            said,
            application=app.app,
            application_uuid=app.event_uuid,
            timestamp=self.answered.wall + round(at * 1_000_000),
        )


def listening(amd: AmdSpec, **more: Any) -> tuple[Room, Ear]:
    """A room in which somebody has just answered."""
    room = Room(centre(structs.replace(CAMPAIGN, amd=amd, **more)))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    return room, Ear(room, call)


TIMING = AmdSpec(beep=False, timing=True, greeting_s=5.0)


def test_a_person_is_with_an_agent_once_they_wait_for_an_answer() -> None:
    room, ear = listening(TIMING)
    assert not room.engine.snapshot().contacts
    assert room.last(Execute).arg == "150 3 1500"
    ear.ends(0.4, found=True)
    assert (room.last(Execute).app, room.last(Execute).arg) == ("detect_silence", "150 2 1420")
    ear.ends(1.1, found=True)
    assert (room.last(Execute).app, room.last(Execute).arg) == ("detect_audio", "150 3 540")
    assert not room.engine.snapshot().contacts
    ear.ends(1.62, found=False)
    assert not room.engine.snapshot().contacts
    ear.ends(1.66, found=False)
    assert room.contact().agent == "a0"
    room.bridge(ear.call.uuid, room.last(Bridge).b)
    room.ends(ear.call.uuid)
    assert [(row.outcome, row.answer) for row in room.ended()] == [("live", "pause")]


def test_a_silent_switch_keeps_nobody_waiting() -> None:
    room, _ = listening(TIMING)
    room.passes(1.6)
    assert not room.engine.snapshot().contacts
    room.passes(0.1)
    assert room.contact().agent == "a0"


def talks_on(ear: Ear) -> None:
    """A greeting with gaps, until it has lasted too long."""
    for n in range(6):
        ear.ends(0.4 + n * 0.8, found=True)
        ear.ends(0.9 + n * 0.8, found=True)
    ear.ends(5.35, found=True)


def test_a_long_greeting_is_a_machine_and_gets_its_message_after_the_beep() -> None:
    more: dict[str, Any] = {"machine_action": MachineAction.MESSAGE, "machine_prompt": "drop_message"}
    room, ear = listening(AmdSpec(timing=True, greeting_s=5.0), **more)
    talks_on(ear)
    assert not room.of(FactKind.CONTACT_BEGAN)
    assert room.of(FactKind.MACHINE_HEARD)[0].data["by"] == "greeting"
    assert room.last(Execute).app == "wait_for_silence"
    waiting = room.last(Execute).event_uuid
    room.passes(2)
    room.event("CUSTOM", ear.call.uuid, subclass="avmd::beep")
    room.event("CHANNEL_EXECUTE_COMPLETE", ear.call.uuid, application_uuid=waiting)
    assert not said(room)
    assert not [one for one, _ in room.sent if isinstance(one, Kill)], "the wait that we broke off ends nothing"
    room.event("CHANNEL_PARK", ear.call.uuid)
    (message,) = said(room)
    assert room.last(Park).uuid == message.uuid == ear.call.uuid
    room.event("CHANNEL_EXECUTE_COMPLETE", ear.call.uuid, application_uuid=message.event_uuid)
    assert room.last(Kill).uuid == ear.call.uuid
    room.ends(ear.call.uuid)
    assert [(row.outcome, row.prompt, row.answer) for row in room.ended()] == [
        ("machine", "drop_message", "greeting beep")
    ]


def test_a_machine_that_does_not_beep_gets_its_message_when_it_is_silent() -> None:
    more: dict[str, Any] = {"machine_action": MachineAction.MESSAGE, "machine_prompt": "drop_message"}
    room, ear = listening(TIMING, **more)
    talks_on(ear)
    ear.ends(9, found=True)
    (message,) = said(room)
    assert "drop_message" in message.file
    # Nothing runs on the leg that would keep it back.
    assert not [one for one, _ in room.sent if isinstance(one, Park)]
    room, ear = listening(TIMING, **more)
    talks_on(ear)
    # Whatever never falls silent records nothing.
    ear.ends(35, found=False)
    assert room.last(Kill).uuid == ear.call.uuid


def test_who_hangs_up_where_a_machine_was_thought_to_be_is_counted() -> None:
    more: dict[str, Any] = {"machine_action": MachineAction.MESSAGE, "machine_prompt": "drop_message"}
    room, ear = listening(TIMING, **more)
    talks_on(ear)
    room.ends(ear.call.uuid)
    assert [(row.outcome, row.answer) for row in room.ended()] == [("machine", "greeting hung_up")]
    [view] = room.engine.snapshot().campaigns
    assert (view.false_alarms, view.wronged, view.missed) == (1, 1, 0)


def test_a_machine_is_given_to_an_agent_to_be_checked() -> None:
    room, ear = listening(structs.replace(TIMING, checked=1.0))
    talks_on(ear)
    assert room.contact().agent == "a0"
    room.bridge(ear.call.uuid, room.last(Bridge).b)
    room.ends(ear.call.uuid)
    assert [row.answer for row in room.ended()] == ["greeting checked"]


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        ("NORMAL_CIRCUIT_CONGESTION", "congestion"),
        ("DESTINATION_OUT_OF_ORDER", "unreachable"),
        ("UNALLOCATED_NUMBER", "invalid"),
    ],
)
def test_the_networks_tones_are_no_answer_and_end_in_the_family_they_tell(cause: str, outcome: str) -> None:
    room = Room(centre(structs.replace(CAMPAIGN, amd=AmdSpec(beep=False, sit=True))))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    told = dict(call.variables)
    detectors = [text for name, text in told.items() if name.startswith("execute_on_media_")]
    assert told["ignore_early_media"] == "consume"
    # One of the switch's own detectors alone misses a tone now and then.
    assert [text.split()[2] for text in detectors] == ["1370.6", "1372", "1398", "1400", "1402", "1428.5", "1430"]
    assert len({text.split()[1] for text in detectors}) == 7
    room.event("CHANNEL_CREATE", call.uuid)
    room.event("CHANNEL_PROGRESS_MEDIA", call.uuid)
    room.ends(call.uuid, cause)
    room.event("BACKGROUND_JOB", job_uuid=call.job_uuid, body=f"-ERR {cause}\n")
    assert [row.outcome for row in room.ended()] == [outcome]
    assert not room.of(FactKind.CONTACT_BEGAN)
    assert not room.of(FactKind.GATEWAY_RESTS)


def test_whose_agent_hangs_up_while_they_are_listened_to_is_for_whoever_is_free_then() -> None:
    told = centre(structs.replace(CAMPAIGN, amd=TIMING), agents=2, nailed=False)
    room = Room(structs.replace(told, agents=(told.agents[0], structs.replace(told.agents[1], queues=()))))
    room.log_in("a0", "a1")
    room.run()
    phone = room.last(Originate)
    room.picks_up(phone.uuid, phone.job_uuid)
    (call,) = room.calls()
    room.answers(call)
    ear = Ear(room, call)
    ear.ends(0.4, found=True)
    room.ends(phone.uuid)
    room.passes(0.1)
    # The agent's phone rings for another lead already, and is in no other offer meanwhile.
    again = room.last(Originate)
    assert again.uuid not in (phone.uuid, call.uuid)
    ear.ends(1.1, found=True)
    ear.ends(1.66, found=False)
    assert room.of(FactKind.CONTACT_QUEUED)[-1].leg == call.uuid
    assert [offer.agent for offer in room.engine._core.offers.values()] == ["a0"]
    room.passes(3)
    assert [fact.leg for fact in room.of(FactKind.DROPPED)] == [call.uuid]
    room.ends(call.uuid)
    assert [row.outcome for row in room.ended()] == ["drop"]
    began = [fact.contact for fact in room.of(FactKind.CONTACT_BEGAN)]
    ended = [fact.contact for fact in room.of(FactKind.CONTACT_ENDED)]
    assert (began.count(room.ended()[0].contact), ended.count(room.ended()[0].contact)) == (1, 1)
