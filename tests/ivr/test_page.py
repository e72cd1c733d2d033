"""The page about flows says what is there, and its example is one that can answer a call."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import yaml

from fsorch.expressions import FUNCTIONS
from fsorch.flow_checks import faults
from fsorch.flow_names import CALENDAR, FIXED, QUEUE
from fsorch.flow_nodes import Node
from fsorch.flows import FlowSpec, FlowWorld, decode_flow

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "flows.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_there_is_an_example() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_have_no_faults(text: str) -> None:
    spec = decode_flow(yaml.safe_load(text), where="docs/flows.md")
    assert faults(spec, FlowWorld(queues=frozenset({"reception"}), prompts={"invalid": "invalid.wav"})) == ()


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
