"""The verbs of ``fsorch flow`` that put versions in force, take them back, and share calls among them."""

from __future__ import annotations

from pathlib import Path

import click

from fsorch.edge.prompt_files import PromptFolder, Source
from fsorch.edge.prompt_texts import wanted, with_trials
from fsorch.edge.settings import read_flow
from fsorch.flows import FlowSpec, prompt_file
from fsorch.ivr.lint import lint
from fsorch.plain import plain
from fsorch.store.flows import FlowVersion
from fsorch.store.publishing import publish_flow, publish_version, roll_back, share_calls
from fsorch_cli.app import App
from fsorch_cli.centre_file import yaml_text
from fsorch_cli.changing import linted, reload, tell_changed
from fsorch_cli.console import note, out, print_json, print_table, printable
from fsorch_cli.flow_files import surroundings
from fsorch_cli.group import Group
from fsorch_cli.live import asked_by, find, local_time
from fsorch_cli.options import AS_JSON, DRY_RUN

__all__ = ["Share", "add_versions"]

OVERRIDE = click.option(
    "--override", default="", metavar="REASON", help="Why it may answer calls against the linter; audited."
)
VERSION = click.IntRange(min=1)
COLUMNS = ("version>", "state", "calls>", "made", "by", "published", "by", "reason")


class Share(click.ParamType[float]):
    """A share of the calls: 20%, or 0.2."""

    name = "share"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """From 0 to 1."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(f"{text!r} is no share; use 20%, 0.2, or 0 for no calls", param, ctx)
        return share


def add_versions(group: Group) -> None:
    """Give the group these verbs."""
    for verb in (publish, draft, versions, show, rollback, share):
        group.add_command(verb)


@click.command("publish")
@click.argument("target", metavar="FILE|FLOW")
@click.option("--version", type=VERSION, default=None, help="A version of FLOW that is there already, a draft say.")
@OVERRIDE
@DRY_RUN
@AS_JSON
@click.pass_obj
def publish(app: App, target: str, version: int | None, override: str, dry_run: bool, as_json: bool) -> None:
    """Put the flow in FILE in force, or a version of FLOW: callers enter it from now on.

    The linter must have nothing against it. Calls in progress finish on the version they began."""
    spec = read_flow(Path(target)) if version is None else None
    with app.store() as store, linted():
        if version is not None:
            done = publish_version(store, target, version, asked_by(), override=override, dry_run=dry_run)
        elif spec is not None:
            done = publish_flow(store, spec, asked_by(), override=override, dry_run=dry_run)
    tell_changed(app, done, dry_run=dry_run, as_json=as_json)
    if done.applied:
        _tell_audio(app, spec.id if spec is not None else target)


def _tell_audio(app: App, flow: str) -> None:
    """Where there is a folder of audio, what in it does not say what callers of the flow are to hear now."""
    home = Path(app.settings().home)
    if not (home / "prompts").is_dir():
        return
    folder = PromptFolder(home / "prompts")
    with app.store() as store:
        heard = [
            one for one in wanted(with_trials(*store.load_released())) if one.prompt.startswith(prompt_file(flow, ""))
        ]
    wrong = [one.name for one in heard if folder.source(one) in (Source.MISSING, Source.OUTDATED)]
    if wrong:
        named = ", ".join(wrong[:3]) + (" and others" if len(wrong) > 3 else "")
        note(f"no audio says it yet, so build or record it: {named}; fsorch prompt build")


@click.command("draft")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@AS_JSON
@click.pass_obj
def draft(app: App, file: Path, as_json: bool) -> None:
    """Keep the flow in FILE as a version that answers no calls yet. It may have faults."""
    spec = read_flow(file)
    around = surroundings(app, None)
    with app.store() as store:
        number = store.add_flow_draft(spec, by=asked_by())
        limits = store.load_centre().flow_limits
        state = next(one.state for one in store.flow_versions(spec.id) if one.version == number)
    findings = lint(spec, around.world((spec,)), limits)
    for finding in findings:
        note(str(finding))
    if as_json:
        print_json({"flow": spec.id, "version": number, "state": state, "findings": findings})
        return
    told = "a draft" if state == "draft" else f"there already, {state.replace('_', ' ')}"
    following = "" if state != "draft" else f"; publish it with: fsorch flow publish {spec.id} --version {number}"
    out().print(printable(f"version {number} of {spec.id} is {told}{following}"))


@click.command("versions")
@click.argument("flow")
@AS_JSON
@click.pass_obj
def versions(app: App, flow: str, as_json: bool) -> None:
    """Every version of FLOW, the newest first: which is in force, and who published it."""
    with app.store() as store:
        found = store.flow_versions(flow)
    if as_json:
        print_json(found)
        return
    print_table(COLUMNS, [_row(one) for one in found], empty="")
    for one in found:
        if one.fault:
            note(f"version {one.version} cannot answer calls in the centre as it is: {one.fault}")


def _row(one: FlowVersion) -> tuple[object, ...]:
    state = "in force" if one.in_force else {"published": "before"}.get(one.state, one.state.replace("_", " "))
    published = (local_time(one.published_at), one.published_by) if one.published_at else ("", "")
    calls = f"{one.share:.0%}" if one.share else ""
    return (one.version, state, calls, local_time(one.made_at), one.made_by, *published, one.reason)


@click.command("show")
@click.argument("flow")
@click.option("--version", type=VERSION, default=None, help="This one; else the one in force.")
@AS_JSON
@click.pass_obj
def show(app: App, flow: str, version: int | None, as_json: bool) -> None:
    """FLOW as a file: change it, then: fsorch flow publish FILE. Comments are not kept, nor what is by default."""
    with app.store() as store:
        spec = (
            store.flow_version(flow, version) if version is not None else find("flow", flow, store.load_centre().flows)
        )
    if as_json:
        print_json(plain(spec))
    else:
        click.echo(yaml_text(plain(spec)), nl=False)


@click.command("rollback")
@click.argument("flow")
@click.option("--to", type=VERSION, default=None, metavar="VERSION", help="This one; else the one before.")
@DRY_RUN
@AS_JSON
@click.pass_obj
def rollback(app: App, flow: str, to: int | None, dry_run: bool, as_json: bool) -> None:
    """Go back to the version of FLOW that was in force before."""
    with app.store() as store:
        version, done = roll_back(store, flow, asked_by(), to=to or 0, dry_run=dry_run)
    tell_changed(app, done, dry_run=dry_run, as_json=as_json)
    if done.applied:
        _tell_audio(app, flow)
    if not as_json:
        again = "would be" if dry_run else "is"
        out().print(printable(f"version {version.version} of {flow} {again} in force again"))


def _differ(one: FlowSpec, other: FlowSpec, prompt: str) -> bool:
    return one.prompt(prompt) != other.prompt(prompt)


@click.command("share")
@click.argument("flow")
@click.argument("version", type=VERSION)
@click.argument("share", type=Share())
@OVERRIDE
@AS_JSON
@click.pass_obj
def share(app: App, flow: str, version: int, share: float, override: str, as_json: bool) -> None:
    """Let VERSION of FLOW, a draft or an older one, have a SHARE of its calls: 20%, 0.2, or 0 for none.

    The version in force gets the others. Publishing a version, or going back, ends all shares."""
    with app.store() as store, linted():
        revision = share_calls(store, flow, version, share, asked_by(), override=override)
        found = store.flow_versions(flow)
        spec = store.flow_version(flow, version)
        shared = [one for one in store.load_centre().flows if one.id == flow and share > 0]
    running = reload(app)
    same = {name for one in shared for name in spec.prompts.keys() & one.prompts.keys() if _differ(spec, one, name)}
    if share:
        _tell_audio(app, flow)
    if same:
        note(
            "these prompts say something else in the version in force, under the same name, and its audio is heard in"
            f" both: {', '.join(sorted(same))}; give them names of their own"
        )
    if as_json:
        print_json({"flow": flow, "revision": revision, "shares": {one.version: one.share for one in found}})
        return
    told = ", ".join(f"version {one.version} {one.share:.0%}" for one in found if one.share)
    out().print(printable(f"of the calls to {flow}: {told}{', from now on' if running else '; when fsorch runs'}"))
