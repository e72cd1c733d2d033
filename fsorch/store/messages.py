"""Where the recording of a message is, and whose it is."""

from __future__ import annotations

import msgspec
from peewee import Select

from fsorch.deferred import VoicemailSpec
from fsorch.store.database import Db
from fsorch.store.models import ContactRecord, MetaRecord

__all__ = ["MessageFile", "find_message"]


class MessageFile(msgspec.Struct, frozen=True):
    """A message: the queue it was left for, and the path of its recording."""

    queue: str
    path: str


def find_message(db: Db, contact: str) -> MessageFile | None:
    """The message that the contact with this id is; None when there is none."""
    query: Select = ContactRecord.select(ContactRecord.queue).where(
        ContactRecord.id == contact, ContactRecord.medium == "voicemail"
    )
    queue = query.scalar(db)
    text = MetaRecord.select(MetaRecord.value).where(MetaRecord.name == "centre.voicemail").scalar(db)
    if queue is None or not text:
        return None
    return MessageFile(queue, msgspec.json.decode(text, type=VoicemailSpec).file_of(contact))
