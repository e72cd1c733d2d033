"""Calls that a switch noted while fsorch was away become rows, unless their legs are somebody's already."""

from __future__ import annotations

from typing import Any

import msgspec

from fsorch.customers import Promise
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.rows import ContactRow, LegRow, SegmentRow
from fsorch.store import Store
from fsorch.store.story import tell_story
from tests.store.facts import call, fact, leg_ended

AT = 1_800_000_000_000_000


def noted(leg: str, number: str = "+49301", taken: str = "") -> Fact:
    contact = ContactRow(id=leg, switch="main", number=number, outcome="lost", began_at=AT, ended_at=AT + 9)
    data: dict[str, Any] = {
        "call": msgspec.to_builtins(contact),
        "segment": msgspec.to_builtins(
            SegmentRow(id=f"{leg}:1", contact=leg, kind="ivr", began_at=AT, ended_at=AT + 9)
        ),
        "row": msgspec.to_builtins(LegRow(id=leg, contact=leg, switch="main", created_at=AT, hungup_at=AT + 9)),
        "promise": msgspec.to_builtins(Promise(id=leg, number=number, contact=leg, made_at=AT, due_at=AT + 99)),
        "alone": True,
        "talked": False,
        "message": "/messages/1.wav",
        "taken": taken,
    }
    return fact(f"noted-{leg}", FactKind.CALL_NOTED, contact=leg, leg=leg, switch="main", **data)


def test_a_call_that_nobody_knew_of_is_written_once(store: Store) -> None:
    for _ in range(2):
        store.write([noted("l1"), noted("l2", "+49302")])
    assert sorted(row.number for row in store.contacts(10)) == ["+49301", "+49302"]
    detail = store.contact("l1")
    assert [segment.kind for segment in detail.segments] == ["ivr"]
    assert [(leg.id, leg.contact, leg.complete) for leg in detail.legs] == [("l1", "l1", True)]
    assert sorted(promise.contact for promise in store.customers.promises()) == ["l1", "l2"]
    story = " ".join(line.text for line in tell_story(detail))
    assert "called while fsorch was away" in story
    assert "left a message (/messages/1.wav on main)" in story


def test_a_caller_who_hung_up_as_we_took_the_call_has_one_contact(store: Store) -> None:
    theirs = [one for one in call("c1") if one.kind is not FactKind.LEG_ENDED]
    store.write([*theirs, leg_ended("l1", "c1")])
    store.write([noted("l1")])
    assert [row.id for row in store.contacts(10)] == ["c1"]
    assert not list(store.customers.promises())
    assert store.contact("c1").legs[0].contact == "c1"


def test_a_leg_of_which_only_the_hangup_was_heard_gets_its_contact(store: Store) -> None:
    store.write([leg_ended("l1")])
    store.write([noted("l1")])
    assert [(leg.id, leg.contact) for leg in store.cdrs(10)] == [("l1", "l1")]
    assert [row.id for row in store.contacts(10)] == ["l1"]


def test_a_call_of_a_contact_that_is_written_down_has_its_leg_completed_and_no_second_contact(store: Store) -> None:
    store.write([one for one in call("c1") if one.kind is not FactKind.LEG_ENDED])
    store.write([noted("l1", taken="c1"), noted("l2", taken="never-written")])
    assert sorted(row.id for row in store.contacts(10)) == ["c1", "l2"]
    assert [(leg.id, leg.complete) for leg in store.contact("c1").legs] == [("l1", True)]
    assert [promise.contact for promise in store.customers.promises()] == ["l2"]


def test_a_leg_whose_end_nobody_heard_does_not_take_the_place_of_its_record_by_the_switch(store: Store) -> None:
    # A gateway had failed, the next was not tried yet, and fsorch was killed: the attempt names the first leg still.
    true, guessed = leg_ended("l1", "c1", cause="GATEWAY_DOWN"), leg_ended("l1", "c1", complete=False, cause="")
    other = leg_ended("l2", "c1", complete=False)
    store.write([true])
    store.write([msgspec.structs.replace(guessed, id="again"), other])
    assert {leg.id: (leg.cause, leg.complete) for leg in store.cdrs(10)} == {
        "l1": ("GATEWAY_DOWN", True),
        "l2": ("NORMAL_CLEARING", False),
    }
    # The other way round, and told together.
    for complete in (True, False):
        one = leg_ended("l2", "c1", cause="USER_BUSY", complete=complete)
        store.write([msgspec.structs.replace(one, id=f"{complete}")])
    both = [
        msgspec.structs.replace(leg_ended("l3", complete=complete), id=f"l3-{complete}") for complete in (True, False)
    ]
    store.write(both)
    assert {leg.id: (leg.cause, leg.complete) for leg in store.cdrs(10)} == {
        "l1": ("GATEWAY_DOWN", True),
        "l2": ("USER_BUSY", True),
        "l3": ("NORMAL_CLEARING", True),
    }
