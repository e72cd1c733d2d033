"""Rules that may overrule what an agent chose: an offer not taken too often, a desktop that is gone. And the watch over
breaks, which overrules nothing.

Nothing else changes an agent's choice. A rule has a name, which stands in the fact (``by="rule: no_answer"``), and says
why in words, which the agent sees until they choose again.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import AgentStatus
from fsorch.acd.phones import MissKind, Verdict, way_of
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.state import Offer, Person
from fsorch.names import BreakWeight, OfferOutcome
from fsorch.rules import CauseRule, CauseRules, Consequence

__all__ = ["AgentRules", "break_end", "breaks_of", "weight_of"]

# A phone that refuses at once must not be dialled in a loop, whatever a file says.
LEAST_DELAY_S = 1.0
# What follows when a phone does not take calls that are dialled for its agent alone, where no rules say: every such
# call takes a lead from the list for nothing, one after another.
MOST_UNTAKEN = 3
UNTAKEN = "phone not answered"


class AgentRules:
    """The rules over agents. ``choose`` carries a rule's status out (see People.choose_for), ``hinder`` says why
    nothing is offered (see People.hinder)."""

    def __init__(
        self,
        core: Core,
        choose: Callable[[Person, AgentStatus, str, str], None],
        hinder: Callable[[Person, str, str], None],
    ) -> None:
        self.core = core
        self.choose = choose
        self.hinder = hinder

    def verdict(self, person: Person, offer: Offer, outcome: OfferOutcome, cause: str) -> tuple[str, Verdict]:
        """What follows an offer that was not taken: the name of the rule (empty: none), and its verdict."""
        queue = self.core.queues.get(offer.queue)
        way = way_of(outcome, cause, bool(offer.rang_at), offer.dnd)
        rules = person.spec.causes or (queue.spec.causes if queue else None)
        if rules is None and way is MissKind.DND:
            return way.value, Verdict(CauseRules().dnd.delay_s)
        delay_s = max(LEAST_DELAY_S, queue.spec.miss_delay_s if queue else 5.0)
        if rules is None and not offer.outbound:
            return "", Verdict(delay_s)
        if rules is None:
            rules = _unless_said(delay_s)
        person.misses.set_rules(rules)
        return way.value if way else "", person.misses.missed(way)

    def enforce(self, person: Person, name: str, then: Consequence, reason: str, why: str) -> None:
        """Carry a rule's consequence out; not against somebody who has chosen otherwise already."""
        if then is Consequence.NOTHING or not person.agent.free:
            return
        person.rule = why
        status = AgentStatus.BREAK if then is Consequence.BREAK else AgentStatus.LOGGED_OUT
        self.choose(person, status, reason, f"rule: {name}")

    # -- breaks ---------------------------------------------------------------------------------------------------

    def watch_break(self, person: Person) -> None:
        """The status, or the centre's break reasons, have changed."""
        key, now, end = ("break", person.spec.id), self.core.now, break_end(self.core, person)
        self._count_break(person)
        self.core.timers.cancel(key)
        person.overrun = person.overrun and 0 < end <= now.wall
        if end and not person.overrun:
            self.core.timers.set(key, now.mono + max(0.0, (end - now.wall) / 1_000_000))

    def _count_break(self, person: Person) -> None:
        """The break before this status, if there was one, counts; a break that begins is remembered."""
        status, since = person.agent.status, person.agent.status_since
        began, reason = person.break_began
        here = (since, status.reason) if status.status is AgentStatus.BREAK else (0, "")
        if here == person.break_began:
            return
        if began:
            lasted, weight = max(0, (since or self.core.now.wall) - began), weight_of(self.core, reason)
            person.breaks_us[weight] = person.breaks_us.get(weight, 0) + lasted
        person.break_began = here

    def break_too_long(self, id: str) -> None:
        """The break's time is over: that is shown, and nothing else happens."""
        person = self.core.people.get(id)
        if person is None or person.agent.status.status is not AgentStatus.BREAK:
            return
        person.overrun = True
        reason, since = person.agent.status.reason, person.agent.status_since
        limit = _limit(self.core, reason)
        self.core.fact(FactKind.BREAK_OVERRUN, agent=id, reason=reason, since=since, max_s=limit)

    # -- desktops -------------------------------------------------------------------------------------------------

    def away(self, person: Person) -> None:
        """The agent's last desktop is gone: the centre's rule, if there is one, follows after its time."""
        rule = self.core.centre.away
        if rule is not None and person.agent.status.status is AgentStatus.AVAILABLE:
            self.core.timers.set(("away", person.spec.id), self.core.now.mono + rule.after_s)
        else:
            self._desktop(person, False)

    def back(self, person: Person) -> None:
        """A desktop is there again. What a rule has done stays until the agent chooses."""
        self.core.timers.cancel(("away", person.spec.id))
        self.hinder(person, "desktop", "")
        self._desktop(person, True)

    def resume(self, person: Person, desktop: bool) -> None:
        """After a restart: a page that was there before has the rule's whole time to come back."""
        person.desktop = desktop
        if desktop:
            self.away(person)

    def _desktop(self, person: Person, here: bool) -> None:
        """Written down, so that a restart knows whose page is awaited: who works without one is not missed."""
        if person.desktop is not here:
            person.desktop = here
            self.core.fact(FactKind.DESKTOP_CHANGED, agent=person.spec.id, here=here)

    def away_too_long(self, id: str) -> None:
        """The desktop was gone for the rule's time. In a call or its wrap-up the rule waits: nothing is offered, and
        :meth:`settle` carries it out."""
        person, rule = self.core.people.get(id), self.core.centre.away
        if person is not None and rule is not None:
            self._desktop(person, False)
            self.hinder(person, "desktop", f"the desktop has been gone for {rule.after_s:g} s")
            self.settle(person)

    def settle(self, person: Person) -> None:
        """The agent may have become idle: a rule that waited for it is carried out."""
        why, rule = person.hindrances.get("desktop"), self.core.centre.away
        if why and rule is not None and person.agent.free:
            self.enforce(person, "away", rule.then, rule.reason, why)


def break_end(core: Core, person: Person) -> int:
    """When the break's time is over, in UTC microseconds; 0: no break, or one without a limit."""
    status = person.agent.status
    limit = _limit(core, status.reason) if status.status is AgentStatus.BREAK else 0.0
    return person.agent.status_since + round(limit * 1_000_000) if limit > 0 else 0


def weight_of(core: Core, reason: str) -> BreakWeight:
    """The weight of a break reason; of one that is not the centre's, neither good nor bad."""
    return next((one.weight for one in core.centre.breaks if one.id == reason), BreakWeight.NEUTRAL)


def breaks_of(core: Core, person: Person) -> list[str]:
    """The reasons that an agent may give for a break."""
    queues = {member.queue for member in person.spec.queues}
    theirs = {campaign.id for campaign in core.centre.campaigns if campaign.queue in queues}
    return [one.id for one in core.centre.breaks if not one.campaigns or not theirs.isdisjoint(one.campaigns)]


def _unless_said(delay_s: float) -> CauseRules:
    """The rules for a campaign's calls where neither agent nor queue has any: a break after some misses in a row."""
    rule = CauseRule(delay_s=delay_s, limit=MOST_UNTAKEN, then=Consequence.BREAK, reason=UNTAKEN)
    return CauseRules(busy=rule, rejected=rule, no_answer=rule, unregistered=rule, failed=rule)


def _limit(core: Core, reason: str) -> float:
    return next((one.max_s for one in core.centre.breaks if one.id == reason), 0.0)
