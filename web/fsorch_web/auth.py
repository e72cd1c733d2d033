"""Who is there: log in, log out, sessions, and the proof that a request comes from our own page.

A program has a token instead (``Authorization: Bearer``, see docs/api.md). A session is a signed cookie (HttpOnly,
SameSite=Strict). A request that changes something must carry the session's token in the header ``X-CSRF-Token``: a page
of another site can neither read the token nor set the header. ``GET /api/me`` hands it out.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

import flask
import msgspec
from flask import Flask, Response, session
from flask_login import LoginManager, current_user, login_user, logout_user
from gevent.lock import BoundedSemaphore

from fsorch.config import WebSettings
from fsorch.edge.auditing import AuditLine
from fsorch.names import Role
from fsorch_web.addresses import Addresses
from fsorch_web.errors import ApiError
from fsorch_web.limits import LoginLimits
from fsorch_web.people import People, Person
from fsorch_web.seams import StoreReads, UserReads, in_worker
from fsorch_web.sessions import Sessions
from fsorch_web.wire import body, json_response

__all__ = ["Auth"]

# argon2 takes 64 MiB and a core for each check: more at once would only make all of them slower.
CHECKS_AT_ONCE = 2
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Text = Annotated[str, msgspec.Meta(max_length=200)]


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /api/login; ``code``: the one-time code of who has a second factor."""

    login: Text
    password: Annotated[str, msgspec.Meta(max_length=1024)]
    code: Annotated[str, msgspec.Meta(max_length=16)] = ""


class Program(msgspec.Struct, frozen=True):
    """A program as a user: it takes no calls."""

    login: str
    role: str
    agent: str = ""
    active: bool = True
    second_factor: bool = False
    changed_at: int = 0
    scope: tuple[str, ...] = ()
    tenant: str = ""


class Auth:
    """The people of one application."""

    def __init__(self, app: Flask, store: StoreReads, settings: WebSettings) -> None:
        self.store = store
        self._factor_roles = frozenset(settings.second_factor)
        self._sessions = Sessions(settings.sessions_max)
        self._idle_s = settings.idle_s
        self._proxies = Addresses(settings.proxies)
        self.limits = LoginLimits()
        self.people = People(store)
        self._audit = AuditLine(lambda who, act, what: in_worker(store.audit, who, act, what))
        self._checks = BoundedSemaphore(CHECKS_AT_ONCE)
        self.on_end: list[Callable[[str], None]] = []
        manager = LoginManager()
        manager.user_loader(self._load)
        manager.unauthorized_handler(_not_logged_in)
        manager.init_app(app)
        app.before_request(self._check_origin_and_token)
        app.add_url_rule("/api/me", view_func=self.me, methods=["GET"])
        app.add_url_rule("/api/login", view_func=self.log_in, methods=["POST"])
        app.add_url_rule("/api/logout", view_func=self.log_out, methods=["POST"])

    def person(self) -> Person:
        """Who makes this request. Raises ApiError 401 if nobody is logged in."""
        person = self.whoever()
        if person is None:
            raise _not_logged_in_error()
        return person

    def reader(self, what: str) -> Person:
        """Who makes this request and may look at ``what`` (in words), or ApiError 403."""
        person = self.person()
        if not person.sees_board:
            raise ApiError(403, "forbidden", f"only supervisors, admins and auditors may see {what}")
        return person

    def supervisor(self) -> Person:
        """Who makes this request and may do what supervisors do, or ApiError 403."""
        person = self.person()
        if not person.supervises:
            raise ApiError(403, "forbidden", "only supervisors may do this")
        return person

    def admin(self) -> Person:
        """Who makes this request and may do what admins do, or ApiError 403."""
        person = self.person()
        if not person.administers:
            raise ApiError(403, "forbidden", "only an admin may do this")
        return person

    def has_token(self) -> bool:
        """Whether a program makes this request, with a token of the API."""
        return flask.g.get("program") is not None

    def whoever(self) -> Person | None:
        """Who makes this request, or None."""
        program: Person | None = flask.g.get("program")
        if program is not None:
            return program
        return current_user._get_current_object() if current_user.is_authenticated else None

    def me(self) -> Response:
        """GET /api/me: who is logged in (or null), and the token for requests that change something."""
        token = session.setdefault("csrf", secrets.token_urlsafe(24))
        return json_response({"user": _shown(self.whoever()), "csrf": token})

    def log_in(self) -> Response:
        """POST /api/login."""
        given = body(Credentials)
        address = self._proxies.behind(flask.request)
        wait = self.limits.attempt(given.login, address, time.monotonic())
        if wait > 0:
            raise ApiError(429, "too_many", f"too many attempts: wait {max(1, round(wait))} s and try again", wait)
        with self._checks:
            user = in_worker(self.store.verify, given.login, given.password)
        if user is None:
            self.audit(given.login, "login refused", address)
            raise ApiError(401, "wrong_login", "the login or the password is wrong")
        self._check_factor(user, given.code, address)
        self.limits.succeeded(given.login, address)
        # Tabs of whoever was logged in here must not go on showing what is theirs.
        if before := session.get("key", ""):
            self.end(before)
        session.clear()
        session.permanent = True
        session["key"] = secrets.token_urlsafe(16)
        session["csrf"] = secrets.token_urlsafe(24)
        session["changed_at"] = user.changed_at
        person = self.people.know(user)
        login_user(person)
        for key in self._sessions.begin(person.login, session["key"], time.monotonic()):
            self.end(key)
        self.audit(person.login, "login", address)
        return json_response({"user": _shown(person), "csrf": session["csrf"]})

    def log_out(self) -> Response:
        """POST /api/logout: this session ends, on every tab. The agent goes on working; that is another request."""
        person = self.whoever()
        if person is not None:
            self.end(session.get("key", ""))
            self.audit(person.login, "logout", self._proxies.behind(flask.request))
        logout_user()
        session.clear()
        return json_response({"user": None})

    def end(self, key: str) -> None:
        """The session with this key is over, also for a copy of its cookie."""
        self._sessions.end(key)
        for listener in self.on_end:
            listener(key)

    def is_live(self, key: str) -> bool:
        """Whether the session with this key was begun and not ended."""
        return self._sessions.is_live(key)

    def audit(self, who: str, act: str, what: Any) -> None:
        """Write an act down without making anybody wait for the database."""
        self._audit.put(who, act, what)

    def still(self, person: Person, key: str = "") -> bool:
        """Whether this person still has the rights they had, and is still there in the session ``key``. May block the
        greenlet, not the hub."""
        found = self.people.find(person.login)
        return found is not None and found.changed_at == person.changed_at and not self._rests(found, key)

    def _load(self, login: str) -> Person | None:
        if not self.is_live(session.get("key", "")):
            return None
        person, key = self.people.find(login), session.get("key", "")
        if person is None or person.changed_at != session.get("changed_at"):
            return None
        if self._rests(person, key):
            self.end(key)
            return None
        self._sessions.use(login, key, time.monotonic())
        return person

    def _rests(self, person: Person, key: str) -> bool:
        """Whether somebody left their session alone for too long. An agent may wait for a call as long as it takes."""
        idle_s = 0.0 if person.role == Role.AGENT else self._idle_s
        return bool(key) and self._sessions.is_idle(person.login, key, time.monotonic(), idle_s)

    def _check_factor(self, user: UserReads, code: str, address: str) -> None:
        """The second factor of somebody whose password was right. Raises ApiError 401; a wrong code counts as a wrong
        password does."""
        if not user.second_factor:
            if user.role in self._factor_roles:
                self.audit(user.login, "login refused", address)
                hint = f"ask an admin for: fsorch user second-factor {user.login}"
                raise ApiError(403, "factor_missing", f"{user.role}s need a second factor here; {hint}")
        elif not code:
            raise ApiError(401, "code_needed", "now the one-time code of your app")
        elif not in_worker(self.store.factors.take, user.login, code):
            self.audit(user.login, "login refused", address)
            raise ApiError(401, "wrong_code", "the code is wrong, or has been used: wait for the next one")

    def _program(self, token: str) -> Person:
        """The program whose token this is. Raises ApiError 401."""
        row = in_worker(self.store.token, token)
        if row is None:
            raise ApiError(401, "wrong_token", "this token is none of ours, or not any more")
        return Person(Program(f"token:{row.name}", row.role, scope=tuple(row.scope), tenant=row.tenant))

    def _check_origin_and_token(self) -> None:
        request = flask.request
        if request.path.startswith("/hooks/"):
            # The doors of a switch, which no session opens: they have a token of their own (fsorch_web.doors).
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            # No page can make a browser send this header to another site: nothing of the below is needed.
            flask.g.program = self._program(token.strip())
            return
        if request.method in SAFE_METHODS:
            return
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise ApiError(403, "origin", "this request comes from a page of another site")
        given, kept = request.headers.get("X-CSRF-Token", ""), session.get("csrf", "")
        if not kept or not hmac.compare_digest(given.encode(), kept.encode()):
            raise ApiError(403, "csrf", "the page's token is missing or old: reload the page")


def _shown(person: Person | None) -> dict[str, Any] | None:
    if person is None:
        return None
    return {
        "login": person.login,
        "role": person.role,
        "agent": person.agent,
        "board": person.sees_board,
        "supervises": person.supervises,
        "acts": person.acts,
        "scope": list(person.scope),
        "tenant": person.tenant,
        "bounded": not person.sight.whole,
    }


def _not_logged_in_error() -> ApiError:
    return ApiError(401, "not_logged_in", "nobody is logged in here: log in first")


def _not_logged_in() -> Response:
    raise _not_logged_in_error()
