"""One connection of the event socket, without the socket (``mod_event_socket.c``).

Bytes to send wait in a queue that somebody (the server, a test) empties with `Session.take`. A reply always comes
before the events its command caused. A reader that is too slow loses events (more than `MAX_EVENTS` waiting) and,
after `MAX_LOST` of them, its connection.
"""

from __future__ import annotations

import hmac
import re
from collections import deque
from collections.abc import Callable
from typing import Protocol

import msgspec

from fsorch.esl.frames import CommandFrame
from fsorch.esl.percent import percent_encode
from fsorch.sim.channel import Channel, Headers, Message, join
from fsorch.sim.events import MYEVENTS, NAMES, SimEvent
from fsorch.sim.machine import Machine
from fsorch.sim.timeline import Timer

__all__ = ["MAX_EVENTS", "MAX_LOST", "Faults", "Owner", "Session"]

MAX_EVENTS = 100_000
MAX_LOST = 500
_GOODBYE = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
_NOT_FOUND = "-ERR command not found"


class Faults(msgspec.Struct):
    """What can be broken on purpose. ``stop_answering``: commands are taken and never answered; ``delay_reply_s``: each
    command is obeyed only then; ``reject``: new connections get the rude rejection of an address outside the ACL."""

    stop_answering: bool = False
    delay_reply_s: float = 0.0
    reject: bool = False


class Owner(Protocol):
    """What a session needs from the switch it belongs to."""

    machine: Machine
    password: str
    users: dict[str, str]
    faults: Faults

    def run_api(self, line: str, answer: Callable[[str], None]) -> None:
        """Run an api command; ``answer`` gets its output, now or later."""
        ...

    def subscriptions_changed(self) -> None:
        """A session subscribed or left."""
        ...


class Session:
    """A client of the event socket. ``channel`` is the call an outbound connection controls."""

    def __init__(
        self, owner: Owner, channel: Channel | None = None, mode: tuple[str, str] = ("full", "static")
    ) -> None:
        self._owner = owner
        self._machine = owner.machine
        self.channel = channel
        self._mode = mode
        self.authorized = channel is not None
        self.closing = False
        self.wake: Callable[[], None] = lambda: None
        self._out: deque[bytes] = deque()
        self._waiting_events = 0
        self.lost = 0
        self._form = "plain"
        self._all = False
        self._names: set[str] = set()
        self._subclasses: set[str] = set()
        self._filters: list[tuple[str, str]] = []
        self._only = ""
        self._linger_s: int | None = None
        self._lingering: Timer | None = None
        self._log_level = ""
        self._deferred: list[SimEvent] | None = None
        self._busy = False
        self._pending: deque[CommandFrame] = deque()
        if channel is None:
            self._write(b"Content-Type: auth/request\n\n")
        self._commands: dict[str, Callable[[CommandFrame, str], str | None]] = {
            "api": self._api,
            "bgapi": self._bgapi,
            "connect": self._connect,
            "divert_events": self._divert,
            "event": self._event,
            "exit": self._exit,
            "...": self._exit,
            "filter": self._filter,
            "getvar": self._getvar,
            "linger": self._linger,
            "log": self._log,
            "myevents": self._myevents,
            "nixevent": self._nixevent,
            "noevents": self._noevents,
            "nolinger": self._nolinger,
            "nolog": self._nolog,
            "resume": self._resume,
            "sendevent": self._sendevent,
            "sendmsg": self._sendmsg,
        }

    # -- bytes out ----------------------------------------------------------------------------------------------------

    def take(self) -> bytes:
        """All bytes that wait to be sent; the queue is empty after."""
        data = b"".join(self._out)
        self._out.clear()
        self._waiting_events = 0
        return data

    @property
    def has_output(self) -> bool:
        """Whether bytes wait."""
        return bool(self._out)

    def _write(self, data: bytes) -> None:
        self._out.append(data)
        self.wake()

    def _reply(self, text: str, more: str = "") -> None:
        text = text.replace("\r", " ").replace("\n", " ")
        self._write(f"Content-Type: command/reply\nReply-Text: {text}\n{more}\n".encode())

    def _api_reply(self, body: str) -> None:
        raw = (body or "-ERR no reply\n").encode("utf-8", "replace")
        self._write(b"Content-Type: api/response\nContent-Length: %d\n\n%s" % (len(raw), raw))

    def close(self) -> None:
        """Say goodbye; the server closes when the queue is sent."""
        if self.closing:
            return
        self.closing = True
        head = b""
        if self.channel is not None:
            head = f"Controlled-Session-UUID: {self.channel.uuid}\nContent-Disposition: disconnect\n".encode()
        self._write(
            b"Content-Type: text/disconnect-notice\n%sContent-Length: %d\n\n%s" % (head, len(_GOODBYE), _GOODBYE)
        )
        self.drop()

    def drop(self) -> None:
        """The connection is gone: no more events, no more commands."""
        self.closing = True
        self._all = False
        self._names.clear()
        self._subclasses.clear()
        self._pending.clear()
        if self._lingering is not None:
            self._lingering.cancel()
        self._owner.subscriptions_changed()
        if self.channel is not None and self.channel.get("socket_host") is not None:
            self.channel.set("socket_host", None)
            if self.channel.get("socket_resume") == "true":
                # CS_RESET: whatever runs on the channel ends (mod_event_socket.c, listener_run).
                self.channel.stop_playback = True
            self._machine.core.wake(self.channel)
        self.wake()

    # -- events -------------------------------------------------------------------------------------------------------

    def wants(self, name: str, subclass: str) -> bool:
        """Whether this client subscribed to such events."""
        return self._all or (subclass in self._subclasses if name == "CUSTOM" else name in self._names)

    def tell(self, event: SimEvent) -> None:
        """An event it subscribed to was fired: filter, count, queue."""
        if self.closing or self._lingering is not None or not self._passes(event):
            return
        if self._deferred is not None:
            self._deferred.append(event)
            return
        if self._waiting_events >= MAX_EVENTS:
            self.lost += 1
            if self.lost > MAX_LOST:
                self._machine.core.counters.killed_readers += 1
                self._out.clear()
                self.drop()
            return
        self._waiting_events += 1
        self._write(event.frame(self._form))

    def _passes(self, event: SimEvent) -> bool:
        if not self._only and not self._filters:
            return True
        headers = event.headers
        if self._only and headers.get("Unique-ID") != self._only:
            return False
        if not self._filters:
            return True
        send = False
        for name, wanted in self._filters:
            value = _header(headers, name)
            negative = wanted.startswith("-")
            wanted = wanted.lstrip("+-")
            if value is None or (send and not negative) or not wanted:
                continue
            if _fits(value, wanted):
                if negative:
                    return False
                send = True
        return send

    # -- commands -----------------------------------------------------------------------------------------------------

    def receive(self, frame: CommandFrame) -> None:
        """Obey one command. While a blocking api command runs, the next ones wait."""
        if self.closing:
            return
        if self._busy:
            self._pending.append(frame)
            return
        faults = self._owner.faults
        if faults.stop_answering:
            return
        if faults.delay_reply_s > 0:
            self._busy = True
            self._machine.core.timeline.after(faults.delay_reply_s, lambda: self._late(frame))
            return
        self._obey(frame)

    def _late(self, frame: CommandFrame) -> None:
        self._busy = False
        if not self.closing:
            self._obey(frame)
        self._go_on()

    def _go_on(self) -> None:
        while self._pending and not self._busy and not self.closing:
            self._obey(self._pending.popleft())

    def _obey(self, frame: CommandFrame) -> None:
        self._machine.core.counters.commands += 1
        self._deferred = []
        word, _, rest = frame.line.strip().partition(" ")
        word = word.lower()
        if not self.authorized:
            reply: str | None = self._login(word, rest.strip())
        else:
            command = self._commands.get(word)
            reply = command(frame, rest.strip()) if command is not None else _NOT_FOUND
        if reply is not None:
            self._reply(reply)
        self._flush()
        if word in ("exit", "...") or (not self.authorized and word in ("auth", "userauth")):
            self.close()

    def _flush(self) -> None:
        events, self._deferred = self._deferred or [], None
        for event in events:
            self.tell(event)

    def _login(self, word: str, rest: str) -> str | None:
        if word == "exit":
            return "+OK bye"
        if word == "auth":
            self.authorized = hmac.compare_digest(rest.encode(), self._owner.password.encode())
        elif word == "userauth":
            name, _, password = rest.partition(":")
            known = self._owner.users.get(name)
            self.authorized = known is not None and hmac.compare_digest(password.encode(), known.encode())
        else:
            return _NOT_FOUND
        return "+OK accepted" if self.authorized else "-ERR invalid"

    def _exit(self, frame: CommandFrame, rest: str) -> str | None:
        return "+OK bye"

    # -- subscriptions ------------------------------------------------------------------------------------------------

    def _event(self, frame: CommandFrame, rest: str) -> str | None:
        words = rest.split()
        form = "plain"
        if words and words[0].lower() in ("plain", "json", "xml"):
            form = words.pop(0).lower()
        if form == "xml":
            return "-ERR xml is not spoken here"
        if not self._subscribe(words):
            return "-ERR no keywords supplied"
        self._form = form
        self._owner.subscriptions_changed()
        return f"+OK event listener enabled {form}"

    def _subscribe(self, words: list[str]) -> bool:
        count = 0
        custom = False
        for word in words:
            if custom:
                self._subclasses.add(word)
            elif word.upper() == "CUSTOM":
                custom = True
            elif word.upper() == "ALL":
                self._all = True
            elif word.upper() in NAMES:
                self._names.add(word.upper())
            else:
                continue
            count += 1
        return count > 0

    def _nixevent(self, frame: CommandFrame, rest: str) -> str | None:
        words = rest.split()
        custom = False
        for word in words:
            if custom:
                self._subclasses.discard(word)
            elif word.upper() == "CUSTOM":
                custom = True
            elif word.upper() == "ALL":
                self._all = False
                self._names.clear()
            elif self._all and word.upper() in NAMES:
                self._all = False
                self._names = set(NAMES) - {word.upper(), "ALL"}
            else:
                self._names.discard(word.upper())
        self._owner.subscriptions_changed()
        return "+OK events nixed" if words else "-ERR no keywords supplied"

    def _noevents(self, frame: CommandFrame, rest: str) -> str | None:
        self._all = False
        self._names.clear()
        self._subclasses.clear()
        self._owner.subscriptions_changed()
        return "+OK no longer listening for events"

    def _myevents(self, frame: CommandFrame, rest: str) -> str | None:
        form, uuid = "plain", ""
        for word in rest.split():
            if word.lower() in ("plain", "json"):
                form = word.lower()
            else:
                uuid = word
        if self.channel is not None:
            uuid = self.channel.uuid
        elif self._machine.find(uuid) is None:
            return "-ERR invalid uuid"
        self._form = form
        self._only = uuid
        self._names.update(MYEVENTS)
        self._owner.subscriptions_changed()
        return "+OK Events Enabled"

    def _filter(self, frame: CommandFrame, rest: str) -> str | None:
        words = rest.split(" ", 2)
        if words[0].lower() == "delete":
            name = words[1] if len(words) > 1 else ""
            value = words[2] if len(words) > 2 else ""
            self._filters = [pair for pair in self._filters if not _same_filter(pair, name, value)]
            return f"+OK filter deleted. [{name or 'all'}][{value}]"
        name, _, value = rest.partition(" ")
        if not name or not value:
            return "-ERR invalid syntax"
        self._filters.append((name, value.strip()))
        return f"+OK filter added. [{name}]=[{value.strip()}]"

    def _divert(self, frame: CommandFrame, rest: str) -> str | None:
        if self.channel is None:
            return "-ERR not controlling a session"
        return "+OK events diverted" if rest.lower() == "on" else "+OK events not diverted"

    # -- odds and ends ------------------------------------------------------------------------------------------------

    def _log(self, frame: CommandFrame, rest: str) -> str | None:
        self._log_level = rest or "7"
        return f"+OK log level {self._log_level} [{self._log_level}]"

    def _nolog(self, frame: CommandFrame, rest: str) -> str | None:
        was, self._log_level = self._log_level, ""
        return "+OK no longer logging" if was else "-ERR not loging"

    def _linger(self, frame: CommandFrame, rest: str) -> str | None:
        if self.channel is None:
            return "-ERR not controlling a session"
        self._linger_s = int(rest) if rest.isdigit() and len(rest) < 6 else -1
        return "+OK will linger" if self._linger_s < 0 else f"+OK will linger {self._linger_s} seconds"

    def _nolinger(self, frame: CommandFrame, rest: str) -> str | None:
        if self.channel is None:
            return "-ERR not controlling a session"
        self._linger_s = None
        return "+OK will not linger"

    def _getvar(self, frame: CommandFrame, rest: str) -> str | None:
        if self.channel is None:
            return _NOT_FOUND
        return self.channel.get(rest) or ""

    def _resume(self, frame: CommandFrame, rest: str) -> str | None:
        if self.channel is None:
            return _NOT_FOUND
        self.channel.set("socket_resume", "true")
        return "+OK"

    def _connect(self, frame: CommandFrame, rest: str) -> str | None:
        if self.channel is None:
            return _NOT_FOUND
        channel, core = self.channel, self._machine.core
        calling = ("mod_event_socket.c", "parse_command", "2021")
        core.sequence += 1
        lead = channel.profile.headers("Caller", (channel.last_hold, channel.hold_accum))
        own: Headers = {"Channel-" + name.removeprefix("Caller-"): value for name, value in lead.items()}
        event = core.build("CHANNEL_DATA", channel, lead=own, calling=calling)
        lines = [f"{name}: {percent_encode(join(value)) or '_undef_'}\n" for name, value in event.headers.items()]
        control, mode = self._mode
        lines.append("Content-Type: command/reply\nReply-Text: %2BOK%0A\n")
        lines.append(f"Socket-Mode: {mode}\nControl: {control}\n\n")
        self._write("".join(lines).encode())
        return None

    # -- api ----------------------------------------------------------------------------------------------------------

    def _api(self, frame: CommandFrame, rest: str) -> str | None:
        done: list[str] = []
        blocked = False

        def answer(text: str) -> None:
            done.append(text)
            if blocked:
                self._busy = False
                if not self.closing:
                    self._api_reply(text)
                    self._go_on()

        self._owner.run_api(rest, answer)
        if done:
            self._api_reply(done[0])
        else:
            blocked = self._busy = True
        return None

    def _bgapi(self, frame: CommandFrame, rest: str) -> str | None:
        core = self._machine.core
        uuid = frame.header("Job-UUID") or core.new_uuid()
        command, _, argument = rest.partition(" ")

        def answer(text: str) -> None:
            lead: Headers = {"Job-UUID": uuid, "Job-Command": command}
            if argument:
                lead["Job-Command-Arg"] = argument
            core.fire("BACKGROUND_JOB", lead=lead, body=text)

        core.timeline.after(0.01, lambda: self._owner.run_api(rest, answer))
        self._reply(f"+OK Job-UUID: {uuid}", f"Job-UUID: {uuid}\n")
        return None

    # -- sendevent and sendmsg ----------------------------------------------------------------------------------------

    def _sendevent(self, frame: CommandFrame, rest: str) -> str | None:
        name = rest.split(" ")[0].upper() if rest else "CUSTOM"
        core = self._machine.core
        uuid = core.new_uuid()
        subclass = frame.header("Event-Subclass") or ""
        skipped = ("event-subclass", "content-length", "content-type")
        front: Headers = {"Command": f"sendevent {rest}"}
        front.update({key: value for key, value in frame.headers if key.lower() not in skipped})
        front["Event-UUID"] = uuid
        body = frame.body.decode("utf-8", "replace") if frame.body else None
        calling = ("mod_event_socket.c", "parse_command", "2275")
        core.timeline.at(
            core.now,
            lambda: core.fire(
                name if name in NAMES else "CUSTOM", subclass=subclass, front=front, body=body, calling=calling
            ),
        )
        if name in ("NOTIFY", "SEND_INFO"):
            self._notify_phone(frame)
        return f"+OK {uuid}"

    def _notify_phone(self, frame: CommandFrame) -> None:
        """A SIP NOTIFY with ``Event: talk`` or ``hold`` for a live leg makes the phone act."""
        channel = self._machine.find(frame.header("uuid") or "")
        event = (frame.header("event-string") or "").lower()
        if channel is not None and event in ("talk", "hold"):
            self._machine.core.notice(channel, event)

    def _sendmsg(self, frame: CommandFrame, rest: str) -> str | None:
        uuid = rest or (self.channel.uuid if self.channel is not None else "")
        channel = self._machine.find(uuid)
        if channel is None:
            return f"-ERR invalid session id [{uuid}]"
        message = _message(frame)
        if message is not None:
            channel.messages.append(message)
            self._machine.core.wake(channel)
        return "+OK"

    # -- outbound: the end of the call --------------------------------------------------------------------------------

    def call_ended(self) -> None:
        """The controlled call was hung up: linger, or say goodbye (capture 13)."""
        if self.channel is None or self.closing or self._lingering is not None:
            return
        if self._linger_s is None:
            self.close()
            return
        channel = self.channel
        head = f"Content-Type: text/disconnect-notice\nControlled-Session-UUID: {channel.uuid}\n"
        seconds = "" if self._linger_s < 0 else f"Linger-Time: {self._linger_s}\n"
        text = f"{head}Content-Disposition: linger\nChannel-Name: {channel.name}\n{seconds}Content-Length: 0\n\n"
        self._write(text.encode())
        wait = 3600 if self._linger_s < 0 else self._linger_s
        self._lingering = self._machine.core.timeline.after(wait + 0.25, self.close)


def _message(frame: CommandFrame) -> Message | None:
    """What a sendmsg asks for; None for commands without an effect here (``nomedia``, unknown ones)."""
    command = (frame.header("call-command") or "").lower()
    uuid = frame.header("Event-UUID") or ""
    if command == "hangup":
        return Message("hangup", cause=frame.header("hangup-cause") or "NORMAL_CLEARING", uuid=uuid)
    if command != "execute":
        return None
    argument = frame.header("execute-app-arg")
    if argument is None:
        argument = frame.body.decode("utf-8", "replace")
    loops = frame.header("loops") or "1"
    number = int(loops) if re.fullmatch(r"-?\d{1,6}", loops) else 1
    lock = (frame.header("event-lock") or "").lower() in ("true", "yes", "1", "on")
    return Message("execute", frame.header("execute-app-name") or "", argument, uuid, number, lock)


def _header(headers: Headers, name: str) -> str | None:
    value = headers.get(name)
    if value is None:
        wanted = name.lower()
        value = next((found for key, found in headers.items() if key.lower() == wanted), None)
    return None if value is None else join(value)


def _fits(value: str, wanted: str) -> bool:
    if wanted.startswith("/"):
        try:
            return re.search(wanted.strip("/"), value) is not None
        except re.error:
            return False
    return value.lower() == wanted.lower()


def _same_filter(pair: tuple[str, str], name: str, value: str) -> bool:
    if not name or name.lower() == "all":
        return True
    return pair[0].lower() == name.lower() and (not value or pair[1] == value)
