"""Calls over a link that is cut, and over restarts of ours: what goes on, goes on, and what ended is ended."""

from __future__ import annotations

import pytest

from fsorch.engine import FactKind, LinkDown, LinkUp
from fsorch.esl.commands import Answer, Kill, Originate, Playback
from fsorch.esl.events import Event
from tests.engine.desk import Desk
from tests.engine.test_call import offered, rows, talking


def dump(uuid: str, variables: dict[str, str], **fields: object) -> Event:
    known = {f"variable_{key}": value for key, value in variables.items()}
    return Event(name="CHANNEL_DATA", uuid=uuid, known=known, **fields)  # type: ignore[arg-type]


def test_nothing_is_offered_on_a_switch_that_cannot_be_reached() -> None:
    desk = Desk()
    desk.call("caller-1", "sales")
    desk.tell(LinkDown("main", "cut"))
    desk.log_in("ann")
    assert desk.contact().state == "waiting"
    desk.tell(LinkUp("main", "core-1", (dump("caller-1", {"current_application": "playback"}),)))
    assert desk.contact().state == "offered"


def test_what_ended_while_the_link_was_down_is_ended() -> None:
    desk, dial = talking()
    desk.tell(LinkDown("main", "cut"))
    desk.passes(30)
    desk.tell(LinkUp("main", "core-1", ()))
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (row["outcome"], desk.agent("ann").state) == ("answered", "wrap_up")
    assert [row["complete"] for row in rows(desk, FactKind.LEG_ENDED)] == [False, False]


@pytest.mark.parametrize(
    ("application", "response", "again"),
    [("park", "", True), ("playback", "FILE PLAYED", True), ("playback", "", False)],
)
def test_a_waiting_caller_whose_music_stopped_meanwhile_hears_it_again(
    application: str, response: str, again: bool
) -> None:
    desk = Desk()
    desk.call("caller-1", "sales")
    desk.sent.clear()
    seen = {"current_application": application, "current_application_response": response}
    desk.tell(LinkUp("main", "core-1", (dump("caller-1", seen),)))
    assert [command.file for command, _ in desk.sent if isinstance(command, Playback)] == ["local_stream://moh"] * again


@pytest.mark.parametrize("state", ["ringing", "answered"])
def test_a_phone_whose_offer_was_given_up_while_the_link_was_down_is_hung_up(state: str) -> None:
    desk, dial = offered()
    desk.tell(LinkDown("main", "cut"))
    desk.passes(30)
    assert desk.contact().state == "waiting"
    desk.sent.clear()
    channels = (dump("caller-1", {}, answer_state="answered"), dump(dial.uuid, {}, answer_state=state))
    desk.tell(LinkUp("main", "core-1", channels))
    assert desk.last(Kill).uuid == dial.uuid


@pytest.mark.parametrize("away", [1, 30])
def test_a_pair_that_the_switch_joined_while_the_link_was_down_talks_on(away: float) -> None:
    desk, dial = offered()
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.tell(LinkDown("main", "cut"))
    desk.passes(away)
    desk.sent.clear()
    desk.log_in("rob")  # who must not be offered a caller that talks
    channels = (
        dump("caller-1", {}, answer_state="answered", other_leg=dial.uuid),
        dump(dial.uuid, {}, answer_state="answered", other_leg="caller-1"),
    )
    desk.tell(LinkUp("main", "core-1", channels))
    assert (desk.contact().state, desk.contact().agent, desk.agent("ann").state) == ("talking", "ann", "talking")
    assert not [command for command, _ in desk.sent if isinstance(command, Kill | Originate)]
    desk.ends("caller-1")
    desk.ends(dial.uuid)
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (row["outcome"], row["agent"], desk.agent("ann").state) == ("answered", "ann", "wrap_up")


def test_after_a_restart_of_ours_callers_have_the_place_they_had() -> None:
    desk = Desk()
    marks = {"fsorch_role": "customer", "fsorch_queue": "sales", "current_application": "playback"}
    times = {"first": 1_799_999_900_000_000, "second": 1_799_999_950_000_000}
    channels = [
        dump(leg, {**marks, "fsorch_contact": f"contact-{leg}", "fsorch_enqueued": str(at)}, answer_state="answered")
        for leg, at in times.items()
    ]
    desk.tell(LinkUp("main", "core-1", tuple(reversed(channels))))
    waiting = sorted(desk.engine.snapshot().contacts, key=lambda contact: contact.position)
    assert [(c.id, c.position, c.enqueued_at) for c in waiting] == [
        ("contact-first", 1, times["first"]),
        ("contact-second", 2, times["second"]),
    ]


def test_after_a_restart_of_ours_a_caller_whose_agent_is_gone_waits_again() -> None:
    desk = Desk()
    marks = {"fsorch_role": "customer", "fsorch_queue": "sales", "fsorch_contact": "c1", "fsorch_enqueued": "17"}
    left = dump("leg-c", marks, answer_state="answered", other_leg="leg-that-is-gone")
    desk.tell(LinkUp("main", "core-1", (left,)))
    assert desk.contact().position == 1


def test_after_a_restart_of_ours_a_talking_pair_talks_on_and_a_lone_agent_leg_is_cleared() -> None:
    desk = Desk()
    caller = {"fsorch_role": "customer", "fsorch_queue": "sales", "fsorch_contact": "c1", "fsorch_enqueued": "17"}
    agent = {"fsorch_role": "agent", "fsorch_contact": "c1", "fsorch_agent": "ann"}
    desk.tell(
        LinkUp(
            "main",
            "core-1",
            (
                dump("leg-c", caller, answer_state="answered", other_leg="leg-a"),
                dump("leg-a", agent, answer_state="answered", other_leg="leg-c", bridged_time=1_799_999_900_000_000),
                dump("leg-x", {**agent, "fsorch_contact": "c9"}, answer_state="answered"),
            ),
        )
    )
    assert (desk.contact().state, desk.agent("ann").state) == ("talking", "talking")
    assert [command.uuid for command, _ in desk.sent if isinstance(command, Kill)] == ["leg-x"]
    desk.ends("leg-c")
    desk.ends("leg-a")
    (row,) = rows(desk, FactKind.CONTACT_ENDED)
    assert (row["id"], row["outcome"], row["agent"]) == ("c1", "answered", "ann")


def test_a_caller_who_was_parked_while_we_were_away_is_taken() -> None:
    desk = Desk()
    waiting = dump("caller-1", {"fsorch_entry": "yes", "current_application": "park"}, direction="inbound")
    desk.tell(LinkUp("main", "core-1", (waiting,)))
    assert desk.last(Answer).uuid == "caller-1"


def test_a_phone_whose_hangup_is_never_told_does_not_keep_its_agent() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call("caller", "sales")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.event("BACKGROUND_JOB", job_uuid=dial.job_uuid, body="-ERR NO_ANSWER\n")
    desk.passes(120)
    assert desk.last(Originate).uuid != dial.uuid
