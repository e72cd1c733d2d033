"""Requests that programs send with a key of their own, so that one sent again after a lost answer is done once.

A key belongs to who sent it. It is kept a day; the answer with it, once there is one.
"""

from __future__ import annotations

from typing import Any

import msgspec
from peewee import IntegrityError

from fsorch.clock import Clock
from fsorch.errors import RequestRefused
from fsorch.store.database import writing
from fsorch.store.models import AnsweredRecord
from fsorch.store.part import Use

__all__ = ["KEPT_US", "Answered", "AnsweredRequests"]

KEPT_US = 24 * 3600 * 1_000_000


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The HTTP ``status`` and the JSON ``body`` of an answer that was given."""

    status: int
    body: str


class AnsweredRequests:
    """The requests of one store."""

    def __init__(self, use: Use, clock: Clock) -> None:
        self._use = use
        self._clock = clock

    def begin(self, who: str, key: str, digest: str) -> Answered | None:
        """Note that the request is being done; or give the answer it had. ``digest``: of the whole request. Raises
        RequestRefused when the key was another request's, or nobody knows yet what came of this one."""
        now = self._clock.now().wall
        with self._use() as db, writing(db):
            AnsweredRecord.delete().where(AnsweredRecord.at < now - KEPT_US).execute(db)
            found = AnsweredRecord.select().where(_is(who, key)).first(db)
            if found is None:
                row = {"who": who, "request_key": key, "digest": digest, "at": now, "status": 0, "body": ""}
                try:
                    AnsweredRecord.insert(row).execute(db)
                except IntegrityError:
                    # Another process was quicker, and is at it.
                    raise _refused("of a request that is being done", "ask again in a moment") from None
                return None
        if found.digest != digest:
            raise _refused("of another request", "give each request a key of its own")
        if not found.status:
            hint = "if that lasts, it was cut off: look what came of it, and send it with a new key"
            raise _refused("of a request that is being done", hint)
        return Answered(status=found.status, body=found.body)

    def finish(self, who: str, key: str, answer: Answered) -> None:
        """Keep the answer, for whoever asks again."""
        with self._use() as db:
            AnsweredRecord.update(status=answer.status, body=answer.body).where(_is(who, key)).execute(db)

    def forget(self, who: str, key: str) -> None:
        """The request was refused and has changed nothing: it may come again, mended."""
        with self._use() as db:
            AnsweredRecord.delete().where(_is(who, key)).execute(db)


def _is(who: str, key: str) -> Any:
    return (AnsweredRecord.who == who) & (AnsweredRecord.request_key == key)


def _refused(state: str, hint: str) -> RequestRefused:
    return RequestRefused("the Idempotency-Key", state, "this request", hint)
