"""What callers did in a flow: per node who came, left, was silent, keyed amiss and rang off; and how it ended.

Theory: the journal holds every node passed, every answer and every end of a flow (see
:class:`fsorch.engine.facts.FactKind`); one pass over it in the order of time counts all. *Contained* are callers whom
the flow served to a stated end; who rang off on the way is counted by itself, for nobody knows whether they were
served. *Asked for a person*: pressed a key that leads to the flow's person without another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from fsorch.engine.facts import Fact, FactKind
from fsorch.flow_nodes import Collect, Menu
from fsorch.flows import FlowSpec
from fsorch.ivr.graph import asks_person
from fsorch.names import ContactOutcome
from fsorch.store.database import Db
from fsorch.store.models import JournalRecord
from fsorch.store.queries import list_rows

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
        self._takers: dict[FactKind, Callable[[Fact], None]] = {
            FactKind.FLOW_ENTERED: self._entered,
            FactKind.NODE_PASSED: self._passed,
            FactKind.ANSWER_KEYED: self._keyed,
            FactKind.FLOW_TOLD: self._told,
            FactKind.CONTACT_ENDED: self._ended,
        }

    def take(self, fact: Fact) -> None:
        """One fact; in the order of time."""
        taker = self._takers.get(fact.kind)
        if taker is not None:
            taker(fact)

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

    def _entered(self, fact: Fact) -> None:
        self._visits.pop(fact.contact, None)
        version = int(fact.data.get("version", 0))
        if fact.data.get("flow") == self.flow and self.version in (0, version):
            self._visits[fact.contact] = Visit(version)
            self._count("entered")
            self._versions[str(version)] = self._versions.get(str(version), 0) + 1

    def _visit(self, fact: Fact) -> Visit | None:
        """The visit that a fact of this flow belongs to; one that began before the period, or in a flow that calls this
        one, is none of those that are counted whole."""
        if fact.data.get("flow") != self.flow:
            return None
        visit = self._visits.get(fact.contact)
        if visit is None and not self.version:
            visit = self._visits[fact.contact] = Visit(0, entered=False)
        return visit

    def _passed(self, fact: Fact) -> None:
        visit = self._visit(fact)
        if visit is None:
            return
        if visit.node:
            self._leave(visit, str(fact.data.get("way", "")))
        visit.node = str(fact.data.get("node", ""))
        visit.asked = visit.asked and not isinstance(self._at(visit), Menu | Collect)
        self._node(visit.node).entered += 1

    def _leave(self, visit: Visit, way: str) -> None:
        exits = self._node(visit.node).exits
        exits[way or ON] = exits.get(way or ON, 0) + 1

    def _at(self, visit: Visit) -> Any:
        spec = self._specs.get(visit.version)
        return spec.nodes.get(visit.node) if spec is not None else None

    def _keyed(self, fact: Fact) -> None:
        visit = self._visit(fact)
        if visit is None:
            return
        node = self._node(str(fact.data.get("node", "")))
        if not fact.data.get("valid"):
            node.wrong += 1
            return
        node.keyed += 1
        spec, at = self._specs.get(visit.version), self._at(visit)
        options = at.options if isinstance(at, Menu | Collect) else {}
        visit.asked = spec is not None and asks_person(spec, options.get(str(fact.data.get("digits", "")), ""))

    def _told(self, fact: Fact) -> None:
        what = fact.data.get("what")
        if what == "left":
            self._left(fact)
            return
        visit = self._visit(fact)
        if visit is not None and what in ("silent", "trouble"):
            node = self._node(str(fact.data.get("node", "")))
            node.silent += what == "silent"
            node.trouble += what == "trouble"

    def _left(self, fact: Fact) -> None:
        """The flow is over; the end may be one of a flow that this one called."""
        visit = self._visits.pop(fact.contact, None)
        if visit is None:
            return
        way, value = str(fact.data.get("way", "")), str(fact.data.get("value", ""))
        if visit.node and way in ("person", "trouble"):
            self._leave(visit, way)
        if not visit.entered:
            return
        if fact.data.get("detail") == "rang again":
            self._count("rang_again")
            self._count("person")
        elif value == "hangup":
            self._count("trouble" if way == "trouble" else "served")
        elif value == "queue" and way in ("person", "trouble"):
            self._count("person")
            self._counts["asked_person"] = self._counts.get("asked_person", 0) + (visit.asked and way == "person")
            self._counts["trouble"] = self._counts.get("trouble", 0) + (way == "trouble")
        else:
            self._count(value)

    def _ended(self, fact: Fact) -> None:
        visit = self._visits.pop(fact.contact, None)
        if visit is None or not visit.entered:
            return
        row = fact.data.get("row") or {}
        if row.get("outcome") == ContactOutcome.LEFT_FLOW:
            self._count("rang_off")
            if visit.node:
                self._node(visit.node).rang_off += 1
        else:
            self._count("lost")


COUNTS = tuple(
    name for name in FlowFigures.__struct_fields__ if name not in ("flow", "inside", "containment", "versions", "nodes")
)


def page_facts(use: Callable[[], AbstractContextManager[Db]], since: int, until: int) -> Iterator[Fact]:
    """The facts of flows between two moments (UTC microseconds; 0: no bound), oldest first, page by page. ``use`` lends
    a connection for each page."""
    after = (since, "")
    while True:
        with use() as db:
            facts = list_rows(db, _facts_after(after, until).limit(PAGE), Fact, "data")
        yield from facts
        if len(facts) < PAGE:
            return
        after = (facts[-1].at, facts[-1].id)


def _facts_after(after: tuple[int, str], until: int) -> Any:
    at, id = after
    newer = (JournalRecord.at > at) | ((JournalRecord.at == at) & (JournalRecord.id > id))
    # The bound on the first column alone is implied; it is what both engines use to go straight into the index.
    where = [JournalRecord.at >= at, newer, JournalRecord.kind.in_([kind.value for kind in KINDS])]
    if until:
        where.append(JournalRecord.at < until)
    return JournalRecord.select().where(*where).order_by(JournalRecord.at, JournalRecord.id)
