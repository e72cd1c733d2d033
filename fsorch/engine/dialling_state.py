"""What the engine holds of campaigns: the calls under way, the leads at hand, and how each campaign runs."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field

from fsorch.campaign.answer_counts import Sign
from fsorch.campaign.answers import Answer
from fsorch.campaign.campaign import CampaignMachine
from fsorch.campaign.dial import DialMachine
from fsorch.campaign.pacing_guard import Guard
from fsorch.campaign.pacing_memory import Learnt
from fsorch.campaign_words import Identity
from fsorch.campaigns import LIVE_OUTCOMES, AttemptRow, CampaignSpec, CampaignState, Disposition, Lead, Mode, Outcome
from fsorch.engine.inputs import ReadyLead
from fsorch.engine.tones import Tone

__all__ = ["SECOND_S", "Dial", "Limit", "Preview", "Run", "Tally"]

# So much of a second's launches may go at once.
BURST_S = 0.2
# FreeSWITCH counts the time of an originate in seconds of the clock on the wall (capture 04: of 3 s there were 2.4).
SECOND_S = 1.0


class Limit:
    """At most ``per_s`` in any second, and not all of them at its beginning; below one a second, one in that part of
    it. 0: no limit."""

    def __init__(self, per_s: float) -> None:
        self.per_s = per_s
        self._window_s = 1.0 if per_s >= 1 or per_s <= 0 else 1 / per_s
        self._most = max(1, math.floor(per_s))
        self._burst = max(1.0, per_s * BURST_S)
        self._saved, self._saved_at = self._burst, 0.0
        self._took: deque[float] = deque()

    def room(self, now: float) -> int | None:
        """How many may go at ``now``; None: as many as there are."""
        if self.per_s <= 0:
            return None
        while self._took and self._took[0] <= now - self._window_s:
            self._took.popleft()
        self._save(now)
        return max(0, min(self._most - len(self._took), math.floor(self._saved + 1e-9)))

    def take(self, now: float) -> None:
        """One goes."""
        if self.per_s > 0:
            self._save(now)
            self._saved -= 1
            self._took.append(now)

    def _save(self, now: float) -> None:
        self._saved = min(self._burst, self._saved + max(0.0, now - self._saved_at) * self.per_s)
        self._saved_at = now


@dataclass(slots=True)
class Dial:
    """One attempt: the call to ``number`` of ``lead``, on ``leg``. Times are UTC microseconds, 0 for never; ``since``
    is when it was placed in monotonic seconds. ``agent``: for whom it is dialled, and who is reserved for it (empty:
    whoever is free then); ``served``: who talked. ``ways``: the gateways that are left if this one has no line;
    ``holds_line``: one of the gateway's lines is taken by it; ``silent_s``: so long nothing need come back from the
    gateway (0: as long as it rings); ``follows``: where the gateway points is dialled;
    ``identity``: where it is told who calls. It rings for ``ring_s``, and
    ``least_ring_s`` of that are owed; ``drop_s`` after the answer an agent must be there. ``rang``: a phone did, and
    not the network alone. ``ready``: what is known of the lead; ``checks``: what the compliance check said.
    ``contact`` once the called party was handed over.

    ``answer``: who it was that answered, listened to since ``heard_at`` (monotonic) by the application ``listening``;
    ``signs``: what has been heard of that; ``beeped``: a machine's beep was; ``running`` is the id of the message that
    plays to it, or of what waits for the beep first (``awaits``); ``parking``: the message waits until its leg is
    parked; ``listened``: an agent was kept back to listen; ``keyed``: a key was pressed where a machine was thought to
    be. ``barred``: when its agent was ready, it was no
    longer to be called; ``ready_until`` (monotonic): its agent has picked up, and waits so long for the gateway to
    take a launch. ``waits``: its gateway failed for this cause, and whether it may go by another is asked of the
    records. ``sit``: the second of the network's three tones, heard at ``sit_at``.
    ``owed``: the call had been promised; ``said``: how it was, in an agent's words, with the ``answers`` they
    filled in and what they promised."""

    id: str
    campaign: CampaignSpec
    lead: Lead
    number: str
    switch: str
    launched_at: int
    since: float
    agent: str = ""
    leg: str = ""
    job: str = ""
    gateway: str = ""
    ways: tuple[str, ...] = ()
    silent_s: float = 0.0
    follows: bool = False
    identity: Identity = Identity.PROFILE
    ring_s: float = 30.0
    least_ring_s: float = 0.0
    drop_s: float = 2.0
    caller_id: str = ""
    caller_name: str = ""
    pack: str = ""
    ready: ReadyLead | None = None
    checks: dict[str, str] = field(default_factory=dict)
    machine: DialMachine = field(default_factory=DialMachine)
    ringing_at: int = 0
    rang: bool = False
    answered_at: int = 0
    bridged_at: int = 0
    ended_at: int = 0
    outcome: Outcome | None = None
    cause: str = ""
    contact: str = ""
    served: str = ""
    answer: Answer | None = None
    heard_at: float = 0.0
    listening: str = ""
    signs: list[Sign] = field(default_factory=list)
    beeped: bool = False
    awaits: bool = False
    parking: bool = False
    listened: bool = False
    ready_until: float = 0.0
    keyed: bool = False
    sit: Tone | None = None
    sit_at: int = 0
    running: str = ""
    prompt: str = ""
    holds_line: bool = False
    barred: bool = False
    waits: str = ""
    owed: bool = False
    disposition: str = ""
    note: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    said: Disposition | None = None
    promised_at: int = 0
    promised_to: str = ""

    def fields(self) -> dict[str, str]:
        """Of what and of whom a fact about it is."""
        return {
            "leg": self.leg,
            "agent": self.served or self.agent,
            "queue": self.campaign.queue,
            "switch": self.switch,
            "campaign": self.campaign.id,
            "lead": self.lead.id,
        }

    @property
    def wait_s(self) -> float:
        """How long the switch waits for an answer, from the order to dial: of its seconds one may be
        missing, and a phone that is owed some of ringing may begin to ring ``silent_s`` later."""
        owed = self.least_ring_s + self.silent_s if self.least_ring_s > 0 else 0.0
        return max(self.ring_s, owed) + SECOND_S

    def row(self) -> AttemptRow:
        """All of it, for the records."""
        return AttemptRow(
            id=self.id,
            campaign=self.campaign.id,
            lead=self.lead.id,
            number=self.number,
            list=self.lead.list,
            mode=self.campaign.mode.value,
            agent=self.served or self.agent,
            contact=self.contact,
            leg=self.leg,
            switch=self.switch,
            gateway=self.gateway,
            caller_id=self.caller_id,
            caller_name=self.caller_name,
            launched_at=self.launched_at,
            ringing_at=self.ringing_at,
            answered_at=self.answered_at,
            bridged_at=self.bridged_at,
            ended_at=self.ended_at,
            outcome=self.outcome.value if self.outcome is not None else "",
            cause=self.cause,
            disposition=self.disposition,
            note=self.note,
            checks=self.checks,
            pack=self.pack,
            script=self.campaign.id if self.campaign.script else "",
            prompt=self.prompt,
            answers=self.answers,
            answer=" ".join((*self.signs, *((Sign.SAID,) if self.said is not None and self.said.machine else ()))),
        )

    def sign(self, sign: Sign) -> None:
        """Something was heard of who answered."""
        if sign not in self.signs:
            self.signs.append(sign)


@dataclass(slots=True)
class Preview:
    """A lead that an agent looks at, from ``since`` to ``until`` (UTC microseconds; 0: no limit)."""

    agent: str
    campaign: str
    ready: ReadyLead
    until: int = 0
    since: int = 0


@dataclass(slots=True)
class Tally:
    """What a campaign has done since the engine began to run it."""

    launched: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    talked: int = 0
    barred: int = 0
    # Of answers listened to before an agent got them: all, and what was heard of each.
    listened: int = 0
    signs: Counter[str] = field(default_factory=Counter)

    @property
    def live(self) -> int:
        """People who answered."""
        return sum(self.outcomes[outcome.value] for outcome in LIVE_OUTCOMES)

    @property
    def drops(self) -> int:
        """Those of them for whom nobody was there."""
        return self.outcomes[Outcome.DROP.value]

    @property
    def left(self) -> int:
        """Those who hung up before anybody could be there."""
        return self.outcomes[Outcome.HUNG_UP.value]


@dataclass(slots=True)
class Run:
    """A campaign as the engine runs it. ``recorded``: how the records said last that it stands. ``learnt``: what its
    pacers have learned, as the records got it at ``kept_at``; ``clock_off``: from our clock to theirs. ``fresh``: leads
    that are ours and may be dialled; ``asked``: the serial of the request for more that is open (0: none), ``clearing``
    of the one that makes the ``unclear`` fresh again; ``vain``: how many leads in a row were found not to be callable;
    ``dry``: the records had none; ``starved``: why none came, in
    words, and they are not asked before ``dry_until``. ``held``: why nothing is launched, for people, since
    ``held_since``, and what of it was ``told`` last; ``stopped``: who paused or stopped it, and why;
    ``agents``: those who dial for it, with their states. ``lines``:
    its calls under way; ``speed``: its launches a second of late, as of ``speed_at``. ``before``: live answers, drops
    and hang-ups in each window of its pack (days), less what is in the tally; ``over``: it has dropped so many that
    it dials one line for each free agent only; ``few``: the same, for it has few agents. Moments are monotonic."""

    spec: CampaignSpec
    machine: CampaignMachine = field(default_factory=CampaignMachine)
    recorded: CampaignState = CampaignState.DRAFT
    pacer: Guard | None = None
    # Why its own pacer does not pace it, for people.
    misfit: str = ""
    learnt: Learnt | None = None
    kept_at: float = 0.0
    clock_off: float = math.inf
    limit: Limit = field(default_factory=lambda: Limit(0))
    fresh: deque[ReadyLead] = field(default_factory=deque)
    asked: int = 0
    vain: int = 0
    # The free agents with whom leads were asked for since they are free, and those of them for whom this was the first.
    asked_with: set[str] = field(default_factory=set)
    asked_anew: set[str] = field(default_factory=set)
    clearing: int = 0
    unclear: dict[str, ReadyLead] = field(default_factory=dict)
    # Since when each lead has been at hand, and the last call of a lead of their own that was placed for each agent.
    came: dict[str, float] = field(default_factory=dict)
    meant: dict[str, str] = field(default_factory=dict)
    dry_until: float = 0.0
    dry: bool = False
    starved: str = ""
    # The records did not answer, and are not asked before, what is known now of the leads at hand.
    unanswered_until: float = -math.inf
    # Its description, or gateways that are dead, let it call nobody.
    broken: bool = False
    held: str = ""
    stopped: str = ""
    held_since: float = math.inf
    told: str = ""
    told_at: float = -math.inf
    agents: dict[str, str] = field(default_factory=dict)
    # Of these, who came from another campaign whose calls still count on them: which calls.
    owing: dict[str, set[str]] = field(default_factory=dict)
    lines: int = 0
    speed: float = 0.0
    speed_at: float = 0.0
    tally: Tally = field(default_factory=Tally)
    before: dict[float, tuple[int, int, int]] = field(default_factory=dict)
    over: bool = False
    few: bool = False

    @property
    def state(self) -> CampaignState:
        """Where it is."""
        return self.machine.state

    @property
    def hungry(self) -> bool:
        """Whether it could call somebody if it had an agent more: it has leads, and nothing but agents is missing."""
        return not self.broken and (not self.dry or bool(self.fresh)) and self.spec.mode is not Mode.MANUAL
