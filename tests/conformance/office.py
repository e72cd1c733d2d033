"""An engine on the link under test: a small centre, its agents' phones are far ends of the switch."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from fsorch.clock import SystemClock
from fsorch.config import AgentSpec, Centre, MembershipSpec, QueueSpec
from fsorch.edge.pump import Pump
from fsorch.engine.engine import Engine
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import Configure, LogIn, LogOut, Request
from fsorch.engine.views import AgentView, ContactView
from fsorch.esl.commands import GetVar, ReceiveDigits
from fsorch.flow_menus import menu_flow
from fsorch.rules import PhoneMode
from tests.conformance.rig import Call, Rig, far_end

__all__ = ["BY", "Office"]

BY = "conformance"
# The shipped prompts are tried in test_switch.py; these have the lengths that the tests need.
PROMPTS = {name: "tone_stream://%(400,0,440)" for name in ("greeting", "invalid")}
# So long that a key comes before its end, on a busy machine too.
LONG_MENU_S = 1000.0
MUSIC = "tone_stream://%(1000,0,300);loops=-1"
FLOW = menu_flow("main", {"1": "sales", "2": "support"}, person="support", timeout_s=1.0)


class Office:
    """The engine, what it wrote down, and its people. ``phones``: agent to far end, or to a dial string; ``menu_s``:
    how long the menu's prompt takes, unless a key ends it; ``nailed``: the agents whose phones stay on the line;
    ``confirm_key``: what they have to press when they pick up."""

    def __init__(
        self,
        rig: Rig,
        phones: Mapping[str, str],
        *,
        offer_timeout_s: float = 60.0,
        menu_s: float = LONG_MENU_S,
        nailed: Collection[str] = (),
        confirm_key: str = "",
    ) -> None:
        self.rig = rig
        self.facts: list[Fact] = []
        self._asked: set[tuple[str, str]] = set()
        self.pump = Pump(Engine(lambda: str(uuid.uuid4())), SystemClock(), self._note)
        self.pump.attach(rig.link.name, rig.link)
        self.pump.start()
        self.pump.request(Configure(_centre(phones, offer_timeout_s, menu_s, nailed, confirm_key)))
        rig.listener = self.pump.feed
        self.pump.feed(rig.ups()[-1])

    def close(self) -> None:
        """End it; the link stays."""
        self.rig.listener = None
        self.pump.stop()
        assert not self.pump.faults, "the engine could not take an input; see the log"

    def _note(self, facts: tuple[Fact, ...]) -> None:
        self.facts.extend(facts)
        self.rig.changed()

    # -- people -------------------------------------------------------------------------------------------------------

    def log_in(self, *agents: str) -> None:
        """These begin to work."""
        for agent in agents:
            self.ask(LogIn(agent=agent, by=BY))

    def log_out(self, *agents: str) -> None:
        """These go home."""
        for agent in agents:
            self.ask(LogOut(agent=agent, by=BY))

    def ask(self, request: Request) -> None:
        """Somebody asks for something."""
        self.pump.request(request)

    def agent(self, id: str) -> AgentView:
        """One agent, now."""
        return self.pump.agent_view(id)

    def agent_is(self, id: str, state: str) -> None:
        """Wait until the agent is in ``state``."""
        self.rig.until(lambda: self.agent(id).state == state, f"{id} to be {state}, not {self.agent(id).state}")

    # -- calls --------------------------------------------------------------------------------------------------------

    def contact_of(self, call: Call) -> ContactView:
        """The live contact of a caller."""
        found = [contact for contact in self.pump.snapshot().contacts if contact.destination == call.number]
        assert len(found) == 1, f"{len(found)} contacts for {call.number}"
        return found[0]

    def contact_is(self, call: Call, state: str) -> ContactView:
        """Wait until the caller is in ``state``: flow, waiting, offered, talking."""

        def there() -> bool:
            contacts = self.pump.snapshot().contacts
            return any(contact.destination == call.number and contact.state == state for contact in contacts)

        self.rig.until(there, f"the contact to be {state}")
        return self.contact_of(call)

    def press(self, call: Call, digits: str) -> None:
        """Press keys once the menu asks for them; the second time, once it asks again."""
        name, data = GetVar(call.leg, "current_application"), GetVar(call.leg, "current_application_data")

        def asks() -> bool:
            asked = self.rig.ask(data).text
            return self.rig.ask(name).text == "play_and_get_digits" and (call.leg, asked) not in self._asked

        self.rig.until(asks, "the menu")
        self._asked.add((call.leg, self.rig.ask(data).text))
        assert self.rig.ask(ReceiveDigits(call.leg, digits)).ok

    # -- facts --------------------------------------------------------------------------------------------------------

    def of(self, kind: FactKind, **fields: str) -> list[Fact]:
        """The facts of a kind whose own fields are these."""
        same = (fact for fact in self.facts if fact.kind is kind)
        return [fact for fact in same if all(getattr(fact, name) == value for name, value in fields.items())]

    def fact(self, kind: FactKind, number: int = 1, **fields: str) -> Fact:
        """Wait for the ``number``-th such fact."""
        self.rig.until(lambda: len(self.of(kind, **fields)) >= number, f"{number} {kind} {fields}")
        return self.of(kind, **fields)[number - 1]

    def ended(self, contact: str) -> dict[str, Any]:
        """Wait for the end of a contact and of its legs; its row."""
        row: dict[str, Any] = self.fact(FactKind.CONTACT_ENDED, contact=contact).data["row"]
        return row

    def legs(self, contact: str, number: int) -> dict[str, dict[str, Any]]:
        """Wait for the CDRs of a contact's legs; by role. Exactly so many, each once."""
        self.fact(FactKind.LEG_ENDED, number, contact=contact)
        rows = [fact.data["row"] for fact in self.of(FactKind.LEG_ENDED, contact=contact)]
        assert len({row["id"] for row in rows}) == len(rows) == number
        return {row["role"]: row for row in rows}

    def offers(self, contact: str) -> list[tuple[str, str]]:
        """How each offer of a contact ended, in order: agent and outcome."""
        return [(fact.agent, fact.data["outcome"]) for fact in self.of(FactKind.OFFER_ENDED, contact=contact)]


def _centre(
    phones: Mapping[str, str],
    offer_timeout_s: float,
    menu_s: float,
    nailed: Collection[str] = (),
    confirm_key: str = "",
) -> Centre:
    queues = tuple(
        QueueSpec(id=id, music=MUSIC, offer_timeout_s=offer_timeout_s, wrap_up_s=0.2, miss_delay_s=0.2)
        for id in ("sales", "support")
    )
    both = (MembershipSpec(queue="sales"), MembershipSpec(queue="support"))
    agents = tuple(
        AgentSpec(
            id=id,
            phone=name if "/" in name else far_end(name),
            queues=both,
            phone_mode=PhoneMode.NAILED if id in nailed else PhoneMode.DIALLED,
            confirm_key=confirm_key,
        )
        for id, name in phones.items()
    )
    prompts = {**PROMPTS, "menu": f"tone_stream://%({menu_s * 1000:.0f},0,440)"}
    return Centre(name="conformance", queues=queues, agents=agents, flows=(FLOW,), flow="main", prompts={**prompts})
