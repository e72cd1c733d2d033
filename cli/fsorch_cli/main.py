"""The console script ``fsorch``: the table of commands and nothing heavy."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

import click

from fsorch import __version__
from fsorch_cli.group import Entry, Root

__all__ = ["cli", "entry"]

COMMANDS = {
    "demo": Entry("A whole contact centre on a virtual switch, with callers and a desktop.", "demo", greenlets=True),
    "init": Entry("Make an installation: settings, an example centre, the database, an admin.", "init"),
    "run": Entry("Run the engine and the desktop.", "run", greenlets=True),
    "doctor": Entry("Check the switch, the database and this machine; say how to mend each.", "doctor", greenlets=True),
    "status": Entry("How the running fsorch does: links, records, processor, memory.", "status"),
    "apply": Entry("Make a centre file the configuration.", "apply"),
    "diff": Entry("What applying a centre file would change.", "diff"),
    "export": Entry("The configuration as a centre file.", "export"),
    "tenant": Entry("Clients of an outsourcer: list, show, add, set, remove.", "tenant"),
    "queue": Entry("Queues: list, show, add, set, remove.", "queue"),
    "agent": Entry("Agents: list, login, logout, status, skill, transfer, add, set, remove.", "agent"),
    "skill": Entry("Who can do what, and which queues ask for it: list, set, remove.", "skill"),
    "flow": Entry("What callers hear before a queue: example, lint, draw, test, publish, stats.", "flow"),
    "break": Entry("Reasons for breaks: list, add, set, remove.", "breaks"),
    "calendar": Entry("Opening hours: list, emergency, add, set, remove.", "calendar"),
    "campaign": Entry("Outbound campaigns: create, start, pause, next, stats, top.", "campaign"),
    "gateway": Entry("Ways outside: list, show, add, set, remove.", "gateway"),
    "disposition": Entry("How calls are said to have ended: list, show, add, set, remove.", "disposition"),
    "pack": Entry("Compliance packs, each rule with its source: list, show, add, set, remove.", "pack"),
    "list": Entry("Lists of leads: list, show, make, import, export, reset, remove.", "lists"),
    "lead": Entry("Leads: show, why, add, change.", "lead"),
    "dnc": Entry("Numbers that are not called: list, add, remove, check, import.", "dnc"),
    "consent": Entry("Consents to be called: list, add, withdraw.", "consent"),
    "callback": Entry("Who has been promised a call: list, add, cancel, now, move.", "callback"),
    "message": Entry("What callers left on tape: list, play, done.", "message"),
    "prompt": Entry("What callers hear: list, check, build, add, remove.", "prompt"),
    "contact": Entry("Contacts: list, show, move, pick, priority.", "contact"),
    "compliance": Entry("The law in campaigns: packs, check, report, purge.", "compliance"),
    "customer": Entry("Customers: list, show, add, import, note, remove.", "customer"),
    "ticket": Entry("What customers wait for: list, open, set.", "ticket"),
    "promise": Entry("What customers were promised: list, add, keep, break, cancel.", "promise"),
    "survey": Entry("What callers said when they were asked: list.", "survey"),
    "supervise": Entry("Listen to talks, whisper, barge, take over.", "supervise"),
    "explain": Entry("What became of a contact, and why.", "explain"),
    "report": Entry("What came of the contacts of a span, by queue, agent, hour or day.", "report"),
    "cdr": Entry("Call detail records: list, export.", "cdr"),
    "token": Entry("Programs that may use the API: list, add, remove.", "token"),
    "audit": Entry("Who did what: log-ins, steering, changes of the centre; verify.", "audit"),
    "db": Entry("The database: status, backup, migrate, rollback.", "db", greenlets=True),
    "esl": Entry("One question to the switch itself, by its api commands.", "esl", greenlets=True),
    "systemd": Entry("A unit by which systemd runs this installation.", "systemd"),
    "user": Entry("Who may log in: add, passwd, list.", "user"),
    "top": Entry("Queues, agents and contacts, live.", "top"),
    "sim": Entry("The virtual switch alone, with callers.", "sim", greenlets=True),
    "simulate": Entry("Try a rule in virtual time: dialer.", "simulate"),
    "bench": Entry("Measure: esl, acd, calls, leads.", "bench", greenlets=True),
    "freeswitch": Entry("The files a FreeSWITCH needs: export.", "freeswitch"),
}

EPILOG = """\b
Exit codes:
  0  done                          5  not possible now; nothing has changed
  1  done, and something is wrong  6  a switch cannot be reached or refuses
  2  wrong use of the command line 7  the database cannot be used
  3  a settings or centre file     8  fsorch is not running here
     is wrong                     70  unexpected: run again with --debug
  4  no such thing               130  stopped by Ctrl-C
"""


@click.group(
    cls=Root,
    entries=COMMANDS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="fsorch", message="%(prog)s %(version)s")
def cli() -> None:
    """fsorch turns a FreeSWITCH into a contact centre.

    To look around: fsorch demo. For a real switch: fsorch init, then fsorch doctor, then fsorch run.
    """


def entry() -> NoReturn:
    """The console script. Before a command runs and after it, Ctrl-C ends the process at once and without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        # A name the terminal cannot show must not end a listing.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        cli.main(prog_name="fsorch")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
