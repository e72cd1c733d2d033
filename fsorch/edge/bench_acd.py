"""What ``fsorch bench acd`` measures: how long the distributor takes to decide.

A centre with agents in several queues each, queues of all strategies, many more contacts than agents, and contacts that
ask for skills: one in three by an expression with ``or`` and ``not``. Then life: a contact arrives, a caller leaves, an
agent becomes idle. Each of these is one decision: it is told to the distributor and all its matches are made. The queue
of waiting contacts is kept at its size by arrivals.

Each decision is timed twice: by the processor time of this thread, which is what it costs on one core whatever else the
machine does, and by the clock.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable

from fsorch.acd import Distributor, Need, QueueRules, Tier, Work
from fsorch.demands import Demand, demand_of
from fsorch.names import Skilled, Strategy

__all__ = ["SIZES", "run"]

SKILLS = ("french", "german", "billing", "law", "vip", "technical")
# What queues, flows and dialplans ask for by expressions.
EXPRESSIONS = (
    "french >= 2 and not vip",
    "german or french >= 3",
    "(billing >= 2 or law) and not technical",
    "technical >= 3 and (french or german)",
    "vip and (billing or law) and not french >= 4",
    "billing >= 2 and german <= 3",
    "not (french or german)",
    "law == 3 or (law and vip >= 2)",
)
# The sizes of the table: agents, queues, waiting contacts.
SIZES = ((100, 5, 200), (1_000, 50, 2_000), (10_000, 500, 20_000))


def run(decisions: int = 20_000, seed: int = 1, progress: Callable[[float], None] | None = None) -> dict[str, float]:
    """Measure all sizes and return flat figures: ``p50_ms``, ``p99_ms`` and ``max_ms`` (processor time) and
    ``p99_clock_ms`` of the largest centre, the same for each size as ``p99_ms_<agents>``, ``growth`` (p99 of the
    largest over the smallest) and ``growth_log`` (the same for a cost that grows with the logarithm of the size)."""
    figures: dict[str, float] = {}
    for n, (agents, queues, waiting) in enumerate(SIZES):
        took, clock = _Centre(agents, queues, waiting, seed).live(decisions)
        figures |= {f"{name}_{agents}": value for name, value in _percentiles(sorted(took)).items()}
        figures[f"p99_clock_ms_{agents}"] = _percentiles(sorted(clock))["p99_ms"]
        if progress is not None:
            progress((n + 1) / len(SIZES))
    smallest, largest = SIZES[0][0], SIZES[-1][0]
    figures |= {name: figures[f"{name}_{largest}"] for name in ("p50_ms", "p99_ms", "max_ms", "p99_clock_ms")}
    figures["growth"] = figures[f"p99_ms_{largest}"] / figures[f"p99_ms_{smallest}"]
    figures["growth_log"] = len(bin(largest)) / len(bin(smallest))
    figures["decisions"] = float(decisions)
    return figures


def _percentiles(took: list[float]) -> dict[str, float]:
    def at(share: float) -> float:
        return took[min(len(took) - 1, int(len(took) * share))] * 1000

    return {"p50_ms": at(0.50), "p99_ms": at(0.99), "max_ms": at(1.0)}


class _Centre:
    """A centre in full swing."""

    def __init__(self, agents: int, queues: int, waiting: int, seed: int) -> None:
        self.random = source = random.Random(seed)
        self.now = 0.0
        self.serial = 0
        self.distributor = Distributor(seed)
        self.queues = [f"q{n}" for n in range(queues)]
        strategies = list(Strategy)
        self.distributor.set_queues(
            QueueRules(
                queue=queue,
                strategy=strategies[n % len(strategies)],
                strict=bool(n % 3),
                level_wait_s=20.0 if n % 4 == 0 else 0.0,
                guard=3.0 if n % 5 == 0 else 0.0,
                skilled=Skilled.BEST if n % 10 == 9 else Skilled.ALL,
            )
            for n, queue in enumerate(self.queues)
        )
        self.agents = [f"a{n}" for n in range(agents)]
        for agent in self.agents:
            tiers = [
                Tier(
                    queue,
                    source.randint(1, 3),
                    source.randint(1, 50),
                    source.random() + 0.1,
                    seniority=source.randint(0, 9),
                )
                for queue in source.sample(self.queues, min(5, queues))
            ]
            skills = {skill: source.randint(1, 5) for skill in source.sample(SKILLS, 3)}
            self.distributor.set_agent(agent, tiers, skills)
            self.distributor.set_present(agent, True)
        self.expressions = [demand_of(text) for text in EXPRESSIONS]
        self.waiting: list[str] = []
        for _ in range(waiting):
            self._arrive()
        self.distributor.match(self.now)

    def live(self, decisions: int) -> tuple[list[float], list[float]]:
        """Seconds that each decision took, by the processor's time and by the clock."""
        took, clock = [], []
        gc.collect()
        gc.disable()
        try:
            for n in range(decisions):
                self.now += 0.01
                act = (self._arrive, self._idle, self._idle, self._leave)[n % 4]
                began, before = time.perf_counter(), time.thread_time()
                act()
                made = self.distributor.match(self.now)
                took.append(time.thread_time() - before)
                clock.append(time.perf_counter() - began)
                for _ in made:
                    # Keeps the number of waiting contacts where it was; not a decision that is measured.
                    self._arrive()
        finally:
            gc.enable()
        return took, clock

    def _arrive(self) -> None:
        source, self.serial = self.random, self.serial + 1
        contact = f"c{self.serial}"
        self.distributor.join(
            Need(
                contact=contact,
                queues=(source.choice(self.queues),),
                enqueued_at=round(self.now * 1e6),
                since=self.now,
                priority=source.choice((0, 0, 0, 1, 5)),
                skills=self._demand(),
            )
        )
        self.waiting.append(contact)

    def _demand(self) -> Demand:
        source = self.random
        if source.random() < 1 / 3:
            return source.choice(self.expressions)
        return demand_of({skill: source.randint(1, 3) for skill in source.sample(SKILLS, source.choice((0, 0, 1, 2)))})

    def _idle(self) -> None:
        source = self.random
        agent = source.choice(self.agents)
        self.distributor.ready(agent, Work(self.now, source.random() * 3600, source.randint(0, 60)))

    def _leave(self) -> None:
        self.distributor.leave(self.waiting.pop(self.random.randrange(len(self.waiting))))
