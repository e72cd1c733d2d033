"""What every state machine of fsorch is: one literal table and one door.

A table maps (state, input) to (effect, next state). An input is either a *request*, which is refused by
RequestRefused when the table has no entry for it (nothing has changed then), or an *event*, which may come late,
twice or out of order: a table has an entry for every event in every state, and a test over all tables holds that.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from fsorch.errors import RequestRefused

__all__ = ["Machine"]

S = TypeVar("S", bound=StrEnum)
I = TypeVar("I", bound=StrEnum)  # noqa: E741 - the letter of the theory
E = TypeVar("E", bound=StrEnum)


class Machine(Generic[S, I, E]):
    """The walker of one table. Subclasses name the table, the machine and the first state."""

    NAME: str
    TABLE: Mapping[tuple[S, I], tuple[E | None, S]]
    FIRST: S

    __slots__ = ("state",)

    def __init__(self, state: S | None = None) -> None:
        self.state: S = self.FIRST if state is None else state

    def step(self, input: I) -> E | None:
        """Move by ``input`` and return the effect to carry out, or None.

        Raises RequestRefused, with the state as it was, when the table has no entry; ValueError for an input of
        another type."""
        if type(input) is not self.input_type():
            raise ValueError(f"{self.NAME}: {input!r} is not one of its inputs")
        entry = self.TABLE.get((self.state, input))
        if entry is None:
            raise RequestRefused(self.NAME, self.state.value, input.value)
        effect, self.state = entry
        return effect

    def allows(self, input: I) -> bool:
        """Whether ``input`` has an entry in the present state."""
        return (self.state, input) in self.TABLE

    @classmethod
    def input_type(cls) -> type[StrEnum]:
        """The enum of this machine's inputs."""
        return type(next(iter(cls.TABLE))[1])
