"""Customers, their tickets, and what was promised them: kept and found by number, by customer number, by PIN.

Everything blocks on the database, like the store's other methods, and raises StoreError when it is away.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from peewee import Model, fn

from fsorch.clock import Clock
from fsorch.customers import Customer, CustomerFile, Note, Promise, PromiseState, SurveyAnswer, Ticket, TicketState
from fsorch.errors import ConfigError, NotFound
from fsorch.numbers import plain_number
from fsorch.store.customer_models import (
    CustomerNumberRecord,
    CustomerRecord,
    NoteRecord,
    PromiseRecord,
    SurveyAnswerRecord,
    TicketRecord,
)
from fsorch.store.database import Db, writing
from fsorch.store.part import Audit, Part, Use
from fsorch.store.users import Passwords
from fsorch.store.values import clean, cut, dump_json

__all__ = ["PIN_MISSES", "PIN_REST_US", "Customers"]

# So many wrong PINs in a row, and none is tried for a while: a PIN of four digits is guessed in no time otherwise.
PIN_MISSES = 5
PIN_REST_US = 15 * 60 * 1_000_000
OPEN_TICKETS = (TicketState.OPEN.value, TicketState.WORKING.value, TicketState.WAITING.value)
# What a flow can tell a caller, and a desktop show, at a glance.
GLANCE = 20
MOST_TICKETS = 200
FIRST_TICKET = 1001
S = TypeVar("S", bound=msgspec.Struct)


class Customers(Part):
    """The customers of one store."""

    def __init__(self, use: Use, clock: Clock, passwords: Passwords, audit: Audit) -> None:
        super().__init__(use, clock, audit)
        self._passwords = passwords

    # -- customers ------------------------------------------------------------------------------------------------

    def put(self, customer: Customer, by: str, *, pin: str | None = None) -> Customer:
        """Make or replace ``customer``: one with an id is replaced, one without is made, unless its reference is
        known. ``pin`` None: as it is; empty: none any more.

        Raises ConfigError for a number or reference that is another customer's, or a PIN that is none; NotFound for an
        id that is not there."""
        customer, numbers = _owned(customer), _plain_numbers(customer.numbers)
        hashed = self._hashed(pin)
        with self._use() as db, writing(db):
            id = customer.id or self._id_of(db, customer.reference, customer.tenant)
            self._check_owners(db, id, customer, numbers)
            if id:
                self._change(db, id, customer, hashed)
            else:
                id = self._make(db, customer, hashed or "")
            CustomerNumberRecord.delete().where(CustomerNumberRecord.customer == id).execute(db)
            rows = [
                {"number": number, "tenant": customer.tenant, "customer": id, "place": n}
                for n, number in enumerate(numbers)
            ]
            if rows:
                CustomerNumberRecord.insert_many(rows).execute(db)
            self._audit(by, "customer.put", {"customer": id, "reference": customer.reference})
            return _one(db, id)

    def remove(self, id: str, by: str) -> None:
        """Forget a customer and their numbers, tickets, notes and promises; contacts stay. Raises NotFound."""
        with self._use() as db, writing(db):
            _one(db, id)
            CustomerRecord.delete().where(CustomerRecord.id == id).execute(db)
            for record in (CustomerNumberRecord, TicketRecord, NoteRecord, PromiseRecord):
                record.delete().where(record.customer == id).execute(db)
            self._audit(by, "customer.remove", {"customer": id})

    def get(self, id: str) -> Customer:
        """The customer with this id. Raises NotFound."""
        with self._use() as db:
            return _one(db, clean(id))

    def by_number(self, number: str, tenant: str = "") -> Customer | None:
        """Who this telephone number is to ``tenant``: its own customer, or else everybody's. To nobody's contact
        (empty) everybody's, or a tenant's where no other knows the number."""
        with self._use() as db:
            id = _of_tenant(_number_owners(db, number), tenant)
            return _one(db, id) if id else None

    def by_reference(self, reference: str, tenant: str = "") -> Customer | None:
        """The customer with this customer number, as with :meth:`by_number`."""
        with self._use() as db:
            id = _of_tenant(_reference_owners(db, reference), tenant)
            return _one(db, id) if id else None

    def named(self, name: str) -> list[Customer]:
        """Everybody who has this customer number, or else this telephone number, or id: one for each tenant."""
        with self._use() as db:
            found = _reference_owners(db, name) or _number_owners(db, name)
            ids = list(found.values()) or [
                row.id for row in CustomerRecord.select().where(CustomerRecord.id == clean(name)).execute(db)
            ]
            return [_one(db, id) for id in ids]

    def are_there_any(self) -> bool:
        """Whether the centre knows any customer."""
        with self._use() as db:
            return bool(CustomerRecord.select().exists(db))

    def search(self, text: str = "", limit: int = 50) -> list[Customer]:
        """Customers by name, reference or number, those changed last first; all of them for an empty ``text``."""
        text = clean(text).strip()
        query = CustomerRecord.select().order_by(CustomerRecord.changed_at.desc(), CustomerRecord.id).limit(limit)
        if text:
            plain = plain_number(text)
            owners = CustomerNumberRecord.select(CustomerNumberRecord.customer).where(
                CustomerNumberRecord.number.startswith(plain or "-")
            )
            query = query.where(
                fn.LOWER(CustomerRecord.name).contains(text.lower())
                | (CustomerRecord.reference == text)
                | (CustomerRecord.id.in_(owners))
            )
        with self._use() as db:
            return [_customer(db, record) for record in list(query.execute(db))]

    def verify_pin(self, id: str, pin: str) -> bool:
        """Whether ``pin`` is the customer's. After :data:`PIN_MISSES` wrong ones in a row every answer is no for
        :data:`PIN_REST_US`. Takes the same work for everybody, known or not."""
        now = self._clock.now().wall
        with self._use() as db:
            record = CustomerRecord.select().where(CustomerRecord.id == clean(id)).first(db)
        resting = record is not None and record.pin_misses >= PIN_MISSES and now - record.pin_missed_at < PIN_REST_US
        right = self._passwords.verify(record.pin if record is not None else "", clean(pin)) and not resting
        if record is None or resting or not record.pin:
            return False
        changed: dict[str, Any] = {"pin_misses": 0, "pin_missed_at": 0}
        if not right:
            # One more in the database itself: two calls at once must not count for one.
            changed = {"pin_misses": CustomerRecord.pin_misses + 1, "pin_missed_at": now}
            if record.pin_misses >= PIN_MISSES:
                changed["pin_misses"] = 1
        with self._use() as db:
            CustomerRecord.update(changed).where(CustomerRecord.id == record.id).execute(db)
        return right

    def file(self, id: str, most: int = GLANCE) -> CustomerFile:
        """All about a customer at a glance: so many promises and notes at ``most``. Raises NotFound."""
        with self._use() as db:
            customer = _one(db, clean(id))
            notes = NoteRecord.select().where(NoteRecord.customer == customer.id).order_by(NoteRecord.at.desc())
            return CustomerFile(
                customer=customer,
                tickets=_tickets(db, customer.id, open_only=True),
                promises=_promises(db, PromiseRecord.customer == customer.id, most),
                notes=tuple(_as(Note, record) for record in notes.limit(most).execute(db)),
            )

    # -- tickets --------------------------------------------------------------------------------------------------

    def tickets(self, customer: str = "", *, open_only: bool = True, limit: int = MOST_TICKETS) -> tuple[Ticket, ...]:
        """A customer's newest tickets, or everybody's, the newest first."""
        with self._use() as db:
            return _tickets(db, clean(customer), open_only=open_only, limit=limit)

    def ticket(self, reference: str) -> Ticket:
        """The ticket with this number. Raises NotFound."""
        with self._use() as db:
            return _ticket(db, reference)

    def open_ticket(self, ticket: Ticket, by: str) -> Ticket:
        """Open a ticket; without a reference it gets the next number. Raises NotFound for an unknown customer,
        ConfigError for a reference that is taken."""
        now = self._clock.now().wall
        with self._use() as db, writing(db):
            _one(db, ticket.customer)
            reference = ticket.reference or _next_reference(db)
            if TicketRecord.select().where(TicketRecord.reference == reference).exists(db):
                raise ConfigError(f"there is a ticket {reference} already; leave the number out to get the next one")
            made = msgspec.structs.replace(
                ticket, id=ticket.id or uuid.uuid4().hex, reference=reference, opened_at=now, changed_at=now
            )
            TicketRecord.insert(_fitted(TicketRecord, made)).execute(db)
            self._audit(by, "ticket.open", {"ticket": reference, "customer": ticket.customer})
            return made

    def change_ticket(self, reference: str, by: str, **changes: Any) -> Ticket:
        """Set ``state``, ``subject``, ``agent`` or ``due_at`` of a ticket. Raises NotFound."""
        with self._use() as db, writing(db):
            known = _ticket(db, reference)
            changed = msgspec.structs.replace(known, **changes, changed_at=self._clock.now().wall)
            TicketRecord.update(_fitted(TicketRecord, changed)).where(TicketRecord.id == known.id).execute(db)
            self._audit(
                by, "ticket.change", {"ticket": reference, **{key: str(value) for key, value in changes.items()}}
            )
            return changed

    # -- promises, notes, surveys ---------------------------------------------------------------------------------

    def promises(
        self, *, role: str = "", agent: str = "", tenant: str = "", begins: str = "", limit: int = 200
    ) -> tuple[Promise, ...]:
        """The open promises, those due first first; ``begins``: those whose ids begin so."""
        where = PromiseRecord.id != ""
        where = where & (PromiseRecord.tenant == tenant) if tenant else where
        where = where & PromiseRecord.id.startswith(clean(begins)) if begins else where
        where = where & (PromiseRecord.role == role) if role else where
        where = where & (PromiseRecord.agent == agent) if agent else where
        with self._use() as db:
            return _promises(db, where, limit)

    def make_promise(self, promise: Promise, by: str) -> Promise:
        """Write down a promise."""
        made = msgspec.structs.replace(
            promise, id=promise.id or uuid.uuid4().hex, made_at=promise.made_at or self._clock.now().wall
        )
        with self._use() as db, writing(db):
            PromiseRecord.insert(_fitted(PromiseRecord, made)).execute(db)
            self._audit(by, "promise.make", {"promise": made.id, "what": made.what})
        return made

    def end_promise(self, id: str, state: PromiseState, by: str) -> Promise:
        """A promise was kept, broken or taken back. Raises NotFound."""
        with self._use() as db, writing(db):
            record = PromiseRecord.select().where(PromiseRecord.id == clean(id)).first(db)
            if record is None:
                raise NotFound("promise", id)
            now = self._clock.now().wall
            PromiseRecord.update(state=state.value, ended_at=now).where(PromiseRecord.id == record.id).execute(db)
            self._audit(by, f"promise.{state.value}", {"promise": id})
            return msgspec.structs.replace(_as(Promise, record), state=state, ended_at=now)

    def add_note(self, note: Note, by: str) -> Note:
        """Write down a note."""
        made = msgspec.structs.replace(
            note, id=note.id or uuid.uuid4().hex, author=note.author or by, at=note.at or self._clock.now().wall
        )
        with self._use() as db, writing(db):
            NoteRecord.insert(_fitted(NoteRecord, made)).execute(db)
        return made

    def surveyed_at(self, number: str) -> int:
        """When somebody from ``number`` was asked in a survey last, in UTC microseconds; 0: never."""
        with self._use() as db:
            query = SurveyAnswerRecord.select(fn.MAX(SurveyAnswerRecord.at))
            return query.where(SurveyAnswerRecord.number == plain_number(number)).scalar(db) or 0

    def survey_answers(self, *, survey: str = "", agent: str = "", limit: int = 200) -> list[SurveyAnswer]:
        """The newest answers, newest first."""
        said = (SurveyAnswerRecord.question != "") | (SurveyAnswerRecord.score > 0)
        answers = SurveyAnswerRecord.select().where(said)
        query = answers.order_by(SurveyAnswerRecord.at.desc()).limit(limit)
        query = query.where(SurveyAnswerRecord.survey == clean(survey)) if survey else query
        query = query.where(SurveyAnswerRecord.agent == clean(agent)) if agent else query
        with self._use() as db:
            return [_as(SurveyAnswer, record) for record in query.execute(db)]

    # -- inside ---------------------------------------------------------------------------------------------------

    def _hashed(self, pin: str | None) -> str | None:
        if not pin:
            return pin
        if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 12):
            raise ConfigError("the PIN is not one; use 4 to 12 digits")
        return self._passwords.hash(pin)

    def _id_of(self, db: Db, reference: str, tenant: str) -> str:
        """The tenant's own customer of this reference, or everybody's where it is none; empty: there is none."""
        return _reference_owners(db, reference).get(tenant, "")

    def _check_owners(self, db: Db, id: str, customer: Customer, numbers: Sequence[str]) -> None:
        """Nobody else of the same tenant has the reference or one of the numbers."""
        if id:
            _one(db, id)
        owner = self._id_of(db, customer.reference, customer.tenant)
        if owner and owner != id:
            raise ConfigError(f"the customer number {customer.reference!r} is that of {_one(db, owner).name or owner}")
        query = CustomerNumberRecord.select().where(
            CustomerNumberRecord.number.in_(list(numbers)), CustomerNumberRecord.tenant == customer.tenant
        )
        for record in query.execute(db) if numbers else ():
            if record.customer != id:
                raise ConfigError(f"{record.number} is a number of {_one(db, record.customer).name or record.customer}")

    def _make(self, db: Db, customer: Customer, pin: str) -> str:
        now, id = self._clock.now().wall, uuid.uuid4().hex
        row = _columns(customer) | {"pin": pin, "created_at": now, "changed_at": now}
        CustomerRecord.insert(row | {"id": id, "pin_misses": 0, "pin_missed_at": 0}).execute(db)
        return id

    def _change(self, db: Db, id: str, customer: Customer, pin: str | None) -> None:
        row: dict[str, Any] = _columns(customer) | {"changed_at": self._clock.now().wall}
        if pin is not None:
            row |= {"pin": pin, "pin_misses": 0, "pin_missed_at": 0}
        CustomerRecord.update(row).where(CustomerRecord.id == id).execute(db)


def _plain_numbers(numbers: Iterable[str]) -> list[str]:
    plain = []
    for number in numbers:
        if not 3 <= len(digits := plain_number(number)) <= 20:
            raise ConfigError(f"{number[:40]!r} is no telephone number; use digits, as in +44 20 7946 0000")
        if digits not in plain:
            plain.append(digits)
    return plain


def _owned(customer: Customer) -> Customer:
    """The customer with the tenant in its place; it may stand among the fields as well. Raises ConfigError for two."""
    fields = dict(customer.fields)
    named = fields.pop("tenant", "")
    if named and customer.tenant and named != customer.tenant:
        raise ConfigError(f"the customer is one of {customer.tenant!r}, and by their fields one of {named!r}; say one")
    return msgspec.structs.replace(customer, tenant=cut(customer.tenant or named, 64), fields=fields)


def _number_owners(db: Db, number: str) -> dict[str, str]:
    """The customers that have this telephone number, by tenant; everybody's under no name."""
    plain = plain_number(number)
    query = CustomerNumberRecord.select().where(CustomerNumberRecord.number == plain)
    ordered = query.order_by(CustomerNumberRecord.tenant)
    return {row.tenant: row.customer for row in ordered.execute(db)} if plain else {}


def _reference_owners(db: Db, reference: str) -> dict[str, str]:
    """The same by customer number."""
    plain = clean(reference).strip()
    query = CustomerRecord.select(CustomerRecord.id, CustomerRecord.tenant).where(CustomerRecord.reference == plain)
    return {row.tenant: row.id for row in query.order_by(CustomerRecord.tenant).execute(db)} if plain else {}


def _of_tenant(owners: dict[str, str], tenant: str) -> str:
    """Whom of these customers a tenant knows; for nobody's contact, who it must be."""
    if tenant in owners or "" in owners:
        return owners.get(tenant) or owners.get("", "")
    return next(iter(owners.values())) if not tenant and len(owners) == 1 else ""


def _columns(customer: Customer) -> dict[str, Any]:
    return {
        "tenant": customer.tenant,
        "reference": cut(customer.reference.strip(), 64) or None,
        "name": cut(customer.name, 255),
        "tier": cut(customer.tier, 64),
        "language": cut(customer.language, 16),
        "agent": cut(customer.agent, 64),
        "fields": dump_json(customer.fields),
    }


def _one(db: Db, id: str) -> Customer:
    record = CustomerRecord.select().where(CustomerRecord.id == id).first(db)
    if record is None:
        raise NotFound("customer", id)
    return _customer(db, record)


def _customer(db: Db, record: CustomerRecord) -> Customer:
    query = CustomerNumberRecord.select().where(CustomerNumberRecord.customer == record.id)
    numbers = [row.number for row in query.order_by(CustomerNumberRecord.place).execute(db)]
    return Customer(
        id=record.id,
        tenant=record.tenant,
        reference=record.reference or "",
        name=record.name,
        tier=record.tier,
        language=record.language,
        agent=record.agent,
        fields=msgspec.json.decode(record.fields, type=dict[str, str]),
        numbers=tuple(numbers),
        has_pin=bool(record.pin),
        created_at=record.created_at,
        changed_at=record.changed_at,
    )


def _tickets(db: Db, customer: str, *, open_only: bool, limit: int = MOST_TICKETS) -> tuple[Ticket, ...]:
    query = TicketRecord.select().order_by(TicketRecord.opened_at.desc(), TicketRecord.id)
    query = query.where(TicketRecord.customer == customer) if customer else query
    query = query.where(TicketRecord.state.in_(OPEN_TICKETS)) if open_only else query
    return tuple(_as(Ticket, record) for record in query.limit(limit).execute(db))


def _ticket(db: Db, reference: str) -> Ticket:
    record = TicketRecord.select().where(TicketRecord.reference == clean(reference)).first(db)
    if record is None:
        raise NotFound("ticket", reference)
    return _as(Ticket, record)


def _next_reference(db: Db) -> str:
    """One more than the largest that is a plain number."""
    newest = TicketRecord.select(TicketRecord.reference).order_by(TicketRecord.opened_at.desc()).limit(1000)
    taken = [int(row.reference) for row in newest.execute(db) if row.reference.isascii() and row.reference.isdigit()]
    return str(max((*taken, FIRST_TICKET - 1)) + 1)


def _promises(db: Db, where: Any, limit: int) -> tuple[Promise, ...]:
    query = PromiseRecord.select().where(where, PromiseRecord.state == PromiseState.OPEN.value)
    ordered = query.order_by(PromiseRecord.due_at, PromiseRecord.made_at).limit(limit)
    return tuple(_as(Promise, record) for record in ordered.execute(db))


def _as(struct: type[S], record: Model) -> S:
    """The struct with the columns of ``record``; they are called the same."""
    return msgspec.convert({name: getattr(record, name) for name in struct.__struct_fields__}, struct)


def _fitted(model: type[Model], struct: msgspec.Struct) -> dict[str, Any]:
    row = {}
    for field in model._meta.sorted_fields:
        value = getattr(struct, field.name)
        row[field.name] = cut(str(value), getattr(field, "max_length", 255)) if isinstance(value, str) else value
    return row
