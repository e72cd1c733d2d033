"""Callbacks: a caller's place is kept while they do something better than listen to music.

The contact stays the one it was, with its row, its place and its first enqueue time; what goes is the leg. The way back
is an ordinary offer with one more leg in it: see :mod:`fsorch.acd.callback`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil

from fsorch.acd import ContactInput, ContactState, OfferInput
from fsorch.acd.callback import CallbackEffect, CallbackInput, CallbackMachine, CallbackState
from fsorch.deferred import CallbackSpec, CallFirst
from fsorch.engine.away_notes import NOTE_IT
from fsorch.engine.called_again import CalledAgain
from fsorch.engine.core import Core
from fsorch.engine.elsewhere import STAY_HERE
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import OpenContact, PromisedCall
from fsorch.engine.music import Music
from fsorch.engine.offers import Offers
from fsorch.engine.questions import Questions
from fsorch.engine.records import Records
from fsorch.engine.rows import LegRow
from fsorch.engine.state import Contact, Leg, Offer, Promise
from fsorch.errors import EslError, RequestRefused
from fsorch.esl.commands import Break, HangupMsg, Kill, Originate, Playback, SetVars
from fsorch.esl.quoting import display
from fsorch.esl.replies import JobResult
from fsorch.names import ContactOutcome

__all__ = ["Callbacks"]

# The cause of a promise that was spared by the customer's own call.
CALLED_AGAIN = "CALLED_AGAIN"
# What may be dialled for a customer: a number, as keyed or as shown by the caller's line.
NUMBER = re.compile(r"\+?[0-9]{2,20}")
LONGEST_NUMBER = 20
ROUNDS = 3
# Past the ring time the switch gets this long to say how it went.
RING_GRACE_S = 5.0
# How long the farewell may take; then the leg is ended by force.
FAREWELL_S = 20.0
# What the agent hears while the customer's phone rings.
RINGBACK = "tone_stream://%(2000,4000,440,480);loops=-1"


class Callbacks:
    """Makes promises and keeps them. ``rejoin`` puts a contact's need into the line anew."""

    def __init__(self, core: Core, records: Records, music: Music, offers: Offers, questions: Questions) -> None:
        self.core = core
        self.records = records
        self.music = music
        self.offers = offers
        self.questions = questions
        self.again = CalledAgain(core, self._step, self._release)
        self.step_contact: Callable[[Contact, ContactInput], None]
        self.rejoin: Callable[[Contact], None]
        self._effects: dict[CallbackEffect, Callable[[Contact, Promise], None]] = {
            CallbackEffect.KEEP_PLACE: self._keep_place,
            CallbackEffect.FORGET: self._forget,
            CallbackEffect.DIAL: self._dial,
            CallbackEffect.JOIN: self._join,
            CallbackEffect.REST: self._rest,
            CallbackEffect.GIVE_UP: self._give_up,
            CallbackEffect.GO_BACK: self._go_back,
            CallbackEffect.BE_DONE: self._be_done,
        }

    # -- the promise --------------------------------------------------------------------------------------------------

    def request(self, contact: Contact, number: str = "", agent: str = "", prompt: str = "") -> bool:
        """Offer a waiting caller to be called back at ``number`` (empty: the one they call from), by ``agent`` if one
        is named; ``prompt`` is played before the question. False when the queue has no callbacks, or this caller does
        not wait on the line."""
        if self._spec(contact) is None or contact.promise is not None or not contact.leg:
            return False
        if contact.machine.state is not ContactState.WAITING:
            return False
        contact.promise = Promise(number=number or contact.number, agent=agent, prompt=prompt)
        self._confirm(contact, contact.promise)
        return True

    def promise(self, contact: Contact, number: str, agent: str = "") -> None:
        """A contact without a leg is to be called at ``number``: somebody has promised it already."""
        contact.promise = Promise(
            number=number, agent=agent, at=self.core.now.wall, machine=CallbackMachine(CallbackState.WAITING)
        )
        self.told(contact)

    def dialable(self, number: str) -> bool:
        """Whether this can be a customer's number."""
        return NUMBER.fullmatch(number) is not None

    def configure(self) -> None:
        """The centre has changed. Where a queue has lost its way to call, no phone rings on for somebody who cannot be
        called: the agents are let go, and the promise waits in its place until there is a way again. Who is being
        called already, is."""
        left = 0
        for contact in list(self.core.contacts.values()):
            promise = contact.promise
            if promise is None or contact.leg or self._spec(contact) is not None:
                continue
            left += 1
            if not promise.leg:
                self._release(contact)
        if left:
            self.core.count_odd(
                "no_callback", f"{left} callers who were promised a call wait in queues without callback"
            )

    def restore(self, contact: Contact, known: PromisedCall) -> None:
        """A promise of an earlier life of ours; a try that was under way then does not count."""
        machine = CallbackMachine(CallbackState.WAITING)
        contact.promise = Promise(known.number, known.agent, known.tries, at=known.at, machine=machine)
        self.again.note(contact)

    def due(self, id: str) -> None:
        """The pause between two tries is over."""
        contact = self.core.contacts.get(id)
        if contact is not None:
            self._step(contact, CallbackInput.RESTED)

    def _confirm(self, contact: Contact, promise: Promise) -> None:
        promise.rounds += 1
        words = self.music.words
        first = words(contact, promise.prompt) if promise.prompt and promise.rounds == 1 else ()
        if not self.dialable(promise.number):
            self.questions.ask(
                contact,
                (*first, *words(contact, "callback_number")),
                "0-9",
                self._keyed,
                timeout_s=8.0,
                most=LONGEST_NUMBER,
            )
            return
        number = (*words(contact, "callback_confirm"), *self.music.digits(contact, promise.number))
        self.questions.ask(contact, (*first, *number, *words(contact, "callback_keys")), "123", self._confirmed)

    def _keyed(self, contact: Contact, number: str) -> None:
        if contact.promise is not None:
            contact.promise.number = number
            self._again(contact, contact.promise)

    def _confirmed(self, contact: Contact, key: str) -> None:
        promise = contact.promise
        if promise is None:
            return
        if self._spec(contact) is None:
            # The queue calls nobody back any more: they wait on, and are promised nothing.
            self._step(contact, CallbackInput.REFUSE)
        elif key == "1" and contact.machine.state is ContactState.WAITING:
            self._step(contact, CallbackInput.CONFIRM)
        elif key == "2":
            promise.number = ""
            self._again(contact, promise)
        elif key == "":
            self._again(contact, promise)
        else:
            self._step(contact, CallbackInput.REFUSE)

    def _again(self, contact: Contact, promise: Promise) -> None:
        if promise.rounds < ROUNDS:
            self._confirm(contact, promise)
        else:
            self._step(contact, CallbackInput.REFUSE)

    def _keep_place(self, contact: Contact, promise: Promise) -> None:
        core, leg = self.core, contact.leg
        self.again.promised(contact)
        promise.at = core.now.wall
        contact.leg = contact.running = ""
        self.told(contact)
        # Found by a restart of ours in these seconds, the leg is nobody's caller any more.
        core.send(contact.switch, SetVars(leg, (("fsorch_role", "other"),)))
        # In order, inside the music: the promise is spoken, then the switch hangs up.
        farewell = self.music.prompt(contact.switch, "callback_promised", contact.language)
        core.send(contact.switch, Playback(leg, farewell))
        core.send(contact.switch, HangupMsg(leg))
        core.timers.set(("leg", leg), core.now.mono + FAREWELL_S)
        self.rejoin(contact)

    def _forget(self, contact: Contact, promise: Promise) -> None:
        contact.promise = None

    # -- the call -----------------------------------------------------------------------------------------------------

    def instead_of_dialling(self, offer: Offer, contact: Contact) -> bool:
        """Whether the customer is called before the agent's phone."""
        spec = self._spec(contact)
        if contact.leg or contact.promise is None or spec is None or spec.first is not CallFirst.CUSTOMER:
            return False
        self._call(contact, offer, spec)
        return True

    def instead_of_bridging(self, offer: Offer, contact: Contact) -> bool:
        """Whether the agent, whose phone is picked up, waits for the customer to answer."""
        spec = self._spec(contact)
        if contact.leg or contact.promise is None or spec is None:
            return False
        self.core.send(offer.switch, Playback(offer.leg, RINGBACK))
        self._call(contact, offer, spec)
        return True

    def dialled(self, leg: Leg, result: JobResult) -> None:
        """How the dialling of a leg went; of any leg."""
        if leg.role == "customer" and result.ok:
            self.answered(leg)
        elif leg.role == "customer":
            self.lost(leg, result.cause or "NORMAL_TEMPORARY_FAILURE")

    def answered(self, leg: Leg) -> bool:
        """The customer's leg is up; False when it is none that was dialled for a promise."""
        contact = self.core.contacts.get(leg.contact)
        if contact is None or contact.promise is None or contact.promise.leg != leg.uuid or contact.leg:
            return False
        self._step(contact, CallbackInput.ANSWERED)
        return True

    def lost(self, leg: Leg, cause: str) -> None:
        """The leg is gone without having been the contact's: nobody answered, or the caller heard our farewell."""
        contact = self.core.contacts.get(leg.contact)
        promise = contact.promise if contact is not None else None
        if contact is None or promise is None or promise.leg != leg.uuid or contact.leg:
            return
        promise.leg = ""
        contact.cause = cause
        spec = self._spec(contact)
        if not cause:
            self._step(contact, CallbackInput.STOPPED)
            return
        promise.tries += 1
        # A queue that has lost its way to call gives nobody up for that: they wait until it has one.
        last = spec is not None and promise.tries >= spec.tries
        self._step(contact, CallbackInput.LAST_FAILED if last else CallbackInput.FAILED)

    def refused(self, contact_id: str) -> None:
        """The switch took no order to dial the customer."""
        contact = self.core.contacts.get(contact_id)
        leg = self.core.legs.get(contact.promise.leg) if contact is not None and contact.promise is not None else None
        if leg is not None and not leg.seen:
            self.core.drop(leg)
            self.lost(leg, "NORMAL_TEMPORARY_FAILURE")

    def _call(self, contact: Contact, offer: Offer, spec: CallbackSpec) -> None:
        self.core.timers.set(("offer", offer.id), self.core.now.mono + spec.ring_s + 3 * RING_GRACE_S)
        self._step(contact, CallbackInput.CALL)

    def _dial(self, contact: Contact, promise: Promise) -> None:
        core, spec = self.core, self._spec(contact)
        if spec is None:
            return
        uuid, job = core.ids(), core.ids()
        dial = spec.dial.replace("{number}", promise.number)
        row = LegRow(
            id=uuid,
            contact=contact.id,
            switch=contact.switch,
            direction="outbound",
            number=promise.number,
            destination=promise.number,
            created_at=core.now.wall,
        )
        variables = (
            ("ignore_early_media", "true"),
            *NOTE_IT,
            *STAY_HERE,
            ("fsorch_contact", contact.id),
            ("fsorch_role", "customer"),
            ("fsorch_queue", contact.queue),
            ("fsorch_enqueued", str(contact.enqueued_at)),
            ("fsorch_priority", str(contact.priority)),
            ("fsorch_language", contact.language),
            ("presence_data", f"fsorch:{contact.id}:customer"),
            ("origination_caller_id_number", display(spec.caller_id or contact.destination) or "anonymous"),
        )
        command = Originate(dial, uuid, variables, timeout_s=max(1, ceil(spec.ring_s)), job_uuid=job)
        leg = Leg(uuid, contact.switch, "customer", contact.id, "", row, job=job)
        promise.leg = uuid
        self.told(contact)
        try:
            command.wire()
        except EslError as error:
            core.fact(FactKind.COMMAND_FAILED, contact, command="originate", answer=str(error))
            self.lost(leg, "INVALID_NUMBER_FORMAT")
            return
        core.legs[uuid], core.jobs[job] = leg, uuid
        core.timers.set(("leg", uuid), core.now.mono + spec.ring_s + RING_GRACE_S)
        core.send(contact.switch, command, f"call:{contact.id}")

    def _join(self, contact: Contact, promise: Promise) -> None:
        core = self.core
        contact.leg = promise.leg
        core.timers.cancel(("leg", contact.leg))
        self.told(contact)
        offers = [core.offers[id] for id in contact.offers_open]
        picked_up = next((offer for offer in offers if self.offers.picked_up(offer)), None)
        if picked_up is not None:
            self.offers.bridge(picked_up, contact.leg)
            return
        hello = self.music.prompt(contact.switch, "callback_hello", contact.language)
        core.send(contact.switch, Playback(contact.leg, hello))
        self.music.play(contact)
        for offer in offers:
            self.offers.reach(offer, contact)

    def _rest(self, contact: Contact, promise: Promise) -> None:
        spec = self._spec(contact)
        self._release(contact)
        self.told(contact)
        self.core.distributor.leave(contact.id)
        contact.need = None
        self.core.timers.set(("callback", contact.id), self.core.now.mono + (spec.retry_s if spec else 0.0))

    def cancel(self, contact: Contact, by: str) -> None:
        """Somebody takes the promise back. Raises RequestRefused when it is being kept just now."""
        promise = contact.promise
        if promise is None:
            raise RequestRefused("the contact", "no callback", "cancel the callback", "nobody is to be called back")
        promise.machine.step(CallbackInput.CANCEL)
        self.core.timers.cancel(("callback", contact.id))
        self._give_up(contact, promise, by)

    def hurry(self, contact: Contact) -> None:
        """A callback that rests between two tries goes on at once; another goes on as it is."""
        if contact.promise is not None and contact.promise.machine.state is CallbackState.RESTING:
            self.core.timers.cancel(("callback", contact.id))
            self._step(contact, CallbackInput.RESTED)

    def _give_up(self, contact: Contact, promise: Promise, by: str = "") -> None:
        self._release(contact)
        self.told(contact, by)
        contact.outcome = ContactOutcome.NOT_REACHED
        contact.ended_by = "system"
        self.step_contact(contact, ContactInput.GONE)

    def _go_back(self, contact: Contact, promise: Promise) -> None:
        self._release(contact)
        self.told(contact)
        if contact.machine.state is ContactState.WAITING:
            self.rejoin(contact)

    def _be_done(self, contact: Contact, promise: Promise) -> None:
        """The customer has called again, and nobody has to call them: whose phone rings for it is left alone."""
        self._release(contact)
        if promise.leg:
            self.core.send(contact.switch, Kill(promise.leg, "ORIGINATOR_CANCEL"), f"kill:{promise.leg}")
        self.told(contact)
        contact.outcome, contact.ended_by, contact.cause = ContactOutcome.OVERFLOWED, "customer", CALLED_AGAIN
        self.step_contact(contact, ContactInput.GONE)

    def _release(self, contact: Contact) -> None:
        """The agents who were reserved, or hold the line, are free again."""
        for id in list(contact.offers_open):
            offer = self.core.offers[id]
            if self.offers.picked_up(offer):
                # A standing line outlives the offer, and must not ring on.
                self.core.send(offer.switch, Break(offer.leg))
            self.offers.step(offer, OfferInput.WITHDRAW)

    def _step(self, contact: Contact, input: CallbackInput) -> None:
        promise = contact.promise
        effect = promise.machine.step(input) if promise is not None else None
        if promise is not None and effect is not None:
            self._effects[effect](contact, promise)

    def told(self, contact: Contact, by: str = "") -> None:
        """Write down how the promise to this contact stands, if there is one: a restart goes on from there."""
        promise = contact.promise
        if promise is not None:
            self.again.note(contact)
            asked = {"by": by} if by else {}
            if promise.there and promise.machine.state is CallbackState.CAME:
                asked["there"] = promise.there
            self.core.fact(
                FactKind.CALLBACK_CHANGED,
                contact,
                agent=promise.agent,
                state=promise.machine.state.value,
                number=promise.number,
                tries=promise.tries,
                enqueued_at=contact.enqueued_at,
                priority=contact.priority,
                **asked,
            )

    def _spec(self, contact: Contact) -> CallbackSpec | None:
        queue = self.core.queues.get(contact.queue)
        return queue.spec.callback if queue is not None else None

    def take_back(self, known: OpenContact) -> Contact:
        """A contact of an earlier life that is to be called: into the line again, at the place it had. The caller of
        this has checked that there is a promise."""
        row, promise = known.row, known.promise
        contact = Contact(
            id=row.id,
            switch=row.switch,
            leg="",
            number=row.number,
            name=row.name,
            destination=row.destination,
            began_at=row.began_at,
            queue=row.queue,
            medium=row.medium,
            tenant=row.tenant,
            enqueued_at=row.began_at,
        )
        if promise is not None:
            contact.queue, contact.enqueued_at = promise.queue or row.queue, promise.enqueued_at
            contact.priority = promise.priority
            self.restore(contact, promise)
        self.core.contacts[contact.id] = contact
        return contact
