"""The caller's wait: what it changes, what callers are told, and when it ends. Who may join a queue at all is a matter
of :mod:`fsorch.engine.admission`.

Everything here looks at contacts that wait; one whose phone rings at an agent's is left alone until that is decided,
so that no rule snatches a caller from an agent who picks up.

Prompts are played into the music, nested in it, so that the music goes on after them; a bridge breaks both at once.
Only a prompt that the switch has not begun yet when the bridge comes (within 20 ms) would be played into the talk,
with the caller deaf to the agent: it is taken back before the bridge (seen on FreeSWITCH 1.10.12: ``uuid_break`` with
``all`` drops what is queued), and broken after it if it began all the same.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from fsorch.acd import AgentStatus, ContactState, Need
from fsorch.acd.estimate import Announcement, Announcer, WaitEstimator
from fsorch.acd.steps import QueueFacts, StepAction, StepSession, changed, ends_wait, next_prompt
from fsorch.calendars import Calendar
from fsorch.demands import HIGHEST
from fsorch.engine.admission import Admission
from fsorch.engine.called_again import CalledAgain
from fsorch.engine.core import Core
from fsorch.engine.endings import Endings
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import KeptPlace
from fsorch.engine.music import Music
from fsorch.engine.offers import Offers
from fsorch.engine.state import NONE_RAN, Contact, Offer, Person, Queue, Wait
from fsorch.engine.tenants import Tenants
from fsorch.engine.wait_rules import after_step, both, counts, is_known, is_plain, remember, written_ran
from fsorch.esl.commands import Break, Playback, SetVars
from fsorch.esl.events import Event
from fsorch.ivr.speech import File, Utterance
from fsorch.rules import (
    Announce,
    AnyAgent,
    LowerPriority,
    OfferCallback,
    Overflow,
    RaisePriority,
    Voicemail,
    Widen,
)
from fsorch.waits import Empty, Ending

__all__ = ["Waiting"]

# How soon a caller is looked at again when the queue has changed: often enough for people, seldom enough for the core.
WATCH_S = 1.0
# What could not end a wait is tried again so much later.
RETRY_S = 30.0
# A prompt that was sent this shortly before a bridge may not have begun.
BEGINNING_S = 0.5
# A phone that was picked up is joined within this time, or the offer is over.
HUSHED_S = 1.0
# Places kept for those who may ring again, at most.
KEPT = 10_000


class Waiting:
    """Looks after the contacts that wait. ``endings`` carries out what ends a wait."""

    def __init__(self, core: Core, music: Music, offers: Offers, endings: Endings) -> None:
        self.core = core
        core.why_not_called_back = self.why_not_called_back
        self.music = music
        self.offers = offers
        self.endings = endings
        self.again: CalledAgain
        self.tenants = Tenants(core)
        self.admission = Admission(core, endings, self.tenants, self.calendar, self._empty, self._has_place)
        endings.left = self.left
        offers.may_call, offers.returned = self.may_call, self.returned
        self._calendars: dict[tuple[str, str], Calendar] = {}
        self._estimators: dict[str, WaitEstimator] = {}
        self._members: dict[str, list[Person]] = {}
        # The queues whose rules leave those who wait alone.
        self._plain: set[str] = set()
        # Since when (monotonic seconds) nobody of a queue is logged in; for queues with a rule about it.
        self._deserted: dict[str, float] = {}
        # For each queue, whom a change of it may concern, and the count of its changes that was looked at last.
        self._watchers: dict[str, dict[str, None]] = {}
        self._seen: dict[str, int] = {}
        # (queue, number): the place of one who hung up, and until when it is kept (monotonic seconds).
        self._kept: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()
        # What an agent has talked, until the wrap-up after it is over.
        self._talked: dict[str, tuple[str, float]] = {}

    # -- the centre -----------------------------------------------------------------------------------------------

    def configure(self) -> None:
        """The centre has changed: members and rules anew; those who wait are looked at again."""
        core = self.core
        self._members = {}
        for person in core.people.values():
            for member in person.spec.queues:
                self._members.setdefault(member.queue, []).append(person)
        self._plain = {id for id, queue in core.queues.items() if is_plain(queue.spec)}
        for id in core.queues:
            self._note_staff(id)
        for contact in core.contacts.values():
            if contact.wait is not None:
                self._soon(contact)

    def staffed(self, person: Person) -> None:
        """An agent's choice may have changed: whether their queues have anybody."""
        for member in person.spec.queues:
            self._note_staff(member.queue)

    def _note_staff(self, id: str) -> None:
        queue = self.core.queues.get(id)
        if queue is None:
            return
        rules = queue.spec.wait
        if rules.max_no_agent_s > 0:
            if not self._empty(id, Empty.LOGGED_OUT):
                self._deserted.pop(id, None)
            elif id not in self._deserted:
                self._deserted[id] = self.core.now.mono
                self._look_at(id)
        if rules.leave_empty is not Empty.NEVER and self._empty(id, rules.leave_empty):
            self._look_at(id)

    def _empty(self, id: str, kind: Empty) -> bool:
        if kind is Empty.NEVER:
            return False
        people = (person for person in self._members.get(id, ()) if not person.gone)
        return not any(counts(person, kind) for person in people)

    def _look_at(self, id: str) -> None:
        """Everybody in this queue's line is looked at as soon as may be."""
        for one in self.core.distributor.waiting(id):
            contact = self.core.contacts.get(one)
            if contact is not None and contact.queue == id:
                self._soon(contact)

    def _soon(self, contact: Contact) -> None:
        self.core.timers.set(("wait", contact.id), self.core.now.mono)

    # -- places ---------------------------------------------------------------------------------------------------

    def abandoned(self, contact: Contact) -> None:
        """The caller hung up while waiting: the place is kept for a while, where the queue has it so."""
        if contact.leg:
            self.keep(KeptPlace(contact.queue, contact.number, contact.enqueued_at, self.core.now.wall))

    def keep(self, place: KeptPlace) -> None:
        """Keep a place from when its caller left, as long as its queue has it."""
        queue, now = self.core.queues.get(place.queue), self.core.now
        keep_s = queue.spec.wait.return_s if queue else 0.0
        until = now.mono + keep_s - (now.wall - place.left_at) / 1_000_000
        if keep_s <= 0 or until <= now.mono or not place.enqueued_at or not is_known(place.number):
            return
        key = (place.queue, place.number)
        self._kept[key] = (place.enqueued_at, until)
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def place(self, contact: Contact) -> int:
        """The enqueue time of a contact that joins: now, or that of the same number's last call."""
        kept = self._kept.pop((contact.queue, contact.number), None) if contact.leg else None
        owed = self.again.place(contact) if contact.leg else 0
        if owed:
            self.core.fact(FactKind.PLACE_GIVEN_BACK, contact, leg=contact.leg, enqueued_at=owed, owed=True)
            return owed
        if kept is None or kept[1] < self.core.now.mono:
            return self.core.now.wall
        self.core.fact(FactKind.PLACE_GIVEN_BACK, contact, leg=contact.leg, enqueued_at=kept[0])
        return kept[0]

    def _has_place(self, contact: Contact) -> bool:
        """Whether a place in the contact's queue is kept for it: who rings again is not one more."""
        kept = self._kept.get((contact.queue, contact.number)) if contact.leg else None
        if contact.leg and self.again.place(contact):
            return True
        return kept is not None and kept[1] >= self.core.now.mono

    # -- what flows ask -------------------------------------------------------------------------------------------

    def calendar(self, id: str, tenant: str = "") -> Calendar | None:
        """One of the centre's calendars, by the clocks of this tenant where it has none of its own. One that the centre
        has no more goes on for who is still under it."""
        spec, known = self.core.tenancy.calendar(id, tenant), self._calendars.get((id, tenant))
        if spec is not None and (known is None or known.spec != spec):
            known = self._calendars[id, tenant] = Calendar(spec)
        return known

    def fact_of(self, id: str, name: str) -> object:
        """How a queue is doing, by the name that flows use; ``estimated_wait_s`` is that of one who joined now, None
        when nobody knows."""
        core, queue = self.core, self.core.queues.get(id)
        people = [person for person in self._members.get(id, ()) if not person.gone]
        if queue is None:
            return None
        match name:
            case "waiting":
                return core.distributor.length(id)
            case "logged_in":
                return sum(person.agent.status.status is not AgentStatus.LOGGED_OUT for person in people)
            case "available":
                return sum(person.agent.free for person in people)
            case "longest_wait_s":
                first = core.contacts.get(next(iter(core.distributor.waiting(id)), ""))
                return round(core.now.mono - first.since, 3) if first is not None else 0.0
            case "estimated_wait_s":
                idle, present = sum(person.agent.free for person in people), core.distributor.at_work(id)
                place = core.distributor.length(id) + 1
                return self._estimator(queue).estimate(core.now.mono, place, present, idle).seconds
        return None

    def may_call(self, contact: Contact) -> bool:
        """Whether the contact may be served now: somebody who is to be called back, within the queue's hours only, and
        not while it has no way to call them."""
        if not self.why_not_called_back(contact):
            return True
        queue, now = self.core.queues[contact.queue], self.core.now
        known = self.calendar(queue.spec.calendar, queue.spec.tenant)
        state = known.state(now.wall) if known is not None else None
        if state is not None and not state.open and state.until_us is not None:
            self.core.timers.set(("opens", contact.queue), now.mono + (state.until_us - now.wall) / 1_000_000)
        return False

    def why_not_called_back(self, contact: Contact) -> str:
        """Why somebody who was promised a call cannot be called now, for people; empty: they can."""
        queue = self.core.queues.get(contact.queue)
        if contact.leg or contact.promise is None or queue is None:
            return ""
        if queue.spec.callback is None:
            return "the queue calls nobody back any more: give it a callback, move the promise or take it back"
        if self.again.on_the_line(contact):
            return "they have called again themselves, and are on the line"
        known = self.calendar(queue.spec.calendar, queue.spec.tenant)
        return "" if known is None or known.state(self.core.now.wall).open else "called back when the queue is open"

    # -- the wait -------------------------------------------------------------------------------------------------

    def need(self, contact: Contact) -> Need:
        """What the contact asks of the distributor, with what the steps have changed about it."""
        queue = self.core.queues[contact.queue]
        spec = queue.spec
        need = Need(
            contact=contact.id,
            queues=(contact.queue,),
            enqueued_at=contact.began_at if spec.count_from_call else contact.enqueued_at,
            since=contact.since,
            priority=contact.priority,
            credit_s=spec.base_score_s + (tier.credit_s if (tier := self.core.tier_of(contact)) else 0.0),
            skills=both(queue.demand, contact.skills),
            own=contact.skills,
            passed=contact.passed,
        )
        for action in contact.wait.taken if contact.wait else ():
            if not isinstance(action, Widen) or self.tenants.fits(contact, action.queue):
                need = changed(need, action)
        return need

    def begin(self, contact: Contact) -> None:
        """The contact is about to join its queue: a new stay, unless it goes on with the one it had."""
        self.tenants.enter(contact)
        if contact.wait is not None and contact.wait.queue == contact.queue:
            contact.wait.tried = dict.fromkeys(contact.wait.tried, self.core.now.mono + RETRY_S)
            return
        core, spec = self.core, self.core.queues[contact.queue].spec
        plain = Need(contact=contact.id, queues=(contact.queue,), enqueued_at=0, since=contact.since)
        if contact.hops or contact.answered_at:
            plain = msgspec.structs.replace(plain, since=core.now.mono)
        steps = StepSession(spec.steps, plain, contact.ran)
        announcer = Announcer(spec.announce, core.now.mono) if spec.announce is not None else None
        # Who rang again has the place of an earlier call; what a wait may last counts from this one.
        called = core.now.mono - (core.now.wall - contact.began_at) / 1_000_000
        contact.wait = Wait(contact.queue, max(plain.since, called), 0, steps, announcer)
        for n, ran in sorted(contact.ran.items(), key=lambda one: one[1].at):
            if n < len(spec.steps.steps):
                for _ in range(min(ran.times, HIGHEST)):
                    # What was taken again and again lowered a level each time.
                    remember(contact.wait, spec.steps.steps[n].do)
            elif n == len(spec.steps.steps):
                contact.wait.taken = (*contact.wait.taken, AnyAgent())
        contact.ran = NONE_RAN

    def joined(self, contact: Contact, position: int) -> None:
        """The contact stands in line, at ``position``."""
        wait = contact.wait
        if wait is None:
            return
        wait.position = wait.position or position
        rules = self.core.queues[contact.queue].spec.wait
        if rules.max_no_agent_s > 0:
            self._note_staff(contact.queue)
        if contact.queue not in self._plain:
            # Once whoever is free has been given to whoever waits.
            self._soon(contact)

    def returned(self, contact: Contact) -> None:
        """Nobody took the contact that was offered. What has come due meanwhile is done now: where somebody is always
        free who never picks up, it is offered again at once, and would be looked at never."""
        if contact.queue not in self._plain:
            self.due(contact.id)

    def left(self, contact: Contact) -> None:
        """The contact waits no longer, or not in this queue."""
        self.pause(contact)
        contact.wait = None

    def pause(self, contact: Contact) -> None:
        """The contact does something else for a while; what it has waited through is remembered."""
        self.core.timers.cancel(("wait", contact.id))
        if contact.wait is not None:
            self._unwatch(contact.wait.queue, contact)

    def due(self, id: str) -> None:
        """A contact is to be looked at."""
        contact = self.core.contacts.get(id)
        if contact is None or contact.machine.state is not ContactState.WAITING or contact.need is None:
            return
        switch = self.core.switches.get(contact.switch)
        if switch is None or not switch.up or contact.question is not None:
            # Nothing can be said or done there, or the caller is being asked: nothing is lost by waiting.
            self.core.timers.set(("wait", id), self.core.now.mono + WATCH_S)
        elif contact.wait is not None and contact.queue in self.core.queues:
            self._look(contact, contact.wait)

    def watch(self, id: str) -> None:
        """Those whom a change of this queue may concern are looked at, if it has changed."""
        watchers, changes = self._watchers.get(id), self.core.distributor.changes(id)
        if not watchers:
            return
        if self._seen.get(id) != changes:
            self._seen[id] = changes
            for one in list(watchers):
                self.due(one)
        if self._watchers.get(id):
            self.core.timers.set(("watch", id), self.core.now.mono + WATCH_S)

    def _look(self, contact: Contact, wait: Wait) -> None:
        queue = self.core.queues[contact.queue]
        if contact.leg and self._over(contact, wait, queue):
            return
        spec = queue.spec
        if spec.steps.steps or spec.steps.anyone_after_s is not None or wait.announcer is not None:
            facts = self._facts(contact, queue)
            free = int(not contact.saying and contact.question is None)
            for action in wait.steps.due(self.core.now.mono, facts, prompts=free):
                self._take(contact, wait, action)
                if contact.wait is not wait or contact.machine.state is not ContactState.WAITING:
                    return
            self._announce(contact, wait, facts)
        self._plan(contact, wait, queue)

    def _facts(self, contact: Contact, queue: Queue) -> QueueFacts:
        line, id = self.core.distributor, contact.queue
        need = contact.need
        idle = line.idle_for(need) if need else 0
        present, position = line.at_work(id), line.position(contact.id)
        estimate = self._estimator(queue).estimate(self.core.now.mono, position, present, idle)
        return QueueFacts(
            agents_available=idle,
            agents_eligible=line.eligible_for(need) if need and queue.spec.steps.steps else 0,
            agents_present=present,
            position=position,
            waiting=line.length(id),
            estimated_wait_s=estimate.seconds,
        )

    def _plan(self, contact: Contact, wait: Wait, queue: Queue) -> None:
        """When to look again."""
        now = self.core.now.mono
        times = [wait.steps.next_time(now)]
        times += [at for _, at, _, _ in self._limits(wait, queue)] if contact.leg else []
        waits = wait.steps.watches(now)
        if wait.announcer is not None:
            times.append(wait.announcer.next_time(now))
            waits = waits or wait.announcer.watches(now)
        ahead = [at for at in times if at is not None and now < at < math.inf]
        ahead += [at for at in wait.tried.values() if at > now]
        if ahead:
            self.core.timers.set(("wait", contact.id), min(ahead))
        if waits:
            self._watchers.setdefault(contact.queue, {})[contact.id] = None
            if not self.core.timers.is_set(("watch", contact.queue)):
                self.core.timers.set(("watch", contact.queue), now + WATCH_S)
        else:
            self._unwatch(contact.queue, contact)

    def _unwatch(self, id: str, contact: Contact) -> None:
        watchers = self._watchers.get(id)
        if watchers is not None:
            watchers.pop(contact.id, None)
            if not watchers:
                del self._watchers[id]

    # -- limits ---------------------------------------------------------------------------------------------------

    def _limits(self, wait: Wait, queue: Queue) -> Iterable[tuple[str, float, Ending, str]]:
        """Each limit of the wait: its name, when it is reached, what then, and why."""
        rules, spec = queue.spec.wait, queue.spec
        if rules.on_max is not None and rules.max_s > 0:
            yield "max", wait.since + rules.max_s, rules.on_max, f"waited {rules.max_s:g} s"
        deserted = self._deserted.get(wait.queue)
        if rules.on_no_agent is not None and deserted is not None and rules.max_no_agent_s > 0:
            at = max(deserted + rules.max_no_agent_s, wait.since + rules.no_agent_grace_s)
            yield "no_agent", at, rules.on_no_agent, f"nobody has been logged in for {rules.max_no_agent_s:g} s"
        if rules.on_empty is not None and self._empty(wait.queue, rules.leave_empty):
            words = f"every agent is {rules.leave_empty.value.replace('_', ' ')}"
            yield "empty", -math.inf, rules.on_empty, words
        if spec.close_ends_wait and spec.on_closed is not None and (known := self.calendar(spec.calendar, spec.tenant)):
            state, now = known.state(self.core.now.wall), self.core.now
            if not state.open:
                yield "closed", -math.inf, spec.on_closed, state.reason
            elif state.until_us is not None:
                yield "closed", now.mono + (state.until_us - now.wall) / 1_000_000, spec.on_closed, "closing time"

    def _over(self, contact: Contact, wait: Wait, queue: Queue) -> bool:
        """End the wait when a limit is reached; whether that was done."""
        now = self.core.now.mono
        for case, at, way, why in list(self._limits(wait, queue)):
            if at <= now and wait.tried.get(case, -math.inf) <= now:
                # Whoever comes back, for it could not be done, waits a while before it is tried again.
                wait.tried = {**wait.tried, case: now + RETRY_S}
                if self.endings.end(contact, way, case, why):
                    return True
        return False

    # -- steps ----------------------------------------------------------------------------------------------------

    def _take(self, contact: Contact, wait: Wait, step: StepAction) -> None:
        core, act = self.core, step.do
        if not contact.leg and isinstance(act, Overflow | Voicemail | OfferCallback | Announce):
            # Nobody listens: a message, or a caller who has hung up and will be called.
            wait.steps.over = False
            return
        detail = {key: value for key, value in msgspec.to_builtins(act).items() if key != "act" and value is not None}
        fields = {"step": step.step, "act": str(act.__struct_config__.tag), "detail": detail, "why": step.why}
        need = changed(contact.need, act) if contact.need is not None else None
        if need is contact.need and after_step(act, need) and wait.steps.ran[step.step].times > 1:
            # It has come again, and there is nothing left to lower or to raise.
            return
        core.fact(FactKind.STEP_TAKEN, contact, leg=contact.leg, **fields, **after_step(act, need))
        if contact.leg:
            ran = written_ran(wait.steps.ran)
            moved = need is not None and isinstance(act, RaisePriority | LowerPriority)
            priority = (("fsorch_priority", str(need.priority)),) if need is not None and moved else ()
            # In one command: whoever finds the one on the leg after a restart of ours finds the other.
            core.send(contact.switch, SetVars(contact.leg, (("fsorch_steps", ran), *priority)))
        if isinstance(act, Overflow | Voicemail | OfferCallback):
            if not self.endings.end(contact, act, "step", step.why) and ends_wait(act):
                # The plan goes on with its other steps.
                wait.steps.over = False
        elif isinstance(act, Announce):
            times, before = wait.played.get(step.step, (0, ""))
            prompt = next_prompt(act, before, times, contact.id)
            wait.played = {**wait.played, step.step: (times + 1, prompt)}
            self.say(contact, self.music.words(contact, prompt))
            wait.playing = step.step if act.from_end else None
        else:
            remember(wait, act)
            if need is not None and need is not contact.need:
                contact.need, contact.priority = need, need.priority
                core.distributor.join(need)

    # -- what callers hear ----------------------------------------------------------------------------------------

    def _announce(self, contact: Contact, wait: Wait, facts: QueueFacts) -> None:
        if wait.announcer is None or contact.saying or contact.question or not contact.running:
            return
        said = wait.announcer.due(self.core.now.mono, facts.position, facts.estimated_wait_s)
        if said is not None:
            self._tell(contact, said)

    def _tell(self, contact: Contact, said: Announcement) -> None:
        values = {
            "wait_position": ("position", said.position),
            "wait_more": ("count", said.more),
            "wait_time": ("wait", said.wait_s),
        }
        told = {prompt: value for prompt, value in values.items() if value[1] is not None}
        words = [word for prompt, value in told.items() for word in self.music.words(contact, prompt, dict([value]))]
        if words:
            prompts = [word.name if isinstance(word, File) else word.text for word in words]
            fields = {"position": said.position, "more": said.more, "wait_s": said.wait_s, "prompts": prompts}
            self.core.fact(FactKind.ANNOUNCED, contact, leg=contact.leg, **fields)
            self.say(contact, words)

    def say(self, contact: Contact, words: Iterable[Utterance]) -> None:
        """Play words into the music of a contact that waits."""
        core = self.core
        contact.saying, contact.said_at = core.ids(), core.now.mono
        if contact.wait is not None:
            contact.wait.playing = None
        sound = self.music.sound(contact, words)
        core.send(contact.switch, Playback(contact.leg, sound, contact.saying), f"say:{contact.id}")

    def said(self, contact: Contact, event: Event) -> bool:
        """An application of the caller's leg has ended: whether it was a prompt of ours."""
        if not contact.saying or event.application_uuid != contact.saying:
            return False
        contact.saying = ""
        wait = contact.wait
        if wait is not None:
            if wait.playing is not None:
                wait.steps.ended(wait.playing, self.core.now.mono)
                wait.playing = None
            if contact.machine.state is ContactState.WAITING:
                # What came due meanwhile is said now.
                self._soon(contact)
        return True

    def refused(self, id: str) -> None:
        """The switch did not take a prompt."""
        contact = self.core.contacts.get(id)
        if contact is not None:
            contact.saying = ""
            if contact.wait is not None:
                contact.wait.playing = None

    def hush(self, offer: Offer) -> None:
        """An agent's phone is picked up; the switch takes a tick or two more (20 ms each) until it may be joined. A
        prompt that plays ends meanwhile, and the bridge has one thing less to break off."""
        contact, queue = self.core.contacts.get(offer.contact), self.core.queues.get(offer.queue)
        told = queue.spec.to_agent if queue is not None else None
        if contact is None or (told is not None and told.say):
            return
        if contact.saying and self.core.now.mono - contact.said_at >= BEGINNING_S:
            contact.hushed_at = self.core.now.mono
            self.core.send(contact.switch, Break(contact.leg, all=False))

    def hushed(self, contact: Contact) -> bool:
        """Whether a prompt was ended a moment ago: should that have hit the music, as the prompt was over already, no
        new music begins, for it would play into the talk."""
        return 0 < contact.hushed_at > self.core.now.mono - HUSHED_S

    def before_bridge(self, contact: Contact) -> None:
        """An agent has answered: a prompt that has hardly been sent must not begin in the talk."""
        if contact.saying and self.core.now.mono - contact.said_at < BEGINNING_S:
            contact.saying = ""
            self.core.send(contact.switch, Break(contact.leg))

    def bridged(self, contact: Contact) -> None:
        """Caller and agent are joined: a prompt that has not ended with the music plays into the talk, and so does a
        question."""
        if contact.saying or contact.question is not None:
            contact.saying = ""
            self.core.send(contact.switch, Break(contact.leg))

    # -- keys -----------------------------------------------------------------------------------------------------

    def pressed(self, switch: str, event: Event) -> None:
        """A key of a caller who waits. While an agent's call is being joined to theirs it is too late."""
        leg = self.core.legs.get(event.uuid)
        contact = self.core.contacts.get(leg.contact) if leg and leg.role == "customer" else None
        if contact is None or contact.machine.state not in (ContactState.WAITING, ContactState.OFFERED):
            return
        queue = self.core.queues.get(contact.queue)
        way = queue.spec.wait.keys.get(event.dtmf_digit) if queue is not None else None
        joining = any(self.offers.picked_up(self.core.offers[id]) for id in contact.offers_open)
        if way is None or contact.question is not None or joining:
            return
        self.offers.withdraw_all(contact)
        if contact.machine.state is ContactState.WAITING:
            self.endings.end(contact, way, "key", f"pressed {event.dtmf_digit[:1]}")

    # -- what it was worth ----------------------------------------------------------------------------------------

    def answered(self, contact: Contact) -> None:
        """The contact has been answered for the first time: what its place was worth."""
        queue, wait = self.core.queues.get(contact.queue), contact.wait
        if queue is not None and wait is not None:
            waited = max(0.0, self.core.now.mono - wait.since)
            self._estimator(queue).answered(self.core.now.mono, waited, wait.position)

    def talked(self, queue: str, person: Person, talked_us: int) -> None:
        """An agent's talk for a queue is over; wrap-up may have begun."""
        self._talked[person.spec.id] = (queue, talked_us / 1_000_000)
        if not person.wrap_up_began:
            self.wrapped(person.spec.id, 0.0)

    def wrapped(self, agent: str, seconds: float) -> None:
        """An agent is free again, after so many seconds of wrap-up."""
        known = self._talked.pop(agent, None)
        queue = self.core.queues.get(known[0]) if known else None
        if known is not None and queue is not None:
            self._estimator(queue).handled(self.core.now.mono, known[1] + max(0.0, seconds))

    def _estimator(self, queue: Queue) -> WaitEstimator:
        found = self._estimators.get(queue.spec.id)
        if found is None or found.spec != queue.spec.estimate:
            found = self._estimators[queue.spec.id] = WaitEstimator(queue.spec.estimate)
        return found
