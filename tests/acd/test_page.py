"""The page about queues names what there is, and its example is a centre."""

from __future__ import annotations

import re

import yaml

from fsorch.config import Centre, decode
from fsorch.names import Strategy
from fsorch.rules import Action
from fsorch.waits import Empty
from tests.floors import ROOT

PAGE = (ROOT / "docs" / "queues.md").read_text(encoding="utf-8")


def first_column(heading: str) -> set[str]:
    """The words of the table that begins with this heading."""
    table = PAGE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    return set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))


def test_the_example_is_a_centre() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    centre = decode(yaml.safe_load(text), Centre, where="docs/queues.md")
    assert (len(centre.queues), set(centre.tiers)) == (2, {"gold", "silver"})


def test_every_strategy_and_every_kind_of_empty_is_named() -> None:
    assert first_column("strategy") == {strategy.value for strategy in Strategy}
    assert first_column("word") == {kind.value for kind in Empty} - {Empty.NEVER.value}


def test_every_act_of_a_step_is_named() -> None:
    acts = {str(act.__struct_config__.tag) for act in Action.__args__}
    assert acts <= set(re.findall(r"`([a-z_]+)`", PAGE))
