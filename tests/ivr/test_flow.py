"""A caller's way through greeting and menu: every way ends in a queue."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fsorch.config import FlowSpec, MenuSpec
from fsorch.ivr import Ask, FlowSession, Route

SPEC = FlowSpec(
    id="main", menu=MenuSpec(options={"1": "sales", "2": "support", "0": "reception"}, default="reception", tries=2)
)


def test_the_greeting_is_followed_by_the_menu() -> None:
    session = FlowSession(SPEC)
    first = session.start()
    assert (first.node, first.prompt, first.keys) == ("greeting", "greeting", "012")
    second = session.heard("")
    assert isinstance(second, Ask)
    assert (second.node, second.prompt, second.timeout_s) == ("menu", "menu", 5.0)
    assert second.serial != first.serial


def test_a_key_in_the_greeting_goes_straight_to_the_queue() -> None:
    session = FlowSession(SPEC)
    session.start()
    assert session.heard("2") == Route("support", "2")


def test_a_wrong_key_is_asked_again_and_then_served() -> None:
    session = FlowSession(SPEC)
    session.start()
    session.heard("")
    assert isinstance(session.heard("", wrong="9"), Ask)
    assert session.heard("", wrong="8") == Route("reception", "")


def test_trouble_with_a_prompt_never_holds_the_caller() -> None:
    session = FlowSession(SPEC)
    session.start()
    assert isinstance(session.heard("", trouble=True), Ask)
    assert session.heard("", trouble=True) == Route("reception", "")


def test_a_result_that_comes_late_changes_nothing() -> None:
    session = FlowSession(SPEC)
    session.start()
    session.heard("1")
    assert session.heard("2") is None


@given(
    st.lists(st.tuples(st.sampled_from(["", "0", "1", "2", "7", "*", "x" * 40]), st.text(max_size=3), st.booleans()))
)
def test_whatever_is_keyed_the_flow_ends_in_a_queue_of_the_spec(results: list[tuple[str, str, bool]]) -> None:
    session = FlowSession(SPEC)
    asked = 1
    step: Ask | Route | None = session.start()
    for key, wrong, trouble in [*results, *[("", "", False)] * 4]:
        if isinstance(step, Route):
            break
        step = session.heard(key, wrong, trouble)
        asked += isinstance(step, Ask)
    assert isinstance(step, Route)
    assert step.queue in {"sales", "support", "reception"}
    assert asked <= 1 + SPEC.menu.tries
