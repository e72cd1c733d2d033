"""Listening to who has answered, by what FreeSWITCH can tell of it.

Its events TALK and NOT_TALK are of what the switch itself sends to a phone (1.10.12, ``switch_rtp.c``: the detector
stands in the writing of RTP), and tell nothing of who answered. Two of its applications do: ``detect_audio`` ends when
it has heard so many loud frames in a row, ``detect_silence`` so many silent ones, and both when their time is over
(``switch_ivr_play_say.c``); the variables ``detect_audio_timeout`` and ``detect_silence_timeout`` say which. So they
are run by turns, each until it can bear on the verdict no more. They hear what the media bug of mod_avmd hears, end
within a frame when the call is bridged or parked, and take a line on which no packet comes for silent. Each takes 20
to 40 ms to begin, which is why what it found is dated back by the frames it waited for and not by more.
"""

from __future__ import annotations

from zlib import crc32

from msgspec import structs

from fsorch.campaign.answer_counts import Sign
from fsorch.campaign.answers import Answer, AnswerState, Verdict
from fsorch.campaigns import AmdSpec, Mode
from fsorch.clock import US
from fsorch.engine.core import Core
from fsorch.engine.dialling_state import Dial
from fsorch.engine.tones import detectors
from fsorch.esl.commands import Execute
from fsorch.esl.events import Event

__all__ = ["SIGNS", "SOONEST_S", "Hearing", "checked"]

# An answer sooner than this after the dial, without ringing, is a mailbox's more often than a person's.
QUICK_S = 1.0
# Frames in a row that are talk, and that are a gap in it: one more than these must be heard.
TALK, GAP = 3, 2
FRAME_S = 0.02
LEAST_S = 0.04
# The switch says itself when time decides; if it does not, it is asked no more so much later.
LAG_S = 0.15
# However long it took to tell who it is, a person has this time to be joined.
SOONEST_S = 0.3
# By which sign each verdict of listening is kept.
SIGNS = {Verdict.PERSON: Sign.PAUSE, Verdict.UNSURE: Sign.UNSURE, Verdict.MACHINE: Sign.GREETING}


class Hearing:
    """Feeds the :class:`Answer` of each dial. Its times are seconds since the answer, by the clock of the switch."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def begin(self, dial: Dial, amd: AmdSpec) -> Verdict | None:
        """Somebody has answered. The verdict, where there is nothing to wait for."""
        self._for_tones(dial, amd)
        quick = not dial.ringing_at and self.core.now.mono - dial.since < QUICK_S
        if (self.core.now.wall - dial.answered_at) / US > amd.decide_s:
            # Found so after a restart: they have waited long enough.
            quick, amd = False, structs.replace(amd, timing=False)
        dial.answer, dial.heard_at = Answer(amd, 0.0, quick=quick), self.core.now.mono
        dial.listened = dial.answer.verdict is None
        if dial.listened:
            self._go_on(dial, dial.answer, 0.0)
        return dial.answer.verdict

    def event(self, dial: Dial, event: Event) -> Verdict | None:
        """An application of ours has ended. The verdict, if there is one now."""
        answer = dial.answer
        if answer is None or answer.verdict is not None or event.application_uuid != dial.listening:
            return None
        at = (event.timestamp - dial.answered_at) / US
        if event.variable(f"{event.application}_timeout") == "false":
            if event.application == "detect_audio":
                answer.talk(at - (TALK + 1) * FRAME_S)
            else:
                answer.quiet(at - (GAP + 1) * FRAME_S)
        if answer.tick(at) is None:
            self._go_on(dial, answer, at)
        return answer.verdict

    def late(self, dial: Dial) -> Verdict | None:
        """Time is over, and the switch has not said so."""
        answer = dial.answer
        return (
            answer.tick(max(answer.due, self.core.now.mono - dial.heard_at)) if answer is not None else Verdict.UNSURE
        )

    def beep(self, dial: Dial, event: Event) -> None:
        """A beep, which ends all listening."""
        if dial.answer is not None:
            dial.answer.beep((event.timestamp - dial.answered_at) / US)

    def waited_s(self, dial: Dial) -> float:
        """How much of the time that the law gives us was over when it was decided."""
        answer = dial.answer
        return max(0.0, answer.judged_at - answer.greeted_at) if answer is not None and answer.verdict else 0.0

    def _for_tones(self, dial: Dial, amd: AmdSpec) -> None:
        """What listens beside all else. The network's tones that ended a dial by themselves do so no more."""
        if amd.sit:
            self.core.send(dial.switch, Execute(dial.leg, "stop_tone_detect"))
        for words in detectors(dial.leg, amd):
            self.core.send(dial.switch, Execute(dial.leg, "tone_detect", words))
        if amd.beep:
            self.core.send(dial.switch, Execute(dial.leg, "avmd_start"), f"avmd:{dial.id}")

    def _go_on(self, dial: Dial, answer: Answer, at: float) -> None:
        """Wait for what can change the verdict, and no longer than until time decides."""
        left_s = answer.due - at
        self.core.timers.set(("dial", dial.id), self.core.now.mono + left_s + LAG_S)
        if not answer.spec.timing:
            return
        talking = answer.machine.state is AnswerState.TALKING
        app, hits = ("detect_silence", GAP) if talking else ("detect_audio", TALK)
        dial.listening = self.core.ids()
        words = f"{answer.level(at)} {hits} {round(max(LEAST_S, left_s) * 1000)}"
        self.core.send(dial.switch, Execute(dial.leg, app, words, dial.listening), f"hear:{dial.id}")


def checked(dial: Dial) -> bool:
    """Whether this one, a machine by its greeting, is given to an agent who says what it was: by its id alone."""
    amd = dial.campaign.amd
    share = amd.checked if amd is not None and dial.campaign.mode is not Mode.AGENTLESS else 0.0
    return crc32(dial.id.encode()) / 2**32 < share
