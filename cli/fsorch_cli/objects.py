"""The verbs ``add``, ``set`` and ``remove`` for the things of the centre: each writes the whole centre, with the same
checks and the same audit as ``fsorch apply``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from fsorch.config import Centre
from fsorch.errors import ConfigError
from fsorch.objects import KINDS, Change, closed, closed_after, find, list_things, opened, removed
from fsorch_cli.app import App
from fsorch_cli.assign import assign
from fsorch_cli.changing import change_centre
from fsorch_cli.console import print_json, print_table
from fsorch_cli.group import Group
from fsorch_cli.options import AS_JSON, DRY_RUN

__all__ = ["CHANGES", "add_list", "add_verbs", "with_added", "with_set"]

F = TypeVar("F", bound=Callable[..., Any])
CHANGES = click.argument("changes", nargs=-1, required=True, metavar="KEY=VALUE...")


def _override(kind: str) -> Callable[[F], F]:
    """Only flows are looked at by the linter."""
    told = "Publish it though the linter refuses; audited."
    return click.option("--override", default="", metavar="REASON", hidden=kind != "flow", help=told)


def add_verbs(group: Group, kind: str, make: str = "add") -> None:
    """Give the group of a kind of things its verbs; ``make``: the one for a new thing."""
    name = kind.upper()

    @group.command(make, help=f"Make a new {kind} with the id {name}, and set its keys.", no_args_is_help=False)
    @click.argument("id", metavar=name)
    @click.argument("changes", nargs=-1, metavar="[KEY=VALUE]...")
    @DRY_RUN
    @_override(kind)
    @AS_JSON
    @click.pass_obj
    def add(app: App, id: str, changes: tuple[str, ...], dry_run: bool, override: str, as_json: bool) -> None:
        change = with_added(kind, id, changes)
        change_centre(app, change, f"{kind}.{make}", dry_run=dry_run, as_json=as_json, override=override)

    @group.command(
        "set", help=f"Set keys of {name}: key=value, key.inner=value, list+=item, list-=item, key= (default)."
    )
    @click.argument("id", metavar=name)
    @CHANGES
    @DRY_RUN
    @_override(kind)
    @AS_JSON
    @click.pass_obj
    def set_(app: App, id: str, changes: tuple[str, ...], dry_run: bool, override: str, as_json: bool) -> None:
        change = with_set(kind, id, changes)
        change_centre(app, change, f"{kind}.set", dry_run=dry_run, as_json=as_json, override=override)

    @group.command("remove", help=f"Remove {name} from the centre; what is on record about it stays.")
    @click.argument("id", metavar=name)
    @DRY_RUN
    @AS_JSON
    @click.pass_obj
    def remove(app: App, id: str, dry_run: bool, as_json: bool) -> None:
        change_centre(app, _removed(kind, id), f"{kind}.remove", dry_run=dry_run, as_json=as_json)


def add_list(group: Group, kind: str) -> None:
    """Give the group of a kind of things that only the centre knows its list."""

    @group.command("list", help=f"Every {kind} of the centre, with what is not as it is by default.")
    @AS_JSON
    @click.pass_obj
    def show(app: App, as_json: bool) -> None:
        with app.store() as store:
            things = list_things(store.load_centre(), kind)
        if as_json:
            print_json(things)
            return
        rows = [(thing["id"], ", ".join(f"{key}: {thing[key]}" for key in thing if key != "id")) for thing in things]
        print_table((kind, "keys"), rows, empty=f"No {kind} yet; make one with: fsorch {kind} add ID KEY=VALUE")


def with_added(kind: str, id: str, changes: tuple[str, ...]) -> Change:
    """The change that makes a new thing. It raises ConfigError when there is one, or the centre does not stay sound."""

    def change(old: Centre) -> Centre:
        centre, things = opened(old, kind)
        if any(one["id"] == id for one in things):
            raise ConfigError(f"there is a {kind} {id!r} already; change it with: fsorch {kind} set {id} KEY=VALUE")
        thing = {"id": id}
        assign(thing, changes, KINDS[kind][1])
        things.append(thing)
        with _of_thing(kind, id, len(things) - 1):
            return closed(centre, kind)

    return change


def with_set(kind: str, id: str, changes: Sequence[str]) -> Change:
    """The change that sets keys of a thing. It raises NotFound, or ConfigError when the centre does not stay sound."""

    def change(old: Centre) -> Centre:
        centre, things = opened(old, kind)
        thing = find(things, kind, id)
        assign(thing, changes, KINDS[kind][1])
        with _of_thing(kind, id, things.index(thing)):
            return closed_after(old, centre, kind)

    return change


def _removed(kind: str, id: str) -> Change:
    """The change that takes a thing away. It raises NotFound, or ConfigError when something still names it."""

    def change(old: Centre) -> Centre:
        try:
            return removed(kind, id)(old)
        except ConfigError as error:
            told = str(error).removeprefix(f"this {kind}: ")
            raise ConfigError(f"the {kind} {id} cannot go, for it is still named: {told}") from None

    return change


@contextmanager
def _of_thing(kind: str, id: str, at: int) -> Iterator[None]:
    """A fault of the thing that is at this place of its list is told by its own name and keys, as they were typed."""
    try:
        yield
    except ConfigError as error:
        told = str(error).removeprefix(f"this {kind}: ")
        place = f"{KINDS[kind][0]}[{at}]"
        for long, short in ((f"$.{place}.", ""), (f" - at `$.{place}`", ""), (f"{place}.", ""), (f"{place}: ", "")):
            told = told.replace(long, short)
        raise ConfigError(f"{kind} {id}: {told}") from None
