"""Nobody but us says whom the switch dials."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.engine.elsewhere import STAY_HERE, STAY_WITH_US, ending
from fsorch.esl.commands import Originate
from fsorch.esl.events import Event
from fsorch.rules import PhoneMode
from tests.engine.desk import CENTRE, Desk
from tests.engine.test_callbacks import centre as with_callbacks
from tests.engine.test_callbacks import promised


def kept(command: Originate) -> tuple[bool, bool]:
    """Whether its far end can point elsewhere in vain, and whether whoever it talks to can send it nowhere."""
    variables = set(command.variables)
    return set(STAY_HERE) <= variables, set(STAY_WITH_US) <= variables


def test_a_customer_who_is_called_back_points_at_nobody_and_sends_no_agent_away() -> None:
    desk = Desk(with_callbacks())
    promised(desk)
    desk.log_in("ann")
    agent = desk.last(Originate)
    desk.rings(agent.uuid)
    desk.picks_up(agent.uuid, agent.job_uuid)
    customer = desk.last(Originate)
    assert kept(agent) == (False, True)
    assert kept(customer) == (True, False)


def test_a_standing_call_can_be_sent_nowhere_and_an_agents_own_forwarding_works() -> None:
    (ann, *others) = CENTRE.agents
    nailed = structs.replace(ann, phone_mode=PhoneMode.NAILED)
    desk = Desk(structs.replace(CENTRE, agents=(nailed, *others)))
    desk.log_in("ann")
    assert kept(desk.last(Originate)) == (False, True)


@pytest.mark.parametrize(
    ("cause", "status", "told"),
    [
        ("REQUESTED_CHAN_UNAVAIL", "sip:302", "REDIRECTION_TO_NEW_DESTINATION"),
        ("REQUESTED_CHAN_UNAVAIL", "sip:305", "REDIRECTION_TO_NEW_DESTINATION"),
        ("REQUESTED_CHAN_UNAVAIL", "", "REQUESTED_CHAN_UNAVAIL"),
        ("REQUESTED_CHAN_UNAVAIL", "sip:503", "REQUESTED_CHAN_UNAVAIL"),
        ("USER_BUSY", "sip:302", "USER_BUSY"),
        ("", "", ""),
    ],
)
def test_what_a_leg_ended_with(cause: str, status: str, told: str) -> None:
    known = {"variable_proto_specific_hangup_cause": status} if status else {}
    assert ending(Event(name="CHANNEL_HANGUP", uuid="a", hangup_cause=cause, known=known)) == told
