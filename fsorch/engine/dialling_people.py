"""What agents do with leads: look at one and call it or not, call a number by hand, and say how a call was.

A lead that is shown is reserved, its agent is not: who rings comes first, and the lead goes back. An agent who dials is
reserved until the call is over; with a standing line the lead's phone rings at once, else the agent's own comes first.
That may ring for half a minute, so once it is picked up the lead is looked at again: what has been written down
meanwhile, or the end of the hours, or of the campaign, keeps it from being called.

How a call was is said while it lasts or in the wrap-up after it; until that is over the word may be changed, and the
lead's fate is open (`closing`). Then the last word is carried out, or the rules decide as for every outcome. Two words
do not wait: that nobody is to be called again, and a promise that would come due meanwhile; and none waits for an agent
who stays in the wrap-up for an hour.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from msgspec import structs, to_builtins

from fsorch.acd import AgentState
from fsorch.acd.line import LineState
from fsorch.campaign.dial import DialState
from fsorch.campaign.form import filled_in
from fsorch.campaign.retry import spoken
from fsorch.campaigns import (
    CampaignSpec,
    CampaignState,
    Disposition,
    Lead,
    LeadState,
    Mode,
    Outcome,
    PreviewTimeout,
    Then,
)
from fsorch.clock import US
from fsorch.engine.actions import ClearToDial, LeadsBack, LeadsWanted
from fsorch.engine.core import Core
from fsorch.engine.dialling import Dialling
from fsorch.engine.dialling_calls import AGAIN_S, ROOM_S
from fsorch.engine.dialling_checks import Ruling
from fsorch.engine.dialling_leads import choices, next_number, words_of
from fsorch.engine.dialling_state import Dial, Preview, Run
from fsorch.engine.dialling_supply import is_old
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import DialNumber, DialPreview, Dispose, HangUp, LeadsCome, ReadyLead, Request, SkipPreview
from fsorch.engine.state import Person
from fsorch.errors import NotFound, RequestRefused
from fsorch.rules import PhoneMode

__all__ = ["Previews"]

NUMBER = re.compile(r"\+[0-9]{5,15}")
# How long a wrap-up without an end may last, where a promise falls into it, and how long one keeps back what was said.
LONG_S = 3600.0
# The records are waited for so long, while somebody waits for the next gateway.
ANSWER_S = 10.0


@dataclass(slots=True)
class Ask:
    """What an agent waits for: a lead that is read anew, or that of a number; then ``number`` is called, and
    ``caller_id`` shown, if they have chosen one. ``dial``: the attempt for which they have picked up their own phone
    already, which has this ``lead`` in its name. ``until``: how long it is tried while no line takes it (seconds of the
    engine's clock); 0: it was not tried yet."""

    agent: str
    campaign: str
    number: str
    caller_id: str = ""
    dial: str = ""
    lead: str = ""
    until: float = 0.0


class Previews:
    """Carries out what agents ask for about leads. ``by_hand`` names for each request who takes it."""

    def __init__(self, core: Core, dialling: Dialling) -> None:
        self.core = core
        self.dialling = dialling
        self.people = dialling.people
        self.previews: dict[str, Preview] = {}
        # The last call of a campaign that each agent has had, and those whose leads wait for a word about it.
        self.last: dict[str, Dial] = {}
        self.closings: dict[str, Dial] = {}
        self._asks: dict[int, Ask] = {}
        # What those have been given who wait for a line to take their call.
        self._given: dict[int, ReadyLead] = {}
        # Why the call that an agent asked for last is not made, until they ask for another.
        self.refusals: dict[str, str] = {}
        dialling.closing, dialling.show, dialling.stopped = self.closing, self.show, self.stopped
        dialling.awaits_word, dialling.reopen = self._awaits_word, self.reopen
        self.people.owes_word = self._owes_word
        dialling.crew.looks = dialling.supply.looks = lambda agent: agent in self.previews or self._asked(agent)
        dialling.attend = self.attend
        dialling.dials.served_by = self.served
        dialling.dials.untouched, dialling.dials.picked_up = self._untouched, self._picked_up
        dialling.dials.once_more = self._another_way
        self.handlers: dict[type[Request], Callable[[Person, Any], None]] = {
            DialPreview: self._dial,
            SkipPreview: self._skip,
            DialNumber: self._by_hand,
            Dispose: self._dispose,
        }

    # -- previews -------------------------------------------------------------------------------------------------

    def show(self, run: Run) -> None:
        """Give each free agent of a campaign a lead to look at."""
        for agent, state in run.agents.items():
            if state != AgentState.IDLE or agent in self.previews or self._asked(agent):
                continue
            if self.dialling.supply.awaits(run, agent):
                continue
            found = self.dialling.supply.take_lead(run, partial(self._fits, run, agent), agent)
            if found is None:
                # What there is may be for others alone.
                continue
            ready, number, _ = found
            self._shown(run, agent, ready, number)

    def attend(self, run: Run) -> None:
        """Call a lead for each free agent of a progressive campaign who has no standing line: their own phone first, so
        that nobody who answers waits for it."""
        for agent, state in run.agents.items():
            person = self.core.people.get(agent)
            if person is None or person.spec.phone_mode is PhoneMode.NAILED or self._asked(agent):
                continue
            if state != AgentState.IDLE or not person.agent.free or self.dialling.room(run) <= 0:
                continue
            if self.dialling.supply.awaits(run, agent):
                continue
            found = self.dialling.supply.take_lead(run, partial(self._fits, run, agent), agent)
            if found is None:
                # What there is may be for others alone.
                continue
            if why := self._place(person, run, *found):
                self._not_placed(run, found[0], Ask(agent, run.spec.id, found[1]), why)

    def _fits(self, run: Run, agent: str, lead: Lead) -> bool:
        return self.dialling.supply.may_have(run, agent, lead)

    def _shown(self, run: Run, agent: str, ready: ReadyLead, number: str) -> None:
        now, seconds = self.core.now, run.spec.preview.timer_s
        until = now.wall + round(seconds * US) if seconds else 0
        self.previews[agent] = Preview(agent, run.spec.id, ready, until, now.wall)
        if seconds:
            self.core.timers.set(("preview", agent), now.mono + seconds)
        fields: dict[str, Any] = {"campaign": run.spec.id, "lead": ready.lead.id, "number": number, "until": until}
        self.core.fact(FactKind.PREVIEW_SHOWN, agent=agent, queue=run.spec.queue, **fields)

    def due(self, agent: str) -> None:
        """An agent has looked at a lead for as long as the campaign lets them."""
        preview, person = self.previews.get(agent), self.core.people.get(agent)
        run = self.dialling.runs.get(preview.campaign) if preview is not None else None
        if preview is None or person is None or run is None:
            return
        if run.spec.preview.on_timeout is PreviewTimeout.DIAL and person.agent.free:
            self._begin(person, run, preview, DialPreview(agent=agent, by="timer"))
        else:
            self._put_off(run, preview, "looked at for too long", "timer")

    def staffed(self, person: Person) -> None:
        """An agent does something else now: the lead they look at goes back, and what they said nothing of is
        settled."""
        id, state = person.spec.id, person.agent.state
        if id in self.previews and not person.agent.free:
            self._take_away(id)
        if id in self.closings and state not in (AgentState.TALKING, AgentState.WRAP_UP):
            self._settle(self.closings.pop(id))

    def stopped(self, run: Run) -> None:
        """A campaign dials no more: nobody looks at its leads, and no phone rings for one."""
        for agent in [agent for agent, one in self.previews.items() if one.campaign == run.spec.id]:
            self._take_away(agent)
        dials = self.dialling.dials
        for dial in [one for one in dials.dials.values() if one.campaign.id == run.spec.id]:
            dials.not_called(dial)

    def _awaits_word(self, campaign: str) -> bool:
        looked_at = any(preview.campaign == campaign for preview in self.previews.values())
        return looked_at or any(dial.campaign.id == campaign for dial in self.closings.values())

    def _take_away(self, agent: str) -> None:
        preview = self.previews.pop(agent, None)
        self.core.timers.cancel(("preview", agent))
        if preview is not None:
            self.core.ask(LeadsBack(campaign=preview.campaign, leads=(preview.ready.lead.id,)))

    def _asked(self, agent: str) -> bool:
        return any(ask.agent == agent for ask in self._asks.values())

    # -- requests -------------------------------------------------------------------------------------------------

    def _preview(self, person: Person, verb: str, seen: str) -> tuple[Run, Preview]:
        preview = self.previews.get(person.spec.id)
        run = self.dialling.runs.get(preview.campaign) if preview is not None else None
        if preview is None or run is None:
            raise RequestRefused("the agent", person.agent.state.value, verb, "no lead is shown to them")
        if seen not in ("", preview.ready.lead.id):
            raise RequestRefused("the lead", "another by now", verb, "look at the one that is shown")
        return run, preview

    def _dial(self, person: Person, request: DialPreview) -> None:
        run, preview = self._preview(person, "dial", request.lead)
        known = {one.number for one in preview.ready.lead.numbers if not one.dead}
        if request.number and request.number not in known:
            raise NotFound("number of this lead", request.number, known=known)
        if not person.agent.free:
            raise RequestRefused("the agent", person.agent.state.value, "dial", "they are not free")
        number = request.number or self.number_of(preview)
        _check_caller_id(run.spec, preview.ready.lead, number, request.caller_id)
        self._begin(person, run, preview, request)

    def _begin(self, person: Person, run: Run, preview: Preview, asked: DialPreview) -> None:
        id, ready = person.spec.id, preview.ready
        self.refusals.pop(id, None)
        del self.previews[id]
        self.core.timers.cancel(("preview", id))
        if is_old(ready, self.core.now.wall) and ready.lead.id:
            serial = self._ask(Ask(id, run.spec.id, asked.number, asked.caller_id))
            self.core.ask(ClearToDial(campaign=run.spec.id, serial=serial, leads=(ready.lead.id,)))
        else:
            self._call(person, run, ready, Ask(id, run.spec.id, asked.number, asked.caller_id))

    def _ask(self, ask: Ask) -> int:
        self.refusals.pop(ask.agent, None)
        serial = self.dialling.supply.serial()
        self._asks[serial] = ask
        return serial

    def come(self, input: LeadsCome) -> bool:
        """What an agent has asked for is here; False: it was not for an agent."""
        ask = self._asks.pop(input.serial, None)
        if ask is None:
            return False
        ready = next(iter(input.leads), None)
        if ask.dial:
            self._known_again(ask, ready, input.failed)
        elif ready is None:
            self._tell_refusal(ask, input.failed or "the lead is no longer free")
        else:
            self._go_on(ask, ready)
        return True

    def again(self, serial: str) -> None:
        """Another try at a call that no line took."""
        ask, ready = self._asks.pop(int(serial), None), self._given.pop(int(serial), None)
        if ask is not None and ready is not None:
            self._go_on(ask, ready)

    def _go_on(self, ask: Ask, ready: ReadyLead) -> None:
        person, run = self.core.people.get(ask.agent), self.dialling.runs.get(ask.campaign)
        if person is None or run is None or not person.agent.free or run.state is not CampaignState.RUNNING:
            self._back(ask.campaign, ready)
        else:
            self._call(person, run, ready, ask)

    def _back(self, campaign: str, ready: ReadyLead) -> None:
        if ready.lead.id:
            self.core.ask(LeadsBack(campaign=campaign, leads=(ready.lead.id,)))

    def _call(self, person: Person, run: Run, ready: ReadyLead, ask: Ask) -> None:
        found = self.dialling.supply.judge(run, ready, ask.number)
        if found is None:
            self._refused(run.spec, ready, ask.number, person.spec.id)
            return
        why = self._place(person, run, ready, *found, caller_id=ask.caller_id)
        if why and not self._waits(ask, ready):
            self._not_placed(run, ready, replace(ask, number=found[0]), why)

    def _waits(self, ask: Ask, ready: ReadyLead) -> bool:
        """Whether a call that no line took is tried once more: others have taken the launches of this second, or the
        agent's standing call is on its way back after a restart of ours."""
        now = self.core.now.mono
        ask.until = ask.until or now + ROOM_S
        if now >= ask.until:
            return False
        serial = self._ask(ask)
        self._given[serial] = ready
        self.core.timers.set(("asked", str(serial)), now + AGAIN_S)
        return True

    def _not_placed(self, run: Run, ready: ReadyLead, ask: Ask, why: str) -> None:
        self._tell_refusal(ask, why)
        self._back(run.spec.id, ready)

    def _place(
        self, person: Person, run: Run, ready: ReadyLead, number: str, ruling: Ruling, caller_id: str = ""
    ) -> str:
        """Call this number for this agent alone. Why not at this moment; empty: it is called."""
        self.refusals.pop(person.spec.id, None)
        dial = self.dialling.prepare(run, ready, number, ruling, agent=person.spec.id, caller_id=caller_id)
        if self.dialling.lines.room(run) == 0:
            return f"the tenant {self.core.tenancy.of_campaign(run.spec.id)} has as many calls as it may"
        if person.line.state is not LineState.READY and person.spec.phone_mode is PhoneMode.NAILED:
            # Their phone has, or is about to have, the standing call; a second one there would be picked up at random.
            return person.hindrances.get("line", "no line")
        if person.line.state is LineState.READY:
            placed = self.dialling.place(run, dial)
        else:
            placed = self.dialling.ways.keep(dial)
            if placed:
                self.dialling.dials.after_agent(dial)
                self.dialling.launched(run, dial)
        return "" if placed else "no gateway has a line"

    # -- once their own phone is picked up ----------------------------------------------------------------------------

    def _picked_up(self, dial: Dial) -> None:
        """The agent's phone is picked up: call the lead, if it may be called still."""
        ready = dial.ready
        if ready is None or not is_old(ready, self.core.now.wall):
            self._once_more(dial, ready)
        else:
            self._read_anew(dial)

    def _read_anew(self, dial: Dial) -> None:
        """Ask the records what is known now of the lead of an attempt that has begun."""
        id, campaign = dial.lead.id, dial.campaign.id
        serial = self._ask(Ask(dial.agent, campaign, dial.number, dial=dial.id, lead=id))
        if id:
            self.core.ask(ClearToDial(campaign=campaign, serial=serial, leads=(id,)))
        else:
            self.core.ask(LeadsWanted(campaign=campaign, serial=serial, count=1, number=dial.number))

    def _known_again(self, ask: Ask, ready: ReadyLead | None, failed: str) -> None:
        """What is known now of the lead of an attempt; None: it is no longer ours, or the records cannot be asked."""
        dial = self.dialling.dials.dials.get(ask.dial)
        if dial is not None and dial.waits:
            self._known_on_the_way(ask, dial, ready)
        elif dial is None or dial.leg:
            # The agent has hung up, and their lead is free again; one that was reserved by its number is not yet.
            if ready is not None and not ask.lead:
                self._back(ask.campaign, ready)
        elif ready is None:
            self._tell_refusal(ask, failed or "the lead is no longer free")
            self.dialling.dials.not_called(dial)
        else:
            self._once_more(dial, ready)

    # -- once a gateway has failed -----------------------------------------------------------------------------------

    def _another_way(self, dial: Dial, cause: str) -> bool:
        """Whether a call whose gateway failed goes by the next: what forbids it now forbids that too. Where what is
        known is no longer fresh, the records are asked first."""
        ready = dial.ready
        if ready is None:
            return False
        if not is_old(ready, self.core.now.wall):
            return self._goes_on(dial, ready, cause)
        dial.waits = cause
        self.core.timers.set(("dial", dial.id), self.core.now.mono + ANSWER_S)
        self._read_anew(dial)
        return True

    def _goes_on(self, dial: Dial, ready: ReadyLead, cause: str) -> bool:
        run = self.dialling.runs.get(dial.campaign.id)
        if run is None or run.state is not CampaignState.RUNNING:
            return False
        number, ruling = self.dialling.checks.judge(run.spec, ready, self.core.now.wall, dial.number, own=dial)
        if not ruling.allowed:
            self.dialling.supply.tell(run, ready, number, ruling)
            return False
        dial.ready, dial.checks = ready, ruling.checks
        return self.dialling.dials.go_on(dial, cause)

    def _known_on_the_way(self, ask: Ask, dial: Dial, ready: ReadyLead | None) -> None:
        """What is known now of a lead whose call waits for another gateway; None: the records do not say."""
        cause, dial.waits = dial.waits, ""
        if ready is not None and not ask.lead:
            # Reserved by its number for this question alone.
            self._back(ask.campaign, ready)
        if dial.machine.state is not DialState.PLACED:
            return
        if ready is None or not self._goes_on(dial, ready, cause):
            self.dialling.dials.finish(dial, cause)

    def _once_more(self, dial: Dial, ready: ReadyLead | None) -> None:
        """Call the lead, or say why not."""
        run, dials = self.dialling.runs.get(dial.campaign.id), self.dialling.dials
        if ready is not None:
            dial.lead, dial.ready = ready.lead, ready
        if run is None or run.state is not CampaignState.RUNNING or ready is None:
            dials.not_called(dial)
            return
        found = self.dialling.supply.judge(run, ready, dial.number, own=dial)
        if found is None:
            self._refused(run.spec, ready, dial.number, dial.agent, own=dial)
            # Its fate is written down, so it is not given back.
            dial.barred = True
            dials.not_called(dial)
            return
        dial.checks = found[1].checks
        dials.call_now(dial)

    def _refused(self, spec: CampaignSpec, ready: ReadyLead, number: str, agent: str, own: Dial | None = None) -> None:
        """Keep for the agent why a lead is not called."""
        number, ruling = self.dialling.checks.judge(spec, ready, self.core.now.wall, number, own=own)
        self.refusals[agent] = f"{number or 'the lead'} is not called: {ruling.words or ruling.rule}"

    def _tell_refusal(self, ask: Ask, why: str) -> None:
        fields: dict[str, Any] = {
            "campaign": ask.campaign,
            "lead": "",
            "number": ask.number,
            "rule": "line",
            "source": why,
            "until": 0,
        }
        self.core.fact(FactKind.LEAD_BARRED, agent=ask.agent, **fields)
        self.refusals[ask.agent] = f"{ask.number or 'the lead'} is not called: {why}"

    def _skip(self, person: Person, request: SkipPreview) -> None:
        run, preview = self._preview(person, "skip", request.lead)
        spec = run.spec.preview
        if not spec.skip_allowed:
            raise RequestRefused("the agent", person.agent.state.value, "skip", "leads of this campaign are dialled")
        if spec.skip_reasons and request.reason not in spec.skip_reasons:
            raise NotFound("reason", request.reason, known=spec.skip_reasons)
        self._put_off(run, preview, request.reason, request.by)

    def _put_off(self, run: Run, preview: Preview, reason: str, by: str) -> None:
        self.previews.pop(preview.agent, None)
        self.core.timers.cancel(("preview", preview.agent))
        lead, until = preview.ready.lead, self.core.now.wall + round(run.spec.preview.skip_s * US)
        fields: dict[str, Any] = {"campaign": run.spec.id, "lead": lead.id, "until": until, "reason": reason, "by": by}
        self.core.fact(FactKind.LEAD_SKIPPED, agent=preview.agent, queue=run.spec.queue, **fields)
        put_off = structs.replace(lead, next_at=until)
        self.core.fact(
            FactKind.LEAD_CHANGED, agent=preview.agent, queue=run.spec.queue, row=to_builtins(put_off), why="skipped"
        )
        self.dialling.soon()

    def _by_hand(self, person: Person, request: DialNumber) -> None:
        run = self.dialling.runs.get(request.campaign)
        serves = {member.queue for member in person.spec.queues}
        if run is None or run.spec.queue not in serves:
            known = [id for id, one in self.dialling.runs.items() if one.spec.queue in serves]
            raise NotFound("campaign of this agent", request.campaign, known=known)
        number = re.sub(r"[\s()/.-]", "", request.number)
        if not NUMBER.fullmatch(number):
            raise RequestRefused("the number", repr(request.number), "dial", "expected as +4930123456")
        if run.state is not CampaignState.RUNNING or run.spec.mode not in (Mode.MANUAL, Mode.PREVIEW):
            raise RequestRefused("the campaign", run.state.value, "dial by hand", run.held or "expected a running one")
        if not person.agent.free or self._asked(person.spec.id):
            raise RequestRefused("the agent", person.agent.state.value, "dial", "they are not free")
        _check_caller_id(run.spec, Lead(id="", numbers=()), number, request.caller_id)
        self._take_away(person.spec.id)
        serial = self._ask(Ask(person.spec.id, run.spec.id, number, request.caller_id))
        self.core.ask(LeadsWanted(campaign=run.spec.id, serial=serial, count=1, number=number))

    def hang_up(self, person: Person, request: HangUp) -> bool:
        """An agent gives up a call that is dialled for them and has not been answered; False: there is none."""
        for dial in self.dialling.dials.dials.values():
            if dial.agent == person.spec.id and dial.leg and not dial.contact:
                self.dialling.dials.cancel(dial)
                return True
        return False

    # -- how it was -----------------------------------------------------------------------------------------------

    def served(self, dial: Dial) -> None:
        """An agent talks to a lead."""
        if dial.served:
            self._settle_before(dial.served)
            self.last[dial.served] = dial

    def _settle_before(self, agent: str) -> None:
        if (before := self.closings.pop(agent, None)) is not None:
            self._settle(before)

    def _settle(self, dial: Dial) -> None:
        self.dialling.settle(dial, dial.said, dial.promised_at, dial.promised_to)

    def closing(self, dial: Dial) -> bool:
        """Whether what becomes of the lead is seen to here: the agent has still to say how it was, or may change what
        they have said. Without a wrap-up a word that was given while they talked is carried out."""
        if not dial.served:
            self._tell_outcome(dial)
        if not dial.served or self.last.get(dial.served) is not dial:
            return False
        person = self.core.people.get(dial.served)
        wraps_up = person is not None and person.agent.state is AgentState.WRAP_UP
        if not wraps_up or self._is_final(dial):
            if dial.said is not None:
                self._settle(dial)
            return dial.said is not None
        self.closings[dial.served] = dial
        self._bound(dial)
        row = structs.replace(dial.lead, state=LeadState.CLOSING)
        self.core.fact(FactKind.LEAD_CHANGED, dial.id, **self.dialling.marks(dial), row=to_builtins(row), why="wrap-up")
        return True

    def _tell_outcome(self, dial: Dial) -> None:
        """Keep for the agent for whom alone it was dialled that nobody was reached, and why."""
        outcome = dial.outcome or Outcome.LOST
        if dial.agent and outcome is not Outcome.CANCELLED:
            self.refusals[dial.agent] = f"{dial.number} was not reached: {spoken(outcome)}"

    def reopen(self, dial: Dial, agent: str) -> bool:
        """An earlier life of ours ended while the agent was in the wrap-up after this call: they go on with it. False:
        there is nothing more to say."""
        dial.served = agent
        if agent not in self.core.people or self._is_final(dial):
            return False
        self.last[agent] = self.closings[agent] = dial
        self._bound(dial)
        return True

    def _bound(self, dial: Dial) -> None:
        """What was said is carried out when its promise comes due or after an hour, though the agent never ends the
        wrap-up, or makes it longer and longer."""
        if dial.said is not None:
            left_s = (dial.promised_at - self.core.now.wall) / US if dial.promised_at else LONG_S
            self.core.timers.set(("word", dial.served), self.core.now.mono + max(0.0, min(LONG_S, left_s)))

    def word_due(self, agent: str) -> None:
        """An agent is in the wrap-up still, and what they have said must not wait any more."""
        dial = self.closings.get(agent)
        if dial is not None and dial.said is not None:
            self._settle(self.closings.pop(agent))

    def _is_final(self, dial: Dial) -> bool:
        """Whether the word is carried out at once: it is one that no agent takes back, or its promise would come due
        in the wrap-up."""
        if dial.said is None:
            return False
        person = self.core.people.get(dial.served)
        until = (person.wrap_up_until if person is not None else 0) or self.core.now.wall + round(LONG_S * US)
        return dial.said.then is Then.DNC or 0 < dial.promised_at <= until

    def dispositions(self, dial: Dial) -> tuple[Disposition, ...]:
        """What may be said of a call."""
        return words_of(dial.campaign, self.core.centre)

    def _dispose(self, person: Person, request: Dispose) -> None:
        dial = self.last.get(person.spec.id)
        if dial is None or (request.attempt and dial.id != request.attempt):
            raise RequestRefused("the agent", person.agent.state.value, "say how it was", "there was no such call")
        known = {one.id: one for one in self.dispositions(dial)}
        said = known.get(request.disposition)
        if said is None:
            raise NotFound("disposition", request.disposition, known=known)
        if said.note and not request.note.strip():
            raise RequestRefused("the note", "empty", f"to say {said.id}", "it wants some words")
        answers = filled_in(said.id, said.asks, request.answers)
        self._check_promise(dial, request)
        self._check_open(dial, said, person.spec.id)
        dial.disposition, dial.note, dial.said, dial.answers = said.id, request.note, said, answers
        dial.promised_at = request.callback_at
        dial.promised_to = person.spec.id if request.callback_own else ""
        self._write_word(dial, request.by)
        if said.then is Then.DNC:
            self.dialling.dials.opt_out(dial, "disposition")
        if dial.ended_at:
            self._said(dial, person.spec.id)

    def _write_word(self, dial: Dial, by: str) -> None:
        """At once, so that pages show it, and a crash of ours does not take it back."""
        fields: dict[str, Any] = {
            "campaign": dial.campaign.id,
            "lead": dial.lead.id,
            "disposition": dial.disposition,
            "note": dial.note,
            "answers": dial.answers,
            "promised_at": dial.promised_at,
            "promised_to": dial.promised_to,
            "by": by,
        }
        self.core.fact(FactKind.WORD_SAID, dial.id, **self.dialling.marks(dial), **fields)

    def _check_open(self, dial: Dial, said: Disposition, agent: str) -> None:
        """Once the wrap-up is over the lead has its fate: a word that would change it comes too late."""
        if not dial.ended_at or self.closings.get(agent) is dial or said.then is Then.DNC:
            return
        if said.then is not Then.FINISH or (dial.said is not None and dial.said.then is not Then.FINISH):
            why = "the wrap-up is over, and what becomes of the lead is settled"
            raise RequestRefused("the call", "over", f"say {said.id}", why)

    def _check_promise(self, dial: Dial, request: Dispose) -> None:
        at, now = request.callback_at, self.core.now.wall
        latest = now + dial.campaign.callbacks.days_max * 86_400 * US
        if at and not now < at <= latest:
            days = dial.campaign.callbacks.days_max
            when = "too far ahead" if at > latest else "for a time that has passed"
            raise RequestRefused("the callback", when, "to promise it", f"expected within {days} days from now")

    def _said(self, dial: Dial, agent: str) -> None:
        """After the call: the attempt is written down anew, and a wrap-up that waited for this is over."""
        row = to_builtins(dial.row())
        self.core.fact(FactKind.ATTEMPT_ENDED, dial.id, **self.dialling.marks(dial), row=row)
        if self.closings.get(agent) is dial:
            if self._is_final(dial):
                self._settle(self.closings.pop(agent))
            else:
                self._bound(dial)
            self.people.word_given(agent)

    def _owes_word(self, agent: str) -> bool:
        """Whether an agent has still to say how a call was before the wrap-up after it is over."""
        dial = self.closings.get(agent)
        return dial is not None and dial.said is None and dial.campaign.word_needed and bool(self.dispositions(dial))

    def _untouched(self, dial: Dial) -> None:
        """Its agent was ready, and it was not placed: the lead is as it was, unless it may not be called."""
        self.dialling.ways.free(dial)
        run = self.dialling.runs.get(dial.campaign.id)
        if run is not None:
            run.lines = max(0, run.lines - 1)
        if dial.lead.id and not dial.barred:
            self.core.ask(LeadsBack(campaign=dial.campaign.id, leads=(dial.lead.id,)))

    # -- for the desktop ------------------------------------------------------------------------------------------

    def of(self, person: Person) -> Dial | None:
        """The call of a campaign that an agent is about to have, has, or has to say something of."""
        dials = self.dialling.dials.dials
        if (dial := dials.get(person.contact)) is not None:
            return dial
        if person.agent.state is AgentState.RESERVED:
            id = person.spec.id
            return next((dial for dial in dials.values() if dial.agent == id and not dial.contact), None)
        return self.closings.get(person.spec.id)

    def number_of(self, preview: Preview) -> str:
        """The number that is next for a lead that is shown."""
        known = next_number(preview.ready.lead)
        return known.number if known is not None else ""


def _check_caller_id(spec: CampaignSpec, lead: Lead, number: str, chosen: str) -> None:
    """An agent shows nothing that the campaign may not show to this number. Raises NotFound."""
    known = choices(spec, lead, number)
    if chosen and chosen not in known:
        raise NotFound("number to show to them", chosen, known=known)
