"""What agents say of calls: when it may be said and changed, and that it is carried out in the end, whatever they do
with their wrap-up."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.campaigns import Disposition, DispositionCategory, Then
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import Dispose, EndWrapUp, ExtendWrapUp, Tick
from fsorch.errors import NotFound, RequestRefused
from fsorch.esl.commands import Bridge
from fsorch.rules import WrapUpMode, WrapUpSpec
from tests.engine.dialroom import CAMPAIGN, Room, centre, talked

SAID = (
    Disposition(id="sold", key="s", category=DispositionCategory.SUCCESS),
    Disposition(id="never", key="n", category=DispositionCategory.DNC, then=Then.DNC),
    Disposition(id="later", key="l", category=DispositionCategory.CALLBACK, then=Then.CALLBACK),
)


def wraps_up(*said: Disposition) -> Room:
    """An agent who has spoken with a lead and is to say how it was."""
    return talked(structs.replace(CAMPAIGN, dispositions=said or SAID))


def test_how_a_call_was_is_said_in_the_wrap_up() -> None:
    room = wraps_up()
    assert room.changed()[-1]["state"] == "closing"
    room.tell(Dispose(agent="a0", by="a0", disposition="sold", note="two boxes"))
    row = room.ended()[-1]
    assert (row.disposition, row.note, row.outcome) == ("sold", "two boxes", "live")
    assert len({one.id for one in room.ended()}) == 1
    room.passes(11)
    assert (room.changed()[-1]["state"], room.changed()[-1]["disposition"]) == ("finished", "sold")


def test_a_word_is_changed_until_the_wrap_up_is_over() -> None:
    room = wraps_up(*SAID, Disposition(id="again", then=Then.RETRY, after_s=600))
    at = room.clock.now().wall + 3600 * 1_000_000
    for said, promised in (("later", at), ("again", 0), ("sold", 0)):
        room.tell(Dispose(agent="a0", by="a0", disposition=said, callback_at=promised, callback_own=promised > 0))
        card = room.agent("a0").lead
        assert card is not None
        assert (card.phase, card.said) == ("closing", said)
    assert [row["state"] for row in room.changed()] == ["closing"]
    room.passes(11)
    lead = room.changed()[-1]
    assert (lead["state"], lead["next_at"], lead["callback_agent"], lead["disposition"]) == ("finished", 0, "", "sold")
    # What was carried out is not undone by a word that comes too late; one that changes nothing may still be said.
    with pytest.raises(RequestRefused, match="the wrap-up is over"):
        room.tell(Dispose(agent="a0", by="a0", disposition="again"))
    room.tell(Dispose(agent="a0", by="a0", disposition="sold", note="for her mother"))
    assert room.ended()[-1].note == "for her mother"
    assert len(room.changed()) == 2


def test_a_promise_that_comes_due_in_the_wrap_up_is_kept_by_whoever_is_free() -> None:
    room = wraps_up()
    at = room.clock.now().wall + 5_000_000
    room.tell(Dispose(agent="a0", by="a0", disposition="later", callback_at=at))
    assert (room.changed()[-1]["state"], room.changed()[-1]["next_at"]) == ("callback", at)


def test_a_word_in_a_talk_is_written_down_at_once_and_may_be_changed_after_it() -> None:
    room = Room(centre(structs.replace(CAMPAIGN, dispositions=SAID), agents=1))
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    room.joins()
    room.tell(Dispose(agent="a0", by="a0", disposition="sold", note="two boxes"))
    (word,) = room.of(FactKind.WORD_SAID)
    assert word.contact == room.started()[0].id
    assert (word.data["disposition"], word.data["note"], word.data["promised_at"]) == ("sold", "two boxes", 0)
    room.ends(call.uuid)
    assert room.ended()[-1].disposition == "sold"
    assert [row["state"] for row in room.changed()] == ["closing"]
    room.tell(Dispose(agent="a0", by="a0", disposition="never"))
    assert room.changed()[-1]["state"] == "barred"


def test_without_a_word_the_rules_decide_when_the_wrap_up_is_over() -> None:
    room = wraps_up()
    room.passes(11)
    assert [row["state"] for row in room.changed()] == ["closing", "finished"]


def test_a_wish_not_to_be_called_is_kept_for_good() -> None:
    room = wraps_up()
    room.tell(Dispose(agent="a0", by="a0", disposition="never"))
    assert room.changed()[-1]["state"] == "barred"
    assert [fact.data["source"] for fact in room.of(FactKind.DNC_ASKED)] == ["disposition"]


def test_a_callback_is_promised_at_a_time_by_this_agent() -> None:
    room = wraps_up()
    at = room.clock.now().wall + 3600 * 1_000_000
    with pytest.raises(RequestRefused):
        room.tell(Dispose(agent="a0", by="a0", disposition="later", callback_at=at + 90 * 86_400 * 1_000_000))
    with pytest.raises(NotFound):
        room.tell(Dispose(agent="a0", by="a0", disposition="soled"))
    room.tell(Dispose(agent="a0", by="a0", disposition="later", callback_at=at, callback_own=True))
    room.passes(11)
    row = room.changed()[-1]
    assert (row["state"], row["next_at"], row["callback_agent"], row["campaign"]) == ("callback", at, "a0", "spring")


@pytest.mark.parametrize(
    ("mode", "promised_s"), [(WrapUpMode.MANUAL, 0), (WrapUpMode.MANUAL, 7_200), (WrapUpMode.EXTENSION, 1_800)]
)
def test_a_wrap_up_that_nobody_ends_keeps_back_no_word(mode: WrapUpMode, promised_s: int) -> None:
    rule = WrapUpSpec(mode=mode, seconds=10, extension_s=3600, max_s=0 if mode is WrapUpMode.MANUAL else 3600)
    out, other = centre().queues
    room = talked(structs.replace(CAMPAIGN, dispositions=SAID), queues=(structs.replace(out, wrap_up=rule), other))
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
    room = Room(centre(structs.replace(CAMPAIGN, dispositions=SAID, word_needed=True), agents=1))
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
