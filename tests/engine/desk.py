"""An engine on a bench: inputs by hand, outcomes kept, and shorthand for what a switch would say."""

from __future__ import annotations

import random
import uuid
from typing import Any, TypeVar

from fsorch.clock import ManualClock
from fsorch.config import AgentSpec, BreakReason, Centre, MembershipSpec, QueueSpec
from fsorch.engine import CommandDone, Configure, Engine, Fact, FactKind, LinkUp, LogIn, SwitchEvent, Tick
from fsorch.engine.actions import LookUp, Send
from fsorch.engine.inputs import Input
from fsorch.engine.views import AgentView, ContactView
from fsorch.esl.commands import Command, Originate
from fsorch.esl.events import Event
from fsorch.esl.replies import Reply
from fsorch.flow_menus import menu_flow

C = TypeVar("C", bound=Command)

CENTRE = Centre(
    name="bench",
    queues=(
        QueueSpec(id="sales", title="Sales", wrap_up_s=10, offer_timeout_s=15, miss_delay_s=5),
        QueueSpec(id="support", title="Support", wrap_up_s=0),
    ),
    agents=(
        AgentSpec(id="ann", phone="user/1001", queues=(MembershipSpec(queue="sales"), MembershipSpec(queue="support"))),
        AgentSpec(id="rob", phone="user/1002", queues=(MembershipSpec(queue="sales"),)),
    ),
    flows=(menu_flow("main", {"1": "sales", "2": "support"}, person="support"),),
    breaks=(BreakReason(id="lunch"), BreakReason(id="tea")),
    flow="main",
)


class Desk:
    """One engine with the switch ``main`` up and the centre of this file."""

    def __init__(self, centre: Centre = CENTRE, seed: int = 1) -> None:
        self._source = random.Random(seed)
        self.clock = ManualClock()
        self.sent: list[tuple[Command, str]] = []
        self.asked: list[LookUp] = []
        self.facts: list[Fact] = []
        self.begin(centre)
        self.tell(LinkUp("main", "core-1", (), "/sounds"))
        self.sent.clear()

    def begin(self, centre: Centre) -> None:
        """A new life of the engine, which knows nothing but the centre."""
        self.engine = Engine(lambda: str(uuid.UUID(int=self._source.getrandbits(128), version=4)))
        self.tell(Configure(centre))

    def tell(self, input: Input) -> None:
        """One step; commands and facts are kept."""
        outcome = self.engine.step(input, self.clock.now())
        self.sent += [(one.command, one.tag) for one in outcome.actions if isinstance(one, Send)]
        self.asked += [one for one in outcome.actions if isinstance(one, LookUp)]
        self.facts += outcome.facts

    def event(self, name: str, uuid: str = "", variables: dict[str, str] | None = None, **fields: Any) -> None:
        """The switch says something."""
        known = {f"variable_{key}": value for key, value in (variables or {}).items()}
        self.tell(SwitchEvent("main", Event(name=name, uuid=uuid, known=known, **fields)))

    def passes(self, seconds: float) -> None:
        """Time passes; the engine gets each of its ticks on time."""
        end = self.clock.now().mono + seconds
        while (due := self.engine.next_deadline()) is not None and due <= end:
            self.clock.advance(max(0.0, due - self.clock.now().mono))
            self.tell(Tick())
        self.clock.advance(max(0.0, end - self.clock.now().mono))

    def last(self, kind: type[C]) -> C:
        """The last command of a kind that was sent."""
        return next(command for command, _ in reversed(self.sent) if isinstance(command, kind))

    def tag(self, kind: type[Command]) -> str:
        """The tag of the last command of a kind."""
        return next(tag for command, tag in reversed(self.sent) if isinstance(command, kind))

    def answer(self, kind: type[Command], text: str) -> None:
        """The switch's reply to the last command of a kind."""
        self.tell(CommandDone("main", self.tag(kind), Reply(not text.startswith("-"), text, "api")))

    def kinds(self) -> list[FactKind]:
        """The kinds of all facts so far."""
        return [fact.kind for fact in self.facts]

    def of(self, kind: FactKind) -> list[Fact]:
        """All facts of a kind so far."""
        return [fact for fact in self.facts if fact.kind is kind]

    # -- people -------------------------------------------------------------------------------------------------

    def log_in(self, *agents: str) -> None:
        """Agents start to work, one second after another."""
        for agent in agents:
            self.tell(LogIn(agent=agent, by="test"))
            self.passes(1)

    def agent(self, id: str) -> AgentView:
        """An agent as shown."""
        return self.engine.agent_view(id)

    def contact(self) -> ContactView:
        """The only contact there is."""
        (contact,) = self.engine.snapshot().contacts
        return contact

    # -- callers ------------------------------------------------------------------------------------------------

    def call(self, leg: str, queue: str = "", **fields: Any) -> None:
        """A caller is parked and answered; with a ``queue`` the dialplan chose it."""
        variables = {"fsorch_entry": "yes"} | ({"fsorch_queue": queue} if queue else {})
        caller = {"caller_number": "+441234", "caller_name": "Zoë", "direction": "inbound"} | fields
        self.event("CHANNEL_PARK", leg, variables, answer_state="ringing", **caller)
        self.event("CHANNEL_ANSWER", leg, answer_state="answered", **caller)

    def rings(self, leg: str) -> None:
        """The agent's phone rings."""
        self.event("CHANNEL_CREATE", leg)
        self.event("CHANNEL_PROGRESS", leg)

    def picks_up(self, leg: str, job: str) -> None:
        """The agent's phone is answered and parked."""
        self.event("CHANNEL_ANSWER", leg)
        self.event("BACKGROUND_JOB", job_uuid=job, body=f"+OK {leg}\n")
        self.event("CHANNEL_PARK", leg)

    def bridge(self, a: str, b: str) -> None:
        """The switch joined two legs."""
        self.event("CHANNEL_BRIDGE", a, bridge_a=a, bridge_b=b)

    def answered(self, caller: str, queue: str) -> str:
        """A caller of a queue, and the agent who is called for them has picked up; the agent's leg."""
        self.call(caller, queue)
        dial = self.last(Originate)
        self.rings(dial.uuid)
        self.picks_up(dial.uuid, dial.job_uuid)
        return dial.uuid

    def talks(self, caller: str, queue: str) -> str:
        """The same, and the switch has joined the two; the agent's leg."""
        phone = self.answered(caller, queue)
        self.bridge(caller, phone)
        return phone

    def ends(self, leg: str, cause: str = "NORMAL_CLEARING") -> None:
        """A leg ends, in the switch's order."""
        self.event("CHANNEL_HANGUP", leg, hangup_cause=cause)
        self.event("CHANNEL_HANGUP_COMPLETE", leg, {"hangup_cause": cause}, hangup_cause=cause)
        self.event("CHANNEL_DESTROY", leg, hangup_cause=cause)
