"""The centre as a file: out and in again without a difference, and changed from the command line."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.comparing import Change, compare
from fsorch.config import BreakReason, Centre, QueueSpec, decode
from fsorch.edge.settings import read_settings
from fsorch.errors import RequestRefused
from fsorch.names import Strategy
from fsorch.sim.demo_centre import demo_centre
from fsorch.store import open_database
from fsorch_cli.centre_file import centre_text
from tests.cli.cli import fsorch

PASSWORD = "correct horse 7"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with its example applied, and the current directory."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input=PASSWORD + "\n").code == 0
    assert fsorch("apply", "centre.yaml").code == 0
    return tmp_path


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
TIME = st.floats(0.5, 3600)
CENTRES = st.builds(
    Centre,
    name=TEXT,
    skills=st.just(("welsh", "trainee")),
    queues=st.just(())
    | st.tuples(
        st.builds(
            QueueSpec,
            id=st.just("q1"),
            title=TEXT,
            strategy=st.sampled_from(Strategy),
            offer_timeout_s=TIME,
            strict=st.booleans(),
            skills=st.dictionaries(TEXT, st.integers(1, 5), max_size=2)
            | st.sampled_from(["welsh or not welsh >= 3", "(welsh) and not trainee"]),
        )
    ),
    breaks=st.lists(st.builds(BreakReason, id=st.sampled_from("abcdef"), title=TEXT), unique_by=lambda one: one.id).map(
        tuple
    ),
    prompts=st.dictionaries(TEXT, TEXT, max_size=3),
)


@settings(max_examples=100, deadline=None)
@given(CENTRES)
def test_a_centre_comes_back_from_its_file(centre: Centre) -> None:
    assert decode(yaml.safe_load(centre_text(centre)), Centre, where="file") == centre


def test_the_demo_comes_back_and_says_no_more_than_it_must() -> None:
    text = centre_text(demo_centre())
    assert decode(yaml.safe_load(text), Centre, where="file") == demo_centre()
    assert "null" not in text
    assert "service_level_s: 20" not in text


def test_rules_within_rules_come_back() -> None:
    data = {
        "queues": [
            {
                "id": "sales",
                "steps": {
                    "steps": [
                        {"when": {"waited_s": 30}, "do": {"act": "drop_skill", "skill": "french"}},
                        {"when": {"waited_s": 60}, "do": {"act": "overflow", "to": "queue", "name": "sales"}},
                    ]
                },
                "skills": {"french": 2},
                "affinity": {},
                "announce": {},
            }
        ],
        "calendars": [{"id": "office", "zone": "Europe/Berlin", "hours": {"mon": ["09:00-17:00"]}}],
    }
    centre = decode(data, Centre, where="test")
    assert decode(yaml.safe_load(centre_text(centre)), Centre, where="file") == centre
    assert "act: drop_skill" in centre_text(centre)


def test_what_is_exported_changes_nothing(home: Path) -> None:
    assert fsorch("export", "out.yaml") == (0, "", "wrote out.yaml\n")
    assert (home / "out.yaml").read_text() == fsorch("export").out
    assert fsorch("diff", "out.yaml") == (0, "", "")
    assert fsorch("apply", "out.yaml").out == "nothing to change\n"
    text = Path("out.yaml").read_text(encoding="utf-8")
    assert fsorch("apply", "-", input=text).out == "nothing to change\n"
    assert fsorch("diff", "-", input=text).code == 0
    wrong = fsorch("apply", "-", input="queues: [")
    assert (wrong.code, wrong.err.startswith("fsorch: standard input: is not YAML")) == (3, True)
    assert fsorch("export").out == (home / "out.yaml").read_text()
    assert fsorch("export", "out.yaml").code == 3
    assert fsorch("export", "out.yaml", "--force").code == 0
    assert json.loads(fsorch("export", "--json").out) == yaml.safe_load(fsorch("export").out)
    assert fsorch("export", "--json", "out.yaml").code == 2


def test_a_difference_is_shown_and_changes_nothing(home: Path) -> None:
    before = fsorch("export").out
    (home / "centre.yaml").write_text(before.replace("title: Support", "title: Help desk"))
    assert fsorch("diff", "centre.yaml") == (1, "~ queue support: title Support → Help desk\n", "")
    [change] = json.loads(fsorch("diff", "centre.yaml", "--json").out)
    assert change == {"sign": "~", "what": "queue support", "detail": "title Support → Help desk"}
    assert fsorch("export").out == before


def test_another_order_is_a_difference() -> None:
    one, two = BreakReason(id="tea"), BreakReason(id="lunch")
    changes = compare(Centre(breaks=(one, two)), Centre(breaks=(two, one)))
    assert changes == [Change("~", "order of breaks", "tea, lunch → lunch, tea")]
    assert compare(Centre(breaks=(one,)), Centre(breaks=(two, one))) == [Change("+", "break lunch")]


# -- verbs ------------------------------------------------------------------------------------------------------------


def test_keys_are_set_one_by_one(home: Path) -> None:
    ran = fsorch("queue", "set", "sales", "wrap_up_s=25", "title=5: on", "skills.french=3", "wrap_up.mode=manual")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("~ queue sales: title Sales → 5: on; wrap_up_s 10.0 → 25.0; skills {} → ")
    assert "applied as revision 2; in force when fsorch runs" in ran.out
    centre = yaml.safe_load(fsorch("export").out)
    [sales] = [queue for queue in centre["queues"] if queue["id"] == "sales"]
    assert (sales["title"], sales["skills"], sales["wrap_up"]["mode"]) == ("5: on", {"french": 3}, "manual")
    assert fsorch("queue", "set", "sales", "wrap_up=", "skills-=french", "wrap_up_s=", "title=Sales").code == 0
    assert fsorch("diff", "centre.yaml") == (0, "", "")


def test_an_agent_gets_and_loses_queues(home: Path) -> None:
    assert fsorch("agent", "set", "ben", "queues+=sales", "queues.sales.level=3", "own_customers+='+49301'").code == 0
    [ben] = [agent for agent in yaml.safe_load(fsorch("export").out)["agents"] if agent["id"] == "ben"]
    assert ben["queues"] == [{"queue": "support"}, {"queue": "sales", "level": 3}]
    assert ben["own_customers"] == ["+49301"]
    assert fsorch("agent", "set", "ben", "queues+=sales").out == "nothing to change\n"
    assert fsorch("agent", "set", "ben", "queues-=sales", "own_customers-='+49301'").code == 0
    assert fsorch("diff", "centre.yaml").code == 0


def test_an_element_of_a_list_goes_by_its_place(home: Path) -> None:
    for skill in ("french", "german"):
        step = f"steps.steps+={{do: {{act: drop_skill, skill: {skill}}}}}"
        assert fsorch("queue", "set", "sales", f"skills.{skill}=2", step).code == 0
    ran = fsorch("queue", "set", "sales", "steps.steps[1].when.waited_s=30", "steps.steps[0]=")
    assert ran.code == 0, ran.err
    [sales] = [queue for queue in yaml.safe_load(fsorch("export").out)["queues"] if queue["id"] == "sales"]
    assert sales["steps"]["steps"] == [{"do": {"act": "drop_skill", "skill": "german"}, "when": {"waited_s": 30}}]
    told = "'steps.steps[1].every_s=5': there is no steps.steps[1], for there are 1, counted from 0; a list grows by"
    assert told in fsorch("queue", "set", "sales", "steps.steps[1].every_s=5").err


def test_things_come_and_go(home: Path) -> None:
    assert fsorch("queue", "add", "billing", "title=Billing").out.splitlines()[0] == "+ queue billing"
    assert fsorch("agent", "add", "cy", "phone=user/1003", "queues+=billing", "--dry-run").code == 0
    ran = fsorch("agent", "add", "cy", "phone=user/1003", "queues+=billing", "--json")
    assert json.loads(ran.out) == {
        "changes": [{"sign": "+", "what": "agent cy", "detail": ""}],
        "revision": 3,
        "applied": True,
    }
    assert fsorch("queue", "remove", "billing").out.splitlines()[:2] == [
        "- queue billing",
        "~ agent cy: queues [billing 1/1] → []",
    ]
    assert fsorch("agent", "remove", "cy").code == 0
    assert fsorch("diff", "centre.yaml") == (0, "", "")


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        (["queue", "set", "sale", "title=x"], 4, "no queue called 'sale'; did you mean sales?"),
        (["queue", "set", "sales", "wrapup_s=5"], 3, "did you mean wrap_up_s"),
        (["queue", "set", "sales", "wrap_up_s=long"], 3, "queue sales: Expected `float`, got `str` - at `wrap_up_s`"),
        (["queue", "set", "sales", "strategy=top-dwn"], 3, "did you mean top-down?"),
        (["queue", "set", "sales", "title"], 3, "'title' is no change; write key=value, key+=value or key-=value"),
        (["queue", "set", "sales", "skills=[1"], 3, "'skills=[1': the value is not YAML; put it in quotes"),
        (
            ["queue", "set", "sales", "skills=bilbing or x"],
            3,
            "queue sales: skills, column 1: there is no skill 'bilbing' (there: none)",
        ),
        (["queue", "set", "sales", "skills=french = 2"], 3, "queue sales: skills, column 8: a single '='"),
        (["queue", "set", "sales", "title+=x"], 3, "'title+=x': title is no list; set it with ="),
        (["agent", "set", "ada", "queues.nine.level=1"], 3, "there is no 'nine' (there: sales, support); add it first"),
        (
            ["queue", "set", "sales", "steps.steps[0].when.waited_s=9"],
            3,
            "there is no steps.steps[0], for nothing is there yet; a list grows by steps.steps+=",
        ),
        (["queue", "set", "sales", "wrap_up_s[0]=9"], 3, "there is no wrap_up_s[0], for nothing is there yet"),
        (["agent", "set", "ada", "queues+=suport"], 3, "agent ada: queues[2].queue is 'suport', which does not exist"),
        (
            ["queue", "remove", "support"],
            3,
            "the queue support cannot go, for it is still named: flows[0]: flow 'main', key 'person': 'support' is not",
        ),
        (["queue", "add", "sales"], 3, "there is a queue 'sales' already; change it with: fsorch queue set sales"),
        (["agent", "add", "cy"], 3, "agent cy: Object missing required field `phone`"),
        (["agent", "add", "cy", "phone=a\nb"], 3, "agents[2].phone"),
    ],
)
def test_what_is_wrong_changes_nothing(home: Path, args: list[str], code: int, line: str) -> None:
    ran = fsorch(*args)
    assert (ran.code, ran.out) == (code, "")
    assert line in ran.err
    assert fsorch("diff", "centre.yaml").code == 0


def test_a_skill_that_is_nearly_another_is_pointed_out(home: Path) -> None:
    assert "new skill" not in fsorch("agent", "skill", "ada", "french=3").err
    assert fsorch("agent", "skill", "ben", "frensh=2").err.startswith("'frensh' is a new skill; did you mean french?\n")
    assert "new skill" not in fsorch("agent", "skill", "ben", "frensh=1").err


def test_who_comes_second_changes_nothing(home: Path) -> None:
    with closing(open_database(read_settings(home / "fsorch.yaml").database)) as store:
        with pytest.raises(RequestRefused, match="at revision 1, not 0: this change is not possible now; try again"):
            store.save_centre(Centre(), "test", expected=0)
        assert store.revision() == 1


def test_flows_and_breaks_have_the_same_verbs(home: Path) -> None:
    assert fsorch("break", "add", "tea", "max_s=600").out.splitlines()[0] == "+ break tea"
    assert [one["id"] for one in json.loads(fsorch("break", "list", "--json").out)] == ["lunch", "training", "tea"]
    assert fsorch("break", "list").out.splitlines()[-1].split() == ["tea", "max_s:", "600.0"]
    assert fsorch("break", "remove", "tea").code == 0
    assert fsorch("flow", "set", "main", "nodes.menu.options.9=sales").code == 0
    assert json.loads(fsorch("flow", "list", "--json").out)[0]["nodes"]["menu"]["options"]["9"] == "sales"
    assert fsorch("flow", "set", "main", "nodes.menu.options-=9").code == 0
    assert fsorch("calendar", "add", "office", "zone=Europe/Berlin", "hours.mon=[09:00-17:00]").code == 0
    assert json.loads(fsorch("calendar", "list", "--json").out)[0]["zone"] == "Europe/Berlin"
    assert fsorch("calendar", "remove", "office").code == 0
    assert fsorch("diff", "centre.yaml").code == 0


def test_a_queue_asks_by_an_expression(home: Path) -> None:
    assert fsorch("skill", "set", "trainee").out.startswith('~ skills: [] → ["trainee"]')
    assert fsorch("agent", "skill", "ada", "french=3").code == 0
    asked = "french >= 2 and not trainee"
    ran = fsorch("queue", "set", "sales", f"skills={asked}", "skilled=best")
    assert ran.out.startswith(f"~ queue sales: skills {{}} → {asked}; skilled all → best")
    sales = json.loads(fsorch("export", "--json").out)["queues"][0]
    assert (sales["skills"], sales["skilled"]) == (asked, "best")
    rows = fsorch("skill", "list").out.splitlines()
    assert [row.split(None, 1)[0] for row in rows[-2:]] == ["french", "trainee"]
    assert rows[-1].endswith(f"sales (in: {asked})")
    exported = home / "exported.yaml"
    exported.write_text(fsorch("export").out, encoding="utf-8")
    assert fsorch("diff", str(exported)) == (0, "", "")
    assert fsorch("apply", str(exported)).code == 0
    assert "column 21: there is no skill 'trainee'" in fsorch("skill", "remove", "trainee").err


def test_a_skill_is_given_to_agents_and_queues(home: Path) -> None:
    assert (
        fsorch("skill", "list").out == "Nobody has a skill yet; give one with: fsorch agent skill AGENT SKILL=LEVEL\n"
    )
    assert fsorch("skill", "set", "french", "agents.ada=3", "queues.sales=2").code == 0
    assert json.loads(fsorch("skill", "list", "--json").out) == [
        {"id": "french", "agents": {"ada": 3}, "queues": {"sales": 2}}
    ]
    assert fsorch("skill", "list").out.splitlines()[-1].split() == ["french", "ada", "3", "sales", "2"]
    assert fsorch("skill", "set", "french", "agents.nobody=3").code == 4
    assert fsorch("skill", "set", "french", "agents.ada=9").code == 3
    assert fsorch("skill", "set", "french", "agents.ada=").code == 0
    assert json.loads(fsorch("skill", "list", "--json").out)[0]["agents"] == {}
    assert fsorch("skill", "remove", "french").code == 0
    assert fsorch("skill", "remove", "french").code == 4
    assert fsorch("diff", "centre.yaml").code == 0


def test_every_change_is_audited(home: Path) -> None:
    fsorch("queue", "set", "sales", "title=Selling")
    with closing(open_database(read_settings(home / "fsorch.yaml").database)) as store:
        entry = store.audits(1)[0]
    assert entry.act == "queue.set"
    assert entry.what == {"revision": 2, "changes": ["~ queue sales: title Sales → Selling"]}
    assert entry.who.startswith("cli")
