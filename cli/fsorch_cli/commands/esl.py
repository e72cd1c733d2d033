"""``fsorch esl``: one question to the switch itself."""

from __future__ import annotations

import click

from fsorch.config import SwitchSettings
from fsorch.edge.asking import READS, ask_switch, only_reads
from fsorch.errors import ConfigError
from fsorch_cli.app import App
from fsorch_cli.console import out, print_json, printable
from fsorch_cli.group import Command
from fsorch_cli.live import asked_by, missing
from fsorch_cli.options import AS_JSON


@click.command("esl", cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, required=True, metavar="COMMAND...")
@click.option("--switch", "name", default="", help="Its name in fsorch.yaml; the first, if left out.")
@click.option("--force", is_flag=True, help="Also a command that changes something.")
@AS_JSON
@click.pass_obj
def command(app: App, words: tuple[str, ...], name: str, force: bool, as_json: bool) -> None:
    """Ask the switch by an api command, such as: fsorch esl show channels.

    What changes something needs --force, and may pull a call from under fsorch. Every question is audited before it is
    sent; fsorch need not run."""
    settings = app.settings()
    switch = _switch(settings.switches, name)
    asked = " ".join(words)
    if not force and not only_reads(asked):
        raise ConfigError(f"{words[0]!r} may change something; use --force, or one of {', '.join(sorted(READS))}")
    with app.store() as store:
        store.audit(asked_by(), "esl.force" if force else "esl.ask", {"switch": switch.name, "command": asked})
    answer = ask_switch(switch, asked)
    if as_json:
        print_json({"switch": switch.name, "command": asked, "answer": answer})
        return
    for line in answer.splitlines():
        out().print(printable(line), soft_wrap=True)


def _switch(switches: tuple[SwitchSettings, ...], name: str) -> SwitchSettings:
    """The one of that name. Raises NotFound."""
    for switch in switches:
        if name in ("", switch.name):
            return switch
    raise missing("switch", name, [switch.name for switch in switches])
