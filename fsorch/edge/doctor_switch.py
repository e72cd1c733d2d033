"""What fsorch needs of a switch, looked at over one connection to its event socket."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from gevent.event import Event as Signal

from fsorch.config import Centre, SwitchSettings
from fsorch.edge.check import Check
from fsorch.edge.doctor_messages import examine_messages
from fsorch.edge.doctor_prompts import examine_prompts
from fsorch.edge.doctor_refer import examine_refers
from fsorch.edge.greenswitch_errors import LinkRefused
from fsorch.edge.link_session import LinkLimits, Session
from fsorch.edge.settings import KNOWN_PASSWORD
from fsorch.edge.settings import check_switch as refuse_unsafe
from fsorch.errors import ConfigError, EslError, LinkError
from fsorch.esl.commands import GlobalGetVar, ModuleExists, Status, Subscribe, Version
from fsorch.esl.events import decode_event
from fsorch.esl.frames import Frame
from fsorch.resources import dialplan_version, shipped_dialplan_version

__all__ = ["Patient", "asking", "check_switch"]

CONF = "the switch's autoload_configs"
# Without these no call can be served: the dialplan, the applications and api commands of fsorch, sound files and tones.
NEEDED = ("mod_commands", "mod_dptools", "mod_dialplan_xml", "mod_sndfile", "mod_tone_stream")
# What each of the others is for; fsorch works without, with less.
WANTED = {
    "mod_sofia": "SIP calls and phones",
    "mod_local_stream": "music from a folder, as the queues' default has it",
    "mod_db": "the switch's notes of the calls it had to serve alone",
    "mod_loopback": "make conformance",
}
OLDEST = (1, 10)
# Records and waiting times of two machines that differ by more are hard to read side by side.
CLOCK_LIMIT_S = 1.0
RECENT_S = 7 * 86_400
LIMITS = LinkLimits(connect_timeout_s=4.0, command_timeout_s=4.0)

Examination = Callable[["Patient"], Iterator[Check]]


class Patient:
    """An open connection, and what is asked through it."""

    def __init__(self, session: Session, settings: SwitchSettings, centre: Centre | None) -> None:
        self.session = session
        self.settings = settings
        self.centre = centre

    def ask(self, line: str) -> str:
        """The whole answer; empty when it is a failure (an unset variable reads as one)."""
        reply = self.session.ask(line)
        return reply.text.strip() if reply.ok else ""

    def setting(self, name: str) -> str:
        """A global variable of the switch."""
        return self.ask(GlobalGetVar(name).wire())


def check_switch(settings: SwitchSettings, centre: Centre | None) -> list[Check]:
    """All that concerns one switch; when it cannot be reached that is the only finding. ``centre`` None: unknown."""
    checks = [_password(settings)]
    if checks[0].ok is not False:
        checks += _connected(settings, centre)
    return [Check(f"{settings.name}: {check.name}", check.ok, check.detail, check.mend) for check in checks]


def _password(settings: SwitchSettings) -> Check:
    """Whether the password may be used, before it is."""
    choose = f"choose one in {CONF}/event_socket.conf.xml (fsorch freeswitch export writes one) and in fsorch.yaml"
    try:
        refuse_unsafe(settings, "this switch")
    except ConfigError as error:
        return Check("password", False, str(error), choose)
    if settings.password == KNOWN_PASSWORD:
        return Check("password", None, f"it is {KNOWN_PASSWORD}, which every program on this machine knows", choose)
    return Check("password", True, "is one of your own")


@contextmanager
def asking(settings: SwitchSettings, centre: Centre | None = None) -> Iterator[Patient]:
    """An open connection to a switch. Raises ConfigError for a password that may not be used, LinkError, EslError."""
    refuse_unsafe(settings, "this switch")
    session = Session(settings, LIMITS, lambda frame: None)
    try:
        session.connect()
        yield Patient(session, settings, centre)
    finally:
        session.close()


def _connected(settings: SwitchSettings, centre: Centre | None) -> list[Check]:
    arrived: dict[str, Signal] = {}

    def on_event(frame: Frame) -> None:
        """Only the results of background jobs are asked for."""
        signal = arrived.get(decode_event(frame).job_uuid)
        if signal is not None:
            signal.set()

    session = Session(settings, LIMITS, on_event)
    try:
        session.connect()
    except (LinkError, EslError) as error:
        return [_unreachable(settings, error)]
    checks = [Check("event socket", True, f"{settings.host}:{settings.port} takes the password")]
    patient = Patient(session, settings, centre)
    try:
        for examination in EXAMINATIONS:
            checks += examination(patient)
        checks.append(_events(patient, arrived))
    except (LinkError, EslError) as error:
        checks.append(Check("event socket", False, str(error), "see the switch's log, and try again"))
    finally:
        session.close()
    return checks


def _unreachable(settings: SwitchSettings, error: Exception) -> Check:
    if isinstance(error, LinkRefused) and "password" in str(error):
        mend = f"put the password of {CONF}/event_socket.conf.xml into fsorch.yaml"
    elif isinstance(error, LinkRefused):
        mend = f"let this machine's address in: apply-inbound-acl in {CONF}/event_socket.conf.xml"
    else:
        mend = (
            f"start the switch; fs_cli -x 'load mod_event_socket'; compare listen-ip and listen-port in "
            f"{CONF}/event_socket.conf.xml with {settings.host}:{settings.port} (the file fsorch ships listens nowhere "
            f"until a password is chosen)"
        )
    return Check("event socket", False, str(error), mend)


def _version(patient: Patient) -> Iterator[Check]:
    text = patient.ask(Version().wire())
    found = re.search(r"Version (\d+)\.(\d+)\S*", text)
    if found is None:
        yield Check("version", None, f"the switch calls itself {text[:60]!r}", "fsorch knows FreeSWITCH 1.10")
    elif (int(found[1]), int(found[2])) < OLDEST:
        yield Check("version", False, f"FreeSWITCH {found[0].removeprefix('Version ')}", "upgrade it to 1.10 or later")
    else:
        yield Check("version", True, f"FreeSWITCH {found[0].removeprefix('Version ')}")


def _modules(patient: Patient) -> Iterator[Check]:
    names = (*NEEDED, *WANTED)
    missing = [name for name in names if patient.ask(ModuleExists(name).wire()) != "true"]
    for name in missing:
        mend = f'fs_cli -x "load {name}", and <load module="{name}"/> in {CONF}/modules.conf.xml for the next start'
        if name in NEEDED:
            yield Check("modules", False, f"{name} is not loaded", mend)
        else:
            yield Check("modules", None, f"{name} is not loaded; it is for {WANTED[name]}", mend)
    if not missing:
        yield Check("modules", True, f"all {len(names)} are loaded")


def _dialplan(patient: Patient) -> Iterator[Check]:
    context = patient.ask("api xml_locate dialplan context name fsorch")
    if "fsorch_entry" not in context:
        # Somebody may have put the marker into a context of their own.
        if "fsorch_entry" in patient.ask("api xml_locate root"):
            yield Check("dialplan", None, "calls are marked for fsorch, but not by the dialplan fsorch ships")
            return
        mend = "copy dialplan/fsorch.xml and vars/fsorch.xml of `fsorch freeswitch export`, then fs_cli -x reloadxml"
        yield Check("dialplan", False, "no extension of the switch parks calls for fsorch", mend)
        return
    patience = patient.setting("fsorch_patience_s")
    if not patience.isascii() or not patience.isdigit():
        mend = "copy vars/fsorch.xml of `fsorch freeswitch export` to conf/vars, then fs_cli -x reloadxml"
        yield Check("dialplan", False, "the settings of the context fsorch are not there", mend)
        return
    works = f"the context fsorch parks calls, and serves them alone after {patience} s at most"
    yield _dialplan_of_ours(context, works)
    numbers = patient.setting("fsorch_numbers")
    if numbers:
        yield Check("numbers", True, f"numbers like {numbers} come to fsorch")
    else:
        mend = (
            "fill in fsorch_numbers in conf/vars/fsorch.xml, or transfer calls to `XML fsorch` in a dialplan of yours"
        )
        yield Check("numbers", None, "fsorch_numbers is empty: no number comes to fsorch by it", mend)
    yield _fallback(patient)


def _dialplan_of_ours(context: str, works: str) -> Check:
    """Whether the switch's copy is the one this fsorch was made with."""
    there, shipped = dialplan_version(context), shipped_dialplan_version()
    if there == shipped:
        return Check("dialplan", True, works)
    copy = "copy dialplan/fsorch.xml of `fsorch freeswitch export`, then fs_cli -x reloadxml"
    if there > shipped:
        detail = f"the switch's dialplan is of a later fsorch (version {there}, this one ships {shipped})"
        return Check("dialplan", None, detail, f"{copy}, unless this fsorch is about to be upgraded again")
    called = f"version {there}" if there else "without a version"
    detail = f"the switch's dialplan is of an earlier fsorch ({called}, this one ships {shipped})"
    return Check("dialplan", False, detail, f"{copy}: what has come since is missing while fsorch is away")


def _fallback(patient: Patient) -> Check:
    group = patient.setting("fsorch_ring_group")
    messages = patient.setting("fsorch_messages") == "true"
    then = f"then a message in {patient.setting('fsorch_messages_dir')}" if messages else "then asked to call again"
    if group:
        return Check("fallback", True, f"without fsorch a call rings {group}, {then}")
    mend = "set fsorch_ring_group in conf/vars/fsorch.xml, so that somebody answers when fsorch is down"
    return Check("fallback", None, f"without fsorch nobody is rung, {then.removeprefix('then ')}", mend)


def _prompts(patient: Patient) -> Iterator[Check]:
    """The files of the flows in use, and of the fallback."""
    yield from examine_prompts(patient.ask, patient.centre or Centre(), patient.setting("sounds_dir"))


def _messages(patient: Patient) -> Iterator[Check]:
    """What campaigns say to those who find nobody, and to machines."""
    yield from examine_messages(patient.ask, patient.centre or Centre(), patient.setting("sounds_dir"))


def _refers(patient: Patient) -> Iterator[Check]:
    """What those who are called may ask of the switch."""
    yield from examine_refers(patient.ask, patient.centre or Centre())


def _music(patient: Patient) -> Iterator[Check]:
    """Streams are looked up in the switch's list, so that no name of ours gets into a command line."""
    wanted = sorted({queue.music for queue in (patient.centre or Centre()).queues})
    streams = {music.removeprefix("local_stream://") for music in wanted if music.startswith("local_stream://")}
    if not streams:
        return
    there = [line.partition(",")[0].strip() for line in patient.ask("api local_stream show").splitlines()]
    missing = [name for name in sorted(streams) if not _has_stream(name, there)]
    if missing:
        mend = (
            f"add <directory name={missing[0]!r} path=...> to {CONF}/local_stream.conf.xml, or change the queue's music"
        )
        yield Check("music", False, f"the switch has no local_stream {missing[0]}; callers hear a tone instead", mend)
    else:
        yield Check("music", True, f"local_stream {', '.join(sorted(streams))}")


def _has_stream(name: str, there: Sequence[str]) -> bool:
    """A stream may come in one folder for each rate: moh/8000 is asked for as moh (mod_local_stream.c)."""
    return name in there or any(stream.startswith(f"{name}/") for stream in there)


def _clock(patient: Patient) -> Iterator[Check]:
    before = time.time()
    text = patient.ask("api strmicroepoch")
    after = time.time()
    if not text.isascii() or not text.isdigit():
        yield Check("clock", None, f"the switch does not tell its time ({text[:40]!r})")
        return
    apart = int(text) / 1_000_000 - (before + after) / 2
    off = max(0.0, abs(apart) - (after - before) / 2)
    if off > CLOCK_LIMIT_S:
        mend = "run NTP (chrony) on both machines, then fs_cli -x 'fsctl sync_clock'"
        yield Check("clock", False, f"the switch's clock is {apart:+.1f} s from this machine's", mend)
    else:
        yield Check("clock", True, f"{apart * 1000:+.0f} ms from this machine's")


def _room(patient: Patient) -> Iterator[Check]:
    """Every served call takes two sessions: the caller and the agent."""
    text = patient.ask(Status().wire())
    most, per_second = re.search(r"(\d+) session\(s\) max", text), re.search(r"per Sec out of max (\d+)", text)
    if most is None or per_second is None:
        yield Check("sessions", None, f"the switch's status says {text[:60]!r}")
        return
    agents = len(patient.centre.agents) if patient.centre else 0
    detail = f"{most[1]} at once, {per_second[1]} new ones a second"
    if int(most[1]) < 4 * agents:
        mend = f"raise max-sessions in {CONF}/switch.conf.xml, then fs_cli -x 'fsctl max_sessions {8 * agents}'"
        yield Check("sessions", False, f"{detail}; {agents} agents and those who wait need {4 * agents}", mend)
    else:
        yield Check("sessions", True, detail)


def _served_alone(patient: Patient) -> Iterator[Check]:
    """The switch's notes of calls that fsorch did not take (dialplan/fsorch.xml)."""
    keys = [key for key in patient.ask("api db list/fsorch_fallback").split(",") if re.fullmatch(r"[0-9a-f-]{36}", key)]
    notes = [patient.ask(f"api db select/fsorch_fallback/{key}") for key in keys]
    recent = sorted(note for note in notes if re.match(r"\d{10} ", note) and int(note[:10]) > time.time() - RECENT_S)
    if recent:
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(int(recent[-1][:10])))
        detail = f"calls the switch served alone in the last 7 days: {len(recent)}, the last one at {when}"
        callers = ", ".join(dict.fromkeys(note[11:31] for note in recent[-10:]))
        yield Check("served alone", None, detail, f"call them back ({callers}), and see why fsorch was away")


def _events(patient: Patient, arrived: dict[str, Signal]) -> Check:
    """Subscribes, and waits for the event of a job of ours."""
    job = str(uuid.uuid4())
    signal = arrived[job] = Signal()
    patient.session.ask(Subscribe(("BACKGROUND_JOB",)).wire())
    patient.session.ask(f"bgapi status\nJob-UUID: {job}")
    if signal.wait(LIMITS.command_timeout_s):
        return Check("events", True, "a subscription brings events")
    mend = "see the switch's log; fs_cli -x 'reload mod_event_socket' drops every connection to it and begins anew"
    return Check("events", False, f"no event came within {LIMITS.command_timeout_s:g} s", mend)


EXAMINATIONS: tuple[Examination, ...] = (
    _version,
    _modules,
    _dialplan,
    _prompts,
    _messages,
    _refers,
    _music,
    _clock,
    _room,
    _served_alone,
)
