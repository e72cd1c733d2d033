"""Leads by the API: added, changed, promised a call; who is not called, and who has consented.

Everything goes the way ``fsorch lead``, ``dnc`` and ``consent`` go, with the same checks and the same audit. See
docs/api.md.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import flask
import msgspec
from flask import Flask, Response

from fsorch.campaigns import ConsentRow, DncRow, Lead, LeadNumber, Outcome
from fsorch.config import Centre
from fsorch.e164 import NumberReader, reader_of
from fsorch.errors import ConfigError, NotFound
from fsorch.places import Places
from fsorch.store.giving import consent_given, not_to_be_called
from fsorch_web.auth import Auth
from fsorch_web.bounded import Look, Within, act_within
from fsorch_web.errors import ApiError
from fsorch_web.paging import MOST, after_place, limit_of, page_response, place
from fsorch_web.people import Person
from fsorch_web.seams import StoreReads, in_worker
from fsorch_web.sight import Sight, lists_of
from fsorch_web.wire import body, json_response

__all__ = ["CancelBody", "LeadRoutes", "Moment", "seen_lead", "us"]

Text = Annotated[str, msgspec.Meta(max_length=255)]
Id = Annotated[str, msgspec.Meta(max_length=64)]
Number = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Region = Annotated[str, msgspec.Meta(max_length=2)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Field = Annotated[str, msgspec.Meta(max_length=1000)]
FieldName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_][a-z0-9_-]{0,62}\Z")]
Fields = Annotated[dict[FieldName, Field], msgspec.Meta(max_length=100)]


class NumberBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A number, and what the list calls its kind."""

    number: Number
    kind: Annotated[str, msgspec.Meta(max_length=32)] = ""
    zone: Id = ""
    note: Text = ""


Numbers = Annotated[list[NumberBody], msgspec.Meta(min_length=1, max_length=12)]


class ResetBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whose rest is over: of leads whose last attempt ended by one of these ``outcomes`` (none: all); ``done``: of
    those too whose tries are used up."""

    outcomes: Annotated[list[Outcome], msgspec.Meta(max_length=20)] = []
    done: bool = False


class ResetAnswer(msgspec.Struct, kw_only=True):
    """So many leads are ready anew."""

    list: str
    leads: int


class OwnCallback(msgspec.Struct, kw_only=True):
    """A call that an agent has promised to make themselves, ``at`` UTC microseconds; ``zone`` (IANA): by whose clock,
    empty where nobody knows it."""

    lead: str
    name: str
    number: str
    campaign: str
    at: int
    note: str
    zone: str


class LeadPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to be changed in a lead; what is left out stays. ``country_of_numbers``: of those without a code,
    else that of the lead, where it is given."""

    numbers: Numbers | msgspec.UnsetType = msgspec.UNSET
    name: Text | msgspec.UnsetType = msgspec.UNSET
    reference: Id | msgspec.UnsetType = msgspec.UNSET
    owner: Id | msgspec.UnsetType = msgspec.UNSET
    priority: Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)] | msgspec.UnsetType = msgspec.UNSET
    zone: Id | msgspec.UnsetType = msgspec.UNSET
    country: Region | msgspec.UnsetType = msgspec.UNSET
    region: Id | msgspec.UnsetType = msgspec.UNSET
    postcode: Annotated[str, msgspec.Meta(max_length=32)] | msgspec.UnsetType = msgspec.UNSET
    language: Annotated[str, msgspec.Meta(max_length=16)] | msgspec.UnsetType = msgspec.UNSET
    fields: Fields | msgspec.UnsetType = msgspec.UNSET
    next_at: Moment | msgspec.UnsetType = msgspec.UNSET
    country_of_numbers: Region = ""


class LeadBody(LeadPatch, forbid_unknown_fields=True, kw_only=True):
    """A new lead. With ``update`` the lead of the same list and reference, where there is one, is changed instead."""

    list: Id
    update: bool = False


class CallbackBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A call that is promised at a time, by one agent or anyone."""

    at: Moment
    agent: Id = ""
    campaign: Id = ""
    note: Text = ""


class CancelBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What becomes of a lead whose callback is taken back: it is ``done``, or stands among the others again."""

    done: bool = False


class DncBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A number, or with a star at its end all that begin so; of one campaign, or everybody's."""

    number: Number
    campaign: Id = ""
    reason: Text = ""
    until: Moment | None = None


class DncRemoval(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Why a number may be called again."""

    number: Number
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    campaign: Id = ""


class ConsentBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A consent; ``given_at`` is now where it is left out."""

    number: Number
    who: Text = ""
    what: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    scope: Id = "*"
    channel: Annotated[str, msgspec.Meta(max_length=32)] = ""
    evidence: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    given_at: Moment | None = None
    until: Moment | None = None


class Withdrawal(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whose consent ends: all of it, or what was given for ``scope``."""

    number: Number
    scope: Id = ""


class LeadRoutes:
    """The routes of leads, no-call numbers and consents in one application."""

    def __init__(self, app: Flask, auth: Auth) -> None:
        self._auth = auth
        self._places = Places()
        for rule, view, method in (
            ("/api/lists", self.lists, "GET"),
            ("/api/lists/<id>", self.list, "GET"),
            ("/api/lists/<id>/reset", self.reset, "POST"),
            ("/api/leads", self.find, "GET"),
            ("/api/leads", self.add, "POST"),
            ("/api/leads/<id>", self.show, "GET"),
            ("/api/leads/<id>", self.change, "PATCH"),
            ("/api/leads/<id>/callback", self.promise, "POST"),
            ("/api/leads/<id>/callback-cancel", self.unpromise, "POST"),
            ("/api/lead-callbacks", self.callbacks, "GET"),
            ("/api/my-callbacks", self.my_callbacks, "GET"),
            ("/api/dnc", self.check, "GET"),
            ("/api/dnc", self.refuse, "POST"),
            ("/api/dnc/remove", self.allow, "POST"),
            ("/api/consents", self.consents, "GET"),
            ("/api/consents", self.consent, "POST"),
            ("/api/consents/withdraw", self.withdraw, "POST"),
        ):
            app.add_url_rule(rule, f"{method} {rule}", view, methods=[method])

    # -- lists and leads ------------------------------------------------------------------------------------------

    def lists(self) -> Response:
        """GET /api/lists: every list, and how far it has been worked through."""
        sight, leads = self._reader(), self._auth.store.leads

        def read() -> list[dict[str, Any]]:
            mine = self._lists(sight)
            return [self._list(one.id) for one in leads.lists.all() if mine is None or one.id in mine]

        return json_response(in_worker(read))

    def list(self, id: str) -> Response:
        """GET /api/lists/spring."""
        sight = self._reader()

        def read() -> dict[str, Any]:
            self._need_list(sight, id)
            return self._list(id)

        return json_response(in_worker(read))

    def find(self) -> Response:
        """GET /api/leads?q=...: those with this id, number or reference; or ?list=spring, page by page."""
        sight, leads = self._reader(), self._auth.store.leads
        if name := flask.request.args.get("list", "")[:64]:
            limit, after = limit_of(), _after()

            def page() -> Sequence[Lead]:
                self._need_list(sight, name)
                return leads.of_list(name, limit, after=after)

            return page_response(in_worker(page), limit)
        text, limit = flask.request.args.get("q", "")[:255], limit_of(MOST)

        def found() -> Sequence[Lead]:
            mine = self._lists(sight)
            return [one for one in leads.find(text, limit) if mine is None or one.list in mine]

        return json_response(in_worker(found))

    def show(self, id: str) -> Response:
        """GET /api/leads/17?limit=100: one, with its newest attempts, and whether there are more."""
        sight, store, limit = self._reader(), self._auth.store, limit_of(100)

        def read() -> dict[str, Any]:
            lead = seen_lead(store, sight, id)
            attempts = store.leads.attempts.newest(limit + 1, lead=lead.id)
            mine = None if sight.whole else sight.campaigns(store.load_centre())
            shown = [one for one in attempts[:limit] if mine is None or one.campaign in mine]
            return {"lead": lead, "attempts": shown, "more": len(attempts) > limit}

        return json_response(in_worker(read))

    def add(self) -> Response:
        """POST /api/leads: a new lead, or with ``update`` the one of the same reference, changed."""
        person, given = self._auth.supervisor(), body(LeadBody)
        values = _values(given)
        leads = self._auth.store.leads

        def look(centre: Centre) -> None:
            _need_list(centre, person.sight, given.list)

        def put() -> tuple[Lead, int]:
            known = leads.of_reference(given.list, given.reference or "") if given.update else []
            if known:
                return leads.change(known[0].id, person.login, **values), 200
            return leads.add(Lead(id="", list=given.list, **values), person.login), 201

        lead, status = in_worker(act_within, self._auth.store, person.sight, look, put)
        return json_response(lead, status)

    def reset(self, id: str) -> Response:
        """POST /api/lists/spring/reset: its leads that rest are ready, with all their tries again."""
        person, given = self._auth.supervisor(), body(ResetBody)
        leads = self._auth.store.leads

        def look(centre: Centre) -> None:
            _need_list(centre, person.sight, id)

        def done() -> ResetAnswer:
            within = Within(self._auth.store, person.sight, look)
            count = leads.lists.reset(id, person.login, outcomes=given.outcomes, done=given.done, within=within)
            return ResetAnswer(list=id, leads=count)

        return json_response(in_worker(done))

    def change(self, id: str) -> Response:
        """PATCH /api/leads/17: what is given; refused (409) while somebody dials it."""
        person, values = self._auth.supervisor(), _values(body(LeadPatch))
        store = self._auth.store

        def changed() -> Lead:
            return store.leads.change(id, person.login, **values)

        return json_response(in_worker(act_within, store, person.sight, self._look_at(person, id), changed))

    def promise(self, id: str) -> Response:
        """POST /api/leads/17/callback: a call at a time; one that there is moves."""
        person, given = self._auth.supervisor(), body(CallbackBody)
        at = us(given.at)
        if at <= time.time_ns() // 1_000:
            raise ConfigError("at has passed; give a time to come")
        store = self._auth.store

        def look(centre: Centre) -> None:
            self._look_at(person, id)(centre)
            _check_promise(centre, person.sight, given)

        def promised() -> Lead:
            if person.sight.whole:
                _check_promise(store.load_centre(), person.sight, given)
            return store.leads.promise(
                id, at, person.login, agent=given.agent, campaign=given.campaign, note=given.note
            )

        return json_response(in_worker(act_within, store, person.sight, look, promised))

    def unpromise(self, id: str) -> Response:
        """POST /api/leads/17/callback-cancel: the promise is taken back."""
        person, given = self._auth.supervisor(), body(CancelBody)
        store = self._auth.store

        def taken_back() -> Lead:
            return store.leads.unpromise(id, person.login, done=given.done)

        return json_response(in_worker(act_within, store, person.sight, self._look_at(person, id), taken_back))

    def callbacks(self) -> Response:
        """GET /api/lead-callbacks?agent=ada: the leads that were promised a call, the soonest first."""
        sight = self._reader()
        agent, limit, after = flask.request.args.get("agent", "")[:64], limit_of(MOST), _after_promise()

        def read() -> Sequence[Lead]:
            mine = self._lists(sight)
            if mine is not None and not mine:
                return ()
            return self._auth.store.leads.callbacks(agent=agent, lists=sorted(mine or ()), limit=limit, after=after)

        return page_response(in_worker(read), limit, lambda lead: place(lead.next_at, lead.id))

    def my_callbacks(self) -> Response:
        """GET /api/my-callbacks: the calls that the agent who asks is to make alone, the soonest first."""
        agent = self._auth.person().agent
        if not agent:
            raise ApiError(403, "forbidden", "only agents have promised calls of their own")
        limit, after = limit_of(MOST), _after_promise()

        def read() -> list[OwnCallback]:
            found = self._auth.store.leads.callbacks(agent=agent, limit=limit, after=after)
            return [self._own(one) for one in found]

        return page_response(in_worker(read), limit, lambda own: place(own.at, own.lead))

    def _own(self, lead: Lead) -> OwnCallback:
        """A promise as its agent sees it."""
        number = lead.numbers[lead.next_number % len(lead.numbers)] if lead.numbers else LeadNumber(number="")
        return OwnCallback(
            lead=lead.id,
            name=lead.name,
            number=number.number,
            campaign=lead.campaign,
            at=lead.next_at,
            note=lead.callback_note,
            zone=self._places.clock_of(lead, number),
        )

    # -- who is not called ----------------------------------------------------------------------------------------

    def check(self) -> Response:
        """GET /api/dnc?number=%2B44...&campaign=spring: whether it may be called; without a number, the entries."""
        self._reader()
        args, dnc = flask.request.args, self._auth.store.dnc
        campaign = args.get("campaign", "")[:64]
        if "number" not in args:
            limit, begins, last = limit_of(MOST), args.get("begins", "")[:20], after_place()
            # A number has no comma, and neither has a campaign's id.
            after = (last[0], *last[1].partition(",")[::2]) if last is not None else None
            found = in_worker(dnc.entries, campaign=campaign or None, begins=begins, limit=limit, after=after)
            return page_response(found, limit, lambda row: place(row.added_at, f"{row.number},{row.campaign}"))
        number = _number(args["number"])
        entry = in_worker(dnc.find, number, campaign)
        return json_response({"number": number, "callable": entry is None, "entry": entry})

    def refuse(self) -> Response:
        """POST /api/dnc: a number that is not called any more."""
        person, given = self._auth.supervisor(), body(DncBody)
        row = DncRow(
            number=given.number,
            campaign=given.campaign,
            source="api",
            reason=given.reason,
            until=us(given.until) if given.until else 0,
        )
        return json_response(in_worker(not_to_be_called, self._auth.store, row, person.login), 201)

    def allow(self) -> Response:
        """POST /api/dnc/remove: a number may be called again. Only an admin may say so, and why is kept."""
        person, given = self._auth.admin(), body(DncRemoval)
        dnc = self._auth.store.dnc
        return json_response(
            in_worker(lambda: dnc.remove(given.number, person.login, campaign=given.campaign, reason=given.reason))
        )

    # -- consents -------------------------------------------------------------------------------------------------

    def consents(self) -> Response:
        """GET /api/consents?number=%2B44...: all that is on record, the newest first."""
        self._reader()
        number = flask.request.args.get("number", "")
        known, limit, after = _number(number) if number else "", limit_of(MOST), after_place()
        found = in_worker(lambda: self._auth.store.consents.newest(limit, number=known, after=after))
        return page_response(found, limit, lambda row: place(row.given_at, row.id))

    def consent(self) -> Response:
        """POST /api/consents: somebody has consented."""
        person, given, now = self._auth.supervisor(), body(ConsentBody), time.time_ns() // 1_000
        row = ConsentRow(
            number=_number(given.number),
            who=given.who,
            what=given.what,
            scope=given.scope,
            channel=given.channel,
            evidence=given.evidence,
            given_at=us(given.given_at) if given.given_at else now,
            until=us(given.until) if given.until else 0,
        )
        return json_response(in_worker(consent_given, self._auth.store, row, person.login, now), 201)

    def withdraw(self) -> Response:
        """POST /api/consents/withdraw: they take it back."""
        person, given = self._auth.supervisor(), body(Withdrawal)
        number, consents = _number(given.number), self._auth.store.consents
        return json_response(in_worker(lambda: consents.withdraw(number, person.login, scope=given.scope)))

    # -- inside ---------------------------------------------------------------------------------------------------

    def _list(self, id: str) -> dict[str, Any]:
        leads = self._auth.store.leads
        one = leads.lists.get(id)
        counts = leads.lists.count(id)
        plain: dict[str, Any] = msgspec.to_builtins(one) | msgspec.to_builtins(counts)
        return plain | {"penetration": round(counts.penetration, 4)}

    def _lists(self, sight: Sight) -> frozenset[str] | None:
        """The lists that are seen; None for all."""
        return None if sight.whole else lists_of(self._auth.store.load_centre(), sight)

    def _need_list(self, sight: Sight, id: str) -> None:
        if not sight.whole:
            _need_list(self._auth.store.load_centre(), sight, id)

    def _look_at(self, person: Person, id: str) -> Look:
        """What raises NotFound unless the person sees the lead ``id``."""
        leads = self._auth.store.leads

        def look(centre: Centre) -> None:
            _need_lead(centre, person.sight, leads.get(id))

        return look

    def _reader(self) -> Sight:
        """What this person sees of leads."""
        return self._auth.reader("leads").sight


def seen_lead(store: StoreReads, sight: Sight, id: str) -> Lead:
    """The lead ``id``. Raises NotFound, also when its list is not seen. Blocks."""
    lead = store.leads.get(id)
    if not sight.whole:
        _need_lead(store.load_centre(), sight, lead)
    return lead


def _need_lead(centre: Centre, sight: Sight, lead: Lead) -> None:
    if lead.list not in lists_of(centre, sight):
        raise NotFound("lead", lead.id)


def _need_list(centre: Centre, sight: Sight, id: str) -> None:
    if id not in lists_of(centre, sight):
        raise NotFound("list", id[:64])


def _check_promise(centre: Centre, sight: Sight, given: CallbackBody) -> None:
    """Whom a promise names is there, for this person. Raises ConfigError."""
    own = sight.on(centre)
    agents = {one.id for one in centre.agents if own.whole or any(own.has(it.queue) for it in one.queues)}
    for what, one, known in (("agent", given.agent, agents), ("campaign", given.campaign, own.campaigns(centre))):
        if one and one not in known:
            raise ConfigError(f"there is no {what} {one!r}")


def _values(given: LeadPatch) -> dict[str, Any]:
    """The fields of a lead that are given, as the store takes them."""
    values: dict[str, Any] = {}
    for name in LeadPatch.__struct_fields__:
        value = getattr(given, name)
        if value is not msgspec.UNSET and name != "country_of_numbers":
            values[name] = value
    if "numbers" in values:
        theirs = values.get("country", "")
        read = (NumberReader(given.country_of_numbers) if given.country_of_numbers else reader_of(theirs)).read
        values["numbers"] = tuple(
            LeadNumber(number=f"+{read(one.number)}", kind=one.kind, zone=one.zone, note=one.note, order=n)
            for n, one in enumerate(values["numbers"])
        )
    if "next_at" in values:
        values["next_at"] = us(values["next_at"])
    if "country" in values:
        values["country"] = values["country"].upper()
    return values


def _after() -> int:
    """The id of the last lead of the page before."""
    text = flask.request.args.get("after", "") or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ApiError(400, "bad_input", f"after is {text[:40]!r}; expected the id of a lead")
    return int(text)


def _after_promise() -> tuple[int, int] | None:
    """The promise that the page before ended with."""
    last = after_place()
    if last is None:
        return None
    if not (last[1].isascii() and last[1].isdigit() and len(last[1]) < 19):
        raise ApiError(400, "bad_input", "after is none of ours; take it from the Link of the page before")
    return last[0], int(last[1])


def _number(text: str) -> str:
    return f"+{NumberReader().read(text)}"


def us(moment: datetime) -> int:
    """UTC microseconds. Raises ApiError for a year that nothing of ours is of."""
    at = round(moment.timestamp() * 1_000_000)
    if at < 0:
        raise ApiError(400, "bad_input", f"{moment.isoformat()} is before 1970")
    return at
