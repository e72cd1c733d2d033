"""What happens to callers as they wait: steps, and what is told."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.demands import demand_of
from fsorch.engine import Configure, FactKind, LinkUp, LogOut, SetStatus
from fsorch.esl.commands import Break, Bridge, Originate, Playback, SetVars
from fsorch.esl.events import Event
from fsorch.shipped import SHIPPED
from tests.engine.desk import Desk
from tests.engine.test_waiting import centre, done, waiting


def test_steps_drop_a_skill_widen_and_are_kept_over_an_offer() -> None:
    steps = {
        "steps": [
            {"when": {"waited_s": 10}, "do": {"act": "drop_skill", "skill": "french"}},
            {"when": {"waited_s": 20}, "do": {"act": "widen", "queue": "support"}},
        ]
    }
    desk = Desk(centre(skills={"french": 3}, steps=steps, miss_delay_s=1000))
    desk.log_in("ann", "rob")
    desk.call("caller-1", "sales")
    assert desk.contact().state == "waiting"
    desk.passes(10)
    first = desk.last(Originate)
    assert first.endpoint == "user/1001"
    desk.ends(first.uuid, "USER_BUSY")
    desk.passes(10)
    assert desk.last(Originate).endpoint == "user/1002"
    assert [fact.data["act"] for fact in desk.of(FactKind.STEP_TAKEN)] == ["drop_skill", "widen"]


def test_a_raised_priority_acts_on_those_who_wait_already() -> None:
    steps = {"steps": [{"when": {"waited_s": 10}, "do": {"act": "raise_priority", "by": 5}}]}
    desk = Desk(centre(steps=steps))
    desk.call("caller-1", "sales")
    desk.passes(5)
    desk.call("caller-2", "sales", caller_number="+442222")
    desk.passes(8)
    assert [c.position for c in desk.engine.snapshot().contacts] == [1, 2]
    pairs = [dict(command.pairs) for command, _ in desk.sent if isinstance(command, SetVars)]
    assert [one["fsorch_steps"] for one in pairs if "fsorch_steps" in one] == ["0:10.0"]


def test_a_priority_is_raised_once_however_often_the_caller_is_offered() -> None:
    steps = {"steps": [{"when": {"waited_s": 10}, "do": {"act": "raise_priority", "by": 5}}]}
    desk = Desk(centre(steps=steps))
    desk.call("caller-1", "sales")
    desk.passes(11)
    assert ("fsorch_priority", "5") in desk.last(SetVars).pairs
    desk.log_in("ann")
    dial = desk.last(Originate)
    desk.ends(dial.uuid, "USER_BUSY")
    assert desk.contact().state == "waiting"
    need = desk.engine._core.contacts[desk.contact().id].need
    assert (desk.contact().priority, need.priority if need else 0) == (5, 5)


def test_a_priority_is_lowered_again_and_again_and_marked_with_the_step() -> None:
    steps = {"steps": [{"when": {"waited_s": 10}, "do": {"act": "lower_priority", "by": 2}, "every_s": 10}]}
    desk = Desk(centre(steps=steps))
    variables = {"fsorch_entry": "yes", "fsorch_queue": "sales", "fsorch_priority": "5"}
    desk.event("CHANNEL_PARK", "caller-1", variables, answer_state="ringing", direction="inbound")
    desk.event("CHANNEL_ANSWER", "caller-1", answer_state="answered", direction="inbound")
    desk.passes(10)
    desk.passes(10)
    assert desk.contact().priority == 1
    assert desk.last(SetVars).pairs == (("fsorch_steps", "0:20.0*2"), ("fsorch_priority", "1"))
    desk.passes(10)
    assert desk.contact().priority == 0
    assert [fact.data["priority"] for fact in desk.of(FactKind.STEP_TAKEN)] == [3, 1, 0]
    desk.passes(60)
    assert len(desk.of(FactKind.STEP_TAKEN)) == 3, "there is nothing left to lower"


def test_a_skill_is_added_and_others_are_asked_for() -> None:
    steps = {
        "steps": [
            {"when": {"waited_s": 10}, "do": {"act": "add_skill", "skill": "french", "level": 2}},
            {"when": {"waited_s": 20}, "do": {"act": "ask_skills", "skills": "not french"}},
        ]
    }
    desk = Desk(centre(steps=steps))
    desk.call("caller-1", "sales")
    desk.passes(10)
    desk.log_in("ann")
    assert not any(isinstance(command, Originate) for command, _ in desk.sent)
    assert desk.contact().why == "of 1 agent at work nobody has french 2"
    desk.passes(10)
    assert desk.last(Originate).endpoint == "user/1001"
    assert [fact.data["asks"] for fact in desk.of(FactKind.STEP_TAKEN)] == ["french 2", "not french"]


def test_how_many_would_fit_is_a_condition() -> None:
    when = {"agents_eligible": {"below": 1}}
    steps = {"steps": [{"when": when, "do": {"act": "drop_skill", "skill": "french"}}]}
    desk = Desk(centre(skills="french >= 2", steps=steps))
    desk.log_in("ann", "luc")
    desk.tell(SetStatus(agent="luc", status="break", reason="lunch", by="t"))
    desk.call("caller-1", "sales")
    desk.passes(30)
    assert desk.of(FactKind.STEP_TAKEN) == []
    desk.tell(LogOut(agent="luc", by="t"))
    desk.passes(1)
    assert [fact.data["why"] for fact in desk.of(FactKind.STEP_TAKEN)] == ["agents eligible 0"]
    assert desk.last(Originate).endpoint == "user/1001"


def test_a_condition_about_the_queue_is_looked_at_when_the_queue_changes() -> None:
    steps = {"steps": [{"when": {"waiting": {"above": 1}}, "do": {"act": "announce", "prompt": "busy"}}]}
    desk = waiting(steps=steps)
    desk.passes(30)
    assert desk.of(FactKind.STEP_TAKEN) == []
    desk.call("caller-2", "sales")
    desk.passes(1)
    assert {fact.leg for fact in desk.of(FactKind.STEP_TAKEN)} == {"caller-1", "caller-2"}


def test_nobody_is_looked_at_while_nothing_changes() -> None:
    desk = Desk(msgspec.structs.replace(centre(), unserved_s=0))
    desk.call("caller-1", "sales")
    desk.passes(0)
    assert desk.engine.next_deadline() is None


def test_after_a_restart_no_step_counts_twice_and_none_too_seldom() -> None:
    """A raise applied twice was a fault once; a level lowered twice counted once."""
    steps = {
        "steps": [
            {"when": {"waited_s": 10}, "do": {"act": "lower_priority", "by": 2}, "every_s": 10},
            {"when": {"waited_s": 10}, "do": {"act": "lower_skill", "skill": "french", "by": 1}, "every_s": 1000},
        ]
    }
    desk = Desk(centre(skills={"french": 5}, steps=steps))
    marks = {
        "fsorch_contact": "c1",
        "fsorch_role": "customer",
        "fsorch_queue": "sales",
        "fsorch_enqueued": str(desk.clock.now().wall - 60_000_000),
        "fsorch_steps": "0:55.0*2,1:50.0*3",
        "fsorch_priority": "3",
        "fsorch_skills": "(french >= 2)",
    }
    known = {f"variable_{key}": value for key, value in marks.items()}
    leg = Event(name="CHANNEL_DATA", uuid="caller-1", answer_state="answered", direction="inbound", known=known)
    desk.tell(LinkUp("main", "core-1", (leg,)))
    need = desk.engine._core.contacts["c1"].need
    assert need is not None
    assert (need.priority, need.skills) == (3, demand_of("french >= 2"))
    desk.passes(5)
    assert desk.contact().priority == 1


def test_after_a_restart_the_steps_that_were_taken_stay_taken() -> None:
    steps = {"steps": [{"when": {"waited_s": 10}, "do": {"act": "drop_skill", "skill": "french"}}]}
    desk = Desk(centre(skills={"french": 3}, steps=steps))
    desk.log_in("ann")
    marks = {
        "fsorch_contact": "c1",
        "fsorch_role": "customer",
        "fsorch_queue": "sales",
        "fsorch_enqueued": str(desk.clock.now().wall - 60_000_000),
        "fsorch_steps": "0:10.0,7:x",
    }
    known = {f"variable_{key}": value for key, value in marks.items()}
    leg = Event(name="CHANNEL_DATA", uuid="caller-1", answer_state="answered", direction="inbound", known=known)
    desk.tell(LinkUp("main", "core-1", (leg,)))
    assert desk.last(Originate).endpoint == "user/1001"
    desk.passes(0)
    assert desk.of(FactKind.STEP_TAKEN) == []


def test_a_position_is_told_when_it_improves_and_only_then() -> None:
    desk = Desk(centre(announce={"first_s": 10, "every_s": 20, "wait": False}))
    for n in (1, 2):
        desk.call(f"caller-{n}", "sales")
    desk.passes(10)
    said = [fact.data["prompts"] for fact in desk.of(FactKind.ANNOUNCED)]
    assert said == [["wait_position.1", f"say_{n}", "wait_position.2"] for n in (1, 2)]
    play = desk.last(Playback)
    folder = "/sounds/fsorch/en"
    assert play.file == f"file_string://{folder}/wait_position.1.wav!{folder}/say_2.wav!{folder}/wait_position.2.wav"
    desk.passes(60)
    assert len(desk.of(FactKind.ANNOUNCED)) == 2
    done(desk, play)
    desk.ends("caller-1")
    desk.passes(2)
    assert desk.of(FactKind.ANNOUNCED)[-1].data["position"] == 1
    music = [c for c, tag in desk.sent if tag.startswith("music:")]
    assert len(music) == 2, "the prompt plays into the music, which goes on"


@pytest.mark.parametrize("language", sorted(SHIPPED))
def test_complaint_16_beyond_the_limit_callers_hear_that_more_wait(language: str) -> None:
    """fusionpbx/fusionpbx PR #6515: the words about the place in line are half-shipped."""
    rules = {"first_s": 5, "every_s": 10, "wait": False, "position_limit": 2, "position_more": True}
    desk = Desk(msgspec.structs.replace(centre(announce=rules), language=language))
    for n in (1, 2, 3, 4):
        desk.call(f"caller-{n}", "sales")
    desk.passes(5)
    facts = {fact.leg: fact.data for fact in desk.of(FactKind.ANNOUNCED)}
    told = [(facts[f"caller-{n}"]["position"], facts[f"caller-{n}"]["more"]) for n in (1, 2, 3, 4)]
    assert told == [(1, None), (2, None), (None, 2), (None, 2)]
    play = desk.last(Playback)
    assert play.uuid == "caller-4"
    said = "!".join(f"/sounds/fsorch/{language}/{name}.wav" for name in facts["caller-4"]["prompts"])
    assert play.file == f"file_string://{said}"
    assert "wait_more" in said
    for command in [command for command, _ in desk.sent if isinstance(command, Playback)]:
        done(desk, command)
    desk.ends("caller-1")
    desk.passes(10)
    later = [(fact.leg, fact.data["position"]) for fact in desk.of(FactKind.ANNOUNCED)[4:]]
    assert later == [("caller-2", 1), ("caller-3", 2)], "for the fourth, still more than two wait"


def test_what_comes_due_while_a_prompt_plays_is_said_at_its_end() -> None:
    step = {"when": {"waited_s": 12}, "do": {"act": "announce", "prompt": "busy"}}
    told = {"first_s": 10, "every_s": 5, "wait": False, "only_improved": False}
    desk = waiting(steps={"steps": [step]}, announce=told)
    desk.passes(10)
    first = desk.last(Playback)
    desk.passes(10)
    assert (len(desk.of(FactKind.ANNOUNCED)), desk.of(FactKind.STEP_TAKEN)) == (1, [])
    done(desk, first)
    desk.passes(0)
    assert len(desk.of(FactKind.STEP_TAKEN)) == 1, "the step's prompt, once"
    busy = desk.last(Playback)
    assert "busy" in busy.file
    done(desk, busy)
    desk.passes(0)
    assert len(desk.of(FactKind.ANNOUNCED)) == 2, "and then the position"


def test_a_prompt_comes_again_so_long_after_its_end() -> None:
    step = {"do": {"act": "announce", "prompt": "busy", "from_end": True}, "every_s": 30}
    desk = waiting(steps={"steps": [step]})
    desk.passes(0)
    first = desk.last(Playback)
    desk.passes(20)
    done(desk, first)
    desk.passes(29)
    assert len(desk.of(FactKind.STEP_TAKEN)) == 1
    desk.passes(1)
    assert len(desk.of(FactKind.STEP_TAKEN)) == 2
    assert desk.last(Playback).event_uuid != first.event_uuid


def test_an_estimated_wait_is_told_once_there_is_one() -> None:
    rules = {"announce": {"first_s": 5, "position": False}, "estimate": {"least": 1}}
    desk = Desk(centre(**rules))
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    dial = desk.last(Originate)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge("caller-1", dial.uuid)
    desk.passes(100)
    desk.ends("caller-1")
    desk.tell(SetStatus(agent="ann", by="t", status="break", reason="lunch"))
    desk.ends(dial.uuid)
    desk.call("caller-2", "sales")
    desk.passes(5)
    assert desk.of(FactKind.ANNOUNCED)[0].data["wait_s"] == 120


def answered(gap_s: float) -> tuple[Desk, Originate]:
    """A caller who is told the position, and an agent who picks up ``gap_s`` later."""
    desk = Desk(centre(announce={"first_s": 5, "wait": False}, miss_delay_s=1))
    desk.log_in("ann")
    desk.call("caller-1", "sales")
    desk.ends(desk.last(Originate).uuid, "USER_BUSY")
    desk.tell(SetStatus(agent="ann", by="t", status="break", reason="lunch"))
    desk.passes(5)
    assert desk.of(FactKind.ANNOUNCED)
    desk.passes(gap_s)
    desk.tell(SetStatus(agent="ann", by="t", status="available"))
    dial = desk.last(Originate)
    desk.picks_up(dial.uuid, dial.job_uuid)
    return desk, dial


def test_complaint_3_an_announcement_never_delays_the_bridge() -> None:
    """signalwire/freeswitch #1148: the agent answers into dead air until the prompt ends."""
    desk, dial = answered(0.6)
    assert desk.sent[-1][0] == Bridge("caller-1", dial.uuid), "at once, with the prompt still playing"
    music, *_, play = (command for command, _ in desk.sent if isinstance(command, Playback))
    done(desk, play, "PLAYBACK ERROR")
    done(desk, music)
    desk.bridge("caller-1", dial.uuid)
    assert desk.contact().state == "talking"
    # It was ended as the phone was picked up, and the music was left alone.
    assert [command for command, _ in desk.sent if isinstance(command, Break)] == [Break("caller-1", all=False)]


def test_a_prompt_that_is_over_as_it_is_ended_for_the_agent_brings_no_music_into_the_talk() -> None:
    desk = Desk(centre(announce={"first_s": 5, "wait": False}, miss_delay_s=1))
    desk.call("caller-1", "sales")
    music = desk.last(Playback)
    desk.passes(5.6)
    desk.log_in("ann")
    dial = desk.last(Originate)
    desk.event("CHANNEL_ANSWER", dial.uuid)
    assert desk.last(Break) == Break("caller-1", all=False)
    done(desk, music)
    assert desk.last(Playback).file != music.file
    # The agent is gone before the bridge: the caller has music again.
    desk.ends(dial.uuid)
    assert desk.contact().state == "waiting"
    assert desk.last(Playback).file == music.file


def test_a_prompt_goes_on_while_the_agent_is_told_or_asked_first() -> None:
    for rules, marks in (({"to_agent": {"say": "greeting"}}, {}), ({}, {"fsorch_confirm": "1"})):
        desk = Desk(centre(announce={"first_s": 5, "wait": False}, **rules))
        desk.call("caller-1", "sales")
        desk.passes(5.6)
        desk.log_in("ann")
        desk.event("CHANNEL_ANSWER", desk.last(Originate).uuid, marks)
        assert not [command for command, _ in desk.sent if isinstance(command, Break)]


def test_complaint_3_a_prompt_that_was_only_just_sent_does_not_play_into_the_talk() -> None:
    desk, dial = answered(0.2)
    assert [type(command) for command, _ in desk.sent[-2:]] == [Break, Bridge]


def test_complaint_3_a_prompt_that_plays_into_the_talk_is_broken() -> None:
    desk, dial = answered(0.6)
    desk.bridge("caller-1", dial.uuid)
    assert isinstance(desk.sent[-1][0], Break)


# -- a change of the centre -----------------------------------------------------------------------------------------


def test_what_a_queue_asks_for_changes_for_those_who_wait_already() -> None:
    """As asterisk/asterisk issue 202 has it of priorities: a change acted on later callers only."""
    desk = waiting(
        skills={"french": 3}, steps={"steps": [{"when": {"waited_s": 5}, "do": {"act": "raise_priority", "by": 2}}]}
    )
    desk.log_in("ann")
    desk.passes(10)
    (before,) = desk.engine.snapshot().contacts
    assert (before.state, before.priority) == ("waiting", 2)
    desk.tell(Configure(centre()))
    desk.passes(0)
    (after,) = desk.engine.snapshot().contacts
    assert (after.state, after.agent, after.priority, after.enqueued_at) == ("offered", "ann", 2, before.enqueued_at)


def test_a_base_score_that_is_set_moves_those_who_wait() -> None:
    desk = Desk(centre(support={"base_score_s": 0}))
    desk.call("caller-1", "support")
    desk.passes(5)
    desk.call("caller-2", "support")
    desk.tell(Configure(centre(support={"base_score_s": 60})))
    desk.call("caller-3", "support")
    desk.passes(0)
    assert [contact.position for contact in desk.engine.snapshot().contacts] == [1, 2, 3]


def bounced(desk: Desk, times: int) -> None:
    """So many phones ring for 1.2 s each and are busy then, and somebody else is free at once."""
    for _ in range(times):
        dial = desk.last(Originate)
        desk.passes(1.2)
        if desk.last(Originate) is dial and desk.engine.snapshot().contacts:
            desk.ends(dial.uuid, "USER_BUSY")


def test_whoever_never_picks_up_does_not_keep_the_steps_from_a_caller() -> None:
    """Somebody was free whenever a phone was busy, so that the caller was never looked at between two offers."""
    steps = {
        "anyone_after_s": 4,
        "steps": [{"when": {"waited_s": 2}, "do": {"act": "widen", "queue": "support"}}],
    }
    desk = Desk(centre(skills="not french", steps=steps, miss_delay_s=1, support={"miss_delay_s": 1}))
    desk.log_in("ann", "rob", "luc")
    desk.call("caller-1", "sales")
    bounced(desk, 8)
    assert [fact.data["act"] for fact in desk.of(FactKind.STEP_TAKEN)] == ["widen", "any_agent"]
    assert {fact.agent for fact in desk.of(FactKind.OFFER_MADE)} == {"ann", "rob", "luc"}


def test_whoever_never_picks_up_does_not_keep_a_caller_beyond_the_longest_wait() -> None:
    wait = {"max_s": 5, "on_max": {"act": "overflow", "to": "hangup"}}
    desk = Desk(centre(wait=wait, miss_delay_s=1))
    desk.log_in("ann", "luc")
    desk.call("caller-1", "sales")
    bounced(desk, 8)
    assert [fact.data["why"] for fact in desk.of(FactKind.WAIT_ENDED)] == ["waited 5 s"]
    assert len(desk.of(FactKind.OFFER_MADE)) <= 6
