"""Campaigns on the switch under test: what becomes of a dial, and how soon a person is with an agent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import gevent
import pytest
from msgspec import structs

from fsorch.campaign_words import Identity
from fsorch.campaigns import (
    AmdSpec,
    CallerIdPool,
    CampaignSpec,
    CampaignState,
    DropSpec,
    Lead,
    LeadNumber,
    MachineAction,
    Mode,
)
from fsorch.compliance_packs import PackSpec
from fsorch.config import Centre, SwitchSettings
from fsorch.engine.actions import AboutLeads, KeepLearnt, LeadsBack
from fsorch.engine.drop_notes import DROPPED, drop_note
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import CampaignsAre, Configure, LeadsCome, LinkUp, ReadyLead
from fsorch.esl.commands import GetVar, Kill, Notes, ReceiveDigits
from fsorch.flow_nodes import Hangup
from fsorch.flows import FlowSpec
from fsorch.gateways import GatewaySpec
from tests.conformance.office import PROMPTS, Office, _centre
from tests.conformance.rig import SIP_ADDRESS, Rig

WORD = "tone_stream://%(300,0,440)"
# Longer than anybody listens; a key ends it.
MESSAGE = "tone_stream://%(20000,0,440)"
TWO_SECONDS = "tone_stream://%(2000,0,440)"
# Of leads: nobody is called twice at once, whatever campaigns want.
NUMBERS = "+4930123"


class Floor(Office):
    """An office whose records have so many ``leads`` for each campaign. ``ends``: the far end that each campaign's
    gateway leads to, whatever the number; ``alone``: whether the switch acts when the engine does not."""

    def __init__(self, rig: Rig, ends: dict[str, str], leads: int = 1, *, alone: bool = False, **more: Any) -> None:
        super().__init__(rig, {"ada": "answer-100"}, nailed=("ada",))
        self.left = {
            id: [
                Lead(id=f"{id}-{n}", numbers=(LeadNumber(number=f"{NUMBERS}{m}{n}"),), name=id, token="t")
                for n in range(leads)
            ]
            for m, id in enumerate(ends)
        }
        self.pump._on_leads = self._leads
        # The engine's clock and that of a virtual switch differ: there no switch can wait for the engine.
        told = centre(ends, **more)
        self.pump.request(Configure(told if alone or rig.speed == 1 else structs.replace(told, unserved_s=0.0)))

    def _leads(self, action: AboutLeads) -> None:
        if isinstance(action, LeadsBack | KeepLearnt):
            return
        now = self.pump._clock.now().wall
        ready = tuple(ReadyLead(lead=lead, checked_at=now) for lead in self.left.pop(action.campaign, ()))
        come = LeadsCome(campaign=action.campaign, serial=action.serial, leads=ready)
        gevent.spawn(self.pump.feed, come)

    def run(self, *campaigns: str) -> None:
        """These campaigns are started."""
        self.pump.feed(CampaignsAre(dict.fromkeys(campaigns, CampaignState.SCHEDULED)))

    def attempt(self, campaign: str) -> dict[str, object]:
        """Wait for the end of a campaign's attempt; its row."""

        def there() -> list[Fact]:
            over = self.of(FactKind.ATTEMPT_ENDED)
            return [fact for fact in over if fact.data["row"]["campaign"] == campaign]

        self.rig.until(there, f"the attempt of {campaign} to be over", 30.0)
        (fact,) = there()
        row: dict[str, object] = fact.data["row"]
        return row


def centre(ends: dict[str, str], **more: Any) -> Centre:
    """A campaign and a gateway for each far end."""
    agentless = {"mode": Mode.AGENTLESS, "flow": "word"}
    with_agents = {"mode": Mode.PROGRESSIVE, "queue": "sales"}
    told = _centre({"ada": "answer-100"}, 20.0, 1.0, ("ada",))
    return structs.replace(
        told,
        flows=(*told.flows, FlowSpec(id="word", start="bye", nodes={"bye": Hangup(prompt="word", reason="told")})),
        prompts=PROMPTS | {"told": TWO_SECONDS, "word": WORD, "menu": WORD, "drop": MESSAGE},
        packs=(PackSpec(id="none", checked=date(2026, 1, 1)),),
        gateways=tuple(
            GatewaySpec(
                id=id,
                dial=f"sofia/fsorch-conformance/{end}@{SIP_ADDRESS};lead={{number}}",
                silent_s=1.0 if end == "silent" else 12.0,
            )
            for id, end in ends.items()
        ),
        campaigns=tuple(
            structs.replace(
                CampaignSpec(
                    id=id,
                    gateways=(id,),
                    pack="none",
                    ring_s=5,
                    drop=DropSpec(prompt="drop", number="+493099"),
                    **(with_agents if id.startswith("agent") else agentless),  # type: ignore[arg-type]
                ),
                **more,
            )
            for id in ends
        ),
    )


def kill(leg: str) -> Kill:
    return Kill(leg, "NORMAL_CLEARING")


def playing(rig: Rig, leg: str) -> bool:
    return rig.ask(GetVar(leg, "current_application")).text == "play_and_get_digits"


@pytest.fixture
def floors(rig: Rig) -> Iterator[list[Floor]]:
    made: list[Floor] = []
    yield made
    for floor in made:
        for fact in floor.of(FactKind.ATTEMPT_STARTED):
            rig.link.call(kill(fact.leg))
        floor.close()


ENDS = {
    "busy": ("busy", "USER_BUSY"),
    "reject": ("rejected", "CALL_REJECTED"),
    "notfound": ("invalid", "UNALLOCATED_NUMBER"),
    "announced": ("invalid", "UNALLOCATED_NUMBER"),
    "noresp": ("noanswer", "NO_USER_RESPONSE"),
    "ring": ("noanswer", "NO_ANSWER"),
    "unavail": ("congestion", "NORMAL_TEMPORARY_FAILURE"),
}


def test_each_end_of_a_dial_has_its_outcome(rig: Rig, floors: list[Floor]) -> None:
    floor = Floor(rig, {end: end for end in ENDS} | {"answer": "answer-300", "early": "early"})
    floors.append(floor)
    floor.run(*ENDS, "answer", "early")
    for end, wanted in ENDS.items():
        row = floor.attempt(end)
        assert (row["outcome"], row["cause"]) == wanted, end
        assert row["answered_at"] == 0
    for end in ("answer", "early"):
        row = floor.attempt(end)
        assert row["outcome"] == "live", end
        # Half a second of the network's own sound is no answer.
        assert int(str(row["answered_at"])) - int(str(row["launched_at"])) >= 250_000 / rig.speed
        assert row["ringing_at"]
    legs = {str(floor.attempt(end)["leg"]) for end in (*ENDS, "answer", "early")}
    rig.until(lambda: legs <= {fact.leg for fact in floor.of(FactKind.LEG_ENDED)}, "their CDRs")


def test_where_a_called_party_points_is_not_dialled(rig: Rig, floors: list[Floor]) -> None:
    floor = Floor(rig, {"elsewhere": "elsewhere"})
    floors.append(floor)
    floor.run("elsewhere")
    row = floor.attempt("elsewhere")
    assert (row["outcome"], row["cause"]) == ("unreachable", "REDIRECTION_TO_NEW_DESTINATION")
    assert row["answered_at"] == 0
    # The gateway has done its work.
    assert floor.of(FactKind.GATEWAY_RESTS) == []


def test_a_carrier_that_routes_by_pointing_may_be_followed(rig: Rig, floors: list[Floor]) -> None:
    floor = Floor(rig, {"elsewhere": "elsewhere"})
    floors.append(floor)
    told = centre({"elsewhere": "elsewhere"})
    gateways = tuple(structs.replace(gateway, redirects=True) for gateway in told.gateways)
    floor.pump.request(Configure(structs.replace(told, gateways=gateways, unserved_s=0.0)))
    floor.run("elsewhere")
    assert floor.attempt("elsewhere")["outcome"] == "live"


@pytest.mark.parametrize("identity", ["pai", "rpid", "none"])
def test_an_invite_says_who_calls_where_its_gateway_wants_it(
    rig: Rig, floors: list[Floor], real: SwitchSettings | None, identity: str
) -> None:
    if real is None:
        pytest.skip("the virtual switch writes no INVITE")
    floor = Floor(rig, {"answer": "answer-100"})
    floors.append(floor)
    told = centre({"answer": "answer-100"})
    gateways = tuple(structs.replace(gateway, identity=Identity(identity)) for gateway in told.gateways)
    pools = (CallerIdPool(numbers=("+493099",), name="Acme"),)
    campaigns = tuple(structs.replace(campaign, caller_ids=pools) for campaign in told.campaigns)
    centre_ = structs.replace(told, gateways=gateways, campaigns=campaigns, unserved_s=0.0)
    floor.pump.request(Configure(centre_))
    floor.run("answer")
    far = rig.event("CHANNEL_CREATE", lambda event: event.direction == "inbound" and event.destination == "answer-100")
    asserted, party = (
        rig.ask(GetVar(far.uuid, name)).text for name in ("sip_P-Asserted-Identity", "sip_Remote-Party-ID")
    )
    assert (asserted == "+493099", "+493099" in party) == (identity == "pai", identity == "rpid")
    assert ("screen=yes" in party) == (identity == "rpid")
    assert floor.attempt("answer")["outcome"] == "live"


def test_a_called_party_sends_the_agent_nowhere(rig: Rig, floors: list[Floor]) -> None:
    floor = Floor(rig, {"agent-sent": "sends-away-2000"})
    floors.append(floor)
    floor.log_in("ada")
    rig.until(lambda: floor.agent("ada").line == "ready", "the standing line")
    floor.run("agent-sent")
    row = floor.attempt("agent-sent")
    assert (row["outcome"], row["agent"]) == ("live", "ada")
    # The standing call waits for the next, where it was.
    bridged = floor.fact(FactKind.BRIDGED)
    line = str(bridged.data["agent_leg"])
    rig.until(lambda: rig.ask(GetVar(line, "current_application")).text == "park", "the standing line", 30.0)
    assert floor.agent("ada").line == "ready"
    assert not [fact for fact in floor.of(FactKind.LEG_ENDED) if fact.leg == line]
    floor.log_out("ada")


def test_a_gateway_without_lines_is_left_alone_and_its_leads_have_lost_nothing(rig: Rig, floors: list[Floor]) -> None:
    floor = Floor(rig, {"unavail": "unavail"}, leads=6)
    floors.append(floor)
    floor.run("unavail")
    rig.until(lambda: len(floor.of(FactKind.LEAD_CHANGED)) == 6, "all its leads to be back", 30.0)
    rests = floor.of(FactKind.GATEWAY_RESTS)
    assert [(fact.data["gateway"], fact.data["cause"]) for fact in rests] == [("unavail", "NORMAL_TEMPORARY_FAILURE")]
    rig.until(lambda: floor.pump.snapshot().campaigns[0].held.startswith("its gateway unavail has failed"), "why", 30.0)
    leads = [fact.data["row"] for fact in floor.of(FactKind.LEAD_CHANGED)]
    assert sorted(lead["attempts"] for lead in leads) == [0, 0, 0, 0, 1, 1]
    assert {lead["state"] for lead in leads} == {"ready"}


def test_a_gateway_of_which_nothing_is_heard_is_followed_by_the_next(rig: Rig, floors: list[Floor]) -> None:
    floor = Floor(rig, {"silent": "silent", "answer": "answer-2500"}, gateways=("silent", "answer"), ring_s=10)
    floors.append(floor)
    floor.run("silent")
    row = floor.attempt("silent")
    failed = floor.fact(FactKind.GATEWAY_FAILED)
    assert (failed.data["gateway"], failed.data["cause"]) == ("silent", "PROGRESS_TIMEOUT")
    assert floor.fact(FactKind.GATEWAY_RESTS).data["gateway"] == "silent"
    assert (row["outcome"], row["gateway"]) == ("live", "answer")
    # What rings is let ring, however long.
    assert int(str(row["answered_at"])) - int(str(row["ringing_at"])) >= 2_400_000 / rig.speed


def test_a_person_is_with_a_nailed_up_agent_at_once(rig: Rig, floors: list[Floor]) -> None:
    floor = Floor(rig, {"agent-answer": "answer-300"})
    floors.append(floor)
    floor.log_in("ada")
    floor.agent_is("ada", "idle")
    rig.until(lambda: floor.agent("ada").line == "ready", "the standing line")
    floor.run("agent-answer")
    floor.agent_is("ada", "talking")
    card = floor.agent("ada").lead
    assert card is not None
    assert (card.phase, card.name) == ("talking", "agent-answer")
    contact = floor.agent("ada").contact
    assert contact is not None
    assert contact.direction == "outbound"
    begun = floor.fact(FactKind.CONTACT_BEGAN, contact=contact.id)
    bridged = floor.fact(FactKind.BRIDGED, contact=contact.id)
    assert bridged.at - begun.at < 500_000
    leg = floor.of(FactKind.ATTEMPT_STARTED)[0].leg
    rig.link.call(kill(leg))
    row = floor.attempt("agent-answer")
    assert (row["outcome"], row["agent"]) == ("live", "ada")
    floor.log_out("ada")


def test_a_person_for_whom_nobody_is_there_hears_the_message_and_presses_the_key(rig: Rig, floors: list[Floor]) -> None:
    floor = Floor(rig, {"agent-drop": "answer-300"}, leads=2, mode=Mode.POWER, ratio=2.0)
    floors.append(floor)
    floor.log_in("ada")
    rig.until(lambda: floor.agent("ada").line == "ready", "the standing line")
    floor.run("agent-drop")
    floor.agent_is("ada", "talking")
    leg = floor.fact(FactKind.DROPPED).leg
    rig.until(lambda: playing(rig, leg), "the message")
    assert rig.ask(ReceiveDigits(leg, "9")).ok
    asked = floor.fact(FactKind.DNC_ASKED)
    assert asked.data["number"].startswith(NUMBERS)
    row = floor.attempt("agent-drop")
    assert (row["outcome"], row["prompt"], row["leg"]) == ("drop", "drop", leg)
    floor.log_out("ada")


def test_avmd_hears_a_machine_and_the_agent_is_free(rig: Rig, floors: list[Floor]) -> None:
    if rig.speed > 1:
        pytest.skip("mod_avmd listens to sound, which the virtual switch has none of")
    amd: dict[str, Any] = {"amd": AmdSpec(), "machine_action": MachineAction.MESSAGE, "machine_prompt": "told"}
    floor = Floor(rig, {"agent-tone": "tone-500"}, **amd)
    floors.append(floor)
    floor.log_in("ada")
    rig.until(lambda: floor.agent("ada").line == "ready", "the standing line")
    floor.run("agent-tone")
    heard = floor.fact(FactKind.MACHINE_HEARD)
    assert heard.data["campaign"] == "agent-tone"
    row = floor.attempt("agent-tone")
    assert (row["outcome"], row["prompt"]) == ("machine", "told")
    # All of the message, which lasts for two seconds, is played.
    assert int(str(row["ended_at"])) - heard.at >= 1_900_000
    floor.log_out("ada")


def test_a_machine_that_its_greeting_gave_away_hears_all_of_the_message(rig: Rig, floors: list[Floor]) -> None:
    if rig.speed > 1:
        pytest.skip("a greeting is sound, which the virtual switch has none of")
    listens = AmdSpec(beep=False, timing=True, greeting_s=2.0)
    floor = Floor(rig, {"answer": "greets-4"}, amd=listens, machine_action=MachineAction.MESSAGE, machine_prompt="told")
    floors.append(floor)
    floor.run("answer")
    heard = floor.fact(FactKind.MACHINE_HEARD)
    row = floor.attempt("answer")
    assert (row["outcome"], row["prompt"]) == ("machine", "told")
    # The greeting goes on for a second or two, then it is silent, and then there are two seconds of the message.
    assert int(str(row["ended_at"])) - heard.at >= 3_400_000


def test_the_networks_tones_end_a_dial(rig: Rig, floors: list[Floor]) -> None:
    if rig.speed > 1:
        pytest.skip("tones are sound, which the virtual switch has none of")
    floor = Floor(rig, {"none": "sit-13706", "full": "sit-14285", "early": "early"}, amd=AmdSpec(beep=False, sit=True))
    floors.append(floor)
    floor.run("none", "full", "early")
    assert floor.attempt("none")["outcome"] == "unreachable"
    assert floor.attempt("full")["outcome"] == "congestion"
    assert floor.attempt("early")["outcome"] == "live"


def test_the_networks_tones_after_an_answer_take_the_call_from_the_agent(rig: Rig, floors: list[Floor]) -> None:
    if rig.speed > 1:
        pytest.skip("tones are sound, which the virtual switch has none of")
    floor = Floor(rig, {"agent-none": "intercept-400-13706"}, amd=AmdSpec(beep=False, sit=True))
    floors.append(floor)
    floor.log_in("ada")
    rig.until(lambda: floor.agent("ada").line == "ready", "the standing line")
    floor.run("agent-none")
    row = floor.attempt("agent-none")
    assert (row["outcome"], row["agent"]) == ("unreachable", "ada")
    rig.until(lambda: floor.agent("ada").state != "talking", "the agent to be free", 30.0)
    assert floor.fact(FactKind.MACHINE_HEARD).data["by"] == "network's tones"
    floor.log_out("ada")


def test_the_networks_tones_after_an_answer_that_is_listened_to_reach_nobody(rig: Rig, floors: list[Floor]) -> None:
    if rig.speed > 1:
        pytest.skip("tones are sound, which the virtual switch has none of")
    ends = {"none": "intercept-100-13706", "full": "intercept-100-14285", "beep": "tone-1370", "last": "tone-1776"}
    floor = Floor(rig, ends, amd=AmdSpec(beep=False, timing=True, sit=True))
    floors.append(floor)
    floor.run(*ends)
    # One tone alone may be anybody's.
    outcomes = {end: floor.attempt(end)["outcome"] for end in ends}
    assert outcomes == {"none": "unreachable", "full": "congestion", "beep": "live", "last": "live"}


def test_a_fax_machine_is_known_by_its_tone_and_the_agent_is_free(rig: Rig, floors: list[Floor]) -> None:
    if rig.speed > 1:
        pytest.skip("tones are sound, which the virtual switch has none of")
    ends = {"agent-fax": "fax", "off": "tone-2115", "beep": "tone-1400"}
    floor = Floor(rig, ends, amd=AmdSpec(beep=True, timing=True))
    floors.append(floor)
    floor.log_in("ada")
    rig.until(lambda: floor.agent("ada").line == "ready", "the standing line")
    floor.run(*ends)
    # Two seconds of silence might be a person who waits: the agent has it until the tone tells.
    row = floor.attempt("agent-fax")
    assert (row["outcome"], row["agent"]) == ("fax", "ada")
    rig.until(lambda: floor.agent("ada").state != "talking", "the agent to be free", 30.0)
    assert floor.attempt("off")["outcome"] == "fax"
    assert floor.attempt("beep")["outcome"] == "machine"
    heard = {fact.data["campaign"]: fact.data["by"] for fact in floor.of(FactKind.MACHINE_HEARD)}
    assert heard == {"agent-fax": "fax tone", "off": "fax tone", "beep": "beep"}
    floor.log_out("ada")


def test_the_switch_itself_says_who_called_when_fsorch_has_fallen_silent(rig: Rig, floors: list[Floor]) -> None:
    floor = Floor(rig, {"agent-drop": "answer-300"}, alone=True)
    floors.append(floor)
    floor.log_in("ada")
    rig.until(lambda: floor.agent("ada").line == "ready", "the standing line")
    floor.run("agent-drop")
    leg = floor.fact(FactKind.ATTEMPT_STARTED).leg
    # As if it had been killed: it hears nothing and does nothing.
    floor.rig.listener = None
    floor.pump.stop()
    rig.until(lambda: rig.ask(GetVar(leg, "fsorch_fallback")).text == "yes", "the switch to serve it alone", 30.0)
    rig.until(lambda: rig.ask(GetVar(leg, "current_application")).text == "playback", "the message")
    assert rig.ask(GetVar(leg, "fsorch_drop_sound")).text == MESSAGE
    # The key counts while nobody is there, and the message goes on.
    attempt = str(floor.of(FactKind.ATTEMPT_STARTED)[0].data["row"]["id"])
    # The tilde: as if it came from the phone, so what is bound to the key hears of it.
    assert rig.ask(ReceiveDigits(leg, "~9")).ok
    note = Notes("select", DROPPED, attempt)
    rig.until(lambda: drop_note(attempt, rig.ask(note).text).key == "9", "the note of the key", 30.0)
    assert rig.ask(GetVar(leg, "current_application")).text == "playback"
    rig.link.call(kill(leg))
    # fsorch is back: what its new link reads.
    with rig.another() as back:
        (up,) = [input for input in back.inputs if isinstance(input, LinkUp)]
    assert attempt in [note.attempt for note in up.notes]
    floor.pump.feed(up)
    asked = floor.fact(FactKind.DNC_ASKED)
    assert (asked.data["campaign"], asked.data["lead"], asked.data["source"]) == ("agent-drop", "agent-drop-0", "key")
    assert asked.data["number"].startswith(NUMBERS)
    assert floor.attempt("agent-drop")["outcome"] == "drop"
    rig.until(lambda: not drop_note(attempt, rig.ask(note).text).number, "the note to be gone", 30.0)
