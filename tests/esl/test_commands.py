"""Commands: what comes out parses back to the same command, and holds no line break the builder did not put there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fsorch.esl import apps, commands, connection
from fsorch.esl.commands import (
    Answer,
    Auth,
    Break,
    Bridge,
    Broadcast,
    Chat,
    Command,
    Conference,
    Connect,
    DivertEvents,
    Dump,
    Eavesdrop,
    Execute,
    Exists,
    Exit,
    FileExists,
    Filter,
    FilterDelete,
    FlushDigits,
    GetVar,
    GlobalGetVar,
    HangupMsg,
    Hold,
    Kill,
    Linger,
    ModuleExists,
    Mute,
    MyEvents,
    NoEvents,
    Notes,
    Originate,
    Park,
    PhoneEvent,
    PlayAndGetDigits,
    Playback,
    PreAnswer,
    PutOff,
    RawCommand,
    ReceiveDigits,
    Record,
    Say,
    SendDigits,
    SetVar,
    SetVars,
    ShowCalls,
    ShowChannels,
    ShowRegistrations,
    SofiaContact,
    Status,
    Subscribe,
    Transfer,
    Unschedule,
    Version,
)
from fsorch.esl.errors import QuotingError
from fsorch.esl.frames import MAX_HEADER, CommandFrame, CommandReader
from fsorch.esl.parsing import parse_api, parse_command
from tests.esl.hostile import ANY_TEXT, SWITCH_TEXT
from tests.esl.recorded import CAPTURES

# The lines each sort of command has at most: a line break more than these came from a value.
LINES = {"bgapi": 2, "sendmsg": 9}
ABSTRACT = {"Command", "AppCommand", "RawCommand"}


def read(command: Command) -> CommandFrame:
    """The frame the switch reads, checked to be the only one, with a command after it left intact."""
    data = command.wire().encode() + b"\n\n" + b"exit\n\n"
    first, after = CommandReader().feed(data)
    assert after == CommandFrame("exit")
    return first


def holds(command: Command) -> bool:
    """Whether the command passes; if so that it is read back as it was meant."""
    try:
        wire = command.wire()
    except QuotingError:
        return False
    frame = read(command)
    assert parse_command(frame) == command
    expected = 1 + len(frame.headers) + (2 if frame.body else 0)
    assert len(wire.splitlines()) == wire.count("\n") + 1 == expected <= LINES.get(wire.split(" ")[0], 1)
    assert len(wire.encode()) <= MAX_HEADER
    return True


def pairs(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    return st.lists(st.tuples(st.sampled_from(["a", "b_c", "sip_h_X-Note"]), values), max_size=3).map(unique)


def unique(found: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(dict(found).items())


def strategies(text: st.SearchStrategy[str]) -> list[st.SearchStrategy[Command]]:
    """Every command that takes outside text, with that text in every place it may come from outside."""
    u = st.just("u-1")
    number = st.integers(-1, 10**10)
    legs = st.sampled_from(["aleg", "bleg", "both", "holdb"])
    return [
        st.builds(Auth, text),
        st.builds(
            Subscribe,
            st.lists(text | st.just("DTMF"), max_size=2).map(tuple),
            custom=st.lists(text, max_size=2).map(tuple),
        ),
        st.builds(Filter, text | st.just("Unique-ID"), text),
        st.builds(FilterDelete, text | st.just("Unique-ID"), text),
        st.builds(
            Originate, st.just("user/1@d"), u, pairs(text), st.just("set"), text, st.none() | number, st.just("j")
        ),
        st.builds(Originate, text, text, st.just(()), text, timeout_s=number, job_uuid=text),
        st.builds(Bridge, text, u),
        st.builds(
            Transfer, u, text, text | st.just("XML"), text | st.just("default"), st.sampled_from(["", "-bleg", "-both"])
        ),
        st.builds(Kill, u, text),
        st.builds(Broadcast, u, text, legs, st.just("") | st.just("say") | text),
        st.builds(SetVar, u, text | st.just("note"), text),
        st.builds(SetVars, u, pairs(text)),
        st.builds(GetVar, u, text),
        st.builds(SendDigits, u, text),
        st.builds(ReceiveDigits, u, text),
        st.builds(Record, u, st.sampled_from(["start", "stop", "mask", "unmask"]), text),
        st.builds(Conference, text | st.just("room"), text | st.just("play"), st.lists(text, max_size=2).map(tuple)),
        st.builds(SofiaContact, text),
        st.builds(ModuleExists, text),
        st.builds(FileExists, text),
        st.builds(GlobalGetVar, text),
        st.builds(Execute, u, text | st.just("set"), text, text | st.just("e"), number, st.booleans(), st.booleans()),
        st.builds(Playback, u, text, st.just("e")),
        st.builds(
            PlayAndGetDigits, u, number, number, number, number, text, text, text, text | st.just("v"), text, number
        ),
        st.builds(Say, u, text | st.just("en"), text | st.just("NUMBER"), text | st.just("PRONOUNCED"), text),
        st.builds(Eavesdrop, u, text),
        st.builds(PutOff, text, st.integers()),
        st.builds(HangupMsg, text, text | st.just("USER_BUSY")),
        *(
            st.builds(kind, text)
            for kind in (Answer, PreAnswer, Park, Hold, Mute, PhoneEvent, Break, Dump, Exists, Unschedule)
        ),
    ]


HOSTILE = strategies(ANY_TEXT)


@pytest.mark.parametrize("command", HOSTILE, ids=range(len(HOSTILE)))
def test_an_outside_value_is_refused_or_comes_back(command: st.SearchStrategy[Command]) -> None:
    @given(command)
    def try_it(one: Command) -> None:
        holds(one)

    try_it()


@given(SWITCH_TEXT, SWITCH_TEXT)
@example(" lead", "trail ")
@example("it's", "\\")
@example("", "a=b=c;d,e|f")
@example("", "\xa0")
@example("\u2003x", "Å")
def test_text_without_control_characters_passes(first: str, second: str) -> None:
    allowed = "mod_event_socket" not in first + second
    value = first.strip()
    plain: list[Command] = [SetVar("u", "note", first), SetVars("u", {"a": first, "b": second})]
    if not first.startswith("%"):
        plain += [Playback("u", first), Execute("u", "set", first, "e"), Say("u", "en", "NUMBER", "PRONOUNCED", first)]
        plain += [PlayAndGetDigits("u", 1, 4, 3, 5000, "#", first, second, "pin_1", r"\d+", 2000, "e")]
    plain += [Record("u", "start", value)] if value else []
    for command in plain:
        assert holds(command) or not allowed


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("piece", ["x", "\\", "'", " ", "😀", ","])
def test_a_hundred_thousand_characters_are_refused(piece: str, place: int) -> None:
    value = piece * 100_000
    makers: list[Callable[[str], Command]] = [
        lambda text: SetVar("u", "note", text),
        lambda text: Originate("user/1", "u", {"note": text}),
        lambda text: Execute("u", "set", text),
        lambda text: SetVars("u", {"note": text}),
    ]
    assert not holds(makers[place](value))


EXACT: list[tuple[Command, str]] = [
    (Auth("pass word"), "auth pass word"),
    (Subscribe(("CHANNEL_PARK", "DTMF")), "event json CHANNEL_PARK DTMF"),
    (Subscribe(("DTMF",), "plain", ("sofia::register",)), "event plain DTMF CUSTOM sofia::register"),
    (NoEvents(), "noevents"),
    (Filter("Unique-ID", "x y"), "filter Unique-ID x y"),
    (FilterDelete("Unique-ID"), "filter delete Unique-ID"),
    (FilterDelete("Unique-ID", "x"), "filter delete Unique-ID x"),
    (Connect(), "connect"),
    (Linger(3), "linger 3"),
    (MyEvents(), "myevents json"),
    (DivertEvents(True), "divert_events on"),
    (DivertEvents(False), "divert_events off"),
    (Exit(), "exit"),
    (
        Originate("sofia/external/x@127.0.0.1:6061", "u", timeout_s=10, job_uuid="j"),
        "bgapi originate {origination_uuid=u,originate_timeout=10}sofia/external/x@127.0.0.1:6061 &park()\nJob-UUID: j",
    ),
    (
        Originate("user/1000", "u", {"origination_caller_id_name": "O'Brien, Al"}, "set", "a=b c"),
        "bgapi originate {origination_uuid=u,origination_caller_id_name=O\\\\\\\\\\\\\\'Brien\\\\,\\sAl}user/1000"
        " &set(a=b\\sc)\nJob-UUID: u",
    ),
    (Bridge("a", "b"), "api uuid_bridge a b"),
    (Transfer("u", "100"), "api uuid_transfer u 100 XML default"),
    (Transfer("u", "1 0", context="public", leg="-bleg"), "api uuid_transfer u -bleg 1\\s0 XML public"),
    (Kill("u"), "api uuid_kill u NORMAL_CLEARING"),
    (Answer("u"), "api uuid_answer u"),
    (PreAnswer("u"), "api uuid_pre_answer u"),
    (Park("u"), "api uuid_park u"),
    (Hold("u"), "api uuid_hold u"),
    (Hold("u", False), "api uuid_hold off u"),
    (Mute("u"), "api uuid_audio u start read mute 1"),
    (Mute("u", False), "api uuid_audio u stop"),
    (PhoneEvent("u"), "api uuid_phone_event u talk"),
    (PhoneEvent("u", "hold"), "api uuid_phone_event u hold"),
    (Broadcast("u", "silence_stream://500"), "api uuid_broadcast u silence_stream://500 aleg"),
    (Broadcast("u", "en name", "both", "say"), "api uuid_broadcast u say::en\\sname both"),
    (Break("u"), "api uuid_break u all"),
    (Break("u", all=False), "api uuid_break u"),
    (SetVar("u", "a", " b c "), "api uuid_setvar u a \\sb c\\s"),
    (SetVar("u", "a", ""), "api uuid_setvar u a"),
    (SetVars("u", {"a": "b;c=d", "e": ""}), "api uuid_setvar_multi u a=b\\;c=d;e="),
    (GetVar("u", "a"), "api uuid_getvar u a"),
    (Dump("u"), "api uuid_dump u json"),
    (Exists("u"), "api uuid_exists u"),
    (Unschedule("u"), "api sched_del u"),
    (PutOff("u", 90), "api eval ${sched_del(u)}${sched_transfer(+90 u fsorch_left XML fsorch)}"),
    (SendDigits("u", "12w#@250"), "api uuid_send_dtmf u 12w#@250"),
    (ReceiveDigits("u", "42#"), "api uuid_recv_dtmf u 42#"),
    (FlushDigits("u"), "api uuid_flush_dtmf u"),
    (Chat("sip", "5000@a", "+49@b", "it is ready"), "api chat sip|5000@a|+49@b|it is ready"),
    (Record("u", "start", "/tmp/a b.wav"), "api uuid_record u start /tmp/a\\sb.wav"),
    (Conference("room", "kick", ("all",)), "api conference room kick all"),
    (ShowChannels(), "api show channels as json"),
    (ShowCalls(), "api show calls as json"),
    (ShowRegistrations(), "api show registrations as json"),
    (Status(), "api status"),
    (Version(), "api version"),
    (SofiaContact("1000@127.0.0.1"), "api sofia_contact 1000@127.0.0.1"),
    (Notes("list", "fsorch_dropped"), "api db list/fsorch_dropped"),
    (Notes("select", "fsorch_dropped", "a-1"), "api db select/fsorch_dropped/a-1"),
    (Notes("delete", "fsorch_dropped", "a-1"), "api db delete/fsorch_dropped/a-1"),
    (ModuleExists("mod_avmd"), "api module_exists mod_avmd"),
    (FileExists("/tmp/a b.wav"), "api file_exists /tmp/a b.wav"),
    (GlobalGetVar("hostname"), "api global_getvar hostname"),
    (
        Execute("u", "set", "a=$$b\\c", "e", -1, True, True),
        "sendmsg u\ncall-command: execute\nexecute-app-name: set\nloops: -1\nevent-lock: true\nasync: true\n"
        "Event-UUID: e\nexecute-app-arg: a=\\$\\$b\\\\c",
    ),
    (Execute("u", "answer"), "sendmsg u\ncall-command: execute\nexecute-app-name: answer"),
    (
        Playback("u", " x"),
        "sendmsg u\ncall-command: execute\nexecute-app-name: playback\n"
        "content-type: text/plain\ncontent-length: 2\n\n x",
    ),
    (
        PlayAndGetDigits("u", 1, 4, 1, 2000, "#", "silence_stream://1000", "", "pin", event_uuid="e"),
        "sendmsg u\ncall-command: execute\nexecute-app-name: play_and_get_digits\nEvent-UUID: e\n"
        "execute-app-arg: 1 4 1 2000 # silence_stream://1000 '' pin \\\\\\\\d+ 0",
    ),
    (
        Say("u", "en", "NUMBER", "PRONOUNCED", "12"),
        "sendmsg u\ncall-command: execute\nexecute-app-name: say\nexecute-app-arg: en NUMBER PRONOUNCED 12",
    ),
    (Eavesdrop("u", "t"), "sendmsg u\ncall-command: execute\nexecute-app-name: eavesdrop\nexecute-app-arg: t"),
    (HangupMsg("u"), "sendmsg u\ncall-command: hangup\nhangup-cause: NORMAL_CLEARING"),
]


@pytest.mark.parametrize(("command", "wire"), EXACT, ids=[type(command).__name__ for command, _ in EXACT])
def test_the_exact_line(command: Command, wire: str) -> None:
    assert command.wire() == wire
    assert holds(command)


def test_a_text_message_keeps_to_its_part() -> None:
    assert Chat("sip", "a@b", "c@d", "x|y\nz").wire() == "api chat sip|a@b|c@d|x y z"
    with pytest.raises(QuotingError, match="text message"):
        Chat("sip", "a@b", "c|d", "x").wire()


def test_every_sort_of_command_has_its_line_above() -> None:
    offered = {name for module in (apps, commands, connection) for name in module.__all__}
    assert offered - ABSTRACT - {type(command).__name__ for command, _ in EXACT} == set()


REFUSED: list[Command] = [
    Auth(""),
    Subscribe(()),
    Subscribe(("CUSTOM",)),
    Filter("delete", "x"),
    Filter("Unique-ID", " x"),
    Originate("user/1,user/2", "u"),
    Originate("[a=b]user/1", "u"),
    Originate("user/1:_:user/2", "u"),
    Originate("user/1|user/2", "u"),
    Originate("user/1 &park()", "u"),
    Originate("", "u"),
    Originate("user/1", "u x"),
    Originate("user/1", "u", {"origination_uuid": "v"}),
    Originate("user/1", "u", {"originate_timeout": "5"}),
    Originate("user/1", "u", {"a=b,c": "v"}),
    Originate("user/1", "u", {"a": "${b}"}),
    Originate("user/1", "u", app="park)"),
    Originate("user/1", "u", app="set", app_args="a=b)c"),
    Originate("user/1", "u", app="set", app_args="a=b\\'c"),
    Originate("user/1", "u", timeout_s=-1),
    Originate("loopback/App=system:x", "u"),
    Transfer("u", "-both"),
    Transfer("u", ""),
    Transfer("u", "set:a=b", "inline"),
    Kill("u", "normal; x"),
    Broadcast("u", "hangup::x"),
    Broadcast("u", ""),
    SetVars("u", {}),
    SetVars("u", {f"v{n}": "x" for n in range(65)}),
    Record("u", "stop", ""),
    Execute("u", "play back"),
    Execute("u", "set", "%[a=b]c"),
    Execute("u", "set", "a=unload mod_event_socket"),
    Linger(-1),
    PlayAndGetDigits("u", -1, 1, 1, 1, "#", "a", "b", "c"),
    RawCommand("api x"),
]


@pytest.mark.parametrize("command", REFUSED, ids=[str(command)[:50] for command in REFUSED])
def test_what_is_refused(command: Command) -> None:
    with pytest.raises(QuotingError):
        command.wire()


def test_a_job_without_an_id_has_that_of_the_channel() -> None:
    assert Originate("user/1", "u").job_uuid == "u"
    assert Originate("user/1", "u", {"a": "b"}) == Originate("user/1", "u", (("a", "b"),), job_uuid="u")


def test_a_general_execute_is_read_as_what_it_says() -> None:
    assert parse_command(read(Execute("u", "playback", "x", "e"))) == Playback("u", "x", "e")
    assert parse_command(read(Execute("u", "playback", "x", loops=2))) == Execute("u", "playback", "x", loops=2)
    assert Playback("u", "x", "e").execute() == Execute("u", "playback", "x", "e")


@pytest.mark.parametrize(
    "line",
    [
        "nosuchcommand",
        "",
        "api",
        "api ",
        "api nosuchapi foo",
        "api originate user/1 &park()",
        "api uuid_bridge a",
        "api uuid_transfer u",
        "api uuid_audio u start write mute 1",
        "api uuid_dump u xml",
        "api uuid_record u start",
        "api uuid_broadcast u x somewhere",
        "api uuid_phone_event u dance",
        "api uuid_setvar u a ${b}",
        "api show channels",
        "bgapi status",
        "bgapi originate nonsense",
        "event xml ALL",
        "event json NOSUCH-EVENT",
        "linger",
        "linger x",
        "myevents",
        "divert_events maybe",
        "sendmsg u",
        "log 4",
        "noevents now",
    ],
)
def test_what_has_no_type_stays_raw(line: str) -> None:
    for headers in ((), (("Job-UUID", "j"), ("call-command", "nosuch"))):
        frame = CommandFrame(line, headers, b"body")
        assert parse_command(frame) == RawCommand(line, headers, b"body")


@given(ANY_TEXT, st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=3).map(tuple), st.binary(max_size=20))
def test_reading_never_fails(text: str, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    for verb in (
        "",
        "api ",
        "bgapi originate ",
        "sendmsg ",
        "event ",
        "api uuid_transfer ",
        "api uuid_setvar_multi u ",
    ):
        command = parse_command(
            CommandFrame(verb + text, (*headers, ("Job-UUID", "j"), ("call-command", "execute")), body)
        )
        assert isinstance(command, Command)


def test_forms_other_clients_use_are_understood() -> None:
    def of(line: str) -> Command | None:
        return parse_api(line)

    assert of("uuid_transfer u 100") == Transfer("u", "100")
    assert of("uuid_kill u") == Kill("u")
    assert of("uuid_broadcast u 'a b.wav'") == Broadcast("u", "a b.wav")
    assert of('uuid_setvar u note 50% off, "quoted", café') == SetVar("u", "note", '50% off, "quoted", café')
    assert of("nosuchapi x") is None


def recorded_commands() -> list[str]:
    texts = [path.read_text() for path in sorted(CAPTURES.glob("*/timeline.txt"))]
    lines = [line.split(" > ", 1)[1] for text in texts for line in text.split("\n") if " > " in line]
    return [line.replace("\\n", "\n") for line in lines if not line.startswith(("sendevent", "connect"))]


def test_the_commands_of_the_captures_are_typed_or_kept() -> None:
    seen = recorded_commands()
    assert len(seen) > 80
    for text in seen:
        line, _, job = text.partition(" [Job-UUID ")
        data = f"{line}\nJob-UUID: {job.rstrip(']')}\n\n" if job else f"{line}\n\n"
        (frame,) = CommandReader().feed(data.encode())
        command = parse_command(frame)
        if isinstance(command, RawCommand):
            assert (command.line, command.headers) == (frame.line, frame.headers)
        else:
            (again,) = CommandReader().feed(f"{command.wire()}\n\n".encode())
            assert parse_command(again) == command
