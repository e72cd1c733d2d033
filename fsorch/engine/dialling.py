"""Campaigns: which of them dial now, how many calls, to whom, and what becomes of the leads.

One turn (:meth:`Dialling.pace`) asks each campaign's pacer how many calls it wants, holds that against what holds it
back (its state and hours, agents who are gone, callers who wait, lines and launches a second), and launches one call at
a time, always for the campaign with the fewest lines in use for its weight; so gateways that several campaigns want are
shared by weight. A turn comes when an agent is free, a call ends, leads come, or a tenth of a second has passed.

Its agents are the business of :mod:`fsorch.engine.dialling_crew`, its leads that of
:mod:`fsorch.engine.dialling_supply`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import structs, to_builtins

from fsorch.acd import AgentState
from fsorch.campaign.campaign import CampaignInput, CampaignMachine
from fsorch.campaign.retry import Next, after, unspent, with_attempt
from fsorch.campaigns import ARMED, CampaignSpec, CampaignState, Disposition, Lead, LeadState, Mode, Outcome
from fsorch.engine.calls import Calls
from fsorch.engine.core import Core
from fsorch.engine.dialling_calls import DialCalls
from fsorch.engine.dialling_checks import Checks, Ruling
from fsorch.engine.dialling_crew import Crew
from fsorch.engine.dialling_holds import PACED, Holds
from fsorch.engine.dialling_leads import shown
from fsorch.engine.dialling_pace import Paces
from fsorch.engine.dialling_state import Dial, Limit, Run
from fsorch.engine.dialling_supply import MOST, Supply
from fsorch.engine.dialling_ways import Ways
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import CampaignsAre, DropsWere, LeadsCome, PacingWas, ReadyLead
from fsorch.engine.tenants import TenantLines

__all__ = ["Dialling"]

# Between two turns while a campaign dials.
TURN_S = 0.1
# Between two turns while none does, for the clock may open a calendar.
IDLE_S = 0.5
# What holds a campaign is told so often at most.
TELL_S = 1.0
# How often the records get what a pacer has learned.
KEEP_LEARNT_S = 60.0
# So long a campaign that is held keeps the leads it has.
KEEP_S = 30.0
# Half of what is known of the speed of launching is this old.
HALF_S = 2.0
# A campaign that was over its ceiling of drops goes by its pacer again below so much of it.
BACK = 0.8
# The states in which nobody wants it to dial.
STOPPED = (CampaignState.DRAFT, CampaignState.PAUSED, CampaignState.DRAINING, CampaignState.FINISHED)


class Dialling:
    """Runs the campaigns. ``calls`` (DialCalls) owns what has been launched."""

    def __init__(self, core: Core, calls: Calls) -> None:
        self.core = core
        self.people = calls.people
        self.waiting = calls.waiting
        self.ways = Ways(core)
        self.checks = Checks(self._is_called)
        self.runs: dict[str, Run] = {}
        self.holds = Holds(core, calls.waiting, self.ways, self.checks, self.runs)
        self.dials = DialCalls(core, calls)
        self.dials.ended, self.dials.told, self.dials.dropped = self.ended, self._told, self._dropped
        self.paces = Paces(core, self.checks, calls.waiting, self.dials.dials)
        self.dials.turn_s = self.ways.turn_s
        self.dials.next_way, self.dials.way_went, self.dials.way_worked = (
            self.ways.next,
            self.ways.went,
            self.ways.worked,
        )
        self.dials.means, self.dials.placed = self.ways.verdict, self._placed
        calls.dial_event, calls.dial_job = self.dials.event, self.dials.job
        calls.dial_gone, calls.dial_served, calls.dial_left = self.dials.gone, self.dials.served, self.dials.left
        # Whether an agent has still to say how an attempt was, before the lead's fate is known; see Previews.
        self.closing: Callable[[Dial], bool] = lambda dial: False
        # Show leads to the free agents of a campaign; nobody looks at its leads any more.
        self.show: Callable[[Run], None] = lambda run: None
        # Call a lead for each free agent whose own phone comes first.
        self.attend: Callable[[Run], None] = lambda run: None
        self.stopped: Callable[[Run], None] = lambda run: None
        # Whether an agent looks at a lead of a campaign, or has still to say how a call was.
        self.awaits_word: Callable[[str], bool] = lambda campaign: False
        # Whether this agent, who was in the wrap-up after this call in an earlier life of ours, goes on with it.
        self.reopen: Callable[[Dial, str], bool] = lambda dial, agent: False
        self.crew = Crew(core, self.runs, self.dials, self.paces, self.soon)
        self.crew.tells = self.ways.tells
        self.supply = Supply(core, self.runs, self.checks, self.soon)
        self.supply.exhausted, self.supply.comes = self._exhausted, self.crew.comes
        self.dials.whose = self._whose
        self.lines = TenantLines(core, self.runs)
        self._turned = 0.0

    # -- from outside ---------------------------------------------------------------------------------------------

    def configure(self) -> None:
        """The centre has changed: what runs goes on by the new words at once."""
        wanted = {spec.id: spec for spec in self.core.centre.campaigns}
        self.checks.configure(self.core.centre)
        gone = [self.runs.pop(id) for id in list(self.runs) if id not in wanted]
        for id, spec in wanted.items():
            run = self.runs.get(id)
            if run is None:
                # One that was removed and is back has the calls that are still under way.
                self.runs[id] = Run(spec, limit=Limit(spec.cps_max), lines=self.dials.lines(id))
            elif run.spec != spec:
                self._change(run, spec)
        self.crew.configure()
        self.ways.configure()
        self.lines.configure()
        # Their agents find another campaign among those there are now.
        for run in gone:
            self._stop(run)
        self.crew.look_at_all()
        self.soon()

    def _change(self, run: Run, spec: CampaignSpec) -> None:
        before, run.spec = run.spec, spec
        if before.cps_max != spec.cps_max:
            run.limit = Limit(spec.cps_max)
        self.crew.weighed(run, before.weight)
        if _paced_by(before) != _paced_by(spec):
            self.paces.anew(run)
        if _chosen_by(before) != _chosen_by(spec):
            # Chosen by the old words.
            self.supply.give_back(run)
        run.dry_until = 0.0

    def states(self, input: CampaignsAre) -> None:
        """How the records say that the campaigns stand: what has changed there is what somebody wants."""
        self.checks.stale = input.stale
        for run in self.runs.values():
            state = input.states.get(run.spec.id, CampaignState.DRAFT)
            run.stopped = input.stopped.get(run.spec.id, "")
            if state is run.recorded:
                continue
            run.recorded = state
            # What we said ourselves comes back from the records a little later.
            if _same(state, run.state):
                continue
            run.machine = CampaignMachine(CampaignState.SCHEDULED if state is CampaignState.RUNNING else state)
            run.dry_until = 0.0
            if state in STOPPED:
                self._stop(run)
            self._say(run)
            self._drained(run)
        self.crew.look_at_all()
        self.soon()

    def drops_were(self, input: DropsWere) -> None:
        """What the records have in the windows of the packs; what we count ourselves is in it."""
        for id, counts in input.counts.items():
            run = self.runs.get(id)
            if run is not None:
                # Below nought where some of the tally has left the window.
                tally = run.tally
                run.before = {
                    days: (live - tally.live, drops - tally.drops, left - tally.left)
                    for days, (live, drops, left) in counts.items()
                }

    def pacing_was(self, input: PacingWas) -> None:
        """What earlier pacers had learned."""
        self.paces.were(self.runs, input)

    def _mind_drops(self, run: Run) -> None:
        """Over the ceiling nobody is dialled but for a free agent, until the share is well below it again."""
        budget = self.holds.budget(run)
        over = budget.is_over if not run.over else budget.share > budget.ceiling * BACK
        if over is not run.over:
            self.paces.forget(run)
            run.over = over
            why = f"drops are at {budget.share:.1%}" if over else ""
            fields = {"campaign": run.spec.id, "state": run.state.value, "held": run.held, "drops": why}
            self.core.fact(FactKind.CAMPAIGN_CHANGED, queue=run.spec.queue, **fields)

    def _mind_agents(self, run: Run) -> None:
        """With few agents at work what comes by chance is too much for any pacer but one line for each."""
        few = 0 < len(run.agents) < run.spec.few_agents
        if few is not run.few:
            self.paces.forget(run)
            run.few = few

    def _say(self, run: Run) -> None:
        fields = {"campaign": run.spec.id, "state": run.state.value, "held": run.held}
        self.core.fact(FactKind.CAMPAIGN_CHANGED, queue=run.spec.queue, **fields)

    def _move(self, run: Run, input: CampaignInput) -> None:
        """What hours, leads and calls make of a campaign."""
        before = run.state
        run.machine.step(input)
        if run.state is before:
            return
        if run.state is not CampaignState.RUNNING:
            self._stop(run)
        else:
            # One that has looked after what still rang counted on whoever serves the queue.
            self.paces.anew(run)
        self._say(run)
        self.crew.look_at_all()

    def _drained(self, run: Run) -> None:
        if run.state is CampaignState.DRAINING and not run.lines:
            self._move(run, CampaignInput.DRAINED)

    def _stop(self, run: Run) -> None:
        """No more launches; what rings rings on, for it may be answered by those who are there."""
        self.supply.give_back(run)
        # First of all, for those whose phone stops ringing find another campaign at once.
        self.crew.dismiss(run)
        self.stopped(run)
        self.paces.anew(run)

    def _exhausted(self, run: Run, input: LeadsCome) -> None:
        """No lead of the lists may be dialled, and none will come due: the campaign is over, unless it waits for
        more."""
        spec, none = run.spec, not input.failed and not input.next_at and not input.unprepared
        waits = run.lines or run.fresh or run.unclear or spec.keep_open or spec.owner_only or self.awaits_word(spec.id)
        if none and spec.lists and not waits and run.state is CampaignState.RUNNING:
            self._move(run, CampaignInput.EMPTY)
            self._drained(run)

    # -- the turn -------------------------------------------------------------------------------------------------

    def soon(self) -> None:
        """A turn as soon as may be: at once, but not more often than a tenth of :data:`TURN_S`."""
        if any(run.state in ARMED or run.lines for run in self.runs.values()):
            self.core.timers.set(("pace", ""), max(self.core.now.mono, self._turned + TURN_S / 10))

    def pace(self, _: str = "") -> None:
        """One turn; see the module."""
        now, self._turned = self.core.now.mono, self.core.now.mono
        wants: dict[str, int] = {}
        self.crew.share()
        rings = False
        for id, run in self.runs.items():
            if run.state not in ARMED:
                rings |= self._call_off(run)
                continue
            closed = self.holds.closed(run)
            if closed or run.state is not CampaignState.RUNNING:
                # Said with the change that it makes, where that was what held it before.
                run.held = closed
            self._move(run, CampaignInput.CLOSED if closed else CampaignInput.OPENED)
            self._slow_down(run, now)
            self._mind_drops(run)
            self._mind_agents(run)
            self.paces.keep(run, KEEP_LEARNT_S)
            rings |= self._call_off(run)
            run.broken = bool(self.holds.broken(run) or self.ways.asleep(run.spec.gateways))
            held = closed or self.holds.held(run) or self.lines.held(run)
            wants[id] = 0 if held else self._due(run)
            self._show_held(run, held)
            if held:
                self._rest(run, now)
                continue
            run.held_since = math.inf
            mode = run.spec.mode
            self.supply.supply(run, len(run.agents) if mode in (Mode.PREVIEW, Mode.PROGRESSIVE) else wants[id])
            if mode is Mode.PREVIEW:
                self.show(run)
            elif mode is Mode.PROGRESSIVE:
                self.attend(run)
                if self.supply.awaits(run):
                    wants[id] = 0
        if not wants and not rings:
            return
        self._launch_all({id: wanted for id, wanted in wants.items() if wanted > 0})
        busy = rings or any(run.lines or not run.held for run in self.runs.values() if run.state in ARMED)
        self.core.timers.set(("pace", ""), now + (TURN_S if busy else IDLE_S))

    def _call_off(self, run: Run) -> bool:
        """End the calls that ring for more people than there will be agents for, those of a campaign that launches
        nothing more too. Whether any ring."""
        rings = run.spec.mode in PACED and run.spec.call_off and self.crew.rings(run)
        if rings:
            self.crew.call_off(run, self.paces.excess(run))
        elif run.state is not CampaignState.RUNNING and run.pacer is not None:
            self.paces.forget(run)
        return rings

    def _rest(self, run: Run, now: float) -> None:
        """A campaign that is held for long keeps no leads from others."""
        run.held_since = min(run.held_since, now)
        if run.dry and run.state is CampaignState.RUNNING:
            # Its agents dial for others meanwhile, and come back when it has leads.
            self.supply.supply(run, 0)
        if now - run.held_since > KEEP_S and (run.fresh or run.unclear):
            self.supply.give_back(run)

    def _slow_down(self, run: Run, now: float) -> None:
        """The launches a second of late, fading."""
        run.speed *= 0.5 ** (max(0.0, now - run.speed_at) / HALF_S)
        run.speed_at = now

    def _launch_all(self, wants: dict[str, int]) -> None:
        while wants:
            id = min(wants, key=lambda one: (self.runs[one].lines + 1) / self.runs[one].spec.weight)
            run = self.runs[id]
            wants[id] -= 1
            if not self._launch(run) or wants[id] <= 0:
                del wants[id]

    def _due(self, run: Run) -> int:
        """How many calls the campaign wants to launch now, within its own limits."""
        spec = run.spec
        if spec.mode is Mode.AGENTLESS:
            wanted = spec.lines_max - run.lines if spec.lines_max else MOST
        elif spec.mode in PACED:
            wanted = self.paces.due(run)
            if spec.lines_per_agent:
                wanted = min(wanted, math.floor(spec.lines_per_agent * len(run.agents)) - run.lines)
        else:
            return 0
        return max(0, min(wanted, self.room(run)))

    def room(self, run: Run) -> int:
        """How many calls may be launched now, by the limits of the campaign, of its tenant and of its gateways."""
        spec, room = run.spec, run.limit.room(self.core.now.mono)
        ways = max(0, self.ways.room(spec.gateways) - self.holds.kept(run))
        lines = spec.lines_max - run.lines if spec.lines_max else ways
        theirs = self.lines.room(run)
        return min(ways, lines, ways if room is None else room, ways if theirs is None else theirs)

    def _show_held(self, run: Run, held: str) -> None:
        if not held and (not run.fresh or run.unanswered_until > self.core.now.mono):
            held = run.starved
        run.held, now = held, self.core.now.mono
        # A number in the words is no change, and what comes and goes is told now and then.
        if _words(held) != _words(run.told) and now - run.told_at >= TELL_S:
            run.told, run.told_at = held, now
            self._say(run)

    def _is_called(self, number: str, own: str) -> bool:
        dials = self.dials.dials.values()
        return any(dial.number == number and not dial.ended_at and dial.id != own for dial in dials)

    # -- launching ------------------------------------------------------------------------------------------------

    def _launch(self, run: Run) -> bool:
        """One call, if there is a lead and a line for it."""
        if self.room(run) <= 0:
            return False
        found = self.supply.take_lead(run, lambda lead: self._for_anyone(run, lead))
        if found is None:
            return False
        dial = self.prepare(run, *found)
        if not self.place(run, dial):
            run.fresh.appendleft(found[0])
            return False
        self.supply.meant(run, dial.lead, dial.id)
        return True

    def _whose(self, dial: Dial) -> str:
        """The agent who is to have a call that was answered before all others, for its lead is theirs."""
        run = self.runs.get(dial.campaign.id)
        return self.supply.taker(run, dial) if run is not None else ""

    def _for_anyone(self, run: Run, lead: Lead) -> bool:
        """Whether it need not be a certain agent, or that agent is free."""
        agent = self.supply.only(run, lead)
        return not agent or run.agents.get(agent) == AgentState.IDLE

    def prepare(
        self, run: Run, ready: ReadyLead, number: str, ruling: Ruling, agent: str = "", caller_id: str = ""
    ) -> Dial:
        """The call of ``number``, that has not been placed; for ``agent`` alone, if one is named, who has chosen to
        show this ``caller_id``."""
        core, spec, lead = self.core, run.spec, ready.lead
        caller_id, caller_name = shown(spec, lead, number, caller_id)
        return Dial(
            id=core.ids(),
            campaign=spec,
            lead=lead,
            number=number,
            switch="",
            launched_at=core.now.wall,
            since=core.now.mono,
            agent=agent or self.supply.only(run, lead),
            ways=spec.gateways,
            ring_s=self.checks.of(spec).ring_s,
            least_ring_s=self.checks.of(spec).least_ring_s,
            drop_s=self.checks.of(spec).drop_s,
            caller_id=caller_id,
            caller_name=caller_name,
            pack=spec.pack,
            owed=self.owed(lead),
            ready=ready,
            checks=ruling.checks,
        )

    def owed(self, lead: Lead) -> bool:
        """Whether a call to this lead, which is reserved, had been promised."""
        return lead.state is LeadState.CALLBACK

    def place(self, run: Run, dial: Dial) -> bool:
        """Place a call; its agent, if it is for one alone, is reserved until it is over. False: no gateway has room."""
        if not self.dials.place(dial):
            return False
        self.launched(run, dial)
        person = self.core.people.get(dial.agent)
        if person is not None and person.agent.free and dial.id in self.dials.dials:
            self.people.reserve(person)
        return True

    def _placed(self, dial: Dial) -> None:
        """The number of a lead is called: from now on it counts as an attempt."""
        self.checks.dialled(dial)
        run = self.runs.get(dial.campaign.id)
        if run is not None:
            run.tally.launched += 1

    def launched(self, run: Run, dial: Dial) -> None:
        """A call of a campaign is under way: the lead's, or that of the agent's phone which comes first."""
        now = self.core.now.mono
        run.lines += 1
        run.speed += 1 / (HALF_S * 1.4427)
        run.limit.take(now)
        self.lines.launched(run)
        self.paces.launched(run, dial)

    # -- what comes of it -----------------------------------------------------------------------------------------

    def _told(self, dial: Dial, outcome: Outcome) -> None:
        run = self.runs.get(dial.campaign.id)
        if run is not None:
            self.paces.told(run, dial, outcome)

    def _dropped(self, dial: Dial) -> None:
        run = self.runs.get(dial.campaign.id)
        if run is not None:
            self.paces.dropped(run, dial)

    def ended(self, dial: Dial) -> None:
        """An attempt is over: it is written down, and what becomes of its lead."""
        run, outcome = self.runs.get(dial.campaign.id), dial.outcome or Outcome.LOST
        self.ways.free(dial)
        self.core.timers.cancel(("withdraw", dial.id))
        self.core.fact(FactKind.ATTEMPT_ENDED, dial.id, **self.marks(dial), row=to_builtins(dial.row()))
        if self.ways.to_blame(dial, dial.cause):
            self.lead_becomes(dial, unspent(dial.lead, self.ways.until(dial.gateway), owed=dial.owed))
        else:
            dial.lead = with_attempt(dial.lead, dial.row())
            if not self.closing(dial):
                self.settle(dial)
        if run is not None:
            self._count(run, dial, outcome)
            self._drained(run)
        self.soon()

    def marks(self, dial: Dial) -> dict[str, str]:
        """The fields of a fact about an attempt."""
        agent = dial.served or dial.agent
        return {"leg": dial.leg, "agent": agent, "queue": dial.campaign.queue, "switch": dial.switch}

    def settle(self, dial: Dial, said: Disposition | None = None, promised_at: int = 0, promised_to: str = "") -> None:
        """Write down what becomes of the lead after its attempt: by what an agent has ``said`` of it, or the rules.
        ``promised_at``: UTC microseconds, 0 for never."""
        lead, owed = dial.lead, dial.owed
        next = after(
            dial.campaign,
            lead,
            dial.row(),
            said,
            owed=owed,
            promised_at=promised_at,
            promised_agent=promised_to,
        )
        self.lead_becomes(dial, next)

    def lead_becomes(self, dial: Dial, next: Next) -> None:
        """The lead as it is from now on."""
        lead = structs.replace(
            dial.lead,
            state=next.state,
            next_at=next.next_at,
            next_number=next.next_number,
            callback_agent=next.callback_agent,
            disposition=dial.disposition or dial.lead.disposition,
            callback_note=dial.note if next.state is LeadState.CALLBACK else "",
            campaign=dial.campaign.id if next.state is LeadState.CALLBACK else dial.lead.campaign,
        )
        if lead.id:
            self.core.fact(FactKind.LEAD_CHANGED, dial.id, **self.marks(dial), row=to_builtins(lead), why=next.why)

    def _count(self, run: Run, dial: Dial, outcome: Outcome) -> None:
        run.lines = max(0, run.lines - 1)
        run.tally.outcomes[outcome.value] += 1
        run.tally.talked += bool(dial.served)
        run.tally.listened += dial.listened
        run.tally.signs[dial.row().answer] += 1


def _paced_by(spec: CampaignSpec) -> tuple[object, ...]:
    """What its pacer is made by."""
    return spec.mode, spec.pacer, spec.target, spec.ratio, spec.level, spec.pack, spec.amd


def _chosen_by(spec: CampaignSpec) -> tuple[object, ...]:
    """All by which its leads are chosen."""
    return spec.lists, spec.filter, spec.order, spec.mix, spec.new_every, spec.pack


def _words(held: str) -> str:
    return held.partition(" ")[2] or held


def _same(recorded: CampaignState, own: CampaignState) -> bool:
    """Whether the records say what is so: somebody wants it to dial, or has ended it."""
    ending = (CampaignState.DRAINING, CampaignState.FINISHED)
    return recorded is own or (recorded in ARMED and own in ARMED) or (recorded in ending and own in ending)
