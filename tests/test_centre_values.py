"""Whatever stands at a key of a centre file: it is taken, or refused by a sentence that names the key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec import inspect

from fsorch.comparing import Change, compare
from fsorch.config import Centre, QueueSpec, decode
from fsorch.engine import check_centre
from fsorch.errors import ConfigError

# One of each kind that YAML has, and what people type.
VALUES: tuple[Any, ...] = (None, True, -1.5, 10**18, "a\nb: c, 'd' \"e\" ünï", [[{}]], {"x": 1})
Put = Callable[[Any], Any]


def sample(kind: inspect.Type) -> Any:
    """Something that may stand there."""
    match kind:
        case inspect.Metadata():
            return sample(kind.type)
        case inspect.UnionType():
            return sample(next(one for one in kind.types if not isinstance(one, inspect.NoneType)))
        case inspect.EnumType():
            return next(iter(kind.cls)).value
        case inspect.StructType():
            tag = {kind.tag_field: kind.tag} if kind.tag_field else {}
            return tag | {field.encode_name: sample(field.type) for field in kind.fields if field.required}
        case inspect.IntType() | inspect.FloatType():
            return max(1, kind.ge or 0)
        case inspect.DictType():
            return {}
        case inspect.VarTupleType():
            return []
    return "x"


def keys(kind: inspect.Type, put: Put, path: str, above: tuple[type, ...] = ()) -> Iterator[tuple[str, Put]]:
    """Every key there may be below ``path``, and how a file with a value at it is made."""
    match kind:
        case inspect.Metadata():
            yield from keys(kind.type, put, path, above)
        case inspect.UnionType():
            for one in kind.types:
                yield from keys(one, put, path, above)
        case inspect.StructType() if kind.cls not in above:
            rest = sample(kind)
            for field in kind.fields:

                def within(value: Any, name: str = field.encode_name) -> Any:
                    return put({**rest, name: value})

                here = f"{path}.{field.encode_name}"
                yield here, within
                yield from keys(field.type, within, here, (*above, kind.cls))
        case inspect.VarTupleType():
            yield from keys(kind.item_type, lambda value: put([value]), f"{path}[0]", above)
        case inspect.DictType():
            yield from keys(kind.value_type, lambda value: put({"k": value}), f"{path}.k", above)


def test_no_value_at_any_key_is_more_than_refused() -> None:
    every = list(keys(inspect.type_info(Centre), lambda value: value, ""))
    assert len(every) > 500
    refused = []
    for path, put in every:
        for value in VALUES:
            try:
                check_centre(decode(put(value), Centre, where="centre.yaml"))
            except ConfigError as error:
                refused.append((path, str(error)))
    assert {path for path, _ in every} - {path for path, _ in refused} == set()
    assert [path for path, said in refused if not 20 < len(said) < 2000] == []


@pytest.mark.parametrize(
    ("queue", "said"),
    [
        ({"title": False}, "Expected `str`, got `bool` - at `$.queues[0].title`; put it in quotes"),
        ({"wrap_up_s": -1}, "Expected `float` >= 0.0 - at `$.queues[0].wrap_up_s`"),
        ({"offer_timeout_s": 0}, "Expected `float` > 0.0 - at `$.queues[0].offer_timeout_s`"),
        ({"level_wait_s": 1e300}, "Expected `float` <= 86400.0 - at `$.queues[0].level_wait_s`"),
        ({"base_score_s": 1e300}, "Expected `float` <= 86400.0 - at `$.queues[0].base_score_s`"),
        ({"ring_more_s": 0}, "Expected `float` >= 1.0 - at `$.queues[0].ring_more_s`"),
        ({"guard": 0.5}, "queues[0].guard is 0.5; expected 0 (none), or 1 or more"),
        (
            {"to_agent": {"say": "wait_tme"}},
            "queues[0].to_agent.say is 'wait_tme'; expected a prompt; did you mean wait_time",
        ),
        (
            {"steps": {"steps": [{"do": {"act": "announce", "prompt": "jingle"}}]}},
            "queues[0].steps.steps[0].do.prompt is 'jingle'; expected a prompt; add it to the centre's prompts first",
        ),
        (
            {"wait": {"max_s": 9, "on_max": {"act": "overflow", "to": "message", "name": "jingle"}}},
            "queues[0].wait.on_max.name is 'jingle'; expected a prompt; add it to the centre's prompts first",
        ),
    ],
)
def test_what_makes_no_sense_in_a_queue_is_refused_with_its_key(queue: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        decode({"queues": [{"id": "sales", **queue}]}, Centre, where="centre.yaml")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"tiers": {"a": {}, "b": {}, "gold x": {"priority": -1}, "d": {}}}, "$.tiers['gold x'].priority"),
        ({"prompts": {"a": "x", "b": {"text": {"en": "x", "de": 3}}, "c": "y"}}, "$.prompts.b.text.de"),
        ({"agents": [{"id": "a", "phone": "x"}, {"id": "b", "skills": {"fr": 1, "de": 9}}]}, "$.agents[1].skills.de"),
        ({"queues": [{"id": "q", "wait": {"keys": {"1": {"act": "x"}}}}]}, "$.queues[0].wait.keys.1.act"),
    ],
)
def test_a_fault_in_a_mapping_has_its_key(data: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as refused:
        decode(data, Centre, where="centre.yaml")
    assert path in str(refused.value)


def test_a_way_outside_that_no_command_can_hold_is_refused() -> None:
    with pytest.raises(ConfigError, match="^outside: "):
        check_centre(Centre(outside="sofia/gateway/c/{number}\nbgapi system x"))


def test_a_difference_is_told_as_deep_as_it_is() -> None:
    def queue(*steps: dict[str, Any], **wait: Any) -> Centre:
        data = {"id": "sales", "steps": {"steps": list(steps)}, "wait": wait}
        agent = {"id": "ann", "phone": "user/1", "queues": [{"queue": "sales", **({"share": 2} if wait else {})}]}
        return decode({"queues": [data], "agents": [agent]}, Centre, where="test")

    message = {"act": "overflow", "to": "message", "name": "thanks"}
    later = {"when": {"waited_s": 40, "agents_present": {"below": 2}}, "do": {"act": "any_agent"}}
    more = {"when": {"waited_s": 90}, "do": {"act": "raise_priority", "by": 1}}
    sooner = {**later, "when": {"waited_s": 20, "agents_present": {"below": 2}}}
    old, new = queue(later), queue(sooner, more, max_s=600, on_max=message)
    told = [change for change in compare(old, new) if change.what == "queue sales"]
    assert told == [
        Change(
            "~",
            "queue sales",
            'wait.max_s 0.0 → 600.0; wait.on_max null → {"act":"overflow","to":"message","name":"thanks"}; '
            "steps.steps[0].when.waited_s 40.0 → 20.0; "
            '+steps.steps[1] {"when":{"waited_s":90.0},"do":{"act":"raise_priority","by":1}}',
        )
    ]
    assert compare(old, new)[1] == Change("~", "agent ann", "queues [sales 1/1] → [sales 1/1 share 2]")
    assert compare(new, queue(sooner, max_s=600, on_max=message)) == [
        Change("~", "queue sales", '-steps.steps[1] {"when":{"waited_s":90.0},"do":{"act":"raise_priority","by":1}}')
    ]


def test_the_default_of_a_queue_says_no_more_than_it_must() -> None:
    assert compare(Centre(queues=(QueueSpec(id="a"),)), Centre(queues=(QueueSpec(id="a", title="A"),))) == [
        Change("~", "queue a", 'title "" → A')
    ]
