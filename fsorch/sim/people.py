"""People at the far ends: phones of agents, and the public behind a carrier. Each with habits drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from fsorch.sim.channel import Channel
from fsorch.sim.endpoints import refuse
from fsorch.sim.hearing import sounds
from fsorch.sim.lifecycle import answer, pre_answer, ring_ready
from fsorch.sim.machine import Machine
from fsorch.sim.timeline import Timer

__all__ = ["Carrier", "CarrierHabits", "Phone", "PhoneHabits", "around"]


def _greeting(beep_s: float) -> list[tuple[float, float]]:
    """What is heard of who answers, in microseconds: a person's word or two, or a machine's greeting until its beep."""
    if not beep_s:
        return [(400_000, 1_100_000)]
    words = range(int(beep_s - 0.3))
    return [(1_000_000 * n + 300_000, 1_000_000 * n + 1_100_000) for n in words]


def around(dice: random.Random, mean: float, least: float = 0.0) -> float:
    """A time around ``mean`` (a gamma distribution, standard deviation 0.6 of the mean), at least ``least`` seconds."""
    return max(least, dice.gammavariate(2.8, mean / 2.8)) if mean > 0 else least


class PhoneHabits(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent treats a ringing phone: answers with ``answer_rate`` after about ``ring_s``, else declines (603)
    with ``decline_rate``, else lets it ring. ``human``: nobody but the desktop picks up (``uuid_phone_event ...
    talk``)."""

    ring_s: float = 2.0
    answer_rate: float = 0.95
    decline_rate: float = 0.3
    human: bool = False


class Phone:
    """A registered phone. It takes one call at a time, is busy (486) for a second one, and obeys ``talk`` and
    ``hold``."""

    def __init__(self, machine: Machine, user: str, habits: PhoneHabits, seed: str) -> None:
        self._machine = machine
        self.user = user
        self.habits = habits
        self._dice = random.Random(f"{seed}/phone/{user}")
        self.leg: Channel | None = None
        self.rung = 0
        self.answered = 0
        self._timer: Timer | None = None

    @property
    def human(self) -> bool:
        """Whether only the desktop picks up."""
        return self.habits.human

    def notice(self, channel: Channel, what: str, detail: str) -> None:
        """React as a phone does."""
        if what == "ring":
            self._ring(channel)
        elif channel is not self.leg:
            return
        elif what == "talk":
            self.pick_up()
        elif what == "hangup":
            self._stop()
            self.leg = None

    def pick_up(self) -> None:
        """Answer what rings; nothing if nothing does."""
        self._stop()
        leg = self.leg
        if leg is not None and not leg.hung and not leg.answered:
            self.answered += 1
            answer(self._machine.core, leg)

    def hang_up(self) -> None:
        """Put the receiver down: end the call, or decline what rings."""
        leg = self.leg
        if leg is None:
            return
        if leg.answered:
            self._machine.hang_up(leg)
        else:
            refuse(self._machine.core, leg, 603, "Decline")

    def _ring(self, channel: Channel) -> None:
        core = self._machine.core
        if self.leg is not None and not self.leg.hung:
            refuse(core, channel, 486, "Busy Here")
            return
        self.leg = channel
        self.rung += 1
        ring_ready(core, channel)
        if self.habits.human:
            return
        wait = around(self._dice, self.habits.ring_s, 0.2)
        draw = self._dice.random()
        if draw < self.habits.answer_rate:
            self._timer = core.timeline.after(wait, self.pick_up)
        elif self._dice.random() < self.habits.decline_rate:
            self._timer = core.timeline.after(wait, self.hang_up)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class CarrierHabits(msgspec.Struct, frozen=True, kw_only=True):
    """What comes of calls to the public: weights of the outcomes, and times in seconds. ``early``: the share that
    hears the network's ringing as early media before anybody answers. ``talk_s``: how long people talk, from the answer
    or once they are joined to somebody; ``patience_s``: how long they listen to nobody (0: as long as they talk);
    ``opt_out``: the share of people who press a key when they are asked for one."""

    person: float = 0.45
    machine: float = 0.2
    no_answer: float = 0.2
    busy: float = 0.08
    rejected: float = 0.04
    unknown: float = 0.03
    early: float = 0.3
    ring_s: float = 7.0
    talk_s: float = 25.0
    beep_s: float = 4.0
    patience_s: float = 0.0
    opt_out: float = 0.0


_REFUSALS = {"busy": (486, "Busy Here"), "rejected": (603, "Decline"), "unknown": (404, "Not Found")}


class Carrier:
    """A gateway to the public network. What happens to the n-th call of a number depends on the seed alone."""

    def __init__(self, machine: Machine, habits: CarrierHabits | None = None, seed: str = "0") -> None:
        self._machine = machine
        self.habits = habits or CarrierHabits()
        self._seed = seed
        self._tries: dict[str, int] = {}
        self.outcomes: dict[str, int] = {}
        # The numbers at which a person has answered.
        self.picked_up: set[str] = set()
        # People who listen to nobody yet, by their channel.
        self._people: dict[str, Called] = {}
        self.keyed = 0

    def notice(self, channel: Channel, what: str, detail: str) -> None:
        """A new call is led to its outcome; a person hears and speaks."""
        if what != "ring":
            if (called := self._people.get(channel.uuid)) is not None:
                called.notice(channel, what)
            if what == "hangup":
                self._people.pop(channel.uuid, None)
            return
        core, habits = self._machine.core, self.habits
        number = channel.profile.get("Destination-Number")
        self._tries[number] = self._tries.get(number, 0) + 1
        dice = random.Random(f"{self._seed}/carrier/{number}/{self._tries[number]}")
        names = ("person", "machine", "no_answer", "busy", "rejected", "unknown")
        outcome = dice.choices(names, [getattr(habits, name) for name in names])[0]
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if outcome == "unknown":
            refuse(core, channel, *_REFUSALS[outcome])
            return
        ring_ready(core, channel)
        if dice.random() < habits.early:
            core.timeline.after(0.4, lambda: pre_answer(core, channel))
        wait = around(dice, habits.ring_s, 0.5)
        if outcome in _REFUSALS:
            status, phrase = _REFUSALS[outcome]
            core.timeline.after(wait, lambda: refuse(core, channel, status, phrase))
        elif outcome != "no_answer":
            core.timeline.after(wait, lambda: self._answer(channel, outcome, dice))

    def _answer(self, channel: Channel, outcome: str, dice: random.Random) -> None:
        machine, habits = self._machine, self.habits
        if channel.hung:
            return
        talk_s = around(dice, habits.talk_s, min(2.0, habits.talk_s))
        if outcome == "person" and habits.patience_s > 0:
            keys = dice.random() < habits.opt_out
            self._people[channel.uuid] = Called(
                machine, channel, habits.patience_s, talk_s, self._press if keys else None
            )
        answer(machine.core, channel)
        if outcome == "person":
            self.picked_up.add(channel.profile.get("Destination-Number"))
        beep_s = around(dice, habits.beep_s, 1.0) if outcome == "machine" else 0.0
        sounds(machine.core, channel, _greeting(beep_s))
        if outcome == "machine":
            machine.core.timeline.after(beep_s, lambda: machine.apps.beep(channel))
        if channel.uuid not in self._people:
            machine.core.timeline.after(talk_s, lambda: machine.hang_up(channel))

    def _press(self, channel: Channel) -> None:
        self.keyed += 1
        self._machine.press(channel, "9")


class Called:
    """A person who was called: listens for ``patience_s``, talks for ``talk_s`` once somebody is there, and has a key
    pressed by ``press`` where one is asked for."""

    def __init__(
        self,
        machine: Machine,
        channel: Channel,
        patience_s: float,
        talk_s: float,
        press: Callable[[Channel], None] | None,
    ) -> None:
        self._machine = machine
        self._talk_s = talk_s
        self._press = press
        self._patience_s = patience_s
        self._timer = machine.core.timeline.after(patience_s, lambda: machine.hang_up(channel))

    def notice(self, channel: Channel, what: str) -> None:
        """Hear and speak."""
        if what == "bridge":
            self._leave(channel, self._talk_s)
        elif what == "unbridge":
            self._leave(channel, self._patience_s)
        elif what == "hangup":
            self._timer.cancel()
        elif what == "play" and self._press is not None:
            if channel.get("current_application") == "play_and_get_digits":
                press, self._press = self._press, None
                self._machine.core.timeline.after(1.0, lambda: press(channel))

    def _leave(self, channel: Channel, seconds: float) -> None:
        self._timer.cancel()
        self._timer = self._machine.core.timeline.after(seconds, lambda: self._machine.hang_up(channel))
