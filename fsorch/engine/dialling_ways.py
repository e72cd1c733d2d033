"""The ways by which campaigns dial: which gateway has room, how fast each may be used, and which is left alone.

How each fares is followed by :class:`fsorch.campaign.gateway_health.GatewayHealth`. A gateway that rests comes after
all others; a dead one is not used at all but for the one call that tries it when its rest is over.
"""

from __future__ import annotations

from typing import Any

from fsorch.campaign.gateway_health import GatewayHealth, HealthEffect
from fsorch.campaigns import Outcome, outcome_of
from fsorch.causes import Cause
from fsorch.clock import US
from fsorch.engine.core import Core
from fsorch.engine.dialling_state import Dial, Limit
from fsorch.engine.facts import FactKind
from fsorch.gateways import GatewaySpec, dialled

__all__ = ["NO_ROOM", "Ways"]

# Without a limit, so many at once.
MOST = 500
# What FreeSWITCH says of a gateway that does not exist, or has not answered its pings (mod_sofia of 1.10.12).
OWN = frozenset({Cause.INVALID_GATEWAY, Cause.GATEWAY_DOWN})
# An answer so long after the dial of which no ringing was told: its gateway tells of none.
MUTE_S = 3.0
# Of a call that never rang: nothing came back at all.
SILENT = frozenset({Cause.NO_ANSWER, Cause.PROGRESS_TIMEOUT, Cause.RECOVERY_ON_TIMER_EXPIRE})
# The network has no room, or did not say why, or the gateway is away: another may have.
NO_ROOM = frozenset({Outcome.CONGESTION, Outcome.FAILED})
UNTOLD = frozenset({Outcome.CANCELLED, Outcome.LOST, Outcome.NOANSWER})


class Ways:
    """The gateways of the centre. A dial holds a line of its gateway from its launch to its end."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._limits: dict[str, Limit] = {}
        self._used: dict[str, int] = {}
        self._known: dict[str, GatewaySpec] = {}
        self._health: dict[str, GatewayHealth] = {}
        # Attempts whose agents are ready, and which wait for a gateway to take one more launch: their turn comes first,
        # and they go in the order in which they came.
        self._waiting: dict[str, list[str]] = {}
        # The attempt that tries a gateway.
        self._trials: dict[str, str] = {}
        # Those that say when a phone rings: they have.
        self._telling: set[str] = set()
        # Those of which people have answered whose phones were not heard to ring: they never say.
        self._mute: set[str] = set()

    def configure(self) -> None:
        """The centre has changed. Who has edited a gateway wants to see whether it works now."""
        before, self._known = self._known, {spec.id: spec for spec in self.core.centre.gateways}
        for id, spec in self._known.items():
            if id not in self._limits or self._limits[id].per_s != spec.cps:
                self._limits[id] = Limit(spec.cps)
            if id not in self._health or before.get(id) != spec:
                self._health[id] = GatewayHealth(spec.rest_s)
                self._telling.discard(id)
                self._mute.discard(id)
        for id in self._health.keys() - self._known.keys():
            del self._health[id]

    def of(self, names: tuple[str, ...]) -> list[GatewaySpec]:
        """The gateways of a campaign, in order; of a group, those with the most room first."""
        known = self.core.centre.gateways
        found: dict[str, GatewaySpec] = {}
        for name in names:
            own = [spec for spec in known if spec.id == name]
            found |= {spec.id: spec for spec in own or sorted(self._group(name), key=self._busy)}
        return list(found.values())

    def _group(self, name: str) -> list[GatewaySpec]:
        return [spec for spec in self.core.centre.gateways if spec.group == name]

    def _busy(self, spec: GatewaySpec) -> float:
        return self._used.get(spec.id, 0) / (spec.lines or 1_000)

    def used(self, gateway: str) -> int:
        """The lines of a gateway that are in use."""
        return self._used.get(gateway, 0)

    def room(self, names: tuple[str, ...]) -> int:
        """How many calls these have room for now."""
        return min(MOST, sum(self._room(spec) for spec in self.of(names)))

    def keep(self, dial: Dial) -> bool:
        """Keep a line for ``dial``, whose agent's own phone rings first: others, who want every line there is, would
        have taken it before the phone is picked up. False: no gateway has room."""
        spec = next((one for one in self.of(dial.ways) if self._room(one)), None)
        if spec is not None:
            dial.gateway, dial.switch = spec.id, self._switch(spec)
            self.hold(dial)
        return spec is not None

    def next(self, dial: Dial) -> str:
        """Take a line of the next gateway that has room for ``dial``, and say what to dial; empty: none has. A line
        that was kept for it stays so, and the next launch that its gateway takes is its."""
        kept = dial.gateway if dial.holds_line and not dial.leg else ""
        self._give_back(dial)
        endpoint = self._next(dial)
        if endpoint or not kept:
            self._leave(kept, dial)
            return endpoint
        dial.gateway = kept
        self.hold(dial)
        if dial.id not in self._queue(kept):
            self._waiting.setdefault(kept, []).append(dial.id)
        return ""

    def turn_s(self, dial: Dial) -> float:
        """How long it may take until the gateway of ``dial``, which waits for it to take a launch, has taken those of
        all who were there before, and its own: seconds."""
        per_s = self._limits[dial.gateway].per_s if dial.holds_line else 0.0
        return (self._before(dial.gateway, dial) + 1) / per_s if per_s > 0 else 0.0

    def _queue(self, gateway: str) -> list[str]:
        return self._waiting.get(gateway, [])

    def _before(self, gateway: str, dial: Dial | None) -> int:
        """How many wait for a launch of a gateway and come before ``dial`` (none: before whoever does not wait)."""
        queue = self._queue(gateway)
        return queue.index(dial.id) if dial is not None and dial.id in queue else len(queue)

    def _leave(self, gateway: str, dial: Dial) -> None:
        if dial.id in self._queue(gateway):
            self._waiting[gateway].remove(dial.id)

    def _next(self, dial: Dial) -> str:
        resting: list[GatewaySpec] = []
        for spec in self.of(dial.ways):
            if not self._room(spec, dial):
                continue
            if self._of(spec).rests(self.core.now.mono):
                resting.append(spec)
                continue
            return self._take(dial, spec)
        return self._take(dial, resting[0]) if resting else ""

    def _take(self, dial: Dial, spec: GatewaySpec) -> str:
        # What is left are the single gateways that have not been tried.
        dial.ways = tuple(one.id for one in self.of(dial.ways) if one.id != spec.id)
        dial.gateway, dial.switch = spec.id, self._switch(spec)
        dial.silent_s = 0.0 if spec.id in self._mute else spec.silent_s
        dial.follows, dial.identity = spec.redirects, spec.identity
        self.hold(dial)
        if self._of(spec).tries(self.core.now.mono):
            self._trials[spec.id] = dial.id
        self._limits[spec.id].take(self.core.now.mono)
        return spec.dial.replace("{number}", dialled(spec, dial.number))

    def hold(self, dial: Dial) -> None:
        """``dial`` takes a line of its gateway."""
        self._used[dial.gateway] = self._used.get(dial.gateway, 0) + 1
        dial.holds_line = True

    def free(self, dial: Dial) -> None:
        """The line that ``dial`` holds is free."""
        self._leave(dial.gateway, dial)
        self._give_back(dial)

    def _give_back(self, dial: Dial) -> None:
        if self._used.get(dial.gateway, 0) > 0 and dial.holds_line:
            self._used[dial.gateway] -= 1
        dial.holds_line = False
        if self._trials.get(dial.gateway) == dial.id:
            del self._trials[dial.gateway]

    # -- how they fare --------------------------------------------------------------------------------------------

    def went(self, dial: Dial, cause: str) -> None:
        """A call that was not answered has ended with ``cause``; an empty one: nobody heard how."""
        if dial.ringing_at or not self._is_its_fault(dial.gateway, cause):
            if cause and self._outcome(dial.gateway, cause) not in UNTOLD:
                self.worked(dial)
            return
        health = self._health.get(dial.gateway)
        if health is not None:
            now = self.core.now.mono
            effect = health.failed(cause, dial.since, now, own=Cause.of(cause) in OWN)
            self._tell(dial.gateway, health, effect)

    def meant(self, gateway: str, cause: str) -> Outcome | None:
        """What the carrier of a gateway means by a cause of a call that nobody answered; None: the usual."""
        spec = self._known.get(gateway)
        return spec.causes.get(cause) if spec is not None else None

    def verdict(self, dial: Dial, cause: str) -> Outcome | None:
        """What the gateway of a call that nobody answered makes of its end; None: the usual. Where it has said of
        others when a phone rings, and nothing at all came back of this one, none has: the call was lost on the way. So
        it was where nothing came back for as long as its gateway may be silent."""
        found = Cause.of(cause)
        known = dial.gateway in self._telling or found is Cause.PROGRESS_TIMEOUT
        lost = not dial.ringing_at and found in SILENT and known
        return self.meant(dial.gateway, cause) or (Outcome.FAILED if lost else None)

    def _outcome(self, gateway: str, cause: str) -> Outcome:
        return self.meant(gateway, cause) or outcome_of(Cause.of(cause))

    def _is_its_fault(self, gateway: str, cause: str) -> bool:
        """Whether a call that never rang has ended for want of a line. What its carrier means by the cause says more
        than that nothing came back."""
        silent = Cause.of(cause) in SILENT and self.meant(gateway, cause) is None
        return bool(cause) and (silent or self._outcome(gateway, cause) in NO_ROOM)

    def tells(self, gateway: str) -> bool:
        """Whether a gateway says when a phone rings, as far as is known."""
        return gateway in self._telling

    def worked(self, dial: Dial) -> None:
        """A call got somewhere: it rings, is answered, or was turned down out there."""
        if dial.ringing_at:
            self._telling.add(dial.gateway)
            self._mute.discard(dial.gateway)
        elif dial.answered_at and self.core.now.mono - dial.since > MUTE_S and dial.gateway not in self._telling:
            self._mute.add(dial.gateway)
        if self._trials.get(dial.gateway) == dial.id:
            # Its talk may last; another that is to try the gateway does not wait for that.
            del self._trials[dial.gateway]
        health = self._health.get(dial.gateway)
        if health is not None and health.failures:
            self._tell(dial.gateway, health, health.worked(dial.since, self.core.now.mono))

    def to_blame(self, dial: Dial, cause: str) -> bool:
        """Whether a call has ended for the sake of its gateway, which is dead, and not for its lead's."""
        health, unheard = self._health.get(dial.gateway), not (dial.ringing_at or dial.answered_at)
        return health is not None and health.dead and unheard and self._is_its_fault(dial.gateway, cause)

    def until(self, gateway: str) -> int:
        """When a gateway that rests is tried again, in UTC microseconds."""
        health = self._health.get(gateway)
        left_s = health.until - self.core.now.mono if health is not None else 0.0
        return self.core.now.wall + round(max(0.0, left_s) * US)

    def asleep(self, names: tuple[str, ...]) -> str:
        """Why none of these may be used now, for they are all dead; empty: one may."""
        now, words = self.core.now.mono, list[str]()
        for spec in self.of(names):
            health = self._of(spec)
            if not (health.dead and health.rests(now)):
                return ""
            words.append(
                f"its gateway {spec.id} has failed {health.failures} times in a row ({health.cause}) "
                f"and is tried again in {max(1, round(health.until - now))} s"
            )
        return "; ".join(words)

    def _of(self, spec: GatewaySpec) -> GatewayHealth:
        return self._health.setdefault(spec.id, GatewayHealth(spec.rest_s))

    def _tell(self, gateway: str, health: GatewayHealth, effect: HealthEffect | None) -> None:
        if effect is HealthEffect.MEND:
            self.core.fact(FactKind.GATEWAY_BACK, gateway=gateway)
        elif effect is not None:
            fields: dict[str, Any] = {"failures": health.failures, "cause": health.cause, "until": self.until(gateway)}
            self.core.fact(FactKind.GATEWAY_RESTS, gateway=gateway, **fields, dead=health.dead)

    def _room(self, spec: GatewaySpec, dial: Dial | None = None) -> int:
        """How many calls a gateway takes now; of ``dial``, if that waits for it."""
        limit = self._limits.get(spec.id)
        if limit is None or not self._switch(spec):
            return 0
        room = limit.room(self.core.now.mono)
        room = room - self._before(spec.id, dial) if room is not None else None
        lines = spec.lines - self.used(spec.id) if spec.lines else MOST
        return max(0, min(lines if room is None else min(room, lines), self._trusted(spec)))

    def _trusted(self, spec: GatewaySpec) -> int:
        """How many calls a gateway is trusted with now."""
        health, now = self._of(spec), self.core.now.mono
        if health.tries(now):
            return 0 if spec.id in self._trials else 1
        return 0 if health.dead and health.rests(now) else MOST

    def _switch(self, spec: GatewaySpec) -> str:
        """The switch of a gateway, if it can be reached."""
        up = [switch.name for switch in self.core.switches.values() if switch.up]
        return (spec.switch if spec.switch in up else "") if spec.switch else next(iter(up), "")
