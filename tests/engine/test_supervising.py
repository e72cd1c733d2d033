"""What supervisors do, on an engine alone."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.engine import (
    Configure,
    FactKind,
    GiveContact,
    LinkUp,
    MoveContact,
    Request,
    SetPriority,
    StopListening,
    Supervise,
    TransferCall,
)
from fsorch.errors import NotFound, RequestRefused
from fsorch.esl.commands import Bridge, Kill, Originate, ReceiveDigits, SetVars
from fsorch.esl.events import Event
from tests.engine.desk import CENTRE, Desk
from tests.engine.test_transfers import CUSTOMER, consulting, talking


def order(desk: Desk, queue: str = "sales") -> list[str]:
    """The waiting numbers of a queue, first first."""
    waiting = [c for c in desk.engine.snapshot().contacts if c.state == "waiting" and c.queue == queue]
    return [c.number for c in sorted(waiting, key=lambda c: c.position)]


def two_waiting() -> tuple[Desk, dict[str, str]]:
    """Two callers wait in sales; the contacts by number."""
    desk = Desk()
    for number in ("1", "2"):
        desk.call(f"caller-{number}", "sales", caller_number=number)
        desk.passes(1)
    return desk, {contact.number: contact.id for contact in desk.engine.snapshot().contacts}


# -- who waits ------------------------------------------------------------------------------------------------------


def test_a_priority_change_acts_on_those_who_wait_already() -> None:
    # Complaint 14: it acted on newcomers only.
    desk, ids = two_waiting()
    assert order(desk) == ["1", "2"]
    desk.tell(SetPriority(contact=ids["2"], priority=9, by="sam"))
    assert order(desk) == ["2", "1"]
    # A life that is told of nothing else finds it on the leg.
    marks = [dict(command.pairs) for command, _ in desk.sent if isinstance(command, SetVars)]
    assert [one["fsorch_priority"] for one in marks if "fsorch_priority" in one][-1] == "9"
    desk.log_in("ann")
    assert next(c.number for c in desk.engine.snapshot().contacts if c.state == "offered") == "2"
    (fact,) = desk.of(FactKind.PRIORITY_CHANGED)
    assert (fact.data["priority"], fact.data["previous"], fact.data["by"]) == (9, 0, "sam")


def test_a_contact_is_moved_with_its_enqueue_time_even_while_a_phone_rings() -> None:
    desk, ids = two_waiting()
    first = next(c for c in desk.engine.snapshot().contacts if c.number == "1")
    desk.tell(MoveContact(contact=ids["1"], queue="support", by="sam"))
    assert (order(desk), order(desk, "support")) == (["2"], ["1"])
    moved = next(c for c in desk.engine.snapshot().contacts if c.number == "1")
    assert moved.enqueued_at == first.enqueued_at
    desk.log_in("rob")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.tell(MoveContact(contact=ids["2"], queue="support", by="sam"))
    assert desk.last(Kill).uuid == dial.uuid
    assert order(desk, "support") == ["1", "2"]
    assert desk.agent("rob").missed == 0


def test_a_contact_is_given_to_an_agent_and_to_nobody_else() -> None:
    desk, ids = two_waiting()
    desk.tell(GiveContact(contact=ids["2"], agent="rob", by="sam"))
    desk.log_in("ann")
    states = {c.number: (c.state, c.agent) for c in desk.engine.snapshot().contacts}
    assert states == {"1": ("offered", "ann"), "2": ("waiting", "")}
    desk.log_in("rob")
    states = {c.number: (c.state, c.agent) for c in desk.engine.snapshot().contacts}
    assert states["2"] == ("offered", "rob")
    assert desk.of(FactKind.OFFER_MADE)[-1].data["why"] == "given by sam"


def test_a_contact_that_was_given_to_nobody_who_comes_is_anybodys_after_a_while() -> None:
    desk, ids = two_waiting()
    desk.tell(GiveContact(contact=ids["1"], agent="rob", by="sam"))
    desk.tell(GiveContact(contact=ids["2"], agent="rob", by="sam"))
    desk.log_in("ann")
    assert len(order(desk)) == 2
    desk.passes(121)
    assert len(order(desk)) == 1


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (MoveContact(contact="nobody", queue="support", by="sam"), NotFound),
        (MoveContact(contact="1", queue="suport", by="sam"), NotFound),
        (MoveContact(contact="1", queue="sales", by="sam"), RequestRefused),
        (GiveContact(contact="1", agent="bob", by="sam"), NotFound),
        (Supervise(agent="ann", watcher="rob", mode="listen", by="sam"), RequestRefused),
        (StopListening(agent="ann", watcher="rob", by="sam"), RequestRefused),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(request_: Request, error: type[Exception]) -> None:
    desk, ids = two_waiting()
    named = getattr(request_, "contact", "")
    if named in ids:
        request_ = msgspec.structs.replace(request_, contact=ids[named])
    before = desk.engine.snapshot()
    desk.sent.clear()
    with pytest.raises(error):
        desk.tell(request_)
    assert desk.engine.snapshot().contacts == before.contacts
    assert desk.sent == []


def test_a_call_cannot_be_moved() -> None:
    desk, _ = talking()
    with pytest.raises(RequestRefused, match="transfer a call"):
        desk.tell(MoveContact(contact=desk.contact().id, queue="support", by="sam"))


# -- listening ------------------------------------------------------------------------------------------------------


def listening(mode: str = "listen") -> tuple[Desk, str, Originate]:
    desk, leg = talking("rob")
    desk.tell(
        msgspec.convert({"type": "Supervise", "agent": "ann", "watcher": "rob", "mode": mode, "by": "sam"}, Supervise)
    )
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.event("CHANNEL_ANSWER", dial.uuid)
    desk.event("BACKGROUND_JOB", job_uuid=dial.job_uuid, body=f"+OK {dial.uuid}\n")
    return desk, leg, dial


def test_a_supervisor_listens_whispers_and_barges() -> None:
    desk, leg, dial = listening()
    assert (dial.endpoint, dial.app, dial.app_args) == ("user/1002", "eavesdrop", leg)
    assert not [c for c, _ in desk.sent if isinstance(c, ReceiveDigits)]
    for mode, key in (("whisper", "2"), ("barge", "3"), ("listen", "0")):
        desk.tell(msgspec.structs.replace(Supervise(agent="ann", watcher="rob", mode="listen", by="sam"), mode=mode))
        assert desk.last(ReceiveDigits) == ReceiveDigits(dial.uuid, key)
        assert [one.mode for one in desk.agent("ann").listeners] == [mode], "the agent sees who is in the talk"
    assert desk.agent("rob").state == "idle"
    desk.tell(StopListening(agent="ann", watcher="rob", by="sam"))
    assert desk.last(Kill).uuid == dial.uuid
    desk.ends(dial.uuid)
    assert desk.agent("ann").listeners == ()
    assert (desk.contact().agent, desk.contact().state) == ("ann", "talking")
    modes = [fact.kind for fact in desk.facts if fact.kind.startswith("listening")]
    assert modes == ["listening_began", *["listening_changed"] * 3, "listening_ended"]


def test_a_phone_that_listens_is_offered_no_call() -> None:
    """Seen on FreeSWITCH 1.10.12: the queue rang the phone by which a supervisor was just hearing a talk."""
    desk, _, dial = listening()
    assert desk.agent("rob").unready == "listens to the talk of ann"
    desk.call("caller-2", "sales")
    desk.passes(30)
    assert desk.last(Originate) is dial
    desk.tell(StopListening(agent="ann", watcher="rob", by="sam"))
    desk.ends(dial.uuid)
    assert desk.agent("rob").unready == ""
    assert desk.last(Originate).endpoint == "user/1002"


def test_another_phone_of_a_supervisor_who_listens_is_offered_calls() -> None:
    desk, _ = talking("rob")
    desk.tell(Supervise(agent="ann", watcher="rob", mode="listen", phone="1009", by="sam"))
    assert desk.agent("rob").unready == ""


def test_a_whisper_begins_when_the_phone_is_picked_up() -> None:
    desk, _, dial = listening("whisper")
    assert desk.last(ReceiveDigits) == ReceiveDigits(dial.uuid, "2")


def test_the_listening_ends_with_the_call_and_no_leg_stays() -> None:
    desk, leg, dial = listening()
    desk.ends(CUSTOMER)
    assert dial.uuid in [c.uuid for c, _ in desk.sent if isinstance(c, Kill)]
    desk.ends(leg)
    desk.ends(dial.uuid)
    assert desk.engine.snapshot().switches[0].legs == 0
    roles = [fact.data["row"]["role"] for fact in desk.of(FactKind.LEG_ENDED)]
    assert roles == ["customer", "agent", "other"]


def test_a_supervisors_phone_that_is_busy_leaves_the_talk_as_it_is() -> None:
    desk, _ = talking("rob")
    desk.tell(Supervise(agent="ann", watcher="rob", mode="barge", by="sam"))
    dial = desk.last(Originate)
    desk.ends(dial.uuid, "USER_BUSY")
    desk.event("BACKGROUND_JOB", job_uuid=dial.job_uuid, body="-ERR USER_BUSY\n")
    assert desk.contact().state == "talking"
    assert [fact.kind for fact in desk.facts][-1] == FactKind.LISTENING_ENDED


# -- after a restart ------------------------------------------------------------------------------------------------


def channel(leg: str, other: str, **variables: str) -> Event:
    known = {f"variable_{key}": value for key, value in variables.items()}
    return Event(
        name="CHANNEL_DATA", uuid=leg, answer_state="answered", direction="inbound", other_leg=other, known=known
    )


def found(mode: str = "whisper", **marks: str) -> tuple[Desk, tuple[Event, ...]]:
    """A talk that somebody hears, as a new life of ours finds it; with these marks on the listener's leg beside what
    they are."""
    desk, leg, dial = listening(mode)
    caller = {"fsorch_role": "customer", "fsorch_queue": "sales", "fsorch_contact": "c1", "fsorch_enqueued": "17"}
    agent = {"fsorch_role": "agent", "fsorch_contact": "c1", "fsorch_agent": "ann"}
    ears = dict(dial.variables) | {"fsorch_contact": "c1"} | marks
    return Desk(), (
        channel("ears", "", **ears),
        channel(CUSTOMER, leg, **caller),
        channel(leg, CUSTOMER, **agent),
    )


def test_who_hears_a_talk_hears_it_on_and_is_seen_after_a_restart() -> None:
    desk, channels = found()
    desk.tell(LinkUp("main", "core-1", channels))
    assert [(one.name, one.mode) for one in desk.agent("ann").listeners] == [("rob", "whisper")]
    assert not [one for one, _ in desk.sent if isinstance(one, Kill)]
    desk.tell(Supervise(agent="ann", watcher="rob", mode="barge", by="sam"))
    assert desk.last(ReceiveDigits) == ReceiveDigits("ears", "3")
    assert ("fsorch_watching", "barge") in desk.last(SetVars).pairs
    desk.tell(StopListening(agent="ann", watcher="rob", by="sam"))
    assert desk.last(Kill).uuid == "ears"
    desk.ends("ears")
    assert desk.agent("ann").listeners == ()
    assert desk.of(FactKind.LISTENING_ENDED)[0].data["watcher"] == "rob"


@pytest.mark.parametrize(
    "marks", [{"fsorch_watched": "rob"}, {"fsorch_watching": "spy"}, {"fsorch_contact": "c2"}, {"fsorch_watcher": ""}]
)
def test_who_would_hear_something_else_is_hung_up_after_a_restart(marks: dict[str, str]) -> None:
    desk, channels = found(**marks)
    desk.tell(LinkUp("main", "core-1", channels))
    assert [one.uuid for one, _ in desk.sent if isinstance(one, Kill)] == ["ears"]
    assert (desk.agent("ann").state, desk.agent("ann").listeners) == ("talking", ())


def test_a_consult_found_after_a_restart_ends_with_customer_and_agent_together() -> None:
    consulting()
    desk = Desk(CENTRE)
    desk.log_in("ann", "rob")
    marks = {"fsorch_contact": "c", "fsorch_queue": "sales", "fsorch_enqueued": "1800000000000000"}
    customer = channel(CUSTOMER, "a", fsorch_role="customer", fsorch_transfer="a", **marks)
    agent = channel("a", "b", fsorch_role="agent", fsorch_agent="ann", **marks)
    third = channel("b", "a", fsorch_role="agent", fsorch_agent="rob", **marks)
    desk.tell(LinkUp("main", "core-1", (customer, agent, third)))
    assert desk.last(Bridge) == Bridge(CUSTOMER, "a")
    assert [c.uuid for c, _ in desk.sent if isinstance(c, Kill)] == ["b"]
    assert (desk.contact().state, desk.contact().agent) == ("talking", "ann")
    assert desk.agent("rob").state == "idle"


def test_the_link_is_cut_in_a_consult_and_the_third_party_leaves_meanwhile() -> None:
    desk, leg, dial = consulting()
    desk.tell(LinkUp("main", "core-1", (channel(CUSTOMER, leg), channel(leg, dial.uuid))))
    assert desk.last(Bridge) == Bridge(CUSTOMER, leg)
    desk.bridge(CUSTOMER, leg)
    assert desk.contact().agent == "ann"


def test_the_link_is_cut_while_a_phone_rings_for_a_transfer() -> None:
    desk, leg = talking("rob")
    desk.tell(TransferCall(agent="ann", by="ann", to="rob"))
    dial = desk.last(Originate)
    desk.ends(leg)
    desk.tell(LinkUp("main", "core-1", (channel(CUSTOMER, ""), channel(dial.uuid, CUSTOMER))))
    assert (desk.contact().agent, desk.agent("rob").state) == ("rob", "talking")


def test_a_centre_without_the_agents_does_not_end_their_transfer() -> None:
    desk, _, dial = consulting()
    desk.tell(Configure(msgspec.structs.replace(CENTRE, agents=())))
    desk.ends(dial.uuid)
    assert desk.contact().transfer == "returning"


# -- a queue is paused ----------------------------------------------------------------------------------------------


def test_nothing_is_offered_from_a_paused_queue_until_it_goes_on() -> None:
    desk, _ = two_waiting()
    sales, support = CENTRE.queues
    paused = msgspec.structs.replace(CENTRE, queues=(msgspec.structs.replace(sales, paused=True), support))
    desk.tell(Configure(paused))
    desk.log_in("ann", "rob")
    assert order(desk) == ["1", "2"]
    assert [queue.paused for queue in desk.engine.snapshot().queues] == [True, False]
    desk.call("caller-3", "support")
    assert desk.agent("ann").contact is not None
    desk.tell(Configure(CENTRE))
    assert order(desk) == ["2"]
    assert [fact.data["on"] for fact in desk.of(FactKind.QUEUE_PAUSED)] == [True, False]
