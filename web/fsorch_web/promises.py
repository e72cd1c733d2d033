"""What agents are to know of promised calls: whether a lead may be called at a time, before they promise it; which
callers wait to be called by them and nobody else; and that they move and take back what they have promised themselves.
"""

from __future__ import annotations

import time

import msgspec
from flask import Flask, Response

from fsorch.campaign.compliance import Compliance
from fsorch.campaigns import CampaignSpec, Lead, LeadNumber
from fsorch.clock import DAY_US
from fsorch.compliance_packs import pack_named
from fsorch.edge.gateway import Gateway
from fsorch.engine.views import ContactView
from fsorch.errors import ConfigError, NotFound
from fsorch.places import Places
from fsorch_web.auth import Auth
from fsorch_web.errors import ApiError
from fsorch_web.leads import CancelBody, Moment, us
from fsorch_web.paging import LATEST_US, whole
from fsorch_web.people import Person
from fsorch_web.seams import in_worker
from fsorch_web.wire import body, json_response

__all__ = ["MoveBody", "OwnCaller", "PromiseHours", "PromiseRoutes"]

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


class MoveBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """When the call is to be instead."""

    at: Moment


class PromiseRoutes:
    """The routes in one application."""

    def __init__(self, app: Flask, gateway: Gateway, auth: Auth) -> None:
        self._gateway = gateway
        self._auth = auth
        self._places = Places()
        app.add_url_rule("/api/my-lead/hours", "hours of my lead", self.hours, methods=["GET"])
        app.add_url_rule("/api/my-callers", "callers of mine", self.callers, methods=["GET"])
        own = "/api/my-callbacks/<id>"
        app.add_url_rule(f"{own}/hours", "hours of a callback of mine", self.own_hours, methods=["GET"])
        app.add_url_rule(f"{own}/move", "move a callback of mine", self.move, methods=["POST"])
        app.add_url_rule(f"{own}/cancel", "take a callback of mine back", self.cancel, methods=["POST"])

    def callers(self) -> Response:
        """GET /api/my-callers: who waits to be called by the agent who asks, the first in line first."""
        agent = self._agent().agent
        owed = [one for one in self._gateway.snapshot().contacts if one.callback_by == agent and one.callback in OWED]
        return json_response([_own(one) for one in sorted(owed, key=lambda one: one.enqueued_at)])

    def hours(self) -> Response:
        """GET /api/my-lead/hours?at=...: of the lead in front of the agent who asks."""
        agent = self._auth.person().agent
        card = next((one.lead for one in self._gateway.snapshot().agents if one.id == agent), None)
        if card is None:
            raise NotFound("lead in front of agent", agent)
        at = _asked_at()

        def read() -> int:
            # A number that was called by hand is no lead's.
            lead = self._auth.store.leads.get(card.lead) if card.lead else Lead(id="")
            number = next((one for one in lead.numbers if one.number == card.number), LeadNumber(number=card.number))
            return self._first(lead, number, card.campaign, at)

        return json_response(PromiseHours(at=at, first=in_worker(read)))

    def own_hours(self, id: str) -> Response:
        """GET /api/my-callbacks/17/hours?at=...: of a lead that the agent who asks has promised a call."""
        agent, at = self._agent().agent, _asked_at()

        def read() -> int:
            lead = self._auth.store.leads.get(id)
            if lead.callback_agent != agent or not lead.numbers:
                raise NotFound("callback of your own", id[:64])
            number = lead.numbers[lead.next_number % len(lead.numbers)]
            return self._first(lead, number, lead.campaign, at)

        return json_response(PromiseHours(at=at, first=in_worker(read)))

    def move(self, id: str) -> Response:
        """POST /api/my-callbacks/17/move: the agent who asks calls at another time."""
        person, at = self._agent(), us(body(MoveBody).at)
        store, now = self._auth.store, time.time_ns() // 1_000

        def moved() -> Lead:
            centre, campaign = store.load_centre(), store.leads.get(id).campaign
            spec = next((one for one in centre.campaigns if one.id == campaign), CampaignSpec(id=campaign))
            _check_moment(at, now, spec.callbacks.days_max)
            return store.leads.promise(id, at, person.login, agent=person.agent, own=True)

        in_worker(moved)
        return json_response({"ok": True})

    def cancel(self, id: str) -> Response:
        """POST /api/my-callbacks/17/cancel: it is taken back; with ``done`` nobody calls the lead again."""
        person, given = self._agent(), body(CancelBody)
        leads = self._auth.store.leads
        in_worker(lambda: leads.unpromise(id, person.login, done=given.done, agent=person.agent))
        return json_response({"ok": True})

    def _agent(self) -> Person:
        """Who asks, an agent. Raises ApiError."""
        person = self._auth.person()
        if not person.agent:
            raise ApiError(403, "forbidden", "only agents have promised calls of their own")
        return person

    def _first(self, lead: Lead, number: LeadNumber, campaign: str, at: int) -> int:
        centre = self._auth.store.load_centre()
        spec = next((one for one in centre.campaigns if one.id == campaign), None)
        if spec is None:
            raise NotFound("campaign", campaign)
        return Compliance(pack_named(spec.pack, centre.packs), spec).within_hours(self._places.of(lead, number), at)


def _asked_at() -> int:
    at = whole("at", LATEST_US)
    if not at:
        raise ApiError(400, "bad_input", "at is missing; give UTC microseconds")
    return at


def _check_moment(at: int, now: int, days: int) -> None:
    """A promise may be at ``at`` (UTC microseconds). Raises ConfigError."""
    if at <= now:
        raise ConfigError("at has passed; give a time to come")
    if at > now + days * DAY_US:
        raise ConfigError(f"at is too far ahead; give a time within {days} days")


def _own(one: ContactView) -> OwnCaller:
    return OwnCaller(
        contact=one.id,
        number=one.number,
        name="" if one.name == one.number else one.name,
        queue=one.queue_title,
        since=one.enqueued_at,
        why=one.why,
    )
