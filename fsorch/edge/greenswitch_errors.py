"""What greenswitch raises, as errors of ours.

One table, most specific first, applied by one context manager around every call into greenswitch; the cause stays
chained. A test reads greenswitch's source and fails when it raises something the table does not name.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from greenswitch.esl import NotConnectedError, OutboundSessionHasGoneAway

from fsorch.errors import LinkError

__all__ = ["TABLE", "LinkRefused", "mapped"]


class LinkRefused(LinkError):
    """The switch is there and does not want us: wrong password, or an access list. Trying again soon changes
    nothing."""


# (what greenswitch or the socket under it raises, what we raise, what the message says; {error} is the original text)
TABLE: tuple[tuple[type[BaseException], type[LinkError], str], ...] = (
    (OutboundSessionHasGoneAway, LinkError, "the caller's session is gone"),
    (NotConnectedError, LinkError, "not connected ({error}); check the address and the switch's event_socket.conf.xml"),
    (socket.gaierror, LinkError, "the host cannot be resolved to an IPv4 address ({error}); check its name"),
    (ConnectionRefusedError, LinkError, "nothing listens there; check host, port and that mod_event_socket is loaded"),
    (TimeoutError, LinkError, "no answer in time ({error}); check the address and that the switch is not stuck"),
    (OSError, LinkError, "the network says: {error}"),
    # A reply without the headers greenswitch counts on, or text that is not UTF-8.
    (UnicodeError, LinkError, "an answer that is not UTF-8; the peer does not speak the event socket"),
    (LookupError, LinkError, "an answer without {error}; the peer does not speak the event socket"),
    (AttributeError, LinkError, "an answer out of turn ({error}); the peer does not speak the event socket"),
    # InboundESL.authenticate; nothing else we call in greenswitch raises it.
    (ValueError, LinkRefused, "the password is refused; set it to the one in the switch's event_socket.conf.xml"),
    # OutboundESLServer.listen ends the process when all its ports are taken.
    (SystemExit, LinkError, "none of the ports can be bound; choose another"),
)


@contextmanager
def mapped(where: str) -> Iterator[None]:
    """Turn what greenswitch raises inside into LinkError or LinkRefused; ``where`` names the switch in the message."""
    try:
        yield
    except tuple(row[0] for row in TABLE) as error:
        ours, text = next((row[1], row[2]) for row in TABLE if isinstance(error, row[0]))
        raise ours(f"{where}: {text.format(error=error)}") from error
