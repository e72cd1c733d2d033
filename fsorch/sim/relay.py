"""Calls of the switch to itself: the loopback endpoint, and a SIP address of its own (capture 17).

The outbound leg and the inbound one are the two ends of one wire: what one does, the other sees.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.sim.channel import Channel
from fsorch.sim.core import Core
from fsorch.sim.endpoints import Dialer, NoTarget, Target, refuse
from fsorch.sim.inbound import Invite, create_inbound
from fsorch.sim.lifecycle import answer, hangup, pre_answer, ring_ready

__all__ = ["Relays"]


class _Wire:
    """The party of both legs of one call to itself."""

    def __init__(self, core: Core, invite: Invite, beep: Callable[[Channel], None]) -> None:
        self._core = core
        self._beep = beep
        self._invite = invite
        self._caller: Channel | None = None
        self._callee: Channel | None = None

    def notice(self, channel: Channel, what: str, detail: str) -> None:
        """Carry what one end did to the other."""
        core = self._core
        if what == "ring" and self._callee is None:
            self._caller = channel
            profile = channel.profile
            name, number = profile.get("Caller-ID-Name"), profile.get("Caller-ID-Number")
            invite = Invite(
                number=number,
                name=name,
                destination=self._invite.destination,
                context=self._invite.context,
                kind=self._invite.kind,
                codec=channel.codec,
                port=0,
            )
            self._callee = create_inbound(core, invite, self)
            return
        caller, callee = self._caller, self._callee
        if caller is None or callee is None:
            return
        if channel is callee:
            self._callee_did(caller, what, detail)
        elif what == "hangup" and not callee.hung:
            callee.disposition = "recv_bye"
            core.timeline.at(core.timeline.next_tick() + 1, lambda: hangup(core, callee, detail))
        elif what == "dtmf":
            callee.dtmf.extend(detail)
            core.wake(callee)

    def _callee_did(self, caller: Channel, what: str, detail: str) -> None:
        core = self._core
        if what in ("early", "answer"):
            caller.profile.set("Callee-ID-Name", caller.profile.get("Destination-Number"))
        if what == "progress":
            ring_ready(core, caller)
        elif what == "play" and detail.startswith("tone_stream://"):
            core.timeline.after(0.08, lambda: self._beep(caller))
        elif what == "early":
            core.timeline.at(core.now, lambda: self._early(caller))
        elif what == "answer":
            core.timeline.at(core.now, lambda: answer(core, caller))
        elif what == "hangup" and not caller.hung:
            if caller.answered:
                caller.disposition = "recv_bye"
                core.timeline.at(core.timeline.next_tick(), lambda: hangup(core, caller, detail))
            else:
                status = {"USER_BUSY": 486, "CALL_REJECTED": 603, "NO_ROUTE_DESTINATION": 404}.get(detail, 480)
                core.timeline.at(core.timeline.next_tick(), lambda: refuse(core, caller, status))
        elif what == "dtmf":
            caller.dtmf.extend(detail)
            core.wake(caller)

    def _early(self, caller: Channel) -> None:
        if self._callee is not None and self._callee.answer_state == "early":
            pre_answer(self._core, caller)


class Relays:
    """Registers the switch's own addresses with the dialer. ``beep`` is told of a caller whose callee plays a tone; ``own``:
    the host:port the switch listens on for SIP."""

    def __init__(
        self, core: Core, dialer: Dialer, beep: Callable[[Channel], None], own: tuple[str, ...] = ("127.0.0.1:5080",)
    ) -> None:
        self._core = core
        self._beep = beep
        self._own = own
        dialer.loopback = self._loopback
        dialer.itself = self._itself

    def _loopback(self, rest: str) -> Target | NoTarget:
        destination, _, more = rest.partition("/")
        context = more.partition("/")[0] or "default"
        wire = _Wire(
            self._core, Invite(number="", destination=destination, context=context, kind="loopback"), self._beep
        )
        return Target(f"loopback/{destination}-a", destination, wire, "internal")

    def _itself(self, address: str) -> Target | None:
        user, _, host = address.partition("@")
        if host not in self._own:
            return None
        wire = _Wire(self._core, Invite(number="", destination=user), self._beep)
        name, _, port = host.partition(":")
        codec = ("G722", "16000", "64000")
        return Target(f"sofia/external/{address}", user, wire, "external", name, port, codec)
