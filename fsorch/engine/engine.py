"""The engine: one synchronous step at a time, no clock, no I/O.

``step(input, now)`` takes whatever happened and gives back commands to send and facts to write down. What is due by
``now`` is done first; after each input waiting contacts and idle agents are matched. The same inputs give the same
outcome, always: ids come from the ``ids`` the engine was made with.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec

from fsorch.acd import ContactState, OfferInput, QueueRules
from fsorch.clock import Moment
from fsorch.config import Centre, QueueSpec
from fsorch.demands import demand_of
from fsorch.engine.actions import Outcome
from fsorch.engine.calls import Calls
from fsorch.engine.checks import check_centre
from fsorch.engine.command_replies import CommandReplies
from fsorch.engine.core import Core
from fsorch.engine.dialling import Dialling
from fsorch.engine.dialling_people import Previews
from fsorch.engine.dialling_recall import Found
from fsorch.engine.dialling_showing import CampaignBoard
from fsorch.engine.endings import Way
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import (
    CampaignsAre,
    CommandDone,
    CommandLost,
    Configure,
    DropsWere,
    History,
    HookFailed,
    Input,
    LeadsCome,
    LinkDown,
    LinkUp,
    LookedUp,
    MoveContact,
    PacingWas,
    Recall,
    Request,
    SwitchEvent,
    Tick,
)
from fsorch.engine.lateness import Lateness
from fsorch.engine.messages import Messages
from fsorch.engine.music import Music
from fsorch.engine.offers import Offers
from fsorch.engine.owed import Owed
from fsorch.engine.people import People
from fsorch.engine.recalled import rehomed
from fsorch.engine.records import Records
from fsorch.engine.resync import Resync
from fsorch.engine.showing import agent_view, snapshot
from fsorch.engine.state import Contact, Offer, Person, Queue
from fsorch.engine.tenants import first_queue, tenant_views
from fsorch.engine.timers import Key
from fsorch.engine.views import AgentView, Snapshot
from fsorch.errors import NotFound, RequestRefused
from fsorch.flows import FlowRelease
from fsorch.rules import OfferCallback
from fsorch.rules import Voicemail as VoicemailAct
from fsorch.tenancy import Tenancy

__all__ = ["Engine"]


class Engine:
    """Owns contacts, agents and queues of one cell. Not reentrant: one step at a time, from one greenlet or thread."""

    def __init__(self, ids: Callable[[], str]) -> None:
        self._core = core = Core(ids)
        self._records = Records(core)
        self._music = Music(core)
        self._offers = Offers(core, self._records)
        self._people = People(core, self._records, self._offers)
        self._calls = Calls(core, self._records, self._music, self._offers, self._people)
        self._offers.move_agent, self._offers.step_contact = self._people.move, self._calls.step
        self._offers.missed = self._people.missed
        self._connect_callbacks()
        self._people.changed = self._calls.relations.changed
        transfers = self._calls.transfers
        self._offers.partner, self._offers.taken = transfers.partner, transfers.taken
        self._offers.not_taken = transfers.not_taken
        self._people.add(transfers.handlers | self._calls.supervising.handlers)
        waiting, endings = self._calls.waiting, self._calls.endings
        self._dialling = dialling = Dialling(core, self._calls)
        self._previews = Previews(core, dialling)
        self._offers.reserved = self._engaged
        CampaignBoard(core, dialling, self._previews)
        core.tenants_now = lambda: tenant_views(core, waiting.tenants, dialling.lines)
        self._people.add(self._previews.handlers)
        self._people.give_up_dial = self._previews.hang_up
        self._offers.before_bridge, self._people.staffed = self._calls.before_bridge, self._staffed
        self._records.wrapped = waiting.wrapped
        endings.doors = {VoicemailAct: self._take_message, OfferCallback: self._offer_callback}
        self._resync = Resync(core, self._records, self._calls, self._offers, self._music)
        self._resync.found = self._found = Found(core, self._calls, dialling)
        replies = CommandReplies(core, self._people, self._offers, self._calls, dialling, self._resync, self._found)
        self._late: dict[str, Lateness] = {}
        self._handlers = self._by_input(replies)
        self._due = self._by_timer()

    def _by_input(self, replies: CommandReplies) -> dict[type, Callable[..., None]]:
        """Who takes which kind of input."""
        return {
            SwitchEvent: self._switch_event,
            CommandDone: replies.done,
            CommandLost: replies.lost,
            LinkUp: self._resync.link_up,
            LinkDown: self._resync.link_down,
            Configure: lambda input: self._configure(input.centre, input.releases),
            LookedUp: self._calls.flows.looked_up,
            CampaignsAre: self._dialling.states,
            DropsWere: self._dialling.drops_were,
            PacingWas: self._dialling.pacing_was,
            LeadsCome: self._leads_come,
            Recall: self._recall,
            History: self._history,
            HookFailed: self._hook_failed,
            Tick: lambda input: None,
        }

    def _by_timer(self) -> dict[str, Callable[[str], None]]:
        """Who is told that a timer is due, by its name; each is given the id that the timer was set for."""
        return {
            "wrap_up": self._people.wrap_up_over,
            "delay": self._people.delay_over,
            "line": self._people.lines.due,
            "break": self._people.rules.break_too_long,
            "away": self._people.rules.away_too_long,
            "offer": self._offer_due,
            "wait": self._calls.waiting.due,
            "watch": self._calls.waiting.watch,
            "outside": self._calls.endings.due,
            "ring_more": self._offers.ring_more,
            "leg": self._calls.legs.due,
            "ghost": self._calls.ghost_due,
            "arrive": lambda id: self._calls.due("arrive", id),
            "prompt": self._calls.flows.due,
            "comfort": self._calls.flows.comfort_due,
            "known": self._calls.flows.known_due,
            "callback": self._calls.callbacks.due,
            "voicemail": self._calls.voicemail.due,
            "question": self._calls.questions.due,
            "choice": self._calls.relations.due,
            "orphan": lambda id: self._calls.due("orphan", id),
            "hold": self._calls.looks.hold_due,
            "notice": self._calls.notices.due,
            "opens": lambda queue: self._core.distributor.look_again(),
            "transfer": self._calls.transfers.due,
            "room": self._calls.transfers.rooms.due,
            "cut": self._resync.cuts.due,
            "guard": self._calls.guards.due,
            "pace": self._dialling.pace,
            "dial": self._dialling.dials.due,
            "late": self._dialling.dials.late,
            "withdraw": self._dialling.crew.withdraw_due,
            "preview": self._previews.due,
            "asked": self._previews.again,
            "word": self._previews.word_due,
        }

    def _connect_callbacks(self) -> None:
        calls, callbacks = self._calls, self._calls.callbacks
        callbacks.step_contact = calls.voicemail.step_contact = calls.step
        callbacks.rejoin = calls.rejoin
        calls.relations.call_back = lambda contact, agent: callbacks.request(contact, "", agent)
        self._offers.instead_of_dialling = callbacks.instead_of_dialling
        self._offers.instead_of_bridging = self._instead_of_bridging
        calls.leaving.call_back = callbacks.request
        calls.leaving.take_message = self._take_message_of
        messages = Messages(self._core, self._records, self._people, callbacks)
        messages.step_contact = calls.step
        Owed(self._core, callbacks, calls.supervising, calls.step)

    def step(self, input: Input, now: Moment) -> Outcome:
        """Take one input at ``now``.

        Raises RequestRefused, NotFound (a Request) or ConfigError (Configure) when it is refused: it has changed
        nothing then, and what came due before it is given out by the next step, which :meth:`next_deadline` asks for
        at once."""
        core = self._core
        core.now = now
        for key in core.timers.due(now.mono):
            self._run_due(key)
        if isinstance(input, Request):
            supervising = self._calls.supervising
            (supervising if supervising.takes(input) else self._people).request(input)
        else:
            self._handlers[type(input)](input)
        self._offers.distribute()
        return core.take()

    def next_deadline(self) -> float | None:
        """When the engine wants a Tick at the latest, in monotonic seconds; None when it waits for nothing."""
        core = self._core
        if core.pending:
            return core.now.mono
        return min((at for at in (core.timers.next(), core.distributor.next_wake()) if at is not None), default=None)

    def snapshot(self) -> Snapshot:
        """Everything, as of the last step."""
        return snapshot(self._core)

    def agent_view(self, agent: str) -> AgentView:
        """One agent, as of the last step. Raises NotFound."""
        person = self._core.people.get(agent)
        if person is None:
            raise NotFound("agent", agent, known=self._core.people)
        return agent_view(self._core, person)

    def _take_message(self, contact: Contact, act: Way) -> bool:
        """A rule sends a caller to voicemail."""
        if not isinstance(act, VoicemailAct) or self._core.centre.voicemail is None:
            return False
        if contact.tenant and not self._calls.voicemail.queue_for(contact, act.queue):
            return False
        # Nobody is cut off in the middle of a message.
        self._calls.guards.disarm(contact)
        self._calls.voicemail.take(contact, act.queue, act.prompt)
        return True

    def _take_message_of(self, contact: Contact, queue: str, greeted: bool) -> None:
        """A flow leads to voicemail. Raises RequestRefused."""
        self._calls.guards.disarm(contact)
        self._calls.voicemail.take(contact, queue, greeted=greeted)

    def _offer_callback(self, contact: Contact, act: Way) -> bool:
        """A rule, or a key, offers to call the caller back."""
        return isinstance(act, OfferCallback) and self._calls.callbacks.request(contact, prompt=act.prompt)

    def _instead_of_bridging(self, offer: Offer, contact: Contact) -> bool:
        dials, callbacks = self._dialling.dials, self._calls.callbacks
        instead = (self._calls.notices, dials, callbacks)
        return any(one.instead_of_bridging(offer, contact) for one in instead)

    def _switch_event(self, input: SwitchEvent) -> None:
        late = self._late.get(input.switch)
        if late is None:
            late = self._late[input.switch] = Lateness()
        self._core.happened_at = late.happened_at(input.event, self._core.now)
        if input.event.name == "CHANNEL_HANGUP":
            self._found.hangs_up(input.switch, input.event)
        elif input.event.name == "CHANNEL_HANGUP_COMPLETE":
            self._resync.away.hangs_up(input.switch, input.event)
        self._calls.event(input.switch, input.event)

    def _recall(self, input: Recall) -> None:
        input = rehomed(input)
        self._found.tell(input)
        self._resync.recalled.tell(input)
        self._resync.give_up(input)

    def _leads_come(self, input: LeadsCome) -> None:
        if not self._previews.come(input):
            self._dialling.supply.come(input)

    def _staffed(self, person: Person) -> None:
        self._calls.waiting.staffed(person)
        self._engaged(person)

    def _engaged(self, person: Person) -> None:
        self._dialling.crew.staffed(person)
        self._previews.staffed(person)

    def _run_due(self, key: Key) -> None:
        self._due[key[0]](key[1])

    def _offer_due(self, id: str) -> None:
        offer = self._core.offers.get(id)
        if offer is None:
            return
        switch = self._core.switches.get(offer.switch)
        # What was not heard from a switch that is away is not held against the agent.
        away = switch is not None and not switch.up
        if away or not self._calls.looks.waits(offer):
            self._offers.step(offer, OfferInput.WITHDRAW if away else OfferInput.DEADLINE)

    def _history(self, input: History) -> None:
        contact = self._core.contacts.get(input.contact)
        if contact is not None:
            keyed = contact.keyed in ("", input.customer.customer.id if input.customer is not None else "")
            if keyed and input.tenant in (None, contact.tenant):
                # What the number says comes too late once they have keyed who they are; and so does what they were to
                # nobody, once they are a tenant's caller.
                contact.customer, contact.surveyed_at = input.customer, input.surveyed_at
                self._calls.waiting.tenants.mind_customer(contact)
            if contact.machine.state is ContactState.FLOW or not contact.found:
                # Who waited before a restart of ours has been asked.
                self._calls.relations.history(input)
            self._calls.flows.known(contact)

    def _configure(self, centre: Centre, releases: tuple[FlowRelease, ...]) -> None:
        check_centre(centre)
        core = self._core
        core.centre, core.tenancy = centre, Tenancy(centre)
        wanted = {spec.id: spec for spec in centre.queues}
        in_use = {contact.queue for contact in core.contacts.values()}
        keep_all = bool(core.contacts) and not wanted
        for id in [id for id in core.queues if id not in wanted and id not in in_use and not keep_all]:
            del core.queues[id]
        for spec in centre.queues:
            queue = core.queues.setdefault(spec.id, Queue(spec))
            if queue.spec.paused is not spec.paused:
                core.fact(FactKind.QUEUE_PAUSED, queue=spec.id, on=spec.paused)
                core.distributor.look_again()
            queue.spec, queue.demand = spec, demand_of(spec.skills)
        self._calls.flows.configure(releases)
        core.distributor.set_queues([_rules(queue.spec) for queue in core.queues.values()])
        self._people.configure(centre.agents)
        self._calls.relations.configure()
        self._calls.waiting.configure()
        self._lead_home(self._calls.waiting.tenants.renew())
        self._calls.queueing.renew()
        self._calls.callbacks.configure()
        self._dialling.configure()
        core.fact(FactKind.CONFIGURED, name=centre.name)

    def _lead_home(self, astray: list[Contact]) -> None:
        """Those who wait in a queue that another tenant has got go to one of their own, or a shared one; where there is
        none they stay, for nobody else would serve them."""
        for contact in astray:
            queue = first_queue(self._core, contact.tenant)
            if queue:
                with suppress(RequestRefused):
                    self._calls.supervising.request(MoveContact(contact=contact.id, queue=queue, by="rule: tenant"))

    def _hook_failed(self, input: HookFailed) -> None:
        told = msgspec.structs.asdict(input)
        self._core.fact(FactKind.HOOK_FAILED, leg=told.pop("leg"), **told)


def _rules(spec: QueueSpec) -> QueueRules:
    return QueueRules(
        queue=spec.id,
        strategy=spec.strategy,
        strict=spec.strict,
        level_wait_s=spec.level_wait_s,
        level_wait_multiplied=spec.level_wait_multiplied,
        skip_absent_levels=spec.skip_absent_levels,
        guard=spec.guard,
        skilled=spec.skilled,
    )
