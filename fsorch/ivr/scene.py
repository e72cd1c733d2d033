"""Where a session is and what it can see from there: its flow, node, values and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from fsorch.expressions import Expression, Value, evaluate, fill
from fsorch.flow_names import source_text
from fsorch.flow_nodes import Collect, Node, Source
from fsorch.flows import FlowSpec, prompt_file
from fsorch.ivr.place import Progress
from fsorch.ivr.speech import Utterance, render
from fsorch.ivr.steps import Secret
from fsorch.ivr.values import Readings, Surroundings, Values

__all__ = ["Scene"]

# What a variable may hold, and all of them together (as they are written down): they are kept in the channel.
LONGEST_VALUE = 200
MOST_ITEMS = 20
MOST_BYTES = 4_000


class Scene:
    """One caller in a flow. ``secrets`` holds masked input, and is the only thing that does."""

    def __init__(
        self, spec: FlowSpec, flows: Mapping[str, FlowSpec], surroundings: Surroundings, readings: Readings
    ) -> None:
        self.spec = spec
        self.flows = {**flows, spec.id: spec}
        self.surroundings = surroundings
        self.readings = readings
        self.progress = Progress([(spec.id, next(iter(spec.nodes)))], "", spec.languages[0])
        self.secrets: dict[str, str] = {}
        self.began = 0.0

    @property
    def flow(self) -> FlowSpec:
        """The flow that is walked now."""
        return self.flows[self.progress.frames[-1][0]]

    @property
    def node(self) -> Node:
        """The node that the caller is at."""
        return self.flow.nodes[self.progress.frames[-1][1]]

    @property
    def person(self) -> str:
        """The queue of the flow's person, or of the one that called it; empty when there is none."""
        people = (self.flows[flow].person for flow, _ in reversed(self.progress.frames))
        return next((person for person in people if person), "")

    @property
    def remaining_s(self) -> float:
        """How long the caller may still be in the flow."""
        return self.spec.max_s - (self.surroundings.mono() - self.began)

    # -- values -------------------------------------------------------------------------------------------------------

    @property
    def values(self) -> Values:
        """All names, an answer that is to be confirmed included."""
        variables: dict[str, Value] = {**self.progress.variables, **self.secrets}
        if self.progress.pending and isinstance(self.node, Collect):
            variables[self.node.into] = self.progress.pending
        own: dict[str, Callable[[], Value]] = {
            "caller.language": lambda: self.progress.language,
            "flow.id": lambda: self.flow.id,
            "flow.seconds": lambda: round(self.spec.max_s - self.remaining_s),
        }
        return Values(variables, own, self.surroundings)

    def value(self, source: Source) -> Value:
        """What an expression gives."""
        return evaluate(self.readings.expression(source_text(source)), self.values)

    def text(self, source: Source | None) -> str:
        """What an expression gives, if that is a text; else empty."""
        value = None if source is None else self.value(source)
        return value if isinstance(value, str) else ""

    def filled(self, template: str, quote: Callable[[str], str] = str) -> str:
        """A template with its values."""
        return fill(self.readings.template(template), self.values, quote)

    def is_secret(self, *expressions: str | Expression) -> bool:
        """Whether masked input is in what these give."""
        masked = {f"vars.{name}" for name in self.secrets}
        return any(isinstance(one, Expression) and one.names & masked for one in expressions)

    def guarded(self, text: str, *expressions: str | Expression) -> str | Secret:
        """A text that was made of these: a secret when masked input is in it."""
        return Secret(text) if self.is_secret(*expressions) else text

    def store(self, name: str, value: Value) -> bool:
        """Give a variable a value; False, and it has none, when that is more than can be kept."""
        variables = self.progress.variables
        self.secrets.pop(name, None)
        self.progress.masked.pop(name, None)
        variables[name] = _short(value)
        if len(msgspec.msgpack.encode(variables)) <= MOST_BYTES:
            return True
        del variables[name]
        return False

    def keep_secret(self, name: str, digits: str) -> None:
        """Give a variable masked input, and remember where it was asked."""
        self.progress.variables.pop(name, None)
        self.secrets[name] = digits
        self.progress.masked[name] = list(self.progress.frames)

    # -- words --------------------------------------------------------------------------------------------------------

    def say(self, prompt: str) -> tuple[Utterance, ...]:
        """One of the flow's prompts, or of the centre's; nothing for an empty name."""
        if not prompt:
            return ()
        own = self.flow.prompt(prompt)
        if own is None:
            return self.surroundings.prompt(prompt, self.values, self.progress.language)
        language = own.language_for(self.progress.language)
        parts = self.readings.prompt(own.text[language])
        return render(prompt_file(self.flow.id, prompt), parts, self.values, language)


def _short(value: Value) -> Value:
    if isinstance(value, str):
        return value[:LONGEST_VALUE]
    if isinstance(value, tuple):
        return tuple(_short(item) for item in value[:MOST_ITEMS])
    return value
