"""Who the people are, asked of the store in such a way that calls go on when the database does not answer."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

import gevent
from gevent.lock import BoundedSemaphore

from fsorch.names import Role
from fsorch_web.seams import StoreReads, UserReads
from fsorch_web.sight import sight_of

__all__ = ["People", "Person"]

log = logging.getLogger(__name__)

# How long an agent's click may wait for the database.
PATIENCE_S = 1.5
# While the database is away it is asked this often, and everybody stays who they were.
PAUSE_S = 5.0
LOOKUPS_AT_ONCE = 2
REMEMBERED = 10_000


class Person:
    """A user as flask-login wants it."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, user: UserReads) -> None:
        self.login = user.login
        self.role = user.role
        # A principal looks on, also one whom the centre file makes an agent.
        self.agent = user.agent if user.role != Role.PRINCIPAL else ""
        self.scope = tuple(user.scope)
        self.tenant = user.tenant
        self.sight = sight_of(user.role, self.scope, self.tenant)
        self.changed_at = user.changed_at

    def get_id(self) -> str:
        """What the session keeps."""
        return self.login

    @property
    def supervises(self) -> bool:
        """Whether this person may act for other agents."""
        return self.role in ("supervisor", "admin")

    @property
    def administers(self) -> bool:
        """Whether this person may change the configuration."""
        return self.role == "admin"

    @property
    def sees_board(self) -> bool:
        """Whether this person may see the centre, as far as their scope goes."""
        return self.supervises or self.role in ("auditor", "principal")

    @property
    def acts(self) -> bool:
        """Whether this person may act at all."""
        return self.role in ("agent", "supervisor", "admin")


class People:
    """Finds people by login. When the store fails or is slow, who was found before is taken as they were then."""

    def __init__(self, store: StoreReads, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._slots = BoundedSemaphore(LOOKUPS_AT_ONCE)
        self._last: OrderedDict[str, Person] = OrderedDict()
        self._ask_again_at = 0.0

    def find(self, login: str) -> Person | None:
        """The active person with this login, or None. Raises what the store raises for a login never found before."""
        if self._clock() < self._ask_again_at and login in self._last:
            return self._last[login]
        try:
            user = self._ask(login)
        except Exception as error:
            self._ask_again_at = self._clock() + PAUSE_S
            if login not in self._last:
                raise
            log.warning("the store cannot say who %r is (%s): taken as before", login, error)
            return self._last[login]
        self._ask_again_at = 0.0
        self._last.pop(login, None)
        return self.know(user) if user is not None and user.active else None

    def know(self, user: UserReads) -> Person:
        """Remember somebody whom the store has just vouched for."""
        person = self._last[user.login] = Person(user)
        while len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        return person

    def _ask(self, login: str) -> UserReads | None:
        with gevent.Timeout(PATIENCE_S, TimeoutError("it does not answer in time")):
            self._slots.acquire()
            try:
                answer = gevent.get_hub().threadpool.spawn(self._store.user, login)
            except BaseException:
                self._slots.release()
                raise
            # The place is free when the thread is, not when somebody gave up on it.
            answer.rawlink(self._free)
            found: UserReads | None = answer.get()
            return found

    def _free(self, _answer: object) -> None:
        self._slots.release()
