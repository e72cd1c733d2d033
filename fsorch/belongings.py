"""Whose the things of a centre are, and that what belongs to a tenant names nothing of another.

The rule: what a tenant owns refers to what is its own, or shared. What is shared may refer to anything (a common
greeting that leads to each client's queue); the engine then keeps a client's caller out of another's queues. An agent
of a tenant serves its queues alone. What says nothing and leads to a tenant's queue alone (a number, a campaign) is
that tenant's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from fsorch.errors import ConfigError
from fsorch.rules import Overflow, OverflowTo, expect_known

__all__ = ["Belongings", "Reference", "belonging_fault", "check_belonging", "fits", "references"]

# The keys of specs that name something, and what; see :func:`references`.
KEYS = {"queue": "queue", "person": "queue", "flow": "flow", "survey": "flow", "calendar": "calendar"}
# So many names are listed.
FEW = 12
WAYS = {OverflowTo.QUEUE: "queue", OverflowTo.FLOW: "flow"}


class Belongings(msgspec.Struct, frozen=True, kw_only=True):
    """Whose the things of a centre are: the tenant of each by its id, empty for what is shared. ``zones``: those of the
    tenants; ``zoneless``: calendars that go by the zone of whoever uses them."""

    tenants: frozenset[str] = frozenset()
    queues: Mapping[str, str] = {}
    flows: Mapping[str, str] = {}
    calendars: Mapping[str, str] = {}
    zones: Mapping[str, str] = {}
    zoneless: frozenset[str] = frozenset()

    def of(self, kind: str, id: str) -> str:
        """The tenant of a thing; ``kind``: queue, flow or calendar."""
        return self.all_of(kind).get(id, "")

    def has_zone(self, calendar: str, tenant: str) -> bool:
        """Whether it is known by which clocks something of ``tenant`` goes by this calendar."""
        return calendar not in self.zoneless or bool(self.zones.get(self.calendars.get(calendar) or tenant))

    def all_of(self, kind: str) -> Mapping[str, str]:
        """The tenants of all things of a kind."""
        return {"queue": self.queues, "flow": self.flows, "calendar": self.calendars}[kind]


class Reference(NamedTuple):
    """Where a spec names a thing: the ``path`` of the key within it, and the thing's ``kind`` and ``id``."""

    path: str
    kind: str
    id: str


def fits(tenant: str, other: str) -> bool:
    """Whether what belongs to ``tenant`` may have to do with what belongs to ``other``: one of them is shared, or they
    are the same."""
    return not tenant or not other or tenant == other


def check_belonging(thing: msgspec.Struct, tenant: str, known: Belongings, where: str, *, strict: bool = False) -> None:
    """All that a thing of ``tenant`` names is of the same tenant or shared; ``strict``: of the same alone. ``where``:
    its path, such as ``centre.yaml: queues[0]``. Raises ConfigError."""
    if tenant:
        expect_known(tenant, known.tenants, f"{where}.tenant", "a tenant")
    for one in references(thing):
        if fault := belonging_fault(one, tenant, known, strict=strict):
            raise ConfigError(f"{where}{one.path} is {fault}")


def belonging_fault(one: Reference, tenant: str, known: Belongings, *, strict: bool = False) -> str:
    """What is wrong when something of ``tenant`` names this: the end of a sentence, empty for nothing."""
    owner = known.of(one.kind, one.id)
    if tenant and not (owner == tenant if strict else fits(tenant, owner)):
        whose = f"belongs to the tenant {owner!r}" if owner else "belongs to no tenant"
        own = [id for id, its in known.all_of(one.kind).items() if its == tenant]
        listed = f": {', '.join(own)}" if 0 < len(own) <= FEW else ""
        return f"{one.id!r}, a {one.kind} that {whose}; expected one of {tenant!r}{listed}"
    if one.kind == "calendar" and not known.has_zone(one.id, tenant):
        whose = f"the tenant {tenant!r} has none either" if tenant else "who belongs to no tenant has none to lend it"
        return f"{one.id!r}, a calendar without a zone, and {whose}; give one of them a zone"
    return ""


def references(thing: Any, path: str = "") -> Iterator[Reference]:
    """All that a spec names, in the order of its keys. In the nodes of a flow and in every rule the keys are called
    alike, so one walk finds them, and those of rules that are yet to come."""
    if isinstance(thing, msgspec.Struct):
        if isinstance(thing, Overflow) and thing.to in WAYS:
            yield Reference(f"{path}.name", WAYS[thing.to], thing.name)
        kind = type(thing)
        for name, key in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True):
            yield from _field(name, getattr(thing, name), f"{path}.{key}")
    elif isinstance(thing, dict):
        for key, value in thing.items():
            yield from references(value, f"{path}.{key}")
    elif isinstance(thing, tuple):
        for n, value in enumerate(thing):
            yield from references(value, f"{path}[{n}]")


def _field(name: str, value: Any, path: str) -> Iterator[Reference]:
    if isinstance(value, str):
        if name in KEYS and value:
            yield Reference(path, KEYS[name], value)
    elif name == "queues" and isinstance(value, tuple):
        for n, one in enumerate(value):
            yield from _field("queue", one, f"{path}[{n}]")
    elif name == "by_queue":
        for one in value:
            yield Reference(f"{path}.{one}", "queue", one)
    else:
        yield from references(value, path)
