"""Requests with a key of their own, on both engines."""

from __future__ import annotations

from fsorch.clock import ManualClock
from fsorch.store import Store
from fsorch.store.answered import KEPT_US, Answered

DONE = Answered(status=201, body="{}")


def test_an_answer_is_kept_a_day(store: Store, clock: ManualClock) -> None:
    assert store.answered.begin("sam", "k", "d1") is None
    store.answered.finish("sam", "k", DONE)
    clock.advance(KEPT_US / 1_000_000)
    assert store.answered.begin("sam", "k", "d1") == DONE
    clock.advance(1)
    assert store.answered.begin("sam", "k", "d2") is None


def test_a_key_is_its_senders_own_and_every_letter_of_it_counts(store: Store) -> None:
    assert store.answered.begin("sam", "k", "d1") is None
    assert store.answered.begin("sam", "K", "d2") is None
    assert store.answered.begin("root", "k", "d3") is None
    store.answered.forget("sam", "k")
    assert store.answered.begin("sam", "k", "d4") is None
