"""What an agent has to know before they promise a lead a call: whether anybody may be called there at that time."""

from __future__ import annotations

import flask
import msgspec
from flask import Flask, Response

from fsorch.campaign.compliance import Compliance
from fsorch.campaigns import Lead, LeadNumber
from fsorch.compliance_packs import pack_named
from fsorch.edge.gateway import Gateway
from fsorch.engine.views import LeadCard
from fsorch.errors import NotFound
from fsorch.places import Places
from fsorch_web.auth import Auth
from fsorch_web.errors import ApiError
from fsorch_web.seams import in_worker
from fsorch_web.wire import json_response

__all__ = ["PromiseHours", "PromiseRoutes"]

# Digits of a moment until the year 5138: no calendar is asked about a later one.
LONGEST = 17


class PromiseHours(msgspec.Struct, kw_only=True):
    """``at``: the moment that was asked about; ``first``: the first from it on at which a call is within the hours that
    the pack of its campaign permits there, 0 for none. Both UTC microseconds."""

    at: int
    first: int


class PromiseRoutes:
    """The route in one application."""

    def __init__(self, app: Flask, gateway: Gateway, auth: Auth) -> None:
        self._gateway = gateway
        self._auth = auth
        self._places = Places()
        app.add_url_rule("/api/my-lead/hours", "hours of my lead", self.hours, methods=["GET"])

    def hours(self) -> Response:
        """GET /api/my-lead/hours?at=...: of the lead in front of the agent who asks."""
        agent = self._auth.person().agent
        card = next((one.lead for one in self._gateway.snapshot().agents if one.id == agent), None)
        if card is None:
            raise NotFound("lead in front of agent", agent)
        at = _moment()
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


def _moment() -> int:
    """The moment that is asked about. Raises ApiError."""
    text = flask.request.args.get("at", "")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST):
        raise ApiError(400, "bad_input", f"at is {text[:20]!r}; expected UTC microseconds")
    return int(text)
