"""The distributor in the plainest way: no order is kept, every contact and every agent is looked at, at every step.

:class:`Plain` holds what a centre is, and says by the rules of docs/queues.md which matches are right and whether one
is missing. It knows nothing of the distributor but the values that go in and come out.
"""

from __future__ import annotations

from collections.abc import Iterable

from fsorch.acd import Match, Need, QueueRules, Tier, Work
from fsorch.demands import NOTHING, fulfils, missed
from fsorch.names import Skilled, Strategy

__all__ = ["LOTS", "Plain"]

LOTS = (Strategy.RANDOM, Strategy.WEIGHTED_RANDOM)
Key = tuple[float, tuple[int, int, str]]


class Plain:
    """One centre at one moment, ``now``. ``work`` has those who are idle."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.rules: dict[str, QueueRules] = {}
        self.paused: set[str] = set()
        self.needs: dict[str, Need] = {}
        self.tiers: dict[str, dict[str, Tier]] = {}
        self.skills: dict[str, dict[str, int]] = {}
        self.work: dict[str, Work] = {}
        self.present: set[str] = set()
        self._turns: dict[str, dict[str, int]] = {}

    def set_queues(self, rules: Iterable[QueueRules]) -> None:
        """A queue that goes is kept while somebody waits in it."""
        new = {rule.queue: rule for rule in rules}
        waited = {queue for need in self.needs.values() for queue in need.queues}
        self.rules = {queue: rule for queue, rule in self.rules.items() if queue in waited} | new
        self._turns = {queue: turns for queue, turns in self._turns.items() if queue in self.rules}

    # -- who may serve whom ---------------------------------------------------------------------------------------

    def opens(self, queue: str, level: int) -> float:
        """The wait after which a level is open."""
        rules = self.rules[queue]
        here = {agent: tiers[queue].level for agent, tiers in self.tiers.items() if queue in tiers}
        there = [level for agent, level in here.items() if agent in self.present]
        up = level - min((there if rules.skip_absent_levels else []) or here.values(), default=1)
        return 0.0 if up <= 0 else rules.level_wait_s * (up if rules.level_wait_multiplied else 1)

    def eligible(self, contact: str) -> bool:
        """Whether the contact may be offered."""
        return contact in self.needs and self.needs[contact].queues[0] not in self.paused

    def queues(self, agent: str, need: Need, now: float) -> list[str]:
        """The queues whose rules let this agent serve this contact."""
        return [
            queue
            for queue in need.queues
            if queue in self.rules and (tier := self.tiers[agent].get(queue)) is not None
            if self.rules[queue].skilled is not Skilled.ALL or fulfils(self.skills[agent], need.skills)
            if need.only_until <= now and need.since + self.opens(queue, tier.level) <= now
        ]

    def wanted(self, agent: str, need: Need, now: float) -> bool:
        """Whether the contact asks for this agent."""
        return agent in need.prefer and (agent not in need.passed or need.only_until > now)

    def may(self, agent: str, need: Need, now: float) -> bool:
        """Whether this agent may serve this contact."""
        return self.wanted(agent, need, now) or bool(self.queues(agent, need, now))

    # -- an agent's order of contacts -----------------------------------------------------------------------------

    def place(self, need: Need, queue: str | None) -> tuple[int, int, str]:
        """The place among others, in a queue."""
        return need.place(queue is None or self.rules[queue].strict)

    def key(self, agent: str, need: Need) -> Key:
        """Shares first, then places."""
        first = next((queue for queue in need.queues if queue in self.rules), None)
        keys: list[Key] = [(0, self.place(need, first))] if self.wanted(agent, need, self.now) else []
        within = self.queues(agent, need, self.now)
        if keys:
            fits = [queue for queue in need.queues if queue in self.rules and queue in self.tiers[agent]]
            all_fit = fulfils(self.skills[agent], need.skills)
            within = [queue for queue in fits if all_fit or self.rules[queue].skilled is not Skilled.ALL]
        return min(keys + [(-self.tiers[agent][queue].share, self.place(need, queue)) for queue in within])

    def firsts(self, agent: str) -> list[str]:
        """Whom this agent should serve next; several where the guard has waited equally long for them."""
        fit = [need for id, need in self.needs.items() if self.eligible(id) and self.may(agent, need, self.now)]
        if not fit:
            return []
        best = min(fit, key=lambda need: self.key(agent, need))
        share = self.key(agent, best)[0]
        over = [need for need in fit if need.since < best.since and self.beyond(agent, need, best, share)]
        oldest = min((need.since for need in over), default=0.0)
        return [need.contact for need in over if need.since == oldest] or [best.contact]

    def beyond(self, agent: str, need: Need, best: Need, share: float) -> bool:
        """Whether a contact has waited beyond the guard of one of its queues."""
        asked = self.wanted(agent, need, self.now)
        fits = fulfils(self.skills[agent], need.skills)
        for queue in need.queues if asked else self.queues(agent, need, self.now):
            tier, rules = self.tiers[agent].get(queue), self.rules.get(queue)
            if tier is None or rules is None or rules.guard <= 0 or -tier.share > share:
                continue
            limit = rules.guard * max(self.now - best.since, rules.guard_floor_s)
            if (fits or rules.skilled is not Skilled.ALL) and need.since <= self.now - limit:
                return True
        return False

    # -- a queue's order of agents --------------------------------------------------------------------------------

    def rank(self, agent: str, queue: str, need: Need) -> tuple[float, ...]:
        """Level, what is missing, and what the strategy says."""
        rules, tier, work = self.rules[queue], self.tiers[agent][queue], self.work[agent]
        asked = NOTHING if rules.skilled is Skilled.DISREGARD else need.skills
        skills = self.skills[agent]
        levels = sum(skills.get(skill, 0) for skill in asked.asked)
        idle = (work.idle_since, tier.position)
        by_strategy: dict[Strategy, tuple[float, ...]] = {
            Strategy.ROUND_ROBIN: (self._turns.get(queue, {}).get(agent, 0), tier.position),
            Strategy.TOP_DOWN: (tier.position,),
            Strategy.BY_AGENT_ORDER: (tier.position,),
            Strategy.LEAST_TALK_TIME: (work.talked_s, work.idle_since),
            Strategy.FEWEST_CALLS: (work.calls, work.idle_since),
            Strategy.BEST_SKILLED: (-levels, *idle),
            Strategy.MOST_SENIOR: (-tier.seniority, *idle),
        } | dict.fromkeys(LOTS, ())
        lacks = missed(skills, asked) if rules.skilled is Skilled.BEST else 0
        return (tier.level, lacks, *by_strategy.get(rules.strategy, idle))

    def right(self, need: Need) -> tuple[str | None, list[set[str]]]:
        """Who should serve a contact, and for which queue (None: it asks for them). Several: any of these."""
        again = need.passed and need.only_until > self.now
        for passed in (need.passed, frozenset[str]()) if again else (need.passed,):
            for agent in need.prefer:
                if agent in self.work and agent not in passed:
                    return None, [{agent}]
        for passed in (need.passed, frozenset[str]()):
            for queue in need.queues:
                fit = [agent for agent in self.work if queue in self.queues(agent, need, self.now)]
                strategy = self.rules[queue].strategy if queue in self.rules else None
                if strategy is Strategy.TOP_DOWN:
                    fit = [agent for agent in fit if agent not in passed]
                if fit:
                    first = min(self.rank(agent, queue, need) for agent in fit)
                    ringing = [{agent} for agent in fit if self.rank(agent, queue, need) == first]
                    return queue, [set(fit)] if strategy is Strategy.RING_ALL else ringing
        return None, []

    # -- looking on -----------------------------------------------------------------------------------------------

    def take(self, match: Match) -> None:
        """A match was made: AssertionError when it was not right."""
        need = self.needs[match.contact]
        queue, right = self.right(need)
        assert self.eligible(match.contact)
        assert set(match.agents) in right, (match, right)
        assert queue in (None, match.queue), (match, queue)
        fit = [agent for agent in self.work if self.may(agent, need, self.now)]
        assert any(match.contact in self.firsts(agent) for agent in fit), f"{match.contact} overtook"
        del self.needs[match.contact]
        turns = self._turns.setdefault(match.queue, {})
        turn = 1 + max(turns.values(), default=0)
        for agent in match.agents:
            if match.queue in self.tiers[agent]:
                turns[agent], turn = turn, turn + 1
            del self.work[agent]

    def missing(self) -> list[tuple[str, str]]:
        """Who waits and who idles, though the one may serve the other."""
        waiting = [need for id, need in self.needs.items() if self.eligible(id)]
        return [(need.contact, a) for need in waiting for a in self.work if self.may(a, need, self.now)]

    def next_wake(self) -> float | None:
        """When by time alone an idle agent may serve somebody whom they may not now."""
        times = {
            at
            for need in self.needs.values()
            for agent in self.work
            for at in (need.only_until, *self._openings(agent, need))
            if at > self.now and self.eligible(need.contact) and self.may(agent, need, at)
        }
        return min(times, default=None)

    def _openings(self, agent: str, need: Need) -> list[float]:
        tiers = self.tiers[agent]
        known = [queue for queue in need.queues if queue in self.rules and queue in tiers]
        return [need.since + self.opens(queue, tiers[queue].level) for queue in known]
