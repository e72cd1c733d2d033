"""Every table, every state, every input: a known next state, or the named error with the state as it was."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from fsorch.acd import AgentInput, AgentMachine, ContactInput, ContactMachine, OfferInput, OfferMachine
from fsorch.acd.affinity import ChoiceMachine
from fsorch.acd.callback import CallbackInput, CallbackMachine
from fsorch.acd.line import LineInput, LineMachine
from fsorch.acd.room import RoomInput, RoomMachine
from fsorch.acd.transfer import TransferInput, TransferMachine
from fsorch.campaign.answers import AnswerMachine
from fsorch.campaign.campaign import CampaignInput, CampaignMachine
from fsorch.campaign.dial import DialInput, DialMachine
from fsorch.campaign.gateway_health import HealthMachine
from fsorch.campaign.lead import LeadInput, LeadMachine
from fsorch.errors import RequestRefused
from fsorch.ivr.walking import SessionInput, SessionMachine
from fsorch.machine import Machine

MACHINES: list[type[Machine[Any, Any, Any]]] = [
    AgentMachine,
    AnswerMachine,
    CallbackMachine,
    CampaignMachine,
    ChoiceMachine,
    ContactMachine,
    DialMachine,
    HealthMachine,
    LeadMachine,
    LineMachine,
    OfferMachine,
    SessionMachine,
    RoomMachine,
    TransferMachine,
]
# What people and the engine ask for may be refused; everything else is an event and may come at any time.
REQUESTS: set[StrEnum] = {
    AgentInput.RESERVE,
    CallbackInput.CALL,
    CampaignInput.START,
    CampaignInput.PAUSE,
    CampaignInput.RESUME,
    CampaignInput.STOP,
    LeadInput.RESERVE,
    LeadInput.REVIVE,
    AgentInput.CHOOSE,
    AgentInput.END_WRAP_UP,
    ContactInput.QUEUE,
    DialInput.CANCEL,
    LineInput.TAKE,
    ContactInput.OFFER,
    ContactInput.STEP_OUT,
    ContactInput.TO_FLOW,
    OfferInput.REFUSE,
    RoomInput.MERGE,
    TransferInput.TAKE,
    TransferInput.COMPLETE,
    TransferInput.CANCEL,
    TransferInput.CONFER,
    SessionInput.SAY,
    SessionInput.ASK,
    SessionInput.CONFIRM,
    SessionInput.LOOK_UP,
    SessionInput.RECORD,
    SessionInput.SEND,
    SessionInput.LEAVE,
    SessionInput.END,
}


def everything(machine: type[Machine[Any, Any, Any]]) -> list[tuple[StrEnum, StrEnum]]:
    return [(state, input) for state in type(machine.FIRST) for input in machine.input_type()]


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_takes_every_input_or_refuses_it_unchanged(machine: type[Machine[Any, Any, Any]]) -> None:
    for state, input in everything(machine):
        walker = machine(state)
        if walker.allows(input):
            effect, following = machine.TABLE[state, input]
            assert walker.step(input) is effect
            assert walker.state is following
        else:
            with pytest.raises(RequestRefused, match="not possible now") as refused:
                walker.step(input)
            assert walker.state is state
            assert refused.value.machine == machine.NAME


@pytest.mark.parametrize("machine", MACHINES)
def test_an_event_has_an_entry_in_every_state(machine: type[Machine[Any, Any, Any]]) -> None:
    missing = [
        (state, input)
        for state, input in everything(machine)
        if input not in REQUESTS and (state, input) not in machine.TABLE
    ]
    assert missing == []


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_can_be_reached_and_every_effect_is_used(machine: type[Machine[Any, Any, Any]]) -> None:
    reached = {machine.FIRST}
    while more := {machine.TABLE[key][1] for key in machine.TABLE if key[0] in reached} - reached:
        reached |= more
    states: type[StrEnum] = type(machine.FIRST)
    assert reached == set(states)
    effects = {effect for effect, _ in machine.TABLE.values() if effect is not None}
    declared: type[StrEnum] = type(next(iter(effects)))
    assert effects == set(declared)


@pytest.mark.parametrize("machine", MACHINES)
def test_an_input_of_another_machine_is_a_value_error(machine: type[Machine[Any, Any, Any]]) -> None:
    class Foreign(StrEnum):
        THING = "thing"

    with pytest.raises(ValueError, match="not one of its inputs"):
        machine().step(Foreign.THING)
