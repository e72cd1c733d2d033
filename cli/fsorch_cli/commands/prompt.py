"""``fsorch prompt``: what callers hear, and the audio of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fsorch.config import Centre, decode
from fsorch.edge.prompt_audio import seconds
from fsorch.edge.prompt_files import ESPEAK, Maker, PromptFolder, Source, build
from fsorch.edge.prompt_texts import Wanted, wanted, with_trials
from fsorch.errors import ConfigError
from fsorch.plain import plain_centre
from fsorch.prompts import LANGUAGE
from fsorch.shipped import SHIPPED
from fsorch_cli.app import App
from fsorch_cli.changing import change_centre
from fsorch_cli.console import note, out, print_json, print_table, printable
from fsorch_cli.group import Group
from fsorch_cli.live import missing
from fsorch_cli.options import AS_JSON

if TYPE_CHECKING:
    from collections.abc import Sequence

PIECE = "say_"
WRONG = (Source.MISSING, Source.OUTDATED)
COLUMNS = ("prompt", "language", "audio", "seconds>", "text")


@click.group("prompt", cls=Group)
def command() -> None:
    """What callers hear: texts by language, and the audio that says them.

    The audio lies in the folder prompts of the home, in a folder for each language. Copy them into the folder fsorch of
    the switch's sounds, or let the key prompts_dir of the centre name the folder when the switch sees it."""


def _language(ctx: click.Context, _: click.Parameter, value: str | None) -> str:
    if value and not LANGUAGE.fullmatch(value):
        raise click.BadParameter(f"{value!r} is no language; write it like en, de or pt-br", ctx=ctx)
    return value or ""


INTO = click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Instead of the home's prompts."
)
ONE_LANGUAGE = click.option("--language", callback=_language, metavar="LANGUAGE", help="This language alone.")
NAME = click.argument("name")


@command.command("list")
@ONE_LANGUAGE
@INTO
@click.option("--pieces", is_flag=True, help="Numbers, letters, months and the like too.")
@AS_JSON
@click.pass_obj
def list_(app: App, language: str, into: Path | None, pieces: bool, as_json: bool) -> None:
    """Every prompt with its text and where its audio comes from."""
    folder, prompts = _folder(app, into), _prompts(app, language)
    if as_json:
        print_json([_row(folder, one) for one in prompts])
        return
    shown = [one for one in prompts if pieces or not one.name.startswith(PIECE)]
    rows = [tuple(_row(folder, one)[column.rstrip(">")] for column in COLUMNS) for one in shown]
    print_table(COLUMNS, [["" if value is None else value for value in row] for row in rows], empty="No prompts.")
    if len(shown) < len(prompts):
        rest = Counter(folder.source(one).value for one in prompts if one.name.startswith(PIECE))
        told = ", ".join(f"{count} {source}" for source, count in sorted(rest.items()))
        note(f"and the pieces that values are spoken with: {told} (see them with --pieces)")


@command.command("check")
@ONE_LANGUAGE
@INTO
@AS_JSON
@click.pass_obj
def check(app: App, language: str, into: Path | None, as_json: bool) -> int:
    """What has no audio, or audio that says something else. Ends with 1 when there is any."""
    folder, prompts = _folder(app, into), _prompts(app, language)
    wrong = [one for one in prompts if folder.source(one) in WRONG]
    if as_json:
        print_json([_row(folder, one) for one in wrong])
    for one in () if as_json else wrong:
        said = f"says something else than {one.text!r}" if folder.source(one) is Source.OUTDATED else "has no audio"
        out().print(printable(f"{one.language}/{one.name} {said}"))
    if not as_json:
        out().print(_verdict(folder, prompts, wrong))
    return 1 if wrong else 0


def _verdict(folder: PromptFolder, prompts: Sequence[Wanted], wrong: Sequence[Wanted]) -> str:
    if not wrong:
        return f"all {len(prompts)} are there"
    uploaded = [one for one in wrong if folder.uploaded(one)]
    mend = f"fsorch prompt build makes {len(wrong) - len(uploaded)} of them" if len(uploaded) < len(wrong) else ""
    again = f"record anew: {', '.join(one.name for one in uploaded[:5])}" if uploaded else ""
    return printable(
        f"{len(wrong)} of {len(prompts)} are missing or outdated; " + "; ".join(filter(None, (mend, again)))
    )


@command.command("build")
@ONE_LANGUAGE
@INTO
@click.option(
    "--rate", type=click.Choice(["8000", "16000"]), default="8000", show_default=True, help="Of the files, Hz."
)
@click.option("--voice", default="", help="The synthesiser's voice; else the language's.")
@click.option(
    "--command",
    "words",
    default=ESPEAK,
    metavar="'CMD ...'",
    help="A synthesiser of your choice; {text}, {voice}, {file} and {rate} are filled in. No shell reads it.",
)
@click.option("--only", default="", metavar="NAME", help="This prompt alone.")
@click.pass_obj
def build_(app: App, language: str, into: Path | None, rate: str, voice: str, words: str, only: str) -> None:
    """Make the audio that is missing, or was made of another text or in another way.

    espeak-ng speaks, or CMD: without {text} it gets the text on standard input, without {file} it writes a WAV to
    standard output. What somebody uploaded stays as it is."""
    folder, prompts = _folder(app, into), _only(_prompts(app, language), only)
    made = [one.name for one in build(folder, prompts, Maker(words, int(rate), voice))]
    kept = [one for one in prompts if folder.uploaded(one) and folder.source(one) is Source.OUTDATED]
    if kept:
        note(f"uploaded, and its text is another by now: {', '.join(sorted({one.name for one in kept})[:5])}")
    out().print(printable(f"{len(made)} made, {len(prompts) - len(made)} as they were, in {folder.folder}"))


@command.command("add")
@NAME
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False)
@click.option("--language", callback=_language, required=True, metavar="LANGUAGE", help="The language it is in.")
@click.option("--text", default="", help="What it says; the centre gets it.")
@INTO
@click.pass_obj
def add(app: App, name: str, file: Path | None, language: str, text: str, into: Path | None) -> None:
    """Give the prompt NAME the recording FILE (WAV, 8000 or 16000 Hz, 16 bit, mono), a text, or both."""
    if not text and file is None:
        raise ConfigError("there is nothing to add; give a file, or what the prompt says with --text")
    if text:
        change_centre(app, _with_text(name, language, text), "prompt.add")
    if file is not None:
        folder, one = _folder(app, into), _uploadable(_spoken(app, language), name, language)
        folder.upload(one, file)
        out().print(printable(f"{folder.path(language, one.name)} is {file}"))


@command.command("remove")
@NAME
@ONE_LANGUAGE
@INTO
@click.pass_obj
def remove(app: App, name: str, language: str, into: Path | None) -> None:
    """Take the audio of the prompt NAME away, and what the centre says of it."""
    folder, prompts = _folder(app, into), _only(_prompts(app, language), name)
    gone = [f"{one.language}/{one.name}" for one in prompts if folder.remove(one.language, one.name)]
    if name in _centre(app).prompts:
        change_centre(app, _without(name, language), "prompt.remove")
    out().print(printable(f"removed: {', '.join(gone) or 'no audio'}"))


def _centre(app: App) -> Centre:
    """The installation's; an empty one where there is no installation: fsorch's own prompts need none."""
    if not app.has_settings():
        return Centre()
    with app.store() as store:
        return with_trials(*store.load_released())


def _prompts(app: App, language: str) -> list[Wanted]:
    """Those of ``language``, or of all the centre's. Raises NotFound for one in which nobody has a word: "all 0 are
    there" would be no answer."""
    found = _spoken(app, language)
    if language and not found:
        raise missing("language of prompts", language, {*SHIPPED, *(one.language for one in _spoken(app, ""))})
    return found


def _spoken(app: App, language: str) -> list[Wanted]:
    return wanted(_centre(app), languages=(language,) if language else ())


def _folder(app: App, into: Path | None) -> PromptFolder:
    return PromptFolder(into if into is not None else Path(app.settings().home) / "prompts")


def _row(folder: PromptFolder, one: Wanted) -> dict[str, Any]:
    source = folder.source(one)
    length = seconds(folder.path(one.language, one.name)) if not one.path else None
    return {
        "prompt": one.name,
        "language": one.language,
        "audio": source.value,
        "seconds": round(length, 1) if length is not None else None,
        "text": one.text or one.path,
        "file": one.path or str(folder.path(one.language, one.name)),
    }


def _only(prompts: list[Wanted], name: str) -> list[Wanted]:
    chosen = [one for one in prompts if not name or name in (one.name, one.prompt)]
    if not chosen:
        raise missing("prompt", name, {one.name for one in prompts})
    return chosen


def _uploadable(prompts: list[Wanted], name: str, language: str) -> Wanted:
    """The one file that a recording can be for."""
    chosen = [one for one in prompts if one.name == name]
    parts = [one.name for one in prompts if one.prompt == name != one.name]
    if not chosen and parts:
        raise ConfigError(f"{name} says a value, so it is several files; record {', '.join(parts)}")
    if not chosen:
        raise ConfigError(f"there is no prompt {name!r} in {language}; say what it says with --text")
    if chosen[0].path:
        raise ConfigError(f"the centre says that {name} is {chosen[0].path} on the switch; change it there")
    return chosen[0]


def _with_text(name: str, language: str, text: str) -> Callable[[Centre], Centre]:
    def change(old: Centre) -> Centre:
        centre = plain_centre(old)
        prompts = centre.setdefault("prompts", {})
        prompt = prompts.get(name, {})
        if isinstance(prompt, str):
            raise ConfigError(
                f"the centre says that {name} is {prompt} on the switch in every language; remove it first"
            )
        prompts[name] = {**prompt, "text": {**prompt.get("text", {}), language: text}}
        return decode(centre, Centre, where="this prompt")

    return change


def _without(name: str, language: str) -> Callable[[Centre], Centre]:
    def change(old: Centre) -> Centre:
        centre = plain_centre(old)
        prompt = centre["prompts"].pop(name)
        if language and not isinstance(prompt, str):
            rest = {key: {one: value for one, value in by.items() if one != language} for key, by in prompt.items()}
            if any(rest.values()):
                centre["prompts"][name] = rest
        return decode(centre, Centre, where="this prompt")

    return change
