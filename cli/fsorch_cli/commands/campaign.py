"""``fsorch campaign``: outbound campaigns, from the first draft to the last call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from fsorch.campaign.answer_counts import AnswerCounts
from fsorch.campaign.campaign import CampaignInput
from fsorch.campaign.plots import draw_hours, hours_of
from fsorch.campaigns import CampaignSpec, LeadState
from fsorch.config import Centre
from fsorch.errors import ConfigError, NotRunning, RequestRefused
from fsorch.objects import Change, closed, find, opened
from fsorch.plain import plain
from fsorch.store import Store
from fsorch.store.attempts import CampaignCounts
from fsorch.store.campaigns import CampaignRow
from fsorch.store.reasons import Upcoming, drop_budgets, missing_of, upcoming_of
from fsorch.tenancy import Tenancy
from fsorch_cli.app import App
from fsorch_cli.assign import assign
from fsorch_cli.campaign_board import watch_campaigns
from fsorch_cli.changing import change_centre, reload
from fsorch_cli.console import note, out, print_json, print_table, printable
from fsorch_cli.filters import Moment, check_span
from fsorch_cli.group import Group
from fsorch_cli.leads import held_of
from fsorch_cli.live import asked_by, local_time, now_us, seconds
from fsorch_cli.live import find as find_one
from fsorch_cli.objects import add_verbs
from fsorch_cli.options import AS_JSON, DRY_RUN
from fsorch_cli.pictures import check_picture, save_picture

WHICH = click.argument("campaign", metavar="CAMPAIGN")
DONE = {
    CampaignInput.START: "is started",
    CampaignInput.PAUSE: "is paused: nothing more is dialled",
    CampaignInput.RESUME: "goes on",
    CampaignInput.STOP: "is stopped: calls under way end by themselves",
}


@click.group("campaign", cls=Group)
def command() -> None:
    """Outbound campaigns: described like everything else, started and stopped here."""


add_verbs(command, "campaign", make="create")


COLUMNS = ("campaign", "title", "mode", "queue", "lists", "pack", "state", "since", "by", "why")
WIDE = 120
ONLY_WIDE = ("title", "queue", "pack", "by")


@command.command("list")
@AS_JSON
@click.pass_obj
def list_campaigns(app: App, as_json: bool) -> None:
    """Every campaign, and how far it has come."""
    with app.store() as store:
        centre, states = store.load_centre(), store.campaigns.states()
    rows = [(spec, states.get(spec.id, CampaignRow(id=spec.id))) for spec in centre.campaigns]
    held = held_of(app)
    if as_json:
        more = [{"mode": spec.mode, "queue": spec.queue, "held": held.get(spec.id, "")} for spec in centre.campaigns]
        print_json([msgspec.to_builtins(row) | one for (_, row), one in zip(rows, more, strict=True)])
        return
    told = [format_campaign(spec, row, held.get(spec.id, "")) for spec, row in rows]
    columns, cells = list_columns(told, out().width)
    print_table(
        columns,
        cells,
        empty="No campaign yet; make one with: fsorch campaign create NAME queue=QUEUE",
    )


@command.command("show")
@WHICH
@AS_JSON
@click.pass_obj
def show(app: App, campaign: str, as_json: bool) -> None:
    """All about CAMPAIGN: its keys, its state, and what stands against starting it."""
    with app.store() as store:
        centre, spec = _spec(store, campaign)
        row = store.campaigns.state(campaign)
        missing = _missing(app, store, centre, spec)
    held = held_of(app).get(campaign, "")
    if as_json:
        print_json({"campaign": plain(spec), "state": row, "missing": missing, "held": held})
        return
    lines: list[tuple[str, str]] = [(key, _told(value)) for key, value in ({"mode": spec.mode} | plain(spec)).items()]
    since = local_time(row.since_at)
    lines += [("state", f"{row.state.value} since {since}" if since else row.state.value)]
    lines += [(name, value) for name, value in (("by", row.who), ("why", row.why)) if value]
    lines += [("held", held)] if held else []
    lines += [("missing", fault) for fault in missing]
    print_table(("", ""), lines, empty="")


@command.command("next")
@WHICH
@click.option("--count", type=click.IntRange(1, 500), default=20, show_default=True, help="How many leads.")
@AS_JSON
@click.pass_obj
def next_(app: App, campaign: str, count: int, as_json: bool) -> None:
    """The leads that CAMPAIGN calls next, in order; nothing is reserved by asking.

    First those that a running dialler has at hand, in the order in which it calls them as its agents are now; behind
    them those that it will be given, if all its agents are free then."""
    at_hand = _at_hand(app, campaign)
    with app.store() as store:
        centre, spec = _spec(store, campaign)
        found = upcoming_of(store, centre, spec, count, now_us(), at_hand=at_hand, unseen=_tell_unseen) or []
    if as_json:
        print_json(found)
        return
    rows = [format_upcoming(n, one) for n, one in enumerate(found, 1)]
    print_table(
        ("", "lead", "name", "number", "list", "priority>", "tries>", "last", "owner", "against it"),
        rows,
        empty="No lead of its lists may be dialled now; fsorch lead why LEAD tells of one.",
    )


def _at_hand(app: App, campaign: str) -> tuple[str, ...]:
    """The leads that a running dialler holds and calls next; none where nothing runs."""
    try:
        with app.client() as client:
            return next((one.next for one in client.snapshot().campaigns if one.id == campaign), ())
    except NotRunning:
        return ()


def _tell_unseen(looked_at: int) -> None:
    note(f"the filter lets none of the first {looked_at:,} leads of a list pass; those behind them were not looked at")


def format_upcoming(place: int, one: Upcoming) -> tuple[object, ...]:
    """A row of ``campaign next``."""
    lead = one.lead
    number = lead.numbers[lead.next_number % len(lead.numbers)].number if lead.numbers else ""
    last = lead.disposition or lead.last_outcome
    what = "callback" if lead.state is LeadState.CALLBACK else last
    return (
        *(place, lead.id, lead.name, number, lead.list, lead.priority, lead.attempts, what),
        *(lead.callback_agent or lead.owner, "at hand" if one.at_hand else one.reason.rule),
    )


@command.command("start")
@WHICH
@click.option("--anyway", default="", metavar="REASON", help="Start although something is missing; audited.")
@AS_JSON
@click.pass_obj
def start(app: App, campaign: str, anyway: str, as_json: bool) -> None:
    """Dial for CAMPAIGN whenever its hours and the law allow.

    What its pack asks for and it does not have is told, and keeps it from being started."""
    with app.store() as store:
        centre, spec = _spec(store, campaign)
        missing = _missing(app, store, centre, spec)
        if missing and not anyway:
            for fault in missing:
                note(f"{campaign}: {fault}")
            count = "one thing is missing" if len(missing) == 1 else f"{len(missing)} things are missing"
            hint = f"{count}; see above, or --anyway REASON"
            raise RequestRefused(f"campaign {campaign!r}", "not complete", "start", hint)
        row = store.campaigns.request(campaign, CampaignInput.START, asked_by(), anyway)
    _tell(app, campaign, CampaignInput.START, row, as_json=as_json)


@command.command("pause")
@WHICH
@click.option("--reason", default="", help="Why; supervisors and the records see it.")
@AS_JSON
@click.pass_obj
def pause(app: App, campaign: str, reason: str, as_json: bool) -> None:
    """Launch nothing more for CAMPAIGN until it is resumed; talks go on."""
    _ask(app, campaign, CampaignInput.PAUSE, reason, as_json=as_json)


@command.command("resume")
@WHICH
@AS_JSON
@click.pass_obj
def resume(app: App, campaign: str, as_json: bool) -> None:
    """Dial again for a paused CAMPAIGN."""
    _ask(app, campaign, CampaignInput.RESUME, "", as_json=as_json)


@command.command("stop")
@WHICH
@click.option("--reason", default="", help="Why; supervisors and the records see it.")
@AS_JSON
@click.pass_obj
def stop(app: App, campaign: str, reason: str, as_json: bool) -> None:
    """End CAMPAIGN: nothing more is launched, and with the last call under way it is finished."""
    _ask(app, campaign, CampaignInput.STOP, reason, as_json=as_json)


@command.command("clone")
@WHICH
@click.argument("new", metavar="NEW")
@click.argument("changes", nargs=-1, metavar="[KEY=VALUE]...")
@DRY_RUN
@AS_JSON
@click.pass_obj
def clone(app: App, campaign: str, new: str, changes: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Make a campaign NEW like CAMPAIGN, with some keys set otherwise; it begins as a draft."""
    change_centre(app, with_clone(campaign, new, changes), "campaign.clone", dry_run=dry_run, as_json=as_json)


@command.command("stats")
@WHICH
@click.option("--since", type=Moment(), default="today", metavar="TIME", show_default=True, help="From then on.")
@click.option("--until", type=Moment(), default=0, metavar="TIME", help="Only before; else now.")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw its hours into this file (.svg or .png)."
)
@click.option("--force", is_flag=True, help="Overwrite the file.")
@AS_JSON
@click.pass_obj
def stats(app: App, campaign: str, since: int, until: int, plot: Path | None, force: bool, as_json: bool) -> None:
    """What CAMPAIGN has dialled and what came of it: outcomes, drops against the ceiling, causes by gateway, lists."""
    until = until or now_us()
    check_span(since, until)
    if plot is not None:
        check_picture(plot, force=force)
    with app.store() as store:
        centre, spec = _spec(store, campaign)
        counts = store.leads.attempts.count(campaign, tuple(spec.list_shares()), since, until)
        budgets = drop_budgets(store, centre, spec, until)
        if plot is not None:
            hours = hours_of(store.leads.attempts.between(campaign, since, until), since, until)
            ceiling = min((one.ceiling for one in budgets), default=0.0)
            zone = Tenancy(centre).zone_of(spec)
            title = f"{spec.title or spec.id}, {local_time(since)} to {local_time(until)}"
            save_picture(draw_hours(title, hours, ceiling=ceiling, zone=zone), plot, force=force)
    if as_json:
        print_json({"campaign": campaign, "since": since, "until": until, "counts": counts, "drops": budgets})
        return
    print_table(("", ""), format_counts(counts), empty="")
    for budget in budgets:
        out().print(printable(f"{budget.rule}: {budget.words}"), style="red" if budget.is_over else "")
    if counts.gateways:
        print_table(("gateway", "cause", "calls>", "of its own>"), format_causes(counts), empty="")
    if counts.lists:
        print_table(
            ("list", "leads>", "dialled>", "open>", "promised>", "held>", "done>"),
            [
                (one.list, one.leads, f"{one.penetration:.0%}", one.open, one.promised, one.held, one.shut)
                for one in counts.lists
            ],
            empty="",
        )
    if plot is not None:
        note(f"wrote {plot}")


@command.command("top")
@click.argument("campaign", required=False, default="", metavar="[CAMPAIGN]")
@click.option("--once", is_flag=True, help="Draw once and end.")
@click.option("--json", "as_json", is_flag=True, help="Print one snapshot as JSON and end.")
@click.pass_obj
def top(app: App, campaign: str, once: bool, as_json: bool) -> None:
    """The running campaigns, live: lines, answers, drops left; Ctrl-C ends it.

    Where there is no terminal it draws once."""
    with app.client() as client:
        first = client.snapshot()
        if campaign:
            find_one("campaign", campaign, first.campaigns)
        if as_json:
            print_json([one for one in first.campaigns if campaign in ("", one.id)])
            return
        watch_campaigns(client, campaign, once=once or not out().is_terminal)


def with_clone(campaign: str, new: str, changes: tuple[str, ...]) -> Change:
    """The change that makes a campaign like another. It raises NotFound, or ConfigError when the centre does not stay
    sound."""

    def change(old: Centre) -> Centre:
        centre, things = opened(old, "campaign")
        if any(one["id"] == new for one in things):
            raise ConfigError(f"there is a campaign {new!r} already; give the copy another id")
        thing = dict(find(things, "campaign", campaign)) | {"id": new}
        assign(thing, changes, CampaignSpec)
        things.append(thing)
        return closed(centre, "campaign")

    return change


def list_columns(rows: Sequence[tuple[object, ...]], width: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """The columns of ``campaign list`` and their cells: a terminal of fewer than :data:`WIDE` characters goes without
    some, so that no word of the others is broken."""
    kept = [n for n, name in enumerate(COLUMNS) if width >= WIDE or name not in ONLY_WIDE]
    return tuple(COLUMNS[n] for n in kept), [tuple(row[n] for n in kept) for row in rows]


def format_campaign(spec: CampaignSpec, row: CampaignRow, held: str = "") -> tuple[object, ...]:
    """The row of a campaign; ``held``: why nothing is dialled for it now."""
    described = (
        spec.id,
        spec.title,
        spec.mode.value,
        spec.queue or spec.flow_id,
        ", ".join(spec.list_shares()),
        spec.pack,
    )
    return (*described, row.state.value, local_time(row.since_at), row.who, row.why or held)


def format_causes(counts: CampaignCounts) -> list[tuple[object, ...]]:
    """How the calls through each gateway ended, the most frequent cause first."""
    rows: list[tuple[object, ...]] = []
    for gateway, causes in counts.gateways.items():
        whole = sum(causes.values())
        for cause, count in sorted(causes.items(), key=lambda one: -one[1]):
            rows.append((gateway, cause or "not seen", count, f"{count / whole:.1%}"))
    return rows


def format_counts(counts: CampaignCounts) -> list[tuple[str, str]]:
    """The figures, one a line."""
    rows = [("launched", str(counts.launched)), ("answered by a person", _of(counts.live, counts.launched))]
    rows += [
        ((name or "under way").replace("_", " "), _of(count, counts.launched))
        for name, count in counts.outcomes.items()
        if count
    ]
    if counts.live:
        rows += [
            ("mean time to answer", seconds(counts.rang_us / 1e6 / counts.live)),
            ("mean call", seconds(counts.talked_us / 1e6 / counts.live)),
        ]
    return rows + _format_answers(counts.answers)


def _format_answers(answers: AnswerCounts) -> list[tuple[str, str]]:
    """What telling machines from people has come to, where somebody was listened to."""
    if not answers.people + answers.machines + answers.left:
        return []
    rows = [
        ("listened to: taken for people", str(answers.people)),
        ("taken for machines", f"{answers.machines} ({answers.beep} by the beep, {answers.greeting} by the greeting)"),
        ("hung up while we listened", str(answers.left)),
        ("people taken for machines", f"{answers.wronged} found out"),
        ("machines taken for people", f"{answers.missed} found out"),
    ]
    if answers.checked:
        wrong = f"{answers.checked_people} of {answers.checked} were people, below {answers.wrong_bound:.1%} at 95 %"
        rows.append(("machines given to agents to check", wrong))
    return [*rows, ("amd.false_positives, as measured", f"{answers.false_positives:.4f}")]


def _missing(app: App, store: Store, centre: Centre, spec: CampaignSpec) -> list[str]:
    """What stands against starting it, on the switches too."""
    # Looking at a switch takes gevent, which no other command here needs.
    from fsorch.edge.message_audio import message_faults

    return missing_of(store, centre, spec, now_us()) + message_faults(app.settings(), centre, spec)


def _told(value: object) -> str:
    """A key's value, as the command line takes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _of(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.1%})" if whole else str(part)


def _ask(app: App, campaign: str, asked: CampaignInput, why: str, *, as_json: bool) -> None:
    with app.store() as store:
        _spec(store, campaign)
        row = store.campaigns.request(campaign, asked, asked_by(), why)
    _tell(app, campaign, asked, row, as_json=as_json)


def _tell(app: App, campaign: str, asked: CampaignInput, row: CampaignRow, *, as_json: bool) -> None:
    running = reload(app)
    if as_json:
        print_json(row)
        return
    out().print(f"campaign {printable(campaign)} {DONE[asked]}" + ("" if running else " (when fsorch runs)"))


def _spec(store: Store, campaign: str) -> tuple[Centre, CampaignSpec]:
    centre = store.load_centre()
    return centre, find_one("campaign", campaign, centre.campaigns)
