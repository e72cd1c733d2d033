"""After a link came up: what the switch has is the truth, and the engine's state follows it.

The channels carry our marks (``fsorch_contact``, ``fsorch_role``, ...), so the switch is the second copy of the
state. Legs that are gone are ended, legs that we know are brought up to date, callers of an earlier life of ours are
taken back with the place and the enqueue time they had, pairs that talk are put into talk, and agent legs that serve
nobody are hung up.
"""

from __future__ import annotations

from fsorch.acd import ContactInput, ContactState, OfferInput
from fsorch.engine.calls import Calls
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import LinkDown, LinkUp
from fsorch.engine.music import Music
from fsorch.engine.offers import Offers
from fsorch.engine.records import Records
from fsorch.engine.state import Contact, Leg, Switch
from fsorch.engine.views import KeyedAnswer
from fsorch.esl.commands import Kill
from fsorch.esl.events import Event
from fsorch.names import SegmentKind

__all__ = ["Resync"]


class Resync:
    """Brings contacts and legs in line with a switch's channels."""

    def __init__(self, core: Core, records: Records, calls: Calls, offers: Offers, music: Music) -> None:
        self.core = core
        self.records = records
        self.calls = calls
        self.offers = offers
        self.music = music

    def link_down(self, input: LinkDown) -> None:
        """Calls go on without us; nothing is offered on this switch until the link is back."""
        switch = self.core.switches.setdefault(input.switch, Switch(input.switch))
        if switch.up:
            switch.up, switch.since = False, self.core.now.wall
            self.core.fact(FactKind.LINK_DOWN, switch=input.switch, reason=input.reason)

    def link_up(self, input: LinkUp) -> None:
        """See the module."""
        core = self.core
        switch = core.switches.setdefault(input.switch, Switch(input.switch))
        switch.up, switch.since, switch.core_uuid = True, core.now.wall, input.core_uuid
        switch.sounds_dir = input.sounds_dir or switch.sounds_dir
        core.fact(FactKind.LINK_UP, switch=input.switch, core_uuid=input.core_uuid)
        present = {event.uuid: event for event in input.channels}
        gone = [leg for leg in core.legs.values() if leg.switch == input.switch and leg.uuid not in present]
        # Agents' legs first: a caller whose partner and who himself are gone was served, and the agent goes to wrap-up.
        for leg in sorted(gone, key=lambda leg: leg.role != "agent"):
            self.calls.lose(leg)
        strangers = [event for event in present.values() if event.uuid not in core.legs]
        for leg in [leg for leg in core.legs.values() if leg.uuid in present]:
            self._renew(leg, present[leg.uuid], present)
        core.distributor.look_again()
        adopted, cleared = self._strangers(input.switch, strangers, present)
        self._close_recalled(input.switch)
        core.fact(
            FactKind.RESYNCED,
            switch=input.switch,
            channels=len(present),
            ended=len(gone),
            adopted=adopted,
            cleared=cleared,
        )

    def _renew(self, leg: Leg, event: Event, present: dict[str, Event]) -> None:
        contact = self.core.contacts.get(leg.contact)
        if contact is None:
            self.core.send(leg.switch, Kill(leg.uuid, "NORMAL_CLEARING"), f"kill:{leg.uuid}")
            return
        if leg.role == "agent":
            self._renew_agent(leg, contact, event)
            return
        state = contact.machine.state
        if event.answer_state == "answered" and state is ContactState.ARRIVED:
            self.calls.event(leg.switch, _as(event, "CHANNEL_ANSWER"))
        elif state is ContactState.FLOW:
            self.calls.ask_again(contact)
        elif state in (ContactState.WAITING, ContactState.OFFERED) and not _playing(event):
            self.music.play(contact)

    def _renew_agent(self, leg: Leg, contact: Contact, event: Event) -> None:
        offer, joined = self.core.offers.get(leg.offer), event.other_leg == contact.leg
        if offer is not None:
            if joined:
                self.offers.step(offer, OfferInput.BRIDGED)
            elif event.answer_state == "answered":
                self.offers.step(offer, OfferInput.ANSWERED)
        elif contact.agent_leg != leg.uuid and not (joined and self._reunite(contact, leg)):
            # The offer was given up while the link was down: a phone that rings, or waits for nobody.
            self.core.send(leg.switch, Kill(leg.uuid, "NORMAL_CLEARING"), f"kill:{leg.uuid}")

    def _reunite(self, contact: Contact, leg: Leg) -> bool:
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
        self.offers.restore(contact, person, leg)
        return True

    def _strangers(self, switch: str, events: list[Event], present: dict[str, Event]) -> tuple[int, int]:
        """Channels of an earlier life: callers first, then the agents' legs that talk to them; the rest is cleared."""
        adopted = cleared = 0
        for event in sorted(events, key=lambda event: event.variable("fsorch_enqueued") or ""):
            if event.variable("fsorch_role") == "customer" and event.variable("fsorch_contact"):
                self._take_back(switch, event, event.other_leg in present)
                adopted += 1
            elif _untaken(event):
                self.calls.arrive(switch, event)
                adopted += 1
        for event in events:
            if event.variable("fsorch_role") != "agent":
                continue
            if self._pair(switch, event):
                adopted += 1
            else:
                self.core.send(switch, Kill(event.uuid, "NORMAL_CLEARING"), f"kill:{event.uuid}")
                cleared += 1
        return adopted, cleared

    def _take_back(self, switch: str, event: Event, joined: bool) -> None:
        """A caller of an earlier life: into the queue with the place they had, or through the flow again; ``joined`` to
        a leg that is there, they talk."""
        core = self.core
        contact = self.calls.adopt(switch, event, event.variable("fsorch_contact") or core.ids(), _began(event, core))
        contact.flow = event.variable("fsorch_flow") or core.centre.flow
        queue, enqueued = event.variable("fsorch_queue") or "", event.variable("fsorch_enqueued") or ""
        if queue in core.queues and enqueued.isascii() and enqueued.isdigit() and len(enqueued) < 18:
            contact.queue, contact.enqueued_at = queue, min(int(enqueued), core.now.wall)
        self.records.contact_began(contact)
        self._remember(contact)
        if contact.queue and joined:
            # Talking: the agent's leg, which follows, makes the pair whole.
            contact.machine.step(ContactInput.QUEUE)
            return
        if contact.queue:
            self.calls.step(contact, ContactInput.QUEUE)
        else:
            self.records.begin(contact, SegmentKind.IVR)
            if contact.flow in core.flows or core.queues:
                self.calls.step(contact, ContactInput.ANSWERED)
        self._since(contact, contact.enqueued_at or contact.began_at)

    def _remember(self, contact: Contact) -> None:
        known = self.core.recalled.get(contact.id)
        if known is None:
            return
        contact.segments, contact.talked_us, contact.held_us = known.segments, known.row.talked_us, known.row.held_us
        contact.offers, contact.misses = known.row.offers, known.row.misses
        pairs = ((key.partition(":")[2], digits) for key, digits in known.row.answers.items())
        contact.answers = [KeyedAnswer(prompt, digits) for prompt, digits in pairs]

    def _since(self, contact: Contact, at: int) -> None:
        """The open stretch began before this life of ours, where the last one that was written down ends."""
        known = self.core.recalled.get(contact.id)
        if contact.segment is not None and at:
            contact.segment.began_at = max(at, known.segmented_at if known else 0)

    def _close_recalled(self, switch: str) -> None:
        """Contacts and legs of an earlier life that this switch has no more: what is known of them is their record."""
        core = self.core
        for known in [known for known in core.recalled.values() if known.row.switch == switch]:
            del core.recalled[known.row.id]
            for row in known.legs:
                if row.id not in core.legs:
                    self.records.leg_lost(row, known.row.ended_at)
            if known.row.id not in core.contacts:
                self.records.contact_lost(known.row)

    def _pair(self, switch: str, event: Event) -> bool:
        """An agent's leg of an earlier life that is bridged to a caller we have taken back."""
        contact = self.core.contacts.get(event.variable("fsorch_contact") or "")
        if contact is None or event.other_leg != contact.leg:
            return False
        contact.answered_at = event.bridged_time
        leg = self.calls.own_leg(switch, event, "agent", contact.id, event.variable("fsorch_agent") or "")
        if not self._reunite(contact, leg):
            return False
        self._since(contact, event.bridged_time)
        return True


def _as(event: Event, name: str) -> Event:
    event.name = name
    return event


def _playing(event: Event) -> bool:
    """The last application keeps its name when it is over, but has a response then."""
    application, response = event.variable("current_application"), event.variable("current_application_response")
    return application == "playback" and not response


def _untaken(event: Event) -> bool:
    """Parked for us while we were away, and nobody has taken it yet."""
    marked = event.variable("fsorch_entry") or event.variable("fsorch_flow") or event.variable("fsorch_queue")
    taken = event.variable("fsorch_contact") or event.variable("fsorch_fallback")
    parked = event.variable("current_application") == "park"
    return bool(marked) and not taken and parked and event.direction == "inbound"


def _began(event: Event, core: Core) -> int:
    return event.created_time or core.now.wall
