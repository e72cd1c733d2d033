"""Contacts by the API: the newest, found by number; each one's story; who is owed a call, what is left on tape."""

from __future__ import annotations

import time
from typing import Any

import flask
from flask import Flask, Response

from fsorch.edge.gateway import Gateway
from fsorch.engine.views import ContactView
from fsorch.errors import NotFound
from fsorch.numbers import plain_number
from fsorch.store.queries import ContactDetail
from fsorch.store.story import describe, tell_story
from fsorch_web.auth import Auth
from fsorch_web.errors import ApiError
from fsorch_web.paging import MOST, limit_of, page_response
from fsorch_web.seams import in_worker
from fsorch_web.sight import Sight, seen
from fsorch_web.wire import json_response

__all__ = ["Contacts"]

# A part of a number is looked for this far back: no index helps, and who rang long ago is found by the whole number.
PART_US = 90 * 24 * 3600 * 1_000_000
OWED = ("waiting", "calling", "resting")


class Contacts:
    """The routes of the contacts in one application."""

    def __init__(self, app: Flask, gateway: Gateway, auth: Auth) -> None:
        self._gateway = gateway
        self._auth = auth
        app.add_url_rule("/api/contacts", view_func=self.newest, methods=["GET"])
        app.add_url_rule("/api/contacts/<id>", view_func=self.detail, methods=["GET"])
        app.add_url_rule("/api/contacts/<id>/story", view_func=self.story, methods=["GET"])
        app.add_url_rule("/api/callbacks", view_func=self.callbacks, methods=["GET"])
        app.add_url_rule("/api/messages", view_func=self.messages, methods=["GET"])

    def newest(self) -> Response:
        """GET /api/contacts: newest first; ?number= (a part of it will do), queue, agent, outcome, limit, after."""
        args = flask.request.args
        filters: dict[str, Any] = {key: args[key][:64] for key in ("queue", "agent", "outcome") if args.get(key)}
        sight = self._check()
        if sight.tenant:
            filters["tenant"] = sight.tenant
        elif sight.queues is not None:
            filters["queues"] = tuple(sorted(sight.queues))
        digits = plain_number(args.get("number", "")[:64])
        if args.get("number") and not digits:
            raise ApiError(400, "bad_input", "number holds no digit; give a telephone number or a part of one")
        if digits:
            filters |= {"digits": digits, "since": time.time_ns() // 1000 - PART_US}
        limit, after = limit_of(), args.get("after", "")[:64]
        return page_response(in_worker(self._auth.store.contacts, limit, after, **filters), limit)

    def detail(self, id: str) -> Response:
        """GET /api/contacts/ID: everything on record; ID may be cut short."""
        return json_response(self._detail(id))

    def story(self, id: str) -> Response:
        """GET /api/contacts/ID/story: what `fsorch explain` tells."""
        detail = self._detail(id)
        live = [one for one in self._gateway.snapshot().contacts if one.id == detail.contact.id]
        now = describe(live[0]) if live else ""
        return json_response({"contact": detail.contact, "story": tell_story(detail), "now": now})

    def callbacks(self) -> Response:
        """GET /api/callbacks: who is to be called back."""
        return json_response(self._live(lambda one: one.callback in OWED))

    def messages(self) -> Response:
        """GET /api/messages: what callers have left and nobody is done with."""
        return json_response(self._live(lambda one: one.medium == "voicemail"))

    def _live(self, fits: Any) -> list[ContactView]:
        shown = seen(self._gateway.snapshot(), self._check())
        found = [one for one in shown.contacts if fits(one)]
        return sorted(found, key=lambda one: (one.queue, one.position or MOST))

    def _detail(self, id: str) -> ContactDetail:
        """A contact, if all of it is seen: one that was in a queue of somebody else's too is not told of. Raises
        NotFound."""
        sight = self._check()
        if sight.whole:
            return in_worker(self._auth.store.contact, id[:64])
        try:
            found = in_worker(self._auth.store.contact, id[:64])
        except NotFound:
            # Without the ids that begin alike, which may be anybody's.
            raise NotFound("contact", id[:64]) from None
        if sight.tenant:
            if not sight.has_contact(found.contact.queue, found.contact.tenant):
                raise NotFound("contact", id[:64])
            return found
        named = {one.queue for one in found.segments} | {one.queue for one in found.facts}
        for queue in (found.contact.queue, *(named - {""})):
            sight.need("contact", id, queue)
        return found

    def _check(self) -> Sight:
        """What this person sees of contacts."""
        return self._auth.reader("contacts").sight
