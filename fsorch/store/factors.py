"""The second factor of a log-in: one-time codes from an app on the person's phone (TOTP, RFC 6238).

A code is good for its own 30 seconds and those around them, and only once. Nothing is asked for until a code of the new
secret has been seen, so nobody is locked out by a picture that was not scanned.
"""

from __future__ import annotations

import hmac

import pyotp

from fsorch.errors import ConfigError, NotFound
from fsorch.store.database import writing
from fsorch.store.models import UserRecord
from fsorch.store.part import Part
from fsorch.store.values import clean

__all__ = ["STEP_S", "Factors", "new_factor"]

STEP_S = 30
# Clocks of phones are a little off.
AROUND = (-1, 0, 1)
ISSUER = "fsorch"


def new_factor(login: str) -> tuple[str, str]:
    """A new secret, and the address that an app takes as a picture (``otpauth://``)."""
    secret = pyotp.random_base32()
    return secret, pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=login, issuer_name=ISSUER)


class Factors(Part):
    """The second factors of one store."""

    def set(self, login: str, secret: str, code: str, by: str) -> None:
        """From now on ``login`` needs codes of ``secret``; ``code`` proves that their app has it. Audited. Raises
        NotFound, and ConfigError for a wrong code."""
        step = self._step_of(secret, code)
        if step is None:
            raise ConfigError("this code is not of the secret just shown; is the clock of the phone right?")
        self._put(login, secret, step, by, "user.second_factor")

    def remove(self, login: str, by: str) -> None:
        """Their password is enough again. Audited. Raises NotFound."""
        self._put(login, "", 0, by, "user.second_factor.remove")

    def take(self, login: str, code: str) -> bool:
        """Whether ``code`` is right for ``login`` now; it is used up by that."""
        with self._use() as db, writing(db):
            record = UserRecord.select().where(UserRecord.login == clean(login)).first(db)
            if record is None or not record.totp:
                return False
            step = self._step_of(record.totp, code)
            if step is None:
                return False
            # Also a code that another process takes in this moment is good once.
            mine = (UserRecord.login == record.login) & (UserRecord.totp_step < step)
            return bool(UserRecord.update(totp_step=step).where(mine).execute(db))

    def _step_of(self, secret: str, code: str) -> int | None:
        """The time step that ``code`` belongs to, if it is now."""
        code = "".join(code.split())
        now = self._clock.now().wall // (STEP_S * 1_000_000)
        maker = pyotp.TOTP(secret, interval=STEP_S)
        for step in (now + one for one in AROUND):
            if hmac.compare_digest(maker.generate_otp(step).encode(), code.encode()):
                return step
        return None

    def _put(self, login: str, secret: str, step: int, by: str, act: str) -> None:
        now = self._clock.now().wall
        with self._use() as db, writing(db):
            # Whoever is logged in logs in anew.
            changed = UserRecord.update(totp=secret, totp_step=step, changed_at=now)
            if not changed.where(UserRecord.login == clean(login)).execute(db):
                raise NotFound("user", login[:64], ())
            self._audit(by, act, {"login": login})
