"""One connection to a switch: greenswitch's connect and authenticate on our `Wire`.

greenswitch leaves its greenlets and socket behind when connecting fails, so `Session` keeps its way in (``connect``,
``authenticate``), with a deadline, and closes after itself; a new one is made for the next attempt.
"""

from __future__ import annotations

from collections.abc import Callable

import gevent
from greenswitch import InboundESL

from fsorch.config import SwitchSettings
from fsorch.edge.greenswitch_errors import LinkRefused, mapped
from fsorch.edge.link_wire import LinkLimits, Wire
from fsorch.errors import EslError, LinkError
from fsorch.esl.commands import Auth
from fsorch.esl.frames import Frame

__all__ = ["LinkLimits", "Session"]


class Session(Wire, InboundESL):  # type: ignore[misc]  # greenswitch has no types
    """One connection, from `connect` to its end. ``on_event`` and ``on_end`` as `Wire` says."""

    def __init__(
        self,
        switch: SwitchSettings,
        limits: LinkLimits,
        on_event: Callable[[Frame], None],
        on_end: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self.set_up(f"switch {switch.name} at {switch.host}:{switch.port}", limits, on_event, on_end)
        super().__init__(switch.host, switch.port, switch.password, timeout=limits.connect_timeout_s)

    def connect(self) -> None:
        """Connect and authenticate within ``connect_timeout_s``. Raises LinkRefused or LinkError; nothing is left
        then."""
        limit = self._limits.connect_timeout_s
        try:
            Auth(self.password).wire()  # refuses a password that would be two commands
            with mapped(self.where), gevent.Timeout(limit, TimeoutError(f"{limit:g} s")):
                super().connect()
        except (LinkError, EslError) as error:
            refusal = isinstance(error, LinkRefused) or self.refused
            self.reason = str(error) if isinstance(error, LinkRefused) else self.reason or str(error)
            self.close(self.reason)
            raise (LinkRefused if refusal else LinkError)(self.reason) from error
