"""A caller who follows a script: what they would hear in a flow, line by line, without a switch.

Theory: the session asks and the script answers. Keys are written as people write them, ``2,1234#,,0``: one entry for
each question that is put to the caller, an empty one for silence, ``hangup`` to ring off there; after the last entry
the caller is silent. Look-ups get the answers that the script has for their node, one after the other and the last one
again; a look-up without one fails, as a system that is away would. Time is counted, not waited for: the length of the
texts, and of the silences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from fsorch.errors import ConfigError
from fsorch.flows import FlowSpec
from fsorch.ivr.events import EventKind, FlowEvent
from fsorch.ivr.session import FlowSession
from fsorch.ivr.speech import Utterance
from fsorch.ivr.steps import (
    KEYS,
    Collect,
    End,
    Failed,
    Fetch,
    HangUp,
    HttpAnswer,
    Keys,
    OwnAsk,
    Play,
    Record,
    Recorded,
    Result,
    Rows,
    SendText,
    Sent,
    Step,
    ToCallback,
    ToNumber,
    ToQueue,
    ToVoicemail,
)
from fsorch.rules import Rule

__all__ = ["HANG_UP", "Answer", "Line", "Rehearsal", "Script", "Stage", "What", "parse_keys", "rehearse"]

HANG_UP = "hangup"
# A caller of this script speaks for so long where they are recorded.
SPOKEN_S = 4.0
# Every way through a flow has an end (FlowSession); a script that is longer is none.
MOST_KEYS = 500
MASKED = "****"


class Answer(Rule, frozen=True, kw_only=True):
    """What a look-up is told: ``json`` with ``status`` (an address), ``rows`` (a source, or the centre's own records),
    or that it ``fails``, and why."""

    json: Any = None
    status: int = 200
    rows: tuple[dict[str, Any], ...] | None = None
    fails: str = ""

    @property
    def result(self) -> Result:
        """As the session is told."""
        if self.fails:
            return Failed(self.fails)
        if self.rows is not None:
            return Rows(self.rows)
        return HttpAnswer(self.status, msgspec.json.encode(self.json))


class Script(Rule, frozen=True, kw_only=True):
    """What a file of answers says. ``answers``: of look-ups, by node; several are given in turn. ``values``: how the
    centre and the caller are, by the names that expressions use."""

    answers: dict[str, Answer | tuple[Answer, ...]] = {}
    values: dict[str, Any] = {}


class What(StrEnum):
    """What a line of a rehearsal tells."""

    HEARS = "hears"
    KEYS = "keys"
    SILENCE = "silence"
    SPEAKS = "speaks"
    WRONG = "wrong"
    ASKED = "asked"
    TOLD = "told"
    TROUBLE = "trouble"
    END = "end"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happens, ``at_s`` seconds after the flow began."""

    at_s: float
    flow: str
    node: str
    what: What
    text: str


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """How it went. ``end``: queue, callback, voicemail, number or hangup (by the flow), caller (by them). ``to``: which
    queue or number, or the stated reason; ``why``: chosen, person (they asked for one, or did not answer) or trouble.
    ``unused``: entries of the script that no question was put for."""

    lines: tuple[Line, ...]
    end: str
    to: str
    why: str
    seconds: float
    keys: int
    unused: tuple[str, ...] = ()


class Stage:
    """The surroundings of a rehearsal: ``values`` by name, the centre's prompts as ``prompt`` gives them, and a clock
    that is moved by hand."""

    def __init__(
        self,
        values: Mapping[str, object],
        prompt: Callable[[str, Mapping[str, object], str], tuple[Utterance, ...]],
    ) -> None:
        self._values = values
        self._prompt = prompt
        self.now = 0.0

    def value(self, name: str) -> object:
        """What was given, or how a quiet centre is that is open and does not know the caller."""
        return self._values.get(name, USUAL.get(name.rpartition(".")[2] if name.count(".") > 1 else name))

    def prompt(self, name: str, values: Mapping[str, object], language: str) -> tuple[Utterance, ...]:
        """One of the centre's prompts."""
        return self._prompt(name, values, language)

    def mono(self) -> float:
        """The clock."""
        return self.now


# By the whole name, or, of a queue or calendar, by its last part.
USUAL: dict[str, object] = {
    "contact.number": "+12025550123",
    "contact.name": "",
    "contact.destination": "",
    "contact.priority": 0,
    "contact.again": False,
    "customer.known": False,
    "waiting": 0,
    "logged_in": 1,
    "available": 1,
    "estimated_wait_s": 0,
    "longest_wait_s": 0,
    "open": True,
    "reason": "",
}


def parse_keys(text: str) -> tuple[str, ...]:
    """The entries of a script such as ``2,1234#,,0``. Raises ConfigError for keys that no telephone has."""
    if not text.strip():
        return ()
    entries = tuple(entry.strip() for entry in text.split(","))
    for entry in entries:
        odd = next((sign for sign in entry if sign not in KEYS), "")
        if odd and entry != HANG_UP:
            raise ConfigError(
                f"keys: {entry!r} has {odd!r}; keys are 0 to 9, * and #, one entry for each question, with commas "
                f"between; an empty entry is silence, {HANG_UP} rings off"
            )
    if len(entries) > MOST_KEYS:
        raise ConfigError(f"keys: {len(entries)} entries; at most {MOST_KEYS}")
    return entries


def rehearse(
    spec: FlowSpec,
    keys: tuple[str, ...],
    script: Script,
    stage: Stage,
    *,
    flows: Mapping[str, FlowSpec] | None = None,
    language: str = "",
    words: Callable[[Utterance], str],
    seconds: Callable[[str], float],
    own: Callable[[OwnAsk], Result] | None = None,
) -> Rehearsal:
    """Walk through ``spec`` by a script. ``flows``: those that it may call; ``words``: what an utterance says;
    ``seconds``: how long a text takes; ``own``: the centre's own records, for look-ups that the script says nothing
    of."""
    return _Caller(FlowSession(spec, stage, flows), keys, script, stage, words, seconds, own).walk(language)


class _Caller:
    """One walk; ``lines`` grow."""

    def __init__(
        self,
        session: FlowSession,
        keys: tuple[str, ...],
        script: Script,
        stage: Stage,
        words: Callable[[Utterance], str],
        seconds: Callable[[str], float],
        own: Callable[[OwnAsk], Result] | None,
    ) -> None:
        self.session = session
        self.own = own
        self.keys = list(keys)
        self.stage = stage
        self.words = words
        self.seconds = seconds
        self.lines: list[Line] = []
        self.pressed = 0
        self.rang_off = False
        self._answers = {
            node: list(given) if isinstance(given, tuple) else [given] for node, given in script.answers.items()
        }

    def walk(self, language: str) -> Rehearsal:
        """To the end."""
        known = self.stage.value("customer.language")
        step: Step | None = self.session.start(language=language or (known if isinstance(known, str) else ""))
        while step is not None and not isinstance(step, End):
            self._tell_events(step)
            result = self._answer(step)
            if self.rang_off:
                return self._over("caller", "", "", step)
            step = self.session.heard(result, step.serial)
        assert step is not None
        self._tell_events(step)
        return self._over(*_end(step), step)

    def _over(self, end: str, to: str, why: str, step: Step) -> Rehearsal:
        self._line(step, What.END, _spoken_end(end, to, why))
        return Rehearsal(
            lines=tuple(self.lines),
            end=end,
            to=to,
            why=why,
            seconds=round(self.stage.now, 1),
            keys=self.pressed,
            unused=tuple(self.keys),
        )

    def _answer(self, step: Step) -> Result:
        match step:
            case Play():
                self._hear(step, step.say)
                return Keys()
            case Collect():
                self._hear(step, step.say)
                return self._key(step)
            case Fetch():
                return self._look_up(step)
            case Record():
                self._hear(step, step.say)
                self._pass(SPOKEN_S)
                self._line(step, What.SPEAKS, "after the tone")
                return Recorded(f"recording-{step.serial}", SPOKEN_S)
            case _:
                assert isinstance(step, SendText)
                self._line(step, What.TOLD, f"by text message to {step.to}: {step.text}")
                return Sent()

    def _hear(self, step: Step, said: tuple[Utterance, ...]) -> None:
        text = " ".join(filter(None, (self.words(one) for one in said)))
        if text:
            self._line(step, What.HEARS, text)
            self._pass(self.seconds(text))

    def _key(self, step: Collect) -> Result:
        entry = self.keys.pop(0) if self.keys else ""
        if entry == HANG_UP:
            self.rang_off = True
            return Keys()
        if not entry:
            self._pass(step.timeout_s)
            self._line(step, What.SILENCE, f"nothing for {step.timeout_s:g} s")
            return Keys()
        self.pressed += len(entry)
        self._line(step, What.KEYS, MASKED if step.masked else entry)
        return Keys(entry)

    def _look_up(self, step: Fetch) -> Result:
        given = self._answers.get(step.node, [])
        if not given and self.own is not None and isinstance(step.ask, OwnAsk):
            self._line(step, What.ASKED, "answered by the centre's own records")
            return self.own(step.ask)
        answer = given[0] if given else Answer(fails="the script has no answer for this look-up")
        if len(given) > 1:
            del given[0]
        self._line(step, What.ASKED, f"no answer: {answer.fails}" if answer.fails else "answered")
        return answer.result

    def _tell_events(self, step: Step) -> None:
        """What the caller does not hear, but who reads the rehearsal wants to know."""
        for event in self.session.events():
            told = _told(event)
            if told is not None:
                self.lines.append(Line(at_s=self._at, flow=event.flow, node=event.node, what=told[0], text=told[1]))

    def _line(self, step: Step, what: What, text: str) -> None:
        self.lines.append(Line(at_s=self._at, flow=step.flow, node=step.node, what=what, text=text))

    @property
    def _at(self) -> float:
        return round(self.stage.now, 1)

    def _pass(self, seconds: float) -> None:
        self.stage.now += seconds


def _told(event: FlowEvent) -> tuple[What, str] | None:
    match event.kind:
        case EventKind.WRONG:
            return What.WRONG, "that is no answer here"
        case EventKind.TROUBLE:
            return What.TROUBLE, event.detail
        case EventKind.LANGUAGE:
            return What.TOLD, f"from here in {event.value}"
        case EventKind.TAGGED:
            return What.TOLD, f"the agent sees the tag {event.value}"
        case EventKind.NOTED:
            return What.TOLD, f"the agent reads: {event.value}"
        case EventKind.OPTED_OUT:
            whom = "by the campaign that called" if event.value == "campaign" else "by anybody here"
            return What.TOLD, f"this number is not called again {whom}"
        case EventKind.SCORED if event.label == "low":
            return What.TOLD, f"a supervisor is told of the score {event.value}"
        case EventKind.PASSED_BY:
            return What.TOLD, "no survey: this customer was asked not long ago"
        case _:
            return None


def _end(step: End) -> tuple[str, str, str]:
    """How a flow ended: end, where to, why."""
    match step:
        case ToQueue():
            return "queue", step.queue, step.why
        case ToCallback():
            return "callback", step.queue, "chosen"
        case ToVoicemail():
            return "voicemail", step.queue, "chosen"
        case ToNumber():
            return "number", step.number, "chosen"
        case HangUp():
            return "hangup", step.reason, "chosen"


def _spoken_end(end: str, to: str, why: str) -> str:
    how = {"person": " (to a person)", "trouble": " (because of trouble)"}.get(why, "")
    match end:
        case "queue":
            return f"waits in the queue {to}{how}"
        case "callback":
            return f"is promised a call back by the queue {to}"
        case "voicemail":
            return f"leaves a message for the queue {to}"
        case "number":
            return f"is put through to {to}"
        case "caller":
            return "rings off"
        case _:
            return f"the flow rings off: {to}"
