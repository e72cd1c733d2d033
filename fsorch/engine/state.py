"""What the engine holds: contacts, legs, offers, people, queues, switches. Plain records; the machines inside
decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from fsorch.acd import Agent, AgentStatus, ContactMachine, Need, OfferMachine
from fsorch.acd.affinity import Encounter, PersonChoice
from fsorch.acd.callback import CallbackMachine
from fsorch.acd.estimate import Announcer
from fsorch.acd.line import LineMachine
from fsorch.acd.phones import MissCounter
from fsorch.acd.room import RoomMachine
from fsorch.acd.steps import Ran, StepSession
from fsorch.acd.transfer import TransferMachine
from fsorch.acd.wrap_up import WrapUp
from fsorch.config import AgentSpec, QueueSpec
from fsorch.customers import CustomerFile
from fsorch.demands import NOTHING, Demand
from fsorch.engine.rows import LegRow
from fsorch.engine.views import KeyedAnswer
from fsorch.ivr import FlowSession
from fsorch.ivr.steps import Step
from fsorch.names import BreakWeight, ContactOutcome, SegmentKind
from fsorch.rules import Action, CauseRules
from fsorch.shipped import DEFAULT_LANGUAGE
from fsorch.waits import Ending

__all__ = [
    "NONE_RAN",
    "NONE_RAN",
    "Aim",
    "Callee",
    "Contact",
    "Destination",
    "Leg",
    "Member",
    "Message",
    "Offer",
    "Person",
    "Promise",
    "Question",
    "Queue",
    "Room",
    "Segment",
    "Switch",
    "Transfer",
    "Wait",
    "Watch",
]

NONE_TRIED: Mapping[str, float] = MappingProxyType({})
NONE_PLAYED: Mapping[int, tuple[int, str]] = MappingProxyType({})
NONE_RAN: Mapping[int, Ran] = MappingProxyType({})


@dataclass(slots=True)
class Leg:
    """One channel the engine owns. ``row`` is its CDR as far as known; ``seen`` once the switch has shown it (one that
    was dialled may never come to be); ``hung_up`` once the switch said so; ``offer`` and ``job`` are what it was
    dialled for and by. ``standing``: an agent's nailed-up phone, see Lines."""

    uuid: str
    switch: str
    role: str
    contact: str
    agent: str
    row: LegRow
    offer: str = ""
    answered: bool = False
    seen: bool = False
    hung_up: bool = False
    kills: int = 0
    job: str = ""
    standing: bool = False


@dataclass(slots=True)
class Segment:
    """The open stretch of a contact. ``began_at``: UTC microseconds."""

    kind: SegmentKind
    began_at: int
    queue: str = ""
    agent: str = ""
    leg: str = ""


@dataclass(slots=True)
class Callee:
    """A third party who is called: the agent ``person``, or a ``number`` outside; of a ``queue`` it is the next agent,
    and ``tried`` are those of it who were called so far. ``dial`` is what is dialled."""

    dial: str
    person: Person | None = None
    number: str = ""
    queue: str = ""
    tried: set[str] = field(default_factory=set)

    @property
    def agent(self) -> str:
        """The agent's id; empty for a number."""
        return self.person.spec.id if self.person is not None else ""

    @property
    def kind(self) -> str:
        """What was asked for: queue, agent or number."""
        return "queue" if self.queue else "agent" if self.person is not None else "number"

    @property
    def name(self) -> str:
        """What was asked for, by its name."""
        return self.queue or self.number or self.agent


@dataclass(slots=True)
class Transfer:
    """A transfer under way, asked for ``by`` somebody: from the agent ``source`` on ``source_leg`` to ``callee``.
    ``leg`` is the third party's (empty when it is gone), ``offer`` the offer while it rings, ``ringback`` the id of
    what the agent hears meanwhile, until it is over."""

    by: str
    source: str
    source_leg: str
    callee: Callee
    leg: str = ""
    offer: str = ""
    ringback: str = ""
    machine: TransferMachine = field(default_factory=TransferMachine)

    @property
    def target(self) -> str:
        """The agent who is called; empty for a number."""
        return self.callee.agent


@dataclass(slots=True)
class Member:
    """Somebody beside the customer in a conference, on ``leg``: an agent, or a number outside; ``since`` (UTC
    microseconds) they talk to the customer."""

    leg: str
    agent: str = ""
    number: str = ""
    since: int = 0

    @property
    def name(self) -> str:
        """The agent's id, or the number."""
        return self.agent or self.number


@dataclass(slots=True)
class Room:
    """A conference, or one that is about to be: ``members`` by leg, the third parties who are ``called`` by their
    offer. ``together`` are two legs that are bridged when the room opens; ``opened`` once all are in it; ``last`` is
    who came last."""

    members: dict[str, Member] = field(default_factory=dict)
    called: dict[str, Callee] = field(default_factory=dict)
    together: tuple[str, ...] = ()
    opened: bool = False
    last: Member | None = None
    machine: RoomMachine = field(default_factory=RoomMachine)


@dataclass(slots=True)
class Watch:
    """A supervisor, ``watcher``, hears the talk of ``agent`` by ``leg``; ``mode``: listen, whisper (to the agent only),
    barge (to both). ``own``: by the watcher's own phone; ``application``: what runs on ``leg`` for it, where that is
    their standing call."""

    leg: str
    watcher: str
    agent: str
    contact: str
    mode: str
    own: bool = False
    application: str = ""


@dataclass(slots=True)
class Destination:
    """The queue a talking customer is on the way to, and the priority there (None: as it was)."""

    queue: str
    priority: int | None = None


@dataclass(slots=True)
class Aim:
    """Somebody gave the contact to an agent: nobody else will do until ``until`` (monotonic seconds)."""

    agent: str
    why: str
    until: float

    def at(self, need: Need) -> Need:
        """``need`` as it is then; once the agent did not take it, anybody will do."""
        if self.agent in need.passed:
            return need
        return msgspec.structs.replace(need, prefer=(self.agent,), bond=self.why, only_until=self.until)


@dataclass(slots=True)
class Question:
    """An open question to a waiting caller: the id of the application that collects, the channel variable of the
    answer, and who wants it."""

    running: str
    variable: str
    then: Callable[[Contact, str], None]


@dataclass(slots=True)
class Promise:
    """A callback: the number to call, the agent who will (empty: any), the tries so far, the leg that is dialled, and
    the rounds of asking for the number; ``prompt`` comes before the first. ``there``: the contact in which the customer
    has called again; ``at``: when it was promised (UTC microseconds)."""

    number: str
    agent: str = ""
    tries: int = 0
    leg: str = ""
    rounds: int = 0
    prompt: str = ""
    there: str = ""
    at: int = 0
    machine: CallbackMachine = field(default_factory=CallbackMachine)


@dataclass(slots=True)
class Message:
    """A message being left: the id its own contact will have, the queue it is for, what is played first, how often
    recording has failed, the present step, since when (UTC microseconds) the caller speaks, whether the switch has
    refused to write, and whether what plays has been told to end."""

    id: str
    queue: str
    prompt: str
    failures: int = 0
    step: str = ""
    began_at: int = 0
    unwritable: bool = False
    broke: bool = False


@dataclass(slots=True)
class Wait:
    """A contact's stay in one queue. ``since``: monotonic seconds when it began, ``position``: where; ``taken``: the
    steps' actions so far. ``played``: for each step that announces, how often it has, and what last. ``tried``: for
    each reason to end the wait that could not be carried out, when to try again (monotonic seconds). ``playing``: the
    step whose prompt plays, if its time counts from the end of that."""

    queue: str
    since: float
    position: int
    steps: StepSession
    announcer: Announcer | None
    # Replaced, never changed: of most who wait they stay empty, and thousands wait.
    taken: tuple[Action, ...] = ()
    tried: Mapping[str, float] = field(default_factory=lambda: NONE_TRIED)
    played: Mapping[int, tuple[int, str]] = field(default_factory=lambda: NONE_PLAYED)
    playing: int | None = None


@dataclass(slots=True)
class Contact:
    """A live contact, of a caller, of somebody whom a campaign has called (``direction`` outbound; its id is the
    attempt's), or (``medium`` voicemail) of a message that was left. ``leg`` is empty for a message and
    while a callback is promised. Times are UTC microseconds, 0 for never; ``running`` is the id of the application that
    plays or collects on the caller's leg at this moment, ``music_at`` (monotonic seconds) when the music began;
    ``music_kept`` while a caller is taken back whose music plays, and ``stood_at`` since when they stand in line;
    ``left_line_at``: since when they do something else than wait, until they wait again.

    ``exports``: variables of the leg that agents may see. ``encounters``: whom the caller has met, from the records,
    once they were ``looked_up``; ``choice``: what they said when asked whether to wait for ``person``, until
    ``hold_until`` (monotonic seconds) at most for the answer. ``asked`` counts questions.

    ``language``: in which the caller is spoken to; ``skills``: asked for this caller, beside the queue's own.

    ``ask`` is the step of the flow that is under way, of the version ``flow_version``; ``next_step`` the one that
    waits until what plays has ended, ``said`` once the words before a step were played, ``breaking`` once what plays
    was told to end. ``keys_read``: the keys that the switch has read since the last application ended; ``hushed``
    while it is to tell none. ``unwritable``: the switch cannot record. ``known`` once the records have said who the
    ``customer`` is (None: nobody knows), whose id they may have ``keyed``; ``found``: of an earlier life of ours;
    ``again``: they hung up on a recording not long ago; ``surveyed_at``: when they were asked for their opinion;
    ``low_told`` once a low score was told. ``tags`` and ``notes`` come from the flow.

    ``stays``: the caller's leg does not end with its bridge; ``destination_asked``: where they go when it has ended;
    ``survey``: the flow they come to when their agent has hung up, ``left_alone`` once the switch has parked them for
    it, ``cut_off`` when the agent's phone was lost instead; ``entry``: the flow they came from. ``aim``: the agent who
    was named for them; ``hold_asked``: what was asked of the switch last; ``muted``: they do not hear their agent.

    ``tenant``: whose caller it is; ``too_many``: why there is one too many of its tenant's with them, and ``on_full``
    what their number says for that; ``turned_away`` once they were, at the door.

    ``saying`` is the id of a prompt that plays into the music, sent at ``said_at``; ``hushed_at``: when one was
    ended for an agent who picked up (both monotonic seconds); ``sent_to`` what the caller was sent to when a rule
    ended the wait (message, number, hangup); ``hops`` counts the rules that sent the caller from a queue;
    ``admitted`` once a queue has let them in; ``guarded`` while the switch would serve them alone, should we fall
    silent (see Guards); ``lost_at``: when the call ended, where that was not heard but is known; ``joined_at``:
    likewise, when the talk began."""

    id: str
    switch: str
    leg: str
    number: str
    name: str
    destination: str
    began_at: int
    priority: int = 0
    machine: ContactMachine = field(default_factory=ContactMachine)
    flow: str = ""
    session: FlowSession | None = None
    flow_version: int = 0
    ask: Step | None = None
    next_step: Step | None = None
    said: bool = False
    breaking: bool = False
    keys_read: str = ""
    hushed: bool = False
    unwritable: bool = False
    known: bool = False
    found: bool = False
    again: bool = False
    customer: CustomerFile | None = None
    keyed: str = ""
    surveyed_at: int = 0
    low_told: bool = False
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    running: str = ""
    music_at: float = 0.0
    plain_music: bool = False
    music_kept: bool = False
    stood_at: int = 0
    queue: str = ""
    enqueued_at: int = 0
    since: float = 0.0
    left_line_at: int = 0
    offers_open: dict[str, None] = field(default_factory=dict)
    need: Need | None = None
    wait: Wait | None = None
    ran: Mapping[int, Ran] = field(default_factory=lambda: NONE_RAN)
    saying: str = ""
    said_at: float = 0.0
    hushed_at: float = 0.0
    sent_to: str = ""
    hops: int = 0
    admitted: bool = False
    passed: frozenset[str] = frozenset()
    agent: str = ""
    agent_leg: str = ""
    answered_at: int = 0
    connected_at: int = 0
    why: str = ""
    answers: list[KeyedAnswer] = field(default_factory=list)
    segment: Segment | None = None
    segments: int = 0
    talked_us: int = 0
    held_us: int = 0
    held: bool = False
    hold_asked: bool = False
    offers: int = 0
    misses: int = 0
    outcome: ContactOutcome | None = None
    ended_by: str = ""
    cause: str = ""
    question: Question | None = None
    asked: int = 0
    exports: dict[str, str] = field(default_factory=dict)
    encounters: tuple[Encounter, ...] = ()
    looked_up: bool = False
    choice: PersonChoice | None = None
    person: str = ""
    hold_until: float = 0.0
    transfer: Transfer | None = None
    room: Room | None = None
    stays: bool = False
    survey: str = ""
    left_alone: bool = False
    cut_off: bool = False
    entry: str = ""
    destination_asked: Destination | None = None
    aim: Aim | None = None
    muted: bool = False
    medium: str = "voice"
    direction: str = "inbound"
    promise: Promise | None = None
    message: Message | None = None
    message_us: int = 0
    guarded: bool = False
    lost_at: int = 0
    joined_at: int = 0
    language: str = DEFAULT_LANGUAGE
    skills: Demand = NOTHING
    tenant: str = ""
    too_many: str = ""
    on_full: Ending | None = None
    turned_away: bool = False

    @property
    def hears(self) -> str:
        """The queue whose music is for them: the one that their agent consults, else their own."""
        return (self.transfer.callee.queue if self.transfer is not None else "") or self.queue


@dataclass(slots=True)
class Offer:
    """A contact reserved to an agent. ``rang_at`` is 0 until the phone rings. ``aside``: not to serve the contact out
    of the queue, but for a transfer; ``dial`` is then what is dialled, and there is no agent when that is outside.
    ``dnd``: the phone refused, as it is set to do-not-disturb; ``looks``: how often the end of a joining of which the
    switch says nothing was put off; ``told``: the id of the words that the agent hears, or heard, first.
    ``outbound``: of somebody whom a campaign calls; the contact may be gone before the offer is over."""

    id: str
    contact: str
    agent: str
    queue: str
    switch: str
    leg: str
    job: str
    why: str
    made_at: int
    rang_at: int = 0
    machine: OfferMachine = field(default_factory=OfferMachine)
    aside: bool = False
    dial: str = ""
    dnd: bool = False
    looks: int = 0
    told: str = ""
    outbound: bool = False


@dataclass(slots=True)
class Person:
    """An agent at work: the spec, the machine, and what they are busy with. ``phone`` overrides the spec's dial string;
    ``not_before`` (monotonic seconds) delays the next offer, and so does ``leaving``, the leg of the last call, until
    the switch has ended it; ``gone`` when the configuration no longer has them.

    ``hindrances`` say why nothing is offered though they are available, by what hinders; ``rule`` says why a rule
    overruled their choice, until they choose again; ``next_wanted``: on demand, they have asked for a contact.
    ``break_began``: when the present break did (UTC microseconds, 0: there is none), and its reason; ``breaks_us``:
    microseconds on those that are over.

    ``line``: of a nailed-up phone, ``line_leg`` its leg, ``line_tries`` how often it could not be had, ``alert`` the id
    of what plays on it. ``desktop``: they work with the page, and it is there or has not been gone for long."""

    spec: AgentSpec
    agent: Agent = field(default_factory=Agent)
    phone: str = ""
    offer: str = ""
    contact: str = ""
    leg: str = ""
    leaving: str = ""
    wrap_up: WrapUp | None = None
    wrap_up_until: int = 0
    wrap_up_began: int = 0
    wrap_up_contact: str = ""
    wrap_up_queue: str = ""
    not_before: float = 0.0
    answered: int = 0
    missed: int = 0
    talked_us: int = 0
    gone: bool = False
    misses: MissCounter = field(default_factory=lambda: MissCounter(CauseRules()))
    hindrances: dict[str, str] = field(default_factory=dict)
    rule: str = ""
    on_demand: bool = False
    next_wanted: bool = False
    overrun: bool = False
    break_began: tuple[int, str] = (0, "")
    breaks_us: dict[BreakWeight, int] = field(default_factory=dict)
    line: LineMachine = field(default_factory=LineMachine)
    line_leg: str = ""
    line_tries: int = 0
    alert: str = ""
    desktop: bool = False

    @property
    def unready(self) -> str:
        """Why nothing is offered though they are available, for people; empty when nothing hinders."""
        if self.agent.status.status is not AgentStatus.AVAILABLE:
            return ""
        waits = self.on_demand and not self.next_wanted and self.agent.free
        reasons = [*self.hindrances.values(), *(["asks for each contact"] if waits else [])]
        return "; ".join(reasons)

    @property
    def dial_string(self) -> str:
        """What is dialled to reach them."""
        return self.phone or self.spec.phone


@dataclass(slots=True)
class Queue:
    """A queue's spec, what its contacts ask for by it, and its counts since the engine started."""

    spec: QueueSpec
    demand: Demand = NOTHING
    queued: int = 0
    answered: int = 0
    abandoned: int = 0
    within: int = 0


@dataclass(slots=True)
class Switch:
    """One link. ``since``: UTC microseconds of the last change."""

    name: str
    up: bool = False
    since: int = 0
    core_uuid: str = ""
    sounds_dir: str = ""
