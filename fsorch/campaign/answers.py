"""Who answered: a person or a machine, by how long they talk and whether they pause.

Theory: a person says a word or two and waits for an answer; a machine talks on. So the first pause of ``pause_s`` tells
a person; after words that lasted :data:`LONG_AFTER_S` it has to be one of ``long_pause_s``, for machines breathe
between their sentences. Who still talks ``greeting_s`` after they began is a machine: shorter gaps, which all speech
has, do not end a greeting. A beep tells a machine at once. Everything else is unclear, and what is unclear counts as a
person, for a machine that reaches an agent costs seconds, and a person who is cut off is lost: nobody has spoken by
``decide_s`` after the answer; or something sounds for ``decide_s`` without a single gap, as music, a street, a radio
behind somebody do. Who is talking at ``decide_s`` is listened to on, where ``while_talking``: laws that count two
seconds from the end of the greeting (16 CFR 310.4(b)(4)(ii)) leave time for that; else they are unclear then as well.

A voice at the telephone is louder than a radio or a street behind it. So once it has sounded for :data:`LOUD_AFTER_S`,
only what is ``louder`` times as loud counts as talk: a person in a noisy room is heard to wait for an answer, where
the room would have talked on like a machine. The price is a machine of a quiet voice that is taken for a person.

The first verdict stands. Time is an argument, in seconds of one clock; what comes late is judged by the time it is said
to have happened at, so that the verdict depends on the call and not on when we hear of it.

::

               talk (1)              quiet (2)
      silent ----------> talking <-------------> gap
        |                  |        talk (1)      |
        |                  |-- long (4)           |-- pause (3)
        |                  |   : machine          |   : person
        '------------------'----------------------'---------------> judged
             from all three: late (5): unsure, and beep (6): machine

 1 somebody talks, or something sounds           4 they still talk, ``greeting_s`` after they began
 2 they do not any more                          5 it must be decided
 3 they have been quiet for as long as it takes  6 a machine's beep
"""

from __future__ import annotations

import math
from enum import StrEnum

from fsorch.campaigns import AmdSpec
from fsorch.machine import Machine

__all__ = ["LONG_AFTER_S", "LOUD_AFTER_S", "Answer", "AnswerInput", "AnswerMachine", "AnswerState", "Verdict"]


# Measured with 270 synthetic answers, most of them before music, voices or noise (docs/campaigns.md).
LOUD_AFTER_S = 1.0
# With 710 of them, 410 of people.
LONG_AFTER_S = 1.5


class AnswerState(StrEnum):
    """What is heard."""

    SILENT = "silent"
    TALKING = "talking"
    GAP = "gap"
    JUDGED = "judged"


class AnswerInput(StrEnum):
    """What can be heard, and what time brings."""

    TALK = "talk"
    QUIET = "quiet"
    BEEP = "beep"
    PAUSE = "pause"
    LATE = "late"
    LONG = "long"


class Verdict(StrEnum):
    """Who it is taken for. ``unsure``: treated as a person."""

    PERSON = "person"
    MACHINE = "machine"
    UNSURE = "unsure"


_S, _I, _V = AnswerState, AnswerInput, Verdict


class AnswerMachine(Machine[AnswerState, AnswerInput, Verdict]):
    """See the module's picture; the effects are the verdicts."""

    NAME = "the answer"
    FIRST = AnswerState.SILENT
    TABLE = {
        **{(state, input): (None, state) for state in AnswerState for input in AnswerInput},
        **{(state, _I.BEEP): (_V.MACHINE, _S.JUDGED) for state in AnswerState if state is not _S.JUDGED},
        **{(state, _I.LATE): (_V.UNSURE, _S.JUDGED) for state in AnswerState if state is not _S.JUDGED},
        # State: silent
        (_S.SILENT, _I.TALK): (None, _S.TALKING),
        # State: talking
        (_S.TALKING, _I.QUIET): (None, _S.GAP),
        (_S.TALKING, _I.LONG): (_V.MACHINE, _S.JUDGED),
        # State: gap
        (_S.GAP, _I.TALK): (None, _S.TALKING),
        (_S.GAP, _I.PAUSE): (_V.PERSON, _S.JUDGED),
    }


class Answer:
    """One answer, judged. ``answered``: when; ``quick``: it came without any ringing, as from the mailbox of a phone
    that is off. Where only the beep tells (no ``timing``), who has let it ring is a person at once, and a quick answer
    is listened to until ``decide_s``.

    ``verdict`` and ``judged_at`` once it is decided; ``due``: when :meth:`tick` must be called at the latest
    (infinity: never any more); ``greeted_at``: the end of their greeting, or the answer where nothing was said."""

    def __init__(self, spec: AmdSpec, answered: float, *, quick: bool = False) -> None:
        self.spec = spec
        self.answered = answered
        self.machine = AnswerMachine()
        self.verdict: Verdict | None = None
        self.judged_at = math.inf
        self.why = ""
        self.gaps = 0
        self._began = math.inf
        self._quiet = answered
        self._last = answered
        if not spec.timing and not (spec.beep and quick):
            self._judge(_I.LATE, answered, "the beep alone tells")

    @property
    def due(self) -> float:
        """When time alone decides."""
        return min((at for _, at in self._deadlines()), default=math.inf)

    @property
    def greeted_at(self) -> float:
        """From when on the law's time runs: the end of the greeting, so far as it is known."""
        return self._quiet if self._quiet >= self.answered else self._last

    def level(self, at: float) -> int:
        """How loud something must be to count as talk from ``at`` on, as `AmdSpec.level`."""
        return round(self.spec.level * (self.spec.louder if at - self._began >= LOUD_AFTER_S else 1.0))

    def talk(self, at: float) -> Verdict | None:
        """Somebody has begun to talk at ``at``. The verdict, if it is decided by now."""
        at = self._at(at)
        if not self.tick(at) and self.machine.state in (_S.SILENT, _S.GAP):
            self._began = min(self._began, at)
            self.machine.step(_I.TALK)
            self._quiet = -math.inf
        return self.verdict

    def quiet(self, at: float) -> Verdict | None:
        """They have stopped at ``at``, be it for a breath. The verdict, if it is decided by now."""
        at = self._at(at)
        if not self.tick(at) and self.machine.state is _S.TALKING:
            self.machine.step(_I.QUIET)
            self._quiet = at
            self.gaps += 1
        return self.verdict

    def beep(self, at: float) -> Verdict | None:
        """A machine's beep at ``at``."""
        at = self._at(at)
        if not self.tick(at):
            self._judge(_I.BEEP, at, "it beeped")
        return self.verdict

    def tick(self, now: float) -> Verdict | None:
        """Time has come to ``now``. The verdict, if it is decided by now."""
        for input, at in sorted(self._deadlines(), key=lambda one: one[1]):
            if at <= now and self.verdict is None:
                self._judge(input, at, _WHY[input])
        self._last = max(self._last, now)
        return self.verdict

    def _at(self, at: float) -> float:
        """What is told out of order happened when we last knew better."""
        return max(self._last, at)

    def _deadlines(self) -> list[tuple[AnswerInput, float]]:
        """What time will bring, as things are. With the same moment, the earlier one counts."""
        if self.verdict is not None:
            return []
        spec, state = self.spec, self.machine.state
        found = []
        if state is _S.GAP:
            found.append((_I.PAUSE, self._quiet + self._pause_s()))
        elif state is _S.TALKING and self.gaps:
            found.append((_I.LONG, self._began + spec.greeting_s))
        elif state is _S.TALKING:
            found.append((_I.LATE, self._began + spec.decide_s))
        if state is _S.SILENT or not spec.while_talking:
            found.append((_I.LATE, self.answered + spec.decide_s))
        return found

    def _pause_s(self) -> float:
        """How long they have to be quiet now, to have waited for an answer."""
        long = self._quiet - self._began >= LONG_AFTER_S
        return max(self.spec.pause_s, self.spec.long_pause_s if long else 0.0)

    def _judge(self, input: AnswerInput, at: float, why: str) -> None:
        self.verdict = self.machine.step(input)
        self.judged_at, self.why = at, why


_WHY = {
    _I.PAUSE: "they waited for an answer",
    _I.LONG: "they talked on",
    _I.LATE: "it was unclear",
}
