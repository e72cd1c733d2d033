"""Tokens by which programs use the API instead of a login.

A token is 256 random bits, shown once; the table holds its SHA-256. Nobody can try out so many, so the hash needs no
salt and no cost, as a password's does.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence

import msgspec

from fsorch.errors import ConfigError, NotFound
from fsorch.store.database import Db, writing
from fsorch.store.models import TokenRecord
from fsorch.store.scopes import Bound, read_scope, write_scope

__all__ = ["TOKEN_ROLES", "TokenRow", "find_token", "list_tokens", "remove_token", "store_token"]

# An agent's desk belongs to a person.
TOKEN_ROLES = ("auditor", "supervisor", "admin", "principal")
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,56}")
# What a token begins with, so that people and scanners of secrets know what they have found.
MARK = "fsorch_"


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A token, without itself: the name of the program that has it, what that may do, who made it when (UTC
    microseconds). ``scope``: the ids of the queues that it sees, empty for all; ``tenant``: whose they are."""

    name: str
    role: str
    made_at: int
    made_by: str
    scope: tuple[str, ...] = ()
    tenant: str = ""


def store_token(db: Db, name: str, role: str, by: str, now_us: int, scope: Sequence[str] = (), tenant: str = "") -> str:
    """Make a token and return it: it is not kept. Raises ConfigError for a name that is taken or cannot be."""
    if not NAME.fullmatch(name):
        raise ConfigError(f"a token cannot be called {name[:64]!r}; use small letters, digits, '_', '.' and '-'")
    if role not in TOKEN_ROLES:
        raise ConfigError(f"the role of token {name!r} is {role!r}; use {', '.join(TOKEN_ROLES)}")
    bound = write_scope(f"token {name!r}", role, scope, tenant)
    token = MARK + secrets.token_urlsafe(32)
    with writing(db):
        if TokenRecord.select().where(TokenRecord.name == name).exists(db):
            raise ConfigError(f"there is a token {name!r} already; use another name, or: fsorch token remove {name}")
        row = {"name": name, "hash": _hash(token), "role": role, "made_at": now_us, "made_by": by[:64]}
        TokenRecord.insert(row | {"scope": bound.scope, "tenant": bound.tenant}).execute(db)
    return token


def find_token(db: Db, token: str) -> TokenRow | None:
    """Whose token this is, or None."""
    if not token.startswith(MARK) or len(token) > 128 or not token.isascii():
        return None
    record = TokenRecord.select().where(TokenRecord.hash == _hash(token)).first(db)
    return _row(db, record) if record is not None else None


def list_tokens(db: Db) -> list[TokenRow]:
    """Every token, by name."""
    return [_row(db, record) for record in TokenRecord.select().order_by(TokenRecord.name).execute(db)]


def remove_token(db: Db, name: str) -> None:
    """The token is worth nothing from now on. Raises NotFound."""
    if not TokenRecord.delete().where(TokenRecord.name == name).execute(db):
        names = [row.name for row in list_tokens(db)]
        raise NotFound("token", name, known=names)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _row(db: Db, record: TokenRecord) -> TokenRow:
    return TokenRow(
        name=record.name,
        role=record.role,
        made_at=record.made_at,
        made_by=record.made_by,
        scope=read_scope(db, Bound(record.scope, record.tenant)),
        tenant=record.tenant,
    )
