"""The secrets of the agents' phones: made here, shown once, kept as what SIP's digest needs and no more."""

from __future__ import annotations

import hashlib
import secrets

import msgspec

from fsorch.store.database import Db, writing
from fsorch.store.models import PhoneSecretRecord

__all__ = ["PhoneSecret", "find_secret", "store_secret"]

# 144 random bits: an a1 hash can be tried against guesses, and nobody guesses that.
SECRET_BYTES = 18


class PhoneSecret(msgspec.Struct, frozen=True, kw_only=True):
    """How the phone of ``agent`` logs in: ``a1`` is the MD5 of user:domain:password in hex (RFC 2617, 3.2.2.2). With it
    one can log in as that user of that domain, so it is a secret too. ``made_at``: UTC microseconds."""

    agent: str
    user: str
    domain: str
    a1: str
    made_at: int
    made_by: str


def store_secret(db: Db, agent: str, user: str, domain: str, by: str, now_us: int) -> str:
    """Make a password for the agent's phone in place of any former one, and return it: it is not kept."""
    password = secrets.token_urlsafe(SECRET_BYTES)
    a1 = hashlib.md5(f"{user}:{domain}:{password}".encode(), usedforsecurity=False).hexdigest()
    row = {"agent": agent, "user": user, "domain": domain, "a1": a1, "made_at": now_us, "made_by": by[:64]}
    with writing(db):
        PhoneSecretRecord.delete().where(PhoneSecretRecord.agent == agent).execute(db)
        PhoneSecretRecord.insert(row).execute(db)
    return password


def find_secret(db: Db, agent: str) -> PhoneSecret | None:
    """The secret of an agent's phone, or None."""
    row = PhoneSecretRecord.select().where(PhoneSecretRecord.agent == agent).dicts().first(db)
    return PhoneSecret(**row) if row is not None else None
