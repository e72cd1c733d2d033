"""Everything that can be told to the engine. Each step takes one of these and a moment."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from fsorch.acd.affinity import Encounter
from fsorch.campaign.pacing_memory import Learnt
from fsorch.campaigns import AttemptRow, CampaignState, ConsentRow, Lead
from fsorch.config import Centre
from fsorch.customers import CustomerFile
from fsorch.engine.away_notes import AwayNote
from fsorch.engine.drop_notes import DropNote
from fsorch.engine.rows import ContactRow, LegRow
from fsorch.esl.events import Event
from fsorch.esl.replies import Reply
from fsorch.flows import FlowRelease
from fsorch.ivr.steps import Failed, HttpAnswer, Rows
from fsorch.names import SegmentKind

__all__ = [
    "AddParty",
    "AgentAway",
    "AgentBack",
    "AnswerCall",
    "CallBack",
    "CallNow",
    "CampaignsAre",
    "CancelCallback",
    "CancelTransfer",
    "CommandDone",
    "CommandLost",
    "CompleteTransfer",
    "ConferCall",
    "Configure",
    "ContactRequest",
    "DialNumber",
    "DialPreview",
    "Dispose",
    "DropParty",
    "DropsWere",
    "EndWrapUp",
    "ExtendWrapUp",
    "FinishMessage",
    "GiveContact",
    "HangUp",
    "History",
    "HoldCall",
    "HookFailed",
    "Input",
    "KeptPlace",
    "LeadsCome",
    "LeftFlow",
    "LinkDown",
    "LinkUp",
    "LogIn",
    "LogOut",
    "LookedUp",
    "MoveContact",
    "MuteCall",
    "NextContact",
    "OpenAttempt",
    "OpenContact",
    "PacingWas",
    "PressKeys",
    "PromisedCall",
    "ReadyLead",
    "Recall",
    "Request",
    "SaidWord",
    "SetPriority",
    "SetStatus",
    "Shift",
    "SkipPreview",
    "StopListening",
    "Supervise",
    "SwitchEvent",
    "TakeOver",
    "Tick",
    "TransferCall",
]


class SwitchEvent(msgspec.Struct, frozen=True):
    """An event came from the switch called ``switch``."""

    switch: str
    event: Event


class CommandDone(msgspec.Struct, frozen=True):
    """The reply to a command that was sent with ``tag``."""

    switch: str
    tag: str
    reply: Reply


class CommandLost(msgspec.Struct, frozen=True):
    """The command with ``tag`` will have no reply: its deadline passed, or the link went. It may or may not have
    run."""

    switch: str
    tag: str
    reason: str


class LinkUp(msgspec.Struct, frozen=True):
    """The link stands and is subscribed. ``channels`` holds the ``uuid_dump`` of every live channel, read after the
    subscription: whatever the engine knows that is not among them is gone. ``core_uuid`` changes when the switch
    restarted. ``sounds_dir`` is the switch's own global variable of that name. ``registrations``: the users that have a
    registered phone, ``name@domain``; None when the switch did not say. ``notes``: of calls that the switch dropped
    alone, see `DropNote`; ``calls``: of calls that were over before fsorch had them, see `AwayNote`."""

    switch: str
    core_uuid: str
    channels: tuple[Event, ...] = ()
    sounds_dir: str = ""
    registrations: tuple[str, ...] | None = None
    notes: tuple[DropNote, ...] = ()
    calls: tuple[AwayNote, ...] = ()


class LinkDown(msgspec.Struct, frozen=True):
    """The link is gone; calls go on without us."""

    switch: str
    reason: str


class Configure(msgspec.Struct, frozen=True):
    """The desired state of the centre, whole. No caller is dropped by it. ``releases``: the versions of flows that take
    a share of the calls, or that calls may still be in; a flow of the centre without any is its only version."""

    centre: Centre
    releases: tuple[FlowRelease, ...] = ()


class HookFailed(msgspec.Struct, frozen=True, kw_only=True):
    """The hook of the call ``leg`` failed (said by the hook server); the caller has the fallback."""

    leg: str
    hook: str
    way: str
    number: str
    error: str
    traceback: str


class PromisedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A callback that was promised, ``at`` (UTC microseconds), and not kept yet; see
    :class:`fsorch.engine.state.Promise`."""

    number: str
    at: int = 0
    queue: str = ""
    agent: str = ""
    tries: int = 0
    enqueued_at: int = 0
    priority: int = 0


class BegunMessage(msgspec.Struct, frozen=True):
    """A message that a caller was leaving: the ``id`` that its own contact will have, the ``queue`` it is for, and
    since when (UTC microseconds) they spoke."""

    id: str
    queue: str
    at: int


class OpenContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact of an earlier life of ours without an end. ``row``: what is known of it, ``ended_at`` being the last
    that was heard; ``legs``: its CDRs that are missing, as far as known; ``segments``: how many were written,
    and ``segmented_at`` the end of the last. ``doing``: the kind of the open stretch, empty when there is none;
    ``agent_leg``: whom the caller talks to in it. ``means``: what each of the row's answers means. ``message``: what
    they were saying; ``message_us``: how long the message is that this contact is (microseconds)."""

    row: ContactRow
    legs: tuple[LegRow, ...] = ()
    segments: int = 0
    segmented_at: int = 0
    doing: str = ""
    agent_leg: str = ""
    means: tuple[str, ...] = ()
    promise: PromisedCall | None = None
    message: BegunMessage | None = None
    message_us: int = 0

    @property
    def talks(self) -> bool:
        """Whether the caller was with an agent when it was last heard of."""
        return self.doing in (SegmentKind.TALK, SegmentKind.HOLD, SegmentKind.CONSULT)


class Shift(msgspec.Struct, frozen=True):
    """What an agent had chosen last, and when (UTC microseconds). ``asked`` and ``asked_reason``: the choice that waits
    for its moment. ``wrap_up_began``: when the wrap-up for ``contact`` of ``queue`` began that was not over yet, and
    ``wrap_up_until`` its end. ``calls`` and ``talked_us`` (microseconds): what the agent has done so far;
    ``breaks_us``: microseconds on breaks that are over, by reason. ``desktop``: their page was there, or had not been
    gone for long."""

    agent: str
    status: str
    reason: str = ""
    phone: str = ""
    since: int = 0
    on_demand: bool = False
    asked: str = ""
    asked_reason: str = ""
    idle_since: int = 0
    wrap_up_began: int = 0
    wrap_up_until: int = 0
    contact: str = ""
    queue: str = ""
    calls: int = 0
    talked_us: int = 0
    breaks_us: dict[str, int] = {}
    desktop: bool = False


class KeptPlace(msgspec.Struct, frozen=True):
    """The place in ``queue`` of the caller with this ``number``, who left it at ``left_at`` (UTC microseconds, as
    ``enqueued_at``) and has not rung again."""

    queue: str
    number: str
    enqueued_at: int
    left_at: int


class SaidWord(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent has said that a call was, as the fact ``word_said`` has it. ``promised_at``: UTC microseconds, 0 for
    no time; ``promised_to``: by which agent alone, empty for anyone."""

    disposition: str
    note: str = ""
    answers: dict[str, str] = {}
    promised_at: int = 0
    promised_to: str = ""


class OpenAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt of an earlier life of ours that was begun and has no end, with its lead (None: the records have none
    of that id any more): its phone may ring, and its customer may talk. Or it has its end, and its lead waits for an
    agent's word about it, or it was called by hand and its agent wraps up. ``dropped_at``: when its customer was told
    that nobody is there (UTC microseconds, 0: never), which is a drop in the law's sense whatever came of it
    afterwards. ``word``: what its agent has said of it last."""

    row: AttemptRow
    lead: Lead | None = None
    dropped_at: int = 0
    word: SaidWord | None = None


class LeftFlow(msgspec.Struct, frozen=True):
    """The caller with this ``number`` hung up in a flow at ``left_at`` (UTC microseconds) and has not rung again.
    ``tenant``: whose caller it was."""

    number: str
    left_at: int
    tenant: str = ""


class Recall(msgspec.Struct, frozen=True):
    """What the records say was going on when an earlier life of ours ended. Told once: after the first Configure and
    before the links start. Agents go on as they were; a contact is taken up again when its switch still has the caller,
    and its end is written down when it does not. ``until``: when an earlier life last listened to a switch, 0 if
    nobody knows: what it had not written down went on until then. ``legs``: CDRs that are missing of contacts that
    have their end. ``places``: of those who hung up while waiting, oldest first; ``left``: those who hung up in a flow,
    likewise. ``late``: the records could not be read at the start, and tell now; whatever is in our hands by then goes
    on as it is. ``switches``: those there are now; what was going on at another, which has been taken out of the
    settings, ends at once, for nobody will ever say what became of it. Empty: nobody knows which there are."""

    contacts: tuple[OpenContact, ...] = ()
    shifts: tuple[Shift, ...] = ()
    until: int = 0
    legs: tuple[LegRow, ...] = ()
    places: tuple[KeptPlace, ...] = ()
    left: tuple[LeftFlow, ...] = ()
    late: bool = False
    attempts: tuple[OpenAttempt, ...] = ()
    switches: tuple[str, ...] = ()


class History(msgspec.Struct, frozen=True):
    """What the records know of the caller of ``contact``: whom they have met, who they are, and when (UTC
    microseconds, 0: never) they were asked for their opinion last. It may come at any time, or never. ``tenant``: to
    whom they are that customer; None: to whoever asks."""

    contact: str
    encounters: tuple[Encounter, ...] = ()
    customer: CustomerFile | None = None
    surveyed_at: int = 0
    tenant: str | None = None


class LookedUp(msgspec.Struct, frozen=True):
    """What came of a LookUp; ``serial`` is its own."""

    contact: str
    serial: int
    result: HttpAnswer | Rows | Failed


class CampaignsAre(msgspec.Struct, frozen=True):
    """How the records say each campaign stands, whole; one that is not named is a draft. ``stale``: those that may call
    nobody now, for a public register that they have to ask is too old or not there, with words that say so.
    ``stopped``: who paused those that are paused, or stopped those that drain or are over, and why, for people."""

    states: dict[str, CampaignState]
    stale: dict[str, str] = {}
    stopped: dict[str, str] = {}


class DropsWere(msgspec.Struct, frozen=True):
    """What the records have of each campaign in each window, in days, of its pack's drop rules and its group's: its
    live answers, its drops, and those who hung up before either. Told anew while it dials, for what is older leaves
    the window."""

    counts: dict[str, dict[float, tuple[int, int, int]]]


class PacingWas(msgspec.Struct, frozen=True):
    """What the pacer of each campaign had learned in an earlier life of ours. Told before CampaignsAre."""

    learnt: dict[str, Learnt]


class ReadyLead(msgspec.Struct, frozen=True, kw_only=True):
    """A lead that is ours to dial, as of ``checked_at`` (UTC microseconds). ``dnc``: each of its numbers that stands on
    a list of those who are not called, and the name of the list; ``consents``: what its numbers have consented to;
    ``registers``: of a number that stands on several, the names of all, for public registers are for some alone;
    ``ends``: until when (UTC microseconds) an entry of ``dnc`` stands that ends."""

    lead: Lead
    checked_at: int
    dnc: dict[str, str] = {}
    consents: tuple[ConsentRow, ...] = ()
    registers: dict[str, tuple[str, ...]] = {}
    ends: dict[str, int] = {}


class LeadsCome(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to LeadsWanted or ClearToDial with this ``serial``. ``next_at``: when the campaign has a lead again
    (UTC microseconds, 0: nobody knows), where fewer came than were wanted. ``failed``: the records could not be asked,
    and why. ``unprepared``: the records have still to put the campaign's leads in order."""

    campaign: str
    serial: int
    leads: tuple[ReadyLead, ...] = ()
    next_at: int = 0
    failed: str = ""
    unprepared: bool = False

    @property
    def lack(self) -> str:
        """Why no leads have come, in words; empty when some have."""
        if self.leads:
            return ""
        if self.failed:
            return "the records do not answer; they are asked again"
        return "its leads are being put in order" if self.unprepared else "no lead may be dialled now"


class Tick(msgspec.Struct, frozen=True):
    """Time has passed: due deadlines are acted on (every other input does that too)."""


class Request(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something a person asks for an agent. ``by`` is who asks (a user's login, or ``cli``), for the audit.

    Illegal now: the step raises RequestRefused and nothing has changed."""

    agent: str
    by: str


class LogIn(Request, frozen=True, kw_only=True):
    """The agent starts to work, available at once. ``phone`` is where, for this session: a dial string, an extension or
    a number outside (see fsorch.engine.checks.phone_of); empty for the agent's own phone."""

    phone: str = ""


class LogOut(Request, frozen=True, kw_only=True):
    """The agent goes home; in a call, after it."""


class SetStatus(Request, frozen=True, kw_only=True):
    """The agent chooses: available, or on break with a ``reason`` (an id of the centre's break reasons). Asked for in a
    call or while ringing it is kept, shown, and applied at the next legal moment; the last wish stands. ``on_demand``,
    when available: after each contact nothing more is offered until they ask by NextContact."""

    status: Literal["available", "break"]
    reason: str = ""
    on_demand: bool = False


class NextContact(Request, frozen=True, kw_only=True):
    """An agent who is available on demand takes one more contact; asked for in a call, after it."""


class AnswerCall(Request, frozen=True, kw_only=True):
    """Make the ringing phone of the agent pick up (``uuid_phone_event talk``)."""


class HangUp(Request, frozen=True, kw_only=True):
    """End the agent's call, or refuse the offer that rings."""


class CallBack(Request, frozen=True, kw_only=True):
    """Call the customer of the message that the agent is listening to: the message is done, and the call comes next."""


class HoldCall(Request, frozen=True, kw_only=True):
    """Put the customer on hold (``on``) or take them back."""

    on: bool


class MuteCall(Request, frozen=True, kw_only=True):
    """The customer does not hear the agent (``on``), or does again."""

    on: bool


class PressKeys(Request, frozen=True, kw_only=True):
    """Send digits (0-9, ``*``, ``#``, A-D) to whom the agent talks to."""

    digits: str


class TransferCall(Request, frozen=True, kw_only=True):
    """Hand the customer to a ``queue`` (with another ``priority``, if one is given), to the agent ``to``, or to a
    ``number`` outside. With ``consult`` the agent talks to the third party first, while the customer hears music."""

    queue: str = ""
    to: str = ""
    number: str = ""
    consult: bool = False
    priority: Annotated[int, msgspec.Meta(ge=0, le=999)] | None = None


class CompleteTransfer(Request, frozen=True, kw_only=True):
    """The customer goes to the third party, and the agent leaves; while it still rings, the customer waits for it. In a
    conference: the agent leaves, the others talk on."""


class CancelTransfer(Request, frozen=True, kw_only=True):
    """Back to the customer, without the third party."""


class ConferCall(Request, frozen=True, kw_only=True):
    """Customer, agent and the consulted third party talk together."""


class AddParty(Request, frozen=True, kw_only=True):
    """Call somebody into the talk, who joins all the others when they pick up: the next agent of a ``queue``, the agent
    ``to``, or a ``number`` outside."""

    queue: str = ""
    to: str = ""
    number: str = ""


class DropParty(Request, frozen=True, kw_only=True):
    """``party`` (an agent's id, a number, or what is called) leaves the conference, or is called no longer."""

    party: str


class TakeOver(Request, frozen=True, kw_only=True):
    """The call of ``agent`` goes to the agent ``taker``, as soon as that one's phone is picked up."""

    taker: str


class Supervise(Request, frozen=True, kw_only=True):
    """The supervisor ``watcher`` (an agent's id, or a login with a ``phone``) hears the talk of ``agent``: only
    listens, whispers to the agent, or speaks to both. Asked for again it changes the mode."""

    watcher: str
    mode: Literal["listen", "whisper", "barge"]
    phone: str = ""


class StopListening(Request, frozen=True, kw_only=True):
    """The ``watcher`` hears the talk of ``agent`` no more."""

    watcher: str


class MoveContact(Request, frozen=True, kw_only=True):
    """A contact that waits goes into another ``queue``, with the enqueue time it has. (``agent`` is of no account.)"""

    contact: str
    queue: str
    agent: str = ""


class CancelCallback(Request, frozen=True, kw_only=True):
    """A contact that is to be called back will not be. (``agent`` is of no account.)"""

    contact: str
    agent: str = ""


class CallNow(Request, frozen=True, kw_only=True):
    """A contact that is to be called back is next in its queue, with no pause for a try that failed. (``agent`` is of
    no account.)"""

    contact: str
    agent: str = ""


class FinishMessage(Request, frozen=True, kw_only=True):
    """A message that waits needs nobody any more. (``agent`` is of no account.)"""

    contact: str
    agent: str = ""


class GiveContact(Request, frozen=True, kw_only=True):
    """A contact that waits goes to ``agent`` as soon as that one is free; after two minutes anybody will do."""

    contact: str


class SetPriority(Request, frozen=True, kw_only=True):
    """Another priority for a contact; one that waits takes its new place at once. (``agent`` is of no account.)"""

    contact: str
    priority: Annotated[int, msgspec.Meta(ge=0, le=999)]
    agent: str = ""


class EndWrapUp(Request, frozen=True, kw_only=True):
    """The after-call work is done; before its time, where the queue's wrap-up may be ended early."""


class ExtendWrapUp(Request, frozen=True, kw_only=True):
    """More time for the after-call work, where the queue's wrap-up gives more."""


class DialPreview(Request, frozen=True, kw_only=True):
    """The agent has seen the lead and calls it; at the ``number`` they chose, or else at its next. ``lead``: the id of
    the one they saw, so that a press that comes late does not call another; empty: whichever is shown. ``caller_id``:
    what they chose to show of what may be shown."""

    number: str = ""
    lead: str = ""
    caller_id: str = ""


class SkipPreview(Request, frozen=True, kw_only=True):
    """The agent does not want the lead that they are shown, for a ``reason``; ``lead`` as in :class:`DialPreview`."""

    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    lead: str = ""


class DialNumber(Request, frozen=True, kw_only=True):
    """The agent calls a ``number`` for a campaign, by hand; it is checked like every other. ``caller_id`` as in
    :class:`DialPreview`."""

    campaign: str
    number: Annotated[str, msgspec.Meta(max_length=40)]
    caller_id: str = ""


class Dispose(Request, frozen=True, kw_only=True):
    """How the agent's last call of a campaign ended, in the centre's words. ``callback_at`` (UTC microseconds): when
    the customer is to be called again, by this agent alone if ``callback_own``. ``attempt``: of which call (empty: the
    last). ``answers``: what was filled in."""

    disposition: str
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    callback_at: int = 0
    callback_own: bool = False
    attempt: str = ""
    answers: dict[str, str] = {}


class AgentAway(Request, frozen=True, kw_only=True):
    """The agent's last desktop is gone (said by whoever serves it); what follows is the centre's rule ``away``."""


class AgentBack(Request, frozen=True, kw_only=True):
    """A desktop of the agent is there again."""


ContactRequest = MoveContact | GiveContact | SetPriority | CancelCallback | CallNow | FinishMessage
Input = (
    SwitchEvent
    | CommandDone
    | CommandLost
    | LinkUp
    | LinkDown
    | Configure
    | Recall
    | History
    | LookedUp
    | CampaignsAre
    | DropsWere
    | PacingWas
    | LeadsCome
    | HookFailed
    | Tick
    | Request
)
