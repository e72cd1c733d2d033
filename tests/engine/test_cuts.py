"""Agents who talk on a switch that cannot be reached: let go after a while, or as they hang up, and taken up again."""

from __future__ import annotations

from msgspec import structs

from fsorch.engine import EndWrapUp, FactKind, HangUp, LinkDown, LinkUp, LogOut, OpenContact, Recall, SetStatus, Shift
from fsorch.engine.rows import ContactRow, LegRow
from fsorch.esl.commands import Kill, Originate, Playback, PutOff
from fsorch.esl.events import Event
from fsorch.rules import PhoneMode
from tests.engine.desk import CENTRE, Desk

GRACE_S = CENTRE.switch_gone_s


def talking(desk: Desk) -> str:
    """Ann talks to caller-1; her leg."""
    desk.log_in("ann")
    phone = desk.talks("caller-1", "sales")
    assert desk.agent("ann").state == "talking"
    return phone


def pair(leg: str) -> tuple[Event, ...]:
    """Both channels, joined."""
    return (
        Event(
            name="CHANNEL_DATA", uuid="caller-1", answer_state="answered", direction="inbound", other_leg=leg, known={}
        ),
        Event(name="CHANNEL_DATA", uuid=leg, answer_state="answered", other_leg="caller-1", known={}),
    )


def rows(desk: Desk) -> list[dict[str, object]]:
    return [fact.data["row"] for fact in desk.of(FactKind.CONTACT_ENDED)]


def test_an_agent_is_let_go_by_a_rule_that_says_why() -> None:
    desk = Desk()
    talking(desk)
    desk.tell(LinkDown("main", "cut"))
    desk.passes(GRACE_S - 1)
    assert desk.agent("ann").state == "talking"
    desk.passes(1)
    ann = desk.agent("ann")
    assert (ann.state, ann.rule) == ("wrap_up", "the switch main has been gone for 30 s")
    assert [fact.data["by"] for fact in desk.of(FactKind.AGENT_CHANGED)][-1] == "rule: switch_gone"
    desk.passes(10)
    assert desk.agent("ann").state == "idle"
    assert desk.contact().state == "talking"


def test_a_pair_that_still_talks_is_taken_up_again() -> None:
    desk = Desk()
    leg = talking(desk)
    desk.tell(LinkDown("main", "cut"))
    desk.passes(GRACE_S + 1)
    desk.tell(LinkUp("main", "core-1", pair(leg)))
    ann = desk.agent("ann")
    assert (ann.state, ann.rule, ann.contact is not None) == ("talking", "", True)
    assert not [command for command, _ in desk.sent if isinstance(command, Kill)]
    desk.passes(5)
    assert desk.agent("ann").state == "talking", "the wrap-up that was none came to its end"
    desk.ends("caller-1")
    desk.ends(leg)
    assert desk.agent("ann").state == "wrap_up"
    (row,) = rows(desk)
    assert (row["outcome"], row["agent"], row["talked_us"]) == ("answered", "ann", round((GRACE_S + 6) * 1_000_000))
    kinds = [fact.data["row"]["kind"] for fact in desk.of(FactKind.SEGMENT_ENDED)]
    assert kinds.count("talk") == 1
    assert "wrap_up" not in kinds


def test_a_cut_that_is_short_changes_nothing() -> None:
    desk = Desk()
    leg = talking(desk)
    desk.tell(LinkDown("main", "cut"))
    desk.passes(5)
    changes = len(desk.of(FactKind.AGENT_CHANGED))
    desk.tell(LinkUp("main", "core-1", pair(leg)))
    desk.passes(GRACE_S * 2)
    assert desk.agent("ann").state == "talking"
    assert len(desk.of(FactKind.AGENT_CHANGED)) == changes


def test_no_music_is_played_into_a_talk_that_began_while_the_link_was_cut() -> None:
    desk = Desk()
    desk.log_in("ann")
    phone = desk.answered("caller-1", "sales")
    desk.tell(LinkDown("main", "cut"))
    desk.sent.clear()
    desk.tell(LinkUp("main", "core-1", pair(phone)))
    assert (desk.agent("ann").state, desk.contact().state) == ("talking", "talking")
    assert not [command for command, _ in desk.sent if isinstance(command, Playback | PutOff)]


def test_a_switch_that_restarted_has_lost_the_contact() -> None:
    desk = Desk()
    leg = talking(desk)
    desk.tell(LinkDown("main", "cut"))
    desk.passes(GRACE_S + 30)
    assert desk.agent("ann").state == "idle"
    desk.tell(LinkUp("main", "core-2", ()))
    (row,) = rows(desk)
    assert (row["outcome"], row["ended_by"], row["cause"]) == ("answered", "system", "SWITCH_RESTARTED")
    # Over when the switch was last heard of, not when it came back.
    assert row["ended_at"] == desk.clock.now().wall - round((GRACE_S + 30) * 1_000_000)
    assert row["talked_us"] == 0
    legs = {fact.leg: fact.data["row"]["hungup_at"] for fact in desk.of(FactKind.LEG_ENDED)}
    assert legs == {"caller-1": row["ended_at"], leg: row["ended_at"]}
    assert {fact.data["row"]["cause"] for fact in desk.of(FactKind.LEG_ENDED)} == {"SWITCH_RESTARTED"}
    assert desk.agent("ann").state == "idle"


def test_who_hangs_up_while_the_switch_is_away_is_let_go_at_once_and_the_phone_is_ended_later() -> None:
    desk = Desk()
    leg = talking(desk)
    desk.tell(LinkDown("main", "cut"))
    desk.passes(1)
    desk.tell(HangUp(agent="ann", by="ann"))
    assert (desk.agent("ann").state, desk.agent("ann").rule) == ("wrap_up", "")
    desk.tell(EndWrapUp(agent="ann", by="ann"))
    desk.tell(LinkUp("main", "core-1", pair(leg)))
    assert desk.last(Kill).uuid == leg
    assert desk.agent("ann").state == "idle"
    desk.ends(leg)
    desk.ends("caller-1")
    assert len(rows(desk)) == 1


def test_an_agent_on_another_switch_has_work_meanwhile_and_stays_with_it() -> None:
    desk = Desk()
    leg = talking(desk)
    desk.tell(LinkUp("other", "core-9", ()))
    desk.tell(LinkDown("main", "cut"))
    desk.passes(GRACE_S + 15)
    assert desk.agent("ann").state == "idle"
    desk.tell(SetStatus(agent="ann", by="ann", status="break", reason="tea"))
    desk.tell(LinkUp("main", "core-1", pair(leg)))
    assert (desk.agent("ann").state, desk.agent("ann").status) == ("talking", "break")
    desk.tell(LinkDown("main", "cut"))
    desk.passes(GRACE_S + 15)
    desk.tell(LogOut(agent="ann", by="ann"))
    desk.tell(LinkUp("main", "core-1", pair(leg)))
    assert desk.agent("ann").state == "idle"
    assert desk.contact().state == "talking"
    desk.ends("caller-1")
    desk.ends(leg)
    assert len(rows(desk)) == 1


def test_an_offer_that_a_switch_takes_with_it_is_not_held_against_the_agent() -> None:
    desk = Desk()
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    desk.rings(desk.last(Originate).uuid)
    desk.tell(LinkDown("main", "cut"))
    desk.passes(60)
    assert (desk.agent("ann").state, desk.agent("ann").missed) == ("idle", 0)
    assert desk.contact().state == "waiting"


def test_a_standing_call_that_goes_on_is_not_free_for_another_caller() -> None:
    ann, rob = CENTRE.agents
    centre = structs.replace(CENTRE, agents=(structs.replace(ann, phone_mode=PhoneMode.NAILED), rob))
    desk = Desk(centre)
    desk.log_in("ann")
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.call("caller-1", "sales")
    desk.bridge("caller-1", dial.uuid)
    desk.tell(LinkDown("main", "cut"))
    desk.passes(GRACE_S + 15)
    assert desk.agent("ann").state == "idle"
    desk.tell(LinkUp("main", "core-1", pair(dial.uuid)))
    assert desk.agent("ann").state == "talking"
    desk.call("caller-2", "sales")
    desk.ends("caller-1")
    assert desk.agent("ann").state == "wrap_up"


def test_a_talk_of_an_earlier_life_whose_switch_never_comes_lets_the_agent_go() -> None:
    desk = Desk()
    t0 = desk.clock.now().wall - 60_000_000
    row = ContactRow(
        id="c1", switch="far", outcome="", began_at=t0, answered_at=t0, ended_at=t0, agent="ann", queue="sales"
    )
    legs = (LegRow(id="leg-c", contact="c1", switch="far", created_at=t0),)
    known = OpenContact(row=row, legs=legs, doing="talk", agent_leg="leg-a")
    desk.tell(Recall((known,), (Shift("ann", "available"),)))
    assert desk.agent("ann").state == "talking"
    desk.passes(GRACE_S)
    assert (desk.agent("ann").state, desk.agent("ann").rule) == ("wrap_up", "the call's switch has been gone for 30 s")
