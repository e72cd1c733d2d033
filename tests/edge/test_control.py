"""The control socket over a real Unix socket: a client and a server, and everything that can come between."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import gevent
import msgspec
import pytest
from gevent import socket
from hypothesis import given
from hypothesis import strategies as st

from fsorch.edge.control import ControlServer, HomeLock
from fsorch.edge.control_client import ControlClient, ControlSubscription
from fsorch.edge.control_wire import CLASSES, MAX_CALL, Answer, failure, raised, read_request, socket_path
from fsorch.edge.gateway import SUBSCRIPTION_LIMIT, Check, LocalGateway, LocalSubscription
from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.inputs import (
    AnswerCall,
    EndWrapUp,
    HangUp,
    HoldCall,
    LogIn,
    LogOut,
    Request,
    SetStatus,
)
from fsorch.engine.views import AgentView, Snapshot
from fsorch.errors import ConfigError, FsorchError, NotFound, NotRunning, ProtocolError, RequestRefused

DEADLINE_S = 60.0


class Pump:
    """An engine that remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.fault: Exception | None = None

    def request(self, request: Request, check: Check | None = None) -> None:
        if check is not None:
            check(self.snapshot())
        if self.fault is not None:
            raise self.fault
        self.requests.append(request)

    def snapshot(self) -> Snapshot:
        agent = AgentView(id="ada", name="Ada\nX", status="available")
        return Snapshot(seq=len(self.requests), at=1, centre="test", agents=(agent,))


class Parts:
    """A gateway served on a control socket."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = socket_path(home)
        self.pump = Pump()
        self.gateway = LocalGateway(self.pump)
        self.server = ControlServer(self.path, self.gateway, {"reload": lambda _: {"revision": 7}})
        self.server.start()

    def client(self) -> ControlClient:
        return ControlClient(self.home, timeout_s=DEADLINE_S)

    def raw(self, data: bytes) -> bytes:
        """What the server answers to ``data`` before it closes or is silent."""
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(DEADLINE_S)
            peer.connect(str(self.path))
            peer.sendall(data)
            with peer.makefile("rb") as lines:
                return bytes(lines.readline())


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    made = Parts(tmp_path)
    yield made
    made.gateway.close()
    made.server.stop()


def fact(n: int) -> Fact:
    return Fact(id=f"f{n}", at=n, kind=FactKind.BRIDGED, data={"n": n})


REQUESTS: list[Request] = [
    LogIn(agent="ada", by="cli", phone="user/1@x"),
    LogOut(agent="ada", by="cli"),
    SetStatus(agent="ada", by="cli", status="break", reason="lunch"),
    AnswerCall(agent="ada", by="cli"),
    HangUp(agent="ada", by="cli"),
    HoldCall(agent="ada", by="cli", on=True),
    EndWrapUp(agent="ada", by="cli"),
]


def test_snapshot_and_requests_arrive_as_they_were_sent(parts: Parts) -> None:
    with parts.client() as client:
        for request in REQUESTS:
            client.request(request)
        assert client.snapshot() == parts.gateway.snapshot()
    assert parts.pump.requests == REQUESTS


@pytest.mark.parametrize("kind", Request.__subclasses__())
def test_every_request_class_is_known_to_the_wire(kind: type[Request]) -> None:
    args = {field.name: "x" for field in msgspec.structs.fields(kind) if field.required}
    # A field that takes no text is refused by its own name: the class was found.
    try:
        assert type(read_request(args | {"type": kind.__name__})) is kind
    except ProtocolError as error:
        assert "at `$." in str(error)  # noqa: PT017
        assert "type" not in str(error)  # noqa: PT017


def test_further_operations(parts: Parts) -> None:
    with parts.client() as client:
        assert client.call("reload", dict[str, int]) == {"revision": 7}
        assert client.call("ping", dict[str, int]) == {"pid": os.getpid()}


@pytest.mark.parametrize(
    "fault",
    [
        RequestRefused("agent ada", "logged out", "break", "log in first"),
        NotFound("agent", "adda", ("ada",)),
        ConfigError("queues[0].id is empty"),
    ],
)
def test_an_error_comes_out_as_it_was_raised(parts: Parts, fault: FsorchError) -> None:
    parts.pump.fault = fault
    with parts.client() as client:
        with pytest.raises(type(fault)) as caught:
            client.request(REQUESTS[0])
        assert str(caught.value) == str(fault)
        assert vars(caught.value) == vars(fault)
        assert caught.value.exit_code == fault.exit_code
        parts.pump.fault = None
        client.request(REQUESTS[0])


def test_a_fault_of_ours_says_where_to_look(parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    parts.pump.fault = ZeroDivisionError("secret detail")
    with parts.client() as client, pytest.raises(FsorchError) as caught:
        client.request(REQUESTS[0])
    assert str(caught.value) == "request met an unexpected fault; the log of fsorch run has it"
    assert "secret detail" in caplog.text


def test_every_error_class_has_its_code() -> None:
    def below(cls: type[FsorchError]) -> set[type[FsorchError]]:
        return {cls}.union(*(below(sub) for sub in cls.__subclasses__() if sub.__module__ == "fsorch.errors"))

    assert set(CLASSES.values()) == below(FsorchError)


def test_an_error_of_a_newer_engine_is_still_an_error() -> None:
    error = raised(Answer(1, False, error="the moon is full; wait", code="MoonError"))
    assert type(error) is FsorchError
    assert str(error) == "the moon is full; wait"


@given(st.text(), st.text(), st.text())
def test_any_error_text_survives_the_wire(kind: str, name: str, close: str) -> None:
    error = NotFound(kind, name, (close,))
    back = raised(failure(3, error))
    assert isinstance(back, NotFound)
    assert (str(back), vars(back)) == (str(error), vars(error))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"hello\n", "is not a call"),
        (b"{}\n", "is not a call"),
        (b'{"id": "one", "do": "ping"}\n', "is not a call"),
        (b"\xff\xfe\n", "is not a call"),
        (b'{"id":1,"do":"fly"}\n', "no operation 'fly'; there are facts, ping, reload, request, snapshot"),
        (b'{"id":1,"do":"request","args":{"type":"LogIn"}}\n', "the request is not one fsorch knows"),
        (b'{"id":1,"do":"request","args":{"type":"Fly","agent":"a","by":"b"}}\n', "the request is not one"),
        (b'{"id":1,"do":"' + b"x" * MAX_CALL + b'"}\n', "longer than 65536 bytes"),
    ],
)
def test_nonsense_is_answered_and_harms_nobody(parts: Parts, line: bytes, told: str) -> None:
    answer = json.loads(parts.raw(line))
    assert answer["ok"] is False
    assert told in answer["error"]
    with parts.client() as client:
        assert client.snapshot().centre == "test"


def test_facts_flow_until_either_side_closes(parts: Parts) -> None:
    with parts.client() as client:
        facts = client.facts()
        parts.gateway.publish([fact(1), fact(2)])
        assert facts.get(DEADLINE_S) == fact(1)
        assert facts.get(DEADLINE_S) == fact(2)
        assert facts.get(0.01) is None
        parts.gateway.close()
        assert list(facts) == []
        assert facts.ended
        facts.close()


def test_a_reader_that_leaves_is_unsubscribed_though_nothing_happens(parts: Parts) -> None:
    facts = ControlSubscription(parts.home, DEADLINE_S)
    [subscription] = parts.gateway._subscriptions
    facts.close()
    with gevent.Timeout(DEADLINE_S):
        assert subscription.get() is None
    assert parts.gateway._subscriptions == set()


def test_the_socket_is_its_owners_alone(parts: Parts) -> None:
    assert stat.S_IMODE(parts.path.stat().st_mode) == 0o600


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(NotRunning) as caught:
        ControlClient(tmp_path)
    assert str(caught.value) == f"fsorch is not running here ({tmp_path}); start it with: fsorch run"


def test_a_file_left_by_the_dead_is_replaced(tmp_path: Path) -> None:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(socket_path(tmp_path)))
    with pytest.raises(NotRunning):
        ControlClient(tmp_path)
    parts = Parts(tmp_path)
    with parts.client() as client:
        assert client.snapshot().seq == 0
    parts.server.stop()
    assert not parts.path.exists()


def test_a_living_one_is_left_alone(parts: Parts) -> None:
    second = ControlServer(parts.path, parts.gateway)
    with pytest.raises(ConfigError, match="another fsorch answers here"):
        second.start()
    second.stop()
    with parts.client() as client:
        assert client.snapshot().centre == "test"


def test_stopping_ends_the_clients(parts: Parts) -> None:
    client = parts.client()
    client.snapshot()
    parts.server.stop()
    with pytest.raises(NotRunning, match="stopped while it was asked"):
        client.snapshot()
    client.close()


def test_a_silent_server_is_given_up(tmp_path: Path) -> None:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as silent:
        silent.bind(str(socket_path(tmp_path)))
        silent.listen(1)
        with ControlClient(tmp_path, timeout_s=0.05) as client, pytest.raises(NotRunning, match="does not answer"):
            client.snapshot()


def test_a_home_too_deep_for_a_socket(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too long for a Unix socket"):
        ControlServer(socket_path(tmp_path / ("x" * 100)), LocalGateway(Pump())).start()


def test_two_engines_never_share_a_home(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path)
    with pytest.raises(ConfigError, match=rf"fsorch already runs here \(process {os.getpid()}\)"):
        HomeLock(tmp_path)
    lock.release()
    HomeLock(tmp_path).release()


def test_a_slow_reader_loses_the_oldest_and_is_told() -> None:
    subscription = LocalSubscription(lambda _: None)
    subscription.offer(fact(n) for n in range(SUBSCRIPTION_LIMIT + 5))
    assert subscription.shed == 5
    assert subscription.get() == fact(5)
    subscription.close()
    assert sum(1 for _ in subscription) == SUBSCRIPTION_LIMIT - 1


def test_what_slow_readers_lost_is_counted_over_all_of_them() -> None:
    gateway = LocalGateway(Pump())
    first, second = gateway.facts(), gateway.facts()
    gateway.publish([fact(n) for n in range(SUBSCRIPTION_LIMIT + 2)])
    first.close()
    first.close()
    gateway.publish([fact(0)])
    assert gateway.shed == 2 + 3
    second.close()
    assert gateway.shed == 5


def test_a_waiting_reader_gets_what_comes() -> None:
    gateway = LocalGateway(Pump())
    subscription = gateway.facts()
    reader = gevent.spawn(lambda: list(subscription))
    gevent.idle()
    gateway.publish([fact(1)])
    gevent.idle()
    gateway.publish([fact(2)])
    gateway.close()
    assert reader.get(timeout=DEADLINE_S) == [fact(1), fact(2)]


def test_a_line_in_pieces_is_one_line(parts: Parts) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(parts.path))
        for byte in b'{"id":9,"do":"ping"}\n':
            peer.sendall(bytes([byte]))
        with peer.makefile("rb") as lines:
            assert json.loads(lines.readline())["id"] == 9
