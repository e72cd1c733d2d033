"""The legs of calls: known from their first event to their hangup record, and killed when they outlive their use."""

from __future__ import annotations

from collections import OrderedDict

from fsorch.engine.away_notes import AwayNote, noted_leg
from fsorch.engine.core import Core
from fsorch.engine.offers import HANGUP_GRACE_S
from fsorch.engine.people import People
from fsorch.engine.records import Records, row_of
from fsorch.engine.rows import LegRow
from fsorch.engine.state import Leg
from fsorch.engine.supervising import Supervising
from fsorch.esl.commands import Kill
from fsorch.esl.events import Event

__all__ = ["Legs"]

# A leg may outlive this many kills before it is left to the next resync.
KILLS = 5
# Ids of legs that ended, so that a repeated hangup record is not taken for a new leg.
REMEMBERED = 20_000


class Legs:
    """Owns legs, and lets go of them: each leaves one CDR."""

    def __init__(self, core: Core, records: Records, people: People, supervising: Supervising) -> None:
        self.core = core
        self.records = records
        self.people = people
        self.supervising = supervising
        self._ended: OrderedDict[str, None] = OrderedDict()
        # Legs that nobody knew of, and whose CDR was made of the switch's note; their last event may follow it.
        self.noted_legs: set[str] = set()

    def has_ended(self, uuid: str) -> bool:
        """Whether a leg with this id was here, not long ago, and is over."""
        return uuid in self._ended

    def see(self, event: Event) -> None:
        """An originate to nowhere (no such profile) ends with a CHANNEL_DESTROY of a leg that never was, and only then
        the job says why."""
        leg = self.core.legs.get(event.uuid)
        if leg is not None and event.name != "CHANNEL_DESTROY":
            leg.seen = True

    def own(self, switch: str, event: Event, role: str, contact: str, agent: str) -> Leg:
        """Keep a leg that we did not dial ourselves in this life."""
        row = row_of(event, switch, role, contact, agent, self.core.now.wall)
        answered = event.answer_state == "answered"
        leg = Leg(event.uuid, switch, role, contact, agent, row, answered=answered, seen=True)
        self.core.legs[event.uuid] = leg
        return leg

    def due(self, uuid: str) -> None:
        """A leg that should be gone is not: kill it, a few times."""
        leg = self.core.legs.get(uuid)
        if leg is None:
            return
        if leg.hung_up:
            self.people.wait_no_more(leg)
        elif leg.kills < KILLS:
            self.kill(leg)
        elif not leg.seen:
            self.drop(leg)
        else:
            self.people.wait_no_more(leg)

    def missing(self, uuid: str) -> None:
        """The switch says it has no such leg. Its hangup may be on the way: a reply overtakes events that wait in their
        queue. A leg that was dialled a moment ago may not be there yet: its job will tell."""
        leg = self.core.legs.get(uuid)
        if leg is not None and (leg.seen or leg.role == "customer"):
            self.core.timers.set(("ghost", uuid), self.core.now.mono + HANGUP_GRACE_S)

    def drop(self, leg: Leg) -> None:
        """Know a leg no more, without a record."""
        self.core.drop(leg)
        self.supervising.gone(leg)
        person = self.core.people.get(leg.agent)
        if person is not None:
            self.people.sync(person)

    def forget(self, leg: Leg, event: Event | None) -> None:
        """The leg is over: write its CDR, with what its hangup record ``event`` says if there was one."""
        self.records.leg_ended(leg, event)
        self.drop(leg)
        self._remember(leg.uuid)

    def lost(self, row: LegRow, at: int) -> None:
        """A leg of an earlier life that is not there any more, heard of last ``at`` then (UTC microseconds): what is
        known of it is its CDR, unless that is written already."""
        if row.id not in self._ended:
            self.records.leg_lost(row, at)
            self._remember(row.id)

    def noted(self, leg: Leg, note: AwayNote) -> None:
        """The leg is over as the switch's ``note`` says, which is as good as its hangup record."""
        self.drop(leg)
        self.told(noted_leg(note, leg.row))

    def told(self, row: LegRow) -> None:
        """A leg whose end is known though it was not heard."""
        self.records.leg_noted(row)
        self._remember(row.id)

    def _remember(self, uuid: str) -> None:
        self._ended[uuid] = None
        if len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)

    def stray(self, switch: str, event: Event) -> None:
        """A leg with our marks that we do not know: it came and went while we were away. Its CDR is written all the
        same."""
        role, contact = event.variable("fsorch_role"), event.variable("fsorch_contact")
        marked = role or contact or event.variable("fsorch_entry")
        if not marked or event.uuid in self._ended or event.uuid in self.noted_legs:
            return
        leg = self.own(switch, event, role or "customer", contact or "", event.variable("fsorch_agent") or "")
        self.forget(leg, event)

    def kill(self, leg: Leg) -> None:
        """End a leg that nobody needs; again, should it not go."""
        leg.kills += 1
        self.core.send(leg.switch, Kill(leg.uuid, "ORIGINATOR_CANCEL"), f"kill:{leg.uuid}")
        self.core.timers.set(("leg", leg.uuid), self.core.now.mono + HANGUP_GRACE_S)
