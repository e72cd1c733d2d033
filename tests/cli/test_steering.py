"""The verbs that steer people and calls, on a running fsorch, and what the audit says of them."""

from __future__ import annotations

import getpass
import http.client
import json
from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from fsorch.edge.control_client import ControlClient
from fsorch.engine.facts import Fact, FactKind
from fsorch.sim.world import CallerPlan
from tests.cli.cli import fsorch
from tests.cli.running import DEADLINE_S, Running, installation, switch_world
from tests.cli.test_run import Site
from tests.waiting import until


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with switch_world() as world:
        settings = installation(tmp_path_factory.mktemp("steering"), world.server.port)
        set_up = "callback.dial=sofia/gateway/out/{number}"
        assert fsorch("queue", "set", "support", set_up, "--settings", settings).code == 0
        running = Running(settings)
        yield Site(running, world)
        running.kill()


def audits(site: Site, act: str) -> list[dict[str, Any]]:
    """What is on record of an act, the newest first, each by the account that runs this."""
    rows = json.loads(site.fsorch("audit", "--act", act, "--json").out)
    assert {row["who"] for row in rows} <= {f"cli:{getpass.getuser()}"}
    return [row["what"] for row in rows]


def wait_for(client: ControlClient, site: Site, kind: FactKind, act: Any) -> Fact:
    """Do ``act`` and give the first fact of ``kind`` after it."""
    facts = client.facts()
    with gevent.Timeout(DEADLINE_S, AssertionError(f"no {kind}")):
        act()
        while (fact := facts.get(DEADLINE_S)) is None or fact.kind is not kind:
            assert fact is not None
    facts.close()
    return fact


def waiting(site: Site, key: str = "2") -> str:
    """Somebody calls and waits, with the patience to see it out; their contact."""

    def call() -> None:
        plan = CallerPlan(keys=(key,), reaction_s=0.1, talk_s=300.0, patience_s=300.0)

        def place() -> None:
            site.world.world.place_call("+4915112", "Lena Vogt", plan=plan)

        site.world.server.schedule(place)

    with ControlClient(site.home) as client:
        return wait_for(client, site, FactKind.CONTACT_QUEUED, call).contact


def test_who_waits_is_steered_and_it_is_written_down(site: Site) -> None:
    contact = waiting(site)
    assert site.fsorch("contact", "priority", contact[:8], "7") == (0, f"{contact}: asked for\n", "")
    moved_to = json.loads(site.fsorch("contact", "move", contact, "sales", "--json").out)["asked"]
    assert (moved_to["type"], moved_to["contact"], moved_to["queue"]) == ("MoveContact", contact, "sales")
    [view] = [one for one in json.loads(site.fsorch("top", "--json").out)["contacts"] if one["id"] == contact]
    assert (view["queue"], view["priority"]) == ("sales", 7)
    assert site.fsorch("agent", "login", "bea").code == 0
    with ControlClient(site.home) as client:
        wait_for(client, site, FactKind.BRIDGED, lambda: site.fsorch("contact", "pick", contact, "bea"))
        at = ("--phone", "user/1009@demo.example")
        assert site.fsorch("supervise", "listen", "bea", "--as", "boss", *at).code == 0
        assert site.fsorch("supervise", "whisper", "bea", "--as", "boss", *at).code == 0
        moved = wait_for(
            client, site, FactKind.TRANSFER_BEGAN, lambda: site.fsorch("agent", "transfer", "bea", "--queue", "support")
        )
        assert moved.contact == contact
    assert site.fsorch("agent", "logout", "bea").code == 0
    assert audits(site, "contact.priority")[0] == {"contact": contact, "priority": 7}
    assert audits(site, "contact.move")[0] == {"contact": contact, "queue": "sales"}
    assert audits(site, "contact.give")[0] == {"contact": contact, "agent": "bea"}
    assert audits(site, "agent.transfer")[0] == {"agent": "bea", "queue": "support", "consult": False}
    assert audits(site, "agent.logout")[0] == {"agent": "bea"}
    assert [one["watcher"] for act in ("talk.listen", "talk.whisper") for one in audits(site, act)][:2] == ["boss"] * 2
    shown = site.fsorch("audit", "--limit", "1").out.splitlines()[-1]
    assert "agent.logout" in shown
    assert "agent bea" in shown


def test_a_desk_without_a_browser(site: Site) -> None:
    contact = waiting(site)
    assert site.fsorch("contact", "pick", contact, "dora").code == 0
    with ControlClient(site.home) as client:
        wait_for(client, site, FactKind.BRIDGED, lambda: site.fsorch("agent", "login", "dora"))
        wait_for(client, site, FactKind.HOLD_CHANGED, lambda: site.fsorch("agent", "hold", "dora"))
        wait_for(client, site, FactKind.HOLD_CHANGED, lambda: site.fsorch("agent", "hold", "dora", "--off"))
        assert site.fsorch("agent", "mute", "dora") == (0, "dora: asked for\n", "")
        assert site.fsorch("agent", "mute", "dora", "--off").code == 0
        sent = wait_for(client, site, FactKind.DIGITS_SENT, lambda: site.fsorch("agent", "keys", "dora", "12#"))
        assert sent.data["count"] == 3
        refused = site.fsorch("agent", "keys", "dora", "1x")
        assert (refused.code, refused.err.endswith("keys are 0-9, *, # and A-D, 32 at most\n")) == (5, True)
        assert site.fsorch("agent", "wrapup-end", "dora").code == 5
        assert site.fsorch("agent", "status", "dora", "available", "--on-demand").code == 0
        wait_for(client, site, FactKind.CONTACT_ENDED, lambda: site.fsorch("agent", "hangup", "dora"))
    assert site.fsorch("agent", "next", "dora").code == 0
    assert site.fsorch("agent", "status", "dora", "--on-demand").code == 2
    [dora] = json.loads(site.fsorch("agent", "logout", "dora", "--json").out)
    assert "logged_out" in (dora["status"], dora["asked"])
    assert [audits(site, act)[0]["agent"] for act in ("agent.hold", "agent.keys", "agent.next")] == ["dora"] * 3
    assert "digits" not in audits(site, "agent.keys")[0]


def test_a_queue_is_paused_and_a_skill_given_at_once(site: Site) -> None:
    assert site.fsorch("queue", "pause", "support").out.endswith("in force now\n")
    assert [queue["paused"] for queue in queues(site) if queue["id"] == "support"] == [True]
    resumed = json.loads(site.fsorch("queue", "resume", "support", "--json").out)
    assert [change["what"] for change in resumed["changes"]] == ["queue support"]
    assert site.fsorch("agent", "skill", "gus", "french=3", "german=2").code == 0
    assert site.fsorch("agent", "skill", "gus", "german=").code == 0
    assert "~ queue support: paused false → true" in audits(site, "queue.pause")[0]["changes"]
    assert len(audits(site, "agent.skills")) == 2
    refused = site.fsorch("agent", "skill", "gus", "french=9")
    assert (refused.code, "Expected `int` <= 5" in refused.err) == (3, True)


def queues(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(site.fsorch("queue", "list", "--json").out)
    return found


def queue_of_a_call(site: Site, key: str) -> str:
    contact = waiting(site, key)
    contacts = json.loads(site.fsorch("top", "--json").out)["contacts"]
    return next(str(one["queue"]) for one in contacts if one["id"] == contact)


def test_the_emergency_switch_acts_at_once(site: Site) -> None:
    assert queue_of_a_call(site, "0") == "reception"
    ran = site.fsorch("calendar", "emergency", "office", "on", "--reason", "flood", "--until", "2h")
    assert (ran.code, ran.out.endswith("in force now\n")) == (0, True)
    [office] = json.loads(site.fsorch("calendar", "list", "--json").out)
    assert (office["emergency"], "T" in office["emergency_until"]) == ("flood", True)
    assert queue_of_a_call(site, "0") == "support"
    assert site.fsorch("calendar", "emergency", "office", "off").code == 0
    assert "emergency" not in json.loads(site.fsorch("calendar", "list", "--json").out)[0]
    assert queue_of_a_call(site, "0") == "reception"
    assert len(audits(site, "calendar.emergency")) == 2
    missing = site.fsorch("calendar", "emergency", "ofice", "on")
    assert (missing.code, missing.err) == (4, "fsorch: no calendar called 'ofice'; did you mean office?\n")
    assert site.fsorch("calendar", "emergency", "office", "on", "--until", "2001-01-01").code == 2


@pytest.mark.parametrize(
    ("phone", "dialled"),
    [("1099", "user/1099@"), ("user/7@other.example", "user/7@other.example")],
)
def test_an_agent_works_at_another_phone(site: Site, phone: str, dialled: str) -> None:
    assert site.fsorch("agent", "login", "carl", "--phone", phone).code == 0
    [carl] = [one for one in json.loads(site.fsorch("agent", "list", "--json").out) if one["id"] == "carl"]
    assert carl["phone"].startswith(dialled)
    assert site.fsorch("agent", "logout", "carl").code == 0
    assert audits(site, "agent.login")[0] == {"agent": "carl", "phone": phone}


def test_callbacks_and_messages_are_listed_and_what_is_none_is_said(site: Site) -> None:
    assert site.fsorch("callback", "list").out == "Nobody waits for a call.\n"
    assert site.fsorch("message", "list").out == "No message waits.\n"
    contact = waiting(site)
    assert json.loads(site.fsorch("callback", "list", "--json").out) == []
    for args in (("callback", "cancel"), ("callback", "now"), ("message", "done")):
        ran = site.fsorch(*args, contact)
        assert (ran.code, "is not possible now" in ran.err) == (5, True)
        assert site.fsorch(*args, "nosuchcontact").code == 4
    assert site.fsorch("message", "play", contact).code == 4
    assert audits(site, "callback") == []


def test_a_program_changes_the_centre_by_the_api_and_it_is_in_force(site: Site) -> None:
    token = json.loads(site.fsorch("token", "add", "wallboard", "--role", "admin", "--json").out)["token"]
    address = json.loads(site.fsorch("status", "--json").out)["url"].removeprefix("http://").rstrip("/")

    def call(method: str, path: str, body: object = None) -> Any:
        line = http.client.HTTPConnection(address, timeout=DEADLINE_S)
        try:
            line.request(method, path, json.dumps(body), {"Authorization": f"Bearer {token}"})
            answer = line.getresponse()
            return json.loads(answer.read()) if answer.status == 200 else answer.status
        finally:
            line.close()

    with ControlClient(site.home) as client:
        change = wait_for(
            client, site, FactKind.QUEUE_PAUSED, lambda: call("PATCH", "/api/queues/sales", {"paused": True})
        )
    assert (change.queue, change.data["on"]) == ("sales", True)
    assert call("PATCH", "/api/queues/sales", {"paused": None})["applied"]
    exported = call("GET", "/api/centre")
    assert call("POST", "/api/centre/apply?dry_run=true", exported)["changes"] == []
    contact = waiting(site)
    assert call("POST", "/api/contact/priority", {"contact": contact, "priority": 3}) == {"ok": True}

    def story() -> Any:
        return call("GET", f"/api/contacts/{contact}/story")

    until(lambda: isinstance(told := story(), dict) and told["story"], "the story to be on record")
    assert story()["now"].startswith("waits in queue support")
    [row] = json.loads(site.fsorch("audit", "--act", "queue.pause", "--who", "token:wallboard", "--json").out)
    assert row["what"]["changes"] == ["~ queue sales: paused false → true"]
    assert site.fsorch("token", "remove", "wallboard").code == 0
    assert call("GET", "/api/queues") == 401


def test_everybody_of_a_queue_or_at_all_goes_home_at_once(site: Site) -> None:
    for agent in ("carl", "bea"):
        site.fsorch("agent", "login", agent)
    queues = {one["id"]: one["queues"] for one in json.loads(site.fsorch("agent", "list", "--json").out)}
    queue = queues["carl"][0]
    ran = site.fsorch("agent", "logout", "--queue", queue)
    assert ran.code == 0
    # Whoever is in a call goes after it.
    assert any(line.startswith("carl ") and "logged_out" in line for line in ran.out.splitlines())
    assert site.fsorch("agent", "logout", "--all").code == 0
    shown = json.loads(site.fsorch("agent", "list", "--json").out)
    assert all("logged_out" in (one["status"], one["asked"]) for one in shown)
    assert site.fsorch("agent", "logout", "--queue", "nowhere").code == 4
    for wrong in ((), ("carl", "--all"), ("--all", "--queue", queue)):
        assert site.fsorch("agent", "logout", *wrong).code == 2
