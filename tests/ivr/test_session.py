"""A caller's walk, node by node: what is asked, what an answer means, and where trouble leads."""

from __future__ import annotations

from typing import Any

import pytest

from fsorch.demands import demand_of
from fsorch.flow_checks import faults
from fsorch.flow_menus import menu_flow
from fsorch.flow_nodes import Method, OwnRecords
from fsorch.flows import FlowWorld, decode_flow
from fsorch.ivr.events import EventKind
from fsorch.ivr.place import read_place
from fsorch.ivr.session import MOST_PASSED, FlowSession
from fsorch.ivr.steps import (
    Collect,
    Failed,
    Fetch,
    HangUp,
    HttpAnswer,
    HttpAsk,
    Keys,
    OwnAsk,
    Play,
    Record,
    Recorded,
    Rows,
    Secret,
    SendText,
    Sent,
    SqlAsk,
    ToCallback,
    ToNumber,
    ToQueue,
    ToVoicemail,
    Trouble,
)
from tests.ivr.rooms import Room, Walk, said
from tests.ivr.shops import shop

OWES = HttpAnswer(200, b'{"account": {"balance": 12.5, "name": "Ann"}}')


def at_main(room: Room | None = None) -> Walk:
    walk = Walk(room=room)
    walk.hear("")
    assert walk.step.node == "main"
    return walk


def at_lookup() -> Walk:
    walk = at_main()
    walk.hear("1", "4711", "1", "2580")
    assert isinstance(walk.step, Fetch)
    return walk


def flow(nodes: dict[str, Any], **fields: Any) -> Walk:
    """A small flow of these nodes; the first is the start."""
    data = {"id": "small", "start": next(iter(nodes)), "person": "reception", "nodes": nodes} | fields
    return Walk(decode_flow(data, where="small.yaml"))


BYE = {"kind": "hangup", "prompt": "bye", "reason": "served"}


# -- ways through the shop -------------------------------------------------------------------------------------------


def test_the_start_walks_through_what_needs_no_caller() -> None:
    walk = Walk()
    assert walk.nodes == ["again", "hours", "speak", "welcome"]
    assert isinstance(walk.step, Play)
    assert said(walk.step) == ["shop.welcome"]
    assert walk.step.keys == "0123456789*#"
    walk.hear("")
    assert isinstance(walk.step, Collect)
    assert (walk.step.max, walk.step.timeout_s, walk.step.serial) == (1, 5.0, 2)


def test_who_hung_up_in_a_recording_goes_to_a_person_at_once() -> None:
    walk = Walk(room=Room(contact__again=True))
    assert walk.step == ToQueue(flow="shop", node="again", serial=1, queue="reception", why="person")
    assert walk.told(EventKind.LEFT) == ["queue"]


def test_closed_hours_lead_to_the_message() -> None:
    walk = Walk(room=Room(calendar__office__open=False))
    assert walk.step == ToVoicemail(flow="shop", node="message", serial=1, queue="sales")


def test_the_customer_hears_their_language_and_may_change_it() -> None:
    walk = at_main(Room(customer__language="de"))
    assert isinstance(walk.step, Collect)
    assert {one.language for one in walk.step.say} == {"de"}
    walk = at_main(Room(customer__language="fr"))
    walk.hear("4")
    assert isinstance(walk.step, Collect)
    assert {one.language for one in walk.step.say} == {"de"}
    assert walk.told(EventKind.LANGUAGE) == ["de"]


@pytest.mark.parametrize(
    ("key", "end"),
    [
        ("0", ToQueue(flow="shop", node="main", serial=3, queue="reception", why="person")),
        ("#", ToCallback(flow="shop", node="call", serial=3, queue="sales")),
        ("5", ToNumber(flow="shop", node="outside", serial=3, number="+493012345")),
    ],
)
def test_a_key_leads_where_its_option_says(key: str, end: object) -> None:
    walk = at_main()
    assert walk.hear(key) == end
    assert walk.told(EventKind.KEYED) == [key]
    assert walk.session.over
    assert walk.session.heard(Keys("1")) is None


def test_the_whole_way_through_self_service() -> None:
    walk = at_main()
    walk.hear("1", "4711")
    assert said(walk.step) == ["shop.right.1", "say_4", "say_7", "say_1", "say_1", "shop.right.2"]
    walk.hear("1", "2580", OWES)
    assert said(walk.step)[0] == "shop.balance.1"
    sms = walk.hear("")
    assert isinstance(sms, SendText)
    assert (sms.node, sms.to, sms.text) == ("sms", "+49301234", "You owe 12.5.")
    walk.hear(Sent())
    assert walk.step.flow == "goodbye"
    walk.hear("")
    assert said(walk.step) == ["shop.bye"]
    assert walk.hear("") == HangUp(flow="shop", node="end", serial=11, reason="served")
    assert walk.told(EventKind.NOTED) == ["owes 12.5, orders "]
    assert walk.told(EventKind.TAGGED) == ["orders"]
    assert walk.told(EventKind.OPTED_OUT) == ["campaign"]
    assert walk.told(EventKind.LOOKED_UP) == ["found"]


# -- the simplest flow -----------------------------------------------------------------------------------------------


def test_a_menu_of_queues_leads_to_them_or_to_its_default() -> None:
    spec = menu_flow("main", {"1": "sales", "2": "a.b", "3": "person", "0": "reception"}, person="reception")
    queues = frozenset({"sales", "a.b", "person", "reception"})
    assert faults(spec, FlowWorld(queues=queues, calendars=frozenset(), ways=frozenset())) == ()
    for key, queue in {"1": "sales", "2": "a.b", "3": "person", "0": "reception"}.items():
        for results in (("", key), (key,)):
            step = Walk(spec).hear(*results)
            assert isinstance(step, ToQueue)
            assert step.queue == queue
    assert isinstance(step := Walk(spec).hear("", "", ""), ToQueue)
    assert (step.queue, step.why) == ("reception", "person")


def test_a_menu_without_options_leads_to_its_default() -> None:
    step = Walk(menu_flow("night", {}, person="support", greeting="hello", tries=99, timeout_s=99)).hear("")
    assert isinstance(step, ToQueue)
    assert step.queue == "support"


# -- menus -----------------------------------------------------------------------------------------------------------


def test_silence_is_asked_again_and_then_served() -> None:
    walk = at_main()
    walk.hear("", "")
    assert isinstance(walk.step, Collect)
    assert walk.hear("") == ToQueue(
        flow="shop", node="sales", serial=5, queue="sales", priority=5, skills=demand_of({"german": 3})
    )
    assert len(walk.told(EventKind.SILENT)) == 3


def test_a_wrong_key_is_told_and_asked_again_and_then_served() -> None:
    walk = at_main()
    walk.hear("9")
    assert said(walk.step) == ["invalid", "shop.main"]
    assert isinstance(walk.step, Collect)
    assert walk.step.flush
    assert walk.hear("8", "7").node == "main"
    assert isinstance(walk.step, ToQueue)
    assert walk.step.queue == "reception"
    assert walk.told(EventKind.WRONG) == ["9", "8", "7"]


def test_keys_ahead_go_through_prompts_and_menus() -> None:
    walk = Walk()
    walk.hear("147111")
    assert walk.nodes[-3:] == ["welcome", "main", "account"]
    step = walk.step
    assert isinstance(step, Collect)
    assert (step.say, step.max) == ((), 3)
    walk.hear("")
    assert "say_4" in said(walk.step)


def test_two_hundred_keys_do_no_harm() -> None:
    walk = Walk()
    walk.hear("1" * 200)
    assert walk.step.node == "account"
    assert len(walk.session.place) < 1000
    walk.hear("2" * 200)
    assert walk.step.node in ("account", "main")


def test_a_key_that_is_not_heard_does_not_go_ahead() -> None:
    walk = flow(
        {
            "a": {"kind": "say", "prompt": "x", "next": "b", "barge_in": False},
            "b": {"kind": "menu", "prompt": "y", "options": {"1": "person"}},
        }
    )
    assert isinstance(walk.step, Play)
    assert walk.step.keys == ""
    assert isinstance(walk.hear("1"), Collect)


# -- collecting ------------------------------------------------------------------------------------------------------


def test_a_number_is_confirmed_before_it_counts() -> None:
    walk = at_main()
    walk.hear("1", "4711", "2")
    assert walk.step.node == "account"
    assert said(walk.step) == ["invalid", "shop.account"]
    walk.hear("4712", "")
    assert said(walk.step)[0] == "shop.right.1"
    walk.hear("1")
    assert walk.step.node == "pin"
    assert walk.session.scene.progress.variables["account"] == "4712"
    assert walk.told(EventKind.CONFIRMED) == ["no", "yes"]


def test_who_never_confirms_goes_to_the_person() -> None:
    walk = at_main()
    walk.hear("1", "4711", "2", "4711", "2", "4711", "2")
    assert isinstance(walk.step, ToQueue)
    walk = at_main()
    walk.hear("1", "4711", "", "", "")
    assert isinstance(walk.step, ToQueue)
    assert "account" not in walk.session.scene.progress.variables


@pytest.mark.parametrize("digits", ["471", "0711", "4*11"])
def test_an_answer_that_does_not_fit_is_asked_again(digits: str) -> None:
    walk = at_main()
    walk.hear("1", digits)
    assert said(walk.step) == ["invalid", "shop.account"]


def test_an_option_of_a_collect_leads_away() -> None:
    walk = at_main()
    assert isinstance(walk.hear("1", "0"), ToQueue)


def test_what_is_longer_than_the_longest_answer_is_for_the_next_node() -> None:
    walk = flow(
        {
            "a": {"kind": "collect", "prompt": "x", "into": "n", "next": "b", "max": 3},
            "b": {"kind": "menu", "prompt": "y", "options": {"1": "bye"}},
            "bye": BYE,
        }
    )
    walk.hear("1231")
    assert walk.step.node == "bye"
    walk = flow(
        {
            "a": {"kind": "collect", "prompt": "x", "into": "n", "next": "b"},
            "b": {"kind": "menu", "prompt": "y", "options": {"1": "bye"}},
            "bye": BYE,
        }
    )
    assert walk.hear("12#1").node == "bye"
    assert walk.session.scene.progress.variables == {"n": "12"}


# -- masked input ----------------------------------------------------------------------------------------------------


def test_masked_input_reaches_the_lookup_and_nothing_else() -> None:
    walk = at_lookup()
    step = walk.step
    assert isinstance(step, Fetch)
    assert isinstance(step.ask, HttpAsk)
    assert step.ask.method is Method.POST
    assert step.ask.url == "https://shop.example/customers/4711"
    assert step.ask.headers == (("X-Caller", "+49301234"), ("Content-Type", "application/json"))
    assert step.ask.body == Secret('{"pin":"2580","caller":"+49301234"}')
    assert "2580" not in repr(step)
    assert "2580" not in repr(walk.happened)
    assert "2580" not in repr(walk.session.scene.progress)
    assert "2580" not in repr(Keys("2580"))
    assert ("", "masked") in [(event.value, event.detail) for event in walk.happened if event.node == "pin"]


def test_masked_input_is_asked_again_after_a_restart_while_it_is_needed() -> None:
    walk = at_lookup()
    assert walk.restart() is not None
    assert walk.step.node == "pin"
    walk.hear("2580")
    step = walk.step
    assert isinstance(step, Fetch)
    assert isinstance(step.ask, HttpAsk)
    assert step.ask.body == Secret('{"pin":"2580","caller":"+49301234"}')
    walk.hear(OWES)
    assert walk.restart() is not None
    assert walk.step.node == "owes"


def test_the_first_keys_of_masked_input_are_not_in_the_place_either() -> None:
    walk = flow(
        {
            "a": {"kind": "say", "prompt": "x", "next": "ask"},
            "ask": {"kind": "lookup", "own": {"of": "customer"}, "next": "pin", "default": "pin"},
            "pin": {"kind": "collect", "prompt": "x", "into": "pin", "max": 4, "masked": True, "next": "bye"},
            "bye": BYE,
        }
    )
    for result in (Keys("97"), Rows()):
        walk.hear(result)
        assert read_place(walk.session.place) is not None
        assert "97" not in repr(read_place(walk.session.place))
    assert isinstance(walk.step, Collect)
    assert (walk.step.max, walk.step.masked) == (2, True)
    assert walk.restart() is not None
    assert isinstance(walk.step, Collect)
    assert walk.step.max == 4


def test_wrong_masked_input_is_not_told() -> None:
    walk = at_main()
    walk.hear("1", "4711", "1", "258")
    assert walk.told(EventKind.WRONG) == ["masked"]


# -- lookups ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (HttpAnswer(500), "status 500"),
        (HttpAnswer(302), "status 302"),
        (HttpAnswer(200, b"<html>"), "the answer is no JSON"),
        (HttpAnswer(200, b"\xff\xfe"), "the answer is no JSON"),
        (HttpAnswer(200, b"[" * 100_000), "the answer is no JSON"),
        (HttpAnswer(200, b'"' + b"x" * 10_000_000 + b'"'), "10000002 bytes, which is more than 262144"),
        (HttpAnswer(200, b'{"account": ' + b"[" * 900 + b"]" * 900 + b"}"), "no number value at account.balance"),
        (HttpAnswer(200, b'{"account": {"balance": "many"}}'), "no number value at account.balance"),
        (
            HttpAnswer(200, b'{"account": {"balance": ' + b"[" * 900 + b"]" * 900 + b"}}"),
            "no number value at account.balance",
        ),
        (HttpAnswer(200, b'{"account": []}'), "no number value at account.balance"),
        (Failed("refused"), "refused"),
        (Trouble(), "no answer in time"),
    ],
)
def test_an_answer_that_cannot_be_used_takes_the_default_branch(answer: Any, outcome: str) -> None:
    walk = at_lookup()
    assert walk.hear(answer) == ToQueue(flow="shop", node="ask", serial=7, queue="reception", why="person")
    assert [event.detail for event in walk.happened if event.kind is EventKind.LOOKED_UP] == [outcome]


def test_what_is_not_found_has_a_branch_of_its_own() -> None:
    walk = at_lookup()
    walk.hear(HttpAnswer(404))
    step = walk.step
    assert isinstance(step, Fetch)
    assert step.ask == SqlAsk(
        source="erp", query="select count(*) n from orders where customer = :who", values=(("who", "4711"),)
    )
    walk.hear(Rows(({"n": 3},)))
    step = walk.step
    assert isinstance(step, Fetch)
    assert step.ask == OwnAsk(of=OwnRecords.TICKETS, number="+49301234")
    walk.hear(Rows())
    assert walk.step.node == "sms"
    assert walk.session.scene.progress.variables["orders"] == 3


def test_what_a_caller_keys_cannot_leave_its_place_in_an_address() -> None:
    walk = flow(
        {
            "a": {"kind": "collect", "prompt": "x", "into": "n", "next": "b", "terminator": ""},
            "b": {"kind": "lookup", "http": {"url": "https://x.example/?n={vars.n}&who={contact.name}"}, "next": "bye"},
            "bye": BYE,
        }
    )
    walk.room.values["contact.name"] = "a&b=c\r\nX: y/../"
    step = walk.hear("1#*2")
    assert isinstance(step, Fetch)
    assert isinstance(step.ask, HttpAsk)
    assert step.ask.url == "https://x.example/?n=1%23%2A2&who=a%26b%3Dc%0D%0AX%3A%20y%2F..%2F"


def test_a_header_stays_one_line() -> None:
    walk = flow(
        {
            "a": {
                "kind": "lookup",
                "http": {"url": "https://x.example/", "headers": {"X-Name": "n={contact.name}"}},
                "next": "bye",
            },
            "bye": BYE,
        }
    )
    room = Room(contact__name="a\r\nX-Evil: 1")
    step = Walk(walk.spec, room).step
    assert isinstance(step, Fetch)
    assert isinstance(step.ask, HttpAsk)
    assert step.ask.headers == (("X-Name", "n=a  X-Evil: 1"),)


# -- surveys, recordings, messages -----------------------------------------------------------------------------------


def test_a_survey_takes_scores_and_a_comment() -> None:
    walk = at_main()
    walk.hear("2", "4")
    assert isinstance(walk.step, Record)
    walk.hear(Recorded("r1", 3.0))
    assert walk.step.node == "end"
    assert walk.told(EventKind.SCORED) == ["4"]
    assert walk.told(EventKind.RECORDED) == ["r1"]


def test_a_low_score_is_marked_and_may_lead_to_a_person() -> None:
    walk = at_main()
    walk.hear("2", "9", "1", Trouble())
    assert isinstance(walk.step, ToQueue)
    scores = [event for event in walk.happened if event.kind is EventKind.SCORED]
    assert [(event.value, event.label, event.detail) for event in scores] == [("1", "low", "happy")]


def test_one_low_score_of_several_is_enough() -> None:
    questions = [{"id": "a", "prompt": "x"}, {"id": "b", "prompt": "y"}]
    nodes = {
        "s": {"kind": "survey", "questions": questions, "next": "bye", "low": "person", "low_score": 1},
        "bye": BYE,
    }
    assert isinstance(flow(nodes).hear("1", "5"), ToQueue)
    assert flow(nodes).hear("2", "5").node == "bye"
    walk = flow(nodes)
    walk.hear("2")
    assert said(walk.step) == ["y"]
    assert walk.session.scene.progress.variables == {"a": 2}


def test_nobody_is_held_by_a_survey_or_asked_too_often() -> None:
    walk = at_main()
    assert walk.hear("2", "", "").node == "end"
    walk = at_main(Room(customer__surveyed_days=3))
    assert walk.hear("2").node == "end"
    assert any(event.kind is EventKind.PASSED_BY for event in walk.happened)


def test_a_recording_that_fails_has_a_way_of_its_own() -> None:
    walk = at_main()
    assert isinstance(walk.hear("3"), Record)
    assert walk.hear(Recorded("x", 2.0)).node == "end"
    walk = at_main()
    assert isinstance(walk.hear("3", Recorded()), ToQueue)


def test_a_message_without_a_number_is_not_sent() -> None:
    walk = flow(
        {"a": {"kind": "message", "text": "hi", "next": "bye", "failed": "person"}, "bye": BYE}, person="reception"
    )
    assert isinstance(walk.step, SendText)
    assert isinstance(walk.hear(Sent(ok=False)), ToQueue)
    assert isinstance(Walk(walk.spec, Room(contact__number="anonymous")).step, ToQueue)


# -- trouble ---------------------------------------------------------------------------------------------------------


def test_a_prompt_that_cannot_be_played_is_passed_over_and_a_question_leads_to_a_person() -> None:
    walk = Walk()
    assert walk.hear(Trouble("no file")).node == "main"
    assert walk.hear(Trouble("no file")) == ToQueue(
        flow="shop", node="main", serial=3, queue="reception", why="trouble"
    )
    assert walk.told(EventKind.TROUBLE) == ["no file", "no file"]


def test_a_prompt_that_is_not_there_is_not_waited_for() -> None:
    walk = flow(
        {
            "a": {"kind": "say", "prompt": "lost", "next": "b"},
            "b": {"kind": "queue", "queue": "sales", "prompt": "lost"},
        }
    )
    assert isinstance(walk.step, ToQueue)
    walk = flow({"a": {"kind": "hangup", "prompt": "lost", "reason": "x"}})
    assert said(walk.step) == ["call_again"]
    assert isinstance(walk.hear(Trouble()), HangUp)


def test_without_a_person_trouble_ends_in_words() -> None:
    walk = flow({"a": {"kind": "menu", "prompt": "x", "options": {"0": "person"}}}, person="")
    walk.hear("0")
    assert said(walk.step) == ["call_again"]
    assert walk.told(EventKind.LEFT) == []
    assert walk.hear("") == HangUp(flow="small", node="a", serial=3, reason="person")
    assert [(one.value, one.label) for one in walk.happened if one.kind is EventKind.LEFT] == [("hangup", "person")]


def test_a_flow_that_goes_in_circles_ends_at_the_person() -> None:
    walk = flow(
        {
            "a": {"kind": "set", "values": {"n": "default(vars.n, 0) + 1"}, "next": "b"},
            "b": {"kind": "tag", "tags": ["x"], "next": "a"},
        }
    )
    assert isinstance(walk.step, ToQueue)
    assert walk.step.why == "trouble"
    assert len(walk.nodes) == MOST_PASSED + 1
    walk = flow({"a": {"kind": "menu", "prompt": "x", "options": {"1": "a"}}})
    for _ in range(600):
        if isinstance(walk.step, ToQueue):
            break
        walk.hear("1")
    assert isinstance(walk.step, ToQueue)


def test_a_flow_that_calls_itself_is_caught_while_it_runs_too() -> None:
    walk = flow({"a": {"kind": "flow", "flow": "small", "next": "bye"}, "bye": BYE})
    assert isinstance(walk.step, ToQueue)
    assert walk.told(EventKind.TROUBLE) == ["the flow 'small' cannot be called here"]
    assert walk.nodes == ["a"]


def test_who_is_in_the_flow_for_too_long_goes_to_the_person() -> None:
    walk = at_main()
    assert isinstance(walk.step, Collect)
    assert walk.step.limit_s == 185.0
    walk.room.now += 890
    walk.hear("")
    assert isinstance(walk.step, Collect)
    assert walk.step.limit_s == 15.0
    assert walk.restart() is not None
    walk.room.now += 11
    walk.hear("1")
    assert isinstance(walk.step, ToQueue)
    assert walk.told(EventKind.TROUBLE) == ["longer than 900 s in the flow"]


def test_a_number_that_is_none_is_not_dialled() -> None:
    walk = flow({"a": {"kind": "transfer", "number": "contact.name"}})
    assert isinstance(Walk(walk.spec, Room(contact__name="${evil}")).step, ToQueue)
    assert Walk(walk.spec, Room(contact__name="0049 30-12")).step == ToNumber(
        flow="small", node="a", serial=1, number="00493012"
    )


def test_variables_have_an_end() -> None:
    doubled = {f"v{n}": "text(1) + contact.name" for n in range(30)}
    walk = flow(
        {"a": {"kind": "set", "values": doubled, "next": "b"}, "b": {"kind": "say", "prompt": "x", "next": "b"}}
    )
    big = Walk(walk.spec, Room(contact__name="x" * 5000))
    assert "no room for v29" in big.told(EventKind.TROUBLE)
    assert len(big.session.place) < 8000
    assert big.restart() is not None


# -- results and places ----------------------------------------------------------------------------------------------


def test_a_result_that_does_not_belong_to_the_step_changes_nothing() -> None:
    walk = at_main()
    place = walk.session.place
    for result in (Rows(), HttpAnswer(200), Failed("x"), Recorded(), Sent()):
        assert walk.session.heard(result) is None
    assert walk.session.heard(Keys("1"), serial=1) is None
    assert walk.session.place == place
    assert walk.session.events() == ()
    assert walk.session.heard(Keys("0"), serial=2) is not None


@pytest.mark.parametrize("place", ["", "x", "1.", "1.AAAA", "2.abc", "menu-1-1", "1.ü", "1." + "A" * 20_000])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    walk = Walk()
    before = walk.session.place
    assert walk.session.resume(place) is None
    assert walk.session.place == before


def test_a_place_of_another_flow_is_refused() -> None:
    place = at_main().session.place
    other = flow({"main": {"kind": "say", "prompt": "x", "next": "main"}})
    assert other.session.resume(place) is None
    changed = shop(main={"kind": "say", "prompt": "welcome", "next": "end"})
    assert FlowSession(changed, Room()).resume(place) is None
