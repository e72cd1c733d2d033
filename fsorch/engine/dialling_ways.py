"""The ways by which campaigns dial: which gateway has room, how fast each may be used, and which is left alone."""

from __future__ import annotations

from fsorch.engine.core import Core
from fsorch.engine.dialling_state import Dial, Limit
from fsorch.gateways import GatewaySpec, dialled

__all__ = ["Ways"]

# Without a limit, so many at once.
MOST = 500


class Ways:
    """The gateways of the centre. A dial holds a line of its gateway from its launch to its end."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._limits: dict[str, Limit] = {}
        self._used: dict[str, int] = {}
        self._rests: dict[str, float] = {}

    def configure(self) -> None:
        """The centre has changed."""
        for spec in self.core.centre.gateways:
            if spec.id not in self._limits or self._limits[spec.id].per_s != spec.cps:
                self._limits[spec.id] = Limit(spec.cps)

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

    def switch(self, names: tuple[str, ...]) -> str:
        """The switch of the first of these that has room; empty: none has."""
        return next((self._switch(spec) for spec in self.of(names) if self._room(spec)), "")

    def used(self, gateway: str) -> int:
        """The lines of a gateway that are in use."""
        return self._used.get(gateway, 0)

    def room(self, names: tuple[str, ...]) -> int:
        """How many calls these have room for now."""
        return min(MOST, sum(self._room(spec) for spec in self.of(names)))

    def next(self, dial: Dial) -> str:
        """Take a line of the next gateway that has room for ``dial``, and say what to dial; empty: none has."""
        self.free(dial)
        now = self.core.now.mono
        resting: list[GatewaySpec] = []
        for spec in self.of(dial.ways):
            if not self._room(spec):
                continue
            if self._rests.get(spec.id, 0.0) > now:
                resting.append(spec)
                continue
            return self._take(dial, spec)
        return self._take(dial, resting[0]) if resting else ""

    def _take(self, dial: Dial, spec: GatewaySpec) -> str:
        # What is left are the single gateways that have not been tried.
        dial.ways = tuple(one.id for one in self.of(dial.ways) if one.id != spec.id)
        dial.gateway, dial.switch = spec.id, self._switch(spec)
        self.hold(dial)
        self._limits[spec.id].take(self.core.now.mono)
        return spec.dial.replace("{number}", dialled(spec, dial.number))

    def hold(self, dial: Dial) -> None:
        """``dial`` takes a line of its gateway."""
        self._used[dial.gateway] = self._used.get(dial.gateway, 0) + 1
        dial.holds_line = True

    def free(self, dial: Dial) -> None:
        """The line that ``dial`` holds is free."""
        if self._used.get(dial.gateway, 0) > 0 and dial.holds_line:
            self._used[dial.gateway] -= 1
        dial.holds_line = False

    def rest(self, gateway: str) -> None:
        """A gateway has failed by itself: others come first for a while."""
        spec = next((one for one in self.core.centre.gateways if one.id == gateway), None)
        if spec is not None and spec.rest_s > 0:
            self._rests[gateway] = self.core.now.mono + spec.rest_s

    def _room(self, spec: GatewaySpec) -> int:
        limit = self._limits.get(spec.id)
        if limit is None or not self._switch(spec):
            return 0
        room = limit.room(self.core.now.mono)
        lines = spec.lines - self.used(spec.id) if spec.lines else MOST
        return max(0, lines if room is None else min(room, lines))

    def _switch(self, spec: GatewaySpec) -> str:
        """The switch of a gateway, if it can be reached."""
        up = [switch.name for switch in self.core.switches.values() if switch.up]
        return (spec.switch if spec.switch in up else "") if spec.switch else next(iter(up), "")
