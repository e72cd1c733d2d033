"""``fsorch skill``: who can do what, and which queues ask for it."""

from __future__ import annotations

from typing import Any

import click

from fsorch.config import Centre
from fsorch.objects import Change, SkillBody, list_things, put, removed
from fsorch_cli.app import App
from fsorch_cli.assign import assign
from fsorch_cli.changing import change_centre
from fsorch_cli.console import print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.options import AS_JSON, DRY_RUN


@click.group("skill", cls=Group)
def command() -> None:
    """Who can do what, and which queues ask for it; levels are 1-5."""


@command.command("list")
@AS_JSON
@click.pass_obj
def show(app: App, as_json: bool) -> None:
    """Every skill, with the agents who have it and the queues that ask for it."""
    with app.store() as store:
        skills = list_things(store.load_centre(), "skill")
    if as_json:
        print_json(skills)
        return
    rows = [(printable(skill["id"]), _levels(skill["agents"]), _asked(skill)) for skill in skills]
    empty = "Nobody has a skill yet; give one with: fsorch agent skill AGENT SKILL=LEVEL"
    print_table(("skill", "agents", "queues"), rows, empty=empty)


@command.command("set")
@click.argument("skill")
@click.argument("changes", nargs=-1, metavar="[KEY=VALUE]...")
@DRY_RUN
@AS_JSON
@click.pass_obj
def set_(app: App, skill: str, changes: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Give SKILL to agents and queues: agents.ann=3 queues.sales=2; agents.ann= takes it away. Without any, the centre
    lists it, so that expressions may name it."""
    change_centre(app, _with_levels(skill, changes), "skill.set", dry_run=dry_run, as_json=as_json)


@command.command("remove")
@click.argument("skill")
@DRY_RUN
@AS_JSON
@click.pass_obj
def remove(app: App, skill: str, dry_run: bool, as_json: bool) -> None:
    """Nobody has SKILL any more, and no queue asks for it."""
    change_centre(app, removed("skill", skill), "skill.remove", dry_run=dry_run, as_json=as_json)


def _with_levels(skill: str, changes: tuple[str, ...]) -> Change:
    """The change that sets levels of a skill, which need not be there yet."""

    def change(old: Centre) -> Centre:
        known = (one for one in list_things(old, "skill") if one["id"] == skill)
        thing = next(known, {"id": skill, "agents": {}, "queues": {}})
        assign(thing, changes, SkillBody)
        return put("skill", skill, thing)(old)

    return change


def _asked(skill: dict[str, Any]) -> str:
    """The queues with the level they ask for, and those that name it in an expression."""
    named = [f"{printable(id)} (in: {printable(text)})" for id, text in skill.get("expressions", {}).items()]
    return ", ".join(filter(None, [_levels(skill["queues"]), *named]))


def _levels(levels: dict[str, int]) -> str:
    return ", ".join(f"{printable(id)} {level}" for id, level in levels.items())
