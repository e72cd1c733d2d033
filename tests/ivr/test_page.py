"""The page about flows says what is there, and its example is one that can answer a call."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import yaml

from fsorch.config import decode
from fsorch.expressions import FUNCTIONS
from fsorch.flow_checks import faults
from fsorch.flow_examples import EXAMPLES as EXAMPLE_FLOWS
from fsorch.flow_examples import example_files
from fsorch.flow_limits import FlowLimits, FlowRule
from fsorch.flow_names import CALENDAR, FIXED, QUEUE
from fsorch.flow_nodes import Node
from fsorch.flows import FlowSpec, FlowWorld, decode_flow
from fsorch.ivr.lint import lint
from fsorch.ivr.picture import draw
from fsorch.ivr.rehearsal import Script
from fsorch.shipped import shipped_prompts

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
PAGE = (DOCS / "flows.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_there_is_an_example() -> None:
    assert EXAMPLES


WORLD = FlowWorld(queues=frozenset({"reception"}), prompts={"invalid": "invalid.wav"})


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_are_what_they_say(text: str) -> None:
    """A flow, a part of a centre with flows, or what look-ups answer."""
    data = yaml.safe_load(text)
    if "answers" in data:
        assert decode(data, Script, where="docs/flows.md").answers
        return
    for flow in data.get("flows", [data]):
        spec = decode_flow(flow, where="docs/flows.md")
        assert faults(spec, WORLD) == ()
        assert [finding.rule.value for finding in lint(spec, WORLD)] == []


def test_every_kind_of_node_has_its_row_and_every_way_is_named_in_it() -> None:
    for kind in Node.__args__:
        rows = re.findall(rf"^\| `{kind.__struct_config__.tag}` \|.*$", PAGE, re.MULTILINE)
        assert len(rows) == 1, kind


def test_every_name_and_function_is_on_the_page() -> None:
    names = {*FIXED, *(f"queue.ID.{fact}" for fact in QUEUE), *(f"calendar.ID.{fact}" for fact in CALENDAR)}
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []
    assert [name for name in FUNCTIONS if f"`{name}(" not in PAGE] == []


def test_every_key_of_a_node_is_on_the_page() -> None:
    keys = {field.encode_name for kind in Node.__args__ for field in msgspec.structs.fields(kind)}
    keys |= {field.encode_name for field in msgspec.structs.fields(FlowSpec)} - {"calendar", "on_closed"}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", PAGE)] == []


def test_every_rule_of_the_linter_and_every_limit_is_on_the_page() -> None:
    assert [rule.value for rule in FlowRule if f"| `{rule.value}` |" not in PAGE] == []
    defaults = re.search(r"`flow_limits: (\{.*?\})`", PAGE)
    assert defaults is not None
    limits = yaml.safe_load(defaults[1])
    assert decode(limits, FlowLimits, where="docs/flows.md") == FlowLimits()
    assert list(limits) == [field.encode_name for field in msgspec.structs.fields(FlowLimits)]


def test_every_example_is_on_the_page() -> None:
    assert [name for name in EXAMPLE_FLOWS if f"| `{name}` |" not in PAGE] == []


def test_the_picture_is_the_one_that_is_drawn() -> None:
    """Draw it anew with: fsorch flow draw fsorch/examples/shop.yaml -o docs/images/shop-flow.svg"""
    shop = decode_flow(yaml.safe_load(example_files("shop")["shop.yaml"]), where="shop.yaml")
    picture = DOCS / "images" / "shop-flow.svg"
    assert "](images/shop-flow.svg)" in PAGE
    assert draw(shop, shipped_prompts()) == picture.read_text(encoding="utf-8")
