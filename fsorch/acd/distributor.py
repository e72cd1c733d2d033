"""Who gets whom.

Contacts wait in pools (a queue and the demand they make), idle agents stand in every pool they fit. Between two
calls of :meth:`Distributor.match` no waiting contact fits an idle agent; so a match only looks at who is new:
contacts that joined or whose need changed, agents who became idle, and contacts whose hour has come (a tier level
opens, an exclusive wait ends). Its cost is that of a few look-ups in sorted lists, whatever the size of the centre.

Order of contacts, over all queues an agent serves: the agent's share of the queue, priority (strict or as minutes of
waiting), then waiting time with its credits. The guard of a queue bounds what priority may do: a contact that has
waited longer than ``guard`` times the wait of the one that would go first, goes first.

``now`` is a moment of the monotonic clock, in seconds.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Iterator, Set

import msgspec

from fsorch.acd.crew import Line, QueueRules, Worker, weighed, why_candidate
from fsorch.acd.matching import Best, Match, explained
from fsorch.acd.pool import Need, Place, Pool
from fsorch.acd.strategy import STRATEGIES, Candidate, Tier, Work, next_ticket
from fsorch.demands import Demand
from fsorch.names import Skilled, Strategy

__all__ = ["Distributor", "Match"]

# Pools of one queue that nobody waits in are kept up to this number: a set of skills asked for once will be asked for
# again.
SPARE_POOLS = 16
# So many contacts at the head of a line are tried in order; then those are looked for that an agent's level is open to.
FIRST_TRIES = 8
PREFERRED = "preferred by this contact"


class Distributor:
    """See the module. Knows ids and numbers only; ``seed`` is for the strategies that draw lots."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._lines: dict[str, Line] = {}
        self._workers: dict[str, Worker] = {}
        self._needs: dict[str, Need] = {}
        self._fans: dict[str, set[str]] = {}
        self._new_contacts: dict[str, None] = {}
        self._new_agents: dict[str, None] = {}
        self._wakes: list[tuple[float, str]] = []

    # -- the centre -----------------------------------------------------------------------------------------------

    def set_queues(self, rules: Iterable[QueueRules]) -> None:
        """The queues there are. A queue that goes keeps its line until its last contact has left."""
        wanted = {rule.queue: rule for rule in rules}
        added = wanted.keys() - self._lines.keys()
        for queue, rule in wanted.items():
            line = self._lines.get(queue)
            if line is None:
                self._lines[queue] = Line(rule)
            elif line.rules != rule:
                self._change_rules(line, rule)
        for queue in [queue for queue, line in self._lines.items() if queue not in wanted and not line.waiting()]:
            del self._lines[queue]
            for worker in self._workers.values():
                worker.forget(queue)
        self._join_added(added)
        self._recount()
        for agent, worker in self._workers.items():
            if worker.work is not None:
                self._unplace(agent, worker)
                self._new_agents[agent] = None

    def set_agent(self, agent: str, tiers: Iterable[Tier], skills: dict[str, int] | None = None) -> None:
        """The queues and skills of an agent; no queues and no skills removes the agent who is not at work."""
        worker = self._workers.setdefault(agent, Worker())
        self._unplace(agent, worker)
        self._count(agent, worker, -1)
        worker.tiers = {tier.queue: tier for tier in tiers}
        worker.learn(dict(skills or {}))
        self._count(agent, worker, 1)
        if not worker.tiers and not worker.skills and worker.work is None and not worker.present:
            del self._workers[agent]
        elif worker.work is not None:
            self._new_agents[agent] = None

    def set_present(self, agent: str, present: bool) -> None:
        """Whether the agent is at work at all (idle, busy or on a break): what a tier level counts."""
        worker = self._workers.setdefault(agent, Worker())
        if worker.present is not present:
            self._count(agent, worker, -1)
            worker.present = present
            self._count(agent, worker, 1)

    # -- agents ---------------------------------------------------------------------------------------------------

    def ready(self, agent: str, work: Work) -> None:
        """The agent may be offered contacts."""
        worker = self._workers.setdefault(agent, Worker())
        self._unplace(agent, worker)
        worker.work = work
        self._new_agents[agent] = None

    def unready(self, agent: str) -> None:
        """The agent may not be offered contacts."""
        worker = self._workers.get(agent)
        if worker is not None and worker.work is not None:
            self._unplace(agent, worker)
            worker.work = None
            self._new_agents.pop(agent, None)

    # -- contacts -------------------------------------------------------------------------------------------------

    def join(self, need: Need) -> None:
        """A contact waits, or its need has changed. KeyError: none of its queues exists."""
        self.leave(need.contact)
        lines = [self._lines[queue] for queue in need.queues if queue in self._lines]
        if not lines:
            raise KeyError(need.queues[0] if need.queues else "")
        for line in lines:
            self._pool(line, need.skills).join(need, line.rules.strict)
            self._wake_for_levels(need, line)
            line.changes += 1
        self._wake(need, need.only_until)
        self._needs[need.contact] = need
        for agent in need.prefer:
            self._fans.setdefault(agent, set()).add(need.contact)
        self._new_contacts[need.contact] = None

    def leave(self, contact: str) -> bool:
        """The contact waits no longer; False when it did not."""
        need = self._needs.pop(contact, None)
        if need is None:
            return False
        for queue in need.queues:
            line = self._lines.get(queue)
            pool = line.pools.get(line.asks(need.skills)) if line is not None else None
            if line is not None and pool is not None:
                pool.leave(contact)
                line.changes += 1
        for agent in need.prefer:
            fans = self._fans.get(agent)
            if fans is not None:
                fans.discard(contact)
                if not fans:
                    del self._fans[agent]
        self._new_contacts.pop(contact, None)
        return True

    def need(self, contact: str) -> Need | None:
        """What a waiting contact asks for."""
        return self._needs.get(contact)

    def position(self, contact: str) -> int:
        """Place in the line of its first queue, from 1; 0 when it waits nowhere."""
        need = self._needs.get(contact)
        line = next((self._lines[q] for q in need.queues if q in self._lines), None) if need else None
        if need is None or line is None:
            return 0
        place = need.place(line.rules.strict)
        return 1 + sum(pool.before(place) for pool in line.pools.values())

    def waiting(self, queue: str) -> list[str]:
        """The contacts of a queue's line, first first."""
        line = self._lines.get(queue)
        if line is None:
            return []
        return [place[2] for place in heapq.merge(*(pool.places() for pool in line.pools.values()))]

    def line(self, queue: str) -> Line | None:
        """A queue as it is, to be looked at only."""
        return self._lines.get(queue)

    def present(self) -> Iterator[tuple[str, Iterable[str]]]:
        """Everybody who is at work, with the queues they serve."""
        return ((agent, worker.tiers) for agent, worker in self._workers.items() if worker.present)

    def fits(self, agent: str, need: Need) -> bool:
        """Whether the skills of an agent will do for a contact, in one of the queues they serve."""
        worker = self._workers.get(agent)
        if worker is None:
            return False
        lines = (self._lines.get(queue) for queue in need.queues if queue in worker.tiers)
        return any(line is not None and line.takes(worker, line.asks(need.skills)) for line in lines)

    def eligible_for(self, need: Need) -> int:
        """How many agents of its queues are at work, idle or not, whose skills will do for a contact."""
        lines = [line for queue in need.queues if (line := self._lines.get(queue)) is not None]
        return len(frozenset().union(*(line.eligible(need.skills) for line in lines)))

    def length(self, queue: str) -> int:
        """How many wait in a queue's line."""
        line = self._lines.get(queue)
        return line.waiting() if line is not None else 0

    def at_work(self, queue: str) -> int:
        """How many agents of a queue are at work, idle or not."""
        line = self._lines.get(queue)
        return sum(line.present.values()) if line is not None else 0

    def idle_for(self, need: Need) -> int:
        """How many idle agents fit, whatever their levels. Those who became idle since the last match are not among
        them."""
        found: set[str] = set()
        for queue in need.queues:
            line = self._lines.get(queue)
            if line is not None and line.ready:
                found.update(candidate.agent for candidate in self._pool(line, need.skills).candidates())
        return len(found)

    def changes(self, queue: str) -> int:
        """A number that grows with every change that may concern a contact in this queue's line."""
        line = self._lines.get(queue)
        return line.changes if line is not None else 0

    # -- matching -------------------------------------------------------------------------------------------------

    def next_wake(self) -> float | None:
        """When a match may be possible that is not now, in monotonic seconds."""
        while self._wakes and self._wakes[0][1] not in self._needs:
            heapq.heappop(self._wakes)
        return self._wakes[0][0] if self._wakes else None

    def match(self, now: float, eligible: Callable[[str], bool] = lambda contact: True) -> list[Match]:
        """Every match there is. Matched contacts wait no longer, matched agents are not ready any more.

        ``eligible``: whether a contact may be offered at this moment; when that changes, tell by :meth:`look_again`."""
        while self._wakes and self._wakes[0][0] <= now:
            self._new_contacts[heapq.heappop(self._wakes)[1]] = None
        if not self._new_contacts and not self._new_agents:
            # Most inputs change nothing here.
            return []
        fresh = [self._needs[contact] for contact in self._new_contacts if contact in self._needs]
        self._new_contacts.clear()
        if len(self._new_agents) == 1:
            agent = next(iter(self._new_agents))
            if not any(self._concerns(need, agent) for need in fresh):
                self._new_agents.clear()
                made = self._match_all(fresh, [], now, eligible)
                found = self._serve(agent, now, eligible)
                return [*made, found] if found is not None else made
        return self._match_all(fresh, self._settle(), now, eligible)

    def _concerns(self, need: Need, agent: str) -> bool:
        """Whether an agent may have anything to do with a contact."""
        worker = self._workers[agent]
        if agent in need.prefer:
            return True
        lines = (self._lines.get(queue) for queue in need.queues if queue in worker.tiers)
        return any(line is not None and line.takes(worker, line.asks(need.skills)) for line in lines)

    def _settle(self) -> list[str]:
        """Put the agents who have just become idle among the idle, and name them."""
        agents = list(self._new_agents)
        self._new_agents.clear()
        for agent in agents:
            self._place(agent, self._workers[agent])
        return agents

    def _match_all(
        self, fresh: list[Need], agents: list[str], now: float, eligible: Callable[[str], bool]
    ) -> list[Match]:
        made: list[Match] = []
        alone = len(fresh) == 1 and not agents
        for need in sorted(fresh, key=self._place_of):
            while self._needs.get(need.contact) is need and eligible(need.contact):
                found = self._find(need, now)
                if found is None:
                    break
                # Of several who are new, each agent has the one who is first for them: it may have waited before.
                made.append(self._take(found if alone else self._sooner(found, now, eligible)))
        for agent in agents:
            while (best := self._best_contact(agent, now, eligible)) is not None:
                found = self._find(best.need, now)
                if found is None:
                    break
                made.append(self._take(explained(found, best)))
                if agent in found.agents:
                    break
        return made

    def _sooner(self, found: Match, now: float, eligible: Callable[[str], bool]) -> Match:
        """The match of the contact that this match's first agent should rather serve, if there is one."""
        best = self._best_contact(found.agents[0], now, eligible)
        if best is None or best.need.contact == found.contact:
            return found
        sooner = self._find(best.need, now)
        return explained(sooner, best) if sooner is not None else found

    def _serve(self, agent: str, now: float, eligible: Callable[[str], bool]) -> Match | None:
        """One agent has become idle and nothing else that concerns them has changed: no other idle agent fits any
        waiting contact, so the best contact is theirs. Only without one do they take their place among the idle."""
        worker = self._workers[agent]
        best = self._best_contact(agent, now, eligible)
        if best is None:
            self._place(agent, worker)
            return None
        need = best.need
        if best.line is None or len(need.queues) > 1:
            # Which of them it is, is said there.
            self._place(agent, worker)
            found = self._find(need, now)
            return self._take(explained(found, best)) if found is not None else None
        line = best.line
        asked = line.asks(need.skills)
        candidate = weighed(self._candidate(worker, line, agent), line, worker, asked)
        why = need.bond or PREFERRED if need.wants(agent, now) else why_candidate(candidate, line, asked, now)
        unfit = self._unfit(line, line.pools[asked]) if asked.parts and agent not in need.prefer else ()
        self.leave(need.contact)
        self._count_offer(agent, line.rules.queue)
        worker.work = None
        return explained(Match(need.contact, line.rules.queue, (agent,), why, unfit=unfit), best)

    def look_again(self) -> None:
        """What is eligible has changed: every waiting contact is looked at anew."""
        self._new_contacts.update(dict.fromkeys(self._needs))

    def another(self, need: Need, now: float) -> Match | None:
        """One more agent for a contact whose phones ring already and which therefore waits in no line. Who has become
        idle since the last match is not asked: others may have waited for them."""
        found = self._find(need, now, one=True)
        return self._take(found) if found is not None else None

    def _find(self, need: Need, now: float, one: bool = False) -> Match | None:
        """Who should serve a contact, of those who are idle; ``one``: even where all phones ring."""
        found = self._preferred(need)
        if found is None and need.passed and need.only_until > now:
            # Nobody else will do, and they have been asked: once more.
            found = self._preferred(msgspec.structs.replace(need, passed=frozenset()))
        if found is None and need.only_until <= now:
            found = self._by_strategy(need, now, one)
            if found is None and need.passed:
                # Everybody who is free has been asked: the round begins anew.
                fresh = msgspec.structs.replace(need, passed=frozenset())
                found = self._by_strategy(fresh, now, one)
        return found

    def _take(self, found: Match) -> Match:
        """The contact waits no longer, and the agents are idle no longer."""
        self.leave(found.contact)
        for agent in found.agents:
            self._count_offer(agent, found.queue)
            self.unready(agent)
        return found

    def _preferred(self, need: Need) -> Match | None:
        for agent in need.prefer:
            worker = self._workers.get(agent)
            if worker is not None and worker.work is not None and agent not in need.passed:
                why = need.bond or PREFERRED
                return Match(need.contact, self._queue_of(need, worker), (agent,), why)
        return None

    def _queue_of(self, need: Need, worker: Worker) -> str:
        """For which queue somebody serves a contact that asks for them: one of theirs, if they are in any."""
        return next((queue for queue in need.queues if queue in worker.tiers), need.queues[0])

    def _by_strategy(self, need: Need, now: float, one: bool) -> Match | None:
        for queue in need.queues:
            line = self._lines.get(queue)
            if line is None:
                continue
            pool = self._pool(line, need.skills)
            fitting = self._fitting(line, pool, need, now)
            first = next(fitting, None)
            if first is None:
                continue
            rest = [candidate.agent for candidate, _ in zip(fitting, range(3), strict=False)]
            agents: tuple[str, ...] = (first.agent,)
            if line.order.rings == "all" and not one:
                agents = tuple(candidate.agent for candidate in self._fitting(line, pool, need, now))
                rest = []
            unfit = self._unfit(line, pool) if need.skills.parts else ()
            why = why_candidate(first, line, line.asks(need.skills), now)
            return Match(need.contact, queue, agents, why, pool.idle, tuple(rest), unfit)
        return None

    def _fitting(self, line: Line, pool: Pool, need: Need, now: float) -> Iterator[Candidate]:
        passed = need.passed if line.order.remembers else ()
        for candidate in pool.candidates():
            if not need.has_waited(line.opens_after(candidate.tier.level), now):
                return
            if candidate.agent not in passed:
                yield candidate

    def _unfit(self, line: Line, pool: Pool) -> tuple[str, ...]:
        fit = {candidate.agent for candidate in pool.candidates()}
        return tuple(agent for agent, _ in zip((a for a in line.ready if a not in fit), range(3), strict=False))

    def _best_contact(self, agent: str, now: float, eligible: Callable[[str], bool]) -> Best | None:
        """Who this idle agent should serve next."""
        worker = self._workers.get(agent)
        if worker is None or worker.work is None:
            return None
        best: Best | None = None
        for queue, tier in worker.tiers.items():
            line = self._lines.get(queue)
            if line is None:
                continue
            opens = line.opens_after(tier.level)
            anybody = line.rules.skilled is not Skilled.ALL
            for demand, pool in line.pools.items():
                head = pool.head()
                # Most pools end here: the first in line, and so whoever is behind, comes after the best found so far.
                if head is None or (best is not None and (-tier.share, head) >= best.key):
                    continue
                if not (anybody or worker.fits(demand)):
                    continue
                limit = best.key[1] if best is not None and best.key[0] == -tier.share else None
                found = self._first(agent, line, pool, opens, now, eligible, limit)
                if found is not None:
                    best = Best((-tier.share, found.place(line.rules.strict)), found, line)
        for fan in [self._needs[contact] for contact in self._fans.get(agent, ()) if eligible(contact)]:
            key = (0, self._place_of(fan))
            if fan.wants(agent, now) and (best is None or key < best.key):
                best = Best(key, fan, None)
        return self._guarded(best, agent, worker, now, eligible) if best is not None else None

    def _first(
        self,
        agent: str,
        line: Line,
        pool: Pool,
        opens: float,
        now: float,
        eligible: Callable[[str], bool],
        limit: Place | None,
    ) -> Need | None:
        """The first of a pool that this agent may serve, before the place ``limit``. ``opens``: the wait after which
        the line is open to the agent."""
        # A little more than that, for sums of fractions are not exact: who is too young is seen one by one.
        opened_by = now - opens + 0.001
        if line.rules.level_wait_s > 0 and not pool.waits_since(opened_by) and agent not in self._fans:
            return None
        for tried, place in enumerate(pool.places()):
            if limit is not None and place >= limit:
                return None
            need = self._needs[place[2]]
            if self._may(need, agent, opens, now) and eligible(need.contact):
                return need
            if tried == FIRST_TRIES and line.rules.level_wait_s > 0:
                break
        else:
            return None
        # Many are too young for this agent's level: look through those who are not.
        strict = line.rules.strict
        old = [self._needs[contact] for contact in pool.by_age(opened_by)]
        fit = [need for need in old if self._may(need, agent, opens, now) and eligible(need.contact)]
        first = min(fit, key=lambda need: need.place(strict), default=None)
        return None if first is None or (limit is not None and first.place(strict) >= limit) else first

    def _may(self, need: Need, agent: str, opens: float, now: float) -> bool:
        return need.wants(agent, now) or (need.only_until <= now and need.has_waited(opens, now))

    def _guarded(self, best: Best, agent: str, worker: Worker, now: float, eligible: Callable[[str], bool]) -> Best:
        """The longest waiting contact instead that has waited beyond the guard of its queue; of the queues which come
        as early for this agent, for their share is not bounded."""
        found, oldest = best, best.need.since
        for queue, tier in worker.tiers.items():
            line = self._lines.get(queue)
            if line is None or line.rules.guard <= 0 or -tier.share > best.key[0]:
                continue
            until = now - line.rules.guard * max(now - best.need.since, line.rules.guard_floor_s)
            opens = line.opens_after(tier.level)
            for demand, pool in line.pools.items():
                if not pool.waits_since(min(until, oldest)) or not line.takes(worker, demand):
                    continue
                for contact in pool.by_age(until):
                    need = self._needs[contact]
                    if need.since >= oldest:
                        break
                    if self._may(need, agent, opens, now) and eligible(contact):
                        oldest, found = need.since, Best(best.key, need, line, best.need)
                        break
        return found

    # -- within ---------------------------------------------------------------------------------------------------

    def _place_of(self, need: Need) -> Place:
        line = next((self._lines[queue] for queue in need.queues if queue in self._lines), None)
        return need.place(line.rules.strict if line else True)

    def _pool(self, line: Line, demand: Demand) -> Pool:
        demand = line.asks(demand)
        pool = line.pools.get(demand)
        if pool is None:
            spare = [known for known, one in line.pools.items() if not len(one)]
            if len(spare) > SPARE_POOLS:
                del line.pools[spare[0]]
            pool = line.pools[demand] = Pool(line.order)
            for agent, candidate in line.ready.items():
                worker = self._workers[agent]
                if line.takes(worker, demand):
                    pool.add(weighed(candidate, line, worker, demand))
        return pool

    def _place(self, agent: str, worker: Worker) -> None:
        for queue in worker.tiers:
            line = self._lines.get(queue)
            if line is not None:
                candidate = line.ready[agent] = self._candidate(worker, line, agent)
                line.changes += 1
                for demand, pool in line.pools.items():
                    if line.takes(worker, demand):
                        pool.add(weighed(candidate, line, worker, demand))

    def _candidate(self, worker: Worker, line: Line, agent: str) -> Candidate:
        queue = line.rules.queue
        tier = worker.tiers[queue]
        if queue not in worker.tickets:
            worker.tickets[queue] = next_ticket(self._random, line.ticket, self._weight(line, tier))
        work = worker.work or Work()
        return Candidate(agent, tier, work, worker.offered.get(queue, 0), worker.tickets[queue])

    def _unplace(self, agent: str, worker: Worker) -> None:
        for queue in worker.tiers:
            line = self._lines.get(queue)
            if line is not None and line.ready.pop(agent, None) is not None:
                line.changes += 1
                for pool in line.pools.values():
                    pool.drop(agent)

    def _count_offer(self, agent: str, queue: str) -> None:
        """The turn and the lot of the agent are used up."""
        line, worker = self._lines.get(queue), self._workers.get(agent)
        if line is None or worker is None or queue not in worker.tiers:
            return
        line.offers += 1
        worker.offered[queue] = line.offers
        line.ticket = max(line.ticket, worker.tickets.get(queue, 0.0))
        worker.tickets[queue] = next_ticket(self._random, line.ticket, self._weight(line, worker.tiers[queue]))

    def _weight(self, line: Line, tier: Tier) -> float:
        return tier.weight if line.rules.strategy is Strategy.WEIGHTED_RANDOM else 1.0

    def _change_rules(self, line: Line, rules: QueueRules) -> None:
        needs = [self._needs[place[2]] for pool in line.pools.values() for place in pool.places()]
        line.rules, line.order = rules, STRATEGIES[rules.strategy]()
        line.staffed()
        line.pools.clear()
        for need in needs:
            self._pool(line, need.skills).join(need, rules.strict)
            self._wake_for_levels(need, line)
            self._new_contacts[need.contact] = None

    def _join_added(self, added: Set[str]) -> None:
        """Those who named a queue before there was one."""
        for need in [need for need in self._needs.values() if not added.isdisjoint(need.queues)] if added else ():
            self.join(need)

    def _count(self, agent: str, worker: Worker, by: int) -> None:
        """An agent's levels come (1) or go (-1)."""
        for queue, tier in worker.tiers.items():
            line = self._lines.get(queue)
            if line is not None:
                open_before = (line.lowest(), line.steps())
                _bump(line.levels, tier.level, by)
                line.staffed()
                if by > 0:
                    line.staff[agent] = worker
                else:
                    line.staff.pop(agent, None)
                if worker.present:
                    _bump(line.present, tier.level, by)
                    line.changes += 1
                if (line.lowest(), line.steps()) != open_before:
                    self._reopen(line)

    def _recount(self) -> None:
        """All levels anew: the queues have changed."""
        for line in self._lines.values():
            line.levels, line.present, line.staff = {}, {}, {}
        for agent, worker in self._workers.items():
            self._count(agent, worker, 1)

    def _reopen(self, line: Line) -> None:
        """Levels may have opened or moved: the contacts of the queue are looked at anew, on time."""
        for pool in line.pools.values():
            for place in pool.places():
                need = self._needs[place[2]]
                self._new_contacts[need.contact] = None
                self._wake_for_levels(need, line)

    def _wake_for_levels(self, need: Need, line: Line) -> None:
        for wait in line.steps():
            self._wake(need, need.since + wait)

    def _wake(self, need: Need, at: float) -> None:
        if at > need.since:
            heapq.heappush(self._wakes, (at, need.contact))


def _bump(counts: dict[int, int], level: int, by: int) -> None:
    counts[level] = counts.get(level, 0) + by
    if not counts[level]:
        del counts[level]
