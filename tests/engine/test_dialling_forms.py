"""What agents say of calls: words that ask for more, and wrap-ups that wait for a word."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.campaigns import AskKind, AskSpec, Disposition
from fsorch.engine.inputs import Dispose, EndWrapUp, SetStatus
from fsorch.errors import NotFound, RequestRefused
from tests.engine.dialroom import CAMPAIGN, Room, talked

SOLD = Disposition(
    id="sold",
    key="s",
    asks=(
        AskSpec(id="boxes", kind=AskKind.NUMBER, needed=True),
        AskSpec(id="colour", title="Colour", kind=AskKind.CHOICE, choices=("red", "blue")),
        AskSpec(id="by", kind=AskKind.DAY),
    ),
)
DEAR = Disposition(id="too-dear", title="Too dear", under="Not interested")


def wraps_up(needed: bool = True) -> Room:
    """An agent who has spoken with a lead and is to say how it was."""
    return talked(structs.replace(CAMPAIGN, dispositions=(SOLD, DEAR), word_needed=needed))


def says(room: Room, disposition: str, **answers: str) -> None:
    room.tell(Dispose(agent="a0", by="a0", disposition=disposition, answers=answers))


def test_what_was_filled_in_is_kept_with_the_attempt() -> None:
    room = wraps_up()
    with pytest.raises(RequestRefused, match="boxes is not filled in right: .*; it is needed"):
        says(room, "sold", colour="red")
    with pytest.raises(NotFound, match="thing to fill in with sold"):
        says(room, "sold", boxes="2", size="9")
    with pytest.raises(RequestRefused, match="Colour is not .*; expected one of the choices"):
        says(room, "sold", boxes="2", colour="reed")
    assert room.agent("a0").state == "wrap_up"
    says(room, "sold", boxes=" 2 ", colour="red", by="")
    row = room.ended()[-1]
    assert (row.disposition, row.answers) == ("sold", {"boxes": "2", "colour": "red"})


def test_the_card_shows_headings_and_what_is_filled_in() -> None:
    card = wraps_up().agent("a0").lead
    assert card is not None
    assert card.word_needed
    assert [(word.id, word.under, [one.id for one in word.asks]) for word in card.words] == [
        ("sold", "", ["boxes", "colour", "by"]),
        ("too-dear", "Not interested", []),
    ]


def test_a_wrap_up_waits_for_the_word_and_is_over_with_it() -> None:
    room = wraps_up()
    with pytest.raises(RequestRefused, match="say first how the call was"):
        room.tell(EndWrapUp(agent="a0", by="a0"))
    room.passes(60)
    assert (room.agent("a0").state, room.agent("a0").wrap_up_until) == ("wrap_up", 0)
    assert len(room.calls()) == 1
    says(room, "too-dear")
    assert room.agent("a0").state != "wrap_up"
    assert room.changed()[-1]["state"] == "finished"
    room.passes(0.2)
    assert len(room.calls()) == 2


def test_a_word_in_time_leaves_the_wrap_up_its_time() -> None:
    room = wraps_up()
    says(room, "too-dear")
    assert room.agent("a0").state == "wrap_up"
    room.passes(11)
    assert room.agent("a0").state != "wrap_up"


def test_where_no_word_is_needed_the_rules_decide() -> None:
    room = wraps_up(needed=False)
    room.passes(11)
    assert room.agent("a0").state != "wrap_up"


def test_who_leaves_without_a_word_leaves_it_to_the_rules() -> None:
    room = wraps_up()
    room.passes(60)
    room.tell(SetStatus(agent="a0", by="a0", status="break", reason="tea"))
    # A break begins with the end of the wrap-up, which still waits.
    assert room.agent("a0").state == "wrap_up"
    says(room, "too-dear")
    assert room.agent("a0").state != "wrap_up"
