"""What must be true of the records when everybody is gone, whatever died in between."""

from __future__ import annotations

from collections import Counter

from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.rows import ContactRow, LegRow, SegmentRow
from fsorch.names import SegmentKind
from fsorch.sim.world import CallResult
from fsorch.store import Store
from tests.recovery.site import Site

__all__ = ["Accounts"]

# The switch stamps in ticks of 20 ms, and an event is a moment on its way; on a busy machine, longer, and by what the
# switch's own time was late there.
SLACK_US = 400_000
# Between the hangups of the two sides of a talk, when the agent's ends it.
HUNG_UP_US = 100_000


class Accounts:
    """The records of a site that has come to rest."""

    def __init__(self, site: Site, blind_us: int = 0) -> None:
        """``blind_us``: how far a stretch may begin before the last one ends, or after it, where the records could not
        be asked what they have of a contact, and only the switch knew when it began, and its talk."""
        self.site, self.blind_us = site, blind_us
        late_us = round(site.switch.server.behind_s * 1_000_000)
        self.slack_us, self.hung_up_us = SLACK_US + late_us, HUNG_UP_US + late_us
        with site.store() as store:
            self._read(store)

    def _read(self, store: Store) -> None:
        self.contacts: dict[str, ContactRow] = {}
        self.segments: dict[str, list[SegmentRow]] = {}
        self.legs: dict[str, LegRow] = {}
        self.bridged: Counter[str] = Counter()
        self.facts: list[Fact] = []
        for row in store.contacts(10_000):
            detail = store.contact(row.id)
            self.contacts[row.id] = row
            self.segments[row.id] = sorted(detail.segments, key=lambda segment: (segment.began_at, segment.ended_at))
            self.facts += detail.facts
            self.bridged[row.id] = sum(fact.kind is FactKind.BRIDGED for fact in detail.facts)
        legs = list(store.cdrs(10_000))
        self.legs = {leg.id: leg for leg in legs}
        assert len(legs) == len(self.legs)

    def check(self) -> None:
        """All of it."""
        self.check_legs()
        callers = {leg.id: leg.contact for leg in self.legs.values() if leg.role == "customer"}
        assert len(set(callers.values())) == len(callers), "a caller with two contacts"
        assert set(self.contacts) == set(callers.values())
        for row in self.contacts.values():
            self.check_segments(row)
        for caller in self.site.callers:
            assert caller.result.uuid in callers, f"nothing is known of {caller.result}"
            self.check_caller(caller.result, self.contacts[callers[caller.result.uuid]])

    def at(self, seconds: float) -> int:
        """The switch's virtual seconds as wall microseconds."""
        return self.site.switch.server.switch.machine.core.start_us + round(seconds * 1_000_000)

    def check_legs(self) -> None:
        """One CDR for each channel there was, and none for one that was not."""
        never = set(self.legs) - self.site.switch.made - {leg.id for leg in self.legs.values() if self.unsent(leg)}
        assert not never, ("CDRs of channels that never were", [self.story(leg) for leg in never])
        missing = self.site.switch.made - set(self.legs)
        assert not missing, ("channels without a CDR", [self.story(leg) for leg in missing])

    def unsent(self, leg: LegRow) -> bool:
        """A phone that was about to be dialled when fsorch died: whether the command went out nobody can know."""
        young = any(down - self.slack_us < leg.created_at < down + self.slack_us for down, _ in self.site.outages)
        return young and leg.role == "agent" and not leg.complete

    def story(self, leg: str) -> list[str]:
        """What the journal says of a leg, for a failed test."""
        told = [(fact.at, fact.kind.value, fact.contact) for fact in self.facts if fact.leg == leg]
        return [leg, *(f"{at} {kind} {contact}" for at, kind, contact in told)]

    def check_caller(self, result: CallResult, row: ContactRow) -> None:
        """The caller's own story and the record of it. That fsorch was dead for a part of it makes no difference: the
        switch has noted when they were joined and when they left."""
        assert (row.number, row.ended_at > 0) == (result.number, True)
        if result.talks:
            assert row.outcome == "answered", (result, row)
        if not result.talks:
            assert row.outcome != "answered", (result, row)
        assert abs(self.at(result.ended_s) - row.ended_at) < self.slack_us, (result, row)
        if self.bridged[row.id] and result.talks == 1:
            talked = row.talked_us + row.held_us
            lasted = round((result.ended_s - result.bridged_s) * 1_000_000)
            assert abs(talked - lasted) < self.slack_us, (result, row)

    def check_segments(self, row: ContactRow) -> None:
        """No stretch overlaps another, there is no hole between them, nothing before the beginning or after the end."""
        own = [one for one in self.segments[row.id] if one.kind != SegmentKind.WRAP_UP]
        assert own, row
        told = [(one.kind, one.began_at - row.began_at, one.ended_at - row.began_at) for one in own]
        edges = [row.began_at, *(edge for one in own for edge in (one.began_at, one.ended_at)), row.ended_at]
        for before, after in zip(edges[::2], edges[1::2], strict=True):
            assert before <= after + self.blind_us, ("overlap", row, told)
            assert after - before < self.hung_up_us + self.blind_us, ("hole", row, told)
        assert all(one.began_at <= one.ended_at for one in own)
        assert len({one.id for one in own}) == len(own)
        talked = sum(one.ended_at - one.began_at for one in own if one.kind == SegmentKind.TALK)
        assert abs(talked - row.talked_us) < 1_000, (row, told)
