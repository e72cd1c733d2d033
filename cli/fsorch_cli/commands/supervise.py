"""``fsorch supervise``: into an agent's talk."""

from __future__ import annotations

import click

from fsorch.engine.inputs import Request, StopListening, Supervise, TakeOver
from fsorch_cli.app import App
from fsorch_cli.console import out, printable
from fsorch_cli.group import Group
from fsorch_cli.live import asked_by, find


@click.group("supervise", cls=Group)
def command() -> None:
    """Listen to talks, speak into them, take them over."""


def _listening(mode: str, words: str) -> None:
    @command.command(mode, help=words)
    @click.argument("agent")
    @click.option("--as", "watcher", required=True, metavar="AGENT", help="Who listens; their phone is called.")
    @click.option("--phone", default="", help="A dial string, instead of that agent's phone.")
    @click.pass_obj
    def listen(app: App, agent: str, watcher: str, phone: str) -> None:
        _ask(app, Supervise(agent=agent, by=asked_by(), watcher=watcher, mode=mode, phone=phone))  # type: ignore[arg-type]


_listening("listen", "Hear AGENT's talk; nobody hears you. Back to that from whisper and barge, too.")
_listening("whisper", "Hear AGENT's talk and speak to AGENT only.")
_listening("barge", "Speak to AGENT and to the customer.")


@command.command("stop")
@click.argument("agent")
@click.option("--as", "watcher", required=True, metavar="AGENT", help="Who listens.")
@click.pass_obj
def stop(app: App, agent: str, watcher: str) -> None:
    """Hear AGENT's talk no more."""
    _ask(app, StopListening(agent=agent, by=asked_by(), watcher=watcher))


@command.command("take")
@click.argument("agent")
@click.option("--to", "taker", required=True, metavar="AGENT", help="Who takes the call; their phone is called.")
@click.pass_obj
def take(app: App, agent: str, taker: str) -> None:
    """Take AGENT's call over, as soon as the phone is picked up."""
    _ask(app, TakeOver(agent=agent, by=asked_by(), taker=taker))


def _ask(app: App, request: Request) -> None:
    with app.client() as client:
        find("agent", request.agent, client.snapshot().agents)
        client.request(request)
    out().print(printable(f"{request.agent}: asked for"))
