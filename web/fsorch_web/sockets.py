"""The Socket.IO side: who may connect, what a connection is given, and when it ends.

The page is sent ``agent`` (its own desk) and, for those who may see it, ``board``; it may send ``hello`` to have both
anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import flask
import gevent
import msgspec
from flask import Flask, session
from flask_socketio import ConnectionRefusedError, SocketIO

from fsorch.edge.gateway import Gateway
from fsorch.engine.inputs import AgentAway, AgentBack, Request
from fsorch.errors import FsorchError
from fsorch_web.auth import Auth
from fsorch_web.feed import Feed, Watcher
from fsorch_web.people import Person
from fsorch_web.websocket import driver
from fsorch_web.wire import Json

__all__ = ["Sockets"]

log = logging.getLogger(__name__)

NAMESPACE = "/"
# A dead line is noticed within the sum of both, by either side.
PING_INTERVAL_S = 5
PING_TIMEOUT_S = 7
# The page sends a word and receipts.
LARGEST_MESSAGE = 16 * 1024
# Tabs of one person, forgotten ones on other machines included.
TABS = 16
# A changed role, or a person removed, takes effect on open pages within this time.
RECHECK_S = 30.0


class Connection(msgspec.Struct, frozen=True):
    """Who is behind a connection, and by which session."""

    person: Person
    key: str


class Sockets:
    """The connections of one application."""

    def __init__(self, app: Flask, gateway: Gateway, auth: Auth) -> None:
        self.socketio = SocketIO(
            app,
            async_mode="gevent",
            json=Json,
            cors_allowed_origins=None,  # the page's own origin alone
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            max_http_buffer_size=LARGEST_MESSAGE,
            async_handlers=False,
            cookie=None,
        )
        engine = self.socketio.server.eio
        engine._async = {**engine._async, "websocket": driver(LARGEST_MESSAGE)}
        self.feed = Feed(gateway, self._emit)
        self._auth = auth
        self._gateway = gateway
        self._connections: dict[str, Connection] = {}
        self._recheck: gevent.Greenlet[..., None] | None = None
        auth.on_end.append(self._end_session)
        self.socketio.on_event("connect", self._connect, namespace=NAMESPACE)
        self.socketio.on_event("disconnect", self._disconnect, namespace=NAMESPACE)
        self.socketio.on_event("hello", self._hello, namespace=NAMESPACE)
        self.socketio.on_error_default(_failed)
        engine.on("message", self._heard)
        app.wsgi_app = Gate(app, auth, app.wsgi_app)  # type: ignore[method-assign]

    def start(self) -> None:
        """Begin to feed; a second call changes nothing. The first connection does it too."""
        self.feed.start()
        if self._recheck is None:
            self._recheck = gevent.spawn(self._recheck_for_ever)

    def stop(self) -> None:
        """Close every connection and end the feed."""
        if self._recheck is not None:
            self._recheck.kill()
            self._recheck = None
        self.feed.stop()
        self._close(self._connections)

    def recheck(self) -> None:
        """Close the connections of people who no longer have the rights they came with."""
        for sid, connection in tuple(self._connections.items()):
            if not self._auth.still(connection.person, connection.key):
                self._close([sid])

    def _heard(self, line: str, message: Any) -> None:
        """One message on a line. What is none of ours ends it: a page that sends such things would fill the log."""
        try:
            self.socketio.server._handle_eio_message(line, message)
        except Exception as error:  # noqa: BLE001 - whatever the library stumbles over; our own handlers log themselves
            log.info("a page sent what nobody understands (%s): its line is closed", error)
            self.socketio.server.eio.disconnect(line)

    def _connect(self, _given: Any = None) -> None:
        person = self._auth.whoever()
        if person is None:
            raise ConnectionRefusedError("not_logged_in")
        if sum(other.person.login == person.login for other in self._connections.values()) >= TABS:
            raise ConnectionRefusedError("too_many_tabs")
        self.start()
        sid = _sid()
        self._connections[sid] = Connection(person, session.get("key", ""))
        if person.agent:
            self._presence(AgentBack(agent=person.agent, by=person.login))
        watchers = [Watcher(sid, "agent", person.agent)] if person.agent else []
        if person.sees_board:
            watchers.append(Watcher(sid, "board", sight=person.sight))
        self.feed.join(watchers)

    def _disconnect(self, _reason: Any = None) -> None:
        self._leave(_sid())

    def _leave(self, sid: str) -> None:
        """A page is gone; the last one of an agent is told to the engine, which has a rule for that."""
        connection = self._connections.pop(sid, None)
        self.feed.leave(sid)
        agent = connection.person.agent if connection is not None else ""
        if agent and not any(other.person.agent == agent for other in self._connections.values()):
            self._presence(AgentAway(agent=agent, by=connection.person.login if connection else ""))

    def _presence(self, request: Request) -> None:
        try:
            self._gateway.request(request)
        except FsorchError as error:
            log.info("the engine is not told that %s is there or gone: %s", request.agent, error)

    def _hello(self, *_given: Any) -> None:
        self.feed.again(_sid())

    def _emit(self, topic: str, sid: str, message: msgspec.Raw, receipt: Callable[..., None]) -> None:
        # The plain server's emit: Flask-SocketIO's would build an application context for every receipt.
        self.socketio.server.emit(topic, message, to=sid, namespace=NAMESPACE, callback=receipt)

    def _end_session(self, key: str) -> None:
        self._close([sid for sid, connection in self._connections.items() if connection.key == key])

    def _close(self, sids: Iterable[str]) -> None:
        for sid in tuple(sids):
            self._leave(sid)
            self.socketio.server.disconnect(sid, namespace=NAMESPACE)

    def _recheck_for_ever(self) -> None:
        while True:
            gevent.sleep(RECHECK_S)
            try:
                self.recheck()
            except Exception:
                log.exception("cannot look up who is connected; trying again in %g s", RECHECK_S)


class Gate:
    """Lets nobody without a session near the socket: what has not logged in cannot hold a connection open."""

    def __init__(self, app: Flask, auth: Auth, inner: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self._auth = auth
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith("/socket.io") and not self._has_session(environ):
            start_response("401 Unauthorized", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return []
        return self._inner(environ, start_response)

    def _has_session(self, environ: dict[str, Any]) -> bool:
        found = self._app.session_interface.open_session(self._app, self._app.request_class(environ))
        return found is not None and "_user_id" in found and self._auth.is_live(found.get("key", ""))


def _failed(error: Exception) -> bool:
    """A handler of ours has failed; a connection that was being made is refused."""
    log.error("an event of a page failed for a reason nobody foresaw", exc_info=error)
    return False


def _sid() -> str:
    """The connection the running handler is called for (Flask-SocketIO puts it on the request)."""
    sid: str = flask.request.sid  # type: ignore[attr-defined]
    return sid
