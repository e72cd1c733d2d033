"""The api commands: one table from name to handler. Answers by capture 11, the rest by ``mod_commands.c``.

Those about one channel are in `fsorch.sim.api_uuid`, the tables of ``show`` in `fsorch.sim.api_show`, what is looked up
before the first call in `fsorch.sim.api_look`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fsorch.sim.api_look import LOOK_TABLE, Notes
from fsorch.sim.api_show import show
from fsorch.sim.api_uuid import TABLE
from fsorch.sim.apps import expand
from fsorch.sim.core import VERSION
from fsorch.sim.lifecycle import hangup
from fsorch.sim.machine import Machine
from fsorch.sim.originate import originate

__all__ = ["Api"]

MODULES = frozenset(
    "mod_avmd mod_callcenter mod_commands mod_conference mod_console mod_db mod_dialplan_xml mod_dptools "
    "mod_event_socket mod_g722 mod_local_stream mod_logfile mod_loopback mod_lua mod_say_en mod_sndfile mod_sofia "
    "mod_spandsp mod_tone_stream".split()
)
_RULE = "=" * 97 + "\n"

Answer = Callable[[str], None]
Handler = Callable[[str], str]
_CALL = re.compile(r"\$\{([a-z_]+)\(([^()]*)\)\}")


class Api:
    """Runs api command lines against a machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._paused = False
        self._max_sessions = 20000
        self.handlers: dict[str, Handler] = {
            "conference": machine.conferences.api,
            "create_uuid": lambda argument: machine.core.new_uuid(),
            "db": Notes().run,
            "echo": lambda argument: argument,
            "eval": self._eval,
            "expr": lambda argument: "-ERR",
            "file_exists": self._file_exists,
            "chat": self._chat,
            "fsctl": self._fsctl,
            "global_getvar": self._global_getvar,
            "global_setvar": self._global_setvar,
            "hostname": lambda argument: machine.core.hostname,
            "hupall": self._hupall,
            "module_exists": self._module_exists,
            "reloadxml": lambda argument: "+OK [Success]\n",
            "sched_del": lambda argument: machine.scheduler.delete(argument.strip()),
            "show": lambda argument: show(machine, argument),
            "sofia": self._sofia,
            "sofia_contact": lambda argument: machine.dialer.contact(argument.strip()),
            "status": self._status,
            "strepoch": lambda argument: str(machine.core.wall() // 1_000_000),
            "switchname": lambda argument: machine.core.hostname,
            "uptime": lambda argument: str(machine.core.now // 1_000_000) + "\n",
            "user_exists": self._user_exists,
            "version": self._version,
        }
        machine.core.api = self._inside
        for name, handler in (TABLE | LOOK_TABLE).items():
            self.handlers[name] = _bind(handler, machine)

    def run(self, line: str, answer: Answer) -> None:
        """Run one command line; ``answer`` is called once, for ``originate`` maybe later."""
        name, _, argument = line.strip().partition(" ")
        name, argument = name.lower(), argument.strip()
        if name == "originate":
            originate(self._machine.core, self._machine.dialer, argument, answer)
            return
        handler = self.handlers.get(name)
        answer(handler(argument) if handler is not None else f"-ERR {name} Command not found!\n")

    def _inside(self, name: str, argument: str) -> str:
        """From inside a call: by a dialplan's ``${name(argument)}``, or by a key."""
        handler = self.handlers.get(name)
        return handler(argument) if handler is not None else "-ERR no reply"

    # -- general ------------------------------------------------------------------------------------------------------

    def _status(self, argument: str) -> str:
        machine, counters = self._machine, self._machine.core.counters
        years, days, hours, minutes, seconds, millis, micros = machine.uptime()
        return (
            f"UP {years} years, {days} days, {hours} hours, {minutes} minutes, {seconds} seconds, "
            f"{millis} milliseconds, {micros} microseconds\n"
            "FreeSWITCH (Version 1.10.12-release git a88d069 2024-08-02 21:02:27Z 64bit) is ready\n"
            f"{counters.sessions} session(s) since startup\n"
            f"{len(machine.core.channels)} session(s) - peak {counters.peak}, last 5min {counters.peak} \n"
            "0 session(s) per Sec out of max 2000, peak 4, last 5min 2 \n"
            f"{self._max_sessions} session(s) max\n"
            "min idle cpu 0.00/99.73\nCurrent Stack Size/Max 240K/8192K\n"
        )

    def _chat(self, argument: str) -> str:
        """mod_dptools.c, chat_api_function; only ``sip`` is there, and takes an address with a domain."""
        parts = argument.split("|", 4)
        if len(parts) < 4:
            return "Invalid"
        if parts[0] != "sip" or "@" not in parts[2]:
            return "Error! Message Not Sent"
        self._machine.core.texts.append((parts[2], parts[3]))
        return "Sent"

    def _version(self, argument: str) -> str:
        if argument == "short":
            return "1.10.12\n"
        return f"FreeSWITCH Version {VERSION} (git a88d069 2024-08-02 21:02:27Z 64bit)\n"

    def _global_getvar(self, argument: str) -> str:
        known = self._machine.core.globals
        if argument:
            return known.get(argument, "")
        return "".join(f"{name}={value}\n" for name, value in known.items())

    def _global_setvar(self, argument: str) -> str:
        name, _, value = argument.partition("=")
        if not name:
            return "-USAGE: <var>=<value> [=<value2>]\n"
        self._machine.core.globals[name] = value
        return "+OK"

    def _eval(self, argument: str) -> str:
        channel = None
        if argument.startswith("uuid:"):
            word, _, argument = argument.partition(" ")
            channel = self._machine.find(word[5:])
        return expand(self._machine.core, channel, _CALL.sub(self._called, argument))

    def _called(self, hit: re.Match[str]) -> str:
        """``${name(argument)}``: what the command answers."""
        handler = self.handlers.get(hit.group(1))
        return handler(hit.group(2)) if handler is not None else ""

    def _module_exists(self, argument: str) -> str:
        return "true" if argument in MODULES else "false"

    def _file_exists(self, argument: str) -> str:
        path = expand(self._machine.core, None, argument)
        return "true" if self._machine.sounds.length(path) is not None else "false"

    def _user_exists(self, argument: str) -> str:
        words = argument.split()
        if len(words) < 3:
            return "-USAGE: <key> <user> <domain>\n"
        return "true" if f"{words[1]}@{words[2]}" in self._machine.dialer.users else "false"

    def _hupall(self, argument: str) -> str:
        words = argument.split()
        cause = words[0] if words else "MANAGER_REQUEST"
        for channel in list(self._machine.core.channels.values()):
            if len(words) < 3 or channel.get(words[1]) == words[2]:
                hangup(self._machine.core, channel, cause)
        return f"+OK hangup all channels with cause {cause}\n"

    def _fsctl(self, argument: str) -> str:
        word, _, rest = argument.partition(" ")
        if word == "pause_check":
            return "true" if self._paused else "false"
        if word in ("pause", "resume"):
            self._paused = word == "pause"
            return "+OK\n"
        if word == "max_sessions":
            if rest.isdigit():
                self._max_sessions = int(rest)
            return f"+OK max sessions: {self._max_sessions}\n"
        if word in ("sps", "loglevel", "debug_level", "min_idle_cpu", "last_sps"):
            return "+OK\n"
        return "-USAGE: [recover|send_sighup|hupall|pause|resume|shutdown|sps|max_sessions|pause_check]\n"

    # -- sofia --------------------------------------------------------------------------------------------------------

    def _sofia(self, argument: str) -> str:
        words = argument.split()
        if words[:1] != ["status"]:
            return "-USAGE: <command> <args>\n"
        if words[1:2] == ["profile"] and len(words) > 2:
            if words[2] not in self._machine.dialer.profiles:
                return "Invalid Profile!\n"
            return self._registrations(words[2]) if words[3:4] == ["reg"] else self._profile(words[2])
        lines = [
            f"{name:>25}\tprofile\t         sip:mod_sofia@127.0.0.1:5080\tRUNNING (0)\n"
            for name in self._machine.dialer.profiles
        ]
        head = f"{'Name':>25}\t{'Type':>7}\t{'Data':>41}\tState\n"
        return head + _RULE + "".join(lines) + _RULE + f"{len(lines)} profiles 0 aliases\n"

    def _profile(self, name: str) -> str:
        fields = (
            ("Name", name), ("Domain Name", "N/A"), ("Auto-NAT", "false"), ("DBName", f"sofia_reg_{name}"),
            ("Pres Hosts", ""), ("Dialplan", "XML"), ("Context", "public"), ("Challenge Realm", "auto_to"),
            ("RTP-IP", "127.0.0.1"), ("Ext-RTP-IP", "127.0.0.1"), ("SIP-IP", "127.0.0.1"), ("Ext-SIP-IP", "127.0.0.1"),
            ("URL", "sip:mod_sofia@127.0.0.1:5080"),
            ("BIND-URL", "sip:mod_sofia@127.0.0.1:5080;maddr=127.0.0.1;transport=udp,tcp"),
            ("HOLD-MUSIC", "local_stream://moh"),
        )  # fmt: skip
        return _RULE + "".join(f"{key:<17}\t{value}\n" for key, value in fields) + _RULE

    def _registrations(self, profile: str) -> str:
        known = [reg for reg in self._machine.dialer.registrations.values() if reg.profile == profile]
        text = "Registrations:\n" + _RULE
        for reg in known:
            text += (
                f"Call-ID:    \t{reg.call_id}\nUser:       \t{reg.user}@{reg.realm}\n"
                f'Contact:    \t"" <{reg.contact.partition("/")[2].partition("/")[2]}>\nAgent:      \tunknown\n'
                f"Status:     \tRegistered(UDP)(unknown)\nIP:         \t{reg.network_ip}\n"
                f"Port:       \t{reg.network_port}\n\n"
            )
        return text + f"Total items returned: {len(known)}\n" + _RULE


def _bind(handler: Callable[[Machine, str], str], machine: Machine) -> Handler:
    return lambda argument: handler(machine, argument)
