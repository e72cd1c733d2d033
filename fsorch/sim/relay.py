"""Calls of the switch to itself: the loopback endpoint, and a SIP address of its own (capture 17).

The outbound leg and the inbound one are the two ends of one wire: what one does, the other sees.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.sim.channel import Channel
from fsorch.sim.core import Core
from fsorch.sim.endpoints import SIP_CAUSES, Dialer, NoTarget, Target, depart, refuse
from fsorch.sim.hearing import falls_silent, sounds, spurts_of
from fsorch.sim.inbound import Invite, create_inbound
from fsorch.sim.lifecycle import answer, pre_answer, refer, ring_ready, transfer

__all__ = ["Relays"]


# The SIP status an INVITE is refused with, where the caller's side finds the cause by the status alone.
STATUSES = {
    "USER_BUSY": 486,
    "CALL_REJECTED": 603,
    "NO_USER_RESPONSE": 480,
    "UNALLOCATED_NUMBER": 404,
    "NORMAL_TEMPORARY_FAILURE": 503,
}


class _Wire:
    """The party of both legs of one call to itself."""

    def __init__(
        self, core: Core, invite: Invite, beep: Callable[[Channel], None], find: Callable[[str], Target | NoTarget]
    ) -> None:
        self._core = core
        self._beep = beep
        self._find = find
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
                profile=self._invite.profile,
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
            core.timeline.at(core.timeline.next_tick() + 1, lambda: depart(core, callee, detail))
        elif what == "dtmf":
            callee.queue_digits(detail)
            core.wake(callee)
        elif what == "talk" and not callee.answered and not callee.hung:
            # sofia.c, sofia_handle_sip_i_notify: answers, and goes on in the dialplan.
            answer(core, callee)
            transfer(core, callee, "auto_answer")

    def _callee_did(self, caller: Channel, what: str, detail: str) -> None:
        core = self._core
        if what in ("early", "answer"):
            caller.profile.set("Callee-ID-Name", caller.profile.get("Destination-Number"))
        if what == "progress":
            ring_ready(core, caller)
        elif what == "play":
            sounds(core, caller, spurts_of(detail))
            if detail.startswith("tone_stream://"):
                core.timeline.after(0.08, lambda: self._beep(caller))
        elif what == "stop":
            falls_silent(core, caller)
        elif what == "redirect":
            self._callee = None
            core.timeline.at(core.timeline.next_tick(), lambda: self._pointed(caller, detail))
        elif what == "refer":
            core.timeline.at(core.timeline.next_tick(), lambda: refer(core, caller, detail))
        elif what == "early":
            core.timeline.at(core.now, lambda: self._early(caller))
        elif what == "answer":
            core.timeline.at(core.now, lambda: answer(core, caller))
        elif what == "hangup" and not caller.hung:
            if caller.answered:
                core.timeline.at(core.timeline.next_tick(), lambda: depart(core, caller, detail))
            elif SIP_CAUSES.get(STATUSES.get(detail, 0)) == detail:
                core.timeline.at(core.timeline.next_tick(), lambda: refuse(core, caller, STATUSES[detail]))
            else:
                # The loopback endpoint passes the cause on; SIP carries it beside the status (Reason: Q.850).
                core.timeline.at(core.timeline.next_tick(), lambda: depart(core, caller, detail))
        elif what == "dtmf":
            caller.queue_digits(detail)
            core.wake(caller)

    def _pointed(self, caller: Channel, uri: str) -> None:
        """The far end points elsewhere: dialled on the same leg, unless that is fatal to it (sofia.c,
        sofia_handle_sip_r_invite)."""
        if caller.hung:
            return
        caller.set("sip_redirected_to", f"<{uri}>")
        target = self._find(f"sofia/{self._invite.profile}/{uri.removeprefix('sip:')}")
        if caller.true("outbound_redirect_fatal"):
            refuse(self._core, caller, 302)
        elif isinstance(target, NoTarget):
            refuse(self._core, caller, 503)
        else:
            caller.party = target.party
            target.party.notice(caller, "ring", "")

    def _early(self, caller: Channel) -> None:
        if self._callee is not None and self._callee.answer_state == "early":
            pre_answer(self._core, caller)


class Relays:
    """Registers the switch's own addresses with the dialer. ``beep`` is told of a caller whose callee plays a tone."""

    def __init__(self, core: Core, dialer: Dialer, beep: Callable[[Channel], None]) -> None:
        self._core = core
        self._dialer = dialer
        self._beep = beep
        self._own: dict[str, tuple[str, str]] = {}
        self.listen("127.0.0.1:5080", "external", "public")
        dialer.loopback = self._loopback
        dialer.itself = self._itself

    def listen(self, address: str, profile: str, context: str) -> None:
        """``profile`` takes SIP calls at ``address`` (host:port) into ``context``."""
        self._own[address] = (profile, context)
        if profile not in self._dialer.profiles:
            self._dialer.profiles.append(profile)

    def _loopback(self, rest: str) -> Target | NoTarget:
        destination, _, more = rest.partition("/")
        context = more.partition("/")[0] or "default"
        wire = _Wire(
            self._core,
            Invite(number="", destination=destination, context=context, kind="loopback"),
            self._beep,
            self._dialer.find,
        )
        return Target(f"loopback/{destination}-a", destination, wire, "internal")

    def _itself(self, address: str) -> Target | None:
        user, _, host = address.partition("@")
        if host not in self._own:
            return None
        profile, context = self._own[host]
        invite = Invite(number="", destination=user, profile=profile, context=context)
        wire = _Wire(self._core, invite, self._beep, self._dialer.find)
        name, _, port = host.partition(":")
        codec = ("G722", "16000", "64000")
        return Target(f"sofia/{profile}/{address}", user, wire, profile, name, port, codec)
