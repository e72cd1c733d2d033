"""A campaign from its first lead to its last, on virtual time: records that know whose leads are whose, a switch, and
agents who talk, wrap up and look at what is shown to them."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from msgspec import structs

from fsorch.campaigns import Lead, Mode
from fsorch.engine.actions import AboutLeads, LeadsBack, LeadsWanted
from fsorch.engine.inputs import DialPreview, LeadsCome, ReadyLead
from fsorch.esl.commands import Bridge, Kill, Originate
from tests.engine.dialroom import CAMPAIGN, Room, centre

__all__ = ["LOOK_S", "TALK_S", "Floor"]

STEP_S = 0.5
# So long a phone rings, a talk lasts, and an agent looks at a lead.
RING_S, TALK_S, LOOK_S = (2.0, 6.0), (20.0, 60.0), (3.0, 12.0)


class Floor(Room):
    """Plays a campaign in ``mode`` with the ``leads``. ``dice`` says how long everything lasts. Calls to leads that are
    ``deaf`` are not answered, talks with those that are ``endless`` never end."""

    def __init__(
        self, mode: Mode, leads: list[Lead], dice: random.Random, *, agents: int = 4, nailed: bool = True, **more: Any
    ) -> None:
        self.dice = dice
        self.happens: list[tuple[float, str, Any]] = []
        self.taken = 0
        self.deaf: set[str] = set()
        self.endless: set[str] = set()
        self.peers: dict[str, str] = {}
        spec = structs.replace(CAMPAIGN, mode=mode, **more)
        super().__init__(centre(spec, agents=agents, nailed=nailed), leads=0)
        self.leads = leads
        for n in range(agents):
            self.at_work(f"a{n}") if nailed else self.log_in(f"a{n}")
        self.nailed = nailed
        self.looked_at: set[tuple[str, str]] = set()
        self.taken = len(self.sent)

    # -- the records ----------------------------------------------------------------------------------------------

    def answer_leads(self, action: AboutLeads) -> None:
        """What is of the free agents first, each in turn, then all in order."""
        if isinstance(action, LeadsBack):
            self.back += action.leads
            self.leads = [self.known[id] for id in action.leads] + self.leads
        elif isinstance(action, LeadsWanted):
            piles = [[one for one in self.leads if one.owner == owner] for owner in action.owners]
            turns = [pile[n] for n in range(len(self.leads)) for pile in piles if n < len(pile)]
            given = list({one.id: one for one in (*turns, *self.leads)}.values())[: action.count]
            self.leads = [one for one in self.leads if one not in given]
            self.known |= {one.id: one for one in given}
            now = self.clock.now().wall
            ready = tuple(ReadyLead(lead=one, checked_at=now) for one in given)
            self.tell(LeadsCome(campaign=action.campaign, serial=action.serial, leads=ready))
        else:
            super().answer_leads(action)

    # -- the switch and the people ----------------------------------------------------------------------------------

    def play(self, seconds: float) -> None:
        """So long."""
        self.run()
        for _ in range(round(seconds / STEP_S)):
            self.passes(STEP_S)
            self._look()
            now = self.clock.now().mono
            due, self.happens = (
                [one for one in self.happens if one[0] <= now],
                [one for one in self.happens if one[0] > now],
            )
            for _, what, about in due:
                getattr(self, f"_{what}")(about)
                self._look()

    def _in(self, span: tuple[float, float], what: str, about: Any) -> None:
        self.happens.append((self.clock.now().mono + self.dice.uniform(*span), what, about))

    def _look(self) -> None:
        """What was ordered, and shown, since the last look."""
        while self.taken < len(self.sent):
            command, _ = self.sent[self.taken]
            self.taken += 1
            if isinstance(command, Originate):
                if self._lead_of(command.uuid) in self.deaf:
                    self._in(RING_S, "engaged", command)
                    continue
                self.event("CHANNEL_CREATE", command.uuid)
                self.event("CHANNEL_PROGRESS", command.uuid)
                self._in(RING_S, "picks", command)
            elif isinstance(command, Bridge):
                self.bridge(command.a, command.b)
                self.peers |= {command.a: command.b, command.b: command.a}
                leg = command.a if self._lead_of(command.a) else command.b
                if self._lead_of(leg) not in self.endless:
                    self._in(TALK_S, "leaves", leg)
            elif isinstance(command, Kill):
                self.ends(command.uuid, command.cause)
        for view in self.engine.snapshot().agents:
            if view.lead and view.state == "idle" and (view.id, view.lead.lead) not in self.looked_at:
                self.looked_at.add((view.id, view.lead.lead))
                self._in(LOOK_S, "dials", (view.id, view.lead.lead))

    def _lead_of(self, leg: str) -> str:
        return next((row.lead for row in self.started() if row.leg == leg), "")

    def _picks(self, call: Originate) -> None:
        self.picks_up(call.uuid, call.job_uuid)

    def _engaged(self, call: Originate) -> None:
        self.fails(call, "USER_BUSY")

    def _leaves(self, leg: str) -> None:
        other = self.peers.get(leg, "")
        self.ends(leg)
        if self.nailed:
            self.event("CHANNEL_PARK", other)
        else:
            self.ends(other)

    def _dials(self, about: tuple[str, str]) -> None:
        agent, lead = about
        view = next(one for one in self.engine.snapshot().agents if one.id == agent)
        if view.lead is not None and view.lead.lead == lead and view.state == "idle":
            self.tell(DialPreview(agent=agent, by=agent, lead=lead))

    # -- what came of it ----------------------------------------------------------------------------------------------

    def served(self, lead: str) -> str:
        """Who talks to a lead."""
        return next((one.agent for one in self.engine.snapshot().contacts if one.name == f"Lead {lead}"), "")

    def count(self) -> Counter[str]:
        """How many talks were with the lead's own agent, with another, or of leads that nobody owns."""
        return Counter(
            "nobody's" if not self.known[id].owner else "own" if self.known[id].owner == agent else "another's"
            for id, agent in ((row.lead, row.agent) for row in self.ended() if row.bridged_at)
        )
