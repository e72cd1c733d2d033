"""The switch without its socket: core, sounds, address book, applications, dialplan, and calls from outside."""

from __future__ import annotations

from fsorch.clock import US
from fsorch.sim.apps import Apps
from fsorch.sim.channel import Channel, Party
from fsorch.sim.conference import Conferences
from fsorch.sim.core import VERSION, Core
from fsorch.sim.dialplan import FSORCH_SETTINGS, Dialplan
from fsorch.sim.endpoints import Dialer, depart
from fsorch.sim.inbound import Invite, create_inbound
from fsorch.sim.media import SOUNDS_DIR, Sounds, fsorch_sounds
from fsorch.sim.relay import Relays
from fsorch.sim.scheduler import Scheduler

__all__ = ["Machine"]


class Machine:
    """All parts of the switch put together."""

    def __init__(
        self,
        seed: int = 0,
        *,
        start_us: int = 1_795_289_136_000_000,
        hostname: str = "sim",
        domain: str = "sim.fsorch",
        sounds: Sounds | None = None,
        dialplan: Dialplan | None = None,
        heartbeat_s: float = 20.0,
    ) -> None:
        self.core = Core(seed, start_us, hostname)
        self.core.globals |= {"sounds_dir": SOUNDS_DIR, **FSORCH_SETTINGS}
        self.sounds = sounds or fsorch_sounds()
        self.dialplan = dialplan or Dialplan()
        self.dialer = Dialer(self.core, domain)
        self.apps = Apps(self.core, self.sounds, self.dialer)
        self.scheduler = Scheduler(self.core)
        self.conferences = Conferences(self.core, self.sounds)
        self.core.apps["conference"] = self.conferences.app
        self.core.route, self.core.extension = self.dialplan.route, self.dialplan.extension
        self.relays = Relays(self.core, self.dialer, self.apps.beep)
        self._heartbeat_s = heartbeat_s
        self._last_sessions = 0
        if heartbeat_s > 0:
            self.core.timeline.after(heartbeat_s, self._beat)

    # -- from outside -------------------------------------------------------------------------------------------------

    def call(self, invite: Invite, party: Party | None = None) -> Channel:
        """Somebody calls the switch."""
        return create_inbound(self.core, invite, party)

    def press(self, channel: Channel, digits: str, *, bound: bool = True) -> None:
        """The far end presses keys; not ``bound``: past what is bound to them."""
        if not channel.hung:
            channel.queue_digits(digits, bound=bound)
            self.core.wake(channel)

    def hang_up(self, channel: Channel, cause: str = "NORMAL_CLEARING") -> None:
        """The far end hangs up (BYE or CANCEL)."""
        depart(self.core, channel, cause)

    # -- lookups ------------------------------------------------------------------------------------------------------

    def find(self, uuid: str) -> Channel | None:
        """A living channel (switch_core_session_locate: one that hangs up is not found any more)."""
        channel = self.core.channels.get(uuid)
        return None if channel is None or channel.hung else channel

    def uptime(self) -> tuple[int, int, int, int, int, int, int]:
        """Years, days, hours, minutes, seconds, milliseconds, microseconds."""
        rest = self.core.now
        parts = []
        for size in (365 * 86400 * US, 86400 * US, 3600 * US, 60 * US, US, 1000, 1):
            parts.append(rest // size)
            rest %= size
        return (parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6])

    # -- heartbeat ----------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        core = self.core
        years, days, hours, minutes, seconds, millis, micros = self.uptime()
        counters = core.counters
        rate = (counters.sessions - self._last_sessions) / self._heartbeat_s
        self._last_sessions = counters.sessions
        core.fire(
            "HEARTBEAT",
            tail={
                "Event-Info": "System Ready",
                "Up-Time": f"{years} years, {days} days, {hours} hours, {minutes} minutes, {seconds} seconds, "
                f"{millis} milliseconds, {micros} microseconds",
                "FreeSWITCH-Version": VERSION,
                "Uptime-msec": str(core.now // 1000),
                "Session-Count": str(len(core.channels)),
                "Max-Sessions": "20000",
                "Session-Per-Sec": "2000",
                "Session-Per-Sec-Last": str(round(rate)),
                "Session-Per-Sec-Max": str(round(rate)),
                "Session-Per-Sec-FiveMin": str(round(rate)),
                "Session-Since-Startup": str(counters.sessions),
                "Session-Peak-Max": str(counters.peak),
                "Session-Peak-FiveMin": str(counters.peak),
                "Idle-CPU": "99.000000",
            },
        )
        core.timeline.after(self._heartbeat_s, self._beat)
