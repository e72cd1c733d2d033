"""One ``api`` command to one switch, for a person at the command line: what only reads, or, forced, anything."""

from __future__ import annotations

from fsorch.config import SwitchSettings
from fsorch.edge.doctor_switch import LIMITS
from fsorch.edge.link_session import Session
from fsorch.edge.settings import check_switch
from fsorch.errors import ConfigError
from fsorch.esl.quoting import check_block, check_text

__all__ = ["READS", "ask_switch", "only_reads"]

# The words of mod_commands and mod_sofia that change nothing, each with what may follow it; nothing listed: anything.
# Not global_getvar: without a name it tells every password of vars.xml.
READS: dict[str, frozenset[str]] = {
    "hostname": frozenset(),
    "local_stream": frozenset({"show"}),
    "module_exists": frozenset(),
    "show": frozenset(),
    "sofia": frozenset({"status", "xmlstatus"}),
    "sofia_contact": frozenset(),
    "status": frozenset(),
    "strmicroepoch": frozenset(),
    "uptime": frozenset(),
    "uuid_dump": frozenset(),
    "uuid_exists": frozenset(),
    "uuid_getvar": frozenset(),
    "version": frozenset(),
}


def only_reads(command: str) -> bool:
    """Whether ``command`` is one of :data:`READS`."""
    word, _, rest = command.strip().partition(" ")
    if word not in READS:
        return False
    return not READS[word] or rest.split(" ", 1)[0] in READS[word]


def ask_switch(settings: SwitchSettings, command: str) -> str:
    """What the switch answers to ``api COMMAND``. Raises LinkError when it cannot be reached or does not answer in
    time, QuotingError for a command of several lines, ConfigError for none or a password that must not be used."""
    if not command.strip():
        raise ConfigError("there is no command; give one such as: show channels")
    line = check_block(check_text(f"api {command.strip()}", "the command"))
    check_switch(settings, "this switch")
    session = Session(settings, LIMITS, lambda _: None)
    session.connect()
    try:
        return session.ask(line).text
    finally:
        session.close()
