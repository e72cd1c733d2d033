"""The names that a flow's expressions, templates and slots may use, and their types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from fsorch.belongings import fits
from fsorch.expressions import Type
from fsorch.flow_nodes import Collect, Flow, Into, IntoType, Lookup, Record, Set, Source, Survey
from fsorch.flows import FlowSpec, FlowWorld

__all__ = ["CALENDAR", "FIXED", "QUEUE", "known_names", "masked_variables", "slot_name", "source_text", "variables_of"]

_T = Type

# contact: who rings, whom they dialled, and whether they hung up in a recording and ring again within minutes;
# met_days: since they spoke with an agent, none: not within a year;
# customer: who that is, if known; surveyed_days: since they were asked for their opinion, none: never;
# now: by the clocks of the flow's calendar.
FIXED: dict[str, Type] = {
    "contact.number": _T.TEXT,
    "contact.name": _T.TEXT,
    "contact.destination": _T.TEXT,
    "contact.priority": _T.NUMBER,
    "contact.again": _T.BOOL,
    "contact.met_days": _T.NUMBER,
    "customer.known": _T.BOOL,
    "customer.id": _T.TEXT,
    "customer.name": _T.TEXT,
    "customer.tier": _T.TEXT,
    "customer.language": _T.TEXT,
    "customer.tags": _T.LIST,
    "customer.open_tickets": _T.NUMBER,
    "customer.open_promises": _T.NUMBER,
    "customer.own_agent": _T.TEXT,
    "customer.surveyed_days": _T.NUMBER,
    "caller.language": _T.TEXT,
    "flow.id": _T.TEXT,
    "flow.seconds": _T.NUMBER,
    "now.hour": _T.NUMBER,
    "now.minute": _T.NUMBER,
    "now.weekday": _T.TEXT,
    "now.date": _T.TEXT,
}
# After queue.<id>. and calendar.<id>.; logged_in and available count agents.
QUEUE: dict[str, Type] = {
    "waiting": _T.NUMBER,
    "logged_in": _T.NUMBER,
    "available": _T.NUMBER,
    "estimated_wait_s": _T.NUMBER,
    "longest_wait_s": _T.NUMBER,
}
CALENDAR: dict[str, Type] = {"open": _T.BOOL, "reason": _T.TEXT}
TYPES = {
    IntoType.ANY: _T.ANY,
    IntoType.NUMBER: _T.NUMBER,
    IntoType.TEXT: _T.TEXT,
    IntoType.BOOL: _T.BOOL,
    IntoType.LIST: _T.LIST,
}


def known_names(spec: FlowSpec, world: FlowWorld) -> dict[str, Type]:
    """All names of a flow's expressions; ``*`` where the world does not say what there is. What belongs to another
    tenant is not there."""
    names, known = dict(FIXED), world.belongings
    for queue in ("*",) if world.queues is None else sorted(world.queues):
        if not fits(spec.tenant, known.of("queue", queue)):
            continue
        names |= {f"queue.{queue}.{fact}": type for fact, type in QUEUE.items()}
    for calendar in ("*",) if world.calendars is None else sorted(world.calendars):
        if not fits(spec.tenant, known.of("calendar", calendar)) or not known.has_zone(calendar, spec.tenant):
            continue
        names |= {f"calendar.{calendar}.{fact}": type for fact, type in CALENDAR.items()}
    for name, type in _all_variables(spec, world):
        full = f"vars.{name}"
        names[full] = type if names.get(full, type) is type else Type.ANY
    return names


def variables_of(spec: FlowSpec) -> Iterator[tuple[str, Type]]:
    """The variables that a flow is given or sets by itself; one that is set twice comes twice."""
    yield from ((name, TYPES[type]) for name, type in spec.variables.items())
    for node in spec.nodes.values():
        match node:
            case Collect() | Record():
                yield node.into, Type.TEXT
            case Set():
                yield from ((name, Type.ANY) for name in node.values)
            case Survey():
                yield from ((question.id, Type.NUMBER) for question in node.questions)
            case Lookup():
                for name, into in node.into.items():
                    yield name, TYPES[into.type] if isinstance(into, Into) else Type.ANY


def masked_variables(spec: FlowSpec, world: FlowWorld) -> frozenset[str]:
    """The variables that hold masked input, in this flow or one that it calls."""
    return frozenset(
        node.into
        for flow in _with_subflows(spec, world)
        for node in flow.nodes.values()
        if isinstance(node, Collect) and node.masked
    )


def slot_name(name: str) -> str:
    """The full name of a slot's value: one without a dot is a variable."""
    return name if "." in name else f"vars.{name}"


def source_text(source: Source) -> str:
    """An expression as it is parsed: YAML's own true, false and numbers are written as this language writes them."""
    if isinstance(source, bool):
        return "true" if source else "false"
    # Never 1e-07: this language has no such numbers.
    return source if isinstance(source, str) else format(Decimal(str(source)), "f")


def _all_variables(spec: FlowSpec, world: FlowWorld) -> Iterator[tuple[str, Type]]:
    """Also those that called flows set: all there could be, if one of these is not known."""
    for flow in _with_subflows(spec, world):
        yield from variables_of(flow)
    if any(isinstance(node, Flow) and node.flow not in (world.flows or ()) for node in spec.nodes.values()):
        yield "*", Type.ANY


def _with_subflows(spec: FlowSpec, world: FlowWorld) -> Iterable[FlowSpec]:
    flows: Mapping[str, FlowSpec] = world.flows or {}
    found = {spec.id: spec}
    open = [spec]
    while open:
        for id in open.pop().subflows:
            if id in flows and id not in found:
                found[id] = flows[id]
                open.append(flows[id])
    return found.values()
