"""Transfers on an engine alone: a customer always ends up with somebody, in a queue, or has hung up."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.engine import (
    AddParty,
    CancelTransfer,
    CompleteTransfer,
    ConferCall,
    Configure,
    DropParty,
    FactKind,
    HangUp,
    HoldCall,
    MuteCall,
    PressKeys,
    TakeOver,
    TransferCall,
)
from fsorch.errors import NotFound, RequestRefused
from fsorch.esl.commands import Break, Bridge, Hold, Kill, Mute, Originate, Park, Playback, SendDigits, SetVars
from tests.engine.desk import CENTRE, Desk

CUSTOMER = "caller-1"


def talking(*more: str) -> tuple[Desk, str]:
    """A customer of sales talks to ann; her leg."""
    desk = Desk()
    desk.tell(Configure(msgspec.structs.replace(CENTRE, outside="sofia/gateway/carrier/{number}")))
    desk.log_in("ann")
    leg = desk.talks(CUSTOMER, "sales")
    desk.log_in(*more)
    desk.sent.clear()
    return desk, leg


def consulting(picks_up: bool = True) -> tuple[Desk, str, Originate]:
    """Ann consults rob about her customer."""
    desk, leg = talking("rob")
    desk.passes(10)
    desk.tell(TransferCall(agent="ann", by="ann", to="rob", consult=True))
    dial = desk.last(Originate)
    desk.event("CHANNEL_PARK", CUSTOMER)
    desk.event("CHANNEL_PARK", leg)
    desk.rings(dial.uuid)
    if picks_up:
        desk.passes(2)
        desk.picks_up(dial.uuid, dial.job_uuid)
        assert desk.last(Bridge) == Bridge(leg, dial.uuid)
        desk.bridge(leg, dial.uuid)
    return desk, leg, dial


def segments(desk: Desk) -> list[tuple[str, str]]:
    rows = (fact.data["row"] for fact in desk.of(FactKind.SEGMENT_ENDED))
    return [(row["kind"], row["agent"]) for row in rows]


def killed(desk: Desk) -> list[str]:
    return [command.uuid for command, _ in desk.sent if isinstance(command, Kill)]


def stays(desk: Desk, leg: str) -> bool:
    """Whether the leg was told last to stay when its bridge ends."""
    said = [dict(c.pairs) for c, _ in desk.sent if isinstance(c, SetVars) and c.uuid == leg]
    last = [pairs["park_after_bridge"] for pairs in said if "park_after_bridge" in pairs][-1:]
    return last == ["true"]


def ended(desk: Desk) -> list[str]:
    return [fact.data["outcome"] for fact in desk.of(FactKind.TRANSFER_ENDED)]


# -- to a queue -----------------------------------------------------------------------------------------------------


def test_a_transfer_to_a_queue_keeps_the_first_enqueue_time_and_ends_the_talk_of_the_agent() -> None:
    desk, leg = talking()
    enqueued = desk.contact().enqueued_at
    desk.passes(30)
    desk.tell(TransferCall(agent="ann", by="ann", queue="support", priority=5))
    assert stays(desk, CUSTOMER)
    assert killed(desk) == [leg]
    desk.ends(leg)
    desk.event("CHANNEL_PARK", CUSTOMER)
    contact = desk.contact()
    assert (contact.state, contact.queue, contact.enqueued_at) == ("waiting", "support", enqueued)
    assert not stays(desk, CUSTOMER)
    assert desk.agent("ann").state == "wrap_up"
    desk.passes(300)
    desk.ends(CUSTOMER)
    (row,) = (fact.data["row"] for fact in desk.of(FactKind.CONTACT_ENDED))
    # Complaint 13: a transfer went on counting as the first agent's talk.
    assert row["talked_us"] == 30_000_000
    assert (row["priority"], row["outcome"], row["ended_by"]) == (5, "answered", "customer")


def test_the_park_may_be_told_before_the_hangup() -> None:
    desk, leg = talking()
    desk.tell(TransferCall(agent="ann", by="ann", queue="support"))
    desk.event("CHANNEL_PARK", CUSTOMER)
    desk.ends(leg)
    assert desk.contact().queue == "support"
    assert desk.agent("ann").state == "wrap_up"


def test_a_customer_whose_park_is_never_told_goes_to_the_queue_all_the_same() -> None:
    desk, leg = talking()
    desk.tell(TransferCall(agent="ann", by="ann", queue="support"))
    desk.passes(6)
    assert desk.contact().state in ("waiting", "offered")
    assert leg in killed(desk)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (TransferCall(agent="ann", by="ann"), RequestRefused),
        (TransferCall(agent="ann", by="ann", queue="sales", to="rob"), RequestRefused),
        (TransferCall(agent="ann", by="ann", queue="salse"), NotFound),
        (TransferCall(agent="ann", by="ann", queue="support", consult=True), RequestRefused),  # nobody is free
        (AddParty(agent="ann", by="ann", to="rob"), RequestRefused),
        (AddParty(agent="ann", by="ann"), RequestRefused),
        (DropParty(agent="ann", by="ann", party="rob"), RequestRefused),
        (TransferCall(agent="ann", by="ann", to="robb"), NotFound),
        (TransferCall(agent="ann", by="ann", to="ann"), RequestRefused),
        (TransferCall(agent="ann", by="ann", to="rob"), RequestRefused),  # logged out
        (TransferCall(agent="ann", by="ann", number="1&echo"), RequestRefused),
        (TransferCall(agent="rob", by="rob", queue="support"), RequestRefused),  # no call
        (CompleteTransfer(agent="ann", by="ann"), RequestRefused),
        (CancelTransfer(agent="ann", by="ann"), RequestRefused),
        (ConferCall(agent="ann", by="ann"), RequestRefused),
        (TakeOver(agent="ann", by="sam", taker="rob"), RequestRefused),
        (PressKeys(agent="ann", by="ann", digits="1 2"), RequestRefused),
        (MuteCall(agent="ann", by="ann", on=False), RequestRefused),
    ],
)
def test_what_is_not_possible_is_refused_and_changes_nothing(request_: TransferCall, error: type[Exception]) -> None:
    desk, _ = talking()
    before = desk.engine.snapshot()
    with pytest.raises(error):
        desk.tell(request_)
    assert desk.engine.snapshot().agents == before.agents
    assert desk.sent == []


# -- to an agent, at once -------------------------------------------------------------------------------------------


def test_a_blind_transfer_to_an_agent() -> None:
    desk, leg = talking("rob")
    desk.passes(20)
    desk.tell(TransferCall(agent="ann", by="ann", to="rob"))
    dial = desk.last(Originate)
    assert dial.endpoint == "user/1002"
    assert dict(dial.variables)["park_after_bridge"] == "true"
    assert killed(desk) == [leg]
    assert desk.agent("ann").state == "wrap_up"
    desk.ends(leg)
    desk.event("CHANNEL_PARK", CUSTOMER)
    assert desk.last(Playback).uuid == CUSTOMER
    desk.rings(dial.uuid)
    assert desk.agent("rob").state == "ringing"
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert desk.last(Bridge) == Bridge(CUSTOMER, dial.uuid)
    desk.bridge(CUSTOMER, dial.uuid)
    assert desk.agent("rob").state == "talking"
    assert (desk.contact().agent, desk.contact().state) == ("rob", "talking")
    assert not stays(desk, CUSTOMER)
    assert not stays(desk, dial.uuid)
    desk.passes(5)
    desk.ends(dial.uuid)
    desk.ends(CUSTOMER)
    assert segments(desk)[-3:] == [("talk", "ann"), ("offer", "rob"), ("talk", "rob")]
    (row,) = (fact.data["row"] for fact in desk.of(FactKind.CONTACT_ENDED))
    assert (row["agent"], row["talked_us"]) == ("rob", 26_000_000)
    assert ended(desk) == ["handed_over"]
    # Who reads the facts alone knows of each when the first talk began.
    first, second = (fact.data["answered_at"] for fact in desk.of(FactKind.BRIDGED))
    assert first == second == row["answered_at"] > 0


def test_music_that_begins_as_the_third_party_picks_up_does_not_play_into_the_talk() -> None:
    """The switch had not begun it when it was told to join them: it does that in the talk, and the customer's leg would
    stay in the music when the talk ends."""
    desk, leg = talking("rob")
    desk.tell(TransferCall(agent="ann", by="ann", to="rob"))
    dial = desk.last(Originate)
    desk.ends(leg)
    desk.rings(dial.uuid)
    desk.event("CHANNEL_PARK", CUSTOMER)
    music = desk.last(Playback)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge(CUSTOMER, dial.uuid)
    assert desk.last(Break) == Break(CUSTOMER)
    desk.sent.clear()
    desk.event("CHANNEL_EXECUTE_COMPLETE", CUSTOMER, application_uuid=music.event_uuid, application="playback")
    assert not [command for command, _ in desk.sent if isinstance(command, Playback)]
    assert (desk.contact().agent, desk.contact().state) == ("rob", "talking")


def test_a_blind_transfer_that_nobody_takes_comes_back_to_who_transferred() -> None:
    desk, leg = talking("rob")
    enqueued = desk.contact().enqueued_at
    desk.tell(TransferCall(agent="ann", by="ann", to="rob"))
    dial = desk.last(Originate)
    desk.ends(leg)
    desk.event("CHANNEL_PARK", CUSTOMER)
    desk.ends(dial.uuid, "NO_ANSWER")
    assert ended(desk) == ["not_taken"]
    contact = desk.contact()
    assert (contact.state, contact.enqueued_at) == ("waiting", enqueued)
    desk.passes(10)  # the end of ann's wrap-up
    assert (desk.contact().state, desk.contact().agent) == ("offered", "ann")


def test_an_agent_who_is_gone_does_not_hold_the_customer() -> None:
    desk, leg = talking("rob")
    desk.tell(TransferCall(agent="ann", by="ann", to="rob"))
    desk.ends(leg)
    desk.event("CHANNEL_PARK", CUSTOMER)
    desk.ends(desk.last(Originate).uuid, "USER_BUSY")
    desk.passes(40)
    assert desk.contact().state == "offered"


# -- outside --------------------------------------------------------------------------------------------------------


def test_a_transfer_to_a_number_outside() -> None:
    desk, leg = talking()
    desk.tell(TransferCall(agent="ann", by="ann", number="+49301234"))
    dial = desk.last(Originate)
    assert dial.endpoint == "sofia/gateway/carrier/+49301234"
    desk.ends(leg)
    desk.event("CHANNEL_PARK", CUSTOMER)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge(CUSTOMER, dial.uuid)
    assert (desk.contact().state, desk.contact().agent) == ("talking", "")
    desk.passes(50)
    desk.ends(CUSTOMER)
    desk.ends(dial.uuid)
    assert segments(desk)[-2:] == [("wrap_up", "ann"), ("outside", "")]
    roles = {fact.data["row"]["id"]: fact.data["row"]["role"] for fact in desk.of(FactKind.LEG_ENDED)}
    assert roles == {leg: "agent", CUSTOMER: "customer", dial.uuid: "other"}


# -- after a consult ------------------------------------------------------------------------------------------------


def test_the_customer_hears_music_and_the_agent_the_ringing() -> None:
    desk, leg, _ = consulting(picks_up=False)
    assert desk.last(Park) == Park(CUSTOMER)
    played = {c.uuid: c.file for c, _ in desk.sent if isinstance(c, Playback)}
    assert set(played) == {CUSTOMER, leg}
    assert stays(desk, CUSTOMER)
    assert stays(desk, leg)
    assert desk.contact().transfer == "ringing"
    music = next(c for c, _ in desk.sent if isinstance(c, Playback) and c.uuid == CUSTOMER)
    desk.passes(5)
    desk.event("CHANNEL_EXECUTE_COMPLETE", CUSTOMER, application_uuid=music.event_uuid)
    assert desk.last(Playback).uuid == CUSTOMER


@pytest.mark.parametrize("ended", [True, False])
def test_ringing_that_begins_as_the_third_party_picks_up_does_not_play_into_the_talk(ended: bool) -> None:
    """The switch queues it, and bridges at once; whatever is queued runs within the bridge then."""
    desk, leg, dial = consulting(picks_up=False)
    ringing = desk.last(Playback)
    assert (ringing.uuid, bool(ringing.event_uuid)) == (leg, True)
    desk.picks_up(dial.uuid, dial.job_uuid)
    if ended:
        desk.event("CHANNEL_EXECUTE_COMPLETE", leg, application_uuid=ringing.event_uuid)
    desk.sent.clear()
    desk.bridge(leg, dial.uuid)
    assert [command for command, _ in desk.sent if isinstance(command, Break)] == ([] if ended else [Break(leg)])


def test_who_is_parked_after_the_third_party_has_picked_up_hears_no_ringing() -> None:
    desk, leg = talking("rob")
    desk.passes(10)
    desk.tell(TransferCall(agent="ann", by="ann", to="rob", consult=True))
    dial = desk.last(Originate)
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert desk.last(Bridge) == Bridge(leg, dial.uuid)
    desk.event("CHANNEL_PARK", leg)
    assert not any(isinstance(command, Playback) and command.uuid == leg for command, _ in desk.sent)
    desk.bridge(leg, dial.uuid)
    assert not any(isinstance(command, Break) for command, _ in desk.sent)


def test_who_takes_the_customer_back_while_it_rings_hears_no_ringing() -> None:
    desk, leg, _ = consulting(picks_up=False)
    desk.tell(CancelTransfer(agent="ann", by="ann"))
    desk.bridge(CUSTOMER, leg)
    assert Break(leg) in [command for command, _ in desk.sent]


def test_a_consult_completed() -> None:
    desk, leg, dial = consulting()
    assert desk.contact().transfer == "consulting"
    assert (desk.agent("ann").state, desk.agent("rob").state) == ("talking", "talking")
    desk.passes(8)
    desk.tell(CompleteTransfer(agent="ann", by="ann"))
    assert desk.last(Bridge) == Bridge(CUSTOMER, dial.uuid)
    desk.bridge(CUSTOMER, dial.uuid)
    assert killed(desk) == [leg]
    assert desk.agent("ann").state == "wrap_up"
    assert (desk.contact().agent, desk.agent("rob").state) == ("rob", "talking")
    desk.event("CHANNEL_PARK", leg)
    desk.ends(leg)
    desk.passes(7)
    desk.ends(CUSTOMER)
    desk.ends(dial.uuid)
    assert segments(desk)[-3:] == [("talk", "ann"), ("consult", "ann"), ("talk", "rob")]
    assert desk.engine.snapshot().contacts == ()
    assert desk.agent("rob").state == "wrap_up"


def test_a_consult_cancelled_while_talking_and_while_ringing() -> None:
    for picks_up in (True, False):
        desk, leg, dial = consulting(picks_up)
        desk.tell(CancelTransfer(agent="ann", by="ann"))
        assert desk.last(Bridge) == Bridge(CUSTOMER, leg)
        desk.bridge(CUSTOMER, leg)
        assert dial.uuid in killed(desk)
        desk.ends(dial.uuid)
        assert (desk.contact().agent, desk.contact().transfer) == ("ann", "")
        assert desk.agent("rob").state == "idle"
        assert not stays(desk, leg)
        assert not stays(desk, CUSTOMER)
        assert ended(desk) == ["returned"]


def test_a_consult_that_nobody_answers_comes_back() -> None:
    desk, leg, dial = consulting(picks_up=False)
    desk.ends(dial.uuid, "NO_ANSWER")
    assert desk.last(Bridge) == Bridge(CUSTOMER, leg)
    desk.bridge(CUSTOMER, leg)
    assert desk.contact().agent == "ann"
    assert desk.agent("rob").missed == 1
    desk.passes(10)
    desk.ends(leg)
    assert desk.agent("ann").state == "wrap_up"


def test_who_was_consulted_hangs_up_and_the_customer_comes_back() -> None:
    desk, leg, dial = consulting()
    desk.tell(HangUp(agent="rob", by="rob"))
    assert killed(desk) == [dial.uuid]
    desk.ends(dial.uuid)
    assert desk.last(Bridge) == Bridge(CUSTOMER, leg)
    desk.bridge(CUSTOMER, leg)
    assert (desk.agent("rob").state, desk.contact().agent) == ("idle", "ann")


def test_an_agent_who_hangs_up_in_the_consult_hands_over() -> None:
    desk, leg, dial = consulting()
    desk.ends(leg)
    assert desk.last(Bridge) == Bridge(CUSTOMER, dial.uuid)
    assert desk.agent("ann").state == "wrap_up"
    desk.bridge(CUSTOMER, dial.uuid)
    assert desk.contact().agent == "rob"


def test_an_agent_who_hangs_up_while_it_rings_leaves_the_customer_to_the_third_party() -> None:
    desk, leg, dial = consulting(picks_up=False)
    desk.ends(leg)
    assert desk.contact().transfer == "pending"
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge(CUSTOMER, dial.uuid)
    assert desk.contact().agent == "rob"


def test_the_customer_hangs_up_in_the_consult() -> None:
    desk, leg, dial = consulting()
    desk.ends(CUSTOMER)
    assert set(killed(desk)) == {leg, dial.uuid}
    desk.ends(leg)
    desk.ends(dial.uuid)
    assert (desk.agent("ann").state, desk.agent("rob").state) == ("wrap_up", "idle")
    assert desk.engine.snapshot().switches[0].legs == 0
    assert ended(desk) == ["customer_gone"]


def test_a_joining_that_never_comes_about_ends_in_the_queue() -> None:
    desk, leg, dial = consulting()
    desk.tell(CompleteTransfer(agent="ann", by="ann"))
    desk.answer(Bridge, "-ERR Invalid uuid")
    assert desk.last(Bridge) == Bridge(CUSTOMER, leg)
    desk.passes(5)
    assert ended(desk) == ["not_taken"]
    assert set(killed(desk)) >= {leg, dial.uuid}
    assert desk.contact().state == "waiting"


# -- take over, mute, keys ------------------------------------------------------------------------------------------


def test_a_supervisor_takes_over() -> None:
    desk, leg = talking("rob")
    desk.passes(10)
    desk.tell(TakeOver(agent="ann", by="sam", taker="rob"))
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    assert desk.agent("ann").state == "talking"
    desk.picks_up(dial.uuid, dial.job_uuid)
    assert desk.last(Bridge) == Bridge(CUSTOMER, dial.uuid)
    desk.event("CHANNEL_PARK", leg)
    desk.bridge(CUSTOMER, dial.uuid)
    assert killed(desk)[-1] == leg
    assert (desk.contact().agent, desk.agent("ann").state) == ("rob", "wrap_up")


def test_a_take_over_that_is_not_answered_changes_nothing_for_the_customer() -> None:
    desk, leg = talking("rob")
    desk.tell(TakeOver(agent="ann", by="sam", taker="rob"))
    desk.ends(desk.last(Originate).uuid, "NO_ANSWER")
    assert (desk.contact().agent, desk.contact().state) == ("ann", "talking")
    assert not stays(desk, CUSTOMER)
    assert killed(desk) == []
    assert [kind for kind, _ in segments(desk)].count("talk") == 0


def test_mute_and_keys() -> None:
    desk, leg = talking()
    desk.tell(MuteCall(agent="ann", by="ann", on=True))
    assert desk.last(Mute) == Mute(leg, True)
    assert desk.contact().muted
    with pytest.raises(RequestRefused, match="the agent is muted already"):
        desk.tell(MuteCall(agent="ann", by="ann", on=True))
    desk.tell(MuteCall(agent="ann", by="ann", on=False))
    with pytest.raises(RequestRefused, match="the agent is not muted"):
        desk.tell(MuteCall(agent="ann", by="ann", on=False))
    with pytest.raises(RequestRefused, match="take back is not possible now; the customer is not on hold"):
        desk.tell(HoldCall(agent="ann", by="ann", on=False))
    assert not desk.contact().muted
    desk.tell(PressKeys(agent="ann", by="ann", digits="12#"))
    assert desk.last(SendDigits) == SendDigits(CUSTOMER, "12#")


def test_a_held_customer_is_taken_back_before_the_transfer() -> None:
    desk, leg = talking("rob")
    desk.tell(HoldCall(agent="ann", by="ann", on=True))
    desk.event("CHANNEL_HOLD", leg)
    assert desk.contact().held
    desk.tell(TransferCall(agent="ann", by="ann", to="rob", consult=True))
    assert desk.last(Hold) == Hold(leg, False)
    desk.event("CHANNEL_UNHOLD", leg)
    assert not desk.contact().held
    with pytest.raises(RequestRefused):
        desk.tell(HoldCall(agent="ann", by="ann", on=True))
