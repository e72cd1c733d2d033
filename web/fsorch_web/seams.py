"""What the desktop needs of the store. The engine's side is :class:`fsorch.edge.gateway.Gateway`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar

import gevent

__all__ = ["MessageReads", "StoreReads", "UserReads", "in_worker"]

P = ParamSpec("P")
T = TypeVar("T")


class UserReads(Protocol):
    """A person who may log in."""

    @property
    def login(self) -> str:
        """The name the person types."""
        ...

    @property
    def role(self) -> str:
        """One of agent, supervisor, admin, auditor."""
        ...

    @property
    def agent(self) -> str:
        """The id of the agent this person works as; empty if they take no calls."""
        ...

    @property
    def active(self) -> bool:
        """Whether they may log in at all."""
        ...

    @property
    def changed_at(self) -> int:
        """When password, role or agent last changed (UTC microseconds): sessions begun before that are over."""
        ...


class MessageReads(Protocol):
    """A message that somebody left."""

    @property
    def queue(self) -> str:
        """The queue it is for."""
        ...

    @property
    def path(self) -> str:
        """Where its recording is."""
        ...


class StoreReads(Protocol):
    """The part of the store that knows people and messages. Every method may block, so each is called
    through `in_worker`."""

    def user(self, login: str, /) -> UserReads | None:
        """The person with this login, or None."""
        ...

    def verify(self, login: str, password: str, /) -> UserReads | None:
        """The person, if the password is theirs; takes as long for an unknown login as for a wrong password."""
        ...

    def message(self, contact: str, /) -> MessageReads | None:
        """The message that the contact with this id is, or None."""
        ...

    def audit(self, who: str, act: str, what: Any, /) -> None:
        """Write down that ``who`` did ``act`` to ``what``."""
        ...


def in_worker(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of a blocking call, made in a native thread while the hub goes on. What the call raises comes out."""
    pool = gevent.get_hub().threadpool
    result: T = pool.apply(call, args, kwargs)
    return result
