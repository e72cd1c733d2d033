"""``fsorch flow``: linted, drawn, tried, published, taken back, shared, counted."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from fsorch.clock import SystemClock
from fsorch.edge.settings import read_settings
from fsorch.engine.facts import Fact, FactKind
from fsorch.flow_examples import EXAMPLES
from fsorch.store import Store, open_database
from tests.cli.cli import Ran, fsorch
from tests.store.facts import contact_ended

FLOW = """
id: main
start: menu
person: support
prompts:
  ask: "For sales, press 1. For a person, press 0."
nodes:
  menu: {kind: menu, prompt: ask, options: {"1": sales, "0": person}}
  sales: {kind: queue, queue: sales}
"""
TURNED = FLOW.replace("person: support", "person: sales")
STUBBORN = FLOW.replace('"0": person', '"0": menu')


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose centre is the example, and the current directory."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input="correct horse 7\n").code == 0
    assert fsorch("apply", "centre.yaml").code == 0
    for name, text in (("main", FLOW), ("turned", TURNED), ("stubborn", STUBBORN)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def opened() -> Store:
    return open_database(read_settings(Path("fsorch.yaml")).database, create=False)


def versions() -> list[tuple[int, str, bool, float]]:
    ran = fsorch("flow", "versions", "main", "--json")
    assert ran.code == 0, ran.err
    return [(one["version"], one["state"], one["in_force"], one["share"]) for one in json.loads(ran.out)]


def audited(act: str) -> list[dict[str, Any]]:
    return [row["what"] for row in json.loads(fsorch("audit", "--act", act, "--json").out)]


class TestLint:
    def test_a_good_flow(self, home: Path) -> None:
        assert fsorch("flow", "lint", "main.yaml") == (0, "nothing against main\n", "")
        assert fsorch("flow", "lint", "main.yaml", "turned.yaml").code == 0
        assert fsorch("flow", "lint", "centre.yaml") == (0, "nothing against main\n", "")

    def test_findings_say_rule_node_and_the_way_there(self, home: Path) -> None:
        ran = fsorch("flow", "lint", "stubborn.yaml")
        assert ran.code == 1
        assert ran.out == (
            "flow 'main', node 'menu': 0 does not lead to a person; give it the target person, or a queue (by menu)"
            " [zero-to-person]\n1 finding in main\n"
        )
        ran = fsorch("flow", "lint", "stubborn.yaml", "--json")
        assert (ran.code, json.loads(ran.out)[0]["rule"], json.loads(ran.out)[0]["path"]) == (
            1,
            "zero-to-person",
            ["menu"],
        )

    def test_limits_are_settings(self, home: Path) -> None:
        Path("limits.yaml").write_text("skip: [zero-to-person]\n", encoding="utf-8")
        assert fsorch("flow", "lint", "stubborn.yaml", "--limits", "limits.yaml").code == 0
        Path("limits.yaml").write_text("skp: []\n", encoding="utf-8")
        ran = fsorch("flow", "lint", "stubborn.yaml", "--limits", "limits.yaml")
        assert (ran.code, "limits.yaml" in ran.err, "skip" in ran.err) == (3, True, True)
        centre = Path("centre.yaml").read_text(encoding="utf-8")
        Path("centre.yaml").write_text(centre + "\nflow_limits: {skip: [zero-to-person]}\n", encoding="utf-8")
        assert fsorch("apply", "centre.yaml").code == 0
        assert fsorch("flow", "lint", "stubborn.yaml").code == 0

    def test_a_name_that_the_centre_does_not_have(self, home: Path) -> None:
        Path("lost.yaml").write_text(FLOW.replace("queue: sales}", "queue: sails}"), encoding="utf-8")
        ran = fsorch("flow", "lint", "lost.yaml")
        assert ran.code == 1
        assert "node 'sales': key 'queue': 'sails' is not a queue of the centre; did you mean sales?" in ran.out
        assert ran.out.rstrip().endswith("1 finding in main")

    def test_without_a_centre_names_are_not_checked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("main.yaml").write_text(FLOW, encoding="utf-8")
        ran = fsorch("flow", "lint", "main.yaml")
        assert (ran.code, ran.out) == (0, "nothing against main\n")
        assert "no centre is known here" in ran.err

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("id: x\nstart: a\nnodes: {a: {kind: sya, prompt: p, next: a}}\n", "node 'a'"),
            ("- 1\n", "must be a list of `key: value` lines"),
            ("id: [\n", "is not YAML"),
        ],
    )
    def test_files_that_are_no_flows(self, home: Path, text: str, said: str) -> None:
        Path("odd.yaml").write_text(text, encoding="utf-8")
        for verb in ("lint", "draw", "test", "publish", "draft"):
            ran = fsorch("flow", verb, "odd.yaml")
            assert (ran.code, said in ran.err) == (3, True), (verb, ran)

    def test_a_file_that_is_not_there(self, home: Path) -> None:
        ran = fsorch("flow", "lint", "mian.yaml")
        assert (ran.code, "mian.yaml: cannot be read" in ran.err) == (3, True)
        ran = fsorch("flow", "lint", "mian")
        assert (ran.code, "did you mean main?" in ran.err) == (4, True)


class TestDraw:
    def test_a_picture(self, home: Path) -> None:
        assert fsorch("flow", "draw", "main.yaml", "-o", "main.svg").out == "drew main.svg\n"
        root = ElementTree.parse("main.svg").getroot()
        texts = ["".join(one.itertext()) for one in root.iter() if one.tag.endswith("}text")]
        assert "menumenu" in texts or "menu" in texts
        assert any("sales" in text for text in texts)
        assert fsorch("flow", "draw", "main").out.startswith('<?xml version="1.0"')
        ran = fsorch("flow", "draw", "main.yaml", "-o", "no/such/folder.svg")
        assert (ran.code, "cannot be written" in ran.err) == (3, True)


class TestWalk:
    def test_what_the_caller_hears(self, home: Path) -> None:
        ran = fsorch("flow", "test", "main.yaml", "--keys", "9,,1")
        assert ran == (
            0,
            " 0:00  menu                   “For sales, press 1. For a person, press 0.”\n"
            " 0:03                         keys 9\n"
            " 0:03                         wrong: that is no answer here\n"
            " 0:03                         “Sorry, that is not one of the choices. For sales, press 1. For a person,"
            " press 0.”\n"
            " 0:13                         nothing for 5 s\n"
            " 0:13                         “For sales, press 1. For a person, press 0.”\n"
            " 0:16                         keys 1\n"
            " 0:16  sales                  waits in the queue sales\n"
            "0:16 in the flow, 2 keys\n",
            "",
        )

    def test_keys_that_nobody_asks_for_and_who_rings_off(self, home: Path) -> None:
        ran = fsorch("flow", "test", "main.yaml", "--keys", "0,4")
        assert ran.code == 0
        assert "waits in the queue support (to a person)" in ran.out
        assert ran.err == "nothing asked for these keys: 4\n"
        ran = fsorch("flow", "test", "main.yaml", "--keys", "hangup", "--json")
        lines = json.loads(ran.out)
        assert (lines[-1]["end"], lines[-2]["text"]) == ("caller", "rings off")

    @pytest.mark.parametrize(
        ("args", "code", "said"),
        [
            (["--keys", "1,x"], 3, "'x' has 'x'; keys are 0 to 9"),
            (["--set", "customer.knwon=true"], 3, "values.customer.knwon"),
            (["--set", "customer.known=maybe"], 3, "expected true or false"),
            (["--set", "queue.sails.waiting=1"], 3, "values.queue.sails.waiting"),
            (["--set", "vars.a=1"], 3, "a variable gets its value in the flow"),
            (["--set", "a"], 3, "give NAME=VALUE"),
            (["--answers", "none.yaml"], 3, "cannot be read"),
            (["--answers", "main.yaml"], 3, "unknown field"),
            (["--at", "noon"], 2, "is no time"),
        ],
    )
    def test_a_script_that_cannot_be(self, home: Path, args: list[str], code: int, said: str) -> None:
        ran = fsorch("flow", "test", "main.yaml", *args)
        assert (ran.code, said in ran.err) == (code, True), ran

    def test_answers_are_for_look_ups(self, home: Path) -> None:
        Path("answers.yaml").write_text("answers: {menu: {rows: []}}\n", encoding="utf-8")
        ran = fsorch("flow", "test", "main.yaml", "--answers", "answers.yaml")
        assert (ran.code, "answers.menu: 'main' has no look-up of this name" in ran.err) == (3, True)

    def test_a_flow_with_faults_is_not_walked(self, home: Path) -> None:
        Path("lost.yaml").write_text(FLOW.replace("queue: sales}", "queue: sails}"), encoding="utf-8")
        ran = fsorch("flow", "test", "lost.yaml")
        assert (ran.code, "'sails' is not a queue" in ran.err) == (3, True)


class TestVersions:
    def test_published_taken_back_and_published_again(self, home: Path) -> None:
        ran = fsorch("flow", "publish", "main.yaml")
        assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 change applied as revision 2; in force when fsorch runs")
        assert fsorch("flow", "publish", "main.yaml").out == "nothing to change\n"
        assert fsorch("flow", "publish", "turned.yaml", "--dry-run").out.endswith("not applied (--dry-run)\n")
        assert fsorch("flow", "publish", "turned.yaml").code == 0
        assert versions() == [(3, "published", True, 1.0), (2, "published", False, 0.0), (1, "published", False, 0.0)]
        ran = fsorch("flow", "rollback", "main")
        assert ran.out.splitlines()[-1] == "version 2 of main is in force again"
        assert versions()[:2] == [(3, "rolled_back", False, 0.0), (2, "published", True, 1.0)]
        assert fsorch("flow", "rollback", "main", "--to", "3", "--json").code == 0
        assert versions()[0] == (3, "published", True, 1.0)
        assert fsorch("flow", "rollback", "main", "--to", "1").code == 0
        ran = fsorch("flow", "rollback", "main")
        assert (ran.code, "no other version was in force" in ran.err) == (5, True)
        ran = fsorch("flow", "rollback", "main", "--to", "9")
        assert (ran.code, "no version of 'main' called '9'" in ran.err) == (4, True)
        assert fsorch("flow", "rollback", "mian").code == 4
        shown = fsorch("flow", "versions", "main").out
        assert "in force" in shown
        assert "rolled back" in shown
        assert len(audited("flow.rollback")) == 3

    def test_the_linter_refuses_unless_there_is_a_reason(self, home: Path) -> None:
        ran = fsorch("flow", "publish", "stubborn.yaml")
        assert ran.code == 3
        assert ran.err.count("[zero-to-person]") == 2
        assert "mend it, or publish it all the same for a reason: --override REASON" in ran.err
        assert versions() == [(1, "published", True, 1.0)]
        assert fsorch("flow", "publish", "stubborn.yaml", "--override", "nobody works here").code == 0
        assert versions()[0] == (2, "published", True, 1.0)
        [entry] = audited("flow.override")
        assert (entry["flow"], entry["reason"], len(entry["findings"])) == ("main", "nobody works here", 1)
        assert "nobody works here" in fsorch("flow", "versions", "main").out

    def test_what_cannot_run_is_published_for_no_reason(self, home: Path) -> None:
        Path("lost.yaml").write_text(FLOW.replace("queue: sales}", "queue: sails}"), encoding="utf-8")
        ran = fsorch("flow", "publish", "lost.yaml", "--override", "I want it")
        assert (ran.code, "'sails' is not a queue of the centre" in ran.err) == (3, True)

    def test_a_draft_waits(self, home: Path) -> None:
        ran = fsorch("flow", "draft", "turned.yaml")
        assert ran.out == "version 2 of main is a draft; publish it with: fsorch flow publish main --version 2\n"
        assert versions() == [(2, "draft", False, 0.0), (1, "published", True, 1.0)]
        ran = fsorch("flow", "draft", "stubborn.yaml")
        assert (ran.code, "[zero-to-person]" in ran.err) == (0, True)
        assert fsorch("flow", "publish", "main", "--version", "2").code == 0
        assert versions()[1] == (2, "published", True, 1.0)
        assert fsorch("flow", "publish", "main", "--version", "3").code == 3

    def test_a_share_of_the_calls(self, home: Path) -> None:
        assert fsorch("flow", "draft", "turned.yaml").code == 0
        ran = fsorch("flow", "share", "main", "2", "20%")
        assert ran.out == "of the calls to main: version 2 20%, version 1 80%; when fsorch runs\n"
        assert versions() == [(2, "draft", False, 0.2), (1, "published", True, 0.8)]
        assert fsorch("flow", "share", "main", "2", "0").out.startswith("of the calls to main: version 1 100%")
        for share in ("much", "120%", "-1"):
            assert fsorch("flow", "share", "main", "2", "--", share).code == 2
        assert fsorch("flow", "share", "main", "1", "0.5").code == 3
        assert fsorch("flow", "draft", "stubborn.yaml").code == 0
        assert fsorch("flow", "share", "main", "3", "10%").code == 3
        assert fsorch("flow", "share", "main", "3", "10%", "--override", "a try").code == 0
        assert audited("flow.override")[0]["reason"] == "a try"

    def test_a_centre_file_may_name_the_files_of_its_flows(self, home: Path) -> None:
        text = Path("centre.yaml").read_text(encoding="utf-8")
        before, rest = text.split("flows:\n", 1)
        after = rest[rest.index("# The flow of calls for which") :]
        Path("centre.yaml").write_text(f"{before}flows: [main.yaml]\n{after}", encoding="utf-8")
        assert fsorch("apply", "centre.yaml").code == 0
        assert fsorch("apply", "centre.yaml").out == "nothing to change\n"
        Path("main.yaml").write_text(STUBBORN, encoding="utf-8")
        assert fsorch("apply", "centre.yaml").code == 3
        assert fsorch("apply", "centre.yaml", "--override", "a test").code == 0
        Path("main.yaml").unlink()
        ran = fsorch("apply", "centre.yaml")
        assert (ran.code, "main.yaml: cannot be read" in ran.err) == (3, True)


class Calls:
    """Writes the facts of calls as the engine tells them."""

    def __init__(self) -> None:
        self.at = SystemClock().now().wall - 3_600_000_000
        self.facts: list[Fact] = []

    def tell(self, contact: str, kind: FactKind, **data: Any) -> None:
        self.at += 1000
        self.facts.append(Fact(id=f"{self.at:020}", at=self.at, kind=kind, contact=contact, data=data))

    def enter(self, contact: str, version: int = 1) -> None:
        self.tell(contact, FactKind.FLOW_ENTERED, flow="main", version=version, again=False)
        self.tell(contact, FactKind.NODE_PASSED, flow="main", node="menu", way="", version=version)

    def key(self, contact: str, digits: str, *, valid: bool = True) -> None:
        self.tell(contact, FactKind.ANSWER_KEYED, flow="main", node="menu", digits=digits, valid=valid)

    def told(
        self, contact: str, what: str, node: str = "menu", value: str = "", way: str = "", detail: str = ""
    ) -> None:
        data = {"what": what, "flow": "main", "node": node, "value": value, "way": way, "detail": detail}
        self.tell(contact, FactKind.FLOW_TOLD, **data)


class TestStats:
    def test_per_node_and_in_all(self, home: Path) -> None:
        calls = Calls()
        calls.enter("a")
        calls.key("a", "9", valid=False)
        calls.key("a", "1")
        calls.tell("a", FactKind.NODE_PASSED, flow="main", node="sales", way="1", version=1)
        calls.told("a", "left", "sales", "queue", "chosen", "sales")
        calls.enter("b")
        calls.key("b", "0")
        calls.told("b", "left", "menu", "queue", "person", "support")
        calls.enter("c", version=2)
        for _ in range(3):
            calls.told("c", "silent")
        calls.told("c", "left", "menu", "queue", "person", "support")
        calls.enter("d")
        calls.tell("d", FactKind.CONTACT_ENDED, **contact_ended("d", outcome="left_flow").data)
        calls.enter("e")
        calls.told("e", "left", "menu", "hangup", "chosen", "served")
        calls.enter("f")
        with closing(opened()) as store:
            assert fsorch("flow", "publish", "main.yaml").code == 0
            store.write(calls.facts)
        ran = fsorch("flow", "stats", "main", "--json")
        figures = json.loads(ran.out)
        menu = figures["nodes"]["menu"]
        assert (menu["entered"], menu["keyed"], menu["silent"], menu["wrong"], menu["rang_off"]) == (6, 2, 3, 1, 1)
        assert menu["exits"] == {"1": 1, "person": 2}
        assert figures["nodes"]["sales"]["entered"] == 1
        assert (figures["entered"], figures["inside"], figures["served"]) == (6, 1, 1)
        assert (figures["person"], figures["asked_person"], figures["queue"], figures["rang_off"]) == (2, 1, 1, 1)
        assert figures["containment"] == 0.2
        assert figures["versions"] == {"1": 5, "2": 1}
        shown = fsorch("flow", "stats", "main").out
        assert shown.startswith(
            "6 entered (by version: 1 5, 2 1); 1 served by the flow (containment 20%); 2 to the person, 1 of them asked"
            " for one by a key; 1 to a queue; 1 rang off in the flow; 1 still inside\n"
        )
        assert json.loads(fsorch("flow", "stats", "main", "--version", "2", "--json").out)["entered"] == 1
        assert fsorch("flow", "stats", "main", "--until", "2h").out == "nobody was in main in this time\n"
        assert fsorch("flow", "stats", "mian").code == 4


class TestExamples:
    @pytest.mark.parametrize("name", EXAMPLES)
    def test_an_example_is_clean_and_becomes_the_centre(self, home: Path, name: str) -> None:
        ran = fsorch("flow", "example", name)
        assert (ran.code, ran.out.splitlines()[0]) == (
            0,
            f"wrote {name}.yaml, {name}-centre.yaml and {name}-answers.yaml",
        )
        ran = fsorch("flow", "lint", f"{name}.yaml", "--centre", f"{name}-centre.yaml")
        assert ran == (0, f"nothing against {name}\n", "")
        assert fsorch("flow", "draw", f"{name}.yaml", "-o", f"{name}.svg").code == 0
        assert fsorch("apply", f"{name}-centre.yaml").code == 0
        assert fsorch("flow", "lint", name).code == 0
        wanted = json.loads(fsorch("prompt", "list", "--json").out)
        assert {f"{name}.{prompt}" for prompt in ("welcome", "main")} <= {one["prompt"] for one in wanted}
        assert fsorch("flow", "example", name).code == 3
        assert fsorch("flow", "example", name, "--print").out == Path(f"{name}.yaml").read_text(encoding="utf-8")

    def test_which_there_are(self) -> None:
        assert [one["id"] for one in json.loads(fsorch("flow", "example", "--json").out)] == [
            "shop",
            "operator",
            "clinic",
        ]
        assert fsorch("flow", "example", "shpo").err == "fsorch: no example called 'shpo'; did you mean shop?\n"

    @pytest.mark.parametrize(
        ("name", "args", "end", "heard"),
        [
            ("shop", ["--keys", "1,1"], "callback orders", "The wait is about 7 minutes"),
            ("shop", ["--keys", "1,2"], "queue orders", "For our opening hours, press 3."),
            ("shop", ["--keys", "2,0"], "queue service", "The label lies in your parcel."),
            ("shop", ["--keys", "3"], "hangup served", "from nine to six"),
            ("shop", ["--keys", "0"], "queue service", "Welcome to the corner shop."),
            ("shop", ["--keys", "1", "--set", "calendar.shop.open=false"], "voicemail service", "We are closed"),
            ("operator", ["--keys", "2580,1"], "hangup served", "You owe 12 euros and 50 cents"),
            (
                "operator",
                ["--keys", "2580,2,1"],
                "hangup served",
                "Your last bill is 29 euros and 90 cents",
            ),
            ("operator", ["--keys", "2580,3,0"], "queue care", "A colleague is working on your matter T dash 1 0 4 2"),
            ("operator", ["--keys", "0"], "queue care", "Please enter your PIN."),
            ("clinic", ["--keys", "1,1"], "queue urgent", "A nurse will be with you at once."),
            ("clinic", ["--keys", "2,2"], "queue reception", "Para una cita, pulse 2."),
            ("clinic", ["--keys", "2,3,01021980,1"], "hangup prescription_taken", "Su receta estará lista mañana"),
            ("clinic", ["--keys", "1", "--set", "customer.language=es"], "queue urgent", "Bienvenido a la clínica."),
            (
                "clinic",
                ["--keys", "1,1", "--at", "2026-12-01T03:00:00-05:00"],
                "number +12025550199",
                "We are calling the doctor on duty.",
            ),
        ],
    )
    def test_the_ways_through_them(self, home: Path, name: str, args: list[str], end: str, heard: str) -> None:
        assert fsorch("flow", "example", name).code == 0
        answers = [] if "--at" in args else ["--answers", f"{name}-answers.yaml"]
        ran = walk(name, *answers, *args)
        lines = json.loads(ran.out)
        walked = lines[-1]
        assert f"{walked['end']} {walked['to']}" == end
        said = " ".join(line["text"] for line in lines[:-1] if line["what"] == "hears")
        assert heard in said, said
        assert not [line for line in lines[:-1] if line["what"] == "trouble"]

    def test_who_is_not_known_keys_number_and_pin(self, home: Path) -> None:
        assert fsorch("flow", "example", "operator").code == 0
        answers = "answers: {by_number: {rows: []}, check: [{rows: []}, {rows: [{balance: 0}]}]}\n"
        Path("a.yaml").write_text(answers, encoding="utf-8")
        lines = json.loads(walk("operator", "--answers", "a.yaml", "--keys", "471108#,1111,471108#,2580,1").out)
        said = " ".join(line["text"] for line in lines[:-1])
        assert "Customer number and PIN do not match." in said
        assert "You owe nothing at the moment." in said
        assert "2580" not in said
        three = ",".join(["471108#,1111"] * 3)
        Path("a.yaml").write_text("answers: {by_number: {rows: []}, check: {rows: []}}\n", encoding="utf-8")
        walked = json.loads(walk("operator", "--answers", "a.yaml", "--keys", three).out)[-1]
        assert (walked["end"], walked["to"]) == ("queue", "care")

    def test_a_system_that_is_away_leads_to_a_person(self, home: Path) -> None:
        assert fsorch("flow", "example", "operator").code == 0
        Path("a.yaml").write_text("answers: {by_number: {rows: []}, check: {rows: [{balance: 1}]}}\n", encoding="utf-8")
        ran = walk("operator", "--answers", "a.yaml", "--keys", "471108#,2580,2")
        lines = json.loads(ran.out)
        said = " ".join(line["text"] for line in lines[:-1])
        assert "We cannot look that up at the moment." in said
        assert "the agent reads: Customer number 471108: a look-up had no answer." in said
        assert (lines[-1]["end"], lines[-1]["why"]) == ("queue", "person")


def walk(name: str, *args: str) -> Ran:
    ran = fsorch("flow", "test", f"{name}.yaml", "--centre", f"{name}-centre.yaml", "--json", *args)
    assert ran.code == 0, ran.err
    return ran


class TestAudio:
    def test_what_no_audio_says_is_told(self, home: Path) -> None:
        assert fsorch("flow", "publish", "main.yaml").err == ""
        Path("prompts").mkdir()
        ran = fsorch("flow", "publish", "turned.yaml")
        assert ran.err == "no audio says it yet, so build or record it: main.ask; fsorch prompt build\n"

    def test_versions_that_share_the_calls_are_heard(self, home: Path) -> None:
        assert fsorch("flow", "publish", "main.yaml").code == 0
        other = FLOW.replace("ask:", "question:").replace("prompt: ask", "prompt: question")
        Path("other.yaml").write_text(other, encoding="utf-8")
        assert fsorch("flow", "draft", "other.yaml").code == 0
        assert ("main.ask" in names(), "main.question" in names()) == (True, False)
        ran = fsorch("flow", "share", "main", "3", "10%")
        assert (ran.code, ran.err) == (0, "")
        assert ("main.ask" in names(), "main.question" in names()) == (True, True)
        Path("other.yaml").write_text(FLOW.replace("For sales", "For the shop"), encoding="utf-8")
        assert fsorch("flow", "draft", "other.yaml").code == 0
        ran = fsorch("flow", "share", "main", "4", "10%")
        assert "its audio is heard in both: ask; give them names of their own" in ran.err


def names() -> set[str]:
    return {one["prompt"] for one in json.loads(fsorch("prompt", "list", "--json").out)}


def test_the_list_says_what_there_is(home: Path) -> None:
    shown = fsorch("flow", "list").out.splitlines()
    assert shown[0].split() == ["flow", "title", "languages", "nodes", "person", "calendar"]
    assert shown[2].split() == ["main", "en", "4", "support"]
    assert json.loads(fsorch("flow", "list", "--json").out)[0]["start"] == "greeting"


def test_a_change_of_a_flow_is_told_by_its_nodes(home: Path) -> None:
    assert fsorch("flow", "publish", "main.yaml").code == 0
    changed = FLOW.replace('"1": sales', '"1": hello') + "  hello: {kind: say, prompt: greeting, next: sales}\n"
    Path("main.yaml").write_text(changed, encoding="utf-8")
    ran = fsorch("flow", "publish", "main.yaml", "--dry-run")
    assert ran.out.splitlines()[0] == "~ flow main: nodes +hello ~menu"


def test_a_customer_of_the_records_is_known_by_their_number(home: Path) -> None:
    for name in ("operator", "clinic"):
        assert fsorch("flow", "example", name).code == 0
    kept = ("--number", "+12025550123", "--language", "es", "--field", "balance=7.25")
    assert fsorch("customer", "add", "--reference", "471108", "--name", "Ann", *kept).code == 0
    assert fsorch("apply", "operator-centre.yaml").code == 0
    ran = fsorch("flow", "test", "operator", "--number", "+12025550123", "--keys", "1")
    assert "You owe 7 euros and 25 cents" in ran.out
    assert "answered by the centre's own records" in ran.out
    ran = fsorch("flow", "test", "operator", "--number", "+1999", "--keys", "0")
    assert "Please enter your customer number" in ran.out
    ran = fsorch("flow", "test", "operator.yaml", "--centre", "operator-centre.yaml", "--number", "+12025550123")
    assert "the script has no answer for this look-up" in ran.out
    assert fsorch("apply", "clinic-centre.yaml").code == 0
    assert "Bienvenido a la clínica" in fsorch("flow", "test", "clinic", "--number", "+12025550123").out


def test_a_flow_is_shown_as_the_file_that_it_was(home: Path) -> None:
    assert fsorch("flow", "publish", "main.yaml").code == 0
    shown = fsorch("flow", "show", "main")
    Path("again.yaml").write_text(shown.out, encoding="utf-8")
    assert fsorch("flow", "publish", "again.yaml").out == "nothing to change\n"
    assert json.loads(fsorch("flow", "show", "main", "--version", "1", "--json").out)["start"] == "greeting"
    assert fsorch("flow", "show", "main", "--version", "9").code == 4
    assert fsorch("flow", "show", "mian").err == "fsorch: no flow called 'mian'; did you mean main?\n"


def test_a_key_that_hides_the_person_needs_a_reason_too(home: Path) -> None:
    assert fsorch("flow", "set", "main", "nodes.menu.options.0=menu").code == 3
    assert fsorch("flow", "set", "main", "nodes.menu.options.0=menu", "--override", "nobody is here").code == 0
    assert "--override" not in fsorch("queue", "set", "--help").out


def test_a_language_that_the_flow_does_not_speak_is_told(home: Path) -> None:
    ran = fsorch("flow", "test", "main.yaml", "--language", "fr", "--keys", "1")
    assert (ran.code, ran.err) == (0, "main does not speak fr, so its callers hear en\n")


def test_a_draft_that_is_there_already(home: Path) -> None:
    assert fsorch("flow", "publish", "main.yaml").code == 0
    assert fsorch("flow", "draft", "main.yaml").out == "version 2 of main is there already, published\n"
