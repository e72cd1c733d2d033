"""The doctor: every fault has its finding, and every finding says how to mend it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fsorch.campaigns import CampaignSpec, DropSpec, Mode
from fsorch.config import AgentSpec, Centre, QueueSpec, Settings, SwitchSettings, WebSettings
from fsorch.edge import doctor_switch
from fsorch.edge.check import Check
from fsorch.edge.doctor import run_checks
from fsorch.edge.doctor_switch import check_switch
from fsorch.edge.link_session import LinkLimits
from fsorch.edge.message_audio import message_faults
from fsorch.edge.prompt_texts import campaign_messages
from fsorch.edge.webserver import listen
from fsorch.esl.frames import CommandFrame
from fsorch.flow_menus import menu_flow
from fsorch.prompts import SpeechSpec
from fsorch.resources import shipped_dialplan_version
from fsorch.store import open_database
from fsorch.tenants import TenantSpec
from tests.edge.fake_switch import Connection, FakeSwitch, api, event, reply
from tests.ports import free_port

SOUNDS = "/usr/share/freeswitch/sounds"
KEY = "9b82830c-f926-494f-8e07-54665651e7d6"
# What a FreeSWITCH 1.10.12 with all our files answered.
SOUND = {
    "version": "FreeSWITCH Version 1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit (git a88d069 64bit)\n",
    "status": "UP 0 years\n0 session(s) per Sec out of max 200, peak 2, last 5min 0 \n1000 session(s) max\n",
    "xml_locate dialplan context name fsorch": (
        f'<context name="fsorch" version="{shipped_dialplan_version()}">... data="fsorch_entry=yes" ...</context>'
    ),
    "xml_locate root": "<document></document>",
    "global_getvar fsorch_patience_s": "5",
    "global_getvar fsorch_numbers": "^(77[0-9]+)$",
    "global_getvar fsorch_ring_group": "user/1001",
    "global_getvar fsorch_messages": "true",
    "global_getvar fsorch_messages_dir": "/var/lib/freeswitch/recordings/fsorch",
    "global_getvar sounds_dir": SOUNDS,
    "local_stream show": "default,/music\nmoh/8000,/music/8000\n",
    "db list/fsorch_fallback": "-ERR no reply\n",
}
CENTRE = Centre(
    queues=(QueueSpec(id="sales"), QueueSpec(id="support", music="tone_stream://%(1000,0,440)")),
    agents=(AgentSpec(id="ada", phone="user/1001"),),
    flows=(menu_flow("main", {"1": "sales"}, person="support"),),
    flow="main",
    prompts={"greeting": "/own/hello.wav"},
)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_switch, "LIMITS", LinkLimits(connect_timeout_s=60.0, command_timeout_s=60.0))


@pytest.fixture
def quick(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For what never comes."""
    monkeypatch.setattr(doctor_switch, "LIMITS", LinkLimits(connect_timeout_s=0.5, command_timeout_s=0.5))


@pytest.fixture
def answers() -> dict[str, str]:
    return dict(SOUND)


@pytest.fixture
def switch(answers: dict[str, str]) -> Iterator[FakeSwitch]:
    """A switch that answers as the dictionary ``answers`` says; what is not in it, it has."""

    def handle(connection: Connection, command: CommandFrame) -> bytes | None:
        line = command.line.removeprefix("api ")
        if command.line.startswith("bgapi ") and "events" not in answers:
            job = command.header("Job-UUID") or ""
            return reply(f"+OK Job-UUID: {job}") + event("BACKGROUND_JOB", Job_UUID=job, _body="+OK")
        if line == "strmicroepoch":
            return api(str(time.time_ns() // 1000 + int(answers.get("ahead_us", "0"))))
        if line in answers:
            return api(answers[line])
        return api("true") if line.startswith(("module_exists ", "file_exists ")) else None

    fake = FakeSwitch(handle)
    yield fake
    fake.stop()


def examine(switch: FakeSwitch, centre: Centre | None = CENTRE) -> dict[str, Check]:
    """The findings by name; when there are several of a name, the worst."""
    checks = sorted(check_switch(switch.settings(), centre), key=lambda check: (check.ok is True, check.ok is None))
    found: dict[str, Check] = {}
    for check in checks:
        found.setdefault(check.name.removeprefix("main: "), check)
    return found


def test_a_switch_in_order(switch: FakeSwitch) -> None:
    found = examine(switch)
    assert {name for name, check in found.items() if check.ok is not True} == set()
    assert list(found) == [
        *("password", "event socket", "version", "modules", "dialplan", "numbers", "fallback", "prompts"),
        *("music", "clock", "sessions", "events"),
    ]
    assert found["version"].detail == "FreeSWITCH 1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit"


@pytest.mark.parametrize(
    ("answer", "name", "ok", "mend"),
    [
        ({"version": "FreeSWITCH Version 1.8.7 (64bit)"}, "version", False, "upgrade"),
        ({"version": "Asterisk 20"}, "version", None, "1.10"),
        ({"module_exists mod_sndfile": "false"}, "modules", False, "load mod_sndfile"),
        ({"module_exists mod_local_stream": "false"}, "modules", None, "load mod_local_stream"),
        ({"xml_locate dialplan context name fsorch": "can't find anything"}, "dialplan", False, "reloadxml"),
        (
            {"xml_locate dialplan context name fsorch": "", "xml_locate root": "fsorch_entry=yes"},
            "dialplan",
            None,
            "",
        ),
        (
            {"xml_locate dialplan context name fsorch": '<context name="fsorch">fsorch_entry=yes</context>'},
            "dialplan",
            False,
            "copy dialplan/fsorch.xml",
        ),
        (
            {"xml_locate dialplan context name fsorch": '<context name="fsorch" version="999">fsorch_entry</context>'},
            "dialplan",
            None,
            "unless this fsorch is about to be upgraded",
        ),
        ({"global_getvar fsorch_patience_s": "-ERR no reply"}, "dialplan", False, "vars/fsorch.xml"),
        ({"global_getvar fsorch_numbers": "-ERR no reply"}, "numbers", None, "fsorch_numbers"),
        ({"global_getvar fsorch_ring_group": "-ERR no reply"}, "fallback", None, "fsorch_ring_group"),
        ({f"file_exists {SOUNDS}/fsorch/en/menu.wav": "false"}, "prompts", False, SOUNDS),
        ({"file_exists /own/hello.wav": "false"}, "prompts", False, "/own"),
        ({"local_stream show": "default,/music\n"}, "music", False, "local_stream.conf.xml"),
        ({"ahead_us": "3000000"}, "clock", False, "NTP"),
        ({"status": SOUND["status"].replace("1000 ", "3 ")}, "sessions", False, "fsctl max_sessions 8"),
        ({"status": "odd"}, "sessions", None, ""),
    ],
)
def test_what_is_wrong_is_found(
    switch: FakeSwitch, answers: dict[str, str], answer: dict[str, str], name: str, ok: bool | None, mend: str
) -> None:
    answers.update(answer)
    check = examine(switch)[name]
    assert check.ok is ok
    assert mend in check.mend
    assert check.detail


def calling(**campaign: Any) -> Centre:
    """A centre that calls."""
    drop = DropSpec(name="Acme", number="+4930")
    known: dict[str, Any] = {"id": "spring", "queue": "sales", "mode": Mode.PREDICTIVE, "drop": drop}
    spec = CampaignSpec(**(known | campaign))
    return msgspec.structs.replace(CENTRE, campaigns=(spec,))


@pytest.mark.parametrize(("mode", "ok"), [(Mode.PREDICTIVE, False), (Mode.PROGRESSIVE, None)])
def test_a_message_that_the_switch_does_not_have_is_a_fault_where_people_are_dropped(
    switch: FakeSwitch, answers: dict[str, str], tmp_path: Path, mode: Mode, ok: bool | None
) -> None:
    centre = calling(mode=mode)
    [(_, one)] = campaign_messages(centre, centre.campaigns[0])
    path = f"{SOUNDS}/fsorch/en/{one.name}.wav"
    assert examine(switch, centre)["messages"].detail == "campaign spring: the switch has all 1"
    settings = Settings(home=str(tmp_path), switches=(switch.settings(),))
    assert message_faults(settings, centre, centre.campaigns[0]) == []
    answers[f"file_exists {path}"] = "false"
    check = examine(switch, centre)["messages"]
    assert (check.ok, check.detail) == (
        ok,
        f"campaign spring: the switch has no {path}, its drop message (1 of 1 missing)",
    )
    mend = f"fsorch prompt build, then copy prompts/en/{one.name}.wav of the home to {SOUNDS}/fsorch/en"
    assert check.mend == mend
    faults = message_faults(settings, centre, centre.campaigns[0])
    assert faults == ([f"main has no {path}, its drop message; {mend}"] if ok is False else [])
    spoken = msgspec.structs.replace(centre, speech=SpeechSpec(engine="flite", voice="kal"))
    assert "messages" not in examine(switch, spoken)


def test_a_switch_that_is_away_leaves_the_folder_of_prompts_to_say_it(tmp_path: Path) -> None:
    centre = calling()
    [(_, one)] = campaign_messages(centre, centre.campaigns[0])
    away = SwitchSettings(port=free_port(), password="correct horse")
    settings = Settings(home=str(tmp_path), switches=(away,))
    told = "its drop message has no audio in en; fsorch prompt build"
    assert message_faults(settings, centre, centre.campaigns[0]) == [told]
    folder = tmp_path / "prompts" / "en"
    folder.mkdir(parents=True)
    (folder / f"{one.name}.wav").write_bytes(b"RIFF")
    assert message_faults(settings, centre, centre.campaigns[0]) == []


@pytest.mark.usefixtures("quick")
def test_a_switch_that_tells_of_no_events_is_found(switch: FakeSwitch, answers: dict[str, str]) -> None:
    answers["events"] = "none"
    check = examine(switch)["events"]
    assert not check.ok
    assert "reload mod_event_socket" in check.mend


def test_calls_that_were_served_alone_are_told(switch: FakeSwitch, answers: dict[str, str]) -> None:
    old = KEY.replace("9", "8")
    answers["db list/fsorch_fallback"] = f"{KEY},{old},$(reboot)"
    answers[f"db select/fsorch_fallback/{KEY}"] = f"{int(time.time()) - 60} +4930123"
    answers[f"db select/fsorch_fallback/{old}"] = "1600000000 +4930999"
    check = examine(switch)["served alone"]
    assert check.ok is None
    assert "7 days: 1, the last" in check.detail
    assert "+4930123" in check.mend
    assert "+4930999" not in check.mend
    assert not any("reboot" in line for line in switch.last.lines)


def test_a_wrong_password(switch: FakeSwitch) -> None:
    checks = check_switch(switch.settings(password="not this one"), CENTRE)
    assert [(check.name, check.ok) for check in checks] == [("main: password", True), ("main: event socket", False)]
    assert "fsorch.yaml" in checks[1].mend


def test_an_access_list(switch: FakeSwitch) -> None:
    switch.greeting = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
    check = examine(switch)["event socket"]
    assert check.ok is False
    assert "apply-inbound-acl" in check.mend


def test_nobody_listens(switch: FakeSwitch) -> None:
    switch.refuse()
    check = examine(switch)["event socket"]
    assert check.ok is False
    assert f"127.0.0.1:{switch.port}" in check.mend


def test_the_well_known_password() -> None:
    near = check_switch(SwitchSettings(password="ClueCon", port=1), None)
    assert near[0].ok is None
    far = check_switch(SwitchSettings(password="ClueCon", host="192.0.2.1"), None)
    assert [check.ok for check in far] == [False]


# -- this machine ---------------------------------------------------------------------------------------------------


def settings(home: Path, port: int = 0) -> Settings:
    """An installation without switches."""
    return Settings(
        switches=(),
        home=str(home),
        database=f"sqlite:///{home}/fsorch.sqlite3",
        web=WebSettings(port=port or free_port()),
    )


def local(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in run_checks(settings)}


def test_a_machine_in_order(tmp_path: Path) -> None:
    store = open_database(settings(tmp_path).database)
    store.save_centre(CENTRE, "test")
    store.set_password("sam", "a long password here", role="admin")
    store.close()
    found = local(settings(tmp_path))
    assert {name: check.ok for name, check in found.items()} == dict.fromkeys(
        ("home", "database", "centre", "audit", "desktop"), True
    )


def test_an_empty_machine(tmp_path: Path) -> None:
    found = local(settings(tmp_path))
    assert found["home"].ok is True
    assert (found["database"].ok, found["database"].mend) == (False, "run: fsorch init")


def test_a_centre_without_flow_and_without_users(tmp_path: Path) -> None:
    open_database(settings(tmp_path).database).close()
    found = local(settings(tmp_path))
    assert found["centre"].ok is False
    assert "fsorch apply" in found["centre"].mend
    assert found["users"].ok is None


def test_a_tenant_whom_nobody_can_call_and_a_login_of_one_that_is_gone(tmp_path: Path) -> None:
    store = open_database(settings(tmp_path).database)
    queues = (QueueSpec(id="sales", tenant="beta"),)
    tenants = (TenantSpec(id="acme", domain="a.example"), TenantSpec(id="beta"))
    store.save_centre(Centre(tenants=tenants, queues=queues), "x")
    store.set_password("old", "a long password here", "principal", tenant="gamma")
    found = [check for check in run_checks(settings(tmp_path)) if check.name == "tenants"]
    assert [check.detail for check in found] == [
        "acme has no queue and no flow",
        "beta has no domain, no number and no campaign: nobody comes to it",
        "old is bound to the tenant gamma, which is gone, and sees nothing",
    ]
    assert all(check.ok is None and check.mend for check in found)
    store.set_scope("old", (), tenant="beta")
    store.save_centre(Centre(tenants=(TenantSpec(id="beta", domain="b.example"),), queues=queues), "x")
    store.close()
    assert local(settings(tmp_path))["tenants"].ok is True


def test_an_agent_whose_switch_is_in_no_settings(tmp_path: Path) -> None:
    store = open_database(settings(tmp_path).database)
    ann, rob = (AgentSpec(id=id, phone="user/1", switch="mian") for id in ("ann", "rob"))
    store.save_centre(Centre(agents=(ann, rob, AgentSpec(id="sue", phone="user/2"))), "test")
    store.close()
    check = local(settings(tmp_path))["agents"]
    assert check.detail == "the settings have no switch 'mian', which ann, rob have their phone at (there: none)"
    assert check.ok is False


def test_a_phone_at_one_of_several_switches_is_called_by_all(tmp_path: Path) -> None:
    made = settings(tmp_path)
    switches = (SwitchSettings(name="east", password="x"), SwitchSettings(name="west", password="x"))
    store = open_database(made.database)
    ann, rob = (
        AgentSpec(id="ann", phone="user/1", switch="west"),
        AgentSpec(id="rob", phone="sofia/a/1@b", switch="west"),
    )
    store.save_centre(Centre(agents=(ann, rob)), "test")
    store.close()
    both, one = (msgspec.structs.replace(made, switches=some) for some in (switches, switches[1:]))
    check = local(both)["agents"]
    assert check.detail == "the phone of ann is at west; a call that comes in elsewhere would ring user/1 there"
    assert check.ok is None
    assert "agents" not in local(one)


def test_a_home_that_is_not_there(tmp_path: Path) -> None:
    check = local(settings(tmp_path / "none"))["home"]
    assert check.ok is False
    assert "mkdir" in check.mend


def test_a_database_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "fsorch.sqlite3").write_bytes(b"this is no database, " * 100)
    assert local(settings(tmp_path))["database"].ok is False


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    listener = listen(WebSettings(port=0))
    try:
        check = local(settings(tmp_path, listener.getsockname()[1]))["desktop"]
    finally:
        listener.close()
    assert check.ok is False
    assert "web.port" in check.mend


def test_every_wrong_finding_says_what_to_do(tmp_path: Path) -> None:
    broken = msgspec.structs.replace(
        settings(tmp_path / "none"), switches=(SwitchSettings(password="a password", port=free_port()),)
    )
    wrong = [check for check in run_checks(broken, "nonsense") if check.ok is False]
    assert {check.name for check in wrong} == {"home", "database", "main: event socket"}
    assert all(check.detail and check.mend for check in wrong)
