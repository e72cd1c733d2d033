"""Tenants by the API, beside what all things of the centre have: how a contract was held, what is in use."""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Flask, Response

from fsorch.edge.gateway import Gateway
from fsorch.engine.views import TenantView
from fsorch.errors import NotFound
from fsorch.store.adopting import Adopted, adoption_of
from fsorch.store.contract import TenantReport, tenant_report
from fsorch_web.auth import Auth
from fsorch_web.paging import span_of
from fsorch_web.seams import in_worker
from fsorch_web.wire import body, json_response

__all__ = ["Adopt", "Tenants"]


class Adopt(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which contacts: of one ``queue`` of the tenant, or of all that is its own; ``dry_run``: only count them."""

    queue: Annotated[str, msgspec.Meta(max_length=64)] = ""
    dry_run: bool = False


class Tenants:
    """The routes of the tenants in one application."""

    def __init__(self, app: Flask, gateway: Gateway, auth: Auth) -> None:
        self._gateway = gateway
        self._auth = auth
        app.add_url_rule("/api/tenants/<id>/report", view_func=self.report, methods=["GET"])
        app.add_url_rule("/api/tenants/<id>/now", view_func=self.now, methods=["GET"])
        app.add_url_rule("/api/tenants/<id>/adopt", view_func=self.adopt, methods=["POST"])

    def report(self, id: str) -> Response:
        """GET /api/tenants/acme/report?since=...&until=...: its contract, held or not, over all and day by day."""
        self._need(id)
        since, until = span_of()
        store = self._auth.store

        def read() -> TenantReport:
            tenant = next((one for one in store.load_centre().tenants if one.id == id), None)
            if tenant is None:
                raise NotFound("tenant", id[:64])
            return tenant_report(store, tenant, since, until)

        return json_response(in_worker(read))

    def now(self, id: str) -> Response:
        """GET /api/tenants/acme/now: what of its limits is in use."""
        self._need(id)
        found: TenantView | None = next((one for one in self._gateway.snapshot().tenants if one.id == id), None)
        if found is None:
            raise NotFound("tenant", id[:64])
        return json_response(found)

    def adopt(self, id: str) -> Response:
        """POST /api/tenants/acme/adopt: contacts of before its queues and numbers were its own become the tenant's."""
        person, given = self._auth.admin(), body(Adopt)
        store = self._auth.store

        def adopted() -> Adopted:
            wanted = adoption_of(store.load_centre(), id, given.queue)
            return store.adopt(wanted, person.login, dry_run=given.dry_run)

        return json_response(in_worker(adopted))

    def _need(self, id: str) -> None:
        """Raises ApiError for who sees no board, NotFound for a tenant that is not theirs."""
        person = self._auth.reader("this")
        if not person.sight.whole and person.sight.tenant != id:
            raise NotFound("tenant", id[:64])
