"""What a caller did in a flow is told in sentences, whatever kind of event it was."""

from __future__ import annotations

import pytest

from fsorch.engine import Fact, FactKind
from fsorch.engine.rows import ContactRow
from fsorch.ivr.events import EventKind
from fsorch.store import ContactDetail
from fsorch.store.story import tell_story

ROW = ContactRow(id="c1", switch="main", outcome="lost", began_at=1, ended_at=9)


def told(**data: object) -> Fact:
    return Fact(id="f", kind=FactKind.FLOW_TOLD, at=2, contact="c1", data={"flow": "main", "node": "ask", **data})


def story(*facts: Fact, row: ContactRow = ROW) -> list[str]:
    return [line.text for line in tell_story(ContactDetail(contact=row, segments=(), legs=(), facts=facts))]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"what": "silent"}, "said and keyed nothing at ask"),
        ({"what": "confirmed", "value": "yes"}, "confirmed what was keyed at ask"),
        ({"what": "confirmed", "value": "no"}, "took back what was keyed at ask"),
        ({"what": "set", "value": "5", "detail": "balance"}, "balance is 5 from now on"),
        (
            {"what": "looked_up", "value": "failed", "detail": "status 500"},
            "ask looked something up: no answer could be had (status 500)",
        ),
        ({"what": "language", "value": "de"}, "is spoken to in the language de"),
        ({"what": "tagged", "value": "vip"}, "is marked with vip"),
        ({"what": "passed_by"}, "was not asked for an opinion at ask"),
        ({"what": "recorded", "value": "c1-4"}, "left a recording at ask"),
        ({"what": "recorded"}, "left no recording at ask"),
        ({"what": "sent", "value": "ok"}, "a text message was sent at ask"),
        ({"what": "trouble", "detail": "no sound"}, "ask could not go on (no sound)"),
        ({"what": "left", "value": "queue", "detail": "sales"}, "leaves the flow to queue sales"),
        (
            {"what": "left", "value": "queue", "detail": "sales", "way": "trouble"},
            "leaves the flow to queue sales, for something went wrong",
        ),
        (
            {"what": "left", "value": "queue", "detail": "rang again"},
            "leaves the flow for a person at once, having rung again",
        ),
        ({"what": "left", "value": "hangup", "detail": "served"}, "leaves the flow to its end: served"),
        ({"what": "of_tomorrow", "value": "x"}, "of tomorrow at ask: x"),
    ],
)
def test_each_kind_has_its_sentence(data: dict[str, object], text: str) -> None:
    assert story(told(**data)) == [text]


def test_no_kind_is_told_by_its_own_words() -> None:
    elsewhere = {EventKind.ENTERED, EventKind.KEYED, EventKind.WRONG, EventKind.NOTED, EventKind.SCORED}
    for kind in set(EventKind) - elsewhere:
        [text] = story(told(what=kind.value, value="v", detail="d"))
        assert not text.startswith(kind.value.replace("_", " ")), text


def test_the_way_in_and_why_a_queue() -> None:
    entered = Fact(
        id="f", kind=FactKind.FLOW_ENTERED, at=1, contact="c1", data={"flow": "main", "version": 3, "again": True}
    )
    passed = Fact(
        id="f", kind=FactKind.NODE_PASSED, at=1, contact="c1", data={"flow": "main", "node": "ask", "way": "2"}
    )
    left = told(what="left", value="queue", detail="sales", way="trouble")
    queued = Fact(id="f", kind=FactKind.CONTACT_QUEUED, at=3, contact="c1", queue="sales", data={"position": 2})
    assert story(entered, passed, left, queued) == [
        "enters the flow main (version 3); hung up on a recording minutes ago",
        "comes to ask (by 2)",
        "leaves the flow to queue sales, for something went wrong",
        "waits in queue sales at place 2: the flow could not go on, and a person is the way out of that",
    ]


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        ("", "ended: fsorch was away when it ended"),
        ("SWITCH_RESTARTED", "ended: was lost with its switch, which restarted"),
    ],
)
def test_a_lost_call_says_what_took_it(cause: str, text: str) -> None:
    row = ContactRow(id="c1", switch="main", outcome="lost", cause=cause, began_at=1, ended_at=9)
    ended = Fact(id="f", kind=FactKind.CONTACT_ENDED, at=9, contact="c1", data={"row": {}})
    assert story(ended, row=row) == [text]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"customer": "c7", "reference": "4711", "proven": True}, "keyed the PIN of customer 4711"),
        ({"customer": "c7", "reference": "", "proven": False}, "keyed the number of customer c7"),
    ],
)
def test_who_keyed_who_they_are(data: dict[str, object], text: str) -> None:
    assert story(Fact(id="f", kind=FactKind.CUSTOMER_KEYED, at=1, contact="c1", data=data)) == [text]
