"""Campaigns from the command line: made, started, steered, counted, drawn, and proven."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
import wave
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as Xml

import pytest
from rich.console import Console

from fsorch.campaigns import AttemptRow, DncRow, Lead, LeadNumber, Outcome
from fsorch.edge.prompt_texts import campaign_messages
from fsorch.engine.views import CampaignView, Snapshot
from fsorch.store import Store, lead_choice, open_database
from fsorch.store import leads as leads_module
from fsorch.store.database import connected
from fsorch.store.lead_lists import LeadList
from fsorch_cli.app import App
from fsorch_cli.campaign_board import draw_campaigns
from fsorch_cli.commands.campaign import list_columns
from fsorch_cli.console import format_table, out
from tests.cli.cli import fsorch

CENTRE = """
name: Try
queues: [{id: sales}]
agents: [{id: ada, phone: user/1001, queues: [{queue: sales}]}]
gateways: [{id: carrier, dial: "sofia/gateway/carrier/{number}"}]
packs: [{id: none, checked: 2027-01-01}]
campaigns:
  - {id: spring, queue: sales, mode: predictive, lists: [{list: cold}], pack: us, gateways: [carrier]}
  - {id: staff, queue: sales, lists: [{list: cold}], pack: none, gateways: [carrier]}
"""
SECOND = 1_000_000
# 2077-03-10, 12:00 in New York: a campaign that is made while a test runs was made before.
NOON = 3_382_621_200 * SECOND


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with two campaigns, and the current directory."""
    monkeypatch.chdir(tmp_path)
    assert fsorch("init", "--password-stdin", input="correct horse 7\n").code == 0
    Path("centre.yaml").write_text(CENTRE, encoding="utf-8")
    assert fsorch("apply", "centre.yaml").code == 0
    return tmp_path


@pytest.fixture
def store(home: Path) -> Store:
    store = open_database(f"sqlite:///{home}/fsorch.sqlite3", create=False)
    store.leads.lists.make(LeadList(id="cold"), "test")
    return store


def attempt(n: int, outcome: Outcome, at: int = NOON, **more: object) -> AttemptRow:
    answered = at + 10 * SECOND if outcome in (Outcome.LIVE, Outcome.DROP, Outcome.MACHINE) else 0
    known = {
        "checks": {"dnc": "not listed", "us.hours": "Wed 12:00 in America/New_York"},
        "caller_id": "+12125550000",
        "list": "cold",
        "mode": "predictive",
        "pack": "us",
        "ringing_at": at + SECOND,
        "answered_at": answered,
        "bridged_at": answered if outcome is Outcome.LIVE else 0,
        "ended_at": at + 70 * SECOND if answered else at + 31 * SECOND,
        "agent": "ada" if outcome is Outcome.LIVE else "",
        "prompt": "drop_message" if outcome is Outcome.DROP else "",
        "cause": "NORMAL_CLEARING",
    }
    row = {"id": f"a{n}", "campaign": "spring", "lead": str(n), "number": f"+1212555{n:04}", "launched_at": at}
    return AttemptRow(**(row | known | {"outcome": outcome.value} | more))  # type: ignore[arg-type]  # a table of keys


def keep(store: Store, *rows: AttemptRow) -> None:
    with connected(store.db) as db:
        for row in rows:
            store.leads.attempts.write(db, row)


def some_calls(store: Store) -> None:
    rows = [attempt(n, Outcome.LIVE, NOON + n * 60 * SECOND) for n in range(8)]
    rows += [attempt(10, Outcome.DROP, NOON + SECOND), attempt(11, Outcome.NOANSWER), attempt(12, Outcome.MACHINE)]
    keep(store, *rows)


def test_a_campaign_is_made_listed_shown_cloned_and_removed() -> None:
    wrong = fsorch("campaign", "create", "summer", "queue=sales", "pack=us", "lists=cold")
    assert "'lists=cold': lists is a list; add with lists+=cold, take away with lists-=cold" in wrong.err
    made = fsorch("campaign", "create", "summer", "queue=sales", "pack=us", "lists+=cold", "title=Summer")
    assert made.code in (0, 3), made.err
    made = fsorch("campaign", "create", "winter", "queue=sales", "pack=us", "title=Winter sale")
    assert (made.code, made.out.splitlines()[0]) == (0, "+ campaign winter")
    assert fsorch("campaign", "clone", "spring", "copy", "mode=progressive", "title=Copy").code == 0
    assert fsorch("campaign", "set", "summer", "lists+=warm").out.splitlines()[0].endswith('{"list":"warm"}]')
    assert fsorch("campaign", "set", "summer", "lists-=warm").out.splitlines()[0].endswith('[{"list":"cold"}]')
    [copy] = [one for one in json.loads(fsorch("campaign", "list", "--json").out) if one["id"] == "copy"]
    assert (copy["mode"], copy["state"]) == ("progressive", "draft")
    shown = json.loads(fsorch("campaign", "show", "copy", "--json").out)
    assert shown["campaign"]["lists"] == [{"list": "cold"}]
    assert fsorch("campaign", "remove", "copy").code == 0
    gone = fsorch("campaign", "show", "coppy")
    assert gone.code == 4
    assert fsorch("campaign", "clone", "nosuch", "x").code == 4
    twice = fsorch("campaign", "clone", "spring", "staff")
    assert (twice.code, twice.err) == (3, "fsorch: there is a campaign 'staff' already; give the copy another id\n")


def test_what_is_missing_keeps_it_from_being_started_unless_somebody_says_why(store: Store) -> None:
    refused = fsorch("campaign", "start", "spring")
    assert refused.code == 5
    assert "the pack asks for one that can be called back: caller_ids" in refused.err
    assert "the register us-dnc has not been imported" in refused.err
    started = fsorch("campaign", "start", "spring", "--anyway", "a try")
    assert (started.code, started.out) == (0, "campaign spring is started (when fsorch runs)\n")
    act = {"campaign": "spring", "before": "draft", "state": "scheduled", "why": "a try"}
    assert store.audits(act="campaign.start")[0].what == act


def test_a_message_without_audio_is_told_when_it_is_described_and_keeps_it_from_being_started(
    store: Store, home: Path
) -> None:
    changed = fsorch("campaign", "set", "spring", "drop.name=Acme", "drop.number=+12125550100")
    told = "to be made with fsorch prompt build: spring: drop message (en), staff: drop message (en)"
    assert told in " ".join(changed.err.split())
    missing = json.loads(fsorch("campaign", "show", "spring", "--json").out)["missing"]
    assert "its drop message has no audio in en; fsorch prompt build" in missing
    beep = f'{sys.executable} -c \'import sys; sys.stdout.buffer.write(open("beep.wav", "rb").read())\''
    with wave.open("beep.wav", "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\x00\x20\x00\xe0" * 400)
    assert fsorch("prompt", "build", "--only", "drop_message", "--command", beep).code == 0
    missing = json.loads(fsorch("campaign", "show", "spring", "--json").out)["missing"]
    assert not [one for one in missing if "audio" in one]
    assert "prompt build" not in fsorch("campaign", "set", "staff", "title=Staff").err
    assert "prompt build: spring" in " ".join(fsorch("campaign", "set", "spring", "drop.name=Acme 2").err.split())


def test_a_folder_of_prompts_that_cannot_be_read_does_not_make_a_change_fail(store: Store, home: Path) -> None:
    assert fsorch("campaign", "set", "spring", "drop.name=Acme", "drop.number=+12125550100").code == 0
    centre = store.load_centre()
    _, message = next(campaign_messages(centre, next(one for one in centre.campaigns if one.id == "spring")))
    folder = home / "prompts" / message.language
    folder.mkdir(parents=True)
    (folder / f"{message.name}.wav").write_bytes(b"")
    (folder / "prompts.json").write_text("[")
    changed = fsorch("campaign", "set", "spring", "title=Spring")
    assert changed.code == 0
    assert "is not what fsorch wrote" in " ".join(changed.err.split())


def test_a_campaign_is_paused_resumed_and_stopped_and_what_is_not_possible_is_refused(store: Store) -> None:
    number = LeadNumber(number="+12125550101")
    store.leads.add(Lead(id="", list="cold", numbers=(number,)), "test")
    assert fsorch("campaign", "start", "staff").code == 0
    assert fsorch("campaign", "pause", "staff", "--reason", "lunch").code == 0
    [row] = [one for one in json.loads(fsorch("campaign", "list", "--json").out) if one["id"] == "staff"]
    assert (row["state"], row["why"]) == ("paused", "lunch")
    assert row["who"].startswith("cli")
    assert fsorch("campaign", "resume", "staff").code == 0
    refused = fsorch("campaign", "resume", "staff")
    assert refused.code == 5
    assert "possible: pause, stop" in refused.err
    assert json.loads(fsorch("campaign", "stop", "staff", "--json").out)["state"] == "draining"
    assert fsorch("campaign", "pause", "nosuch").code == 4


def test_figures_and_a_picture(store: Store) -> None:
    some_calls(store)
    told = fsorch("campaign", "stats", "spring", "--since", "2077-03-10", "--until", "2077-03-11", "--plot", "p.svg")
    assert told.code == 0, told.err
    assert "live                   8 (72.7%)" in told.out
    # Of the nine people, and not of the machine that answered too.
    assert "mean time to answer    0:10" in told.out
    assert "mean call              1:00" in told.out
    assert "us.drops: 11.11% dropped (1 of 9 live answers in 30 days" in told.out
    root = Xml.parse("p.svg").getroot()
    titles = {one.text for one in root.iter("{http://www.w3.org/2000/svg}title")}
    assert {"11 launched", "9 answered by a person", "1 of 9 dropped (11.11%)"} <= titles
    assert fsorch("campaign", "stats", "spring", "--plot", "p.svg").code == 3
    assert "neither .svg nor .png" in fsorch("campaign", "stats", "spring", "--plot", "p.gif").err
    figures = json.loads(
        fsorch("campaign", "stats", "spring", "--since", "2077-03-10", "--until", "2077-03-11", "--json").out
    )
    assert figures["counts"]["outcomes"] == {"drop": 1, "live": 8, "machine": 1, "noanswer": 1}
    assert figures["drops"][0]["left"] == -1
    assert "taken for" not in told.out


def test_the_figures_say_what_telling_machines_from_people_has_cost(store: Store) -> None:
    for n, (outcome, heard) in enumerate(
        (
            (Outcome.LIVE, "pause"),
            (Outcome.LIVE, "pause said"),
            (Outcome.LIVE, "greeting checked"),
            (Outcome.MACHINE, "greeting beep"),
            (Outcome.MACHINE, "beep"),
            (Outcome.HUNG_UP, "left"),
        )
    ):
        keep(store, attempt(n, outcome, NOON, answered_at=NOON + SECOND, answer=heard))
    when = ("--since", "2077-03-10", "--until", "2077-03-11")
    told = fsorch("campaign", "stats", "spring", *when)
    assert told.code == 0, told.err
    assert "3 (1 by the beep, 2 by the greeting)" in told.out
    assert "1 of 1 were people" in told.out
    answers = json.loads(fsorch("campaign", "stats", "spring", *when, "--json").out)["counts"]["answers"]
    assert answers["wronged"] == answers["missed"] == answers["left"] == 1


def test_the_evidence_has_a_row_for_each_call_and_a_report_that_names_what_does_not_fit(store: Store) -> None:
    some_calls(store)
    night = NOON - 10 * 3600 * SECOND
    keep(store, attempt(20, Outcome.NOANSWER, night, ended_at=night + 9 * SECOND, caller_id="", checks={}))
    proof = ("evidence.seller=Acme", "evidence.purpose=windows", "evidence.caller_id_proof=contract 7")
    assert fsorch("campaign", "set", "spring", *proof, "script=Hello, this is Acme.").code == 0
    fsorch("campaign", "start", "spring", "--anyway", "a try")
    ran = fsorch(
        "compliance", "report", "spring", "--from", "2026-01-01", "--to", "2078-01-01", "--dir", "ev", "--json"
    )
    assert ran.code == 0, ran.err
    [table], [whole] = Path("ev").glob("*.csv"), Path("ev").glob("*.json")
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 12
    late = rows[0]
    assert (late["called_number"], late["date"], late["time"]) == ("+12125550020", "2077-03-10", "02:00:00")
    assert late["irregular"] == "no check on record; us.hours; us.ring; no number shown"
    live = next(row for row in rows if row["agent"] == "ada")
    assert (live["seller"], live["purpose"], live["authorization"]) == ("Acme", "windows", "contract 7")
    assert (live["duration_s"], live["rang_s"], live["disposition"]) == ("60.0", "9.0", "live")
    assert "us.hours: Wed 12:00" in live["checks"]
    told = json.loads(whole.read_text(encoding="utf-8"))
    assert told == json.loads(ran.out)
    assert told["calls_sha256"] == hashlib.sha256(table.read_bytes()).hexdigest()
    assert told["summary"]["outcomes"]["live"] == 8
    assert told["summary"]["irregular"] == {
        "no check on record": 1,
        "no number shown": 1,
        "us.hours": 1,
        "us.ring": 1,
    }
    [window] = told["summary"]["windows"]
    assert (window["budget"]["live"], window["budget"]["drops"]) == (9, 1)
    assert [one["campaign"].get("script", "") for one in told["wordings"]] == ["", "Hello, this is Acme."]
    assert told["acts"][-1]["act"] == "campaign.start"
    assert {"id": "us.ring", "nature": "law"}.items() <= next(
        rule for rule in told["pack"]["rules"] if rule["id"] == "us.ring"
    ).items()
    assert (
        fsorch("compliance", "report", "spring", "--from", "2026-01-01", "--to", "2078-01-01", "--dir", "ev").code == 3
    )
    assert fsorch("compliance", "report", "nosuch", "--from", "30d").code == 4


def test_what_was_kept_for_long_enough_is_purged_but_for_a_hold() -> None:
    planned = json.loads(fsorch("compliance", "purge", "--dry-run", "--json").out)
    assert (planned["removed"], sum(lot["rows"] for lot in planned["lots"])) == (False, 0)
    assert "0 records would go" in fsorch("compliance", "purge", "--dry-run").out
    assert fsorch("compliance", "purge", "--yes").out.strip() == "0 records are removed"
    unnamed = fsorch("compliance", "purge", "--dry-run", "--recordings", "gone.txt")
    assert (unnamed.code, "voicemail.dir" in unnamed.err) == (3, True)
    assert fsorch("compliance", "hold", "case-1", "--reason", "a complaint", "--campaign", "sprung").code == 4
    assert fsorch("compliance", "hold", "case-1", "--reason", "a complaint", "--campaign", "spring").code == 0
    [hold] = json.loads(fsorch("compliance", "holds", "--json").out)
    assert (hold["id"], hold["campaign"], hold["reason"]) == ("case-1", "spring", "a complaint")
    assert fsorch("compliance", "hold", "case-1", "--reason", "again").code == 3
    assert fsorch("compliance", "release", "case-2").code == 4
    assert fsorch("compliance", "release", "case-1").code == 0
    assert "Nothing is held." in fsorch("compliance", "holds").out


def test_a_report_without_calls_still_has_its_heading() -> None:
    assert fsorch("compliance", "report", "spring", "--from", "2026-01-01", "--to", "2026-02-01").code == 0
    [table] = Path().glob("spring-*.csv")
    assert table.read_text(encoding="utf-8").startswith("call,telemarketer,seller,purpose,audience,outbound")


def test_a_span_that_holds_nothing_is_no_empty_report() -> None:
    for span in (("2026-02-01", "2026-01-01"), ("2026-02-01", "2026-02-01")):
        refused = fsorch("compliance", "report", "spring", "--from", span[0], "--to", span[1])
        assert refused.code == 3
        assert "--from is not before --to; there is nothing in between (a day is its beginning" in refused.err
        assert fsorch("campaign", "stats", "spring", "--since", span[0], "--until", span[1]).code == 3
    assert list(Path().glob("spring-*")) == []


def test_packs_are_shown_with_the_source_of_each_rule() -> None:
    packs = json.loads(fsorch("compliance", "packs", "--json").out)
    assert [pack["id"] for pack in packs] == ["cn", "eu", "none", "uk", "us"]
    assert "16 CFR 310.4(c); 47 CFR 64.1200(c)(1)" in fsorch("compliance", "show", "us").out
    assert json.loads(fsorch("compliance", "show", "uk", "--json").out)["countries"] == ["GB", "GG", "JE", "IM"]
    assert fsorch("compliance", "show", "fr").code == 4


def test_the_live_board_shows_what_holds_a_campaign_and_the_drops_left(capsys: pytest.CaptureFixture[str]) -> None:
    view = CampaignView(
        id="spring",
        title="",
        mode="predictive",
        state="running",
        held="no agent is at work",
        launched=100,
        live=40,
        drops=2,
        drop_share=0.05,
        drop_bound=0.152,
        drop_target=0.03,
        drops_left=0,
        drops_over=True,
    )
    snapshot = Snapshot(seq=1, centre="Try", at=NOON, campaigns=(view,))
    out().print(draw_campaigns(snapshot, "", NOON))
    shown = capsys.readouterr().out
    assert "no agent is at work" in shown
    assert "5.00%" in shown
    assert "15.20%" in shown
    out().print(draw_campaigns(snapshot, "other", NOON))
    assert "No campaign" in capsys.readouterr().out
    for width in (80, 112, 120, 159):
        Console(width=width, color_system=None).print(draw_campaigns(snapshot, "", NOON, width))
        shown = capsys.readouterr().out
        assert "…" not in shown, "something is cut short"
        assert "spring: no agent is at work" in shown
        assert ("5.00%" in shown) is (width >= 112)


def test_no_word_of_the_list_is_broken_on_a_narrow_terminal() -> None:
    known = ("spring-27", "Spring sale", "progressive", "sales", "cold, warm", "us", "running")
    rows = [(*known, "2026-11-29 16:52:13", "cli:root", "no lead may be dialled now")]
    for width in (80, 120, 200):
        columns, cells = list_columns(rows, width)
        shown = io.StringIO()
        Console(width=width, color_system=None, file=shown).print(format_table(columns, cells))
        words = set(shown.getvalue().split())
        assert words >= {"campaign", "spring-27", "progressive", "running", "2026-11-29", "16:52:13", "dialled"}
        assert ("Spring" in words) is (width >= 120)


def test_why_a_lead_is_not_dialled_is_one_sentence(store: Store) -> None:
    number = LeadNumber(number="+12125550101")
    lead = store.leads.add(Lead(id="", list="cold", name="Zoë", reference="K-7", numbers=(number,)), "test")
    told = fsorch("lead", "why", "K-7").out.splitlines()
    assert told[0].startswith(
        f"lead {lead.id} (Zoë) is not dialled now because the campaign spring has not been started"
    )
    assert len(told) == 2
    [spring, staff] = json.loads(fsorch("lead", "why", "+12125550101", "--json").out)
    assert (spring["campaign"], spring["rule"], staff["campaign"]) == ("spring", "draft", "staff")
    assert spring["when"] > 0
    assert fsorch("lead", "why", "nobody").code == 4
    # Started, and nobody is there to dial.
    assert fsorch("campaign", "start", "staff").code == 0
    store.leads.prepare(store.load_centre().campaigns[1])
    [_, staff] = json.loads(fsorch("lead", "why", "K-7", "--json").out)
    assert staff["sentence"].endswith("(fsorch is not running here); it waits for its turn after that")


def test_who_is_next_is_told_with_what_was_not_looked_at(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leads_module, "MOST_LOOKS", 2)
    monkeypatch.setattr(leads_module, "LOOKED_AT", 3)
    monkeypatch.setattr(lead_choice, "LOOKED_AT", 3)
    for n in range(8):
        numbers = (LeadNumber(number=f"+1212555010{n}"),)
        store.leads.add(Lead(id="", list="cold", name="Zoë", numbers=numbers, fields={"city": f"Ulm {n}"}), "test")
    assert fsorch("campaign", "set", "staff", 'filter=lower(field.city) == "ulm 7"').code == 0
    ran = fsorch("campaign", "next", "staff")
    assert (ran.code, ran.out.startswith("No lead of its lists")) == (0, True)
    assert "none of the first 6 leads of a list pass; those behind them were not looked at" in ran.err
    assert fsorch("campaign", "set", "staff", 'filter=lower(field.city) == "ulm 5"').code == 0
    ran = fsorch("campaign", "next", "staff")
    assert ("+12125550105" in ran.out, ran.err) == (True, "")


def test_a_number_is_checked_against_every_rule_before_anybody_dials_it(store: Store) -> None:
    assert fsorch("campaign", "set", "spring", "purpose=service").code == 0
    at = ("--at", "2077-03-10T12:00-05:00")
    allowed = fsorch("compliance", "check", "spring", "+1 212 555 0101", *at)
    assert (allowed.code, allowed.out.splitlines()[-1]) == (0, "it may be dialled")
    assert "Wed 12:00 in America/New_York" in allowed.out
    early = fsorch("compliance", "check", "spring", "+12125550101", "--at", "2077-03-10T07:00-05:00", "--json")
    told = json.loads(early.out)
    assert (early.code, told["verdict"]["rule"], told["when"]) == (1, "us.hours-other", NOON - 4 * 3600 * SECOND)
    west = fsorch(
        "compliance", "check", "spring", "+12125550101", "--at", "2077-03-10T09:00-05:00", "--postcode", "90001"
    )
    assert "NO: Calls that sell nothing keep to the same hours; it is Wed 06:00 in America/Los_Angeles" in west.out
    store.dnc.add(DncRow(number="+12125550101", reason="asked"), "test")
    assert "NO: +12125550101 is on the DNC list (asked)" in fsorch("compliance", "check", "spring", "+12125550101").out
    assert fsorch("compliance", "check", "sping", "+12125550101").code == 4
    assert fsorch("compliance", "check", "spring", "12").code == 3


def test_top_says_when_nothing_runs() -> None:
    assert fsorch("campaign", "top").code == 8


def test_what_is_next_is_shown_and_a_list_is_gone_through_once_more(store: Store) -> None:
    for n in range(3):
        lead = Lead(id="", list="cold", name=f"L{n}", priority=n, numbers=(LeadNumber(number=f"+3725012{n:03}"),))
        store.leads.add(lead, "test")
    shown = fsorch("campaign", "next", "staff", "--count", "2")
    assert shown.out.index("L2") < shown.out.index("L1")
    assert "L0" not in shown.out
    found = json.loads(fsorch("campaign", "next", "staff", "--json").out)
    assert [one["lead"]["name"] for one in found] == ["L2", "L1", "L0"]
    # Nobody has started it, which stands against each.
    assert {one["reason"]["rule"] for one in found} == {"draft"}
    assert json.loads(fsorch("list", "reset", "cold", "--outcome", "busy", "--done", "--json").out)["leads"] == 0
    assert fsorch("list", "reset", "cald").code == 4
    assert fsorch("campaign", "next", "stafff").code == 4


def test_what_a_running_dialler_has_at_hand_comes_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        lead = Lead(id="", list="cold", name=f"L{n}", priority=-n, numbers=(LeadNumber(number=f"+3725012{n:03}"),))
        store.leads.add(lead, "test")
    (spec,) = (one for one in store.load_centre().campaigns if one.id == "staff")
    held = [one.lead.id for one in store.leads.reserve(spec, 2, store.now_us(), "here:1").leads]
    snapshot = SimpleNamespace(campaigns=(SimpleNamespace(id="staff", next=(held[1], held[0])),))
    monkeypatch.setattr(App, "client", lambda _app: nullcontext(SimpleNamespace(snapshot=lambda: snapshot)))
    found = json.loads(fsorch("campaign", "next", "staff", "--count", "3", "--json").out)
    assert [(one["lead"]["name"], one["at_hand"]) for one in found] == [("L1", True), ("L0", True), ("L2", False)]
    shown = fsorch("campaign", "next", "staff").out
    assert shown.index("L1") < shown.index("L0") < shown.index("L2")
    assert shown.count("at hand") == 2


def test_gateways_dispositions_and_packs_are_looked_at() -> None:
    rule = ("translate+={prefix: '+49', put: '0'}", "lines=30", "cps=2.5", "group=carriers")
    assert fsorch("gateway", "add", "second", "dial=sofia/gateway/two/{number}", *rule).code == 0
    first, second = json.loads(fsorch("gateway", "list", "--json").out)
    assert (first["campaigns"], second["campaigns"]) == (["spring", "staff"], [])
    assert "carriers" in fsorch("gateway", "list").out
    shown = fsorch("gateway", "show", "second", "--number", "+493012345").out
    assert "+49 → 0" in shown
    assert "sofia/gateway/two/03012345" in shown
    assert fsorch("gateway", "show", "secnd").code == 4
    assert fsorch("gateway", "set", "second", "lines=40").code == 0
    assert fsorch("gateway", "remove", "second").code == 0
    assert fsorch("disposition", "list").out.startswith("No disposition yet")
    assert fsorch("disposition", "add", "sold", "title=Sold", "category=success", "key=s").code == 0
    own = "dispositions=[{id: stop, category: dnc, then: dnc}]"
    assert fsorch("campaign", "set", "staff", own).code == 0
    told = json.loads(fsorch("disposition", "list", "--json").out)
    assert [(one["campaign"], one["id"]) for one in told] == [("", "sold"), ("staff", "stop")]
    assert "of staff" not in fsorch("disposition", "list", "--campaign", "spring").out
    assert "staff" in fsorch("disposition", "show", "stop").out
    assert fsorch("disposition", "show", "stopp").code == 4
    assert "16 CFR 310.4(c)" in fsorch("pack", "show", "us", "--json").out
    assert {one["id"] for one in json.loads(fsorch("pack", "list", "--json").out)} == {"cn", "eu", "none", "uk", "us"}
    assert fsorch("pack", "add", "ours", "checked=2027-02-01", "title=Our own").code == 0
    assert fsorch("pack", "show", "ours").out.startswith("Our own; sources read 2027-02-01")


def test_a_call_that_nobody_answered_is_found_by_its_lead_and_explained(store: Store) -> None:
    lead = store.leads.add(Lead(id="", list="cold", numbers=(LeadNumber(number="+12125550101"),)), "test")
    keep(store, attempt(7, Outcome.NOANSWER, id="7a3f-1", lead=lead.id, gateway="carrier", mode="progressive"))
    shown = fsorch("lead", "show", lead.id)
    assert "7a3f-1" in shown.out
    assert "fsorch explain ATTEMPT" in shown.err
    told = fsorch("explain", "7a3f")
    assert told.code == 0, told.err
    assert f"lead {lead.id} is called, its attempt 1: it was next of the list cold" in told.out
    assert "checked by the pack us: dnc: not listed" in told.out
    assert "noanswer" in told.out
    assert json.loads(fsorch("explain", "7a3f-1", "--json").out)["attempt"]["gateway"] == "carrier"
    assert fsorch("explain", "nothing-such").err == "fsorch: no contact called 'nothing-such'\n"
