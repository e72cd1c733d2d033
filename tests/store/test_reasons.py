"""Why a lead is not dialled, out of the records of a real store."""

from __future__ import annotations

import pytest
from msgspec import structs

from fsorch.campaign.campaign import CampaignInput
from fsorch.campaigns import CampaignSpec, CampaignState, DncRow, DropSpec, Lead, LeadNumber, ListShare, Mode
from fsorch.clock import ManualClock
from fsorch.config import Centre, QueueSpec
from fsorch.prompts import PromptSpec, SpeechSpec
from fsorch.store import Store, open_database
from fsorch.store.lead_lists import LeadList
from fsorch.store.reasons import missing_of, reasons_of, registries

NEW_YORK = "+12125550101"
CENTRE = Centre(
    queues=(QueueSpec(id="sales"),),
    campaigns=(
        CampaignSpec(id="spring", queue="sales", lists=(ListShare(list="cold"),), pack="us", purpose="service"),
        CampaignSpec(id="ulm", queue="sales", lists=(ListShare(list="cold"),), pack="us", filter='field.city == "Ulm"'),
    ),
)


@pytest.fixture
def store(url: str, clock: ManualClock) -> Store:
    store = open_database(url, clock=clock)
    store.save_centre(CENTRE, "test")
    store.leads.lists.make(LeadList(id="cold"), "test")
    return store


def test_each_campaign_of_the_list_has_its_reason(store: Store, clock: ManualClock) -> None:
    lead = store.leads.add(Lead(id="", list="cold", name="Zoë", numbers=(LeadNumber(number=NEW_YORK),)), "test")
    # The clock stands at 8:00 UTC, 3 in the morning there.
    clock.advance(5 * 3600)
    now = clock.now().wall
    first, second = reasons_of(store, lead, now)
    assert (first.campaign, first.reason.rule, first.reason.when) == ("spring", "draft", now)
    assert second.reason.rule == "draft"

    store.campaigns.request("spring", CampaignInput.START, "eve")
    store.campaigns.settle("spring", CampaignState.RUNNING)
    store.campaigns.request("ulm", CampaignInput.START, "eve")
    assert [one.reason.rule for one in reasons_of(store, lead, now)] == ["preparing", "filter"]
    store.leads.prepare(store.load_centre().campaigns[0])
    first, second = reasons_of(store, lead, now)
    assert first.reason.sentence == f"lead {lead.id} (Zoë) may be dialled now, and waits for its turn"
    assert second.reason.rule == "filter"

    store.campaigns.request("spring", CampaignInput.PAUSE, "eve", "the script is wrong")
    assert "is paused by eve: the script is wrong" in reasons_of(store, lead, now)[0].reason.sentence
    store.campaigns.request("spring", CampaignInput.RESUME, "eve")

    store.dnc.add(DncRow(number=NEW_YORK, reason="asked"), "eve")
    said = reasons_of(store, lead, now)[0].reason
    assert (said.rule, said.when) == ("dnc", 0)


def test_a_script_that_names_a_field_which_no_lead_has_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsorch.store.lead_lists.FEW_LEADS", 1)
    script = "Hello {name} of {field.city}, {field.twon}, {field.plan_b}, {field.sur-name}, {field.town}."
    spec = structs.replace(CENTRE.campaigns[0], script=script)

    def told() -> list[str]:
        return [one for one in missing_of(store, CENTRE, spec, 0) if "script" in one]

    assert told() == [], "of a list without leads nobody knows"
    for n, fields in enumerate(
        ({"city": "Ulm"}, {"town": 'a "twon": b', "sur-name": "x"}, {"plan_b": ""}, {"zip": "b"})
    ):
        store.leads.add(Lead(id="", list="cold", numbers=(LeadNumber(number=f"{NEW_YORK}{n}"),), fields=fields), "test")
    assert told() == [
        "its script says {field.twon}, a field that no lead of its lists has; did you mean town?: script",
    ]
    other = structs.replace(spec, lists=(ListShare(list="none"),))
    assert not [one for one in missing_of(store, CENTRE, other, 0) if "script" in one]


def test_a_number_that_is_listed_is_passed_over_for_one_that_is_not(store: Store, clock: ManualClock) -> None:
    numbers = (LeadNumber(number=NEW_YORK), LeadNumber(number="+12125550109", order=1))
    lead = store.leads.add(Lead(id="", list="cold", numbers=numbers), "test")
    store.campaigns.request("spring", CampaignInput.START, "eve")
    store.campaigns.settle("spring", CampaignState.RUNNING)
    store.dnc.add(DncRow(number=NEW_YORK), "eve")
    clock.advance(5 * 3600)
    store.leads.prepare(store.load_centre().campaigns[0])
    assert reasons_of(store, lead, clock.now().wall)[0].reason.rule == ""
    store.dnc.add(DncRow(number="+1212555*"), "eve")
    assert reasons_of(store, lead, clock.now().wall)[0].reason.rule == "dnc"


def test_at_night_the_sentence_says_until_when(store: Store, clock: ManualClock) -> None:
    lead = store.leads.add(Lead(id="", list="cold", numbers=(LeadNumber(number=NEW_YORK),)), "test")
    store.campaigns.request("spring", CampaignInput.START, "eve")
    said = reasons_of(store, lead, clock.now().wall)[0].reason
    assert said.rule == "us.hours-other"
    assert said.sentence.endswith("it may be from Fri 2027-01-15 08:00 America/New_York")


def test_a_list_that_nobody_dials_is_said_to_be(store: Store, clock: ManualClock) -> None:
    store.leads.lists.make(LeadList(id="other"), "test")
    lead = store.leads.add(Lead(id="", list="other", numbers=(LeadNumber(number=NEW_YORK),)), "test")
    [only] = reasons_of(store, lead, clock.now().wall)
    assert (only.campaign, only.reason.rule) == ("", "campaign")


def test_registers_are_known_by_their_last_import(store: Store, clock: ManualClock) -> None:
    assert registries(store) == {}
    store.dnc.take("us-dnc", iter([12125550102]), "test")
    assert registries(store) == {"us-dnc": clock.now().wall}


def test_a_message_that_would_leave_the_name_out_is_told_before_anybody_hears_it(store: Store) -> None:
    drop = DropSpec(name="Acme", number="+12125550000")
    spec = CampaignSpec(id="spring", queue="sales", mode=Mode.POWER, drop=drop)
    told_of = "the message for those who find nobody, drop_message, would leave out "
    # Whose words are not the same in every call, so that no file can say them.
    words = {"drop_message": PromptSpec(text={"en": "Hello {lead.name}, this was {drop.name}."})}
    calling = structs.replace(CENTRE, prompts=words)

    def told(centre: Centre, spec: CampaignSpec = spec) -> str:
        faults = [fault for fault in missing_of(store, centre, spec, 0) if fault.startswith(told_of)]
        return faults[0].removeprefix(told_of).partition(";")[0] if faults else ""

    assert told(calling) == "{lead.name}, Acme"
    assert told(calling, structs.replace(spec, mode=Mode.PROGRESSIVE)) == ""
    assert told(calling, structs.replace(spec, drop=DropSpec(number="+12125550000"))) == "{lead.name}"
    # No voice knows who is called here either.
    assert told(structs.replace(calling, speech=SpeechSpec(engine="flite", voice="kal"))) == "{lead.name}"
    assert told(CENTRE) == ""
    own = {"drop_message": PromptSpec(text={"en": "Hello. This was Acme, at {drop.number:digits}."})}
    assert told(structs.replace(CENTRE, prompts=own)) == ""
