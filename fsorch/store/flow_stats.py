"""What callers did in a flow: per node who came, left, was silent, keyed amiss and rang off; and how it ended.

Theory: the journal holds every node passed, every answer and every end of a flow (see
:class:`fsorch.engine.facts.FactKind`); one pass over it in the order of time counts all. *Contained* are callers whom
the flow served to a stated end; who rang off on the way is counted by itself, for nobody knows whether they were
served. *Asked for a person*: pressed a key that leads to the flow's person without another.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from fsorch.engine.facts import FactKind
from fsorch.flow_nodes import Collect, Menu
from fsorch.flows import FlowSpec
from fsorch.ivr.graph import asks_person
from fsorch.names import ContactOutcome
from fsorch.store.models import JournalRecord
from fsorch.store.part import Use

__all__ = ["FlowFigures", "NodeFigures", "Tally", "page_facts"]

KINDS = (
    FactKind.FLOW_ENTERED,
    FactKind.NODE_PASSED,
    FactKind.FLOW_TOLD,
    FactKind.ANSWER_KEYED,
    FactKind.CONTACT_ENDED,
)
PAGE = 5000
# How an exit without a label is called.
ON = "on"
# How it is told that somebody went to a person because they rang again.
AGAIN = "rang again"


class NodeFigures(msgspec.Struct, kw_only=True):
    """What happened at one node. ``entered``: callers who came, each time; ``exits``: by the label of the way;
    ``silent``, ``wrong``: rounds without an answer, and with one that is none; ``rang_off``: left there."""

    entered: int = 0
    keyed: int = 0
    silent: int = 0
    wrong: int = 0
    trouble: int = 0
    rang_off: int = 0
    exits: dict[str, int] = {}


class FlowFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the calls that entered a flow. ``served``: to a stated end; ``queue``, ``callback``, ``voicemail``,
    ``number``: the flow led there; ``person``: led to its person, of whom ``asked_person`` pressed a key for one and
    ``rang_again`` had hung up on a recording before; ``lost``: the switch or we; ``inside``: still there.
    ``containment``: served, of all who are out again (none: nobody is). ``versions``: who entered, by version."""

    flow: str
    entered: int
    inside: int
    served: int
    person: int
    asked_person: int
    rang_again: int
    queue: int
    callback: int
    voicemail: int
    number: int
    rang_off: int
    lost: int
    trouble: int
    containment: float | None
    versions: dict[str, int]
    nodes: dict[str, NodeFigures]


class Ended(msgspec.Struct):
    """Of a contact's row, how it ended."""

    outcome: str = ""


class Told(msgspec.Struct):
    """Of a fact's data, what is counted here; one type for all kinds, so that a page of them is read at once."""

    flow: str = ""
    node: str = ""
    way: str = ""
    version: int = 0
    what: str = ""
    value: str = ""
    detail: str = ""
    digits: str = ""
    valid: bool = False
    row: Ended | None = None


class Visit(msgspec.Struct):
    """A contact in the flow: at which node, and whether it has pressed a key for a person."""

    version: int
    node: str = ""
    asked: bool = False
    entered: bool = True


class Tally:
    """Counts the facts of one flow; ``specs`` says what keys mean, by version (none: the flow is not known), and
    ``version`` chooses one (0: all)."""

    def __init__(self, flow: str, specs: Mapping[int, FlowSpec], version: int = 0) -> None:
        self.flow = flow
        self.version = version
        self._specs = specs
        self._nodes: dict[str, NodeFigures] = {}
        self._counts: dict[str, int] = {}
        self._versions: dict[str, int] = {}
        self._visits: dict[str, Visit] = {}
        self._takers: dict[str, Callable[[str, Told], None]] = {
            FactKind.FLOW_ENTERED.value: self._entered,
            FactKind.NODE_PASSED.value: self._passed,
            FactKind.ANSWER_KEYED.value: self._keyed,
            FactKind.FLOW_TOLD.value: self._told,
            FactKind.CONTACT_ENDED.value: self._ended,
        }

    def take(self, kind: str, contact: str, told: Told) -> None:
        """One fact; in the order of time."""
        taker = self._takers.get(kind)
        if taker is not None:
            taker(contact, told)

    def figures(self) -> FlowFigures:
        """What was counted."""
        count = self._counts.get
        inside = sum(visit.entered for visit in self._visits.values())
        out = count("entered", 0) - inside
        return FlowFigures(
            flow=self.flow,
            inside=inside,
            containment=round(count("served", 0) / out, 4) if out else None,
            versions=dict(sorted(self._versions.items(), key=lambda one: int(one[0]))),
            nodes=self._in_order(),
            **{name: count(name, 0) for name in COUNTS},
        )

    def _in_order(self) -> dict[str, NodeFigures]:
        """As the newest version has them; those that it has no more at the end."""
        newest = self._specs[max(self._specs)].nodes if self._specs else {}
        return {name: self._nodes.get(name, NodeFigures()) for name in newest} | self._nodes

    def _count(self, name: str) -> None:
        self._counts[name] = self._counts.get(name, 0) + 1

    def _node(self, name: str) -> NodeFigures:
        return self._nodes.setdefault(name, NodeFigures())

    def _entered(self, contact: str, told: Told) -> None:
        self._visits.pop(contact, None)
        if told.flow == self.flow and self.version in (0, told.version):
            self._visits[contact] = Visit(told.version)
            self._count("entered")
            self._versions[str(told.version)] = self._versions.get(str(told.version), 0) + 1

    def _visit(self, contact: str, told: Told) -> Visit | None:
        """The visit that a fact of this flow belongs to; one that began before the period, or in a flow that calls this
        one, is none of those that are counted whole."""
        if told.flow != self.flow:
            return None
        visit = self._visits.get(contact)
        if visit is None and not self.version:
            visit = self._visits[contact] = Visit(0, entered=False)
        return visit

    def _passed(self, contact: str, told: Told) -> None:
        visit = self._visit(contact, told)
        if visit is None:
            return
        if visit.node:
            self._leave(visit, told.way)
        visit.node = told.node
        visit.asked = visit.asked and not isinstance(self._at(visit), Menu | Collect)
        self._node(visit.node).entered += 1

    def _leave(self, visit: Visit, way: str) -> None:
        exits = self._node(visit.node).exits
        exits[way or ON] = exits.get(way or ON, 0) + 1

    def _at(self, visit: Visit) -> Any:
        spec = self._specs.get(visit.version)
        return spec.nodes.get(visit.node) if spec is not None else None

    def _keyed(self, contact: str, told: Told) -> None:
        visit = self._visit(contact, told)
        if visit is None:
            return
        node = self._node(told.node)
        if not told.valid:
            node.wrong += 1
            return
        node.keyed += 1
        spec, at = self._specs.get(visit.version), self._at(visit)
        options = at.options if isinstance(at, Menu | Collect) else {}
        visit.asked = spec is not None and asks_person(spec, options.get(told.digits, ""))

    def _told(self, contact: str, told: Told) -> None:
        if told.what == "left":
            self._left(contact, told)
            return
        visit = self._visit(contact, told)
        if visit is not None and told.what in ("silent", "trouble"):
            node = self._node(told.node)
            node.silent += told.what == "silent"
            node.trouble += told.what == "trouble"

    def _left(self, contact: str, told: Told) -> None:
        """The flow is over; the end may be one of a flow that this one called."""
        visit = self._visits.pop(contact, None)
        if visit is None:
            return
        if visit.node and told.way in ("person", "trouble"):
            self._leave(visit, told.way)
        if not visit.entered:
            return
        if told.detail == AGAIN:
            self._count("rang_again")
            self._count("person")
        elif told.value == "hangup":
            self._count("trouble" if told.way == "trouble" else "served")
        elif told.value == "queue" and told.way in ("person", "trouble"):
            self._count("person")
            if told.way == "trouble":
                self._count("trouble")
            elif visit.asked:
                self._count("asked_person")
        else:
            self._count(told.value)

    def _ended(self, contact: str, told: Told) -> None:
        visit = self._visits.pop(contact, None)
        if visit is None or not visit.entered:
            return
        if told.row is not None and told.row.outcome == ContactOutcome.LEFT_FLOW:
            self._count("rang_off")
            if visit.node:
                self._node(visit.node).rang_off += 1
        else:
            self._count("lost")


COUNTS = tuple(
    name for name in FlowFigures.__struct_fields__ if name not in ("flow", "inside", "containment", "versions", "nodes")
)


def page_facts(use: Use, since: int, until: int) -> Iterator[tuple[str, str, Told]]:
    """Kind, contact and data of the facts of flows between two moments (UTC microseconds; 0: no bound), oldest first,
    page by page. ``use`` lends a connection for each page. A fact that cannot be read is passed over."""
    decode = msgspec.json.Decoder(Told).decode
    after = (since, "")
    while True:
        with use() as db:
            rows = list(_facts_after(after, until).limit(PAGE).tuples().execute(db))
        for _at, _id, kind, contact, data in rows:
            with contextlib.suppress(msgspec.DecodeError):
                yield kind, contact, decode(data)
        if len(rows) < PAGE:
            return
        after = (rows[-1][0], rows[-1][1])


def _facts_after(after: tuple[int, str], until: int) -> Any:
    at, id = after
    record = JournalRecord
    newer = (record.at > at) | ((record.at == at) & (record.id > id))
    # The bound on the first column alone is implied; it is what both engines use to go straight into the index.
    where = [record.at >= at, newer, record.kind.in_([kind.value for kind in KINDS])]
    if until:
        where.append(record.at < until)
    columns = (record.at, record.id, record.kind, record.contact, record.data)
    return record.select(*columns).where(*where).order_by(record.at, record.id)
