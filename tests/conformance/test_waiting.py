"""The caller's wait on the switch under test: prompts in the music, keys, numbers, messages, and the place kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from fsorch.clock import SystemClock
from fsorch.config import Centre, decode
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import Configure, Input, SwitchEvent
from fsorch.esl.commands import GetVar, Kill, ReceiveDigits
from fsorch.flow_menus import menu_flow
from tests.conformance.office import MUSIC, Office
from tests.conformance.rig import SIP_ADDRESS, Call, Rig, far_end

Waiter = Callable[..., tuple[Office, Call, str]]
# Together so long that a test is sure to come while they play, and short enough to wait for their end.
SOME = "tone_stream://%(3000,0,440)"
TOLD = {name: SOME for name in ("wait_position.1", "say_1", "say_2", "wait_position.2", "wait_more.1", "wait_more.2")}
PROMPTS = TOLD | {"sorry": "tone_stream://%(300,0,440)", "lost": "/nowhere/lost.wav"}
# The longest that a prompt may delay a bridge beyond what the switch takes without one.
BRIDGE_S = 0.050


@pytest.fixture
def waiter(rig: Rig) -> Iterator[Waiter]:
    """Opens an office whose one queue has these rules, and has a caller in it."""
    offices: list[Office] = []

    def waiter(**rules: Any) -> tuple[Office, Call, str]:
        office = Office(rig, {})
        offices.append(office)
        office.pump.feed(Configure(centre(**rules)))
        call = rig.call_in()
        return office, call, office.fact(FactKind.CONTACT_QUEUED).contact

    yield waiter
    for office in offices:
        office.close()


FLOW = msgspec.to_builtins(menu_flow("main", {"1": "sales"}, person="sales", timeout_s=1.0, tries=1))


def centre(**rules: Any) -> Centre:
    data = {
        "flow": "main",
        "flows": [FLOW],
        "queues": [{"id": "sales", "music": MUSIC, "wrap_up_s": 0.2} | rules],
        "agents": [{"id": "ada", "phone": far_end("answer-300"), "queues": [{"queue": "sales"}]}],
        "prompts": PROMPTS | {"greeting": "silence_stream://100", "menu": "silence_stream://100"},
        "outside": f"sofia/fsorch-conformance/answer-{{number}}@{SIP_ADDRESS}",
    }
    return decode(data, Centre, where="office")


def key(digit: str, to: str, name: str = "") -> dict[str, Any]:
    return {"keys": {digit: {"act": "overflow", "to": to, "name": name}}}


def press(rig: Rig, call: Call, digit: str) -> None:
    plays = GetVar(call.leg, "current_application")
    rig.until(lambda: rig.ask(plays).text == "playback", "the music")
    assert rig.ask(ReceiveDigits(call.leg, digit)).ok


def bridging_s(office: Office, rig: Rig) -> float:
    """How long it takes from the agent's answer until the engine knows of the bridge."""
    answered: list[int] = []

    def listen(input: Input) -> None:
        if isinstance(input, SwitchEvent) and input.event.name == "BACKGROUND_JOB":
            answered.append(SystemClock().now().wall)
        office.pump.feed(input)

    rig.listener = listen
    office.log_in("ada")
    return (office.fact(FactKind.BRIDGED).at - answered[-1]) / 1_000_000


def test_complaint_3_a_prompt_never_delays_the_bridge(rig: Rig, waiter: Waiter) -> None:
    """signalwire/freeswitch #1148: the agent answers into dead air until the prompt ends."""
    office, call, _ = waiter()
    plain_s = bridging_s(office, rig)
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
    office.fact(FactKind.CONTACT_ENDED)
    office.close()
    office, call, _ = waiter(announce={"first_s": 0, "every_s": 1000, "wait": False})
    office.fact(FactKind.ANNOUNCED)
    data = GetVar(call.leg, "current_application_data")
    rig.until(lambda: rig.ask(data).text.startswith("file_string://"), "the prompt")
    told_s = bridging_s(office, rig)
    prompt = rig.event("CHANNEL_EXECUTE_COMPLETE", lambda event: event.application_data.startswith("file_string"))
    assert prompt.uuid == call.leg, "the prompt is over, and does not play into the talk"
    if rig.speed == 1:
        assert told_s - plain_s < BRIDGE_S
    else:
        # Nothing is measured on a machine with other work; that the prompt was broken off says the same.
        came, whole = prompt.variable("playback_last_offset_pos"), prompt.variable("playback_samples")
        assert int(came or 0) < int(whole or 0)


def test_an_agent_is_told_first_and_the_caller_hears_music_meanwhile(rig: Rig, waiter: Waiter) -> None:
    rules = {"name_prefix": "Sales: ", "say": "sorry", "variables": ["x_plan"]}
    office, call, contact = waiter(to_agent=rules)
    office.log_in("ada")
    answered = rig.event("CHANNEL_ANSWER", lambda event: event.variable("fsorch_agent") == "ada")
    made = rig.event("CHANNEL_CREATE", lambda event: event.uuid == answered.uuid)
    assert made.caller_name.startswith("Sales - ")
    told = rig.event("CHANNEL_EXECUTE_COMPLETE", lambda event: event.application == "playback", leg=answered.uuid)
    assert told.application_data == PROMPTS["sorry"]
    fact = office.fact(FactKind.BRIDGED)
    assert (fact.contact, fact.data["agent_leg"]) == (contact, answered.uuid)
    bridged = rig.event("CHANNEL_BRIDGE", lambda event: answered.uuid in (event.bridge_a, event.bridge_b))
    assert 0 <= bridged.timestamp - told.timestamp < 1_000_000 * rig.speed
    assert bridged.timestamp - answered.timestamp > 250_000, "the words take 300 ms"
    # The caller's music was not broken off before.
    music = [e for e in rig.events if e.name == "CHANNEL_EXECUTE_COMPLETE" and e.uuid == call.leg]
    assert all(e.timestamp >= told.timestamp for e in music if e.application_data == MUSIC)


def test_complaint_16_the_position_is_told_and_the_music_goes_on(rig: Rig, waiter: Waiter) -> None:
    """fusionpbx/fusionpbx PR #6515: announcing the position is missing or half-shipped."""
    office, call, contact = waiter(announce={"first_s": 0, "every_s": 1000, "wait": False})
    assert office.fact(FactKind.ANNOUNCED).data["position"] == 1
    rig.event("CHANNEL_EXECUTE_COMPLETE", lambda event: event.application_data.startswith("file_string"))
    assert not [e for e in rig.events if e.name == "CHANNEL_EXECUTE_COMPLETE" and e.application_data == MUSIC]
    office.log_in("ada")
    assert office.fact(FactKind.BRIDGED).contact == contact


def test_complaint_16_who_is_far_back_hears_that_more_are_waiting(rig: Rig, waiter: Waiter) -> None:
    rules = {"first_s": 0, "every_s": 1000, "wait": False, "position_limit": 2, "position_more": True}
    office, _, _ = waiter(announce=rules)
    rig.call_in()
    last = rig.call_in()
    third = office.fact(FactKind.ANNOUNCED, leg=last.leg).data
    assert (third["position"], third["more"]) == (None, 2)
    assert third["prompts"] == ["wait_more.1", "say_2", "wait_more.2"]
    played = rig.event(
        "CHANNEL_EXECUTE_COMPLETE", lambda e: e.uuid == last.leg and e.application_data.startswith("file_string")
    )
    assert played.application_response == "FILE PLAYED"


def test_a_key_leads_to_a_message_and_the_call_ends(rig: Rig, waiter: Waiter) -> None:
    office, call, contact = waiter(wait=key("9", "message", "sorry"))
    press(rig, call, "9")
    row = office.ended(contact)
    assert (row["outcome"], row["ended_by"]) == ("overflowed", "system")
    rig.gone(call.caller)


def test_a_message_that_is_not_there_leaves_the_caller_in_line(rig: Rig, waiter: Waiter) -> None:
    office, call, contact = waiter(wait=key("9", "message", "lost"))
    press(rig, call, "9")
    office.fact(FactKind.WAIT_NOT_ENDED, contact=contact)
    office.log_in("ada")
    assert office.fact(FactKind.BRIDGED).contact == contact


def test_a_number_takes_the_caller(rig: Rig, waiter: Waiter) -> None:
    office, call, contact = waiter(wait=key("8", "number", "300"))
    press(rig, call, "8")
    rig.event("CHANNEL_BRIDGE", lambda event: call.leg in (event.bridge_a, event.bridge_b))
    assert office.contact_is(call, "aside").id == contact
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
    assert office.ended(contact)["outcome"] == "overflowed"
    office.legs(contact, 2)


def test_a_number_that_is_not_reached_gives_the_place_back(rig: Rig, waiter: Waiter) -> None:
    office, call, contact = waiter(wait=key("8", "number", "123456"))
    press(rig, call, "8")
    trouble = office.fact(FactKind.WAIT_NOT_ENDED, contact=contact).data["trouble"]
    assert "not reached" in trouble
    office.contact_is(call, "waiting")
    office.log_in("ada")
    assert office.fact(FactKind.BRIDGED).contact == contact


def test_who_rings_again_has_the_place_back(rig: Rig, waiter: Waiter) -> None:
    office, call, contact = waiter(wait={"return_s": 60})
    rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
    before = office.ended(contact)["enqueued_at"]
    rig.call_in()
    assert office.fact(FactKind.PLACE_GIVEN_BACK).data["enqueued_at"] == before
