"""A flow as a graph: the ways out of its nodes, and what can be reached.

Used by the linter, the drawing, the statistics and the tests, so that all speak of the same ways.
"""

from __future__ import annotations

from collections import deque

import msgspec

from fsorch.flow_nodes import PERSON, RETURN, Language, Node, Note, OptOut, QueueNode, Say, Set, Tag, ways
from fsorch.flows import FlowSpec

__all__ = ["Edge", "asks_person", "edges", "is_end", "leads_to_person", "path_to", "reachable"]


class Edge(msgspec.Struct, frozen=True):
    """One way: ``label`` for people (a key, a condition, ``no key``; empty when there is only one), and the ``target``:
    a node's name, ``person`` or ``return``. ``key``: where it stands in the node, such as ``options.1``."""

    label: str
    target: str
    key: str


def edges(node: Node) -> tuple[Edge, ...]:
    """The ways out of a node in the order written; none: an end."""
    return tuple(Edge(way.label, way.target, way.key) for way in ways(node))


def is_end(spec: FlowSpec, target: str) -> bool:
    """Whether a flow is over at this target: it is ``person`` or ``return``, or a node that ends it."""
    return target in (PERSON, RETURN) or (target in spec.nodes and not ways(spec.nodes[target]))


def reachable(spec: FlowSpec) -> frozenset[str]:
    """The names of the nodes that a caller can come to."""
    return frozenset(name for name in _walk(spec) if name in spec.nodes)


def path_to(spec: FlowSpec, target: str) -> tuple[str, ...] | None:
    """The shortest way from the start to a target, both included; None: there is none."""
    came = _walk(spec)
    if target not in came:
        return None
    path = [target]
    while came[path[-1]]:
        path.append(came[path[-1]])
    return tuple(reversed(path))


def leads_to_person(spec: FlowSpec, target: str) -> bool:
    """Whether a caller who goes there comes to a person, whoever it is, without another key."""
    return isinstance(_followed(spec, target), QueueNode) or _followed(spec, target) == PERSON


def asks_person(spec: FlowSpec, target: str) -> bool:
    """Whether a caller who goes there comes to the flow's own person without another key."""
    end = _followed(spec, target)
    return end == PERSON or (isinstance(end, QueueNode) and end.queue == spec.person)


def _followed(spec: FlowSpec, target: str) -> Node | str:
    """Where nodes with one way lead: another node, or a target that is none."""
    seen: set[str] = set()
    while target in spec.nodes and target not in seen:
        seen.add(target)
        node = spec.nodes[target]
        if not isinstance(node, Say | Set | Tag | Note | OptOut | Language):
            return node
        target = node.next
    return target


def _walk(spec: FlowSpec) -> dict[str, str]:
    """For each target that can be reached, the node before it on a shortest way; empty for the start."""
    came = {spec.start: ""}
    open = deque([spec.start])
    while open:
        name = open.popleft()
        for way in ways(spec.nodes[name]) if name in spec.nodes else ():
            if way.target not in came:
                came[way.target] = name
                open.append(way.target)
    return came
