"""Who dials for which campaign, and what becomes of calls for which nobody is left.

An agent dials for one campaign at a time: two pacers that both count on the same free agent would launch two calls. Who
serves several campaigns goes where they are needed most, by the campaigns' weight.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import AgentState
from fsorch.campaign.dial import DialInput
from fsorch.campaigns import CampaignState, Mode
from fsorch.engine.core import Core
from fsorch.engine.dialling_calls import DialCalls
from fsorch.engine.dialling_holds import may_serve, phase
from fsorch.engine.dialling_pace import Paces
from fsorch.engine.dialling_state import Dial, Run
from fsorch.engine.state import Person

__all__ = ["Crew"]

# What a switch that cannot be reached is to do, it is told so much later.
TOLD_S = 1.0


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
        self._of_queue: dict[str, list[Run]] = {}
        # For whom each agent dials.
        self._homes: dict[str, str] = {}

    def configure(self) -> None:
        """The campaigns, or what they ask for, have changed."""
        self._of_queue = {}
        for run in self.runs.values():
            self._of_queue.setdefault(run.spec.queue, []).append(run)

    def dismiss(self, run: Run) -> None:
        """A campaign dials no more: its agents are free for others."""
        for agent in run.agents:
            self._homes.pop(agent, None)

    def staffed(self, person: Person) -> None:
        """An agent's choice, state or readiness may have changed."""
        state, id = phase(person), person.spec.id
        home = self.runs.get(self._homes.get(id, ""))
        if home is not None and (state == "away" or not self._belongs(person, home)):
            # They go, or have lost a skill or the queue, or the campaign asks for others than it did.
            self._leave(home, id)
            home = None
        if state == "away":
            return
        if home is not None and home.agents[id] == AgentState.TALKING and state != AgentState.TALKING:
            home = self._moved(person, home)
        if home is None:
            home = self._home_of(person)
            if home is None:
                return
            self._homes[id] = home.spec.id
            home.agents[id] = ""
        if home.agents[id] != state:
            home.agents[id] = state
            self.paces.agent(home, id, state)
            self.soon()

    def _belongs(self, person: Person, run: Run) -> bool:
        """Whether an agent may dial for a campaign as both are now."""
        serves = any(member.queue == run.spec.queue for member in person.spec.queues)
        return run.state is CampaignState.RUNNING and serves and may_serve(person, run.spec)

    def _home_of(self, person: Person) -> Run | None:
        """The running campaign that an agent dials for: of those they serve, and that have leads for them, the one with
        the fewest agents for its weight."""
        runs = [run for member in person.spec.queues for run in self._of_queue.get(member.queue, ())]
        runs = [run for run in runs if self._belongs(person, run)]
        return min(runs, key=lambda run: (not run.hungry, len(run.agents) / run.spec.weight), default=None)

    def _moved(self, person: Person, home: Run) -> Run | None:
        """The campaign that an agent dials for from now on: another one than ``home`` if that needs them more (it has
        begun later, or weighs more than it did), or if ``home`` has nobody whom it could call. None: they have left."""
        other = self._home_of(person)
        if other is None or other is home or not other.hungry:
            return home
        fair = (len(other.agents) + 1) / other.spec.weight <= (len(home.agents) - 1) / home.spec.weight
        alone = not other.agents and (len(home.agents) > 1 or other.spec.weight > home.spec.weight)
        if home.hungry and not fair and not alone:
            return home
        self._leave(home, person.spec.id)
        return None

    def share(self) -> None:
        """Free agents for whom nothing rings go where they are needed more; the others are looked at when they have
        talked, for until then a pacer counts on them."""
        running = [run for run in self.runs.values() if run.state is CampaignState.RUNNING]
        for home in running if len(running) > 1 else ():
            spare = sum(state == AgentState.IDLE for state in home.agents.values()) - home.lines
            for id in [id for id, state in home.agents.items() if state == AgentState.IDLE]:
                person = self.core.people.get(id)
                if spare <= 0 or person is None or not person.agent.free or self.looks(id):
                    continue
                if self._moved(person, home) is None:
                    self.staffed(person)
                    spare -= 1

    def _leave(self, run: Run, agent: str) -> None:
        self.paces.agent(run, agent, "away")
        del run.agents[agent], self._homes[agent]
        self._left(run)

    def look_at_all(self) -> None:
        for person in self.core.people.values():
            self.staffed(person)

    def _left(self, run: Run) -> None:
        """An agent has gone. With the last of them goes what nobody can take any more."""
        if not run.agents and run.spec.mode is not Mode.AGENTLESS:
            for dial in [dial for dial in self.dials.dials.values() if dial.campaign.id == run.spec.id]:
                self._withdraw(dial)
        self.soon()

    def _withdraw(self, dial: Dial) -> None:
        """A call that rings and has nobody: ended, once it has rung as long as the law wants."""
        if not dial.machine.allows(DialInput.CANCEL):
            return
        least = dial.least_ring_s - (self.core.now.mono - dial.since)
        switch = self.core.switches.get(dial.switch)
        if switch is None or not switch.up:
            # Nobody can be told; once the link is back the agents may be, too.
            least = max(least, TOLD_S)
        if least <= 0:
            self.dials.cancel(dial)
        else:
            self.core.timers.set(("withdraw", dial.id), self.core.now.mono + least)

    def withdraw_due(self, id: str) -> None:
        """A call has rung long enough to be given up, if there is still nobody."""
        dial = self.dials.dials.get(id)
        run = self.runs.get(dial.campaign.id) if dial is not None else None
        if dial is not None and (run is None or not run.agents):
            self._withdraw(dial)
