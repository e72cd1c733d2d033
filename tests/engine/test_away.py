"""Calls that came and went, or were served to their end, while fsorch was away: what the switch has noted of them."""

from __future__ import annotations

from typing import Any

import pytest

from fsorch.engine import CommandDone, FactKind, LinkDown, LinkUp, OpenContact, Recall
from fsorch.engine.away_notes import AwayNote, away_note
from fsorch.engine.rows import ContactRow, LegRow
from fsorch.esl.commands import Notes, SetVars
from fsorch.esl.replies import Reply
from tests.engine.desk import Desk

LEG = "2c1a6b3e-9d3f-4a35-8a0e-6f1f9c0d1e2f"
OTHER = "7d1a6b3e-9d3f-4a35-8a0e-6f1f9c0d1e20"
AT = 1_799_999_000_000_000
S = 1_000_000
REMOVED = Notes("delete", "fsorch_away", LEG)


def note(
    *, alone: bool = False, bridged: bool = False, message: str = "", number: str = "+49301", left: str = ""
) -> str:
    bridged_at = AT + 6 * S if bridged else 0
    said = f"{'alone' if alone else '-'}{left} {message}"
    return f"{AT} {AT + 5 * S if alone else ''} {bridged_at} {AT + 9 * S} NORMAL_CLEARING {number} 8800 {said}"


def back(desk: Desk, *texts: str) -> None:
    """fsorch is back, and the switch has these notes."""
    legs = (LEG, OTHER)
    desk.sent.clear()
    desk.tell(LinkUp("main", "core-1", (), calls=tuple(map(away_note, legs, texts))))


def told(desk: Desk) -> dict[str, Any]:
    (fact,) = desk.of(FactKind.CALL_NOTED)
    return dict(fact.data)


def asked(desk: Desk) -> list[Notes]:
    return [command for command, _ in desk.sent if isinstance(command, Notes)]


def test_who_hung_up_unserved_is_a_lost_contact_that_is_called_back() -> None:
    desk = Desk()
    back(desk, note())
    rows = told(desk)
    contact, leg, promise = rows["call"], rows["row"], rows["promise"]
    assert (contact["number"], contact["destination"], contact["outcome"]) == ("+49301", "8800", "lost")
    assert (contact["cause"], contact["ended_by"]) == ("FSORCH_AWAY", "customer")
    assert (contact["began_at"], contact["ended_at"], contact["answered_at"]) == (AT, AT + 9 * S, 0)
    assert (leg["id"], leg["contact"], leg["complete"], leg["q850"]) == (LEG, contact["id"], True, 16)
    assert (rows["segment"]["began_at"], rows["segment"]["ended_at"]) == (AT, AT + 9 * S)
    assert (promise["kind"], promise["role"], promise["number"]) == ("call", "supervisor", "+49301")
    assert promise["due_at"] > desk.clock.now().wall
    assert asked(desk) == [REMOVED, Notes("list", "fsorch_away")]


def test_who_left_a_message_with_the_switch_and_who_spoke_with_its_ring_group() -> None:
    desk = Desk()
    back(desk, note(alone=True, message="/messages/a b.wav"))
    rows = told(desk)
    assert (rows["call"]["outcome"], rows["segment"]["kind"]) == ("overflowed", "voicemail")
    assert (rows["message"], rows["row"]["answered_at"]) == ("/messages/a b.wav", AT + 5 * S)
    assert rows["promise"]["what"].endswith("left a message")
    desk = Desk()
    back(desk, note(alone=True, bridged=True))
    rows = told(desk)
    assert (rows["call"]["outcome"], rows["talked"], rows["promise"]) == ("overflowed", True, None)


def test_who_called_five_times_is_called_back_once_and_who_hid_the_number_is_not() -> None:
    desk = Desk()
    back(desk, note(), note())
    assert [bool(fact.data["promise"]) for fact in desk.of(FactKind.CALL_NOTED)] == [False, True]
    desk = Desk()
    back(desk, note(number="unknown"))
    assert (told(desk)["call"]["number"], told(desk)["promise"]) == ("", None)


@pytest.mark.parametrize("text", ["", "-ERR no reply", note(number="49301;x"), note() + "\n9", f"9{note()}", "a" * 999])
def test_what_is_no_note_of_ours_is_removed_and_nothing_else(text: str) -> None:
    desk = Desk()
    back(desk, text)
    assert not desk.of(FactKind.CALL_NOTED)
    assert REMOVED in asked(desk)


def test_a_list_that_was_cut_short_is_read_to_its_end() -> None:
    desk = Desk()
    back(desk, note())
    desk.tell(CommandDone("main", "calls:main", Reply(True, f"{OTHER},{LEG[:9]}", "api")))
    assert asked(desk)[-1] == Notes("select", "fsorch_away", OTHER)
    desk.tell(CommandDone("main", f"last_call_noted:{OTHER}", Reply(True, note(number="4930777"), "api")))
    assert [fact.leg for fact in desk.of(FactKind.CALL_NOTED)] == [LEG, OTHER]
    assert asked(desk)[-1] == Notes("list", "fsorch_away")
    desk.tell(CommandDone("main", "calls:main", Reply(False, "-ERR no reply", "api")))
    assert asked(desk)[-1] == Notes("list", "fsorch_away")


def test_a_call_that_we_take_leaves_no_note_and_a_hook_of_somebody_else_stays() -> None:
    for hook, taken in ((f"db insert/fsorch_away/{LEG}/x", True), ("lua mine.lua", False)):
        desk = Desk()
        marks = {"fsorch_entry": "yes", "fsorch_queue": "sales", "api_reporting_hook": hook}
        desk.event("CHANNEL_PARK", LEG, marks, direction="inbound", answer_state="ringing")
        marked = [dict(command.pairs) for command, _ in desk.sent if isinstance(command, SetVars)]
        assert [marks.get("api_reporting_hook") for marks in marked] == ([""] if taken else [None])


def test_the_end_of_a_call_that_the_dialplan_serves_is_asked_for() -> None:
    desk = Desk()
    alone = {"fsorch_fallback": "yes"}
    desk.event("CHANNEL_HANGUP_COMPLETE", LEG, alone, hangup_cause="NORMAL_CLEARING")
    assert asked(desk) == [Notes("select", "fsorch_away", LEG)]
    desk.tell(CommandDone("main", f"call_noted:{LEG}", Reply(True, note(alone=True), "api")))
    assert told(desk)["call"]["id"] == LEG
    assert asked(desk)[-1] == REMOVED


def test_a_contact_that_the_switch_served_to_its_end_in_a_cut_ends_when_its_call_did() -> None:
    desk = Desk()
    desk.call(LEG, "sales")
    contact = desk.contact().id
    desk.tell(LinkDown("main", "cut"))
    began = desk.clock.now().wall
    desk.passes(900)
    text = f"{began} {began + S} 0 {began + 200 * S} NORMAL_CLEARING +441234 8800 alone{contact} /m.wav"
    back(desk, text)
    assert not desk.of(FactKind.CALL_NOTED)
    (ended,) = [fact.data["row"] for fact in desk.of(FactKind.CONTACT_ENDED)]
    assert (ended["id"], ended["outcome"], ended["ended_at"]) == (contact, "overflowed", began + 200 * S)
    (leg,) = [fact.data["row"] for fact in desk.of(FactKind.LEG_ENDED)]
    assert (leg["contact"], leg["complete"], leg["hungup_at"]) == (contact, True, began + 200 * S)


def test_the_same_after_a_restart_of_ours_and_nothing_where_the_records_cannot_be_asked() -> None:
    row = ContactRow(id=OTHER, switch="main", queue="sales", outcome="", began_at=AT - S, ended_at=AT)
    known = OpenContact(row=row, legs=(LegRow(id=LEG, contact=OTHER, switch="main", created_at=AT - S),), doing="queue")
    desk = Desk()
    desk.tell(Recall((known,), until=AT + S))
    back(desk, note(alone=True, left=OTHER))
    (ended,) = [fact.data["row"] for fact in desk.of(FactKind.CONTACT_ENDED)]
    assert (ended["outcome"], ended["cause"], ended["ended_at"]) == ("overflowed", "FSORCH_AWAY", AT + 9 * S)
    (leg,) = [fact.data["row"] for fact in desk.of(FactKind.LEG_ENDED)]
    assert (leg["contact"], leg["complete"], leg["hungup_at"]) == (OTHER, True, AT + 9 * S)
    desk = Desk()
    back(desk, note(alone=True, left=OTHER))
    assert not desk.of(FactKind.CALL_NOTED)
    assert REMOVED in asked(desk)


def test_the_leg_of_a_contact_that_was_let_go_before_has_its_true_end() -> None:
    desk = Desk()
    desk.tell(Recall((), until=AT + S, legs=(LegRow(id=LEG, contact=OTHER, switch="main", created_at=AT),)))
    back(desk, note(alone=True, left=OTHER))
    (leg,) = [fact.data["row"] for fact in desk.of(FactKind.LEG_ENDED)]
    assert (leg["contact"], leg["complete"], leg["hungup_at"]) == (OTHER, True, AT + 9 * S)
    assert not desk.of(FactKind.CALL_NOTED)


def test_what_is_noted_is_written_down_before_the_note_goes() -> None:
    desk = Desk()
    up = LinkUp("main", "core-1", (), calls=(AwayNote(leg=LEG),))
    assert desk.engine.step(up, desk.clock.now()).write_first
