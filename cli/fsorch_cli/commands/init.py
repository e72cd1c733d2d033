"""``fsorch init``: a new installation in a directory."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import click

from fsorch.config import SwitchSettings
from fsorch.edge.settings import KNOWN_PASSWORD, check_switch, read_settings
from fsorch.errors import ConfigError, no_room
from fsorch.store import open_database
from fsorch.store.users import check_password
from fsorch_cli.console import out, printable, program
from fsorch_cli.group import Command
from fsorch_cli.live import asked_by
from fsorch_cli.passwords import ask_password, make_password
from fsorch_cli.templates import centre_yaml, settings_yaml


@click.command("init", cls=Command)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--switch-host", default="127.0.0.1", show_default=True, help="Where the switch's event socket listens.")
@click.option("--switch-port", default=8021, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--switch-password-stdin", is_flag=True, help="Read the event socket's password from standard input's first line."
)
@click.option("--database", default="", metavar="URL", help="mysql://user:password@host:port/name instead of SQLite.")
@click.option(
    "--web-port",
    default=8700,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The desktop's; 0 takes a free one.",
)
@click.option("--admin", default="admin", show_default=True, help="The login of the first user.")
@click.option("--password-stdin", is_flag=True, help="Read the admin's password from standard input's (next) line.")
@click.option("--force", is_flag=True, help="Overwrite files that are there, and give the admin a new password.")
def command(
    directory: Path,
    switch_host: str,
    switch_port: int,
    switch_password_stdin: bool,
    database: str,
    web_port: int,
    admin: str,
    password_stdin: bool,
    force: bool,
) -> None:
    """Make an installation in DIRECTORY (here, if left out).

    Writes fsorch.yaml (the settings) and centre.yaml (an example with comments), creates the database and an admin with
    a password that is asked for, or made and shown once."""
    files = [directory / "fsorch.yaml", directory / "centre.yaml"]
    os.umask(0o077)  # the database holds people's numbers
    for file in files:
        if file.exists() and not force:
            raise ConfigError(f"{file}: is there already; use another directory, or --force to overwrite")
    secret, is_made = switch_password(switch_password_stdin)
    switch = SwitchSettings(host=switch_host, port=switch_port, password=secret)
    check_switch(switch, "switch")
    admin_password, made = ask_password(admin, from_stdin=password_stdin)
    check_password(admin, admin_password)
    texts = [settings_yaml(switch, database, web_port), centre_yaml()]
    for file, text in zip(files, texts, strict=True):
        write_private(file, text)
    create_database(files[0], admin, admin_password, force=force)
    print_result(files, switch, admin, admin_password if made else "", secret_made=is_made)


def switch_password(from_stdin: bool) -> tuple[str, bool]:
    """The event socket's password: from standard input, asked for at a terminal, or made; and whether it was made."""
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise ConfigError("standard input holds no password for the switch; its first line is taken")
        return given, False
    if not sys.stdin.isatty():
        return make_password(), True
    asked: str = click.prompt(
        "Password of the switch's event socket (empty: one is made)",
        default="",
        show_default=False,
        hide_input=True,
        err=True,
    )
    return asked or make_password(), not asked


def write_private(path: Path, text: str) -> None:
    """Write ``text``, readable by the owner alone: it may hold passwords. Raises ConfigError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        path.chmod(0o600)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); {no_room(error, 'check its directory')}"
        ) from None


def create_database(settings: Path, admin: str, password: str, *, force: bool) -> None:
    """Create what is missing, and the admin. An admin that is there keeps the password unless forced."""
    with closing(open_database(read_settings(settings).database)) as store:
        if store.user(admin) is not None and not force:
            raise ConfigError(f"the database has a user {admin!r} already; --force gives a new password")
        store.set_password(admin, password, role="admin", by=asked_by())


def print_result(files: list[Path], switch: SwitchSettings, admin: str, shown: str, *, secret_made: bool) -> None:
    """What was made and what to do next."""
    console = out()
    console.print(f"wrote {' and '.join(printable(file) for file in files)}, and the database")
    if shown:
        console.print(f"log in as {printable(admin)} with {shown} (shown this once)")
    if switch.password == KNOWN_PASSWORD:
        console.print(f"the switch still has the password it was shipped with; change {KNOWN_PASSWORD} there and here")
    if secret_made:
        console.print(
            f"the event socket's password in {printable(files[0])} is a new one: the export below writes it into the "
            "switch's file; if your switch keeps its own, write that into fsorch.yaml"
        )
    console.print()
    where = "" if files[0].parent == Path() else f" --settings {files[0]}"
    fsorch = program()
    console.print("Next:")
    console.print(f"  {fsorch} freeswitch export switch-files{where}    # its README says where each file goes")
    console.print(f"  edit {printable(files[1])}, then: {fsorch} apply {printable(files[1])}{where}")
    console.print(f"  {fsorch} flow example            # what callers may hear: three flows to begin with")
    console.print(f"  {fsorch} doctor{where}")
    console.print(f"  {fsorch} run{where}")
