"""Campaigns without agents that say one message: what is heard, and what its keys do."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from fsorch.campaigns import AmdSpec, DropSpec, MessageSpec, Mode
from fsorch.config import Centre, decode
from fsorch.engine.facts import FactKind
from fsorch.errors import ConfigError
from fsorch.esl.commands import Bridge, Kill, Originate, PlayAndGetDigits, Playback
from fsorch.flow_menus import menu_flow
from fsorch.plain import plain_centre
from fsorch.prompts import PromptSpec
from tests.engine.dialroom import CAMPAIGN, Room, centre, lead

WORDS = PromptSpec(text={"en": "Your heating is due. For a person press 1.", "de": "Ihre Heizung ist fällig."})


def told(queue: str = "help", language: str = "en", **message: Any) -> Centre:
    """A centre whose campaign says :data:`WORDS`."""
    spec = structs.replace(CAMPAIGN, mode=Mode.AGENTLESS, queue=queue, message=MessageSpec(prompt="due", **message))
    return centre(structs.replace(spec, lines_max=1), prompts={"due": WORDS}, language=language)


def called(room: Room) -> Originate:
    """Somebody has answered."""
    room.run()
    call = room.calls()[-1]
    room.answers(call)
    return call


def keys(room: Room, call: Originate, digits: str) -> None:
    """The question that is open is answered so; with nothing: until the time for it is over."""
    asked = room.last(PlayAndGetDigits)
    said = {asked.variable: digits} if digits else {}
    room.event("CHANNEL_EXECUTE_COMPLETE", call.uuid, said, application_uuid=asked.event_uuid)


def said_last(room: Room) -> str:
    return room.last(Playback).file


def test_the_key_for_a_person_leads_to_the_campaigns_queue() -> None:
    room = Room(told())
    room.at_work("a0")
    call = called(room)
    assert "due" in room.last(PlayAndGetDigits).prompt
    keys(room, call, "1")
    assert (room.contact().queue, room.contact().agent) == ("help", "a0")
    bridge = room.last(Bridge)
    room.bridge(bridge.a, bridge.b)
    room.ends(call.uuid)
    (row,) = room.ended()
    assert (row.outcome, row.agent, row.prompt, row.mode) == ("live", "a0", "due", "agentless")


def test_the_key_against_calls_puts_the_number_on_the_list_and_says_so() -> None:
    room = Room(told())
    call = called(room)
    keys(room, call, "9")
    (wish,) = room.of(FactKind.DNC_ASKED)
    said = (wish.data["number"], wish.data["campaign"], wish.data["source"])
    assert said == (room.started()[0].number, "spring", "key")
    assert "not_called_again" in said_last(room)
    room.event("CHANNEL_EXECUTE_COMPLETE", call.uuid, application_uuid=room.last(Playback).event_uuid)
    assert room.last(Kill).uuid == call.uuid


@pytest.mark.parametrize("tries", [1, 3])
def test_who_presses_nothing_hears_it_so_often_and_then_a_goodbye(tries: int) -> None:
    room = Room(told(tries=tries))
    call = called(room)
    heard = 0
    while not any(isinstance(one, Playback) and "goodbye" in one.file for one, _ in room.sent):
        heard += 1
        keys(room, call, "")
    assert heard == tries
    room.event("CHANNEL_EXECUTE_COMPLETE", call.uuid, application_uuid=room.last(Playback).event_uuid)
    assert room.last(Kill).uuid == call.uuid
    room.ends(call.uuid)
    assert [row.outcome for row in room.ended()] == ["live"]


def test_without_keys_it_is_said_and_that_is_all() -> None:
    room = Room(told(queue="", opt_out_key=""))
    call = called(room)
    assert not [one for one, _ in room.sent if isinstance(one, PlayAndGetDigits)]
    assert "due" in said_last(room)
    room.event("CHANNEL_EXECUTE_COMPLETE", call.uuid, application_uuid=room.last(Playback).event_uuid)
    assert "goodbye" in said_last(room)


@pytest.mark.parametrize(("spoken", "heard"), [("de", "/de/"), ("", "/en/"), ("zh", "/en/")])
def test_it_is_said_in_the_language_of_the_lead_if_there_are_words_in_it(spoken: str, heard: str) -> None:
    room = Room(told())
    room.leads = [lead(1, language=spoken)]
    called(room)
    assert heard in room.last(PlayAndGetDigits).prompt


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mode": Mode.POWER, "queue": "out"}, "message is there, but answers go to agents"),
        ({"flow": "word"}, "message is there, but so is flow ('word'); expected one of them"),
        ({"message": MessageSpec(prompt="dew")}, "message.prompt is 'dew'; expected a prompt; did you mean due?"),
        ({"message": MessageSpec(prompt="due", opt_out_key="1")}, "message.opt_out_key is 1, as person_key"),
        ({"message": None}, "flow is missing; in mode agentless it is what callers get, or a message"),
    ],
)
def test_a_message_that_cannot_be_is_refused(change: dict[str, Any], words: str) -> None:
    good = told()
    assert decode(plain_centre(good), Centre, where="test") == good
    bad = structs.replace(good, campaigns=(structs.replace(good.campaigns[0], **change),))
    with pytest.raises(ConfigError) as raised:
        decode(plain_centre(bad), Centre, where="test")
    assert words in str(raised.value)


def test_a_message_says_nothing_that_nobody_can_fill_in() -> None:
    good = told()
    bad = structs.replace(good, prompts={"due": PromptSpec(text={"en": "Hello {nobody}."})})
    with pytest.raises(ConfigError, match=r"campaigns\[0\]\.message"):
        decode(plain_centre(bad), Centre, where="test")


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({}, 6),
        ({"drop": DropSpec(name="Acme", number="+4930", after_s=4.5)}, 8),
        # A living fsorch may still listen then.
        ({"amd": AmdSpec(timing=True)}, 15),
        ({"amd": AmdSpec(decide_s=5)}, 15),
        ({"amd": AmdSpec()}, 6),
    ],
)
def test_who_answers_while_fsorch_is_silent_does_not_wait_for_long(more: dict[str, Any], seconds: int) -> None:
    room = Room(centre(structs.replace(CAMPAIGN, **more)))
    room.at_work("a0")
    room.run()
    variables = dict(room.calls()[0].variables)
    assert variables["execute_on_answer"] == f"sched_transfer +{seconds} fsorch_left XML fsorch"


def test_the_switch_says_it_by_itself_where_fsorch_has_fallen_silent() -> None:
    room = Room(told())
    room.run()
    variables = dict(room.calls()[0].variables)
    assert variables["fsorch_flow"] == "campaign:spring"
    assert variables["execute_on_answer"] == "sched_transfer +6 fsorch_left XML fsorch"
    assert "due" in variables["fsorch_drop_sound"]
    assert variables["fsorch_drop_key"] == "9"
    # A campaign with a flow says who called.
    flow = structs.replace(told().campaigns[0], flow="word", message=None)
    other = Room(centre(flow, flows=(menu_flow("word", {"1": "help"}, person="help"),)))
    other.run()
    assert "drop_message" in dict(other.calls()[0].variables)["fsorch_drop_sound"]
