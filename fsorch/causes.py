"""Hangup causes as FreeSWITCH names them, with their numbers.

Numbers up to 127 are Q.850's; those above are FreeSWITCH's own (``switch_cause_t`` in its ``switch_types.h``). The
causes that a failed originate gives are those of capture 06."""

from __future__ import annotations

from enum import Enum

__all__ = ["Cause"]


class Cause(Enum):
    """A hangup cause; the value is its number, the name is what the event socket carries."""

    NONE = 0
    UNALLOCATED_NUMBER = 1
    NO_ROUTE_TRANSIT_NET = 2
    NO_ROUTE_DESTINATION = 3
    CHANNEL_UNACCEPTABLE = 6
    NORMAL_CLEARING = 16
    USER_BUSY = 17
    NO_USER_RESPONSE = 18
    NO_ANSWER = 19
    SUBSCRIBER_ABSENT = 20
    CALL_REJECTED = 21
    NUMBER_CHANGED = 22
    REDIRECTION_TO_NEW_DESTINATION = 23
    DESTINATION_OUT_OF_ORDER = 27
    INVALID_NUMBER_FORMAT = 28
    FACILITY_REJECTED = 29
    NORMAL_UNSPECIFIED = 31
    NORMAL_CIRCUIT_CONGESTION = 34
    NETWORK_OUT_OF_ORDER = 38
    NORMAL_TEMPORARY_FAILURE = 41
    SWITCH_CONGESTION = 42
    REQUESTED_CHAN_UNAVAIL = 44
    OUTGOING_CALL_BARRED = 52
    INCOMING_CALL_BARRED = 54
    BEARERCAPABILITY_NOTAVAIL = 58
    SERVICE_UNAVAILABLE = 63
    INCOMPATIBLE_DESTINATION = 88
    MANDATORY_IE_MISSING = 96
    RECOVERY_ON_TIMER_EXPIRE = 102
    PROTOCOL_ERROR = 111
    INTERWORKING = 127
    ORIGINATOR_CANCEL = 487
    CRASH = 500
    SYSTEM_SHUTDOWN = 501
    LOSE_RACE = 502
    MANAGER_REQUEST = 503
    BLIND_TRANSFER = 600
    ATTENDED_TRANSFER = 601
    ALLOTTED_TIMEOUT = 602
    USER_CHALLENGE = 603
    MEDIA_TIMEOUT = 604
    PICKED_OFF = 605
    USER_NOT_REGISTERED = 606
    PROGRESS_TIMEOUT = 607
    INVALID_GATEWAY = 608
    GATEWAY_DOWN = 609
    INVALID_URL = 610
    INVALID_PROFILE = 611

    @classmethod
    def of(cls, name: str) -> Cause:
        """The cause of this name; NONE for a name we do not know."""
        return cls.__members__.get(name, cls.NONE)

    @property
    def q850(self) -> int:
        """The Q.850 number; 16 for FreeSWITCH's own causes (as ``hangup_cause_q850`` says for them)."""
        return self.value if self.value <= 127 else 16
