"""The leads that campaigns have at hand: asked for before they are needed, judged when they are dialled, given back.

They are few, for what is known of them grows old: whether a number may be called is read anew when it was read more
than two seconds before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from msgspec import to_builtins

from fsorch.acd import AgentState
from fsorch.campaigns import Lead, LeadState, Mode
from fsorch.clock import US
from fsorch.engine.actions import ClearToDial, LeadsBack, LeadsWanted
from fsorch.engine.core import Core
from fsorch.engine.dialling_checks import Checks, Ruling, barred, is_put_off
from fsorch.engine.dialling_owners import WAIT_S, Owners, Turn
from fsorch.engine.dialling_state import Dial, Run
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import LeadsCome, ReadyLead

__all__ = ["MOST", "Supply", "is_old"]

# What is known of a lead is as good as new so long.
FRESH_US = 2_000_000
# Leads are kept at hand for so many seconds of dialling.
AHEAD_S = 2.0
FEWEST, MOST = 4, 500
# So many are asked for at most where none of the last could be called: in the morning half of a list may be asleep, and
# each is judged in a turn that others wait for.
MOST_IN_VAIN = 64
# Where the records have no lead, or cannot be asked, they are asked again after this time.
DRY_S = 5.0
# Where they are putting them in order.
UNPREPARED_S = 0.5


def is_old(ready: ReadyLead, now: int) -> bool:
    """Whether what is known of a lead is too old for calling it at ``now`` (UTC microseconds). So is what is of a later
    moment: the clock was set back, and nobody knows its age."""
    return abs(now - ready.checked_at) > FRESH_US


class Supply:
    """The leads of the campaigns ``runs``. ``soon`` is told when a campaign may have something to do."""

    def __init__(self, core: Core, runs: dict[str, Run], checks: Checks, soon: Callable[[], None]) -> None:
        self.core = core
        self.runs = runs
        self.checks = checks
        self.soon = soon
        # Told of a campaign for which there is no lead at this moment.
        self.exhausted: Callable[[Run, LeadsCome], None] = lambda run, input: None
        # Whether an agent looks at a lead, or waits for one they have asked for; whether a call has had no agent yet.
        self.looks: Callable[[str], bool] = lambda agent: False
        self.comes: Callable[[str], bool] = lambda dial: False
        self._serial = 0

    def give_back(self, run: Run) -> None:
        """The leads at hand are for others again, and what was asked for is not waited for."""
        ids = [ready.lead.id for ready in (*run.fresh, *run.unclear.values())]
        run.fresh.clear()
        run.unclear.clear()
        run.asked = run.clearing = 0
        if ids:
            self.core.ask(LeadsBack(campaign=run.spec.id, leads=tuple(ids)))

    def come(self, input: LeadsCome) -> None:
        """Leads have come, or what is known of those we have."""
        run = self.runs.get(input.campaign)
        if run is None or input.serial not in (run.asked, run.clearing):
            # Asked for by words that do not hold any more.
            if input.leads:
                ids = tuple(ready.lead.id for ready in input.leads)
                self.core.ask(LeadsBack(campaign=input.campaign, leads=ids))
            return
        if input.serial == run.clearing:
            self._cleared(run, input)
        else:
            run.asked, now = 0, self.core.now.mono
            run.came = {id: run.came.get(id, now) for id in (*(one.lead.id for one in run.fresh), *run.unclear)}
            run.came |= {ready.lead.id: now for ready in input.leads}
            owed = [ready for ready in input.leads if ready.lead.state is LeadState.CALLBACK]
            run.fresh.extendleft(reversed(owed))
            run.fresh.extend(ready for ready in input.leads if ready.lead.state is not LeadState.CALLBACK)
            run.dry, run.starved = not (input.leads or input.failed), input.lack
            if run.starved:
                run.dry_until = self._dry_until(input)
                self.exhausted(run, input)
        self.soon()

    def _cleared(self, run: Run, input: LeadsCome) -> None:
        """What is known now of the leads at hand, which keep their order. Records that do not answer have them still in
        our name, and are asked again later."""
        known = run.unclear if input.failed else {ready.lead.id: ready for ready in input.leads}
        run.fresh.extendleft(reversed([known[id] for id in run.unclear if id in known]))
        run.clearing, run.unclear = 0, {}
        if input.failed:
            run.starved, run.unanswered_until = input.lack, self.core.now.mono + DRY_S

    def _dry_until(self, input: LeadsCome) -> float:
        now = self.core.now
        if input.unprepared:
            return now.mono + UNPREPARED_S
        wait_s = (input.next_at - now.wall) / US if input.next_at else DRY_S
        return now.mono + min(max(wait_s, 0.5), DRY_S)

    def serial(self) -> int:
        """The next number of a question to the records."""
        self._serial += 1
        return self._serial

    def supply(self, run: Run, due: int) -> None:
        """Ask for leads before they are needed, and whenever somebody has become free: only then it is known whose
        promises and own leads are due, which come before those at hand."""
        free = [agent for agent, state in run.agents.items() if state == AgentState.IDLE]
        run.asked_with.intersection_update(free)
        if run.asked or run.spec.mode is Mode.MANUAL:
            return
        wanted = min(MOST, max(FEWEST, due, round(run.speed * AHEAD_S), min(run.vain, MOST_IN_VAIN)))
        at_hand, most = len(run.fresh) + len(run.unclear), wanted * 2 + len(run.agents)
        # What waits for its owner is kept, and is no reason not to ask for what could be called.
        have = self._of_use(run)
        anew = set(free) - run.asked_with
        run.asked_with |= anew
        if at_hand < most and (anew or (have * 2 <= wanted and run.dry_until <= self.core.now.mono)):
            run.asked, run.asked_anew = self.serial(), anew
            free.sort(key=lambda agent: (agent not in anew, not self._waits(run, agent)))
            owners = tuple(dict.fromkeys([*free, *(one for agent in free for one in self._territories(agent))]))
            count = max(1, len(anew), min(wanted - have, most - at_hand))
            self.core.ask(LeadsWanted(campaign=run.spec.id, serial=run.asked, count=count, owners=owners))

    def _of_use(self, run: Run) -> int:
        """How many of the leads at hand could be called as soon as there is room."""
        owners, ready = self._owners(run), (*run.fresh, *run.unclear.values())
        return sum(owners.turn(one.lead, self._at_hand_s(run, one.lead)) <= Turn.ANYBODYS for one in ready)

    def awaits(self, run: Run, agent: str = "") -> bool:
        """Whether leads were asked for because this agent (empty: any) has become free, or have still to be: what is at
        hand may not be what comes first."""
        if not agent:
            return bool(run.asked and run.asked_anew)
        return agent not in run.asked_with or bool(run.asked and agent in run.asked_anew)

    def take_lead(
        self, run: Run, fits: Callable[[Lead], bool], agent: str = ""
    ) -> tuple[ReadyLead, str, Ruling] | None:
        """The lead at hand that is called now, of those that ``fits`` and may be dialled at this moment, with its
        number: what is promised first, then what is of an owner who waits for a call (of ``agent``, if one is named),
        then what is nobody's, then what is of those who are busy; each in the order in which they came. What is barred
        goes back, and so does what has waited in vain for its agent; what is known too long is read anew."""
        stuck: set[str] = set()
        found: tuple[ReadyLead, str, Ruling] | None = None
        owners = self._owners(run, agent)
        # While some are read anew the others wait: else they would overtake.
        while run.fresh and not run.clearing and found is None:
            place = owners.first(self._fitting(run, fits, stuck))
            if place is None or self._is_old(run.fresh[place]):
                break
            ready = run.fresh[place]
            del run.fresh[place]
            if judged := self.judge(run, ready):
                found = ready, *judged
        self._return(run, stuck)
        if found is None:
            self._clear(run)
        return found

    def _fitting(
        self, run: Run, fits: Callable[[Lead], bool], stuck: set[str]
    ) -> Iterator[tuple[int, ReadyLead, float]]:
        """The leads at hand that ``fits``, with their places and for how long they have been there. ``stuck`` gets
        those that have waited in vain for their agent."""
        for place, ready in enumerate(run.fresh):
            if self._is_old(ready) and self._stuck(run, ready.lead):
                stuck.add(ready.lead.id)
            elif fits(ready.lead):
                yield place, ready, self._at_hand_s(run, ready.lead)

    def _is_old(self, ready: ReadyLead) -> bool:
        return is_old(ready, self.core.now.wall)

    def _at_hand_s(self, run: Run, lead: Lead) -> float:
        return self.core.now.mono - run.came.get(lead.id, self.core.now.mono)

    def _stuck(self, run: Run, lead: Lead) -> bool:
        """Whether a lead is for one agent alone, who is not free."""
        agent = self.only(run, lead)
        return bool(agent) and run.agents.get(agent) != AgentState.IDLE

    def _return(self, run: Run, leads: set[str]) -> None:
        """These of the leads at hand are for others again."""
        if leads:
            ids = tuple(ready.lead.id for ready in run.fresh if ready.lead.id in leads)
            run.fresh = deque(ready for ready in run.fresh if ready.lead.id not in leads)
            self.core.ask(LeadsBack(campaign=run.spec.id, leads=ids))

    def _clear(self, run: Run) -> None:
        """Read all anew that is at hand, if anything of it is known too long."""
        now = self.core.now
        old = any(self._is_old(ready) for ready in run.fresh)
        # Records that did not answer are left alone for a while.
        if run.clearing or not old or run.unanswered_until > now.mono:
            return
        run.unclear = {ready.lead.id: ready for ready in run.fresh}
        run.fresh.clear()
        run.clearing = self.serial()
        self.core.ask(ClearToDial(campaign=run.spec.id, serial=run.clearing, leads=tuple(run.unclear)))

    def judge(
        self, run: Run, ready: ReadyLead, number: str = "", *, own: Dial | None = None
    ) -> tuple[str, Ruling] | None:
        """The number that is dialled for this lead now, and what the law says of it. None: it is not, and the lead's
        fate is written down. ``own``: the attempt that it is asked for, if it has begun already."""
        now = self.core.now.wall
        number, ruling = self.checks.judge(run.spec, ready, now, number, own=own)
        if ruling.allowed:
            run.vain = 0
            return number, ruling
        run.vain += 1
        self.tell(run, ready, number, ruling)
        if ready.lead.id:
            row, why = to_builtins(barred(ready.lead, ruling, now)), f"{ruling.rule}: {ruling.words}"
            put_off = {"put_off": ruling.rule} if is_put_off(ruling) else {}
            self.core.fact(FactKind.LEAD_CHANGED, queue=run.spec.queue, row=row, why=why, **put_off)
        return None

    def tell(self, run: Run, ready: ReadyLead, number: str, ruling: Ruling) -> None:
        """Write down that a lead is not called, and what forbids it."""
        run.tally.barred += 1
        self.core.fact(
            FactKind.LEAD_BARRED,
            queue=run.spec.queue,
            campaign=run.spec.id,
            lead=ready.lead.id,
            number=number,
            rule=ruling.rule,
            source=ruling.source,
            words=ruling.words,
            until=ruling.until,
        )

    def only(self, run: Run, lead: Lead) -> str:
        """The one agent who may have this lead; empty: whoever is free."""
        if lead.callback_agent:
            wait_s = run.spec.callbacks.own_wait_s
            late = wait_s > 0 and self.core.now.wall >= lead.next_at + wait_s * US
            return "" if late else lead.callback_agent
        return self._owner(run, lead) if run.spec.owner_only else ""

    def may_have(self, run: Run, agent: str, lead: Lead) -> bool:
        """Whether a free agent may have this lead for themselves: a promise is for whom it was given, what has an owner
        for its owners, where one of them waits for a call (and does not leave it for too long) or it is for nobody
        else."""
        if lead.callback_agent or not lead.owner:
            return (self.only(run, lead) or agent) == agent
        if run.spec.owner_only:
            return self._owns(agent, lead)
        if not run.spec.owner_first or self._owns(agent, lead) or self._at_hand_s(run, lead) >= WAIT_S:
            return True
        return not any(self._owns(one, lead) and self._waits(run, one) for one in run.agents)

    # -- owners ---------------------------------------------------------------------------------------------------

    def _by_owner(self, run: Run) -> bool:
        return run.spec.mode is not Mode.AGENTLESS and (run.spec.owner_first or run.spec.owner_only)

    def _waits(self, run: Run, agent: str) -> bool:
        """Whether an agent is free, and nothing is on its way to them."""
        return run.agents.get(agent) == AgentState.IDLE and not self._is_engaged(run, agent)

    def _is_engaged(self, run: Run, agent: str) -> bool:
        return self.looks(agent) or self.comes(run.meant.get(agent, ""))

    def order(self, run: Run, most: int) -> tuple[str, ...]:
        """The leads at hand in the order in which they are called as things stand now, so many of them at most."""
        owners = self._owners(run)
        turns = sorted(run.fresh, key=lambda one: owners.turn(one.lead, self._at_hand_s(run, one.lead)))
        return tuple(one.lead.id for one in turns[:most])

    def _owners(self, run: Run, agent: str = "") -> Owners:
        """Whose leads are called now; for ``agent`` alone, if one is named. Nobody's, where none at hand has an owner
        or the campaign does not go by them."""
        at_hand = (*run.fresh, *run.unclear.values())
        if not self._by_owner(run) or not any(ready.lead.owner for ready in at_hand):
            return Owners()
        free: set[str] = set()
        engaged: set[str] = set()
        busy: set[str] = set()
        for one, state in run.agents.items():
            if state != AgentState.IDLE:
                names = busy
            elif one == agent or (not agent and not self._is_engaged(run, one)):
                names = free
            else:
                names = engaged
            names.update((one, *self._territories(one)))
        return Owners(frozenset(free), frozenset(engaged), frozenset(busy))

    def meant(self, run: Run, lead: Lead, dial: str) -> None:
        """A lead is called: whose it is, if they wait for a call, waits for this."""
        if lead.owner and self._by_owner(run):
            agent = next((one for one in run.agents if self._owns(one, lead) and self._waits(run, one)), "")
            if agent:
                run.meant[agent] = dial

    def taker(self, run: Run, dial: Dial) -> str:
        """Whose call this is that was answered: of its lead's owners one who is free, the one for whom it was meant
        before all others; empty: nobody's."""
        lead = dial.lead
        if not lead.owner or not self._by_owner(run):
            return ""
        free = [one for one, state in run.agents.items() if state == AgentState.IDLE and self._owns(one, lead)]
        named = lead.owner if lead.owner in self.core.people else ""
        rest = min(free, key=lambda one: self._is_engaged(run, one), default="")
        return next((one for one in free if run.meant.get(one) == dial.id), named or rest)

    def _owner(self, run: Run, lead: Lead) -> str:
        """The agent whose lead this is: the one it names; of a territory one who is free before one who is not; what it
        says, where that is nobody here."""
        if lead.owner in self.core.people:
            return lead.owner
        theirs = [agent for agent in run.agents if self._owns(agent, lead)]
        return min(theirs, key=lambda agent: run.agents[agent] != AgentState.IDLE, default=lead.owner)

    def _owns(self, agent: str, lead: Lead) -> bool:
        return lead.owner == agent or lead.owner in self._territories(agent)

    def _territories(self, agent: str) -> tuple[str, ...]:
        person = self.core.people.get(agent)
        return person.spec.territories if person is not None else ()
