"""The scenario ``ivr`` of ``fsorch bench calls``: callers inside a flow, and what they look up.

Each hears a menu, presses a key after some seconds, hears an answer, and comes to the menu again. Some of the keys ask
an address that is served by another process. Three turns with the same callers and keys:

- *plain*: nothing is looked up, the answer is there;
- *dips*: it comes after 200 ms;
- *stuck*: it never comes.

What is measured is the time from the receive that brought the end of a prompt, with its key or without, to the end of
the write that holds the next prompt; in the last two turns of those who look up nothing as much as of the others. So
the turns beside one another say whether look-ups slow anybody but who waits for them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gevent import subprocess

from fsorch.config import Centre, QueueSpec
from fsorch.edge.bench_stage import Inside, Stage
from fsorch.flow_nodes import Http, Lookup, Menu, Say
from fsorch.flows import FlowSpec
from fsorch.sim.world import TrafficPlan

__all__ = ["IvrScenario"]

PROMPT = "silence_stream://20"
ANSWER_S = 0.2
LIMIT_MS = 10.0
DIP = "1"
# How long it is measured once all are inside, and how fast they come.
MEASURED_S = 20.0
RATE_PER_S = 150.0


class IvrScenario:
    """See the module. With 2,000 callers there are about 50 look-ups and 250 keys a second."""

    contacts = 2_000
    # A key comes about eight seconds after the menu; one caller in eight looks something up each time.
    traffic = TrafficPlan(menu_keys={DIP: 0.13, "2": 0.87}, patience_s=100_000.0, reaction_s=8.0)

    def __init__(self) -> None:
        self.address = ""

    def centre(self, contacts: int) -> Centre:
        """One flow that ends only with the call; where ``address`` is empty nothing is looked up."""
        asked = Lookup(
            http=Http(url=f"http://{self.address}/balance?of={{contact.number}}", timeout_s=3.0, retries=0),
            into={"balance": "account.balance"},
            next="hear",
            default="hear",
        )
        flow = FlowSpec(
            id="main",
            start="menu",
            person="desk",
            max_s=3600.0,
            nodes={
                "menu": Menu(prompt="menu", options={DIP: "ask", "2": "hear", "0": "person"}, timeout_s=60.0, tries=10),
                "ask": asked if self.address else Say(prompt="answer", next="menu"),
                "hear": Say(prompt="answer", next="menu"),
            },
        )
        return Centre(
            name="bench",
            queues=(QueueSpec(id="desk"),),
            flows=(flow,),
            flow="main",
            prompts=dict.fromkeys(("menu", "answer", "invalid"), PROMPT),
        )

    def measure(self, stage: Stage, contacts: int, waiting: int) -> dict[str, float]:
        """The three turns."""
        plain = stage.inside("plain", contacts, RATE_PER_S, MEASURED_S)
        with _answers(ANSWER_S) as self.address:
            dips = stage.inside("dips", contacts, RATE_PER_S, MEASURED_S)
        with _answers(-1.0) as self.address:
            stuck = stage.inside("stuck", contacts, RATE_PER_S, MEASURED_S)
        return _figures(plain, dips, stuck)


def _figures(plain: Inside, dips: Inside, stuck: Inside) -> dict[str, float]:
    p95 = dips.ms(95)
    return {
        "inside": dips.callers,
        "keys_per_s": dips.keys / dips.clock_s,
        "dips_per_s": dips.dips / dips.clock_s,
        "dips_failed": dips.failed,
        "p50_ms": dips.ms(50),
        "p95_ms": p95,
        "p99_ms": dips.ms(99),
        "limit_ms": LIMIT_MS,
        "p95_of_limit": p95 / LIMIT_MS,
        "answer_p95_ms": dips.answer_ms(95),
        "plain_p95_ms": plain.ms(95),
        "dips_to_plain": p95 / plain.ms(95),
        "stuck_p95_ms": stuck.ms(95),
        "stuck_to_plain": stuck.ms(95) / plain.ms(95),
        "stuck_dips_failed": stuck.failed,
        "engine_cores": dips.cpu_s / dips.clock_s,
        "switch_cores": dips.switch_cpu_s / dips.clock_s,
    }


@contextmanager
def _answers(after_s: float) -> Iterator[str]:
    """The address of a process that answers after so long."""
    command = [sys.executable, "-m", "fsorch.edge.bench_answers", str(after_s)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None  # both were asked for above
    assert child.stdout is not None
    try:
        yield f"127.0.0.1:{int(child.stdout.readline())}"
    finally:
        child.stdin.close()
        child.wait()
        child.stdout.close()
