"""People who may log in: passwords and roles.

Passwords are hashed with argon2id. A login tells nobody who exists: an unknown, a disabled and a wrong-password
login take the same work and give the same answer. There is no default password; a user made by a centre file cannot
log in until somebody has set one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fsorch.errors import ConfigError, NotFound
from fsorch.names import Role
from fsorch.store.database import Db, writing
from fsorch.store.models import UserRecord
from fsorch.store.scopes import Bound, read_scope, write_scope
from fsorch.store.values import clean

__all__ = ["ROLES", "Passwords", "UserRow", "check_password", "find_user", "list_users", "set_scope", "store_user"]

ROLES = tuple(role.value for role in Role)
LOGIN_WIDTH = 64
SHORTEST_PASSWORD = 8
# Above this a password is an attack on the hash function's time.
LONGEST_PASSWORD = 1024
# What attackers try first, and what examples of this trade hold.
WELL_KNOWN = frozenset(
    ("cluecon", "password", "password1", "passw0rd", "12345678", "123456789", "1234567890", "qwertyuiop")
)


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """A user, without the password. ``role``: agent, supervisor, admin, auditor, principal. ``agent`` is the agent they
    work as, or empty. ``scope``: the ids of the queues that they see, empty for all; ``tenant``: whose queues these
    are, whatever it has. ``changed_at`` (UTC microseconds) is when password, role, scope or agent last changed: a
    session older than that ends. ``second_factor``: whether a one-time code is asked for beside the password."""

    login: str
    role: str
    agent: str = ""
    active: bool = True
    has_password: bool = False
    second_factor: bool = False
    created_at: int = 0
    changed_at: int = 0
    scope: tuple[str, ...] = ()
    tenant: str = ""


class Passwords:
    """Hashes and checks passwords in argon2id. ``verify`` takes the same work whether there is a hash or not."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """``hasher`` sets the cost; by default the library's, RFC 9106's for machines that do other work too."""
        self._hasher = hasher or PasswordHasher()
        self._nobody = ""

    def hash(self, password: str) -> str:
        """The hash to store."""
        return self._hasher.hash(password)

    def verify(self, hash: str, password: str) -> bool:
        """Whether ``password`` made ``hash``. An empty ``hash`` is compared with that of a password nobody knows."""
        if not self._nobody:
            self._nobody = self._hasher.hash(secrets.token_urlsafe(32))
        try:
            self._hasher.verify(hash or self._nobody, password[: LONGEST_PASSWORD + 1])
        except (VerificationError, InvalidHashError):
            return False
        return bool(hash)

    def is_dated(self, hash: str) -> bool:
        """Whether ``hash`` was made with another cost than today's."""
        return self._hasher.check_needs_rehash(hash)


def check_password(login: str, password: str) -> None:
    """Raises ConfigError for a password that is too short, too long, well known, or the login itself."""
    if len(password) < SHORTEST_PASSWORD:
        raise ConfigError(f"the password for {login!r} has fewer than {SHORTEST_PASSWORD} characters; use a longer one")
    if clean(password) != password:
        raise ConfigError(f"the password for {login!r} holds what is no character; check the terminal's encoding")
    if len(password.encode()) > LONGEST_PASSWORD:
        raise ConfigError(f"the password for {login!r} is longer than {LONGEST_PASSWORD} bytes; use a shorter one")
    if password.lower() in WELL_KNOWN or password.lower() == login.lower() or len(set(password)) < 3:
        raise ConfigError(f"the password for {login!r} is one that is tried first; use another one")


def _check_login(login: str) -> None:
    if not login or len(login) > LOGIN_WIDTH or login != login.strip() or not login.isprintable():
        raise ConfigError(
            f"the login {login[:80]!r} is not usable; use 1 to {LOGIN_WIDTH} printable characters, no space around"
        )


def find_user(db: Db, login: str) -> tuple[UserRow, str] | None:
    """The user and their hash. The login must match exactly: MySQL would take one with spaces after it for the same."""
    if len(login) > LOGIN_WIDTH or not login.isprintable():
        return None
    record = UserRecord.select().where(UserRecord.login == login).first(db)
    return (_row(db, record), record.password) if record is not None and record.login == login else None


def list_users(db: Db) -> list[UserRow]:
    """Everybody, by login."""
    return [_row(db, record) for record in UserRecord.select().order_by(UserRecord.login).execute(db)]


def store_user(
    db: Db,
    login: str,
    hash: str,
    role: str | None,
    agent: str | None,
    now_us: int,
    scope: Sequence[str] | None = None,
    tenant: str | None = None,
) -> UserRow:
    """Set the hash of ``login``, making the user if need be. ``role``, ``agent`` and, both together, ``scope`` and
    ``tenant`` None: as they are (a new user: agent, none, all). Raises ConfigError for a role, scope or login that
    cannot be."""
    _check_login(login)
    if role is not None and role not in ROLES:
        raise ConfigError(f"the role of {login!r} is {role!r}; use {', '.join(ROLES)}")
    with writing(db):
        found = find_user(db, login)
        was = found[0] if found is not None else UserRow(login=login, role="agent")
        if scope is None and tenant is None:
            scope, tenant = (() if was.tenant else was.scope), was.tenant
        bound = write_scope(login, role or was.role, scope or (), tenant or "")
        values = {
            "password": hash,
            "role": was.role if role is None else role,
            "agent": was.agent if agent is None else agent,
            "scope": bound.scope,
            "tenant": bound.tenant,
            "active": True,
            "changed_at": now_us,
        }
        if found is None:
            UserRecord.insert(login=login, created_at=now_us, **values).execute(db)
        else:
            UserRecord.update(values).where(UserRecord.login == login).execute(db)
        made = find_user(db, login)
    assert made is not None  # written a line above, in the same transaction
    return made[0]


def set_scope(db: Db, login: str, scope: Sequence[str], now_us: int, tenant: str = "") -> UserRow:
    """``login`` sees these queues from now on, or the tenant's, or all. Raises NotFound, and ConfigError for a role
    that has none."""
    found = find_user(db, login)
    if found is None:
        raise NotFound("user", login)
    bound = write_scope(login, found[0].role, scope, tenant)
    changed = {"scope": bound.scope, "tenant": bound.tenant, "changed_at": now_us}
    UserRecord.update(changed).where(UserRecord.login == login).execute(db)
    return msgspec.structs.replace(found[0], scope=read_scope(db, bound), tenant=tenant, changed_at=now_us)


def renew_hash(db: Db, login: str, old: str, new: str) -> None:
    """Put ``new`` in the place of ``old``, the same password at today's cost. Nothing if somebody has changed it
    since."""
    UserRecord.update(password=new).where(UserRecord.login == login, UserRecord.password == old).execute(db)


def _row(db: Db, record: UserRecord) -> UserRow:
    return UserRow(
        login=record.login,
        role=record.role,
        agent=record.agent,
        active=bool(record.active),
        has_password=bool(record.password),
        second_factor=bool(record.totp),
        created_at=record.created_at,
        changed_at=record.changed_at,
        scope=read_scope(db, Bound(record.scope, record.tenant)),
        tenant=record.tenant,
    )
