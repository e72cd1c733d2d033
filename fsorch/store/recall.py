"""What was going on when an earlier life of the engine ended, out of the records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from peewee import fn

from fsorch.acd import AgentState, AgentStatus
from fsorch.acd.callback import CallbackState
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import BegunMessage, KeptPlace, LeftFlow, OpenContact, PromisedCall, Recall, Shift
from fsorch.engine.rows import ContactRow, LegRow, SegmentRow
from fsorch.names import ContactOutcome, OfferOutcome, SegmentKind
from fsorch.store.database import Db
from fsorch.store.models import ContactRecord, JournalRecord, LegRecord, SegmentRecord
from fsorch.store.queries import list_rows

__all__ = ["follow_shift", "open_contact", "recall"]

# So many contacts are looked up by one statement.
BATCH = 500
# Who has not ended within this time before is left as they are; it keeps the search short in a table of years.
LOOK_BACK_US = 7 * 24 * 3600 * 1_000_000
# A leg that will not end is killed for half a minute (fsorch.engine.calls).
LEGS_US = 60 * 1_000_000
# Of so many places of callers who have left, the engine decides which are kept.
PLACES = 10_000
_TOLD = (
    FactKind.CONTACT_BEGAN,
    FactKind.CONTACT_QUEUED,
    FactKind.ANSWER_KEYED,
    FactKind.OFFER_MADE,
    FactKind.OFFER_ENDED,
    FactKind.BRIDGED,
    FactKind.CALLBACK_CHANGED,
    FactKind.HOLD_CHANGED,
    FactKind.TRANSFER_BEGAN,
    FactKind.TRANSFER_CHANGED,
    FactKind.TRANSFER_ENDED,
    FactKind.CALL_HUNG_UP,
    FactKind.MESSAGE_LEFT,
    FactKind.RECORDING_CHANGED,
    FactKind.WAIT_ENDED,
    FactKind.SURVEY_BEGAN,
)
_OF_AGENTS = (
    FactKind.AGENT_CHANGED,
    FactKind.AGENT_ASKED,
    FactKind.DESKTOP_CHANGED,
    FactKind.WRAP_UP_BEGAN,
    FactKind.WRAP_UP_EXTENDED,
)
# What a callback is while it is owed to the customer; see fsorch.acd.callback.
OWED = (CallbackState.WAITING, CallbackState.CALLING, CallbackState.RESTING)


def recall(db: Db, since: int) -> Recall:
    """Every contact of the last days without an end, with the CDRs that are missing; and what each agent had chosen
    last, if that was after ``since`` (UTC microseconds)."""
    lately = ContactRecord.began_at >= since - LOOK_BACK_US
    rows = list_rows(db, ContactRecord.select().where(lately, ContactRecord.ended_at == 0), ContactRow, "answers")
    contacts: list[OpenContact] = []
    for start in range(0, len(rows), BATCH):
        contacts += _opened(db, rows[start : start + BATCH])
    legs = [leg for contact in _opened(db, _just_ended(db, lately)) for leg in contact.legs]
    return Recall(
        tuple(contacts),
        tuple(_shifts(db, since)),
        legs=tuple(legs),
        places=tuple(_places(db, since)),
        left=tuple(_left(db, since)),
    )


def _left(db: Db, since: int) -> Iterable[LeftFlow]:
    """Who hung up in a flow, ``since`` then, and has not rung again."""
    row, told = ContactRecord, JournalRecord
    lately = (row.began_at >= since) & (row.medium == "voice") & (row.number != "")
    newest = row.select(row.number, fn.MAX(row.began_at)).where(lately).group_by(row.number)
    last = set(newest.tuples().execute(db))
    in_flow = told.select(told.contact).where(told.kind == FactKind.FLOW_ENTERED.value, told.at >= since)
    left = row.outcome.in_([ContactOutcome.LEFT_FLOW.value, ContactOutcome.LOST.value])
    gone = row.select().where(lately, left, row.ended_at > 0, row.enqueued_at == 0, row.id.in_(in_flow))
    for one in reversed(list(gone.order_by(row.ended_at.desc()).limit(PLACES).execute(db))):
        if (one.number, one.began_at) in last:
            yield LeftFlow(one.number, one.ended_at, one.tenant)


def _places(db: Db, since: int) -> Iterable[KeptPlace]:
    """Where those stood who hung up while waiting, ``since`` then, and have not rung again."""
    row, lately = ContactRecord, ContactRecord.began_at >= since
    queued = lately & (row.queue != "") & (row.medium == "voice")
    newest = row.select(row.queue, row.number, fn.MAX(row.began_at)).where(queued).group_by(row.queue, row.number)
    last = set(newest.tuples().execute(db))
    left = row.outcome.in_([ContactOutcome.ABANDONED.value, ContactOutcome.LOST.value])
    gone = row.select().where(queued, left, row.ended_at > 0, row.answered_at == 0, row.enqueued_at > 0)
    for one in reversed(list(gone.order_by(row.ended_at.desc()).limit(PLACES).execute(db))):
        if (one.queue, one.number, one.began_at) in last:
            yield KeptPlace(one.queue, one.number, one.enqueued_at, one.ended_at)


def _just_ended(db: Db, lately: Any) -> list[ContactRow]:
    """The contacts that ended last: their legs may have ended after them, unseen."""
    newest = ContactRecord.select(fn.MAX(ContactRecord.ended_at)).where(lately).scalar(db) or 0
    query = ContactRecord.select().where(lately, ContactRecord.ended_at > max(0, newest - LEGS_US))
    return list_rows(db, query, ContactRow, "answers")


def _opened(db: Db, rows: Sequence[ContactRow]) -> list[OpenContact]:
    ids = [row.id for row in rows]
    facts: dict[str, list[Fact]] = defaultdict(list)
    segments: dict[str, list[SegmentRow]] = defaultdict(list)
    told = JournalRecord.kind.in_([kind.value for kind in _TOLD])
    journal = JournalRecord.select().where(JournalRecord.contact.in_(ids), told)
    for fact in list_rows(db, journal.order_by(JournalRecord.at, JournalRecord.id), Fact, "data"):
        facts[fact.contact].append(fact)
    for segment in list_rows(db, SegmentRecord.select().where(SegmentRecord.contact.in_(ids)), SegmentRow):
        segments[segment.contact].append(segment)
    written = {leg.id for leg in list_rows(db, LegRecord.select().where(LegRecord.contact.in_(ids)), LegRow)}
    return [open_contact(row, facts[row.id], segments[row.id], written) for row in rows]


def open_contact(
    row: ContactRow, facts: Sequence[Fact], segments: Sequence[SegmentRow], written: set[str]
) -> OpenContact:
    """What is known of a contact without an end, from its facts (in order) and segments; ``written``: the legs that
    have their CDR."""
    bridged = [fact for fact in facts if fact.kind is FactKind.BRIDGED]
    ended = [fact for fact in facts if fact.kind is FactKind.OFFER_ENDED]
    keyed = [fact for fact in facts if fact.kind is FactKind.ANSWER_KEYED]
    queued = [fact for fact in facts if fact.kind is FactKind.CONTACT_QUEUED]
    last = max([row.began_at, *(fact.at for fact in facts), *(segment.ended_at for segment in segments)])
    row = msgspec.structs.replace(
        row,
        ended_at=last,
        queue=queued[-1].queue if queued else row.queue,
        enqueued_at=int(queued[-1].data.get("enqueued_at") or 0) if queued else 0,
        answered_at=int(bridged[0].data.get("answered_at") or bridged[0].at) if bridged else 0,
        agent=bridged[-1].agent if bridged else "",
        talked_us=_lasted(segments, SegmentKind.TALK),
        held_us=_lasted(segments, SegmentKind.HOLD),
        offers=sum(fact.kind is FactKind.OFFER_MADE for fact in facts),
        misses=sum(fact.data.get("outcome") not in (OfferOutcome.ACCEPTED, OfferOutcome.WITHDRAWN) for fact in ended),
        answers={f"{n}:{fact.data.get('prompt')}": str(fact.data.get("digits")) for n, fact in enumerate(keyed, 1)},
    )
    # A contact that was taken back without its records began twice, and a standing phone is offered many.
    legs = {leg.id: leg for leg in _legs(row, facts) if leg.id not in written}
    # A stretch beside another says nothing of where that one began; an agent's wrap-up is one where the caller is asked
    # how it was, or talks to somebody else.
    beside = (SegmentKind.CONFERENCE.value, SegmentKind.WRAP_UP.value)
    own = [segment for segment in segments if segment.kind not in beside]
    until = max((segment.ended_at for segment in own), default=0)
    doing, agent_leg = _doing(facts)
    return OpenContact(
        row=row,
        legs=tuple(legs.values()),
        segments=len(segments),
        segmented_at=until,
        doing=doing,
        agent_leg=agent_leg,
        means=tuple(str(fact.data.get("means") or "") for fact in keyed),
        promise=_promise(facts),
        message=_message(facts),
        message_us=sum(int(fact.data.get("lasted_us") or 0) for fact in facts if fact.kind is FactKind.MESSAGE_LEFT),
    )


# What the customer does in a transfer that has come so far.
TRANSFERRED = {"pending": SegmentKind.OFFER.value}


def _doing(facts: Sequence[Fact]) -> tuple[str, str]:
    """The kind of the open stretch, and the agent's leg in it."""
    doing, leg = "", ""
    for fact in facts:
        if fact.kind is FactKind.CONTACT_BEGAN:
            doing = SegmentKind.IVR.value
        elif fact.kind is FactKind.CONTACT_QUEUED:
            doing, leg = SegmentKind.QUEUE.value, ""
        elif fact.kind is FactKind.SURVEY_BEGAN:
            doing, leg = SegmentKind.IVR.value, ""
        elif fact.kind is FactKind.WAIT_ENDED and (out := _out_of_line(fact)):
            doing, leg = out, ""
        elif fact.kind is FactKind.OFFER_MADE and not fact.data.get("aside"):
            doing = SegmentKind.OFFER.value
        elif fact.kind is FactKind.TRANSFER_BEGAN and fact.data.get("consult"):
            doing = SegmentKind.CONSULT.value
        elif fact.kind is FactKind.TRANSFER_CHANGED:
            doing = TRANSFERRED.get(str(fact.data.get("state")), doing)
        elif fact.kind is FactKind.TRANSFER_ENDED and doing == SegmentKind.CONSULT:
            doing = SegmentKind.TALK.value
        elif fact.kind is FactKind.BRIDGED:
            doing, leg = SegmentKind.TALK.value, str(fact.data.get("agent_leg") or "")
        elif fact.kind is FactKind.HOLD_CHANGED:
            doing = (SegmentKind.HOLD if fact.data.get("on") else SegmentKind.TALK).value
        elif fact.kind is FactKind.CALL_HUNG_UP and fact.leg == leg:
            doing, leg = "", ""
    return doing, leg


def _out_of_line(fact: Fact) -> str:
    """The kind of the stretch that follows the end of a wait; empty when it goes on in another line."""
    if fact.data.get("act") == "voicemail":
        return SegmentKind.VOICEMAIL.value
    return "" if fact.data.get("to") in (None, "queue") else SegmentKind.IVR.value


def _promise(facts: Sequence[Fact]) -> PromisedCall | None:
    """The callback that is still owed."""
    told = [fact for fact in facts if fact.kind is FactKind.CALLBACK_CHANGED]
    if not told or told[-1].data.get("state") not in OWED:
        return None
    last = told[-1]
    known: dict[str, object] = {
        name: last.data[name] for name in ("number", "tries", "enqueued_at", "priority") if name in last.data
    }
    at = told[0].at
    return msgspec.convert({**known, "queue": last.queue, "agent": last.agent, "at": at}, PromisedCall)


def _message(facts: Sequence[Fact]) -> BegunMessage | None:
    """What the caller was saying when they were last heard of."""
    told = [fact for fact in facts if fact.kind is FactKind.RECORDING_CHANGED]
    if not told or told[-1].data.get("on") is not True:
        return None
    return BegunMessage(str(told[-1].data.get("message") or ""), told[-1].queue, told[-1].at)


def _legs(row: ContactRow, facts: Sequence[Fact]) -> Iterable[LegRow]:
    """The legs there were, as far as the facts tell, with whom they were joined to and since when. A phone whose offer
    failed may never have become a leg; one that was taken was picked up then."""
    failed = {fact.leg for fact in facts if fact.data.get("outcome") == OfferOutcome.FAILED}
    taken = {fact.leg: fact.at for fact in facts if fact.data.get("outcome") == OfferOutcome.ACCEPTED}
    joined = _joined(facts)
    if row.medium != "voicemail" and not any(fact.leg for fact in facts if fact.kind is FactKind.CONTACT_BEGAN):
        yield from _called(row, facts, joined)
    for fact in facts:
        if row.medium == "voicemail":
            return
        since, peer = joined.get(fact.leg, (0, ""))
        if fact.kind is FactKind.CONTACT_BEGAN and fact.leg:
            yield LegRow(
                id=fact.leg,
                contact=row.id,
                switch=row.switch,
                direction="inbound",
                number=row.number,
                name=row.name,
                destination=row.destination,
                created_at=row.began_at,
                bridged_at=since,
                peer=peer,
            )
        elif fact.kind is FactKind.OFFER_MADE and fact.leg not in failed:
            yield LegRow(
                id=fact.leg,
                contact=row.id,
                switch=row.switch,
                role="agent" if fact.agent else "other",
                agent=fact.agent,
                direction="outbound",
                created_at=fact.at,
                answered_at=since or taken.get(fact.leg, 0),
                bridged_at=since,
                peer=peer,
            )


def _called(row: ContactRow, facts: Sequence[Fact], joined: dict[str, tuple[int, str]]) -> Iterable[LegRow]:
    """The customer's leg of a contact that began without it, for the agent's own phone was called first."""
    legs = (str(fact.data.get("customer_leg") or "") for fact in facts if fact.kind is FactKind.BRIDGED)
    for leg in [one for one in dict.fromkeys(legs) if one][:1]:
        since, peer = joined[leg]
        yield LegRow(
            id=leg,
            contact=row.id,
            switch=row.switch,
            direction="outbound",
            number=row.destination,
            destination=row.number,
            created_at=since,
            answered_at=since,
            bridged_at=since,
            peer=peer,
        )


def _joined(facts: Sequence[Fact]) -> dict[str, tuple[int, str]]:
    """Of each leg that was joined to another: since when, and the one it was joined to last."""
    joined: dict[str, tuple[int, str]] = {}
    for fact in facts:
        if fact.kind is FactKind.BRIDGED:
            one, other = str(fact.data.get("customer_leg") or ""), str(fact.data.get("agent_leg") or "")
            for leg, peer in ((one, other), (other, one)):
                joined[leg] = (joined.get(leg, (fact.at, ""))[0], peer)
    return joined


def _lasted(segments: Sequence[SegmentRow], kind: SegmentKind) -> int:
    return sum(segment.ended_at - segment.began_at for segment in segments if segment.kind == kind.value)


def _shifts(db: Db, since: int) -> list[Shift]:
    """What each agent has chosen, asked for and begun."""
    told = JournalRecord.kind.in_([kind.value for kind in _OF_AGENTS])
    journal = JournalRecord.select().where(told, JournalRecord.at >= since)
    shifts: dict[str, Shift] = {}
    for fact in list_rows(db, journal.order_by(JournalRecord.at, JournalRecord.id), Fact, "data"):
        follow_shift(shifts, fact)
    return [_with_work(db, shift, since) for shift in shifts.values()]


def _with_work(db: Db, shift: Shift, since: int) -> Shift:
    """What the agent has done since then: whoever is at work keeps their turn in fewest-calls and least-talk-time."""
    if shift.status == AgentStatus.LOGGED_OUT:
        return shift
    talk = SegmentRecord
    calls, talked_us = fn.COUNT(talk.contact.distinct()), fn.SUM(talk.ended_at - talk.began_at)
    theirs = talk.select(calls.alias("calls"), talked_us.alias("talked_us")).where(
        talk.agent == shift.agent, talk.began_at >= since, talk.kind == SegmentKind.TALK.value
    )
    [work] = theirs.dicts().execute(db)
    return msgspec.structs.replace(shift, calls=work["calls"], talked_us=int(work["talked_us"] or 0))


def follow_shift(shifts: dict[str, Shift], fact: Fact) -> bool:
    """What ``fact`` changes about its agent in ``shifts``; whether it is one that does."""
    shift = shifts.get(fact.agent)
    if fact.kind is FactKind.DESKTOP_CHANGED:
        # A page is open before its agent begins to work.
        shift = shift or Shift(fact.agent, AgentStatus.LOGGED_OUT)
        shifts[fact.agent] = msgspec.structs.replace(shift, desktop=fact.data.get("here") is True)
        return True
    if fact.kind not in _OF_AGENTS or (shift is None and fact.kind is not FactKind.AGENT_CHANGED):
        return False
    if shift is None or fact.kind is FactKind.AGENT_CHANGED:
        # The order of their last changes.
        shifts.pop(fact.agent, None)
        shifts[fact.agent] = _changed(shift, fact)
    elif fact.kind is FactKind.AGENT_ASKED:
        status, reason = (str(fact.data.get(name) or "") for name in ("status", "reason"))
        shifts[fact.agent] = msgspec.structs.replace(shift, asked=status, asked_reason=reason)
    else:
        shifts[fact.agent] = msgspec.structs.replace(
            shift,
            wrap_up_began=shift.wrap_up_began or fact.at,
            wrap_up_until=int(fact.data.get("until") or 0),
            contact=fact.contact,
            queue=fact.queue,
        )
    return True


def _changed(before: Shift | None, fact: Fact) -> Shift:
    """The shift after a change of the agent. Back to idle, what they asked for has been applied."""
    status, reason, phone, state = (str(fact.data.get(name) or "") for name in ("status", "reason", "phone", "state"))
    same = before is not None and (before.status, before.reason) == (status, reason)
    since = fact.data.get("since")
    breaks_us = before.breaks_us if before is not None else {}
    if before is not None and before.status == AgentStatus.BREAK and not same:
        lasted = max(0, fact.at - before.since)
        breaks_us = breaks_us | {before.reason: breaks_us.get(before.reason, 0) + lasted}
    shift = msgspec.structs.replace(
        before or Shift(fact.agent, status),
        status=status,
        reason=reason,
        phone=phone,
        since=since if isinstance(since, int) else before.since if before is not None and same else fact.at,
        on_demand=fact.data.get("on_demand") is True,
        breaks_us=breaks_us,
    )
    if state == AgentState.IDLE:
        shift = msgspec.structs.replace(shift, asked="", asked_reason="", idle_since=fact.at)
    if state != AgentState.WRAP_UP:
        shift = msgspec.structs.replace(shift, wrap_up_began=0, wrap_up_until=0, contact="", queue="")
    return shift
