"""Which masked input has to be asked for again after a restart: that which the rest of the flow still uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from fsorch.flow_nodes import Collect, Flow, Node, ways
from fsorch.flows import FlowSpec
from fsorch.ivr.place import Frame, Progress

__all__ = ["frames_to_ask_at"]


def frames_to_ask_at(progress: Progress, flows: Mapping[str, FlowSpec]) -> list[Frame] | None:
    """Where masked input must be asked for that was lost; None: nothing more uses it."""
    for name, frames in progress.masked.items():
        if _is_used(name, progress.frames, flows):
            return list(frames)
    return None


def _is_used(name: str, frames: list[Frame], flows: Mapping[str, FlowSpec]) -> bool:
    """Whether a caller who is at ``frames`` may come to a node that uses a variable, before it is asked anew."""
    # The outer flows go on after the nodes they are at.
    open = [frames[-1], *(after for frame in frames[:-1] for after in _after(frame, flows))]
    seen = set(open)
    while open:
        frame = open.pop()
        node = _node(frame, flows)
        if node is None or (isinstance(node, Collect) and node.into == name):
            continue
        if _uses(node, f"vars.{name}"):
            return True
        fresh = [after for after in _after(frame, flows) if after not in seen]
        seen.update(fresh)
        open += fresh
    return False


def _node(frame: Frame, flows: Mapping[str, FlowSpec]) -> Node | None:
    flow = flows.get(frame[0])
    return None if flow is None else flow.nodes.get(frame[1])


def _after(frame: Frame, flows: Mapping[str, FlowSpec]) -> Iterator[Frame]:
    node = _node(frame, flows)
    if node is None:
        return
    if isinstance(node, Flow) and node.flow in flows:
        yield node.flow, flows[node.flow].start
    yield from ((frame[0], way.target) for way in ways(node))


def _uses(node: Node, name: str) -> bool:
    """Whether the name stands anywhere in a node."""
    return name in msgspec.json.encode(node).decode()
