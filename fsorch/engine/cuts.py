"""Agents who talk on a switch that cannot be reached.

The call most probably goes on, or has died with the switch; nobody can say. So the agent is not let go at once, but
after the centre's ``switch_gone_s``, by a rule that is shown with its reason, or at once when they hang up themselves.
The contact stays as it is until the switch is back and says whether the pair still talks: then the agent is taken up
again, or (who hung up meanwhile) the phone is ended at last.
"""

from __future__ import annotations

from dataclasses import dataclass

from fsorch.acd import AgentState, AgentStatus
from fsorch.acd.line import LineInput, LineState
from fsorch.engine.core import Core
from fsorch.engine.people import People
from fsorch.engine.state import Contact, Leg, Person
from fsorch.engine.waiting import Waiting
from fsorch.esl.commands import Kill

__all__ = ["Cuts"]

RULE = "rule: switch_gone"


@dataclass(slots=True)
class Parted:
    """An agent who was let go from ``contact`` while the switch was away; ``hung_up``: as they asked for. ``at``: until
    when (UTC microseconds) their talk has been counted."""

    contact: str
    agent: str
    switch: str
    hung_up: bool
    at: int


class Cuts:
    """Lets agents go whose switch is gone, and takes them up again."""

    def __init__(self, core: Core, people: People, waiting: Waiting) -> None:
        self.core = core
        self.people = people
        self.waiting = waiting
        people.hung_up_unheard = self.hang_up
        # By the agent's leg.
        self._parted: dict[str, Parted] = {}
        # The queue of a talk that only the records know of yet, by the agent.
        self._recalled: dict[str, str] = {}

    def link_down(self, switch: str) -> None:
        """The clock of everybody who talks there begins."""
        for person in self.core.people.values():
            leg = self.core.legs.get(person.leg)
            if leg is not None and leg.switch == switch and person.agent.state is AgentState.TALKING:
                self.watch(person)

    def recalled(self, person: Person, queue: str) -> None:
        """The agent talked, for ``queue``, when an earlier life of ours ended; the switch has not said yet."""
        self._recalled[person.spec.id] = queue
        self.watch(person)

    def watch(self, person: Person) -> None:
        """Nobody knows whether this agent still talks: that may be so for a while."""
        grace_s = self.core.centre.switch_gone_s
        if grace_s > 0:
            self.core.timers.set(("cut", person.spec.id), self.core.now.mono + grace_s)

    def link_up(self, switch: str) -> None:
        """All legs of this switch have been looked at."""
        self._parted = {leg: parted for leg, parted in self._parted.items() if parted.switch != switch}

    def due(self, id: str) -> None:
        """An agent's switch has been gone for the rule's time."""
        person = self.core.people.get(id)
        if person is None or person.agent.state is not AgentState.TALKING or not person.leg:
            return
        leg = self.core.legs.get(person.leg)
        switch = self.core.switches.get(leg.switch) if leg is not None else None
        if switch is not None and switch.up:
            return
        name = f"the switch {leg.switch}" if leg is not None else "the call's switch"
        person.rule = f"{name} has been gone for {self.core.centre.switch_gone_s:g} s"
        self._part(person, hung_up=False, by=RULE)

    def hang_up(self, person: Person, leg: Leg) -> bool:
        """The agent hangs up on a switch that does not hear it. False: it does."""
        switch = self.core.switches.get(leg.switch)
        if switch is None or switch.up:
            return False
        self._part(person, hung_up=True, by="")
        return True

    def _part(self, person: Person, *, hung_up: bool, by: str) -> None:
        core, leg = self.core, self.core.legs.get(person.leg)
        contact = core.contacts.get(person.contact)
        queue = contact.queue if contact is not None and contact.agent_leg == person.leg else ""
        core.timers.cancel(("cut", person.spec.id))
        if leg is not None:
            switch = core.switches.get(leg.switch)
            until = switch.since if switch is not None and not switch.up else core.now.wall
            self._parted[leg.uuid] = Parted(person.contact, person.spec.id, leg.switch, hung_up, until)
            if contact is not None and queue:
                talked_us = max(0, until - contact.connected_at)
                person.talked_us += talked_us
                contact.connected_at = max(contact.connected_at, until)
                self.people.call_ended(person, contact.id, queue, by=by)
                self.waiting.talked(queue, person, talked_us)
            else:
                self.people.call_ended(person, person.contact, queue, by=by)
        else:
            self.people.call_ended(person, person.contact, self._recalled.pop(person.spec.id, ""), by=by)
        # The end of that leg will not be told; another switch may have work for them.
        person.leaving = ""
        self.people.sync(person)

    def back(self, leg: Leg, partner: str) -> bool:
        """The switch is back and has this agent's leg, joined to ``partner`` (empty: to nobody). True when its agent
        had been let go from it; what is to be done about it has been done then."""
        core, parted = self.core, self._parted.pop(leg.uuid, None)
        contact = core.contacts.get(parted.contact) if parted is not None else None
        if parted is None:
            person = core.people.get(leg.agent)
            if person is not None and person.leg == leg.uuid:
                core.timers.cancel(("cut", person.spec.id))
            return False
        if contact is None or contact.agent_leg != leg.uuid or partner != contact.leg or parted.hung_up:
            self._end(leg, contact, parted)
        elif not leg.standing or self._line(leg, contact):
            self._take_up(leg, contact)
        return True

    def _end(self, leg: Leg, contact: Contact | None, parted: Parted) -> None:
        """The agent's phone; one that stays on the line ends its caller's call instead, if the agent hung up."""
        uuid = leg.uuid
        if leg.standing:
            if contact is None or contact.leg not in self.core.legs or not parted.hung_up:
                return
            contact.ended_by, uuid = "agent", contact.leg
        self.core.send(leg.switch, Kill(uuid, "NORMAL_CLEARING"), f"kill:{uuid}")

    def _line(self, leg: Leg, contact: Contact) -> bool:
        """A standing call that still serves its caller is not free for another."""
        person = self.core.people.get(leg.agent)
        if person is None or person.line_leg != leg.uuid:
            return False
        if person.line.state is LineState.RETURNING:
            self.people.lines.heard(leg, LineInput.PARKED)
        if person.line.state is not LineState.READY:
            return False
        leg.contact = contact.id
        for input in (LineInput.TAKE, LineInput.BRIDGED):
            person.line.step(input)
        return True

    def _take_up(self, leg: Leg, contact: Contact) -> None:
        """They still talk. An agent who does something else meanwhile stays with that; the call is accounted all the
        same."""
        person = self.core.people.get(leg.agent)
        if person is None or person.contact or person.offer or person.gone:
            return
        if person.agent.status.status is AgentStatus.LOGGED_OUT:
            return
        self.people.talk_again(person, contact.id, leg.uuid)
