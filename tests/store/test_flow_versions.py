"""Versions of flows: drafts, what is in force, going back, shares; and the linter at the door."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.clock import ManualClock
from fsorch.config import Centre, QueueSpec
from fsorch.errors import ConfigError, NotFound
from fsorch.flow_limits import FlowLimits, FlowRule
from fsorch.flow_menus import menu_flow
from fsorch.flow_nodes import PERSON, Menu, QueueNode
from fsorch.flows import FlowSpec
from fsorch.objects import patched
from fsorch.store import Store
from fsorch.store.changing import change_centre
from fsorch.store.linting import FlowRefused
from tests.store.conftest import open_store

QUEUES = (QueueSpec(id="sales"), QueueSpec(id="support"))
FIRST = menu_flow("main", {"1": "sales"}, person="support")
SECOND = menu_flow("main", {"1": "support"}, person="sales")
THIRD = menu_flow("main", {"1": "sales", "2": "support"}, person="sales")


def centre(*flows: FlowSpec, limits: FlowLimits | None = None) -> Centre:
    return Centre(queues=QUEUES, flows=flows, flow=flows[0].id if flows else "", flow_limits=limits or FlowLimits())


def publish(store: Store, *flows: FlowSpec, override: str = "") -> None:
    change_centre(store, lambda old: centre(*flows), "sam", act="flow.publish", override=override)


def shares(store: Store, flow: str = "main") -> dict[int, float]:
    """What the engine is told: the share of each version."""
    return {one.version: one.share for one in store.load_released()[1] if one.flow == flow}


def states(store: Store, flow: str = "main") -> dict[int, str]:
    return {one.version: one.state + ("!" if one.in_force else "") for one in store.flow_versions(flow)}


def stubborn() -> FlowSpec:
    """A flow whose menu hides its person."""
    menu = Menu(prompt="menu", options={"1": "sales", "0": "menu"})
    return FlowSpec(id="main", start="menu", person="support", nodes={"menu": menu, "sales": QueueNode(queue="sales")})


def test_callers_enter_the_version_that_was_published_last_and_older_ones_are_known(store: Store) -> None:
    publish(store, FIRST)
    publish(store, SECOND)
    known, releases = store.load_released()
    assert known.flows == (SECOND,)
    assert [(one.version, one.share, one.spec) for one in releases] == [(1, 0.0, FIRST), (2, 1.0, SECOND)]
    assert states(store) == {2: "published!", 1: "published"}
    newest = store.flow_versions("main")[0]
    assert (newest.made_by, newest.published_by, newest.published_at > 0) == ("sam", "sam", True)


def test_a_draft_changes_nothing_until_it_is_published(store: Store) -> None:
    publish(store, FIRST)
    revision = store.revision()
    assert store.add_flow_draft(SECOND, by="sam") == 2
    assert store.add_flow_draft(SECOND, by="sam") == 2
    assert (store.revision(), store.load_centre().flows) == (revision, (FIRST,))
    assert states(store) == {2: "draft", 1: "published!"}
    assert store.flow_version("main", 2) == SECOND
    publish(store, SECOND)
    assert states(store) == {2: "published!", 1: "published"}
    assert store.audits(act="flow.draft")[-1].who == "sam"


def test_going_back_marks_what_is_left_and_may_be_taken_back(store: Store, clock: ManualClock) -> None:
    publish(store, FIRST)
    clock.advance(60)
    publish(store, SECOND)
    clock.advance(60)
    publish(store, THIRD)
    publish(store, FIRST)
    assert states(store) == {3: "rolled_back", 2: "rolled_back", 1: "published!"}
    assert shares(store) == {1: 1.0, 2: 0.0, 3: 0.0}
    publish(store, SECOND)
    assert states(store) == {3: "rolled_back", 2: "published!", 1: "published"}


def test_what_is_published_is_in_force_on_a_clock_that_was_set_back(store: Store, url: str) -> None:
    publish(store, FIRST)
    earlier = open_store(url, ManualClock(wall=1_700_000_000_000_000))
    publish(earlier, SECOND)
    assert earlier.load_centre().flows == (SECOND,)
    publish(earlier, FIRST)
    assert earlier.load_centre().flows == (FIRST,)
    earlier.close()


def test_a_share_of_the_calls_goes_to_another_version_until_one_is_published(store: Store) -> None:
    publish(store, FIRST)
    store.add_flow_draft(SECOND)
    store.add_flow_draft(THIRD)
    before = store.revision()
    assert store.set_flow_share("main", 2, 0.25, by="sam") == before + 1
    store.set_flow_share("main", 3, 0.5)
    assert shares(store) == {1: 0.25, 2: 0.25, 3: 0.5}
    assert store.load_centre().flows == (FIRST,)
    with pytest.raises(ConfigError, match="have 50% of the calls"):
        store.set_flow_share("main", 2, 0.6)
    with pytest.raises(ConfigError, match="version 1 of 'main' is in force"):
        store.set_flow_share("main", 1, 0.5)
    with pytest.raises(NotFound):
        store.set_flow_share("main", 9, 0.5)
    with pytest.raises(NotFound):
        store.set_flow_share("mian", 1, 0.5)
    publish(store, SECOND)
    assert shares(store) == {1: 0.0, 2: 1.0, 3: 0.0}
    assert [entry.who for entry in store.audits(act="flow.share")] == ["cli", "sam"]


def test_a_version_that_the_centre_cannot_serve_any_more_gets_no_calls(store: Store) -> None:
    publish(store, FIRST)
    store.add_flow_draft(msgspec.structs.replace(FIRST, person="sales", title="again"))
    store.add_flow_draft(menu_flow("main", {"1": "support"}, person="support"))
    store.set_flow_share("main", 2, 0.5)
    store.set_flow_share("main", 3, 0.5)
    assert shares(store) == {1: 0.0, 2: 0.5, 3: 0.5}
    only = menu_flow("main", {}, person="support")
    change_centre(store, lambda old: Centre(queues=QUEUES[1:], flows=(only,), flow="main"), "sam")
    store.set_flow_share("main", 2, 0.5)
    assert shares(store)[4] == 1.0
    assert "'sales' is not a queue" in store.flow_versions("main")[2].fault


def test_a_removed_flow_is_known_as_long_as_somebody_may_be_in_it(store: Store, clock: ManualClock) -> None:
    publish(store, FIRST)
    store.add_flow_draft(SECOND)
    store.set_flow_share("main", 2, 0.5)
    change_centre(store, lambda old: centre(), "sam")
    assert shares(store) == {1: 0.0, 2: 0.0}
    with pytest.raises(ConfigError, match="no version of the flow 'main' is in force"):
        store.set_flow_share("main", 2, 0.5)
    clock.advance(3 * 3600)
    assert shares(store) == {}
    publish(store, FIRST)
    assert shares(store) == {1: 1.0, 2: 0.0}


class TestLinter:
    def test_a_flow_that_hides_its_person_is_refused_and_nothing_changes(self, store: Store) -> None:
        publish(store, FIRST)
        with pytest.raises(FlowRefused) as refused:
            publish(store, stubborn())
        assert [finding.rule for finding in refused.value.findings] == [FlowRule.ZERO_TO_PERSON]
        assert "0 does not lead to a person" in str(refused.value)
        assert store.load_centre().flows == (FIRST,)

    def test_a_reason_publishes_it_and_is_kept(self, store: Store) -> None:
        publish(store, stubborn(), override="a test line without people")
        assert store.flow_versions("main")[0].reason == "a test line without people"
        entry = store.audits(act="flow.override")[0]
        assert entry.who == "sam"
        assert entry.what["flow"] == "main"
        assert entry.what["reason"] == "a test line without people"
        assert "[zero-to-person]" in entry.what["findings"][0]

    def test_a_reason_is_no_essay(self, store: Store) -> None:
        with pytest.raises(ConfigError, match="use at most 255"):
            publish(store, stubborn(), override="x" * 256)

    def test_other_changes_are_not_held_up_by_what_was_published_with_a_reason(self, store: Store) -> None:
        publish(store, stubborn(), override="known")
        change_centre(store, patched("queue", "sales", {"title": "Sales"}), "sam")
        assert store.load_centre().queues[0].title == "Sales"

    def test_a_prompt_that_loses_a_language_is_a_finding_of_the_flow_that_says_it(self, store: Store) -> None:
        flow = msgspec.structs.replace(FIRST, languages=("en", "de"))
        both = {"menu": {"text": {"en": "Sales: 1. Support: 0.", "de": "Verkauf: 1. Hilfe: 0."}}}
        change_centre(
            store, lambda old: msgspec.convert(msgspec.to_builtins(centre(flow)) | {"prompts": both}, Centre), "s"
        )
        with pytest.raises(FlowRefused, match=r"'menu' is not there in de"):
            change_centre(store, patched("prompt", "menu", {"text": {"en": "Sales: 1. Support: 0."}}), "sam")

    def test_the_centre_says_what_is_asked(self, store: Store) -> None:
        lenient = FlowLimits(skip=(FlowRule.ZERO_TO_PERSON,), keys=9)
        change_centre(store, lambda old: centre(stubborn(), limits=lenient), "sam")
        assert store.load_centre().flow_limits == lenient
        strict = FlowLimits(options=1)
        with pytest.raises(FlowRefused):
            change_centre(store, lambda old: centre(THIRD, limits=strict), "sam")

    def test_the_target_person_is_what_zero_is_for(self, store: Store) -> None:
        assert isinstance(FIRST.nodes["menu"], Menu)
        assert FIRST.nodes["menu"].options["0"] == PERSON
        publish(store, FIRST)
