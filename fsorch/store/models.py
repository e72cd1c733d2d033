"""The tables, as peewee models.

Names and units, the same in every table:

- ``*_at`` is a moment: microseconds since 1970, UTC, BIGINT, 0 for never. ``*_us`` is a length in microseconds, BIGINT.
  Integers sort, subtract and compare alike on both engines and lose nothing.
- Ids are stable strings, never a display name; 64 characters, a segment's 160. Text that people wrote has at most 255.
  Longer values are cut visibly (:mod:`fsorch.store.values`).
- Text is utf8mb4 and compared byte by byte on both engines.
- Facts come in any order and rows are written from what is known: contact, segment, leg and journal have no foreign
  keys.

The models are bound to no database: every query names the one it runs on. The tables are made by the migrations
(:mod:`fsorch.store.migrations`); a test compares the two.
"""

from __future__ import annotations

from typing import Any

from peewee import BigIntegerField, BooleanField, CharField, CompositeKey, DoubleField, IntegerField, Model, TextField

__all__ = [
    "AgentRecord",
    "AnsweredRecord",
    "AuditRecord",
    "BreakRecord",
    "CalendarRecord",
    "CampaignLearntRecord",
    "CampaignRecord",
    "CampaignStateRecord",
    "CampaignVersionRecord",
    "ContactRecord",
    "DispositionRecord",
    "FlowRecord",
    "GatewayRecord",
    "IdField",
    "JournalRecord",
    "JsonField",
    "LegRecord",
    "MemberRecord",
    "MetaRecord",
    "MigrationRecord",
    "NumberRecord",
    "PackRecord",
    "PhoneSecretRecord",
    "PromptRecord",
    "QueueRecord",
    "SegmentRecord",
    "TenantRecord",
    "TokenRecord",
    "UserRecord",
]


class IdField(CharField):
    """An id, of 64 characters unless it is made of others."""

    def __init__(self, width: int = 64, **options: Any) -> None:
        super().__init__(width, **options)


class JsonField(TextField):
    """JSON as text. LONGTEXT is MySQL's only text type without a limit below 16 MiB; SQLite takes it for TEXT."""

    field_type = "LONGTEXT"


class MigrationRecord(Model):
    """A migration that has been applied."""

    number = IntegerField(primary_key=True)
    name = CharField(max_length=64)
    applied_at = BigIntegerField()

    class Meta:
        table_name = "migration"


class MetaRecord(Model):
    """Single values: the revision of the centre, its name, its default flow, where its prompts are."""

    name = CharField(max_length=64, primary_key=True)
    value = CharField(max_length=255)

    class Meta:
        table_name = "meta"


class UserRecord(Model):
    """Somebody who may log in. ``agent`` is the agent they work as, or empty. An empty ``password`` opens nothing.
    ``totp``: the secret of their one-time codes, empty when none are asked for; ``totp_step``: of the last one used.
    ``scope``: the ids of the queues that they see, with commas; ``tenant``: or whose they see; both empty: all."""

    login = CharField(max_length=64, primary_key=True)
    password = CharField(max_length=255)
    role = CharField(max_length=16)
    agent = IdField()
    active = BooleanField()
    created_at = BigIntegerField()
    changed_at = BigIntegerField()
    totp = CharField(max_length=64, default="")
    totp_step = BigIntegerField(default=0)
    scope = CharField(max_length=4000, default="")
    tenant = IdField(default="")

    class Meta:
        table_name = "user"


class AnsweredRecord(Model):
    """A request of the API that came with a key, and what it was answered (status 0: nothing yet)."""

    who = CharField(max_length=80)
    request_key = CharField(max_length=128)
    digest = CharField(max_length=64)
    at = BigIntegerField()
    status = BigIntegerField()
    body = TextField()

    class Meta:
        table_name = "answered_request"
        primary_key = CompositeKey("who", "request_key")


class TokenRecord(Model):
    """A program that may use the API."""

    name = CharField(max_length=64, primary_key=True)
    hash = CharField(max_length=64)
    role = CharField(max_length=16)
    made_at = BigIntegerField()
    made_by = CharField(max_length=64)
    scope = CharField(max_length=4000, default="")
    tenant = IdField(default="")

    class Meta:
        table_name = "api_token"


class TenantRecord(Model):
    """A client: the spec as JSON. What belongs to it names it."""

    id = IdField(primary_key=True)
    place = IntegerField()
    body = JsonField()

    class Meta:
        table_name = "tenant"


class AuditRecord(Model):
    """Who did what, and when. ``place`` and ``hash`` make it a link of the chain (fsorch.store.chain)."""

    id = IdField(primary_key=True)
    at = BigIntegerField()
    who = CharField(max_length=64)
    act = CharField(max_length=64)
    what = JsonField()
    place = BigIntegerField(null=True)
    hash = CharField(max_length=64)

    class Meta:
        table_name = "audit"


class QueueRecord(Model):
    """A queue. ``removed_at`` is set when the centre has it no more but contacts name it. Seconds are as configured."""

    id = IdField(primary_key=True)
    place = IntegerField()
    title = CharField(max_length=255)
    strategy = CharField(max_length=64)
    music = CharField(max_length=255)
    offer_timeout_s = DoubleField()
    wrap_up_s = DoubleField()
    service_level_s = DoubleField()
    miss_delay_s = DoubleField()
    tenant = IdField(default="")
    removed_at = BigIntegerField()
    rules = TextField(null=True)

    class Meta:
        table_name = "queue"


class AgentRecord(Model):
    """An agent; ``removed_at`` as for queues."""

    id = IdField(primary_key=True)
    place = IntegerField()
    name = CharField(max_length=255)
    phone = CharField(max_length=255)
    switch = CharField(max_length=64)
    login = CharField(max_length=64)
    role = CharField(max_length=16)
    tenant = IdField(default="")
    removed_at = BigIntegerField()
    rules = TextField(null=True)

    class Meta:
        table_name = "agent"


class MemberRecord(Model):
    """An agent's place in a queue."""

    agent = IdField()
    queue = IdField()
    place = IntegerField()
    level = IntegerField()
    position = IntegerField()
    rules = TextField(null=True)

    class Meta:
        table_name = "queue_member"
        primary_key = CompositeKey("agent", "queue")


class FlowRecord(Model):
    """One version of a flow; ``body`` is a FlowSpec. Bodies are never changed, only added. ``state``: draft, published
    or rolled_back; of the published ones the one that was published last is in force, unless it is removed. ``share``:
    of the calls that another version gets, 0 to 1. ``reason``: why it was published against the linter."""

    id = IdField()
    version = IntegerField()
    place = IntegerField()
    body = JsonField()
    made_at = BigIntegerField()
    made_by = CharField(max_length=64)
    removed_at = BigIntegerField()
    state = CharField(max_length=16)
    share = DoubleField()
    published_at = BigIntegerField()
    published_by = CharField(max_length=64)
    reason = CharField(max_length=255)

    class Meta:
        table_name = "flow"
        primary_key = CompositeKey("id", "version")


class BreakRecord(Model):
    """A reason to be on break."""

    id = IdField(primary_key=True)
    place = IntegerField()
    title = CharField(max_length=255)
    max_s = DoubleField()
    rules = TextField(null=True)

    class Meta:
        table_name = "break_reason"


class PromptRecord(Model):
    """Where the switch finds a prompt, or (``body``) the spec as JSON."""

    name = CharField(max_length=64, primary_key=True)
    place = IntegerField()
    path = CharField(max_length=255)
    body = JsonField(null=True)

    class Meta:
        table_name = "prompt"


class NumberRecord(Model):
    """What a number leads to: the spec as JSON."""

    id = IdField(primary_key=True)
    place = IntegerField()
    body = JsonField()

    class Meta:
        table_name = "number"


class PhoneSecretRecord(Model):
    """How an agent's phone logs in."""

    agent = IdField(primary_key=True)
    user = CharField(max_length=64)
    domain = CharField(max_length=255)
    a1 = CharField(max_length=32)
    made_at = BigIntegerField()
    made_by = CharField(max_length=64)

    class Meta:
        table_name = "phone_secret"


class CalendarRecord(Model):
    """Hours, holidays and exceptions: the spec as JSON."""

    id = IdField(primary_key=True)
    place = IntegerField()
    body = JsonField()

    class Meta:
        table_name = "calendar"


class GatewayRecord(Model):
    """A way outside: the spec as JSON."""

    id = IdField(primary_key=True)
    place = IntegerField()
    body = JsonField()

    class Meta:
        table_name = "gateway"


class DispositionRecord(Model):
    """How a call may end in the centre's words: the spec as JSON."""

    id = IdField(primary_key=True)
    place = IntegerField()
    body = JsonField()

    class Meta:
        table_name = "disposition"


class PackRecord(Model):
    """A compliance pack of the centre's own: the spec as JSON."""

    id = IdField(primary_key=True)
    place = IntegerField()
    body = JsonField()

    class Meta:
        table_name = "compliance_pack"


class CampaignRecord(Model):
    """An outbound campaign: the spec as JSON. How far it has come is in ``campaign_state``."""

    id = IdField(primary_key=True)
    place = IntegerField()
    body = JsonField()

    class Meta:
        table_name = "campaign"


class CampaignStateRecord(Model):
    """How far a campaign has come, since when, by whom and why. One without a row is a draft."""

    id = IdField(primary_key=True)
    state = CharField(max_length=16)
    since_at = BigIntegerField()
    who = CharField(max_length=64)
    why = CharField(max_length=255)
    started_at = BigIntegerField()

    class Meta:
        table_name = "campaign_state"


class CampaignVersionRecord(Model):
    """A campaign as it was from ``made_at`` on (the spec as JSON): what its calls were made by, script included."""

    campaign = IdField()
    made_at = BigIntegerField()
    made_by = CharField(max_length=64)
    body = JsonField()

    class Meta:
        table_name = "campaign_version"
        primary_key = CompositeKey("campaign", "made_at")


class CampaignLearntRecord(Model):
    """What a campaign's pacer had learned ``at`` (fsorch.campaign.pacing_memory.Learnt as JSON)."""

    campaign = IdField(primary_key=True)
    at = BigIntegerField()
    body = JsonField()

    class Meta:
        table_name = "campaign_learnt"


class ContactRecord(Model):
    """A contact; see fsorch.engine.rows.ContactRow. In progress while ``ended_at`` is 0 and ``outcome`` empty."""

    id = IdField(primary_key=True)
    medium = CharField(max_length=16)
    direction = CharField(max_length=16)
    switch = CharField(max_length=64)
    number = CharField(max_length=255)
    name = CharField(max_length=255)
    destination = CharField(max_length=255)
    flow = IdField()
    queue = IdField()
    agent = IdField()
    outcome = CharField(max_length=32)
    ended_by = CharField(max_length=32)
    cause = CharField(max_length=64)
    priority = BigIntegerField()
    began_at = BigIntegerField()
    enqueued_at = BigIntegerField()
    answered_at = BigIntegerField()
    ended_at = BigIntegerField()
    waited_us = BigIntegerField()
    talked_us = BigIntegerField()
    held_us = BigIntegerField()
    offers = BigIntegerField()
    misses = BigIntegerField()
    tenant = IdField(default="")
    answers = JsonField()

    class Meta:
        table_name = "contact"


class SegmentRecord(Model):
    """A stretch of a contact; see fsorch.engine.rows.SegmentRow."""

    id = IdField(160, primary_key=True)
    contact = IdField()
    kind = CharField(max_length=16)
    began_at = BigIntegerField()
    ended_at = BigIntegerField()
    queue = IdField()
    agent = IdField()
    leg = IdField()
    outcome = CharField(max_length=32)

    class Meta:
        table_name = "segment"


class LegRecord(Model):
    """The CDR: one row for each channel; see fsorch.engine.rows.LegRow."""

    id = IdField(primary_key=True)
    contact = IdField()
    switch = CharField(max_length=64)
    role = CharField(max_length=16)
    agent = IdField()
    direction = CharField(max_length=16)
    channel = CharField(max_length=255)
    number = CharField(max_length=255)
    name = CharField(max_length=255)
    destination = CharField(max_length=255)
    created_at = BigIntegerField()
    progress_at = BigIntegerField()
    answered_at = BigIntegerField()
    bridged_at = BigIntegerField()
    hungup_at = BigIntegerField()
    hold_us = BigIntegerField()
    cause = CharField(max_length=64)
    q850 = BigIntegerField()
    sip_disposition = CharField(max_length=64)
    sip_code = CharField(max_length=64)
    codec = CharField(max_length=64)
    mos = DoubleField(null=True)
    peer = IdField()
    complete = BooleanField()

    class Meta:
        table_name = "leg"


class JournalRecord(Model):
    """Every fact, as it was told."""

    id = IdField(primary_key=True)
    at = BigIntegerField()
    kind = CharField(max_length=32)
    contact = IdField()
    leg = IdField()
    agent = IdField()
    queue = IdField()
    switch = CharField(max_length=64)
    data = JsonField()

    class Meta:
        table_name = "journal"
