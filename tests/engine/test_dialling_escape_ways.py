"""No dial escapes on its way: calls whose gateway fails and that go by the next, in a world that goes on meanwhile.

Each order to dial a number is held against the rules written a second time at the moment at which it is given, be it
the first of its attempt or another: tests/engine/test_dialling_escape.py looks at attempts as they begin."""

from __future__ import annotations

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsorch.campaign.compliance import Asked
from fsorch.campaigns import CampaignState, DncRow, Lead, LeadNumber, Outcome
from fsorch.clock import ManualClock
from fsorch.compliance_packs import shipped_pack
from fsorch.engine import Configure, Tick
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import CampaignsAre, Input
from fsorch.esl.commands import Originate
from fsorch.gateways import GatewaySpec
from tests.campaign.test_compliance import LONDON, PLACES, at, holds
from tests.engine.dialroom import CAMPAIGN, centre
from tests.engine.test_dialling_escape import Office, Records

GATEWAYS = tuple(
    GatewaySpec(id=id, dial=f"sofia/gateway/{id}/{{number}}", silent_s=30) for id in ("first", "second", "third")
)
SPEC = msgspec.structs.replace(
    CAMPAIGN, id="c", pack="uk", purpose="service", gateways=("first", "second", "third"), attempts_per_day=2
)
# The hours end at eight in the evening, begin at nine, and change their clocks on this Sunday.
MOMENTS = st.sampled_from([at(day, "Europe/London") for day in ("2027-03-10T19:58:40", "2027-03-10T08:59:30")])
EVENTS = ("nothing", "nothing", "list", "pause", "resume", "edit", "clock", "number")
NUMBERS = (LONDON, "+442079460124", "+442079460125")


class Road(Office):
    """Holds every order to dial against the rules as it is given."""

    def __init__(self) -> None:
        leads = {
            str(n): Lead(id=str(n), list="cold", numbers=(LeadNumber(number=number),))
            for n, number in enumerate(NUMBERS, 1)
        }
        # Whether somebody wants it to dial, and the words by which it does.
        self.wanted_state = CampaignState.SCHEDULED
        self.orders: set[str] = set()
        super().__init__(SPEC, Records(leads))
        self.tell(Configure(centre(SPEC, agents=3, gateways=GATEWAYS)))

    def tell(self, input: Input) -> None:
        before = len(self.sent)
        super().tell(input)
        for command, tag in self.sent[before:]:
            # A step within the step has seen to its own.
            if isinstance(command, Originate) and tag.startswith("dial:") and command.uuid not in self.orders:
                self.left(command)

    def left(self, call: Originate) -> None:
        """An order is given now."""
        self.orders.add(call.uuid)
        said = dict(call.variables)
        number, lead, now = said["fsorch_number"], said["fsorch_lead"], self.clock.now().wall
        assert self.wanted_state is CampaignState.SCHEDULED
        ready = self.records.ready(lead, now)
        own = LeadNumber(number=number)
        # The attempt itself is on record by now.
        begun = {fact.contact: fact.data["row"] for fact in self.of(FactKind.ATTEMPT_STARTED)}
        mine = begun[said["fsorch_attempt"]]["launched_at"]
        asked = Asked(
            lead=ready.lead,
            number=own,
            now=now,
            place=PLACES.of(ready.lead, own),
            history=tuple(one for one in ready.lead.history if (one.at, one.number) != (mine, number)),
            dnc=tuple(row for row in self.records.dnc if row.number == number),
        )
        assert holds(shipped_pack(self.spec.pack), self.spec, asked) == []

    def hold(self, row: object) -> None:
        """Seen to as it left."""

    def goes_on(self, event: str, number: str) -> None:
        """What people do meanwhile, and time enough for it to be known (FRESH_US of engine/dialling_supply.py)."""
        now = self.clock.now()
        match event:
            case "list":
                self.records.dnc.append(DncRow(number=number))
            case "number":
                # Somebody else has called them in vain, as often as may be.
                past = self.records.history
                known = msgspec.structs.replace(past[0], number=number, at=now.wall - 1) if past else None
                self.records.history += [known] * 3 if known is not None else []
            case "pause" | "resume":
                self.wanted_state = CampaignState.PAUSED if event == "pause" else CampaignState.SCHEDULED
                self.tell(CampaignsAre({"c": self.wanted_state}))
            case "edit":
                self.spec = msgspec.structs.replace(self.spec, attempts_per_day=3 - self.spec.attempts_per_day)
                self.tell(Configure(centre(self.spec, agents=3, gateways=GATEWAYS)))
            case "clock":
                self.clock = ManualClock(now.mono, now.wall + 3600 * 1_000_000)
        self.clock.advance(3)
        self.tell(Tick())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    began=MOMENTS,
    steps=st.lists(
        st.tuples(
            st.sampled_from(EVENTS),
            st.sampled_from(NUMBERS),
            st.sampled_from((0, 10, 25)),
            st.sampled_from(("PROGRESS_TIMEOUT", "NORMAL_TEMPORARY_FAILURE", "USER_BUSY")),
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_no_order_to_dial_is_given_that_the_rules_forbid(began: int, steps: list[tuple[str, str, int, str]]) -> None:
    road = Road()
    road.clock = ManualClock(road.clock.now().mono, began)
    road.run("c")
    ended: set[str] = set()
    for event, number, silence, cause in steps:
        road.settle()
        road.passes(silence)
        road.goes_on(event, number)
        for call in [one for one in road.calls() if one.uuid not in ended]:
            ended.add(call.uuid)
            road.fails(call, cause)
            road.settle()
        road.passes(130)


def test_orders_are_given_by_the_next_gateway_when_nothing_forbids_them() -> None:
    """The property would hold of an engine that never goes on."""
    road = Road()
    road.clock = ManualClock(road.clock.now().mono, at("2027-03-10T12:00", "Europe/London"))
    road.run("c")
    assert len(road.orders) == 3
    road.settle()
    road.passes(20)
    for call in road.calls():
        road.fails(call, "PROGRESS_TIMEOUT")
    assert len(road.orders) == 6
    assert road.records.history[0].outcome is Outcome.LOST
