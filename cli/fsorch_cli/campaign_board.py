"""The live view of campaigns: what rings and talks, what was answered, how many drops are left."""

from __future__ import annotations

import time

from rich.console import Group as Lines
from rich.live import Live
from rich.text import Text

from fsorch.edge.control_client import ControlClient
from fsorch.engine.views import CampaignView, Snapshot
from fsorch_cli.console import cell, format_table, out
from fsorch_cli.live import clock_time, now_us

__all__ = ["draw_campaigns", "watch_campaigns"]

# People read no faster.
REFRESH_S = 1.0
COLUMNS = (
    *("campaign", "mode", "state", "agents>", "free>", "rings>", "waits>", "talks>", "ready>", "launched>"),
    *("live>", "machines>", "wronged>", "missed>", "barred>", "drops>", "share>", "bound>", "left>", "held"),
)
# What a narrower terminal goes without, so that what stands there can be read: below these widths in characters.
WITHOUT = (
    (178, ("wronged>", "missed>")),
    (160, ("mode", "ready>", "machines>", "barred>", "bound>", "held")),
    (112, ("agents>", "waits>", "share>")),
)
STYLES = {"running": "green", "paused": "yellow", "draining": "magenta", "finished": "dim", "draft": "dim"}


def draw_campaigns(snapshot: Snapshot, campaign: str, at_us: int, width: int = 200) -> Lines:
    """The table of the campaigns (of one, if it is named), and the time; on ``width`` characters. What holds a campaign
    stands below where it has no column."""
    views = [one for one in snapshot.campaigns if campaign in ("", one.id)]
    heading = Text(f"fsorch campaigns, {clock_time(at_us)}", style="bold")
    if not views:
        return Lines(heading, Text("No campaign; make one with: fsorch campaign create NAME queue=QUEUE"))
    gone = {name for below, names in WITHOUT if width < below for name in names}
    kept = [n for n, name in enumerate(COLUMNS) if name not in gone]
    rows = [tuple(row[n] for n in kept) for row in map(_row, views)]
    below = [cell(f"{one.id}: {why}", "yellow") for one in views if (why := one.held or one.stopped) and "held" in gone]
    below += [cell(f"{one.id}: {one.pacing}", "red") for one in views if one.pacing]
    return Lines(heading, format_table(tuple(COLUMNS[n] for n in kept), rows, more=0), *below)


def _row(one: CampaignView) -> tuple[object, ...]:
    # In red when only free agents get calls for it, in yellow when the next drop may lead there.
    near = one.drop_share > 0 and one.drops_left <= 1
    return (
        *(one.id, one.mode, cell(one.state, STYLES.get(one.state, "")), one.agents, one.free),
        *(one.ringing, one.waiting, one.talking, one.ready, one.launched, one.live, one.machines),
        *(cell(one.wronged, "red" if one.wronged else ""), one.missed, one.barred),
        one.drops,
        cell(f"{one.drop_share:.2%}", "red" if one.drops_over else "yellow" if near else ""),
        f"{one.drop_bound:.2%}",
        one.drops_left,
        cell(one.held or one.stopped, "yellow"),
    )


def watch_campaigns(client: ControlClient, campaign: str, *, once: bool) -> None:
    """Draw until Ctrl-C, or until the engine stops (NotRunning)."""
    console = out()
    if once:
        console.print(draw_campaigns(client.snapshot(), campaign, now_us(), console.width))
        return
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                live.update(draw_campaigns(client.snapshot(), campaign, now_us(), console.width), refresh=True)
                time.sleep(REFRESH_S)
    except KeyboardInterrupt:
        return
