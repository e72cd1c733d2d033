"""The HTTP doors over a real socket: what mod_xml_curl asks, what a stranger may not."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Iterator
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsorch.config import AgentSpec, Centre, QueueSpec, WebSettings
from fsorch.doors import DoorSettings, NumberSpec
from fsorch.edge.webserver import WebServer, listen
from fsorch.store.phones import PhoneSecret
from fsorch.tenants import TenantSpec
from fsorch_web import create_app
from fsorch_web.switch_xml import NOT_FOUND, dialplan, directory
from tests.web.fake import FakeCentre, FakeStore
from tests.web.harness import SECRET

TOKEN = "a token for tests only"
A1 = "0123456789abcdef0123456789abcdef"
CENTRE = Centre(
    tenants=(TenantSpec(id="acme", domain="acme.example"), TenantSpec(id="beta", domain="beta.example")),
    queues=(QueueSpec(id="sales"), QueueSpec(id="acme-q", tenant="acme"), QueueSpec(id="beta-q", tenant="beta")),
    agents=(
        AgentSpec(id="ada", name='Ada "<b>${system(id)}$${x}', phone="user/1001@PBX.example"),
        AgentSpec(id="bob", phone="user/1002"),
        AgentSpec(id="eve", phone="sofia/gateway/carrier/4930"),
    ),
    numbers={
        "+4930555": NumberSpec(queue="sales", priority=7, skills={"german": 3}),
        "600@acme": NumberSpec(queue="acme-q"),
        "600@beta": NumberSpec(queue="beta-q"),
        "700": NumberSpec(queue="beta-q"),
        "+4930777": NumberSpec(queue="sales", skills="german >= 3 and\n(billing or not trainee)"),
    },
)


class Door:
    """A desktop with its doors open, and a switch's requests."""

    def __init__(self, settings: DoorSettings) -> None:
        self.store = FakeStore()
        self.store.centre = CENTRE
        web = WebSettings(port=0, doors=settings)
        listener = listen(web)
        self.port = int(listener.getsockname()[1])
        app, self.sockets = create_app(FakeCentre((), ()).gateway, self.store, web, secret=SECRET)
        self.server = WebServer(app, listener)
        self.server.start()

    def stop(self) -> None:
        self.sockets.stop()
        self.server.stop()

    def ask(self, path: str = "/hooks/xml", token: str = TOKEN, **form: str) -> tuple[int, bytes]:
        """As mod_xml_curl does it: a form, and the credentials as Basic."""
        return self.send(path, form, {"Authorization": "Basic " + base64.b64encode(f"fs:{token}".encode()).decode()})

    def send(self, path: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            line.request("POST", path, urlencode(form), kind | headers)
            response = line.getresponse()
            return response.status, response.read()
        finally:
            line.close()

    def user(self, user: str, domain: str = "pbx.example") -> bytes:
        """What a REGISTER makes the switch ask (sofia_reg.c, sofia_reg_parse_auth)."""
        status, answer = self.ask(
            section="directory",
            tag_name="domain",
            key_name="name",
            key_value=domain,
            action="sip_auth",
            sip_auth_username=user,
            domain=domain,
            user=user,
        )
        assert status == 200
        return answer


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door(DoorSettings(token=TOKEN, domain="pbx.example"))
    door.store.secrets["ada"] = PhoneSecret(
        agent="ada", user="1001", domain="pbx.example", a1=A1, made_at=1, made_by="cli"
    )
    yield door
    door.stop()


def test_a_phone_of_an_agent_is_in_the_directory(door: Door) -> None:
    root = ElementTree.fromstring(door.user("1001"))
    assert root.find("section[@name='directory']/domain[@name='pbx.example']") is not None
    user = root.find("section/domain/groups/group/users/user[@id='1001']")
    assert user is not None
    assert {one.get("name"): one.get("value") for one in user.iter("param")} == {"a1-hash": A1}
    # What a name holds can neither be markup nor be expanded by the switch.
    shown = {one.get("name"): one.get("value") for one in user.iter("variable")}
    assert shown["effective_caller_id_name"] == "Ada b system(id) x"
    assert shown["user_context"] == "default"


@pytest.mark.parametrize("user", ["1002", "1003", "", "eve", "4930"])
def test_who_has_no_secret_or_no_phone_is_not_found(door: Door, user: str) -> None:
    assert door.user(user) == NOT_FOUND
    assert door.user("1001", "elsewhere") == NOT_FOUND


def test_a_secret_of_a_former_phone_is_worth_nothing(door: Door) -> None:
    secret = PhoneSecret(agent="bob", user="2002", domain="pbx.example", a1=A1, made_at=1, made_by="cli")
    door.store.secrets["bob"] = secret
    assert door.user("1002") == NOT_FOUND
    assert door.user("2002") == NOT_FOUND


def ask_number(door: Door, number: str, context: str = "public") -> bytes:
    """What mod_dialplan_xml asks: no tag, no key, and the profile that is routed as Hunt-*."""
    status, answer = door.ask(
        section="dialplan",
        tag_name="",
        key_name="",
        key_value="",
        **{"Caller-Context": "other", "Hunt-Context": context, "Hunt-Destination-Number": number},
        variable_switch_r_sdp="v=0\r\n" * 4000,
    )
    assert status == 200
    return answer


def test_a_number_of_the_centre_is_in_the_dialplan(door: Door) -> None:
    root = ElementTree.fromstring(ask_number(door, "+4930555"))
    condition = root.find("section[@name='dialplan']/context[@name='public']/extension/condition")
    assert condition is not None
    assert (condition.get("field"), condition.get("expression")) == ("destination_number", r"^\+4930555$")
    assert [(action.get("application"), action.get("data")) for action in condition] == [
        ("set", "fsorch_queue=sales"),
        ("set", "fsorch_priority=7"),
        ("set", "fsorch_skills=german:3"),
        ("transfer", "+4930555 XML fsorch"),
    ]


def test_other_numbers_contexts_and_sections_are_not_found(door: Door) -> None:
    assert ask_number(door, "+4930556") == NOT_FOUND
    assert ask_number(door, "+4930555", "fsorch") == NOT_FOUND
    for section in ("configuration", "phrases", "languages", "chatplan", "", "x" * 1000):
        assert door.ask(section=section, tag_name="configuration", key_name="name", key_value="sofia.conf") == (
            200,
            NOT_FOUND,
        )
    # What the switch asks for gateways and network lists.
    assert door.ask(section="directory", purpose="gateways", profile="external") == (200, NOT_FOUND)
    assert b'status="not found"' in NOT_FOUND


def test_the_route_is_told_in_lines(door: Door) -> None:
    told = door.ask("/hooks/route", destination="+4930555")
    assert told == (200, b"route=park\nfsorch_queue=sales\nfsorch_priority=7\nfsorch_skills=german:3\n")
    assert door.ask("/hooks/route", destination="1") == (200, b"route=park\n")
    bearer = door.send("/hooks/route", {"destination": "+4930555"}, {"Authorization": f"Bearer {TOKEN}"})
    assert bearer == told


@pytest.mark.parametrize(
    ("number", "hosts", "told"),
    [
        ("600", {"sip_req_host": "acme.example"}, b"fsorch_tenant=acme\nfsorch_queue=acme-q\n"),
        (
            "600",
            {"sip_req_host": "::1", "sip_to_host": "Beta.example"},
            b"fsorch_tenant=beta\nfsorch_queue=beta-q\n",
        ),
        ("600", {}, b""),
        ("700", {}, b"fsorch_tenant=beta\nfsorch_queue=beta-q\n"),
        ("700", {"sip_req_host": "acme.example"}, b""),
        ("600@beta", {"sip_req_host": "acme.example"}, b""),
    ],
)
def test_a_number_is_that_of_the_domain_that_was_called(
    door: Door, number: str, hosts: dict[str, str], told: bytes
) -> None:
    assert door.ask("/hooks/route", destination=number, **hosts) == (200, b"route=park\n" + told)
    form = {"section": "dialplan", "Hunt-Context": "public", "Hunt-Destination-Number": number}
    xml = door.ask(**form, **{f"variable_{name}": host for name, host in hosts.items()})[1]
    queue = told.rpartition(b"=")[2].strip()
    assert (b"fsorch_queue=" + queue in xml) if told else xml == NOT_FOUND


@pytest.mark.parametrize("path", ["/hooks/xml", "/hooks/route"])
def test_the_doors_are_shut_for_strangers(door: Door, path: str) -> None:
    for token in ("", "wrong", TOKEN + "x", TOKEN[:-1], "ä" * 22):
        assert door.ask(path, token)[0] == 403
    assert door.send(path, {}, {})[0] == 403
    given = {"Authorization": f"Bearer {TOKEN}"}
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert door.send(path, {}, given | {header: "127.0.0.1"})[0] == 403
    assert door.send(path, {}, given)[0] == 200


def test_an_address_that_is_not_allowed_and_a_door_without_a_token() -> None:
    for settings, status in ((DoorSettings(token=TOKEN, allow=("192.0.2.0/24",)), 403), (DoorSettings(), 404)):
        door = Door(settings)
        try:
            assert door.ask(section="directory")[0] == status
        finally:
            door.stop()


def test_a_form_without_end_is_refused(door: Door) -> None:
    assert door.ask(section="directory", user="x" * 600_000)[0] == 413


@given(
    st.text(), st.text(alphabet="abc123.-", min_size=1), st.text(), st.dictionaries(st.sampled_from("ab"), st.text())
)
def test_whatever_stands_in_it_is_one_value_in_one_document(
    name: str, user: str, context: str, values: dict[str, str]
) -> None:
    printable = {key: "".join(c for c in value if c.isprintable()) for key, value in values.items()}
    root = ElementTree.fromstring(directory(user, "d", A1, name=name, context="c"))
    assert len(list(root.iter("user"))) == 1
    shown_names = [one.get("value", "") for one in root.iter("variable") if one.get("name", "").endswith("_name")]
    assert not any("$" in value for value in shown_names)
    shown = ElementTree.fromstring(dialplan("public", "".join(c for c in context if c.isalnum()), printable))
    actions = [one.get("data") for one in shown.iter("action")]
    assert actions[:-1] == [f"{key}={value}" for key, value in printable.items()]
