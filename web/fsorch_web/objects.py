"""The centre by the API: /api/queues, /api/agents and so on, each with GET, PUT, PATCH and DELETE, and the whole of it.

Everything goes the way ``fsorch apply`` goes: compared, checked whole, saved with its author. What is answered to a
change is what ``fsorch ... --json`` prints. See docs/api.md.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import flask
import msgspec
from flask import Flask, Response

from fsorch.config import Centre, decode
from fsorch.edge.settings import MAX_FILE, parse_yaml
from fsorch.errors import NotFound
from fsorch.objects import Change, find_thing, list_things, patched, put, removed, with_emergency
from fsorch.plain import plain_centre
from fsorch.store.changing import change_centre
from fsorch_web.auth import Auth
from fsorch_web.errors import ApiError
from fsorch_web.people import Person
from fsorch_web.seams import in_worker
from fsorch_web.sight import Sight
from fsorch_web.wire import body, json_response

__all__ = ["KINDS", "Objects"]

# The address of each kind.
KINDS = {
    "queues": "queue",
    "agents": "agent",
    "flows": "flow",
    "breaks": "break",
    "calendars": "calendar",
    "gateways": "gateway",
    "dispositions": "disposition",
    "packs": "pack",
    "campaigns": "campaign",
    "skills": "skill",
    "prompts": "prompt",
    "tenants": "tenant",
}
# What supervisors may change in a thing; all else is an admin's.
LIVE_KEYS = {"queue": {"paused"}, "agent": {"queues", "skills"}}
# One thing is a few kilobytes: a flow of many menus, an agent of many queues.
LARGEST_THING = 1024 * 1024


class Emergency(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of the emergency switch: ``until`` is when the calendar opens by itself again."""

    on: bool
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class Objects:
    """The routes of the centre in one application. ``changed`` has a change come into force."""

    def __init__(self, app: Flask, auth: Auth, changed: Callable[[], None]) -> None:
        self._auth = auth
        self._changed = changed
        for name, kind in KINDS.items():
            app.add_url_rule(f"/api/{name}", f"list {kind}", partial(self.list_all, kind), methods=["GET"])
            for method, view in (
                ("GET", self.show),
                ("PUT", self.put),
                ("PATCH", self.patch),
                ("DELETE", self.remove),
            ):
                rule, named = f"/api/{name}/<id>", f"{method} {kind}"
                app.add_url_rule(rule, named, partial(view, kind), methods=[method])
        app.add_url_rule("/api/calendars/<id>/emergency", view_func=self.emergency, methods=["POST"])
        app.add_url_rule("/api/centre", view_func=self.export, methods=["GET"])
        app.add_url_rule("/api/centre/apply", view_func=self.apply, methods=["POST"])

    def list_all(self, kind: str) -> Response:
        """GET /api/queues: all of a kind, without what is as it is by default."""
        return self._answer(lambda centre: list_things(centre, kind))

    def show(self, kind: str, id: str) -> Response:
        """GET /api/queues/sales. Of an agent, who has a scope is shown the places in their own queues."""
        person = self._auth.person()
        if person.sight.whole:
            return self._answer(lambda centre: find_thing(centre, kind, id))
        if kind != "agent" or not person.supervises:
            raise ApiError(403, "forbidden", f"who has a scope is not shown this of a {kind}")
        return self._answer(lambda centre: places_within(person.sight.on(centre), centre, id))

    def export(self) -> Response:
        """GET /api/centre: what `fsorch export` writes, as JSON."""
        return self._answer(plain_centre)

    def put(self, kind: str, id: str) -> Response:
        """PUT /api/queues/sales: made, or put in the place of the one there is."""
        person = self._auth.admin()
        return self._change(person, put(kind, id, _thing()), f"{kind}.put")

    def patch(self, kind: str, id: str) -> Response:
        """PATCH /api/queues/sales: the keys that are given; null is the default."""
        person = self._auth.person()
        given = _thing()
        if not (person.administers or (person.supervises and given.keys() <= LIVE_KEYS.get(kind, set()))):
            may = ", ".join(sorted(LIVE_KEYS.get(kind, ()))) or "nothing"
            raise ApiError(403, "forbidden", f"only an admin may do this; supervisors may change {may} of a {kind}")
        change = patched(kind, id, given)
        if not person.sight.whole:
            change = within(person.sight, kind, id, given)
        return self._change(person, change, _act(kind, given))

    def remove(self, kind: str, id: str) -> Response:
        """DELETE /api/queues/sales."""
        return self._change(self._auth.admin(), removed(kind, id), f"{kind}.remove")

    def emergency(self, id: str) -> Response:
        """POST /api/calendars/office/emergency: closed at once, or by its hours again."""
        person, given = self._auth.supervisor(), body(Emergency)
        return self._change(person, with_emergency(id, given.on, given.reason, given.until), "calendar.emergency")

    def apply(self) -> Response:
        """POST /api/centre/apply: the body, YAML or JSON, becomes the centre; ?dry_run=true only says what would."""
        person = self._auth.admin()
        flask.request.max_content_length = MAX_FILE
        data = flask.request.get_data(cache=False)

        def change(_old: Centre) -> Centre:
            return decode(parse_yaml(data, "the body"), Centre, where="the body")

        return self._change(person, change, "centre.apply")

    def _answer(self, show: Callable[[Centre], Any]) -> Response:
        """Something of the centre, with its revision as the tag that a change may be held against."""
        self._auth.reader("the configuration")
        store = self._auth.store
        revision, centre = in_worker(lambda: (store.revision(), store.load_centre()))
        response = json_response(show(centre))
        response.headers["ETag"] = f'"{revision}"'
        return response

    def _change(self, person: Person, change: Change, act: str) -> Response:
        dry_run = flask.request.args.get("dry_run", "") in ("1", "true", "yes")
        override = flask.request.args.get("override", "")
        done = in_worker(
            change_centre,
            self._auth.store,
            change,
            person.login,
            act=act,
            dry_run=dry_run,
            expected=_expected(),
            override=override if person.administers else "",
        )
        if done.applied:
            self._changed()
        if not person.sight.whole:
            # What was and is names other queues of an agent.
            bare = tuple(msgspec.structs.replace(one, detail="") for one in done.changes)
            done = msgspec.structs.replace(done, changes=bare)
        response = json_response(done)
        response.headers["ETag"] = f'"{done.revision}"'
        return response


def places_within(sight: Sight, centre: Centre, id: str) -> dict[str, Any]:
    """What somebody with a scope may change of an agent. Raises NotFound for one who serves no queue that they see."""
    agent = next((one for one in centre.agents if one.id == id), None)
    if agent is None or not any(sight.has(place.queue) for place in agent.queues):
        raise NotFound("agent", id[:64])
    places = find_thing(centre, "agent", id).get("queues", ())
    return {"id": id, "name": agent.name, "queues": [one for one in places if sight.has(one["queue"])]}


def within(sight: Sight, kind: str, id: str, given: dict[str, Any]) -> Change:
    """The change of a thing by somebody with a scope. Of an agent they see and set the places in their own queues; the
    others stay. It raises NotFound for what they do not see in the centre that is changed, and ApiError for the rest
    that they may not."""
    if kind == "agent" and given.keys() == {"queues"}:
        wanted = given["queues"] or []
        if not isinstance(wanted, list) or not all(isinstance(one, dict) and "queue" in one for one in wanted):
            raise ApiError(400, "bad_input", "queues is a list of places, each with its queue")
        return partial(_placed, sight, id, wanted)
    if kind != "queue":
        raise ApiError(403, "forbidden", f"who has a scope does not change this of a {kind}")

    def change(old: Centre) -> Centre:
        sight.on(old).need("queue", id, id)
        return patched(kind, id, given)(old)

    return change


def _placed(sight: Sight, id: str, wanted: list[dict[str, Any]], old: Centre) -> Centre:
    own = sight.on(old)
    for one in wanted:
        own.need("queue", str(one["queue"]), str(one["queue"]))
    places_within(own, old, id)
    kept = [one for one in find_thing(old, "agent", id).get("queues", ()) if not own.has(one["queue"])]
    return patched("agent", id, {"queues": [*kept, *wanted]})(old)


def _thing() -> dict[str, Any]:
    flask.request.max_content_length = LARGEST_THING
    return body(dict[str, Any])


def _act(kind: str, given: dict[str, Any]) -> str:
    """The word of a change for the audit: the act that people mean by it, where there is one."""
    if kind == "queue" and given.keys() == {"paused"}:
        return "queue.pause" if given["paused"] else "queue.resume"
    return f"agent.{next(iter(given))}" if kind == "agent" and len(given) == 1 else f"{kind}.patch"


def _expected() -> int | None:
    """The revision that the author has seen, if they say so: an ETag of an earlier answer."""
    tag = flask.request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if tag in ("", "*"):
        return None
    if not (tag.isascii() and tag.isdigit() and len(tag) < 16):
        raise ApiError(400, "bad_input", "If-Match is none of ours: give the ETag of an earlier answer")
    return int(tag)
