"""A contact's story: from the engine's own facts, in sentences."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.engine import Fact, FactKind
from fsorch.engine.rows import ContactRow
from fsorch.esl.commands import Bridge, Originate
from fsorch.names import ContactOutcome
from fsorch.store import ContactDetail
from fsorch.store.story import tell_story
from tests.engine import dialroom
from tests.engine.desk import CENTRE, Desk
from tests.engine.dialroom import Room

ROW = ContactRow(id="c1", switch="main", outcome="", began_at=1, ended_at=0)


def detail_of(desk: Desk) -> ContactDetail:
    """The only contact of a desk, as the store would give it."""
    [began] = desk.of(FactKind.CONTACT_BEGAN)
    facts = tuple(fact for fact in desk.facts if fact.contact == began.contact)
    ended = [fact for fact in facts if fact.kind is FactKind.CONTACT_ENDED]
    row = msgspec.convert(ended[0].data["row"], ContactRow) if ended else ROW
    return ContactDetail(contact=row, segments=(), legs=(), facts=facts)


def texts(desk: Desk) -> list[str]:
    return [line.text for line in tell_story(detail_of(desk))]


def test_who_was_asked_why_and_how_it_ended() -> None:
    sales = msgspec.structs.replace(CENTRE.queues[0], skills={"french": 3})
    ann, rob = (msgspec.structs.replace(agent, skills={"french": 4}) for agent in CENTRE.agents)
    eve = msgspec.structs.replace(rob, id="eve", phone="user/1003", skills={})
    desk = Desk(msgspec.structs.replace(CENTRE, queues=(sales, CENTRE.queues[1]), agents=(ann, rob, eve)))
    desk.call("caller", queue="sales")
    desk.passes(12)
    desk.log_in("eve")
    desk.passes(3)
    desk.log_in("rob")
    leg = desk.last(Originate).uuid
    desk.log_in("ann")
    desk.rings(leg)
    desk.passes(4)
    desk.ends(leg, "CALL_REJECTED")
    second = desk.last(Originate)
    assert second.uuid != leg
    desk.rings(second.uuid)
    desk.passes(2)
    desk.picks_up(second.uuid, second.job_uuid)
    desk.bridge("caller", second.uuid)
    desk.passes(65)
    desk.ends("caller")
    desk.ends(second.uuid)
    assert texts(desk) == [
        "Zoë (+441234) called on switch main",
        "waits in queue sales at place 1: chosen by the dialplan, a hook or the number, without a menu",
        "offered to rob: idle longest (0 s); it had waited 16 s: until then it was not its turn, or nobody who was "
        "free would do; passed over although free: eve, without the skills asked for",
        "the leg of rob hung up (CALL_REJECTED)",
        "rob did not take it after 4 s of ringing: the call was rejected (CALL_REJECTED)",
        "waits in queue sales again at place 1, by the time it has waited since the first",
        "offered to ann: idle longest (5 s); passed over although free: eve, without the skills asked for; "
        "not taken before by rob",
        "ann picked up after 2 s of ringing",
        "ann and the caller talk",
        "the leg of the caller hung up (NORMAL_CLEARING)",
        "ann has 10 s for the work after the call",
        "ended: was answered; the caller ended it (NORMAL_CLEARING); waited 24 s; talked 1 min 5 s",
        "the leg of ann hung up (NORMAL_CLEARING)",
    ]


def fact(kind: FactKind, agent: str = "", queue: str = "", **data: Any) -> Fact:
    return Fact(id=kind.value, at=1, kind=kind, contact="c1", agent=agent, queue=queue, data=data)


def told(*facts: Fact, **row: Any) -> list[str]:
    detail = ContactDetail(contact=msgspec.structs.replace(ROW, **row), segments=(), legs=(), facts=facts)
    return [line.text for line in tell_story(detail)]


def test_the_menu_says_why_this_queue() -> None:
    keyed = fact(FactKind.ANSWER_KEYED, prompt="menu", digits="2", valid=True, means="Support")
    wrong = fact(FactKind.ANSWER_KEYED, prompt="menu", digits="7", valid=False)
    none = fact(FactKind.ANSWER_KEYED, prompt="menu", digits="", valid=False)
    queued = fact(FactKind.CONTACT_QUEUED, queue="support", position=2)
    again = fact(FactKind.CONTACT_QUEUED, queue="support", position=1, again=True)
    assert told(wrong, keyed, queued, again) == [
        "keyed 7 at menu, which leads nowhere",
        "keyed 2 at menu, which means Support",
        "waits in queue support at place 2: because 2 was keyed",
        "waits in queue support again at place 1, by the time it has waited since the first",
    ]
    assert told(none, queued)[1] == "waits in queue support at place 2: the menu's default, for nothing valid was keyed"


@pytest.mark.parametrize(
    ("act", "detail", "after", "said"),
    [
        ("lower_skill", {"skill": "french", "by": 1}, {"asks": "french 2"}, "the level of french is lowered by 1"),
        ("add_skill", {"skill": "law", "level": 2}, {"asks": "law 2"}, "law at level 2 is asked for as well"),
        (
            "ask_skills",
            {"skills": "law >= 2 or french"},
            {"asks": "french 1 or law 2"},
            "french 1 or law 2 instead of what the queue asked for",
        ),
        ("any_agent", {}, {}, "any agent of the queue will do"),
        ("widen", {"queue": "support"}, {}, "agents of queue support will do as well"),
        ("raise_priority", {"by": 2}, {"priority": 5}, "the priority is raised by 2"),
        ("lower_priority", {"to": 1}, {"priority": 1}, "the priority is lowered to 1"),
        ("offer_callback", {}, {}, "is asked whether to be called back"),
        ("announce", {"prompt": "sorry"}, {}, "is told something"),
        ("voicemail", {}, {}, "is asked for a message"),
        ("overflow", {"to": "queue", "name": "support"}, {}, "goes over to queue support"),
        ("overflow", {"to": "hangup"}, {}, "the call is to end"),
        ("of_tomorrow", {"odd": 1}, {}, "of_tomorrow {'odd': 1}"),
    ],
)
def test_every_step_is_told_in_words(act: str, detail: dict[str, Any], after: dict[str, Any], said: str) -> None:
    (line,) = told(fact(FactKind.STEP_TAKEN, step=1, act=act, detail=detail, why="position 3", **after))
    left = f"; asked for now: {after['asks']}" if "asks" in after else ""
    left = f"; the priority is {after['priority']} now" if "priority" in after else left
    assert line == f"step 2 of the wait, for position 3: {said}{left}"


def test_what_the_wait_brought() -> None:
    assert told(
        fact(FactKind.STEP_TAKEN, step=0, act="drop_skill", detail={"skill": "french"}, why="waited 30 s", asks=""),
        fact(FactKind.ANNOUNCED, position=3, wait_s=95.0),
        fact(
            FactKind.WAIT_ENDED, act="overflow", to="queue", name="support", case="max", why="the longest wait allowed"
        ),
    ) == [
        "step 1 of the wait, for waited 30 s: french does not matter any more; asked for now: no skill at all",
        "was told of place 3 and a wait of about 1 min 35 s",
        "its wait ended by overflow to queue support (the longest wait allowed)",
    ]


def test_who_comes_into_another_queue_was_told_why_before() -> None:
    queued = fact(FactKind.CONTACT_QUEUED, queue="sales", position=1)
    later = fact(FactKind.CONTACT_QUEUED, queue="support", position=3)
    left = fact(FactKind.FLOW_TOLD, what="left", flow="main", node="q", value="queue", detail="sales", way="")
    over = fact(FactKind.WAIT_ENDED, act="overflow", to="queue", name="support", case="full", why="5 are waiting")
    assert told(left, over, later)[1:] == [
        "its wait ended by overflow to queue support (5 are waiting)",
        "waits in queue support at place 3",
    ]
    assert told(left, queued, later)[2] == "waits in queue support at place 3"
    assert told(over, left, queued)[2] == "waits in queue sales at place 1: the flow main led there"


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ([fact(FactKind.BRIDGED, agent="rob")], ": rob had it"),
        ([fact(FactKind.CALL_HUNG_UP, who="customer", cause="NORMAL_CLEARING")], ": the caller was gone"),
        ([fact(FactKind.WAIT_ENDED, act="voicemail", case="key", why="pressed 9")], ": the wait was to end"),
        ([fact(FactKind.CONTACT_QUEUED, queue="sales"), fact(FactKind.BRIDGED, agent="rob")], ""),
        ([], ""),
    ],
)
def test_why_an_offer_was_withdrawn(facts: list[Fact], why: str) -> None:
    withdrawn = fact(FactKind.OFFER_ENDED, agent="ann", outcome="withdrawn", rang_us=3_000_000)
    assert told(withdrawn, *facts)[0] == f"the offer to ann was withdrawn after 3 s of ringing{why}"


@pytest.mark.parametrize("outcome", set(ContactOutcome) - {ContactOutcome.LOST})
def test_every_outcome_is_told_in_words(outcome: ContactOutcome) -> None:
    (line,) = told(fact(FactKind.CONTACT_ENDED), outcome=outcome.value)
    assert line.startswith("ended: ")
    assert len(line.removeprefix("ended: ").split()) > 1


def test_who_was_served_meanwhile_has_not_waited_since_the_first() -> None:
    offered = fact(FactKind.OFFER_MADE, agent="rob", waited_us=30_000_000, why="idle longest (1 s)")
    bridged = fact(FactKind.BRIDGED, agent="ann")
    assert "it had waited 30 s" in told(offered)[0]
    assert told(bridged, offered)[1] == "offered to rob: idle longest (1 s)"


@pytest.mark.parametrize(
    ("cause", "direction", "who"),
    [
        ("NORMAL_CLEARING", "inbound", "the caller"),
        ("INCOMPATIBLE_DESTINATION", "inbound", "the switch"),
        ("MEDIA_TIMEOUT", "inbound", "the switch"),
        ("INCOMPATIBLE_DESTINATION", "outbound", "the called party"),
    ],
)
def test_what_the_switch_ended_was_not_ended_by_the_caller(cause: str, direction: str, who: str) -> None:
    (line,) = told(
        fact(FactKind.CONTACT_ENDED), outcome="left_flow", ended_by="customer", cause=cause, direction=direction
    )
    assert f"{who} ended it ({cause})" in line


def test_a_number_outside_is_called_that() -> None:
    over = fact(FactKind.CONTACT_ENDED)
    lines = told(fact(FactKind.BRIDGED, agent=""), over, outcome="answered", ended_by="agent")
    assert lines[0] == "the number outside and the caller talk"
    assert "the number outside ended it" in lines[1]


def test_a_message_that_was_put_aside_was_sent_nowhere() -> None:
    (line,) = told(fact(FactKind.CONTACT_ENDED), outcome="overflowed", medium="voicemail")
    assert line.startswith("ended: was put aside: nobody needs to listen")


@pytest.mark.parametrize("kind", FactKind)
@settings(max_examples=20, deadline=None)
@given(
    data=st.dictionaries(st.sampled_from(["why", "by", "to", "outcome", "cause", "who", "digits", "x y"]), st.text())
)
def test_every_kind_of_fact_has_its_words(kind: FactKind, data: dict[str, str]) -> None:
    """Also one of an older fsorch, in which much is missing."""
    for text in told(fact(kind, **data), outcome="answered", ended_by="agent"):
        assert text
        assert "\n" not in text


@pytest.mark.parametrize(
    ("told_fact", "sentence"),
    [
        (fact(FactKind.CONTACT_FOUND, number="1"), "fsorch was started again, and found the caller still on the line"),
        (
            fact(FactKind.CALLBACK_CHANGED, state="waiting", number="+491", tries=0),
            "is to be called back at +491 by ann, and keeps the place",
        ),
        (
            fact(FactKind.CALLBACK_CHANGED, state="resting", number="+491", tries=2),
            "could not be reached at +491, and is tried again later (try 2)",
        ),
        (fact(FactKind.CALLBACK_CHANGED, state="cancelled", by="sam"), "will not be called back by sam"),
        (fact(FactKind.MESSAGE_LEFT, lasted_us=12_400_000), "left a message of 12 s"),
        (fact(FactKind.RECORDING_CHANGED, message="m1", on=True), "hears the tone and may speak"),
        (fact(FactKind.RECORDING_CHANGED, message="m1", on=False), "the recording is over"),
        (
            fact(FactKind.LISTENING_BEGAN, watcher="sam", mode="whisper"),
            "sam speaks to the agent only in the talk of ann",
        ),
        (fact(FactKind.SURVEY_ANSWERED, row={"score": 4, "question": "kind"}), "gave 4 when asked about kind"),
    ],
)
def test_what_people_did_about_a_contact(told_fact: Fact, sentence: str) -> None:
    assert told(msgspec.structs.replace(told_fact, agent="ann")) == [sentence]


def outbound(room: Room) -> list[str]:
    """The story of the first attempt of a room."""
    id = room.started()[0].id
    facts = tuple(fact for fact in room.facts if fact.contact == id)
    [ended] = [fact for fact in facts if fact.kind is FactKind.CONTACT_ENDED]
    row = msgspec.convert(ended.data["row"], ContactRow)
    return [line.text for line in tell_story(ContactDetail(contact=row, segments=(), legs=(), facts=facts))]


def test_whoever_a_campaign_called_did_not_call() -> None:
    room = Room()
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    bridge = room.last(Bridge)
    room.bridge(bridge.a, bridge.b)
    room.ends(call.uuid)
    told = outbound(room)
    assert told[:3] == [
        "the campaign spring calls Lead 1 (+4930000001), lead 1 of the list cold, over carrier",
        "Lead 1 (+4930000001) has answered, on switch main",
        "waits in queue out at place 1: the campaign's agents serve it",
    ]
    assert "a0 and the called party talk" in told
    assert told[-3].startswith("ended: was answered; the called party ended it (NORMAL_CLEARING)")
    assert told[-2:] == [
        "how the call went: somebody was reached (NORMAL_CLEARING)",
        "the lead is closing now: wrap-up",
    ]


def test_who_was_called_after_the_agents_phone_and_not_reached() -> None:
    room = Room(dialroom.centre(nailed=False))
    room.log_in("a0")
    room.run()
    phone = room.last(Originate)
    room.rings(phone.uuid)
    room.picks_up(phone.uuid, phone.job_uuid)
    room.fails(room.calls()[0], "NO_ANSWER")
    told = outbound(room)
    assert told[0] == "Lead 1 (+4930000001) is to be called on switch main: the agent's own phone comes first"
    assert "the campaign spring calls Lead 1 (+4930000001), lead 1 of the list cold, for a0, over carrier" in told
    assert "the leg of the called party ended (NO_ANSWER)" in told
    assert told[-3].startswith("ended: was not reached; the system ended it (NO_ANSWER)")
    assert told[-2] == "how the call went: nobody picked up (NO_ANSWER)"


def test_a_call_that_was_called_off() -> None:
    why = "more people may answer than the 3 at work can take"
    assert told(
        fact(FactKind.CALL_OFF, rang_us=16_200_000, why=why),
        fact(FactKind.CALL_OFF, rang_us=0, why="no agent is left"),
        fact(FactKind.ATTEMPT_ENDED, row={"outcome": "cancelled", "cause": "ORIGINATOR_CANCEL"}),
        direction="outbound",
    ) == [
        f"the call is called off after 16 s of ringing: {why}",
        "the call is called off before it rang: no agent is left",
        "how the call went: the call was taken back before anybody answered (ORIGINATOR_CANCEL)",
    ]


def test_a_promised_call_by_hand_and_what_was_heard_of_it() -> None:
    row = {"campaign": "spring", "lead": "", "number": "+49301", "mode": "manual", "agent": "ann", "caller_id": "+4940"}
    over = row | {"outcome": "machine", "cause": "NORMAL_CLEARING"}
    assert told(
        fact(FactKind.ATTEMPT_STARTED, row=row, owed=True),
        fact(FactKind.GATEWAY_FAILED, gateway="carrier", cause="NORMAL_TEMPORARY_FAILURE"),
        fact(FactKind.MACHINE_HEARD, by="beep"),
        fact(FactKind.DNC_ASKED, number="+49301", source="disposition"),
        fact(FactKind.ATTEMPT_ENDED, row=over),
        fact(FactKind.ATTEMPT_ENDED, row=over | {"disposition": "no_interest", "note": "rude"}),
        direction="outbound",
        name="Eve",
    ) == [
        "the campaign spring calls Eve (+49301), who is in no list, as promised, by hand, for ann, over the way of the "
        "centre, showing +4940",
        "the gateway carrier had no line (NORMAL_TEMPORARY_FAILURE): the next is tried",
        "a machine was heard, by its beep",
        "+49301 is not to be called any more: they told the agent so",
        "how the call went: a machine answered (NORMAL_CLEARING)",
        "ann says of it: no_interest (rude)",
    ]


def test_a_word_is_told_once_and_anew_when_it_changes() -> None:
    row = {"agent": "ann", "outcome": "live", "cause": "NORMAL_CLEARING"}
    sold, later = {"disposition": "sold", "note": ""}, {"disposition": "later", "note": "at six"}
    assert told(
        msgspec.structs.replace(fact(FactKind.WORD_SAID, **sold), agent="ann"),
        fact(FactKind.ATTEMPT_ENDED, row=row | sold),
        msgspec.structs.replace(fact(FactKind.WORD_SAID, **later), agent="ann"),
        fact(FactKind.ATTEMPT_ENDED, row=row | later),
        direction="outbound",
    ) == [
        "ann says of it: sold",
        "how the call went: somebody was reached (NORMAL_CLEARING)",
        "ann says of it: later (at six)",
    ]
