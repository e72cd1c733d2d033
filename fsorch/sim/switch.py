"""The virtual switch: a machine with an event socket, in virtual time, without I/O.

    switch = VirtualSwitch(seed=1)
    session = switch.connect()
    switch.receive(session, CommandFrame("auth ClueCon"))
    switch.call(Invite(number="100", destination="park_sales"))
    switch.advance(2.0)
    session.take()          # bytes for the client

The same inputs at the same virtual times give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.clock import US
from fsorch.esl.frames import CommandFrame
from fsorch.sim.api import Api
from fsorch.sim.channel import Channel, Party
from fsorch.sim.dialplan import Dialplan
from fsorch.sim.inbound import Invite
from fsorch.sim.machine import Machine
from fsorch.sim.media import Sounds
from fsorch.sim.session import Faults, Session

__all__ = ["Faults", "VirtualSwitch"]


class VirtualSwitch:
    """A FreeSWITCH in virtual time. ``start_us``: the wall clock (UTC microseconds) at virtual time zero."""

    def __init__(
        self,
        seed: int = 0,
        *,
        password: str = "ClueCon",
        start_us: int = 1_795_289_136_000_000,
        hostname: str = "sim",
        domain: str = "sim.fsorch",
        sounds: Sounds | None = None,
        dialplan: Dialplan | None = None,
        heartbeat_s: float = 20.0,
    ) -> None:
        self.machine = Machine(
            seed,
            start_us=start_us,
            hostname=hostname,
            domain=domain,
            sounds=sounds,
            dialplan=dialplan,
            heartbeat_s=heartbeat_s,
        )
        self.password = password
        self.users: dict[str, str] = {}
        self.faults = Faults()
        self.sessions: list[Session] = []
        self.dial_out: Callable[[Session, str, int], bool] = lambda session, host, port: False
        self._api = Api(self.machine)
        self.machine.apps.socket = self._socket
        self.machine.core.released = self._released

    # -- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Virtual seconds since the start."""
        return self.machine.core.now / US

    def advance(self, to: float) -> None:
        """Let everything happen that is due until ``to`` (virtual seconds since the start)."""
        self.machine.core.timeline.advance(max(round(to * US), self.machine.core.now))

    def next_deadline(self) -> float | None:
        """When something is due next, in virtual seconds, or None."""
        due = self.machine.core.timeline.next_due()
        return None if due is None else due / US

    # -- calls --------------------------------------------------------------------------------------------------------

    def call(self, invite: Invite, party: Party | None = None) -> Channel:
        """Somebody calls the switch; ``party`` is told what happens to the call."""
        return self.machine.call(invite, party)

    # -- sessions -----------------------------------------------------------------------------------------------------

    def connect(self) -> Session:
        """A client has connected: it is asked to authenticate."""
        session = Session(self)
        self.sessions.append(session)
        return session

    def receive(self, session: Session, frame: CommandFrame) -> None:
        """A command came from the client."""
        session.receive(frame)

    def disconnect(self, session: Session) -> None:
        """The client's connection is gone."""
        session.drop()
        if session in self.sessions:
            self.sessions.remove(session)
        self.subscriptions_changed()

    def subscriptions_changed(self) -> None:
        """Who listens has changed."""
        self.machine.core.listeners = [session for session in self.sessions if not session.closing]

    def run_api(self, line: str, answer: Callable[[str], None]) -> None:
        """Run an api command line."""
        self._api.run(line, answer)

    # -- outbound mode ------------------------------------------------------------------------------------------------

    def _socket(self, channel: Channel, argument: str) -> bool:
        """The ``socket`` application: connect out; False if the address is not one or nobody is there."""
        words = argument.split()
        address, _, path = words[0].partition("/") if words else ("", "", "")
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit():
            return False
        control = "full" if "full" in words else "single-channel"
        session = Session(self, channel, (control, "async" if "async" in words else "static"))
        if not self.dial_out(session, host, int(port)):
            return False
        self.sessions.append(session)
        self.subscriptions_changed()
        channel.set("socket_host", host)
        channel.set("socket_path", path or None)
        return True

    def _released(self, channel: Channel) -> None:
        """A channel has reported its end: outbound sessions that controlled it linger or close."""
        for session in list(self.sessions):
            if session.channel is channel:
                session.call_ended()
