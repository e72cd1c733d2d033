"""``fsorch sim``: the virtual switch alone."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from fsorch.edge.demo_switch import SwitchPlan, SwitchWorld
from fsorch.edge.settings import read_centre
from fsorch.sim.demo_centre import demo_centre, waits_for_person
from fsorch.sim.world import Report
from fsorch_cli.app import App
from fsorch_cli.console import err, print_json, printable
from fsorch_cli.group import Command
from fsorch_cli.passwords import make_password
from fsorch_cli.running import until_stopped

REFRESH_S = 0.5


@click.command("sim", cls=Command)
@click.option("--port", type=click.IntRange(0, 65535), default=8021, show_default=True, help="0 takes a free one.")
@click.option("--password", default="", help="The event socket's; else one is made and shown.")
@click.option(
    "--centre", type=click.Path(path_type=Path, dir_okay=False), help="Phones for the agents of this centre file."
)
@click.option("--calls", type=click.IntRange(1, 1_000_000), metavar="N", help="No more callers after N.")
@click.option(
    "--rate", type=click.FloatRange(0, 1000), default=0.25, show_default=True, help="Callers per second; 0 for none."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed brings the same callers.")
@click.option("--speed", type=click.FloatRange(0.1, 50), default=1.0, show_default=True, help="Its time against ours.")
@click.option("--pick-up", is_flag=True, help="Every phone picks up by itself; else some wait for a person.")
@click.option("--json", "as_json", is_flag=True, help="At the end print the world's own count as JSON.")
@click.pass_obj
def command(
    app: App,
    /,
    port: int,
    password: str,
    centre: Path | None,
    calls: int | None,
    rate: float,
    seed: int,
    speed: float,
    pick_up: bool,
    as_json: bool,
) -> None:
    """The virtual switch alone, with phones and callers, on this machine's loopback.

    With --calls it ends when they are over, else at Ctrl-C."""
    plan = SwitchPlan(
        password=password or make_password(),
        centre=read_centre(centre) if centre else demo_centre(),
        calls=calls,
        rate_per_s=rate,
        seed=seed,
        speed=speed,
        port=port,
        pick_up=pick_up,
    )
    world = SwitchWorld(plan)
    with until_stopped() as stop:
        world.start()
        try:
            print_directions(plan, world.server.port)
            world.begin()
            with err().status("callers are on their way") as status:
                while not stop.wait(REFRESH_S) and not world.world.finished:
                    status.update(format_count(world.world.report()))
        finally:
            world.server.stop()
    if as_json:
        print_json(world.world.report())


def print_directions(plan: SwitchPlan, port: int) -> None:
    """How to point fsorch at this switch."""
    switch = {"name": "virtual", "host": plan.host, "port": port, "password": plan.password}
    console = err()
    console.print("The virtual switch runs. To point fsorch at it, put this into fsorch.yaml:")
    console.print("switches:")
    console.print(f"  - {printable(msgspec.json.encode(switch).decode())}")
    console.print("Ctrl-C ends it.")
    if waiting := [agent.id for agent in plan.centre.agents if not plan.pick_up and waits_for_person(agent)]:
        who = printable(", ".join(waiting))
        console.print(f"Picked up only at the desktop (with --pick-up by itself): the phones of {who}.")


def format_count(report: Report) -> str:
    """The world's count in a line."""
    return (
        f"{report.calls} callers, {report.live} on the line, {report.answered} answered, {report.abandoned} gave up, "
        f"{report.dropped} dropped, {report.alone} served without fsorch"
    )
