"""How events look: which source line they name, and which of them carry the channel's variables (read off the
captures)."""

from __future__ import annotations

import msgspec

from fsorch.esl.events import encode_plain
from fsorch.sim.channel import Headers, Part, join

__all__ = ["CALLING", "MYEVENTS", "NAMES", "PLAIN_KINDS", "SimEvent"]

CALLING: dict[str, tuple[str, str, str]] = {
    "BACKGROUND_JOB": ("mod_event_socket.c", "api_exec", "1572"),
    "CALL_UPDATE": ("mod_sofia.c", "sofia_receive_message", "2100"),
    "CHANNEL_ANSWER": ("switch_channel.c", "switch_channel_perform_mark_answered", "3846"),
    "CHANNEL_BRIDGE": ("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", "1689"),
    "CHANNEL_CALLSTATE": ("switch_channel.c", "switch_channel_perform_set_callstate", "301"),
    "CHANNEL_CREATE": ("switch_core_state_machine.c", "switch_core_session_run", "626"),
    "CHANNEL_DATA": ("mod_commands.c", "uuid_dump_function", "6468"),
    "CHANNEL_DESTROY": ("switch_core_session.c", "switch_core_session_perform_destroy", "1584"),
    "CHANNEL_EXECUTE": ("switch_core_session.c", "switch_core_session_exec", "2944"),
    "CHANNEL_EXECUTE_COMPLETE": ("switch_core_session.c", "switch_core_session_exec", "2967"),
    "CHANNEL_HANGUP": ("switch_channel.c", "switch_channel_perform_hangup", "3445"),
    "CHANNEL_HANGUP_COMPLETE": ("switch_core_state_machine.c", "switch_core_session_reporting_state", "943"),
    "CHANNEL_HOLD": ("switch_ivr.c", "switch_ivr_hold", "1558"),
    "CHANNEL_ORIGINATE": ("switch_core_state_machine.c", "switch_core_session_run", "632"),
    "CHANNEL_OUTGOING": ("switch_core_session.c", "switch_core_session_outgoing_channel", "768"),
    "CHANNEL_PARK": ("switch_ivr.c", "switch_ivr_park", "1002"),
    "CHANNEL_PROGRESS": ("switch_channel.c", "switch_channel_perform_mark_ring_ready_value", "3505"),
    "CHANNEL_PROGRESS_MEDIA": ("switch_channel.c", "switch_channel_perform_mark_pre_answered", "3560"),
    "CHANNEL_STATE": ("switch_channel.c", "switch_channel_perform_set_running_state", "2408"),
    "CHANNEL_UNBRIDGE": ("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", "1879"),
    "CHANNEL_UNHOLD": ("switch_ivr.c", "switch_ivr_unhold", "1638"),
    "CHANNEL_UNPARK": ("switch_ivr.c", "switch_ivr_park", "1213"),
    "CUSTOM": ("mod_event_socket.c", "parse_command", "2275"),
    "DTMF": ("switch_channel.c", "switch_channel_dequeue_dtmf", "677"),
    "HEARTBEAT": ("switch_core.c", "send_heartbeat", "95"),
    "MEDIA_BUG_START": ("switch_core_media_bug.c", "switch_core_media_bug_add", "1014"),
    "MEDIA_BUG_STOP": ("switch_core_media_bug.c", "switch_core_media_bug_destroy", "84"),
    "PLAYBACK_START": ("switch_ivr_play_say.c", "switch_ivr_play_file", "1646"),
    "PLAYBACK_STOP": ("switch_ivr_play_say.c", "switch_ivr_play_file", "2020"),
    "RECORD_START": ("switch_ivr_play_say.c", "switch_ivr_record_file_event", "767"),
    "RECORD_STOP": ("switch_ivr_play_say.c", "switch_ivr_record_file_event", "1030"),
    "RELOADXML": ("switch_xml.c", "switch_xml_open_root", "2366"),
    "TALK": ("switch_core_media.c", "check_jb", "3321"),
}

PLAIN_KINDS = frozenset({"CHANNEL_CALLSTATE", "CHANNEL_STATE", "CHANNEL_OUTGOING", "DTMF", "CUSTOM"})
"""Channel events without the channel's variables, as long as ``verbose-events`` is off."""

NAMES = frozenset(CALLING) | {
    "ALL", "CLONE", "CHANNEL_APPLICATION", "CHANNEL_UUID", "API", "LOG", "INBOUND_CHAN", "OUTBOUND_CHAN", "STARTUP",
    "SHUTDOWN", "PUBLISH", "UNPUBLISH", "NOTALK", "SESSION_CRASH", "MODULE_LOAD", "MODULE_UNLOAD", "MESSAGE",
    "PRESENCE_IN", "NOTIFY_IN", "PRESENCE_OUT", "PRESENCE_PROBE", "MESSAGE_WAITING", "MESSAGE_QUERY", "ROSTER", "CODEC",
    "DETECTED_SPEECH", "DETECTED_TONE", "PRIVATE_COMMAND", "TRAP", "ADD_SCHEDULE", "DEL_SCHEDULE", "EXE_SCHEDULE",
    "RE_SCHEDULE", "NOTIFY", "SEND_MESSAGE", "RECV_MESSAGE", "REQUEST_PARAMS", "GENERAL", "COMMAND",
    "SESSION_HEARTBEAT",
    "CLIENT_DISCONNECTED", "SERVER_DISCONNECTED", "SEND_INFO", "RECV_INFO", "RECV_RTCP_MESSAGE", "SEND_RTCP_MESSAGE",
    "CALL_SECURE", "NAT", "CALL_SETUP_REQ", "CALL_SETUP_RESULT", "CALL_DETAIL", "DEVICE_STATE", "TEXT",
    "SHUTDOWN_REQUESTED", "FAILURE", "SOCKET_DATA", "MEDIA_BUG_ERROR", "PHONE_FEATURE", "PHONE_FEATURE_SUBSCRIBE",
}  # fmt: skip
"""Every event name the switch knows (``switch_types.h``, switch_event_types_t)."""

MYEVENTS = (
    "CHANNEL_ANSWER", "CHANNEL_APPLICATION", "CHANNEL_BRIDGE", "CHANNEL_CREATE", "CHANNEL_DATA", "CHANNEL_DESTROY",
    "CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_ORIGINATE",
    "CHANNEL_UNBRIDGE", "CHANNEL_OUTGOING", "CHANNEL_PARK", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_STATE",
    "CHANNEL_UNPARK", "CODEC", "DETECTED_SPEECH", "DTMF", "NOTALK", "TALK", "CALL_SECURE", "SEND_INFO", "RECV_INFO",
)  # fmt: skip
"""What ``myevents`` subscribes to: all about one channel (capture 13)."""


class SimEvent:
    """One event that was fired: its headers part by part, no header in two of them. What readers ask for is made
    once: the two encodings, and all headers in one."""

    __slots__ = ("_headers", "_json", "_plain", "body", "name", "parts", "subclass")

    def __init__(self, name: str, subclass: str, parts: list[Part], body: str | None) -> None:
        self.name = name
        self.subclass = subclass
        self.parts = parts
        self.body = body
        self._headers: Headers | None = None
        self._json: bytes | None = None
        self._plain: bytes | None = None

    @property
    def headers(self) -> Headers:
        """All headers in their order."""
        if self._headers is None:
            self._headers = {}
            for part in self.parts:
                self._headers.update(part.headers)
        return self._headers

    def frame(self, form: str) -> bytes:
        """The whole frame in ``json`` or ``plain``."""
        return self.json() if form == "json" else self.plain()

    def json(self) -> bytes:
        """The ``text/event-json`` frame."""
        if self._json is None:
            if self.body is None:
                body = b"{%s}" % b",".join([part.json() for part in self.parts if part.headers])
            else:
                tail = {"Content-Length": str(len(self.body.encode())), "_body": self.body}
                body = msgspec.json.encode({**self.headers, **tail})
            self._json = b"Content-Length: %d\nContent-Type: text/event-json\n\n%s" % (len(body), body)
        return self._json

    def plain(self) -> bytes:
        """The ``text/event-plain`` frame."""
        if self._plain is None:
            body = encode_plain({name: join(value) for name, value in self.headers.items()}, self.body)
            self._plain = b"Content-Length: %d\nContent-Type: text/event-plain\n\n%s" % (len(body), body)
        return self._plain
