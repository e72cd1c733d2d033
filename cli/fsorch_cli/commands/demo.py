"""``fsorch demo``: a whole contact centre on a virtual switch."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import msgspec
from gevent.event import Event
from rich.live import Live
from rich.progress import Progress as Bar

from fsorch.config import LogSettings
from fsorch.edge.demo import Demo, DemoPlan, DemoReport
from fsorch.edge.demo_switch import Progress
from fsorch.edge.logs import log_to
from fsorch.errors import ConfigError, no_room
from fsorch_cli.app import App
from fsorch_cli.board import Board
from fsorch_cli.console import err, format_json, note, out, print_json, program
from fsorch_cli.group import EXIT_INTERRUPTED, Command
from fsorch_cli.passwords import make_password
from fsorch_cli.running import until_stopped
from fsorch_web import create_app


@click.command("demo", cls=Command)
@click.option("--calls", type=click.IntRange(1, 1_000_000), metavar="N", help="End by itself after N contacts.")
@click.option(
    "--rate", type=click.FloatRange(0.01, 1000), default=0.25, show_default=True, help="Callers arriving per second."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed brings the same callers.")
@click.option(
    "--speed", type=click.FloatRange(0.1, 50), default=1.0, show_default=True, help="The world's time against ours."
)
@click.option("--port", type=click.IntRange(1, 65535), default=8700, help="The desktop's, or the first to try.")
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Keep everything in this folder.")
@click.option("--headless", is_flag=True, help="Without the live view and the desktop.")
@click.option("--json", "as_json", is_flag=True, help="At the end print a report as JSON (with --calls).")
@click.option("--human-calls", is_flag=True, help="Who logs in is offered calls first, as without --headless.")
@click.option(
    "--announce",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the address and the logins to this file, as JSON, once all is up.",
)
@click.pass_obj
def command(
    app: App,
    /,
    calls: int | None,
    rate: float,
    seed: int,
    speed: float,
    port: int,
    home: Path | None,
    headless: bool,
    as_json: bool,
    human_calls: bool,
    announce: Path | None,
) -> None:
    """A whole contact centre: a virtual FreeSWITCH with callers and phones, the engine, the desktop.

    Ctrl-C ends it. With --calls it ends by itself, with 0 only if every contact is accounted for and there is one CDR
    row for each leg, else with 1."""
    if as_json and calls is None:
        raise click.UsageError("--json prints a report at the end, so say when: --calls N")
    os.umask(0o077)
    # Somebody who looks at it logs in to see a call, and not to wait behind a dozen simulated agents.
    people_first = human_calls or not headless
    plan = DemoPlan(
        home=home, port=port, calls=calls, rate_per_s=rate, seed=seed, speed=speed, human_calls=people_first
    )
    board = Board()
    # A headless trial of load has no desktop: it would cost what is to be measured. Whoever asks for its address gets
    # it.
    web = create_app if announce or not headless else None
    demo = Demo(
        plan,
        web=web,
        make_password=make_password,
        on_facts=None if headless else board.take,
        on_home=lambda folder: log_to(folder / "fsorch.log", LogSettings()),
    )
    with until_stopped() as stop:
        with err().status("starting"):
            demo.start()
        try:
            if announce:
                write_announcement(announce, demo)
            show(demo, board, stop, headless=headless)
            if calls is None:
                return
            if stop.is_set():
                raise click.exceptions.Exit(EXIT_INTERRUPTED)
            report, faults = demo.report()
        finally:
            demo.stop()
    print_report(report, as_json=as_json)
    for fault in faults:
        note(f"fsorch: {fault}")
    if faults:
        raise click.exceptions.Exit(1)


def show(demo: Demo, board: Board, stop: Event, *, headless: bool) -> None:
    """Show the demo until all calls of --calls have ended or never will, or somebody stops it."""
    if not headless and out().is_terminal:
        board.heading = format_heading(demo)
        with Live(board, console=out(), screen=True, auto_refresh=False) as live:
            demo.run_to_end(stop, lambda progress: draw(demo, board, live, progress))
        return
    if not headless:
        for line in format_heading(demo):
            out().print(line)
    with Bar(console=err(), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("contacts", total=demo.plan.calls)
        demo.run_to_end(stop, lambda progress: bar.update(task, completed=demo.ended))


def draw(demo: Demo, board: Board, live: Live, progress: Progress) -> None:
    """One picture of the centre."""
    of = f" of {demo.plan.calls}" if demo.plan.calls else ""
    board.footing = f"{progress.placed}{of} callers came, {demo.ended} contacts ended"
    board.snapshot = demo.service.gateway.snapshot()
    live.refresh()


def format_heading(demo: Demo) -> list[str]:
    """Where the desktop is and who may log in."""
    people = ", ".join(f"{user.login} ({user.role}) {user.password}" for user in demo.users)
    return [
        f"The desktop: {demo.url}    Ctrl-C ends the demo",
        f"Log in as: {people}",
        f"In a second terminal: {program()} --settings {demo.settings_file} queue list",
    ]


def write_announcement(path: Path, demo: Demo) -> None:
    """Write where the demo is and who may log in; the file appears whole."""
    part = path.with_name(f"{path.name}.part")
    text = format_json({"url": demo.url, "home": str(demo.home), "users": demo.users})
    try:
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); {no_room(error, 'check its directory')}"
        ) from None


def print_report(report: DemoReport, *, as_json: bool) -> None:
    """The report for eyes or programs."""
    if as_json:
        print_json(report)
        return
    for name, value in msgspec.structs.asdict(report).items():
        out().print(f"{name:<18} {'-' if value is None else value}")
