"""Callbacks keep the place: who hangs up in our name is served where they would have been, and not before."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.calendar_rules import CalendarSpec, Weekday
from fsorch.config import AgentSpec, Centre
from fsorch.deferred import CallbackSpec, CallFirst
from fsorch.engine import Configure, FactKind, LinkDown, LinkUp
from fsorch.engine.inputs import MoveContact, OpenContact, PromisedCall, Recall
from fsorch.engine.rows import ContactRow
from fsorch.errors import ConfigError, RequestRefused
from fsorch.esl.commands import Break, Bridge, HangupMsg, Kill, Originate, PlayAndGetDigits, Playback
from fsorch.esl.events import Event
from fsorch.rules import Overflow, OverflowTo, PhoneMode
from tests.engine.desk import CENTRE, Desk
from tests.engine.test_relations import of_caller, says


def centre(first: CallFirst = CallFirst.AGENT, tries: int = 2) -> Centre:
    sales, support = CENTRE.queues
    rule = CallbackSpec(dial="sofia/gateway/out/{number}", first=first, tries=tries, retry_s=60, ring_s=20)
    return structs.replace(CENTRE, queues=(structs.replace(sales, callback=rule), support))


def ask(desk: Desk, leg: str = "caller") -> str:
    """The caller is offered a callback; their contact."""
    contact = desk.engine._core.contacts[of_caller(desk, leg)]
    assert desk.engine._calls.callbacks.request(contact)
    desk.passes(0)
    desk.tell(Configure(desk.engine._core.centre))  # what was to be sent is given out by the next step
    return contact.id


def promised(desk: Desk, leg: str = "caller") -> str:
    """A caller waits, is to be called back, and has hung up."""
    desk.call(leg, "sales", caller_number="+441234")
    id = ask(desk, leg)
    says(desk, leg, "1")
    assert desk.last(HangupMsg).uuid == leg
    desk.ends(leg)
    return id


def dials(desk: Desk) -> list[Originate]:
    return [command for command, _ in desk.sent if isinstance(command, Originate)]


def role(dial: Originate) -> str:
    return dict(dial.variables)["fsorch_role"]


def outcome(desk: Desk, contact: str) -> tuple[str, str]:
    (row,) = [fact.data["row"] for fact in desk.of(FactKind.CONTACT_ENDED) if fact.contact == contact]
    return row["outcome"], row["agent"]


def states(desk: Desk) -> list[str]:
    return [fact.data["state"] for fact in desk.of(FactKind.CALLBACK_CHANGED)]


def test_the_number_is_spoken_and_the_place_is_kept() -> None:
    desk = Desk(centre())
    id = promised(desk)
    asked = desk.last(PlayAndGetDigits).prompt
    assert asked.startswith("file_string:///sounds/fsorch/en/callback_confirm.wav!")
    assert "say_4.wav!/sounds/fsorch/en/say_4.wav!/sounds/fsorch/en/say_1.wav" in asked
    view = desk.contact()
    assert (view.id, view.state, view.position) == (id, "waiting", 1)
    assert desk.of(FactKind.CONTACT_ENDED) == []
    assert [fact.data["row"]["id"] for fact in desk.of(FactKind.LEG_ENDED)] == ["caller"]


def test_another_number_is_keyed_and_confirmed() -> None:
    desk = Desk(centre())
    desk.call("caller", "sales")
    ask(desk)
    says(desk, "caller", "2")
    assert "callback_number" in desk.last(PlayAndGetDigits).prompt
    says(desk, "caller", "0301234")
    says(desk, "caller", "1")
    desk.ends("caller")
    desk.log_in("ann")
    agent = desk.last(Originate)
    desk.picks_up(agent.uuid, agent.job_uuid)
    assert desk.last(Originate).endpoint == "sofia/gateway/out/0301234"


@pytest.mark.parametrize(("own", "shown"), [("", "8800"), ("+4930", "+4930")])
def test_the_customer_sees_the_number_that_they_called_unless_the_queue_has_its_own(own: str, shown: str) -> None:
    usual = centre(CallFirst.CUSTOMER)
    sales, support = usual.queues
    assert sales.callback is not None
    rule = structs.replace(sales.callback, caller_id=own)
    desk = Desk(structs.replace(usual, queues=(structs.replace(sales, callback=rule), support)))
    desk.call("caller", "sales", destination="8800")
    ask(desk)
    says(desk, "caller", "1")
    desk.ends("caller")
    desk.log_in("ann")
    assert dict(desk.last(Originate).variables)["origination_caller_id_number"] == shown


@pytest.mark.parametrize("keys", [("3",), ("", "", ""), ("2", "", "")])
def test_who_would_rather_wait_waits_on(keys: tuple[str, ...]) -> None:
    desk = Desk(centre())
    desk.call("caller", "sales")
    ask(desk)
    for key in keys:
        says(desk, "caller", key)
    assert desk.contact().state == "waiting"
    desk.log_in("ann")
    dial = desk.last(Originate)
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert desk.last(Bridge).a == "caller"


def test_the_agent_first() -> None:
    desk = Desk(centre())
    id = promised(desk)
    desk.log_in("ann")
    agent = desk.last(Originate)
    assert role(agent) == "agent"
    desk.rings(agent.uuid)
    desk.picks_up(agent.uuid, agent.job_uuid)
    customer = desk.last(Originate)
    assert (role(customer), customer.endpoint) == ("customer", "sofia/gateway/out/+441234")
    desk.picks_up(customer.uuid, customer.job_uuid)
    assert (desk.last(Bridge).a, desk.last(Bridge).b) == (customer.uuid, agent.uuid)
    desk.bridge(customer.uuid, agent.uuid)
    assert desk.agent("ann").state == "talking"
    desk.ends(customer.uuid)
    desk.ends(agent.uuid)
    desk.passes(20)
    assert outcome(desk, id) == ("answered", "ann")
    assert len(desk.of(FactKind.CONTACT_ENDED)) == 1
    assert sorted(fact.data["row"]["role"] for fact in desk.of(FactKind.LEG_ENDED)) == ["agent", "customer", "customer"]


def test_the_customer_first() -> None:
    desk = Desk(centre(CallFirst.CUSTOMER))
    id = promised(desk)
    desk.log_in("ann")
    (customer,) = dials(desk)
    assert role(customer) == "customer"
    assert desk.agent("ann").state == "reserved"
    desk.rings(customer.uuid)
    desk.picks_up(customer.uuid, customer.job_uuid)
    agent = desk.last(Originate)
    assert role(agent) == "agent"
    assert len(dials(desk)) == 2
    desk.rings(agent.uuid)
    desk.picks_up(agent.uuid, agent.job_uuid)
    desk.bridge(customer.uuid, agent.uuid)
    desk.ends(customer.uuid)
    desk.ends(agent.uuid)
    assert outcome(desk, id) == ("answered", "ann")


def nailed(first: CallFirst, alert: str = "") -> tuple[Desk, str, str]:
    """A promise that comes due for ann, whose standing call is parked: its leg, and the contact's id."""
    told = centre(first)
    ann = structs.replace(CENTRE.agents[0], phone_mode=PhoneMode.NAILED, alert=alert)
    desk = Desk(structs.replace(told, agents=(ann, *CENTRE.agents[1:])))
    id = promised(desk)
    desk.log_in("ann")
    line = desk.last(Originate)
    desk.picks_up(line.uuid, line.job_uuid)
    return desk, line.uuid, id


@pytest.mark.parametrize("first", list(CallFirst))
@pytest.mark.parametrize("alert", ["", "tone_stream://%(200,0,800)"])
def test_a_nailed_up_phone_is_not_dialled_for_a_callback(first: CallFirst, alert: str) -> None:
    desk, line, id = nailed(first, alert)
    if alert and first is CallFirst.AGENT:
        assert len(dials(desk)) == 1
        desk.event("CHANNEL_EXECUTE_COMPLETE", line, application_uuid=desk.last(Playback).event_uuid)
    assert [role(dial) for dial in dials(desk)] == ["agent", "customer"]
    customer = desk.last(Originate)
    desk.picks_up(customer.uuid, customer.job_uuid)
    if alert and first is CallFirst.CUSTOMER:
        assert desk.last(Playback).uuid == line
        desk.event("CHANNEL_EXECUTE_COMPLETE", line, application_uuid=desk.last(Playback).event_uuid)
    assert (desk.last(Bridge).a, desk.last(Bridge).b) == (customer.uuid, line)
    assert len(dials(desk)) == 2
    desk.bridge(customer.uuid, line)
    assert desk.agent("ann").state == "talking"
    desk.ends(customer.uuid)
    desk.event("CHANNEL_PARK", line)
    desk.passes(20)
    assert outcome(desk, id) == ("answered", "ann")
    assert (desk.agent("ann").line, desk.agent("ann").state) == ("ready", "idle")


@pytest.mark.parametrize("first", list(CallFirst))
def test_a_standing_call_is_free_again_when_the_customer_does_not_answer(first: CallFirst) -> None:
    desk, line, id = nailed(first)
    customer = desk.last(Originate)
    desk.event("BACKGROUND_JOB", job_uuid=customer.job_uuid, body="-ERR NO_ANSWER\n")
    rung = [command.uuid for command, _ in desk.sent if isinstance(command, Break)]
    assert rung == ([line] if first is CallFirst.AGENT else []), "what the agent heard does not ring on"
    desk.passes(2)
    assert (desk.agent("ann").line, desk.agent("ann").state) == ("ready", "idle")
    assert [command for command, _ in desk.sent if isinstance(command, Kill)] == []
    desk.call("other", "sales")
    assert (desk.last(Bridge).a, desk.last(Bridge).b) == ("other", line)
    assert desk.engine.snapshot().contacts[0].id == id


@pytest.mark.parametrize("first", list(CallFirst))
def test_a_standing_call_that_is_lost_while_the_customer_rings(first: CallFirst) -> None:
    desk, line, id = nailed(first)
    customer = desk.last(Originate)
    desk.ends(line)
    desk.picks_up(customer.uuid, customer.job_uuid)
    assert len(dials(desk)) == 2
    desk.passes(5)
    again = desk.last(Originate)
    assert again.uuid not in (line, customer.uuid), "the standing call is set up anew"
    desk.picks_up(again.uuid, again.job_uuid)
    assert (desk.last(Bridge).a, desk.last(Bridge).b) == (customer.uuid, again.uuid)
    desk.bridge(customer.uuid, again.uuid)
    desk.ends(customer.uuid)
    assert outcome(desk, id) == ("answered", "ann")


@pytest.mark.parametrize("first", list(CallFirst))
def test_nobody_answers_twice_and_the_promise_has_an_end(first: CallFirst) -> None:
    desk = Desk(centre(first))
    id = promised(desk)
    desk.log_in("ann")
    for _ in range(2):
        agent = desk.last(Originate)
        if first is CallFirst.AGENT:
            desk.picks_up(agent.uuid, agent.job_uuid)
        customer = desk.last(Originate)
        assert role(customer) == "customer"
        desk.event("BACKGROUND_JOB", job_uuid=customer.job_uuid, body="-ERR NO_ANSWER\n")
        if first is CallFirst.AGENT:
            assert desk.last(Kill).uuid == agent.uuid
            desk.ends(agent.uuid)
        assert desk.agent("ann").state == "idle"
        before = len(dials(desk))
        desk.passes(50)
        assert len(dials(desk)) == before, "called again too soon"
        desk.passes(20)
    assert outcome(desk, id)[0] == "not_reached"
    assert desk.engine.snapshot().contacts == ()
    assert states(desk)[-1] == "failed"
    assert desk.agent("ann").missed == 0


@pytest.mark.parametrize("first", list(CallFirst))
def test_nobody_is_called_back_before_those_who_waited_longer(first: CallFirst) -> None:
    desk = Desk(centre(first))
    desk.call("longer", "sales", caller_number="+441235")
    desk.passes(5)
    promised(desk)
    desk.passes(5)
    desk.call("later", "sales", caller_number="+441236")
    desk.log_in("ann")
    assert dict(dials(desk)[0].variables)["fsorch_contact"] == of_caller(desk, "longer")
    desk.log_in("rob")
    assert dict(dials(desk)[1].variables)["fsorch_contact"] == of_caller(desk)


def test_a_customer_who_hangs_up_before_the_agent_is_there_has_abandoned() -> None:
    desk = Desk(centre(CallFirst.CUSTOMER))
    id = promised(desk)
    desk.log_in("ann")
    customer = desk.last(Originate)
    desk.picks_up(customer.uuid, customer.job_uuid)
    desk.ends(customer.uuid)
    assert outcome(desk, id)[0] == "abandoned"
    desk.ends(desk.last(Originate).uuid)
    assert desk.agent("ann").state == "idle"


def test_a_lost_link_costs_no_try() -> None:
    desk = Desk(centre(CallFirst.CUSTOMER))
    id = promised(desk)
    desk.log_in("ann")
    first = desk.last(Originate)
    desk.rings(first.uuid)
    desk.tell(LinkDown("main", "cut"))
    desk.tell(LinkUp("main", "core-1", (), "/sounds"))
    assert desk.last(Originate).uuid != first.uuid
    assert desk.engine._core.contacts[id].promise.tries == 0  # type: ignore[union-attr]


def test_a_promise_outlives_a_restart() -> None:
    desk = Desk(centre())
    at = desk.clock.now().wall - 90_000_000
    row = ContactRow(id="c1", switch="main", number="+441234", outcome="", began_at=at - 1, ended_at=at)
    promise = PromisedCall(number="0301", queue="sales", tries=1, enqueued_at=at, priority=7)
    fresh = Desk(centre())
    fresh.tell(LinkDown("main", "restart"))
    fresh.tell(Recall((OpenContact(row=row, promise=promise),)))
    fresh.call("caller", "sales")
    fresh.tell(LinkUp("main", "core-1", (), "/sounds"))
    view = next(contact for contact in fresh.engine.snapshot().contacts if contact.id == "c1")
    assert (view.state, view.enqueued_at, view.position, view.priority) == ("waiting", at, 1, 7)
    fresh.log_in("ann")
    agent = fresh.last(Originate)
    fresh.picks_up(agent.uuid, agent.job_uuid)
    assert fresh.last(Originate).endpoint == "sofia/gateway/out/0301"


def test_a_promise_made_at_a_switch_that_is_gone_from_the_settings_is_kept_by_another() -> None:
    desk = Desk(centre())
    at = desk.clock.now().wall - 90_000_000
    row = ContactRow(id="c1", switch="old", number="+441234", outcome="", began_at=at - 1, ended_at=at)
    promise = PromisedCall(number="0301", queue="sales", enqueued_at=at)
    desk.tell(Recall((OpenContact(row=row, promise=promise),), switches=("main",)))
    desk.tell(LinkUp("main", "core-1", (), "/sounds"))
    desk.log_in("ann")
    agent = desk.last(Originate)
    desk.picks_up(agent.uuid, agent.job_uuid)
    assert desk.last(Originate).endpoint == "sofia/gateway/out/0301"


def test_whom_one_agent_has_promised_to_call_is_called_by_that_one() -> None:
    desk = Desk(centre())
    at = desk.clock.now().wall - 90_000_000
    row = ContactRow(id="c1", switch="main", number="+441234", outcome="", began_at=at, ended_at=at)
    promise = PromisedCall(number="0301", queue="sales", agent="ann", enqueued_at=at)
    desk.tell(Recall((OpenContact(row=row, promise=promise),)))
    desk.tell(LinkUp("main", "core-1", (), "/sounds"))
    desk.log_in("rob")
    desk.passes(600)
    assert dials(desk) == []
    desk.log_in("ann")
    assert desk.last(Originate).endpoint == "user/1001"


def test_a_bad_dial_string_is_refused_before_it_is_used() -> None:
    sales, _ = CENTRE.queues
    bad = structs.replace(sales, callback=CallbackSpec(dial="sofia/x y/{number}"))
    with pytest.raises(ConfigError, match=r"queues\[0\]\.callback\.dial"):
        Desk(structs.replace(CENTRE, queues=(bad,), agents=(AgentSpec(id="ann", phone="user/1"),), flows=(), flow=""))


def test_nobody_is_called_back_while_the_queue_is_closed() -> None:
    usual = centre()
    sales, support = usual.queues
    hours = CalendarSpec(id="day", zone="UTC", hours={Weekday.FRI: ("00:00-08:05", "09:00-17:00")})
    queue = structs.replace(sales, calendar="day", on_closed=Overflow(to=OverflowTo.HANGUP))
    desk = Desk(structs.replace(usual, queues=(queue, support), calendars=(hours,)))
    # It is Friday, 08:00.
    promised(desk)
    desk.passes(6 * 60)
    before = len(dials(desk))
    desk.log_in("ann")
    desk.passes(53 * 60)
    assert len(dials(desk)) == before
    assert desk.contact().why == "called back when the queue is open"
    desk.passes(60)
    assert len(dials(desk)) == before + 1
    assert desk.contact().state == "offered"


def test_a_queue_that_calls_nobody_back_is_not_given_a_promise() -> None:
    desk = Desk(centre())
    id = promised(desk)
    with pytest.raises(RequestRefused, match="the queue support calls nobody back; give it a callback first"):
        desk.tell(MoveContact(contact=id, queue="support", by="sam"))
    assert desk.contact().queue == "sales"


def test_a_promise_waits_while_its_queue_has_no_way_to_call() -> None:
    """No agent is called for a customer who cannot be."""
    desk = Desk(centre())
    promised(desk)
    desk.tell(Configure(CENTRE))
    desk.log_in("ann")
    desk.passes(600)
    assert (dials(desk), desk.contact().state, desk.agent("ann").state) == ([], "waiting", "idle")
    # Said to be offered at the next step, with an agent who is free, it stood on the board for ever.
    assert desk.contact().why.startswith("the queue calls nobody back any more: give it a callback")
    desk.tell(Configure(centre()))
    assert role(dials(desk)[0]) == "agent"


def test_a_queue_that_loses_its_callback_lets_the_phone_ring_no_more() -> None:
    """The promise keeps its place, and goes on when there is a way again."""
    desk = Desk(centre())
    promised(desk)
    desk.log_in("ann")
    agent = desk.last(Originate)
    desk.rings(agent.uuid)
    desk.tell(Configure(CENTRE))
    assert desk.last(Kill).uuid == agent.uuid
    desk.ends(agent.uuid, "ORIGINATOR_CANCEL")
    assert (desk.contact().state, desk.agent("ann").state, desk.agent("ann").missed) == ("waiting", "idle", 0)
    assert desk.engine.snapshot().odd_events["no_callback"] == 1
    before = len(dials(desk))
    desk.passes(600)
    assert len(dials(desk)) == before
    desk.tell(Configure(centre()))
    assert role(dials(desk)[-1]) == "agent"


def test_who_is_being_called_when_the_queue_loses_its_callback_is_called() -> None:
    desk = Desk(centre())
    id = promised(desk)
    desk.log_in("ann")
    agent = desk.last(Originate)
    desk.picks_up(agent.uuid, agent.job_uuid)
    customer = desk.last(Originate)
    assert role(customer) == "customer"
    desk.tell(Configure(CENTRE))
    desk.picks_up(customer.uuid, customer.job_uuid)
    assert desk.last(Bridge).a == customer.uuid
    # And one who does not answer waits until there is a way again, however often they were called.
    desk = Desk(centre(tries=1))
    id = promised(desk)
    desk.log_in("ann")
    agent = desk.last(Originate)
    desk.picks_up(agent.uuid, agent.job_uuid)
    customer = desk.last(Originate)
    desk.tell(Configure(CENTRE))
    desk.ends(customer.uuid, "NO_ANSWER")
    desk.passes(600)
    assert not [fact for fact in desk.of(FactKind.CONTACT_ENDED) if fact.contact == id]
    desk.tell(Configure(centre()))
    assert (desk.contact().id, states(desk)[-1]) == (id, "waiting")


def test_who_confirms_a_promise_that_nobody_can_keep_waits_on() -> None:
    desk = Desk(centre())
    desk.call("caller", "sales", caller_number="+441234")
    ask(desk)
    desk.tell(Configure(CENTRE))
    says(desk, "caller", "1")
    assert not [one for one, _ in desk.sent if isinstance(one, HangupMsg)]
    desk.log_in("ann")
    dial = desk.last(Originate)
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert desk.last(Bridge).a == "caller"


# -- who calls again before they are called -------------------------------------------------------------------------


def views(desk: Desk) -> dict[str, tuple[str, str, int]]:
    found = desk.engine.snapshot().contacts
    return {one.id: (one.state, one.callback, one.position) for one in found}


def again(desk: Desk, number: str = "+441234") -> str:
    """The customer calls once more, while nobody is there; the contact."""
    desk.call("again", "sales", caller_number=number)
    return of_caller(desk, "again")


def test_who_calls_again_and_talks_is_not_called_any_more() -> None:
    desk = Desk(centre())
    first = promised(desk)
    at = desk.contact().enqueued_at
    desk.passes(5)
    desk.call("other", "sales", caller_number="5550")
    second = again(desk)
    assert views(desk) == {
        first: ("waiting", "waiting", 1),
        second: ("waiting", "", 2),
        of_caller(desk, "other"): ("waiting", "", 3),
    }
    given = desk.of(FactKind.PLACE_GIVEN_BACK)[-1]
    assert (given.contact, given.data["enqueued_at"], given.data["owed"]) == (second, at, True)
    view = next(one for one in desk.engine.snapshot().contacts if one.id == first)
    assert view.why == "they have called again themselves, and are on the line"
    desk.log_in("ann")
    (dial,) = dials(desk)
    assert (role(dial), dict(dial.variables)["fsorch_contact"]) == ("agent", second)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge("again", dial.uuid)
    assert outcome(desk, first) == ("overflowed", "")
    assert (states(desk)[-1], desk.of(FactKind.CALLBACK_CHANGED)[-1].data["there"]) == ("came", second)
    desk.log_in("rob")
    assert dict(dials(desk)[-1].variables)["fsorch_contact"] == of_caller(desk, "other")


def test_who_calls_again_and_gives_up_is_called_all_the_same() -> None:
    desk = Desk(centre())
    first = promised(desk)
    again(desk)
    desk.ends("again")
    assert views(desk) == {first: ("waiting", "waiting", 1)}
    desk.log_in("ann")
    assert dict(dials(desk)[-1].variables)["fsorch_contact"] == first


def test_an_agent_who_is_rung_for_the_promise_gets_the_customer_who_calls() -> None:
    desk = Desk(centre())
    first = promised(desk)
    desk.log_in("ann")
    (dial,) = dials(desk)
    desk.rings(dial.uuid)
    second = again(desk)
    desk.ends(dial.uuid)
    desk.passes(10)
    assert views(desk)[first] == ("waiting", "waiting", 1)
    assert dict(dials(desk)[-1].variables)["fsorch_contact"] == second


def test_whose_phone_is_called_while_they_call_is_left_alone_once_they_talk() -> None:
    desk = Desk(centre(CallFirst.CUSTOMER))
    first = promised(desk)
    desk.log_in("ann")
    customer = desk.last(Originate)
    assert role(customer) == "customer"
    second = again(desk)
    desk.log_in("rob")
    agent = desk.last(Originate)
    assert dict(agent.variables)["fsorch_contact"] == second
    desk.rings(agent.uuid)
    desk.picks_up(agent.uuid, agent.job_uuid)
    desk.bridge("again", agent.uuid)
    assert Kill(customer.uuid, "ORIGINATOR_CANCEL") in [command for command, _ in desk.sent]
    assert outcome(desk, first) == ("overflowed", "")
    assert desk.agent("ann").state == "idle"


def test_who_asks_for_a_call_again_has_one_promise_with_the_first_place() -> None:
    desk = Desk(centre())
    first = promised(desk)
    at = desk.contact().enqueued_at
    desk.passes(60)
    second = again(desk)
    assert desk.engine._calls.callbacks.request(desk.engine._core.contacts[second])
    desk.passes(0)
    says(desk, "again", "1")
    desk.ends("again")
    (view,) = desk.engine.snapshot().contacts
    assert (view.id, view.callback, view.enqueued_at) == (second, "waiting", at)
    assert outcome(desk, first) == ("overflowed", "")


@pytest.mark.parametrize(("number", "rule"), [("+441299", True), ("+441234", False)])
def test_another_number_or_a_queue_that_does_not_look_at_it_changes_nothing(number: str, rule: bool) -> None:
    room = centre()
    way = CallbackSpec(dial="sofia/gateway/out/{number}", called_again=rule)
    sales = structs.replace(room.queues[0], callback=way)
    desk = Desk(structs.replace(room, queues=(sales, *room.queues[1:])))
    first = promised(desk)
    again(desk, number)
    assert desk.of(FactKind.PLACE_GIVEN_BACK) == []
    desk.log_in("ann")
    assert dict(dials(desk)[-1].variables)["fsorch_contact"] == first


def test_a_promise_of_an_earlier_life_is_known_to_who_calls_again() -> None:
    desk = Desk(centre())
    at = desk.clock.now().wall - 90_000_000
    row = ContactRow(id="c1", switch="main", number="+441234", outcome="", began_at=at - 1, ended_at=at)
    desk.tell(Recall((OpenContact(row=row, promise=PromisedCall(number="0301", queue="sales", enqueued_at=at)),)))
    desk.tell(LinkUp("main", "core-1", (), "/sounds"))
    second = again(desk)
    assert desk.of(FactKind.PLACE_GIVEN_BACK)[-1].contact == second
    desk.ends("again")
    third = again(desk, "0301")
    assert desk.of(FactKind.PLACE_GIVEN_BACK)[-1].contact == third


def test_a_caller_who_is_found_on_the_line_by_a_restart_is_not_called() -> None:
    desk = Desk(centre())
    at = desk.clock.now().wall - 90_000_000
    row = ContactRow(id="c1", switch="main", number="+441234", outcome="", began_at=at - 1, ended_at=at)
    desk.tell(Recall((OpenContact(row=row, promise=PromisedCall(number="0301", queue="sales", enqueued_at=at)),)))
    marks = {"fsorch_contact": "c2", "fsorch_role": "customer", "fsorch_queue": "sales", "fsorch_enqueued": str(at)}
    caller = Event(
        name="CHANNEL_DATA",
        uuid="again",
        known={f"variable_{name}": value for name, value in marks.items()},
        answer_state="answered",
        caller_number="+441234",
    )
    desk.tell(LinkUp("main", "core-1", (caller,), "/sounds"))
    view = next(one for one in desk.engine.snapshot().contacts if one.id == "c1")
    assert view.why == "they have called again themselves, and are on the line"
    desk.log_in("ann")
    desk.log_in("rob")
    (dial,) = dials(desk)
    assert (role(dial), dict(dial.variables)["fsorch_contact"]) == ("agent", "c2")
    desk.ends("again")
    assert dict(dials(desk)[-1].variables)["fsorch_contact"] == "c1"


@pytest.mark.parametrize("talks", [False, True])
def test_who_calls_again_and_goes_to_another_queue_is_called_only_if_they_did_not_talk(talks: bool) -> None:
    desk = Desk(centre())
    first = promised(desk)
    second = again(desk)
    desk.tell(MoveContact(contact=second, queue="support", by="sam"))
    desk.log_in("ann")
    (dial,) = dials(desk)
    assert dict(dial.variables)["fsorch_contact"] == second
    if talks:
        desk.rings(dial.uuid)
        desk.picks_up(dial.uuid, dial.job_uuid)
        desk.bridge("again", dial.uuid)
        assert outcome(desk, first) == ("overflowed", "")
    else:
        desk.log_in("rob")
        assert len(dials(desk)) == 1
        desk.ends("again")
        assert dict(dials(desk)[-1].variables)["fsorch_contact"] == first


def test_whose_phone_was_called_in_vain_while_they_call_is_not_called_again_before_they_hang_up() -> None:
    desk = Desk(centre(CallFirst.CUSTOMER))
    first = promised(desk)
    desk.log_in("ann")
    customer = desk.last(Originate)
    again(desk)
    desk.ends(customer.uuid, "USER_BUSY")
    desk.passes(5)
    (phone,) = [dial for dial in dials(desk) if role(dial) == "agent"]
    desk.rings(phone.uuid)
    desk.passes(3)
    desk.picks_up(phone.uuid, phone.job_uuid)
    desk.passes(53)
    desk.log_in("rob")
    assert views(desk)[first][:2] == ("waiting", "waiting")
    assert [role(dial) for dial in dials(desk)].count("customer") == 1


# -- one agent's promises -------------------------------------------------------------------------------------------


def own(agent: str, at: int, waited_us: int = 0) -> Recall:
    """``agent`` has promised a call ``at`` then to a caller who had waited before that."""
    row = ContactRow(id="c1", switch="main", number="+441234", outcome="", began_at=at, ended_at=at)
    owed = PromisedCall(number="0301", queue="sales", agent=agent, at=at, enqueued_at=at - waited_us)
    return Recall((OpenContact(row=row, promise=owed),))


def test_anyone_calls_once_one_agent_has_not_for_so_long() -> None:
    room = centre()
    rule = CallbackSpec(dial="sofia/gateway/out/{number}", own_s=3600.0)
    desk = Desk(structs.replace(room, queues=(structs.replace(room.queues[0], callback=rule), *room.queues[1:])))
    desk.tell(own("ann", desk.clock.now().wall - 1_800_000_000, waited_us=600_000_000))
    desk.tell(LinkUp("main", "core-1", (), "/sounds"))
    desk.log_in("rob")
    (view,) = desk.engine.snapshot().contacts
    assert (view.callback_by, desk.agent("ann").calls_owed, desk.agent("rob").calls_owed) == ("ann", 1, 0)
    assert view.why == "waits for ann alone, for 30 min more; ann is logged out"
    desk.passes(1790)
    assert dials(desk) == []
    desk.passes(11)
    assert desk.last(Originate).endpoint == "user/1002"
    assert desk.of(FactKind.OFFER_MADE)[-1].data["why"].endswith("; ann, who was to make this call, could not in time")


def test_who_does_not_serve_the_queue_any_more_keeps_nobody_waiting() -> None:
    room = centre()
    desk = Desk(room)
    desk.tell(own("ann", desk.clock.now().wall))
    desk.tell(LinkUp("main", "core-1", (), "/sounds"))
    desk.log_in("rob")
    assert dials(desk) == []
    ann, rob = room.agents
    desk.tell(Configure(structs.replace(room, agents=(structs.replace(ann, queues=ann.queues[1:]), rob))))
    desk.passes(1)
    assert desk.last(Originate).endpoint == "user/1002"
