"""Campaigns by the API: started, paused, resumed and stopped; how they stand, what became of their calls, and why a
lead is not dialled. Everything goes the way ``fsorch campaign`` goes, with the same checks and the same audit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

import flask
import msgspec
from flask import Flask, Response

from fsorch.campaign.campaign import CampaignInput
from fsorch.campaign.plots import draw_hours, hours_of
from fsorch.campaigns import CampaignSpec
from fsorch.config import Centre
from fsorch.edge.gateway import Gateway
from fsorch.errors import NotFound, RequestRefused
from fsorch.store.campaigns import CampaignRow
from fsorch.store.reasons import LeadReason, attempt_detail, drop_budgets, missing_of, reasons_of, upcoming_of
from fsorch.store.story_attempt import tell_attempt
from fsorch.tenancy import Tenancy
from fsorch_web.auth import Auth
from fsorch_web.bounded import act_within
from fsorch_web.errors import ApiError
from fsorch_web.leads import seen_lead
from fsorch_web.paging import span_of
from fsorch_web.seams import in_worker
from fsorch_web.sight import Sight
from fsorch_web.wire import body, json_response

__all__ = ["CampaignRoutes", "Lacks", "nothing_lacks"]

MOST_NEXT = 200
VERBS = {one.value: one for one in (CampaignInput.START, CampaignInput.PAUSE, CampaignInput.RESUME, CampaignInput.STOP)}


Lacks = Callable[[Centre, CampaignSpec], list[str]]
"""What the switches lack for a campaign, in sentences."""


def nothing_lacks(centre: Centre, spec: CampaignSpec) -> list[str]:
    """For where no switch is to be asked."""
    return []


class Steer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Why. ``anyway``: a start although something is missing, which takes a reason."""

    reason: Annotated[str, msgspec.Meta(max_length=255)] = ""
    anyway: bool = False


class CampaignRoutes:
    """The routes of campaigns in one application."""

    def __init__(self, app: Flask, gateway: Gateway, auth: Auth, lacks: Lacks = nothing_lacks) -> None:
        self._gateway = gateway
        self._auth = auth
        self._lacks = lacks
        for verb in VERBS:
            rule = f"/api/campaigns/<id>/{verb}"
            app.add_url_rule(rule, f"POST {rule}", self.steer, defaults={"verb": verb}, methods=["POST"])
        app.add_url_rule("/api/campaign-states", "campaign states", self.states, methods=["GET"])
        for name, view in (
            ("state", self.state),
            ("stats", self.stats),
            ("picture", self.picture),
            ("next", self.next),
        ):
            app.add_url_rule(f"/api/campaigns/<id>/{name}", f"campaign {name}", view, methods=["GET"])
        app.add_url_rule("/api/attempts/<id>/story", "what became of an attempt", self.story, methods=["GET"])
        app.add_url_rule("/api/leads/<id>/why", "why a lead is not dialled", self.why, methods=["GET"])

    def states(self) -> Response:
        """GET /api/campaign-states: how far each campaign has come, by its id."""
        sight, store = self._reader(), self._auth.store

        def read() -> dict[str, CampaignRow]:
            known = store.campaigns.states()
            centre = store.load_centre()
            mine = sight.campaigns(centre)
            return {one.id: known.get(one.id, CampaignRow(id=one.id)) for one in centre.campaigns if one.id in mine}

        return json_response(in_worker(read))

    def steer(self, id: str, verb: str) -> Response:
        """POST /api/campaigns/spring/pause: a running fsorch follows within a second."""
        person, given = self._auth.supervisor(), body(Steer)
        store = self._auth.store
        centre, spec = in_worker(lambda: self._spec(id, person.sight))
        if verb == CampaignInput.START and not (given.anyway and given.reason):
            missing = self._missing(centre, spec)
            if missing:
                hint = f"{'; '.join(missing)} (anyway, with a reason, starts it all the same)"
                raise RequestRefused(f"campaign {id!r}", "not complete", "start", hint)

        def asked() -> CampaignRow:
            return store.campaigns.request(id, VERBS[verb], person.login, given.reason)

        def look(now: Centre) -> None:
            _named(now, id, person.sight)

        return json_response(in_worker(act_within, store, person.sight, look, asked))

    def state(self, id: str) -> Response:
        """GET /api/campaigns/spring/state: where it is, by whom and why, and what stands against starting it."""
        sight, store = self._reader(), self._auth.store

        centre, spec = in_worker(lambda: self._spec(id, sight))
        state = in_worker(lambda: store.campaigns.state(id))
        return json_response({"state": state, "missing": self._missing(centre, spec)})

    def stats(self, id: str) -> Response:
        """GET /api/campaigns/spring/stats?since=...&until=... (UTC microseconds): what became of its calls."""
        sight, store = self._reader(), self._auth.store
        since, until = span_of()

        def read() -> dict[str, Any]:
            centre, spec = self._spec(id, sight)
            counts = store.leads.attempts.count(id, tuple(spec.list_shares()), since, until)
            drops = drop_budgets(store, centre, spec, until)
            return {"campaign": id, "since": since, "until": until, "counts": counts, "drops": drops}

        return json_response(in_worker(read))

    def next(self, id: str) -> Response:
        """GET /api/campaigns/spring/next?count=20: the leads that are next, in order: those ``at_hand`` as the dialler
        calls them, then others as if all its agents were free; and what stands against each. ``prepared`` is false
        where they have still to be put in order."""
        sight, store = self._reader(), self._auth.store
        count = _count()
        at_hand = next((one.next for one in self._gateway.snapshot().campaigns if one.id == id), ())

        def read() -> dict[str, Any]:
            centre, spec = self._spec(id, sight)
            found = upcoming_of(store, centre, spec, count, _now(), at_hand=at_hand, preparing=False)
            return {"campaign": id, "prepared": found is not None, "leads": found or []}

        return json_response(in_worker(read))

    def picture(self, id: str) -> Response:
        """GET /api/campaigns/spring/picture?since=...&until=...: its hours, as SVG."""
        sight, store = self._reader(), self._auth.store
        since, until = span_of()

        def drawn() -> str:
            centre, spec = self._spec(id, sight)
            hours = hours_of(store.leads.attempts.between(id, since, until), since, until)
            ceiling = min((one.ceiling for one in drop_budgets(store, centre, spec, until)), default=0.0)
            zone = Tenancy(centre).zone_of(spec)
            return draw_hours(spec.title or spec.id, hours, ceiling=ceiling, zone=zone)

        return Response(in_worker(drawn), mimetype="image/svg+xml")

    def story(self, id: str) -> Response:
        """GET /api/attempts/ID/story: why it was dialled and what became of it, in sentences, though nobody
        answered."""
        sight, store = self._reader(), self._auth.store

        def read() -> dict[str, Any]:
            # Who sees everything sees those of campaigns that are gone, too.
            mine = None if sight.whole else sight.campaigns(store.load_centre())
            try:
                detail = attempt_detail(store, id)
            except NotFound:
                if mine is None:
                    raise
                # Without the ids that begin alike, which may be anybody's.
                raise NotFound("attempt", id[:64]) from None
            if mine is not None and detail.attempt.campaign not in mine:
                raise NotFound("attempt", id[:64])
            return {"attempt": detail.attempt, "story": tell_attempt(detail)}

        return json_response(in_worker(read))

    def why(self, id: str) -> Response:
        """GET /api/leads/17/why: why it is not dialled now, and when it will be, for each campaign of its list."""
        sight, store = self._reader(), self._auth.store

        def read() -> list[LeadReason]:
            lead = seen_lead(store, sight, id)
            return reasons_of(store, lead, _now(), held)

        held = {one.id: one.held for one in self._gateway.snapshot().campaigns}
        return json_response(in_worker(read))

    def _missing(self, centre: Centre, spec: CampaignSpec) -> list[str]:
        """What stands against starting it: by the records, and on the switches, which are asked from the hub."""
        return in_worker(lambda: missing_of(self._auth.store, centre, spec, _now())) + self._lacks(centre, spec)

    def _spec(self, id: str, sight: Sight) -> tuple[Centre, CampaignSpec]:
        centre = self._auth.store.load_centre()
        return centre, _named(centre, id, sight)

    def _reader(self) -> Sight:
        """What this person sees of campaigns."""
        return self._auth.reader("campaigns").sight


def _named(centre: Centre, id: str, sight: Sight) -> CampaignSpec:
    """The campaign ``id``. Raises NotFound, also when it is not seen."""
    mine = sight.campaigns(centre)
    known = {spec.id: spec for spec in centre.campaigns if spec.id in mine}
    if id not in known:
        raise NotFound("campaign", id, known=known)
    return known[id]


def _now() -> int:
    return time.time_ns() // 1_000


def _count() -> int:
    """How many leads are asked for."""
    text = flask.request.args.get("count", "20")
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST_NEXT):
        raise ApiError(400, "bad_request", f"count is {text[:20]!r}; expected 1 to {MOST_NEXT}")
    return int(text)
