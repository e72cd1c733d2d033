"""What holds a campaign back: its hours, agents who are gone, gateways that are full, callers who wait, drops."""

from __future__ import annotations

from fsorch.acd import AgentState, AgentStatus
from fsorch.campaign.drops import DropBudget, drop_budget
from fsorch.campaigns import CampaignSpec, CampaignState, Mode
from fsorch.clock import US
from fsorch.compliance_packs import DropRule
from fsorch.demands import demand_of, fulfils, spoken
from fsorch.engine.core import Core
from fsorch.engine.dialling_checks import Checks
from fsorch.engine.dialling_state import Run
from fsorch.engine.dialling_ways import Ways
from fsorch.engine.state import Contact, Person
from fsorch.engine.waiting import Waiting
from fsorch.rules import PhoneMode

__all__ = ["LAUNCHING", "PACED", "Holds", "has_skills", "is_hindered", "may_serve", "phase", "serves", "stands"]

# The modes that launch by a pacer, and which it is where the campaign does not say.
PACED = {Mode.PROGRESSIVE: "progressive", Mode.POWER: "power", Mode.PREDICTIVE: ""}
LAUNCHING = (*PACED, Mode.AGENTLESS)
# Those in which a person has answered before it is decided who talks with them.
UNATTENDED = (Mode.POWER, Mode.PREDICTIVE)


class Holds:
    """Looks at campaigns, and changes nothing."""

    def __init__(self, core: Core, waiting: Waiting, ways: Ways, checks: Checks, runs: dict[str, Run]) -> None:
        self.core = core
        self.runs = runs
        self.waiting = waiting
        self.ways = ways
        self.checks = checks

    def budget(self, run: Run) -> DropBudget:
        """How near the campaign is to the ceiling of its drops: its pack's, or (without a rule) its own target. With a
        group, how near the campaign or the whole group is, whichever is nearer: a group widens nobody's ceiling."""
        rules = self.checks.of(run.spec)
        own = DropRule(id="target", source="the campaign", says="its target", ceiling=rules.target, days=30)
        amd = run.spec.amd
        missed = min(amd.false_positives, 0.99) if amd is not None else 0.0
        found = [
            drop_budget(rule, *count, missed)
            for rule in rules.drop_rules or (own,)
            for count in {_counted(run, rule), self._of_group(run, rule)}
        ]
        # Fewest left, and of those that are over the most drops, that what is shown does not change by chance.
        return min(found, key=lambda one: (one.left, -one.live))

    def _of_group(self, run: Run, rule: DropRule) -> tuple[int, int]:
        """Live answers and drops of all campaigns of its group, as the rule counts them."""
        group = run.spec.drop_group
        of = [one for one in self.runs.values() if one.spec.drop_group == group] if group else [run]
        counts = [_counted(one, rule) for one in of]
        return sum(live for live, _ in counts), sum(drops for _, drops in counts)

    def kept(self, run: Run) -> int:
        """How many lines of its gateways this campaign has to leave to others, which keep them and do not use them."""
        mine = {spec.id for spec in self.ways.of(run.spec.gateways)}
        return sum(
            max(0, one.spec.lines_kept - one.lines)
            for one in self.runs.values()
            if one is not run
            and one.spec.lines_kept
            and one.state is CampaignState.RUNNING
            and mine & {spec.id for spec in self.ways.of(one.spec.gateways)}
        )

    def closed(self, run: Run) -> str:
        """Why it is not the campaign's hour; empty: it is."""
        spec, wall = run.spec, self.core.now.wall
        before = self.runs.get(spec.after)
        if before is not None and before.state is not CampaignState.FINISHED:
            return f"it waits for the campaign {spec.after} to be finished"
        if spec.starts_at is not None and wall < spec.starts_at.timestamp() * US:
            return f"it starts at {spec.starts_at.isoformat()}"
        if spec.ends_at is not None and wall >= spec.ends_at.timestamp() * US:
            return f"it ended at {spec.ends_at.isoformat()}"
        calendar = self.waiting.calendar(spec.calendar, self.core.tenancy.of_campaign(spec.id))
        state = calendar.state(wall) if calendar is not None else None
        return state.reason if state is not None and not state.open else ""

    def held(self, run: Run) -> str:
        """Why this campaign launches nothing now, in its hours; empty: nothing holds it."""
        spec, broken = run.spec, self.broken(run) or self.checks.stale.get(run.spec.id, "")
        if broken:
            return broken
        if spec.mode is not Mode.AGENTLESS and not run.agents:
            hold = self._nobody(run)
            if hold:
                return hold
        if not any(switch.up for switch in self.core.switches.values()):
            return "no switch can be reached"
        return self.ways.asleep(spec.gateways) or self._blended(run)

    def broken(self, run: Run) -> str:
        """What is missing in the description of a campaign, without which it can call nobody; empty: nothing."""
        spec = run.spec
        if self.checks.of(spec).pack is None:
            # Nobody would be allowed to be called, and no lead is to be barred for that.
            return f"there is no compliance pack {spec.pack or 'named'}"
        if spec.mode in LAUNCHING and not self.ways.of(spec.gateways):
            return "it has no gateway"
        return ""

    def _nobody(self, run: Run) -> str:
        """Why a campaign has no agents; empty: they are at work for others, and call for this one when they like."""
        serving = [person for person in self.core.people.values() if serves(person, run.spec.queue)]
        there = [person for person in serving if phase(person) != "away"]
        if there and not any(may_serve(person, run.spec) for person in there):
            if run.spec.skills and not any(has_skills(person, run.spec) for person in there):
                return f"none of the {len(there)} agents at work fits {spoken(demand_of(run.spec.skills))}"
            return "its agents have no standing lines (phone_mode: nailed), without which people would wait for them"
        if there and run.spec.mode is Mode.MANUAL:
            return ""
        return "no agent is at work"

    def _blended(self, run: Run) -> str:
        """Who waits for the same agents comes before whom we would call."""
        blend = run.spec.blending
        if blend is None or run.spec.mode not in PACED:
            return ""
        queues = blend.queues or self._served(run)
        waiting = [contact for queue in queues for contact in self._waiting(queue)]
        if blend.waiting and len(waiting) >= blend.waiting:
            return f"{len(waiting)} wait in {', '.join(queues)}"
        for queue, most in blend.by_queue.items():
            if (count := len(self._waiting(queue))) >= most:
                return f"{count} wait in {queue}"
        longest = max((self.core.now.mono - contact.since for contact in waiting), default=0.0)
        if 0 < blend.wait_s <= longest:
            return f"somebody has waited for over {blend.wait_s:g} s in {', '.join(queues)}"
        free = sum(state == AgentState.IDLE for state in run.agents.values())
        if blend.keep_idle and free <= blend.keep_idle:
            return f"{free} free agents are kept for those who ring"
        return ""

    def _waiting(self, queue: str) -> list[Contact]:
        """Those who have rung and wait in a queue."""
        known = (self.core.contacts.get(id) for id in self.core.distributor.waiting(queue))
        return [contact for contact in known if contact is not None and contact.direction == "inbound"]

    def _served(self, run: Run) -> list[str]:
        """The queues that the campaign's agents serve, beside its own."""
        people = [self.core.people[agent] for agent in run.agents if agent in self.core.people]
        return list({member.queue: None for person in people for member in person.spec.queues})


def _counted(run: Run, rule: DropRule) -> tuple[int, int]:
    """Live answers and drops in the window of a rule, as it counts them."""
    live, drops, left = run.before.get(rule.days, (0, 0, 0))
    tally = run.tally
    answers = live + tally.live - (0 if rule.hang_ups else left + tally.left)
    return max(0, answers), max(0, drops + tally.drops)


def serves(person: Person, queue: str) -> bool:
    """Whether an agent is one of a queue."""
    return any(member.queue == queue for member in person.spec.queues)


def may_serve(person: Person, spec: CampaignSpec) -> bool:
    """Whether an agent may dial for a campaign. Where people answer before an agent is asked for, only one who is on
    the line already is with them in time; in a progressive one the others' phones are called before the lead's. They
    have the skills that it asks for."""
    if spec.mode is Mode.AGENTLESS or (spec.mode in UNATTENDED and not stands(person)):
        return False
    return has_skills(person, spec)


def has_skills(person: Person, spec: CampaignSpec) -> bool:
    """Whether an agent has the skills that a campaign asks for."""
    return not spec.skills or fulfils(person.spec.skills, demand_of(spec.skills))


def stands(person: Person) -> bool:
    """Whether an agent has a standing line while at work."""
    return person.spec.phone_mode is PhoneMode.NAILED


def phase(person: Person) -> str:
    """What a pacer is told of an agent: their state, or that they are away (not there, not ready, or about to go)."""
    agent = person.agent
    gone = person.gone or agent.status.status is not AgentStatus.AVAILABLE or agent.wish is not None
    return "away" if gone or (agent.free and person.unready) else agent.state.value


def is_hindered(person: Person) -> bool:
    """Whether an agent who is away has not chosen so: their phone, line or desktop is gone, perhaps for a moment."""
    agent = person.agent
    return not person.gone and agent.status.status is AgentStatus.AVAILABLE and agent.wish is None
