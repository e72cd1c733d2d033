"""``fsorch lead why``: one sentence for whoever asks."""

from __future__ import annotations

import click

from fsorch.errors import NotFound
from fsorch.store.reasons import reasons_of
from fsorch_cli.app import App
from fsorch_cli.console import out, print_json, printable
from fsorch_cli.group import Group
from fsorch_cli.live import now_us

__all__ = ["add_why"]


def add_why(group: Group) -> None:
    """Give the group of leads its verb."""

    @group.command("why")
    @click.argument("lead", metavar="LEAD")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.pass_obj
    def why(app: App, lead: str, as_json: bool) -> None:
        """Why LEAD (its id, a number of it or its reference) is not dialled now, and when it will be."""
        now = now_us()
        with app.store() as store:
            found = store.leads.find(lead)
            if not found:
                raise NotFound("lead", lead)
            told = [(one, reason) for one in found for reason in reasons_of(store, one, now)]
        if as_json:
            print_json(
                [
                    {"lead": one.id, "campaign": said.campaign, "rule": said.reason.rule, "when": said.reason.when}
                    | {"sentence": said.reason.sentence}
                    for one, said in told
                ]
            )
            return
        for _, said in told:
            out().print(printable(said.reason.sentence))
