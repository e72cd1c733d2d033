"""The steps themselves: what is asked of the switch, the workers and the engine where a caller has come to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict
from urllib.parse import quote

import msgspec

from fsorch.demands import demand_of
from fsorch.expressions import Expression, Value, written
from fsorch.flow_names import source_text
from fsorch.flow_nodes import (
    Callback,
    Collect,
    Hangup,
    Http,
    Lookup,
    Menu,
    Message,
    Own,
    OwnRecords,
    QueueNode,
    Record,
    Say,
    Source,
    Sql,
    Survey,
    Transfer,
    VoicemailNode,
)
from fsorch.ivr import steps
from fsorch.ivr.scene import Scene
from fsorch.ivr.speech import Utterance
from fsorch.ivr.steps import KEYS, Ask, HttpAsk, OwnAsk, Secret, SqlAsk, Step
from fsorch.rules import NUMBER

__all__ = ["APOLOGY", "NODES", "Asking"]

# What is played where a flow has to end and there is no person.
APOLOGY = "call_again"
# The longest a prompt may play; who hears one for longer is in trouble. Past it the session is told so.
PROMPT_LIMIT_S = 180.0
# Beyond what was asked, until a result must be there.
GRACE_S = 5.0
LONGEST_MESSAGE = 640
# What each resting state stands at.
NODES: dict[str, tuple[type, ...]] = {
    "saying": (Say,),
    "asking": (Menu, Collect, Survey),
    "confirming": (Collect,),
    "looking_up": (Lookup,),
    "recording": (Record, Survey),
    "sending": (Message,),
    "leaving": (QueueNode, Callback, VoicemailNode, Transfer, Hangup),
    "over": (QueueNode, Callback, VoicemailNode, Transfer, Hangup),
}


class Where(TypedDict):
    """What every step begins with."""

    flow: str
    node: str
    serial: int


class Asking:
    """Builds the step of a scene. The same scene gives the same step: so a restart asks what was asked."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._builders: dict[str, Callable[[], Step]] = {
            "saying": self._say,
            "asking": self._ask,
            "confirming": self._confirm,
            "looking_up": self._look_up,
            "recording": self._record,
            "sending": self._send,
            "leaving": self._last_words,
            "over": self._end,
        }

    def step(self, state: str) -> Step:
        """The step that is under way in a resting state of the session's machine."""
        return self._builders[state]()

    @property
    def _where(self) -> Where:
        flow, node = self.scene.progress.frames[-1]
        return {"flow": flow, "node": node, "serial": self.scene.progress.serial}

    def _limit(self, besides_s: float = 0.0) -> float:
        """When a prompt must have ended: in any case with the time that the caller may be in the flow."""
        return max(1.0, min(PROMPT_LIMIT_S + besides_s, self.scene.remaining_s + GRACE_S))

    # -- prompts and keys ---------------------------------------------------------------------------------------------

    def _say(self) -> Step:
        node = self.scene.node
        assert isinstance(node, Say)
        return self._play(self.scene.say(node.prompt), KEYS if node.barge_in else "")

    def _play(self, say: tuple[Utterance, ...], keys: str) -> Step:
        return steps.Play(**self._where, say=say, keys=keys, limit_s=self._limit())

    def _ask(self) -> Step:
        scene, node = self.scene, self.scene.node
        match node:
            case Menu():
                say = (*self._before(node.invalid, node.silent), *scene.say(node.prompt))
                return self._one_key(say, node.timeout_s, barge_in=node.barge_in)
            case Survey():
                say = (*self._before(node.invalid, ""), *scene.say(node.questions[scene.progress.question].prompt))
                return self._one_key(say, node.timeout_s)
            case _:
                assert isinstance(node, Collect)
                return self._many_keys(node)

    def _before(self, invalid: str, silent: str) -> tuple[Utterance, ...]:
        """What is said before the prompt is repeated."""
        return self.scene.say({"wrong": invalid, "silent": silent}.get(self.scene.progress.after, ""))

    def _one_key(
        self, say: tuple[Utterance, ...], timeout_s: float, *, barge_in: bool = True, flush: bool = False
    ) -> Step:
        return steps.Collect(
            **self._where,
            say=say,
            max=1,
            terminator="",
            timeout_s=timeout_s,
            digit_timeout_s=timeout_s,
            barge_in=barge_in,
            # Who keys on after a wrong key does not answer the prompt that follows.
            flush=flush or not barge_in or self.scene.progress.after == "wrong",
            masked=False,
            limit_s=self._limit(timeout_s),
        )

    def _many_keys(self, node: Collect) -> Step:
        given = len(self.scene.progress.given)
        # Whose first keys are there has not waited for the prompt.
        say = () if given else (*self._before(node.invalid, node.silent), *self.scene.say(node.prompt))
        return steps.Collect(
            **self._where,
            say=say,
            max=node.max - given,
            terminator=node.terminator,
            timeout_s=node.digit_timeout_s if given else node.timeout_s,
            digit_timeout_s=node.digit_timeout_s,
            barge_in=node.barge_in,
            flush=not node.barge_in or self.scene.progress.after == "wrong",
            masked=node.masked,
            limit_s=self._limit(node.timeout_s + node.max * node.digit_timeout_s),
        )

    def _confirm(self) -> Step:
        node = self.scene.node
        assert isinstance(node, Collect)
        assert node.confirm is not None
        return self._one_key(self.scene.say(node.confirm.prompt), node.timeout_s, flush=True)

    def _record(self) -> Step:
        node = self.scene.node
        if isinstance(node, Survey):
            assert node.comment is not None
            prompt, longest_s, silence_s = node.comment.prompt, node.comment.limit_s, node.comment.silence_s
        else:
            assert isinstance(node, Record)
            prompt, longest_s, silence_s = node.prompt, node.limit_s, node.silence_s
        say = self.scene.say(prompt)
        limit_s = PROMPT_LIMIT_S + longest_s + GRACE_S
        return steps.Record(**self._where, say=say, longest_s=longest_s, silence_s=silence_s, limit_s=limit_s)

    # -- lookups and messages -----------------------------------------------------------------------------------------

    def _look_up(self) -> Step:
        node = self.scene.node
        assert isinstance(node, Lookup)
        ask, lasts_s = self._asked(node)
        return steps.Fetch(**self._where, ask=ask, music=self.scene.say(node.music), limit_s=lasts_s + GRACE_S)

    def _asked(self, node: Lookup) -> tuple[Ask, float]:
        """What is asked, and how long that may last."""
        if node.http is not None:
            return self._http(node.http), node.http.timeout_s * (1 + node.http.retries)
        if node.sql is not None:
            return self._sql(node.sql), node.sql.timeout_s
        return self._own(node.own or Own(of=OwnRecords.CUSTOMER)), 0.0

    def _http(self, http: Http) -> HttpAsk:
        scene = self.scene
        body = self._json(http) if http.json else self._secretly(http.body)
        headers = [(name, self._secretly(template, line=True)) for name, template in http.headers.items()]
        if http.json:
            headers.append(("Content-Type", "application/json"))
        return HttpAsk(
            method=http.method,
            url=scene.filled(http.url, lambda text: quote(text, safe="")),
            headers=tuple(headers),
            body=body,
            timeout_s=http.timeout_s,
            retries=http.retries,
        )

    def _secretly(self, template: str, *, line: bool = False) -> str | Secret:
        """A template with its values; with ``line``, no value in it can begin another line."""
        text = self.scene.filled(template, _one_line if line else str)
        return self.scene.guarded(text, *self.scene.readings.template(template))

    def _json(self, http: Http) -> str | Secret:
        values = {key: self.scene.value(source) for key, source in http.json.items()}
        return self.scene.guarded(msgspec.json.encode(values).decode(), *map(self._expression, http.json.values()))

    def _expression(self, source: Source) -> Expression:
        return self.scene.readings.expression(source_text(source))

    def _sql(self, sql: Sql) -> SqlAsk:
        values: list[tuple[str, Value | Secret]] = []
        for name, source in sql.values.items():
            value = self.scene.value(source)
            secret = self.scene.is_secret(self._expression(source))
            values.append((name, Secret(written(value)) if secret else value))
        return SqlAsk(source=sql.source, query=sql.query, values=tuple(values), timeout_s=sql.timeout_s)

    def _own(self, own: Own) -> OwnAsk:
        number = self.scene.text(own.number)
        if own.number is None and own.customer is None:
            number = self.scene.text("contact.number")
        # An empty PIN is one that is wrong.
        pin = None if own.pin is None else self.scene.guarded(self.scene.text(own.pin), self._expression(own.pin))
        return OwnAsk(of=own.of, number=number, customer=self.scene.text(own.customer), pin=pin)

    def _send(self) -> Step:
        node = self.scene.node
        assert isinstance(node, Message)
        texts = node.text
        if not isinstance(texts, str):
            texts = texts.get(self.scene.progress.language) or next(iter(texts.values()))
        text = self.scene.filled(texts)[:LONGEST_MESSAGE]
        return steps.SendText(**self._where, to=self.message_number(node), text=text, limit_s=2 * GRACE_S)

    def message_number(self, node: Message) -> str:
        """To which number a message goes; empty for none."""
        return _number(self.scene.text("contact.number" if node.number is None else node.number))

    # -- ends ---------------------------------------------------------------------------------------------------------

    def _last_words(self) -> Step:
        node, sorry = self.scene.node, bool(self.scene.progress.exit.by)
        say = () if sorry else self.scene.say(getattr(node, "prompt", ""))
        final = sorry or isinstance(node, Hangup)
        # Who is hung up on has been told why, whatever is missing.
        return self._play(say or (self.scene.say(APOLOGY) if final else ()), "" if final else KEYS)

    def _end(self) -> Step:
        scene, node = self.scene, self.scene.node
        exit = scene.progress.exit
        if exit.by == "person":
            return steps.ToQueue(**self._where, queue=scene.person, why=exit.why)
        if exit.by == "sorry":
            return steps.HangUp(**self._where, reason=exit.why)
        match node:
            case QueueNode():
                skills = demand_of(node.skills)
                return steps.ToQueue(**self._where, queue=node.queue, priority=node.priority, skills=skills)
            case Callback():
                return steps.ToCallback(**self._where, queue=node.queue, number=_number(scene.text(node.number)))
            case VoicemailNode():
                return steps.ToVoicemail(**self._where, queue=node.queue, greeted=bool(node.prompt))
            case Transfer():
                return steps.ToNumber(**self._where, number=self.transfer_number(node))
            case _:
                assert isinstance(node, Hangup)
                return steps.HangUp(**self._where, reason=node.reason)

    def transfer_number(self, node: Transfer) -> str:
        """Where a transfer leads; empty when its expression gives no number."""
        return _number(self.scene.text(node.number))


def _number(text: str) -> str:
    """A number that can be dialled, empty for what is none."""
    plain = text.replace(" ", "").replace("-", "")
    return plain if NUMBER.fullmatch(plain) else ""


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
