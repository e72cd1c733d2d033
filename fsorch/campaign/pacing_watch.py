"""What a pacer has been told: calls that ring, live answers that wait, agents and what they do, and since when.

Everybody who drives a pacer has an event order of their own: a talk is told before its answer or after it, a drop with
or without the answer before it, a message twice, a clock that jumps. `Watch` makes one account of it; the pacers are
written against the account. Times are seconds on any clock; inside, time only goes forward.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Hashable
from enum import Enum, StrEnum
from typing import TypeVar

__all__ = ["Phase", "Ring", "Watch", "phase_of"]

V = TypeVar("V")

# Nobody calls `due` so seldom: a longer silence is a clock that was set or a machine that slept, not time at work.
LONGEST_STEP_S = 60.0
# What is told as of a moment so little ago is late, and moves no clock; as of longer ago, the clock was set back.
LATEST_S = 10.0
# No carrier rings a call longer; what became of it was never told.
LONGEST_RING_S = 180.0
# How long after an agent took a call its answer may still be told, and the other way round beyond the tolerance.
SAME_MOMENT_S = 0.5
LATE_DROP_S = 3.0
# How long after its result a launch may still be told.
LATE_LAUNCH_S = 30.0
# Calls are too many only if they were for so long: agents seem to be gone for a moment while they log in, or when their
# page is loaded anew.
LASTING_S = 1.0
# Calls that have ended and are remembered, so that what is told twice counts once.
REMEMBERED = 4096


class Phase(StrEnum):
    """What pacing needs to know of an agent. ``taken``: reserved, or the phone rings: a call is on its way."""

    FREE = "free"
    TAKEN = "taken"
    TALK = "talk"
    WRAP = "wrap"
    AWAY = "away"


# The names of fsorch's agent states (`fsorch.acd.agent.AgentState`, and logged_out), and what others call the same.
SPELLINGS = {
    Phase.FREE: "idle ready available free waiting loggedin login open",
    Phase.TAKEN: "reserved ringing offered offering alerting dialing connecting assigned",
    Phase.TALK: "talking talk busy incall oncall call inuse connected active hold onhold speaking consult conference",
    Phase.WRAP: "wrapup wrap wrapping aftercall acw aftercallwork dispo disposition",
}
PHASES = {word: phase for phase, words in SPELLINGS.items() for word in words.split()}
LIVE = frozenset(("live", "answered", "answer", "human", "person", "connected"))
DROPPED = frozenset(("drop", "dropped", "abandoned"))
TAKEN_BACK = frozenset(("cancelled", "canceled", "calledoff"))


def phase_of(state: object) -> Phase:
    """The phase a state's name stands for, however it is spelled. Break, paused, logged_out, gone and every word
    nobody knows are away: who may be absent gets no call. Raises ValueError for what is no word at all, which was meant
    to be something else."""
    if not isinstance(state, str | Enum):
        raise ValueError(f"an agent's state is a word, such as idle, talking or logged_out, not {state!r}")
    return PHASES.get(_plain(state), Phase.AWAY)


def _plain(word: object) -> str:
    value = word.value if isinstance(word, Enum) else word
    return "".join(c for c in str(value).casefold() if c.isalnum())


class Ring:
    """A call that rings. ``since``: the watch's own time of its launch; ``source``: its list."""

    __slots__ = ("since", "source")

    def __init__(self, since: float, source: str) -> None:
        self.since = since
        self.source = source


class Watch:
    """The account. A pacer inherits it, answers `due`, and learns by the hooks `call_begun`, `call_over`, `phase_over`
    and `dropped`.

    ``target``: drops over live answers that are allowed. ``tolerance_s``: how soon a live answer must have an agent."""

    def __init__(self, *, target: float = 0.03, tolerance_s: float = 2.0) -> None:
        if not 0.0 <= target <= 1.0:
            raise ValueError(f"target is a share of the live answers from 0 to 1, not {target!r}")
        if not 0.0 <= tolerance_s < math.inf:
            raise ValueError(f"tolerance_s is seconds, not {tolerance_s!r}")
        self.target = float(target)
        self.tolerance_s = float(tolerance_s)
        self.time = 0.0
        self.launched = 0
        self.lives = 0
        self.drops = 0
        self.free = 0
        self._told: float | None = None
        self._rings: OrderedDict[Hashable, Ring] = OrderedDict()
        # When an id that was never launched ended, or None: it had been launched.
        self._ended: OrderedDict[Hashable, float | None] = OrderedDict()
        self._dropped: OrderedDict[Hashable, None] = OrderedDict()
        self._waiting: OrderedDict[Hashable, float] = OrderedDict()
        self._early: deque[float] = deque()
        # How many calls were too many, and when, within the last `LASTING_S`.
        self._surplus: deque[tuple[float, int]] = deque()
        self._agents: dict[Hashable, tuple[Phase, float]] = {}

    # What the dialler tells ------------------------------------------------------------------------------------

    def on_launch(self, call_id: Hashable, now: float, source: str = "") -> None:
        """A call was placed; ``source`` is its list, where the answer rate differs by list."""
        self._forward(now)
        if call_id in self._rings:
            return
        unknown = self._ended.pop(call_id, None)
        if unknown is not None and self.time - unknown <= LATE_LAUNCH_S:
            return  # the result came before the launch
        self._dropped.pop(call_id, None)
        ring = self._rings[call_id] = Ring(self.time, source)
        self.launched += 1
        self.call_begun(ring)

    def on_result(self, call_id: Hashable, outcome: object, now: float) -> None:
        """What became of a call: live, machine, busy, noanswer, failed; or cancelled: it was called off (see `excess`),
        and says nothing. A word nobody knows is a failure."""
        self._forward(now)
        word = _plain(outcome)
        if word in DROPPED:
            self._drop(call_id)
            return
        ring = self._end(call_id)
        if ring is not None and word in TAKEN_BACK:
            self.call_taken_back(ring, self.time - ring.since)
            return
        if ring is not None and word in LIVE:
            self._live(call_id)
        if ring is not None:
            self.call_over(ring, self.time - ring.since, word in LIVE)

    def on_drop(self, call_id: Hashable, now: float) -> None:
        """A live answer had no agent in time."""
        self._forward(now)
        self._drop(call_id)

    def on_agent(self, agent_id: Hashable, state: object, now: float) -> None:
        """What an agent does from now on: idle, reserved, ringing, talking, wrap_up, logged_out, or another spelling
        (see `phase_of`, and what it raises)."""
        self._forward(now)
        phase = phase_of(state)
        before, since = self._agents.get(agent_id, (Phase.AWAY, self.time))
        if phase is before:
            return
        if phase is Phase.AWAY:
            del self._agents[agent_id]
        else:
            self._agents[agent_id] = (phase, self.time)
        self.free += (phase is Phase.FREE) - (before is Phase.FREE)
        if phase in (Phase.TAKEN, Phase.TALK) and before not in (Phase.TAKEN, Phase.TALK):
            self._took()
        if before is not Phase.AWAY:
            self.phase_over(agent_id, before, self.time - since, phase)

    def excess(self, now: float) -> int:
        """How many of the calls that ring are too many, and have been for :data:`LASTING_S`: to be hung up before they
        are answered, those that ring least long first, as far as that is allowed. Without an agent it is all."""
        self.see(now)
        self._surplus.append((self.time, self.surplus() if self.agents else self.ringing))
        while len(self._surplus) > 1 and self._surplus[1][0] <= self.time - LASTING_S:
            self._surplus.popleft()
        lasting = self._surplus[0][0] <= self.time - LASTING_S
        return min(calls for _, calls in self._surplus) if lasting else 0

    # What a pacer asks -----------------------------------------------------------------------------------------

    @property
    def agents(self) -> int:
        """How many are logged in and not away."""
        return len(self._agents)

    @property
    def hour(self) -> int:
        """The hour, 0 to 23, of the clock that tells the time: of the day, or at least the same one each day."""
        return int((self._told or 0.0) // 3600.0 % 24.0)

    @property
    def clock(self) -> float:
        """The time it was told last, in seconds of the day."""
        return (self._told or 0.0) % 86_400.0

    @property
    def ringing(self) -> int:
        """How many calls ring."""
        return len(self._rings)

    @property
    def waiting(self) -> int:
        """How many live answers have no agent yet, as far as is known."""
        return len(self._waiting)

    def count(self, phase: Phase) -> int:
        """How many agents are in ``phase``."""
        return sum(1 for state, _ in self._agents.values() if state is phase)

    def see(self, now: float) -> None:
        """Bring the account to ``now``: what was never told ends here."""
        self._forward(now)
        while self._rings:
            call_id, ring = next(iter(self._rings.items()))
            if self.time - ring.since < LONGEST_RING_S:
                break
            self._end(call_id)
            self.call_over(ring, self.time - ring.since, False)
        while self._waiting and self.time - next(iter(self._waiting.values())) > self.tolerance_s + LATE_DROP_S:
            self._waiting.popitem(last=False)

    def surplus(self) -> int:
        """How many calls ring that should not, at this moment, with agents at work. A pacer that knows says it."""
        return 0

    # What a pacer may learn from -------------------------------------------------------------------------------

    def call_begun(self, ring: Ring) -> None:
        """A call was launched."""

    def call_over(self, ring: Ring, age: float, live: bool) -> None:
        """A call that rang ``age`` seconds is over."""

    def call_taken_back(self, ring: Ring, age: float) -> None:
        """A call that rang ``age`` seconds was hung up by us."""

    def phase_over(self, agent_id: Hashable, phase: Phase, lasted: float, then: Phase) -> None:
        """An agent was ``lasted`` seconds in ``phase`` and goes on to ``then``."""

    def dropped(self) -> None:
        """One more live answer was dropped."""

    # Inside ----------------------------------------------------------------------------------------------------

    def _forward(self, now: float) -> None:
        if not math.isfinite(now):
            return
        if self._told is not None:
            step = now - self._told
            if -LATEST_S < step < 0.0:
                return
            self.time += min(max(0.0, step), LONGEST_STEP_S)
        self._told = now

    def _end(self, call_id: Hashable) -> Ring | None:
        """Forget a ringing call. An id that was never launched is remembered in case its launch is told late."""
        ring = self._rings.pop(call_id, None)
        if ring is not None or call_id not in self._ended:
            _remember(self._ended, call_id, self.time if ring is None else None)
        return ring

    def _live(self, call_id: Hashable) -> None:
        self.lives += 1
        while self._early and self.time - self._early[0] > SAME_MOMENT_S:
            self._early.popleft()
        if self._early:
            self._early.popleft()  # its agent was told to talk a moment ago
        else:
            self._waiting[call_id] = self.time

    def _took(self) -> None:
        """An agent has taken a call: the oldest live answer that waits, or one that is told in a moment."""
        if self._waiting:
            self._waiting.popitem(last=False)
        else:
            self._early.append(self.time)
            if len(self._early) > REMEMBERED:
                self._early.popleft()

    def _drop(self, call_id: Hashable) -> None:
        if call_id in self._dropped:
            return
        _remember(self._dropped, call_id, None)
        ring = self._end(call_id)
        if ring is not None:
            self.lives += 1
            self.call_over(ring, self.time - ring.since, True)
        self._waiting.pop(call_id, None)
        self.drops += 1
        self.dropped()


def _remember(memory: OrderedDict[Hashable, V], key: Hashable, value: V) -> None:
    memory[key] = value
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
