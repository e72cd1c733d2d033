"""What an agent fills in, held against what was asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.campaign.form import LONGEST, filled_in
from fsorch.campaigns import AskKind, AskSpec
from fsorch.errors import NotFound, RequestRefused


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (AskKind.TEXT, "what\never", "x" * (LONGEST + 1)),
        (AskKind.NUMBER, "-2.5", "two"),
        (AskKind.NUMBER, "1e3", "nan"),
        (AskKind.DAY, "2028-02-29", "2027-02-29"),
        (AskKind.DAY, "2027-01-31", "31.1.2027"),
        (AskKind.YES_NO, "yes", "y"),
        (AskKind.CHOICE, "blue", "Blue"),
    ],
)
def test_each_kind(kind: AskKind, good: str, bad: str) -> None:
    asks = (AskSpec(id="it", kind=kind, choices=("red", "blue") if kind is AskKind.CHOICE else ()),)
    assert filled_in("d", asks, {"it": f" {good} "}) == {"it": good}
    assert filled_in("d", asks, {"it": "  "}) == filled_in("d", asks, {}) == {}
    with pytest.raises(RequestRefused):
        filled_in("d", asks, {"it": bad})


@given(
    st.lists(
        st.builds(AskSpec, id=st.sampled_from("abcd"), needed=st.booleans()), max_size=4, unique_by=lambda a: a.id
    ),
    st.dictionaries(st.sampled_from("abcde"), st.text(max_size=600), max_size=5),
)
def test_what_is_taken_is_what_was_asked_and_all_that_is_needed(asks: list[AskSpec], given: dict[str, str]) -> None:
    known = {ask.id: ask for ask in asks}
    try:
        taken = filled_in("d", asks, given)
    except (NotFound, RequestRefused):
        return
    assert set(taken) <= set(known)
    assert all(text.strip() == text and 0 < len(text) <= LONGEST for text in taken.values())
    assert {id for id, ask in known.items() if ask.needed} <= set(taken)
    assert taken == {name: text.strip() for name, text in given.items() if text.strip()}
