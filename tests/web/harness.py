"""A desktop on loopback, and the two kinds of client a page is: HTTP requests, and one Socket.IO line."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import simple_websocket

from fsorch.config import WebSettings
from fsorch.edge.webserver import WebServer, listen
from fsorch.engine.views import AgentView, QueueView
from fsorch_web import Sockets, create_app
from fsorch_web.campaigns import Lacks, nothing_lacks
from fsorch_web.seams import StoreReads
from tests.web.fake import FakeCentre, FakeStore, User

__all__ = ["SECRET", "Answer", "Line", "Page", "Site", "new_site"]

SECRET = b"0123456789abcdef0123456789abcdef"
DEADLINE_S = 60.0
USERS = (
    User("ada", "ada's own", "agent", "ada"),
    User("bo", "bo's own", "agent", "bo"),
    User("sam", "sam's own", "supervisor"),
    User("olga", "olga's own", "auditor", "ada"),
    User("root", "root's own", "admin"),
)


class Answer:
    """An HTTP answer, read whole."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content

    @property
    def json(self) -> Any:
        return json.loads(self.content)


class Page:
    """A browser's part: keeps cookies, and sends the token of `GET /api/me`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self.token = ""

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def get(self, path: str) -> Answer:
        return self.ask("GET", path, None, {})

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("POST", path, json.dumps(body or {}).encode(), {"X-CSRF-Token": self.token, **headers})

    def ask(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            line.request(method, path, content, {**headers, "Cookie": self.cookie})
            response = line.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            line.close()
        for text in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(text).items():
                self.cookies[name] = morsel.value
        return answer

    def me(self) -> Any:
        answer = self.get("/api/me").json
        self.token = answer["csrf"]
        return answer["user"]

    def log_in(self, login: str, password: str = "") -> Answer:
        self.me()
        answer = self.post("/api/login", {"login": login, "password": password or f"{login}'s own"})
        if answer.status == 200:
            self.token = answer.json["csrf"]
        return answer


class Browser(simple_websocket.Client):  # type: ignore[misc]
    """The library's client, with the port in ``Host`` as browsers send it, nothing left open after a refusal, and no
    first frame overlooked that comes together with the handshake's answer."""

    host: str

    def handshake(self) -> None:
        self.host = f"{self.host}:{self.port}"
        try:
            super().handshake()
        except simple_websocket.ConnectionError:
            self.sock.close()
            raise
        self._handle_events()


class Line:
    """A Socket.IO connection over a real WebSocket, spoken by hand: what a page's library does."""

    def __init__(self, page: Page, *, origin: str = "", receipts: bool = True) -> None:
        headers = {"Cookie": page.cookie, **({"Origin": origin} if origin else {})}
        url = f"ws://127.0.0.1:{page.port}/socket.io/?EIO=4&transport=websocket"
        self._receipts = receipts
        self._socket = Browser(url, headers=headers)
        assert self._read().startswith("0{")
        self._socket.send("40")
        self.opened = self._read()

    def next(self, topic: str = "", timeout_s: float = DEADLINE_S) -> dict[str, Any]:
        """The next message (of ``topic``), with its topic added."""
        until = time.monotonic() + timeout_s
        while (left := until - time.monotonic()) > 0:
            text = self._read(left)
            if text.startswith("42"):
                number = text[2:].split("[", 1)[0]
                if number and self._receipts:
                    self._socket.send(f"43{number}[]")
                name, message = json.loads(text[2 + len(number) :])
                if not topic or name == topic:
                    return {**message, "topic": name}
        raise TimeoutError(f"no {topic or 'message'} within {timeout_s} s")

    def until(self, topic: str, fits: Any) -> dict[str, Any]:
        """The first message of ``topic`` whose view fits."""
        until = time.monotonic() + DEADLINE_S
        while True:
            message = self.next(topic, until - time.monotonic())
            if fits(message["view"]):
                return message

    def hello(self) -> None:
        self._socket.send('42["hello"]')

    def ended(self) -> bool:
        """Whether the server closes the line before the deadline."""
        try:
            while True:
                if self._read().startswith("41"):
                    return True
        except simple_websocket.ConnectionClosed:
            return True

    def close(self) -> None:
        if self._socket.connected:
            self._socket.close()

    def _read(self, timeout_s: float = DEADLINE_S) -> str:
        until = time.monotonic() + timeout_s
        while True:
            text = self._socket.receive(timeout=max(0.0, until - time.monotonic()))
            if text is None:
                raise TimeoutError("the server says nothing")
            if text != "2":
                return str(text)
            self._socket.send("3")


class Site:
    """A running desktop with its centre, store and server. ``followed``: the revisions that were to come into force."""

    def __init__(self, centre: FakeCentre, store: FakeStore, sockets: Sockets, port: int) -> None:
        self.centre = centre
        self.store = store
        self.sockets = sockets
        self.port = port
        self.followed: list[int] = []
        self._lines: list[Line] = []

    def page(self, login: str = "") -> Page:
        page = Page(self.port)
        if login:
            assert page.log_in(login).status == 200
        return page

    def line(self, page: Page, **options: Any) -> Line:
        line = Line(page, **options)
        self._lines.append(line)
        return line

    def close_lines(self) -> None:
        for line in self._lines:
            line.close()


def centre() -> FakeCentre:
    """Two agents, both available, and one queue."""
    agents = tuple(
        AgentView(id=id, name=id.title(), status="available", queues=("sales",), phone=f"user/{id}@pbx.example")
        for id in ("ada", "bo")
    )
    return FakeCentre(
        agents, (QueueView(id="sales", title="Sales", waiting=0), QueueView(id="vip", title="VIP", waiting=0))
    )


@contextmanager
def new_site(
    static: Path, records: StoreReads | None = None, lacks: Lacks = nothing_lacks, **settings: Any
) -> Iterator[Site]:
    """A desktop on a free port of loopback. ``records``: a real store instead of the site's own; ``lacks``: what the
    switches lack for a campaign."""
    fake, store = centre(), FakeStore(*USERS)
    web = WebSettings(port=0, **settings)
    kept = records or store
    followed: list[int] = []
    app, sockets = create_app(
        fake.gateway,
        kept,
        web,
        secret=SECRET,
        static=static,
        lacks=lacks,
        changed=lambda: followed.append(kept.revision()),
    )
    listener = listen(web)
    server = WebServer(app, listener)
    server.start()
    site = Site(fake, store, sockets, int(listener.getsockname()[1]))
    site.followed = followed
    try:
        yield site
    finally:
        site.close_lines()
        sockets.stop()
        server.stop()
        fake.gateway.close()
