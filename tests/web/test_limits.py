"""The brake on guessing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fsorch_web.limits import FREE_PER_ADDRESS, FREE_PER_LOGIN, LONGEST_PAUSE_S, MEMORY_S, LoginLimits


def test_the_first_failures_are_free_and_then_the_pause_doubles() -> None:
    limits = LoginLimits()
    now = 0.0
    for _ in range(FREE_PER_LOGIN):
        assert limits.attempt("ada", "10.0.0.1", now) == 0
    pauses = []
    for _ in range(5):
        pauses.append(limits.attempt("ada", "10.0.0.1", now))
        now += pauses[-1]
        assert limits.attempt("ada", "10.0.0.1", now) == 0
    assert pauses == [1, 2, 4, 8, 16]


def test_the_pause_has_an_end_and_all_is_forgotten_after_a_quiet_time() -> None:
    limits = LoginLimits()
    now = 0.0
    for _ in range(40):
        now += limits.attempt("ada", "10.0.0.1", now)
        limits.attempt("ada", "10.0.0.1", now)
    assert limits.attempt("ada", "10.0.0.1", now) <= LONGEST_PAUSE_S
    now += MEMORY_S + 1
    for _ in range(FREE_PER_LOGIN):
        assert limits.attempt("ada", "10.0.0.1", now) == 0


def test_a_right_password_starts_afresh() -> None:
    limits = LoginLimits()
    for n in range(100):
        assert limits.attempt("ada", "10.0.0.1", float(n)) == 0
        limits.succeeded("ada", "10.0.0.1")


def test_one_address_that_tries_many_logins_is_slowed_and_others_are_not() -> None:
    limits = LoginLimits()
    waits = [limits.attempt(f"user{n}", "10.0.0.1", 0.0) for n in range(FREE_PER_ADDRESS + 1)]
    assert waits[:FREE_PER_ADDRESS] == [0.0] * FREE_PER_ADDRESS
    assert waits[FREE_PER_ADDRESS] > 0
    assert limits.attempt("ada", "10.0.0.2", 0.0) == 0


def test_an_own_success_does_not_clear_an_address() -> None:
    limits = LoginLimits()
    for n in range(FREE_PER_ADDRESS):
        limits.attempt(f"user{n}", "10.0.0.1", 0.0)
    assert limits.attempt("mallory", "10.0.0.1", 2.0) == 0
    limits.succeeded("mallory", "10.0.0.1")
    assert limits.attempt("user1", "10.0.0.1", 4.0) == 0
    assert limits.attempt("user2", "10.0.0.1", 4.0) > 0


def test_spelling_and_the_end_of_an_ipv6_address_make_no_difference() -> None:
    limits = LoginLimits()
    for n in range(FREE_PER_LOGIN):
        assert limits.attempt(" ADA" if n % 2 else "ada ", f"2001:db8::{n:x}", 0.0) == 0
    assert limits.attempt("Ada", "10.0.0.9", 0.0) > 0
    assert len(limits) == 3  # a login, a /64 and an address


# Sixty-fourths of a second, so that sums of them are exact: what is told is tried to the very moment.
MOMENTS = st.integers(0, 50 * 64).map(lambda n: n / 64)


@given(
    tries=st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20), MOMENTS), max_size=80),
    keys=st.integers(2, 12),
)
def test_memory_is_bounded_and_a_wait_that_was_told_is_enough(tries: list[tuple[str, str, float]], keys: int) -> None:
    limits = LoginLimits(keys)
    now = 0.0
    for login, address, later in tries:
        now += later
        wait = limits.attempt(login, address, now)
        assert 0 <= wait <= LONGEST_PAUSE_S
        if wait > 0:
            now += wait
            assert limits.attempt(login, address, now) == 0
        assert len(limits) <= keys
