"""The seam between the faces and the engine: a snapshot, requests, and the stream of facts.

A face is handed a :class:`Gateway` and never learns where the engine runs. In the engine's own process it is a
:class:`LocalGateway`; a program elsewhere on the machine uses ``fsorch.edge.control_client.ControlClient``, which needs
no gevent and so starts fast.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from gevent.event import Event

from fsorch.engine.facts import Fact
from fsorch.engine.inputs import Request
from fsorch.engine.views import Snapshot

__all__ = [
    "SUBSCRIPTION_LIMIT",
    "Check",
    "Gateway",
    "LocalGateway",
    "LocalSubscription",
    "RequestTaker",
    "Subscription",
]

# About ten seconds of facts of a centre with 300 agents; a page that is further behind asks for a snapshot anyway.
SUBSCRIPTION_LIMIT = 1_000


# Looks at the state that a request meets, and raises when it must not be.
Check = Callable[[Snapshot], None]


class Subscription(Protocol):
    """Facts in order, from the moment of subscribing. ``shed`` counts those dropped because the reader was slow."""

    shed: int

    def __iter__(self) -> Iterator[Fact]:
        """Facts until the subscription is closed from either side."""
        ...

    def get(self, timeout_s: float | None = None) -> Fact | None:
        """The next fact; None when none came within ``timeout_s`` seconds or the subscription is closed."""
        ...

    def close(self) -> None:
        """No more facts; a reader that waits is released."""
        ...


class Gateway(Protocol):
    """What a face may ask of the engine."""

    def snapshot(self) -> Snapshot:
        """Everything at once."""
        ...

    def request(self, request: Request, check: Check | None = None) -> None:
        """Ask for ``request`` now. ``check`` is given the state that the request meets, with nothing in between, and
        raises when it must not be. Raises what that raises, RequestRefused or NotFound; then nothing has changed."""
        ...

    def facts(self) -> Subscription:
        """Subscribe to what happens from now on."""
        ...


class RequestTaker(Protocol):
    """The part of the pump a LocalGateway needs."""

    def request(self, request: Request, check: Check | None = None) -> None:
        """Step the engine with a person's request, unless ``check`` raises."""
        ...

    def snapshot(self) -> Snapshot:
        """The engine's view of itself."""
        ...


class LocalSubscription:
    """A bounded line of facts to one reader in this process. When it is full the oldest fact is shed: the newest say
    more about the present."""

    def __init__(self, on_close: Callable[[LocalSubscription], None], limit: int = SUBSCRIPTION_LIMIT) -> None:
        self.shed = 0
        self.closed = False
        self._on_close = on_close
        self._facts: deque[Fact] = deque(maxlen=limit)
        self._ready = Event()

    def offer(self, facts: Iterable[Fact]) -> None:
        """Put ``facts`` at the end of the line; never blocks."""
        for fact in facts:
            self.shed += len(self._facts) == self._facts.maxlen
            self._facts.append(fact)
        self._ready.set()

    def get(self, timeout_s: float | None = None) -> Fact | None:
        """The next fact; None when none came within ``timeout_s`` seconds or the subscription is closed."""
        while not self._facts:
            if self.closed:
                return None
            self._ready.clear()
            if not self._ready.wait(timeout_s):
                return None
        return self._facts.popleft()

    def __iter__(self) -> Iterator[Fact]:
        while (fact := self.get()) is not None:
            yield fact

    def close(self) -> None:
        """Leave the gateway and release the reader; what stands in line may still be read."""
        self.closed = True
        self._on_close(self)
        self._ready.set()


class LocalGateway:
    """The gateway in the engine's own process, over the pump. Whoever owns the pump calls :meth:`publish` with the
    facts of each step."""

    def __init__(self, pump: RequestTaker) -> None:
        self._pump = pump
        self._subscriptions: set[LocalSubscription] = set()
        self._shed = 0

    def snapshot(self) -> Snapshot:
        """Everything at once."""
        return self._pump.snapshot()

    def request(self, request: Request, check: Check | None = None) -> None:
        """Ask for ``request`` now, if ``check`` lets it. Raises RequestRefused or NotFound, and has changed nothing."""
        self._pump.request(request, check)

    @property
    def shed(self) -> int:
        """How many facts were dropped because a reader was slow, over all that there have been."""
        return self._shed + sum(one.shed for one in self._subscriptions)

    def facts(self) -> LocalSubscription:
        """Subscribe to what happens from now on."""
        subscription = LocalSubscription(self._leave)
        self._subscriptions.add(subscription)
        return subscription

    def _leave(self, subscription: LocalSubscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.discard(subscription)
            self._shed += subscription.shed

    def publish(self, facts: Iterable[Fact]) -> None:
        """Hand ``facts`` to every subscriber; never blocks."""
        for subscription in self._subscriptions:
            subscription.offer(facts)

    def close(self) -> None:
        """Close every subscription."""
        for subscription in tuple(self._subscriptions):
            subscription.close()
