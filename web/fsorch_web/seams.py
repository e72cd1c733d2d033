"""What the desktop needs of the store. The engine's side is :class:`fsorch.edge.gateway.Gateway`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, Protocol, TypeVar, cast

import gevent

from fsorch.engine.rows import ContactRow
from fsorch.store.adopting import Adopted, Adoption
from fsorch.store.answered import AnsweredRequests
from fsorch.store.campaigns import Campaigns
from fsorch.store.consents import Consents
from fsorch.store.contract import Answering
from fsorch.store.dnc import Dnc
from fsorch.store.factors import Factors
from fsorch.store.flow_stats import FlowFigures
from fsorch.store.leads import Leads
from fsorch.store.phones import PhoneSecret
from fsorch.store.publishing import VersionStore
from fsorch.store.purging import Retention
from fsorch.store.queries import ContactDetail

__all__ = ["MessageReads", "StoreReads", "TokenReads", "UserReads", "in_worker"]

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
        """One of agent, supervisor, admin, auditor, principal."""
        ...

    @property
    def scope(self) -> tuple[str, ...]:
        """The ids of the queues that this person sees; empty for all."""
        ...

    @property
    def tenant(self) -> str:
        """Whose queues these are, if they see what is a tenant's."""
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
    def second_factor(self) -> bool:
        """Whether a one-time code is asked for beside the password."""
        ...

    @property
    def changed_at(self) -> int:
        """When password, role, scope or agent last changed (UTC microseconds): sessions begun before that are over."""
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

    @property
    def tenant(self) -> str:
        """Whose caller left it; empty: nobody's."""
        ...


class TokenReads(Protocol):
    """A program that may use the API."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def role(self) -> str:
        """One of auditor, supervisor, admin, principal."""
        ...

    @property
    def scope(self) -> tuple[str, ...]:
        """The ids of the queues that it sees; empty for all."""
        ...

    @property
    def tenant(self) -> str:
        """Whose queues these are, if it sees what is a tenant's."""
        ...


class StoreReads(VersionStore, Answering, Protocol):
    """The part of the store that the desktop needs. Every method may block, so each is called through `in_worker`."""

    leads: Leads
    dnc: Dnc
    consents: Consents
    campaigns: Campaigns
    answered: AnsweredRequests
    factors: Factors
    retention: Retention

    def user(self, login: str, /) -> UserReads | None:
        """The person with this login, or None."""
        ...

    def verify(self, login: str, password: str, /) -> UserReads | None:
        """The person, if the password is theirs; takes as long for an unknown login as for a wrong password."""
        ...

    def token(self, token: str, /) -> TokenReads | None:
        """Whose token this is, or None."""
        ...

    def phone_secret(self, agent: str, /) -> PhoneSecret | None:
        """How the agent's phone logs in, or None."""
        ...

    def contacts(self, limit: int = 50, after: str = "", **filters: Any) -> list[ContactRow]:
        """The newest contacts; see Store.contacts."""
        ...

    def contact(self, id: str, /) -> ContactDetail:
        """One contact with all that is on record; see Store.contact."""
        ...

    def message(self, contact: str, /) -> MessageReads | None:
        """The message that the contact with this id is, or None."""
        ...

    def flow_figures(self, flow: str, *, since: int = 0, until: int = 0, version: int = 0) -> FlowFigures:
        """What callers did in a flow; see Store.flow_figures."""
        ...

    def steady(self) -> AbstractContextManager[int]:
        """One transaction in which the centre stays as it is, and its revision; see Store.steady."""
        ...

    def adopt(self, wanted: Adoption, by: str, *, dry_run: bool = False) -> Adopted:
        """Contacts that ended as nobody's become a tenant's; see Store.adopt."""
        ...

    def audit(self, who: str, act: str, what: Any, /) -> None:
        """Write down that ``who`` did ``act`` to ``what``."""
        ...


def in_worker(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of a blocking call, made in a native thread while the hub goes on. What the call raises comes out."""

    def outcome() -> tuple[T | None, BaseException | None]:
        # An exception that leaves the thread by itself is printed by gevent, each time: a refusal is no accident.
        try:
            return call(*args, **kwargs), None
        except BaseException as error:  # noqa: BLE001 - raised again where it belongs
            return None, error

    result, error = gevent.get_hub().threadpool.apply(outcome)
    if error is not None:
        raise error
    return cast(T, result)
