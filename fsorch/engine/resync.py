"""After a link came up: what the switch has is the truth, and the engine's state follows it.

The channels carry our marks (``fsorch_contact``, ``fsorch_role``, ...), so the switch is the second copy of the
state. Legs that are gone are ended, legs that we know are brought up to date, callers of an earlier life of ours are
taken back with the place and the enqueue time they had, pairs that talk are put into talk, and agent legs that serve
nobody are hung up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

from fsorch.acd import ContactInput, ContactState, OfferInput
from fsorch.acd.line import LineInput
from fsorch.engine.away import Away
from fsorch.engine.away_notes import AwayNote
from fsorch.engine.calls import Calls
from fsorch.engine.confirming import confirmed
from fsorch.engine.core import Core
from fsorch.engine.cuts import Cuts
from fsorch.engine.dialling_recall import Found
from fsorch.engine.ears import WATCHER
from fsorch.engine.facts import FactKind
from fsorch.engine.guards import served_alone
from fsorch.engine.inputs import LinkDown, LinkUp, Recall
from fsorch.engine.music import Music, busy, playing
from fsorch.engine.offers import Offers
from fsorch.engine.people import MUTED
from fsorch.engine.recalled import Recalled
from fsorch.engine.records import Records
from fsorch.engine.state import Contact, Leg, Switch
from fsorch.esl.commands import Kill, Park
from fsorch.esl.events import Event

__all__ = ["Resync"]


# The cause of contacts that a switch took with it.
RESTARTED = "SWITCH_RESTARTED"
# What becomes of a stranger: taken up, hung up, or left to whoever has it.
ADOPTED, CLEARED, LEFT = "adopted", "cleared", "left"


class Resync:
    """Brings contacts and legs in line with a switch's channels."""

    def __init__(self, core: Core, records: Records, calls: Calls, offers: Offers, music: Music) -> None:
        self.core = core
        self.records = records
        self.calls = calls
        self.offers = offers
        self.music = music
        self.cuts = Cuts(core, calls.people, calls.waiting)
        self.recalled = Recalled(core, records, calls, offers, music, self.cuts)
        self.away = Away(core, calls.legs)
        # The attempts of campaigns; see Found.
        self.found: Found

    def link_down(self, input: LinkDown) -> None:
        """Calls go on without us; nothing is offered on this switch until the link is back."""
        switch = self.core.switches.setdefault(input.switch, Switch(input.switch))
        if switch.up:
            switch.up, switch.since = False, self.core.now.wall
            self.core.fact(FactKind.LINK_DOWN, switch=input.switch, reason=input.reason)
            self.calls.people.phones.link_down(input.switch)
            self.cuts.link_down(input.switch)

    def link_up(self, input: LinkUp) -> None:
        """See the module."""
        core = self.core
        switch = core.switches.setdefault(input.switch, Switch(input.switch))
        restarted = bool(switch.core_uuid) and switch.core_uuid != input.core_uuid
        # Whatever it had ended when it was last heard of, or a little later.
        lost_at = switch.since if restarted and not switch.up else core.now.wall if restarted else 0
        switch.up, switch.since, switch.core_uuid = True, core.now.wall, input.core_uuid
        switch.sounds_dir = input.sounds_dir or switch.sounds_dir
        core.fact(FactKind.LINK_UP, switch=input.switch, core_uuid=input.core_uuid)
        self.found.noted(input.switch, input.notes)
        ends = self._noted(input)
        # The notes were read after the channels: a call that is in both is over.
        present = {event.uuid: event for event in input.channels if event.uuid not in ends}
        gone = [leg for leg in core.legs.values() if leg.switch == input.switch and leg.uuid not in present]
        # Callers first whose end is known: it ends their talk. Then agents' legs: a caller who is gone with his partner
        # was served, and the agent goes to wrap-up.
        for leg in sorted(gone, key=lambda leg: 2 - 2 * _ends_talk(leg, ends) - (leg.role == "agent")):
            if leg.uuid in ends:
                self.found.unheard(leg, ends[leg.uuid])
                self.calls.noted(leg, ends[leg.uuid])
            else:
                self.found.lost(leg, RESTARTED if restarted else "", lost_at)
                self.calls.lose(leg, RESTARTED if restarted else "", lost_at)
        strangers = [event for event in present.values() if event.uuid not in core.legs]
        # Agents' legs first here too: a caller who was joined to one meanwhile talks, and wants no music.
        for leg in sorted(core.legs.values(), key=lambda leg: leg.role != "agent"):
            if leg.uuid in present:
                self._renew(leg, present[leg.uuid], present)
        core.distributor.look_again()
        fates = self._strangers(input.switch, strangers, present)
        self.recalled.close(input.switch, present)
        self.found.close(input.switch, present)
        self.cuts.link_up(input.switch)
        self.calls.people.phones.link_up(input)
        core.fact(
            FactKind.RESYNCED,
            switch=input.switch,
            channels=len(present),
            ended=len(gone),
            adopted=fates[ADOPTED],
            cleared=fates[CLEARED],
        )

    def give_up(self, input: Recall) -> None:
        """What went on in an earlier life at switches that are no longer in the settings: no link will tell of it."""
        rows = [*(one.row.switch for one in input.contacts), *(one.row.switch for one in input.attempts)]
        known = dict.fromkeys((*rows, *(leg.switch for leg in input.legs)))
        for switch in [one for one in known if one and input.switches and one not in input.switches]:
            self.recalled.close(switch, ())
            self.found.close(switch, ())

    def _noted(self, input: LinkUp) -> dict[str, AwayNote]:
        """What the switch has noted of calls that are over; of those that we had, by their legs."""
        known = {leg for leg in self.core.legs if self.core.legs[leg].switch == input.switch}
        ends = {note.leg: note for note in input.calls if note.began_at}
        known.update(filter(self.recalled.knows, ends))
        # The records may come late, and say then whose the others are.
        self.recalled.ends[input.switch], self.found.ends[input.switch] = ends, dict(ends)
        self.away.noted(input.switch, input.calls, known=frozenset(known))
        return ends

    def _renew(self, leg: Leg, event: Event, present: dict[str, Event]) -> None:
        if self.found.renew(leg, event):
            return
        if leg.role == "agent" and self.cuts.back(leg, event.other_leg):
            return
        contact = self.core.contacts.get(leg.contact)
        if leg.role == "customer" and served_alone(event):
            if contact is not None and contact.leg == leg.uuid:
                self.calls.guards.let_go(contact)
        elif leg.standing and not confirmed(event):
            # It rings still.
            return
        elif leg.standing and leg.uuid in self.core.watches:
            self.calls.supervising.renew(leg)
        elif leg.standing and contact is None:
            self.calls.people.lines.heard(leg, LineInput.PARKED)
            if event.variable(MUTED):
                self.calls.people.heard_again(leg)
        elif contact is None:
            self.core.send(leg.switch, Kill(leg.uuid, "NORMAL_CLEARING"), f"kill:{leg.uuid}")
        elif leg.role == "agent":
            self._renew_agent(leg, contact, event)
        elif contact.leg == leg.uuid:
            self._renew_caller(contact, event, present)
        elif not self.calls.transfers.renew(contact, leg, event) and event.answer_state == "answered":
            self.calls.callbacks.answered(leg)

    def _renew_caller(self, contact: Contact, event: Event, present: dict[str, Event]) -> None:
        state = contact.machine.state
        if contact.guarded:
            self.calls.guards.arm(contact)
        if event.answer_state == "answered" and state is ContactState.ARRIVED:
            self.calls.event(contact.switch, _as(event, "CHANNEL_ANSWER"))
        elif state is ContactState.FLOW:
            self.calls.flows.ask_again(contact)
        elif state is ContactState.ASIDE and contact.sent_to:
            self.calls.endings.renew(contact, event, busy(event))
        elif state is ContactState.ASIDE:
            self.calls.voicemail.renew(contact, event)
        elif state in (ContactState.WAITING, ContactState.OFFERED):
            contact.saying = ""
            if not playing(event) and event.other_leg not in present:
                self.music.play(contact)

    def _renew_agent(self, leg: Leg, contact: Contact, event: Event) -> None:
        # A contact whose lead is called after the agent has no leg yet, and a phone that rings is joined to none.
        offer, joined = self.core.offers.get(leg.offer), bool(contact.leg) and event.other_leg == contact.leg
        if offer is not None:
            if joined:
                self.calls.transfers.bridged(contact, (contact.leg, leg.uuid))
                contact.joined_at = event.bridged_time
                self.offers.step(offer, OfferInput.BRIDGED)
                contact.joined_at = 0
            elif confirmed(event):
                if leg.standing:
                    self.calls.people.lines.heard(leg, LineInput.PARKED)
                self.offers.step(offer, OfferInput.ANSWERED)
        elif self.calls.transfers.renew(contact, leg, event):
            return
        elif contact.agent_leg != leg.uuid and not (joined and self._reunite(contact, leg)):
            # The offer was given up while the link was down: a phone that rings, or waits for nobody.
            self.core.send(leg.switch, Kill(leg.uuid, "NORMAL_CLEARING"), f"kill:{leg.uuid}")

    def _reunite(self, contact: Contact, leg: Leg, offer: str = "") -> bool:
        """The switch has joined caller and agent though we gave the offer up, or began anew: they talk."""
        core = self.core
        person = core.people.get(leg.agent)
        if person is None or (person.contact and not person.offer):
            return False
        self.offers.withdraw_all(contact)
        if (other := core.offers.get(person.offer)) is not None:
            self.offers.step(other, OfferInput.WITHDRAW)
        if contact.machine.state is not ContactState.WAITING:
            return False
        self.calls.people.wrap_up_over(leg.agent)
        core.distributor.leave(contact.id)
        contact.machine.step(ContactInput.OFFER)
        contact.agent, person.contact = leg.agent, contact.id
        self.offers.restore(contact, person, leg, offer)
        return True

    def _strangers(self, switch: str, events: list[Event], present: dict[str, Event]) -> Counter[str]:
        """Channels of an earlier life: callers first, then the agents' legs that talk to them; the rest is cleared. How
        many came to what."""
        self.calls.transfers.mend(switch, events)
        callers = sorted(events, key=lambda event: event.variable("fsorch_enqueued") or "")
        fates = Counter(self._caller(switch, event, present) for event in callers)
        # Who talks to a caller comes before the phones that ring on for the same one, and are not wanted any more.
        phones = sorted(events, key=lambda event: event.other_leg not in present)
        phones = [event for event in phones if event.variable("fsorch_role") in ("agent", "other")]
        fates.update(self._phone(switch, event) for event in phones if not event.variable(WATCHER))
        self.recalled.line_up()
        # Who hears a talk comes when all talks are known.
        fates.update(self._listener(switch, event) for event in phones if event.variable(WATCHER))
        return fates

    def _caller(self, switch: str, event: Event, present: dict[str, Event]) -> str:
        """A stranger who may be a caller, or called by a campaign or back: what became of them."""
        if self.found.told_alone(switch, event):
            return ADOPTED
        if self.found.ours(event) and not (self.found.waits(event) or self.recalled.talks(event, present)):
            self.found.take_up(switch, event)
            self._wait_behind(event.variable("fsorch_attempt") or "", present)
            return ADOPTED
        if _dialled(event):
            # A callback's phone that rings: the promise stands, and it is called anew.
            return self._clear(switch, event, "ORIGINATOR_CANCEL")
        if served_alone(event):
            self.recalled.left_to_dialplan(switch, event)
            return LEFT
        if self.recalled.id_of(event):
            self.recalled.take_back(switch, event, event.other_leg in present)
            self.found.follow(switch, event)
            return ADOPTED
        if _untaken(event):
            self.calls.arrive(switch, event)
            return ADOPTED
        return LEFT

    def _wait_behind(self, attempt: str, present: dict[str, Event]) -> None:
        """Where the agent's own phone came first, it goes on waiting for the call that was taken up."""
        for event in present.values():
            theirs = event.variable("fsorch_role") == "agent" and event.variable("fsorch_contact") == attempt
            if theirs and confirmed(event) and event.answer_state == "answered":
                contact = self.found.behind(attempt, event.variable("fsorch_agent") or "")
                if contact is not None:
                    self.recalled.waits_behind(contact)
                return

    def _phone(self, switch: str, event: Event) -> str:
        if self._pair(switch, event) or self._standing(switch, event):
            return ADOPTED
        return self._clear(switch, event)

    def _listener(self, switch: str, event: Event) -> str:
        if self.calls.supervising.take_up(switch, event) or self._standing(switch, event):
            return ADOPTED
        return self._clear(switch, event)

    def _clear(self, switch: str, event: Event, cause: str = "NORMAL_CLEARING") -> str:
        """A phone that serves nobody is hung up."""
        self.core.send(switch, Kill(event.uuid, cause), f"kill:{event.uuid}")
        self.recalled.cleared.add(event.uuid)
        return CLEARED

    def _standing(self, switch: str, event: Event) -> bool:
        """An agent's standing call of an earlier life that serves no caller; who was talked to is let go."""
        if not event.variable("fsorch_line") or not confirmed(event):
            return False
        if event.other_leg:
            self.core.send(switch, Park(event.uuid), f"part:{event.uuid}")
        leg = self.calls.legs.own(switch, event, "agent", "", event.variable("fsorch_agent") or "")
        adopted = self.calls.people.lines.adopt(leg)
        if adopted and event.variable(MUTED):
            self.calls.people.heard_again(leg)
        if adopted and event.variable(WATCHER):
            self.calls.supervising.ears.hush(leg)
        return adopted

    def _pair(self, switch: str, event: Event) -> bool:
        """An agent's leg of an earlier life that is bridged to a caller we have taken back, or rings for one."""
        contact = self.core.contacts.get(event.variable("fsorch_contact") or "")
        if contact is None:
            return False
        if not contact.leg or event.other_leg != contact.leg:
            return self.recalled.offer(switch, contact, event)
        leg = self.calls.legs.own(switch, event, "agent", contact.id, event.variable("fsorch_agent") or "")
        if not self.recalled.pair(contact, leg, event):
            contact.answered_at = contact.answered_at or event.bridged_time
            if not self._reunite(contact, leg, event.variable("fsorch_offer") or ""):
                return False
            self.recalled.talked_since(contact, leg, event.bridged_time)
        if event.variable("fsorch_line"):
            self.calls.people.lines.resume(leg)
        contact.muted = bool(event.variable(MUTED))
        return True


def _ends_talk(leg: Leg, ends: Container[str]) -> bool:
    return leg.role == "customer" and leg.uuid in ends


def _as(event: Event, name: str) -> Event:
    event.name = name
    return event


def _dialled(event: Event) -> bool:
    ours = event.variable("fsorch_role") == "customer" and event.direction == "outbound"
    return ours and event.answer_state != "answered"


def _untaken(event: Event) -> bool:
    """Parked for us while we were away, and nobody has taken it yet."""
    marked = event.variable("fsorch_entry") or event.variable("fsorch_flow") or event.variable("fsorch_queue")
    taken = event.variable("fsorch_contact") or event.variable("fsorch_fallback")
    parked = event.variable("current_application") == "park"
    return bool(marked) and not taken and parked and event.direction == "inbound"
