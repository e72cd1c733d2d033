"""The bench of leads, small: that it measures what it says, whatever the figures."""

from __future__ import annotations

from fsorch.edge import bench_leads


def test_a_small_one() -> None:
    told: list[str] = []
    figures = bench_leads.run(2_000, 5_000, told=told.append)
    assert [figures[name] for name in ("rows", "taken", "refused", "doubles")] == [2_000, 1_920, 40, 40]
    assert figures["peak_mb"] >= figures["memory_mb"] >= 0
    # Half of what is looked up stands on the register.
    assert 0.4 < figures["dnc_hits"] / bench_leads.LOOK_UPS < 0.6
    for name, limit in bench_leads.LIMITS.items():
        assert figures[f"{name}_ratio"] == figures[name] / limit > 0
    assert figures["filter_next_ms"] > 0
    assert told[0] == "writing a file of leads"
