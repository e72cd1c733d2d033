"""The rules of waiting survive the store: calendars, steps, limits."""

from __future__ import annotations

import msgspec

from fsorch.config import Centre, decode
from fsorch.flow_menus import menu_flow
from fsorch.store.store import Store

MAIN = msgspec.to_builtins(menu_flow("main", {"1": "sales"}, person="sales"))

CENTRE = decode(
    {
        "calendars": [
            {
                "id": "day",
                "zone": "Europe/Berlin",
                "hours": {"mon": ["09:00-12:00", "13:00-17:30"]},
                "holidays": [{"country": "DE", "subdivision": "BY"}],
                "exceptions": [{"date": "2027-12-24", "name": "party", "hours": ["09:00-12:00"]}],
            },
            {"id": "night", "zone": "UTC", "emergency": "fire"},
        ],
        "outside": "sofia/gateway/trunk/{number}",
        "flows": [
            MAIN | {"calendar": "day", "on_closed": {"act": "overflow", "to": "hangup"}},
        ],
        "prompts": {"busy": "/sounds/busy.wav", "closed": "/sounds/closed.wav"},
        "queues": [
            {
                "id": "sales",
                "skills": {"french": 2},
                "calendar": "night",
                "on_closed": {"act": "overflow", "to": "message", "name": "closed"},
                "announce": {"every_s": 20, "position": False},
                "estimate": {"least": 2},
                "wait": {
                    "max_s": 300,
                    "on_max": {"act": "overflow", "to": "number", "name": "+4930"},
                    "refuse_empty": "logged_out",
                    "on_empty": {"act": "overflow", "to": "flow", "name": "main"},
                    "keys": {"9": {"act": "overflow", "to": "hangup"}},
                },
                "steps": {
                    "steps": [
                        {"when": {"waited_s": 5, "waiting": {"above": 2}}, "do": {"act": "raise_priority", "by": 2}},
                        {"do": {"act": "announce", "prompt": "busy"}, "every_s": 30},
                    ],
                    "anyone_after_s": 60,
                },
            }
        ],
    },
    Centre,
    where="centre.yaml",
)


def test_what_is_written_is_read_and_written_again_changes_nothing(store: Store) -> None:
    store.save_centre(CENTRE, "test")
    assert store.load_centre() == CENTRE
    revision = store.revision()
    store.save_centre(CENTRE, "test")
    assert store.revision() == revision


def test_a_calendar_that_is_gone_is_gone(store: Store) -> None:
    store.save_centre(CENTRE, "test")
    fewer = msgspec.structs.replace(CENTRE, calendars=CENTRE.calendars[:1])
    store.save_centre(fewer, "test")
    assert store.load_centre().calendars == CENTRE.calendars[:1]
