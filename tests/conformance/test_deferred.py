"""Served later: messages that the switch records, and customers who are called back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from msgspec import structs

from fsorch.config import Centre
from fsorch.deferred import CallbackSpec, CallFirst, VoicemailSpec
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import AnswerCall, Configure, HangUp, Tick
from fsorch.esl.commands import GetVar, ReceiveDigits
from tests.conformance.office import BY, PROMPTS, Office, _centre
from tests.conformance.rig import Call, Rig, far_end
from tests.conformance.test_engine import waiting

TONE = "tone_stream://%(300,0,440)"
NAMES = ("leave_message", "thanks", "not_recorded", "call_again")
CALLBACK = ("callback_confirm", "callback_keys", "callback_promised", "callback_hello", "callback_number")


def later(first: CallFirst, folder: str, nailed: Collection[str] = ()) -> Centre:
    """The office's centre, with callbacks and voicemail."""
    centre = _centre({"ada": "answer-300"}, 20.0, 1.0, nailed)
    names = (*NAMES, *CALLBACK, *(f"say_{digit}" for digit in range(10)))
    dial = far_end("answer-{number}")
    rule = CallbackSpec(dial=dial, first=first, ring_s=10, retry_s=1, tries=2)
    return structs.replace(
        centre,
        queues=tuple(structs.replace(queue, callback=rule) for queue in centre.queues),
        prompts=PROMPTS | dict.fromkeys(names, TONE),
        voicemail=VoicemailSpec(dir=folder, limit_s=10, silence_s=5, least_s=0.5),
    )


@pytest.fixture
def office(rig: Rig) -> Iterator[Office]:
    office = Office(rig, {"ada": "answer-300"})
    yield office
    office.close()


def keys(office: Office, call: Call, digits: str, prompt: str) -> None:
    """Press keys while the switch asks with ``prompt`` first."""
    data = GetVar(call.leg, "current_application")
    office.rig.until(lambda: office.rig.ask(data).text == "play_and_get_digits", prompt)
    assert office.rig.ask(ReceiveDigits(call.leg, digits)).ok


@pytest.mark.parametrize("nailed", [(), ("ada",)], ids=["dialled", "nailed up"])
@pytest.mark.parametrize("first", list(CallFirst))
def test_a_callback_all_the_way(
    rig: Rig, office: Office, first: CallFirst, nailed: tuple[str, ...], tmp_path: Path
) -> None:
    office.pump.request(Configure(later(first, str(tmp_path), nailed)))
    call = waiting(office)
    contact = office.contact_of(call)
    engine = office.pump._engine
    assert engine._calls.callbacks.request(engine._core.contacts[contact.id], "400")
    office.pump.feed(Tick())
    keys(office, call, "1", "the number to be confirmed")
    office.fact(FactKind.CALLBACK_CHANGED, contact=contact.id)
    office.fact(FactKind.LEG_ENDED, contact=contact.id)
    assert office.contact_of(call).enqueued_at == contact.enqueued_at
    office.log_in("ada")
    bridged = office.fact(FactKind.BRIDGED, agent="ada")
    assert bridged.contact == contact.id
    office.ask(HangUp(agent="ada", by=BY))
    row = office.ended(contact.id)
    assert (row["outcome"], row["agent"], row["enqueued_at"]) == ("answered", "ada", contact.enqueued_at)
    # The caller's first leg and the one that was called back; the agent's, unless it stands.
    office.fact(FactKind.LEG_ENDED, 2 if nailed else 3, contact=contact.id)
    office.log_out("ada")


def test_a_message_all_the_way(rig: Rig, office: Office, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    office.pump.request(Configure(later(CallFirst.AGENT, str(tmp_path))))
    call = waiting(office)
    contact = office.contact_of(call)
    engine = office.pump._engine
    engine._calls.voicemail.take(engine._core.contacts[contact.id])
    office.pump.feed(Tick())
    data = GetVar(call.leg, "current_application")
    rig.until(lambda: rig.ask(data).text == "record", "the recording")
    rig.later(1.5, "some words")
    assert rig.ask(ReceiveDigits(call.leg, "#")).ok
    left = office.fact(FactKind.MESSAGE_LEFT)
    assert left.data["lasted_us"] >= 500_000
    assert office.ended(contact.id)["outcome"] == "voicemail"
    office.log_in("ada")
    office.agent_is("ada", "ringing")
    office.ask(AnswerCall(agent="ada", by=BY))
    office.ask(HangUp(agent="ada", by=BY))
    row = office.ended(left.contact)
    assert (row["medium"], row["outcome"], row["agent"]) == ("voicemail", "answered", "ada")
