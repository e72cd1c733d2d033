"""The call a hook is given: the verbs of `fsorch.hooks.Call` over one `HookSession`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NoReturn, ParamSpec, TypeVar

from gevent.threadpool import ThreadPool

from fsorch.doors import skills_variable
from fsorch.edge.hook_session import HookSession
from fsorch.esl.apps import HangupMsg, PlayAndGetDigits, Say
from fsorch.esl.commands import SetVars
from fsorch.esl.quoting import check_name, display
from fsorch.hooks import HOOK_NAME, CallEnded

__all__ = ["HookCall"]

P = ParamSpec("P")
R = TypeVar("R")
EXTENSION = re.compile(r"[A-Za-z0-9_.*#+-]{1,64}")
MISSING = "FILE NOT FOUND"
# How long the switch may take to hang up, or to let go.
HANGUP_S = 5.0
SILENCE = "silence_stream://10"


class HookCall:
    """Implements `fsorch.hooks.Call`. ``next`` holds what the dialplan is to do after the hook, as variables."""

    def __init__(self, session: HookSession, threads: ThreadPool) -> None:
        data = session.channel
        self.uuid = data.uuid
        # The channel's own profile has another prefix in the answer to connect (capture 13).
        self.number = (data.header("Channel-Caller-ID-Number") or "")[:64]
        self.name = display(data.header("Channel-Caller-ID-Name") or "", 128)
        self.destination = (data.variable("fsorch_dialled") or data.header("Channel-Destination-Number") or "")[:64]
        self.next: dict[str, str] = {}
        self._session = session
        self._threads = threads
        self._answered = data.answer_state == "answered"
        self._asked = 0
        self._hushed = False

    def variable(self, name: str) -> str:
        """A channel variable as it was when the hook began."""
        return self._session.channel.variable(name) or ""

    def set(self, values: Mapping[str, str]) -> None:
        """Set channel variables."""
        self._session.command(SetVars(self.uuid, values))

    def answer(self) -> None:
        """Answer the call."""
        if not self._answered:
            self._run("answer")
            self._answered = True

    def play(self, file: str) -> bool:
        """Play a file to its end; False if there is no such sound."""
        self.music("")
        return self._run("playback", file) != MISSING

    def collect(
        self,
        prompt: str,
        *,
        min: int = 1,
        max: int = 1,
        tries: int = 1,
        timeout_s: float = 5.0,
        digit_timeout_s: float = 3.0,
        terminators: str = "#",
        invalid: str = "",
        pattern: str = r"\d+",
    ) -> str:
        """Play a prompt and take keys; empty if none came that fit."""
        self._hush()
        self.music("")
        self._asked += 1
        # A fresh variable each time: an old one would still hold an old answer (capture 07).
        name = f"fsorch_hook_key_{self._asked}"
        asked = PlayAndGetDigits(
            self.uuid,
            min=min,
            max=max,
            tries=tries,
            timeout_ms=round(timeout_s * 1000),
            terminators=terminators,
            prompt=prompt,
            invalid=invalid or SILENCE,
            variable=name,
            regex=pattern,
            digit_timeout_ms=round(digit_timeout_s * 1000),
        ).execute()
        event = self._session.finish(self._session.start(asked.app, asked.arg))
        # It may be a PIN: variables end up in the switch's CDRs.
        self.set({name: "", f"{name}_invalid": ""})
        return event.variable(name) or ""

    def _hush(self) -> None:
        """The switch writes no key down from now on, neither in its log nor in ``digits_dialed`` of its CDR
        (``switch_channel.c``, switch_channel_queue_dtmf)."""
        if not self._hushed:
            self._hushed = True
            self.set({"sensitive_dtmf": "true"})

    def say(self, kind: str, value: str, *, method: str = "PRONOUNCED", module: str = "en") -> None:
        """Speak a value by the switch's ``say``."""
        self.music("")
        said = Say(self.uuid, module, kind, method, value).execute()
        self._run(said.app, said.arg)

    def lookup(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` on a thread."""
        found = self._threads.apply(_outcome, (function, args, kwargs))
        if self._session.ended.is_set():
            raise CallEnded("gone")
        value, error = found
        if error is not None:
            raise error
        return value  # type: ignore[return-value]  # the value is None where R is

    def music(self, file: str) -> None:
        """Play ``file`` from now on; an empty one ends what plays."""
        self._session.halt()
        if file:
            self._session.start("playback", file)

    def queue(
        self, queue: str, *, priority: int | None = None, skills: Mapping[str, int] | str | None = None
    ) -> NoReturn:
        """Give the call to a queue."""
        check_name(queue, HOOK_NAME, "the queue")
        self.next = {"fsorch_queue": queue}
        if priority is not None:
            self.next["fsorch_priority"] = str(priority)
        if skills:
            self.next["fsorch_skills"] = skills_variable(skills if isinstance(skills, str) else dict(skills))
        raise CallEnded("queue")

    def transfer(self, extension: str, *, context: str = "default", dialplan: str = "XML") -> NoReturn:
        """Send the call to an extension."""
        words = (
            check_name(word, EXTENSION, f"the {what}")
            for word, what in ((extension, "extension"), (dialplan, "dialplan"), (context, "context"))
        )
        self.next = {"fsorch_hook_target": " ".join(words)}
        raise CallEnded("transfer")

    def hangup(self, cause: str = "NORMAL_CLEARING") -> NoReturn:
        """End the call."""
        self._session.command(HangupMsg(self.uuid, cause))
        self._session.ended.wait(HANGUP_S)
        raise CallEnded("hangup")

    def leave(self, variables: Mapping[str, str]) -> None:
        """Stop what still plays, tell the dialplan how the hook ended, and let go of the call. Raises CallEnded or an
        FsorchError; then the dialplan goes on all the same, when the connection is closed.

        While the connection lives ``socket_resume`` is true: should this process die, the switch stops whatever runs
        on the channel and goes on with the dialplan. That reset would hit whatever the dialplan does next if it came
        late, so it is called off first (``mod_event_socket.c``, listener_run)."""
        session = self._session
        session.halt()
        self.set({**variables, "socket_resume": "", **({"sensitive_dtmf": ""} if self._hushed else {})})
        session.post("exit", lambda reply, why: None)
        session.ended.wait(HANGUP_S)

    def _run(self, app: str, argument: str = "") -> str:
        event = self._session.finish(self._session.start(app, argument))
        return event.application_response


def _outcome(
    function: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]
) -> tuple[R | None, BaseException | None]:
    """What a function gives or raises. (An exception that leaves a thread of the pool is printed by gevent.)"""
    try:
        return function(*args, **kwargs), None
    except BaseException as error:  # noqa: BLE001 - raised again where it belongs
        return None, error
