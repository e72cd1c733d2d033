"""The measurement runs whole and says what it must; how fast is for ``fsorch bench calls`` to say, on a quiet
machine."""

from __future__ import annotations

import msgspec
import pytest

from fsorch.edge import bench_calls, bench_ivr
from fsorch.edge.bench_ivr import IvrScenario
from fsorch.errors import NotFound


@pytest.mark.slow
def test_one_short_run() -> None:
    result = bench_calls.run(contacts=40, waiting=30)
    assert set(result) == {
        "contacts",
        "waiting",
        "bytes_per_contact",
        "recovery_s",
        "recovery_resync_s",
        "contacts_per_s",
        "answered_share",
        "contacts_per_s_cpu",
        "engine_cores",
        "switch_cores",
        "p50_ms",
        "p95_ms",
    }
    assert all(value > 0 for name, value in result.items() if name != "bytes_per_contact")
    assert result["p50_ms"] <= result["p95_ms"]


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(NotFound, match="scenario"):
        bench_calls.run(scenario="no such")


@pytest.mark.slow
def test_a_campaign_is_dialled_and_every_attempt_is_on_record() -> None:
    result = bench_calls.run(contacts=150, scenario="campaign")
    assert result["recorded_share"] == 1.0
    assert result["ratio"] > 0
    assert 0.2 < result["live_share"] < 0.95
    assert result["cpu_ms_per_call"] > 0


@pytest.mark.slow
def test_one_short_run_inside_flows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_ivr, "MEASURED_S", 2.0)
    keys = {"1": 0.5, "2": 0.5}
    quick = msgspec.structs.replace(IvrScenario.traffic, reaction_s=0.5, menu_keys=keys)
    monkeypatch.setattr(IvrScenario, "traffic", quick)
    result = bench_calls.run(contacts=20, scenario="ivr")
    assert result["contacts"] == result["inside"] == 20
    assert result["dips_failed"] == 0
    assert all(result[name] > 0 for name in ("keys_per_s", "dips_per_s", "p95_ms", "answer_p95_ms", "stuck_p95_ms"))
    assert result["p50_ms"] <= result["p95_ms"] <= result["p99_ms"]
    assert result["p95_of_limit"] == result["p95_ms"] / 10.0
    assert result["dips_to_plain"] == result["p95_ms"] / result["plain_p95_ms"]
