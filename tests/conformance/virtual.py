"""The virtual switch for the suite: many times faster, and with the dialplan files themselves that fsorch ships."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

from fsorch.resources import freeswitch_tree
from fsorch.sim.channel import Channel
from fsorch.sim.dialplan import Dialplan
from fsorch.sim.media import Sounds
from fsorch.sim.server import SimServer
from fsorch.sim.switch import VirtualSwitch
from tests.conformance.rig import SIP_ADDRESS

__all__ = ["SPEED", "STRIDE_S", "ShippedDialplan", "virtual_switch"]

SPEED = 20.0
STRIDE_S = 0.02
SOUNDS_DIR = "/usr/share/freeswitch/sounds"
FILES = ("dialplan/fsorch.xml", "dialplan/fsorch_hooks.xml", "conformance/dialplan.xml")
VARIABLE = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
PROFILE = {"destination_number": "Destination-Number", "caller_id_number": "Caller-ID-Number", "rdnis": "RDNIS"}
MODULE = re.compile(r"\$\{module_exists\((\w+)\)\}")
SET = re.compile(r'cmd="set" data="(\w+)=([^"]*)"')

Actions = list[tuple[str, str]]


class ShippedDialplan(Dialplan):
    """Contexts read from FreeSWITCH's own XML, as far as ours goes: conditions that must all hold or ``break="never"``,
    anti-actions, ``continue``, inline ``set`` (mod_dialplan_xml.c)."""

    def __init__(self, tree: Path) -> None:
        super().__init__()
        self.globals = shipped_settings(tree)
        found = (context for file in FILES for context in ElementTree.parse(tree / file).iter("context"))
        self.shipped = {context.attrib["name"]: list(context.iter("extension")) for context in found}

    def route(self, channel: Channel) -> list[tuple[str, str]]:
        """As the base class; for our contexts, what the XML says."""
        extensions = self.shipped.get(channel.context)
        if extensions is None or channel.dialplan == "inline":
            return super().route(channel)
        actions: Actions = []
        for extension in extensions:
            matched, more = self._extension(channel, extension)
            if matched:
                actions += more
                if extension.get("continue") != "true":
                    break
        return actions

    def _extension(self, channel: Channel, extension: ElementTree.Element) -> tuple[bool, Actions]:
        actions: Actions = []
        matched = False
        for condition in extension.iter("condition"):
            match = self._match(channel, condition)
            matched = match is not None
            actions += self._actions(channel, condition, match)
            if not matched and condition.get("break") != "never":
                break
        return matched or bool(actions), actions

    def _match(self, channel: Channel, condition: ElementTree.Element) -> re.Match[str] | None:
        field, expression = condition.get("field", ""), condition.get("expression", "")
        return re.search(expression, self._value(channel, field)) if field else re.search("", "")

    def _value(self, channel: Channel, field: str) -> str:
        if field in PROFILE:
            return channel.profile.get(PROFILE[field])
        field = MODULE.sub(lambda hit: "true" if hit[1] == "mod_db" else "false", field)
        return VARIABLE.sub(lambda hit: channel.get(hit[1]) or self.globals.get(hit[1], ""), field)

    def _actions(
        self, channel: Channel, condition: ElementTree.Element, match: re.Match[str] | None
    ) -> Iterator[tuple[str, str]]:
        for action in condition.iter("action" if match is not None else "anti-action"):
            data = action.get("data", "")
            for number in range(1, len(match.groups()) + 1 if match is not None else 1):
                data = data.replace(f"${number}", match[number] if match is not None else "")
            if action.get("inline") == "true":
                name, _, value = data.partition("=")
                channel.set(name, value)
            else:
                yield action.attrib["application"], data


def shipped_settings(tree: Path) -> dict[str, str]:
    """The global variables of ``vars/fsorch.xml``."""
    text = (tree / "vars" / "fsorch.xml").read_text(encoding="utf-8")
    return {name: value.replace("$${recordings_dir}", "/var/recordings") for name, value in SET.findall(text)}


def virtual_switch(
    password: str,
    change: Callable[[VirtualSwitch], None] = lambda switch: None,
    *,
    speed: float = SPEED,
    stride_s: float | None = STRIDE_S,
) -> SimServer:
    """A virtual switch on a free port, not started. ``change`` may alter it first. Its time stands still when this
    process does: at this speed a caller's patience is over in less than a busy machine may keep a process waiting."""
    tree = freeswitch_tree()
    dialplan = ShippedDialplan(tree)
    sounds = Sounds(prefixes={f"{SOUNDS_DIR}/fsorch/en/": 1.5})
    switch = VirtualSwitch(7, password=password, dialplan=dialplan, sounds=sounds, start_us=time.time_ns() // 1_000)
    switch.machine.core.globals.update(dialplan.globals, sounds_dir=SOUNDS_DIR)
    switch.machine.relays.listen(SIP_ADDRESS, "fsorch-conformance", "fsorch-conformance")
    change(switch)
    return SimServer(port=0, password=password, speed=speed, switch=switch, stride_s=stride_s)
