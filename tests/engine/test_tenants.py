"""Tenants at work: whose a call is, who is one too many, and what never crosses from one to another."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsorch.acd.affinity import Encounter
from fsorch.belongings import fits
from fsorch.calendar_rules import Weekday
from fsorch.config import Centre, QueueSpec, decode
from fsorch.customers import Customer, CustomerFile
from fsorch.engine import FactKind, LogIn, SetStatus
from fsorch.engine.away_notes import away_note
from fsorch.engine.inputs import (
    Configure,
    GiveContact,
    History,
    LinkUp,
    MoveContact,
    OpenContact,
    Recall,
    TransferCall,
)
from fsorch.engine.rows import ContactRow
from fsorch.errors import RequestRefused
from fsorch.esl.commands import Kill, Originate, PlayAndGetDigits, SetVars
from fsorch.esl.events import Event
from fsorch.tenants import TenantLimits, TenantSpec
from tests.engine.callers import Caller
from tests.engine.desk import Desk
from tests.engine.dialroom import CAMPAIGN, Room, centre
from tests.test_tenants import Plain, place, two_tenants


def centre_of(**limits: int) -> Centre:
    """Two clients, of whom ``beta`` has these limits."""
    plain: Plain = two_tenants()
    plain["tenants"][1]["limits"] = limits
    return decode(plain, Centre, where="centre.yaml")


def call(desk: Desk, leg: str, dialled: str = "500", domain: str = "", **variables: str) -> Caller:
    """Somebody calls a number, perhaps in a SIP domain."""
    said = {"sip_req_host": "10.0.0.7", "sip_to_host": domain} if domain else {}
    return Caller(desk, leg, said=said | variables, destination=dialled)


def places(desk: Desk) -> dict[str, tuple[str, str]]:
    """Of each live contact by its leg: the tenant, and the queue or the state."""
    core = desk.engine._core
    return {one.leg: (one.tenant, one.queue or one.machine.state.value) for one in core.contacts.values()}


def turned(desk: Desk) -> list[str]:
    return [str(fact.data["why"]) for fact in desk.of(FactKind.TURNED_AWAY)]


@pytest.mark.parametrize(
    ("dialled", "domain", "variables", "got"),
    [
        ("500", "acme.example", {}, ("acme", "acme-q")),
        ("500", "BETA.example:5060", {}, ("beta", "beta-q")),
        ("800", "", {}, ("beta", "beta-q")),
        # Not acme's number: what acme gives for numbers that lead nowhere, its own flow, which leads on at once.
        ("800", "acme.example", {}, ("acme", "acme-q")),
        ("700", "", {}, ("", "flow")),
        ("700", "acme.example", {}, ("acme", "flow")),
        ("1", "", {"fsorch_tenant": "beta"}, ("beta", "beta-q")),
        ("1", "acme.example", {"fsorch_tenant": "beta"}, ("beta", "beta-q")),
        ("1", "acme.example", {"fsorch_queue": "beta-q"}, ("acme", "acme-q")),
        ("1", "", {"fsorch_queue": "beta-q"}, ("beta", "beta-q")),
        ("1", "beta.example", {}, ("beta", "beta-q")),
    ],
)
def test_whose_a_call_is(dialled: str, domain: str, variables: dict[str, str], got: tuple[str, str]) -> None:
    desk = Desk(centre_of())
    call(desk, "c1", dialled, domain, **variables)
    assert places(desk)["c1"] == got
    marks: dict[str, str] = {}
    for command, _ in desk.sent:
        marks |= dict(command.pairs) if isinstance(command, SetVars) else {}
    assert marks.get("fsorch_tenant", variables.get("fsorch_tenant", "")) == got[0]
    [began] = desk.of(FactKind.CONTACT_BEGAN)
    assert began.data["tenant"] == got[0]


def test_what_the_dialplan_says_of_another_tenant_is_told() -> None:
    desk = Desk(centre_of())
    call(desk, "c1", "1", "acme.example", fsorch_queue="beta-q")
    call(desk, "c2", "1", "", fsorch_tenant="gamma", fsorch_queue="common")
    faults = [fault for fact in desk.of(FactKind.DOOR_MISUSED) for fault in fact.data["faults"]]
    assert faults == [
        "fsorch_queue is 'beta-q', which is another tenant's than 'acme'",
        "fsorch_tenant is 'gamma', which the centre does not have",
    ]
    assert places(desk)["c2"] == ("", "common")


def test_a_common_greeting_leads_to_each_and_the_caller_is_theirs_then() -> None:
    desk = Desk(centre_of())
    call(desk, "c1", "700").key("2")
    assert places(desk)["c1"] == ("beta", "beta-q")
    call(desk, "c2", "700", "acme.example").key("2")
    # The greeting led acme's caller to beta: they get who serves acme instead.
    assert places(desk)["c2"] == ("acme", "common")
    assert desk.engine.snapshot().odd_events["other_tenant"] == 1


def test_who_is_one_too_many_hears_so_and_is_counted() -> None:
    desk = Desk(centre_of(contacts=2))
    for n in range(2):
        call(desk, f"c{n}", domain="beta.example")
    third = call(desk, "c2", domain="beta.example")
    assert third.hears == ["call_again"]
    call(desk, "other", domain="acme.example")
    assert places(desk)["other"] == ("acme", "acme-q"), "other tenants have limits of their own"
    assert turned(desk) == ["the tenant beta has 2 contacts at once, as many as it may"]
    [beta] = [one for one in desk.engine.snapshot().tenants if one.id == "beta"]
    assert (beta.contacts, beta.waiting, beta.turned_away) == (2, 2, 1)
    third.hears_out()
    assert desk.last(Kill).uuid == "c2"
    desk.ends("c2")
    row = desk.of(FactKind.CONTACT_ENDED)[-1].data["row"]
    assert (row["outcome"], row["cause"], row["tenant"]) == ("overflowed", "FSORCH_FULL", "beta")
    # Somebody hangs up, and there is room again.
    desk.ends("c0")
    call(desk, "c3", domain="beta.example")
    assert places(desk)["c3"] == ("beta", "beta-q")


FULL_WAYS = [
    ("tenants/1/on_full", {"act": "overflow", "to": "queue", "name": "common"}, ("beta", "common")),
    ("numbers/500@beta/on_full", {"act": "overflow", "to": "queue", "name": "common"}, ("beta", "common")),
    ("numbers/500@beta/on_full", {"act": "overflow", "to": "hangup"}, ("beta", "beta-q")),
    # Its own queue is as full as the tenant.
    ("tenants/1/on_full", {"act": "overflow", "to": "queue", "name": "beta-q"}, ("beta", "beta-q")),
]


@pytest.mark.parametrize(("path", "way", "got"), FULL_WAYS)
@pytest.mark.parametrize("limit", ["contacts", "waiting"])
def test_the_number_or_the_tenant_says_what_follows(path: str, way: Plain, got: tuple[str, str], limit: str) -> None:
    plain = two_tenants()
    plain["tenants"][1]["limits"] = {limit: 1}
    holder, key = place(plain, path)
    holder[key] = way
    desk = Desk(decode(plain, Centre, where="centre.yaml"))
    call(desk, "c0", domain="beta.example")
    call(desk, "c1", domain="beta.example")
    assert len(turned(desk)) == 1
    assert places(desk)["c1"] == got
    beta = next(one for one in desk.engine.snapshot().tenants if one.id == "beta")
    assert beta.waiting == 1


def test_a_flow_is_no_way_around_the_limit() -> None:
    plain = two_tenants()
    plain["tenants"][1] |= {"limits": {"contacts": 1}, "flow": "beta-in"}
    desk = Desk(decode(plain, Centre, where="centre.yaml"))
    call(desk, "c0", "1", domain="beta.example")
    assert call(desk, "c1", "1", domain="beta.example").hears == ["call_again"]
    # The greeting is nobody's; behind it is the limit.
    greeted = call(desk, "c2", "700")
    greeted.key("2")
    assert greeted.hears == ["call_again"]
    assert len(turned(desk)) == 2


def test_an_agent_over_the_limit_is_told_why() -> None:
    plain = two_tenants()
    plain["tenants"][1]["limits"] = {"agents": 1}
    plain["agents"].append({"id": "beta-2", "tenant": "beta", "phone": "user/3"})
    desk = Desk(decode(plain, Centre, where="centre.yaml"))
    desk.tell(LogIn(agent="beta-1", by="x"))
    wishes = (SetStatus(agent="beta-2", status=status, by="x") for status in ("available", "break"))
    for request in (LogIn(agent="beta-2", by="x"), *wishes):
        with pytest.raises(RequestRefused, match="the tenant beta has 1 agents logged in, as many as it may"):
            desk.tell(request)
    for agent in ("acme-1", "ann"):
        desk.tell(LogIn(agent=agent, by="x"))
    desk.tell(SetStatus(agent="beta-1", status="break", by="x"))
    assert next(one for one in desk.engine.snapshot().tenants if one.id == "beta").agents == 1


def test_a_call_is_given_to_nobody_of_another_tenant() -> None:
    desk = Desk(centre_of())
    desk.tell(LogIn(agent="ann", by="x"))
    call(desk, "c1", domain="acme.example")
    contact = desk.contact().id
    elsewhere = MoveContact(contact=contact, queue="beta-q", by="x")
    for request in (elsewhere, GiveContact(contact=contact, agent="beta-1", by="x")):
        with pytest.raises(RequestRefused, match="is another tenant's than the contact, which is for acme"):
            desk.tell(request)
    dial = desk.last(Originate)
    desk.rings(dial.uuid)
    desk.picks_up(dial.uuid, dial.job_uuid)
    desk.bridge("c1", dial.uuid)
    for queue, to, consult in (("beta-q", "", False), ("", "beta-1", False), ("beta-q", "", True)):
        with pytest.raises(RequestRefused, match="is another tenant's than the call, which is for acme"):
            desk.tell(TransferCall(agent="ann", queue=queue, to=to, consult=consult, by="x"))
    desk.tell(TransferCall(agent="ann", queue="common", by="x"))


def test_who_was_met_for_one_tenant_is_nobody_for_another() -> None:
    plain = two_tenants()
    for queue in plain["queues"]:
        queue["affinity"] = {}
    plain["agents"].append({"id": "bea", "phone": "user/9", "queues": [{"queue": "acme-q"}, {"queue": "beta-q"}]})
    desk = Desk(decode(plain, Centre, where="centre.yaml"))
    met = Encounter(agent="bea", at_us=desk.clock.now().wall, talked_s=300, tenant="acme")
    # At work, and busy with somebody else's call.
    desk.tell(LogIn(agent="bea", by="x"))
    desk.call("other", "acme-q", caller_number="5550")
    for tenant, prefers in (("beta", ()), ("acme", ("bea",))):
        call(desk, tenant, domain=f"{tenant}.example")
        contact = next(one for one in desk.engine._core.contacts.values() if one.leg == tenant)
        desk.tell(History(contact.id, encounters=(met,)))
        assert contact.need is not None
        assert contact.need.prefer == prefers


@pytest.mark.parametrize(("dialled", "tenant"), [("800", "beta"), ("700", ""), ("500", ""), ("unknown", "")])
def test_a_call_that_came_and_went_while_fsorch_was_away_is_its_numbers_tenants(dialled: str, tenant: str) -> None:
    desk, leg, at = Desk(centre_of()), "2c1a6b3e-9d3f-4a35-8a0e-6f1f9c0d1e2f", 1_799_999_000_000_000
    note = away_note(leg, f"{at}   {at + 9_000_000} NORMAL_CLEARING +49301 {dialled} - ")
    desk.tell(LinkUp("main", "core-1", (), calls=(note,)))
    (fact,) = desk.of(FactKind.CALL_NOTED)
    assert fact.data["call"]["tenant"] == tenant
    assert fact.data["promise"]["tenant"] == tenant


def test_another_tenants_customer_is_nobody() -> None:
    desk = Desk(centre_of())
    file = CustomerFile(customer=Customer(id="c", name="Zoë", tier="gold", tenant="acme"))
    for leg, domain, dialled in (("a", "acme.example", "500"), ("b", "beta.example", "500"), ("c", "", "700")):
        caller = call(desk, leg, dialled, domain)
        contact = desk.engine._core.contacts[caller.id]
        desk.tell(History(contact.id, customer=file))
        assert (contact.customer is file) is (leg != "b")
        if leg == "c":
            # Known to the greeting, which is everybody's, and not to beta behind it.
            caller.key("2")
            assert (contact.tenant, contact.customer) == ("beta", None)
            [claimed] = desk.of(FactKind.CONTACT_CLAIMED)
            assert claimed.data == {"tenant": "beta", "number": contact.number}


def handed(plain: Plain, queue: str, tenant: str) -> Configure:
    """The centre with this queue given to a tenant, and without what would stand against it."""
    plain = plain | {
        "queues": [one | ({"tenant": tenant} if one["id"] == queue else {}) for one in plain["queues"]],
        "flows": [one for one in plain["flows"] if one["id"] != "acme-in"],
        "tenants": [{"id": one["id"], "domain": one["domain"]} for one in plain["tenants"]],
        "numbers": {number: spec for number, spec in plain["numbers"].items() if number != "500@acme"},
        "agents": [one for one in plain["agents"] if one["id"] != "acme-1"],
        "calendars": [],
        "campaigns": [],
    }
    return Configure(decode(plain, Centre, where="centre.yaml"))


def test_a_queue_that_gets_a_tenant_gives_it_those_who_are_in_it() -> None:
    plain = two_tenants()
    desk = Desk(decode(plain, Centre, where="centre.yaml"))
    call(desk, "c1", "1", fsorch_queue="common")
    call(desk, "c2", "1", "beta.example", fsorch_queue="common")
    assert places(desk) == {"c1": ("", "common"), "c2": ("beta", "common")}
    desk.tell(handed(plain, "common", "acme"))
    # Who was beta's goes where beta's callers are served.
    assert places(desk) == {"c1": ("acme", "common"), "c2": ("beta", "beta-q")}
    assert desk.of(FactKind.CONTACT_CLAIMED)[-1].data["tenant"] == "acme"
    marks = [dict(one.pairs) for one, _ in desk.sent if isinstance(one, SetVars) and one.uuid == "c1"]
    assert any(one.get("fsorch_tenant") == "acme" for one in marks)
    [moved] = desk.of(FactKind.CONTACT_MOVED)
    assert moved.data == {"previous": "common", "by": "rule: tenant"}
    beta = next(one for one in desk.engine.snapshot().tenants if one.id == "beta")
    assert (beta.contacts, beta.waiting) == (1, 1)


def test_who_has_nowhere_else_to_wait_stays() -> None:
    plain = two_tenants()
    desk = Desk(decode(plain, Centre, where="centre.yaml"))
    call(desk, "c1", "500", "acme.example")
    plain["queues"] = [one for one in plain["queues"] if one["id"] != "common"]
    plain["flows"] = [one for one in plain["flows"] if one["id"] != "hello"]
    plain["numbers"] = {number: spec for number, spec in plain["numbers"].items() if number != "700"}
    desk.tell(handed(plain, "acme-q", "beta"))
    assert places(desk) == {"c1": ("acme", "acme-q")}


def test_whoever_calls_two_tenants_is_each_ones_own_customer() -> None:
    """The answers may come in any order: what they were to nobody, and what they are to beta."""
    ours = CustomerFile(customer=Customer(id="b", name="Zoë", tenant="beta"))
    theirs = CustomerFile(customer=Customer(id="c", name="Zoë", tenant="acme"))
    for late in (False, True):
        desk = Desk(centre_of())
        caller = call(desk, "c1", "700")
        contact = desk.engine._core.contacts[caller.id]
        answers = [History(contact.id, customer=file, tenant=to) for file, to in ((theirs, ""), (ours, "beta"))]
        if not late:
            desk.tell(answers[0])
            assert contact.customer is theirs
        caller.key("2")
        assert (contact.tenant, contact.customer) == ("beta", None)
        for answer in answers[:0:-1] if not late else reversed(answers):
            desk.tell(answer)
        assert contact.customer is ours


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nobody_is_ever_in_a_queue_of_another_tenant_and_no_limit_is_passed(data: st.DataObject) -> None:
    """Callers come by any domain, number and variable, press keys and hang up; limits change meanwhile."""
    desk, live, callers, most = Desk(centre_of(contacts=3, waiting=2)), list[str](), dict[str, Caller](), 3
    tenancy = desk.engine._core.tenancy
    for n in range(data.draw(st.integers(1, 14))):
        step = data.draw(st.sampled_from(("call", "call", "call", "key", "leave", "limits")))
        if step == "call":
            domain = data.draw(st.sampled_from(("", "acme.example", "beta.example")))
            queue = data.draw(st.sampled_from(("", "", "common", "acme-q", "beta-q")))
            number = data.draw(st.sampled_from(("500", "700", "800", "1")))
            callers[f"c{n}"] = call(desk, f"c{n}", number, domain, fsorch_queue=queue)
            live.append(f"c{n}")
        elif step == "limits":
            most = max(most, data.draw(st.integers(1, 4)))
            desk.tell(Configure(centre_of(contacts=most, waiting=2)))
            tenancy = desk.engine._core.tenancy
        elif live:
            leg = data.draw(st.sampled_from(live))
            contact = next((one for one in desk.engine._core.contacts.values() if one.leg == leg), None)
            if step == "leave":
                desk.ends(leg)
                live.remove(leg)
            elif contact is not None and contact.session is not None and contact.ask is not None:
                callers[leg].key(data.draw(st.sampled_from("12")))
        counted = 0
        for one in desk.engine._core.contacts.values():
            assert fits(one.tenant, tenancy.of_queue(one.queue)), (one.tenant, one.queue)
            counted += one.tenant == "beta" and not one.too_many
        beta = next(one for one in desk.engine.snapshot().tenants if one.id == "beta")
        assert counted <= most
        assert beta.waiting <= 2
    assert msgspec.json.encode(desk.engine.snapshot())


def dialling(**limits: float) -> Room:
    """Two campaigns of one client whose agents are all free, and one of nobody's."""
    tenants = (TenantSpec(id="acme", limits=msgspec.convert(limits, TenantLimits)),)
    queues = (QueueSpec(id="out", tenant="acme"), QueueSpec(id="help"))
    specs = [msgspec.structs.replace(CAMPAIGN, id=id) for id in ("one", "two")]
    room = Room(centre(*specs, agents=8, tenants=tenants, queues=queues))
    room.at_work(*(f"a{n}" for n in range(8)))
    room.run("one", "two")
    return room


def test_the_campaigns_of_a_tenant_share_its_lines() -> None:
    room = dialling(lines=3)
    room.passes(5)
    assert len(room.calls()) == 3
    [acme] = room.engine.snapshot().tenants
    assert (acme.lines, acme.lines_max) == (3, 3)
    room.fails(room.calls()[0], "USER_BUSY")
    room.passes(1)
    assert len(room.calls()) == 4
    assert room.engine.snapshot().tenants[0].lines == 3
    # With one line, one of the two has none, and says why.
    room = dialling(lines=1)
    room.passes(5)
    assert [one.held for one in room.engine.snapshot().campaigns if one.lines == 0] == [
        "the 1 lines of the tenant acme are in use by its other campaigns"
    ]


def test_the_campaigns_of_a_tenant_share_its_launches_a_second() -> None:
    room = dialling(cps=1)
    began, before = room.clock.now().mono, len(room.calls())
    while len(room.calls()) < 6:
        room.passes(0.1)
    assert room.clock.now().mono - began >= 6 - before - 1
    assert len(dialling().calls()) == 8


def test_a_restart_finds_whose_calls_there_are_and_forgets_nobodys_limit() -> None:
    """By the marks on the legs, with what the records know and without; also of one whose domain says something else
    now."""
    desk = Desk(centre_of(contacts=2))
    for leg, domain in (("c1", "beta.example"), ("c2", "")):
        call(desk, leg, "700" if not domain else "500", domain)
    caller = next(one for one in desk.engine._core.contacts.values() if one.leg == "c2")
    desk.event(
        "CHANNEL_EXECUTE_COMPLETE",
        "c2",
        {desk.last(PlayAndGetDigits).variable: "2"},
        application_uuid=desk.last(PlayAndGetDigits).event_uuid,
    )
    assert places(desk) == {"c1": ("beta", "beta-q"), "c2": ("beta", "beta-q")}
    marks: dict[str, dict[str, str]] = {"c1": {"sip_to_host": "acme.example"}, "c2": {}}
    for command, _ in desk.sent:
        if isinstance(command, SetVars) and command.uuid in marks:
            marks[command.uuid] |= dict(command.pairs)
    found = [
        Event(
            name="CHANNEL_DATA",
            uuid=leg,
            answer_state="answered",
            direction="inbound",
            destination="500",
            known={f"variable_{name}": value for name, value in said.items()},
        )
        for leg, said in marks.items()
    ]
    row = ContactRow(id=caller.id, switch="main", outcome="", tenant="beta", began_at=1, ended_at=2)
    desk.begin(centre_of(contacts=2))
    desk.tell(Recall((OpenContact(row=row, doing="queue"),)))
    desk.tell(LinkUp("main", "core-1", tuple(found), "/sounds"))
    assert places(desk) == {"c1": ("beta", "beta-q"), "c2": ("beta", "beta-q")}
    assert call(desk, "c3", domain="beta.example").hears == ["call_again"]
    desk.ends("c1")
    assert desk.of(FactKind.CONTACT_ENDED)[-1].data["row"]["tenant"] == "beta"


def test_one_calendar_goes_by_the_clocks_of_whoever_uses_it() -> None:
    plain, desk = two_tenants(), Desk()
    plain["tenants"][1]["zone"] = "Asia/Tokyo"
    berlin = datetime.fromtimestamp(desk.clock.now().wall / 1e6, ZoneInfo("Europe/Berlin")).hour
    hours = [f"{berlin:02}:00-{berlin + 1:02}:00"]
    plain["calendars"][0]["hours"] = {day.value: hours for day in Weekday}
    closed = {"calendar": "day", "on_closed": {"act": "overflow", "to": "message", "name": "leave_message"}}
    plain["queues"][1] |= closed
    plain["queues"][2] |= closed
    # A flow asks the same calendar by the name, and its node, in the zone of the flow's own tenant.
    plain["flows"][2]["nodes"] = {
        "go": {"kind": "hours", "calendar": "day", "open": "wait", "closed": "told"},
        "wait": {"kind": "queue", "queue": "beta-q"},
        "told": {"kind": "hangup", "prompt": "not_recorded", "reason": "closed"},
    }
    desk.begin(decode(plain, Centre, where="centre.yaml"))
    desk.tell(LinkUp("main", "core-1", (), "/sounds"))
    call(desk, "a", domain="acme.example")
    assert call(desk, "b", domain="beta.example").hears == ["leave_message"]
    assert places(desk)["a"] == ("acme", "acme-q")
    assert call(desk, "c", "1", "beta.example", fsorch_flow="beta-in").hears == ["not_recorded"]
