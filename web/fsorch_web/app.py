"""Builds the web application: the page, the API, the live feed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, abort, redirect, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from fsorch.config import WebSettings
from fsorch.edge.gateway import Gateway
from fsorch.edge.status import ServiceStatus
from fsorch_web import errors
from fsorch_web.auth import Auth
from fsorch_web.campaigns import CampaignRoutes, Lacks, nothing_lacks
from fsorch_web.compliance import Compliance
from fsorch_web.contacts import Contacts
from fsorch_web.doors import Doors
from fsorch_web.earlier import EarlierRoutes
from fsorch_web.flows import Flows
from fsorch_web.idempotency import Idempotency
from fsorch_web.leads import LeadRoutes
from fsorch_web.messages import Messages
from fsorch_web.metrics import Metrics
from fsorch_web.objects import Objects
from fsorch_web.openapi import OpenApi
from fsorch_web.promises import PromiseRoutes
from fsorch_web.scope import ScopeGate
from fsorch_web.seams import StoreReads
from fsorch_web.sockets import Sockets
from fsorch_web.tenants import Tenants
from fsorch_web.verbs import Verbs
from fsorch_web.wire import json_response

__all__ = ["create_app"]

STATIC = Path(__file__).parent / "static"
# Everything comes from this server: no other host, no inline script, nobody may frame the page.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), payment=(), usb=()",
}
LARGEST_BODY = 16 * 1024


def create_app(
    gateway: Gateway,
    store: StoreReads,
    settings: WebSettings,
    *,
    secret: bytes,
    static: Path = STATIC,
    status: Callable[[], ServiceStatus] | None = None,
    lacks: Lacks = nothing_lacks,
    changed: Callable[[], None] = lambda: None,
) -> tuple[Flask, Sockets]:
    """The application over an engine and a store, and what pushes to its pages (``stop`` it when the server stops).

    ``secret`` signs the sessions: at least 32 bytes, kept over restarts, or everybody logs in anew. ``static`` has the
    built page. ``status`` says how the process does, for the metrics; ``lacks``, what the switches lack for a
    campaign; ``changed`` is called when the centre was changed, and returns once that is in force. A gevent pywsgi
    server serves the application; it needs no handler of its own for WebSockets."""
    if len(secret) < 32:
        raise ValueError(f"the secret has {len(secret)} bytes; give at least 32 random ones")
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="fsorch",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=round(settings.session_s),
        MAX_CONTENT_LENGTH=LARGEST_BODY,
    )
    errors.install(app)
    auth = Auth(app, store, settings)
    ScopeGate(app, auth)
    Idempotency(app, auth)
    Verbs(app, gateway, auth)
    Messages(app, gateway, auth)
    Contacts(app, gateway, auth)
    Tenants(app, gateway, auth)
    Compliance(app, auth)
    Objects(app, auth, changed)
    Flows(app, auth, changed)
    LeadRoutes(app, auth)
    PromiseRoutes(app, gateway, auth)
    EarlierRoutes(app, gateway, auth)
    CampaignRoutes(app, gateway, auth, lacks)
    OpenApi(app, auth)
    Pages(app, auth, static)
    Doors(app, store, settings.doors)
    Metrics(app, gateway, auth, settings.metrics, status)
    sockets = Sockets(app, gateway, auth)
    app.after_request(_add_headers)
    return app, sockets


class Pages:
    """The routes that serve the built page."""

    def __init__(self, app: Flask, auth: Auth, static: Path) -> None:
        self._auth = auth
        self._static = static
        app.add_url_rule("/", view_func=self.desktop)
        app.add_url_rule("/login", view_func=self.page)
        app.add_url_rule("/assets/<path:name>", view_func=self.asset)
        app.add_url_rule("/favicon.svg", view_func=self.icon)
        app.add_url_rule("/healthz", view_func=self.health)

    def desktop(self) -> AnyResponse:
        """GET /: the page, or the way to the log-in."""
        return self.page() if self._auth.whoever() is not None else redirect("/login")

    def page(self) -> Response:
        """GET /login, and / for who is logged in: the page finds out by itself who is there."""
        if not (self._static / "index.html").is_file():
            return Response("The page is not built: run make page and load this again.\n", 503, mimetype="text/plain")
        response = send_from_directory(self._static, "index.html")
        response.headers["Cache-Control"] = "no-cache"
        return response

    def asset(self, name: str) -> Response:
        """GET /assets/...: scripts and styles; their names hold a digest, so they may be kept for ever."""
        response = send_from_directory(self._static / "assets", name)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    def icon(self) -> Response:
        """GET /favicon.svg."""
        if not (self._static / "favicon.svg").is_file():
            abort(404)
        return send_from_directory(self._static, "favicon.svg")

    def health(self) -> Response:
        """GET /healthz: the hub answers. It says no more, because anybody may ask."""
        return json_response({"ok": True})


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
