"""What agents are to know of promised calls: whether a lead may be called at a time, before they promise it; and which
callers wait to be called by them and nobody else."""

from __future__ import annotations

import msgspec
from flask import Flask, Response

from fsorch.campaign.compliance import Compliance
from fsorch.campaigns import Lead, LeadNumber
from fsorch.compliance_packs import pack_named
from fsorch.edge.gateway import Gateway
from fsorch.engine.views import ContactView, LeadCard
from fsorch.errors import NotFound
from fsorch.places import Places
from fsorch_web.auth import Auth
from fsorch_web.errors import ApiError
from fsorch_web.paging import LATEST_US, whole
from fsorch_web.seams import in_worker
from fsorch_web.wire import json_response

__all__ = ["OwnCaller", "PromiseHours", "PromiseRoutes"]

# How far a promise is while it is not kept.
OWED = ("waiting", "calling", "resting")


class PromiseHours(msgspec.Struct, kw_only=True):
    """``at``: the moment that was asked about; ``first``: the first from it on at which a call is within the hours that
    the pack of its campaign permits there, 0 for none. Both UTC microseconds."""

    at: int
    first: int


class OwnCaller(msgspec.Struct, kw_only=True):
    """A caller who waits in a ``queue`` to be called by the agent who asks, since ``since`` (UTC microseconds), and
    ``why`` that is not now. It comes as a call does, as soon as they are free."""

    contact: str
    number: str
    name: str
    queue: str
    since: int
    why: str


class PromiseRoutes:
    """The routes in one application."""

    def __init__(self, app: Flask, gateway: Gateway, auth: Auth) -> None:
        self._gateway = gateway
        self._auth = auth
        self._places = Places()
        app.add_url_rule("/api/my-lead/hours", "hours of my lead", self.hours, methods=["GET"])
        app.add_url_rule("/api/my-callers", "callers of mine", self.callers, methods=["GET"])

    def callers(self) -> Response:
        """GET /api/my-callers: who waits to be called by the agent who asks, the first in line first."""
        agent = self._auth.person().agent
        if not agent:
            raise ApiError(403, "forbidden", "only agents have promised calls of their own")
        owed = [one for one in self._gateway.snapshot().contacts if one.callback_by == agent and one.callback in OWED]
        return json_response([_own(one) for one in sorted(owed, key=lambda one: one.enqueued_at)])

    def hours(self) -> Response:
        """GET /api/my-lead/hours?at=...: of the lead in front of the agent who asks."""
        agent = self._auth.person().agent
        card = next((one.lead for one in self._gateway.snapshot().agents if one.id == agent), None)
        if card is None:
            raise NotFound("lead in front of agent", agent)
        at = whole("at", LATEST_US)
        if not at:
            raise ApiError(400, "bad_input", "at is missing; give UTC microseconds")
        return json_response(PromiseHours(at=at, first=in_worker(self._first, card, at)))

    def _first(self, card: LeadCard, at: int) -> int:
        centre = self._auth.store.load_centre()
        spec = next((one for one in centre.campaigns if one.id == card.campaign), None)
        if spec is None:
            raise NotFound("campaign", card.campaign)
        # A number that was called by hand is no lead's.
        lead = self._auth.store.leads.get(card.lead) if card.lead else Lead(id="")
        number = next((one for one in lead.numbers if one.number == card.number), LeadNumber(number=card.number))
        return Compliance(pack_named(spec.pack, centre.packs), spec).within_hours(self._places.of(lead, number), at)


def _own(one: ContactView) -> OwnCaller:
    return OwnCaller(
        contact=one.id,
        number=one.number,
        name="" if one.name == one.number else one.name,
        queue=one.queue_title,
        since=one.enqueued_at,
        why=one.why,
    )
