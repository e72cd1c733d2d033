"""Flows as data: what is read, what is refused with flow, node, key and column, and the graph they are."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.errors import ConfigError
from fsorch.flow_checks import check_flow, faults
from fsorch.flow_nodes import Node, kind_of
from fsorch.flows import Fault, FlowWorld, decode_flow, shape_faults
from fsorch.ivr.graph import edges, is_end, path_to, reachable
from tests.ivr.shops import SHOP, goodbye, shop, world


def test_a_flow_with_every_kind_of_node_has_no_faults() -> None:
    spec = shop()
    kinds = {cls.__struct_config__.tag for cls in Node.__args__}
    assert {kind_of(node) for node in spec.nodes.values()} == kinds
    assert faults(spec, world(spec)) == ()
    assert faults(spec, FlowWorld()) == ()
    check_flow(goodbye(), world(), "goodbye.yaml")


def test_every_node_of_the_shop_can_be_reached() -> None:
    spec = shop()
    assert reachable(spec) == spec.nodes.keys()
    assert path_to(spec, "pin") == ("again", "hours", "speak", "welcome", "main", "account", "pin")
    assert path_to(spec, "nowhere") is None
    assert path_to(spec, "person") == ("again", "person")


def test_edges_say_what_leads_where() -> None:
    spec = shop()
    assert [(edge.label, edge.target) for edge in edges(spec.nodes["ask"])] == [
        ("found", "owes"),
        ("not found", "stock"),
        ("no answer", "person"),
    ]
    assert [edge.key for edge in edges(spec.nodes["again"])] == ["cases[0].then", "else"]
    assert [edge.label for edge in edges(spec.nodes["main"])][-2:] == ["no key", "wrong keys"]
    assert edges(spec.nodes["end"]) == ()
    assert is_end(spec, "end")
    assert is_end(spec, "return")
    assert not is_end(spec, "main")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"nodes": {"a": {"kind": "saay"}}},
            "flow 'shop', node 'a', key 'kind': Invalid value 'saay'; did you mean say?",
        ),
        (
            {"nodes": {"a": {"kind": "say", "promt": "x", "next": "a"}}},
            "node 'a': Object contains unknown field `promt`",
        ),
        (
            {"nodes": {"a": {"kind": "menu", "prompt": "x", "options": {1: "a"}}}},
            "put the keys of a telephone in quotes",
        ),
        ({"nodes": {"a": {"kind": "branch", "cases": [{"iff": "x", "then": "a"}], "else": "a"}}}, "did you mean if?"),
        ({"nodes": {5: {}}}, "key 'nodes': 5 is no name of a node; put it in quotes"),
        ({"nodes": {}}, "key 'nodes': Expected `object` of length >= 1"),
        ({"nodes": []}, "key 'nodes': Expected `object`, got `array`"),
        ({"startt": "x"}, "flow 'shop': Object contains unknown field `startt`; did you mean start?"),
        ({"languages": ["EN"]}, "key 'languages[0]'"),
        ({"max_s": 1}, "key 'max_s': Expected `float` >= 30"),
    ],
)
def test_a_wrong_shape_is_refused_where_it_is(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        decode_flow(SHOP | change, where="shop.yaml")
    assert str(refused.value).startswith("shop.yaml: flow 'shop'")
    assert said in str(refused.value)


def say(**fields: Any) -> dict[str, Any]:
    return {"kind": "say", "prompt": "welcome", "next": "main"} | fields


def lookup(**fields: Any) -> dict[str, Any]:
    return {"kind": "lookup", "next": "main"} | fields


def collect(**fields: Any) -> dict[str, Any]:
    return {"kind": "collect", "prompt": "account", "into": "account", "next": "main"} | fields


@pytest.mark.parametrize(
    ("node", "key", "column", "what"),
    [
        (say(next="acount"), "next", 0, "'acount' is no node of the flow; did you mean account?"),
        (say(prompt="welcom"), "prompt", 0, "'welcom' is no prompt of the flow or the centre; did you mean welcome?"),
        ({"kind": "queue", "queue": "sails"}, "queue", 0, "'sails' is not a queue of the centre; did you mean sales?"),
        ({"kind": "queue", "queue": "sales", "skills": {"germann": 1}}, "skills.germann", 0, "did you mean german?"),
        ({"kind": "queue", "queue": "sales", "skills": "not germann"}, "skills", 5, "did you mean german?"),
        (
            {"kind": "queue", "queue": "sales", "skills": "german >= 9"},
            "skills",
            11,
            "a level is a whole number",
        ),
        ({"kind": "queue", "queue": "sales", "skills": "german and not german"}, "skills", 1, "it contradicts itself"),
        ({"kind": "flow", "flow": "godbye", "next": "end"}, "flow", 0, "did you mean goodbye?"),
        (
            {"kind": "hours", "calendar": "ofice", "open": "main", "closed": "end"},
            "calendar",
            0,
            "did you mean office?",
        ),
        ({"kind": "language", "to": "fr", "next": "main"}, "to", 0, "'fr' is not one of the flow's languages"),
        ({"kind": "language", "next": "main"}, "to", 0, "either to or by"),
        (
            {"kind": "branch", "cases": [{"if": "queue.sales.waitin > 1", "then": "end"}], "else": "end"},
            "cases[0].if",
            1,
            "did you mean queue.sales.waiting",
        ),
        (
            {"kind": "branch", "cases": [{"if": "1 + 1", "then": "end"}], "else": "end"},
            "cases[0].if",
            1,
            "true or false",
        ),
        ({"kind": "set", "values": {"x": "1 +"}, "next": "end"}, "values.x", 4, "the expression ends here"),
        ({"kind": "set", "values": {"x": "vars.pin"}, "next": "end"}, "values.x", 1, "vars.pin is masked"),
        ({"kind": "set", "values": {"pin": "1"}, "next": "end"}, "values.pin", 0, "a masked variable has this name"),
        ({"kind": "note", "text": "PIN {vars.pin}", "next": "end"}, "text", 6, "vars.pin is masked"),
        ({"kind": "note", "text": "to {vars.balnce}", "next": "end"}, "text", 5, "did you mean vars.balance"),
        ({"kind": "message", "text": {"fr": "Salut"}, "next": "end"}, "text.fr", 0, "not one of the flow's languages"),
        ({"kind": "transfer", "number": "5"}, "number", 1, "this gives a number; expected a text"),
        (lookup(), "kind", 0, "exactly one of them"),
        (lookup(http={"url": "https://x.example/{vars.pin}"}), "http.url", 20, "vars.pin is masked"),
        (lookup(http={"url": "https://x.example/", "json": {"a": "b c"}}), "http.json.a", 1, "there is no 'b'"),
        (lookup(own={"of": "customer"}, into={"x": "a..b"}), "into.x", 0, "no place in an answer"),
        (lookup(sql={"source": "epr", "query": "select 1"}), "sql.source", 0, "did you mean erp?"),
        (lookup(sql={"source": "erp", "query": "delete from x"}), "sql.query", 0, "begins with select or with"),
        (lookup(sql={"source": "erp", "query": "select 1; drop table x"}), "sql.query", 0, "one query"),
        (lookup(sql={"source": "erp", "query": "select :a"}), "sql.query", 0, ":a has no value"),
        (collect(min=9, max=4), "min", 0, "9 is more than max"),
        (collect(pattern="(1+)+"), "pattern", 0, "not repeated"),
        (collect(pattern="[1"), "pattern", 1, "no regular expression"),
        (collect(pattern="1*2*3*4*5"), "pattern", 0, "not repeated"),
        (collect(into="card", masked=True, confirm={"prompt": "happy"}), "confirm", 0, "masked input is not spoken"),
        (collect(confirm={"prompt": "right", "wrong": "1"}), "confirm.wrong", 0, "'1' means right already"),
        (collect(options={"#": "end"}), "options.#", 0, "this key ends the answer"),
        (
            {"kind": "survey", "questions": [{"id": "a", "prompt": "bye", "low": 5, "high": 1}], "next": "end"},
            "questions[0].low",
            0,
            "5 is not less than high",
        ),
    ],
)
def test_a_name_that_is_wrong_is_told_with_its_place(node: dict[str, Any], key: str, column: int, what: str) -> None:
    spec = shop(odd=node)
    found = [fault for fault in faults(spec, world(spec)) if fault.node == "odd"]
    assert [(fault.flow, fault.key, fault.column) for fault in found] == [("shop", key, column)]
    assert what in found[0].what
    with pytest.raises(ConfigError, match="flow 'shop', node 'odd', key"):
        check_flow(spec, world(spec), "shop.yaml")


def test_what_is_wrong_in_the_whole_flow_is_told() -> None:
    data = copy.deepcopy(SHOP) | {"start": "agian", "person": "sale", "languages": ["en", "en", "de"]}
    data["prompts"] |= {"odd": {"fr": "Salut"}, "worse": {"en": "Hi {x:mony}"}}
    data["nodes"] |= {"person": say(), "Odd Name": say()}
    found = faults(decode_flow(data, where="x"), world())
    assert [(fault.key, fault.node) for fault in found] == [
        ("start", ""),
        ("languages", ""),
        ("person", ""),
        ("nodes", ""),
        ("nodes", ""),
        ("prompts.odd", ""),
        ("prompts.worse", ""),
    ]
    assert "column 4: 'mony' is no kind of value; did you mean money?" in found[-1].what


def test_the_flow_s_own_hours_are_checked() -> None:
    closed = {"act": "voicemail"}
    for change, key, what in (
        ({"calendar": "ofice", "on_closed": closed}, "calendar", "did you mean office?"),
        ({"calendar": "office"}, "on_closed", "is missing; expected what callers get then"),
        ({"on_closed": closed}, "on_closed", "never comes"),
        ({"calendar": "office", "on_closed": {**closed, "queue": "sails"}}, "on_closed.queue", "did you mean sales?"),
    ):
        found = faults(decode_flow(SHOP | change, where="x"), world())
        assert [fault.key for fault in found] == [key]
        assert what in found[0].what
    assert faults(decode_flow(SHOP | {"calendar": "office", "on_closed": closed}, where="x"), world()) == ()


def test_a_slot_says_a_value_there_is() -> None:
    data = copy.deepcopy(SHOP)
    data["prompts"]["balance"] = {"en": "You owe {balanc:money}.", "de": "{balanc:money}"}
    found = faults(decode_flow(data, where="x"), world())
    assert {fault.node for fault in found} == {"owes"}
    assert "did you mean vars.balance" in found[0].what
    data["prompts"]["balance"] = {"en": "Your PIN is {pin:digits}.", "de": "{pin:digits}"}
    assert "vars.pin is masked" in faults(decode_flow(data, where="x"), world())[0].what


def test_flows_that_call_each_other_are_caught() -> None:
    other = decode_flow(
        {"id": "other", "start": "a", "nodes": {"a": {"kind": "flow", "flow": "shop", "next": "return"}}}, where="x"
    )
    spec = shop(sub={"kind": "flow", "flow": "other", "next": "end"})
    found = faults(spec, world(spec, other))
    assert [fault.what for fault in found] == ["the flow calls itself: shop > other > shop; take one of the calls out"]
    assert [fault.flow for fault in faults(other, world(spec, other))] == ["other"]


def test_a_called_flow_names_what_it_expects() -> None:
    data = {"id": "b", "start": "n", "nodes": {"n": {"kind": "note", "text": "{vars.account}", "next": "return"}}}
    assert len(faults(decode_flow(data, where="x"), world())) == 1
    assert faults(decode_flow(data | {"variables": {"account": "text"}}, where="x"), world()) == ()


def test_a_fault_reads_as_a_sentence() -> None:
    assert str(Fault(flow="a", node="b", key="c", column=3, what="no")) == "flow 'a', node 'b', key 'c', column 3: no"
    assert str(Fault(flow="a", what="no")) == "flow 'a': no"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["say", "main", "menu", "kind"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "next", "prompt", "x", "en"]), inner)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(list(SHOP)), PLAIN), PLAIN)
def test_whatever_is_written_is_read_or_refused_in_words(change: dict[str, Any], node: Any) -> None:
    data = SHOP | change
    if isinstance(data["nodes"], dict):
        data["nodes"] = data["nodes"] | {"odd": node}
    found = shape_faults(data)
    if found:
        assert all(str(fault) for fault in found)
    else:
        faults(decode_flow(data, where="x"), world())


@given(PLAIN)
def test_anything_may_be_no_flow(data: Any) -> None:
    assert shape_faults(data)
