"""The verbs of an agent's own desk, for ``fsorch agent``: for who works without a browser, and for scripts."""

from __future__ import annotations

from collections.abc import Callable

import click

from fsorch.engine.inputs import (
    AnswerCall,
    CallBack,
    EndWrapUp,
    ExtendWrapUp,
    HangUp,
    HoldCall,
    MuteCall,
    NextContact,
    PressKeys,
    Request,
)
from fsorch_cli.app import App
from fsorch_cli.group import Command
from fsorch_cli.live import asked_by
from fsorch_cli.options import AS_JSON
from fsorch_cli.steering import ask, plain_verb

__all__ = ["add_desk_verbs"]

# What needs no more than the agent, as the API calls it: the request, and what it does.
PLAIN: dict[str, tuple[type[Request], str]] = {
    "answer": (AnswerCall, "Make the ringing phone of AGENT pick up, where it can."),
    "hangup": (HangUp, "End AGENT's call, or refuse the one that rings."),
    "call-back": (CallBack, "Call the customer whose message AGENT is listening to."),
    "wrapup-end": (EndWrapUp, "AGENT's after-call work is done."),
    "wrapup-more": (ExtendWrapUp, "AGENT needs more time for the after-call work."),
    "next": (NextContact, "AGENT, who is available on demand, takes one more contact."),
}
# What is on or off.
SWITCHED: dict[str, tuple[type[HoldCall | MuteCall], str]] = {
    "hold": (HoldCall, "Put AGENT's customer on hold; with --off, take them back."),
    "mute": (MuteCall, "AGENT's customer does not hear the agent; with --off, does again."),
}


def add_desk_verbs(group: click.Group) -> None:
    """All of them."""
    for name, (kind, words) in PLAIN.items():
        group.add_command(plain_verb(name, kind, words))
    for name, (switched, words) in SWITCHED.items():
        group.add_command(click.command(name, cls=Command, help=words)(_switched(switched)))
    group.add_command(keys)


def _switched(kind: type[HoldCall | MuteCall]) -> Callable[..., None]:
    @click.argument("agent")
    @click.option("--off", is_flag=True, help="No longer.")
    @AS_JSON
    @click.pass_obj
    def verb(app: App, agent: str, off: bool, as_json: bool) -> None:
        ask(app, kind(agent=agent, by=asked_by(), on=not off), agent, as_json)

    return verb


@click.command("keys", cls=Command)
@click.argument("agent")
@click.argument("digits")
@AS_JSON
@click.pass_obj
def keys(app: App, agent: str, digits: str, as_json: bool) -> None:
    """Send DIGITS (0-9, * and #) to whom AGENT talks to; the records keep how many, not which."""
    ask(app, PressKeys(agent=agent, by=asked_by(), digits=digits), agent, as_json)
