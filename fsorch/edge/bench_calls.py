"""``fsorch bench calls``: whole voice contacts per second, and how soon a free agent is called.

What kind of contacts, the scenario says: one file for each (:mod:`fsorch.edge.bench_queue`), all on one stage
(:mod:`fsorch.edge.bench_stage`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from fsorch.edge.bench_campaign import CampaignScenario
from fsorch.edge.bench_queue import QueueScenario
from fsorch.edge.bench_stage import Scenario, Stage
from fsorch.errors import NotFound

__all__ = ["SCENARIOS", "run"]

SCENARIOS: dict[str, Callable[[], Scenario]] = {"queue": QueueScenario, "campaign": CampaignScenario}


def run(contacts: int = 3_000, waiting: int = 1_000, seed: int = 1, scenario: str = "queue") -> dict[str, float]:
    """Measure. ``contacts``: of the busy turn; ``waiting``: of the turn in which nobody is served. Raises NotFound for
    a scenario that is not in ``SCENARIOS``, LinkError when the switch's process gets stuck.

    Of ``queue`` the result is:

    - of the busy turn ``contacts_per_s`` by the clock, with the switch's process on the same machine, and
      ``contacts_per_s_cpu`` by the processor time of this process alone, recorder and database included: what one core
      could do. ``engine_cores`` and ``switch_cores``: the share of a core each process used by that clock; when the
      switch's is near 1, or both are low because others use the machine, the clock says nothing about the engine.
      ``answered_share``: 1.0 unless the machine is so slow that the dialplan served callers alone; then the figures
      are worth nothing;
    - of the calm turn ``p50_ms`` and ``p95_ms`` from "agent free and contact waiting" to the originate or bridge
      command on the wire;
    - ``bytes_per_contact`` that waits; ``recovery_s`` from the start of a second service to the last of ``waiting``
      callers at their place, and ``recovery_resync_s`` from the link's coming up to that.

    Of ``campaign``, with ``contacts`` as the leads that are dialled: ``calls_per_s`` launched, ``limit_per_s`` of the
    gateway and the ``ratio`` of the two; ``calls_per_s_cpu`` and ``cpu_ms_per_call`` by this process's processor time,
    to the last attempt's end in the database; ``recorded_share``: attempts that the database has with their end."""
    make = SCENARIOS.get(scenario)
    if make is None:
        raise NotFound("scenario", scenario)
    figures: dict[str, float] = {"contacts": contacts, "waiting": waiting}
    with tempfile.TemporaryDirectory(prefix="fsorch-bench-") as folder:
        played = make()
        return figures | played.measure(Stage(played, Path(folder), seed), contacts, waiting)
