"""Campaigns that ask for skills: who dials for them, who gets the answers, and what is said when nobody can."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.campaigns import Mode
from fsorch.config import Centre, decode
from fsorch.engine import Configure
from fsorch.errors import ConfigError
from fsorch.plain import plain_centre
from tests.engine.dialroom import CAMPAIGN, Room, centre

ASKING = structs.replace(CAMPAIGN, skills="french >= 2 and not trainee")


def skilled(levels: dict[str, dict[str, int]]) -> Centre:
    """The dialroom, whose agents have these skills."""
    plain = centre(ASKING)
    agents = tuple(structs.replace(agent, skills=levels.get(agent.id, {})) for agent in plain.agents)
    return structs.replace(plain, agents=agents, skills=("french", "trainee"))


def test_those_who_fit_dial_and_get_the_answers() -> None:
    room = Room(skilled({"a0": {"french": 3, "trainee": 1}, "a1": {"french": 2}}))
    room.at_work("a0", "a1")
    room.run()
    (call,) = room.calls()
    room.answers(call)
    room.joins()
    assert (room.agent("a0").state, room.agent("a1").state) == ("idle", "talking")


def test_who_loses_the_skill_dials_no_more_and_who_learns_it_does() -> None:
    room = Room(skilled({"a1": {"french": 2}}))
    room.at_work("a0", "a1")
    room.run()
    assert len(room.calls()) == 1
    room.tell(Configure(skilled({"a0": {"french": 4}})))
    room.passes(1)
    (view,) = room.engine.snapshot().campaigns
    assert view.agents == 1
    room.fails(room.calls()[-1], "USER_BUSY")
    room.passes(0.2)
    room.answers(room.calls()[-1])
    room.joins()
    assert room.agent("a0").state == "talking"


def test_nobody_who_fits_is_said() -> None:
    room = Room(skilled({}))
    room.at_work("a0", "a1")
    room.run()
    assert room.calls() == []
    (view,) = room.engine.snapshot().campaigns
    assert "french 2 and not trainee" in view.held


def test_its_skills_are_checked() -> None:
    data = plain_centre(skilled({}))
    data["campaigns"][0]["skills"] = "french and trainne"
    with pytest.raises(ConfigError, match=r"campaigns\[0\]\.skills, column 12: .*'trainne'; did you mean trainee"):
        decode(data, Centre, where="centre.yaml")


def test_the_mode_may_be_any_with_agents() -> None:
    told = skilled({"a1": {"french": 2}})
    campaign = structs.replace(ASKING, mode=Mode.POWER, ratio=1.0)
    room = Room(structs.replace(told, campaigns=(campaign,)))
    room.at_work("a0", "a1")
    room.run()
    room.answers(room.calls()[0])
    room.joins()
    assert (room.agent("a0").state, room.agent("a1").state) == ("idle", "talking")
