"""A call that reaches the switch: the channel that mod_sofia makes of an INVITE (captures 01, 02, 12)."""

from __future__ import annotations

import msgspec

from fsorch.sim.channel import Channel, Party, Profile
from fsorch.sim.core import Core
from fsorch.sim.lifecycle import run

__all__ = ["Invite", "create_inbound"]

_SDP = (
    "v=0\r\no=user1 53655765 2353687637 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
    "t=0 0\r\nm=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls what. ``uuid`` empty: a fresh one. ``host`` and ``port``: where the INVITE comes from."""

    number: str
    destination: str
    name: str = ""
    uuid: str = ""
    context: str = "public"
    profile: str = "external"
    host: str = "127.0.0.1"
    port: int = 5070
    kind: str = "sofia"
    codec: tuple[str, str, str] = ("PCMU", "8000", "64000")
    variables: dict[str, str] = {}


def create_inbound(core: Core, invite: Invite, party: Party | None = None) -> Channel:
    """The new channel; its thread starts now and its CHANNEL_CREATE is fired."""
    uuid = invite.uuid or core.new_uuid()
    stamp = core.stamp()
    address = f"{invite.number}@{invite.host}:{invite.port}" if invite.port else f"{invite.number}@{invite.host}"
    name = f"loopback/{invite.destination}-b" if invite.kind == "loopback" else f"sofia/{invite.profile}/{address}"
    shown = invite.name or invite.number
    profile = Profile(
        {
            "Direction": "inbound",
            "Logical-Direction": "inbound",
            "Username": invite.number,
            "Dialplan": "XML",
            "Caller-ID-Name": shown,
            "Caller-ID-Number": invite.number,
            "Orig-Caller-ID-Name": shown,
            "Orig-Caller-ID-Number": invite.number,
            "Network-Addr": invite.host,
            "ANI": invite.number,
            "Destination-Number": invite.destination,
            "Unique-ID": uuid,
            "Source": f"mod_{invite.kind}",
            "Context": invite.context,
            "Channel-Name": name,
        },
        stamp,
    )
    channel = Channel(uuid, name, "inbound", profile, stamp)
    channel.context = invite.context
    channel.party = party
    channel.codec = invite.codec
    core.enter(channel)
    _variables(core, channel, invite, address, stamp)
    channel.set_all(invite.variables.items())
    core.start(channel, run(core, channel))
    return channel


def _variables(core: Core, channel: Channel, invite: Invite, address: str, stamp: int) -> None:
    tag, destination, port = core.token(), invite.destination, str(invite.port)
    target = f"{destination}@127.0.0.1:5080"
    channel.set_all(
        (
            ("direction", "inbound"),
            ("uuid", channel.uuid),
            ("call_uuid", channel.uuid),
            ("session_id", str(core.counters.sessions)),
            ("sip_from_user", invite.number),
            ("sip_from_port", port if invite.port else ""),
            ("sip_from_uri", address),
            ("sip_from_host", invite.host),
            ("video_media_flow", "disabled"),
            ("audio_media_flow", "disabled"),
            ("text_media_flow", "disabled"),
            ("channel_name", channel.name),
            ("sip_call_id", f"{core.counters.sessions}-{core.token(5)}@{invite.host}"),
            ("sip_local_network_addr", "127.0.0.1"),
            ("sip_network_ip", invite.host),
            ("sip_network_port", port),
            ("sip_invite_stamp", str(stamp)),
            ("sip_received_ip", invite.host),
            ("sip_received_port", port),
            ("sip_via_protocol", "udp"),
            ("sip_from_user_stripped", invite.number),
            ("sip_from_tag", tag),
            ("sofia_profile_name", invite.profile),
            ("sofia_profile_url", "sip:mod_sofia@127.0.0.1:5080"),
            ("recovery_profile_name", invite.profile),
            ("sip_full_via", f"SIP/2.0/UDP {invite.host}:{port};branch=z9hG4bK-{core.token(8)}"),
            ("sip_from_display", invite.name),
            ("sip_full_from", f'"{invite.name}" <sip:{address}>;tag={tag}'),
            ("sip_full_to", f"<sip:{target}>"),
            ("sip_req_user", destination),
            ("sip_req_port", "5080"),
            ("sip_req_uri", target),
            ("sip_req_host", "127.0.0.1"),
            ("sip_to_user", destination),
            ("sip_to_port", "5080"),
            ("sip_to_uri", target),
            ("sip_to_host", "127.0.0.1"),
            ("sip_contact_user", invite.number),
            ("sip_contact_port", port),
            ("sip_contact_uri", address),
            ("sip_contact_host", invite.host),
            ("rtp_use_codec_string", "OPUS,G722,PCMU,PCMA,H264,VP8"),
            ("sip_via_host", invite.host),
            ("sip_via_port", port),
            ("max_forwards", "70"),
            ("switch_r_sdp", _SDP.format(port=6000 + 4 * core.random.randrange(8))),
            ("ep_codec_string", "CORE_PCM_MODULE.PCMU@8000h@20i@64000b"),
            ("endpoint_disposition", "DELAYED NEGOTIATION"),
        )
    )
