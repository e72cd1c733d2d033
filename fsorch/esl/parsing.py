"""Commands from what a client sent: the inverse of ``Command.wire``. The virtual switch reads with it.

A command no type fits, or one whose arguments are not what its type allows, becomes a `RawCommand`; nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, cast, get_args

import fsorch.esl.commands as c
from fsorch.esl.errors import QuotingError
from fsorch.esl.frames import CommandFrame
from fsorch.esl.quoting import (
    find_brackets,
    parse_app_argument,
    parse_bracket_variables,
    parse_pairs,
    parse_words,
    split,
)

__all__ = ["parse_api", "parse_command"]

_BLANKS = " \t\v\f\r\n"  # what the switch strips from a command and its argument: ASCII only, a no-break space stays


def parse_command(frame: CommandFrame) -> c.Command:
    """The typed command, or `RawCommand` for what has no type."""
    verb, _, rest = frame.line.partition(" ")
    reader = _VERBS.get(verb)
    try:
        command = reader(rest, frame) if reader else None
        if command is not None and command.wire():
            return command
    except (QuotingError, ValueError, IndexError, TypeError):
        return _raw(frame)
    return _raw(frame)


def parse_api(text: str) -> c.Command | None:
    """What follows ``api ``, as a typed command; None if there is no type for it. Arguments are not checked."""
    text = text.strip(_BLANKS)
    if text in _FIXED:
        return _FIXED[text]
    name, _, rest = text.partition(" ")
    reader = _APIS.get(name)
    return reader(rest.strip(_BLANKS)) if reader else None


def _raw(frame: CommandFrame) -> c.RawCommand:
    return c.RawCommand(frame.line, frame.headers, frame.body)


# -- verbs of the socket ----------------------------------------------------------------------------


def _event(rest: str, _frame: CommandFrame) -> c.Command | None:
    form, *names = rest.split()
    cut = names.index("CUSTOM") if "CUSTOM" in names else len(names)
    return c.Subscribe(tuple(names[:cut]), _format(form), tuple(names[cut + 1 :]))


def _format(word: str) -> Literal["json", "plain"]:
    if word not in ("json", "plain"):
        raise ValueError(word)
    return cast(Literal["json", "plain"], word)


def _filter(rest: str, _frame: CommandFrame) -> c.Command:
    header, _, value = rest.partition(" ")
    if header != "delete":
        return c.Filter(header, value)
    header, _, value = value.partition(" ")
    return c.FilterDelete(header, value)


def _bgapi(rest: str, frame: CommandFrame) -> c.Command | None:
    name, _, arguments = rest.partition(" ")
    job = frame.header("Job-UUID")
    return _originate(arguments, job) if name == "originate" and job else None


def _originate(arguments: str, job: str) -> c.Command | None:
    dial, extension = parse_words(arguments, 10)
    end = find_brackets(dial)
    if end < 0 or not extension.startswith("&"):
        return None
    variables = dict(parse_bracket_variables(dial[1:end]))
    uuid = variables.pop("origination_uuid", "")
    timeout = variables.pop("originate_timeout", None)
    app, _, argument = extension[1:].partition(")")[0].partition("(")
    return c.Originate(
        dial[end + 1 :],
        uuid,
        variables,
        app,
        parse_app_argument(argument),
        None if timeout is None else int(timeout),
        job,
    )


def _sendmsg(rest: str, frame: CommandFrame) -> c.Command | None:
    if frame.header("call-command") == "hangup":
        return c.HangupMsg(rest, frame.header("hangup-cause", "NORMAL_CLEARING") or "")
    if frame.header("call-command") != "execute":
        return None
    text = frame.header("execute-app-arg") or ""
    if not text and (frame.header("content-type") or "").lower() == "text/plain":
        text = frame.body.decode("utf-8", "replace")
    execute = c.Execute(
        rest,
        frame.header("execute-app-name") or "",
        parse_app_argument(text),
        frame.header("Event-UUID") or "",
        int(frame.header("loops") or 1),
        frame.header("event-lock") == "true",
        frame.header("async") == "true",
    )
    return _typed_app(execute)


def _typed_app(execute: c.Execute) -> c.Command:
    """The typed form of an application if it says exactly the same."""
    reader = _APPS.get(execute.app)
    try:
        command = reader(execute) if reader else None
        if command is not None and command.execute() == execute:
            return command
    except (QuotingError, ValueError, IndexError, TypeError):
        return execute
    return execute


def _digits(execute: c.Execute) -> c.AppCommand:
    a = parse_words(execute.arg, 11)
    low, high, tries, timeout = (int(word) for word in a[:4])
    terminators, prompt, invalid, variable, regex, between = a[4:10]
    return c.PlayAndGetDigits(
        execute.uuid,
        low,
        high,
        tries,
        timeout,
        terminators,
        prompt,
        invalid,
        variable,
        regex,
        int(between),
        execute.event_uuid,
    )


def _say(execute: c.Execute) -> c.AppCommand:
    module, kind, method, text = parse_words(execute.arg, 5)
    return c.Say(execute.uuid, module, kind, method, text, execute.event_uuid)


_APPS: dict[str, Callable[[c.Execute], c.AppCommand]] = {
    "playback": lambda e: c.Playback(e.uuid, e.arg, e.event_uuid),
    "play_and_get_digits": _digits,
    "say": _say,
    "eavesdrop": lambda e: c.Eavesdrop(e.uuid, e.arg, e.event_uuid),
}

_VERBS: dict[str, Callable[[str, CommandFrame], c.Command | None]] = {
    "auth": lambda rest, _: c.Auth(rest),
    "event": _event,
    "noevents": lambda rest, _: None if rest else c.NoEvents(),
    "filter": _filter,
    "connect": lambda rest, _: None if rest else c.Connect(),
    "linger": lambda rest, _: c.Linger(int(rest)),
    "myevents": lambda rest, _: c.MyEvents(_format(rest)),
    "divert_events": lambda rest, _: c.DivertEvents(_on(rest)),
    "exit": lambda rest, _: None if rest else c.Exit(),
    "api": lambda rest, _: parse_api(rest),
    "bgapi": _bgapi,
    "sendmsg": _sendmsg,
}


def _on(word: str) -> bool:
    return _refuse(word, "on", "off") == "on"


# -- api commands -----------------------------------------------------------------------------------


def _transfer(rest: str) -> c.Command:
    a = parse_words(rest, 5)
    leg = a.pop(1) if a[1].startswith("-") else ""
    a += ["XML", "default"][len(a) - 2 :]
    uuid, extension, dialplan, context = a
    if leg not in ("", "-bleg", "-both"):
        raise ValueError(leg)
    return c.Transfer(uuid, extension, dialplan, context, cast(Literal["", "-bleg", "-both"], leg))


def _hold(rest: str) -> c.Command:
    first, *more = parse_words(rest, 4)
    return c.Hold(more[0], on=False) if first == "off" else c.Hold(first)


def _mute(rest: str) -> c.Command | None:
    uuid, *how = parse_words(rest, 5)
    if how == ["stop"]:
        return c.Mute(uuid, on=False)
    return c.Mute(uuid) if how[:3] == ["start", "read", "mute"] and how[3] != "0" else None


_Leg = Literal["aleg", "bleg", "both", "holdb"]


def _broadcast(rest: str) -> c.Command:
    uuid, path, *more = parse_words(rest, 4)
    leg = cast(_Leg, _refuse(more[0] if more else "aleg", *get_args(_Leg)))
    colon = path.find(":")
    if colon >= 0 and path[colon + 1 : colon + 2] == ":":
        return c.Broadcast(uuid, parse_app_argument(path[colon + 2 :]), leg, path[:colon])
    return c.Broadcast(uuid, parse_app_argument(path), leg)


def _refuse(word: str, *allowed: str) -> str:
    if word not in allowed:
        raise ValueError(word)
    return word


def _setvar(rest: str) -> c.Command:
    uuid, name, *value = parse_words(rest, 3)
    return c.SetVar(uuid, name, value[0] if value else "")


def _setvars(rest: str) -> c.Command:
    uuid, _, pairs = rest.partition(" ")
    return c.SetVars(uuid, parse_pairs(pairs, ";", 64))


def _record(rest: str) -> c.Command:
    uuid, action, path = parse_words(rest, 5)
    action = _refuse(action, "start", "stop", "mask", "unmask")
    return c.Record(uuid, cast(Literal["start", "stop", "mask", "unmask"], action), path)


def _phone_event(rest: str) -> c.Command:
    uuid, event = parse_words(rest, 2)
    return c.PhoneEvent(uuid, cast(Literal["talk", "hold"], _refuse(event, "talk", "hold")))


def _dump(rest: str) -> c.Command | None:
    uuid, *form = parse_words(rest, 2)
    return c.Dump(uuid) if form == ["json"] else None


def _break(rest: str) -> c.Command:
    uuid, _, flag = rest.partition(" ")
    return c.Break(uuid, all=_refuse(flag, "", "all") == "all")


def _conference(rest: str) -> c.Command:
    name, command, *arguments = split(rest, " ", 25)
    return c.Conference(name, command, tuple(arguments))


def _kill(rest: str) -> c.Command:
    uuid, _, cause = rest.partition(" ")
    return c.Kill(uuid, cause or "NORMAL_CLEARING")


def _pair(kind: Callable[[str, str], c.Command]) -> Callable[[str], c.Command]:
    """An api command with two words."""

    def read(rest: str) -> c.Command:
        first, second = parse_words(rest, 4)
        return kind(first, second)

    return read


_PUT_OFF = re.compile(
    r"\$\{sched_del\((\S+)\)\}\$\{sched_transfer\(\+([0-9]{1,9}) (\S+) fsorch_left XML fsorch\)\}", re.ASCII
)


def _put_off(rest: str) -> c.Command | None:
    match = _PUT_OFF.fullmatch(rest)
    return c.PutOff(match[1], int(match[2])) if match is not None and match[1] == match[3] else None


def _chat(rest: str) -> c.Command | None:
    parts = rest.split("|", 3)
    return c.Chat(*parts) if len(parts) == 4 else None


def _notes(rest: str) -> c.Command | None:
    verb, realm, *key = rest.split("/", 2)
    if verb == "list":
        return c.Notes("list", realm) if not key else None
    return c.Notes(cast(Literal["select", "delete"], _refuse(verb, "select", "delete")), realm, *key)


_APIS: dict[str, Callable[[str], c.Command | None]] = {
    "uuid_bridge": _pair(c.Bridge),
    "uuid_transfer": _transfer,
    "uuid_kill": _kill,
    "uuid_answer": c.Answer,
    "uuid_pre_answer": c.PreAnswer,
    "uuid_flush_dtmf": c.FlushDigits,
    "uuid_park": c.Park,
    "uuid_hold": _hold,
    "uuid_audio": _mute,
    "uuid_phone_event": _phone_event,
    "uuid_broadcast": _broadcast,
    "uuid_break": _break,
    "uuid_setvar": _setvar,
    "uuid_setvar_multi": _setvars,
    "uuid_getvar": _pair(c.GetVar),
    "uuid_dump": _dump,
    "uuid_exists": c.Exists,
    "sched_del": c.Unschedule,
    "chat": _chat,
    "db": _notes,
    "eval": _put_off,
    "uuid_send_dtmf": _pair(c.SendDigits),
    "uuid_recv_dtmf": _pair(c.ReceiveDigits),
    "uuid_record": _record,
    "conference": _conference,
    "sofia_contact": c.SofiaContact,
    "module_exists": c.ModuleExists,
    "file_exists": c.FileExists,
    "global_getvar": c.GlobalGetVar,
}

_FIXED: dict[str, c.Command] = {
    "show channels as json": c.ShowChannels(),
    "show calls as json": c.ShowCalls(),
    "show registrations as json": c.ShowRegistrations(),
    "status": c.Status(),
    "version": c.Version(),
}
