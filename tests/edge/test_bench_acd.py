"""``fsorch bench acd`` measures what it says, on a run too short to tell how fast."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from fsorch.edge import bench_acd
from fsorch_cli.main import cli


def test_every_size_has_its_figures() -> None:
    told: list[float] = []
    figures = bench_acd.run(decisions=200, progress=told.append)
    assert told[-1] == 1.0
    for agents, _, _ in bench_acd.SIZES:
        p50, p99, most = (figures[f"{name}_{agents}"] for name in ("p50_ms", "p99_ms", "max_ms"))
        assert 0 < p50 <= p99 <= most
        assert figures[f"p99_clock_ms_{agents}"] > 0
    assert figures["p99_ms"] == figures["p99_ms_10000"]
    assert figures["growth"] == pytest.approx(figures["p99_ms_10000"] / figures["p99_ms_100"])


def test_people_see_a_table() -> None:
    ran = CliRunner().invoke(cli, ["bench", "acd", "--decisions", "100"])
    assert ran.exit_code == 0
    rows = [line.split() for line in ran.output.splitlines()]
    assert [row[:3] for row in rows[-4:-1]] == [
        ["100", "5", "200"],
        ["1,000", "50", "2,000"],
        ["10,000", "500", "20,000"],
    ]
    assert rows[-1][0] == "p99"
