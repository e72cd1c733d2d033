"""Names that are wrong in a file: what is said about them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.calendar_rules import CalendarSpec
from fsorch.config import Centre
from fsorch.errors import ConfigError
from fsorch.flow_nodes import Menu
from fsorch.hints import explain
from fsorch.nearest import near
from fsorch.rules import CauseRules, StepPlan, WrapUpSpec, expect_known


def fault(data: object, type: Any) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(data, type)
    return explain(caught.value, type)


@pytest.mark.parametrize(
    ("data", "type", "said"),
    [
        (
            {"steps": [{"do": {"act": "any_agent"}, "evry_s": 5}]},
            StepPlan,
            "Object contains unknown field `evry_s` - at `$.steps[0]`; did you mean every_s?",
        ),
        (
            {"steps": [{"do": {"act": "drop_skil", "skill": "x"}}]},
            StepPlan,
            "Invalid value 'drop_skil' - at `$.steps[0].do.act`; did you mean drop_skill, add_skill, lower_skill?",
        ),
        (
            {"steps": [{"do": {"act": "overflow", "to": "flwo"}}]},
            StepPlan,
            "Invalid enum value 'flwo' - at `$.steps[0].do.to`; did you mean flow?",
        ),
        (
            {"steps": [{"do": {"act": "widen", "queu": "x"}}]},
            StepPlan,
            "Object contains unknown field `queu` - at `$.steps[0].do`; did you mean queue?",
        ),
        (
            {"id": "c", "zone": "UTC", "hours": {"mo": []}},
            CalendarSpec,
            "Invalid enum value 'mo' - at `key` in `$.hours`; did you mean mon?",
        ),
        ({"mod": "fixed"}, WrapUpSpec, "Object contains unknown field `mod`; did you mean mode?"),
        (
            {"mode": "zzz"},
            WrapUpSpec,
            "Invalid enum value 'zzz' - at `$.mode` (there: boxed, extension, fixed, manual)",
        ),
        (
            {"id": "c", "hours": {"mon": ["9:00-17:00"]}},
            CalendarSpec,
            "Expected hours such as 09:00-17:30, in quotes, the last minute of a day being 24:00"
            " - at `$.hours[...][0]`",
        ),
        (
            {"kind": "menu", "prompt": "menu", "options": {"12": "sales"}},
            Menu,
            "Expected one key of a phone: 0-9, * or # - at `key` in `$.options`",
        ),
        ({"busy": {"limit": -1}}, CauseRules, "Expected `int` >= 0 - at `$.busy.limit`"),
        (
            {"queues": [{"id": "q", "strategy": "longest-idel"}]},
            Centre,
            "Invalid enum value 'longest-idel' - at `$.queues[0].strategy`; did you mean longest-idle?",
        ),
    ],
)
def test_what_would_have_been_right(data: object, type: Any, said: str) -> None:
    assert fault(data, type) == said


NAMES = st.text(max_size=12)


@given(name=NAMES, known=st.sets(NAMES, max_size=30))
def test_any_name_is_known_or_refused_in_one_sentence(name: str, known: set[str]) -> None:
    if name in known:
        expect_known(name, known, "here", "a thing")
    else:
        with pytest.raises(ConfigError, match=r"^here is .*; expected a thing"):
            expect_known(name, known, "here", "a thing")


@given(name=NAMES, type=st.sampled_from([StepPlan, CalendarSpec, WrapUpSpec, Centre]))
def test_a_hostile_key_is_explained(name: str, type: Any) -> None:
    assert fault({name: object()}, type).startswith(("Object ", "Expected ", "Invalid "))


def test_near_lists_the_few_and_some_of_the_many() -> None:
    assert near("x", []) == " (there: none)"
    assert near("QQQ", ["b", "a"]) == " (there: a, b)"
    many = [f"name{n}" for n in range(50)]
    assert near("QQQ", many) == f" (there: {', '.join(sorted(many)[:12])} and 38 more)"
    assert near("QQQ", many, few=0) == ""
    assert near("SALES", ["Sales", "support"]) == "; did you mean Sales?"
