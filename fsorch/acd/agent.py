"""The life of an agent at work: two things that never overwrite each other.

*Status* is what the agent chose: available, on break with a reason, logged out. *State* is what the engine knows:
idle, reserved (a phone is being dialled), ringing, talking, wrap-up. A choice made while the agent is busy is a
*wish*: it is kept, shown, may be replaced or taken back (by choosing again what is so now), and is applied on the way
back to idle.

::

            reserve (1)           ring (2)             connect (3)           call ended (5)
      idle ------------> reserved ---------> ringing ------------> talking ----------------> wrap_up
       ^ ^                  |  '-------------- connect (3) ----------^                          |
       | '- release, miss (4), from reserved and ringing                                       |
       '----------------- wrap-up over (6), end wrap-up (7), wish applied ---------------------'

 1 only when available; one offer at a time          5 either side hung up; with no wrap-up time straight to idle
 2 the phone rings                                   6 its time is over
 3 the bridge stands                                 7 the agent is done early
 4 the caller left, or the agent did not take it; a miss delays the next offer
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.errors import RequestRefused
from fsorch.machine import Machine

__all__ = ["Agent", "AgentEffect", "AgentInput", "AgentMachine", "AgentState", "AgentStatus", "Wish"]


class AgentStatus(StrEnum):
    """What the agent chose."""

    LOGGED_OUT = "logged_out"
    AVAILABLE = "available"
    BREAK = "break"


class AgentState(StrEnum):
    """What the engine knows."""

    IDLE = "idle"
    RESERVED = "reserved"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class AgentInput(StrEnum):
    """``reserve``, ``choose`` and ``end_wrap_up`` are requests, the rest are events."""

    RESERVE = "reserve"
    CHOOSE = "choose"
    END_WRAP_UP = "end_wrap_up"
    RING = "ring"
    CONNECT = "connect"
    RELEASE = "release"
    MISS = "miss"
    CALL_ENDED = "call_ended"
    WRAP_UP_OVER = "wrap_up_over"


class AgentEffect(StrEnum):
    """What the step did, for whoever shows and counts it."""

    RESERVED = "reserved"
    RANG = "rang"
    CONNECTED = "connected"
    RELEASED = "released"
    MISSED = "missed"
    ENDED = "ended"
    WRAPPED_UP = "wrapped_up"
    CHOSE = "chose"
    WISHED = "wished"


_S, _I, _E = AgentState, AgentInput, AgentEffect


class AgentMachine(Machine[AgentState, AgentInput, AgentEffect]):
    """The state's table; see the module's picture. ``call_ended`` leads to wrap-up, which :class:`Agent` may skip."""

    NAME = "the agent"
    FIRST = AgentState.IDLE
    TABLE = {
        # State: idle
        (_S.IDLE, _I.RESERVE): (_E.RESERVED, _S.RESERVED),
        (_S.IDLE, _I.CHOOSE): (_E.CHOSE, _S.IDLE),
        (_S.IDLE, _I.RING): (None, _S.IDLE),
        (_S.IDLE, _I.CONNECT): (_E.CONNECTED, _S.TALKING),  # found talking after a restart of ours
        (_S.IDLE, _I.RELEASE): (None, _S.IDLE),
        (_S.IDLE, _I.MISS): (None, _S.IDLE),
        (_S.IDLE, _I.CALL_ENDED): (None, _S.IDLE),
        (_S.IDLE, _I.WRAP_UP_OVER): (None, _S.IDLE),
        # State: reserved
        (_S.RESERVED, _I.CHOOSE): (_E.WISHED, _S.RESERVED),
        (_S.RESERVED, _I.RING): (_E.RANG, _S.RINGING),
        (_S.RESERVED, _I.CONNECT): (_E.CONNECTED, _S.TALKING),
        (_S.RESERVED, _I.RELEASE): (_E.RELEASED, _S.IDLE),
        (_S.RESERVED, _I.MISS): (_E.MISSED, _S.IDLE),
        (_S.RESERVED, _I.CALL_ENDED): (None, _S.RESERVED),
        (_S.RESERVED, _I.WRAP_UP_OVER): (None, _S.RESERVED),
        # State: ringing
        (_S.RINGING, _I.CHOOSE): (_E.WISHED, _S.RINGING),
        (_S.RINGING, _I.RING): (None, _S.RINGING),
        (_S.RINGING, _I.CONNECT): (_E.CONNECTED, _S.TALKING),
        (_S.RINGING, _I.RELEASE): (_E.RELEASED, _S.IDLE),
        (_S.RINGING, _I.MISS): (_E.MISSED, _S.IDLE),
        (_S.RINGING, _I.CALL_ENDED): (None, _S.RINGING),
        (_S.RINGING, _I.WRAP_UP_OVER): (None, _S.RINGING),
        # State: talking
        (_S.TALKING, _I.CHOOSE): (_E.WISHED, _S.TALKING),
        (_S.TALKING, _I.RING): (None, _S.TALKING),
        (_S.TALKING, _I.CONNECT): (None, _S.TALKING),
        (_S.TALKING, _I.RELEASE): (None, _S.TALKING),
        (_S.TALKING, _I.MISS): (None, _S.TALKING),
        (_S.TALKING, _I.CALL_ENDED): (_E.ENDED, _S.WRAP_UP),
        (_S.TALKING, _I.WRAP_UP_OVER): (None, _S.TALKING),
        # State: wrap-up
        (_S.WRAP_UP, _I.CHOOSE): (_E.WISHED, _S.WRAP_UP),
        (_S.WRAP_UP, _I.END_WRAP_UP): (_E.WRAPPED_UP, _S.IDLE),
        (_S.WRAP_UP, _I.RING): (None, _S.WRAP_UP),
        (_S.WRAP_UP, _I.CONNECT): (None, _S.WRAP_UP),
        (_S.WRAP_UP, _I.RELEASE): (None, _S.WRAP_UP),
        (_S.WRAP_UP, _I.MISS): (None, _S.WRAP_UP),
        (_S.WRAP_UP, _I.CALL_ENDED): (None, _S.WRAP_UP),
        (_S.WRAP_UP, _I.WRAP_UP_OVER): (_E.WRAPPED_UP, _S.IDLE),
    }


class Wish:
    """A status, and the reason when it is a break."""

    __slots__ = ("reason", "status")

    def __init__(self, status: AgentStatus, reason: str = "") -> None:
        self.status = status
        self.reason = reason if status is AgentStatus.BREAK else ""

    def __str__(self) -> str:
        return f"break:{self.reason}" if self.status is AgentStatus.BREAK else self.status.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wish) and (self.status, self.reason) == (other.status, other.reason)

    def __hash__(self) -> int:
        return hash((self.status, self.reason))


class Agent:
    """One agent's status and state. ``since`` values are whatever the caller uses for time; the machine only keeps
    them.

    ``status_since`` and ``state_since`` are UTC microseconds, ``idle_since`` monotonic seconds (for longest idle)."""

    __slots__ = ("idle_since", "machine", "state_since", "status", "status_since", "wish")

    def __init__(self) -> None:
        self.machine = AgentMachine()
        self.status = Wish(AgentStatus.LOGGED_OUT)
        self.wish: Wish | None = None
        self.status_since = 0
        self.state_since = 0
        self.idle_since = 0.0

    @property
    def state(self) -> AgentState:
        """What the engine knows."""
        return self.machine.state

    @property
    def free(self) -> bool:
        """Whether a contact may be offered now, as far as choice and state go."""
        return self.state is AgentState.IDLE and self.status.status is AgentStatus.AVAILABLE

    def choose(self, status: AgentStatus, reason: str, wall: int, mono: float) -> AgentEffect:
        """The agent's choice; applied now when idle (``chose``), else kept as the wish (``wished``).

        Raises RequestRefused for a choice that would change nothing because of logging out twice, or in twice."""
        wanted = Wish(status, reason)
        self._check(wanted)
        effect = self.machine.step(AgentInput.CHOOSE)
        if effect is AgentEffect.WISHED:
            self.wish = None if wanted == self.status else wanted
            return AgentEffect.WISHED
        self._apply(wanted, wall, mono)
        return AgentEffect.CHOSE

    def log_in(self, wall: int, mono: float) -> None:
        """From logged out to available. Raises RequestRefused when logged in already."""
        if self.status.status is not AgentStatus.LOGGED_OUT:
            raise RequestRefused("the agent", "logged in already", "log_in")
        self._apply(Wish(AgentStatus.AVAILABLE), wall, mono)

    def resume(self, status: AgentStatus, reason: str, wall: int, mono: float) -> None:
        """The choice that was so at ``wall``, before a restart of ours; idle since ``mono``."""
        self._apply(Wish(status, reason), wall, mono)

    def reserve(self, wall: int) -> None:
        """Take the agent for one offer. Raises RequestRefused when not free."""
        if not self.free:
            raise RequestRefused("the agent", f"{self.status}, {self.state.value}", "reserve")
        self.machine.step(AgentInput.RESERVE)
        self.state_since = wall

    def move(self, input: AgentInput, wall: int, mono: float, *, wrap_up: bool = True) -> AgentEffect | None:
        """An event, or the request ``end_wrap_up``. Back in idle a kept wish is applied. ``wrap_up`` false: none is
        due."""
        before = self.state
        effect = self.machine.step(input)
        if self.state is AgentState.WRAP_UP and before is AgentState.TALKING and not wrap_up:
            self.machine.step(AgentInput.WRAP_UP_OVER)
        if self.state is not before:
            self.state_since = wall
        if self.state is AgentState.IDLE and before is not AgentState.IDLE:
            self._back_to_idle(wall, mono)
        return effect

    def _back_to_idle(self, wall: int, mono: float) -> None:
        self.idle_since = mono
        if self.wish is not None:
            wish, self.wish = self.wish, None
            self._apply(wish, wall, mono)

    def _apply(self, wanted: Wish, wall: int, mono: float) -> None:
        if wanted.status is AgentStatus.AVAILABLE and self.status.status is not AgentStatus.AVAILABLE:
            self.idle_since = mono
        if wanted != self.status:
            self.status_since = wall
        self.status = wanted

    def _check(self, wanted: Wish) -> None:
        out = self.status.status is AgentStatus.LOGGED_OUT
        if out and wanted.status is AgentStatus.LOGGED_OUT:
            raise RequestRefused("the agent", "logged out already", "log_out")
        if out:
            raise RequestRefused("the agent", "logged out", f"choose {wanted}", "log in first")
