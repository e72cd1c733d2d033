"""Campaigns in foul weather: events late and twice, agents who leave, links that are cut, an engine that dies.

Whatever happens: no lead is in two calls, every attempt has one outcome, nobody is dropped without the message, and in
the end every lead, line and agent is accounted for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import convert, structs

from fsorch.campaigns import (
    AmdSpec,
    AttemptRow,
    CampaignState,
    Disposition,
    DropSpec,
    Lead,
    MachineAction,
    Mode,
)
from fsorch.engine import LinkUp
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import (
    CampaignsAre,
    DialPreview,
    Dispose,
    HangUp,
    Input,
    LinkDown,
    LogIn,
    LogOut,
    OpenAttempt,
    Recall,
    SetStatus,
    SkipPreview,
)
from fsorch.errors import FsorchError
from fsorch.esl.commands import Bridge, Execute, Kill, Originate, Park, PlayAndGetDigits, Playback, SetVars
from fsorch.esl.events import Event
from tests.engine.dialroom import CAMPAIGN, Room, centre

AGENTS = ("a0", "a1", "a2")
CAUSES = ("USER_BUSY", "NO_ANSWER", "CALL_REJECTED", "UNALLOCATED_NUMBER", "NORMAL_TEMPORARY_FAILURE", "")
MODES = (Mode.PROGRESSIVE, Mode.POWER, Mode.PREDICTIVE, Mode.PREVIEW)


@dataclass
class Wire:
    """A leg as the switch has it."""

    order: Originate
    answered: bool = False
    rang: bool = False
    peer: str = ""
    marks: dict[str, str] = field(default_factory=dict)


class Storm:
    """A room, and a switch that knows its own legs."""

    def __init__(self, mode: Mode, *, amd: AmdSpec | None, nailed: bool) -> None:
        spec = structs.replace(
            CAMPAIGN,
            mode=mode,
            ratio=2.0,
            drop=DropSpec(number="+493099"),
            amd=amd,
            machine_action=MachineAction.MESSAGE if amd else MachineAction.HANGUP,
            machine_prompt="drop_message" if amd else "",
            dispositions=(Disposition(id="sold"), Disposition(id="mailbox", machine=True)),
        )
        self.centre = centre(spec, agents=len(AGENTS), nailed=nailed)
        self.room = Room(self.centre, leads=400)
        self.legs: dict[str, Wire] = {}
        self.calls: dict[str, str] = {}
        self.seen = 0
        self.inbound = 0
        self.up = True
        self.given: dict[str, Lead] = {}
        self.tell(CampaignsAre({"spring": CampaignState.RUNNING}))

    # -- the switch -----------------------------------------------------------------------------------------------

    def tell(self, input: Input) -> None:
        try:
            self.room.tell(input)
        except FsorchError:
            pass  # a request that is not legal now
        self.obey()

    def event(self, name: str, uuid: str = "", variables: dict[str, str] | None = None, **more: Any) -> None:
        if self.up:
            self.room.event(name, uuid, variables, **more)
            self.obey()

    def passes(self, seconds: float) -> None:
        self.room.passes(seconds)
        self.obey()

    def obey(self) -> None:
        """What was sent since the last look; a cut link carries nothing."""
        new, self.seen = self.room.sent[self.seen :], len(self.room.sent)
        for command, _ in new if self.up else ():
            if isinstance(command, Originate):
                self.legs[command.uuid] = Wire(command)
            elif isinstance(command, Kill) and command.uuid in self.legs:
                self.end(command.uuid, command.cause)
            elif isinstance(command, Bridge) and {command.a, command.b} <= set(self.legs):
                self.legs[command.a].peer, self.legs[command.b].peer = command.b, command.a
                self.event("CHANNEL_BRIDGE", command.a, bridge_a=command.a, bridge_b=command.b)
            elif isinstance(command, Park) and command.uuid in self.legs:
                self.part(command.uuid)

    def part(self, uuid: str) -> None:
        peer = self.legs[uuid].peer
        self.legs[uuid].peer = ""
        if peer in self.legs:
            self.legs[peer].peer = ""
            if self.standing(peer):
                self.event("CHANNEL_PARK", peer)
            else:
                self.end(peer, "NORMAL_CLEARING")

    def standing(self, uuid: str) -> bool:
        return ("fsorch_line", "yes") in dict_items(self.legs[uuid].order)

    def end(self, uuid: str, cause: str) -> None:
        wire = self.legs.pop(uuid)
        self.event("CHANNEL_HANGUP", uuid, hangup_cause=cause)
        self.event("CHANNEL_HANGUP_COMPLETE", uuid, {"hangup_cause": cause}, hangup_cause=cause)
        if not wire.answered:
            self.event("BACKGROUND_JOB", job_uuid=wire.order.job_uuid, body=f"-ERR {cause or 'NORMAL_CLEARING'}\n")
        if wire.peer in self.legs:
            self.legs[wire.peer].peer = ""
            if self.standing(wire.peer):
                self.event("CHANNEL_PARK", wire.peer)
            else:
                self.end(wire.peer, "NORMAL_CLEARING")

    def a_leg(self, which: int, role: str) -> str:
        mine = [uuid for uuid, wire in self.legs.items() if dict(dict_items(wire.order))["fsorch_role"] == role]
        return mine[which % len(mine)] if mine else ""

    # -- what happens ---------------------------------------------------------------------------------------------

    def do_rings(self, which: int, role: str) -> None:
        if uuid := self.a_leg(which, role):
            self.legs[uuid].rang = True
            self.event("CHANNEL_CREATE", uuid)
            self.event("CHANNEL_PROGRESS", uuid)

    def do_answers(self, which: int, role: str, twice: bool) -> None:
        uuid = self.a_leg(which, role)
        if not uuid or self.legs[uuid].answered:
            return
        wire = self.legs[uuid]
        wire.answered = True
        for _ in range(1 + twice):
            self.event("CHANNEL_ANSWER", uuid, answer_state="answered")
            self.event("BACKGROUND_JOB", job_uuid=wire.order.job_uuid, body=f"+OK {uuid}\n")
            self.event("CHANNEL_PARK", uuid)

    def do_ends(self, which: int, role: str, cause: str) -> None:
        if uuid := self.a_leg(which, role):
            self.end(uuid, cause or "NORMAL_CLEARING")

    def do_echo(self, which: int, name: str) -> None:
        """An event of a leg that may be long gone."""
        rows = self.room.started()
        if rows:
            leg = rows[which % len(rows)].leg
            if name == "CHANNEL_HANGUP" and leg in self.legs:
                return  # no switch says that before it is so
            self.event(name, leg, hangup_cause="NORMAL_CLEARING", subclass="avmd::beep")

    def do_beep(self, which: int) -> None:
        uuid = self.a_leg(which, "customer")
        if uuid and self.legs[uuid].answered:
            self.event("CUSTOM", uuid, subclass="avmd::beep")

    def do_ear(self, which: int, found: bool, at: float) -> None:
        """What listens to a called party has heard, or not heard, what it waits for; ``at``: so long after the
        answer, by the clock of the switch."""
        asked = [one for one, _ in self.room.sent if isinstance(one, Execute) and one.app in EARS]
        mine = [one for one in asked if one.uuid in self.legs]
        if mine:
            one = mine[-1 - which % len(mine)]
            said = {f"{one.app}_timeout": "false" if found else "true"}
            stamp = self.room.clock.now().wall + round(at * 1_000_000)
            ears = {"application": one.app, "application_uuid": one.event_uuid, "timestamp": stamp}
            self.event("CHANNEL_EXECUTE_COMPLETE", one.uuid, said, **ears)

    def do_talks_on(self, which: int) -> None:
        """A greeting that does not end."""
        for n in range(12):
            self.do_ear(which, True, 0.4 + 0.4 * n)

    def do_heard(self, which: int, key: str) -> None:
        """What plays to a called party is over."""
        asked = [one for one, _ in self.room.sent if isinstance(one, PlayAndGetDigits | Playback)]
        mine = [one for one in asked if one.uuid in self.legs]
        if mine:
            one = mine[which % len(mine)]
            said = {one.variable: key} if isinstance(one, PlayAndGetDigits) else {}
            self.event("CHANNEL_EXECUTE_COMPLETE", one.uuid, said, application_uuid=one.event_uuid)

    def do_agent(self, which: int, what: str) -> None:
        agent = AGENTS[which % len(AGENTS)]
        asks: dict[str, Input] = {
            "in": LogIn(agent=agent, by="storm"),
            "out": LogOut(agent=agent, by="storm"),
            "break": SetStatus(agent=agent, by="storm", status="break", reason="tea"),
            "back": SetStatus(agent=agent, by="storm", status="available"),
            "dial": DialPreview(agent=agent, by="storm"),
            "skip": SkipPreview(agent=agent, by="storm"),
            "hangup": HangUp(agent=agent, by="storm"),
            "said": Dispose(agent=agent, by="storm", disposition="sold"),
            "mailbox": Dispose(agent=agent, by="storm", disposition="mailbox"),
        }
        self.tell(asks[what])

    def do_caller(self, which: int) -> None:
        if self.up:
            self.inbound += 1
            self.room.call(f"caller-{self.inbound}", "help")
            self.obey()

    def do_passes(self, seconds: float) -> None:
        self.passes(seconds)

    def do_link(self, restarted: bool) -> None:
        """The link is cut and comes back; with ``restarted`` the switch has lost everything."""
        self.up = False
        self.room.tell(LinkDown("main", "storm"))
        self.passes(2)
        if restarted:
            self.legs.clear()
        self.come_back("core-2" if restarted else "core-1")

    def come_back(self, core: str) -> None:
        self.up = True
        self.seen = len(self.room.sent)
        self.tell(LinkUp("main", core, tuple(self.channel(uuid) for uuid in self.legs), "/sounds"))

    def channel(self, uuid: str) -> Event:
        wire = self.legs[uuid]
        marks = dict(dict_items(wire.order))
        for command, _ in self.room.sent:
            if isinstance(command, SetVars) and command.uuid == uuid:
                marks |= dict(command.pairs)
        known = {f"variable_{name}": value for name, value in marks.items() if value}
        state = "answered" if wire.answered else "ringing"
        return Event(name="", uuid=uuid, direction="outbound", answer_state=state, other_leg=wire.peer, known=known)

    def do_death(self) -> None:
        """The engine dies, and the next one has the records and the switch."""
        ended = {row.id for row in self.room.ended()}
        left = [row for row in self.room.started() if row.id not in ended]
        leads = {id: lead for id, lead in self.room.known.items()}
        attempts = tuple(OpenAttempt(row=row, lead=leads.get(row.lead)) for row in left)
        # Of whom an agent had still to say how it was.
        fates = {row["id"]: row for row in self.room.changed()}
        attempts += tuple(
            OpenAttempt(row=row, lead=convert(fates[row.lead], Lead))
            for row in {row.lead: row for row in self.room.ended()}.values()
            if row.lead in fates and fates[row.lead]["state"] == "closing"
        )
        # What was reserved and not dialled the records free.
        self.room.back += [id for id in leads if id not in {row.lead for row in self.room.started()}]
        self.room.begin(self.centre)
        self.seen = len(self.room.sent)
        self.tell(CampaignsAre({"spring": CampaignState.RUNNING}))
        self.tell(Recall(until=self.room.clock.now().wall, attempts=attempts))
        self.come_back("core-1")

    def do_campaign(self, on: bool) -> None:
        self.tell(CampaignsAre({"spring": CampaignState.RUNNING if on else CampaignState.PAUSED}))

    # -- what must hold -------------------------------------------------------------------------------------------

    def check(self) -> None:
        begun = self.room.started()
        over = {row.id: row for row in self.room.ended()}
        assert len({row.id for row in begun}) == len(begun), "an attempt began twice"
        for id, outcomes in outcomes_of(self.room.ended()).items():
            assert len(outcomes) == 1, f"attempt {id} ended as {outcomes}"
        open_leads = Counter(row.lead for row in begun if row.id not in over)
        assert all(count == 1 for count in open_leads.values()), "a lead in two calls"
        dropped = {fact.contact: fact.leg for fact in self.room.of(FactKind.DROPPED)}
        told = {one.uuid for one, _ in self.room.sent if isinstance(one, PlayAndGetDigits)}
        assert set(dropped.values()) <= told, "dropped without a word"
        for row in self.room.ended():
            assert (row.outcome == "drop") <= (row.id in dropped), row
        view = self.room.engine.snapshot()
        for agent in view.agents:
            engaged = agent.contact is not None or (agent.lead is not None and agent.lead.phase == "dialling")
            assert (agent.state in ("reserved", "ringing", "talking")) is engaged or agent.state == "wrap_up", agent
        for kind in (FactKind.CONTACT_ENDED, FactKind.LEG_ENDED):
            ids = Counter(fact.data["row"]["id"] for fact in self.room.of(kind))
            assert all(count == 1 for count in ids.values()), f"{kind} twice"

    def finish(self) -> None:
        """Everybody goes home, every leg ends, and the campaign is paused."""
        self.tell(CampaignsAre({"spring": CampaignState.PAUSED}))
        for agent in AGENTS:
            self.do_agent(AGENTS.index(agent), "out")
        for _ in range(3):
            for uuid in list(self.legs):
                if uuid in self.legs:
                    self.end(uuid, "NORMAL_CLEARING")
            self.passes(40)
        for n in range(1, self.inbound + 1):
            self.room.ends(f"caller-{n}")
        self.passes(400)
        self.check()
        engine = self.room.engine
        assert not engine._dialling.dials.dials
        assert not engine._core.dials
        assert [run.lines for run in engine._dialling.runs.values()] == [0]
        assert engine._dialling.ways.used("carrier") == 0
        assert {row.id for row in self.room.started()} == {row.id for row in self.room.ended()}
        assert not [c for c in engine.snapshot().contacts if c.direction == "outbound"]
        settled = {row["id"] for row in self.room.changed() if row["state"] != "closing"}
        lost = set(self.room.known) - settled - set(self.room.back)
        assert not lost, f"leads nobody has: {lost}"


def dict_items(order: Originate) -> tuple[tuple[str, str], ...]:
    return tuple(order.variables)  # type: ignore[arg-type]


def outcomes_of(rows: list[AttemptRow]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.id, set()).add(row.outcome)
    return found


EARS = ("detect_audio", "detect_silence", "wait_for_silence")
WHICH = st.integers(0, 9)
ROLES = st.sampled_from(("customer", "customer", "agent"))
ACTS = st.one_of(
    st.tuples(st.just("passes"), st.sampled_from((0.05, 0.5, 2.5, 12.0, 45.0))),
    st.tuples(st.just("rings"), WHICH, ROLES),
    st.tuples(st.just("answers"), WHICH, ROLES, st.booleans()),
    st.tuples(st.just("ends"), WHICH, ROLES, st.sampled_from(CAUSES)),
    st.tuples(
        st.just("echo"), WHICH, st.sampled_from(("CHANNEL_PARK", "CHANNEL_HANGUP", "CHANNEL_PROGRESS", "CUSTOM"))
    ),
    st.tuples(st.just("beep"), WHICH),
    st.tuples(st.just("ear"), WHICH, st.booleans(), st.floats(0, 6)),
    st.tuples(st.just("talks_on"), WHICH),
    st.tuples(st.just("heard"), WHICH, st.sampled_from(("", "9", "1"))),
    st.tuples(
        st.just("agent"),
        WHICH,
        st.sampled_from(("in", "in", "out", "break", "back", "dial", "skip", "hangup", "said", "mailbox")),
    ),
    st.tuples(st.just("caller"), WHICH),
    st.tuples(st.just("link"), st.booleans()),
    st.tuples(st.just("death")),
    st.tuples(st.just("campaign"), st.booleans()),
)


@pytest.mark.filterwarnings("error")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    mode=st.sampled_from(MODES),
    amd=st.sampled_from((None, AmdSpec(), AmdSpec(timing=True), AmdSpec(timing=True, beep=False, checked=0.5))),
    nailed=st.sampled_from((True, True, False)),
    story=st.lists(ACTS, min_size=5, max_size=60),
)
def test_no_lead_in_two_calls_no_drop_without_a_word_and_one_outcome_for_each_attempt(
    mode: Mode, amd: AmdSpec | None, nailed: bool, story: list[tuple[Any, ...]]
) -> None:
    storm = Storm(mode, amd=amd, nailed=nailed)
    for agent in range(len(AGENTS)):
        storm.do_agent(agent, "in")
    for line in range(len(AGENTS) if nailed else 0):
        storm.do_answers(line, "agent", False)
    storm.passes(0.2)
    for name, *arguments in story:
        getattr(storm, f"do_{name}")(*arguments)
        storm.check()
    storm.finish()
