"""What a module of hooks is written with: ``@hook("verify-pin")`` and the call it is given.

::

    from fsorch.hooks import Call, hook

    @hook("verify-pin", limit_s=90)
    def verify_pin(call: Call) -> None:
        call.answer()
        pin = call.collect("pin_please.wav", max=4)
        if call.lookup(customers.check, call.number, pin):
            call.queue("gold")
        call.queue("support")

A hook is plain code that blocks: each call runs in a greenlet of its own, so 500 can wait for keys at once. When the
caller hangs up, the verb that runs raises `CallEnded`, which a hook need not catch (and must not swallow: it is no
``Exception``). ``queue``, ``transfer`` and ``hangup`` do not come back for the same reason. A hook that returns, raises
or takes longer than its limit leaves the caller to the dialplan behind the ``socket`` application, or to its fallback.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import NoReturn, ParamSpec, Protocol, TypeVar

import msgspec

from fsorch.errors import ConfigError

__all__ = ["HOOK_NAME", "Call", "CallEnded", "Hook", "hook", "hooks_of"]

P = ParamSpec("P")
R = TypeVar("R")
HOOK_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
MARK = "__fsorch_hook__"


class CallEnded(BaseException):
    """The call is no longer the hook's: the caller hung up, or a verb gave it away. ``way`` is gone, queue, transfer or
    hangup. Not an Exception, so that ``except Exception`` does not hold it up."""

    def __init__(self, way: str) -> None:
        super().__init__(f"the call is over for its hook: {way}")
        self.way = way


class Call(Protocol):
    """The call of a hook. Verbs block until they are done and raise `CallEnded` when the caller is gone.

    ``number`` and ``name`` are what the caller says of himself, ``destination`` is what he dialled: data, not truth. A
    value that must not reach the switch (line breaks, ``${``) is refused with an EslError; a switch that does not
    answer is a LinkError. Either, when not caught, ends the hook like any other error."""

    uuid: str
    number: str
    name: str
    destination: str

    def variable(self, name: str) -> str:
        """A channel variable as it was when the hook began; empty if it was not set."""
        ...

    def set(self, values: Mapping[str, str]) -> None:
        """Set channel variables; an empty value unsets one."""
        ...

    def answer(self) -> None:
        """Answer the call; nothing happens if it is answered."""
        ...

    def play(self, file: str) -> bool:
        """Play a file or stream, as FreeSWITCH's playback takes it, to its end. False: there is no such sound."""
        ...

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
        """Play ``prompt`` and take ``min`` to ``max`` keys that match ``pattern``; empty after ``tries`` rounds
        without. Keys end the prompt. What was keyed leaves no trace in the channel's variables, nor in the switch's
        log."""
        ...

    def say(self, kind: str, value: str, *, method: str = "PRONOUNCED", module: str = "en") -> None:
        """Speak a value by the switch's ``say`` (NUMBER, CURRENCY, TELEPHONE_NUMBER, SHORT_DATE_TIME...); it needs
        mod_say for the language and its sounds."""
        ...

    def lookup(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` (a query, an HTTP request) on a thread, so that no library in it holds up other calls. What
        it raises comes out. The time limit of the hook ends the wait, not the thread."""
        ...

    def music(self, file: str) -> None:
        """Play ``file`` from now on, beside what the hook does; the next verb that plays, or an empty ``file``, ends
        it."""
        ...

    def queue(
        self, queue: str, *, priority: int | None = None, skills: Mapping[str, int] | str | None = None
    ) -> NoReturn:
        """Give the call to a queue of the centre: the engine owns it from then on. ``skills``: asked for beside the
        queue's own, with levels, or as an expression (see :mod:`fsorch.demands`)."""
        ...

    def transfer(self, extension: str, *, context: str = "default", dialplan: str = "XML") -> NoReturn:
        """Send the call to an extension of the dialplan."""
        ...

    def hangup(self, cause: str = "NORMAL_CLEARING") -> NoReturn:
        """End the call."""
        ...


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """A named function. ``limit_s`` 0: the limit of the settings; ``fallback``: the queue of a caller it fails (empty:
    as the settings say)."""

    name: str
    function: Callable[[Call], object]
    limit_s: float = 0.0
    fallback: str = ""


F = TypeVar("F", bound=Callable[[Call], object])


def hook(name: str, *, limit_s: float = 0.0, fallback: str = "") -> Callable[[F], F]:
    """Mark a function of a hooks module as the hook ``name``. Raises ConfigError for a name or limit that cannot be."""
    if not HOOK_NAME.fullmatch(name):
        raise ConfigError(f"the hook name {name!r} must match {HOOK_NAME.pattern}")
    if limit_s < 0:
        raise ConfigError(f"the hook {name} has the limit_s {limit_s}; it must be 0 or more")

    def mark(function: F) -> F:
        setattr(function, MARK, Hook(name=name, function=function, limit_s=limit_s, fallback=fallback))
        return function

    return mark


def hooks_of(module: ModuleType) -> dict[str, Hook]:
    """The hooks of a module by name. Raises ConfigError when two have one name, or there is none."""
    found: dict[str, Hook] = {}
    for value in vars(module).values():
        marked = getattr(value, MARK, None)
        if not isinstance(marked, Hook):
            continue
        if found.get(marked.name, marked) is not marked:
            raise ConfigError(f"hooks.module: {module.__name__} has two hooks called {marked.name!r}; rename one")
        found[marked.name] = marked
    if not found:
        raise ConfigError(f"hooks.module: {module.__name__} has no function marked with @hook; mark one")
    return found
