"""Nobody but us says whom the switch dials: what the legs that we make carry against those who would have it elsewhere.

Seen on FreeSWITCH 1.10.12 (mod_sofia, ``sofia.c``). Who is called may answer 300, 301, 302 or 305, and the switch dials
what their ``Contact`` says, whoever that is and whatever it costs, on the same leg. Who talks may send a REFER, and the
switch sends the other side of the talk, our agent, into its dialplan, to the number that the REFER names. The first is
refused with a variable of the leg; of the second the dialplan is ours (``freeswitch/dialplan/fsorch.xml``), and leads
nowhere. A REFER with ``Replaces`` of a dialogue that the switch does not have is dialled at once; against that only the
SIP profile helps (``disable-transfer``), of which ``fsorch doctor`` speaks.
"""

from __future__ import annotations

from fsorch.causes import Cause
from fsorch.esl.events import Event
from fsorch.esl.quoting import Pairs

__all__ = ["STAY_HERE", "STAY_WITH_US", "ending"]

# A customer's leg: what its far end points at is not dialled.
STAY_HERE: Pairs = (("outbound_redirect_fatal", "true"),)
# An agent's leg: whoever the agent talks to can send it nowhere.
STAY_WITH_US: Pairs = (("force_transfer_dialplan", "XML"), ("force_transfer_context", "fsorch-referred"))

_POINTED = frozenset({"sip:300", "sip:301", "sip:302", "sip:305"})


def ending(event: Event) -> str:
    """The cause of a leg's end. That its far end pointed elsewhere is not told by FreeSWITCH's own cause, which is the
    same as that of a lack of lines."""
    cause = event.hangup_cause
    if cause != Cause.REQUESTED_CHAN_UNAVAIL.name:
        return cause
    pointed = event.variable("proto_specific_hangup_cause") in _POINTED
    return Cause.REDIRECTION_TO_NEW_DESTINATION.name if pointed else cause
