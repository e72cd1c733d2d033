"""What has happened: the journal's rows, and all that the desktop, the records and the reports know.

A fact carries all that its reader needs, so that a reader on another machine, or tomorrow, needs no memory of the
engine. Writing a fact twice changes nothing (``id`` is its identity; the ``*_ended`` facts carry whole rows with
stable keys).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

__all__ = ["Fact", "FactKind"]


class FactKind(StrEnum):
    """Kinds of facts. The comment of each says what ``data`` holds beside the fact's own fields (times: UTC
    microseconds)."""

    # medium, direction, number, name, destination, switch, began_at
    CONTACT_BEGAN = "contact_began"
    # customer, reference (their number), number (they ring from), proven (by a PIN): who they are, keyed in a flow
    CUSTOMER_KEYED = "customer_keyed"
    # number, customer (keyed before), tenant: found again on the switch after a restart of ours
    CONTACT_FOUND = "contact_found"
    # tenant, number: a contact that was nobody's has come into a queue of this tenant, and is its own from now on
    CONTACT_CLAIMED = "contact_claimed"
    # the whole contact row: see fsorch.engine.rows.ContactRow
    CONTACT_ENDED = "contact_ended"
    # a whole segment row: see fsorch.engine.rows.SegmentRow
    SEGMENT_ENDED = "segment_ended"
    # a whole CDR row: see fsorch.engine.rows.LegRow
    LEG_ENDED = "leg_ended"
    # flow, version, again (they hung up on a recording not long ago)
    FLOW_ENTERED = "flow_entered"
    # flow, version, node, way (the label of the way that led there)
    NODE_PASSED = "node_passed"
    # what, flow, node, value, way, detail: see fsorch.ivr.events.EventKind
    FLOW_TOLD = "flow_told"
    # flow, node, prompt (what was asked, in the words of the flow), digits, valid, means
    ANSWER_KEYED = "answer_keyed"
    # queue, position, enqueued_at, again (true when put back)
    CONTACT_QUEUED = "contact_queued"
    # step (its place in the plan, from 0), act, detail, why: a step of the wait was taken
    STEP_TAKEN = "step_taken"
    # position, wait_s (None: not told), prompts: what a waiting caller is told
    ANNOUNCED = "announced"
    # act (voicemail, overflow, offer_callback), to, name, case (max, no_agent, full, empty, closed, key, step), why
    WAIT_ENDED = "wait_ended"
    # the same, and trouble: it could not be carried out, the caller waits on
    WAIT_NOT_ENDED = "wait_not_ended"
    # tenant, why: one more would be one too many for the tenant
    TURNED_AWAY = "turned_away"
    # enqueued_at: who rang again has the place back; owed: that of the call that they were promised
    PLACE_GIVEN_BACK = "place_given_back"
    # offer, queue, agent, leg, why (one sentence), waited_us
    OFFER_MADE = "offer_made"
    # offer, outcome (accepted, refused, missed, withdrawn, failed), cause, rang_us, way (busy, rejected, no_answer,
    # unregistered, dnd, failed; empty when it is not held against the agent)
    OFFER_ENDED = "offer_ended"
    # peer legs: customer_leg, agent_leg; answered_at (of the contact's first talk, which may have begun unheard)
    BRIDGED = "bridged"
    # agent, choice (waiting, anyone, callback): what the caller said about a busy person they know
    PERSON_CHOSEN = "person_chosen"
    # agent (who will call), state (of the callback machine), number, tries, enqueued_at, priority; there (the contact
    # in which the customer has called again)
    CALLBACK_CHANGED = "callback_changed"
    # message (the id its contact will have), on: the caller speaks; not on once that has come to its end
    RECORDING_CHANGED = "recording_changed"
    # caller (their contact), lasted_us: the fact's own contact is the message
    MESSAGE_LEFT = "message_left"
    # flow; the agent has hung up, and the caller is asked
    SURVEY_BEGAN = "survey_began"
    # a whole row: see fsorch.customers.SurveyAnswer, Promise, Note
    SURVEY_ANSWERED = "survey_answered"
    PROMISE_MADE = "promise_made"
    NOTE_MADE = "note_made"
    # queue, tries: a caller's message could not be recorded
    MESSAGE_FAILED = "message_failed"
    # on
    HOLD_CHANGED = "hold_changed"
    # on: whether the customer does not hear the agent
    MUTE_CHANGED = "mute_changed"
    # count: digits sent to the other end (the digits may be secret)
    DIGITS_SENT = "digits_sent"
    # to, target (queue, agent, number), consult, by; the fact's agent is who transfers
    TRANSFER_BEGAN = "transfer_began"
    # state: consulting, pending (the agent has left, the third party has not picked up)
    TRANSFER_CHANGED = "transfer_changed"
    # to, target (queue, agent, number), by: called into a talk; the fact's agent is who asked
    PARTY_CALLED = "party_called"
    # to (agent or number), leg; the fact's agent is who came, empty for a number
    PARTY_JOINED = "party_joined"
    # to, leg, why: left, dropped, over, or the outcome of an offer to one who never came
    PARTY_LEFT = "party_left"
    # on: whether nothing is offered from the queue
    QUEUE_PAUSED = "queue_paused"
    # previous (queue), by; the fact's queue is where it is now
    CONTACT_MOVED = "contact_moved"
    # by; the fact's agent is who it was given to
    CONTACT_GIVEN = "contact_given"
    # priority, previous, by
    PRIORITY_CHANGED = "priority_changed"
    # watcher, mode (listen, whisper, barge), by; the fact's agent is who is listened to
    LISTENING_BEGAN = "listening_began"
    LISTENING_CHANGED = "listening_changed"
    LISTENING_ENDED = "listening_ended"
    # to, outcome: handed_over, returned, conferred, not_taken (the customer is in the queue), called_off, customer_gone
    TRANSFER_ENDED = "transfer_ended"
    # who, cause
    CALL_HUNG_UP = "call_hung_up"
    # status, reason, state, previous_status, previous_reason, previous_state, since (of the status), phone (of this
    # session), on_demand, unready (why nothing is offered though they are available), by (a login, "rule: no_answer"),
    # rule (what the rule says, for people)
    AGENT_CHANGED = "agent_changed"
    # here: the page of an agent is there; not here once it has been gone for longer than the rule allows
    DESKTOP_CHANGED = "desktop_changed"
    # status, reason, by: kept for later
    AGENT_ASKED = "agent_asked"
    # until (microseconds; 0: until the agent ends it), seconds, mode
    WRAP_UP_BEGAN = "wrap_up_began"
    # until (microseconds), by
    WRAP_UP_EXTENDED = "wrap_up_extended"
    # reason, since (microseconds), max_s: the break is longer than its reason allows
    BREAK_OVERRUN = "break_overrun"
    # switch, reason
    LINK_UP = "link_up"
    LINK_DOWN = "link_down"
    # channels, adopted, cleared, ended
    RESYNCED = "resynced"
    # command, answer: a command of ours that the switch refused
    COMMAND_FAILED = "command_failed"
    # what, detail: an event nobody expected, logged once for each kind and counted
    ODD_EVENT = "odd_event"
    # faults (a sentence each), got: a parked call asked for what the centre does not have
    DOOR_MISUSED = "door_misused"
    # hook, way (unknown, raised, overran, lost), number, error, traceback: a hook did not serve the call
    HOOK_FAILED = "hook_failed"
    # a whole row: see fsorch.campaigns.AttemptRow; written before the originate leaves; owed (it had been promised)
    ATTEMPT_STARTED = "attempt_started"
    # the same row, with its end; again, with the disposition, when an agent has said how it was
    ATTEMPT_ENDED = "attempt_ended"
    # campaign, lead, disposition, note, answers, promised_at (0: never), promised_to (an agent; empty: anyone), by: an
    # agent says how the call of an attempt was; what is said last counts
    WORD_SAID = "word_said"
    # a whole row: see fsorch.campaigns.Lead, with the token it was reserved by: what becomes of it; why, in a phrase
    LEAD_CHANGED = "lead_changed"
    # campaign, lead, gateway, cause: the gateway of an attempt had no line, and the next is tried
    GATEWAY_FAILED = "gateway_failed"
    # gateway, failures (in a row), cause (of the last), dead (no lead is called by it), until (microseconds): it rests
    GATEWAY_RESTS = "gateway_rests"
    # gateway: it carries calls again
    GATEWAY_BACK = "gateway_back"
    # campaign, lead, rang_us (0: it did not ring yet), why: a call is hung up by us before anybody has answered it
    CALL_OFF = "call_off"
    # campaign, lead, prompt: nobody was there in time for a person who answered
    DROPPED = "dropped"
    # campaign, lead, state (where the call was), after_us (since the answer), by (beep, greeting): a machine was heard
    MACHINE_HEARD = "machine_heard"
    # campaign, lead, number, source (key, disposition): the called party wants no more calls
    DNC_ASKED = "dnc_asked"
    # call (the contact), segment, row (of the leg), promise (or None): whole rows, of a call that came and went while
    # fsorch was away, for a leg that no contact has yet; alone (the switch served it), talked, message (a file there),
    # taken (the contact that fsorch had made of it without writing it down)
    CALL_NOTED = "call_noted"
    # campaign, lead, number, rule, source, words, until: the law, a list or a consent forbids to dial this lead now
    LEAD_BARRED = "lead_barred"
    # campaign, lead, until, reason, by: an agent does not want a lead, or looked at it for too long
    LEAD_SKIPPED = "lead_skipped"
    # campaign, lead, number, until: an agent is shown a lead; the fact's agent is who
    PREVIEW_SHOWN = "preview_shown"
    # campaign, state, held (why nothing is dialled, for people), drops (that they are over the ceiling), pacing (why
    # its own pacer does not pace it)
    CAMPAIGN_CHANGED = "campaign_changed"
    # name
    CONFIGURED = "configured"


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. ``at`` is UTC microseconds; ``id`` is unique for ever and sorts by time within one
    engine."""

    id: str
    at: int
    kind: FactKind
    contact: str = ""
    leg: str = ""
    agent: str = ""
    queue: str = ""
    switch: str = ""
    data: dict[str, Any] = {}
