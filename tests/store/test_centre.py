"""The centre comes back from the database as it was put there, key by key."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fsorch.config import Centre, decode
from fsorch.store import Store

NUMBER = "sofia/gateway/carrier/{number}"
# Each key of a centre that is more than a list of things with ids, as it is not by default.
KEYS: dict[str, Any] = {
    "name": "north",
    "prompts_dir": "/sounds",
    "language": "de",
    "speech": {"engine": "flite", "voices": {"en": "kal"}},
    "outside": NUMBER,
    "away": {"after_s": 30, "then": "break", "reason": "gone"},
    "voicemail": {"dir": "/messages"},
    "texts": {"sender": "centre@sms.example.org"},
    "flow_limits": {"keys": 4},
    "numbers": {"800": {"queue": "sales", "skills": {"french": 2}}, "801": {"queue": "sales", "skills": "not french"}},
    "skills": ["trainee"],
    "tiers": {"gold": {"priority": 5}, "silver": {"credit_s": 90.5}},
    "prompts": {"hello": "/sounds/hello.wav"},
    "switch_gone_s": 12.5,
    "unserved_s": 0.0,
}
QUEUE = {
    "id": "sales",
    "skills": {"french": 1},
    "wait": {"max_length": 3, "on_full": {"act": "overflow", "to": "hangup"}},
}


@pytest.mark.parametrize("key", KEYS)
def test_each_key_is_kept_and_given_up_again(store: Store, key: str) -> None:
    plain = {"queues": [QUEUE]}
    centre = decode(plain | {key: KEYS[key]}, Centre, where="centre.yaml")
    without = decode(plain, Centre, where="centre.yaml")
    assert getattr(centre, key) != getattr(Centre(), key)
    store.save_centre(centre, "sam")
    assert store.load_centre() == centre
    store.save_centre(without, "sam")
    assert store.load_centre() == without


def test_no_key_is_forgotten_here() -> None:
    lists = {"queues", "agents", "flows", "breaks", "calendars", "gateways", "dispositions", "packs", "campaigns"}
    lists.add("tenants")
    assert {field.name for field in msgspec.structs.fields(Centre)} == set(KEYS) | lists | {"flow"}
