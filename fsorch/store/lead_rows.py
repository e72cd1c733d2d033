"""Leads and attempts between their structs (:mod:`fsorch.campaigns`) and the rows of their tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from fsorch.campaigns import Lead, LeadNumber, LeadState, Outcome
from fsorch.errors import NotFound
from fsorch.store.database import Db
from fsorch.store.lead_models import Gate
from fsorch.store.values import cut, dump_json

__all__ = [
    "HELD",
    "SHUT",
    "changed_of",
    "gate_of",
    "next_number",
    "number_text",
    "number_value",
    "plain_id",
    "read_leads",
    "read_numbers",
    "shown",
    "update_lead",
]

# The states of a lead that somebody holds by a token.
HELD = frozenset({LeadState.RESERVED, LeadState.DIALLING, LeadState.TALKING, LeadState.CLOSING})
# The states in which it is not dialled any more.
SHUT = frozenset({LeadState.FINISHED, LeadState.BARRED})
# What tells who somebody is. The audit is never purged, so none of it may get in; see fsorch.store.purging.
PERSONAL = frozenset({"name", "numbers", "fields", "reference", "postcode", "callback_note"})
# The columns that a lead has as they are, and all that are read of it.
_APART = ("id", "state", "reference", "fields", "tried")
_ALIKE = tuple(name for name in Lead.__struct_fields__ if name not in (*_APART, "numbers", "history"))
_LEAD = ", ".join(f"`{name}`" for name in (*_APART, *_ALIKE))
_STATES = {state.value: state for state in LeadState}
_tried = msgspec.json.Decoder(dict[str, int])
_fields = msgspec.json.Decoder(dict[str, str])


def gate_of(state: LeadState, next_at: int) -> Gate:
    """How a lead of this state stands towards dialling. ``next_at``: UTC microseconds, 0 for at once."""
    if state in HELD:
        return Gate.HELD
    if state in SHUT:
        return Gate.SHUT
    if state is LeadState.CALLBACK:
        return Gate.PROMISED
    return Gate.LATER if next_at else Gate.OPEN


def number_text(number: int) -> str:
    """A number of the tables as E.164 writes it; empty for none."""
    return f"+{number}" if number else ""


def number_value(text: str) -> int:
    """The number of the tables for one in E.164; 0 for what is none."""
    digits = text[1:] if text[:1] == "+" else text
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) <= 18 else 0


def plain_id(id: str) -> int:
    """The whole number that a lead's id is. Raises NotFound for a text that is none."""
    if not (id.isascii() and id.isdigit() and len(id) <= 10):
        raise NotFound("lead", id[:40])
    return int(id)


def read_leads(db: Db, ids: Iterable[int]) -> dict[int, Lead]:
    """The leads with these ids, whole but for their history."""
    wanted = list(ids)
    rows = db.among(f"SELECT {_LEAD} FROM `lead` WHERE id IN ({{}})", wanted)  # noqa: S608 - names of our own model
    numbers = read_numbers(db, wanted)
    return {row[0]: _lead_of(row, numbers.get(row[0], ())) for row in rows}


def read_numbers(db: Db, leads: Sequence[int]) -> dict[int, tuple[LeadNumber, ...]]:
    """The numbers of these leads, in the order they are tried."""
    listed = "`lead`, number, kind, place, zone, attempts, last_at, dead, note"
    query = f"SELECT {listed} FROM lead_number WHERE `lead` IN ({{}})"  # noqa: S608 - names of our own model
    found: dict[int, tuple[LeadNumber, ...]] = {}
    for lead, number, kind, place, zone, attempts, last_at, dead, note in sorted(
        db.among(query, leads), key=itemgetter(3)
    ):
        one = LeadNumber(
            number=number_text(number),
            kind=kind,
            order=place,
            zone=zone,
            attempts=attempts,
            last_at=last_at,
            dead=bool(dead),
            note=note,
        )
        found[lead] = (*found[lead], one) if lead in found else (one,)
    return found


def _lead_of(row: tuple[Any, ...], numbers: tuple[LeadNumber, ...]) -> Lead:
    """A lead from its row, in the order of _LEAD, and its numbers; an export does this a million times."""
    id, state, reference, fields, tried, *others = row
    return Lead(
        id=str(id),
        numbers=numbers,
        state=_STATES[state],
        reference=reference or "",
        fields=_fields.decode(fields) if fields != "{}" else {},
        tried=_tried_of(tried) if tried != "{}" else {},
        **dict(zip(_ALIKE, others, strict=True)),
    )


def _tried_of(text: str) -> dict[Outcome, int]:
    return {Outcome(word): count for word, count in _tried.decode(text).items() if word in _OUTCOMES}


def shown(lead: Lead) -> Lead:
    """The lead as people see it. While it is held, the row keeps what it was before, for the case that it is given
    back; so does the engine, to which a callback is one until it has been kept."""
    return msgspec.structs.replace(lead, state=LeadState.RESERVED) if lead.token and lead.state not in HELD else lead


_OUTCOMES = frozenset(one.value for one in Outcome)


def update_lead(db: Db, lead: Lead, put_off: str = "") -> bool:
    """Write what an attempt has changed in ``lead``, if it is still held by the token it carries. False when it is not:
    then nothing is written, so that a fact may be written twice, or late. Leads in a state that somebody holds keep the
    token; all others are free after it. ``put_off``: the rule that forbade the call, where records may mend that."""
    if not lead.token or not (lead.id.isascii() and lead.id.isdigit() and len(lead.id) <= 10):
        return False
    held = lead.state in HELD
    promised = held or lead.state is LeadState.CALLBACK
    values = (
        lead.state.value,
        int(gate_of(lead.state, lead.next_at)),
        lead.next_at,
        lead.next_number,
        next_number(lead),
        lead.attempts,
        dump_json({outcome.value: count for outcome, count in lead.tried.items()}),
        lead.last_at,
        cut(lead.last_outcome, 16),
        cut(lead.disposition, 64),
        cut(lead.campaign, 64) if promised else "",
        cut(lead.callback_agent, 64),
        cut(lead.callback_note, 255),
        cut(lead.caller_id, 64),
        lead.token if held else "",
        cut(put_off, 64),
    )
    # By hand and not by peewee: a dialler's records are mostly this, and their thread shares the interpreter with it.
    changed = db.run(_UPDATE.replace("?", db.param), (*values, held, int(lead.id), lead.token)).rowcount
    if not changed:
        return False
    for one in lead.numbers:
        if one.attempts or one.dead:
            tried = (one.attempts, one.last_at, one.dead, int(lead.id), number_value(one.number))
            db.run(_UPDATE_NUMBER.replace("?", db.param), tried)
    return True


# What an attempt, or what is promised after it, changes.
_UPDATE = (
    "UPDATE `lead` SET state = ?, gate = ?, next_at = ?, next_number = ?, number = ?, attempts = ?, tried = ?, "
    "last_at = ?, last_outcome = ?, disposition = ?, campaign = ?, callback_agent = ?, callback_note = ?, "
    "caller_id = ?, token = ?, put_off = ?, reserved_at = CASE WHEN ? THEN reserved_at ELSE 0 END "
    "WHERE id = ? AND token = ?"
)
_UPDATE_NUMBER = "UPDATE lead_number SET attempts = ?, last_at = ?, dead = ? WHERE `lead` = ? AND number = ?"


def next_number(lead: Lead) -> int:
    """The number that is next, as the tables hold it."""
    if not lead.numbers:
        return 0
    return number_value(lead.numbers[lead.next_number % len(lead.numbers)].number)


def changed_of(old: Lead, new: Lead, given: Iterable[str]) -> dict[str, Any]:
    """What the audit tells of a change of the fields ``given``: which of them are other than they were, and what they
    were and are; of what tells who somebody is, only that."""
    changed = [name for name in sorted(given) if getattr(old, name) != getattr(new, name)]
    told = [name for name in changed if name not in PERSONAL]
    was, now = ({name: msgspec.to_builtins(getattr(one, name)) for name in told} for one in (old, new))
    return {"changed": changed, "before": was, "after": now}
