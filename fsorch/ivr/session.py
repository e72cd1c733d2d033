"""A caller's walk through a flow: one step at a time, and always to an end that serves them.

Theory: the session rests where the caller or somebody outside acts (a prompt, keys, a lookup, a recording, a text
message) and walks on by itself through all other nodes. Whatever is heard moves one table
(:mod:`fsorch.ivr.walking`); what it means is decided by the node. Nothing traps: rounds at a node are counted, nodes
passed since the last key and in all are bounded, so is the time, and every trouble leads to the flow's person, or,
where there is none, to a spoken apology and the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fsorch.expressions import Value, written
from fsorch.flow_nodes import (
    PERSON,
    RETURN,
    Branch,
    Callback,
    Collect,
    Flow,
    Hangup,
    Hours,
    Language,
    Lookup,
    Menu,
    Message,
    Note,
    OptOut,
    QueueNode,
    Record,
    Say,
    Set,
    Survey,
    Tag,
    Transfer,
    VoicemailNode,
)
from fsorch.flows import FlowSpec
from fsorch.ivr.answers import Found, read_answer
from fsorch.ivr.asking import NODES, Asking
from fsorch.ivr.events import EventKind, FlowEvent
from fsorch.ivr.keys import Heard, hear
from fsorch.ivr.masking import frames_to_ask_at
from fsorch.ivr.place import Exit, Progress, read_place, write_place
from fsorch.ivr.scene import Scene
from fsorch.ivr.steps import KEYS, Failed, HttpAnswer, Keys, Recorded, Result, Rows, Sent, Step, Trouble
from fsorch.ivr.values import Readings, Surroundings
from fsorch.ivr.walking import SessionEffect, SessionInput, SessionMachine, SessionState

__all__ = ["FlowSession"]

# Nodes that a caller passes without a key; nodes and rounds in all. Past them the flow goes in circles.
MOST_PASSED = 60
MOST_STEPS = 500
# Flows within flows.
MOST_FRAMES = 8
MOST_AHEAD = 40
LONGEST_NOTE = 400


_S, _I, _E = SessionState, SessionInput, SessionEffect
INPUTS: dict[type[Any], SessionInput] = {
    Keys: _I.HEARD,
    HttpAnswer: _I.FETCHED,
    Rows: _I.FETCHED,
    Failed: _I.FETCHED,
    Recorded: _I.RECORDED,
    Sent: _I.SENT,
    Trouble: _I.TROUBLE,
}


class FlowSession:
    """One caller's walk through ``spec``: :meth:`start`, then :meth:`heard` after each step until it gives an end (one
    of :data:`fsorch.ivr.steps.END`). ``flows``: those that ``spec`` may call; ``readings``: shared by all sessions of a
    centre, so that each text is read once."""

    def __init__(
        self,
        spec: FlowSpec,
        surroundings: Surroundings,
        flows: Mapping[str, FlowSpec] | None = None,
        readings: Readings | None = None,
    ) -> None:
        self.spec = spec
        self.machine = SessionMachine()
        self.scene = Scene(spec, flows or {}, surroundings, readings or Readings())
        self.scene.began = surroundings.mono()
        self._asking = Asking(self.scene)
        self._events: list[FlowEvent] = []
        self._via = ""
        self._effects: dict[SessionEffect, Callable[[Any], str]] = {
            _E.GO_ON: self._said,
            _E.TAKE_KEYS: lambda keys: self._answered(keys.digits),
            _E.TAKE_WORD: self._confirmed,
            _E.TAKE_ANSWER: self._fetched,
            _E.TAKE_RECORDING: self._recorded,
            _E.TAKE_RECEIPT: self._receipt,
            _E.GIVE_UP: lambda trouble: self._trouble(trouble.why or "a prompt could not be played"),
            _E.FINISH: self._finish,
        }
        self._enters: dict[type[Any], Callable[[Any], str]] = {
            Say: self._say,
            Menu: lambda node: self._ask(node.barge_in),
            Collect: lambda node: self._ask(node.barge_in),
            Branch: self._branch,
            Set: self._set,
            Lookup: lambda node: self._rest(_I.LOOK_UP),
            Language: self._language,
            Survey: self._survey,
            Record: lambda node: self._rest(_I.RECORD),
            Message: self._message,
            Tag: self._tag,
            Note: self._note,
            OptOut: self._opt_out,
            Flow: self._call,
            Hours: self._hours,
            Transfer: self._transfer,
            QueueNode: lambda node: self._leave(node.prompt),
            Callback: lambda node: self._leave(node.prompt),
            VoicemailNode: lambda node: self._leave(node.prompt),
            Hangup: lambda node: self._rest(_I.LEAVE),
        }

    # -- from outside -------------------------------------------------------------------------------------------------

    def start(self, variables: Mapping[str, Value] | None = None, language: str = "") -> Step:
        """The first step. ``variables``: values that the flow is given; ``language``: the caller's, if it is known and
        one of the flow's."""
        progress = self.scene.progress
        if language in self.spec.languages:
            progress.language = language
        for name, value in (variables or {}).items():
            self._store(name, value)
        return self._go(self.spec.start)

    def heard(self, result: Result, serial: int | None = None) -> Step | None:
        """What came of the last step; gives the next one. None, and nothing has changed, for a result that does not
        belong to it: it came late or twice. ``serial``: of the step it belongs to, where that is known."""
        progress = self.scene.progress
        if serial is not None and serial != progress.serial:
            return None
        effect = self.machine.step(INPUTS[type(result)])
        if effect is None:
            return None
        progress.elapsed_s = round(self.scene.surroundings.mono() - self.scene.began, 3)
        if isinstance(result, Keys) and result.digits:
            progress.passed = 0
        if self.scene.remaining_s <= 0 and effect is not _E.FINISH:
            return self._go(self._trouble(f"longer than {self.spec.max_s:g} s in the flow"))
        return self._go(self._effects[effect](result))

    @property
    def place(self) -> str:
        """Where the caller is, as a short text (letters, digits, ``-``, ``_``, ``.``) for :meth:`resume`. Masked input
        is not in it."""
        progress = self.scene.progress
        progress.state = self.machine.state.value
        node = self.scene.node
        if isinstance(node, Collect) and node.masked:
            return write_place(_without_keys(progress))
        if progress.ahead and any(self._is_masked(flow) for flow in self.scene.flows.values()):
            # The first keys of a PIN may be among those that came before it was asked.
            return write_place(_without_keys(progress))
        return write_place(progress)

    def resume(self, place: str) -> Step | None:
        """Go on where an earlier session of the same flow was, by its :attr:`place`; gives the step that was under way,
        or, where masked input was lost that is still needed, asks for that again. None, and nothing has changed, for a
        place that is none in this flow."""
        progress = read_place(place)
        if progress is None or not self._fits(progress):
            return None
        lost = frames_to_ask_at(progress, self.scene.flows)
        if lost is not None:
            progress.frames = lost
            progress.state = _S.ASKING.value
            progress.serial += 1
            progress.silences = progress.wrongs = 0
            progress.after = progress.given = progress.pending = ""
            progress.exit = Exit()
        progress.masked = {}
        self.scene.progress = progress
        self.scene.began = self.scene.surroundings.mono() - progress.elapsed_s
        self.machine.state = SessionState(progress.state)
        return self._asking.step(progress.state)

    def events(self) -> tuple[FlowEvent, ...]:
        """What has happened since this was asked last."""
        found = tuple(self._events)
        self._events.clear()
        return found

    @property
    def over(self) -> bool:
        """Whether the flow has come to its end."""
        return self.machine.state is _S.OVER

    def _fits(self, progress: Progress) -> bool:
        """Whether a place is one in these flows."""
        flows = self.scene.flows
        for frames in (progress.frames, *progress.masked.values()):
            if frames[0][0] != self.spec.id:
                return False
            if not all(flow in flows and node in flows[flow].nodes for flow, node in frames):
                return False
        asked = (flows[frames[-1][0]].nodes[frames[-1][1]] for frames in progress.masked.values())
        if not all(isinstance(node, Collect) and node.masked for node in asked):
            return False
        flow, name = progress.frames[-1]
        node = flows[flow].nodes[name]
        allowed = NODES.get(progress.state)
        if allowed is None or progress.language not in self.spec.languages:
            return False
        if progress.exit.by:
            return progress.state in (_S.LEAVING, _S.OVER) and progress.exit.by in ("person", "sorry")
        if isinstance(node, Survey):
            asking = progress.state == _S.ASKING
            fits = progress.question < len(node.questions) if asking else node.comment is not None
            return isinstance(node, allowed) and fits
        if progress.state == _S.CONFIRMING:
            return isinstance(node, Collect) and node.confirm is not None
        return isinstance(node, allowed)

    @staticmethod
    def _is_masked(flow: FlowSpec) -> bool:
        return any(isinstance(node, Collect) and node.masked for node in flow.nodes.values())

    # -- walking ------------------------------------------------------------------------------------------------------

    def _go(self, target: str) -> Step:
        """Walk on from ``target`` (empty: rest here) to where somebody else has to act."""
        while target:
            target = self._enter(target)
        self.scene.progress.serial += 1
        return self._asking.step(self.machine.state.value)

    def _enter(self, target: str) -> str:
        """Come to a target; gives the next one, or nothing where the session rests."""
        via, self._via = self._via, ""
        progress, flow = self.scene.progress, self.scene.flow
        if target == PERSON:
            return self._person("person")
        if target == RETURN:
            return self._return()
        if target not in flow.nodes:
            return self._trouble(f"{target!r} is no node")
        progress.frames[-1] = (flow.id, target)
        progress.silences = progress.wrongs = progress.question = 0
        progress.after = progress.given = progress.pending = ""
        progress.low = False
        progress.passed += 1
        self._tell(EventKind.ENTERED, label=via)
        if not self._counted():
            return self._trouble("the flow goes in circles")
        return self._enters[type(flow.nodes[target])](flow.nodes[target])

    def _counted(self) -> bool:
        """Count a step; False when there were too many."""
        progress = self.scene.progress
        progress.steps += 1
        return progress.steps <= MOST_STEPS and progress.passed <= MOST_PASSED

    def _by(self, label: str, target: str) -> str:
        """Go to a target by the way with this label."""
        self._via = label
        return target

    def _rest(self, request: SessionInput) -> str:
        """Wait for what the node asks for."""
        self.machine.step(request)
        return ""

    def _tell(self, kind: EventKind, value: str = "", label: str = "", detail: str = "") -> None:
        flow, node = self.scene.progress.frames[-1]
        self._events.append(FlowEvent(kind=kind, flow=flow, node=node, value=value, label=label, detail=detail))

    def _trouble(self, why: str) -> str:
        """Whatever is wrong, a person is what the caller gets."""
        self._tell(EventKind.TROUBLE, detail=why)
        return self._person("trouble")

    def _person(self, why: str) -> str:
        """To the flow's person, or, where there is none, to an apology."""
        queue = self.scene.person
        self.scene.progress.exit = Exit("person" if queue else "sorry", why)
        if not queue:
            return self._rest(_I.LEAVE)
        self._tell(EventKind.LEFT, "queue", why, queue)
        return self._rest(_I.END)

    def _leave(self, prompt: str) -> str:
        """An end, after its prompt if it has one."""
        if prompt and self._can_say(prompt):
            return self._rest(_I.LEAVE)
        self._rest(_I.END)
        return self._finish(None)

    def _finish(self, result: object) -> str:
        """The flow is over; the machine knows."""
        sorry = self.scene.progress.exit
        label = sorry.why or "chosen"
        match self.scene.node:
            case _ if sorry.by:
                self._tell(EventKind.LEFT, "hangup", label, sorry.why)
            case QueueNode() as node:
                self._tell(EventKind.LEFT, "queue", label, node.queue)
            case Callback() as node:
                self._tell(EventKind.LEFT, "callback", label, node.queue)
            case VoicemailNode() as node:
                self._tell(EventKind.LEFT, "voicemail", label, node.queue)
            case Transfer() as node:
                self._tell(EventKind.LEFT, "number", label, self._asking.transfer_number(node))
            case Hangup() as node:
                self._tell(EventKind.LEFT, "hangup", label, node.reason)
        return ""

    # -- nodes that are walked through --------------------------------------------------------------------------------

    def _branch(self, node: Branch) -> str:
        for case in node.cases:
            if self.scene.value(case.condition) is True:
                return self._by(str(case.condition), case.then)
        return self._by("else", node.otherwise)

    def _set(self, node: Set) -> str:
        for name, source in node.values.items():
            self._store(name, self.scene.value(source))
        return node.next

    def _store(self, name: str, value: Value) -> None:
        kept = self.scene.store(name, value)
        if kept:
            self._tell(EventKind.SET, written(self.scene.progress.variables[name]), detail=name)
        else:
            self._tell(EventKind.TROUBLE, detail=f"no room for {name}")

    def _language(self, node: Language) -> str:
        wanted = node.to or self.scene.text(node.by)
        if wanted in self.spec.languages:
            self.scene.progress.language = wanted
            self._tell(EventKind.LANGUAGE, wanted)
        return node.next

    def _tag(self, node: Tag) -> str:
        for tag in node.tags:
            self._tell(EventKind.TAGGED, tag)
        return node.next

    def _note(self, node: Note) -> str:
        self._tell(EventKind.NOTED, self.scene.filled(node.text)[:LONGEST_NOTE])
        return node.next

    def _opt_out(self, node: OptOut) -> str:
        self._tell(EventKind.OPTED_OUT, "everywhere" if node.everywhere else "campaign")
        return node.next

    def _hours(self, node: Hours) -> str:
        open = self.scene.values.get(f"calendar.{node.calendar}.open")
        if not isinstance(open, bool):
            return self._trouble(f"no calendar {node.calendar!r}")
        return self._by("open", node.open) if open else self._by("closed", node.closed)

    def _call(self, node: Flow) -> str:
        frames = self.scene.progress.frames
        called = self.scene.flows.get(node.flow)
        if called is None or len(frames) >= MOST_FRAMES or any(flow == node.flow for flow, _ in frames):
            return self._trouble(f"the flow {node.flow!r} cannot be called here")
        # Its start is come to like any node; until then the caller is at one that is surely there.
        frames.append((called.id, next(iter(called.nodes))))
        return called.start

    def _return(self) -> str:
        frames = self.scene.progress.frames
        if len(frames) == 1:
            return self._trouble("nothing to return to")
        frames.pop()
        caller = self.scene.node
        return caller.next if isinstance(caller, Flow) else self._trouble("nothing to return to")

    def _transfer(self, node: Transfer) -> str:
        if not self._asking.transfer_number(node):
            return self._trouble("no number to transfer to")
        return self._leave(node.prompt)

    # -- prompts and keys ---------------------------------------------------------------------------------------------

    def _say(self, node: Say) -> str:
        progress = self.scene.progress
        if not node.barge_in:
            progress.ahead = ""
        if progress.ahead:
            # Who keys ahead knows the prompt.
            return node.next
        return self._rest(_I.SAY) if self._can_say(node.prompt) else node.next

    def _can_say(self, prompt: str) -> bool:
        """Whether there is anything to play."""
        if self.scene.say(prompt):
            return True
        self._tell(EventKind.TROUBLE, detail=f"nothing to play for {prompt!r}")
        return False

    def _said(self, result: Keys | Trouble) -> str:
        node = self.scene.node
        assert isinstance(node, Say)
        if isinstance(result, Trouble):
            self._tell(EventKind.TROUBLE, detail=result.why or "a prompt could not be played")
        elif node.barge_in:
            self.scene.progress.ahead = _keys(result.digits)[:MOST_AHEAD]
        return node.next

    def _ask(self, barge_in: bool) -> str:
        """Ask, unless the answer is there: keys that came before the prompt count where keys during it do."""
        progress = self.scene.progress
        if not barge_in:
            progress.ahead = ""
        if not progress.ahead:
            return self._rest(_I.ASK)
        ahead, progress.ahead = progress.ahead, ""
        node = self.scene.node
        if isinstance(node, Collect) and not hear(node, ahead).whole:
            progress.given = ahead
            return self._rest(_I.ASK)
        return self._answered(ahead)

    def _again(self, after: str) -> str:
        """One more round at this node."""
        progress = self.scene.progress
        progress.after = after
        progress.given = progress.pending = progress.ahead = ""
        return self._rest(_I.ASK) if self._counted() else self._trouble("the flow goes in circles")

    def _answered(self, digits: str) -> str:
        """Keys at a menu, a collect or a survey."""
        progress, node = self.scene.progress, self.scene.node
        assert isinstance(node, Menu | Collect | Survey)
        heard = hear(node, progress.given + _keys(digits), progress.question)
        progress.given = ""
        progress.ahead = heard.rest[:MOST_AHEAD]
        if not heard.digits:
            return self._silent(node)
        if heard.target:
            self._keyed(heard)
            return self._by(heard.digits, heard.target)
        if not heard.valid:
            return self._wrong(node, heard.digits)
        if isinstance(node, Survey):
            return self._scored(node, heard.digits)
        assert isinstance(node, Collect)
        return self._collected(node, heard)

    def _keyed(self, heard: Heard) -> None:
        label = heard.digits if heard.target else "answered"
        if heard.masked and not heard.target:
            self._tell(EventKind.KEYED, "", label, "masked")
        else:
            self._tell(EventKind.KEYED, heard.digits, label)

    def _silent(self, node: Menu | Collect | Survey) -> str:
        progress = self.scene.progress
        progress.silences += 1
        self._tell(EventKind.SILENT)
        if progress.silences < node.tries:
            return self._again("silent")
        return self._survey_over(node) if isinstance(node, Survey) else self._by("no key", node.no_key)

    def _wrong(self, node: Menu | Collect | Survey, digits: str) -> str:
        progress = self.scene.progress
        progress.wrongs += 1
        masked = isinstance(node, Collect) and node.masked
        self._tell(EventKind.WRONG, "" if masked else digits, detail="masked" if masked else "")
        if progress.wrongs < (node.tries if isinstance(node, Survey) else node.invalids):
            return self._again("wrong")
        progress.ahead = ""
        return self._survey_over(node) if isinstance(node, Survey) else self._by("wrong keys", node.wrong_key)

    def _collected(self, node: Collect, heard: Heard) -> str:
        if node.masked:
            self.scene.keep_secret(node.into, heard.digits)
            self._keyed(heard)
            return self._by("answered", node.next)
        if node.confirm is not None:
            # Keys ahead are no answer to a question that nobody could know.
            self.scene.progress.pending, self.scene.progress.ahead = heard.digits, ""
            return self._rest(_I.CONFIRM)
        self._keyed(heard)
        self._store(node.into, heard.digits)
        return self._by("answered", node.next)

    def _confirmed(self, keys: Keys) -> str:
        progress, node = self.scene.progress, self.scene.node
        assert isinstance(node, Collect)
        assert node.confirm is not None
        key = _keys(keys.digits)[:1]
        if key == node.confirm.right:
            digits, progress.pending = progress.pending, ""
            self._tell(EventKind.CONFIRMED, "yes")
            self._tell(EventKind.KEYED, digits, "answered")
            self._store(node.into, digits)
            return self._by("answered", node.next)
        if key:
            self._tell(EventKind.CONFIRMED, "no")
            return self._wrong(node, progress.pending if key == node.confirm.wrong else key)
        progress.silences += 1
        self._tell(EventKind.SILENT)
        if progress.silences >= node.tries:
            return self._by("no key", node.no_key)
        return self._rest(_I.CONFIRM) if self._counted() else self._trouble("the flow goes in circles")

    # -- surveys ------------------------------------------------------------------------------------------------------

    def _survey(self, node: Survey) -> str:
        days = self.scene.values.get("customer.surveyed_days")
        if isinstance(days, int | float) and days < node.every_days:
            self._tell(EventKind.PASSED_BY)
            return self._by("", node.next)
        self.scene.progress.ahead = ""
        self._tell(EventKind.ASKED)
        return self._rest(_I.ASK)

    def _scored(self, node: Survey, digits: str) -> str:
        progress = self.scene.progress
        question, score = node.questions[progress.question], int(digits)
        low = score <= node.low_score and node.low_score > 0
        progress.low = progress.low or low
        progress.variables[question.id] = score
        self._tell(EventKind.SCORED, digits, "low" if low else "", question.id)
        progress.question += 1
        progress.silences = progress.wrongs = 0
        progress.after = ""
        if progress.question < len(node.questions):
            return self._rest(_I.ASK)
        return self._rest(_I.RECORD) if node.comment is not None else self._survey_over(node)

    def _survey_over(self, node: Survey) -> str:
        low = self.scene.progress.low and node.low
        return self._by("low score", node.low) if low else self._by("", node.next)

    # -- lookups, recordings, messages --------------------------------------------------------------------------------

    def _fetched(self, answer: HttpAnswer | Rows | Failed | Trouble) -> str:
        node = self.scene.node
        assert isinstance(node, Lookup)
        if isinstance(answer, Trouble):
            answer = Failed(answer.why or "no answer in time")
        found: Found = read_answer(node.into, answer)
        self._tell(EventKind.LOOKED_UP, found.outcome, detail=found.why)
        if found.outcome == "found":
            for name, value in found.values.items():
                self._store(name, value)
            return self._by("found", node.next)
        default = node.default or PERSON
        if found.outcome == "not_found":
            return self._by("not found", node.not_found or default)
        return self._by("no answer", default)

    def _recorded(self, result: Recorded | Trouble) -> str:
        node = self.scene.node
        there = isinstance(result, Recorded) and result.lasted_s > 0
        name = result.name if isinstance(result, Recorded) and there else ""
        self._tell(EventKind.RECORDED, name, detail="comment" if isinstance(node, Survey) else "")
        if isinstance(node, Survey):
            return self._survey_over(node)
        assert isinstance(node, Record)
        if not there:
            return self._by("failed", node.failed or node.next)
        self._store(node.into, name)
        return node.next

    def _message(self, node: Message) -> str:
        if self._asking.message_number(node):
            return self._rest(_I.SEND)
        return self._sent(node, ok=False)

    def _receipt(self, result: Sent | Trouble) -> str:
        node = self.scene.node
        assert isinstance(node, Message)
        return self._sent(node, ok=isinstance(result, Sent) and result.ok)

    def _sent(self, node: Message, *, ok: bool) -> str:
        self._tell(EventKind.SENT, "ok" if ok else "failed")
        return node.next if ok else self._by("failed", node.failed or node.next)


def _keys(digits: str) -> str:
    """What of the digits are keys of a telephone."""
    return "".join(key for key in digits if key in KEYS)


def _without_keys(progress: Progress) -> Progress:
    """The place without keys that may be a part of masked input."""
    return msgspec.structs.replace(progress, given="", ahead="", pending="")
