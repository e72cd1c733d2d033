"""What a channel's variables say when the call is over: causes, stamps, times, RTP statistics (captures 01 to 06)."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from functools import lru_cache

from fsorch.sim.channel import Channel

__all__ = ["CAUSES", "finish", "q850"]

CAUSES: dict[str, int] = {
    "NONE": 0, "UNALLOCATED_NUMBER": 1, "NO_ROUTE_TRANSIT_NET": 2, "NO_ROUTE_DESTINATION": 3, "CHANNEL_UNACCEPTABLE": 6,
    "CALL_AWARDED_DELIVERED": 7, "NORMAL_CLEARING": 16, "USER_BUSY": 17, "NO_USER_RESPONSE": 18, "NO_ANSWER": 19,
    "SUBSCRIBER_ABSENT": 20, "CALL_REJECTED": 21, "NUMBER_CHANGED": 22, "REDIRECTION_TO_NEW_DESTINATION": 23,
    "EXCHANGE_ROUTING_ERROR": 25, "DESTINATION_OUT_OF_ORDER": 27, "INVALID_NUMBER_FORMAT": 28, "FACILITY_REJECTED": 29,
    "RESPONSE_TO_STATUS_ENQUIRY": 30, "NORMAL_UNSPECIFIED": 31, "NORMAL_CIRCUIT_CONGESTION": 34,
    "NETWORK_OUT_OF_ORDER": 38, "NORMAL_TEMPORARY_FAILURE": 41, "SWITCH_CONGESTION": 42, "ACCESS_INFO_DISCARDED": 43,
    "REQUESTED_CHAN_UNAVAIL": 44, "PRE_EMPTED": 45, "FACILITY_NOT_SUBSCRIBED": 50, "OUTGOING_CALL_BARRED": 52,
    "INCOMING_CALL_BARRED": 54, "BEARERCAPABILITY_NOTAUTH": 57, "BEARERCAPABILITY_NOTAVAIL": 58,
    "SERVICE_UNAVAILABLE": 63, "BEARERCAPABILITY_NOTIMPL": 65, "CHAN_NOT_IMPLEMENTED": 66,
    "FACILITY_NOT_IMPLEMENTED": 69, "SERVICE_NOT_IMPLEMENTED": 79, "INVALID_CALL_REFERENCE": 81,
    "INCOMPATIBLE_DESTINATION": 88, "INVALID_MSG_UNSPECIFIED": 95, "MANDATORY_IE_MISSING": 96,
    "MESSAGE_TYPE_NONEXIST": 97, "WRONG_MESSAGE": 98, "IE_NONEXIST": 99, "INVALID_IE_CONTENTS": 100,
    "WRONG_CALL_STATE": 101, "RECOVERY_ON_TIMER_EXPIRE": 102, "MANDATORY_IE_LENGTH_ERROR": 103, "PROTOCOL_ERROR": 111,
    "INTERWORKING": 127, "SUCCESS": 142, "ORIGINATOR_CANCEL": 487, "CRASH": 500, "SYSTEM_SHUTDOWN": 501,
    "LOSE_RACE": 502, "MANAGER_REQUEST": 503, "BLIND_TRANSFER": 600, "ATTENDED_TRANSFER": 601, "ALLOTTED_TIMEOUT": 602,
    "USER_CHALLENGE": 603, "MEDIA_TIMEOUT": 604, "PICKED_OFF": 605, "USER_NOT_REGISTERED": 606, "PROGRESS_TIMEOUT": 607,
    "INVALID_GATEWAY": 608, "GATEWAY_DOWN": 609, "INVALID_URL": 610, "INVALID_PROFILE": 611, "NO_PICKUP": 612,
}  # fmt: skip
"""Hangup causes and their numbers (``switch_types.h``, switch_call_cause_t)."""


def q850(cause: str) -> int:
    """The Q.850 code reported for a cause: causes of FreeSWITCH's own (128 and up) are told as 16 (capture 11)."""
    number = CAUSES.get(cause, 16)
    return number if number < 128 else 16


def finish(channel: Channel, now: int, dice: random.Random) -> None:
    """Set the variables of the call's record (switch_channel_set_timestamps and mod_sofia's hangup handler)."""
    times = channel.profile.times
    channel.set("hangup_cause", channel.cause)
    channel.set("hangup_cause_q850", str(q850(channel.cause)))
    channel.set("digits_dialed", channel.digits or "none")
    _stamps(channel, times, now)
    _epochs(channel, times, now)
    if channel.last_app:
        channel.set("last_app", channel.last_app)
        channel.set("last_arg", channel.last_arg)
    name, number = channel.profile.get("Caller-ID-Name"), channel.profile.get("Caller-ID-Number")
    channel.set("caller_id", f'"{name}" <{number}>' if name else number)
    _durations(channel, times, now)
    _sip_end(channel)
    if channel.media:
        _rtp(channel, now - times["Channel-Created"], dice)


def _stamps(channel: Channel, times: dict[str, int], now: int) -> None:
    for name, when in (
        ("start", times["Channel-Created"]),
        ("profile_start", times["Profile-Created"]),
        ("answer", times["Channel-Answered"]),
        ("bridge", times["Channel-Bridged"]),
        ("hold", channel.last_hold),
        ("progress", times["Channel-Progress"]),
        ("progress_media", times["Channel-Progress-Media"]),
    ):
        if when:
            channel.set(f"{name}_stamp", _date(when))
    if channel.hold_events:
        inner = ",".join(f"{{{began},{ended}}}" for began, ended in channel.hold_events)
        channel.set("hold_events", "{" + inner + "}")
    channel.set("end_stamp", _date(now))


def _epochs(channel: Channel, times: dict[str, int], now: int) -> None:
    channel.set_all(
        (
            *_epoch("start", times["Channel-Created"]),
            *_epoch("profile_start", times["Profile-Created"]),
            *_epoch("answer", times["Channel-Answered"]),
            *_epoch("bridge", times["Channel-Bridged"]),
            *_epoch("last_hold", channel.last_hold),
            ("hold_accum_seconds", str(channel.hold_accum // 1_000_000)),
            ("hold_accum_usec", str(channel.hold_accum)),
            ("hold_accum_ms", str(channel.hold_accum // 1000)),
            *_epoch("resurrect", 0),
            *_epoch("progress", times["Channel-Progress"]),
            *_epoch("progress_media", times["Channel-Progress-Media"]),
            *_epoch("end", now),
        )
    )


def _epoch(name: str, when: int) -> tuple[tuple[str, str], tuple[str, str]]:
    return (f"{name}_epoch", str(when // 1_000_000)), (f"{name}_uepoch", str(when))


_DURATIONS = ("duration", "bill{}", "progress{}", "answer{}", "wait{}", "progress_media{}", "flow_bill{}")
_UNITS = tuple(
    (scale, tuple(name.format(unit) if "{" in name else letter + name for name in _DURATIONS))
    for unit, letter, scale in (("sec", "", 1_000_000), ("msec", "m", 1_000), ("usec", "u", 1))
)


def _durations(channel: Channel, times: dict[str, int], now: int) -> None:
    start, answered = times["Channel-Created"], times["Channel-Answered"]
    progress, bridged, media = times["Channel-Progress"], times["Channel-Bridged"], times["Channel-Progress-Media"]
    values = (
        now - start,
        now - answered if answered else 0,
        progress - start if progress else 0,
        answered - start if answered else 0,
        bridged - start if bridged else 0,
        media - start if media else 0,
        now - start if answered else 0,
    )
    for scale, names in _UNITS:
        channel.set_all([(name, str(_rounded(value, scale))) for name, value in zip(names, values, strict=True)])


def _rounded(value: int, scale: int) -> int:
    return (value + scale // 2) // scale


def _sip_end(channel: Channel) -> None:
    """How SIP ended it: who sent the BYE or CANCEL, or which refusal came."""
    if channel.disposition:
        channel.set("sip_hangup_disposition", channel.disposition)
        return
    if channel.profile.times["Channel-Answered"]:
        channel.set("sip_hangup_disposition", "send_bye")
    elif channel.direction == "outbound":
        channel.set("sip_hangup_disposition", "send_cancel")
        channel.set("sip_invite_failure_status", "487")
        channel.set("sip_invite_failure_phrase", "CANCEL")
    else:
        channel.set("sip_hangup_disposition", "send_refuse")


def _rtp(channel: Channel, lasted: int, dice: random.Random) -> None:
    packets = lasted // 20_000
    lost = sum([dice.random() < 0.002 for _ in range(min(packets, 50))])
    mos = max(3.0, 4.5 - lost * 0.08)
    channel.set_all(
        (
            ("rtp_audio_in_raw_bytes", str(packets * 172)),
            ("rtp_audio_in_media_bytes", str(packets * 172)),
            ("rtp_audio_in_packet_count", str(packets)),
            ("rtp_audio_in_media_packet_count", str(packets)),
            ("rtp_audio_in_skip_packet_count", "0"),
            ("rtp_audio_in_jitter_packet_count", "0"),
            ("rtp_audio_in_dtmf_packet_count", "0"),
            ("rtp_audio_in_cng_packet_count", "0"),
            ("rtp_audio_in_flush_packet_count", "0"),
            ("rtp_audio_in_largest_jb_size", "0"),
            ("rtp_audio_in_jitter_min_variance", "0.00"),
            ("rtp_audio_in_jitter_max_variance", "0.00"),
            ("rtp_audio_in_jitter_loss_rate", "0.00"),
            ("rtp_audio_in_jitter_burst_rate", "0.00"),
            ("rtp_audio_in_mean_interval", "20.00" if packets else "0.00"),
            ("rtp_audio_in_flaw_total", str(lost)),
            ("rtp_audio_in_quality_percentage", f"{100.0 - lost:.2f}"),
            ("rtp_audio_in_mos", f"{mos:.2f}"),
            ("rtp_audio_out_raw_bytes", str(packets * 172)),
            ("rtp_audio_out_media_bytes", str(packets * 172)),
            ("rtp_audio_out_packet_count", str(packets)),
            ("rtp_audio_out_media_packet_count", str(packets)),
            ("rtp_audio_out_skip_packet_count", "0"),
            ("rtp_audio_out_dtmf_packet_count", "0"),
            ("rtp_audio_out_cng_packet_count", "0"),
            ("rtp_audio_rtcp_packet_count", "0"),
            ("rtp_audio_rtcp_octet_count", "0"),
        )
    )


def _date(when: int) -> str:
    return _second(when // 1_000_000)


@lru_cache(maxsize=64)
def _second(when: int) -> str:
    """Many calls begin, change and end in the same seconds."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M:%S")
