"""``fsorch gateway``: the ways outside, and who dials by them."""

from __future__ import annotations

import click

from fsorch.config import Centre
from fsorch.gateways import GatewaySpec, dialled
from fsorch.plain import plain
from fsorch_cli.app import App
from fsorch_cli.console import print_json, print_table
from fsorch_cli.group import Group
from fsorch_cli.leads import number_of
from fsorch_cli.live import find
from fsorch_cli.objects import add_verbs
from fsorch_cli.options import AS_JSON


@click.group("gateway", cls=Group)
def command() -> None:
    """Gateways: how campaigns, and callbacks, dial numbers outside."""


add_verbs(command, "gateway")


@command.command("list")
@AS_JSON
@click.pass_obj
def list_gateways(app: App, as_json: bool) -> None:
    """Every gateway with its limits, and the campaigns that dial by it."""
    with app.store() as store:
        centre = store.load_centre()
    if as_json:
        print_json([{"gateway": plain(one), "campaigns": campaigns_of(centre, one)} for one in centre.gateways])
        return
    print_table(
        ("gateway", "title", "dial", "group", "switch", "lines>", "a second>", "campaigns"),
        [
            (
                *(one.id, one.title, one.dial, one.group, one.switch or "any", one.lines or "any"),
                *(f"{one.cps:g}" if one.cps else "any", ", ".join(campaigns_of(centre, one))),
            )
            for one in centre.gateways
        ],
        empty="No gateway yet; make one with: fsorch gateway add ID dial=sofia/gateway/NAME/{number}",
    )


@command.command("show")
@click.argument("gateway", metavar="GATEWAY")
@click.option("--number", default="", help="Also how this number would be dialled.")
@AS_JSON
@click.pass_obj
def show(app: App, gateway: str, number: str, as_json: bool) -> None:
    """All about GATEWAY: its keys, the campaigns that dial by it, and how it writes a number."""
    with app.store() as store:
        centre = store.load_centre()
    one = find("gateway", gateway, centre.gateways)
    written = one.dial.replace("{number}", dialled(one, number_of(number))) if number else ""
    if as_json:
        print_json({"gateway": plain(one), "campaigns": campaigns_of(centre, one), "dialled": written})
        return
    rules = [f"{rule.prefix or 'any number'} → {rule.put}{_length(rule.length)}" for rule in one.translate]
    rows = [(key, value) for key, value in plain(one).items() if key != "translate"]
    rows += [("translate", rule) for rule in rules]
    rows += [("campaigns", ", ".join(campaigns_of(centre, one)) or "none")]
    print_table(("", ""), [*rows, *([(number, written)] if written else [])], empty="")


def campaigns_of(centre: Centre, gateway: GatewaySpec) -> list[str]:
    """The campaigns that name a gateway or its group."""
    names = {gateway.id, gateway.group} - {""}
    return [spec.id for spec in centre.campaigns if names & set(spec.gateways)]


def _length(length: int) -> str:
    return f" (of {length} digits)" if length else ""
