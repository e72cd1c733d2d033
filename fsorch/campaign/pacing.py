"""How many calls a campaign launches now: the interface of a pacer, and the pacers by name.

A pacer is pure: it is told what happened and asked what to do, and reads no clock. All times are seconds on one clock,
which need not start at 0; the dialler's shows the time of day where the campaign is run, so that ``now // 3600 % 24``
is the hour. It is asked `due` every 0.1 s to 1 s, and whenever somebody likes.

    pacer = PACERS["predictive"](target=0.03)
    pacer.on_agent("ann", "idle", 0.0)
    for _ in range(pacer.due(0.0)):
        pacer.on_launch(call_id, 0.0)
    pacer.on_result(call_id, "live", 8.2)
    pacer.on_agent("ann", "talking", 8.2)

Every pacer of this package allows for what happens in practice: a message told twice, late, or in another order; a call
it never heard of; a state spelled as another system spells it (`pacing_watch.phase_of` has the list; what nobody knows
is away); a clock that jumps. None raises for that, and none launches while nobody is logged in. A state that is no word
at all raises ValueError.

One that has also the two methods of `pacing_memory.Learner` hands on what it has learned: to the pacer that follows it
when its campaign is edited, and to that of the next life of fsorch.

The outcomes of a call: ``live`` (a person), ``machine``, ``busy``, ``noanswer``, ``failed``. The states of an agent
are fsorch's: ``idle``, ``reserved``, ``ringing``, ``talking``, ``wrap_up``, and ``logged_out`` or a break's name.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol, runtime_checkable

from fsorch.campaign.pacing_predictive import Predictive
from fsorch.campaign.pacing_registry import Registry
from fsorch.campaign.pacing_rules import Average, Level, Power, Progressive, Tapered

__all__ = ["LEVELS", "PACERS", "CallsOff", "Pacer"]

# Those that take ``every_s``, ``step`` and ``highest``; tapered also ``loose`` and ``strict``.
LEVELS = ("level", "average", "tapered")


class Pacer(Protocol):
    """What paces a campaign. Ids are the caller's own; the same id may be used again once its call is over."""

    def on_launch(self, call_id: Hashable, now: float, source: str = "") -> None:
        """A call was launched. This is what counts, not what `due` asked for: who launched fewer just tells fewer.
        ``source``: the list it came from, if answer rates differ by list."""
        ...

    def on_result(self, call_id: Hashable, outcome: str, now: float) -> None:
        """The call was answered or is over: `live`, `machine`, `busy`, `noanswer`, `failed`."""
        ...

    def on_drop(self, call_id: Hashable, now: float) -> None:
        """A live answer had no agent in time. Comes after its `on_result`, or instead of it."""
        ...

    def on_agent(self, agent_id: Hashable, state: str, now: float) -> None:
        """What an agent does from now on."""
        ...

    def due(self, now: float) -> int:
        """How many calls to launch now, 0 or more."""
        ...


@runtime_checkable
class CallsOff(Protocol):
    """A pacer that may also find that too many calls ring, as when agents have left. It is asked as often as `due`. Who
    drives it hangs up what the law allows of that, and tells of each by ``on_result(call_id, "cancelled", now)``."""

    def excess(self, now: float) -> int:
        """How many of the calls that ring are to be called off now, 0 or more."""
        ...


# One of your own: `PACERS.register("careful", Careful)`, or an entry point; see `pacing_registry`.
# All take `target` (drops over live answers, 0.03) and `tolerance_s` (how soon an answer must have an agent, 2 s) by
# name; what else they take has a default.
PACERS: Registry[Pacer] = Registry(
    {
        "progressive": Progressive,
        "power": Power,
        "level": Level,
        "average": Average,
        "tapered": Tapered,
        "predictive": Predictive,
    }
)
