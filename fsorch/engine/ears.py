"""Supervisors whose phone is nailed up hear a talk by the standing call they have.

``eavesdrop`` runs on the parked leg; the key ``*`` ends it (``switch_ivr_eavesdrop_session``), and the leg is where it
was: in its park, of which the switch tells nothing anew. Whom the supervisor speaks to at first is said by variables,
for a key would be lost where it comes before the listening. While it lasts nothing is offered to the supervisor, nor
while a phone of theirs listens that was dialled for it; a call for them in person ends it.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.acd.line import LineInput, LineState
from fsorch.engine.core import Core
from fsorch.engine.lines import Lines
from fsorch.engine.state import Leg, Person, Watch
from fsorch.esl.commands import Eavesdrop, ReceiveDigits, SetVars

__all__ = ["KEYS", "WATCHED", "WATCHER", "WATCHING", "Ears"]

# On the leg by which a supervisor hears a talk: who they are, whom they hear, and how.
WATCHER, WATCHED, WATCHING = "fsorch_watcher", "fsorch_watched", "fsorch_watching"
KEYS = {"listen": "0", "whisper": "2", "barge": "3"}
STOP = "*"


class Ears:
    """Carries out what supervisors ask for on standing calls. ``hinder``: see People.hinder."""

    def __init__(self, core: Core, lines: Lines, hinder: Callable[[Person, str, str], None]) -> None:
        self.core = core
        self.lines = lines
        self.hinder = hinder

    def of(self, watcher: str, switch: str) -> str:
        """The standing call of a supervisor, by which they hear a talk on ``switch``; empty where they have none there.
        Raises RequestRefused when it is not free."""
        own = self.core.people.get(watcher)
        return self.lines.ear(own, switch) if own is not None else ""

    def begin(self, watch: Watch, target: str) -> None:
        """Let the standing call listen to the leg ``target``."""
        self.core.watches[watch.leg] = watch
        self.lines.listen(self.core.people[watch.watcher])
        self.mind(watch)
        self._execute(watch, target)

    def again(self, watch: Watch, target: str) -> None:
        """Begin anew, whatever the switch did meanwhile: a key that ends nothing is lost in the park."""
        self._stop(self.core.legs[watch.leg])
        self._execute(watch, target)

    def resume(self, watch: Watch, target: str) -> bool:
        """The standing call of an earlier life of ours that listens; False: nobody wants it."""
        leg = self.core.legs[watch.leg]
        if not self.lines.adopt(leg):
            return False
        self.core.watches[watch.leg] = watch
        self.lines.listen(self.core.people[watch.watcher])
        self.mind(watch)
        self.again(watch, target)
        return True

    def hush(self, leg: Leg) -> None:
        """The standing call listens no longer."""
        if not leg.hung_up:
            self._stop(leg)
            self.core.send(leg.switch, SetVars(leg.uuid, ((WATCHER, ""), (WATCHED, ""), (WATCHING, ""))))

    def over(self, watch: Watch) -> None:
        """The listening is over: the supervisor may be offered calls again, as soon as the call is parked."""
        person = self.core.people.get(watch.watcher)
        if person is not None and person.line_leg == watch.leg:
            self.lines.listened(person)
        self.mind(watch)

    def free(self, leg: Leg) -> None:
        """The switch has stopped the listening: the standing call is parked as before."""
        person = self.core.people.get(leg.agent)
        if person is not None and person.line.state is LineState.RETURNING:
            self.lines.heard(leg, LineInput.PARKED)

    def mind(self, watch: Watch) -> None:
        """The listening begins or is over: as long as a supervisor's own phone listens, nothing is offered to it."""
        person = self.core.people.get(watch.watcher)
        if person is not None:
            now = [one for one in self.core.watches.values() if one.own and one.watcher == watch.watcher]
            self.hinder(person, "listening", f"listens to the talk of {now[0].agent}" if now else "")

    def _execute(self, watch: Watch, target: str) -> None:
        leg, watch.application = self.core.legs[watch.leg], self.core.ids()
        to_both = watch.mode == "barge"
        pairs = (
            (WATCHER, watch.watcher),
            (WATCHED, watch.agent),
            (WATCHING, watch.mode),
            ("fsorch_contact", watch.contact),
            ("eavesdrop_whisper_aleg", str(to_both).lower()),
            ("eavesdrop_whisper_bleg", str(to_both or watch.mode == "whisper").lower()),
        )
        self.core.send(leg.switch, SetVars(leg.uuid, pairs))
        self.core.send(leg.switch, Eavesdrop(leg.uuid, target, watch.application), f"listen:{leg.uuid}")

    def _stop(self, leg: Leg) -> None:
        self.core.send(leg.switch, ReceiveDigits(leg.uuid, STOP), f"press:{leg.uuid}")
