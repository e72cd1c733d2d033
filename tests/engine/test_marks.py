"""Channels that carry our marks without being ours, phones that only one switch can dial, and who hung up."""

from __future__ import annotations

from msgspec import structs

from fsorch.engine import Configure, FactKind, HangUp, LinkUp
from fsorch.esl.commands import Kill, Originate
from fsorch.esl.events import Event
from tests.engine.desk import CENTRE, Desk


def test_the_far_half_of_a_loopback_phone_is_not_ours() -> None:
    desk = Desk()
    copied = {"fsorch_role": "agent", "fsorch_contact": "c1", "origination_uuid": "near-half"}
    desk.event("CHANNEL_HANGUP_COMPLETE", "far-half", copied, hangup_cause="NORMAL_CLEARING")
    assert desk.of(FactKind.LEG_ENDED) == []
    known = {f"variable_{name}": value for name, value in copied.items()}
    desk.tell(LinkUp("main", "core-1", (Event(name="CHANNEL_DATA", uuid="far-half", known=known),)))
    assert not [command for command, _ in desk.sent if isinstance(command, Kill)]


def test_a_call_that_the_dialplan_served_alone_has_a_record() -> None:
    desk = Desk()
    desk.event("CHANNEL_HANGUP_COMPLETE", "alone", {"fsorch_fallback": "yes"}, hangup_cause="NORMAL_CLEARING")
    (ended,) = desk.of(FactKind.LEG_ENDED)
    assert (ended.leg, ended.data["row"]["role"]) == ("alone", "customer")


def test_an_agent_whose_phone_is_on_another_switch_is_not_dialled_from_here() -> None:
    ann, rob = CENTRE.agents
    centre = structs.replace(CENTRE, agents=(structs.replace(ann, switch="west"), rob))
    desk = Desk(centre)
    desk.log_in("ann", "rob")
    desk.call("caller-1", "sales")
    assert desk.last(Originate).endpoint == rob.phone
    desk.call("caller-2", "sales")
    assert [contact.state for contact in desk.engine.snapshot().contacts] == ["offered", "waiting"]
    desk.tell(Configure(structs.replace(centre, agents=(structs.replace(ann, switch="main"), rob))))
    assert desk.last(Originate).endpoint == ann.phone


def test_a_switch_that_comes_later_can_dial_whom_no_switch_is_named_for() -> None:
    ann, rob = CENTRE.agents
    desk = Desk(structs.replace(CENTRE, agents=(structs.replace(ann, switch="main"), rob)))
    desk.log_in("rob")
    desk.tell(LinkUp("east", "core-2"))
    desk.call("caller-1", "sales")
    assert desk.last(Originate).endpoint == rob.phone


def test_who_hangs_up_at_the_desktop_ended_the_call_whoever_is_told_first() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge("caller-1", dial.uuid)
    desk.tell(HangUp(agent="ann", by="ann"))
    desk.ends("caller-1")
    desk.ends(dial.uuid)
    (ended,) = desk.of(FactKind.CONTACT_ENDED)
    assert ended.data["row"]["ended_by"] == "agent"
