"""Addresses are asked over real sockets, and whatever they say, a flow gets one answer in time."""

from __future__ import annotations

import logging
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import gevent
import pytest
from gevent.server import StreamServer
from gevent.socket import wait_read

from fsorch.edge import lookups_http
from fsorch.edge.lookups_http import HttpAsker, host_of
from fsorch.errors import ConfigError
from fsorch.flow_nodes import Method
from fsorch.ivr.answers import MOST_BYTES
from fsorch.ivr.steps import Failed, HttpAnswer, HttpAsk, Secret
from fsorch.lookups import LookupSettings
from tests.store.mariadb import make_certificate
from tests.waiting import PATIENCE_S, turns

PIN = "8451907"
Talk = Callable[[socket.socket, bytes], None]


class Answerer:
    """An HTTP server that answers by the last word of the path, and keeps what it was sent."""

    def __init__(self, **options: Any) -> None:
        self.heard: list[bytes] = []
        self.connections = 0
        self.failures = 0
        self.server = StreamServer(("127.0.0.1", 0), self._serve, **options)
        self.server.start()
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.scheme = "https" if options else "http"
        self.talks: dict[str, Talk] = {
            "ok": lambda sock, _: reply(sock, b'{"balance": 5}'),
            "none": lambda sock, _: reply(sock, b"{}", "404 Not Found"),
            "flaky": self._flaky,
            "broken": lambda sock, _: reply(sock, b"oh", "500 Oh"),
            "garbage": lambda sock, _: sock.sendall(b"\xff\x00\r\n\r\n" * 50),
            "large": lambda sock, _: reply(sock, b"x" * 10_000_000),
            "chunks": lambda sock, _: chunks(sock),
            "never": lambda sock, _: wait_read(sock.fileno()),
            "drip": lambda sock, _: drip(sock, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000),
            "headers": lambda sock, _: drip(sock, b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1000),
            "slam": lambda sock, _: sock.close(),
            "round": lambda sock, _: redirect(sock, "/round"),
            "there": lambda sock, _: redirect(sock, "ok"),
            "away": lambda sock, _: redirect(sock, "http://localhost:1/ok"),
            "port": lambda sock, _: redirect(sock, f"{self.scheme}://127.0.0.1:1/ok"),
            "file": lambda sock, _: redirect(sock, "file:///etc/passwd"),
            "keep": lambda sock, _: redirect(sock, "/ok", 307),
        }

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"

    def _flaky(self, sock: socket.socket, _: bytes) -> None:
        self.failures += 1
        reply(sock, b"{}", "503 Later") if self.failures < 2 else reply(sock, b'{"ok": true}')

    def _serve(self, sock: socket.socket, _: object) -> None:
        self.connections += 1
        try:
            while request := read_request(sock):
                self.heard.append(request)
                path = request.split(b" ", 2)[1].decode().partition("?")[0]
                self.talks[path.strip("/")](sock, request)
        except OSError:
            return  # the asker has had enough
        finally:
            sock.close()


def read_request(sock: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = sock.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    wanted = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < wanted:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


def reply(sock: socket.socket, body: bytes, status: str = "200 OK", more: str = "") -> None:
    head = f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    sock.sendall(head.encode() + body)


def redirect(sock: socket.socket, where: str, status: int = 302) -> None:
    reply(sock, b"", f"{status} Go", f"Location: {where}\r\n")


def chunks(sock: socket.socket) -> None:
    """Without end, one byte at a time, as fast as it goes."""
    sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        sock.sendall(b"1\r\nx\r\n" * 10_000)


def drip(sock: socket.socket, data: bytes) -> None:
    """The pace is the server's: no test waits for it to end."""
    for byte in data:
        sock.sendall(bytes([byte]))
        gevent.sleep(0.02)


@pytest.fixture
def server() -> Iterator[Answerer]:
    made = Answerer()
    yield made
    made.server.stop(timeout=0)


@pytest.fixture
def asker() -> Iterator[HttpAsker]:
    made = HttpAsker(LookupSettings())
    yield made
    made.close()


def an_ask(url: str, **more: object) -> HttpAsk:
    return HttpAsk(**{"method": Method.GET, "url": url, "timeout_s": PATIENCE_S, **more})  # type: ignore[arg-type]


def why(answer: HttpAnswer | Failed) -> str:
    assert isinstance(answer, Failed), answer
    return answer.why


def test_what_is_asked_arrives_and_the_connection_is_kept(server: Answerer, asker: HttpAsker) -> None:
    for _ in range(5):
        answer = asker.ask(
            an_ask(
                f"{server.url}/ok?a=1%2F2",
                method=Method.POST,
                headers=(("X-Key", Secret(PIN)), ("X-Name", "Jürgen"), ("Content-Type", "application/json")),
                body=Secret('{"pin": "ü"}'),
            )
        )
        assert answer == HttpAnswer(200, b'{"balance": 5}')
    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /ok?a=1%2F2 HTTP/1.1"
    assert f"X-Key: {PIN}".encode() in lines
    assert "X-Name: Jürgen".encode() in lines
    assert body.decode() == '{"pin": "ü"}'
    assert server.connections == 1


def test_a_status_is_an_answer(server: Answerer, asker: HttpAsker) -> None:
    assert asker.ask(an_ask(f"{server.url}/none", retries=3)) == HttpAnswer(404, b"{}")
    assert len(server.heard) == 1


def test_it_is_asked_again_after_a_500(server: Answerer, asker: HttpAsker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups_http, "PAUSE_S", 0.01)
    assert asker.ask(an_ask(f"{server.url}/flaky", retries=1)) == HttpAnswer(200, b'{"ok": true}')
    assert asker.ask(an_ask(f"{server.url}/broken", retries=2)) == HttpAnswer(500, b"oh")
    assert "closed the connection" in why(asker.ask(an_ask(f"{server.url}/slam", retries=2)))
    assert [line.split(b" ")[1] for line in server.heard] == [b"/flaky"] * 2 + [b"/broken"] * 3 + [b"/slam"] * 3


def test_garbage_is_no_answer(server: Answerer, asker: HttpAsker) -> None:
    assert server.host in why(asker.ask(an_ask(f"{server.url}/garbage")))


@pytest.mark.parametrize(("path", "least"), [("large", 0), ("chunks", 20)])
def test_no_more_is_read_than_an_answer_may_have(server: Answerer, asker: HttpAsker, path: str, least: int) -> None:
    """And nobody else waits meanwhile, however small the pieces are."""
    with turns() as made:
        answer = asker.ask(an_ask(f"{server.url}/{path}", timeout_s=PATIENCE_S))
    assert isinstance(answer, HttpAnswer)
    assert len(answer.body) == MOST_BYTES + 1
    assert len(made) >= least, "the hub stood still"


@pytest.mark.parametrize("path", ["never", "drip", "headers"])
def test_an_attempt_has_its_time_for_all_of_it(server: Answerer, asker: HttpAsker, path: str) -> None:
    assert why(asker.ask(an_ask(f"{server.url}/{path}", timeout_s=0.3))).endswith("within 0.3 s")


def unknown(host: str, *_: object, **__: object) -> NoReturn:
    """A resolver that knows no name. That of the machine may take its time to say so, or has nobody to ask."""
    raise socket.gaierror(socket.EAI_NONAME, f"{host} is not known")


def test_nobody_is_there(asker: HttpAsker, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert why(asker.ask(an_ask(f"http://127.0.0.1:{port}/"))) == f"no connection to 127.0.0.1:{port}"
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert why(asker.ask(an_ask("http://nobody.invalid/"))) == "the name of nobody.invalid:80 is not known"


def test_redirects_stay_on_the_host_and_are_few(server: Answerer, asker: HttpAsker) -> None:
    assert asker.ask(an_ask(f"{server.url}/there")) == HttpAnswer(200, b'{"balance": 5}')
    assert "redirects more than 3 times" in why(asker.ask(an_ask(f"{server.url}/round")))
    for path in ("away", "port"):
        assert "another host" in why(asker.ask(an_ask(f"{server.url}/{path}")))
    assert "begin it with" in why(asker.ask(an_ask(f"{server.url}/file")))


def test_a_redirected_form_is_sent_again_only_if_the_status_says_so(server: Answerer, asker: HttpAsker) -> None:
    for path in ("there", "keep"):
        ask = an_ask(f"{server.url}/{path}", method=Method.POST, body="x=1", headers=(("X-A", "1"),))
        assert asker.ask(ask) == HttpAnswer(200, b'{"balance": 5}')
    sent = [(request.split(b" ")[0], request.rpartition(b"\r\n\r\n")[2]) for request in server.heard]
    assert sent == [(b"POST", b"x=1"), (b"GET", b""), (b"POST", b"x=1"), (b"POST", b"x=1")]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\n b", "a\0b", "a\rb"])
def test_no_value_begins_another_header(server: Answerer, asker: HttpAsker, value: str) -> None:
    assert "control character" in why(asker.ask(an_ask(f"{server.url}/ok", headers=(("X-Key", Secret(value)),))))
    assert not server.heard


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "X Y", "X:Y", "", "X\r\nY"])
def test_some_headers_are_not_for_a_flow(server: Answerer, asker: HttpAsker, name: str) -> None:
    assert "not for a flow" in why(asker.ask(an_ask(f"{server.url}/ok", headers=((name, "1"),))))
    assert not server.heard


@pytest.mark.parametrize(
    "url", ["ftp://host/", "http://", "http://[::1/", "//host/", "http://a:b@host/", "", "http:/x"]
)
def test_what_is_no_address_is_not_asked(asker: HttpAsker, url: str) -> None:
    assert "address" in why(asker.ask(an_ask(url)))
    host_of(url)


def test_the_environment_has_no_say(server: Answerer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:1")
    asker = HttpAsker(LookupSettings())
    assert asker.ask(an_ask(f"{server.url}/ok")) == HttpAnswer(200, b'{"balance": 5}')
    asker.close()


def test_a_certificate_must_be_right(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, tmp_path / "key.pem")
    secure = Answerer(ssl_context=context)
    stranger, friend = HttpAsker(LookupSettings()), HttpAsker(LookupSettings(ca_file=str(certificate)))
    assert "certificate" in why(stranger.ask(an_ask(f"{secure.url}/ok", headers=(("X-Key", PIN),))))
    assert not secure.heard
    assert friend.ask(an_ask(f"{secure.url}/ok")) == HttpAnswer(200, b'{"balance": 5}')
    # The certificate is for 127.0.0.1.
    assert "certificate" in why(friend.ask(an_ask(f"{secure.url}/ok".replace("127.0.0.1", "localhost"))))
    stranger.close()
    friend.close()
    secure.server.stop(timeout=0)


def test_a_file_of_certificates_must_be_one(tmp_path: Path) -> None:
    for file in (tmp_path / "none.pem", tmp_path):
        with pytest.raises(ConfigError, match="lookups.ca_file"):
            HttpAsker(LookupSettings(ca_file=str(file)))


def test_what_is_secret_is_in_no_log_and_no_error(
    server: Answerer, asker: HttpAsker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for path in ("ok", "garbage", "slam", "broken", "never", "away"):
        ask = an_ask(
            f"{server.url}/{path}",
            method=Method.POST,
            headers=(("X-Pin", Secret(PIN)),),
            body=Secret(PIN),
            timeout_s=0.2,
        )
        assert PIN not in repr(ask)
        assert PIN not in repr(asker.ask(ask))
    assert PIN not in repr(asker.ask(an_ask(f"{server.url}/ok", headers=(("X-Pin", Secret(f"{PIN}\n")),))))
    assert PIN not in repr(lookups_http._request(an_ask("http://h/", body=Secret(PIN))))
    assert PIN not in caplog.text
    assert any(PIN.encode() in request for request in server.heard)
