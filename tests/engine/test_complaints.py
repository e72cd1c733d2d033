"""What people complain about in other systems, one test for each that has none beside its own part.

The numbers are those of the list in which they were gathered: 1 stuck agents and ghosts, 2 a zombie call after the
caller hung up, 3 an announcement blocks the bridge, 4 one absent agent halts the others, 5 a status change during an
offer loops, 6 no limits for busy and rejected, 7 an unregistered phone is shown available, 8 several nodes on one
database, 9 stuck under overload, 10 wrap-up is not honoured, 11 two agents answer one call, 12 counters are wrong, 13 a
transfer counts as the first agent's talk, 14 a priority change acts on newcomers only, 15 a callback jumps the queue,
16 no callback and no position.
"""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from fsorch.config import Centre
from fsorch.engine import (
    CompleteTransfer,
    FactKind,
    HangUp,
    LinkDown,
    LinkUp,
    LogIn,
    SetPriority,
    SwitchEvent,
    TransferCall,
)
from fsorch.engine.actions import Send
from fsorch.engine.inputs import Input
from fsorch.esl.commands import Bridge, Exists, Kill, Originate, Playback
from fsorch.esl.events import Event
from fsorch.names import Strategy
from fsorch.store import open_database
from tests.engine.desk import CENTRE, Desk
from tests.engine.test_callbacks import centre as centre_that_calls_back
from tests.engine.test_callbacks import promised
from tests.engine.test_transfers import consulting
from tests.floors import ROOT


def with_strategy(strategy: Strategy) -> Centre:
    sales, support = CENTRE.queues
    return structs.replace(CENTRE, queues=(structs.replace(sales, strategy=strategy), support))


def phones(desk: Desk) -> dict[str, Originate]:
    """The last call to each agent's phone."""
    dials = [command for command, _ in desk.sent if isinstance(command, Originate)]
    return {dict(dial.variables)["fsorch_agent"]: dial for dial in dials}


def talking(desk: Desk, leg: str = "caller-1") -> Originate:
    """Who was offered ``leg`` last talks."""
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge(leg, dial.uuid)
    return dial


def rows(desk: Desk) -> list[dict[str, object]]:
    return [fact.data["row"] for fact in desk.of(FactKind.CONTACT_ENDED)]


def killed(desk: Desk) -> set[str]:
    return {command.uuid for command, _ in desk.sent if isinstance(command, Kill)}


def test_complaint_1_nobody_stays_in_a_call_whose_end_was_never_told() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    dial = talking(desk)
    # Both hangups are lost on the way. What the agent does about it is answered with "no such channel".
    desk.tell(HangUp(agent="ann", by="ann"))
    desk.answer(Kill, "-ERR No such channel!")
    assert desk.last(Exists).uuid == dial.uuid
    desk.answer(Exists, "false")
    desk.passes(20)
    # Now the caller waits again, and has no channel either.
    desk.answer(Playback, "-ERR invalid session id")
    desk.answer(Exists, "false")
    desk.passes(20)
    assert desk.engine.snapshot().contacts == ()
    assert desk.agent("ann").state in ("idle", "reserved")


@pytest.mark.parametrize("strategy", [Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY, Strategy.LONGEST_IDLE])
def test_complaint_1_nobody_stays_reserved_when_nothing_is_heard_of_a_phone(strategy: Strategy) -> None:
    desk = Desk(with_strategy(strategy))
    desk.log_in("ann", "rob")
    desk.call("caller-1", "sales")
    desk.ends("caller-1")
    desk.passes(60)
    assert {agent.state for agent in desk.engine.snapshot().agents} == {"idle"}
    desk.call("caller-2", "sales")
    desk.passes(120)
    assert desk.engine.snapshot().contacts[0].state in ("waiting", "offered")
    desk.ends("caller-2")
    desk.passes(60)
    assert {agent.state for agent in desk.engine.snapshot().agents} == {"idle"}


def test_complaint_2_a_phone_does_not_ring_on_when_the_caller_has_hung_up() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    dial = desk.last(Originate)
    desk.ends("caller-1")
    assert dial.uuid in killed(desk)
    desk.sent.clear()
    # The leg shows itself only now, as the originate was still on its way: it is ended again.
    desk.rings(dial.uuid)
    assert dial.uuid in killed(desk)
    assert not [command for command, _ in desk.sent if isinstance(command, Bridge)]


def test_complaint_8_two_switches_have_one_line_and_one_crew() -> None:
    """signalwire/freeswitch #1674: queues and agents are those of a single box, however many nodes there are."""
    desk = Desk()
    desk.tell(LinkUp("second", "core-2", (), "/sounds"))
    for switch, leg in (("main", "caller-1"), ("second", "caller-2")):
        entry = {"variable_fsorch_entry": "yes", "variable_fsorch_queue": "sales"}
        for name, state in (("CHANNEL_PARK", "ringing"), ("CHANNEL_ANSWER", "answered")):
            event = Event(name=name, uuid=leg, known=entry, answer_state=state, caller_number=leg, direction="inbound")
            desk.tell(SwitchEvent(switch, event))
        desk.passes(1)
    line = sorted(desk.engine.snapshot().contacts, key=lambda one: one.position)
    assert [(one.number, one.switch) for one in line] == [("caller-1", "main"), ("caller-2", "second")]
    dials: list[tuple[str, str]] = []

    def tell(input: Input) -> None:
        for one in desk.engine.step(input, desk.clock.now()).actions:
            if isinstance(one, Send) and isinstance(one.command, Originate):
                dials.append((one.switch, dict(one.command.variables)["fsorch_agent"]))

    tell(LinkDown("main", "cut"))
    tell(LogIn(agent="ann", by="ann"))
    assert dials == [("second", "ann")], "nobody waits behind a caller whose switch cannot be reached"
    tell(LogIn(agent="rob", by="rob"))
    marks = {"contact": line[0].id, "role": "customer", "queue": "sales", "enqueued": str(line[0].enqueued_at)}
    known = {f"variable_fsorch_{name}": value for name, value in marks.items()}
    caller = Event(name="CHANNEL_DATA", uuid="caller-1", answer_state="answered", direction="inbound", known=known)
    tell(LinkUp("main", "core-1", (caller,), "/sounds"))
    assert dials == [("second", "ann"), ("main", "rob")], "one crew serves both, each on the caller's own switch"
    times = {one.id: one.enqueued_at for one in desk.engine.snapshot().contacts}
    assert times == {one.id: one.enqueued_at for one in line}


def test_complaint_10_an_attended_transfer_leaves_both_agents_their_whole_wrap_up() -> None:
    desk, leg, dial = consulting()
    desk.tell(CompleteTransfer(agent="ann", by="ann"))
    desk.bridge("caller-1", dial.uuid)
    desk.ends(leg)
    # Somebody else calls, and is kept waiting by both until their time is over.
    desk.passes(9)
    assert (desk.agent("ann").state, desk.agent("rob").state) == ("wrap_up", "talking")
    desk.call("caller-2", "sales")
    desk.ends("caller-1")
    desk.ends(dial.uuid)
    assert (desk.agent("ann").state, desk.agent("rob").state) == ("wrap_up", "wrap_up")
    desk.passes(1)
    assert (desk.agent("ann").state, desk.agent("rob").state) == ("reserved", "wrap_up")
    desk.passes(8)
    assert desk.agent("rob").state == "wrap_up"
    desk.passes(1)
    assert desk.agent("rob").state == "idle"


def test_complaint_11_one_agent_gets_a_call_that_two_answer() -> None:
    desk = Desk(with_strategy(Strategy.RING_ALL))
    desk.log_in("ann", "rob")
    desk.call("caller-1", "sales")
    dials = phones(desk)
    for dial in dials.values():
        desk.rings(dial.uuid)
    for agent in ("rob", "ann"):
        desk.picks_up(dials[agent].uuid, dials[agent].job_uuid)
    assert [command.b for command, _ in desk.sent if isinstance(command, Bridge)] == [dials["rob"].uuid]
    assert killed(desk) == {dials["ann"].uuid}
    desk.bridge("caller-1", dials["rob"].uuid)
    assert (desk.contact().agent, desk.agent("ann").contact) == ("rob", None)


def test_complaint_11_a_caller_whose_agent_answers_and_hangs_up_at_once_is_offered_again() -> None:
    desk = Desk(with_strategy(Strategy.RING_ALL))
    desk.log_in("ann", "rob")
    desk.call("caller-1", "sales")
    dials = phones(desk)
    for dial in dials.values():
        desk.rings(dial.uuid)
    desk.picks_up(dials["ann"].uuid, dials["ann"].job_uuid)
    desk.ends(dials["ann"].uuid)
    desk.answer(Bridge, "-ERR no such channel")
    desk.ends(dials["rob"].uuid, "ORIGINATOR_CANCEL")
    desk.passes(20)
    assert desk.contact().state == "offered"
    assert phones(desk)["rob"].uuid != dials["rob"].uuid


def test_complaint_12_each_call_is_counted_once_whatever_is_told_twice() -> None:
    desk = Desk(with_strategy(Strategy.FEWEST_CALLS))
    desk.log_in("ann", "rob")
    for n in range(4):
        desk.call(f"caller-{n}", "sales")
        dial = talking(desk, f"caller-{n}")
        desk.bridge(f"caller-{n}", dial.uuid)
        desk.event("CHANNEL_PARK", dial.uuid)
        for leg in (f"caller-{n}", dial.uuid):
            desk.ends(leg)
            desk.ends(leg)
        desk.passes(11)
    sales = next(queue for queue in desk.engine.snapshot().queues if queue.id == "sales")
    assert (sales.queued, sales.answered, sales.abandoned) == (4, 4, 0)
    # Counted twice, one agent's calls would keep them from the next, whom the other would get.
    assert [desk.agent(agent).answered for agent in ("ann", "rob")] == [2, 2]
    assert [row["outcome"] for row in rows(desk)] == ["answered"] * 4
    assert len({row["id"] for row in rows(desk)}) == 4
    assert len(desk.of(FactKind.LEG_ENDED)) == 8


def test_complaint_12_the_outcomes_add_up_to_the_contacts(tmp_path: Path) -> None:
    desk = Desk()
    desk.call("abandons", "sales")
    desk.ends("abandons")
    desk.call("leaves")
    desk.ends("leaves")
    desk.log_in("ann")
    desk.call("talks", "sales")
    dial = talking(desk, "talks")
    desk.tell(TransferCall(agent="ann", by="ann", queue="support"))
    desk.ends(dial.uuid)
    desk.passes(11)
    talking(desk, "talks")
    desk.ends("talks")
    desk.call("waits", "sales")
    with closing(open_database(f"sqlite:///{tmp_path}/records.db")) as store:
        for _ in range(2):
            store.write(desk.facts)
        counts = store.counts()
    assert (counts.answered, counts.abandoned, counts.left_flow, counts.live) == (1, 1, 1, 1)
    assert counts.contacts == 4
    # The caller who waits, and the phone whose end has not been told yet.
    assert counts.legs == counts.cdr_rows + 2


def test_complaint_13_the_talk_of_who_transfers_ends_with_the_transfer() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    dial = talking(desk)
    desk.passes(30)
    desk.tell(TransferCall(agent="ann", by="ann", queue="support"))
    assert dial.uuid in killed(desk)
    desk.ends(dial.uuid)
    assert desk.agent("ann").state == "wrap_up"
    desk.passes(300)
    desk.ends("caller-1")
    (row,) = rows(desk)
    assert row["talked_us"] == 30_000_000


def test_complaint_14_a_priority_change_acts_on_those_who_wait() -> None:
    desk = Desk()
    for number in ("1", "2"):
        desk.call(f"caller-{number}", "sales", caller_number=number)
        desk.passes(1)
    second = next(contact for contact in desk.engine.snapshot().contacts if contact.number == "2")
    desk.tell(SetPriority(contact=second.id, priority=5, by="sam"))
    desk.log_in("ann")
    assert next(one for one in desk.engine.snapshot().contacts if one.state == "offered").number == "2"


def test_complaint_14_the_longest_wait_goes_first_over_all_queues_of_an_agent() -> None:
    desk = Desk()
    for n, queue in enumerate(("support", "sales", "support", "sales")):
        desk.call(f"caller-{n}", queue, caller_number=f"+{n}")
        desk.passes(1)
    desk.log_in("ann")
    served = []
    for _ in range(4):
        dial = desk.last(Originate)
        contact = next(one for one in desk.engine.snapshot().contacts if one.state == "offered")
        served.append(contact.number)
        leg = f"caller-{contact.number[1:]}"
        talking(desk, leg)
        desk.ends(leg)
        desk.ends(dial.uuid)
        desk.passes(11)
    assert served == ["+0", "+1", "+2", "+3"]


def test_complaint_15_a_callback_waits_for_those_who_waited_longer() -> None:
    desk = Desk(centre_that_calls_back())
    desk.call("longer", "sales", caller_number="+1111")
    desk.passes(5)
    promised(desk, "caller")
    desk.call("later", "sales", caller_number="+2222")
    desk.log_in("ann")
    offered = [contact.number for contact in desk.engine.snapshot().contacts if contact.state == "offered"]
    assert offered == ["+1111"]


def test_each_complaint_is_named_by_a_test() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = {int(number) for number in re.findall(r"def test_complaint_([0-9]+)_", text)}
    assert set(range(1, 18)) <= named
