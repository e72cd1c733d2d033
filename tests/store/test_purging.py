"""What goes when it has been kept for long enough, and what stays all the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from msgspec import structs, to_builtins

from fsorch.campaign.keeping import Hold, longest, looked_back
from fsorch.campaigns import AttemptRow, CampaignSpec, ConsentRow, DncRow, LimitRule
from fsorch.clock import ManualClock
from fsorch.compliance_packs import KeepRule, PackSpec, shipped_pack
from fsorch.config import Centre, QueueSpec
from fsorch.deferred import VoicemailSpec
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.rows import ContactRow, LegRow
from fsorch.errors import ConfigError, NotFound
from fsorch.store import Store
from fsorch.store.purging import Lot
from fsorch.store.report import CampaignReport

DAY = 86_400 * 1_000_000
SHORT = PackSpec(
    id="short",
    checked=date(2027, 1, 1),
    keeps=tuple(
        KeepRule(id=f"short.{what}", says="Thirty days", source="a try", what=what, days=30)
        for what in ("records", "consents", "script", "dnc")
    ),
)
CENTRE = Centre(
    queues=(QueueSpec(id="sales"),),
    packs=(SHORT, PackSpec(id="none", checked=date(2027, 1, 1))),
    campaigns=(
        CampaignSpec(id="spring", queue="sales", pack="short"),
        CampaignSpec(id="staff", queue="sales", pack="none"),
    ),
)


def called(store: Store, id: str, days_ago: float, *, campaign: str = "spring", **more: Any) -> None:
    """A call that was made so long ago, with all that is kept of one."""
    at = store.now_us() - round(days_ago * DAY)
    number = more.pop("number", "+4930111")
    pack = "short" if campaign == "spring" else "none"
    row = AttemptRow(
        id=id, campaign=campaign, lead="1", number=number, contact=id, pack=pack, launched_at=at, ended_at=at + 1
    )
    contact = ContactRow(id=id, switch="main", outcome="served", number=number, began_at=at, ended_at=at + 1)
    leg = LegRow(id=f"leg-{id}", contact=id, switch="main", number=number, created_at=at)
    facts = [
        Fact(
            id="",
            kind=FactKind.ATTEMPT_ENDED,
            at=at,
            contact=id,
            data={"row": to_builtins(structs.replace(row, **more))},
        ),
        Fact(id="", kind=FactKind.CONTACT_ENDED, at=at, contact=id, data={"row": to_builtins(contact)}),
        Fact(id="", kind=FactKind.LEG_ENDED, at=at, contact=id, leg=leg.id, data={"row": to_builtins(leg)}),
    ]
    store.write([structs.replace(fact, id=f"{id}-{n}") for n, fact in enumerate(facts)])


def left(store: Store) -> list[str]:
    return sorted(row.id for row in store.leads.attempts.newest())


def lot_of(lots: list[Lot], what: str, campaign: str = "") -> Lot:
    return next(lot for lot in lots if (lot.what, lot.campaign) == (what, campaign))


@pytest.fixture
def kept(store: Store) -> Store:
    store.save_centre(CENTRE, "test")
    return store


def test_the_longest_rule_counts_and_no_call_goes_that_a_rule_still_counts() -> None:
    us, cn = shipped_pack("us"), shipped_pack("cn")
    assert longest("records", [us, cn]).days == 1827
    assert longest("records", [us, cn]).rules == ("us.keep-records",)
    assert longest("records", [cn], at_least=400).days == 400
    assert not longest("recordings", [us])
    # Thirty days are asked for, and a ceiling of drops looks back as far.
    few = structs.replace(us, keeps=(KeepRule(id="few", says="A day", source="a try", what="records", days=1),))
    assert longest("records", [few]).days == looked_back([us]) == 31


def test_no_call_goes_that_a_campaign_itself_still_counts(kept: Store) -> None:
    called(kept, "old", 40)
    limits = (LimitRule(most=1, days=90), LimitRule(most=3, days=10))
    other = structs.replace(CENTRE.campaigns[1], limits=limits)
    kept.save_centre(structs.replace(CENTRE, campaigns=(CENTRE.campaigns[0], other)), "test")
    # The limit counts calls of whatever campaign.
    lot = lot_of(kept.retention.plan(), "records", "spring")
    assert (lot.days, lot.rows) == (91, 0)


def recorded(store: Store, contact: str, name: str) -> None:
    """Somebody spoke in a flow."""
    data = {"node": "name", "what": "recorded", "value": name, "detail": ""}
    at = store.now_us() - 40 * DAY
    store.write([Fact(id=f"{name or contact}-told", kind=FactKind.FLOW_TOLD, at=at, contact=contact, data=data)])


def test_the_recordings_of_calls_are_told_before_these_go(kept: Store) -> None:
    for id, days in (("a", 40), ("b", 40), ("new", 20)):
        called(kept, id, days, number=f"+4930{ord(id[0])}")
        recorded(kept, id, f"{id}-7")
    recorded(kept, "a", "a-9")
    recorded(kept, "b", "")
    with pytest.raises(ConfigError, match=r"no folder of recordings.*voicemail\.dir"):
        kept.retention.purge("eve", listed=lambda paths: None)
    assert left(kept) == ["a", "b", "new"]
    kept.save_centre(structs.replace(CENTRE, voicemail=VoicemailSpec(dir="/rec")), "test")
    kept.retention.hold(Hold(id="case", number="+493098", reason="a complaint"), "ann")
    assert list(kept.retention.recordings()) == ["/rec/a-7.wav", "/rec/a-9.wav"]

    def full(_paths: Sequence[str]) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        kept.retention.purge("eve", listed=full)
    assert left(kept) == ["a", "b", "new"]
    told: list[str] = []
    kept.retention.purge("eve", listed=told.extend)
    assert (told, left(kept)) == (["/rec/a-7.wav", "/rec/a-9.wav"], ["b", "new"])


def test_a_message_that_somebody_left_is_a_recording_of_its_call(kept: Store) -> None:
    kept.save_centre(structs.replace(CENTRE, voicemail=VoicemailSpec(dir="/rec")), "test")
    called(kept, "a", 40)
    at = kept.now_us() - 40 * DAY
    row = ContactRow(
        id="a", switch="main", medium="voicemail", outcome="served", number="+4930111", began_at=at, ended_at=at + 1
    )
    told = {"row": to_builtins(row)}
    kept.write([Fact(id="m", kind=FactKind.CONTACT_ENDED, at=at, contact="a", data=told)])
    assert list(kept.retention.recordings()) == ["/rec/a.wav"]


def test_a_call_stays_for_as_long_as_its_recording_has_to(kept: Store) -> None:
    long = KeepRule(id="short.sound", says="Fifty days", source="a try", what="recordings", days=50)
    pack = structs.replace(SHORT, keeps=(*SHORT.keeps, long))
    kept.save_centre(structs.replace(CENTRE, packs=(pack, CENTRE.packs[1])), "test")
    called(kept, "a", 40)
    lot = lot_of(kept.retention.plan(), "records", "spring")
    assert (lot.days, lot.rows) == (50, 0)


def test_old_calls_go_with_all_that_is_kept_of_them(kept: Store) -> None:
    called(kept, "old", 40)
    called(kept, "new", 20)
    called(kept, "going", 40, ended_at=0)
    called(kept, "unruled", 4000, campaign="staff")
    planned = kept.retention.plan()
    assert lot_of(planned, "records", "spring").rows == 1
    assert lot_of(planned, "records", "staff") == Lot(what="records", campaign="staff", pack="none")
    assert kept.retention.plan(at_least=50)[0].rows == 0
    assert left(kept) == ["going", "new", "old", "unruled"]
    [gone] = kept.retention.purge("eve")
    assert (gone.what, gone.campaign, gone.rows, gone.rules) == ("records", "spring", 1, ("short.records",))
    assert left(kept) == ["going", "new", "unruled"]
    assert sorted(row.id for row in kept.contacts()) == ["going", "new", "unruled"]
    assert sorted(row.id for row in kept.cdrs()) == ["leg-going", "leg-new", "leg-unruled"]
    assert kept.counts().facts == 9
    with pytest.raises(NotFound):
        kept.contact("old")
    assert [(one.who, one.what["stage"]) for one in kept.audits(act="compliance.purge")] == [
        ("eve", "ended"),
        ("eve", "begun"),
    ]
    assert kept.retention.purge("eve") == []


def test_more_calls_than_one_page_go_and_a_report_says_that_they_are_gone(
    kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fsorch.store.purging.PAGE", 2)
    for n in range(5):
        called(kept, f"old-{n}", 40)
    called(kept, "held", 40, number="+4930222")
    kept.retention.hold(Hold(id="case", number="+4930222", reason="a complaint"), "eve")
    assert [lot.rows for lot in kept.retention.purge("eve")] == [5]
    assert left(kept) == ["held"]
    report = CampaignReport(kept, "spring", kept.now_us() - 100 * DAY, kept.now_us())
    assert len(list(report.calls())) == 1
    [purged] = report.whole()["purged"]
    assert (purged["who"], purged["rows"], purged["what"]) == ("eve", 5, "records")
    assert CampaignReport(kept, "staff", 0, kept.now_us()).whole()["purged"] == []


def test_a_hold_keeps_what_it_covers_until_it_is_released(kept: Store) -> None:
    called(kept, "old", 40)
    made = kept.retention.hold(Hold(id="case 4711", campaign="spring", reason="a complaint"), "eve")
    assert (made.by, made.since > 0, kept.retention.holds()) == ("eve", True, [made])
    lot = lot_of(kept.retention.plan(), "records", "spring")
    assert (lot.rows, lot.held) == (0, 1)
    assert kept.retention.purge("eve") == []
    with pytest.raises(ConfigError, match="already"):
        kept.retention.hold(Hold(id="case 4711", reason="again"), "eve")
    for bad in (Hold(id=" ", reason="a"), Hold(id="b"), Hold(id="c" * 65, reason="a")):
        with pytest.raises(ConfigError):
            kept.retention.hold(bad, "eve")
    with pytest.raises(NotFound):
        kept.retention.release("case 47", "eve")
    kept.retention.release("case 4711", "eve", "settled")
    assert kept.retention.holds() == []
    assert [lot.rows for lot in kept.retention.purge("eve")] == [1]


def test_consents_go_when_they_ended_long_ago_and_nobody_was_called_by_them_since(
    kept: Store, clock: ManualClock
) -> None:
    now = kept.now_us()
    for number in ("+4930111", "+4930222"):
        kept.consents.add(ConsentRow(number=number, given_at=now - 400 * DAY, until=now - 40 * DAY), "test")
    kept.consents.add(ConsentRow(number="+4930333", given_at=now - 400 * DAY), "test")
    kept.consents.add(ConsentRow(number="+4930444", given_at=now - 400 * DAY), "test")
    kept.consents.withdraw("+4930444", "test")
    called(kept, "new", 20, number="+4930222")
    assert lot_of(kept.retention.plan(), "consents").rows == 1
    kept.retention.purge("eve")
    assert sorted(one.number for one in kept.consents.newest()) == ["+4930222", "+4930333", "+4930444"]
    clock.advance(31 * 86_400)
    kept.retention.purge("eve")
    assert [one.number for one in kept.consents.newest()] == ["+4930333"]


def test_wishes_not_to_be_called_stay_and_wordings_that_calls_go_by(kept: Store, clock: ManualClock) -> None:
    kept.dnc.add(DncRow(number="+4930111", reason="asked"), "test")
    kept.dnc.add(DncRow(number="+4930222", until=kept.now_us() + DAY), "test")
    called(kept, "first", 0)
    clock.advance(86_400)
    spring = structs.replace(CENTRE.campaigns[0], script="Good morning")
    kept.save_centre(structs.replace(CENTRE, campaigns=(spring, CENTRE.campaigns[1])), "test")
    clock.advance(20 * 86_400)
    assert lot_of(kept.retention.plan(), "script", "spring").rows == 0
    clock.advance(20 * 86_400)
    gone = {lot.what: lot.rows for lot in kept.retention.purge("eve")}
    assert gone == {"records": 1, "script": 1, "dnc": 1}
    assert [one.spec.script for one in kept.campaigns.versions("spring")] == ["Good morning"]
    assert len(kept.campaigns.versions("staff")) == 1
    assert [one.number for one in kept.dnc.entries()] == ["+4930111"]


def test_what_was_told_of_leads_that_were_not_called_goes_with_the_calls(kept: Store) -> None:
    called(kept, "new", 1)
    old = Fact(
        id="a", kind=FactKind.LEAD_BARRED, at=kept.now_us() - 40 * DAY, data={"campaign": "spring", "rule": "dnc"}
    )
    kept.write([old, structs.replace(old, id="b", at=kept.now_us() - DAY)])
    hold = Hold(id="case", reason="a complaint")
    kept.retention.hold(hold, "eve")
    assert lot_of(kept.retention.plan(), "notices").held == 1
    kept.retention.release("case", "eve")
    assert [(lot.what, lot.rows) for lot in kept.retention.purge("eve")] == [("notices", 1)]
    assert kept.campaigns.barred("spring", 0, kept.now_us()) == {"dnc": 1}
