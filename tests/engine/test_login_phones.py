"""Where an agent may work: at their own phone, an extension, a number outside, or any dial string; never by a trick."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from fsorch.engine import LogIn
from fsorch.engine.checks import phone_fault, phone_of
from fsorch.errors import RequestRefused
from fsorch.esl.commands import Originate
from tests.engine.desk import CENTRE, Desk

OUTSIDE = "sofia/gateway/carrier/{number}"


@pytest.mark.parametrize(
    ("given", "dialled"),
    [
        ("", ""),
        ("1002", "user/1002@pbx.example"),
        ("door-2", "user/door-2@pbx.example"),
        ("1002@other.example", "user/1002@other.example"),
        ("user/7", "user/7"),
        ("sofia/internal/7@10.0.0.7", "sofia/internal/7@10.0.0.7"),
        ("+49301234", "sofia/gateway/carrier/+49301234"),
        ("0301234567", "sofia/gateway/carrier/0301234567"),
        ("123456", "user/123456@pbx.example"),
        ("1234567", "sofia/gateway/carrier/1234567"),
    ],
)
def test_what_is_given_becomes_a_dial_string(given: str, dialled: str) -> None:
    assert phone_of(given, "user/1001@pbx.example", OUTSIDE) == dialled


@pytest.mark.parametrize(("number", "outside"), [("+49301234", ""), ("+49x", OUTSIDE), ("+" + "1" * 30, OUTSIDE)])
def test_a_number_that_cannot_be_reached_is_refused(number: str, outside: str) -> None:
    with pytest.raises(RequestRefused):
        phone_of(number, "user/1001@pbx.example", outside)


@given(st.text(max_size=20))
def test_no_text_reaches_the_carrier_but_a_number(text: str) -> None:
    try:
        dialled = phone_of(text, "user/1001@pbx.example", OUTSIDE)
    except RequestRefused:
        return
    number = dialled.removeprefix("sofia/gateway/carrier/")
    assert "/" in text or number == dialled or number.removeprefix("+").isascii()
    assert number == dialled or number.removeprefix("+").isdigit() or "/" in text


def test_an_agent_takes_calls_at_a_number_outside() -> None:
    desk = Desk(structs.replace(CENTRE, outside=OUTSIDE))
    desk.tell(LogIn(agent="ann", by="ann", phone="+49301234"))
    assert desk.agent("ann").phone == "sofia/gateway/carrier/+49301234"
    desk.call("caller", "sales")
    assert desk.last(Originate).endpoint == "sofia/gateway/carrier/+49301234"


def test_a_centre_without_a_way_outside_says_so_and_nothing_changes() -> None:
    desk = Desk()
    with pytest.raises(RequestRefused, match="no dial string `outside`"):
        desk.tell(LogIn(agent="ann", by="ann", phone="+49301234"))
    assert desk.agent("ann").status == "logged_out"
    assert phone_fault("user/a b")
