"""``fsorch bench calls``: whole voice contacts per second, and how soon a free agent is called.

What kind of contacts, the scenario says: one file for each (:mod:`fsorch.edge.bench_queue`,
:mod:`fsorch.edge.bench_ivr`), all on one stage (:mod:`fsorch.edge.bench_stage`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from fsorch.edge.bench_campaign import CampaignScenario
from fsorch.edge.bench_ivr import IvrScenario
from fsorch.edge.bench_queue import QueueScenario
from fsorch.edge.bench_stage import Scenario, Stage
from fsorch.errors import NotFound

__all__ = ["SCENARIOS", "run"]

SCENARIOS: dict[str, Callable[[], Scenario]] = {
    "queue": QueueScenario,
    "ivr": IvrScenario,
    "campaign": CampaignScenario,
}


def run(contacts: int = 0, waiting: int = 1_000, seed: int = 1, scenario: str = "queue") -> dict[str, float]:
    """Measure. ``contacts``: of the busy turn, or inside flows (0: as many as the scenario has by itself);
    ``waiting``: of the turn in which nobody is served. Raises NotFound for a scenario that is not in ``SCENARIOS``,
    LinkError when the switch's process gets stuck.

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
    to the last attempt's end in the database; ``recorded_share``: attempts that the database has with their end.

    Of ``ivr`` it is:

    - with ``inside`` callers in flows, ``keys_per_s`` and ``dips_per_s``: ``p50_ms``, ``p95_ms`` and ``p99_ms`` from
      the end of a prompt, with its key, to the next one on the wire, beside the limit ``limit_ms``;
      ``answer_p95_ms``: from the answer to a look-up to the prompt after it; ``dips_failed`` of the look-ups;
    - the same with nothing looked up (``plain_p95_ms``), and with look-ups that are never answered
      (``stuck_p95_ms``); ``dips_to_plain`` and ``stuck_to_plain`` say how much longer the others wait then;
    - ``engine_cores`` and ``switch_cores``: the share of a core of each process."""
    make = SCENARIOS.get(scenario)
    if make is None:
        raise NotFound("scenario", scenario, known=SCENARIOS)
    with tempfile.TemporaryDirectory(prefix="fsorch-bench-") as folder:
        played = make()
        contacts = contacts or played.contacts
        figures: dict[str, float] = {"contacts": contacts, "waiting": waiting}
        return figures | played.measure(Stage(played, Path(folder), seed), contacts, waiting)
