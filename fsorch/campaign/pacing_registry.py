"""The pacers by name: those of fsorch, and what others have registered.

A pacer of one's own is registered by code that runs in fsorch's process, or found by the entry point of an installed
package, whose name is the pacer's::

    [options.entry_points]
    fsorch.pacers =
        careful = my_pacers:Careful

A campaign names it: ``pacer: careful``. What it answers is not trusted: see :mod:`fsorch.campaign.pacing_guard`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from fsorch.errors import ConfigError
from fsorch.nearest import near

__all__ = ["GROUP", "METHODS", "Registry", "lacking"]

P = TypeVar("P")

GROUP = "fsorch.pacers"
METHODS = ("on_launch", "on_result", "on_drop", "on_agent", "due")
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")


def lacking(made: object) -> list[str]:
    """The methods of the interface that a pacer, or its class, does not have."""
    return [method for method in METHODS if not callable(getattr(made, method, None))]


def _installed() -> Iterable[EntryPoint]:
    return entry_points(group=GROUP)


class Registry(dict[str, Callable[..., P]], Generic[P]):
    """What makes each pacer, by its name. ``installed``: the entry points there are."""

    def __init__(
        self, own: dict[str, Callable[..., P]], installed: Callable[[], Iterable[EntryPoint]] = _installed
    ) -> None:
        super().__init__(own)
        self._own = frozenset(own)
        self._installed = installed

    def register(self, name: str, make: Callable[..., Any]) -> None:
        """Let campaigns name ``name``: a class, or a function, that takes ``target`` and ``tolerance_s`` by name and
        gives a pacer (one whose ``on_launch`` knows of no lists will do). Raises ConfigError for a name that is none or
        is taken by fsorch, and for a class that lacks a method."""
        if not NAME.fullmatch(name):
            raise ConfigError(f"a pacer's name is lower-case letters, digits, '_', '.' and '-', not {name!r}")
        if name in self._own and self.get(name) is not make:
            raise ConfigError(f"the pacer {name} is fsorch's own; expected another name")
        missing = lacking(make) if isinstance(make, type) else []
        if missing:
            raise ConfigError(f"the pacer {name} has no {', '.join(missing)}; see fsorch.campaign.pacing.Pacer")
        self[name] = make

    def find(self, name: str) -> Callable[..., P]:
        """What makes the pacer of this name; it is looked for among the installed packages when it is not known.
        Raises ConfigError for one that nobody has, or that cannot be loaded."""
        if name not in self:
            found = next((one for one in self._installed() if one.name == name), None)
            if found is None:
                raise ConfigError(f"no pacer is called {name!r}{near(name, self.names())}")
            self.register(name, _loaded(found))
        return self[name]

    def names(self) -> list[str]:
        """All names there are: fsorch's own, and what others have registered or installed, in order."""
        return [*self, *sorted({one.name for one in self._installed()} - self.keys())]


def _loaded(point: EntryPoint) -> Callable[..., Any]:
    try:
        made: Callable[..., Any] = point.load()
    except Exception as error:
        # A foreign module may raise whatever it likes while it is imported.
        what = f"{type(error).__name__}: {error}"
        raise ConfigError(f"the pacer {point.name} cannot be loaded from {point.value} ({what})") from error
    if not callable(made):
        raise ConfigError(f"the pacer {point.name}, {point.value}, is no class and no function")
    return made
