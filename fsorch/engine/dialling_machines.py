"""What is done with an answering machine, a fax machine, and the tones by which the network says that nobody is there.

Theory: a machine that has beeped records, so a message to it begins at once; one that its greeting gave away will beep,
or falls silent, and is waited for. A fax machine and the network record nothing, and whoever has them by now has
nobody to talk to.
"""

from __future__ import annotations

from collections.abc import Callable

from fsorch.campaign.answer_counts import Sign
from fsorch.campaign.dial import DialInput, DialState
from fsorch.campaigns import MachineAction, Outcome
from fsorch.clock import US
from fsorch.engine.core import Core
from fsorch.engine.dialling_answers import Hearing
from fsorch.engine.dialling_said import Said
from fsorch.engine.dialling_state import Dial
from fsorch.engine.facts import FactKind
from fsorch.engine.music import Music
from fsorch.engine.tones import SIT_GAP_S, SIT_OUTCOMES, SIT_S, Tone, tone_of
from fsorch.esl.commands import Execute, Park, Playback, SetVars, Unschedule
from fsorch.esl.events import Event

__all__ = ["MESSAGE_LIMIT_S", "Machines"]

# A machine whose greeting gave it away has so long to beep, or to fall silent for so many frames: then it records. The
# switch gets a little longer to say so.
AWAIT_S, SILENT, GRACE_S = 30.0, 75, 5.0
# A message ends by itself; past this it is ended.
MESSAGE_LIMIT_S = 120.0
# A leg is parked some 20 ms after the order; the message that waits for it does so no longer.
PARKED_S = 2.0
# Whoever has answered is being heard, and may turn out to be a fax machine.
HEARD = frozenset({DialState.UP, DialState.HANDED, DialState.TALKING, DialState.MACHINE})


class Machines:
    """``step`` moves a dial, ``told`` is told how it ended, ``end`` ends its call."""

    def __init__(self, core: Core, music: Music, hearing: Hearing, said: Said) -> None:
        self.core = core
        self.music = music
        self.hearing = hearing
        self.said = said
        self.step: Callable[[Dial, DialInput], None]
        self.told: Callable[[Dial, Outcome], None]
        self.end: Callable[[Dial], None]

    def note(self, dial: Dial, by: str) -> None:
        """It is a machine, by this sign."""
        state, after_us = dial.machine.state.value, self.core.now.wall - dial.answered_at
        self.core.fact(FactKind.MACHINE_HEARD, dial.id, **dial.fields(), state=state, after_us=after_us, by=by)

    def beep(self, dial: Dial, event: Event) -> None:
        """mod_avmd has heard a beep."""
        if dial.beeped or not dial.answered_at:
            return
        dial.beeped = True
        dial.sign(Sign.BEEP)
        self.hearing.beep(dial, event)
        self.note(dial, "beep")
        if dial.awaits:
            self._leave_message(dial)
        elif dial.campaign.machine_action is not MachineAction.AGENT:
            self.step(dial, DialInput.MACHINE)
        elif dial.machine.state is DialState.UP:
            self.step(dial, DialInput.PERSON)

    def tone(self, dial: Dial, event: Event) -> None:
        """A tone of a fax machine or the network: to neither anybody listens, and nothing is said, whoever has it by
        now."""
        tone, leg = tone_of(event)
        if dial.machine.state not in HEARD or dial.outcome is not None or leg != dial.leg:
            return
        if tone is Tone.FAX:
            self._no_person(dial, Outcome.FAX, "fax tone")
        elif event.timestamp - dial.answered_at > SIT_S * US:
            return
        elif tone is not Tone.LAST:
            dial.sit, dial.sit_at = tone, event.timestamp
        elif dial.sit is not None and event.timestamp - dial.sit_at <= SIT_GAP_S * US:
            self._no_person(dial, SIT_OUTCOMES[dial.sit], "network's tones")

    def _no_person(self, dial: Dial, outcome: Outcome, by: str) -> None:
        dial.outcome = outcome
        self.note(dial, by)
        if dial.machine.state is DialState.MACHINE:
            self.end(dial)
        else:
            self.step(dial, DialInput.MACHINE)

    def treat(self, dial: Dial, *, bridged: bool = False) -> None:
        """A machine. One that has beeped records now; one that its greeting gave away will. ``bridged``: its leg has
        just been taken from an agent's."""
        self.told(dial, dial.outcome or Outcome.MACHINE)
        core, campaign = self.core, dial.campaign
        core.send(dial.switch, Unschedule(dial.leg))
        if dial.outcome is not None:
            self.end(dial)
            return
        if campaign.machine_action is not MachineAction.MESSAGE or not campaign.machine_prompt:
            core.send(dial.switch, Execute(dial.leg, "avmd_stop"))
            self.end(dial)
            return
        core.send(dial.switch, SetVars(dial.leg, (("fsorch_machine", "yes"),)))
        if dial.beeped or campaign.amd is None:
            dial.parking = bridged
            self._leave_message(dial)
            return
        dial.awaits, dial.running = True, core.ids()
        words = f"{campaign.amd.level} {SILENT} 0 {AWAIT_S * 1000:.0f}"
        core.send(dial.switch, Execute(dial.leg, "wait_for_silence", words, dial.running), f"await:{dial.id}")
        core.timers.set(("dial", dial.id), core.now.mono + AWAIT_S + GRACE_S)

    def executed(self, dial: Dial, event: Event) -> None:
        """The message has ended, or the wait for the beep."""
        if event.application_uuid != dial.running:
            return
        dial.running, awaited, dial.awaits = "", dial.awaits, False
        if awaited and event.variable("wait_for_silence_timeout") == "false":
            self._speak(dial)
        else:
            self.end(dial)

    def _leave_message(self, dial: Dial) -> None:
        """At once, or as soon as nothing else runs on the leg. What is played while that still leaves for its park ends
        as it begins (FreeSWITCH 1.10.12: the channel is not ready until it has changed its state)."""
        core = self.core
        if dial.listening or dial.awaits:
            # What listens runs on until its own time is over, and would keep the message back.
            core.send(dial.switch, Park(dial.leg), f"still:{dial.leg}")
            dial.parking, dial.awaits, dial.running = True, False, ""
        if dial.parking:
            core.timers.set(("dial", dial.id), core.now.mono + PARKED_S)
        else:
            self._speak(dial)

    def parked(self, dial: Dial) -> None:
        """Nothing runs on the leg any more, or it takes too long to say so: the message that waits for it is played."""
        if dial.parking:
            dial.parking = False
            self._speak(dial)

    def _speak(self, dial: Dial) -> None:
        core, campaign = self.core, dial.campaign
        core.send(dial.switch, Execute(dial.leg, "avmd_stop"))
        dial.awaits, dial.running, dial.prompt = False, core.ids(), campaign.machine_prompt
        words = self.said.words(campaign, campaign.machine_prompt, dial.switch, self.said.language(dial))
        path = self.music.play_of(dial.switch, dial.leg, words)
        core.send(dial.switch, Playback(dial.leg, path, dial.running), f"message:{dial.id}")
        core.timers.set(("dial", dial.id), core.now.mono + MESSAGE_LIMIT_S)
