"""Phones that come and go, and phones in calls of their own: shown, followed at once; nobody's choice is touched."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.engine import FactKind, LinkDown, LinkUp, LogIn, SwitchEvent
from fsorch.engine.phones import address_of
from fsorch.esl.commands import Originate, SofiaContact
from fsorch.esl.events import Event
from tests.engine.desk import CENTRE, Desk

ANN = "1001@pbx.example"


def desk(*there: str, phone: str = f"user/{ANN}") -> Desk:
    """Ann's phone has a domain; the link told of these registrations."""
    ann, rob = CENTRE.agents
    bench = Desk(structs.replace(CENTRE, agents=(structs.replace(ann, phone=phone), rob)))
    bench.tell(LinkUp("main", "core-1", (), "/sounds", there))
    bench.tell(LogIn(agent="ann", by="ann"))
    return bench


def custom(bench: Desk, subclass: str, **headers: str) -> None:
    known = {name.replace("_", "-"): value for name, value in headers.items()}
    bench.tell(SwitchEvent("main", Event(name="CUSTOM", subclass=f"sofia::{subclass}", known=known)))


def register(bench: Desk, user: str = "1001", host: str = "pbx.example") -> None:
    custom(bench, "register", from_user=user, from_host=host)


def unregister(bench: Desk) -> None:
    custom(bench, "unregister", from_user="1001", from_host="pbx.example")
    bench.answer(SofiaContact, "error/user_not_registered")


def dials(bench: Desk) -> int:
    return sum(isinstance(command, Originate) for command, _ in bench.sent)


@pytest.mark.parametrize(
    ("dial_string", "address"),
    [
        ("user/1001@pbx.example", "1001@pbx.example"),
        ("user/Ann@PBX.example", "ann@pbx.example"),
        ("user/1001", "1001@"),
        ("sofia/gateway/carrier/4930123456", ""),
        ("user/1001@pbx.example,user/1002@pbx.example", ""),
        ("", ""),
    ],
)
def test_only_a_registered_user_is_watched(dial_string: str, address: str) -> None:
    assert address_of(dial_string) == address


def test_complaint_7_a_phone_that_is_gone_is_shown_and_gets_nothing_until_it_is_back() -> None:
    bench = desk()
    bench.call("caller-1", "sales")
    agent = bench.agent("ann")
    assert (agent.status, agent.unready) == ("available", "the phone is not registered")
    (queue,) = (queue for queue in bench.engine.snapshot().queues if queue.id == "sales")
    assert (queue.idle, queue.unready) == (0, 1), "she is no capacity"
    assert dials(bench) == 0
    register(bench)
    assert bench.agent("ann").unready == ""
    assert dials(bench) == 1


def test_the_end_of_the_last_registration_counts_at_once() -> None:
    bench = desk(ANN)
    assert bench.agent("ann").unready == ""
    unregister(bench)
    assert bench.agent("ann").unready == "the phone is not registered"
    changed = bench.of(FactKind.AGENT_CHANGED)[-1]
    assert (changed.data["status"], changed.data["unready"]) == ("available", "the phone is not registered")
    bench.call("caller-1", "sales")
    assert dials(bench) == 0


def test_a_second_phone_of_the_same_user_still_rings() -> None:
    bench = desk(ANN)
    custom(bench, "unregister", from_user="1001", from_host="pbx.example")
    bench.answer(SofiaContact, "sofia/internal/sip:1001@127.0.0.1:5071")
    assert bench.agent("ann").unready == ""


def test_a_phone_that_fell_silent_expires() -> None:
    bench = desk(ANN)
    custom(bench, "expire", user="1001", host="pbx.example")
    bench.answer(SofiaContact, "error/user_not_registered")
    assert bench.agent("ann").unready == "the phone is not registered"


def test_the_switch_says_so_when_it_cannot_dial() -> None:
    bench = desk(ANN)
    bench.call("caller-1", "sales")
    bench.event("BACKGROUND_JOB", job_uuid=bench.last(Originate).job_uuid, body="-ERR USER_NOT_REGISTERED\n")
    bench.passes(60)
    assert dials(bench) == 1
    register(bench)
    assert dials(bench) == 2


def test_a_phone_without_a_domain_is_the_user_of_that_name() -> None:
    bench = desk("1001@here", phone="user/1001")
    assert bench.agent("ann").unready == ""
    custom(bench, "unregister", from_user="1001", from_host="here")
    bench.answer(SofiaContact, "error/user_not_registered")
    assert bench.agent("ann").unready == "the phone is not registered"


@pytest.mark.parametrize("phone", ["sofia/gateway/carrier/4930123456", "sofia/external/ann@198.51.100.7"])
def test_what_does_not_register_is_not_watched(phone: str) -> None:
    assert desk(phone=phone).agent("ann").unready == ""


def test_nothing_is_said_while_the_switch_is_not_heard() -> None:
    bench = desk()
    bench.tell(LinkDown("main", "cut"))
    assert bench.agent("ann").unready == ""
    bench.tell(LinkUp("main", "core-1", (), "/sounds", (ANN,)))
    assert bench.agent("ann").unready == ""
    bench.tell(LinkUp("main", "core-1", (), "/sounds", None))
    assert bench.agent("ann").unready == ""


def test_a_phone_for_the_day_is_the_one_that_is_watched() -> None:
    other = Desk(CENTRE)
    other.tell(LinkUp("main", "core-1", (), "/sounds", (ANN,)))
    other.tell(LogIn(agent="rob", by="rob", phone="user/2000@pbx.example"))
    assert other.agent("rob").unready == "the phone is not registered"
    register(other, "2000")
    assert (other.agent("rob").unready, other.agent("rob").phone) == ("", "user/2000@pbx.example")


# -- calls of their own ---------------------------------------------------------------------------------------------


def own_call(bench: Desk, leg: str = "own-1", **variables: str) -> None:
    dialled = variables or {"dialed_user": "1001", "dialed_domain": "pbx.example"}
    bench.event("CHANNEL_CREATE", leg, dialled, direction="outbound")


def test_complaint_6_a_call_that_is_not_ours_keeps_offers_away() -> None:
    bench = desk(ANN)
    own_call(bench)
    bench.call("caller-1", "sales")
    assert bench.agent("ann").unready == "the phone is in another call"
    assert dials(bench) == 0
    bench.ends("own-1")
    assert bench.agent("ann").unready == ""
    assert dials(bench) == 1


def test_a_call_the_agent_makes_is_seen_too() -> None:
    bench = desk(ANN)
    own_call(bench, user_name="1001", domain_name="pbx.example")
    own_call(bench, "own-2", presence_id=ANN)
    bench.ends("own-1")
    assert bench.agent("ann").unready == "the phone is in another call"
    bench.ends("own-2")
    assert bench.agent("ann").unready == ""


def test_our_own_calls_are_not_the_agents() -> None:
    bench = desk(ANN)
    own_call(bench, dialed_user="1001", dialed_domain="pbx.example", fsorch_role="agent")
    own_call(bench, "own-2", dialed_user="1002", dialed_domain="pbx.example")
    assert bench.agent("ann").unready == ""


def test_a_call_that_was_there_when_the_link_came_up_counts() -> None:
    bench = desk(ANN)
    own_call(bench)
    bench.tell(LinkUp("main", "core-1", (), "/sounds", (ANN,)))
    assert bench.agent("ann").unready == ""
    known = {"variable_dialed_user": "1001", "variable_dialed_domain": "pbx.example"}
    dump = Event(name="CHANNEL_DATA", uuid="own-2", answer_state="answered", known=known)
    bench.tell(LinkUp("main", "core-1", (dump,), "/sounds", (ANN,)))
    assert bench.agent("ann").unready == "the phone is in another call"


# -- do-not-disturb -------------------------------------------------------------------------------------------------

SET = "the phone is set to do-not-disturb"


def says(bench: Desk, name: str = "PRESENCE_IN", **headers: str) -> None:
    known = {"proto": "sip", "event_type": "presence", "from": ANN} if name == "PRESENCE_IN" else {}
    known |= {key.replace("__", "-"): value for key, value in headers.items()}
    bench.tell(SwitchEvent("main", Event(name=name, known=known)))


def feature(bench: Desk, on: str, **headers: str) -> None:
    known = {"user": "1001", "host": "PBX.example", "Feature__Action": "SetDoNotDisturb", "Feature__Enabled": on}
    says(bench, "PHONE_FEATURE_SUBSCRIBE", **(known | headers))


@pytest.mark.parametrize("rpid_status", [("dnd", "Available"), ("busy", "Do Not Disturb"), ("", "do-not-disturb")])
def test_a_phone_that_publishes_do_not_disturb_gets_nothing_until_it_ends(rpid_status: tuple[str, str]) -> None:
    bench = desk(ANN)
    says(bench, rpid=rpid_status[0], status=rpid_status[1])
    assert bench.agent("ann").unready == SET
    bench.call("caller-1", "sales")
    assert dials(bench) == 0
    says(bench, rpid="", status="Available")
    assert (bench.agent("ann").unready, dials(bench)) == ("", 1)
    assert bench.agent("ann").status == "available"


def test_a_phone_that_sets_its_feature() -> None:
    bench = desk(ANN)
    feature(bench, "true")
    assert bench.agent("ann").unready == SET
    feature(bench, "true", Feature__Action="SetCallForward")
    feature(bench, "false", user="1002")
    assert bench.agent("ann").unready == SET
    feature(bench, "false")
    assert bench.agent("ann").unready == ""


def test_presence_of_calls_and_of_registrations_and_of_strangers_says_nothing_about_it() -> None:
    bench = desk(ANN)
    says(bench, rpid="dnd", channel__state="CS_EXECUTE")
    says(bench, rpid="dnd", presence__source="register")
    says(bench, rpid="dnd", proto="conf")
    says(bench, rpid="dnd", **{"from": "9@pbx.example"})
    says(bench, rpid="busy", status="Away from the desk")
    assert bench.agent("ann").unready == ""


def test_after_a_cut_of_the_link_nobody_knows() -> None:
    bench = desk(ANN)
    feature(bench, "true")
    bench.tell(LinkDown("main", "gone"))
    bench.tell(LinkUp("main", "core-1", (), "/sounds", (ANN,)))
    assert bench.agent("ann").unready == ""


@pytest.mark.parametrize("name", ["sip_invite_failure_phrase", "sip_reason"])
def test_a_phone_that_refuses_as_it_is_set_so_is_left_alone_for_a_while(name: str) -> None:
    bench = desk(ANN)
    bench.call("caller-1", "sales")
    leg = bench.last(Originate).uuid
    bench.event("CHANNEL_HANGUP", leg, {name: 'SIP;cause=480;text="Do Not Disturb"'}, hangup_cause="NO_USER_RESPONSE")
    bench.ends(leg, "NO_USER_RESPONSE")
    assert bench.agent("ann").unready == SET
    assert bench.of(FactKind.OFFER_ENDED)[0].data["way"] == "dnd"
    bench.passes(55)
    assert dials(bench) == 1
    bench.passes(6)
    assert (bench.agent("ann").unready, dials(bench)) == ("", 2)
