"""Nailed-up phones: one standing call for each such agent, from log-in to log-out; callers are bridged to it at once.

The leg carries ``park_after_bridge=true`` and ``hangup_after_bridge=false`` (capture 16), so the switch parks it again
when its caller is gone. While it is not there nothing is offered to the agent; it is dialled again, later each time,
and at once when the phone registers. A contact on another switch than the standing call is offered by dialling.

A call for this agent in person (a consult, a transfer, a place in a conference, a lead that was dialled for them)
waits for a standing call that is on its way, and has a lost one dialled at once. Dialled by itself it would be a second
call at the phone: who picks up cannot know on which of the two the colleague is, and hears nobody on the other (seen
on FreeSWITCH 1.10.12: a phone that answers both at once answers them in either order).
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import AgentState, AgentStatus, OfferInput
from fsorch.acd.line import LineEffect, LineInput, LineMachine, LineState
from fsorch.engine.away_notes import NOTE_IT
from fsorch.engine.confirming import confirmation
from fsorch.engine.core import Core
from fsorch.engine.elsewhere import STAY_WITH_US
from fsorch.engine.rows import LegRow
from fsorch.engine.state import Contact, Leg, Offer, Person
from fsorch.errors import RequestRefused
from fsorch.esl.commands import Break, Kill, Originate, Playback, SetVars
from fsorch.rules import PhoneMode

__all__ = ["Lines"]

DIAL_S = 30
# Beyond the phone's own ring time.
DIAL_GRACE_S = 5.0
# A leg is parked again within milliseconds (capture 16).
RETURN_S = 1.0
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 60.0
# The longest that an alert may keep a caller from the agent.
ALERT_S = 5.0
WORDS = {
    LineState.NONE: "the standing call is not there",
    LineState.DIALLING: "the standing call is being set up",
    LineState.LOST: "the standing call is lost; it is dialled again",
    LineState.RETURNING: "the last call ends",
}
# The standing call is on its way.
COMING = (LineState.DIALLING, LineState.RETURNING)


class Lines:
    """The standing calls. ``hinder``: see People.hinder; ``step_offer`` tells an offer what happened."""

    def __init__(
        self,
        core: Core,
        hinder: Callable[[Person, str, str], None],
        step_offer: Callable[[Offer, OfferInput], None],
    ) -> None:
        self.core = core
        self.hinder = hinder
        self.step_offer = step_offer
        # Takes a supervisor's standing call out of the talk that they hear by it; see Supervising.
        self.stop_listening: Callable[[Person], None] = lambda person: None
        self._effects: dict[LineEffect, Callable[[Person], None]] = {
            LineEffect.DIAL: self._dial,
            LineEffect.OPEN: self._open,
            LineEffect.WAIT: self._wait,
            LineEffect.LISTEN: lambda person: self._plan(person, RETURN_S),
            LineEffect.HANG_UP: self._hang_up,
        }

    def step(self, person: Person, input: LineInput) -> None:
        """Move an agent's line, and show how it stands."""
        effect = person.line.step(input)
        if effect is not None:
            self._effects[effect](person)
        self._show(person)

    def settle(self, person: Person) -> None:
        """The agent's status, state or spec has changed."""
        resting = person.agent.state in (AgentState.IDLE, AgentState.WRAP_UP)
        state = person.line.state
        leg = self.core.legs.get(person.line_leg)
        awaited = state in COMING and leg is not None and bool(leg.offer)
        used = (
            state in (LineState.TAKEN, LineState.TALKING, LineState.BACK) and person.line_leg not in self.core.watches
        )
        if resting and (awaited or used):
            self._let_go(person)
        elif resting and self._wanted(person) and state is LineState.NONE:
            self.step(person, LineInput.WANT)
        elif resting and not self._wanted(person) and state is not LineState.NONE:
            self.step(person, LineInput.LEAVE)

    def due(self, id: str) -> None:
        """The time to dial again, or to listen no longer."""
        if (person := self.core.people.get(id)) is not None:
            self.step(person, LineInput.DUE)

    def again(self, person: Person) -> None:
        """The phone has just registered: what was lost is dialled at once."""
        if person.line.state is LineState.LOST:
            person.line_tries = 0
            self.step(person, LineInput.DUE)

    def refused(self, id: str) -> None:
        """The switch did not take the command that dials."""
        if (person := self.core.people.get(id)) is not None and person.line.state is LineState.DIALLING:
            self._drop(person)
            self.step(person, LineInput.GONE)

    # -- events of the leg ----------------------------------------------------------------------------------------

    def heard(self, leg: Leg, input: LineInput) -> None:
        """The standing leg is parked, joined or gone."""
        person = self.core.people.get(leg.agent)
        if person is None or person.line_leg != leg.uuid:
            return
        if input is LineInput.GONE:
            person.line_leg = ""
        self.step(person, input)

    def adopt(self, leg: Leg) -> bool:
        """A standing leg of an earlier life of ours that serves nobody. False: nobody wants it."""
        person = self.core.people.get(leg.agent)
        if person is None or person.line_leg or not self._wanted(person):
            return False
        leg.standing, leg.contact, person.line_leg = True, "", leg.uuid
        self.step(person, LineInput.PARKED)
        return True

    def resume(self, leg: Leg) -> None:
        """A standing leg of an earlier life of ours that talks to a caller: it is not dialled once more."""
        person = self.core.people.get(leg.agent)
        if person is None:
            return
        if person.line_leg != leg.uuid:
            self._drop(person)
        leg.standing, person.line_leg = True, leg.uuid
        person.line = LineMachine(LineState.TALKING)
        self._open(person)
        self._show(person)

    # -- offers ---------------------------------------------------------------------------------------------------

    def reach(self, person: Person, switch: str) -> str:
        """The standing leg by which a call of ``switch`` reaches this agent. The distributor's agents have one that is
        parked; the one for whom alone a call is may have to be waited for, and a lost one is dialled at once. Empty
        when there is none."""
        if self._wanted(person) and self._home(person) == switch:
            self.again(person)
        if person.line_leg in self.core.watches:
            self.stop_listening(person)
        leg = self.core.legs.get(person.line_leg)
        usable = leg is not None and leg.switch == switch and person.line.state in (LineState.READY, *COMING)
        return person.line_leg if usable else ""

    def take(self, offer: Offer, contact: Contact, person: Person) -> None:
        """The line is the offer's, at once or as soon as it is there."""
        leg = self.core.legs[offer.leg]
        leg.offer, leg.contact = offer.id, contact.id
        if person.line.state in COMING:
            return
        person.line.step(LineInput.TAKE)
        marks = (("fsorch_contact", contact.id), ("fsorch_queue", offer.queue))
        self.core.send(leg.switch, SetVars(leg.uuid, marks))

    def begin(self, offer: Offer) -> None:
        """Alert the agent, then bridge; without an alert, bridge. A line that is on its way begins when it is there."""
        person = self.core.people.get(offer.agent)
        if person is not None and person.line.state in COMING:
            return
        self.core.timers.set(("offer", offer.id), self.core.now.mono + ALERT_S)
        if person is None or not person.spec.alert:
            self.step_offer(offer, OfferInput.ANSWERED)
            return
        self.step_offer(offer, OfferInput.RINGING)
        person.alert = self.core.ids()
        self.core.send(offer.switch, Playback(offer.leg, person.spec.alert, person.alert), f"alert:{offer.id}")

    def alerted(self, leg: Leg, application: str) -> None:
        """What the standing leg played is over."""
        person, offer = self.core.people.get(leg.agent), self.core.offers.get(leg.offer)
        if person is not None and offer is not None and application and application == person.alert:
            person.alert = ""
            self.step_offer(offer, OfferInput.ANSWERED)

    # -- listening ------------------------------------------------------------------------------------------------

    def ear(self, person: Person, switch: str) -> str:
        """The standing leg by which a supervisor can hear a call of ``switch``. Empty where their phone is dialled for
        it: it is not nailed up, or stands at another switch. Raises RequestRefused while the call does not stand
        ready: dialled by itself the phone would have two."""
        if not self._wanted(person) or self._home(person) != switch:
            return ""
        leg = self.core.legs.get(person.line_leg)
        if leg is None or leg.switch != switch or person.line.state is not LineState.READY:
            hint = "the standing call is in use or not there yet; try again, or give another phone"
            raise RequestRefused(f"agent {person.spec.id}", person.line.state.value, "listen", hint)
        return leg.uuid

    def listen(self, person: Person) -> None:
        """The standing call is used for listening, and for nothing else meanwhile."""
        self.step(person, LineInput.TAKE)

    def listened(self, person: Person) -> None:
        """It is not any more; what it is free for follows when the switch has stopped the listening."""
        if person.line.state is LineState.TAKEN:
            self.step(person, LineInput.FREE)

    def _let_go(self, person: Person) -> None:
        leg = self.core.legs.get(person.line_leg)
        if leg is not None:
            leg.offer = leg.contact = ""
            if person.alert:
                self.core.send(leg.switch, Break(leg.uuid))
        person.alert = ""
        self.step(person, LineInput.FREE)

    # -- effects --------------------------------------------------------------------------------------------------

    def _wanted(self, person: Person) -> bool:
        at_work = person.agent.status.status is not AgentStatus.LOGGED_OUT and not person.gone
        return at_work and person.spec.phone_mode is PhoneMode.NAILED

    def _home(self, person: Person) -> str:
        """The switch on which the standing call is dialled; empty when that one cannot be reached."""
        up = [switch.name for switch in self.core.switches.values() if switch.up]
        switch = person.spec.switch or next(iter(up), "")
        return switch if switch in up else ""

    def _dial(self, person: Person) -> None:
        core, switch = self.core, self._home(person)
        if not switch:
            self.step(person, LineInput.GONE)
            return
        uuid, job, id = core.ids(), core.ids(), person.spec.id
        variables = (
            ("ignore_early_media", "true"),
            *NOTE_IT,
            *STAY_WITH_US,
            ("hangup_after_bridge", "false"),
            ("park_after_bridge", "true"),
            ("fsorch_role", "agent"),
            ("fsorch_line", "yes"),
            ("fsorch_agent", id),
            ("presence_data", f"fsorch:line:{id}"),
            *confirmation(person.spec, person.dial_string),
        )
        row = LegRow(
            id=uuid,
            contact="",
            switch=switch,
            role="agent",
            agent=id,
            direction="outbound",
            destination=person.dial_string,
            created_at=core.now.wall,
        )
        core.legs[uuid] = Leg(uuid, switch, "agent", "", id, row, job=job, standing=True)
        core.jobs[job] = uuid
        person.line_leg = uuid
        self._plan(person, DIAL_S + DIAL_GRACE_S)
        core.send(switch, Originate(person.dial_string, uuid, variables, timeout_s=DIAL_S, job_uuid=job), f"line:{id}")

    def _open(self, person: Person) -> None:
        person.line_tries = 0
        self.core.timers.cancel(("line", person.spec.id))
        leg = self.core.legs.get(person.line_leg)
        offer = self.core.offers.get(leg.offer) if leg is not None else None
        contact = self.core.contacts.get(offer.contact) if offer is not None else None
        if offer is not None and contact is not None and person.line.state is LineState.READY:
            # It was waited for.
            self.take(offer, contact, person)
            self.begin(offer)

    def _wait(self, person: Person) -> None:
        self._drop(person)
        person.line_tries += 1
        self._plan(person, min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(person.line_tries - 1, 10)))

    def _hang_up(self, person: Person) -> None:
        self.core.timers.cancel(("line", person.spec.id))
        self._drop(person)

    def _drop(self, person: Person) -> None:
        """The line knows its leg no more; a leg that is there is hung up, one that never was is forgotten. Who waited
        for it is told."""
        leg, person.line_leg = self.core.legs.get(person.line_leg), ""
        if leg is None or leg.hung_up:
            return
        offer = self.core.offers.get(leg.offer)
        if offer is not None:
            self.step_offer(offer, OfferInput.FAILED)
        self.core.send(leg.switch, Kill(leg.uuid, "NORMAL_CLEARING"), f"kill:{leg.uuid}")
        self.core.timers.set(("leg", leg.uuid), self.core.now.mono + DIAL_GRACE_S)

    def _plan(self, person: Person, seconds: float) -> None:
        self.core.timers.set(("line", person.spec.id), self.core.now.mono + seconds)

    def _show(self, person: Person) -> None:
        nailed = person.spec.phone_mode is PhoneMode.NAILED
        self.hinder(person, "line", WORDS.get(person.line.state, "") if nailed else "")
