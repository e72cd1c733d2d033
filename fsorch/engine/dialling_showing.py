"""What is shown of campaigns: the lead in front of an agent, and how each campaign does."""

from __future__ import annotations

from msgspec import structs

from fsorch.acd import AgentState
from fsorch.campaign.answer_counts import count_answers
from fsorch.campaign.dial import DialState
from fsorch.campaign.script import fill_in
from fsorch.campaigns import CampaignSpec, Lead, Outcome
from fsorch.engine.core import Core
from fsorch.engine.dialling import Dialling
from fsorch.engine.dialling_leads import choices
from fsorch.engine.dialling_people import Previews
from fsorch.engine.dialling_state import Dial, Preview, Run
from fsorch.engine.state import Person
from fsorch.engine.views import AskView, CampaignView, LeadCard, LeadNumberView, Word

__all__ = ["CampaignBoard"]

# Leads at hand that a view names: what an eye takes in.
SHOWN = 20
RINGING = (DialState.PLACED, DialState.RINGING, DialState.UP)


class CampaignBoard:
    """Makes the views."""

    def __init__(self, core: Core, dialling: Dialling, previews: Previews) -> None:
        self.dialling = dialling
        self.previews = previews
        core.lead_of, core.campaigns_now = self.lead_of, self.campaigns
        core.not_called = lambda person: self.previews.refusals.get(person.spec.id, "")

    def lead_of(self, person: Person) -> LeadCard | None:
        """The lead in front of an agent; None when there is none."""
        preview = self.previews.previews.get(person.spec.id)
        if preview is not None:
            return self._shown(preview, person)
        dial = self.previews.of(person)
        return self._under_way(dial, person) if dial is not None else None

    def _shown(self, preview: Preview, person: Person) -> LeadCard | None:
        run = self.dialling.runs.get(preview.campaign)
        if run is None:
            return None
        spec = run.spec.preview
        number = self.previews.number_of(preview)
        card = self._card(run.spec, preview.ready.lead, number, person, "shown")
        return structs.replace(
            card,
            since=preview.since,
            until=preview.until,
            on_timeout=spec.on_timeout.value if preview.until else "",
            skip_allowed=spec.skip_allowed,
            skip_reasons=spec.skip_reasons,
        )

    def _under_way(self, dial: Dial, person: Person) -> LeadCard:
        phase = "closing" if dial.ended_at else "talking" if dial.served == person.spec.id else "dialling"
        words = tuple(
            Word(
                id=one.id,
                title=one.title or one.id,
                key=one.key,
                category=one.category.value,
                then=one.then.value,
                under=one.under,
                note=one.note,
                asks=tuple(
                    AskView(id=it.id, title=it.title or it.id, kind=it.kind.value, choices=it.choices, needed=it.needed)
                    for it in one.asks
                ),
            )
            for one in self.previews.dispositions(dial)
        )
        card = self._card(dial.campaign, dial.lead, dial.number, person, phase)
        return structs.replace(
            card,
            attempt=dial.id,
            placed=bool(dial.leg),
            answered=dial.answered_at > 0,
            words=words,
            said=dial.disposition,
            note=dial.note,
        )

    def _card(self, spec: CampaignSpec, lead: Lead, number: str, person: Person, phase: str) -> LeadCard:
        return LeadCard(
            phase=phase,
            campaign=spec.id,
            campaign_title=spec.title or spec.id,
            lead=lead.id,
            name=lead.name,
            number=number,
            numbers=tuple(LeadNumberView(one.number, one.kind, one.note) for one in lead.numbers if not one.dead),
            fields=lead.fields,
            script=fill_in(spec.script, lead, number, person.spec.name or person.spec.id),
            attempts=lead.attempts,
            last_outcome=lead.last_outcome,
            last_at=lead.last_at,
            callback_note=lead.callback_note,
            callback_days=spec.callbacks.days_max,
            zone=self.dialling.checks.clock_of(lead, number),
            caller_ids=choices(spec, lead, number),
            word_needed=spec.word_needed,
            astray=self.dialling.checks.astray(lead, number),
        )

    def campaigns(self) -> tuple[CampaignView, ...]:
        """Every campaign of the centre."""
        dials: dict[str, list[Dial]] = {}
        for dial in self.dialling.dials.dials.values():
            dials.setdefault(dial.campaign.id, []).append(dial)
        return tuple(self._campaign(run, dials.get(id, [])) for id, run in self.dialling.runs.items())

    def _campaign(self, run: Run, dials: list[Dial]) -> CampaignView:
        spec, tally = run.spec, run.tally
        states = [dial.machine.state for dial in dials]
        budget, answers = self.dialling.holds.budget(run), count_answers(tally.signs)
        return CampaignView(
            id=spec.id,
            title=spec.title or spec.id,
            mode=spec.mode.value,
            state=run.state.value,
            held=run.held,
            stopped=run.stopped,
            queue=spec.queue,
            agents=len(run.agents),
            free=sum(state == AgentState.IDLE for state in run.agents.values()),
            lines=run.lines,
            ringing=sum(state in RINGING for state in states),
            waiting=states.count(DialState.HANDED),
            talking=states.count(DialState.TALKING),
            ready=len(run.fresh),
            launched=tally.launched,
            live=tally.live,
            talked=tally.talked,
            drops=tally.drops,
            machines=tally.outcomes[Outcome.MACHINE.value],
            barred=tally.barred,
            drop_share=round(budget.share, 4),
            drop_bound=round(budget.bound, 4),
            drop_target=budget.ceiling,
            drops_left=max(0, budget.left),
            drops_over=run.over,
            pacing=run.misfit,
            false_alarms=answers.wronged + answers.left,
            wronged=answers.wronged,
            missed=answers.missed,
            outcomes=dict(tally.outcomes),
            tenant=self.dialling.core.tenancy.of_campaign(run.spec.id),
            next=self.dialling.supply.order(run, SHOWN),
        )
