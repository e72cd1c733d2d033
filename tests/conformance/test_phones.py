"""Phones that register, go, and say that they are not to be disturbed, on a real switch; the virtual one has no SIP."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import pytest
from gevent import socket

from fsorch.config import AgentSpec, Centre, MembershipSpec, QueueSpec, SwitchSettings
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import Configure
from tests.conformance.office import Office
from tests.conformance.rig import SIP_ADDRESS, Rig

HOST, _, PORT = SIP_ADDRESS.partition(":")
PIDF = """<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
 xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:{user}@{host}">
<tuple id="t1"><status><basic>open</basic></status></tuple>
<dm:person id="p1"><rpid:activities><rpid:{activity}/></rpid:activities><dm:note>{note}</dm:note></dm:person>
</presence>
"""


class Phone:
    """A SIP phone that takes no calls."""

    def __init__(self, user: str) -> None:
        self.user = user
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._call = uuid.uuid4().hex
        self._sequence = 0

    def close(self) -> None:
        """Away, without a word."""
        self._socket.close()

    def register(self, expires_s: int = 300) -> None:
        """Come, or with 0 go."""
        self._ask("REGISTER", "", f"Expires: {expires_s}\r\n")

    def publish(self, activity: str, note: str) -> None:
        """Tell of one's presence."""
        body = PIDF.format(user=self.user, host=HOST, activity=activity, note=note)
        self._ask("PUBLISH", body, "Event: presence\r\nExpires: 300\r\nContent-Type: application/pidf+xml\r\n")

    def _ask(self, method: str, body: str, headers: str) -> None:
        """Raises AssertionError without a 2xx."""
        self._sequence += 1
        near = f"{HOST}:{self._socket.getsockname()[1]}"
        target = f"sip:{HOST}" if method == "REGISTER" else f"sip:{self.user}@{HOST}"
        message = (
            f"{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {near};branch=z9hG4bK{uuid.uuid4().hex};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{self.user}@{HOST}>;tag={self._call[:8]}\r\n"
            f"To: <sip:{self.user}@{HOST}>\r\nCall-ID: {self._call}-{method}\r\nCSeq: {self._sequence} {method}\r\n"
            f"Contact: <sip:{self.user}@{near}>\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self._socket.sendto(message.encode(), (HOST, int(PORT)))
        end, answer = time.monotonic() + 5.0, ""
        while not answer.startswith("SIP/2.0 2"):
            self._socket.settimeout(max(0.01, end - time.monotonic()))
            answer = self._socket.recv(65535).decode()
            assert not answer.startswith(("SIP/2.0 4", "SIP/2.0 5")), answer


@pytest.fixture
def phone() -> Iterator[Phone]:
    phone = Phone(f"fsorch-{uuid.uuid4().hex[:8]}")
    yield phone
    phone.close()


@pytest.fixture
def office(rig: Rig, real: SwitchSettings | None, phone: Phone) -> Iterator[Office]:
    if real is None:
        pytest.skip("the virtual switch has no SIP")
    office = Office(rig, {})
    ada = AgentSpec(id="ada", phone=f"user/{phone.user}@{HOST}", queues=(MembershipSpec(queue="sales"),))
    office.pump.request(Configure(Centre(name="phones", queues=(QueueSpec(id="sales"),), agents=(ada,))))
    office.log_in("ada")
    yield office
    office.log_out("ada")
    office.close()


def shown(office: Office, words: str) -> float:
    """Wait until this is shown as what hinders ada; how long it took."""
    began = time.monotonic()
    office.rig.until(lambda: office.agent("ada").unready == words, f"{words!r}, not {office.agent('ada').unready!r}")
    return time.monotonic() - began


def test_a_phone_that_goes_is_out_within_two_seconds_and_back(office: Office, phone: Phone) -> None:
    shown(office, "the phone is not registered")
    for _ in range(2):
        phone.register()
        assert shown(office, "") < 2
        phone.register(0)
        assert shown(office, "the phone is not registered") < 2
    assert {fact.data["status"] for fact in office.of(FactKind.AGENT_CHANGED)} == {"available"}


def test_a_phone_that_is_not_to_be_disturbed_is_out_within_two_seconds_and_back(office: Office, phone: Phone) -> None:
    phone.register()
    shown(office, "")
    words = "the phone is set to do-not-disturb"
    phone.publish("dnd", "Available")
    assert shown(office, words) < 2
    phone.publish("unknown", "Available")
    assert shown(office, "") < 2
    phone.publish("busy", "Do Not Disturb")
    assert shown(office, words) < 2
    phone.publish("unknown", "Available")
    assert shown(office, "") < 2
    phone.register(0)
