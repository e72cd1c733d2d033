"""A real ``fsorch run`` on SQLite that dials campaigns on a virtual switch, for the browser scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import msgspec
import yaml

from fsorch.calendar_rules import CalendarSpec
from fsorch.campaign.campaign import CampaignInput
from fsorch.campaigns import (
    AskKind,
    AskSpec,
    CallerIdPool,
    CampaignSpec,
    Disposition,
    DispositionCategory,
    DncRow,
    DropSpec,
    Lead,
    LeadNumber,
    ListShare,
    Mode,
    OrderBy,
    OrderKey,
    PreviewSpec,
    Then,
)
from fsorch.compliance_packs import PackSpec
from fsorch.config import (
    AgentSpec,
    BreakReason,
    Centre,
    MembershipSpec,
    QueueSpec,
    Settings,
    SwitchSettings,
    WebSettings,
)
from fsorch.deferred import VoicemailSpec
from fsorch.edge.demo_switch import SwitchPlan, SwitchProcess
from fsorch.flow_menus import menu_flow
from fsorch.gateways import GatewaySpec
from fsorch.rules import PhoneMode, Voicemail
from fsorch.sim.people import CarrierHabits
from fsorch.sim.world import TrafficPlan
from fsorch.store import Store, open_database
from fsorch.store.lead_lists import LeadList
from tests.browser.demo import ROOT, answered, end
from tests.ports import free_port

__all__ = ["running_outbound"]

BY = "test"
DOMAIN = "sim.fsorch"
PASSWORD = "a long password 7"
SWITCH_PASSWORD = "a switch of tests"
# Login, name, role, queue, whether the phone has a standing line.
PEOPLE = (
    ("bea", "Bea Moser", "agent", "out", False),
    ("carl", "Carl Duval", "agent", "mail", False),
    ("dora", "Dora Silva", "agent", "power", True),
    ("sam", "Sam Carter", "supervisor", "", False),
)
# The message is looked at last, however slow the machine is: until then it is offered.
OFFERED_S = 3600.0
# Who has queues of their own: login, role, queues.
BOUNDED = (("lea", "supervisor", ("power",)), ("harbour", "principal", ("out",)))
# Everybody answers after about a second, and talks until the agent has enough.
CARRIER = CarrierHabits(
    person=1.0, machine=0.0, no_answer=0.0, busy=0.0, rejected=0.0, unknown=0.0, early=0.0, ring_s=1.2, talk_s=9000.0
)
SCRIPT = """Hello {name}, this is {agent} of Acme Telephone.

You have the plan {field.plan} in {field.city}. Since spring there is one with more for less; may I tell you about it?

If not: thank you, and when may we call again?"""
DISPOSITIONS = (
    Disposition(id="sold", title="Sold", category=DispositionCategory.SUCCESS, key="s"),
    Disposition(id="later", title="Call later", category=DispositionCategory.CALLBACK, then=Then.CALLBACK, key="l"),
    Disposition(id="complaint", title="Complaint", key="c", note=True),
    Disposition(
        id="dear",
        title="Too dear, and will ask elsewhere before anything is decided",
        key="t",
        under="Not interested",
        asks=(AskSpec(id="price", title="Their price", kind=AskKind.NUMBER, needed=True),),
    ),
    Disposition(id="stop", title="Do not call again", category=DispositionCategory.DNC, then=Then.DNC, key="d"),
)
# The one whose number is barred by hand.
BARRED = "+12125550199"
# Numbers that the agent may let them see, and what is known of the first number of each lead.
SHOWN = ("+12125550100", "+12125550111")
KNOWN = "after six; the daughter picks up, and knows nothing of the contract"
NAMES = ("Zoë Quinn", "José Ñandú", "Wang Fang", "Søren Krog", "Mia Hansen", "Noor Khan")


def centre(voicemail: Path) -> Centre:
    """Campaigns of several modes in several states, and a queue that takes messages."""
    return Centre(
        name="Acme Telephone",
        queues=(
            QueueSpec(id="out", title="Outbound", wrap_up_s=600.0),
            QueueSpec(id="power", title="Power", wrap_up_s=5.0),
            QueueSpec(
                id="mail",
                title="Messages",
                wrap_up_s=5.0,
                offer_timeout_s=OFFERED_S,
                calendar="never",
                on_closed=Voicemail(),
            ),
        ),
        agents=tuple(
            AgentSpec(
                id=login,
                name=name,
                login=login,
                phone=f"user/{1001 + n}@{DOMAIN}",
                queues=(MembershipSpec(queue=queue),) if queue else (),
                phone_mode=PhoneMode.NAILED if nailed else PhoneMode.DIALLED,
            )
            for n, (login, name, _role, queue, nailed) in enumerate(PEOPLE)
        ),
        breaks=(BreakReason(id="lunch", title="Lunch"),),
        flows=(menu_flow("main", {"1": "mail"}, person="mail"),),
        flow="main",
        voicemail=VoicemailSpec(dir=str(voicemail)),
        calendars=(CalendarSpec(id="never", zone="UTC"),),
        gateways=(GatewaySpec(id="carrier", dial="sofia/gateway/carrier/{number}"),),
        packs=(PackSpec(id="none", checked=date(2026, 1, 1)),),
        dispositions=DISPOSITIONS,
        campaigns=(
            campaign("spring", "Spring sale", Mode.PREVIEW, "out", "warm"),
            campaign("by-hand", "Old customers", Mode.MANUAL, "out", "empty"),
            campaign("power", "Autumn news", Mode.POWER, "power", "cold"),
            msgspec.structs.replace(campaign("law", "New York", Mode.PREVIEW, "power", "empty"), pack="us"),
        ),
    )


def campaign(id: str, title: str, mode: Mode, queue: str, leads: str) -> CampaignSpec:
    """One campaign over one list."""
    return CampaignSpec(
        id=id,
        title=title,
        mode=mode,
        queue=queue,
        lists=(ListShare(list=leads),),
        order=(OrderKey(by=OrderBy.PRIORITY, down=True),),
        gateways=("carrier",),
        caller_ids=(CallerIdPool(numbers=SHOWN),),
        pack="none",
        script=SCRIPT,
        drop=DropSpec(name="Acme", number="+12125550000"),
        preview=PreviewSpec(timer_s=3000, skip_reasons=("Wrong person", "Was called today", "The address is missing")),
        keep_open=True,
    )


def fill(store: Store) -> None:
    """People, leads and the campaigns' states."""
    for login, _name, role, _queue, _nailed in PEOPLE:
        store.set_password(login, PASSWORD, role, agent=login, by=BY)
    for login, role, scope in BOUNDED:
        store.set_password(login, PASSWORD, role, by=BY, scope=scope)
    for id in ("warm", "cold", "empty", "kept"):
        store.leads.lists.make(LeadList(id=id), BY)
    for n, name in enumerate(NAMES):
        numbers = (
            LeadNumber(number=f"+1212555{n:02}01", kind="home", note=KNOWN),
            LeadNumber(number=f"+1212555{n:02}02", kind="work"),
        )
        fields = {"city": "New York", "plan": "Comfort 20", "customer since": str(2012 + n)}
        # Of the first the list says another clock than the number does.
        zone = "" if n else "America/Los_Angeles"
        lead = Lead(id="", list="warm", name=name, numbers=numbers, fields=fields, priority=90 - n, zone=zone)
        store.leads.add(lead, BY)
    for n in range(3):
        one = (LeadNumber(number=f"+49305550{n:03}"),)
        fields = {"city": "Berlin", "plan": "Comfort 10"}
        store.leads.add(Lead(id="", list="cold", name=f"Lead {n}", numbers=one, fields=fields), BY)
    for hours, name in ((-1, "Ida Long"), (48, "Max Late")):
        lead = store.leads.add(Lead(id="", list="kept", name=name, numbers=(LeadNumber(number="+12125550200"),)), BY)
        at = time.time() + hours * 3600
        store.leads.promise(lead.id, round(at * 1e6), BY, agent="bea", campaign="law", note="about the contract")
    store.dnc.add(DncRow(number=BARRED, source="asked by letter"), BY)
    for id in ("spring", "by-hand"):
        store.campaigns.request(id, CampaignInput.START, BY)


@contextmanager
def running_outbound(folder: Path) -> Iterator[Path]:
    """The site; gives the file in which its address and its logins stand. Raises RuntimeError when it does not come
    up."""
    voicemail = folder / "voicemail"
    voicemail.mkdir()
    told = centre(voicemail)
    # One caller, who leaves a message by hanging up: of a length that holds some words also where the greeting before
    # it comes late.
    traffic = TrafficPlan(carrier=CARRIER, ring_s=0.2, answer_rate=1.0, menu_keys={"1": 1.0}, patience_s=100.0)
    plan = SwitchPlan(
        password=SWITCH_PASSWORD, centre=told, calls=1, rate_per_s=50, seed=7, traffic=traffic, recordings=True
    )
    switch = SwitchProcess(plan, folder / "switch.log")
    try:
        port = free_port()
        settings = Settings(
            switches=(SwitchSettings(port=switch.port, password=SWITCH_PASSWORD),),
            home=str(folder),
            database=f"sqlite:///{folder}/fsorch.sqlite3",
            web=WebSettings(port=port),
        )
        file = folder / "fsorch.yaml"
        file.write_text(yaml.safe_dump(msgspec.to_builtins(settings)), encoding="utf-8")
        with closing(open_database(settings.database)) as store:
            store.save_centre(told, BY)
            fill(store)
        announced = folder / "announce.json"
        roles = [(login, role) for login, _name, role, *_ in PEOPLE] + [(login, role) for login, role, _ in BOUNDED]
        users = [{"login": login, "password": PASSWORD, "role": role} for login, role in roles]
        announced.write_text(json.dumps({"url": f"http://127.0.0.1:{port}", "users": users}), encoding="utf-8")
        with (folder / "run.log").open("wb") as log:
            sources = os.pathsep.join(str(ROOT / part) for part in ("", "cli", "web"))
            process = subprocess.Popen(
                [sys.executable, "-m", "fsorch_cli", "run", "--settings", str(file)],
                env={**os.environ, "PYTHONPATH": sources},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            answered(port, process, folder / "run.log")
            switch.begin()
            yield announced
        finally:
            end(process)
    finally:
        switch.stop()
