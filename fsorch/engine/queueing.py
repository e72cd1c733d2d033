"""Into the line of a queue, back into it, and out of it: what that means for the records, the music and the place."""

from __future__ import annotations

from fsorch.acd import ContactState
from fsorch.demands import written
from fsorch.engine.called_again import CalledAgain
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.flows import Flows
from fsorch.engine.guards import Guards
from fsorch.engine.music import Music
from fsorch.engine.offers import Offers
from fsorch.engine.records import Records
from fsorch.engine.relations import Relations
from fsorch.engine.state import Contact
from fsorch.engine.waiting import Waiting
from fsorch.esl.commands import SetVars
from fsorch.names import SegmentKind

__all__ = ["STOOD", "Queueing"]

# Since when a caller stands in line this time, an offer or a talk after the enqueue time left out: what a restart of
# ours needs that cannot ask the records.
STOOD = "fsorch_since"


class Queueing:
    """Carries out what the contact machine decides about lines."""

    def __init__(self, core: Core, records: Records, music: Music, offers: Offers, guards: Guards) -> None:
        self.core = core
        self.records = records
        self.music = music
        self.offers = offers
        self.guards = guards
        # They lead to lines as well, and so are made later.
        self.waiting: Waiting
        self.flows: Flows
        self.relations: Relations
        self.again: CalledAgain

    def join(self, contact: Contact) -> None:
        """Into the line of the contact's queue, unless that takes nobody now."""
        core = self.core
        self.flows.leave(contact)
        stood_at, contact.stood_at = contact.stood_at or core.now.wall, 0
        if not self.waiting.admission.admit(contact):
            return
        again = bool(contact.enqueued_at)
        contact.enqueued_at = contact.enqueued_at or self.waiting.place(contact)
        # A caller of an earlier life of ours has waited before this monotonic clock knew of it.
        contact.since = core.now.mono - (core.now.wall - contact.enqueued_at) / 1_000_000
        if not again:
            core.queues[contact.queue].queued += 1
        place = [("fsorch_queue", contact.queue), ("fsorch_enqueued", str(contact.enqueued_at))]
        place.append((STOOD, str(stood_at)))
        if contact.tenant:
            place.append(("fsorch_tenant", contact.tenant))
        if contact.skills:
            place.append(("fsorch_skills", written(contact.skills)))
        if contact.leg:
            core.send(contact.switch, SetVars(contact.leg, (*place, ("fsorch_priority", str(contact.priority)))))
        self.wait(contact, again)
        if not contact.music_kept:
            self.music.play(contact)
        contact.music_kept = False

    def wait(self, contact: Contact, again: bool) -> None:
        """The contact stands in line; ``again``: where it has stood before."""
        contact.left_line_at = 0
        self.again.waits(contact)
        if not contact.guarded:
            self.guards.arm(contact)
        self.waiting.begin(contact)
        self.rejoin(contact)
        self.records.begin(contact, SegmentKind.QUEUE, queue=contact.queue)
        position = self.core.distributor.position(contact.id)
        self.core.fact(
            FactKind.CONTACT_QUEUED,
            contact,
            leg=contact.leg,
            position=position,
            enqueued_at=contact.enqueued_at,
            again=again,
        )
        self.relations.joined(contact)
        self.waiting.joined(contact, position)

    def rejoin(self, contact: Contact) -> None:
        """The need of a waiting contact anew."""
        contact.need = self.relations.bonded(contact, self.waiting.need(contact))
        self.core.distributor.join(contact.need)

    def renew(self) -> None:
        """The centre has changed: what queues and tiers ask for and are worth holds for those who wait already."""
        for contact in self.core.contacts.values():
            old = contact.need
            if contact.machine.state is not ContactState.WAITING or old is None or contact.aim is not None:
                continue
            need = self.relations.bonded(contact, self.waiting.need(contact))
            if need != old:
                contact.need = need
                self.core.distributor.join(need)

    def go_back(self, contact: Contact) -> None:
        """No agent took the contact that was offered: back to its place."""
        self.wait(contact, True)
        if contact.leg:
            self.core.send(contact.switch, SetVars(contact.leg, ((STOOD, str(self.core.now.wall)),)))
        if not contact.running:
            self.music.play(contact)

    def leave_line(self, contact: Contact) -> None:
        """The contact does something else, and its wait is remembered."""
        contact.left_line_at = self.core.now.wall
        self.core.distributor.leave(contact.id)
        self.waiting.pause(contact)
        self.records.end(contact)

    def withdraw_and_leave_line(self, contact: Contact) -> None:
        """The same, out of an offer."""
        contact.left_line_at = self.core.now.wall
        self.offers.withdraw_all(contact)
        self.waiting.pause(contact)
        self.records.end(contact)
