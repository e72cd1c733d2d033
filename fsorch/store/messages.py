"""Where the recording of a message is, and whose it is."""

from __future__ import annotations

import msgspec
from peewee import Select

from fsorch.deferred import VoicemailSpec
from fsorch.store.database import Db
from fsorch.store.models import ContactRecord, MetaRecord

__all__ = ["MessageFile", "find_message"]


class MessageFile(msgspec.Struct, frozen=True):
    """A message: the queue it was left for, the path of its recording, and the tenant whose caller left it."""

    queue: str
    path: str
    tenant: str = ""


def find_message(db: Db, contact: str) -> MessageFile | None:
    """The message that the contact with this id is; None when there is none."""
    query: Select = ContactRecord.select(ContactRecord.queue, ContactRecord.tenant).where(
        ContactRecord.id == contact, ContactRecord.medium == "voicemail"
    )
    row = query.first(db)
    text = MetaRecord.select(MetaRecord.value).where(MetaRecord.name == "centre.voicemail").scalar(db)
    if row is None or not text:
        return None
    return MessageFile(row.queue, msgspec.json.decode(text, type=VoicemailSpec).file_of(contact), row.tenant)
