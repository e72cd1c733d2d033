"""The world around the switch: callers who arrive, press keys, wait, talk and hang up; the phones they reach.

All of it follows from the plan's seed and what the switch does to the calls: the n-th caller has the same number,
patience and talk time in every run. `World.report` says what became of everybody, so that a run can prove that nobody
was lost.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from fsorch.sim.channel import Channel
from fsorch.sim.directory import register
from fsorch.sim.inbound import Invite
from fsorch.sim.people import Carrier, CarrierHabits, Phone, PhoneHabits, around
from fsorch.sim.switch import VirtualSwitch
from fsorch.sim.timeline import Timer

__all__ = ["CallResult", "Caller", "CallerPlan", "Report", "TrafficPlan", "World"]

_NAMES = (
    "Ada Brandt", "Ben Okoye", "Carla Nunes", "David Levi", "Elif Demir", "Farid Haddad", "Grace Lin", "Hugo Petit",
    "Ines Costa", "Jonas Weber", "Kaori Sato", "Liam Byrne", "Mia Hansen", "Noor Khan", "Olga Marin", "Pavel Novak",
    "Wang Fang", "Zoë O'Neill", "José Ñandú", "Søren Krog",
)  # fmt: skip


class CallerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What one caller will do. Times in seconds. ``keys``: what is pressed at the first, second, ... prompt that asks
    for keys (the last one again after that; empty: nothing); ``patience_s``: how long from the call's beginning
    without an agent; ``hangs_up``: whether the caller ends the talk, or the agent's phone does."""

    keys: tuple[str, ...] = ("1",)
    reaction_s: float = 1.0
    patience_s: float = 60.0
    talk_s: float = 20.0
    hangs_up: bool = True


class TrafficPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Traffic as distributions. Times in seconds, all means. ``calls`` None: for ever. ``menu_keys``: weights of the
    key a caller chooses; an empty key waits the menu out, a wrong one is followed by a right one. ``most_at_once``:
    nobody comes while so many calls are on; they come when one ends (0: no limit)."""

    calls: int | None = None
    most_at_once: int = 0
    rate_per_s: float = 0.25
    seed: int = 1
    destination: str = "4000"
    context: str = "fsorch"
    menu_keys: dict[str, float] = msgspec.field(default_factory=lambda: {"1": 5.0, "2": 4, "0": 1, "7": 0.3, "": 0.3})
    patience_s: float = 60.0
    talk_s: float = 30.0
    reaction_s: float = 1.2
    caller_hangs_up: float = 0.6
    ring_s: float = 2.0
    answer_rate: float = 0.95
    decline_rate: float = 0.3
    carrier: CarrierHabits = CarrierHabits()


class CallResult(msgspec.Struct, kw_only=True):
    """What became of one call. ``outcome``: answered (talked to somebody), abandoned (the caller gave up), dropped (the
    switch hung up before anybody talked), alone (served by the dialplan without fsorch), live (still on)."""

    uuid: str
    number: str
    name: str
    destination: str
    bridged_s: float = 0.0
    ended_s: float = 0.0
    keyed: str = ""
    talks: int = 0
    outcome: str = "live"
    cause: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The world's own count of its calls. ``legs``: channels the switch made; ``live_legs``: those not destroyed
    yet."""

    calls: int
    live: int
    answered: int
    abandoned: int
    dropped: int
    alone: int
    legs: int
    live_legs: int
    bridges: int
    phones_rung: int
    phones_answered: int


class Caller:
    """A caller: the far end of one inbound call."""

    def __init__(self, world: World, plan: CallerPlan, result: CallResult) -> None:
        self._world = world
        self._machine = world.switch.machine
        self.plan = plan
        self.result = result
        self.channel: Channel | None = None
        self._prompts = 0
        self._key: Timer | None = None
        self._patience: Timer | None = None
        self._talk: Timer | None = None

    def begin(self, channel: Channel) -> None:
        """The call is on its way."""
        self.channel = channel
        self._wait(self.plan.patience_s)

    def notice(self, channel: Channel, what: str, detail: str) -> None:
        """Hear, press, talk, leave."""
        if what == "play":
            self._hear(channel)
        elif what == "bridge":
            self._meet(detail)
        elif what == "unbridge":
            self._lose()
        elif what == "hangup":
            self._end(channel, detail)
        elif what == "destroy":
            self._world.ended(self.result)

    def _wait(self, seconds: float) -> None:
        core = self._machine.core
        self._patience = core.timeline.after(seconds, self._leave)

    def _leave(self) -> None:
        if self.channel is not None and not self.channel.hung:
            self._machine.hang_up(self.channel)

    def _hear(self, channel: Channel) -> None:
        """A prompt that asks for keys begins: press after a moment, unless that is already about to happen."""
        if channel.get("current_application") not in ("play_and_get_digits", "read") or self._key is not None:
            return
        keys = self.plan.keys
        wanted = keys[min(self._prompts, len(keys) - 1)] if keys else ""
        self._prompts += 1
        if wanted:
            self._key = self._machine.core.timeline.after(self.plan.reaction_s, lambda: self._press(channel, wanted))

    def _press(self, channel: Channel, keys: str) -> None:
        self._key = None
        self.result.keyed += keys
        self._machine.press(channel, keys)

    def _meet(self, peer: str) -> None:
        """Somebody is there: talk for a while, then one of the two hangs up."""
        if self._patience is not None:
            self._patience.cancel()
        self.result.talks += 1
        self.result.bridged_s = self.result.bridged_s or self._world.switch.now
        phone = self._world.phone_of(peer)
        end = self._leave
        if phone is not None and not self.plan.hangs_up and not phone.human:
            end = phone.hang_up
        self._talk = self._machine.core.timeline.after(self.plan.talk_s, end)

    def _lose(self) -> None:
        """The agent is gone and the call is not: wait again."""
        if self._talk is not None:
            self._talk.cancel()
        if self.channel is not None and not self.channel.hung:
            self._wait(self.plan.patience_s)

    def _end(self, channel: Channel, cause: str) -> None:
        for timer in (self._key, self._patience, self._talk):
            if timer is not None:
                timer.cancel()
        result = self.result
        result.ended_s = self._world.switch.now
        result.cause = cause
        if result.talks:
            result.outcome = "answered"
        elif channel.get("fsorch_fallback"):
            result.outcome = "alone"
        else:
            result.outcome = "abandoned" if channel.disposition == "recv_bye" else "dropped"


class World:
    """Callers, phones and a carrier around one switch. ``on_end`` is called with each call that has ended."""

    def __init__(self, switch: VirtualSwitch, plan: TrafficPlan | None = None) -> None:
        self.switch = switch
        self.plan = plan or TrafficPlan()
        self.phones: dict[str, Phone] = {}
        self.results: dict[str, CallResult] = {}
        self.on_end: Callable[[CallResult], None] = lambda result: None
        self.carrier = Carrier(switch.machine, self.plan.carrier, str(self.plan.seed))
        switch.machine.dialer.gateways.setdefault("carrier", self.carrier)
        self._arrivals = random.Random(f"{self.plan.seed}/arrivals")
        self._placed = 0
        self._ended = 0
        self._full = False
        self._counts = {"answered": 0, "abandoned": 0, "dropped": 0, "alone": 0}
        self._next: Timer | None = None

    # -- phones -----------------------------------------------------------------------------------------------------

    def add_phone(self, user: str, habits: PhoneHabits | None = None, domain: str = "") -> Phone:
        """A phone registers; its habits are the plan's unless given."""
        plan = self.plan
        if habits is None:
            habits = PhoneHabits(ring_s=plan.ring_s, answer_rate=plan.answer_rate, decline_rate=plan.decline_rate)
        phone = Phone(self.switch.machine, user, habits, str(plan.seed))
        self.phones[user] = phone
        register(self.switch.machine, user, phone, domain, port=5100 + len(self.phones))
        return phone

    def phone_of(self, uuid: str) -> Phone | None:
        """The phone whose call has this id."""
        channel = self.switch.machine.core.channels.get(uuid)
        party = channel.party if channel is not None else None
        return party if isinstance(party, Phone) else None

    # -- callers ------------------------------------------------------------------------------------------------------

    def place_call(
        self, number: str, name: str = "", destination: str = "", plan: CallerPlan | None = None, *, uuid: str = ""
    ) -> Caller:
        """One call now, by a caller who acts by ``plan``."""
        switch = self.switch
        destination = destination or self.plan.destination
        uuid = uuid or switch.machine.core.new_uuid()
        result = CallResult(uuid=uuid, number=number, name=name, destination=destination)
        self.results[uuid] = result
        self._placed += 1
        caller = Caller(self, plan or CallerPlan(), result)
        invite = Invite(uuid=uuid, number=number, name=name, destination=destination, context=self.plan.context)
        caller.begin(switch.call(invite, caller))
        return caller

    def ended(self, result: CallResult) -> None:
        """A call is over and its channel destroyed."""
        self._ended += 1
        self._counts[result.outcome] += 1
        if self._full:
            self._arm()
        if self.plan.calls is None:
            self.results.pop(result.uuid, None)
        self.on_end(result)

    # -- traffic ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Let callers arrive from now on, by the plan."""
        self._arm()

    def stop(self) -> None:
        """No new callers; those who are there go on."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        self._full = False

    @property
    def finished(self) -> bool:
        """Whether all planned calls were made and have ended."""
        return self.plan.calls is not None and self._placed >= self.plan.calls and self._ended >= self._placed

    def _arm(self) -> None:
        plan = self.plan
        if plan.rate_per_s <= 0 or (plan.calls is not None and self._placed >= plan.calls):
            self._next = None
            return
        self._full = 0 < plan.most_at_once <= self._placed - self._ended
        if self._full:
            self._next = None
            return
        wait = self._arrivals.expovariate(plan.rate_per_s)
        self._next = self.switch.machine.core.timeline.after(wait, self._arrive)

    def _arrive(self) -> None:
        n = self._placed
        dice = random.Random(f"{self.plan.seed}/caller/{n}")
        number = f"+49{dice.randrange(1_500_000_000, 1_799_999_999)}"
        name = dice.choice(_NAMES) if dice.random() < 0.7 else ""
        self.place_call(number, name, plan=self._draw(dice))
        self._arm()

    def _draw(self, dice: random.Random) -> CallerPlan:
        plan = self.plan
        key = dice.choices(list(plan.menu_keys), list(plan.menu_keys.values()))[0] if plan.menu_keys else ""
        right = [name for name in plan.menu_keys if name in "012" and name] or ["1"]
        keys = (key,) if key in ("", *right) else (key, dice.choice(right))
        return CallerPlan(
            keys=keys,
            reaction_s=around(dice, plan.reaction_s, 0.2),
            patience_s=around(dice, plan.patience_s, 3.0),
            talk_s=around(dice, plan.talk_s, min(1.0, plan.talk_s)),
            hangs_up=dice.random() < plan.caller_hangs_up,
        )

    # -- the count ----------------------------------------------------------------------------------------------------

    def report(self) -> Report:
        """What became of everybody until now."""
        core = self.switch.machine.core
        return Report(
            calls=self._placed,
            live=self._placed - self._ended,
            legs=core.counters.sessions,
            live_legs=len(core.channels),
            bridges=core.counters.bridged,
            phones_rung=sum(phone.rung for phone in self.phones.values()),
            phones_answered=sum(phone.answered for phone in self.phones.values()),
            answered=self._counts["answered"],
            abandoned=self._counts["abandoned"],
            dropped=self._counts["dropped"],
            alone=self._counts["alone"],
        )
