"""The configuration changed from the command line: by the one path there is, put into force, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fsorch.comparing import Change
from fsorch.config import Centre, known_skills
from fsorch.edge.prompt_files import PromptFolder, unbuilt
from fsorch.errors import ConfigError, NotRunning
from fsorch.nearest import near
from fsorch.store import changing
from fsorch.store.linting import FlowRefused
from fsorch_cli.app import App
from fsorch_cli.console import note, out, print_json, printable
from fsorch_cli.live import asked_by

__all__ = ["change_centre", "linted", "print_changes", "reload", "tell_changed"]

# So many messages that are to be made are named.
TOLD = 5
# What changes them, as changes are told.
SPOKEN = ("campaign", "prompt", "language", "speech")
STYLES = {"+": "green", "-": "red", "~": "yellow"}


def change_centre(
    app: App,
    change: Callable[[Centre], Centre],
    act: str = "centre.save",
    *,
    dry_run: bool = False,
    as_json: bool = False,
    override: str = "",
) -> None:
    """Make what ``change`` makes of the centre the configuration, audited as ``act``, and say what has come of it.

    Raises ConfigError, and then nothing has changed."""
    with app.store() as store, linted():
        known = known_skills(store.load_centre())
        changed = changing.change_centre(store, change, asked_by(), act=act, dry_run=dry_run, override=override)
        without = [user.login for user in store.users() if not user.has_password]
        added = sorted(known_skills(store.load_centre()) - known)
    tell_changed(app, changed, dry_run=dry_run, as_json=as_json)
    spoken = any(change.what.startswith(SPOKEN) for change in changed.changes)
    if spoken and not dry_run and not as_json:
        _tell_unbuilt(app)
    for skill in added:
        if known and (hint := near(skill, known, few=0)):
            note(f"{skill!r} is a new skill{hint}")
    if without and not dry_run:
        note(f"no password yet: {', '.join(without)}; give one with: fsorch user passwd {without[0]}")


def _tell_unbuilt(app: App) -> None:
    """Which messages of campaigns have no audio that says what they say now."""
    try:
        with app.store() as store:
            missing = unbuilt(PromptFolder(Path(app.settings().home) / "prompts"), store.load_centre())
    except ConfigError as error:
        # The change is made all the same.
        note(printable(str(error)))
        return
    told = dict.fromkeys(f"{spec.id}: {what} ({one.language})" for spec, what, one in missing)
    if told:
        more = f" and {len(told) - TOLD} more" if len(told) > TOLD else ""
        note(printable(f"to be made with fsorch prompt build: {', '.join(list(told)[:TOLD])}{more}"))


@contextmanager
def linted() -> Iterator[None]:
    """Every finding of the linter that refuses stands on a line of its own, before the error."""
    try:
        yield
    except FlowRefused as refused:
        for finding in refused.findings:
            note(str(finding))
        raise


def tell_changed(app: App, changed: changing.Changed, *, dry_run: bool = False, as_json: bool = False) -> None:
    """Say what has come of a change; a running fsorch follows at once."""
    if as_json:
        print_json(changed)
        if changed.applied:
            reload(app)
    else:
        print_changes(changed.changes)
        out().print(_verdict(app, changed, dry_run=dry_run))


def print_changes(changes: Sequence[Change]) -> None:
    """One line for each change."""
    for change in changes:
        detail = f": {change.detail}" if change.detail else ""
        out().print(f"{change.sign} {printable(change.what)}{printable(detail)}", style=STYLES[change.sign])


def _verdict(app: App, changed: changing.Changed, *, dry_run: bool) -> str:
    """What has come of it, in a sentence."""
    if not changed.changes:
        return "nothing to change"
    count = f"{len(changed.changes)} change" + ("s" if len(changed.changes) > 1 else "")
    if dry_run:
        return f"{count}, not applied (--dry-run)"
    when = ", in force now" if reload(app) else "; in force when fsorch runs"
    return f"{count} applied as revision {changed.revision}{when}"


def reload(app: App) -> bool:
    """Tell a running fsorch to look at once; False when none runs."""
    try:
        with app.client() as client:
            client.call("reload", dict)
    except NotRunning:
        return False
    return True
