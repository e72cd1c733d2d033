"""What telling machines from people has cost: who was taken for what, and how often that was found to be wrong.

Theory: nobody is told by the line what it is, so a mistake shows only by what follows. A person who was taken for a
machine (a false positive) presses a key, or puts the receiver down while we wait for the beep or leave the message,
which a machine does not; or is one of those who were given to an agent to be checked. A machine that was taken for a
person (a false negative) beeps later, or the agent says so. Of a call that was hung up as a machine's at once, nothing
can follow: only checking tells, and the rate that is named comes from the checked ones where there are any.

The signs of an attempt are kept with it as words, in the order in which they came: ``greeting beep`` was told by its
greeting and has beeped.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from fsorch.campaign.drops import upper_bound

__all__ = ["AnswerCounts", "Sign", "count_answers"]


class Sign(StrEnum):
    """What was heard of an answer. ``greeting``: it talked on, a machine; ``pause``: it waited, a person; ``unsure``:
    neither, so a person; ``beep``: of a machine, whenever it came. ``checked``: a machine by its greeting, given to an
    agent; ``key``, ``hung_up``: what machines do not do, where one was thought to be; ``left``: they hung up while we
    listened; ``said``: an agent says that it was a machine."""

    GREETING = "greeting"
    PAUSE = "pause"
    UNSURE = "unsure"
    BEEP = "beep"
    CHECKED = "checked"
    KEY = "key"
    HUNG_UP = "hung_up"
    LEFT = "left"
    SAID = "said"


class AnswerCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Of the answers that were listened to: taken for ``people`` or ``machines``, of these by a ``beep`` first, or by
    their ``greeting``, of which ``proven`` by what followed. ``left``: hung up while we listened. ``wronged``: people
    taken for machines, as far as it was found out; ``missed``: machines taken for people. ``checked``: machines by
    their greeting who were given to agents, and ``checked_people`` of them who were none."""

    people: int = 0
    machines: int = 0
    beep: int = 0
    greeting: int = 0
    proven: int = 0
    left: int = 0
    wronged: int = 0
    missed: int = 0
    checked: int = 0
    checked_people: int = 0

    @property
    def wrong_share(self) -> float:
        """Of the greetings taken for a machine's, the share that was a person's: of the checked ones where there are
        any, for only there each mistake is found."""
        if self.checked:
            return self.checked_people / self.checked
        return self.wronged / self.greeting if self.greeting else 0.0

    @property
    def wrong_bound(self) -> float:
        """The share that the true one is below with 95 % confidence; 1 where nothing was checked."""
        return upper_bound(self.checked_people, self.checked)

    @property
    def false_positives(self) -> float:
        """The share of people who were taken for machines, as ``amd.false_positives`` wants it: by the checked ones
        where there are any, else by those that were found out, which is too low."""
        wronged = max(float(self.wronged), self.greeting * self.wrong_share)
        people = self.people - self.missed + wronged
        return wronged / people if people > 0 else 0.0


def count_answers(signs: Mapping[str, int]) -> AnswerCounts:
    """What the signs of attempts come to, each with the number of attempts that have them. Words that are unknown count
    for nothing."""
    counts = dict.fromkeys(AnswerCounts.__struct_fields__, 0)
    for words, number in signs.items():
        for name in _counted(frozenset(words.split()), words.partition(" ")[0]):
            counts[name] += number
    return AnswerCounts(**counts)


def _counted(signs: frozenset[str], first: str) -> set[str]:
    """The counts that an attempt with these signs, the ``first`` of which is the verdict, is in."""
    is_machine = Sign.BEEP in signs or Sign.SAID in signs
    acted = Sign.KEY in signs or Sign.HUNG_UP in signs
    found = {"left"} if Sign.LEFT in signs else set()
    match first:
        case Sign.PAUSE | Sign.UNSURE | Sign.SAID:
            found |= {"people", "missed"} if is_machine else {"people"}
        case Sign.BEEP:
            found |= {"machines", "beep", "wronged"} if acted else {"machines", "beep"}
        case Sign.GREETING:
            found |= {"machines", "greeting"}
            found |= {"checked"} if Sign.CHECKED in signs else set()
            if is_machine:
                found.add("proven")
            elif Sign.CHECKED in signs:
                found |= {"checked_people", "wronged"}
            elif acted:
                found.add("wronged")
    return found
