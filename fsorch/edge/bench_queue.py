"""The scenario ``queue`` of ``fsorch bench calls``: callers who choose a queue and are served by agents.

They are parked, answered, hear a greeting and a menu, choose, wait to music, are offered to an agent whose phone
rings, talk, hang up, and are written down. Three turns:

- *waiting*: callers and nobody at work: what a waiting contact weighs, and how soon another service has them back;
- *busy*: a new caller comes whenever one has gone: contacts per second;
- *calm*: callers come at a steady rate: the time from the receive that made an agent and a contact meet, to the end
  of the write that holds the command.
"""

from __future__ import annotations

from fsorch.config import AgentSpec, Centre, MembershipSpec, QueueSpec
from fsorch.edge.bench_stage import Stage
from fsorch.flow_menus import menu_flow
from fsorch.sim.world import TrafficPlan

__all__ = ["QueueScenario"]

QUEUES = ("sales", "support", "service", "orders")
PROMPT = "silence_stream://20"
# A contact keeps an agent for half a second, so that these could serve 600 a second: the engine is what is measured.
MOST_AGENTS = 300
# Callers of the busy turn at the same time. More would wait so long for an engine on a slow machine that the dialplan
# serves them by itself.
AT_ONCE = 400


class QueueScenario:
    """See the module."""

    contacts = 3_000
    # People who lose no time: what is measured is the engine.
    traffic = TrafficPlan(
        menu_keys={"1": 1.0, "2": 1.0, "3": 1.0, "4": 1.0},
        patience_s=100_000.0,
        talk_s=0.3,
        reaction_s=0.05,
        ring_s=0.1,
        answer_rate=1.0,
        caller_hangs_up=0.5,
    )

    def centre(self, contacts: int) -> Centre:
        """Four queues, and agents enough for the calm turn."""
        agents = min(MOST_AGENTS, max(20, contacts // 10))
        return Centre(
            name="bench",
            queues=tuple(QueueSpec(id=id, wrap_up_s=0.0, miss_delay_s=0.1) for id in QUEUES),
            agents=tuple(
                AgentSpec(
                    id=f"a{n}",
                    phone=f"user/{2000 + n}@sim.fsorch",
                    queues=(MembershipSpec(queue=QUEUES[n % 4]), MembershipSpec(queue=QUEUES[(n + 1) % 4])),
                )
                for n in range(agents)
            ),
            flows=(menu_flow("main", {str(n + 1): id for n, id in enumerate(QUEUES)}, person=QUEUES[0]),),
            flow="main",
            prompts=dict.fromkeys(("greeting", "menu", "invalid"), PROMPT),
        )

    def measure(self, stage: Stage, contacts: int, waiting: int) -> dict[str, float]:
        """The three turns; a tenth of the contacts come in the calm one."""
        figures = stage.wait("waiting", waiting, 400.0)
        figures |= stage.serve("busy", contacts, 2_000.0, AT_ONCE).speed()
        return figures | stage.serve("calm", max(20, contacts // 10), 50.0).latency()
