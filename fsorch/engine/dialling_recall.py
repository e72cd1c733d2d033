"""Attempts after a cut link, and those of an earlier life of ours.

Every called party's leg carries its attempt (``fsorch_attempt``, ``fsorch_campaign``, ``fsorch_lead``), and every
attempt was written down before it was placed. So what is found ringing rings on and is accounted to the end; whoever
has answered meanwhile gets an agent, or hears who called; a talking pair goes on talking, and its agent says how it
was, as does one who was in the wrap-up; and an attempt whose leg the switch does not have is closed: as the switch has
noted its end (see `AwayNote`); where it has not, live when the records know of a talk, lost when nobody knows. Its lead
is dialled again by the rules only, as after every attempt.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import msgspec

from fsorch.acd import ContactState
from fsorch.campaign.answer_counts import Sign
from fsorch.campaign.dial import DialInput, DialMachine, DialState
from fsorch.campaign.retry import with_attempt
from fsorch.campaigns import AttemptRow, CampaignSpec, Lead, LeadNumber, LeadState, Mode, Outcome
from fsorch.clock import US
from fsorch.engine.away_notes import AwayNote, noted_leg
from fsorch.engine.calls import Calls
from fsorch.engine.core import Core
from fsorch.engine.dialling import Dialling
from fsorch.engine.dialling_calls import FIRST, GRACE_S
from fsorch.engine.dialling_leads import words_of
from fsorch.engine.dialling_machines import MESSAGE_LIMIT_S
from fsorch.engine.dialling_state import Dial
from fsorch.engine.drop_notes import DROPPED, DropNote, drop_note, note_keys
from fsorch.engine.facts import FactKind
from fsorch.engine.guards import served_alone
from fsorch.engine.inputs import OpenAttempt, Recall, SaidWord
from fsorch.engine.rows import LegRow
from fsorch.engine.state import Contact, Leg
from fsorch.esl.commands import Kill, Notes
from fsorch.esl.events import Event
from fsorch.esl.quoting import display

__all__ = ["Found"]

RINGING = (DialState.PLACED, DialState.RINGING)
# What is heard of answers; that an agent says so follows from the word.
SIGNS = frozenset(Sign) - {Sign.SAID}
# The switch is asked now whether it has the message that names the caller; it has this time to say so.
SAID_S = 0.5


class Found:
    """Takes attempts up again."""

    def __init__(self, core: Core, calls: Calls, dialling: Dialling) -> None:
        self.core = core
        self.calls = calls
        self.dialling = dialling
        self.dials = dialling.dials
        # Those of an earlier life, until their switch has said whether it has them.
        self._open: dict[str, OpenAttempt] = {}
        # When the contact of an attempt was joined to an agent, as the records have it.
        self._talked: dict[str, tuple[int, str]] = {}
        # Those that were handed over: to a queue or, without agents, to the message or the flow.
        self._handed: set[str] = set()
        # How the calls ended that each switch has noted, by leg.
        self.ends: dict[str, dict[str, AwayNote]] = {}
        # When a switch dropped attempts alone, of which the records have not told yet.
        self._noted: dict[str, int] = {}

    def tell(self, input: Recall) -> None:
        """What the records say."""
        # By contact; when the records tell late, agents have gone on with something else.
        wrapping = {shift.contact: shift.agent for shift in input.shifts if shift.wrap_up_began and not input.late}
        for told in input.attempts:
            noted = self._noted.pop(told.row.id, 0)
            known = msgspec.structs.replace(told, dropped_at=told.dropped_at or noted)
            dial = self.dials.dials.get(known.row.id)
            if known.row.ended_at:
                self._settle(known, wrapping.get(known.row.id, ""))
            elif dial is None:
                self._open[known.row.id] = known
            elif known.lead is not None:
                # Taken up without the records, which tell now.
                dial.lead, dial.checks = known.lead, known.row.checks
                dial.outcome = Outcome.DROP if known.dropped_at else dial.outcome
        self._handed.update(contact.row.id for contact in input.contacts if contact.row.id in self._open)
        for contact in input.contacts:
            if contact.row.id in self._open and contact.row.answered_at:
                self._talked[contact.row.id] = contact.row.answered_at, contact.row.agent
        if input.late:
            for switch in [switch.name for switch in self.core.switches.values() if switch.up]:
                self.close(switch, self.core.legs)

    def _settle(self, known: OpenAttempt, agent: str) -> None:
        """The attempt has its end, and its lead none (or it was no lead's): an agent had still to say how it was. One
        who is in the wrap-up after it goes on with that; else what was said is carried out, or the rules are."""
        if known.lead is None and known.row.lead:
            return
        row, dial = known.row, self._of(known.row, known.lead, known.word)
        dial.outcome, dial.cause, dial.ended_at = row.how, row.cause, row.ended_at
        dial.ringing_at, dial.answered_at, dial.bridged_at = row.ringing_at, row.answered_at, row.bridged_at
        dial.contact, dial.served, dial.prompt = row.contact, agent or row.agent, row.prompt
        dial.signs = [Sign(one) for one in row.answer.split() if one in SIGNS]
        if known.lead is None or known.lead.state is not LeadState.CLOSING:
            dial.lead = with_attempt(dial.lead, row)
        if not agent or not self.dialling.reopen(dial, agent):
            self.dialling.settle(dial, dial.said, dial.promised_at, dial.promised_to)

    # -- what a switch has noted --------------------------------------------------------------------------------------

    def noted(self, switch: str, notes: Sequence[DropNote]) -> None:
        """Calls that the switch has dropped alone, and the key some of them pressed. The notes go when that is written
        down; their list is cut short by the switch, so it is asked for once more."""
        for note in notes:
            self._take(switch, note)
        if notes:
            self.core.send(switch, Notes("list", DROPPED), f"notes:{switch}")

    def _take(self, switch: str, note: DropNote) -> None:
        self.core.write_first()
        known, dial = self._open.get(note.attempt), self.dials.dials.get(note.attempt)
        if note.number and dial is not None:
            dial.outcome = Outcome.DROP
        elif note.number and known is not None:
            self._open[note.attempt] = msgspec.structs.replace(known, dropped_at=known.dropped_at or note.at)
        elif note.number:
            self._noted[note.attempt] = note.at
        if note.key:
            said = {"campaign": note.campaign, "lead": note.lead, "number": note.number, "source": "key"}
            self.core.fact(FactKind.DNC_ASKED, note.attempt, switch=switch, **said)
        self.core.send(switch, Notes("delete", DROPPED, note.attempt))

    def answer(self, switch: str, verb: str, id: str, text: str) -> None:
        """The switch's answer: the list of its notes (``notes``), one of them (``note``), the last (``last_note``)."""
        if verb == "notes":
            keys = note_keys(text)
            for key in keys:
                verb = "last_note" if key == keys[-1] else "note"
                self.core.send(switch, Notes("select", DROPPED, key), f"{verb}:{key}")
        elif verb == "last_note":
            self.noted(switch, [drop_note(id, text)])
        elif text.strip():
            self._take(switch, drop_note(id, text))

    def hangs_up(self, switch: str, event: Event) -> None:
        """A call ends. One that the switch dropped alone was a drop, and may have a note of a key by now."""
        attempt = event.variable("fsorch_attempt") if served_alone(event) else None
        if attempt and note_keys(attempt):
            if (dial := self.dials.dials.get(attempt)) is not None:
                dial.outcome = Outcome.DROP
            self.core.send(switch, Notes("select", DROPPED, attempt), f"note:{attempt}")

    # -- after a cut --------------------------------------------------------------------------------------------------

    def renew(self, leg: Leg, event: Event) -> bool:
        """A called party's leg that we know, and that is still there. False: it is a contact's by now, or nobody's."""
        dial = self.core.dials.get(leg.uuid)
        if dial is None:
            return False
        contact = self.core.contacts.get(dial.id)
        if contact is not None and contact.leg == leg.uuid:
            return False
        if dial.machine.state is DialState.CANCELLED:
            self.core.send(leg.switch, Kill(leg.uuid, "ORIGINATOR_CANCEL"), f"kill:{leg.uuid}")
        else:
            self._bring_up(dial, event)
        return True

    def _bring_up(self, dial: Dial, event: Event) -> None:
        """What the leg has come to meanwhile."""
        if event.answer_state == "answered":
            dial.answered_at = dial.answered_at or event.answered_time or self.core.now.wall
            self.dials.step(dial, DialInput.ANSWERED)
        elif event.answer_state in ("ringing", "early") and event.progress_time:
            dial.ringing_at = dial.ringing_at or event.progress_time
            dial.rang = True
            self.dials.step(dial, DialInput.RINGS)

    def unheard(self, leg: Leg, note: AwayNote) -> None:
        """A called party's leg has ended while the link was down, as the switch has noted; what follows from its end
        comes next."""
        dial = self.core.dials.get(leg.uuid)
        if dial is None or dial.machine.state not in (DialState.PLACED, DialState.RINGING):
            if dial is not None:
                dial.ended_at = note.ended_at
            return
        self._as_noted(dial, note)
        if note.answered_at:
            # Nobody of ours was there to listen to them.
            dial.machine = DialMachine(DialState.UP)
            # The switch may have said itself that it was a drop.
            dial.outcome = dial.outcome or _unheard(dial, note)
            if dial.outcome is Outcome.DROP:
                self.dials.dropped(dial)

    def lost(self, leg: Leg, why: str, at: int) -> None:
        """The switch has this leg no more, and nobody knows how it ended; ``why`` and ``at``, where they are known."""
        dial = self.core.dials.get(leg.uuid)
        if dial is not None:
            dial.cause, dial.ended_at = why, at

    def _as_noted(self, dial: Dial, note: AwayNote) -> None:
        dial.ended_at, dial.cause = note.ended_at, note.cause
        dial.answered_at = dial.answered_at or note.answered_at
        dial.bridged_at = dial.bridged_at or note.bridged_at
        if note.rang_at:
            dial.ringing_at, dial.rang = dial.ringing_at or note.rang_at, True
            self.dials.step(dial, DialInput.RINGS)

    # -- of an earlier life -------------------------------------------------------------------------------------------

    def ours(self, event: Event) -> bool:
        """Whether a channel is a called party's that no contact has been made of: one of ours to take up."""
        if event.answer_state == "hangup":
            # Its record is on the way, or was heard already.
            return False
        attempt = event.variable("fsorch_attempt") or ""
        return (
            bool(attempt)
            and not served_alone(event)
            and event.variable("fsorch_role") == "customer"
            and attempt not in self.dials.dials
        )

    def told_alone(self, switch: str, event: Event) -> bool:
        """The switch itself tells who called, for we were not there: a drop. False: that is none of our calls."""
        if not served_alone(event) or not event.variable("fsorch_attempt"):
            return False
        dial = self._dial(switch, event)
        dial.answered_at = event.answered_time or self.core.now.wall
        dial.outcome, dial.prompt, dial.machine = Outcome.DROP, dial.campaign.drop.prompt, DialMachine(DialState.SORRY)
        leg = self.calls.legs.own(switch, event, "customer", dial.id, "")
        # The message goes on by itself, and with it the attempt.
        self.dials.dials[dial.id], self.core.dials[leg.uuid] = dial, dial
        self.core.timers.set(("dial", dial.id), self.core.now.mono + MESSAGE_LIMIT_S)
        self._count(dial)
        return True

    def waits(self, event: Event) -> bool:
        """Whether its customer had been handed over: in a queue or in a flow."""
        handed = event.variable("fsorch_enqueued") or event.variable("fsorch_place")
        return event.answer_state == "answered" and bool(handed)

    def take_up(self, switch: str, event: Event) -> None:
        """A call that rings, or was answered while nobody looked."""
        dial = self._dial(switch, event)
        leg = self.calls.legs.own(switch, event, "customer", dial.id, "")
        self.dials.dials[dial.id], self.core.dials[leg.uuid] = dial, dial
        self._count(dial)
        self.dials.look(dial)
        if event.variable("fsorch_machine"):
            dial.machine = DialMachine(DialState.MACHINE)
            self.core.timers.set(("dial", dial.id), self.core.now.mono + MESSAGE_LIMIT_S / 4)
            return
        left = dial.wait_s + GRACE_S - (self.core.now.wall - dial.launched_at) / US
        self.core.timers.set(("dial", dial.id), self.core.now.mono + max(GRACE_S, left))
        self._bring_up(dial, event)

    def behind(self, attempt: str, agent: str) -> Contact | None:
        """The contact of a call that was taken up and rings, for the agent whose phone was picked up before it was
        placed. None: it has been answered by now."""
        dial = self.dials.dials.get(attempt)
        if dial is None or attempt in self.core.contacts or dial.machine.state not in RINGING:
            return None
        dial.agent = agent
        return self.dials.behind_agent(dial)

    def follow(self, switch: str, event: Event) -> None:
        """A contact that was taken back is an attempt: it is accounted to its end, and dropped in time if it waits."""
        id = event.variable("fsorch_attempt") or ""
        contact = self.core.contacts.get(id)
        if contact is None or id in self.dials.dials:
            return
        dial = self._dial(switch, event)
        contact.direction, contact.priority, contact.admitted = "outbound", FIRST, True
        # The switch names the two ends of such a call the other way round.
        contact.number, contact.name, contact.destination = dial.number, display(dial.lead.name, 128), dial.caller_id
        dial.contact, dial.leg = id, event.uuid
        dial.answered_at = event.answered_time or self.core.now.wall
        talking = event.other_leg or dial.campaign.mode is Mode.AGENTLESS
        dial.machine = DialMachine(DialState.TALKING if talking else DialState.HANDED)
        self.dials.dials[id], self.core.dials[event.uuid] = dial, dial
        self._count(dial)
        self.dials.look(dial)
        if talking:
            at, agent = self._talked.pop(id, (event.bridged_time, event.variable("fsorch_agent") or ""))
            dial.bridged_at, dial.served = at or self.core.now.wall, agent
            self.dials.served_by(dial)
        else:
            waited = (self.core.now.wall - dial.answered_at) / US
            self.core.timers.set(("dial", id), self.core.now.mono + max(SAID_S, dial.drop_s - waited))
            if contact.machine.state is ContactState.WAITING and contact.need is not None:
                self.calls.rejoin(contact)

    def _dial(self, switch: str, event: Event) -> Dial:
        """The attempt of a channel, by the records where they know it, else by its marks."""
        id = event.variable("fsorch_attempt") or ""
        known = self._open.pop(id, None)
        row = known.row if known is not None else _marked(event, id, self.core.now.wall)
        dial = self._of(row, known.lead if known is not None else None, known.word if known is not None else None)
        if known is not None and known.dropped_at:
            dial.outcome, dial.prompt = Outcome.DROP, dial.campaign.drop.prompt
        dial.switch, dial.leg = switch, event.uuid
        dial.gateway = event.variable("fsorch_gateway") or row.gateway
        return dial

    def _of(self, row: AttemptRow, lead: Lead | None, word: SaidWord | None) -> Dial:
        campaign = next((one for one in self.core.centre.campaigns if one.id == row.campaign), None)
        campaign = campaign or CampaignSpec(id=row.campaign or "gone", mode=Mode.AGENTLESS)
        age_s = max(0.0, (self.core.now.wall - row.launched_at) / US)
        # What was said before words were written down by themselves stands in the row alone.
        word = word or SaidWord(disposition=row.disposition, note=row.note, answers=row.answers)
        said = next((one for one in words_of(campaign, self.core.centre) if one.id == word.disposition), None)
        return Dial(
            id=row.id,
            campaign=campaign,
            lead=lead or Lead(id=row.lead, list=row.list, numbers=(LeadNumber(number=row.number),)),
            number=row.number,
            switch=row.switch,
            launched_at=row.launched_at,
            since=self.core.now.mono - age_s,
            agent="",
            leg=row.leg,
            gateway=row.gateway,
            ring_s=self.dialling.checks.of(campaign).ring_s,
            least_ring_s=self.dialling.checks.of(campaign).least_ring_s,
            drop_s=self.dialling.checks.of(campaign).drop_s,
            caller_id=row.caller_id,
            caller_name=row.caller_name,
            pack=row.pack,
            checks=row.checks,
            owed=lead is not None and self.dialling.owed(lead),
            disposition=word.disposition,
            note=word.note,
            answers=word.answers,
            said=said,
            promised_at=word.promised_at,
            promised_to=word.promised_to,
        )

    def _count(self, dial: Dial) -> None:
        """It holds a line of its campaign and of its gateway."""
        run = self.dialling.runs.get(dial.campaign.id)
        if run is not None:
            run.lines += 1
        self.dialling.ways.hold(dial)

    def close(self, switch: str, present: Container[str]) -> None:
        """The attempts that this switch has not: their end is written down as far as it is known."""
        for known in [known for known in self._open.values() if known.row.switch == switch]:
            del self._open[known.row.id]
            dial = self._of(known.row, known.lead, known.word)
            at, agent = self._talked.pop(known.row.id, (0, ""))
            dial.bridged_at, dial.served = at, agent
            self.dials.served_by(dial)
            dial.answered_at = at
            dial.contact = known.row.id if at else ""
            dial.outcome = Outcome.LIVE if at else Outcome.LOST
            note = self.ends.get(switch, {}).get(known.row.leg)
            if note is not None:
                self._end_as_noted(dial, note)
            if known.dropped_at:
                dial.outcome, dial.answered_at = Outcome.DROP, dial.answered_at or known.dropped_at
                dial.contact, dial.prompt = known.row.id, dial.campaign.drop.prompt
            dial.ended_at = dial.ended_at or self.core.now.wall
            self._close_leg(known.row, note, lost=not at and known.row.leg not in present)
            self._handed.discard(known.row.id)
            self._count(dial)
            self.dialling.ended(dial)

    def _end_as_noted(self, dial: Dial, note: AwayNote) -> None:
        """What came of a call of an earlier life, as the switch tells of its end."""
        self._as_noted(dial, note)
        handed = dial.id in self._handed
        if dial.bridged_at or (handed and dial.campaign.mode is Mode.AGENTLESS):
            dial.outcome = Outcome.LIVE
        else:
            dial.outcome = _unheard(dial, note) if note.answered_at else self.dials.judge(dial, note.cause)
        dial.contact = dial.id if handed else dial.contact

    def _close_leg(self, row: AttemptRow, note: AwayNote | None, *, lost: bool) -> None:
        """The CDR of its leg, unless its contact's end has brought it. ``lost``: nobody knows of that end."""
        if self.calls.legs.has_ended(row.leg):
            return
        if note is not None:
            self.calls.legs.told(noted_leg(note, _leg(row)))
        elif lost:
            self.calls.records.leg_lost(_leg(row), self.core.now.wall)


def _unheard(dial: Dial, note: AwayNote) -> Outcome:
    """How a call went that somebody answered while fsorch was away: if nobody was there in time, it was a drop."""
    if note.bridged_at:
        return Outcome.LIVE
    return Outcome.DROP if note.ended_at - note.answered_at > dial.drop_s * US else Outcome.HUNG_UP


def _marked(event: Event, id: str, now: int) -> AttemptRow:
    """An attempt as its leg's marks tell it."""
    return AttemptRow(
        id=id,
        campaign=event.variable("fsorch_campaign") or "",
        lead=event.variable("fsorch_lead") or "",
        number=event.variable("fsorch_number") or event.destination,
        launched_at=event.created_time or now,
        leg=event.uuid,
    )


def _leg(row: AttemptRow) -> LegRow:
    return LegRow(
        id=row.leg,
        contact=row.id,
        switch=row.switch,
        direction="outbound",
        number=row.caller_id,
        destination=row.number,
        created_at=row.launched_at,
    )
