"""Agents at work: their choices, their readiness, their wrap-up."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from fsorch.acd import AgentInput, AgentStatus, OfferInput, Tier, Work
from fsorch.config import AgentSpec
from fsorch.engine.checks import phone_fault
from fsorch.engine.core import Core
from fsorch.engine.facts import FactKind
from fsorch.engine.inputs import AnswerCall, EndWrapUp, HangUp, HoldCall, LogIn, LogOut, Request, SetStatus, Shift
from fsorch.engine.offers import Offers
from fsorch.engine.records import Records
from fsorch.engine.state import Person
from fsorch.errors import NotFound, RequestRefused
from fsorch.esl.commands import Hold, Kill, PhoneEvent

__all__ = ["People"]


class People:
    """Carries out what people ask for, and what calls do to their agents."""

    def __init__(self, core: Core, records: Records, offers: Offers) -> None:
        self.core = core
        self.records = records
        self.offers = offers
        # Told of each change of an agent's status or state.
        self.changed: Callable[[Person], None] = lambda person: None
        self._handlers = {
            LogIn: self._log_in,
            LogOut: self._log_out,
            SetStatus: self._set_status,
            AnswerCall: self._answer,
            HangUp: self._hang_up,
            HoldCall: self._hold,
            EndWrapUp: self._end_wrap_up,
        }

    def configure(self, specs: tuple[AgentSpec, ...]) -> None:
        """The agents there are. Who is no longer there is finished with politely: after the call, if there is one."""
        wanted = {spec.id: spec for spec in specs}
        for id, spec in wanted.items():
            person = self.core.people.setdefault(id, Person(spec))
            person.spec, person.gone = spec, False
            tiers = [Tier(m.queue, m.level, m.position, m.weight, m.share) for m in spec.queues]
            self.core.distributor.set_agent(id, tiers, spec.skills)
            self.sync(person)
        for person in [person for id, person in self.core.people.items() if id not in wanted]:
            self._retire(person)

    def resume(self, shift: Shift) -> None:
        """An agent goes on with what they had chosen before we were restarted: callers wait for them."""
        person = self.core.people.get(shift.agent)
        if person is None or shift.status not in (AgentStatus.AVAILABLE, AgentStatus.BREAK):
            return
        before = self._marks(person)
        person.agent.resume(AgentStatus(shift.status), shift.reason, shift.since, self.core.now.mono)
        person.phone = "" if phone_fault(shift.phone) else shift.phone
        self._changed(person, before, "restart")

    def request(self, request: Request) -> None:
        """Raises NotFound for an unknown agent, RequestRefused for what is not legal now."""
        person = self.core.people.get(request.agent)
        if person is None:
            close = get_close_matches(request.agent, self.core.people, 3)
            raise NotFound("agent", request.agent, tuple(close))
        self._handlers[type(request)](person, request)  # type: ignore[operator]

    def move(self, person: Person, input: AgentInput, *, wrap_up_s: float = 0.0, delay_s: float = 0.0) -> None:
        """An event of the agent's call; then readiness follows, and the change is written down."""
        now, before = self.core.now, self._marks(person)
        agent = person.agent
        agent.move(input, now.wall, now.mono, wrap_up=wrap_up_s > 0)
        if delay_s > 0:
            person.not_before = now.mono + delay_s
            self.core.timers.set(("delay", person.spec.id), person.not_before)
        self._changed(person, before, "")

    def call_ended(self, person: Person, contact: str, queue: str, wrap_up_s: float) -> None:
        """The agent's call is over: wrap-up, or the next."""
        person.leaving, person.leg = person.leg, ""
        person.contact = person.offer = ""
        if wrap_up_s > 0:
            person.wrap_up_began = self.core.now.wall
            person.wrap_up_until = self.core.now.wall + round(wrap_up_s * 1_000_000)
            person.wrap_up_contact, person.wrap_up_queue = contact, queue
            self.core.timers.set(("wrap_up", person.spec.id), self.core.now.mono + wrap_up_s)
        self.move(person, AgentInput.CALL_ENDED, wrap_up_s=wrap_up_s)
        if wrap_up_s > 0:
            until = person.wrap_up_until
            self.core.fact(
                FactKind.WRAP_UP_BEGAN, contact, agent=person.spec.id, queue=queue, until=until, seconds=wrap_up_s
            )

    def wrap_up_over(self, id: str) -> None:
        """The wrap-up's time has come."""
        person = self.core.people.get(id)
        if person is not None:
            self._finish_wrap_up(person, AgentInput.WRAP_UP_OVER)

    def delay_over(self, id: str) -> None:
        """The pause after a missed offer is over."""
        person = self.core.people.get(id)
        if person is not None:
            self.sync(person)

    def sync(self, person: Person) -> None:
        """Tell the distributor whether this agent may be offered contacts.

        Not while their last leg ends: the switch would send the next INVITE before the last BYE or CANCEL, and the
        phone would be busy."""
        id, agent, core = person.spec.id, person.agent, self.core
        rested = person.not_before <= core.now.mono and person.leaving not in core.legs
        self.core.distributor.set_present(id, agent.status.status is not AgentStatus.LOGGED_OUT and not person.gone)
        if agent.free and not person.gone and rested:
            self.core.distributor.ready(id, Work(agent.idle_since, person.talked_us / 1_000_000, person.answered))
        else:
            self.core.distributor.unready(id)

    def _retire(self, person: Person) -> None:
        person.gone = True
        self.core.distributor.unready(person.spec.id)
        self.core.distributor.set_present(person.spec.id, False)
        self.core.distributor.set_agent(person.spec.id, ())
        if not person.contact and not person.offer:
            del self.core.people[person.spec.id]

    def _log_in(self, person: Person, request: LogIn) -> None:
        fault = phone_fault(request.phone) if request.phone else ""
        if fault:
            raise RequestRefused("the agent", "logged out", "log in with this phone", fault)
        now, before = self.core.now, self._marks(person)
        person.agent.log_in(now.wall, now.mono)
        person.phone = request.phone
        self._changed(person, before, request.by)

    def _log_out(self, person: Person, request: LogOut) -> None:
        self._choose(person, AgentStatus.LOGGED_OUT, "", request.by)

    def _set_status(self, person: Person, request: SetStatus) -> None:
        reasons = {reason.id for reason in self.core.centre.breaks}
        if request.status == "break" and reasons and request.reason not in reasons:
            if not request.reason:
                hint = f"give one of: {', '.join(sorted(reasons))}"
                raise RequestRefused("the agent", person.agent.status.status.value, "break without a reason", hint)
            raise NotFound("break reason", request.reason, tuple(get_close_matches(request.reason, reasons, 3)))
        self._choose(person, AgentStatus(request.status), request.reason, request.by)

    def _choose(self, person: Person, status: AgentStatus, reason: str, by: str) -> None:
        now, before = self.core.now, self._marks(person)
        person.agent.choose(status, reason, now.wall, now.mono)
        if str(person.agent.wish) != before[4]:
            wish = person.agent.wish
            asked = (wish.status.value, wish.reason) if wish else ("", "")
            self.core.fact(FactKind.AGENT_ASKED, agent=person.spec.id, status=asked[0], reason=asked[1], by=by)
        self._changed(person, before, by)

    def _answer(self, person: Person, request: AnswerCall) -> None:
        offer = self.core.offers.get(person.offer)
        if offer is None or not offer.rang_at:
            raise RequestRefused("the agent", person.agent.state.value, "answer", "no phone rings")
        self.core.send(offer.switch, PhoneEvent(offer.leg, "talk"), f"phone:{offer.id}")

    def _hang_up(self, person: Person, request: HangUp) -> None:
        offer = self.core.offers.get(person.offer)
        if offer is not None:
            self.offers.step(offer, OfferInput.REFUSE)
            return
        leg = self.core.legs.get(person.leg)
        if not person.contact or leg is None:
            raise RequestRefused("the agent", person.agent.state.value, "hang up", "there is no call")
        self.core.send(leg.switch, Kill(leg.uuid, "NORMAL_CLEARING"), f"kill:{leg.uuid}")

    def _hold(self, person: Person, request: HoldCall) -> None:
        contact = self.core.contacts.get(person.contact)
        leg = self.core.legs.get(person.leg)
        if contact is None or leg is None or contact.held is request.on:
            verb = "hold" if request.on else "take back"
            raise RequestRefused("the agent", person.agent.state.value, verb, "there is no call for that")
        self.core.send(leg.switch, Hold(leg.uuid, request.on), f"hold:{leg.uuid}")

    def _end_wrap_up(self, person: Person, request: EndWrapUp) -> None:
        self._finish_wrap_up(person, AgentInput.END_WRAP_UP)

    def _finish_wrap_up(self, person: Person, input: AgentInput) -> None:
        self.move(person, input)
        self.core.timers.cancel(("wrap_up", person.spec.id))
        if person.wrap_up_began:
            self.records.wrap_up(person.wrap_up_contact, person.wrap_up_queue, person.spec.id, person.wrap_up_began)
        person.wrap_up_began = person.wrap_up_until = 0

    def _marks(self, person: Person) -> tuple[str, str, str, int, str]:
        agent = person.agent
        status = agent.status
        return status.status.value, status.reason, agent.state.value, agent.state_since, str(agent.wish)

    def _changed(self, person: Person, before: tuple[str, str, str, int, str], by: str) -> None:
        self.sync(person)
        if person.gone and not person.contact and not person.offer:
            self.core.people.pop(person.spec.id, None)
        after = self._marks(person)
        if after[:3] == before[:3]:
            return
        self.core.fact(
            FactKind.AGENT_CHANGED,
            agent=person.spec.id,
            status=after[0],
            reason=after[1],
            state=after[2],
            previous_status=before[0],
            previous_reason=before[1],
            previous_state=before[2],
            phone=person.phone,
            by=by,
        )
        self.changed(person)
