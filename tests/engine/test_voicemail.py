"""Messages: taken by the switch, offered on the desktop, and nobody is left with a recording that failed."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.config import Centre
from fsorch.deferred import CallbackSpec, VoicemailSpec
from fsorch.engine import AnswerCall, CommandDone, Configure, EndWrapUp, FactKind, HangUp, LinkDown, LinkUp
from fsorch.engine.inputs import CallBack, OpenContact, Recall
from fsorch.engine.rows import ContactRow
from fsorch.engine.voicemail import TONE
from fsorch.errors import RequestRefused
from fsorch.esl.commands import Break, Execute, Kill, Originate, Playback, Record, SetVars
from fsorch.esl.events import Event
from fsorch.esl.replies import Reply
from tests.engine.desk import CENTRE, Desk
from tests.engine.records import recalled
from tests.engine.test_recall import dump
from tests.engine.test_relations import of_caller


def centre(voicemail: bool = True) -> Centre:
    sales, support = CENTRE.queues
    rule = CallbackSpec(dial="sofia/gateway/out/{number}")
    spec = VoicemailSpec(dir="/var/messages") if voicemail else None
    return structs.replace(CENTRE, queues=(structs.replace(sales, callback=rule), support), voicemail=spec)


def running(desk: Desk, leg: str = "caller") -> str:
    contact = desk.engine._core.contacts[of_caller(desk, leg)]
    return contact.running


def done(desk: Desk, leg: str = "caller", **variables: str) -> None:
    """What runs on the caller's leg ends."""
    desk.event("CHANNEL_EXECUTE_COMPLETE", leg, variables, application_uuid=running(desk, leg))


def take(desk: Desk) -> None:
    """The caller, who waits, is asked for a message."""
    desk.call("caller", "sales")
    contact = desk.engine._core.contacts[of_caller(desk)]
    desk.engine._calls.voicemail.take(contact)
    desk.tell(Configure(desk.engine._core.centre))
    assert desk.last(Break).uuid == "caller"
    done(desk)


def recording(desk: Desk) -> Execute:
    take(desk)
    assert desk.last(Playback).file.endswith("leave_message.wav")
    done(desk)
    assert desk.last(Playback).file == TONE
    done(desk)
    return desk.last(Execute)


def left(desk: Desk) -> str:
    """A caller has left a message; the message's contact."""
    recording(desk)
    done(desk, record_ms="7400")
    done(desk)
    assert desk.last(Kill).uuid == "caller"
    desk.ends("caller")
    return desk.of(FactKind.MESSAGE_LEFT)[-1].contact


def rows(desk: Desk) -> dict[str, tuple[str, str, str]]:
    found = [fact.data["row"] for fact in desk.of(FactKind.CONTACT_ENDED)]
    return {row["id"]: (row["medium"], row["outcome"], row["agent"]) for row in found}


def test_a_message_is_recorded_where_no_caller_chooses() -> None:
    desk = Desk(centre())
    command = recording(desk)
    assert (command.app, command.uuid) == ("record", "caller")
    path, *rest = command.arg.split()
    assert rest == ["180", "200", "5"]
    done(desk, record_ms="7400")
    told = desk.of(FactKind.MESSAGE_LEFT)[-1]
    assert path == f"/var/messages/{told.contact}.wav"
    assert told.data == {"caller": of_caller(desk), "lasted_us": 7_400_000}
    assert desk.last(Playback).file.endswith("thanks.wav")
    done(desk)
    desk.ends("caller")
    assert rows(desk) == {of_caller(desk): ("voice", "voicemail", "")}


@pytest.mark.parametrize(("ms", "failed"), [("5020", 1), ("5980", 1), ("6400", 0)])
def test_silence_is_no_message(ms: str, failed: int) -> None:
    desk = Desk(centre())
    recording(desk)
    done(desk, record_ms=ms, silence_hits_exhausted="true")
    assert (len(desk.of(FactKind.MESSAGE_FAILED)), len(desk.of(FactKind.MESSAGE_LEFT))) == (failed, 1 - failed)
    assert desk.last(Playback).file.endswith("not_recorded.wav" if failed else "thanks.wav")


def test_an_agent_is_offered_it_without_a_phone() -> None:
    desk = Desk(centre())
    message = left(desk)
    desk.log_in("ann")
    view = desk.agent("ann")
    assert (view.state, view.contact and view.contact.id) == ("ringing", message)
    assert not any(isinstance(command, Originate) for command, _ in desk.sent)
    desk.tell(AnswerCall(agent="ann", by="test"))
    assert desk.agent("ann").state == "talking"
    desk.passes(30)
    desk.tell(HangUp(agent="ann", by="test"))
    assert desk.agent("ann").state == "wrap_up"
    assert rows(desk)[message] == ("voicemail", "answered", "ann")
    assert desk.engine.snapshot().contacts == ()


def test_nobody_takes_it_and_it_goes_to_the_next() -> None:
    desk = Desk(centre())
    message = left(desk)
    desk.log_in("ann", "rob")
    desk.passes(15)
    assert desk.agent("rob").contact is not None
    assert desk.agent("rob").contact.id == message  # type: ignore[union-attr]
    desk.tell(HangUp(agent="rob", by="test"))
    assert [fact.data["outcome"] for fact in desk.of(FactKind.OFFER_ENDED)] == ["missed", "refused"]
    assert desk.of(FactKind.CONTACT_ENDED)[-1].contact != message


def test_the_agent_calls_back() -> None:
    desk = Desk(centre())
    message = left(desk)
    desk.log_in("ann", "rob")
    with pytest.raises(RequestRefused):
        desk.tell(CallBack(agent="ann", by="test"))
    desk.tell(AnswerCall(agent="ann", by="test"))
    desk.tell(CallBack(agent="ann", by="test"))
    assert rows(desk)[message] == ("voicemail", "answered", "ann")
    assert desk.agent("rob").state == "idle", "the promise is ann's"
    desk.tell(EndWrapUp(agent="ann", by="test"))
    agent = desk.last(Originate)
    assert dict(agent.variables)["fsorch_agent"] == "ann"
    desk.picks_up(agent.uuid, agent.job_uuid)
    assert desk.last(Originate).endpoint == "sofia/gateway/out/+441234"


def test_whom_the_agent_calls_back_has_the_place_of_the_message() -> None:
    desk = Desk(centre())
    left(desk)
    desk.passes(5)
    desk.call("later", "sales", caller_number="5550")
    desk.log_in("ann")
    desk.tell(AnswerCall(agent="ann", by="test"))
    desk.passes(60)
    desk.tell(CallBack(agent="ann", by="ann"))
    desk.passes(11)
    assert desk.agent("ann").contact is not None
    assert desk.agent("ann").contact.callback == "waiting"  # type: ignore[union-attr]


def restarted(desk: Desk, *events: Event) -> Desk:
    """The same switch in another life of ours, which has these channels still."""
    again = Desk(centre())
    again.tell(LinkDown("main", "restart"))
    again.tell(recalled(desk.facts))
    again.tell(LinkUp("main", "core-1", events, "/sounds"))
    return again


def test_who_speaks_when_fsorch_is_killed_has_left_a_message() -> None:
    desk = Desk(centre())
    command = recording(desk)
    marks = dict(next(one for one, _ in reversed(desk.sent) if isinstance(one, SetVars)).pairs)
    speaks = {"fsorch_contact": of_caller(desk), "fsorch_role": "customer", "current_application": "record", **marks}
    speaks |= {"fsorch_queue": "sales", "fsorch_enqueued": str(desk.contact().enqueued_at)}
    goes_on = restarted(desk, dump("caller", speaks))
    assert goes_on.contact().state == "aside"
    goes_on.event("CHANNEL_EXECUTE_COMPLETE", "caller", {"record_ms": "7400"}, application_uuid=command.event_uuid)
    assert goes_on.of(FactKind.MESSAGE_LEFT)[0].data["lasted_us"] == 7_400_000
    assert goes_on.last(Playback).file.endswith("thanks.wav")
    is_over = restarted(desk, dump("caller", speaks | {"current_application_response": "x", "record_ms": "6000"}))
    assert is_over.of(FactKind.MESSAGE_LEFT)[0].data["lasted_us"] == 6_000_000
    thanked = restarted(desk, dump("caller", speaks | {"fsorch_message": "left"}))
    thanked.passes(4)
    assert thanked.last(Kill).uuid == "caller"
    assert thanked.of(FactKind.MESSAGE_LEFT) == []


@pytest.mark.parametrize(("after_s", "messages"), [(0.3, 0), (9, 1)])
def test_who_hangs_up_while_fsorch_is_dead_has_left_what_they_had_said(after_s: float, messages: int) -> None:
    desk = Desk(centre())
    recording(desk)
    desk.passes(after_s)
    again = Desk(centre())
    again.passes(20)
    again.tell(LinkDown("main", "restart"))
    told = recalled(desk.facts)
    again.tell(structs.replace(told, until=desk.clock.now().wall))
    again.tell(LinkUp("main", "core-1", (), "/sounds"))
    found = again.of(FactKind.MESSAGE_LEFT)
    assert len(found) == messages
    assert rows(again)[of_caller(desk)][1] == ("voicemail" if messages else "lost")
    if messages:
        (view,) = again.engine.snapshot().contacts
        assert (view.medium, view.queue, view.message_us) == ("voicemail", "sales", found[0].data["lasted_us"])
        third = Desk(centre())
        third.tell(recalled(again.facts))
        third.tell(LinkUp("main", "core-1", (), "/sounds"))
        assert third.contact().message_us == view.message_us


def test_a_recording_that_ends_in_a_cut_is_the_message() -> None:
    desk = Desk(centre())
    recording(desk)
    desk.tell(LinkDown("main", "cut"))
    over = {"current_application": "record", "current_application_response": "x", "record_ms": "5400"}
    over |= {"fsorch_contact": of_caller(desk), "fsorch_role": "customer"}
    desk.tell(LinkUp("main", "core-1", (dump("caller", over),), "/sounds"))
    assert desk.of(FactKind.MESSAGE_LEFT)[0].data["lasted_us"] == 5_400_000


def test_who_hangs_up_while_speaking_has_left_a_message() -> None:
    desk = Desk(centre())
    recording(desk)
    desk.passes(4)
    desk.ends("caller")
    assert rows(desk)[of_caller(desk)][1] == "voicemail"
    assert desk.contact().state == "waiting"


def test_who_hangs_up_at_once_has_not() -> None:
    desk = Desk(centre())
    recording(desk)
    desk.ends("caller")
    assert rows(desk)[of_caller(desk)][1] == "abandoned"
    assert desk.engine.snapshot().contacts == ()


@pytest.mark.parametrize("voicemail", [True, False])
def test_a_recording_that_fails_is_said_and_the_place_is_kept(voicemail: bool) -> None:
    desk = Desk(centre(voicemail))
    before = desk.clock.now().wall
    if voicemail:
        recording(desk)
        done(desk, record_ms="")
    else:
        take(desk)
    assert desk.last(Playback).file.endswith("not_recorded.wav")
    done(desk)
    view = desk.contact()
    assert (view.state, view.enqueued_at) == ("waiting", before)
    desk.engine._calls.voicemail.take(desk.engine._core.contacts[view.id])
    desk.tell(Configure(desk.engine._core.centre))
    done(desk)
    if voicemail:
        done(desk)
        done(desk)
        done(desk)
    assert desk.last(Playback).file.endswith("call_again.wav")
    done(desk)
    assert desk.last(Kill).uuid == "caller"


def test_a_folder_the_switch_cannot_write_to_is_known_before_it_hangs_up() -> None:
    desk = Desk(centre())
    take(desk)
    probe = next(tag for command, tag in desk.sent if isinstance(command, Record) and command.action == "start")
    desk.tell(CommandDone("main", probe, Reply(False, "-ERR Cannot record session!", "api")))
    done(desk)
    assert not any(isinstance(command, Execute) for command, _ in desk.sent)
    assert desk.last(Playback).file.endswith("not_recorded.wav")
    done(desk)
    assert desk.contact().state == "waiting"


def test_a_message_outlives_a_restart() -> None:
    desk = Desk(centre())
    desk.tell(LinkDown("main", "restart"))
    at = desk.clock.now().wall - 60_000_000
    row = ContactRow(
        id="m1", medium="voicemail", switch="main", number="+441", queue="sales", outcome="", began_at=at, ended_at=at
    )
    desk.tell(Recall((OpenContact(row=row),)))
    desk.tell(LinkUp("main", "core-1", (), "/sounds"))
    view = desk.contact()
    assert (view.id, view.state, view.enqueued_at) == ("m1", "waiting", at)
    desk.log_in("ann")
    assert desk.agent("ann").state == "ringing"


def test_silence_of_the_switch_strands_nobody() -> None:
    desk = Desk(centre())
    desk.call("caller", "sales")
    contact = desk.engine._core.contacts[of_caller(desk)]
    desk.engine._calls.voicemail.take(contact)
    desk.passes(1000)
    assert desk.contact().state == "waiting"


def test_a_prompt_whose_end_is_not_heard_of_is_ended_before_the_recording() -> None:
    desk = Desk(centre())
    take(desk)
    desk.passes(200)
    after = [one for one, _ in desk.sent if isinstance(one, Break | Execute)]
    assert [type(one) for one in after[-2:]] == [Break, Execute], "the recording would run inside the prompt"
    done(desk, record_ms="7400")
    assert desk.of(FactKind.MESSAGE_LEFT)
