"""What agents say of calls is carried out in the end, whatever they do with their wrap-up."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.campaigns import Disposition, DispositionCategory, Then
from fsorch.engine.inputs import Dispose, EndWrapUp, ExtendWrapUp, Tick
from fsorch.esl.commands import Bridge
from fsorch.rules import WrapUpMode, WrapUpSpec
from tests.engine.dialroom import CAMPAIGN, Room, centre, talked

WORDS = (
    Disposition(id="sold", key="s", category=DispositionCategory.SUCCESS),
    Disposition(id="later", key="l", category=DispositionCategory.CALLBACK, then=Then.CALLBACK),
)


@pytest.mark.parametrize(
    ("mode", "promised_s"), [(WrapUpMode.MANUAL, 0), (WrapUpMode.MANUAL, 7_200), (WrapUpMode.EXTENSION, 1_800)]
)
def test_a_wrap_up_that_nobody_ends_keeps_back_no_word(mode: WrapUpMode, promised_s: int) -> None:
    rule = WrapUpSpec(mode=mode, seconds=10, extension_s=3600, max_s=0 if mode is WrapUpMode.MANUAL else 3600)
    out, other = centre().queues
    room = talked(structs.replace(CAMPAIGN, dispositions=WORDS), queues=(structs.replace(out, wrap_up=rule), other))
    at = room.clock.now().wall + promised_s * 1_000_000 if promised_s else 0
    room.tell(Dispose(agent="a0", by="a0", disposition="later" if at else "sold", callback_at=at))
    if mode is WrapUpMode.EXTENSION:
        room.tell(ExtendWrapUp(agent="a0", by="a0"))
    room.clock.advance(min(promised_s or 3_600, 3_600) - 5)
    room.tell(Tick())
    assert [row["state"] for row in room.changed()] == ["closing"]
    room.clock.advance(6)
    room.tell(Tick())
    assert room.agent("a0").state == "wrap_up"
    assert [row["state"] for row in room.changed()] == ["closing", "callback" if at else "finished"]
    assert room.changed()[-1]["next_at"] == at
    # The lead has its fate; what ends the wrap-up changes nothing any more.
    room.tell(EndWrapUp(agent="a0", by="a0"))
    assert len(room.changed()) == 2


def test_a_word_said_in_the_talk_is_the_one_that_the_wrap_up_needs() -> None:
    room = Room(centre(structs.replace(CAMPAIGN, dispositions=WORDS, word_needed=True), agents=1))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    room.joins()
    room.tell(Dispose(agent="a0", by="a0", disposition="sold"))
    room.ends(call.uuid)
    room.event("CHANNEL_PARK", room.last(Bridge).b)
    assert (room.agent("a0").state, room.changed()[-1]["state"]) == ("wrap_up", "closing")
    room.passes(11)
    assert room.agent("a0").state != "wrap_up"
    assert [row["state"] for row in room.changed() if row["id"] == "1"] == ["closing", "finished"]
