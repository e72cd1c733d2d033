"""The linter: each rule finds what it is there for, and says where by the shortest way."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fsorch.flow_limits import FlowLimits, FlowRule
from fsorch.flow_nodes import PERSON
from fsorch.flows import FlowSpec, FlowWorld, decode_flow
from fsorch.ivr.graph import edges, path_to, reachable
from fsorch.ivr.lint import Finding, lint, seconds_of
from fsorch.prompts import PromptSpec

GOOD = """
id: shop
languages: [en, de]
start: hello
person: reception
prompts:
  hello: {en: Welcome., de: Willkommen.}
  main: {en: "For orders press 1, for a person press 0.", de: "Bestellungen: die 1. Menschen: die 0."}
  bye: {en: Goodbye., de: Auf Wiederhören.}
nodes:
  hello: {kind: say, prompt: hello, next: main}
  main: {kind: menu, prompt: main, options: {"1": orders, "9": bye, "0": person}}
  orders: {kind: queue, queue: orders}
  bye: {kind: hangup, prompt: bye, reason: done}
"""
WORLD = FlowWorld(
    queues=frozenset(("reception", "orders")),
    prompts={"invalid": PromptSpec(text={"en": "Sorry.", "de": "Leider nein."})},
)


def flow(changes: str = "", person: str = "reception") -> FlowSpec:
    """The good flow with other nodes, prompts or keys."""
    data: dict[str, Any] = yaml.safe_load(GOOD) | {"person": person}
    for key, value in (yaml.safe_load(changes) or {}).items():
        data[key] = data[key] | value if isinstance(value, dict) else value
    return decode_flow(data, where="test")


def found(changes: str, limits: FlowLimits | None = None, person: str = "reception") -> list[tuple[str, str]]:
    """Rule and node of each finding."""
    return [(finding.rule.value, finding.node) for finding in lint(flow(changes, person), WORLD, limits)]


def one(changes: str, limits: FlowLimits | None = None) -> Finding:
    """The only finding."""
    findings = lint(flow(changes), WORLD, limits)
    assert len(findings) == 1, findings
    return findings[0]


def test_a_humane_flow_has_no_findings() -> None:
    assert lint(flow(), WORLD) == ()


def test_a_target_that_is_not_there_is_broken_and_nothing_else_is_said() -> None:
    finding = one("nodes: {hello: {kind: say, prompt: hello, next: mian}, lost: {kind: queue, queue: orders}}")
    assert finding.rule is FlowRule.BROKEN
    what = "key 'next': 'mian' is no node of the flow; did you mean main?"
    assert str(finding) == f"flow 'shop', node 'hello': {what} (by hello) [broken]"


def test_a_fault_says_how_a_caller_comes_to_it() -> None:
    finding = one("nodes: {orders: {kind: queue, queue: ordres}}")
    assert (finding.rule, finding.path) == (FlowRule.BROKEN, ("hello", "main [1]", "orders"))
    assert one("start: helo").path == ()


def test_a_node_nobody_comes_to() -> None:
    assert found("nodes: {lost: {kind: queue, queue: orders}}") == [("unreachable", "lost")]


def test_a_loop_without_a_way_out_is_told_with_the_way_there() -> None:
    changes = """
    nodes:
      orders: {kind: say, prompt: hello, next: again}
      again: {kind: say, prompt: hello, next: orders}
    """
    finding = lint(flow(changes), WORLD)[0]
    assert finding.rule is FlowRule.NO_EXIT
    assert finding.path == ("hello", "main [1]", "orders")


def test_nodes_that_neither_speak_nor_ask_must_not_go_round() -> None:
    changes = """
    nodes:
      orders: {kind: set, values: {a: 1}, next: check}
      check: {kind: branch, cases: [{if: vars.a > 1, then: person}], else: orders}
    """
    findings = lint(flow(changes), WORLD)
    assert [(finding.rule, finding.path) for finding in findings] == [
        (FlowRule.IDLE_LOOP, ("orders", "check", "orders"))
    ]


def test_help_that_is_many_keys_away() -> None:
    deep = [
        f'm{n}: {{kind: menu, prompt: main, options: {{"1": m{n + 1}}}, no_key: m{n}, wrong_key: m{n}}}'
        for n in range(5)
    ]
    last = [
        "m5: {kind: queue, queue: orders}",
        "main: {kind: say, prompt: main, next: m0}",
        "bye: {kind: say, prompt: bye, next: m5}",
    ]
    changes = f"nodes: {{{', '.join(deep + last)}}}"
    far = [node for rule, node in found(changes, person="") if rule == "help-too-far"]
    assert far == ["hello", "m0", "m1"]
    assert [node for rule, node in found(changes, FlowLimits(keys=5)) if rule == "help-too-far"] == []


def test_help_behind_a_long_speech() -> None:
    changes = 'prompts: {hello: {en: "' + "word " * 200 + '", de: kurz}}'
    finding = one(changes)
    assert finding.rule is FlowRule.HELP_TOO_FAR
    assert "1 keys and 7" in finding.what
    assert finding.node == "hello"


def test_who_keys_a_long_number_is_not_far_from_help() -> None:
    """0 is a digit there; no key leads to the person after a while."""
    changes = """
    nodes: {orders: {kind: collect, prompt: main, into: number, min: 8, max: 8, next: bye}}
    """
    assert found(changes) == []


@pytest.mark.parametrize(
    ("zero", "good"),
    [("person", True), ("orders", True), ("hello2", True), ("bye", False), ("main", False)],
)
def test_zero_leads_to_a_person(zero: str, good: bool) -> None:
    changes = f"""
    nodes:
      main: {{kind: menu, prompt: main, options: {{"1": orders, "2": hello2, "9": bye, "0": {zero}}}}}
      hello2: {{kind: say, prompt: hello, next: person}}
    """
    assert (("zero-to-person", "main") in found(changes)) is not good
    assert ("zero-to-person", "main") not in found(changes, person="")


def test_a_prompt_that_is_missing_in_a_language() -> None:
    finding = one("prompts: {bye: {en: Goodbye.}}")
    assert finding.rule is FlowRule.MISSING_LANGUAGE
    assert finding.what == "prompt: the prompt 'bye' is not there in de"


def test_a_message_that_is_missing_in_a_language() -> None:
    sent = "nodes: {orders: {kind: message, text: {en: Hi.}, next: bye}}"
    finding = one(sent)
    assert (finding.rule, finding.what) == (FlowRule.MISSING_LANGUAGE, "text: the message is not there in de")
    assert found(sent.replace("{en: Hi.}", "Hi.")) == []


def test_a_lookup_without_a_default() -> None:
    changes = """
    nodes: {orders: {kind: lookup, http: {url: "https://shop.example/x"}, into: {a: b}, next: bye}}
    """
    assert found(changes) == [("no-default", "orders")]
    assert found(changes.replace("next: bye", "next: bye, default: person")) == []


def test_a_menu_of_many_options() -> None:
    options = ", ".join(f'"{key}": orders' for key in "123456")
    changes = f'nodes: {{main: {{kind: menu, prompt: main, options: {{{options}, "9": bye, "0": person, "*": main}}}}}}'
    assert found(changes) == [("too-many-options", "main")]
    assert found(changes, FlowLimits(options=7)) == []


def test_a_menu_that_talks_before_it_offers() -> None:
    long = "We are the best shop in the world and we are glad that you call us today. " * 4
    finding = one(f'prompts: {{main: {{en: "{long} For orders press one.", de: "Die 1."}}}}')
    assert finding.rule is FlowRule.LATE_OPTIONS
    assert "(en)" in finding.what


def test_rules_can_be_skipped_but_not_the_one_that_keeps_it_from_running() -> None:
    assert found("nodes: {lost: {kind: queue, queue: orders}}", FlowLimits(skip=(FlowRule.UNREACHABLE,))) == []
    broken = "nodes: {hello: {kind: say, prompt: hello, next: nowhere}}"
    assert found(broken, FlowLimits(skip=tuple(FlowRule))) == [("broken", "hello")]


def test_speech_is_measured_by_its_text() -> None:
    assert seconds_of("a" * 140, 14) == 10
    assert seconds_of("a" * 14 + "{x}" + "a" * 14, 14) == 4
    assert seconds_of("{", 14) > 0


NAMES = [f"n{n}" for n in range(6)]
TARGETS = st.sampled_from([*NAMES, PERSON])
NODES = st.one_of(
    st.builds(lambda next: {"kind": "say", "prompt": "p", "next": next}, TARGETS),
    st.builds(
        lambda options, no_key: {
            "kind": "menu",
            "prompt": "p",
            "options": options,
            "no_key": no_key,
            "wrong_key": no_key,
        },
        st.dictionaries(st.sampled_from("120"), TARGETS, min_size=1),
        TARGETS,
    ),
    st.builds(
        lambda then, other: {"kind": "branch", "cases": [{"if": "true", "then": then}], "else": other}, TARGETS, TARGETS
    ),
    st.just({"kind": "hangup", "prompt": "p", "reason": "r"}),
)


@given(st.lists(NODES, min_size=6, max_size=6))
def test_what_is_reached_and_not_trapped_can_get_out(nodes: list[dict[str, Any]]) -> None:
    spec = decode_flow(
        {
            "id": "f",
            "start": "n0",
            "person": "q",
            "prompts": {"p": "one", "invalid": "no"},
            "nodes": dict(zip(NAMES, nodes, strict=True)),
        },
        where="test",
    )
    findings = lint(spec, FlowWorld())
    unreached = {finding.node for finding in findings if finding.rule is FlowRule.UNREACHABLE}
    trapped = {finding.node for finding in findings if finding.rule is FlowRule.NO_EXIT}
    assert unreached == spec.nodes.keys() - reachable(spec)
    for name in reachable(spec):
        from_here = reachable_from(spec, name)
        gets_out = PERSON in from_here or any(
            spec.nodes[one].__struct_config__.tag == "hangup" for one in from_here & spec.nodes.keys()
        )
        assert gets_out is (name not in trapped)
        assert path_to(spec, name) is not None


def reachable_from(spec: FlowSpec, name: str) -> set[str]:
    """All targets that can be come to from a node, itself among them."""
    seen, line = {name}, [name]
    for one_name in line:
        for edge in edges(spec.nodes[one_name]) if one_name in spec.nodes else ():
            if edge.target not in seen:
                seen.add(edge.target)
                line.append(edge.target)
    return seen
