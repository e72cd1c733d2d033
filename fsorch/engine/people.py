"""Agents at work: their choices, their readiness, their wrap-up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fsorch.acd import AgentInput, AgentState, AgentStatus, OfferInput, Tier, Wish, Work
from fsorch.acd.transfer import TransferState
from fsorch.acd.wrap_up import WrapUp
from fsorch.causes import Cause
from fsorch.config import AgentSpec
from fsorch.engine.agent_rules import AgentRules, breaks_of, weight_of
from fsorch.engine.checks import phone_fault, phone_of
from fsorch.engine.core import Core
from fsorch.engine.dnd import DND
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import (
    AgentAway,
    AgentBack,
    AnswerCall,
    EndWrapUp,
    ExtendWrapUp,
    HangUp,
    HoldCall,
    LogIn,
    LogOut,
    MuteCall,
    NextContact,
    PressKeys,
    Request,
    SetStatus,
    Shift,
)
from fsorch.engine.lines import Lines
from fsorch.engine.offers import HANGUP_GRACE_S, Offers
from fsorch.engine.phones import Phones, address_of
from fsorch.engine.records import Records
from fsorch.engine.state import Contact, Leg, Offer, Person
from fsorch.engine.tenants import agents_full
from fsorch.errors import NotFound, RequestRefused
from fsorch.esl.commands import Hold, Kill, Mute, Park, PhoneEvent, SendDigits, SetVars
from fsorch.names import BreakWeight, OfferOutcome
from fsorch.rules import WrapUpSpec

__all__ = ["MUTED", "People"]

NO_WRAP_UP = WrapUpSpec(seconds=0.0)
# What an agent may send to whom they talk to.
KEYS = re.compile(r"[0-9A-Da-d*#]{1,32}")
# By whom an agent is logged out who is no longer in the centre.
REMOVED = "rule: removed"
# The channel variable of an agent's leg that is muted.
MUTED = "fsorch_muted"


class Marks(NamedTuple):
    """What of an agent a change is told of (all but ``wish``, which has a fact of its own)."""

    status: str
    reason: str
    state: str
    unready: str
    on_demand: bool
    wish: str


class People:
    """Carries out what people ask for, and what calls do to their agents."""

    def __init__(self, core: Core, records: Records, offers: Offers) -> None:
        self.core = core
        self.records = records
        self.offers = offers
        self.rules = AgentRules(core, self.choose_for, self.hinder)
        self.phones = Phones(core, self.hinder)
        self.lines = Lines(core, self.hinder, offers.step)
        self.phones.registered = self.lines.again
        offers.line_of, offers.take_line, offers.begin_on_line = self.lines.reach, self.lines.take, self.lines.begin
        # The agent is done with a message; see Messages.
        self.finish: Callable[[Person], None]
        # Lets an agent go whose switch does not hear that they hang up; see Cuts.
        self.hung_up_unheard: Callable[[Person, Leg], bool]
        # Told of each hold that was asked for; see Looks.
        self.held: Callable[[Contact, bool], None]
        # Takes an agent on a nailed-up phone out of a transfer or a conference; see Transfers.
        self.leave: Callable[[Person], bool]
        # Ends a call that is dialled for them alone, before it is answered; see Previews.
        self.give_up_dial: Callable[[Person, HangUp], bool] = lambda person, request: False
        # Whether the caller of an agent who hangs up is asked how it was; see Surveys.
        self.asks_after: Callable[[Contact], bool] = lambda contact: False
        # Whether an agent has still to say how a call was before its wrap-up is over; see Previews.
        self.owes_word: Callable[[str], bool] = lambda agent: False
        # Told of each change of an agent's status or state.
        self.changed: Callable[[Person], None] = lambda person: None
        # Told of each look at an agent's readiness.
        self.staffed: Callable[[Person], None]
        self._handlers: dict[type[Request], Callable[[Person, Any], None]] = {
            LogIn: self._log_in,
            LogOut: self._log_out,
            SetStatus: self._set_status,
            AnswerCall: self._answer,
            HangUp: self._hang_up,
            HoldCall: self._hold,
            MuteCall: self._mute,
            PressKeys: self._press_keys,
            EndWrapUp: self._end_wrap_up,
            ExtendWrapUp: self._extend_wrap_up,
            NextContact: self._next_contact,
            AgentAway: lambda person, request: self.rules.away(person),
            AgentBack: lambda person, request: self.rules.back(person),
        }

    def add(self, handlers: Mapping[type[Request], Callable[[Person, Request], None]]) -> None:
        """Requests that somebody else carries out for an agent."""
        self._handlers.update(handlers)

    def configure(self, specs: tuple[AgentSpec, ...]) -> None:
        """The agents there are. Who is no longer there is logged out: at once, or after the call if there is one."""
        wanted = {spec.id: spec for spec in specs}
        for id, spec in wanted.items():
            person = self.core.people.setdefault(id, Person(spec))
            person.spec, person.gone = spec, False
            tiers = [Tier(m.queue, m.level, m.position, m.weight, m.share, spec.seniority) for m in spec.queues]
            self.core.distributor.set_agent(id, tiers, spec.skills)
            self.rules.watch_break(person)
            self.phones.watch(person)
            self.lines.settle(person)
            self.sync(person)
        for person in [person for id, person in self.core.people.items() if id not in wanted]:
            self._retire(person)

    def resume(self, shift: Shift) -> None:
        """An agent goes on with what they had chosen before we were restarted: callers wait for them."""
        person = self.core.people.get(shift.agent)
        if person is None or shift.status not in (AgentStatus.AVAILABLE, AgentStatus.BREAK):
            return
        now, before = self.core.now, self._marks(person)
        idle = now.mono - max(0, now.wall - (shift.idle_since or now.wall)) / 1_000_000
        person.agent.resume(AgentStatus(shift.status), shift.reason, shift.since, idle)
        if shift.asked in tuple(AgentStatus):
            person.agent.wish = Wish(AgentStatus(shift.asked), shift.asked_reason)
        person.phone = "" if phone_fault(shift.phone) else shift.phone
        person.on_demand = person.next_wanted = shift.on_demand
        person.answered, person.talked_us = max(person.answered, shift.calls), max(person.talked_us, shift.talked_us)
        for weight in BreakWeight:
            us = sum(us for reason, us in shift.breaks_us.items() if weight_of(self.core, reason) is weight)
            if us > person.breaks_us.get(weight, 0):
                person.breaks_us[weight] = us
        if shift.wrap_up_began:
            self._resume_wrap_up(person, shift)
        self._changed(person, before, "restart")
        self.phones.watch(person)
        self.rules.resume(person, shift.desktop)

    def _resume_wrap_up(self, person: Person, shift: Shift) -> None:
        """The wrap-up keeps its end; if that has passed meanwhile it is due at once."""
        now, known = self.core.now, self.core.queues.get(shift.queue)
        began = now.mono - max(0, now.wall - shift.wrap_up_began) / 1_000_000
        wrap_up = WrapUp(known.spec.after_call if known else NO_WRAP_UP, began)
        left = (shift.wrap_up_until - now.wall) / 1_000_000
        wrap_up.resume(now.mono + left if shift.wrap_up_until else None)
        person.wrap_up, person.wrap_up_began = wrap_up, shift.wrap_up_began
        person.wrap_up_contact, person.wrap_up_queue = shift.contact, shift.queue
        for input in (AgentInput.CONNECT, AgentInput.CALL_ENDED):
            person.agent.move(input, shift.wrap_up_began, now.mono)
        self._plan_wrap_up(person, wrap_up)
        if shift.wrap_up_until and wrap_up.ends_at == now.mono + left:
            # To the microsecond: the way over the other clock rounds.
            person.wrap_up_until = shift.wrap_up_until

    def resume_talk(self, agent: str, contact: str, leg: str) -> None:
        """An agent who talked when an earlier life of ours ended talks until their switch has said how it is."""
        person = self.core.people.get(agent)
        if person is not None and person.agent.free:
            person.contact, person.leg = contact, leg
            self.move(person, AgentInput.CONNECT)

    def talk_lost(self, agent: str, contact: str, queue: str) -> None:
        """The talk of an earlier life of ours ended while nobody listened: wrap-up begins now."""
        person = self.core.people.get(agent)
        if person is not None and person.contact == contact:
            self.call_ended(person, contact, queue)

    def talk_again(self, person: Person, contact: str, leg: str) -> None:
        """The call that an agent was let go from goes on; a wrap-up after it was none."""
        if person.wrap_up_began:
            self.core.timers.cancel(("wrap_up", person.spec.id))
            person.wrap_up, person.wrap_up_began, person.wrap_up_until = None, 0, 0
            self.move(person, AgentInput.WRAP_UP_OVER)
        person.contact, person.leg, person.rule = contact, leg, ""
        self.move(person, AgentInput.CONNECT)

    def request(self, request: Request) -> None:
        """Raises NotFound for an unknown agent, RequestRefused for what is not legal now."""
        person = self.core.people.get(request.agent)
        if person is None:
            raise NotFound("agent", request.agent, known=self.core.people)
        self._handlers[type(request)](person, request)

    def move(
        self, person: Person, input: AgentInput, *, wrap_up: bool = False, delay_s: float = 0.0, by: str = ""
    ) -> None:
        """An event of the agent's call; then readiness follows, and the change is written down, as done ``by`` a rule
        if so."""
        now, before = self.core.now, self._marks(person)
        agent = person.agent
        agent.move(input, now.wall, now.mono, wrap_up=wrap_up)
        if input is AgentInput.CONNECT:
            person.misses.reset()
            person.next_wanted = False
        if delay_s > 0:
            person.not_before = now.mono + delay_s
            self.core.timers.set(("delay", person.spec.id), person.not_before)
        self._changed(person, before, by)

    def reserve(self, person: Person) -> None:
        """Keep an agent for a call that is dialled for them alone."""
        before = self._marks(person)
        person.agent.reserve(self.core.now.wall)
        self._changed(person, before, "")

    def missed(self, person: Person, offer: Offer, outcome: OfferOutcome, cause: str) -> None:
        """The agent's phone did not take an offer: a pause, and what the rules say."""
        person.missed += 1
        if Cause.of(cause) is Cause.USER_NOT_REGISTERED and offer.dial == person.dial_string:
            self.phones.gone(offer.switch, address_of(offer.dial))
        name, verdict = self.rules.verdict(person, offer, outcome, cause)
        self.hinder(person, "refused", DND if offer.dnd else "")
        self.move(person, AgentInput.MISS, delay_s=verdict.delay_s)
        self.rules.enforce(person, name, verdict.then, verdict.reason, verdict.why)

    def hinder(self, person: Person, what: str, words: str) -> None:
        """Nothing is offered to the agent because of ``what``, shown as ``words``; empty words: no more. What the agent
        chose stays as it is."""
        if person.hindrances.get(what, "") == words:
            return
        before = self._marks(person)
        person.hindrances.pop(what, None)
        if words:
            person.hindrances[what] = words
        self._changed(person, before, "")

    def choose_for(self, person: Person, status: AgentStatus, reason: str, by: str) -> None:
        """A rule's choice for the agent, who is idle."""
        now, before = self.core.now, self._marks(person)
        person.agent.choose(status, reason, now.wall, now.mono)
        self._changed(person, before, by)

    def call_ended(self, person: Person, contact: str, queue: str, *, by: str = "") -> None:
        """The agent's call is over, perhaps ``by`` a rule: wrap-up as its queue has it, or the next."""
        person.leaving, person.leg = person.leg, ""
        person.contact = person.offer = ""
        known, now = self.core.queues.get(queue), self.core.now
        spec = known.spec.after_call if known else NO_WRAP_UP
        wrap_up = WrapUp(spec, now.mono)
        if not wrap_up.due or person.gone:
            self.move(person, AgentInput.CALL_ENDED, by=by)
            return
        person.wrap_up, person.wrap_up_began = wrap_up, now.wall
        person.wrap_up_contact, person.wrap_up_queue = contact, queue
        self._plan_wrap_up(person, wrap_up)
        self.move(person, AgentInput.CALL_ENDED, wrap_up=True, by=by)
        until, seconds = person.wrap_up_until, (wrap_up.ends_at or now.mono) - now.mono
        fields = {"agent": person.spec.id, "queue": queue, "mode": spec.mode.value}
        self.core.fact(FactKind.WRAP_UP_BEGAN, contact, until=until, seconds=seconds, **fields)

    def _plan_wrap_up(self, person: Person, wrap_up: WrapUp) -> None:
        """When it is over by itself; the timer follows."""
        key, now = ("wrap_up", person.spec.id), self.core.now
        person.wrap_up_until = 0
        if wrap_up.ends_at is not None:
            person.wrap_up_until = now.wall + round((wrap_up.ends_at - now.mono) * 1_000_000)
            self.core.timers.set(key, wrap_up.ends_at)

    def wrap_up_over(self, id: str) -> None:
        """The wrap-up's time has come."""
        person = self.core.people.get(id)
        if person is not None and not self.owes_word(id):
            self._finish_wrap_up(person, AgentInput.WRAP_UP_OVER)
        elif person is not None:
            person.wrap_up_until = 0

    def word_given(self, id: str) -> None:
        """An agent has said how the call was: a wrap-up that waited for nothing else is over."""
        person = self.core.people.get(id)
        if person is not None and person.wrap_up is not None and person.wrap_up.over(self.core.now.mono):
            self._finish_wrap_up(person, AgentInput.WRAP_UP_OVER)

    def delay_over(self, id: str) -> None:
        """The pause after a missed offer is over."""
        person = self.core.people.get(id)
        if person is not None:
            self.hinder(person, "refused", "")
            self.sync(person)

    def wait_no_more(self, leg: Leg) -> None:
        """The switch does not end an agent's last leg, however often it is told to: the agent goes on without that."""
        person = self.core.people.get(leg.agent)
        if person is not None and person.leaving == leg.uuid:
            person.leaving = ""
            self.sync(person)

    def sync(self, person: Person) -> None:
        """Tell the distributor whether this agent may be offered contacts.

        Not while their last leg ends: the switch would send the next INVITE before the last BYE or CANCEL, and the
        phone would be busy."""
        id, agent, core = person.spec.id, person.agent, self.core
        rested = person.not_before <= core.now.mono and not self.leaves(person)
        rested = rested and not person.unready
        self.core.distributor.set_present(id, agent.status.status is not AgentStatus.LOGGED_OUT and not person.gone)
        if agent.free and not person.gone and rested:
            self.core.distributor.ready(id, Work(agent.idle_since, person.talked_us / 1_000_000, person.answered))
        else:
            self.core.distributor.unready(id)
        self.staffed(person)

    def leaves(self, person: Person) -> bool:
        """Whether the leg of their last call has still to end; a standing call does not."""
        leg = self.core.legs.get(person.leaving)
        return leg is not None and not leg.standing and leg.agent == person.spec.id

    def _retire(self, person: Person) -> None:
        person.gone = True
        self.phones.forget(person.spec.id)
        self.lines.settle(person)
        self.core.distributor.unready(person.spec.id)
        self.core.distributor.set_present(person.spec.id, False)
        self.core.distributor.set_agent(person.spec.id, ())
        if person.agent.state is AgentState.WRAP_UP:
            self._finish_wrap_up(person, AgentInput.WRAP_UP_OVER)
        elif person.agent.state is AgentState.RESERVED and not person.offer:
            # The lead that is dialled for them has whoever is free.
            self.move(person, AgentInput.RELEASE)
        self._part(person)

    def _part(self, person: Person) -> None:
        """Who is no longer there, and has nothing left to do, is logged out and known no more. Until then they are
        of those who work, for all who hold something of theirs hear what becomes of it."""
        if not person.gone or person.contact or person.offer or person.agent.state is not AgentState.IDLE:
            return
        if person.agent.status.status is not AgentStatus.LOGGED_OUT:
            # Comes back here when that is written down.
            self._choose(person, AgentStatus.LOGGED_OUT, "", REMOVED)
        self.core.people.pop(person.spec.id, None)

    def _log_in(self, person: Person, request: LogIn) -> None:
        phone = phone_of(request.phone, person.spec.phone, self.core.centre.outside)
        fault = phone_fault(phone) if phone else ""
        if fault:
            raise RequestRefused("the agent", "logged out", "log in with this phone", fault)
        self._check_room(person)
        now, before = self.core.now, self._marks(person)
        person.agent.log_in(now.wall, now.mono)
        person.phone, person.rule, person.on_demand = phone, "", False
        person.misses.reset()
        self._changed(person, before, request.by)
        self.phones.watch(person)

    def _log_out(self, person: Person, request: LogOut) -> None:
        self._choose(person, AgentStatus.LOGGED_OUT, "", request.by)

    def _set_status(self, person: Person, request: SetStatus) -> None:
        reasons, some = breaks_of(self.core, person), bool(self.core.centre.breaks)
        if request.status == "break" and some and request.reason not in reasons and (reasons or request.reason):
            if not request.reason:
                hint = f"give one of: {', '.join(sorted(reasons))}"
                raise RequestRefused("the agent", person.agent.status.status.value, "break without a reason", hint)
            raise NotFound("break reason", request.reason, known=reasons)
        self._check_room(person)
        before = self._marks(person)
        self._choose(person, AgentStatus(request.status), request.reason, request.by)
        available = request.status == "available"
        person.on_demand = person.next_wanted = available and request.on_demand
        if available:
            person.misses.reset()
        self._changed(person, before, request.by)

    def _check_room(self, person: Person) -> None:
        """Who logs in is not one too many for their tenant. Raises RequestRefused."""
        if person.agent.status.status is AgentStatus.LOGGED_OUT and (why := agents_full(self.core, person)):
            raise RequestRefused("the agent", "logged out", "log in", why)

    def _next_contact(self, person: Person, request: NextContact) -> None:
        if not person.on_demand:
            raise RequestRefused("the agent", person.agent.status.status.value, "next", "not available on demand")
        before, person.next_wanted = self._marks(person), True
        self._changed(person, before, request.by)

    def _choose(self, person: Person, status: AgentStatus, reason: str, by: str) -> None:
        now, before = self.core.now, self._marks(person)
        person.agent.choose(status, reason, now.wall, now.mono)
        person.rule = ""
        if str(person.agent.wish) != before.wish:
            wish = person.agent.wish
            asked = (wish.status.value, wish.reason) if wish else ("", "")
            self.core.fact(FactKind.AGENT_ASKED, agent=person.spec.id, status=asked[0], reason=asked[1], by=by)
        self._changed(person, before, by)

    def _answer(self, person: Person, request: AnswerCall) -> None:
        offer = self.core.offers.get(person.offer)
        if offer is None or not offer.rang_at:
            raise RequestRefused("the agent", person.agent.state.value, "answer", "no phone rings")
        if self.has_message(person):
            self.offers.step(offer, OfferInput.ANSWERED)
            return
        self.core.send(offer.switch, PhoneEvent(offer.leg, "talk"), f"phone:{offer.id}")

    def _hang_up(self, person: Person, request: HangUp) -> None:
        offer = self.core.offers.get(person.offer)
        if offer is not None:
            self.offers.step(offer, OfferInput.REFUSE)
            return
        if self.has_message(person):
            self.finish(person)
            return
        leg = self.core.legs.get(person.leg)
        if not person.contact and self.give_up_dial(person, request):
            return
        if not person.contact or leg is None:
            raise RequestRefused("the agent", person.agent.state.value, "hang up", "there is no call")
        if self.hung_up_unheard(person, leg):
            return
        contact = self.core.contacts.get(person.contact)
        if leg.standing and self.leave(person):
            return
        if leg.standing and contact is not None and self.asks_after(contact):
            contact.ended_by = "agent"
            self.core.send(contact.switch, Park(contact.leg), f"part:{contact.id}")
            self.core.timers.set(("orphan", contact.id), self.core.now.mono + HANGUP_GRACE_S)
            return
        if leg.standing and contact is not None and contact.leg in self.core.legs:
            # The agent's phone stays on the line: the caller is hung up.
            contact.ended_by = "agent"
            leg = self.core.legs[contact.leg]
        self.core.send(leg.switch, Kill(leg.uuid, "NORMAL_CLEARING"), f"kill:{leg.uuid}")

    def has_message(self, person: Person) -> bool:
        """Whether what the agent is offered, or works on, is a message."""
        contact = self.core.contacts.get(person.contact)
        return contact is not None and contact.medium == "voicemail"

    def _hold(self, person: Person, request: HoldCall) -> None:
        contact = self.core.contacts.get(person.contact)
        leg = self.core.legs.get(person.leg)
        if contact is None or leg is None or contact.held is request.on or _shared(contact):
            verb = "hold" if request.on else "take back"
            why = "the customer is on hold already" if request.on else "the customer is not on hold"
            why = why if contact is not None and leg is not None else "there is no call"
            why = "a third party is in the call, or called into it" if contact and _shared(contact) else why
            raise RequestRefused("the agent", person.agent.state.value, verb, why)
        self.core.send(leg.switch, Hold(leg.uuid, request.on), f"hold:{leg.uuid}")
        self.held(contact, request.on)

    def _mute(self, person: Person, request: MuteCall) -> None:
        contact, leg = self.core.contacts.get(person.contact), self.core.legs.get(person.leg)
        verb = "mute" if request.on else "unmute"
        if contact is None or leg is None or contact.agent_leg != leg.uuid:
            raise RequestRefused("the agent", person.agent.state.value, verb, "there is no call of theirs")
        if contact.muted is request.on:
            why = "the agent is muted already" if request.on else "the agent is not muted"
            raise RequestRefused("the agent", person.agent.state.value, verb, why)
        contact.muted = request.on
        self._silence(leg, request.on)
        self.core.fact(FactKind.MUTE_CHANGED, contact, agent=person.spec.id, leg=leg.uuid, on=request.on)

    def _silence(self, leg: Leg, on: bool) -> None:
        """Mute the phone, or end that. The channel is marked, for who reads it after a restart of ours."""
        self.core.send(leg.switch, Mute(leg.uuid, on), f"mute:{leg.uuid}")
        self.core.send(leg.switch, SetVars(leg.uuid, ((MUTED, "yes" if on else ""),)))

    def heard_again(self, leg: Leg) -> None:
        """A nailed-up phone was muted in a call that is over: the switch would keep it so for the next caller."""
        if leg.standing and not leg.hung_up:
            self._silence(leg, False)

    def _press_keys(self, person: Person, request: PressKeys) -> None:
        contact = self.core.contacts.get(person.contact)
        if contact is None or not person.leg:
            raise RequestRefused("the agent", person.agent.state.value, "send digits", "there is no call")
        transfer = contact.transfer
        consults = transfer is not None and transfer.machine.state is TransferState.CONSULTING
        to = contact.leg
        if transfer is not None and consults:
            to = transfer.source_leg if person.leg == transfer.leg else transfer.leg
        if not KEYS.fullmatch(request.digits):
            raise RequestRefused("the call", "talking", "send digits", "keys are 0-9, *, # and A-D, 32 at most")
        command = SendDigits(to, request.digits)
        self.core.send(contact.switch, command, f"digits:{to}")
        self.core.fact(FactKind.DIGITS_SENT, contact, agent=person.spec.id, leg=to, count=len(request.digits))

    def _end_wrap_up(self, person: Person, request: EndWrapUp) -> None:
        if person.agent.state is not AgentState.WRAP_UP:
            raise RequestRefused("the agent", person.agent.state.value, "end_wrap_up", "there is none")
        if self.owes_word(person.spec.id):
            raise RequestRefused("the wrap-up", "not over", "its end", "say first how the call was")
        if person.wrap_up is not None:
            person.wrap_up.check_end(self.core.now.mono)
        self._finish_wrap_up(person, AgentInput.END_WRAP_UP)

    def _extend_wrap_up(self, person: Person, request: ExtendWrapUp) -> None:
        if person.wrap_up is None:
            raise RequestRefused("the agent", person.agent.state.value, "extend the wrap-up", "there is none")
        person.wrap_up.extend(self.core.now.mono)
        self._plan_wrap_up(person, person.wrap_up)
        contact, queue, until = person.wrap_up_contact, person.wrap_up_queue, person.wrap_up_until
        fields = {"agent": person.spec.id, "queue": queue, "until": until}
        self.core.fact(FactKind.WRAP_UP_EXTENDED, contact, by=request.by, **fields)

    def _finish_wrap_up(self, person: Person, input: AgentInput) -> None:
        self.move(person, input)
        self.core.timers.cancel(("wrap_up", person.spec.id))
        if person.wrap_up_began:
            self.records.wrap_up(person.wrap_up_contact, person.wrap_up_queue, person.spec.id, person.wrap_up_began)
        person.wrap_up, person.wrap_up_began, person.wrap_up_until = None, 0, 0

    def _marks(self, person: Person) -> Marks:
        agent = person.agent
        status, wish = agent.status, str(agent.wish)
        unready = person.unready
        return Marks(status.status.value, status.reason, agent.state.value, unready, person.on_demand, wish)

    def _changed(self, person: Person, before: Marks, by: str) -> None:
        self.sync(person)
        after = self._marks(person)
        if after[:5] != before[:5]:
            self._tell(person, before, after, by)
        self._part(person)

    def _tell(self, person: Person, before: Marks, after: Marks, by: str) -> None:
        if after[:2] != before[:2]:
            self.rules.watch_break(person)
        self.core.fact(
            FactKind.AGENT_CHANGED,
            agent=person.spec.id,
            status=after.status,
            reason=after.reason,
            state=after.state,
            previous_status=before.status,
            previous_reason=before.reason,
            previous_state=before.state,
            since=person.agent.status_since,
            phone=person.phone,
            on_demand=person.on_demand,
            unready=after.unready,
            by=by,
            rule=person.rule,
        )
        self.rules.settle(person)
        self.lines.settle(person)
        self.changed(person)


def _shared(contact: Contact) -> bool:
    """Whether a third party is in the talk, or called into it."""
    return contact.transfer is not None or contact.room is not None
