"""The things of a centre one by one: put, patched and removed, always into a sound centre."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.config import Centre, decode
from fsorch.errors import ConfigError, NotFound
from fsorch.objects import KINDS, Change, find_thing, list_things, patched, put, removed, with_emergency
from fsorch.sim.demo_centre import demo_centre

CENTRE = decode(
    {
        "queues": [{"id": "sales"}, {"id": "support", "skills": {"french": 2}}],
        "agents": [
            {"id": "ada", "phone": "user/1", "queues": [{"queue": "sales"}, {"queue": "support"}]},
            {"id": "bob", "phone": "user/2", "skills": {"french": 3, "german": 1}},
        ],
        "breaks": [{"id": "lunch"}],
        "prompts": {"greeting": "/a.wav"},
        "calendars": [{"id": "office", "zone": "Europe/Berlin"}],
    },
    Centre,
    where="test",
)
EVERY = (*KINDS, "prompt", "skill")


@pytest.mark.parametrize("kind", EVERY)
def test_what_is_read_and_put_again_changes_nothing(kind: str) -> None:
    for centre in (CENTRE, demo_centre()):
        for thing in list_things(centre, kind):
            assert put(kind, thing["id"], thing)(centre) == centre
            assert patched(kind, thing["id"], {})(centre) == centre


@pytest.mark.parametrize("kind", EVERY)
def test_nothing_that_is_not_there_is_read_patched_or_removed(kind: str) -> None:
    with pytest.raises(NotFound):
        find_thing(CENTRE, kind, "nosuch")
    for change in (patched(kind, "nosuch", {}), removed(kind, "nosuch")):
        with pytest.raises(NotFound):
            change(CENTRE)


def test_a_thing_keeps_its_place_when_it_is_replaced_and_a_new_one_comes_last() -> None:
    centre = put("queue", "sales", {"title": "Selling"})(CENTRE)
    assert [queue.id for queue in centre.queues] == ["sales", "support"]
    assert centre.queues[0].title == "Selling"
    assert [queue.id for queue in put("queue", "new", {})(CENTRE).queues] == ["sales", "support", "new"]


def test_a_patch_sets_what_it_names_and_null_is_the_default() -> None:
    centre = patched("queue", "support", {"paused": True, "skills": None})(CENTRE)
    assert (centre.queues[1].paused, centre.queues[1].skills) == (True, {})


def test_with_a_queue_go_the_places_in_it() -> None:
    centre = removed("queue", "sales")(CENTRE)
    assert [member.queue for member in centre.agents[0].queues] == ["support"]


def test_a_skill_that_an_expression_names() -> None:
    centre = patched("queue", "support", {"skills": "french >= 2 and not german"})(CENTRE)
    said = {"support": "french >= 2 and not german"}
    german = {"id": "german", "agents": {"bob": 1}, "queues": {}, "expressions": said}
    assert find_thing(centre, "skill", "german") == german
    assert put("skill", "german", german)(centre) == centre
    with pytest.raises(ConfigError, match=r"queues\.support asks for 'french >= 2 and not german'; to change that"):
        put("skill", "german", {"queues": {"support": 2}})(centre)
    # Nobody has it any more, but it is still named: it stays on the list.
    alone = put("skill", "german", {})(centre)
    assert (alone.skills, [agent.skills for agent in alone.agents]) == (("german",), [{}, {"french": 3}])
    assert find_thing(alone, "skill", "german") == german | {"agents": {}}
    with pytest.raises(ConfigError, match=r"queues\[1\]\.skills, column 21: there is no skill 'german'"):
        removed("skill", "german")(alone)
    freed = removed("skill", "german")(patched("queue", "support", {"skills": None})(alone))
    assert freed.skills == ()


def test_the_last_who_has_a_skill_that_is_named_may_lose_it_or_go() -> None:
    centre = patched("queue", "support", {"skills": "french >= 2 and not german"})(CENTRE)
    for change in (patched("agent", "bob", {"skills": None}), removed("agent", "bob")):
        after = change(centre)
        assert after.skills == ("french", "german")
        assert after.queues == centre.queues
    assert patched("agent", "bob", {"skills": {"german": 2}})(centre).skills == ("french",)
    assert patched("agent", "bob", {"skills": None})(CENTRE).skills == ()
    with pytest.raises(ConfigError, match="skills"):
        patched("agent", "bob", {"skills": 3})(centre)


def test_a_skill_is_with_whom_it_is_put_and_with_nobody_else() -> None:
    assert find_thing(CENTRE, "skill", "french") == {"id": "french", "agents": {"bob": 3}, "queues": {"support": 2}}
    centre = put("skill", "french", {"agents": {"ada": 4}})(CENTRE)
    assert [agent.skills for agent in centre.agents] == [{"french": 4}, {"german": 1}]
    assert centre.queues[1].skills == {}
    assert [agent.skills for agent in removed("skill", "german")(CENTRE).agents] == [{}, {"french": 3}]


def test_prompts_are_put_and_removed() -> None:
    assert put("prompt", "menu", {"path": "/b.wav"})(CENTRE).prompts == {"greeting": "/a.wav", "menu": "/b.wav"}
    assert removed("prompt", "greeting")(CENTRE).prompts == {}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (put("queue", "sales", {"title": 3}), r"this queue: .*queues\[0\].title"),
        (put("queue", "sales", {"titel": "x"}), "titel.*did you mean title"),
        (put("queue", "No such id", {}), "use small letters"),
        (
            put("queue", "sales", {"calendar": "offic", "on_closed": {"act": "overflow", "to": "hangup"}}),
            "did you mean|expected",
        ),
        (put("agent", "ada", {"phone": "user/1", "queues": [{"queue": "salse"}]}), "did you mean sales"),
        (put("agent", "ada", {}), "missing required field `phone`"),
        (put("skill", "french", {"agents": {"ada": 9}}), "this skill: .*agents"),
        (put("prompt", "menu", {"path": 3}), "this prompt: .*prompts"),
        (put("prompt", "menu", {"pathh": "/x"}), "pathh"),
    ],
)
def test_what_is_not_sound_is_refused_with_its_path(change: Change, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        change(CENTRE)


def test_a_calendar_is_closed_for_an_emergency_and_opened_again() -> None:
    until = datetime(2027, 1, 31, 12, tzinfo=UTC)
    closed = with_emergency("office", True, "flood", until)(CENTRE)
    assert (closed.calendars[0].emergency, closed.calendars[0].emergency_until) == ("flood", until)
    assert with_emergency("office", True)(CENTRE).calendars[0].emergency == "closed for now"
    assert with_emergency("office", False)(closed) == CENTRE
    with pytest.raises(NotFound, match="did you mean office"):
        with_emergency("ofice", True)(CENTRE)


def test_another_id_inside_is_refused() -> None:
    with pytest.raises(ConfigError, match="leave it out"):
        put("queue", "sales", {"id": "support"})(CENTRE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["title", "skills", "queues", "agents", "paused", "path", "zone", "phone", "menu", "odd"])


@given(st.sampled_from(EVERY), st.sampled_from(["sales", "ada", "new", ""]), st.dictionaries(KEYS, JSON, max_size=4))
def test_whatever_is_given_makes_a_sound_centre_or_a_sentence(kind: str, id: str, given: dict[str, Any]) -> None:
    with contextlib.suppress(ConfigError, NotFound):
        centre = put(kind, id, given)(CENTRE)
        again = {"id": id} if kind == "skill" else find_thing(centre, kind, id)
        assert kind == "skill" or put(kind, id, again)(centre) == centre
