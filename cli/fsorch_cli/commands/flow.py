"""``fsorch flow``: what callers hear before a queue, or instead of one."""

from __future__ import annotations

from pathlib import Path

import click

from fsorch.config import Centre, decode, world_of
from fsorch.edge.settings import read_yaml
from fsorch.errors import ConfigError
from fsorch.flow_checks import check_flow
from fsorch.flow_examples import EXAMPLES, KEYS, example_files
from fsorch.flow_limits import FlowLimits
from fsorch.flow_names import known_names
from fsorch.flows import FlowSpec
from fsorch.ivr.lint import lint, seconds_of
from fsorch.ivr.picture import draw
from fsorch.ivr.rehearsal import HANG_UP, Stage, What, parse_keys, rehearse
from fsorch.objects import list_things
from fsorch.store.flow_stats import FlowFigures, NodeFigures
from fsorch_cli.app import App
from fsorch_cli.console import note, out, print_json, print_table, printable
from fsorch_cli.filters import Moment, check_span
from fsorch_cli.flow_files import Surroundings, flows_of, one_flow, prompts_around, surroundings, words_of
from fsorch_cli.flow_versions import add_versions
from fsorch_cli.flow_walks import caller_of, check_script, moment_of, print_walk, read_script, records_of
from fsorch_cli.group import Group
from fsorch_cli.live import missing, now_us
from fsorch_cli.objects import add_verbs
from fsorch_cli.options import AS_JSON
from fsorch_cli.templates import write_files

TARGET = click.argument("target", metavar="FILE|FLOW")
CENTRE = click.option(
    "--centre",
    "centre_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The centre file it is for; else the installation's centre, if there is one.",
)


@click.group("flow", cls=Group)
def command() -> None:
    """What callers hear before a queue, or instead of one: checked, drawn, tried, published.

    FILE holds one flow; see docs/flows.md, or begin with: fsorch flow example shop"""


add_verbs(command, "flow")
add_versions(command)


@command.command("list")
@AS_JSON
@click.pass_obj
def list_(app: App, as_json: bool) -> None:
    """Every flow in force; with --json all that is in it."""
    with app.store() as store:
        centre = store.load_centre()
    if as_json:
        print_json(list_things(centre, "flow"))
        return
    rows = [
        (flow.id, flow.title, ", ".join(flow.languages), len(flow.nodes), flow.person, flow.calendar)
        for flow in centre.flows
    ]
    columns = ("flow", "title", "languages", "nodes>", "person", "calendar")
    print_table(columns, rows, empty="No flow yet; begin with: fsorch flow example")


@command.command("lint")
@click.argument("targets", metavar="FILE|FLOW...", nargs=-1, required=True)
@CENTRE
@click.option(
    "--limits", "limits_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Other limits than the centre's flow_limits: a YAML file of its keys.",
)  # fmt: skip
@AS_JSON
@click.pass_obj
def lint_(app: App, targets: tuple[str, ...], centre_file: Path | None, limits_file: Path | None, as_json: bool) -> int:
    """What is wrong with flows, or bad for callers: node, shortest way there, rule. Ends with 1 when there is any.

    Flows that call one another are given together. A centre file stands for all flows in it."""
    around = surroundings(app, centre_file or _only_centre(targets))
    flows = flows_of(targets, around)
    limits = _limits(around, limits_file)
    world = around.world(flows)
    findings = [finding for flow in flows for finding in lint(flow, world, limits)]
    if as_json:
        print_json(findings)
        return 1 if findings else 0
    for finding in findings:
        out().print(printable(finding))
    if around.centre is None:
        note("no centre is known here, so the names of queues, calendars and prompts were not checked (see --centre)")
    if findings:
        out().print(f"{len(findings)} finding{'s' if len(findings) > 1 else ''} in {_counted(flows)}")
        return 1
    out().print(f"nothing against {_counted(flows)}")
    return 0


def _only_centre(targets: tuple[str, ...]) -> Path | None:
    """A centre file that is looked at is what its flows are for."""
    paths = [path for path in map(Path, targets) if path.is_file()]
    if len(targets) != 1 or not paths:
        return None
    data = read_yaml(paths[0])
    return paths[0] if "flows" in data and "nodes" not in data else None


def _limits(around: Surroundings, file: Path | None) -> FlowLimits:
    if file is not None:
        return decode(read_yaml(file), FlowLimits, where=str(file))
    return around.centre.flow_limits if around.centre is not None else FlowLimits()


def _counted(flows: list[FlowSpec]) -> str:
    return printable(flows[0].id) if len(flows) == 1 else f"{len(flows)} flows"


@command.command("draw")
@TARGET
@click.option(
    "-o", "--out", "file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.svg",
    help="Write it there; else to standard output.",
)  # fmt: skip
@click.pass_obj
def draw_(app: App, target: str, file: Path | None) -> None:
    """A picture (SVG) of a flow, its nodes from the top down and its ways with their keys."""
    around = surroundings(app, None)
    picture = draw(one_flow(target, around), world_of(around.centre or Centre()).prompts)
    if file is None:
        click.echo(picture, nl=False)
        return
    try:
        file.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written ({error.strerror}); check its folder") from None
    out().print(printable(f"drew {file}"))


@command.command("test")
@TARGET
@click.option("--keys", default="", metavar="'2,1234#,0'", help=f"An entry for each question; {HANG_UP} rings off.")
@click.option(
    "--answers", "answers_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="YAML: what look-ups answer, by node, and values such as customer.known.",
)  # fmt: skip
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="As values of --answers.")
@click.option("--number", default="", help="The caller's number; may be one of a customer.")
@click.option("--language", default="", help="The caller's language, if it is known.")
@click.option("--at", type=Moment(), default=None, metavar="TIME", help="By the centre's hours; else all is open.")
@CENTRE
@AS_JSON
@click.pass_obj
def test_(
    app: App,
    target: str,
    keys: str,
    answers_file: Path | None,
    values: tuple[str, ...],
    number: str,
    language: str,
    at: int | None,
    centre_file: Path | None,
    as_json: bool,
) -> int:
    """Walk through a flow as a caller with these KEYS, and print what they would hear. Nothing rings.

    An empty entry is silence, and so is everything after the last. Who rings from --number, and what look-ups of the
    centre's own records answer, is as the installation has it, if there is one; other look-ups fail where --answers has
    none. Ends with 1 when the flow ran into trouble."""
    around = surroundings(app, centre_file)
    flow = one_flow(target, around)
    world = around.world((flow,))
    check_flow(flow, world, target)
    script = read_script(answers_file, values, number)
    flows = {**around.flows, flow.id: flow}
    check_script(flow, flows, script, known_names(flow, world))
    known = moment_of(around, at, flow.tenant) | caller_of(app, centre_file, number, flow.tenant) | script.values
    stage = Stage(known, prompts_around(around.centre))
    if flow.on_closed is not None and stage.value(f"calendar.{flow.calendar}.open") is False:
        out().print(printable(f"{flow.calendar} is closed then, so callers do not enter it"))
        return 0
    if language and language not in flow.languages:
        note(f"{flow.id} does not speak {language}, so its callers hear {flow.languages[0]}")
    pace = _limits(around, None).characters_per_s
    with records_of(app, centre_file) as own:
        walked = rehearse(
            flow,
            parse_keys(keys),
            script,
            stage,
            flows=flows,
            language=language,
            words=words_of(around.centre, (flow,)),
            seconds=lambda text: seconds_of(text, pace),
            own=own,
        )
    if as_json:
        print_json([*walked.lines, walked])
    else:
        print_walk(walked)
    return 1 if any(line.what is What.TROUBLE for line in walked.lines) else 0


@command.command("stats")
@click.argument("flow")
@click.option("--since", type=Moment(), default="7d", show_default=True, metavar="TIME", help="From then on.")
@click.option("--until", type=Moment(), default=0, metavar="TIME", help="Until then.")
@click.option("--version", type=click.IntRange(min=1), default=None, help="Of this version alone.")
@AS_JSON
@click.pass_obj
def stats(app: App, flow: str, since: int, until: int, version: int | None, as_json: bool) -> None:
    """What callers did in FLOW: per node who came, left, was silent, keyed amiss or rang off; and how it ended.

    Contained are those whom the flow served to a stated end, of all who are out again. Who asked for a person pressed
    a key that leads to one."""
    with app.store() as store:
        check_span(since, until or now_us())
        figures = store.flow_figures(flow, since=since, until=until, version=version or 0)
    if as_json:
        print_json(figures)
        return
    if not figures.entered and not any(node.entered for node in figures.nodes.values()):
        out().print(printable(f"nobody was in {flow} in this time"))
        return
    out().print(printable(_summary(figures)))
    rows = [
        (name, one.entered, one.keyed, one.silent, one.wrong, one.trouble, one.rang_off, _exits(one.exits))
        for name, one in figures.nodes.items()
        if one != NodeFigures()
    ]
    print_table(NODE_COLUMNS, rows, empty="")
    if len(rows) < len(figures.nodes):
        note(f"nobody came to the other {len(figures.nodes) - len(rows)} nodes")


NODE_COLUMNS = ("node", "entered>", "keyed>", "silent>", "wrong>", "trouble>", "rang off>", "left by")


def _exits(exits: dict[str, int]) -> str:
    return ", ".join(f"{way} {count}" for way, count in sorted(exits.items(), key=lambda one: -one[1]))


def _summary(figures: FlowFigures) -> str:
    """How it ended, in a line; what did not happen is left out."""
    share = "" if figures.containment is None else f" (containment {figures.containment:.0%})"
    told = [
        (figures.served, f"{figures.served} served by the flow{share}"),
        (figures.person, f"{figures.person} to the person, {figures.asked_person} of them asked for one by a key"),
        (figures.rang_again, f"{figures.rang_again} rang again and went to the person at once"),
        (figures.queue, f"{figures.queue} to a queue"),
        (figures.callback, f"{figures.callback} promised a call"),
        (figures.voicemail, f"{figures.voicemail} left a message"),
        (figures.number, f"{figures.number} put through"),
        (figures.rang_off, f"{figures.rang_off} rang off in the flow"),
        (figures.trouble, f"{figures.trouble} ran into trouble"),
        (figures.lost, f"{figures.lost} lost"),
        (figures.inside, f"{figures.inside} still inside"),
    ]
    versions = f" (by version: {', '.join(f'{one} {count}' for one, count in figures.versions.items())})"
    entered = f"{figures.entered} entered{versions if len(figures.versions) > 1 else ''}"
    return "; ".join([entered, *(text for count, text in told if count)])


@command.command("example")
@click.argument("name", required=False)
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), default=".", metavar="DIR", help="Write there."
)
@click.option("--print", "printed", is_flag=True, help="Print the flow instead.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@AS_JSON
def example(name: str | None, into: Path, printed: bool, force: bool, as_json: bool) -> None:
    """Write the example NAME: the flow, a centre to go with it, and answers to try it with. Without NAME: which."""
    if name is None:
        if as_json:
            print_json([{"id": id, "title": title} for id, title in EXAMPLES.items()])
        else:
            print_table(("example", "what it is"), list(EXAMPLES.items()), empty="")
        return
    if name not in EXAMPLES:
        raise missing("example", name, EXAMPLES)
    files = example_files(name)
    if printed:
        click.echo(files[f"{name}.yaml"], nl=False)
        return
    write_files(files, into, force=force)
    if as_json:
        print_json({"id": name, "files": [str(into / file) for file in files]})
        return
    flow, centre, answers = (printable(into / file) for file in files)
    out().print(f"wrote {flow}, {centre} and {answers}\n\nNext:")
    out().print(f"  fsorch flow lint {flow} --centre {centre}")
    out().print(f"  fsorch flow draw {flow} -o {name}.svg")
    out().print(f"  fsorch flow test {flow} --centre {centre} --answers {answers} --keys '{KEYS[name]}'")
    out().print(f"  fsorch apply {centre}      # it becomes the whole centre; or take what you need into yours")
    out().print("  fsorch prompt build        # the audio, where espeak-ng is installed")
