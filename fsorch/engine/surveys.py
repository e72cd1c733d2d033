"""After the talk: a caller whose agent has hung up is asked how it was, by the flow that the queue names.

The caller's leg is told at the beginning of the talk to outlive its bridge (``park_after_bridge``, captures 03 and 16),
and carries the flow in ``fsorch_survey``; once they are asked, in ``fsorch_after`` instead, for who reads the channels
after a restart of ours. Who was asked lately is not asked, and whose agent's phone was lost gets another agent.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd import ContactInput, ContactState
from fsorch.causes import Cause
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.records import Records
from fsorch.engine.state import Contact
from fsorch.esl.commands import SetVars
from fsorch.esl.events import Event
from fsorch.flow_nodes import Survey
from fsorch.names import SegmentKind

__all__ = ["AS_EVER", "STAY", "Surveys", "survey_of"]

US_A_DAY = 86_400_000_000
STAY = (("hangup_after_bridge", "false"), ("park_after_bridge", "true"))
AS_EVER = (("hangup_after_bridge", ""), ("park_after_bridge", ""))
# The switch tells of the agent's end within milliseconds of the caller's being parked, before or after (capture 16).
TOLD_S = 1.0
# With these an agent's leg is lost; with any other the agent has hung up.
LOST = frozenset(
    cause.name
    for cause in (
        Cause.DESTINATION_OUT_OF_ORDER,
        Cause.NETWORK_OUT_OF_ORDER,
        Cause.NORMAL_TEMPORARY_FAILURE,
        Cause.RECOVERY_ON_TIMER_EXPIRE,
        Cause.CRASH,
        Cause.MEDIA_TIMEOUT,
    )
)


def survey_of(core: Core, contact: Contact) -> str:
    """The flow by which this caller, who talks to an agent, will be asked; empty when they are not to be asked."""
    queue = core.queues.get(contact.queue)
    flow = core.flows.get(queue.spec.survey) if queue is not None and queue.spec.survey else None
    if flow is None or not contact.agent or not contact.leg:
        return ""
    surveys = [node for node in flow.nodes.values() if isinstance(node, Survey)]
    asked_us = core.now.wall - contact.surveyed_at if contact.surveyed_at else None
    lately = asked_us is not None and all(asked_us < node.every_days * US_A_DAY for node in surveys)
    return "" if surveys and lately else flow.id


class Surveys:
    """Keeps callers for their survey, and begins it. ``step_contact`` moves a contact, ``release`` ends an agent's part
    in one, ``dismiss`` hangs up an agent's leg, ``start_flow`` begins a contact's flow."""

    def __init__(
        self,
        core: Core,
        records: Records,
        step_contact: Callable[[Contact, ContactInput], None],
        release: Callable[[Contact], None],
        dismiss: Callable[[str], None],
        start_flow: Callable[[Contact], None],
    ) -> None:
        self.core = core
        self.records = records
        self.step_contact = step_contact
        self.release = release
        self.dismiss = dismiss
        self.start_flow = start_flow

    def talk_began(self, contact: Contact) -> None:
        """The caller talks: their leg outlives that, if they are to be asked afterwards."""
        contact.survey = survey_of(self.core, contact)
        contact.left_alone = contact.cut_off = False
        if contact.survey:
            contact.stays = True
            self.core.send(contact.switch, SetVars(contact.leg, (*STAY, ("fsorch_survey", contact.survey))))

    def awaits(self, contact: Contact) -> bool:
        """Whether the caller is to be asked when the agent, to whom they talk, is gone."""
        moved = contact.transfer is not None or contact.room is not None or contact.destination_asked is not None
        return bool(contact.survey and contact.agent) and not moved

    def parked(self, contact: Contact) -> bool:
        """The switch has parked the caller, who was in talk; False when nothing is to be asked."""
        if not self.awaits(contact):
            return False
        leg = self.core.legs.get(contact.agent_leg)
        contact.left_alone = True
        if leg is None or leg.hung_up or leg.standing:
            self.left(contact)
        else:
            # Why the agent is gone is told in a moment.
            self.core.timers.set(("orphan", contact.id), self.core.now.mono + TOLD_S)
        return True

    def agent_gone(self, contact: Contact, cause: str) -> None:
        """The agent's leg has ended; the caller may be parked already."""
        contact.cut_off = cause in LOST
        if self.awaits(contact):
            # The talk is over, and no time is nobody's.
            self.records.begin(contact, SegmentKind.IVR)
        if contact.left_alone:
            self.left(contact)

    def left(self, contact: Contact) -> None:
        """The agent is gone and the caller is there: they are asked, or wait for another agent."""
        asks = self.awaits(contact) and not contact.cut_off and contact.survey in self.core.flows
        if contact.machine.state is ContactState.TALKING:
            self.step_contact(contact, ContactInput.ASK if asks else ContactInput.REJOIN)

    def begin(self, contact: Contact) -> None:
        """Ask: the talk ends here for the agent, the contact goes on."""
        self.release(contact)
        self.dismiss(contact.agent_leg)
        self.core.timers.cancel(("orphan", contact.id))
        self.enter(contact, contact.survey)
        if contact.segment is None:
            self.records.begin(contact, SegmentKind.IVR)
        self.mark(contact)
        self.start_flow(contact)

    def mark(self, contact: Contact) -> None:
        """Say on the leg, and as a fact, that the survey begins."""
        marks = (("fsorch_survey", ""), ("fsorch_transfer", ""), ("fsorch_place", ""), ("fsorch_after", contact.flow))
        self.core.send(contact.switch, SetVars(contact.leg, (*AS_EVER, *marks)))
        fields = {"agent": contact.agent, "leg": contact.leg, "flow": contact.flow}
        self.core.fact(FactKind.SURVEY_BEGAN, contact, **fields)

    def enter(self, contact: Contact, flow: str) -> None:
        """The contact is in its survey from now on."""
        contact.entry, contact.flow = contact.entry or contact.flow, flow
        contact.agent_leg = contact.survey = contact.running = ""
        contact.stays = contact.left_alone = False

    @staticmethod
    def flow_of(event: Event) -> tuple[str, bool]:
        """After a restart of ours: the flow that a caller is in or, when they were left alone meanwhile (True), that
        they should come to; empty for none."""
        after, awaited = event.variable("fsorch_after") or "", event.variable("fsorch_survey") or ""
        return (after, False) if after else (awaited, True)
