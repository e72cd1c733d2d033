"""After the talk: whose agent hangs up is asked how it was, once in a while; nothing of the talk is lost by it."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.config import Centre, decode
from fsorch.engine import EndWrapUp, Fact, FactKind, HangUp, LinkDown, LinkUp, TransferCall
from fsorch.engine.inputs import History
from fsorch.errors import ConfigError
from fsorch.esl.commands import Kill, Originate, Park
from fsorch.esl.events import Event
from fsorch.flows import FlowSpec
from fsorch.rules import PhoneMode
from tests.engine.callers import Caller
from tests.engine.desk import CENTRE, Desk
from tests.engine.flow_desk import centre
from tests.engine.records import recalled

DAY_US = 86_400_000_000
ASK = decode(
    {
        "id": "how",
        "languages": ["en"],
        "start": "ask",
        "person": "reception",
        "prompts": {"happy": "From 1 to 5?", "say_it": "Tell us more.", "bye": "Good bye."},
        "nodes": {
            "ask": {
                "kind": "survey",
                "questions": [{"id": "happy", "prompt": "happy"}],
                "comment": {"prompt": "say_it"},
                "every_days": 30,
                "next": "bye",
            },
            "bye": {"kind": "hangup", "prompt": "bye", "reason": "surveyed"},
        },
    },
    FlowSpec,
    where="how",
)


def surveyed(**agents: object) -> Centre:
    """The queue sales asks its callers."""
    whole = centre(ASK)
    sales, *others = whole.queues
    ann, rob = CENTRE.agents
    return msgspec.structs.replace(
        whole,
        queues=(msgspec.structs.replace(sales, survey="how"), *others),
        agents=(msgspec.structs.replace(ann, **agents), rob),
        flow="",
    )


def talk(desk: Desk, leg: str = "caller", *, asked_at: int = 0) -> tuple[Caller, Originate]:
    """A caller in talk with ann."""
    caller = Caller(desk, leg, queue="sales")
    desk.tell(History(caller.id, surveyed_at=asked_at))
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge(leg, dial.uuid)
    assert caller.state == "talking"
    return caller, dial


def talking(*, asked_at: int = 0) -> tuple[Desk, Caller, Originate]:
    desk = Desk(surveyed())
    desk.log_in("ann")
    return desk, *talk(desk, asked_at=asked_at)


def parks(desk: Desk, leg: str) -> None:
    desk.event("CHANNEL_PARK", leg, answer_state="answered")


def asked(order: str = "parked first", cause: str = "NORMAL_CLEARING") -> tuple[Desk, Caller]:
    """Ann has hung up, and the switch says so in either order (captures 03 and 16)."""
    desk, caller, dial = talking()
    desk.passes(60.0)
    if order == "parked first":
        parks(desk, "caller")
        assert caller.state == "talking", "why the agent is gone is not known yet"
    desk.ends(dial.uuid, cause)
    if order != "parked first":
        parks(desk, "caller")
    return desk, caller


def rows(desk: Desk, kind: FactKind) -> list[Fact]:
    return desk.of(kind)


@pytest.mark.parametrize("order", ["parked first", "parked last"])
def test_whose_agent_hangs_up_is_asked(order: str) -> None:
    desk, caller = asked(order)
    assert (caller.state, caller.hears) == ("flow", ["how.happy"])
    assert desk.agent("ann").state == "wrap_up"
    assert (caller.marks["park_after_bridge"], caller.marks["fsorch_survey"]) == ("", "")
    talk = [fact.data["row"] for fact in desk.of(FactKind.SEGMENT_ENDED) if fact.data["row"]["kind"] == "talk"]
    assert [row["agent"] for row in talk] == ["ann"]
    assert sum(row["ended_at"] - row["began_at"] for row in talk) == pytest.approx(60e6, abs=1e6), "to the agent's end"
    caller.key("1")
    caller.hears_out()
    caller.speaks(2500)
    assert caller.hears == ["how.bye"]
    caller.hears_out()
    assert desk.last(Kill).uuid == "caller"
    caller.hangs_up()
    row = caller.row
    assert (row["outcome"], row["ended_by"], row["agent"], row["queue"]) == ("answered", "agent", "ann", "sales")
    assert row["talked_us"] == pytest.approx(60e6, abs=1e6)
    answers = [fact.data["row"] for fact in desk.of(FactKind.SURVEY_ANSWERED)]
    assert [(one["question"], one["score"], one["agent"], one["queue"]) for one in answers] == [
        ("", 0, "ann", "sales"),
        ("happy", 1, "ann", "sales"),
        ("comment", 0, "ann", "sales"),
    ]
    assert {one["contact"] for one in answers} == {caller.id}
    (promise,) = [fact.data["row"] for fact in desk.of(FactKind.PROMISE_MADE)]
    assert (promise["role"], promise["agent"], promise["contact"]) == ("supervisor", "ann", caller.id)


def test_who_hangs_up_first_is_not_asked_and_the_agent_is_free_as_ever() -> None:
    desk, caller, dial = talking()
    caller.hangs_up()
    desk.ends(dial.uuid)
    assert caller.state == "over"
    assert (caller.row["outcome"], caller.row["ended_by"]) == ("answered", "customer")
    assert not desk.of(FactKind.SURVEY_BEGAN)
    assert desk.agent("ann").state == "wrap_up"


def test_who_hung_up_is_not_told_by_the_order_of_the_events() -> None:
    desk, caller, dial = talking()
    desk.ends(dial.uuid)
    caller.hangs_up()
    assert (caller.row["outcome"], caller.row["ended_by"]) == ("answered", "customer")


def test_a_hangup_in_the_survey_is_no_reason_to_come_to_a_person_next_time() -> None:
    desk, caller = asked()
    caller.hangs_up()
    assert (caller.row["outcome"], caller.row["agent"]) == ("answered", "ann")
    assert not desk.engine._calls.journey._left


def test_a_customer_is_asked_once_in_a_set_time_whatever_they_said() -> None:
    desk, caller = asked()
    (told,) = [fact.data["row"] for fact in desk.of(FactKind.SURVEY_ANSWERED)]
    caller.hangs_up()
    desk.tell(EndWrapUp(agent="ann", by="test"))
    again, dial = talk(desk, "again", asked_at=told["at"])
    assert "park_after_bridge" not in again.marks, "their call ends with the agent's"
    again.hangs_up()
    desk.ends(dial.uuid)
    desk.tell(EndWrapUp(agent="ann", by="test"))
    later, _ = talk(desk, "later", asked_at=told["at"] - 31 * DAY_US)
    assert later.marks["fsorch_survey"] == "how"


def test_whose_agents_phone_is_lost_gets_another_agent_instead_of_a_question() -> None:
    desk, caller = asked(cause="RECOVERY_ON_TIMER_EXPIRE")
    assert (caller.state, caller.contact.queue) == ("waiting", "sales")
    assert not desk.of(FactKind.SURVEY_BEGAN)
    assert caller.marks["park_after_bridge"] == ""


def test_a_transfer_to_a_queue_asks_nobody_before_its_end() -> None:
    desk, caller, dial = talking()
    desk.tell(TransferCall(agent="ann", by="test", queue="support"))
    desk.ends(dial.uuid)
    parks(desk, "caller")
    assert (caller.state, caller.contact.queue) == ("waiting", "support")
    assert caller.marks["fsorch_survey"] == ""


def test_whoever_has_the_call_after_a_transfer_is_whom_the_caller_is_asked_about() -> None:
    desk, caller, dial = talking()
    desk.log_in("rob")
    desk.tell(TransferCall(agent="ann", by="test", to="rob"))
    other = desk.last(Originate)
    parks(desk, "caller")
    desk.rings(other.uuid)
    desk.picks_up(other.uuid, other.job_uuid)
    desk.bridge("caller", other.uuid)
    desk.ends(dial.uuid)
    assert (caller.state, caller.contact.agent) == ("talking", "rob")
    assert caller.marks["park_after_bridge"] == "true"
    parks(desk, "caller")
    desk.ends(other.uuid)
    assert caller.hears == ["how.happy"]
    caller.key("4")
    scored = [fact.data["row"]["agent"] for fact in desk.of(FactKind.SURVEY_ANSWERED)]
    assert set(scored) == {"rob"}


def test_a_nailed_up_phone_stays_and_its_caller_is_asked() -> None:
    desk = Desk(surveyed(phone_mode=PhoneMode.NAILED))
    desk.log_in("ann")
    line = desk.last(Originate)
    desk.rings(line.uuid)
    desk.picks_up(line.uuid, line.job_uuid)
    desk.passes(1.0)
    caller = Caller(desk, queue="sales")
    desk.tell(History(caller.id))
    desk.passes(1.0)
    desk.bridge("caller", line.uuid)
    assert caller.state == "talking"
    desk.tell(HangUp(agent="ann", by="test"))
    assert desk.last(Park).uuid == "caller"
    parks(desk, "caller")
    parks(desk, line.uuid)
    assert (caller.state, caller.hears) == ("flow", ["how.happy"])
    assert desk.agent("ann").state == "wrap_up"
    assert line.uuid not in [command.uuid for command, _ in desk.sent if isinstance(command, Kill)]


def test_a_desktop_hangup_asks_too() -> None:
    desk, caller, dial = talking()
    desk.tell(HangUp(agent="ann", by="test"))
    assert desk.last(Kill).uuid == dial.uuid
    desk.ends(dial.uuid)
    parks(desk, "caller")
    assert caller.hears == ["how.happy"]


def test_a_parking_that_is_never_told_asks_all_the_same() -> None:
    desk, caller, dial = talking()
    desk.ends(dial.uuid)
    assert caller.state == "talking"
    desk.passes(6.0)
    assert caller.hears == ["how.happy"]


def test_an_end_that_is_told_twice_asks_once() -> None:
    desk, caller = asked()
    runs = caller.running
    parks(desk, "caller")
    desk.event("CHANNEL_HANGUP", desk.last(Originate).uuid, hangup_cause="NORMAL_CLEARING")
    desk.passes(2.0)
    assert caller.running is runs
    assert len(desk.of(FactKind.SURVEY_BEGAN)) == 1


def test_a_flow_that_is_gone_leaves_the_caller_to_the_queue_rather_than_to_silence() -> None:
    desk, caller, dial = talking()
    del desk.engine._core.flows["how"]
    parks(desk, "caller")
    desk.ends(dial.uuid)
    assert caller.state == "waiting"


def test_a_survey_may_lead_to_a_person() -> None:
    ask = msgspec.structs.replace(ASK.nodes["ask"], low="person", comment=None)
    whole = surveyed()
    flows = (msgspec.structs.replace(ASK, nodes={**ASK.nodes, "ask": ask}), *whole.flows[1:])
    desk = Desk(msgspec.structs.replace(whole, flows=flows))
    desk.log_in("ann")
    caller, dial = talk(desk)
    parks(desk, "caller")
    desk.ends(dial.uuid)
    caller.key("2")
    assert (caller.state, caller.contact.queue, caller.contact.agent) == ("waiting", "reception", "")


def test_who_says_nothing_hears_the_end() -> None:
    _, caller = asked()
    for _ in range(2):
        assert caller.hears == ["how.happy"]
        caller.says_nothing()
    assert caller.hears == ["how.bye"]


def test_the_centre_file_names_a_flow_that_is_there() -> None:
    queues = [{"id": "sales", "survey": "hwo"}, {"id": "reception"}]
    data = {"queues": queues, "flows": [msgspec.to_builtins(ASK)], "voicemail": {"dir": "/var/messages"}}
    with pytest.raises(ConfigError, match=r"queues\[0\].survey is 'hwo'.*how"):
        decode(data, Centre, where="centre.yaml")


# -- a new life -----------------------------------------------------------------------------------------------------


def reborn(desk: Desk, caller: Caller, *others: Event, **known: str) -> None:
    recall = recalled(desk.facts)
    desk.begin(desk.engine._core.centre)
    desk.tell(recall)
    marks = {f"variable_{name}": value for name, value in (caller.marks | known).items() if value}
    channel = Event(
        name="CHANNEL_DATA",
        uuid="caller",
        direction="inbound",
        caller_number="+441234",
        answer_state="answered",
        known=marks,
    )
    desk.tell(LinkUp("main", "core-1", (channel, *others), "/sounds"))


def test_a_restart_in_the_survey_goes_on_with_it() -> None:
    desk, caller = asked()
    runs, talked = caller.running, len(desk.of(FactKind.BRIDGED))
    desk.passes(3.0)
    reborn(desk, caller, current_application="play_and_get_digits")
    assert (caller.state, caller.running) == ("flow", runs)
    caller.key("5")
    assert caller.hears == ["how.say_it"]
    scored = [fact.data["row"] for fact in desk.of(FactKind.SURVEY_ANSWERED) if fact.data["row"]["score"]]
    assert [(row["agent"], row["contact"]) for row in scored] == [("ann", caller.id)]
    caller.hangs_up()
    row = caller.row
    assert (row["outcome"], row["agent"], row["talked_us"] > 50_000_000) == ("answered", "ann", True)
    assert len(desk.of(FactKind.BRIDGED)) == talked


def test_whose_agent_left_while_nobody_listened_is_asked_when_we_are_back() -> None:
    desk, caller, _ = talking()
    desk.passes(5.0)
    reborn(desk, caller)
    assert desk.agent("ann").state == "wrap_up"
    desk.tell(History(caller.id))
    assert (caller.state, caller.hears) == ("flow", ["how.happy"])
    caller.hangs_up()
    assert (caller.row["outcome"], caller.row["agent"]) == ("answered", "ann")


def test_whose_agent_left_while_the_link_was_cut_is_asked_when_it_is_back() -> None:
    desk, caller, _ = talking()
    desk.tell(LinkDown("main", "cut"))
    desk.passes(1.0)
    channel = Event(name="CHANNEL_DATA", uuid="caller", answer_state="answered")
    desk.tell(LinkUp("main", "core-1", (channel,), "/sounds"))
    desk.passes(6.0)
    assert (caller.state, caller.hears) == ("flow", ["how.happy"])
    assert desk.agent("ann").state in ("wrap_up", "idle")
