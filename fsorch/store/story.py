"""What became of a contact and why, in plain sentences, from the facts on record about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from fsorch.engine.facts import Fact, FactKind
from fsorch.engine.rows import ContactRow
from fsorch.engine.views import ContactView
from fsorch.ivr.events import EventKind
from fsorch.store.queries import ContactDetail
from fsorch.store.story_acts import ACTS
from fsorch.store.story_dialled import DialledTeller, named
from fsorch.store.story_flow import entered_flow, passed_node, told_in_flow, why_queued
from fsorch.store.story_steps import step_taken

__all__ = ["Line", "describe", "tell_story"]

# From this on a wait is one that needs a reason, in seconds.
NOTABLE_S = 1.0
# So many facts ahead are looked at for what became of an offer.
AHEAD = 20
# Rows, told by the sentences of what they sum up.
SILENT = {FactKind.SEGMENT_ENDED, FactKind.LEG_ENDED, FactKind.AGENT_CHANGED}
OUTCOMES = {
    "answered": "was answered",
    "abandoned": "gave up waiting",
    "left_flow": "hung up before any queue",
    "lost": "was lost: nobody saw its end",
    "failed": "failed",
    "not_reached": "was not reached",
    "voicemail": "left a message",
    "overflowed": "was sent on by a rule of the wait",
    "self_served": "was served by the flow",
    "dropped": "was dropped, for no agent was there in time",
    "machine": "a machine answered",
}
LOST = {"": "fsorch was away when it ended", "SWITCH_RESTARTED": "was lost with its switch, which restarted"}
# Causes that a caller's leg ends with by the switch's doing (no media to be had, no sign of life, its operator).
OF_THE_SWITCH = {
    "INCOMPATIBLE_DESTINATION",
    "MANAGER_REQUEST",
    "MEDIA_TIMEOUT",
    "RECOVERY_ON_TIMER_EXPIRE",
    "SYSTEM_SHUTDOWN",
}
WAYS = {
    "busy": "the phone was busy",
    "rejected": "the call was rejected",
    "unregistered": "the phone is not there",
    "dnd": "the phone is set to do-not-disturb",
    "failed": "the phone answered with an error",
}
TRANSFERRED = {
    "handed_over": "has the call now",
    "returned": "did not take it: the call is back where it came from",
    "conferred": "is in a conference with them now",
    "not_taken": "did not take it: the caller waits in the queue again",
    "called_off": "is not needed any more: the transfer was called off",
    "customer_gone": "never had the caller, who hung up before",
}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence. ``at``: UTC microseconds; ``kind``: of the fact behind it."""

    at: int
    kind: str
    text: str


def tell_story(detail: ContactDetail) -> list[Line]:
    """All that is on record, first first. Values from callers are as they came: escape them before they are shown."""
    teller, facts = _Teller(detail.contact), detail.facts
    return [
        Line(at=fact.at, kind=fact.kind.value, text=text)
        for n, fact in enumerate(facts)
        for text in teller.tell(fact, facts[n + 1 : n + 1 + AHEAD])
    ]


def describe(view: ContactView) -> str:
    """A live contact in a sentence."""
    why = f": {view.why}" if view.why else ""
    match view.state:
        case "waiting":
            return f"waits in queue {view.queue} at place {view.position}{why}"
        case "offered":
            return f"rings at {view.agent}{why}"
        case "talking" | "held":
            return f"{'on hold' if view.held else 'talks'} with {view.agent}"
        case "flow":
            return "listens to the menu"
    return view.state + why


class _Teller:
    """Goes through the facts in order and remembers what a later one needs."""

    def __init__(self, row: ContactRow) -> None:
        self._row = row
        self._outbound = row.direction == "outbound"
        self._other = "the called party" if self._outbound else "the caller"
        self._dialled = DialledTeller(row)
        self._keyed: Fact | None = None
        self._asked = False
        self._left: Fact | None = None
        self._declined: list[str] = []
        self._moved = False
        self._talked = False
        self._next: Sequence[Fact] = ()
        self._sentences = self._by_kind()

    def _by_kind(self) -> dict[str, Callable[[Fact], str]]:
        """How a fact is told, by its kind."""
        return {
            FactKind.CONTACT_BEGAN: self._began,
            FactKind.FLOW_ENTERED: entered_flow,
            FactKind.NODE_PASSED: passed_node,
            FactKind.FLOW_TOLD: self._in_flow,
            FactKind.ANSWER_KEYED: self._answer,
            FactKind.CUSTOMER_KEYED: lambda fact: (
                f"keyed the {'PIN' if _get(fact, 'proven') else 'number'} of customer "
                f"{_get(fact, 'reference') or _get(fact, 'customer')}"
            ),
            FactKind.CONTACT_QUEUED: self._queued,
            FactKind.OFFER_MADE: self._offered,
            FactKind.OFFER_ENDED: self._offer_ended,
            FactKind.BRIDGED: self._bridged,
            FactKind.PERSON_CHOSEN: lambda fact: (
                f"asked about {fact.agent}, who is busy, and chose {_get(fact, 'choice')}"
            ),
            FactKind.HOLD_CHANGED: lambda fact: (
                f"{fact.agent} {f'puts {self._other} on' if _get(fact, 'on') else 'ends the'} hold"
            ),
            FactKind.MUTE_CHANGED: lambda fact: f"{fact.agent} is {'muted' if _get(fact, 'on') else 'heard again'}",
            FactKind.TRANSFER_BEGAN: self._to_queue(_transfer),
            FactKind.TRANSFER_CHANGED: lambda fact: f"the transfer is {_get(fact, 'state')}",
            FactKind.TRANSFER_ENDED: self._to_queue(_transferred),
            FactKind.PARTY_CALLED: lambda fact: (
                f"{fact.agent} calls {_get(fact, 'target')} {_get(fact, 'to')} into the talk"
            ),
            FactKind.PARTY_JOINED: lambda fact: f"{_get(fact, 'to')} talks along",
            FactKind.PARTY_LEFT: lambda fact: f"{_get(fact, 'to')} talks along no longer ({_get(fact, 'why')})",
            "contact_moved": self._to_queue(
                lambda fact: f"moved from queue {_get(fact, 'previous')} to {fact.queue}{_by(fact)}"
            ),
            "contact_given": lambda fact: f"given to {fact.agent}{_by(fact)}",
            "priority_changed": lambda fact: (
                f"priority {_get(fact, 'previous')} becomes {_get(fact, 'priority')}{_by(fact)}"
            ),
            FactKind.STEP_TAKEN: step_taken,
            FactKind.ANNOUNCED: _announced,
            FactKind.WAIT_ENDED: self._to_queue(lambda fact: f"its wait ended by {_way(fact)}"),
            FactKind.WAIT_NOT_ENDED: lambda fact: (
                f"waits on, for {_way(fact)} was not possible: {_get(fact, 'trouble')}"
            ),
            FactKind.TURNED_AWAY: lambda fact: f"was one too many: {_get(fact, 'why')}",
            FactKind.PLACE_GIVEN_BACK: lambda fact: (
                "was promised a call and rang again, and has the place of the promise"
                if fact.data.get("owed")
                else "rang again soon after giving up, and has the place from before back"
            ),
            FactKind.CALL_HUNG_UP: self._hung_up,
            FactKind.WRAP_UP_BEGAN: lambda fact: (
                f"{fact.agent} has {float(_get(fact, 'seconds') or 0):g} s for the work after the call"
                if _get(fact, "seconds")
                else f"{fact.agent} does the work after the call, until they end it"
            ),
            FactKind.COMMAND_FAILED: lambda fact: f"the switch refused {_get(fact, 'command')}: {_get(fact, 'answer')}",
            FactKind.CONTACT_ENDED: self._ended,
            **ACTS,
            **self._dialled.sentences,
        }

    def tell(self, fact: Fact, after: Sequence[Fact] = ()) -> Iterator[str]:
        """The sentence of the next fact, if it has one, with those that come ``after`` it. A kind that is not known
        here is told by its own words."""
        if fact.kind in SILENT:
            return
        self._next = after
        sentence = self._sentences.get(fact.kind, _plainly)
        if text := " ".join(sentence(fact).split()):
            yield text

    def _began(self, fact: Fact) -> str:
        if self._outbound or _get(fact, "direction") == "outbound":
            return self._dialled.began(fact)
        dialled = _get(fact, "destination")
        called = f"called {dialled}" if dialled else "called"
        who = named(_get(fact, "number"), _get(fact, "name"))
        tenant = f" for the tenant {_get(fact, 'tenant')}" if _get(fact, "tenant") else ""
        return f"{who} {called}{tenant} on switch {fact.switch or _get(fact, 'switch')}"

    def _answer(self, fact: Fact) -> str:
        self._asked = True
        self._keyed = fact if _get(fact, "valid") else None
        self._moved = False
        digits, prompt = _get(fact, "digits"), _get(fact, "prompt")
        if not digits:
            return f"keyed nothing at {prompt}"
        means = _get(fact, "means")
        tail = f", which means {means}" if means else "" if self._keyed else ", which leads nowhere"
        return f"keyed {digits} at {prompt}{tail}"

    def _in_flow(self, fact: Fact) -> str:
        if _get(fact, "what") == EventKind.LEFT:
            self._left, self._moved = fact, False
        return told_in_flow(fact)

    def _to_queue(self, sentence: Callable[[Fact], str]) -> Callable[[Fact], str]:
        """A sentence that says why the contact comes into the next queue."""

        def told(fact: Fact) -> str:
            self._moved = True
            return sentence(fact)

        return told

    def _queued(self, fact: Fact) -> str:
        position = _get(fact, "position")
        place = f" at place {position}" if position else ""
        if _get(fact, "again"):
            return f"waits in queue {fact.queue} again{place}, by the time it has waited since the first"
        moved, self._moved = self._moved, True
        if moved:
            return f"waits in queue {fact.queue}{place}"
        if self._keyed is not None:
            why = f"because {_get(self._keyed, 'digits')} was keyed"
        elif self._asked:
            why = "the menu's default, for nothing valid was keyed"
        elif known := why_queued(self._left):
            why = known
        elif self._outbound:
            why = "the campaign's agents serve it"
        else:
            why = "chosen by the dialplan, a hook or the number, without a menu"
        return f"waits in queue {fact.queue}{place}: {why}"

    def _offered(self, fact: Fact) -> str:
        waited = float(_get(fact, "waited_us") or 0) / 1_000_000
        parts = [f"offered to {fact.agent or 'a number outside'}: {_get(fact, 'why')}"]
        if waited >= NOTABLE_S and not self._declined and not self._talked:
            parts.append(
                f"it had waited {_span(waited)}: until then it was not its turn, or nobody who was free would do"
            )
        if int(_get(fact, "idle") or 0) > 1:
            parts.append(f"{_get(fact, 'idle')} were free and fit")
        if after := _names(_get(fact, "next")):
            parts.append(f"after them would have come {after}")
        if unfit := _names(_get(fact, "unfit")):
            parts.append(f"passed over although free: {unfit}, without the skills asked for")
        if self._declined and fact.agent not in self._declined:
            parts.append(f"not taken before by {_names(dict.fromkeys(self._declined))}")
        return "; ".join(parts)

    def _bridged(self, fact: Fact) -> str:
        self._talked = True
        return f"{fact.agent or 'the number outside'} and {self._other} talk"

    def _offer_ended(self, fact: Fact) -> str:
        rang = float(_get(fact, "rang_us") or 0) / 1_000_000
        outcome, who = _get(fact, "outcome"), fact.agent or "the number outside"
        after = f" after {_span(rang)} of ringing" if rang else ""
        if outcome == "accepted":
            return f"{who} picked up{after}"
        if outcome == "withdrawn":
            why = self._withdrawn()
            return f"the offer to {who} was withdrawn{after}{f': {why}' if why else ''}"
        self._declined.append(who)
        cause = _get(fact, "cause")
        why = WAYS.get(_get(fact, "way")) or {"missed": "nobody picked up", "refused": "refused"}.get(outcome, outcome)
        return f"{who} did not take it{after}: {why}{f' ({cause})' if cause else ''}"

    def _withdrawn(self) -> str:
        """What came of a contact that was offered to somebody until now."""
        for fact in self._next:
            match fact.kind:
                case FactKind.BRIDGED:
                    return f"{fact.agent or 'somebody else'} had it"
                case FactKind.CALL_HUNG_UP if _get(fact, "who") == "customer":
                    return f"{self._other} was gone"
                case FactKind.CONTACT_ENDED:
                    return f"{self._other} was gone"
                case FactKind.WAIT_ENDED:
                    return "the wait was to end"
                case FactKind.CONTACT_QUEUED | FactKind.OFFER_MADE:
                    return ""
        return ""

    def _ended(self, fact: Fact) -> str:
        row = self._row
        outcome = LOST.get(row.cause) if row.outcome == "lost" else None
        if row.medium == "voicemail" and row.outcome == "overflowed":
            outcome = "was put aside: nobody needs to listen to the message any more"
        parts = [f"ended: {outcome or OUTCOMES.get(row.outcome, row.outcome or 'in a way not on record')}"]
        if row.ended_by:
            parts.append(f"{self._ender()} ended it{f' ({row.cause})' if row.cause else ''}")
        if row.enqueued_at:
            parts.append(f"waited {_span(row.waited_us / 1e6)}")
        if row.answered_at:
            held = f", {_span(row.held_us / 1e6)} of it on hold" if row.held_us else ""
            parts.append(f"talked {_span(row.talked_us / 1e6)}{held}")
        return "; ".join(parts)

    def _ender(self) -> str:
        row = self._row
        if row.ended_by == "customer" and not self._outbound and row.cause in OF_THE_SWITCH:
            return "the switch"
        names = {"customer": self._other, "agent": row.agent or "the number outside", "system": "the system"}
        return names.get(row.ended_by, row.ended_by)

    def _hung_up(self, fact: Fact) -> str:
        who = _get(fact, "who")
        name = self._other if who == "customer" else fact.agent or ("the number outside" if who == "other" else who)
        ended = "ended" if self._outbound and who == "customer" and not self._row.answered_at else "hung up"
        return f"the leg of {name} {ended} ({_get(fact, 'cause') or 'no cause given'})"


def _span(duration_s: float) -> str:
    """``16 s``, ``2 min 5 s`` or ``1 h 0 min 3 s``."""
    minutes, rest = divmod(max(0, round(duration_s)), 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours} h " if hours else "") + (f"{minutes} min " if minutes or hours else "") + f"{rest} s"


def _transfer(fact: Fact) -> str:
    how = ", after asking them" if _get(fact, "consult") else ""
    return f"{fact.agent} transfers to {_get(fact, 'target')} {_get(fact, 'to')}{how}"


def _transferred(fact: Fact) -> str:
    outcome = _get(fact, "outcome")
    return f"{_get(fact, 'to')} {TRANSFERRED.get(outcome, f'is where the transfer ended: {outcome}')}"


def _announced(fact: Fact) -> str:
    position, more, wait_s = (fact.data.get(key) for key in ("position", "more", "wait_s"))
    told = [f"place {position}"] if position is not None else []
    told += [f"more than {more} who wait"] if more is not None else []
    told += [f"a wait of about {_span(wait_s)}"] if isinstance(wait_s, int | float) else []
    return f"was told of {' and '.join(told)}"


def _way(fact: Fact) -> str:
    """What ended a wait, or should have: ``overflow to queue support (waited the longest time allowed)``."""
    where = " ".join(str(_get(fact, key)) for key in ("to", "name") if _get(fact, key))
    why = _get(fact, "why") or _get(fact, "case")
    return f"{str(_get(fact, 'act')).replace('_', ' ')}{f' to {where}' if where else ''}{f' ({why})' if why else ''}"


def _plainly(fact: Fact) -> str:
    """A fact by its own words: ``step taken: do announce, after 30``."""
    values = [f"{key.replace('_', ' ')} {value}" for key, value in fact.data.items() if _is_short(value)]
    who = [f"{name} {value}" for name, value in (("agent", fact.agent), ("queue", fact.queue)) if value]
    told = ", ".join([*who, *values])
    return fact.kind.value.replace("_", " ") + (f": {told}" if told else "")


def _is_short(value: Any) -> bool:
    return isinstance(value, str | int | float) and value not in ("", None)


def _by(fact: Fact) -> str:
    by = _get(fact, "by")
    return f" by {by}" if by else ""


def _names(names: Iterable[str] | Sequence[str]) -> str:
    return ", ".join(str(name) for name in names or ())


def _get(fact: Fact, key: str) -> Any:
    """A value of a fact; empty where an older fsorch did not write it."""
    return fact.data.get(key, "")
