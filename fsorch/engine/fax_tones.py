"""The tone by which a fax machine answers: 2100 Hz for 2.6 to 4 s, from 1.8 to 2.5 s after it picked up (ITU-T T.30).

FreeSWITCH's ``tone_detect`` finds it (1.10.12, ``switch_ivr_async.c``): after each hit it waits for half a second, so
that the third comes when the tone has lasted for over a second, as no beep of a machine does. It tells so at once by
DETECTED_TONE, without the channel: the event has nothing but the detector's key, so the key names the leg. The same
event with the channel comes again when the leg ends. That the tone is a pure one is found by chance, as with the
network's tones, so two listen. Frequencies 15 Hz off, which T.30 allows, are found, and 50 Hz off not. What is not an
application ends the call when the tone is found, so each sets a variable.
"""

from __future__ import annotations

from fsorch.esl.events import Event

__all__ = ["fax_detectors", "fax_leg"]

# Frequencies in hertz; hits; seconds after the answer until which a fax machine has begun, and then some.
TONES, HITS, LISTEN_S = ("2100", "2102"), 3, 15
KEY = "fax"


def fax_detectors(leg: str) -> tuple[str, ...]:
    """What ``tone_detect`` is told, once for each."""
    tones = enumerate(TONES)
    return tuple(f"{KEY}{n}.{leg} {hertz} r +{LISTEN_S} set fsorch_fax=yes {HITS}" for n, hertz in tones)


def fax_leg(event: Event) -> str:
    """The leg on which the tone was found; empty if the event is of something else."""
    kind, _, leg = (event.header("Detected-Tone") or "").partition(".") if event.name == "DETECTED_TONE" else ("",) * 3
    return leg if kind.startswith(KEY) else ""
