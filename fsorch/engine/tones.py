"""The tones by which networks and fax machines speak, found by FreeSWITCH's ``tone_detect``.

Fax machines answer with 2100 Hz for 2.6 to 4 s, from 1.8 to 2.5 s after they picked up (ITU-T T.30). Networks begin
what they announce with three tones (North American SIT; ITU-T E.180), before an answer or, where the carrier answers
for its announcement, after it. Of the second tone 1428.5 Hz is said by no kind but congestion: no circuit, reorder.
1370.6 Hz by four: vacant code, intercept, and congestion between carriers, twice; they differ by the tones' lengths,
which nobody here measures. So what it says is that the number cannot be reached now: called dead for that, a good
number would be lost. A cause that the network itself gives first says more. The third tone is 1776.7 Hz in all.

Before an answer the second tone alone ends the call: who rings says nothing. After it people talk, and a voice or a
machine's beep may hold that tone, so both are asked for, the third within :data:`SIT_GAP_S` of the second, and within
:data:`SIT_S` of the answer: an announcement begins at once.

How the detector works (1.10.12, ``switch_ivr_async.c``): after each hit it waits for half a second, so that the third
comes when the tone has lasted for over a second, as no beep of a machine does. It tells at once by DETECTED_TONE,
without the channel: the event has nothing but the detector's key, so the key names the leg. The same event with the
channel comes again when the leg ends. What is not an application ends the call when the tone is found, so each sets a
variable. All detectors of a channel end together, at the time that the first one was given.

A pure tone is found by chance, block by block: libteletone compares two equal numbers, of which one was rounded
(libteletone_detect.c, teletone_multi_tone_detect). One detector misses 3 to 9 of 100 such tones, two of slightly
different frequencies hardly any, so two listen for each. Frequencies 15 Hz off, which T.30 allows, are found, and 50 Hz
off not.
"""

from __future__ import annotations

from enum import StrEnum

from fsorch.campaigns import AmdSpec, Outcome
from fsorch.esl.events import Event

__all__ = ["EARLY_SIT", "SIT_GAP_S", "SIT_OUTCOMES", "SIT_S", "Tone", "detectors", "tone_of"]


class Tone(StrEnum):
    """What was heard: a fax machine; of the network's three tones the second that tells of an unreachable number, or
    of congestion; or their third."""

    FAX = "fax"
    UNREACHABLE = "none"
    CONGESTION = "full"
    LAST = "last"


# In hertz, two for each.
HERTZ = {
    Tone.FAX: ("2100", "2102"),
    Tone.UNREACHABLE: ("1370.6", "1372", "1398", "1400", "1402"),
    Tone.CONGESTION: ("1428.5", "1430"),
    Tone.LAST: ("1776.7", "1778", "1798", "1800.5", "1802"),
}
SIT = (Tone.UNREACHABLE, Tone.CONGESTION, Tone.LAST)
# Hits; seconds after the answer until which a fax machine has begun, and then some.
FAX_HITS, FAX_S = 3, 15
# Seconds: an announcement's tones have ended so soon after the answer; the third begins so soon after the second.
SIT_S, SIT_GAP_S = 5, 1.0
SIT_OUTCOMES = {Tone.UNREACHABLE: Outcome.UNREACHABLE, Tone.CONGESTION: Outcome.CONGESTION}
CAUSES = {Tone.UNREACHABLE: "DESTINATION_OUT_OF_ORDER", Tone.CONGESTION: "NORMAL_CIRCUIT_CONGESTION"}

# What a dial is given so that the network's tones before an answer end it. With ``consume`` as ``ignore_early_media``
# they are heard in early media, with ``true`` they are not.
EARLY_SIT = tuple(
    (f"execute_on_media_{n}", f"tone_detect sit{n} {hertz} r 0 hangup {cause} 1")
    for n, (hertz, cause) in enumerate((hertz, cause) for tone, cause in CAUSES.items() for hertz in HERTZ[tone])
)


def detectors(leg: str, amd: AmdSpec) -> tuple[str, ...]:
    """What ``tone_detect`` is told of a leg that was answered, once for each."""
    fax = _detectors(leg, Tone.FAX, FAX_S, FAX_HITS) if amd.fax else ()
    # All end with the first, and the fax machine's tone comes later.
    return fax + (tuple(words for tone in SIT for words in _detectors(leg, tone, SIT_S, 1)) if amd.sit else ())


def _detectors(leg: str, tone: Tone, listen_s: int, hits: int) -> tuple[str, ...]:
    return tuple(
        f"{tone}{n}.{leg} {hertz} r +{listen_s} set fsorch_tone={tone} {hits}" for n, hertz in enumerate(HERTZ[tone])
    )


def tone_of(event: Event) -> tuple[Tone | None, str]:
    """Which tone was found and on which leg; None and nothing if the event is of something else."""
    kind, _, leg = (event.header("Detected-Tone") or "").partition(".") if event.name == "DETECTED_TONE" else ("",) * 3
    known = next((tone for tone in Tone if kind.startswith(tone)), None)
    return (known, leg) if known is not None else (None, "")
