"""Messages to listen to: GET /api/messages/<contact>, the recording of a voicemail contact.

The switch wrote the file; it is read from the same path here. When the switch is another machine its folder is mounted
there.
"""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask, Response, request, send_file

from fsorch.edge.gateway import Gateway
from fsorch_web.auth import Auth
from fsorch_web.errors import ApiError
from fsorch_web.people import Person
from fsorch_web.seams import in_worker

__all__ = ["Messages"]

# Ids of contacts are made by fsorch; nothing else becomes part of a path.
CONTACT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Messages:
    """The route of the recordings in one application."""

    def __init__(self, app: Flask, gateway: Gateway, auth: Auth) -> None:
        self._gateway = gateway
        self._auth = auth
        app.add_url_rule("/api/messages/<contact>", view_func=self.play, methods=["GET"])

    def play(self, contact: str) -> Response:
        """Serve one recording, or the part of it that is asked for (Range). 404 when there is none, or not for this
        person: who may not listen does not learn whether there is something."""
        person = self._auth.person()
        found = in_worker(self._auth.store.message, contact) if CONTACT.fullmatch(contact) else None
        if found is None or not self._may(person, contact, found.queue, found.tenant):
            raise ApiError(404, "not_found", "there is no such message for you")
        path = Path(found.path)
        if not path.is_file():
            raise ApiError(404, "not_found", f"the recording is not on this machine: mount {path.parent} here")
        if request.headers.get("Range", "bytes=0-").startswith("bytes=0-"):
            self._auth.audit(person.login, "message.play", contact)
        response = send_file(path, mimetype="audio/wav", conditional=True, etag=False)
        response.headers["Cache-Control"] = "private, no-store"
        return response

    def _may(self, person: Person, contact: str, queue: str, tenant: str) -> bool:
        """Who sees the board with this queue, or of this tenant; an agent whom the message is offered, or who serves
        its queue."""
        if person.sees_board and person.sight.has_contact(queue, tenant):
            return True
        if not person.sight.whole:
            return False
        agents = self._gateway.snapshot().agents
        own = next((agent for agent in agents if agent.id == person.agent), None)
        return own is not None and (queue in own.queues or (own.contact is not None and own.contact.id == contact))
