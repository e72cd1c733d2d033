"""No dial escapes: an engine with records of people in many places, clocks that jump, lists and consents that change.

Each call that leaves is held against the rules written a second time (tests/campaign/test_compliance.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsorch.campaign.compliance import Asked
from fsorch.campaigns import OPEN_LEADS, AttemptRow, CampaignSpec, ConsentRow, DncRow, Lead, LeadNumber, Outcome, Past
from fsorch.clock import ManualClock
from fsorch.compliance_packs import SHIPPED_PACKS, SHIPPED_REGISTERS, shipped_pack
from fsorch.engine import Tick
from fsorch.engine.actions import AboutLeads, ClearToDial, LeadsBack, LeadsWanted
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import LeadsCome, ReadyLead
from fsorch.esl.commands import Originate
from tests.campaign.test_compliance import (
    BERLIN,
    DAY,
    HOUR,
    LONDON,
    MOMENTS,
    NOON,
    NUMBERS,
    PARIS,
    PLACES,
    PLACES_OF_LEADS,
    SHANGHAI,
    holds,
)
from tests.engine.dialroom import CAMPAIGN, Room, centre

CAUSES = st.sampled_from(("USER_BUSY", "NO_ANSWER", "CALL_REJECTED", "UNALLOCATED_NUMBER", "NORMAL_TEMPORARY_FAILURE"))
# Mostly people whom the pack is for, so that calls do leave.
THEIRS = {"us": NUMBERS[:6], "uk": (LONDON,), "eu": (PARIS, BERLIN), "cn": (SHANGHAI,)}
PLACES_KNOWN: st.SearchStrategy[dict[str, Any]] = st.one_of(st.just({}), st.just({}), PLACES_OF_LEADS)
DAYTIME = st.builds(lambda day, hour: NOON + day * DAY + hour * HOUR, st.integers(0, 400), st.integers(-12, 8))
SPEC = msgspec.structs.replace(CAMPAIGN, id="c")


@dataclass
class Records:
    """What a store would know."""

    leads: dict[str, Lead]
    dnc: list[DncRow] = field(default_factory=list)
    consents: list[ConsentRow] = field(default_factory=list)
    history: list[Past] = field(default_factory=list)
    # Given to the engine, which has not said yet what became of them.
    held: set[str] = field(default_factory=set)

    def ready(self, id: str, now: int) -> ReadyLead:
        lead = self.leads[id]
        mine = {one.number for one in lead.numbers}
        past = tuple(one for one in self.history if one.number in mine)
        return ReadyLead(
            lead=msgspec.structs.replace(lead, history=past),
            checked_at=now,
            # Of several lists that one which nothing can make good, as the store has it.
            dnc={row.number: row.source for row in sorted(self.dnc, key=_is_own) if row.number in mine},
            consents=tuple(one for one in self.consents if one.number in mine),
        )


def _is_own(row: DncRow) -> bool:
    return row.source not in SHIPPED_REGISTERS


class Office(Room):
    """A room whose leads come from records, and whose every call is held against the rules as it leaves."""

    def __init__(self, spec: CampaignSpec, records: Records) -> None:
        self.records = records
        self.spec = spec
        self.seen = 0
        self.called: set[str] = set()
        super().__init__(centre(spec, agents=3))
        self.up()
        self.at_work("a0", "a1", "a2")

    def answer_leads(self, action: AboutLeads) -> None:
        now = self.clock.now().wall
        if isinstance(action, LeadsBack):
            self.records.held -= set(action.leads)
            return
        if isinstance(action, ClearToDial):
            ids = list(action.leads)
        else:
            assert isinstance(action, LeadsWanted)
            open_ = [one for one in self.records.leads.values() if one.state in OPEN_LEADS and one.next_at <= now]
            ids = [one.id for one in open_ if one.id not in self.records.held][: action.count]
            self.records.held |= set(ids)
        ready = tuple(self.records.ready(id, now) for id in ids)
        self.tell(LeadsCome(campaign=action.campaign, serial=action.serial, leads=ready))

    def settle(self) -> list[Originate]:
        """What the facts since the last look say, written down; the calls that left, each held against the rules."""
        left = []
        for fact in self.facts[self.seen :]:
            if fact.kind is FactKind.ATTEMPT_STARTED:
                row = AttemptRow(**fact.data["row"])
                self.hold(row)
                self.records.history.append(
                    Past(at=row.launched_at, number=row.number, outcome=Outcome.LOST, campaign="c", lead=row.lead)
                )
                left.append(next(call for call in self.calls() if call.uuid == row.leg))
            elif fact.kind is FactKind.ATTEMPT_ENDED:
                row = AttemptRow(**fact.data["row"])
                self.called.discard(row.number)
                at = next(
                    n
                    for n, one in enumerate(self.records.history)
                    if (one.at, one.number) == (row.launched_at, row.number)
                )
                known = self.records.history[at]
                self.records.history[at] = msgspec.structs.replace(known, outcome=Outcome(row.outcome))
            elif fact.kind is FactKind.LEAD_CHANGED:
                lead = msgspec.convert(fact.data["row"], Lead)
                self.records.leads[lead.id] = lead
                self.records.held.discard(lead.id)
        self.seen = len(self.facts)
        return left

    def hold(self, row: AttemptRow) -> None:
        """No rule says no to this call at the moment at which it left."""
        ready = self.records.ready(row.lead, row.launched_at)
        number = next(one for one in ready.lead.numbers if one.number == row.number)
        asked = Asked(
            lead=ready.lead,
            number=number,
            now=row.launched_at,
            place=PLACES.of(ready.lead, number),
            history=ready.lead.history,
            consents=ready.consents,
            dnc=tuple(row for row in self.records.dnc if row.number == number.number),
        )
        assert holds(shipped_pack(self.spec.pack), self.spec, asked) == []
        assert row.number not in self.called, "one phone rings for two calls"
        self.called.add(row.number)
        assert row.checks["dnc"] == "not listed"
        assert row.pack == self.spec.pack


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    pack=st.sampled_from(SHIPPED_PACKS),
    purpose=st.sampled_from(("marketing", "service", "collection")),
    began=st.one_of(DAYTIME, DAYTIME, MOMENTS),
    asked_all=st.booleans(),
    data=st.data(),
)
def test_no_call_leaves_that_the_rules_forbid(
    pack: str, purpose: str, began: int, asked_all: bool, data: st.DataObject
) -> None:
    office = Office(msgspec.structs.replace(SPEC, pack=pack, purpose=purpose), people(pack, data))
    records = office.records
    # As a clock that was set: the time of day jumps, the other goes on.
    office.clock = ManualClock(office.clock.now().mono, began)
    if asked_all:
        records.consents += [ConsentRow(number=number, given_at=began - DAY) for number in NUMBERS]
    office.run("c")
    left: list[Originate] = []
    for _ in range(data.draw(st.integers(1, 15), label="rounds")):
        for call in (*left, *office.settle()):
            office.fails(call, data.draw(CAUSES, label="cause"))
        # One that leaves when another has failed is held against what was known then.
        left = office.settle()
        meanwhile(records, office.clock.now().wall, data)
        # What the records say counts within two seconds (FRESH_US of engine/dialling_supply.py).
        office.clock.advance(data.draw(st.sampled_from((3, 60, 1000, 3600, 7 * 3600, 86_400)), label="waits"))
        office.tell(Tick())
        office.passes(0.3)
    office.settle()


def people(pack: str, data: st.DataObject) -> Records:
    """A list of a few people."""
    numbers = st.one_of(st.sampled_from(THEIRS[pack]), st.sampled_from(THEIRS[pack]), st.sampled_from(NUMBERS))
    one = st.tuples(st.lists(numbers, min_size=1, max_size=2, unique=True), PLACES_KNOWN)
    told = data.draw(st.lists(one, min_size=1, max_size=8), label="people")
    return Records(
        {
            str(n): Lead(id=str(n), list="cold", numbers=tuple(LeadNumber(number=one) for one in theirs), **keys)
            for n, (theirs, keys) in enumerate(told, 1)
        }
    )


def meanwhile(records: Records, now: int, data: st.DataObject) -> None:
    """What people do to the lists while calls are under way."""
    match data.draw(st.sampled_from(("nothing", "nothing", "list", "consent", "withdraw")), label="meanwhile"):
        case "list":
            source = data.draw(st.sampled_from(("own", "us-dnc", "uk-tps")))
            records.dnc.append(DncRow(number=data.draw(st.sampled_from(NUMBERS)), source=source))
        case "consent":
            scope = data.draw(st.sampled_from(("*", "calls", "campaign:d")))
            number = data.draw(st.sampled_from(NUMBERS))
            records.consents.append(ConsentRow(number=number, scope=scope, given_at=now))
        case "withdraw":
            records.consents = [msgspec.structs.replace(one, withdrawn_at=now) for one in records.consents]


def test_calls_do_leave_when_the_rules_allow_them() -> None:
    """The property would hold of an engine that never dials."""
    lead = Lead(id="1", list="cold", numbers=(LeadNumber(number="+12125550100"),))
    office = Office(msgspec.structs.replace(SPEC, pack="us"), Records({"1": lead}))
    office.clock = ManualClock(office.clock.now().mono, 1_804_698_000_000_000)
    office.run("c")
    [call] = office.settle()
    office.fails(call, "USER_BUSY")
    office.settle()
    assert office.records.history[0].outcome is Outcome.BUSY
    assert office.records.leads["1"].next_at > 0
