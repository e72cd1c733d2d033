"""What stands against starting a campaign."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from fsorch.campaign.readiness import check_pacers, faults
from fsorch.campaigns import AmdSpec, CallerIdPool, CampaignSpec, DropSpec, EvidenceSpec, ListShare, MessageSpec, Mode
from fsorch.compliance_packs import shipped_pack
from fsorch.config import AgentSpec, Centre, MembershipSpec
from fsorch.errors import ConfigError
from fsorch.rules import PhoneMode

DAY = 86_400 * 1_000_000
NOW = 1_800_000_000_000_000
GOOD: dict[str, Any] = {
    "queue": "q",
    "mode": Mode.PREDICTIVE,
    "pack": "us",
    "lists": (ListShare(list="cold"),),
    "gateways": ("carrier",),
    "caller_ids": (CallerIdPool(numbers=("+12125550000",), name="Acme"),),
    "drop": DropSpec(name="Acme", number="+12125550000"),
    "evidence": EvidenceSpec(seller="Acme", telemarketer="Acme", purpose="windows", caller_id_proof="contract 7"),
}


def found(pack: str = "us", **keys: Any) -> list[str]:
    spec = CampaignSpec(id="spring", **(GOOD | keys))
    registries = {"us-dnc": NOW - 3 * DAY, "uk-tps": NOW - 3 * DAY}
    return faults(spec, shipped_pack(pack) if pack else None, leads=5, registries=registries, now=NOW)


def test_nothing_stands_against_a_campaign_that_is_described() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"gateways": ()}, "it has no gateway"),
        ({"script": "Hello {nmae}"}, "its script says {nmae}, which is nothing that is known of a lead"),
        ({"lists": ()}, "it has no list"),
        ({"target": 0.05}, "its target of drops is 5.00%, but the pack's ceiling is 3.00%"),
        ({"ring_s": 10}, "it rings for 10 s, but the pack asks for 15"),
        ({"caller_ids": ()}, "it shows no number, but the pack asks for one"),
        ({"caller_ids": (CallerIdPool(numbers=("+12125550000",), name="A", prefixes=("+1",)),)}, "give one without"),
        ({"caller_ids": (CallerIdPool(numbers=("+12125550000",)),)}, "the pack asks for a name"),
        ({"drop": DropSpec()}, "must say the caller's number: drop.number"),
        ({"drop": DropSpec(name="A", number="1", opt_out_key="")}, "must be able to say no: drop.opt_out_key"),
        ({"evidence": EvidenceSpec()}, "(16 CFR 310.5): evidence.seller"),
    ],
)
def test_each_fault_says_what_to_do(keys: dict[str, Any], message: str) -> None:
    assert any(message in fault for fault in found(**keys)), found(**keys)


def test_a_pack_is_needed_and_measured_detection_where_it_counts() -> None:
    assert found(pack="")[-1].startswith("it has no compliance pack")
    assert any("amd.false_positives" in fault for fault in found("uk", amd=AmdSpec()))
    assert not any("amd.false_positives" in fault for fault in found("uk", amd=AmdSpec(false_positives=0.02)))


def test_a_recorded_message_has_a_key_to_say_no() -> None:
    silent, spoken = (MessageSpec(prompt="due", opt_out_key=key) for key in ("", "9"))
    wanted = "its message needs a key to say no (47 CFR 64.1200(b)(1)-(3); 16 CFR 310.4(b)(1)(v)(B)(ii)): message."
    assert any(fault.startswith(wanted) for fault in found(mode=Mode.AGENTLESS, message=silent))
    assert found(mode=Mode.AGENTLESS, message=spoken) == []


def test_registers_must_be_there_and_young() -> None:
    spec = CampaignSpec(id="spring", **GOOD)
    us = shipped_pack("us")
    assert faults(spec, us, registries={}, now=NOW)[0].endswith("; fsorch dnc import us-dnc FILE")
    assert "older than 31 days" in faults(spec, us, registries={"us-dnc": NOW - 40 * DAY}, now=NOW)[0]
    assert faults(spec, us, registries=None, now=NOW) == []
    assert faults(spec, us, leads=0) == ["its lists hold no lead that may be dialled; import some, or set keep_open"]


@pytest.mark.parametrize(
    ("mode", "agents", "says"),
    [
        (Mode.PROGRESSIVE, [PhoneMode.DIALLED], ""),
        (Mode.PREDICTIVE, [PhoneMode.DIALLED, PhoneMode.DIALLED], "phone_mode=nailed"),
        (Mode.PREDICTIVE, [PhoneMode.DIALLED, PhoneMode.NAILED], ""),
        (Mode.PREVIEW, [PhoneMode.DIALLED], ""),
        (Mode.PREVIEW, [], "no agent serves its queue 'q'"),
        (Mode.AGENTLESS, [], ""),
    ],
)
def test_somebody_must_be_able_to_take_the_calls(mode: Mode, agents: list[PhoneMode], says: str) -> None:
    spec = CampaignSpec(id="spring", **(GOOD | {"mode": mode}))
    there = [
        AgentSpec(id=f"a{n}", phone=f"user/{n}", phone_mode=phone, queues=(MembershipSpec(queue="q"),))
        for n, phone in enumerate(agents)
    ]
    elsewhere = AgentSpec(id="b", phone="user/9", phone_mode=PhoneMode.NAILED, queues=(MembershipSpec(queue="other"),))
    told = faults(spec, shipped_pack("us"), leads=5, agents=[*there, elsewhere], now=NOW)
    assert any(says in fault for fault in told) if says else told == []


def test_a_pacer_that_nobody_has_is_refused_when_it_is_written_down_and_left_alone_when_it_stood_there() -> None:
    odd = CampaignSpec(id="spring", mode=Mode.PREDICTIVE, queue="out", pacer="predictiv")
    centre = Centre(campaigns=(odd,))
    with pytest.raises(
        ConfigError, match=r"^campaigns\[0\]\.pacer: no pacer is called 'predictiv'; did you mean predictive\?$"
    ):
        check_pacers(centre)
    check_pacers(centre, before=centre)
    other = Centre(campaigns=(structs.replace(odd, mode=Mode.PROGRESSIVE),))
    check_pacers(other)
    # It was of no account before, and is from now on.
    with pytest.raises(ConfigError, match="no pacer is called 'predictiv'"):
        check_pacers(centre, before=other)
    assert "no pacer is called 'predictiv'; did you mean predictive?: pacer" in faults(odd, None)
