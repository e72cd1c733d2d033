"""What agents are shown and told of a caller before they are joined."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from fsorch.config import Centre, decode
from fsorch.errors import ConfigError
from fsorch.esl.commands import Break, Bridge, Kill, Originate, Playback
from fsorch.rules import ToAgent
from tests.engine.desk import CENTRE, Desk

RULES = ToAgent(name_prefix="Sales: ", say="who", variables=("sip_h_X-Account", "x_plan"))


def centre(rules: ToAgent = RULES) -> Centre:
    sales, support = CENTRE.queues
    return structs.replace(
        CENTRE, queues=(structs.replace(sales, to_agent=rules), support), prompts={"who": "/sounds/who.wav"}
    )


def offered(desk: Desk, **variables: str) -> Originate:
    """A caller with these variables is offered to ann, whose phone rings."""
    desk.log_in("ann")
    door = {"fsorch_entry": "yes", "fsorch_queue": "sales"}
    desk.event(
        "CHANNEL_PARK", "caller-1", door | variables, direction="inbound", caller_name="Zoë", answer_state="ringing"
    )
    desk.event("CHANNEL_ANSWER", "caller-1", answer_state="answered")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    return dial


def bridges(desk: Desk) -> list[tuple[str, str]]:
    return [(command.a, command.b) for command, _ in desk.sent if isinstance(command, Bridge)]


def said(desk: Desk, leg: str) -> Playback:
    """What is played to the agent."""
    return next(one for one, _ in reversed(desk.sent) if isinstance(one, Playback) and one.uuid == leg)


def test_the_phone_shows_the_queue_before_the_name_and_gets_the_variables() -> None:
    dial = offered(Desk(centre()), **{"sip_h_X-Account": "17", "x_plan": "gold\r\nX: y", "x_other": "no"})
    known = dict(dial.variables)
    assert known["origination_caller_id_name"] == "Sales - Zoë"
    assert known["sip_h_X-Account"] == "17"
    assert "\n" not in known["x_plan"]
    assert "x_other" not in known
    assert "\r" not in dial.wire()
    assert dial.wire().count("\n") == Originate(dial.endpoint, "leg").wire().count("\n")


def test_an_agent_is_told_before_the_caller_is_joined() -> None:
    desk = Desk(centre())
    dial = offered(desk)
    desk.picks_up(dial.uuid, dial.job_uuid)
    words = said(desk, dial.uuid)
    assert (words.file, bridges(desk)) == ("/sounds/who.wav", [])
    desk.event("CHANNEL_EXECUTE_COMPLETE", dial.uuid, application_uuid=words.event_uuid)
    assert bridges(desk) == [("caller-1", dial.uuid)]
    desk.bridge("caller-1", dial.uuid)
    assert desk.agent("ann").state == "talking"
    desk.passes(60)
    assert bridges(desk) == [("caller-1", dial.uuid)]


def test_words_that_hang_or_cannot_be_played_keep_nobody_waiting() -> None:
    desk = Desk(centre())
    dial = offered(desk)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.passes(RULES.limit_s)
    assert desk.last(Break).uuid == dial.uuid
    assert bridges(desk) == [("caller-1", dial.uuid)]
    refused = Desk(centre())
    dial = offered(refused)
    refused.picks_up(dial.uuid, dial.job_uuid)
    refused.answer(Playback, "-ERR invalid session id")
    assert bridges(refused) == [("caller-1", dial.uuid)]


@pytest.mark.parametrize("who", ["caller", "agent"])
def test_who_leaves_while_the_agent_is_told_is_not_joined(who: str) -> None:
    desk = Desk(centre())
    dial = offered(desk)
    desk.picks_up(dial.uuid, dial.job_uuid)
    words = said(desk, dial.uuid)
    if who == "caller":
        desk.ends("caller-1")
        assert desk.last(Kill).uuid == dial.uuid
    desk.ends(dial.uuid)
    desk.event("CHANNEL_EXECUTE_COMPLETE", dial.uuid, application_uuid=words.event_uuid)
    desk.passes(RULES.limit_s)
    assert bridges(desk) == []
    assert [one.state for one in desk.engine.snapshot().contacts] == ([] if who == "caller" else ["offered"])


@pytest.mark.parametrize("name", ["execute_on_answer", "x_Y", "sip_h_X-a,b", "sip_h_Alert-Info", "x_" + "a" * 60])
def test_only_harmless_variables_are_handed_on(name: str) -> None:
    data: dict[str, Any] = {"queues": [{"id": "sales", "to_agent": {"variables": [name]}}]}
    with pytest.raises(ConfigError, match=r"queues\[0\].to_agent.variables\[0\]"):
        decode(data, Centre, where="centre.yaml")
