"""Who knows this customer: the agents a contact should meet again, and what the caller says to that.

The more an agent and a customer have had to do with each other, the more recently and the better it went, the higher
the agent scores. The caller may be asked: wait for them, take anyone, or be called back by them.

::

                 wait (1)             anyone, over, gone (2)
      asking ---------------> waiting ----------------------> anyone
       |  |                     |                               ^
       |  |      anyone, gone, no answer any more (3)           |
       |  '---------------------|-------------------------------'
       |       call back (1)    | call back
       '----------------------> '------------> callback

 1 the caller's key; any other key, or none, asks again     2 the wait has its limit; the agent may log out
 3 who does not choose gets anyone: nobody is held up by a question
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

from fsorch.machine import Machine
from fsorch.rules import AffinitySpec

__all__ = [
    "RATINGS",
    "Bond",
    "ChoiceEffect",
    "ChoiceInput",
    "ChoiceMachine",
    "ChoiceState",
    "Encounter",
    "EncounterOutcome",
    "PersonChoice",
    "choose",
    "score",
]

DAY_S = 86_400.0
# What an encounter counts by the customer's rating, 1 to 5: a bad one speaks against a second.
RATINGS = (-1.0, 0.0, 1.0, 1.5, 2.0)


class EncounterOutcome(StrEnum):
    """How an encounter ended for the customer."""

    SOLVED = "solved"
    SERVED = "served"
    UNSOLVED = "unsolved"
    CUT_OFF = "cut_off"


OUTCOMES = {
    EncounterOutcome.SOLVED: 1.5,
    EncounterOutcome.SERVED: 1.0,
    EncounterOutcome.UNSOLVED: 0.5,
    EncounterOutcome.CUT_OFF: 0.0,
}


class Encounter(msgspec.Struct, frozen=True, kw_only=True):
    """One talk of the customer with an agent. ``at_us``: its end, UTC microseconds; ``talked_s``: seconds;
    ``rating``: 1 to 5, None when none was given. ``tenant``: whose customer they were then."""

    agent: str
    at_us: int
    outcome: EncounterOutcome = EncounterOutcome.SERVED
    talked_s: float = 0.0
    rating: int | None = None
    tenant: str = ""


class Bond(msgspec.Struct, frozen=True):
    """The agents to prefer, the best first, and a phrase for people about the first of them."""

    prefer: tuple[str, ...]
    why: str


def score(
    encounters: Iterable[Encounter], now_us: int, half_life_s: float, full_talk_s: float = 60.0
) -> dict[str, float]:
    """For each agent met, how much they should meet again; 1.0 is one ordinary talk just now, below 0 is better not.

    An encounter halves in weight every ``half_life_s``; one shorter than ``full_talk_s`` counts in proportion. Raises
    ValueError for a rating that is not 1 to 5."""
    scores: dict[str, float] = {}
    for one in encounters:
        age_s = max(0, now_us - one.at_us) / 1_000_000
        weight = 0.5 ** (age_s / half_life_s) * min(1.0, one.talked_s / full_talk_s if full_talk_s > 0 else 1.0)
        scores[one.agent] = scores.get(one.agent, 0.0) + weight * OUTCOMES[one.outcome] * _rated(one.rating)
    return scores


def _rated(rating: int | None) -> float:
    if rating is None:
        return 1.0
    if not 1 <= rating <= len(RATINGS):
        raise ValueError(f"the rating {rating} is not 1 to {len(RATINGS)}")
    return RATINGS[rating - 1]


def choose(
    encounters: Iterable[Encounter],
    now_us: int,
    spec: AffinitySpec,
    *,
    own: str = "",
    able: Callable[[str], bool] = lambda agent: True,
) -> Bond | None:
    """The agents a contact should come to, or None. ``own``: the agent whose customer this is, who comes first whatever
    the scores; ``able``: whether an agent may be preferred at all (exists, is at work, serves the queue)."""
    known = list(encounters)
    scores = score(known, now_us, spec.half_life_days * DAY_S, spec.full_talk_s)
    enough = [agent for agent, points in scores.items() if points >= spec.threshold and agent != own and able(agent)]
    ranked = sorted(enough, key=lambda agent: (-scores[agent], agent))
    if own and able(own):
        return Bond((own, *ranked)[: spec.most], "the customer's own agent")
    if not ranked:
        return None
    last = max(one.at_us for one in known if one.agent == ranked[0])
    return Bond(tuple(ranked[: spec.most]), f"spoke with this customer {_ago(now_us - last)}")


def _ago(age_us: int) -> str:
    """Such as "3 days ago"."""
    seconds = max(0, age_us) // 1_000_000
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


# -- the caller's choice --------------------------------------------------------------------------------------------


class ChoiceState(StrEnum):
    """What the caller has said."""

    ASKING = "asking"
    WAITING = "waiting"
    ANYONE = "anyone"
    CALLBACK = "callback"


class ChoiceInput(StrEnum):
    """All are events. ``unclear``: another key or none; ``last_unclear``: the same in the last round; ``gone``: the
    person is not at work any more; ``over``: the wait for them has reached its limit."""

    WAIT = "wait"
    ANYONE = "anyone"
    CALL_BACK = "call_back"
    UNCLEAR = "unclear"
    LAST_UNCLEAR = "last_unclear"
    GONE = "gone"
    OVER = "over"


class ChoiceEffect(StrEnum):
    """What the engine carries out."""

    ASK_AGAIN = "ask_again"
    WAIT_FOR_PERSON = "wait_for_person"
    TAKE_ANYONE = "take_anyone"
    PROMISE_CALLBACK = "promise_callback"


_S, _I, _E = ChoiceState, ChoiceInput, ChoiceEffect


class ChoiceMachine(Machine[ChoiceState, ChoiceInput, ChoiceEffect]):
    """See the module's picture. Who waits may think better of it; what led to anyone or a callback stands."""

    NAME = "the choice of a person"
    FIRST = ChoiceState.ASKING
    TABLE = {
        # State: asking
        (_S.ASKING, _I.WAIT): (_E.WAIT_FOR_PERSON, _S.WAITING),
        (_S.ASKING, _I.ANYONE): (_E.TAKE_ANYONE, _S.ANYONE),
        (_S.ASKING, _I.CALL_BACK): (_E.PROMISE_CALLBACK, _S.CALLBACK),
        (_S.ASKING, _I.UNCLEAR): (_E.ASK_AGAIN, _S.ASKING),
        (_S.ASKING, _I.LAST_UNCLEAR): (_E.TAKE_ANYONE, _S.ANYONE),
        (_S.ASKING, _I.GONE): (_E.TAKE_ANYONE, _S.ANYONE),
        (_S.ASKING, _I.OVER): (_E.TAKE_ANYONE, _S.ANYONE),
        # State: waiting
        (_S.WAITING, _I.WAIT): (None, _S.WAITING),
        (_S.WAITING, _I.ANYONE): (_E.TAKE_ANYONE, _S.ANYONE),
        (_S.WAITING, _I.CALL_BACK): (_E.PROMISE_CALLBACK, _S.CALLBACK),
        (_S.WAITING, _I.UNCLEAR): (None, _S.WAITING),
        (_S.WAITING, _I.LAST_UNCLEAR): (None, _S.WAITING),
        (_S.WAITING, _I.GONE): (_E.TAKE_ANYONE, _S.ANYONE),
        (_S.WAITING, _I.OVER): (_E.TAKE_ANYONE, _S.ANYONE),
        # State: anyone
        (_S.ANYONE, _I.WAIT): (None, _S.ANYONE),
        (_S.ANYONE, _I.ANYONE): (None, _S.ANYONE),
        (_S.ANYONE, _I.CALL_BACK): (None, _S.ANYONE),
        (_S.ANYONE, _I.UNCLEAR): (None, _S.ANYONE),
        (_S.ANYONE, _I.LAST_UNCLEAR): (None, _S.ANYONE),
        (_S.ANYONE, _I.GONE): (None, _S.ANYONE),
        (_S.ANYONE, _I.OVER): (None, _S.ANYONE),
        # State: callback
        (_S.CALLBACK, _I.WAIT): (None, _S.CALLBACK),
        (_S.CALLBACK, _I.ANYONE): (None, _S.CALLBACK),
        (_S.CALLBACK, _I.CALL_BACK): (None, _S.CALLBACK),
        (_S.CALLBACK, _I.UNCLEAR): (None, _S.CALLBACK),
        (_S.CALLBACK, _I.LAST_UNCLEAR): (None, _S.CALLBACK),
        (_S.CALLBACK, _I.GONE): (None, _S.CALLBACK),
        (_S.CALLBACK, _I.OVER): (None, _S.CALLBACK),
    }


KEYS = {"1": ChoiceInput.WAIT, "2": ChoiceInput.ANYONE, "3": ChoiceInput.CALL_BACK}


class PersonChoice:
    """One caller's choice: the machine, its rounds and its times (monotonic seconds). ``until``: when something happens
    by itself, for a timer; None: nothing will."""

    __slots__ = ("_rounds", "_spec", "machine", "until")

    def __init__(self, spec: AffinitySpec) -> None:
        self._spec = spec
        self._rounds = 1
        self.machine = ChoiceMachine()
        self.until: float | None = None

    def asked(self, now: float) -> None:
        """The question has been played: from now on silence counts."""
        if self.machine.state is ChoiceState.ASKING:
            self.until = now + self._spec.ask_timeout_s

    def key(self, digit: str, now: float) -> ChoiceEffect | None:
        """The caller pressed a key: 1 waits, 2 takes anyone, 3 is called back."""
        return self._step(KEYS.get(digit), now)

    def gone(self, now: float) -> ChoiceEffect | None:
        """The person is not at work any more."""
        return self._step(ChoiceInput.GONE, now)

    def time(self, now: float) -> ChoiceEffect | None:
        """Time passes: silence after the question, or the end of the wait, once :attr:`until` is reached."""
        if self.until is None or now < self.until:
            return None
        waiting = self.machine.state is ChoiceState.WAITING
        return self._step(ChoiceInput.OVER if waiting else None, now)

    def _step(self, input: ChoiceInput | None, now: float) -> ChoiceEffect | None:
        if input is None:
            input = ChoiceInput.UNCLEAR if self._rounds < self._spec.tries else ChoiceInput.LAST_UNCLEAR
        effect = self.machine.step(input)
        if effect is ChoiceEffect.ASK_AGAIN:
            self._rounds += 1
        if effect is not None:
            self.until = now + self._spec.wait_s if effect is ChoiceEffect.WAIT_FOR_PERSON else None
        return effect
