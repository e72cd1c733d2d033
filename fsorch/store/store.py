"""The records of one installation behind one handle.

All methods block on the database: in a process with a hub, call them through its thread pool. Any number of threads
may use one store. Whatever goes wrong with the database comes out as StoreError.
"""

from __future__ import annotations

import itertools
import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import msgspec

from fsorch.acd.affinity import Encounter
from fsorch.clock import Clock, SystemClock
from fsorch.config import Centre
from fsorch.engine.facts import Fact
from fsorch.engine.inputs import Recall
from fsorch.engine.rows import ContactRow, LegRow
from fsorch.errors import RequestRefused
from fsorch.flows import FlowRelease, FlowSpec
from fsorch.store import centre as centres
from fsorch.store import flows, phones, queries, tokens, users
from fsorch.store.adopting import Adopted, Adoption, adopt
from fsorch.store.answered import AnsweredRequests
from fsorch.store.backup import copy_before_upgrade
from fsorch.store.break_times import BreakStretch, break_stretches
from fsorch.store.campaigns import Campaigns
from fsorch.store.chain import ChainReport, Entry, add_entry, verify_chain
from fsorch.store.consents import Consents
from fsorch.store.customers import Customers
from fsorch.store.database import Db, PooledSqlite, connected, parse_url, writing
from fsorch.store.dnc import Dnc
from fsorch.store.encounters import read_encounters
from fsorch.store.factors import Factors
from fsorch.store.flow_stats import FlowFigures, Tally, page_facts
from fsorch.store.flows import FlowVersion
from fsorch.store.lead_reopening import resume_lists
from fsorch.store.leads import Leads
from fsorch.store.linting import Override
from fsorch.store.messages import MessageFile, find_message
from fsorch.store.migrate import migrate
from fsorch.store.models import MetaRecord
from fsorch.store.phones import PhoneSecret
from fsorch.store.purging import Retention
from fsorch.store.queries import Answers, AuditRow, ContactDetail, Counts, Summary, cleaned
from fsorch.store.recall import recall
from fsorch.store.tokens import TokenRow
from fsorch.store.turns import Turns
from fsorch.store.users import Passwords, UserRow
from fsorch.store.values import clean, cut, dump_json
from fsorch.store.writer import FactWriter

__all__ = ["Store", "attach_database", "open_database"]

log = logging.getLogger(__name__)


def open_database(
    url: str, *, create: bool = True, clock: Clock | None = None, passwords: Passwords | None = None
) -> Store:
    """Open the database that ``url`` names (see :mod:`fsorch.store.database`), bring its tables up to date, and
    return its handle. Without ``create`` a database that is not there yet is an error rather than a new one.

    Raises StoreError: a faulty URL, a database that cannot be reached, one that a newer fsorch made."""
    store = attach_database(url, clock=clock, passwords=passwords)
    try:
        store.open(create=create)
    except BaseException:
        store.close()
        raise
    return store


def attach_database(url: str, *, clock: Clock | None = None, passwords: Passwords | None = None) -> Store:
    """The handle of a database that cannot be reached at present. Everything asked of it raises StoreError until
    :meth:`Store.open` has succeeded. Raises StoreError for a faulty URL."""
    return Store(parse_url(url), clock or SystemClock(), passwords or Passwords())


class Store:
    """One database. Make it by :func:`open_database` or :func:`attach_database`."""

    def __init__(self, db: Db, clock: Clock, passwords: Passwords) -> None:
        self.db = db
        self.writer = FactWriter(db)
        self._clock = clock
        self._passwords = passwords
        self._audited = itertools.count()
        self.customers = Customers(self._use, clock, passwords, self._audit)
        self.campaigns = Campaigns(self._use, clock, self._audit)
        self.dnc = Dnc(self._use, clock, self._audit)
        self.consents = Consents(self._use, clock, self._audit)
        self.factors = Factors(self._use, clock, self._audit)
        self.answered = AnsweredRequests(self._use, clock)
        self.leads = Leads(self._use, clock, self._audit, self.dnc, self.consents)
        self.retention = Retention(self._use, clock, self._audit)

    def open(self, *, create: bool = True) -> None:
        """Bring the tables up to date. Without ``create`` a database that is not there is an error rather than a new
        one. Raises StoreError, of the kind DatabaseAway when it cannot be reached."""
        self.db.prepare(create)
        with connected(self.db):
            copy = copy_before_upgrade(self.db)
            if copy is not None:
                log.warning("the database is brought up to date; as it was it is kept in %s (fsorch db rollback)", copy)
            migrate(self.db, self._clock.now().wall, create=create)

    def close(self) -> None:
        """Close the connections; one that is in use, when it comes back."""
        self.db.shut()

    def now_us(self) -> int:
        """The moment by the store's clock, in UTC microseconds."""
        return self._clock.now().wall

    def _use(self) -> AbstractContextManager[Db]:
        return connected(self.db)

    # The centre

    def load_centre(self) -> Centre:
        """The centre's desired state, all of one revision."""
        with self._use() as db, db.atomic():
            return centres.read_centre(db)

    def load_released(self) -> tuple[Centre, tuple[FlowRelease, ...]]:
        """The centre, and the versions of flows that calls enter or may be in, all of one revision."""
        with self._use() as db, db.atomic():
            centre = centres.read_centre(db)
            return centre, flows.read_releases(db, centre, self._clock.now().wall)

    def save_centre(
        self,
        centre: Centre,
        by: str,
        *,
        expected: int | None = None,
        act: str = "centre.save",
        told: Sequence[str] = (),
        overrides: Mapping[str, Override] | None = None,
    ) -> int:
        """Make ``centre`` the desired state and return its revision, which is the old one when nothing is new.
        ``expected``: the revision that ``centre`` was made from; when it is not the newest, nothing changes.
        ``overrides``: flows that are published against the linter, each audited as ``flow.override``.

        ``by`` (a login, or ``cli``) is audited as having done ``act``, with what changed, for people as ``told``.
        Raises ConfigError for a value too long to keep, and RequestRefused when somebody else was quicker."""
        now = self._clock.now().wall
        with self._use() as db, writing(db):
            revision = centres.read_revision(db, lock=True)
            if expected is not None and revision != expected:
                raise RequestRefused(
                    "the centre", f"at revision {revision}, not {expected}", "this change", "try again"
                )
            reasons = {flow: override.reason for flow, override in (overrides or {}).items()}
            changes = centres.write_centre(db, centre, by, now, reasons)
            if not changes.done and revision:
                return revision
            revision = centres.bump_revision(db)
            self._audit(by, act, {"revision": revision, "changes": list(told) or changes.done})
            self._audit_overrides(by, overrides or {})
        # There may be hundreds of thousands, and who dials is not to wait for them.
        with self._use() as db:
            resume_lists(db, Turns(db, self._clock))
        return revision

    def _audit_overrides(self, by: str, overrides: Mapping[str, Override]) -> None:
        for flow, override in overrides.items():
            self._audit(by, "flow.override", {"flow": flow} | msgspec.structs.asdict(override))

    def revision(self) -> int:
        """The number of the centre's last change; 0 before the first."""
        with self._use() as db:
            return centres.read_revision(db)

    @contextmanager
    def steady(self) -> Iterator[int]:
        """The centre stays as it is in this block, and its revision is given. The block is one transaction that writes:
        what this thread does in it is done altogether, or not at all when the block raises. Nobody else writes
        meanwhile, so it is to be short."""
        with self._use() as db, writing(db):
            yield centres.read_revision(db, lock=True)

    def adopt(self, wanted: Adoption, by: str, *, dry_run: bool = False) -> Adopted:
        """Contacts that ended as nobody's become a tenant's; see :mod:`fsorch.store.adopting`. Audited."""
        return adopt(self._use, self._audit, wanted, by, dry_run=dry_run)

    # Versions of flows

    def flow_versions(self, flow: str) -> list[FlowVersion]:
        """Every version of a flow, the newest first. Raises NotFound."""
        with self._use() as db, db.atomic():
            return flows.list_versions(db, flow, centres.read_centre(db))

    def flow_version(self, flow: str, version: int) -> FlowSpec:
        """What one version of a flow says. Raises NotFound."""
        with self._use() as db:
            return flows.read_version(db, flow, version)

    def add_flow_draft(self, spec: FlowSpec, *, by: str = "cli") -> int:
        """Keep a version of a flow that answers no calls yet; audited. Gives its number."""
        with self._use() as db, writing(db):
            version = flows.add_draft(db, spec, by, self._clock.now().wall)
            self._audit(by, "flow.draft", {"flow": spec.id, "version": version})
            return version

    def set_flow_share(
        self, flow: str, version: int, share: float, *, by: str = "cli", override: Override | None = None
    ) -> int:
        """Let a version have this share (0 to 1) of the flow's calls, and return the new revision; audited. Whether
        the version may answer calls is for the caller to know. Raises NotFound, or ConfigError."""
        with self._use() as db, writing(db):
            centres.read_revision(db, lock=True)
            flows.set_share(db, flow, version, share, override.reason if override is not None else "")
            self._audit(by, "flow.share", {"flow": flow, "version": version, "share": share})
            self._audit_overrides(by, {flow: override} if override is not None else {})
            return centres.bump_revision(db)

    def flow_figures(self, flow: str, *, since: int = 0, until: int = 0, version: int = 0) -> FlowFigures:
        """What callers did in a flow between two moments (UTC microseconds; 0: no bound), in one version or all."""
        with self._use() as db:
            specs = flows.read_versions(db, clean(flow))
        tally = Tally(flow, specs, version)
        for kind, contact, told in page_facts(self._use, since, until):
            tally.take(kind, contact, told)
        return tally.figures()

    # People

    def user(self, login: str) -> UserRow | None:
        """The user ``login``, or None."""
        with self._use() as db:
            found = users.find_user(db, login)
            return found[0] if found else None

    def users(self) -> list[UserRow]:
        """Everybody, by login."""
        with self._use() as db:
            return users.list_users(db)

    def set_password(
        self,
        login: str,
        password: str,
        role: str | None = None,
        agent: str | None = None,
        *,
        by: str = "cli",
        scope: Sequence[str] | None = None,
        tenant: str | None = None,
    ) -> UserRow:
        """Set the password of ``login``, who is made if need be; ``role``, ``agent`` and ``scope`` (ids of queues, none
        for all) or ``tenant`` stay where they are None. Audited.

        Raises ConfigError for a password, login, role or scope that is not acceptable."""
        users.check_password(login, password)
        hash = self._passwords.hash(password)
        with self._use() as db, writing(db):
            found = users.find_user(db, login)
            user = users.store_user(db, login, hash, role, agent, self._clock.now().wall, scope, tenant)
            self._audit(by, "user.password", {"login": login} | _before_and_after(found and found[0], user))
            return user

    def set_scope(self, login: str, scope: Sequence[str], *, by: str = "cli", tenant: str = "") -> UserRow:
        """``login`` sees these queues from now on, or what is the tenant's, or all; sessions of before end. Audited.
        Raises NotFound, and ConfigError for a role that has no scope, or needs one."""
        with self._use() as db, writing(db):
            found = users.find_user(db, login)
            user = users.set_scope(db, login, scope, self._clock.now().wall, tenant)
            self._audit(by, "user.scope", {"login": login} | _before_and_after(found and found[0], user))
            return user

    def verify(self, login: str, password: str) -> UserRow | None:
        """The user whose login and password these are, if they may log in. Takes the same work for everybody, known
        or not."""
        with self._use() as db:
            found = users.find_user(db, login)
        user, hash = found if found and found[0].active else (None, "")
        if not self._passwords.verify(hash, clean(password)):
            return None
        if self._passwords.is_dated(hash):
            with self._use() as db:
                users.renew_hash(db, login, hash, self._passwords.hash(password))
        return user

    def add_token(self, name: str, role: str, *, by: str = "cli", scope: Sequence[str] = (), tenant: str = "") -> str:
        """A new token of the API for the program ``name``, shown this once, which sees the queues of ``scope``, what is
        the tenant's, or all; audited. Raises ConfigError."""
        with self._use() as db, writing(db):
            token = tokens.store_token(db, name, role, by, self._clock.now().wall, scope, tenant)
            bound = {"scope": sorted(set(scope))} if scope else {"tenant": tenant} if tenant else {}
            what = {"name": name, "role": role} | bound
            self._audit(by, "token.add", what)
            return token

    def remove_token(self, name: str, *, by: str = "cli") -> None:
        """The token of ``name`` is worth nothing from now on; audited. Raises NotFound."""
        with self._use() as db, writing(db):
            tokens.remove_token(db, name)
            self._audit(by, "token.remove", {"name": name})

    def tokens(self) -> list[TokenRow]:
        """Every token, by name."""
        with self._use() as db:
            return tokens.list_tokens(db)

    def token(self, token: str) -> TokenRow | None:
        """Whose token this is, or None."""
        with self._use() as db:
            return tokens.find_token(db, token)

    def new_phone_secret(self, agent: str, user: str, domain: str, *, by: str = "cli") -> str:
        """A new password for the agent's phone, which logs in as that user of that domain; shown this once;
        audited."""
        with self._use() as db, writing(db):
            password = phones.store_secret(db, agent, user, domain, by, self._clock.now().wall)
            self._audit(by, "phone.secret", {"agent": agent, "user": user, "domain": domain})
            return password

    def phone_secret(self, agent: str) -> PhoneSecret | None:
        """How the agent's phone logs in, or None."""
        with self._use() as db:
            return phones.find_secret(db, agent)

    def audit(self, who: str, act: str, what: Any) -> None:
        """Write down that ``who`` did ``act``, a word such as ``agent.logout``, to ``what`` (anything JSON can say)."""
        with self._use():
            self._audit(who, act, what)

    def _audit(self, who: str, act: str, what: Any) -> None:
        now = self._clock.now().wall
        # The number keeps what one process does within one microsecond in order.
        id = f"{now:016x}-{next(self._audited):08x}-{uuid.uuid4().hex[:12]}"
        add_entry(self.db, Entry(id, now, cut(who, 64), cut(act, 64), dump_json(what)))

    def verify_audit(self, *, last: int = 0, noted: tuple[int, str] | None = None) -> ChainReport:
        """Whether the audit's entries are those that were written: all, or the ``last``. ``noted``: place and hash of a
        head that was written down elsewhere."""
        with self._use() as db, db.atomic():
            return verify_chain(db, last=last, noted=noted)

    def audits(self, limit: int = 100, *, since: int = 0, who: str = "", act: str = "") -> list[AuditRow]:
        """The newest audit entries, newest first; from ``since`` (UTC microseconds) on, of ``who``, and whose act
        begins with ``act``, where these are given."""
        with self._use() as db:
            return queries.list_audit(db, limit, since=since, who=clean(who), act=clean(act))

    # Records

    def write(self, facts: Sequence[Fact]) -> None:
        """Write ``facts`` at once, past the spool: for tools and tests. Raises RowError for one that is not what it
        says."""
        with self._use():
            self.writer.write(facts)

    def contacts(self, limit: int = 50, after: str = "", **filters: Any) -> list[ContactRow]:
        """The newest contacts, newest first, or those that come after the contact ``after``; ``filters`` are the
        fields of Filter. Those in progress have no outcome."""
        with self._use() as db:
            return queries.list_contacts(db, cleaned(filters), limit, clean(after))

    def contact(self, id: str) -> ContactDetail:
        """One contact with segments, legs and facts. Raises NotFound."""
        with self._use() as db:
            return queries.find_contact(db, clean(id))

    def cdrs(self, limit: int | None = None, **filters: Any) -> Iterator[LegRow]:
        """The CDR, oldest first, as long as it is; ``filters`` are the fields of Filter. Needs the memory of one
        page."""
        return queries.page_legs(self._use, cleaned(filters), limit)

    def counts(self) -> Counts:
        """How many rows there are."""
        with self._use() as db:
            return queries.count_all(db)

    def summary(
        self, *, service_level_s: float | Mapping[str, float] = 20.0, short_abandon_s: float = 5.0, **filters: Any
    ) -> Summary:
        """The figures of the contacts that ``filters`` (the fields of Filter) select; see queries.summarise."""
        with self._use() as db:
            return queries.summarise(db, cleaned(filters), service_level_s, short_abandon_s)

    def answers(self, service_level_s: float, *, short_abandon_s: float = 5.0, **filters: Any) -> Answers:
        """How the contacts that ``filters`` (the fields of Filter) select were answered; see queries.summarise."""
        with self._use() as db:
            return queries.count_answers(db, cleaned(filters), service_level_s, short_abandon_s)

    def count_contacts(self, **filters: Any) -> int:
        """How many contacts ``filters`` (the fields of Filter) select."""
        with self._use() as db:
            return queries.count_contacts(db, cleaned(filters))

    def breaks(self, since: int, until: int) -> list[BreakStretch]:
        """When agents were on break from ``since`` to before ``until`` (UTC microseconds), and why."""
        with self._use() as db:
            return list(break_stretches(db, since, until))

    def encounters(self, number: str, since: int) -> tuple[Encounter, ...]:
        """Whom the caller from ``number`` has talked with since then (UTC microseconds), the newest first."""
        with self._use() as db:
            return read_encounters(db, clean(number), since)

    def message(self, contact: str) -> MessageFile | None:
        """Where the recording of the message ``contact`` is; None when it is none."""
        with self._use() as db:
            return find_message(db, clean(contact))

    def recall(self, since: int) -> Recall:
        """What was going on when an earlier life of the engine ended; agents' choices since ``since`` (UTC
        microseconds). Only true when the recorder has nothing left in its spool."""
        with self._use() as db:
            return recall(db, since)

    # What the recorder needs

    def mark(self, name: str) -> str:
        """A value of the meta table; empty when it is not there."""
        with self._use() as db:
            return MetaRecord.select(MetaRecord.value).where(MetaRecord.name == name).scalar(db) or ""

    def settle(self) -> bool:
        """See to it that the disk holds all that has been committed. False when another user of an SQLite file is in
        the way; MySQL does so at every commit."""
        if not isinstance(self.db, PooledSqlite):
            return True
        with self._use() as db:
            busy: int = db.run("PRAGMA wal_checkpoint(FULL)").fetchone()[0]
            return busy == 0


def _before_and_after(old: UserRow | None, new: UserRow) -> dict[str, Any]:
    """Role, agent and scope as they are now; and as they were, where that is something else."""
    now, before = _rights(new), _rights(old) if old is not None else None
    return now if before in (None, now) else {"before": before} | now


def _rights(user: UserRow) -> dict[str, Any]:
    scope = {"tenant": user.tenant} if user.tenant else {"scope": list(user.scope)} if user.scope else {}
    return {"role": user.role, "agent": user.agent} | scope
