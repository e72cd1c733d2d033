"""Callbacks and messages as supervisors steer them: cancelled, hurried, moved, done."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.engine import FactKind, MoveContact, SetPriority
from fsorch.engine.inputs import CallNow, CancelCallback, FinishMessage, GiveContact
from fsorch.errors import NotFound, RequestRefused
from tests.engine.desk import Desk
from tests.engine.test_callbacks import centre, dials, outcome, promised, role, states
from tests.engine.test_voicemail import centre as with_messages
from tests.engine.test_voicemail import left


def resting() -> tuple[Desk, str]:
    """A callback whose first try was not answered; support calls people back too."""
    sales, support = (known := centre()).queues
    desk = Desk(structs.replace(known, queues=(sales, structs.replace(support, callback=sales.callback))))
    id = promised(desk)
    desk.log_in("ann")
    agent = dials(desk)[-1]
    desk.rings(agent.uuid)
    desk.picks_up(agent.uuid, agent.job_uuid)
    customer = dials(desk)[-1]
    assert role(customer) == "customer"
    desk.ends(customer.uuid, "USER_BUSY")
    desk.ends(agent.uuid)
    assert states(desk)[-1] == "resting"
    return desk, id


def test_a_callback_that_waits_is_cancelled() -> None:
    desk = Desk(centre())
    id = promised(desk)
    desk.tell(CancelCallback(contact=id, by="sam"))
    assert outcome(desk, id) == ("not_reached", "")
    (told,) = [fact for fact in desk.of(FactKind.CALLBACK_CHANGED) if fact.data["state"] == "cancelled"]
    assert told.data["by"] == "sam"
    desk.log_in("ann")
    assert dials(desk) == []


def test_a_callback_that_rings_at_an_agent_is_cancelled_and_the_agent_is_free() -> None:
    desk = Desk(centre())
    id = promised(desk)
    desk.log_in("ann")
    desk.rings(dials(desk)[-1].uuid)
    desk.tell(CancelCallback(contact=id, by="sam"))
    desk.ends(dials(desk)[-1].uuid, "ORIGINATOR_CANCEL")
    assert outcome(desk, id)[0] == "not_reached"
    assert desk.agent("ann").state == "idle"


def test_a_callback_that_is_being_kept_is_not_cancelled() -> None:
    desk = Desk(centre())
    id = promised(desk)
    desk.log_in("ann")
    agent = dials(desk)[-1]
    desk.rings(agent.uuid)
    desk.picks_up(agent.uuid, agent.job_uuid)
    with pytest.raises(RequestRefused, match="calling"):
        desk.tell(CancelCallback(contact=id, by="sam"))


def test_a_callback_that_rests_is_cancelled_for_good() -> None:
    desk, id = resting()
    desk.tell(CancelCallback(contact=id, by="sam"))
    tried = len(dials(desk))
    desk.passes(300)
    assert len(dials(desk)) == tried
    assert outcome(desk, id)[0] == "not_reached"


@pytest.mark.parametrize(
    "request_",
    [
        CallNow(contact="", by="sam"),
        SetPriority(contact="", priority=5, by="sam"),
        MoveContact(contact="", queue="support", by="sam"),
        GiveContact(contact="", agent="ann", by="sam"),
    ],
)
def test_a_callback_that_rests_goes_on_at_once_when_it_is_steered(
    request_: CallNow | SetPriority | MoveContact | GiveContact,
) -> None:
    desk, id = resting()
    before = desk.contact().enqueued_at
    desk.tell(structs.replace(request_, contact=id))
    assert states(desk)[-1] == "waiting"
    told = desk.of(FactKind.CALLBACK_CHANGED)[-1]
    view = desk.contact()
    assert (told.queue, told.data["priority"], told.data["enqueued_at"]) == (view.queue, view.priority, before)
    desk.passes(60)
    assert desk.engine.snapshot().odd_events == {}


def test_called_now_it_is_the_next_one() -> None:
    desk = Desk(centre())
    desk.call("first", "sales", caller_number="1")
    desk.passes(1)
    id = promised(desk)
    desk.tell(CallNow(contact=id, by="sam"))
    assert next(c for c in desk.engine.snapshot().contacts if c.id == id).position == 1


def test_only_a_promise_can_be_cancelled_or_called() -> None:
    desk = Desk(centre())
    desk.call("caller", "sales")
    for request in (CancelCallback, CallNow, FinishMessage):
        with pytest.raises(RequestRefused):
            desk.tell(request(contact=desk.contact().id, by="sam"))
        with pytest.raises(NotFound):
            desk.tell(request(contact="nobody", by="sam"))


def test_a_message_that_waits_is_done_with() -> None:
    desk = Desk(with_messages())
    message = left(desk)
    desk.tell(FinishMessage(contact=message, by="sam"))
    assert outcome(desk, message)[0] == "overflowed"
    desk.log_in("ann")
    assert desk.agent("ann").state == "idle"
