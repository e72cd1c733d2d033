"""Calls that came and went, or were served to their end, while fsorch was away: what the switch has noted of them."""

from __future__ import annotations

from typing import Any

import pytest

from fsorch.engine import CommandDone, FactKind, LinkDown, LinkUp, OpenContact, Recall, Shift, SwitchEvent
from fsorch.engine.actions import Send
from fsorch.engine.away_notes import AwayNote, away_note
from fsorch.engine.rows import ContactRow, LegRow
from fsorch.esl.commands import Notes, Originate, SetVars
from fsorch.esl.events import Event
from fsorch.esl.replies import Reply
from tests.engine.desk import Desk

LEG = "2c1a6b3e-9d3f-4a35-8a0e-6f1f9c0d1e2f"
OTHER = "7d1a6b3e-9d3f-4a35-8a0e-6f1f9c0d1e20"
AT = 1_799_999_000_000_000
S = 1_000_000
REMOVED = Notes("delete", "fsorch_away", LEG)
OLD_HOOK = f"db insert/fsorch_away/{LEG}/x"
HOOK = f"{OLD_HOOK} -${{fsorch_contact}} ${{sip_hangup_disposition}}"


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


def cut() -> tuple[Desk, str, int]:
    """The link goes while a caller waits: their contact, and when that was."""
    desk = Desk()
    desk.call(LEG, "sales")
    contact = desk.contact().id
    desk.tell(LinkDown("main", "cut"))
    return desk, contact, desk.clock.now().wall


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


def test_the_note_of_a_leg_that_we_dialled_makes_no_call_of_nobody() -> None:
    text = f"{AT} {AT + S} 0 {AT + 9 * S} NORMAL_CLEARING unknown unknown ={AT + S // 2} recv_bye"
    said = away_note(LEG, text)
    assert (said.ours, said.rang_at, said.answered_at, said.by_caller, said.taken) == (
        True,
        AT + S // 2,
        AT + S,
        True,
        "",
    )
    assert not away_note(LEG, note()).ours
    desk = Desk()
    back(desk, text)
    assert not desk.of(FactKind.CALL_NOTED)
    assert asked(desk) == [REMOVED, Notes("list", "fsorch_away")]


@pytest.mark.parametrize(
    ("callers_side", "agents_side", "by"), [("send_bye", "recv_bye", "agent"), ("recv_bye", "send_bye", "customer")]
)
def test_a_phone_that_was_hung_up_while_the_link_was_down_ends_the_talk_then(
    callers_side: str, agents_side: str, by: str
) -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.talks(LEG, "sales")
    phone = desk.last(Originate)
    assert dict(phone.variables)["execute_on_originate"] == "execute_extension noted XML fsorch-dialled"
    contact, began = desk.contact().id, desk.clock.now().wall
    desk.passes(10)
    desk.tell(LinkDown("main", "cut"))
    desk.passes(20)
    agents = f"{began - 60 * S} {began} {began} {began + 12 * S} NORMAL_CLEARING unknown unknown ={began} {agents_side}"
    callers = f"{began} {began} {began} {began + 12 * S} NORMAL_CLEARING +49301 8800 -{contact} {callers_side}"
    notes = (away_note(phone.uuid, agents), away_note(LEG, callers))
    desk.tell(LinkUp("main", "core-1", (), calls=notes))
    (talk,) = [fact.data["row"] for fact in desk.of(FactKind.SEGMENT_ENDED) if fact.data["row"]["kind"] == "talk"]
    assert (talk["ended_at"], ended(desk)["ended_by"]) == (began + 12 * S, by)
    legs = {fact.data["row"]["id"]: fact.data["row"] for fact in desk.of(FactKind.LEG_ENDED)}
    # We have known of the phone since it was to be dialled, whatever the switch's clock says.
    assert began - 30 * S < legs[phone.uuid]["created_at"] <= began
    for leg in (LEG, phone.uuid):
        assert (legs[leg]["hungup_at"], legs[leg]["cause"]) == (began + 12 * S, "NORMAL_CLEARING")
        assert legs[leg]["complete"]


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


def test_a_call_that_we_take_has_a_note_only_if_that_says_so_and_a_hook_of_somebody_else_stays() -> None:
    for hook, taken in ((OLD_HOOK, True), (HOOK, False), ("lua mine.lua", False)):
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
    desk, contact, began = cut()
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


def over(began_at: int, bridged_at: int, ended_at: int, contact: str, side: str = "recv_bye") -> str:
    """The note of a call that we had taken."""
    return f"{began_at} {began_at} {bridged_at} {ended_at} NORMAL_CLEARING +441234 8800 -{contact} {side}"


def segments(desk: Desk) -> list[tuple[str, str, int, int]]:
    rows = [fact.data["row"] for fact in desk.of(FactKind.SEGMENT_ENDED)]
    return [(row["kind"], row["agent"], row["began_at"], row["ended_at"]) for row in rows]


def killed(doing: str, *, answered_at: int = 0, agent_leg: str = "") -> Desk:
    """A new life, told of a caller who did that when the last one was killed at ``AT + 3 * S``."""
    row = ContactRow(
        id=OTHER, switch="main", number="+441234", queue="" if doing == "ivr" else "sales", outcome="", began_at=AT,
        enqueued_at=0 if doing == "ivr" else AT + S, answered_at=answered_at, ended_at=AT + 2 * S,
        agent="ann" if agent_leg else "",
    )  # fmt: skip
    legs = (
        LegRow(id=LEG, contact=OTHER, switch="main", created_at=AT),
        LegRow(id="leg-a", contact=OTHER, switch="main", role="agent", agent="ann", created_at=AT + 2 * S),
    )
    called = legs if doing in ("offer", "talk") else legs[:1]
    known = OpenContact(row=row, legs=called, segments=1, segmented_at=AT + S, doing=doing, agent_leg=agent_leg)
    desk = Desk()
    desk.tell(Recall((known,), (Shift("ann", "available"),), until=AT + 3 * S))
    return desk


def ended(desk: Desk) -> dict[str, Any]:
    (fact,) = desk.of(FactKind.CONTACT_ENDED)
    row: dict[str, Any] = fact.data["row"]
    return row


@pytest.mark.parametrize(("side", "by"), [("recv_bye", "customer"), ("", "customer"), ("send_bye", "system")])
def test_who_waited_is_not_said_to_be_hung_up_on_by_an_agent(side: str, by: str) -> None:
    desk = killed("queue")
    back(desk, over(AT, 0, AT + 9 * S, OTHER, side))
    assert ended(desk)["ended_by"] == by


@pytest.mark.parametrize(
    ("doing", "outcome"),
    [("ivr", "left_flow"), ("queue", "abandoned"), ("offer", "abandoned"), ("voicemail", "lost")],
)
def test_who_hung_up_after_we_were_killed_left_when_the_switch_says(doing: str, outcome: str) -> None:
    desk = killed(doing)
    back(desk, over(AT, 0, AT + 9 * S, OTHER))
    row = ended(desk)
    assert (row["outcome"], row["ended_by"], row["cause"]) == (outcome, "customer", "NORMAL_CLEARING")
    assert (row["ended_at"], row["waited_us"]) == (AT + 9 * S, 0 if doing == "ivr" else 8 * S)
    assert [(kind, began, end) for kind, _, began, end in segments(desk)] == [(doing, AT + S, AT + 9 * S)]
    legs = {fact.data["row"]["id"]: fact.data["row"] for fact in desk.of(FactKind.LEG_ENDED)}
    assert (legs[LEG]["complete"], legs[LEG]["hungup_at"]) == (True, AT + 9 * S)
    assert not desk.of(FactKind.CALL_NOTED)
    assert REMOVED in asked(desk)


@pytest.mark.parametrize(("side", "by"), [("recv_bye", "customer"), ("send_bye", "agent"), ("", "system")])
def test_a_talk_that_ended_after_we_were_killed_lasted_as_the_switch_says(side: str, by: str) -> None:
    desk = killed("talk", answered_at=AT + S, agent_leg="leg-a")
    back(desk, over(AT, AT + S, AT + 9 * S, OTHER, side))
    row = ended(desk)
    assert (row["outcome"], row["ended_by"], row["agent"]) == ("answered", by, "ann")
    assert (row["talked_us"], row["ended_at"]) == (8 * S, AT + 9 * S)
    assert desk.agent("ann").state == "wrap_up"


def test_a_call_ends_with_its_customer_and_not_with_the_phone_that_served_it() -> None:
    desk = killed("talk", answered_at=AT + S, agent_leg="leg-a")
    caller = away_note(LEG, over(AT, AT + S, AT + 9 * S, OTHER))
    phone = away_note("leg-a", f"{AT} {AT} {AT} {AT + 12 * S} NORMAL_CLEARING unknown unknown ={AT} send_bye")
    desk.tell(LinkUp("main", "core-1", (), calls=(caller, phone)))
    assert (ended(desk)["ended_at"], ended(desk)["ended_by"]) == (AT + 9 * S, "customer")
    legs = {fact.data["row"]["id"]: fact.data["row"]["hungup_at"] for fact in desk.of(FactKind.LEG_ENDED)}
    assert legs == {LEG: AT + 9 * S, "leg-a": AT + 12 * S}


def test_a_contact_ends_no_earlier_than_the_talk_that_was_written_down_last() -> None:
    # We were killed between the agent's end and the caller's, and had heard of the first some milliseconds late.
    desk = killed("", answered_at=AT + S // 2)
    back(desk, over(AT, AT + S // 2, AT + S - 20_000, OTHER, "send_bye"))
    row = ended(desk)
    assert (row["outcome"], row["ended_by"], row["ended_at"]) == ("answered", "agent", AT + S)
    assert segments(desk) == []


def test_a_talk_that_began_and_ended_unheard_is_one_and_leaves_no_hole() -> None:
    desk = killed("offer")
    back(desk, over(AT, AT + 4 * S, AT + 9 * S, OTHER))
    row = ended(desk)
    assert (row["outcome"], row["agent"], row["answered_at"]) == ("answered", "ann", AT + 4 * S)
    assert (row["talked_us"], row["waited_us"]) == (5 * S, 3 * S)
    assert segments(desk) == [("offer", "ann", AT + S, AT + 4 * S), ("talk", "ann", AT + 4 * S, AT + 9 * S)]
    (bridged,) = desk.of(FactKind.BRIDGED)
    assert (bridged.agent, bridged.data["answered_at"]) == ("ann", AT + 4 * S)
    assert (bridged.data["customer_leg"], bridged.data["agent_leg"]) == (LEG, "leg-a")
    ids = [fact.data["row"]["id"] for fact in desk.of(FactKind.SEGMENT_ENDED)]
    assert ids == [f"{OTHER}:{AT + S}:2", f"{OTHER}:{AT + 4 * S}:3"]
    assert desk.agent("ann").state == "wrap_up"


def test_who_is_named_as_there_and_noted_as_gone_is_gone() -> None:
    # The channels are read before the notes.
    desk = killed("queue")
    marks = {f"variable_{name}": text for name, text in (("fsorch_contact", OTHER), ("fsorch_role", "customer"))}
    there = Event(name="CHANNEL_DATA", uuid=LEG, answer_state="answered", direction="inbound", known=marks)
    desk.tell(LinkUp("main", "core-1", (there,), calls=(away_note(LEG, over(AT, 0, AT + 9 * S, OTHER)),)))
    desk.ends(LEG)
    assert ended(desk)["ended_at"] == AT + 9 * S
    assert len(desk.of(FactKind.LEG_ENDED)) == 1


def test_a_call_taken_by_a_life_that_wrote_nothing_down_becomes_a_contact_once() -> None:
    desk = Desk()
    back(desk, over(AT, 0, AT + 9 * S, OTHER))
    assert (told(desk)["taken"], told(desk)["call"]["id"], told(desk)["message"]) == (OTHER, LEG, "")
    marks = {"fsorch_contact": OTHER, "fsorch_role": "customer", "api_reporting_hook": HOOK}
    desk.event("CHANNEL_HANGUP_COMPLETE", LEG, marks, hangup_cause="NORMAL_CLEARING")
    assert not desk.of(FactKind.LEG_ENDED), "its last event came after the note and is no second CDR"


def test_records_that_come_late_have_the_noted_end_too() -> None:
    desk = Desk()
    desk.tell(Recall())
    back(desk, over(AT, 0, AT + 9 * S, OTHER))
    row = ContactRow(id=OTHER, switch="main", queue="sales", outcome="", began_at=AT, enqueued_at=AT, ended_at=AT + S)
    # The leg has its CDR, which the note has made.
    desk.tell(Recall((OpenContact(row=row, doing="queue"),), until=AT + S, late=True))
    assert (ended(desk)["outcome"], ended(desk)["ended_at"]) == ("abandoned", AT + 9 * S)


def test_a_caller_who_hung_up_in_a_cut_left_then_and_not_when_we_heard_of_it() -> None:
    desk, contact, began = cut()
    desk.passes(30)
    back(desk, over(began, 0, began + 20 * S, contact))
    row = ended(desk)
    assert (row["id"], row["outcome"], row["ended_by"], row["ended_at"]) == (
        contact,
        "abandoned",
        "customer",
        began + 20 * S,
    )


def test_a_talk_that_ended_in_a_cut_ended_then() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.talks(LEG, "sales")
    contact, began = desk.contact().id, desk.clock.now().wall
    desk.tell(LinkDown("main", "cut"))
    desk.passes(20)
    back(desk, over(began, began, began + 15 * S, contact, "send_bye"))
    row = ended(desk)
    assert (row["outcome"], row["ended_by"], row["talked_us"]) == ("answered", "agent", 15 * S)
    assert desk.agent("ann").state == "wrap_up"


def test_a_phone_picked_up_in_a_cut_talks_since_it_was_joined() -> None:
    desk = Desk()
    desk.log_in("ann")
    phone = desk.answered(LEG, "sales")
    joined_at = desk.clock.now().wall
    desk.tell(LinkDown("main", "cut"))
    desk.passes(4)
    fields: dict[str, Any] = {"name": "CHANNEL_DATA", "answer_state": "answered", "known": {}}
    caller = Event(uuid=LEG, direction="inbound", other_leg=phone, **fields)
    agent = Event(uuid=phone, other_leg=LEG, bridged_time=joined_at, **fields)
    desk.tell(LinkUp("main", "core-1", (caller, agent)))
    assert (desk.contact().state, desk.contact().answered_at) == ("talking", joined_at)
    desk.ends(LEG)
    assert ended(desk)["talked_us"] == 4 * S


def test_a_talk_that_began_and_ended_in_a_cut_was_one() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call(LEG, "sales")
    contact, made = desk.contact().id, desk.clock.now().wall
    dial = desk.last(Originate)
    desk.passes(2)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.tell(LinkDown("main", "cut"))
    desk.passes(4)
    back(desk, over(made, made + 3 * S, made + 5 * S, contact))
    row = ended(desk)
    assert (row["outcome"], row["agent"], row["ended_by"]) == ("answered", "ann", "customer")
    assert (row["answered_at"], row["talked_us"]) == (made + 3 * S, 2 * S)
    assert segments(desk)[-2:] == [("offer", "ann", made, made + 3 * S), ("talk", "ann", made + 3 * S, made + 5 * S)]
    assert desk.agent("ann").state == "wrap_up"


def test_the_note_of_a_call_that_we_heard_to_its_end_goes_once_that_is_written() -> None:
    desk = Desk()
    desk.call(LEG, "sales")
    desk.event("CHANNEL_HANGUP", LEG, hangup_cause="NORMAL_CLEARING")
    known = {"variable_api_reporting_hook": HOOK}
    complete = SwitchEvent("main", Event(name="CHANNEL_HANGUP_COMPLETE", uuid=LEG, known=known))
    outcome = desk.engine.step(complete, desk.clock.now())
    assert outcome.write_first
    assert [fact.kind for fact in outcome.facts] == [FactKind.LEG_ENDED]
    assert REMOVED in [one.command for one in outcome.actions if isinstance(one, Send)]


@pytest.mark.parametrize("direction", ["outbound", "inbound"])
def test_the_note_of_a_phone_that_we_have_let_go_of_before_its_end_goes_too(direction: str) -> None:
    desk = Desk()
    marks = {"fsorch_role": "agent", "fsorch_contact": "c1", "api_reporting_hook": HOOK}
    desk.event("CHANNEL_HANGUP_COMPLETE", LEG, marks, direction=direction, hangup_cause="ORIGINATOR_CANCEL")
    assert asked(desk) == ([REMOVED] if direction == "outbound" else [])
