"""A supervisor whose phone is nailed up hears a talk by the call that stands."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.engine import FactKind, LinkUp, LogOut, StopListening, Supervise, TakeOver
from fsorch.errors import RequestRefused
from fsorch.esl.commands import Bridge, Eavesdrop, Kill, Originate, ReceiveDigits, SetVars
from fsorch.esl.events import Event
from fsorch.rules import PhoneMode
from tests.engine.desk import CENTRE, Desk
from tests.engine.test_supervising import channel
from tests.engine.test_transfers import CUSTOMER

ANN, ROB = CENTRE.agents
LISTEN = Supervise(agent="ann", watcher="rob", mode="listen", by="sam")


def nailed(*ids: str) -> Desk:
    """Those of ann and rob who are named have a nailed-up phone."""
    modes = {id: PhoneMode.NAILED for id in ids}
    agents = [msgspec.structs.replace(one, phone_mode=modes.get(one.id, one.phone_mode)) for one in (ANN, ROB)]
    return Desk(msgspec.structs.replace(CENTRE, agents=tuple(agents)))


def standing(*ids: str) -> tuple[Desk, str, str]:
    """Ann talks to a customer and rob's standing call is parked; their legs."""
    desk = nailed("rob", *ids)
    desk.log_in("ann")
    if "ann" in ids:
        dial = desk.last(Originate)
        desk.picks_up(dial.uuid, dial.job_uuid)
        desk.call(CUSTOMER, "sales")
        desk.bridge(CUSTOMER, dial.uuid)
        leg = dial.uuid
    else:
        leg = desk.talks(CUSTOMER, "sales")
    desk.log_in("rob")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert desk.agent("rob").line == "ready"
    desk.sent.clear()
    return desk, leg, dial.uuid


def runs_out(desk: Desk, line: str) -> None:
    """The switch has ended what ran last on the standing call."""
    app = desk.last(Eavesdrop).event_uuid
    desk.event("CHANNEL_EXECUTE_COMPLETE", line, application="eavesdrop", application_uuid=app)


def said(desk: Desk, line: str) -> dict[str, str]:
    told: dict[str, str] = {}
    for command, _ in desk.sent:
        if isinstance(command, SetVars) and command.uuid == line:
            told |= dict(command.pairs)
    return told


def test_the_call_that_stands_is_used_and_the_phone_is_not_dialled() -> None:
    desk, leg, line = standing()
    desk.tell(msgspec.structs.replace(LISTEN, mode="whisper"))
    assert not [c for c, _ in desk.sent if isinstance(c, Originate)]
    assert (desk.last(Eavesdrop).uuid, desk.last(Eavesdrop).target) == (line, leg)
    assert (said(desk, line)["eavesdrop_whisper_aleg"], said(desk, line)["eavesdrop_whisper_bleg"]) == ("false", "true")
    assert [(one.name, one.mode) for one in desk.agent("ann").listeners] == [("rob", "whisper")]
    for mode, key in (("barge", "3"), ("listen", "0"), ("whisper", "2")):
        desk.tell(msgspec.structs.replace(LISTEN, mode=mode))
        assert desk.last(ReceiveDigits) == ReceiveDigits(line, key)
    desk.tell(StopListening(agent="ann", watcher="rob", by="sam"))
    assert desk.last(ReceiveDigits) == ReceiveDigits(line, "*")
    assert desk.agent("ann").listeners == ()
    assert said(desk, line)["fsorch_watcher"] == ""
    assert not [c for c, _ in desk.sent if isinstance(c, Kill)]
    runs_out(desk, line)
    assert desk.agent("rob").line == "ready"
    desk.call("caller-2", "sales")
    assert desk.last(Bridge) == Bridge("caller-2", line)


def test_nothing_is_offered_to_a_supervisor_who_listens() -> None:
    desk, leg, line = standing()
    desk.tell(LISTEN)
    assert desk.agent("rob").unready == "listens to the talk of ann"
    desk.call("caller-2", "sales")
    desk.passes(60)
    assert not [c for c, _ in desk.sent if isinstance(c, Bridge)]
    # The talk ends, and the listening with it, by the switch itself.
    desk.ends(CUSTOMER)
    desk.ends(leg)
    runs_out(desk, line)
    assert desk.last(Bridge) == Bridge("caller-2", line)
    kinds = [fact.kind for fact in desk.facts if fact.kind.startswith("listening")]
    assert kinds == ["listening_began", "listening_ended"]


def test_the_switch_that_never_tells_of_the_end_does_not_keep_the_supervisor() -> None:
    desk, leg, line = standing()
    desk.tell(LISTEN)
    desk.ends(CUSTOMER)
    desk.ends(leg)
    desk.call("caller-2", "sales")
    desk.passes(2)
    assert desk.last(Bridge) == Bridge("caller-2", line)


def test_a_key_of_the_supervisor_ends_it_too() -> None:
    desk, _, line = standing()
    desk.tell(LISTEN)
    runs_out(desk, line)
    assert (desk.agent("ann").listeners, desk.agent("rob").line) == ((), "ready")


def test_who_listened_and_takes_over_does_so_by_the_same_call() -> None:
    desk, leg, line = standing()
    desk.tell(LISTEN)
    desk.tell(TakeOver(agent="ann", by="sam", taker="rob"))
    assert not [c for c, _ in desk.sent if isinstance(c, Originate)]
    desk.ends(leg)
    desk.event("CHANNEL_PARK", CUSTOMER)
    runs_out(desk, line)
    assert desk.last(Bridge) == Bridge(CUSTOMER, line)
    desk.bridge(CUSTOMER, line)
    assert (desk.contact().agent, desk.agent("rob").state) == ("rob", "talking")


def test_a_standing_call_that_is_not_ready_is_refused_and_another_phone_is_not() -> None:
    desk = nailed("rob")
    desk.log_in("ann")
    desk.talks(CUSTOMER, "sales")
    desk.log_in("rob")
    before = len(desk.sent)
    with pytest.raises(RequestRefused, match="not there yet"):
        desk.tell(LISTEN)
    assert (len(desk.sent), desk.agent("ann").listeners) == (before, ())
    desk.tell(msgspec.structs.replace(LISTEN, phone="1009"))
    assert desk.last(Originate).app == "eavesdrop"


def test_a_supervisor_who_logs_out_or_hangs_up_listens_no_more() -> None:
    for act in ("log out", "hang up"):
        desk, _, line = standing()
        desk.tell(LISTEN)
        if act == "log out":
            desk.tell(LogOut(agent="rob", by="rob"))
            assert desk.last(Kill).uuid == line
        desk.ends(line)
        assert (desk.agent("ann").listeners, desk.contact().state) == ((), "talking")
        assert "listens" not in desk.agent("rob").unready


def test_who_listened_to_a_standing_call_does_not_hear_its_next_caller() -> None:
    desk, leg, line = standing("ann")
    desk.tell(LISTEN)
    assert desk.last(Eavesdrop).target == leg
    desk.ends(CUSTOMER)
    desk.event("CHANNEL_PARK", leg)
    assert desk.last(ReceiveDigits) == ReceiveDigits(line, "*")
    assert desk.agent("ann").listeners == ()


# -- cuts and restarts ----------------------------------------------------------------------------------------------


def marked(desk: Desk, leg: str, line: str) -> tuple[Event, ...]:
    caller = {"fsorch_role": "customer", "fsorch_queue": "sales", "fsorch_contact": "c1", "fsorch_enqueued": "17"}
    agent = {"fsorch_role": "agent", "fsorch_contact": "c1", "fsorch_agent": "ann"}
    ears = said(desk, line) | {"fsorch_role": "agent", "fsorch_line": "yes", "fsorch_agent": "rob"}
    return (
        channel(line, "", **ears | {"fsorch_contact": "c1"}),
        channel(CUSTOMER, leg, **caller),
        channel(leg, CUSTOMER, **agent),
    )


def test_a_cut_of_the_link_begins_the_listening_anew_where_the_talk_goes_on() -> None:
    desk, leg, line = standing()
    desk.tell(LISTEN)
    old = desk.last(Eavesdrop).event_uuid
    desk.sent.clear()
    desk.tell(LinkUp("main", "core-1", (channel(CUSTOMER, leg), channel(leg, CUSTOMER), channel(line, ""))))
    assert [c for c, _ in desk.sent if isinstance(c, ReceiveDigits)] == [ReceiveDigits(line, "*")]
    assert (desk.last(Eavesdrop).uuid, desk.last(Eavesdrop).target) == (line, leg)
    # The end of the one before says nothing of this one.
    desk.event("CHANNEL_EXECUTE_COMPLETE", line, application="eavesdrop", application_uuid=old)
    assert [one.name for one in desk.agent("ann").listeners] == ["rob"]


def test_a_restart_finds_the_supervisor_who_listens() -> None:
    old, leg, line = standing()
    old.tell(msgspec.structs.replace(LISTEN, mode="barge"))
    desk = nailed("rob")
    desk.log_in("rob")
    desk.tell(LinkUp("main", "core-1", marked(old, leg, line)))
    assert [(one.name, one.mode) for one in desk.agent("ann").listeners] == [("rob", "barge")]
    assert (desk.last(Eavesdrop).uuid, desk.last(Eavesdrop).target) == (line, leg)
    assert desk.agent("rob").unready == "listens to the talk of ann"
    desk.tell(StopListening(agent="ann", watcher="rob", by="sam"))
    runs_out(desk, line)
    assert desk.agent("rob").line == "ready"


def test_a_restart_keeps_the_standing_call_of_who_would_hear_nothing() -> None:
    old, _, line = standing()
    old.tell(LISTEN)
    desk = nailed("rob")
    desk.log_in("rob")
    desk.tell(LinkUp("main", "core-1", (marked(old, "gone", line)[0],)))
    assert desk.last(ReceiveDigits) == ReceiveDigits(line, "*")
    assert desk.agent("rob").line == "ready"
    assert not [c for c, _ in desk.sent if isinstance(c, Kill) and c.uuid == line]
    assert not desk.of(FactKind.LISTENING_BEGAN)
