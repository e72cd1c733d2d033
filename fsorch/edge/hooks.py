"""The socket door: calls that the dialplan's ``socket`` application hands over, each to its hook.

::

    switch connects --> name known? --no--> unknown ----------------------.
                             | yes                                          v
                        hook runs --raises--> raised --------------> fallback: a queue, or the dialplan goes on
                             |------takes too long--> overran --------------^
                             |------returns--> done: the dialplan goes on
                             |------queue, transfer, hangup--> as it says
                             '------caller hangs up--> gone: nothing to do

greenswitch's OutboundESLServer counts and limits the calls; its listening (which polls ten times a second and ends the
process when the port is taken) and its way to run a call are replaced. Whatever goes wrong is logged with its
traceback, kept for `HookServer.state`, and told to ``report``.
"""

from __future__ import annotations

import importlib
import logging
import sys
import traceback
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
from gevent.pool import Pool
from gevent.server import StreamServer
from gevent.threadpool import ThreadPool
from greenswitch.esl import OutboundESLServer

from fsorch.config import HookSettings
from fsorch.edge.hook_call import HookCall
from fsorch.edge.hook_session import HookSession
from fsorch.edge.link_wire import LinkLimits
from fsorch.edge.logs import about
from fsorch.edge.status import HookState, HookTrouble
from fsorch.edge.webserver import bind
from fsorch.errors import ConfigError, FsorchError
from fsorch.hooks import CallEnded, Hook, hooks_of

__all__ = ["HookServer", "load_hooks"]

log = logging.getLogger(__name__)

# 500 calls at once are 500 connections at once; the machine's own limit (net.core.somaxconn) cuts it.
BACKLOG = 1024
REPORTS_KEPT = 20
TRACEBACK_CHARACTERS = 4000
LIMITS = LinkLimits(command_timeout_s=10.0)


class HookOverran(BaseException):
    """A hook takes longer than its limit. Not an Exception, so that a hook's own ``except`` does not hold it up."""


def load_hooks(settings: HookSettings, home: Path) -> dict[str, Hook]:
    """The hooks of the settings' module, which is looked for in ``path`` (from the home) first. Raises ConfigError."""
    folder = str((home / settings.path).resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return hooks_of(importlib.import_module(settings.module))
    except FsorchError:
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise ConfigError(f"hooks.module: {settings.module} cannot be imported from {folder} ({what})") from error


class HookServer(OutboundESLServer):  # type: ignore[misc]  # greenswitch has no types
    """Serves ``hooks`` at the address of the settings. ``report`` is told of each call whose hook failed; it must not
    block."""

    def __init__(
        self,
        settings: HookSettings,
        hooks: dict[str, Hook],
        report: Callable[[HookTrouble], None],
        limits: LinkLimits = LIMITS,
    ) -> None:
        super().__init__(settings.host, settings.port, self._run, settings.calls_max)
        self.url = ""
        self._settings = settings
        self._hooks = hooks
        self._report = report
        self._limits = limits
        self._counts: Counter[str] = Counter()
        self._troubles: deque[HookTrouble] = deque(maxlen=REPORTS_KEPT)
        self._threads = ThreadPool(settings.lookup_threads)
        self._calls = Pool()

    def listen(self) -> None:
        """Take calls from now on; does not block. Raises ConfigError when the address cannot be used."""
        host, port = self._settings.host, self._settings.port
        try:
            listener = bind(host, port, BACKLOG)
        except OSError as error:
            why = error.strerror or str(error)
            raise ConfigError(f"hooks: {host}:{port} cannot be used ({why}); choose another host or port") from None
        self.server = StreamServer(listener, self._accept, spawn=self._calls)
        self.server.start()
        self.bound_port = self.server.server_port
        self._running = True
        self.url = f"{self.bind_address}:{self.bound_port}"
        log.info("%d hooks wait for calls at %s", len(self._hooks), self.url)

    def stop(self) -> None:
        """Take no more calls and leave those under way to the dialplan."""
        super().stop()
        self.server.stop(timeout=0)
        self._calls.kill()
        self._threads.kill()

    def state(self) -> HookState:
        """How it does."""
        counts = self._counts
        return HookState(
            address=self.url,
            hooks=tuple(sorted(self._hooks)),
            active=self.connection_count,
            calls=counts["calls"],
            refused=counts["refused"],
            ended={way: n for way, n in sorted(counts.items()) if way not in ("calls", "refused")},
            troubles=tuple(self._troubles),
        )

    # -- one call -----------------------------------------------------------------------------------------------------

    def _accept(self, sock: Any, address: Any) -> None:
        session = HookSession(address, sock, self._limits)
        self._counts["calls"] += 1
        try:
            if self.connection_count >= self.max_connections:
                self._counts["refused"] += 1
                log.warning("a call is left to the dialplan: %d hooks run already", self.connection_count)
                session.connect()
            else:
                self._handle_call(session)
        except FsorchError as error:
            log.warning("a call is left to the dialplan: %s", error)
        finally:
            session.close()

    def _handle_call(self, session: HookSession) -> None:
        self.connection_count += 1
        try:
            session.connect()
            self.application(session)
        finally:
            self.connection_count -= 1

    def _run(self, session: HookSession) -> None:
        name = session.channel.variable("fsorch_hook") or session.channel.variable("socket_path") or ""
        call = HookCall(session, self._threads)
        hook = self._hooks.get(name)
        variables: dict[str, str] = {}
        if hook is None:
            way = "unknown"
            known = ", ".join(sorted(self._hooks))
            self._trouble(name, way, call, f"no hook is called {name[:64]!r}; there are {known}", "")
        else:
            way = self._guarded(hook, call)
            variables = call.next
        if way in ("unknown", "raised", "overran"):
            fallback = (hook.fallback if hook is not None else "") or self._settings.fallback
            variables = {"fsorch_queue": fallback} if fallback else {}
        if not session.ended.is_set() and not self._let_go(call, {**variables, "fsorch_hook_result": way}):
            way = "gone"
        # Once for each call, when it is known how it ended.
        self._counts[way] += 1

    def _guarded(self, hook: Hook, call: HookCall) -> str:
        """Run the hook; how it ended."""
        limit = hook.limit_s or self._settings.limit_s
        timer = gevent.Timeout(limit, HookOverran(f"it took more than {limit:g} s"))
        timer.start()
        try:
            call.set({"socket_resume": "true"})
            hook.function(call)
        except CallEnded as end:
            return end.way
        except HookOverran as error:
            self._trouble(hook.name, "overran", call, str(error), traceback.format_exc())
            return "overran"
        except (Exception, SystemExit) as error:  # noqa: BLE001 - user code: whatever it raises is reported
            what = f"{type(error).__name__}: {error}"
            self._trouble(hook.name, "raised", call, what, traceback.format_exc())
            return "raised"
        finally:
            timer.close()
        return "done"

    def _let_go(self, call: HookCall, variables: dict[str, str]) -> bool:
        """Leave the call to the dialplan; False when its caller is gone."""
        try:
            with gevent.Timeout(self._limits.stuck_s):
                call.leave(variables)
        except CallEnded:
            return False
        except (FsorchError, gevent.Timeout) as error:
            # The connection closes now, and the dialplan goes on without what the hook said.
            self._trouble(call.variable("fsorch_hook"), "lost", call, str(error), "")
        return True

    def _trouble(self, name: str, way: str, call: HookCall, what: str, trace: str) -> None:
        trouble = HookTrouble(
            hook=name[:64],
            way=way,
            leg=call.uuid,
            number=call.number,
            error=what[:500],
            traceback=trace[-TRACEBACK_CHARACTERS:],
        )
        self._troubles.append(trouble)
        log.error(
            "the hook %r %s on the call %s: %s\n%s",
            trouble.hook,
            way,
            call.uuid,
            trouble.error,
            trace.rstrip(),
            extra=about(trouble),
        )
        self._report(trouble)
