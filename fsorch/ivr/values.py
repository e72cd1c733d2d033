"""The values that a flow's expressions, templates and prompts speak of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeVar

from fsorch.expressions import Expression, Type, Value, parse, parse_template, plain
from fsorch.flow_names import FIXED, slot_name
from fsorch.ivr.speech import Utterance
from fsorch.prompts import Part, parse_text

__all__ = ["Readings", "Surroundings", "Values"]

T = TypeVar("T")
# A flow was checked before it came here; what is read now needs no second look at the names.
ANY_NAME = {"*": Type.ANY}


class Surroundings(Protocol):
    """What a session sees of the centre."""

    def value(self, name: str) -> object:
        """The present value of a name of :mod:`fsorch.flow_names` that starts with contact, customer, queue, calendar
        or now; None when it has none."""
        ...

    def prompt(self, name: str, values: Mapping[str, object], language: str) -> tuple[Utterance, ...]:
        """One of the centre's prompts, with the ``values`` of its slots; nothing for one that is not there."""
        ...

    def mono(self) -> float:
        """Seconds on a clock that never jumps."""
        ...


class Readings:
    """Expressions, templates and prompts that were read once. Give one to all sessions."""

    def __init__(self) -> None:
        self._expressions: dict[str, Expression] = {}
        self._templates: dict[str, tuple[str | Expression, ...]] = {}
        self._prompts: dict[str, tuple[Part, ...]] = {}

    def expression(self, text: str) -> Expression:
        """Raises ExpressionError for a text that is none."""
        return _kept(self._expressions, text, lambda: parse(text, ANY_NAME))

    def template(self, text: str) -> tuple[str | Expression, ...]:
        """Raises ExpressionError for a text that is none."""
        return _kept(self._templates, text, lambda: parse_template(text, ANY_NAME))

    def prompt(self, text: str) -> tuple[Part, ...]:
        """Raises ConfigError for a text that is none."""
        return _kept(self._prompts, text, lambda: parse_text(text))


def _kept(known: dict[str, T], text: str, read: Callable[[], T]) -> T:
    found = known.get(text)
    if found is None:
        found = known[text] = read()
    return found


class Values(Mapping[str, object]):
    """All names at once: variables (a slot names them without ``vars.``), what the session knows (``own``), and the
    surroundings."""

    def __init__(
        self, variables: Mapping[str, Value], own: Mapping[str, Callable[[], Value]], surroundings: Surroundings
    ) -> None:
        self._variables = variables
        self._own = own
        self._surroundings = surroundings

    def __getitem__(self, name: str) -> Value:
        full = slot_name(name)
        if full.startswith("vars."):
            return self._variables.get(full.removeprefix("vars."))
        if full in self._own:
            return self._own[full]()
        return plain(self._surroundings.value(full))

    def __iter__(self) -> Iterator[str]:
        return iter([*(f"vars.{name}" for name in self._variables), *FIXED])

    def __len__(self) -> int:
        return len(self._variables) + len(FIXED)
