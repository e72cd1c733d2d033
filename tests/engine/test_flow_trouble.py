"""Callers in flows, disturbed in every way, and always with an end that serves them."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.engine import Configure, FactKind, LinkDown, LinkUp
from fsorch.engine.inputs import History, LeftFlow, Recall
from fsorch.esl.commands import Break, Command, Execute, Kill, PlayAndGetDigits, Playback
from fsorch.esl.events import Event
from fsorch.flows import FlowRelease
from fsorch.ivr.steps import HttpAnswer, Rows
from tests.engine.callers import Caller
from tests.engine.desk import Desk
from tests.engine.flow_desk import BYE, PIN, asking, at, centre, flow, in_shop, whole_story
from tests.engine.records import recalled

# -- disturbances ---------------------------------------------------------------------------------------------------


def test_nobody_presses_anything() -> None:
    _, caller = in_shop()
    for _ in range(3):
        assert caller.hears == ["shop.main"]
        caller.says_nothing()
    assert (caller.state, caller.contact.queue, caller.contact.priority) == ("waiting", "sales", 5)


def test_wrong_keys_lead_to_a_person() -> None:
    _, caller = in_shop()
    for _ in range(3):
        caller.key("9")
    assert (caller.state, caller.contact.queue) == ("waiting", "reception")
    assert not caller.contact.answers


def test_two_hundred_digits_are_one_answer() -> None:
    desk, caller = in_shop()
    caller.key("1")
    caller.key("12345678" * 25)
    assert caller.hears[0] == "shop.right.1"
    assert len([name for name in caller.hears if name.startswith("say_")]) == 8
    caller.key("1")
    assert caller.contact.answers[-1].digits == "12345678"


THREE = flow(
    first={"kind": "say", "prompt": "welcome", "next": "one"},
    one={"kind": "menu", "prompt": "main", "options": {"1": "two"}},
    two={"kind": "menu", "prompt": "main", "options": {"2": "number"}},
    number={"kind": "collect", "prompt": "account", "into": "account", "max": 6, "next": "bye"},
    bye=BYE,
)


def test_keys_between_two_prompts_are_not_lost() -> None:
    """A channel that is parked reads them for nobody; what it says of them is all that is left."""
    desk, caller = at(THREE)
    caller.is_read("1")
    caller.key("1")
    caller.is_read("23")
    caller.is_read("4")
    caller.key("4")
    assert [fact.data["digits"] for fact in desk.of(FactKind.ANSWER_KEYED)] == ["1", "2"]
    assert caller.asks.max == 4, "two of its keys are there"
    caller.is_read("5")
    caller.is_read("67#")
    caller.key("67")
    assert caller.contact.answers[-1].digits == "34567"


def test_a_key_that_nobody_waited_for_counts_when_nothing_follows() -> None:
    desk, caller = at(THREE)
    caller.hears_out()
    caller.is_read("1")
    caller.says_nothing()
    assert caller.nodes[-1] == "two"


def test_keys_before_a_question_that_was_wrong_do_not_answer_it_again() -> None:
    desk, caller = at(THREE)
    caller.hears_out()
    caller.is_read("9")
    caller.key("9")
    assert caller.hears == ["invalid", "tried.main"]
    caller.is_read("1")
    caller.says_nothing()
    assert caller.nodes[-1] == "one", "who keys on after a wrong key does not answer"


def test_where_a_pin_may_be_keyed_the_switch_tells_no_key_and_writes_none_down() -> None:
    desk, caller = in_shop()
    assert caller.marks["sensitive_dtmf"] == "true"
    caller.key("0")
    assert caller.state == "waiting"
    assert caller.marks["sensitive_dtmf"] == "", "who waits may press keys"
    _, other = at(THREE)
    assert "sensitive_dtmf" not in other.marks


def test_what_is_no_key_is_none() -> None:
    desk, caller = in_shop()
    caller.key("x\n\u0661${hostname}")
    assert caller.hears == ["shop.main"]
    assert caller.told("silent") == [""]


def test_a_missing_sound_asks_anyway() -> None:
    desk, caller = at(
        flow(
            first={"kind": "say", "prompt": "welcome", "next": "menu"},
            menu={"kind": "menu", "prompt": "main", "options": {"1": "bye"}},
            bye=BYE,
        )
    )
    caller.lost_sound()
    assert caller.hears == ["tried.main"]
    caller.lost_sound()
    caller.lost_sound()
    caller.lost_sound()
    assert (caller.state, caller.contact.queue) == ("waiting", "reception")


def test_a_flow_that_calls_itself_is_left_for_a_person() -> None:
    again = flow(first={"kind": "flow", "flow": "tried", "next": "bye"}, bye=BYE)
    _, caller = at(again)
    assert (caller.state, caller.contact.queue) == ("waiting", "reception")
    loop = flow(
        first={"kind": "set", "values": {"a": 1}, "next": "second"},
        second={"kind": "tag", "tags": ["x"], "next": "first"},
    )
    _, caller = at(loop)
    assert (caller.state, caller.told("trouble")) == ("waiting", ["the flow goes in circles"])


def test_a_prompt_longer_than_an_hour_is_ended_for_a_person() -> None:
    desk, caller = at(flow(first={"kind": "say", "prompt": "welcome", "next": "bye"}, bye=BYE))
    plays = caller.running
    desk.passes(3600.0)
    assert caller.state != "flow"
    assert caller.state == "waiting" or caller.hears == ["tried.bye"]
    after = caller.commands[caller.commands.index(plays) :]
    assert Break in [type(command) for command in after], "or what follows would play inside it"


def test_who_stays_too_long_goes_to_a_person() -> None:
    desk, caller = at(flow(first={"kind": "menu", "prompt": "main", "options": {"1": "first"}}, more={"max_s": 30}))
    for _ in range(10):
        desk.passes(4.0)
        if caller.state == "flow":
            caller.key("1")
    assert (caller.state, caller.contact.queue) == ("waiting", "reception")


def test_without_a_person_trouble_is_spoken_and_ends() -> None:
    desk, caller = at(flow(first={"kind": "menu", "prompt": "main", "options": {"1": "first"}, "tries": 1}, person=""))
    caller.says_nothing()
    assert caller.hears == ["call_again"]
    caller.hears_out()
    assert desk.last(Kill).uuid == "caller"


NODES: dict[str, list[str]] = {
    "saying": [],
    "menu": [""],
    "collect": ["", "1"],
    "confirm": ["", "1", "4321"],
    "masked": ["", "1", "4321", "1"],
    "looking up": ["", "1", "4321", "1", PIN],
    "recording's prompt": ["", "3"],
    "recording": ["", "3", ""],
    "survey": ["", "2"],
    "comment": ["", "2", "4"],
    "transfer": ["", "5"],
    "callback": ["", "#"],
}


@pytest.mark.parametrize("where", NODES)
def test_who_hangs_up_anywhere_is_recorded_once_and_nothing_goes_on(where: str) -> None:
    desk = Desk(centre())
    caller = Caller(desk)
    desk.tell(History(caller.id))
    for keys in NODES[where]:
        caller.key(keys)
    caller.hangs_up()
    sent = len(desk.sent)
    assert caller.state == "over"
    assert caller.row["ended_by"] == "customer"
    if desk.asked:
        caller.is_told(HttpAnswer(200, b'{"account": {"balance": 1}}'))
    desk.passes(4000.0)
    assert [command for command, _ in desk.sent[sent:] if getattr(command, "uuid", "") == "caller"] == []
    assert len(desk.of(FactKind.CONTACT_ENDED)) == len(desk.of(FactKind.LEG_ENDED)) == 1
    assert desk.of(FactKind.SEGMENT_ENDED)
    assert PIN not in whole_story(desk)


@pytest.mark.parametrize("where", NODES)
def test_a_caller_who_was_cut_off_from_us_is_asked_again(where: str) -> None:
    """The link goes and comes back: what was under way may have ended unseen."""
    desk = Desk(centre())
    caller = Caller(desk)
    desk.tell(History(caller.id))
    for keys in NODES[where]:
        caller.key(keys)
    state, before = caller.state, len(caller.nodes)
    running = caller.running
    desk.tell(LinkDown("main", "cut"))
    desk.passes(2.0)
    leg = Event(name="CHANNEL_DATA", uuid="caller", answer_state="answered", known=_known(caller.marks))
    desk.tell(LinkUp("main", "core-1", (leg,), "/sounds"))
    assert caller.state == state or (state == "aside" and caller.state == "waiting")
    assert len(caller.nodes) == before
    if state == "flow" and where != "looking up":
        assert type(caller.running) is type(running) or isinstance(running, Execute)


def _known(marks: dict[str, str]) -> dict[str, str]:
    return {f"variable_{name}": value for name, value in marks.items() if value}


def _channel(caller: Caller, known: dict[str, str]) -> Event:
    """The caller's leg as the switch has it."""
    return Event(
        name="CHANNEL_DATA",
        uuid=caller.leg,
        direction="inbound",
        caller_number="+441234",
        answer_state="answered",
        known=_known(caller.marks | known),
    )


# -- a new life -----------------------------------------------------------------------------------------------------


def reborn(desk: Desk, caller: Caller, **known: str) -> None:
    """A new engine takes the caller back by the marks on the leg and the records; ``known``: what the switch knows."""
    recall = recalled(desk.facts)
    desk.begin(desk.engine._core.centre)
    desk.tell(recall)
    desk.tell(LinkUp("main", "core-1", (_channel(caller, known),), "/sounds"))


def test_a_called_flow_that_has_changed_meanwhile_is_finished_as_it_was() -> None:
    menu = {"kind": "menu", "prompt": "main", "options": {"1": "bye", "0": "person"}}
    was = flow("inner", inner=menu, bye=BYE, more={"id": "called"})
    now = flow("other", other=menu, bye=BYE, more={"id": "called"})
    outer = flow("call", call={"kind": "flow", "flow": "called", "next": "bye"}, bye=BYE)
    desk = Desk(centre(outer, was))
    caller = Caller(desk)
    assert caller.nodes[-1] == "inner"
    recall, changed = recalled(desk.facts), centre(outer, now)
    desk.begin(changed)
    versions = (
        FlowRelease(flow="called", version=1, share=0.0, spec=was),
        FlowRelease(flow="called", version=2, spec=now),
    )
    desk.tell(Configure(changed, versions))
    desk.tell(recall)
    nodes = len(caller.nodes)
    channel = _channel(caller, {"current_application": "play_and_get_digits"})
    desk.tell(LinkUp("main", "core-1", (channel,), "/sounds"))
    assert len(caller.nodes) == nodes, "nothing begins anew"
    caller.key("1")
    assert caller.nodes[-1] == "bye"


APPLICATIONS: dict[type[Command], str] = {
    Playback: "playback",
    PlayAndGetDigits: "play_and_get_digits",
    Execute: "record",
}


@pytest.mark.parametrize("where", NODES)
def test_a_restart_goes_on_where_the_caller_was(where: str) -> None:
    desk = Desk(centre())
    caller = Caller(desk)
    desk.tell(History(caller.id))
    for keys in NODES[where]:
        caller.key(keys)
    runs, state, id, nodes = caller.running, caller.state, caller.id, caller.nodes
    reborn(desk, caller, current_application=APPLICATIONS[type(runs)] if where != "looking up" else "")
    assert caller.id == id
    assert len(desk.of(FactKind.CONTACT_BEGAN)) == 1
    assert caller.nodes == nodes, "no node is passed twice"
    assert PIN not in whole_story(desk)
    if where == "looking up":
        assert caller.hears == ["shop.pin"], "what must not be written down is asked again"
        caller.key(PIN)
        assert len(desk.asked) == 2
    elif state == "flow":
        assert caller.state == state
        assert caller.running is runs, "what plays, plays on"
        caller.hears_out()
        assert caller.running is not runs


@pytest.mark.parametrize("where", ["saying", "menu", "collect", "confirm", "masked", "survey"])
def test_what_ended_while_nobody_listened_is_gone_on_from(where: str) -> None:
    desk = Desk(centre())
    caller = Caller(desk)
    desk.tell(History(caller.id))
    for keys in NODES[where]:
        caller.key(keys)
    runs = caller.running
    known = {runs.variable: "4321"} if isinstance(runs, PlayAndGetDigits) else {"playback_terminator_used": "1"}
    done = {"current_application": "play_and_get_digits", "read_result": "success"}
    reborn(desk, caller, **known, **done)
    assert caller.running is not runs or desk.asked
    assert PIN not in whole_story(desk)


def test_the_music_of_a_look_up_plays_on_over_a_restart_and_ends_before_what_follows() -> None:
    spec = flow(first={"kind": "lookup", "own": {"of": "tickets"}, "next": "bye", "default": "bye"}, bye=BYE)
    desk, caller = at(spec)
    desk.passes(1.0)
    music = caller.running
    reborn(desk, caller, current_application="playback")
    assert caller.running is music
    assert len(desk.asked) == 2
    caller.is_told(Rows())
    caller.breaks_off()
    assert caller.hears == ["tried.bye"]


def test_music_ends_before_a_pin_is_asked_again_after_a_restart() -> None:
    desk, caller = asking()
    desk.passes(1.0)
    assert caller.hears == ["local_stream://desk"]
    reborn(desk, caller, current_application="playback")
    caller.breaks_off()
    assert caller.hears == ["shop.pin"]


def test_an_answer_that_came_while_nobody_listened_counts() -> None:
    desk, caller = in_shop()
    ask = caller.asks
    reborn(desk, caller, **{ask.variable: "1", "current_application": "play_and_get_digits", "read_result": "success"})
    assert caller.hears == ["shop.account"]


def test_a_question_that_is_still_open_is_not_asked_again() -> None:
    desk, caller = in_shop()
    ask = caller.asks
    reborn(desk, caller, current_application="play_and_get_digits", fsorch_ask=ask.event_uuid)
    assert caller.running is ask
    caller.key("1")
    assert caller.hears == ["shop.account"]


def test_calls_in_progress_finish_on_the_version_they_began() -> None:
    first, second = (
        flow(
            first={"kind": "say", "prompt": "welcome", "next": "menu"},
            menu={"kind": "menu", "prompt": "main", "options": {"1": "bye"}},
            bye=BYE,
        ),
        flow(first=BYE),
    )
    whole = centre(second)
    desk = Desk(centre(first))
    desk.tell(Configure(centre(first), (FlowRelease(flow="tried", version=1, spec=first),)))
    early = Caller(desk, "early")
    releases = (
        FlowRelease(flow="tried", version=1, share=0.0, spec=first),
        FlowRelease(flow="tried", version=2, spec=second),
    )
    desk.tell(Configure(whole, releases))
    late = Caller(desk, "late", caller_number="+44999")
    assert late.hears == ["tried.bye"]
    early.hears_out()
    early.key("1")
    assert early.hears == ["tried.bye"]
    assert [fact.data["version"] for fact in desk.of(FactKind.FLOW_ENTERED)] == [1, 2]


def test_a_share_of_calls_goes_to_another_version() -> None:
    one, two = flow(first=BYE), flow(first={"kind": "queue", "queue": "sales"})
    desk = Desk(centre(one))
    releases = (
        FlowRelease(flow="tried", version=1, share=0.75, spec=one),
        FlowRelease(flow="tried", version=2, share=0.25, spec=two),
    )
    desk.tell(Configure(centre(one), releases))
    for n in range(200):
        Caller(desk, f"c{n}", caller_number=f"+44{n:04d}")
    versions = [fact.data["version"] for fact in desk.of(FactKind.FLOW_ENTERED)]
    assert 30 <= versions.count(2) <= 70
    assert versions.count(1) + versions.count(2) == 200


# -- who rings again ------------------------------------------------------------------------------------------------


def test_who_hung_up_on_a_recording_and_rings_again_comes_to_a_person_at_once() -> None:
    desk, caller = in_shop()
    caller.hangs_up()
    desk.passes(60.0)
    again = Caller(desk, "again", caller_number="+44 1234")
    desk.tell(History(again.id))
    assert (again.state, again.contact.queue) == ("waiting", "reception")
    assert desk.of(FactKind.FLOW_ENTERED)[-1].data["again"] is True


@pytest.mark.parametrize(("ago_s", "person"), [(60, True), (400, False)])
def test_a_restart_forgets_nobody_who_hung_up(ago_s: int, person: bool) -> None:
    desk = Desk(centre())
    left = LeftFlow("+441234", desk.clock.now().wall - ago_s * 1_000_000)
    desk.tell(Recall(left=(left,)))
    again = Caller(desk)
    desk.tell(History(again.id))
    assert (again.state == "waiting") is person


def test_who_hung_up_in_a_flow_while_nobody_listened_comes_to_a_person_as_well() -> None:
    desk, caller = in_shop()
    recall = recalled(desk.facts)
    desk.begin(desk.engine._core.centre)
    desk.tell(msgspec.structs.replace(recall, until=desk.clock.now().wall))
    desk.tell(LinkUp("main", "core-1", (), "/sounds"))
    again = Caller(desk, "again")
    desk.tell(History(again.id))
    assert (again.state, again.contact.queue) == ("waiting", "reception")


def test_a_while_later_they_are_asked_like_anybody() -> None:
    desk, caller = in_shop()
    caller.hangs_up()
    desk.passes(301.0)
    again = Caller(desk, "again")
    desk.tell(History(again.id))
    assert again.hears == ["shop.welcome"]


def test_who_was_sent_to_a_queue_has_not_hung_up_on_a_recording() -> None:
    desk, caller = in_shop()
    caller.key("0")
    caller.hangs_up()
    again = Caller(desk, "again")
    desk.tell(History(again.id))
    assert again.hears == ["shop.welcome"]
