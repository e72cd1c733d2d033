"""A centre with the shop's flow, which has every kind of node, and callers in it."""

from __future__ import annotations

from typing import Any

import msgspec

from fsorch.calendar_rules import CalendarSpec, Weekday
from fsorch.config import Centre, TextSpec, decode
from fsorch.deferred import CallbackSpec, VoicemailSpec
from fsorch.engine.inputs import History
from fsorch.flows import FlowSpec
from tests.engine.callers import Caller
from tests.engine.desk import CENTRE, Desk
from tests.ivr.shops import SHOP, goodbye, shop

PIN = "7351"
ALWAYS = CalendarSpec(id="office", zone="UTC", hours=dict.fromkeys(Weekday, ("00:00-24:00",)))
NEVER = msgspec.structs.replace(ALWAYS, emergency="a storm")


def centre(*flows: FlowSpec, **changes: Any) -> Centre:
    """The bench's centre with the shop's queues, calendar and all the ways out."""
    sales, support = CENTRE.queues
    rule = CallbackSpec(dial="sofia/gateway/out/{number}")
    queues = (msgspec.structs.replace(sales, callback=rule, skills={}), support)
    reception = msgspec.structs.replace(support, id="reception", title="Reception", music="local_stream://desk")
    own: dict[str, Any] = {
        "queues": (*queues, reception),
        "flows": (*(flows or (shop(),)), goodbye()),
        "flow": (flows or (shop(),))[0].id,
        "calendars": (ALWAYS,),
        "voicemail": VoicemailSpec(dir="/var/messages"),
        "texts": TextSpec(sender="shop@sms.example", to="{number}@sms.example"),
        "outside": "sofia/gateway/carrier/{number}",
    }
    return msgspec.structs.replace(CENTRE, **{**own, **changes})


def flow(
    start: str = "first", *, person: str = "reception", more: dict[str, Any] | None = None, **nodes: Any
) -> FlowSpec:
    """A flow of these nodes, with the shop's prompts."""
    data = {"id": "tried", "languages": ["en", "de"], "start": start, "person": person, "prompts": SHOP["prompts"]}
    return decode({**data, "nodes": nodes, **(more or {})}, FlowSpec, where="tried")


BYE = {"kind": "hangup", "prompt": "bye", "reason": "served"}


def in_shop() -> tuple[Desk, Caller]:
    """At the shop's main menu."""
    desk = Desk(centre())
    caller = Caller(desk)
    desk.tell(History(caller.id))
    assert caller.hears == ["shop.welcome"]
    caller.hears_out()
    assert caller.hears == ["shop.main"]
    return desk, caller


def at(spec: FlowSpec, **changes: Any) -> tuple[Desk, Caller]:
    """A caller at the start of a flow."""
    desk = Desk(centre(spec, **changes))
    caller = Caller(desk)
    if not spec.asks_who:
        return desk, caller
    desk.tell(History(caller.id))
    return desk, caller


def whole_story(desk: Desk) -> str:
    """Everything that is written down, sent or shown, but the audio."""
    sent = [repr(command) for command, _ in desk.sent]
    return "\n".join([*sent, *map(repr, desk.facts), repr(desk.engine.snapshot())])


def asking() -> tuple[Desk, Caller]:
    """A caller whose account is being looked up."""
    desk, caller = in_shop()
    for keys in ("1", "4321", "1", PIN):
        caller.key(keys)
    return desk, caller
