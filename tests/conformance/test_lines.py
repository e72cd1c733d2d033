"""Nailed-up phones: one standing call, callers in turn (capture 16)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import structs

from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import Configure, HangUp, LogOut
from fsorch.esl.commands import Kill
from fsorch.rules import PhoneMode
from tests.conformance.office import BY, Office
from tests.conformance.rig import Rig

ALERT = "tone_stream://%(100,0,880)"


@pytest.fixture(params=["", ALERT], ids=["at once", "after an alert"])
def office(rig: Rig, request: pytest.FixtureRequest) -> Iterator[Office]:
    """Ada's phone is nailed up."""
    office = Office(rig, {"ada": "answer-300"})
    (ada,) = office.centre.agents
    ada = structs.replace(ada, phone_mode=PhoneMode.NAILED, alert=request.param)
    office.pump.request(Configure(structs.replace(office.centre, agents=(ada,))))
    office.log_in("ada")
    yield office
    office.close()


def line_is(office: Office, state: str) -> None:
    office.rig.until(lambda: office.agent("ada").line == state, f"the line to be {state}")


def test_callers_in_turn_on_one_call(rig: Rig, office: Office) -> None:
    line_is(office, "ready")
    legs = set()
    for number in (1, 2):
        call = rig.call_in()
        office.press(call, "1")
        bridged = office.fact(FactKind.BRIDGED, number, agent="ada")
        legs.add(bridged.data["agent_leg"])
        if number == 1:
            rig.ask(Kill(call.caller, "NORMAL_CLEARING"))
        else:
            office.ask(HangUp(agent="ada", by=BY))
        row = office.ended(bridged.contact)
        assert (row["outcome"], row["ended_by"]) == ("answered", "customer" if number == 1 else "agent")
        line_is(office, "ready")
    (line,) = legs
    office.ask(LogOut(agent="ada", by=BY))
    ended = office.fact(FactKind.LEG_ENDED, leg=line)
    assert (ended.data["row"]["agent"], ended.data["row"]["cause"]) == ("ada", "NORMAL_CLEARING")
    rig.gone(line)


def test_a_line_that_is_cut_comes_back(rig: Rig, office: Office) -> None:
    line_is(office, "ready")
    parked = rig.event("CHANNEL_PARK")
    rig.ask(Kill(parked.uuid, "NORMAL_CLEARING"))
    office.fact(FactKind.LEG_ENDED, leg=parked.uuid)
    line_is(office, "ready")
