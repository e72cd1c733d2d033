"""The park door: what a dialplan may ask of a parked call, what a number means, and what follows from nonsense."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.config import AgentSpec, Centre, MembershipSpec, QueueSpec
from fsorch.demands import parse_demand
from fsorch.doors import NumberSpec
from fsorch.engine.facts import FactKind
from fsorch.esl.commands import SetVars
from tests.engine.desk import CENTRE, Desk

SKILLED = (
    AgentSpec(id="ann", phone="user/1001", queues=(MembershipSpec(queue="sales"),), skills={"german": 2}),
    AgentSpec(id="rob", phone="user/1002", queues=(MembershipSpec(queue="sales"),), skills={"german": 4}),
)
NUMBERS = {
    "4930": NumberSpec(flow="main", priority=3),
    "4931": NumberSpec(queue="support", skills={"german": 3}),
}
DOORS = msgspec.structs.replace(CENTRE, agents=SKILLED, numbers=NUMBERS)


def park(desk: Desk, leg: str = "caller-1", destination: str = "1", **variables: str) -> None:
    """A dialplan parks a call with these variables, and it is answered."""
    caller = {"caller_number": "+441234", "direction": "inbound", "destination": destination}
    given = {"fsorch_entry": "yes", **{f"fsorch_{name}": value for name, value in variables.items()}}
    desk.event("CHANNEL_PARK", leg, given, answer_state="ringing", **caller)
    desk.event("CHANNEL_ANSWER", leg, given, answer_state="answered", **caller)


def in_the_flow(desk: Desk) -> bool:
    """Whether the caller hears the flow."""
    return desk.contact().state == "flow"


def faults(desk: Desk) -> list[str]:
    return [fault for fact in desk.of(FactKind.DOOR_MISUSED) for fault in fact.data["faults"]]


def test_the_variables_choose_queue_priority_and_skills() -> None:
    desk = Desk(DOORS)
    desk.log_in("ann", "rob")
    park(desk, queue="sales", priority="9", skills="german:3")
    contact = desk.contact()
    assert (contact.queue, contact.priority) == ("sales", 9)
    # Ann has been idle longer, but speaks too little German.
    assert [fact.agent for fact in desk.of(FactKind.OFFER_MADE)] == ["rob"]
    assert faults(desk) == []


def test_the_skills_may_be_an_expression() -> None:
    desk = Desk(DOORS)
    desk.log_in("ann", "rob")
    park(desk, queue="sales", skills="german <= 2 or german > 4")
    assert [fact.agent for fact in desk.of(FactKind.OFFER_MADE)] == ["ann"]
    assert faults(desk) == []
    need = desk.engine._core.contacts[desk.contact().id].need
    assert need is not None
    # The leg says so itself, for a life after a restart.
    marks = [dict(command.pairs) for command, _ in desk.sent if isinstance(command, SetVars)]
    (said,) = {mark["fsorch_skills"] for mark in marks if "fsorch_skills" in mark}
    assert parse_demand(said) == need.skills == parse_demand("german <= 2 or german >= 5")


def test_what_nobody_has_is_left_out_of_an_expression_and_what_is_barred_need_not_be_there() -> None:
    desk = Desk(msgspec.structs.replace(DOORS, skills=("trainee",)))
    park(desk, queue="sales", skills="german and not trainee and (greek or dutch) and not gerbil")
    assert faults(desk) == [
        "fsorch_skills names 'dutch', which no agent has",
        "fsorch_skills names 'gerbil', which no agent has",
        "fsorch_skills names 'greek', which no agent has",
    ]
    need = desk.engine._core.contacts[desk.contact().id].need
    assert need is not None
    assert need.skills == parse_demand("german and not trainee")


def test_the_number_chooses_where_the_variables_do_not() -> None:
    desk = Desk(DOORS)
    park(desk, destination="4930")
    assert in_the_flow(desk)
    assert desk.contact().priority == 3
    # The leg says so itself, for a life after a restart.
    marks = [dict(command.pairs) for command, _ in desk.sent if isinstance(command, SetVars)]
    assert any(mark.get("fsorch_flow") == "main" and mark.get("fsorch_priority") == "3" for mark in marks)
    other = Desk(DOORS)
    park(other, destination="7", dialled="4931", priority="5")
    assert (other.contact().queue, other.contact().priority) == ("support", 5)


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"flow": "gone"}, "fsorch_flow is 'gone', which the centre does not have"),
        ({"queue": "gone"}, "fsorch_queue is 'gone', which the centre does not have"),
        ({"queue": "sales", "priority": "1000"}, "fsorch_priority is '1000'; it is 0 to 999"),
        ({"queue": "sales", "priority": "-1"}, "fsorch_priority is '-1'; it is 0 to 999"),
        ({"queue": "sales", "skills": "greek:2"}, "fsorch_skills names 'greek', which no agent has"),
        ({"queue": "sales", "skills": "german:9"}, "fsorch_skills gives german the level '9'; levels are 1 to 5"),
        (
            {"queue": "sales", "skills": "german >"},
            "fsorch_skills is 'german >', which cannot be understood: "
            "column 9: the expression ends here; expected a value",
        ),
        (
            {"queue": "sales", "skills": "german and not german"},
            "fsorch_skills is 'german and not german', which nobody could ever fulfil",
        ),
    ],
)
def test_what_the_centre_does_not_know_is_reported_and_the_caller_is_served(asked: dict[str, str], fault: str) -> None:
    desk = Desk(DOORS)
    park(desk, **asked)
    assert faults(desk) == [fault]
    assert in_the_flow(desk) or desk.contact().queue == "sales"
    assert desk.engine.snapshot().odd_events["park_door"] == 1
    (misused,) = desk.of(FactKind.DOOR_MISUSED)
    assert misused.contact == desk.contact().id


def test_a_number_stands_in_for_an_unknown_value() -> None:
    desk = Desk(DOORS)
    park(desk, destination="4931", queue="gone")
    assert desk.contact().queue == "support"


def test_without_a_flow_an_unknown_queue_leads_to_the_first_one() -> None:
    desk = Desk(Centre(queues=(QueueSpec(id="only"),)))
    park(desk, queue="gone")
    assert desk.contact().queue == "only"
    assert desk.of(FactKind.DOOR_MISUSED)[0].data["got"] == "queue only"


def test_a_call_in_the_hands_of_a_hook_is_left_to_it() -> None:
    desk = Desk(DOORS)
    park(desk, hook="verify-pin", queue="sales")
    assert (desk.sent, desk.engine.snapshot().contacts, desk.engine.snapshot().odd_events) == ([], (), {})


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(["flow", "queue", "priority", "skills", "dialled"]), st.text(max_size=80)))
def test_whatever_is_asked_the_caller_is_served_and_told_of(asked: dict[str, str]) -> None:
    desk = Desk(DOORS)
    park(desk, **asked)
    contact = desk.contact()
    assert in_the_flow(desk) or contact.queue in ("sales", "support")
    assert 0 <= contact.priority <= 999
    assert len(desk.of(FactKind.DOOR_MISUSED)) <= 1
