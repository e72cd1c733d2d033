"""The linter: whether a flow treats its callers well, before it may answer a call.

Theory: a flow is a graph (:mod:`fsorch.ivr.graph`); an *exit* is where a caller gets what they came for or is told
plainly that they do not: a person, a queue, a callback, a voicemail, a number, a stated end, the return to a calling
flow. Each way costs keys and seconds of speech, so that "how far is help" is a shortest path. Speech is measured by
the length of its text; a prompt that is audio only counts as :data:`AUDIO_S`.

The rules, by name:

========================  ==========================================================================================
``broken``                a name, target, expression or prompt does not exist or cannot be used: the flow cannot run
``unreachable``           no caller can come to this node
``no-exit``               from here no way leads out of the flow
``idle-loop``             nodes that neither speak nor ask lead back to themselves
``help-too-far``          the nearest exit is too many keys or seconds away
``zero-to-person``        the flow has a person, but 0 in this menu does not lead to one
``missing-language``      a prompt is not there in a language that the flow offers
``no-default``            a lookup does not say what happens when there is no answer
``too-many-options``      a menu offers more than anybody remembers
``late-options``          a menu talks too long before it names the first key
========================  ==========================================================================================
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping

import msgspec

from fsorch.errors import ConfigError
from fsorch.flow_checks import faults, prompts_of
from fsorch.flow_limits import FlowLimits, FlowRule
from fsorch.flow_nodes import (
    PERSON,
    RETURN,
    Branch,
    Collect,
    Flow,
    Hours,
    Language,
    Lookup,
    Menu,
    Message,
    Node,
    Note,
    OptOut,
    Set,
    Survey,
    Tag,
)
from fsorch.flows import FlowSpec, FlowWorld
from fsorch.ivr.graph import Edge, edges, leads_to_person, reachable
from fsorch.prompts import Fragment, PromptSpec, parse_text

__all__ = ["Finding", "lint", "seconds_of"]

# A prompt whose words nobody wrote down, and the value of a slot.
AUDIO_S = 5.0
SLOT_S = 2.0
# Nodes that pass a caller on at once, without a word.
SILENT = (Branch, Set, Hours, Language, Tag, Note, OptOut, Message, Flow)
# Keys that menus use for moving about rather than for a choice.
UNCOUNTED = frozenset("0*#")
# How prompts name a key in words.
WORDS = {
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "de": ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
    "es": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
    "fr": ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
}
FAR = (10**9, 1e9)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to mend. ``node`` empty: the flow as a whole. ``path``: the shortest way there as people walk it: node
    names, with ``[label]`` of the way taken."""

    rule: FlowRule
    flow: str
    node: str = ""
    what: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"flow {self.flow!r}" + (f", node {self.node!r}" if self.node else "")
        way = f" (by {' > '.join(self.path)})" if self.path else ""
        return f"{place}: {self.what}{way} [{self.rule.value}]"


def lint(spec: FlowSpec, world: FlowWorld, limits: FlowLimits | None = None) -> tuple[Finding, ...]:
    """All findings, those that keep the flow from running first. A flow with a ``broken`` finding is looked at no
    further."""
    limits = limits or FlowLimits()
    look = _Lint(spec, world, limits)
    broken = tuple(
        Finding(
            rule=FlowRule.BROKEN,
            flow=spec.id,
            node=fault.node,
            what=_without_place(str(fault)),
            path=look.paths.get(fault.node, ()),
        )
        for fault in faults(spec, world)
    )
    if broken:
        return broken
    found = look.findings()
    return tuple(finding for finding in found if finding.rule not in limits.skip)


def seconds_of(text: str, characters_per_s: float) -> float:
    """How long a prompt's text takes to be spoken."""
    try:
        parts = parse_text(text)
    except ConfigError:
        return len(text) / characters_per_s
    return sum(len(part.text) / characters_per_s if isinstance(part, Fragment) else SLOT_S for part in parts)


def _without_place(fault: str) -> str:
    """A fault's sentence without flow and node, which the finding says itself, but with key and column."""
    return re.sub(r"^flow '[^']*'(, node '[^']*')?(, |: )", "", fault)


class _Lint:
    """One look at one flow."""

    def __init__(self, spec: FlowSpec, world: FlowWorld, limits: FlowLimits) -> None:
        self.spec = spec
        self.world = world
        self.limits = limits
        self.here = reachable(spec)
        self.ways = {name: edges(node) for name, node in spec.nodes.items()}
        self.paths = self._paths()

    def findings(self) -> Iterator[Finding]:
        """Every rule, in the order of the nodes."""
        yield from self._unreachable()
        trapped = self._trapped()
        yield from self._no_exit(trapped)
        yield from self._idle_loops()
        yield from self._too_far(trapped)
        for name, node in self._nodes():
            yield from self._languages(name, node)
            if isinstance(node, Menu):
                yield from self._menu(name, node)
            elif isinstance(node, Lookup) and not node.default:
                yield self._finding(FlowRule.NO_DEFAULT, name, "no default: say where callers go without an answer")

    def _nodes(self) -> Iterator[tuple[str, Node]]:
        return ((name, node) for name, node in self.spec.nodes.items() if name in self.here)

    def _finding(self, rule: FlowRule, node: str, what: str, path: tuple[str, ...] | None = None) -> Finding:
        way = self.paths.get(node, ()) if path is None else path
        return Finding(rule=rule, flow=self.spec.id, node=node, what=what, path=way)

    # -- where callers can come -----------------------------------------------------------------------------------

    def _paths(self) -> dict[str, tuple[str, ...]]:
        """The shortest way from the start to each node."""
        start = self.spec.start
        paths: dict[str, tuple[str, ...]] = {start: (start,)}
        line = [start]
        for name in line:
            for edge in self.ways.get(name, ()):
                if edge.target not in paths and edge.target in self.spec.nodes:
                    paths[edge.target] = (*paths[name][:-1], _step(name, edge), edge.target)
                    line.append(edge.target)
        return paths

    def _unreachable(self) -> Iterator[Finding]:
        for name in self.spec.nodes:
            if name not in self.here:
                yield self._finding(FlowRule.UNREACHABLE, name, "no way leads here; take the node out, or lead to it")

    def _is_exit(self, target: str) -> bool:
        return target in (PERSON, RETURN) or not self.ways.get(target)

    def _trapped(self) -> frozenset[str]:
        """The nodes from which no way leads to an exit."""
        free = {name for name in self.here if self._is_exit(name) or self._ends_inside(name)}
        grown = True
        while grown:
            more = {
                name
                for name in self.here - free
                if any(self._is_exit(edge.target) or edge.target in free for edge in self.ways[name])
            }
            grown = bool(more)
            free |= more
        return self.here - free

    def _ends_inside(self, name: str) -> bool:
        """A called flow may end the call itself; its own linting sees to it that it has an exit."""
        return isinstance(self.spec.nodes[name], Flow)

    def _no_exit(self, trapped: frozenset[str]) -> Iterator[Finding]:
        for name in self.spec.nodes:
            if name in trapped:
                yield self._finding(
                    FlowRule.NO_EXIT, name, "from here no way leads to a person, a callback, a voicemail or an end"
                )

    def _idle_loops(self) -> Iterator[Finding]:
        told: set[str] = set()
        for name, node in self._nodes():
            if isinstance(node, SILENT) and name not in told and (loop := self._silent_way(name, name)):
                told.update(loop)
                what = "these nodes lead back to themselves without a word or a question"
                yield self._finding(FlowRule.IDLE_LOOP, name, what, (*loop, name))

    def _silent_way(self, start: str, goal: str) -> tuple[str, ...]:
        """A way from ``start`` to ``goal`` over silent nodes only, ``goal`` left out; empty when there is none."""
        came: dict[str, tuple[str, ...]] = {start: (start,)}
        line = [start]
        for name in line:
            for edge in self.ways[name]:
                if edge.target == goal:
                    return came[name]
                if edge.target not in came and isinstance(self.spec.nodes.get(edge.target), SILENT):
                    came[edge.target] = (*came[name], edge.target)
                    line.append(edge.target)
        return ()

    # -- how far help is ------------------------------------------------------------------------------------------

    def _too_far(self, trapped: frozenset[str]) -> Iterator[Finding]:
        for name, node in self._nodes():
            if name in trapped or not (isinstance(node, Menu | Collect | Survey) or name == self.spec.start):
                continue
            keys, seconds = self._to_exit(name)
            if keys > self.limits.keys or seconds > self.limits.seconds:
                what = (
                    f"the nearest person, callback, voicemail or end is {keys} keys and {seconds:.0f} s of prompts "
                    f"away; at most {self.limits.keys} keys and {self.limits.seconds:.0f} s"
                )
                yield self._finding(FlowRule.HELP_TOO_FAR, name, what)

    def _to_exit(self, start: str) -> tuple[int, float]:
        """Keys and seconds of a way to an exit that is within the limits, if there is one, else of the one that misses
        them by least."""
        best: dict[tuple[str, int], float] = {}
        line: list[tuple[float, int, str]] = [(0.0, 0, start)]
        nearest = FAR
        while line:
            seconds, keys, name = heapq.heappop(line)
            if self._is_exit(name) or self._ends_inside(name):
                if keys <= self.limits.keys and seconds <= self.limits.seconds:
                    return keys, seconds
                nearest = min(nearest, (keys, seconds), key=lambda one: (one[0] > self.limits.keys, one[1]))
                continue
            for edge in self.ways[name]:
                pressed, spoken = self._cost(self.spec.nodes[name], edge)
                cost = (seconds + spoken, keys + pressed, edge.target)
                # Beyond twice the limit it only matters that it is far.
                if cost[1] <= 2 * self.limits.keys + 64 and cost[0] < best.get((cost[2], cost[1]), FAR[1]):
                    best[cost[2], cost[1]] = cost[0]
                    heapq.heappush(line, cost)
        return nearest

    def _cost(self, node: Node, edge: Edge) -> tuple[int, float]:
        """Keys and seconds of prompts along one way out."""
        spoken = sum(self._seconds(name) for key, name in prompts_of(node) if key not in ("invalid", "silent"))
        if isinstance(node, Menu | Collect):
            if edge.key == "no_key":
                return 0, node.tries * (spoken + node.timeout_s)
            if edge.key == "wrong_key":
                return node.invalids, node.invalids * spoken
            return (node.min if isinstance(node, Collect) and edge.key == "next" else 1), spoken
        return (len(node.questions) if isinstance(node, Survey) else 0), spoken

    def _seconds(self, prompt: str) -> float:
        """The longest that a prompt is in any of the flow's languages."""
        texts = [text for text in self._texts(prompt).values() if text]
        return max((seconds_of(text, self.limits.characters_per_s) for text in texts), default=AUDIO_S)

    def _texts(self, prompt: str) -> Mapping[str, str]:
        spec = self._prompt(prompt)
        return spec.text if isinstance(spec, PromptSpec) else {}

    def _prompt(self, name: str) -> str | PromptSpec | None:
        return self.spec.prompt(name) or (self.world.prompts or {}).get(name)

    # -- node by node ---------------------------------------------------------------------------------------------

    def _languages(self, name: str, node: Node) -> Iterator[Finding]:
        for key, prompt in prompts_of(node):
            spec = self._prompt(prompt)
            if not isinstance(spec, PromptSpec):
                continue  # a path: one audio for all
            missing = [language for language in self.spec.languages if language not in spec.languages]
            if missing:
                what = f"{key}: the prompt {prompt!r} is not there in {', '.join(missing)}"
                yield self._finding(FlowRule.MISSING_LANGUAGE, name, what)
        if isinstance(node, Message) and not isinstance(node.text, str):
            missing = [language for language in self.spec.languages if language not in node.text]
            if missing:
                what = f"text: the message is not there in {', '.join(missing)}"
                yield self._finding(FlowRule.MISSING_LANGUAGE, name, what)

    def _menu(self, name: str, node: Menu) -> Iterator[Finding]:
        if self.spec.person and not leads_to_person(self.spec, node.options.get("0", "")):
            what = "0 does not lead to a person; give it the target person, or a queue"
            yield self._finding(FlowRule.ZERO_TO_PERSON, name, what)
        offered = [key for key in node.options if key not in UNCOUNTED]
        if len(offered) > self.limits.options:
            what = f"{len(offered)} options; at most {self.limits.options}, so put some behind another menu"
            yield self._finding(FlowRule.TOO_MANY_OPTIONS, name, what)
        for language, text in self._texts(node.prompt).items():
            told = self._before_first(text, node, language)
            if told > self.limits.before_first_s:
                limit = f"at most {self.limits.before_first_s:.0f} s, so name it sooner"
                what = f"{told:.0f} s of talk ({language}) before the first key is named; {limit}"
                yield self._finding(FlowRule.LATE_OPTIONS, name, what)

    def _before_first(self, text: str, node: Menu, language: str) -> float:
        """The seconds of a menu's text before it names one of the keys."""
        words = WORDS.get(language.partition("-")[0], ())
        named = [re.escape(key) if not key.isdigit() else rf"\b{key}\b" for key in node.options]
        named += [rf"\b{words[int(key)]}\b" for key in node.options if key.isdigit() and words]
        hit = re.search("|".join(named), text, re.IGNORECASE)
        return seconds_of(text[: hit.start()] if hit else text, self.limits.characters_per_s)


def _step(name: str, edge: Edge) -> str:
    return f"{name} [{edge.label}]" if edge.label else name
