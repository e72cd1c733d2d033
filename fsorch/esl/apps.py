"""``sendmsg``: applications run on a channel (``switch_ivr.c``, switch_ivr_parse_event)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

from fsorch.esl.command import APP, CAUSE, NAME, Command, check_natural, check_uuid
from fsorch.esl.quoting import app_argument, check_name, words

__all__ = ["AppCommand", "Eavesdrop", "Execute", "HangupMsg", "PlayAndGetDigits", "Playback", "Say"]

_BODY_OVER = 8 * 1024  # bytes of an application's argument above which it travels as the body of sendmsg


class Execute(Command, frozen=True):
    """Run an application on a channel. Its CHANNEL_EXECUTE and CHANNEL_EXECUTE_COMPLETE carry ``event_uuid`` as
    Application-UUID. A long argument, or one that begins with a blank, goes as the body (``switch_ivr.c``,
    switch_ivr_parse_event). ``event_lock`` makes it wait for what runs already; ``loops`` -1 repeats until stopped."""

    uuid: str
    app: str
    arg: str = ""
    event_uuid: str = ""
    loops: int = 1
    event_lock: bool = False
    async_: bool = False

    def _block(self) -> str:
        lines = [
            f"sendmsg {check_uuid(self.uuid)}",
            "call-command: execute",
            f"execute-app-name: {check_name(self.app, APP, 'the application')}",
        ]
        if self.loops != 1:
            lines.append(f"loops: {self.loops if self.loops == -1 else check_natural(self.loops)}")
        if self.event_lock:
            lines.append("event-lock: true")
        if self.async_:
            lines.append("async: true")
        if self.event_uuid:
            lines.append(f"Event-UUID: {check_uuid(self.event_uuid)}")
        argument = app_argument(self.arg, f"the argument of {self.app}")
        return "\n".join([*lines, *_argument_lines(argument)])


def _argument_lines(argument: str) -> Iterable[str]:
    size = len(argument.encode())
    if not argument:
        return ()
    if size <= _BODY_OVER and not argument.startswith(" "):
        return (f"execute-app-arg: {argument}",)
    return ("content-type: text/plain", f"content-length: {size}", "", argument)


class AppCommand(Command, frozen=True):
    """An application with typed arguments; on the wire it is the `Execute` that `execute` gives."""

    uuid: str

    @abstractmethod
    def execute(self) -> Execute:
        """The same as a general `Execute`."""

    def _block(self) -> str:
        return self.execute()._block()


class Playback(AppCommand, frozen=True):
    """Play a file or a stream (``local_stream://moh``). A missing file ends at once with FILE NOT FOUND."""

    file: str
    event_uuid: str = ""

    def execute(self) -> Execute:
        return Execute(self.uuid, "playback", self.file, self.event_uuid)


class PlayAndGetDigits(AppCommand, frozen=True):
    """Play a prompt and collect ``min`` to ``max`` digits into ``variable``, asking up to ``tries`` times.

    ``timeout_ms`` runs after the prompt (at least 1000), ``digit_timeout_ms`` between digits (0: the same). Use a fresh
    ``variable`` for every prompt: on failure the switch leaves it as it was (``mod_dptools.c``; capture 07).
    """

    min: int
    max: int
    tries: int
    timeout_ms: int
    terminators: str
    prompt: str
    invalid: str
    variable: str
    regex: str = r"\d+"
    digit_timeout_ms: int = 0
    event_uuid: str = ""

    def execute(self) -> Execute:
        numbers = (self.min, self.max, self.tries, self.timeout_ms)
        rest = (
            self.terminators,
            self.prompt,
            self.invalid,
            check_name(self.variable, NAME, "the variable"),
            self.regex,
        )
        argument = words(
            [*(str(check_natural(number)) for number in numbers), *rest, str(check_natural(self.digit_timeout_ms))]
        )
        return Execute(self.uuid, "play_and_get_digits", argument, self.event_uuid)


class Say(AppCommand, frozen=True):
    """Speak a number, a date, money: ``say en NUMBER PRONOUNCED text``. ``module`` may name a voice: ``en:en``."""

    module: str
    type: str
    method: str
    text: str
    event_uuid: str = ""

    def execute(self) -> Execute:
        head = [check_name(part, NAME, "a word of say") for part in (self.module, self.type, self.method)]
        return Execute(self.uuid, "say", words([*head, self.text]), self.event_uuid)


class Eavesdrop(AppCommand, frozen=True):
    """Let the channel ``uuid`` listen to ``target``. Keys: 2 or 1 speak to one of the two, 3 to both, 0 to none."""

    target: str
    event_uuid: str = ""

    def execute(self) -> Execute:
        return Execute(self.uuid, "eavesdrop", check_uuid(self.target), self.event_uuid)


class HangupMsg(Command, frozen=True):
    """Hang the channel up by sendmsg, after what is queued on it (`Kill` does not wait)."""

    uuid: str
    cause: str = "NORMAL_CLEARING"

    def _block(self) -> str:
        cause = check_name(self.cause, CAUSE, "the cause")
        return f"sendmsg {check_uuid(self.uuid)}\ncall-command: hangup\nhangup-cause: {cause}"
