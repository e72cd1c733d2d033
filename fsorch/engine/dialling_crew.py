"""Who dials for which campaign, and what becomes of calls for which nobody is left.

An agent dials for one campaign at a time: two pacers that both count on the same free agent would launch two calls. Who
serves several campaigns goes where they are needed most, by the campaigns' weight: at once while they are free, at the
end of their talk else. Where there are too few to be shared by number, they are shared over time
(:mod:`fsorch.campaign.agent_turns`).

Calls of the campaign that an agent leaves may ring on, for the agent was counted on. They are answered by whoever
serves the queue, this agent among them; so the campaign that they go to does not count on them before those calls are
over (`Run.owing`). Its pacer hears of an agent who is reserved.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from fsorch.acd import AgentState
from fsorch.campaign.agent_turns import Turns
from fsorch.campaign.pacing_watch import LASTING_S
from fsorch.campaigns import CampaignState, Mode, Outcome
from fsorch.clock import US
from fsorch.engine.core import Core
from fsorch.engine.dialling_calls import DialCalls
from fsorch.engine.dialling_holds import is_hindered, may_serve, phase
from fsorch.engine.dialling_pace import COMING, Paces
from fsorch.engine.dialling_state import Dial, Run
from fsorch.engine.facts import FactKind
from fsorch.engine.state import Person

__all__ = ["Crew"]

# What a switch that cannot be reached is to do, it is told so much later.
TOLD_S = 1.0
# How often it is reckoned what each campaign has had of its agents.
RECKON_S = 1.0
# Of differences of moments: a deadline that is so near would come again and again.
ROUNDING_S = 1e-6
NOBODY_LEFT = "no agent is left"


class Crew:
    """The agents of the campaigns ``runs``. ``soon`` is told when a campaign may have something to do."""

    def __init__(
        self, core: Core, runs: dict[str, Run], dials: DialCalls, paces: Paces, soon: Callable[[], None]
    ) -> None:
        self.core = core
        self.runs = runs
        self.dials = dials
        self.paces = paces
        self.soon = soon
        # Whether an agent looks at a lead, or waits for one they have asked for.
        self.looks: Callable[[str], bool] = lambda agent: False
        # Whether a gateway says when a phone rings.
        self.tells: Callable[[str], bool] = lambda gateway: False
        self._of_queue: dict[str, list[Run]] = {}
        # For whom each agent dials.
        self._homes: dict[str, str] = {}
        self._turns = Turns()
        self._reckoned = -RECKON_S

    def configure(self) -> None:
        """The campaigns, or what they ask for, have changed."""
        self._of_queue = {}
        for run in self.runs.values():
            self._of_queue.setdefault(run.spec.queue, []).append(run)

    def weighed(self, run: Run, before: float) -> None:
        """A campaign's weight was edited; it was ``before``."""
        if run.spec.weight != before:
            self._turns.favour(run.spec.id, run.spec.weight > before)

    def dismiss(self, run: Run) -> None:
        """A campaign dials no more: its agents are free for others."""
        for agent in run.agents:
            self._homes.pop(agent, None)
        run.agents = {}
        run.owing.clear()

    def staffed(self, person: Person) -> None:
        """An agent's choice, state or readiness may have changed."""
        state, id = phase(person), person.spec.id
        home = self.runs.get(self._homes.get(id, ""))
        if home is not None and (state == "away" or not self._belongs(person, home)):
            # They go, or have lost a skill or the queue, or the campaign asks for others than it did.
            self._leave(home, id, brief=state == "away" and is_hindered(person))
            if state != "away":
                # What rang for them may have ended with that, so that they are at another one by now.
                self.staffed(person)
                return
            home = None
        if state == "away":
            for run in self._stopped(person):
                self._left(run, brief=False)
            return
        if home is not None and home.agents[id] == AgentState.TALKING and state != AgentState.TALKING:
            other = self._other(person, home)
            if other is not None:
                home = self._move(person, home, other)
        if home is None:
            home = self._home_of(person)
            if home is None:
                return
            self._join(home, id)
        if home.agents[id] != state:
            home.agents[id] = state
            self.paces.agent(home, id, state)
            self.soon()

    def _stopped(self, person: Person) -> list[Run]:
        """The campaigns that launch nothing more while calls of theirs may still ring for an agent, who is of none."""
        runs = [run for member in person.spec.queues for run in self._of_queue.get(member.queue, ())]
        return [run for run in runs if run.lines and run.state is not CampaignState.RUNNING]

    def _join(self, run: Run, agent: str) -> None:
        self._homes[agent] = run.spec.id
        run.agents[agent] = ""

    def _belongs(self, person: Person, run: Run) -> bool:
        """Whether an agent may dial for a campaign as both are now."""
        serves = any(member.queue == run.spec.queue for member in person.spec.queues)
        return run.state is CampaignState.RUNNING and serves and may_serve(person, run.spec)

    def _home_of(self, person: Person) -> Run | None:
        """The running campaign that an agent dials for: of those they serve, and that have leads for them, the one with
        the fewest agents for its weight."""
        owed = self._turns.owed
        return min(
            self._wanting(person),
            key=lambda run: (
                not run.hungry,
                (len(run.agents) + 1) / run.spec.weight,
                -owed.get(run.spec.id, 0.0),
            ),
            default=None,
        )

    def _wanting(self, person: Person) -> list[Run]:
        """The running campaigns for which an agent may dial."""
        runs = [run for member in person.spec.queues for run in self._of_queue.get(member.queue, ())]
        return [run for run in runs if self._belongs(person, run)]

    def _other(self, person: Person, home: Run) -> Run | None:
        """The campaign that needs an agent more than ``home``, for it has too few for its weight or it is its turn, or
        ``home`` has nobody whom it could call. None: there is none."""
        owed = self._turns.owed
        others = [run for run in self._wanting(person) if run is not home and run.hungry]
        if not others:
            return None
        fewest = min(others, key=lambda run: (len(run.agents) + 1) / run.spec.weight)
        had = len(home.agents) / home.spec.weight
        if not home.hungry or (len(fewest.agents) + 1) / fewest.spec.weight <= had - 1 / home.spec.weight:
            return fewest
        first = max(others, key=lambda run: owed.get(run.spec.id, 0.0))
        less = len(first.agents) / first.spec.weight < had
        return first if less and self._turns.is_turn(first.spec.id, home.spec.id) else None

    def share(self) -> None:
        """Free agents go where they are needed more; the others are looked at when they have talked."""
        self._settle()
        running = [run for run in self.runs.values() if run.state is CampaignState.RUNNING]
        if len(running) < 2:
            return
        self._reckon()
        for home in running:
            self._share(home)

    def _reckon(self) -> None:
        """What each campaign has had of those agents whom others could use too."""
        now = self.core.now.mono
        if now - self._reckoned < RECKON_S:
            return
        self._reckoned, found = now, list[tuple[str, dict[str, float]]]()
        for id, home in self._homes.items():
            person = self.core.people.get(id)
            runs = [run for run in self._wanting(person) if run.hungry] if person is not None else []
            wanted = {run.spec.id: run.spec.weight for run in runs}
            if len(wanted) > 1:
                found.append((home, wanted))
        self._turns.reckon(now, found)

    def _share(self, home: Run) -> None:
        idle = [id for id, state in home.agents.items() if state == AgentState.IDLE]
        for id in idle:
            person = self.core.people.get(id)
            if person is None or not person.agent.free or self.looks(id):
                continue
            other = self._other(person, home)
            if other is not None:
                self._move(person, home, other)
                self.staffed(person)

    def _move(self, person: Person, home: Run, other: Run) -> Run:
        """An agent goes to another campaign, and with them their part of the calls that may want one of those who are
        free (or, if they are not, of all who are there). Calls for which there are others who are free stay."""
        id = person.spec.id
        coming = self._coming(home)
        others = sum(state == AgentState.IDLE for agent, state in home.agents.items() if agent != id)
        among = others + 1 if home.agents[id] == AgentState.IDLE else len(home.agents)
        owing = home.owing.pop(id, set())
        if len(coming) > others:
            owing |= set(coming[: ceil(len(coming) / among)])
        self._depart(home, id)
        if owing:
            other.owing[id] = owing
        self._join(other, id)
        self.soon()
        return other

    def _coming(self, run: Run) -> list[str]:
        """The calls of a campaign that may want an agent and that no agent who has left it answers for, the one that
        was placed first before all others."""
        taken = set[str]().union(*(dials for one in self.runs.values() for dials in one.owing.values()))
        return [
            id
            for id, dial in self.dials.dials.items()
            if dial.campaign.id == run.spec.id and dial.machine.state in COMING and not dial.agent and id not in taken
        ]

    def _settle(self) -> None:
        """Who came from another campaign is free of the calls of it that are over."""
        for run in self.runs.values():
            for agent, owed in list(run.owing.items()):
                left = {id for id in owed if self.comes(id)}
                if left:
                    run.owing[agent] = left
                    continue
                del run.owing[agent]
                self.paces.agent(run, agent, run.agents[agent])

    def comes(self, id: str) -> bool:
        """Whether a call is under way that has had no agent yet."""
        dial = self.dials.dials.get(id)
        return dial is not None and dial.machine.state in COMING

    def _depart(self, run: Run, agent: str) -> None:
        self.paces.agent(run, agent, "away")
        del run.agents[agent], self._homes[agent]

    def _leave(self, run: Run, agent: str, *, brief: bool) -> None:
        """An agent goes, and not to another campaign; ``brief``: perhaps for a moment only."""
        owing = run.owing.pop(agent, set())
        self._depart(run, agent)
        self._left(run, brief=brief)
        for id in owing:
            dial = self.dials.dials.get(id)
            whose = self.runs.get(dial.campaign.id) if dial is not None else None
            if whose is not None and whose is not run:
                self._left(whose, brief=brief)

    def look_at_all(self) -> None:
        """Whatever concerns all agents may have changed."""
        # With a call that is given up, an agent of it who is no longer in the centre is gone.
        for person in list(self.core.people.values()):
            self.staffed(person)

    def _left(self, run: Run, *, brief: bool) -> None:
        """An agent has gone. With the last of them goes what nobody can take any more."""
        if not self._expected(run) and run.spec.mode is not Mode.AGENTLESS:
            theirs = [dial for dial in self.dials.dials.values() if dial.campaign.id == run.spec.id]
            # An agent who has dialled by hand waits for that call, whatever the campaign does.
            for dial in [dial for dial in theirs if run.state is CampaignState.RUNNING or not dial.agent]:
                if brief and self.dials.may_cancel(dial):
                    self.core.timers.set(("withdraw", dial.id), self.core.now.mono + LASTING_S)
                else:
                    self._withdraw(dial)
        self.soon()

    def rings(self, run: Run) -> bool:
        """Whether calls of a campaign are under way for which an agent is still to be found."""
        return any(
            dial.campaign.id == run.spec.id and not dial.agent and dial.machine.state in COMING
            for dial in self.dials.dials.values()
        )

    def call_off(self, run: Run, calls: int) -> None:
        """Hang up so many of the calls that ring for more people than there will be agents for, as far as the law
        allows: those whose phone does not ring yet first, then those that have rung long enough; of both the ones that
        were placed last, for they are the likeliest to be answered still. Promised calls come last. Those for which an
        agent who has left stands in are not too many."""
        if calls <= 0:
            return
        theirs = set[str]().union(*(dials for one in self.runs.values() for dials in one.owing.values()))
        ring = [
            dial
            for dial in self.dials.dials.values()
            if dial.campaign.id == run.spec.id and not dial.agent and self.dials.may_cancel(dial)
        ]
        calls -= sum(dial.id in theirs for dial in ring)
        ready = [dial for dial in reversed(ring) if dial.id not in theirs and self._may_end(dial)]
        ready.sort(key=lambda dial: (dial.owed, bool(dial.ringing_at)))
        there = sum(state != "away" for state in self.paces.crew(run).values())
        some = f"more people may answer than the {there} at work can take"
        for dial in ready[: max(0, calls)]:
            self._end(dial, some if there else NOBODY_LEFT)
            self.paces.told(run, dial, Outcome.CANCELLED)

    def _may_end(self, dial: Dial) -> bool:
        switch = self.core.switches.get(dial.switch)
        return switch is not None and switch.up and self._owes_s(dial) <= ROUNDING_S

    def _end(self, dial: Dial, why: str) -> None:
        rang_us = max(0, self.core.now.wall - dial.ringing_at) if dial.ringing_at else 0
        fields = {"campaign": dial.campaign.id, "lead": dial.lead.id, "rang_us": rang_us, "why": why}
        marks = {"leg": dial.leg, "queue": dial.campaign.queue, "switch": dial.switch}
        self.core.fact(FactKind.CALL_OFF, dial.id, **marks, **fields)
        self.dials.cancel(dial)

    def _owes_s(self, dial: Dial) -> float:
        """How long a call must still ring before it may be given up. A phone that does not ring yet has heard nothing;
        where the gateway does not say when it rings, it may have rung since the call was placed."""
        passed = self.core.now.mono - dial.since
        if dial.ringing_at:
            return dial.least_ring_s - max(0.0, min(passed, (self.core.now.wall - dial.ringing_at) / US))
        return 0.0 if self.tells(dial.gateway) else dial.least_ring_s - passed

    def _withdraw(self, dial: Dial) -> None:
        """A call that rings and has nobody: ended, once it has rung as long as the law wants."""
        if not self.dials.may_cancel(dial):
            return
        if not dial.leg:
            # The agent's own phone comes first and still rings: there is nobody yet to ring any longer, and nobody may
            # be called for an agent who goes.
            self.dials.not_called(dial)
            return
        least = self._owes_s(dial)
        switch = self.core.switches.get(dial.switch)
        if switch is None or not switch.up:
            # Nobody can be told; once the link is back the agents may be, too.
            least = max(least, TOLD_S)
        if least <= ROUNDING_S:
            self._end(dial, NOBODY_LEFT)
        else:
            self.core.timers.set(("withdraw", dial.id), self.core.now.mono + least)

    def withdraw_due(self, id: str) -> None:
        """A call has rung long enough to be given up, if there is still nobody."""
        dial = self.dials.dials.get(id)
        run = self.runs.get(dial.campaign.id) if dial is not None else None
        if dial is not None and (run is None or not self._expected(run)):
            self._withdraw(dial)

    def _expected(self, run: Run) -> bool:
        """Whether somebody is there for the calls of a campaign: an agent of it, or one who has left it for another.
        When it was stopped: whoever serves its queue and has not chosen to be away."""
        if run.state is not CampaignState.RUNNING:
            return any(
                (phase(person) != "away" or is_hindered(person))
                and any(member.queue == run.spec.queue for member in person.spec.queues)
                for person in self.core.people.values()
            )
        owed = (id for one in self.runs.values() for dials in one.owing.values() for id in dials)
        return bool(run.agents) or any(
            self.comes(id) and self.dials.dials[id].campaign.id == run.spec.id for id in owed
        )
