"""The calls of campaigns: dialled, told apart, handed to agents or the flow, and closed with one outcome.

A person who answers becomes a contact of direction outbound at once, which the queue's own machinery offers, bridges,
transfers and records like every other; so whatever agents can do with a caller they can do with a lead. Until then,
and with a machine, the call is ours alone.

Whether it is a machine: :class:`Hearing` listens, if the campaign wants that, and its verdict decides who gets the
call. The beep that mod_avmd hears is proof, whenever it comes, even while an agent listens to it already. What mistakes
cost is counted: see :mod:`fsorch.campaign.answer_counts`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from msgspec import to_builtins

from fsorch.acd import ContactInput, ContactState, Match, OfferState
from fsorch.acd.agent import AgentInput, AgentState
from fsorch.campaign.answer_counts import Sign
from fsorch.campaign.answers import Verdict
from fsorch.campaign.dial import DialEffect, DialInput, DialState, verdict
from fsorch.campaigns import MachineAction, Mode, Outcome
from fsorch.causes import Cause
from fsorch.clock import US
from fsorch.demands import NOTHING, demand_of
from fsorch.engine.calls import Calls
from fsorch.engine.core import Core
from fsorch.engine.dialling_answers import SIGNS, SOONEST_S, Hearing, checked
from fsorch.engine.dialling_machines import MESSAGE_LIMIT_S, Machines
from fsorch.engine.dialling_marks import LegMarks
from fsorch.engine.dialling_said import Said
from fsorch.engine.dialling_state import SECOND_S, Dial
from fsorch.engine.dialling_ways import NO_ROOM
from fsorch.engine.facts import FactKind
from fsorch.engine.rows import LegRow
from fsorch.engine.state import Aim, Contact, Leg, Offer
from fsorch.engine.tones import SIT_OUTCOMES
from fsorch.errors import EslError
from fsorch.esl.commands import Break, Execute, Kill, Originate, Park, Playback, Unschedule
from fsorch.esl.events import Event
from fsorch.esl.quoting import display
from fsorch.esl.replies import JobResult
from fsorch.names import ContactOutcome, SegmentKind
from fsorch.numbers import plain_number

__all__ = ["DialCalls"]

# Past the ring time the switch gets this long to say how it went; a leg that is killed, this long to go.
GRACE_S = 5.0
# Who has been reached waits for nothing else: before all who rang by themselves.
FIRST = 999
# A beep after this time is no machine's: music on hold, a key, a cash register.
BEEP_S = 25.0
# While a phone that was picked up is joined, nobody is dropped: it takes milliseconds (capture 02).
JOINING_S = 1.0
# Somebody who should have been told by now who called, and was not, hears music: we are away.
LATE_S = 1.0
# Whoever is not joined after this has nobody to be joined to at once.
AT_ONCE_S = 0.25
# An agent who has picked up for a lead waits so long for a gateway to take the launch, beyond what the turns of those
# who were ready before take; it is tried so often.
ROOM_S, AGAIN_S = 3.0, 0.1
# It is not known yet who, if anybody, has answered.
NOT_JUDGED = (DialState.PLACED, DialState.RINGING, DialState.UP)
# What an agent hears while the lead's phone rings.
RINGBACK = "tone_stream://%(2000,4000,440,480);loops=-1"


class DialCalls:
    """Owns the dials under way, by attempt. ``ended`` is told of each that is over, ``told`` of each first verdict for
    the pacer, ``dropped`` of each drop, ``next_way`` gives the next gateway that has room and its dial string,
    ``turn_s`` says how long a call may have to wait for its turn there."""

    def __init__(self, core: Core, calls: Calls) -> None:
        self.core = core
        self.calls = calls
        self.dials: dict[str, Dial] = {}
        self.hearing = Hearing(core)
        self.said = Said(core, calls.music)
        self.marks = LegMarks(core, calls.music, self.said)
        self.machines = machines = Machines(core, calls.music, self.hearing, self.said)
        machines.step, machines.end = self.step, self._end_call
        machines.told = lambda dial, outcome: self.told(dial, outcome)
        self.ended: Callable[[Dial], None]
        self.told: Callable[[Dial, Outcome], None]
        self.dropped: Callable[[Dial], None]
        self.next_way: Callable[[Dial], str]
        self.turn_s: Callable[[Dial], float]
        # Told of each call that ended before it rang, with the cause, and of each that rings or is answered.
        self.way_went: Callable[[Dial, str], None]
        self.way_worked: Callable[[Dial], None]
        # What a gateway makes of the end of a call that nobody answered; see Ways.
        self.means: Callable[[Dial, str], Outcome | None]
        # Told of each call of a lead's own number that leaves: not of an agent's phone that rings first.
        self.placed: Callable[[Dial], None]
        # Told of each that an agent has.
        self.served_by: Callable[[Dial], None] = lambda dial: None
        # Asked whether a call whose gateway failed may go by the next, as time has passed; False: it is over.
        self.once_more: Callable[[Dial, str], bool] = self.go_on
        # Whose a call is that a person has answered: who gets it, if they are free.
        self.whose: Callable[[Dial], str] = lambda dial: ""
        # Told of a call that was never placed, though its agent was ready for it.
        self.untouched: Callable[[Dial], None]
        # Told of a call whose agent has picked up their own phone: now the lead may be called.
        self.picked_up: Callable[[Dial], None] = self.call_now
        calls.journey.opt_out = self._opted_out
        self._effects: dict[DialEffect, Callable[[Dial, str], None]] = {
            DialEffect.NOTE_RINGING: self._ringing,
            DialEffect.LISTEN: self._listen,
            DialEffect.HAND_OVER: self._hand_over,
            DialEffect.TREAT_MACHINE: lambda dial, cause: self.machines.treat(dial),
            DialEffect.TAKE_BACK: self._take_back,
            DialEffect.NOTE_SERVED: self._note_served,
            DialEffect.SAY_SORRY: self._say_sorry,
            DialEffect.HANG_UP: self._hang_up,
            DialEffect.CLOSE: self._close,
        }

    # -- out ------------------------------------------------------------------------------------------------------

    def place(self, dial: Dial) -> bool:
        """Dial, and write the attempt down before the command leaves. False: no gateway has room, nothing was done."""
        endpoint = self.next_way(dial)
        if not endpoint:
            return False
        self.dials[dial.id] = dial
        dial.leg, dial.job = self.core.ids(), self.core.ids()
        dial.launched_at, dial.since = self.core.now.wall, self.core.now.mono
        self.placed(dial)
        self.look(dial)
        self.core.write_first()
        row = to_builtins(dial.row())
        self.core.fact(FactKind.ATTEMPT_STARTED, dial.id, **dial.fields(), row=row, owed=dial.owed)
        self._dial(dial, endpoint)
        return True

    def lines(self, campaign: str) -> int:
        """The calls of a campaign that are under way."""
        return sum(dial.campaign.id == campaign for dial in self.dials.values())

    def look(self, dial: Dial) -> None:
        """Ask its switch which of its messages are there, so that it is known when one is to be said."""
        self.said.look(dial.campaign, dial.switch, self.said.language(dial))

    def _dial(self, dial: Dial, endpoint: str) -> None:
        core = self.core
        command = Originate(endpoint, dial.leg, self.marks.of(dial), timeout_s=ceil(dial.wait_s), job_uuid=dial.job)
        try:
            line = command.wire()
        except EslError as error:
            core.fact(FactKind.COMMAND_FAILED, dial.id, switch=dial.switch, command="originate", answer=str(error))
            self._over(dial, "INVALID_NUMBER_FORMAT")
            return
        row = LegRow(
            id=dial.leg,
            contact=dial.id,
            switch=dial.switch,
            direction="outbound",
            number=dial.caller_id,
            destination=dial.number,
            created_at=core.now.wall,
        )
        core.legs[dial.leg] = Leg(dial.leg, dial.switch, "customer", dial.id, "", row, job=dial.job)
        core.jobs[dial.job], core.dials[dial.leg] = dial.leg, dial
        core.timers.set(("dial", dial.id), core.now.mono + dial.wait_s + GRACE_S)
        core.send(dial.switch, command, f"dial:{dial.id}", line)

    def after_agent(self, dial: Dial) -> None:
        """Call the agent's phone first, and the lead once it is picked up: the agent has no standing line."""
        self.dials[dial.id] = dial
        contact = self._contact(dial)
        self.calls.records.contact_began(contact)
        self.calls.step(contact, ContactInput.QUEUE)
        self._give(contact, dial)

    def behind_agent(self, dial: Dial) -> Contact:
        """The contact of a call that rings, after a restart of ours, behind the agent whose phone came first and is
        picked up."""
        contact = self._contact(dial)
        contact.leg = ""
        return contact

    def instead_of_bridging(self, offer: Offer, contact: Contact) -> bool:
        """Whether the agent, whose phone is picked up, waits for the lead to answer."""
        dial = self.dials.get(contact.id)
        if dial is None or contact.leg:
            return False
        self.core.timers.set(("offer", offer.id), self.core.now.mono + dial.ring_s + 3 * GRACE_S)
        if not dial.leg:
            self.core.send(offer.switch, Playback(offer.leg, RINGBACK))
            self.picked_up(dial)
        return True

    def call_now(self, dial: Dial) -> None:
        """The agent's phone is picked up, and nothing stands against calling the lead. Where the gateway of the line
        that is kept for it takes no launch at this moment, it is tried again."""
        now = self.core.now.mono
        if self.place(dial):
            return
        dial.ready_until = dial.ready_until or now + ROOM_S + self.turn_s(dial)
        if dial.holds_line and now < dial.ready_until:
            self.core.timers.set(("dial", dial.id), now + AGAIN_S)
        else:
            dial.cause = "NORMAL_CIRCUIT_CONGESTION"
            self.not_called(dial)

    def not_called(self, dial: Dial) -> None:
        """The agent's own phone rings, or is picked up already, and the lead is not called after all."""
        contact = self.core.contacts.get(dial.id)
        if contact is not None and not dial.leg:
            self.left(contact)

    def left(self, contact: Contact) -> None:
        """The agent is gone, or no way is free, before the lead has answered."""
        dial = self.dials.get(contact.id)
        if dial is not None and dial.answered_at and dial.machine.state in NOT_JUDGED:
            # Somebody has picked up. They stand in no line before it is heard who that is.
            contact.need = None
            return
        if dial is not None and dial.leg:
            if self.may_cancel(dial):
                self.cancel(dial)
        elif dial is not None:
            self.dials.pop(dial.id, None)
            self.untouched(dial)
        self._not_reached(contact)

    def _not_reached(self, contact: Contact) -> None:
        self.calls.offers.withdraw_all(contact)
        if contact.machine.state is not ContactState.ENDED:
            contact.outcome, contact.ended_by = ContactOutcome.NOT_REACHED, "system"
            self.calls.step(contact, ContactInput.GONE)

    def _give(self, contact: Contact, dial: Dial) -> None:
        """To the agent for whom it is dialled, past everybody who waits."""
        self.core.distributor.leave(contact.id)
        self.core.distributor.unready(dial.agent)
        why = "this lead was dialled for this agent alone"
        self.calls.offers.make(Match(contact.id, contact.queue, (dial.agent,), why))

    def may_cancel(self, dial: Dial) -> bool:
        """Whether it can be taken back: nobody has picked up, as far as is known."""
        return dial.machine.allows(DialInput.CANCEL) and not dial.answered_at

    def cancel(self, dial: Dial) -> None:
        """Take it back, unless somebody has answered. Raises RequestRefused then."""
        self.step(dial, DialInput.CANCEL)

    # -- what the switch says -------------------------------------------------------------------------------------

    def event(self, dial: Dial, event: Event) -> None:
        """One event of the called party's leg, after everybody else has had it."""
        match event.name:
            case "CHANNEL_CREATE" if dial.machine.state is DialState.CANCELLED:
                # It was taken back before the switch had it.
                self._hang_up(dial, "")
            case "CHANNEL_PROGRESS" | "CHANNEL_PROGRESS_MEDIA":
                dial.ringing_at = dial.ringing_at or self.core.now.wall
                dial.rang = dial.rang or event.name == "CHANNEL_PROGRESS"
                self.way_worked(dial)
                self.step(dial, DialInput.RINGS)
            case "CHANNEL_ANSWER":
                dial.answered_at = dial.answered_at or event.answered_time or self.core.now.wall
                self.way_worked(dial)
            case "CHANNEL_PARK" if dial.parking and dial.machine.state is DialState.MACHINE:
                self.machines.parked(dial)
            case "CHANNEL_PARK":
                self.step(dial, DialInput.ANSWERED)
            case "CUSTOM" if event.subclass == "avmd::beep":
                self.machines.beep(dial, event)
            case "DETECTED_TONE":
                self.machines.tone(dial, event)
            case "CHANNEL_EXECUTE_COMPLETE" if event.application_uuid:
                self._executed(dial, event)
            case "DTMF" if dial.machine.state is DialState.MACHINE:
                # Machines press no keys.
                dial.keyed = True
                dial.sign(Sign.KEY)

    def _executed(self, dial: Dial, event: Event) -> None:
        """An application has ended: one that listens, or the message to a machine, or the wait for its beep."""
        if dial.machine.state is DialState.UP:
            self._judged(dial, self.hearing.event(dial, event))
        else:
            self.machines.executed(dial, event)

    def job(self, dial: Dial, result: JobResult) -> None:
        """How the dialling went. What failed and was there has told so by its hangup already."""
        if result.ok:
            self.step(dial, DialInput.ANSWERED)
        else:
            self._over(dial, result.cause or "NORMAL_TEMPORARY_FAILURE")

    def gone(self, leg: Leg, cause: str) -> None:
        """The leg is over. An empty cause: nobody heard of its end."""
        dial = self.core.dials.get(leg.uuid)
        if dial is None:
            return
        if dial.machine.state is DialState.MACHINE and not leg.kills and not dial.beeped:
            dial.sign(Sign.HUNG_UP)
        elif dial.machine.state is DialState.UP and dial.listened:
            dial.sign(Sign.LEFT)
        self._over(dial, cause)

    def refused(self, id: str) -> None:
        """The switch did not take the order to dial."""
        dial = self.dials.get(id)
        leg = self.core.legs.get(dial.leg) if dial is not None else None
        if dial is not None and (leg is None or not leg.seen):
            if leg is not None:
                self.core.drop(leg)
            self._over(dial, "NORMAL_TEMPORARY_FAILURE")

    def served(self, contact: Contact) -> None:
        """A contact was joined to an agent."""
        dial = self.dials.get(contact.id)
        if dial is not None and dial.machine.state is DialState.TALKING and not dial.served:
            # Found talking after a restart of ours, before the agent's leg was.
            self._note_served(dial, "")
        elif dial is not None and dial.machine.state is DialState.SORRY:
            # They stayed after the message: a drop all the same, but whoever has them now may say how it was.
            if not dial.served:
                dial.served = contact.agent
                self.served_by(dial)
        elif dial is not None:
            self.step(dial, DialInput.SERVED)

    def due(self, id: str) -> None:
        """A deadline of a dial; which one, its state says."""
        dial = self.dials.get(id)
        if dial is None:
            return
        if not dial.leg:
            self.picked_up(dial)
            return
        match dial.machine.state:
            case DialState.UP:
                self._judged(dial, self.hearing.late(dial))
            case DialState.HANDED:
                self._drop_due(dial)
            case DialState.MACHINE if dial.parking:
                self.machines.parked(dial)
            case DialState.TALKING:
                self.core.send(dial.switch, Execute(dial.leg, "avmd_stop"))
            case DialState.OVER:
                pass
            case _:
                self._end_late(dial)

    def _end_late(self, dial: Dial) -> None:
        """A leg that should have ended by itself: it is killed, and when not even that is answered, given up."""
        leg, switch = self.core.legs.get(dial.leg), self.core.switches.get(dial.switch)
        if leg is not None and (switch is None or not switch.up):
            # Its channels tell, when the link is back.
            self.core.timers.set(("dial", dial.id), self.core.now.mono + GRACE_S)
            return
        if leg is None or leg.kills > 1:
            if leg is not None and not leg.seen:
                self.core.drop(leg)
            self._over(dial, "")
            return
        self._kill(dial, "NO_ANSWER" if not dial.answered_at else "NORMAL_CLEARING")

    def _kill(self, dial: Dial, cause: str) -> None:
        leg = self.core.legs.get(dial.leg)
        if leg is not None:
            leg.kills += 1
        self.core.send(dial.switch, Kill(dial.leg, cause), f"kill:{dial.leg}")
        self.core.timers.set(("dial", dial.id), self.core.now.mono + GRACE_S)

    def _over(self, dial: Dial, cause: str) -> None:
        """The call has ended, or never was: through another gateway if this one had no line."""
        core, state = self.core, dial.machine.state
        core.dials.pop(dial.leg, None)
        if state is DialState.PLACED:
            self.way_went(dial, cause)
        unheard = state is DialState.PLACED and cause and self.judge(dial, cause) in NO_ROOM
        switch = core.switches.get(dial.switch)
        if unheard and dial.ways and switch is not None and switch.up and self.once_more(dial, cause):
            return
        self.finish(dial, cause)

    def go_on(self, dial: Dial, cause: str) -> bool:
        """By the next gateway, for this one failed with ``cause``. False: none has room."""
        core, failed = self.core, dial.gateway
        endpoint = self.next_way(dial)
        if not endpoint:
            return False
        core.fact(FactKind.GATEWAY_FAILED, dial.id, **dial.fields(), gateway=failed, cause=cause)
        dial.leg, dial.job, dial.since, dial.ended_at = core.ids(), core.ids(), core.now.mono, 0
        self._dial(dial, endpoint)
        return True

    def finish(self, dial: Dial, cause: str) -> None:
        """The call is over, and goes by no other gateway."""
        state = dial.machine.state
        if state is DialState.CANCELLED and dial.answered_at:
            # Somebody picked up in the moment in which it was taken back, and heard nothing.
            dial.outcome = Outcome.DROP
            self.dropped(dial)
        if state is not DialState.OVER:
            dial.outcome = dial.outcome or self.judge(dial, cause)
            self.step(dial, DialInput.GONE, cause)

    def judge(self, dial: Dial, cause: str) -> Outcome:
        """How a call ended that is over; of one that nobody answered, as its carrier means the cause."""
        state = dial.machine.state
        meant = self.means(dial, cause) if state in (DialState.PLACED, DialState.RINGING) else None
        found = meant or verdict(state, cause)
        return Outcome.NOANSWER if meant is None and self._rang_in_vain(dial, found, cause) else found

    def _rang_in_vain(self, dial: Dial, found: Outcome, cause: str) -> bool:
        """Whether a phone rang until the network, or whoever picked up, ended the call without an answer that the
        switch saw: somebody was called, which limits have to count, whatever the cause says of lines. Neither was it
        taken back by us (487) unless we did."""
        if dial.machine.state is not DialState.RINGING or not dial.rang:
            return False
        leg = self.core.legs.get(dial.leg)
        theirs = cause == Cause.ORIGINATOR_CANCEL.name and leg is not None and not leg.kills
        return found in NO_ROOM or theirs

    # -- effects --------------------------------------------------------------------------------------------------

    def step(self, dial: Dial, input: DialInput, cause: str = "") -> None:
        """Move a dial and carry out the effect."""
        effect = dial.machine.step(input)
        if effect is not None:
            self._effects[effect](dial, cause)

    def _ringing(self, dial: Dial, cause: str) -> None:
        """The switch would wait for a phone that began to ring as late as one may; this one has rung for as long as
        it is owed, and as it was to, before that."""
        ends = max(dial.since + dial.ring_s, self.core.now.mono + dial.least_ring_s)
        if ends < dial.since + dial.wait_s - SECOND_S:
            self.core.timers.set(("dial", dial.id), ends)

    def _listen(self, dial: Dial, cause: str) -> None:
        core, amd = self.core, dial.campaign.amd
        dial.answered_at = dial.answered_at or core.now.wall
        core.timers.cancel(("dial", dial.id))
        if amd is None:
            self.step(dial, DialInput.PERSON)
            return
        self._judged(dial, self.hearing.begin(dial, amd))

    def _judged(self, dial: Dial, verdict: Verdict | None) -> None:
        """What listening has come to; None: not yet to anything."""
        if verdict is None:
            return
        if dial.listened:
            dial.sign(SIGNS[verdict])
        if verdict is not Verdict.MACHINE:
            self.step(dial, DialInput.PERSON)
            return
        self.machines.note(dial, "greeting")
        if checked(dial):
            dial.sign(Sign.CHECKED)
            self.step(dial, DialInput.PERSON)
        elif dial.campaign.machine_action is MachineAction.AGENT:
            self.step(dial, DialInput.PERSON)
        else:
            self.step(dial, DialInput.MACHINE)

    def _hand_over(self, dial: Dial, cause: str) -> None:
        """A person: a contact, and to whom it is for."""
        core, campaign = self.core, dial.campaign
        self.told(dial, Outcome.LIVE)
        if (known := core.contacts.get(dial.id)) is not None:
            self._join(dial, known)
            return
        contact = self._contact(dial)
        self.calls.records.contact_began(contact)
        if campaign.mode is Mode.AGENTLESS:
            dial.prompt = campaign.message.prompt if campaign.message is not None else ""
            self.calls.records.begin(contact, SegmentKind.IVR)
            self.step(dial, DialInput.SERVED)
            self.calls.guards.take(contact)
            self.calls.step(contact, ContactInput.ANSWERED)
            return
        core.timers.set(("dial", dial.id), core.now.mono + self._drop_s(dial))
        reserved = self._reserved(dial)
        if not reserved and (owner := self.whose(dial)):
            contact.aim = Aim(owner, "their own agent", core.now.mono)
        contact.music_kept = True
        self.calls.step(contact, ContactInput.QUEUE)
        if reserved:
            self._give(contact, dial)
        core.timers.set(("late", contact.id), core.now.mono + AT_ONCE_S)

    def late(self, id: str) -> None:
        """Somebody whom a campaign has called is not joined yet. There is silence for the moment that it takes, as
        music would say that they are made to wait; the switch begins it where we should have said who called, and have
        not."""
        contact, dial = self.core.contacts.get(id), self.dials.get(id)
        if contact is None or dial is None or contact.running or self._bridging(contact):
            return
        if contact.machine.state in (ContactState.WAITING, ContactState.OFFERED):
            self.calls.music.play(contact, self._drop_s(dial) + LATE_S)

    def _bridging(self, contact: Contact) -> bool:
        offers = (self.core.offers[id] for id in contact.offers_open)
        return any(offer.machine.state is OfferState.BRIDGING for offer in offers)

    def _drop_s(self, dial: Dial) -> float:
        """How long they may still wait for an agent: the law's time runs since the end of their greeting."""
        return max(min(SOONEST_S, dial.drop_s), dial.drop_s - self.hearing.waited_s(dial))

    def _join(self, dial: Dial, contact: Contact) -> None:
        """Their agent's phone is picked up already; or that agent is gone, and they are for whoever is free."""
        contact.leg = dial.leg
        self.core.send(dial.switch, Unschedule(dial.leg))
        self.core.timers.set(("dial", dial.id), self.core.now.mono + self._drop_s(dial))
        offers = [self.core.offers[id] for id in contact.offers_open]
        picked_up = next((offer for offer in offers if self.calls.offers.picked_up(offer)), None)
        if picked_up is not None:
            self.calls.offers.bridge(picked_up, dial.leg)
        elif not offers:
            self.calls.queueing.wait(contact, True)
            self.core.timers.set(("late", contact.id), self.core.now.mono + AT_ONCE_S)

    def _contact(self, dial: Dial) -> Contact:
        core, lead = self.core, dial.lead
        dial.contact = dial.id
        contact = Contact(
            id=dial.id,
            switch=dial.switch,
            leg=dial.leg,
            number=dial.number,
            name=display(lead.name, 128),
            destination=dial.caller_id,
            began_at=core.now.wall,
            direction="outbound",
            flow=dial.campaign.flow_id,
            queue=dial.campaign.queue,
            priority=FIRST,
            admitted=True,
            language=self.said.language(dial),
            skills=demand_of(dial.campaign.skills),
            tenant=core.tenancy.of_campaign(dial.campaign.id),
        )
        core.contacts[contact.id] = contact
        self.calls.waiting.tenants.take(contact)
        return contact

    def _reserved(self, dial: Dial) -> bool:
        """Whether the agent for whom it was dialled is there for it, and for nothing else."""
        person = self.core.people.get(dial.agent)
        if person is None or person.gone or person.offer:
            return False
        return person.agent.state is AgentState.RESERVED

    def _note_served(self, dial: Dial, cause: str) -> None:
        contact = self.core.contacts.get(dial.id)
        dial.bridged_at = self.core.now.wall
        dial.served = contact.agent if contact is not None else ""
        self.served_by(dial)
        if dial.campaign.amd is not None and dial.campaign.amd.beep:
            left = BEEP_S - (self.core.now.wall - dial.answered_at) / US
            self.core.timers.set(("dial", dial.id), self.core.now.mono + max(1.0, left))
        else:
            self.core.timers.cancel(("dial", dial.id))

    def _drop_due(self, dial: Dial) -> None:
        contact = self.core.contacts.get(dial.id)
        if contact is None:
            return
        if self._bridging(contact):
            self.core.timers.set(("dial", dial.id), self.core.now.mono + JOINING_S)
            return
        self.step(dial, DialInput.DROP)

    def _say_sorry(self, dial: Dial, cause: str) -> None:
        """Nobody is there: who called, where they are reached, and the key that ends it for good."""
        core, spec = self.core, dial.campaign.drop
        contact = core.contacts[dial.id]
        self.dropped(dial)
        self._aside(contact, ContactOutcome.DROPPED)
        dial.prompt = spec.prompt
        core.fact(FactKind.DROPPED, contact, **dial.fields(), prompt=spec.prompt)
        words = self.said.words(dial.campaign, spec.prompt, dial.switch, contact.language)
        self.calls.questions.ask(contact, words, spec.opt_out_key or "#", self._keyed)
        core.timers.set(("dial", dial.id), core.now.mono + MESSAGE_LIMIT_S)

    def _keyed(self, contact: Contact, key: str) -> None:
        """The message is over."""
        dial = self.dials.get(contact.id)
        if dial is None:
            return
        spec = dial.campaign.drop
        if key and key == spec.opt_out_key:
            self.opt_out(dial, "key")
        elif spec.queue in self.core.queues:
            self._stay(dial, contact, spec.queue)
            return
        self._end_call(dial)

    def _stay(self, dial: Dial, contact: Contact, queue: str) -> None:
        """Who has heard the message and is still there waits like those who ring; the attempt stays a drop."""
        self.core.timers.cancel(("dial", dial.id))
        contact.queue, contact.skills, contact.outcome, contact.ended_by = queue, NOTHING, None, ""
        contact.music_kept = False
        self.calls.step(contact, ContactInput.QUEUE)

    def opt_out(self, dial: Dial, source: str) -> None:
        """The called party wants no more calls of this campaign."""
        self.core.fact(FactKind.DNC_ASKED, dial.id, **dial.fields(), number=dial.number, source=source)

    def _opted_out(self, contact: Contact, everywhere: bool) -> None:
        """A flow was told so: of the campaign that called, or of all; who called themselves can mean all alone."""
        dial, number = self.dials.get(contact.id), plain_number(contact.number)
        fields = dial.fields() | {"number": dial.number} if dial is not None else {"number": number}
        if everywhere or dial is None:
            fields["campaign"] = ""
        if fields["number"]:
            self.core.fact(FactKind.DNC_ASKED, contact, **fields, source="key")

    def _aside(self, contact: Contact, outcome: ContactOutcome) -> None:
        """Out of the line, and away from who is offered; what plays ends."""
        if contact.machine.state is ContactState.TALKING:
            self.core.send(contact.switch, Park(contact.leg), f"part:{contact.leg}")
            contact.music_kept = True
            self.calls.step(contact, ContactInput.REJOIN)
        self.calls.step(contact, ContactInput.STEP_OUT)
        contact.outcome, contact.ended_by = outcome, "system"
        self.calls.records.begin(contact, SegmentKind.IVR)
        if contact.running:
            contact.running = ""
            self.core.send(contact.switch, Break(contact.leg))

    def _take_back(self, dial: Dial, cause: str) -> None:
        """An agent has it, or is about to: they need not listen to a machine."""
        contact = self.core.contacts.get(dial.id)
        bridged = contact is not None and contact.machine.state is ContactState.TALKING
        if contact is not None:
            network = dial.outcome in SIT_OUTCOMES.values()
            self._aside(contact, ContactOutcome.NOT_REACHED if network else ContactOutcome.MACHINE)
        self.machines.treat(dial, bridged=bridged)

    def _end_call(self, dial: Dial) -> None:
        self._kill(dial, "NORMAL_CLEARING")

    def _hang_up(self, dial: Dial, cause: str) -> None:
        self._kill(dial, "ORIGINATOR_CANCEL")

    def _close(self, dial: Dial, cause: str) -> None:
        core = self.core
        core.timers.cancel(("dial", dial.id))
        dial.cause, dial.ended_at = cause or dial.cause, dial.ended_at or core.now.wall
        if dial.outcome is Outcome.LIVE and dial.beeped:
            dial.outcome = Outcome.MACHINE
        self.dials.pop(dial.id, None)
        contact = core.contacts.get(dial.id)
        if contact is not None and not contact.leg:
            contact.cause = cause
            self._not_reached(contact)
        if dial.outcome is not None:
            self.told(dial, dial.outcome)
        self.let_go(dial)
        self.ended(dial)

    def let_go(self, dial: Dial) -> None:
        """Whoever was kept for this call, and has not had it, is free."""
        person = self.core.people.get(dial.agent)
        if person is not None and person.agent.state is AgentState.RESERVED and not person.offer:
            self.calls.people.move(person, AgentInput.RELEASE)
