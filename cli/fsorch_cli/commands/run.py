"""``fsorch run``: the engine and the desktop, until told to stop."""

from __future__ import annotations

import os

import click

from fsorch.runner import Service, WebFactory
from fsorch_cli.app import App
from fsorch_cli.group import Command
from fsorch_cli.running import log_to_stderr, start_when_possible, until_stopped


@click.command("run", cls=Command)
@click.option("--no-web", is_flag=True, help="Without the desktop.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
@click.pass_obj
def command(app: App, no_web: bool, log_level: str) -> None:
    """Run the engine and the desktop.

    A database that is away does not stop it: it goes on with the centre it knew last, and catches up.
    SIGTERM or Ctrl-C stop it: the last facts are written first. A second Ctrl-C ends it at once."""
    os.umask(0o077)  # the database, the spool and the socket hold people's numbers
    log_to_stderr(log_level)
    service = Service(app.settings(), web=None if no_web else _desktop())
    with until_stopped() as stop:
        if not start_when_possible(service.start, stop):
            return
        try:
            stop.wait()
        finally:
            service.stop()


def _desktop() -> WebFactory:
    # Loading the web server takes longer than all the rest, and callers may be waiting for a restart.
    from fsorch_web import create_app

    return create_app
