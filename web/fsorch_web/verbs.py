"""What an agent can be asked to do: POST /api/agent/<verb>, each one request to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from flask import Flask, Response

from fsorch.edge.gateway import Gateway
from fsorch.engine.inputs import (
    AnswerCall,
    CallBack,
    EndWrapUp,
    ExtendWrapUp,
    HangUp,
    HoldCall,
    LogIn,
    LogOut,
    NextContact,
    Request,
    SetStatus,
)
from fsorch_web.auth import Auth
from fsorch_web.errors import ApiError
from fsorch_web.people import Person
from fsorch_web.wire import body, json_response

__all__ = ["Verbs"]

REGISTERED = r"^(user/[A-Za-z0-9_.-]+(@[A-Za-z0-9_.-]+)?)?\Z"
Id = Annotated[str, msgspec.Meta(max_length=64)]


class Plain(msgspec.Struct, forbid_unknown_fields=True):
    """A body without more than the agent; empty means the agent of whoever asks."""

    agent: Id = ""


class Phone(Plain, forbid_unknown_fields=True):
    """Log in; ``phone`` is the phone for this session, empty for the agent's own: a registered one, never a way through
    a carrier, whose calls cost money."""

    phone: Annotated[str, msgspec.Meta(max_length=256, pattern=REGISTERED)] = ""


class Status(Plain, forbid_unknown_fields=True, kw_only=True):
    """The status chosen; ``reason`` is the id of a break reason; ``on_demand``: available, but each contact is asked
    for."""

    status: Literal["available", "break"]
    reason: Id = ""
    on_demand: bool = False


class Hold(Plain, forbid_unknown_fields=True, kw_only=True):
    """Hold on or off."""

    on: bool


# Verb -> (the shape of its body, how it becomes a request of ``by`` for ``agent``).
VERBS: dict[str, tuple[type[Plain], Callable[[Any, str, str], Request]]] = {
    "login": (Phone, lambda given, agent, by: LogIn(agent=agent, by=by, phone=given.phone)),
    "logout": (Plain, lambda given, agent, by: LogOut(agent=agent, by=by)),
    "status": (
        Status,
        lambda given, agent, by: SetStatus(
            agent=agent, by=by, status=given.status, reason=given.reason, on_demand=given.on_demand
        ),
    ),
    "answer": (Plain, lambda given, agent, by: AnswerCall(agent=agent, by=by)),
    "hangup": (Plain, lambda given, agent, by: HangUp(agent=agent, by=by)),
    "hold": (Hold, lambda given, agent, by: HoldCall(agent=agent, by=by, on=given.on)),
    "call-back": (Plain, lambda given, agent, by: CallBack(agent=agent, by=by)),
    "wrapup-end": (Plain, lambda given, agent, by: EndWrapUp(agent=agent, by=by)),
    "wrapup-more": (Plain, lambda given, agent, by: ExtendWrapUp(agent=agent, by=by)),
    "next": (Plain, lambda given, agent, by: NextContact(agent=agent, by=by)),
}


class Verbs:
    """The route of the verbs in one application."""

    def __init__(self, app: Flask, gateway: Gateway, auth: Auth) -> None:
        self._gateway = gateway
        self._auth = auth
        app.add_url_rule("/api/agent/<verb>", view_func=self.act, methods=["POST"])

    def act(self, verb: str) -> Response:
        """Serve one verb. 409 when the engine refuses, 404 for an unknown agent or verb, 400 for a wrong body."""
        person = self._auth.person()
        if verb not in VERBS:
            raise ApiError(404, "not_found", f"no verb called {verb[:40]!r}; there are {', '.join(VERBS)}")
        shape, build = VERBS[verb]
        given = body(shape)
        agent = _whom(person, given.agent)
        self._gateway.request(build(given, agent, person.login))
        if agent != person.agent:
            # What people do for themselves is in the journal; acting for another is written down on its own as well.
            self._auth.audit(person.login, f"agent {verb}", agent)
        return json_response({"ok": True})


def _whom(person: Person, asked: str) -> str:
    """The agent to act for. Raises ApiError when ``person`` may not."""
    if not person.acts:
        raise ApiError(403, "forbidden", f"the role {person.role} may look and not act")
    agent = asked or person.agent
    if agent != person.agent and not person.supervises:
        raise ApiError(403, "forbidden", "an agent acts for themselves only; ask a supervisor")
    if not agent:
        raise ApiError(400, "bad_input", f"{person.login} takes no calls: name the agent to act for")
    return agent
