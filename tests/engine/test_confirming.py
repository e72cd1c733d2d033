"""A key to be pressed by who picks up at a number outside."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.config import Centre
from fsorch.engine import FactKind, LinkUp, LogIn
from fsorch.engine.confirming import confirmed
from fsorch.errors import ConfigError
from fsorch.esl.commands import Bridge, Originate
from fsorch.esl.events import Event
from fsorch.rules import PhoneMode
from tests.engine.desk import CENTRE, Desk

OUTSIDE = "sofia/gateway/carrier/+4930123456"


def centre(**fields: object) -> Centre:
    ann, rob = CENTRE.agents
    return structs.replace(CENTRE, agents=(structs.replace(ann, confirm_key="1", **fields), rob))


def asked(dial: Originate) -> str:
    return dict(dial.variables).get("group_confirm_key", "")


@pytest.mark.parametrize(("phone", "key"), [(OUTSIDE, "1"), ("user/1001", "")])
def test_it_is_asked_for_outside_and_not_on_the_own_phone(phone: str, key: str) -> None:
    desk = Desk(centre())
    desk.tell(LogIn(agent="ann", by="ann", phone=phone))
    desk.call("caller-1", "sales")
    assert asked(desk.last(Originate)) == key


def test_it_is_asked_for_on_a_standing_call_outside() -> None:
    desk = Desk(centre(phone=OUTSIDE, phone_mode=PhoneMode.NAILED))
    desk.log_in("ann")
    assert asked(desk.last(Originate)) == "1"


def test_who_has_picked_up_and_not_pressed_it_is_not_joined() -> None:
    desk = Desk(centre(phone=OUTSIDE))
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.event("CHANNEL_ANSWER", dial.uuid)
    assert not any(isinstance(command, Bridge) for command, _ in desk.sent)
    marks = {"variable_fsorch_confirm": "1"}
    caller = Event(name="CHANNEL_DATA", uuid="caller-1", answer_state="answered")
    phone = Event(name="CHANNEL_DATA", uuid=dial.uuid, answer_state="answered", known=marks)
    desk.tell(LinkUp("main", "core-1", (caller, phone), "/sounds"))
    assert not any(isinstance(command, Bridge) for command, _ in desk.sent)
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert desk.last(Bridge) == Bridge("caller-1", dial.uuid)


def test_a_mailbox_that_hangs_up_has_not_answered() -> None:
    desk = Desk(centre(phone=OUTSIDE))
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    leg = desk.last(Originate).uuid
    desk.rings(leg)
    desk.event("CHANNEL_ANSWER", leg)
    desk.ends(leg, "NORMAL_CLEARING")
    [ended] = desk.of(FactKind.OFFER_ENDED)
    assert (ended.data["outcome"], ended.data["way"]) == ("missed", "no_answer")


@pytest.mark.parametrize(
    ("variables", "other", "is_it"),
    [
        ({}, "", True),
        ({"variable_fsorch_confirm": "1"}, "", False),
        ({"variable_fsorch_confirm": "1"}, "caller-1", True),
        ({"variable_fsorch_confirm": "1", "variable_current_application": "park"}, "", True),
    ],
)
def test_when_a_phone_counts_as_picked_up(variables: dict[str, str], other: str, is_it: bool) -> None:
    event = Event(name="CHANNEL_DATA", uuid="leg", answer_state="answered", other_leg=other, known=variables)
    assert confirmed(event) is is_it


def test_a_sound_that_cannot_be_said_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"agents\[0\].confirm_sound"):
        Desk(centre(phone=OUTSIDE, confirm_sound="a\nb"))
