"""The virtual switch on a real loopback socket: authentication, subscriptions, pipelining, filters, outbound mode,
faults."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace, TracebackType

import msgspec
import pytest
from gevent import socket
from gevent.event import Event as Signal
from gevent.queue import Queue
from gevent.server import StreamServer

from fsorch.esl.events import Event, decode_event
from fsorch.esl.frames import Frame, FrameReader
from fsorch.sim.inbound import Invite
from fsorch.sim.server import SimServer

PASSWORD = "a long enough one"
DEADLINE_S = 60.0


class Client:
    """A raw client: what it sends is written as it stands, what comes back is cut into frames."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.socket.settimeout(DEADLINE_S)
        self._reader = FrameReader()
        self._frames: list[Frame] = []

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.socket.close()

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def frame(self) -> Frame:
        """The next frame; ConnectionError at the end of the stream."""
        while not self._frames:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the switch has closed the connection")
            self._frames = self._reader.feed(data)
        return self._frames.pop(0)

    def ask(self, line: str) -> str:
        """Send a command; its reply. Events before it are dropped."""
        self.send(line + "\n\n")
        while True:
            frame = self.frame()
            if frame.content_type == "api/response":
                return frame.body.decode()
            if frame.content_type == "command/reply":
                return frame.header("Reply-Text") or ""

    def event(self, name: str) -> Event:
        """The next event of that name; others are dropped."""
        while True:
            frame = self.frame()
            if frame.content_type.startswith("text/event"):
                event = decode_event(frame)
                if event.name == name:
                    return event


@pytest.fixture
def server() -> Iterator[SimServer]:
    running = SimServer(password=PASSWORD, seed=1)
    running.start()
    yield running
    running.stop()


def connect(server: SimServer, *lines: str, password: str = PASSWORD) -> Client:
    client = Client(socket.create_connection(("127.0.0.1", server.port)))
    assert client.frame().content_type == "auth/request"
    for line in (f"auth {password}", *lines) if password else lines:
        assert client.ask(line).startswith("+OK")
    return client


def call(server: SimServer, destination: str = "park_x", number: str = "100") -> str:
    made: list[str] = []
    server.schedule(lambda: made.append(server.switch.call(Invite(number=number, destination=destination)).uuid))
    return made[0]


def test_a_wrong_password_is_refused_with_a_notice_and_the_end(server: SimServer) -> None:
    with connect(server, password="") as client:
        assert client.ask("auth wrong") == "-ERR invalid"
        assert client.frame().content_type == "text/disconnect-notice"
        with pytest.raises(ConnectionError):
            client.frame()


def test_an_address_outside_the_acl_gets_the_rude_rejection(server: SimServer) -> None:
    server.switch.faults.reject = True
    with Client(socket.create_connection(("127.0.0.1", server.port))) as client:
        assert client.frame().content_type == "text/rude-rejection"
        assert client.frame().content_type == "text/disconnect-notice"
        with pytest.raises(ConnectionError):
            client.frame()


def test_replies_come_in_the_order_of_pipelined_commands_however_they_are_cut(server: SimServer) -> None:
    with connect(server) as client:
        text = "api module_exists mod_sofia\n\napi module_exists mod_x\n\nnosuch\n\napi echo last\n\n"
        for byte in text[:40]:
            client.send(byte)
        client.send(text[40:])
        answers = [client.frame() for _ in range(4)]
        shown = [frame.body.decode() or frame.header("Reply-Text") for frame in answers]
        assert shown == ["true", "false", "-ERR command not found", "last"]


@pytest.mark.parametrize("form", ["json", "plain"])
def test_a_call_is_seen_in_both_formats(server: SimServer, form: str) -> None:
    with connect(server, f"event {form} CHANNEL_CREATE CHANNEL_PARK CHANNEL_DESTROY") as client:
        uuid = call(server)
        created = client.event("CHANNEL_CREATE")
        assert (created.uuid, created.caller_number, created.destination) == (uuid, "100", "park_x")
        assert client.event("CHANNEL_PARK").variable("fsorch_entry") == "_x"
        assert client.ask(f"api uuid_kill {uuid}") == "+OK\n"
        assert client.event("CHANNEL_DESTROY").variable("hangup_cause") == "NORMAL_CLEARING"


def test_only_what_was_asked_for_comes(server: SimServer) -> None:
    with connect(server, "event json CHANNEL_PARK CUSTOM fsorch::mine") as client:
        uuid = call(server)
        assert client.event("CHANNEL_PARK").uuid == uuid
        client.ask("sendevent CUSTOM\nEvent-Subclass: fsorch::other")
        client.ask("sendevent CUSTOM\nEvent-Subclass: fsorch::mine\nText: a%20b")
        custom = decode_event(client.frame())
        assert (custom.name, custom.subclass, custom.header("Text")) == ("CUSTOM", "fsorch::mine", "a%20b")


def test_filters_let_through_what_matches_and_minus_holds_back(server: SimServer) -> None:
    with connect(server, "event json CHANNEL_CREATE CHANNEL_PARK", "filter Caller-Caller-ID-Number 200") as client:
        call(server, number="100")
        wanted = call(server, number="200")
        assert decode_event(client.frame()).uuid == wanted
        assert client.event("CHANNEL_PARK").uuid == wanted
        assert client.ask("filter Event-Name -CHANNEL_CREATE").startswith("+OK filter added.")
        last = call(server, number="200")
        assert (event := decode_event(client.frame())).name == "CHANNEL_PARK"
        assert event.uuid == last
        assert client.ask("filter delete all") == "+OK filter deleted. [all][]"


def test_myevents_shows_one_call_alone(server: SimServer) -> None:
    with connect(server) as client:
        uuid = call(server)
        assert client.ask("myevents json nobody") == "-ERR invalid uuid"
        assert client.ask(f"myevents {uuid} json") == "+OK Events Enabled"
        call(server)
        client.ask(f"api uuid_answer {uuid}")
        assert client.event("CHANNEL_ANSWER").uuid == uuid
        client.ask(f"api uuid_kill {uuid}")
        assert client.event("CHANNEL_DESTROY").uuid == uuid


def test_sendmsg_runs_an_application_under_its_own_id(server: SimServer) -> None:
    with connect(server, "event json CHANNEL_EXECUTE_COMPLETE") as client:
        uuid = call(server, "apark_x")
        client.event("CHANNEL_EXECUTE_COMPLETE")
        client.ask(
            f"sendmsg {uuid}\ncall-command: execute\nexecute-app-name: playback\n"
            "execute-app-arg: silence_stream://50\nEvent-UUID: my-own-id"
        )
        event = client.event("CHANNEL_EXECUTE_COMPLETE")
        assert (event.application, event.application_uuid) == ("playback", "my-own-id")
        assert event.application_response == "FILE PLAYED"


def test_a_blocking_originate_holds_up_the_commands_behind_it_and_bgapi_does_not(server: SimServer) -> None:
    with connect(server, "event json BACKGROUND_JOB") as client:
        client.send("bgapi originate loopback/early/public &park()\nJob-UUID: job-1\n\napi echo first\n\n")
        assert client.frame().header("Job-UUID") == "job-1"
        assert client.frame().body == b"first"
        assert client.event("BACKGROUND_JOB").body.startswith("+OK ")
        client.send("api originate loopback/early/public &park()\n\napi echo second\n\n")
        assert client.frame().body.startswith(b"+OK ")
        assert client.frame().body == b"second"


def test_exit_ends_with_a_goodbye(server: SimServer) -> None:
    with connect(server) as client:
        assert client.ask("exit") == "+OK bye"
        assert client.frame().content_type == "text/disconnect-notice"
        with pytest.raises(ConnectionError):
            client.frame()


def test_cut_connections_end_at_once_and_calls_go_on(server: SimServer) -> None:
    with connect(server) as client:
        uuid = call(server)
        server.cut_all()
        with pytest.raises((ConnectionError, OSError)):
            client.frame()
    with connect(server) as again:
        assert again.ask(f"api uuid_exists {uuid}") == "true"


def test_a_switch_that_stops_answering_takes_commands_and_says_nothing(server: SimServer) -> None:
    with connect(server) as client:
        server.switch.faults.stop_answering = True
        client.send("api status\n\n")
        client.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.frame()


def test_delayed_replies_keep_their_order(server: SimServer) -> None:
    with connect(server) as client:
        server.switch.faults.delay_reply_s = 0.02
        client.send("api echo 1\n\napi echo 2\n\napi echo 3\n\n")
        assert [client.frame().body for _ in range(3)] == [b"1", b"2", b"3"]


def test_garbage_closes_the_connection_and_nothing_else(server: SimServer) -> None:
    with connect(server) as good, connect(server) as bad:
        bad.send("api status\nno colon here\n\n")
        with pytest.raises((ConnectionError, OSError)):
            bad.frame()
        assert good.ask("api echo still here") == "still here"


def test_a_reader_that_does_not_read_is_dropped(server: SimServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsorch.sim.session.MAX_EVENTS", 200)
    monkeypatch.setattr("fsorch.sim.session.MAX_LOST", 20)
    with connect(server, "event json CUSTOM flood::it"), connect(server) as other:
        core = server.switch.machine.core
        padding = "x" * 60_000
        for _ in range(60):
            for _ in range(10):
                core.fire("CUSTOM", subclass="flood::it", lead={"Padding": padding})
            other.ask("api echo")
        assert core.counters.killed_readers == 1
        assert other.ask("api echo alive") == "alive"


def test_the_heartbeat_comes_every_twenty_seconds() -> None:
    fast = SimServer(password=PASSWORD, speed=200.0)
    fast.start()
    try:
        with connect(fast, "event json HEARTBEAT") as client:
            first, second = client.event("HEARTBEAT"), client.event("HEARTBEAT")
            assert second.timestamp - first.timestamp == 20_000_000
    finally:
        fast.stop()


@pytest.mark.parametrize(("stride_s", "passed_s"), [(None, 50.0), (0.02, 0.2)])
def test_time_may_stand_still_with_a_process_that_is_kept_waiting(
    monkeypatch: pytest.MonkeyPatch, stride_s: float | None, passed_s: float
) -> None:
    now = [100.0]
    monkeypatch.setattr("fsorch.sim.server.time", SimpleNamespace(monotonic=lambda: now[0], time_ns=lambda: 0))
    server = SimServer(password=PASSWORD, speed=10.0, stride_s=stride_s)
    server.start()
    began = server.virtual_now()
    now[0] += 5.0
    assert server.virtual_now() - began == pytest.approx(passed_s)
    now[0] += 0.01
    assert server.virtual_now() - began == pytest.approx(passed_s + 0.1)
    server.stop()


class Listener:
    """A server that the switch's ``socket`` application connects to."""

    def __init__(self) -> None:
        self.clients: Queue[Client] = Queue()
        self._over = Signal()
        self.server = StreamServer(("127.0.0.1", 0), self._accept)
        self.server.start()

    def _accept(self, sock: socket.socket, address: object) -> None:
        self.clients.put(Client(sock))
        self._over.wait()

    def stop(self) -> None:
        self._over.set()
        self.server.stop()


def test_outbound_mode_steers_a_call_from_a_listener(server: SimServer) -> None:
    listener = Listener()
    try:
        address = f"127.0.0.1:{listener.server.server_port}"
        plan = server.switch.machine.dialplan
        extension = plan.contexts["public"][2]
        moved = msgspec.structs.replace(extension, actions=(("socket", f"{address} async full"), ("hangup", "")))
        plan.contexts["public"] = (moved,)
        uuid = call(server, "sock1")
        with listener.clients.get(timeout=DEADLINE_S) as client:
            client.send("connect\n\n")
            first = client.frame()
            assert first.header("Unique-ID") == uuid
            assert client.ask("myevents json") == "+OK Events Enabled"
            assert client.ask("sendmsg\ncall-command: execute\nexecute-app-name: answer") == "+OK"
            assert client.event("CHANNEL_ANSWER").uuid == uuid
            assert client.ask("linger 1") == "+OK will linger 1 seconds"
            assert client.ask("getvar direction") == "inbound"
            client.ask("sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY")
            assert client.event("CHANNEL_HANGUP_COMPLETE").hangup_cause == "USER_BUSY"
            assert client.frame().header("Content-Disposition") == "linger"
            assert client.frame().header("Content-Disposition") == "disconnect"
    finally:
        listener.stop()


def test_a_listener_that_is_not_there_lets_the_dialplan_go_on(server: SimServer) -> None:
    with connect(server, "event json CHANNEL_DESTROY") as client:
        plan = server.switch.machine.dialplan
        extension = msgspec.structs.replace(
            plan.contexts["public"][2], actions=(("socket", "127.0.0.1:1 async full"), ("hangup", "USER_BUSY"))
        )
        plan.contexts["public"] = (extension,)
        call(server, "sock1")
        assert client.event("CHANNEL_DESTROY").hangup_cause == "USER_BUSY"


def test_time_runs_and_stops_with_the_server() -> None:
    """A call is answered after 1.5 s: not on a server that was stopped, when it is on one that was started after."""
    told: dict[str, Signal] = {}

    def begin(name: str, sign: str) -> SimServer:
        server, told[name] = SimServer(password=PASSWORD, speed=20.0), Signal()
        server.start()
        server.switch.machine.core.watchers.append(lambda event: told[name].set() if event.name == sign else None)
        call(server, "early")
        return server

    first = begin("first", "CHANNEL_PROGRESS_MEDIA")
    assert told["first"].wait(DEADLINE_S)
    first.stop()
    then = first.switch.now
    second = begin("second", "CHANNEL_ANSWER")
    assert told["second"].wait(DEADLINE_S)
    second.stop()
    assert first.switch.now == then < second.switch.now
