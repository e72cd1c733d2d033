"""The surroundings of a session under test."""

from __future__ import annotations

from collections.abc import Mapping

from fsorch.flows import FlowSpec
from fsorch.ivr.events import EventKind, FlowEvent
from fsorch.ivr.session import FlowSession
from fsorch.ivr.speech import File, Utterance
from fsorch.ivr.steps import END, Collect, Fetch, Keys, Play, Record, Result, SendText, Step
from tests.ivr.shops import goodbye, shop

OPEN = {
    "calendar.office.open": True,
    "contact.number": "+49301234",
    "contact.again": False,
    "queue.sales.waiting": 2,
}


class Room:
    """A centre whose values and time a test sets. Prompts called ``lost`` are not there."""

    def __init__(self, **values: object) -> None:
        self.values: dict[str, object] = {**OPEN, **{name.replace("__", "."): value for name, value in values.items()}}
        self.now = 100.0

    def value(self, name: str) -> object:
        return self.values.get(name)

    def prompt(self, name: str, values: Mapping[str, object], language: str) -> tuple[Utterance, ...]:
        return () if name == "lost" else (File(name, language),)

    def mono(self) -> float:
        return self.now


class Walk:
    """A session and its caller: every step and everything that happened are kept."""

    def __init__(self, spec: FlowSpec | None = None, room: Room | None = None, *others: FlowSpec) -> None:
        self.room = room or Room()
        self.spec = spec or shop()
        self.flows = {flow.id: flow for flow in (*others, goodbye())}
        self.session = FlowSession(self.spec, self.room, self.flows)
        self.happened: list[FlowEvent] = []
        self.steps: list[Step] = [self.session.start()]
        self._drain()

    @property
    def step(self) -> Step:
        """What is under way."""
        return self.steps[-1]

    def hear(self, *results: Result | str) -> Step:
        """The results of the steps that follow one another; a text: these keys."""
        for result in results:
            following = self.session.heard(Keys(result) if isinstance(result, str) else result)
            assert following is not None, (self.step, result)
            self.steps.append(following)
            self._drain()
        return self.step

    def restart(self) -> Step | None:
        """A new process goes on from the place."""
        place = self.session.place
        self.session = FlowSession(self.spec, self.room, self.flows)
        step = self.session.resume(place)
        if step is not None:
            self.steps[-1] = step
        return step

    def told(self, kind: EventKind) -> list[str]:
        """The values (or else the details) of what happened of a kind."""
        return [event.value or event.detail for event in self.happened if event.kind is kind]

    @property
    def nodes(self) -> list[str]:
        """The nodes that were entered."""
        return [event.node for event in self.happened if event.kind is EventKind.ENTERED]

    def _drain(self) -> None:
        self.happened += self.session.events()


def said(step: Step) -> list[str]:
    """The names of the files of a step."""
    assert isinstance(step, Play | Collect | Record)
    return [one.name if isinstance(one, File) else one.text for one in step.say]


def is_end(step: Step) -> bool:
    return isinstance(step, END)


__all__ = ["Collect", "Fetch", "Room", "SendText", "Walk", "is_end", "said"]
