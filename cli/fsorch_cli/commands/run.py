"""``fsorch run``: the engine and the desktop, until told to stop."""

from __future__ import annotations

import faulthandler
import os
import sys

import click

from fsorch.config import LogFormat, LogLevel, LogSettings
from fsorch.edge.logs import log_to, secrets_of
from fsorch.edge.notify import Notifier
from fsorch.runner import Service, WebFactory
from fsorch_cli.app import App
from fsorch_cli.group import Command
from fsorch_cli.running import start_when_possible, until_stopped


@click.command("run", cls=Command)
@click.option("--no-web", is_flag=True, help="Without the desktop.")
@click.option(
    "--log-level",
    type=click.Choice([level.value for level in LogLevel]),
    help="Instead of log.level in fsorch.yaml, which is info where it says nothing.",
)
@click.option(
    "--log-format",
    type=click.Choice([format.value for format in LogFormat]),
    help="Instead of log.format in fsorch.yaml: text, or a JSON object for each line.",
)
@click.pass_obj
def command(app: App, no_web: bool, log_level: str | None, log_format: str | None) -> None:
    """Run the engine and the desktop.

    A database that is away does not stop it: it goes on with the centre it knew last, and catches up.
    SIGTERM or Ctrl-C stop it: the last facts are written first. A second Ctrl-C ends it at once."""
    # systemd ends a process that hangs by SIGABRT: where it hung is then in the log.
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)
    os.umask(0o077)  # the database, the spool and the socket hold people's numbers
    settings = app.settings()
    log_to(
        None,
        LogSettings(
            format=LogFormat(log_format) if log_format else settings.log.format,
            level=LogLevel(log_level) if log_level else settings.log.level,
        ),
        secrets_of(settings),
    )
    service = Service(settings, web=None if no_web else _desktop())
    manager = Notifier(os.environ)
    with until_stopped() as stop:
        if not start_when_possible(service.start, stop, manager.waiting):
            return
        manager.ready(f"serves; the desktop is at {service.url}" if service.url else "serves, without a desktop")
        try:
            while not stop.wait(manager.every_s):
                manager.alive()
        finally:
            manager.stopping()
            service.stop()


def _desktop() -> WebFactory:
    # Loading the web server takes longer than all the rest, and callers may be waiting for a restart.
    from fsorch_web import create_app

    return create_app
