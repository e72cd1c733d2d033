"""How long records are kept, by the API: what a purge would remove, the purge, and the holds that keep from it.

Everything goes the way ``fsorch compliance`` goes, with the same checks and the same audit.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Flask, Response

from fsorch.campaign.keeping import Hold
from fsorch.e164 import NumberReader
from fsorch.errors import NotFound
from fsorch.store.purging import Lot
from fsorch_web.auth import Auth
from fsorch_web.paging import whole
from fsorch_web.seams import in_worker
from fsorch_web.wire import body, json_response

__all__ = ["Compliance", "Held", "HoldBody", "Purge", "Purged", "Release"]

# A century.
MOST_DAYS = 36_525
Days = Annotated[int, msgspec.Meta(ge=0, le=MOST_DAYS)]
Reason = Annotated[str, msgspec.Meta(max_length=255)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Purge(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Remove for good what has been kept for long enough; ``at_least``: so many days, whatever the packs say less.
    ``dry_run``: only tell."""

    at_least: Days = 0
    dry_run: bool = False


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """What has gone, or would; ``removed``: it has."""

    removed: bool
    lots: list[Lot]


class Held(Hold, frozen=True, kw_only=True):
    """A hold in force; ``since``: UTC microseconds."""


class HoldBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A hold under this name: of a campaign, of a number, or of all records; ``reason``: the case that it is for."""

    id: Name
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    campaign: Annotated[str, msgspec.Meta(max_length=64)] = ""
    number: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Release(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The hold that is over, and why."""

    id: Name
    reason: Reason = ""


class Compliance:
    """The routes of what is kept in one application."""

    def __init__(self, app: Flask, auth: Auth) -> None:
        self._auth = auth
        for rule, view, method in (
            ("/api/compliance/plan", self.plan, "GET"),
            ("/api/compliance/purge", self.purge, "POST"),
            ("/api/compliance/holds", self.holds, "GET"),
            ("/api/compliance/holds", self.hold, "POST"),
            ("/api/compliance/release", self.release, "POST"),
        ):
            app.add_url_rule(rule, f"{method} {rule}", view, methods=[method])

    def plan(self) -> Response:
        """GET /api/compliance/plan?at_least=DAYS: what a purge would remove now, lot by lot."""
        self._auth.reader("what is kept")
        return json_response(in_worker(self._auth.store.retention.plan, whole("at_least", MOST_DAYS)))

    def purge(self) -> Response:
        """POST /api/compliance/purge: remove it. It takes as long as there is much to remove; calls go on."""
        person, given = self._auth.admin(), body(Purge)
        retention = self._auth.store.retention
        if given.dry_run:
            return json_response(Purged(removed=False, lots=in_worker(retention.plan, given.at_least)))
        return json_response(Purged(removed=True, lots=in_worker(retention.purge, person.login, given.at_least)))

    def holds(self) -> Response:
        """GET /api/compliance/holds: those in force."""
        self._auth.reader("what is kept")
        return json_response(in_worker(self._auth.store.retention.holds))

    def hold(self) -> Response:
        """POST /api/compliance/holds: let no purge remove what this covers."""
        person, given = self._auth.admin(), body(HoldBody)
        store = self._auth.store
        number = f"+{NumberReader().read(given.number)}" if given.number else ""
        asked = Hold(id=given.id, campaign=given.campaign, number=number, reason=given.reason)

        def held() -> Hold:
            known = {one.id for one in store.load_centre().campaigns}
            # Of a campaign that is gone there may be calls on record.
            if given.campaign and given.campaign not in known and not store.campaigns.versions(given.campaign):
                raise NotFound("campaign", given.campaign, known=known)
            return store.retention.hold(asked, person.login)

        return json_response(in_worker(held), 201)

    def release(self) -> Response:
        """POST /api/compliance/release: what the hold kept may be purged again."""
        person, given = self._auth.admin(), body(Release)
        in_worker(self._auth.store.retention.release, given.id, person.login, given.reason)
        return json_response({"ok": True})
