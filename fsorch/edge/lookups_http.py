"""Asks an address for a flow. The author of the flow names the host; a caller fills in values at most, quoted.

Each attempt has its time for all of it: name, connection, request, answer. Connections are kept and used again.
Nothing of the environment counts (no proxies, no netrc), no cookie is kept, a certificate must be right. What is read
of an answer is bounded, as are redirects, which never lead to another host: a caller's value in a query could choose
it there. What an error says never holds a value.
"""

from __future__ import annotations

import re
import ssl
import time
from urllib.parse import urljoin

import gevent
import msgspec
import urllib3
from urllib3 import exceptions as trouble
from urllib3.util import Url, parse_url

from fsorch import __version__
from fsorch.edge.breath import breathe
from fsorch.errors import ConfigError
from fsorch.ivr.answers import MOST_BYTES
from fsorch.ivr.steps import Failed, HttpAnswer, HttpAsk, Secret
from fsorch.lookups import LookupSettings

__all__ = ["PAUSE_S", "HttpAsker", "host_of"]

PAUSE_S = 0.2
MOST_REDIRECTS = 3
# The connections to so many hosts are kept.
MOST_HOSTS = 64
PIECE = 16_384
# So long one answer may be read without a look at the other greenlets.
BREATH_S = 0.002
# The hub's own clock goes first where it can: urllib3 closes what it opened.
LATE_S = 0.05
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# How a request is framed and where it goes is not for a flow to say.
OURS = frozenset(
    ("host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect")
    + ("accept-encoding", "proxy-authorization")
)
TO_GET = (301, 302, 303)
REDIRECTS = (*TO_GET, 307, 308)


class Unasked(Exception):
    """A request that cannot be sent, or sent on; its text says why and holds no value."""


class Request(msgspec.Struct, frozen=True):
    """One request as it is sent. Holds what is secret: never log it."""

    method: str
    url: Url
    headers: dict[str, str]
    body: bytes | None

    def __repr__(self) -> str:
        return f"Request({self.method} {self.url.host})"


def host_of(url: str) -> str:
    """Host and port of an address, by which lookups are told apart; empty for one that is none."""
    try:
        parts = parse_url(url)
    except trouble.LocationParseError:
        return ""
    return f"{parts.host}:{_port(parts)}" if parts.host else ""


class HttpAsker:
    """Asks addresses, from greenlets in a process whose sockets gevent has patched. Raises
    ConfigError for a ``ca_file`` that is none."""

    def __init__(self, settings: LookupSettings) -> None:
        self._pools = urllib3.PoolManager(
            num_pools=MOST_HOSTS,
            maxsize=settings.per_source,
            ssl_context=_context(settings.ca_file),
        )

    def ask(self, ask: HttpAsk) -> HttpAnswer | Failed:
        """Ask, and ask again while there is no answer, or one from 500 on. Never raises."""
        host = host_of(ask.url)
        try:
            request = _request(ask)
        except Unasked as error:
            return Failed(str(error))
        answer: HttpAnswer | Failed = Failed("")
        for attempt in range(1 + ask.retries):
            if attempt:
                gevent.sleep(PAUSE_S)
            answer = self._attempt(request, ask.timeout_s, host)
            if isinstance(answer, HttpAnswer) and answer.status < 500:
                break
        return answer

    def close(self) -> None:
        """Close the connections that are kept."""
        self._pools.clear()

    def _attempt(self, request: Request, timeout_s: float, host: str) -> HttpAnswer | Failed:
        limit = gevent.Timeout(timeout_s + LATE_S)
        overdue = Failed(f"no answer from {host} within {timeout_s:g} s")
        try:
            with limit:
                return self._follow(request, time.monotonic() + timeout_s)
        except gevent.Timeout as error:
            if error is not limit:
                raise
            return overdue
        except trouble.NewConnectionError as error:
            # A TimeoutError by its class, and none by what it means.
            return Failed(_told(error, host))
        except (trouble.TimeoutError, TimeoutError):
            return overdue
        except Unasked as error:
            return Failed(str(error))
        except (trouble.HTTPError, OSError, ValueError) as error:
            return Failed(_told(error, host))

    def _follow(self, request: Request, deadline: float) -> HttpAnswer:
        for _ in range(1 + MOST_REDIRECTS):
            answer, location = self._exchange(request, deadline)
            if not location:
                return answer
            request = _redirected(request, answer.status, location)
        raise Unasked(f"{request.url.host} redirects more than {MOST_REDIRECTS} times")

    def _exchange(self, request: Request, deadline: float) -> tuple[HttpAnswer, str]:
        """The answer, and where it redirects to."""
        response = self._pools.urlopen(
            request.method,
            request.url.url,
            headers=request.headers,
            body=request.body,
            timeout=urllib3.Timeout(total=max(0.001, deadline - time.monotonic())),
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
        )
        whole = False
        try:
            body, whole = _read(response)
        finally:
            if whole:
                response.release_conn()
            else:
                response.close()
        location = response.headers.get("Location", "") if response.status in REDIRECTS else ""
        return HttpAnswer(response.status, body), location


def _read(response: urllib3.BaseHTTPResponse) -> tuple[bytes, bool]:
    """The body, cut off one byte after what an answer may have; whether that is all of it. A server that sends without
    end in the smallest pieces never makes the others wait."""
    parts: list[bytes] = []
    size, breath = 0, time.monotonic()
    while size <= MOST_BYTES:
        part = response.read1(PIECE)
        if not part:
            return b"".join(parts), True
        parts.append(part)
        size += len(part)
        if time.monotonic() - breath > BREATH_S:
            breathe()
            breath = time.monotonic()
    return b"".join(parts)[: MOST_BYTES + 1], False


def _request(ask: HttpAsk) -> Request:
    """Raises Unasked."""
    headers = {"User-Agent": f"fsorch/{__version__}", "Accept": "application/json", "Accept-Encoding": "identity"}
    given = {}
    for name, value in ask.headers:
        if not TOKEN.fullmatch(name) or name.lower() in OURS:
            raise Unasked(f"the header {name[:64]!r} is not for a flow to send")
        text = _reveal(value)
        if CONTROL.search(text):
            raise Unasked(f"the value of the header {name} holds a control character")
        # Bytes as they are: http.client writes headers as Latin-1.
        given[name] = text.strip().encode("utf-8", "replace").decode("latin-1")
    shadowed = {name.lower() for name in given}
    headers = {name: value for name, value in headers.items() if name.lower() not in shadowed} | given
    body = _reveal(ask.body).encode("utf-8", "replace") or None
    return Request(ask.method.value, _address(ask.url), headers, body)


def _reveal(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _address(text: str) -> Url:
    try:
        url = parse_url(text)
    except trouble.LocationParseError:
        url = Url()
    if url.scheme not in ("http", "https") or not url.host:
        raise Unasked("the address is none; begin it with https://host/ or http://host/")
    if url.auth:
        raise Unasked("the address holds a user or a password; send them as a header")
    return url._replace(fragment=None)


def _port(url: Url) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _redirected(request: Request, status: int, location: str) -> Request:
    """The request as it is sent on: to the same host and port, or from http to https of the same host. Raises
    Unasked."""
    old, new = request.url, _address(urljoin(request.url.url, location))
    same = new.host == old.host
    safer = old.scheme == "http" and new.scheme == "https"
    if not same or not (safer or (new.scheme == old.scheme and _port(new) == _port(old))):
        raise Unasked(f"{old.host} redirects to another host or a less safe address; name the right one in the flow")
    if status in TO_GET and request.method != "GET":
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-type"}
        return Request("GET", new, headers, None)
    return Request(request.method, new, request.headers, request.body)


def _told(error: Exception, host: str) -> str:
    """Why there is no answer, by the kind of error: the text of one may quote what was sent."""
    match error:
        case trouble.SSLError():
            return f"the certificate of {host} is not one to trust, or it speaks no TLS"
        case trouble.NameResolutionError():
            return f"the name of {host} is not known"
        case trouble.NewConnectionError():
            return f"no connection to {host}"
        case trouble.ProtocolError() | OSError():
            return f"{host} closed the connection, or speaks no HTTP"
        case _:
            return f"the answer of {host} cannot be read ({type(error).__name__})"


def _context(ca_file: str) -> ssl.SSLContext:
    """What a server must show: a certificate of its name, by an authority that this machine trusts, or one of
    ``ca_file``. Raises ConfigError."""
    context = ssl.create_default_context()
    try:
        if ca_file:
            context.load_verify_locations(ca_file)
    except OSError as error:
        raise ConfigError(f"lookups.ca_file: {ca_file} cannot be used ({error}); name a file of certificates") from None
    return context
