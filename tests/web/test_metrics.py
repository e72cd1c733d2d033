"""The metrics: what Prometheus' own parser reads of them, and who may."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import msgspec
import pytest
from prometheus_client.core import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from fsorch.config import MetricsSettings, WebSettings
from fsorch.edge.status import HookState, LinkState, LookupState, RecorderState, ServiceStatus
from fsorch.edge.webserver import WebServer, listen
from fsorch.engine.views import AgentView, CampaignView, ContactView, QueueView, Snapshot, SwitchView, TenantView
from fsorch_web import create_app
from fsorch_web.metrics import EngineCollector
from tests.web.fake import FakeCentre, FakeStore, FakeToken
from tests.web.harness import SECRET

AT = 1_800_000_000_000_000
CALLER = "+491701234567"
CONTACT = ContactView(
    id="c1", switch="main", state="waiting", number=CALLER, name="Marta", destination="100", queue="sales"
)
SNAPSHOT = Snapshot(
    seq=7,
    at=AT,
    centre="fsorch",
    switches=(SwitchView(name="main", up=True, since=0, legs=3),),
    queues=(
        QueueView(
            id="sales",
            title="Sales",
            waiting=2,
            oldest_enqueued_at=AT - 12_500_000,
            idle=1,
            busy=2,
            on_break=3,
            queued=9,
            answered=5,
            abandoned=2,
            within=4,
            tenant="acme",
        ),
        QueueView(id="vip", title="VIP", waiting=0, paused=True, service_level_s=10.0),
    ),
    agents=(
        AgentView(id="ada", name="Ada", status="available", state="talking", answered=4, missed=1),
        AgentView(id="bo", name="Bo", status="available", state="idle", answered=1, unready="its phone is gone"),
        AgentView(id="cy", name="Cy", status="break", reason="lunch", missed=2),
    ),
    contacts=(
        CONTACT,
        msgspec.structs.replace(CONTACT, id="c2"),
        msgspec.structs.replace(CONTACT, id="c3", state="talking"),
    ),
    campaigns=(
        CampaignView(
            id="spring",
            title="Spring",
            held="no agent is at work",
            mode="predictive",
            state="running",
            ringing=4,
            launched=90,
            live=30,
            drops=1,
            drop_share=1 / 30,
            drop_target=0.03,
            outcomes={"busy": 7},
        ),
    ),
    tenants=(TenantView(id="acme", title="Acme", contacts=3, lines=2, turned_away=4, contacts_max=5),),
    odd_events={"no_flow": 2},
)
STATUS = ServiceStatus(
    version="1.2.3",
    pid=7,
    home="/var/lib/fsorch",
    url="",
    uptime_s=61.5,
    cpu_s=3.25,
    resident_bytes=1_000_000,
    revision=8,
    links=(
        LinkState(name="main", state="up", events=500, lost=1, late=2, shed=3, reconnects=4, lag_s=0.002),
        LinkState(name="spare", state="down", reason="no route"),
    ),
    recorder=RecorderState(spooled=50, written=40, behind=10, shed=1, torn=2, error="the database is away"),
    hooks=HookState(address="127.0.0.1:8084", active=1, calls=6, refused=2, ended={"done": 5}),
    lookups=(LookupState(name="crm.example.org", asked=9, failed=1, p95_s=0.25),),
    shed={"facts": 5, "histories": 0},
)
READ = {
    'fsorch_tenant_contacts{tenant="acme"}': 3,
    'fsorch_tenant_lines{tenant="acme"}': 2,
    'fsorch_tenant_limit{tenant="acme",what="contacts"}': 5,
    'fsorch_tenant_turned_away_total{tenant="acme"}': 4,
    'fsorch_queue_tenant{queue="sales",tenant="acme"}': 1,
    'fsorch_contacts{direction="inbound",medium="voice",queue="sales",state="waiting"}': 2,
    'fsorch_contacts{direction="inbound",medium="voice",queue="sales",state="talking"}': 1,
    'fsorch_queue_waiting{queue="sales"}': 2,
    'fsorch_queue_longest_wait_seconds{queue="sales"}': 12.5,
    'fsorch_queue_longest_wait_seconds{queue="vip"}': 0,
    'fsorch_queue_paused{queue="vip"}': 1,
    'fsorch_queue_service_level_target_seconds{queue="vip"}': 10,
    'fsorch_queue_agents{queue="sales",state="break"}': 3,
    'fsorch_queue_agents{queue="sales",state="unready"}': 0,
    'fsorch_queue_entered_total{queue="sales"}': 9,
    'fsorch_queue_answered_total{queue="sales"}': 5,
    'fsorch_queue_answered_in_time_total{queue="sales"}': 4,
    'fsorch_queue_abandoned_total{queue="sales"}': 2,
    'fsorch_agents{state="talking",status="available"}': 1,
    'fsorch_agents{state="idle",status="break"}': 1,
    "fsorch_agents_unready{}": 1,
    'fsorch_offers_total{outcome="answered"}': 5,
    'fsorch_offers_total{outcome="missed"}': 3,
    'fsorch_campaign_state{campaign="spring",mode="predictive",state="running"}': 1,
    'fsorch_campaign_calls{campaign="spring",state="ringing"}': 4,
    'fsorch_campaign_drop_ratio{campaign="spring"}': 1 / 30,
    'fsorch_campaign_drops_total{campaign="spring"}': 1,
    'fsorch_campaign_outcomes_total{campaign="spring",outcome="busy"}': 7,
    'fsorch_switch_legs{switch="main"}': 3,
    'fsorch_odd_events_total{kind="no_flow"}': 2,
    'fsorch_build_info{version="1.2.3"}': 1,
    "fsorch_up_seconds{}": 61.5,
    "process_cpu_seconds_total{}": 3.25,
    "process_resident_memory_bytes{}": 1_000_000,
    'fsorch_link_up{switch="main"}': 1,
    'fsorch_link_up{switch="spare"}': 0,
    'fsorch_link_state{state="down",switch="spare"}': 1,
    'fsorch_link_event_lag_seconds{switch="main"}': 0.002,
    'fsorch_link_reconnects_total{switch="main"}': 4,
    'fsorch_link_commands_lost_total{switch="main"}': 1,
    'fsorch_link_commands_late_total{switch="main"}': 2,
    'fsorch_link_commands_shed_total{switch="main"}': 3,
    "fsorch_spool_depth{}": 10,
    "fsorch_records_failing{}": 1,
    "fsorch_records_written_total{}": 40,
    'fsorch_records_lost_total{way="torn"}': 2,
    'fsorch_hooks_ended_total{way="done"}': 5,
    'fsorch_lookups_p95_seconds{source="crm.example.org"}': 0.25,
    'fsorch_shed_total{what="facts"}': 5,
    'fsorch_shed_total{what="histories"}': 0,
    'fsorch_campaign_held{campaign="spring"}': 1,
}


def parsed(text: str) -> dict[str, float]:
    """Name and labels to value; every metric has its help and its kind."""
    values = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert family.type in {"gauge", "counter"}
        for sample in family.samples:
            labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
            key = f"{sample.name}{{{labels}}}"
            assert key not in values
            values[key] = sample.value
    return values


def test_the_parser_of_prometheus_reads_every_figure() -> None:
    registry = CollectorRegistry()
    registry.register(EngineCollector(lambda: SNAPSHOT, lambda: STATUS))
    text = generate_latest(registry).decode()
    values = parsed(text)
    assert {key: values.get(key) for key in READ} == READ
    # Nobody's number, name or id stands in a label.
    assert not any(word in text for word in (CALLER, "Marta", "c1", "ada", "lunch", "no route"))


@pytest.fixture
def shut(store: FakeStore) -> Iterator[int]:
    """The port of a desktop whose metrics no address may read."""
    web = WebSettings(port=0, metrics=MetricsSettings(allow=("192.0.2.0/24",)))
    yield from serve(web, store)


@pytest.fixture
def near(store: FakeStore) -> Iterator[int]:
    """The port of a desktop as it is without a word in its settings."""
    yield from serve(WebSettings(port=0), store)


@pytest.fixture
def store() -> FakeStore:
    """Knows one program."""
    store = FakeStore()
    store.tokens["a program's token"] = FakeToken("prometheus", "auditor")
    return store


def serve(web: WebSettings, store: FakeStore) -> Iterator[int]:
    listener = listen(web)
    centre = FakeCentre((), (QueueView(id="sales", title="Sales", waiting=0),))
    app, sockets = create_app(centre.gateway, store, web, secret=SECRET, status=lambda: STATUS)
    server = WebServer(app, listener)
    server.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        sockets.stop()
        server.stop()


def get(port: int, **headers: str) -> tuple[int, str, str]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        line.request("GET", "/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = line.getresponse()
        return response.status, response.headers["Content-Type"], response.read().decode()
    finally:
        line.close()


def test_loopback_may_ask_unless_a_proxy_asks_for_somebody(near: int) -> None:
    status, kind, text = get(near)
    assert (status, kind.startswith("text/plain; version=")) == (200, True)
    assert parsed(text)['fsorch_queue_waiting{queue="sales"}'] == 0
    assert get(near, X_Forwarded_For="203.0.113.7")[0] == 403


def test_an_address_that_is_not_allowed_needs_a_token(shut: int) -> None:
    assert get(shut)[0] == 403
    assert get(shut, Authorization="Bearer a guess")[0] == 401
    status, _, text = get(shut, Authorization="Bearer a program's token")
    assert (status, parsed(text)["fsorch_spool_depth{}"]) == (200, 10)


def test_open_metrics_is_spoken_to_whoever_asks_for_it(near: int) -> None:
    status, kind, text = get(near, Accept="application/openmetrics-text; version=1.0.0")
    assert (status, kind.split(";")[0], text.endswith("# EOF\n")) == (200, "application/openmetrics-text", True)
