"""One-time codes, on both engines."""

from __future__ import annotations

import pyotp
import pytest

from fsorch.clock import ManualClock
from fsorch.errors import ConfigError, NotFound
from fsorch.store import Store
from fsorch.store.factors import STEP_S, new_factor

PASSWORD = "correct horse 7"


def code(secret: str, clock: ManualClock, steps: int = 0) -> str:
    """What the app shows ``steps`` codes from now."""
    return pyotp.TOTP(secret).generate_otp(clock.now().wall // (STEP_S * 1_000_000) + steps)


@pytest.fixture
def secret(store: Store, clock: ManualClock) -> str:
    """Of sam, who has just shown the first code."""
    store.set_password("sam", PASSWORD, "supervisor")
    made, address = new_factor("sam")
    assert address == f"otpauth://totp/fsorch:sam?secret={made}&issuer=fsorch"
    store.factors.set("sam", made, code(made, clock), "root")
    return made


def test_a_code_is_good_once_and_only_around_its_time(store: Store, clock: ManualClock, secret: str) -> None:
    assert not store.factors.take("sam", code(secret, clock)), "it was shown when the factor was set"
    clock.advance(2 * STEP_S)
    shown = code(secret, clock)
    assert store.factors.take("sam", f"{shown[:3]} {shown[3:]}")
    assert not store.factors.take("sam", shown)
    assert not store.factors.take("sam", code(secret, clock, -1)), "an earlier one than the last is not taken after it"
    assert store.factors.take("sam", code(secret, clock, 1))
    assert not store.factors.take("sam", code(secret, clock, 2))


@pytest.mark.parametrize("wrong", ["", "000000", "12345", "abcdef", "1" * 4000, "٠١٢٣٤٥"])
def test_what_is_no_code_is_refused(store: Store, clock: ManualClock, secret: str, wrong: str) -> None:
    clock.advance(STEP_S)
    assert not store.factors.take("sam", wrong)
    assert not store.factors.take("nobody", code(secret, clock))


def test_nothing_is_set_without_a_right_code(store: Store, clock: ManualClock) -> None:
    user = store.set_password("sam", PASSWORD, "supervisor")
    made, _ = new_factor("sam")
    with pytest.raises(ConfigError, match="clock of the phone"):
        store.factors.set("sam", made, "000000", "root")
    assert store.user("sam") == user
    with pytest.raises(NotFound):
        store.factors.set("nobody", made, code(made, clock), "root")


def test_it_ends_sessions_is_audited_and_is_taken_away_again(store: Store, clock: ManualClock, secret: str) -> None:
    found = store.user("sam")
    assert found is not None
    assert found.second_factor
    clock.advance(1)
    store.factors.remove("sam", "root")
    after = store.user("sam")
    assert after is not None
    assert not after.second_factor
    assert after.changed_at > found.changed_at
    acts = [row.act for row in store.audits(10)]
    assert acts[:2] == ["user.second_factor.remove", "user.second_factor"]
    assert secret not in str(store.audits(10))
