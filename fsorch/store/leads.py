"""Lists of leads, the leads, and who is next: kept, found, reserved, given back, finished.

A lead that is reserved carries a token: who reserved it, and which reservation. Only with that token can it be changed
or given back, and what is written with a token that is no more changes nothing: so an attempt's end may be told twice,
or by a spool that is read again. A process that died leaves reserved leads behind; :meth:`Leads.recover` frees those
that were never dialled and hands over those that were. Several homes may dial from one database: a token begins with
the name of its home (:func:`home_of`), and each recovers its own. Everything blocks on the database and raises
StoreError when it is away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from peewee import OperationalError

from fsorch.campaign.lead import LeadInput, LeadMachine
from fsorch.campaign.retry import first_number
from fsorch.campaigns import LOOK_BACK_DAYS, AttemptRow, CampaignSpec, ConsentRow, DncRow, Lead, LeadState
from fsorch.clock import Clock
from fsorch.countries import country_of
from fsorch.errors import ConfigError, NotFound, RequestRefused
from fsorch.places import check_zone
from fsorch.store.attempts import Attempts, attempt_of
from fsorch.store.consents import Consents
from fsorch.store.database import Db, writing
from fsorch.store.dnc import Dnc
from fsorch.store.lead_choice import LOOKED_AT, Choice, Shares, choose, has_held, let_through, next_moment
from fsorch.store.lead_lists import Lists, claim_ids, ids_of, lead_row, number_rows
from fsorch.store.lead_models import AttemptRecord, Gate, LeadNumberRecord, LeadRecord
from fsorch.store.lead_plans import Paths, Plan, ensure_plan, find_plan, paths_of
from fsorch.store.lead_reopening import resume_noted
from fsorch.store.lead_rows import SHUT, changed_of, gate_of, number_value, plain_id, read_leads, shown, update_lead
from fsorch.store.part import Audit, Part, Use
from fsorch.store.values import clean, cut

__all__ = ["Leads", "Ready", "Reservation", "Unsettled", "home_of", "token_of"]

# How far back a lead's attempts are read, for the limits of campaigns and packs: as far as any of them may ask, and a
# day for clocks that are not quite together.
HISTORY_US = (LOOK_BACK_DAYS + 1) * 86_400 * 1_000_000
# A campaign whose leads stand on no-call lists one after the other is asked again a little later.
MOST_ROUNDS = 5
# ... and where somebody only wants to see what is next, and a filter lets few leads pass.
MOST_LOOKS = 100
# So long an index is taken to be there; one that is used is noted as often.
SURE_US = 86_400 * 1_000_000
PAGE = 1_000
# Leads whose time has come and that are let through the gate beside a reservation, and at a turn of its own.
THROUGH = 100
THROUGH_ALONE = 1_000
# A campaign all of whose leads somebody holds is asked again so much later.
HELD_US = 1_000_000
# What another home has held for so long it will not dial any more: no preview and no talk lasts a day.
ABANDONED_US = 86_400 * 1_000_000


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A lead that is ours to dial, with its history; its state is what it was before. ``dnc``: each of its numbers that
    stands on a no-call list, and the list's name; ``consents``: all that is on record of its numbers.
    ``registers``: where a number stands on several lists, the names of all, the public registers among them;
    ``ends``: until when (UTC microseconds) an entry stands that ends."""

    lead: Lead
    dnc: dict[str, str] = {}
    consents: tuple[ConsentRow, ...] = ()
    registers: dict[str, tuple[str, ...]] = {}
    ends: dict[str, int] = {}


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """What a reservation came to. ``next_at``: when the campaign has, or may have, a lead again (UTC microseconds; 0:
    nobody knows), where fewer came than were wanted; ``barred``: leads that were found to be on no-call lists with all
    their numbers; ``unprepared``: :meth:`Leads.prepare` has still to make an index for it, without which there are no
    leads, or none by their owners."""

    leads: tuple[Ready, ...]
    next_at: int = 0
    barred: int = 0
    unprepared: bool = False


class Unsettled(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt whose lead is still held by a process that died: under way when it did, or ended without a word about
    the lead."""

    row: AttemptRow
    lead: Lead


class AtHand(NamedTuple):
    """What a reservation goes by: the paths of each list (None: an index is to be made first); ``missing``: one has
    still to be made."""

    paths: dict[str, Paths] | None
    missing: bool


def token_of(home: str, life: str) -> str:
    """How the tokens begin that a process of this home, called ``life``, reserves leads under."""
    return f"{home}.{life}"


def home_of(token: str) -> str:
    """The home whose process holds a lead under this token; empty: nobody knows, as before homes had names."""
    return token.partition(".")[0] if "." in token else ""


class Leads(Part):
    """The leads of one store. ``lists``, ``attempts``, ``dnc`` and ``consents`` have what goes with them."""

    def __init__(self, use: Use, clock: Clock, audit: Audit, dnc: Dnc, consents: Consents) -> None:
        super().__init__(use, clock, audit)
        self._dnc = dnc
        self._consents = consents
        self.lists = Lists(use, clock, audit)
        self.attempts = Attempts(use)
        self._shares = Shares()
        # The indexes that are known to be there, and when that was found out.
        self._ensured: dict[str, int] = {}

    # -- one lead -------------------------------------------------------------------------------------------------

    def get(self, id: str) -> Lead:
        """The lead with this id, with its history. Raises NotFound."""
        with self._use() as db:
            return shown(self._one(db, id))

    def find(self, text: str, limit: int = 20) -> list[Lead]:
        """The leads that ``text`` means: an id, a number with its country code, or a reference."""
        text = clean(text).strip()
        with self._use() as db:
            ids = [int(text)] if text.isascii() and text.isdigit() and len(text) <= 10 else []
            if number := number_value(text):
                having = LeadNumberRecord.select(LeadNumberRecord.lead).where(LeadNumberRecord.number == number)
                ids += [row[0] for row in having.limit(limit).tuples().execute(db)]
            if text:
                called = LeadRecord.select(LeadRecord.id).where(LeadRecord.reference == text)
                ids += [row[0] for row in called.limit(limit).tuples().execute(db)]
            found = read_leads(db, dict.fromkeys(ids))
            return [shown(self._with_history(db, [found[id]])[0]) for id in dict.fromkeys(ids) if id in found]

    def of_ids(self, ids: Sequence[str]) -> Sequence[Lead]:
        """The leads with these ids, in their order; ids of none are left out."""
        wanted = [plain_id(id) for id in ids]
        with self._use() as db:
            found = read_leads(db, wanted)
            return [shown(one) for one in self._with_history(db, [found[id] for id in wanted if id in found])]

    def of_reference(self, list: str, reference: str) -> Sequence[Lead]:
        """The leads of a list that have this reference, the oldest first."""
        wanted = clean(reference).strip()
        with self._use() as db:
            query = LeadRecord.select(LeadRecord.id).where(
                LeadRecord.list == clean(list), LeadRecord.reference == wanted
            )
            ids = [row[0] for row in query.order_by(LeadRecord.id).tuples().execute(db)] if wanted else []
            found = read_leads(db, ids)
            return [shown(one) for one in self._with_history(db, [found[id] for id in ids if id in found])]

    def of_list(self, list: str, limit: int, *, after: int = 0) -> Sequence[Lead]:
        """The leads of a list by their ids, from the first whose id is above ``after``. Raises NotFound."""
        name = self.lists.get(list).id
        with self._use() as db:
            ids = ids_of(db, name, after, limit)
            found = read_leads(db, ids)
            return [shown(one) for one in self._with_history(db, [found[id] for id in ids if id in found])]

    def add(self, lead: Lead, by: str) -> Lead:
        """Put ``lead`` into its list and give it an id; audited. Raises NotFound for a list that is not there and
        ConfigError for a lead without a number that can be dialled, or in a time zone or country that there is none
        of; a country may be a name."""
        if not any(number_value(one.number) for one in lead.numbers):
            raise ConfigError("the lead has no number; give one with its country code, as in +442079460001")
        _check_zones(lead)
        lead = msgspec.structs.replace(lead, country=_country(lead.country))
        now = self._clock.now().wall
        with self._use() as db, writing(db):
            self.lists.known(db, lead.list)
            id = claim_ids(db, 1)
            LeadRecord.insert(lead_row(id, lead, now)).execute(db)
            LeadNumberRecord.insert_many(number_rows(id, lead.numbers)).execute(db)
            if lead.owner:
                self.lists.note_owned(db, lead.list)
            self._audit(by, "lead.add", {"lead": str(id), "list": lead.list})
            return self._one(db, str(id))

    def change(self, id: str, by: str, **given: Any) -> Lead:
        """Set these fields of a lead (those of fsorch.campaigns.Lead that are not an attempt's; ``numbers`` replaces
        all); audited, with what was and what is. Raises NotFound, and RequestRefused while somebody dials it."""
        if "country" in given:
            given["country"] = _country(given["country"])
        with self._use() as db, writing(db):
            old = self._one(db, id)
            _expect_free(old, "a change")
            new = msgspec.structs.replace(old, **given)
            if {"zone", "numbers"} & given.keys():
                _check_zones(new)
            if not any(number_value(one.number) for one in new.numbers):
                raise ConfigError("the lead would have no number; give one with its country code")
            if old.state is LeadState.BARRED and first_number(old.numbers) is None:
                # It was barred for want of a number that is one, and nobody has said no.
                new = msgspec.structs.replace(new, state=LeadState.READY, next_at=0, next_number=0)
            row = lead_row(plain_id(id), new, old.created_at)
            row.pop("dice")
            LeadRecord.update(row).where(LeadRecord.id == plain_id(id)).execute(db)
            if "numbers" in given:
                LeadNumberRecord.delete().where(LeadNumberRecord.lead == plain_id(id)).execute(db)
                LeadNumberRecord.insert_many(number_rows(plain_id(id), new.numbers)).execute(db)
            if new.owner:
                self.lists.note_owned(db, new.list)
            self._audit(by, "lead.change", {"lead": id} | changed_of(old, new, given))
            return self._one(db, id)

    # -- callbacks ------------------------------------------------------------------------------------------------

    def promise(
        self, id: str, at: int, by: str, *, agent: str = "", campaign: str = "", note: str = "", own: bool = False
    ) -> Lead:
        """A callback for this lead at ``at`` (UTC microseconds), by one ``agent`` or (empty) anyone; one that there is
        moves; audited. ``own``: only a promise of this agent's own moves, and no other is known. Raises NotFound,
        RequestRefused while somebody dials the lead or when it is barred."""
        with self._use() as db, writing(db):
            old = self._one(db, id)
            if own:
                _expect_own(old, agent)
            _expect_free(old, "a callback")
            if old.state is LeadState.BARRED:
                raise RequestRefused("the lead", "barred", "a callback", _why_barred(old))
            values = {
                "state": LeadState.CALLBACK.value,
                "gate": int(Gate.PROMISED),
                "next_at": at,
                "callback_agent": cut(agent, 64),
                "callback_note": cut(note or old.callback_note, 255),
                "campaign": cut(campaign or old.campaign, 64),
            }
            LeadRecord.update(values).where(LeadRecord.id == plain_id(id)).execute(db)
            self._audit(by, "callback.promise", {"lead": id, "at": at, "agent": agent})
            return self._one(db, id)

    def unpromise(self, id: str, by: str, *, done: bool = False, agent: str = "") -> Lead:
        """Take the promise of a callback back: the lead stands among the others again, or with ``done`` is called no
        more; audited. ``agent``: only where it is this agent's own. Raises NotFound, and RequestRefused while somebody
        dials it or where nothing was promised."""
        with self._use() as db, writing(db):
            old = self._one(db, id)
            if agent:
                _expect_own(old, agent)
            _expect_free(old, "to take a promise back")
            if old.state is not LeadState.CALLBACK:
                raise RequestRefused("the lead", old.state.value, "to take a promise back", "it was promised no call")
            machine = LeadMachine(old.state)
            machine.step(LeadInput.DONE if done else LeadInput.AGAIN)
            values = {"state": machine.state.value, "gate": int(gate_of(machine.state, 0)), "next_at": 0}
            values |= {"callback_agent": "", "callback_note": ""}
            LeadRecord.update(values).where(LeadRecord.id == plain_id(id)).execute(db)
            self._audit(by, "callback.cancel", {"lead": id, "at": old.next_at, "done": done})
            return self._one(db, id)

    def callbacks(
        self,
        *,
        agent: str = "",
        lists: Sequence[str] = (),
        limit: int = 200,
        after: tuple[int, int] | None = None,
    ) -> list[Lead]:
        """The leads that have been promised a callback, the soonest first. ``after``: those behind the one that is due
        then (UTC microseconds) and has this id."""
        query = LeadRecord.select(LeadRecord.id).where(LeadRecord.gate == int(Gate.PROMISED))
        if after is not None:
            at, id = after
            there = (LeadRecord.next_at == at) & (LeadRecord.id > id)
            query = query.where((LeadRecord.next_at > at) | there)
        with self._use() as db:
            # With the lists named, the index goes straight to the promises.
            query = query.where(LeadRecord.list.in_(list(lists) or self.lists.ids(db)))
            query = query.where(LeadRecord.callback_agent == clean(agent)) if agent else query
            ids = [
                row[0] for row in query.order_by(LeadRecord.next_at, LeadRecord.id).limit(limit).tuples().execute(db)
            ]
            found = read_leads(db, ids)
            return [found[id] for id in ids]

    # -- who is next ----------------------------------------------------------------------------------------------

    def prepare(self, spec: CampaignSpec) -> None:
        """Make the indexes that choosing by this campaign's order and filter needs: seconds for a million leads, once.
        :meth:`reserve` does so too when it must. Raises ConfigError for an order or filter that cannot be."""
        with self._use() as db:
            for plan in self._plans(db, spec):
                self._ensure(db, plan, again=True)

    def is_prepared(self, spec: CampaignSpec) -> bool:
        """Whether its indexes are there. Raises ConfigError as :meth:`prepare` does."""
        with self._use() as db:
            return all(find_plan(db, plan) for plan in self._plans(db, spec))

    def open_gates(self, spec: CampaignSpec, now_us: int) -> int:
        """Let leads through whose time has come, a bounded number at once; how many. Each reservation lets a few
        through; where very many come due at one moment (at nine in the morning), this, called between, keeps the order
        true."""
        lists = [one.list for one in spec.lists]
        with self._use() as db, writing(db):
            return resume_noted(db, lists) + let_through(db, lists, now_us, THROUGH_ALONE)

    def upcoming(
        self,
        spec: CampaignSpec,
        count: int,
        now_us: int,
        *,
        owners: Sequence[str] = (),
        preparing: bool = True,
        unseen: Callable[[int], None] | None = None,
    ) -> tuple[Lead, ...] | None:
        """The leads that a reservation of ``count`` would bring if these ``owners`` were free, with their history;
        nothing is reserved. None: an index has still to be made, which without ``preparing`` is not waited for. Where
        the filter has let none pass and not all have been looked at, ``unseen`` is told how many of a list were."""
        with self._use() as db:
            by = self._at_hand(db, spec, preparing)
            if by.paths is None:
                return None
            with writing(db):
                let_through(db, [one.list for one in spec.lists], now_us, THROUGH_ALONE)
            shares, choice = self._shares.copy(), Choice(spec, by.paths, count, now_us, tuple(owners))
            for _ in range(MOST_LOOKS):
                ids = choose(db, choice, shares)
                if ids or not shares.has_more(by.paths):
                    break
            else:
                if unseen is not None:
                    unseen(MOST_LOOKS * LOOKED_AT)
            found = read_leads(db, ids)
            return tuple(self._with_history(db, [found[id] for id in ids if id in found]))

    def reserve(
        self,
        spec: CampaignSpec,
        count: int,
        now_us: int,
        token: str,
        *,
        owners: Sequence[str] = (),
        preparing: bool = True,
    ) -> Reservation:
        """Reserve up to ``count`` leads of a campaign under ``token`` (which nobody has used before): callbacks that
        are due, then leads of the free agents ``owners``, then the others in the campaign's order. Leads whose numbers
        all stand on no-call lists are barred and others come in their place. Without ``preparing`` it takes no longer
        for an index that is missing: that is only told."""
        with self._use() as db:
            try:
                return self._reserve(db, spec, self._at_hand(db, spec, preparing), count, now_us, token, owners)
            except OperationalError:
                # Somebody may have dropped an index, or its column, under a query that was told to go by it.
                gone = [plan.index for plan in self._plans(db, spec) if not find_plan(db, plan)]
                if not gone:
                    raise
                for index in gone:
                    self._ensured.pop(index, None)
                return self._reserve(db, spec, self._at_hand(db, spec, preparing), count, now_us, token, owners)

    def reserve_one(self, id: str, campaign: str, now_us: int, token: str) -> Ready:
        """Reserve this one lead, for somebody who dials it by hand, whenever it is due. Raises NotFound, and
        RequestRefused when somebody holds it or it is barred."""
        with self._use() as db, writing(db):
            lead = self._one(db, id)
            _expect_free(lead, "to dial it")
            if lead.state is LeadState.BARRED:
                raise RequestRefused("the lead", "barred", "to dial it", _why_barred(lead))
            self._hold(db, [plain_id(id)], campaign, token, now_us)
            return self._ready(db, [plain_id(id)], campaign)[0]

    def stranger(self, lead: Lead, campaign: str) -> Ready:
        """What is known of somebody in no list, whom an agent wants to dial by hand: of their numbers."""
        with self._use() as db:
            return self._known(db, [lead], campaign)[0]

    def refresh(self, campaign: str, ids: Iterable[str], token: str) -> tuple[Ready, ...]:
        """What is known now of leads that are reserved under ``token``, or one that begins so; those that are no longer
        are left out. For the moment of dialling."""
        with self._use() as db:
            ready = self._ready(db, [plain_id(id) for id in ids], campaign)
            return tuple(one for one in ready if one.lead.token.startswith(token))

    def release(self, ids: Iterable[str], token: str, *, next_at: int = 0) -> int:
        """Give back leads that were reserved under ``token`` (or one that begins so) and not dialled: they are what
        they were, or not before ``next_at`` (UTC microseconds) where it is given. How many there were."""
        with self._use() as db, writing(db):
            where = (
                LeadRecord.id.in_([plain_id(id) for id in ids]),
                LeadRecord.gate == int(Gate.HELD),
                LeadRecord.token.startswith(token),
            )
            return _free(db, where, next_at)

    def finish(self, lead: Lead, attempt: AttemptRow | None = None) -> bool:
        """Write at once what has become of a reserved lead: past the spool, for tools and tests; the engine tells it by
        the facts attempt_ended and lead_changed. False when the lead is no longer held by its token: then it stays."""
        with self._use() as db, writing(db):
            if attempt is not None:
                self.attempts.write(db, attempt)
            return update_lead(db, lead)

    def recover(self, ours: str = "") -> tuple[Unsettled, ...]:
        """After a crash: free the leads that are held by a token of this home that does not begin with ``ours``, or of
        another home for longer than a day, and were never dialled under it; those that were are given back to be
        settled, and stay held. ``ours`` empty or without a home: all that others hold. Only true when the recorder has
        nothing left in its spool."""
        with self._use() as db, writing(db):
            held = self._held(db, ours)
            dialled = self._dialled(db, held)
            _free_all(db, [id for id in held if id not in dialled])
            leads = read_leads(db, dialled)
            return tuple(Unsettled(row=row, lead=leads[id]) for id, row in dialled.items())

    # -- inside ---------------------------------------------------------------------------------------------------

    def _paths(self, db: Db, spec: CampaignSpec) -> dict[str, Paths]:
        """The plans of the campaign's lists; those by owner where any of their leads has one."""
        by_owner = (spec.owner_first or spec.owner_only) and self.lists.are_owned(db, [one.list for one in spec.lists])
        return paths_of(db, spec, by_owner=by_owner)

    def _plans(self, db: Db, spec: CampaignSpec) -> tuple[Plan, ...]:
        return _distinct(self._paths(db, spec))

    def _at_hand(self, db: Db, spec: CampaignSpec, preparing: bool) -> AtHand:
        """The plans to go by: those whose indexes are there. With ``preparing`` the others are made."""
        paths = self._paths(db, spec)
        plans = _distinct(paths)
        there = set()
        for plan in plans:
            known = self._clock.now().wall - self._ensured.get(plan.index, 0) <= SURE_US
            if known or preparing or find_plan(db, plan):
                self._ensure(db, plan)
                there.add(plan.index)
        missing = len(there) < len(plans)
        for name, one in paths.items():
            if not spec.owner_only and one.owned is not None and one.owned.index not in there:
                # Nobody's own leads come first for a while.
                paths[name] = msgspec.structs.replace(one, owned=None)
        usable = all(plan.index in there for plan in _distinct(paths))
        return AtHand(paths if usable else None, missing)

    def _ensure(self, db: Db, plan: Plan, *, again: bool = False) -> None:
        """See to its index; so, too, one that is used every day is not taken for one that nobody uses."""
        now = self._clock.now().wall
        if again or now - self._ensured.get(plan.index, 0) > SURE_US:
            ensure_plan(db, plan, now)
            self._ensured[plan.index] = now

    def _reserve(
        self, db: Db, spec: CampaignSpec, by: AtHand, count: int, now_us: int, token: str, owners: Sequence[str]
    ) -> Reservation:
        if by.paths is None:
            return Reservation(leads=(), unprepared=True)
        ready: list[Ready] = []
        barred = 0
        with writing(db):
            let_through(db, [one.list for one in spec.lists], now_us, max(THROUGH, 2 * count))
            for _ in range(MOST_ROUNDS):
                wanted = count - len(ready)
                choice = Choice(spec, by.paths, wanted, now_us, tuple(owners))
                ids = choose(db, choice, self._shares) if wanted > 0 else []
                if not ids and wanted > 0 and self._shares.has_more(by.paths):
                    continue
                if not ids:
                    break
                held = self._hold(db, ids, spec.id, token, now_us)
                fresh = self._ready(db, held, spec.id)
                lost = [one.lead for one in fresh if self._is_lost(one)]
                barred += self._bar(db, lost)
                ready += [one for one in fresh if one.lead not in lost] if lost else fresh
            next_at = next_moment(db, spec) if len(ready) < count else 0
            if not ready and self._shares.has_more(by.paths):
                # Nobody may say yet that there is none: the next question goes on from here.
                next_at = now_us
            elif not ready and not next_at and has_held(db, spec):
                # Those that were put off a moment ago may be among them, for facts take their time.
                next_at = now_us + HELD_US
        return Reservation(leads=tuple(ready), next_at=next_at, barred=barred, unprepared=by.missing)

    def _is_lost(self, ready: Ready) -> bool:
        """Whether none of its numbers may ever be called. Whom a public register keeps off the line is for the rules to
        say: they know what the call is for, and consents; so is until when an entry stands that ends."""
        numbers = ready.lead.numbers
        return bool(numbers) and all(
            ready.dnc.get(one.number, "") not in {"", *self._dnc.registers} and one.number not in ready.ends
            for one in numbers
        )

    def _hold(self, db: Db, ids: Sequence[int], campaign: str, token: str, now_us: int) -> list[int]:
        """Reserve; those that somebody else was quicker to reserve are left out."""
        values = {"gate": int(Gate.HELD), "token": token, "reserved_at": now_us, "campaign": cut(campaign, 64)}
        values |= {"put_off": ""}
        free = LeadRecord.gate != int(Gate.HELD)
        done = LeadRecord.update(values).where(LeadRecord.id.in_(ids), free).execute(db)
        if done == len(ids):
            return list(ids)
        ours = LeadRecord.select(LeadRecord.id).where(LeadRecord.id.in_(ids), LeadRecord.token == token)
        kept = {row[0] for row in ours.tuples().execute(db)}
        return [id for id in ids if id in kept]

    def _ready(self, db: Db, ids: Sequence[int], campaign: str) -> list[Ready]:
        found = read_leads(db, ids)
        return self._known(db, [found[id] for id in ids if id in found], campaign)

    def _known(self, db: Db, bare: Sequence[Lead], campaign: str) -> list[Ready]:
        leads = self._with_history(db, bare)
        numbers = [one.number for lead in leads for one in lead.numbers]
        hits = self._dnc.read_all(db, numbers, campaign)
        consents = self._consents.read(db, numbers)
        return [
            Ready(
                lead=lead,
                dnc={one.number: hits[one.number][0].source for one in lead.numbers if one.number in hits},
                registers={
                    one.number: tuple(row.source for row in hits[one.number])
                    for one in lead.numbers
                    if len(hits.get(one.number, ())) > 1
                },
                consents=tuple(row for one in lead.numbers for row in consents.get(one.number, ())),
                ends={one.number: end for one in lead.numbers if (end := _end(hits.get(one.number, ())))},
            )
            for lead in leads
        ]

    def _with_history(self, db: Db, leads: Sequence[Lead]) -> list[Lead]:
        numbers = {one.number for lead in leads for one in lead.numbers}
        past = self.attempts.past(db, numbers, self._clock.now().wall - HISTORY_US)
        return [
            msgspec.structs.replace(
                lead,
                history=tuple(
                    sorted((one for n in lead.numbers for one in past.get(n.number, ())), key=lambda p: p.at)
                ),
            )
            if past
            else lead
            for lead in leads
        ]

    def _bar(self, db: Db, leads: Sequence[Lead]) -> int:
        if not leads:
            return 0
        values = {"gate": int(Gate.SHUT), "state": LeadState.BARRED.value, "token": "", "reserved_at": 0}
        ids = [plain_id(one.id) for one in leads]
        LeadRecord.update(values | {"disposition": "dnc"}).where(LeadRecord.id.in_(ids)).execute(db)
        return len(ids)

    def _held(self, db: Db, ours: str) -> dict[int, int]:
        """The leads that others hold who will not come back for them, and since when."""
        home, long_ago = home_of(ours), self._clock.now().wall - ABANDONED_US
        query = LeadRecord.select(LeadRecord.id, LeadRecord.token, LeadRecord.reserved_at).where(
            LeadRecord.list.in_(self.lists.ids(db)), LeadRecord.gate == int(Gate.HELD)
        )
        rows = query.tuples().execute(db)
        return {
            id: since
            for id, token, since in rows
            if not (ours and token.startswith(ours)) and (not home or home_of(token) in ("", home) or since < long_ago)
        }

    def held_elsewhere(self, ids: Iterable[str], ours: str) -> set[str]:
        """Those of these leads that another home than that of the token ``ours`` holds, and has not abandoned."""
        home, long_ago = home_of(ours), self._clock.now().wall - ABANDONED_US
        known = [plain_id(id) for id in dict.fromkeys(ids) if id]
        found: set[str] = set()
        with self._use() as db:
            for at in range(0, len(known) if home else 0, PAGE):
                query = LeadRecord.select(LeadRecord.id, LeadRecord.token).where(
                    LeadRecord.id.in_(known[at : at + PAGE]),
                    LeadRecord.gate == int(Gate.HELD),
                    LeadRecord.reserved_at >= long_ago,
                )
                rows = query.tuples().execute(db)
                found |= {str(id) for id, token in rows if home_of(token) not in ("", home)}
        return found

    def _dialled(self, db: Db, held: dict[int, int]) -> dict[int, AttemptRow]:
        """The newest attempt of each lead that was begun under its present reservation."""
        found = {}
        ids = list(held)
        for at in range(0, len(ids), PAGE):
            page = ids[at : at + PAGE]
            query = AttemptRecord.select().where(
                AttemptRecord.lead.in_([str(id) for id in page]),
                AttemptRecord.launched_at >= min(held[id] for id in page),
            )
            for record in query.order_by(AttemptRecord.launched_at).execute(db):
                if record.launched_at >= held[int(record.lead)]:
                    found[int(record.lead)] = attempt_of(record)
        return found

    def _one(self, db: Db, id: str) -> Lead:
        found = read_leads(db, [plain_id(id)])
        if not found:
            raise NotFound("lead", id)
        return self._with_history(db, list(found.values()))[0]


def _distinct(paths: dict[str, Paths]) -> tuple[Plan, ...]:
    """Every plan once, however many lists go by it."""
    return tuple({plan.index: plan for one in paths.values() for plan in one.plans}.values())


def _expect_own(lead: Lead, agent: str) -> None:
    """The lead was promised a call by this agent. Raises NotFound: of other leads an agent knows nothing."""
    # While somebody dials it, it is promised still.
    promised = lead.state is LeadState.CALLBACK or lead.token
    if not agent or lead.callback_agent != agent or not promised:
        raise NotFound("callback of your own", lead.id)


def _expect_free(lead: Lead, what: str) -> None:
    if lead.token:
        raise RequestRefused("the lead", "being dialled", what, "try again when the call has ended")


def _why_barred(lead: Lead) -> str:
    if first_number(lead.numbers) is None:
        return "none of its numbers exists; give it another"
    return "it stands on a no-call list"


def _free_all(db: Db, ids: Sequence[int]) -> None:
    for at in range(0, len(ids), PAGE):
        _free(db, (LeadRecord.id.in_(ids[at : at + PAGE]), LeadRecord.gate == int(Gate.HELD)), 0)


def _end(rows: Sequence[DncRow]) -> int:
    """Until when the first of the entries of a number stands; 0: for good, or there is none."""
    return rows[0].until if rows else 0


def _free(db: Db, where: tuple[Any, ...], next_at: int) -> int:
    """Take the token off leads: they stand towards dialling as they did before, or not before ``next_at``."""
    ways: tuple[tuple[Any, dict[str, Any]], ...] = (
        (LeadRecord.state == LeadState.CALLBACK.value, {"gate": int(Gate.PROMISED)}),
        (LeadRecord.state.in_([one.value for one in SHUT]), {"gate": int(Gate.SHUT), "campaign": ""}),
        (
            LeadRecord.state.not_in([LeadState.CALLBACK.value, *(one.value for one in SHUT)]),
            {"gate": int(Gate.LATER if next_at else Gate.OPEN), "state": LeadState.READY.value, "campaign": ""},
        ),
    )
    freed = 0
    for condition, values in ways:
        row = {"token": "", "reserved_at": 0} | values | ({"next_at": next_at} if next_at else {})
        # Those freed by an earlier way are not held any more, which ``where`` asks for.
        freed += LeadRecord.update(row).where(*where, condition).execute(db)
    return freed


def _country(text: str) -> str:
    """Its two letters. Raises ConfigError for what is no country."""
    found = country_of(text)
    if text.strip() and not found:
        raise ConfigError(f"the country is {text[:40]!r}; expected two letters, as in GB, US, CN, or its name")
    return found


def _check_zones(lead: Lead) -> None:
    """That of the lead and those of its numbers. A wrong one would be passed over, and a stricter clock with it."""
    for zone in (lead.zone, *(one.zone for one in lead.numbers)):
        check_zone(zone)
