"""``fsorch top``: the running centre, live."""

from __future__ import annotations

import time

import click
from rich.live import Live

from fsorch.edge.control_client import ControlClient, ControlSubscription
from fsorch.errors import NotRunning
from fsorch_cli.app import App
from fsorch_cli.board import Board
from fsorch_cli.console import out, print_json
from fsorch_cli.group import Command

# People read no faster; the engine is asked this often at most.
REFRESH_S = 0.5


@click.command("top", cls=Command)
@click.option("--once", is_flag=True, help="Draw once and end.")
@click.option("--json", "as_json", is_flag=True, help="Print one snapshot as JSON and end.")
@click.pass_obj
def command(app: App, once: bool, as_json: bool) -> None:
    """Queues, agents, contacts and what happens, live; Ctrl-C ends it.

    Where there is no terminal it draws once."""
    with app.client() as client:
        if as_json:
            print_json(client.snapshot())
            return
        console = out()
        board = Board()
        if once or not console.is_terminal:
            board.snapshot = client.snapshot()
            console.print(board)
            return
        watch(client, board)


def watch(client: ControlClient, board: Board) -> None:
    """Draw until Ctrl-C, or until the engine stops (NotRunning)."""
    facts = client.facts()
    try:
        with Live(board, console=out(), screen=True, auto_refresh=False) as live:
            while True:
                board.snapshot = client.snapshot()
                live.refresh()
                collect(facts, board, time.monotonic() + REFRESH_S)
    except KeyboardInterrupt:
        return
    finally:
        facts.close()


def collect(facts: ControlSubscription, board: Board, until: float) -> None:
    """Hand ``board`` the facts that come before ``until`` (monotonic seconds). Raises NotRunning when they end."""
    while (left := until - time.monotonic()) > 0:
        fact = facts.get(left)
        if fact is not None:
            board.take((fact,))
        elif facts.ended:
            raise NotRunning("fsorch has stopped; start it with: fsorch run")
