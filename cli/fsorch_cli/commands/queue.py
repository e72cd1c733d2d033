"""``fsorch queue``: what waits where."""

from __future__ import annotations

import click

from fsorch.engine.views import QueueView, Snapshot
from fsorch_cli.app import App
from fsorch_cli.board import in_time, status_of, title_of
from fsorch_cli.changing import change_centre
from fsorch_cli.console import out, print_json, print_table
from fsorch_cli.group import Group
from fsorch_cli.live import ago, find, now_us
from fsorch_cli.objects import add_verbs, with_set
from fsorch_cli.options import AS_JSON

COLUMNS = ("queue", "title", "waiting>", "longest>", "idle>", "busy>", "break>", "answered>", "abandoned>", "in time>")


@click.group("queue", cls=Group)
def command() -> None:
    """Queues: those of the running fsorch, and the centre's; add, set and remove change the centre."""


add_verbs(command, "queue")


@command.command("pause")
@click.argument("queue")
@AS_JSON
@click.pass_obj
def pause(app: App, queue: str, as_json: bool) -> None:
    """Offer nothing from QUEUE; its callers wait."""
    change_centre(app, with_set("queue", queue, ("paused=true",)), "queue.pause", as_json=as_json)


@command.command("resume")
@click.argument("queue")
@AS_JSON
@click.pass_obj
def resume(app: App, queue: str, as_json: bool) -> None:
    """Offer from a paused QUEUE again."""
    change_centre(app, with_set("queue", queue, ("paused=false",)), "queue.resume", as_json=as_json)


@command.command("list")
@AS_JSON
@click.pass_obj
def list_queues(app: App, as_json: bool) -> None:
    """Every queue with its callers, its agents and its counts since the start."""
    with app.client() as client:
        snapshot = client.snapshot()
    if as_json:
        print_json(snapshot.queues)
        return
    now = now_us()
    rows = [format_queue(queue, now) for queue in snapshot.queues]
    print_table(COLUMNS, rows, empty="No queues yet; write some in a centre file and: fsorch apply FILE")


@command.command("show")
@click.argument("queue")
@AS_JSON
@click.pass_obj
def show_queue(app: App, queue: str, as_json: bool) -> None:
    """One queue: who waits in it and who works in it."""
    with app.client() as client:
        snapshot = client.snapshot()
    view = find("queue", queue, snapshot.queues)
    if as_json:
        print_json(queue_as_json(view, snapshot))
        return
    now = now_us()
    print_table(COLUMNS, [format_queue(view, now)], empty="")
    out().print()
    waiting = sorted((c for c in snapshot.contacts if c.queue == view.id), key=lambda c: (c.position or 0, c.began_at))
    print_table(
        ("contact", "state", "position>", "number", "name", "waiting>", "agent", "why"),
        [(c.id, c.state, c.position or "", c.number, c.name, ago(c.enqueued_at, now), c.agent, c.why) for c in waiting],
        empty="Nobody waits here.",
    )
    out().print()
    print_table(
        ("agent", "name", "status", "state", "since>"),
        [
            (a.id, a.name, status_of(a), a.state, ago(max(a.state_since, a.status_since), now))
            for a in snapshot.agents
            if view.id in a.queues
        ],
        empty="No agent works here; give one this queue in the centre file.",
    )


def format_queue(queue: QueueView, now: int) -> tuple[object, ...]:
    """The row of one queue; ``now``: UTC microseconds."""
    return (
        queue.id,
        title_of(queue),
        queue.waiting,
        ago(queue.oldest_enqueued_at, now),
        queue.idle,
        queue.busy,
        queue.on_break,
        queue.answered,
        queue.abandoned,
        in_time(queue),
    )


def queue_as_json(view: QueueView, snapshot: Snapshot) -> dict[str, object]:
    """One queue with its contacts and agents."""
    return {
        "queue": view,
        "contacts": [contact for contact in snapshot.contacts if contact.queue == view.id],
        "agents": [agent for agent in snapshot.agents if view.id in agent.queues],
    }
