"""The pacers of campaigns: told what happens, by the clock on the campaign's wall, and made anew without forgetting.

A pacer is made anew when its campaign is edited, paused and resumed, or taken up after a restart of ours. It gets what
the one before it had learned (:mod:`fsorch.campaign.pacing_memory`), and then what is under way with its age: a call
that has rung for twenty seconds is about to be answered, one that was just placed is not, and who has answered and
waits takes the next agent who is free.

The pacer of a campaign may be anybody's. One that fails, or wants what cannot be, is put aside until its campaign is
edited or begins anew, and people are told; meanwhile there is a line for each free agent, which is never wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta, tzinfo
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from fsorch.acd import AgentState
from fsorch.calendar_rules import Weekday
from fsorch.campaign.dial import DialState
from fsorch.campaign.pacing import LEVELS, PACERS, Pacer
from fsorch.campaign.pacing_guard import Guard
from fsorch.campaign.pacing_watch import Watch
from fsorch.campaigns import CampaignState, LevelSpec, Outcome
from fsorch.clock import EPOCH, US
from fsorch.engine.actions import KeepLearnt
from fsorch.engine.core import Core
from fsorch.engine.dialling_answers import SOONEST_S
from fsorch.engine.dialling_checks import Checks
from fsorch.engine.dialling_holds import PACED, phase, serves, stands
from fsorch.engine.dialling_state import Dial, Run
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import PacingWas
from fsorch.engine.state import Person
from fsorch.engine.waiting import Waiting

__all__ = ["COMING", "Paces"]

# The calls that have not had an agent yet.
COMING = (DialState.PLACED, DialState.RINGING, DialState.UP, DialState.HANDED)

# The clock on the wall may differ so much from ours that only counts on: more is a change of it.
SAME_CLOCK_S = 60.0
# Nobody learns from how much longer a talk lasts; and a pacer takes a longer silence for a clock that was set.
OLDEST_S = 900.0
STEP_S = 50.0
NOBODY = ""
# What is certain to be there and right for every campaign.
SAFE = "progressive"
# An agent who took a call so shortly before somebody answered would be taken for the one who has them.
APART_S = 1.0


class Paces:
    """``dials`` are those under way, by attempt."""

    def __init__(self, core: Core, checks: Checks, waiting: Waiting, dials: dict[str, Dial]) -> None:
        self.core = core
        self.checks = checks
        self.waiting = waiting
        self.dials = dials

    def of(self, run: Run) -> Guard:
        """The campaign's pacer."""
        if run.pacer is not None and run.pacer.fault:
            self._put_aside(run, run.pacer.fault)
        if run.pacer is None:
            pacer = self._made(run)
            if pacer.fault:
                self._put_aside(run, pacer.fault)
                pacer = self._made(run)
            if run.learnt is not None:
                pacer.resume(run.learnt)
            self._catch_up(run, pacer)
            run.pacer, run.kept_at = pacer, self.core.now.mono
        return run.pacer

    def _made(self, run: Run) -> Guard:
        spec = run.spec
        name = SAFE if run.over or run.few or run.misfit else PACED[spec.mode] or spec.pacer
        rules = self.checks.of(spec)
        # Of the time that a person may wait, the pause that tells them from a machine is over when we hear of them.
        listened = spec.amd.pause_s if spec.amd is not None and spec.amd.timing else 0.0
        left_s = max(min(SOONEST_S, rules.drop_s), rules.drop_s - listened)
        options: dict[str, Any] = {"target": rules.target, "tolerance_s": left_s}
        options |= {"ratio": spec.ratio} if name == "power" else {}
        options |= _level(spec.level) if name in LEVELS else {}
        if name == "tapered":
            options |= {"shift": self._shift(run), "loose": spec.level.loose, "strict": spec.level.strict}

        def make() -> Pacer:
            return PACERS.find(name)(**options)

        return Guard(make, lambda: len(self.crew(run)))

    def _put_aside(self, run: Run, fault: str) -> None:
        """The pacer of a campaign is of no use; people are told once."""
        run.pacer, run.misfit = None, f"its pacer {run.spec.pacer} is put aside ({fault}): one line for each free agent"
        fields = {"campaign": run.spec.id, "state": run.state.value, "held": run.held, "pacing": run.misfit}
        self.core.fact(FactKind.CAMPAIGN_CHANGED, queue=run.spec.queue, **fields)

    def due(self, run: Run) -> int:
        """How many calls it wants to launch now."""
        pacer, now = self.of(run), self.now(run)
        wanted = pacer.due(now)
        return self.of(run).due(now) if pacer.fault else wanted

    def excess(self, run: Run) -> int:
        """How many calls ring that are too many."""
        if run.state is not CampaignState.RUNNING:
            # Nobody is of it any more, and whoever serves its queue may get them.
            pacer, now = self.of(run), self.now(run)
            for agent, state in self.crew(run).items():
                if self._is_paced(agent):
                    pacer.on_agent(agent, state, now)
        return run.pacer.excess(self.now(run)) if run.pacer is not None else 0

    def crew(self, run: Run) -> dict[str, str]:
        """Who is there for the calls of a campaign, and what they do: its agents, or, when it launches nothing more,
        whoever serves its queue, those who are away among them."""
        if run.state is CampaignState.RUNNING:
            return run.agents
        return {id: phase(person) for id, person in self.core.people.items() if serves(person, run.spec.queue)}

    def forget(self, run: Run) -> None:
        """Another pacer will follow, which goes on from what this one knows."""
        self.keep(run)
        run.pacer = None

    def anew(self, run: Run) -> None:
        """Another pacer follows because somebody wants it so: one that was put aside has its chance again."""
        self.forget(run)
        run.misfit = ""

    def keep(self, run: Run, every_s: float = 0.0) -> None:
        """Give the records what the pacer has learned, if that was ``every_s`` ago."""
        now = self.core.now.mono
        if run.pacer is None or now - run.kept_at < every_s:
            return
        learnt = run.pacer.learnt()
        if learnt is not None:
            run.learnt, run.kept_at = learnt, now
            self.core.ask(KeepLearnt(campaign=run.spec.id, learnt=learnt))

    def agent(self, run: Run, agent: str, state: str) -> None:
        """What an agent of the campaign does from now on."""
        if run.pacer is not None and self._is_paced(agent):
            run.pacer.on_agent(agent, _counted(run, agent, state), self.now(run))

    def launched(self, run: Run, dial: Dial) -> None:
        """A call was placed. One for an agent alone waits for nobody else."""
        if run.pacer is not None and not dial.agent:
            run.pacer.on_launch(dial.id, self.now(run), dial.lead.list)

    def told(self, run: Run, dial: Dial, outcome: Outcome) -> None:
        """What became of a call."""
        if run.pacer is not None:
            run.pacer.on_result(dial.id, outcome.paced, self.now(run))

    def dropped(self, run: Run, dial: Dial) -> None:
        """Nobody was there for it."""
        if run.pacer is not None:
            run.pacer.on_drop(dial.id, self.now(run))

    def were(self, runs: dict[str, Run], input: PacingWas) -> None:
        """What the records have from an earlier life of ours."""
        for id, learnt in input.learnt.items():
            if id in runs and runs[id].learnt is None:
                runs[id].learnt = learnt

    def now(self, run: Run) -> float:
        """The time by which the campaign's pacer goes: the seconds of the clock on the wall of its calendar's zone
        (without one, its tenant's, or UTC). They count on evenly, but for the nights when the clocks are changed."""
        now = self.core.now
        wall = EPOCH + timedelta(microseconds=now.wall)
        shown = wall.astimezone(_zone(self.core.tenancy.zone_of(run.spec)))
        off = now.wall / US + (shown.utcoffset() or timedelta()).total_seconds() - now.mono
        if not abs(off - run.clock_off) <= SAME_CLOCK_S:
            run.clock_off = off
        return now.mono + run.clock_off

    def _shift(self, run: Run) -> tuple[float, float] | None:
        """The campaign's hours on this day of the week, from the first opening to the last closing, in seconds of the
        day; None: it has no calendar, or the day no hours."""
        calendar = self.waiting.calendar(run.spec.calendar, self.core.tenancy.of_campaign(run.spec.id))
        if calendar is None:
            return None
        day = list(Weekday)[calendar.local(self.core.now.wall).weekday()]
        spans = [one.split("-") for one in calendar.spec.hours.get(day, ())]
        if not spans:
            return None
        return min(_of_day(start) for start, _ in spans), max(_of_day(end) for _, end in spans)

    # -- what is under way ----------------------------------------------------------------------------------------

    def _catch_up(self, run: Run, pacer: Guard) -> None:
        """Tell a new pacer what is going on, in the order in which it came to it."""
        now, past = self.now(run), list[tuple[float, Callable[[float], None]]]()
        crew = self.crew(run)
        for agent in filter(self._is_paced, crew):
            state = _counted(run, agent, crew[agent])
            apart = 0.0 if self._takes_one(agent) else APART_S
            past.append((now - self._age(agent) - apart, partial(pacer.on_agent, agent, state)))
        for dial in self.dials.values():
            if (
                dial.campaign.id == run.spec.id
                and not dial.agent
                and dial.machine.state in (*COMING, DialState.CANCELLED)
            ):
                age = min(OLDEST_S, max(0.0, self.core.now.mono - dial.since))
                past.append((now - age, partial(_launched, pacer, dial)))
                if dial.machine.state is DialState.HANDED:
                    past.append((now - min(age, self._waits_s(dial)), partial(pacer.on_result, dial.id, "live")))
        told = -math.inf
        for at, tell in sorted(past, key=lambda one: one[0]):
            _let_pass(pacer, told, at)
            tell(at)
            told = at
        _let_pass(pacer, told, now)
        pacer.caught_up()

    def _waits_s(self, dial: Dial) -> float:
        """How long somebody who has answered has waited for an agent."""
        contact = self.core.contacts.get(dial.id)
        since = contact.began_at if contact is not None else dial.answered_at
        return max(0.0, (self.core.now.wall - since) / US)

    def _age(self, agent: str) -> float:
        """How long an agent has been doing what they do, where that matters."""
        person, wall = self.core.people.get(agent), self.core.now.wall
        since = wall
        if person is not None and person.agent.state is AgentState.WRAP_UP:
            since = person.wrap_up_began or wall
        elif person is not None and person.agent.state is AgentState.TALKING:
            since = self._talks_since(person) or wall
        elif person is not None and (offer := self.core.offers.get(person.offer)) is not None:
            since = offer.made_at
        return min(OLDEST_S, max(0.0, (wall - since) / US))

    def _takes_one(self, agent: str) -> bool:
        """Whether an agent is about to have somebody who has answered and waits."""
        person = self.core.people.get(agent)
        offer = self.core.offers.get(person.offer) if person is not None else None
        dial = self.dials.get(offer.contact) if offer is not None else None
        return dial is not None and dial.machine.state is DialState.HANDED

    def _talks_since(self, person: Person) -> int:
        dial, contact = self.dials.get(person.contact), self.core.contacts.get(person.contact)
        return (dial.bridged_at if dial is not None else 0) or (contact.answered_at if contact is not None else 0)

    def _is_paced(self, agent: str) -> bool:
        """Whether calls are launched for this agent before it is known who takes them."""
        person = self.core.people.get(agent)
        return person is None or stands(person)


def _counted(run: Run, agent: str, state: str) -> str:
    """What a pacer is told of an agent: who is free, but may get a call of the campaign that they came from, has one
    coming."""
    return AgentState.RESERVED.value if state == AgentState.IDLE and run.owing.get(agent) else state


def _level(spec: LevelSpec) -> dict[str, float]:
    return {"every_s": spec.every_s, "step": spec.step, "highest": spec.highest}


def _launched(pacer: Guard, dial: Dial, at: float) -> None:
    pacer.on_launch(dial.id, at, dial.lead.list)


def _let_pass(guard: Guard, told: float, now: float) -> None:
    """From one moment to another, in steps that no pacer of ours takes for a clock that was set."""
    pacer: object = guard.pacer
    while isinstance(pacer, Watch) and told + STEP_S < now < math.inf and told > -math.inf:
        told += STEP_S
        guard.on_agent(NOBODY, "away", told)


def _of_day(text: str) -> float:
    """``09:30`` in seconds of the day."""
    hours, minutes = text.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0


@cache
def _zone(name: str) -> tzinfo:
    return ZoneInfo(name)
