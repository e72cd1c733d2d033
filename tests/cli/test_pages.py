"""Every command line in our pages is one that there is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from check_docs import CODE, FENCE, PAGES
from fsorch_cli.main import cli
from tests.floors import ROOT

# In a block of a shell, and in code within a sentence.
TYPED = re.compile(r"(?:\$ |# )?(?:sudo -u \S+ )?(?:\.venv/bin/)?fsorch ([a-z].*)")
# Behind these, a line is of another program, or no command any more.
END = re.compile(r"\s#\s|\s\|\s|;|&&|\d?>")


def typed() -> Iterator[tuple[str, str]]:
    """Where a command line stands, and its words after ``fsorch``."""
    for page in (page for pattern in PAGES for page in sorted(ROOT.glob(pattern))):
        inside = False
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            inside ^= FENCE.match(line) is not None
            parts = [line.strip()] if inside else [code[0].strip("`") for code in CODE.finditer(line)]
            for part in parts:
                if match := TYPED.match(part):
                    yield f"{page.relative_to(ROOT)}:{number}", END.split(match[1])[0]


def faults(line: str) -> Iterator[str]:
    """What of a command line is not there."""
    command: click.Command = cli
    context = click.Context(cli, info_name="fsorch")
    for word in shlex.split(line.replace("'", '"') if line.count("'") % 2 else line):
        if word.startswith("--"):
            name = word.partition("=")[0].rstrip("],.")
            options = {option for one in command.get_params(context) for option in (*one.opts, *one.secondary_opts)}
            if name not in options:
                yield f"{context.command_path} has no {name}"
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z|-]+", word):
            # "agent login|logout" names two.
            there = {name: command.get_command(context, name) for name in word.split("|")}
            yield from (f"{context.command_path} has no command {name}" for name, found in there.items() if not found)
            found = next((found for found in there.values() if found), None)
            if found is None:
                return
            command, context = found, click.Context(found, parent=context, info_name=word)


def test_pages_name_commands_and_options_that_there_are() -> None:
    lines = list(typed())
    assert len(lines) > 200
    assert [f"{where}: {fault} [{line}]" for where, line in lines for fault in faults(line)] == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("queue lisst", ["fsorch queue has no command lisst"]),
        ("queue list --jsn", ["fsorch queue list has no --jsn"]),
        ("agent login|logout ada", []),
        ("agent login|logot ada", ["fsorch agent has no command logot"]),
        ("campaing start spring --json", ["fsorch has no command campaing"]),
        ("flow test main --keys '2,1234#,0'", []),
    ],
)
def test_what_there_is_not_is_found(line: str, says: list[str]) -> None:
    assert list(faults(line)) == says
