"""mod_conference, as far as three people in a room need it (capture 10)."""

from __future__ import annotations

import msgspec

from fsorch.sim.channel import Channel, Headers, Thread
from fsorch.sim.core import Core
from fsorch.sim.lifecycle import answer, dequeue_digits, hangup, run_messages
from fsorch.sim.media import Sounds

__all__ = ["Conferences"]

_CALLING = {
    "conference-create": ("mod_conference.c", "conference_new", "3848"),
    "conference-destroy": ("mod_conference.c", "conference_thread_run", "863"),
    "add-member": ("conference_member.c", "conference_member_add", "962"),
    "del-member": ("conference_member.c", "conference_member_del", "1355"),
    "floor-change": ("conference_member.c", "conference_member_set_floor_holder", "1158"),
    "play-file": ("conference_file.c", "conference_file_play", "268"),
    "play-file-done": ("conference_file.c", "conference_file_close", "52"),
    "mute-member": ("conference_api.c", "conference_api_sub_mute", "497"),
    "unmute-member": ("conference_api.c", "conference_api_sub_unmute", "640"),
}
_ENTER = "tone_stream://%(200,0,500,600,700)"
_EXIT = "tone_stream://%(500,0,300,200,100,50,25)"


class _Member(msgspec.Struct):
    id: int
    channel: Channel
    speak: bool = True
    kicked: bool = False


class _Room(msgspec.Struct):
    name: str
    uuid: str
    began: int
    members: dict[str, _Member]
    next_id: int = 1
    floor: int = 0
    closed: bool = False


class Conferences:
    """All rooms: the ``conference`` application and api command."""

    def __init__(self, core: Core, sounds: Sounds) -> None:
        self._core = core
        self._sounds = sounds
        self._rooms: dict[str, _Room] = {}

    def app(self, core: Core, channel: Channel, argument: str) -> Thread:
        """``name[@profile]``: stay in the room until moved, kicked or hung up."""
        name = argument.partition("@")[0].partition("+")[0]
        answer(core, channel)
        room = self._enter(name)
        member = self._add(room, channel)
        epoch = channel.epoch
        while channel.same(epoch) and not member.kicked:
            yield from run_messages(core, channel)
            dequeue_digits(core, channel)
            if channel.same(epoch):
                yield None
        self._remove(room, member)

    # -- the room -----------------------------------------------------------------------------------------------------

    def _enter(self, name: str) -> _Room:
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = _Room(name, self._core.new_uuid(), self._core.now, {})
            self._tell(room, "conference-create")
        return room

    def _add(self, room: _Room, channel: Channel) -> _Member:
        member = _Member(room.next_id, channel)
        room.next_id += 1
        room.members[channel.uuid] = member
        channel.set("conference_name", room.name)
        channel.set("conference_member_id", str(member.id))
        channel.set("conference_moderator", "false")
        channel.set("conference_ghost", "false")
        channel.set("app_session_uuid", room.uuid)
        channel.set("conference_uuid", room.uuid)
        channel.recording_codec = True
        channel.set("read_codec", "L16")
        if len(room.members) == 1:
            self._alone(room)
        self._tell(room, "add-member", member)
        if len(room.members) == 2:
            room.floor = member.id
            self._tell(room, "floor-change", member, {"New-ID": str(member.id)})
        if len(room.members) > 1:
            self._core.timeline.after(0.56, lambda: self._played(room, _ENTER, 400))
        return member

    def _remove(self, room: _Room, member: _Member) -> None:
        if room.floor == member.id:
            room.floor = 0
            self._tell(room, "floor-change", tail={"New-ID": "none"})
        room.members.pop(member.channel.uuid, None)
        member.channel.recording_codec = member.channel.hung
        if len(room.members) == 1:
            self._alone(room)
        self._tell(room, "del-member", member)
        member.channel.recording_codec = False
        member.channel.set("read_codec", member.channel.codec[0])
        if room.members:
            self._core.timeline.after(0.5, lambda: self._played(room, _EXIT, 1000))
            return
        self._rooms.pop(room.name, None)
        room.closed = True
        self._core.timeline.after(0.04, lambda: self._close(room))

    def _close(self, room: _Room) -> None:
        self._tell(room, "play-file-done", tail={"File": _EXIT}, lasted_ms=40)
        self._tell(room, "conference-destroy")

    def _played(self, room: _Room, path: str, lasted_ms: int) -> None:
        if not room.closed:
            self._tell(room, "play-file-done", tail={"File": path}, lasted_ms=lasted_ms)

    def _alone(self, room: _Room) -> None:
        path = self._core.globals.get("sounds_dir", "") + "/en/us/callie/conference/conf-alone.wav"
        tail: Headers = {"File": path, "Async": "false"}
        if self._sounds.length(path) is None:
            tail["Error"] = "File could not be played"
        self._tell(room, "play-file", tail=tail)

    def _tell(
        self,
        room: _Room,
        action: str,
        member: _Member | None = None,
        tail: Headers | None = None,
        lasted_ms: int = 0,
    ) -> None:
        lead: Headers = {
            "Conference-Name": room.name,
            "Conference-Domain": "127.0.0.1",
            "Conference-Size": str(len(room.members)),
            "Conference-Ghosts": "0",
            "Conference-Profile-Name": "default",
            "Conference-Unique-ID": room.uuid,
        }
        if lasted_ms:
            lead.update(seconds=str(lasted_ms // 1000), milliseconds=str(lasted_ms), samples=str(lasted_ms * 8))
        last: Headers = {"Action": action, **(tail or {})}
        if action == "floor-change":
            lead.update({"Action": action, "Old-ID": "none"})
            last.pop("Action")
        if member is not None:
            lead["Floor"] = "true" if member.id == room.floor else "false"
            last = {**self._describe(member), **last}
        channel = member.channel if member is not None else None
        calling = _CALLING[action]
        self._core.fire("CUSTOM", channel, subclass="conference::maintenance", lead=lead, tail=last, calling=calling)

    def _describe(self, member: _Member) -> Headers:
        speak = "true" if member.speak else "false"
        return {
            "Video": "false", "Hear": "true", "See": "true", "Speak": speak, "Talking": "false",
            "Mute-Detect": "false", "Hold": "false", "Member-ID": str(member.id), "Member-Type": "member",
            "Member-Ghost": "false", "Energy-Level": "100", "Current-Energy": "0",
        }  # fmt: skip

    # -- the api ------------------------------------------------------------------------------------------------------

    def api(self, argument: str) -> str:
        """``<name> list|json_list|kick|mute|unmute|hup ...``."""
        words = argument.split()
        if not words or words == ["list"]:
            lines = [f"+OK Conference {room.name} ({len(room.members)} members)\n" for room in self._rooms.values()]
            return "".join(lines) or "+OK No active conferences.\n"
        room = self._rooms.get(words[0])
        if room is None:
            return f"-ERR Conference {words[0]} not found\n"
        what = words[1] if len(words) > 1 else "list"
        if what in ("list", "json_list"):
            return self._list(room) if what == "list" else self._json(room)
        if what in ("kick", "hup", "mute", "unmute"):
            return self._change(room, what, words[2] if len(words) > 2 else "")
        return f"-ERR Conference command '{what}' not found.\n"

    def _list(self, room: _Room) -> str:
        lines = []
        for member in reversed(room.members.values()):
            channel = member.channel
            flags = "hear|speak" if member.speak else "hear"
            flags += "|floor" if member.id == room.floor else ""
            name, number = channel.profile.get("Caller-ID-Name"), channel.profile.get("Caller-ID-Number")
            lines.append(f"{member.id};{channel.name};{channel.uuid};{name};{number};{flags};0;0;100\n")
        return "".join(lines)

    def _json(self, room: _Room) -> str:
        members = [
            {
                "type": "caller",
                "id": member.id,
                "uuid": member.channel.uuid,
                "caller_id_name": member.channel.profile.get("Caller-ID-Name"),
                "caller_id_number": member.channel.profile.get("Caller-ID-Number"),
                "flags": {"can_hear": True, "can_speak": member.speak, "has_floor": member.id == room.floor},
            }
            for member in room.members.values()
        ]
        content = {
            "conference_name": room.name,
            "member_count": len(members),
            "ghost_count": 0,
            "rate": 8000,
            "run_time": (self._core.now - room.began) // 1_000_000,
            "conference_uuid": room.uuid,
            "members": members,
        }
        return msgspec.json.format(msgspec.json.encode([content]), indent=2).decode()

    def _change(self, room: _Room, what: str, whom: str) -> str:
        chosen = [m for m in room.members.values() if whom in ("all", str(m.id))]
        if not chosen:
            return f"Non-Existant ID {whom}\n"
        for member in chosen:
            if what in ("mute", "unmute"):
                member.speak = what == "unmute"
                self._tell(room, f"{what}-member", member)
            elif what == "hup":
                hangup(self._core, member.channel, "NORMAL_CLEARING")
            else:
                member.kicked = True
                self._core.wake(member.channel)
        return "".join(f"+OK {what} {member.id}\n" for member in chosen)
