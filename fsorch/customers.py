"""Customers and what is open with them: their matters (tickets) and what the centre owes them (promises).

The words of all floors: flows speak of them, the records keep them, the desktop shows them. Times are UTC
microseconds, 0 for never.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Customer", "CustomerFile", "Note", "Promise", "PromiseState", "SurveyAnswer", "Ticket", "TicketState"]


class TicketState(StrEnum):
    """Where a matter stands. ``waiting``: for the customer; ``solved``: done, the customer may still object."""

    OPEN = "open"
    WORKING = "working"
    WAITING = "waiting"
    SOLVED = "solved"
    CLOSED = "closed"


class PromiseState(StrEnum):
    """``broken``: not kept by its time, and nobody will; a promise that is merely late is still open."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    CANCELLED = "cancelled"


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer. ``reference`` is the customer number they key; ``tier`` the centre's own word for their rank;
    ``agent`` their own agent. ``tenant``: whose customer they are, and nobody else knows them; empty: everybody's.
    ``fields`` are the centre's own, text by name. ``has_pin``: whether they can prove who they are by a PIN."""

    id: str = ""
    tenant: str = ""
    reference: str = ""
    name: str = ""
    tier: str = ""
    language: str = ""
    agent: str = ""
    fields: dict[str, str] = {}
    numbers: tuple[str, ...] = ()
    has_pin: bool = False
    created_at: int = 0
    changed_at: int = 0


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A matter of a customer. ``reference`` is the number they are told; ``due_at`` when the centre means to be done;
    ``contact`` the one it began with."""

    id: str = ""
    reference: str = ""
    customer: str
    subject: str = ""
    state: TicketState = TicketState.OPEN
    agent: str = ""
    contact: str = ""
    opened_at: int = 0
    changed_at: int = 0
    due_at: int = 0


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """Something the centre owes a customer: ``what`` in words, ``kind`` (answer, call, supervisor), until ``due_at``,
    by ``agent`` or whoever has the ``role``. ``contact`` is where it was given; ``tenant``: whose contact that was,
    empty: nobody's."""

    id: str = ""
    tenant: str = ""
    kind: str = "answer"
    what: str = ""
    customer: str = ""
    number: str = ""
    agent: str = ""
    role: str = ""
    contact: str = ""
    state: PromiseState = PromiseState.OPEN
    made_at: int = 0
    due_at: int = 0
    ended_at: int = 0


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something worth remembering, by ``author`` (a login, or ``flow:NAME``)."""

    id: str = ""
    customer: str = ""
    contact: str = ""
    author: str = ""
    text: str = ""
    at: int = 0


class SurveyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller said of a contact to one ``question`` of a ``survey`` (a flow): the ``score`` (0: none), or the
    file of a spoken ``comment``. ``agent`` and ``queue`` are those the contact was with. One to no question says that
    they were asked."""

    id: str = ""
    contact: str
    survey: str
    question: str = ""
    customer: str = ""
    number: str = ""
    agent: str = ""
    queue: str = ""
    score: int = 0
    comment: str = ""
    at: int = 0


class CustomerFile(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a customer at a glance: what is open, and the newest notes."""

    customer: Customer
    tickets: tuple[Ticket, ...] = ()
    promises: tuple[Promise, ...] = ()
    notes: tuple[Note, ...] = ()
