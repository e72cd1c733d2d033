"""The versions of flows: drafts, the one in force, those that were before it, and those that get a share of the calls.

Theory: a version's body never changes. The version *in force* is the one that was published last, as long as its flow
is not removed; it is what the centre holds, so that the configuration has one path. Going back to an older version
publishes it again and marks those that came after it as rolled back. Another version may get a *share* of the calls;
publishing or going back ends that. Callers stay in the version they entered, so versions that are in force no more are
told to the engine too, with a share of 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

from fsorch.config import Centre, world_of
from fsorch.errors import ConfigError, NotFound
from fsorch.flow_checks import faults
from fsorch.flows import FlowRelease, FlowSpec, FlowWorld
from fsorch.store.database import Db
from fsorch.store.models import FlowRecord

__all__ = [
    "DRAFT",
    "PUBLISHED",
    "ROLLED_BACK",
    "FlowVersion",
    "add_draft",
    "list_versions",
    "read_flows",
    "read_releases",
    "read_version",
    "read_versions",
    "set_share",
    "write_flows",
]

Row = dict[str, Any]
DRAFT, PUBLISHED, ROLLED_BACK = "draft", "published", "rolled_back"
# Of each flow, the newest versions that a caller may still be in: a flow lasts an hour at most (FlowSpec.max_s).
VERSIONS_KEPT = 20
# After this nobody is in a flow that was removed.
LONGEST_CALL_US = 2 * 3_600_000_000


class Notes(Protocol):
    """Takes what was done; see :class:`fsorch.store.centre.Changes`."""

    def note(self, what: str, sign: str, id: str) -> None:
        """Remember it."""
        ...


class FlowVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version. ``state``: draft, published or rolled_back; ``in_force``: callers enter it; ``share``: of the calls
    that it gets. ``reason``: why it was published against the linter. ``fault``: why it cannot answer calls in the
    centre as it is, empty when it can. Times are UTC microseconds, 0 for never."""

    flow: str
    version: int
    title: str
    state: str
    in_force: bool
    share: float
    made_at: int
    made_by: str
    published_at: int
    published_by: str
    reason: str
    fault: str = ""


def read_flows(db: Db) -> list[FlowSpec]:
    """The flows in force, in the centre's order."""
    live = [row for row in (_newest(rows) for rows in _versions(db).values()) if row and not row["removed_at"]]
    return [_spec(row) for row in sorted(live, key=lambda row: row["place"])]


def read_releases(db: Db, centre: Centre, now_us: int) -> tuple[FlowRelease, ...]:
    """The versions that calls enter, with their shares, and those that calls may still be in. A version that cannot
    answer calls in this centre gets none; the one in force gets what is left."""
    kept = [rows for rows in _versions(db).values() if now_us - _removed_at(rows) < LONGEST_CALL_US]
    world = world_of(centre)
    return tuple(release for rows in kept for release in _releases(rows, world))


def list_versions(db: Db, flow: str, centre: Centre) -> list[FlowVersion]:
    """Every version of a flow, the newest first. Raises NotFound."""
    rows = _of(db, flow)
    current = _newest(rows)
    world = world_of(centre)
    live = {release.version: release.share for release in _releases(rows, world)}
    return [
        FlowVersion(
            flow=flow,
            title=_spec(row).title,
            in_force=row is current and not row["removed_at"],
            share=live.get(row["version"], 0.0),
            fault=_fault(row, world),
            **{key: row[key] for key in ("version", "state", "made_at", "made_by", "published_at", "published_by")},
            reason=row["reason"],
        )
        for row in reversed(rows)
    ]


def read_version(db: Db, flow: str, version: int) -> FlowSpec:
    """What one version says. Raises NotFound."""
    return _spec(_one(_of(db, flow), flow, version))


def read_versions(db: Db, flow: str) -> dict[int, FlowSpec]:
    """What all versions say, by number. Raises NotFound."""
    return {row["version"]: _spec(row) for row in _of(db, flow)}


def write_flows(
    db: Db, flows: Iterable[FlowSpec], by: str, now_us: int, changes: Notes, reasons: Mapping[str, str]
) -> None:
    """Put these flows in force, and no others. ``reasons``: why some are, against the linter, by flow."""
    versions = _versions(db)
    for place, flow in enumerate(flows):
        rows = versions.pop(flow.id, [])
        _publish(db, rows, flow, place, by, now_us, changes, reasons.get(flow.id, ""))
    for id, rows in versions.items():
        newest = _newest(rows)
        if newest is not None and not newest["removed_at"]:
            _change(db, newest, removed_at=now_us)
            _end_shares(db, rows)
            changes.note("flow", "-", id)


def add_draft(db: Db, spec: FlowSpec, by: str, now_us: int) -> int:
    """Keep a version that answers no calls yet; gives its number, which is an old one where it is there already."""
    rows = _versions(db).get(spec.id, [])
    same = _same(rows, spec)
    return int(same["version"]) if same else int(_insert(db, rows, spec, by, now_us, state=DRAFT)["version"])


def set_share(db: Db, flow: str, version: int, share: float, reason: str) -> None:
    """Let a version have this share of the calls. Raises NotFound, or ConfigError when there is nothing to share."""
    rows = _of(db, flow)
    row, newest = _one(rows, flow, version), _newest(rows)
    if newest is None or newest["removed_at"]:
        raise ConfigError(f"no version of the flow {flow!r} is in force, so there are no calls to share; publish one")
    if row is newest:
        raise ConfigError(f"version {version} of {flow!r} is in force: it gets all that other versions do not")
    others = sum(one["share"] for one in rows if one is not row and one is not newest)
    if share + others > 1:
        raise ConfigError(
            f"other versions of {flow!r} have {others:.0%} of the calls already; at most 100% can be given"
        )
    _change(db, row, share=share, reason=reason or row["reason"])


def _versions(db: Db) -> dict[str, list[Row]]:
    """All versions of each flow, the oldest first."""
    found: dict[str, list[Row]] = {}
    for row in FlowRecord.select().order_by(FlowRecord.id, FlowRecord.version).dicts().execute(db):
        found.setdefault(row["id"], []).append(row)
    return found


def _of(db: Db, flow: str) -> list[Row]:
    query = FlowRecord.select().where(FlowRecord.id == flow).order_by(FlowRecord.version)
    rows = list(query.dicts().execute(db))
    if not rows:
        known = {row.id for row in FlowRecord.select(FlowRecord.id).distinct().execute(db)}
        raise NotFound("flow", flow, known=known)
    return rows


def _one(rows: list[Row], flow: str, version: int) -> Row:
    found = next((row for row in rows if row["version"] == version), None)
    if found is None:
        raise NotFound(f"version of {flow!r}", str(version), tuple(str(row["version"]) for row in rows[-3:]))
    return found


def _newest(rows: list[Row]) -> Row | None:
    """The one that was published last."""
    published = [row for row in rows if row["state"] == PUBLISHED]
    return max(published, key=lambda row: (row["published_at"], row["version"]), default=None)


def _removed_at(rows: list[Row]) -> float:
    """When the flow was removed; never, for one that is in force."""
    newest = _newest(rows)
    return newest["removed_at"] or math.inf if newest is not None else math.inf


def _same(rows: list[Row], spec: FlowSpec) -> Row | None:
    body = _body(spec)
    return next((row for row in reversed(rows) if row["body"] == body), None)


def _body(spec: FlowSpec) -> str:
    return msgspec.json.encode(spec).decode()


def _spec(row: Row) -> FlowSpec:
    return msgspec.json.decode(row["body"], type=FlowSpec)


def _fault(row: Row, world: FlowWorld) -> str:
    found = faults(_spec(row), world)
    return str(found[0]) if found else ""


def _releases(rows: list[Row], world: FlowWorld) -> list[FlowRelease]:
    current = _newest(rows)
    if current is None:
        return []
    live = not current["removed_at"]
    shares = {row["version"]: row["share"] for row in rows if row is not current and row["share"] > 0 and live}
    broken = {row["version"] for row in rows if row["version"] in shares and _fault(row, world)}
    shares = {version: share for version, share in shares.items() if version not in broken}
    shares[current["version"]] = max(0.0, 1.0 - sum(shares.values())) if live else 0.0
    kept = [row for row in rows[:-VERSIONS_KEPT] if row["version"] in shares] + rows[-VERSIONS_KEPT:]
    return [
        FlowRelease(flow=row["id"], version=row["version"], share=shares.get(row["version"], 0.0), spec=_spec(row))
        for row in kept
    ]


def _publish(
    db: Db, rows: list[Row], flow: FlowSpec, place: int, by: str, now_us: int, changes: Notes, reason: str
) -> None:
    current, row = _newest(rows), _same(rows, flow)
    if row is not None and row is current:
        if row["place"] != place or row["removed_at"]:
            _change(db, row, place=place, removed_at=0)
            changes.note("flow", "+" if row["removed_at"] else "~", flow.id)
        return
    new = {"state": PUBLISHED, "published_at": _after(current, now_us), "published_by": by[:64], "share": 0.0}
    new |= {"place": place, "removed_at": 0, "reason": reason}
    _end_shares(db, rows)
    if row is None:
        _insert(db, rows, flow, by, now_us, **new)
    else:
        _change(db, row, **new)
        # Going back to what was in force before: all that came after it is taken back.
        for later in rows if row["state"] == PUBLISHED else ():
            if later["state"] == PUBLISHED and later["published_at"] > row["published_at"]:
                _change(db, later, state=ROLLED_BACK)
    changes.note("flow", "~" if current is not None and not current["removed_at"] else "+", flow.id)


def _after(current: Row | None, now_us: int) -> int:
    """The present moment, even on a clock that was set back: what is published now is in force."""
    return max(now_us, current["published_at"] + 1) if current is not None else now_us


def _end_shares(db: Db, rows: list[Row]) -> None:
    for row in rows:
        if row["share"]:
            _change(db, row, share=0.0)


def _insert(db: Db, rows: list[Row], spec: FlowSpec, by: str, now_us: int, **more: Any) -> Row:
    row = {"id": spec.id, "version": rows[-1]["version"] + 1 if rows else 1, "place": 0, "body": _body(spec)}
    row |= {"made_at": now_us, "made_by": by[:64], "removed_at": 0, "share": 0.0, "published_at": 0}
    row |= {"published_by": "", "reason": ""} | more
    FlowRecord.insert(row).execute(db)
    return row


def _change(db: Db, row: Row, **values: Any) -> None:
    here = (FlowRecord.id == row["id"]) & (FlowRecord.version == row["version"])
    FlowRecord.update(**values).where(here).execute(db)
