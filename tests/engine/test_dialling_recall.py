"""Attempts that outlive the engine that placed them, or its link."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from fsorch.campaigns import (
    AttemptRow,
    CampaignState,
    Disposition,
    DispositionCategory,
    LeadState,
    MessageSpec,
    Mode,
    Then,
)
from fsorch.clock import US
from fsorch.config import Centre
from fsorch.engine import LinkUp
from fsorch.engine.actions import Send
from fsorch.engine.away_notes import AwayNote, away_note
from fsorch.engine.drop_notes import drop_note
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import (
    CampaignsAre,
    CommandDone,
    Dispose,
    LinkDown,
    LogIn,
    OpenAttempt,
    OpenContact,
    Recall,
    SaidWord,
    Shift,
)
from fsorch.engine.rows import ContactRow, LegRow
from fsorch.esl.commands import FileExists, Kill, Notes, Originate, PlayAndGetDigits
from fsorch.esl.events import Event
from fsorch.esl.replies import Reply
from tests.engine.dialroom import CAMPAIGN, Room, centre, lead, talked


def channel(call: Originate, answer_state: str, **more: Any) -> Event:
    """The called party's leg as the switch shows it after a restart of ours."""
    variables = dict(call.variables) | more.pop("variables", {})
    known = {f"variable_{name}": value for name, value in variables.items()}
    return Event(name="", uuid=call.uuid, direction="outbound", answer_state=answer_state, known=known, **more)


def reborn(
    room: Room,
    row: AttemptRow,
    *channels: Event,
    known: bool = True,
    dropped_at: int = 0,
    calls: tuple[AwayNote, ...] = (),
    told: Centre | None = None,
    contacts: tuple[OpenContact, ...] = (),
) -> None:
    """The engine dies; the next one finds these channels, and these notes of calls that are over."""
    room.begin(told or centre())
    room.tell(CampaignsAre({"spring": CampaignState.RUNNING}))
    attempts = (OpenAttempt(row=row, lead=lead(1), dropped_at=dropped_at),) if known else ()
    room.tell(Recall(until=room.clock.now().wall, attempts=attempts, contacts=contacts))
    room.tell(LinkUp("main", "core-1", channels, "/sounds", calls=calls))


def ringing() -> tuple[Room, Originate, AttemptRow]:
    """A room whose first call rings."""
    room = Room()
    room.at_work("a0")
    room.run()
    (call,) = room.calls()
    room.event("CHANNEL_CREATE", call.uuid)
    room.event("CHANNEL_PROGRESS", call.uuid)
    (row,) = room.started()
    return room, call, row


def test_a_phone_that_rings_is_followed_and_not_dialled_again() -> None:
    room, call, row = ringing()
    reborn(room, row, channel(call, "ringing"))
    room.ends(call.uuid, "NO_ANSWER")
    (over,) = room.ended()
    assert (over.id, over.outcome, over.leg) == (row.id, "noanswer", call.uuid)
    assert room.changed()[-1]["id"] == "1"
    assert [one.data["row"]["id"] for one in room.of(FactKind.LEG_ENDED)] == [call.uuid]


def test_who_answered_while_nobody_looked_hears_who_called() -> None:
    room, call, row = ringing()
    now = room.clock.now().wall
    reborn(room, row, channel(call, "answered", answered_time=now))
    assert room.contact().state == "waiting"
    room.passes(2.5)
    assert room.last(PlayAndGetDigits).uuid == call.uuid
    room.ends(call.uuid)
    assert [one.outcome for one in room.ended()] == ["drop"]


def test_who_has_waited_for_too_long_is_told_once_the_switch_has_said_which_messages_it_has() -> None:
    room, call, row = ringing()
    long_ago = room.clock.now().wall - 10 * US
    marks = {"fsorch_queue": CAMPAIGN.queue, "fsorch_enqueued": str(long_ago), "fsorch_contact": row.id}
    reborn(room, row, channel(call, "answered", answered_time=long_ago, variables=marks))
    asked = [(one.path, tag) for one, tag in room.sent if isinstance(one, FileExists)]
    assert not [one for one, _ in room.sent if isinstance(one, PlayAndGetDigits)]
    for _, tag in asked:
        room.tell(CommandDone("main", tag, Reply(True, "true", "api")))
    room.passes(0.6)
    message = room.last(PlayAndGetDigits)
    assert (message.uuid, message.prompt) == (call.uuid, asked[0][0])


def test_an_attempt_whose_leg_is_gone_is_closed_once() -> None:
    room, call, row = ringing()
    reborn(room, row)
    (over,) = room.ended()
    assert (over.id, over.outcome) == (row.id, "lost")
    assert room.changed()[-1]["state"] == "ready"
    room.tell(LinkDown("main", "cut"))
    room.tell(LinkUp("main", "core-1", (), "/sounds"))
    assert len(room.ended()) == 1


def test_who_was_told_that_nobody_is_there_was_dropped_whatever_came_of_it() -> None:
    room, _, row = ringing()
    at = room.clock.now().wall
    reborn(room, row, dropped_at=at)
    [ended] = room.ended()
    assert (ended.outcome, ended.answered_at) == ("drop", at)
    room, call, row = ringing()
    at = room.clock.now().wall
    reborn(room, row, channel(call, "answered"), dropped_at=at)
    room.event("CHANNEL_HANGUP_COMPLETE", call.uuid, hangup_cause="NORMAL_CLEARING")
    room.passes(60)
    assert [one.outcome for one in room.ended()] == ["drop"]


def gone(
    room: Room, answered_s: float = -1, ended_s: float = 0, bridged: bool = False, cause: str = "NORMAL_CLEARING"
) -> str:
    """The switch's note of a called party's leg that ended ``ended_s`` from now."""
    now = room.clock.now().wall
    at = round(now + answered_s * US) if answered_s >= 0 else 0
    return f"{now} {at} {at if bridged else 0} {round(now + ended_s * US)} {cause} unknown unknown ={now} recv_bye"


ENDS = [
    ("USER_BUSY", -1, False, "busy"),
    ("NO_ANSWER", -1, False, "noanswer"),
    # A phone rang, and the network says nothing of why it ended.
    ("NORMAL_TEMPORARY_FAILURE", -1, False, "noanswer"),
    ("NORMAL_CLEARING", 8.5, False, "hung_up"),
    ("NORMAL_CLEARING", 2, False, "drop"),
    ("NORMAL_CLEARING", 2, True, "live"),
]


@pytest.mark.parametrize("dead", [True, False], ids=["killed", "cut"])
@pytest.mark.parametrize(("cause", "answered_s", "bridged", "outcome"), ENDS)
def test_a_call_that_ended_unheard_is_what_the_switch_has_noted(
    dead: bool, cause: str, answered_s: float, bridged: bool, outcome: str
) -> None:
    room, call, row = ringing()
    note = away_note(call.uuid, gone(room, answered_s, 9, bridged, cause))
    room.tell(LinkDown("main", "cut"))
    room.passes(20)
    if dead:
        reborn(room, row, calls=(note,))
    else:
        room.tell(LinkUp("main", "core-1", (), "/sounds", calls=(note,)))
    (over,) = room.ended()
    assert (over.outcome, over.cause, over.ended_at, over.answered_at) == (
        *(outcome, cause),
        *(note.ended_at, note.answered_at),
    )
    if not dead:
        # Those of an earlier life are in the records.
        assert [one.drops for one in room.engine.snapshot().campaigns] == [outcome == "drop"]
    (leg,) = [fact.data["row"] for fact in room.of(FactKind.LEG_ENDED) if fact.data["row"]["id"] == call.uuid]
    assert (leg["cause"], leg["hungup_at"], leg["answered_at"]) == (cause, note.ended_at, note.answered_at)
    assert Notes("delete", "fsorch_away", call.uuid) in [command for command, _ in room.sent]


def test_who_heard_in_a_cut_that_nobody_is_there_was_dropped_however_soon_they_hung_up() -> None:
    room, call, row = ringing()
    told = drop_note(row.id, f"1795289136 - {row.number} spring 1")
    over = away_note(call.uuid, gone(room, 8.5, 9))
    room.tell(LinkDown("main", "cut"))
    room.passes(20)
    room.tell(LinkUp("main", "core-1", (), "/sounds", notes=(told,), calls=(over,)))
    assert [one.outcome for one in room.ended()] == ["drop"]
    assert [one.drops for one in room.engine.snapshot().campaigns] == [1]


def test_who_heard_the_message_of_a_campaign_without_agents_and_hung_up_meanwhile_was_reached() -> None:
    spec = structs.replace(CAMPAIGN, mode=Mode.AGENTLESS, message=MessageSpec(prompt="goodbye"))
    for doing, outcome in (("ivr", "live"), ("", "drop")):
        room = Room(centre(spec, agents=1))
        room.run()
        call, row = room.calls()[0], room.started()[0]
        note = away_note(call.uuid, gone(room, 1, 9))
        room.tell(LinkDown("main", "cut"))
        room.passes(20)
        began = row.launched_at
        heard = ContactRow(id=row.id, switch="main", direction="outbound", outcome="", began_at=began, ended_at=began)
        contacts = (OpenContact(row=heard, doing=doing),) if doing else ()
        reborn(room, row, calls=(note,), told=centre(spec, agents=1), contacts=contacts)
        (over,) = room.ended()
        assert (over.outcome, over.ended_at) == (outcome, note.ended_at)


def test_an_attempt_is_known_by_its_marks_alone() -> None:
    room, call, row = ringing()
    reborn(room, row, channel(call, "ringing"), known=False)
    room.ends(call.uuid, "USER_BUSY")
    (over,) = room.ended()
    assert (over.id, over.lead, over.campaign, over.number) == (row.id, "1", "spring", row.number)


SAID = (Disposition(id="sold"), Disposition(id="later", category=DispositionCategory.CALLBACK, then=Then.CALLBACK))
WORDY = structs.replace(CAMPAIGN, dispositions=SAID)


def talk_goes_on(word: SaidWord | None = None) -> tuple[Room, Originate]:
    """A talk at which the engine dies, and the next one finds; of which its agent has said this ``word``."""
    room, call, row = ringing()
    room.event("CHANNEL_ANSWER", call.uuid, answer_state="answered")
    room.event("CHANNEL_PARK", call.uuid)
    bridge = room.joins()
    now = room.clock.now().wall
    marks = {"fsorch_enqueued": str(now)}
    customer = channel(call, "answered", answered_time=now, bridged_time=now, other_leg=bridge.b, variables=marks)
    line = {"fsorch_contact": row.id, "fsorch_role": "agent", "fsorch_agent": "a0", "fsorch_line": "yes"}
    known = {f"variable_{name}": value for name, value in line.items()}
    agent = Event(
        name="", uuid=bridge.b, direction="outbound", answer_state="answered", other_leg=call.uuid, known=known
    )
    room.begin(centre(WORDY))
    room.tell(CampaignsAre({"spring": CampaignState.RUNNING}))
    room.tell(LogIn(agent="a0", by="test"))
    room.tell(Recall(until=now, attempts=(OpenAttempt(row=row, lead=lead(1), word=word),)))
    room.tell(LinkUp("main", "core-1", (customer, agent), "/sounds"))
    assert room.contact().state == "talking"
    return room, call


def test_a_talk_goes_on_and_is_accounted_to_its_end() -> None:
    room, call = talk_goes_on()
    assert len(room.calls()) == 1
    room.passes(30)
    room.ends(call.uuid)
    (over,) = room.ended()
    assert (over.id, over.outcome, over.agent) == (room.started()[0].id, "live", "a0")
    assert not [one for one in room.sent if isinstance(one[0], Kill)]


def test_who_talks_over_a_restart_says_how_it_was() -> None:
    room, call = talk_goes_on()
    room.tell(Dispose(agent="a0", by="a0", disposition="sold"))
    room.ends(call.uuid)
    assert room.changed()[-1]["state"] == "closing"
    room.passes(11)
    assert (room.ended()[-1].disposition, room.changed()[-1]["disposition"]) == ("sold", "sold")


def test_what_was_said_before_a_restart_counts() -> None:
    at = Room().clock.now().wall + 86_400 * 1_000_000
    room, call = talk_goes_on(SaidWord(disposition="later", note="after six", promised_at=at, promised_to="a0"))
    card = room.agent("a0").lead
    assert card is not None
    assert card.said == "later"
    room.ends(call.uuid)
    room.passes(11)
    promise = room.changed()[-1]
    assert (promise["state"], promise["next_at"], promise["callback_agent"]) == ("callback", at, "a0")
    assert promise["callback_note"] == "after six"


def wraps_up_again(word: SaidWord | None = None, *, over: bool = False) -> Room:
    """The engine dies in the wrap-up after a talk of which its agent has said this ``word``; the next one comes up
    before it is over, or after."""
    room = talked(WORDY)
    now, (row,) = room.clock.now().wall, room.ended()
    room.begin(centre(WORDY, agents=1))
    room.tell(CampaignsAre({"spring": CampaignState.RUNNING}))
    until = now if over else now + 60_000_000
    shift = Shift("a0", "available", wrap_up_began=now, wrap_up_until=until, contact=row.id, queue="out", since=now)
    held = lead(1, state=LeadState.CLOSING, attempts=1)
    room.tell(Recall(until=now, shifts=(shift,), attempts=(OpenAttempt(row=row, lead=held, word=word),)))
    room.tell(LinkUp("main", "core-1", (), "/sounds"))
    return room


def test_who_wraps_up_over_a_restart_says_how_it_was() -> None:
    room = wraps_up_again()
    card = room.agent("a0").lead
    assert card is not None
    assert (card.phase, card.lead, room.agent("a0").state) == ("closing", "1", "wrap_up")
    before = room.ended()[0]
    room.tell(Dispose(agent="a0", by="a0", attempt=card.attempt, disposition="sold"))
    # Nothing that was known of the call is lost with the word.
    assert room.ended()[-1] == structs.replace(before, disposition="sold")
    room.passes(61)
    assert (room.changed()[-1]["state"], room.changed()[-1]["disposition"]) == ("finished", "sold")
    assert room.changed()[-1]["attempts"] == 1


@pytest.mark.parametrize("over", [False, True])
def test_a_word_of_a_wrap_up_before_a_restart_is_carried_out(over: bool) -> None:
    at = Room().clock.now().wall + 86_400 * 1_000_000
    room = wraps_up_again(SaidWord(disposition="later", promised_at=at), over=over)
    room.passes(61)
    assert (room.changed()[-1]["state"], room.changed()[-1]["next_at"]) == ("callback", at)


@pytest.mark.parametrize("noted", [True, False])
def test_who_talked_to_a_customer_that_hung_up_meanwhile_says_how_it_was(noted: bool) -> None:
    room, call, row = ringing()
    room.event("CHANNEL_ANSWER", call.uuid, answer_state="answered")
    room.event("CHANNEL_PARK", call.uuid)
    bridge = room.joins()
    now = room.clock.now().wall
    talk = ContactRow(
        id=row.id, switch="main", direction="outbound", queue="out", agent="a0", outcome="", began_at=now, ended_at=now
    )
    known = OpenContact(row=structs.replace(talk, answered_at=now), doing="talk", agent_leg=bridge.b)
    calls = (away_note(call.uuid, gone(room, 0, 9, bridged=True)),) if noted else ()
    room.begin(centre(WORDY, agents=1))
    room.tell(CampaignsAre({"spring": CampaignState.RUNNING}))
    shift = Shift("a0", "available", since=now)
    open_ = OpenAttempt(row=row, lead=lead(1))
    room.tell(Recall(until=now, shifts=(shift,), contacts=(known,), attempts=(open_,)))
    room.passes(15)
    room.tell(LinkUp("main", "core-1", (), "/sounds", calls=calls))
    assert room.agent("a0").state == "wrap_up"
    assert (room.ended()[-1].outcome, room.ended()[-1].agent) == ("live", "a0")
    room.tell(Dispose(agent="a0", by="a0", disposition="sold"))
    assert (room.ended()[-1].id, room.ended()[-1].disposition) == (row.id, "sold")


def test_records_that_come_late_keep_back_no_word_for_an_agent_who_has_gone_on() -> None:
    room = talked(WORDY)
    now, (row,) = room.clock.now().wall, room.ended()
    room.begin(centre(WORDY, agents=1))
    room.tell(CampaignsAre({"spring": CampaignState.RUNNING}))
    room.tell(LinkUp("main", "core-1", (), "/sounds"))
    shift = Shift("a0", "available", wrap_up_began=now, wrap_up_until=now + 60_000_000, contact=row.id, queue="out")
    known = OpenAttempt(row=row, lead=lead(1, state=LeadState.CLOSING, attempts=1), word=SaidWord(disposition="sold"))
    room.tell(Recall(until=now, shifts=(shift,), attempts=(known,), late=True))
    assert (room.changed()[-1]["state"], room.changed()[-1]["disposition"]) == ("finished", "sold")


@pytest.mark.parametrize("heard", [True, False])
def test_a_talk_for_which_the_agents_own_phone_came_first_goes_on(heard: bool) -> None:
    # The lead's leg has no mark of a line, and the records may not know yet that the two were joined.
    room = Room(centre(nailed=False))
    room.log_in("a0")
    room.run()
    phone = room.last(Originate)
    room.picks_up(phone.uuid, phone.job_uuid)
    (call,), (row,) = room.calls(), room.started()
    now = room.clock.now().wall
    customer = channel(call, "answered", answered_time=now, bridged_time=now, other_leg=phone.uuid)
    agent = channel(phone, "answered", answered_time=now, bridged_time=now, other_leg=call.uuid)
    queue = centre().campaigns[0].queue
    contact = ContactRow(
        id=row.id,
        switch="main",
        direction="outbound",
        number=row.number,
        outcome="",
        queue=queue,
        began_at=now,
        enqueued_at=now,
        ended_at=now,
        answered_at=now if heard else 0,
        agent="a0" if heard else "",
    )
    told = OpenContact(
        row=contact,
        legs=(LegRow(id=phone.uuid, contact=row.id, switch="main", direction="outbound", role="agent", agent="a0"),),
        segments=1,
        doing="talk" if heard else "offer",
        agent_leg=phone.uuid if heard else "",
    )
    room.begin(centre(nailed=False))
    room.tell(CampaignsAre({"spring": CampaignState.RUNNING}))
    shifts = (Shift("a0", "available"),)
    room.tell(Recall((told,), shifts, until=now, attempts=(OpenAttempt(row=row, lead=lead(1)),)))
    room.tell(LinkUp("main", "core-1", (customer, agent), "/sounds"))
    room.passes(30)
    assert room.contact().state == "talking"
    assert not room.of(FactKind.DROPPED)
    assert len(room.of(FactKind.OFFER_MADE)) == 1
    room.ends(call.uuid)
    (over,) = room.ended()
    assert (over.id, over.outcome, over.agent) == (row.id, "live", "a0")


def test_a_cut_while_an_agents_phone_rings_before_the_leads_puts_nobody_into_a_talk() -> None:
    room = Room(centre(nailed=False))
    room.log_in("a0")
    room.run()
    phone = room.last(Originate)
    assert not room.calls()
    room.event("CHANNEL_CREATE", phone.uuid)
    room.tell(LinkDown("main", "storm"))
    room.passes(2)
    room.tell(LinkUp("main", "core-1", (channel(phone, "ringing"),), "/sounds"))
    assert not room.of(FactKind.BRIDGED)
    room.picks_up(phone.uuid, phone.job_uuid)
    assert [call.endpoint for call in room.calls()] == ["sofia/gateway/carrier/+4930000001"]


def test_a_cut_link_keeps_what_rings() -> None:
    room, call, _ = ringing()
    room.tell(LinkDown("main", "cut"))
    room.passes(3)
    line = room.engine._core.people["a0"].line_leg
    own = Event(name="", uuid=line, direction="outbound", answer_state="answered")
    room.tell(LinkUp("main", "core-1", (channel(call, "ringing"), own), "/sounds"))
    assert not room.ended()
    assert not [one for one in room.sent if isinstance(one[0], Kill) and one[0].uuid == call.uuid]
    room.ends(call.uuid, "NO_ANSWER")
    assert [one.outcome for one in room.ended()] == ["noanswer"]


def test_a_key_that_was_pressed_while_nobody_looked_is_a_refusal_and_its_call_a_drop() -> None:
    room, call, row = ringing()
    note = drop_note(row.id, f"1795289136 9 {row.number} spring 1\n")
    room.begin(centre())
    room.tell(CampaignsAre({"spring": CampaignState.RUNNING}))
    room.tell(Recall(until=room.clock.now().wall, attempts=(OpenAttempt(row=row, lead=lead(1)),)))
    room.sent.clear()
    outcome = room.engine.step(LinkUp("main", "core-1", (), "/sounds", notes=(note,)), room.clock.now())
    assert outcome.write_first
    (asked,) = [fact for fact in outcome.facts if fact.kind is FactKind.DNC_ASKED]
    said = {"campaign": "spring", "lead": "1", "number": row.number, "source": "key"}
    assert asked.data.items() >= said.items()
    (over,) = [fact.data["row"] for fact in outcome.facts if fact.kind is FactKind.ATTEMPT_ENDED]
    assert (over["id"], over["outcome"], over["answered_at"]) == (row.id, "drop", 1_795_289_136_000_000)
    sent = [one.command for one in outcome.actions if isinstance(one, Send)]
    assert Notes("delete", "fsorch_dropped", row.id) in sent
    # What the list had no room for: asked for until it is empty.
    room.tell(CommandDone("main", "notes:main", Reply(True, f"{row.id},{call.uuid[:9]}")))
    assert room.sent[-1] == (Notes("select", "fsorch_dropped", row.id), f"last_note:{row.id}")
    room.tell(CommandDone("main", f"last_note:{row.id}", Reply(True, "1795289136 - +49301 spring 1")))
    assert room.sent[-1] == (Notes("list", "fsorch_dropped"), "notes:main")
    before = len(room.sent)
    room.tell(CommandDone("main", "notes:main", Reply(False, "-ERR no reply")))
    assert len(room.sent) == before


def test_a_drop_that_the_records_tell_of_after_the_switch() -> None:
    room, _, row = ringing()
    room.begin(centre())
    note = drop_note(row.id, f"1795289136 - {row.number} spring 1")
    room.tell(LinkUp("main", "core-1", (), "/sounds", notes=(note,)))
    attempts = (OpenAttempt(row=row, lead=lead(1)),)
    room.tell(Recall(until=room.clock.now().wall, attempts=attempts, late=True))
    assert [one.outcome for one in room.ended()] == ["drop"]
    assert not room.of(FactKind.DNC_ASKED)


def test_a_key_that_is_pressed_after_we_came_back() -> None:
    room, call, row = ringing()
    marks = {"fsorch_fallback": "yes"}
    reborn(room, row, channel(call, "answered", variables=marks))
    room.passes(7)
    # The message goes on.
    assert room.ended() == []
    room.event("CHANNEL_HANGUP", call.uuid, dict(call.variables) | marks, hangup_cause="NORMAL_CLEARING")
    (over,) = room.ended()
    assert (over.outcome, over.cause, over.ended_at) == ("drop", "NORMAL_CLEARING", room.clock.now().wall)
    asked = (Notes("select", "fsorch_dropped", row.id), f"note:{row.id}")
    assert asked in room.sent
    room.tell(CommandDone("main", asked[1], Reply(False, "-ERR no reply")))
    assert not room.of(FactKind.DNC_ASKED)
    room.tell(CommandDone("main", asked[1], Reply(True, f"1795289136 9 {row.number} spring 1")))
    (refusal,) = room.of(FactKind.DNC_ASKED)
    assert refusal.data["number"] == row.number
    assert [one.outcome for one in room.ended()] == ["drop"]


def test_who_was_called_by_hand_and_told_by_the_switch_that_nobody_is_there_is_in_no_list_and_was_dropped() -> None:
    room, _, row = ringing()
    note = drop_note(row.id, f"1795289136 9 {row.number} spring ")
    assert (note.campaign, note.lead, note.key) == ("spring", "", "9")
    room.tell(LinkUp("main", "core-1", (), "/sounds", notes=(note,)))
    (refusal,) = room.of(FactKind.DNC_ASKED)
    assert (refusal.data["number"], refusal.data["campaign"]) == (row.number, "spring")


def test_calls_that_a_switch_takes_with_it_say_so_and_end_when_it_was_lost() -> None:
    room, call, row = ringing()
    room.passes(3)
    at = room.clock.now().wall
    room.tell(LinkDown("main", "gone"))
    room.passes(10)
    room.tell(LinkUp("main", "core-2", (), "/sounds"))
    (over,) = room.ended()
    assert (over.id, over.outcome, over.cause, over.ended_at) == (row.id, "lost", "SWITCH_RESTARTED", at)
    legs = {fact.leg: fact.data["row"] for fact in room.of(FactKind.LEG_ENDED)}
    assert (legs[call.uuid]["cause"], legs[call.uuid]["hungup_at"]) == ("SWITCH_RESTARTED", at)


@pytest.mark.parametrize(
    "text",
    ["", "1795289136 9 +49301", "now 9 +49301 spring 1", "1795289136 9 +4930x spring 1", "1 9 +49301 a 1\n2"],
)
def test_what_is_no_note_of_ours_is_removed_and_nothing_else(text: str) -> None:
    room, _, row = ringing()
    room.tell(LinkUp("main", "core-1", (), "/sounds", notes=(drop_note(row.id, text),)))
    assert not room.of(FactKind.DNC_ASKED)
    assert [one.outcome for one in room.ended()] == ["lost"]
    assert Notes("delete", "fsorch_dropped", row.id) in [command for command, _ in room.sent]


@pytest.mark.parametrize("answers", [True, False])
def test_an_agent_whose_phone_came_first_waits_on_over_a_restart(answers: bool) -> None:
    told = centre(CAMPAIGN, agents=2, nailed=False)
    room = Room(told)
    room.log_in("a0")
    room.run()
    phone = room.last(Originate)
    room.rings(phone.uuid)
    room.picks_up(phone.uuid, phone.job_uuid)
    (call,), (row,) = room.calls(), room.started()
    room.event("CHANNEL_PROGRESS", call.uuid)
    open_row = ContactRow(id=row.id, switch="main", queue="out", began_at=1, enqueued_at=1, ended_at=1, outcome="")
    known = OpenContact(row=open_row, segments=2)
    room.begin(told)
    room.tell(CampaignsAre({"spring": CampaignState.RUNNING}))
    for agent in ("a0", "a1"):
        room.log_in(agent)
    room.tell(Recall(until=1, contacts=(known,), attempts=(OpenAttempt(row=row, lead=lead(1)),)))
    sent = len(room.sent)
    room.tell(LinkUp("main", "core-1", (channel(call, "ringing"), channel(phone, "answered")), "/sounds"))
    waits = room.agent("a0")
    assert waits.lead is not None
    assert (waits.state, waits.lead.lead, waits.lead.placed, waits.lead.answered) == ("ringing", "1", True, False)
    assert not [one for one, _ in room.sent[sent:] if isinstance(one, Kill) or getattr(one, "uuid", "") == call.uuid]
    assert not [one for one in room.of(FactKind.CONTACT_ENDED) if one.data["row"]["outcome"] == "lost"]
    if not answers:
        room.ends(call.uuid, "USER_BUSY")
        assert (room.agent("a0").state, room.agent("a0").not_called) == ("idle", f"{row.number} was not reached: busy")
        return
    room.event("CHANNEL_ANSWER", call.uuid, answer_state="answered")
    room.event("CHANNEL_PARK", call.uuid)
    bridge = room.joins()
    assert {bridge.a, bridge.b} == {call.uuid, phone.uuid}
    assert room.agent("a0").state == "talking"
    room.ends(call.uuid)
    assert [(one.id, one.outcome, one.agent) for one in room.ended()] == [(row.id, "live", "a0")]
