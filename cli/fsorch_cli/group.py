"""Click, with what fsorch adds: commands found by name, the shared options everywhere, one-line errors."""

from __future__ import annotations

import errno
import importlib
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import click

from fsorch_cli.app import App

__all__ = ["Command", "Entry", "Group", "Root"]

EXIT_UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h
EXIT_INTERRUPTED = 130  # what a shell gives after SIGINT


class Entry(NamedTuple):
    """Where a command of the root group lives. ``greenlets``: it runs a hub, so gevent patches the library first."""

    help: str
    module: str
    greenlets: bool = False


def _use_settings(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.ensure_object(App).settings_path = value


def _use_debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(App).debug = True


def shared_options() -> list[click.Parameter]:
    """Options that may stand before or after the name of any command, for who can remember which it was?"""
    return [
        click.Option(
            ["--settings"],
            type=click.Path(path_type=Path, dir_okay=False),
            envvar="FSORCH_SETTINGS",
            expose_value=False,
            callback=_use_settings,
            help="The settings file; else $FSORCH_SETTINGS, ./fsorch.yaml, /etc/fsorch/fsorch.yaml.",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_use_debug,
            help="Show the traceback of an error.",
        ),
    ]


class Command(click.Command):
    """A command that takes the shared options too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += shared_options()


class Group(click.Group):
    """A group of such commands. Its own errors name what there is."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += shared_options()


class Root(Group):
    """The root: loads a command's module when it is called, not before, and turns every error into one line.

    ``fsorch --help`` imports nothing but click. A command marked ``greenlets`` has the standard library patched by
    gevent before its module is imported: here and not at the top of the program, because patching costs as much time
    as everything else a plain command does; and this is still early enough, since nothing up to here imports sockets,
    ``ssl`` or ``subprocess`` (tests/cli/test_start.py holds that)."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the table's order: the first things first."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, its module imported now."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        # While modules load, Ctrl-C ends the process as it ends any other: an exception out of the middle of gevent's
        # patching leaves locks that nobody will ever release.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if entry.greenlets:
            patch()
        command: click.Command = importlib.import_module(f"fsorch_cli.commands.{entry.module}").command
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; an unknown name brings those that look like it."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=self.entries, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])

    def main(  # type: ignore[override]  # click promises a return value outside standalone mode, which there is not here
        self, args: Any = None, prog_name: str | None = None, standalone_mode: bool = True, **extra: Any
    ) -> NoReturn:
        """Run one command line and exit."""
        app = extra.setdefault("obj", App())
        sys.exit(one_line(lambda: super(Root, self).main(args, prog_name, standalone_mode=False, **extra), app))


def patch() -> None:
    """Make the standard library cooperate with gevent's hub."""
    from gevent import monkey

    if not monkey.is_module_patched("socket"):
        monkey.patch_all()


def one_line(run: Callable[[], object], app: App) -> int:
    """The exit code of ``run``. An error is one line on standard error, with a traceback only in debug."""
    from fsorch.errors import FsorchError

    try:
        result = run()
        return result if isinstance(result, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        # A group without a verb: its page of help, as it stands.
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        return _fail(_click_line(error), error.exit_code, app)
    except FsorchError as error:
        return _fail(str(error), error.exit_code, app)
    except (click.Abort, KeyboardInterrupt):
        return _fail("stopped", EXIT_INTERRUPTED, app)
    except Exception as error:  # noqa: BLE001 - the last resort: nobody but a developer wants a traceback
        if isinstance(error, OSError) and error.errno == errno.EPIPE:
            return 1
        told = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        return _fail(f"unexpected {told}; run again with --debug to see where", EXIT_UNEXPECTED, app)


def _click_line(error: click.ClickException) -> str:
    line = " ".join(error.format_message().split())
    line += "" if line.endswith((".", "?", "!", "?)")) else "."
    context = getattr(error, "ctx", None)
    return f"{line} See: {context.command_path} --help" if context is not None else line


def _fail(line: str, code: int, app: App) -> int:
    from fsorch_cli.console import printable

    if app.debug:
        traceback.print_exc()
    click.echo(f"fsorch: {printable(line)}", err=True)
    return code
