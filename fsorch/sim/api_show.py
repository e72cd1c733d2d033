"""``show channels|calls|registrations|...``: tables that lag behind, because FreeSWITCH fills them asynchronously.

A channel younger than `LAG_US` is not in them yet (freeswitch-facts; capture 11). JSON as in captures 02, 11, 15.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from fsorch.sim.channel import Channel
from fsorch.sim.machine import Machine

__all__ = ["LAG_US", "show"]

LAG_US = 40_000
Row = dict[str, str]


def show(machine: Machine, argument: str) -> str:
    """One ``show`` command."""
    words = argument.split()
    what = words[0].lower() if words else ""
    table = _TABLES.get(what)
    if table is None:
        return (
            "-USAGE: codec|endpoint|application|api|calls [count]|channels [count|like <match string>]|registrations\n"
        )
    rows = table(machine)
    if "count" in words:
        return f"\n{len(rows)} total.\n"
    if words[-2:] == ["as", "json"]:
        if not rows:
            return '{"row_count": 0}\n'
        return msgspec.json.encode({"row_count": len(rows), "rows": rows}).decode() + "\n"
    lines = [",".join(rows[0])] + [",".join(row.values()) for row in rows] if rows else []
    return "".join(line + "\n" for line in lines) + f"\n{len(rows)} total.\n"


def _settled(machine: Machine) -> list[Channel]:
    limit = machine.core.stamp() - LAG_US
    return [channel for channel in machine.core.channels.values() if channel.created <= limit]


def _stamp(when: int) -> str:
    return datetime.fromtimestamp(when // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _channels(machine: Machine) -> list[Row]:
    return [_channel(machine, channel) for channel in _settled(machine)]


def _channel(machine: Machine, channel: Channel) -> Row:
    profile = channel.profile
    name, rate, bits = channel.codec if channel.media else ("", "", "")
    row = {
        "uuid": channel.uuid,
        "direction": channel.direction,
        "created": _stamp(channel.created),
        "created_epoch": str(channel.created // 1_000_000),
        "name": channel.name,
        "state": channel.running,
        "cid_name": profile.get("Caller-ID-Name"),
        "cid_num": profile.get("Caller-ID-Number"),
        "ip_addr": profile.get("Network-Addr"),
        "dest": profile.get("Destination-Number"),
        "application": channel.get("current_application") or "",
        "application_data": channel.get("current_application_data") or "",
        "dialplan": profile.get("Dialplan"),
        "context": profile.get("Context"),
    }
    for way in ("read", "write"):
        row.update({f"{way}_codec": name, f"{way}_rate": rate, f"{way}_bit_rate": bits})
    row.update(_tail(machine, channel))
    for key in ("cid_name", "cid_num", "ip_addr", "dest", "dialplan", "context"):
        row[f"initial_{key}"] = row[key]
    return row


def _tail(machine: Machine, channel: Channel) -> Row:
    profile = channel.profile
    bridged = channel.bridge is not None and channel.bridge.talking
    return {
        "secure": "",
        "hostname": machine.core.hostname,
        "presence_id": "",
        "presence_data": channel.get("presence_data") or "",
        "accountcode": channel.get("accountcode") or "",
        "callstate": channel.call_state,
        "callee_name": profile.get("Callee-ID-Name"),
        "callee_num": profile.get("Callee-ID-Number"),
        "callee_direction": "SEND" if bridged else "",
        "call_uuid": channel.call_uuid if bridged else "",
        "sent_callee_name": channel.get("last_sent_callee_id_name") or "",
        "sent_callee_num": channel.get("last_sent_callee_id_number") or "",
    }


_CALL = ("uuid", "direction", "created", "created_epoch", "name", "state", "cid_name", "cid_num", "ip_addr", "dest",
         "presence_id", "presence_data", "accountcode", "callstate", "callee_name", "callee_num", "callee_direction",
         "call_uuid", "hostname", "sent_callee_name", "sent_callee_num")  # fmt: skip
_PEER = ("uuid", "direction", "created", "created_epoch", "name", "state", "cid_name", "cid_num", "ip_addr", "dest",
         "presence_id", "presence_data", "accountcode", "callstate", "callee_name", "callee_num", "callee_direction",
         "sent_callee_name", "sent_callee_num")  # fmt: skip


def _calls(machine: Machine) -> list[Row]:
    rows = []
    for channel in _settled(machine):
        bridge = channel.bridge
        if bridge is None or not bridge.talking or bridge.a is not channel:
            continue
        own, peer = _channel(machine, channel), _channel(machine, bridge.b)
        row = {key: own[key] for key in _CALL}
        row.update({f"b_{key}": peer[key] for key in _PEER})
        rows.append({**row, "call_created_epoch": str(channel.profile.times["Channel-Bridged"] // 1_000_000)})
    return rows


def _registrations(machine: Machine) -> list[Row]:
    return [
        {
            "reg_user": reg.user,
            "realm": reg.realm,
            "token": reg.call_id,
            "url": reg.contact,
            "expires": str(reg.expires),
            "network_ip": reg.network_ip,
            "network_port": reg.network_port,
            "network_proto": "udp",
            "hostname": machine.core.hostname,
            "metadata": "",
        }
        for reg in machine.dialer.registrations.values()
    ]


def _nothing(machine: Machine) -> list[Row]:
    return []


def _applications(machine: Machine) -> list[Row]:
    return [
        {"name": name, "description": "", "syntax": "", "ikey": "mod_dptools"} for name in sorted(machine.core.apps)
    ]


_TABLES: dict[str, Callable[[Machine], list[Row]]] = {
    "application": _applications,
    "bridged_calls": _calls,
    "calls": _calls,
    "channels": _channels,
    "detailed_calls": _calls,
    "registrations": _registrations,
    "tasks": _nothing,
}
