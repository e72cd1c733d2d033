"""The tables of customers, tickets, notes, promises and surveys, as peewee models; units as in
:mod:`fsorch.store.models`."""

from __future__ import annotations

from peewee import BigIntegerField, CharField, CompositeKey, IntegerField, Model

from fsorch.store.models import IdField, JsonField

__all__ = [
    "CustomerNumberRecord",
    "CustomerRecord",
    "NoteRecord",
    "PromiseRecord",
    "SurveyAnswerRecord",
    "TicketRecord",
]


class CustomerRecord(Model):
    """A customer; see fsorch.customers.Customer. ``reference`` is NULL where there is none, so that it can be unique
    for each ``tenant``.
    ``pin`` is an argon2 hash or empty; ``pin_misses`` wrong ones in a row, the last at ``pin_missed_at``."""

    id = IdField(primary_key=True)
    tenant = IdField()
    reference = CharField(max_length=64, null=True)
    name = CharField(max_length=255)
    tier = CharField(max_length=64)
    language = CharField(max_length=16)
    agent = IdField()
    fields = JsonField()
    pin = CharField(max_length=255)
    pin_misses = IntegerField()
    pin_missed_at = BigIntegerField()
    created_at = BigIntegerField()
    changed_at = BigIntegerField()

    class Meta:
        table_name = "customer"


class CustomerNumberRecord(Model):
    """A telephone number of a customer, as fsorch.numbers.plain_number writes it; a number has one owner for each
    tenant, which is the customer's."""

    number = CharField(max_length=64)
    tenant = IdField()
    customer = IdField()
    place = IntegerField()

    class Meta:
        table_name = "customer_number"
        primary_key = CompositeKey("number", "tenant")


class TicketRecord(Model):
    """A matter; see fsorch.customers.Ticket."""

    id = IdField(primary_key=True)
    reference = CharField(max_length=64, unique=True)
    customer = IdField()
    subject = CharField(max_length=255)
    state = CharField(max_length=16)
    agent = IdField()
    contact = IdField()
    opened_at = BigIntegerField()
    changed_at = BigIntegerField()
    due_at = BigIntegerField()

    class Meta:
        table_name = "ticket"


class PromiseRecord(Model):
    """What is owed; see fsorch.customers.Promise."""

    id = IdField(primary_key=True)
    tenant = IdField()
    kind = CharField(max_length=16)
    what = CharField(max_length=255)
    customer = IdField()
    number = CharField(max_length=64)
    agent = IdField()
    role = CharField(max_length=16)
    contact = IdField()
    state = CharField(max_length=16)
    made_at = BigIntegerField()
    due_at = BigIntegerField()
    ended_at = BigIntegerField()

    class Meta:
        table_name = "promise"


class NoteRecord(Model):
    """A note; see fsorch.customers.Note."""

    id = IdField(primary_key=True)
    customer = IdField()
    contact = IdField()
    author = CharField(max_length=64)
    text = CharField(max_length=2000)
    at = BigIntegerField()

    class Meta:
        table_name = "note"


class SurveyAnswerRecord(Model):
    """An answer; see fsorch.customers.SurveyAnswer."""

    id = IdField(160, primary_key=True)
    contact = IdField()
    survey = CharField(max_length=64)
    question = CharField(max_length=64)
    customer = IdField()
    number = CharField(max_length=64)
    agent = IdField()
    queue = IdField()
    score = IntegerField()
    comment = CharField(max_length=255)
    at = BigIntegerField()

    class Meta:
        table_name = "survey_answer"
