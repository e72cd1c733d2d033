"""What was said of earlier calls to the lead that is in front of an agent."""

from __future__ import annotations

import msgspec
from flask import Flask, Response

from fsorch.campaigns import AttemptRow
from fsorch.config import Centre
from fsorch.edge.gateway import Gateway
from fsorch.engine.views import LeadCard
from fsorch.errors import NotFound
from fsorch.tenancy import Tenancy
from fsorch_web.auth import Auth
from fsorch_web.seams import in_worker
from fsorch_web.wire import json_response

__all__ = ["EarlierCall", "EarlierRoutes"]

# So many are told, of the newest attempts in which anybody said something.
TOLD = 3
LOOKED_AT = 50


class EarlierCall(msgspec.Struct, kw_only=True):
    """A call that was made at ``at`` (UTC microseconds): by whom, which word they chose, and their note."""

    at: int
    agent: str
    word: str
    note: str


class EarlierRoutes:
    """The route in one application."""

    def __init__(self, app: Flask, gateway: Gateway, auth: Auth) -> None:
        self._gateway = gateway
        self._auth = auth
        app.add_url_rule("/api/my-lead/earlier", "earlier calls of my lead", self.earlier, methods=["GET"])

    def earlier(self) -> Response:
        """GET /api/my-lead/earlier: of the lead in front of the agent who asks, the newest first."""
        agent = self._auth.person().agent
        card = next((one.lead for one in self._gateway.snapshot().agents if one.id == agent), None)
        if card is None:
            raise NotFound("lead in front of agent", agent)
        return json_response(in_worker(self._of, card) if card.lead else [])

    def _of(self, card: LeadCard) -> list[EarlierCall]:
        store = self._auth.store
        centre = store.load_centre()
        tenancy = Tenancy(centre)
        tenant = tenancy.of_campaign(card.campaign)
        said = [
            row
            for row in store.leads.attempts.newest(LOOKED_AT, lead=card.lead)
            if (row.note or row.disposition) and row.id != card.attempt
            # One list may be dialled for several tenants, who know nothing of each other.
            if tenancy.of_campaign(row.campaign) == tenant
        ]
        return [_told(row, centre) for row in said[:TOLD]]


def _told(row: AttemptRow, centre: Centre) -> EarlierCall:
    own = next((spec.dispositions for spec in centre.campaigns if spec.id == row.campaign), ())
    words = {one.id: one.title for one in (*centre.dispositions, *own)}
    names = {one.id: one.name for one in centre.agents}
    return EarlierCall(
        at=row.launched_at,
        agent=names.get(row.agent) or row.agent,
        word=words.get(row.disposition) or row.disposition,
        note=row.note,
    )
