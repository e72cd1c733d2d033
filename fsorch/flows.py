"""Flows as data: what callers hear and are asked before a person, or instead of one.

::

    id: shop
    languages: [en, de]            # the first is the default
    start: welcome
    person: reception              # the queue where "person" leads, and where every trouble ends
    prompts:
      welcome: {en: "Welcome.", de: "Willkommen."}
    nodes:
      welcome: {kind: say, prompt: welcome, next: main}
      main: {kind: menu, prompt: main_menu, options: {"1": orders, "0": person}}

:func:`decode_flow` reads the shape of one; what its names refer to is checked by :mod:`fsorch.flow_checks`; whether it
is humane, by the linter. The nodes are in :mod:`fsorch.flow_nodes`. Keys that end in ``_s`` are seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fsorch.belongings import Belongings
from fsorch.errors import ConfigError
from fsorch.flow_nodes import Flow, IntoType, Node, Survey, Variable
from fsorch.hints import explain
from fsorch.prompts import LANGUAGE, PromptSpec
from fsorch.rules import Name, Rule
from fsorch.waits import Ending

__all__ = ["NODE_NAME", "Fault", "FlowRelease", "FlowSpec", "FlowWorld", "decode_flow", "prompt_file", "shape_faults"]

NODE_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,39}")
Language = Annotated[
    str, msgspec.Meta(pattern=rf"^{LANGUAGE.pattern}\Z", description="a language by its code, such as en or pt-br")
]


class FlowSpec(Rule, frozen=True, kw_only=True):
    """One flow. ``languages``: those it speaks, the default first. ``start``: the first node. ``person``: the queue
    where the target ``person`` leads, and every trouble; empty when the centre has none for it, and then trouble ends
    with a spoken apology. Outside the hours of ``calendar`` a caller gets ``on_closed`` instead.

    ``prompts``: texts by language; a plain one is in the first language. A prompt that is not here is one of the
    centre's. ``variables``: those that must have a value before the flow begins: a flow that calls this one sets them.
    ``again_s``: who hung up on a recording and rings again within this time goes to the person at once (0: nobody).
    ``max_s``: who is in the flow for longer goes to the person. ``tenant``: whose flow it is; empty: everybody's."""

    id: str
    title: str = ""
    tenant: str = ""
    languages: Annotated[tuple[Language, ...], msgspec.Meta(min_length=1)] = ("en",)
    start: Name
    person: str = ""
    calendar: str = ""
    on_closed: Ending | None = None
    again_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 300.0
    max_s: Annotated[float, msgspec.Meta(ge=30, le=3600)] = 900.0
    variables: dict[Variable, IntoType] = {}
    prompts: dict[str, str | dict[Language, str]] = {}
    nodes: Annotated[dict[str, Node], msgspec.Meta(min_length=1)]

    def prompt(self, name: str) -> PromptSpec | None:
        """One of the flow's own prompts, None for one that is not here."""
        text = self.prompts.get(name)
        if text is None:
            return None
        return PromptSpec(text={self.languages[0]: text} if isinstance(text, str) else text)

    @property
    def asks_who(self) -> bool:
        """Whether it speaks of the customer, so that it is better not begun before it is known who that is."""
        written = str(msgspec.json.encode(self))
        speaks = "customer." in written or "contact.met_days" in written
        return speaks or any(isinstance(node, Survey) for node in self.nodes.values())

    @property
    def subflows(self) -> frozenset[str]:
        """The flows that this one calls itself."""
        return frozenset(node.flow for node in self.nodes.values() if isinstance(node, Flow))


class FlowRelease(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a flow as callers may be in it. ``share``: of the calls that enter the flow, from 0 (none new) to 1;
    the shares of one flow's releases are 1 together."""

    flow: str
    version: int
    share: float = 1.0
    spec: FlowSpec


class FlowWorld(msgspec.Struct, frozen=True, kw_only=True):
    """What there is around a flow, for its checks; None: not known, so not checked. ``sources``: of SQL lookups;
    ``ways``: what the centre is set up for, of outside, voicemail and callback; ``belongings``: whose all that is."""

    queues: frozenset[str] | None = None
    calendars: frozenset[str] | None = None
    skills: frozenset[str] | None = None
    prompts: Mapping[str, str | PromptSpec] | None = None
    sources: frozenset[str] | None = None
    ways: frozenset[str] | None = None
    flows: Mapping[str, FlowSpec] | None = None
    belongings: Belongings = Belongings()


class Fault(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something in a flow that cannot stand. ``node`` and ``key`` empty: it is not in one; ``column`` from 1, 0 where
    the value is no expression, prompt or template. ``what``: what was found, what was expected, the nearest name."""

    flow: str
    node: str = ""
    key: str = ""
    column: int = 0
    what: str

    def __str__(self) -> str:
        places = [f"flow {self.flow!r}"]
        places += [f"node {self.node!r}"] if self.node else []
        places += [f"key {self.key!r}"] if self.key else []
        places += [f"column {self.column}"] if self.column else []
        return f"{', '.join(places)}: {self.what}"


def prompt_file(flow: str, prompt: str) -> str:
    """The name under which a flow's own prompt is a file."""
    return f"{flow}.{prompt}"


def decode_flow(data: Any, *, where: str) -> FlowSpec:
    """A flow from plain dicts and lists, as YAML gives them. ``where`` names the source (a file).

    Raises ConfigError that names flow, node and key."""
    found = shape_faults(data)
    if found:
        raise ConfigError(f"{where}: {found[0]}")
    return msgspec.convert(data, FlowSpec)


def shape_faults(data: Any) -> tuple[Fault, ...]:
    """What keeps plain data from being a flow, at most one fault for each node; none: it can be decoded."""
    if not isinstance(data, Mapping):
        return (
            Fault(flow="?", what=f"expected a flow, which is a mapping with id, start and nodes, not {data!r:.60}"),
        )
    id = str(data.get("id", "?"))
    nodes = data.get("nodes")
    found = list(_node_faults(id, nodes)) if isinstance(nodes, Mapping) else []
    try:
        # The nodes were looked at one by one, so that a fault names its node.
        msgspec.convert({**data, "nodes": {"_": SOME_NODE}} if nodes and isinstance(nodes, Mapping) else data, FlowSpec)
    except msgspec.ValidationError as error:
        what, key = _located(explain(error, FlowSpec))
        found.insert(0, Fault(flow=id, key=key, what=what))
    return tuple(found)


SOME_NODE = {"kind": "hangup", "prompt": "-", "reason": "-"}


def _node_faults(flow: str, nodes: Mapping[Any, Any]) -> list[Fault]:
    found = []
    for name, node in nodes.items():
        if not isinstance(name, str):
            found.append(Fault(flow=flow, key="nodes", what=f"{name!r} is no name of a node; put it in quotes"))
            continue
        try:
            msgspec.convert(node, Node)
        except msgspec.ValidationError as error:
            what, key = _located(explain(error, Node))
            if key == "options" and "got `int`" in what:
                what += "; put the keys of a telephone in quotes"
            found.append(Fault(flow=flow, node=name, key=key, what=what))
    return found


def _located(message: str) -> tuple[str, str]:
    """msgspec's message apart from its path, which becomes the key."""
    what, at, path = message.partition(" - at ")
    if not at:
        return what, ""
    path, hint = _split_hint(path)
    return f"{what}{hint}", path.removeprefix("`").rstrip("`").removeprefix("key` in `").lstrip("$").lstrip(".")


def _split_hint(path: str) -> tuple[str, str]:
    at = path.rfind("`") + 1
    return path[:at], path[at:]
