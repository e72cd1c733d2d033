"""The records: what happened, who may log in, what the centre is to be; in SQLite or MySQL, through a spool that
loses nothing."""

from __future__ import annotations

from fsorch.store.memory import KnownCentre, Memory
from fsorch.store.queries import AuditRow, ContactDetail, Counts, Filter, Summary
from fsorch.store.recorder import Recorder, RecorderStats
from fsorch.store.store import Store, attach_database, open_database
from fsorch.store.users import ROLES, Passwords, UserRow

__all__ = [
    "ROLES",
    "AuditRow",
    "ContactDetail",
    "Counts",
    "Filter",
    "KnownCentre",
    "Memory",
    "Passwords",
    "Recorder",
    "RecorderStats",
    "Store",
    "Summary",
    "UserRow",
    "attach_database",
    "open_database",
]
