"""Random callers in random flows, through the engine, with late and repeated events, lost commands, cut links and
restarts: everybody comes to an end that serves them, nothing plays inside something else, no PIN is written down."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st

from fsorch.engine import CommandDone, CommandLost, Configure, FactKind, LinkDown, LinkUp
from fsorch.engine.inputs import History, LookedUp
from fsorch.esl.commands import Break, Execute, Kill, PlayAndGetDigits, Playback
from fsorch.esl.events import Event
from fsorch.esl.replies import Reply
from fsorch.flows import FlowSpec
from fsorch.ivr.steps import Collect as CollectStep
from fsorch.ivr.steps import Failed, Fetch, HttpAnswer, Rows, SendText
from tests.engine.callers import Caller, Running
from tests.engine.desk import Desk
from tests.engine.flow_desk import centre, whole_story
from tests.engine.records import recalled
from tests.ivr.test_walks import PIN, flows, some_keys

ANSWERS = [
    HttpAnswer(500),
    HttpAnswer(404),
    HttpAnswer(200, b"garbage"),
    HttpAnswer(200, b"0" * 300_000),
    HttpAnswer(200, b'{"x": 1, "rows": [{"x": 2}], "count": 1, "first": {"x": 3}}'),
    Rows(),
    Rows(({"x": 5},)),
    Failed("refused"),
]
HAPPENINGS = st.one_of(
    st.tuples(st.just("key"), some_keys),
    st.tuples(st.just("key"), some_keys),
    st.tuples(st.just("key"), st.just(PIN)),
    st.tuples(st.just("silence")),
    st.tuples(st.just("lost_sound")),
    st.tuples(st.just("speak"), st.sampled_from(["0", "3000", "", "x"])),
    st.tuples(st.just("answer"), st.sampled_from(ANSWERS), st.integers(0, 3)),
    st.tuples(st.just("late"), st.integers(0, 9), some_keys),
    st.tuples(st.just("time"), st.sampled_from([0.1, 0.7, 3.0, 200.0])),
    st.tuples(st.just("cut"), st.booleans()),
    st.tuples(st.just("restart"), st.booleans(), some_keys),
    st.tuples(st.just("reply"), st.integers(0, 5), st.sampled_from(["-ERR no", "Sent", "Error!", "+OK"])),
    st.tuples(st.just("lose"), st.integers(0, 5)),
    st.tuples(st.just("configure"), st.booleans()),
    st.tuples(st.just("history")),
)
# A caller who does nothing comes to an end in less than this.
MOST_QUIET = 600


class Switch:
    """What runs on the caller's leg, by what was sent: applications one after another, ended by us or by a break."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.seen = 0
        self.running: Running | None = None
        self.ended: list[Running] = []
        self.broke = False
        # After a cut or a restart the engine cannot know what runs, and asks again.
        self.doubt = False

    def look(self) -> None:
        """Follow what has been sent since the last look."""
        for command in self.caller.commands[self.seen :]:
            if isinstance(command, Break):
                self.broke = True
            elif isinstance(command, Running):
                # Who waits is asked inside the music on purpose: it goes on afterwards.
                asked = getattr(command, "variable", "").startswith("fsorch_said")
                inside = self.running is not None and not self.broke and not self.doubt
                assert asked or not inside, (self.running, command)
                self.running, self.broke, self.doubt = command, False, False
            self.seen += 1

    def end(self, variables: dict[str, str], **fields: Any) -> None:
        """The application that runs is over."""
        running, self.running = self.running, None
        if running is not None:
            one = running.event_uuid
            self.caller.desk.event(
                "CHANNEL_EXECUTE_COMPLETE", self.caller.leg, variables, application_uuid=one, **fields
            )


class Storm:
    """One caller and what happens to them."""

    def __init__(self, specs: tuple[FlowSpec, ...]) -> None:
        self.centre = centre(*specs)
        self.desk = Desk(self.centre)
        self.caller = Caller(self.desk)
        self.switch = Switch(self.caller)
        self.switch.look()
        self.read = (0, 0)

    def happen(self, verb: str, *rest: object) -> None:
        """One thing happens; to who has left the flow, nothing any more: the engine's own storm is about them."""
        if not self.in_flow:
            return
        getattr(self, f"do_{verb}")(*rest)
        self.switch.look()
        self.check()

    @property
    def in_flow(self) -> bool:
        return self.caller.state == "flow"

    # -- the caller and the switch ------------------------------------------------------------------------------------

    def do_key(self, keys: str) -> None:
        running = self.switch.running
        if keys == PIN and not self._asks_pin():
            return
        if isinstance(running, PlayAndGetDigits):
            self.switch.end({running.variable: keys})
        elif isinstance(running, Playback):
            self.switch.end({"playback_terminator_used": keys[:1]})

    def _asks_pin(self) -> bool:
        contact = self.desk.engine._core.contacts.get(self.caller.id)
        step = contact.ask if contact is not None else None
        asks = isinstance(step, CollectStep) and step.masked
        return asks and isinstance(self.switch.running, PlayAndGetDigits)

    def do_silence(self) -> None:
        self.switch.end({})

    def do_lost_sound(self) -> None:
        self.switch.end({}, application_response="FILE NOT FOUND")

    def do_speak(self, ms: str) -> None:
        if isinstance(self.switch.running, Execute):
            self.switch.end({"record_ms": ms})

    def do_late(self, which: int, keys: str) -> None:
        """An end that was told already, or one of something long ago."""
        if self.switch.ended:
            one = self.switch.ended[-1 - which % len(self.switch.ended)]
            variable = getattr(one, "variable", "playback_terminator_used")
            self.desk.event("CHANNEL_EXECUTE_COMPLETE", "caller", {variable: keys}, application_uuid=one.event_uuid)

    def do_reply(self, which: int, text: str) -> None:
        tags = [tag for _, tag in self.desk.sent if tag][-6:]
        tag = tags[-1 - which % len(tags)]
        if text.startswith("-") and tag.startswith(("ask", "comfort", "message", "music")):
            # What was refused does not run.
            self.switch.running = None
        self.desk.tell(CommandDone("main", tag, Reply(not text.startswith("-"), text, "api")))

    def do_lose(self, which: int) -> None:
        tags = [tag for _, tag in self.desk.sent if tag][-6:]
        self.desk.tell(CommandLost("main", tags[-1 - which % len(tags)], "deadline"))

    def do_time(self, seconds: float) -> None:
        self.desk.passes(seconds)

    # -- from elsewhere -----------------------------------------------------------------------------------------------

    def do_answer(self, answer: HttpAnswer | Rows | Failed, late: int) -> None:
        if self.desk.asked:
            asked = self.desk.asked[-1]
            self.desk.tell(LookedUp(asked.contact, asked.serial - (1 if late == 3 else 0), answer))

    def do_history(self) -> None:
        self.desk.tell(History(self.caller.id))

    def do_configure(self, whole: bool) -> None:
        spare = msgspec.structs.replace(self.centre, flows=self.centre.flows[:1])
        self.desk.tell(Configure(self.centre if whole else spare))

    def channel(self, **known: str) -> Event:
        names = {Playback: "playback", PlayAndGetDigits: "play_and_get_digits", Execute: "record"}
        running = self.switch.running
        now = {"current_application": names[type(running)]} if running is not None else {}
        marks = {f"variable_{name}": value for name, value in (self.caller.marks | now | known).items() if value}
        return Event(
            name="CHANNEL_DATA",
            uuid="caller",
            direction="inbound",
            caller_number="+441234",
            answer_state="answered",
            known=marks,
        )

    def do_cut(self, ends: bool) -> None:
        self.desk.tell(LinkDown("main", "cut"))
        self.desk.passes(1.0)
        if ends:
            self.switch.running = None
        # What was sent meanwhile has reached nobody.
        self.switch.seen = len(self.caller.commands)
        self.switch.doubt = True
        self.desk.tell(LinkUp("main", "core-1", (self.channel(),), "/sounds"))

    def do_restart(self, ends: bool, keys: str) -> None:
        known: dict[str, str] = {}
        if ends and self.switch.running is not None:
            running, self.switch.running = self.switch.running, None
            known = {getattr(running, "variable", "playback_terminator_used"): keys, "read_result": "success"}
        recall = recalled(self.desk.facts)
        self.desk.begin(self.centre)
        self.desk.tell(recall)
        self.switch.doubt = self.switch.running is None or not self.in_flow
        self.desk.tell(LinkUp("main", "core-1", (self.channel(**known),), "/sounds"))

    # -- what must be true --------------------------------------------------------------------------------------------

    def check(self) -> None:
        sent, told = self.read
        fresh = repr((self.desk.sent[sent:], self.desk.facts[told:]))
        assert PIN not in fresh
        self.read = len(self.desk.sent), len(self.desk.facts)
        alive = self.desk.engine.snapshot().contacts
        assert len([one for one in alive if one.medium == "voice"]) == 1
        assert self.desk.engine.next_deadline() is not None, "nobody will ever look at the caller again"

    def quiet(self) -> None:
        """From now on the caller does nothing, and nobody answers: they come out of the flow."""
        for _ in range(MOST_QUIET):
            contact = self.desk.engine._core.contacts[self.caller.id]
            if not self.in_flow:
                return
            before = len(self.desk.facts), self.switch.seen
            if self.switch.running is not None and not isinstance(contact.ask, Fetch | SendText):
                self.switch.end({})
                self.switch.look()
            if before == (len(self.desk.facts), self.switch.seen):
                self.desk.passes(5.0)
                self.switch.look()
        raise AssertionError("the caller is in the flow still")

    def served(self) -> str:
        """How the caller came out of it."""
        contact = self.desk.engine._core.contacts[self.caller.id]
        if contact.sent_to == "hangup":
            said = [one for one in self.caller.commands if isinstance(one, Playback)]
            assert said, "hung up on without a word"
            assert isinstance(self.desk.last(Kill), Kill)
            return "stated end"
        if contact.machine.state.value == "waiting":
            assert contact.queue in self.desk.engine._core.queues
            return "callback" if contact.question is not None else "person"
        assert contact.machine.state.value == "aside"
        return contact.sent_to or ("voicemail" if contact.message is not None else "")


@settings(max_examples=100)
@given(flows("main"), flows("one"), flows("two"), st.lists(HAPPENINGS, max_size=30))
def test_every_caller_is_served_whatever_happens(
    spec: FlowSpec, one: FlowSpec, two: FlowSpec, story: list[tuple[object, ...]]
) -> None:
    storm = Storm((spec, one, two))
    for verb, *rest in story:
        storm.happen(str(verb), *rest)
    storm.quiet()
    storm.check()
    how = storm.served()
    event(how)
    assert how
    storm.desk.ends("caller")
    storm.desk.passes(4000.0)
    assert PIN not in whole_story(storm.desk)
    for kind in (FactKind.CONTACT_ENDED, FactKind.LEG_ENDED, FactKind.SEGMENT_ENDED):
        ids = Counter(fact.data["row"]["id"] for fact in storm.desk.of(kind))
        assert all(count == 1 for count in ids.values()), f"{kind} twice"
    (row,) = [fact.data["row"] for fact in storm.desk.of(FactKind.LEG_ENDED)]
    assert row["id"] == "caller"
    assert not [one for one in storm.desk.engine.snapshot().contacts if one.medium == "voice" and not one.callback]
