"""A dialler in virtual time: a pacer, agents, and the people it reaches. No socket, no clock.

Every `tick_s` the pacer is asked how many calls to place; each call ends as `dialer_traffic` has drawn it; a live
answer takes the agent who is free longest, or waits, or is dropped. All is counted as it happens, so that a run proves
what it prints.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable

import msgspec

from fsorch.campaign.pacing import CallsOff, Pacer
from fsorch.sim.dialer_traffic import DialerPlan, Traffic

__all__ = ["DialerReport", "run"]

Happening = Callable[[], None]


class DialerReport(msgspec.Struct, kw_only=True):
    """What a run did. ``utilisation``: talk and wrap-up over logged-in time; ``drop_rate``: drops over live answers;
    ``worst_hour``: the highest drop rate of any hour with 30 live answers; ``peak_10s``: most calls placed within ten
    seconds; ``agent_wait_s``: mean idle time before a talk; ``answer_wait_s``: mean wait of who was served;
    ``waited``: share of those who waited at all; ``called_off``: calls that were hung up before they were answered,
    ``rung_off`` of which rang."""

    pacer: str = ""
    agents: int = 0
    seed: int = 0
    utilisation: float = 0.0
    drop_rate: float = 0.0
    worst_hour: float = 0.0
    launched: int = 0
    live: int = 0
    machine: int = 0
    connected: int = 0
    dropped: int = 0
    called_off: int = 0
    rung_off: int = 0
    peak_10s: int = 0
    agent_wait_s: float = 0.0
    answer_wait_s: float = 0.0
    waited: float = 0.0


class _Agent:
    __slots__ = ("id", "leaving", "since")

    def __init__(self, number: int) -> None:
        self.id = f"agent-{number}"
        self.leaving = False
        self.since = 0.0


class _Run:
    """One run's state. What happens is a heap of (moment, order, what to do)."""

    def __init__(self, plan: DialerPlan, pacer: Pacer) -> None:
        self.plan, self.pacer, self.traffic = plan, pacer, Traffic(plan)
        self.end = plan.hours * 3600.0
        self.now = 0.0
        self.report = DialerReport(agents=plan.agents, seed=plan.seed)
        self.free: deque[_Agent] = deque()
        self.present: set[_Agent] = set()
        # When each call that is not over was placed.
        self.ringing: dict[int, float] = {}
        self.waiting: deque[tuple[int, float, float, float]] = deque()
        self.hours: list[list[int]] = [[0, 0] for _ in range(int(plan.hours) + 1)]
        self.recent: deque[tuple[float, int]] = deque()
        self.busy_s = self.logged_s = self.idle_s = self.wait_s = 0.0
        self.waits = self._order = self._hired = 0
        self._heap: list[tuple[float, int, Happening]] = []

    def at(self, moment: float, what: Happening) -> None:
        self._order += 1
        heapq.heappush(self._heap, (moment, self._order, what))

    def go(self) -> DialerReport:
        self.staff(self.plan.agents)
        for step in self.plan.staff:
            self.at(step.hour * 3600.0, lambda n=int(step.value): self.staff(n))  # type: ignore[misc]
        ticks = 0
        while True:
            tick = ticks * self.plan.tick_s
            if self._heap and self._heap[0][0] <= min(tick, self.end):
                self.now, _, what = heapq.heappop(self._heap)
                what()
                continue
            self.now = min(tick, self.end)
            if tick >= self.end:
                break
            ticks += 1
            if self.plan.call_off_s is not None and isinstance(self.pacer, CallsOff):
                self.call_off(self.pacer.excess(self.now), self.plan.call_off_s)
            self.place(self.pacer.due(self.now))
        return self.summed()

    # People of the floor ---------------------------------------------------------------------------------------

    def staff(self, wanted: int) -> None:
        """The head count from now on. Who is free leaves at once, who talks after wrap-up."""
        staying = [agent for agent in self.present if not agent.leaving]
        for _ in range(wanted - len(staying)):
            agent = _Agent(self._hired)
            self._hired += 1
            agent.since = self.now
            self.present.add(agent)
            self.logged_s += self.end - self.now
            self.ready(agent)
        for _ in range(len(staying) - wanted):
            if self.free:
                self.leave(self.free.pop())
            else:
                next(agent for agent in sorted(staying, key=lambda a: a.id) if not agent.leaving).leaving = True

    def leave(self, agent: _Agent) -> None:
        agent.leaving = True
        self.present.discard(agent)
        self.logged_s -= self.end - self.now
        self.pacer.on_agent(agent.id, "logged_out", self.now)

    def ready(self, agent: _Agent) -> None:
        if agent.leaving:
            self.leave(agent)
            return
        agent.since = self.now
        self.pacer.on_agent(agent.id, "idle", self.now)
        if self.waiting:
            call, since, talk, wrap = self.waiting.popleft()
            self.talk(agent, since, talk, wrap)
        else:
            self.free.append(agent)

    def talk(self, agent: _Agent, since: float, talk: float, wrap: float) -> None:
        self.idle_s += self.now - agent.since
        self.wait_s += self.now - since
        self.waits += self.now > since
        self.report.connected += 1
        self.pacer.on_agent(agent.id, "talking", self.now)
        self.busy_s += min(self.now + talk + wrap, self.end) - self.now
        self.at(self.now + talk, lambda: self.wrap(agent, wrap))

    def wrap(self, agent: _Agent, wrap: float) -> None:
        self.pacer.on_agent(agent.id, "wrap_up", self.now)
        self.at(self.now + wrap, lambda: self.ready(agent))

    # Calls -----------------------------------------------------------------------------------------------------

    def place(self, wanted: int) -> None:
        for _ in range(wanted):
            call = self.report.launched
            self.report.launched += 1
            self.ringing[call] = self.now
            self.pacer.on_launch(call, self.now)
            answer = self.traffic.next(self.now)
            self.at(self.now + answer.after_s, lambda c=call, a=answer: self.over(c, a.outcome, a.talk_s, a.wrap_s))  # type: ignore[misc]
        if wanted:
            self.recent.append((self.now, wanted))
            while self.recent[0][0] <= self.now - 10.0:
                self.recent.popleft()
            self.report.peak_10s = max(self.report.peak_10s, sum(n for _, n in self.recent))

    def call_off(self, wanted: int, least_s: float) -> None:
        """Hang up so many calls, the youngest first: those that do not ring yet, then those that rang long enough."""
        begins = self.now - self.plan.setup_s
        silent = [call for call, since in reversed(self.ringing.items()) if since > begins]
        rang = [call for call, since in reversed(self.ringing.items()) if since <= begins - least_s]
        for call in (*silent, *rang)[:wanted]:
            self.report.called_off += 1
            self.report.rung_off += self.ringing.pop(call) <= begins
            self.pacer.on_result(call, "cancelled", self.now)

    def over(self, call: int, outcome: str, talk: float, wrap: float) -> None:
        if self.ringing.pop(call, None) is None:
            return
        self.pacer.on_result(call, outcome, self.now)
        self.report.machine += outcome == "machine"
        if outcome != "live":
            return
        self.report.live += 1
        self.hours[int(self.now // 3600)][0] += 1
        if self.free:
            self.talk(self.free.popleft(), self.now, talk, wrap)
        else:
            self.waiting.append((call, self.now, talk, wrap))
            self.at(self.now + self.plan.tolerance_s, lambda: self.give_up(call))

    def give_up(self, call: int) -> None:
        if self.waiting and self.waiting[0][0] == call:
            self.waiting.popleft()
            self.report.dropped += 1
            self.hours[int(self.now // 3600)][1] += 1
            self.pacer.on_drop(call, self.now)

    def summed(self) -> DialerReport:
        report = self.report
        report.utilisation = self.busy_s / self.logged_s if self.logged_s else 0.0
        report.drop_rate = report.dropped / report.live if report.live else 0.0
        report.worst_hour = max((d / n for n, d in self.hours if n >= 30), default=0.0)
        report.agent_wait_s = self.idle_s / report.connected if report.connected else 0.0
        report.answer_wait_s = self.wait_s / report.connected if report.connected else 0.0
        report.waited = self.waits / report.connected if report.connected else 0.0
        return report


def run(plan: DialerPlan, pacer: Pacer, name: str = "") -> DialerReport:
    """Let ``pacer`` dial for the plan's hours. Raises what the pacer raises."""
    report = _Run(plan, pacer).go()
    report.pacer = name
    return report
