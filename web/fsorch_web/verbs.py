"""What people can ask of the engine: POST /api/agent/<verb>, and for supervisors /api/talk/<verb> and
/api/contact/<verb>, each one request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

import msgspec
from flask import Flask, Response

from fsorch.campaigns import Then
from fsorch.edge.auditing import described, is_steering
from fsorch.edge.gateway import Check, Gateway
from fsorch.engine.inputs import (
    AddParty,
    AnswerCall,
    CallBack,
    CallNow,
    CancelCallback,
    CancelTransfer,
    CompleteTransfer,
    ConferCall,
    DialNumber,
    DialPreview,
    Dispose,
    DropParty,
    EndWrapUp,
    ExtendWrapUp,
    FinishMessage,
    GiveContact,
    HangUp,
    HoldCall,
    LogIn,
    LogOut,
    MoveContact,
    MuteCall,
    NextContact,
    PressKeys,
    Request,
    SetPriority,
    SetStatus,
    SkipPreview,
    StopListening,
    Supervise,
    TakeOver,
    TransferCall,
)
from fsorch.engine.views import AgentView, CampaignView, ContactView, QueueView, Snapshot
from fsorch.errors import NotFound
from fsorch_web.auth import Auth
from fsorch_web.errors import ApiError
from fsorch_web.paging import LATEST_US
from fsorch_web.people import Person
from fsorch_web.sight import seen
from fsorch_web.wire import body, json_response

__all__ = ["Verbs"]

# Where agents may log in: also at an extension or a number outside, which the engine makes a dial string of.
ANYWHERE = r"^(\+?[0-9]{1,20}|user/[A-Za-z0-9_.-]+(@[A-Za-z0-9_.-]+)?)?\Z"
REGISTERED = r"^(user/[A-Za-z0-9_.-]+(@[A-Za-z0-9_.-]+)?)?\Z"
Id = Annotated[str, msgspec.Meta(max_length=64)]
Priority = Annotated[int, msgspec.Meta(ge=0, le=999)]


class Plain(msgspec.Struct, forbid_unknown_fields=True):
    """A body without more than the agent; empty means the agent of whoever asks."""

    agent: Id = ""


class Phone(Plain, forbid_unknown_fields=True):
    """Log in; ``phone`` is the phone for this session, empty for the agent's own: a registered one, an extension, or a
    number outside, which the centre dials in the one way it has; never a dial string of somebody's own."""

    phone: Annotated[str, msgspec.Meta(max_length=256, pattern=ANYWHERE)] = ""


class Status(Plain, forbid_unknown_fields=True, kw_only=True):
    """The status chosen; ``reason`` is the id of a break reason; ``on_demand``: available, but each contact is asked
    for."""

    status: Literal["available", "break"]
    reason: Id = ""
    on_demand: bool = False


class Hold(Plain, forbid_unknown_fields=True, kw_only=True):
    """Hold on or off."""

    on: bool


class Keys(Plain, forbid_unknown_fields=True, kw_only=True):
    """Digits to send."""

    digits: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Da-d*#]{1,32}\Z")]


class To(Plain, forbid_unknown_fields=True, kw_only=True):
    """Where a call goes: one of queue, agent (``to``) and number; ``consult`` first, or at once."""

    queue: Id = ""
    to: Id = ""
    number: Annotated[str, msgspec.Meta(max_length=32)] = ""
    consult: bool = False
    priority: Priority | None = None


class Third(Plain, forbid_unknown_fields=True, kw_only=True):
    """Who is called into a talk: one of queue, agent (``to``) and number."""

    queue: Id = ""
    to: Id = ""
    number: Annotated[str, msgspec.Meta(max_length=32)] = ""


class Party(Plain, forbid_unknown_fields=True, kw_only=True):
    """Who is asked out of a conference: an agent's id, a number, or the queue that is called."""

    party: Id


class Taker(Plain, forbid_unknown_fields=True):
    """Who takes a call over; empty for the agent of whoever asks."""

    taker: Id = ""


class Listen(Plain, forbid_unknown_fields=True, kw_only=True):
    """How to hear a talk, and at which phone: empty for that of the agent of whoever asks."""

    mode: Literal["listen", "whisper", "barge"] = "listen"
    phone: Annotated[str, msgspec.Meta(max_length=256, pattern=REGISTERED)] = ""


class ChosenNumber(Plain, forbid_unknown_fields=True, kw_only=True):
    """The number of the lead that is dialled, empty for its next; ``lead``: the id of the one that was seen."""

    number: Annotated[str, msgspec.Meta(max_length=32)] = ""
    lead: Id = ""
    caller_id: Annotated[str, msgspec.Meta(max_length=40)] = ""


class SkipReason(Plain, forbid_unknown_fields=True, kw_only=True):
    """Why an agent does not want a lead; ``lead``: the id of the one that was seen."""

    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    lead: Id = ""


class ByHand(Plain, forbid_unknown_fields=True, kw_only=True):
    """A number that an agent calls for a campaign."""

    campaign: Id
    number: Annotated[str, msgspec.Meta(max_length=40)]
    caller_id: Annotated[str, msgspec.Meta(max_length=40)] = ""


class Said(Plain, forbid_unknown_fields=True, kw_only=True):
    """How a call of a campaign was. ``callback_at``: UTC microseconds; ``callback_own``: by this agent alone."""

    disposition: Id
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    callback_at: Annotated[int, msgspec.Meta(ge=0, le=LATEST_US)] = 0
    callback_own: bool = False
    attempt: Id = ""
    answers: Annotated[dict[Id, Annotated[str, msgspec.Meta(max_length=500)]], msgspec.Meta(max_length=20)] = {}


class OfContact(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body about a contact: the fields that the verb needs."""

    contact: Id
    queue: Id = ""
    agent: Id = ""
    priority: Priority | None = None


# Verb -> (the shape of its body, how it becomes a request of ``by`` for ``agent``).
VERBS: dict[str, tuple[type[Plain], Callable[[Any, str, str], Request]]] = {
    "login": (Phone, lambda given, agent, by: LogIn(agent=agent, by=by, phone=given.phone)),
    "logout": (Plain, lambda given, agent, by: LogOut(agent=agent, by=by)),
    "status": (
        Status,
        lambda given, agent, by: SetStatus(
            agent=agent, by=by, status=given.status, reason=given.reason, on_demand=given.on_demand
        ),
    ),
    "answer": (Plain, lambda given, agent, by: AnswerCall(agent=agent, by=by)),
    "hangup": (Plain, lambda given, agent, by: HangUp(agent=agent, by=by)),
    "hold": (Hold, lambda given, agent, by: HoldCall(agent=agent, by=by, on=given.on)),
    "call-back": (Plain, lambda given, agent, by: CallBack(agent=agent, by=by)),
    "mute": (Hold, lambda given, agent, by: MuteCall(agent=agent, by=by, on=given.on)),
    "keys": (Keys, lambda given, agent, by: PressKeys(agent=agent, by=by, digits=given.digits)),
    "transfer": (
        To,
        lambda given, agent, by: TransferCall(
            agent=agent,
            by=by,
            queue=given.queue,
            to=given.to,
            number=given.number,
            consult=given.consult,
            priority=given.priority,
        ),
    ),
    "transfer-complete": (Plain, lambda given, agent, by: CompleteTransfer(agent=agent, by=by)),
    "transfer-cancel": (Plain, lambda given, agent, by: CancelTransfer(agent=agent, by=by)),
    "confer": (Plain, lambda given, agent, by: ConferCall(agent=agent, by=by)),
    "add-party": (
        Third,
        lambda given, agent, by: AddParty(agent=agent, by=by, queue=given.queue, to=given.to, number=given.number),
    ),
    "drop-party": (Party, lambda given, agent, by: DropParty(agent=agent, by=by, party=given.party)),
    "wrapup-end": (Plain, lambda given, agent, by: EndWrapUp(agent=agent, by=by)),
    "wrapup-more": (Plain, lambda given, agent, by: ExtendWrapUp(agent=agent, by=by)),
    "next": (Plain, lambda given, agent, by: NextContact(agent=agent, by=by)),
    "dial": (
        ChosenNumber,
        lambda given, agent, by: DialPreview(
            agent=agent, by=by, number=given.number, lead=given.lead, caller_id=given.caller_id
        ),
    ),
    "skip": (
        SkipReason,
        lambda given, agent, by: SkipPreview(agent=agent, by=by, reason=given.reason, lead=given.lead),
    ),
    "dial-number": (
        ByHand,
        lambda given, agent, by: DialNumber(
            agent=agent, by=by, campaign=given.campaign, number=given.number, caller_id=given.caller_id
        ),
    ),
    "dispose": (
        Said,
        lambda given, agent, by: Dispose(
            agent=agent,
            by=by,
            disposition=given.disposition,
            note=given.note,
            callback_at=given.callback_at,
            callback_own=given.callback_own,
            attempt=given.attempt,
            answers=given.answers,
        ),
    ),
}


# What supervisors do to waiting contacts.
CONTACT_VERBS: dict[str, Callable[[OfContact, str], Request]] = {
    "move": lambda given, by: MoveContact(contact=given.contact, queue=given.queue, by=by),
    "give": lambda given, by: GiveContact(contact=given.contact, agent=given.agent, by=by),
    "priority": lambda given, by: SetPriority(contact=given.contact, priority=given.priority or 0, by=by),
    "callback-cancel": lambda given, by: CancelCallback(contact=given.contact, by=by),
    "callback-now": lambda given, by: CallNow(contact=given.contact, by=by),
    "message-done": lambda given, by: FinishMessage(contact=given.contact, by=by),
}
# What they do to a talk: with whose phone.
TALK_VERBS: dict[str, tuple[type[Plain], Callable[[Any, str, Person], Request]]] = {
    "listen": (
        Listen,
        lambda given, agent, person: Supervise(
            agent=agent,
            by=person.login,
            watcher=person.agent or person.login,
            mode=given.mode,
            phone=given.phone,
        ),
    ),
    "listen-stop": (
        Plain,
        lambda given, agent, person: StopListening(agent=agent, by=person.login, watcher=person.agent or person.login),
    ),
    "take-over": (
        Taker,
        lambda given, agent, person: TakeOver(agent=agent, by=person.login, taker=given.taker or person.agent),
    ),
}


# What is about an agent and not about the call that they have: also while that is of somebody else's queue.
OF_THEMSELVES = frozenset({"login", "logout", "status"})


class Verbs:
    """The route of the verbs in one application."""

    def __init__(self, app: Flask, gateway: Gateway, auth: Auth) -> None:
        self._gateway = gateway
        self._auth = auth
        app.add_url_rule("/api/agent/<verb>", view_func=self.act, methods=["POST"])
        app.add_url_rule("/api/talk/<verb>", view_func=self.talk, methods=["POST"])
        app.add_url_rule("/api/contact/<verb>", view_func=self.contact, methods=["POST"])

    def act(self, verb: str) -> Response:
        """Serve one verb. 409 when the engine refuses, 404 for an unknown agent or verb, 400 for a wrong body."""
        person = self._auth.person()
        if verb not in VERBS:
            raise ApiError(404, "not_found", f"no verb called {verb[:40]!r}; there are {', '.join(VERBS)}")
        shape, build = VERBS[verb]
        given = body(shape)
        agent = _whom(person, given.agent)
        request = build(given, agent, person.login)
        check = _check_own(person, verb, agent, given) if agent != person.agent else None
        audited = agent != person.agent or is_steering(request) or self._bars(request)
        self._ask(person, request, check, audited=audited)
        return json_response({"ok": True})

    def _bars(self, request: Request) -> bool:
        """Whether a number goes onto a no-call list by what an agent says of a call."""
        if not isinstance(request, Dispose):
            return False
        shown = self._gateway.snapshot().agents
        words = next((one.lead.words for one in shown if one.id == request.agent and one.lead is not None), ())
        return any(word.id == request.disposition and word.then == Then.DNC for word in words)

    def talk(self, verb: str) -> Response:
        """Serve one verb about the talk of an agent: for supervisors. Errors as in `act`."""
        person = self._auth.supervisor()
        if verb not in TALK_VERBS:
            raise ApiError(404, "not_found", f"no verb called {verb[:40]!r}; there are {', '.join(TALK_VERBS)}")
        shape, build = TALK_VERBS[verb]
        given = body(shape)
        check = _check_own(person, verb, given.agent, given)
        self._ask(person, build(given, given.agent, person), check)
        return json_response({"ok": True})

    def contact(self, verb: str) -> Response:
        """Serve one verb about a contact that waits: for supervisors. Errors as in `act`."""
        person = self._auth.supervisor()
        if verb not in CONTACT_VERBS:
            raise ApiError(404, "not_found", f"no verb called {verb[:40]!r}; there are {', '.join(CONTACT_VERBS)}")
        given = body(OfContact)

        def check(snapshot: Snapshot) -> None:
            shown = seen(snapshot, person.sight)
            _need("contact", given.contact, shown.contacts)
            _need_named(shown, queue=given.queue, agent=given.agent)

        self._ask(person, CONTACT_VERBS[verb](given, person.login), None if person.sight.whole else check)
        return json_response({"ok": True})

    def _ask(self, person: Person, request: Request, check: Check | None = None, *, audited: bool = True) -> None:
        self._gateway.request(request, check)
        if audited:
            self._auth.audit(person.login, *described(request))


def _check_own(person: Person, verb: str, agent: str, given: Plain) -> Check | None:
    """What raises NotFound unless the agent is in the scope of ``person``, and so is all that the body names; and, but
    for the verbs about the agent alone, the call or lead that they have. None where there is no bound."""
    if person.sight.whole:
        return None

    def check(snapshot: Snapshot) -> None:
        shown = seen(snapshot, person.sight)
        _need("agent", agent, shown.agents)
        view = next(one for one in shown.agents if one.id == agent)
        whole = next(one for one in snapshot.agents if one.id == agent)
        hidden = (whole.contact is None) != (view.contact is None) or (whole.lead is None) != (view.lead is None)
        if hidden and verb not in OF_THEMSELVES:
            raise NotFound("call of agent", agent[:64])
        attempt = getattr(given, "attempt", "")
        if attempt and (view.lead is None or view.lead.attempt != attempt):
            raise NotFound("attempt", attempt)
        _need_named(
            shown,
            queue=getattr(given, "queue", ""),
            agent=getattr(given, "to", ""),
            taker=getattr(given, "taker", ""),
            campaign=getattr(given, "campaign", ""),
        )

    return check


def _need(kind: str, id: str, known: Iterable[AgentView | CampaignView | ContactView | QueueView]) -> None:
    if all(one.id != id for one in known):
        # What a contact is called says nothing to a person.
        raise NotFound(kind, id[:64], known=None if kind == "contact" else (one.id for one in known))


def _need_named(shown: Snapshot, *, queue: str, agent: str, taker: str = "", campaign: str = "") -> None:
    """Raises NotFound when one of those that are named is not shown."""
    for kind, id, known in (
        ("queue", queue, shown.queues),
        ("agent", agent, shown.agents),
        ("agent", taker, shown.agents),
        ("campaign", campaign, shown.campaigns),
    ):
        if id:
            _need(kind, id, known)


def _whom(person: Person, asked: str) -> str:
    """The agent to act for. Raises ApiError when ``person`` may not."""
    if not person.acts:
        raise ApiError(403, "forbidden", f"the role {person.role} may look and not act")
    agent = asked or person.agent
    if agent != person.agent and not person.supervises:
        raise ApiError(403, "forbidden", "an agent acts for themselves only; ask a supervisor")
    if not agent:
        raise ApiError(400, "bad_input", f"{person.login} takes no calls: name the agent to act for")
    return agent
