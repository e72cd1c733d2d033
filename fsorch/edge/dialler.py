"""What campaigns ask of the records, beside the engine: leads that are reserved, read anew, given back.

One native thread does it in the order it was asked, so that nothing is reserved behind the back of what was given back
before. Every question is answered exactly once, also by a database that is away. Leads are reserved under a token of
this process; those that an earlier one of its home left behind are freed, or handed to the engine with their attempts,
before the first question is answered (:meth:`Dialler.recover`).

A new order or filter takes the database seconds for a million leads, which another thread waits for: until its leads
are in order a campaign is told so, and the others dial.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable

import gevent
import msgspec
from gevent.queue import Empty, SimpleQueue
from gevent.threadpool import ThreadPool

from fsorch.campaign.compliance import Compliance
from fsorch.campaign.readiness import register_fault
from fsorch.campaign.resets import last_reset, next_reset
from fsorch.campaigns import CampaignSpec, Lead, LeadNumber
from fsorch.clock import DAY_US, Clock
from fsorch.compliance_packs import SHIPPED_REGISTERS, RegistryRule, pack_named
from fsorch.config import Centre
from fsorch.edge.logs import about
from fsorch.engine.actions import AboutLeads, ClearToDial, KeepLearnt, LeadsBack, LeadsWanted
from fsorch.engine.inputs import LeadsCome, OpenAttempt, ReadyLead
from fsorch.errors import FsorchError
from fsorch.store import Store
from fsorch.store.leads import Ready
from fsorch.store.reasons import registries, sellers_of
from fsorch.tenancy import Tenancy

__all__ = ["Dialler"]

log = logging.getLogger(__name__)

# What could not be given back is tried again after this time.
OWED_S = 5.0
# Where no law says how long drops count.
WINDOW_DAYS = 30.0


class Dialler:
    """``store`` is asked on a native thread; ``feed`` is told each answer, in the hub. ``life``: a text no other
    process uses, which begins the tokens of this one (fsorch.store.leads.token_of)."""

    def __init__(self, store: Callable[[], Store], feed: Callable[[LeadsCome], None], clock: Clock, life: str) -> None:
        self._store = store
        self._feed = feed
        self._clock = clock
        self._life = life
        self._campaigns: dict[str, CampaignSpec] = {}
        self._windows: dict[str, set[float]] = {}
        # The public registers that each campaign has to ask.
        self._registers: dict[str, tuple[RegistryRule, ...]] = {}
        # By whose clock each campaign's lists are reset.
        self._zones: dict[str, str] = {}
        self._line: SimpleQueue[AboutLeads] = SimpleQueue()
        # What could not be given back, for the database was away.
        self._owed: list[LeadsBack] = []
        # When that is tried again, by the clock that only counts on.
        self._owed_at = 0.0
        self._pool = ThreadPool(1)
        self._worker: gevent.Greenlet[[], None] | None = None
        # Campaigns whose leads are to be put in order, those as they were when that was done, and what went wrong.
        self._unprepared: deque[str] = deque()
        self._prepared: dict[str, CampaignSpec] = {}
        self._failed: dict[str, str] = {}
        self._makers = ThreadPool(1)
        self._maker: gevent.Greenlet[[], None] | None = None
        # When each campaign's lists were reset last, as far as this process has seen to it.
        self._renewed: dict[str, int] = {}
        self._renewer: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Answer from now on; what was asked before is answered first."""
        if self._worker is None:
            self._worker = gevent.spawn(self._run)

    def stop(self) -> None:
        """Answer no more. What is reserved stays so: the next process frees it."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None
        if self._maker is not None:
            # What the database is making goes on until it is made.
            self._maker.kill()
            self._maker = None
        if self._renewer is not None:
            self._renewer.kill()
            self._renewer = None
        self._pool.kill()
        self._makers.kill()

    def configure(self, centre: Centre) -> None:
        """The campaigns there are, and the windows in which their drops count."""
        self._campaigns = {spec.id: spec for spec in centre.campaigns}
        tenancy = Tenancy(centre)
        self._zones = {spec.id: tenancy.zone_of(spec) for spec in centre.campaigns}
        rules = {spec.id: Compliance(pack_named(spec.pack, centre.packs), spec) for spec in centre.campaigns}
        self._registers = {id: found for id, one in rules.items() if (found := one.registry_rules)}
        own_windows = {id: {rule.days for rule in one.drop_rules} or {WINDOW_DAYS} for id, one in rules.items()}
        # Whose drops count together are counted in each other's windows too.
        self._windows = {
            spec.id: {
                days
                for one in centre.campaigns
                if one is spec or (spec.drop_group and one.drop_group == spec.drop_group)
                for days in own_windows[one.id]
            }
            for spec in centre.campaigns
        }
        own = {rule.registry for pack in centre.packs for rule in pack.registries}
        dnc = self._store().dnc
        dnc.registers = SHIPPED_REGISTERS | own
        dnc.sellers = sellers_of(centre)

    def take(self, action: AboutLeads) -> None:
        """Do this. Never blocks, and answers in another greenlet."""
        self._line.put(action)

    def prepare(self, campaigns: Iterable[str]) -> None:
        """See to it that the leads of these campaigns are in order, one campaign after the other, in the background.
        Nothing is done for one that has been seen to. Never blocks."""
        for id in campaigns:
            spec = self._campaigns.get(id)
            if spec is not None and spec.lists and self._prepared.get(id) is not spec and id not in self._unprepared:
                self._unprepared.append(id)
        if self._unprepared and self._maker is None:
            self._maker = gevent.spawn(self._make)

    def _make(self) -> None:
        while self._unprepared:
            id = self._unprepared[0]
            spec = self._campaigns.get(id)
            if spec is not None:
                self._failed[id] = self._makers.apply(self._put_in_order, (spec,))
                # What has failed is tried again as soon as the campaign asks for leads.
                self._prepared[id] = spec
            self._unprepared.popleft()
        self._maker = None

    def _put_in_order(self, spec: CampaignSpec) -> str:
        """On the other thread; what went wrong, empty: nothing. Never raises."""
        try:
            self._store().leads.prepare(spec)
        except Exception as error:
            if not isinstance(error, FsorchError):
                log.exception("the leads of %s could not be put in order", spec.id, extra=about(campaign=spec.id))
            return str(error) or type(error).__name__
        return ""

    def recover(self, wrapping: Iterable[str] = ()) -> tuple[OpenAttempt, ...]:
        """What earlier processes of this home left behind: leads that were never dialled are free, and the attempts
        that were under way, or whose leads wait for a word. ``wrapping``: the contacts after which agents wrap up;
        those of them that were numbers called by hand, which no lead waits for, come too. Blocks; raises StoreError.
        Only when the spool is in the database."""
        store = self._store()
        left = [OpenAttempt(row=one.row, lead=one.lead) for one in store.leads.recover(self._life)]
        known = {one.row.id for one in left}
        under_way = [row for row in store.leads.attempts.under_way() if row.id not in known]
        others = store.leads.held_elsewhere((row.lead for row in under_way), self._life)
        by_hand = [row for id in wrapping if id and (row := store.leads.attempts.get(id)) is not None and not row.lead]
        under_way += [row for row in by_hand if row.ended_at]
        found = (*left, *(OpenAttempt(row=row) for row in under_way if row.lead not in others))
        dropped = store.leads.attempts.dropped([one.row for one in found])
        words = store.leads.attempts.words([one.row for one in found])
        return tuple(
            msgspec.structs.replace(one, dropped_at=dropped.get(one.row.id, 0), word=words.get(one.row.id))
            for one in found
        )

    def drops(self) -> dict[str, dict[float, tuple[int, int, int]]]:
        """Live answers, drops and hang-ups of each campaign in each window of its pack's drop rules (30 days where it
        has none) and of those of its group. Blocks; raises StoreError."""
        now, attempts = self._clock.now().wall, self._store().leads.attempts
        return {
            spec: {days: attempts.dropped_since(spec, now - round(days * DAY_US)) for days in windows}
            for spec, windows in self._windows.items()
        }

    def stale(self, states: Iterable[str]) -> dict[str, str]:
        """Why those of these campaigns may call nobody whose public registers are too old by now, or gone: a copy grows
        old while they dial. Left out are those that somebody has started for a reason although something was missing.
        Blocks; raises StoreError."""
        asking = [id for id in states if id in self._registers]
        if not asking:
            return {}
        store, now = self._store(), self._clock.now().wall
        known, found = registries(store), {}
        for id in asking:
            faults = [fault for rule in self._registers[id] if (fault := register_fault(rule, known, now))]
            if faults and not store.campaigns.started_because(id):
                found[id] = faults[0]
        return found

    def _run(self) -> None:
        while True:
            action = self._next()
            answer = self._pool.apply(self._done, (action,))
            if answer is not None and answer.unprepared:
                self._prepared.pop(action.campaign, None)
                answer = self._told_why(answer)
                self.prepare((action.campaign,))
            if answer is not None:
                self._feed(answer)
            if isinstance(action, LeadsWanted):
                self._pool.apply(self._let_through, (action.campaign,))
                self._renew(action.campaign)

    def _next(self) -> AboutLeads:
        """What to do now: what is asked, and at times what is owed, for a campaign that asks all the time must not put
        that off for ever."""
        left_s = self._owed_at - self._clock.now().mono if self._owed else None
        try:
            if left_s is None or left_s > 0:
                return self._line.get(timeout=left_s)
        except Empty:
            pass
        return self._owed.pop(0)

    def _told_why(self, answer: LeadsCome) -> LeadsCome:
        failed = self._failed.pop(answer.campaign, "")
        return msgspec.structs.replace(answer, failed=answer.failed or failed) if not answer.leads else answer

    def _let_through(self, campaign: str) -> None:
        """On the thread, when nobody waits for an answer: very many leads may come due at one moment, and the order is
        true only among those that have been let through. Never raises."""
        spec = self._campaigns.get(campaign)
        try:
            if spec is not None and spec.lists:
                self._store().leads.open_gates(spec, self._clock.now().wall)
        except Exception as error:
            # A database that is away is told of by the next question.
            if not isinstance(error, FsorchError):
                log.exception("leads of %s could not be let through", campaign, extra=about(campaign=campaign))

    def _done(self, action: AboutLeads) -> LeadsCome | None:
        """On the thread; never raises."""
        try:
            return self._do(action)
        except Exception as error:
            if not isinstance(error, FsorchError):
                log.exception("leads of %s could not be asked for", action.campaign, extra=about(action))
            if isinstance(action, LeadsBack):
                # Nobody else may have them until this has been done.
                self._owed.append(action)
                self._owed_at = self._clock.now().mono + OWED_S
            if isinstance(action, LeadsBack | KeepLearnt):
                return None
            return LeadsCome(campaign=action.campaign, serial=action.serial, failed=str(error) or type(error).__name__)

    def _do(self, action: AboutLeads) -> LeadsCome | None:
        store = self._store()
        if isinstance(action, LeadsBack):
            store.leads.release(action.leads, self._life)
            return None
        if isinstance(action, KeepLearnt):
            store.campaigns.keep_learnt(action.campaign, action.learnt)
            return None
        if isinstance(action, ClearToDial):
            ready = store.leads.refresh(action.campaign, action.leads, self._life)
            return self._come(action, ready)
        return self._by_number(store, action) if action.number else self._reserve(store, action)

    def _reserve(self, store: Store, action: LeadsWanted) -> LeadsCome:
        spec = self._campaigns.get(action.campaign)
        if spec is None or not spec.lists:
            return self._come(action, ())
        token = f"{self._life}:{action.serial}"
        now, zone = self._clock.now().wall, self._zones.get(spec.id, "UTC")
        found = store.leads.reserve(spec, action.count, now, token, owners=action.owners, preparing=False)
        moments = (found.next_at, next_reset(spec.resets, zone, now) if len(found.leads) < action.count else 0)
        come = self._come(action, found.leads, min((at for at in moments if at), default=0))
        return msgspec.structs.replace(come, unprepared=True) if found.unprepared else come

    def _renew(self, campaign: str) -> None:
        """See whether a time has come at which the campaign's lists are gone through once more; in the background, as
        a million leads take half a minute."""
        spec = self._campaigns.get(campaign)
        zone = self._zones.get(campaign, "UTC")
        at = last_reset(spec.resets, zone, self._clock.now().wall) if spec is not None else 0
        if spec is None or at <= self._renewed.get(campaign, 0) or self._renewer is not None:
            return
        self._renewed[campaign] = at
        self._renewer = gevent.spawn(self._renew_all, spec, at)

    def _renew_all(self, spec: CampaignSpec, at: int) -> None:
        if not self._makers.apply(self._reset, (spec, at)):
            # Asked for again with the next leads.
            self._renewed.pop(spec.id, None)
        self._renewer = None

    def _reset(self, spec: CampaignSpec, at: int) -> bool:
        """On the other thread; whether it is done. Never raises."""
        try:
            if at <= self._timed_since(spec):
                # Whoever writes 09:00 down at four in the afternoon means tomorrow.
                return True
            for one in spec.lists:
                if count := self._store().leads.lists.reset_by_clock(one.list, at):
                    log.info("%d leads of %s are ready anew", count, one.list, extra=about(campaign=spec.id))
        except Exception as error:
            if not isinstance(error, FsorchError):
                log.exception("the lists of %s could not be reset", spec.id, extra=about(campaign=spec.id))
            return False
        return True

    def _timed_since(self, spec: CampaignSpec) -> int:
        """Since when the campaign has these times (UTC microseconds); 0: as far as the records go back."""
        since, times = 0, spec.resets
        for version in reversed(self._store().campaigns.versions(spec.id)):
            if version.spec.resets != times:
                return since
            since = version.made_at
        return since

    def _by_number(self, store: Store, action: LeadsWanted) -> LeadsCome:
        """The lead of a number in one of the campaign's lists that nobody holds; else the number by itself."""
        spec = self._campaigns.get(action.campaign)
        lists = {one.list for one in spec.lists} if spec is not None else set()
        token = f"{self._life}:{action.serial}"
        for lead in store.leads.find(action.number):
            if lead.list in lists and any(one.number == action.number for one in lead.numbers):
                now = self._clock.now().wall
                return self._come(action, (store.leads.reserve_one(lead.id, action.campaign, now, token),))
        bare = Lead(id="", numbers=(LeadNumber(number=action.number),))
        return self._come(action, (store.leads.stranger(bare, action.campaign),))

    def _come(self, action: LeadsWanted | ClearToDial, ready: Iterable[Ready], next_at: int = 0) -> LeadsCome:
        now = self._clock.now().wall
        return LeadsCome(
            campaign=action.campaign,
            serial=action.serial,
            leads=tuple(
                ReadyLead(
                    lead=one.lead,
                    checked_at=now,
                    dnc=one.dnc,
                    consents=one.consents,
                    registers=one.registers,
                    ends=one.ends,
                )
                for one in ready
            ),
            next_at=next_at,
        )
