"""Drives callers through flows: carries out what a session asks for, hands it what came of it, and takes callers out.

A step is one of the switch's applications (a prompt, keys, a recording), a look-up, or a text message; each has a
deadline after which the session is told that nothing came. What plays while something is looked up begins only when
the answer takes a moment, and ends before anything else is sent: an application that is sent while another runs would
run inside it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fsorch.acd import ContactInput, ContactState
from fsorch.config import message_flow_of
from fsorch.engine.around import Around
from fsorch.engine.core import Core
from fsorch.engine.inputs import LookedUp
from fsorch.engine.journey import Journey
from fsorch.engine.leaving import Leaving
from fsorch.engine.music import PLAIN_MUSIC, SILENCE, TOO_SHORT_S, Music, playing
from fsorch.engine.state import Contact
from fsorch.engine.waiting import Waiting
from fsorch.esl.commands import Break, Chat, Execute, FlushDigits, PlayAndGetDigits, Playback, Record, SetVars
from fsorch.esl.events import Event
from fsorch.esl.quoting import Pairs
from fsorch.flow_nodes import Collect, OwnRecords
from fsorch.flows import FlowRelease, FlowSpec
from fsorch.ivr import FlowSession, steps
from fsorch.ivr.steps import Ask, Keys, OwnAsk, Recorded, Result, Rows, Sent, Step, Trouble
from fsorch.ivr.values import Readings

__all__ = ["Flows"]

# The music of a look-up begins after this: most answers are there before.
COMFORT_S = 0.6
# What marks it on the leg.
COMFORT = "~"
# The end of what was told to end comes within milliseconds (capture 08); past this the next step begins anyway.
BREAK_GRACE_S = 1.0
# Sound below this energy is silence to the record application (capture 18).
THRESHOLD = 200
# Keys that are remembered between two applications.
MOST_KEYED = 64
# The switch takes no shorter time to wait for a key (mod_dptools.c, play_and_get_digits).
LEAST_TIMEOUT_MS = 1000
# How long a flow waits to be told who the caller is, if it asks for that.
KNOWN_S = 0.5
SHARES = 2**32


class Flows:
    """The flows of all callers. ``open``: whether the flow's hours let a caller in (who they do not is elsewhere
    already); ``step_contact`` moves a contact."""

    def __init__(
        self,
        core: Core,
        music: Music,
        waiting: Waiting,
        leaving: Leaving,
        journey: Journey,
        step_contact: Callable[[Contact, ContactInput], None],
    ) -> None:
        self.core = core
        self.music = music
        self.waiting = waiting
        self.leaving = leaving
        self.journey = journey
        self.step_contact = step_contact
        self._readings = Readings()
        self._asking: dict[tuple[str, int], bool] = {}
        self._masking: dict[tuple[str, int], bool] = {}
        self._steps: dict[type[Any], Callable[[Contact, Any], None]] = {
            steps.Play: self._play,
            steps.Collect: self._collect,
            steps.Fetch: self._fetch,
            steps.Record: self._say_record,
            steps.SendText: self._send_text,
        }
        self._results: dict[type[Any], Callable[[Contact, Any, Event], Result]] = {
            steps.Play: self._key,
            steps.Collect: self._keys,
            steps.Record: self._recording,
        }

    # -- in and out -----------------------------------------------------------------------------------------------

    def start(self, contact: Contact) -> None:
        """Let a contact enter its flow; one whose flow is gone goes to its queue."""
        release = self._release(contact)
        if release is None:
            self.step_contact(contact, ContactInput.QUEUE)
            return
        if not self.waiting.admission.flow_open(contact):
            return
        if self._asks_who(release) and contact.number and not contact.known:
            self.core.timers.set(("known", contact.id), self.core.now.mono + KNOWN_S)
            return
        self._begin(contact, release)

    def known(self, contact: Contact) -> None:
        """It is known who the caller is, or that nobody knows: the flow may have waited for it."""
        contact.known = True
        self.core.timers.cancel(("known", contact.id))
        if contact.machine.state is ContactState.FLOW and contact.session is None:
            self.start(contact)

    def _begin(self, contact: Contact, release: FlowRelease) -> None:
        contact.again = not contact.answered_at and self.journey.rings_again(contact)
        session = contact.session = self.session(contact, release)
        self.journey.entered(contact, release)
        if contact.again and session.spec.person in self.core.queues and session.spec.again_s > 0:
            # Whoever hung up on a recording wants a person.
            self.leaving.to_person(contact, session.spec.person)
            return
        language = contact.customer.customer.language if contact.customer is not None else ""
        self._do(contact, session.start(language=language or contact.language))

    def session(
        self, contact: Contact, release: FlowRelease, flows: Mapping[str, FlowSpec] | None = None
    ) -> FlowSession:
        """A session for this contact in this version of its flow. ``flows``: those it may call; else those in force."""
        contact.flow_version = release.version
        around = Around(self.core, contact, self.waiting)
        return FlowSession(release.spec, around, self.core.flows if flows is None else flows, self._readings)

    def resume(self, contact: Contact, release: FlowRelease, place: str) -> Step | None:
        """Go on where the contact was in an earlier life of ours; None, and there is no session, for a place that is
        none in any version of these flows."""
        for flows in self._flows_until_now():
            session = self.session(contact, release, flows)
            step = session.resume(place)
            if step is not None:
                contact.session = session
                return step
        return None

    def _flows_until_now(self) -> Iterator[Mapping[str, FlowSpec]]:
        """The flows in force; then with one of them as it was: the caller may be in one that was called and has changed
        since."""
        yield self.core.flows
        for id, releases in self.core.releases.items():
            for release in reversed(releases):
                if release.spec is not self.core.flows.get(id):
                    yield {**self.core.flows, id: release.spec}

    def release_of(self, flow: str, version: int) -> FlowRelease | None:
        """A version that a caller is in; the present one where it is known no more."""
        known = self.core.releases.get(flow, ())
        found = next((release for release in known if release.version == version), None)
        return found or next((release for release in known if release.share > 0), None)

    def _release(self, contact: Contact) -> FlowRelease | None:
        """The version for a caller who enters: by the contact, so that the same one always gets the same."""
        at = zlib.crc32(contact.id.encode()) / SHARES
        releases = [release for release in self.core.releases.get(contact.flow, ()) if release.share > 0]
        for release in releases:
            at -= release.share
            if at < 0:
                return release
        return releases[-1] if releases else None

    def _asks_who(self, release: FlowRelease) -> bool:
        """Whether the flow, or one that it calls, wants to know who calls."""
        key = (release.flow, release.version)
        if key not in self._asking:
            self._asking[key] = any(flow.asks_who for flow in (release.spec, *self.core.flows.values()))
        return self._asking[key]

    def configure(self, releases: tuple[FlowRelease, ...]) -> None:
        """The centre has changed: its flows, and the versions that calls may be in."""
        core = self.core
        messages = (message_flow_of(core.centre, campaign) for campaign in core.centre.campaigns)
        flows = (*core.centre.flows, *(flow for flow in messages if flow is not None))
        core.flows = {flow.id: flow for flow in flows}
        core.releases = {}
        for release in releases:
            core.releases[release.flow] = (*core.releases.get(release.flow, ()), release)
        for id, spec in core.flows.items():
            core.releases.setdefault(id, (FlowRelease(flow=id, version=0, spec=spec),))
        self._asking, self._masking = {}, {}

    def _masks(self, session: FlowSession, version: int) -> bool:
        """Whether the flow, or one that it may call, asks for a PIN or the like."""
        key = (session.spec.id, version)
        if key not in self._masking:
            specs, names = [session.spec], {session.spec.id}
            for spec in specs:
                called = (self.core.flows[name] for name in spec.subflows - names if name in self.core.flows)
                specs += called
                names |= spec.subflows
            nodes = (node for spec in specs for node in spec.nodes.values())
            self._masking[key] = any(isinstance(node, Collect) and node.masked for node in nodes)
        return self._masking[key]

    def leave(self, contact: Contact) -> None:
        """The contact is not in the flow any more."""
        contact.session = contact.ask = contact.next_step = None
        contact.keys_read = ""
        if contact.hushed and contact.leg:
            contact.hushed = False
            self.core.send(contact.switch, SetVars(contact.leg, (("sensitive_dtmf", ""),)))
        for what in ("prompt", "comfort", "known"):
            self.core.timers.cancel((what, contact.id))

    # -- what comes back ------------------------------------------------------------------------------------------

    def heard(self, contact: Contact, event: Event) -> None:
        """The application that ran for the flow is over; ``event`` holds the leg's variables."""
        step = contact.ask
        if step is not None:
            self.collected(contact, step, event)

    def collected(self, contact: Contact, step: Step, event: Event) -> None:
        """As :meth:`heard`, for this step."""
        if contact.next_step is not None:
            # The music of the look-up, or the first part of a step, has ended.
            self._go_on(contact)
        elif isinstance(step, steps.Fetch):
            self._comfort_ended(contact, step)
        else:
            read = self._results.get(type(step))
            if read is not None:
                result = read(contact, step, event)
                contact.keys_read = ""
                self._tell(contact, result)

    def looked_up(self, input: LookedUp) -> None:
        """An answer to a look-up; one that comes too late changes nothing."""
        contact = self.core.contacts.get(input.contact)
        step = contact.ask if contact is not None else None
        if contact is None or not isinstance(step, steps.Fetch) or step.serial != input.serial:
            return
        contact.keys_read = ""
        self._learn(contact, step.ask, input.result)
        self._tell(contact, input.result)

    def _learn(self, contact: Contact, ask: Ask, result: Result) -> None:
        """Whose customer number or PIN a caller keys is who they are."""
        if isinstance(ask, OwnAsk) and ask.of is OwnRecords.CUSTOMER and isinstance(result, Rows) and result.rows:
            proven = ask.pin is not None
            if ask.customer or proven:
                row = result.rows[0]
                self.journey.identified(contact, str(row.get("id", "")), str(row.get("reference", "")), proven=proven)

    def sent(self, id: str, reply: str) -> None:
        """What the switch said of a text message."""
        contact = self.core.contacts.get(id)
        if contact is not None and isinstance(contact.ask, steps.SendText):
            self._tell(contact, Sent(reply.startswith("Sent")))

    def not_sent(self, id: str) -> None:
        """The switch did not take a text message, or the command was lost."""
        contact = self.core.contacts.get(id)
        if contact is not None and isinstance(contact.ask, steps.SendText):
            self._tell(contact, Sent(False))

    def refused(self, id: str) -> None:
        """The switch did not take the application of the present step, or the music beside it."""
        contact = self.core.contacts.get(id)
        if contact is None or not contact.running or contact.ask is None:
            return
        contact.running = ""
        if contact.next_step is not None:
            self._go_on(contact)
        elif not isinstance(contact.ask, steps.Fetch):
            self._tell(contact, Trouble("the switch refused"))

    def cannot_record(self, id: str) -> None:
        """The switch cannot write where the recording would be; its application would hang the caller up."""
        contact = self.core.contacts.get(id)
        if contact is not None and isinstance(contact.ask, steps.Record):
            contact.unwritable = True

    def due(self, id: str) -> None:
        """The deadline of a step, or of the end of what plays before the next one."""
        contact = self.core.contacts.get(id)
        if contact is None or contact.ask is None:
            return
        if contact.next_step is None:
            self._tell(contact, Trouble("nothing was heard of it in time"))
        elif contact.running and not contact.breaking:
            self._break(contact)
        else:
            self._go_on(contact)

    def known_due(self, id: str) -> None:
        """Nobody has said in time who the caller is."""
        contact = self.core.contacts.get(id)
        if contact is not None:
            self.known(contact)

    def ask_again(self, contact: Contact) -> None:
        """Repeat the step a caller was in when the link was cut: its end may have been missed."""
        if contact.ask is not None and not isinstance(contact.ask, steps.Fetch):
            contact.next_step = None
            self._carry_out(contact, contact.ask)

    def take_up(self, contact: Contact, step: Step, event: Event) -> None:
        """After a restart of ours: ``step`` was under way, and ``event`` holds what the switch knows of the leg. What
        still runs is waited for, what ended while nobody listened has its result there; the rest is done again."""
        contact.ask = step
        if self._comforted(contact, event):
            self._after_comfort(contact, step)
        elif isinstance(step, steps.Collect | steps.Record) and playing(event) and contact.running:
            contact.said, contact.next_step = True, step
            self.await_answer(contact, step)
        elif _runs(step, event):
            self.await_answer(contact, step)
        elif contact.running and type(step) in self._results:
            contact.running = ""
            self.collected(contact, step, event)
        else:
            self._carry_out(contact, step)

    def _comforted(self, contact: Contact, event: Event) -> bool:
        """Whether the music of a look-up plays, after a restart of ours."""
        asked = event.variable("fsorch_ask") or ""
        contact.running = asked.removeprefix(COMFORT)
        return asked.startswith(COMFORT) and playing(event)

    def _after_comfort(self, contact: Contact, step: Step) -> None:
        """The music plays on while the same is looked up again, and ends before anything else."""
        if isinstance(step, steps.Fetch):
            contact.music_at = self.core.now.mono - TOO_SHORT_S
            self.await_answer(contact, step)
            self.core.look_up(contact.id, step.serial, step.ask)
        else:
            contact.next_step = step
            self._break(contact)

    def await_answer(self, contact: Contact, step: Step) -> None:
        """A step is under way; should its end never be told, the session hears of that."""
        limit = getattr(step, "limit_s", 0.0)
        self.core.timers.set(("prompt", contact.id), self.core.now.mono + limit)

    def _tell(self, contact: Contact, result: Result) -> None:
        """Give the session a result, and carry out what it wants next."""
        session, step = contact.session, contact.ask
        if session is None or step is None:
            return
        if isinstance(step, steps.Collect) and step.masked:
            self._wipe(contact, step)
        following = session.heard(result, step.serial)
        if following is not None:
            self._do(contact, following)

    def _do(self, contact: Contact, step: Step) -> None:
        """Carry out a step, once what plays has ended."""
        session = contact.session
        if session is None:
            return
        for what in ("prompt", "comfort"):
            self.core.timers.cancel((what, contact.id))
        contact.language = session.scene.progress.language
        self.journey.tell(contact, session)
        contact.ask = step
        if contact.running:
            contact.next_step, contact.said = step, False
            self._break(contact)
        else:
            self._carry_out(contact, step)

    def _break(self, contact: Contact) -> None:
        """End what plays: the music of a look-up, or a prompt that goes on for too long."""
        contact.breaking = True
        self.core.send(contact.switch, Break(contact.leg))
        self.core.timers.set(("prompt", contact.id), self.core.now.mono + BREAK_GRACE_S)

    def _go_on(self, contact: Contact) -> None:
        step, contact.next_step = contact.next_step, None
        contact.running, contact.breaking = "", False
        if step is None:
            return
        if isinstance(step, steps.Collect) and contact.ask is step and contact.said:
            self._take_keys(contact, step)
        elif isinstance(step, steps.Record) and contact.said:
            self._record(contact, step)
        else:
            self._carry_out(contact, step)

    def _carry_out(self, contact: Contact, step: Step) -> None:
        contact.said = False
        if isinstance(step, steps.END):
            session = contact.session
            contact.ask = None
            if session is not None:
                self.leaving.leave(contact, session, step)
            return
        self.await_answer(contact, step)
        self._steps[type(step)](contact, step)

    # -- prompts and keys -----------------------------------------------------------------------------------------

    def _place(self, contact: Contact, keys: str) -> None:
        """What ends a prompt, and where the caller is, for a restart of ours."""
        contact.running = self.core.ids()
        place = contact.session.place if contact.session is not None else ""
        marks: Pairs = (
            ("playback_terminators", keys or "none"),
            ("fsorch_ask", contact.running),
            ("fsorch_place", place),
            ("fsorch_flow_version", str(contact.flow_version)),
        )
        if contact.session is not None and not contact.hushed and self._masks(contact.session, contact.flow_version):
            # The switch tells no key from now on, and writes none down (switch_channel.c, switch_channel_queue_dtmf): a
            # PIN may be keyed before it is asked for.
            contact.hushed = True
            marks = (*marks, ("sensitive_dtmf", "true"))
        self.core.send(contact.switch, SetVars(contact.leg, marks))

    def _play(self, contact: Contact, step: steps.Play) -> None:
        if not step.say:
            self._tell(contact, Keys())
            return
        path = self.music.sound(contact, step.say)
        self._place(contact, step.keys)
        self.core.send(contact.switch, Playback(contact.leg, path, contact.running), f"ask:{contact.id}")

    def _collect(self, contact: Contact, step: steps.Collect) -> None:
        if step.say and not step.barge_in:
            self._say_first(contact, step, step.say)
            return
        self._take_keys(contact, step)

    def _say_first(self, contact: Contact, step: Step, words: tuple[Any, ...]) -> None:
        """Play what comes before the step itself, which no key ends."""
        contact.said, contact.next_step = True, step
        path = self.music.sound(contact, words)
        self._place(contact, "")
        self.core.send(contact.switch, Playback(contact.leg, path, contact.running), f"ask:{contact.id}")

    def _take_keys(self, contact: Contact, step: steps.Collect) -> None:
        said, contact.said = contact.said, False
        if step.flush:
            self.core.send(contact.switch, FlushDigits(contact.leg))
        path = self.music.sound(contact, step.say) if step.say and not said else SILENCE
        self._place(contact, "")
        digits = PlayAndGetDigits(
            contact.leg,
            min=1,
            max=max(1, step.max),
            tries=1,
            timeout_ms=max(LEAST_TIMEOUT_MS, round(step.timeout_s * 1000)),
            terminators=step.terminator or "none",
            prompt=path,
            invalid=SILENCE,
            variable=_variable(step),
            regex="^[0-9*#]+$",
            digit_timeout_ms=max(LEAST_TIMEOUT_MS, round(step.digit_timeout_s * 1000)),
            event_uuid=contact.running,
        )
        self.core.send(contact.switch, digits, f"ask:{contact.id}")

    def pressed(self, contact: Contact, digit: str) -> None:
        """The switch has read a key, for an application or, between two of them, for nobody: see :func:`_missed`."""
        contact.keys_read = (contact.keys_read + digit)[-MOST_KEYED:]

    def _key(self, contact: Contact, step: steps.Play, event: Event) -> Keys:
        key = event.variable("playback_terminator_used") or ""
        return Keys(_missed(contact.keys_read, key, "") + key if step.keys else "")

    def _keys(self, contact: Contact, step: steps.Collect, event: Event) -> Keys:
        name = _variable(step)
        keys = event.variable(name) or event.variable(f"{name}_invalid") or ""
        counts = step.barge_in and not step.flush
        return Keys(_missed(contact.keys_read, keys, step.terminator) + keys if counts else keys)

    def _wipe(self, contact: Contact, step: steps.Collect) -> None:
        """Masked input stays no longer in the channel than it has to."""
        name = _variable(step)
        self.core.send(contact.switch, SetVars(contact.leg, ((name, ""), (f"{name}_invalid", ""))))

    # -- look-ups and text messages -------------------------------------------------------------------------------

    def _fetch(self, contact: Contact, step: steps.Fetch) -> None:
        self._place(contact, "")
        contact.running, contact.plain_music = "", False
        self.core.look_up(contact.id, step.serial, step.ask)
        self.core.timers.set(("comfort", contact.id), self.core.now.mono + COMFORT_S)

    def comfort_due(self, id: str) -> None:
        """An answer takes its time: something plays."""
        contact = self.core.contacts.get(id)
        if contact is not None and isinstance(contact.ask, steps.Fetch) and not contact.running:
            self._comfort(contact, contact.ask)

    def _comfort(self, contact: Contact, step: steps.Fetch) -> None:
        spec = contact.session.spec if contact.session is not None else None
        queue = self.core.queues.get(spec.person) if spec is not None else None
        music = queue.spec.music if queue is not None else PLAIN_MUSIC
        path = PLAIN_MUSIC if contact.plain_music else self.music.sound(contact, step.music) if step.music else music
        contact.running, contact.music_at = self.core.ids(), self.core.now.mono
        self.core.send(contact.switch, SetVars(contact.leg, (("fsorch_ask", COMFORT + contact.running),)))
        self.core.send(contact.switch, Playback(contact.leg, path, contact.running), f"comfort:{contact.id}")

    def _comfort_ended(self, contact: Contact, step: steps.Fetch) -> None:
        """Again, or the tone if it hardly began."""
        contact.running = ""
        if self.core.now.mono - contact.music_at < TOO_SHORT_S:
            if contact.plain_music:
                return
            contact.plain_music = True
        self._comfort(contact, step)

    def _send_text(self, contact: Contact, step: steps.SendText) -> None:
        spec = self.core.centre.texts
        self._place(contact, "")
        contact.running = ""
        if spec is None:
            self._tell(contact, Sent(False))
            return
        chat = Chat(spec.protocol, spec.sender, spec.to.replace("{number}", step.to), step.text)
        self.core.send(contact.switch, chat, f"text:{contact.id}")

    # -- recordings -----------------------------------------------------------------------------------------------

    def _say_record(self, contact: Contact, step: steps.Record) -> None:
        spec = self.core.centre.voicemail
        contact.unwritable = spec is None
        if spec is not None:
            path = spec.file_of(_recording(contact, step))
            self.core.send(contact.switch, Record(contact.leg, "start", path), f"probe:{contact.id}")
            self.core.send(contact.switch, Record(contact.leg, "stop", path))
        if step.say:
            self._say_first(contact, step, step.say)
        else:
            self._record(contact, step)

    def _record(self, contact: Contact, step: steps.Record) -> None:
        spec = self.core.centre.voicemail
        contact.said = False
        if spec is None or contact.unwritable:
            self.core.count_odd("cannot_record", "a flow cannot record; name a folder of the switch in voicemail")
            self._tell(contact, Recorded())
            return
        self._place(contact, "any")
        # What a recording that fails leaves as it was must not look like a success.
        self.core.send(contact.switch, SetVars(contact.leg, (("record_ms", ""),)))
        path = spec.file_of(_recording(contact, step))
        argument = f"{path} {round(step.longest_s)} {THRESHOLD} {max(1, round(step.silence_s))}"
        self.core.send(contact.switch, Execute(contact.leg, "record", argument, contact.running), f"ask:{contact.id}")

    def _recording(self, contact: Contact, step: steps.Record, event: Event) -> Recorded:
        text = event.variable("record_ms") or ""
        lasted = int(text) / 1000 if text.isascii() and text.isdigit() and len(text) < 10 else 0.0
        spec = self.core.centre.voicemail
        if spec is None or lasted < spec.least_s:
            return Recorded()
        return Recorded(_recording(contact, step), lasted)


def _runs(step: Step, event: Event) -> bool:
    """Whether the application of a step is still at it."""
    application = event.variable("current_application")
    if isinstance(step, steps.Play):
        return playing(event)
    if isinstance(step, steps.Collect):
        # switch_ivr_read leaves its result when it is over, and takes it away when it begins.
        return application == "play_and_get_digits" and not event.variable("read_result")
    return isinstance(step, steps.Record) and application == "record" and not event.variable("record_ms")


def _missed(read: str, keys: str, terminator: str) -> str:
    """Of all keys that were ``read`` since the last application, those before the ``keys`` of this one: a channel that
    is parked between two applications reads them for nobody (``switch_ivr.c``, switch_ivr_park)."""
    for end in (keys, keys + terminator):
        if read.endswith(end) and (end or not keys):
            return read[: len(read) - len(end)]
    return ""


def _variable(step: Step) -> str:
    """A fresh channel variable for each step: an old one would still hold an old answer (capture 07)."""
    return f"fsorch_key_{step.serial}"


def _recording(contact: Contact, step: Step) -> str:
    """The name of a recording: nothing in it that a caller could choose."""
    return f"{contact.id}-{step.serial}"
