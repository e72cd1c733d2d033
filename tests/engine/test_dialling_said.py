"""What campaigns say by themselves: one file with the names in it, where the switch has it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from fsorch.campaigns import AmdSpec, CampaignSpec, DropSpec, MachineAction, Mode
from fsorch.config import Centre
from fsorch.engine import FactKind
from fsorch.engine.inputs import CommandDone, Configure
from fsorch.engine.sounds import drop_values, fixed
from fsorch.esl.commands import Bridge, FileExists, PlayAndGetDigits, Playback
from fsorch.esl.replies import Reply
from fsorch.prompts import PromptSpec, SpeechSpec
from tests.engine.dialroom import CAMPAIGN, Room, centre

DROP = DropSpec(name="Acme", number="+493099")
SPRING = structs.replace(CAMPAIGN, mode=Mode.POWER, ratio=2.0, drop=DROP)
FLITE = SpeechSpec(engine="flite", voice="kal")


def file_of(told: Centre, language: str = "en", spec: CampaignSpec = SPRING) -> str:
    """The path of the campaign's drop message."""
    one = fixed(told, "drop_message", drop_values(spec.drop), language)
    assert one is not None
    return f"/sounds/fsorch/{one.language}/{one.name}.wav"


def answer(room: Room, there: bool) -> list[str]:
    """The switch says of each file that it was asked for and has not told of yet, whether it has it."""
    asked = [(one.path, tag) for one, tag in room.sent if isinstance(one, FileExists)]
    for _, tag in asked:
        room.tell(CommandDone("main", tag, Reply(True, "true" if there else "false", "api")))
    return [path for path, _ in asked]


def dropped(room: Room) -> str:
    """What the second of two hears, for whom there is no agent."""
    first, second = room.calls()[-2:]
    room.answers(first)
    room.bridge(first.uuid, room.last(Bridge).b)
    room.answers(second)
    room.passes(2.1)
    message = room.last(PlayAndGetDigits)
    assert message.uuid == second.uuid
    return message.prompt


def redial(room: Room) -> None:
    """Nobody answers, and the next two are called."""
    for call in room.calls()[-2:]:
        room.ends(call.uuid, "NO_ANSWER")
    room.passes(1)


def dialling(told: Centre, **more: Any) -> Room:
    room = Room(told, **more)
    room.at_work("a0")
    room.run()
    return room


def test_who_finds_nobody_hears_one_file_that_says_all_of_it() -> None:
    told = centre(SPRING)
    room = dialling(told)
    assert answer(room, there=True) == [file_of(told)]
    assert dropped(room) == file_of(told)
    assert not room.of(FactKind.ODD_EVENT)


@pytest.mark.parametrize("there", [None, False])
def test_without_it_the_words_are_put_together_and_what_is_missing_is_told(there: bool | None) -> None:
    room = dialling(centre(SPRING))
    if there is not None:
        answer(room, there=there)
    heard = dropped(room)
    assert heard.startswith("file_string:///sounds/fsorch/en/drop_message.1.wav!/sounds/fsorch/en/drop_message.2.wav")
    told = {fact.data["what"] for fact in room.of(FactKind.ODD_EVENT)}
    assert told == ({"not_said"} if there is None else {"no_message", "not_said"})


def test_what_has_been_built_meanwhile_is_found_a_minute_later() -> None:
    room = dialling(centre(SPRING))
    path = file_of(centre(SPRING))
    assert answer(room, there=False) == [path]
    room.passes(61)
    redial(room)
    assert answer(room, there=True) == [path, path]
    assert dropped(room) == path


def test_each_is_spoken_to_in_their_language_and_rather_in_another_than_without_a_name() -> None:
    told = centre(SPRING)
    for spoken_by, heard in (
        (None, file_of(told)),
        (FLITE, "/sounds/fsorch/de/drop_message.1.wav!say:Acme!"),
    ):
        room = Room(structs.replace(told, speech=spoken_by))
        room.leads = [structs.replace(one, language="de") for one in room.leads]
        room.at_work("a0")
        room.run()
        german, english = file_of(told, "de"), file_of(told)
        asked = [(one.path, tag) for one, tag in room.sent if isinstance(one, FileExists)]
        assert [path for path, _ in asked] == [german, english]
        for path, tag in asked:
            room.tell(CommandDone("main", tag, Reply(True, "true" if path == english else "false", "api")))
        assert dropped(room).startswith(heard)


def test_another_wording_is_another_file() -> None:
    room = dialling(centre(SPRING))
    answer(room, there=True)
    other = structs.replace(SPRING, drop=structs.replace(DROP, name="Acme Calls"))
    room.tell(Configure(centre(other)))
    redial(room)
    assert answer(room, there=True)[1:] == [file_of(centre(other), spec=other)] != [file_of(centre(SPRING))]
    assert dropped(room) == file_of(centre(other), spec=other)


def test_a_call_that_is_left_alone_is_told_by_the_same_file() -> None:
    room = dialling(centre(SPRING))
    answer(room, there=True)
    redial(room)
    assert dict(room.calls()[-1].variables)["fsorch_drop_sound"] == file_of(centre(SPRING))


def test_a_machine_is_left_a_message_with_the_campaigns_number() -> None:
    hello = PromptSpec(text={"en": "Please call {drop.number:digits}."})
    spec = structs.replace(
        CAMPAIGN, amd=AmdSpec(), drop=DROP, machine_action=MachineAction.MESSAGE, machine_prompt="hello"
    )
    told = centre(spec, prompts={"hello": hello})
    for there in (True, False):
        room = dialling(told)
        answer(room, there=there)
        (call,) = room.calls()
        room.answers(call)
        room.bridge(call.uuid, room.last(Bridge).b)
        room.event("CUSTOM", call.uuid, subclass="avmd::beep")
        room.event("CHANNEL_PARK", call.uuid)
        one = fixed(told, "hello", drop_values(spec.drop), "en")
        assert one is not None
        assert one.text == "Please call plus 4 9 3 0 9 9."
        digits = "!".join(f"/sounds/fsorch/en/say_{digit}.wav" for digit in ("sign_plus", *"493099"))
        pieces = f"file_string:///sounds/fsorch/en/hello.1.wav!{digits}"
        assert room.last(Playback).file == (f"/sounds/fsorch/en/{one.name}.wav" if there else pieces)
