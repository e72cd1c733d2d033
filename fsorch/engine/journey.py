"""What happens to callers in flows, as facts: for the agent who gets them, the statistics, and the records."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from fsorch.customers import Note, Promise, SurveyAnswer
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import LeftFlow
from fsorch.engine.state import Contact
from fsorch.engine.views import KeyedAnswer
from fsorch.esl.commands import SetVars
from fsorch.flow_nodes import Comment, Survey, ways
from fsorch.flows import FlowRelease, FlowSpec
from fsorch.ivr import FlowSession
from fsorch.ivr.events import EventKind, FlowEvent
from fsorch.names import Role
from fsorch.numbers import plain_number

__all__ = ["Journey"]

# Numbers whose caller hung up on a recording.
MOST_LEFT = 10_000
# A low score is to be answered within a day.
LOW_SCORE_DUE_US = 86_400_000_000
MASKED = "****"


class Journey:
    """Tells of flows, and remembers who hung up in one."""

    def __init__(self, core: Core) -> None:
        self.core = core
        # Who is spoken to wants no more calls; True: from nobody here.
        self.opt_out: Callable[[Contact, bool], None] = lambda contact, everywhere: None
        self._left: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._tellers: dict[EventKind, Callable[[Contact, FlowEvent], None]] = {
            EventKind.ENTERED: self._passed,
            EventKind.KEYED: self._keyed,
            EventKind.WRONG: self._wrong,
            EventKind.TAGGED: self._tagged,
            EventKind.NOTED: self._noted,
            EventKind.OPTED_OUT: self._opted_out,
            EventKind.ASKED: self._asked,
            EventKind.SCORED: self._scored,
            EventKind.RECORDED: self._recorded,
        }

    def entered(self, contact: Contact, release: FlowRelease) -> None:
        """A caller has entered a flow."""
        self.core.fact(
            FactKind.FLOW_ENTERED,
            contact,
            leg=contact.leg,
            flow=release.flow,
            version=release.version,
            again=contact.again,
        )

    def tell(self, contact: Contact, session: FlowSession) -> None:
        """What has happened since the last step."""
        for event in session.events():
            self._tellers.get(event.kind, self._other)(contact, event)

    def identified(self, contact: Contact, customer: str, reference: str, *, proven: bool) -> None:
        """The caller has keyed who they are, whatever telephone they call from: the records are asked for all that is
        known of them, and a later life of ours finds it with the leg."""
        if not customer or contact.keyed == customer:
            return
        contact.keyed = customer
        self.core.send(contact.switch, SetVars(contact.leg, (("fsorch_customer", customer),)))
        self.core.fact(
            FactKind.CUSTOMER_KEYED,
            contact,
            leg=contact.leg,
            customer=customer,
            reference=reference,
            number=contact.number,
            proven=proven,
        )

    # -- who rings again ------------------------------------------------------------------------------------------

    def hung_up(self, contact: Contact) -> None:
        """The caller has hung up while a recording spoke to them."""
        self.left(LeftFlow(contact.number, self.core.now.wall, contact.tenant))

    def left(self, caller: LeftFlow) -> None:
        """The same, of one who may have done so before our time."""
        number, now = plain_number(caller.number), self.core.now
        if number:
            key = (number, caller.tenant)
            self._left[key] = now.mono - (now.wall - caller.left_at) / 1_000_000
            self._left.move_to_end(key)
            while len(self._left) > MOST_LEFT:
                self._left.popitem(last=False)

    def rings_again(self, contact: Contact) -> bool:
        """Whether this caller hung up on a recording not long ago."""
        spec = self.core.flows.get(contact.flow)
        at = self._left.pop((plain_number(contact.number), contact.tenant), None)
        return spec is not None and at is not None and self.core.now.mono - at < spec.again_s

    # -- facts ----------------------------------------------------------------------------------------------------

    def _passed(self, contact: Contact, event: FlowEvent) -> None:
        self.core.fact(
            FactKind.NODE_PASSED,
            contact,
            leg=contact.leg,
            flow=event.flow,
            node=event.node,
            way=event.label,
            version=contact.flow_version,
        )

    def _other(self, contact: Contact, event: FlowEvent) -> None:
        self.core.fact(
            FactKind.FLOW_TOLD,
            contact,
            leg=contact.leg,
            what=event.kind.value,
            flow=event.flow,
            node=event.node,
            value=event.value,
            way=event.label,
            detail=event.detail,
        )

    def _keyed(self, contact: Contact, event: FlowEvent) -> None:
        digits = MASKED if event.detail == "masked" else event.value
        means = self._means(contact, event)
        contact.answers.append(KeyedAnswer(self._title(contact, event), digits, means))
        self._answer(contact, event, digits, valid=True, means=means)

    def _wrong(self, contact: Contact, event: FlowEvent) -> None:
        self._answer(contact, event, MASKED if event.detail == "masked" else event.value, valid=False, means="")

    def _answer(self, contact: Contact, event: FlowEvent, digits: str, *, valid: bool, means: str) -> None:
        self.core.fact(
            FactKind.ANSWER_KEYED,
            contact,
            leg=contact.leg,
            flow=event.flow,
            node=event.node,
            prompt=self._title(contact, event),
            digits=digits,
            valid=valid,
            means=means,
        )

    def _spec(self, contact: Contact, event: FlowEvent) -> FlowSpec | None:
        session = contact.session
        if session is not None and session.spec.id == event.flow:
            return session.spec
        return self.core.flows.get(event.flow)

    def _title(self, contact: Contact, event: FlowEvent) -> str:
        """A node in the words of who wrote the flow."""
        spec = self._spec(contact, event)
        node = spec.nodes.get(event.node) if spec is not None else None
        return (node.title if node is not None else "") or event.node

    def _means(self, contact: Contact, event: FlowEvent) -> str:
        """What a key chose: the title of the node it leads to, or of the queue."""
        spec = self._spec(contact, event)
        node = spec.nodes.get(event.node) if spec is not None else None
        if spec is None or node is None:
            return ""
        target = next((way.target for way in ways(node) if way.label == event.label), "")
        following = spec.nodes.get(target)
        queue = self.core.queues.get(spec.person if target == "person" else getattr(following, "queue", ""))
        if queue is not None:
            return queue.spec.title or queue.spec.id
        return following.title if following is not None else ""

    def _tagged(self, contact: Contact, event: FlowEvent) -> None:
        if event.value not in contact.tags:
            contact.tags = (*contact.tags, event.value)
        self._other(contact, event)

    def _noted(self, contact: Contact, event: FlowEvent) -> None:
        note = Note(
            id=self.core.ids(),
            customer=_customer(contact),
            contact=contact.id,
            author=f"flow:{event.flow}",
            text=event.value,
            at=self.core.now.wall,
        )
        contact.notes = (*contact.notes, event.value)
        self.core.fact(FactKind.NOTE_MADE, contact, leg=contact.leg, row=msgspec.to_builtins(note))

    def _opted_out(self, contact: Contact, event: FlowEvent) -> None:
        self._other(contact, event)
        self.opt_out(contact, event.value == "everywhere")

    def _asked(self, contact: Contact, event: FlowEvent) -> None:
        """To be asked counts, whatever the caller says: an answer to no question."""
        self._other(contact, event)
        answer = self._survey_answer(contact, event, "")
        self.core.fact(FactKind.SURVEY_ANSWERED, contact, leg=contact.leg, row=msgspec.to_builtins(answer))

    def _scored(self, contact: Contact, event: FlowEvent) -> None:
        answer = self._survey_answer(contact, event, event.detail)
        answer = msgspec.structs.replace(answer, score=int(event.value))
        self.core.fact(FactKind.SURVEY_ANSWERED, contact, leg=contact.leg, row=msgspec.to_builtins(answer))
        if event.label == "low":
            self._promise(contact, event)

    def _recorded(self, contact: Contact, event: FlowEvent) -> None:
        if event.detail == "comment" and event.value:
            answer = self._survey_answer(contact, event, Comment.__name__.lower())
            answer = msgspec.structs.replace(answer, comment=event.value)
            self.core.fact(FactKind.SURVEY_ANSWERED, contact, leg=contact.leg, row=msgspec.to_builtins(answer))
        else:
            self._other(contact, event)

    def _survey_answer(self, contact: Contact, event: FlowEvent, question: str) -> SurveyAnswer:
        """An answer, bound to the contact and to the agent they spoke with."""
        contact.surveyed_at = self.core.now.wall
        return SurveyAnswer(
            id=f"{contact.id}:{event.flow}:{event.node}:{question}",
            contact=contact.id,
            survey=event.flow,
            question=question,
            customer=_customer(contact),
            number=plain_number(contact.number),
            agent=contact.agent,
            queue=contact.queue,
            at=self.core.now.wall,
        )

    def _promise(self, contact: Contact, event: FlowEvent) -> None:
        """A low score is a matter for a supervisor; once for each contact."""
        if contact.low_told:
            return
        contact.low_told = True
        spec = self._spec(contact, event)
        node = spec.nodes.get(event.node) if spec is not None else None
        title = node.title if isinstance(node, Survey) and node.title else event.flow
        now = self.core.now.wall
        promise = Promise(
            id=self.core.ids(),
            tenant=contact.tenant,
            kind="supervisor",
            what=f"{title}: a score of {event.value} for {event.detail}",
            customer=_customer(contact),
            number=contact.number,
            agent=contact.agent,
            role=Role.SUPERVISOR,
            contact=contact.id,
            made_at=now,
            due_at=now + LOW_SCORE_DUE_US,
        )
        self.core.fact(FactKind.PROMISE_MADE, contact, leg=contact.leg, row=msgspec.to_builtins(promise))


def _customer(contact: Contact) -> str:
    return contact.customer.customer.id if contact.customer is not None else ""
