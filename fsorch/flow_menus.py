"""The simplest flow: a greeting, one menu of queues, and a way on for everybody."""

from __future__ import annotations

from collections.abc import Mapping

from fsorch.flow_nodes import PERSON, RETURN, Menu, Node, QueueNode, Say
from fsorch.flows import NODE_NAME, FlowSpec
from fsorch.waits import Ending

__all__ = ["menu_flow"]

# Bounds of a menu's fields; an older form had none.
LONGEST_TIMEOUT_S = 60.0
MOST_TRIES = 10


def menu_flow(
    id: str,
    options: Mapping[str, str],
    *,
    person: str,
    greeting: str = "greeting",
    prompt: str = "menu",
    invalid: str = "invalid",
    timeout_s: float = 5.0,
    tries: int = 2,
    calendar: str = "",
    on_closed: Ending | None = None,
) -> FlowSpec:
    """A flow with a greeting and a menu whose keys (``options``) lead to queues. Who presses none of them in ``tries``
    rounds goes to the queue ``person``, and so does 0, unless it is an option. Without options the greeting leads
    there."""
    nodes: dict[str, Node] = {"greeting": Say(prompt=greeting, next="menu" if options else PERSON)}
    targets: dict[str, str] = {person: PERSON}
    for queue in options.values():
        if queue not in targets:
            targets[queue] = _node_name(queue, len(targets))
            nodes[targets[queue]] = QueueNode(queue=queue)
    if options:
        rounds = max(1, min(MOST_TRIES, tries))
        nodes["menu"] = Menu(
            prompt=prompt,
            options={"0": PERSON} | {key: targets[queue] for key, queue in options.items()},
            timeout_s=min(LONGEST_TIMEOUT_S, timeout_s),
            tries=rounds,
            invalids=rounds,
            invalid=invalid,
        )
    return FlowSpec(id=id, start="greeting", person=person, calendar=calendar, on_closed=on_closed, nodes=nodes)


def _node_name(queue: str, n: int) -> str:
    """The queue's own id where that can be a node's name."""
    taken = (PERSON, RETURN, "greeting", "menu")
    return queue if NODE_NAME.fullmatch(queue) and queue not in taken else f"queue_{n}"
