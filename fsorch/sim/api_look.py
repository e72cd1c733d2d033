"""What somebody looks up before the first call: the dialplan, the music, the clock, the notes of ``mod_db``.

Answers by ``mod_commands.c``, ``mod_local_stream.c`` and ``mod_db.c``.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import quoteattr

from fsorch.resources import shipped_dialplan_version
from fsorch.sim.dialplan import Extension
from fsorch.sim.machine import Machine

__all__ = ["LOOK_TABLE", "Notes"]

# The context in which the virtual switch does what the shipped dialplan does.
OURS = "fsorch"
MUSIC_DIR = "/usr/share/freeswitch/sounds/music"
_NOTHING = "can't find anything\n"


class Notes:
    """The api command ``db``: ``insert/realm/key/value`` and the like."""

    def __init__(self) -> None:
        self._realms: dict[str, dict[str, str]] = {}

    def run(self, argument: str) -> str:
        """One ``db`` command."""
        verb, _, rest = argument.strip().partition("/")
        realm, _, rest = rest.partition("/")
        key, _, value = rest.partition("/")
        known = self._realms.get(realm, {})
        match verb:
            case "insert" if realm and key:
                self._realms.setdefault(realm, {})[key] = value
                return "+OK"
            case "delete" if realm and key:
                known.pop(key, None)
                return "+OK"
            case "select" if realm and key:
                return known.get(key, "")
            case "exists" if realm and key:
                return "true" if key in known else "false"
            case "list":
                return ",".join(known if realm else self._realms)
            case "count":
                return str(len(known) if realm else sum(map(len, self._realms.values())))
        return "-USAGE: [insert|delete|select|exists|count|list]/<realm>/<key>/<value>"


def _xml_locate(machine: Machine, argument: str) -> str:
    """``root``, or a section with a tag, an attribute and its value; only the dialplan is known."""
    words = argument.split()
    contexts = machine.dialplan.contexts
    if words == ["root"]:
        return f'<document type="freeswitch/xml"><section name="dialplan">{_contexts(contexts)}</section></document>\n'
    if len(words) != 4:
        return "-USAGE: [root | <section> <tag> <tag_attr_name> <tag_attr_val>]\n"
    if words[:3] != ["dialplan", "context", "name"] or words[3] not in contexts:
        return _NOTHING
    return _context(words[3], contexts[words[3]]) + "\n"


def _contexts(contexts: dict[str, tuple[Extension, ...]]) -> str:
    return "".join(_context(name, extensions) for name, extensions in contexts.items())


def _context(name: str, extensions: tuple[Extension, ...]) -> str:
    version = f' version="{shipped_dialplan_version()}"' if name == OURS else ""
    lines = [f"<context name={quoteattr(name)}{version}>"]
    for extension in extensions:
        lines.append(f'<extension><condition field="destination_number" expression={quoteattr(extension.pattern)}>')
        lines += [f"<action application={quoteattr(app)} data={quoteattr(data)}/>" for app, data in extension.actions]
        lines.append("</condition></extension>")
    return "\n".join([*lines, "</context>"])


def _local_stream(machine: Machine, argument: str) -> str:
    words = argument.split()
    if words[:1] != ["show"]:
        return "-USAGE: show|start|reload|stop|hup <local_stream_name>\n"
    return "".join(f"{name},{MUSIC_DIR}/{name}\n" for name in sorted(machine.sounds.streams))


def _strmicroepoch(machine: Machine, argument: str) -> str:
    return str(machine.core.wall())


LOOK_TABLE: dict[str, Callable[[Machine, str], str]] = {
    "local_stream": _local_stream,
    "strmicroepoch": _strmicroepoch,
    "xml_locate": _xml_locate,
}
