"""The tables of lists, leads, attempts, no-call numbers and consents, as peewee models; units as in
:mod:`fsorch.store.models`.

A telephone number is a whole number here, its digits with the country code: 8 bytes, compared at once, and nobody can
write it in two ways. Leads have whole numbers for ids: a million of them are made and found several times as fast.
"""

from __future__ import annotations

from enum import IntEnum

from peewee import BigIntegerField, BooleanField, CharField, CompositeKey, IntegerField, Model

from fsorch.store.models import IdField, JsonField

__all__ = [
    "AttemptRecord",
    "ConsentRecord",
    "DncListRecord",
    "DncNumberRecord",
    "DncRecord",
    "Gate",
    "LeadImportRecord",
    "LeadListRecord",
    "LeadNumberRecord",
    "LeadPlanRecord",
    "LeadRecord",
]


class Gate(IntEnum):
    """How a lead stands towards dialling, for the indexes: what may be chosen now is one stretch of each. ``later``:
    open from ``next_at`` on; ``promised``: a callback, likewise; ``held``: reserved by a token."""

    SHUT = 0
    OPEN = 1
    LATER = 2
    PROMISED = 3
    HELD = 4


class LeadListRecord(Model):
    """A list of leads. ``owned``: whether any of them has an owner; ``region``: the country of numbers that are written
    without a code."""

    id = IdField(primary_key=True)
    title = CharField(max_length=255)
    region = CharField(max_length=16)
    owned = BooleanField()
    created_at = BigIntegerField()
    created_by = CharField(max_length=64)

    class Meta:
        table_name = "lead_list"


class LeadRecord(Model):
    """A lead; see fsorch.campaigns.Lead. ``number``: the one that is next; ``dice``: its place in a random order;
    ``token``: of whoever holds it, since ``reserved_at``; ``put_off``: the rule by which it rests, where records
    may mend that."""

    id = IntegerField(primary_key=True)
    list = IdField()
    gate = IntegerField()
    next_at = BigIntegerField()
    priority = IntegerField()
    dice = IntegerField()
    number = BigIntegerField()
    attempts = IntegerField()
    owner = IdField()
    state = CharField(max_length=16)
    name = CharField(max_length=255)
    reference = CharField(max_length=64, null=True)
    zone = CharField(max_length=64)
    country = CharField(max_length=16)
    region = CharField(max_length=64)
    postcode = CharField(max_length=32)
    language = CharField(max_length=16)
    fields = JsonField()
    tried = JsonField()
    next_number = IntegerField()
    last_at = BigIntegerField()
    last_outcome = CharField(max_length=16)
    disposition = IdField()
    campaign = IdField()
    callback_agent = IdField()
    callback_note = CharField(max_length=255)
    caller_id = CharField(max_length=64)
    token = CharField(max_length=96)
    reserved_at = BigIntegerField()
    created_at = BigIntegerField()
    put_off = CharField(max_length=64, default="")

    class Meta:
        table_name = "lead"


class LeadNumberRecord(Model):
    """A number of a lead, tried in the order of ``place``."""

    lead = IntegerField()
    place = IntegerField()
    number = BigIntegerField()
    kind = CharField(max_length=32)
    zone = CharField(max_length=64)
    attempts = IntegerField()
    last_at = BigIntegerField()
    dead = BooleanField()
    note = CharField(max_length=255, default="")

    class Meta:
        table_name = "lead_number"
        primary_key = CompositeKey("lead", "place")


class LeadPlanRecord(Model):
    """An index made for the order and filter of campaigns; see fsorch.store.lead_plans."""

    id = CharField(max_length=64, primary_key=True)
    used_at = BigIntegerField()

    class Meta:
        table_name = "lead_plan"


class LeadImportRecord(Model):
    """How far the import of a file has come: ``taken`` leads, ``refused`` rows and ``doubles`` of the ``rows`` rows
    that were read; written in one transaction with the leads. ``print`` tells the file from others; ``errors`` bytes of
    the error file are true."""

    id = IdField(primary_key=True)
    list = IdField()
    path = CharField(max_length=1024)
    print = CharField(max_length=64)
    options = JsonField()
    rows = BigIntegerField()
    taken = BigIntegerField()
    refused = BigIntegerField()
    doubles = BigIntegerField()
    errors = BigIntegerField()
    began_at = BigIntegerField()
    ended_at = BigIntegerField()
    made_by = CharField(max_length=64)

    class Meta:
        table_name = "lead_import"


class AttemptRecord(Model):
    """One dial; see fsorch.campaigns.AttemptRow. Under way while ``ended_at`` is 0."""

    id = IdField(primary_key=True)
    campaign = IdField()
    lead = IdField()
    number = CharField(max_length=64)
    list = IdField()
    mode = CharField(max_length=16)
    agent = IdField()
    contact = IdField()
    leg = IdField()
    switch = CharField(max_length=64)
    gateway = IdField()
    caller_id = CharField(max_length=64)
    caller_name = CharField(max_length=255)
    launched_at = BigIntegerField()
    ringing_at = BigIntegerField()
    answered_at = BigIntegerField()
    bridged_at = BigIntegerField()
    ended_at = BigIntegerField()
    outcome = CharField(max_length=16)
    cause = CharField(max_length=64)
    disposition = IdField()
    note = CharField(max_length=255)
    checks = JsonField()
    pack = IdField()
    script = CharField(max_length=255)
    prompt = CharField(max_length=255)
    transfer = CharField(max_length=255)
    answer = CharField(max_length=64)
    answers = JsonField(null=True)

    class Meta:
        table_name = "attempt"


class DncRecord(Model):
    """A number that people here do not call, or with a star at its end all that begin so; see
    fsorch.campaigns.DncRow."""

    number = CharField(max_length=32)
    campaign = IdField()
    source = IdField()
    reason = CharField(max_length=255)
    added_at = BigIntegerField()
    until_at = BigIntegerField()
    made_by = CharField(max_length=64)

    class Meta:
        table_name = "dnc"
        primary_key = CompositeKey("number", "campaign")


class DncListRecord(Model):
    """An imported list of numbers that are not called, such as a country's register; ``serial`` is what its numbers
    name it by. ``rows`` as for a lead import; ``done``: whether the file was read to its end."""

    serial = IntegerField(primary_key=True)
    id = IdField(unique=True)
    campaign = IdField()
    print = CharField(max_length=64)
    rows = BigIntegerField()
    taken = BigIntegerField()
    refused = BigIntegerField()
    done = BooleanField()
    imported_at = BigIntegerField()
    made_by = CharField(max_length=64)

    class Meta:
        table_name = "dnc_list"


class DncNumberRecord(Model):
    """A number of an imported list: as small as it can be, for there are ten million."""

    number = BigIntegerField()
    source = IntegerField()

    class Meta:
        table_name = "dnc_number"
        primary_key = CompositeKey("number", "source")


class ConsentRecord(Model):
    """Who has consented to be called, to what; see fsorch.campaigns.ConsentRow. A withdrawal is noted in the row,
    which goes when its time is over; see fsorch.store.purging."""

    id = IdField(primary_key=True)
    number = BigIntegerField()
    who = CharField(max_length=255)
    what = CharField(max_length=2000)
    scope = IdField()
    channel = CharField(max_length=32)
    evidence = CharField(max_length=1024)
    given_at = BigIntegerField()
    until_at = BigIntegerField()
    withdrawn_at = BigIntegerField()
    made_by = CharField(max_length=64)

    class Meta:
        table_name = "consent"
