"""``fsorch status``: how the running process does."""

from __future__ import annotations

import time

import click
import msgspec

from fsorch.edge.control_client import ControlClient
from fsorch.edge.status import HookState, ServiceStatus
from fsorch_cli.app import App
from fsorch_cli.console import err, out, print_json, print_table, printable
from fsorch_cli.group import Command
from fsorch_cli.live import seconds
from fsorch_cli.options import AS_JSON


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What the process used between two looks."""

    seconds: float
    cpu_percent: float
    resident_mb: float


@click.command("status", cls=Command)
@click.option("--measure", type=click.FloatRange(min=0.1), metavar="SECONDS", help="Look twice, this far apart.")
@AS_JSON
@click.pass_obj
def command(app: App, measure: float | None, as_json: bool) -> None:
    """How the running fsorch does. With --measure: its use of processor and memory over that time."""
    with app.client() as client:
        status, measured = look(client, measure)
    if as_json:
        plain = msgspec.to_builtins(status)
        print_json(plain | {"measured": measured} if measured else plain)
        return
    print_status(status, measured)


def look(client: ControlClient, wait_s: float | None) -> tuple[ServiceStatus, Measured | None]:
    """The status now; with ``wait_s`` also what was used from now until then."""
    before = client.call("status", ServiceStatus)
    if wait_s is None:
        return before, None
    with err().status(f"measuring for {wait_s:g} s"):
        time.sleep(wait_s)
    after = client.call("status", ServiceStatus)
    span = after.uptime_s - before.uptime_s
    used = 100 * (after.cpu_s - before.cpu_s) / span
    return after, Measured(
        seconds=round(span, 3), cpu_percent=round(used, 3), resident_mb=round(after.resident_bytes / 1e6, 1)
    )


def print_status(status: ServiceStatus, measured: Measured | None) -> None:
    """The whole status for eyes."""
    console = out()
    memory = f"{status.resident_bytes / 1e6:.0f} MB"
    console.print(
        f"fsorch {printable(status.version)}, process {status.pid}, up {seconds(status.uptime_s)}, "
        f"{status.cpu_s:.1f} s of processor, {memory}"
    )
    if measured:
        console.print(f"over {measured.seconds:.1f} s: {measured.cpu_percent:.2f} % of a core")
    console.print(f"home {printable(status.home)}; desktop {printable(status.url) or 'not served'}")
    recorder = status.recorder
    console.print(
        f"records: {recorder.written} written, {recorder.behind} behind, "
        f"{recorder.shed + recorder.rejected + recorder.torn} lost"
        + (f"; {printable(recorder.error)}" if recorder.error else "")
    )
    if status.hooks is not None:
        print_hooks(status.hooks)
    console.print()
    print_table(
        ("switch", "link", "events>", "lost>", "reconnects>", "why"),
        [(link.name, link.state, link.events, link.lost, link.reconnects, link.reason) for link in status.links],
        empty="No switches.",
    )


def print_hooks(hooks: HookState) -> None:
    """The socket door: how its calls ended, and the last that failed, each with its traceback."""
    ended = ", ".join(f"{count} {way}" for way, count in hooks.ended.items())
    refused = f"; {hooks.refused} refused" if hooks.refused else ""
    out().print(
        f"hooks {printable(', '.join(hooks.hooks))} at {printable(hooks.address)}: {hooks.calls} calls, "
        f"{hooks.active} now{refused}" + (f"; ended: {ended}" if ended else "")
    )
    for trouble in hooks.troubles:
        out().print(
            f"  {printable(trouble.hook)} {trouble.way} on the call {printable(trouble.leg)} "
            f"from {printable(trouble.number)}: {printable(trouble.error)}"
        )
        for line in trouble.traceback.splitlines():
            out().print(f"    {printable(line)}")
