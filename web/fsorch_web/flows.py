"""Flows by the API: their pictures, versions and figures for whoever sees the board; what is in force, for admins.

Everything goes the way ``fsorch flow`` goes. See docs/api.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

import msgspec
from flask import Flask, Response

from fsorch.clock import DAY_US
from fsorch.config import world_of
from fsorch.ivr.picture import draw
from fsorch.objects import find_thing
from fsorch.store.publishing import publish_version, roll_back, share_calls
from fsorch_web.auth import Auth
from fsorch_web.paging import LATEST_US, whole
from fsorch_web.seams import in_worker
from fsorch_web.wire import body, json_response

__all__ = ["Flows"]

# What a column of the database holds.
MOST_VERSIONS = 2**31 - 1
VersionNumber = Annotated[int, msgspec.Meta(ge=1, le=MOST_VERSIONS)]
Reason = Annotated[str, msgspec.Meta(max_length=255)]
# A picture has no need of anything but itself.
ALONE = "default-src 'none'; style-src 'unsafe-inline'"


class Publish(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of a publication: a version, and why it may answer calls against the linter."""

    version: VersionNumber
    override: Reason = ""


class RollBack(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of a way back: to the version before, or to this one."""

    version: VersionNumber | None = None


class Share(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of a share: of the calls, from 0 to 1, for a version."""

    version: VersionNumber
    share: Annotated[float, msgspec.Meta(ge=0, le=1)]
    override: Reason = ""


class Flows:
    """The routes of flows in one application, beside those that all things of the centre have. ``changed`` has a
    change come into force."""

    def __init__(self, app: Flask, auth: Auth, changed: Callable[[], None]) -> None:
        self._auth = auth
        self._changed = changed
        for what, view in (("picture", self.picture), ("versions", self.versions), ("stats", self.stats)):
            app.add_url_rule(f"/api/flows/<id>/{what}", f"flow {what}", view, methods=["GET"])
        for act, view in (("publish", self.publish), ("rollback", self.roll_back), ("share", self.share)):
            app.add_url_rule(f"/api/flows/<id>/{act}", f"flow {act}", view, methods=["POST"])

    def picture(self, id: str) -> Response:
        """GET /api/flows/main/picture: the flow in force, or ?version=3, as SVG."""
        self._auth.reader("the flows")
        version = whole("version", MOST_VERSIONS)
        store = self._auth.store

        def drawn() -> str:
            centre = store.load_centre()
            prompts = world_of(centre).prompts
            if version:
                return draw(store.flow_version(id, version), prompts)
            find_thing(centre, "flow", id)
            return draw(next(flow for flow in centre.flows if flow.id == id), prompts)

        response = Response(in_worker(drawn), mimetype="image/svg+xml")
        response.headers["Content-Security-Policy"] = ALONE
        response.headers["Cache-Control"] = "no-store"
        return response

    def versions(self, id: str) -> Response:
        """GET /api/flows/main/versions: the newest first."""
        self._auth.reader("the flows")
        return json_response(in_worker(self._auth.store.flow_versions, id))

    def stats(self, id: str) -> Response:
        """GET /api/flows/main/stats: of the last 24 hours, or from ?since= until ?until= (UTC microseconds)."""
        self._auth.reader("the flows")
        since = whole("since", LATEST_US) or time.time_ns() // 1000 - DAY_US
        store, until, version = self._auth.store, whole("until", LATEST_US), whole("version", MOST_VERSIONS)
        return json_response(in_worker(store.flow_figures, id, since=since, until=until, version=version))

    def publish(self, id: str) -> Response:
        """POST /api/flows/main/publish: this version is in force from now on."""
        person, given = self._auth.admin(), body(Publish)
        done = in_worker(publish_version, self._auth.store, id, given.version, person.login, override=given.override)
        self._changed()
        return json_response(done)

    def roll_back(self, id: str) -> Response:
        """POST /api/flows/main/rollback: the version before is in force again."""
        person, given = self._auth.admin(), body(RollBack)
        version, done = in_worker(roll_back, self._auth.store, id, person.login, to=given.version or 0)
        self._changed()
        return json_response(msgspec.to_builtins(done) | {"version": version.version})

    def share(self, id: str) -> Response:
        """POST /api/flows/main/share: of the calls, for a version that is not in force."""
        person, given = self._auth.admin(), body(Share)
        revision = in_worker(
            share_calls, self._auth.store, id, given.version, given.share, person.login, override=given.override
        )
        self._changed()
        return json_response({"revision": revision, "applied": True})
