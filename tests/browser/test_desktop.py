"""The desktop in Chromium, against the real demo: engine, virtual switch, store, server and page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.demo import missing, run_script, running_demo
from tests.browser.outbound import running_outbound
from tests.conftest import require


@pytest.mark.slow
def test_an_agent_and_a_supervisor_do_their_work(tmp_path: Path) -> None:
    if reason := missing():
        require("browser", reason)
    with running_demo(tmp_path, "--seed", "7", "--human-calls") as announced:
        done = run_script("desktop.mjs", announced)
        assert done.returncode == 0, f"{done.stdout}\n{(tmp_path / 'demo.log').read_text()[-4000:]}"


@pytest.mark.slow
def test_bounded_people_then_campaigns_messages_and_listening(tmp_path: Path) -> None:
    if reason := missing():
        require("browser", reason)
    with running_outbound(tmp_path) as announced:
        for script in ("bounded.mjs", "outbound.mjs"):
            done = run_script(script, announced)
            assert done.returncode == 0, f"{done.stdout}\n{(tmp_path / 'run.log').read_text()[-4000:]}"
