"""What supervisors do: listen to a talk, speak into it, steer who waits.

A supervisor's phone is called and listens to the agent's leg (``eavesdrop``, capture 09); keys change whom it speaks
to: 2 the agent only, 3 both, 0 nobody. The listening ends with the agent's leg, by the switch itself. A nailed-up phone
listens by its standing call, see :mod:`fsorch.engine.ears`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fsorch.acd import ContactState, OfferState
from fsorch.belongings import fits
from fsorch.engine.away_notes import NOTE_IT
from fsorch.engine.checks import phone_fault, phone_of
from fsorch.engine.core import Core
from fsorch.engine.ears import KEYS, WATCHED, WATCHER, WATCHING, Ears
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import (
    ContactRequest,
    GiveContact,
    MoveContact,
    Request,
    SetPriority,
    StopListening,
    Supervise,
)
from fsorch.engine.music import Music
from fsorch.engine.offers import HANGUP_GRACE_S, Offers
from fsorch.engine.rows import LegRow
from fsorch.engine.state import Aim, Contact, Leg, Person, Watch
from fsorch.errors import NotFound, RequestRefused
from fsorch.esl.commands import Break, Kill, Originate, ReceiveDigits, SetVars
from fsorch.esl.events import Event

__all__ = ["Supervising"]

RING_S = 30
# So long a contact that was given to an agent waits for that one alone.
GIVEN_S = 120.0


class Supervising:
    """Carries out what supervisors ask for."""

    def __init__(self, core: Core, music: Music, offers: Offers) -> None:
        self.core = core
        self.music = music
        self.offers = offers
        # Keeps a leg of an earlier life: the legs' own way.
        self.own: Callable[[str, Event, str, str, str], Leg]
        # Puts a waiting contact into its line anew: the calls' own way.
        self.wait: Callable[[Contact, bool], None]
        # Before a waiting contact is steered, and afterwards; see Owed.
        self.before: Callable[[Contact], None] = lambda contact: None
        self.after: Callable[[Contact], None] = lambda contact: None
        # Nailed-up phones that listen.
        self.ears: Ears
        self.handlers: dict[type[Request], Callable[[Person, Request], None]] = {
            Supervise: self._supervise,
            StopListening: self._stop,
        }
        self._on_contacts: dict[type[Request], Callable[[Contact, Request], None]] = {
            MoveContact: self._move,
            GiveContact: self._give,
            SetPriority: self._set_priority,
        }

    def add(self, handlers: Mapping[type[Request], Callable[[Contact, Request], None]]) -> None:
        """Requests about contacts that somebody else carries out."""
        self._on_contacts.update(handlers)

    def takes(self, request: Request) -> bool:
        """Whether the request is about a contact."""
        return type(request) in self._on_contacts

    def request(self, request: Request) -> None:
        """Raises NotFound for a contact that is not live, RequestRefused for what is not possible now."""
        assert isinstance(request, ContactRequest)
        contact = self.core.contacts.get(request.contact)
        if contact is None:
            raise NotFound("contact", request.contact)
        self._on_contacts[type(request)](contact, request)

    # -- who waits ----------------------------------------------------------------------------------------------------

    def _move(self, contact: Contact, request: Request) -> None:
        assert isinstance(request, MoveContact)
        queues = self.core.queues
        if request.queue not in queues:
            raise NotFound("queue", request.queue, known=queues)
        if request.queue == contact.queue:
            raise RequestRefused("the contact", f"in {contact.queue}", "move there", "it is there already")
        self._check_tenant(contact, "move", f"the queue {request.queue}", self.core.tenancy.of_queue(request.queue))
        if contact.promise is not None and not contact.leg and queues[request.queue].spec.callback is None:
            hint = f"the queue {request.queue} calls nobody back; give it a callback first"
            raise RequestRefused("the contact", "promised a callback", "move there", hint)
        self._line_up(contact, "move")
        was, contact.queue = contact.queue, request.queue
        contact.passed, contact.aim = frozenset(), None
        queues[contact.queue].queued += 1
        self._mark(contact, "fsorch_queue", contact.queue)
        self.wait(contact, True)
        if contact.leg and (was not in queues or queues[was].spec.music != queues[contact.queue].spec.music):
            self.core.send(contact.switch, Break(contact.leg))
            self.music.play(contact)
        self.core.fact(FactKind.CONTACT_MOVED, contact, previous=was, by=request.by)
        self.after(contact)

    def _give(self, contact: Contact, request: Request) -> None:
        assert isinstance(request, GiveContact)
        people = self.core.people
        if request.agent not in people:
            raise NotFound("agent", request.agent, known=people)
        self._check_tenant(contact, "give", f"the agent {request.agent}", people[request.agent].spec.tenant)
        self._line_up(contact, "give")
        contact.aim = Aim(request.agent, f"given by {request.by}", self.core.now.mono + GIVEN_S)
        contact.passed = frozenset()
        self.wait(contact, True)
        self.core.fact(FactKind.CONTACT_GIVEN, contact, agent=request.agent, by=request.by)
        self.after(contact)

    def _check_tenant(self, contact: Contact, verb: str, what: str, owner: str) -> None:
        if not fits(contact.tenant, owner):
            hint = f"{what} is another tenant's than the contact, which is for {contact.tenant}"
            raise RequestRefused("the contact", contact.machine.state.value, verb, hint)

    def _set_priority(self, contact: Contact, request: Request) -> None:
        assert isinstance(request, SetPriority)
        self.before(contact)
        was, contact.priority = contact.priority, request.priority
        self._mark(contact, "fsorch_priority", str(request.priority))
        if contact.machine.state is ContactState.WAITING:
            self.wait(contact, True)
        fields = {"priority": request.priority, "previous": was, "by": request.by}
        self.core.fact(FactKind.PRIORITY_CHANGED, contact, **fields)
        self.after(contact)

    def _mark(self, contact: Contact, name: str, value: str) -> None:
        """On the caller's leg as well; who is to be called back, and a message, has none."""
        if contact.leg:
            self.core.send(contact.switch, SetVars(contact.leg, ((name, value),)))

    def _line_up(self, contact: Contact, verb: str) -> None:
        """Into the line, out of an offer if need be. Raises RequestRefused when the contact does not wait."""
        state = contact.machine.state
        joining = any(self.core.offers[id].machine.state is OfferState.BRIDGING for id in contact.offers_open)
        if state not in (ContactState.WAITING, ContactState.OFFERED) or joining:
            shown = "being joined with an agent" if joining else state.value
            raise RequestRefused("the contact", shown, verb, "only a contact that waits can be; transfer a call")
        self.offers.withdraw_all(contact)
        self.before(contact)

    # -- listening ----------------------------------------------------------------------------------------------------

    def _supervise(self, person: Person, request: Request) -> None:
        assert isinstance(request, Supervise)
        watch = self._of(request.watcher, person.spec.id)
        if watch is not None:
            watch.mode = request.mode
            self._press(watch)
            mark = SetVars(watch.leg, ((WATCHING, watch.mode),))
            self.core.send(self.core.legs[watch.leg].switch, mark)
            self._tell(FactKind.LISTENING_CHANGED, watch, by=request.by)
            return
        contact, leg = self.core.contacts.get(person.contact), self.core.legs.get(person.leg)
        if contact is None or leg is None or contact.machine.state is not ContactState.TALKING:
            raise RequestRefused("the agent", person.agent.state.value, request.mode, "there is no talk")
        given = phone_of(request.phone, person.spec.phone, self.core.centre.outside)
        dial = given or self._phone_of(request.watcher, person)
        fault = phone_fault(dial)
        if fault:
            raise RequestRefused("the supervisor", "at no phone", f"listen at {dial[:40]!r}", fault)
        line = "" if given else self.ears.of(request.watcher, contact.switch)
        watch = Watch(line or self.core.ids(), request.watcher, person.spec.id, contact.id, request.mode, not given)
        if line:
            self.ears.begin(watch, leg.uuid)
        else:
            self._dial(watch, contact, leg.uuid, dial)
        self._tell(FactKind.LISTENING_BEGAN, watch, by=request.by)

    def _phone_of(self, watcher: str, besides: Person) -> str:
        own = self.core.people.get(watcher)
        if own is None:
            raise NotFound("agent", watcher, known=self.core.people)
        if own is besides or own.contact:
            raise RequestRefused(
                f"agent {watcher}", own.agent.state.value, "listen", "the phone is in use; give another"
            )
        return own.dial_string

    def _dial(self, watch: Watch, contact: Contact, target: str, dial: str) -> None:
        core, job = self.core, self.core.ids()
        row = LegRow(
            id=watch.leg,
            contact=contact.id,
            switch=contact.switch,
            role="other",
            agent=watch.watcher,
            direction="outbound",
            destination=dial,
            created_at=core.now.wall,
        )
        core.legs[watch.leg] = Leg(watch.leg, contact.switch, "other", contact.id, "", row, job=job)
        core.jobs[job] = watch.leg
        core.watches[watch.leg] = watch
        self.ears.mind(watch)
        variables = (
            ("ignore_early_media", "true"),
            *NOTE_IT,
            ("fsorch_contact", contact.id),
            ("fsorch_role", "other"),
            (WATCHER, watch.watcher),
            (WATCHED, watch.agent),
            (WATCHING, watch.mode),
            ("presence_data", f"fsorch:{contact.id}:other"),
        )
        command = Originate(dial, watch.leg, variables, "eavesdrop", target, RING_S, job)
        core.send(contact.switch, command, f"listen:{watch.leg}")
        core.timers.set(("leg", watch.leg), core.now.mono + RING_S + HANGUP_GRACE_S)

    def answered(self, leg: Leg) -> None:
        """The supervisor's phone listens now."""
        watch = self.core.watches.get(leg.uuid)
        if watch is not None:
            self.core.timers.cancel(("leg", leg.uuid))
            if watch.mode != "listen":
                self._press(watch)

    def take_up(self, switch: str, event: Event) -> bool:
        """A supervisor of an earlier life of ours who hears a talk that goes on: by the marks on their leg, so that the
        agent sees them still, and they can be asked to leave. False when there is none, or they heard nothing yet."""
        contact = self.core.contacts.get(event.variable("fsorch_contact") or "")
        watcher, agent = event.variable(WATCHER) or "", event.variable(WATCHED) or ""
        mode = event.variable(WATCHING) or ""
        if contact is None or not watcher or mode not in KEYS or event.answer_state != "answered":
            return False
        if contact.machine.state is not ContactState.TALKING or contact.agent != agent:
            return False
        if event.variable("fsorch_line"):
            leg = self.own(switch, event, "agent", "", watcher)
            return self.ears.resume(Watch(leg.uuid, watcher, agent, contact.id, mode, own=True), contact.agent_leg)
        leg = self.own(switch, event, "other", contact.id, watcher)
        # Whose phone it is, the leg does not say: most likely theirs.
        watch = self.core.watches[leg.uuid] = Watch(leg.uuid, watcher, agent, contact.id, mode, own=True)
        self.ears.mind(watch)
        return True

    def renew(self, leg: Leg) -> None:
        """The link was cut while a standing call listened: the switch is told once more, for what it did meanwhile it
        has told nobody."""
        watch = self.core.watches.get(leg.uuid)
        contact = self.core.contacts.get(watch.contact) if watch is not None else None
        if watch is None:
            return
        if contact is None or contact.agent != watch.agent or contact.machine.state is not ContactState.TALKING:
            self._end(watch)
        else:
            self.ears.again(watch, contact.agent_leg)

    def silent(self, leg: Leg, event: Event) -> None:
        """What ran on a standing call is over: the listening, or the rest of one that was ended."""
        watch = self.core.watches.get(leg.uuid)
        if watch is not None and watch.application == event.application_uuid:
            self._end(watch)
        if leg.uuid not in self.core.watches and event.application == "eavesdrop":
            self.ears.free(leg)

    def stop_listening(self, person: Person) -> None:
        """The standing call of a supervisor is needed for a call of their own."""
        watch = self.core.watches.get(person.line_leg)
        if watch is not None:
            self._end(watch)

    def talk_over(self, leg: Leg) -> None:
        """An agent has no caller any more, but a standing call: who listened to that would hear the next one."""
        if leg.standing:
            for watch in [one for one in self.core.watches.values() if one.agent == leg.agent]:
                self._end(watch)

    def gone(self, leg: Leg) -> None:
        """A leg has ended: nobody listens by it any more, nor to the call it ended."""
        watch = self.core.watches.pop(leg.uuid, None)
        if watch is not None:
            self.ears.over(watch)
            self._tell(FactKind.LISTENING_ENDED, watch)

    def contact_over(self, contact: Contact) -> None:
        """Who listens to a contact that is over has nothing to listen to."""
        for watch in [one for one in self.core.watches.values() if one.contact == contact.id]:
            self._end(watch)

    def owns(self, leg: Leg) -> bool:
        """Whether somebody listens by this leg."""
        return leg.uuid in self.core.watches

    def _stop(self, person: Person, request: Request) -> None:
        assert isinstance(request, StopListening)
        watch = self._of(request.watcher, person.spec.id)
        if watch is None:
            raise RequestRefused("the supervisor", "not listening", "stop", "nobody listens for them")
        self._end(watch)

    def _of(self, watcher: str, agent: str) -> Watch | None:
        return next((w for w in self.core.watches.values() if (w.watcher, w.agent) == (watcher, agent)), None)

    def _press(self, watch: Watch) -> None:
        leg = self.core.legs[watch.leg]
        self.core.send(leg.switch, ReceiveDigits(leg.uuid, KEYS[watch.mode]), f"press:{leg.uuid}")

    def _end(self, watch: Watch) -> None:
        leg = self.core.legs.get(watch.leg)
        if leg is not None and leg.standing:
            self.ears.hush(leg)
            self.gone(leg)
        elif leg is not None and not leg.hung_up:
            self.core.send(leg.switch, Kill(leg.uuid, "NORMAL_CLEARING"), f"kill:{leg.uuid}")
            self.core.timers.set(("leg", leg.uuid), self.core.now.mono + HANGUP_GRACE_S)

    def _tell(self, kind: FactKind, watch: Watch, **data: str) -> None:
        fields = {"leg": watch.leg, "watcher": watch.watcher, "mode": watch.mode}
        self.core.fact(
            kind, self.core.contacts.get(watch.contact) or watch.contact, agent=watch.agent, **fields, **data
        )
