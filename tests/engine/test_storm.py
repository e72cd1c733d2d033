"""Whatever a switch, callers, agents and the network do, in any order, late, twice or not at all: nothing double,
nothing lost.

Hypothesis tells a story of random happenings about the legs there are. After each of them the engine's picture must be
sound; at the end, when every leg has ended, every contact and every leg has been written down exactly once and nobody
is stuck.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from fsorch.acd import ContactInput, ContactState
from fsorch.acd.affinity import Encounter
from fsorch.config import Centre
from fsorch.deferred import CallbackSpec, CallFirst, VoicemailSpec
from fsorch.engine import (
    AddParty,
    AgentAway,
    AgentBack,
    AnswerCall,
    CancelTransfer,
    CommandDone,
    CommandLost,
    CompleteTransfer,
    ConferCall,
    Configure,
    DropParty,
    EndWrapUp,
    ExtendWrapUp,
    FactKind,
    GiveContact,
    HangUp,
    History,
    HoldCall,
    LinkDown,
    LinkUp,
    LogIn,
    LogOut,
    MoveContact,
    MuteCall,
    NextContact,
    PressKeys,
    Request,
    SetPriority,
    SetStatus,
    StopListening,
    Supervise,
    SwitchEvent,
    TakeOver,
    TransferCall,
)
from fsorch.engine.inputs import CallBack, CallNow, CancelCallback, FinishMessage
from fsorch.engine.state import Contact
from fsorch.errors import NotFound, RequestRefused
from fsorch.esl.commands import Bridge, Mute, Originate, SetVars, SofiaContact
from fsorch.esl.events import Event
from fsorch.esl.replies import Reply
from fsorch.flow_nodes import Hangup, Question, Survey
from fsorch.flows import FlowSpec
from fsorch.names import Strategy
from fsorch.rules import (
    AffinitySpec,
    Announce,
    AnnounceSpec,
    AwayRule,
    CauseRule,
    CauseRules,
    Consequence,
    OfferCallback,
    Overflow,
    OverflowTo,
    PhoneMode,
    Range,
    StepPlan,
    StepSpec,
    When,
    Widen,
    WrapUpMode,
    WrapUpSpec,
)
from fsorch.rules import Voicemail as VoicemailAct
from fsorch.waits import Empty, WaitSpec
from tests.engine.desk import CENTRE, Desk
from tests.engine.records import recalled

AGENTS = st.sampled_from(["ann", "rob", "nobody"])
LEG_EVENTS = st.sampled_from(
    [
        "CHANNEL_CREATE",
        "CHANNEL_PARK",
        "CHANNEL_PROGRESS",
        "CHANNEL_ANSWER",
        "CHANNEL_BRIDGE",
        "CHANNEL_UNBRIDGE",
        "CHANNEL_HOLD",
        "CHANNEL_UNHOLD",
        "CHANNEL_EXECUTE_COMPLETE",
        "CHANNEL_HANGUP",
        "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_DESTROY",
        "DTMF",
        "HEARTBEAT",
    ]
)
CAUSES = st.sampled_from(["NORMAL_CLEARING", "NO_ANSWER", "USER_BUSY", "ORIGINATOR_CANCEL", ""])
SOME = st.integers(0, 30)
CAUSE_RULES = CauseRules(
    busy=CauseRule(delay_s=1, limit=2, then=Consequence.BREAK, reason="tea"),
    no_answer=CauseRule(limit=3, then=Consequence.LOGOUT),
)
HAPPENINGS = st.one_of(
    st.tuples(st.just("call"), st.sampled_from(["", "sales", "support", "nowhere"])),
    st.tuples(st.just("leg"), LEG_EVENTS, SOME, SOME, CAUSES),
    st.tuples(st.just("leg"), LEG_EVENTS, SOME, SOME, CAUSES),
    # What usually comes next, so that stories get as far as talks, holds and wrap-ups.
    st.tuples(st.just("usual"), SOME, st.integers(1, 4)),
    st.tuples(st.just("usual"), SOME, st.integers(1, 4)),
    st.tuples(st.just("usual"), SOME, st.just(3)),
    st.tuples(st.just("end"), SOME),
    st.tuples(st.just("job"), SOME, st.sampled_from(["+OK x\n", "-ERR NO_ANSWER\n", "-USAGE: x\n", ""])),
    st.tuples(st.just("reply"), SOME, st.sampled_from(["+OK", "-ERR Invalid uuid", "-ERROR", "false"])),
    st.tuples(st.just("lost"), SOME),
    st.tuples(st.just("person"), AGENTS, st.integers(0, 38)),
    st.tuples(st.just("person"), AGENTS, st.integers(15, 38)),
    st.tuples(st.just("hand"), st.integers(15, 38), st.integers(0, 3)),
    st.tuples(st.just("hand"), st.integers(16, 20), st.integers(1, 2)),
    st.tuples(st.just("steer"), SOME, st.integers(0, 7)),
    st.tuples(st.just("joined"), SOME),
    st.tuples(st.just("joined"), SOME),
    st.tuples(st.just("time"), st.sampled_from([0.0, 0.5, 5.0, 20.0, 200.0])),
    st.tuples(
        st.just("phone"), st.integers(0, 1), st.sampled_from(["register", "gone", "quiet", "loud", "busy", "over"])
    ),
    st.tuples(st.just("cut")),
    st.tuples(st.just("restart"), st.integers(0, 2**16), st.booleans()),
    st.tuples(st.just("back"), st.integers(0, 2**16)),
    st.tuples(st.just("configure"), st.booleans()),
    st.tuples(st.just("history"), SOME),
    st.tuples(st.just("later"), SOME, st.booleans()),
    st.tuples(st.just("says"), SOME, st.sampled_from(["1", "2", "3", "", "0301234"])),
)


def request(agent: str, which: int) -> Request:
    other = "rob" if agent == "ann" else "ann"
    return (
        LogIn(agent=agent, by="t"),
        LogIn(agent=agent, by="t"),
        LogOut(agent=agent, by="t"),
        SetStatus(agent=agent, by="t", status="available"),
        SetStatus(agent=agent, by="t", status="break", reason="lunch"),
        AnswerCall(agent=agent, by="t"),
        HangUp(agent=agent, by="t"),
        HoldCall(agent=agent, by="t", on=True),
        HoldCall(agent=agent, by="t", on=False),
        EndWrapUp(agent=agent, by="t"),
        ExtendWrapUp(agent=agent, by="t"),
        NextContact(agent=agent, by="t"),
        SetStatus(agent=agent, by="t", status="available", on_demand=True),
        AgentAway(agent=agent, by="t"),
        AgentBack(agent=agent, by="t"),
        TransferCall(agent=agent, by="t", queue="support", priority=1),
        TransferCall(agent=agent, by="t", to=other),
        TransferCall(agent=agent, by="t", to=other, consult=True),
        TransferCall(agent=agent, by="t", to=other, consult=True),
        TransferCall(agent=agent, by="t", number="100", consult=True),
        TransferCall(agent=agent, by="t", number="100"),
        CompleteTransfer(agent=agent, by="t"),
        CancelTransfer(agent=agent, by="t"),
        ConferCall(agent=agent, by="t"),
        TakeOver(agent=agent, by="t", taker=other),
        MuteCall(agent=agent, by="t", on=True),
        Supervise(agent=agent, by="t", watcher=other, mode="whisper"),
        StopListening(agent=agent, by="t", watcher=other),
        AddParty(agent=agent, by="t", to=other),
        AddParty(agent=agent, by="t", queue="support"),
        AddParty(agent=agent, by="t", number="100"),
        AddParty(agent=agent, by="t", number="101"),
        DropParty(agent=agent, by="t", party=other),
        DropParty(agent=agent, by="t", party="100"),
        TransferCall(agent=agent, by="t", queue="sales", consult=True),
        MuteCall(agent=agent, by="t", on=False),
        PressKeys(agent=agent, by="t", digits="12#"),
        CallBack(agent=agent, by="t"),
        DropParty(agent=agent, by="t", party="101"),
    )[which]


def steering(contact: str, which: int) -> Request:
    return (
        MoveContact(contact=contact, queue="support", by="t"),
        MoveContact(contact=contact, queue="sales", by="t"),
        GiveContact(contact=contact, agent="rob", by="t"),
        SetPriority(contact=contact, priority=which, by="t"),
        GiveContact(contact=contact, agent="ann", by="t"),
        CancelCallback(contact=contact, by="t"),
        CallNow(contact=contact, by="t"),
        FinishMessage(contact=contact, by="t"),
    )[which]


# Every way out of a queue, at times that the stories reach.
SALES_WAIT: dict[str, object] = {
    "wait": WaitSpec(
        max_s=60,
        on_max=Overflow(to=OverflowTo.NUMBER, name="+4420"),
        max_no_agent_s=30,
        on_no_agent=VoicemailAct(),
        max_length=3,
        on_full=Overflow(to=OverflowTo.QUEUE, name="support"),
        keys={"1": Overflow(to=OverflowTo.QUEUE, name="support"), "2": OfferCallback(), "3": VoicemailAct()},
        return_s=60,
    ),
    "steps": StepPlan(
        steps=(
            StepSpec(when=When(waited_s=5), do=Widen(queue="support")),
            StepSpec(when=When(waited_s=5), do=Announce(prompt="busy"), every_s=10),
            StepSpec(when=When(waited_s=20, agents_present=Range(below=1)), do=OfferCallback()),
        )
    ),
    "announce": AnnounceSpec(first_s=1, every_s=5, only_improved=False),
}
SUPPORT_WAIT: dict[str, object] = {
    "wait": WaitSpec(
        max_s=200,
        on_max=Overflow(to=OverflowTo.MESSAGE, name="sorry"),
        leave_empty=Empty.UNAVAILABLE,
        refuse_empty=Empty.LOGGED_OUT,
        on_empty=Overflow(to=OverflowTo.FLOW, name="main"),
        keys={"4": Overflow(to=OverflowTo.HANGUP), "5": Overflow(to=OverflowTo.FLOW, name="main")},
    )
}


HOW = FlowSpec(
    id="how",
    start="ask",
    person="support",
    nodes={
        "ask": Survey(questions=(Question(id="happy", prompt="menu"),), next="bye", low="person"),
        "bye": Hangup(prompt="bye", reason="surveyed"),
    },
)


class Storm:
    """One story."""

    def __init__(self, strategy: Strategy, nailed: bool = False) -> None:
        sales, support = CENTRE.queues
        more = WrapUpSpec(mode=WrapUpMode.EXTENSION, seconds=5, extension_s=5, max_s=20)
        sales = structs.replace(sales, strategy=strategy, wrap_up=more, causes=CAUSE_RULES)
        callback = CallbackSpec(dial="sofia/gateway/out/{number}", first=CallFirst.CUSTOMER, retry_s=30, tries=2)
        sales = structs.replace(sales, callback=callback, affinity=AffinitySpec())
        support = structs.replace(support, callback=structs.replace(callback, first=CallFirst.AGENT))
        sales = structs.replace(sales, survey="how", **SALES_WAIT)
        support = structs.replace(support, survey="how", **SUPPORT_WAIT)
        self.centre = structs.replace(
            CENTRE,
            queues=(sales, support),
            flows=(*CENTRE.flows, HOW),
            away=AwayRule(after_s=5, reason="tea"),
            voicemail=VoicemailSpec(dir="/messages"),
            outside="sofia/gateway/c/{number}",
            # With it there is always a deadline to come, see check.
            unserved_s=120.0 if nailed else 0.0,
        )
        ann, rob = (structs.replace(one, phone=f"{one.phone}@pbx.example") for one in CENTRE.agents)
        self.centre = structs.replace(self.centre, agents=(ann, rob))
        if nailed:
            ann = structs.replace(ann, phone_mode=PhoneMode.NAILED, alert="tone_stream://%(200,100,440)")
            self.centre = structs.replace(self.centre, agents=(ann, rob))
        self.desk = Desk(self.centre)
        self.callers = 0
        # Legs that the switch had no more when fsorch came back: nothing is heard of them again.
        self.dead: set[str] = set()

    def legs(self) -> list[str]:
        dialled = [command.uuid for command, _ in self.desk.sent if isinstance(command, Originate)]
        legs = [*(f"caller-{n}" for n in range(self.callers)), *dialled]
        return [leg for leg in legs if leg not in self.dead]

    def happen(self, verb: str, *rest: object) -> None:
        getattr(self, f"do_{verb}")(*rest)
        self.check()

    def do_call(self, queue: str) -> None:
        self.callers += 1
        self.desk.call(f"caller-{self.callers - 1}", queue)

    def do_leg(self, name: str, which: int, other: int, cause: str) -> None:
        legs = self.legs()
        if not legs:
            return
        leg, peer = legs[which % len(legs)], legs[other % len(legs)]
        running = next((c for c, _ in reversed(self.desk.sent) if getattr(c, "uuid", "") == leg), None)
        self.desk.event(
            name,
            leg,
            {"fsorch_entry": "yes", "playback_terminator_used": "1" if other % 2 else ""},
            direction="inbound",
            bridge_a=leg,
            bridge_b=peer,
            hangup_cause=cause if name.startswith("CHANNEL_HANGUP") else "",
            application_uuid=getattr(running, "event_uuid", ""),
            dtmf_digit=str(other % 6),
        )

    def do_usual(self, which: int, how_far: int) -> None:
        """One of the last offers goes the usual way: rings, is picked up, is bridged, is held."""
        dials = [command for command, _ in self.desk.sent if isinstance(command, Originate)][-3:]
        if not dials:
            self.do_call("sales")
            return
        dial = dials[which % len(dials)]
        if dict(dial.variables).get("fsorch_line"):
            self.use_line(dial, how_far)
            return
        contact = dict(dial.variables)["fsorch_contact"]
        began = [fact.leg for fact in self.desk.of(FactKind.CONTACT_BEGAN) if fact.contact == contact]
        self.desk.rings(dial.uuid)
        if how_far > 1:
            self.desk.picks_up(dial.uuid, dial.job_uuid)
        if how_far > 2:
            self.desk.bridge(began[0], dial.uuid)
        if how_far > 3:
            self.desk.event("CHANNEL_HOLD", dial.uuid)

    def use_line(self, dial: Originate, how_far: int) -> None:
        """The standing call comes up, is bridged as asked, is parked again."""
        if how_far < 3:
            self.desk.rings(dial.uuid)
            self.desk.picks_up(dial.uuid, dial.job_uuid)
        elif how_far == 3:
            for a, b in [(c.a, c.b) for c, _ in self.desk.sent if isinstance(c, Bridge) and c.b == dial.uuid][-1:]:
                self.desk.bridge(a, b)
        else:
            self.desk.event("CHANNEL_PARK", dial.uuid)

    def do_end(self, which: int) -> None:
        legs = self.legs()
        if legs:
            self.desk.ends(legs[which % len(legs)])

    def do_job(self, which: int, body: str) -> None:
        jobs = [command.job_uuid for command, _ in self.desk.sent if isinstance(command, Originate)] or ["none"]
        self.desk.event("BACKGROUND_JOB", job_uuid=jobs[which % len(jobs)], body=body)

    def tags(self) -> list[str]:
        return [tag for _, tag in self.desk.sent if tag] or ["odd"]

    def do_reply(self, which: int, text: str) -> None:
        tags = self.tags()
        self.desk.tell(CommandDone("main", tags[which % len(tags)], Reply(not text.startswith("-"), text, "api")))

    def do_lost(self, which: int) -> None:
        tags = self.tags()
        self.desk.tell(CommandLost("main", tags[which % len(tags)], "deadline"))

    def do_person(self, agent: str, which: int) -> None:
        before = self.desk.engine.snapshot().agents
        try:
            self.desk.tell(request(agent, which))
        except (RequestRefused, NotFound):
            assert self.desk.engine.snapshot().agents == before

    def do_hand(self, which: int, how_far: int) -> None:
        """Somebody who talks begins a transfer, which goes ``how_far`` the usual way."""
        view = self.desk.engine.snapshot()
        talking = [agent.id for agent in view.agents if agent.state == "talking"]
        if not talking:
            self.do_usual(0, 3)
            return
        self.do_person("rob" if talking[0] == "ann" else "ann", 0)
        self.do_person(talking[0], which)
        if how_far > 0:
            self.do_usual(2, how_far)
            self.do_joined(2)

    def do_steer(self, which: int, how: int) -> None:
        # What is due comes before the request, whether it is refused or not.
        self.desk.passes(0.0)
        contacts = self.desk.engine.snapshot().contacts
        if contacts:
            try:
                self.desk.tell(steering(contacts[which % len(contacts)].id, how))
            except (RequestRefused, NotFound):
                assert self.desk.engine.snapshot().contacts == contacts

    def do_joined(self, which: int) -> None:
        """One of the last joinings that were asked for comes about."""
        asked = [command for command, _ in self.desk.sent if isinstance(command, Bridge)][-3:]
        if asked:
            bridge = asked[which % len(asked)]
            self.desk.bridge(bridge.a, bridge.b)

    def do_phone(self, which: int, what: str) -> None:
        """An agent's phone comes and goes, is set to do-not-disturb, or has a call that is not ours."""
        address, leg = f"100{which + 1}@pbx.example", f"own-{which}"
        user, host = address.split("@")
        if what in ("register", "gone"):
            subclass = "sofia::register" if what == "register" else "sofia::expire"
            known = {"from-user": user, "from-host": host, "user": user, "host": host}
            self.desk.tell(SwitchEvent("main", Event(name="CUSTOM", subclass=subclass, known=known)))
            if what == "gone" and isinstance(self.desk.sent[-1][0], SofiaContact):
                self.desk.answer(SofiaContact, "error/user_not_registered")
        elif what in ("quiet", "loud"):
            known = {"proto": "sip", "event_type": "presence", "from": address}
            known["status" if what == "quiet" else "rpid"] = "Do Not Disturb" if what == "quiet" else "unknown"
            self.desk.tell(SwitchEvent("main", Event(name="PRESENCE_IN", known=known)))
        else:
            name = "CHANNEL_CREATE" if what == "busy" else "CHANNEL_HANGUP_COMPLETE"
            self.desk.event(name, leg, {"presence_id": address, "hangup_cause": "NORMAL_CLEARING"}, direction="inbound")

    def do_time(self, seconds: float) -> None:
        self.desk.passes(seconds)

    def do_cut(self) -> None:
        self.desk.tell(LinkDown("main", "cut"))

    def do_back(self, mask: int) -> None:
        alive = [leg for n, leg in enumerate(self.legs()) if mask >> (n % 16) & 1]
        # Sometimes the switch says which phones are there, and one of them is not.
        there = ("1001@pbx.example",) if mask % 3 == 0 else None
        self.desk.tell(LinkUp("main", "core-1", tuple(self.channel(leg) for leg in alive), registrations=there))

    def do_restart(self, mask: int, late: bool) -> None:
        """We die, and come back to a switch that has some of the legs; the records may answer late."""
        desk = self.desk
        # A channel that hangs up is not found any more (switch_core_session_locate).
        over = {fact.leg for kind in (FactKind.LEG_ENDED, FactKind.CALL_HUNG_UP) for fact in desk.of(kind)}
        pairs: dict[str, str] = {}
        for contact in desk.engine._core.contacts.values():
            if contact.machine.state is ContactState.TALKING and contact.agent_leg:
                pairs |= {contact.leg: contact.agent_leg, contact.agent_leg: contact.leg}
        legs = self.legs()
        alive = [leg for n, leg in enumerate(legs) if leg not in over and mask >> (n % 16) & 1]
        self.dead |= set(legs) - set(alive)
        picked_up = {leg.uuid for leg in desk.engine._core.legs.values() if leg.answered}
        channels = tuple(self.marked(leg, pairs.get(leg, ""), leg in picked_up) for leg in alive)
        told = recalled(desk.facts)
        desk.begin(self.centre)
        desk.tell(structs.replace(told, contacts=(), legs=()) if late else told)
        desk.tell(LinkUp("main", "core-1", channels))
        if late:
            desk.tell(recalled(desk.facts, late=True))

    def marked(self, leg: str, other: str, picked_up: bool) -> Event:
        """A channel with all that we have told the switch to write on it."""
        known = {"fsorch_entry": "yes"} if leg.startswith("caller-") else {}
        for command, _ in self.desk.sent:
            if isinstance(command, SetVars) and command.uuid == leg:
                known |= dict(command.pairs)
            elif isinstance(command, Originate) and command.uuid == leg:
                known |= dict(command.variables)
        fields = {f"variable_{name}": value for name, value in known.items() if value}
        direction = "inbound" if leg.startswith("caller-") else "outbound"
        state = "answered" if other or leg.startswith("caller-") or hash(leg) % 2 else "ringing"
        return structs.replace(
            self.channel(leg), known=fields, direction=direction, answer_state=state, other_leg=other
        )

    def channel(self, leg: str) -> Event:
        return Event(name="CHANNEL_DATA", uuid=leg, answer_state="answered", direction="inbound", known={})

    def do_configure(self, without: bool) -> None:
        self.desk.tell(Configure(Centre(name="less") if without else self.centre))

    def a_contact(self, which: int) -> Contact | None:
        contacts = list(self.desk.engine._core.contacts.values())
        return contacts[which % len(contacts)] if contacts else None

    def do_history(self, which: int) -> None:
        """The records have known a caller, early or late."""
        contact = self.a_contact(which)
        met = (Encounter(agent="rob" if which % 2 else "ann", at_us=self.desk.clock.now().wall, talked_s=99),)
        self.desk.tell(History(contact.id if contact else "gone", met))

    def do_later(self, which: int, message: bool) -> None:
        """A caller is offered to be called back, or asked for a message."""
        contact = self.a_contact(which)
        if contact is None or not contact.leg:
            return
        if not message:
            self.desk.engine._calls.callbacks.request(contact)
        elif contact.machine.allows(ContactInput.STEP_OUT):
            self.desk.engine._calls.voicemail.take(contact)
        self.desk.passes(0)

    def do_says(self, which: int, keys: str) -> None:
        """What runs on a caller's leg ends, with keys."""
        contact = self.a_contact(which)
        if contact is None or not contact.leg:
            return
        question = contact.question
        running = question.running if question is not None else contact.running
        said = {question.variable: keys} if question is not None else {"record_ms": "5000" if which % 2 else ""}
        self.desk.event("CHANNEL_EXECUTE_COMPLETE", contact.leg, said, application_uuid=running)

    # -- what must hold ---------------------------------------------------------------------------------------------

    def check(self) -> None:
        view = self.desk.engine.snapshot()
        busy = [agent for agent in view.agents if agent.contact is not None]
        held = {agent.contact.id for agent in busy if agent.contact}
        talks = Counter(agent.contact.id for agent in busy if agent.contact and agent.state == "talking")
        moving = {c.id for c in view.contacts if c.transfer or c.parties}
        assert all(count == 1 or id in moving for id, count in talks.items()), "one contact, two agents"
        assert all(count <= 2 for count in talks.values()), "one contact, three agents"
        for agent in view.agents:
            assert (agent.state in ("reserved", "ringing", "talking")) is (agent.contact is not None), agent
        engaged = {c.id for c in view.contacts if c.state == "offered"}
        assert engaged <= held, "offered to nobody"
        idle = [agent for agent in view.agents if agent.status == "available" and agent.state == "idle"]
        free = {agent.id: agent for agent in idle if not agent.unready}
        delayed = self.desk.engine.next_deadline() is not None
        waiting = {c.queue for c in view.contacts if c.state == "waiting"}
        if view.switches[0].up and not delayed:
            assert not [a for a in free.values() if waiting & set(a.queues)], "waits while a match idles"
        self.check_distributor()
        self.check_muted()
        for kind in (FactKind.CONTACT_ENDED, FactKind.LEG_ENDED, FactKind.SEGMENT_ENDED):
            ids = Counter(fact.data["row"]["id"] for fact in self.desk.of(kind))
            assert all(count == 1 for count in ids.values()), f"{kind} twice"

    def check_muted(self) -> None:
        """A phone that stays on the line is not muted any longer than its call."""
        muted = {one.uuid: one.on for one, _ in self.desk.sent if isinstance(one, Mute)}
        for person in self.desk.engine._core.people.values():
            if person.line_leg and not person.contact:
                assert not muted.get(person.line_leg), f"{person.spec.id} is not heard by the next caller"

    def check_distributor(self) -> None:
        """Who waits stands in line, who is free is among the idle, and looking at all of them anew finds nothing."""
        engine = self.desk.engine
        core, people = engine._core, engine._people
        line, now = core.distributor, core.now.mono
        standing = {id for id, contact in core.contacts.items() if contact.machine.state is ContactState.WAITING}
        for id, contact in core.contacts.items():
            assert line.need(id) is (contact.need if id in standing else None), "waits in no line"
        assert {id for queue in core.queues for id in line.waiting(queue)} == standing, "a ghost in the line"
        for id, person in core.people.items():
            rested = person.not_before <= now and not people.leaves(person)
            free = person.agent.free and not person.gone and rested and not person.unready
            worker = line._workers.get(id)
            assert (worker is not None and worker.work is not None) is free, f"{id} idles and is not offered anything"
        line.look_again()
        assert not line.match(now, engine._offers._reachable), "waits while a match idles"

    def finish(self) -> None:
        """Everybody goes home and every leg ends; then everything must be accounted for."""
        for agent in ("ann", "rob"):
            self.do_person(agent, 2)
        self.desk.tell(LinkUp("main", "core-1", tuple(self.channel(leg) for leg in self.legs())))
        for _ in range(3):
            for leg in self.legs():
                self.desk.ends(leg)
            self.desk.passes(400)
            self.check()
        view = self.desk.engine.snapshot()
        # Without an agent who takes them, messages and promised callbacks wait on; nobody is on the line for them.
        owed = {contact.id for contact in view.contacts}
        for contact in view.contacts:
            assert contact.state in ("waiting", "offered"), contact
            assert contact.medium == "voicemail" or contact.callback in ("waiting", "resting", "calling"), contact
        assert view.switches[0].legs == 0
        busy = {agent.state for agent in view.agents if not agent.contact or agent.contact.id not in owed}
        assert busy <= {"idle"}
        began = {fact.contact for fact in self.desk.of(FactKind.CONTACT_BEGAN)}
        ended = {fact.data["row"]["id"] for fact in self.desk.of(FactKind.CONTACT_ENDED)}
        assert began == ended | owed
        assert not ended & owed


# The phone that rang for a caller who has gone is called off after a restart; its end comes later than the records.
@example(Strategy.LONGEST_IDLE, False, [("restart", 2, True), ("end", 0)])
@example(Strategy.LONGEST_IDLE, False, [("restart", 2, True), ("leg", "CHANNEL_PARK", 0, 0, "NORMAL_CLEARING")])
# A phone that could not be called, they say, parks all the same, and at the door of callers.
@example(
    Strategy.LONGEST_IDLE,
    True,
    [("end", 0), ("job", 1, "-ERR NO_ANSWER\n"), ("leg", "CHANNEL_PARK", 2, 0, "NORMAL_CLEARING")],
)
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(Strategy)), st.booleans(), st.lists(HAPPENINGS, max_size=60))
def test_nothing_is_double_nothing_is_lost_and_nobody_is_stuck(
    strategy: Strategy, nailed: bool, story: list[tuple[object, ...]]
) -> None:
    storm = Storm(strategy, nailed)
    storm.desk.log_in("ann", "rob")
    storm.happen("call", "sales")
    for verb, *rest in story:
        storm.happen(str(verb), *rest)
    storm.do_configure(False)
    storm.finish()
