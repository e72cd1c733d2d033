"""What pacers are told by the engine: the hour on the campaign's wall, how old what is under way is, what was known."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from fsorch.calendar_rules import CalendarSpec, Weekday
from fsorch.campaign.pacing import PACERS
from fsorch.campaign.pacing_predictive import Predictive
from fsorch.campaign.pacing_rules import Progressive, Tapered
from fsorch.campaigns import CampaignSpec, CampaignState, LevelSpec, Mode
from fsorch.engine import Configure, LinkUp
from fsorch.engine.actions import KeepLearnt
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import CampaignsAre, OpenAttempt, PacingWas, Recall
from fsorch.tenants import TenantSpec
from tests.engine.dialroom import CAMPAIGN, Room, centre, lead
from tests.engine.test_dialling_recall import channel

PREDICTIVE = structs.replace(CAMPAIGN, mode=Mode.PREDICTIVE)


class Spy(Predictive):
    """Remembers what it was told, and which of them were made."""

    made: list[Spy]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.heard: list[tuple[str, object, float]] = []
        # How much it had heard when all that was under way had been told.
        self.told_before = -1
        self.made.append(self)

    def on_launch(self, call_id: Any, now: float, source: str = "") -> None:
        self.heard.append(("launch", call_id, now))
        super().on_launch(call_id, now, source)

    def on_agent(self, agent_id: Any, state: object, now: float) -> None:
        self.heard.append((str(state), agent_id, now))
        super().on_agent(agent_id, state, now)

    def caught_up(self) -> None:
        self.told_before = len(self.heard)
        super().caught_up()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Spy]:
    Spy.made = []
    monkeypatch.setitem(PACERS, "predictive", Spy)
    return Spy.made


def room_of(spec: CampaignSpec, agents: int = 2, **more: Any) -> Room:
    room = Room(centre(spec, agents=agents, **more))
    room.at_work(*(f"a{n}" for n in range(agents)))
    room.run()
    return room


def hour_of(spy: Spy) -> int:
    spy.see(spy.heard[-1][2])
    return spy.hour


@pytest.mark.parametrize("zone", ["", "Asia/Shanghai", "America/New_York"])
def test_the_hour_is_that_of_the_campaigns_calendar(zone: str, made: list[Spy]) -> None:
    everyday: dict[Weekday, tuple[str, ...]] = dict.fromkeys(Weekday, ("00:00-24:00",))
    calendars = (CalendarSpec(id="here", zone=zone, hours=everyday),) if zone else ()
    spec = structs.replace(PREDICTIVE, calendar="here" if zone else "")
    room = room_of(spec, calendars=calendars)
    room.passes(30)
    shown = datetime.fromtimestamp(room.clock.now().wall / 1e6, ZoneInfo(zone or "UTC"))
    room.tell(Configure(centre(structs.replace(spec, target=0.02), calendars=calendars)))
    room.passes(0.2)
    assert hour_of(made[-1]) == shown.hour
    # Seconds are counted evenly all the while, from the first pacer to the last.
    assert made[-1].heard[-1][2] - made[0].heard[0][2] == pytest.approx(31, abs=2)


def test_the_shift_is_that_of_the_day_where_the_tenant_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shifts: list[object] = []

    class Shifted(Tapered):
        """Remembers its shift."""

        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            shifts.append(self.shift)

    monkeypatch.setitem(PACERS, "tapered", Shifted)
    calendar = CalendarSpec(id="day", hours={Weekday.SAT: ("01:00-14:00",), Weekday.FRI: ("09:00-17:00",)})
    spec = structs.replace(PREDICTIVE, pacer="tapered", calendar="day", tenant="kiribati")
    tenants = (TenantSpec(id="kiribati", zone="Pacific/Kiritimati"),)
    room = Room(centre(spec, agents=1, calendars=(calendar,), tenants=tenants))
    # Friday noon at Greenwich is Saturday, two in the morning, fourteen hours further east.
    room.clock.advance(datetime(2027, 1, 15, 12, tzinfo=UTC).timestamp() - room.clock.now().wall / 1e6)
    room.at_work("a0")
    room.run()
    assert shifts == [(3_600.0, 14 * 3_600.0)]


@pytest.mark.parametrize(
    ("name", "more"), [("level", {}), ("average", {}), ("tapered", {"loose": 1.5, "strict": 0.9, "shift": None})]
)
def test_how_a_level_moves_is_said_by_the_campaign(
    name: str, more: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, Any]] = []

    class Told(Progressive):
        """Remembers what it was made with."""

        def __init__(self, *, target: float, tolerance_s: float, **options: Any) -> None:
            super().__init__(target=target, tolerance_s=tolerance_s)
            made.append(options)

    monkeypatch.setitem(PACERS, name, Told)
    spec = structs.replace(PREDICTIVE, pacer=name, level=LevelSpec(every_s=30, step=0.5, loose=1.5, strict=0.9))
    room = room_of(spec)
    room.tell(Configure(centre(structs.replace(spec, level=LevelSpec(every_s=60)))))
    room.passes(0.2)
    first, second = made
    assert first == {"every_s": 30, "step": 0.5, "highest": 6.0} | more
    assert second["every_s"] == 60


def test_a_night_in_which_the_clocks_are_changed_is_followed(made: list[Spy]) -> None:
    calendars = (CalendarSpec(id="here", zone="Europe/Berlin", hours=dict.fromkeys(Weekday, ("00:00-24:00",))),)
    room = Room(centre(structs.replace(PREDICTIVE, calendar="here"), calendars=calendars))
    before = datetime(2027, 3, 28, 1, 59, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    room.clock.advance(before.timestamp() - room.clock.now().wall / 1e6)
    room.at_work("a0")
    room.run()
    assert hour_of(made[0]) == 1
    room.passes(60)
    room.fails(room.calls()[0], "USER_BUSY")
    room.passes(1)
    assert hour_of(made[0]) == 3


def test_what_rings_keeps_its_age_when_the_campaign_is_edited(made: list[Spy]) -> None:
    room = room_of(PREDICTIVE)
    began = room.clock.now().mono
    assert len(room.calls()) >= 1
    room.answers(room.calls()[0])
    talking = room.clock.now().mono
    room.event("CHANNEL_BRIDGE", room.calls()[0].uuid, bridge_a=room.calls()[0].uuid, bridge_b="x")
    room.passes(12)
    ringing = list(made[0]._rings)
    assert ringing
    room.tell(Configure(centre(structs.replace(PREDICTIVE, target=0.02))))
    room.passes(0.2)
    old, new = made
    launches = {id: at for what, id, at in new.heard if what == "launch" and id in ringing}
    assert launches == {id: at for what, id, at in old.heard if what == "launch" and id in ringing}
    assert [at for _, _, at in new.heard] == sorted(at for _, _, at in new.heard)
    assert new.heard[-1][2] - min(launches.values()) >= 12
    assert talking > began


def learn(room: Room, calls: int) -> None:
    """Calls that nobody answers, a few seconds each."""
    for _ in range(calls):
        room.fails(room.calls()[-1], "USER_BUSY")
        room.passes(1)


def test_what_was_learned_is_kept_and_taken_up_after_a_restart(made: list[Spy]) -> None:
    room = room_of(PREDICTIVE, agents=1)
    learn(room, 70)
    kept = [one.learnt for one in room.wanted if isinstance(one, KeepLearnt)]
    assert kept
    assert sum(kept[-1].other) > 30
    rate = made[0].answer_rate()
    assert rate < 0.2
    room.pause()
    last = [one.learnt for one in room.wanted if isinstance(one, KeepLearnt)][-1]
    assert last.rates["cold"].lives / last.rates["cold"].weight == pytest.approx(made[0].answer_rate("cold"), rel=0.2)
    room.begin(centre(PREDICTIVE, agents=1))
    room.tell(PacingWas({"spring": last, "gone": last}))
    room.up()
    room.at_work("a0")
    room.run()
    assert made[-1] is not made[0]
    assert made[-1].answer_rate() == pytest.approx(made[0].answer_rate(), rel=0.2)
    # It need not begin with a line for each free agent again.
    assert made[-1]._knows()


def test_a_call_found_ringing_after_a_restart_has_its_age(made: list[Spy]) -> None:
    room = room_of(PREDICTIVE, agents=1)
    (call,) = room.calls()
    room.event("CHANNEL_CREATE", call.uuid)
    room.event("CHANNEL_PROGRESS", call.uuid)
    (row,) = room.started()
    room.clock.advance(14)
    room.begin(centre(PREDICTIVE, agents=1))
    room.tell(Recall(until=room.clock.now().wall, attempts=(OpenAttempt(row=row, lead=lead(1)),)))
    room.tell(LinkUp("main", "core-1", (channel(call, "ringing"),), "/sounds"))
    room.tell(CampaignsAre({"spring": CampaignState.RUNNING}))
    room.at_work("a0")
    room.passes(0.2)
    [at] = [at for what, id, at in made[-1].heard if (what, id) == ("launch", row.id)]
    assert made[-1].heard[-1][2] - at >= 14
    # What it is told of the past says nothing of how many answer: only what comes after it counts.
    assert made[-1].heard.index(("launch", row.id, at)) < made[-1].told_before <= len(made[-1].heard)
    [ring] = made[-1]._rings.values()
    assert made[-1].time - ring.since == pytest.approx(15, abs=1)


class Liar(Progressive):
    """Works until it is told to lie. ``wants``: what it says then."""

    wants: list[Any]

    def due(self, now: float) -> Any:
        if not self.wants:
            return super().due(now)
        wanted = self.wants[0]
        if isinstance(wanted, Exception):
            raise wanted
        return wanted


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    Liar.wants = []
    monkeypatch.setitem(PACERS, "liar", Liar)
    return Liar.wants


@pytest.mark.parametrize("lie", [-3, math.nan, 10**9, None, ZeroDivisionError("by nought")])
def test_a_pacer_that_fails_or_lies_leaves_a_line_for_each_free_agent_and_is_told_of(
    lie: object, liar: list[Any]
) -> None:
    room = room_of(structs.replace(PREDICTIVE, pacer="liar"))
    assert len(room.calls()) == 2
    liar.append(lie)
    room.fails(room.calls()[0], "USER_BUSY")
    room.passes(1)
    # The other still rings: it is counted by the pacer that came instead.
    assert len(room.calls()) == 3
    (view,) = room.engine.snapshot().campaigns
    assert view.pacing.startswith("its pacer liar is put aside (due")
    assert view.pacing.endswith("one line for each free agent")
    told = [fact.data["pacing"] for fact in room.of(FactKind.CAMPAIGN_CHANGED) if "pacing" in fact.data]
    assert told == [view.pacing]


def test_a_pacer_that_was_put_aside_has_its_chance_again_when_its_campaign_is_edited(liar: list[Any]) -> None:
    spec = structs.replace(PREDICTIVE, pacer="liar")
    room = room_of(spec)
    liar.append(-1)
    room.passes(1)
    assert room.engine.snapshot().campaigns[0].pacing
    liar.clear()
    room.tell(Configure(centre(structs.replace(spec, target=0.02))))
    room.passes(1)
    assert room.engine.snapshot().campaigns[0].pacing == ""


def test_a_pacer_that_nobody_has_leaves_a_line_for_each_free_agent() -> None:
    room = room_of(structs.replace(PREDICTIVE, pacer="predictiv"))
    assert len(room.calls()) == 2
    words = "its pacer predictiv is put aside (being made failed with ConfigError: no pacer is called 'predictiv'"
    assert room.engine.snapshot().campaigns[0].pacing.startswith(words)


def test_who_waits_for_an_agent_is_told_to_a_new_pacer(made: list[Spy]) -> None:
    room = room_of(PREDICTIVE, agents=1)
    (call,) = room.calls()
    room.answers(call)
    offered = room.calls()
    # Their agent is taken by somebody who rings, in the same moment.
    told = centre(structs.replace(PREDICTIVE, target=0.02), agents=1)
    room.tell(Configure(told))
    room.passes(0.2)
    heard = [(what, id) for what, id, _ in made[-1].heard]
    assert heard.index(("launch", room.started()[0].id)) < heard.index(("reserved", "a0"))
    assert made[-1].lives == 1
    assert offered == room.calls()


def test_a_person_without_an_agent_is_counted_by_the_pacer_that_follows(made: list[Spy]) -> None:
    room = room_of(PREDICTIVE, agents=2)
    room.passes(2)
    assert len(room.calls()) == 2
    for call in room.calls():
        room.event("CHANNEL_CREATE", call.uuid)
        room.event("CHANNEL_PROGRESS", call.uuid)
    # Both agents go to callers, who come first.
    room.call("c1", "help")
    room.call("c2", "help")
    call = room.calls()[0]
    room.passes(3)
    room.answers(call, rang=False)
    assert room.engine.snapshot().campaigns[0].waiting == 1
    room.tell(Configure(centre(structs.replace(PREDICTIVE, target=0.02))))
    room.passes(0.1)
    assert made[-1].waiting == 1
    assert made[-1].ringing == 1
    room.passes(5)
    assert room.of(FactKind.DROPPED)
    assert made[-1].drops == 1
