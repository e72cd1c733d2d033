"""The centre's desired state in rows: read, and written by difference.

What has not changed is not touched. An agent or queue that the centre has no more is deleted, or, when contacts,
segments or legs name it, marked as removed: reports of last month still find its title. If it comes back under the
same id it is the same one. Agents with a login get a user; the password stays when anything else about them changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from peewee import Field, Model

from fsorch.calendar_rules import CalendarSpec
from fsorch.campaigns import CampaignSpec, Disposition
from fsorch.compliance_packs import PackSpec
from fsorch.config import AgentSpec, BreakReason, Centre, MembershipSpec, QueueSpec, TextSpec
from fsorch.deferred import VoicemailSpec
from fsorch.doors import NumberSpec
from fsorch.errors import ConfigError
from fsorch.flow_limits import FlowLimits
from fsorch.gateways import GatewaySpec
from fsorch.plain import plain
from fsorch.prompts import PromptSpec, SpeechSpec
from fsorch.rules import AwayRule, TierSpec
from fsorch.store.campaigns import hand_on_promises, keep_versions
from fsorch.store.database import Db, PooledMysql
from fsorch.store.flows import read_flows, write_flows
from fsorch.store.lead_reopening import note_law
from fsorch.store.models import (
    AgentRecord,
    BreakRecord,
    CalendarRecord,
    CampaignRecord,
    CampaignStateRecord,
    ContactRecord,
    DispositionRecord,
    GatewayRecord,
    LegRecord,
    MemberRecord,
    MetaRecord,
    NumberRecord,
    PackRecord,
    PromptRecord,
    QueueRecord,
    SegmentRecord,
    TenantRecord,
    UserRecord,
)
from fsorch.tenants import TenantSpec

__all__ = ["Changes", "read_centre", "read_revision", "write_centre"]

Row = dict[str, Any]
S = TypeVar("S", bound=msgspec.Struct)
REVISION = "revision"
AWAY = "centre.away"
TIERS = "centre.tiers"
TEXTS = "centre.texts"
# Settings of the centre that are seconds.
SECONDS = ("switch_gone_s", "unserved_s")
VOICEMAIL = "centre.voicemail"
LANGUAGE = "centre.language"
SPEECH = "centre.speech"
LIMITS = "centre.flow_limits"
SKILLS = "centre.skills"


class Changes(msgspec.Struct):
    """What was done: one short word for each row, such as ``queue +sales``, ``agent ~ada`` or ``agent -bob``."""

    done: list[str] = []

    def note(self, what: str, sign: str, id: str) -> None:
        """Remember that row ``id`` of ``what`` was added (+), changed (~), removed (-)."""
        self.done.append(f"{what} {sign}{id}")


def read_revision(db: Db, *, lock: bool = False) -> int:
    """The number of the centre's last change; 0 before the first. With ``lock`` nobody else changes it before this
    transaction ends (SQLite's write transactions exclude each other anyway)."""
    query = MetaRecord.select(MetaRecord.value).where(MetaRecord.name == REVISION)
    if lock and isinstance(db, PooledMysql):
        query = query.for_update()
    return int(query.scalar(db) or 0)


def read_centre(db: Db) -> Centre:
    """The centre as it was written. Call it in a transaction, so that it is all of one revision."""
    meta = {row.name: row.value for row in MetaRecord.select().execute(db)}
    members: dict[str, list[MembershipSpec]] = {}
    for row in MemberRecord.select().order_by(MemberRecord.agent, MemberRecord.place).dicts().execute(db):
        members.setdefault(row["agent"], []).append(_spec(MembershipSpec, row))
    return Centre(
        name=meta.get("centre.name", Centre().name),
        flow=meta.get("centre.flow", ""),
        prompts_dir=meta.get("centre.prompts_dir", Centre().prompts_dir),
        outside=meta.get("centre.outside", ""),
        queues=tuple(_spec(QueueSpec, row) for row in _live(db, QueueRecord)),
        agents=tuple(_spec(AgentSpec, row, queues=members.get(row["id"], [])) for row in _live(db, AgentRecord)),
        flows=tuple(read_flows(db)),
        flow_limits=msgspec.json.decode(meta.get(LIMITS) or "{}", type=FlowLimits),
        breaks=tuple(_spec(BreakReason, row) for row in _in_order(db, BreakRecord)),
        prompts={row["name"]: _prompt(row) for row in _in_order(db, PromptRecord)},
        language=meta.get(LANGUAGE) or Centre().language,
        speech=msgspec.json.decode(meta.get(SPEECH) or "null", type=SpeechSpec | None),
        voicemail=msgspec.json.decode(meta.get(VOICEMAIL) or "null", type=VoicemailSpec | None),
        texts=msgspec.json.decode(meta.get(TEXTS) or "null", type=TextSpec | None),
        skills=msgspec.json.decode(meta.get(SKILLS) or "[]", type=tuple[str, ...]),
        tiers=msgspec.json.decode(meta.get(TIERS) or "{}", type=dict[str, TierSpec]),
        away=msgspec.json.decode(meta.get(AWAY) or "null", type=AwayRule | None),
        numbers={row["id"]: msgspec.json.decode(row["body"], type=NumberSpec) for row in _in_order(db, NumberRecord)},
        calendars=_bodies(db, CalendarRecord, CalendarSpec),
        gateways=_bodies(db, GatewayRecord, GatewaySpec),
        dispositions=_bodies(db, DispositionRecord, Disposition),
        packs=_bodies(db, PackRecord, PackSpec),
        campaigns=_bodies(db, CampaignRecord, CampaignSpec),
        tenants=_bodies(db, TenantRecord, TenantSpec),
        switch_gone_s=float(meta.get("centre.switch_gone_s") or Centre().switch_gone_s),
        unserved_s=float(meta.get("centre.unserved_s") or Centre().unserved_s),
    )


def write_centre(db: Db, centre: Centre, by: str, now_us: int, reasons: Mapping[str, str] | None = None) -> Changes:
    """Make the rows say ``centre``. ``reasons``: why flows are published against the linter, by flow. Call it in a
    write transaction. Raises ConfigError for a value that no column holds."""
    changes = Changes()
    laws = {spec.id: _law(spec) for spec in _bodies(db, CampaignRecord, CampaignSpec)}
    _write_plain(db, TenantRecord, "tenant", _body_rows(centre.tenants), changes)
    logins = {row["login"] for row in _live(db, AgentRecord) if row["login"]}
    _write_marked(db, QueueRecord, "queue", _queue_rows(centre), changes, now_us)
    _write_marked(db, AgentRecord, "agent", _agent_rows(centre), changes, now_us)
    _write_plain(db, MemberRecord, "member", _member_rows(centre), changes)
    _write_plain(db, BreakRecord, "break", _break_rows(centre), changes)
    _write_plain(db, PromptRecord, "prompt", _prompt_rows(centre), changes)
    _write_plain(db, CalendarRecord, "calendar", _body_rows(centre.calendars), changes)
    _write_plain(db, GatewayRecord, "gateway", _body_rows(centre.gateways), changes)
    _write_plain(db, DispositionRecord, "disposition", _body_rows(centre.dispositions), changes)
    _write_plain(db, PackRecord, "pack", _body_rows(centre.packs), changes)
    _write_plain(db, CampaignRecord, "campaign", _body_rows(centre.campaigns), changes)
    keep_versions(db, centre.campaigns, by, now_us)
    hand_on_promises(db, centre.campaigns)
    packs = any(one.startswith("pack ") for one in changes.done)
    moved = [spec for spec in centre.campaigns if packs or laws.get(spec.id, _law(spec)) != _law(spec)]
    note_law(db, [one.list for spec in moved for one in spec.lists], now_us)
    # One that comes again under the same name begins anew.
    CampaignStateRecord.delete().where(CampaignStateRecord.id.not_in([one.id for one in centre.campaigns])).execute(db)
    _write_plain(db, NumberRecord, "number", _number_rows(centre), changes)
    write_flows(db, centre.flows, by, now_us, changes, reasons or {})
    _write_users(db, centre, logins, now_us, changes)
    for name in ("name", "flow", "prompts_dir", "outside"):
        _write_meta(db, f"centre.{name}", getattr(centre, name), changes)
    meta = {row.name for row in MetaRecord.select(MetaRecord.name).execute(db)}
    for name, value in _own_keys(centre).items():
        if value or name in meta:
            _write_meta(db, name, value, changes)
    return changes


def _law(spec: CampaignSpec) -> tuple[str, str]:
    """By what law a campaign calls, and for what."""
    return spec.pack, spec.purpose


def _own_keys(centre: Centre) -> dict[str, str]:
    """The keys of the centre that have a row only when they are not as by default."""
    usual = Centre()
    specs = {AWAY: centre.away, TEXTS: centre.texts, VOICEMAIL: centre.voicemail, SPEECH: centre.speech}
    own = {name: msgspec.json.encode(spec).decode() if spec is not None else "" for name, spec in specs.items()}
    for name in SECONDS:
        seconds = getattr(centre, name)
        own[f"centre.{name}"] = repr(seconds) if seconds != getattr(usual, name) else ""
    tiers = msgspec.json.encode(plain(centre.tiers), order="sorted").decode() if centre.tiers else ""
    limits = msgspec.json.encode(plain(centre.flow_limits)).decode() if centre.flow_limits != FlowLimits() else ""
    language = centre.language if centre.language != usual.language else ""
    skills = msgspec.json.encode(centre.skills).decode() if centre.skills else ""
    return own | {LANGUAGE: language, LIMITS: limits, TIERS: tiers, SKILLS: skills}


def bump_revision(db: Db) -> int:
    """Count one change of the centre and return its number. Call it after ``read_revision(lock=True)``."""
    revision = read_revision(db) + 1
    _set_meta(db, REVISION, str(revision))
    return revision


def _spec(kind: type[Any], row: Row, **more: Any) -> Any:
    """The spec of a row: what has a column of its own, and the rest from ``rules``."""
    fields = {name: row[name] for name in kind.__struct_fields__ if name in row}
    return msgspec.convert(fields | msgspec.json.decode(row.get("rules") or "{}") | more, kind)


def _columns(model: type[Model], spec: msgspec.Struct, *apart: str) -> Row:
    """The row of a spec, without the fields that are kept ``apart``: what has no column goes into ``rules``, unless
    it is as it is by default."""
    values = msgspec.structs.asdict(spec)
    own = {name: value for name, value in values.items() if name in model._meta.fields}
    other = [field for field in msgspec.structs.fields(spec) if field.name not in own and field.name not in apart]
    rest = {field.name: values[field.name] for field in other if values[field.name] != _default(field)}
    return own | {"rules": msgspec.json.encode(rest, order="sorted").decode() if rest else None}


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _in_order(db: Db, model: type[Model]) -> list[Row]:
    rows: Iterable[Row] = model.select().order_by(_column(model, "place")).dicts().execute(db)
    return list(rows)


def _live(db: Db, model: type[Model]) -> list[Row]:
    return [row for row in _in_order(db, model) if not row["removed_at"]]


def _queue_rows(centre: Centre) -> list[Row]:
    return [{**_columns(QueueRecord, queue), "place": n, "removed_at": 0} for n, queue in enumerate(centre.queues)]


def _agent_rows(centre: Centre) -> list[Row]:
    return [
        {**_columns(AgentRecord, agent, "queues"), "place": n, "removed_at": 0} for n, agent in enumerate(centre.agents)
    ]


def _member_rows(centre: Centre) -> Iterator[Row]:
    for agent in centre.agents:
        for n, member in enumerate(agent.queues):
            yield {**_columns(MemberRecord, member), "agent": agent.id, "place": n}


def _break_rows(centre: Centre) -> list[Row]:
    return [{**_columns(BreakRecord, reason), "place": n} for n, reason in enumerate(centre.breaks)]


def _prompt_rows(centre: Centre) -> list[Row]:
    return [_prompt_row(name, prompt) | {"place": n} for n, (name, prompt) in enumerate(centre.prompts.items())]


def _prompt_row(name: str, prompt: str | PromptSpec) -> Row:
    if isinstance(prompt, str):
        return {"name": name, "path": prompt, "body": None}
    return {"name": name, "path": "", "body": msgspec.json.encode(prompt).decode()}


def _prompt(row: Row) -> str | PromptSpec:
    return msgspec.json.decode(row["body"], type=PromptSpec) if row["body"] else str(row["path"])


def _body_rows(
    things: Iterable[CalendarSpec | GatewaySpec | Disposition | PackSpec | CampaignSpec | TenantSpec],
) -> list[Row]:
    rows = ((thing.id, msgspec.json.encode(thing, order="sorted").decode()) for thing in things)
    return [{"id": id, "place": n, "body": body} for n, (id, body) in enumerate(rows)]


def _bodies(db: Db, model: type[Model], kind: type[S]) -> tuple[S, ...]:
    """Things that are kept whole."""
    return tuple(msgspec.json.decode(row["body"], type=kind) for row in _in_order(db, model))


def _number_rows(centre: Centre) -> list[Row]:
    rows = ((number, msgspec.json.encode(spec, order="sorted").decode()) for number, spec in centre.numbers.items())
    return [{"id": id, "place": n, "body": body} for n, (id, body) in enumerate(rows)]


def _column(model: type[Model], name: str) -> Field[Any]:
    field: Field[Any] = model._meta.fields[name]
    return field


def _key_names(model: type[Model]) -> tuple[str, ...]:
    key: Any = model._meta.primary_key
    return tuple(getattr(key, "field_names", None) or (key.name,))


def _key(model: type[Model], row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _key_names(model))


def _here(model: type[Model], row: Row) -> list[Any]:
    return [_column(model, name) == row[name] for name in _key_names(model)]


def _checked(model: type[Model], what: str, row: Row) -> Row:
    """``row``, whose text fits its columns. Configuration is refused rather than cut: a cut dial string dials
    somebody else."""
    for name, value in row.items():
        width = getattr(_column(model, name), "max_length", None)
        if width is not None and len(value) > width:
            raise ConfigError(
                f"{what} {_key(model, row)[0][:64]!r}: {name} has {len(value)} characters; use at most {width}"
            )
    return row


def _existing(db: Db, model: type[Model]) -> dict[tuple[Any, ...], Row]:
    rows: Iterable[Row] = model.select().dicts().execute(db)
    return {_key(model, row): row for row in rows}


def _put(db: Db, model: type[Model], what: str, row: Row, old: Row | None, changes: Changes) -> None:
    """Insert or update one row, if it is not so already."""
    id = "/".join(_key(model, row))
    if old is None:
        model.insert(_checked(model, what, row)).execute(db)
        changes.note(what, "+", id)
        return
    changed = {name: value for name, value in _checked(model, what, row).items() if old[name] != value}
    if changed:
        model.update({_column(model, name): value for name, value in changed.items()}).where(
            *_here(model, row)
        ).execute(db)
        changes.note(what, "+" if old.get("removed_at") else "~", id)


def _write_plain(db: Db, model: type[Model], what: str, rows: Iterable[Row], changes: Changes) -> None:
    old = _existing(db, model)
    for row in rows:
        _put(db, model, what, row, old.pop(_key(model, row), None), changes)
    for row in old.values():
        model.delete().where(*_here(model, row)).execute(db)
        changes.note(what, "-", "/".join(_key(model, row)))


def _write_marked(db: Db, model: type[Model], what: str, rows: list[Row], changes: Changes, now_us: int) -> None:
    old = _existing(db, model)
    for row in rows:
        _put(db, model, what, row, old.pop(_key(model, row), None), changes)
    for row in old.values():
        if row["removed_at"]:
            continue
        if _is_named(db, what, row["id"]):
            MemberRecord.delete().where(_column(MemberRecord, what) == row["id"]).execute(db)
            model.update({_column(model, "removed_at"): now_us}).where(*_here(model, row)).execute(db)
        else:
            model.delete().where(*_here(model, row)).execute(db)
        changes.note(what, "-", row["id"])


def _is_named(db: Db, what: str, id: str) -> bool:
    """Whether a record names this agent or queue."""
    records: list[type[Model]] = [ContactRecord, SegmentRecord, LegRecord]
    return any(
        model.select().where(_column(model, what) == id).exists(db) for model in records if what in model._meta.fields
    )


def _write_users(db: Db, centre: Centre, before: set[str], now_us: int, changes: Changes) -> None:
    """A user for each agent with a login. A login that the centre held ``before`` and holds no more, and one of an
    agent who is gone, is shut. Other users are nobody's business here."""
    users = {row["login"]: row for row in _existing(db, UserRecord).values()}
    wanted = {agent.login: agent for agent in centre.agents if agent.login}
    given_up = {row["agent"]: row for login, row in users.items() if login in before and login not in wanted}
    for login, agent in wanted.items():
        old = users.get(login)
        if old is None and (old := given_up.get(agent.id)) is not None:
            UserRecord.update(login=login).where(UserRecord.login == old["login"]).execute(db)
            del users[old["login"]]
            old = {**old, "login": login}
        _put_user(db, login, agent, old, now_us, changes)
    agents = {agent.id for agent in centre.agents}
    for login, row in users.items():
        gone = login in before or (row["agent"] and row["agent"] not in agents)
        if row["active"] and login not in wanted and gone:
            UserRecord.update(active=False, changed_at=now_us).where(UserRecord.login == login).execute(db)
            changes.note("user", "-", login)


def _put_user(db: Db, login: str, agent: AgentSpec, old: Row | None, now_us: int, changes: Changes) -> None:
    row = {"login": login, "role": agent.role, "agent": agent.id, "active": True}
    if old is None:
        row |= {"password": "", "created_at": now_us}
    elif all(old[name] == value for name, value in row.items()):
        return
    _put(db, UserRecord, "user", row | {"changed_at": now_us}, old, changes)


def _write_meta(db: Db, name: str, value: str, changes: Changes) -> None:
    if len(value) > 255:
        raise ConfigError(f"{name} has {len(value)} characters; use at most 255")
    if MetaRecord.select(MetaRecord.value).where(MetaRecord.name == name).scalar(db) != value:
        _set_meta(db, name, value)
        changes.note(name, "~", value)


def _set_meta(db: Db, name: str, value: str) -> None:
    if not MetaRecord.update(value=value).where(MetaRecord.name == name).execute(db):
        if not MetaRecord.select().where(MetaRecord.name == name).exists(db):
            MetaRecord.insert(name=name, value=value).execute(db)
