"""``/metrics`` for Prometheus: what the engine and the process show of themselves, read at the moment of asking.

Nothing is counted here: the figures are those of :class:`Snapshot` and :class:`ServiceStatus`, and counters begin anew
with the process, which Prometheus expects. Labels name queues, campaigns, switches and states, of which a centre
has few; never a caller, a number or an agent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from fsorch.config import MetricsSettings
from fsorch.edge.gateway import Gateway
from fsorch.edge.status import HookState, LinkState, LookupState, RecorderState, ServiceStatus
from fsorch.engine.views import AgentView, CampaignView, ContactView, QueueView, Snapshot, SwitchView, TenantView
from fsorch_web.addresses import Addresses
from fsorch_web.auth import Auth
from fsorch_web.errors import ApiError

__all__ = ["EngineCollector", "Metrics"]

Rows = Iterable[tuple[tuple[str, ...], float]]

LINK_STATES = ("connecting", "up", "down", "refused", "stopped")
LIMITS = ("contacts", "waiting", "agents", "lines")
LOSSES = ("shed", "rejected", "torn")
# The counters of a campaign, by its view's fields.
CAMPAIGN_COUNTS = {
    "launched": "Calls that were launched.",
    "live": "Calls that a person answered.",
    "talked": "Calls that an agent took.",
    "drops": "People who answered and had no agent in time.",
    "machines": "Calls that a machine answered.",
    "barred": "Leads that a rule kept from being dialled.",
}


class Metrics:
    """The route of one application."""

    def __init__(
        self,
        app: Flask,
        gateway: Gateway,
        auth: Auth,
        settings: MetricsSettings,
        status: Callable[[], ServiceStatus] | None = None,
    ) -> None:
        self._auth = auth
        self._near = Addresses(settings.allow)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(EngineCollector(gateway.snapshot, status))
        app.add_url_rule("/metrics", view_func=self.metrics)

    def metrics(self) -> Response:
        """GET /metrics, in the form that the ``Accept`` header asks for (Prometheus' text, or OpenMetrics)."""
        # A token was looked at before we are here: a wrong one is refused with 401.
        if not self._auth.has_token() and not self._near.have(request):
            raise ApiError(403, "forbidden", "this address may not read metrics; see web.metrics, or use a token")
        write, content_type = exposition.choose_encoder(request.headers.get("Accept", ""))
        return Response(write(self._registry), content_type=content_type)


class EngineCollector(Collector):
    """The engine's snapshot, and the status of the process where there is one, as metrics."""

    def __init__(self, snapshot: Callable[[], Snapshot], status: Callable[[], ServiceStatus] | None = None) -> None:
        self._snapshot = snapshot
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """All metrics of this moment."""
        shown = self._snapshot()
        yield from _contacts(shown.contacts)
        yield from _queues(shown.queues, shown.at)
        yield from _agents(shown.agents)
        yield from _campaigns(shown.campaigns)
        yield from _tenants(shown.tenants, shown.queues)
        yield from _switches(shown.switches)
        yield _counter("odd_events", "What nobody expected.", ("kind",), _numbers(shown.odd_events))
        if self._status is not None:
            yield from _process(self._status())


def _gauge(name: str, told: str, labels: tuple[str, ...], rows: Rows) -> Metric:
    family = GaugeMetricFamily(f"fsorch_{name}", told, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family


def _counter(name: str, told: str, labels: tuple[str, ...], rows: Rows) -> Metric:
    family = CounterMetricFamily(f"fsorch_{name}", told, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family


def _counted(keys: Iterable[tuple[str, ...]]) -> Rows:
    return [(key, float(count)) for key, count in sorted(Counter(keys).items())]


def _numbers(counts: Mapping[str, int]) -> Rows:
    return [((word,), float(count)) for word, count in sorted(counts.items())]


def _contacts(contacts: Iterable[ContactView]) -> Iterator[Metric]:
    rows = _counted((one.queue, one.state, one.medium, one.direction) for one in contacts)
    yield _gauge("contacts", "Live contacts.", ("queue", "state", "medium", "direction"), rows)


def _queues(queues: tuple[QueueView, ...], at: int) -> Iterator[Metric]:
    def each(value: Callable[[QueueView], float]) -> Rows:
        return [((queue.id,), value(queue)) for queue in queues]

    label = ("queue",)
    yield _gauge("queue_waiting", "Contacts that wait.", label, each(lambda q: q.waiting))
    longest = each(lambda q: max(0.0, (at - q.oldest_enqueued_at) / 1e6) if q.oldest_enqueued_at else 0.0)
    yield _gauge("queue_longest_wait_seconds", "How long the first in line has waited.", label, longest)
    yield _gauge("queue_paused", "1 while nothing is offered from the queue.", label, each(lambda q: q.paused))
    yield _gauge(
        "queue_service_level_target_seconds",
        "Within this time answers are in time.",
        label,
        each(lambda q: q.service_level_s),
    )
    states = (("idle", "idle"), ("unready", "unready"), ("busy", "busy"), ("break", "on_break"))
    agents = [((q.id, word), float(getattr(q, field))) for q in queues for word, field in states]
    yield _gauge("queue_agents", "Agents of the queue who are logged in.", ("queue", "state"), agents)
    yield _counter("queue_entered", "Contacts that came into the queue.", label, each(lambda q: q.queued))
    yield _counter("queue_answered", "Contacts that an agent answered.", label, each(lambda q: q.answered))
    yield _counter("queue_answered_in_time", "Those within the service-level time.", label, each(lambda q: q.within))
    yield _counter("queue_abandoned", "Callers who left before an answer.", label, each(lambda q: q.abandoned))


def _agents(agents: tuple[AgentView, ...]) -> Iterator[Metric]:
    rows = _counted((agent.status, agent.state) for agent in agents)
    yield _gauge("agents", "Agents by what they chose and what they do.", ("status", "state"), rows)
    unready = float(sum(bool(agent.unready) for agent in agents))
    yield _gauge("agents_unready", "Agents who are available and cannot be offered anything.", (), [((), unready)])
    offers = {"answered": sum(agent.answered for agent in agents), "missed": sum(agent.missed for agent in agents)}
    told = "Offers to agents that are over, by how they ended."
    yield _counter("offers", told, ("outcome",), _numbers(offers))


def _campaigns(campaigns: tuple[CampaignView, ...]) -> Iterator[Metric]:
    def each(value: Callable[[CampaignView], float]) -> Rows:
        return [((one.id,), value(one)) for one in campaigns]

    label = ("campaign",)
    states = [((one.id, one.mode, one.state), 1.0) for one in campaigns]
    yield _gauge("campaign_state", "1 for the state of the campaign.", ("campaign", "mode", "state"), states)
    calls = [((c.id, word), float(getattr(c, word))) for c in campaigns for word in ("ringing", "waiting", "talking")]
    yield _gauge("campaign_calls", "Calls of the campaign now.", ("campaign", "state"), calls)
    yield _gauge("campaign_held", "1 while something keeps it from dialling.", label, each(lambda c: bool(c.held)))
    yield _gauge("campaign_agents", "Agents who dial for the campaign.", label, each(lambda c: c.agents))
    yield _gauge("campaign_agents_free", "Those of them who are idle.", label, each(lambda c: c.free))
    yield _gauge(
        "campaign_drop_ratio", "Drops over live answers in the law's window.", label, each(lambda c: c.drop_share)
    )
    yield _gauge("campaign_drop_ratio_limit", "What the ratio may be.", label, each(lambda c: c.drop_target))
    yield _gauge("campaign_drops_left", "Drops that may come before the limit.", label, each(lambda c: c.drops_left))
    for field, told in CAMPAIGN_COUNTS.items():
        rows = [((one.id,), float(getattr(one, field))) for one in campaigns]
        yield _counter(f"campaign_{field}", told, label, rows)
    outcomes = [((c.id, word), float(count)) for c in campaigns for word, count in sorted(c.outcomes.items())]
    yield _counter("campaign_outcomes", "Calls by how they ended.", ("campaign", "outcome"), outcomes)


def _tenants(tenants: tuple[TenantView, ...], queues: tuple[QueueView, ...]) -> Iterator[Metric]:
    if not tenants:
        return

    def each(value: Callable[[TenantView], float]) -> Rows:
        return [((one.id,), value(one)) for one in tenants]

    label = ("tenant",)
    yield _gauge("tenant_contacts", "Live contacts of the tenant.", label, each(lambda t: t.contacts))
    yield _gauge("tenant_waiting", "Contacts that wait in its queues.", label, each(lambda t: t.waiting))
    yield _gauge("tenant_agents", "Agents of its own who are logged in.", label, each(lambda t: t.agents))
    yield _gauge("tenant_lines", "Calls of its campaigns.", label, each(lambda t: t.lines))
    limits = [((t.id, word), float(getattr(t, f"{word}_max"))) for t in tenants for word in LIMITS]
    yield _gauge("tenant_limit", "What the tenant may have at once; 0: any number.", ("tenant", "what"), limits)
    told = "Callers who were one too many for the tenant."
    yield _counter("tenant_turned_away", told, label, each(lambda t: t.turned_away))
    owned = [((queue.id, queue.tenant), 1.0) for queue in queues if queue.tenant]
    yield _gauge("queue_tenant", "1 for the tenant of the queue, to join by.", ("queue", "tenant"), owned)


def _switches(switches: tuple[SwitchView, ...]) -> Iterator[Metric]:
    legs = [((one.name,), float(one.legs)) for one in switches]
    yield _gauge("switch_legs", "Channels of the switch that the engine follows.", ("switch",), legs)


def _process(status: ServiceStatus) -> Iterator[Metric]:
    yield InfoMetricFamily("fsorch_build", "What runs.", value={"version": status.version})
    yield _gauge("up_seconds", "How long the process has run.", (), [((), status.uptime_s)])
    yield _gauge("configuration_revision", "The configuration in force.", (), [((), float(status.revision))])
    # The names that every exporter of Prometheus uses for these.
    yield CounterMetricFamily("process_cpu_seconds", "Processor time used.", value=status.cpu_s)
    yield GaugeMetricFamily("process_resident_memory_bytes", "Memory held.", value=status.resident_bytes)
    yield from _links(status.links)
    yield from _records(status.recorder)
    if status.hooks is not None:
        yield from _hooks(status.hooks)
    yield from _lookups(status.lookups)
    yield _counter("shed", "What was left undone because a line was full.", ("what",), _numbers(status.shed))


def _links(links: tuple[LinkState, ...]) -> Iterator[Metric]:
    def each(value: Callable[[LinkState], float]) -> Rows:
        return [((link.name,), value(link)) for link in links]

    label = ("switch",)
    yield _gauge(
        "link_up", "1 while the event socket of the switch is connected.", label, each(lambda x: x.state == "up")
    )
    states = [((link.name, word), float(link.state == word)) for link in links for word in LINK_STATES]
    yield _gauge("link_state", "1 for the state of the link.", ("switch", "state"), states)
    yield _gauge(
        "link_event_lag_seconds", "How old the last event was when it was read.", label, each(lambda x: x.lag_s)
    )
    yield _counter("link_events", "Events that were read.", label, each(lambda x: x.events))
    yield _counter("link_reconnects", "Connections after the first.", label, each(lambda x: x.reconnects))
    yield _counter("link_commands_lost", "Commands without a reply.", label, each(lambda x: x.lost))
    yield _counter("link_commands_late", "Replies past their deadline.", label, each(lambda x: x.late))
    yield _counter("link_commands_shed", "Commands that the full line refused.", label, each(lambda x: x.shed))
    yield _counter("link_frames_garbled", "Frames that held no event.", label, each(lambda x: x.garbled))


def _records(recorder: RecorderState) -> Iterator[Metric]:
    yield _gauge("spool_depth", "Facts that wait for the database.", (), [((), float(recorder.behind))])
    yield _gauge("records_failing", "1 while the database cannot be written.", (), [((), float(bool(recorder.error)))])
    yield _counter("records_spooled", "Facts that were spooled.", (), [((), float(recorder.spooled))])
    yield _counter("records_written", "Facts that reached the database.", (), [((), float(recorder.written))])
    lost = [((way,), float(getattr(recorder, way))) for way in LOSSES]
    yield _counter("records_lost", "Facts that never will, by why.", ("way",), lost)


def _hooks(hooks: HookState) -> Iterator[Metric]:
    yield _gauge("hooks_active", "Calls in hooks now.", (), [((), float(hooks.active))])
    yield _counter("hooks_calls", "Calls that came to the socket door.", (), [((), float(hooks.calls))])
    yield _counter("hooks_refused", "Calls refused because too many were in hooks.", (), [((), float(hooks.refused))])
    yield _counter("hooks_ended", "Calls of hooks by how they ended.", ("way",), _numbers(hooks.ended))


def _lookups(lookups: tuple[LookupState, ...]) -> Iterator[Metric]:
    def each(value: Callable[[LookupState], float]) -> Rows:
        return [((one.name,), value(one)) for one in lookups]

    label = ("source",)
    yield _gauge("lookups_running", "Look-ups under way.", label, each(lambda x: x.running))
    yield _gauge("lookups_waiting", "Look-ups in line.", label, each(lambda x: x.waiting))
    yield _gauge("lookups_p95_seconds", "95 % of the last took no longer.", label, each(lambda x: x.p95_s))
    yield _counter("lookups_asked", "Look-ups asked for.", label, each(lambda x: x.asked))
    yield _counter("lookups_failed", "Look-ups without an answer.", label, each(lambda x: x.failed))
    yield _counter("lookups_shed", "Look-ups refused because the line was full.", label, each(lambda x: x.shed))
