"""``fsorch report``: what came of the contacts of a span, by queue, agent, hour or day."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Any

import click
import msgspec

from fsorch.belongings import fits
from fsorch.clock import to_datetime
from fsorch.config import Centre
from fsorch.errors import ConfigError
from fsorch.store import Store, Summary
from fsorch.store.contract import ContractRow, TenantReport, tenant_report
from fsorch_cli.app import App
from fsorch_cli.break_report import HEADS, breaks_by_agent, breaks_by_day, format_breaks
from fsorch_cli.console import out, print_json, print_table, printable
from fsorch_cli.export import CsvWriter, destination
from fsorch_cli.filters import Moment, check_span, parse_moment
from fsorch_cli.group import Command
from fsorch_cli.live import format_contract, seconds
from fsorch_cli.options import AS_JSON
from fsorch_cli.scopes import known_tenant
from fsorch_cli.zones import HERE, Zone

# A month of hours: each is a few questions to the database.
MOST_ROWS = 31 * 24
HELD = {True: "yes", False: "NO", None: ""}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The contacts of one group. Waits are seconds; ``service_level`` is a share, within ``service_level_s`` or (None)
    each queue's own time; None where there was nothing."""

    group: str
    contacts: int
    answered: int
    abandoned: int
    short_abandoned: int
    overflowed: int
    service_level: float | None
    service_level_s: float | None
    p50_wait_s: float | None
    p95_wait_s: float | None


class Span(msgspec.Struct, frozen=True):
    """From when to when (UTC microseconds), and of which queue, agent and tenant (empty: of any); ``zone``: whose hours
    and days."""

    since: int
    until: int
    queue: str = ""
    agent: str = ""
    tenant: str = ""
    zone: tzinfo = HERE

    @property
    def asked(self) -> dict[str, Any]:
        """What the records are asked for."""
        return {name: getattr(self, name) for name in ("since", "until", "queue", "agent", "tenant")}


@click.command("report", cls=Command)
@click.option("--by", type=click.Choice(["queue", "agent", "hour", "day"]), help="Else queue, or a tenant's contract.")
@click.option("--since", type=Moment(), default=0, metavar="TIME", help="2h, 7d, today, 2027-01-31; else today.")
@click.option("--until", type=Moment(), default=0, metavar="TIME", help="Only what began before; else until now.")
@click.option("--queue", default="", help="Only this queue's.")
@click.option("--agent", default="", help="Only this agent's.")
@click.option("--tenant", default="", help="Only this tenant's; day by day, with its contract held or not.")
@click.option("--zone", type=Zone(), is_eager=True, help="Whose days, such as Europe/Berlin; else this machine's.")
@click.option("--breaks", is_flag=True, help="Agents' time on breaks instead, by weight: by agent, or by day.")
@AS_JSON
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.pass_obj
def command(
    app: App,
    by: str | None,
    since: int,
    until: int,
    queue: str,
    agent: str,
    tenant: str,
    zone: tzinfo | None,
    breaks: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """What came of the contacts that began in a span: answered, abandoned, waits, service level.

    Each queue is measured by its own service-level time, also in a sum. By hour and day: in this machine's zone, or
    --zone. With --tenant and without --by: its callers by the days of its own zone, measured as its contract says."""
    days = zone or HERE
    since = since or parse_moment("today", datetime.now(days))
    span = Span(since, until or time.time_ns() // 1_000, queue, agent, tenant, days)
    check_span(span.since, span.until)
    if breaks:
        print_breaks(app, by or "agent", span, as_json=as_json, as_csv=as_csv)
        return
    if tenant and by is None:
        if zone is not None:
            raise click.UsageError("a contract is by the days of the tenant's own zone; with --zone, say --by as well")
        print_contract(app, span, as_json=as_json, as_csv=as_csv)
        return
    by = by or "queue"
    with app.store() as store:
        known_tenant(store, tenant)
        rows = [*GROUPS[by](store, span), _row(store, "all", span, levels_of(store.load_centre()))]
    if as_json:
        print_json(rows)
    elif as_csv:
        _write_csv(rows)
    else:
        heads = (by, "contacts>", "answered>", "abandoned>", "of them soon>", "in time>", "wait p50>", "p95>")
        print_table(heads, [format_row(row) for row in rows], empty="Nothing.")


def print_breaks(app: App, by: str, span: Span, *, as_json: bool, as_csv: bool) -> None:
    """Agents' time on breaks in the span, and that of all of them. Raises ConfigError for what breaks are not of."""
    if by not in ("agent", "day") or span.queue:
        raise ConfigError("breaks are of an agent and not of a queue; use --by agent or --by day, and --agent")
    with app.store() as store:
        known_tenant(store, span.tenant)
        centre, found = store.load_centre(), store.breaks(span.since, span.until)
    weights = {reason.id: reason.weight for reason in centre.breaks}
    theirs = {agent.id for agent in centre.agents if fits(span.tenant, agent.tenant)}
    # Of those who have left the centre since, no tenant is known.
    mine = [one for one in found if span.agent in ("", one.agent) and (not span.tenant or one.agent in theirs)]
    if by == "agent":
        rows = list(breaks_by_agent(mine, weights))
    else:
        days = ((start.strftime("%Y-%m-%d"), _micros(start), _micros(end)) for start, end in _times(span, _next_day))
        rows = list(breaks_by_day(mine, weights, days))
    if as_json:
        print_json(rows)
    elif as_csv:
        _write_csv(rows)
    else:
        print_table((by, *HEADS), [format_breaks(row) for row in rows], empty="Nothing.")


def print_contract(app: App, span: Span, *, as_json: bool, as_csv: bool) -> None:
    """A tenant's days, each with its contract held or not."""
    if span.queue or span.agent:
        raise click.UsageError("a contract is about all of a tenant; with --queue or --agent, say --by as well")
    with app.store() as store:
        known_tenant(store, span.tenant)
        tenant = next(one for one in store.load_centre().tenants if one.id == span.tenant)
        report = tenant_report(store, tenant, span.since, span.until)
    if as_json:
        print_json(report)
    elif as_csv:
        _write_csv([*report.days, report.whole])
    else:
        counts = ("contacts>", "answered>", "abandoned>", "of them soon>", "turned away>")
        days = [format_day(row) for row in (*report.days, report.whole)]
        print_table(("day", *counts, "in time>", "p95>", "held"), days, empty="Nothing.")
        out().print(printable(format_verdict(report)))


def format_day(row: ContractRow) -> tuple[object, ...]:
    """A day for eyes."""
    return (
        row.day,
        row.contacts,
        row.answered,
        row.abandoned,
        row.short_abandoned,
        row.turned_away,
        _percent(row.service_level),
        "" if row.p95_wait_s is None else seconds(row.p95_wait_s),
        HELD[row.held],
    )


def format_verdict(report: TenantReport) -> str:
    """Whether the contract was held, in a sentence."""
    contract = report.contract
    if contract is None:
        return f"{report.tenant} has no contract; give it one: fsorch tenant set {report.tenant} contract.within_s=20"
    agreed = format_contract(contract)
    if report.whole.held is None:
        return f"{agreed}: nothing to measure"
    found = f"{_percent(report.whole.service_level)} in time, {report.whole.abandoned_share or 0:.1%} gave up"
    days = f"on {report.days_held} of {report.days_measured} days"
    return f"{agreed}: {'held' if report.whole.held else 'NOT held'} over all ({found}), and {days} ({report.zone})"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def _write_csv(rows: Sequence[msgspec.Struct]) -> None:
    with destination(None, force=False) as file:
        writer = CsvWriter(file)
        for row in rows:
            writer.write(msgspec.structs.asdict(row))


def format_row(row: Row) -> tuple[object, ...]:
    """A row for eyes."""
    return (
        row.group,
        row.contacts,
        row.answered,
        row.abandoned,
        row.short_abandoned,
        _percent(row.service_level),
        "" if row.p50_wait_s is None else seconds(row.p50_wait_s),
        "" if row.p95_wait_s is None else seconds(row.p95_wait_s),
    )


def _row(store: Store, group: str, span: Span, service_level_s: float | dict[str, float]) -> Row:
    figures: Summary = store.summary(service_level_s=service_level_s, **span.asked)
    fields: dict[str, Any] = {name: getattr(figures, name) for name in Row.__struct_fields__ if name != "group"}
    return Row(group=group, **fields)


def levels_of(centre: Centre) -> dict[str, float]:
    """The service-level time of each queue."""
    return {queue.id: queue.service_level_s for queue in centre.queues}


def by_queue(store: Store, span: Span) -> Iterator[Row]:
    """A row for each queue of the centre, or the one that was asked for."""
    centre: Centre = store.load_centre()
    for queue in centre.queues:
        if span.queue in ("", queue.id) and fits(span.tenant, queue.tenant):
            yield _row(store, queue.id, msgspec.structs.replace(span, queue=queue.id), queue.service_level_s)


def by_agent(store: Store, span: Span) -> Iterator[Row]:
    """A row for each agent of the centre, or the one that was asked for."""
    centre = store.load_centre()
    for agent in centre.agents:
        if span.agent in ("", agent.id) and fits(span.tenant, agent.tenant):
            yield _row(store, agent.id, msgspec.structs.replace(span, agent=agent.id), levels_of(centre))


def by_hour(store: Store, span: Span) -> Iterator[Row]:
    """A row for each hour."""
    return _by_time(store, span, _next_hour, "%Y-%m-%d %H:%M")


def by_day(store: Store, span: Span) -> Iterator[Row]:
    """A row for each day; one on which the clocks change has 23 hours or 25."""
    return _by_time(store, span, _next_day, "%Y-%m-%d")


def _next_day(moment: datetime) -> datetime:
    """The next midnight of that zone."""
    return (moment + timedelta(days=1)).replace(hour=0, fold=0)


def _next_hour(moment: datetime) -> datetime:
    """An hour on, whatever the clock shows then."""
    return (moment.astimezone(UTC) + timedelta(hours=1)).astimezone(moment.tzinfo)


def _by_time(store: Store, span: Span, after: Callable[[datetime], datetime], form: str) -> Iterator[Row]:
    levels = levels_of(store.load_centre())
    for start, end in _times(span, after):
        since, until = max(span.since, _micros(start)), min(span.until, _micros(end))
        yield _row(store, start.strftime(form), msgspec.structs.replace(span, since=since, until=until), levels)


def _times(span: Span, after: Callable[[datetime], datetime]) -> list[tuple[datetime, datetime]]:
    """The hours or days of a span. Raises ConfigError when they are too many."""
    begin = to_datetime(span.since).astimezone(span.zone).replace(minute=0, second=0, microsecond=0)
    begin = begin.replace(hour=0, fold=0) if after is _next_day else begin
    found = list(islice(_stretches(begin, to_datetime(span.until), after), MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise ConfigError(f"more than {MOST_ROWS} rows; use a shorter span, or --by day")
    return found


def _stretches(
    begin: datetime, until: datetime, after: Callable[[datetime], datetime]
) -> Iterator[tuple[datetime, datetime]]:
    # Moments of one zone are compared by what its clock shows, so they are told by UTC here.
    while begin.astimezone(UTC) < until:
        end = after(begin)
        yield begin, end
        begin = end


def _micros(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000


GROUPS: dict[str, Callable[[Store, Span], Iterator[Row]]] = {
    "queue": by_queue,
    "agent": by_agent,
    "hour": by_hour,
    "day": by_day,
}
