"""What mod_sofia writes into a channel's variables about the SIP dialogue and the media (captures 02, 06, 17)."""

from __future__ import annotations

from fsorch.sim.channel import Channel
from fsorch.sim.core import Core

__all__ = ["acknowledged", "local_sdp", "ringing", "start_media"]

_PAYLOADS = {"PCMU": "0", "PCMA": "8", "G722": "9"}
_CODECS = {"PCMU": "CORE_PCM_MODULE.PCMU", "PCMA": "CORE_PCM_MODULE.PCMA", "G722": "mod_spandsp.G722"}
_MEDIA = (
    ("remote_video_media_flow", "inactive"),
    ("remote_text_media_flow", "inactive"),
    ("remote_audio_media_flow", "sendrecv"),
    ("audio_media_flow", "sendrecv"),
    ("rtp_use_codec_ptime", "20"),
    ("rtp_use_codec_channels", "1"),
    ("dtmf_type", "rfc2833"),
    ("local_media_ip", "127.0.0.1"),
    ("advertised_media_ip", "127.0.0.1"),
    ("rtp_use_timer_name", "soft"),
    ("rtp_2833_send_payload", "101"),
    ("rtp_2833_recv_payload", "101"),
    ("remote_media_ip", "127.0.0.1"),
)


def start_media(core: Core, channel: Channel) -> None:
    """The codec is agreed and RTP runs. Nothing if it runs already."""
    if channel.media:
        return
    channel.media = True
    name, rate, _ = channel.codec
    payload = _PAYLOADS.get(name, "96")
    if channel.direction == "outbound":
        channel.set("switch_r_sdp", _sdp("user1", 6000, payload))
        channel.set("ep_codec_string", f"{_CODECS.get(name, name)}@8000h@20i@64000b")
    channel.set_all(_MEDIA)
    for key in ("rtp_audio_recv_pt", "rtp_use_pt"):
        channel.set(key, payload)
    channel.set("rtp_use_codec_name", name)
    channel.set("rtp_use_codec_rate", "8000")
    channel.set("rtp_last_audio_codec_string", f"{name}@8000h@20i@1c")
    for key in ("read", "original_read", "write"):
        channel.set(f"{key}_codec", name)
        channel.set(f"{key}_rate", rate)
    if channel.get("local_media_port") is None:
        channel.set("local_media_port", str(core.random.randrange(16384, 32768, 2)))
    channel.set("rtp_use_ssrc", str(core.random.getrandbits(31)))
    channel.set("remote_media_port", str(6000 + 2 * core.random.randrange(4)))


def local_sdp(channel: Channel) -> None:
    """The SDP the switch has offered or answered."""
    payload = _PAYLOADS.get(channel.codec[0], "96") if channel.media else "9 0 8"
    channel.set("rtp_local_sdp_str", _sdp("FreeSWITCH", int(channel.get("local_media_port") or 0), payload))


def _sdp(owner: str, port: int, payloads: str) -> str:
    names = {"0": "PCMU", "8": "PCMA", "9": "G722"}
    maps = "".join(f"a=rtpmap:{pt} {names.get(pt, 'L16')}/8000\r\n" for pt in payloads.split())
    return (
        f"v=0\r\no={owner} 1795266857 1795266858 IN IP4 127.0.0.1\r\ns={owner}\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {payloads} 101\r\n{maps}"
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )


def acknowledged(core: Core, channel: Channel) -> None:
    """The ACK of an inbound call's answer: the dialogue has its tag and number from here on."""
    tag = core.token()
    channel.set("sip_to_tag", tag)
    channel.set("sip_cseq", "1")
    channel.set("sip_full_to", f"{channel.get('sip_full_to')};tag={tag}")


def ringing(core: Core, channel: Channel) -> None:
    """The far end of an outbound call has sent its first answer: its addresses and the dialogue's tags are known."""
    profile = channel.profile
    number, caller = profile.get("Destination-Number"), profile.get("Caller-ID-Number")
    name = profile.get("Caller-ID-Name")
    host, port = channel.get("sip_network_ip") or "", channel.get("sip_network_port") or ""
    to_tag, from_tag = core.token(), core.token()
    address = f"{number}@{host}:{port}"
    via = f"SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bK{core.token()}"
    channel.set_all(
        (
            ("sip_recover_contact", f"<sip:{address};transport=UDP>"),
            ("sip_full_via", via),
            ("sip_recover_via", via),
            ("sip_from_display", name),
            ("sip_full_from", f'"{name}" <sip:{caller}@127.0.0.1>;tag={from_tag}'),
            ("sip_full_to", f"<sip:{address}>;tag={to_tag}"),
            ("sip_from_user", caller),
            ("sip_from_uri", f"{caller}@127.0.0.1"),
            ("sip_to_user", number),
            ("sip_to_port", port),
            ("sip_to_uri", address),
            ("sip_to_host", host),
            ("sip_contact_params", "transport=UDP"),
            ("sip_contact_user", number),
            ("sip_contact_port", port),
            ("sip_contact_uri", address),
            ("sip_contact_host", host),
            ("sip_to_tag", to_tag),
            ("sip_from_tag", from_tag),
            ("sip_cseq", str(123_000_000 + core.counters.sessions)),
        )
    )
